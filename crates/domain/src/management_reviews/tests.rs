use super::*;
use crate::access::{Identity, Role};
use crate::change::{Change, Lifecycle};
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, member, person};
use crate::management_reviews::inputs::Collected;
use crate::nonconformities::Source;
use crate::responsibilities::HandOver;
use crate::responsibilities::tests::is_handed_over_whole;
use crate::settings::ReviewRules;
use chrono::{Days, TimeDelta};
use strum::VariantArray;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn chair() -> Actor {
    person(2, &[Role::Management])
}

fn today() -> NaiveDate {
    at().date_naive()
}

fn facts() -> Facts {
    Facts { today: today(), rules: ReviewRules::default(), has_upcoming: false }
}

fn period() -> Period {
    Period { from: today() - Days::new(365), until: today() }
}

fn draft() -> ReviewDraft {
    ReviewDraft {
        title: "Management review of 2026".into(),
        scheduled_on: today() + Days::new(14),
        period: period(),
        chair: member(2),
        attendees: vec![member(3), member(4), member(5)],
    }
}

fn scheduled() -> ManagementReview {
    ManagementReview::schedule(draft(), &facts(), &manager(), birth(Prefix::ManagementReview)).unwrap().into_after()
}

fn statements() -> Statements {
    let text = |text: &str| Some(Statement::Text { text: text.into() });
    Statements {
        issues: text("A tender lost for want of a certificate"),
        interested_parties: Some(Statement::NothingToReport),
        feedback: text("Two harbours praised the incident calls"),
    }
}

fn prepared(statements: Statements) -> Prepared {
    scheduled().prepare(statements, Collected::default(), &facts(), &manager(), at()).unwrap()
}

fn hold() -> Hold {
    Hold { held_on: today(), present: vec![member(2), member(3), member(9)] }
}

fn every_input() -> Vec<Consider> {
    let said = |input: &Topic| Consider {
        input: *input,
        standing: Standing::Considered,
        discussion: "Looked at line by line".into(),
    };
    Topic::VARIANTS.iter().map(said).collect()
}

fn decide() -> Decide {
    Decide {
        kind: DecisionKind::Resources,
        text: "A second person for patching\nfrom the budget of the shipyard".into(),
        responsible: member(3),
        due_on: today() + Days::new(60),
        raises: None,
    }
}

fn births() -> Births {
    Births { action: birth(Prefix::Action), raised: None }
}

fn conclusions() -> Conclusions {
    Conclusions {
        suitability: "It fits".into(),
        adequacy: "It is enough".into(),
        effectiveness: "It works but for patches".into(),
    }
}

/// Applies `verb` with an input that only the stage, the role or a guard can refuse.
fn apply(review: ManagementReview, verb: Verb) -> Result<ManagementReview, Refusal> {
    let (f, by, some) = (facts(), manager(), "because".to_owned());
    match verb {
        Verb::Prepare => {
            let prepared = review.prepare(statements(), Collected::default(), &f, &by, at())?;
            Ok(prepared.review.into_after())
        }
        Verb::Hold => review.hold(hold(), &f, &by, at()).map(Change::into_after),
        Verb::Consider => review.consider(every_input(), &f, &by, at()).map(Change::into_after),
        Verb::Decide => {
            let decided = review.decide(decide(), &f, &by, births())?;
            Ok(decided.review.into_after())
        }
        Verb::Conclude => review.conclude(conclusions(), &f, &by, at()).map(Change::into_after),
        Verb::Approve => {
            let input = Approve { no_decision_because: review.is_undecided().then(|| some.clone()) };
            let next = Some(birth(Prefix::ManagementReview));
            Ok(review.approve(input, &f, &chair(), (next, at()))?.review.into_after())
        }
        Verb::Cancel => review.cancel(some, &f, &by, at()).map(Change::into_after),
        Verb::AddAddendum => review.add_addendum(some, &f, &by, at()).map(Change::into_after),
    }
}

impl ManagementReview {
    fn is_undecided(&self) -> bool {
        self.meeting().is_none_or(|meeting| meeting.decisions.is_empty())
    }
}

fn walk(verbs: &[Verb]) -> ManagementReview {
    verbs.iter().fold(scheduled(), |review, verb| apply(review, *verb).unwrap())
}

