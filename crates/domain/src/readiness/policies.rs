//! Policy and objectives: what the management system starts from, and what it aims at [4, 5.2, 6, 7.5].

use super::{Rule, Terms, patch, post, there};
use strum::{IntoStaticStr, VariantArray};

/// The checks of this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum PolicyCheck {
    /// Is an information security policy in force?
    TopLevelPolicy,
    /// Do policies for single topics stand beside it?
    TopicPolicies,
    /// Was every policy that is in force reviewed in time?
    PoliciesReviewed,
    /// Are the external and internal issues recorded that bear on the management system?
    Issues,
    /// Is it decided whether climate change is a relevant issue?
    ClimateChange,
    /// Are the interested parties and their requirements recorded?
    InterestedParties,
    /// Were issues and interested parties reviewed in time?
    ContextReviewed,
    /// Are risks assessed, and does none wait for it?
    RisksAssessed,
    /// Is every assessed risk treated or accepted?
    RisksTreated,
    /// Was every risk reviewed in time?
    RisksReviewed,
    /// Is it decided and justified of each of the 93 controls whether it is needed?
    ControlsDecided,
    /// Is every control that is needed implemented?
    ControlsImplemented,
    /// Are objectives in force, and does none wait for its approval?
    ObjectivesSet,
    /// Is every objective that is in force measured by an indicator?
    ObjectivesMeasured,
    /// Was every objective judged by its due date?
    ObjectivesJudged,
}

impl PolicyCheck {
    /// What the check asks.
    pub(super) fn terms(self) -> Terms {
        match self {
            Self::TopLevelPolicy => Terms {
                clauses: &["5.2", "A.5.1"],
                question: "Is an information security policy in force?",
                rule: there(post("/v1/policies")),
                mend: None,
            },
            Self::TopicPolicies => Terms {
                clauses: &["A.5.1", "7.5.1"],
                question: "Do policies for single topics stand beside it?",
                rule: there(post("/v1/policies")),
                mend: None,
            },
            Self::PoliciesReviewed => Terms {
                clauses: &["7.5.2", "A.5.1"],
                question: "Was every policy that is in force reviewed in time?",
                rule: Rule::Each { idle: "no policy is in force" },
                mend: Some(post("/v1/policies/{id}/reaffirm")),
            },
            Self::Issues => Terms {
                clauses: &["4.1"],
                question: "Are the external and internal issues recorded that bear on the management system?",
                rule: there(post("/v1/context-entries")),
                mend: None,
            },
            Self::ClimateChange => Terms {
                clauses: &["4.1"],
                question: "Is it decided whether climate change is a relevant issue?",
                rule: there(post("/v1/context-entries")),
                mend: None,
            },
            Self::InterestedParties => Terms {
                clauses: &["4.2"],
                question: "Are the interested parties and their requirements recorded?",
                rule: there(post("/v1/context-entries")),
                mend: None,
            },
            Self::ContextReviewed => Terms {
                clauses: &["4.1", "4.2", "9.3.2"],
                question: "Were issues and interested parties reviewed in time?",
                rule: Rule::Each { idle: "no issue or interested party is recorded" },
                mend: Some(post("/v1/context-entries/{id}/review")),
            },
            Self::RisksAssessed => Terms {
                clauses: &["6.1.2", "8.2"],
                question: "Are risks assessed, and does none wait for it?",
                rule: there(post("/v1/risks")),
                mend: Some(post("/v1/risks/{id}/assess")),
            },
            Self::RisksTreated => Terms {
                clauses: &["6.1.3", "8.3"],
                question: "Is every assessed risk treated or accepted?",
                rule: Rule::Each { idle: "no risk is assessed" },
                mend: Some(post("/v1/risks/{id}/treat")),
            },
            Self::RisksReviewed => Terms {
                clauses: &["8.2"],
                question: "Was every risk reviewed in time?",
                rule: Rule::Each { idle: "no risk is assessed" },
                mend: Some(post("/v1/risks/{id}/review")),
            },
            Self::ControlsDecided => Terms {
                clauses: &["6.1.3"],
                question: "Is it decided and justified of each of the 93 controls whether it is needed?",
                rule: Rule::There { least: 93, begin: post("/v1/applicabilities") },
                mend: None,
            },
            Self::ControlsImplemented => Terms {
                clauses: &["6.1.3", "8.3"],
                question: "Is every control that is needed implemented?",
                rule: Rule::Each { idle: "no control is said to be needed" },
                mend: Some(patch("/v1/applicabilities/{id}")),
            },
            Self::ObjectivesSet => Terms {
                clauses: &["6.2"],
                question: "Are objectives in force, and does none wait for its approval?",
                rule: there(post("/v1/objectives")),
                mend: Some(post("/v1/objectives/{id}/approve")),
            },
            Self::ObjectivesMeasured => Terms {
                clauses: &["6.2", "9.1"],
                question: "Is every objective that is in force measured by an indicator?",
                rule: Rule::Each { idle: "no objective is in force" },
                mend: Some(post("/v1/objectives/{id}/revise")),
            },
            Self::ObjectivesJudged => Terms {
                clauses: &["6.2", "9.3.2"],
                question: "Was every objective judged by its due date?",
                rule: Rule::Each { idle: "no objective was ever in force" },
                mend: Some(post("/v1/objectives/{id}/achieve")),
            },
        }
    }
}
