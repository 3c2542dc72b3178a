//! An indicator as the API shows it.

use super::formula::FormulaView;
use crate::record::expand::MemberName;
use crate::record::{HeadView, Transition};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::id::MemberId;
use ratchet_domain::indicators::{
    Analysis, AutoRaise, BuiltIn, Control, DeclaredPhase, Frequency, Goal, Indicator, Revision, Stage, StageName,
    ValueKind, Verdict,
};
use serde::Serialize;

/// What is measured, how, when and by whom, and which values call for attention [9.1].
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct IndicatorView {
    #[serde(flatten)]
    pub head: HeadView,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    #[schema(example = "Request latency of the customer portal")]
    pub name: String,
    /// Which of the built-in ones it is: the program computes it from the records, once a day. `null` of all others.
    pub built_in: Option<BuiltIn>,
    /// What it is to tell [9.1 a].
    pub information_need: Option<String>,
    /// Of the value.
    #[schema(example = "ms")]
    pub unit: Option<String>,
    /// What one measurement consists of.
    pub value_kind: ValueKind,
    /// By what the program computes it of other indicators; `null` of one whose figures are sent, or counted.
    pub formula: Option<FormulaView>,
    /// Target and thresholds.
    pub goal: Option<Goal>,
    /// How it is charted, where somebody has said so; else what is usual.
    pub control: Option<Control>,
    /// Phases of its chart that were declared, in this order.
    pub declared_phases: Vec<DeclaredPhaseView>,
    /// How it is measured [9.1 b].
    pub method: Option<String>,
    /// Where the figures come from.
    pub data_source: Option<String>,
    /// For how many days its measurements are kept; `null` for ever.
    #[schema(example = 1_825)]
    pub retention_days: Option<u32>,
    /// When it is measured [9.1 c].
    pub frequency: Option<Frequency>,
    /// Who measures [9.1 d]; `null` where the program does.
    pub collector_id: Option<MemberId>,
    /// When the results are analysed [9.1 e].
    pub analysis_interval: Option<Frequency>,
    /// Who analyses them [9.1 f].
    pub analyst_id: Option<MemberId>,
    /// The clauses and controls it speaks of.
    pub requirements: Vec<String>,
    /// Which case a signal opens by itself.
    pub auto_raise: AutoRaise,
    /// The accountable member.
    pub owner_id: Option<MemberId>,
    /// The owner's name; only with `expand=owner`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<MemberName>,
    /// Of target, thresholds, chart and formula; starts at 1.
    pub revision: i64,
    /// What held earlier, oldest first.
    pub revisions: Vec<RevisionView>,
    /// Since when it is or was measured.
    pub active_since: Option<DateTime<Utc>>,
    /// When it ended.
    pub retired_at: Option<DateTime<Utc>>,
    /// Why it ended.
    pub retired_because: Option<String>,
    /// Why it is void: it was defined by mistake, and never measured.
    pub void_because: Option<String>,
    /// The newest analysis; earlier ones stand in the journal.
    pub analysis: Option<AnalysisView>,
    /// The day by which the results are to be analysed next; `null` while it is not active.
    pub analysis_due_on: Option<NaiveDate>,
    /// What this caller can do next; only where the record stands alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub transitions: Option<Vec<Transition>>,
}

/// What the results mean, as the analyst sees it [9.1 e, f].
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = IndicatorAnalysis)]
pub(crate) struct AnalysisView {
    /// What it came to.
    pub verdict: Verdict,
    /// What was seen and concluded.
    pub conclusion: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

impl From<Analysis> for AnalysisView {
    fn from(analysis: Analysis) -> Self {
        let Analysis { verdict, conclusion, at, by } = analysis;
        Self { verdict, conclusion, at, by }
    }
}

/// Target, thresholds, chart and formula that held earlier.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct RevisionView {
    /// Which one it was.
    pub number: i64,
    /// What held then.
    pub goal: Goal,
    /// How it was charted then, where somebody had said so.
    pub control: Option<Control>,
    /// By what it was computed then.
    pub formula: Option<FormulaView>,
    /// Until when it held.
    pub replaced_at: DateTime<Utc>,
    /// Who replaced it.
    pub replaced_by: Option<MemberId>,
    /// Why it was replaced.
    pub reason: String,
}

impl From<&Revision> for RevisionView {
    fn from(revision: &Revision) -> Self {
        let Revision { number, goal, control, formula, replaced_at, replaced_by, reason } = revision.clone();
        Self { number, goal, control, formula: formula.map(Into::into), replaced_at, replaced_by, reason }
    }
}

/// A phase of the chart that somebody has declared.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = DeclaredPhase)]
pub(crate) struct DeclaredPhaseView {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// Why the figures from then on cannot be held against those before.
    pub reason: String,
    /// When it was declared.
    pub declared_at: DateTime<Utc>,
    /// By whom.
    pub declared_by: Option<MemberId>,
}

impl From<DeclaredPhase> for DeclaredPhaseView {
    fn from(phase: DeclaredPhase) -> Self {
        let DeclaredPhase { starts_at, reason, declared_at, declared_by } = phase;
        Self { starts_at, reason, declared_at, declared_by }
    }
}

impl IndicatorView {
    pub(crate) fn of(indicator: &Indicator, transitions: Option<Vec<Transition>>) -> Self {
        let analysis_due_on = indicator.analysis_due_on();
        let Indicator {
            head,
            name,
            built_in,
            information_need,
            unit,
            value_kind,
            formula,
            goal,
            control,
            declared_phases,
            method,
            data_source,
            retention_days,
            frequency,
            collector,
            analysis_interval,
            analyst,
            requirements,
            auto_raise,
            owner,
            revision,
            revisions,
            analysis,
            analysed_on: _,
            analysis_fell_due_on: _,
            stage,
        } = indicator.clone();
        let (active_since, retired_at, retired_because, void_because) = match &stage {
            Stage::Draft => (None, None, None, None),
            Stage::Active { since } => (Some(*since), None, None, None),
            Stage::Retired { since, reason, at } => (Some(*since), Some(*at), Some(reason.clone()), None),
            Stage::Void { voided } => (None, None, None, Some(voided.reason.clone())),
        };
        Self {
            head: (&head).into(),
            state: stage.name(),
            name,
            built_in,
            information_need,
            unit,
            value_kind,
            formula: formula.map(Into::into),
            goal,
            control,
            declared_phases: declared_phases.into_iter().map(Into::into).collect(),
            method,
            data_source,
            retention_days,
            frequency,
            collector_id: collector,
            analysis_interval,
            analyst_id: analyst,
            requirements,
            auto_raise,
            owner_id: owner,
            owner: None,
            revision,
            revisions: revisions.iter().map(Into::into).collect(),
            active_since,
            retired_at,
            retired_because,
            void_because,
            analysis: analysis.map(Into::into),
            analysis_due_on,
            transitions,
        }
    }
}
