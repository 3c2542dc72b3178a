//! Tokens: what is not exactly ours, of this moment and for this purpose opens nothing.

mod mutants;

use super::habits::together;
use super::nonconformities::report;
use crate::databases::each;
use crate::harness::{Answer, Api, PASSWORD};
use chrono::TimeDelta;
use mutants::Forger;
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::net::TcpListener;

async fn refresh(api: &Api, token: &str) -> Answer {
    api.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": token })).await
}

/// Each is sent to three operations and is answered like nonsense; nobody fetches the key that it names.
#[tokio::test]
async fn no_mutant_of_a_token_gets_in() {
    for database in each() {
        let api = Api::start(database).await;
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let lure = format!("http://{}/keys", listener.local_addr().unwrap());
        let manager = api.by(Role::IsmsManager).await;
        let case = super::nonconformities::raise(&api).await;
        let forger = Forger::of(manager.token());
        // So that a mutant is refused for its mutation alone.
        api.with_token(&forger.signed(|_| (), |_| ())).get("/v1/me").await.expect(200);
        let mutants = forger.mutants(&lure, api.now().timestamp(), &api.theirs().to_string());
        assert!(mutants.len() >= 150, "{}", mutants.len());
        let nobody = api.with_token("nonsense").get("/v1/me").await.expect(401).told();
        let none = api.anonymous().get("/v1/me").await.expect(401).told();
        let before = api.database.rows();
        for (what, token) in mutants {
            let caller = api.with_token(&token);
            let answers = [
                caller.get("/v1/me").await,
                caller.get(&format!("/v1/nonconformities/{case}")).await,
                caller.post("/v1/nonconformities", report()).await,
            ];
            for answer in answers {
                // An empty one is none: it is told of no error.
                let (challenge, told) = if token.trim().is_empty() {
                    ("Bearer", &none)
                } else {
                    ("Bearer error=\"invalid_token\"", &nobody)
                };
                assert_eq!(answer.header("www-authenticate"), challenge, "{what}: {token}");
                assert_eq!(answer.told(), *told, "{what}: {token}");
            }
        }
        assert_eq!(api.database.rows(), before);
        assert!(listener.accept().is_err(), "somebody was lured");
    }
}

/// What a token says beside its claims counts for nothing.
#[tokio::test]
async fn roles_are_read_from_the_database() {
    for database in each() {
        let api = Api::start(database).await;
        let member = api.by(Role::Member).await;
        let forger = Forger::of(member.token());
        let proud = forger.signed(|_| (), |claims| claims["roles"] = json!(["admin"]));
        let me = api.with_token(&proud).get("/v1/me").await.expect(200);
        assert_eq!(me.body["roles"], json!(["member"]));
        api.with_token(&proud).get("/v1/api-keys").await.expect(403);
    }
}

#[tokio::test]
async fn a_token_serves_its_own_purpose_only() {
    for database in each() {
        let api = Api::start(database).await;
        for _ in 0..2 {
            super::nonconformities::raise(&api).await;
        }
        let [access, refreshing] = api.log_in(Role::Admin).await;
        let body = json!({ "name": "Feed", "scopes": ["records:read"] });
        let issued = api.with_token(&access).post("/v1/api-keys", body).await.expect(201);
        let key = issued.body["token"].as_str().unwrap();
        let secret = key.rsplit('_').next().unwrap();
        let id = issued.body["id"].as_str().unwrap();
        let page = api.with_token(&access).get("/v1/nonconformities?limit=1").await.expect(200);
        let cursor = page.body["next_cursor"].as_str().unwrap();
        let link = super::report_intakes::open(&api).await;
        let filed = api.anonymous().post(&link, super::employee_reports::tailgating()).await.expect(202);
        let code = filed.body["follow_up_code"].as_str().unwrap();
        let link_s_secret = link.rsplit('/').next().unwrap();
        for wrong in [
            &refreshing,
            secret,
            cursor,
            id,
            PASSWORD,
            code,
            link_s_secret,
            &format!("rk_{id}_{refreshing}"),
            &format!("rk_{refreshing}"),
        ] {
            api.with_token(wrong).get("/v1/me").await.expect(401);
        }
        for wrong in [&access, key, secret, cursor, id, code, ""] {
            refresh(&api, wrong).await.expect(401);
        }
        for wrong in [&access, &refreshing, key, secret, link_s_secret] {
            let follow_up = api.anonymous().post(&format!("{link}/follow-up"), json!({ "code": wrong })).await;
            assert!([404, 422].contains(&follow_up.status), "{}", follow_up.text);
        }
        // A machine has no session to end and no password to change.
        let machine = api.with_token(key);
        machine.post("/v1/auth/logout", json!({})).await.expect(403);
        let change = json!({ "current_password": PASSWORD, "new_password": "another long password" });
        machine.post("/v1/auth/password", change).await.expect(403);
        // Nor is any other scheme or place of a token looked at.
        let caller = api.anonymous();
        for (name, value) in [
            ("authorization", format!("Basic {access}")),
            ("authorization", format!("Token {access}")),
            ("authorization", access.clone()),
            ("x-api-key", key.to_owned()),
            ("cookie", format!("access_token={access}; token={access}")),
            ("proxy-authorization", format!("Bearer {access}")),
        ] {
            caller.send(caller.request(Method::GET, "/v1/me").header(name, value)).await.expect(401);
        }
        for name in ["access_token", "token", "api_key", "bearer"] {
            caller.get(&format!("/v1/me?{name}={access}")).await.expect(401);
        }
        refresh(&api, &refreshing).await.expect(200);
    }
}

