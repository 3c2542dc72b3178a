//! Many at once, through two servers: one wins where one may, nothing is lost where all may.

use super::habits::together;
use super::nonconformities::{raise, report};
use super::ways::{BY_HAND, Ways};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller, PASSWORD};
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicUsize, Ordering};

/// Each of them calls at one of the two servers, all at once.
async fn race(api: &Api, replica: &str, calls: Vec<(Caller<'_>, String, Value)>) -> Vec<Answer> {
    let calls = calls.into_iter().enumerate().map(|(n, (caller, path, body))| {
        let caller = caller.at(if n % 2 == 0 { &api.url } else { replica });
        async move { caller.post(&path, body).await }
    });
    together(calls).await
}

/// One was obeyed; all others were told that they came too late.
#[track_caller]
fn assert_one_won(answers: &[Answer]) {
    let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status < 300).count(), 1, "{statuses:?}");
    assert!(statuses.iter().all(|status| matches!(status, 200 | 201 | 409)), "{statuses:?}");
}

#[tokio::test]
async fn one_of_fifty_conflicting_verbs_wins_on_two_servers() {
    for database in each() {
        let api = Api::start(database).await;
        let replica = api.replica();
        let (manager, owner) = (api.by(Role::IsmsManager).await, api.member_id(Role::IsmsManager).await);
        for _ in 0..4 {
            let reference = raise(&api).await;
            let calls = (0..50).map(|n| {
                let (verb, body) = if n % 3 == 0 {
                    ("confirm", json!({ "grade": "minor", "owner_id": owner }))
                } else {
                    ("reject", json!({ "reason": "None" }))
                };
                (manager.clone(), format!("/v1/nonconformities/{reference}/{verb}"), body)
            });
            assert_one_won(&race(&api, &replica, calls.collect()).await);
            let read = manager.get(&format!("/v1/nonconformities/{reference}")).await;
            assert_eq!(read.body["version"], 2);
            let history = manager.get(&format!("/v1/records/{reference}/history")).await.expect(200);
            assert_eq!(history.body["items"].as_array().unwrap().len(), 2);
        }
    }
}

/// Whatever the verb, whatever the record: it is done once.
#[tokio::test]
async fn what_can_be_done_once_is_done_once() {
    for database in each() {
        let api = Api::start(database).await;
        let replica = api.replica();
        let (admin, manager) = (api.by(Role::Admin).await, api.by(Role::IsmsManager).await);
        let key = json!({ "name": "Feed", "scopes": ["records:read"] });
        let key = admin.post("/v1/api-keys", key).await.expect(201).reference().to_owned();
        let indicator = super::indicators::active(&api).await;
        let sent = super::measurements::send(&api, super::measurements::series(&api, &indicator, &[1.0])).await;
        let batch = sent.expect(201).body["batch_reference"].as_str().unwrap().to_owned();
        let why = json!({ "reason": "Wrong" });
        for (caller, path, body) in [
            (&admin, format!("/v1/api-keys/{key}/revoke"), json!({})),
            (&manager, format!("/v1/measurement-batches/{batch}/withdraw"), why.clone()),
            (&manager, format!("/v1/evidence/{}/withdraw", super::evidence::attached(&api).await), why.clone()),
        ] {
            let calls = (0..50).map(|_| (caller.clone(), path.clone(), body.clone())).collect();
            assert_one_won(&race(&api, &replica, calls).await);
        }
    }
}

/// Whatever the record and whatever the verb, by existing in the document: as many as were obeyed have left a version,
/// and a verb that its own effect rules out was obeyed once.
#[tokio::test]
async fn every_verb_is_obeyed_as_often_as_the_states_allow() {
    for database in each() {
        let api = Api::start(database).await;
        let replica = api.replica();
        let ways = Ways::of(&api).await;
        let mut misplaced = Vec::new();
        for verb in ways.verbs() {
            let led = ways.lead(&api, verb).await;
            if led.is_none() != BY_HAND.contains(&verb.id.as_str()) {
                misplaced.push(verb.id.as_str());
            }
            let Some((aimed, body)) = led else { continue };
            let before = aimed.caller.get(&aimed.record()).await.expect(200).body;
            let calls = (0..12).map(|_| (aimed.caller.clone(), aimed.path.clone(), body.clone())).collect();
            let answers = race(&api, &replica, calls).await;
            let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            assert!(
                statuses.iter().all(|status| matches!(status, 200 | 409 | 422 | 503)),
                "{}: {statuses:?}",
                verb.path
            );
            let obeyed = statuses.iter().filter(|status| **status == 200).count();
            let after = aimed.caller.get(&aimed.record()).await.expect(200).body;
            let gained = after["version"].as_i64().unwrap() - before["version"].as_i64().unwrap();
            assert_eq!(usize::try_from(gained).unwrap(), obeyed, "{}: {statuses:?}", verb.path);
            let again = ways.is_known(verb, &after);
            assert!(obeyed == 1 || (again && obeyed > 1), "{}: {statuses:?}", verb.path);
        }
        assert!(misplaced.is_empty(), "{misplaced:?}: see Ways::prepare and BY_HAND");
    }
}

