use super::*;
use crate::access::Role;
use crate::change::Lifecycle;
use crate::changes::{Impact, Level};
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, member, person};
use crate::separation::Rule;
use crate::separation::tests::relaxed;
use chrono::NaiveDate;
use strum::VariantArray;

fn author() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn management() -> Actor {
    person(2, &[Role::Management])
}

fn today() -> NaiveDate {
    at().date_naive()
}

fn facts() -> Facts {
    Facts { today: today(), ..Facts::default() }
}

/// Watched for four weeks, compared with twelve.
pub(crate) fn assessment(highest: Level) -> Assessment {
    let some = || "considered".to_owned();
    Assessment {
        consequences: some(),
        impact: Impact { confidentiality: Level::None, integrity: Level::Low, availability: highest },
        isms_integrity: some(),
        resources: some(),
        responsibilities: some(),
        risks: some(),
        security_measures: some(),
        rollback_plan: some(),
        tests: some(),
        baseline_days: 84,
        monitoring_days: 28,
    }
}

pub(crate) fn procedure() -> Procedure {
    Procedure {
        title: "Open a port in the firewall".into(),
        purpose: "A service is to be reached".into(),
        description: "Ask, check against the list, open, try".into(),
        requirements: vec!["A.8.20".into(), "A.8.32".into()],
        indicators: Vec::new(),
        assessment: assessment(Level::Low),
    }
}

fn draft() -> ChangeTemplate {
    ChangeTemplate::define(procedure(), &author(), birth(Prefix::ChangeTemplate)).unwrap().into_after()
}

/// An approved one.
pub(crate) fn approved() -> ChangeTemplate {
    draft().approve(Approve::default(), &facts(), &management(), at()).unwrap().into_after()
}

fn at_stage(stage: StageName) -> ChangeTemplate {
    match stage {
        StageName::Draft => draft(),
        StageName::Approved => approved(),
        StageName::Retired => approved().retire("x".into(), &facts(), &author(), at()).unwrap().into_after(),
    }
}

fn apply(template: ChangeTemplate, verb: Verb) -> Result<ChangeTemplate, Refusal> {
    match verb {
        Verb::Approve => template.approve(Approve::default(), &facts(), &management(), at()),
        Verb::Revise => template.revise("x".into(), &facts(), &author(), at()),
        Verb::Retire => template.retire("x".into(), &facts(), &management(), at()),
    }
    .map(Change::into_after)
}

/// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let ends: Vec<StageName> =
                apply(at_stage(*stage), *verb).into_iter().map(|after| after.stage.name()).collect();
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
        let amended = at_stage(*stage).amend(TemplateAmendment::default(), &author(), at());
        assert_eq!(amended.is_ok(), *stage == StageName::Draft);
    }
    insta::assert_snapshot!(table);
}

#[test]
fn who_wrote_it_does_not_approve_it() {
    let code = |by: &Actor, facts: &Facts, reason: Option<&str>| {
        let input = Approve { note: None, exception_reason: reason.map(str::to_owned) };
        match draft().approve(input, facts, by, at()) {
            Err(Refusal::State(reasons)) => reasons[0].code.clone(),
            Err(other) => panic!("{other:?}"),
            Ok(change) => format!("{} exceptions", change.after().exceptions.len()),
        }
    };
    let own = person(1, &[Role::Management]);
    assert_eq!(code(&own, &facts(), None), "separation_of_duties");
    assert_eq!(code(&person(3, &[Role::IsmsManager]), &facts(), None), "0 exceptions");
    let documented = Facts { separation: relaxed(Rule::ChangeApprover), ..facts() };
    assert_eq!(code(&own, &documented, None), "exception_reason_needed");
    assert_eq!(code(&own, &documented, Some("two of us")), "1 exceptions");

    let colleague = person(3, &[Role::IsmsManager]);
    let amendment = TemplateAmendment { purpose: Some("Another".into()), ..TemplateAmendment::default() };
    let amended = draft().amend(amendment, &colleague, at()).unwrap().into_after();
    assert_eq!(amended.authors, [member(1), member(3)]);
    assert!(amended.may(Verb::Approve, &facts(), &colleague).is_err(), "who changed a word is an author, too");
    let revised = approved().revise("Ports have names".into(), &facts(), &colleague, at()).unwrap().into_after();
    assert_eq!((revised.authors, revised.revision, revised.revisions.len()), (vec![member(3)], 2, 1));
}

#[test]
fn a_high_impact_is_for_the_management() {
    let high = Procedure { assessment: assessment(Level::High), ..procedure() };
    let template = ChangeTemplate::define(high, &author(), birth(Prefix::ChangeTemplate)).unwrap().into_after();
    let refused = template.may(Verb::Approve, &facts(), &person(3, &[Role::IsmsManager])).unwrap_err();
    assert!(matches!(refused, Refusal::State(reasons) if reasons[0].code == "management_needed"));
    assert_eq!(template.may(Verb::Approve, &facts(), &management()), Ok(()));
    assert_eq!(template.work(), [Work::of_whoever(Permission::ApproveHighImpactChange, Some(member(1)), None)]);
}

#[test]
fn the_approval_is_of_the_procedure() {
    let template = approved();
    assert!(template.is_approved());
    let altered = ChangeTemplate { procedure: Procedure { purpose: "Another".into(), ..procedure() }, ..template };
    assert_eq!(altered.approval(), None, "a row changed by hand approves nothing");
}

#[test]
fn every_fault_is_named_at_once() {
    let wrong = Procedure {
        title: " ".into(),
        requirements: vec!["A.9.9".into()],
        assessment: Assessment { risks: "\0".into(), monitoring_days: 0, ..assessment(Level::None) },
        ..procedure()
    };
    let Err(Refusal::Invalid(faults)) = ChangeTemplate::define(wrong, &author(), birth(Prefix::ChangeTemplate)) else {
        panic!("accepted")
    };
    let faults: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
    assert_eq!(
        faults,
        [
            "/title blank",
            "/requirements/0 unknown_requirement",
            "/assessment/risks forbidden_character",
            "/assessment/monitoring_days out_of_range"
        ]
    );
}

#[test]
fn a_role_without_the_permission_is_refused_in_every_stage() {
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            for role in [Role::Admin, Role::Auditor, Role::ExternalAuditor, Role::Member] {
                let refused = at_stage(*stage).may(*verb, &facts(), &person(77, &[role]));
                assert_eq!(refused, Err(Refusal::Forbidden), "{stage:?} {verb:?} {role:?}");
            }
        }
        let stored = serde_json::to_value(at_stage(*stage)).unwrap();
        assert_eq!(serde_json::from_value::<ChangeTemplate>(stored).unwrap(), at_stage(*stage));
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let excepted = |rule| Facts { separation: relaxed(rule), ..facts() };
    let expired = |rule| Facts { today: at().date_naive() + chrono::Days::new(400), ..excepted(rule) };
    Refusals::of(
        StageName::VARIANTS.iter().map(|stage| at_stage(*stage)),
        &[facts(), excepted(Rule::ChangeApprover), expired(Rule::ChangeApprover)],
    )
}
