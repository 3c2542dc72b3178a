//! Correct and prevent: whether what goes wrong is put right, its cause found and what was done proven [10; A.5.24 to A.5.28, A.6.8].

use super::{Rule, Terms, post, there};
use strum::{IntoStaticStr, VariantArray};

/// The checks of this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum CorrectionCheck {
    /// Are nonconformities recorded, and does none wait for a decision for more than 30 days?
    NonconformitiesRecorded,
    /// Is the cause of every nonconformity looked for within 30 days?
    CausesFound,
    /// Does every analysed nonconformity have its actions within 30 days, or the reason why none are needed?
    ActionsPlanned,
    /// Are nonconformities settled by their due dates?
    NonconformitiesInTime,
    /// Is it verified in time whether what was done has worked?
    EffectivenessVerified,
    /// Does what was closed stay closed?
    NoRecurrence,
    /// Are actions done by their due dates?
    ActionsInTime,
    /// Is every action verified within 30 days of being done?
    ActionsVerified,
    /// Was every report of an incident decided on within 3 days?
    IncidentsTriaged,
    /// Is every resolved incident reviewed for its lessons within 30 days?
    IncidentsLearnedFrom,
    /// Was it settled in time, of every breach of personal data, whether the authority is told?
    AuthoritiesNotified,
    /// Is every weakness treated or accepted within 30 days?
    WeaknessesTreated,
    /// Is it judged in time what improvements have brought?
    ImprovementsJudged,
}

impl CorrectionCheck {
    /// What the check asks.
    pub(super) fn terms(self) -> Terms {
        match self {
            Self::NonconformitiesRecorded => Terms {
                clauses: &["10.2"],
                question: "Are nonconformities recorded, and does none wait for a decision for more than 30 days?",
                rule: there(post("/v1/nonconformities")),
                mend: Some(post("/v1/nonconformities/{id}/confirm")),
            },
            Self::CausesFound => Terms {
                clauses: &["10.2"],
                question: "Is the cause of every nonconformity looked for within 30 days?",
                rule: Rule::Each { idle: "no nonconformity is confirmed" },
                mend: Some(post("/v1/nonconformities/{id}/analyse")),
            },
            Self::ActionsPlanned => Terms {
                clauses: &["10.2"],
                question: "Does every analysed nonconformity have its actions within 30 days, or the reason why none are needed?",
                rule: Rule::Each { idle: "no nonconformity is analysed" },
                mend: Some(post("/v1/nonconformities/{id}/plan")),
            },
            Self::NonconformitiesInTime => Terms {
                clauses: &["10.2"],
                question: "Are nonconformities settled by their due dates?",
                rule: Rule::Each { idle: "no nonconformity is settled or overdue" },
                mend: Some(post("/v1/nonconformities/{id}/implement")),
            },
            Self::EffectivenessVerified => Terms {
                clauses: &["10.2"],
                question: "Is it verified in time whether what was done has worked?",
                rule: Rule::Each { idle: "no nonconformity is verified or due for it" },
                mend: Some(post("/v1/nonconformities/{id}/verify")),
            },
            Self::NoRecurrence => Terms {
                clauses: &["10.1", "10.2"],
                question: "Does what was closed stay closed?",
                rule: Rule::Each { idle: "no nonconformity was closed" },
                mend: Some(post("/v1/nonconformities/{id}/analyse")),
            },
            Self::ActionsInTime => Terms {
                clauses: &["10.2"],
                question: "Are actions done by their due dates?",
                rule: Rule::Each { idle: "no action is done or overdue" },
                mend: Some(post("/v1/actions/{id}/complete")),
            },
            Self::ActionsVerified => Terms {
                clauses: &["10.2"],
                question: "Is every action verified within 30 days of being done?",
                rule: Rule::Each { idle: "no action is verified or waits for it" },
                mend: Some(post("/v1/actions/{id}/verify")),
            },
            Self::IncidentsTriaged => Terms {
                clauses: &["A.5.24", "A.5.25"],
                question: "Was every report of an incident decided on within 3 days?",
                rule: Rule::Each { idle: "no incident was reported" },
                mend: Some(post("/v1/incidents/{id}/triage")),
            },
            Self::IncidentsLearnedFrom => Terms {
                clauses: &["A.5.26", "A.5.27"],
                question: "Is every resolved incident reviewed for its lessons within 30 days?",
                rule: Rule::Each { idle: "no incident was resolved" },
                mend: Some(post("/v1/incidents/{id}/review")),
            },
            Self::AuthoritiesNotified => Terms {
                clauses: &["A.5.5", "A.5.34"],
                question: "Was it settled in time, of every breach of personal data, whether the authority is told?",
                rule: Rule::Each { idle: "no incident involves personal data" },
                mend: Some(post("/v1/incidents/{id}/notify-authority")),
            },
            Self::WeaknessesTreated => Terms {
                clauses: &["A.6.8", "A.8.8"],
                question: "Is every weakness treated or accepted within 30 days?",
                rule: Rule::Each { idle: "no weakness is known" },
                mend: Some(post("/v1/weaknesses/{id}/treat")),
            },
            Self::ImprovementsJudged => Terms {
                clauses: &["10.1"],
                question: "Is it judged in time what improvements have brought?",
                rule: Rule::Each { idle: "no improvement is realised or due to be judged" },
                mend: Some(post("/v1/improvements/{id}/conclude")),
            },
        }
    }
}
