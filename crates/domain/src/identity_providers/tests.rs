use super::*;
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, faults_of, machine, person};
use chrono::TimeDelta;
use serde_json::{Value, json};

fn admin() -> Actor {
    person(1, &[Role::Admin])
}

fn terms() -> Terms {
    Terms {
        name: "Harbour login".into(),
        issuer: "https://login.example.org".into(),
        client_ids: vec!["ratchet".into()],
        roles_claim: Some("groups".into()),
        role_rules: vec![
            RoleRule { value: "isms".into(), roles: vec![Role::IsmsManager, Role::Member] },
            RoleRule { value: "board".into(), roles: vec![Role::Management] },
        ],
        default_roles: vec![],
        email_claim: "email".into(),
        verified_claim: "email_verified".into(),
        name_claim: "name".into(),
        email_domains: vec!["example.org".into()],
        just_in_time: true,
        link_by_email: true,
    }
}

fn draft(terms: Terms) -> IdentityProviderDraft {
    IdentityProviderDraft { terms, lacking: Vec::new(), kept: 0 }
}

fn register(draft: IdentityProviderDraft, by: &Actor) -> Result<Change<IdentityProvider>, Refusal> {
    IdentityProvider::register(draft, by, birth(Prefix::IdentityProvider))
}

fn active() -> IdentityProvider {
    register(draft(terms()), &admin()).unwrap().into_after()
}

