//! The table stage x verb of findings. Noting makes one; the audit's report issues it.

use super::{Finding, Stage};
use crate::access::{Actor, Permission};
use crate::audits::StageName as AuditStage;
use crate::change::{Lifecycle, Record};
use crate::refusal::{Reason, Refusal};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How refusals call it.
pub(super) const ARTICLED: &str = "a finding";

/// A stage without its facts: what filters and columns name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FindingState))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
#[expect(missing_docs, reason = "the variants of `Stage` say it")]
pub enum StageName {
    Noted,
    Issued,
    Raised,
    Withdrawn,
}

impl Stage {
    /// The stage without its facts.
    #[must_use]
    pub fn name(&self) -> StageName {
        match self {
            Self::Noted => StageName::Noted,
            Self::Issued { .. } => StageName::Issued,
            Self::Raised { .. } => StageName::Raised,
            Self::Withdrawn { .. } => StageName::Withdrawn,
        }
    }
}

/// What can be done to a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
#[expect(missing_docs, reason = "the commands of the same names say it")]
pub enum Verb {
    Raise,
    Withdraw,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    use StageName as S;
    match (verb, from) {
        (Verb::Raise, S::Issued) => &[S::Raised],
        (Verb::Withdraw, S::Noted | S::Issued | S::Raised) => &[S::Withdrawn],
        (Verb::Raise, S::Noted | S::Raised | S::Withdrawn) | (Verb::Withdraw, S::Withdrawn) => &[],
    }
}

impl Lifecycle for Finding {
    type Verb = Verb;
    /// Where its audit stands.
    type Facts = AuditStage;

    fn stage_name(&self) -> &'static str {
        self.stage.name().into()
    }

    fn knows(&self, verb: Verb) -> bool {
        !edge(self.stage.name(), verb).is_empty()
    }

    fn may(&self, verb: Verb, audit: &AuditStage, by: &Actor) -> Result<(), Refusal> {
        let permission = match verb {
            Verb::Raise | Verb::Withdraw => Permission::ConductAudit,
        };
        if !by.may(permission, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        if !self.knows(verb) {
            return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, self.stage.name(), verb)]));
        }
        let reason = match verb {
            Verb::Raise => self.unless_it_calls_for_a_case(),
            Verb::Withdraw => unless_open(*audit),
        };
        reason.map_or(Ok(()), |reason| Err(Refusal::State(vec![reason])))
    }

    fn may_amend(&self, by: &Actor) -> Result<(), Refusal> {
        if !by.may(Permission::ConductAudit, self.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        match self.stage.name() {
            StageName::Noted => Ok(()),
            stage @ (StageName::Issued | StageName::Raised | StageName::Withdrawn) => {
                let stage: &str = stage.into();
                Err(Refusal::state("wrong_state", format!("a finding that is {stage} cannot be amended: it is frozen")))
            }
        }
    }
}

/// What a closed audit rests on stays.
fn unless_open(audit: AuditStage) -> Option<Reason> {
    match audit {
        AuditStage::Planned | AuditStage::InProgress | AuditStage::Reported => None,
        AuditStage::Closed | AuditStage::Cancelled => {
            let stage: &str = audit.into();
            Some(Reason::new("audit_is_over", format!("its audit is {stage}")))
        }
    }
}
