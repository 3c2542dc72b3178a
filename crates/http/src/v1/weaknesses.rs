//! Weaknesses over HTTP.

mod scan;

use crate::answer::Answer;
use crate::body::{Body, given};
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed, within};
use crate::record::acceptances::{AcceptAsItIs, AcceptanceView};
use crate::record::expand::MemberName;
use crate::record::mistakes::{MarkDuplicateWeakness, MistakeView, VoidRecord, mark_duplicate};
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, TargetView, Transition, existing_member};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::{get, patch, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::id::{MemberId, NonconformityId};
use ratchet_domain::mistakes::{Duplicable, Voidable};
use ratchet_domain::nonconformities::Nonconformity;
use ratchet_domain::rating::Rating;
use ratchet_domain::reference::Prefix;
use ratchet_domain::refusal::Refusal;
use ratchet_domain::weaknesses::{self as domain, CaseState, Facts, Stage, StageName, Verb, Weakness, WeaknessDraft};
use ratchet_persistence::tx::Tx;
use ratchet_persistence::weaknesses::{Filter, state_of};
use scan::ScanView;
use serde::{Deserialize, Serialize};

/// What could be exploited or could fail, and has not yet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WeaknessView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "The gate closes too slowly")]
    pub title: String,
    /// What could be exploited, or could fail.
    pub description: String,
    /// Where it was found: a system, a place, a process.
    pub found_in: String,
    /// The record that it was born of.
    pub origin: Option<TargetView>,
    /// Who said so; `null` for a machine, and for one who did not say who.
    pub reporter_id: Option<MemberId>,
    /// The reporter's name; only with `expand=reporter`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reporter: Option<MemberName>,
    /// The accountable member; set by `assess`.
    pub owner_id: Option<MemberId>,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// How grave it is; set by `assess`.
    pub assessment: Option<AssessmentView>,
    /// Likelihood times impact, 1 to 25.
    pub level: Option<i64>,
    /// Why it was rejected.
    pub rejection_reason: Option<String>,
    /// The nonconformity that deals with it, or dealt with it.
    pub nonconformity_id: Option<NonconformityId>,
    /// By whom it is accepted as it is, and until when.
    pub acceptance: Option<AcceptanceView>,
    /// Acceptances that have ended, oldest first.
    pub acceptances: Vec<AcceptanceView>,
    /// What shows that it is gone.
    pub evidence: Option<String>,
    /// What a scanner says of it, where one has found it.
    pub scan: Option<ScanView>,
    #[serde(flatten)]
    pub mistake: MistakeView,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// How grave it is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AssessmentView {
    /// Likelihood and impact.
    pub rating: Rating,
    /// Why so.
    pub rationale: String,
    /// When it was assessed.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

impl From<&domain::Assessment> for AssessmentView {
    fn from(assessment: &domain::Assessment) -> Self {
        let domain::Assessment { rating, rationale, at, by } = assessment.clone();
        Self { rating, rationale, at, by }
    }
}

/// What a list of weaknesses can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct WeaknessQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "reported,assessed")]
    state: Option<Vec<StageName>>,
    /// Owned by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    owner: Option<Who>,
    /// Reported by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    reporter: Option<Who>,
    /// Dealt with by the nonconformity of this id or reference.
    #[param(value_type = Option<String>, example = "NC-2026-0001")]
    nonconformity: Option<Named>,
    /// Of this level or a graver one.
    #[serde(default, deserialize_with = "within::<1, 25, _>")]
    #[param(minimum = 1, maximum = 25)]
    level_from: Option<i64>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Weakness {
    type View = WeaknessView;
    type Query = WeaknessQuery;
    const PATH: &'static str = "weaknesses";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("owner", "owner_id"), ("reporter", "reporter_id")];
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] =
        &[("nonconformity", "nonconformity_id", Prefix::Nonconformity)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> WeaknessView {
        let Self {
            head,
            title,
            description,
            found_in,
            origin,
            reporter,
            owner,
            assessment,
            acceptances,
            also_reported_by,
            scan,
            stage,
        } = self;
        let voided = if let Stage::Void { voided } = stage { Some(voided) } else { None };
        let (rejection_reason, acceptance, evidence) = match stage {
            Stage::Reported
            | Stage::Assessed
            | Stage::Treating { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => (None, None, None),
            Stage::Rejected { reason, at: _ } => (Some(reason.clone()), None, None),
            Stage::Accepted { acceptance } => (None, Some(acceptance.into()), None),
            Stage::Closed { evidence, .. } => (None, None, Some(evidence.clone())),
        };
        WeaknessView {
            head: head.into(),
            state: stage.name(),
            title: title.clone(),
            description: description.clone(),
            found_in: found_in.clone(),
            origin: origin.map(Into::into),
            reporter_id: *reporter,
            reporter: None,
            owner_id: *owner,
            owner: None,
            assessment: assessment.as_ref().map(Into::into),
            level: self.level(),
            rejection_reason,
            nonconformity_id: self.nonconformity(),
            acceptance,
            acceptances: acceptances.iter().map(Into::into).collect(),
            evidence,
            scan: scan.as_ref().map(Into::into),
            mistake: MistakeView::of(voided, self.duplicate(), also_reported_by),
            transitions,
        }
    }

    fn settle(query: &mut WeaknessQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("owner", &[Prefix::Member], &mut query.owner)?;
        look.up("reporter", &[Prefix::Member], &mut query.reporter)?;
        look.up("nonconformity", &[Prefix::Nonconformity], &mut query.nonconformity)
    }

    fn filter(query: WeaknessQuery, by: &Actor, _: NaiveDate) -> Filter {
        let WeaknessQuery { state, owner, reporter, nonconformity, level_from, updated_since } = query;
        let (owner, reporter) = (owner.map(|who| who.resolve(by)), reporter.map(|who| who.resolve(by)));
        Filter { stage: state, owner, reporter, nonconformity: nonconformity.map(Named::id), level_from, updated_since }
    }
}

/// A weakness to be reported, or what looks like one.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateWeakness {
    /// One line.
    #[schema(example = "The gate closes too slowly", max_length = 200)]
    title: String,
    /// What could be exploited, or could fail.
    #[schema(example = "Somebody can walk in behind who opened it", max_length = 10_000)]
    description: String,
    /// Where it was found: a system, a place, a process.
    #[schema(example = "Gate 2", max_length = 200)]
    found_in: String,
}

/// Plain fields to change; an absent one stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AmendWeakness {
    /// One line.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    title: Option<String>,
    /// What could be exploited, or could fail.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    description: Option<String>,
    /// Where it was found.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = String)]
    found_in: Option<String>,
}

