//! Withdrawing measurements: the row, the record that says so, and what the indicator says from here on, in one transaction.

use super::{Row, Stored, standing};
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::evaluation;
use crate::schema::measurements;
use crate::table::Guarded;
use crate::tx::Tx;
use diesel::prelude::*;
use ratchet_domain::change::Change;
use ratchet_domain::id::{MeasurementBatchId, OrganisationId};
use ratchet_domain::measurements::{MeasurementBatch, Standing};

/// Takes a batch's live rows out of charts and evaluation, and judges its indicators by what is left. What is returned is to
/// be saved.
///
/// # Errors
/// The rule's refusal, or the database's.
pub fn withdraw(batch: MeasurementBatch, reason: String, tx: &mut Tx<'_>) -> Result<Change<MeasurementBatch>, Error> {
    let (by, now, id, indicators) = (tx.actor().clone(), tx.now(), batch.id(), batch.indicators.clone());
    tx.enter(batch.circle())?;
    let change = batch.withdraw(reason, &by, now)?;
    // All of them before the first row is written, in the order of their ids, as whoever sends measurements does.
    for indicator in &indicators {
        tx.enter(indicator.0)?;
    }
    strike(by.organisation, id, None, tx.connection())?;
    for indicator in indicators {
        evaluation::rebuild(indicator, tx)?;
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
    let (by, now, place) = (tx.actor().clone(), tx.now(), (batch.id(), number));
    tx.enter(batch.circle())?;
    let mut found = row(by.organisation, place, tx.connection())?;
    if let Some(indicator) = found.as_ref().map(|stored| stored.point.indicator) {
        // Nobody supersedes it from here on; it may have been meanwhile.
        tx.enter(indicator.0)?;
        found = row(by.organisation, place, tx.connection())?;
    }
    let told = (number, found.as_ref().map(|stored| stored.standing));
    let change = batch.withdraw_measurement(told, reason, &by, now)?;
    if let Some(stored) = found {
        strike(by.organisation, place.0, Some(number), tx.connection())?;
        evaluation::rebuild(stored.point.indicator, tx)?;
    }
    Ok(change)
}

/// A row of a batch; `None` where there is none of that number.
fn row(
    organisation: OrganisationId,
    (batch, number): (MeasurementBatchId, i64),
    connection: &mut AnyConnection,
) -> Result<Option<Stored>, Error> {
    let found: Option<Row> = measurements::table
        .filter(measurements::organisation_id.eq(KeyValue(organisation.0)))
        .filter(measurements::batch_id.eq(KeyValue(batch.0)))
        .filter(measurements::number.eq(number))
        .select(Row::as_select())
        .get_result(connection)
        .optional()?;
    found.map(Row::into_stored).transpose()
}

/// The live rows of a batch, or the one of that number, do not count any more.
fn strike(
    organisation: OrganisationId,
    batch: MeasurementBatchId,
    number: Option<i64>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let live = measurements::table
        .filter(measurements::organisation_id.eq(KeyValue(organisation.0)))
        .filter(measurements::batch_id.eq(KeyValue(batch.0)))
        .filter(measurements::standing.eq(standing(Standing::Live)));
    let withdrawn = measurements::standing.eq(standing(Standing::Withdrawn));
    match number {
        None => diesel::update(live).set(withdrawn).execute(connection)?,
        Some(number) => {
            diesel::update(live.filter(measurements::number.eq(number))).set(withdrawn).execute(connection)?
        }
    };
    Ok(())
}