/// Held, with minutes that lack nothing.
fn minuted() -> ManagementReview {
    walk(&[Verb::Prepare, Verb::Hold, Verb::Consider, Verb::Conclude])
}

fn at_stage(stage: StageName) -> ManagementReview {
    match stage {
        StageName::Scheduled => scheduled(),
        StageName::Prepared => walk(&[Verb::Prepare]),
        StageName::Held => minuted(),
        StageName::Approved => apply(minuted(), Verb::Approve).unwrap(),
        StageName::Cancelled => walk(&[Verb::Cancel]),
    }
}

fn codes<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> Vec<String> {
    match refused {
        Err(Refusal::State(reasons)) => reasons.into_iter().map(|reason| reason.code).collect(),
        Err(Refusal::Invalid(faults)) => {
            faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        }
        Ok(_) | Err(Refusal::Forbidden) => panic!("{refused:?}"),
    }
}

/// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let ends: Vec<StageName> = match apply(at_stage(*stage), *verb) {
                Ok(after) => vec![after.stage.name()],
                Err(Refusal::State(reasons)) if reasons[0].code == "wrong_state" => Vec::new(),
                Err(refusal) => panic!("{stage:?} {verb:?} {refusal:?}"),
            };
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn who_may() {
    let mut table = String::new();
    for role in Role::VARIANTS {
        let by = person(2, &[*role]);
        let scheduled = ManagementReview::schedule(draft(), &facts(), &by, birth(Prefix::ManagementReview)).is_ok();
        table.push_str(&format!("{role:?} schedule {scheduled}\n"));
        for verb in Verb::VARIANTS {
            let forbidden = StageName::VARIANTS
                .iter()
                .all(|stage| at_stage(*stage).may(*verb, &facts(), &by) == Err(Refusal::Forbidden));
            table.push_str(&format!("{role:?} {verb:?} {}\n", !forbidden));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn every_fault_of_a_draft_is_named() {
    let wrong = ReviewDraft {
        title: " ".into(),
        scheduled_on: today() - Days::new(1),
        period: Period { from: today(), until: today() - Days::new(1) },
        attendees: vec![member(3), member(2), member(3)],
        ..draft()
    };
    let refused = ManagementReview::schedule(wrong, &facts(), &manager(), birth(Prefix::ManagementReview));
    assert_eq!(
        codes(refused),
        [
            "/title blank",
            "/period_until out_of_range",
            "/attendee_ids/2 duplicate",
            "/attendee_ids/1 duplicate",
            "/scheduled_on out_of_range",
        ]
    );
    let crowd = ReviewDraft { attendees: (10..=60).map(member).collect(), ..draft() };
    let refused = ManagementReview::schedule(crowd, &facts(), &manager(), birth(Prefix::ManagementReview));
    assert_eq!(codes(refused), ["/attendee_ids length"]);
}

#[test]
fn fields_are_touched_in_their_stages_alone() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for field in Field::VARIANTS {
            let day = today() + Days::new(30);
            let mut amendment = ReviewAmendment::default();
            match field {
                Field::Title => amendment.title = Some("Another".into()),
                Field::ScheduledOn => amendment.scheduled_on = Some(day),
                Field::PeriodFrom => amendment.period_from = Some(today() - Days::new(30)),
                Field::PeriodUntil => amendment.period_until = Some(day),
                Field::ChairId => amendment.chair = Some(member(7)),
                Field::AttendeeIds => amendment.attendees = Some(vec![member(8)]),
                Field::PresentIds => amendment.present = Some(vec![member(8)]),
            }
            let amended = at_stage(*stage).amend(amendment, &facts(), &manager(), at());
            assert_eq!(amended.is_ok(), touchable(*stage, *field), "{stage:?} {field:?}");
            table.push_str(&format!("{stage:?} {field:?} {}\n", amended.is_ok()));
        }
    }
    insta::assert_snapshot!(table);
    let wrong = ReviewAmendment {
        title: Some(String::new()),
        present: Some(vec![member(3), member(3)]),
        ..ReviewAmendment::default()
    };
    let refused = scheduled().amend(wrong, &facts(), &manager(), at());
    assert_eq!(codes(refused), ["/title blank", "/present_ids/1 duplicate", "/present_ids not_in_this_stage"]);
}

#[test]
fn inputs_are_frozen_each_time_and_every_snapshot_is_kept() {
    let first = prepared(statements());
    let seal = first.review.after().snapshots[0].clone();
    assert_eq!((seal.number, seal.digest.as_str()), (1, first.snapshot.digest()));
    assert_eq!(Snapshot::digest_of(first.snapshot.text()), seal.digest);
    let reworded = Statements { feedback: Some(Statement::NothingToReport), ..Statements::default() };
    let review = first.review.into_after();
    let second = review.prepare(reworded, Collected::default(), &facts(), &manager(), at()).unwrap();
    let after = second.review.after();
    assert_eq!(after.statements.issues, statements().issues, "what is left out stays as it was said");
    assert_eq!(after.statements.feedback, Some(Statement::NothingToReport));
    assert_eq!(after.snapshots.len(), 2);
    assert_eq!(after.snapshots[0], seal);
    assert_ne!(after.snapshots[1].digest, seal.digest);
    let blank = Statements { feedback: Some(Statement::Text { text: "\n".into() }), ..Statements::default() };
    let refused = scheduled().prepare(blank, Collected::default(), &facts(), &manager(), at());
    assert_eq!(codes(refused), ["/feedback/text blank"]);
}

#[test]
fn the_inputs_are_canonical_json() {
    let prepared = prepared(statements());
    let read: serde_json::Value = serde_json::from_str(prepared.snapshot.text()).unwrap();
    assert_eq!(read["statements"]["interested_parties"]["kind"], "nothing_to_report");
    assert_eq!(crate::journal::leaf::canonical(&read).unwrap(), prepared.snapshot.text().as_bytes());
}

#[test]
fn b_c_and_e_are_not_left_empty() {
    let silent = prepared(Statements::default()).review.into_after();
    assert_eq!(codes(silent.hold(hold(), &facts(), &manager(), at())), ["input_empty"; 3]);
    let one = Statements { interested_parties: None, ..statements() };
    let review = prepared(one).review.into_after();
    let Err(Refusal::State(reasons)) = review.may(Verb::Hold, &facts(), &manager()) else { panic!("held") };
    assert!(reasons[0].detail.starts_with("interested_parties [9.3.2 c]"), "{reasons:?}");
    let moved = ReviewAmendment { period_until: Some(today() - Days::new(1)), ..ReviewAmendment::default() };
    let moved = walk(&[Verb::Prepare]).amend(moved, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(codes(moved.may(Verb::Hold, &facts(), &manager())), ["inputs_of_another_period"]);
    assert!(apply(apply(moved, Verb::Prepare).unwrap(), Verb::Hold).is_ok());
}

#[test]
fn a_meeting_is_held_after_its_inputs_were_frozen_and_not_in_the_future() {
    let review = || walk(&[Verb::Prepare]);
    for (held_on, good) in [(today(), true), (today() + Days::new(1), false), (today() - Days::new(1), false)] {
        let held = review().hold(Hold { held_on, ..hold() }, &facts(), &manager(), at());
        assert_eq!(held.is_ok(), good, "{held_on}");
    }
    let twice = Hold { present: vec![member(2), member(2)], held_on: today() + Days::new(9) };
    let refused = review().hold(twice, &facts(), &manager(), at());
    assert_eq!(codes(refused), ["/present_ids/1 duplicate", "/held_on out_of_range"]);
}

#[test]
fn what_is_said_of_an_input_replaces_what_was_said() {
    let said = |input, text: &str| Consider { input, standing: Standing::NothingToReport, discussion: text.into() };
    let held = walk(&[Verb::Prepare, Verb::Hold]);
    let inputs = vec![said(Topic::Risks, "None"), said(Topic::Issues, "None")];
    let once = held.consider(inputs, &facts(), &manager(), at()).unwrap().into_after();
    let again = once.consider(vec![said(Topic::Risks, "One")], &facts(), &manager(), at()).unwrap().into_after();
    let told: Vec<(Topic, &str)> =
        again.meeting().unwrap().considerations.iter().map(|c| (c.input, c.discussion.as_str())).collect();
    assert_eq!(told, [(Topic::Issues, "None"), (Topic::Risks, "One")]);
    let wrong = vec![said(Topic::Risks, " "), said(Topic::Risks, "x")];
    let refused = again.clone().consider(wrong, &facts(), &manager(), at());
    assert_eq!(codes(refused), ["/inputs/0/discussion blank", "/inputs/1/input duplicate"]);
    assert_eq!(codes(again.consider(Vec::new(), &facts(), &manager(), at())), ["/inputs length"]);
}

#[test]
fn a_decision_makes_its_action() {
    let decided = minuted().decide(decide(), &facts(), &chair(), births()).unwrap();
    let (review, action) = (decided.review.after(), decided.action.after());
    assert_eq!(action.title, "A second person for patching");
    assert_eq!(action.description.as_deref(), Some(decide().text.as_str()));
    assert_eq!((action.kind, action.parent), (crate::actions::Kind::ReviewOutput, Target::of(review)));
    let decision = &review.meeting().unwrap().decisions[0];
    assert_eq!((decision.number, decision.made.as_slice()), (1, [Target::of(action)].as_slice()));
    assert!(decided.raised.is_none());
    let wrong = Decide { text: " ".into(), due_on: today() - Days::new(1), ..decide() };
    let refused = minuted().decide(wrong, &facts(), &chair(), births());
    assert_eq!(codes(refused), ["/text blank", "/due_on out_of_range"]);
}

#[test]
fn a_decision_can_raise_an_improvement_or_a_change_beside_its_action() {
    for raises in [Raises::Improvement, Raises::Change] {
        let births = Births { raised: Some(birth(raises.kind())), ..births() };
        let input = Decide { raises: Some(raises), ..decide() };
        let decided = minuted().decide(input, &facts(), &chair(), births).unwrap();
        let review = decided.review.after();
        let (raised, title) = match decided.raised.unwrap() {
            Raised::Improvement(raised) => {
                let raised = raised.into_after();
                assert_eq!((raised.source, raised.origin), (Source::Review, Some(Target::of(review))));
                assert_eq!(raised.proposer, None, "nobody's own idea");
                (Target::of(&raised), raised.title)
            }
            Raised::Change(raised) => {
                let raised = raised.into_after();
                assert_eq!((raised.owner, raised.origin), (member(3), Some(Target::of(review))));
                assert!(raised.purpose.contains(&review.head.reference.to_string()));
                (Target::of(&raised), raised.title)
            }
        };
        assert_eq!((title.as_str(), raised.kind), ("A second person for patching", raises.kind()));
        let made = &review.meeting().unwrap().decisions[0].made;
        assert_eq!(made.as_slice(), [Target::of(decided.action.after()), raised]);
    }
}

#[test]
fn without_a_quorum_nothing_is_decided_or_approved() {
    let few = Hold { present: vec![member(2), member(9)], ..hold() };
    let review = walk(&[Verb::Prepare]).hold(few, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(codes(review.may(Verb::Decide, &facts(), &manager())), ["no_quorum"]);
    let minutes = apply(apply(review, Verb::Consider).unwrap(), Verb::Conclude).unwrap();
    assert_eq!(codes(minutes.may(Verb::Approve, &facts(), &chair())), ["no_quorum"]);
    let fewer = Facts { rules: ReviewRules { quorum_percent: 25, ..ReviewRules::default() }, ..facts() };
    assert_eq!(minutes.may(Verb::Approve, &fewer, &chair()), Ok(()));
}

#[test]
fn the_chair_approves_minutes_that_lack_nothing() {
    assert_eq!(minuted().may(Verb::Approve, &facts(), &chair()), Ok(()));
    let other = person(3, &[Role::Management]);
    assert_eq!(codes(minuted().may(Verb::Approve, &facts(), &other)), ["chair_needed"]);
    let bare = walk(&[Verb::Prepare, Verb::Hold]);
    let expected: Vec<&str> = vec!["input_not_considered"; 10].into_iter().chain(["no_conclusions"]).collect();
    assert_eq!(codes(bare.may(Verb::Approve, &facts(), &chair())), expected);
    let absent = ReviewAmendment { present: Some(vec![member(3), member(4)]), ..ReviewAmendment::default() };
    let absent = minuted().amend(absent, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(codes(absent.may(Verb::Approve, &facts(), &chair())), ["chair_absent"]);
    let manager_in_chair = person(2, &[Role::IsmsManager]);
    assert_eq!(minuted().may(Verb::Approve, &facts(), &manager_in_chair), Err(Refusal::Forbidden));
}

#[test]
fn something_is_decided_or_it_is_said_why_not() {
    let next = || (Some(birth(Prefix::ManagementReview)), at());
    let because = |reason: &str| Approve { no_decision_because: Some(reason.into()) };
    let silent = minuted().approve(Approve::default(), &facts(), &chair(), next());
    assert_eq!(codes(silent), ["/no_decision_because required"]);
    let blank = minuted().approve(because(" "), &facts(), &chair(), next());
    assert_eq!(codes(blank), ["/no_decision_because blank"]);
    let decided = apply(minuted(), Verb::Decide).unwrap();
    let both = decided.clone().approve(because("x"), &facts(), &chair(), next());
    assert_eq!(codes(both), ["/no_decision_because not_applicable"]);
    assert!(decided.approve(Approve::default(), &facts(), &chair(), next()).is_ok());
}

#[test]
fn approval_schedules_the_next_review() {
    let decided = apply(minuted(), Verb::Decide).unwrap();
    let half_yearly = Facts { rules: ReviewRules { interval_months: 6, ..ReviewRules::default() }, ..facts() };
    let again = Birth { id: uuid::Uuid::from_u128(77), ..birth(Prefix::ManagementReview) };
    let approved = decided.clone().approve(Approve::default(), &half_yearly, &chair(), (Some(again), at())).unwrap();
    let next = approved.next.unwrap().into_after();
    assert_eq!(next.scheduled_on, today().checked_add_months(chrono::Months::new(6)).unwrap());
    assert_eq!(next.period.from, period().until.succ_opt().unwrap());
    assert_eq!((next.chair, &next.attendees), (member(2), &draft().attendees));
    assert_eq!(next.previous, Some(decided.id()));
    let raised = TraceEdge::new(Target::of(&decided), Relation::Raised, Target::of(&next));
    assert_eq!(next.edges(), [raised]);
    let Stage::Approved { approval, .. } = &approved.review.after().stage else { panic!("not approved") };
    assert_eq!(approval.next, Some(next.id()));
    let without = decided.approve(Approve::default(), &facts(), &chair(), (None, at())).unwrap();
    assert!(without.next.is_none());
}

#[test]
fn the_approval_binds_what_was_approved() {
    let review = at_stage(StageName::Approved);
    let Stage::Approved { meeting, approval, .. } = &review.stage else { panic!("not approved") };
    let digest = |review: &ManagementReview, meeting: &Meeting| {
        review.minutes_digest(meeting, approval.no_decision_because.as_deref()).unwrap()
    };
    assert_eq!(digest(&review, meeting), approval.minutes_digest);
    let added = apply(review.clone(), Verb::AddAddendum).unwrap();
    assert_eq!(digest(&added, added.meeting().unwrap()), approval.minutes_digest, "an addendum stands beside");
    let mut other = meeting.clone();
    other.considerations[0].discussion = "Something else".into();
    assert_ne!(digest(&review, &other), approval.minutes_digest);
    let mut other_inputs = review.clone();
    other_inputs.snapshots[0].digest = "0".repeat(64);
    assert_ne!(digest(&other_inputs, meeting), approval.minutes_digest);
}

#[test]
fn a_meeting_that_decided_is_not_cancelled() {
    let decided = apply(minuted(), Verb::Decide).unwrap();
    assert_eq!(codes(decided.may(Verb::Cancel, &facts(), &manager())), ["has_decisions"]);
    let cancelled = apply(minuted(), Verb::Cancel).unwrap();
    assert!(cancelled.meeting().is_some(), "its minutes are kept");
    assert_eq!(codes(scheduled().cancel(" ".into(), &facts(), &manager(), at())), ["/reason blank"]);
    let blank = at_stage(StageName::Approved).add_addendum(" ".into(), &facts(), &manager(), at());
    assert_eq!(codes(blank), ["/text blank"]);
}

#[test]
fn that_a_date_has_passed_is_noted_once() {
    let system = Actor { identity: Identity::System { worker: "schedule" }, ..manager() };
    let review = scheduled();
    let day = review.scheduled_on + Days::new(1);
    assert_eq!(review.wakes(), Some(Wake::On(day)));
    assert_eq!(review.clone().fall_due(day, &manager(), at()), Err(Refusal::Forbidden));
    assert_eq!(codes(review.clone().fall_due(day - Days::new(1), &system, at())), ["not_overdue"]);
    let noted = review.fall_due(day, &system, at()).unwrap().into_after();
    assert_eq!(noted.wakes(), None);
    assert_eq!(codes(noted.clone().fall_due(day, &system, at())), ["not_overdue"]);
    let moved = ReviewAmendment { scheduled_on: Some(day + Days::new(9)), ..ReviewAmendment::default() };
    let moved = noted.amend(moved, &facts(), &manager(), at()).unwrap().into_after();
    assert!(moved.wakes().is_some(), "a new date is another matter");
    for stage in [StageName::Held, StageName::Approved, StageName::Cancelled] {
        assert_eq!(at_stage(stage).wakes(), None, "{stage:?}");
    }
}

#[test]
fn each_stage_waits_for_somebody() {
    let due = Some(draft().scheduled_on);
    let expected = |stage| match stage {
        StageName::Scheduled => vec![Work::of_whoever(Permission::SteerReview, None, due)],
        StageName::Prepared => vec![Work::of(member(2), due)],
        StageName::Held => vec![Work::of(member(2), None)],
        StageName::Approved | StageName::Cancelled => Vec::new(),
    };
    for stage in StageName::VARIANTS {
        assert_eq!(at_stage(*stage).work(), expected(*stage), "{stage:?}");
        let takes = matches!(stage, StageName::Held | StageName::Approved);
        assert_eq!(at_stage(*stage).takes_actions().is_some(), takes, "{stage:?}");
    }
}

#[test]
fn who_was_there_sees_it() {
    let review = at_stage(StageName::Held);
    for (n, seen) in [(2, true), (3, true), (5, true), (9, true), (8, false)] {
        assert_eq!(review.is_visible(&person(n, &[Role::Member])), seen, "{n}");
    }
}

#[test]
fn the_projection_is_read_back() {
    let decided = apply(minuted(), Verb::Decide).unwrap();
    let approved = apply(apply(decided, Verb::Approve).unwrap(), Verb::AddAddendum).unwrap();
    let cancelled = apply(minuted(), Verb::Cancel).unwrap();
    for review in StageName::VARIANTS.iter().map(|stage| at_stage(*stage)).chain([approved, cancelled]) {
        let stored = serde_json::to_value(&review).unwrap();
        assert_eq!(serde_json::from_value::<ManagementReview>(stored).unwrap(), review);
    }
}

#[test]
fn a_title_is_cut_to_its_length() {
    let long = Decide { text: format!("{}\nmore", "é".repeat(300)), ..decide() };
    let decided = minuted().decide(long, &facts(), &manager(), births()).unwrap();
    assert_eq!(decided.action.after().title.chars().count(), text::TITLE);
    let later = at() + TimeDelta::days(1);
    let birth = Birth { at: later, ..birth(Prefix::Action) };
    let decided = minuted().decide(decide(), &facts(), &manager(), Births { action: birth, raised: None }).unwrap();
    assert_eq!(decided.review.after().head.updated_at, later);
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let silent = prepared(Statements::default()).review.into_after();
    let moved = ManagementReview {
        period: Period { from: today() - Days::new(30), until: today() },
        ..at_stage(StageName::Prepared)
    };
    let alone = Hold { present: vec![member(9)], ..hold() };
    let alone = at_stage(StageName::Prepared).hold(alone, &facts(), &manager(), at()).unwrap().into_after();
    let decided = apply(minuted(), Verb::Decide).unwrap();
    let reviews = StageName::VARIANTS.iter().map(|stage| at_stage(*stage)).chain([silent, moved, alone, decided]);
    let hand = HandOver { from: member(2), to: member(3), roles: Vec::new(), reason: "Left".into() };
    let handed = scheduled().hand_over(&hand, &facts(), &manager(), at());
    Refusals::of(reviews, &[facts()]).and("hand-over", handed)
}
