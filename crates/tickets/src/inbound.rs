//! What a system sends: whether it comes from there. What it says is a hint alone, the ticket itself is then asked for; so
//! what comes twice, late or out of turn changes nothing.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use hmac::{Hmac, KeyInit, Mac};
use ratchet_domain::ticket_connections::{Signature, Terms};
use sha2::Sha256;

/// How old, and how far ahead, a signed moment may be (Standard Webhooks).
const TOLERANCE: TimeDelta = TimeDelta::minutes(5);

/// What has arrived.
pub struct Arrived<'a> {
    /// A header, by its name in lower case.
    pub header: &'a dyn Fn(&str) -> Option<String>,
    /// The body as it came.
    pub body: &'a [u8],
    /// When.
    pub at: DateTime<Utc>,
}

/// Whether it was signed with this secret, in one of the ways that the connection says.
#[must_use]
pub fn is_authentic(terms: &Terms, secret: &str, arrived: &Arrived<'_>) -> bool {
    terms.signatures().into_iter().any(|signature| is_signed(signature, terms, secret, arrived))
}

fn is_signed(signature: Signature, terms: &Terms, secret: &str, arrived: &Arrived<'_>) -> bool {
    match signature {
        Signature::StandardWebhooks => is_standard(secret, arrived),
        Signature::HmacSha256 => {
            let given = terms.signature_header().and_then(|name| (arrived.header)(&name));
            let given = given.and_then(|given| hex::decode(given.trim().trim_start_matches("sha256=")).ok());
            given.is_some_and(|given| is_mac(secret.as_bytes(), &[arrived.body], &given))
        }
        Signature::Token => {
            let given = terms.signature_header().and_then(|name| (arrived.header)(&name));
            // By their codes: how much of a guess is right is not told by the time that it takes.
            given.is_some_and(|given| is_mac(b"token", &[given.as_bytes()], &mac(b"token", &[secret.as_bytes()])))
        }
    }
}

fn is_standard(secret: &str, arrived: &Arrived<'_>) -> bool {
    let header = |name| (arrived.header)(name);
    let signed = [header("webhook-id"), header("webhook-timestamp"), header("webhook-signature")];
    let [Some(id), Some(timestamp), Some(signatures)] = signed else { return false };
    let at = timestamp.parse().ok().and_then(|seconds| DateTime::from_timestamp(seconds, 0));
    if at.is_none_or(|at| (arrived.at - at).abs() > TOLERANCE) {
        return false;
    }
    // As the libraries of the scheme read it: the prefix may be left out.
    let Ok(key) = STANDARD.decode(secret.strip_prefix("whsec_").unwrap_or(secret)) else { return false };
    let before = format!("{id}.{timestamp}.");
    let given = signatures.split(' ').filter_map(|one| STANDARD.decode(one.strip_prefix("v1,")?).ok());
    given.into_iter().any(|given| is_mac(&key, &[before.as_bytes(), arrived.body], &given))
}

fn hasher(key: &[u8], parts: &[&[u8]]) -> Option<Hmac<Sha256>> {
    let mut hasher = <Hmac<Sha256> as KeyInit>::new_from_slice(key).ok()?;
    for part in parts {
        hasher.update(part);
    }
    Some(hasher)
}

fn mac(key: &[u8], parts: &[&[u8]]) -> Vec<u8> {
    hasher(key, parts).map(|hasher| hasher.finalize().into_bytes().to_vec()).unwrap_or_default()
}

fn is_mac(key: &[u8], parts: &[&[u8]], given: &[u8]) -> bool {
    hasher(key, parts).is_some_and(|hasher| hasher.verify_slice(given).is_ok())
}
