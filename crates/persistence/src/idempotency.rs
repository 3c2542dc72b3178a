//! Answers to retried requests, stored in the transaction of their effect.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::idempotency_keys::{self, dsl};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::redactions::replace;
use serde_json::Value;
use uuid::Uuid;

/// How long an answer is kept.
pub const KEPT: Duration = Duration::hours(24);
/// Answers that are forgotten in one go, more or less: on SQLite whoever writes waits meanwhile.
const BATCH: i64 = 500;

/// Which request is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Retry {
    /// The tenant.
    pub organisation: OrganisationId,
    /// The member or API key.
    pub caller: Uuid,
    /// What the client calls it.
    pub key: String,
    /// SHA-256 of method, path, query and body.
    pub fingerprint: [u8; 32],
}

/// An answer that was given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Of the request it answered.
    pub fingerprint: Vec<u8>,
    /// The HTTP status.
    pub status: u16,
    /// Its headers, as JSON.
    pub headers: String,
    /// Its body, byte for byte.
    pub body: Vec<u8>,
}

/// The answer that was given to this key, after waiting for a rival in flight.
///
/// # Errors
/// [`Error::Busy`] when the rival does not end in time.
pub fn find(retry: &Retry, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Option<Stored>, Error> {
    connection.exclude_rivals(&format!("{} {} {}", retry.organisation, retry.caller, retry.key))?;
    let found: Option<(Vec<u8>, i32, String, Vec<u8>)> = dsl::idempotency_keys
        .filter(dsl::organisation_id.eq(KeyValue(retry.organisation.0)))
        .filter(dsl::caller_id.eq(KeyValue(retry.caller)))
        .filter(dsl::key.eq(&retry.key))
        .filter(dsl::stored_at.gt(InstantValue(now - KEPT)))
        .select((dsl::fingerprint, dsl::status, dsl::headers, dsl::body))
        .get_result(connection)
        .optional()?;
    Ok(found.map(|(fingerprint, status, headers, body)| Stored {
        fingerprint,
        status: u16::try_from(status).unwrap_or_default(),
        headers,
        body,
    }))
}

/// Keeps an answer; one that is older than [`KEPT`] gives way.
///
/// # Errors
/// The database's.
pub fn keep(
    retry: &Retry,
    (status, headers, body): (u16, &str, &[u8]),
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let same = dsl::idempotency_keys
        .filter(dsl::organisation_id.eq(KeyValue(retry.organisation.0)))
        .filter(dsl::caller_id.eq(KeyValue(retry.caller)))
        .filter(dsl::key.eq(&retry.key));
    diesel::delete(same).execute(connection)?;
    diesel::insert_into(idempotency_keys::table)
        .values((
            dsl::organisation_id.eq(KeyValue(retry.organisation.0)),
            dsl::caller_id.eq(KeyValue(retry.caller)),
            dsl::key.eq(&retry.key),
            dsl::fingerprint.eq(retry.fingerprint.as_slice()),
            dsl::status.eq(i32::from(status)),
            dsl::headers.eq(headers),
            dsl::body.eq(body),
            dsl::stored_at.eq(InstantValue(now)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Forgets of what is older than [`KEPT`] the oldest; the number of answers forgotten. Run it until that is 0.
///
/// # Errors
/// The database's.
pub fn prune(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<usize, Error> {
    let limit = InstantValue(now - KEPT);
    let last: Option<InstantValue> = dsl::idempotency_keys
        .filter(dsl::stored_at.le(limit))
        .order(dsl::stored_at)
        .offset(BATCH - 1)
        .limit(1)
        .select(dsl::stored_at)
        .get_result(connection)
        .optional()?;
    let old = dsl::idempotency_keys.filter(dsl::stored_at.le(last.unwrap_or(limit)));
    Ok(diesel::delete(old).execute(connection)?)
}

/// Puts tombstones into kept answers in place of texts that must go; retries get those.
pub(crate) fn redact(
    organisation: OrganisationId,
    (texts, instead): (&[String], &str),
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let ours = || dsl::idempotency_keys.filter(dsl::organisation_id.eq(KeyValue(organisation.0)));
    let kept: Vec<(KeyValue, String, Vec<u8>)> =
        ours().select((dsl::caller_id, dsl::key, dsl::body)).load(connection)?;
    for (caller, key, body) in kept {
        let Ok(mut answer) = serde_json::from_slice::<Value>(&body) else { continue };
        if replace(&mut answer, texts, instead) {
            let same = ours().filter(dsl::caller_id.eq(caller)).filter(dsl::key.eq(key));
            diesel::update(same).set(dsl::body.eq(answer.to_string().into_bytes())).execute(connection)?;
        }
    }
    Ok(())
}
