use super::*;
use crate::access::Role;
use crate::audits::{AuditDraft, Criteria, Kind};
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, member, person};
use uuid::Uuid;

fn auditor() -> Actor {
    person(2, &[Role::Auditor])
}

fn audit(stage: AuditStage) -> Audit {
    let draft = AuditDraft {
        kind: Kind::Certification,
        title: "Recertification".into(),
        programme: None,
        plan_key: None,
        supplier: None,
        scope: Some("Everything".into()),
        criteria: Criteria { requirements: vec!["A.5.18".into()], ..Criteria::default() },
        method: None,
        sampling: None,
        auditees: Vec::new(),
        team: Vec::new(),
        starts_on: at().date_naive(),
        ends_on: at().date_naive(),
    };
    let mut audit = Audit::plan(draft, &auditor(), birth(Prefix::Audit)).unwrap().into_after();
    if stage == AuditStage::InProgress {
        audit.stage = crate::audits::Stage::InProgress { since: at() };
    }
    audit
}

fn draft() -> FindingDraft {
    FindingDraft {
        item: None,
        title: "Accounts outlive their owners".into(),
        statement: "Access ends with the contract".into(),
        evidence: Some("Two of eight leavers, by 9 and 12 days".into()),
        requirement: Some("A.5.18".into()),
        process: None,
        grade: Some(Grade::Minor),
    }
}

fn noted() -> Finding {
    Finding::note(draft(), &audit(AuditStage::InProgress), &auditor(), birth(Prefix::Finding)).unwrap().into_after()
}

fn case_birth() -> Birth {
    Birth { id: Uuid::from_u128(9), ..birth(Prefix::Nonconformity) }
}

fn apply(finding: Finding, verb: Verb, by: &Actor) -> Result<Finding, Refusal> {
    match verb {
        Verb::Raise => {
            let raised = finding.raise(Raise::default(), &AuditStage::Reported, by, case_birth())?;
            Ok(raised.finding.into_after())
        }
        Verb::Withdraw => {
            finding.withdraw("Seen wrongly".into(), &AuditStage::Reported, by, at()).map(Change::into_after)
        }
    }
}

pub(crate) fn at_stage(stage: StageName) -> Finding {
    let issued = || noted().issue(at()).into_after();
    match stage {
        StageName::Noted => noted(),
        StageName::Issued => issued(),
        StageName::Raised => apply(issued(), Verb::Raise, &auditor()).unwrap(),
        StageName::Withdrawn => apply(issued(), Verb::Withdraw, &auditor()).unwrap(),
    }
}

#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let outcome = apply(at_stage(*stage), *verb, &auditor());
            let ends: Vec<_> = outcome.iter().map(|finding| finding.stage.name()).collect();
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            for role in [Role::Admin, Role::Management, Role::Member, Role::ExternalAuditor] {
                assert_eq!(apply(at_stage(*stage), *verb, &person(2, &[role])), Err(Refusal::Forbidden));
            }
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn it_is_noted_while_its_audit_is_conducted() {
    let refused = Finding::note(draft(), &audit(AuditStage::Planned), &auditor(), birth(Prefix::Finding));
    assert!(matches!(refused, Err(Refusal::State(reasons)) if reasons[0].code == "audit_not_in_progress"));
    let wrong = FindingDraft {
        item: Some(3),
        title: " ".into(),
        statement: "\0".into(),
        evidence: Some(" ".into()),
        requirement: Some("A.9.9".into()),
        ..draft()
    };
    let refused = Finding::note(wrong, &audit(AuditStage::InProgress), &auditor(), birth(Prefix::Finding));
    let Err(Refusal::Invalid(faults)) = refused else { panic!("{refused:?}") };
    let told: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
    assert_eq!(
        told,
        [
            "/title blank",
            "/statement forbidden_character",
            "/evidence blank",
            "/requirement unknown_requirement",
            "/item unknown_item"
        ]
    );
}

#[test]
fn the_report_freezes_it() {
    let amendment = Amendment { grade: Some(Some(Grade::Major)), evidence: Some(None), ..Amendment::default() };
    let amended = noted().amend(amendment.clone(), &auditor(), at()).unwrap().into_after();
    assert_eq!((amended.grade, amended.is_complete()), (Some(Grade::Major), false));
    for stage in [StageName::Issued, StageName::Raised, StageName::Withdrawn] {
        assert!(
            matches!(at_stage(stage).amend(amendment.clone(), &auditor(), at()), Err(Refusal::State(_))),
            "{stage:?}"
        );
    }
}

