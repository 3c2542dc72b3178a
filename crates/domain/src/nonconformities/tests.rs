use super::*;
use crate::access::Role;
use crate::analysis::effect::Windows;
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, faults_of, noted_once, person, program};
use crate::id::NonconformityId;
use crate::mistakes::Voidable;
use crate::responsibilities::tests::is_handed_over_whole;
use crate::separation::tests::relaxed;
use crate::separation::{Rule, Separation};
use chrono::Days;
use strum::VariantArray;
use uuid::Uuid;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn judge() -> Actor {
    person(2, &[Role::Auditor])
}

fn facts() -> Facts {
    Facts {
        actions: 1,
        open_actions: 0,
        open_work: 0,
        workers: vec![MemberId(Uuid::from_u128(3))],
        today: at().date_naive(),
        separation: Separation::default(),
    }
}

fn draft() -> NonconformityDraft {
    NonconformityDraft {
        title: "Patches late on laptops".into(),
        statement: "Critical patches are not installed within 14 days".into(),
        objective_evidence: "79 % in week 12".into(),
        source: Source::Indicator,
        origin: None,
        requirement: Some("A.8.8".into()),
        indicators: Vec::new(),
        due_on: None,
    }
}

pub(super) fn reported() -> Nonconformity {
    Nonconformity::raise(draft(), &manager(), birth(Prefix::Nonconformity)).unwrap().into_after()
}

fn verdict(effective: bool, exception_reason: Option<&str>) -> Verify {
    let exception_reason = exception_reason.map(str::to_owned);
    Verify { effective, criterion: "median".into(), evidence: "97 %".into(), effect: None, exception_reason }
}

/// Applies `verb` with an input that only the stage, the role or a duty can refuse.
fn apply(case: Nonconformity, verb: Verb, way: usize) -> Result<Nonconformity, Refusal> {
    let (f, by, day) = (facts(), manager(), at().date_naive());
    let some = || "because".to_owned();
    match (verb, way) {
        (Verb::Confirm, _) => {
            case.confirm(Confirm { grade: Grade::Major, owner: MemberId(Uuid::from_u128(9)) }, &f, &by, at())
        }
        (Verb::Reject, _) => case.reject(some(), &f, &by, at()),
        (Verb::Contain, _) => case.contain(Contain { correction: some(), consequences: some() }, &f, &by, at()),
        (Verb::Analyse, _) => case.analyse(
            Analyse { method: Method::FiveWhys, root_causes: vec![some()], similar: some(), considered: Vec::new() },
            &f,
            &by,
            at(),
        ),
        (Verb::Plan, 0) => case.plan(Plan::Actions, &f, &by, at()),
        (Verb::Plan, _) => {
            let none = Facts { actions: 0, ..f };
            case.plan(Plan::NoAction { justification: some(), check_on: day }, &none, &by, at())
        }
        (Verb::Implement, _) => case.implement(day, &f, &by, at()),
        (Verb::Verify, way) => case.verify(verdict(way == 0, None), &f, &judge(), at()),
        (Verb::Close, _) => case.close(
            Close { isms_change: some(), lessons: some(), no_correction_because: Some(some()) },
            &f,
            &by,
            at(),
        ),
        (Verb::Reopen, way) => case.reopen(way == 0, some(), &f, &by, at()),
        (Verb::Void, _) => case.void(some(), &f, &by, at()),
        (Verb::MarkDuplicate, _) => case.mark_duplicate(&other(), 0, &f, &by, at()),
    }
    .map(Change::into_after)
}

/// Another one, by somebody else.
fn other() -> Nonconformity {
    let mut other = reported();
    other.head.id = Uuid::from_u128(700);
    other.head.created_by = Some(MemberId(Uuid::from_u128(70)));
    other
}

fn walk(verbs: &[Verb]) -> Nonconformity {
    verbs.iter().fold(reported(), |case, verb| apply(case, *verb, 0).unwrap())
}

