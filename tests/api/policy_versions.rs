use super::evidence::upload;
use super::policies::{establish, history};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

const BODY: &str = "# Laptops\n\nEvery laptop is encrypted.";

/// The next version of a policy, by the manager.
pub async fn drafted(api: &Api, policy: &str) -> String {
    let body = json!({ "policy": policy, "body": BODY, "change_summary": "Says more" });
    api.by(Role::IsmsManager).await.post("/v1/policy-versions", body).await.expect(201).reference().to_owned()
}

pub async fn act(api: &Api, role: Role, version: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/policy-versions/{version}/{verb}"), body).await
}

/// Written, submitted and approved, of that policy.
async fn approved(api: &Api, policy: &str) -> String {
    let version = drafted(api, policy).await;
    act(api, Role::IsmsManager, &version, "submit", json!({})).await.expect(200);
    act(api, Role::Management, &version, "approve", json!({})).await.expect(200);
    version
}

/// A policy and its first version, which holds.
pub async fn published(api: &Api, changes: Value) -> (String, String) {
    let policy = establish(api, changes).await.expect(201).reference().to_owned();
    let version = publish_next(api, &policy).await;
    (policy, version)
}

/// Written, approved and published; its reference.
pub async fn publish_next(api: &Api, policy: &str) -> String {
    let version = approved(api, policy).await;
    act(api, Role::IsmsManager, &version, "publish", json!({})).await.expect(200);
    version
}

#[tokio::test]
async fn from_draft_to_retired() {
    for database in each() {
        let api = Api::start(database).await;
        let (manager, management) = (Role::IsmsManager, Role::Management);
        let policy = establish(&api, json!({ "top_level": true })).await.expect(201).reference().to_owned();
        let empty = json!({ "policy": policy, "change_summary": "The first" });
        let made = api.by(manager).await.post("/v1/policy-versions", empty.clone()).await.expect(201);
        let version = made.reference().to_owned();
        assert!(version.starts_with("POV-"), "{version}");
        assert_eq!((&made.body["number"], &made.body["state"]), (&json!(1), &json!("draft")));
        let second = api.by(manager).await.post("/v1/policy-versions", empty).await.expect(409);
        assert_eq!(second.reasons(), ["version_open"]);
        let confirmed = json!({
            "fits_purpose": true, "frames_objectives": true, "commits_to_requirements": true,
            "commits_to_improvement": true,
        });
        let submit = json!({ "confirmations": confirmed });
        let nothing = act(&api, manager, &version, "submit", submit.clone()).await.expect(409);
        assert_eq!(nothing.reasons(), ["no_content"]);
        let path = format!("/v1/policy-versions/{version}");
        api.by(manager).await.patch(&path, made.header("etag"), json!({ "body": BODY })).await.expect(200);
        let silent = act(&api, manager, &version, "submit", json!({})).await.expect(422);
        assert_eq!(silent.faults(), ["/confirmations required"]);
        let submitted = act(&api, manager, &version, "submit", submit.clone()).await.expect(200);
        assert_eq!(submitted.body["submission"]["confirmations"], confirmed);
        act(&api, manager, &version, "approve", json!({})).await.expect(403);
        let rejected = act(&api, management, &version, "reject", json!({ "reason": "Too long" })).await.expect(200);
        assert_eq!(rejected.body["rejections"][0]["reason"], "Too long");
        act(&api, manager, &version, "submit", submit).await.expect(200);
        let approved = act(&api, management, &version, "approve", json!({})).await.expect(200);
        assert_eq!(approved.body["approval"]["stale"], false);
        assert_eq!(approved.body["approval"]["digest"].as_str().unwrap().len(), 64);
        act(&api, management, &version, "publish", json!({})).await.expect(403);
        let published = act(&api, manager, &version, "publish", json!({})).await.expect(200);
        assert_eq!(published.body["state"], "published");
        let read = api.by(manager).await.get(&format!("/v1/policies/{policy}")).await.expect(200);
        assert_eq!((&read.body["version_id"], &read.body["version_number"]), (&published.body["id"], &json!(1)));
        let retired = act(&api, manager, &version, "retire", json!({ "reason": "Another one" })).await.expect(200);
        assert_eq!(retired.body["ended_because"], "Another one");
        let read = api.by(manager).await.get(&format!("/v1/policies/{policy}")).await.expect(200);
        assert_eq!((&read.body["state"], &read.body["retired_because"]), (&json!("retired"), &json!("Another one")));
        let next = json!({ "policy": policy, "change_summary": "More" });
        let over = api.by(manager).await.post("/v1/policy-versions", next).await.expect(409);
        assert_eq!(over.reasons(), ["policy_retired"]);
        assert_eq!(history(&api, &policy).await, ["policy.established", "policy.published", "policy.retired"]);
    }
}

