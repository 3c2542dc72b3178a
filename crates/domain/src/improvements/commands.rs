//! The verbs: each asks its guard, checks its input and names what follows.

use super::lifecycle::ARTICLED;
use super::{Decision, Facts, Implementation, Improvement, Measure, Miss, Plan, Size, Stage, Verb, Verdict};
use crate::access::Actor;
use crate::analysis::effect::Effect;
use crate::change::{Change, Lifecycle, Record};
use crate::id::MemberId;
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use crate::work;
use chrono::{DateTime, NaiveDate, Utc};

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Amendment {
    /// One line.
    pub title: Option<String>,
    /// What could be better, and how.
    pub description: Option<String>,
    /// What would be better, or nothing.
    pub expected_benefit: Option<Option<String>>,
    /// How one will tell, or nothing; that the indicator exists is the caller's to check. Fixed by `plan`.
    pub measure: Option<Option<Measure>>,
    /// What it takes, or nothing.
    pub effort: Option<Option<Size>>,
    /// What it is worth, or nothing.
    pub value: Option<Option<Size>>,
    /// The accountable member; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
}

/// What `accept` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accept {
    /// The accountable member; that the member exists is the caller's to check.
    pub owner: MemberId,
    /// Why it is worth it.
    pub reason: String,
    /// What would be better; needed where the proposal does not say it.
    pub expected_benefit: Option<String>,
    /// Why the proposer decides, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

/// What `decline` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decline {
    /// Told to the proposer.
    pub reason: String,
    /// Why the proposer decides, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

/// What `conclude` needs.
#[derive(Debug, Clone, PartialEq)]
pub struct Conclude {
    /// Whether the benefit came about; needed where no indicator says it, and never against what it says.
    pub realised: Option<bool>,
    /// What was seen.
    pub evidence: String,
    /// What was learned.
    pub lessons: String,
    /// What its indicator said before and after, where one was agreed.
    pub effect: Option<Effect>,
    /// Why someone judges who must not, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

/// A stage that the guard lets through but the command does not; see the same in nonconformities.
fn wrong_state(stage: &Stage, verb: Verb) -> Refusal {
    Refusal::State(vec![Reason::wrong_state(ARTICLED, stage.name(), verb)])
}

impl Improvement {
    /// Notes that the day has passed by which it was to be in place, or on which its benefit could be judged.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; it is not overdue, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        work::may_fall_due(self.wakes(), today, by)?;
        let after = Self { fell_due_on: self.deadline(), ..self.clone() };
        let verb = if self.implementation().is_some() { "judgement_fell_due" } else { "fell_due" };
        Ok(Change::of(self, after, verb, at))
    }

