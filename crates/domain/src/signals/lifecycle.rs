//! The table stage x verb. Raising, repeating and clearing are not among the verbs: what is measured does that.

use super::{Signal, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::refusal::Refusal;
use crate::responsibilities::HandOver;
use chrono::{DateTime, Utc};

/// A stage without its facts: what filters and columns name.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SignalState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Raised,
    Acknowledged,
    Linked,
    Dismissed,
    Cleared,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Raised => StageName::Raised,
            Self::Acknowledged { .. } => StageName::Acknowledged,
            Self::Linked { .. } => StageName::Linked,
            Self::Dismissed { .. } => StageName::Dismissed,
            Self::Cleared { .. } => StageName::Cleared,
        }
    }
}

/// What people can do about a signal.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, strum::EnumString, strum::IntoStaticStr, strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Acknowledge,
    Link,
    Dismiss,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Acknowledge, S::Raised) => &[S::Acknowledged],
        (Verb::Link, S::Raised | S::Acknowledged | S::Dismissed) => &[S::Linked],
        (Verb::Dismiss, S::Raised | S::Acknowledged) => &[S::Dismissed],
        (Verb::Acknowledge | Verb::Link | Verb::Dismiss, S::Acknowledged | S::Linked | S::Dismissed | S::Cleared) => {
            &[]
        }
    }
}

impl Lifecycle for Signal {
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
            Verb::Acknowledge | Verb::Link => Permission::HandleSignal,
            Verb::Dismiss => Permission::DismissSignal,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if !self.knows(verb) {
            let (stage, verb): (&str, &str) = (self.stage.name().into(), verb.into());
            return Err(Refusal::state("wrong_state", format!("a signal that is {stage} does not know {verb}")));
        }
        Ok(())
    }

    fn hand_over(self, hand: &HandOver, (): &(), by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        if !by.may(Permission::HandleSignal, false) {
            return Err(Refusal::Forbidden);
        }
        let after = Self { owner: Some(hand.to), ..self.clone() };
        Ok(Change::of(self, after, "handed_over", at))
    }
}
