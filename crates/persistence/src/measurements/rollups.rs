//! Rollups by the hour and by the day: kept true in the transaction that changes what they are of.

use super::bulk::{self, LiveKey};
use super::{Row, keys};
use crate::column::{Instant, InstantValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::parse;
use crate::schema::{measurement_rollups, measurement_series, measurements};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Integer, Nullable, Text};
use ratchet_domain::id::{IndicatorId, OrganisationId};
use ratchet_domain::measurements::{Rollup, Step, dimensions_of};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Which rollup: of which series, how wide, from when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Of which series.
    pub series: i32,
    /// How wide.
    pub step: Step,
    /// From when.
    pub starts_at: DateTime<Utc>,
}

impl Place {
    fn of(series: i32, step: Step, at: DateTime<Utc>) -> Self {
        Self { series, step, starts_at: step.start_of(at) }
    }
}

#[derive(Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = measurement_rollups, treat_none_as_default_value = false)]
pub(super) struct RollupRow {
    #[diesel(sql_type = Integer)]
    series_id: i32,
    #[diesel(sql_type = Text)]
    step: String,
    #[diesel(sql_type = Instant)]
    starts_at: InstantValue,
    #[diesel(sql_type = BigInt)]
    count: i64,
    #[diesel(sql_type = Double)]
    mean: f64,
    #[diesel(sql_type = Double)]
    deviations: f64,
    #[diesel(sql_type = Double)]
    least: f64,
    #[diesel(sql_type = Double)]
    greatest: f64,
    #[diesel(sql_type = Instant)]
    newest_at: InstantValue,
    #[diesel(sql_type = Double)]
    newest: f64,
    #[diesel(sql_type = Nullable<Double>)]
    numerators: Option<f64>,
    #[diesel(sql_type = Nullable<Double>)]
    denominators: Option<f64>,
}

impl RollupRow {
    fn of(place: Place, rollup: &Rollup) -> Self {
        let Rollup { count, mean, deviations, least, greatest, newest: (newest_at, newest), parts } = *rollup;
        let (numerators, denominators) = parts.unzip();
        Self {
            series_id: place.series,
            step: <&str>::from(place.step).to_owned(),
            starts_at: InstantValue(place.starts_at),
            count,
            mean,
            deviations,
            least,
            greatest,
            newest_at: InstantValue(newest_at),
            newest,
            numerators,
            denominators,
        }
    }

    fn read(self) -> Result<(Place, Rollup), Error> {
        let corrupt = |fault| Error::Corrupt { table: "measurement_rollups", row: uuid::Uuid::nil(), fault };
        let step = parse(&self.step).map_err(corrupt)?;
        let place = Place { series: self.series_id, step, starts_at: self.starts_at.0 };
        let rollup = Rollup {
            count: self.count,
            mean: self.mean,
            deviations: self.deviations,
            least: self.least,
            greatest: self.greatest,
            newest: (self.newest_at.0, self.newest),
            parts: self.numerators.zip(self.denominators),
        };
        Ok((place, rollup))
    }
}

/// Which rollups of an indicator are asked for.
#[derive(Debug, Clone)]
pub struct Stretch {
    /// How wide each is.
    pub step: Step,
    /// Of what was observed at or after this moment.
    pub from: Option<DateTime<Utc>>,
    /// Of what was observed before this moment.
    pub to: Option<DateTime<Utc>>,
    /// With these dimensions, whatever others they have.
    pub dimensions: Vec<(String, String)>,
    /// Apart by the values of these dimensions.
    pub by: Vec<String>,
}

/// A rollup over all series that share some dimensions.
#[derive(Debug, Clone, PartialEq)]
pub struct Rolled {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// What the series share, of what they are told apart by.
    pub dimensions: BTreeMap<String, String>,
    /// What counts in it.
    pub rollup: Rollup,
}

/// What counts of an indicator, by stretches of time: in the order of time, then of dimensions. `None` when more than
/// `limit` hours or days of its series would have to be read.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn rolled(
    organisation: OrganisationId,
    indicator: IndicatorId,
    stretch: &Stretch,
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Option<Vec<Rolled>>, Error> {
    let Stretch { step, from, to, dimensions, by } = stretch;
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(Some(Vec::new())) };
    let kept = if *step == Step::Hour { Step::Hour } else { Step::Day };
    let mut groups: HashMap<i32, BTreeMap<String, String>> = HashMap::new();
    for (series, text) in keys::series_of(measured, connection)? {
        let mut named = dimensions_of(&text);
        if dimensions.iter().all(|(name, value)| named.get(name) == Some(value)) {
            named.retain(|name, _| by.contains(name));
            groups.insert(series, named);
        }
    }
    let mut query = measurement_rollups::table
        .inner_join(measurement_series::table)
        .filter(measurement_series::measured_id.eq(measured))
        .filter(measurement_rollups::step.eq(<&str>::from(kept)))
        .into_boxed();
    if let Some(from) = from {
        query = query.filter(measurement_rollups::starts_at.ge(InstantValue(*from)));
    }
    if let Some(to) = to {
        query = query.filter(measurement_rollups::starts_at.lt(InstantValue(*to)));
    }
    if !dimensions.is_empty() {
        query = query.filter(measurement_rollups::series_id.eq_any(groups.keys().copied().collect::<Vec<_>>()));
    }
    let rows: Vec<RollupRow> = query
        .order((measurement_rollups::starts_at, measurement_rollups::series_id))
        .limit(limit + 1)
        .select(RollupRow::as_select())
        .load(connection)?;
    if i64::try_from(rows.len()).unwrap_or(i64::MAX) > limit {
        return Ok(None);
    }
    let mut all: BTreeMap<(DateTime<Utc>, &BTreeMap<String, String>), Rollup> = BTreeMap::new();
    for row in rows {
        let (place, rollup) = row.read()?;
        let Some(group) = groups.get(&place.series) else { continue };
        let key = (step.start_of(place.starts_at), group);
        all.entry(key).and_modify(|known| *known = known.with(rollup)).or_insert(rollup);
    }
    let rolled = |((starts_at, group), rollup): ((_, &BTreeMap<_, _>), _)| Rolled {
        starts_at,
        dimensions: group.clone(),
        rollup,
    };
    Ok(Some(all.into_iter().map(rolled).collect()))
}

