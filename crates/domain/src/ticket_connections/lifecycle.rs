//! The table stage x verb of ticket connections.

use super::{Stage, TicketConnection};
use crate::access::{Actor, administers};
use crate::change::Lifecycle;
use crate::refusal::{Reason, Refusal};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "a ticket connection";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketConnectionState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Active,
    Paused,
    Failing,
    Retired,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Active => StageName::Active,
            Self::Paused { .. } => StageName::Paused,
            Self::Failing { .. } => StageName::Failing,
            Self::Retired { .. } => StageName::Retired,
        }
    }
}

/// What can be done to a ticket connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Check,
    Pause,
    Resume,
    RotateSecret,
    Retire,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Check | Verb::RotateSecret, S::Active) => &[S::Active],
        (Verb::Check | Verb::RotateSecret, S::Paused) => &[S::Paused],
        (Verb::Check | Verb::RotateSecret, S::Failing) => &[S::Failing],
        (Verb::Pause, S::Active | S::Failing) => &[S::Paused],
        (Verb::Resume, S::Paused) => &[S::Active],
        (Verb::Retire, S::Active | S::Paused | S::Failing) => &[S::Retired],
        (Verb::Pause, S::Paused | S::Retired)
        | (Verb::Resume, S::Active | S::Failing | S::Retired)
        | (Verb::Check | Verb::RotateSecret | Verb::Retire, S::Retired) => &[],
    }
}

/// What a guard must know beyond the record itself: nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Facts;

impl Lifecycle for TicketConnection {
    type Verb = Verb;
    type Facts = Facts;

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, _: &Facts, by: &Actor) -> Result<(), Refusal> {
        administers(by)?;
        if self.knows(verb) {
            return Ok(());
        }
        Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, self.stage.name(), verb)]))
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        administers(by)?;
        match self.stage.name() {
            StageName::Active | StageName::Paused | StageName::Failing => Ok(()),
            StageName::Retired => {
                Err(Refusal::state("wrong_state", "a ticket connection that is retired cannot be amended"))
            }
        }
    }
}
