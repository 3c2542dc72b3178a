//! What no caller can take for itself: fields that the server decides, rights of another role, time after a revocation.

use super::calls::{Call, call_of, schema_of, with_body};
use super::contract::is_open;
use super::habits::together;
use super::schemas::{choices, is_free, members_at, open_objects, properties};
use crate::databases::{each, migrated_sqlite};
use crate::harness::{Answer, Api, ROLES};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use strum::VariantArray;

/// What an answer says is not known; beside that it tells whatever else keeps the body from having its form.
fn unknown(answer: &Answer) -> Vec<String> {
    answer.faults().into_iter().filter(|fault| fault.ends_with(" unknown_field")).collect()
}

/// What records and requests of other products let themselves be told.
const DECIDED_HERE: [&str; 46] = [
    "account",
    "account_id",
    "actor",
    "actor_id",
    "admin",
    "approved_by",
    "at",
    "attempt",
    "attempts",
    "author",
    "by",
    "closed_at",
    "closed_by",
    "created_at",
    "created_by",
    "decided_by",
    "deleted_at",
    "etag",
    "exceptions",
    "id",
    "is_admin",
    "journal_entry",
    "number",
    "org",
    "organisation_id",
    "password_hash",
    "permissions",
    "recurrences",
    "reference",
    "revision",
    "role",
    "scope",
    "secret_hash",
    "session_id",
    "sha256",
    "stage",
    "state",
    "status",
    "tenant_id",
    "transitions",
    "updated_at",
    "updated_by",
    "user_id",
    "verified_by",
    "version",
    "__proto__",
];

