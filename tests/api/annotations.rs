//! Comments, tags and links: alike in everything but what they say.

use super::nonconformities::{raise, report};
use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// What each says, but for the record it is about.
pub fn each_kind() -> [(&'static str, Value); 3] {
    [
        ("comments", json!({ "text": "The same was seen in week 12" })),
        ("tags", json!({ "label": "patching" })),
        ("links", json!({ "relation": "relates_to", "to": null })),
    ]
}

async fn attach(api: &Api, role: Role, record: &str, stem: &str, mut body: Value) -> Answer {
    body["record"] = json!(record);
    if body.get("to") == Some(&Value::Null) {
        let other = api.by(role).await.post("/v1/nonconformities", report()).await.expect(201);
        body["to"] = json!(other.reference());
    }
    api.by(role).await.post(&format!("/v1/{stem}"), body).await
}

/// One about a manager's record.
pub async fn attached(api: &Api, stem: &str, body: Value) -> String {
    let manager = Role::IsmsManager;
    let record = api.by(manager).await.post("/v1/nonconformities", report()).await.expect(201).reference().to_owned();
    attach(api, manager, &record, stem, body).await.expect(201).reference().to_owned()
}

/// One statement finds them, and the words beside them narrow further.
#[tokio::test]
async fn a_list_is_narrowed_to_what_carries_a_tag() {
    for database in each() {
        let api = Api::start(database).await;
        let records = [raise(&api).await, raise(&api).await, raise(&api).await];
        let manager = api.by(Role::IsmsManager).await;
        let tag = async |record: &str, label: &str| {
            let tag = json!({ "record": record, "label": label });
            manager.post("/v1/tags", tag).await.expect(201).reference().to_owned()
        };
        tag(&records[0], "supplier").await;
        let on_second = tag(&records[1], "laptop").await;
        tag(&records[1], "supplier").await;
        let found = async |query: &str| {
            let list = manager.get(&format!("/v1/nonconformities?sort=reference&{query}")).await.expect(200);
            let items = list.body["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["reference"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(found("tag=supplier").await, records[..2]);
        assert_eq!(found("tag=laptop").await, records[1..2]);
        assert_eq!(found("tag=laptop,supplier").await, records[..2]);
        assert_eq!(found("tag=nobody").await, [""; 0]);
        api.follow().await;
        assert_eq!(found("tag=laptop&q=patches").await, records[1..2]);
        assert_eq!(found("tag=laptop&q=nobody").await, [""; 0]);
        manager.post(&format!("/v1/tags/{on_second}/withdraw"), json!({ "reason": "Wrong" })).await.expect(200);
        assert_eq!(found("tag=laptop").await, [""; 0]);
        let wrong = manager.get("/v1/nonconformities?tag=A%20B").await.expect(400);
        assert!(wrong.text.contains("tag"), "{}", wrong.text);
        let many = vec!["x"; 21].join(",");
        manager.get(&format!("/v1/nonconformities?tag={many}")).await.expect(400);
    }
}

#[tokio::test]
async fn attached_seen_by_whoever_sees_the_record_and_withdrawn() {
    for database in each() {
        let api = Api::start(database).await;
        let record = raise(&api).await;
        for (stem, body) in each_kind() {
            let made = attach(&api, Role::IsmsManager, &record, stem, body).await.expect(201);
            let path = format!("/v1/{stem}/{}", made.reference());
            let member = api.by(Role::Member).await;
            assert_eq!(member.get(&path).await.expect(200).body["state"], "attached", "raised it");
            let about = format!("/v1/{stem}?record={record}&count=true");
            assert_eq!(member.get(&about).await.expect(200).body["total"], 1);
            member.post(&format!("{path}/withdraw"), json!({ "reason": "No" })).await.expect(403);
            let manager = api.by(Role::IsmsManager).await;
            let blank = manager.post(&format!("{path}/withdraw"), json!({ "reason": "" })).await.expect(422);
            assert_eq!(blank.faults(), ["/reason blank"]);
            let withdrawn = manager.post(&format!("{path}/withdraw"), json!({ "reason": "A slip" })).await.expect(200);
            assert_eq!(withdrawn.body["withdrawn_because"], "A slip");
            let kept = manager.get(&format!("{about}&state=withdrawn")).await.expect(200);
            assert_eq!(kept.body["total"], 1);
        }
    }
}

#[tokio::test]
async fn what_cannot_be_seen_cannot_be_annotated() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let hidden = manager.post("/v1/nonconformities", report()).await.expect(201).reference().to_owned();
        for (stem, body) in each_kind() {
            for record in [hidden.as_str(), "NC-2026-0999", "x", ""] {
                let refused = attach(&api, Role::Member, record, stem, body.clone()).await.expect(422);
                assert_eq!(refused.faults(), ["/record unknown_record"], "{stem} {record}");
            }
            api.by(Role::Member).await.get(&format!("/v1/{stem}?record={hidden}")).await.expect(400);
            assert_eq!(manager.get(&format!("/v1/{stem}?count=true")).await.expect(200).body["total"], 0);
        }
    }
}

#[tokio::test]
async fn a_label_stands_once_and_an_edge_is_drawn_once() {
    for database in each() {
        let api = Api::start(database).await;
        let (record, other) = (raise(&api).await, raise(&api).await);
        let manager = api.by(Role::IsmsManager).await;
        let tag = json!({ "record": record, "label": "patching" });
        let first = manager.post("/v1/tags", tag.clone()).await.expect(201);
        manager.post("/v1/tags", tag.clone()).await.expect(409);
        let withdraw = format!("/v1/tags/{}/withdraw", first.reference());
        manager.post(&withdraw, json!({ "reason": "A slip" })).await.expect(200);
        manager.post("/v1/tags", tag).await.expect(201);
        let found = manager.get("/v1/tags?label=patching&state=attached").await.expect(200);
        assert_eq!(found.body["items"].as_array().unwrap().len(), 1);
        let bad = manager.post("/v1/tags", json!({ "record": record, "label": "A B" })).await.expect(422);
        assert_eq!(bad.faults(), ["/label malformed"]);
        let link = json!({ "record": record, "relation": "caused_by", "to": other });
        manager.post("/v1/links", link.clone()).await.expect(201);
        manager.post("/v1/links", link).await.expect(409);
        let itself = json!({ "record": record, "relation": "caused_by", "to": record });
        assert_eq!(manager.post("/v1/links", itself).await.expect(422).faults(), ["/to itself"]);
    }
}
