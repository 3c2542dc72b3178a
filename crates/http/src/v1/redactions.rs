//! Redactions over HTTP: content that must go by law goes, by two people.

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::annotations::hidden_kinds;
use crate::record::verbs::verbs;
use crate::record::{HeadView, Resource, ShowParameters, TargetView, Transition};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::{EntryId, MemberId};
use ratchet_domain::redactions::{Redaction, RedactionDraft, Stage, StageName, Verb};
use ratchet_domain::reference::{self, Reference};
use ratchet_persistence::erased_files;
use ratchet_persistence::redactions::{Erasure, Filter, carry_out, check};
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use std::sync::{Arc, OnceLock};
use uuid::Uuid;

/// What must go, why, and what has gone. It never shows what it erases.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RedactionView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// The record that says it.
    pub record: TargetView,
    /// JSON Pointers (RFC 6901) to texts in the record's state, as `detail.state` of its history shows that.
    #[schema(example = json!(["/statement"]))]
    pub fields: Vec<String>,
    /// Entries of its history whose whole detail goes.
    pub entries: Vec<EntryId>,
    /// Whether the content of the file goes, of a piece of evidence.
    pub content: bool,
    /// Which law asks for it.
    #[schema(example = "Erasure was asked for: GDPR, article 17")]
    pub reason: String,
    /// The entries of the journal whose detail went with it.
    pub erased: Vec<EntryId>,
    /// Why it stays.
    pub rejection_reason: Option<String>,
    /// When it was decided.
    pub decided_at: Option<DateTime<Utc>>,
    /// By whom; never by who asked.
    pub decided_by: Option<MemberId>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of redactions can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RedactionQuery {
    /// Of the record of this reference. Who may see it sees every redaction of it.
    #[param(value_type = Option<String>, example = "NC-2026-0007")]
    record: Option<Reference>,
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "requested")]
    state: Option<Vec<StageName>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Redaction {
    type View = RedactionView;
    type Query = RedactionQuery;
    const PATH: &'static str = "redactions";

    fn view(&self, transitions: Option<Vec<Transition>>) -> RedactionView {
        let Self { head, target, fields, entries, content, legal_reason, stage } = self;
        let (rejection_reason, decided) = match stage {
            Stage::Requested => (None, None),
            Stage::CarriedOut { erased: _, at, by } => (None, Some((*at, *by))),
            Stage::Rejected { reason, at, by } => (Some(reason.clone()), Some((*at, *by))),
        };
        RedactionView {
            head: head.into(),
            state: stage.name(),
            record: (*target).into(),
            fields: fields.clone(),
            entries: entries.clone(),
            content: *content,
            reason: legal_reason.clone(),
            erased: self.erased().to_vec(),
            rejection_reason,
            decided_at: decided.map(|(at, _)| at),
            decided_by: decided.map(|(_, by)| by),
            transitions,
        }
    }

    fn target(&self) -> Option<reference::Target> {
        Some(self.target)
    }

    fn about(query: &RedactionQuery) -> Option<Reference> {
        query.record
    }

    fn narrow(filter: &mut Filter, target: Uuid) {
        filter.target = Some(target);
    }

    fn filter(query: RedactionQuery, by: &Actor, _: NaiveDate) -> Filter {
        let RedactionQuery { record, state, updated_since } = query;
        Filter { stage: state, target: None, hidden: hidden_kinds(record, by), updated_since }
    }
}

/// What must go.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRedaction {
    /// The record that says it, by reference.
    #[schema(example = "NC-2026-0001")]
    record: String,
    /// JSON Pointers (RFC 6901) to texts in the record's state, as `detail.state` of its history shows that; at most 50.
    /// What earlier entries of the history say there goes with them.
    #[serde(default)]
    #[schema(example = json!(["/statement"]))]
    fields: Vec<String>,
    /// Entries of its history whose whole detail goes, a reason for instance; at most 50.
    #[serde(default)]
    #[schema(example = json!([]))]
    entries: Vec<EntryId>,
    /// Whether the content of the file goes, of a piece of evidence: off the disk; its hash stays.
    #[serde(default)]
    #[schema(example = false)]
    content: bool,
    /// Which law asks for it. Do not repeat what must go.
    #[schema(example = "Erasure was asked for: GDPR, article 17", max_length = 10_000)]
    reason: String,
}

