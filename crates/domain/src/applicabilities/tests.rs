use super::*;
use crate::access::Role;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, member, person};
use crate::responsibilities::tests::is_handed_over_whole;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn draft(state: StageName) -> ApplicabilityDraft {
    let status = match state {
        StageName::Applicable => Some(Status::Partly),
        StageName::Excluded => None,
    };
    ApplicabilityDraft {
        control: "A.5.18".into(),
        state,
        justification: "Access is what the customers' drawings are protected by".into(),
        status,
        implementation: status.map(|_| "Human resources tells IT".into()),
        owner: Some(member(3)),
    }
}

fn at_stage(state: StageName) -> Applicability {
    Applicability::declare(draft(state), &manager(), birth(Prefix::Applicability)).unwrap().into_after()
}

fn apply(declared: Applicability, verb: Verb, by: &Actor) -> Result<Applicability, Refusal> {
    let why = "The risk assessment of May".to_owned();
    match verb {
        Verb::Include => declared.include(why, by, at()),
        Verb::Exclude => declared.exclude(why, by, at()),
        Verb::Justify => declared.justify(why, by, at()),
    }
    .map(Change::into_after)
}

#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let outcome = apply(at_stage(*stage), *verb, &manager());
            let ends: Vec<_> = outcome.iter().map(|declared| declared.stage.name()).collect();
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            assert!(outcome.iter().all(|declared| declared.justification == "The risk assessment of May"));
            let refused = apply(at_stage(*stage), *verb, &person(3, &[Role::Member]));
            assert_eq!(refused, Err(Refusal::Forbidden), "its owner does not decide it");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

fn faults(outcome: Result<Change<Applicability>, Refusal>) -> Vec<String> {
    let Err(Refusal::Invalid(faults)) = outcome else { panic!("{outcome:?}") };
    faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

#[test]
fn refuses_every_fault_at_once() {
    let clause =
        ApplicabilityDraft { control: "9.2.2".into(), justification: " ".into(), ..draft(StageName::Excluded) };
    let declared = Applicability::declare(clause, &manager(), birth(Prefix::Applicability));
    assert_eq!(faults(declared), ["/control unknown_requirement", "/justification blank"]);
    let contradiction = ApplicabilityDraft { state: StageName::Excluded, ..draft(StageName::Applicable) };
    let declared = Applicability::declare(contradiction, &manager(), birth(Prefix::Applicability));
    assert_eq!(faults(declared), ["/status not_in_this_stage", "/implementation not_in_this_stage"]);
    let amendment = Amendment { status: Some(Status::Implemented), ..Amendment::default() };
    let amended = at_stage(StageName::Excluded).amend(amendment, &manager(), at());
    assert_eq!(faults(amended), ["/status not_in_this_stage"]);
}

#[test]
fn its_owner_says_how_far_it_is_and_no_more() {
    let owner = person(3, &[Role::Member]);
    let amendment = Amendment { status: Some(Status::Implemented), implementation: Some(None), ..Amendment::default() };
    let amended = at_stage(StageName::Applicable).amend(amendment.clone(), &owner, at()).unwrap().into_after();
    assert_eq!(amended.stage, Stage::Applicable { status: Status::Implemented, implementation: None });
    let passed_on = Amendment { owner: Some(None), ..Amendment::default() };
    assert_eq!(at_stage(StageName::Applicable).amend(passed_on.clone(), &owner, at()), Err(Refusal::Forbidden));
    assert_eq!(at_stage(StageName::Applicable).amend(passed_on, &manager(), at()).unwrap().after().owner, None);
    let stranger = person(5, &[Role::Member]);
    assert_eq!(at_stage(StageName::Applicable).amend(amendment, &stranger, at()), Err(Refusal::Forbidden));
}

#[test]
fn its_owner_answers_for_the_control() {
    let declared = at_stage(StageName::Applicable);
    assert_eq!((declared.owners(), declared.answers_for()), (vec![member(3)], vec!["A.5.18"]));
    assert_eq!(declared.title(), Some("Granting and withdrawing access"));
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let declared = at_stage(*stage);
        let stored = serde_json::to_value(&declared).unwrap();
        assert_eq!(serde_json::from_value::<Applicability>(stored).unwrap(), declared);
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
