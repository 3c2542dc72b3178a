//! A nonconformity as the API shows it.

use crate::record::discredit::DiscreditView;
use crate::record::effect::EffectView;
use crate::record::expand::MemberName;
use crate::record::mistakes::MistakeView;
use crate::record::{ExceptionView, HeadView, TargetView, Transition};
use crate::v1::imports::MigratedView;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::id::{IndicatorId, MemberId, NonconformityId};
use ratchet_domain::mistakes::{Duplicable, Voided};
use ratchet_domain::nonconformities::{self as domain, Grade, Method, Nonconformity, Source, Stage, StageName};
use serde::Serialize;

/// A nonconformity with its treatment.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct NonconformityView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Critical patches late on laptops")]
    pub title: String,
    /// What is not as required.
    pub statement: String,
    /// What shows it.
    pub objective_evidence: String,
    /// Where it was noticed.
    pub source: Source,
    /// The record that it was born of.
    pub origin: Option<TargetView>,
    /// The clause or control breached.
    #[schema(example = "A.8.8")]
    pub requirement: Option<String>,
    /// The indicators that its treatment is to move.
    pub indicator_ids: Vec<IndicatorId>,
    /// How grave it is; set by `confirm`.
    pub grade: Option<Grade>,
    /// The accountable member; set by `confirm`.
    pub owner_id: Option<MemberId>,
    /// Who owned it before in the present attempt: they do not judge its effectiveness either.
    pub former_owners: Vec<MemberId>,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// The day by which it is to be closed.
    pub due_on: Option<NaiveDate>,
    /// Why it was rejected.
    pub rejection_reason: Option<String>,
    /// The immediate correction [10.2 a].
    pub containment: Option<ContainmentView>,
    /// Why it happened [10.2 b].
    pub analysis: Option<AnalysisView>,
    /// What follows: `actions`, or `no_action` with its justification [10.2 b, c].
    pub response: Option<ResponseView>,
    /// The first day on which effectiveness can be judged.
    pub check_on: Option<NaiveDate>,
    /// Whether what was done has worked [10.2 d].
    pub verdict: Option<VerdictView>,
    #[serde(flatten)]
    pub discredit: DiscreditView,
    /// What remains [10.2 e-g].
    pub closure: Option<ClosureView>,
    /// Earlier turns that did not hold, oldest first.
    pub attempts: Vec<AttemptView>,
    /// How often it came back after it had been closed.
    pub recurrences: i64,
    /// Duties that were not kept apart.
    pub exceptions: Vec<ExceptionView>,
    /// What another register says of it, where it was brought in from before go-live: no gate of this program was run for
    /// that.
    pub migrated: Option<MigratedView>,
    #[serde(flatten)]
    pub mistake: MistakeView,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// The immediate correction [10.2 a].
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ContainmentView {
    /// What was done at once.
    pub correction: String,
    /// How consequences are dealt with.
    pub consequences: String,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// Another nonconformity that was looked at, and what was concluded of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ConsideredView {
    /// Which.
    pub nonconformity_id: NonconformityId,
    /// Whether it has the same cause.
    pub same_cause: bool,
    /// Why, in words.
    pub note: Option<String>,
}

