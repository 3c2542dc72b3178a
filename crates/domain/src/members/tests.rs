use super::*;
use crate::access::{Identity, Standing};
use crate::delegations::Delegate;
use crate::fixtures::refusals::{Refusals, published};
use crate::id::{AuditId, MemberId, OrganisationId};
use crate::reference::Reference;
use uuid::Uuid;

fn by(role: Role) -> Actor {
    Actor {
        organisation: OrganisationId(Uuid::nil()),
        identity: Identity::Member { id: MemberId(Uuid::nil()), roles: vec![role], standing: Standing::default() },
    }
}

fn facts(admins: i64) -> Facts {
    Facts { admins, today: NaiveDate::default() }
}

fn enrol(roles: &[Role], role: Role) -> Result<Member, Refusal> {
    let reference = Reference { prefix: Prefix::Member, year: 2026, number: 1 };
    let draft = MemberDraft { account: AccountId(Uuid::nil()), name: "Ada".into(), unit: None, roles: roles.to_vec() };
    Member::enrol(draft, &by(role), Birth { id: Uuid::nil(), reference, at: DateTime::UNIX_EPOCH })
        .map(Change::into_after)
}

#[test]
fn only_an_admin_makes_members() {
    for role in Role::VARIANTS {
        assert_eq!(enrol(&[Role::Member], *role).is_ok(), *role == Role::Admin, "{role:?}");
    }
}

#[test]
fn name_and_unit_are_amended_by_an_admin() {
    let (ada, at) = (enrol(&[Role::Member], Role::Admin).unwrap(), DateTime::UNIX_EPOCH);
    let unit = |unit: &str| Amendment { unit: Some(Some(unit.to_owned())), ..Amendment::default() };
    let moved = ada.clone().amend(unit("Shipyard"), &by(Role::Admin), at).unwrap();
    assert_eq!((moved.after().unit.as_deref(), moved.verb()), (Some("Shipyard"), "amended"));
    assert_eq!(ada.clone().amend(unit("Shipyard"), &by(Role::IsmsManager), at), Err(Refusal::Forbidden));
    let wrong = Amendment { name: Some(" ".into()), unit: Some(Some("a\nb".into())), digest: None };
    let Err(Refusal::Invalid(faults)) = ada.clone().amend(wrong, &by(Role::Admin), at) else { panic!("amended") };
    assert_eq!(faults.iter().map(|fault| fault.pointer.as_str()).collect::<Vec<_>>(), ["/name", "/unit"]);
    let none = Amendment { unit: Some(None), ..Amendment::default() };
    assert_eq!(moved.into_after().amend(none, &by(Role::Admin), at).unwrap().after().unit, None);
    let gone = ada.deactivate("left".into(), &facts(2), &by(Role::Admin), at).unwrap().into_after();
    assert!(matches!(gone.amend(unit("Shipyard"), &by(Role::Admin), at), Err(Refusal::State(_))));
}

#[test]
fn only_the_program_sees_a_token_used_twice() {
    let member = enrol(&[Role::Member], Role::Admin).unwrap();
    let at = DateTime::UNIX_EPOCH;
    assert_eq!(member.clone().note_token_reuse(&by(Role::Admin), at), Err(Refusal::Forbidden));
    let program = Actor { identity: Identity::System { worker: "sessions" }, ..by(Role::Admin) };
    let noted = member.note_token_reuse(&program, at).unwrap();
    assert_eq!((noted.action().as_str(), noted.after().head.version), ("member.token_reused", 2));
    assert!(noted.reason().unwrap().contains("ended"));
}

#[test]
fn a_member_decides_about_the_own_digest_and_nothing_else() {
    let (ada, at) = (enrol(&[Role::Member], Role::Admin).unwrap(), DateTime::UNIX_EPOCH);
    let none = Amendment { digest: Some(false), ..Amendment::default() };
    // Everybody in these tests has the one id.
    let quiet = ada.clone().amend(none.clone(), &by(Role::Member), at).unwrap().into_after();
    assert!(ada.digest && !quiet.digest);
    let stored = serde_json::to_string(&quiet).unwrap();
    assert_eq!(serde_json::from_str::<Member>(&stored).unwrap(), quiet);
    assert!(!serde_json::to_string(&ada).unwrap().contains("digest"), "what was stored before is what it was");
    let more = Amendment { name: Some("Countess".into()), ..none.clone() };
    assert_eq!(ada.clone().amend(more, &by(Role::Member), at), Err(Refusal::Forbidden));
    let identity = Identity::Member {
        id: MemberId(Uuid::from_u128(9)),
        roles: vec![Role::IsmsManager],
        standing: Standing::default(),
    };
    let colleague = Actor { identity, ..by(Role::IsmsManager) };
    assert_eq!(ada.amend(none, &colleague, at), Err(Refusal::Forbidden));
}

