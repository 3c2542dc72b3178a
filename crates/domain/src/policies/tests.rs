use super::*;
use crate::access::Role;
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, member, person};
use crate::mistakes::Voidable;
use crate::responsibilities::tests::is_handed_over_whole;
use uuid::Uuid;

pub(crate) fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn management() -> Actor {
    person(2, &[Role::Management])
}

fn worker() -> Actor {
    let identity = crate::access::Identity::System { worker: "schedule" };
    Actor { identity, ..manager() }
}

fn day(ahead: i64) -> NaiveDate {
    at().date_naive() + chrono::TimeDelta::days(ahead)
}

fn facts() -> Facts {
    Facts { today: day(0), ..Facts::default() }
}

pub(crate) fn draft() -> PolicyDraft {
    PolicyDraft {
        title: "Use of laptops".into(),
        purpose: "That a lost laptop is a loss of money alone".into(),
        scope: "Every laptop of the company".into(),
        classification: Classification::Internal,
        owner: member(9),
        audience: Audience::All {},
        acknowledge_within_days: 14,
        review_months: 12,
        requirements: vec!["A.5.10".into(), "A.8.1".into()],
        top_level: false,
        available_to: Vec::new(),
        control: Control { retention_months: Some(36), disposition: Disposition::Archive, external_origin: None },
    }
}

pub(crate) fn established(draft: PolicyDraft) -> Policy {
    Policy::establish(draft, &manager(), birth(Prefix::Policy)).unwrap().into_after()
}

/// Published today, in its first version.
pub(crate) fn published(draft: PolicyDraft) -> Policy {
    let current = InForce {
        version: PolicyVersionId(Uuid::from_u128(70)),
        number: 1,
        authors: vec![member(5)],
        published_on: day(0),
        reviewed_on: day(0),
        review_fell_due_on: None,
        outstanding: None,
    };
    established(draft).in_force_with(current, at()).into_after()
}

fn void() -> Policy {
    established(draft()).void("Entered twice".into(), &facts(), &manager(), at()).unwrap().into_after()
}

fn retired() -> Policy {
    published(draft()).out_of_force("Another took its place".into(), at()).unwrap().into_after()
}

pub(crate) fn at_stage(stage: StageName) -> Policy {
    match stage {
        StageName::Draft => established(draft()),
        StageName::Published => published(draft()),
        StageName::Retired => retired(),
        StageName::Void => void(),
    }
}

#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let after = match verb {
                Verb::Reaffirm => at_stage(*stage).reaffirm("Read line by line".into(), &facts(), &management(), at()),
                Verb::Void => at_stage(*stage).void("Entered twice".into(), &facts(), &manager(), at()),
            };
            let end: Vec<StageName> = after.iter().map(|change| change.after().stage.name()).collect();
            assert_eq!(end, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {end:?}\n"));
        }
        table.push_str(&format!("{stage:?} amendable {}\n", at_stage(*stage).may_amend(&manager()).is_ok()));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn what_is_worked_on_is_not_void() {
    let busy = Facts { pending_version: Some(1), open_actions: 2, ..facts() };
    let Err(Refusal::State(reasons)) = established(draft()).void("Entered twice".into(), &busy, &manager(), at())
    else {
        panic!("accepted")
    };
    let codes: Vec<_> = reasons.iter().map(|reason| reason.code.as_str()).collect();
    assert_eq!(codes, ["version_pending", "open_actions"]);
    for role in [Role::Admin, Role::Management, Role::Auditor, Role::Member] {
        assert_eq!(established(draft()).may(Verb::Void, &facts(), &person(5, &[role])), Err(Refusal::Forbidden));
    }
    let gone = void();
    assert_eq!((gone.owners(), gone.takes_actions(), gone.responsibilities()), (Vec::new(), None, Vec::new()));
}

