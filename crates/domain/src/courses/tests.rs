use super::*;
use crate::access::{Identity, Role};
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, member, noted_once, person};
use crate::responsibilities::tests::is_handed_over_whole;
use crate::separation::Rule;
use crate::separation::tests::relaxed;
use chrono::Days;
use strum::VariantArray;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn judge() -> Actor {
    person(2, &[Role::Auditor])
}

fn today() -> NaiveDate {
    at().date_naive()
}

fn facts() -> Facts {
    Facts { today: today(), ..Facts::default() }
}

fn draft() -> CourseDraft {
    CourseDraft {
        title: "Phishing".into(),
        description: Some("How to tell a forged mail".into()),
        material: Some("https://learn.example.org/phishing".into()),
        audience: Audience::All {},
        due_in_days: 30,
        validity_months: Some(12),
        pass_mark: Some(80),
        requirements: vec!["7.3".into(), "A.6.3".into()],
        indicators: vec![IndicatorId(uuid::Uuid::from_u128(7))],
        owner: Some(member(1)),
    }
}

fn drafted() -> Course {
    Course::define(draft(), &manager(), birth(Prefix::Course)).unwrap().into_after()
}

fn evaluation() -> Evaluate {
    Evaluate {
        effective: true,
        criterion: "Clicks in the yearly trial".into(),
        evidence: "4.9 %, before 11.8 %".into(),
        effect: None,
        again_on: None,
        exception_reason: None,
    }
}

