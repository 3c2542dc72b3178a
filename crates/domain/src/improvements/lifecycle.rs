//! The table stage x verb of improvements.

use super::{Amendment, Figures, Improvement, Measure, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle};
use crate::id::MemberId;
use crate::mistakes::unless_worked_on;
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use crate::separation::{Duty, Rule, Separation};
use chrono::{DateTime, NaiveDate, Utc};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "an improvement";

/// A stage without its facts: what filters and columns name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImprovementState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Proposed,
    Declined,
    Accepted,
    Planned,
    InProgress,
    Measuring,
    Realised,
    NotRealised,
    Void,
    Duplicate,
}

impl StageName {
    /// Whether something is still to be done about it.
    #[must_use]
    pub fn is_open(self) -> bool {
        match self {
            Self::Proposed | Self::Accepted | Self::Planned | Self::InProgress | Self::Measuring => true,
            Self::Declined | Self::Realised | Self::NotRealised | Self::Void | Self::Duplicate => false,
        }
    }
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Proposed => StageName::Proposed,
            Self::Declined => StageName::Declined,
            Self::Accepted => StageName::Accepted,
            Self::Planned => StageName::Planned,
            Self::InProgress { .. } => StageName::InProgress,
            Self::Measuring { .. } => StageName::Measuring,
            Self::Realised { .. } | Self::EndedBefore { realised: true } => StageName::Realised,
            Self::NotRealised { .. } | Self::EndedBefore { realised: false } => StageName::NotRealised,
            Self::Void { .. } => StageName::Void,
            Self::Duplicate { .. } => StageName::Duplicate,
        }
    }
}

/// What can be done to an improvement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Accept,
    Decline,
    Plan,
    Start,
    Measure,
    Conclude,
    Abandon,
    Void,
    MarkDuplicate,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Accept, S::Proposed) => &[S::Accepted],
        (Verb::Decline, S::Proposed) => &[S::Declined],
        (Verb::Plan, S::Accepted) => &[S::Planned],
        (Verb::Start, S::Planned) => &[S::InProgress],
        (Verb::Measure, S::InProgress) => &[S::Measuring],
        (Verb::Conclude, S::Measuring) => &[S::Realised, S::NotRealised],
        (Verb::Abandon, S::Accepted | S::Planned | S::InProgress) => &[S::NotRealised],
        (Verb::Void, S::Proposed) => &[S::Void],
        (Verb::MarkDuplicate, S::Proposed | S::Accepted | S::Planned | S::InProgress) => &[S::Duplicate],
        (
            Verb::Accept
            | Verb::Decline
            | Verb::Plan
            | Verb::Start
            | Verb::Measure
            | Verb::Conclude
            | Verb::Abandon
            | Verb::Void
            | Verb::MarkDuplicate,
            S::Proposed
            | S::Declined
            | S::Accepted
            | S::Planned
            | S::InProgress
            | S::Measuring
            | S::Realised
            | S::NotRealised
            | S::Void
            | S::Duplicate,
        ) => &[],
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Facts {
    /// Votes that were cast and not withdrawn.
    pub votes: i64,
    /// Its actions that are neither done nor cancelled.
    pub open_actions: i64,
    /// Whoever has a part in any of its actions that is not cancelled ([`crate::actions::Action::workers`]).
    pub workers: Vec<MemberId>,
    /// What its indicator said since it is in place.
    pub figures: Option<Figures>,
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// Which duties the organisation keeps apart.
    pub separation: Separation,
}

