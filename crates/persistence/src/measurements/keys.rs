//! The small numbers by which rows name their indicator, their series and their batch.

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::schema::{measured_indicators, measurement_origins, measurement_series};
use diesel::prelude::*;
use ratchet_domain::id::{IndicatorId, MeasurementBatchId, OrganisationId};
use ratchet_domain::measurements::{MeasurementBatch, Point};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Names per SELECT.
const NAMES: usize = 1_000;

/// The numbers of indicators that were measured at least once.
///
/// # Errors
/// The database's.
pub(super) fn measured(
    organisation: OrganisationId,
    indicators: &[IndicatorId],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<IndicatorId, i32>, Error> {
    let found: Vec<(KeyValue, i32)> = measured_indicators::table
        .filter(measured_indicators::organisation_id.eq(KeyValue(organisation.0)))
        .filter(measured_indicators::indicator_id.eq_any(indicators.iter().map(|indicator| KeyValue(indicator.0))))
        .select((measured_indicators::indicator_id, measured_indicators::id))
        .load(connection)?;
    Ok(found.into_iter().map(|(indicator, id)| (IndicatorId(indicator.0), id)).collect())
}

/// The number of one indicator; `None` before it is measured.
///
/// # Errors
/// The database's.
pub(super) fn measured_one(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<Option<i32>, Error> {
    Ok(measured(organisation, &[indicator], connection)?.remove(&indicator))
}

/// The numbers of everything that these points name; what has none gets one. Nobody else measures these indicators until the
/// transaction ends.
///
/// # Errors
/// The database's.
pub(super) fn make<'a>(
    organisation: OrganisationId,
    points: impl Iterator<Item = &'a Point>,
    connection: &mut AnyConnection,
) -> Result<Keys<'a>, Error> {
    let mut named: BTreeMap<IndicatorId, BTreeSet<&'a str>> = BTreeMap::new();
    for point in points {
        named.entry(point.indicator).or_default().insert(&point.series);
    }
    let indicators: Vec<IndicatorId> = named.keys().copied().collect();
    let measured = measured(organisation, &indicators, connection)?;
    let mut series = HashMap::new();
    for (indicator, names) in named {
        let id = match measured.get(&indicator) {
            Some(id) => *id,
            None => make_measured(organisation, indicator, connection)?,
        };
        let mut known = series_named(id, &names, connection)?;
        let new: Vec<&str> = names.iter().copied().filter(|name| !known.contains_key(*name)).collect();
        for some in new.chunks(NAMES) {
            known.extend(make_series(id, some, connection)?);
        }
        series.extend(names.into_iter().filter_map(|name| Some(((indicator, name), (id, *known.get(name)?)))));
    }
    Ok(Keys(series))
}

/// Of each series its indicator's number, and its own.
pub(super) struct Keys<'a>(HashMap<(IndicatorId, &'a str), (i32, i32)>);

impl Keys<'_> {
    /// Those of a point that was among them.
    pub(super) fn of(&self, point: &Point) -> Option<(i32, i32)> {
        self.named(point.indicator, &point.series)
    }

    /// Those of a series that one of the points had.
    pub(super) fn named(&self, indicator: IndicatorId, series: &str) -> Option<(i32, i32)> {
        self.0.get(&(indicator, series)).copied()
    }
}

