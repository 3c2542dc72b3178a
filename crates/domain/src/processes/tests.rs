use super::*;
use crate::access::Role;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, member, person};
use crate::responsibilities::tests::is_handed_over_whole;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn draft() -> ProcessDraft {
    ProcessDraft {
        name: "Joiners, movers, leavers".into(),
        purpose: Some("People have the access their work needs, and no longer than that".into()),
        importance: Importance::High,
        requirements: vec!["A.5.18".into(), "7.2".into()],
        owner: member(3),
    }
}

fn active() -> Process {
    Process::define(draft(), &manager(), birth(Prefix::Process)).unwrap().into_after()
}

fn apply(process: Process, verb: Verb, by: &Actor) -> Result<Process, Refusal> {
    match verb {
        Verb::Retire => process.retire("Outsourced".into(), by, at()),
        Verb::Reinstate => process.reinstate("Taken back".into(), by, at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> Process {
    match stage {
        StageName::Active => active(),
        StageName::Retired => apply(active(), Verb::Retire, &manager()).unwrap(),
    }
}

#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let outcome = apply(at_stage(*stage), *verb, &manager());
            let ends: Vec<_> = outcome.iter().map(|process| process.stage.name()).collect();
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            let refused = apply(at_stage(*stage), *verb, &person(3, &[Role::Member]));
            assert_eq!(refused, Err(Refusal::Forbidden), "its owner does not decide it");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn refuses_every_fault_at_once() {
    let wrong = ProcessDraft {
        name: "\n".into(),
        purpose: Some(" ".into()),
        requirements: vec!["7.2".into(), "A.9.9".into(), "7.2".into()],
        ..draft()
    };
    let Err(Refusal::Invalid(faults)) = Process::define(wrong, &manager(), birth(Prefix::Process)) else {
        panic!("accepted")
    };
    let told: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
    assert_eq!(
        told,
        ["/name blank", "/purpose blank", "/requirements/1 unknown_requirement", "/requirements/2 duplicate"]
    );
}

#[test]
fn its_owner_amends_it_and_does_not_pass_it_on() {
    let owner = person(3, &[Role::Member]);
    let amendment = Amendment { importance: Some(Importance::Low), purpose: Some(None), ..Amendment::default() };
    let amended = active().amend(amendment.clone(), &owner, at()).unwrap().into_after();
    assert_eq!((amended.importance, amended.purpose), (Importance::Low, None));
    let passed_on = Amendment { owner: Some(member(4)), ..Amendment::default() };
    assert_eq!(active().amend(passed_on.clone(), &owner, at()), Err(Refusal::Forbidden));
    assert_eq!(active().amend(passed_on, &manager(), at()).unwrap().after().owner, member(4));
    assert_eq!(active().amend(amendment.clone(), &person(5, &[Role::Member]), at()), Err(Refusal::Forbidden));
    assert!(matches!(at_stage(StageName::Retired).amend(amendment, &manager(), at()), Err(Refusal::State(_))));
}

#[test]
fn who_answers_for_it() {
    assert_eq!((active().owners(), active().answers_for()), (vec![member(3)], vec!["A.5.18", "7.2"]));
    assert!(at_stage(StageName::Retired).owners().is_empty());
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let process = at_stage(*stage);
        let stored = serde_json::to_value(&process).unwrap();
        assert_eq!(serde_json::from_value::<Process>(stored).unwrap(), process);
    }
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage)), &[()])
}
