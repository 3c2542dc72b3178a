//! An improvement as the API shows it.

use crate::record::effect::EffectView;
use crate::record::expand::MemberName;
use crate::record::mistakes::MistakeView;
use crate::record::{ExceptionView, HeadView, TargetView, Transition};
use crate::v1::imports::MigratedView;
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::id::{IndicatorId, MemberId};
use ratchet_domain::improvements::{self as domain, Improvement, Miss, Size, Stage, StageName};
use ratchet_domain::mistakes::{Duplicable, Voided};
use ratchet_domain::nonconformities::Source;
use serde::Serialize;
use uuid::Uuid;

/// What could be better, and what came of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ImprovementView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Patch laptops from the image on")]
    pub title: String,
    /// What could be better, and how.
    pub description: String,
    /// Where the idea came from.
    pub source: Source,
    /// The record that it was born of.
    pub origin: Option<TargetView>,
    /// Whose idea it is; `null` for a machine's, and for one that came in anonymously.
    pub proposer_id: Option<MemberId>,
    /// The proposer's name; only with `expand=proposer`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proposer: Option<MemberName>,
    /// What would be better.
    pub expected_benefit: Option<String>,
    /// How one will tell; fixed by `plan`.
    pub measure: Option<ImprovementMeasureView>,
    /// What it takes.
    pub effort: Option<Size>,
    /// What it is worth.
    pub value: Option<Size>,
    /// The accountable member; set by `accept`.
    pub owner_id: Option<MemberId>,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// How many members speak for it now; `null` with `as_of`.
    pub votes: Option<i64>,
    /// The caller's own vote for it, which the caller may withdraw.
    pub my_vote_id: Option<Uuid>,
    /// Whether it is worth it.
    pub decision: Option<ImprovementDecisionView>,
    /// How it is to be brought about.
    pub plan: Option<PlanView>,
    /// Since when somebody works on it; only while `in_progress`.
    pub started_at: Option<DateTime<Utc>>,
    /// That it is in place.
    pub implementation: Option<ImplementationView>,
    /// Whether the benefit came about.
    pub verdict: Option<BenefitVerdictView>,
    /// Why it was given up before it was in place.
    pub abandoned_because: Option<String>,
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

/// How one will tell that the benefit came about.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum ImprovementMeasureView {
    /// An indicator is to move from its baseline to the target, both in its unit.
    Indicator {
        /// Which.
        indicator_id: IndicatorId,
        /// Where it stands without the improvement.
        baseline: f64,
        /// Where it is to stand.
        target: f64,
    },
    /// Somebody is to look at something.
    Criterion {
        /// At what, and what is to be seen.
        criterion: String,
    },
}

/// Whether it is worth it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ImprovementDecisionView {
    /// Why.
    pub reason: String,
    /// How many members had voted for it.
    pub votes: i64,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

/// How it is to be brought about.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct PlanView {
    /// What will be done.
    pub approach: String,
    /// The day by which it is to be in place.
    pub due_on: NaiveDate,
    /// When it was planned.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// That it is in place.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ImplementationView {
    /// What was done.
    pub summary: String,
    /// The first day on which its benefit can be judged.
    pub judge_on: NaiveDate,
    /// Since when it is in place.
    pub at: DateTime<Utc>,
    /// Who said so.
    pub by: Option<MemberId>,
}

/// Whether the benefit came about.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct BenefitVerdictView {
    /// What was seen.
    pub evidence: String,
    /// What was learned.
    pub lessons: String,
    /// What the indicator said since it is in place; `null` where a criterion was agreed.
    pub figures: Option<FiguresView>,
    /// How much of the way from baseline to target was gone: 1 is all of it, negative is backwards.
    pub progress: Option<f64>,
    /// What the indicator said before and after, frozen; `null` where a criterion was agreed.
    pub effect: Option<EffectView>,
    /// When it was judged.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

/// What an indicator said over a time.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct FiguresView {
    /// The middle of its values.
    pub median: f64,
    /// How many measurements that is.
    pub count: i64,
    /// The first of them.
    pub from: DateTime<Utc>,
    /// The last of them.
    pub until: DateTime<Utc>,
}

