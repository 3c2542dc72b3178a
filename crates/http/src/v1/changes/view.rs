//! A change as the API shows it.

use crate::record::approval::ApprovalView;
use crate::record::effect::EffectView;
use crate::record::expand::MemberName;
use crate::record::{ExceptionView, HeadView, TargetView, Transition};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::changes::{
    Assessed, Assessment, Closure, Completion, Kind, Missed, Outcome, PlannedChange, Revision, Stage, StageName, Start,
    Verdict, Window,
};
use ratchet_domain::id::{ChangeTemplateId, IndicatorId, MemberId, NonconformityId};
use serde::Serialize;

/// A change of the management system, or of what it protects.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// How it comes to be allowed.
    pub kind: Kind,
    /// One line.
    #[schema(example = "Put the update agent into the laptop image")]
    pub title: String,
    /// Why.
    pub purpose: String,
    /// What is to change.
    pub description: String,
    /// What is particular about this one.
    pub particulars: Option<String>,
    /// Of which template it is, for a standard change.
    pub template_id: Option<ChangeTemplateId>,
    /// Who makes it, and answers for it.
    pub owner_id: MemberId,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// The clauses and controls it concerns.
    #[schema(example = json!(["A.8.8", "A.8.32"]))]
    pub requirements: Vec<String>,
    /// The indicators that show its effect.
    pub indicator_ids: Vec<IndicatorId>,
    /// The records it alters.
    pub affected: Vec<TargetView>,
    /// The record that it is born of.
    pub origin: Option<TargetView>,
    /// Of the content; starts at 1.
    pub revision: i64,
    /// Earlier revisions, oldest first.
    pub revisions: Vec<ChangeRevisionView>,
    /// What was considered [6.3].
    pub assessment: Option<ChangeAssessmentView>,
    /// Who has said yes; stale when the change says something else by now.
    pub approval: Option<ApprovalView>,
    /// Why it was rejected, cancelled or rolled back.
    pub ended_because: Option<String>,
    /// When it is to be made, or was.
    pub window: Option<ChangeWindowView>,
    /// When it was begun.
    pub started: Option<ChangeStartView>,
    /// The last day on which an emergency that has started is approved in time.
    pub approve_by: Option<NaiveDate>,
    /// That this day passed without an approval.
    pub approval_missed: Option<ApprovalMissedView>,
    /// That it was made.
    pub completion: Option<ChangeCompletionView>,
    /// What came of it.
    pub outcome: Option<ChangeOutcomeView>,
    /// What remains.
    pub closure: Option<ChangeClosureView>,
    /// Duties that were not kept apart.
    pub exceptions: Vec<ExceptionView>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// An earlier content: that it was replaced, and why.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeRevisionView {
    /// Which one it was.
    pub number: i64,
    /// Why it was replaced.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// What was considered before a change is approved.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeAssessmentView {
    #[serde(flatten)]
    pub assessment: Assessment,
    /// Whether the change was revised since: it is assessed anew before it is approved.
    pub stale: bool,
    /// When it was made.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// When it is to be made, or was.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeWindowView {
    /// Not before.
    pub from: DateTime<Utc>,
    /// Begun before this.
    pub to: DateTime<Utc>,
}

/// That it was begun.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeStartView {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// That nobody approved an emergency in time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ApprovalMissedView {
    /// When that was noted.
    pub at: DateTime<Utc>,
    /// The nonconformity, where the organisation wants one.
    pub case_id: Option<NonconformityId>,
}

/// That it was made.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeCompletionView {
    /// What was done.
    pub summary: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
    /// Until when its effect is watched; it can be reviewed from then on.
    pub monitored_until: DateTime<Utc>,
}

/// What came of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeOutcomeView {
    /// Whether it does good.
    pub verdict: Verdict,
    /// Why one thinks so.
    pub conclusion: String,
    /// What its indicators said, frozen.
    pub effect: EffectView,
    /// When it was judged.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

/// What remains when it is over.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ChangeClosureView {
    /// What was learned.
    pub lessons: String,
    /// The case that deals with the harm.
    pub case: Option<TargetView>,
    /// When it was closed.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

impl From<&Revision> for ChangeRevisionView {
    fn from(revision: &Revision) -> Self {
        let Revision { number, reason, at, by } = revision.clone();
        Self { number, reason, at, by }
    }
}

