//! How one tells that a benefit came about: by an indicator's figures, or by what was agreed to look at.

use super::{Improvement, Stage};
use crate::analysis::effect::{Effect, Windows};
use crate::evaluation::Observation;
use crate::id::{IndicatorId, MemberId, RecordId};
use crate::indicators::MAGNITUDE;
use crate::reference::{Prefix, Target};
use crate::refusal::Fault;
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// How one will tell.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Measure {
    /// An indicator is to move from its baseline to the target, both in its unit.
    Indicator {
        /// Which.
        indicator: IndicatorId,
        /// Where it stands without the improvement.
        baseline: f64,
        /// Where it is to stand; on which side of the baseline says which way is better.
        target: f64,
    },
    /// Somebody is to look at something.
    Criterion {
        /// At what, and what is to be seen.
        criterion: String,
    },
}

/// What an indicator said over a time.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Figures {
    /// The middle of its values: half of them are at most so large.
    pub median: f64,
    /// How many measurements that is.
    pub count: i64,
    /// The first of them.
    pub from: DateTime<Utc>,
    /// The last of them.
    pub until: DateTime<Utc>,
}

/// That it is in place.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Implementation {
    /// What was done.
    pub summary: String,
    /// The first day on which its benefit can be judged.
    pub judge_on: NaiveDate,
    /// Since when it is in place: what the indicator says from then on counts.
    pub at: DateTime<Utc>,
    /// Who said so.
    pub by: Option<MemberId>,
}

/// Whether the benefit came about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What was seen.
    pub evidence: String,
    /// What was learned.
    pub lessons: String,
    /// What the indicator said since it was in place; `None` where a criterion was agreed instead.
    #[serde(default)]
    pub figures: Option<Figures>,
    /// How much of the way from baseline to target was gone: 1 is all of it, negative is backwards.
    #[serde(default)]
    pub progress: Option<f64>,
    /// What the indicator said before and after, frozen; `None` where a criterion was agreed instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// When it was judged.
    pub at: DateTime<Utc>,
    /// By whom; never by the owner or who did the work.
    pub by: MemberId,
}

/// Why the benefit did not come about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Miss {
    /// It was put in place, and it did not do what was hoped for.
    Judged {
        /// What was put in place.
        implementation: Implementation,
        /// The judgement.
        verdict: Box<Verdict>,
    },
    /// It was given up before it was in place.
    Abandoned {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
}

impl Figures {
    /// What these measurements say; `None` of none.
    #[must_use]
    pub fn of(measured: &[Observation]) -> Option<Self> {
        let times = measured.iter().map(|observation| observation.observed_at);
        let (from, until) = (times.clone().min()?, times.max()?);
        let mut values: Vec<f64> = measured.iter().map(|observation| observation.value).collect();
        values.sort_unstable_by(f64::total_cmp);
        let half = values.len() / 2;
        let (above, below) = (values.get(half)?, values.get(half.saturating_sub(1)));
        // Halved before they are added: the sum of two large figures might not be one.
        let median = if values.len() % 2 == 1 { *above } else { below? / 2.0 + above / 2.0 };
        Some(Self { median, count: i64::try_from(values.len()).unwrap_or(i64::MAX), from, until })
    }
}

impl Measure {
    /// The indicator, where there is one.
    #[must_use]
    pub fn indicator(&self) -> Option<Target> {
        match self {
            Self::Indicator { indicator, .. } => Some(Target { kind: Prefix::Indicator, id: RecordId(indicator.0) }),
            Self::Criterion { .. } => None,
        }
    }

    /// How much of the way from baseline to target the figures have gone: 1 is all of it, negative is backwards.
    #[must_use]
    pub fn progress(&self, figures: &Figures) -> Option<f64> {
        match self {
            Self::Indicator { baseline, target, .. } => Some((figures.median - baseline) / (target - baseline)),
            Self::Criterion { .. } => None,
        }
    }

    /// Whether the figures have reached the target. Asked of the figures themselves, since a quotient is rounded.
    pub(super) fn is_reached(&self, figures: &Figures) -> Option<bool> {
        match self {
            Self::Indicator { baseline, target, .. } if target > baseline => Some(figures.median >= *target),
            Self::Indicator { target, .. } => Some(figures.median <= *target),
            Self::Criterion { .. } => None,
        }
    }