#[test]
fn roles_are_some_and_each_once() {
    for (roles, code) in [(vec![], "length"), (vec![Role::Member, Role::Member], "duplicate")] {
        let refusal = enrol(&roles, Role::Admin).unwrap_err();
        assert!(matches!(refusal, Refusal::Invalid(faults) if faults[0].code == code));
    }
    assert_eq!(enrol(&[Role::Member, Role::Admin], Role::Admin).unwrap().roles, [Role::Admin, Role::Member]);
}

#[test]
fn the_last_admin_stays() {
    let (admin, at) = (enrol(&[Role::Admin], Role::Admin).unwrap(), DateTime::UNIX_EPOCH);
    let one = facts(1);
    let last = |refusal| matches!(refusal, Refusal::State(reasons) if reasons[0].code == "last_admin");
    let who = by(Role::Admin);
    assert!(last(admin.clone().deactivate("left".into(), &one, &who, at).unwrap_err()));
    assert!(last(admin.clone().assign_roles(&[Role::Member], Vec::new(), &one, &who, at).unwrap_err()));
    let gone = admin.deactivate("left".into(), &facts(2), &who, at).unwrap().into_after();
    assert!(!gone.active);
    assert!(gone.clone().deactivate("again".into(), &facts(2), &who, at).is_err());
    assert_eq!(gone.clone().reactivate("back".into(), &facts(1), &by(Role::IsmsManager), at), Err(Refusal::Forbidden));
    assert!(matches!(gone.clone().reactivate(" ".into(), &facts(1), &who, at), Err(Refusal::Invalid(_))));
    let back = gone.reactivate("Back from leave".into(), &facts(1), &who, at).unwrap();
    assert_eq!((back.verb(), back.reason(), back.after().active), ("reactivated", Some("Back from leave"), true));
    assert!(matches!(back.into_after().reactivate("again".into(), &facts(2), &who, at), Err(Refusal::State(_))));
}

#[test]
fn a_calendar_link_is_one_s_own_and_dies_with_the_membership() {
    let (ada, at, facts) = (enrol(&[Role::Member], Role::Admin).unwrap(), DateTime::UNIX_EPOCH, facts(2));
    let link = |byte| CalendarLink::of(MemberId(ada.head.id), [byte; 32]);
    // Everybody in these tests has the one id, but for this admin.
    let identity =
        Identity::Member { id: MemberId(Uuid::from_u128(9)), roles: vec![Role::Admin], standing: Standing::default() };
    let admin = Actor { identity, ..by(Role::Admin) };
    let key = Actor { organisation: admin.organisation, ..crate::fixtures::machine(&[]) };
    assert!(matches!(ada.clone().close_calendar_link(&facts, &admin, at), Err(Refusal::State(_))));
    for stranger in [&admin, &key] {
        assert_eq!(ada.clone().open_calendar_link(&link(1), &facts, stranger, at), Err(Refusal::Forbidden));
    }
    let opened = ada.clone().open_calendar_link(&link(1), &facts, &by(Role::Member), at).unwrap();
    assert_eq!(
        (opened.verb(), opened.after().calendar_hash.as_deref()),
        ("calendar_link_opened", Some(link(1).hash().as_str()))
    );
    let again = opened.into_after().open_calendar_link(&link(2), &facts, &by(Role::Member), at).unwrap().into_after();
    assert_eq!(again.calendar_hash, Some(link(2).hash()));
    assert_eq!(again.clone().close_calendar_link(&facts, &key, at), Err(Refusal::Forbidden));
    assert_eq!(again.clone().close_calendar_link(&facts, &admin, at).unwrap().after().calendar_hash, None);
    let gone = again.deactivate("left".into(), &facts, &admin, at).unwrap().into_after();
    assert_eq!(gone.calendar_hash, None);
    assert!(matches!(gone.open_calendar_link(&link(3), &facts, &by(Role::Member), at), Err(Refusal::State(_))));
}

