//! Employee involvement: whether people know, can and say what the system needs of them [7.2 to 7.4, A.6.3, A.6.8].

use super::{Rule, Terms, post, there};
use strum::{IntoStaticStr, VariantArray};

/// The checks of this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum InvolvementCheck {
    /// Are courses offered?
    CoursesOffered,
    /// Do people take their courses in time?
    TrainingInTime,
    /// Is it said what roles require, and does whoever holds one have it?
    CompetencesHeld,
    /// Do those whom policies concern acknowledge them in time?
    PoliciesAcknowledged,
    /// Is it planned what is communicated, and is it carried out in time?
    CommunicationPlanned,
    /// Do employees report what they notice?
    ReportsFiled,
    /// Was every report answered within 30 days?
    ReportsAnswered,
    /// Can something be reported without a name?
    ReportLinkOpen,
    /// Are improvements suggested, and is each decided on within 30 days?
    SuggestionsDecided,
}

impl InvolvementCheck {
    /// What the check asks.
    pub(super) fn terms(self) -> Terms {
        match self {
            Self::CoursesOffered => Terms {
                clauses: &["7.2", "7.3", "A.6.3"],
                question: "Are courses offered?",
                rule: there(post("/v1/courses")),
                mend: None,
            },
            Self::TrainingInTime => Terms {
                clauses: &["7.2", "7.3", "A.6.3"],
                question: "Do people take their courses in time?",
                rule: Rule::Each { idle: "no course is taken or overdue" },
                mend: Some(post("/v1/training-assignments/{id}/complete")),
            },
            Self::CompetencesHeld => Terms {
                clauses: &["7.2"],
                question: "Is it said what roles require, and does whoever holds one have it?",
                rule: there(post("/v1/competences")),
                mend: Some(post("/v1/competences/{id}/assess")),
            },
            Self::PoliciesAcknowledged => Terms {
                clauses: &["5.2", "7.3", "A.5.1"],
                question: "Do those whom policies concern acknowledge them in time?",
                rule: Rule::Each { idle: "no acknowledgement is given or overdue" },
                mend: Some(post("/v1/acknowledgements")),
            },
            Self::CommunicationPlanned => Terms {
                clauses: &["7.4"],
                question: "Is it planned what is communicated, and is it carried out in time?",
                rule: there(post("/v1/communication-plans")),
                mend: Some(post("/v1/communication-plans/{id}/carry-out")),
            },
            Self::ReportsFiled => Terms {
                clauses: &["7.3", "A.6.8"],
                question: "Do employees report what they notice?",
                rule: there(post("/v1/employee-reports")),
                mend: None,
            },
            Self::ReportsAnswered => Terms {
                clauses: &["A.6.8"],
                question: "Was every report answered within 30 days?",
                rule: Rule::Each { idle: "no report was filed" },
                mend: Some(post("/v1/employee-reports/{id}/convert")),
            },
            Self::ReportLinkOpen => Terms {
                clauses: &["A.6.8"],
                question: "Can something be reported without a name?",
                rule: there(post("/v1/settings/{id}/open-report-link")),
                mend: None,
            },
            Self::SuggestionsDecided => Terms {
                clauses: &["7.3", "10.1"],
                question: "Are improvements suggested, and is each decided on within 30 days?",
                rule: there(post("/v1/improvements")),
                mend: Some(post("/v1/improvements/{id}/accept")),
            },
        }
    }
}
