//! The verbs, and the amendment of plain fields.

use super::lifecycle::ARTICLED;
use super::{Facts, Field, Measure, Objective, Proposal, Revision, Stage, StageName, Terms, Verb, Verdict, touchable};
use crate::access::{Actor, Identity, Permission};
use crate::approval::Approval;
use crate::change::{Change, Lifecycle, Record, take};
use crate::id::{MemberId, PolicyId};
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::responsibilities::unless_judged_by;
use crate::separation::SeparationException;
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};

/// What a PATCH may say: the outer option is "leave as it is", the inner one "empty it".
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields of `Objective` and `Terms` say it")]
pub struct ObjectiveAmendment {
    pub title: Option<String>,
    pub policy: Option<PolicyId>,
    pub statement: Option<String>,
    pub measure: Option<Option<Measure>>,
    pub due_on: Option<Option<NaiveDate>>,
    pub business_goal: Option<Option<String>>,
    pub level: Option<Option<String>>,
    pub requirements: Option<Vec<String>>,
    pub risks_considered: Option<Option<String>>,
    pub communicated_to: Option<Vec<String>>,
    pub plan: Option<Option<String>>,
    pub resources: Option<Option<String>>,
    pub owner: Option<MemberId>,
    pub evaluation: Option<Option<String>>,
}

impl ObjectiveAmendment {
    /// Writes what is given into the objective; the fields touched.
    fn apply(self, to: &mut Objective) -> Vec<Field> {
        let Self {
            title,
            policy,
            statement,
            measure,
            due_on,
            business_goal,
            level,
            requirements,
            risks_considered,
            communicated_to,
            plan,
            resources,
            owner,
            evaluation,
        } = self;
        let mut touched = Vec::new();
        take(Field::Title, title, &mut to.title, &mut touched);
        take(Field::Policy, policy, &mut to.policy, &mut touched);
        take(Field::Statement, statement, &mut to.terms.statement, &mut touched);
        take(Field::Measure, measure, &mut to.terms.measure, &mut touched);
        take(Field::DueOn, due_on, &mut to.terms.due_on, &mut touched);
        take(Field::BusinessGoal, business_goal, &mut to.business_goal, &mut touched);
        take(Field::Level, level, &mut to.level, &mut touched);
        take(Field::Requirements, requirements, &mut to.requirements, &mut touched);
        take(Field::RisksConsidered, risks_considered, &mut to.risks_considered, &mut touched);
        take(Field::CommunicatedTo, communicated_to, &mut to.communicated_to, &mut touched);
        take(Field::Plan, plan, &mut to.plan, &mut touched);
        take(Field::Resources, resources, &mut to.resources, &mut touched);
        take(Field::Owner, owner, &mut to.owner, &mut touched);
        take(Field::Evaluation, evaluation, &mut to.evaluation, &mut touched);
        touched
    }
}

/// What `revise` needs; `None` leaves a term as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct Revise {
    /// What is to be reached.
    pub statement: Option<String>,
    /// How it is measured.
    pub measure: Option<Measure>,
    /// By when.
    pub due_on: Option<NaiveDate>,
    /// Why the goalposts move.
    pub reason: String,
}

/// What `achieve` and `miss` need.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judge {
    /// What was looked at, and what was seen.
    pub evidence: String,
    /// Why someone judges who must not, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

/// A stage that the guard lets through but the command does not: the two disagree. It cannot be reached
/// while both follow the table; it is refused rather than trusted.
fn wrong_state(stage: &Stage, verb: Verb) -> Refusal {
    Refusal::State(vec![Reason::wrong_state(ARTICLED, stage.name(), verb)])
}

