//! Change management: whether changes are planned, carried out as planned and looked at afterwards [6.3, 8.1, A.8.32].

use super::{Rule, Terms, post, there};
use strum::{IntoStaticStr, VariantArray};

/// The checks of this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum ChangeCheck {
    /// Are changes planned and decided, and does none wait for a decision for more than 30 days?
    ChangesPlanned,
    /// Are changes carried out in their windows?
    ChangesInTime,
    /// Are the tasks of changes done by their due dates?
    ChangeTasksDone,
    /// Are the consequences of every change reviewed once it was watched long enough?
    ChangesReviewed,
    /// Was every harmful change rolled back, or made a nonconformity and closed?
    HarmfulChangesSettled,
    /// Was every emergency change approved in time?
    EmergencyChangesApproved,
}

impl ChangeCheck {
    /// What the check asks.
    pub(super) fn terms(self) -> Terms {
        match self {
            Self::ChangesPlanned => Terms {
                clauses: &["6.3", "8.1", "A.8.32"],
                question: "Are changes planned and decided, and does none wait for a decision for more than 30 days?",
                rule: there(post("/v1/changes")),
                mend: Some(post("/v1/changes/{id}/approve")),
            },
            Self::ChangesInTime => Terms {
                clauses: &["8.1"],
                question: "Are changes carried out in their windows?",
                rule: Rule::Each { idle: "no change is carried out or overdue" },
                mend: Some(post("/v1/changes/{id}/complete")),
            },
            Self::ChangeTasksDone => Terms {
                clauses: &["8.1"],
                question: "Are the tasks of changes done by their due dates?",
                rule: Rule::Each { idle: "no task of a change is done or overdue" },
                mend: Some(post("/v1/actions/{id}/complete")),
            },
            Self::ChangesReviewed => Terms {
                clauses: &["8.1"],
                question: "Are the consequences of every change reviewed once it was watched long enough?",
                rule: Rule::Each { idle: "no change is reviewed or due for it" },
                mend: Some(post("/v1/changes/{id}/review")),
            },
            Self::HarmfulChangesSettled => Terms {
                clauses: &["8.1", "10.2"],
                question: "Was every harmful change rolled back, or made a nonconformity and closed?",
                rule: Rule::Each { idle: "no change was judged" },
                mend: Some(post("/v1/changes/{id}/roll-back")),
            },
            Self::EmergencyChangesApproved => Terms {
                clauses: &["8.1", "A.8.32"],
                question: "Was every emergency change approved in time?",
                rule: Rule::Each { idle: "there was no emergency change" },
                mend: Some(post("/v1/changes/{id}/approve")),
            },
        }
    }
}
