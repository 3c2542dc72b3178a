//! What people do about a signal, and what measurements do to it.

use super::{Kind, Sighting, Signal, Stage, Verb};
use crate::access::{Actor, Permission};
use crate::analysis::control::rules::Rule;
use crate::change::{Birth, Change, Head, Lifecycle, Record};
use crate::id::{MemberId, NonconformityId};
use crate::indicators::{AutoRaise, Goal, Indicator, Level};
use crate::nonconformities::{Nonconformity, NonconformityDraft, Source};
use crate::reference::Target;
use crate::refusal::Refusal;
use crate::text;
use chrono::{DateTime, SecondsFormat, Utc};
use std::collections::BTreeSet;

/// A case that was opened by itself, and its signal, linked.
#[derive(Debug)]
pub struct AutoRaised {
    /// The case; to be stored first.
    pub case: Change<Nonconformity>,
    /// The signal, linked to it.
    pub signal: Change<Signal>,
}

/// For what measurements alone do.
fn is_measured(by: &Actor) -> Result<(), Refusal> {
    if by.may(Permission::RaiseSignal, false) { Ok(()) } else { Err(Refusal::Forbidden) }
}

impl Signal {
    /// Somebody has seen it.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn acknowledge(self, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Acknowledge, &(), by)?;
        let after = Self { stage: Stage::Acknowledged { at, by: by.member() }, ..self.clone() };
        Ok(Change::of(self, after, "acknowledged", at))
    }

    /// A case deals with it; that the case exists and is open is the caller's to check.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn link(self, case: NonconformityId, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Link, &(), by)?;
        Ok(self.linked(case, by.member(), at))
    }

    /// It needs no case. It stays open: only a later measurement clears it.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn dismiss(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Dismiss, &(), by)?;
        text::narrative("/reason", &reason).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        let stage = Stage::Dismissed { reason: reason.clone(), at, by: by.member() };
        let after = Self { stage, ..self.clone() };
        Ok(Change::of(self, after, "dismissed", at).because(reason))
    }

    fn linked(self, case: NonconformityId, by: Option<MemberId>, at: DateTime<Utc>) -> Change<Self> {
        let after = Self { stage: Stage::Linked { case, at, by }, ..self.clone() };
        Change::of(self, after, "linked", at)
    }

    /// Raises a signal. That none of the kind is open is what the walk says.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program.
    pub fn raise(
        indicator: &Indicator,
        kind: Kind,
        (first, last, occurrences): (Sighting, Sighting, i64),
        rules: Vec<Rule>,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let head = Head::born(by, birth);
        let owner = indicator.owner.or(indicator.analyst);
        let stage = Stage::Raised;
        let signal = Self {
            head,
            indicator: indicator.id(),
            indicator_name: indicator.name.clone(),
            kind,
            first,
            last,
            occurrences,
            rules,
            owner,
            stage,
        };
        Ok(Change::born(signal, "raised"))
    }

    /// Counts further breaches, and what rules they meet: one version per run of the evaluation, however many it found.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program, or the signal is cleared.
    pub fn repeat(
        self,
        last: Sighting,
        (occurrences, rules): (i64, &[Rule]),
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        is_measured(by)?;
        self.unless_cleared()?;
        let rules = self.rules.iter().chain(rules).copied().collect::<BTreeSet<Rule>>().into_iter().collect();
        let last = if last.observed_at >= self.last.observed_at { last } else { self.last };
        let occurrences = self.occurrences.saturating_add(occurrences);
        let after = Self { last, occurrences, rules, ..self.clone() };
        Ok(Change::of(self, after, "repeated", at))
    }

    /// A later measurement is good again.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; the signal is cleared, or the measurement is not later.
    pub fn clear(self, measured: Sighting, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_measured(by)?;
        self.unless_cleared()?;
        if measured.observed_at <= self.last.observed_at {
            return Err(Refusal::state("not_later", "only a measurement later than the last breach clears a signal"));
        }
        let after = Self { stage: Stage::Cleared { at, by: measured, case: self.case() }, ..self.clone() };
        Ok(Change::of(self, after, "cleared", at))
    }

    /// Links a signal that was just raised to the case that already deals with the matter.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program, or the signal is not just raised.
    pub fn follow(self, case: NonconformityId, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_measured(by)?;
        self.unless_looked_at()?;
        Ok(self.linked(case, None, at))
    }

    /// Whether the indicator wants a case of this signal without anybody asking.
    #[must_use]
    pub fn calls_for_case(&self, indicator: &Indicator) -> bool {
        let on = match indicator.auto_raise {
            AutoRaise::Nonconformity { on } => on,
            AutoRaise::None {} | AutoRaise::Improvement { .. } => return false,
        };
        match (self.kind, on) {
            (Kind::Critical, Level::Warning | Level::Critical | Level::Pattern)
            | (Kind::Warning, Level::Warning | Level::Pattern)
            | (Kind::OutOfControl | Kind::AdverseTrend, Level::Pattern) => true,
            (Kind::Warning, Level::Critical)
            | (Kind::OutOfControl | Kind::AdverseTrend, Level::Warning | Level::Critical)
            | (Kind::Stale, Level::Warning | Level::Critical | Level::Pattern) => false,
        }
    }

    /// Opens a case of a signal that was just raised, and links it.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; the signal is not just raised, or its indicator wants none.
    pub fn auto_raise(self, indicator: &Indicator, by: &Actor, birth: Birth) -> Result<AutoRaised, Refusal> {
        is_measured(by)?;
        self.unless_looked_at()?;
        if !self.calls_for_case(indicator) {
            return Err(Refusal::state("not_asked_for", "the indicator asks for no case of this signal"));
        }
        let case = Nonconformity::raise(self.case_draft(indicator), by, birth)?;
        let signal = self.linked(NonconformityId(birth.id), None, birth.at);
        Ok(AutoRaised { case, signal })
    }

    fn unless_cleared(&self) -> Result<(), Refusal> {
        if self.is_open() { Ok(()) } else { Err(Refusal::state("wrong_state", "the signal is cleared")) }
    }

    fn unless_looked_at(&self) -> Result<(), Refusal> {
        match &self.stage {
            Stage::Raised => Ok(()),
            Stage::Acknowledged { .. } | Stage::Linked { .. } | Stage::Dismissed { .. } | Stage::Cleared { .. } => {
                Err(Refusal::state("wrong_state", "the signal is in hands already"))
            }
        }
    }

    fn case_draft(&self, indicator: &Indicator) -> NonconformityDraft {
        let level = <&str>::from(self.kind).replace('_', " ");
        let (signal, source) = (self.head.reference, indicator.head.reference);
        let mut title = format!("{level}: {}", indicator.name);
        if let Some((end, _)) = title.char_indices().nth(text::TITLE) {
            title.truncate(end);
        }
        let unit = indicator.unit.as_deref().unwrap_or_default();
        let seen = |sighting: &Sighting| {
            let at = sighting.observed_at.to_rfc3339_opts(SecondsFormat::Secs, true);
            sighting.value.map_or_else(|| at.clone(), |value| format!("{value} {unit} at {at}"))
        };
        let mut objective_evidence = format!("Signal {signal}: {}", seen(&self.first));
        if self.occurrences > 1 {
            objective_evidence =
                format!("{objective_evidence}; {} in all, the last {}", self.occurrences, seen(&self.last));
        }
        NonconformityDraft {
            title,
            statement: format!("Indicator {source} ({}) {}.", indicator.name, self.statement(indicator)),
            objective_evidence,
            source: Source::Indicator,
            origin: Some(Target::of(self)),
            requirement: indicator.requirements.first().cloned(),
            indicators: vec![indicator.id()],
            due_on: None,
        }
    }

    /// What the indicator does, in words.
    fn statement(&self, indicator: &Indicator) -> String {
        let unit = indicator.unit.as_deref().unwrap_or_default();
        match self.kind {
            Kind::Warning | Kind::Critical | Kind::Stale => {
                let level: &str = self.kind.into();
                let goal = indicator.goal.as_ref().map_or_else(String::new, |goal| self.threshold(goal, unit));
                format!("is beyond its {level} threshold{goal}")
            }
            Kind::OutOfControl => {
                let met: Vec<String> = self.rules.iter().map(|rule| <&str>::from(*rule).replace('_', " ")).collect();
                format!("is out of control: its control chart shows {}", met.join(", "))
            }
            Kind::AdverseTrend => {
                "gets worse: its trend leads away from its goal, and chance hardly does that".to_owned()
            }
        }
    }

    /// The threshold in words: ` of 85 %`.
    fn threshold(&self, goal: &Goal, unit: &str) -> String {
        let critical = match self.kind {
            Kind::Critical => true,
            Kind::Warning | Kind::OutOfControl | Kind::AdverseTrend | Kind::Stale => false,
        };
        match goal {
            Goal::HigherIsBetter { warning, critical: c, .. } | Goal::LowerIsBetter { warning, critical: c, .. } => {
                format!(" of {} {unit}", if critical { c } else { warning })
            }
            Goal::WithinRange { warning, critical: c, .. } => {
                let range = if critical { c } else { warning };
                format!("s of {} to {} {unit}", range.low, range.high)
            }
        }
    }
}
