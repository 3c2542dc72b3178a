//! What a chart is drawn of: the newest measurements within a window, and the first of the phase in which they begin.

use crate::changes::phases_of;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::measurements::series::{End, Read, Span, numbered, readings};
use chrono::{DateTime, Utc};
use ratchet_domain::indicators::Indicator;
use ratchet_domain::indicators::chart::{Segment, segments};

/// So many measurements of a series are looked at: the newest of the window.
pub const POINTS: i64 = 2_000;

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

/// The chart of one series of an indicator, in a fixed number of statements whatever was measured.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn chart(indicator: &Indicator, asked: &Asked, connection: &mut AnyConnection) -> Result<Chart, Error> {
    let organisation = indicator.head.organisation;
    let Asked { from, to, series } = asked;
    let known = numbered(organisation, indicator.id(), connection)?;
    let series = series.clone().or_else(|| known.keys().next().cloned()).unwrap_or_default();
    let own = known.get(&series).copied();
    let span = Span { from: *from, to: *to };
    let read = own.map(|own| readings(own, span, (End::Newest, POINTS), connection)).transpose()?;
    let Read { readings: newest, is_cut } = read.unwrap_or_default();
    let phases = phases_of(organisation, indicator, connection)?;
    let begins = newest.first().and_then(|first| phases.iter().rposition(|phase| phase.starts_at <= first.observed_at));
    let first = match begins.filter(|_| is_cut || from.is_some()) {
        Some(phase) => {
            let start = |n: usize| phases.get(n).map(|phase| phase.starts_at);
            let span = Span { from: start(phase), to: start(phase + 1) };
            // As many as limits rest on, where there are so many.
            let baseline = i64::from(indicator.charting().baseline(indicator.frequency));
            own.map(|own| readings(own, span, (End::First, baseline), connection))
                .transpose()?
                .map(|read| read.readings)
        }
        None => None,
    };
    let segments = segments(&phases, &newest, first.as_deref(), &indicator.charting(), indicator.frequency);
    Ok(Chart { known: known.into_keys().collect(), series, segments, is_cut })
}