#[test]
fn refuses_every_fault_of_a_draft_at_once() {
    let wrong = PolicyDraft {
        title: " ".into(),
        purpose: "a\0".into(),
        audience: Audience::Roles { roles: vec![Role::Member, Role::Member] },
        acknowledge_within_days: 0,
        review_months: 61,
        requirements: vec!["5.2".into(), "A.5.99".into(), "5.2".into()],
        available_to: vec!["Customers".into(), String::new()],
        control: Control {
            retention_months: Some(0),
            disposition: Disposition::Review,
            external_origin: Some("a\nb".into()),
        },
        ..draft()
    };
    let Err(Refusal::Invalid(faults)) = Policy::establish(wrong, &manager(), birth(Prefix::Policy)) else {
        panic!("accepted")
    };
    let told: Vec<_> = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect();
    insta::assert_snapshot!(told.join("\n"));
    for audience in [Audience::Members { members: Vec::new() }, Audience::Roles { roles: Vec::new() }] {
        let refusal = Policy::establish(PolicyDraft { audience, ..draft() }, &manager(), birth(Prefix::Policy));
        assert!(matches!(refusal, Err(Refusal::Invalid(faults)) if faults[0].code == "length"));
    }
}

#[test]
fn who_establishes_amends_and_decides() {
    for role in Role::VARIANTS {
        let made = Policy::establish(draft(), &person(5, &[*role]), birth(Prefix::Policy));
        assert_eq!(made.is_ok(), *role == Role::IsmsManager, "{role:?}");
    }
    let owner = person(9, &[Role::Member]);
    let retitle = PolicyAmendment { title: Some("Laptops".into()), ..PolicyAmendment::default() };
    let changed = established(draft()).amend(retitle, &owner, at()).unwrap().into_after();
    assert_eq!((changed.title.as_str(), changed.head.version), ("Laptops", 2));
    let hand_over = PolicyAmendment { owner: Some(member(7)), ..PolicyAmendment::default() };
    assert_eq!(established(draft()).amend(hand_over.clone(), &owner, at()), Err(Refusal::Forbidden));
    assert_eq!(established(draft()).amend(hand_over, &manager(), at()).unwrap().after().owner, member(7));
    let crowned = PolicyAmendment { top_level: Some(true), ..PolicyAmendment::default() };
    assert_eq!(established(draft()).amend(crowned, &owner, at()), Err(Refusal::Forbidden));
    let stranger = person(5, &[Role::Member]);
    assert_eq!(established(draft()).amend(PolicyAmendment::default(), &stranger, at()), Err(Refusal::Forbidden));
    let blank = PolicyAmendment { scope: Some(" ".into()), ..PolicyAmendment::default() };
    let refusal = established(draft()).amend(blank, &owner, at()).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid(faults) if faults[0].pointer == "/scope"));
}

#[test]
fn what_is_published_is_there_for_every_member() {
    let (reader, outsider) = (person(5, &[Role::Member]), machine(&[Permission::AcknowledgePolicy]));
    for (stage, seen) in [(StageName::Draft, false), (StageName::Published, true), (StageName::Retired, true)] {
        assert_eq!(at_stage(stage).is_visible(&reader), seen, "{stage:?}");
        assert!(at_stage(stage).is_visible(&person(9, &[Role::Member])), "its owner, {stage:?}");
        assert!(!at_stage(stage).is_visible(&outsider), "{stage:?}");
    }
}

#[test]
fn a_review_without_change_counts_anew() {
    let policy = published(draft());
    let first = policy.next_review_on().unwrap();
    assert_eq!(first, day(0) + Months::new(12));
    let later = Facts { today: first, ..facts() };
    let reaffirmed = policy.clone().reaffirm("Nothing has changed".into(), &later, &management(), at()).unwrap();
    assert_eq!(reaffirmed.after().next_review_on(), Some(first + Months::new(12)));
    assert_eq!(reaffirmed.after().reaffirmations[0].by, member(2));
    let machine = machine(&[Permission::ApprovePolicy]);
    let refused = policy.clone().reaffirm("Looked at".into(), &later, &machine, at());
    assert!(matches!(refused, Err(Refusal::State(reasons)) if reasons[0].code == "person_needed"));
    assert_eq!(policy.clone().reaffirm("x".into(), &later, &manager(), at()), Err(Refusal::Forbidden));
    let refused = policy.reaffirm(" ".into(), &later, &management(), at()).unwrap_err();
    assert!(matches!(refused, Refusal::Invalid(faults) if faults[0].pointer == "/note"));
}

