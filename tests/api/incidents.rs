use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// What the member reports, noticed an hour ago.
pub fn report(now: DateTime<Utc>) -> Value {
    json!({
        "title": "A share was encrypted",
        "description": "Files on the design share cannot be opened",
        "detected_at": now - TimeDelta::hours(1),
        "occurred_at": now - TimeDelta::hours(9),
        "assets": ["Design share"],
        "controls": ["A.8.7"],
    })
}

pub async fn reported(api: &Api, role: Role) -> String {
    api.by(role).await.post("/v1/incidents", report(api.now())).await.expect(201).reference().to_owned()
}

async fn verb(api: &Api, role: Role, reference: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/incidents/{reference}/{verb}"), body).await
}

/// Triaged; the member owns it.
pub async fn triaged(api: &Api) -> String {
    let reference = reported(api, Role::Auditor).await;
    let body = json!({
        "decision": "incident", "criteria": "Customers' drawings are concerned", "category": "malware", "severity": 2,
        "owner_id": api.member_id(Role::Member).await,
    });
    verb(api, Role::IsmsManager, &reference, "triage", body).await.expect(200);
    reference
}

async fn history(api: &Api, reference: &str) -> Vec<String> {
    let history = api.by(Role::Auditor).await.get(&format!("/v1/records/{reference}/history")).await.expect(200);
    let entries = history.body["items"].as_array().unwrap();
    entries.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn from_the_report_to_the_lessons() {
    for database in each() {
        let api = Api::start(database).await;
        let (member, manager) = (Role::Member, Role::IsmsManager);
        let reference = triaged(&api).await;
        let shown = api.by(Role::Auditor).await.get(&format!("/v1/incidents/{reference}")).await.expect(200);
        assert_eq!(shown.body["triage"]["by"], json!(api.member_id(manager).await));
        // Its owner works it, and does not decide it.
        let now = api.now();
        let contain = json!({ "measures": "Unplugged", "contained_at": now });
        verb(&api, Role::Management, &reference, "contain", contain.clone()).await.expect(403);
        let early = json!({ "measures": "Unplugged", "contained_at": now - TimeDelta::hours(2) });
        let early = verb(&api, member, &reference, "contain", early).await.expect(422);
        assert_eq!(early.faults(), ["/contained_at out_of_range"]);
        verb(&api, member, &reference, "contain", contain).await.expect(200);
        let resolve = json!({ "summary": "Restored", "resolved_at": now });
        verb(&api, member, &reference, "resolve", resolve).await.expect(200);
        let action = json!({
            "parent": reference, "title": "Block macros from outside", "kind": "corrective",
            "assignee_id": api.member_id(member).await, "due_on": now.date_naive(),
        });
        let action = api.by(manager).await.post("/v1/actions", action).await.expect(201).reference().to_owned();
        let impact = json!({ "downtime_minutes": 540, "records": 0, "cost": { "amount": 12_500, "currency": "EUR" } });
        let review = json!({ "root_cause": "Macros ran", "lessons": "Copies pay", "impact": impact });
        let reviewed = verb(&api, member, &reference, "review", review).await.expect(200);
        assert_eq!(reviewed.body["review"]["impact"], impact);
        verb(&api, member, &reference, "close", json!({})).await.expect(403);
        let open = verb(&api, manager, &reference, "close", json!({})).await.expect(409);
        assert_eq!(open.reasons(), ["open_actions"]);
        let done = json!({ "summary": "Blocked" });
        api.by(member).await.post(&format!("/v1/actions/{action}/complete"), done).await.expect(200);
        let closed = verb(&api, manager, &reference, "close", json!({})).await.expect(200);
        assert_eq!((&closed.body["state"], &closed.body["transitions"]), (&json!("closed"), &json!([])));
    }
}

#[tokio::test]
async fn what_is_none_is_told_to_who_reported_it() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = reported(&api, Role::Member).await;
        let work = api.by(Role::IsmsManager).await.get("/v1/me/work").await.expect(200);
        assert_eq!(work.body["items"][0]["reference"], reference);
        let body = json!({ "decision": "not_an_incident", "criteria": "Announced", "reason": "The share was moved" });
        verb(&api, Role::Member, &reference, "triage", body.clone()).await.expect(403);
        verb(&api, Role::IsmsManager, &reference, "triage", body).await.expect(200);
        let told = api.by(Role::Member).await.get(&format!("/v1/incidents/{reference}")).await.expect(200);
        assert_eq!(told.body["state"], "not_an_incident");
        assert_eq!(told.body["not_an_incident_because"], "The share was moved");
        assert_eq!(told.body["triage"]["criteria"], "Announced");
    }
}

