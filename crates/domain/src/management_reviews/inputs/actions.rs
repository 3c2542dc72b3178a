//! Actions as inputs: those that earlier reviews decided, and how those stand that serve other inputs.

use super::{Compared, LISTED, Spans, count, left_out};
use crate::actions::StageName;
use crate::id::{MemberId, RecordId};
use crate::reference::Reference;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;

/// An action, as far as figures need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionFigure {
    /// Its reference.
    pub reference: Reference,
    /// One line.
    pub title: String,
    /// The record it serves.
    pub parent: RecordId,
    /// Who does it.
    pub assignee: MemberId,
    /// The day by which it is to be done.
    pub due_on: NaiveDate,
    /// Where it stands.
    pub stage: StageName,
    /// When it was said to be done; of what is done or verified.
    pub completed_at: Option<DateTime<Utc>>,
    /// When it was last written; what is verified or cancelled is written no more.
    pub updated_at: DateTime<Utc>,
}

impl ActionFigure {
    pub(super) fn is_open(&self) -> bool {
        match self.stage {
            StageName::Open | StageName::InProgress | StageName::Blocked => true,
            StageName::Done | StageName::Verified | StageName::Cancelled => false,
        }
    }

    pub(super) fn is_overdue(&self, today: NaiveDate) -> bool {
        self.is_open() && self.due_on < today
    }
}

/// How actions stand.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ActionCounts {
    /// Not done.
    pub open: i64,
    /// Not done, and due before today.
    pub overdue: i64,
    /// Said to be done, and not verified.
    pub done: i64,
    /// Verified by somebody else.
    pub verified: Compared,
    /// Cancelled.
    pub cancelled: Compared,
}

impl ActionCounts {
    /// Counts actions: those that are not over, and those that ended in either period.
    #[must_use]
    pub fn of(actions: &[ActionFigure], spans: &Spans) -> Self {
        let ended = |stage| {
            let ended = actions.iter().filter(move |action| action.stage == stage);
            Compared::count(spans, ended.map(|action| action.updated_at))
        };
        Self {
            open: count(actions.iter().filter(|action| action.is_open())),
            overdue: count(actions.iter().filter(|action| action.is_overdue(spans.today))),
            done: count(actions.iter().filter(|action| action.stage == StageName::Done)),
            verified: ended(StageName::Verified),
            cancelled: ended(StageName::Cancelled),
        }
    }
}

/// One action.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewedAction))]
pub struct ActionLine {
    /// Its reference.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reference: Reference,
    /// One line.
    pub title: String,
    /// The record it serves.
    pub parent_id: RecordId,
    /// Who does it.
    pub assignee_id: MemberId,
    /// The day by which it is to be done.
    pub due_on: NaiveDate,
    /// Where it stands.
    pub state: StageName,
    /// Whether it should have been done.
    pub overdue: bool,
}

/// Those that are not over and those that ended in the period; what is due first comes first.
pub(super) fn lines(actions: &[ActionFigure], spans: &Spans) -> (Vec<ActionLine>, i64) {
    let is_over = |action: &ActionFigure| matches!(action.stage, StageName::Verified | StageName::Cancelled);
    let mut told: Vec<&ActionFigure> =
        actions.iter().filter(|action| !is_over(action) || spans.now.contains(action.updated_at)).collect();
    told.sort_by_key(|action| (action.due_on, action.reference));
    let left_out = left_out(told.len());
    let line = |action: &ActionFigure| ActionLine {
        reference: action.reference,
        title: action.title.clone(),
        parent_id: action.parent,
        assignee_id: action.assignee,
        due_on: action.due_on,
        state: action.stage,
        overdue: action.is_overdue(spans.today),
    };
    (told.into_iter().take(LISTED).map(line).collect(), left_out)
}

/// Input a: the status of actions from earlier reviews.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct EarlierActions {
    /// How they stand.
    pub counts: ActionCounts,
    /// Those that are not over, and those that ended in the period; at most 200.
    pub items: Vec<ActionLine>,
    /// How many more there are.
    pub left_out: i64,
}

impl EarlierActions {
    /// Sums up the actions of earlier reviews: those that are not over, and those that ended in either period.
    #[must_use]
    pub fn of(actions: &[ActionFigure], spans: &Spans) -> Self {
        let (items, left_out) = lines(actions, spans);
        Self { counts: ActionCounts::of(actions, spans), items, left_out }
    }
}