#[test]
fn what_comes_due_is_noted_once() {
    let policy = published(draft());
    let (deadline, review) = (day(15), policy.next_review_on().unwrap());
    assert_eq!(policy.wakes(), Some(Wake::On(deadline)));
    assert!(policy.clone().come_due(3, day(14), &worker(), at()).is_err());
    assert_eq!(policy.clone().come_due(3, deadline, &manager(), at()), Err(Refusal::Forbidden));
    let chased = policy.come_due(3, deadline, &worker(), at()).unwrap();
    assert_eq!(chased.verb(), "acknowledgements_fell_due");
    let chased = chased.into_after();
    assert_eq!(chased.in_force().unwrap().outstanding, Some(3));
    assert_eq!(chased.wakes(), Some(Wake::On(review)));
    assert!(chased.clone().come_due(3, deadline, &worker(), at()).is_err());
    let reviewed = chased.come_due(0, review, &worker(), at()).unwrap();
    assert_eq!(reviewed.verb(), "review_fell_due");
    let reviewed = reviewed.into_after();
    assert_eq!(reviewed.wakes(), None);
    assert_eq!(reviewed.work(), vec![Work::of(member(9), Some(review))]);
    // A review that was held is followed by the next.
    let again =
        reviewed.reaffirm("Looked at".into(), &Facts { today: review, ..facts() }, &management(), at()).unwrap();
    assert_eq!(again.after().wakes(), Some(Wake::On(review + Months::new(12))));
    assert_eq!(retired().wakes(), None);
    assert!(retired().come_due(0, review, &worker(), at()).is_err());
}

#[test]
fn two_at_once_come_due_one_after_the_other() {
    let policy = published(PolicyDraft { review_months: 1, acknowledge_within_days: 365, ..draft() });
    let late = day(800);
    let first = policy.come_due(0, late, &worker(), at()).unwrap();
    assert_eq!(first.verb(), "review_fell_due");
    let second = first.into_after().come_due(0, late, &worker(), at()).unwrap();
    assert_eq!(second.verb(), "acknowledgements_fell_due");
    assert_eq!(second.after().wakes(), None);
}

#[test]
fn whom_it_asks_and_until_when() {
    let policy = |audience| published(PolicyDraft { audience, ..draft() });
    let asked = |audience, roles: &[Role]| policy(audience).asks(member(5), roles, day(-100)).is_some();
    let roles = || Audience::Roles { roles: vec![Role::Auditor] };
    let named = |n| Audience::Members { members: vec![member(n)] };
    assert!(asked(Audience::All {}, &[Role::Member]));
    assert!(!asked(Audience::All {}, &[Role::ExternalAuditor]), "who looks in from outside is not asked");
    assert!(asked(Audience::All {}, &[Role::ExternalAuditor, Role::Member]));
    assert!(asked(roles(), &[Role::Member, Role::Auditor]));
    assert!(!asked(roles(), &[Role::Member]));
    assert!(asked(named(5), &[Role::Member]));
    assert!(!asked(named(6), &[Role::Member]));
    assert!(!asked(named(5), &[Role::ExternalAuditor]));
    let policy = policy(Audience::All {});
    let since = |joined| policy.asks(member(5), &[Role::Member], joined).unwrap();
    assert_eq!(since(day(-100)), Asked { on: day(0), due_on: day(14) });
    assert_eq!(since(day(30)), Asked { on: day(30), due_on: day(44) }, "a new member has as much time");
    assert_eq!(established(draft()).asks(member(5), &[Role::Member], day(0)), None);
    assert_eq!(retired().asks(member(5), &[Role::Member], day(0)), None);
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let policy = at_stage(*stage);
        let stored = serde_json::to_value(&policy).unwrap();
        assert_eq!(serde_json::from_value::<Policy>(stored).unwrap(), policy);
    }
}

#[test]
fn its_owner_and_those_who_wrote_what_holds_answer_for_it() {
    let (drafted, published) = (established(draft()), published(draft()));
    assert_eq!((drafted.owners(), retired().owners()), (vec![draft().owner], Vec::new()));
    assert_eq!(published.owners(), [draft().owner, member(5)]);
    assert_eq!(published.answers_for(), ["A.5.10", "A.8.1"]);
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let busy = Facts { pending_version: Some(1), open_actions: 2, ..facts() };
    Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage)), &[facts(), busy])
        .and("come-due", established(draft()).come_due(0, day(0), &worker(), at()))
        .and("come-due", published(draft()).come_due(0, day(0), &worker(), at()))
}
