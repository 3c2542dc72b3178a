//! Management review: whether top management looks at the system, decides and sees to it [5.1, 5.3, 9.3].

use super::{Rule, Terms, post, there};
use strum::{IntoStaticStr, VariantArray};

/// The checks of this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum ReviewCheck {
    /// Does somebody of top management take part?
    TopManagement,
    /// Is somebody charged with running the management system?
    IsmsManager,
    /// Are all duties kept apart, without documented exceptions?
    SeparationEnforced,
    /// Was every documented exception from the separation of duties put before a management review?
    ExceptionsReviewed,
    /// Is the next management review scheduled, and was none missed?
    ReviewScheduled,
    /// Was a management review held and approved within the interval that the organisation has set itself?
    ReviewInTime,
    /// Are the minutes of every review that was held approved?
    ReviewsApproved,
    /// Is what reviews decided carried out in time?
    DecisionsCarriedOut,
}

impl ReviewCheck {
    /// What the check asks.
    pub(super) fn terms(self) -> Terms {
        match self {
            Self::TopManagement => Terms {
                clauses: &["5.1", "5.3"],
                question: "Does somebody of top management take part?",
                rule: there(post("/v1/members/{id}/assign-roles")),
                mend: None,
            },
            Self::IsmsManager => Terms {
                clauses: &["5.3"],
                question: "Is somebody charged with running the management system?",
                rule: there(post("/v1/members/{id}/assign-roles")),
                mend: None,
            },
            Self::SeparationEnforced => Terms {
                clauses: &["5.3", "A.5.3"],
                question: "Are all duties kept apart, without documented exceptions?",
                rule: Rule::Each { idle: "the organisation has no settings yet" },
                mend: Some(post("/v1/settings/{id}/enforce-separation")),
            },
            Self::ExceptionsReviewed => Terms {
                clauses: &["5.3", "9.3.2", "A.5.3"],
                question: "Was every documented exception from the separation of duties put before a management review?",
                rule: Rule::Each { idle: "no exception was documented" },
                mend: Some(post("/v1/management-reviews")),
            },
            Self::ReviewScheduled => Terms {
                clauses: &["9.3.1"],
                question: "Is the next management review scheduled, and was none missed?",
                rule: there(post("/v1/management-reviews")),
                mend: Some(post("/v1/management-reviews/{id}/hold")),
            },
            Self::ReviewInTime => Terms {
                clauses: &["9.3.1"],
                question: "Was a management review held and approved within the interval that the organisation has set itself?",
                rule: there(post("/v1/management-reviews")),
                mend: None,
            },
            Self::ReviewsApproved => Terms {
                clauses: &["9.3.3"],
                question: "Are the minutes of every review that was held approved?",
                rule: Rule::Each { idle: "no review was held" },
                mend: Some(post("/v1/management-reviews/{id}/approve")),
            },
            Self::DecisionsCarriedOut => Terms {
                clauses: &["9.3.2", "9.3.3"],
                question: "Is what reviews decided carried out in time?",
                rule: Rule::Each { idle: "no action of a review is done or due" },
                mend: Some(post("/v1/actions/{id}/complete")),
            },
        }
    }
}
