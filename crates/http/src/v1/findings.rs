//! Findings over HTTP [9.2].

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed, requirement};
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, TargetView, Transition};
use crate::routing::Routes;
use crate::v1::audits::process_of;
use crate::v1::records::{self, RecordView};
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::audits::{Audit, StageName as AuditStage};
use ratchet_domain::change::Change;
use ratchet_domain::findings::{self as domain, Case, Finding, FindingDraft, Grade, Raised, Stage, StageName, Verb};
use ratchet_domain::id::{AuditId, ProcessId, RecordId};
use ratchet_domain::reference::{self, Prefix};
use ratchet_persistence::findings::Filter;
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};

/// What an audit has found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FindingView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// The audit that has found it.
    pub audit_id: AuditId,
    /// That audit; only with `expand=audit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub audit: Option<RecordView>,
    /// The item of its checklist that it is about.
    pub item: Option<i64>,
    /// One line.
    #[schema(example = "Accounts outlive their owners")]
    pub title: String,
    /// What was found.
    pub statement: String,
    /// What shows it.
    pub evidence: Option<String>,
    /// The clause or control that it is held against.
    #[schema(example = "A.5.18")]
    pub requirement: Option<String>,
    /// The process in which it was found.
    pub process_id: Option<ProcessId>,
    /// That process; only with `expand=process`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub process: Option<RecordView>,
    /// How grave it is.
    pub grade: Option<Grade>,
    /// When its audit was reported: what is frozen with the report, and part of its digest.
    pub issued_at: Option<DateTime<Utc>>,
    /// The nonconformity or improvement that was raised of it.
    pub case: Option<TargetView>,
    /// Why it was withdrawn.
    pub withdrawn_because: Option<String>,
    /// The later audit that looks at it again.
    pub carried_to_id: Option<AuditId>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of findings can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct FindingQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "issued")]
    state: Option<Vec<StageName>>,
    /// Of one of these grades, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Grade>>, example = "minor,major")]
    grade: Option<Vec<Grade>>,
    /// Of the audit of this id or reference.
    #[param(value_type = Option<String>, example = "AUD-2026-0001")]
    audit: Option<Named>,
    /// Held against this clause or control.
    #[serde(default, deserialize_with = "requirement")]
    #[param(example = "A.5.18")]
    requirement: Option<String>,
    /// Of which the nonconformity or improvement of this id or reference was raised.
    #[param(value_type = Option<String>, example = "NC-2026-0001")]
    case: Option<Named>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Finding {
    type View = FindingView;
    type Query = FindingQuery;
    const PATH: &'static str = "findings";
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] =
        &[("audit", "audit_id", Prefix::Audit), ("process", "process_id", Prefix::Process)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> FindingView {
        let Self { head, audit, item, title, statement, evidence, requirement, process, grade, carried_to, stage } =
            self;
        let withdrawn_because = match stage {
            Stage::Noted | Stage::Issued { .. } | Stage::Raised { .. } => None,
            Stage::Withdrawn { reason, .. } => Some(reason.clone()),
        };
        FindingView {
            head: head.into(),
            state: stage.name(),
            audit_id: *audit,
            audit: None,
            item: *item,
            title: title.clone(),
            statement: statement.clone(),
            evidence: evidence.clone(),
            requirement: requirement.clone(),
            process_id: *process,
            process: None,
            grade: *grade,
            issued_at: self.issued_at(),
            case: self.case().map(Into::into),
            withdrawn_because,
            carried_to_id: *carried_to,
            transitions,
        }
    }

    /// Who may see an audit may see its findings, once they are reported.
    fn target(&self) -> Option<reference::Target> {
        if self.is_noted() { None } else { Some(reference::Target { kind: Prefix::Audit, id: RecordId(self.audit.0) }) }
    }

    fn settle(query: &mut FindingQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("audit", &[Prefix::Audit], &mut query.audit)?;
        look.up("case", &[Prefix::Nonconformity, Prefix::Improvement], &mut query.case)
    }

    fn filter(query: FindingQuery, _: &Actor, _: NaiveDate) -> Filter {
        let FindingQuery { state, grade, audit, requirement, case, updated_since } = query;
        Filter {
            stage: state,
            grade,
            audit: audit.map(Named::id),
            requirement,
            case: case.map(Named::id),
            updated_since,
        }
    }
}

/// A finding to be noted while its audit is conducted; evidence, requirement and grade can follow until it is reported.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateFinding {
    /// The audit, by reference or id.
    #[schema(example = "AUD-2026-0003")]
    audit: String,
    /// The item of its checklist that it is about.
    #[serde(default)]
    #[schema(example = 4)]
    item: Option<i64>,
    /// One line.
    #[schema(example = "Accounts outlive their owners", max_length = 200)]
    title: String,
    /// What was found.
    #[schema(example = "Access does not end with the contract", max_length = 10_000)]
    statement: String,
    /// What shows it.
    #[serde(default)]
    #[schema(example = "Of 8 leavers drawn by seed, two had accounts 9 and 12 days later", max_length = 10_000)]
    evidence: Option<String>,
    /// The clause or control that it is held against; the item's, where none is named.
    #[serde(default)]
    #[schema(example = "A.5.18")]
    requirement: Option<String>,
    /// The process in which it was found, by reference or id; the item's, where none is named.
    #[serde(default)]
    #[schema(example = "PRO-2026-0001")]
    process: Option<String>,
    /// How grave it is.
    #[serde(default)]
    grade: Option<Grade>,
}

