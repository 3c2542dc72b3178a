//! A management review as the API shows it.

use super::inputs::SealView;
use crate::record::expand::MemberName;
use crate::record::{HeadView, TargetView, Transition};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::id::{ManagementReviewId, MemberId};
use ratchet_domain::management_reviews::{
    self as domain, DecisionKind, ManagementReview, Period, Stage, StageName, Standing, Statements, Topic,
};
use serde::Serialize;

/// A management review with its minutes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ManagementReviewView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Management review of 2026")]
    pub title: String,
    /// The day for which it is planned.
    pub scheduled_on: NaiveDate,
    /// The first day of the time it looks at.
    pub period_from: NaiveDate,
    /// The last day of it.
    pub period_until: NaiveDate,
    /// Who chairs it and approves its minutes.
    pub chair_id: MemberId,
    /// The chair's name; only with `expand=chair`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chair: Option<MemberName>,
    /// Who is invited beside the chair.
    pub attendee_ids: Vec<MemberId>,
    /// The review that scheduled this one.
    pub previous_id: Option<ManagementReviewId>,
    /// What people say to the inputs b, c and e.
    pub statements: Statements,
    /// Inputs as they were frozen, oldest first; `GET .../inputs` shows them.
    pub snapshots: Vec<SealView>,
    /// The meeting and its minutes, once it was held.
    pub meeting: Option<MeetingView>,
    /// That the chair approved the minutes.
    pub approval: Option<MinutesApprovalView>,
    /// What was added to the minutes after they had been approved.
    pub addenda: Vec<AddendumView>,
    /// Why it was not held, or could decide nothing.
    pub cancelled_because: Option<String>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// The meeting and its minutes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MeetingView {
    /// On which day.
    pub held_on: NaiveDate,
    /// Who came.
    pub present_ids: Vec<MemberId>,
    /// The inputs dealt with so far, in their order.
    pub inputs: Vec<ConsiderationView>,
    /// What was decided.
    pub decisions: Vec<ReviewDecisionView>,
    /// What was concluded.
    pub conclusions: Option<ConclusionsView>,
}

/// What was discussed of one input.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ConsiderationView {
    /// Which input.
    pub input: Topic,
    /// Where the standard asks for it.
    #[schema(example = "9.3.2 a")]
    pub clause: &'static str,
    /// How it was dealt with.
    pub standing: Standing,
    /// What was discussed, or why there was nothing.
    pub discussion: String,
}

/// What was decided.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ReviewDecisionView {
    /// Counted from 1 within the review.
    pub number: i64,
    /// What it is about.
    pub kind: DecisionKind,
    /// What is to happen.
    pub text: String,
    /// Who sees to it.
    pub responsible_id: MemberId,
    /// The day by which it is to be done.
    pub due_on: NaiveDate,
    /// The records that it made: the action, first of all.
    pub made: Vec<TargetView>,
}

/// What top management concluded [9.3.1].
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ConclusionsView {
    /// Whether the system still fits the organisation.
    pub suitability: String,
    /// Whether it is enough.
    pub adequacy: String,
    /// Whether it does what it is for.
    pub effectiveness: String,
}

/// That the chair approved the minutes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct MinutesApprovalView {
    /// SHA-256, hexadecimal, of what was approved.
    pub minutes_digest: String,
    /// Why nothing had to be decided, where nothing was.
    pub no_decision_because: Option<String>,
    /// The review that was scheduled by it.
    pub next_id: Option<ManagementReviewId>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

/// What was added to approved minutes.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AddendumView {
    /// What is to be known beside the minutes.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

impl From<&domain::Meeting> for MeetingView {
    fn from(meeting: &domain::Meeting) -> Self {
        let domain::Meeting { held_on, present, considerations, decisions, conclusions } = meeting;
        Self {
            held_on: *held_on,
            present_ids: present.clone(),
            inputs: considerations.iter().map(Into::into).collect(),
            decisions: decisions.iter().map(Into::into).collect(),
            conclusions: conclusions.as_ref().map(Into::into),
        }
    }
}

impl From<&domain::Consideration> for ConsiderationView {
    fn from(consideration: &domain::Consideration) -> Self {
        let domain::Consideration { input, standing, discussion } = consideration.clone();
        Self { input, clause: input.clause(), standing, discussion }
    }
}

impl From<&domain::Decision> for ReviewDecisionView {
    fn from(decision: &domain::Decision) -> Self {
        let domain::Decision { number, kind, text, responsible, due_on, made } = decision.clone();
        Self {
            number,
            kind,
            text,
            responsible_id: responsible,
            due_on,
            made: made.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<&domain::Conclusions> for ConclusionsView {
    fn from(conclusions: &domain::Conclusions) -> Self {
        let domain::Conclusions { suitability, adequacy, effectiveness } = conclusions.clone();
        Self { suitability, adequacy, effectiveness }
    }
}

impl From<&domain::Approval> for MinutesApprovalView {
    fn from(approval: &domain::Approval) -> Self {
        let domain::Approval { minutes_digest, no_decision_because, next, at, by } = approval.clone();
        Self { minutes_digest, no_decision_because, next_id: next, at, by }
    }
}

impl From<&domain::Addendum> for AddendumView {
    fn from(addendum: &domain::Addendum) -> Self {
        let domain::Addendum { text, at, by } = addendum.clone();
        Self { text, at, by }
    }
}

/// What only some stages know: the approval, what was added since, and why it was cancelled.
fn stage_view(stage: &Stage) -> (Option<MinutesApprovalView>, Vec<AddendumView>, Option<String>) {
    match stage {
        Stage::Scheduled | Stage::Prepared | Stage::Held { .. } => (None, Vec::new(), None),
        Stage::Approved { approval, addenda, meeting: _ } => {
            (Some(approval.into()), addenda.iter().map(Into::into).collect(), None)
        }
        Stage::Cancelled { reason, .. } => (None, Vec::new(), Some(reason.clone())),
    }
}

impl ManagementReviewView {
    pub(crate) fn of(review: &ManagementReview, transitions: Option<Vec<Transition>>) -> Self {
        let ManagementReview {
            head,
            title,
            scheduled_on,
            period: Period { from, until },
            chair,
            attendees,
            previous,
            statements,
            snapshots,
            fell_due_on: _,
            stage,
        } = review;
        let (approval, addenda, cancelled_because) = stage_view(stage);
        Self {
            head: head.into(),
            state: stage.name(),
            title: title.clone(),
            scheduled_on: *scheduled_on,
            period_from: *from,
            period_until: *until,
            chair_id: *chair,
            chair: None,
            attendee_ids: attendees.clone(),
            previous_id: *previous,
            statements: statements.clone(),
            snapshots: snapshots.iter().map(Into::into).collect(),
            meeting: review.meeting().map(Into::into),
            approval,
            addenda,
            cancelled_because,
            transitions,
        }
    }
}
