//! What is approved of an objective: what is to be reached, how that is measured, and by when.

use crate::approval::Content;
use crate::id::{IndicatorId, PolicyId};
use crate::indicators::MAGNITUDE;
use crate::refusal::{Fault, Faults};
use crate::text;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};

/// How it is measured whether it is reached [6.2 b, d].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Measure {
    /// By an indicator.
    Indicator {
        /// Which one.
        indicator: IndicatorId,
        /// Its value where the way starts, in its unit; taken from the indicator on approval where it is not given.
        #[serde(default)]
        baseline: Option<f64>,
        /// The value that is to be reached.
        target: f64,
    },
    /// By judgement: it cannot be measured. Somebody other than its owner judges.
    Qualitative {
        /// What it is judged by.
        criterion: String,
    },
}

/// What is to be reached, how that is measured, and by when.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Terms {
    /// What is to be reached.
    pub statement: String,
    /// How it is measured.
    #[serde(default)]
    pub measure: Option<Measure>,
    /// The last day on which it is reached in time [6.2 k].
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
}

impl Terms {
    /// The indicator that measures it.
    #[must_use]
    pub fn indicator(&self) -> Option<IndicatorId> {
        match &self.measure {
            Some(Measure::Indicator { indicator, .. }) => Some(*indicator),
            Some(Measure::Qualitative { .. }) | None => None,
        }
    }

    /// Whether nothing but a judgement tells whether it is reached.
    #[must_use]
    pub fn is_qualitative(&self) -> bool {
        match &self.measure {
            Some(Measure::Qualitative { .. }) => true,
            Some(Measure::Indicator { .. }) | None => false,
        }
    }

    /// With the value that the indicator has now as its baseline, where none is given.
    pub(super) fn with_baseline(mut self, value: Option<f64>) -> Self {
        if let Some(Measure::Indicator { baseline, .. }) = &mut self.measure {
            *baseline = baseline.or(value);
        }
        self
    }

    pub(super) fn check(&self, faults: &mut Faults) {
        faults.keep(text::narrative("/statement", &self.statement));
        match &self.measure {
            Some(Measure::Indicator { indicator: _, baseline, target }) => {
                let baseline = baseline.map(|baseline| ("/measure/baseline", baseline));
                for (pointer, figure) in baseline.into_iter().chain([("/measure/target", *target)]) {
                    if !figure.is_finite() || figure.abs() > MAGNITUDE {
                        let detail = "must be a number between -1e100 and 1e100";
                        faults.push(Fault::new(pointer, "not_finite", detail));
                    }
                }
            }
            Some(Measure::Qualitative { criterion }) => {
                faults.keep(text::narrative("/measure/criterion", criterion));
            }
            None => {}
        }
    }

    pub(super) fn check_due(&self, today: NaiveDate, faults: &mut Faults) {
        if let Some(due_on) = self.due_on {
            faults.keep(text::day_to_come("/due_on", due_on, today));
        }
    }

    /// What is approved, with the policy that it serves.
    pub(super) fn content(&self, policy: PolicyId) -> Content {
        let content = Content::default()
            .with("policy", &policy.to_string())
            .with("statement", &self.statement)
            .with_each("due_on", self.due_on.map(|day| day.to_string()));
        match &self.measure {
            Some(Measure::Indicator { indicator, baseline, target }) => content
                .with("indicator", &indicator.to_string())
                .with_each("baseline", baseline.map(|figure| figure.to_string()))
                .with("target", &target.to_string()),
            Some(Measure::Qualitative { criterion }) => content.with("criterion", criterion),
            None => content,
        }
    }
}
