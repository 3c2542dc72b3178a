//! The live measurements of one series as its chart sees them: the only way by which charts and patterns read figures.

use super::bulk::{self, OfSeries};
use super::{figure, keys};
use crate::column::InstantValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::measurement_rollups as r;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::id::{IndicatorId, OrganisationId};
use ratchet_domain::indicators::chart::Reading;
use ratchet_domain::measurements::Step;
use std::collections::BTreeMap;

/// Which of them, in time.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Span {
    /// Observed at or after this moment.
    pub from: Option<DateTime<Utc>>,
    /// Observed before this moment.
    pub to: Option<DateTime<Utc>>,
}

/// Which of too many.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The first of them.
    First,
    /// The newest of them.
    Newest,
}

/// What was read.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Read {
    /// The measurements, in the order in which they were observed.
    pub readings: Vec<Reading>,
    /// Whether there are more.
    pub is_cut: bool,
}

/// A series by the numbers under which its rows stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Numbered {
    measured: i32,
    series: i32,
}

/// The series of an indicator, by their dimensions as texts.
///
/// # Errors
/// The database's.
pub(crate) fn numbered(
    organisation: OrganisationId,
    indicator: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<BTreeMap<String, Numbered>, Error> {
    let Some(measured) = keys::measured_one(organisation, indicator, connection)? else { return Ok(BTreeMap::new()) };
    let series = keys::series_of(measured, connection)?.into_iter();
    Ok(series.map(|(series, name)| (name, Numbered { measured, series })).collect())
}

/// At most `limit` measurements of a series, in two statements: other series of the indicator, however often they are
/// measured, take nothing of it.
///
/// # Errors
/// The database's.
pub(crate) fn readings(
    Numbered { measured, series }: Numbered,
    span: Span,
    (end, limit): (End, i64),
    connection: &mut AnyConnection,
) -> Result<Read, Error> {
    let Some(hours) = hours(series, span, (end, limit), connection)? else { return Ok(Read::default()) };
    let window = (
        InstantValue(span.from.unwrap_or(DateTime::UNIX_EPOCH)),
        InstantValue(span.to.unwrap_or(hours.1.0 + chrono::TimeDelta::hours(1))),
    );
    let newest = end == End::Newest;
    let asked = OfSeries { measured, series, hours, window, newest, limit: limit.saturating_add(1) };
    let mut rows = bulk::of_series(&asked, connection)?;
    let most = usize::try_from(limit).unwrap_or(usize::MAX);
    let is_cut = rows.len() > most;
    rows.truncate(most);
    let reading =
        |row: bulk::Counted| Reading { observed_at: row.observed_at.0, figure: figure(row.value, row.denominator) };
    let mut readings: Vec<Reading> = rows.into_iter().map(reading).collect();
    readings.sort_unstable_by_key(|reading| reading.observed_at);
    Ok(Read { readings, is_cut })
}

/// The hours that hold one more than `limit` measurements, or all there are: the first and the last of them.
fn hours(
    series: i32,
    span: Span,
    (end, limit): (End, i64),
    connection: &mut AnyConnection,
) -> Result<Option<(InstantValue, InstantValue)>, Error> {
    let mut query = r::table
        .filter(r::series_id.eq(series))
        .filter(r::step.eq(<&str>::from(Step::Hour)))
        .select((r::starts_at, r::count))
        // Each has one at least; of the two at the ends of the span not all may lie in it.
        .limit(limit.saturating_add(3))
        .into_boxed();
    let edges = [span.from, span.to].map(|at| at.map(|at| Step::Hour.start_of(at)));
    if let Some(from) = edges[0] {
        query = query.filter(r::starts_at.ge(InstantValue(from)));
    }
    if let Some(to) = span.to {
        query = query.filter(r::starts_at.lt(InstantValue(to)));
    }
    let query = match end {
        End::First => query.order(r::starts_at.asc()),
        End::Newest => query.order(r::starts_at.desc()),
    };
    let found: Vec<(InstantValue, i64)> = query.load(connection)?;
    let (mut held, mut last) = (0, None);
    for (hour, count) in &found {
        last = Some(*hour);
        if !edges.contains(&Some(hour.0)) {
            held += count;
        }
        if held > limit {
            break;
        }
    }
    let first = found.first().map(|(hour, _)| *hour);
    Ok(first.zip(last).map(|(one, other)| if one <= other { (one, other) } else { (other, one) }))
}
