//! An objective as the API shows it, and how far it has come.

use crate::record::approval::ApprovalView;
use crate::record::expand::MemberName;
use crate::record::{ExceptionView, HeadView, Transition};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::id::{IndicatorId, MemberId, ObjectiveId, PolicyId};
use ratchet_domain::objectives::{
    Forecast, Measure, Measured, Objective, Outlook, Proposal, Revision, Stage, StageName, Terms, Verdict,
};
use ratchet_domain::signals::Sighting;
use serde::Serialize;

/// What is to be reached, by when, and who answers for it [6.2].
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ObjectiveView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Laptops patched in time")]
    pub title: String,
    /// The policy it serves [6.2 a].
    pub policy_id: PolicyId,
    #[serde(flatten)]
    pub terms: TermsView,
    /// The goal of the business it aligns with.
    pub business_goal: Option<String>,
    /// The level or function it is set at.
    pub level: Option<String>,
    /// The clauses and controls it takes account of [6.2 c].
    pub requirements: Vec<String>,
    /// Which results of assessing and treating risks it takes account of [6.2 c].
    pub risks_considered: Option<String>,
    /// Who is told [6.2 e].
    pub communicated_to: Vec<String>,
    /// What will be done [6.2 h]; its actions are records of their own.
    pub plan: Option<String>,
    /// What it takes [6.2 i].
    pub resources: Option<String>,
    /// Who is responsible [6.2 j].
    pub owner_id: MemberId,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// How the results are evaluated [6.2 l].
    pub evaluation: Option<String>,
    /// Of statement, measure and due date; starts at 1.
    pub revision: i64,
    /// Earlier ones, oldest first.
    pub revisions: Vec<ObjectiveRevisionView>,
    /// The day on which the way to the target starts.
    pub started_on: Option<NaiveDate>,
    /// That it was approved.
    pub approval: Option<ApprovalView>,
    /// What is to hold instead, while that waits for approval.
    pub proposal: Option<ProposalView>,
    /// How it ended.
    pub verdict: Option<ObjectiveVerdictView>,
    /// When it was given up.
    pub abandoned_at: Option<DateTime<Utc>>,
    /// Why it was given up.
    pub abandoned_because: Option<String>,
    /// Duties that were not kept apart.
    pub exceptions: Vec<ExceptionView>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What is to be reached, how that is measured, and by when.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct TermsView {
    /// What is to be reached.
    pub statement: String,
    /// How it is measured [6.2 b, d].
    pub measure: Option<ObjectiveMeasureView>,
    /// The last day on which it is reached in time [6.2 k].
    pub due_on: Option<NaiveDate>,
}

/// How it is measured whether an objective is reached.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub(crate) enum ObjectiveMeasureView {
    /// By an indicator.
    Indicator {
        /// Which one.
        indicator_id: IndicatorId,
        /// Its value where the way starts; `null` until it is approved, unless it was given.
        baseline: Option<f64>,
        /// The value that is to be reached.
        target: f64,
    },
    /// By judgement.
    Qualitative {
        /// What it is judged by.
        criterion: String,
    },
}

/// What held before.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ObjectiveRevisionView {
    /// Which one it was.
    pub number: i64,
    #[serde(flatten)]
    pub terms: TermsView,
    /// Who had approved it.
    pub approval: ApprovalView,
    /// Until when it held.
    pub replaced_at: DateTime<Utc>,
    /// Why it was replaced.
    pub reason: String,
}

/// What is to hold instead.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ProposalView {
    #[serde(flatten)]
    pub terms: TermsView,
    /// Why.
    pub reason: String,
    /// Who proposes it.
    pub by: Option<MemberId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// How it ended.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ObjectiveVerdictView {
    /// What was looked at, and what was seen.
    pub evidence: String,
    /// What its indicator said then.
    pub value: Option<f64>,
    /// When that was observed.
    pub observed_at: Option<DateTime<Utc>>,
    /// Who judged.
    pub by: MemberId,
    /// When.
    pub at: DateTime<Utc>,
}

/// How far an objective has come, and whether it will get there.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ObjectiveProgressView {
    /// The objective.
    pub objective_id: ObjectiveId,
    /// Whether it will be reached in time: on the straight way or before it, and led to the target by the trend; at risk
    /// where one of both speaks against it, off track where both do or the due date has passed.
    pub outlook: Option<Outlook>,
    /// The share of the way from baseline to target: 0 at the one, 1 at the other; beyond and below are possible.
    #[schema(example = 0.62)]
    pub share: Option<f64>,
    /// What its indicator says now: the worst of its series.
    #[schema(example = 89.0)]
    pub value: Option<f64>,
    /// When that was observed.
    pub observed_at: Option<DateTime<Utc>>,
    /// The value where the way starts.
    #[schema(example = 79.0)]
    pub baseline: Option<f64>,
    /// The value where it ends.
    #[schema(example = 95.0)]
    pub target: Option<f64>,
    /// Of all these values.
    #[schema(example = "%")]
    pub unit: Option<String>,
    /// The value that the straight way has now.
    #[schema(example = 87.5)]
    pub expected: Option<f64>,
    /// Where the trend leads; `null` of fewer than three points.
    pub forecast: Option<ForecastView>,
}