fn apply(provider: IdentityProvider, verb: Verb) -> Result<IdentityProvider, Refusal> {
    match verb {
        Verb::Pause => provider.pause("It moves".into(), &admin(), at()),
        Verb::Resume => provider.resume(&admin(), at()),
        Verb::Retire => provider.retire("Another is used".into(), &admin(), at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> IdentityProvider {
    match stage {
        StageName::Active => active(),
        StageName::Paused => apply(active(), Verb::Pause).unwrap(),
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

/// Why it is refused.
pub(crate) fn refusals() -> Refusals {
    let full = register(IdentityProviderDraft { kept: KEPT, ..draft(terms()) }, &admin()).map(drop);
    Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage)), &[()]).and("register", full)
}

#[test]
fn admins_alone_say_who_says_who_members_are() {
    for by in [person(2, &[Role::IsmsManager, Role::Management, Role::Auditor]), machine(&[Permission::ReadRecords])] {
        assert_eq!(register(draft(terms()), &by).map(drop), Err(Refusal::Forbidden));
        for verb in Verb::VARIANTS {
            assert_eq!(active().may(*verb, &(), &by), Err(Refusal::Forbidden));
        }
        assert_eq!(active().may_amend(&by), Err(Refusal::Forbidden));
        assert!(!active().is_visible(&by));
    }
}

#[test]
fn every_fault_is_named() {
    let twice = |roles: &[Role]| RoleRule { value: "isms".into(), roles: roles.to_vec() };
    let wrong = Terms {
        name: " ".into(),
        issuer: "https://login.example.org/?x=1".into(),
        client_ids: vec![],
        role_rules: vec![twice(&[Role::Admin, Role::Admin]), twice(&[])],
        default_roles: vec![Role::Member, Role::Member],
        email_claim: String::new(),
        email_domains: vec!["Example.org".into(), "org".into(), "a@b.org".into()],
        ..terms()
    };
    let lacking = vec![Fault::new("/issuer", "unreachable", "nobody answers")];
    let refused = register(IdentityProviderDraft { lacking, ..draft(wrong) }, &admin());
    assert_eq!(
        faults_of(refused),
        [
            "/name blank",
            "/issuer query",
            "/client_ids length",
            "/role_rules/0/roles duplicate",
            "/role_rules/1/value duplicate",
            "/role_rules/1/roles length",
            "/default_roles duplicate",
            "/email_claim blank",
            "/email_domains/0 malformed",
            "/email_domains/1 malformed",
            "/email_domains/2 malformed",
            "/issuer unreachable",
        ]
    );
    for (issuer, code) in [
        ("ftp://login.example.org", "scheme"),
        ("https://a:b@login.example.org", "userinfo"),
        ("https://login.example.org#x", "fragment"),
        ("login", "malformed"),
    ] {
        let refused = register(draft(Terms { issuer: issuer.into(), ..terms() }), &admin());
        assert_eq!(faults_of(refused), [format!("/issuer {code}")]);
    }
    let unasked = Terms { roles_claim: None, ..terms() };
    assert_eq!(faults_of(register(draft(unasked), &admin())), ["/role_rules not_expected"]);
    let amended = active().amend(Amendment { name: Some(" ".into()), ..Amendment::default() }, &admin(), at());
    assert_eq!(faults_of(amended), ["/name blank"]);
}

fn claims(more: Value) -> Value {
    let now = at().timestamp();
    let mut claims = json!({
        "iss": "https://login.example.org", "aud": "ratchet", "sub": "ada-1", "iat": now, "exp": now + 300,
        "email": "Ada@Example.org", "email_verified": true, "name": "Ada Byron", "groups": ["isms"],
    });
    for (name, value) in more.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// Each claim that is wrong, alone, keeps whoever has it out.
#[test]
fn a_token_is_ours_fresh_and_about_somebody() {
    let (terms, now) = (terms(), at().timestamp());
    let accepted = terms.accept(&claims(json!({})), None, at()).unwrap();
    assert_eq!((accepted.subject.as_str(), accepted.until), ("ada-1", at() + TimeDelta::seconds(330)));
    for good in [
        json!({ "aud": ["ratchet"] }),
        json!({ "aud": ["other", "ratchet"], "azp": "ratchet" }),
        json!({ "azp": "ratchet" }),
        json!({ "iat": now - 600, "exp": now - 29 }),
        json!({ "iat": now + 30, "nbf": now + 30 }),
        json!({ "iat": now as f64 + 0.5 }),
    ] {
        assert!(terms.accept(&claims(good.clone()), None, at()).is_ok(), "{good}");
    }
    for (bad, code) in [
        (json!({ "iss": null }), "issuer"),
        (json!({ "iss": "https://login.example.org/" }), "issuer"),
        (json!({ "iss": "https://LOGIN.example.org" }), "issuer"),
        (json!({ "iss": ["https://login.example.org"] }), "issuer"),
        (json!({ "aud": null }), "audience"),
        (json!({ "aud": [] }), "audience"),
        (json!({ "aud": "other" }), "audience"),
        (json!({ "aud": "ratchet2" }), "audience"),
        (json!({ "aud": [["ratchet"]] }), "audience"),
        (json!({ "aud": { "ratchet": true } }), "audience"),
        (json!({ "aud": ["ratchet", "other"] }), "authorized_party"),
        (json!({ "azp": "other" }), "authorized_party"),
        (json!({ "azp": ["ratchet"] }), "authorized_party"),
        (json!({ "aud": ["ratchet", "other"], "azp": "other" }), "authorized_party"),
        (json!({ "exp": null }), "times"),
        (json!({ "exp": "9999999999" }), "times"),
        (json!({ "exp": 1e300 }), "times"),
        (json!({ "exp": -1 }), "times"),
        (json!({ "iat": null }), "times"),
        (json!({ "nbf": "soon" }), "times"),
        (json!({ "exp": now - 30 }), "expired"),
        (json!({ "exp": i64::MAX }), "times"),
        (json!({ "exp": now + 86_401 }), "too_long"),
        (json!({ "iat": now + 31 }), "not_yet"),
        (json!({ "nbf": now + 31 }), "not_yet"),
        (json!({ "iat": now - 631 }), "too_old"),
        (json!({ "sub": null }), "subject"),
        (json!({ "sub": "" }), "subject"),
        (json!({ "sub": 7 }), "subject"),
        (json!({ "sub": "a\u{0}" }), "subject"),
        (json!({ "sub": "ad\u{e4}" }), "subject"),
        (json!({ "sub": "x".repeat(256) }), "subject"),
    ] {
        let fault = terms.accept(&claims(bad.clone()), None, at()).unwrap_err();
        assert_eq!((fault.pointer.as_str(), fault.code.as_str()), ("/id_token", code), "{bad}");
    }
    let with = claims(json!({ "nonce": "n-1" }));
    assert!(terms.accept(&with, Some("n-1"), at()).is_ok() && terms.accept(&with, None, at()).is_ok());
    for (token, nonce) in [(&with, "n-2"), (&claims(json!({})), "n-1")] {
        assert_eq!(terms.accept(token, Some(nonce), at()).unwrap_err().pointer, "/nonce");
    }
}

#[test]
fn values_of_a_claim_are_roles() {
    let roles = |terms: &Terms, more| terms.roles_of(&claims(more)).map_err(|reason| reason.code);
    let ours = terms();
    for (groups, expected) in [
        (json!(["isms"]), vec![Role::IsmsManager, Role::Member]),
        (json!(["board", "isms", "canteen"]), vec![Role::IsmsManager, Role::Management, Role::Member]),
        (json!("board"), vec![Role::Management]),
    ] {
        assert_eq!(roles(&ours, json!({ "groups": groups })), Ok(Some(expected)), "{groups}");
    }
    for none in [json!(["canteen"]), json!([]), json!(null), json!(7), json!({ "isms": true }), json!("ISMS")] {
        assert_eq!(roles(&ours, json!({ "groups": none })), Err("no_role".to_owned()), "{none}");
    }
    let usual = Terms { default_roles: vec![Role::Member], ..terms() };
    assert_eq!(roles(&usual, json!({ "groups": ["canteen"] })), Ok(Some(vec![Role::Member])));
    let overflown = json!({ "groups": null, "_claim_names": { "groups": "src1" } });
    assert_eq!(roles(&usual, overflown), Err("roles_left_out".to_owned()));
    let nested = Terms { roles_claim: Some("/realm_access/roles".into()), ..terms() };
    assert_eq!(roles(&nested, json!({ "realm_access": { "roles": ["board"] } })), Ok(Some(vec![Role::Management])));
    let named = Terms { roles_claim: Some("https://example.org/roles".into()), ..terms() };
    assert_eq!(roles(&named, json!({ "https://example.org/roles": ["board"] })), Ok(Some(vec![Role::Management])));
    let unasked = Terms { roles_claim: None, role_rules: vec![], ..terms() };
    assert_eq!(roles(&unasked, json!({})), Ok(None));
    assert_eq!(unasked.first_roles_of(&claims(json!({}))).unwrap_err().code, "no_role");
}

#[test]
fn an_address_counts_where_it_is_verified_and_of_the_house() {
    let terms = terms();
    let told = |more| terms.address_of(&claims(more)).map_err(|reason| reason.code);
    for verified in [json!(true), json!("true"), json!(1), json!("1")] {
        assert_eq!(told(json!({ "email_verified": verified })), Ok("ada@example.org".to_owned()), "{verified}");
    }
    for (more, code) in [
        (json!({ "email": null }), "no_address"),
        (json!({ "email": "ada" }), "no_address"),
        (json!({ "email": ["ada@example.org"] }), "no_address"),
        (json!({ "email_verified": null }), "not_verified"),
        (json!({ "email_verified": false }), "not_verified"),
        (json!({ "email_verified": "yes" }), "not_verified"),
        (json!({ "email": "ada@example.org.evil.example" }), "other_domain"),
        (json!({ "email": "ada@sub.example.org" }), "other_domain"),
    ] {
        assert_eq!(told(more.clone()), Err(code.to_owned()), "{more}");
    }
    let any = Terms { email_domains: vec![], ..terms.clone() };
    assert!(any.address_of(&claims(json!({ "email": "eve@elsewhere.example" }))).is_ok());
    assert_eq!(terms.name_of(&claims(json!({})), "a@b.c"), "Ada Byron");
    for unnamed in [json!(null), json!(" "), json!("a\nb"), json!("x".repeat(201))] {
        assert_eq!(terms.name_of(&claims(json!({ "name": unnamed })), "a@b.c"), "a@b.c", "{unnamed}");
    }
}