#[test]
fn only_what_somebody_who_has_left_was_named_for_is_handed_over() {
    let (ada, at, facts) = (enrol(&[Role::Member], Role::Admin).unwrap(), DateTime::UNIX_EPOCH, facts(2));
    let gone = ada.clone().deactivate("left".into(), &facts, &by(Role::Admin), at).unwrap().into_after();
    let to = |role| enrol(&[role], Role::Admin).unwrap();
    let reassign = |member: &Member, to: &Member, reason: &str, role| {
        member.clone().reassign(to, reason.into(), &facts, &by(role), at)
    };
    let manager = Role::IsmsManager;
    assert!(matches!(reassign(&ada, &to(Role::Member), "left", manager), Err(Refusal::State(_))));
    for role in [Role::Admin, Role::Auditor, Role::Member, Role::ExternalAuditor] {
        assert_eq!(reassign(&gone, &to(Role::Member), "left", role).unwrap_err(), Refusal::Forbidden);
    }
    let Err(Refusal::Invalid(faults)) = reassign(&gone, &to(Role::ExternalAuditor), " ", manager) else {
        panic!("handed to whoever only looks in")
    };
    let told: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect();
    assert_eq!(told, [("/reason", "blank"), ("/to_id", "cannot_work")]);
    let (noted, hand) = reassign(&gone, &to(Role::Auditor), "left", manager).unwrap();
    assert_eq!((noted.verb(), noted.reason(), noted.after().active), ("work_reassigned", Some("left"), false));
    assert_eq!((hand.roles, hand.reason.as_str()), (vec![Role::Auditor], "left"));
}

fn day(ahead: i64) -> NaiveDate {
    NaiveDate::default() + chrono::TimeDelta::days(ahead)
}

fn until(role: Role, ahead: i64) -> Term {
    Term { role, until: Some(day(ahead)), engagement: None }
}

fn engaged(audits: usize) -> Term {
    let audits = (0..audits).map(|n| AuditId(Uuid::from_u128(n as u128))).collect();
    let engagement = Some(Engagement { firm: "Northlight".into(), audits });
    Term { role: Role::Auditor, until: None, engagement }
}

fn codes(refusal: Refusal) -> Vec<String> {
    match refusal {
        Refusal::Invalid(faults) => {
            faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        }
        Refusal::State(reasons) => reasons.into_iter().map(|reason| reason.code).collect(),
        Refusal::Forbidden => vec!["forbidden".to_owned()],
    }
}

#[test]
fn a_role_gives_nothing_after_its_last_day_and_that_is_noted_once() {
    let (ada, at, admin) = (enrol(&[Role::Member], Role::Admin).unwrap(), DateTime::UNIX_EPOCH, by(Role::Admin));
    let roles = [Role::Management, Role::Auditor, Role::Member];
    let terms = vec![until(Role::Auditor, 3), until(Role::Management, 5)];
    let held = ada.assign_roles(&roles, terms, &facts(1), &admin, at).unwrap().into_after();
    for (ahead, expected) in [
        (0, &[Role::Management, Role::Auditor, Role::Member][..]),
        (3, &[Role::Management, Role::Auditor, Role::Member]),
        (4, &[Role::Management, Role::Member]),
        (6, &[Role::Member]),
    ] {
        assert_eq!(held.roles_on(day(ahead)), expected, "on day {ahead}");
    }
    assert_eq!(held.lapses_on(), Some(day(4)));
    let program = Actor { identity: Identity::System { worker: "schedule" }, ..admin.clone() };
    assert_eq!(held.clone().lapse(day(4), &admin, at), Err(Refusal::Forbidden));
    assert_eq!(codes(held.clone().lapse(day(3), &program, at).unwrap_err()), ["not_ended"]);
    let lapsed = held.lapse(day(4), &program, at).unwrap();
    assert_eq!((lapsed.verb(), lapsed.reason()), ("roles_lapsed", Some("auditor until 1970-01-04")));
    let after = lapsed.into_after();
    assert_eq!((after.roles.as_slice(), after.lapses_on()), (&[Role::Management, Role::Member][..], Some(day(6))));
    assert_eq!(codes(after.clone().lapse(day(4), &program, at).unwrap_err()), ["not_ended"]);
    // Both at once, had nobody looked for a week; then no role is left to give anything.
    let both = after.lapse(day(9), &program, at).unwrap().into_after();
    assert_eq!((both.roles.as_slice(), both.lapses_on()), (&[Role::Member][..], None));
}

