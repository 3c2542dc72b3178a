use super::*;
use crate::access::Role;
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, member, noted_once, person, program};
use crate::id::IndicatorId;
use crate::mistakes::Voidable;
use crate::responsibilities::tests::is_handed_over_whole;
use crate::separation::tests::relaxed;
use crate::separation::{Rule, Separation};
use chrono::Days;
use uuid::Uuid;

/// Proposer 4, decider 1, owner 9, judge 2; who worked an action is 3.
fn proposer() -> Actor {
    person(4, &[Role::Member])
}

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn judge() -> Actor {
    person(2, &[Role::Auditor])
}

fn figures(median: f64) -> Figures {
    Figures { median, count: 12, from: at(), until: at() }
}

fn facts() -> Facts {
    Facts {
        votes: 17,
        open_actions: 0,
        workers: vec![member(3)],
        figures: Some(figures(97.0)),
        today: at().date_naive(),
        separation: Separation::default(),
    }
}

fn by_indicator() -> Measure {
    Measure::Indicator { indicator: IndicatorId(Uuid::from_u128(70)), baseline: 84.0, target: 95.0 }
}

fn draft() -> ImprovementDraft {
    ImprovementDraft {
        title: "Patch laptops from the image on".into(),
        description: "The image could carry the update agent".into(),
        source: Source::Employee,
        origin: None,
        proposer: Some(member(4)),
        expected_benefit: Some("No window without patches".into()),
        measure: Some(by_indicator()),
        effort: Some(Size::Small),
        value: Some(Size::Large),
    }
}

fn of(draft: ImprovementDraft) -> Improvement {
    Improvement::propose(draft, &proposer(), birth(Prefix::Improvement)).unwrap().into_after()
}

pub(crate) fn proposed() -> Improvement {
    of(draft())
}

pub(crate) fn declined() -> Improvement {
    at_stage(StageName::Declined)
}

fn conclude(realised: Option<bool>) -> Conclude {
    Conclude {
        realised,
        evidence: "Twelve weeks".into(),
        lessons: "Images have owners".into(),
        effect: None,
        exception_reason: None,
    }
}

/// Applies `verb` with an input that only the stage, the role or a duty can refuse.
fn apply(improvement: Improvement, verb: Verb, way: usize) -> Result<Improvement, Refusal> {
    let (f, by, day) = (facts(), manager(), at().date_naive());
    let some = || "because".to_owned();
    let exception_reason = None;
    match verb {
        Verb::Accept => {
            let input = Accept { owner: member(9), reason: some(), expected_benefit: None, exception_reason };
            improvement.accept(input, &f, &by, at())
        }
        Verb::Decline => improvement.decline(Decline { reason: some(), exception_reason }, &f, &by, at()),
        Verb::Plan => improvement.plan((some(), day), &f, &by, at()),
        Verb::Start => improvement.start(&f, &by, at()),
        Verb::Measure => improvement.measure((some(), day), &f, &by, at()),
        Verb::Conclude => {
            let median = if way == 0 { 97.0 } else { 90.0 };
            improvement.conclude(conclude(None), &Facts { figures: Some(figures(median)), ..f }, &judge(), at())
        }
        Verb::Abandon => improvement.abandon(some(), &f, &by, at()),
        Verb::Void => improvement.void(some(), &f, &by, at()),
        Verb::MarkDuplicate => improvement.mark_duplicate(&other(), 0, &f, &by, at()),
    }
    .map(Change::into_after)
}

/// Another one.
fn other() -> Improvement {
    let mut other = proposed();
    other.head.id = uuid::Uuid::from_u128(700);
    other
}

fn walk(improvement: Improvement, verbs: &[Verb]) -> Improvement {
    verbs.iter().fold(improvement, |improvement, verb| apply(improvement, *verb, 0).unwrap())
}

const PATH: [Verb; 5] = [Verb::Accept, Verb::Plan, Verb::Start, Verb::Measure, Verb::Conclude];

pub(crate) fn at_stage(stage: StageName) -> Improvement {
    let steps = match stage {
        StageName::Proposed => 0,
        StageName::Declined => return walk(proposed(), &[Verb::Decline]),
        StageName::Accepted => 1,
        StageName::Planned => 2,
        StageName::InProgress => 3,
        StageName::Measuring => 4,
        StageName::Realised => 5,
        StageName::NotRealised => return apply(at_stage(StageName::Measuring), Verb::Conclude, 1).unwrap(),
        StageName::Void => return walk(proposed(), &[Verb::Void]),
        StageName::Duplicate => return walk(proposed(), &[Verb::MarkDuplicate]),
    };
    walk(proposed(), &PATH[..steps])
}

