use super::*;
use crate::access::{Identity, Role};
use crate::audience::Audience;
use crate::courses::{CourseDraft, Facts as CourseFacts};
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, member, person};
use crate::responsibilities::tests::is_handed_over_whole;
use strum::VariantArray;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn learner() -> Actor {
    person(3, &[Role::Member])
}

fn program() -> Actor {
    Actor { identity: Identity::System { worker: "schedule" }, ..manager() }
}

fn today() -> NaiveDate {
    at().date_naive()
}

fn facts() -> Facts {
    Facts { today: today(), course_is_published: true, pass_mark: None, validity_months: Some(12) }
}

fn draft() -> Course {
    let draft = CourseDraft {
        title: "Phishing".into(),
        description: None,
        material: Some("https://learn.example.org/phishing".into()),
        audience: Audience::All {},
        due_in_days: 30,
        validity_months: Some(12),
        pass_mark: None,
        requirements: vec!["A.6.3".into()],
        indicators: Vec::new(),
        owner: Some(member(1)),
    };
    Course::define(draft, &manager(), birth(Prefix::Course)).unwrap().into_after()
}

fn course() -> Course {
    let facts = CourseFacts { today: today(), ..CourseFacts::default() };
    draft().publish(today(), &facts, &manager(), at()).unwrap().into_after()
}

fn assigned() -> TrainingAssignment {
    let birth = birth(Prefix::TrainingAssignment);
    TrainingAssignment::assign(&course(), (member(3), None), today(), &manager(), birth).unwrap().into_after()
}

fn taken(score: Option<i64>) -> Complete {
    Complete { taken_on: None, score, evidence: Some("Certificate 7".into()) }
}

fn apply(assignment: TrainingAssignment, verb: Verb, way: usize) -> Result<TrainingAssignment, Refusal> {
    let marked = Facts { pass_mark: Some(80), ..facts() };
    match verb {
        Verb::Complete if way == 0 => assignment.complete(taken(Some(90)), &marked, &manager(), at()),
        Verb::Complete => assignment.complete(taken(Some(79)), &marked, &manager(), at()),
        Verb::Retake => assignment.retake(today(), &facts(), &manager(), at()),
        Verb::Void => assignment.void("Left".into(), &facts(), &manager(), at()),
    }
    .map(Change::into_after)
}

fn expired() -> TrainingAssignment {
    let done = apply(assigned(), Verb::Complete, 0).unwrap();
    let later = Facts { today: today() + Days::new(400), ..facts() };
    done.expire(&later, &program(), at()).unwrap().into_after()
}

fn at_stage(stage: StageName) -> TrainingAssignment {
    match stage {
        StageName::Assigned => assigned(),
        StageName::Completed => apply(assigned(), Verb::Complete, 0).unwrap(),
        StageName::Failed => apply(assigned(), Verb::Complete, 1).unwrap(),
        StageName::Expired => expired(),
        StageName::Void => apply(assigned(), Verb::Void, 0).unwrap(),
    }
}

/// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let mut ends = Vec::new();
            for way in [0, 1] {
                match apply(at_stage(*stage), *verb, way) {
                    Ok(after) => ends.push(after.stage.name()),
                    Err(refusal) => {
                        assert!(
                            matches!(&refusal, Refusal::State(reasons) if reasons[0].code == "wrong_state"),
                            "{stage:?} {verb:?} {refusal:?}"
                        );
                    }
                }
            }
            ends.dedup();
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn a_course_is_assigned_once_it_is_published() {
    let assign = |course: &Course, due_on| {
        let birth = birth(Prefix::TrainingAssignment);
        TrainingAssignment::assign(course, (member(3), due_on), today(), &manager(), birth)
    };
    assert_eq!(assign(&course(), None).unwrap().after().due_on, today() + Days::new(30));
    let Err(Refusal::State(reasons)) = assign(&draft(), None) else { panic!("assigned") };
    assert_eq!(reasons[0].code, "course_not_published");
    let Err(Refusal::Invalid(faults)) = assign(&course(), today().pred_opt()) else { panic!("assigned") };
    assert_eq!(faults[0].pointer, "/due_on");
    let birth = birth(Prefix::TrainingAssignment);
    let by_member = TrainingAssignment::assign(&course(), (member(3), None), today(), &learner(), birth);
    assert_eq!(by_member, Err(Refusal::Forbidden));
}

#[test]
fn a_score_is_recorded_by_somebody_else() {
    let marked = Facts { pass_mark: Some(80), ..facts() };
    let Err(Refusal::State(reasons)) = assigned().complete(taken(Some(100)), &marked, &learner(), at()) else {
        panic!("marked by oneself")
    };
    assert_eq!(reasons[0].code, "own_score");
    assert!(assigned().complete(taken(None), &facts(), &learner(), at()).is_ok(), "being there one says oneself");
    let stranger = person(4, &[Role::Member]);
    assert_eq!(assigned().complete(taken(None), &facts(), &stranger, at()), Err(Refusal::Forbidden));
    let mut stand_in = person(4, &[Role::IsmsManager]);
    assert!(assigned().complete(taken(Some(80)), &marked, &stand_in, at()).is_ok());
    if let Identity::Member { standing, .. } = &mut stand_in.identity {
        standing.counts_as.push(member(3));
    }
    assert!(assigned().complete(taken(Some(80)), &marked, &stand_in, at()).is_err(), "who stands in is no other");
    let key = machine(&[Permission::RecordTraining]);
    let done = assigned().complete(taken(Some(80)), &marked, &key, at()).unwrap();
    assert_eq!((done.after().stage.name(), done.verb()), (StageName::Completed, "completed"));
    let failed = assigned().complete(taken(Some(79)), &marked, &key, at()).unwrap();
    assert_eq!((failed.after().stage.name(), failed.verb()), (StageName::Failed, "failed"));
}

