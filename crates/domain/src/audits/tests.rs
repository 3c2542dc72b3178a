mod carrying;
mod checklist;
mod impartiality;
pub(crate) mod refusals;
mod reporting;

use super::*;
use crate::access::Role;
use crate::audit_programmes::StageName as ProgrammeStage;
use crate::change::Lifecycle;
use crate::findings::{self, Finding, FindingDraft, Grade};
use crate::fixtures::{at, birth, member, noted_once, person};
use crate::reference::Reference;
use crate::responsibilities::tests::is_handed_over_whole;
use chrono::Days;
use uuid::Uuid;

const LEAD: u128 = 2;
const SECOND: u128 = 4;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn lead() -> Actor {
    person(LEAD, &[Role::Auditor])
}

fn process() -> ProcessId {
    ProcessId(Uuid::from_u128(70))
}

fn facts() -> Facts {
    Facts {
        today: at().date_naive(),
        programme: Some(ProgrammeStage::Approved),
        management: vec![member(8)],
        ..Facts::default()
    }
}

fn of_member(n: u128, is_lead: bool) -> AuditorDraft {
    AuditorDraft { party: Party::Member { id: member(n) }, is_lead, competence: None }
}

fn outsider() -> AuditorDraft {
    let party = Party::Outside { name: "Nadia Berg".into(), firm: Some("Berg Audits".into()) };
    AuditorDraft { party, is_lead: false, competence: Some("Lead auditor for ten years".into()) }
}

fn draft(kind: Kind) -> AuditDraft {
    AuditDraft {
        kind,
        title: "Access and people".into(),
        programme: None,
        plan_key: None,
        supplier: (kind == Kind::Supplier).then(|| "Cloud Ltd".into()),
        scope: Some("Head office, this year".into()),
        criteria: Criteria {
            requirements: vec!["9.2".into(), "A.5.18".into()],
            processes: vec![process()],
            documents: Vec::new(),
        },
        method: Some("Interviews and samples".into()),
        sampling: None,
        auditees: vec![member(6)],
        team: vec![of_member(LEAD, true), of_member(SECOND, false)],
        starts_on: at().date_naive(),
        ends_on: at().date_naive(),
    }
}

fn born(id: u128, prefix: Prefix) -> Birth {
    Birth { id: Uuid::from_u128(id), ..birth(prefix) }
}

fn planned(kind: Kind) -> Audit {
    Audit::plan(draft(kind), &manager(), born(50, Prefix::Audit)).unwrap().into_after()
}

fn nothing_declared(auditor: Option<&str>) -> Declare {
    Declare {
        auditor: auditor.map(str::to_owned),
        statement: "Nothing stands between".into(),
        requirements: Vec::new(),
        processes: Vec::new(),
    }
}

fn on(requirement: &str) -> ItemDraft {
    ItemDraft { requirement: Some(requirement.into()), question: "How is it done?".into(), ..ItemDraft::default() }
}

/// With one item on A.5.18; everybody of the team has declared.
fn declared(kind: Kind) -> Audit {
    let mut audit = planned(kind);
    for n in [LEAD, SECOND] {
        let by = person(n, &[Role::Auditor]);
        audit = audit.declare(nothing_declared(None), &facts(), &by, at()).unwrap().into_after();
    }
    audit.add_items(vec![on("A.5.18")], &facts(), &manager(), at()).unwrap().into_after()
}

fn started(kind: Kind) -> Audit {
    declared(kind).start(Earlier::default(), &facts(), &lead(), at()).unwrap().audit.into_after()
}

fn look(outcome: Outcome) -> CheckItem {
    CheckItem {
        item: 1,
        outcome,
        evidence: outcome.is_judged().then(|| "Eight leavers, two with accounts".into()),
        reason: (!outcome.is_judged()).then(|| "The site was closed".into()),
        notes: None,
        auditor: None,
        exception_reason: None,
    }
}