    /// Changes plain fields. How the benefit is measured is fixed when it is planned: moving the goalposts afterwards
    /// would be a claim, not a measurement.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { title, description, expected_benefit, measure, effort, value, owner } = input;
        let mut after = self.clone();
        if measure.as_ref().is_some_and(|measure| self.plan.is_some() && *measure != self.measure) {
            return Err(Refusal::state(
                "measure_is_fixed",
                "how the benefit is measured was fixed when it was planned",
            ));
        }
        if owner.is_some() && self.decision.is_none() {
            return Err(Refusal::state("not_accepted", "it gets its owner when it is accepted"));
        }
        after.title = title.unwrap_or(after.title);
        after.description = description.unwrap_or(after.description);
        after.expected_benefit = expected_benefit.unwrap_or(after.expected_benefit);
        after.measure = measure.unwrap_or(after.measure);
        after.effort = effort.unwrap_or(after.effort);
        after.value = value.unwrap_or(after.value);
        after.owner = owner.or(after.owner);
        after.faults().refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// It is worth it: it gets its owner.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn accept(self, input: Accept, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let Accept { owner, reason, expected_benefit, exception_reason } = input;
        self.may_excepted(Verb::Accept, facts, by, exception_reason.as_deref())?;
        let mut faults = Faults::default();
        if let Some(benefit) = &expected_benefit {
            faults.keep(text::narrative("/expected_benefit", benefit));
        } else if self.expected_benefit.is_none() {
            faults.push(Fault::new("/expected_benefit", "required", "the proposal does not say what would be better"));
        }
        let mut after = self.decided(reason, exception_reason, facts, by, at, faults)?;
        after.owner = Some(owner);
        after.expected_benefit = expected_benefit.or(after.expected_benefit);
        after.stage = Stage::Accepted;
        Ok(self.with_decision(after, "accepted", at))
    }

    /// It is not worth it, or not now; the reason is told to the proposer.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn decline(
        self,
        input: Decline,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        let Decline { reason, exception_reason } = input;
        self.may_excepted(Verb::Decline, facts, by, exception_reason.as_deref())?;
        let mut after = self.decided(reason, exception_reason, facts, by, at, Faults::default())?;
        after.stage = Stage::Declined;
        Ok(self.with_decision(after, "declined", at))
    }

    /// The record with its decision, and the exception from separation of duties where one was needed.
    fn decided(
        &self,
        reason: String,
        exception_reason: Option<String>,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
        mut faults: Faults,
    ) -> Result<Self, Refusal> {
        let Some(me) = by.member() else { return Err(wrong_state(&self.stage, Verb::Accept)) };
        faults.keep(text::narrative("/reason", &reason));
        let exception = facts.separation.exception(&self.decider(by), exception_reason, (me, at), &mut faults);
        faults.refuse()?;
        let mut after = self.clone();
        after.exceptions.extend(exception);
        after.decision = Some(Decision { reason, votes: facts.votes, at, by: me });
        Ok(after)
    }

    fn with_decision(self, after: Self, verb: &'static str, at: DateTime<Utc>) -> Change<Self> {
        let reason = after.decision.as_ref().map(|decision| decision.reason.clone());
        Change::of(self, after, verb, at).because_of(reason)
    }

    /// It is known how it will be brought about, and by when.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn plan(
        self,
        (approach, due_on): (String, NaiveDate),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Plan, facts, by)?;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/approach", &approach));
        faults.keep(text::day_to_come("/due_on", due_on, facts.today));
        faults.refuse()?;
        let plan = Some(Plan { approach, due_on, at, by: by.member() });
        let after = Self { plan, stage: Stage::Planned, ..self.clone() };
        Ok(Change::of(self, after, "planned", at))
    }

    /// Somebody begins.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn start(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Start, facts, by)?;
        let after = Self { stage: Stage::InProgress { since: at }, ..self.clone() };
        Ok(Change::of(self, after, "started", at))
    }

    /// It is in place: what the indicator says from now on counts, and from `judge_on` on it can be judged.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn measure(
        self,
        (summary, judge_on): (String, NaiveDate),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Measure, facts, by)?;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/summary", &summary));
        faults.keep(text::day_to_come("/judge_on", judge_on, facts.today));
        faults.refuse()?;
        let implementation = Implementation { summary, judge_on, at, by: by.member() };
        let after = Self { stage: Stage::Measuring { implementation }, ..self.clone() };
        Ok(Change::of(self, after, "implemented", at))
    }

    /// Whether the benefit came about. Where an indicator was agreed its figures decide, and are kept with the verdict.
    ///
    /// # Errors
    /// The guard's refusal, every fault of the input, or a claim against the figures.
    pub fn conclude(
        self,
        input: Conclude,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        let Conclude { realised, evidence, lessons, effect, exception_reason } = input;
        self.may_excepted(Verb::Conclude, facts, by, exception_reason.as_deref())?;
        let (Stage::Measuring { implementation }, Some(me)) = (self.stage.clone(), by.member()) else {
            return Err(wrong_state(&self.stage, Verb::Conclude));
        };
        let mut faults = Faults::default();
        let came_about = self.came_about(realised, facts, &mut faults)?;
        faults.keep(text::narrative("/evidence", &evidence));
        faults.keep(text::narrative("/lessons", &lessons));
        let duty = self.judge(facts, by);
        let exception = facts.separation.exception(&duty, exception_reason, (me, at), &mut faults);
        faults.refuse()?;
        let figures = facts.figures;
        let progress = figures.and_then(|figures| self.measure.as_ref()?.progress(&figures));
        let verdict = Box::new(Verdict { evidence, lessons, figures, progress, effect, at, by: me });
        let mut after = self.clone();
        let reason = exception.as_ref().map(|exception| exception.reason.clone());
        after.exceptions.extend(exception);
        let verb = if came_about {
            after.stage = Stage::Realised { implementation, verdict };
            "realised"
        } else {
            after.stage = Stage::NotRealised { miss: Miss::Judged { implementation, verdict } };
            "not_realised"
        };
        Ok(Change::of(self, after, verb, at).because_of(reason))
    }

    /// What the figures say; what is claimed, where none were agreed.
    fn came_about(&self, claimed: Option<bool>, facts: &Facts, faults: &mut Faults) -> Result<bool, Refusal> {
        let told = facts.figures.and_then(|figures| self.measure.as_ref()?.is_reached(&figures));
        match (told.or(claimed), claimed, facts.figures) {
            (Some(told), Some(claimed), Some(figures)) if told != claimed => {
                let (median, count) = (figures.median, figures.count);
                let side = if told { "has" } else { "has not" };
                let detail = format!("the median of its {count} measurements, {median}, {side} reached the target");
                Err(Refusal::state("figures_say_otherwise", detail))
            }
            (Some(came_about), _, _) => Ok(came_about),
            (None, _, _) => {
                let detail = "no indicator was agreed: say whether the benefit came about";
                faults.push(Fault::new("/realised", "required", detail));
                Ok(false)
            }
        }
    }

    /// It is given up before it is in place.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn abandon(
        self,
        reason: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Abandon, facts, by)?;
        text::reason(&reason)?;
        let miss = Miss::Abandoned { reason: reason.clone(), at, by: by.member() };
        let after = Self { stage: Stage::NotRealised { miss }, ..self.clone() };
        Ok(Change::of(self, after, "abandoned", at).because(reason))
    }
}
