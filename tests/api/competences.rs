use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub async fn define(api: &Api) -> String {
    let body = json!({
        "role": "Internal auditor",
        "requirement": "Knows ISO/IEC 27001 and ISO 19011, has audited under supervision",
    });
    api.by(Role::IsmsManager).await.post("/v1/competences", body).await.expect(201).reference().to_owned()
}

async fn act(api: &Api, role: Role, competence: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/competences/{competence}/{verb}"), body).await
}

#[tokio::test]
async fn a_gap_is_seen_and_closed() {
    for database in each() {
        let api = Api::start(database).await;
        let competence = define(&api).await;
        let auditor = api.member_id(Role::Auditor).await;
        let due = (api.now() + TimeDelta::days(30)).date_naive();
        let gap = json!({ "kind": "gap", "missing": "Has not audited yet", "measure": "Joins in May", "due_on": due });
        let body = json!({ "member_id": auditor, "standing": gap });
        let assessed = act(&api, Role::Management, &competence, "assess", body).await.expect(200);
        assert_eq!(
            (&assessed.body["gaps"], &assessed.body["holders"][0]["standing"]["kind"]),
            (&json!(1), &json!("gap"))
        );
        let manager = api.by(Role::IsmsManager).await;
        assert_eq!(manager.get("/v1/competences?gap=true&count=true").await.body["total"], 1);
        assert_eq!(manager.get("/v1/me/work").await.body["items"][0]["due_on"], json!(due));
        let held = json!({ "kind": "held", "basis": "experience", "evidence": "Three audits in 2026" });
        let body = json!({ "member_id": auditor, "standing": held });
        let closed = act(&api, Role::IsmsManager, &competence, "assess", body).await.expect(200);
        assert_eq!((&closed.body["gaps"], closed.body["holders"].as_array().unwrap().len()), (&json!(0), 1));
        let manager = api.by(Role::IsmsManager).await;
        assert_eq!(manager.get("/v1/competences?gap=true&count=true").await.body["total"], 0);
        assert_eq!(manager.get("/v1/me/work").await.body["items"], json!([]));
        let released = json!({ "member_id": auditor, "reason": "Has moved to sales" });
        let released = act(&api, Role::IsmsManager, &competence, "release", released).await.expect(200);
        assert_eq!(released.body["holders"], json!([]));
        let retired = act(&api, Role::IsmsManager, &competence, "retire", json!({ "reason": "Bought" })).await;
        assert_eq!(retired.expect(200).body["retired_because"], "Bought");
        let path = format!("/v1/competences/{competence}");
        let late = api.by(Role::IsmsManager).await.patch(&path, "*", json!({ "role": "Auditor" })).await.expect(409);
        assert_eq!(late.reasons(), ["wrong_state"]);
    }
}

#[tokio::test]
async fn nobody_judges_oneself_and_strangers_are_unknown() {
    for database in each() {
        let api = Api::start(database).await;
        let competence = define(&api).await;
        let held = json!({ "kind": "held", "basis": "training", "evidence": "Course of 2025" });
        let me = api.member_id(Role::IsmsManager).await;
        let own = json!({ "member_id": me, "standing": held });
        let refused = act(&api, Role::IsmsManager, &competence, "assess", own.clone()).await.expect(409);
        assert_eq!(refused.reasons(), ["separation_of_duties"]);
        act(&api, Role::Management, &competence, "assess", own).await.expect(200);
        let theirs = api.stranger(Role::Member).await.get("/v1/me").await.body["member_id"].clone();
        for member in [theirs, json!(uuid::Uuid::new_v4())] {
            let body = json!({ "member_id": member, "standing": held });
            let refused = act(&api, Role::IsmsManager, &competence, "assess", body).await.expect(422);
            assert_eq!(refused.faults(), ["/member_id unknown_member"]);
        }
        let nowhere = json!({ "member_id": me, "reason": " " });
        act(&api, Role::IsmsManager, &competence, "release", nowhere).await.expect(422);
        let path = format!("/v1/competences/{competence}");
        let manager = api.by(Role::IsmsManager).await;
        let amended = manager.patch(&path, "*", json!({ "requirement": "Knows ISO 19011" })).await.expect(200);
        assert_eq!(amended.body["requirement"], "Knows ISO 19011");
        let bad = json!({ "role": " ", "requirement": "" });
        let refused = manager.post("/v1/competences", bad).await.expect(422);
        assert_eq!(refused.faults(), ["/role blank", "/requirement blank"]);
    }
}
