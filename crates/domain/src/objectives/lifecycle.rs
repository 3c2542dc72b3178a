//! The tables stage x verb and stage x field: at once the enforcement and what is published.

use super::{Measure, Objective, ObjectiveAmendment, Reading, Stage, Terms};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use crate::separation::{Duty, Rule, Separation};
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// As a reason names it.
pub(super) const ARTICLED: &str = "an objective";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ObjectiveState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Draft,
    Active,
    Revising,
    Achieved,
    Missed,
    Abandoned,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Draft => StageName::Draft,
            Self::Active { .. } => StageName::Active,
            Self::Revising { .. } => StageName::Revising,
            Self::Achieved { .. } => StageName::Achieved,
            Self::Missed { .. } => StageName::Missed,
            Self::Abandoned { .. } => StageName::Abandoned,
        }
    }
}

/// What can be done to an objective.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Approve,
    Revise,
    Reject,
    Achieve,
    Miss,
    Abandon,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Approve, S::Draft | S::Revising) | (Verb::Reject, S::Revising) => &[S::Active],
        (Verb::Revise, S::Active) => &[S::Revising],
        (Verb::Achieve, S::Active) => &[S::Achieved],
        (Verb::Miss, S::Active) => &[S::Missed],
        (Verb::Abandon, S::Draft | S::Active) => &[S::Abandoned],
        (
            Verb::Approve | Verb::Revise | Verb::Reject | Verb::Achieve | Verb::Miss | Verb::Abandon,
            S::Draft | S::Active | S::Revising | S::Achieved | S::Missed | S::Abandoned,
        ) => &[],
    }
}

/// A field that people write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ObjectiveField))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the fields of the same names say it")]
pub enum Field {
    Title,
    Policy,
    Statement,
    Measure,
    DueOn,
    BusinessGoal,
    Level,
    Requirements,
    RisksConsidered,
    CommunicatedTo,
    Plan,
    Resources,
    Owner,
    Evaluation,
}

