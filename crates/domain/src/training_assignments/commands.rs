//! The verbs: each asks its guard, checks its input and names what follows.

use super::lifecycle::ARTICLED;
use super::{Attempt, Facts, Stage, TrainingAssignment, Verb};
use crate::access::{Actor, is_the_program};
use crate::change::{Change, Lifecycle, Record};
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use chrono::{DateTime, Days, Months, NaiveDate, Utc};

/// A result is entered at most a year late.
const LATE: Days = Days::new(366);

/// What `complete` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complete {
    /// The day on which the course was taken; today without it.
    pub taken_on: Option<NaiveDate>,
    /// In percent; needed where the course has a pass mark.
    pub score: Option<i64>,
    /// What shows it.
    pub evidence: Option<String>,
}

impl Complete {
    fn check(&self, facts: &Facts) -> Result<(), Refusal> {
        let mut faults = Faults::default();
        let earliest = facts.today.checked_sub_days(LATE).unwrap_or(NaiveDate::MIN);
        if self.taken_on.is_some_and(|day| day < earliest || day > facts.today) {
            let detail = format!("must lie between {earliest} and {}", facts.today);
            faults.push(Fault::new("/taken_on", "out_of_range", detail));
        }
        match (self.score, facts.pass_mark) {
            (Some(score), _) if !(0..=100).contains(&score) => {
                faults.push(Fault::new("/score", "out_of_range", "must lie between 0 and 100 percent"));
            }
            (None, Some(mark)) => {
                faults.push(Fault::new("/score", "required", format!("the course is passed from {mark} % on")));
            }
            (Some(_), _) | (None, None) => {}
        }
        if let Some(evidence) = &self.evidence {
            faults.keep(text::narrative("/evidence", evidence));
        }
        faults.refuse()
    }
}

impl TrainingAssignment {
    /// The course was taken: passed, or not.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn complete(
        self,
        input: Complete,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Complete, facts, by)?;
        input.check(facts)?;
        let Complete { taken_on, score, evidence } = input;
        let taken_on = taken_on.unwrap_or(facts.today);
        let attempt = Attempt { taken_on, score, evidence, at, by: by.member() };
        let passed = facts.pass_mark.is_none_or(|mark| score.is_some_and(|score| score >= mark));
        let (stage, verb) = if passed {
            let months = facts.validity_months.and_then(|months| u32::try_from(months).ok()).map(Months::new);
            let valid_until = months.and_then(|months| taken_on.checked_add_months(months));
            (Stage::Completed { attempt, valid_until }, "completed")
        } else {
            (Stage::Failed { attempt }, "failed")
        };
        let after = Self { stage, ..self.clone() };
        Ok(Change::of(self, after, verb, at))
    }

    /// It is to be taken once more, by another day: after a failure, or to know it better. What was is kept.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the day.
    pub fn retake(
        self,
        due_on: NaiveDate,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retake, facts, by)?;
        let attempt = match &self.stage {
            Stage::Completed { attempt, .. } | Stage::Failed { attempt } => attempt.clone(),
            stage @ (Stage::Assigned | Stage::Expired { .. } | Stage::Void { .. }) => {
                return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage.name(), Verb::Retake)]));
            }
        };
        let mut faults = Faults::default();
        faults.keep(text::day_to_come("/due_on", due_on, facts.today));
        faults.refuse()?;
        let mut after = Self { due_on, stage: Stage::Assigned, ..self.clone() };
        after.attempts.push(attempt);
        Ok(Change::of(self, after, "assigned_again", at))
    }

    /// Its validity has passed. Whoever still belongs to the audience is assigned anew, in a record of its own.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program, or it still holds.
    pub fn expire(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        let (attempt, valid_until) = match &self.stage {
            Stage::Completed { attempt, valid_until: Some(last) } if *last < facts.today => (attempt.clone(), *last),
            Stage::Completed { .. }
            | Stage::Assigned
            | Stage::Failed { .. }
            | Stage::Expired { .. }
            | Stage::Void { .. } => return Err(Refusal::state("not_expired", "it holds still, or never did")),
        };
        let after = Self { stage: Stage::Expired { attempt, valid_until }, ..self.clone() };
        Ok(Change::of(self, after, "expired", at))
    }

    /// It need not be taken any more.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn void(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Void, facts, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Void { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "voided", at).because(reason))
    }

    /// Notes that its due date has passed, for whoever listens to events.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; it is not overdue, or that was noted.
    pub fn fall_due(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        if !self.is_overdue(facts.today) || self.wakes().is_none() {
            return Err(Refusal::state("not_overdue", "it is not overdue, or that was noted"));
        }
        let after = Self { fell_due_on: Some(self.due_on), ..self.clone() };
        Ok(Change::of(self, after, "fell_due", at))
    }
}