#[test]
fn every_fault_of_a_result_is_named() {
    let marked = Facts { pass_mark: Some(80), ..facts() };
    let faults = |input| match assigned().complete(input, &marked, &manager(), at()) {
        Err(Refusal::Invalid(faults)) => {
            faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        }
        other => panic!("{other:?}"),
    };
    let all: Vec<String> =
        faults(Complete { taken_on: today().succ_opt(), score: Some(101), evidence: Some(" ".into()) });
    assert_eq!(all, ["/taken_on out_of_range", "/score out_of_range", "/evidence blank"]);
    let missing: Vec<String> = faults(Complete { taken_on: None, score: None, evidence: None });
    assert_eq!(missing, ["/score required"]);
    let old: Vec<String> =
        faults(Complete { taken_on: today().checked_sub_days(Days::new(400)), score: Some(90), evidence: None });
    assert_eq!(old, ["/taken_on out_of_range"]);
}

#[test]
fn validity_runs_from_the_day_it_was_taken() {
    let taken_on = today() - Days::new(10);
    let input = Complete { taken_on: Some(taken_on), score: None, evidence: None };
    let done = assigned().complete(input.clone(), &facts(), &learner(), at()).unwrap().into_after();
    let Stage::Completed { valid_until: Some(last), .. } = done.stage.clone() else { panic!("holds for ever") };
    assert_eq!(last, taken_on.checked_add_months(chrono::Months::new(12)).unwrap());
    assert_eq!(done.wakes(), last.succ_opt().map(Wake::On));
    let on_last_day = Facts { today: last, ..facts() };
    assert!(matches!(done.clone().expire(&on_last_day, &program(), at()), Err(Refusal::State(_))));
    let after = Facts { today: last.succ_opt().unwrap(), ..facts() };
    assert_eq!(done.clone().expire(&after, &manager(), at()), Err(Refusal::Forbidden));
    assert_eq!(done.expire(&after, &program(), at()).unwrap().after().wakes(), None);
    let for_ever = Facts { validity_months: None, ..facts() };
    let done = assigned().complete(input, &for_ever, &learner(), at()).unwrap().into_after();
    assert_eq!(done.wakes(), None);
}

#[test]
fn a_passed_due_date_is_noted_once() {
    let late = Facts { today: today() + Days::new(31), ..facts() };
    assert!(matches!(assigned().fall_due(&facts(), &program(), at()), Err(Refusal::State(_))));
    assert_eq!(assigned().fall_due(&late, &manager(), at()), Err(Refusal::Forbidden));
    let noted = assigned().fall_due(&late, &program(), at()).unwrap().into_after();
    assert!(noted.is_overdue(late.today) && noted.wakes().is_none());
    assert!(noted.fall_due(&late, &program(), at()).is_err());
}

#[test]
fn what_was_before_is_kept() {
    let again = apply(at_stage(StageName::Failed), Verb::Retake, 0).unwrap();
    assert_eq!((again.attempts.len(), again.attempts[0].score), (1, Some(79)));
    let over = Facts { course_is_published: false, ..facts() };
    let refused = at_stage(StageName::Failed).retake(today(), &over, &manager(), at()).unwrap_err();
    assert!(matches!(refused, Refusal::State(reasons) if reasons[0].code == "course_not_published"));
}

#[test]
fn it_waits_for_somebody() {
    assert_eq!(assigned().work(), [Work::of(member(3), Some(today() + Days::new(30)))]);
    assert_eq!(at_stage(StageName::Failed).work().len(), 1);
    for stage in [StageName::Completed, StageName::Expired, StageName::Void] {
        assert!(at_stage(stage).work().is_empty());
    }
    for stage in StageName::VARIANTS {
        let pending = matches!(stage, StageName::Assigned | StageName::Failed);
        assert_eq!(at_stage(*stage).is_pending(), pending);
    }
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let stored = serde_json::to_value(at_stage(*stage)).unwrap();
        assert_eq!(serde_json::from_value::<TrainingAssignment>(stored).unwrap(), at_stage(*stage));
    }
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let marked = Facts { pass_mark: Some(80), ..facts() };
    let over = Facts { course_is_published: false, ..facts() };
    let birth = birth(Prefix::TrainingAssignment);
    let unpublished = TrainingAssignment::assign(&draft(), (member(3), None), today(), &manager(), birth);
    Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage)), &[facts(), marked, over])
        .and("assign", unpublished)
        .and("expire", assigned().expire(&facts(), &program(), at()))
}