fn codes<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Vec<String> {
    match result {
        Err(Refusal::State(reasons)) => reasons.into_iter().map(|reason| reason.code).collect(),
        Err(Refusal::Invalid(faults)) => {
            faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        }
        other => panic!("{other:?}"),
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
                    Err(refusal) => assert_eq!(codes::<()>(Err(refusal))[0], "wrong_state", "{stage:?} {verb:?}"),
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
fn refuses_every_fault_of_a_draft_at_once() {
    let measure = Some(Measure::Criterion { criterion: String::new() });
    let wrong = ImprovementDraft {
        title: " ".into(),
        description: "a\0".into(),
        expected_benefit: Some(String::new()),
        measure,
        ..draft()
    };
    assert_eq!(
        codes(Improvement::propose(wrong, &proposer(), birth(Prefix::Improvement))),
        ["/title blank", "/description forbidden_character", "/expected_benefit blank", "/measure/criterion blank"]
    );
    for role in [Role::Admin, Role::ExternalAuditor] {
        let refused = Improvement::propose(draft(), &person(5, &[role]), birth(Prefix::Improvement));
        assert_eq!(refused.unwrap_err(), Refusal::Forbidden);
    }
}

#[test]
fn who_proposed_it_does_not_decide_it() {
    let me = person(4, &[Role::Member, Role::Management]);
    for verb in [Verb::Accept, Verb::Decline] {
        assert_eq!(codes(proposed().may(verb, &facts(), &me)), ["separation_of_duties"]);
        assert_eq!(proposed().may(verb, &facts(), &manager()), Ok(()));
    }
    // What was recorded on somebody's behalf is decided by who recorded it, and not by whose idea it was.
    let recorded = Improvement::propose(draft(), &manager(), birth(Prefix::Improvement)).unwrap().into_after();
    assert_eq!(recorded.may(Verb::Accept, &facts(), &manager()), Ok(()));
    assert_eq!(codes(recorded.may(Verb::Accept, &facts(), &me)), ["separation_of_duties"]);

    let documented = Facts { separation: relaxed(Rule::ImprovementDecider), ..facts() };
    let input = |reason: Option<&str>| Decline { reason: "No".into(), exception_reason: reason.map(str::to_owned) };
    assert_eq!(codes(proposed().decline(input(None), &documented, &me, at())), ["exception_reason_needed"]);
    let declined = proposed().decline(input(Some("only me")), &documented, &me, at()).unwrap().into_after();
    assert_eq!((declined.exceptions.len(), declined.exceptions[0].rule), (1, Rule::ImprovementDecider));
}

#[test]
fn a_decision_keeps_the_votes_and_says_what_will_be_better() {
    let decision = at_stage(StageName::Accepted).decision.unwrap();
    assert_eq!((decision.votes, decision.by), (17, member(1)));
    let vague = of(ImprovementDraft { expected_benefit: None, ..draft() });
    let input = |benefit: Option<&str>| Accept {
        owner: member(9),
        reason: "Cheap".into(),
        expected_benefit: benefit.map(str::to_owned),
        exception_reason: None,
    };
    assert_eq!(codes(vague.clone().accept(input(None), &facts(), &manager(), at())), ["/expected_benefit required"]);
    let accepted = vague.accept(input(Some("Fewer gaps")), &facts(), &manager(), at()).unwrap();
    assert_eq!(accepted.after().expected_benefit.as_deref(), Some("Fewer gaps"));
    assert_eq!(accepted.reason(), Some("Cheap"));
}

#[test]
fn what_cannot_be_told_afterwards_is_not_begun() {
    let vague = walk(of(ImprovementDraft { measure: None, ..draft() }), &[Verb::Accept]);
    assert_eq!(codes(vague.may(Verb::Plan, &facts(), &manager())), ["no_measure"]);
    let measure = Some(Some(by_indicator()));
    let told = vague.amend(Amendment { measure, ..Amendment::default() }, &manager(), at()).unwrap().into_after();
    assert_eq!(told.may(Verb::Plan, &facts(), &manager()), Ok(()));
    let other = || Some(Some(Measure::Criterion { criterion: "Everybody says so".into() }));
    let planned = at_stage(StageName::Planned);
    let moved = planned.clone().amend(Amendment { measure: other(), ..Amendment::default() }, &manager(), at());
    assert_eq!(codes(moved), ["measure_is_fixed"]);
    let same = Amendment { measure: Some(Some(by_indicator())), ..Amendment::default() };
    assert!(planned.amend(same, &manager(), at()).is_ok(), "said again, nothing moves");
}

#[test]
fn it_is_in_place_when_its_actions_are_done() {
    let busy = Facts { open_actions: 2, ..facts() };
    assert_eq!(codes(at_stage(StageName::InProgress).may(Verb::Measure, &busy, &manager())), ["open_actions"]);
}

#[test]
fn the_benefit_is_measured_and_never_merely_claimed() {
    let measuring = || at_stage(StageName::Measuring);
    let unmeasured = Facts { figures: None, ..facts() };
    assert_eq!(codes(measuring().may(Verb::Conclude, &unmeasured, &judge())), ["not_measured"]);
    let short = Facts { figures: Some(figures(90.0)), ..facts() };
    assert_eq!(codes(measuring().conclude(conclude(Some(true)), &short, &judge(), at())), ["figures_say_otherwise"]);
    assert_eq!(codes(measuring().conclude(conclude(Some(false)), &facts(), &judge(), at())), ["figures_say_otherwise"]);
    let told = measuring().conclude(conclude(None), &short, &judge(), at()).unwrap();
    assert_eq!(told.verb(), "not_realised");
    let Stage::NotRealised { miss: Miss::Judged { verdict, .. } } = &told.after().stage else { panic!("{told:?}") };
    assert_eq!((verdict.figures, verdict.by), (short.figures, member(2)));
    assert!((verdict.progress.unwrap() - 6.0 / 11.0).abs() < 1e-9);
}

#[test]
fn without_an_indicator_somebody_else_judges() {
    let measure = Some(Measure::Criterion { criterion: "Ask ten people".into() });
    let measuring = || walk(of(ImprovementDraft { measure: measure.clone(), ..draft() }), &PATH[..4]);
    let facts = Facts { figures: None, ..facts() };
    assert_eq!(codes(measuring().conclude(conclude(None), &facts, &judge(), at())), ["/realised required"]);
    let told = measuring().conclude(conclude(Some(true)), &facts, &judge(), at()).unwrap().into_after();
    let Stage::Realised { verdict, .. } = &told.stage else { panic!("{told:?}") };
    assert_eq!((verdict.figures, verdict.progress), (None, None));
}

#[test]
fn who_owns_it_or_did_the_work_does_not_judge_it() {
    let measuring = at_stage(StageName::Measuring);
    for n in [3, 9] {
        let verdict = measuring.may(Verb::Conclude, &facts(), &person(n, &[Role::Auditor]));
        assert_eq!(codes(verdict), ["separation_of_duties"]);
    }
    let early = Facts { today: at().date_naive().pred_opt().unwrap(), ..facts() };
    assert_eq!(codes(measuring.may(Verb::Conclude, &early, &judge())), ["too_early"]);
    assert_eq!(measuring.may(Verb::Conclude, &facts(), &judge()), Ok(()));
}

#[test]
fn the_proposer_words_it_and_the_owner_works_it() {
    let title = || Amendment { title: Some("Other".into()), ..Amendment::default() };
    let owner = person(9, &[Role::Member]);
    assert!(proposed().amend(title(), &proposer(), at()).is_ok());
    assert_eq!(proposed().amend(title(), &owner, at()).unwrap_err(), Refusal::Forbidden);
    let accepted = at_stage(StageName::Accepted);
    assert_eq!(accepted.clone().amend(title(), &proposer(), at()).unwrap_err(), Refusal::Forbidden);
    assert!(accepted.clone().amend(title(), &owner, at()).is_ok());
    assert_eq!(accepted.may(Verb::Plan, &facts(), &owner), Ok(()));
    assert_eq!(accepted.may(Verb::Plan, &facts(), &proposer()), Err(Refusal::Forbidden));
    let blank = Amendment { title: Some(" ".into()), ..Amendment::default() };
    assert_eq!(codes(accepted.amend(blank, &owner, at())), ["/title blank"]);
    let early = Amendment { owner: Some(member(9)), ..Amendment::default() };
    assert_eq!(codes(proposed().amend(early, &manager(), at())), ["not_accepted"]);
    for stage in [StageName::Declined, StageName::Realised, StageName::NotRealised] {
        assert_eq!(codes(at_stage(stage).amend(title(), &manager(), at())), ["wrong_state"]);
    }
}

#[test]
fn the_suggestion_box_is_seen_by_all_who_may_see_anything() {
    let colleague = person(50, &[Role::Member]);
    assert!(proposed().is_visible(&colleague));
    assert!(!at_stage(StageName::Accepted).is_visible(&colleague));
    assert!(declined().is_visible(&proposer()));
    assert!(!proposed().is_visible(&machine(&[Permission::ProposeImprovement])));
    assert!(proposed().is_visible(&machine(&[Permission::ReadRecords])));
}

#[test]
fn a_role_without_the_permission_is_refused_in_every_stage() {
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            for role in [Role::Admin, Role::ExternalAuditor, Role::Member] {
                assert_eq!(
                    at_stage(*stage).may(*verb, &facts(), &person(77, &[role])),
                    Err(Refusal::Forbidden),
                    "{stage:?} {verb:?} {role:?}"
                );
            }
        }
    }
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let improvement = at_stage(*stage);
        let stored = serde_json::to_value(&improvement).unwrap();
        assert_eq!(serde_json::from_value::<Improvement>(stored).unwrap(), improvement);
    }
    let abandoned = apply(at_stage(StageName::Planned), Verb::Abandon, 0).unwrap();
    let stored = serde_json::to_value(&abandoned).unwrap();
    assert_eq!(serde_json::from_value::<Improvement>(stored).unwrap(), abandoned);
    assert_eq!((abandoned.implementation(), abandoned.takes_actions()), (None, None));
}

