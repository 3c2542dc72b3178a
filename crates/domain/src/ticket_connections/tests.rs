use super::*;
use crate::access::Role;
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, faults_of, machine, member, person, program};
use chrono::TimeDelta;
use strum::VariantArray;

fn admin() -> Actor {
    person(1, &[Role::Admin])
}

fn status(status: &str, category: Category) -> Status {
    Status { status: status.into(), category }
}

fn terms() -> Terms {
    Terms {
        description: "The service desk".into(),
        kind: Kind::Roundup,
        base_url: "https://desk.example.org/isms".into(),
        project: None,
        issue_type: None,
        close_code: None,
        statuses: vec![status("unread", Category::ToDo), status("resolved", Category::Done)],
        people: vec![Person { member_id: member(3), name: "mara".into() }],
        rules: Vec::new(),
        wins: Winner::Ours,
        on_done: OnDone::Propose,
        poll_seconds: 300,
        generic: None,
    }
}

fn call(method: RequestMethod, path: &str) -> Request {
    Request { method, path: path.into(), body: Vec::new() }
}

fn generic() -> Generic {
    let title = Member { name: "/title".into(), value: "{title}".into() };
    Generic {
        auth: AuthScheme::Bearer,
        auth_header: None,
        headers: Vec::new(),
        create: Request { body: vec![title.clone()], ..call(RequestMethod::Post, "/issues") },
        fetch: call(RequestMethod::Get, "/issues/{key}"),
        update: Request { body: vec![title], ..call(RequestMethod::Patch, "/issues/{key}") },
        set_status: None,
        find: Some(call(RequestMethod::Get, "/issues?q={marker}")),
        changed: Some(call(RequestMethod::Get, "/issues?since={since}")),
        page_size: None,
        reading: Reading {
            ticket: String::new(),
            list: "/items".into(),
            key: "/id".into(),
            status: "/status".into(),
            title: Some("/title".into()),
            text: None,
            due_on: None,
            assignee: None,
            updated_at: None,
            address: None,
        },
        inbound: Some(Inbound { signature: Signature::Token, header: Some("x-token".into()), key: "/id".into() }),
    }
}

fn draft(terms: Terms) -> TicketConnectionDraft {
    TicketConnectionDraft { terms, has_credentials: true, found: Found::Nothing, kept: 0 }
}

fn connect(draft: TicketConnectionDraft, by: &Actor) -> Result<Change<TicketConnection>, Refusal> {
    TicketConnection::connect(draft, &Reach::default(), by, birth(Prefix::TicketConnection))
}

fn active() -> TicketConnection {
    connect(draft(terms()), &admin()).unwrap().into_after()
}

