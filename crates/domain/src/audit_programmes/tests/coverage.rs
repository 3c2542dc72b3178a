//! The matrix of three years.

use super::*;
use crate::applicabilities::{Applicability, ApplicabilityDraft, StageName as Applies};
use crate::audits::{self, Audit, AuditDraft, Check, Criteria, Item, Kind, Outcome, Party, Report};
use crate::catalogue;
use crate::findings::{self, Finding, Grade};
use crate::id::AuditId;
use crate::processes::{Importance, Process, ProcessDraft};

fn item(requirement: &str, outcome: Outcome) -> Item {
    let check = Check {
        outcome,
        evidence: None,
        reason: None,
        notes: None,
        auditor: Party::Member { id: member(2) },
        recorded_by: member(2),
        at: at(),
    };
    Item {
        number: 1,
        requirement: Some(requirement.into()),
        process: None,
        records: Vec::new(),
        question: "?".into(),
        how: None,
        carried_from: None,
        check: Some(check),
    }
}

/// An audit that ended on a day; reported then, or planned.
fn audit(id: u128, kind: Kind, ends_on: &str, requirements: &[&str], is_reported: bool) -> Audit {
    let draft = AuditDraft {
        kind,
        title: "Audit".into(),
        programme: None,
        plan_key: None,
        supplier: None,
        scope: None,
        criteria: Criteria {
            requirements: requirements.iter().map(|number| (*number).to_owned()).collect(),
            ..Criteria::default()
        },
        method: None,
        sampling: None,
        auditees: Vec::new(),
        team: Vec::new(),
        starts_on: day(ends_on),
        ends_on: day(ends_on),
    };
    let birth = Birth { id: Uuid::from_u128(id), ..birth(Prefix::Audit) };
    let mut audit = Audit::plan(draft, &auditor(), birth).unwrap().into_after();
    if is_reported {
        let report = Report {
            summary: "x".into(),
            conclusion: "x".into(),
            recipients: Vec::new(),
            file: None,
            digest: String::new(),
            at: day(ends_on).and_time(chrono::NaiveTime::MIN).and_utc(),
            by: member(2),
        };
        audit.stage = audits::Stage::Reported { report, addenda: Vec::new() };
    }
    audit
}

fn excluded(control: &str) -> Applicability {
    let draft = ApplicabilityDraft {
        control: control.into(),
        state: Applies::Excluded,
        justification: "Not needed".into(),
        status: None,
        implementation: None,
        owner: None,
    };
    let by = person(1, &[Role::IsmsManager]);
    Applicability::declare(draft, &by, birth(Prefix::Applicability)).unwrap().into_after()
}

fn process() -> Process {
    let draft = ProcessDraft {
        name: "Leavers".into(),
        purpose: None,
        importance: Importance::High,
        requirements: Vec::new(),
        owner: member(3),
    };
    let by = person(1, &[Role::IsmsManager]);
    Process::define(draft, &by, birth(Prefix::Process)).unwrap().into_after()
}

fn finding(id: u128, audit: u128, requirement: &str, grade: Grade, stage: findings::Stage) -> Finding {
    let by = auditor();
    Finding {
        head: Head::born(&by, Birth { id: Uuid::from_u128(id), ..birth(Prefix::Finding) }),
        audit: AuditId(Uuid::from_u128(audit)),
        item: None,
        title: "Found".into(),
        statement: "Found".into(),
        evidence: None,
        requirement: Some(requirement.into()),
        process: None,
        grade: Some(grade),
        carried_to: None,
        stage,
    }
}

#[test]
fn what_was_audited_what_is_planned_and_what_nobody_has_looked_at() {
    let mut internal = audit(30, Kind::Internal, "2025-05-05", &["9.2", "A.5.18", "A.8.8"], true);
    internal.items = vec![
        item("9.2", Outcome::Conforms),
        item("A.5.18", Outcome::Minor),
        item("A.5.18", Outcome::Strength),
        item("A.8.8", Outcome::NotChecked),
    ];
    let certification = audit(31, Kind::Certification, "2025-11-01", &["A.7.1", "A.7.2"], true);
    let mut own = audit(32, Kind::Internal, "2026-06-01", &["A.8.8"], false);
    (own.programme, own.plan_key) = (Some(approved().id()), Some("2026-2".into()));
    let audits = [own, certification, internal];
    let withdrawn = findings::Stage::Withdrawn { reason: "x".into(), issued_at: None, case: None, at: at(), by: None };
    let found = [
        finding(40, 31, "A.7.2", Grade::Major, findings::Stage::Issued { at: at() }),
        finding(41, 31, "A.7.1", Grade::Major, withdrawn),
    ];
    let statement = [excluded("A.8.30")];
    let coverage = approved().coverage(&statement, &[process()], &audits, &found);

    assert_eq!((coverage.from, coverage.until), (day("2024-01-01"), day("2026-12-31")));
    let columns: Vec<_> =
        coverage.columns.iter().map(|column| (column.audit.is_some(), column.plan_key.as_deref())).collect();
    assert_eq!(columns, [(true, None), (true, None), (true, Some("2026-2")), (false, Some("2026-1"))]);
    let line = |number: &str| {
        let meant = |line: &&Line| matches!(&line.ground, Ground::Requirement(own) if own.number == number);
        coverage.lines.iter().find(meant).unwrap_or_else(|| panic!("no line of {number}"))
    };
    let cells = |number: &str| -> Vec<(usize, bool, Option<Outcome>)> {
        line(number).cells.iter().map(|cell| (cell.column, cell.is_audited, cell.outcome)).collect()
    };
    // A clause with parts speaks for them; the worst result counts.
    assert_eq!(cells("9.2.2"), [(0, true, Some(Outcome::Conforms)), (3, false, None)]);
    assert_eq!(cells("A.5.18"), [(0, true, Some(Outcome::Minor)), (3, false, None)]);
    assert_eq!((line("A.5.18").last_audited_on, line("A.5.18").is_planned), (Some(day("2025-05-05")), true));
    // Left out, then planned again: not audited.
    assert_eq!(cells("A.8.8"), [(0, false, Some(Outcome::NotChecked)), (2, false, None)]);
    assert_eq!((line("A.8.8").last_audited_on, line("A.8.8").is_planned), (None, true));
    // Outsiders bring no checklist: what they audited against was audited, and their findings say how it stands.
    assert_eq!((cells("A.7.1"), cells("A.7.2")), (vec![(1, true, None)], vec![(1, true, Some(Outcome::Major))]));
    assert_eq!((cells("10.2"), line("10.2").is_planned), (Vec::new(), false));
    assert!(
        !coverage.lines.iter().any(|line| matches!(&line.ground, Ground::Requirement(own) if own.number == "A.8.30"))
    );
    assert!(matches!(&coverage.lines.last().unwrap().ground, Ground::Process { name, .. } if name == "Leavers"));

    let leaves = catalogue::leaves().count();
    let Totals { grounds, audited, planned, never, excluded } = coverage.totals;
    assert_eq!((grounds, audited, planned, excluded), (leaves - 1 + 1, 5, 1, 1));
    assert_eq!(audited + planned + never, grounds);
}

#[test]
fn the_view_ends_with_the_programme() {
    assert_eq!(window(day("2026-12-31")), (day("2024-01-01"), day("2026-12-31")));
    assert_eq!(window(day("2027-02-28")), (day("2024-02-29"), day("2027-02-28")));
}
