//! The verbs: each asks its guard, checks its input and names what follows.

use super::lifecycle::ARTICLED;
use super::{Facts, Review, Risk, Stage, Treatment, TreatmentOption, Verb};
use crate::acceptance::{Accept, Acceptance};
use crate::access::{Actor, is_the_program};
use crate::change::{Change, Lifecycle, Record};
use crate::id::MemberId;
use crate::rating::Rating;
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// One line.
    pub title: Option<String>,
    /// What could happen, by what, and what it would do.
    pub description: Option<String>,
    /// What another tool calls it, or nothing.
    pub external_reference: Option<Option<String>>,
    /// Controls of Annex A.
    pub controls: Option<Vec<String>>,
    /// The risk owner, once it is assessed; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
}

/// What `assess` needs [6.1.2 c, d].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assess {
    /// Without treatment.
    pub inherent: Rating,
    /// Why so.
    pub rationale: String,
    /// The risk owner; that the member exists is the caller's to check.
    pub owner: MemberId,
    /// The day by which it is looked at again.
    pub review_on: NaiveDate,
}

/// What `treat` needs [6.1.3 a].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Treat {
    /// In one word; to retain a risk is to accept it.
    pub option: TreatmentOption,
    /// In many.
    pub description: String,
    /// What is left of it.
    pub residual: Rating,
}

/// What `review` needs [8.2].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewRisk {
    /// Without treatment.
    pub inherent: Rating,
    /// What is left of it; needed where it is treated.
    pub residual: Option<Rating>,
    /// Why so.
    pub rationale: String,
    /// The day by which it is looked at again.
    pub review_on: NaiveDate,
}

/// A stage that the guard lets through but the command does not; see the same in nonconformities.
fn wrong_state(stage: &Stage, verb: Verb) -> Refusal {
    Refusal::State(vec![Reason::wrong_state(ARTICLED, stage.name(), verb)])
}

/// Treatment makes nothing graver.
pub(super) fn check_residual(residual: Rating, inherent: Rating, faults: &mut Faults) {
    residual.check("/residual", faults);
    if residual.level() > inherent.level() {
        let detail = format!("must not be graver than without treatment: {}", inherent.level());
        faults.push(Fault::new("/residual", "above_inherent", detail));
    }
}

