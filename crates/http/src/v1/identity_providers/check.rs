//! What an identity provider's issuer publishes of itself at this moment, and what is missing.

use crate::answer::Answer;
use crate::caller::Call;
use crate::error::ApiError;
use crate::issuers::{Finding, KeyFinding, look_at};
use crate::parameters::{Query, Target};
use crate::v1::auth::Nothing;
use crate::v1::records;
use actix_web::get;
use actix_web::http::StatusCode;
use ratchet_domain::identity_providers::IdentityProvider;
use serde::Serialize;

/// What an issuer publishes of itself.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IdentityProviderCheck {
    /// Whether nothing is missing.
    pub passed: bool,
    /// What was looked at, up to the first that is missing.
    pub findings: Vec<Finding>,
    /// The keys that it publishes, as far as it came to them.
    pub keys: Vec<KeyFinding>,
}

/// Ask an identity provider's issuer who it is and by which keys it signs, and say what is missing. Nothing is changed.
#[utoipa::path(
    tag = "identity-providers",
    params(("id" = String, Path)),
    responses((status = 200, body = IdentityProviderCheck))
)]
#[get("/identity-providers/{id}/check")]
pub(crate) async fn check_identity_provider(
    call: Call,
    Target(locator): Target,
    _: Query<Nothing>,
) -> Result<Answer, ApiError> {
    let by = call.actor.clone();
    let read = move |connection: &mut _| records::get::<IdentityProvider>(locator, &by, connection);
    let provider = call.app.store.read(read).await?;
    let looked = look_at(&provider.terms.issuer, &call.app.fetch).await;
    let passed = looked.lacking().is_empty();
    Answer::json(StatusCode::OK, &IdentityProviderCheck { passed, findings: looked.findings, keys: looked.keys })
}
