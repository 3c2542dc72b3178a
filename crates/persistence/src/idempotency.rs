//! Answers to retried requests, stored in the transaction of their effect.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::idempotency_keys::{self, dsl};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use ratchet_domain::id::OrganisationId;
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
    /// Whether what it said had to go by law.
    pub is_forgotten: bool,
}

/// Fingerprint, status, headers, body, and whether it is forgotten.
type Row = (Vec<u8>, i32, String, Vec<u8>, bool);

/// The answer that was given to this key, after waiting for a rival in flight.
///
/// # Errors
/// [`Error::Busy`] when the rival does not end in time.
pub fn find(retry: &Retry, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Option<Stored>, Error> {
    connection.exclude_rivals(&format!("{} {} {}", retry.organisation, retry.caller, retry.key))?;
    let found: Option<Row> = dsl::idempotency_keys
        .filter(dsl::organisation_id.eq(KeyValue(retry.organisation.0)))
        .filter(dsl::caller_id.eq(KeyValue(retry.caller)))
        .filter(dsl::key.eq(&retry.key))
        .filter(dsl::stored_at.gt(InstantValue(now - KEPT)))
        .select((dsl::fingerprint, dsl::status, dsl::headers, dsl::body, dsl::is_forgotten))
        .get_result(connection)
        .optional()?;
    Ok(found.map(|(fingerprint, status, headers, body, is_forgotten)| Stored {
        fingerprint,
        status: u16::try_from(status).unwrap_or_default(),
        headers,
        body,
        is_forgotten,
    }))
}

/// Keeps an answer, and which record it shows, where it shows one; one that is older than [`KEPT`] gives way.
///
/// # Errors
/// The database's.
pub fn keep(
    retry: &Retry,
    (status, headers, body): (u16, &str, &[u8]),
    record: Option<Uuid>,
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
            dsl::record_id.eq(record.map(KeyValue)),
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

/// Forgets what the answers about a record said, because some of it must go: retries are told so.
pub(crate) fn forget_about(
    organisation: OrganisationId,
    record: Uuid,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let ours = || dsl::idempotency_keys.filter(dsl::organisation_id.eq(KeyValue(organisation.0)));
    let kept: Vec<(KeyValue, String)> = ours()
        .filter(dsl::record_id.eq(KeyValue(record)))
        // In one order, so that two who forget do not wait for each other.
        .order((dsl::caller_id, dsl::key))
        .select((dsl::caller_id, dsl::key))
        .load(connection)?;
    for (caller, key) in kept {
        let same = ours().filter(dsl::caller_id.eq(caller)).filter(dsl::key.eq(key));
        let nothing = (dsl::is_forgotten.eq(true), dsl::headers.eq("[]"), dsl::body.eq(Vec::<u8>::new()));
        diesel::update(same).set(nothing).execute(connection)?;
    }
    Ok(())
}
