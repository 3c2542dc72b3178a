//! How all active indicators stand, in five statements whatever their number.

use crate::connection::AnyConnection;
use crate::error::Error;
use crate::{evaluation, indicators, measurements, signals};
use chrono::{DateTime, Days, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::change::Record;
use ratchet_domain::evaluation::State;
use ratchet_domain::id::IndicatorId;
use ratchet_domain::indicators::Indicator;
use ratchet_domain::indicators::chart::{Trend, trend};
use ratchet_domain::measurements::Step;
use ratchet_domain::signals::Kind;

/// So many indicators are shown at most.
pub const INDICATORS: usize = 200;
/// So many days of each are looked at: the newest.
const DAYS: u64 = 30;

/// How an indicator stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Standing {
    /// Which one.
    pub indicator: Indicator,
    /// What is known of its series.
    pub state: State,
    /// The signals of it that are open.
    pub signals: Vec<Kind>,
    /// Its newest days (UTC), oldest first, each as one figure over all series; days without a measurement are left out.
    pub points: Vec<(DateTime<Utc>, f64)>,
    /// Where these lead; `None` of fewer than 12.
    pub trend: Option<Trend>,
}

/// The active indicators that the actor sees, by their age, and how many more there are.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn standings(
    by: &Actor,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(Vec<Standing>, usize), Error> {
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
    let from = Step::Day.start_of(now).checked_sub_days(Days::new(DAYS - 1)).unwrap_or(now);
    let mut measured = measurements::days(by.organisation, &ids, from, connection)?;
    let stand = |indicator: Indicator| {
        let id = indicator.id();
        let points = measured.remove(&id).unwrap_or_default();
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
