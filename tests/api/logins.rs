//! Logins: guessed slowly, told apart by nobody, and never somebody else's.

use crate::databases::{each, migrated_sqlite};
use crate::harness::{Answer, Api, PASSWORD};
use ratchet_domain::access::Role;
use ratchet_http::app::Settings;
use reqwest::Method;
use serde_json::json;

async fn start(settings: Settings) -> Api {
    let database = migrated_sqlite();
    Api::start_with(database, settings).await
}

/// A login that says where it comes from, line by line.
async fn log_in(api: &Api, email: &str, password: &str, forwarded: &[&str]) -> Answer {
    let caller = api.anonymous();
    let mut request = caller.request(Method::POST, "/v1/auth/login");
    for line in forwarded {
        request = request.header("x-forwarded-for", *line);
    }
    caller.send(request.json(&json!({ "email": email, "password": password }))).await
}

const OWNER: &str = "admin@ours.example";

#[tokio::test]
async fn one_account_is_guessed_ten_times_whatever_address_is_made_up() {
    let api = start(Settings::default()).await;
    for n in 0..10 {
        log_in(&api, OWNER, "wrong password", &[&format!("10.0.0.{n}")]).await.expect(401);
    }
    let refused = log_in(&api, OWNER, "wrong password", &["10.0.0.10"]).await.expect(429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    // However it is written, it is one account.
    log_in(&api, "ADMIN@Ours.Example", PASSWORD, &[]).await.expect(429);
}

#[tokio::test]
async fn one_password_is_tried_on_few_accounts() {
    let api = start(Settings::default()).await;
    let mut tried = 0;
    while log_in(&api, &format!("user{tried}@ours.example"), "wrong password", &[]).await.status == 401 {
        tried += 1;
        assert!(tried < 30, "no end");
    }
    let refused = log_in(&api, "user500@ours.example", "wrong password", &[]).await.expect(429);
    assert!(!refused.header("retry-after").is_empty());
}

/// Behind a proxy each client has an address of its own: who guesses locks out nobody but itself, and cannot become
/// somebody else by what it says of itself.
#[tokio::test]
async fn guessing_locks_out_the_guesser_alone() {
    let proxy = "127.0.0.1".parse().unwrap();
    let second = "192.0.2.1".parse().unwrap();
    let api = start(Settings { trusted_proxies: vec![proxy, second], ..Settings::default() }).await;
    let [access, refresh_token] = api.log_in(Role::Admin).await;
    for n in 0..10 {
        log_in(&api, OWNER, "wrong password", &[&format!("203.0.113.{n}, 198.51.100.7")]).await.expect(401);
    }
    for forwarded in [
        ["198.51.100.7"].as_slice(),
        &["203.0.113.99, 198.51.100.7"],
        &["203.0.113.99", "198.51.100.7"],
        &["203.0.113.99", "198.51.100.7, 192.0.2.1"],
        &["203.0.113.99", "198.51.100.7", "192.0.2.1"],
        &["::ffff:198.51.100.7"],
        &["198.51.100.7:4711"],
        &["[::ffff:198.51.100.7]:4711, 192.0.2.1"],
    ] {
        log_in(&api, OWNER, PASSWORD, forwarded).await.expect(429);
    }
    log_in(&api, OWNER, PASSWORD, &["198.51.100.8"]).await.expect(200);
    api.with_token(&access).get("/v1/me").await.expect(200);
    let body = json!({ "refresh_token": refresh_token });
    let caller = api.anonymous();
    let request = caller.request(Method::POST, "/v1/auth/refresh").header("x-forwarded-for", "198.51.100.7");
    caller.send(request.json(&body)).await.expect(200);
}

/// Nothing in status, headers or body tells whether an address is known, nor whether it is one.
#[tokio::test]
async fn every_login_that_fails_is_answered_alike() {
    for database in each() {
        let api = Api::start(database).await;
        let admin = api.by(Role::Admin).await;
        let auditor = format!("/v1/members/{}/deactivate", api.member_id(Role::Auditor).await);
        admin.post(&auditor, json!({ "reason": "Left" })).await.expect(200);
        let expected = log_in(&api, OWNER, "wrong password", &[]).await.expect(401).told();
        let long = format!("{}@ours.example", "x".repeat(300));
        for (email, password) in [
            ("nobody@ours.example", "wrong password"),
            ("nobody@ours.example", PASSWORD),
            ("auditor@ours.example", "wrong password"),
            ("auditor@ours.example", PASSWORD),
            (OWNER, ""),
            (OWNER, "correct horse battery staple "),
            (OWNER, "Correct horse battery staple"),
            ("", PASSWORD),
            ("admin", PASSWORD),
            ("' OR 1=1 --@ours.example", PASSWORD),
            ("%@ours.example", PASSWORD),
            (&long, PASSWORD),
        ] {
            let answer = log_in(&api, email, password, &[]).await;
            assert_eq!(answer.told(), expected, "{email:?} {password:?}");
        }
        for (organisation, password) in
            [(api.theirs(), PASSWORD), (uuid::Uuid::new_v4(), PASSWORD), (api.ours(), "wrong")]
        {
            let body = json!({ "email": OWNER, "password": password, "organisation": organisation });
            assert_eq!(api.anonymous().post("/v1/auth/login", body).await.told(), expected, "{organisation}");
        }
        log_in(&api, OWNER, PASSWORD, &[]).await.expect(200);
    }
}

/// Characters that look like the account's own, or become them, are not the account's own.
#[tokio::test]
async fn a_look_alike_is_nobody() {
    for database in each() {
        let api = Api::start(database).await;
        let admin = api.by(Role::Admin).await;
        let enrol = |email: &str| json!({ "email": email, "name": "Kim", "roles": ["member"], "password": PASSWORD });
        admin.post("/v1/members", enrol("kim@ours.example")).await.expect(201);
        for alike in [
            "\u{212a}im@ours.example",
            "ｋim@ours.example",
            "kım@ours.example",
            "k\u{130}m@ours.example",
            "кim@ours.example",
            "kim\u{200b}@ours.example",
            "kim@ours.example ",
            " kim@ours.example",
            "kim@ours.example\n",
            "ki\u{301}m@ours.example",
            "kim@ours。example",
            "kim@ours.example.",
        ] {
            log_in(&api, alike, PASSWORD, &[]).await.expect(401);
            let refused = admin.post("/v1/members", enrol(alike)).await.expect(422);
            assert_eq!(refused.faults(), ["/email malformed"], "{alike:?}");
        }
        for same in ["kim@ours.example", "KIM@OURS.EXAMPLE", "Kim@Ours.example"] {
            assert_eq!(admin.post("/v1/members", enrol(same)).await.expect(409).faults(), ["/email taken"]);
            log_in(&api, same, PASSWORD, &[]).await.expect(200);
        }
        assert_eq!(admin.get("/v1/members?count=true").await.body["total"], 7);
    }
}

#[tokio::test]
async fn a_password_counts_to_its_last_byte_and_must_be_an_unusual_one() {
    for database in each() {
        let api = Api::start(database).await;
        let admin = api.by(Role::Admin).await;
        let enrol = async |n: usize, password: &str| {
            let email = format!("person{n}@ours.example");
            let body = json!({ "email": email, "name": "Kim", "roles": ["member"], "password": password });
            (email, admin.post("/v1/members", body).await)
        };
        for (n, length) in [64, 71, 72, 73, 128, 255].into_iter().enumerate() {
            let password: String = "vier Worte in Reihe ".chars().cycle().take(length).collect();
            let password = format!("{}!", &password[..length - 1]);
            let (email, enrolled) = enrol(n, &password).await;
            enrolled.expect(201);
            log_in(&api, &email, &password, &[]).await.expect(200);
            log_in(&api, &email, &format!("{password}x"), &[]).await.expect(401);
            log_in(&api, &email, &password[..length - 1], &[]).await.expect(401);
        }
        let before = api.database.rows();
        for (password, code) in [
            ("x".repeat(257), "length"),
            ("x".repeat(1_025), "length"),
            ("eleven char".to_owned(), "length"),
            ("Password1234!".to_owned(), "common"),
            ("1qaz2wsx3edc".to_owned(), "common"),
            ("person9person9".to_owned(), "common"),
        ] {
            assert_eq!(enrol(9, &password).await.1.expect(422).faults(), [format!("/password {code}")], "{password}");
            let change = json!({ "current_password": PASSWORD, "new_password": password });
            let refused = admin.post("/v1/auth/password", change).await.expect(422);
            assert_eq!(refused.faults(), [format!("/new_password {code}")], "{password}");
        }
        assert_eq!(log_in(&api, OWNER, &"x".repeat(257), &[]).await.expect(422).faults(), ["/password too_long"]);
        assert_eq!(api.database.rows(), before);
    }
}
