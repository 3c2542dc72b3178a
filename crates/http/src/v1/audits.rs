//! Audits over HTTP [9.2].

mod assessment_results;
mod bodies;
mod view;

pub(crate) use bodies::{few, process_of, processes_of};
pub(crate) use view::AuditView;

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, LookUp, Named, Page, PageParameters, Who};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::party::PartyView;
use crate::record::verbs::verbs;
use crate::record::{Resource, ShowParameters, Transition, existing_members};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records::{self, RecordView};
use actix_web::http::StatusCode;
use actix_web::{get, patch, post};
use assessment_results::get_assessment_results;
use bodies::{
    AddAddendumAudit, AddItemsAudit, AmendAudit, CancelAudit, CheckItemAudit, CreateAudit, DeclareAudit,
    DrawSampleAudit, DropItemAudit, MoveAudit, PostponeAudit, ReportAuditBody, ReviseItemAudit,
};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::applicabilities::Applicability;
use ratchet_domain::audits::{
    self as domain, Audit, Bar, Concluded, Criteria, Document, DrawSample, Facts, Found, Kind, ReportAudit, Sources,
    StageName, Started, Verb,
};
use ratchet_domain::catalogue::{self, CONTROLS};
use ratchet_domain::change::{Change, Record};
use ratchet_domain::evidence::{Evidence, not_a_file};
use ratchet_domain::id::{EvidenceId, RecordId};
use ratchet_domain::of_kind;
use ratchet_domain::processes::Process;
use ratchet_domain::reference::{self, Prefix, Reference};
use ratchet_domain::refusal::{Reason, Refusal};
use ratchet_persistence::audits::{self as stored, Filter};
use ratchet_persistence::table::{Guarded, Listed, Order, Scope, Table};
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{applicabilities, findings};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What a list of audits can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct AuditQuery {
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "planned,in_progress")]
    state: Option<Vec<StageName>>,
    /// Of one of these kinds, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<Kind>>, example = "internal")]
    kind: Option<Vec<Kind>>,
    /// Part of the programme of this id or reference.
    #[param(value_type = Option<String>, example = "AUP-2026-0001")]
    programme: Option<Named>,
    /// Led by this member: `me`, an id or a reference.
    #[param(value_type = Option<String>, example = "me")]
    lead: Option<Who>,
    /// Begins before this day.
    #[serde(default, deserialize_with = "bounded")]
    starts_before: Option<NaiveDate>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Audit {
    type View = AuditView;
    type Query = AuditQuery;
    const PATH: &'static str = "audits";
    const EXPANDS: &'static [(&'static str, &'static str)] = &[("lead", "lead_id")];
    const EXPANDS_RECORDS: &'static [(&'static str, &'static str, Prefix)] =
        &[("programme", "programme_id", Prefix::AuditProgramme)];

    fn view(&self, transitions: Option<Vec<Transition>>) -> AuditView {
        AuditView::of(self, true, transitions)
    }

    /// A page of checklists is more than anybody reads.
    fn listed(&self) -> AuditView {
        AuditView::of(self, false, None)
    }

    fn settle(query: &mut AuditQuery, look: &mut LookUp<'_>) -> Result<(), ApiError> {
        look.up("programme", &[Prefix::AuditProgramme], &mut query.programme)?;
        look.up("lead", &[Prefix::Member], &mut query.lead)
    }

    fn filter(query: AuditQuery, by: &Actor, _: NaiveDate) -> Filter {
        let AuditQuery { state, kind, programme, lead, starts_before, updated_since } = query;
        let lead = lead.map(|who| who.resolve(by));
        Filter { stage: state, kind, programme: programme.map(Named::id), lead, starts_before, updated_since }
    }
}

/// Why one of the team does not check an item.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BarView {
    /// Which item.
    pub item: i64,
    /// Who.
    pub auditor: PartyView,
    /// Why.
    pub reason: Reason,
}