/// Why it happened [10.2 b].
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AnalysisView {
    /// How the cause was looked for.
    pub method: Method,
    /// At least one.
    pub root_causes: Vec<String>,
    /// Whether similar ones exist or could occur.
    pub similar: String,
    /// The nonconformities that were looked at for that.
    pub considered: Vec<ConsideredView>,
    /// When it was concluded.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// What follows from the analysis [10.2 b, c].
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum ResponseView {
    /// Corrective or preventive actions, which are records of their own.
    Actions,
    /// None, the correction suffices.
    NoAction {
        /// Why.
        justification: String,
    },
}

/// Whether what was done has worked [10.2 d].
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct VerdictView {
    /// Whether the cause is gone.
    pub effective: bool,
    /// What was looked at.
    pub criterion: String,
    /// What was seen.
    pub evidence: String,
    /// What indicators said, frozen, where the verdict rests on figures.
    pub effect: Option<EffectView>,
    /// When it was judged.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

/// What remains when it is over [10.2 e-g].
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ClosureView {
    /// Whether the management system must change: the change, or why none.
    pub isms_change: String,
    /// What was learned.
    pub lessons: String,
    /// Why there was no correction, when none was recorded.
    pub no_correction_because: Option<String>,
    /// When it was closed.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// An earlier turn that did not hold.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AttemptView {
    /// What had been done at once, where the case came back after it.
    pub containment: Option<ContainmentView>,
    /// The analysis of that turn.
    pub analysis: AnalysisView,
    /// What followed from it.
    pub response: ResponseView,
    /// How it was judged.
    pub verdict: VerdictView,
    /// How it had been closed, when it was reopened after that.
    pub closure: Option<ClosureView>,
}

impl From<&domain::Containment> for ContainmentView {
    fn from(containment: &domain::Containment) -> Self {
        let domain::Containment { correction, consequences, at, by } = containment.clone();
        Self { correction, consequences, at, by }
    }
}

impl From<&domain::Analysis> for AnalysisView {
    fn from(analysis: &domain::Analysis) -> Self {
        let domain::Analysis { method, root_causes, similar, considered, at, by } = analysis.clone();
        let considered = considered.into_iter().map(Into::into).collect();
        Self { method, root_causes, similar, considered, at, by }
    }
}

impl From<domain::Considered> for ConsideredView {
    fn from(considered: domain::Considered) -> Self {
        let domain::Considered { case, same_cause, note } = considered;
        Self { nonconformity_id: case, same_cause, note }
    }
}

impl From<&domain::Response> for ResponseView {
    fn from(response: &domain::Response) -> Self {
        match response.clone() {
            domain::Response::Actions => Self::Actions,
            domain::Response::NoAction { justification } => Self::NoAction { justification },
        }
    }
}

impl From<&domain::Verdict> for VerdictView {
    fn from(verdict: &domain::Verdict) -> Self {
        let domain::Verdict { effective, criterion, evidence, effect, at, by } = verdict;
        let (criterion, evidence) = (criterion.clone(), evidence.clone());
        Self { effective: *effective, criterion, evidence, effect: effect.as_ref().map(Into::into), at: *at, by: *by }
    }
}

impl From<&domain::Closure> for ClosureView {
    fn from(closure: &domain::Closure) -> Self {
        let domain::Closure { isms_change, lessons, no_correction_because, at, by } = closure.clone();
        Self { isms_change, lessons, no_correction_because, at, by }
    }
}

impl From<&domain::Attempt> for AttemptView {
    fn from(attempt: &domain::Attempt) -> Self {
        let domain::Attempt { containment, analysis, response, verdict, closure } = attempt;
        Self {
            containment: containment.as_ref().map(Into::into),
            analysis: analysis.into(),
            response: response.into(),
            verdict: verdict.into(),
            closure: closure.as_ref().map(Into::into),
        }
    }
}

/// What only some stages know.
#[derive(Default)]
struct StageView {
    rejection_reason: Option<String>,
    analysis: Option<AnalysisView>,
    response: Option<ResponseView>,
    check_on: Option<NaiveDate>,
    verdict: Option<VerdictView>,
    closure: Option<ClosureView>,
    voided: Option<Voided>,
}

impl From<&Stage> for StageView {
    fn from(stage: &Stage) -> Self {
        let none = Self::default();
        match stage {
            Stage::Reported | Stage::Confirmed | Stage::EndedBefore | Stage::Duplicate { .. } => none,
            Stage::Void { voided } => Self { voided: Some(voided.clone()), ..none },
            Stage::Rejected { reason, at: _ } => Self { rejection_reason: Some(reason.clone()), ..none },
            Stage::Analysed { analysis } | Stage::Planned { analysis } => {
                Self { analysis: Some(analysis.into()), ..none }
            }
            Stage::Verifying { analysis, response, check_on, since: _ } => Self {
                analysis: Some(analysis.into()),
                response: Some(response.into()),
                check_on: Some(*check_on),
                ..none
            },
            Stage::Verified { analysis, response, verdict } => Self {
                analysis: Some(analysis.into()),
                response: Some(response.into()),
                verdict: Some(verdict.into()),
                ..none
            },
            Stage::Closed { analysis, response, verdict, closure } => Self {
                analysis: Some(analysis.into()),
                response: Some(response.into()),
                verdict: Some(verdict.into()),
                closure: Some(closure.into()),
                ..none
            },
        }
    }
}

impl NonconformityView {
    pub(crate) fn of(case: &Nonconformity, transitions: Option<Vec<Transition>>) -> Self {
        let Nonconformity {
            head,
            title,
            statement,
            objective_evidence,
            source,
            origin,
            requirement,
            indicators,
            grade,
            owner,
            former_owners,
            due_on,
            containment,
            attempts,
            recurrences,
            exceptions,
            migrated,
            also_reported_by,
            stage,
            fell_due_on: _,
            check_fell_due_on: _,
        } = case;
        let StageView { rejection_reason, analysis, response, check_on, verdict, closure, voided } = stage.into();
        Self {
            head: head.into(),
            state: stage.name(),
            title: title.clone(),
            statement: statement.clone(),
            objective_evidence: objective_evidence.clone(),
            source: *source,
            origin: origin.map(Into::into),
            requirement: requirement.clone(),
            indicator_ids: indicators.clone(),
            grade: *grade,
            owner_id: *owner,
            former_owners: former_owners.clone(),
            owner: None,
            due_on: *due_on,
            rejection_reason,
            containment: containment.as_ref().map(Into::into),
            analysis,
            response,
            check_on,
            verdict,
            discredit: DiscreditView::default(),
            closure,
            attempts: attempts.iter().map(Into::into).collect(),
            recurrences: *recurrences,
            exceptions: exceptions.iter().map(Into::into).collect(),
            migrated: migrated.as_ref().map(Into::into),
            mistake: MistakeView::of(voided.as_ref(), case.duplicate(), also_reported_by),
            transitions,
        }
    }
}
