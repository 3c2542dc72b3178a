//! For whoever runs the server: alive, ready, figures, keys; and for whoever finds a hole in it.

use crate::answer::Answer;
use crate::app::App;
use crate::error::ApiError;
use crate::v1::auth::Open;
use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, Responder, get, web};
use chrono::{DateTime, Days, SecondsFormat, Utc};
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
    ready(&app).await?;
    Answer::json(StatusCode::OK, &Health { status: "ok" })
}

/// Refuses, within a second, where requests cannot be served.
pub(crate) async fn ready(app: &App) -> Result<(), ApiError> {
    let asked = app.store.read(|connection| Ok::<_, ApiError>(migrations::pending(connection)?));
    match tokio::time::timeout(Duration::from_secs(1), asked).await {
        Ok(Ok(false)) => Ok(()),
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
    Ok(Answer::json(StatusCode::OK, &app.tokens.jwks(app.now()))?.with(&header::CACHE_CONTROL, "public, max-age=300"))
}

/// Where whoever has found a weakness looks first.
pub(crate) const SECURITY_CONTACT: &str = "/.well-known/security.txt";

/// For so many days it is to be believed; whoever reads it later reads it again (RFC 9116, section 2.5.5).
const BELIEVED: Days = Days::new(90);

/// To whom weaknesses of the server are told (RFC 9116). There only where the settings say to whom.
#[utoipa::path(
    tag = "operations",
    responses((status = 200, body = String, content_type = "text/plain")),
    security(())
)]
#[get("/.well-known/security.txt")]
pub(crate) async fn get_security_contact(app: web::Data<App>, _: Open) -> Result<Answer, ApiError> {
    let settings = &app.settings;
    if settings.security_contacts.is_empty() {
        return Err(ApiError::NotFound);
    }
    let text = security_text(&settings.security_contacts, &settings.public_url, app.now());
    let answer = Answer::text(StatusCode::OK, "text/plain; charset=utf-8", text);
    Ok(answer.with(&header::CACHE_CONTROL, "public, max-age=300"))
}

/// Contacts in the order in which they are preferred. It expires as a day begins, so that it reads the same all day.
fn security_text(contacts: &[String], public_url: &str, now: DateTime<Utc>) -> String {
    let mut text: String = contacts.iter().map(|contact| format!("Contact: {contact}\n")).collect();
    let day = now.date_naive().checked_add_days(BELIEVED).unwrap_or(now.date_naive());
    let expires = day.and_time(chrono::NaiveTime::MIN).and_utc();
    text.push_str(&format!("Expires: {}\n", expires.to_rfc3339_opts(SecondsFormat::Secs, true)));
    // An address that is not https is none by which it could be told from a forged one.
    if public_url.starts_with("https://") {
        text.push_str(&format!("Canonical: {}{SECURITY_CONTACT}\n", public_url.trim_end_matches('/')));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_names_contacts_in_order_and_ends() {
        let contacts = ["mailto:isms@example.org".to_owned(), "https://example.org/report".to_owned()];
        let text = security_text(&contacts, "https://isms.example.org/", "2026-11-26T07:30:00Z".parse().unwrap());
        insta::assert_snapshot!(text, @r"
        Contact: mailto:isms@example.org
        Contact: https://example.org/report
        Expires: 2027-02-24T00:00:00Z
        Canonical: https://isms.example.org/.well-known/security.txt
        ");
        let plain = security_text(&contacts, "http://127.0.0.1:8080", DateTime::UNIX_EPOCH);
        assert!(!plain.contains("Canonical"), "{plain}");
    }
}
