use super::*;
use crate::access::Role;
use crate::analysis::effect::Effect;
use crate::change::{Change, Lifecycle};
use crate::change_templates;
use crate::change_templates::tests::{approved as template, assessment};
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, member, person};
use crate::refusal::Refusal;
use crate::responsibilities::tests::is_handed_over_whole;
use crate::separation::Rule;
use crate::separation::tests::relaxed;
use chrono::TimeDelta;
use strum::VariantArray;
use uuid::Uuid;

/// Requests.
fn requester() -> Actor {
    person(1, &[Role::IsmsManager])
}

/// Approves.
fn management() -> Actor {
    person(2, &[Role::Management])
}

/// Reviews.
fn auditor() -> Actor {
    person(3, &[Role::Auditor])
}

/// Makes it.
const OWNER: u128 = 5;

fn facts() -> Facts {
    Facts {
        now: at(),
        today: at().date_naive(),
        approve_by: at().date_naive() + Days::new(3),
        workers: vec![member(6)],
        template: template().approval().cloned(),
        ..Facts::default()
    }
}

/// Once the four weeks are over.
fn later() -> Facts {
    let now = at() + TimeDelta::days(28);
    Facts { now, today: now.date_naive(), ..facts() }
}

fn words() -> Description {
    Description {
        purpose: "Laptops are patched in time".into(),
        description: "Put the update agent into the image".into(),
        requirements: vec!["A.8.8".into(), "A.8.32".into()],
        indicators: vec![IndicatorId(Uuid::from_u128(40))],
    }
}

fn draft(kind: Kind) -> ChangeDraft {
    let what = match kind {
        Kind::Standard => What::Standard(Box::new(template())),
        Kind::Normal => What::Normal(words()),
        Kind::Emergency => What::Emergency(words()),
    };
    ChangeDraft {
        title: "Update agent".into(),
        what,
        particulars: None,
        owner: member(OWNER),
        affected: Vec::new(),
        origin: None,
    }
}

fn request(kind: Kind) -> PlannedChange {
    PlannedChange::request(draft(kind), &requester(), birth(Prefix::Change)).unwrap().into_after()
}

fn effect() -> Effect {
    let period = Period { from: at(), to: at() + TimeDelta::days(28) };
    Effect::of(Windows { before: period, after: period }, &[], true)
}

fn review(verdict: Verdict) -> Review {
    Review { verdict, conclusion: "Seen".into(), effect: effect(), exception_reason: None }
}

fn nonconformity() -> Target {
    Target { kind: Prefix::Nonconformity, id: RecordId(Uuid::from_u128(50)) }
}

fn amendment() -> ChangeAmendment {
    ChangeAmendment { title: Some("Update agent, silent".into()), ..ChangeAmendment::default() }
}

/// Applies `verb` with an input that only the stage, the kind, the role or a duty can refuse.
fn apply(change: PlannedChange, verb: Verb) -> Result<PlannedChange, Refusal> {
    let (f, by, some) = (facts(), requester(), || "because".to_owned());
    let window = Window { from: at(), to: at() + TimeDelta::hours(4) };
    match verb {
        Verb::Submit => change.submit(&f, &by, at()),
        Verb::Revise => {
            let title = Some(format!("{}, once more", change.title));
            change.revise((ChangeAmendment { title, ..amendment() }, some()), &f, &by, at())
        }
        Verb::Assess => change.assess(assessment(Level::Medium), &f, &by, at()),
        Verb::Approve => change.approve(Approve::default(), &f, &management(), at()),
        Verb::Reject => change.reject(Reject { reason: some(), exception_reason: None }, &f, &management(), at()),
        Verb::Schedule => change.schedule(window, &f, &by, at()),
        Verb::Start => change.start(&f, &by, at()),
        Verb::Complete => change.complete(some(), &f, &by, at()),
        Verb::RollBack => change.roll_back(some(), &f, &by, at()),
        Verb::Review => change.review(review(Verdict::Beneficial), &later(), &auditor(), at()),
        Verb::Close => change.close(Close { lessons: some(), case: None }, &f, &management(), at()),
        Verb::Cancel => change.cancel(some(), &f, &by, at()),
    }
    .map(Change::into_after)
}

