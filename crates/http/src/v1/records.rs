//! Any record by its reference or id, whatever its kind.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, within};
use crate::record::Resource;
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::journal::EntryView;
use actix_web::http::StatusCode;
use actix_web::{get, web};
use chrono::{DateTime, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::{MemberId, RecordId};
use ratchet_domain::links::Relation;
use ratchet_domain::of_kind;
use ratchet_domain::ownerships::Ownership;
use ratchet_domain::reference::{Locator, Prefix, Reference, Target};
use ratchet_domain::refusal::Refusal;
use ratchet_domain::trace::TraceEdge;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::journal::reading;
use ratchet_persistence::ownerships::{self, Tenure};
use ratchet_persistence::trace::{self, Trace};
use ratchet_persistence::tx::Tx;
use serde::{Deserialize, Serialize};
use std::collections::{HashMap, HashSet};
use strum::VariantArray;
use uuid::Uuid;

/// Versions per page of a history.
const LIMIT: i64 = 200;

/// Where a record is.
#[derive(Debug, Clone, Serialize, utoipa::ToSchema)]
pub(crate) struct RecordView {
    /// What it is.
    #[schema(example = "nonconformity")]
    pub kind: &'static str,
    /// Its id.
    pub id: Uuid,
    /// Its reference.
    #[schema(example = "NC-2026-0007")]
    pub reference: String,
    /// One line by which people know it, where it has one.
    #[schema(example = "Critical patches late on laptops")]
    pub title: Option<String>,
    /// Where it stands.
    #[schema(example = "confirmed")]
    pub state: &'static str,
    /// Where to read it.
    #[schema(example = "/v1/nonconformities/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d")]
    pub href: String,
}

impl RecordView {
    pub(crate) fn of<T: Resource>(record: &T) -> Self {
        let head = record.head();
        Self {
            kind: T::KIND,
            id: head.id,
            reference: head.reference.to_string(),
            title: record.title().map(str::to_owned),
            state: record.stage_name(),
            href: format!("/v1/{}/{}", T::PATH, head.id),
        }
    }
}

/// One record is something to another.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TraceEdgeView {
    /// The one's id.
    pub from: Uuid,
    /// What it is to the other.
    pub relation: Relation,
    /// The other's id.
    pub to: Uuid,
}

/// What a record came from and what came of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TraceView {
    /// The records that this caller may see, by kind and age.
    pub nodes: Vec<RecordView>,
    /// What they are to each other.
    pub edges: Vec<TraceEdgeView>,
    /// Whether nothing was left out: a trace ends after 500 records.
    pub complete: bool,
}

/// Every version of a record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct History {
    /// Oldest first.
    pub items: Vec<EntryView>,
    /// Send it as `after` to go on; `null` when that is all.
    pub next_after: Option<i64>,
}

/// A time in which somebody answered for a record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TenureView {
    /// Who.
    pub member_id: MemberId,
    /// The clause or control that was answered for by way of it; `null` for the record itself.
    #[schema(example = "A.5.18")]
    pub requirement: Option<String>,
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; `null` while it lasts.
    pub until: Option<DateTime<Utc>>,
}

impl From<Tenure> for TenureView {
    fn from(tenure: Tenure) -> Self {
        let Tenure { record: _, ownership: Ownership { member, requirement }, from, until } = tenure;
        Self { member_id: member, requirement, from, until }
    }
}

/// Who answers for a record, and who did.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Owners {
    /// The earliest first.
    pub items: Vec<TenureView>,
}

/// Where to go on.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Behind this version.
    #[serde(default, deserialize_with = "within::<0, { i64::MAX }, _>")]
    #[param(minimum = 0)]
    after: Option<i64>,
}

