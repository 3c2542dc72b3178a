//! Coverage: which clauses, controls and processes were audited within three years, by which audit and with which result,
//! which are planned, and which nobody has looked at. Controls that are excluded do not count.

use super::{AuditProgramme, PlannedAudit};
use crate::applicabilities::{Applicability, StageName as ApplicabilityStage};
use crate::audits::{Audit, Item, Kind, Outcome, StageName as AuditStage};
use crate::catalogue::{self, Requirement};
use crate::findings::{Finding, Grade, StageName as FindingStage};
use crate::id::{AuditId, ProcessId};
use crate::processes::{Importance, Process, StageName as ProcessStage};
use crate::reference::Reference;
use chrono::{Months, NaiveDate};

/// How many years the view takes in: a certification cycle.
pub const YEARS: u32 = 3;

/// A clause, a control or a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ground {
    /// A clause or control without sub-clauses.
    Requirement(&'static Requirement),
    /// A process that is run.
    Process {
        /// Which.
        id: ProcessId,
        /// How it is called.
        name: String,
        /// How much depends on it.
        importance: Importance,
    },
}

/// An audit, or one that is planned and does not exist yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    /// The audit.
    pub audit: Option<(AuditId, Reference)>,
    /// Which audit of the programme's plan it is.
    pub plan_key: Option<String>,
    /// One line.
    pub title: String,
    /// Who audits whom.
    pub kind: Option<Kind>,
    /// Where the audit stands.
    pub state: Option<AuditStage>,
    /// Its last day.
    pub ends_on: NaiveDate,
}

/// An audit that is about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cell {
    /// The column, from 0.
    pub column: usize,
    /// Whether the audit was reported and somebody has looked; else it is planned, or was left out.
    pub is_audited: bool,
    /// The worst that was found; `None` where nothing was judged item by item.
    pub outcome: Option<Outcome>,
}

/// What is known of a clause, a control or a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Which.
    pub ground: Ground,
    /// The audits that are about it.
    pub cells: Vec<Cell>,
    /// When it was last reported on; `None` when never within the view.
    pub last_audited_on: Option<NaiveDate>,
    /// Whether an audit to come is about it.
    pub is_planned: bool,
}

/// How much of it is covered.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Totals {
    /// Clauses, controls and processes that count.
    pub grounds: usize,
    /// Audited within the view.
    pub audited: usize,
    /// Not audited, and planned.
    pub planned: usize,
    /// Neither.
    pub never: usize,
    /// Controls that are excluded and do not count.
    pub excluded: usize,
}

/// The matrix.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Coverage {
    /// The view's first day.
    pub from: NaiveDate,
    /// Its last day.
    pub until: NaiveDate,
    /// Audits, in the order of their last days.
    pub columns: Vec<Column>,
    /// Clauses, controls and processes, in this order.
    pub lines: Vec<Line>,
    /// How much is covered.
    pub totals: Totals,
}

/// The three years that end with the programme.
#[must_use]
pub fn window(ends_on: NaiveDate) -> (NaiveDate, NaiveDate) {
    let before = ends_on.checked_sub_months(Months::new(12 * YEARS)).and_then(|day| day.succ_opt());
    (before.unwrap_or(NaiveDate::MIN), ends_on)
}

impl Ground {
    fn numbers(&self) -> (Option<&'static str>, Option<ProcessId>) {
        match self {
            Self::Requirement(requirement) => (Some(requirement.number), None),
            Self::Process { id, .. } => (None, Some(*id)),
        }
    }

    /// Whether what is said of that clause, control or process is said of this.
    fn is_meant(&self, requirement: Option<&str>, process: Option<ProcessId>) -> bool {
        match self {
            Self::Requirement(own) => requirement.is_some_and(|named| catalogue::covers(named, own.number)),
            Self::Process { id, .. } => process == Some(*id),
        }
    }

    fn is_planned_by(&self, planned: &PlannedAudit) -> bool {
        match self {
            Self::Requirement(own) => planned.requirements.iter().any(|named| catalogue::covers(named, own.number)),
            Self::Process { id, .. } => planned.processes.contains(id),
        }
    }
}

/// Whether its report is there.
fn is_reported(audit: &Audit) -> bool {
    match audit.stage.name() {
        AuditStage::Reported | AuditStage::Closed => true,
        AuditStage::Planned | AuditStage::InProgress | AuditStage::Cancelled => false,
    }
}

fn outcome_of(grade: Grade) -> Outcome {
    match grade {
        Grade::Observation => Outcome::Observation,
        Grade::Opportunity => Outcome::Opportunity,
        Grade::Minor => Outcome::Minor,
        Grade::Major => Outcome::Major,
    }
}