#[tokio::test]
async fn publishing_supersedes_in_the_same_transaction() {
    for database in each() {
        let api = Api::start(database).await;
        let (policy, first) = published(&api, json!({})).await;
        let second = approved(&api, &policy).await;
        let dry = format!("{second}/publish?dry_run=true");
        let manager = api.by(Role::IsmsManager).await;
        assert_eq!(
            manager.post(&format!("/v1/policy-versions/{dry}"), json!({})).await.expect(200).body["state"],
            "published"
        );
        let held = manager.get(&format!("/v1/policy-versions/{first}")).await.expect(200);
        assert_eq!(held.body["state"], "published", "a dry run changes none of the three");
        let published = act(&api, Role::IsmsManager, &second, "publish", json!({})).await.expect(200);
        let former = manager.get(&format!("/v1/policy-versions/{first}")).await.expect(200);
        assert_eq!(former.body["state"], "superseded");
        assert_eq!(former.body["superseded_by_id"], published.body["id"]);
        assert_eq!(published.body["former_id"], former.body["id"]);
        let trace = manager.get(&format!("/v1/records/{second}/trace")).await.expect(200);
        let relations: Vec<&str> =
            trace.body["edges"].as_array().unwrap().iter().map(|edge| edge["relation"].as_str().unwrap()).collect();
        assert!(relations.contains(&"supersedes") && relations.contains(&"relates_to"), "{relations:?}");
        let path = format!("/v1/policy-versions?policy={}", published.body["policy_id"].as_str().unwrap());
        let list = manager.get(&path).await.expect(200);
        let states: Vec<&str> =
            list.body["items"].as_array().unwrap().iter().map(|item| item["state"].as_str().unwrap()).collect();
        assert_eq!(states, ["published", "superseded"]);
    }
}

#[tokio::test]
async fn a_stale_approval_publishes_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let policy = establish(&api, json!({})).await.expect(201).reference().to_owned();
        let version = approved(&api, &policy).await;
        let path = format!("/v1/policy-versions/{version}");
        let again = act(&api, Role::IsmsManager, &version, "submit", json!({})).await.expect(409);
        assert_eq!(again.reasons(), ["approval_holds"]);
        manager.patch(&format!("/v1/policies/{policy}"), "*", json!({ "scope": "Every device" })).await.expect(200);
        let shown = manager.get(&path).await.expect(200);
        assert_eq!(shown.body["approval"]["stale"], true);
        let publish = shown.body["transitions"].as_array().unwrap().iter().find(|t| t["verb"] == "publish").unwrap();
        assert_eq!((&publish["allowed"], &publish["reasons"][0]["code"]), (&json!(false), &json!("stale_approval")));
        let refused = act(&api, Role::IsmsManager, &version, "publish", json!({})).await.expect(409);
        assert_eq!(refused.reasons(), ["stale_approval"]);
        // What is not part of it leaves it alone.
        act(&api, Role::IsmsManager, &version, "submit", json!({})).await.expect(200);
        act(&api, Role::Management, &version, "approve", json!({})).await.expect(200);
        manager.patch(&format!("/v1/policies/{policy}"), "*", json!({ "available_to": [] })).await.expect(200);
        assert_eq!(manager.get(&path).await.expect(200).body["approval"]["stale"], false);
        manager.patch(&path, "*", json!({ "body": "Shorter" })).await.expect(200);
        let refused = act(&api, Role::IsmsManager, &version, "publish", json!({})).await.expect(409);
        assert_eq!(refused.reasons(), ["stale_approval"]);
        act(&api, Role::IsmsManager, &version, "withdraw", json!({ "reason": "Written anew" })).await.expect(200);
        assert_eq!(manager.get(&path).await.expect(200).body["state"], "withdrawn");
        drafted(&api, &policy).await;
    }
}