#[tokio::test]
async fn after_72_hours_silence_is_an_event_once() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = Role::IsmsManager;
        let reference = triaged(&api).await;
        let body = json!({ "description": "Names of 31 customers", "aware_at": api.now() });
        let involved = verb(&api, Role::Member, &reference, "involve-personal-data", body).await.expect(200);
        let ends_at = (api.now() + TimeDelta::hours(72)).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        assert_eq!(involved.body["personal_data"]["ends_at"], ends_at);
        // What members who have just joined are asked is no matter of this clock.
        api.wake().await;
        api.wait(TimeDelta::hours(71));
        assert_eq!(api.wake().await, 0);
        api.wait(TimeDelta::hours(1));
        assert_eq!((api.wake().await, api.wake().await), (1, 0));
        let ran_out = "incident.notification_clock_ran_out";
        assert_eq!(history(&api, &reference).await.iter().filter(|action| *action == ran_out).count(), 1);
        let late = json!({ "authority": "The authority", "notified_at": api.now() + TimeDelta::hours(-1) });
        verb(&api, Role::Member, &reference, "notify-authority", late.clone()).await.expect(403);
        let in_time = verb(&api, manager, &reference, "notify-authority", late).await.expect(200);
        assert_eq!(in_time.body["personal_data"]["outcome"]["kind"], "notified");
        let again = verb(&api, manager, &reference, "waive-notification", json!({ "reason": "No" })).await.expect(409);
        assert_eq!(again.reasons(), ["no_clock"]);
    }
}

#[tokio::test]
async fn told_in_time_it_does_not_ring_and_late_it_says_why() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = Role::IsmsManager;
        let (waived, late) = (triaged(&api).await, triaged(&api).await);
        for reference in [&waived, &late] {
            let body = json!({ "description": "Names", "aware_at": api.now() });
            verb(&api, manager, reference, "involve-personal-data", body).await.expect(200);
        }
        let why = json!({ "reason": "The disk was encrypted" });
        verb(&api, manager, &waived, "waive-notification", why).await.expect(200);
        api.wake().await;
        api.wait(TimeDelta::hours(80));
        assert_eq!(api.wake().await, 1);
        let body = |reason: Value| json!({ "authority": "A", "notified_at": api.now(), "delay_reason": reason });
        let silent = verb(&api, manager, &late, "notify-authority", body(Value::Null)).await.expect(422);
        assert_eq!(silent.faults(), ["/delay_reason required"]);
        verb(&api, manager, &late, "notify-authority", body(json!("A long week-end"))).await.expect(200);
        assert_eq!(api.by(manager).await.get("/v1/incidents?personal_data=true&count=true").await.body["total"], 2);
    }
}

#[tokio::test]
async fn what_it_raises_is_made_in_the_same_moment_and_linked() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = triaged(&api).await;
        let wrong = json!({ "title": " ", "statement": "x", "objective_evidence": "y", "requirement": "A.5.99" });
        let wrong = verb(&api, Role::IsmsManager, &reference, "raise-nonconformity", wrong).await.expect(422);
        assert_eq!(wrong.faults(), ["/title blank", "/requirement unknown_requirement"]);
        let nothing = api.by(Role::Auditor).await.get("/v1/nonconformities?count=true").await.expect(200);
        assert_eq!(nothing.body["total"], 0, "nothing is left of what was refused");
        let body = json!({ "title": "Macros run", "statement": "They are blocked", "objective_evidence": "One ran" });
        let raised = verb(&api, Role::Member, &reference, "raise-nonconformity", body).await.expect(200);
        let body = json!({ "title": "The share trusts all", "description": "Whoever is inside", "found_in": "Share" });
        let raised_too = verb(&api, Role::Member, &reference, "raise-weakness", body).await.expect(200);
        assert_eq!(raised.body["raised"][0]["kind"], "nonconformity");
        assert_eq!(raised_too.body["raised"][1]["kind"], "weakness");
        let trace = api.by(Role::Auditor).await.get(&format!("/v1/records/{reference}/trace")).await.expect(200);
        let edges = trace.body["edges"].as_array().unwrap();
        assert_eq!(edges.len(), 2);
        assert!(edges.iter().all(|edge| edge["relation"] == "raised" && edge["from"] == raised.body["id"]));
        let case = api.by(Role::Auditor).await.get("/v1/nonconformities").await.expect(200).body["items"][0].clone();
        assert_eq!((&case["source"], &case["origin"]["id"]), (&json!("incident"), &raised.body["id"]));
    }
}

#[tokio::test]
async fn worded_by_who_reported_it_until_it_has_an_owner() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = reported(&api, Role::Member).await;
        let (path, member) = (format!("/v1/incidents/{reference}"), api.by(Role::Member).await);
        member.patch(&path, "*", json!({ "title": "Two shares", "occurred_at": null })).await.expect(200);
        let early = member.patch(&path, "*", json!({ "severity": 1 })).await.expect(409);
        assert_eq!(early.reasons(), ["not_triaged"]);
        let refused = member.patch(&path, "*", json!({ "raised": [] })).await.expect(422);
        assert_eq!(refused.faults(), ["/raised unknown_field"]);
        let theirs = triaged(&api).await;
        let auditor = api.by(Role::Auditor).await;
        auditor.patch(&format!("/v1/incidents/{theirs}"), "*", json!({ "title": "x" })).await.expect(403);
        member.patch(&format!("/v1/incidents/{theirs}"), "*", json!({ "severity": 1 })).await.expect(200);
        let grave = auditor.get("/v1/incidents?severity=1,2&category=malware&state=triaged&count=true").await;
        assert_eq!(grave.expect(200).body["total"], 1);
    }
}
