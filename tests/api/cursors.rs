//! Cursors: good for the list, the question and the organisation that they were given for, and for nothing else.

use super::contract::{operations, target};
use crate::databases::each;
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::Value;

/// A list of what waits, which is no record.
const WORK: &str = "/v1/me/work";

/// What a list can be asked beside its cursor.
fn more_of(path: &str) -> &'static str {
    if path == WORK {
        "assignee=me"
    } else if path.contains("/measurements") {
        "all=true"
    } else {
        "sort=-created_at"
    }
}

/// Who reads a list whole.
fn reader(path: &str) -> Role {
    if ["/v1/api-keys", "/v1/identity-providers", "/v1/ticket-connections", "/v1/webhook-endpoints"].contains(&path) {
        Role::Admin
    } else {
        Role::IsmsManager
    }
}

/// Each list with a cursor of it: `limit=1`, so that there is a second page.
async fn lists(api: &Api) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for (_, path, operation) in operations() {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        if !parameters.into_iter().any(|parameter| parameter["name"] == "cursor") {
            continue;
        }
        let path = if path.contains("{id}") {
            let indicator = super::indicators::active(api).await;
            let items = super::measurements::series(api, &indicator, &[1.0, 2.0, 3.0]);
            super::measurements::send(api, items).await.expect(201);
            path.replace("{id}", &indicator)
        } else if path == WORK {
            for _ in 0..2 {
                super::nonconformities::raise(api).await;
            }
            path
        } else {
            // Twice: one alone has no second page. What an organisation has once has none either.
            for _ in 0..2 {
                target(api, &format!("{path}/{{id}}")).await;
            }
            path
        };
        let page = api.by(reader(&path)).await.get(&format!("{path}?limit=1")).await.expect(200);
        match page.body["next_cursor"].as_str() {
            Some(cursor) => found.push((path, cursor.to_owned())),
            None => assert!(["/v1/settings", "/v1/applicabilities"].contains(&path.as_str()), "{path} has one page"),
        }
    }
    found
}

#[tokio::test]
async fn a_cursor_of_another_list_another_organisation_or_another_hand_is_refused() {
    for database in each() {
        let api = Api::start(database).await;
        let lists = lists(&api).await;
        assert!(lists.len() >= 11, "{lists:?}");
        for (path, cursor) in &lists {
            let (ours, theirs) = (api.by(reader(path)).await, api.stranger(reader(path)).await);
            let next = format!("{path}?limit=1&cursor={cursor}");
            assert_eq!(ours.get(&next).await.expect(200).body["items"].as_array().unwrap().len(), 1);
            assert_eq!(theirs.get(&next).await.expect(400).faults(), ["cursor malformed"], "{next}");
            let other = more_of(path);
            let asked_otherwise = ours.get(&format!("{next}&{other}")).await.expect(400);
            assert_eq!(asked_otherwise.faults(), ["cursor malformed"], "{next}&{other}");
            for (elsewhere, _) in lists.iter().filter(|(elsewhere, _)| elsewhere != path) {
                let reader = api.by(reader(elsewhere)).await;
                let refused = reader.get(&format!("{elsewhere}?limit=1&cursor={cursor}")).await.expect(400);
                assert_eq!(refused.faults(), ["cursor malformed"], "{elsewhere} by a cursor of {path}");
                assert_eq!(refused.body["items"], Value::Null);
            }
        }
    }
}

#[tokio::test]
async fn an_edited_cursor_is_refused() {
    for database in each() {
        let api = Api::start(database).await;
        for _ in 0..2 {
            super::nonconformities::raise(&api).await;
        }
        let manager = api.by(Role::IsmsManager).await;
        let page = manager.get("/v1/nonconformities?limit=1").await.expect(200);
        let cursor = page.body["next_cursor"].as_str().unwrap();
        let mut edited: Vec<String> = (0..cursor.len())
            .map(|at| {
                let other = if &cursor[at..=at] == "A" { "B" } else { "A" };
                format!("{}{other}{}", &cursor[..at], &cursor[at + 1..])
            })
            .collect();
        edited.extend((0..cursor.len()).map(|end| cursor[..end].to_owned()));
        edited.extend(["=", "==", "A", "AAAA", "%00", "."].map(|more| format!("{cursor}{more}")));
        edited.extend([cursor.to_lowercase(), cursor.chars().rev().collect(), format!("{cursor}{cursor}")]);
        for edited in edited {
            let refused = manager.get(&format!("/v1/nonconformities?limit=1&cursor={edited}")).await.expect(400);
            let fault = if edited.ends_with("%00") { "cursor forbidden_character" } else { "cursor malformed" };
            assert_eq!(refused.faults(), [fault], "{edited}");
        }
    }
}
