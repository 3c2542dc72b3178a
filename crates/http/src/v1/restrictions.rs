//! Restrictions over HTTP: a record that concerns few is kept from all others.

use crate::answer::Answer;
use crate::body::Body;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::listing::{List, Page, PageParameters};
use crate::parameters::{Query, Target, WriteParameters, listed};
use crate::record::{HeadView, Resource, ShowParameters, TargetView, Transition, existing_members};
use crate::routing::Routes;
use crate::v1::records;
use actix_web::{get, post};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::MemberId;
use ratchet_domain::reference::{self, Reference};
use ratchet_domain::refusal::Refusal;
use ratchet_domain::restrictions::{Restriction, RestrictionDraft, Stage, StageName, Verb};
use ratchet_persistence::restrictions::{Filter, in_force};
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// That a record is kept from all but its readers: those named, whoever restricted it, its owner, its assignee.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RestrictionView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// The record.
    pub record: TargetView,
    /// The record's reference.
    #[schema(example = "INC-2026-0003")]
    pub record_reference: String,
    /// Who is named as a reader.
    pub reader_ids: Vec<MemberId>,
    /// Why it is restricted.
    #[schema(example = "It names a colleague")]
    pub reason: String,
    /// Why it is not any more.
    pub lifted_because: Option<String>,
    /// Since when.
    pub lifted_at: Option<DateTime<Utc>>,
    /// Who lifted it.
    pub lifted_by: Option<MemberId>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What a list of restrictions can be narrowed by.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct RestrictionQuery {
    /// Of the record of this reference.
    #[param(value_type = Option<String>, example = "NC-2026-0007")]
    record: Option<Reference>,
    /// In one of these states, separated by commas.
    #[serde(default, deserialize_with = "listed")]
    #[param(inline, value_type = Option<Vec<StageName>>, example = "in_force")]
    state: Option<Vec<StageName>>,
    /// Written at or after this moment: for synchronising.
    #[serde(default, deserialize_with = "bounded")]
    updated_since: Option<DateTime<Utc>>,
}

impl Resource for Restriction {
    type View = RestrictionView;
    type Query = RestrictionQuery;
    const PATH: &'static str = "restrictions";

    fn view(&self, transitions: Option<Vec<Transition>>) -> RestrictionView {
        let Self { head, target, target_reference, readers, why, stage } = self;
        let lifted = match stage {
            Stage::InForce => None,
            Stage::Lifted { reason, at, by } => Some((reason.clone(), *at, *by)),
        };
        RestrictionView {
            head: head.into(),
            state: stage.name(),
            record: (*target).into(),
            record_reference: target_reference.to_string(),
            reader_ids: readers.clone(),
            reason: why.clone(),
            lifted_because: lifted.as_ref().map(|(reason, ..)| reason.clone()),
            lifted_at: lifted.as_ref().map(|(_, at, _)| *at),
            lifted_by: lifted.as_ref().map(|(.., by)| *by),
            transitions,
        }
    }

    fn target(&self) -> Option<reference::Target> {
        Some(self.target)
    }

    fn about(query: &RestrictionQuery) -> Option<Reference> {
        query.record
    }

    fn narrow(filter: &mut Filter, target: Uuid) {
        filter.target = Some(target);
    }

    fn filter(query: RestrictionQuery, _: &Actor, _: NaiveDate) -> Filter {
        let RestrictionQuery { record: _, state, updated_since } = query;
        Filter { stage: state, target: None, updated_since }
    }
}

/// What is restricted, and who reads it.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateRestriction {
    /// The nonconformity, incident, weakness, action, risk, employee report, improvement or change, by reference.
    #[schema(example = "NC-2026-0001")]
    record: String,
    /// Who reads it beside you, its owner and its assignee; at most 50. Being named gives nobody a right that the roles do not
    /// give.
    #[serde(default)]
    #[schema(example = json!([]))]
    reader_ids: Vec<MemberId>,
    /// Kept in the journal, and as restricted as the record.
    #[schema(example = "It names a colleague", max_length = 10_000)]
    reason: String,
}

/// Who reads it from now on.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct NameReadersRestriction {
    /// In place of those named before; at most 50.
    #[schema(example = json!([]))]
    reader_ids: Vec<MemberId>,
    /// Kept in the journal.
    #[schema(example = "She investigates it", max_length = 10_000)]
    reason: String,
}

