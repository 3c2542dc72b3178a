//! Rules by which actions become tickets by themselves: what they may say, which actions they take, and which never. Whether that
//! comes about while the program runs is tried with the program itself (`faults/tickets/ruled.rs`).

use super::{actions, ticket_connections};
use crate::databases::each;
use crate::harness::{Api, context};
use ratchet_domain::access::Role;
use ratchet_domain::id::OrganisationId;
use ratchet_persistence::error::Error;
use ratchet_persistence::tickets;
use serde_json::{Value, json};
use uuid::Uuid;

/// Whether a rule in force takes the action.
async fn taken(api: &Api, action: &str) -> bool {
    let seen = api.by(Role::IsmsManager).await.get(&format!("/v1/actions/{action}")).await.expect(200).body;
    let id: Uuid = seen["id"].as_str().unwrap().parse().unwrap();
    let context = context(OrganisationId(api.ours()), "tickets", api.now());
    api.store.write::<_, Error, _>(context, move |tx| tickets::take(id, tx)).await.unwrap()
}

async fn planned(api: &Api) -> (String, String) {
    let case = actions::case(api).await;
    let action = actions::plan(api, &case).await.expect(201).reference().to_owned();
    (case, action)
}

async fn tried(api: &Api, body: Value) -> Value {
    api.by(Role::Admin).await.post("/v1/ticket-rules/try", body).await.expect(200).body
}

#[tokio::test]
async fn a_rule_takes_an_action_once() {
    for database in each() {
        let api = Api::start(database).await;
        let rules = json!([{ "kinds": ["corrective"], "grades": ["major"] }]);
        let minor = json!([{ "grades": ["minor"] }]);
        ticket_connections::connected(&api, json!({ "rules": minor })).await;
        let connection = ticket_connections::connected(&api, json!({ "rules": rules })).await;
        let (_, action) = planned(&api).await;
        let told = tried(&api, json!({})).await;
        assert_eq!(
            (&told["looked_at"], &told["taken"], &told["items"][0]["reference"]),
            (&json!(1), &json!(1), &json!(action))
        );
        assert_eq!(told["items"][0]["rule"], json!(0));
        assert!(taken(&api, &action).await);
        let manager = api.by(Role::IsmsManager).await;
        let path = format!("/v1/actions/{action}");
        let seen = manager.get(&path).await.expect(200).body;
        let read =
            api.by(Role::Admin).await.get(&format!("/v1/ticket-connections/{connection}")).await.expect(200).body;
        assert_eq!(seen["ticket"]["connection_id"], read["id"], "the first whose rule takes it");
        assert_eq!((&read["tickets"], &read["rules"][0]["grades"]), (&json!(1), &json!(["major"])));
        let history = manager.get(&format!("/v1/records/{action}/history")).await.expect(200).body;
        let mut entries = history["items"].as_array().unwrap().iter();
        let entry = entries.find(|entry| entry["action"] == "action.ticket_requested").unwrap();
        assert_eq!(
            (&entry["action"], &entry["detail"]["reason"]),
            (&json!("action.ticket_requested"), &json!(format!("A rule of {connection} says so")))
        );

        // Once: neither while it is one, nor when somebody has said that it is none.
        assert!(!taken(&api, &action).await);
        manager.post(&format!("{path}/unlink-ticket"), json!({ "reason": "Not for the desk" })).await.expect(200);
        assert!(!taken(&api, &action).await);
        assert_eq!(manager.get(&path).await.expect(200).body["ticket"], Value::Null);

        // Of what is restricted nothing leaves, and what is done is nobody's task.
        let (case, action) = planned(&api).await;
        let restriction = json!({ "record": case, "reason": "A person is named", "reader_ids": [] });
        manager.post("/v1/restrictions", restriction).await.expect(201);
        assert!(!taken(&api, &action).await);
        let (_, done) = planned(&api).await;
        let complete = json!({ "summary": "Image 42 has it" });
        api.by(Role::Member).await.post(&format!("/v1/actions/{done}/complete"), complete).await.expect(200);
        assert!(!taken(&api, &done).await);
        let told = tried(&api, json!({})).await;
        let shown: Vec<&Value> = told["items"].as_array().unwrap().iter().map(|item| &item["reference"]).collect();
        assert!(!shown.contains(&&json!(action)) && !shown.contains(&&json!(done)), "{told:#}");

        // By a tag of the case; and by rules that are changed or of a connection that is retired none. While one is paused, what
        // it takes waits.
        let (case, action) = planned(&api).await;
        manager.post("/v1/tags", json!({ "record": case, "label": "laptops" })).await.expect(201);
        let admin = api.by(Role::Admin).await;
        let path = format!("/v1/ticket-connections/{connection}");
        admin.patch(&path, "*", json!({ "rules": [{ "tags": ["servers"] }] })).await.expect(200);
        assert!(!taken(&api, &action).await);
        admin.patch(&path, "*", json!({ "rules": [{ "tags": ["laptops"] }] })).await.expect(200);
        assert_eq!(tried(&api, json!({ "rules": [{ "tags": ["laptops"] }] })).await["taken"], json!(1));
        let other = actions::plan(&api, &case).await.expect(201).reference().to_owned();
        admin.post(&format!("{path}/pause"), json!({ "reason": "The desk moves" })).await.expect(200);
        assert!(taken(&api, &other).await);
        admin.post(&format!("{path}/retire"), json!({ "reason": "Another desk" })).await.expect(200);
        assert!(!taken(&api, &action).await);
    }
}

