//! The table stage x verb of employee reports. No verb ends one without an answer to its reporter.

use super::{EmployeeReport, MESSAGES, Stage};
use crate::access::{Actor, Permission};
use crate::change::{Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// As a reason names it.
pub(super) const ARTICLED: &str = "an employee report";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = EmployeeReportState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Received,
    Triaged,
    Converted,
    Declined,
    Duplicate,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Received => StageName::Received,
            Self::Triaged { .. } => StageName::Triaged,
            Self::Converted { .. } => StageName::Converted,
            Self::Declined { .. } => StageName::Declined,
            Self::Duplicate { .. } => StageName::Duplicate,
        }
    }
}

/// What can be done to an employee report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Triage,
    Ask,
    Answer,
    Convert,
    Decline,
    MarkDuplicate,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Triage, S::Received) => &[S::Triaged],
        (Verb::Ask | Verb::Answer, S::Received) => &[S::Received],
        (Verb::Ask | Verb::Answer, S::Triaged) => &[S::Triaged],
        // What was asked while it was open is heard also when it comes late.
        (Verb::Answer, S::Converted) => &[S::Converted],
        (Verb::Answer, S::Declined) => &[S::Declined],
        (Verb::Answer, S::Duplicate) => &[S::Duplicate],
        (Verb::Convert, S::Triaged) => &[S::Converted],
        (Verb::Decline, S::Triaged) => &[S::Declined],
        (Verb::MarkDuplicate, S::Triaged) => &[S::Duplicate],
        (
            Verb::Triage | Verb::Ask | Verb::Convert | Verb::Decline | Verb::MarkDuplicate,
            S::Received | S::Triaged | S::Converted | S::Declined | S::Duplicate,
        ) => &[],
    }
}

impl Lifecycle for EmployeeReport {
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
            Verb::Triage | Verb::Ask | Verb::Convert | Verb::Decline | Verb::MarkDuplicate => Permission::HandleReport,
            Verb::Answer => Permission::AnswerReport,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = self.stage.name();
        if edge(stage, verb).is_empty() {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, verb)]));
        }
        match verb {
            Verb::Ask if self.messages.len() >= MESSAGES => {
                Err(Refusal::state("too_many_messages", "the conversation is long enough: decide"))
            }
            Verb::Answer if !self.is_asked() => {
                Err(Refusal::state("nothing_asked", "no question to the reporter is open"))
            }
            Verb::Triage | Verb::Ask | Verb::Answer | Verb::Convert | Verb::Decline | Verb::MarkDuplicate => Ok(()),
        }
    }
}
