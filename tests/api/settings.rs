use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub async fn act(api: &Api, role: Role, verb: &str, body: Value) -> Answer {
    let caller = api.by(role).await;
    let list = caller.get("/v1/settings").await.expect(200);
    let reference = list.body["items"][0]["reference"].as_str().unwrap().to_owned();
    caller.post(&format!("/v1/settings/{reference}/{verb}"), body).await
}

/// Exceptions pass from every rule of separation, as far ahead as can be.
pub async fn relax_everything(api: &Api) {
    let until = (api.now() + TimeDelta::days(360)).date_naive();
    let document = super::contract::document();
    for rule in document["components"]["schemas"]["SeparationRule"]["enum"].as_array().unwrap() {
        let relax = json!({ "rule": rule, "compensating_control": "The board reads it", "until": until });
        act(api, Role::Management, "relax-separation", relax).await.expect(200);
    }
}

#[tokio::test]
async fn a_small_organisation_documents_its_exceptions() {
    for database in each() {
        let api = Api::start(database).await;
        let case = super::actions::case(&api).await;
        let action = super::actions::plan(&api, &case).await.expect(201).reference().to_owned();
        let manager = api.by(Role::IsmsManager).await;
        let me = api.member_id(Role::IsmsManager).await;
        let path = |verb: &str| format!("/v1/actions/{action}/{verb}");
        let reassign = json!({ "assignee_id": me });
        manager.post(&path("reassign"), reassign).await.expect(200);
        manager.post(&path("start"), json!({})).await.expect(200);
        manager.post(&path("complete"), json!({ "summary": "Done" })).await.expect(200);
        let verify = json!({ "evidence": "It runs", "exception_reason": "There are two of us" });
        let alone = manager.post(&path("verify"), verify.clone()).await.expect(409);
        assert_eq!(alone.reasons(), ["separation_of_duties"]);
        let until = (api.now() + TimeDelta::days(30)).date_naive();
        let relax = json!({ "rule": "action_verifier", "compensating_control": "The board reads it", "until": until });
        act(&api, Role::Admin, "relax-separation", relax.clone()).await.expect(403);
        let relaxed = act(&api, Role::Management, "relax-separation", relax).await.expect(200);
        assert_eq!(relaxed.body["relaxations"][0]["rule"], "action_verifier");
        let silent = manager.post(&path("verify"), json!({ "evidence": "It runs" })).await.expect(409);
        assert_eq!(silent.reasons(), ["exception_reason_needed"]);
        let verified = manager.post(&path("verify"), verify).await.expect(200);
        assert_eq!(verified.body["exceptions"][0]["reason"], "There are two of us");
        assert_eq!(verified.body["exceptions"][0]["compensating_control"], "The board reads it");
        let enforced = act(&api, Role::Admin, "enforce-separation", json!({ "rule": "action_verifier" })).await;
        assert_eq!(enforced.expect(200).body["relaxations"], json!([]));
        act(&api, Role::Admin, "enforce-separation", json!({ "rule": "action_verifier" })).await.expect(409);
    }
}

#[tokio::test]
async fn faults_are_named() {
    for database in each() {
        let api = Api::start(database).await;
        let late = (api.now() + TimeDelta::days(400)).date_naive();
        let relax = json!({ "rule": "case_verifier", "compensating_control": " ", "until": late });
        let refused = act(&api, Role::Management, "relax-separation", relax).await.expect(422);
        assert_eq!(refused.faults(), ["/compensating_control blank", "/until out_of_range"]);
        let zone = act(&api, Role::Admin, "set-time-zone", json!({ "utc_offset_minutes": 900 })).await.expect(422);
        assert_eq!(zone.faults(), ["/utc_offset_minutes out_of_range"]);
        let hour = act(&api, Role::Admin, "set-digest-hour", json!({ "hour": 24 })).await.expect(422);
        assert_eq!(hour.faults(), ["/hour out_of_range"]);
        let hour = act(&api, Role::Admin, "set-digest-hour", json!({ "hour": 18 })).await.expect(200);
        assert_eq!(hour.body["digest_hour"], 18);
        let left_out = act(&api, Role::Admin, "set-digest-hour", json!({})).await.expect(422);
        assert_eq!(left_out.faults(), ["/hour required"], "nobody's digests end by an omission");
        let none = act(&api, Role::Admin, "set-digest-hour", json!({ "hour": null })).await.expect(200);
        assert_eq!(none.body["digest_hour"], json!(null));
        let never = json!({ "weekdays": [] });
        let never = act(&api, Role::Admin, "set-working-days", never).await.expect(422);
        assert_eq!(never.faults(), ["/weekdays length"]);
        let someday = json!({ "weekdays": ["someday"] });
        let someday = act(&api, Role::Admin, "set-working-days", someday).await.expect(422);
        assert_eq!(someday.faults(), ["/weekdays/0 unknown_value"]);
        let zone = act(&api, Role::Admin, "set-time-zone", json!({ "utc_offset_minutes": 60 })).await.expect(200);
        assert_eq!(zone.body["utc_offset_minutes"], 60);
    }
}