/// A refresh token that comes back after its grace was stolen, or its successor was: all of its session ends, and the
/// journal says so.
#[tokio::test]
async fn a_token_used_twice_ends_its_session_and_is_journaled() {
    for database in each() {
        let api = Api::start(database).await;
        let member = api.member_id(Role::Auditor).await;
        let [access, first] = api.log_in(Role::Auditor).await;
        let [bystander, _] = api.log_in(Role::Auditor).await;
        let second = refresh(&api, &first).await.expect(200).body;
        api.wait(TimeDelta::seconds(11));
        refresh(&api, &first).await.expect(401);
        refresh(&api, second["refresh_token"].as_str().unwrap()).await.expect(401);
        refresh(&api, &first).await.expect(401);
        for token in [&access, second["access_token"].as_str().unwrap()] {
            api.with_token(token).get("/v1/me").await.expect(401);
        }
        api.with_token(&bystander).get("/v1/me").await.expect(200);
        api.sequence().await;
        let auditor = api.with_token(&bystander);
        let entries = auditor.get("/v1/journal?action=member.token_reused").await.expect(200);
        let [entry] = entries.body["items"].as_array().unwrap().as_slice() else { panic!("{}", entries.text) };
        assert_eq!(entry["object"]["id"], json!(member));
        assert_eq!(entry["actor"], json!({ "kind": "sessions", "id": null, "on_behalf_of": null }));
        let events = auditor.get("/v1/events").await.expect(200);
        assert!(events.text.contains("member.token_reused"), "whoever listens hears of it");
    }
}

#[tokio::test]
async fn fifty_refreshes_at_once_make_one_successor() {
    for database in each() {
        let api = Api::start(database).await;
        let [_, token] = api.log_in(Role::Auditor).await;
        let count = || api.database.lines("SELECT CAST(count(*) AS text) AS line FROM refresh_tokens");
        let before: i64 = count()[0].parse().unwrap();
        let answers = together((0..50).map(|_| refresh(&api, &token))).await;
        let successors: std::collections::BTreeSet<String> =
            answers.iter().map(|answer| answer.clone().expect(200).body["refresh_token"].to_string()).collect();
        assert_eq!(successors.len(), 1);
        assert_eq!(count()[0].parse::<i64>().unwrap(), before + 1);
        // Those that come late end the session once, however many they are.
        api.wait(TimeDelta::seconds(11));
        for late in together((0..20).map(|_| refresh(&api, &token))).await {
            assert_eq!(late.status, 401, "{}", late.text);
        }
        let noted = "SELECT CAST(count(*) AS text) AS line FROM journal_entries WHERE action = 'member.token_reused'";
        assert_eq!(api.database.lines(noted), ["1"]);
    }
}

/// Whoever reads the database can be nobody.
#[tokio::test]
async fn no_secret_is_stored() {
    for database in each() {
        let api = Api::start(database).await;
        let password = "quite unlike the others";
        let admin = api.by(Role::Admin).await;
        let body = json!({ "email": "ada@example.org", "name": "Ada", "roles": ["member"], "password": password });
        admin.post("/v1/members", body).await.expect(201);
        let login = json!({ "email": "ada@example.org", "password": password });
        let session = api.anonymous().post("/v1/auth/login", login).await.expect(200).body;
        let next = refresh(&api, session["refresh_token"].as_str().unwrap()).await.expect(200).body;
        let change = json!({ "current_password": password, "new_password": "nothing like the old one" });
        let ada = api.with_token(next["access_token"].as_str().unwrap());
        ada.post("/v1/auth/password", change).await.expect(204);
        let body = json!({ "name": "Feed", "scopes": ["records:read"] });
        let issued = admin.post("/v1/api-keys", body).await.expect(201);
        let key = issued.body["token"].as_str().unwrap();
        api.with_token(key).get("/v1/me").await.expect(200);
        let text = |body: &Value, member: &str| body[member].as_str().unwrap().to_owned();
        let mut secrets = vec![password.to_owned(), "nothing like the old one".to_owned(), PASSWORD.to_owned()];
        secrets.extend([text(&session, "refresh_token"), text(&next, "refresh_token"), text(&session, "access_token")]);
        secrets.push(key.rsplit('_').next().unwrap().to_owned());
        let tables = ["sessions", "refresh_tokens"].map(|table| api.database.table(table));
        let stored = format!("{:?} {tables:?}", api.database.rows()).to_lowercase();
        for secret in &secrets {
            assert!(secret.len() >= 16, "as long as nobody guesses");
            assert!(!stored.contains(&secret.to_lowercase()), "{secret}");
        }
        assert!(stored.contains("$argon2id$v=19$m=19456,t=2,p=1$"), "what this test looks at holds hashes");
        // What is said of a key, by the key's own pages and by its journal, does not open anything either.
        api.sequence().await;
        let path = format!("/v1/api-keys/{}", issued.reference());
        let read = [&path, "/v1/api-keys", &format!("/v1/records/{}/history", issued.reference()), "/v1/journal"];
        for path in read {
            let answer = admin.get(path).await.expect(200);
            for secret in &secrets {
                assert!(!answer.text.contains(secret), "{path}");
            }
        }
    }
}
