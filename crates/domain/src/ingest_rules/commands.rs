//! The verbs, and the amendment of what a rule says.

use super::{Dimension, Door, Facts, IngestRule, Matcher, Part, Stage, Verb};
use crate::access::Actor;
use crate::change::{Change, Lifecycle};
use crate::id::IndicatorId;
use crate::indicators::ValueKind;
use crate::refusal::Refusal;
use crate::text;
use chrono::{DateTime, Utc};

/// What a PATCH may say: the outer option is "leave as it is", the inner one "empty it".
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields of `Terms` say it")]
pub struct Amendment {
    pub name: Option<String>,
    pub order: Option<i64>,
    pub door: Option<Option<Door>>,
    pub metric: Option<String>,
    pub matchers: Option<Vec<Matcher>>,
    pub indicator: Option<IndicatorId>,
    pub part: Option<Part>,
    pub scale: Option<f64>,
    pub offset: Option<f64>,
    pub dimensions: Option<Vec<Dimension>>,
}

impl IngestRule {
    /// Changes what it says: it holds for what arrives from now on. `kind` is that of the indicator that it feeds then.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(
        self,
        input: Amendment,
        kind: ValueKind,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { name, order, door, metric, matchers, indicator, part, scale, offset, dimensions } = input;
        let mut after = self.clone();
        let terms = &mut after.terms;
        terms.name = name.unwrap_or_else(|| terms.name.clone());
        terms.order = order.unwrap_or(terms.order);
        terms.door = door.unwrap_or(terms.door);
        terms.metric = metric.unwrap_or_else(|| terms.metric.clone());
        terms.matchers = matchers.unwrap_or_else(|| terms.matchers.clone());
        terms.indicator = indicator.unwrap_or(terms.indicator);
        terms.part = part.unwrap_or(terms.part);
        terms.scale = scale.unwrap_or(terms.scale);
        terms.offset = offset.unwrap_or(terms.offset);
        terms.dimensions = dimensions.unwrap_or_else(|| terms.dimensions.clone());
        terms.faults(kind).refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// It feeds nothing for the time being: what it matched is listed as unmatched meanwhile.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn pause(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Pause, facts, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Paused { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "paused", at).because(reason))
    }

    /// It feeds its indicator again.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn resume(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Resume, facts, by)?;
        let after = Self { stage: Stage::Active, ..self.clone() };
        Ok(Change::of(self, after, "resumed", at))
    }

    /// It feeds nothing any more; what was measured by it stays.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, facts, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Retired { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }
}
