use super::*;
use crate::access::Role;
use crate::audience::Audience;
use crate::fixtures::{at, birth, machine, member, person};
use crate::policies::PolicyDraft;
use crate::policies::tests::{draft, established, manager, published};
use crate::policy_versions::{PolicyVersionDraft, Versions};
use std::collections::BTreeSet;
use uuid::Uuid;

fn day(ahead: i64) -> NaiveDate {
    at().date_naive() + chrono::TimeDelta::days(ahead)
}

fn version(n: u128) -> PolicyVersion {
    let draft_of = PolicyVersionDraft { body: None, change_summary: "The first".into() };
    let birth = Birth { id: Uuid::from_u128(n), ..birth(Prefix::PolicyVersion) };
    let made = PolicyVersion::draft(draft_of, (&established(draft()), Versions::default()), &manager(), birth);
    made.unwrap().into_after()
}

fn on(today: NaiveDate) -> Circumstances {
    Circumstances { joined_on: day(-50), is_given: false, today }
}

fn give(policy: &Policy, circumstances: Circumstances, by: &Actor) -> Result<Acknowledgement, Refusal> {
    let birth = birth(Prefix::Acknowledgement);
    Acknowledgement::give(&version(70), policy, circumstances, by, birth).map(Change::into_after)
}

#[test]
fn a_person_acknowledges_what_holds_and_for_itself() {
    let policy = published(draft());
    let me = person(5, &[Role::Member]);
    let given = give(&policy, on(day(14)), &me).unwrap();
    assert_eq!((given.member, given.number, given.due_on, given.is_late()), (member(5), 1, day(14), false));
    assert!(give(&policy, on(day(15)), &me).unwrap().is_late());
    assert!(given.is_visible(&me) && !given.is_visible(&person(6, &[Role::Member])));
    assert!(given.is_visible(&person(6, &[Role::Auditor])));
}

#[test]
fn refusals_say_why() {
    let policy = published(draft());
    let me = person(5, &[Role::Member]);
    let code = |outcome: Result<Acknowledgement, Refusal>| {
        let Err(Refusal::State(reasons)) = outcome else { panic!("{outcome:?}") };
        reasons[0].code.clone()
    };
    assert_eq!(code(give(&established(draft()), on(day(1)), &me)), "not_in_force");
    let again = Circumstances { is_given: true, ..on(day(1)) };
    assert_eq!(code(give(&policy, again, &me)), "already_acknowledged");
    let others = published(PolicyDraft { audience: Audience::Roles { roles: vec![Role::Auditor] }, ..draft() });
    assert_eq!(code(give(&others, on(day(1)), &me)), "not_asked");
    let birth = birth(Prefix::Acknowledgement);
    let superseded = Acknowledgement::give(&version(69), &policy, on(day(1)), &me, birth).map(Change::into_after);
    assert_eq!(code(superseded), "not_in_force");
    for outsider in [person(5, &[Role::ExternalAuditor]), machine(&[Permission::AcknowledgePolicy])] {
        assert_eq!(give(&policy, on(day(1)), &outsider), Err(Refusal::Forbidden));
    }
}

#[test]
fn coverage_follows_audience_and_membership() {
    let someone = |n, roles: &[Role], joined| Person { id: member(n), roles: roles.to_vec(), joined_on: joined };
    let people = [
        someone(1, &[Role::Member], day(-100)),
        someone(2, &[Role::Member, Role::Auditor], day(-100)),
        someone(3, &[Role::Member], day(10)),
        someone(4, &[Role::ExternalAuditor], day(-100)),
    ];
    let given: BTreeSet<MemberId> = [member(2), member(77)].into();
    let all = coverage(&published(draft()), &people, &given, day(20)).unwrap();
    assert_eq!((all.asked, all.acknowledged, all.overdue(), all.percent()), (3, 1, 1, Some(33.3)));
    let pending: Vec<_> = all.pending.iter().map(|one| (one.member, one.due_on, one.is_overdue)).collect();
    assert_eq!(pending, [(member(1), day(14), true), (member(3), day(24), false)]);
    let auditors = PolicyDraft { audience: Audience::Roles { roles: vec![Role::Auditor] }, ..draft() };
    let auditors = coverage(&published(auditors), &people, &given, day(20)).unwrap();
    assert_eq!(auditors.percent(), Some(100.0));
    let overall = Overall::of(&[all, auditors]);
    assert_eq!((overall.asked, overall.acknowledged, overall.overdue, overall.percent()), (4, 2, 1, Some(50.0)));
    assert_eq!(coverage(&established(draft()), &people, &given, day(20)), None);
    let nobody = PolicyDraft { audience: Audience::Members { members: vec![member(78)] }, ..draft() };
    assert_eq!(coverage(&published(nobody), &people, &given, day(20)).unwrap().percent(), None);
    assert_eq!(Overall::default().percent(), None);
}

#[test]
fn all_but_one_is_not_all() {
    let people: Vec<Person> =
        (0..10_000_u128).map(|n| Person { id: member(n), roles: vec![Role::Member], joined_on: day(0) }).collect();
    let given = people.iter().skip(1).map(|person| person.id).collect();
    assert_eq!(coverage(&published(draft()), &people, &given, day(0)).unwrap().percent(), Some(99.9));
}

#[test]
fn the_projection_is_read_back() {
    let given = give(&published(draft()), on(day(1)), &person(5, &[Role::Member])).unwrap();
    let stored = serde_json::to_value(&given).unwrap();
    assert_eq!(serde_json::from_value::<Acknowledgement>(stored).unwrap(), given);
}
