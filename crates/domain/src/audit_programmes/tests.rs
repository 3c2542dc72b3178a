mod coverage;

use super::*;
use crate::access::Role;
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, member, person};
use crate::mistakes::Voidable;
use strum::VariantArray;
use uuid::Uuid;

fn auditor() -> Actor {
    person(2, &[Role::Auditor])
}

fn management() -> Actor {
    person(8, &[Role::Management])
}

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn planned_audit(key: &str, requirements: &[&str]) -> PlannedAudit {
    PlannedAudit {
        key: key.into(),
        title: "Access and people".into(),
        starts_on: day("2026-03-01"),
        ends_on: day("2026-03-31"),
        requirements: requirements.iter().map(|number| (*number).to_owned()).collect(),
        processes: Vec::new(),
    }
}

fn content() -> Content {
    let some = |text: &str| Some(text.to_owned());
    Content {
        title: "Audits of 2026".into(),
        starts_on: day("2026-01-01"),
        ends_on: day("2026-12-31"),
        objectives: some("Whether the system conforms and works"),
        frequency: some("Each clause once a year, each control once in three"),
        methods: some("Interviews, samples, records"),
        responsibilities: some("The auditor plans, the ISMS manager answers"),
        planning_requirements: some("Two weeks' notice"),
        reporting: some("To management within two weeks"),
        process_importance: some("Leavers first: much depends on it"),
        earlier_results: some("Two minor findings of last year"),
        plan: vec![planned_audit("2026-1", &["9.2", "A.5.18"]), planned_audit("2026-2", &["A.8.8"])],
    }
}

fn drafted() -> AuditProgramme {
    AuditProgramme::draft(content(), &auditor(), birth(Prefix::AuditProgramme)).unwrap().into_after()
}

fn facts() -> Facts {
    Facts { open_audits: 0, audited: vec!["2026-1".into(), "2026-2".into()] }
}

fn approved() -> AuditProgramme {
    drafted().approve(&facts(), &management(), at()).unwrap().into_after()
}

/// Approved, and changed since.
fn stale() -> AuditProgramme {
    let amendment = Amendment { title: Some("Audits of 2026, revised".into()), ..Amendment::default() };
    approved().amend(amendment, &auditor(), at()).unwrap().into_after()
}

fn closing() -> Close {
    Close { summary: "All as planned".into(), not_audited_because: None }
}

fn closed() -> AuditProgramme {
    approved().close(closing(), &facts(), &auditor(), at()).unwrap().into_after()
}

fn void() -> AuditProgramme {
    drafted().void("Entered twice".into(), &facts(), &auditor(), at()).unwrap().into_after()
}