impl Risk {
    /// Changes plain fields.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { title, description, external_reference, controls, owner } = input;
        if owner.is_some() && self.owner.is_none() {
            return Err(Refusal::state("not_assessed", "it gets its owner when it is assessed"));
        }
        let mut after = self.clone();
        after.title = title.unwrap_or(after.title);
        after.description = description.unwrap_or(after.description);
        after.external_reference = external_reference.unwrap_or(after.external_reference);
        after.controls = controls.unwrap_or(after.controls);
        after.owner = owner.or(after.owner);
        after.faults().refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// It is known how grave it is, and who owns it.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn assess(self, input: Assess, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Assess, facts, by)?;
        let Assess { inherent, rationale, owner, review_on } = input;
        let mut faults = Faults::default();
        inherent.check("/inherent", &mut faults);
        faults.keep(text::narrative("/rationale", &rationale));
        faults.keep(text::day_to_come("/review_on", review_on, facts.today));
        faults.refuse()?;
        let mut after = Self { owner: Some(owner), stage: Stage::Assessed, ..self.clone() };
        after.seen(Review { inherent, residual: None, rationale, at, by: by.member() }, review_on);
        Ok(Change::of(self, after, "assessed", at))
    }

    /// How it is seen now; how it was seen before stays in its history.
    fn seen(&mut self, review: Review, review_on: NaiveDate) {
        self.inherent = Some(review.inherent);
        self.residual = review.residual;
        self.review_on = Some(review_on);
        self.review_fell_due_on = None;
        self.reviews.push(review);
    }

    /// What is done about it is in place, and this is left of it. An acceptance ends with that.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn treat(self, input: Treat, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Treat, facts, by)?;
        let Some(inherent) = self.inherent else { return Err(wrong_state(&self.stage, Verb::Treat)) };
        let Treat { option, description, residual } = input;
        let mut faults = Faults::default();
        match option {
            TreatmentOption::Modify | TreatmentOption::Avoid | TreatmentOption::Share => {}
            TreatmentOption::Retain => {
                let detail = "a risk that is taken as it is, is accepted by management: use accept";
                faults.push(Fault::new("/option", "accept_instead", detail));
            }
        }
        faults.keep(text::narrative("/description", &description));
        check_residual(residual, inherent, &mut faults);
        faults.refuse()?;
        let mut after = self.returned();
        after.residual = Some(residual);
        after.treatment = Some(Treatment { option, description, at, by: by.member() });
        after.stage = Stage::Treated;
        Ok(Change::of(self, after, "treated", at))
    }

    /// The risk without its acceptance, which is kept with the earlier ones.
    fn returned(&self) -> Self {
        let mut after = self.clone();
        if let Stage::Accepted { acceptance } = &self.stage {
            after.acceptances.push(acceptance.clone());
            after.stage = Stage::Treated;
        }
        after
    }

    /// Management takes what is left of it as it is, until a day; then it returns by itself [6.1.3 f].
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn accept(self, input: Accept, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Accept, facts, by)?;
        let Some(level) = self.level() else { return Err(wrong_state(&self.stage, Verb::Accept)) };
        let acceptance = Acceptance::given(input, level, facts.today, by, at)?;
        let reason = acceptance.reason.clone();
        let mut after = self.clone();
        if after.treatment.is_none() {
            let (option, description) = (TreatmentOption::Retain, reason.clone());
            after.treatment = Some(Treatment { option, description, at, by: by.member() });
            after.residual = after.inherent;
        }
        after.stage = Stage::Accepted { acceptance };
        Ok(Change::of(self, after, "accepted", at).because(reason))
    }

    /// It is looked at again: both levels are kept in its history. Above the accepted level, the acceptance ends.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn review(
        self,
        input: ReviewRisk,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Review, facts, by)?;
        let ReviewRisk { inherent, residual, rationale, review_on } = input;
        let mut faults = Faults::default();
        inherent.check("/inherent", &mut faults);
        match (residual, &self.treatment) {
            (Some(residual), Some(_)) => check_residual(residual, inherent, &mut faults),
            (None, Some(_)) => {
                faults.push(Fault::new("/residual", "required", "it is treated: say what is left of it"));
            }
            (Some(_), None) => {
                faults.push(Fault::new("/residual", "not_applicable", "it is not treated: nothing is left over"));
            }
            (None, None) => {}
        }
        faults.keep(text::narrative("/rationale", &rationale));
        faults.keep(text::day_to_come("/review_on", review_on, facts.today));
        faults.refuse()?;
        let level = residual.unwrap_or(inherent).level();
        let mut after = match &self.stage {
            Stage::Accepted { acceptance } if level > acceptance.level => self.returned(),
            Stage::Accepted { .. }
            | Stage::Identified
            | Stage::Assessed
            | Stage::Treated
            | Stage::Retired { .. }
            | Stage::Void { .. } => self.clone(),
        };
        after.seen(Review { inherent, residual, rationale, at, by: by.member() }, review_on);
        Ok(Change::of(self, after, "reviewed", at))
    }

    /// There is no such risk any more.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, facts, by)?;
        text::reason(&reason)?;
        let mut after = self.returned();
        after.stage = Stage::Retired { reason: reason.clone(), at, by: by.member() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }

    /// The acceptance is over: what is left of the risk is thought over again.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; it is not accepted, or still holds.
    pub fn end_acceptance(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        if !self.is_acceptance_over(today) {
            return Err(Refusal::state("not_over", "no acceptance of it is over"));
        }
        let after = self.returned();
        Ok(Change::of(self, after, "acceptance_ended", at))
    }

    /// Whether it is accepted, and the last day of that has passed.
    #[must_use]
    pub fn is_acceptance_over(&self, today: NaiveDate) -> bool {
        match &self.stage {
            Stage::Accepted { acceptance } => today > acceptance.until,
            Stage::Identified | Stage::Assessed | Stage::Treated | Stage::Retired { .. } | Stage::Void { .. } => false,
        }
    }

    /// Whether its review date has passed, and that was not noted.
    #[must_use]
    pub fn is_review_overdue(&self, today: NaiveDate) -> bool {
        let day = self.review_on.filter(|day| self.review_fell_due_on != Some(*day));
        day.is_some_and(|day| today > day) && self.wakes().is_some()
    }

    /// Notes that its review date has passed, for whoever listens to events.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; no review is overdue, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        if !self.is_review_overdue(today) {
            return Err(Refusal::state("not_overdue", "no review is overdue, or that was noted"));
        }
        let after = Self { review_fell_due_on: self.review_on, ..self.clone() };
        Ok(Change::of(self, after, "review_fell_due", at))
    }
}