#[tokio::test]
async fn it_is_published_by_itself_on_its_day() {
    for database in each() {
        let api = Api::start(database).await;
        let (policy, first) = published(&api, json!({})).await;
        let second = approved(&api, &policy).await;
        let day = |ahead: i64| json!({ "effective_on": (api.now() + TimeDelta::days(ahead)).date_naive() });
        let past = act(&api, Role::IsmsManager, &second, "publish", day(-1)).await.expect(422);
        assert_eq!(past.faults(), ["/effective_on out_of_range"]);
        let scheduled = act(&api, Role::IsmsManager, &second, "publish", day(3)).await.expect(200);
        assert_eq!(scheduled.body["state"], "scheduled");
        let state = async |version: &str| {
            let path = format!("/v1/policy-versions/{version}");
            api.by(Role::Auditor).await.get(&path).await.expect(200).body["state"].as_str().unwrap().to_owned()
        };
        api.wait(TimeDelta::days(2));
        api.wake().await;
        assert_eq!(state(&second).await, "scheduled");
        api.wait(TimeDelta::days(1));
        api.wake().await;
        api.wake().await;
        assert_eq!((state(&first).await, state(&second).await), ("superseded".into(), "published".into()));
        let happened = history(&api, &second).await;
        assert_eq!(happened[3..], ["policy_version.scheduled", "policy_version.published"]);
        // What was approved has changed before its day: it goes back.
        let third = approved(&api, &policy).await;
        act(
            &api,
            Role::IsmsManager,
            &third,
            "publish",
            json!({ "effective_on": (api.now() + TimeDelta::days(1)).date_naive() }),
        )
        .await
        .expect(200);
        let manager = api.by(Role::IsmsManager).await;
        manager.patch(&format!("/v1/policies/{policy}"), "*", json!({ "title": "Devices" })).await.expect(200);
        api.wait(TimeDelta::days(1));
        api.wake().await;
        assert_eq!((state(&second).await, state(&third).await), ("published".into(), "approved".into()));
        assert_eq!(history(&api, &third).await.last().unwrap(), "policy_version.held_back");
    }
}

#[tokio::test]
async fn who_wrote_it_does_not_approve_it() {
    for database in each() {
        let api = Api::start(database).await;
        let admin = api.by(Role::Admin).await;
        let id = api.member_id(Role::IsmsManager).await;
        let roles = json!({ "roles": ["isms_manager", "management"] });
        admin.post(&format!("/v1/members/{id}/assign-roles"), roles).await.expect(200);
        let policy = establish(&api, json!({})).await.expect(201).reference().to_owned();
        let version = drafted(&api, &policy).await;
        act(&api, Role::IsmsManager, &version, "submit", json!({})).await.expect(200);
        let excuse = json!({ "exception_reason": "There are two of us" });
        let alone = act(&api, Role::IsmsManager, &version, "approve", excuse.clone()).await.expect(409);
        assert_eq!(alone.reasons(), ["separation_of_duties"]);
        let management = api.by(Role::Management).await;
        let settings = management.get("/v1/settings").await.expect(200);
        let settings = settings.body["items"][0]["reference"].as_str().unwrap();
        let until = (api.now() + TimeDelta::days(30)).date_naive();
        let relax = json!({ "rule": "policy_approver", "compensating_control": "The board reads it", "until": until });
        management.post(&format!("/v1/settings/{settings}/relax-separation"), relax).await.expect(200);
        let silent = act(&api, Role::IsmsManager, &version, "approve", json!({})).await.expect(409);
        assert_eq!(silent.reasons(), ["exception_reason_needed"]);
        let approved = act(&api, Role::IsmsManager, &version, "approve", excuse).await.expect(200);
        assert_eq!(approved.body["exceptions"][0]["rule"], "policy_approver");
        assert_eq!(approved.body["exceptions"][0]["compensating_control"], "The board reads it");
    }
}