/// How grave it is.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct AssessWeakness {
    /// Likelihood and impact.
    rating: Rating,
    /// Why so.
    #[schema(example = "Seen twice in a week; the server room is behind it", max_length = 10_000)]
    rationale: String,
    /// The accountable member.
    owner_id: MemberId,
}

/// Why it is none.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectWeakness {
    /// Told to the reporter.
    #[schema(example = "The gate is a fire exit and opens outwards only", max_length = 10_000)]
    reason: String,
}

/// Which nonconformity deals with it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "case", deny_unknown_fields)]
pub(crate) enum TreatWeakness {
    /// One that is raised of it: title and statement are the weakness's own.
    Raised {
        /// What shows that it is there.
        #[schema(example = "Open for eleven seconds, measured on the spot", max_length = 10_000)]
        objective_evidence: String,
        /// The clause or control breached.
        #[serde(default)]
        #[schema(example = "A.7.2")]
        requirement: Option<String>,
        /// The day by which it is to be closed.
        #[serde(default, deserialize_with = "bounded")]
        due_on: Option<NaiveDate>,
    },
    /// One that is there, and open.
    Existing {
        /// By reference or id.
        #[schema(example = "NC-2026-0007")]
        nonconformity: String,
    },
}

/// What shows that it is gone.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CloseWeakness {
    /// By whoever looked.
    #[schema(example = "Three seconds, ten times in a row", max_length = 10_000)]
    evidence: String,
}

/// List weaknesses.
#[utoipa::path(
    tag = "weaknesses",
    params(PageParameters, WeaknessQuery),
    responses((status = 200, body = Page<WeaknessView>))
)]
#[get("/weaknesses")]
pub(crate) async fn list_weaknesses(call: Call, list: List<WeaknessQuery>) -> Result<Answer, ApiError> {
    call.list::<Weakness>(list).await
}

