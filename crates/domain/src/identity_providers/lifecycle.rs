//! The table stage x verb of identity providers.

use super::{IdentityProvider, Stage};
use crate::access::{Actor, administers};
use crate::change::Lifecycle;
use crate::refusal::{Reason, Refusal};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IdentityProviderState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Active,
    Paused,
    Retired,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Active => StageName::Active,
            Self::Paused { .. } => StageName::Paused,
            Self::Retired { .. } => StageName::Retired,
        }
    }
}

/// What can be done to an identity provider.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Pause,
    Resume,
    Retire,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Pause, S::Active) => &[S::Paused],
        (Verb::Resume, S::Paused) => &[S::Active],
        (Verb::Retire, S::Active | S::Paused) => &[S::Retired],
        (Verb::Pause, S::Paused | S::Retired) | (Verb::Resume, S::Active | S::Retired) | (Verb::Retire, S::Retired) => {
            &[]
        }
    }
}

impl Lifecycle for IdentityProvider {
    type Verb = Verb;
    type Facts = ();

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, (): &(), by: &Actor) -> Result<(), Refusal> {
        administers(by)?;
        if self.knows(verb) {
            return Ok(());
        }
        Err(Refusal::State(vec![Reason::wrong_state("an identity provider", self.stage.name(), verb)]))
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        administers(by)?;
        match self.stage.name() {
            StageName::Active | StageName::Paused => Ok(()),
            StageName::Retired => {
                Err(Refusal::state("wrong_state", "an identity provider that is retired cannot be amended"))
            }
        }
    }
}