fn walk(kind: Kind, verbs: &[Verb]) -> PlannedChange {
    verbs.iter().fold(request(kind), |change, verb| apply(change, *verb).unwrap())
}

/// The shortest way on which the verbs of every stage are still open to a change of this kind.
fn at_stage(kind: Kind, stage: StageName) -> PlannedChange {
    use Verb::{Approve, Assess, Cancel, Close, Complete, Reject, Review, Revise, RollBack, Schedule, Start, Submit};
    let before: &[Verb] = match (kind, stage) {
        (_, StageName::Draft) => &[],
        (_, StageName::Cancelled) => &[Cancel],
        (Kind::Standard, StageName::Submitted) => &[Submit, Assess, Reject, Revise, Submit],
        (Kind::Standard, StageName::Assessed) => &[Submit, Assess],
        (Kind::Standard, StageName::Rejected) => &[Submit, Assess, Reject],
        (Kind::Standard, _) => &[Submit],
        (Kind::Normal | Kind::Emergency, StageName::Submitted) => &[Submit],
        (Kind::Normal | Kind::Emergency, StageName::Assessed) => &[Submit, Assess],
        (Kind::Normal | Kind::Emergency, StageName::Rejected) => &[Submit, Assess, Reject],
        (Kind::Normal | Kind::Emergency, StageName::Approved | StageName::Scheduled) | (Kind::Normal, _) => {
            &[Submit, Assess, Approve]
        }
        // As late as can be: assessed and not approved.
        (Kind::Emergency, _) => &[Submit, Assess],
    };
    let after: &[Verb] = match stage {
        StageName::Scheduled => &[Schedule],
        StageName::Implementing => &[Start],
        StageName::Monitoring => &[Start, Complete],
        StageName::Reviewed => &[Start, Complete, Review],
        StageName::Closed if kind == Kind::Emergency => &[Start, Approve, Complete, Review, Close],
        StageName::Closed => &[Start, Complete, Review, Close],
        StageName::RolledBack => &[Start, RollBack],
        StageName::Draft
        | StageName::Submitted
        | StageName::Assessed
        | StageName::Rejected
        | StageName::Approved
        | StageName::Cancelled => &[],
    };
    walk(kind, &[before, after].concat())
}

fn code(refusal: Refusal) -> String {
    match refusal {
        Refusal::State(reasons) => reasons.into_iter().map(|reason| reason.code).collect::<Vec<_>>().join(" "),
        Refusal::Invalid(faults) => {
            faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect::<Vec<_>>().join(", ")
        }
        Refusal::Forbidden => "forbidden".to_owned(),
    }
}

/// Every stage x every verb, for each kind of change: what becomes of it or why it is refused; together exactly what the
/// table says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let mut ends = Vec::new();
            let mut line = format!("{stage:?} {verb:?} ->");
            for kind in Kind::VARIANTS {
                let change = at_stage(*kind, *stage);
                assert_eq!(change.stage.name(), *stage);
                match apply(change, *verb) {
                    Ok(after) => {
                        let end = after.stage.name();
                        line.push_str(&format!(" {kind:?}: {end:?};"));
                        if !ends.contains(&end) {
                            ends.push(end);
                        }
                    }
                    Err(refusal) => match code(refusal).as_str() {
                        "wrong_state" => assert!(edge(*stage, *verb).is_empty(), "{line}"),
                        other => line.push_str(&format!(" {kind:?}: {other};")),
                    },
                }
            }
            let said = edge(*stage, *verb);
            assert!(said.len() == ends.len() && said.iter().all(|end| ends.contains(end)), "{line} {said:?}");
            if !ends.is_empty() {
                table.push_str(&line);
                table.push('\n');
            }
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn refuses_every_fault_of_a_draft_at_once() {
    let own = Target { kind: Prefix::Change, id: RecordId(Uuid::nil()) };
    let indicator = IndicatorId(Uuid::from_u128(40));
    let description = Description {
        purpose: "\n".into(),
        description: "a\0".into(),
        requirements: vec!["A.5.99".into()],
        indicators: vec![indicator, indicator],
    };
    let wrong = ChangeDraft {
        title: String::new(),
        what: What::Normal(description),
        particulars: Some(" ".into()),
        affected: vec![own, nonconformity(), nonconformity()],
        ..draft(Kind::Normal)
    };
    let refused = PlannedChange::request(wrong, &requester(), birth(Prefix::Change)).unwrap_err();
    let expected = [
        "/title blank",
        "/purpose blank",
        "/description forbidden_character",
        "/particulars blank",
        "/requirements/0 unknown_requirement",
        "/indicators/1 duplicate",
        "/affected/0 itself",
        "/affected/2 duplicate",
    ];
    assert_eq!(code(refused), expected.join(", "));
    let empty = Assessment { tests: " ".into(), baseline_days: 367, ..assessment(Level::Low) };
    let refused = walk(Kind::Normal, &[Verb::Submit]).assess(empty, &facts(), &requester(), at()).unwrap_err();
    assert_eq!(code(refused), "/tests blank, /baseline_days out_of_range");
}

