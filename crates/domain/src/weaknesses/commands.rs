//! The verbs: each asks its guard, checks its input and names what follows.

use super::lifecycle::ARTICLED;
use super::{Assessment, Facts, Stage, Verb, Weakness};
use crate::acceptance::{Accept, Acceptance};
use crate::access::{Actor, is_the_program};
use crate::change::{Birth, Change, Lifecycle};
use crate::id::{MemberId, NonconformityId};
use crate::nonconformities::{Nonconformity, NonconformityDraft, Source};
use crate::rating::Rating;
use crate::reference::Target;
use crate::refusal::{Faults, Reason, Refusal};
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// One line.
    pub title: Option<String>,
    /// What could be exploited, or could fail.
    pub description: Option<String>,
    /// Where it was found.
    pub found_in: Option<String>,
}

/// What `assess` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Assess {
    /// Likelihood and impact.
    pub rating: Rating,
    /// Why so.
    pub rationale: String,
    /// The accountable member; that the member exists is the caller's to check.
    pub owner: MemberId,
}

/// What raising its nonconformity needs: title and statement are the weakness's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Treat {
    /// What shows that it is there.
    pub objective_evidence: String,
    /// The clause or control breached.
    pub requirement: Option<String>,
    /// The day by which it is to be closed.
    pub due_on: Option<NaiveDate>,
}

/// A stage that the guard lets through but the command does not; see the same in nonconformities.
fn wrong_state(stage: &Stage, verb: Verb) -> Refusal {
    Refusal::State(vec![Reason::wrong_state(ARTICLED, stage.name(), verb)])
}

impl Weakness {
    /// Changes plain fields.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { title, description, found_in } = input;
        let mut after = self.clone();
        after.title = title.unwrap_or(after.title);
        after.description = description.unwrap_or(after.description);
        after.found_in = found_in.unwrap_or(after.found_in);
        after.faults().refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// It is known how grave it is. Assessed anew, an acceptance of it ends.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn assess(self, input: Assess, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Assess, facts, by)?;
        let Assess { rating, rationale, owner } = input;
        let mut faults = Faults::default();
        rating.check("/rating", &mut faults);
        faults.keep(text::narrative("/rationale", &rationale));
        faults.refuse()?;
        let mut after = self.returned();
        after.assessment = Some(Assessment { rating, rationale, at, by: by.member() });
        after.owner = Some(owner);
        Ok(Change::of(self, after, "assessed", at))
    }

    /// The weakness back among the assessed; an acceptance is kept with the earlier ones.
    fn returned(&self) -> Self {
        let mut after = self.clone();
        if let Stage::Accepted { acceptance } = &self.stage {
            after.acceptances.push(acceptance.clone());
        }
        after.stage = Stage::Assessed;
        after
    }

    /// It is none; the reason is told to the reporter.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn reject(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Reject, facts, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Rejected { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "rejected", at).because(reason))
    }

    /// A nonconformity that is open deals with it; that it exists and is open is the caller's to check.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn treat_by(
        self,
        nonconformity: NonconformityId,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Treat, facts, by)?;
        let after = Self { stage: Stage::Treating { nonconformity }, ..self.clone() };
        Ok(Change::of(self, after, "treatment_begun", at))
    }

    /// Raises the nonconformity that deals with it. The second is the weakness, to be stored after the first.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn treat(
        self,
        input: Treat,
        facts: &Facts,
        by: &Actor,
        birth: Birth,
    ) -> Result<(Change<Nonconformity>, Change<Self>), Refusal> {
        self.may(Verb::Treat, facts, by)?;
        let Treat { objective_evidence, requirement, due_on } = input;
        let draft = NonconformityDraft {
            title: self.title.clone(),
            statement: self.description.clone(),
            objective_evidence,
            source: Source::Other,
            origin: Some(Target::of(&self)),
            requirement,
            indicators: Vec::new(),
            due_on,
        };
        let case = Nonconformity::raise(draft, by, birth)?;
        Ok((case, self.treat_by(NonconformityId(birth.id), facts, by, birth.at)?))
    }

    /// Management takes it as it is, until a day; then it returns by itself.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn accept(self, input: Accept, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Accept, facts, by)?;
        let Some(level) = self.level() else { return Err(wrong_state(&self.stage, Verb::Accept)) };
        let acceptance = Acceptance::given(input, level, facts.today, by, at)?;
        let reason = acceptance.reason.clone();
        let after = Self { stage: Stage::Accepted { acceptance }, ..self.clone() };
        Ok(Change::of(self, after, "accepted", at).because(reason))
    }

    /// The acceptance is over: it returns to be treated, or accepted anew.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; it is not accepted, or still holds.
    pub fn end_acceptance(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        match &self.stage {
            Stage::Accepted { acceptance } if today > acceptance.until => {}
            Stage::Accepted { .. }
            | Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Assessed
            | Stage::Treating { .. }
            | Stage::Closed { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => return Err(Refusal::state("not_over", "no acceptance of it is over")),
        }
        let after = self.returned();
        Ok(Change::of(self, after, "acceptance_ended", at))
    }

    /// It is gone: its nonconformity is closed.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the evidence.
    pub fn close(
        self,
        evidence: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Close, facts, by)?;
        let Stage::Treating { nonconformity } = self.stage else {
            return Err(wrong_state(&self.stage, Verb::Close));
        };
        let mut faults = Faults::default();
        faults.keep(text::narrative("/evidence", &evidence));
        faults.refuse()?;
        let after = Self { stage: Stage::Closed { nonconformity, evidence, at, by: by.member() }, ..self.clone() };
        Ok(Change::of(self, after, "closed", at))
    }
}
