//! What each kind of problem means: where a problem's `type` points.

use crate::answer::Answer;
use crate::error::{ApiError, Kind};
use crate::v1::auth::Open;
use actix_web::http::{StatusCode, header};
use actix_web::{get, web};
use serde::Serialize;
use strum::VariantArray;

/// A kind of problem.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProblemKind {
    /// Its stable address.
    #[serde(rename = "type")]
    #[schema(example = "/problems/validation")]
    pub kind: String,
    /// In a few words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// What to do about it.
    pub advice: &'static str,
}

/// Read what a kind of problem means.
#[utoipa::path(
    tag = "operations",
    params(("kind" = String, Path, description = "The last part of a problem's `type`", example = "validation")),
    responses((status = 200, body = ProblemKind)),
    security(())
)]
#[get("/problems/{kind}")]
pub(crate) async fn get_problem(path: web::Path<String>, _: Open) -> Result<Answer, ApiError> {
    let named = |kind: &&Kind| <&str>::from(**kind) == path.as_str();
    let kind = Kind::VARIANTS.iter().find(named).ok_or(ApiError::NotFound)?;
    let (status, title) = kind.status_and_title();
    let view = ProblemKind { kind: format!("/problems/{path}"), title, status: status.as_u16(), advice: kind.advice() };
    Ok(Answer::json(StatusCode::OK, &view)?.with(&header::CACHE_CONTROL, "public, max-age=3600"))
}
