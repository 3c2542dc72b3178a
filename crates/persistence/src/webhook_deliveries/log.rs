//! What was sent, and how it went: read by people, and forgotten after a while.

use super::{Delivery, Row, is_waiting};
use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::parse;
use crate::schema::{webhook_attempts, webhook_deliveries as deliveries};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::webhook_endpoints::{Cause, DeliveryState, LOG_DAYS};
use std::collections::BTreeMap;
use uuid::Uuid;

/// What deliveries are asked for.
#[derive(Debug, Clone, Default)]
pub struct DeliveryFilter {
    /// In one of these states.
    pub state: Option<Vec<DeliveryState>>,
    /// Of events of this type.
    pub event_type: Option<String>,
    /// Made at or after this moment.
    pub from: Option<DateTime<Utc>>,
    /// Made before this moment.
    pub until: Option<DateTime<Utc>>,
    /// This one alone.
    pub delivery: Option<Uuid>,
    /// Made before this one.
    pub before: Option<Uuid>,
}

/// Deliveries of an endpoint, the newest first.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn list(
    organisation: OrganisationId,
    endpoint: Uuid,
    filter: &DeliveryFilter,
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<Delivery>, Error> {
    let DeliveryFilter { state, event_type, from, until, delivery, before } = filter;
    let mut query = deliveries::table
        .filter(deliveries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(deliveries::endpoint_id.eq(KeyValue(endpoint)))
        .into_boxed();
    if let Some(states) = state {
        query = query.filter(deliveries::state.eq_any(states.iter().map(|state| <&str>::from(*state))));
    }
    if let Some(kind) = event_type {
        query = query.filter(deliveries::event_type.eq(kind));
    }
    if let Some(from) = from {
        query = query.filter(deliveries::made_at.ge(InstantValue(*from)));
    }
    if let Some(until) = until {
        query = query.filter(deliveries::made_at.lt(InstantValue(*until)));
    }
    if let Some(delivery) = delivery {
        query = query.filter(deliveries::id.eq(KeyValue(*delivery)));
    }
    if let Some(before) = before {
        query = query.filter(deliveries::id.lt(KeyValue(*before)));
    }
    let rows: Vec<Row> = query.order(deliveries::id.desc()).limit(limit).select(Row::as_select()).load(connection)?;
    rows.into_iter().map(Row::into_delivery).collect()
}

/// One attempt to deliver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Attempt {
    /// When it began.
    pub began_at: DateTime<Utc>,
    /// Why it was made.
    pub cause: Cause,
    /// How long it took, in milliseconds.
    pub took_ms: i64,
    /// The status that was answered; none where nothing was.
    pub status: Option<u16>,
    /// The beginning of what was answered.
    pub answer: Option<String>,
    /// What went wrong, in plain words; none where it was taken.
    pub error: Option<String>,
}

/// The attempts to deliver each of these, the first first.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn attempts(
    organisation: OrganisationId,
    which: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, Vec<Attempt>>, Error> {
    type Columns = (KeyValue, InstantValue, String, i64, Option<i64>, Option<String>, Option<String>);
    let rows: Vec<Columns> = webhook_attempts::table
        .filter(webhook_attempts::organisation_id.eq(KeyValue(organisation.0)))
        .filter(webhook_attempts::delivery_id.eq_any(which.iter().copied().map(KeyValue)))
        .order((webhook_attempts::delivery_id, webhook_attempts::number))
        .select((
            webhook_attempts::delivery_id,
            webhook_attempts::began_at,
            webhook_attempts::cause,
            webhook_attempts::took_ms,
            webhook_attempts::status,
            webhook_attempts::answer,
            webhook_attempts::error,
        ))
        .load(connection)?;
    let mut made: BTreeMap<Uuid, Vec<Attempt>> = BTreeMap::new();
    for (delivery, began_at, cause, took_ms, status, answer, error) in rows {
        let corrupt = |fault: String| Error::Corrupt { table: "webhook_attempts", row: delivery.0, fault };
        let (cause, status) = (parse(&cause).map_err(corrupt)?, status.and_then(|status| u16::try_from(status).ok()));
        let attempt = Attempt { began_at: began_at.0, cause, took_ms, status, answer, error };
        made.entry(delivery.0).or_default().push(attempt);
    }
    Ok(made)
}

/// Deliveries that are forgotten in one go: on SQLite whoever writes waits meanwhile.
const FORGOTTEN: i64 = 50;

/// Forgets what ended long ago, in all organisations; how many deliveries. Run it until that is 0.
///
/// # Errors
/// The database's.
pub fn forget(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<usize, Error> {
    let old: Vec<(KeyValue, KeyValue)> = deliveries::table
        .filter(sql::<Bool>("webhook_deliveries.state <> 'waiting'"))
        .filter(deliveries::ended_at.lt(InstantValue(now - TimeDelta::days(LOG_DAYS))).assume_not_null())
        .order(deliveries::ended_at)
        .limit(FORGOTTEN)
        .select((deliveries::organisation_id, deliveries::id))
        .load(connection)?;
    for (organisation, delivery) in &old {
        let theirs = webhook_attempts::table
            .filter(webhook_attempts::organisation_id.eq(*organisation))
            .filter(webhook_attempts::delivery_id.eq(*delivery));
        diesel::delete(theirs).execute(connection)?;
        diesel::delete(deliveries::table.filter(deliveries::id.eq(*delivery))).execute(connection)?;
    }
    Ok(old.len())
}

/// How many deliveries wait in all organisations, and since when the oldest of them does.
///
/// # Errors
/// The database's.
pub fn outlook(connection: &mut AnyConnection) -> Result<(i64, Option<DateTime<Utc>>), Error> {
    let waiting = || deliveries::table.filter(is_waiting());
    let count = waiting().count().get_result(connection)?;
    let oldest: Option<InstantValue> =
        waiting().order(deliveries::made_at).select(deliveries::made_at).first(connection).optional()?;
    Ok((count, oldest.map(|at| at.0)))
}