impl Lifecycle for Improvement {
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
        if !by.may(Permission::SteerImprovement, self.is_steered_by(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Proposed
            | StageName::Accepted
            | StageName::Planned
            | StageName::InProgress
            | StageName::Measuring => Ok(()),
            stage @ (StageName::Declined
            | StageName::Realised
            | StageName::NotRealised
            | StageName::Void
            | StageName::Duplicate) => {
                let stage: &str = stage.into();
                Err(Refusal::state("wrong_state", format!("an improvement that is {stage} cannot be amended")))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.amend(Amendment { owner: Some(hand.to), ..Amendment::default() }, by, at)
    }
}

impl Improvement {
    /// Whose it is to word and to work: the proposer's until it is accepted, the owner's from then on.
    fn is_steered_by(&self, by: &Actor) -> bool {
        let me = by.principal();
        me.is_some()
            && if self.is_open_to_all() {
                [self.proposer, self.head.created_by].contains(&me)
            } else {
                self.owner == me
            }
    }

    /// The guard, where a reason for an exception from separation of duties may have been given.
    pub(super) fn may_excepted(
        &self,
        verb: Verb,
        facts: &Facts,
        by: &Actor,
        exception: Option<&str>,
    ) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Accept | Verb::Decline | Verb::Abandon | Verb::MarkDuplicate => Permission::DecideImprovement,
            // To take back what one has proposed oneself decides nothing.
            Verb::Plan | Verb::Start | Verb::Measure | Verb::Void => Permission::SteerImprovement,
            Verb::Conclude => Permission::VerifyEffectiveness,
        };
        if !by.may(permission, self.is_steered_by(by)) {
            return Err(Refusal::Forbidden);
        }
        let reasons = self.reasons_against(verb, facts, by, exception);
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    fn reasons_against(&self, verb: Verb, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return vec![Reason::wrong_state(ARTICLED, stage, verb)];
        }
        match verb {
            Verb::Accept | Verb::Decline => self.unless_decider_is_free(facts, by, exception),
            Verb::Plan => self.unless_measurable(),
            Verb::Measure => Self::unless_work_is_done(facts),
            Verb::Conclude => {
                let mut reasons = self.unless_judge_is_free(facts, by, exception);
                reasons.extend(self.unless_judged_in_time(facts));
                reasons
            }
            Verb::MarkDuplicate => unless_worked_on(facts.open_actions).into_iter().collect(),
            Verb::Start | Verb::Abandon | Verb::Void => Vec::new(),
        }
    }

    /// Nobody decides what they have proposed themselves.
    fn unless_decider_is_free(&self, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        if by.member().is_none() {
            return vec![Reason::new("person_needed", "improvements are decided by a person, not by a machine")];
        }
        facts.separation.objection(&self.decider(by), exception, facts.today).into_iter().collect()
    }

    pub(super) fn decider(&self, by: &Actor) -> Duty {
        let proposed = |me| (self.proposer == Some(me)).then_some("who proposed an improvement does not decide it");
        let breach = by.breach(proposed);
        Duty { rule: Rule::ImprovementDecider, breach }
    }

    /// What cannot be told afterwards is not begun [10.1].
    fn unless_measurable(&self) -> Vec<Reason> {
        if self.measure.is_some() {
            return Vec::new();
        }
        let detail = "nobody could tell whether it helped: set `measure` first, an indicator or a criterion";
        vec![Reason::new("no_measure", detail)]
    }

    fn unless_work_is_done(facts: &Facts) -> Vec<Reason> {
        if facts.open_actions == 0 {
            return Vec::new();
        }
        vec![Reason::new("open_actions", format!("{} of its actions are not done", facts.open_actions))]
    }

    /// The benefit is judged by a person who did not do the work.
    fn unless_judge_is_free(&self, facts: &Facts, by: &Actor, exception: Option<&str>) -> Vec<Reason> {
        if by.member().is_none() {
            return vec![Reason::new("person_needed", "the benefit is judged by a person, not by a machine")];
        }
        facts.separation.objection(&self.judge(facts, by), exception, facts.today).into_iter().collect()
    }

    pub(super) fn judge(&self, facts: &Facts, by: &Actor) -> Duty {
        let breach = by.breach(|me| {
            if self.owner == Some(me) {
                Some("the owner of an improvement does not judge its benefit")
            } else if facts.workers.contains(&me) {
                Some("who did the work does not judge its benefit")
            } else {
                None
            }
        });
        Duty { rule: Rule::CaseVerifier, breach }
    }

    /// From the agreed day on, and with figures where figures were agreed.
    fn unless_judged_in_time(&self, facts: &Facts) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if let Some(implementation) = self.implementation()
            && facts.today < implementation.judge_on
        {
            let detail = format!("the benefit can be judged from {} on", implementation.judge_on);
            reasons.push(Reason::new("too_early", detail));
        }
        if matches!(self.measure, Some(Measure::Indicator { .. })) && facts.figures.is_none() {
            let detail = "its indicator has not been measured since it is in place: the benefit would be a mere claim";
            reasons.push(Reason::new("not_measured", detail));
        }
        reasons
    }
}
