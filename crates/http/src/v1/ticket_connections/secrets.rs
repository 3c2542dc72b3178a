//! By what a connection says who it is, and by what the other system signs: neither is shown again.

use super::TicketConnectionView;
use crate::answer::Answer;
use crate::body::Body;
use crate::caller::Call;
use crate::error::ApiError;
use crate::parameters::{Query, Target, WriteParameters};
use crate::sealing::Seal;
use actix_web::post;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ratchet_domain::change::Record;
use ratchet_domain::refusal::Refusal;
use ratchet_domain::ticket_connections::{CREDENTIAL, TicketConnection, Verb};
use ratchet_persistence::ticket_connections::{Purpose, keep_secret};
use ratchet_tickets::Credentials;
use serde::{Deserialize, Serialize};
use std::sync::mpsc::Receiver;
use uuid::Uuid;

/// By what the program says who it is. It is kept sealed, and never shown.
#[derive(Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TicketCredentials)]
pub(crate) struct GivenCredentials {
    /// The user; none where a token says it.
    #[serde(default)]
    #[schema(example = "ratchet", max_length = 2_000)]
    user: Option<String>,
    /// The password or token.
    #[schema(example = "the password of that user", min_length = 1, max_length = 2_000)]
    secret: String,
}

/// What is secret is in no log.
impl std::fmt::Debug for GivenCredentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("GivenCredentials")
    }
}

impl GivenCredentials {
    /// It, sealed for the connection.
    pub(super) fn sealed(self, seal: &Seal, of: Uuid) -> Result<Vec<u8>, ApiError> {
        let Self { user, secret } = self;
        let is_sound =
            |text: &str| !text.is_empty() && text.chars().count() <= CREDENTIAL && !text.chars().any(char::is_control);
        for (pointer, text) in [("/credentials/user", user.as_deref()), ("/credentials/secret", Some(secret.as_str()))]
        {
            if text.is_some_and(|text| !is_sound(text)) {
                let detail = format!("must be one line of 1 to {CREDENTIAL} characters");
                return Err(Refusal::invalid(pointer, "length", detail).into());
            }
        }
        let written = serde_json::to_vec(&Credentials { user, secret });
        let written = written.map_err(|error| ApiError::Internal(error.to_string()))?;
        seal.seal(of, &written).map_err(ApiError::Internal)
    }
}

/// A connection with the secret by which the other system signs from now on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TicketConnectionWithSecret {
    #[serde(flatten)]
    pub connection: TicketConnectionView,
    /// By which it is known that something comes from the other system. It cannot be shown again; not there in a dry run.
    #[schema(required = false, example = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8GKYo=")]
    pub secret: String,
}

/// Nothing to say.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct RotateTicketSecret {}

/// A secret that serves for each way of signing, so that another way needs no other secret: Standard Webhooks wants this form, and
/// to the others it is text.
pub(super) fn new_secret(random: [u8; 32]) -> String {
    format!("whsec_{}", STANDARD.encode(random))
}

/// The answer with the secret that was made for it, which is in nothing that is stored; a dry run has none.
pub(super) fn with_secret(answer: Answer, written: &Receiver<String>, dry_run: bool) -> Result<Answer, ApiError> {
    match written.try_recv() {
        Ok(secret) if !dry_run => answer.with_secret("secret", secret),
        Ok(_) | Err(_) => Ok(answer),
    }
}

/// Change the secret by which the other system signs what it sends. The one before opens nothing any more; what is lost until
/// the other system has the new one is found by asking it. The new one is in the answer and nowhere else, so `Idempotency-Key`
/// is refused.
#[utoipa::path(
    tag = "tickets",
    params(("id" = String, Path), WriteParameters),
    request_body = RotateTicketSecret,
    responses((status = 200, body = TicketConnectionWithSecret))
)]
#[post("/ticket-connections/{id}/rotate-secret")]
pub(crate) async fn rotate_ticket_secret(
    call: Call,
    target: Target,
    parameters: Query<WriteParameters>,
    body: Body<RotateTicketSecret>,
) -> Result<Answer, ApiError> {
    call.refuse_idempotency_key()?;
    let (random, dry_run, app) = ((call.app.source.random)(), parameters.0.dry_run, call.app.clone());
    let (told, written) = std::sync::mpsc::channel();
    let answer = call.verb(
        target,
        Verb::RotateSecret,
        parameters,
        body,
        move |record: TicketConnection, RotateTicketSecret {}, facts, by, tx| {
            let change = record.rotate_secret(facts, by, tx.now())?;
            let (id, secret) = (change.after().head().id, new_secret(random));
            let sealed = app.ticket_seal.seal(id, secret.as_bytes()).map_err(ApiError::Internal)?;
            keep_secret(id, Purpose::Inbound, Some(&sealed), tx)?;
            // Nobody waits for it any more where the answer is not wanted.
            let _ = told.send(secret);
            Ok(change)
        },
    );
    with_secret(answer.await?, &written, dry_run)
}
