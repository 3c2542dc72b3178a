//! Withdrawing measurements: the row, the record that says so, and what the indicator says from here on, in one transaction.

use super::bulk::{self, LiveKey};
use super::{Stored, keys, of_batch, retention, rollups};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::measurements;
use crate::table::Guarded;
use crate::tx::Tx;
use crate::{evaluation, formulas};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::Change;
use ratchet_domain::measurements::{MeasurementBatch, Standing, settled_until};

/// Takes a batch's live rows out of charts and evaluation, and judges its indicators by what is left. What is returned is to
/// be saved.
///
/// # Errors
/// The rule's refusal, or the database's.
pub fn withdraw(batch: MeasurementBatch, reason: String, tx: &mut Tx<'_>) -> Result<Change<MeasurementBatch>, Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    tx.enter(batch.circle())?;
    let change = batch.clone().withdraw(reason, &by, now)?;
    // All of them before the first row is written, in the order of their ids, as whoever sends measurements does.
    for indicator in &batch.indicators {
        tx.enter(indicator.0)?;
    }
    strike(&batch, None, now, tx.connection())?;
    for indicator in batch.indicators {
        evaluation::rebuild(indicator, tx)?;
        formulas::touch(indicator, (batch.observed_from, batch.observed_until), tx)?;
    }
    Ok(change)
}

/// Takes one row of a batch, by its number, out of charts and evaluation, and judges its indicator by what is left. What is
/// returned is to be saved.
///
/// # Errors
/// The rule's refusal, also where there is no such row; or the database's.
pub fn withdraw_one(
    batch: MeasurementBatch,
    number: i64,
    reason: String,
    tx: &mut Tx<'_>,
) -> Result<Change<MeasurementBatch>, Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    tx.enter(batch.circle())?;
    let mut found = row(&batch, number, tx.connection())?;
    if let Some(indicator) = found.as_ref().map(|stored| stored.point.indicator) {
        // Nobody supersedes it from here on; it may have been meanwhile.
        tx.enter(indicator.0)?;
        found = row(&batch, number, tx.connection())?;
    }
    let told = (number, found.as_ref().map(|stored| stored.standing));
    let change = batch.clone().withdraw_measurement(told, reason, &by, now)?;
    if let Some(stored) = found {
        strike(&batch, Some(number), now, tx.connection())?;
        evaluation::rebuild(stored.point.indicator, tx)?;
        formulas::touch(stored.point.indicator, (stored.point.observed_at, stored.point.observed_at), tx)?;
    }
    Ok(change)
}

/// A row of a batch; `None` where there is none of that number.
fn row(batch: &MeasurementBatch, number: i64, connection: &mut AnyConnection) -> Result<Option<Stored>, Error> {
    let rows = of_batch(batch.head.organisation, batch, connection)?;
    Ok(rows.into_iter().find(|stored| stored.batch.1 == number))
}

/// The live rows of a batch, or the one of that number, do not count any more.
fn strike(
    batch: &MeasurementBatch,
    number: Option<i64>,
    at: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let organisation = batch.head.organisation;
    let Some(origin) = keys::origins(organisation, &[batch.id()], connection)?.pop() else { return Ok(()) };
    let measured = keys::measured(organisation, &batch.indicators, connection)?;
    let live: Vec<(i32, LiveKey)> = measurements::table
        .filter(measurements::measured_id.eq_any(measured.values()))
        .filter(measurements::observed_at.ge(origin.from))
        .filter(measurements::observed_at.le(origin.until))
        .filter(measurements::origin_id.eq(origin.id))
        .select((measurements::number, (measurements::measured_id, measurements::observed_at, measurements::series_id)))
        .load(connection)?;
    let struck = live.into_iter().filter(|(found, _)| number.is_none_or(|number| number == i64::from(*found)));
    let keys: Vec<LiveKey> = struck.map(|(_, key)| key).collect();
    bulk::end(&keys, Standing::Withdrawn, at, connection)?;
    // Hours that have lost rows cannot be made anew: they go on saying what was measured.
    let ids: Vec<i32> = measured.values().copied().collect();
    let removed = retention::removed_until(&ids, connection)?;
    let is_whole = |(id, at, _): &LiveKey| removed.get(id).is_none_or(|until| at.0 >= settled_until(*until));
    let keys: Vec<LiveKey> = keys.into_iter().filter(is_whole).collect();
    rollups::follow(&[], &keys, connection)
}
