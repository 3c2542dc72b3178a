//! The matrix of three years as the API shows it.

use chrono::NaiveDate;
use ratchet_domain::audit_programmes::{Cell, Column, Coverage, Ground, Line, Totals};
use ratchet_domain::audits::{Kind, Outcome, StageName};
use ratchet_domain::id::{AuditId, ProcessId};
use ratchet_domain::processes::Importance;
use serde::Serialize;

/// What was audited within three years, what is planned, and what neither.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct AuditCoverageView {
    /// The view's first day.
    pub from: NaiveDate,
    /// Its last day: the programme's.
    pub until: NaiveDate,
    /// How much is covered.
    pub totals: CoverageTotalsView,
    /// Audits in the order of their last days, then those of the plan that do not exist yet.
    pub audits: Vec<CoverageAuditView>,
    /// Clauses without sub-clauses, controls that are not excluded, and processes that are run.
    pub lines: Vec<CoverageLineView>,
}

/// How much is covered.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CoverageTotalsView {
    /// Clauses, controls and processes that count.
    pub lines: usize,
    /// Audited within the view.
    pub audited: usize,
    /// Not audited, and planned.
    pub planned: usize,
    /// Neither.
    pub never: usize,
    /// Controls that are excluded and do not count.
    pub excluded: usize,
}

/// An audit, or one of the plan that does not exist yet.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CoverageAuditView {
    /// The audit.
    pub id: Option<AuditId>,
    /// Its reference.
    #[schema(example = "AUD-2026-0003")]
    pub reference: Option<String>,
    /// Which audit of this programme's plan it is.
    #[schema(example = "2026-1")]
    pub plan_key: Option<String>,
    /// One line.
    pub title: String,
    /// Who audits whom.
    pub kind: Option<Kind>,
    /// Where it stands.
    pub state: Option<StageName>,
    /// Its last day.
    pub ends_on: NaiveDate,
}

/// A clause, a control or a process.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CoverageLineView {
    /// The clause or control; `null` for a process.
    #[schema(example = "A.5.18")]
    pub requirement: Option<&'static str>,
    /// The process; `null` for a clause or control.
    pub process_id: Option<ProcessId>,
    /// What it is about, or how the process is called.
    #[schema(example = "Granting and withdrawing access")]
    pub label: String,
    /// How much depends on the process.
    pub importance: Option<Importance>,
    /// When it was last reported on; `null` when never within the view.
    pub last_audited_on: Option<NaiveDate>,
    /// Whether an audit to come is about it.
    pub is_planned: bool,
    /// The audits that are about it.
    pub cells: Vec<CoverageCellView>,
}

/// What an audit says of it.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct CoverageCellView {
    /// The audit's place in `audits`, from 0.
    pub audit: usize,
    /// Whether the audit was reported and somebody has looked.
    pub is_audited: bool,
    /// The worst that was found; `null` where nothing was judged item by item.
    pub result: Option<Outcome>,
}

impl From<Coverage> for AuditCoverageView {
    fn from(coverage: Coverage) -> Self {
        let Coverage { from, until, columns, lines, totals } = coverage;
        let Totals { grounds, audited, planned, never, excluded } = totals;
        Self {
            from,
            until,
            totals: CoverageTotalsView { lines: grounds, audited, planned, never, excluded },
            audits: columns.into_iter().map(Into::into).collect(),
            lines: lines.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<Column> for CoverageAuditView {
    fn from(column: Column) -> Self {
        let Column { audit, plan_key, title, kind, state, ends_on } = column;
        let (id, reference) = audit.map(|(id, reference)| (id, reference.to_string())).unzip();
        Self { id, reference, plan_key, title, kind, state, ends_on }
    }
}

impl From<Line> for CoverageLineView {
    fn from(line: Line) -> Self {
        let Line { ground, cells, last_audited_on, is_planned } = line;
        let (requirement, process_id, label, importance) = match ground {
            Ground::Requirement(requirement) => (Some(requirement.number), None, requirement.label.to_owned(), None),
            Ground::Process { id, name, importance } => (None, Some(id), name, Some(importance)),
        };
        let cells = cells.into_iter().map(|cell| {
            let Cell { column, is_audited, outcome } = cell;
            CoverageCellView { audit: column, is_audited, result: outcome }
        });
        Self { requirement, process_id, label, importance, last_audited_on, is_planned, cells: cells.collect() }
    }
}
