//! The table stage x verb of risks.

use super::{Amendment, Risk, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::mistakes::unless_worked_on;
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use chrono::{DateTime, NaiveDate, Utc};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "a risk";

/// A stage without its facts: what filters and columns name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RiskState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Identified,
    Assessed,
    Treated,
    Accepted,
    Retired,
    Void,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Identified => StageName::Identified,
            Self::Assessed => StageName::Assessed,
            Self::Treated => StageName::Treated,
            Self::Accepted { .. } => StageName::Accepted,
            Self::Retired { .. } => StageName::Retired,
            Self::Void { .. } => StageName::Void,
        }
    }
}

/// What can be done to a risk.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Assess,
    Treat,
    Accept,
    Review,
    Retire,
    Void,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Assess, S::Identified) | (Verb::Review, S::Assessed) => &[S::Assessed],
        (Verb::Treat, S::Assessed | S::Treated | S::Accepted) | (Verb::Review, S::Treated) => &[S::Treated],
        (Verb::Accept, S::Assessed | S::Treated) => &[S::Accepted],
        // A level above the accepted one ends the acceptance.
        (Verb::Review, S::Accepted) => &[S::Accepted, S::Treated],
        (Verb::Retire, S::Identified | S::Assessed | S::Treated | S::Accepted) => &[S::Retired],
        (Verb::Void, S::Identified | S::Assessed | S::Treated) => &[S::Void],
        (
            Verb::Assess | Verb::Treat | Verb::Accept | Verb::Review | Verb::Retire | Verb::Void,
            S::Identified | S::Assessed | S::Treated | S::Accepted | S::Retired | S::Void,
        ) => &[],
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Its actions that are neither done nor cancelled.
    pub open_actions: i64,
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
}

impl Lifecycle for Risk {
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
            Verb::Assess | Verb::Treat | Verb::Review => Permission::SteerRisk,
            Verb::Accept => Permission::AcceptRisk,
            Verb::Retire | Verb::Void => Permission::RetireRisk,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, verb)]));
        }
        match verb {
            Verb::Treat if facts.open_actions > 0 => {
                let detail = format!("{} of its actions are not done: it is not treated yet", facts.open_actions);
                Err(Refusal::state("open_actions", detail))
            }
            Verb::Void => {
                let accepted = (!self.acceptances.is_empty()).then(|| {
                    Reason::new("was_accepted", "management has accepted it: what was approved is not taken back")
                });
                let reasons: Vec<Reason> = unless_worked_on(facts.open_actions).into_iter().chain(accepted).collect();
                if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
            }
            Verb::Assess | Verb::Treat | Verb::Accept | Verb::Review | Verb::Retire => Ok(()),
        }
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::SteerRisk, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage {
            Stage::Identified | Stage::Assessed | Stage::Treated | Stage::Accepted { .. } => Ok(()),
            Stage::Retired { .. } | Stage::Void { .. } => {
                let detail = format!("a risk that is {} cannot be amended", self.stage_name());
                Err(Refusal::state("wrong_state", detail))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.amend(Amendment { owner: Some(hand.to), ..Amendment::default() }, by, at)
    }
}