fn checked(outcome: Outcome) -> Audit {
    started(Kind::Internal).check_item(look(outcome), &facts(), &lead(), at()).unwrap().into_after()
}

fn report() -> ReportAudit {
    ReportAudit {
        summary: "Access outlives contracts".into(),
        conclusion: "Effective but for leavers".into(),
        recipients: vec![member(8)],
        file: None,
    }
}

fn reported(outcome: Outcome) -> Audit {
    checked(outcome).report(report(), Vec::new(), &facts(), &lead(), at()).unwrap().audit.into_after()
}

/// A finding of that grade on the first item.
fn noted(grade: Grade, audit: &Audit) -> Finding {
    let draft = FindingDraft {
        item: Some(1),
        title: "Accounts outlive their owners".into(),
        statement: "Access ends with the contract".into(),
        evidence: Some("Two of eight".into()),
        requirement: None,
        process: None,
        grade: Some(grade),
    };
    Finding::note(draft, audit, &lead(), born(60, Prefix::Finding)).unwrap().into_after()
}

/// What a guard is told of a finding.
fn told(finding: &Finding) -> FindingFacts {
    FindingFacts {
        reference: finding.head.reference,
        item: finding.item,
        grade: finding.grade,
        is_complete: finding.is_complete(),
        stage: finding.stage.name(),
    }
}

pub(crate) fn at_stage(stage: StageName) -> Audit {
    match stage {
        StageName::Planned => declared(Kind::Internal),
        StageName::InProgress => checked(Outcome::Conforms),
        StageName::Reported => reported(Outcome::Conforms),
        StageName::Closed => reported(Outcome::Conforms).close(&facts(), &lead(), at()).unwrap().into_after(),
        StageName::Cancelled => {
            let cancelled = declared(Kind::Internal).cancel("Ill".into(), Vec::new(), &facts(), &manager(), at());
            cancelled.unwrap().audit.into_after()
        }
    }
}

/// Applies `verb` with an input that only the stage or the role can refuse.
fn apply(audit: Audit, verb: Verb, by: &Actor) -> Result<Audit, Refusal> {
    let (f, some, day) = (facts(), || "because".to_owned(), at().date_naive());
    let unchecked = audit.items.iter().find(|item| item.check.is_none()).map_or(0, |item| item.number);
    match verb {
        Verb::Start => return audit.start(Earlier::default(), &f, by, at()).map(|started| started.audit.into_after()),
        Verb::Report => {
            return audit.report(report(), Vec::new(), &f, by, at()).map(|reported| reported.audit.into_after());
        }
        Verb::Cancel => {
            return audit.cancel(some(), Vec::new(), &f, by, at()).map(|cancelled| cancelled.audit.into_after());
        }
        Verb::Postpone => audit.postpone(Postpone { starts_on: day, ends_on: day, reason: some() }, &f, by, at()),
        Verb::Declare => audit.declare(nothing_declared(None), &f, by, at()),
        Verb::GenerateChecklist => audit.generate_checklist(&Sources::default(), &f, by, at()),
        Verb::AddItems => audit.add_items(vec![on("9.2.1")], &f, by, at()),
        Verb::ReviseItem => audit.revise_item((unchecked, on("9.2.1")), &f, by, at()),
        Verb::DropItem => audit.drop_item((unchecked, some()), &f, by, at()),
        Verb::DrawSample => {
            let population = Population { kind: Prefix::Member, states: Vec::new(), made_from: None, made_until: None };
            let input = DrawSample { population, size: 1, seed: some(), item: None };
            audit.draw_sample(input, Found { records: vec![drawn(1)], states: Vec::new() }, &f, by, at())
        }
        Verb::CheckItem => audit.check_item(look(Outcome::Conforms), &f, by, at()),
        Verb::AddAddendum => audit.add_addendum(AddAddendum { text: some(), recipients: Vec::new() }, &f, by, at()),
        Verb::Close => audit.close(&f, by, at()),
    }
    .map(Change::into_after)
}

