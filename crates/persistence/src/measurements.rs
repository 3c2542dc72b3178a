//! The rows of batches: a hot table. Written in bulk, never edited, read by time.

mod withdrawal;

pub use withdrawal::{withdraw, withdraw_one};

use crate::column::{self, Instant, InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::journal::Receipt;
use crate::schema::{evaluation_queue, indicators, measurements};
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Bool, Nullable};
use ratchet_domain::analysis::effect::Period;
use ratchet_domain::change::Record;
use ratchet_domain::evaluation::Observation;
use ratchet_domain::id::{IndicatorId, MeasurementBatchId, OrganisationId};
use ratchet_domain::management_reviews::inputs::Span;
use ratchet_domain::measurements::{
    BatchDraft, Figure, Key, MeasurementBatch, Point, Row as Written, Sifted, Standing,
};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Rows per INSERT: both databases bound the values of a statement.
const CHUNK: usize = 1_000;
/// Moments per SELECT.
const MOMENTS: usize = 500;
/// Measurements that are looked at when a benefit is judged.
const SINCE: i64 = 10_000;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = measurements, treat_none_as_default_value = false)]
struct Row {
    organisation_id: KeyValue,
    batch_id: KeyValue,
    number: i64,
    indicator_id: KeyValue,
    series: String,
    observed_at: InstantValue,
    value: Option<f64>,
    numerator: Option<f64>,
    denominator: Option<f64>,
    note: Option<String>,
    standing: String,
}

/// A measurement as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// What was measured.
    pub point: Point,
    /// With which batch it came, and as which row of it.
    pub batch: (MeasurementBatchId, i64),
    /// Whether it counts.
    pub standing: Standing,
}

fn standing(standing: Standing) -> String {
    <&str>::from(standing).to_owned()
}

impl Row {
    fn of(organisation: OrganisationId, batch: MeasurementBatchId, number: i64, row: &Written) -> Self {
        let Written { point, superseded } = row;
        let Point { indicator, observed_at, series, figure, note } = point.clone();
        let (value, numerator, denominator) = match figure {
            Figure::Gauge { value } => (Some(value), None, None),
            Figure::Ratio { numerator, denominator } => (None, Some(numerator), Some(denominator)),
        };
        Self {
            organisation_id: KeyValue(organisation.0),
            batch_id: KeyValue(batch.0),
            number,
            indicator_id: KeyValue(indicator.0),
            series,
            observed_at: InstantValue(observed_at),
            value,
            numerator,
            denominator,
            note,
            standing: standing(if *superseded { Standing::Superseded } else { Standing::Live }),
        }
    }

    fn into_stored(self) -> Result<Stored, Error> {
        let row = self.batch_id.0;
        let corrupt = |fault: String| Error::Corrupt { table: "measurements", row, fault };
        let figure = match (self.value, self.numerator, self.denominator) {
            (Some(value), None, None) => Figure::Gauge { value },
            (None, Some(numerator), Some(denominator)) => Figure::Ratio { numerator, denominator },
            (_, _, _) => return Err(corrupt("neither a number nor a quotient".to_owned())),
        };
        let point = Point {
            indicator: IndicatorId(self.indicator_id.0),
            observed_at: self.observed_at.0,
            series: self.series,
            figure,
            note: self.note,
        };
        let standing = crate::row::parse(&self.standing).map_err(corrupt)?;
        Ok(Stored { point, batch: (MeasurementBatchId(self.batch_id.0), self.number), standing })
    }
}

/// The live figures of all keys that these points have.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn known<'a>(
    organisation: OrganisationId,
    points: impl Iterator<Item = &'a Point>,
    connection: &mut AnyConnection,
) -> Result<HashMap<Key, Figure>, Error> {
    let mut moments: BTreeMap<IndicatorId, BTreeSet<DateTime<Utc>>> = BTreeMap::new();
    for point in points {
        moments.entry(point.indicator).or_default().insert(point.observed_at);
    }
    let mut known = HashMap::new();
    for (indicator, moments) in moments {
        let moments: Vec<InstantValue> = moments.into_iter().map(InstantValue).collect();
        for some in moments.chunks(MOMENTS) {
            let rows: Vec<Row> = measurements::table
                .filter(measurements::organisation_id.eq(KeyValue(organisation.0)))
                .filter(measurements::indicator_id.eq(KeyValue(indicator.0)))
                .filter(measurements::observed_at.eq_any(some.iter().copied()))
                .filter(measurements::standing.eq(standing(Standing::Live)))
                .select(Row::as_select())
                .load(connection)?;
            for row in rows {
                let Stored { point, .. } = row.into_stored()?;
                known.insert(point.key(), point.figure);
            }
        }
    }
    Ok(known)
}