/// Each of two admins would shut the other out, and nobody would be left.
#[tokio::test]
async fn the_last_admin_stays_however_many_try_at_once() {
    for database in each() {
        let api = Api::start(database).await;
        let replica = api.replica();
        let (first, first_id) = (api.by(Role::Admin).await, api.member_id(Role::Admin).await);
        for round in 0..4 {
            let email = format!("second{round}@ours.example");
            let body = json!({ "email": email, "name": "Second", "roles": ["admin"], "password": PASSWORD });
            let second_id = first.post("/v1/members", body).await.expect(201).body["id"].clone();
            let login = json!({ "email": email, "password": PASSWORD });
            let login = api.anonymous().post("/v1/auth/login", login).await.expect(200);
            let second = api.with_token(login.body["access_token"].as_str().unwrap());
            let calls = (0..50).map(|n| {
                // Roles can be given back: the first admin is needed in the next round.
                if n % 4 < 2 {
                    let path = format!("/v1/members/{first_id}/assign-roles");
                    (second.clone(), path, json!({ "roles": ["member"] }))
                } else {
                    let path = format!("/v1/members/{}/deactivate", second_id.as_str().unwrap());
                    (first.clone(), path, json!({ "reason": "Gone" }))
                }
            });
            let answers = race(&api, &replica, calls.collect()).await;
            let statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
            assert!(statuses.contains(&200), "{statuses:?}");
            assert!(statuses.iter().all(|status| matches!(status, 200 | 401 | 403 | 409)), "{statuses:?}");
            // What one server changed, the other may not know for a second; here the clock stands still.
            api.wait(chrono::TimeDelta::seconds(2));
            // Whoever is left can still put things right.
            let left = if first.get("/v1/api-keys").await.status == 200 { &first } else { &second };
            left.get("/v1/api-keys").await.expect(200);
            if std::ptr::eq(left, &second) {
                let path = format!("/v1/members/{first_id}/assign-roles");
                second.post(&path, json!({ "roles": ["admin"] })).await.expect(200);
                let path = format!("/v1/members/{}/deactivate", second_id.as_str().unwrap());
                first.post(&path, json!({ "reason": "Gone" })).await.expect(200);
            }
        }
    }
}

/// How often is added up; `RATCHET_RACE_ADDITIONS=1000` for the long trial.
#[expect(clippy::disallowed_methods, reason = "how long a trial runs is told by the environment")]
fn additions() -> usize {
    std::env::var("RATCHET_RACE_ADDITIONS").map_or(160, |count| count.parse().unwrap())
}

/// Reads a number, adds one, writes it with the version that was read, and begins again when somebody was faster.
async fn add_one(caller: &Caller<'_>, path: &str) -> usize {
    for attempt in 0.. {
        let read = caller.get(path).await;
        if read.status == 503 {
            continue;
        }
        let number: usize = read.body["title"].as_str().unwrap().parse().unwrap();
        let written = caller.patch(path, read.header("etag"), json!({ "title": (number + 1).to_string() })).await;
        match written.status {
            200 => return attempt,
            412 | 503 => {}
            other => panic!("{other}: {}", written.text),
        }
    }
    unreachable!()
}

#[tokio::test]
async fn sixty_four_writers_lose_no_update() {
    for database in each() {
        let api = Api::start(database).await;
        let replica = api.replica();
        let manager = api.by(Role::IsmsManager).await;
        let mut body = report();
        body["title"] = json!("0");
        let path =
            format!("/v1/nonconformities/{}", manager.post("/v1/nonconformities", body).await.expect(201).reference());
        let (left, total) = (AtomicUsize::new(additions()), additions());
        let writers = (0..64).map(|n| {
            let caller = manager.at(if n % 2 == 0 { &api.url } else { &replica });
            let (left, path) = (&left, &path);
            async move {
                let mut lost = 0;
                while left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1)).is_ok() {
                    lost += add_one(&caller, path).await;
                }
                lost
            }
        });
        let lost: usize = together(writers).await.into_iter().sum();
        assert!(lost > 0, "nobody met anybody");
        let read = manager.get(&path).await.expect(200);
        assert_eq!(read.body["title"], total.to_string());
        assert_eq!(read.body["version"], total + 1);
    }
}