fn drawn(number: i64) -> Drawn {
    let record = Target { kind: Prefix::Member, id: RecordId(Uuid::from_u128(number.unsigned_abs().into())) };
    Drawn { record, reference: Reference { prefix: Prefix::Member, year: 2026, number } }
}

/// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let mut audit = at_stage(*stage);
            if matches!(verb, Verb::ReviseItem | Verb::DropItem) && audit.is_under_way() {
                audit = audit.add_items(vec![on("9.2.2")], &facts(), &manager(), at()).unwrap().into_after();
            }
            let outcome = apply(audit, *verb, &lead());
            if let Err(refusal) = &outcome {
                assert!(
                    matches!(refusal, Refusal::State(reasons) if reasons[0].code == "wrong_state"),
                    "{stage:?} {verb:?} {refusal:?}"
                );
            }
            let ends: Vec<_> = outcome.iter().map(|audit| audit.stage.name()).collect();
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_role_without_the_permission_is_refused_in_every_stage() {
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            for role in [Role::Admin, Role::Management, Role::ExternalAuditor, Role::Member] {
                // The auditee's.
                let by = person(6, &[role]);
                assert_eq!(at_stage(*stage).may(*verb, &facts(), &by), Err(Refusal::Forbidden), "{stage:?} {verb:?}");
            }
        }
    }
}