/// Report a weakness, or what looks like one.
#[utoipa::path(
    tag = "weaknesses",
    params(WriteParameters),
    request_body = CreateWeakness,
    responses((status = 201, body = WeaknessView))
)]
#[post("/weaknesses")]
pub(crate) async fn create_weakness(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateWeakness>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateWeakness, by, birth, _| {
        let CreateWeakness { title, description, found_in } = input;
        let draft = WeaknessDraft { title, description, found_in, origin: None, reporter: by.member() };
        Ok(Weakness::report(draft, by, birth)?)
    })
    .await
}

/// Read a weakness.
#[utoipa::path(
    tag = "weaknesses",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = WeaknessView))
)]
#[get("/weaknesses/{id}")]
pub(crate) async fn get_weakness(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Weakness>(target, parameters).await
}

/// Amend a weakness's plain fields.
#[utoipa::path(
    tag = "weaknesses",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendWeakness, content_type = "application/merge-patch+json"),
    responses((status = 200, body = WeaknessView))
)]
#[patch("/weaknesses/{id}")]
pub(crate) async fn amend_weakness(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendWeakness>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |weakness: Weakness, input, by, tx| {
        let AmendWeakness { title, description, found_in } = input;
        Ok(weakness.amend(domain::Amendment { title, description, found_in }, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "weaknesses", record Weakness, view WeaknessView;

    /// Assess how grave it is; assessed anew, an acceptance of it ends.
    assess_weakness "/weaknesses/{id}/assess" Assess AssessWeakness
    |weakness, AssessWeakness { rating, rationale, owner_id }, facts, by, tx|
        existing_member("/owner_id", owner_id, tx).and_then(|()| {
            let input = domain::Assess { rating, rationale, owner: owner_id };
            Ok(weakness.assess(input, facts, by, tx.now())?)
        });

    /// Reject it: it is none.
    reject_weakness "/weaknesses/{id}/reject" Reject RejectWeakness
    |weakness, input, facts, by, tx| weakness.reject(input.reason, facts, by, tx.now());

    /// Let a nonconformity deal with it: one that is raised of it, or one that is open already [10.2].
    treat_weakness "/weaknesses/{id}/treat" Treat TreatWeakness
    |weakness, input, facts, by, tx| treat(weakness, input, facts, by, tx);

    /// Accept it as it is, until a day; then it returns by itself.
    accept_weakness "/weaknesses/{id}/accept" Accept AcceptAsItIs
    |weakness, input, facts, by, tx| weakness.accept(input.into(), facts, by, tx.now());

    /// Close it: its nonconformity is closed, and it is gone.
    close_weakness "/weaknesses/{id}/close" Close CloseWeakness
    |weakness, input, facts, by, tx| weakness.close(input.evidence, facts, by, tx.now());

    /// Void it: it was reported by mistake. What is only reported is rejected; what is accepted stands.
    void_weakness "/weaknesses/{id}/void" Void VoidRecord
    |weakness, input, facts, by, tx| weakness.void(input.reason, facts, by, tx.now());

    /// Say that another weakness says the same: that one takes over reporter, tags, links and evidence.
    mark_duplicate_weakness "/weaknesses/{id}/mark-duplicate" MarkDuplicate MarkDuplicateWeakness
    |weakness, input, facts, by, tx| mark_duplicate(weakness, &input.of, facts, by, tx);
}

fn treat(
    weakness: Weakness,
    input: TreatWeakness,
    facts: &Facts,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<Weakness>, ApiError> {
    match input {
        TreatWeakness::Raised { objective_evidence, requirement, due_on } => {
            let birth = tx.birth(Nonconformity::PREFIX)?;
            let input = domain::Treat { objective_evidence, requirement, due_on };
            let (case, weakness) = weakness.treat(input, facts, by, birth)?;
            tx.save(case)?;
            Ok(weakness)
        }
        TreatWeakness::Existing { nonconformity } => {
            let case: Nonconformity = records::held("/nonconformity", &nonconformity, by, tx)?;
            if state_of(&case) != CaseState::Open {
                return Err(Refusal::invalid("/nonconformity", "not_open", "must be one that is open").into());
            }
            Ok(weakness.treat_by(NonconformityId(case.head.id), facts, by, tx.now())?)
        }
    }
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_weaknesses)
        .service(create_weakness)
        .service(get_weakness)
        .service(amend_weakness)
        .service(assess_weakness)
        .service(reject_weakness)
        .service(treat_weakness)
        .service(accept_weakness)
        .service(close_weakness)
        .service(void_weakness)
        .service(mark_duplicate_weakness);
}