#[test]
fn it_tells_what_it_was_born_of_and_what_shows_the_benefit() {
    let origin = Target { kind: Prefix::Signal, id: crate::id::RecordId(Uuid::from_u128(8)) };
    let edges = of(ImprovementDraft { origin: Some(origin), ..draft() }).edges();
    assert_eq!((edges[0].from, edges[0].relation), (origin, Relation::Raised));
    assert_eq!((edges[1].to.kind, edges[1].relation), (Prefix::Indicator, Relation::VerifiedBy));
}

#[test]
fn days_that_pass_are_noted_once_each() {
    let day = at().date_naive();
    let planned = walk(proposed(), &PATH[..2]);
    let late = noted_once(planned, day, "improvement.fell_due", Improvement::fall_due);
    assert_eq!(late.wakes(), None);
    let later = day + Days::new(14);
    let then = |day| Facts { today: day, ..facts() };
    let begun = apply(late, Verb::Start, 0).unwrap();
    let measuring =
        begun.measure(("It serves".into(), later), &then(day + Days::new(2)), &manager(), at()).unwrap().into_after();
    assert_eq!(measuring.wakes(), Wake::once_past(later, None));
    let noted = measuring.fall_due(later + Days::new(1), &program(), at()).unwrap();
    assert_eq!((noted.verb(), noted.after().wakes()), ("judgement_fell_due", None));
    assert_eq!(proposed().wakes(), None);
    let judged = noted.into_after().conclude(conclude(None), &then(later), &judge(), at()).unwrap();
    assert_eq!(judged.after().wakes(), None);
}

