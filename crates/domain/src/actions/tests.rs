use super::*;
use crate::access::{Role, Withheld};
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, faults_of, machine, member, person, program};
use crate::id::{RecordId, TicketConnectionId};
use crate::separation::tests::relaxed;
use crate::separation::{Rule, Separation};
use crate::tickets::{Difference, Field, Side, Why};
use chrono::Days;
use strum::VariantArray;
use uuid::Uuid;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn assignee() -> Actor {
    person(3, &[Role::Member])
}

fn facts() -> Facts {
    Facts { today: at().date_naive(), separation: Separation::default(), parent_takes_actions: true }
}

fn draft() -> ActionDraft {
    ActionDraft {
        title: "Put the agent into the image".into(),
        description: None,
        kind: Kind::Corrective,
        parent: Target { kind: Prefix::Nonconformity, id: RecordId(Uuid::nil()) },
        attempt: 0,
        assignee: member(3),
        due_on: at().date_naive() + Days::new(14),
        priority: Priority::High,
        done_criteria: Some("A new laptop reports within a day".into()),
        indicators: Vec::new(),
    }
}

pub(crate) fn open() -> Action {
    Action::plan(draft(), at().date_naive(), &manager(), birth(Prefix::Action)).unwrap().into_after()
}

fn connection() -> TicketConnectionId {
    TicketConnectionId(Uuid::from_u128(7))
}

/// As a ticket on whose due date the two sides do not agree.
fn with_ticket(action: Action) -> Action {
    let mut ticket = Ticket::requested(connection(), None);
    let (ours, theirs) = (Some("2026-03-01".to_owned()), Some("2026-04-01".to_owned()));
    ticket.differ(Difference { field: Field::DueOn, ours, theirs, why: Why::BothChanged, detail: None, at: at() });
    Action { ticket: Some(ticket), ..action }
}

fn apply(action: Action, verb: Verb) -> Result<Action, Refusal> {
    let (f, by, some) = (facts(), manager(), "because".to_owned());
    let verify = Verify { evidence: some.clone(), effect: None, exception_reason: None };
    match verb {
        Verb::Start => action.start(&f, &by, at()),
        Verb::Block => action.block(some, &f, &by, at()),
        Verb::Unblock => action.unblock(&f, &by, at()),
        Verb::Complete => action.complete(some, &f, &assignee(), at()),
        Verb::Verify => action.verify(verify, &f, &by, at()),
        Verb::RejectCompletion => action.reject_completion(some, &f, &by, at()),
        Verb::Reopen => action.reopen(some, &f, &by, at()),
        Verb::Cancel => action.cancel(some, &f, &by, at()),
        Verb::Reassign => action.reassign(member(4), &f, &by, at()),
        Verb::MoveDue => action.move_due((at().date_naive(), some), &f, &by, at()),
        Verb::Ticket => action.request_ticket((connection(), None), &f, &by, at()),
        Verb::SettleTicket => with_ticket(action).settle_ticket((Field::DueOn, Side::Ours), &f, &by, at()),
        Verb::UnlinkTicket => with_ticket(action).unlink_ticket(some, &f, &by, at()),
    }
    .map(Change::into_after)
}

/// One action in every stage, reached by verbs alone.
fn in_every_stage() -> Vec<Action> {
    let through = |verbs: &[Verb]| verbs.iter().fold(open(), |action, verb| apply(action, *verb).unwrap());
    vec![
        open(),
        through(&[Verb::Start]),
        through(&[Verb::Start, Verb::Block]),
        through(&[Verb::Complete]),
        through(&[Verb::Complete, Verb::Verify]),
        through(&[Verb::Cancel]),
    ]
}