/// Writes a batch's rows and queues its indicators for evaluation.
///
/// # Errors
/// The database's.
fn write(
    organisation: OrganisationId,
    batch: MeasurementBatchId,
    sifted: &Sifted,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    for key in &sifted.superseded {
        let live = measurements::table
            .filter(measurements::organisation_id.eq(KeyValue(organisation.0)))
            .filter(measurements::indicator_id.eq(KeyValue(key.indicator.0)))
            .filter(measurements::observed_at.eq(InstantValue(key.observed_at)))
            .filter(measurements::series.eq(&key.series))
            .filter(measurements::standing.eq(standing(Standing::Live)));
        diesel::update(live).set(measurements::standing.eq(standing(Standing::Superseded))).execute(connection)?;
    }
    let rows: Vec<Row> = (0..).zip(&sifted.rows).map(|(n, row)| Row::of(organisation, batch, n, row)).collect();
    for chunk in rows.chunks(CHUNK) {
        on_connection!(connection, |c| diesel::insert_into(measurements::table).values(chunk).execute(c))?;
    }
    let indicators: BTreeSet<IndicatorId> = sifted.rows.iter().map(|row| row.point.indicator).collect();
    for indicator in indicators {
        diesel::insert_into(evaluation_queue::table)
            .values((
                evaluation_queue::organisation_id.eq(KeyValue(organisation.0)),
                evaluation_queue::indicator_id.eq(KeyValue(indicator.0)),
                evaluation_queue::batch_id.eq(KeyValue(batch.0)),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// Records what is new of a batch: the record that stands for it in the journal, its rows, and what is to be evaluated.
///
/// # Errors
/// The database's, or the rule's refusal.
pub fn record(source: String, sifted: &Sifted, tx: &mut Tx<'_>) -> Result<(MeasurementBatch, Receipt), Error> {
    let by = tx.actor().clone();
    let birth = tx.birth(MeasurementBatch::PREFIX)?;
    let (batch, receipt) = tx.save(MeasurementBatch::record(BatchDraft { source, sifted }, &by, birth)?)?;
    write(by.organisation, batch.id(), sifted, tx.connection())?;
    Ok((batch, receipt))
}

/// Which measurements of an indicator are asked for.
#[derive(Debug, Clone, Default)]
pub struct Window {
    /// Observed at or after this moment.
    pub from: Option<DateTime<Utc>>,
    /// Observed before this moment.
    pub to: Option<DateTime<Utc>>,
    /// Superseded and withdrawn ones, too.
    pub all: bool,
    /// Behind this one: its moment, batch and number.
    pub after: Option<(DateTime<Utc>, MeasurementBatchId, i64)>,
}

/// Measurements of an indicator in the order in which they were observed.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn list(
    organisation: OrganisationId,
    indicator: IndicatorId,
    window: &Window,
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<Stored>, Error> {
    use measurements as m;
    let Window { from, to, all, after } = window;
    let mut query = m::table
        .filter(m::organisation_id.eq(KeyValue(organisation.0)))
        .filter(m::indicator_id.eq(KeyValue(indicator.0)))
        .into_boxed();
    if !all {
        query = query.filter(m::standing.eq(standing(Standing::Live)));
    }
    if let Some(from) = from {
        query = query.filter(m::observed_at.ge(InstantValue(*from)));
    }
    if let Some(to) = to {
        query = query.filter(m::observed_at.lt(InstantValue(*to)));
    }
    if let Some((at, batch, number)) = after {
        let (at, batch) = (InstantValue(*at), KeyValue(batch.0));
        let within = m::batch_id.eq(batch).and(m::number.gt(*number));
        query = query.filter(m::observed_at.gt(at).or(m::observed_at.eq(at).and(m::batch_id.gt(batch).or(within))));
    }
    let rows: Vec<Row> =
        query.order((m::observed_at, m::batch_id, m::number)).limit(limit).select(Row::as_select()).load(connection)?;
    rows.into_iter().map(Row::into_stored).collect()
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
    use measurements as m;
    let first: Option<InstantValue> = m::table
        .filter(m::organisation_id.eq(KeyValue(organisation.0)))
        .filter(m::indicator_id.eq(KeyValue(indicator.0)))
        .filter(m::standing.eq(standing(Standing::Live)))
        .order(m::observed_at.asc())
        .select(m::observed_at)
        .first(connection)
        .optional()?;
    Ok(first.map(|InstantValue(at)| at))
}

/// Live measurements of several indicators within a period, at most `limit`: those nearest to its end, or to its beginning.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn within(
    organisation: OrganisationId,
    indicators: &[IndicatorId],
    (Period { from, to }, near_its_end): (Period, bool),
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<(IndicatorId, Observation)>, Error> {
    use measurements as m;
    let query = m::table
        .filter(m::organisation_id.eq(KeyValue(organisation.0)))
        .filter(m::indicator_id.eq_any(indicators.iter().map(|indicator| KeyValue(indicator.0))))
        .filter(m::observed_at.ge(InstantValue(from)))
        .filter(m::observed_at.lt(InstantValue(to)))
        .filter(m::standing.eq(standing(Standing::Live)))
        .select(Row::as_select())
        .limit(limit)
        .into_boxed();
    let query = if near_its_end { query.order(m::observed_at.desc()) } else { query.order(m::observed_at.asc()) };
    let rows: Vec<Row> = query.load(connection)?;
    let read = |row: Row| row.into_stored().map(|stored| (stored.point.indicator, observation(stored)));
    rows.into_iter().map(read).collect()
}

/// The live measurements of indicators since a moment, as evaluation sees them, in two statements; of a long series those
/// that are as new as its newest `limit`.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn latest(
    organisation: OrganisationId,
    indicators: &[IndicatorId],
    from: DateTime<Utc>,
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<HashMap<IndicatorId, Vec<Observation>>, Error> {
    use measurements as m;
    let mut query = m::table
        .filter(m::organisation_id.eq(KeyValue(organisation.0)))
        .filter(m::indicator_id.eq_any(indicators.iter().map(|indicator| KeyValue(indicator.0))))
        .filter(m::standing.eq(standing(Standing::Live)))
        .filter(m::observed_at.ge(InstantValue(from)))
        .into_boxed();
    for (indicator, oldest) in cutoffs(organisation, indicators, limit, connection)? {
        if let Some(oldest) = oldest {
            query = query.filter(m::indicator_id.ne(indicator).or(m::observed_at.ge(oldest)));
        }
    }
    let rows: Vec<Row> = query.select(Row::as_select()).load(connection)?;
    let mut latest: HashMap<IndicatorId, Vec<Observation>> = HashMap::new();
    for row in rows {
        let stored = row.into_stored()?;
        latest.entry(stored.point.indicator).or_default().push(observation(stored));
    }
    Ok(latest)
}

/// When the measurement was observed that is so many places from the newest of its indicator; `None` of a shorter series.
fn cutoffs(
    organisation: OrganisationId,
    ids: &[IndicatorId],
    place: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<(KeyValue, Option<InstantValue>)>, Error> {
    // Out of the index of live measurements, and no more of it than `place` entries of each indicator.
    let nth = diesel::dsl::sql::<Nullable<Instant>>(
        "(SELECT own.observed_at FROM measurements AS own \
          WHERE own.organisation_id = indicators.organisation_id AND own.indicator_id = indicators.id \
          AND own.standing = 'live' ORDER BY own.observed_at DESC LIMIT 1 OFFSET ",
    );
    Ok(indicators::table
        .filter(indicators::organisation_id.eq(KeyValue(organisation.0)))
        .filter(indicators::id.eq_any(ids.iter().map(|id| KeyValue(id.0))))
        .select((indicators::id, nth.bind::<BigInt, _>(place - 1).sql(")")))
        .load(connection)?)
}

/// All rows of a batch.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn of_batch(
    organisation: OrganisationId,
    batch: MeasurementBatchId,
    connection: &mut AnyConnection,
) -> Result<Vec<Stored>, Error> {
    let rows: Vec<Row> = measurements::table
        .filter(measurements::organisation_id.eq(KeyValue(organisation.0)))
        .filter(measurements::batch_id.eq(KeyValue(batch.0)))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_stored).collect()
}

/// Whether what took its place is there: a measurement of the same key that is not superseded itself.
///
/// # Errors
/// The database's.
pub(crate) fn has_successor(
    organisation: OrganisationId,
    superseded: &Point,
    connection: &mut AnyConnection,
) -> Result<bool, Error> {
    let successor = measurements::table
        .filter(measurements::organisation_id.eq(KeyValue(organisation.0)))
        .filter(measurements::indicator_id.eq(KeyValue(superseded.indicator.0)))
        .filter(measurements::observed_at.eq(InstantValue(superseded.observed_at)))
        .filter(measurements::series.eq(&superseded.series))
        .filter(measurements::standing.ne(standing(Standing::Superseded)));
    Ok(diesel::select(diesel::dsl::exists(successor)).get_result(connection)?)
}

/// The live rows of an indicator that wait for evaluation, as evaluation sees them.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn waiting(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<Vec<Observation>, Error> {
    let batches = evaluation_queue::table
        .filter(evaluation_queue::organisation_id.eq(KeyValue(organisation.0)))
        .filter(evaluation_queue::indicator_id.eq(KeyValue(indicator.0)))
        .select(evaluation_queue::batch_id);
    let rows: Vec<Row> = measurements::table
        .filter(measurements::organisation_id.eq(KeyValue(organisation.0)))
        .filter(measurements::indicator_id.eq(KeyValue(indicator.0)))
        .filter(measurements::batch_id.eq_any(batches))
        .filter(measurements::standing.eq(standing(Standing::Live)))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_stored().map(observation)).collect()
}

fn observation(stored: Stored) -> Observation {
    let Point { series, observed_at, figure, .. } = stored.point;
    Observation { series, observed_at, value: figure.value() }
}

/// The live measurements of an indicator observed at or after a moment; the newest of them, at most [`SINCE`].
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn since(
    organisation: OrganisationId,
    indicator: IndicatorId,
    from: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Observation>, Error> {
    let rows: Vec<Row> = measurements::table
        .filter(measurements::organisation_id.eq(KeyValue(organisation.0)))
        .filter(measurements::indicator_id.eq(KeyValue(indicator.0)))
        .filter(measurements::observed_at.ge(InstantValue(from)))
        .filter(measurements::standing.eq(standing(Standing::Live)))
        .order(measurements::observed_at.desc())
        .limit(SINCE)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_stored().map(observation)).collect()
}

/// The newest live measurement of every series of an indicator, of those that have been evaluated: what still waits is not
/// among them, because the worker has yet to walk it.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn newest_evaluated(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<Vec<Observation>, Error> {
    // A key has one live row at most, so that series and moment tell which.
    let newest = diesel::dsl::sql::<Bool>(
        "(measurements.series, measurements.observed_at) IN \
         (SELECT own.series, max(own.observed_at) FROM measurements AS own \
          WHERE own.standing = 'live' AND NOT EXISTS (SELECT 1 FROM evaluation_queue AS waiting \
          WHERE waiting.organisation_id = own.organisation_id AND waiting.indicator_id = own.indicator_id \
          AND waiting.batch_id = own.batch_id) AND own.organisation_id = ",
    );
    let newest = newest.bind::<column::Key, _>(KeyValue(organisation.0)).sql(" AND own.indicator_id = ");
    let rows: Vec<Row> = measurements::table
        .filter(measurements::organisation_id.eq(KeyValue(organisation.0)))
        .filter(measurements::indicator_id.eq(KeyValue(indicator.0)))
        .filter(measurements::standing.eq(standing(Standing::Live)))
        .filter(newest.bind::<column::Key, _>(KeyValue(indicator.0)).sql(" GROUP BY own.series)"))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_stored().map(observation)).collect()
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
    use measurements as m;
    type Sums = (KeyValue, i64, Option<f64>, Option<f64>, Option<f64>);
    let sums: Vec<Sums> = m::table
        .filter(m::organisation_id.eq(KeyValue(organisation.0)))
        .filter(m::standing.eq(standing(Standing::Live)))
        .filter(m::observed_at.ge(InstantValue(span.from)))
        .filter(m::observed_at.lt(InstantValue(span.until)))
        .group_by(m::indicator_id)
        .select((m::indicator_id, count_star(), sum(m::value), sum(m::numerator), sum(m::denominator)))
        .load(connection)?;
    let mean = |(id, count, value, numerator, denominator): Sums| {
        let (sum, parts) = match (value, numerator.zip(denominator)) {
            (_, Some((numerator, denominator))) => (numerator, denominator),
            (Some(value), None) => (value, f64::from(u32::try_from(count).unwrap_or(u32::MAX))),
            (None, None) => return None,
        };
        Some((IndicatorId(id.0), sum / parts))
    };
    Ok(sums.into_iter().filter_map(mean).collect())
}