    pub(super) fn faults(&self, pointer: &str) -> Vec<Fault> {
        match self {
            Self::Criterion { criterion } => {
                text::narrative(&format!("{pointer}/criterion"), criterion).err().into_iter().collect()
            }
            Self::Indicator { indicator: _, baseline, target } => {
                let figures = [("baseline", baseline), ("target", target)];
                let bad = figures.into_iter().filter(|(_, figure)| !figure.is_finite() || figure.abs() > MAGNITUDE);
                let mut faults: Vec<Fault> = bad
                    .map(|(name, _)| {
                        let detail = "must be a number between -1e100 and 1e100";
                        Fault::new(format!("{pointer}/{name}"), "not_finite", detail)
                    })
                    .collect();
                if faults.is_empty() && baseline.total_cmp(target).is_eq() {
                    faults.push(Fault::new(
                        format!("{pointer}/target"),
                        "nothing_gained",
                        "must differ from the baseline: on which side of it says which way is better",
                    ));
                }
                faults
            }
        }
    }
}

impl Improvement {
    /// What its indicator is compared over: before it was in place, and since then until somebody looks. `None` until it is
    /// in place, and where no indicator was agreed.
    #[must_use]
    pub fn measured_over(&self, now: DateTime<Utc>) -> Option<(IndicatorId, Windows)> {
        let in_place = self.implementation()?.at;
        match self.measure {
            Some(Measure::Indicator { indicator, .. }) => Some((indicator, Windows::around(in_place, in_place, now))),
            Some(Measure::Criterion { .. }) | None => None,
        }
    }

    /// What the verdict on its benefit rests on.
    #[must_use]
    pub fn frozen_effect(&self) -> Option<&Effect> {
        match &self.stage {
            Stage::Realised { verdict, .. } | Stage::NotRealised { miss: Miss::Judged { verdict, .. } } => {
                verdict.effect.as_ref()
            }
            Stage::Proposed
            | Stage::Declined
            | Stage::Accepted
            | Stage::Planned
            | Stage::InProgress { .. }
            | Stage::Measuring { .. }
            | Stage::NotRealised { miss: Miss::Abandoned { .. } }
            | Stage::EndedBefore { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn figures(values: &[f64]) -> Option<Figures> {
        let at = |n: i64| DateTime::from_timestamp(n, 0).unwrap();
        let measured = (0..).zip(values).map(|(n, value)| Observation {
            series: String::new(),
            observed_at: at(n),
            value: *value,
        });
        Figures::of(&measured.collect::<Vec<_>>())
    }

    fn measure(baseline: f64, target: f64) -> Measure {
        Measure::Indicator { indicator: IndicatorId(uuid::Uuid::nil()), baseline, target }
    }

    #[test]
    fn the_middle_of_what_was_measured() {
        assert_eq!(figures(&[]), None);
        for (values, median) in
            [(vec![3.0], 3.0), (vec![5.0, 1.0], 3.0), (vec![9.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0, 2.0, 9.0], 3.0)]
        {
            let told = figures(&values).unwrap();
            assert_eq!((told.median, told.count), (median, i64::try_from(values.len()).unwrap()));
        }
        assert!(figures(&[MAGNITUDE, MAGNITUDE]).unwrap().median.is_finite());
    }

    #[test]
    fn the_side_of_the_target_says_which_way_is_better() {
        for (baseline, target, median, reached, progress) in [
            (80.0, 90.0, 90.0, true, 1.0),
            (80.0, 90.0, 85.0, false, 0.5),
            (80.0, 90.0, 75.0, false, -0.5),
            (12.0, 5.0, 4.0, true, 8.0 / 7.0),
            (12.0, 5.0, 12.0, false, 0.0),
            (-1.0, -3.0, -3.0, true, 1.0),
        ] {
            let (measure, figures) = (measure(baseline, target), figures(&[median]).unwrap());
            assert_eq!(measure.is_reached(&figures), Some(reached), "{baseline} {target} {median}");
            assert!((measure.progress(&figures).unwrap() - progress).abs() < 1e-9);
        }
        let criterion = Measure::Criterion { criterion: "x".into() };
        assert_eq!(criterion.is_reached(&figures(&[1.0]).unwrap()), None);
    }

    #[test]
    fn refuses_figures_that_are_none() {
        let codes = |measure: Measure| {
            let faults = measure.faults("/measure");
            faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect::<Vec<_>>()
        };
        assert_eq!(codes(measure(f64::NAN, 2e100)), ["/measure/baseline not_finite", "/measure/target not_finite"]);
        assert_eq!(codes(measure(7.0, 7.0)), ["/measure/target nothing_gained"]);
        assert_eq!(codes(Measure::Criterion { criterion: " ".into() }), ["/measure/criterion blank"]);
        assert!(codes(measure(0.0, 1.0)).is_empty());
    }
}