/// The record of this kind, when the caller may see it.
pub(crate) fn find(
    kind: Prefix,
    locator: Locator,
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<RecordView, ApiError> {
    of_kind!(kind, T => find_one::<T>(locator, by, connection))
}

fn find_one<T: Resource>(locator: Locator, by: &Actor, connection: &mut AnyConnection) -> Result<RecordView, ApiError> {
    Ok(RecordView::of(&get::<T>(locator, by, connection)?))
}

/// The record, when the caller may see it.
pub(crate) fn get<T: Resource>(locator: Locator, by: &Actor, connection: &mut AnyConnection) -> Result<T, ApiError> {
    let (record, _) = T::find(by.organisation, locator, connection)?.ok_or(ApiError::NotFound)?;
    check_visible(&record, by, connection)?;
    Ok(record)
}

/// Refuses who may see neither the record nor the one that it is about.
pub(crate) fn check_visible<T: Resource>(
    record: &T,
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<(), ApiError> {
    if record.is_visible(by) {
        return Ok(());
    }
    if record.is_withheld(by) {
        return Err(ApiError::NotFound);
    }
    let Some(Target { kind, id }) = record.target() else { return Err(ApiError::NotFound) };
    find(kind, Locator::Id(id.0), by, connection).map(drop)
}

/// Where a record is read.
pub fn href(kind: Prefix, id: Uuid) -> String {
    of_kind!(kind, T => format!("/v1/{}/{id}", T::PATH))
}

/// The record that a body names by its reference.
pub(crate) fn named(
    pointer: &str,
    reference: &str,
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<Target, ApiError> {
    let unknown = || Refusal::invalid(pointer, "unknown_record", "must be the reference of a record").into();
    let reference: Reference = reference.parse().map_err(|_| unknown())?;
    let found = find(reference.prefix, Locator::Reference(reference), by, connection);
    let RecordView { id, .. } = found.map_err(|error| error.or_unknown(unknown))?;
    Ok(Target { kind: reference.prefix, id: RecordId(id) })
}

/// The record of one kind that a body names by its reference or id.
pub(crate) fn known<T: Resource>(pointer: &str, named: &str, by: &Actor, tx: &mut Tx<'_>) -> Result<T, ApiError> {
    let kind = T::KIND.replace('_', " ");
    let unknown = || Refusal::invalid(pointer, "unknown_record", format!("must be the reference or id of one {kind}"));
    let locator: Locator = named.parse().map_err(|_| unknown())?;
    let record: T = tx.load(locator).map_err(|error| ApiError::from(error).or_unknown(|| unknown().into()))?;
    let visible = check_visible(&record, by, tx.connection());
    visible.map_err(|error| error.or_unknown(|| unknown().into()))?;
    Ok(record)
}

/// The same, read again when nobody else can move it on until the transaction ends.
pub(crate) fn held<T: Resource>(pointer: &str, named: &str, by: &Actor, tx: &mut Tx<'_>) -> Result<T, ApiError> {
    let seen: T = known(pointer, named, by, tx)?;
    tx.enter(seen.circle())?;
    Ok(tx.load(Locator::Id(seen.head().id))?)
}

/// The records of one kind that the caller may see.
fn views<T: Resource>(ids: &[Uuid], by: &Actor, connection: &mut AnyConnection) -> Result<Vec<RecordView>, ApiError> {
    let records = T::many(by.organisation, ids, connection)?;
    Ok(records.iter().filter(|record| record.is_visible(by)).map(RecordView::of).collect())
}

fn views_of(
    kind: Prefix,
    ids: &[Uuid],
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<Vec<RecordView>, ApiError> {
    of_kind!(kind, T => views::<T>(ids, by, connection))
}

/// The records that the caller may see, in the order given; a statement for each kind.
pub(crate) fn seen_of(
    records: &[(Prefix, Uuid)],
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<Vec<RecordView>, ApiError> {
    let mut seen = HashMap::new();
    for kind in Prefix::VARIANTS.iter().copied() {
        let ids: Vec<Uuid> = records.iter().filter(|(of, _)| *of == kind).map(|(_, id)| *id).collect();
        if !ids.is_empty() {
            seen.extend(views_of(kind, &ids, by, connection)?.into_iter().map(|view| (view.id, view)));
        }
    }
    Ok(records.iter().filter_map(|(_, id)| seen.remove(id)).collect())
}

/// What the path names: a reference tells the kind, an id does not.
fn locator_of(path: &web::Path<String>) -> Result<Locator, ApiError> {
    path.parse().map_err(|_| ApiError::NotFound)
}

/// The record of whatever kind, when the caller may see it.
fn find_any(locator: Locator, by: &Actor, connection: &mut AnyConnection) -> Result<(Prefix, RecordView), ApiError> {
    let kind = match locator {
        Locator::Reference(reference) => reference.prefix,
        Locator::Id(id) => {
            let kind = reading::kind_of(by.organisation, id, connection)?;
            kind.and_then(|kind| Prefix::of_kind(&kind)).ok_or(ApiError::NotFound)?
        }
    };
    Ok((kind, find(kind, locator, by, connection)?))
}

/// Find a record by its reference or id, whatever it is.
#[utoipa::path(
    tag = "records",
    params(("reference" = String, Path, description = "The record's reference, such as NC-2026-0007, or its id")),
    responses((status = 200, body = RecordView))
)]
#[get("/records/{reference}")]
pub(crate) async fn get_record(call: Call, path: web::Path<String>, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let (locator, by) = (locator_of(&path)?, call.actor.clone());
    let (_, record) = call.app.store.read(move |connection| find_any(locator, &by, connection)).await?;
    Answer::json(StatusCode::OK, &record)
}

/// Read every version of a record, out of the journal.
#[utoipa::path(
    tag = "records",
    params(("reference" = String, Path, description = "The record's reference, such as NC-2026-0007, or its id"), HistoryQuery),
    responses((status = 200, body = History))
)]
#[get("/records/{reference}/history")]
pub(crate) async fn get_history(
    call: Call,
    path: web::Path<String>,
    query: Query<HistoryQuery>,
) -> Result<Answer, ApiError> {
    let (locator, by, after) = (locator_of(&path)?, call.actor.clone(), query.0.after.unwrap_or(0));
    let read = move |connection: &mut _| -> Result<_, ApiError> {
        let (_, RecordView { kind, id, .. }) = find_any(locator, &by, connection)?;
        Ok(reading::history(by.organisation, (kind, id), after, LIMIT, connection)?)
    };
    let entries = call.app.store.read(read).await?;
    let full = i64::try_from(entries.len()) == Ok(LIMIT);
    let next_after = entries.last().filter(|_| full).map(|entry| entry.read.object.version.cast_signed());
    Answer::json(StatusCode::OK, &History { items: entries.into_iter().map(Into::into).collect(), next_after })
}

/// Read who answers for a record, and who did.
///
/// Kept with every write. Whoever answers, or answered within the last twelve months, does not audit it [9.2.2].
#[utoipa::path(
    tag = "records",
    params(("reference" = String, Path, description = "The record's reference, such as PRO-2026-0002, or its id")),
    responses((status = 200, body = Owners))
)]
#[get("/records/{reference}/owners")]
pub(crate) async fn get_owners(call: Call, path: web::Path<String>, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let (locator, by) = (locator_of(&path)?, call.actor.clone());
    let read = move |connection: &mut _| -> Result<_, ApiError> {
        let (_, RecordView { id, .. }) = find_any(locator, &by, connection)?;
        Ok(ownerships::of_record(by.organisation, id, connection)?)
    };
    let tenures = call.app.store.read(read).await?;
    Answer::json(StatusCode::OK, &Owners { items: tenures.into_iter().map(Into::into).collect() })
}

