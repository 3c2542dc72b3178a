//! Nonconformities and corrective actions as an input, with what they were in as many days before.

use super::actions::{ActionCounts, ActionFigure};
use super::{Compared, ComparedMean, LISTED, Spans, count, left_out};
use crate::nonconformities::{Grade, Source, StageName};
use crate::reference::Reference;
use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use std::collections::BTreeMap;

/// A nonconformity, as far as figures need it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFigure {
    /// Its reference.
    pub reference: Reference,
    /// One line.
    pub title: String,
    /// Where it was noticed.
    pub source: Source,
    /// The clause or control breached.
    pub requirement: Option<String>,
    /// Where it stands.
    pub stage: StageName,
    /// How grave it is.
    pub grade: Option<Grade>,
    /// The day by which it is to be closed.
    pub due_on: Option<NaiveDate>,
    /// How often it came back.
    pub recurrences: i64,
    /// When it was raised.
    pub created_at: DateTime<Utc>,
    /// When it was last written; what is closed or rejected is written no more.
    pub updated_at: DateTime<Utc>,
}

impl CaseFigure {
    fn is_overdue(&self, today: NaiveDate) -> bool {
        self.stage.is_open() && self.due_on.is_some_and(|due| due < today)
    }
}

/// One nonconformity that is open.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ReviewedNonconformity))]
pub struct CaseLine {
    /// Its reference.
    #[cfg_attr(feature = "openapi", schema(value_type = String))]
    pub reference: Reference,
    /// One line.
    pub title: String,
    /// Where it was noticed.
    pub source: Source,
    /// The clause or control breached.
    pub requirement: Option<String>,
    /// How grave it is; none until that is decided.
    pub grade: Option<Grade>,
    /// Where it stands.
    pub state: StageName,
    /// The day by which it is to be closed.
    pub due_on: Option<NaiveDate>,
    /// Whether it should have been closed.
    pub overdue: bool,
    /// How often it came back.
    pub recurrences: i64,
}

/// Input d 1: nonconformities and corrective actions.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Treatment {
    /// Raised.
    pub raised: Compared,
    /// Found to be none.
    pub rejected: Compared,
    /// Closed.
    pub closed: Compared,
    /// Days from raising to closing, over those that were closed.
    pub mean_days_to_close: ComparedMean,
    /// Neither closed nor rejected.
    pub open: i64,
    /// Open ones by their state.
    pub open_by_state: BTreeMap<&'static str, i64>,
    /// Open ones that are major.
    pub open_major: i64,
    /// Open ones that should have been closed.
    pub overdue: i64,
    /// Open ones that came back after they had been closed.
    pub recurring: i64,
    /// How corrections, corrective and preventive actions stand.
    pub actions: ActionCounts,
    /// Open ones, major ones first, then what is due first; at most 200.
    pub items: Vec<CaseLine>,
    /// How many more there are.
    pub left_out: i64,
}

impl Treatment {
    /// Sums up cases and their actions: those that are not over, and those that ended in either period.
    #[must_use]
    pub fn of(cases: &[CaseFigure], actions: &[ActionFigure], spans: &Spans) -> Self {
        let ended = |stage| {
            let ended = cases.iter().filter(move |case| case.stage == stage);
            Compared::count(spans, ended.map(|case| case.updated_at))
        };
        let closed = cases.iter().filter(|case| case.stage == StageName::Closed);
        let lasted: Vec<_> = closed.map(|case| (case.created_at, case.updated_at)).collect();
        let mut open: Vec<&CaseFigure> = cases.iter().filter(|case| case.stage.is_open()).collect();
        open.sort_by_key(|case| {
            (case.grade != Some(Grade::Major), case.due_on.unwrap_or(NaiveDate::MAX), case.reference)
        });
        let mut open_by_state = BTreeMap::new();
        for case in &open {
            *open_by_state.entry(case.stage.into()).or_insert(0) += 1;
        }
        let of_open = |is: &dyn Fn(&CaseFigure) -> bool| count(open.iter().filter(|case| is(case)));
        Self {
            raised: Compared::count(spans, cases.iter().map(|case| case.created_at)),
            rejected: ended(StageName::Rejected),
            closed: ended(StageName::Closed),
            mean_days_to_close: ComparedMean::of_days(spans, &lasted),
            open: count(open.iter()),
            open_by_state,
            open_major: of_open(&|case| case.grade == Some(Grade::Major)),
            overdue: of_open(&|case| case.is_overdue(spans.today)),
            recurring: of_open(&|case| case.recurrences > 0),
            actions: ActionCounts::of(actions, spans),
            left_out: left_out(open.len()),
            items: open.into_iter().take(LISTED).map(|case| line(case, spans.today)).collect(),
        }
    }
}

fn line(case: &CaseFigure, today: NaiveDate) -> CaseLine {
    CaseLine {
        reference: case.reference,
        title: case.title.clone(),
        source: case.source,
        requirement: case.requirement.clone(),
        grade: case.grade,
        state: case.stage,
        due_on: case.due_on,
        overdue: case.is_overdue(today),
        recurrences: case.recurrences,
    }
}
