//! Taking away what indicators do not keep any longer: a worker's step for each batch. Rows go with an entry of their batch, which
//! says how many, of which time, and binds what is left; hours and days stay.

use super::{Stored, keys, of_batch};
use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::indicators;
use crate::schema::{measured_indicators, measurement_notes, measurement_origins, measurements, past_measurements};
use crate::store::Store;
use crate::table::{Guarded, Table};
use crate::tx::{Context, Tx};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::id::{IndicatorId, MeasurementBatchId, OrganisationId};
use ratchet_domain::indicators::Indicator;
use ratchet_domain::measurements::{MeasurementBatch, Point};
use ratchet_domain::reference::Locator;
use std::collections::{BTreeMap, BTreeSet};

/// Batches of which something is removed in one go, at most.
const LIMIT: i64 = 200;

/// Batches of which rows are to go, of all organisations; at most [`LIMIT`] for each indicator. Of an indicator all rows of a batch
/// go together, once the latest of the batch lies behind what is kept.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn due(
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<(OrganisationId, MeasurementBatchId)>, Error> {
    let mut due = BTreeSet::new();
    for indicator in indicators::retaining(connection)? {
        let organisation = indicator.head.organisation;
        let Some(before) = indicator.retained_from(now).map(InstantValue) else { continue };
        let Some(measured) = keys::measured_one(organisation, indicator.id(), connection)? else { continue };
        macro_rules! batches {
            ($m:ident) => {{
                let found: Vec<KeyValue> = $m::table
                    .inner_join(measurement_origins::table.on(measurement_origins::id.eq($m::origin_id)))
                    .filter($m::measured_id.eq(measured))
                    .filter($m::observed_at.lt(before))
                    .filter(measurement_origins::observed_until.lt(before))
                    .select(measurement_origins::batch_id)
                    .distinct()
                    .limit(LIMIT)
                    .load(connection)?;
                due.extend(found.into_iter().map(|batch| (organisation, MeasurementBatchId(batch.0))));
            }};
        }
        batches!(measurements);
        batches!(past_measurements);
    }
    Ok(due.into_iter().collect())
}

/// Removes what is due, one batch per transaction, and says of how many batches something was removed. A batch of which nothing
/// can be removed does not keep the others waiting.
///
/// # Errors
/// The database's, where it cannot even be asked what is due.
pub async fn catch_up(
    store: &Store,
    now: DateTime<Utc>,
    context: &(dyn Fn(OrganisationId) -> Context + Sync),
) -> Result<usize, Error> {
    let mut removed = 0;
    for (organisation, batch) in store.read(move |connection| due(now, connection)).await? {
        match store.write(context(organisation), move |tx| remove(batch, tx)).await {
            Ok(()) => removed += 1,
            Err(error) => {
                tracing::warn!(%error, batch = %batch.0, "measurements that are not kept any longer are still there")
            }
        }
    }
    Ok(removed)
}

/// Removes the rows of a batch that its indicators do not keep any longer. Rows that are not those that were recorded stay: what
/// shows that somebody has changed them must not be thrown away.
fn remove(id: MeasurementBatchId, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let batch: MeasurementBatch = tx.load(Locator::Id(id.0))?;
    // As whoever withdraws it does: the batch, and then its indicators in the order of their ids.
    tx.enter(batch.circle())?;
    for indicator in &batch.indicators {
        tx.enter(indicator.0)?;
    }
    let ids: Vec<_> = batch.indicators.iter().map(|indicator| indicator.0).collect();
    let named = Indicator::many(by.organisation, &ids, tx.connection())?;
    let is_due = |one: &Indicator| one.retained_from(now).is_some_and(|from| batch.observed_until < from);
    let due: BTreeSet<IndicatorId> = named.iter().filter(|one| is_due(one)).map(Indicator::id).collect();
    let rows = of_batch(by.organisation, &batch, tx.connection())?;
    let numbered: Vec<(i64, &Point)> = rows.iter().map(|Stored { point, batch, .. }| (batch.1, point)).collect();
    if batch.digest_in_form(numbered.iter().copied()) != batch.expected_digest().1 {
        let fault = "its rows are not those that were recorded: they stay".to_owned();
        return Err(Error::Corrupt { table: "measurements", row: id.0, fault });
    }
    let (gone, left): (Vec<_>, Vec<_>) = numbered.into_iter().partition(|(_, point)| due.contains(&point.indicator));
    if gone.is_empty() {
        return Ok(());
    }
    // Of all that goes together: what the entry of the batch says.
    let Some(observed_until) = gone.iter().map(|(_, point)| point.observed_at).max() else { return Ok(()) };
    delete(&batch, &due, &gone, tx.connection())?;
    let change = batch.remove_rows(&gone, &left, &by, now)?;
    tx.save(change)?;
    for indicator in due {
        let behind = measured_indicators::removed_until.is_null();
        let behind = behind.or(measured_indicators::removed_until.lt(InstantValue(observed_until)).assume_not_null());
        let own = measured_indicators::table
            .filter(measured_indicators::indicator_id.eq(KeyValue(indicator.0)))
            .filter(behind);
        diesel::update(own)
            .set(measured_indicators::removed_until.eq(InstantValue(observed_until)))
            .execute(tx.connection())?;
    }
    Ok(())
}

fn delete(
    batch: &MeasurementBatch,
    due: &BTreeSet<IndicatorId>,
    gone: &[(i64, &Point)],
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let organisation = batch.head.organisation;
    let ids: Vec<IndicatorId> = due.iter().copied().collect();
    let measured: BTreeMap<IndicatorId, i32> = keys::measured(organisation, &ids, connection)?;
    let mut deleted = 0;
    for origin in keys::origins(organisation, &[batch.id()], connection)? {
        macro_rules! rows {
            ($m:ident) => {
                $m::table
                    .filter($m::measured_id.eq_any(measured.values()))
                    .filter($m::observed_at.ge(origin.from))
                    .filter($m::observed_at.le(origin.until))
                    .filter($m::origin_id.eq(origin.id))
            };
        }
        deleted += diesel::delete(rows!(measurements)).execute(connection)?;
        deleted += diesel::delete(rows!(past_measurements)).execute(connection)?;
        for (number, _) in gone.iter().filter(|(_, point)| point.note.is_some()) {
            let number = i32::try_from(*number).unwrap_or(i32::MAX);
            diesel::delete(measurement_notes::table.find((origin.id, number))).execute(connection)?;
        }
    }
    if deleted == gone.len() {
        return Ok(());
    }
    let fault = format!("{deleted} rows were found instead of {}", gone.len());
    Err(Error::Corrupt { table: "measurements", row: batch.head.id, fault })
}

/// The latest moment of which measurements of an indicator were removed.
///
/// # Errors
/// The database's.
pub(crate) fn removed_until_of(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(None) };
    Ok(removed_until(&[measured], connection)?.remove(&measured))
}

/// The latest moments of which measurements of these indicators were removed, by their numbers.
///
/// # Errors
/// The database's.
pub(super) fn removed_until(
    measured: &[i32],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<i32, DateTime<Utc>>, Error> {
    let found: Vec<(i32, Option<InstantValue>)> = measured_indicators::table
        .filter(measured_indicators::id.eq_any(measured))
        .filter(measured_indicators::removed_until.is_not_null())
        .select((measured_indicators::id, measured_indicators::removed_until))
        .load(connection)?;
    Ok(found.into_iter().filter_map(|(id, until)| Some((id, until?.0))).collect())
}
