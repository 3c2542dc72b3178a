//! Measurements that count, as evaluation and comparison see them.

use super::{figure, keys};
use crate::column::{Instant, InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::formulas;
use crate::schema::{evaluation_queue, measured_indicators, measurement_rollups, measurement_series, measurements};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Integer, Nullable};
use ratchet_domain::analysis::effect::Period;
use ratchet_domain::evaluation::Observation;
use ratchet_domain::id::{IndicatorId, MeasurementBatchId, OrganisationId};
use ratchet_domain::management_reviews::inputs::Span;
use ratchet_domain::measurements::Step;
use std::collections::{BTreeMap, HashMap};

/// Measurements that are looked at when a benefit is judged.
const SINCE: i64 = 10_000;

/// Batches that are evaluated in one go, at most.
const BATCHES: i64 = 200;

/// Of which indicator and series, when, and what.
type Seen = (i32, String, InstantValue, f64, Option<f64>);

/// What [`Seen`] holds of measurements that count.
macro_rules! seen {
    () => {
        measurements::table.inner_join(measurement_series::table).select((
            measurements::measured_id,
            measurement_series::dimensions,
            measurements::observed_at,
            measurements::value,
            measurements::denominator,
        ))
    };
}

fn observation((_, series, InstantValue(observed_at), value, denominator): Seen) -> Observation {
    Observation { series, observed_at, value: figure(value, denominator).value() }
}

/// Each with its indicator.
fn of_their_indicators(rows: Vec<Seen>, measured: &BTreeMap<IndicatorId, i32>) -> Vec<(IndicatorId, Observation)> {
    let named: HashMap<i32, IndicatorId> = measured.iter().map(|(indicator, id)| (*id, *indicator)).collect();
    rows.into_iter().filter_map(|row| Some((*named.get(&row.0)?, observation(row)))).collect()
}

/// When the earliest live measurement of an indicator was observed.
///
/// # Errors
/// The database's.
pub(crate) fn first_at(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(None) };
    let first: Option<InstantValue> = measurements::table
        .filter(measurements::measured_id.eq(measured))
        .order(measurements::observed_at.asc())
        .select(measurements::observed_at)
        .first(connection)
        .optional()?;
    Ok(first.map(|InstantValue(at)| at))
}

/// The earliest day of an indicator of which it is known what it said: also where its measurements are not kept any longer.
///
/// # Errors
/// The database's.
pub(crate) fn first_day(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<Option<DateTime<Utc>>, Error> {
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(None) };
    let first: Option<InstantValue> = measurement_rollups::table
        .inner_join(measurement_series::table)
        .filter(measurement_series::measured_id.eq(measured))
        .filter(measurement_rollups::step.eq(<&str>::from(Step::Day)))
        .order(measurement_rollups::starts_at.asc())
        .select(measurement_rollups::starts_at)
        .first(connection)
        .optional()?;
    Ok(first.map(|InstantValue(at)| at))
}