impl ChangeAssessmentView {
    fn of(assessed: &Assessed, present: i64) -> Self {
        let Assessed { assessment, revision, at, by } = assessed.clone();
        Self { assessment, stale: revision != present, at, by }
    }
}

impl From<Window> for ChangeWindowView {
    fn from(window: Window) -> Self {
        let Window { from, to } = window;
        Self { from, to }
    }
}

impl From<&Start> for ChangeStartView {
    fn from(start: &Start) -> Self {
        let Start { at, by, window: _ } = start;
        Self { at: *at, by: *by }
    }
}

impl From<Missed> for ApprovalMissedView {
    fn from(missed: Missed) -> Self {
        let Missed { at, case } = missed;
        Self { at, case_id: case }
    }
}

impl From<&Completion> for ChangeCompletionView {
    fn from(completion: &Completion) -> Self {
        let Completion { summary, at, by, baseline_days: _, monitored_until } = completion.clone();
        Self { summary, at, by, monitored_until }
    }
}

impl From<&Outcome> for ChangeOutcomeView {
    fn from(outcome: &Outcome) -> Self {
        let Outcome { verdict, conclusion, effect, at, by } = outcome;
        Self { verdict: *verdict, conclusion: conclusion.clone(), effect: effect.into(), at: *at, by: *by }
    }
}

impl From<&Closure> for ChangeClosureView {
    fn from(closure: &Closure) -> Self {
        let Closure { lessons, case, at, by } = closure.clone();
        Self { lessons, case: case.map(Into::into), at, by }
    }
}

/// What only some stages know and no other part of the view says.
fn particular_to(stage: &Stage) -> (Option<String>, Option<ChangeWindowView>, Option<ChangeClosureView>) {
    match stage {
        Stage::Rejected { reason, .. } | Stage::Cancelled { reason, .. } => (Some(reason.clone()), None, None),
        Stage::Scheduled { window } => (None, Some((*window).into()), None),
        Stage::RolledBack { reason, start, .. } => (Some(reason.clone()), start.window.map(Into::into), None),
        Stage::Closed { closure, start, .. } => (None, start.window.map(Into::into), Some(closure.into())),
        Stage::Implementing { start } | Stage::Monitoring { start, .. } | Stage::Reviewed { start, .. } => {
            (None, start.window.map(Into::into), None)
        }
        Stage::Draft | Stage::Submitted | Stage::Assessed | Stage::Approved => (None, None, None),
    }
}

impl ChangeView {
    pub(crate) fn of(change: &PlannedChange, transitions: Option<Vec<Transition>>) -> Self {
        let (started, completion) = change.implementation();
        let is_approved = change.is_approved();
        let PlannedChange {
            head,
            title,
            purpose,
            description,
            particulars,
            kind,
            template,
            owner,
            requirements,
            indicators,
            affected,
            origin,
            revision,
            revisions,
            assessed,
            approval,
            approval_note,
            approve_by,
            missed,
            exceptions,
            stage,
        } = change;
        let (ended_because, window, closure) = particular_to(stage);
        Self {
            head: head.into(),
            state: stage.name(),
            kind: *kind,
            title: title.clone(),
            purpose: purpose.clone(),
            description: description.clone(),
            particulars: particulars.clone(),
            template_id: template.as_ref().map(|template| template.id),
            owner_id: *owner,
            owner: None,
            requirements: requirements.clone(),
            indicator_ids: indicators.clone(),
            affected: affected.iter().copied().map(Into::into).collect(),
            origin: origin.map(Into::into),
            revision: *revision,
            revisions: revisions.iter().map(Into::into).collect(),
            assessment: assessed.as_ref().map(|assessed| ChangeAssessmentView::of(assessed, *revision)),
            approval: approval
                .as_ref()
                .map(|approval| ApprovalView::of(approval, approval_note.as_ref(), Some(!is_approved))),
            ended_because,
            window,
            started: started.map(Into::into),
            approve_by: *approve_by,
            approval_missed: missed.map(Into::into),
            completion: completion.map(Into::into),
            outcome: change.outcome().map(Into::into),
            closure,
            exceptions: exceptions.iter().map(Into::into).collect(),
            transitions,
        }
    }
}
