use super::incidents::reported;
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub fn entry(api: &Api, incident: &str, minutes_ago: i64, text: &str) -> Value {
    json!({
        "incident": incident, "happened_at": api.now() - TimeDelta::minutes(minutes_ago), "kind": "observation",
        "text": text,
    })
}

async fn append(api: &Api, role: Role, body: Value) -> Answer {
    api.by(role).await.post("/v1/timeline-entries", body).await
}

/// An entry of an incident that a manager has reported.
pub async fn appended(api: &Api) -> String {
    let incident = reported(api, Role::IsmsManager).await;
    let body = entry(api, &incident, 1, "Files have another ending");
    append(api, Role::IsmsManager, body).await.expect(201).reference().to_owned()
}

#[tokio::test]
async fn told_in_order_whenever_it_was_written() {
    for database in each() {
        let api = Api::start(database).await;
        let incident = reported(&api, Role::Member).await;
        for (minutes, text) in [(10, "Third"), (50, "First"), (30, "Second")] {
            append(&api, Role::Member, entry(&api, &incident, minutes, text)).await.expect(201);
        }
        let mut told = entry(&api, &incident, 5, "The customers know");
        told["kind"] = json!("communication");
        let silent = append(&api, Role::IsmsManager, told.clone()).await.expect(422);
        assert_eq!(silent.faults(), ["/audience required"]);
        told["audience"] = json!("All customers of the portal");
        append(&api, Role::IsmsManager, told).await.expect(201);
        // Who sees the incident sees its whole timeline; others see nothing of it.
        let timeline = format!("/v1/timeline-entries?record={incident}&sort=happened_at");
        for role in [Role::Member, Role::Auditor, Role::ExternalAuditor] {
            let seen = api.by(role).await.get(&timeline).await.expect(200);
            let texts: Vec<&str> =
                seen.body["items"].as_array().unwrap().iter().map(|item| item["text"].as_str().unwrap()).collect();
            assert_eq!(texts, ["First", "Second", "Third", "The customers know"], "{role:?}");
        }
        let communications =
            api.by(Role::Auditor).await.get(&format!("{timeline}&kind=communication&count=true")).await;
        assert_eq!(communications.expect(200).body["total"], 1);
        let theirs = reported(&api, Role::Auditor).await;
        let unseen = api.by(Role::Member).await.get(&format!("/v1/timeline-entries?record={theirs}")).await.expect(400);
        assert_eq!(unseen.faults(), ["record unknown_record"]);
        let refused = append(&api, Role::Member, entry(&api, &theirs, 1, "x")).await.expect(422);
        assert_eq!(refused.faults(), ["/incident unknown_record"]);
        append(&api, Role::Management, entry(&api, &theirs, 1, "x")).await.expect(403);
    }
}

#[tokio::test]
async fn a_wrong_entry_is_corrected_by_another() {
    for database in each() {
        let api = Api::start(database).await;
        let (incident, other) = (reported(&api, Role::IsmsManager).await, appended(&api).await);
        let wrong = append(&api, Role::IsmsManager, entry(&api, &incident, 9, "Unplugged at 9")).await.expect(201);
        let mut right = entry(&api, &incident, 9, "Unplugged at 10");
        right["corrects"] = json!(other);
        let elsewhere = append(&api, Role::IsmsManager, right.clone()).await.expect(422);
        assert_eq!(elsewhere.faults(), ["/corrects another_incident"]);
        right["corrects"] = json!(wrong.reference());
        let right = append(&api, Role::IsmsManager, right).await.expect(201);
        assert_eq!(right.body["corrects_id"], wrong.body["id"]);
        let kept = api.by(Role::Auditor).await.get(&format!("/v1/timeline-entries/{}", wrong.reference())).await;
        assert_eq!(kept.expect(200).body["text"], "Unplugged at 9");
    }
}

#[tokio::test]
async fn it_ends_with_the_incident() {
    for database in each() {
        let api = Api::start(database).await;
        let incident = reported(&api, Role::Member).await;
        let body = json!({ "decision": "not_an_incident", "criteria": "Announced", "reason": "It was moved" });
        api.by(Role::IsmsManager).await.post(&format!("/v1/incidents/{incident}/triage"), body).await.expect(200);
        let late = append(&api, Role::IsmsManager, entry(&api, &incident, 1, "x")).await.expect(409);
        assert_eq!(late.reasons(), ["incident_is_over"]);
    }
}