/// Live measurements of several indicators within a period, at most `limit`: those nearest to its end, or to its beginning.
///
/// # Errors
/// The database's.
pub(crate) fn within(
    organisation: OrganisationId,
    indicators: &[IndicatorId],
    (Period { from, to }, near_its_end): (Period, bool),
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<(IndicatorId, Observation)>, Error> {
    let measured = keys::measured(organisation, indicators, connection)?;
    let query = seen!()
        .filter(measurements::measured_id.eq_any(measured.values()))
        .filter(measurements::observed_at.ge(InstantValue(from)))
        .filter(measurements::observed_at.lt(InstantValue(to)))
        .limit(limit)
        .into_boxed();
    let query = if near_its_end {
        query.order(measurements::observed_at.desc())
    } else {
        query.order(measurements::observed_at.asc())
    };
    Ok(of_their_indicators(query.load(connection)?, &measured))
}

/// The live measurements of indicators since a moment, as evaluation sees them, in three statements; of a long series those
/// that are as new as its newest `limit`.
///
/// # Errors
/// The database's.
pub(crate) fn latest(
    organisation: OrganisationId,
    indicators: &[IndicatorId],
    from: DateTime<Utc>,
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<HashMap<IndicatorId, Vec<Observation>>, Error> {
    let measured = keys::measured(organisation, indicators, connection)?;
    let mut query = seen!()
        .filter(measurements::measured_id.eq_any(measured.values()))
        .filter(measurements::observed_at.ge(InstantValue(from)))
        .into_boxed();
    let ids: Vec<i32> = measured.values().copied().collect();
    for (id, oldest) in cutoffs(&ids, limit, connection)? {
        if let Some(oldest) = oldest {
            query = query.filter(measurements::measured_id.ne(id).or(measurements::observed_at.ge(oldest)));
        }
    }
    let mut latest: HashMap<IndicatorId, Vec<Observation>> = HashMap::new();
    for (indicator, observation) in of_their_indicators(query.load(connection)?, &measured) {
        latest.entry(indicator).or_default().push(observation);
    }
    Ok(latest)
}

/// When the measurement was observed that is so many places from the newest of its indicator; `None` of a shorter series.
fn cutoffs(
    measured: &[i32],
    place: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<(i32, Option<InstantValue>)>, Error> {
    // Out of the index, and no more of it than `place` entries of each indicator.
    let nth = diesel::dsl::sql::<Nullable<Instant>>(
        "(SELECT own.observed_at FROM measurements AS own WHERE own.measured_id = measured_indicators.id \
          ORDER BY own.observed_at DESC LIMIT 1 OFFSET ",
    );
    Ok(measured_indicators::table
        .filter(measured_indicators::id.eq_any(measured))
        .select((measured_indicators::id, nth.bind::<BigInt, _>(place - 1).sql(")")))
        .load(connection)?)
}

/// The batches whose rows of an indicator wait for evaluation, the oldest [`BATCHES`], and the live ones of these rows, as
/// evaluation sees them.
///
/// # Errors
/// The database's.
pub(crate) fn waiting(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<(Vec<MeasurementBatchId>, Vec<Observation>), Error> {
    let batches: Vec<KeyValue> = evaluation_queue::table
        .filter(evaluation_queue::organisation_id.eq(KeyValue(organisation.0)))
        .filter(evaluation_queue::indicator_id.eq(KeyValue(indicator.0)))
        .order(evaluation_queue::batch_id)
        .limit(BATCHES)
        .select(evaluation_queue::batch_id)
        .load(connection)?;
    let batches: Vec<MeasurementBatchId> = batches.into_iter().map(|batch| MeasurementBatchId(batch.0)).collect();
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else {
        return Ok((batches, Vec::new()));
    };
    let mut waiting = Vec::new();
    // Each where its own rows are: one that reaches far back does not have all others read with it.
    for origin in keys::origins(organisation, &batches, connection)? {
        let rows: Vec<Seen> = seen!()
            .filter(measurements::measured_id.eq(measured))
            .filter(measurements::observed_at.ge(origin.from))
            .filter(measurements::observed_at.le(origin.until))
            .filter(measurements::origin_id.eq(origin.id))
            .load(connection)?;
        waiting.extend(rows.into_iter().map(observation));
    }
    Ok((batches, waiting))
}

/// The moments of the earliest and of the latest row of these batches; `None` of none.
///
/// # Errors
/// The database's.
pub(crate) fn span(
    organisation: OrganisationId,
    batches: &[MeasurementBatchId],
    connection: &mut AnyConnection,
) -> Result<Option<formulas::Span>, Error> {
    let origins = keys::origins(organisation, batches, connection)?;
    let (first, last) = (origins.iter().map(|origin| origin.from.0), origins.iter().map(|origin| origin.until.0));
    Ok(first.min().zip(last.max()))
}

/// The live measurements of an indicator observed at or after a moment; the newest of them, at most [`SINCE`].
///
/// # Errors
/// The database's.
pub(crate) fn since(
    organisation: OrganisationId,
    indicator: IndicatorId,
    from: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Observation>, Error> {
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(Vec::new()) };
    let rows: Vec<Seen> = seen!()
        .filter(measurements::measured_id.eq(measured))
        .filter(measurements::observed_at.ge(InstantValue(from)))
        .order(measurements::observed_at.desc())
        .limit(SINCE)
        .load(connection)?;
    Ok(rows.into_iter().map(observation).collect())
}

/// The newest live measurement of every series of an indicator, of those that have been evaluated: what still waits is not
/// among them, because the worker has yet to walk it.
///
/// # Errors
/// The database's.
pub(crate) fn newest_evaluated(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<Vec<Observation>, Error> {
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(Vec::new()) };
    let waits = evaluation_queue::table
        .filter(evaluation_queue::organisation_id.eq(KeyValue(organisation.0)))
        .filter(evaluation_queue::indicator_id.eq(KeyValue(indicator.0)));
    if diesel::select(diesel::dsl::exists(waits)).get_result(connection)? {
        return newest_but_waiting(measured, indicator, connection);
    }
    // Of each series the last day that has something says it.
    let last = diesel::dsl::sql::<Bool>(
        "measurement_rollups.starts_at = (SELECT max(own.starts_at) FROM measurement_rollups AS own \
         WHERE own.series_id = measurement_series.id AND own.step = measurement_rollups.step)",
    );
    let rows: Vec<(String, InstantValue, f64)> = measurement_rollups::table
        .inner_join(measurement_series::table)
        .filter(measurement_series::measured_id.eq(measured))
        .filter(measurement_rollups::step.eq(<&str>::from(Step::Day)))
        .filter(last)
        .select((measurement_series::dimensions, measurement_rollups::newest_at, measurement_rollups::newest))
        .load(connection)?;
    let observation = |(series, InstantValue(observed_at), value)| Observation { series, observed_at, value };
    Ok(rows.into_iter().map(observation).collect())
}

/// The same where something waits: every measurement is looked at.
fn newest_but_waiting(
    measured: i32,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<Vec<Observation>, Error> {
    // A key has one live row, so that series and moment tell which.
    let newest = diesel::dsl::sql::<Bool>(
        "(measurements.series_id, measurements.observed_at) IN \
         (SELECT own.series_id, max(own.observed_at) FROM measurements AS own \
          WHERE own.origin_id NOT IN (SELECT o.id FROM measurement_origins AS o JOIN evaluation_queue AS waiting \
          ON waiting.batch_id = o.batch_id WHERE waiting.indicator_id = ",
    );
    let newest = newest
        .bind::<crate::column::Key, _>(KeyValue(indicator.0))
        .sql(") AND own.measured_id = ")
        .bind::<Integer, _>(measured)
        .sql(" GROUP BY own.series_id)");
    let rows: Vec<Seen> = seen!().filter(measurements::measured_id.eq(measured)).filter(newest).load(connection)?;
    Ok(rows.into_iter().map(observation).collect())
}

/// The mean of each indicator's live measurements over a stretch of time; of ratios the sums' quotient.
///
/// # Errors
/// The database's.
pub(crate) fn means(
    organisation: OrganisationId,
    span: Span,
    connection: &mut AnyConnection,
) -> Result<HashMap<IndicatorId, f64>, Error> {
    use diesel::dsl::{count_star, sum};
    type Sums = (KeyValue, i64, Option<f64>, Option<f64>);
    let sums: Vec<Sums> = measurements::table
        .inner_join(measured_indicators::table)
        .filter(measured_indicators::organisation_id.eq(KeyValue(organisation.0)))
        .filter(measurements::observed_at.ge(InstantValue(span.from)))
        .filter(measurements::observed_at.lt(InstantValue(span.until)))
        .group_by(measured_indicators::indicator_id)
        .select((
            measured_indicators::indicator_id,
            count_star(),
            sum(measurements::value),
            sum(measurements::denominator),
        ))
        .load(connection)?;
    let mean = |(id, count, value, denominator): Sums| {
        let parts = denominator.unwrap_or_else(|| f64::from(u32::try_from(count).unwrap_or(u32::MAX)));
        value.map(|sum| (IndicatorId(id.0), sum / parts))
    };
    Ok(sums.into_iter().filter_map(mean).collect())
}
