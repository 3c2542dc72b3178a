use super::*;
use crate::access::Role;
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, faults_of, machine, person, program};
use chrono::TimeDelta;
use ipnet::IpNet;
use std::net::IpAddr;
use uuid::Uuid;

fn admin() -> Actor {
    person(1, &[Role::Admin])
}

fn terms() -> Terms {
    Terms {
        url: "https://hooks.example.org/ratchet".into(),
        description: "The security team's chat".into(),
        events: vec!["nonconformity.*".into(), "*.closed".into()],
        payload: Payload::Thin,
    }
}

fn draft(terms: Terms) -> WebhookEndpointDraft {
    WebhookEndpointDraft { terms, found: Found::Nothing, kept: 0 }
}

fn register(draft: WebhookEndpointDraft, by: &Actor) -> Result<Change<WebhookEndpoint>, Refusal> {
    WebhookEndpoint::register(draft, &Reach::default(), by, birth(Prefix::WebhookEndpoint))
}

fn active() -> WebhookEndpoint {
    register(draft(terms()), &admin()).unwrap().into_after()
}

fn facts() -> Facts {
    Facts { waiting: 1 }
}

fn apply(endpoint: WebhookEndpoint, verb: Verb) -> Result<WebhookEndpoint, Refusal> {
    let (facts, by) = (facts(), admin());
    match verb {
        Verb::Pause => endpoint.pause("The receiver moves".into(), &facts, &by, at()),
        Verb::Resume => endpoint.resume(&facts, &by, at()),
        Verb::RotateSecret => endpoint.rotate_secret(None, &facts, &by, at()),
        Verb::Test => endpoint.test(&facts, &by, at()),
        Verb::Resend => endpoint.resend(&facts, &by, at()),
        Verb::Replay => endpoint.replay(&facts, &by, at()),
        Verb::Retire => endpoint.retire("The chat was closed".into(), &facts, &by, at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> WebhookEndpoint {
    match stage {
        StageName::Active => active(),
        StageName::Paused => apply(active(), Verb::Pause).unwrap(),
        StageName::Disabled => active().disable(DisabledBecause::Gone, &program(), at()).unwrap().into_after(),
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
    let full = register(WebhookEndpointDraft { kept: KEPT, ..draft(terms()) }, &admin()).map(drop);
    let disabled = at_stage(StageName::Paused).disable(DisabledBecause::Failing, &program(), at()).map(drop);
    let stages = StageName::VARIANTS.iter().map(|stage| at_stage(*stage));
    Refusals::of(stages, &[facts(), Facts { waiting: REPLAYED }]).and("register", full).and("disable", disabled)
}

#[test]
fn admins_alone_say_where_events_go_and_the_program_alone_disables() {
    let key = machine(&[Permission::ReadJournal, Permission::ReadRecords]);
    for by in [person(2, &[Role::IsmsManager, Role::Management, Role::Auditor]), key] {
        assert_eq!(register(draft(terms()), &by).map(drop), Err(Refusal::Forbidden));
        for verb in Verb::VARIANTS {
            assert_eq!(active().may(*verb, &facts(), &by), Err(Refusal::Forbidden));
        }
        assert_eq!(active().may_amend(&by), Err(Refusal::Forbidden));
        assert!(!active().is_visible(&by));
    }
    assert_eq!(active().disable(DisabledBecause::Gone, &admin(), at()).map(drop), Err(Refusal::Forbidden));
    let disabled = active().disable(DisabledBecause::Failing, &program(), at()).unwrap();
    assert_eq!(
        (disabled.action().as_str(), disabled.reason()),
        ("webhook_endpoint.disabled", Some("nothing was taken for five days"))
    );
}

#[test]
fn every_fault_is_named() {
    let wrong = Terms {
        url: "ftp://hooks.example.org".into(),
        description: " ".into(),
        events: ["nonconformity.*", "nonconformities.*", "nonconformity.*", "a b", "", "nonconformity", "*.", "Risk.*"]
            .map(str::to_owned)
            .to_vec(),
        payload: Payload::Full,
    };
    let expected = [
        "/url scheme",
        "/description blank",
        "/events/1 unknown_event",
        "/events/2 duplicate",
        "/events/3 unknown_event",
        "/events/4 unknown_event",
        "/events/5 unknown_event",
        "/events/6 unknown_event",
        "/events/7 unknown_event",
    ];
    assert_eq!(faults_of(register(draft(wrong), &admin())), expected);
    for events in [Vec::new(), vec!["*".to_owned(); PATTERNS + 1]] {
        let told = faults_of(register(draft(Terms { events, ..terms() }), &admin()));
        assert!(told.contains(&"/events length".to_owned()), "{told:?}");
    }
    let hours = |hours| active().rotate_secret(Some(hours), &facts(), &admin(), at());
    for wrong in [-1, 169] {
        assert_eq!(faults_of(hours(wrong)), ["/overlap_hours out_of_range"]);
    }
    let rotated = hours(0).unwrap().into_after().rotation.unwrap();
    assert_eq!(rotated, Rotation { at: at(), overlaps_until: at() });
}

#[test]
fn types_are_taken_by_their_patterns() {
    for (pattern, kind, takes) in [
        ("*", "nonconformity.closed", true),
        ("nonconformity.*", "nonconformity.closed", true),
        ("nonconformity.*", "improvement.closed", false),
        ("*.closed", "improvement.closed", true),
        ("*.closed", "improvement.closed_again", false),
        ("change.*", "change_template.approved", false),
        ("change*.approved", "change_template.approved", true),
        ("risk.accepted", "risk.accepted", true),
    ] {
        let terms = Terms { events: vec![pattern.into()], ..terms() };
        assert!(terms.faults(Some((&Reach::default(), &Found::Nothing))).refuse().is_ok(), "{pattern}");
        assert_eq!(terms.takes(kind), takes, "{pattern} {kind}");
    }
}

#[test]
fn an_amendment_changes_what_it_names() {
    let (reach, found) = (Reach::default(), Found::Nothing);
    let amend = |endpoint: WebhookEndpoint, input| endpoint.amend(input, (&reach, &found), &admin(), at());
    let input = Amendment { payload: Some(Payload::Full), events: Some(vec!["*".into()]), ..Amendment::default() };
    let after = amend(active(), input).unwrap().into_after();
    assert_eq!(after.terms, Terms { payload: Payload::Full, events: vec!["*".into()], ..terms() });
    assert!(matches!(amend(at_stage(StageName::Retired), Amendment::default()), Err(Refusal::State(_))));
    let inwards = Amendment { url: Some("https://127.0.0.1/".into()), ..Amendment::default() };
    assert_eq!(faults_of(amend(active(), inwards)), ["/url address"]);
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let endpoint = apply(at_stage(*stage), Verb::RotateSecret).unwrap_or_else(|_| at_stage(*stage));
        let stored = serde_json::to_value(&endpoint).unwrap();
        assert_eq!(serde_json::from_value::<WebhookEndpoint>(stored).unwrap(), endpoint);
    }
    assert!(serde_json::to_value(active()).unwrap().get("rotation").is_none());
}

#[test]
fn only_what_is_anybodys_to_reach_is_public() {
    for (address, expected) in [
        ("8.8.8.8", true),
        ("100.63.255.255", true),
        ("100.64.0.1", false),
        ("100.127.255.255", false),
        ("100.128.0.0", true),
        ("0.0.0.0", false),
        ("10.1.2.3", false),
        ("127.0.0.1", false),
        ("127.255.255.254", false),
        ("169.254.169.254", false),
        ("172.15.0.1", true),
        ("172.16.0.1", false),
        ("172.31.255.255", false),
        ("172.32.0.1", true),
        ("192.168.0.1", false),
        ("192.0.0.8", false),
        ("192.88.99.1", false),
        ("198.18.0.1", false),
        ("198.19.255.255", false),
        ("198.20.0.1", true),
        ("224.0.0.1", false),
        ("240.0.0.1", false),
        ("255.255.255.255", false),
        ("::", false),
        ("::1", false),
        ("::ffff:127.0.0.1", false),
        ("::ffff:8.8.8.8", true),
        ("::127.0.0.1", false),
        ("64:ff9b::7f00:1", false),
        ("64:ff9b:1::a00:1", false),
        ("2002:7f00:1::", false),
        ("2001::1", false),
        ("2001:1ff::1", false),
        ("2001:4860:4860::8888", true),
        ("2606:4700::1111", true),
        ("fc00::1", false),
        ("fd00:ec2::254", false),
        ("fe80::1", false),
        ("fec0::1", false),
        ("ff02::1", false),
    ] {
        assert_eq!(is_public(address.parse().unwrap()), expected, "{address}");
    }
}

#[test]
fn addresses_lead_outside_or_where_the_operator_allows() {
    let allowed = ["127.0.0.0/8", "10.20.0.0/16"].map(|network| network.parse::<IpNet>().unwrap()).to_vec();
    let inside = Reach { allowed };
    let outside = Reach::default();
    let public = Found::Addresses(vec!["8.8.8.8".parse().unwrap(), "2606:4700::1111".parse().unwrap()]);
    let one_private = Found::Addresses(vec!["8.8.8.8".parse().unwrap(), "10.0.0.1".parse().unwrap()]);
    let local = Found::Addresses(vec!["10.20.0.9".parse::<IpAddr>().unwrap()]);
    for (url, reach, found, expected) in [
        ("https://hooks.example.org/a?b=c", &outside, &public, ""),
        ("https://hooks.example.org:8443/", &outside, &public, ""),
        ("https://hooks.example.org/", &outside, &Found::Nothing, ""),
        ("https://hooks.example.org/", &outside, &one_private, "address"),
        ("https://hooks.example.org/", &outside, &local, "address"),
        ("https://hooks.example.org/", &inside, &local, ""),
        ("http://hooks.example.org:8080/", &inside, &local, ""),
        ("http://hooks.example.org/", &inside, &public, "scheme"),
        ("http://hooks.example.org/", &inside, &Found::Nothing, "scheme"),
        ("https://hooks.example.org:444/", &outside, &public, "port"),
        ("https://hooks.example.org:22/", &inside, &public, "port"),
        ("http://127.0.0.1:9/", &inside, &Found::Nothing, ""),
        ("http://127.0.0.1:9/", &outside, &Found::Nothing, "scheme"),
        ("https://127.0.0.1/", &outside, &Found::Nothing, "address"),
        // However it is written.
        ("https://2130706433/", &outside, &Found::Nothing, "address"),
        ("https://0x7f.1/", &outside, &Found::Nothing, "address"),
        ("https://0177.0.0.1/", &outside, &Found::Nothing, "address"),
        ("https://[::ffff:127.0.0.1]/", &outside, &Found::Nothing, "address"),
        ("https://[::ffff:10.20.0.1]/", &inside, &Found::Nothing, ""),
        ("https://[::1]/", &inside, &Found::Nothing, "address"),
        ("https://169.254.169.254/latest/meta-data/", &outside, &Found::Nothing, "address"),
        ("https://me:secret@hooks.example.org/", &outside, &public, "userinfo"),
        ("https://me@hooks.example.org/", &outside, &public, "userinfo"),
        ("https://hooks.example.org/#part", &outside, &public, "fragment"),
        ("https://", &outside, &public, "malformed"),
        ("hooks.example.org", &outside, &public, "malformed"),
        ("https://hooks.example.org/a\tb", &outside, &public, "malformed"),
        ("https://hooks.example.org/ü", &outside, &public, "malformed"),
        ("file:///etc/passwd", &outside, &public, "scheme"),
        ("gopher://hooks.example.org/", &outside, &public, "scheme"),
    ] {
        let told = Destination::parse(url).and_then(|destination| destination.check(reach, found));
        assert_eq!(told.map_or_else(|fault| fault.code, |()| String::new()), expected, "{url}");
    }
    let long = format!("https://hooks.example.org/{}", "a".repeat(URL));
    assert_eq!(Destination::parse(&long).unwrap_err().code, "length");
}

#[test]
fn attempts_follow_the_schedule() {
    let failed = Answered { status: Some(500), retry_after: None };
    let pause = |answered, tried, chance| match verdict(answered, tried, chance, at()) {
        Verdict::Again(then) => (then - at()).num_milliseconds(),
        Verdict::Delivered | Verdict::GivenUp | Verdict::Gone => -1,
    };
    for (tried, usual) in [(1, 5), (2, 300), (3, 1_800), (4, 7_200), (5, 18_000), (6, 36_000), (7, 36_000)] {
        assert_eq!(pause(failed, tried, 0.5), usual * 1_000, "{tried}");
        assert_eq!(pause(failed, tried, 0.0), usual * 800, "{tried}");
        assert_eq!(pause(failed, tried, 1.0), usual * 1_200, "{tried}");
    }
    assert_eq!(verdict(failed, SCHEDULE.len(), 0.5, at()), Verdict::GivenUp);
    for (status, expected) in [
        (Some(200), Verdict::Delivered),
        (Some(204), Verdict::Delivered),
        (Some(410), Verdict::Gone),
        (Some(301), Verdict::Again(at() + TimeDelta::seconds(5))),
        (Some(404), Verdict::Again(at() + TimeDelta::seconds(5))),
        (None, Verdict::Again(at() + TimeDelta::seconds(5))),
    ] {
        assert_eq!(verdict(Answered { status, retry_after: None }, 1, 0.5, at()), expected, "{status:?}");
    }
    // Put off by the receiver: no sooner than it asks, and no later than an hour.
    for (asked, tried, expected) in [(60, 1, 60), (1, 1, 5), (60, 2, 300), (86_400, 1, 3_600)] {
        let busy = Answered { status: Some(503), retry_after: Some(TimeDelta::seconds(asked)) };
        assert_eq!(pause(busy, tried, 0.5), expected * 1_000, "{asked}");
    }
    for (value, expected) in [
        ("120", Some(120)),
        (" 0 ", Some(0)),
        ("Thu, 28 May 2026 20:27:20 GMT", Some(40)),
        ("Thu, 28 May 2020 20:27:20 GMT", None),
        ("soon", None),
        ("", None),
        ("-5", None),
        ("99999999999999999999", None),
    ] {
        let asked = retry_after(value, at()).map(|asked| asked.num_seconds());
        assert_eq!(asked, expected.or(value.contains("2020").then_some(0)), "{value}");
    }
}

#[test]
fn five_days_of_nothing_disable() {
    let since = |days: i64| Some(at() - TimeDelta::days(days));
    let again = Verdict::Again(at());
    for (verdict, failing_since, expected) in [
        (Verdict::Gone, None, Some(DisabledBecause::Gone)),
        (again, None, None),
        (again, since(4), None),
        (again, since(5), Some(DisabledBecause::Failing)),
        (Verdict::GivenUp, since(6), Some(DisabledBecause::Failing)),
        (Verdict::Delivered, since(6), None),
    ] {
        assert_eq!(DisabledBecause::after(verdict, failing_since, at()), expected, "{verdict:?} {failing_since:?}");
    }
}

#[test]
fn events_of_one_record_wait_for_each_other() {
    let id = Uuid::from_u128;
    let one = |n, object, is_due, is_taken| Waiting { id: id(n), object, is_due, is_taken };
    let (a, b) = (Some(id(100)), Some(id(200)));
    let waiting = [
        one(1, a, false, false),
        one(2, a, true, false),
        one(3, b, true, true),
        one(4, b, true, false),
        one(5, None, true, false),
        one(6, Some(id(300)), true, false),
        one(7, Some(id(400)), true, false),
    ];
    // The first of `a` is not due, the first of `b` is on its way.
    assert_eq!(next(&waiting, 10), [id(5), id(6), id(7)]);
    assert_eq!(next(&waiting, 3), [id(5), id(6)], "one is on its way");
    assert!(next(&waiting, 1).is_empty() && next(&waiting, 0).is_empty());
    assert_eq!(next(&waiting[1..3], 10), [id(2)]);
}
