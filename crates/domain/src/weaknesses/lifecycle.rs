//! The table stage x verb of weaknesses.

use super::{Stage, Weakness};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use chrono::{DateTime, NaiveDate, Utc};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "a weakness";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WeaknessState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Reported,
    Rejected,
    Assessed,
    Treating,
    Accepted,
    Closed,
    Void,
    Duplicate,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Reported => StageName::Reported,
            Self::Rejected { .. } => StageName::Rejected,
            Self::Assessed => StageName::Assessed,
            Self::Treating { .. } => StageName::Treating,
            Self::Accepted { .. } => StageName::Accepted,
            Self::Closed { .. } => StageName::Closed,
            Self::Void { .. } => StageName::Void,
            Self::Duplicate { .. } => StageName::Duplicate,
        }
    }
}

/// What can be done to a weakness.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Assess,
    Reject,
    Treat,
    Accept,
    Close,
    Void,
    MarkDuplicate,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Assess, S::Reported | S::Assessed | S::Treating | S::Accepted) => &[S::Assessed],
        (Verb::Reject, S::Reported) => &[S::Rejected],
        (Verb::Treat, S::Assessed) => &[S::Treating],
        (Verb::Accept, S::Assessed) => &[S::Accepted],
        (Verb::Close, S::Treating) => &[S::Closed],
        (Verb::Void, S::Assessed | S::Treating) => &[S::Void],
        (Verb::MarkDuplicate, S::Reported | S::Assessed | S::Treating) => &[S::Duplicate],
        (
            Verb::Assess | Verb::Reject | Verb::Treat | Verb::Accept | Verb::Close | Verb::Void | Verb::MarkDuplicate,
            S::Reported | S::Rejected | S::Assessed | S::Treating | S::Accepted | S::Closed | S::Void | S::Duplicate,
        ) => &[],
    }
}

/// How the nonconformity stands that deals with a weakness.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseState {
    /// It is being dealt with.
    Open,
    /// It was found to be none, or taken back: nothing deals with the weakness.
    Rejected,
    /// It is over.
    Closed,
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// The nonconformity that deals with it.
    pub case: Option<CaseState>,
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
}

impl Lifecycle for Weakness {
    type Verb = Verb;
    type Facts = Facts;

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, facts: &Facts, by: &Actor) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Assess | Verb::Treat => Permission::SteerWeakness,
            Verb::Reject | Verb::Close | Verb::Void | Verb::MarkDuplicate => Permission::DecideWeakness,
            Verb::Accept => Permission::AcceptRisk,
        };
        if !by.may(permission, self.is_steered_by(by)) {
            return Err(Refusal::Forbidden);
        }
        let reasons = self.reasons_against(verb, facts);
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !self.is_amendable_by(by) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Reported | StageName::Assessed | StageName::Treating => Ok(()),
            stage @ (StageName::Rejected
            | StageName::Accepted
            | StageName::Closed
            | StageName::Void
            | StageName::Duplicate) => {
                let stage: &str = stage.into();
                Err(Refusal::state("wrong_state", format!("a weakness that is {stage} cannot be amended")))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        if !by.may(Permission::SteerWeakness, false) {
            return Err(Refusal::Forbidden);
        }
        let after = Self { owner: Some(hand.to), ..self.clone() };
        Ok(Change::of(self, after, "handed_over", at))
    }
}

impl Weakness {
    /// Whose it is to work: the owner's. Who reported it does not say how grave it is.
    fn is_steered_by(&self, by: &Actor) -> bool {
        by.principal().is_some() && self.owner == by.principal()
    }

    fn reasons_against(&self, verb: Verb, facts: &Facts) -> Vec<Reason> {
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return vec![Reason::wrong_state(ARTICLED, stage, verb)];
        }
        match (verb, facts.case) {
            (Verb::Assess, Some(CaseState::Open | CaseState::Closed)) => vec![being_treated()],
            (Verb::Void | Verb::MarkDuplicate, case) => {
                let treated = matches!(case, Some(CaseState::Open | CaseState::Closed)).then(being_treated);
                let accepted = (!self.acceptances.is_empty()).then(|| {
                    Reason::new("was_accepted", "management has accepted it: what was approved is not taken back")
                });
                treated.into_iter().chain(accepted).collect()
            }
            (Verb::Close, Some(CaseState::Open)) => {
                vec![Reason::new("case_is_open", "its nonconformity is open")]
            }
            (Verb::Close, Some(CaseState::Rejected)) => {
                let detail = "its nonconformity was rejected or taken back: nothing dealt with it, assess it anew";
                vec![Reason::new("case_was_rejected", detail)]
            }
            (Verb::Assess | Verb::Reject | Verb::Treat | Verb::Accept | Verb::Close, _) => Vec::new(),
        }
    }
}

fn being_treated() -> Reason {
    Reason::new("being_treated", "its nonconformity deals with it, and was neither rejected nor taken back")
}

impl Weakness {
    /// Whether the caller's rights reach as far as its texts.
    pub(super) fn is_amendable_by(&self, by: &Actor) -> bool {
        let mine = match self.stage {
            Stage::Reported => self.is_own(by),
            Stage::Rejected { .. }
            | Stage::Assessed
            | Stage::Treating { .. }
            | Stage::Accepted { .. }
            | Stage::Closed { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => self.is_steered_by(by),
        };
        by.may(Permission::SteerWeakness, mine)
    }
}
