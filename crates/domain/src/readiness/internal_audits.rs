//! Internal audits: what can be audited, who answers for it and who is there to look [9.2].

use super::{Rule, Terms, patch, post, there};
use strum::{IntoStaticStr, VariantArray};

/// The checks of this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum AuditCheck {
    /// Are the processes that can be audited registered, with their owners?
    ProcessesRegistered,
    /// Does somebody answer for every control that is needed, so that nobody audits what is their own?
    ControlsOwned,
    /// Is there an internal auditor?
    AuditorsAppointed,
}

impl AuditCheck {
    /// What the check asks.
    pub(super) fn terms(self) -> Terms {
        match self {
            Self::ProcessesRegistered => Terms {
                clauses: &["4.4", "9.2.2"],
                question: "Are the processes that can be audited registered, with their owners?",
                rule: there(post("/v1/processes")),
                mend: None,
            },
            Self::ControlsOwned => Terms {
                clauses: &["5.3", "9.2.2"],
                question: "Does somebody answer for every control that is needed, so that nobody audits what is their own?",
                rule: Rule::Each { idle: "no control is said to be needed" },
                mend: Some(patch("/v1/applicabilities/{id}")),
            },
            Self::AuditorsAppointed => Terms {
                clauses: &["5.3", "9.2.2"],
                question: "Is there an internal auditor?",
                rule: there(post("/v1/members/{id}/assign-roles")),
                mend: None,
            },
        }
    }
}