/// An hour or a day of a series: of which, how wide, and from when.
pub(crate) type Named = (String, Step, DateTime<Utc>);
/// Days as one figure each.
pub(crate) type Days = Vec<(DateTime<Utc>, f64)>;

/// What is kept of an indicator's hours and days that begin within a day: of each series, how wide, and from when.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn kept(
    organisation: OrganisationId,
    indicator: IndicatorId,
    day: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<(Named, Rollup)>, Error> {
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(Vec::new()) };
    let rows: Vec<(String, RollupRow)> = measurement_rollups::table
        .inner_join(measurement_series::table)
        .filter(measurement_series::measured_id.eq(measured))
        .filter(measurement_rollups::starts_at.ge(InstantValue(day)))
        .filter(measurement_rollups::starts_at.lt(InstantValue(Step::Day.end_of(day))))
        .select((measurement_series::dimensions, RollupRow::as_select()))
        .load(connection)?;
    let read = |(name, row): (String, RollupRow)| {
        row.read().map(|(place, rollup)| ((name, place.step, place.starts_at), rollup))
    };
    rows.into_iter().map(read).collect()
}

/// How many hours and days are kept of an indicator that begin at or after a moment, where one is given.
///
/// # Errors
/// The database's.
pub(crate) fn count(
    organisation: OrganisationId,
    indicator: IndicatorId,
    from: Option<DateTime<Utc>>,
    connection: &mut AnyConnection,
) -> Result<i64, Error> {
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(0) };
    let mut kept = measurement_rollups::table
        .inner_join(measurement_series::table)
        .filter(measurement_series::measured_id.eq(measured))
        .into_boxed();
    if let Some(from) = from {
        kept = kept.filter(measurement_rollups::starts_at.ge(InstantValue(from)));
    }
    Ok(kept.count().get_result(connection)?)
}

/// Each day of each indicator since one as a figure over all series, oldest first: the mean of all measurements, of ratios the
/// quotient of the sums.
///
/// # Errors
/// The database's.
pub(crate) fn days(
    organisation: OrganisationId,
    indicators: &[IndicatorId],
    from: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<HashMap<IndicatorId, Days>, Error> {
    use diesel::dsl::{sql, sum};
    use measurement_rollups as r;
    type Sums = (i32, InstantValue, Option<f64>, Option<f64>, Option<f64>);
    let measured = keys::measured(organisation, indicators, connection)?;
    let named: HashMap<i32, IndicatorId> = measured.iter().map(|(indicator, id)| (*id, *indicator)).collect();
    let mean = sql::<Nullable<Double>>(
        "sum(measurement_rollups.mean * measurement_rollups.count) \
         / CAST(sum(measurement_rollups.count) AS DOUBLE PRECISION)",
    );
    let sums: Vec<Sums> = r::table
        .inner_join(measurement_series::table)
        .filter(measurement_series::measured_id.eq_any(measured.values()))
        .filter(r::step.eq(<&str>::from(Step::Day)))
        .filter(r::starts_at.ge(InstantValue(from)))
        .group_by((measurement_series::measured_id, r::starts_at))
        .select((measurement_series::measured_id, r::starts_at, mean, sum(r::numerators), sum(r::denominators)))
        .load(connection)?;
    let mut days: HashMap<IndicatorId, Days> = HashMap::new();
    for (measured, InstantValue(day), mean, numerators, denominators) in sums {
        let quotient = numerators.zip(denominators).map(|(numerator, denominator)| numerator / denominator);
        let (Some(value), Some(indicator)) = (quotient.or(mean), named.get(&measured)) else { continue };
        days.entry(*indicator).or_default().push((day, value));
    }
    days.values_mut().for_each(|days| days.sort_unstable_by_key(|(day, _)| *day));
    Ok(days)
}

/// Follows what was written, after it was: `rows` count from here on, and what counted under the keys `ended` does not any more.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(super) fn follow(rows: &[Row], ended: &[LiveKey], connection: &mut AnyConnection) -> Result<(), Error> {
    // What something was taken from cannot be told from what is left of its figures.
    let hour_of = |(_, at, series): &LiveKey| Place::of(*series, Step::Hour, at.0);
    let anew: BTreeSet<Place> = ended.iter().map(hour_of).collect();
    let days_anew: BTreeSet<Place> =
        anew.iter().map(|hour| Place::of(hour.series, Step::Day, hour.starts_at)).collect();
    let mut hours: BTreeMap<Place, Rollup> = BTreeMap::new();
    let mut days: BTreeMap<Place, Rollup> = BTreeMap::new();
    for row in rows {
        let InstantValue(at) = row.observed_at;
        let (hour, day) = (Place::of(row.series_id, Step::Hour, at), Place::of(row.series_id, Step::Day, at));
        let rollup = Rollup::of(at, row.figure());
        if !anew.contains(&hour) {
            join(&mut hours, hour, rollup);
        }
        if !days_anew.contains(&day) {
            join(&mut days, day, rollup);
        }
    }
    add(hours, connection)?;
    let (mut hours_of, mut days_of) = (BTreeMap::<_, BTreeSet<i32>>::new(), BTreeMap::<_, BTreeSet<i32>>::new());
    for (measured, at, series) in ended {
        hours_of.entry((*measured, Step::Hour.start_of(at.0))).or_default().insert(*series);
        days_of.entry(Step::Day.start_of(at.0)).or_default().insert(*series);
    }
    let mut left = BTreeMap::new();
    for ((measured, hour), series) in hours_of {
        left_of_hour(measured, hour, &series, &mut left, connection)?;
    }
    replace(&anew, &left, connection)?;
    left.clear();
    for (day, series) in days_of {
        left_of_day(day, &series, &mut left, connection)?;
    }
    replace(&days_anew, &left, connection)?;
    add(days, connection)
}

