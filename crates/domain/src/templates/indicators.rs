//! Twenty-five indicators, each with method, thresholds and the answers that 9.1 asks for.

mod table;

pub(super) use table::INDICATORS;

use super::owned;
use crate::id::MemberId;
use crate::indicators::{AutoRaise, Frequency, Goal, IndicatorDraft, ValueKind};

/// An indicator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndicatorText {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    /// What it is to tell.
    pub(super) need: &'static str,
    measured: Measured,
    method: &'static str,
    source: &'static str,
    frequency: Frequency,
    analysis: Frequency,
    pub(super) clauses: &'static [&'static str],
}

/// What one measurement consists of, with target, warning and critical threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Measured {
    /// A part of a whole; more is better.
    Share(f64, f64, f64),
    /// A part of a whole; less is better.
    ShareBelow(f64, f64, f64),
    /// A number of this unit; more is better.
    Number(&'static str, f64, f64, f64),
    /// A number of this unit; less is better.
    NumberBelow(&'static str, f64, f64, f64),
}

impl Measured {
    fn unit(self) -> &'static str {
        match self {
            Self::Share(..) | Self::ShareBelow(..) => "share",
            Self::Number(unit, ..) | Self::NumberBelow(unit, ..) => unit,
        }
    }

    fn value_kind(self) -> ValueKind {
        match self {
            Self::Share(..) | Self::ShareBelow(..) => ValueKind::Ratio,
            Self::Number(..) | Self::NumberBelow(..) => ValueKind::Gauge,
        }
    }

    fn goal(self) -> Goal {
        match self {
            Self::Share(target, warning, critical) | Self::Number(_, target, warning, critical) => {
                Goal::HigherIsBetter { target: Some(target), warning, critical }
            }
            Self::ShareBelow(target, warning, critical) | Self::NumberBelow(_, target, warning, critical) => {
                Goal::LowerIsBetter { target: Some(target), warning, critical }
            }
        }
    }
}

impl IndicatorText {
    /// Collected and analysed by its owner until somebody else is named; no case is opened by itself.
    #[must_use]
    pub fn draft(&self, owner: MemberId) -> IndicatorDraft {
        IndicatorDraft {
            name: self.name.to_owned(),
            information_need: Some(self.need.to_owned()),
            unit: Some(self.measured.unit().to_owned()),
            value_kind: self.measured.value_kind(),
            goal: Some(self.measured.goal()),
            method: Some(self.method.to_owned()),
            data_source: Some(self.source.to_owned()),
            frequency: Some(self.frequency),
            collector: Some(owner),
            analysis_interval: Some(self.analysis),
            analyst: Some(owner),
            requirements: owned(self.clauses),
            auto_raise: AutoRaise::None {},
            owner: Some(owner),
        }
    }
}