/// Where the trend leads: the line of Theil and Sen through what was measured since the start.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ForecastView {
    /// By how much the value changes in a day.
    #[schema(example = 0.11)]
    pub slope_per_day: f64,
    /// What it will be at the end of the due date.
    #[schema(example = 94.2)]
    pub at_due: f64,
    /// When it will be at the target, where that lies ahead, within ten years.
    pub reaches_on: Option<NaiveDate>,
}

impl From<&Terms> for TermsView {
    fn from(terms: &Terms) -> Self {
        let Terms { statement, measure, due_on } = terms.clone();
        let measure = measure.map(|measure| match measure {
            Measure::Indicator { indicator, baseline, target } => {
                ObjectiveMeasureView::Indicator { indicator_id: indicator, baseline, target }
            }
            Measure::Qualitative { criterion } => ObjectiveMeasureView::Qualitative { criterion },
        });
        Self { statement, measure, due_on }
    }
}

impl From<Revision> for ObjectiveRevisionView {
    fn from(revision: Revision) -> Self {
        let Revision { number, terms, approval, replaced_at, reason } = revision;
        Self { number, terms: (&terms).into(), approval: ApprovalView::of(&approval, None, None), replaced_at, reason }
    }
}

impl From<Proposal> for ProposalView {
    fn from(proposal: Proposal) -> Self {
        let Proposal { terms, reason, by, at } = proposal;
        Self { terms: (&terms).into(), reason, by, at }
    }
}

impl From<Verdict> for ObjectiveVerdictView {
    fn from(verdict: Verdict) -> Self {
        let Verdict { evidence, value, by, at } = verdict;
        let observed_at = value.map(|Sighting { observed_at, .. }| observed_at);
        Self { evidence, value: value.and_then(|sighting| sighting.value), observed_at, by, at }
    }
}

/// What only some stages know.
#[derive(Default)]
struct StageView {
    approval: Option<ApprovalView>,
    proposal: Option<ProposalView>,
    verdict: Option<ObjectiveVerdictView>,
    abandoned_at: Option<DateTime<Utc>>,
    abandoned_because: Option<String>,
}

impl From<Stage> for StageView {
    fn from(stage: Stage) -> Self {
        let none = Self::default();
        let approved = |approval| Some(ApprovalView::of(&approval, None, None));
        match stage {
            Stage::Draft => none,
            Stage::Active { approval, started_on: _ } => Self { approval: approved(approval), ..none },
            Stage::Revising { approval, started_on: _, proposal } => {
                Self { approval: approved(approval), proposal: Some(proposal.into()), ..none }
            }
            Stage::Achieved { approval, started_on: _, verdict }
            | Stage::Missed { approval, started_on: _, verdict } => {
                Self { approval: approved(approval), verdict: Some(verdict.into()), ..none }
            }
            Stage::Abandoned { reason, at } => Self { abandoned_at: Some(at), abandoned_because: Some(reason), ..none },
        }
    }
}

impl ObjectiveView {
    pub(super) fn of(objective: &Objective, transitions: Option<Vec<Transition>>) -> Self {
        let started_on = objective.started_on();
        let Objective {
            head,
            title,
            policy,
            terms,
            business_goal,
            level,
            requirements,
            risks_considered,
            communicated_to,
            plan,
            resources,
            owner,
            evaluation,
            revision,
            revisions,
            fell_due_on: _,
            exceptions,
            stage,
        } = objective.clone();
        let state = stage.name();
        let StageView { approval, proposal, verdict, abandoned_at, abandoned_because } = stage.into();
        Self {
            head: (&head).into(),
            state,
            title,
            policy_id: policy,
            terms: (&terms).into(),
            business_goal,
            level,
            requirements,
            risks_considered,
            communicated_to,
            plan,
            resources,
            owner_id: owner,
            owner: None,
            evaluation,
            revision,
            revisions: revisions.into_iter().map(Into::into).collect(),
            started_on,
            approval,
            proposal,
            verdict,
            abandoned_at,
            abandoned_because,
            exceptions: exceptions.iter().map(Into::into).collect(),
            transitions,
        }
    }
}

impl From<Forecast> for ForecastView {
    fn from(forecast: Forecast) -> Self {
        let reaches_on = forecast.reaches_on();
        let Forecast { slope_per_day, at_due, reaches_at: _ } = forecast;
        Self { slope_per_day, at_due, reaches_on }
    }
}

impl ObjectiveProgressView {
    pub(super) fn of(objective: &Objective, measured: Option<Measured>) -> Self {
        let path = measured.as_ref().map(|measured| measured.path);
        let progress = measured.as_ref().map(|measured| measured.progress);
        Self {
            objective_id: objective.id(),
            outlook: progress.map(|progress| progress.outlook),
            share: progress.map(|progress| progress.share),
            value: measured.as_ref().map(|measured| measured.value),
            observed_at: measured.as_ref().map(|measured| measured.observed_at),
            baseline: path.map(|path| path.baseline),
            target: path.map(|path| path.target),
            unit: measured.and_then(|measured| measured.unit),
            expected: progress.map(|progress| progress.expected),
            forecast: progress.and_then(|progress| progress.forecast).map(Into::into),
        }
    }
}