fn join(rollups: &mut BTreeMap<Place, Rollup>, place: Place, rollup: Rollup) {
    rollups.entry(place).and_modify(|known| *known = known.with(rollup)).or_insert(rollup);
}

/// Adds to what is there.
fn add(mut new: BTreeMap<Place, Rollup>, connection: &mut AnyConnection) -> Result<(), Error> {
    let places: Vec<Place> = new.keys().copied().collect();
    for row in bulk::rollups(&places, connection)? {
        let (place, before) = row.read()?;
        if let Some(rollup) = new.get_mut(&place) {
            *rollup = before.with(*rollup);
        }
    }
    let rows: Vec<RollupRow> = new.iter().map(|(place, rollup)| RollupRow::of(*place, rollup)).collect();
    bulk::put_rollups(&rows, connection)
}

/// What there is in these places from here on.
fn replace(
    places: &BTreeSet<Place>,
    left: &BTreeMap<Place, Rollup>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let rows: Vec<RollupRow> = left.iter().map(|(place, rollup)| RollupRow::of(*place, rollup)).collect();
    bulk::put_rollups(&rows, connection)?;
    for place in places.iter().filter(|place| !left.contains_key(place)) {
        let empty =
            measurement_rollups::table.find((place.series, <&str>::from(place.step), InstantValue(place.starts_at)));
        diesel::delete(empty).execute(connection)?;
    }
    Ok(())
}

/// What counts of these series within an hour, out of its measurements.
fn left_of_hour(
    measured: i32,
    starts_at: DateTime<Utc>,
    series: &BTreeSet<i32>,
    left: &mut BTreeMap<Place, Rollup>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let rows: Vec<Row> = measurements::table
        .filter(measurements::measured_id.eq(measured))
        .filter(measurements::observed_at.ge(InstantValue(starts_at)))
        .filter(measurements::observed_at.lt(InstantValue(Step::Hour.end_of(starts_at))))
        .filter(measurements::series_id.eq_any(series))
        .order(measurements::observed_at)
        .select(Row::as_select())
        .load(connection)?;
    for row in rows {
        let place = Place { series: row.series_id, step: Step::Hour, starts_at };
        join(left, place, Rollup::of(row.observed_at.0, row.figure()));
    }
    Ok(())
}

/// What counts of these series within a day, out of its hours.
fn left_of_day(
    starts_at: DateTime<Utc>,
    series: &BTreeSet<i32>,
    left: &mut BTreeMap<Place, Rollup>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let rows: Vec<RollupRow> = measurement_rollups::table
        .filter(measurement_rollups::series_id.eq_any(series))
        .filter(measurement_rollups::step.eq(<&str>::from(Step::Hour)))
        .filter(measurement_rollups::starts_at.ge(InstantValue(starts_at)))
        .filter(measurement_rollups::starts_at.lt(InstantValue(Step::Day.end_of(starts_at))))
        .order(measurement_rollups::starts_at)
        .select(RollupRow::as_select())
        .load(connection)?;
    for row in rows {
        let (hour, rollup) = row.read()?;
        join(left, Place { step: Step::Day, starts_at, ..hour }, rollup);
    }
    Ok(())
}