/// Plain fields to change until the report; an absent one stays, `null` empties.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendFinding {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// What was found.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    statement: Option<String>,
    /// What shows it.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    evidence: Option<Option<String>>,
    /// The clause or control that it is held against.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    requirement: Option<Option<String>>,
    /// The process in which it was found, by reference or id.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<String>)]
    process: Option<Option<String>>,
    /// How grave it is.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Grade>)]
    grade: Option<Option<Grade>>,
}

/// The case to be raised of a finding.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RaiseFinding {
    /// The day by which the nonconformity is to be closed; not for an opportunity.
    #[serde(default, deserialize_with = "bounded")]
    due_on: Option<NaiveDate>,
}

/// Why it does not hold.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct WithdrawFinding {
    /// Kept in the journal.
    #[schema(example = "The contract had been prolonged", max_length = 10_000)]
    reason: String,
}

/// List findings.
#[utoipa::path(
    tag = "findings",
    params(PageParameters, FindingQuery),
    responses((status = 200, body = Page<FindingView>))
)]
#[get("/findings")]
pub(crate) async fn list_findings(call: Call, list: List<FindingQuery>) -> Result<Answer, ApiError> {
    call.list::<Finding>(list).await
}

/// Note a finding of an audit that is being conducted.
#[utoipa::path(
    tag = "findings",
    params(WriteParameters),
    request_body = CreateFinding,
    responses((status = 201, body = FindingView))
)]
#[post("/findings")]
pub(crate) async fn create_finding(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateFinding>,
) -> Result<Answer, ApiError> {
    let of = |input: &CreateFinding, by: &Actor, tx: &mut Tx<'_>| records::held("/audit", &input.audit, by, tx);
    call.create_in(parameters, body, of, |input: CreateFinding, audit: Audit, by, birth, tx| {
        let CreateFinding { audit: _, item, title, statement, evidence, requirement, process, grade } = input;
        let process = process.map(|named| process_of("/process", &named, by, tx)).transpose()?;
        let draft = FindingDraft { item, title, statement, evidence, requirement, process, grade };
        Ok(Finding::note(draft, &audit, by, birth)?)
    })
    .await
}

/// Read a finding.
#[utoipa::path(
    tag = "findings",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = FindingView))
)]
#[get("/findings/{id}")]
pub(crate) async fn get_finding(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Finding>(target, parameters).await
}

/// Amend a finding's plain fields, until its audit's report freezes it.
#[utoipa::path(
    tag = "findings",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendFinding, content_type = "application/merge-patch+json"),
    responses((status = 200, body = FindingView))
)]
#[patch("/findings/{id}")]
pub(crate) async fn amend_finding(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendFinding>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |finding: Finding, input, by, tx| {
        let AmendFinding { title, statement, evidence, requirement, process, grade } = input;
        let process = match process {
            Some(Some(named)) => Some(Some(process_of("/process", &named, by, tx)?)),
            Some(None) => Some(None),
            None => None,
        };
        let amendment = domain::Amendment { title, statement, evidence, requirement, process, grade };
        Ok(finding.amend(amendment, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "findings", record Finding, view FindingView;

    /// Raise a nonconformity of a minor or major finding, or an improvement of an opportunity; both then name each other.
    raise_finding "/findings/{id}/raise" Raise RaiseFinding
    |finding, RaiseFinding { due_on }, audit, by, tx| raise(finding, domain::Raise { due_on }, audit, by, tx);

    /// Withdraw a finding: it does not hold. A case that was raised of it stays.
    withdraw_finding "/findings/{id}/withdraw" Withdraw WithdrawFinding
    |finding, input, audit, by, tx| finding.withdraw(input.reason, audit, by, tx.now());
}

/// The case is stored beside the finding, in one transaction.
fn raise(
    finding: Finding,
    input: domain::Raise,
    audit: &AuditStage,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<Finding>, ApiError> {
    let birth = tx.birth(finding.case_kind().unwrap_or(Prefix::Nonconformity))?;
    let Raised { case, finding } = finding.raise(input, audit, by, birth)?;
    match case {
        Case::Nonconformity(case) => drop(tx.save(*case)?),
        Case::Improvement(improvement) => drop(tx.save(*improvement)?),
    }
    Ok(finding)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_findings)
        .service(create_finding)
        .service(get_finding)
        .service(amend_finding)
        .service(raise_finding)
        .service(withdraw_finding);
}
