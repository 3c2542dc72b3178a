//! ID tokens: what an issuer has signed of a person. Whether the signature is the issuer's is found here; what the claims must
//! say is a rule (`domain/identity_providers/tokens.rs`).

use crate::app::App;
use crate::error::ApiError;
use crate::issuers::NoKey;
use crate::issuers::keys::ALGORITHMS;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use ratchet_domain::refusal::Fault;
use serde_json::Value;

/// The claims that the issuer has signed.
///
/// # Errors
/// The token is none, is not signed by the issuer, or the issuer cannot be asked for its keys.
pub(crate) async fn claims_of(token: &str, issuer: &str, app: &App) -> Result<Value, ApiError> {
    let (kid, algorithm) = header_of(token).map_err(refused)?;
    let wanted = (kid.as_deref(), algorithm);
    let found = app.issuers.key(issuer, wanted, app.now(), &app.fetch).await;
    let key = found.map_err(|missing| match missing {
        NoKey::Unknown => refused(("unknown_key", "must be signed with a key that the identity provider publishes")),
        NoKey::Unreachable(why) => ApiError::ProviderUnreachable(why),
    })?;
    let mut validation = Validation::new(algorithm);
    // The rule looks at every claim itself, by the program's clock.
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation.required_spec_claims.clear();
    let mut decoded = jsonwebtoken::decode::<Value>(token, &key, &validation);
    if decoded.as_ref().is_err_and(|error| matches!(error.kind(), ErrorKind::InvalidSignature))
        && let Some(key) = app.issuers.key_anew(issuer, wanted, app.now(), &app.fetch).await
    {
        decoded = jsonwebtoken::decode(token, &key, &validation);
    }
    Ok(decoded.map_err(|_| refused(("signature", "must be signed by the identity provider")))?.claims)
}

pub(crate) fn refused((code, detail): (&'static str, &str)) -> ApiError {
    ApiError::TokenRefused(Fault::new("/id_token", code, detail))
}

/// With which key, and how, the token says that it is signed.
fn header_of(token: &str) -> Result<(Option<String>, Algorithm), (&'static str, &'static str)> {
    let malformed = ("malformed", "must be an ID token: a JWT of three parts");
    let mut parts = token.split('.');
    let (Some(head), Some(_), Some(_), None) = (parts.next(), parts.next(), parts.next(), parts.next()) else {
        return Err(malformed);
    };
    let head = URL_SAFE_NO_PAD.decode(head).map_err(|_| malformed)?;
    let head: Value = serde_json::from_slice(&head).map_err(|_| malformed)?;
    let is_id_token = match head.get("typ") {
        None => true,
        Some(said) => said.as_str().is_some_and(|said| said.eq_ignore_ascii_case("JWT")),
    };
    if !is_id_token {
        return Err(("type", "must be an ID token, and no other token of the identity provider (typ)"));
    }
    // What it says must be understood is not (RFC 7515, section 4.1.11).
    if head.get("crit").is_some() {
        return Err(("critical", "must ask for nothing that is not understood here (crit)"));
    }
    let named = head["alg"].as_str().and_then(|name| name.parse().ok());
    let algorithm = named.filter(|algorithm| ALGORITHMS.contains(algorithm));
    let algorithm = algorithm.ok_or(("algorithm", "must be signed with an algorithm that is accepted (alg)"))?;
    let kid = match head.get("kid") {
        None => None,
        Some(said) => Some(said.as_str().ok_or(malformed)?.to_owned()),
    };
    Ok((kid, algorithm))
}
