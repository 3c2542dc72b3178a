//! Target and thresholds, and what a value is by them.

use crate::refusal::Fault;
use serde::{Deserialize, Serialize};

/// Larger figures are refused: sums and squares of what is accepted stay finite.
pub const MAGNITUDE: f64 = 1e100;

/// Which way is up.
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IndicatorDirection))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Direction {
    /// More is better.
    HigherIsBetter,
    /// Less is better.
    LowerIsBetter,
    /// Neither too much nor too little.
    WithinRange,
}

/// From `low` to `high`, both included.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IndicatorRange))]
#[serde(deny_unknown_fields)]
pub struct Range {
    /// The lowest good value.
    pub low: f64,
    /// The highest good value.
    pub high: f64,
}

impl Range {
    fn contains(self, value: f64) -> bool {
        self.low <= value && value <= self.high
    }
}

/// Target and thresholds, in the indicator's unit. A value at a threshold is still on its good side.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IndicatorGoal))]
#[serde(rename_all = "snake_case", tag = "direction", deny_unknown_fields)]
pub enum Goal {
    /// More is better: critical <= warning <= target.
    HigherIsBetter {
        /// What is aimed at.
        #[serde(default)]
        target: Option<f64>,
        /// Below it, attention.
        warning: f64,
        /// Below it, action.
        critical: f64,
    },
    /// Less is better: target <= warning <= critical.
    LowerIsBetter {
        /// What is aimed at.
        #[serde(default)]
        target: Option<f64>,
        /// Above it, attention.
        warning: f64,
        /// Above it, action.
        critical: f64,
    },
    /// Neither too much nor too little: the warning range lies in the critical one, the target in both.
    WithinRange {
        /// What is aimed at.
        #[serde(default)]
        target: Option<f64>,
        /// Outside it, attention.
        warning: Range,
        /// Outside it, action.
        critical: Range,
    },
}

/// What one value is by the thresholds; from good to bad.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Judgement {
    /// On the good side of both thresholds.
    OnTarget,
    /// Beyond the warning threshold.
    Warning,
    /// Beyond the critical threshold.
    Critical,
}

impl Goal {
    /// Which way is up.
    #[must_use]
    pub fn direction(&self) -> Direction {
        match self {
            Self::HigherIsBetter { .. } => Direction::HigherIsBetter,
            Self::LowerIsBetter { .. } => Direction::LowerIsBetter,
            Self::WithinRange { .. } => Direction::WithinRange,
        }
    }

    /// What is aimed at.
    #[must_use]
    pub fn target(&self) -> Option<f64> {
        match self {
            Self::HigherIsBetter { target, .. }
            | Self::LowerIsBetter { target, .. }
            | Self::WithinRange { target, .. } => *target,
        }
    }

    /// Whether `value` is as good as `target`; within a range, whether it calls for no attention.
    #[must_use]
    pub fn meets(&self, target: f64, value: f64) -> bool {
        match self {
            Self::HigherIsBetter { .. } => value >= target,
            Self::LowerIsBetter { .. } => value <= target,
            Self::WithinRange { .. } => self.judge(value) == Judgement::OnTarget,
        }
    }

    /// What `value` is by the thresholds.
    #[must_use]
    pub fn judge(&self, value: f64) -> Judgement {
        let (warns, fails) = match self {
            Self::HigherIsBetter { warning, critical, .. } => (value < *warning, value < *critical),
            Self::LowerIsBetter { warning, critical, .. } => (value > *warning, value > *critical),
            Self::WithinRange { warning, critical, .. } => (!warning.contains(value), !critical.contains(value)),
        };
        if fails {
            Judgement::Critical
        } else if warns {
            Judgement::Warning
        } else {
            Judgement::OnTarget
        }
    }

    /// Every figure with its place, from the worst to the best and, for a range, on to the worst again; none may
    /// be smaller (or larger, when less is better) than the one before it.
    fn figures(&self) -> Vec<(&'static str, f64)> {
        let target = |target: &Option<f64>| target.map(|target| ("/target", target));
        match self {
            Self::HigherIsBetter { target: aim, warning, critical }
            | Self::LowerIsBetter { target: aim, warning, critical } => {
                [("/critical", *critical), ("/warning", *warning)].into_iter().chain(target(aim)).collect()
            }
            Self::WithinRange { target: aim, warning, critical } => {
                [("/critical/low", critical.low), ("/warning/low", warning.low)]
                    .into_iter()
                    .chain(target(aim))
                    .chain([("/warning/high", warning.high), ("/critical/high", critical.high)])
                    .collect()
            }
        }
    }

    /// Figures that are none, or in no sensible order.
    pub(super) fn faults(&self, pointer: &str) -> Vec<Fault> {
        let figures = self.figures();
        let bad: Vec<Fault> = figures
            .iter()
            .filter(|(_, figure)| !figure.is_finite() || figure.abs() > MAGNITUDE)
            .map(|(place, _)| {
                Fault::new(format!("{pointer}{place}"), "not_finite", "must be a number between -1e100 and 1e100")
            })
            .collect();
        if !bad.is_empty() {
            return bad;
        }
        let (falls, order) = match self.direction() {
            Direction::HigherIsBetter => (false, "critical <= warning <= target"),
            Direction::LowerIsBetter => (true, "target <= warning <= critical"),
            Direction::WithinRange => (false, "critical.low <= warning.low <= target <= warning.high <= critical.high"),
        };
        figures
            .iter()
            .zip(figures.iter().skip(1))
            .filter(|((_, worse), (_, better))| if falls { better > worse } else { better < worse })
            .map(|(_, (place, _))| Fault::new(format!("{pointer}{place}"), "order", format!("must keep {order}")))
            .collect()
    }
}