#[test]
fn who_requested_or_revised_it_does_not_approve_it() {
    let assessed = walk(Kind::Normal, &[Verb::Submit, Verb::Assess]);
    let decide = |change: &PlannedChange, n, reason: Option<&str>, facts: &Facts| {
        let exception_reason = reason.map(str::to_owned);
        let by = person(n, &[Role::Management]);
        let yes = change.clone().approve(
            Approve { note: None, exception_reason: exception_reason.clone() },
            facts,
            &by,
            at(),
        );
        let no = change.clone().reject(Reject { reason: "No".into(), exception_reason }, facts, &by, at());
        [yes, no].map(|answer| match answer {
            Ok(change) => format!("{} {}", change.verb(), change.after().exceptions.len()),
            Err(refusal) => code(refusal),
        })
    };
    assert_eq!(decide(&assessed, 1, None, &facts()), ["separation_of_duties"; 2]);
    assert_eq!(decide(&assessed, 2, None, &facts()), ["approved 0", "rejected 0"]);
    let documented = Facts { separation: relaxed(Rule::ChangeApprover), ..facts() };
    assert_eq!(decide(&assessed, 1, None, &documented), ["exception_reason_needed"; 2]);
    assert_eq!(decide(&assessed, 1, Some("two of us"), &documented), ["approved 1", "rejected 1"]);

    let colleague = person(4, &[Role::IsmsManager]);
    let revised = assessed.revise((amendment(), "Quieter".into()), &facts(), &colleague, at()).unwrap().into_after();
    assert_eq!(decide(&revised, 4, None, &facts())[0], "separation_of_duties assessment_is_stale");
    assert_eq!(decide(&revised, 2, None, &facts())[0], "assessment_is_stale");
    let assessed = apply(revised, Verb::Assess).unwrap();
    assert_eq!(decide(&assessed, 2, None, &facts())[0], "approved 0");
    let machine = crate::fixtures::machine(&[Permission::DecideChange]);
    assert_eq!(code(assessed.may(Verb::Approve, &facts(), &machine).unwrap_err()), "person_needed");
}

#[test]
fn a_high_impact_is_for_the_management() {
    let submitted = walk(Kind::Normal, &[Verb::Submit]);
    let assessed = submitted.assess(assessment(Level::High), &facts(), &requester(), at()).unwrap().into_after();
    let colleague = person(4, &[Role::IsmsManager]);
    assert_eq!(code(assessed.may(Verb::Approve, &facts(), &colleague).unwrap_err()), "management_needed");
    assert_eq!(assessed.may(Verb::Reject, &facts(), &colleague), Ok(()), "anybody who decides may say no");
    assert_eq!(assessed.may(Verb::Approve, &facts(), &management()), Ok(()));
    assert_eq!(assessed.work(), [Work::of_whoever(Permission::ApproveHighImpactChange, Some(member(1)), None)]);
}

