//! The figures of a formula: read out of its sources' rollups, and kept true as measurements.

use crate::connection::AnyConnection;
use crate::error::Error;
use crate::measurements::{self, Stored, Stretch, Window};
use crate::tx::Tx;
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::id::{IndicatorId, OrganisationId};
use ratchet_domain::indicators::Indicator;
use ratchet_domain::indicators::formula::{Formula, Source, Working};
use ratchet_domain::measurements::{Figure, Key, MeasurementBatch, Point, Rollup, sift};
use ratchet_domain::reference::Locator;
use std::collections::HashMap;

/// Hours or days of a source's series that are read at once, at most.
const READ: i64 = 50_000;
/// Why a figure is taken back.
const GONE: &str = "The figures it was computed of have changed, and give none any more";

/// What a formula makes of its sources, period by period, for those periods that begin between two moments, both included; at
/// most `limit`. `None` where even so more than 50,000 hours or days of a source would have to be read.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn workings(
    organisation: OrganisationId,
    formula: &Formula,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    limit: u32,
    connection: &mut AnyConnection,
) -> Result<Option<Vec<Working>>, Error> {
    let step = formula.period;
    let mut starts = Vec::new();
    let mut start = step.start_of(from);
    while start <= until && u32::try_from(starts.len()).unwrap_or(u32::MAX) < limit {
        starts.push(start);
        start = step.end_of(start);
    }
    let (Some(first), end) = (starts.first().copied(), start) else { return Ok(Some(Vec::new())) };
    // An indicator that is named twice is read once.
    let mut sources: HashMap<IndicatorId, HashMap<DateTime<Utc>, Rollup>> = HashMap::new();
    for source in &formula.sources {
        if sources.contains_key(&source.indicator) {
            continue;
        }
        let (from, to) = (Some(first), Some(end));
        let stretch = Stretch { step, from, to, dimensions: Vec::new(), by: Vec::new() };
        let rolled = measurements::rolled(organisation, source.indicator, &stretch, READ, connection)?;
        let Some(rolled) = rolled else { return Ok(None) };
        let rolled = rolled.into_iter().map(|rolled| (rolled.starts_at, rolled.rollup)).collect();
        sources.insert(source.indicator, rolled);
    }
    let working = |start: DateTime<Utc>| {
        let rolled = |source: &Source| sources.get(&source.indicator)?.get(&start);
        let rollups: Vec<Option<&Rollup>> = formula.sources.iter().map(rolled).collect();
        formula.work_out(start, &rollups)
    };
    Ok(Some(starts.into_iter().map(working).collect()))
}

/// Has the figures of the periods that begin between two moments say what follows from the sources now, at most `limit` of
/// them; where the first period begins that is left.
///
/// # Errors
/// The database's.
pub(super) fn compute(
    indicator: &Indicator,
    formula: &Formula,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    limit: u32,
    tx: &mut Tx<'_>,
) -> Result<DateTime<Utc>, Error> {
    let organisation = indicator.head.organisation;
    let mut some = limit;
    let workings = loop {
        match workings(organisation, formula, (from, until), some, tx.connection())? {
            Some(workings) => break workings,
            // Fewer at a time; of one that is too much alone there is no figure.
            None if some > 1 => some /= 2,
            None => {
                tracing::warn!(indicator = %indicator.head.id, period = %from, "has too many series to be computed");
                return Ok(formula.period.end_of(formula.period.start_of(from)));
            }
        }
    };
    let Some(last) = workings.last() else { return Ok(from.max(until)) };
    let next = formula.period.end_of(last.starts_at);
    let places: Vec<Point> = workings.iter().map(|working| place(indicator, formula, working)).collect();
    let known = measurements::known(organisation, places.iter(), tx.connection())?;
    let points = workings.iter().filter_map(|working| indicator.worked_out(formula, working));
    let sifted = sift(points.map(Ok).collect(), &known);
    if !sifted.rows.is_empty() {
        measurements::record(formula.batch_source(), &sifted, tx)?;
    }
    for (working, place) in workings.iter().zip(&places) {
        if working.value.is_err() && known.contains_key(&place.key()) {
            take_back(place, tx)?;
        }
    }
    Ok(next)
}

/// Where a period's figure stands, whether there is one or not.
fn place(indicator: &Indicator, formula: &Formula, working: &Working) -> Point {
    let observed_at = formula.observed_at(working.starts_at);
    let figure = Figure::Gauge { value: 0.0 };
    Point { indicator: indicator.id(), observed_at, series: String::new(), figure, note: None }
}

/// Withdraws the figure that counts at a place.
fn take_back(place: &Point, tx: &mut Tx<'_>) -> Result<(), Error> {
    let Key { indicator, observed_at, series: _ } = place.key();
    let to = observed_at + TimeDelta::microseconds(1);
    let window = Window { from: Some(observed_at), to: Some(to), ..Window::default() };
    let found = measurements::list(tx.actor().organisation, indicator, &window, 1, tx.connection())?;
    for Stored { batch: (batch, number), .. } in found {
        let batch: MeasurementBatch = tx.load(Locator::Id(batch.0))?;
        let change = measurements::withdraw_one(batch, number, GONE.to_owned(), tx)?;
        tx.save(change)?;
    }
    Ok(())
}
