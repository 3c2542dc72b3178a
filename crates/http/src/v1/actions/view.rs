//! An action as the API shows it.

use super::ticket::TicketView;
use crate::record::discredit::DiscreditView;
use crate::record::effect::EffectView;
use crate::record::expand::MemberName;
use crate::record::{ExceptionView, HeadView, TargetView, Transition};
use crate::v1::imports::MigratedView;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::actions::{Action, Completion, Kind, Priority, Stage, StageName, Verification};
use ratchet_domain::id::{IndicatorId, MemberId, NonconformityId};
use serde::Serialize;

/// What somebody does about a record.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ActionView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Put the update agent into the laptop image")]
    pub title: String,
    /// What is to be done.
    pub description: Option<String>,
    /// What it is for.
    pub kind: Kind,
    /// The record it serves; `null` where that is restricted to others than whoever does it.
    pub parent: Option<TargetView>,
    /// Which of the parent's attempts it belongs to, from 0.
    pub attempt: i64,
    /// Who does it.
    pub assignee_id: MemberId,
    /// The assignee's name; only with `expand=assignee`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub assignee: Option<MemberName>,
    /// The day by which it is to be done.
    pub due_on: NaiveDate,
    /// How soon it matters.
    pub priority: Priority,
    /// How one can tell that it is done.
    pub done_criteria: Option<String>,
    /// The indicators that it is to move.
    pub indicator_ids: Vec<IndicatorId>,
    /// How often its due date was moved.
    pub due_moves: i64,
    /// What is in the way.
    pub blocked_because: Option<String>,
    /// Why it will not be done.
    pub cancelled_because: Option<String>,
    /// That it was done.
    pub completion: Option<CompletionView>,
    /// That somebody else has looked at it.
    pub verification: Option<VerificationView>,
    #[serde(flatten)]
    pub discredit: DiscreditView,
    /// With which nonconformity's turn the verification stands and falls.
    #[serde(skip)]
    pub rests_on: Option<(NonconformityId, i64)>,
    /// Duties that were not kept apart.
    pub exceptions: Vec<ExceptionView>,
    /// Who worked on it before: had begun when another was assigned, or said it was done when it was not. They do not
    /// verify it.
    pub former_worker_ids: Vec<MemberId>,
    /// What another register says of it, where it was brought in from before go-live: no gate of this program was run for
    /// that.
    pub migrated: Option<MigratedView>,
    /// The ticket that it is elsewhere.
    pub ticket: Option<TicketView>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// That it was done.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CompletionView {
    /// What was done.
    pub summary: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; `null` for a machine.
    pub by: Option<MemberId>,
}

/// That somebody else has looked at it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VerificationView {
    /// What was seen.
    pub evidence: String,
    /// What indicators said, frozen, where the verdict rests on figures.
    pub effect: Option<EffectView>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

impl From<&Completion> for CompletionView {
    fn from(completion: &Completion) -> Self {
        let Completion { summary, at, by } = completion.clone();
        Self { summary, at, by }
    }
}

impl From<&Verification> for VerificationView {
    fn from(verification: &Verification) -> Self {
        let Verification { evidence, effect, at, by } = verification;
        Self { evidence: evidence.clone(), effect: effect.as_ref().map(Into::into), at: *at, by: *by }
    }
}

/// What only some stages know: what is in the way, why it was cancelled, and by whom it was done and seen.
type StageView = (Option<String>, Option<String>, Option<CompletionView>, Option<VerificationView>);

fn stage_view(stage: &Stage) -> StageView {
    match stage {
        Stage::Open | Stage::InProgress | Stage::EndedBefore => (None, None, None, None),
        Stage::Blocked { reason } => (Some(reason.clone()), None, None, None),
        Stage::Cancelled { reason } => (None, Some(reason.clone()), None, None),
        Stage::Done { completion } => (None, None, Some(completion.into()), None),
        Stage::Verified { completion, verification } => {
            (None, None, Some(completion.into()), Some(verification.into()))
        }
    }
}

impl ActionView {
    pub(crate) fn of(action: &Action, transitions: Option<Vec<Transition>>) -> Self {
        let Action {
            head,
            title,
            description,
            kind,
            parent,
            attempt,
            assignee,
            due_on,
            priority,
            done_criteria,
            indicators,
            due_moves,
            fell_due_on: _,
            former_workers,
            exceptions,
            migrated,
            ticket,
            stage,
        } = action;
        let (blocked_because, cancelled_because, completion, verification) = stage_view(stage);
        Self {
            head: head.into(),
            state: stage.name(),
            title: title.clone(),
            description: description.clone(),
            kind: *kind,
            parent: Some((*parent).into()),
            attempt: *attempt,
            assignee_id: *assignee,
            assignee: None,
            due_on: *due_on,
            priority: *priority,
            done_criteria: done_criteria.clone(),
            indicator_ids: indicators.clone(),
            due_moves: *due_moves,
            blocked_because,
            cancelled_because,
            completion,
            verification,
            discredit: DiscreditView::default(),
            rests_on: action.rests_on(),
            former_worker_ids: former_workers.clone(),
            exceptions: exceptions.iter().map(Into::into).collect(),
            migrated: migrated.as_ref().map(Into::into),
            ticket: ticket.clone().map(Into::into),
            transitions,
        }
    }
}
