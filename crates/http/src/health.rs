//! For whoever runs the server: alive, ready, figures, keys.

use crate::answer::Answer;
use crate::app::App;
use crate::error::ApiError;
use crate::v1::auth::Open;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, Responder, get, web};
use ratchet_persistence::migrations;
use serde::Serialize;
use std::time::Duration;

/// How the server is.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct Health {
    /// `ok`.
    #[schema(example = "ok")]
    pub status: &'static str,
}

/// Whether the process is alive.
#[utoipa::path(tag = "operations", responses((status = 200, body = Health)), security(()))]
#[get("/healthz")]
pub(crate) async fn get_health(_: Open) -> Result<Answer, ApiError> {
    Answer::json(StatusCode::OK, &Health { status: "ok" })
}

/// Whether requests can be served: the database answers and has the schema of this version.
#[utoipa::path(tag = "operations", responses((status = 200, body = Health)), security(()))]
#[get("/readyz")]
pub(crate) async fn get_readiness(app: web::Data<App>, _: Open) -> Result<Answer, ApiError> {
    let asked = app.store.read(|connection| Ok::<_, ApiError>(migrations::pending(connection)?));
    match tokio::time::timeout(Duration::from_secs(1), asked).await {
        Ok(Ok(false)) => Answer::json(StatusCode::OK, &Health { status: "ok" }),
        Ok(Ok(true) | Err(_)) | Err(_) => Err(ApiError::Busy),
    }
}

/// Figures in the OpenMetrics text format.
#[utoipa::path(
    tag = "operations",
    responses((status = 200, body = String, content_type = "application/openmetrics-text")),
    security(())
)]
#[get("/metrics")]
pub(crate) async fn get_metrics(app: web::Data<App>, _: Open) -> impl Responder {
    let content_type = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    HttpResponse::Ok().insert_header((header::CONTENT_TYPE, content_type)).body(app.metrics.text())
}

/// The public keys of access tokens (RFC 7517).
#[utoipa::path(tag = "operations", responses((status = 200, body = Object)), security(()))]
#[get("/.well-known/jwks.json")]
pub(crate) async fn get_jwks(app: web::Data<App>, _: Open) -> Result<Answer, ApiError> {
    Ok(Answer::json(StatusCode::OK, app.tokens.jwks())?.with(&header::CACHE_CONTROL, "public, max-age=300"))
}
