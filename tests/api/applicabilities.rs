//! The statement of applicability, control by control.

use crate::databases::each;
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub fn needed(control: &str) -> Value {
    json!({
        "control": control,
        "state": "applicable",
        "justification": "Drawings are protected by who has access to them",
        "status": "partly",
        "implementation": "Human resources tells IT",
    })
}

/// A control of which something is said; whatever was said before stays.
pub async fn of_some_control(api: &Api) -> String {
    let manager = api.by(Role::IsmsManager).await;
    let known = manager.get("/v1/applicabilities").await.expect(200);
    match known.body["items"][0]["reference"].as_str() {
        Some(reference) => reference.to_owned(),
        None => manager.post("/v1/applicabilities", needed("A.5.18")).await.expect(201).reference().to_owned(),
    }
}

#[tokio::test]
async fn one_thing_is_said_of_a_control_and_decided_with_a_reason() {
    for database in each() {
        let api = Api::start(database).await;
        let (manager, management) = (api.by(Role::IsmsManager).await, api.by(Role::Management).await);
        let made = manager.post("/v1/applicabilities", needed("A.5.18")).await.expect(201);
        assert_eq!((&made.body["state"], &made.body["status"]), (&json!("applicable"), &json!("partly")));
        assert_eq!(made.body["label"], "Granting and withdrawing access");
        assert_eq!(
            manager.post("/v1/applicabilities", needed("A.5.18")).await.expect(409).body["type"],
            "/problems/taken"
        );
        let path = format!("/v1/applicabilities/{}", made.reference());
        let decide = |verb: &str, why: &str| (format!("{path}/{verb}"), json!({ "justification": why }));
        let (at, body) = decide("exclude", "The portal was sold");
        let excluded = management.post(&at, body.clone()).await.expect(200);
        assert_eq!((&excluded.body["state"], &excluded.body["status"]), (&json!("excluded"), &Value::Null));
        assert_eq!(excluded.body["justification"], "The portal was sold");
        assert_eq!(management.post(&at, body).await.expect(409).reasons(), ["wrong_state"]);
        let refused = manager.patch(&path, "*", json!({ "status": "implemented" })).await.expect(422);
        assert_eq!(refused.faults(), ["/status not_in_this_stage"]);
        let (at, body) = decide("include", "It was bought back");
        manager.post(&at, body).await.expect(200);
        let (at, body) = decide("justify", " ");
        assert_eq!(manager.post(&at, body).await.expect(422).faults(), ["/justification blank"]);
        manager
            .post("/v1/applicabilities", json!({ "control": "9.2.2", "state": "excluded", "justification": "x" }))
            .await
            .expect(422);
    }
}

#[tokio::test]
async fn its_owner_says_how_far_it_is() {
    for database in each() {
        let api = Api::start(database).await;
        let (manager, owner) = (api.by(Role::IsmsManager).await, api.member_id(Role::Member).await);
        let mut body = needed("A.8.8");
        body["owner_id"] = json!(owner);
        let path =
            format!("/v1/applicabilities/{}", manager.post("/v1/applicabilities", body).await.expect(201).reference());
        let member = api.by(Role::Member).await;
        let done = member.patch(&path, "*", json!({ "status": "implemented" })).await.expect(200);
        assert_eq!(done.body["status"], "implemented");
        member.patch(&path, "*", json!({ "owner_id": null })).await.expect(403);
        member.post(&format!("{path}/exclude"), json!({ "justification": "x" })).await.expect(403);
        manager.patch(&path, "*", json!({ "owner_id": null })).await.expect(200);
        member.get(&path).await.expect(404);
    }
}

#[tokio::test]
async fn the_statement_stands_in_the_order_of_the_annex() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        for control in ["A.8.1", "A.5.10", "A.5.2", "A.8.34", "A.7.1"] {
            manager.post("/v1/applicabilities", needed(control)).await.expect(201);
        }
        let listed = manager.get("/v1/applicabilities?sort=control&limit=200").await.expect(200);
        let controls: Vec<&str> =
            listed.body["items"].as_array().unwrap().iter().map(|item| item["control"].as_str().unwrap()).collect();
        assert_eq!(controls, ["A.5.2", "A.5.10", "A.7.1", "A.8.1", "A.8.34"]);
        for (query, expected) in [
            ("control=A.5.2,A.8.1", 2),
            ("state=excluded", 0),
            ("status=partly,planned", 5),
            ("owner=me", 0),
            ("updated_since=2126-01-01T00:00:00Z", 0),
        ] {
            let listed = manager.get(&format!("/v1/applicabilities?count=true&{query}")).await.expect(200);
            assert_eq!(listed.body["total"], expected, "{query}");
        }
    }
}
