//! Orphans over HTTP: what lacks something that it needs to count.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::Query;
use crate::routing::Routes;
use crate::v1::readiness::{CallView, FoundView, seen_among};
use actix_web::get;
use actix_web::http::StatusCode;
use ratchet_domain::access::Permission;
use ratchet_domain::refusal::Refusal;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::orphans;
use serde::{Deserialize, Serialize};

/// Records of each kind, unless asked otherwise.
const DEFAULT: i64 = 20;
/// Records of each kind at most.
const LIMIT: i64 = 100;

/// How many are named.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct OrphansQuery {
    /// Records of each kind that are named, 1 to 100.
    #[param(minimum = 1, maximum = 100, default = 20)]
    limit: Option<i64>,
}

/// Records that lack the same.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct OrphansView {
    /// By what it is known: it stays the same.
    #[schema(example = "objective-without-indicator")]
    pub id: &'static str,
    /// What they are.
    #[schema(example = "Objectives in force that no indicator measures")]
    pub label: &'static str,
    /// The clauses and controls that ask for what is missing.
    #[schema(example = json!(["6.2", "9.1"]))]
    pub clauses: Vec<&'static str>,
    #[serde(flatten)]
    pub found: FoundView,
    /// The call that gives each what it lacks.
    pub mend: CallView,
}

/// Every kind of orphan, whether or not there are any.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Orphans {
    pub items: Vec<OrphansView>,
}

/// List what lacks something that it needs to count: objectives without an indicator, controls without an owner.
///
/// Records that the caller may not see are counted and not named.
#[utoipa::path(tag = "readiness", params(OrphansQuery), responses((status = 200, body = Orphans)))]
#[get("/catalogue/orphans")]
pub(crate) async fn list_orphans(call: Call, query: Query<OrphansQuery>) -> Result<Answer, ApiError> {
    let (by, now, limit) = (call.actor.clone(), call.app.now(), query.0.limit.unwrap_or(DEFAULT));
    if !by.may(Permission::ReadRecords, false) {
        return Err(Refusal::Forbidden.into());
    }
    if !(1..=LIMIT).contains(&limit) {
        return Err(ApiError::parameter("limit", "out_of_range", format!("must lie between 1 and {LIMIT}")));
    }
    let read = move |connection: &mut AnyConnection| -> Result<Orphans, ApiError> {
        let found = orphans::find(by.organisation, limit, now, connection)?;
        let seen = seen_among(found.iter().map(|(_, found)| found), &by, connection)?;
        let view = |(orphan, found): &(ratchet_domain::orphans::Orphan, _)| {
            let need = orphan.need();
            OrphansView {
                id: orphan.id(),
                label: need.label,
                clauses: need.clauses.to_vec(),
                found: FoundView::of(found, &seen),
                mend: need.mend.into(),
            }
        };
        Ok(Orphans { items: found.iter().map(view).collect() })
    };
    Answer::json(StatusCode::OK, &call.app.store.read(read).await?)
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_orphans);
}