/// Why it need not be restricted any more.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct LiftRestriction {
    /// Kept in the journal.
    #[schema(example = "The inquiry is over", max_length = 10_000)]
    reason: String,
}

/// List restrictions of records that you read.
#[utoipa::path(
    tag = "restrictions",
    params(PageParameters, RestrictionQuery),
    responses((status = 200, body = Page<RestrictionView>))
)]
#[get("/restrictions")]
pub(crate) async fn list_restrictions(call: Call, list: List<RestrictionQuery>) -> Result<Answer, ApiError> {
    call.list::<Restriction>(list).await
}

/// Restrict a record that you see: it is kept from all but its readers.
///
/// For everybody else it is not there, nor is what is said about it, planned for it or linked with it: 404, left out of lists,
/// searches, traces and work; events say what kind of thing happened and not to what. Figures count it. What is raised of it
/// later is restricted from the start, for the same readers and whoever raised it.
#[utoipa::path(
    tag = "restrictions",
    params(WriteParameters),
    request_body = CreateRestriction,
    responses((status = 201, body = RestrictionView))
)]
#[post("/restrictions")]
pub(crate) async fn create_restriction(
    call: Call,
    parameters: Query<WriteParameters>,
    body: Body<CreateRestriction>,
) -> Result<Answer, ApiError> {
    let make = |input: CreateRestriction, by: &Actor, birth, tx: &mut Tx<'_>| -> Result<_, ApiError> {
        let CreateRestriction { record, reader_ids, reason } = input;
        let target = records::named("/record", &record, by, tx.connection())?;
        let unknown = |_| Refusal::invalid("/record", "unknown_record", "must be the reference of a record");
        let target_reference: Reference = record.parse().map_err(unknown)?;
        existing_members("/reader_ids", &reader_ids, tx)?;
        let in_force = in_force(by.organisation, tx.connection())?;
        let draft = RestrictionDraft { target, target_reference, readers: reader_ids, why: reason, in_force };
        Ok(Restriction::impose(draft, by, birth)?)
    };
    call.create(parameters, body, make).await
}

/// Read a restriction of a record that you read.
#[utoipa::path(
    tag = "restrictions",
    params(("id" = String, Path), ShowParameters),
    responses((status = 200, body = RestrictionView))
)]
#[get("/restrictions/{id}")]
pub(crate) async fn get_restriction(
    call: Call,
    target: Target,
    parameters: Query<ShowParameters>,
) -> Result<Answer, ApiError> {
    call.show::<Restriction>(target, parameters).await
}

/// Name others as readers, in place of those named before. Whoever restricted the record, its owner and its assignee read it
/// in any case.
#[utoipa::path(
    tag = "restrictions",
    params(("id" = String, Path), WriteParameters),
    request_body = NameReadersRestriction,
    responses((status = 200, body = RestrictionView))
)]
#[post("/restrictions/{id}/name-readers")]
pub(crate) async fn name_readers_restriction(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<NameReadersRestriction>,
) -> Result<Answer, ApiError> {
    let run = |restriction: Restriction,
               input: NameReadersRestriction,
               (): &(),
               by: &Actor,
               tx: &mut Tx<'_>|
     -> Result<_, ApiError> {
        let NameReadersRestriction { reader_ids, reason } = input;
        existing_members("/reader_ids", &reader_ids, tx)?;
        Ok(restriction.name_readers(reader_ids, reason, by, tx.now())?)
    };
    call.verb(target, Verb::NameReaders, parameters, body, run).await
}

/// Lift a restriction: the record, and everything about it, is seen again by whoever the roles let see it.
#[utoipa::path(
    tag = "restrictions",
    params(("id" = String, Path), WriteParameters),
    request_body = LiftRestriction,
    responses((status = 200, body = RestrictionView))
)]
#[post("/restrictions/{id}/lift")]
pub(crate) async fn lift_restriction(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<LiftRestriction>,
) -> Result<Answer, ApiError> {
    let run = |restriction: Restriction,
               LiftRestriction { reason }: LiftRestriction,
               (): &(),
               by: &Actor,
               tx: &mut Tx<'_>|
     -> Result<_, ApiError> { Ok(restriction.lift(reason, by, tx.now())?) };
    call.verb(target, Verb::Lift, parameters, body, run).await
}

pub(crate) fn configure(routes: &mut Routes) {
    routes
        .service(list_restrictions)
        .service(create_restriction)
        .service(get_restriction)
        .service(name_readers_restriction)
        .service(lift_restriction);
}
