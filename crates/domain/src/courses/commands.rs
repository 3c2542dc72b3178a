//! The verbs: each asks its guard, checks its input and names what follows.

use super::lifecycle::ARTICLED;
use super::{Course, Evaluation, Facts, Stage, Verb};
use crate::access::Actor;
use crate::analysis::effect::Effect;
use crate::audience::Audience;
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
    /// What it teaches, or nothing.
    pub description: Option<Option<String>>,
    /// Where to find it, or nothing.
    pub material: Option<Option<String>>,
    /// Who must take it; that named members exist is the caller's to check.
    pub audience: Option<Audience>,
    /// In how many days a new assignment is due.
    pub due_in_days: Option<i64>,
    /// For how many months a result holds, or for ever.
    pub validity_months: Option<Option<i64>>,
    /// The score from which on it is passed, or none.
    pub pass_mark: Option<Option<i64>>,
    /// Clauses and controls.
    pub requirements: Option<Vec<String>>,
    /// The indicators that it is to move; that they exist is the caller's to check.
    pub indicators: Option<Vec<IndicatorId>>,
    /// The accountable member; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
}

/// What `evaluate` needs [7.2 c].
#[derive(Debug, Clone, PartialEq)]
pub struct Evaluate {
    /// Whether the course has given people what it was to give them.
    pub effective: bool,
    /// What was looked at.
    pub criterion: String,
    /// What was seen.
    pub evidence: String,
    /// What its indicators said before and after, where it names some and somebody has taken it.
    pub effect: Option<Effect>,
    /// The day on which it is judged again, or never.
    pub again_on: Option<NaiveDate>,
    /// Why someone judges who must not, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

impl Course {
    /// Changes plain fields. Another audience is assigned by and by; results that people have are kept.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment {
            title,
            description,
            material,
            audience,
            due_in_days,
            validity_months,
            pass_mark,
            requirements,
            indicators,
            owner,
        } = input;
        let mut after = self.clone();
        after.title = title.unwrap_or(after.title);
        after.description = description.unwrap_or(after.description);
        after.material = material.unwrap_or(after.material);
        after.due_in_days = due_in_days.unwrap_or(after.due_in_days);
        after.validity_months = validity_months.unwrap_or(after.validity_months);
        after.pass_mark = pass_mark.unwrap_or(after.pass_mark);
        after.requirements = requirements.unwrap_or(after.requirements);
        after.indicators = indicators.unwrap_or(after.indicators);
        after.owner = owner.or(after.owner);
        if let Some(audience) = audience.filter(|audience| *audience != self.audience) {
            after.audience = audience;
            after.audience_since = at;
        }
        after.faults().refuse()?;
        if self.is_published() {
            let missing = after.missing();
            if !missing.is_empty() {
                return Err(Refusal::State(missing));
            }
        }
        Ok(Change::of(self, after, "amended", at))
    }

    /// From now on its audience is assigned to it; `evaluate_on` is the day on which its effect is judged.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the day.
    pub fn publish(
        self,
        evaluate_on: NaiveDate,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Publish, facts, by)?;
        let mut faults = Faults::default();
        faults.keep(text::day_to_come("/evaluate_on", evaluate_on, facts.today));
        faults.refuse()?;
        let stage = Stage::Published { since: at, evaluate_on: Some(evaluate_on) };
        let after = Self { audience_since: at, stage, ..self.clone() };
        Ok(Change::of(self, after, "published", at))
    }

    /// Whether it has worked [7.2 c]. Said again, it replaces what was said before, which the journal keeps.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn evaluate(
        self,
        input: Evaluate,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        let Evaluate { effective, criterion, evidence, effect, again_on, exception_reason } = input;
        self.may_excepted(Verb::Evaluate, facts, by, exception_reason.as_deref())?;
        let (Stage::Published { since, .. }, Some(judge)) = (self.stage.clone(), by.member()) else {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, self.stage.name(), Verb::Evaluate)]));
        };
        let mut faults = Faults::default();
        faults.keep(text::narrative("/criterion", &criterion));
        faults.keep(text::narrative("/evidence", &evidence));
        if let Some(day) = again_on {
            faults.keep(text::day_to_come("/again_on", day, facts.today));
        }
        let duty = Duty { rule: Rule::TrainingEvaluator, breach: by.breach(|me| self.breach(me)) };
        let exception = facts.separation.exception(&duty, exception_reason, (judge, at), &mut faults);
        faults.refuse()?;
        let mut after = self.clone();
        after.evaluation = Some(Evaluation { effective, criterion, evidence, effect, at, by: judge });
        after.stage = Stage::Published { since, evaluate_on: again_on };
        let reason = exception.as_ref().map(|exception| exception.reason.clone());
        after.exceptions.extend(exception);
        let verb = if effective { "evaluated_effective" } else { "evaluated_ineffective" };
        Ok(Change::of(self, after, verb, at).because_of(reason))
    }

    /// Notes that the day has passed on which its effect could be judged.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; no judgement is overdue, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        work::may_fall_due(self.wakes(), today, by)?;
        let evaluation_fell_due_on = match self.stage {
            Stage::Published { evaluate_on, .. } => evaluate_on,
            Stage::Draft | Stage::Retired { .. } => None,
        };
        let after = Self { evaluation_fell_due_on, ..self.clone() };
        Ok(Change::of(self, after, "evaluation_fell_due", at))
    }

    /// Nobody takes it any more: what is still open becomes void, results are kept.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, facts, by)?;
        text::reason(&reason)?;
        let stage = Stage::Retired { reason: reason.clone(), at };
        let after = Self { audience_since: at, stage, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }
}