#[test]
fn a_nonconformity_is_raised_of_a_minor_or_major_one_and_both_know_of_it() {
    for grade in [Grade::Minor, Grade::Major] {
        let finding = Finding { grade: Some(grade), ..at_stage(StageName::Issued) };
        let due_on = Some(at().date_naive());
        let raised = finding.clone().raise(Raise { due_on }, &AuditStage::Reported, &auditor(), case_birth());
        let Raised { case: Case::Nonconformity(case), finding: change } = raised.unwrap() else { panic!("{grade:?}") };
        let case = case.after();
        assert_eq!((case.origin, change.after().case()), (Some(Target::of(&finding)), Some(Target::of(case))));
        assert_eq!((case.due_on, case.requirement.as_deref()), (due_on, Some("A.5.18")));
        assert_eq!((&case.title, &case.statement), (&finding.title, &finding.statement));
        assert_eq!(case.objective_evidence, "Two of eight leavers, by 9 and 12 days");
        let edge = TraceEdge::new(Target::of(&finding), Relation::Raised, Target::of(case));
        assert!(change.after().edges().contains(&edge) && case.edges().contains(&edge));
    }
    let observation = Finding { grade: Some(Grade::Observation), ..at_stage(StageName::Issued) };
    let refused = observation.may(Verb::Raise, &AuditStage::Reported, &auditor());
    assert!(matches!(refused, Err(Refusal::State(reasons)) if reasons[0].code == "nothing_to_raise"));
}

#[test]
fn an_improvement_is_raised_of_an_opportunity() {
    let finding = Finding { grade: Some(Grade::Opportunity), ..at_stage(StageName::Issued) };
    let birth = || Birth { id: Uuid::from_u128(9), ..birth(Prefix::Improvement) };
    let dated = Raise { due_on: Some(at().date_naive()) };
    let refused = finding.clone().raise(dated, &AuditStage::Reported, &auditor(), birth());
    assert!(matches!(refused, Err(Refusal::Invalid(faults)) if faults[0].pointer == "/due_on"));
    let raised = finding.clone().raise(Raise::default(), &AuditStage::Reported, &auditor(), birth()).unwrap();
    let Raised { case: Case::Improvement(improvement), finding: change } = raised else { panic!("no improvement") };
    let improvement = improvement.after();
    assert_eq!(improvement.origin, Some(Target::of(&finding)));
    assert_eq!(change.after().case(), Some(Target::of(improvement)));
    assert_eq!((improvement.proposer, &improvement.description), (Some(member(2)), &finding.statement));
}

#[test]
fn withdrawing_keeps_the_case_and_ends_with_the_audit() {
    let raised = at_stage(StageName::Raised);
    let withdrawn = apply(raised.clone(), Verb::Withdraw, &auditor()).unwrap();
    assert_eq!(withdrawn.case(), raised.case());
    assert!(!withdrawn.awaits_follow_up() && raised.awaits_follow_up() && !noted().awaits_follow_up());
    for stage in AuditStage::VARIANTS {
        let over = matches!(stage, AuditStage::Closed | AuditStage::Cancelled);
        let verdict = raised.may(Verb::Withdraw, stage, &auditor());
        assert_eq!(verdict.is_err(), over, "{stage:?}");
    }
    assert!(matches!(raised.withdraw(" ".into(), &AuditStage::Reported, &auditor(), at()), Err(Refusal::Invalid(_))));
}

#[test]
fn who_must_raise_it_is_told() {
    assert_eq!(at_stage(StageName::Issued).work().len(), 1);
    let observation = Finding { grade: Some(Grade::Observation), ..at_stage(StageName::Issued) };
    assert!(
        observation.work().is_empty() && at_stage(StageName::Raised).work().is_empty() && noted().work().is_empty()
    );
    assert!(!noted().is_own(&person(3, &[Role::Member])));
    assert_eq!(noted().head.created_by, Some(member(2)));
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let finding = at_stage(*stage);
        let stored = serde_json::to_value(&finding).unwrap();
        assert_eq!(serde_json::from_value::<Finding>(stored).unwrap(), finding);
    }
}

/// Why it is refused, wherever its audit stands.
pub(crate) fn refusals() -> Refusals {
    let early = Finding::note(draft(), &audit(AuditStage::Planned), &auditor(), birth(Prefix::Finding));
    let light = Finding { grade: Some(Grade::Observation), ..at_stage(StageName::Issued) };
    let findings = StageName::VARIANTS.iter().map(|stage| at_stage(*stage)).chain([light]);
    Refusals::of(findings, AuditStage::VARIANTS).and("note", early)
}