#[test]
fn terms_say_something_about_roles_that_are_held() {
    let (ada, at, admin) = (enrol(&[Role::Member], Role::Admin).unwrap(), DateTime::UNIX_EPOCH, by(Role::Admin));
    let assign = |terms| ada.clone().assign_roles(&[Role::Auditor, Role::Member], terms, &facts(1), &admin, at);
    let nothing = Term { until: None, ..until(Role::Member, 0) };
    let guest = Term { role: Role::Member, ..engaged(1) };
    let twice =
        Term { engagement: Some(Engagement { firm: " ".into(), audits: vec![AuditId(Uuid::nil()); 2] }), ..engaged(0) };
    for (terms, expected) in [
        (vec![until(Role::Admin, 1)], &["/terms/0/role not_held"][..]),
        (vec![until(Role::Member, 1), until(Role::Member, 2)], &["/terms/1/role duplicate"]),
        (vec![nothing], &["/terms/0 empty"]),
        (vec![until(Role::Member, -1)], &["/terms/0/until out_of_range"]),
        (vec![guest], &["/terms/0/firm not_expected"]),
        (vec![engaged(0)], &["/terms/0/audit_ids length"]),
        (vec![engaged(51)], &["/terms/0/audit_ids length"]),
        (vec![twice], &["/terms/0/firm blank", "/terms/0/audit_ids/1 duplicate"]),
    ] {
        assert_eq!(codes(assign(terms.clone()).unwrap_err()), expected, "{terms:?}");
    }
    let held = assign(vec![engaged(50)]).unwrap().into_after();
    assert_eq!((held.roles_on(day(0)).len(), held.asked_on(day(0))), (2, vec![Role::Member]));
    assert_eq!(engagement_of(&held.terms).map(|audits| audits.len()), Some(50));
    let read: Member = serde_json::from_value(serde_json::to_value(&held).unwrap()).unwrap();
    assert_eq!(read, held);
    assert!(!serde_json::to_string(&ada).unwrap().contains("terms"), "what was hashed before hashes as it did");
}

#[test]
fn an_admin_whose_time_ends_is_none_to_rely_on() {
    let (admin, at, who) = (enrol(&[Role::Admin], Role::Admin).unwrap(), DateTime::UNIX_EPOCH, by(Role::Admin));
    let ending =
        |facts: Facts| admin.clone().assign_roles(&[Role::Admin], vec![until(Role::Admin, 3)], &facts, &who, at);
    assert_eq!(codes(ending(facts(1)).unwrap_err()), ["last_admin"]);
    let temporary = ending(facts(2)).unwrap().into_after();
    // The one that stays is somebody else.
    assert!(temporary.deactivate("left".into(), &facts(1), &who, at).is_ok());
}

fn apply(member: Member, verb: Verb) -> Result<Member, Refusal> {
    let (f, at, some) = (facts(2), DateTime::UNIX_EPOCH, || "because".to_owned());
    let (admin, to) = (by(Role::Admin), || enrol(&[Role::Auditor], Role::Admin).unwrap());
    match verb {
        Verb::AssignRoles => member.assign_roles(&[Role::Auditor], Vec::new(), &f, &admin, at),
        Verb::Deactivate => member.deactivate(some(), &f, &admin, at),
        Verb::Reactivate => member.reactivate(some(), &f, &admin, at),
        Verb::Reassign => member.reassign(&to(), some(), &f, &by(Role::IsmsManager), at).map(|(noted, _)| noted),
        Verb::OpenCalendarLink => {
            member.open_calendar_link(&CalendarLink::of(MemberId(Uuid::nil()), [1; 32]), &f, &by(Role::Member), at)
        }
        Verb::CloseCalendarLink => member.close_calendar_link(&f, &admin, at),
        Verb::Delegate => {
            let mut other = to();
            other.head.id = Uuid::from_u128(9);
            let input = Delegate { from: day(0), until: day(5), reason: some() };
            member.delegate(&other, input, &f, &by(Role::Member), at)
        }
        Verb::EndDelegation => member.end_delegation(&f, &admin, at),
    }
    .map(Change::into_after)
}