/// Read what a record came from and what came of it.
///
/// Edges run from cause to effect as `raised`, from an action or evidence to what it is for, and as links were drawn.
/// The walk ends at indicators, unless it began at one.
#[utoipa::path(
    tag = "records",
    params(("reference" = String, Path, description = "The record's reference, such as NC-2026-0007, or its id")),
    responses((status = 200, body = TraceView))
)]
#[get("/records/{reference}/trace")]
pub(crate) async fn get_trace(call: Call, path: web::Path<String>, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let (locator, by) = (locator_of(&path)?, call.actor.clone());
    let read = move |connection: &mut _| -> Result<_, ApiError> {
        let (kind, RecordView { id, .. }) = find_any(locator, &by, connection)?;
        let start = Target { kind, id: RecordId(id) };
        let Trace { nodes, edges, is_complete } = trace::trace(&by, start, connection)?;
        let nodes: Vec<(Prefix, Uuid)> = nodes.into_iter().map(|node| (node.kind, node.id.0)).collect();
        let mut seen = seen_of(&nodes, &by, connection)?;
        seen.sort_by_key(|node| node.id);
        Ok((seen, edges, is_complete))
    };
    let (nodes, edges, complete) = call.app.store.read(read).await?;
    let ids: HashSet<Uuid> = nodes.iter().map(|node| node.id).collect();
    let shown = edges.into_iter().filter(|edge| ids.contains(&edge.from.id.0) && ids.contains(&edge.to.id.0));
    let edges = shown.map(|TraceEdge { from, relation, to }| TraceEdgeView { from: from.id.0, relation, to: to.id.0 });
    Answer::json(StatusCode::OK, &TraceView { nodes, edges: edges.collect(), complete })
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(get_record).service(get_history).service(get_owners).service(get_trace);
}
