//! An employee report as the API shows it.

use crate::record::{HeadView, TargetView, Transition};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::employee_reports::{Assessment, EmployeeReport, Ending, Kind, Message, Party, Stage, StageName};
use ratchet_domain::id::{EmployeeReportId, MemberId};
use serde::Serialize;

/// What somebody has seen, or would do better, and what became of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct EmployeeReportView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// What it is.
    pub kind: Kind,
    /// What the reporter has to say.
    pub text: String,
    /// Where.
    pub place: Option<String>,
    /// On which day.
    pub happened_on: Option<NaiveDate>,
    /// Whether nobody knows who filed it; then `created_at` is the hour alone.
    pub anonymous: bool,
    /// What was asked and answered, oldest first.
    pub messages: Vec<MessageView>,
    /// What it was taken for.
    pub assessment: Option<AssessmentView>,
    /// The case that has come of it.
    pub case: Option<TargetView>,
    /// The report that it repeats.
    pub duplicate_of: Option<EmployeeReportId>,
    /// What the reporter was told in the end.
    pub answer: Option<String>,
    /// When the reporter was told.
    pub answered_at: Option<DateTime<Utc>>,
    /// Who told the reporter.
    pub answered_by: Option<MemberId>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// One thing said in the conversation about a report.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = EmployeeReportMessage)]
pub(crate) struct MessageView {
    /// By which side.
    pub from: Party,
    /// What.
    pub text: String,
    /// When; of an anonymous reporter, the hour.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// What it was taken for.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = EmployeeReportAssessment)]
pub(crate) struct AssessmentView {
    /// In words.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

impl From<&Message> for MessageView {
    fn from(message: &Message) -> Self {
        let Message { from, text, at, by } = message.clone();
        Self { from, text, at, by }
    }
}

impl From<&Assessment> for AssessmentView {
    fn from(assessment: &Assessment) -> Self {
        let Assessment { text, at, by } = assessment.clone();
        Self { text, at, by }
    }
}

impl EmployeeReportView {
    pub(crate) fn of(report: &EmployeeReport, transitions: Option<Vec<Transition>>) -> Self {
        let EmployeeReport { head, kind, text, place, happened_on, code_hash: _, messages, stage } = report;
        let (case, duplicate_of) = match stage {
            Stage::Received | Stage::Triaged { .. } | Stage::Declined { .. } => (None, None),
            Stage::Converted { case, .. } => (Some((*case).into()), None),
            Stage::Duplicate { of, .. } => (None, Some(*of)),
        };
        let ending: Option<&Ending> = report.ending();
        Self {
            head: head.into(),
            state: stage.name(),
            kind: *kind,
            text: text.clone(),
            place: place.clone(),
            happened_on: *happened_on,
            anonymous: report.is_anonymous(),
            messages: messages.iter().map(Into::into).collect(),
            assessment: report.assessment().map(Into::into),
            case,
            duplicate_of,
            answer: ending.map(|ending| ending.answer.clone()),
            answered_at: ending.map(|ending| ending.at),
            answered_by: ending.and_then(|ending| ending.by),
            transitions,
        }
    }
}
