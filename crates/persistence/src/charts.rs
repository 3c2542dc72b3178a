//! What a chart is drawn of: the newest measurements within a window, and the first of the phase in which they begin.

use crate::changes::phases_of;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::evaluation;
use crate::measurements::series::{End, Read, Window, readings};
use chrono::{DateTime, Utc};
use ratchet_domain::indicators::Indicator;
use ratchet_domain::indicators::chart::{Reading, Segment, segments};
use std::collections::BTreeSet;

/// So many measurements of a series are looked at: the newest of the window.
pub const POINTS: i64 = 2_000;
/// Of an indicator with more series so many are read for; the chart of one of them may then show fewer measurements.
const SERIES: usize = 10;

/// What is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Observed at or after this moment.
    pub from: Option<DateTime<Utc>>,
    /// Observed before this moment.
    pub to: Option<DateTime<Utc>>,
    /// The series, by its dimensions as one text; without it the first of them.
    pub series: Option<String>,
}

/// What is found.
#[derive(Debug, Clone, PartialEq)]
pub struct Chart {
    /// All series of the indicator.
    pub known: Vec<String>,
    /// The one that is charted.
    pub series: String,
    /// Its phases in the window.
    pub segments: Vec<Segment>,
    /// Whether the window holds older measurements that were not looked at.
    pub is_cut: bool,
}

/// How many measurements are read for an indicator of so many series, where each is to have `each`.
pub(crate) fn rows(each: i64, series: usize) -> i64 {
    each.saturating_mul(i64::try_from(series.clamp(1, SERIES)).unwrap_or(1))
}

/// The chart of one series of an indicator, in at most five statements whatever was measured.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn chart(indicator: &Indicator, asked: &Asked, connection: &mut AnyConnection) -> Result<Chart, Error> {
    let organisation = indicator.head.organisation;
    let state = evaluation::state(organisation, indicator, connection)?;
    let Asked { from, to, series } = asked;
    let window = Window { from: *from, to: *to };
    let newest = (End::Newest, rows(POINTS, state.series.len()));
    let Read { series: mut read, is_cut } = readings(organisation, indicator.id(), window, newest, connection)?;
    let known: BTreeSet<&String> = state.series.keys().chain(read.keys()).collect();
    let known: Vec<String> = known.into_iter().cloned().collect();
    let series = series.clone().or_else(|| known.first().cloned()).unwrap_or_default();
    let mut own = read.remove(&series).unwrap_or_default();
    let most = usize::try_from(POINTS).unwrap_or(usize::MAX);
    let is_cut = is_cut || own.len() > most;
    own.drain(..own.len().saturating_sub(most));
    let phases = phases_of(organisation, indicator, connection)?;
    let begins = own.first().and_then(|first| phases.iter().rposition(|phase| phase.starts_at <= first.observed_at));
    let first = match begins.filter(|_| is_cut || from.is_some()) {
        Some(phase) => {
            let start = |n: usize| phases.get(n).map(|phase| phase.starts_at);
            let window = Window { from: start(phase), to: start(phase + 1) };
            Some(first_of((indicator, &series), window, state.series.len(), connection)?)
        }
        None => None,
    };
    let segments = segments(&phases, &own, first.as_deref(), &indicator.charting(), indicator.frequency);
    Ok(Chart { known, series, segments, is_cut })
}

/// The first measurements of a series in a window: at least as many as limits rest on, where there are so many.
fn first_of(
    (indicator, series): (&Indicator, &str),
    window: Window,
    count: usize,
    connection: &mut AnyConnection,
) -> Result<Vec<Reading>, Error> {
    let baseline = indicator.charting().baseline(indicator.frequency);
    let first = (End::First, rows(i64::from(baseline), count));
    let mut read = readings(indicator.head.organisation, indicator.id(), window, first, connection)?.series;
    Ok(read.remove(series).unwrap_or_default())
}
