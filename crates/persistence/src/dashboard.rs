//! How all active indicators stand, in five statements whatever their number.

use crate::connection::AnyConnection;
use crate::error::Error;
use crate::{evaluation, indicators, measurements, signals};
use chrono::{DateTime, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::Record;
use ratchet_domain::evaluation::State;
use ratchet_domain::id::IndicatorId;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::indicators::chart::{Trend, trend};
use ratchet_domain::signals::Kind;
use std::collections::BTreeMap;

/// So many indicators are shown at most.
pub const INDICATORS: usize = 200;
/// So many measurements of each are looked at: the newest.
pub const POINTS: i64 = 30;

/// How an indicator stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Which one.
    pub indicator: Indicator,
    /// What is known of its series.
    pub state: State,
    /// The signals of it that are open.
    pub signals: Vec<Kind>,
    /// The newest measurements of its first series, in the order in which they were observed.
    pub points: Vec<(DateTime<Utc>, f64)>,
    /// Where these lead; `None` of fewer than 12.
    pub trend: Option<Trend>,
}

/// The active indicators that the actor sees, by their age, and how many more there are.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn standings(by: &Actor, connection: &mut AnyConnection) -> Result<(Vec<Standing>, usize), Error> {
    let mut seen = indicators::active(by.organisation, connection)?;
    seen.retain(|indicator| indicator.is_visible(by));
    let left_out = seen.len().saturating_sub(INDICATORS);
    seen.truncate(INDICATORS);
    if seen.is_empty() {
        return Ok((Vec::new(), 0));
    }
    let ids: Vec<IndicatorId> = seen.iter().map(Indicator::id).collect();
    let mut states = evaluation::states(by.organisation, &seen, connection)?;
    let mut open = signals::open_kinds(by.organisation, connection)?;
    let mut measured = measurements::latest(by.organisation, &ids, DateTime::UNIX_EPOCH, POINTS, connection)?;
    let stand = |indicator: Indicator| {
        let id = indicator.id();
        let mut series: BTreeMap<String, Vec<(DateTime<Utc>, f64)>> = BTreeMap::new();
        for one in measured.remove(&id).unwrap_or_default() {
            series.entry(one.series).or_default().push((one.observed_at, one.value));
        }
        let mut points = series.into_values().next().unwrap_or_default();
        points.sort_unstable_by_key(|(at, _)| *at);
        Standing {
            state: states.remove(&id).unwrap_or_default(),
            signals: open.remove(&id).unwrap_or_default(),
            trend: trend(&points, indicator.goal.as_ref()),
            points,
            indicator,
        }
    };
    Ok((seen.into_iter().map(stand).collect(), left_out))
}