#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for (programme, of_closing) in
        [(drafted(), drafted()), (stale(), approved()), (closed(), closed()), (void(), void())]
    {
        let stage = programme.stage.name();
        for verb in Verb::VARIANTS {
            let outcome = match verb {
                Verb::Approve => programme.clone().approve(&facts(), &management(), at()),
                Verb::Close => of_closing.clone().close(closing(), &facts(), &auditor(), at()),
                Verb::Void => programme.clone().void("Entered twice".into(), &facts(), &auditor(), at()),
            };
            let ends: Vec<_> = outcome.iter().map(|change| change.after().stage.name()).collect();
            assert_eq!(ends, edge(stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[track_caller]
fn reasons(outcome: Result<(), Refusal>) -> Vec<String> {
    let Err(Refusal::State(reasons)) = outcome else { panic!("{outcome:?}") };
    reasons.into_iter().map(|reason| reason.code).collect()
}

#[test]
fn a_programme_with_open_audits_is_not_void() {
    let audited = Facts { open_audits: 1, ..facts() };
    assert_eq!(reasons(drafted().may(Verb::Void, &audited, &auditor())), ["open_audits"]);
    assert_eq!(drafted().may(Verb::Void, &facts(), &person(2, &[Role::Member])), Err(Refusal::Forbidden));
}

#[test]
fn management_approves_what_is_complete() {
    for role in [Role::Admin, Role::IsmsManager, Role::Auditor, Role::Member, Role::ExternalAuditor] {
        assert_eq!(drafted().may(Verb::Approve, &facts(), &person(2, &[role])), Err(Refusal::Forbidden), "{role:?}");
    }
    let bare = Content {
        objectives: None,
        frequency: None,
        methods: None,
        responsibilities: None,
        planning_requirements: None,
        reporting: None,
        process_importance: None,
        earlier_results: None,
        plan: Vec::new(),
        ..content()
    };
    let bare = AuditProgramme::draft(bare, &auditor(), birth(Prefix::AuditProgramme)).unwrap().into_after();
    let told = reasons(bare.may(Verb::Approve, &facts(), &management()));
    assert_eq!((told.len(), told.last().map(String::as_str)), (9, Some("no_plan")));
    let key = machine(&[Permission::ApproveAuditProgramme]);
    assert_eq!(reasons(drafted().may(Verb::Approve, &facts(), &key)), ["person_needed"]);
    assert_eq!((bare.work(), drafted().work().len()), (Vec::new(), 1));
}

#[test]
fn an_approval_is_of_what_was_approved() {
    let programme = approved();
    assert!(!programme.is_stale());
    assert_eq!(programme.approval().map(|approval| approval.by), Some(member(8)));
    assert_eq!(reasons(programme.may(Verb::Approve, &facts(), &management())), ["already_approved"]);
    let changed = stale();
    assert!(changed.is_stale());
    assert_eq!(reasons(changed.may(Verb::Close, &facts(), &auditor())), ["approval_is_stale"]);
    let anew = changed.approve(&facts(), &management(), at()).unwrap().into_after();
    assert_eq!((anew.is_stale(), anew.earlier_approvals.len()), (false, 1));
}

#[test]
fn it_ends_when_its_audits_have_and_says_why_some_were_not_conducted() {
    let open = Facts { open_audits: 2, ..facts() };
    assert_eq!(reasons(approved().may(Verb::Close, &open, &auditor())), ["open_audits"]);
    let missed = Facts { audited: vec!["2026-1".into()], ..facts() };
    let refused = approved().close(closing(), &missed, &auditor(), at()).unwrap_err();
    let Refusal::Invalid(faults) = refused else { panic!("{refused:?}") };
    assert_eq!((faults[0].pointer.as_str(), faults[0].detail.contains("2026-2")), ("/not_audited_because", true));
    let explained = Close { not_audited_because: Some("The site was sold".into()), ..closing() };
    assert!(approved().close(explained, &missed, &auditor(), at()).is_ok());
    let amended = closed().amend(Amendment::default(), &auditor(), at());
    assert!(matches!(amended, Err(Refusal::State(_))));
}

#[test]
fn refuses_every_fault_at_once() {
    let wrong = Content {
        title: " ".into(),
        objectives: Some("\0".into()),
        ends_on: day("2025-12-31"),
        plan: vec![
            PlannedAudit { starts_on: day("2024-01-01"), ends_on: day("2023-01-01"), ..planned_audit("1", &["A.9.9"]) },
            planned_audit("1", &[]),
        ],
        ..content()
    };
    let refused = AuditProgramme::draft(wrong, &auditor(), birth(Prefix::AuditProgramme));
    let Err(Refusal::Invalid(faults)) = refused else { panic!("{refused:?}") };
    let told: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
    assert_eq!(
        told,
        [
            "/title blank",
            "/ends_on out_of_range",
            "/objectives forbidden_character",
            "/plan/0/starts_on out_of_range",
            "/plan/0/ends_on out_of_range",
            "/plan/0/requirements/0 unknown_requirement",
            "/plan/1/key duplicate",
            "/plan/1/starts_on out_of_range",
            "/plan/1/requirements required",
        ]
    );
}

#[test]
fn the_projection_is_read_back() {
    for programme in [drafted(), approved(), closed()] {
        let stored = serde_json::to_value(&programme).unwrap();
        assert_eq!(serde_json::from_value::<AuditProgramme>(stored).unwrap(), programme);
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let bare = Content {
        objectives: None,
        frequency: None,
        methods: None,
        responsibilities: None,
        planning_requirements: None,
        reporting: None,
        process_importance: None,
        earlier_results: None,
        plan: Vec::new(),
        ..content()
    };
    let bare = AuditProgramme::draft(bare, &auditor(), birth(Prefix::AuditProgramme)).unwrap().into_after();
    let open = Facts { open_audits: 2, ..facts() };
    Refusals::of([bare, drafted(), approved(), stale(), closed(), void()], &[facts(), open])
}

#[test]
fn completion_is_of_what_was_due() {
    let programme = approved();
    let reported = |keys: &[&str]| keys.iter().map(|key| (programme.id(), (*key).to_owned())).collect();
    let other = BTreeSet::from([(AuditProgrammeId(Uuid::from_u128(9)), "2026-1".to_owned())]);
    for (keys, on, part, whole) in [
        (reported(&["2026-1"]), "2026-03-31", 0, 0),
        (reported(&["2026-1"]), "2026-04-01", 1, 2),
        (reported(&["2026-1", "2026-2", "2026-3"]), "2026-04-01", 2, 2),
        (other, "2026-12-31", 0, 2),
    ] {
        assert_eq!(programme.completion(&keys, day(on)), Share { part, whole }, "{keys:?} {on}");
    }
}