#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for action in in_every_stage() {
        for verb in Verb::VARIANTS {
            let (from, name): (&str, &str) = (action.stage.name().into(), (*verb).into());
            let outcome = match apply(action.clone(), *verb) {
                Ok(after) => {
                    assert!(edge(action.stage.name(), *verb).contains(&after.stage.name()), "{from} {name}");
                    after.stage_name().to_owned()
                }
                Err(refusal) => {
                    assert!(edge(action.stage.name(), *verb).is_empty(), "{from} {name}: {refusal:?}");
                    "-".to_owned()
                }
            };
            table.push_str(&format!("{from} {name} {outcome}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn who_did_it_does_not_verify_it() {
    let verify = || Verify { evidence: "seen".into(), effect: None, exception_reason: Some("only two of us".into()) };
    let done = open().complete("done".into(), &facts(), &manager(), at()).unwrap().into_after();
    for by in [person(3, &[Role::IsmsManager]), manager()] {
        let Err(Refusal::State(reasons)) = done.clone().verify(verify(), &facts(), &by, at()) else {
            panic!("verified by who did it")
        };
        assert_eq!(reasons[0].code, "separation_of_duties");
    }
    let free = person(5, &[Role::Auditor]);
    assert!(done.clone().verify(verify(), &facts(), &free, at()).unwrap().after().exceptions.is_empty());
    let small = Facts { separation: relaxed(Rule::ActionVerifier), ..facts() };
    let excepted = done.verify(verify(), &small, &manager(), at()).unwrap();
    assert_eq!(excepted.reason(), Some("only two of us"));
    assert_eq!(excepted.after().exceptions[0].rule, Rule::ActionVerifier);
}

#[test]
fn an_assignee_works_what_is_its_own_and_steers_nothing() {
    let stranger = person(9, &[Role::Member]);
    assert!(open().start(&facts(), &assignee(), at()).is_ok());
    assert_eq!(open().start(&facts(), &stranger, at()).unwrap_err(), Refusal::Forbidden);
    assert_eq!(open().cancel("x".into(), &facts(), &assignee(), at()).unwrap_err(), Refusal::Forbidden);
    assert_eq!(open().amend(Amendment::default(), &assignee(), at()).unwrap_err(), Refusal::Forbidden);
}

/// A closed ticket says `done`, never `verified`.
#[test]
fn a_machine_completes_and_never_verifies() {
    let key = machine(&[Permission::PlanAction, Permission::WorkAction]);
    let done = open().complete("ticket closed".into(), &facts(), &key, at()).unwrap().into_after();
    let verify = Verify { evidence: "x".into(), effect: None, exception_reason: None };
    assert_eq!(done.verify(verify, &facts(), &key, at()).unwrap_err(), Refusal::Forbidden);
}

#[test]
fn a_moved_due_date_is_counted_and_explained() {
    let moved = apply(apply(open(), Verb::MoveDue).unwrap(), Verb::MoveDue).unwrap();
    assert_eq!(moved.due_moves, 2);
    let past = at().date_naive() - Days::new(1);
    let Err(Refusal::Invalid(faults)) = open().move_due((past, " ".into()), &facts(), &manager(), at()) else {
        panic!("moved")
    };
    assert_eq!(faults.iter().map(|f| f.pointer.as_str()).collect::<Vec<_>>(), ["/due_on", "/reason"]);
    assert!(open().is_overdue(open().due_on + Days::new(1)));
    assert!(!open().is_overdue(open().due_on));
}

#[test]
fn nothing_is_reopened_behind_the_case() {
    let over = Facts { parent_takes_actions: false, ..facts() };
    let cancelled = apply(open(), Verb::Cancel).unwrap();
    let Err(Refusal::State(reasons)) = cancelled.reopen("x".into(), &over, &manager(), at()) else {
        panic!("reopened")
    };
    assert_eq!(reasons[0].code, "parent_is_over");
}

#[test]
fn every_fault_of_a_draft_is_named() {
    let bad = ActionDraft {
        title: " ".into(),
        description: Some(String::new()),
        done_criteria: Some("\0".into()),
        due_on: at().date_naive() - Days::new(1),
        ..draft()
    };
    let Err(Refusal::Invalid(faults)) = Action::plan(bad, at().date_naive(), &manager(), birth(Prefix::Action)) else {
        panic!("planned")
    };
    let pointers: Vec<&str> = faults.iter().map(|f| f.pointer.as_str()).collect();
    assert_eq!(pointers, ["/title", "/description", "/done_criteria", "/due_on"]);
}

/// That a ticket is closed says nothing of who has done it; whoever takes its word for it has a part in that.
#[test]
fn who_decides_that_it_is_done_does_not_verify_it() {
    let proposal = |theirs: &str| {
        let mut ticket = Ticket::requested(connection(), None);
        let (ours, theirs) = (Some("in_progress".to_owned()), Some(theirs.to_owned()));
        ticket.differ(Difference { field: Field::State, ours, theirs, why: Why::Proposed, detail: None, at: at() });
        Action { ticket: Some(ticket), ..open().start(&facts(), &assignee(), at()).unwrap().into_after() }
    };
    let settled = |theirs: &str, keep| {
        proposal(theirs).settle_ticket((Field::State, keep), &facts(), &manager(), at()).unwrap().into_after()
    };
    assert_eq!(settled("done", Side::Theirs).former_workers, [member(1)]);
    assert_eq!(settled("done", Side::Ours).former_workers, []);
    assert_eq!(settled("cancelled", Side::Theirs).former_workers, []);
    let done =
        settled("done", Side::Theirs).complete("Closed there".into(), &facts(), &program(), at()).unwrap().into_after();
    let verify = |by: &Actor| {
        let verify = Verify { evidence: "Looked".into(), effect: None, exception_reason: None };
        done.clone().verify(verify, &facts(), by, at())
    };
    assert!(matches!(verify(&manager()), Err(Refusal::State(reasons)) if reasons[0].code == "separation_of_duties"));
    assert!(verify(&person(2, &[Role::IsmsManager])).is_ok());
}

/// Whoever had begun, or said it was done, has worked on it, whoever has it by then.
#[test]
fn who_worked_on_it_before_does_not_verify_it() {
    let heir = member(8);
    let untouched = open().reassign(heir, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(untouched.former_workers, []);
    let started = open().start(&facts(), &assignee(), at()).unwrap().into_after();
    let handed_on = started.reassign(heir, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(handed_on.former_workers, [member(3)]);
    let said =
        handed_on.complete("Done".into(), &facts(), &person(7, &[Role::IsmsManager]), at()).unwrap().into_after();
    assert_eq!(said.workers(), [heir, member(7), member(3)]);
    let rejected = said.reject_completion("It is not".into(), &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(rejected.former_workers, [member(3), member(7)]);
    let again = rejected.complete("Done".into(), &facts(), &person(8, &[Role::Member]), at()).unwrap().into_after();
    for worker in [3, 7, 8] {
        let refusal = again.may(Verb::Verify, &facts(), &person(worker, &[Role::IsmsManager])).unwrap_err();
        assert!(matches!(refusal, Refusal::State(reasons) if reasons[0].code == "separation_of_duties"), "{worker}");
    }
    assert_eq!(again.may(Verb::Verify, &facts(), &person(5, &[Role::IsmsManager])), Ok(()));
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let excepted = |rule| Facts { separation: relaxed(rule), ..facts() };
    let expired = |rule| Facts { today: at().date_naive() + Days::new(400), ..excepted(rule) };
    let past = Facts { parent_takes_actions: false, ..facts() };
    Refusals::of(in_every_stage(), &[facts(), excepted(Rule::ActionVerifier), expired(Rule::ActionVerifier), past])
}

#[test]
fn its_indicators_are_compared_from_its_plan_to_its_end() {
    let indicators = vec![IndicatorId(Uuid::from_u128(7))];
    let draft = ActionDraft { indicators: indicators.clone(), ..draft() };
    let today = at().date_naive();
    let action =
        Action::plan(draft, today, &person(1, &[Role::IsmsManager]), birth(Prefix::Action)).unwrap().into_after();
    let now = at().checked_add_days(Days::new(10)).unwrap();
    assert_eq!(action.windows(now), None, "it is not done");
    let completion = Completion { summary: "Image 42".into(), at: at(), by: None };
    let done = Action { stage: Stage::Done { completion }, ..action.clone() };
    assert_eq!(done.windows(now), Some(Windows::around(at(), at(), now)));
    assert_eq!(Action { indicators: Vec::new(), ..done }.windows(now), None);
    let twice = Amendment { indicators: Some([indicators.clone(), indicators].concat()), ..Amendment::default() };
    let refused = action.amend(twice, &person(1, &[Role::IsmsManager]), at());
    assert_eq!(faults_of(refused), ["/indicators/1 duplicate"]);
}

/// Whoever is to do something knows what; not for whom.
#[test]
fn it_is_as_restricted_as_what_it_serves_but_for_whoever_does_it() {
    let parent = Target { kind: Prefix::Nonconformity, id: RecordId(Uuid::from_u128(42)) };
    let action = Action { parent, ..open() };
    let kept: Withheld = [(parent.id.0, "NC-2026-0001".parse().unwrap())].into_iter().collect();
    let auditor = person(9, &[Role::Auditor]);
    assert!(action.is_visible(&auditor) && !action.is_visible(&auditor.clone().without(kept.clone())));
    assert!(action.is_visible(&assignee().without(kept)));
    let itself: Withheld = [(action.head.id, "ACT-2026-0001".parse().unwrap())].into_iter().collect();
    assert!(!action.is_visible(&auditor.without(itself)));
}

#[test]
fn an_action_is_one_ticket_and_only_the_program_says_how_that_gets_on() {
    let asked = open().request_ticket((connection(), Some("SEC-1".into())), &facts(), &manager(), at()).unwrap();
    assert_eq!(asked.action(), "action.ticket_requested");
    let asked = asked.into_after();
    let codes = |refused: Result<Change<Action>, Refusal>| match refused {
        Err(Refusal::State(reasons)) => reasons.into_iter().map(|reason| reason.code).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(codes(asked.clone().request_ticket((connection(), None), &facts(), &manager(), at())), ["has_ticket"]);
    assert_eq!(codes(open().unlink_ticket("x".into(), &facts(), &manager(), at())), ["no_ticket"]);
    for key in ["", "  ", "a\nb", &"k".repeat(201)] {
        let refused = open().request_ticket((connection(), Some(key.into())), &facts(), &manager(), at());
        assert_eq!(faults_of(refused), ["/key malformed"]);
    }
    let refused = asked.clone().settle_ticket((Field::State, Side::Ours), &facts(), &manager(), at());
    assert_eq!(faults_of(refused), ["/field no_difference"]);
    let settled = with_ticket(open()).settle_ticket((Field::DueOn, Side::Theirs), &facts(), &manager(), at()).unwrap();
    let ticket = settled.into_after().ticket.unwrap();
    assert_eq!((ticket.differences.len(), ticket.settled.get(&Field::DueOn)), (0, Some(&Side::Theirs)));
    let ticket = asked.ticket.clone().unwrap();
    let by_hand = asked.clone().note_ticket(ticket.clone(), News::Changed, &manager(), at());
    assert_eq!(by_hand.map(drop), Err(Refusal::Forbidden));
    let reference = "TKC-2026-0001".parse().unwrap();
    let by_rule =
        |action: Action, facts: &Facts, by: &Actor| action.take_by_rule((connection(), &reference), facts, by, at());
    let over = Facts { parent_takes_actions: false, ..facts() };
    let done = open().complete("done".into(), &facts(), &assignee(), at()).unwrap().into_after();
    for (action, facts) in [(asked.clone(), &facts()), (done, &facts()), (open(), &over)] {
        assert_eq!(codes(by_rule(action, facts, &program())), ["wrong_state"]);
    }
    assert_eq!(by_rule(open(), &facts(), &manager()).map(drop), Err(Refusal::Forbidden));
    assert_eq!(by_rule(open(), &facts(), &program()).unwrap().action(), "action.ticket_requested");
    let noted = asked.note_ticket(ticket, News::Created, &program(), at()).unwrap();
    assert_eq!(noted.action(), "action.ticket_created");
    for by in [assignee(), person(2, &[Role::Auditor, Role::Management])] {
        let refused = open().request_ticket((connection(), None), &facts(), &by, at());
        assert_eq!(refused.map(drop), Err(Refusal::Forbidden));
    }
}