#[track_caller]
fn faults<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> Vec<String> {
    let Err(Refusal::Invalid(faults)) = outcome else { panic!("{outcome:?}") };
    faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

#[track_caller]
fn reasons<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> Vec<String> {
    let Err(Refusal::State(reasons)) = outcome else { panic!("{outcome:?}") };
    reasons.into_iter().map(|reason| reason.code).collect()
}

#[test]
fn refuses_every_fault_of_a_draft_at_once() {
    let bare = AuditorDraft { competence: None, ..outsider() };
    let wrong = AuditDraft {
        title: " ".into(),
        plan_key: Some("2026-1".into()),
        supplier: None,
        criteria: Criteria {
            requirements: vec!["A.9.9".into()],
            processes: vec![process(), process()],
            documents: Vec::new(),
        },
        sampling: Some(Sampling { population: "Leavers".into(), size: 0, how: " ".into() }),
        team: vec![of_member(LEAD, false), of_member(LEAD, false), bare],
        ends_on: at().date_naive().pred_opt().unwrap(),
        ..draft(Kind::Supplier)
    };
    assert_eq!(
        faults(Audit::plan(wrong, &manager(), birth(Prefix::Audit))),
        [
            "/title blank",
            "/supplier required",
            "/plan_key no_programme",
            "/sampling/how blank",
            "/sampling/size out_of_range",
            "/requirements/0 unknown_requirement",
            "/processes/1 duplicate",
            "/team lead",
            "/team/1 duplicate",
            "/team/2/competence required",
            "/ends_on out_of_range",
        ]
    );
}

#[test]
fn it_starts_when_criteria_scope_and_team_are_set_and_the_programme_is_approved() {
    let empty = AuditDraft { criteria: Criteria::default(), scope: None, team: Vec::new(), ..draft(Kind::Internal) };
    let audit = Audit::plan(empty, &manager(), birth(Prefix::Audit)).unwrap().into_after();
    assert_eq!(reasons(audit.may(Verb::Start, &facts(), &lead())), ["no_criteria", "no_scope", "no_team"]);
    assert_eq!(reasons(planned(Kind::Internal).may(Verb::Start, &facts(), &lead())), ["not_declared"]);
    // What stands between a certification body and an impartial look is its own affair.
    assert_eq!(planned(Kind::Certification).may(Verb::Start, &facts(), &lead()), Ok(()));
    for (stage, code) in
        [(ProgrammeStage::Draft, "programme_not_approved"), (ProgrammeStage::Closed, "programme_is_closed")]
    {
        let facts = Facts { programme: Some(stage), ..facts() };
        assert_eq!(reasons(declared(Kind::Internal).may(Verb::Start, &facts, &lead())), [code]);
    }
}

#[test]
fn moving_it_is_counted_and_has_a_reason() {
    let yesterday = at().date_naive().pred_opt().unwrap();
    let input = Postpone { starts_on: yesterday, ends_on: at().date_naive(), reason: " ".into() };
    let refused = planned(Kind::Internal).postpone(input.clone(), &facts(), &manager(), at());
    assert_eq!(faults(refused), ["/starts_on out_of_range", "/reason blank"]);
    let input = Postpone { starts_on: at().date_naive(), reason: "The lead is ill".into(), ..input };
    let change = planned(Kind::Internal).postpone(input, &facts(), &manager(), at()).unwrap();
    assert_eq!((change.after().postponements, change.reason()), (1, Some("The lead is ill")));
}

#[test]
fn what_it_was_started_with_stays() {
    let amendment = Amendment { scope: Some(None), team: Some(Vec::new()), ..Amendment::default() };
    let refused = checked(Outcome::Conforms).amend(amendment.clone(), &manager(), at());
    assert_eq!(faults(refused), ["/scope needed_in_progress", "/team needed_in_progress", "/team auditor_has_checked"]);
    assert!(planned(Kind::Internal).amend(amendment, &manager(), at()).is_ok());
    // Another one joins, and those who stay need not declare again.
    let joined = Amendment {
        team: Some(vec![of_member(LEAD, true), of_member(SECOND, false), outsider()]),
        ..Amendment::default()
    };
    let joined = started(Kind::Internal).amend(joined, &manager(), at()).unwrap().into_after();
    let silent: Vec<bool> = joined.team.iter().map(|auditor| auditor.declaration.is_none()).collect();
    assert_eq!(silent, [false, false, true]);
    assert_eq!(reasons(at_stage(StageName::Reported).amend(Amendment::default(), &manager(), at())), ["wrong_state"]);
}

#[test]
fn what_was_found_is_withdrawn_with_a_cancelled_audit() {
    let audit = checked(Outcome::Minor);
    let finding = noted(Grade::Minor, &audit);
    let cancelled = audit.cancel("The site burnt down".into(), vec![finding], &facts(), &manager(), at()).unwrap();
    assert_eq!(cancelled.audit.after().stage.name(), StageName::Cancelled);
    let [withdrawn] = cancelled.findings.as_slice() else { panic!("one") };
    assert_eq!(withdrawn.after().stage.name(), findings::StageName::Withdrawn);
    assert_eq!(withdrawn.reason(), Some("The site burnt down"));
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let audit = at_stage(*stage);
        let stored = serde_json::to_value(&audit).unwrap();
        assert_eq!(serde_json::from_value::<Audit>(stored).unwrap(), audit);
    }
}

#[test]
fn days_that_pass_are_noted_once_each() {
    let audit = planned(Kind::Internal);
    let (first, last) = (audit.starts_on, audit.starts_on + Days::new(9));
    let late = noted_once(audit, first, "audit.fell_due", Audit::fall_due);
    assert_eq!(late.wakes(), None);
    let input = Postpone { starts_on: first + Days::new(1), ends_on: last, reason: "The lead is ill".into() };
    let moved = late.postpone(input, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(moved.wakes(), Wake::once_past(first + Days::new(1), None), "a new date is another matter");
    let begun = Audit { ends_on: last, ..started(Kind::Internal) };
    assert_eq!(noted_once(begun, last, "audit.fell_due", Audit::fall_due).wakes(), None);
    for stage in [StageName::Reported, StageName::Closed, StageName::Cancelled] {
        assert_eq!(at_stage(stage).wakes(), None, "{stage:?}");
    }
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}
