use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// Everything that activation asks for; less is better, 100 warns, 200 is critical.
pub fn definition(owner: &str) -> Value {
    json!({
        "name": "Request latency of the customer portal",
        "information_need": "Whether customers can work with the portal",
        "unit": "ms",
        "value_kind": "gauge",
        "goal": { "direction": "lower_is_better", "target": 50.0, "warning": 100.0, "critical": 200.0 },
        "method": "Mean over five minutes at the load balancer",
        "data_source": "Load balancer",
        "frequency": "hourly",
        "collector_id": owner,
        "analysis_interval": "weekly",
        "analyst_id": owner,
        "requirements": ["9.1", "A.8.16"],
        "auto_raise": { "kind": "nonconformity", "on": "critical" },
        "owner_id": owner,
    })
}

/// A defined one.
pub async fn define(api: &Api) -> Answer {
    let owner = api.member_id(Role::IsmsManager).await;
    api.by(Role::IsmsManager).await.post("/v1/indicators", definition(&owner)).await.expect(201)
}

/// An active one.
pub async fn active(api: &Api) -> String {
    let reference = define(api).await.reference().to_owned();
    act(api, Role::IsmsManager, &reference, "activate", json!({})).await.expect(200);
    reference
}

async fn act(api: &Api, role: Role, reference: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/indicators/{reference}/{verb}"), body).await
}

#[tokio::test]
async fn from_draft_to_retired() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let draft = json!({ "name": "Phishing reports", "value_kind": "ratio" });
        let draft = manager.post("/v1/indicators", draft).await.expect(201);
        let reference = draft.reference().to_owned();
        assert!(reference.starts_with("IND-"), "{reference}");
        assert_eq!(draft.body["state"], "draft");
        let early = act(&api, Role::IsmsManager, &reference, "activate", json!({})).await.expect(409);
        assert!(early.reasons().len() >= 6, "{}", early.text);
        let owner = api.member_id(Role::IsmsManager).await;
        let path = format!("/v1/indicators/{reference}");
        manager.patch(&path, draft.header("etag"), definition(&owner)).await.expect(200);
        let activated = act(&api, Role::IsmsManager, &reference, "activate", json!({})).await.expect(200);
        assert_eq!(activated.body["state"], "active");
        let goal = json!({ "direction": "lower_is_better", "warning": 60.0, "critical": 120.0 });
        let moved = json!({ "goal": goal });
        let etag = activated.header("etag").to_owned();
        let refused = manager.patch(&format!("/v1/indicators/{reference}"), &etag, moved).await;
        assert!(refused.status == 409 || refused.status == 422, "{}", refused.text);
        let revise = json!({ "goal": goal, "reason": "New platform" });
        let revised = act(&api, Role::IsmsManager, &reference, "revise", revise).await.expect(200);
        assert_eq!(revised.body["goal"]["warning"], 60.0);
        assert_eq!(revised.body["revision"], 2);
        assert_eq!(revised.body["revisions"][0]["goal"]["warning"], 100.0);
        let retired = act(&api, Role::IsmsManager, &reference, "retire", json!({ "reason": "Switched off" })).await;
        assert_eq!(retired.expect(200).body["state"], "retired");
    }
}

#[tokio::test]
async fn faults_are_named() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let owner = api.member_id(Role::IsmsManager).await;
        for (field, value, fault) in [
            ("name", json!(" "), "/name blank"),
            ("unit", json!("x".repeat(1000)), "/unit too_long"),
            ("requirements", json!(["9.99"]), "/requirements/0 unknown_requirement"),
            ("owner_id", json!(uuid::Uuid::new_v4()), "/owner_id unknown_member"),
            ("value_kind", json!("percent"), "/value_kind unknown_value"),
            ("frequency", json!("fortnightly"), "/frequency unknown_value"),
            ("target", json!(5), "/target unknown_field"),
            ("auto_raise", json!({ "kind": "none", "on": "warning" }), "/auto_raise/on unknown_field"),
            (
                "goal",
                json!({
                    "direction": "within_range", "warning": { "low": 1.0, "high": 2.0, "unit": "ms" },
                    "critical": { "low": 0.0, "high": 3.0 },
                }),
                "/goal/warning/unit unknown_field",
            ),
        ] {
            let mut body = definition(&owner);
            body[field] = value;
            let answer = manager.post("/v1/indicators", body).await.expect(422);
            assert_eq!(answer.faults(), [fault], "{field}");
        }
        let mut body = definition(&owner);
        body["goal"]["critical"] = json!(10.0);
        let answer = manager.post("/v1/indicators", body).await.expect(422);
        assert!(answer.faults()[0].starts_with("/goal"), "{}", answer.text);
        assert_eq!(manager.get("/v1/indicators?count=true").await.expect(200).body["total"], 0);
    }
}