#[test]
fn a_revision_makes_the_approval_stale_and_a_stale_approval_starts_nothing() {
    for stage in [StageName::Approved, StageName::Scheduled] {
        let approved = at_stage(Kind::Normal, stage);
        assert!(approved.is_approved());
        let revised = apply(approved, Verb::Revise).unwrap();
        assert_eq!((revised.stage.name(), revised.revision, revised.is_approved()), (stage, 2, false));
        assert!(revised.approval.is_some(), "it is kept, and shows as stale");
        for verb in [Verb::Start, Verb::Schedule] {
            assert_eq!(code(apply(revised.clone(), verb).unwrap_err()), "approval_is_stale");
        }
        let again = apply(apply(revised, Verb::Assess).unwrap(), Verb::Approve).unwrap();
        assert!(again.is_approved());
        assert!(apply(again, Verb::Start).is_ok());
    }
    let nothing = ChangeAmendment { title: Some("Update agent".into()), ..ChangeAmendment::default() };
    let refused = request(Kind::Normal).revise((nothing, " ".into()), &facts(), &requester(), at()).unwrap_err();
    assert_eq!(code(refused), "/reason blank, /content unchanged");
}

#[test]
fn a_change_starts_in_its_window() {
    let scheduled = at_stage(Kind::Normal, StageName::Scheduled);
    for (hours, expected) in [(-1, "too_early"), (4, "too_late")] {
        let facts = Facts { now: at() + TimeDelta::hours(hours), ..facts() };
        assert_eq!(code(scheduled.may(Verb::Start, &facts, &requester()).unwrap_err()), expected);
    }
    let approved = at_stage(Kind::Normal, StageName::Approved);
    let hour = |n| at() + TimeDelta::hours(n);
    for (from, to, expected) in [(2, 1, "/to order"), (-3, -1, "/to out_of_range"), (1, 24 * 400, "/to out_of_range")] {
        let window = Window { from: hour(from), to: hour(to) };
        let refused = approved.clone().schedule(window, &facts(), &requester(), at()).unwrap_err();
        assert_eq!(code(refused), expected);
    }
}

#[test]
fn a_standard_change_is_approved_by_its_template() {
    let change = walk(Kind::Standard, &[Verb::Submit]);
    let approval = change.approval.as_ref().unwrap();
    assert!(change.is_approved());
    assert_eq!(
        (approval.by, change.approval_note.as_deref()),
        (member(2), Some("Approved beforehand by CHT-2026-0001"))
    );
    assert_eq!(change.description, change_templates::tests::procedure().description);
    let refuse = |facts: &Facts| code(request(Kind::Standard).submit(facts, &requester(), at()).unwrap_err());
    assert_eq!(refuse(&Facts { template: None, ..facts() }), "template_changed");
    let other =
        template().approval().map(|approval| crate::approval::Approval { digest: "other".into(), ..approval.clone() });
    assert_eq!(refuse(&Facts { template: other, ..facts() }), "template_changed");

    let retired = template().retire("x".into(), &change_templates::Facts::default(), &management(), at()).unwrap();
    let draft = ChangeDraft { what: What::Standard(Box::new(retired.into_after())), ..draft(Kind::Standard) };
    let refused = PlannedChange::request(draft, &requester(), birth(Prefix::Change)).unwrap_err();
    assert_eq!(code(refused), "/template not_approved");
    let input = ChangeAmendment { description: Some("Open everything".into()), ..amendment() };
    let refused = request(Kind::Standard).amend(input, &requester(), at()).unwrap_err();
    assert_eq!(code(refused), "/description fixed");
    let named = ChangeAmendment { particulars: Some(Some("Port 8443".into())), ..ChangeAmendment::default() };
    assert!(request(Kind::Standard).amend(named, &requester(), at()).is_ok());
}