impl Objective {
    /// Changes plain fields. Once it is approved, its terms need `revise`, and the answers of 6.2 stay given.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the amendment. `today` is the organisation's.
    pub fn amend(
        self,
        amendment: ObjectiveAmendment,
        today: NaiveDate,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let stage = self.stage.name();
        let mut after = self.clone();
        let touched = amendment.apply(&mut after);
        // `own` never includes decisions: who answers for it is one.
        if touched.contains(&Field::Owner) && !by.may(Permission::SetObjective, false) {
            return Err(Refusal::Forbidden);
        }
        match &self.stage {
            Stage::Active { approval, .. } | Stage::Revising { approval, .. } if after.owner != self.owner => {
                unless_judged_by(Some(approval.by), after.owner, "who approved an objective does not come to own it")?;
            }
            Stage::Draft
            | Stage::Active { .. }
            | Stage::Revising { .. }
            | Stage::Achieved { .. }
            | Stage::Missed { .. }
            | Stage::Abandoned { .. } => {}
        }
        let mut faults = after.faults();
        if touched.contains(&Field::DueOn) {
            after.terms.check_due(today, &mut faults);
        }
        for field in touched.into_iter().filter(|field| !touchable(stage, *field)) {
            let (stage, field): (&str, &str) = (stage.into(), field.into());
            let detail = format!("cannot be amended while the objective is {stage}: revise it");
            faults.push(Fault::new(format!("/{field}"), "not_in_this_stage", detail));
        }
        if stage != StageName::Draft {
            for missing in after.missing() {
                let field = missing.code.trim_start_matches("no_").to_owned();
                faults.push(Fault::new(format!("/{field}"), "needed_while_active", missing.detail));
            }
        }
        faults.refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// Management approves it, or the terms that a revision proposes; never its owner. The approval is bound to a
    /// digest of the terms; a baseline that is not given is taken from the indicator.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the reason for an exception.
    pub fn approve(
        self,
        exception_reason: Option<String>,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may_excepted(Verb::Approve, facts, by, exception_reason.as_deref())?;
        let me = by.member().ok_or_else(|| wrong_state(&self.stage, Verb::Approve))?;
        let exception = self.exception(Verb::Approve, exception_reason, facts, (me, by, at))?;
        let (terms, reading) = self.pending(facts);
        let value = reading.and_then(|reading| reading.value).and_then(|sighting| sighting.value);
        let terms = terms.clone().with_baseline(value);
        let approval = Approval { by: me, at, digest: terms.content(self.policy).digest() };
        let mut after = self.clone();
        let (started_on, because) = match &self.stage {
            Stage::Draft => (facts.today, None),
            Stage::Revising { approval, started_on, proposal } => {
                after.revision += 1;
                after.revisions.push(Revision {
                    number: self.revision,
                    terms: self.terms.clone(),
                    approval: approval.clone(),
                    replaced_at: at,
                    reason: proposal.reason.clone(),
                });
                (*started_on, Some(proposal.reason.clone()))
            }
            stage
            @ (Stage::Active { .. } | Stage::Achieved { .. } | Stage::Missed { .. } | Stage::Abandoned { .. }) => {
                return Err(wrong_state(stage, Verb::Approve));
            }
        };
        let because = exception.as_ref().map(|exception| exception.reason.clone()).or(because);
        after.exceptions.extend(exception);
        after.terms = terms;
        after.stage = Stage::Active { approval, started_on };
        Ok(Change::of(self, after, "approved", at).because_of(because))
    }

    /// Proposes other terms; what holds stays until they are approved.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input; terms that change nothing.
    pub fn revise(self, input: Revise, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Revise, facts, by)?;
        let Stage::Active { approval, started_on } = self.stage.clone() else {
            return Err(wrong_state(&self.stage, Verb::Revise));
        };
        let Revise { statement, measure, due_on, reason } = input;
        let terms = Terms {
            statement: statement.unwrap_or_else(|| self.terms.statement.clone()),
            measure: measure.or_else(|| self.terms.measure.clone()),
            due_on: due_on.or(self.terms.due_on),
        };
        let terms = self.with_old_baseline(terms);
        let mut faults = Faults::default();
        faults.keep(text::narrative("/reason", &reason));
        terms.check(&mut faults);
        terms.check_due(facts.today, &mut faults);
        if terms == self.terms {
            faults.push(Fault::new("", "unchanged", "must change the statement, the measure or the due date"));
        }
        faults.refuse()?;
        let proposal = Proposal { terms, reason: reason.clone(), by: by.member(), at };
        let after = Self { stage: Stage::Revising { approval, started_on, proposal }, ..self.clone() };
        Ok(Change::of(self, after, "revision_proposed", at).because(reason))
    }

