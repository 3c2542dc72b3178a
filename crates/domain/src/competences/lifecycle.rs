//! The table stage x verb of competences.

use super::{Competence, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CompetenceState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Required,
    Retired,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Required => StageName::Required,
            Self::Retired { .. } => StageName::Retired,
        }
    }
}

/// What can be done to a competence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Assess,
    Release,
    Retire,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    match (verb, from) {
        (Verb::Assess | Verb::Release, StageName::Required) => &[StageName::Required],
        (Verb::Retire, StageName::Required) => &[StageName::Retired],
        (Verb::Assess | Verb::Release | Verb::Retire, StageName::Retired) => &[],
    }
}

impl Lifecycle for Competence {
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
            Verb::Assess => Permission::AssessCompetence,
            Verb::Release | Verb::Retire => Permission::DefineCompetence,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if !self.knows(verb) {
            let reason = Reason::wrong_state("a competence", self.stage.name(), verb);
            return Err(Refusal::State(vec![reason]));
        }
        match verb {
            Verb::Assess if by.member().is_none() => {
                Err(Refusal::state("person_needed", "competence is judged by a person, not by a machine"))
            }
            Verb::Assess | Verb::Release | Verb::Retire => Ok(()),
        }
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::DefineCompetence, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Required => Ok(()),
            StageName::Retired => Err(Refusal::state("wrong_state", "a competence that is retired cannot be amended")),
        }
    }
}