#[test]
fn an_emergency_is_approved_within_three_working_days() {
    let system = Actor { identity: crate::access::Identity::System { worker: "schedule" }, ..requester() };
    let started = walk(Kind::Emergency, &[Verb::Start]);
    assert_eq!(started.approve_by, Some(facts().approve_by));
    assert_eq!(started.wakes(), facts().approve_by.succ_opt().map(Wake::On));
    assert_eq!(code(apply(started.clone(), Verb::Complete).unwrap_err()), "not_assessed");
    assert_eq!(code(apply(started.clone(), Verb::Approve).unwrap_err()), "not_assessed");
    let in_time = started.clone().miss_approval(facts().approve_by, None, &system, at()).unwrap_err();
    assert_eq!(code(in_time), "not_missed");
    let day = facts().approve_by.succ_opt().unwrap();
    let by_hand = started.clone().miss_approval(day, None, &requester(), at()).unwrap_err();
    assert_eq!(by_hand, Refusal::Forbidden);

    let plain = started.clone().miss_approval(day, None, &system, at()).unwrap();
    assert!(plain.case.is_none());
    let noted = plain.change.into_after();
    assert_eq!(noted.wakes(), None);
    let again = noted.clone().miss_approval(day, None, &system, at()).unwrap_err();
    assert_eq!(code(again), "not_missed", "once, however often the worker looks");
    let missed = started.clone().miss_approval(day, Some(birth(Prefix::Nonconformity)), &system, at()).unwrap();
    let case = missed.case.unwrap().into_after();
    assert_eq!((case.requirement.as_deref(), case.source), (Some("A.8.32"), crate::nonconformities::Source::Other));
    let raised = TraceEdge::new(Target::of(&noted), Relation::Raised, Target::of(&case));
    assert!(missed.change.after().edges().contains(&raised));

    let reviewed = at_stage(Kind::Emergency, StageName::Reviewed);
    assert_eq!(code(apply(reviewed.clone(), Verb::Close).unwrap_err()), "not_approved");
    let approved = apply(reviewed, Verb::Approve).unwrap();
    assert_eq!(approved.wakes(), None);
    assert!(apply(approved, Verb::Close).is_ok());
    let beforehand = walk(Kind::Emergency, &[Verb::Submit, Verb::Assess, Verb::Approve, Verb::Start]);
    assert_eq!((beforehand.approve_by, beforehand.wakes()), (None, None));
    assert_eq!(code(apply(beforehand, Verb::Assess).unwrap_err()), "approved_already");
    let rolled_back = apply(started, Verb::RollBack).unwrap();
    assert_eq!((rolled_back.wakes(), rolled_back.work().len()), (None, 0));
}

#[test]
fn is_made_once_its_tasks_are_closed() {
    let making = at_stage(Kind::Normal, StageName::Implementing);
    assert_eq!(making.takes_actions(), Some(0));
    let busy = Facts { open_tasks: 2, ..facts() };
    assert_eq!(code(making.may(Verb::Complete, &busy, &requester()).unwrap_err()), "open_tasks");
    let made = apply(making, Verb::Complete).unwrap();
    assert_eq!(made.takes_actions(), None);
    let windows = made.windows().unwrap();
    assert_eq!(windows.before, Period { from: at() - TimeDelta::days(84), to: at() });
    assert_eq!(windows.after, Period { from: at(), to: at() + TimeDelta::days(28) });
}

#[test]
fn who_implemented_it_does_not_review_it() {
    let watched = at_stage(Kind::Normal, StageName::Monitoring);
    let ask = |n, facts: &Facts| watched.may(Verb::Review, facts, &person(n, &[Role::Auditor])).map_err(code);
    for n in [1, OWNER, 6] {
        assert_eq!(ask(n, &later()), Err("separation_of_duties".into()), "{n} started, owns or worked it");
    }
    assert_eq!(ask(3, &later()), Ok(()));
    assert_eq!(ask(3, &facts()), Err("too_early".into()));
    let documented = Facts { separation: relaxed(Rule::ChangeReviewer), ..later() };
    let owner = person(OWNER, &[Role::Auditor]);
    let input = Review { exception_reason: Some("two of us".into()), ..review(Verdict::Neutral) };
    let reviewed = watched.clone().review(input, &documented, &owner, at()).unwrap();
    assert_eq!((reviewed.after().exceptions.len(), reviewed.reason()), (1, Some("two of us")));
}

#[test]
fn a_harmful_change_needs_a_case_or_a_rollback() {
    let watched = at_stage(Kind::Normal, StageName::Monitoring);
    let harmful = watched.review(review(Verdict::Harmful), &later(), &auditor(), at()).unwrap().into_after();
    let close = |case| {
        let input = Close { lessons: "Try on three laptops first".into(), case };
        harmful.clone().close(input, &facts(), &management(), at()).map(Change::into_after)
    };
    assert_eq!(code(close(None).unwrap_err()), "/case required");
    let action = Target { kind: Prefix::Action, ..nonconformity() };
    assert_eq!(code(close(Some(action)).unwrap_err()), "/case wrong_kind");
    let closed = close(Some(nonconformity())).unwrap();
    assert!(closed.edges().contains(&TraceEdge::new(Target::of(&closed), Relation::Raised, nonconformity())));
    assert_eq!(closed.begins_phase_at(), Some(at()));
    let rolled_back = apply(harmful, Verb::RollBack).unwrap();
    assert_eq!((rolled_back.begins_phase_at(), rolled_back.outcome().is_some()), (None, true));
}