    /// The way starts where it started, unless another indicator measures it or another baseline is given.
    fn with_old_baseline(&self, terms: Terms) -> Terms {
        match &self.terms.measure {
            Some(Measure::Indicator { indicator, baseline, .. }) if terms.indicator() == Some(*indicator) => {
                terms.with_baseline(*baseline)
            }
            Some(Measure::Indicator { .. } | Measure::Qualitative { .. }) | None => terms,
        }
    }

    /// The terms stay as they are.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn reject(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Reject, facts, by)?;
        let Stage::Revising { approval, started_on, proposal: _ } = self.stage.clone() else {
            return Err(wrong_state(&self.stage, Verb::Reject));
        };
        text::reason(&reason)?;
        let after = Self { stage: Stage::Active { approval, started_on }, ..self.clone() };
        Ok(Change::of(self, after, "revision_rejected", at).because(reason))
    }

    /// It is reached: its indicator says so, or somebody other than its owner judges it.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn achieve(self, input: Judge, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let (approval, started_on, verdict, exception) = self.judged(Verb::Achieve, input, facts, by, at)?;
        let because = exception.as_ref().map(|exception| exception.reason.clone());
        let mut after = Self { stage: Stage::Achieved { approval, started_on, verdict }, ..self.clone() };
        after.exceptions.extend(exception);
        Ok(Change::of(self, after, "achieved", at).because_of(because))
    }

    /// Its due date has passed and it is not reached.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn miss(self, input: Judge, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let (approval, started_on, verdict, exception) = self.judged(Verb::Miss, input, facts, by, at)?;
        let because = exception.as_ref().map(|exception| exception.reason.clone());
        let mut after = Self { stage: Stage::Missed { approval, started_on, verdict }, ..self.clone() };
        after.exceptions.extend(exception);
        Ok(Change::of(self, after, "missed", at).because_of(because))
    }

    fn judged(
        &self,
        verb: Verb,
        input: Judge,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<(Approval, NaiveDate, Verdict, Option<SeparationException>), Refusal> {
        let Judge { evidence, exception_reason } = input;
        self.may_excepted(verb, facts, by, exception_reason.as_deref())?;
        let (Stage::Active { approval, started_on }, Some(judge)) = (&self.stage, by.member()) else {
            return Err(wrong_state(&self.stage, verb));
        };
        text::narrative("/evidence", &evidence).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        let exception = self.exception(verb, exception_reason, facts, (judge, by, at))?;
        let value = facts.reading.and_then(|reading| reading.value);
        Ok((approval.clone(), *started_on, Verdict { evidence, value, by: judge, at }, exception))
    }

    fn exception(
        &self,
        verb: Verb,
        reason: Option<String>,
        facts: &Facts,
        (me, by, at): (MemberId, &Actor, DateTime<Utc>),
    ) -> Result<Option<SeparationException>, Refusal> {
        let mut faults = Faults::default();
        let duty = self.duty(verb, by);
        let exception = duty.and_then(|duty| facts.separation.exception(&duty, reason, (me, at), &mut faults));
        faults.refuse()?;
        Ok(exception)
    }

    /// It is given up.
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
        let after = Self { stage: Stage::Abandoned { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "abandoned", at).because(reason))
    }

    /// Notes that its due date has passed, once for each due date.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; it is not overdue, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        if !matches!(by.identity, Identity::System { .. }) {
            return Err(Refusal::Forbidden);
        }
        let due_on = self.terms.due_on.filter(|due_on| today > *due_on && self.wakes().is_some());
        let Some(due_on) = due_on else {
            return Err(Refusal::state("not_overdue", "it is not overdue, or that was noted"));
        };
        let after = Self { fell_due_on: Some(due_on), ..self.clone() };
        Ok(Change::of(self, after, "fell_due", at))
    }
}
