//! Formulas: an indicator whose figures the program computes from those of other indicators.
//!
//! Each source is taken period by period, out of its rollups: all its series together as one figure. A period is computed once
//! it is over, and again whenever the figures of a source change in it. What a formula gives is observed in the last moment of
//! its period, so that it lies in the period itself, and can be a source in its turn.

pub mod expression;
#[cfg(test)]
pub(in crate::indicators) mod tests;
mod web;

pub use expression::{Expression, Gap, Misread, Name};
pub use web::{CHAIN, Web};

use super::Indicator;
use crate::id::IndicatorId;
use crate::measurements::{Figure, Point, Rollup, Step};
use crate::refusal::{Fault, Faults};
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// A formula has at most so many sources.
pub const SOURCES: usize = 10;
/// So many periods before the present one are computed, and followed when their sources change; what lies further back stays.
pub const PERIODS: u32 = 1_000;

/// How long senders may take to deliver what was measured in a period, before it is computed.
pub const DELIVERY: TimeDelta = TimeDelta::minutes(2);

/// Which figure of a period a source gives, over all its series.
#[derive(
    Debug,
    Clone,
    Copy,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FormulaAggregate))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Aggregate {
    /// The mean of the values; of a ratio the quotient of the sums of its parts, in which many weigh more than few.
    #[default]
    Mean,
    /// The sum of the values.
    Sum,
    /// The lowest value.
    Least,
    /// The highest value.
    Greatest,
    /// The value that was observed last.
    Newest,
    /// How many measurements there are.
    Count,
}

impl Aggregate {
    /// The figure of a period.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "far below 2^53 measurements")]
    pub fn of(self, rollup: &Rollup) -> f64 {
        match self {
            Self::Mean => rollup.value(),
            Self::Sum => sum_of(rollup),
            Self::Least => rollup.least,
            Self::Greatest => rollup.greatest,
            Self::Newest => rollup.newest.1,
            Self::Count => rollup.count as f64,
        }
    }
}

/// The sum, of a rollup that keeps the mean: to 14 digits, so that what adds up to 7 is 7, and what comes out as nothing is 0.
#[expect(clippy::cast_precision_loss, reason = "far below 2^53 measurements")]
fn sum_of(rollup: &Rollup) -> f64 {
    let (sum, most) = (rollup.mean * rollup.count as f64, rollup.least.abs().max(rollup.greatest.abs()));
    if sum.abs() <= most * rollup.count as f64 * 1e-14 {
        return 0.0;
    }
    format!("{sum:.13e}").parse().unwrap_or(sum)
}

/// An indicator whose figures are combined.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// By what the expression calls it.
    pub name: Name,
    /// Which one it is.
    pub indicator: IndicatorId,
    /// Which of its figures is taken.
    #[serde(default)]
    pub aggregate: Aggregate,
}

/// How the figures of an indicator follow from those of others.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Formula {
    /// What is computed.
    pub expression: Expression,
    /// Of what: each name in the expression, in the order in which they were given.
    pub sources: Vec<Source>,
    /// How long each figure's period is; it is computed once that is over.
    pub period: Step,
    /// Of the formula; starts at 1. A batch of its figures says with which one they were computed.
    pub version: i64,
    /// With which period it begins to hold; `None` of the first one, which holds for all that its sources have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<DateTime<Utc>>,
}

/// What it takes to have a formula.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormulaDraft {
    /// What is computed.
    pub expression: String,
    /// Of what: the name, the indicator, and which of its figures. That the indicators are there, and that none is computed
    /// of this one, is the caller's to check ([`Web`]).
    pub sources: Vec<(String, IndicatorId, Aggregate)>,
    /// How long each figure's period is.
    pub period: Step,
}

impl FormulaDraft {
    /// The formula, where nothing is wrong with it; the first of its indicator.
    pub(super) fn read(self, pointer: &str, faults: &mut Faults) -> Option<Formula> {
        let Self { expression, sources, period } = self;
        let sources = named(sources, pointer, faults);
        let misread = |misread: Misread| Fault::new(format!("{pointer}/expression"), misread.code, misread.told());
        let expression = faults.keep(Expression::read(&expression).map_err(misread))?;
        for (name, position) in expression.names() {
            if !sources.iter().flatten().any(|source| source.name == *name) {
                let detail = format!("at character {position}: no source is called {}", name.as_str());
                faults.push(Fault::new(format!("{pointer}/expression"), "unknown_name", detail));
            }
        }
        let used: BTreeSet<&Name> = expression.names().map(|(name, _)| name).collect();
        for (index, source) in sources.iter().enumerate() {
            if source.as_ref().is_some_and(|source| !used.contains(&source.name)) {
                let detail = "the expression does not name it";
                faults.push(Fault::new(format!("{pointer}/sources/{index}/name"), "unused", detail));
            }
        }
        let sources = sources.into_iter().collect::<Option<Vec<Source>>>()?;
        Some(Formula { expression, sources, period, version: 1, since: None })
    }
}