#[test]
fn says_what_it_is_to_others() {
    let policy = Target { kind: Prefix::Comment, id: RecordId(Uuid::from_u128(51)) };
    let draft = ChangeDraft { affected: vec![policy], origin: Some(nonconformity()), ..draft(Kind::Normal) };
    let change = PlannedChange::request(draft, &requester(), birth(Prefix::Change)).unwrap().into_after();
    let own = Target::of(&change);
    let indicator = Target { kind: Prefix::Indicator, id: RecordId(Uuid::from_u128(40)) };
    let expected = [
        TraceEdge::new(nonconformity(), Relation::Raised, own),
        TraceEdge::new(own, Relation::RelatesTo, policy),
        TraceEdge::new(own, Relation::RelatesTo, indicator),
    ];
    assert_eq!(change.edges(), expected);
}

#[test]
fn a_role_without_the_permission_is_refused_in_every_stage() {
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            for role in [Role::Admin, Role::ExternalAuditor, Role::Member] {
                let change = at_stage(Kind::Normal, *stage);
                let refused = change.may(*verb, &facts(), &person(77, &[role]));
                assert_eq!(refused, Err(Refusal::Forbidden), "{stage:?} {verb:?} {role:?}");
            }
        }
    }
    let own = person(OWNER, &[Role::Member]);
    assert_eq!(request(Kind::Normal).may(Verb::Submit, &facts(), &own), Ok(()));
    for (stage, verb) in [(StageName::Assessed, Verb::Approve), (StageName::Reviewed, Verb::Close)] {
        let refused = at_stage(Kind::Normal, stage).may(verb, &facts(), &own);
        assert_eq!(refused, Err(Refusal::Forbidden), "a decision is never one's own");
    }
}

#[test]
fn the_projection_is_read_back() {
    for kind in Kind::VARIANTS {
        for stage in StageName::VARIANTS {
            let change = at_stage(*kind, *stage);
            let stored = serde_json::to_value(&change).unwrap();
            assert_eq!(serde_json::from_value::<PlannedChange>(stored).unwrap(), change);
        }
    }
    assert_eq!(at_stage(Kind::Normal, StageName::Closed).head.version, 8);
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(Kind::Normal, *stage), &facts(), &person(1, &[Role::IsmsManager]));
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let excepted = |rule| Facts { separation: relaxed(rule), ..facts() };
    let expired = |rule| Facts { today: at().date_naive() + Days::new(400), ..excepted(rule) };
    let working = Facts { open_tasks: 2, ..facts() };
    let untemplated = Facts { template: None, ..facts() };
    let early = Facts { now: at() - TimeDelta::hours(1), ..facts() };
    let grave = || {
        let submitted = at_stage(Kind::Normal, StageName::Submitted);
        submitted.assess(assessment(Level::High), &facts(), &requester(), at()).unwrap().into_after()
    };
    let stale = || apply(at_stage(Kind::Normal, StageName::Approved), Verb::Revise).unwrap();
    let hasty = || walk(Kind::Emergency, &[Verb::Start]);
    let kinds = [Kind::Standard, Kind::Normal, Kind::Emergency].into_iter();
    let every = kinds.flat_map(|kind| StageName::VARIANTS.iter().map(move |stage| at_stage(kind, *stage)));
    let changes = every.chain([grave(), stale(), hasty()]);
    Refusals::of(
        changes,
        &[
            facts(),
            later(),
            working,
            untemplated,
            excepted(Rule::ChangeApprover),
            expired(Rule::ChangeApprover),
            excepted(Rule::ChangeReviewer),
            expired(Rule::ChangeReviewer),
            early,
        ],
    )
}
