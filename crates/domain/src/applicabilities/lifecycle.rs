//! The table stage x verb of applicabilities.

use super::{Amendment, Applicability, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use crate::responsibilities::HandOver;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "a control";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ApplicabilityState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Applicable,
    Excluded,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Applicable { .. } => StageName::Applicable,
            Self::Excluded => StageName::Excluded,
        }
    }
}

/// What can be decided about a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Include,
    Exclude,
    Justify,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Include, S::Excluded) | (Verb::Justify, S::Applicable) => &[S::Applicable],
        (Verb::Exclude, S::Applicable) | (Verb::Justify, S::Excluded) => &[S::Excluded],
        (Verb::Include, S::Applicable) | (Verb::Exclude, S::Excluded) => &[],
    }
}

impl Lifecycle for Applicability {
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
            Verb::Include | Verb::Exclude | Verb::Justify => Permission::DecideApplicability,
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
        if by.may(Permission::SteerApplicability, self.is_own(by)) { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    fn hand_over(self, hand: &HandOver, (): &(), by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.amend(Amendment { owner: Some(Some(hand.to)), ..Amendment::default() }, by, at)
    }
}
