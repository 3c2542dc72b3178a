//! Duties that were not kept apart, beside the inputs: from which rules exceptions are documented, and each that was.

use super::{Compared, LISTED, Spans, left_out};
use crate::id::MemberId;
use crate::reference::Reference;
use crate::separation::{Relaxation, Rule, Separation, SeparationException};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::cmp::Reverse;

/// An exception, and the record on which it was documented.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionFigure {
    /// The record's reference.
    pub reference: Reference,
    /// What was documented.
    pub made: SeparationException,
}

/// A rule from which exceptions are, or were, documented.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RelaxedRule {
    /// The rule.
    pub rule: Rule,
    /// What makes up for it.
    pub compensating_control: String,
    /// The last day on which exceptions pass.
    pub until: NaiveDate,
    /// Whether that day has passed.
    pub expired: bool,
}

impl RelaxedRule {
    fn of(relaxation: &Relaxation, today: NaiveDate) -> Self {
        let Relaxation { rule, compensating_control, until, by: _, at: _ } = relaxation;
        let (rule, compensating_control, until) = (*rule, compensating_control.clone(), *until);
        Self { rule, compensating_control, until, expired: until < today }
    }
}

/// A duty that was not kept apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewedException))]
pub struct ExceptionLine {
    /// The record on which it was documented.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reference: Reference,
    /// The rule it is an exception from.
    pub rule: Rule,
    /// Why.
    pub reason: String,
    /// What made up for it.
    pub compensating_control: String,
    /// Who did both.
    pub by: MemberId,
    /// When.
    pub at: DateTime<Utc>,
}

/// Duties that were not kept apart.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Exceptions {
    /// The rules from which exceptions can be documented, or could until a day that has passed.
    pub relaxed: Vec<RelaxedRule>,
    /// Exceptions that were documented.
    pub documented: Compared,
    /// Those of the period, the newest first; at most 200.
    pub items: Vec<ExceptionLine>,
    /// How many more there are.
    pub left_out: i64,
}

impl Exceptions {
    /// Sums up the organisation's rules and the exceptions of either period.
    #[must_use]
    pub fn of(rules: &Separation, exceptions: &[ExceptionFigure], spans: &Spans) -> Self {
        let mut told: Vec<&ExceptionFigure> =
            exceptions.iter().filter(|exception| spans.now.contains(exception.made.at)).collect();
        told.sort_by_key(|exception| (Reverse(exception.made.at), exception.reference));
        let left_out = left_out(told.len());
        let line = |exception: &ExceptionFigure| {
            let SeparationException { rule, reason, compensating_control, by, at } = exception.made.clone();
            ExceptionLine { reference: exception.reference, rule, reason, compensating_control, by, at }
        };
        Self {
            relaxed: rules.relaxations().iter().map(|relaxation| RelaxedRule::of(relaxation, spans.today)).collect(),
            documented: Compared::count(spans, exceptions.iter().map(|exception| exception.made.at)),
            items: told.into_iter().take(LISTED).map(line).collect(),
            left_out,
        }
    }
}
