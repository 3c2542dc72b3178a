//! The table stage x verb of redactions.

use super::{Redaction, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RedactionState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Requested,
    CarriedOut,
    Rejected,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Requested => StageName::Requested,
            Self::CarriedOut { .. } => StageName::CarriedOut,
            Self::Rejected { .. } => StageName::Rejected,
        }
    }
}

/// What can be done to a redaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Approve,
    Reject,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Approve, S::Requested) => &[S::CarriedOut],
        (Verb::Reject, S::Requested) => &[S::Rejected],
        (Verb::Approve | Verb::Reject, S::CarriedOut | S::Rejected) => &[],
    }
}

impl Lifecycle for Redaction {
    type Verb = Verb;
    type Facts = ();

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, (): &(), by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::ApproveRedaction, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state("a redaction", stage, verb)]));
        }
        if by.member().is_none() {
            return Err(Refusal::state("person_needed", "a redaction is decided by a person, not by a machine"));
        }
        let asked = "who asked for a redaction does not decide it: it takes two people";
        // What is erased cannot be looked at again: from this rule no exception is documented.
        match by.breach(|me| (self.head.created_by == Some(me)).then_some(asked)) {
            Some(detail) => Err(Refusal::state("separation_of_duties", detail)),
            None => Ok(()),
        }
    }
}
