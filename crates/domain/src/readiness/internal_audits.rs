//! Internal audits: what can be audited, who answers for it, who is there to look, and what was looked at [9.2].

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
    /// Is an approved audit programme in force?
    ProgrammeApproved,
    /// Does the programme leave no clause, control or process unaudited for three years?
    ProgrammeCoversEverything,
    /// Was an internal audit reported within the last twelve months?
    AuditedWithinYear,
    /// Do audits start when they were to start?
    AuditsStarted,
    /// Are audits reported within 30 days of their last day?
    AuditsReported,
    /// Has every minor or major finding raised a nonconformity?
    FindingsRaised,
    /// Are audits closed once what they found is settled?
    AuditsClosed,
    /// Are programmes that are over closed?
    ProgrammesClosed,
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
            Self::ProgrammeApproved => Terms {
                clauses: &["9.2.2"],
                question: "Is an approved audit programme in force?",
                rule: there(post("/v1/audit-programmes")),
                mend: Some(post("/v1/audit-programmes/{id}/approve")),
            },
            Self::ProgrammeCoversEverything => Terms {
                clauses: &["9.2.1", "9.2.2"],
                question: "Does the programme leave no clause, control or process unaudited for three years?",
                rule: Rule::Each { idle: "no approved audit programme is in force" },
                mend: Some(patch("/v1/audit-programmes/{id}")),
            },
            Self::AuditedWithinYear => Terms {
                clauses: &["9.2.1"],
                question: "Was an internal audit reported within the last twelve months?",
                rule: there(post("/v1/audits")),
                mend: None,
            },
            Self::AuditsStarted => Terms {
                clauses: &["9.2.2"],
                question: "Do audits start when they were to start?",
                rule: Rule::Each { idle: "no audit was to start yet" },
                mend: Some(post("/v1/audits/{id}/start")),
            },
            Self::AuditsReported => Terms {
                clauses: &["9.2.2"],
                question: "Are audits reported within 30 days of their last day?",
                rule: Rule::Each { idle: "no audit is over" },
                mend: Some(post("/v1/audits/{id}/report")),
            },
            Self::FindingsRaised => Terms {
                clauses: &["9.2.2", "10.2"],
                question: "Has every minor or major finding raised a nonconformity?",
                rule: Rule::Each { idle: "no audit has found anything that does not conform" },
                mend: Some(post("/v1/findings/{id}/raise")),
            },
            Self::AuditsClosed => Terms {
                clauses: &["9.2.2"],
                question: "Is every audit closed, or was it reported within 30 days?",
                rule: Rule::Each { idle: "no audit was reported" },
                mend: Some(post("/v1/audits/{id}/close")),
            },
            Self::ProgrammesClosed => Terms {
                clauses: &["9.2.2"],
                question: "Is every programme that is over closed, with what was left out and why?",
                rule: Rule::Each { idle: "no audit programme is over" },
                mend: Some(post("/v1/audit-programmes/{id}/close")),
            },
        }
    }
}