/// Each object in a body, by place.
fn objects(body: &Value, place: String, found: &mut Vec<String>) {
    match body {
        Value::Object(members) => {
            for (name, value) in members {
                objects(value, format!("{place}/{name}"), found);
            }
            found.push(place);
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                objects(item, format!("{place}/{index}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

#[tokio::test]
async fn what_the_server_decides_cannot_be_sent() {
    let database = migrated_sqlite();
    let api = Api::start(database).await;
    let document = super::contract::document();
    let (mut tried, mut out_of_turn) = (0, Vec::new());
    for operation in with_body() {
        let (id, schema) = (operation.2["operationId"].as_str().unwrap(), schema_of(&operation.2));
        let call = call_of(&api, &operation).await;
        let caller = api.by(call.role).await;
        let mut places = Vec::new();
        objects(&call.body, String::new(), &mut places);
        let before = api.database.rows();
        for place in places {
            if is_free(document, schema, &place) {
                continue;
            }
            let documented = members_at(document, schema, &place);
            for name in DECIDED_HERE.iter().filter(|name| !documented.contains(**name)) {
                let mut body = call.body.clone();
                body.pointer_mut(&place).unwrap()[*name] = json!("x");
                let answer = call.send(&caller, &body).await;
                // The state is asked before the body; what such a body may hold is for the document to show.
                if !call.is_listed && answer.status == 409 && operation.1.contains("{id}/") {
                    out_of_turn.push(id.to_owned());
                    break;
                }
                assert_eq!(answer.status, 422, "{id} {place}/{name}: {}", answer.text);
                assert_eq!(unknown(&answer), [format!("{place}/{name} unknown_field")], "{id}");
                tried += 1;
            }
        }
        for choice in choices(document, schema) {
            assert!(call.is_listed, "{id} holds a choice: it needs a line in tests/api/calls/lines.rs");
            let place = choice.place();
            let mut body = call.body.clone();
            let tag = choice.tag();
            *body.pointer_mut(&place).unwrap() = json!({ tag: choice.value(), "actor": "x" });
            let answer = call.send(&caller, &body).await;
            assert_eq!(answer.status, 422, "{id} {choice:?}: {}", answer.text);
            assert_eq!(unknown(&answer), [format!("{place}/actor unknown_field")], "{id} {choice:?}");
        }
        assert_eq!(api.database.rows(), before, "{id}");
    }
    assert!(tried > DECIDED_HERE.len() * 50, "{tried}");
}

/// Of every body, nested objects included: the document says so, and serde is told by the same word.
#[test]
fn no_body_takes_what_is_not_documented() {
    let document = super::contract::document();
    for (_, _, operation) in with_body() {
        let open = open_objects(document, schema_of(&operation));
        assert!(open.is_empty(), "{}: {open:?} without deny_unknown_fields", operation["operationId"]);
    }
}

/// A machine with every scope there is.
async fn key(api: &Api, scopes: &[Scope]) -> String {
    let body = json!({ "name": "Feed", "scopes": scopes });
    let issued = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201);
    issued.body["token"].as_str().unwrap().to_owned()
}

/// Found by what a body can say, so that a new way to a role is found, too.
#[tokio::test]
async fn nobody_but_an_admin_gives_rights() {
    for database in each() {
        let api = Api::start(database).await;
        let document = super::contract::document();
        let machine = key(&api, Scope::VARIANTS).await;
        // Not every role in a body is given by it: a course is for auditors, say.
        let gives = |operation: &Value| {
            let all = properties(document, schema_of(operation));
            let is_right = |value: &Value| value == "admin" || value == "records:read";
            let rights = all.iter().filter(|one| one.schema["enum"].as_array().into_iter().flatten().any(is_right));
            rights.into_iter().any(|one| one.pointer.matches('/').count() <= 2 && !one.pointer.starts_with("/audience"))
        };
        let mut ways: Vec<Call> = Vec::new();
        for operation in with_body().into_iter().filter(|(_, _, operation)| gives(operation)) {
            ways.push(call_of(&api, &operation).await);
        }
        assert!(ways.len() >= 3, "{ways:?}");
        let before = api.database.rows();
        for way in ways {
            for role in ROLES.into_iter().filter(|role| *role != Role::Admin) {
                // What a role does not see it does not find.
                let refused = way.send(&api.by(role).await, &way.body).await;
                assert!([403, 404].contains(&refused.status), "{way:?} by {role:?}: {}", refused.text);
                // Nor one's own.
                let me = api.member_id(role).await;
                let own = format!("/v1/members/{me}/assign-roles");
                api.by(role).await.post(&own, json!({ "roles": ["admin", "isms_manager"] })).await.expect(403);
            }
            let refused = way.send(&api.with_token(&machine), &way.body).await;
            assert!([403, 404].contains(&refused.status), "{way:?}: {}", refused.text);
            if way.path.contains("/v1/members/") {
                way.send(&api.stranger(Role::Admin).await, &way.body).await.expect(404);
            }
        }
        assert_eq!(api.database.rows(), before);
    }
}

/// Whole calls, refused for who asks alone; nothing is left of them, in no record, journal or queue.
#[tokio::test]
async fn who_may_only_read_changes_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let reading = key(&api, &[Scope::RecordsRead, Scope::EventsRead]).await;
        let mut calls = Vec::new();
        for operation in with_body() {
            if operation.1.starts_with("/v1/auth/") || is_open(&operation.2) {
                continue;
            }
            let named = operation.2["parameters"].as_array().into_iter().flatten();
            let can_be_dry = named.into_iter().any(|parameter| parameter["name"] == "dry_run");
            calls.push((operation.2["operationId"].clone(), call_of(&api, &operation).await, can_be_dry));
        }
        let record = super::nonconformities::raise(&api).await;
        let before = api.database.rows();
        for caller in [api.by(Role::ExternalAuditor).await, api.with_token(&reading)] {
            for (id, call, can_be_dry) in &calls {
                let dry = can_be_dry.then(|| call.path_with("dry_run=true"));
                for path in dry.into_iter().chain([call.path.clone()]) {
                    let answer = call.send_to(&caller, &path, &call.body).await;
                    // Who may not even see the record is not told that it exists.
                    assert!([403, 404].contains(&answer.status), "{id}: {} {}", answer.status, answer.text);
                }
            }
            let file = caller.request(Method::POST, &format!("/v1/evidence?record={record}&name=x"));
            caller.send(file.header("content-type", "text/plain").body("x")).await.expect(403);
        }
        assert_eq!(api.database.rows(), before);
        assert_eq!(std::fs::read_dir(api.evidence_directory().join("incoming")).unwrap().count(), 0);
    }
}

#[tokio::test]
async fn what_is_ended_is_over_here_at_once_and_elsewhere_within_a_second() {
    for database in each() {
        let api = Api::start(database).await;
        let elsewhere = api.replica();
        let auditor = format!("/v1/members/{}", api.member_id(Role::Auditor).await);
        let manager = format!("/v1/members/{}", api.member_id(Role::IsmsManager).await);
        let machine = key(&api, &[Scope::EventsRead]).await;
        let [logged_in, _] = api.log_in(Role::Management).await;
        let keys = api.by(Role::Admin).await.get("/v1/api-keys").await.expect(200);
        let issued = format!("/v1/api-keys/{}/revoke", keys.body["items"][0]["id"].as_str().unwrap());
        let [demoted, _] = api.log_in(Role::Auditor).await;
        let [shut_out, _] = api.log_in(Role::IsmsManager).await;
        let admin = api.by(Role::Admin).await.token().to_owned();
        for (victim, by, path, body, after) in [
            (&logged_in, &logged_in, "/v1/auth/logout".to_owned(), json!({}), 401),
            (&demoted, &admin, format!("{auditor}/assign-roles"), json!({ "roles": ["member"] }), 403),
            (&shut_out, &admin, format!("{manager}/deactivate"), json!({ "reason": "Left" }), 401),
            (&machine, &admin, issued, json!({}), 401),
        ] {
            let here = api.with_token(victim);
            let there = here.clone().at(&elsewhere);
            here.get("/v1/journal").await.expect(200);
            there.get("/v1/journal").await.expect(200);
            let ended = api.with_token(by).post(&path, body).await;
            assert!((200..300).contains(&ended.status), "{path}: {}", ended.text);
            here.get("/v1/journal").await.expect(after);
            // What it remembers of the last second is the most that it can be behind.
            api.wait(TimeDelta::seconds(1));
            there.get("/v1/journal").await.expect(after);
        }
    }
}

/// No request that begins after a revocation was answered gets through, however many are on their way.
#[tokio::test]
async fn a_revocation_overtakes_what_is_looked_up_meanwhile() {
    for database in each() {
        let api = Api::start(database).await;
        for _ in 0..10 {
            let issued = api.by(Role::Admin).await;
            let body = json!({ "name": "Feed", "scopes": ["records:read"] });
            let issued = issued.post("/v1/api-keys", body).await.expect(201);
            let machine = api.with_token(issued.body["token"].as_str().unwrap());
            let over = AtomicBool::new(false);
            let knock = || async {
                loop {
                    let is_late = over.load(Ordering::SeqCst);
                    let answer = machine.get("/v1/indicators").await;
                    if is_late {
                        return answer;
                    }
                }
            };
            let revoke = async {
                tokio::time::sleep(std::time::Duration::from_millis(5)).await;
                let path = format!("/v1/api-keys/{}/revoke", issued.reference());
                api.by(Role::Admin).await.post(&path, json!({})).await.expect(200);
                over.store(true, Ordering::SeqCst);
            };
            let (answers, ()) = tokio::join!(together((0..8).map(|_| knock())), revoke);
            assert!(answers.iter().all(|answer| answer.status == 401));
            machine.get("/v1/indicators").await.expect(401);
        }
    }
}
