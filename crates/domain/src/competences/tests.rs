use super::*;
use crate::access::Role;
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, member, noted_once, person, program};
use crate::responsibilities::tests::is_handed_over_whole;
use chrono::Days;
use strum::VariantArray;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn today() -> NaiveDate {
    at().date_naive()
}

fn required() -> Competence {
    let draft = CompetenceDraft {
        role: "Internal auditor".into(),
        requirement: "Knows ISO/IEC 27001 and ISO 19011, has audited under supervision".into(),
    };
    Competence::define(draft, &manager(), birth(Prefix::Competence)).unwrap().into_after()
}

fn held() -> Standing {
    Standing::Held { basis: Basis::Training, evidence: "Lead auditor course, 2025".into() }
}

fn gap() -> Standing {
    Standing::Gap {
        missing: "Has not audited yet".into(),
        measure: "Joins the audit in May".into(),
        due_on: today() + Days::new(30),
    }
}

fn assess(competence: Competence, n: u128, standing: Standing) -> Result<Change<Competence>, Refusal> {
    competence.assess(Assess { member: member(n), standing }, today(), &manager(), at())
}

fn apply(competence: Competence, verb: Verb) -> Result<Competence, Refusal> {
    match verb {
        Verb::Assess => assess(competence, 4, held()),
        Verb::Release => competence.release(member(3), "Moved".into(), &manager(), at()),
        Verb::Retire => competence.retire("Audits are bought".into(), &manager(), at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> Competence {
    let filled = assess(required(), 3, gap()).unwrap().into_after();
    match stage {
        StageName::Required => filled,
        StageName::Retired => apply(filled, Verb::Retire).unwrap(),
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
fn a_gap_is_work_until_it_is_closed() {
    let open = at_stage(StageName::Required);
    assert_eq!(open.gaps(), 1);
    let due = Some(today() + Days::new(30));
    assert_eq!(open.work(), [Work::of_whoever(Permission::AssessCompetence, Some(member(3)), due)]);
    assert!(apply(open.clone(), Verb::Retire).unwrap().work().is_empty());
    let closed = assess(open, 3, held()).unwrap().into_after();
    assert_eq!((closed.gaps(), closed.holders.len(), closed.work().len()), (0, 1, 0));
    let released = closed.release(member(3), "Moved".into(), &manager(), at()).unwrap();
    assert!(released.after().holders.is_empty());
}

#[test]
fn nobody_judges_their_own_competence() {
    let Err(Refusal::State(reasons)) = assess(required(), 1, held()) else { panic!("judged") };
    assert_eq!(reasons[0].code, "separation_of_duties");
    let input = Assess { member: member(1), standing: held() };
    let board = person(2, &[Role::Management]);
    assert!(required().assess(input.clone(), today(), &board, at()).is_ok());
    let key = machine(&[Permission::AssessCompetence]);
    assert!(matches!(required().assess(input.clone(), today(), &key, at()), Err(Refusal::State(_))));
    for role in [Role::Admin, Role::Auditor, Role::Member, Role::ExternalAuditor] {
        let by = person(7, &[role]);
        assert_eq!(required().assess(input.clone(), today(), &by, at()), Err(Refusal::Forbidden), "{role:?}");
    }
}

#[test]
fn every_fault_is_named() {
    let faults = |result: Result<Change<Competence>, Refusal>| match result {
        Err(Refusal::Invalid(faults)) => faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let draft = CompetenceDraft { role: " ".into(), requirement: String::new() };
    assert_eq!(faults(Competence::define(draft, &manager(), birth(Prefix::Competence))), ["/role", "/requirement"]);
    let late = Standing::Gap { missing: " ".into(), measure: " ".into(), due_on: today() - Days::new(1) };
    let pointers = ["/standing/missing", "/standing/measure", "/standing/due_on"];
    assert_eq!(faults(assess(required(), 3, late)), pointers);
    let bare = Standing::Held { basis: Basis::Experience, evidence: " ".into() };
    assert_eq!(faults(assess(required(), 3, bare)), ["/standing/evidence"]);
    let stranger = required().release(member(9), " ".into(), &manager(), at());
    assert_eq!(faults(stranger), ["/member_id", "/reason"]);
    let amendment = Amendment { role: Some("\n".into()), requirement: None };
    assert_eq!(faults(required().amend(amendment.clone(), &manager(), at())), ["/role"]);
    assert!(matches!(at_stage(StageName::Retired).amend(amendment, &manager(), at()), Err(Refusal::State(_))));
    let mut full = required();
    for n in 0..u128::try_from(HOLDERS).unwrap() {
        full = assess(full, 100 + n, held()).unwrap().into_after();
    }
    assert_eq!(faults(assess(full, 99, held())), ["/member_id"]);
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let stored = serde_json::to_value(at_stage(*stage)).unwrap();
        assert_eq!(serde_json::from_value::<Competence>(stored).unwrap(), at_stage(*stage));
    }
}

#[test]
fn each_gap_that_is_not_closed_in_time_is_noted_once() {
    let (first, second) = (today() + Days::new(30), today() + Days::new(60));
    let open = at_stage(StageName::Required);
    let later = Standing::Gap { missing: "Has not audited yet".into(), measure: "Joins".into(), due_on: second };
    let two = assess(open, 4, later).unwrap().into_after();
    let late = noted_once(two, first, "competence.gap_fell_due", Competence::fall_due);
    assert_eq!(late.wakes(), Wake::once_past(second, None));
    let late = late.fall_due(second + Days::new(1), &program(), at()).unwrap().into_after();
    assert_eq!(late.wakes(), None);
    let again = Standing::Gap { missing: "More".into(), measure: "More".into(), due_on: second + Days::new(9) };
    assert!(assess(late.clone(), 3, again).unwrap().after().wakes().is_some(), "judged anew, it has a new day");
    assert_eq!(apply(at_stage(StageName::Required), Verb::Retire).unwrap().wakes(), None);
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
