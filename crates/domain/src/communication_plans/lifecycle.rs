//! The table stage x verb of communication plans.

use super::{Amendment, CommunicationPlan, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use chrono::{DateTime, Utc};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CommunicationPlanState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    InForce,
    Retired,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::InForce => StageName::InForce,
            Self::Retired { .. } => StageName::Retired,
        }
    }
}

/// What can be done to a communication plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    CarryOut,
    Retire,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    match (verb, from) {
        (Verb::CarryOut, StageName::InForce) => &[StageName::InForce],
        (Verb::Retire, StageName::InForce) => &[StageName::Retired],
        (Verb::CarryOut | Verb::Retire, StageName::Retired) => &[],
    }
}

impl Lifecycle for CommunicationPlan {
    type Verb = Verb;
    type Facts = ();

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, (): &(), by: &Actor) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::CarryOut => Permission::CarryOutCommunication,
            Verb::Retire => Permission::PlanCommunication,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if self.knows(verb) {
            return Ok(());
        }
        let reason = Reason::wrong_state("a communication plan", self.stage.name(), verb);
        Err(Refusal::State(vec![reason]))
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::PlanCommunication, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::InForce => Ok(()),
            StageName::Retired => {
                Err(Refusal::state("wrong_state", "a communication plan that is retired cannot be amended"))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, (): &(), by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        // The day matters to another next date alone.
        self.amend(Amendment { owner: Some(hand.to), ..Amendment::default() }, at.date_naive(), by, at)
    }
}
