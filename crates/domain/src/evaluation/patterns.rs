//! What the chart says of the newest measurements: rules that are met, and a trend away from the goal.
//!
//! - It is looked at anew from what counts, each time something is measured: late measurements and corrections have their
//!   place in it like any other. Only the present phase counts, and of it the newest [`NEWEST`] measurements of a series.
//! - What limits rest on raises nothing; until there are so many, nothing does. A trend needs 12 measurements.
//! - A rule that is met with one of the newest [`QUIET`] measurements raises, or with one that was observed since the series was
//!   last looked at: of many that come at once none is passed over. The first time it is the newest [`QUIET`] alone, so that
//!   history that is brought along raises nothing. Only once none of the newest [`QUIET`] meets any rule, in any series, is the
//!   signal cleared. A trend raises where chance would give it once in a hundred, and is cleared once chance would give it more
//!   than once in ten: between the two nothing changes, so that nothing flaps.
//! - Of an indicator with more than [`SERIES`] series nothing is raised: look at its charts.

#[cfg(test)]
mod tests;

use super::{Episode, Open};
use crate::analysis::control::rules::Rule;
use crate::indicators::chart::{Basis, Reading, trend};
use crate::indicators::{Control, Frequency, Goal};
use crate::signals::{Kind, Sighting};
use chrono::{DateTime, Utc};
use std::collections::BTreeSet;

/// So many of a series' newest measurements are looked at.
pub const NEWEST: u16 = 100;
/// So many measurements in a row that meet no rule clear the signal.
pub const QUIET: usize = 5;
/// Of more series nothing is raised.
pub const SERIES: usize = 10;

/// What the chart of one series says.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// What calls for attention, in the order in which it was observed, with the rules that are met.
    pub breaches: Vec<(Sighting, Vec<Rule>)>,
    /// The newest measurement.
    pub newest: Sighting,
    /// Whether nothing is left of what had called for attention.
    pub is_settled: bool,
}

fn sighting(reading: &Reading) -> Sighting {
    Sighting { value: Some(reading.figure.value()), observed_at: reading.observed_at }
}

/// Whether the process behind a series has changed: by `first`, the first measurements of its phase, and by the newest of it.
/// `since` is the newest measurement that was looked at before. `None` where nothing is measured.
#[must_use]
pub fn out_of_control(
    first: &[Reading],
    newest: &[Reading],
    since: Option<DateTime<Utc>>,
    (control, frequency): (&Control, Option<Frequency>),
) -> Option<Finding> {
    let last = sighting(newest.last()?);
    let Ok(basis) = Basis::of(first, control, frequency) else {
        return Some(Finding { breaches: Vec::new(), newest: last, is_settled: true });
    };
    let quiet = newest.len().saturating_sub(QUIET);
    let unseen = since.map_or(quiet, |since| newest.partition_point(|reading| reading.observed_at <= since));
    let placed = newest.iter().zip(basis.places(newest)).enumerate().skip(quiet.min(unseen));
    let judged = placed.filter(|(_, (reading, _))| reading.observed_at > basis.until);
    let met = judged.filter_map(|(n, (reading, place))| Some((n, (sighting(reading), place?.rules))));
    let met: Vec<(usize, (Sighting, Vec<Rule>))> = met.filter(|(_, (_, rules))| !rules.is_empty()).collect();
    let is_settled = met.iter().all(|(n, _)| *n < quiet);
    Some(Finding { breaches: met.into_iter().map(|(_, breach)| breach).collect(), newest: last, is_settled })
}

/// Whether a series gets worse. `None` where nothing is measured.
#[must_use]
pub fn adverse_trend(
    newest: &[Reading],
    goal: Option<&Goal>,
    control: &Control,
    frequency: Option<Frequency>,
) -> Option<Finding> {
    let last = sighting(newest.last()?);
    let points: Vec<_> = newest.iter().map(Reading::point).collect();
    let found = if control.watches_trend(frequency) { trend(&points, goal) } else { None };
    let breaches = found.filter(|trend| trend.is_adverse()).map(|_| (last, Vec::new())).into_iter().collect();
    Some(Finding { breaches, newest: last, is_settled: found.is_none_or(|trend| trend.is_settled()) })
}

/// What follows for the signal of a kind, by what all series say.
#[must_use]
pub fn follow(kind: Kind, findings: &[Finding], open: Option<Open>) -> Option<Episode> {
    let mut breaches: Vec<&(Sighting, Vec<Rule>)> = findings.iter().flat_map(|finding| &finding.breaches).collect();
    breaches.sort_by_key(|(at, _)| at.observed_at);
    breaches.retain(|(at, _)| open.is_none_or(|open| at.observed_at > open.last_observed_at));
    let rules: BTreeSet<Rule> = breaches.iter().flat_map(|(_, rules)| rules.iter().copied()).collect();
    let episode = Episode {
        kind,
        new: open.is_none(),
        occurrences: i64::try_from(breaches.len()).unwrap_or(i64::MAX),
        first: breaches.first().map(|(at, _)| *at),
        last: breaches.last().map(|(at, _)| *at),
        rules: rules.into_iter().collect(),
        cleared: None,
    };
    if !breaches.is_empty() {
        return Some(episode);
    }
    let newest = findings.iter().map(|finding| finding.newest).max_by_key(|newest| newest.observed_at)?;
    let later = open.is_some_and(|open| newest.observed_at > open.last_observed_at);
    let settled = findings.iter().all(|finding| finding.is_settled);
    (later && settled).then_some(Episode { cleared: Some(newest), ..episode })
}