impl From<Bar> for BarView {
    fn from(bar: Bar) -> Self {
        let Bar { item, auditor, reason } = bar;
        Self { item, auditor: (&auditor).into(), reason }
    }
}

/// Which items each of the team does not check; everything else anybody of it may.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Impartiality {
    /// By item.
    pub items: Vec<BarView>,
}

/// List audits, without their checklists.
#[utoipa::path(tag = "audits", params(PageParameters, AuditQuery), responses((status = 200, body = Page<AuditView>)))]
#[get("/audits")]
pub(crate) async fn list_audits(call: Call, list: List<AuditQuery>) -> Result<Answer, ApiError> {
    call.list::<Audit>(list).await
}

/// Plan an audit.
#[utoipa::path(
    tag = "audits",
    params(WriteParameters),
    request_body = CreateAudit,
    responses((status = 201, body = AuditView))
)]
#[post("/audits")]
pub(crate) async fn create_audit(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateAudit>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateAudit, by, birth, tx| {
        Ok(Audit::plan(input.into_draft(by, tx)?, by, birth)?)
    })
    .await
}

/// Read an audit with its checklist.
#[utoipa::path(
    tag = "audits",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = AuditView))
)]
#[get("/audits/{id}")]
pub(crate) async fn get_audit(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Audit>(target, parameters).await
}

/// Read which items each of the team does not check, and why: so that the work can be shared out beforehand [9.2.2].
#[utoipa::path(tag = "audits", params(("id" = String, Path)), responses((status = 200, body = Impartiality)))]
#[get("/audits/{id}/impartiality")]
pub(crate) async fn get_impartiality(
    call: Call,
    Target(locator): Target,
    _: Query<Nothing>,
) -> Result<Answer, ApiError> {
    let (by, now) = (call.actor.clone(), call.app.now());
    let read = move |connection: &mut _| -> Result<_, ApiError> {
        let audit: Audit = records::get(locator, &by, connection)?;
        let facts = audit.facts(now, connection)?;
        Ok((audit.bars(&facts), audit.head.version))
    };
    let (bars, version) = call.app.store.read(read).await?;
    let items = bars.into_iter().map(Into::into).collect();
    let answer = Answer::json(StatusCode::OK, &Impartiality { items })?.with_etag(version);
    Ok(answer.unless_known(call.header("if-none-match")?))
}

/// Amend an audit's plain fields, until it is reported.
#[utoipa::path(
    tag = "audits",
    params(("id" = String, Path), WriteParameters),
    request_body(content = AmendAudit, content_type = "application/merge-patch+json"),
    responses((status = 200, body = AuditView))
)]
#[patch("/audits/{id}")]
pub(crate) async fn amend_audit(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<AmendAudit>,
) -> Result<Answer, ApiError> {
    call.amend(target, parameters, body, |audit: Audit, input: AmendAudit, by, tx| {
        let amendment = input.into_amendment(&audit, by, tx)?;
        Ok(audit.amend(amendment, by, tx.now())?)
    })
    .await
}