fn apply(course: Course, verb: Verb) -> Result<Course, Refusal> {
    match verb {
        Verb::Publish => course.publish(today(), &facts(), &manager(), at()),
        Verb::Evaluate => course.evaluate(evaluation(), &facts(), &judge(), at()),
        Verb::Retire => course.retire("Nobody phishes any more".into(), &facts(), &manager(), at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> Course {
    match stage {
        StageName::Draft => drafted(),
        StageName::Published => apply(drafted(), Verb::Publish).unwrap(),
        StageName::Retired => apply(at_stage(StageName::Published), Verb::Retire).unwrap(),
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
fn refuses_every_fault_of_a_draft_at_once() {
    let wrong = CourseDraft {
        title: " ".into(),
        description: Some("a\0".into()),
        material: Some(String::new()),
        audience: Audience::Roles { roles: vec![] },
        due_in_days: 0,
        validity_months: Some(121),
        pass_mark: Some(0),
        requirements: vec!["A.6.3".into(), "A.9.9".into(), "A.6.3".into()],
        indicators: [7, 7].map(|n| IndicatorId(uuid::Uuid::from_u128(n))).to_vec(),
        owner: None,
    };
    let defined = Course::define(wrong, &manager(), birth(Prefix::Course));
    let Err(Refusal::Invalid(faults)) = defined else { panic!("accepted") };
    let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(
        pointers,
        [
            "/title",
            "/description",
            "/material",
            "/audience/roles",
            "/due_in_days",
            "/validity_months",
            "/pass_mark",
            "/requirements/1",
            "/requirements/2",
            "/indicators/1"
        ]
    );
    let by_member = Course::define(draft(), &person(3, &[Role::Member]), birth(Prefix::Course));
    assert_eq!(by_member, Err(Refusal::Forbidden));
}

#[test]
fn nobody_is_sent_to_a_course_that_nobody_finds() {
    let bare = CourseDraft { owner: None, material: None, ..draft() };
    let course = Course::define(bare, &manager(), birth(Prefix::Course)).unwrap().into_after();
    let Err(Refusal::State(reasons)) = course.may(Verb::Publish, &facts(), &manager()) else { panic!("published") };
    assert_eq!(reasons.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>(), ["no_owner", "no_material"]);
    let hidden = Amendment { material: Some(None), ..Amendment::default() };
    let refused = at_stage(StageName::Published).amend(hidden.clone(), &manager(), at()).unwrap_err();
    assert!(matches!(refused, Refusal::State(reasons) if reasons[0].code == "no_material"));
    assert!(drafted().amend(hidden, &manager(), at()).is_ok());
}

#[test]
fn another_audience_is_assigned_anew() {
    let later = at() + chrono::TimeDelta::days(1);
    let published = at_stage(StageName::Published);
    let amend = |input| published.clone().amend(input, &manager(), later).unwrap().into_after();
    let same = amend(Amendment { audience: Some(Audience::All {}), due_in_days: Some(5), ..Amendment::default() });
    assert_eq!((same.wakes(), same.due_in_days), (published.wakes(), 5));
    let auditors = Audience::Roles { roles: vec![Role::Auditor] };
    let other = amend(Amendment { audience: Some(auditors), ..Amendment::default() });
    assert_eq!(other.wakes(), Some(Wake::AtAndOn(later, today() + Days::new(1))));
    assert_eq!(drafted().wakes(), None);
    let gone = at_stage(StageName::Retired);
    assert_eq!(gone.wakes(), Some(Wake::At(at())), "what is open becomes void");
    assert!(matches!(gone.amend(Amendment::default(), &manager(), at()), Err(Refusal::State(_))));
}

#[test]
fn the_owner_does_not_judge_whether_it_worked() {
    let course = at_stage(StageName::Published);
    assert_eq!(course.work(), [Work::of_whoever(Permission::VerifyEffectiveness, Some(member(1)), Some(today()))]);
    let code = |facts: &Facts, input: Evaluate| match course.clone().evaluate(input, facts, &manager(), at()) {
        Err(Refusal::State(reasons)) => reasons[0].code.clone(),
        other => panic!("{other:?}"),
    };
    let excused = || Evaluate { exception_reason: Some("only two of us".into()), ..evaluation() };
    assert_eq!(code(&facts(), excused()), "separation_of_duties");
    let small = Facts { separation: relaxed(Rule::TrainingEvaluator), ..facts() };
    assert_eq!(code(&small, evaluation()), "exception_reason_needed");
    let change = course.clone().evaluate(excused(), &small, &manager(), at()).unwrap();
    assert_eq!((change.reason(), change.after().exceptions.len()), (Some("only two of us"), 1));
    let key = machine(&[Permission::VerifyEffectiveness]);
    assert!(matches!(course.evaluate(evaluation(), &facts(), &key, at()), Err(Refusal::State(_))));
}

#[test]
fn a_judgement_says_what_was_seen() {
    let course = at_stage(StageName::Published);
    let wrong = Evaluate { criterion: " ".into(), evidence: "\0".into(), again_on: today().pred_opt(), ..evaluation() };
    let Err(Refusal::Invalid(faults)) = course.clone().evaluate(wrong, &facts(), &judge(), at()) else {
        panic!("judged")
    };
    let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/criterion", "/evidence", "/again_on"]);
    let next = today() + Days::new(365);
    let again = Evaluate { effective: false, again_on: Some(next), ..evaluation() };
    let change = course.evaluate(again, &facts(), &judge(), at()).unwrap();
    assert_eq!(change.verb(), "evaluated_ineffective");
    assert_eq!(change.after().work()[0].due_on, Some(next));
    let done = change.into_after().evaluate(evaluation(), &facts(), &judge(), at()).unwrap();
    assert_eq!((done.verb(), done.after().work().len()), ("evaluated_effective", 0));
}

#[test]
fn a_role_without_the_permission_is_refused_in_every_stage() {
    let nobody = Actor { identity: Identity::Anonymous, ..manager() };
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            for by in [&person(77, &[Role::Admin]), &person(77, &[Role::Member]), &nobody] {
                assert_eq!(at_stage(*stage).may(*verb, &facts(), by), Err(Refusal::Forbidden), "{stage:?} {verb:?}");
            }
        }
    }
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let stored = serde_json::to_value(at_stage(*stage)).unwrap();
        assert_eq!(serde_json::from_value::<Course>(stored).unwrap(), at_stage(*stage));
    }
}

#[test]
fn a_judgement_that_is_overdue_is_noted_once() {
    let day = today() + Days::new(60);
    let course = drafted().publish(day, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(course.wakes(), Some(Wake::AtAndOn(at(), day + Days::new(1))), "its audience is followed at once");
    let late = noted_once(course, day, "course.evaluation_fell_due", Course::fall_due);
    assert_eq!(late.wakes(), Some(Wake::At(at())));
    let again = Evaluate { again_on: Some(day + Days::new(9)), ..evaluation() };
    let judged = late.evaluate(again, &facts(), &judge(), at()).unwrap().into_after();
    assert_eq!(judged.wakes(), Some(Wake::AtAndOn(at(), day + Days::new(10))));
    assert_eq!(apply(judged, Verb::Retire).unwrap().wakes(), Some(Wake::At(at())));
}

/// Of four who have completed it, half had on the third day.
#[test]
fn its_effect_is_seen_once_half_have_taken_it() {
    let day = |n: u64| at() + Days::new(n);
    let course = at_stage(StageName::Published);
    assert_eq!(course.windows(&[], day(99)), None);
    let windows = course.windows(&[day(40), day(3), day(1), day(9)], day(99)).unwrap();
    assert_eq!((windows.before.from, windows.before.to), (at() - Days::new(89), day(1)));
    assert_eq!((windows.after.from, windows.after.to), (day(3), day(99)));
    let aimless = Amendment { indicators: Some(Vec::new()), ..Amendment::default() };
    let aimless = course.clone().amend(aimless, &manager(), at()).unwrap().into_after();
    assert_eq!(aimless.windows(&[day(1)], day(99)), None);
    let edges = course.edges();
    assert_eq!((edges.len(), edges[0].to.kind), (1, Prefix::Indicator));
    let effect = crate::analysis::effect::tests::effect();
    let judged = |again_on| {
        let input = Evaluate { effect: Some(effect.clone()), again_on, ..evaluation() };
        course.clone().evaluate(input, &facts(), &judge(), at()).unwrap().into_after()
    };
    assert_eq!(judged(None).frozen_effect(), Some(&effect));
    assert_eq!(judged(Some(today())).frozen_effect(), None, "it is looked at again");
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let excepted = |rule| Facts { separation: relaxed(rule), ..facts() };
    let expired = |rule| Facts { today: at().date_naive() + Days::new(400), ..excepted(rule) };
    let bare = Course { owner: None, material: None, ..drafted() };
    let courses = StageName::VARIANTS.iter().map(|stage| at_stage(*stage)).chain([bare]);
    Refusals::of(courses, &[facts(), excepted(Rule::TrainingEvaluator), expired(Rule::TrainingEvaluator)])
}
