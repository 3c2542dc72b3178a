use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// Watched for two weeks, compared with four; nothing high.
pub fn assessment() -> Value {
    json!({
        "consequences": "Laptops restart once",
        "impact": { "confidentiality": "none", "integrity": "low", "availability": "medium" },
        "isms_integrity": "Patching by hand goes on meanwhile",
        "resources": "Two days",
        "responsibilities": "IT operations keeps the image",
        "risks": "Old models may slow down",
        "security_measures": "The agent's key lies in the vault",
        "rollback_plan": "The former image is kept",
        "tests": "Three laptops for a week",
        "baseline_days": 28,
        "monitoring_days": 14,
    })
}

pub fn draft() -> Value {
    json!({
        "title": "Open a port in the firewall",
        "purpose": "A service is to be reached",
        "description": "Check against the list, open, try",
        "requirements": ["A.8.20", "A.8.32"],
        "assessment": assessment(),
    })
}

pub async fn define(api: &Api) -> Answer {
    api.by(Role::IsmsManager).await.post("/v1/change-templates", draft()).await.expect(201)
}

pub async fn act(api: &Api, role: Role, reference: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/change-templates/{reference}/{verb}"), body).await
}

#[tokio::test]
async fn from_draft_to_retired() {
    for database in each() {
        let api = Api::start(database).await;
        let (manager, management) = (Role::IsmsManager, Role::Management);
        let defined = define(&api).await;
        let reference = defined.reference().to_owned();
        assert!(reference.starts_with("CHT-"), "{reference}");
        let own = act(&api, manager, &reference, "approve", json!({})).await.expect(409);
        assert_eq!(own.reasons(), ["separation_of_duties"]);
        let path = format!("/v1/change-templates/{reference}");
        let caller = api.by(manager).await;
        let amended =
            caller.patch(&path, defined.header("etag"), json!({ "purpose": "Two services" })).await.expect(200);
        assert_eq!(amended.body["purpose"], "Two services");
        let approved =
            act(&api, management, &reference, "approve", json!({ "note": "Look at it yearly" })).await.expect(200);
        assert_eq!(approved.body["approval"]["stale"], false);
        assert_eq!(approved.body["approval"]["note"], "Look at it yearly");
        let late = caller.patch(&path, "*", json!({ "purpose": "Three" })).await.expect(409);
        assert_eq!(late.reasons(), ["wrong_state"]);
        let revised =
            act(&api, manager, &reference, "revise", json!({ "reason": "Ports have names" })).await.expect(200);
        assert_eq!(revised.body["state"], "draft");
        assert_eq!(revised.body["approval"], Value::Null);
        assert_eq!(revised.body["revisions"][0]["reason"], "Ports have names");
        let retired = act(&api, manager, &reference, "retire", json!({ "reason": "Replaced" })).await.expect(200);
        assert_eq!(retired.body["retired_because"], "Replaced");
        let listed = api.by(Role::Member).await.get("/v1/change-templates?state=retired&count=true").await.expect(200);
        assert_eq!(listed.body["total"], 1, "everybody may know by which templates changes are made");
    }
}

#[tokio::test]
async fn faults_are_named() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let refuse = async |place: &str, value: Value| {
            let mut body = draft();
            *body.pointer_mut(place).unwrap() = value;
            manager.post("/v1/change-templates", body).await.expect(422).faults()
        };
        assert_eq!(refuse("/title", json!(" ")).await, ["/title blank"]);
        assert_eq!(refuse("/assessment/tests", json!("")).await, ["/assessment/tests blank"]);
        assert_eq!(refuse("/assessment/monitoring_days", json!(0)).await, ["/assessment/monitoring_days out_of_range"]);
        let impact = "/assessment/impact/availability";
        assert_eq!(refuse(impact, json!("huge")).await, [format!("{impact} unknown_value")]);
        let mut body = draft();
        body["assessment"]["x"] = json!(1);
        assert_eq!(manager.post("/v1/change-templates", body).await.faults(), ["/assessment/x unknown_field"]);
        let mut body = draft();
        body["indicators"] = json!(["IND-2026-0099", "nonsense"]);
        let answer = manager.post("/v1/change-templates", body).await.expect(422);
        assert_eq!(answer.faults(), ["/indicators/0 unknown_record", "/indicators/1 unknown_record"]);
    }
}