verbs! {
    tag "audits", record Audit, view AuditView;

    /// Start an audit.
    ///
    /// What earlier audits of the same scope have left, findings and items that were not checked, is added to the
    /// checklist.
    start_audit "/audits/{id}/start" Start MoveAudit
    |audit, MoveAudit {}, facts, by, tx| start(audit, facts, by, tx);

    /// Postpone an audit; every move is counted.
    postpone_audit "/audits/{id}/postpone" Postpone PostponeAudit
    |audit, input, facts, by, tx| audit.postpone(input.into(), facts, by, tx.now());

    /// Declare what stands between an auditor and an impartial look [9.2.2].
    ///
    /// Members declare for themselves; for an outsider of the team a member writes it down.
    declare_audit "/audits/{id}/declare" Declare DeclareAudit
    |audit, input, facts, by, tx| input.into_input(by, tx).and_then(|input| Ok(audit.declare(input, facts, by, tx.now())?));

    /// Generate a checklist: a question for each clause, applicable control, process and document of the criteria that
    /// has none.
    generate_checklist_audit "/audits/{id}/generate-checklist" GenerateChecklist MoveAudit
    |audit, MoveAudit {}, facts, by, tx| generate(audit, facts, by, tx);

    /// Add items to the checklist.
    add_items_audit "/audits/{id}/add-items" AddItems AddItemsAudit
    |audit, input, facts, by, tx|
        input.into_drafts(by, tx).and_then(|items| Ok(audit.add_items(items, facts, by, tx.now())?));

    /// Revise an item that nobody has checked yet.
    revise_item_audit "/audits/{id}/revise-item" ReviseItem ReviseItemAudit
    |audit, input, facts, by, tx|
        input.into_input(by, tx).and_then(|input| Ok(audit.revise_item(input, facts, by, tx.now())?));

    /// Drop an item that nobody has checked and no earlier audit has left.
    drop_item_audit "/audits/{id}/drop-item" DropItem DropItemAudit
    |audit, DropItemAudit { item, reason }, facts, by, tx| audit.drop_item((item, reason), facts, by, tx.now());

    /// Draw a sample of the system's own records, which anybody can draw again.
    ///
    /// Each record's rank is the SHA-256 of the seed, a line feed and its reference, in lower-case hexadecimal; the
    /// lowest are drawn. By hand: `printf '%s\n%s' "$seed" "$reference" | sha256sum` for each, sorted.
    draw_sample_audit "/audits/{id}/draw-sample" DrawSample DrawSampleAudit
    |audit, input, facts, by, tx| draw(audit, input.into(), facts, by, tx);

    /// Check an item: what was seen, and what it came to. Nobody checks their own [9.2.2].
    check_item_audit "/audits/{id}/check-item" CheckItem CheckItemAudit
    |audit, input, facts, by, tx| audit.check_item(input.into(), facts, by, tx.now());

    /// Report an audit: checklist and findings are frozen under one digest.
    report_audit "/audits/{id}/report" Report ReportAuditBody
    |audit, input, facts, by, tx| report(audit, input, facts, by, tx);

    /// Add an addendum to a report, which itself stays as it is.
    add_addendum_audit "/audits/{id}/add-addendum" AddAddendum AddAddendumAudit
    |audit, AddAddendumAudit { text, recipient_ids }, facts, by, tx|
        existing_members("/recipient_ids", &recipient_ids, tx).and_then(|()| {
            let input = domain::AddAddendum { text, recipients: recipient_ids };
            Ok(audit.add_addendum(input, facts, by, tx.now())?)
        });

    /// Close an audit: management has its report, and each minor or major finding has its nonconformity.
    close_audit "/audits/{id}/close" Close MoveAudit
    |audit, MoveAudit {}, facts, by, tx| audit.close(facts, by, tx.now());

    /// Cancel an audit; what was found so far is withdrawn, and what earlier audits left goes on to the next one.
    cancel_audit "/audits/{id}/cancel" Cancel CancelAudit
    |audit, input, facts, by, tx| cancel(audit, input.reason, facts, by, tx);
}

fn start(audit: Audit, facts: &Facts, by: &Actor, tx: &mut Tx<'_>) -> Result<Change<Audit>, ApiError> {
    // What is left is taken over once, however many audits start.
    tx.enter(by.organisation.0)?;
    let earlier = stored::earlier(by.organisation, tx.connection())?;
    let Started { audit, findings, audits } = audit.start(earlier, facts, by, tx.now())?;
    for finding in findings {
        tx.save(finding)?;
    }
    for audit in audits {
        tx.save(audit)?;
    }
    Ok(audit)
}

