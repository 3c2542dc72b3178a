//! An indicator in words of our own: what is measured, how, and which values call for attention.

use super::{AutoRaise, Frequency, Goal, IndicatorDraft, ValueKind};
use crate::id::MemberId;

/// An indicator.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct IndicatorText {
    pub(crate) id: &'static str,
    pub(crate) name: &'static str,
    /// What it is to tell.
    pub(crate) need: &'static str,
    pub(crate) measured: Measured,
    pub(crate) method: &'static str,
    pub(crate) source: &'static str,
    pub(crate) frequency: Frequency,
    pub(crate) analysis: Frequency,
    pub(crate) clauses: &'static [&'static str],
}

/// What one measurement consists of, with target, warning and critical threshold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Measured {
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
    /// Collected and analysed by its owner, where there is one, until somebody else is named; no case is opened by itself.
    #[must_use]
    pub fn draft(&self, owner: Option<MemberId>) -> IndicatorDraft {
        IndicatorDraft {
            name: self.name.to_owned(),
            information_need: Some(self.need.to_owned()),
            unit: Some(self.measured.unit().to_owned()),
            value_kind: self.measured.value_kind(),
            formula: None,
            goal: Some(self.measured.goal()),
            control: None,
            method: Some(self.method.to_owned()),
            data_source: Some(self.source.to_owned()),
            retention_days: None,
            frequency: Some(self.frequency),
            collector: owner,
            analysis_interval: Some(self.analysis),
            analyst: owner,
            requirements: self.clauses.iter().map(|clause| (*clause).to_owned()).collect(),
            auto_raise: AutoRaise::None {},
            owner,
        }
    }
}