#[test]
fn its_benefit_is_seen_from_when_it_was_in_place() {
    let now = at() + Days::new(30);
    assert_eq!(at_stage(StageName::InProgress).measured_over(now), None);
    let measuring = at_stage(StageName::Measuring);
    let (indicator, windows) = measuring.measured_over(now).unwrap();
    assert_eq!(indicator, IndicatorId(Uuid::from_u128(70)));
    assert_eq!((windows.before.from, windows.before.to), (at() - Days::new(90), at()));
    assert_eq!((windows.after.from, windows.after.to), (at(), now));
    let effect = crate::analysis::effect::tests::effect();
    let input = Conclude { effect: Some(effect.clone()), ..conclude(None) };
    let judged = measuring.conclude(input, &facts(), &judge(), at()).unwrap().into_after();
    assert_eq!(judged.frozen_effect(), Some(&effect));
    assert_eq!(at_stage(StageName::Realised).frozen_effect(), None, "judged before effects were frozen");
    let seen = of(ImprovementDraft { measure: Some(Measure::Criterion { criterion: "Look".into() }), ..draft() });
    assert_eq!(walk(seen, &PATH[..4]).measured_over(now), None);
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
    let working = Facts { open_actions: 2, ..facts() };
    let unmeasured = Facts { figures: None, ..facts() };
    let early = Facts { today: at().date_naive() - Days::new(1), ..facts() };
    let vague = || Improvement { measure: None, ..at_stage(StageName::Accepted) };
    let improvements = StageName::VARIANTS.iter().map(|stage| at_stage(*stage)).chain([vague()]);
    Refusals::of(
        improvements,
        &[
            facts(),
            working,
            unmeasured,
            early,
            excepted(Rule::ImprovementDecider),
            expired(Rule::ImprovementDecider),
            excepted(Rule::CaseVerifier),
            expired(Rule::CaseVerifier),
        ],
    )
}