fn generate(audit: Audit, facts: &Facts, by: &Actor, tx: &mut Tx<'_>) -> Result<Change<Audit>, ApiError> {
    let Criteria { requirements: _, processes, documents } = &audit.criteria;
    let scope = Scope::whole(by.organisation, applicabilities::Filter::default());
    let all = i64::try_from(CONTROLS.len()).unwrap_or(i64::MAX);
    let statement = Applicability::page(&scope, &Order::default(), all, tx.connection())?;
    let named: Vec<Uuid> = processes.iter().map(|process| process.0).collect();
    let processes = Process::many(by.organisation, &named, tx.connection())?;
    let named: Vec<(Prefix, Uuid)> = documents.iter().map(|document| (document.kind, document.id.0)).collect();
    let documents = records::seen_of(&named, by, tx.connection())?;
    let documents = documents.into_iter().map(document).collect::<Result<_, _>>()?;
    Ok(audit.generate_checklist(&Sources { statement, processes, documents }, facts, by, tx.now())?)
}

fn document(seen: RecordView) -> Result<Document, ApiError> {
    let corrupt = |_| ApiError::Internal(format!("{} is no reference", seen.reference));
    let reference: Reference = seen.reference.parse().map_err(corrupt)?;
    let record = reference::Target { kind: reference.prefix, id: RecordId(seen.id) };
    Ok(Document { record, reference, title: seen.title })
}

fn draw(
    audit: Audit,
    input: DrawSample,
    facts: &Facts,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<Audit>, ApiError> {
    let kind = of_kind!(input.population.kind, T => T::PATH).replace('-', "_");
    let known = catalogue::lifecycles().into_iter().find(|table| table.resource == kind);
    let states = known.map(|table| table.states).unwrap_or_default();
    let records = stored::population(&input.population, by, tx.connection())?;
    Ok(audit.draw_sample(input, Found { records, states }, facts, by, tx.now())?)
}

fn report(
    audit: Audit,
    input: ReportAuditBody,
    facts: &Facts,
    by: &Actor,
    tx: &mut Tx<'_>,
) -> Result<Change<Audit>, ApiError> {
    let ReportAuditBody { summary, conclusion, recipient_ids, file } = input;
    existing_members("/recipient_ids", &recipient_ids, tx)?;
    let file = file.map(|named| report_file(&named, &audit, by, tx)).transpose()?;
    let input = ReportAudit { summary, conclusion, recipients: recipient_ids, file };
    let found = findings::of_audits(by.organisation, &[audit.id()], tx.connection())?;
    let Concluded { audit, findings } = audit.report(input, found, facts, by, tx.now())?;
    for finding in findings {
        tx.save(finding)?;
    }
    Ok(audit)
}

/// A piece of evidence that is attached to the audit and holds.
fn report_file(named: &str, audit: &Audit, by: &Actor, tx: &mut Tx<'_>) -> Result<EvidenceId, ApiError> {
    let piece: Evidence = records::known("/file", named, by, tx)?;
    if piece.target != reference::Target::of(audit) {
        let detail = "must be a piece of evidence of this audit";
        return Err(Refusal::invalid("/file", "of_another_record", detail).into());
    }
    piece.body.file().ok_or_else(|| not_a_file("/file"))?;
    Ok(EvidenceId(piece.head().id))
}

fn cancel(audit: Audit, reason: String, facts: &Facts, by: &Actor, tx: &mut Tx<'_>) -> Result<Change<Audit>, ApiError> {
    let found = findings::of_audits(by.organisation, &[audit.id()], tx.connection())?;
    let Concluded { audit, findings } = audit.cancel(reason, found, facts, by, tx.now())?;
    for finding in findings {
        tx.save(finding)?;
    }
    Ok(audit)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_audits)
        .service(create_audit)
        .service(get_audit)
        .service(get_impartiality)
        .service(get_assessment_results)
        .service(amend_audit)
        .service(start_audit)
        .service(postpone_audit)
        .service(declare_audit)
        .service(generate_checklist_audit)
        .service(add_items_audit)
        .service(revise_item_audit)
        .service(drop_item_audit)
        .service(draw_sample_audit)
        .service(check_item_audit)
        .service(report_audit)
        .service(add_addendum_audit)
        .service(close_audit)
        .service(cancel_audit);
}