/// What an audit says of a ground; `None` where it says nothing.
fn cell(column: usize, ground: &Ground, audit: &Audit, findings: &[Finding]) -> Option<Cell> {
    let (requirement, process) = ground.numbers();
    let about = |item: &&Item| ground.is_meant(item.requirement.as_deref(), item.process);
    let items: Vec<&Item> = audit.items.iter().filter(about).collect();
    let in_scope = audit.criteria.cover(requirement, process);
    if !in_scope && items.is_empty() {
        return None;
    }
    let found = findings.iter().filter(|finding| {
        finding.audit == audit.id()
            && finding.stage.name() != FindingStage::Withdrawn
            && ground.is_meant(finding.requirement.as_deref(), finding.process)
    });
    let graded = found.filter_map(|finding| finding.grade).map(outcome_of);
    let outcome = items.iter().map(|item| item.outcome()).chain(graded).max();
    let looked = if audit.kind.is_own() { outcome.is_some_and(|worst| worst != Outcome::NotChecked) } else { true };
    Some(Cell { column, is_audited: is_reported(audit) && looked, outcome })
}

impl AuditProgramme {
    /// The matrix of the three years that end with the programme. `audits` are those whose last day lies in them and that
    /// were not cancelled, with their findings, whatever programme they are part of.
    #[must_use]
    pub fn coverage(
        &self,
        statement: &[Applicability],
        processes: &[Process],
        audits: &[Audit],
        findings: &[Finding],
    ) -> Coverage {
        let (from, until) = window(self.content.ends_on);
        let mut audits: Vec<&Audit> = audits.iter().collect();
        audits.sort_by_key(|audit| (audit.ends_on, audit.head.id));
        let has_audit = |planned: &PlannedAudit| {
            let own = |audit: &&Audit| audit.programme == Some(self.id());
            audits.iter().filter(|audit| own(audit)).any(|audit| audit.plan_key.as_deref() == Some(&planned.key))
        };
        let to_come: Vec<&PlannedAudit> = self.content.plan.iter().filter(|planned| !has_audit(planned)).collect();
        let known = audits.iter().map(|audit| Column {
            audit: Some((audit.id(), audit.head.reference)),
            plan_key: audit.plan_key.clone().filter(|_| audit.programme == Some(self.id())),
            title: audit.title.clone(),
            kind: Some(audit.kind),
            state: Some(audit.stage.name()),
            ends_on: audit.ends_on,
        });
        let planned = to_come.iter().map(|planned| Column {
            audit: None,
            plan_key: Some(planned.key.clone()),
            title: planned.title.clone(),
            kind: None,
            state: None,
            ends_on: planned.ends_on,
        });
        let columns = known.chain(planned).collect();
        let excluded = |number: &str| {
            let out = |said: &&Applicability| said.stage.name() == ApplicabilityStage::Excluded;
            statement.iter().filter(out).any(|said| said.control == number)
        };
        let required = catalogue::leaves().filter(|leaf| !excluded(leaf.number)).map(Ground::Requirement);
        let run = processes.iter().filter(|process| process.stage.name() == ProcessStage::Active);
        let run = run.map(|process| Ground::Process {
            id: process.id(),
            name: process.name.clone(),
            importance: process.importance,
        });
        let lines: Vec<Line> = required.chain(run).map(|ground| line(ground, &audits, &to_come, findings)).collect();
        let count = |wanted: &dyn Fn(&Line) -> bool| lines.iter().filter(|line| wanted(line)).count();
        let totals = Totals {
            grounds: lines.len(),
            audited: count(&|line| line.last_audited_on.is_some()),
            planned: count(&|line| line.last_audited_on.is_none() && line.is_planned),
            never: count(&|line| line.last_audited_on.is_none() && !line.is_planned),
            excluded: catalogue::CONTROLS.iter().filter(|control| excluded(control.number)).count(),
        };
        Coverage { from, until, columns, lines, totals }
    }
}

fn line(ground: Ground, audits: &[&Audit], to_come: &[&PlannedAudit], findings: &[Finding]) -> Line {
    let said = audits.iter().enumerate().filter_map(|(column, audit)| cell(column, &ground, audit, findings));
    let mut cells: Vec<Cell> = said.collect();
    let reported = |cell: &Cell| {
        let audit = audits.get(cell.column).filter(|_| cell.is_audited)?;
        audit.stage.report().map(|(report, _)| report.at.date_naive())
    };
    let last_audited_on = cells.iter().filter_map(reported).max();
    let under_way = cells.iter().any(|cell| audits.get(cell.column).is_some_and(|audit| !is_reported(audit)));
    let planned = to_come.iter().enumerate().filter(|(_, planned)| ground.is_planned_by(planned));
    let ahead: Vec<Cell> =
        planned.map(|(index, _)| Cell { column: audits.len() + index, is_audited: false, outcome: None }).collect();
    let is_planned = under_way || !ahead.is_empty();
    cells.extend(ahead);
    Line { ground, cells, last_audited_on, is_planned }
}

/// The controls that are needed and at which none of these audits has looked, in the order of the statement.
#[must_use]
pub fn never_audited<'a>(statement: &'a [Applicability], audits: &[Audit]) -> Vec<&'a Applicability> {
    let looked_at = |control: &'static Requirement| {
        let ground = Ground::Requirement(control);
        audits.iter().filter_map(|audit| cell(0, &ground, audit, &[])).any(|cell| cell.is_audited)
    };
    let needed = statement.iter().filter(|said| said.stage.name() == ApplicabilityStage::Applicable);
    needed.filter(|said| catalogue::find(&said.control).is_some_and(|control| !looked_at(control))).collect()
}
