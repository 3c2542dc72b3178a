//! Opportunities for improvement as an input: what was proposed and what came of it, and the actions that improve what was
//! not wrong.

use super::actions::{ActionCounts, ActionFigure, ActionLine, lines};
use super::{Compared, LISTED, Spans, count, left_out};
use crate::id::MemberId;
use crate::improvements::{Improvement, Miss, Stage, StageName, Verdict};
use crate::reference::Reference;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// One improvement that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewedImprovement))]
pub struct ImprovementLine {
    /// Its reference.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reference: Reference,
    /// One line.
    pub title: String,
    /// Where it stands.
    pub state: StageName,
    /// The accountable member; none until it is decided for.
    pub owner_id: Option<MemberId>,
    /// When it was proposed.
    pub proposed_at: DateTime<Utc>,
    /// The day by which its state is to be left: by which it is in place, then on which its benefit can be judged.
    pub due_on: Option<NaiveDate>,
    /// Whether that day has passed.
    pub overdue: bool,
}

impl ImprovementLine {
    fn of(improvement: &Improvement, today: NaiveDate) -> Self {
        let due_on = improvement.deadline();
        Self {
            reference: improvement.head.reference,
            title: improvement.title.clone(),
            state: improvement.stage.name(),
            owner_id: improvement.owner,
            proposed_at: improvement.head.created_at,
            due_on,
            overdue: due_on.is_some_and(|day| day < today),
        }
    }
}

/// The register of improvements.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct ImprovementRegister {
    /// Proposed.
    pub proposed: Compared,
    /// Decided for.
    pub accepted: Compared,
    /// Decided against.
    pub declined: Compared,
    /// Judged, and the benefit had come about.
    pub realised: Compared,
    /// Judged, whether the benefit had come about or not.
    pub concluded: Compared,
    /// Neither decided against nor over.
    pub open: i64,
    /// Open ones by their state.
    pub open_by_state: BTreeMap<&'static str, i64>,
    /// Open ones, what is due first comes first; at most 200.
    pub items: Vec<ImprovementLine>,
    /// How many more there are.
    pub left_out: i64,
}

impl ImprovementRegister {
    /// Sums up improvements: open ones, and what happened in either period.
    #[must_use]
    pub fn of(improvements: &[Improvement], spans: &Spans) -> Self {
        let decided = |is_for: bool| {
            let decided = improvements.iter().filter(move |one| is_for == (one.stage.name() != StageName::Declined));
            Compared::count(spans, decided.filter_map(|one| one.decision.as_ref()).map(|decision| decision.at))
        };
        let realised = improvements.iter().filter(|one| one.stage.name() == StageName::Realised);
        let mut open: Vec<ImprovementLine> = Vec::new();
        let mut open_by_state = BTreeMap::new();
        for improvement in improvements.iter().filter(|one| one.stage.name().is_open()) {
            *open_by_state.entry(improvement.stage.name().into()).or_insert(0) += 1;
            open.push(ImprovementLine::of(improvement, spans.today));
        }
        open.sort_by_key(|line| (line.due_on.unwrap_or(NaiveDate::MAX), line.reference));
        let (all, left_out) = (count(open.iter()), left_out(open.len()));
        open.truncate(LISTED);
        Self {
            proposed: Compared::count(spans, improvements.iter().map(|one| one.head.created_at)),
            accepted: decided(true),
            declined: decided(false),
            realised: Compared::count(spans, realised.filter_map(verdict).map(|verdict| verdict.at)),
            concluded: Compared::count(spans, improvements.iter().filter_map(verdict).map(|verdict| verdict.at)),
            open: all,
            open_by_state,
            items: open,
            left_out,
        }
    }
}

/// What was judged of its benefit.
fn verdict(improvement: &Improvement) -> Option<&Verdict> {
    match &improvement.stage {
        Stage::Realised { verdict, .. } | Stage::NotRealised { miss: Miss::Judged { verdict, .. } } => Some(verdict),
        Stage::Proposed
        | Stage::Declined
        | Stage::Accepted
        | Stage::Planned
        | Stage::InProgress { .. }
        | Stage::Measuring { .. }
        | Stage::NotRealised { miss: Miss::Abandoned { .. } }
        | Stage::EndedBefore { .. }
        | Stage::Void { .. }
        | Stage::Duplicate { .. } => None,
    }
}

/// Input g: opportunities for improvement.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Opportunities {
    /// How actions stand that improve what was not wrong.
    pub actions: ActionCounts,
    /// Those of them that are not over, and those that ended in the period; at most 200.
    pub items: Vec<ActionLine>,
    /// How many more there are.
    pub left_out: i64,
    /// The register of improvements; absent from what was frozen before it was collected.
    #[cfg_attr(feature = "openapi", schema(required = false))]
    pub register: ImprovementRegister,
}

impl Opportunities {
    /// Sums up improvement actions, those that are not over and those that ended in either period, and improvements.
    #[must_use]
    pub fn of(actions: &[ActionFigure], improvements: &[Improvement], spans: &Spans) -> Self {
        let (items, left_out) = lines(actions, spans);
        let register = ImprovementRegister::of(improvements, spans);
        Self { actions: ActionCounts::of(actions, spans), items, left_out, register }
    }
}
