//! A training assignment as the API shows it.

use crate::record::expand::MemberName;
use crate::record::{HeadView, Transition};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::id::{CourseId, MemberId};
use ratchet_domain::training_assignments::{Attempt, Stage, StageName, TrainingAssignment};
use serde::Serialize;

/// That a member takes a course.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TrainingAssignmentView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// The course.
    pub course_id: CourseId,
    /// What the course was called when it was assigned.
    #[schema(example = "Telling forged mails from others")]
    pub course_title: String,
    /// Who takes it.
    pub member_id: MemberId,
    /// That member's name; only with `expand=member`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub member: Option<MemberName>,
    /// The day by which it is to be taken.
    pub due_on: NaiveDate,
    /// Whether that day was seen to pass before it was taken.
    pub fell_due: bool,
    /// Whether it follows from the course's audience; else somebody has assigned it.
    pub by_rule: bool,
    /// How it went last.
    pub result: Option<AttemptView>,
    /// The last day on which the result holds; for ever without one.
    pub valid_until: Option<NaiveDate>,
    /// Attempts before that, oldest first.
    pub attempts: Vec<AttemptView>,
    /// Why it need not be taken any more.
    pub void_because: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// How it went.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TrainingAttempt)]
pub(crate) struct AttemptView {
    /// The day on which the course was taken.
    pub taken_on: NaiveDate,
    /// In percent, where it was marked.
    pub score: Option<i64>,
    /// What shows it.
    pub evidence: Option<String>,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// By whom; `null` for a machine.
    pub by: Option<MemberId>,
}

impl From<&Attempt> for AttemptView {
    fn from(attempt: &Attempt) -> Self {
        let Attempt { taken_on, score, evidence, at, by } = attempt.clone();
        Self { taken_on, score, evidence, at, by }
    }
}

impl TrainingAssignmentView {
    pub(crate) fn of(assignment: &TrainingAssignment, transitions: Option<Vec<Transition>>) -> Self {
        let TrainingAssignment { head, course, course_title, member, due_on, by_rule, fell_due_on, attempts, stage } =
            assignment;
        let (result, valid_until, void_because) = match stage {
            Stage::Assigned => (None, None, None),
            Stage::Completed { attempt, valid_until } => (Some(attempt), *valid_until, None),
            Stage::Failed { attempt } => (Some(attempt), None, None),
            Stage::Expired { attempt, valid_until } => (Some(attempt), Some(*valid_until), None),
            Stage::Void { reason, at: _ } => (None, None, Some(reason.clone())),
        };
        Self {
            head: head.into(),
            state: stage.name(),
            course_id: *course,
            course_title: course_title.clone(),
            member_id: *member,
            member: None,
            due_on: *due_on,
            fell_due: *fell_due_on == Some(*due_on),
            by_rule: *by_rule,
            result: result.map(Into::into),
            valid_until,
            attempts: attempts.iter().map(Into::into).collect(),
            void_because,
            transitions,
        }
    }
}