impl From<&domain::Measure> for ImprovementMeasureView {
    fn from(measure: &domain::Measure) -> Self {
        match measure.clone() {
            domain::Measure::Indicator { indicator, baseline, target } => {
                Self::Indicator { indicator_id: indicator, baseline, target }
            }
            domain::Measure::Criterion { criterion } => Self::Criterion { criterion },
        }
    }
}

impl From<&domain::Decision> for ImprovementDecisionView {
    fn from(decision: &domain::Decision) -> Self {
        let domain::Decision { reason, votes, at, by } = decision.clone();
        Self { reason, votes, at, by }
    }
}

impl From<&domain::Plan> for PlanView {
    fn from(plan: &domain::Plan) -> Self {
        let domain::Plan { approach, due_on, at, by } = plan.clone();
        Self { approach, due_on, at, by }
    }
}

impl From<&domain::Implementation> for ImplementationView {
    fn from(implementation: &domain::Implementation) -> Self {
        let domain::Implementation { summary, judge_on, at, by } = implementation.clone();
        Self { summary, judge_on, at, by }
    }
}

impl From<&domain::Verdict> for BenefitVerdictView {
    fn from(verdict: &domain::Verdict) -> Self {
        let domain::Verdict { evidence, lessons, figures, progress, effect, at, by } = verdict.clone();
        let effect = effect.as_ref().map(Into::into);
        Self { evidence, lessons, figures: figures.map(Into::into), progress, effect, at, by }
    }
}

impl From<domain::Figures> for FiguresView {
    fn from(figures: domain::Figures) -> Self {
        let domain::Figures { median, count, from, until } = figures;
        Self { median, count, from, until }
    }
}

/// What only some stages know.
#[derive(Default)]
struct StageView {
    started_at: Option<DateTime<Utc>>,
    verdict: Option<BenefitVerdictView>,
    abandoned_because: Option<String>,
    voided: Option<Voided>,
}

impl From<&Stage> for StageView {
    fn from(stage: &Stage) -> Self {
        let none = Self::default();
        match stage {
            Stage::Proposed
            | Stage::Declined
            | Stage::Accepted
            | Stage::Planned
            | Stage::Measuring { .. }
            | Stage::EndedBefore { .. }
            | Stage::Duplicate { .. } => none,
            Stage::Void { voided } => Self { voided: Some(voided.clone()), ..none },
            Stage::InProgress { since } => Self { started_at: Some(*since), ..none },
            Stage::Realised { verdict, .. } | Stage::NotRealised { miss: Miss::Judged { verdict, .. } } => {
                Self { verdict: Some(verdict.as_ref().into()), ..none }
            }
            Stage::NotRealised { miss: Miss::Abandoned { reason, .. } } => {
                Self { abandoned_because: Some(reason.clone()), ..none }
            }
        }
    }
}

impl ImprovementView {
    pub(crate) fn of(improvement: &Improvement, transitions: Option<Vec<Transition>>) -> Self {
        let Improvement {
            head,
            title,
            description,
            source,
            origin,
            proposer,
            expected_benefit,
            measure,
            effort,
            value,
            owner,
            decision,
            plan,
            exceptions,
            migrated,
            also_reported_by,
            stage,
            fell_due_on: _,
        } = improvement;
        let StageView { started_at, verdict, abandoned_because, voided } = stage.into();
        Self {
            head: head.into(),
            state: stage.name(),
            title: title.clone(),
            description: description.clone(),
            source: *source,
            origin: origin.map(Into::into),
            proposer_id: *proposer,
            proposer: None,
            expected_benefit: expected_benefit.clone(),
            measure: measure.as_ref().map(Into::into),
            effort: *effort,
            value: *value,
            owner_id: *owner,
            owner: None,
            votes: None,
            my_vote_id: None,
            decision: decision.as_ref().map(Into::into),
            plan: plan.as_ref().map(Into::into),
            started_at,
            implementation: improvement.implementation().map(Into::into),
            verdict,
            abandoned_because,
            exceptions: exceptions.iter().map(Into::into).collect(),
            migrated: migrated.as_ref().map(Into::into),
            mistake: MistakeView::of(voided.as_ref(), improvement.duplicate(), also_reported_by),
            transitions,
        }
    }
}
