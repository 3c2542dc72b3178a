use super::policy_versions::published;
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::{Months, NaiveDate, TimeDelta};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// A policy for everybody.
pub fn definition(owner: &str) -> Value {
    json!({
        "title": "Use of laptops",
        "purpose": "That a lost laptop is a loss of money alone",
        "scope": "Every laptop of the company",
        "classification": "internal",
        "owner_id": owner,
        "audience": { "kind": "all" },
        "requirements": ["A.5.10", "A.8.1"],
        "available_to": ["Customers"],
        "control": { "retention_months": 36, "disposition": "archive" },
    })
}

/// One that says nothing yet, owned by the manager.
pub async fn establish(api: &Api, changes: Value) -> Answer {
    let mut body = definition(&api.member_id(Role::IsmsManager).await);
    for (field, value) in changes.as_object().unwrap() {
        body[field] = value.clone();
    }
    api.by(Role::IsmsManager).await.post("/v1/policies", body).await
}

/// What happened to a record: the actions of its entries.
pub async fn history(api: &Api, reference: &str) -> Vec<String> {
    let answer = api.by(Role::Auditor).await.get(&format!("/v1/records/{reference}/history")).await.expect(200);
    answer.body["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

fn references(answer: &Answer) -> Vec<&str> {
    answer.body["items"].as_array().unwrap().iter().map(|item| item["reference"].as_str().unwrap()).collect()
}

fn day(value: &Value) -> NaiveDate {
    value.as_str().unwrap().parse().unwrap()
}

#[tokio::test]
async fn established_amended_and_read() {
    for database in each() {
        let api = Api::start(database).await;
        let made = establish(&api, json!({})).await.expect(201);
        assert!(made.reference().starts_with("POL-"), "{}", made.reference());
        assert_eq!((&made.body["state"], &made.body["version_id"]), (&json!("draft"), &Value::Null));
        assert_eq!((&made.body["review_months"], &made.body["acknowledge_within_days"]), (&json!(12), &json!(14)));
        let path = format!("/v1/policies/{}", made.reference());
        let manager = api.by(Role::IsmsManager).await;
        let change = json!({ "title": "Laptops", "audience": { "kind": "roles", "roles": ["member", "auditor"] } });
        let amended = manager.patch(&path, made.header("etag"), change.clone()).await.expect(200);
        assert_eq!(amended.body["title"], "Laptops");
        assert_eq!(amended.body["audience"], change["audience"]);
        assert_eq!(
            amended.body["control"],
            json!({ "retention_months": 36, "disposition": "archive", "external_origin": null })
        );
        manager.patch(&path, made.header("etag"), change).await.expect(412);
        let found =
            manager.get("/v1/policies?state=draft&owner=me&sort=title&expand=owner&count=true").await.expect(200);
        assert_eq!((found.body["total"].clone(), references(&found)), (json!(1), vec![made.reference()]));
        assert!(found.body["items"][0]["owner"]["name"].is_string());
        let verb = manager.post(&format!("{path}/reaffirm"), json!({ "note": "Read" })).await;
        assert_eq!(verb.status, 403);
        let early = api.by(Role::Management).await.post(&format!("{path}/reaffirm"), json!({ "note": "Read" })).await;
        assert_eq!(early.expect(409).reasons(), ["wrong_state"]);
    }
}

#[tokio::test]
async fn faults_are_named() {
    for database in each() {
        let api = Api::start(database).await;
        let theirs = api.stranger(Role::Member).await.get("/v1/me").await.body["member_id"].clone();
        let me = api.member_id(Role::Member).await;
        for (change, faults) in [
            (json!({ "title": " ", "review_months": 0 }), vec!["/title blank", "/review_months out_of_range"]),
            (json!({ "classification": "secret" }), vec!["/classification unknown_value"]),
            (json!({ "audience": { "kind": "everybody" } }), vec!["/audience/kind unknown_value"]),
            (json!({ "audience": { "kind": "roles", "roles": [] } }), vec!["/audience/roles length"]),
            (
                json!({ "audience": { "kind": "members", "members": [me, theirs] } }),
                vec!["/audience/members/1 unknown_member"],
            ),
            (json!({ "owner_id": theirs }), vec!["/owner_id unknown_member"]),
            (json!({ "requirements": ["A.9.9"] }), vec!["/requirements/0 unknown_requirement"]),
            (
                json!({ "control": { "disposition": "archive", "retention_months": 0 } }),
                vec!["/control/retention_months out_of_range"],
            ),
            (json!({ "state": "published" }), vec!["/state unknown_field"]),
        ] {
            assert_eq!(establish(&api, change.clone()).await.expect(422).faults(), faults, "{change}");
        }
        let path = format!("/v1/policies/{}", establish(&api, json!({})).await.expect(201).reference());
        let manager = api.by(Role::IsmsManager).await;
        for field in ["state", "version", "reference", "published_on", "next_review_on", "version_id"] {
            let refused = manager.patch(&path, "*", json!({ field: "x" })).await.expect(422);
            assert_eq!(refused.faults(), [format!("/{field} unknown_field")]);
        }
    }
}

#[tokio::test]
async fn every_member_reads_what_is_published_and_nothing_else() {
    for database in each() {
        let api = Api::start(database).await;
        let draft = establish(&api, json!({})).await.expect(201).reference().to_owned();
        let (policy, version) = published(&api, json!({ "title": "Access" })).await;
        let member = api.by(Role::Member).await;
        member.get(&format!("/v1/policies/{draft}")).await.expect(404);
        let seen = member.get(&format!("/v1/policies/{policy}")).await.expect(200);
        assert_eq!(seen.body["state"], "published");
        member.get(&format!("/v1/policy-versions/{version}")).await.expect(200);
        assert_eq!(references(&member.get("/v1/policies").await.expect(200)), [policy.as_str()]);
        assert_eq!(references(&member.get("/v1/policy-versions").await.expect(200)), [version.as_str()]);
        member.get(&format!("/v1/records/{policy}/trace")).await.expect(200);
        // Reading is not writing.
        member.patch(&format!("/v1/policies/{policy}"), "*", json!({ "title": "Mine" })).await.expect(403);
        let next = json!({ "policy": policy, "change_summary": "Mine" });
        member.post("/v1/policy-versions", next).await.expect(403);
        // Who owns a policy may write the next version of it; who answers for it is not the owner's to say.
        let owner = json!({ "owner_id": api.member_id(Role::Member).await });
        api.by(Role::IsmsManager).await.patch(&format!("/v1/policies/{draft}"), "*", owner.clone()).await.expect(200);
        let next = json!({ "policy": draft, "change_summary": "The first", "body": "# Laptops" });
        let made = member.post("/v1/policy-versions", next).await.expect(201).reference().to_owned();
        member.post(&format!("/v1/policy-versions/{made}/submit"), json!({})).await.expect(200);
        member.patch(&format!("/v1/policies/{draft}"), "*", owner).await.expect(403);
    }
}

#[tokio::test]
async fn a_review_comes_due_once_and_a_reaffirmation_sets_the_next() {
    for database in each() {
        let api = Api::start(database).await;
        let (policy, _) = published(&api, json!({ "review_months": 6, "acknowledge_within_days": 365 })).await;
        let path = format!("/v1/policies/{policy}");
        let today = api.now().date_naive();
        let read = api.by(Role::Auditor).await.get(&path).await.expect(200);
        assert_eq!(day(&read.body["next_review_on"]), today + Months::new(6));
        let work = api.by(Role::IsmsManager).await.get("/v1/me/work").await.expect(200);
        assert!(references(&work).contains(&policy.as_str()), "its owner sees it coming");
        api.wait(TimeDelta::days(190));
        for _ in 0..3 {
            api.wake().await;
        }
        let happened = history(&api, &policy).await;
        assert_eq!(happened, ["policy.established", "policy.published", "policy.review_fell_due"]);
        let management = api.by(Role::Management).await;
        management.post(&format!("{path}/reaffirm"), json!({ "note": " " })).await.expect(422);
        let note = json!({ "note": "Read against the year's incidents" });
        let reaffirmed = management.post(&format!("{path}/reaffirm"), note).await.expect(200);
        let today = api.now().date_naive();
        assert_eq!(day(&reaffirmed.body["next_review_on"]), today + Months::new(6));
        assert_eq!(reaffirmed.body["reaffirmations"][0]["note"], "Read against the year's incidents");
        let soon = today + Months::new(6) + chrono::Days::new(1);
        let due = management.get(&format!("/v1/policies?review_before={soon}&sort=next_review_on")).await.expect(200);
        assert_eq!(references(&due), [policy.as_str()]);
        let later = management.get(&format!("/v1/policies?review_before={today}")).await.expect(200);
        assert!(references(&later).is_empty());
        api.wait(TimeDelta::days(400));
        api.wake().await;
        api.wake().await;
        let happened = history(&api, &policy).await;
        assert_eq!(happened[4..], ["policy.acknowledgements_fell_due", "policy.review_fell_due"]);
    }
}

#[tokio::test]
async fn actions_are_planned_for_it() {
    for database in each() {
        let api = Api::start(database).await;
        let policy = establish(&api, json!({})).await.expect(201).reference().to_owned();
        let action = super::actions::plan(&api, &policy).await.expect(201);
        assert_eq!(action.body["parent"]["kind"], "policy");
    }
}
