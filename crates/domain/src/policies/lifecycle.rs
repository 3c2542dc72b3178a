//! The table stage x verb. Publishing and retiring are not among the verbs: a version of the policy is published, and
//! with it the policy ([`crate::policy_versions`]).

use super::{Policy, PolicyAmendment, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
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
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Draft => StageName::Draft,
            Self::Published { .. } => StageName::Published,
            Self::Retired { .. } => StageName::Retired,
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
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    match (verb, from) {
        (Verb::Reaffirm, StageName::Published) => &[StageName::Published],
        (Verb::Reaffirm, StageName::Draft | StageName::Retired) => &[],
    }
}

/// What a guard must know beyond the record itself.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts {
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
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

    fn may(&self, verb: Verb, _: &Facts, by: &Actor) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Reaffirm => Permission::ApprovePolicy,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if !self.knows(verb) {
            return Err(Refusal::State(vec![Reason::wrong_state("a policy", self.stage.name(), verb)]));
        }
        match by.member() {
            Some(_) => Ok(()),
            None => Err(Refusal::state("person_needed", "a policy is reviewed by a person, not by a machine")),
        }
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::WritePolicy, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Draft | StageName::Published => Ok(()),
            StageName::Retired => Err(Refusal::state("wrong_state", "a policy that is retired is not amended")),
        }
    }

    fn hand_over(self, hand: &HandOver, _: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.amend(PolicyAmendment { owner: Some(hand.to), ..PolicyAmendment::default() }, by, at)
    }
}
