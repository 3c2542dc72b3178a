//! What indicators say of an effect: the measurements that are compared, read in a few statements whatever their number.

use crate::connection::AnyConnection;
use crate::error::Error;
use crate::measurements;
use crate::table::Table;
use chrono::{DateTime, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::analysis::effect::{Effect, Figures, Windows};
use ratchet_domain::change::{Lifecycle, Record};
use ratchet_domain::evaluation::Observation;
use ratchet_domain::id::{IndicatorId, OrganisationId};
use ratchet_domain::indicators::Indicator;
use std::collections::{BTreeMap, HashMap};

/// Measurements of all indicators that are read on either side, at most: the effect is worked out while somebody waits.
pub const MEASUREMENTS: usize = 20_000;

/// The figures of each series of an indicator.
type Series = BTreeMap<String, Figures>;

/// A record of which indicators tell whether it has worked.
pub trait Effective: Lifecycle + Table {
    /// What was frozen when it was judged, unless it is to be judged again.
    fn frozen(&self) -> Option<&Effect>;

    /// What is compared now: which indicators, and when; `None` while there is nothing to compare.
    ///
    /// # Errors
    /// The database's, or [`Error::Corrupt`].
    fn compared(
        &self,
        now: DateTime<Utc>,
        connection: &mut AnyConnection,
    ) -> Result<Option<(Vec<IndicatorId>, Windows)>, Error>;

    /// What is measured now.
    ///
    /// # Errors
    /// The database's, or [`Error::Corrupt`].
    fn measured(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Option<Effect>, Error> {
        let Some((indicators, windows)) = self.compared(now, connection)? else { return Ok(None) };
        of_windows(self.head().organisation, windows, &indicators, connection).map(Some)
    }

    /// What was frozen, or else what is measured now.
    ///
    /// # Errors
    /// The database's, or [`Error::Corrupt`].
    fn effect(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Seen, Error> {
        let frozen = self.frozen().cloned();
        let is_frozen = frozen.is_some();
        let effect = if is_frozen { frozen } else { self.measured(now, connection)? };
        Ok(Seen { is_frozen, effect })
    }

    /// Whether the actor may see that, where it sees the record.
    fn shows_effect_to(&self, _by: &Actor) -> bool {
        true
    }
}

/// What indicators say of a record.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Whether this is what the verdict rests on.
    pub is_frozen: bool,
    /// `None` while there is nothing to compare.
    pub effect: Option<Effect>,
}

/// Compares indicators before and after. Where there are more than [`MEASUREMENTS`] on a side, those nearest to what lies
/// between are taken, and the effect says that it is not complete.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn of_windows(
    organisation: OrganisationId,
    windows: Windows,
    indicators: &[IndicatorId],
    connection: &mut AnyConnection,
) -> Result<Effect, Error> {
    let limit = i64::try_from(MEASUREMENTS).unwrap_or(i64::MAX);
    let mut side = |period, near_its_end| {
        // One more than is taken, so that it shows when there are more.
        let mut read = measurements::within(organisation, indicators, (period, near_its_end), limit + 1, connection)?;
        let is_complete = read.len() <= MEASUREMENTS;
        read.truncate(MEASUREMENTS);
        Ok::<_, Error>((read, is_complete))
    };
    let (before, all_before) = side(windows.before, true)?;
    let (after, all_after) = side(windows.after, false)?;
    let mut series: HashMap<IndicatorId, Series> = HashMap::new();
    for (indicator, Observation { series: name, value, .. }) in before {
        figures(&mut series, indicator, name).before.push(value);
    }
    for (indicator, Observation { series: name, value, .. }) in after {
        figures(&mut series, indicator, name).after.push(value);
    }
    let ids: Vec<_> = indicators.iter().map(|indicator| indicator.0).collect();
    let mut known: HashMap<_, _> = Indicator::many(organisation, &ids, connection)?
        .into_iter()
        .map(|indicator| (indicator.head().id, indicator))
        .collect();
    let measured: Vec<(Indicator, Vec<Figures>)> = ids
        .iter()
        .filter_map(|id| known.remove(id))
        .map(|indicator| {
            let figures = series.remove(&indicator.id()).unwrap_or_default();
            (indicator, figures.into_values().collect())
        })
        .collect();
    Ok(Effect::of(windows, &measured, all_before && all_after))
}

fn figures(series: &mut HashMap<IndicatorId, Series>, indicator: IndicatorId, name: String) -> &mut Figures {
    let one = || Figures { series: name.clone(), ..Figures::default() };
    series.entry(indicator).or_default().entry(name.clone()).or_insert_with(one)
}