fn make_measured(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<i32, Error> {
    let row = (
        measured_indicators::organisation_id.eq(KeyValue(organisation.0)),
        measured_indicators::indicator_id.eq(KeyValue(indicator.0)),
    );
    Ok(on_connection!(connection, |c| diesel::insert_into(measured_indicators::table)
        .values(row)
        .returning(measured_indicators::id)
        .get_result(c))?)
}

/// The numbers of those of these series that are known.
///
/// # Errors
/// The database's.
pub(super) fn series_named(
    measured: i32,
    names: &BTreeSet<&str>,
    connection: &mut AnyConnection,
) -> Result<HashMap<String, i32>, Error> {
    let names: Vec<&str> = names.iter().copied().collect();
    let mut known = HashMap::new();
    for some in names.chunks(NAMES) {
        let found: Vec<(String, i32)> = measurement_series::table
            .filter(measurement_series::measured_id.eq(measured))
            .filter(measurement_series::dimensions.eq_any(some))
            .select((measurement_series::dimensions, measurement_series::id))
            .load(connection)?;
        known.extend(found);
    }
    Ok(known)
}

/// How many series each of these indicators has.
///
/// # Errors
/// The database's.
pub(super) fn series_counts(measured: &[i32], connection: &mut AnyConnection) -> Result<HashMap<i32, i64>, Error> {
    let counts: Vec<(i32, i64)> = measurement_series::table
        .filter(measurement_series::measured_id.eq_any(measured))
        .group_by(measurement_series::measured_id)
        .select((measurement_series::measured_id, diesel::dsl::count_star()))
        .load(connection)?;
    Ok(counts.into_iter().collect())
}

fn make_series<'a>(
    measured: i32,
    names: &[&'a str],
    connection: &mut AnyConnection,
) -> Result<Vec<(String, i32)>, Error> {
    let row = |name: &&'a str| (measurement_series::measured_id.eq(measured), measurement_series::dimensions.eq(*name));
    let rows: Vec<_> = names.iter().map(row).collect();
    Ok(on_connection!(connection, |c| diesel::insert_into(measurement_series::table)
        .values(&rows)
        .returning((measurement_series::dimensions, measurement_series::id))
        .get_results(c))?)
}

/// Notes from where a batch's rows come, and between which moments they are to be looked for.
///
/// # Errors
/// The database's.
pub(super) fn make_origin(batch: &MeasurementBatch, connection: &mut AnyConnection) -> Result<i32, Error> {
    let row = (
        measurement_origins::organisation_id.eq(KeyValue(batch.head.organisation.0)),
        measurement_origins::batch_id.eq(KeyValue(batch.head.id)),
        measurement_origins::recorded_at.eq(InstantValue(batch.head.created_at)),
        measurement_origins::observed_from.eq(InstantValue(batch.observed_from)),
        measurement_origins::observed_until.eq(InstantValue(batch.observed_until)),
    );
    Ok(on_connection!(connection, |c| diesel::insert_into(measurement_origins::table)
        .values(row)
        .returning(measurement_origins::id)
        .get_result(c))?)
}

/// Where the rows of a batch are.
#[derive(Debug, Clone, Copy, Queryable)]
pub(super) struct Origin {
    /// Its number.
    pub id: i32,
    /// The moment of the earliest of them.
    pub from: InstantValue,
    /// The moment of the latest of them.
    pub until: InstantValue,
}

/// Where the rows of these batches are.
///
/// # Errors
/// The database's.
pub(super) fn origins(
    organisation: OrganisationId,
    batches: &[MeasurementBatchId],
    connection: &mut AnyConnection,
) -> Result<Vec<Origin>, Error> {
    let mut found = Vec::new();
    for some in batches.chunks(NAMES) {
        let rows: Vec<Origin> = measurement_origins::table
            .filter(measurement_origins::organisation_id.eq(KeyValue(organisation.0)))
            .filter(measurement_origins::batch_id.eq_any(some.iter().map(|batch| KeyValue(batch.0))))
            .select((measurement_origins::id, measurement_origins::observed_from, measurement_origins::observed_until))
            .load(connection)?;
        found.extend(rows);
    }
    Ok(found)
}

/// The series of an indicator, with their dimensions.
///
/// # Errors
/// The database's.
pub(super) fn series_of(measured: i32, connection: &mut AnyConnection) -> Result<Vec<(i32, String)>, Error> {
    Ok(measurement_series::table
        .filter(measurement_series::measured_id.eq(measured))
        .order(measurement_series::dimensions)
        .select((measurement_series::id, measurement_series::dimensions))
        .load(connection)?)
}