fn at_stage(stage: StageName) -> Nonconformity {
    use Verb::{Analyse, Close, Confirm, Implement, MarkDuplicate, Plan, Reject, Verify, Void};
    let path = [Confirm, Analyse, Plan, Implement, Verify, Close];
    let steps = match stage {
        StageName::Reported => 0,
        StageName::Rejected => return walk(&[Reject]),
        StageName::Confirmed => 1,
        StageName::Analysed => 2,
        StageName::Planned => 3,
        StageName::Verifying => 4,
        StageName::Verified => 5,
        StageName::Closed => 6,
        StageName::Void => return walk(&[Confirm, Void]),
        StageName::Duplicate => return walk(&[MarkDuplicate]),
    };
    walk(&path[..steps])
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
fn refuses_every_fault_of_a_draft_at_once() {
    let wrong = NonconformityDraft {
        title: " ".into(),
        statement: "a\0".into(),
        requirement: Some("A.5.99".into()),
        ..draft()
    };
    let raised = Nonconformity::raise(wrong, &manager(), birth(Prefix::Nonconformity));
    let Err(Refusal::Invalid(faults)) = raised else { panic!("accepted") };
    let pointers: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect();
    assert_eq!(
        pointers,
        [("/title", "blank"), ("/statement", "forbidden_character"), ("/requirement", "unknown_requirement")]
    );
}

#[test]
fn who_judged_a_case_does_not_come_to_own_it() {
    let case = at_stage(StageName::Verified);
    let named = |n| Amendment { owner: Some(MemberId(Uuid::from_u128(n))), ..Amendment::default() };
    let Err(Refusal::State(reasons)) = case.clone().amend(named(2), &manager(), at()) else { panic!("amended") };
    assert_eq!(reasons[0].code, "separation_of_duties");
    let after = case.amend(named(4), &manager(), at()).unwrap().into_after();
    assert_eq!(after.former_owners, [MemberId(Uuid::from_u128(9))]);
}

#[test]
fn who_did_the_work_or_owns_the_case_does_not_judge_it() {
    let case = at_stage(StageName::Verifying);
    for n in [3, 9] {
        let Err(Refusal::State(reasons)) = case.may(Verb::Verify, &facts(), &person(n, &[Role::Auditor])) else {
            panic!("allowed {n}")
        };
        assert_eq!(reasons[0].code, "separation_of_duties");
    }
    assert_eq!(case.may(Verb::Verify, &facts(), &judge()), Ok(()));
    let yesterday = Facts { today: at().date_naive().pred_opt().unwrap(), ..facts() };
    assert!(
        matches!(case.may(Verb::Verify, &yesterday, &judge()), Err(Refusal::State(reasons)) if reasons[0].code == "too_early")
    );
}

#[test]
fn what_has_actions_is_not_said_to_need_none() {
    let no_action = Plan::NoAction { justification: "A single slip".into(), check_on: at().date_naive() };
    let refusal = at_stage(StageName::Analysed).plan(no_action, &facts(), &manager(), at()).unwrap_err();
    assert!(matches!(refusal, Refusal::State(reasons) if reasons[0].code == "has_actions"));
}

/// Where nothing more was done, the correction is the work that is judged.
#[test]
fn who_contained_what_needed_nothing_more_does_not_judge_it() {
    let contain = Contain { correction: "Patched".into(), consequences: "None".into() };
    let contained =
        at_stage(StageName::Confirmed).contain(contain, &facts(), &person(7, &[Role::IsmsManager]), at()).unwrap();
    let analysed = apply(contained.into_after(), Verb::Analyse, 0).unwrap();
    let alone = apply(analysed.clone(), Verb::Plan, 1).unwrap();
    let nobody = Facts { workers: Vec::new(), ..facts() };
    assert!(matches!(alone.may(Verb::Verify, &nobody, &person(7, &[Role::Auditor])), Err(Refusal::State(_))));
    assert_eq!(alone.may(Verb::Verify, &nobody, &judge()), Ok(()));
    // Where actions followed, they are what is judged.
    let planned = analysed.plan(Plan::Actions, &facts(), &manager(), at()).unwrap().into_after();
    let acted_on = planned.implement(at().date_naive(), &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(acted_on.may(Verb::Verify, &nobody, &person(7, &[Role::Auditor])), Ok(()));
}

#[test]
fn what_comes_back_is_corrected_anew() {
    let contain = Contain { correction: "Patched".into(), consequences: "None".into() };
    let contained = at_stage(StageName::Verified).contain(contain, &facts(), &manager(), at()).unwrap().into_after();
    let close = |reason: Option<&str>| Close {
        isms_change: "Checklist".into(),
        lessons: "Earlier".into(),
        no_correction_because: reason.map(str::to_owned),
    };
    let both = contained.clone().close(close(Some("None was needed")), &facts(), &manager(), at()).unwrap_err();
    assert!(matches!(both, Refusal::Invalid(faults) if faults[0].code == "not_allowed"));
    let closed = contained.close(close(None), &facts(), &manager(), at()).unwrap().into_after();
    let reopen = |recurred| {
        closed.clone().reopen(recurred, "Seen again".into(), &facts(), &manager(), at()).unwrap().into_after()
    };
    let (back, in_error) = (reopen(true), reopen(false));
    assert_eq!((back.containment.is_some(), back.attempts[0].containment.is_some()), (false, true));
    assert_eq!((in_error.containment.is_some(), in_error.attempts[0].containment.is_some()), (true, false));
}

/// Handed over at the last moment, it is still the work of who owned it; a new attempt is not.
#[test]
fn handing_a_case_over_makes_nobody_its_judge() {
    let (owner, heir) = (person(9, &[Role::IsmsManager]), MemberId(Uuid::from_u128(8)));
    let hand_over = |case: Nonconformity, to: MemberId| {
        let input = Amendment { owner: Some(to), ..Amendment::default() };
        case.amend(input, &owner, at()).unwrap().into_after()
    };
    let case = hand_over(at_stage(StageName::Verifying), heir);
    assert_eq!(case.former_owners, [MemberId(Uuid::from_u128(9))]);
    let Err(Refusal::State(reasons)) = case.may(Verb::Verify, &facts(), &owner) else { panic!("allowed") };
    assert_eq!(reasons[0].code, "separation_of_duties");
    let there_and_back = hand_over(hand_over(case.clone(), MemberId(Uuid::from_u128(7))), heir);
    let Err(Refusal::State(_)) = there_and_back.may(Verb::Verify, &facts(), &owner) else { panic!("allowed") };
    let failed = case.verify(verdict(false, None), &facts(), &judge(), at()).unwrap().into_after();
    assert!(failed.former_owners.is_empty());
}

#[test]
fn a_documented_exception_passes_with_its_reason_and_is_kept() {
    let owner = person(9, &[Role::Auditor]);
    let code = |facts: &Facts, reason: Option<&str>| match at_stage(StageName::Verifying).verify(
        verdict(true, reason),
        facts,
        &owner,
        at(),
    ) {
        Err(Refusal::State(reasons)) => reasons[0].code.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(code(&facts(), Some("only two of us")), "separation_of_duties");
    let documented = Facts { separation: relaxed(Rule::CaseVerifier), ..facts() };
    assert_eq!(code(&documented, None), "exception_reason_needed");
    assert_eq!(code(&documented, Some(" ")), "exception_reason_needed");
    let late = Facts { today: at().date_naive() + chrono::Days::new(400), ..documented.clone() };
    assert_eq!(code(&late, Some("only two of us")), "separation_exception_expired");

    let case = at_stage(StageName::Verifying);
    let change = case.clone().verify(verdict(true, Some("only two of us")), &documented, &owner, at()).unwrap();
    assert_eq!(change.reason(), Some("only two of us"));
    let [exception] = change.after().exceptions.as_slice() else { panic!("not kept") };
    assert_eq!((exception.rule, exception.by), (Rule::CaseVerifier, MemberId(Uuid::from_u128(9))));
    assert_eq!(exception.compensating_control, "the board reads every verdict");

    let refused = case.clone().verify(verdict(true, Some("a\0")), &documented, &owner, at()).unwrap_err();
    assert!(matches!(refused, Refusal::Invalid(faults) if faults[0].pointer == "/exception_reason"));
    let free = case.verify(verdict(false, Some("not needed")), &documented, &judge(), at()).unwrap();
    assert_eq!((free.after().exceptions.len(), free.reason()), (0, None));
}

#[test]
fn the_figures_are_frozen_with_the_verdict() {
    let effect = crate::analysis::effect::tests::effect();
    for effective in [true, false] {
        let input = Verify { effect: Some(effect.clone()), ..verdict(effective, None) };
        let judged = at_stage(StageName::Verifying).verify(input, &facts(), &judge(), at()).unwrap().into_after();
        let kept =
            if let Stage::Verified { verdict, .. } = &judged.stage { verdict } else { &judged.attempts[0].verdict };
        assert_eq!(kept.effect.as_ref(), Some(&effect));
        let stored = serde_json::to_value(&judged).unwrap();
        assert_eq!(serde_json::from_value::<Nonconformity>(stored).unwrap(), judged);
    }
}

#[test]
fn implements_only_when_the_work_is_done() {
    let case = at_stage(StageName::Planned);
    for (actions, open, code) in [(0, 0, "no_actions"), (3, 1, "open_actions")] {
        let facts = Facts { actions, open_actions: open, ..facts() };
        assert!(
            matches!(case.may(Verb::Implement, &facts, &manager()), Err(Refusal::State(reasons)) if reasons[0].code == code)
        );
    }
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
fn an_ineffective_or_reopened_turn_is_kept() {
    let again = apply(at_stage(StageName::Verifying), Verb::Verify, 1).unwrap();
    assert_eq!((again.stage.name(), again.attempts.len(), again.recurrences), (StageName::Confirmed, 1, 0));
    let recurred = apply(at_stage(StageName::Closed), Verb::Reopen, 0).unwrap();
    assert_eq!((recurred.attempts.len(), recurred.recurrences), (1, 1));
    assert!(recurred.attempts[0].closure.is_some());
}

#[test]
fn a_closing_without_correction_says_why() {
    let input = Close { isms_change: "none".into(), lessons: "x".into(), no_correction_because: None };
    let refusal = at_stage(StageName::Verified).close(input.clone(), &facts(), &manager(), at()).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid(faults) if faults[0].pointer == "/no_correction_because"));
    let contained = apply(at_stage(StageName::Verified), Verb::Contain, 0).unwrap();
    assert!(contained.close(input, &facts(), &manager(), at()).is_ok());
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let case = at_stage(*stage);
        let stored = serde_json::to_value(&case).unwrap();
        assert_eq!(serde_json::from_value::<Nonconformity>(stored).unwrap(), case);
    }
}

#[test]
fn every_write_counts_the_version_up() {
    assert_eq!(at_stage(StageName::Closed).head.version, 7);
}

#[test]
fn dates_that_pass_are_noted_once_each() {
    let day = at().date_naive() + Days::new(10);
    let due = |case: Nonconformity, on| {
        case.amend(Amendment { due_on: Some(Some(on)), ..Amendment::default() }, &manager(), at()).unwrap().into_after()
    };
    assert_eq!(reported().wakes(), None);
    let late = noted_once(due(reported(), day), day, "nonconformity.fell_due", Nonconformity::fall_due);
    assert_eq!(late.wakes(), None);
    assert!(due(late, day + Days::new(1)).wakes().is_some(), "a new date is another matter");
    // The day of the verdict passes first.
    let check_on = at().date_naive();
    let verifying = walk(&[Verb::Confirm, Verb::Analyse, Verb::Plan, Verb::Implement]);
    let action = "nonconformity.verification_fell_due";
    let late = noted_once(due(verifying, day), check_on, action, Nonconformity::fall_due);
    assert_eq!(late.wakes(), Wake::once_past(day, None));
    let noted = late.fall_due(day + Days::new(1), &program(), at()).unwrap();
    assert_eq!((noted.verb(), noted.after().wakes()), ("fell_due", None));
    let judged = apply(noted.into_after(), Verb::Verify, 0).unwrap();
    let open = due(judged, day + Days::new(5));
    assert!(open.wakes().is_some());
    assert_eq!(apply(open, Verb::Close, 0).unwrap().wakes(), None);
}

#[test]
fn what_was_judged_or_is_worked_on_is_not_taken_back() {
    let said = |result: Result<Change<Nonconformity>, Refusal>| match result {
        Err(Refusal::State(reasons)) => reasons.into_iter().map(|reason| reason.detail).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let again = apply(at_stage(StageName::Verifying), Verb::Verify, 1).unwrap();
    let busy = Facts { open_work: 1, ..facts() };
    assert_eq!(
        said(again.clone().void("so".into(), &busy, &manager(), at())),
        [
            "its effectiveness was judged: what was judged is not taken back",
            "1 of its actions are open: finish or cancel them first"
        ]
    );
    assert_eq!(
        said(again.mark_duplicate(&other(), 0, &facts(), &manager(), at())),
        ["its effectiveness was judged: what was judged is not taken back"]
    );
    let reported = at_stage(StageName::Reported);
    assert_eq!(
        said(reported.void("so".into(), &facts(), &manager(), at())),
        ["a nonconformity that is reported does not know void"]
    );
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
    let bare = Facts { actions: 0, ..facts() };
    let working = Facts { open_actions: 1, open_work: 1, ..facts() };
    let later = Facts { workers: vec![crate::fixtures::member(9), crate::fixtures::member(2)], ..facts() };
    let judged = apply(at_stage(StageName::Verifying), Verb::Verify, 1).unwrap();
    let cases = StageName::VARIANTS.iter().map(|stage| at_stage(*stage)).chain([judged]);
    Refusals::of(cases, &[facts(), bare, working, excepted(Rule::CaseVerifier), expired(Rule::CaseVerifier), later])
}

#[test]
fn its_indicators_are_compared_around_its_treatment() {
    let mut case = reported();
    assert!(!serde_json::to_string(&case).unwrap().contains("indicators"), "what was there keeps its hash");
    case.indicators = vec![IndicatorId(Uuid::from_u128(7))];
    let now = at().checked_add_days(Days::new(10)).unwrap();
    for verb in [Verb::Confirm, Verb::Analyse, Verb::Plan] {
        assert_eq!(case.windows(now), None, "{verb:?}");
        case = apply(case, verb, 0).unwrap();
    }
    assert_eq!(case.windows(now), None);
    let awaited = apply(case, Verb::Implement, 0).unwrap();
    assert_eq!(awaited.windows(now), Some(Windows::around(at(), at(), now)));
    assert_eq!(Nonconformity { indicators: Vec::new(), ..awaited.clone() }.windows(now), None);
    // As it was stored before since when was kept.
    let mut stored = serde_json::to_value(&awaited).unwrap();
    stored["stage"].as_object_mut().unwrap().remove("since").unwrap();
    let old: Nonconformity = serde_json::from_value(stored).unwrap();
    assert_eq!(old.windows(now), None);
    assert!(!serde_json::to_string(&old).unwrap().contains("since"));
    assert_eq!(apply(awaited, Verb::Verify, 0).unwrap().windows(now), None, "it is judged");
}

#[test]
fn each_indicator_is_named_once() {
    let twice = vec![IndicatorId(Uuid::from_u128(7)); 2];
    let draft = NonconformityDraft { indicators: twice.clone(), ..draft() };
    let raised = Nonconformity::raise(draft, &manager(), birth(Prefix::Nonconformity));
    assert_eq!(faults_of(raised), ["/indicators/1 duplicate"]);
    let amendment = Amendment { indicators: Some(twice), ..Amendment::default() };
    assert_eq!(faults_of(reported().amend(amendment, &manager(), at())), ["/indicators/1 duplicate"]);
}

#[test]
fn what_was_looked_at_is_another_and_named_once() {
    let case = apply(reported(), Verb::Confirm, 0).unwrap();
    let named = |n| Considered { case: NonconformityId(Uuid::from_u128(n)), same_cause: true, note: None };
    let analyse = |considered| Analyse {
        method: Method::Other,
        root_causes: vec!["No agent".into()],
        similar: "Looked for".into(),
        considered,
    };
    let of = |considered| case.clone().analyse(analyse(considered), &facts(), &manager(), at());
    assert_eq!(faults_of(of(vec![named(0)])), ["/considered/0/nonconformity itself"]);
    assert_eq!(faults_of(of(vec![named(1), named(1)])), ["/considered/1/nonconformity duplicate"]);
    let blank = Considered { note: Some(" ".into()), ..named(1) };
    assert_eq!(faults_of(of(vec![blank])), ["/considered/0/note blank"]);
    assert_eq!(faults_of(of((1..22).map(named).collect())), ["/considered length"]);
    let analysed = of((1..21).map(named).collect()).unwrap().into_after();
    assert_eq!(analysed.analysis().unwrap().considered.len(), CONSIDERED);
    let without = of(Vec::new()).unwrap().into_after();
    assert!(!serde_json::to_string(&without).unwrap().contains("considered"), "what was there keeps its hash");
}
