//! The table stage x verb. Publishing and retiring are not among the verbs: a version of the policy is published, and
//! with it the policy ([`crate::policy_versions`]).

use super::{Policy, PolicyAmendment, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::mistakes::unless_worked_on;
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PolicyState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Draft,
    Published,
    Retired,
    Void,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Draft => StageName::Draft,
            Self::Published { .. } => StageName::Published,
            Self::Retired { .. } => StageName::Retired,
            Self::Void { .. } => StageName::Void,
        }
    }
}

/// What can be done to a policy itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Reaffirm,
    Void,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Reaffirm, S::Published) => &[S::Published],
        (Verb::Void, S::Draft) => &[S::Void],
        (Verb::Reaffirm, S::Draft | S::Retired | S::Void) | (Verb::Void, S::Published | S::Retired | S::Void) => &[],
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
    /// The number of its version that is written, reviewed or waits to be published; of a draft alone.
    pub pending_version: Option<i64>,
    /// How many of its actions are neither done nor cancelled; of a draft alone.
    pub open_actions: i64,
}

/// What somebody writes or decides is not taken from under them.
fn pending(version: i64) -> Reason {
    Reason::new("version_pending", format!("its version {version} is pending: withdraw that first"))
}

impl Lifecycle for Policy {
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
            Verb::Reaffirm => Permission::ApprovePolicy,
            Verb::Void => Permission::EstablishPolicy,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if !self.knows(verb) {
            return Err(Refusal::State(vec![Reason::wrong_state("a policy", self.stage.name(), verb)]));
        }
        let reasons: Vec<Reason> = match verb {
            Verb::Reaffirm if by.member().is_none() => {
                vec![Reason::new("person_needed", "a policy is reviewed by a person, not by a machine")]
            }
            Verb::Reaffirm => Vec::new(),
            Verb::Void => {
                let pending = facts.pending_version.map(pending);
                pending.into_iter().chain(unless_worked_on(facts.open_actions)).collect()
            }
        };
        if reasons.is_empty() { Ok(()) } else { Err(Refusal::State(reasons)) }
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::WritePolicy, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Draft | StageName::Published => Ok(()),
            StageName::Retired | StageName::Void => {
                let detail = format!("a policy that is {} is not amended", self.stage_name());
                Err(Refusal::state("wrong_state", detail))
            }
        }
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.amend(PolicyAmendment { owner: Some(hand.to), ..PolicyAmendment::default() }, by, at)
    }
}