/// With a calendar link and somebody who stands in, as long as the member is there.
fn in_every_stage() -> [Member; 2] {
    let linked = apply(enrol(&[Role::Member], Role::Admin).unwrap(), Verb::OpenCalendarLink).unwrap();
    let delegated = apply(linked, Verb::Delegate).unwrap();
    [delegated.clone(), apply(delegated, Verb::Deactivate).unwrap()]
}

/// Every stage x every verb: a command succeeds exactly where the published table has an edge, and ends where it says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for member in in_every_stage() {
        let stage = member.stage_name();
        for verb in Verb::VARIANTS {
            let ends: Vec<_> = apply(member.clone(), *verb).iter().map(Lifecycle::stage_name).collect();
            assert_eq!(ends, published("members", stage, (*verb).into()), "{stage} {verb:?}");
            table.push_str(&format!("{stage} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let admin = enrol(&[Role::Admin], Role::Admin).unwrap();
    let at = DateTime::UNIX_EPOCH;
    let own = |verb| enrol(&[Role::Member], Role::Admin).unwrap().may(verb, &facts(2), &by(Role::Member));
    let gone = in_every_stage()[1].clone();
    let alone = admin.clone().assign_roles(&[Role::Member], Vec::new(), &facts(1), &by(Role::Admin), at);
    Refusals::of(in_every_stage().into_iter().chain([admin]), &[facts(1), facts(2)])
        .and("assign-roles", alone)
        .and("end-delegation", own(Verb::EndDelegation))
        .and("close-calendar-link", own(Verb::CloseCalendarLink))
        .and_all(
            [Verb::OpenCalendarLink, Verb::Delegate]
                .map(|verb| (verb.into(), gone.may(verb, &facts(2), &by(Role::Member)))),
        )
}

#[test]
fn a_provider_knows_a_member_once_and_the_program_alone_says_so() {
    let (ada, at, program) =
        (enrol(&[Role::Member], Role::Admin).unwrap(), DateTime::UNIX_EPOCH, crate::fixtures::program());
    let program = Actor { organisation: by(Role::Admin).organisation, ..program };
    let provider = |n| crate::id::IdentityProviderId(Uuid::from_u128(n));
    let link = |member: &Member, n, by: &Actor| member.clone().link_identity(provider(n), "ada-1".into(), by, at);
    assert_eq!(link(&ada, 1, &by(Role::Admin)), Err(Refusal::Forbidden));
    let linked = link(&ada, 1, &program).unwrap();
    assert_eq!(linked.verb(), "identity_linked");
    let linked = linked.into_after();
    assert!(linked.is_known_as(provider(1), "ada-1"));
    assert!(!linked.is_known_as(provider(1), "ada-2") && !linked.is_known_as(provider(2), "ada-1"));
    assert_eq!(codes(link(&linked, 1, &program).unwrap_err()), ["linked_already"]);
    let full = (2..11).fold(linked.clone(), |member, n| link(&member, n, &program).unwrap().into_after());
    assert_eq!(codes(link(&full, 99, &program).unwrap_err()), ["too_many"]);
    let gone = linked.clone().deactivate("left".into(), &facts(2), &by(Role::Admin), at).unwrap().into_after();
    assert_eq!(codes(link(&gone, 2, &program).unwrap_err()), ["deactivated"]);
    assert!(!serde_json::to_string(&ada).unwrap().contains("identities"), "what was hashed before hashes as it did");
    let read: Member = serde_json::from_value(serde_json::to_value(&linked).unwrap()).unwrap();
    assert_eq!(read, linked);
}

#[test]
fn roles_follow_the_provider_but_for_the_last_admin() {
    let (at, program) = (DateTime::UNIX_EPOCH, crate::fixtures::program());
    let program = Actor { organisation: by(Role::Admin).organisation, ..program };
    let admin = enrol(&[Role::Admin, Role::Auditor], Role::Admin).unwrap();
    let told = vec![until(Role::Auditor, 3)];
    let held = [Role::Admin, Role::Auditor];
    let admin = admin.assign_roles(&held, told.clone(), &facts(1), &by(Role::Admin), at).unwrap().into_after();
    let follow = |said: &[Role], admins| admin.clone().follow_roles(said, &facts(admins), &program, at);
    assert_eq!(admin.clone().follow_roles(&held, &facts(2), &by(Role::Admin), at), Err(Refusal::Forbidden));
    assert_eq!(follow(&held, 2), Ok(None));
    let fewer = follow(&[Role::Auditor], 2).unwrap().unwrap();
    assert_eq!((fewer.verb(), fewer.reason()), ("roles_followed", Some("as the identity provider says")));
    assert_eq!((&fewer.after().roles, &fewer.after().terms), (&vec![Role::Auditor], &told), "a term stays");
    assert_eq!(follow(&[Role::Auditor], 1), Ok(None), "the last admin");
    let other = follow(&[Role::Member], 1).unwrap().unwrap().into_after();
    assert_eq!(
        (&other.roles, &other.terms),
        (&vec![Role::Admin, Role::Member], &told),
        "it comes back as limited as it went"
    );
    let again = other.follow_roles(&held, &facts(2), &program, at).unwrap().unwrap().into_after();
    assert_eq!((again.roles.as_slice(), &again.terms), (&held[..], &told));
    // What is over is not given back, however often the provider says it.
    let later = Facts { admins: 2, today: day(4) };
    let over = again.clone().follow_roles(&held, &later, &program, at).unwrap().unwrap().into_after();
    assert_eq!((over.roles.as_slice(), over.lapses_on()), (&[Role::Admin][..], None));
    let lapsed = again.lapse(day(4), &program, at).unwrap().into_after();
    assert_eq!(lapsed.roles, [Role::Admin]);
    assert_eq!(lapsed.clone().follow_roles(&held, &later, &program, at), Ok(None));
    assert_eq!(codes(lapsed.follow_roles(&[Role::Auditor], &later, &program, at).unwrap_err()), ["no_role"]);
    assert_eq!(codes(follow(&[], 2).unwrap_err()), ["no_role"]);
    let gone = admin.clone().deactivate("left".into(), &facts(2), &by(Role::Admin), at).unwrap().into_after();
    assert_eq!(codes(gone.follow_roles(&held, &facts(2), &program, at).unwrap_err()), ["deactivated"]);
}

/// A key that a directory has, and that may do nothing else.
fn directory() -> Actor {
    let key = crate::fixtures::machine(&[crate::access::Permission::ProvisionMembers]);
    Actor { organisation: by(Role::Admin).organisation, ..key }
}

fn provision(roles: &[Role], by: &Actor) -> Result<Member, Refusal> {
    let reference = Reference { prefix: Prefix::Member, year: 2026, number: 2 };
    let birth = Birth { id: Uuid::from_u128(7), reference, at: DateTime::UNIX_EPOCH };
    let draft =
        MemberDraft { account: AccountId(Uuid::nil()), name: "Grace".into(), unit: None, roles: roles.to_vec() };
    Member::provision(draft, Said::default(), by, birth).map(Change::into_after)
}

fn text(said: &str) -> Option<Option<String>> {
    Some(Some(said.to_owned()))
}

#[test]
fn a_directory_makes_and_names_members_and_no_admin() {
    let at = DateTime::UNIX_EPOCH;
    for other in [by(Role::IsmsManager), by(Role::Member)] {
        assert_eq!(provision(&[Role::Member], &other), Err(Refusal::Forbidden));
    }
    assert_eq!(provision(&[Role::Admin], &directory()), Err(Refusal::Forbidden));
    // By the way that gives a password, no key makes anybody.
    let reference = Reference { prefix: Prefix::Member, year: 2026, number: 2 };
    let birth = Birth { id: Uuid::from_u128(7), reference, at };
    let draft =
        MemberDraft { account: AccountId(Uuid::nil()), name: "G".into(), unit: None, roles: vec![Role::Member] };
    assert_eq!(Member::enrol(draft, &directory(), birth).map(drop), Err(Refusal::Forbidden));
    let grace = provision(&[Role::Member], &directory()).unwrap();
    let said = Said { display: text("Grace H"), unit: text("Yard"), external_id: Some(None), ..Said::default() };
    assert_eq!(grace.clone().follow_directory(said.clone(), &by(Role::IsmsManager), at), Err(Refusal::Forbidden));
    let followed = grace.clone().follow_directory(said.clone(), &directory(), at).unwrap().unwrap().into_after();
    assert_eq!(
        (followed.name.as_str(), followed.unit.as_deref(), &followed.external_id),
        ("Grace H", Some("Yard"), &None)
    );
    assert_eq!(followed.follow_directory(said, &directory(), at), Ok(None));
    let blank = Said { display: text(" "), unit: text(" "), external_id: text(" "), ..Said::default() };
    let refused = grace.clone().follow_directory(blank, &directory(), at).unwrap_err();
    assert_eq!(codes(refused), ["/displayName blank", "/department blank", "/externalId blank"]);
    let long = Said { given: text(&"g".repeat(150)), family: text(&"h".repeat(150)), ..Said::default() };
    assert_eq!(codes(grace.clone().follow_directory(long, &directory(), at).unwrap_err()), ["/name too_long"]);
    assert!(grace.clone().note_new_address(&directory(), at).is_ok());
    let admin = enrol(&[Role::Admin], Role::Admin).unwrap();
    assert_eq!(admin.note_new_address(&directory(), at), Err(Refusal::Forbidden));
    let read: Member = serde_json::from_value(serde_json::to_value(&grace).unwrap()).unwrap();
    assert_eq!(read, grace);
}

#[test]
fn a_member_is_called_as_the_directory_says() {
    let at = DateTime::UNIX_EPOCH;
    let mut grace = provision(&[Role::Member], &directory()).unwrap();
    for (said, name) in [
        (Said { given: text("Grace"), family: text("Murray"), ..Said::default() }, "Grace Murray"),
        // One part of a name alone, as at a marriage.
        (Said { family: text("Hopper"), ..Said::default() }, "Grace Hopper"),
        (Said { formatted: text("Grace B. Hopper"), ..Said::default() }, "Grace B. Hopper"),
        (Said { display: text("Amazing Grace"), ..Said::default() }, "Amazing Grace"),
        (Said { display: Some(None), ..Said::default() }, "Grace B. Hopper"),
        (Said { formatted: Some(None), given: Some(None), ..Said::default() }, "Hopper"),
        (Said::default().whole(), "Hopper"),
    ] {
        grace = grace.follow_directory(said, &directory(), at).unwrap().unwrap().into_after();
        assert_eq!(grace.name, name);
    }
    assert!(grace.called.is_empty());
}

#[test]
fn groups_give_and_take_every_role_but_admin() {
    let at = DateTime::UNIX_EPOCH;
    let grace = provision(&[Role::Member], &directory()).unwrap();
    let follow = |member: &Member, role: Role, is_in: bool, admins: i64| {
        member.clone().follow_group((role, is_in), &facts(admins), &directory(), at)
    };
    let auditor = follow(&grace, Role::Auditor, true, 1).unwrap().unwrap().into_after();
    assert_eq!(auditor.roles, [Role::Auditor, Role::Member]);
    assert_eq!(follow(&auditor, Role::Auditor, true, 1), Ok(None));
    let alone = follow(&auditor, Role::Member, false, 1).unwrap().unwrap().into_after();
    assert_eq!(alone.roles, [Role::Auditor]);
    let back = follow(&alone, Role::Auditor, false, 1).unwrap().unwrap().into_after();
    assert_eq!(back.roles, [Role::Member], "nobody is without a role");
    assert_eq!(follow(&back, Role::Member, false, 1), Ok(None));
    assert_eq!(follow(&grace, Role::Admin, true, 1), Err(Refusal::Forbidden));
    let admin = enrol(&[Role::Admin], Role::Admin).unwrap();
    assert_eq!(codes(follow(&admin, Role::Admin, false, 1).unwrap_err()), ["last_admin"]);
    assert!(follow(&admin, Role::Admin, false, 2).unwrap().is_some());
    assert!(follow(&admin, Role::Member, true, 1).unwrap().is_some(), "an admin may hold others beside it");
    let other = grace.clone().follow_group((Role::Auditor, true), &facts(1), &by(Role::IsmsManager), at);
    assert_eq!(other, Err(Refusal::Forbidden));
    // Who is out for now comes back without what was taken away meanwhile.
    let out = auditor.follow_activity(false, &facts(2), &directory(), at).unwrap().unwrap().into_after();
    let taken = follow(&out, Role::Auditor, false, 1).unwrap().unwrap().into_after();
    let back = taken.follow_activity(true, &facts(2), &directory(), at).unwrap().unwrap().into_after();
    assert_eq!((back.active, back.roles), (true, vec![Role::Member]));
}

#[test]
fn a_role_that_has_ended_is_not_given_back_by_a_group() {
    let at = DateTime::UNIX_EPOCH;
    let today = NaiveDate::from_ymd_opt(2026, 7, 1).unwrap();
    let on = |today: NaiveDate| Facts { admins: 2, today };
    let term = Term { role: Role::Auditor, until: Some(today), engagement: None };
    let grace = enrol(&[Role::Member], Role::Admin).unwrap();
    let both = [Role::Auditor, Role::Member];
    let limited = grace.assign_roles(&both, vec![term.clone()], &on(today), &by(Role::Admin), at).unwrap().into_after();
    let follow = |member: &Member, is_in: bool, today: NaiveDate| {
        member.clone().follow_group((Role::Auditor, is_in), &on(today), &directory(), at).unwrap()
    };
    let without = follow(&limited, false, today).unwrap().into_after();
    let again = follow(&without, true, today).unwrap().into_after();
    assert_eq!((&again.roles[..], &again.terms[..]), (&both[..], &[term][..]), "as limited as it went");
    let later = today.succ_opt().unwrap();
    assert_eq!(follow(&without, true, later), None);
    let program = Actor { identity: Identity::System { worker: "members" }, ..by(Role::Admin) };
    let lapsed = limited.lapse(later, &program, at).unwrap().into_after();
    assert_eq!(follow(&lapsed, true, later), None);
}

#[test]
fn whoever_a_directory_removes_is_out_and_can_come_back() {
    let at = DateTime::UNIX_EPOCH;
    let leave = |member: &Member, admins| member.clone().leave_directory(&facts(admins), &directory(), at);
    let grace = provision(&[Role::Auditor], &directory()).unwrap();
    assert_eq!(grace.clone().leave_directory(&facts(1), &by(Role::IsmsManager), at), Err(Refusal::Forbidden));
    let gone = leave(&grace, 1).unwrap().unwrap();
    assert_eq!((gone.verb(), gone.after().active, gone.after().has_left_directory), ("deactivated", false, true));
    let gone = gone.into_after();
    assert_eq!(leave(&gone, 1), Ok(None));
    let back = gone.return_to_directory(&directory(), at).unwrap().into_after();
    assert!(back.active && !back.has_left_directory);
    assert_eq!(back.roles, [Role::Member], "as anybody whom a directory makes");
    assert_eq!(codes(back.clone().return_to_directory(&directory(), at).unwrap_err()), ["wrong_state"]);
    let idle = back.follow_activity(false, &facts(1), &directory(), at).unwrap().unwrap().into_after();
    assert_eq!(leave(&idle, 1).unwrap().unwrap().verb(), "removed_from_directory");
    assert_eq!(codes(leave(&enrol(&[Role::Admin], Role::Admin).unwrap(), 1).unwrap_err()), ["last_admin"]);
}

#[test]
fn no_admin_comes_back_by_a_directory() {
    let at = DateTime::UNIX_EPOCH;
    let follow = |member: &Member, is_active: bool, admins: i64| {
        member.clone().follow_activity(is_active, &facts(admins), &directory(), at)
    };
    let admin = enrol(&[Role::Admin], Role::Admin).unwrap();
    assert_eq!(codes(follow(&admin, false, 1).unwrap_err()), ["last_admin"]);
    assert_eq!(follow(&admin, true, 1), Ok(None));
    let gone = follow(&admin, false, 2).unwrap().unwrap().into_after();
    assert_eq!(follow(&gone, true, 2).unwrap().unwrap().into_after().roles, [Role::Member]);
    // The ways of people are theirs alone.
    assert_eq!(admin.deactivate("x".into(), &facts(2), &directory(), at).map(drop), Err(Refusal::Forbidden));
    assert_eq!(gone.reactivate("x".into(), &facts(2), &directory(), at).map(drop), Err(Refusal::Forbidden));
}
