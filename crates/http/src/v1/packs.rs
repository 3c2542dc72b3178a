//! Packs over HTTP: registers, evidence and the journal in one file, to take home [7.5].

use crate::answer::Answer;
use crate::bounds::bounded;
use crate::caller::Call;
use crate::error::ApiError;
use crate::packs::{Asked, send};
use crate::parameters::{Query, Target};
use crate::routing::Routes;
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, web};
use chrono::NaiveDate;
use ratchet_domain::audits::Audit;
use ratchet_domain::management_reviews::ManagementReview;
use ratchet_domain::packs::{PackKind, may_take};
use ratchet_domain::reference::Prefix;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// A kind of pack.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PackView {
    /// By which it is asked for.
    pub kind: PackKind,
    /// It in a few words.
    #[schema(example = "Register of corrective actions")]
    pub title: &'static str,
    /// The registers in it; the files that their evidence shows come with them.
    pub registers: Vec<Prefix>,
    /// Whether the journal is in it, which proves them.
    pub holds_journal: bool,
    /// Whether it can be narrowed to a time.
    pub takes_period: bool,
    /// Where it is.
    #[schema(example = "/v1/packs/corrective-actions")]
    pub href: String,
}

impl From<PackKind> for PackView {
    fn from(kind: PackKind) -> Self {
        let name: &'static str = kind.into();
        Self {
            kind,
            title: kind.title(),
            registers: kind.registers().to_vec(),
            holds_journal: kind.holds_journal(),
            takes_period: kind.takes_period(),
            href: format!("/v1/packs/{name}"),
        }
    }
}

/// The kinds of packs.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Packs {
    /// The widest first.
    pub items: Vec<PackView>,
}

/// The time to which a pack is narrowed.
#[derive(Debug, Default, Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct PackQuery {
    /// Of `audit` alone: without records that were over before this day. A record is over when nobody answers for it any
    /// more, it waits for nothing and nothing will happen to it by itself, as of its last writing; what holds until it is
    /// said otherwise (policies, controls, indicators) is never over.
    #[serde(default, deserialize_with = "bounded")]
    from: Option<NaiveDate>,
    /// Of `audit` alone: without records that were made after this day. Records are shown as they are, not as they were.
    #[serde(default, deserialize_with = "bounded")]
    to: Option<NaiveDate>,
}

/// List the kinds of packs, and what is in each.
#[utoipa::path(tag = "packs", responses((status = 200, body = Packs)))]
#[get("/packs")]
pub(crate) async fn list_packs(_call: Call, _: Query<Nothing>) -> Result<Answer, ApiError> {
    let items = PackKind::VARIANTS.iter().copied().map(Into::into).collect();
    Answer::json(StatusCode::OK, &Packs { items })
}

/// Take a pack: a ZIP of one moment, written as it is sent.
///
/// Of each register the records as the API shows them (`registers/*.ndjson`) and a table for people (`registers/*.csv`),
/// the files of their evidence (`evidence/<SHA-256>`), in the audit pack the bytes of `GET /v1/journal/export`
/// (`journal.ndjson`), and `manifest.json`, which says what each member hashes to. `scripts/verify_pack.py` verifies it.
/// What is restricted to others is not in it. Whoever reads everything may take one; one at a time is
/// written for an organisation, two for all, 503 beyond. An answer that breaks off is no ZIP: take it again.
#[utoipa::path(
    tag = "packs",
    params(("kind" = PackKind, Path, description = "Which pack"), PackQuery),
    responses((status = 200, body = String, content_type = "application/zip"))
)]
#[get("/packs/{kind}")]
pub(crate) async fn get_pack(
    call: Call,
    path: web::Path<String>,
    Query(query): Query<PackQuery>,
) -> Result<HttpResponse, ApiError> {
    let kind: PackKind = path.parse().map_err(|_| ApiError::NotFound)?;
    may_take(&call.actor)?;
    let PackQuery { from, to } = query;
    let narrowed = [("from", from), ("to", to)].into_iter().find(|(_, day)| day.is_some());
    if let Some((name, _)) = narrowed.filter(|_| !kind.takes_period()) {
        return Err(ApiError::parameter(name, "not_for_this_kind", "narrows the pack `audit` alone"));
    }
    if from.zip(to).is_some_and(|(from, to)| from > to) {
        return Err(ApiError::parameter("from", "out_of_range", "must not lie behind `to`"));
    }
    send(&call, Asked::Kind(kind, from, to)).await
}

/// Take the pack of a management review: minutes, addenda, inputs as they were frozen, decisions, actions, evidence.
#[utoipa::path(
    tag = "packs",
    params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "application/zip"))
)]
#[get("/management-reviews/{id}/pack")]
pub(crate) async fn get_management_review_pack(
    call: Call,
    Target(locator): Target,
    _: Query<Nothing>,
) -> Result<HttpResponse, ApiError> {
    let by = call.actor.clone();
    call.app.store.read(move |connection| records::get::<ManagementReview>(locator, &by, connection).map(drop)).await?;
    may_take(&call.actor)?;
    send(&call, Asked::Review(locator)).await
}

/// Take the pack of an audit: report, checklist, findings, what was raised of them, evidence.
#[utoipa::path(
    tag = "packs",
    params(("id" = String, Path)),
    responses((status = 200, body = String, content_type = "application/zip"))
)]
#[get("/audits/{id}/pack")]
pub(crate) async fn get_audit_pack(
    call: Call,
    Target(locator): Target,
    _: Query<Nothing>,
) -> Result<HttpResponse, ApiError> {
    let by = call.actor.clone();
    call.app.store.read(move |connection| records::get::<Audit>(locator, &by, connection).map(drop)).await?;
    may_take(&call.actor)?;
    send(&call, Asked::Audit(locator)).await
}

pub(crate) fn configure(routes: &mut Routes) {
    routes.service(list_packs).service(get_pack).service(get_management_review_pack).service(get_audit_pack);
}
