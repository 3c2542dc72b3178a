//! What an endpoint signs with: shown once, and changed.

use super::WebhookEndpointView;
use crate::answer::Answer;
use crate::body::Body;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, Target, WriteParameters};
use actix_web::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ratchet_domain::change::Record;
use ratchet_domain::webhook_endpoints::{Verb, WebhookEndpoint};
use ratchet_persistence::webhook_endpoints;
use serde::{Deserialize, Serialize};

/// An endpoint with the secret that it signs with from now on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct WebhookEndpointWithSecret {
    #[serde(flatten)]
    pub endpoint: WebhookEndpointView,
    /// By which the receiver knows that an event comes from here (Standard Webhooks). It cannot be shown again; not there in
    /// a dry run.
    #[schema(required = false, example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    pub secret: String,
}

/// For how long both secrets sign.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateWebhookSecret {
    /// Hours for which the secret so far signs beside the new one, 0 to 168; 24 without it. With 0 it is dead at once.
    #[serde(default)]
    #[schema(example = 24, minimum = 0, maximum = 168)]
    overlap_hours: Option<i64>,
}

/// A secret, and how it is written (Standard Webhooks).
pub(super) fn new_secret(call: &Call) -> ([u8; 32], String) {
    let secret = (call.app.source.random)();
    (secret, format!("whsec_{}", STANDARD.encode(secret)))
}

/// Change the secret that an endpoint signs with. The new one is in the answer and nowhere else, so `Idempotency-Key` is
/// refused.
///
/// For some hours events carry two signatures, so that the receiver can change over when it likes.
#[utoipa::path(
    tag = "webhooks",
    params(("id" = String, Path), WriteParameters),
    request_body = RotateWebhookSecret,
    responses((status = 200, body = WebhookEndpointWithSecret))
)]
#[post("/webhook-endpoints/{id}/rotate-secret")]
pub(crate) async fn rotate_webhook_secret(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<RotateWebhookSecret>,
) -> Result<Answer, ApiError> {
    call.refuse_idempotency_key()?;
    let ((secret, written), dry_run) = (new_secret(&call), parameters.0.dry_run);
    let app = call.app.clone();
    let answer = call.verb(
        target,
        Verb::RotateSecret,
        parameters,
        body,
        move |endpoint: WebhookEndpoint, RotateWebhookSecret { overlap_hours }, facts, by, tx| {
            let change = endpoint.rotate_secret(overlap_hours, facts, by, tx.now())?;
            let (id, rotation) = (change.after().head().id, &change.after().rotation);
            let until = rotation.as_ref().map_or(tx.now(), |rotation| rotation.overlaps_until);
            let sealed = app.webhook_seal.seal(id, &secret).map_err(ApiError::Internal)?;
            webhook_endpoints::rotate(id, &sealed, until, tx)?;
            Ok(change)
        },
    );
    let answer = answer.await?;
    if dry_run { Ok(answer) } else { answer.with_secret("secret", written) }
}