/// `*` names no version: whoever sends it is told that somebody was faster, not of a version that was never named.
#[tokio::test]
async fn whoever_names_no_version_is_overtaken() {
    for database in each() {
        let api = Api::start(database).await;
        let replica = api.replica();
        let manager = api.by(Role::IsmsManager).await;
        let path = format!("/v1/nonconformities/{}", raise(&api).await);
        let amended = (0..30).map(|n| {
            let caller = manager.at(if n % 2 == 0 { &api.url } else { &replica });
            let path = &path;
            async move { caller.patch(path, "*", json!({ "title": format!("Title {n}") })).await }
        });
        let answers = together(amended).await;
        assert!(answers.iter().any(|answer| answer.status == 200));
        for answer in answers {
            assert!(answer.status == 200 || answer.reasons() == ["overtaken"], "{}", answer.text);
        }
    }
}

/// Who approves a redaction has named no version of the record that it changes: a rival there is told as one.
#[tokio::test]
async fn whoever_changes_another_record_is_overtaken() {
    for database in each() {
        let api = Api::start(database).await;
        let replica = api.replica();
        let manager = api.by(Role::IsmsManager).await;
        for _ in 0..8 {
            let case = raise(&api).await;
            let redaction = super::redactions::requested(&api, &case, &["/statement"]).await;
            let path = format!("/v1/nonconformities/{case}");
            let approval = format!("/v1/redactions/{redaction}/approve");
            let calls = (0..6).map(|n| {
                let caller = manager.at(if n % 2 == 0 { &api.url } else { &replica });
                let (path, approval) = (&path, &approval);
                async move {
                    match n {
                        3 => caller.post(approval, json!({})).await,
                        n => caller.patch(path, "*", json!({ "title": format!("Title {n}") })).await,
                    }
                }
            });
            for answer in together(calls).await {
                let is_told = [200, 503].contains(&answer.status) || answer.reasons() == ["overtaken"];
                assert!(is_told, "{}", answer.text);
            }
        }
    }
}

async fn send(caller: &Caller<'_>, key: &str, path: &str, body: &Value) -> Answer {
    caller.send(caller.request(Method::POST, path).header("idempotency-key", key).json(body)).await
}

#[tokio::test]
async fn rivals_with_one_key_make_one_record_on_two_servers() {
    for database in each() {
        let api = Api::start(database).await;
        let replica = api.replica();
        let manager = api.by(Role::IsmsManager).await;
        let sends = (0..50).map(|n| {
            let caller = manager.at(if n % 2 == 0 { &api.url } else { &replica });
            async move { send(&caller, "same", "/v1/nonconformities", &report()).await }
        });
        let answers = together(sends).await;
        let first = answers.iter().find(|answer| answer.status == 201).unwrap();
        for answer in answers.iter().filter(|answer| answer.status != 503) {
            assert_eq!((answer.status, &answer.text), (201, &first.text));
            for header in ["location", "etag", "journal-entry"] {
                assert_eq!(answer.header(header), first.header(header), "{header}");
            }
        }
        let fresh =
            answers.iter().filter(|answer| answer.status == 201 && answer.header("idempotency-replayed").is_empty());
        assert_eq!(fresh.count(), 1);
        assert_eq!(manager.get("/v1/nonconformities?count=true").await.body["total"], 1);
    }
}

/// A key is its caller's own, and stands for one request.
#[tokio::test]
async fn a_key_is_good_for_one_request_of_one_caller() {
    for database in each() {
        let api = Api::start(database).await;
        let (manager, path) = (api.by(Role::IsmsManager).await, "/v1/nonconformities");
        let first = send(&manager, "k", path, &report()).await.expect(201);
        let mut other = report();
        other["title"] = json!("Another");
        send(&manager, "k", path, &other).await.expect(422);
        let verb = format!("{path}/{}/reject", first.reference());
        let why = json!({ "reason": "None" });
        send(&manager, "k", &verb, &why).await.expect(422);
        send(&manager, "k", "/v1/nonconformities?dry_run=true", &other).await.expect(422);
        send(&manager, "k2", "/v1/nonconformities?dry_run=true", &other).await.expect(200);
        for caller in [api.by(Role::Member).await, api.stranger(Role::IsmsManager).await] {
            let own = send(&caller, "k", path, &report()).await.expect(201);
            assert_eq!(own.header("idempotency-replayed"), "");
            assert_ne!(own.body["id"], first.body["id"]);
        }
        // What was refused is not kept: the same key may try again.
        send(&manager, "refused", &verb, &json!({ "reason": "" })).await.expect(422);
        send(&manager, "refused", &verb, &why).await.expect(200);
        assert_eq!(send(&manager, "k", path, &report()).await.expect(201).text, first.text);
    }
}