/// What was written since it was looked last: the references of the actions that rules are asked about.
async fn asked_about(api: &Api) -> Vec<String> {
    api.sequence().await;
    let now = api.now();
    let found = api.store.work(move |connection| {
        let (mut found, mut looked) = (Vec::new(), tickets::look_through(connection)?);
        while !looked.is_empty() {
            found.extend(tickets::candidates(&looked, connection)?);
            tickets::follow(&looked, now, connection)?;
            looked = tickets::look_through(connection)?;
        }
        Ok::<_, Error>(found)
    });
    let (mut references, manager) = (Vec::new(), api.by(Role::IsmsManager).await);
    for (_, action) in found.await.unwrap() {
        let seen = manager.get(&format!("/v1/actions/{action}")).await.expect(200);
        references.push(seen.reference().to_owned());
    }
    references
}

#[tokio::test]
async fn rules_are_asked_when_something_around_an_action_changes() {
    for database in each() {
        let api = Api::start(database).await;
        ticket_connections::connected(&api, json!({})).await;
        let (case, action) = planned(&api).await;
        assert!(asked_about(&api).await.is_empty(), "there is no rule");
        ticket_connections::connected(&api, json!({ "rules": [{ "tags": ["laptops"] }] })).await;
        assert!(asked_about(&api).await.is_empty(), "what lies there is left");
        let manager = api.by(Role::IsmsManager).await;
        let tag = json!({ "record": case, "label": "laptops" });
        manager.post("/v1/tags", tag).await.expect(201);
        assert_eq!(asked_about(&api).await, [action.as_str()]);
        manager.patch(&format!("/v1/nonconformities/{case}"), "*", json!({ "title": "Late" })).await.expect(200);
        assert_eq!(asked_about(&api).await, [action.as_str()]);
        assert!(taken(&api, &action).await);
        assert!(asked_about(&api).await.is_empty(), "it is a ticket");
        let other = actions::plan(&api, &case).await.expect(201).reference().to_owned();
        assert_eq!(asked_about(&api).await, [other.as_str()]);
        let complete = json!({ "summary": "Image 42 has it" });
        api.by(Role::Member).await.post(&format!("/v1/actions/{other}/complete"), complete).await.expect(200);
        assert!(asked_about(&api).await.is_empty(), "it is done");
    }
}

#[tokio::test]
async fn rules_are_tried_before_they_hold() {
    for database in each() {
        let api = Api::start(database).await;
        let (_, action) = planned(&api).await;
        let told =
            tried(&api, json!({ "rules": [{ "kinds": ["preventive"] }, { "priorities": ["medium", "high"] }] })).await;
        assert_eq!((&told["items"][0]["rule"], &told["items"][0]["connection_id"]), (&json!(1), &Value::Null));
        assert_eq!(told["items"][0]["reference"], json!(action));
        assert_eq!(tried(&api, json!({ "rules": [{ "grades": ["minor"] }] })).await["items"], json!([]));
        assert_eq!(tried(&api, json!({})).await["items"], json!([]), "no rule is in force");
        let admin = api.by(Role::Admin).await;
        let wrong = json!({ "rules": [{}, { "parent_kinds": ["case"] }] });
        let refused = admin.post("/v1/ticket-rules/try", wrong.clone()).await.expect(422);
        assert_eq!(refused.faults(), ["/rules/0 required", "/rules/1/parent_kinds/0 unknown_kind"]);
        let refused = admin.post("/v1/ticket-connections", ticket_connections::body(wrong)).await.expect(422);
        assert_eq!(refused.faults(), ["/rules/0 required", "/rules/1/parent_kinds/0 unknown_kind"]);
        let nobody = json!({ "rules": [{ "assignee_ids": [Uuid::new_v4()] }] });
        for path in ["/v1/ticket-rules/try", "/v1/ticket-connections"] {
            let body = if path.ends_with("try") { nobody.clone() } else { ticket_connections::body(nobody.clone()) };
            assert_eq!(admin.post(path, body).await.expect(422).faults(), ["/rules/0/assignee_ids/0 unknown_member"]);
        }
        api.by(Role::IsmsManager).await.post("/v1/ticket-rules/try", json!({})).await.expect(403);
    }
}
