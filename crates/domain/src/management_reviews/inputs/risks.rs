//! Risks as an input: how grave they are before and after treatment, what has happened to them, and how their actions
//! stand.

use super::actions::{ActionFigure, ActionLine, lines};
use super::{Compared, LISTED, Spans, count, left_out};
use crate::id::MemberId;
use crate::rating::Rating;
use crate::reference::Reference;
use crate::risks::{Risk, Stage, StageName, Treatment, TreatmentOption};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// How many open risks have this level.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RiskLevelCount))]
pub struct LevelCount {
    /// Likelihood times impact, 1 to 25.
    pub level: i64,
    /// Without treatment.
    pub inherent: i64,
    /// With what is left of them; of those that are not treated, without treatment.
    pub residual: i64,
}

/// One open risk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewedRisk))]
pub struct RiskLine {
    /// Its reference.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reference: Reference,
    /// One line.
    pub title: String,
    /// Where it stands.
    pub state: StageName,
    /// The risk owner; none until it is assessed.
    pub owner_id: Option<MemberId>,
    /// Its level without treatment; none until it is assessed.
    pub inherent: Option<i64>,
    /// The level of what is left of it; none until it is treated.
    pub residual: Option<i64>,
    /// What is done about it.
    pub treatment: Option<TreatmentOption>,
    /// The day by which it is looked at again.
    pub review_on: Option<NaiveDate>,
    /// Whether it should have been looked at again.
    pub review_overdue: bool,
    /// The last day on which it is accepted as it is.
    pub accepted_until: Option<NaiveDate>,
}

impl RiskLine {
    fn of(risk: &Risk, today: NaiveDate) -> Self {
        Self {
            reference: risk.head.reference,
            title: risk.title.clone(),
            state: risk.stage.name(),
            owner_id: risk.owner,
            inherent: risk.inherent.map(Rating::level),
            residual: risk.residual.map(Rating::level),
            treatment: risk.treatment.as_ref().map(|treatment| treatment.option),
            review_on: risk.review_on,
            review_overdue: is_review_overdue(risk, today),
            accepted_until: accepted_until(risk),
        }
    }
}

/// How the actions stand that serve risks [6.1.3 e].
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TreatmentPlan {
    /// Not done.
    pub open: i64,
    /// Not done, and due before today.
    pub overdue: i64,
    /// Said to be done, and not found otherwise since.
    pub done: Compared,
    /// Those that are not over and those that ended in the period, what is due first comes first; at most 200.
    pub items: Vec<ActionLine>,
    /// How many more there are.
    pub left_out: i64,
}

impl TreatmentPlan {
    /// Sums up the actions of risks: those that are not over, and those that ended in either period.
    #[must_use]
    pub fn of(actions: &[ActionFigure], spans: &Spans) -> Self {
        let (items, left_out) = lines(actions, spans);
        Self {
            open: count(actions.iter().filter(|action| action.is_open())),
            overdue: count(actions.iter().filter(|action| action.is_overdue(spans.today))),
            done: Compared::count(spans, actions.iter().filter_map(|action| action.completed_at)),
            items,
            left_out,
        }
    }
}

/// Input f: results of risk assessment, and status of the treatment plan.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RiskResults {
    /// Registered.
    pub registered: Compared,
    /// Assessed for the first time.
    pub assessed: Compared,
    /// How often risks were looked at again.
    pub reviewed: Compared,
    /// Treated; of a risk that was treated again, the last time counts.
    pub treated: Compared,
    /// How often management accepted risks as they were.
    pub accepted: Compared,
    /// Found to be none any more.
    pub retired: Compared,
    /// Not retired.
    pub open: i64,
    /// Open ones by their state.
    pub open_by_state: BTreeMap<&'static str, i64>,
    /// Open ones by their level, the highest first; levels that none has are left out.
    pub open_by_level: Vec<LevelCount>,
    /// Open ones that should have been looked at again.
    pub review_overdue: i64,
    /// Accepted ones whose acceptance ends before as many days have gone as the period has.
    pub acceptance_ends: i64,
    /// How the actions stand that serve risks.
    pub treatment_plan: TreatmentPlan,
    /// Open ones, the highest first; at most 200.
    pub items: Vec<RiskLine>,
    /// How many more there are.
    pub left_out: i64,
}

