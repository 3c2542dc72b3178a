use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// One that feeds an active indicator, scaled, told apart by site.
pub fn latency(indicator: &str) -> Value {
    json!({
        "name": "Latency of the portal",
        "metric": "latency",
        "matchers": [{ "label": "stage", "comparison": "not_equal", "value": "test" }],
        "indicator": indicator,
        "scale": 1000.0,
        "dimensions": [{ "label": "site", "name": "location" }],
    })
}

/// Made by a manager; its reference.
pub async fn defined(api: &Api, body: Value) -> String {
    api.by(Role::IsmsManager).await.post("/v1/ingest-rules", body).await.expect(201).reference().to_owned()
}

pub async fn act(api: &Api, rule: &str, verb: &str, body: Value) -> Answer {
    api.by(Role::IsmsManager).await.post(&format!("/v1/ingest-rules/{rule}/{verb}"), body).await
}

#[tokio::test]
async fn from_active_to_retired() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = super::indicators::active(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let made = manager.post("/v1/ingest-rules", latency(&indicator)).await.expect(201);
        assert!(made.reference().starts_with("ING-"), "{}", made.text);
        assert_eq!(
            (&made.body["state"], &made.body["order"], &made.body["part"]),
            (&json!("active"), &json!(100), &json!("value"))
        );
        let verbs = |answer: &Answer| -> Vec<String> {
            let all = answer.body["transitions"].as_array().unwrap().iter();
            all.map(|one| format!("{} {}", one["verb"].as_str().unwrap(), one["allowed"])).collect()
        };
        assert_eq!(verbs(&made), ["pause true", "retire true"]);
        let rule = made.reference();
        let paused = act(&api, rule, "pause", json!({ "reason": "The sensor is replaced" })).await.expect(200);
        assert_eq!(
            (&paused.body["state"], &paused.body["paused_because"]),
            (&json!("paused"), &json!("The sensor is replaced"))
        );
        assert_eq!(act(&api, rule, "pause", json!({ "reason": "x" })).await.expect(409).reasons(), ["wrong_state"]);
        act(&api, rule, "resume", json!({})).await.expect(200);
        let path = format!("/v1/ingest-rules/{rule}");
        let amended =
            manager.patch(&path, "*", json!({ "door": "otlp", "metric": "lat*", "scale": 1.0 })).await.expect(200);
        assert_eq!((&amended.body["door"], &amended.body["metric"]), (&json!("otlp"), &json!("lat*")));
        let any = manager.patch(&path, "*", json!({ "door": null })).await.expect(200);
        assert_eq!(any.body["door"], Value::Null);
        assert_eq!(act(&api, rule, "retire", json!({ "reason": " " })).await.expect(422).faults(), ["/reason blank"]);
        let retired = act(&api, rule, "retire", json!({ "reason": "Switched off" })).await.expect(200);
        assert_eq!(retired.body["retired_because"], "Switched off");
        manager.patch(&path, "*", json!({ "name": "x" })).await.expect(409);
    }
}

#[tokio::test]
async fn a_rule_fits_the_indicator_that_it_feeds() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = super::indicators::active(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let mut body = latency(&indicator);
        body["part"] = json!("numerator");
        body["dimensions"][0]["name"] = json!("a b");
        let refused = manager.post("/v1/ingest-rules", body).await.expect(422);
        assert_eq!(refused.faults(), ["/part value_kind", "/dimensions/0/name name"]);
        let refused = manager.post("/v1/ingest-rules", latency("IND-2026-9999")).await.expect(422);
        assert_eq!(refused.faults(), ["/indicator unknown_record"]);
        for role in [Role::Admin, Role::Management, Role::Auditor, Role::Member] {
            api.by(role).await.post("/v1/ingest-rules", latency(&indicator)).await.expect(403);
        }
        let rule = defined(&api, latency(&indicator)).await;
        let list = format!("/v1/ingest-rules?indicator={indicator}&state=active&expand=indicator&count=true");
        let found = manager.get(&list).await.expect(200);
        assert_eq!((&found.body["total"], &found.body["items"][0]["reference"]), (&json!(1), &json!(rule)));
        assert_eq!(found.body["items"][0]["indicator"]["reference"], json!(indicator));
    }
}
