//! The table stage x verb of processes.

use super::{Amendment, Process, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use chrono::{DateTime, Utc};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "a process";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ProcessState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Active,
    Retired,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Active => StageName::Active,
            Self::Retired { .. } => StageName::Retired,
        }
    }
}

/// What can be done to a process.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Retire,
    Reinstate,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    match (verb, from) {
        (Verb::Retire, StageName::Active) => &[StageName::Retired],
        (Verb::Reinstate, StageName::Retired) => &[StageName::Active],
        (Verb::Retire | Verb::Reinstate, StageName::Active | StageName::Retired) => &[],
    }
}

impl Lifecycle for Process {
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
            Verb::Retire | Verb::Reinstate => Permission::DefineProcess,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if self.knows(verb) {
            Ok(())
        } else {
            Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, self.stage.name(), verb)]))
        }
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::SteerProcess, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Active => Ok(()),
            StageName::Retired => Err(Refusal::state("wrong_state", "a process that is retired cannot be amended")),
        }
    }

    fn hand_over(self, hand: &HandOver, (): &(), by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.amend(Amendment { owner: Some(hand.to), ..Amendment::default() }, by, at)
    }
}
