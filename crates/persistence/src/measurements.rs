//! Measurements: a hot table. Written in bulk, never edited, read by time. What counts stands in `measurements`, what counted
//! once in `past_measurements`; rows name their indicator, series and batch by small numbers ([`keys`]).

mod bulk;
mod keys;
mod observations;
mod recording;
pub mod retention;
mod rollups;
pub(crate) mod series;
mod withdrawal;

pub(crate) use observations::{first_at, first_day, latest, means, newest_evaluated, since, span, waiting, within};
pub use recording::{known, record, within_series};
pub(crate) use retention::removed_until_of;
pub use rollups::{Rolled, Stretch, rolled};
pub(crate) use rollups::{count as count_rollups, days, kept as kept_rollups};
pub use withdrawal::{withdraw, withdraw_one};

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{
    measured_indicators, measurement_notes, measurement_origins, measurement_series, measurements, past_measurements,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::id::{IndicatorId, MeasurementBatchId, OrganisationId};
use ratchet_domain::measurements::{Figure, MeasurementBatch, Point, Standing, dimensions_of};
use uuid::Uuid;

#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = measurements, treat_none_as_default_value = false)]
struct Row {
    measured_id: i32,
    observed_at: InstantValue,
    series_id: i32,
    value: f64,
    denominator: Option<f64>,
    origin_id: i32,
    number: i32,
}

impl Row {
    fn figure(&self) -> Figure {
        figure(self.value, self.denominator)
    }
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = past_measurements, treat_none_as_default_value = false)]
struct PastRow {
    measured_id: i32,
    observed_at: InstantValue,
    series_id: i32,
    value: f64,
    denominator: Option<f64>,
    origin_id: i32,
    number: i32,
    standing: String,
    ended_at: InstantValue,
}

impl PastRow {
    fn of(row: Row, standing: String, at: DateTime<Utc>) -> Self {
        let Row { measured_id, observed_at, series_id, value, denominator, origin_id, number } = row;
        let ended_at = InstantValue(at);
        Self { measured_id, observed_at, series_id, value, denominator, origin_id, number, standing, ended_at }
    }
}

/// A ratio is told from a gauge by its denominator.
fn figure(value: f64, denominator: Option<f64>) -> Figure {
    match denominator {
        None => Figure::Gauge { value },
        Some(denominator) => Figure::Ratio { numerator: value, denominator },
    }
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

/// A row with the names of what it names by numbers.
type Named = (KeyValue, String, InstantValue, f64, Option<f64>, KeyValue, i32, Option<String>);

fn stored((indicator, series, at, value, denominator, batch, number, note): Named, standing: Standing) -> Stored {
    let (indicator, observed_at) = (IndicatorId(indicator.0), at.0);
    let point = Point { indicator, observed_at, series, figure: figure(value, denominator), note };
    Stored { point, batch: (MeasurementBatchId(batch.0), number.into()), standing }
}

/// The rows of a table with the names of what they name.
macro_rules! named {
    ($m:ident) => {
        $m::table
            .inner_join(measured_indicators::table.on(measured_indicators::id.eq($m::measured_id)))
            .inner_join(measurement_series::table.on(measurement_series::id.eq($m::series_id)))
            .inner_join(measurement_origins::table.on(measurement_origins::id.eq($m::origin_id)))
            .left_join(
                measurement_notes::table
                    .on(measurement_notes::origin_id.eq($m::origin_id).and(measurement_notes::number.eq($m::number))),
            )
    };
}

/// What [`Named`] holds of them.
macro_rules! names {
    ($m:ident) => {
        (
            measured_indicators::indicator_id,
            measurement_series::dimensions,
            $m::observed_at,
            $m::value,
            $m::denominator,
            measurement_origins::batch_id,
            $m::number,
            measurement_notes::note.nullable(),
        )
    };
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
    /// What counted at this moment, by what had been recorded until then.
    pub as_of: Option<DateTime<Utc>>,
    /// With these dimensions, whatever others they have.
    pub dimensions: Vec<(String, String)>,
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
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(Vec::new()) };
    let series = match window.dimensions.as_slice() {
        [] => None,
        wanted => Some(series_with(measured, wanted, connection)?),
    };
    let after = match window.after {
        None => None,
        Some((at, batch, number)) => {
            let origin = keys::origins(organisation, &[batch], connection)?.first().map_or(0, |origin| origin.id);
            Some((InstantValue(at), origin, i32::try_from(number).unwrap_or(i32::MAX)))
        }
    };
    macro_rules! narrowed {
        ($m:ident) => {{
            let mut query = named!($m).filter($m::measured_id.eq(measured)).into_boxed();
            if let Some(series) = &series {
                query = query.filter($m::series_id.eq_any(series));
            }
            if let Some(from) = window.from {
                query = query.filter($m::observed_at.ge(InstantValue(from)));
            }
            if let Some(to) = window.to {
                query = query.filter($m::observed_at.lt(InstantValue(to)));
            }
            if let Some((at, origin, number)) = after {
                let within = $m::origin_id.eq(origin).and($m::number.gt(number));
                let behind = $m::origin_id.gt(origin).or(within);
                query = query.filter($m::observed_at.ge(at)).filter($m::observed_at.gt(at).or(behind));
            }
            if let Some(at) = window.as_of {
                query = query.filter(measurement_origins::recorded_at.le(InstantValue(at)));
            }
            query.order(($m::observed_at, $m::origin_id, $m::number)).limit(limit)
        }};
    }
    let live: Vec<(i32, Named)> =
        narrowed!(measurements).select((measurements::origin_id, names!(measurements))).load(connection)?;
    let mut found: Vec<(i32, Stored)> =
        live.into_iter().map(|(origin, row)| (origin, stored(row, Standing::Live))).collect();
    if window.all || window.as_of.is_some() {
        let mut past = narrowed!(past_measurements);
        if let Some(at) = window.as_of {
            past = past.filter(past_measurements::ended_at.gt(InstantValue(at)));
        }
        let past: Vec<(i32, String, Named)> = past
            .select((past_measurements::origin_id, past_measurements::standing, names!(past_measurements)))
            .load(connection)?;
        for (origin, word, row) in past {
            // It counted then, whatever has become of it.
            let standing = if window.as_of.is_some() { Standing::Live } else { standing(&word)? };
            found.push((origin, stored(row, standing)));
        }
        found.sort_by_key(|(origin, stored)| (stored.point.observed_at, *origin, stored.batch.1));
        found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    }
    Ok(found.into_iter().map(|(_, stored)| stored).collect())
}

