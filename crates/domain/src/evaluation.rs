//! Evaluation of an indicator: every new measurement is walked in order, none skipped.
//!
//! - Measurements with the same dimensions are a *series*; an indicator is as bad as the worst of its series.
//! - A measurement earlier than the newest of its series is *late*: it is kept and drawn, and neither raises nor clears
//!   anything, since what it says has been superseded. One at the same moment is a correction: it sets the present
//!   status anew, may raise, and does not clear.
//! - While a signal is open, further breaches are counted in it. What a walk raises and clears and meets again stays one
//!   signal, so that one run makes at most one new signal per kind, however long the backlog.
//! - A critical value does not raise a warning beside the critical signal; a warning that is open stays open.
//! - Only a measurement later than the last breach clears, and only once no series is in breach.

pub mod patterns;
#[cfg(test)]
mod tests;
mod walk;

pub use walk::{Walked, walk};

use crate::analysis::control::rules::Rule;
use crate::indicators::{Frequency, Goal, Judgement};
use crate::signals::{Kind, Sighting};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// How an indicator stands.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IndicatorStatus))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// On the good side of both thresholds.
    OnTarget,
    /// Beyond the warning threshold.
    Warning,
    /// Beyond the critical threshold.
    Critical,
    /// Never measured.
    NoData,
    /// Not measured for 1.5 times its frequency.
    Stale,
}

/// A measurement as evaluation sees it.
#[derive(Debug, Clone, PartialEq)]
pub struct Observation {
    /// Its dimensions, in one text.
    pub series: String,
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
    /// The value; for a ratio the quotient.
    pub value: f64,
}

/// The newest measurement of a series.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
    /// The value.
    pub value: f64,
    /// What it is by the thresholds that held when it was judged.
    pub judgement: Judgement,
}

/// What is known of an indicator's series.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct State {
    /// The newest measurement of each.
    pub series: BTreeMap<String, Seen>,
}

/// A signal that is open, as far as evaluation must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Of which kind.
    pub kind: Kind,
    /// When the last breach counted in it was observed.
    pub last_observed_at: DateTime<Utc>,
}

/// What a walk found of one signal.
#[derive(Debug, Clone, PartialEq)]
pub struct Episode {
    /// Of which kind.
    pub kind: Kind,
    /// Whether the signal is to be raised; otherwise it is the open one.
    pub new: bool,
    /// Breaches found in this walk.
    pub occurrences: i64,
    /// The first of them, when there is one.
    pub first: Option<Sighting>,
    /// The newest of them, when there is one.
    pub last: Option<Sighting>,
    /// The rules of the control chart that were met, where the signal is theirs.
    pub rules: Vec<Rule>,
    /// The measurement that cleared it.
    pub cleared: Option<Sighting>,
}

impl State {
    /// The newest measurement of all series.
    #[must_use]
    pub fn newest(&self) -> Option<&Seen> {
        self.series.values().max_by_key(|seen| seen.observed_at)
    }

    /// The worst judgement of any series.
    #[must_use]
    pub fn worst(&self) -> Option<Judgement> {
        self.series.values().map(|seen| seen.judgement).max()
    }

    /// Judges the newest measurements anew, after a revision of the goal. No signal follows from that: what is moved is
    /// the goalpost, not the ball.
    #[must_use]
    pub fn judged_by(mut self, goal: &Goal) -> Self {
        for seen in self.series.values_mut() {
            seen.judgement = goal.judge(seen.value);
        }
        self
    }

    /// How the indicator stands at `now`.
    #[must_use]
    pub fn status(&self, frequency: Option<Frequency>, now: DateTime<Utc>) -> Status {
        let Some(newest) = self.newest() else { return Status::NoData };
        if is_stale(frequency, newest.observed_at, now) {
            return Status::Stale;
        }
        match self.worst() {
            None => Status::NoData,
            Some(Judgement::OnTarget) => Status::OnTarget,
            Some(Judgement::Warning) => Status::Warning,
            Some(Judgement::Critical) => Status::Critical,
        }
    }
}

/// Until when an indicator last measured at `last` counts as measured: 1.5 times its frequency.
#[must_use]
pub fn fresh_until(frequency: Frequency, last: DateTime<Utc>) -> DateTime<Utc> {
    let period = frequency.period();
    last.checked_add_signed(period + period / 2).unwrap_or(DateTime::<Utc>::MAX_UTC)
}

fn is_stale(frequency: Option<Frequency>, last: DateTime<Utc>, now: DateTime<Utc>) -> bool {
    frequency.is_some_and(|frequency| now > fresh_until(frequency, last))
}

/// Whether the absence of measurements raises or clears a signal. Never measured counts from `since`, when the
/// indicator was activated. Being stale is one occurrence, however often it is looked at.
#[must_use]
pub fn absence(
    state: &State,
    frequency: Frequency,
    since: DateTime<Utc>,
    open: Option<Open>,
    now: DateTime<Utc>,
) -> Option<Episode> {
    let newest = state.newest();
    let last = newest.map_or(since, |seen| seen.observed_at);
    let sighting = Sighting { value: newest.map(|seen| seen.value), observed_at: last };
    let episode = Episode {
        kind: Kind::Stale,
        new: false,
        occurrences: 0,
        first: None,
        last: None,
        rules: Vec::new(),
        cleared: None,
    };
    match (is_stale(Some(frequency), last, now), open) {
        (true, None) => {
            Some(Episode { new: true, occurrences: 1, first: Some(sighting), last: Some(sighting), ..episode })
        }
        (false, Some(open)) if newest.is_some() && last > open.last_observed_at => {
            Some(Episode { cleared: Some(sighting), ..episode })
        }
        (true, Some(_)) | (false, Some(_) | None) => None,
    }
}
