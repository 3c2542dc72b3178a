//! The table stage x verb of restrictions.

use super::{Restriction, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RestrictionState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    InForce,
    Lifted,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::InForce => StageName::InForce,
            Self::Lifted { .. } => StageName::Lifted,
        }
    }
}

/// What can be done to a restriction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    NameReaders,
    Lift,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::NameReaders, S::InForce) => &[S::InForce],
        (Verb::Lift, S::InForce) => &[S::Lifted],
        (Verb::NameReaders | Verb::Lift, S::Lifted) => &[],
    }
}

impl Lifecycle for Restriction {
    type Verb = Verb;
    type Facts = ();

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, (): &(), by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::RestrictRecord, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state("a restriction", stage, verb)]));
        }
        if by.member().is_none() {
            return Err(Refusal::state("person_needed", "a person decides who reads a record, not a machine"));
        }
        Ok(())
    }
}