#[tokio::test]
async fn it_may_be_a_file() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let policy = establish(&api, json!({})).await.expect(201).reference().to_owned();
        let version = drafted(&api, &policy).await;
        let path = format!("/v1/policy-versions/{version}");
        let elsewhere = upload(&manager, &policy, "x.pdf", "application/pdf", "%PDF").await.expect(201);
        let wrong = manager.patch(&path, "*", json!({ "file": elsewhere.reference() })).await.expect(422);
        assert_eq!(wrong.faults(), ["/file not_attached"]);
        let unknown = manager.patch(&path, "*", json!({ "file": "EVD-2026-0999" })).await.expect(422);
        assert_eq!(unknown.faults(), ["/file unknown_record"]);
        let file = upload(&manager, &version, "laptops.pdf", "application/pdf", "%PDF-1").await.expect(201);
        let change = json!({ "file": file.reference(), "body": null });
        let amended = manager.patch(&path, "*", change).await.expect(200);
        assert_eq!(amended.body["file"]["name"], "laptops.pdf");
        assert_eq!(amended.body["file"]["sha256"], file.body["sha256"]);
        act(&api, Role::IsmsManager, &version, "submit", json!({})).await.expect(200);
        act(&api, Role::Management, &version, "approve", json!({})).await.expect(200);
        act(&api, Role::IsmsManager, &version, "publish", json!({})).await.expect(200);
        let content = file.body["content_href"].as_str().unwrap();
        assert_eq!(api.by(Role::Member).await.get(content).await.expect(200).text, "%PDF-1");
    }
}

#[tokio::test]
async fn a_policy_that_is_unknown_or_foreign_is_answered_alike() {
    for database in each() {
        let api = Api::start(database).await;
        let stranger = api.stranger(Role::IsmsManager).await;
        let theirs = stranger.get("/v1/me").await.body["member_id"].as_str().unwrap().to_owned();
        let foreign = stranger.post("/v1/policies", super::policies::definition(&theirs)).await.expect(201);
        let manager = api.by(Role::IsmsManager).await;
        let mut bodies = Vec::new();
        for policy in [foreign.body["id"].as_str().unwrap(), &uuid::Uuid::new_v4().to_string(), "POL-2026-9999", "x"] {
            let body = json!({ "policy": policy, "change_summary": "x" });
            let mut refused = manager.post("/v1/policy-versions", body).await.expect(422);
            assert_eq!(refused.faults(), ["/policy unknown_record"]);
            refused.body["instance"] = Value::Null;
            bodies.push(refused.body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
    }
}

/// Two that publish, or draft, at once: one version holds, and one is worked on.
#[tokio::test]
async fn one_is_worked_on_at_a_time() {
    for database in each() {
        let api = Api::start(database).await;
        let policy = establish(&api, json!({})).await.expect(201).reference().to_owned();
        let manager = api.by(Role::IsmsManager).await;
        for _ in 0..3 {
            let body = || json!({ "policy": policy, "body": BODY, "change_summary": "x" });
            let (one, other) =
                tokio::join!(manager.post("/v1/policy-versions", body()), manager.post("/v1/policy-versions", body()));
            let mut statuses = [one.status, other.status];
            statuses.sort_unstable();
            assert_eq!(statuses, [201, 409], "{} {}", one.text, other.text);
            let made = if one.status == 201 { one } else { other };
            let withdraw = json!({ "reason": "Once more" });
            act(&api, Role::IsmsManager, made.reference(), "withdraw", withdraw).await.expect(200);
        }
    }
}