/// Sources whose names can be read, in their places.
fn named(sources: Vec<(String, IndicatorId, Aggregate)>, pointer: &str, faults: &mut Faults) -> Vec<Option<Source>> {
    if sources.is_empty() || sources.len() > SOURCES {
        faults.push(Fault::new(format!("{pointer}/sources"), "length", format!("must have 1 to {SOURCES}")));
    }
    let mut known = BTreeSet::new();
    let read = |(index, (name, indicator, aggregate))| {
        let at = || format!("{pointer}/sources/{index}/name");
        let name = faults.keep(Name::try_from(name).map_err(|detail| Fault::new(at(), "name", detail)))?;
        if !known.insert(name.clone()) {
            faults.push(Fault::new(at(), "duplicate", "another source has the same name"));
        }
        Some(Source { name, indicator, aggregate })
    };
    sources.into_iter().take(SOURCES).enumerate().map(read).collect()
}

/// A period, what its sources gave, and what follows.
#[derive(Debug, Clone, PartialEq)]
pub struct Working {
    /// When the period begins.
    pub starts_at: DateTime<Utc>,
    /// What each source gave in it, in the order of the sources; `None` where nothing was measured.
    pub sources: Vec<Option<f64>>,
    /// The figure, or why there is none.
    pub value: Result<f64, Gap>,
}

impl Formula {
    /// Whether an indicator is one of its sources.
    #[must_use]
    pub fn rests_on(&self, indicator: IndicatorId) -> bool {
        self.sources.iter().any(|source| source.indicator == indicator)
    }

    /// The formula that takes the place of this one at a moment: from the period that runs then, unless that began before the
    /// former formula's did, and else from the next one. So no moment is told by both.
    pub(super) fn replaced_by(&self, next: Self, at: DateTime<Utc>) -> Self {
        let (running, start) = (self.period.start_of(at), next.period.start_of(at));
        let since = if start >= running { start } else { next.period.end_of(start) };
        Self { version: self.version + 1, since: Some(since), ..next }
    }

    /// Whether it says the same, from whenever on.
    pub(super) fn says_the_same_as(&self, other: &Self) -> bool {
        self.expression.as_str() == other.expression.as_str()
            && self.sources == other.sources
            && self.period == other.period
    }

    /// Which of its periods are over at `now`, and have been for as long as senders take to deliver: those that begin before this.
    #[must_use]
    pub fn over(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.period.start_of(now.checked_sub_signed(DELIVERY).unwrap_or(now))
    }

    /// When the period that runs will be over.
    #[must_use]
    pub fn next_over(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        self.period.end_of(self.over(now)) + DELIVERY
    }

    /// With which period it is computed first at `now`.
    #[must_use]
    pub fn reach(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        let furthest = self.period.before(self.period.start_of(now), PERIODS);
        self.since.map_or(furthest, |since| since.max(furthest)).max(DateTime::UNIX_EPOCH)
    }

    /// What follows of a period from what its sources have in it, in the order of the sources.
    #[must_use]
    pub fn work_out(&self, starts_at: DateTime<Utc>, rollups: &[Option<&Rollup>]) -> Working {
        let given = |(source, rollup): (&Source, &Option<&Rollup>)| rollup.map(|rollup| source.aggregate.of(rollup));
        let sources: Vec<Option<f64>> = self.sources.iter().zip(rollups).map(given).collect();
        let known = self.sources.iter().zip(&sources);
        let figures: BTreeMap<Name, f64> =
            known.filter_map(|(source, figure)| Some((source.name.clone(), (*figure)?))).collect();
        Working { starts_at, value: self.expression.value(&figures), sources }
    }

    /// When a period's figure is observed: in the period's last moment.
    #[must_use]
    pub fn observed_at(&self, starts_at: DateTime<Utc>) -> DateTime<Utc> {
        self.period.end_of(starts_at) - TimeDelta::microseconds(1)
    }

    /// Where batches of its figures say that they come from.
    #[must_use]
    pub fn batch_source(&self) -> String {
        format!("computed by the formula, version {}", self.version)
    }
}

impl Indicator {
    /// The formula by which the period is computed that begins at a moment, or would, and when another takes its place.
    #[must_use]
    pub fn formula_from(&self, at: DateTime<Utc>) -> Option<(&Formula, Option<DateTime<Utc>>)> {
        let former = self.revisions.iter().filter_map(|revision| revision.formula.as_ref());
        let mut all: Vec<&Formula> = former.chain(self.formula.as_ref()).collect();
        // A revision of something else has the formula of the one before.
        all.dedup_by_key(|formula| formula.version);
        let holds = all.iter().rposition(|formula| formula.since.is_none_or(|since| since <= at))?;
        // One that begins with a longer period may have been replaced before it began.
        let next = all[holds + 1..].iter().filter_map(|next| next.since).min();
        Some((all[holds], next))
    }

    /// What a formula gives of a period, as a measurement; `None` where it gives no figure.
    #[must_use]
    pub fn worked_out(&self, formula: &Formula, working: &Working) -> Option<Point> {
        let figure = Figure::Gauge { value: *working.value.as_ref().ok()? };
        let observed_at = formula.observed_at(working.starts_at);
        Some(Point { indicator: self.id(), observed_at, series: String::new(), figure, note: None })
    }

    /// The fault of figures that are sent, or of a rule that feeds it, where the program alone measures it.
    #[must_use]
    pub fn takes_no_figures(&self, pointer: &str) -> Option<Fault> {
        let (code, detail) = match (&self.built_in, &self.formula) {
            (Some(_), _) => (
                "built_in",
                "the indicator is built in: the program computes it from the records, and nobody sends figures",
            ),
            (None, Some(_)) => ("formula", "the indicator is computed by its formula, and nobody sends figures"),
            (None, None) => return None,
        };
        Some(Fault::new(pointer, code, detail))
    }
}