/// Whether a field may be amended in a stage. What is approved is changed by `revise` alone, with a reason.
#[must_use]
pub fn touchable(stage: StageName, field: Field) -> bool {
    use Field as F;
    let (drafted, over) = match stage {
        StageName::Draft => (true, false),
        StageName::Active | StageName::Revising => (false, false),
        StageName::Achieved | StageName::Missed | StageName::Abandoned => (false, true),
    };
    match field {
        F::Policy | F::Statement | F::Measure | F::DueOn => drafted,
        F::Title
        | F::BusinessGoal
        | F::Level
        | F::Requirements
        | F::RisksConsidered
        | F::CommunicatedTo
        | F::Plan
        | F::Resources
        | F::Owner
        | F::Evaluation => !over,
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// What its indicator says now, where one measures it.
    pub reading: Option<Reading>,
    /// The same of the indicator that a revision proposes, where that is another.
    pub proposed: Option<Reading>,
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// Which duties the organisation keeps apart, and which exceptions it documents.
    pub separation: Separation,
}

impl Lifecycle for Objective {
    type Verb = Verb;
    type Facts = Facts;

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, facts: &Facts, by: &Actor) -> Result<(), Refusal> {
        self.may_excepted(verb, facts, by, None)
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::SteerObjective, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Draft | StageName::Active | StageName::Revising => Ok(()),
            stage @ (StageName::Achieved | StageName::Missed | StageName::Abandoned) => {
                let stage: &str = stage.into();
                Err(Refusal::state("wrong_state", format!("an objective that is {stage} is not amended")))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.amend(ObjectiveAmendment { owner: Some(hand.to), ..ObjectiveAmendment::default() }, facts.today, by, at)
    }
}

impl Objective {
    /// The guard, where a reason for an exception from separation of duties may have been given.
    pub(super) fn may_excepted(
        &self,
        verb: Verb,
        facts: &Facts,
        by: &Actor,
        exception: Option<&str>,
    ) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Revise => Permission::SteerObjective,
            Verb::Approve | Verb::Reject => Permission::ApproveObjective,
            Verb::Achieve | Verb::Miss | Verb::Abandon => Permission::JudgeObjective,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, verb)]));
        }
        let person = |what| by.member().ok_or_else(|| Reason::new("person_needed", what));
        let mut reasons = match verb {
            Verb::Approve => self.unless_it_can_be_pursued(facts),
            Verb::Achieve => self.unless_the_indicator_agrees(facts),
            Verb::Miss => self.unless_its_time_is_over(facts),
            Verb::Revise | Verb::Reject | Verb::Abandon => Vec::new(),
        };
        match verb {
            Verb::Approve | Verb::Achieve | Verb::Miss => match person("a person decides it, not a machine") {
                Ok(_) => {
                    let duty = self.duty(verb, by);
                    reasons.extend(duty.and_then(|duty| facts.separation.objection(&duty, exception, facts.today)));
                }
                Err(reason) => reasons.push(reason),
            },
            Verb::Revise | Verb::Reject | Verb::Abandon => {}
        }
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    /// The owner does not approve it; and judges it only where an indicator tells the truth.
    pub(super) fn duty(&self, verb: Verb, by: &Actor) -> Option<Duty> {
        let is_owner = by.persons().any(|me| self.owner == me);
        match verb {
            Verb::Approve => Some(Duty {
                rule: Rule::ObjectiveApprover,
                breach: is_owner.then_some("the owner of an objective does not approve it"),
            }),
            Verb::Achieve | Verb::Miss if self.terms.is_qualitative() => Some(Duty {
                rule: Rule::ObjectiveJudge,
                breach: is_owner.then_some("what cannot be measured is not judged by the owner of the objective"),
            }),
            Verb::Achieve | Verb::Miss | Verb::Revise | Verb::Reject | Verb::Abandon => None,
        }
    }

    /// The terms that an approval is about, and what their indicator says.
    pub(super) fn pending<'a>(&'a self, facts: &'a Facts) -> (&'a Terms, Option<&'a Reading>) {
        match &self.stage {
            Stage::Revising { proposal, .. } if proposal.terms.indicator() != self.terms.indicator() => {
                (&proposal.terms, facts.proposed.as_ref())
            }
            Stage::Revising { proposal, .. } => (&proposal.terms, facts.reading.as_ref()),
            Stage::Draft
            | Stage::Active { .. }
            | Stage::Achieved { .. }
            | Stage::Missed { .. }
            | Stage::Abandoned { .. } => (&self.terms, facts.reading.as_ref()),
        }
    }

    /// The answers that 6.2 asks for and that are not given.
    pub(super) fn missing(&self) -> Vec<Reason> {
        let Terms { statement: _, measure, due_on } = &self.terms;
        let considered = !self.requirements.is_empty() || self.risks_considered.is_some();
        let answers = [
            (measure.is_some(), "no_measure", "how it is measured is not said [6.2 b, d]"),
            (considered, "no_requirements", "no requirement and no result about risks is considered [6.2 c]"),
            (!self.communicated_to.is_empty(), "no_communicated_to", "who is told is not said [6.2 e]"),
            (self.plan.is_some(), "no_plan", "what will be done is not said [6.2 h]"),
            (self.resources.is_some(), "no_resources", "what it takes is not said [6.2 i]"),
            (due_on.is_some(), "no_due_on", "by when is not said [6.2 k]"),
            (self.evaluation.is_some(), "no_evaluation", "how results are evaluated is not said [6.2 l]"),
        ];
        answers.into_iter().filter(|(given, ..)| !given).map(|(_, code, detail)| Reason::new(code, detail)).collect()
    }

    /// Every answer is given, its due date lies ahead, and what measures it is there.
    fn unless_it_can_be_pursued(&self, facts: &Facts) -> Vec<Reason> {
        let mut reasons = self.missing();
        let (terms, reading) = self.pending(facts);
        if terms.due_on.is_some_and(|day| day < facts.today) {
            reasons.push(Reason::new("due_date_passed", "its due date has passed"));
        }
        if let Some(Measure::Indicator { baseline, .. }) = &terms.measure {
            if !reading.is_some_and(|reading| reading.is_active) {
                reasons.push(Reason::new("indicator_not_active", "its indicator is not being measured"));
            }
            if baseline.is_none() && reading.and_then(|reading| reading.value).is_none() {
                let detail = "its indicator has no value to start from: measure it first, or give the baseline";
                reasons.push(Reason::new("no_baseline", detail));
            }
        }
        reasons
    }

    /// It is reached only when its indicator says so, lately.
    fn unless_the_indicator_agrees(&self, facts: &Facts) -> Vec<Reason> {
        let Some(Measure::Indicator { target, .. }) = &self.terms.measure else { return Vec::new() };
        let Some(reading) = facts.reading.filter(|reading| reading.is_fresh) else {
            let detail = "its indicator was not measured lately, so that nobody knows";
            return vec![Reason::new("indicator_silent", detail)];
        };
        if reading.reaches(*target) {
            return Vec::new();
        }
        let value = reading.value.and_then(|sighting| sighting.value);
        let says = value.map_or_else(|| "nothing".to_owned(), |value| value.to_string());
        vec![Reason::new("indicator_disagrees", format!("its indicator says {says}, the target is {target}"))]
    }

    fn unless_its_time_is_over(&self, facts: &Facts) -> Vec<Reason> {
        match self.terms.due_on.filter(|day| facts.today <= *day) {
            Some(day) => vec![Reason::new("too_early", format!("it can be reached until {day}"))],
            None => Vec::new(),
        }
    }
}