fn standing(word: &str) -> Result<Standing, Error> {
    let corrupt = |fault| Error::Corrupt { table: "past_measurements", row: Uuid::nil(), fault };
    crate::row::parse(word).map_err(corrupt)
}

/// The series of an indicator that have these dimensions.
fn series_with(measured: i32, wanted: &[(String, String)], connection: &mut AnyConnection) -> Result<Vec<i32>, Error> {
    let has_them = |text: &str| {
        let dimensions = dimensions_of(text);
        wanted.iter().all(|(name, value)| dimensions.get(name) == Some(value))
    };
    let series = keys::series_of(measured, connection)?;
    Ok(series.into_iter().filter(|(_, text)| has_them(text)).map(|(id, _)| id).collect())
}

/// The indicators of an organisation that were measured, in the order of their ids.
///
/// # Errors
/// The database's.
pub(crate) fn measured_ones(
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<Vec<IndicatorId>, Error> {
    let ids: Vec<KeyValue> = measured_indicators::table
        .filter(measured_indicators::organisation_id.eq(KeyValue(organisation.0)))
        .order(measured_indicators::indicator_id)
        .select(measured_indicators::indicator_id)
        .load(connection)?;
    Ok(ids.into_iter().map(|id| IndicatorId(id.0)).collect())
}

/// How many measurements of an indicator count that came with no batch and are of no series: written by hand.
///
/// # Errors
/// The database's.
pub(crate) fn strays(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<i64, Error> {
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(0) };
    let origins = measurement_origins::table
        .filter(measurement_origins::organisation_id.eq(KeyValue(organisation.0)))
        .select(measurement_origins::id);
    let series =
        measurement_series::table.filter(measurement_series::measured_id.eq(measured)).select(measurement_series::id);
    let known = measurements::origin_id.eq_any(origins).and(measurements::series_id.eq_any(series));
    Ok(measurements::table
        .filter(measurements::measured_id.eq(measured))
        .filter(diesel::dsl::not(known))
        .count()
        .get_result(connection)?)
}

/// All rows of a batch, whatever has become of them.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn of_batch(
    organisation: OrganisationId,
    batch: &MeasurementBatch,
    connection: &mut AnyConnection,
) -> Result<Vec<Stored>, Error> {
    let Some(origin) = keys::origins(organisation, &[batch.id()], connection)?.pop() else { return Ok(Vec::new()) };
    let measured = keys::measured(organisation, &batch.indicators, connection)?;
    macro_rules! of_it {
        ($m:ident) => {
            named!($m)
                .filter($m::measured_id.eq_any(measured.values()))
                .filter($m::observed_at.ge(origin.from))
                .filter($m::observed_at.le(origin.until))
                .filter($m::origin_id.eq(origin.id))
        };
    }
    let live: Vec<Named> = of_it!(measurements).select(names!(measurements)).load(connection)?;
    let past: Vec<(String, Named)> =
        of_it!(past_measurements).select((past_measurements::standing, names!(past_measurements))).load(connection)?;
    let live = live.into_iter().map(|row| Ok(stored(row, Standing::Live)));
    live.chain(past.into_iter().map(|(word, row)| Ok(stored(row, standing(&word)?)))).collect()
}