/// Nothing to say: the request says it all.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct ApproveRedaction {}

/// Why it stays.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RejectRedaction {
    /// Kept in the journal.
    #[schema(example = "It must be kept for ten years", max_length = 10_000)]
    reason: String,
}

/// List redactions.
#[utoipa::path(
    tag = "redactions",
    params(PageParameters, RedactionQuery),
    responses((status = 200, body = Page<RedactionView>))
)]
#[get("/redactions")]
pub(crate) async fn list_redactions(call: Call, list: List<RedactionQuery>) -> Result<Answer, ApiError> {
    call.list::<Redaction>(list).await
}

/// Ask for a redaction of a record that you see; somebody else decides it.
#[utoipa::path(
    tag = "redactions",
    params(WriteParameters),
    request_body = CreateRedaction,
    responses((status = 201, body = RedactionView))
)]
#[post("/redactions")]
pub(crate) async fn create_redaction(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateRedaction>,
) -> Result<Answer, ApiError> {
    call.create(parameters, body, |input: CreateRedaction, by, birth, tx| {
        let CreateRedaction { record, fields, entries, content, reason } = input;
        let target = records::named("/record", &record, by, tx.connection())?;
        let draft = RedactionDraft { target, fields, entries, content, legal_reason: reason };
        let change = Redaction::request(draft, by, birth)?;
        check(change.after(), tx)?;
        Ok(change)
    })
    .await
}

/// Read a redaction.
#[utoipa::path(
    tag = "redactions",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = RedactionView))
)]
#[get("/redactions/{id}")]
pub(crate) async fn get_redaction(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Redaction>(target, parameters).await
}

/// Approve a redaction that somebody else has asked for: it is carried out at once, and cannot be undone.
///
/// Tombstones stand in place of the texts, in the record and in the search. The details of the entries that carried them
/// are erased; their leaves stay, so that the journal verifies, and `as_of` answers 410 for those versions.
#[utoipa::path(
    tag = "redactions",
    params(("id" = String, Path), WriteParameters),
    request_body = ApproveRedaction,
    responses((status = 200, body = RedactionView))
)]
#[post("/redactions/{id}/approve")]
pub(crate) async fn approve_redaction(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<ApproveRedaction>,
) -> Result<Answer, ApiError> {
    let (app, organisation, dry_run) = (call.app.clone(), call.actor.organisation, parameters.0.dry_run);
    let gone = Arc::new(OnceLock::new());
    let noted = gone.clone();
    let run =
        move |redaction: Redaction, ApproveRedaction {}, (): &(), by: &Actor, tx: &mut Tx<'_>| -> Result<_, ApiError> {
            let Erasure { redaction, file } = carry_out(redaction, by, tx)?;
            if let Some(file) = file {
                // The job runs once.
                let _ = noted.set(file);
            }
            Ok(redaction)
        };
    let answer = call.verb(target, Verb::Approve, parameters, body, run).await?;
    if let (Some(file), false) = (gone.get().cloned(), dry_run) {
        // It is committed. What keeps the file there now is tried again every few minutes.
        if let Err(error) = erased_files::remove(&app.store, &app.files, organisation.0, file).await {
            tracing::warn!(%error, "a redacted file is still there");
        }
    }
    Ok(answer)
}

verbs! {
    tag "redactions", record Redaction, view RedactionView;

    /// Reject a redaction that somebody else has asked for: the content stays.
    reject_redaction "/redactions/{id}/reject" Reject RejectRedaction
    |redaction, input, _facts, by, tx| redaction.reject(input.reason, by, tx.now());
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_redactions)
        .service(create_redaction)
        .service(get_redaction)
        .service(approve_redaction)
        .service(reject_redaction);
}