impl RiskResults {
    /// Sums up risks and their actions: open ones, and what happened in either period.
    #[must_use]
    pub fn of(risks: &[Risk], actions: &[ActionFigure], spans: &Spans) -> Self {
        let mut open: Vec<&Risk> = risks.iter().filter(|risk| is_open(risk)).collect();
        open.sort_by_key(|risk| (-risk.level().unwrap_or_default(), risk.head.reference));
        let mut open_by_state = BTreeMap::new();
        for risk in &open {
            *open_by_state.entry(risk.stage.name().into()).or_insert(0) += 1;
        }
        let length = spans.now.until.signed_duration_since(spans.now.from).num_days().unsigned_abs();
        let ahead = spans.today.checked_add_days(Days::new(length)).unwrap_or(NaiveDate::MAX);
        let ends = |risk: &Risk| accepted_until(risk).is_some_and(|until| until < ahead);
        Self {
            open: count(open.iter()),
            open_by_state,
            open_by_level: levels(&open),
            review_overdue: count(open.iter().filter(|risk| is_review_overdue(risk, spans.today))),
            acceptance_ends: count(open.iter().filter(|risk| ends(risk))),
            treatment_plan: TreatmentPlan::of(actions, spans),
            left_out: left_out(open.len()),
            items: open.into_iter().take(LISTED).map(|risk| RiskLine::of(risk, spans.today)).collect(),
            ..Self::happened(risks, spans)
        }
    }

    /// What happened in either period, and nothing else.
    fn happened(risks: &[Risk], spans: &Spans) -> Self {
        let first = |risk: &Risk| risk.reviews.first().map(|review| review.at);
        let again = risks.iter().flat_map(|risk| risk.reviews.iter().skip(1));
        Self {
            registered: Compared::count(spans, risks.iter().map(|risk| risk.head.created_at)),
            assessed: Compared::count(spans, risks.iter().filter_map(first)),
            reviewed: Compared::count(spans, again.map(|review| review.at)),
            treated: Compared::count(spans, risks.iter().filter_map(treated_at)),
            accepted: Compared::count(spans, risks.iter().flat_map(accepted_at)),
            retired: Compared::count(spans, risks.iter().filter_map(retired_at)),
            ..Self::default()
        }
    }
}

fn is_open(risk: &Risk) -> bool {
    match risk.stage.name() {
        StageName::Identified | StageName::Assessed | StageName::Treated | StageName::Accepted => true,
        StageName::Retired | StageName::Void => false,
    }
}

fn is_review_overdue(risk: &Risk, today: NaiveDate) -> bool {
    risk.review_on.is_some_and(|day| day < today)
}

/// Open risks by level, the highest first.
fn levels(open: &[&Risk]) -> Vec<LevelCount> {
    let mut counted: BTreeMap<i64, LevelCount> = BTreeMap::new();
    let mut of = |level: Option<i64>, add: fn(&mut LevelCount)| {
        let Some(level) = level else { return };
        add(counted.entry(level).or_insert(LevelCount { level, inherent: 0, residual: 0 }));
    };
    for risk in open {
        of(risk.inherent.map(Rating::level), |count| count.inherent += 1);
        of(risk.level(), |count| count.residual += 1);
    }
    counted.into_values().rev().collect()
}

fn accepted_until(risk: &Risk) -> Option<NaiveDate> {
    match &risk.stage {
        Stage::Accepted { acceptance } => Some(acceptance.until),
        Stage::Identified | Stage::Assessed | Stage::Treated | Stage::Retired { .. } | Stage::Void { .. } => None,
    }
}

/// When something was last done about it; to take it as it is, is to accept it.
fn treated_at(risk: &Risk) -> Option<DateTime<Utc>> {
    let Treatment { option, at, .. } = risk.treatment.as_ref()?;
    match option {
        TreatmentOption::Modify | TreatmentOption::Avoid | TreatmentOption::Share => Some(*at),
        TreatmentOption::Retain => None,
    }
}

/// When it was accepted, each time.
fn accepted_at(risk: &Risk) -> Vec<DateTime<Utc>> {
    let current = match &risk.stage {
        Stage::Accepted { acceptance } => Some(acceptance),
        Stage::Identified | Stage::Assessed | Stage::Treated | Stage::Retired { .. } | Stage::Void { .. } => None,
    };
    risk.acceptances.iter().chain(current).map(|acceptance| acceptance.at).collect()
}

fn retired_at(risk: &Risk) -> Option<DateTime<Utc>> {
    match &risk.stage {
        Stage::Retired { at, .. } => Some(*at),
        Stage::Identified | Stage::Assessed | Stage::Treated | Stage::Accepted { .. } | Stage::Void { .. } => None,
    }
}
