//! Any record by its reference, whatever its kind.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::record::Resource;
use crate::v1::auth::Nothing;
use crate::v1::journal::EntryView;
use actix_web::http::StatusCode;
use actix_web::{get, web};
use ratchet_domain::access::Actor;
use ratchet_domain::actions::Action;
use ratchet_domain::api_keys::ApiKey;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::measurements::MeasurementBatch;
use ratchet_domain::members::Member;
use ratchet_domain::nonconformities::Nonconformity;
use ratchet_domain::reference::{Locator, Prefix, Reference};
use ratchet_domain::signals::Signal;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::journal::reading;
use serde::{Deserialize, Serialize};
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

/// Versions per page of a history.
const LIMIT: i64 = 200;

/// Where a record is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RecordView {
    /// What it is.
    #[schema(example = "nonconformity")]
    pub kind: &'static str,
    /// Its id.
    pub id: Uuid,
    /// Its reference.
    #[schema(example = "NC-2026-0007")]
    pub reference: String,
    /// Where it stands.
    #[schema(example = "confirmed")]
    pub state: &'static str,
    /// Where to read it.
    #[schema(example = "/v1/nonconformities/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d")]
    pub href: String,
}

/// Every version of a record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct History {
    /// Oldest first.
    pub items: Vec<EntryView>,
    /// Send it as `after` to go on; `null` when that is all.
    pub next_after: Option<i64>,
}

/// Where to go on.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct HistoryQuery {
    /// Behind this version.
    after: Option<i64>,
}

/// The record that a reference names, of whatever kind, when the caller may see it.
fn find(reference: Reference, by: &Actor, connection: &mut AnyConnection) -> Result<RecordView, ApiError> {
    match reference.prefix {
        Prefix::Nonconformity => find_one::<Nonconformity>(reference, by, connection),
        Prefix::Member => find_one::<Member>(reference, by, connection),
        Prefix::ApiKey => find_one::<ApiKey>(reference, by, connection),
        Prefix::Action => find_one::<Action>(reference, by, connection),
        Prefix::Indicator => find_one::<Indicator>(reference, by, connection),
        Prefix::Signal => find_one::<Signal>(reference, by, connection),
        Prefix::MeasurementBatch => find_one::<MeasurementBatch>(reference, by, connection),
        Prefix::Comment | Prefix::Tag | Prefix::Link | Prefix::Evidence | Prefix::Settings => Err(ApiError::NotFound),
    }
}

fn find_one<T: Resource>(
    reference: Reference,
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<RecordView, ApiError> {
    let found = T::find(by.organisation, Locator::Reference(reference), connection)?;
    let (record, _) = found.filter(|(record, _)| record.is_visible(by)).ok_or(ApiError::NotFound)?;
    let id = record.head().id;
    let (reference, href) = (reference.to_string(), format!("/v1/{}/{id}", T::PATH));
    Ok(RecordView { kind: T::KIND, id, reference, state: record.stage_name(), href })
}

fn reference_of(path: &web::Path<String>) -> Result<Reference, ApiError> {
    path.parse().map_err(|_| ApiError::NotFound)
}

/// Find a record by its reference.
#[utoipa::path(
    tag = "records",
    params(("reference" = String, Path, description = "Such as NC-2026-0007")),
    responses((status = 200, body = RecordView))
)]
#[get("/records/{reference}")]
pub(crate) async fn get_record(call: Call, path: web::Path<String>, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let (reference, by) = (reference_of(&path)?, call.actor.clone());
    let record = call.app.store.read(move |connection| find(reference, &by, connection)).await?;
    Answer::json(StatusCode::OK, &record)
}

/// Read every version of a record, out of the journal.
#[utoipa::path(
    tag = "records",
    params(("reference" = String, Path, description = "Such as NC-2026-0007"), HistoryQuery),
    responses((status = 200, body = History))
)]
#[get("/records/{reference}/history")]
pub(crate) async fn get_history(
    call: Call,
    path: web::Path<String>,
    query: Query<HistoryQuery>,
) -> Result<Answer, ApiError> {
    let (reference, by, after) = (reference_of(&path)?, call.actor.clone(), query.0.after.unwrap_or(0));
    let read = move |connection: &mut _| -> Result<_, ApiError> {
        let RecordView { kind, id, .. } = find(reference, &by, connection)?;
        Ok(reading::history(by.organisation, (kind, id), after, LIMIT, connection)?)
    };
    let entries = call.app.store.read(read).await?;
    let full = i64::try_from(entries.len()) == Ok(LIMIT);
    let next_after = entries.last().filter(|_| full).map(|entry| entry.read.object.version.cast_signed());
    Answer::json(StatusCode::OK, &History { items: entries.into_iter().map(Into::into).collect(), next_after })
}

pub(crate) fn configure(config: &mut ServiceConfig<'_>) {
    config.service(get_record).service(get_history);
}
