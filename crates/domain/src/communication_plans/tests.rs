use super::*;
use crate::access::Role;
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, member, noted_once, person};
use crate::responsibilities::tests::is_handed_over_whole;
use chrono::Days;
use strum::VariantArray;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn owner() -> Actor {
    person(3, &[Role::Member])
}

fn today() -> NaiveDate {
    at().date_naive()
}

fn draft() -> CommunicationPlanDraft {
    CommunicationPlanDraft {
        subject: "State of information security".into(),
        timing: "Each quarter".into(),
        audience: "Everybody".into(),
        channel: "All-hands meeting".into(),
        owner: member(3),
        next_on: Some(today() + Days::new(7)),
        requirements: vec!["7.4".into()],
    }
}

fn in_force() -> CommunicationPlan {
    CommunicationPlan::plan(draft(), today(), &manager(), birth(Prefix::CommunicationPlan)).unwrap().into_after()
}

fn done() -> CarryOut {
    CarryOut { on: None, summary: "Shown to 38 of 42".into(), next_on: Some(today() + Days::new(90)) }
}

fn apply(plan: CommunicationPlan, verb: Verb) -> Result<CommunicationPlan, Refusal> {
    match verb {
        Verb::CarryOut => plan.carry_out(done(), today(), &owner(), at()),
        Verb::Retire => plan.retire("Nobody came".into(), &manager(), at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> CommunicationPlan {
    match stage {
        StageName::InForce => in_force(),
        StageName::Retired => apply(in_force(), Verb::Retire).unwrap(),
    }
}

#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let outcome = match apply(at_stage(*stage), *verb) {
                Ok(after) => {
                    assert_eq!(edge(*stage, *verb), [after.stage.name()], "{stage:?} {verb:?}");
                    after.stage_name()
                }
                Err(refusal) => {
                    assert!(edge(*stage, *verb).is_empty(), "{stage:?} {verb:?}: {refusal:?}");
                    "-"
                }
            };
            table.push_str(&format!("{stage:?} {verb:?} {outcome}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn its_day_is_work_and_moves_on() {
    let plan = in_force();
    assert_eq!(plan.work(), [Work::of(member(3), Some(today() + Days::new(7)))]);
    assert!(!plan.is_overdue(today() + Days::new(7)) && plan.is_overdue(today() + Days::new(8)));
    let after = apply(plan, Verb::CarryOut).unwrap();
    assert_eq!((after.times, after.last.as_ref().map(|last| last.on)), (1, Some(today())));
    assert_eq!(after.work()[0].due_on, Some(today() + Days::new(90)));
    let once = CarryOut { next_on: None, ..done() };
    let after = after.carry_out(once, today(), &owner(), at()).unwrap().into_after();
    assert!(after.work().is_empty() && after.times == 2 && !after.is_overdue(NaiveDate::MAX));
    assert!(at_stage(StageName::Retired).work().is_empty());
}

#[test]
fn the_owner_carries_out_what_the_manager_plans() {
    let stranger = person(4, &[Role::Member]);
    assert_eq!(in_force().carry_out(done(), today(), &stranger, at()), Err(Refusal::Forbidden));
    assert_eq!(in_force().retire("x".into(), &owner(), at()), Err(Refusal::Forbidden));
    assert_eq!(in_force().amend(Amendment::default(), today(), &owner(), at()), Err(Refusal::Forbidden));
    let moved = Amendment { next_on: Some(None), owner: Some(member(4)), ..Amendment::default() };
    let after = in_force().amend(moved, today(), &manager(), at()).unwrap().into_after();
    assert_eq!((after.owner, after.next_on), (member(4), None));
    assert!(matches!(
        at_stage(StageName::Retired).amend(Amendment::default(), today(), &manager(), at()),
        Err(Refusal::State(_))
    ));
}

#[test]
fn every_fault_is_named() {
    let faults = |result: Result<Change<CommunicationPlan>, Refusal>| match result {
        Err(Refusal::Invalid(faults)) => faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let wrong = CommunicationPlanDraft {
        subject: " ".into(),
        timing: " ".into(),
        audience: " ".into(),
        channel: " ".into(),
        next_on: today().pred_opt(),
        requirements: vec!["7.9".into()],
        ..draft()
    };
    let planned = CommunicationPlan::plan(wrong, today(), &manager(), birth(Prefix::CommunicationPlan));
    assert_eq!(faults(planned), ["/subject", "/timing", "/audience", "/channel", "/requirements/0", "/next_on"]);
    let early = CarryOut { on: today().succ_opt(), summary: " ".into(), next_on: today().pred_opt() };
    assert_eq!(faults(in_force().carry_out(early, today(), &owner(), at())), ["/on", "/summary", "/next_on"]);
    let late = Amendment { next_on: Some(today().pred_opt()), ..Amendment::default() };
    assert_eq!(faults(in_force().amend(late, today(), &manager(), at())), ["/next_on"]);
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let stored = serde_json::to_value(at_stage(*stage)).unwrap();
        assert_eq!(serde_json::from_value::<CommunicationPlan>(stored).unwrap(), at_stage(*stage));
    }
}

#[test]
fn a_day_that_passes_is_noted_once() {
    let day = today() + Days::new(7);
    let late = noted_once(in_force(), day, "communication_plan.fell_due", CommunicationPlan::fall_due);
    assert_eq!(late.wakes(), None);
    assert_eq!(apply(late, Verb::CarryOut).unwrap().wakes(), Wake::once_past(today() + Days::new(90), None));
    assert_eq!(at_stage(StageName::Retired).wakes(), None);
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
