//! The verbs: each asks its guard, checks its input and names what follows.

use super::{Action, Completion, Facts, Priority, Stage, Verb, Verification};
use crate::access::Actor;
use crate::analysis::effect::{Effect, note_indicators};
use crate::change::{Change, Lifecycle, Record};
use crate::id::{IndicatorId, MemberId};
use crate::refusal::{Faults, Reason, Refusal};
use crate::separation::{Duty, Rule};
use crate::text;
use crate::work;
use chrono::{DateTime, NaiveDate, Utc};

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// One line.
    pub title: Option<String>,
    /// What is to be done, or nothing.
    pub description: Option<Option<String>>,
    /// How soon it matters.
    pub priority: Option<Priority>,
    /// How one can tell that it is done, or nothing.
    pub done_criteria: Option<Option<String>>,
    /// The indicators that it is to move; that they exist is the caller's to check.
    pub indicators: Option<Vec<IndicatorId>>,
}

/// What `verify` needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Verify {
    /// What was seen.
    pub evidence: String,
    /// What indicators say, where the verdict rests on figures.
    pub effect: Option<Effect>,
    /// Why someone verifies who must not, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

/// A stage that the guard lets through but the command does not; see the same in nonconformities.
fn wrong_state(stage: &Stage, verb: Verb) -> Refusal {
    Refusal::State(vec![Reason::wrong_state(super::lifecycle::ARTICLED, stage.name(), verb)])
}

impl Action {
    /// Notes that its due date has passed, for whoever listens to events.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; it is not overdue, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        work::may_fall_due(self.wakes(), today, by)?;
        let after = Self { fell_due_on: Some(self.due_on), ..self.clone() };
        Ok(Change::of(self, after, "fell_due", at))
    }

    /// Changes plain fields.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { title, description, priority, done_criteria, indicators } = input;
        let (mut faults, mut after) = (Faults::default(), self.clone());
        if let Some(title) = title {
            faults.keep(text::title("/title", &title));
            after.title = title;
        }
        if let Some(description) = description {
            if let Some(text) = &description {
                faults.keep(text::narrative("/description", text));
            }
            after.description = description;
        }
        if let Some(criteria) = done_criteria {
            if let Some(text) = &criteria {
                faults.keep(text::narrative("/done_criteria", text));
            }
            after.done_criteria = criteria;
        }
        if let Some(indicators) = indicators {
            note_indicators("/indicators", &indicators, false, &mut faults);
            after.indicators = indicators;
        }
        after.priority = priority.unwrap_or(after.priority);
        faults.refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    fn moved(self, stage: Stage, verb: &'static str, at: DateTime<Utc>) -> Change<Self> {
        let after = Self { stage, ..self.clone() };
        Change::of(self, after, verb, at)
    }

    /// Whoever said that it was done has worked on it all the same.
    fn back_to_work(self, verb: &'static str, at: DateTime<Utc>) -> Change<Self> {
        let mut after = Self { stage: Stage::InProgress, ..self.clone() };
        after.note_former_worker(self.completed_by());
        Change::of(self, after, verb, at)
    }

    fn note_former_worker(&mut self, worker: Option<MemberId>) {
        self.former_workers.extend(worker.filter(|worker| !self.former_workers.contains(worker)));
    }

    /// Somebody begins.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn start(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Start, facts, by)?;
        Ok(self.moved(Stage::InProgress, "started", at))
    }

    /// Something is in the way.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn block(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Block, facts, by)?;
        text::reason(&reason)?;
        Ok(self.moved(Stage::Blocked { reason: reason.clone() }, "blocked", at).because(reason))
    }

    /// Nothing is in the way any more.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn unblock(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Unblock, facts, by)?;
        Ok(self.moved(Stage::InProgress, "unblocked", at))
    }

    /// It is done, says who did it.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the summary.
    pub fn complete(
        self,
        summary: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Complete, facts, by)?;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/summary", &summary));
        faults.refuse()?;
        let completion = Completion { summary, at, by: by.member() };
        Ok(self.moved(Stage::Done { completion }, "completed", at))
    }

    /// It is done, says somebody else.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn verify(self, input: Verify, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let Verify { evidence, effect, exception_reason } = input;
        self.may_excepted(Verb::Verify, facts, by, exception_reason.as_deref())?;
        let (Stage::Done { completion }, Some(me)) = (self.stage.clone(), by.member()) else {
            return Err(wrong_state(&self.stage, Verb::Verify));
        };
        let mut faults = Faults::default();
        faults.keep(text::narrative("/evidence", &evidence));
        let duty = Duty { rule: Rule::ActionVerifier, breach: by.breach(|me| self.breach(me)) };
        let exception = facts.separation.exception(&duty, exception_reason, (me, at), &mut faults);
        faults.refuse()?;
        let mut after = self.clone();
        after.stage = Stage::Verified { completion, verification: Verification { evidence, effect, at, by: me } };
        let reason = exception.as_ref().map(|exception| exception.reason.clone());
        after.exceptions.extend(exception);
        Ok(Change::of(self, after, "verified", at).because_of(reason))
    }

    /// It is not done, says who looked.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn reject_completion(
        self,
        reason: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::RejectCompletion, facts, by)?;
        text::reason(&reason)?;
        Ok(self.back_to_work("completion_rejected", at).because(reason))
    }

    /// There is more to do after all.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn reopen(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Reopen, facts, by)?;
        text::reason(&reason)?;
        Ok(self.back_to_work("reopened", at).because(reason))
    }

    /// It will not be done.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn cancel(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Cancel, facts, by)?;
        text::reason(&reason)?;
        Ok(self.moved(Stage::Cancelled { reason: reason.clone() }, "cancelled", at).because(reason))
    }

    /// Somebody else does it; that the member exists is the caller's to check.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn reassign(
        self,
        assignee: MemberId,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Reassign, facts, by)?;
        let mut after = Self { assignee, ..self.clone() };
        if !matches!(self.stage, Stage::Open) {
            after.note_former_worker(Some(self.assignee));
        }
        Ok(Change::of(self, after, "reassigned", at))
    }

    /// Its due date moves: with a reason, and counted.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn move_due(
        self,
        (due_on, reason): (NaiveDate, String),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::MoveDue, facts, by)?;
        let mut faults = Faults::default();
        faults.keep(text::day_to_come("/due_on", due_on, facts.today));
        faults.keep(text::narrative("/reason", &reason));
        faults.refuse()?;
        let after = Self { due_on, due_moves: self.due_moves + 1, ..self.clone() };
        Ok(Change::of(self, after, "due_moved", at).because(reason))
    }
}