fn apply(connection: TicketConnection, verb: Verb) -> Result<TicketConnection, Refusal> {
    let (facts, by) = (Facts, admin());
    match verb {
        Verb::Check => connection.check(&facts, &by, at()),
        Verb::Pause => connection.pause("The desk moves".into(), &facts, &by, at()),
        Verb::Resume => connection.resume(&facts, &by, at()),
        Verb::RotateSecret => connection.rotate_secret(&facts, &by, at()),
        Verb::Retire => connection.retire("Another desk".into(), &facts, &by, at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> TicketConnection {
    match stage {
        StageName::Active => active(),
        StageName::Paused => apply(active(), Verb::Pause).unwrap(),
        StageName::Failing => active().fail("nobody answers".into(), &program(), at()).unwrap().into_after(),
        StageName::Retired => apply(active(), Verb::Retire).unwrap(),
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

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let full = connect(TicketConnectionDraft { kept: KEPT, ..draft(terms()) }, &admin()).map(drop);
    let failed = at_stage(StageName::Paused).fail("x".into(), &program(), at()).map(drop);
    let recovered = active().recover(&program(), at()).map(drop);
    let stages = StageName::VARIANTS.iter().map(|stage| at_stage(*stage));
    Refusals::of(stages, &[Facts]).and("connect", full).and("fail", failed).and("recover", recovered)
}

#[test]
fn admins_alone_connect_and_the_program_alone_says_that_it_fails() {
    let key = machine(&[Permission::ReadJournal, Permission::ReadRecords]);
    for by in [person(2, &[Role::IsmsManager, Role::Management, Role::Auditor]), key] {
        assert_eq!(connect(draft(terms()), &by).map(drop), Err(Refusal::Forbidden));
        for verb in Verb::VARIANTS {
            assert_eq!(active().may(*verb, &Facts, &by), Err(Refusal::Forbidden));
        }
        assert_eq!(active().may_amend(&by), Err(Refusal::Forbidden));
        assert!(!active().is_visible(&by));
    }
    assert_eq!(active().fail("x".into(), &admin(), at()).map(drop), Err(Refusal::Forbidden));
    assert_eq!(at_stage(StageName::Failing).recover(&admin(), at()).map(drop), Err(Refusal::Forbidden));
    let recovered = at_stage(StageName::Failing).recover(&program(), at()).unwrap();
    assert_eq!(
        (recovered.action().as_str(), recovered.after().stage.name()),
        ("ticket_connection.recovered", StageName::Active)
    );
}

/// Whoever may change an address and not read the secret must not have it sent elsewhere.
#[test]
fn credentials_are_forgotten_where_the_host_changes() {
    let amended = |base_url: &str, credentials| {
        let input = Amendment { base_url: Some(base_url.into()), credentials, ..Amendment::default() };
        let change = active().amend(input, (&Reach::default(), &Found::Nothing), &admin(), at() + TimeDelta::hours(1));
        change.unwrap().into_after().credentials_at
    };
    assert_eq!(amended("https://desk.example.org/other", CredentialsChange::Stay), Some(at()));
    assert_eq!(amended("https://desk.example.org:8443/isms", CredentialsChange::Stay), None);
    assert_eq!(amended("https://desk.example.com/isms", CredentialsChange::Stay), None);
    assert_eq!(amended("https://desk.example.com/isms", CredentialsChange::Set), Some(at() + TimeDelta::hours(1)));
    assert_eq!(amended("https://desk.example.org/isms", CredentialsChange::Clear), None);
    assert_eq!(at_stage(StageName::Retired).credentials_at, None);
}

/// Key 12 is another ticket elsewhere.
#[test]
fn tickets_stay_where_they_are_unless_they_have_moved_too() {
    let amended = |input: Amendment| {
        let found = (&Reach::default(), &Found::Nothing);
        active().amend(Amendment { has_tickets: true, ..input }, found, &admin(), at()).map(drop)
    };
    let moved = || Amendment { base_url: Some("https://desk.example.org/other".into()), ..Amendment::default() };
    let other = Amendment { project: Some(Some("OTHER".into())), ..Amendment::default() };
    for input in [moved(), other] {
        assert!(matches!(amended(input), Err(Refusal::State(reasons)) if reasons[0].code == "has_tickets"));
    }
    assert_eq!(amended(Amendment { keeps_tickets: true, ..moved() }), Ok(()));
    assert_eq!(amended(Amendment { description: Some("The desk".into()), ..Amendment::default() }), Ok(()));
}

#[test]
fn every_fault_is_named() {
    let wrong = Terms {
        description: " ".into(),
        base_url: "http://desk.example.org".into(),
        project: Some("a\nb".into()),
        statuses: vec![
            status("open", Category::InProgress),
            status("open", Category::Done),
            status("", Category::InProgress),
        ],
        people: vec![
            Person { member_id: member(3), name: "mara".into() },
            Person { member_id: member(3), name: "mara".into() },
        ],
        poll_seconds: 9,
        generic: Some(generic()),
        ..terms()
    };
    let expected = [
        "/description blank",
        "/base_url scheme",
        "/project control_character",
        "/statuses/1/status duplicate",
        "/statuses/2/status blank",
        "/people/1/member_id duplicate",
        "/people/1/name duplicate",
        "/poll_seconds out_of_range",
        "/generic not_allowed",
    ];
    assert_eq!(faults_of(connect(draft(wrong), &admin())), expected);
    let fault = |terms: Terms| faults_of(connect(draft(terms), &admin()));
    assert_eq!(fault(Terms { kind: Kind::Generic, ..terms() }), ["/generic required"]);
    assert_eq!(fault(Terms { kind: Kind::Github, ..terms() }), ["/project required"]);
    assert_eq!(fault(Terms { base_url: "https://desk.example.org/a?b=c".into(), ..terms() }), ["/base_url query"]);
    assert_eq!(fault(Terms { statuses: Vec::new(), ..terms() }), ["/statuses length"]);
    let statuses = vec![status("resolved", Category::Cancelled)];
    assert_eq!(fault(Terms { statuses, ..terms() }), ["/statuses incomplete", "/statuses incomplete"]);
    let sound = Terms { kind: Kind::Generic, generic: Some(generic()), ..terms() };
    connect(draft(sound), &admin()).unwrap();
}

#[test]
fn every_fault_of_what_is_configured_is_named() {
    let told = |change: fn(&mut Generic)| {
        let mut changed = generic();
        change(&mut changed);
        faults_of(connect(draft(Terms { kind: Kind::Generic, generic: Some(changed), ..terms() }), &admin()))
    };
    type Case = (fn(&mut Generic), &'static [&'static str]);
    let cases: [Case; 12] = [
        (|it| it.auth = AuthScheme::Header, &["/generic/auth_header required"]),
        (|it| it.auth_header = Some("x-key".into()), &["/generic/auth_header not_allowed"]),
        (
            |it| it.headers = vec![Member { name: "Host".into(), value: "a\r\nb".into() }],
            &["/generic/headers/0/name reserved", "/generic/headers/0/value length"],
        ),
        (
            |it| it.headers = vec![Member { name: "a b".into(), value: "c".into() }],
            &["/generic/headers/0/name malformed"],
        ),
        (|it| it.fetch.path = "/issues".into(), &["/generic/fetch/path incomplete"]),
        (|it| it.fetch.path = "//elsewhere/{key}".into(), &["/generic/fetch/path malformed"]),
        (|it| it.create.path = "/issues/{nobody}".into(), &["/generic/create/path unknown_gap"]),
        (|it| it.create.body[0].value = "{title".into(), &["/generic/create/body/0/value unknown_gap"]),
        (|it| it.fetch.body = it.create.body.clone(), &["/generic/fetch/body length"]),
        (|it| it.find = Some(it.create.clone()), &["/generic/find incomplete"]),
        (|it| it.reading.key = "id".into(), &["/generic/reading/key malformed"]),
        (|it| it.inbound.as_mut().unwrap().header = None, &["/generic/inbound/header required"]),
    ];
    for (change, expected) in cases {
        assert_eq!(told(change), expected);
    }
}

#[test]
fn statuses_mean_categories_and_categories_statuses() {
    let mut known = terms();
    assert_eq!(known.category_of("Resolved"), Some(Category::Done));
    assert_eq!(known.category_of("new"), None, "nothing is guessed");
    assert_eq!(known.status_of(Category::InProgress), Some("unread"));
    assert_eq!(known.status_of(Category::Cancelled), Some("resolved"));
    known.statuses.push(status("in-progress", Category::InProgress));
    assert_eq!(known.status_of(Category::InProgress), Some("in-progress"));
    assert_eq!((known.name_of(member(3)), known.member_of("mara")), (Some("mara"), Some(member(3))));
    assert_eq!((known.name_of(member(4)), known.member_of("Mara")), (None, None));
}

#[test]
fn it_is_tried_again_later_and_later() {
    let waits: Vec<i64> = [1, 2, 3, 4, 5, 6, 60].map(|times| again_after(times, None, 0.0).num_seconds()).to_vec();
    assert_eq!(waits, [5, 15, 60, 300, 900, 1_800, 1_800]);
    assert_eq!(again_after(1, None, 1.0), TimeDelta::milliseconds(5_500));
    assert_eq!(again_after(1, Some(TimeDelta::hours(1)), 0.0), TimeDelta::hours(1));
    assert_eq!(again_after(3, Some(TimeDelta::seconds(1)), 0.0), TimeDelta::seconds(60));
    assert_eq!(again_after(1, Some(TimeDelta::days(9)), 0.0), TimeDelta::days(1));
}
