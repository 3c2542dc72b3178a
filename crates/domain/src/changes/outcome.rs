//! The verbs once a change is being made: what came of it, and what happens when nobody approved an emergency.

use super::{Closure, Facts, Missed, Outcome, PlannedChange, Stage, Verb, Verdict};
use crate::access::{Actor, is_the_program};
use crate::analysis::effect::Effect;
use crate::change::{Birth, Change, Lifecycle, Record};
use crate::id::NonconformityId;
use crate::nonconformities::{Nonconformity, NonconformityDraft, Source};
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::separation::{Duty, Rule};
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};

/// What `review` needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Review {
    /// What came of it.
    pub verdict: Verdict,
    /// Why one thinks so.
    pub conclusion: String,
    /// What its indicators say, in the windows of the change.
    pub effect: Effect,
    /// Why someone reviews who implemented it, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

/// What `close` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// What was learned.
    pub lessons: String,
    /// The case that deals with the harm; that it exists is the caller's to check.
    pub case: Option<Target>,
}

/// That an emergency was not approved in time, and the case of it where the organisation wants one.
#[derive(Debug)]
pub struct ApprovalMissed {
    /// To be stored first.
    pub case: Option<Change<Nonconformity>>,
    /// The change, which says so from now on.
    pub change: Change<PlannedChange>,
}

impl PlannedChange {
    /// It is taken back.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn roll_back(
        self,
        reason: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::RollBack, facts, by)?;
        let (Some(start), completion) = self.implementation() else { return Err(self.wrong_state(Verb::RollBack)) };
        text::reason(&reason)?;
        let stage = Stage::RolledBack {
            start: start.clone(),
            completion: completion.cloned(),
            outcome: self.outcome().cloned(),
            reason: reason.clone(),
            at,
            by: by.member(),
        };
        let after = Self { stage, ..self.clone() };
        Ok(Change::of(self, after, "rolled_back", at).because(reason))
    }

    /// What came of it, by somebody who did not implement it; the figures are frozen with the verdict.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn review(self, input: Review, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let Review { verdict, conclusion, effect, exception_reason } = input;
        self.may_excepted(Verb::Review, facts, by, exception_reason.as_deref())?;
        let (Stage::Monitoring { start, completion }, Some(judge)) = (&self.stage, by.member()) else {
            return Err(self.wrong_state(Verb::Review));
        };
        let mut faults = Faults::default();
        faults.keep(text::narrative("/conclusion", &conclusion));
        let breach = by.breach(|me| self.breach_of_reviewer(facts, me));
        let duty = Duty { rule: Rule::ChangeReviewer, breach };
        let exception = facts.separation.exception(&duty, exception_reason, (judge, at), &mut faults);
        faults.refuse()?;
        let reason = exception.as_ref().map(|exception| exception.reason.clone());
        let outcome = Outcome { verdict, conclusion, effect, at, by: judge };
        let stage = Stage::Reviewed { start: start.clone(), completion: completion.clone(), outcome };
        let mut after = Self { stage, ..self.clone() };
        after.exceptions.extend(exception);
        Ok(Change::of(self, after, "reviewed", at).because_of(reason))
    }

    /// It is over. What did harm and stays needs a case that deals with the harm.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn close(self, input: Close, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Close, facts, by)?;
        let Stage::Reviewed { start, completion, outcome } = &self.stage else {
            return Err(self.wrong_state(Verb::Close));
        };
        let Close { lessons, case } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/lessons", &lessons));
        match (outcome.verdict, case) {
            (Verdict::Harmful, None) => {
                let detail = "a harmful change needs the case that deals with the harm; or roll it back";
                faults.push(Fault::new("/case", "required", detail));
            }
            (_, Some(case)) if case.kind != Prefix::Nonconformity => {
                faults.push(Fault::new("/case", "wrong_kind", "must be a nonconformity"));
            }
            (Verdict::Harmful | Verdict::Neutral | Verdict::Beneficial, Some(_) | None) => {}
        }
        faults.refuse()?;
        let closure = Closure { lessons, case, at, by: by.member() };
        let (start, completion, outcome) = (start.clone(), completion.clone(), outcome.clone());
        let after = Self { stage: Stage::Closed { start, completion, outcome, closure }, ..self.clone() };
        Ok(Change::of(self, after, "closed", at))
    }

    /// Notes once that nobody approved an emergency within three working days; with a birth, as a nonconformity, too.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; it is approved, or there is still time, or that was noted.
    pub fn miss_approval(
        self,
        today: NaiveDate,
        case: Option<Birth>,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<ApprovalMissed, Refusal> {
        is_the_program(by)?;
        if self.wakes().is_none() || self.approve_by.is_none_or(|day| today <= day) {
            return Err(Refusal::state("not_missed", "it is approved, or can still be, or that was noted"));
        }
        let id = case.map(|birth| NonconformityId(birth.id));
        let case = case.map(|birth| Nonconformity::raise(self.unapproved(), by, birth)).transpose()?;
        let after = Self { missed: Some(Missed { at, case: id }), ..self.clone() };
        Ok(ApprovalMissed { case, change: Change::of(self, after, "approval_missed", at) })
    }

    fn unapproved(&self) -> NonconformityDraft {
        let (reference, title) = (self.head.reference, &self.title);
        let start = self.implementation().0.map(|start| start.at.to_rfc3339()).unwrap_or_default();
        let day = self.approve_by.map(|day| day.to_string()).unwrap_or_default();
        NonconformityDraft {
            title: format!("Emergency change {reference} was not approved in time"),
            statement: "An emergency change is approved within three working days of its start.".to_owned(),
            objective_evidence: format!(
                "{reference} ({title}) started at {start} and was to be approved by {day}; nobody has approved it."
            ),
            source: Source::Other,
            origin: Some(Target::of(self)),
            requirement: Some("A.8.32".to_owned()),
            indicators: Vec::new(),
            due_on: None,
        }
    }
}
