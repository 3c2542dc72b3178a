//! What indicators say of an effect: the measurements that are compared, read in a few statements whatever their number.

use crate::connection::AnyConnection;
use crate::error::Error;
use crate::measurements;
use crate::table::Table;
use ratchet_domain::analysis::effect::{Effect, Figures, Windows};
use ratchet_domain::change::Record;
use ratchet_domain::evaluation::Observation;
use ratchet_domain::id::{IndicatorId, OrganisationId};
use ratchet_domain::indicators::Indicator;
use std::collections::{BTreeMap, HashMap};

/// Measurements of all indicators that are read on either side, at most: the effect is worked out while somebody waits.
pub const MEASUREMENTS: usize = 20_000;

/// The figures of each series of an indicator.
type Series = BTreeMap<String, Figures>;

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
