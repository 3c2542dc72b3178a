use super::nonconformities::raise;
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// A confirmed case, owned by the manager.
pub async fn case(api: &Api) -> String {
    let reference = raise(api).await;
    let body = json!({ "grade": "major", "owner_id": api.member_id(Role::IsmsManager).await });
    let path = format!("/v1/nonconformities/{reference}/confirm");
    api.by(Role::IsmsManager).await.post(&path, body).await.expect(200);
    reference
}

/// A corrective action of a case, assigned to the member.
pub async fn plan(api: &Api, parent: &str) -> Answer {
    let body = json!({
        "parent": parent,
        "title": "Put the update agent into the laptop image",
        "kind": "corrective",
        "assignee_id": api.member_id(Role::Member).await,
        "due_on": (api.now() + TimeDelta::days(14)).date_naive(),
    });
    api.by(Role::IsmsManager).await.post("/v1/actions", body).await
}

async fn verb(api: &Api, role: Role, path: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/{path}"), body).await
}

/// Planned for it, done and verified.
pub async fn done(api: &Api, parent: &str) {
    let action = plan(api, parent).await.expect(201);
    let act = |name: &str| format!("actions/{}/{name}", action.reference());
    verb(api, Role::Member, &act("start"), json!({})).await.expect(200);
    verb(api, Role::Member, &act("complete"), json!({ "summary": "Image 42" })).await.expect(200);
    verb(api, Role::Auditor, &act("verify"), json!({ "evidence": "Three laptops report" })).await.expect(200);
}

#[tokio::test]
async fn the_whole_treatment_with_actions() {
    for database in each() {
        let api = Api::start(database).await;
        let (manager, member) = (Role::IsmsManager, Role::Member);
        let case = case(&api).await;
        let nc = |name: &str| format!("nonconformities/{case}/{name}");
        let body = json!({ "method": "five_whys", "root_causes": ["No agent in the image"], "similar": "None" });
        verb(&api, manager, &nc("analyse"), body).await.expect(200);
        verb(&api, manager, &nc("plan"), json!({ "response": "actions" })).await.expect(200);
        let check = json!({ "check_on": (api.now() + TimeDelta::days(30)).date_naive() });
        let early = verb(&api, manager, &nc("implement"), check.clone()).await.expect(409);
        assert_eq!(early.reasons(), ["no_actions"]);
        let action = plan(&api, &case).await.expect(201);
        assert_eq!(action.body["parent"]["kind"], "nonconformity");
        let act = |name: &str| format!("actions/{}/{name}", action.reference());
        assert_eq!(verb(&api, manager, &nc("implement"), check.clone()).await.expect(409).reasons(), ["open_actions"]);
        verb(&api, member, &act("start"), json!({})).await.expect(200);
        verb(&api, member, &act("block"), json!({ "reason": "Vendor" })).await.expect(200);
        verb(&api, member, &act("unblock"), json!({})).await.expect(200);
        verb(&api, member, &act("cancel"), json!({ "reason": "No" })).await.expect(403);
        verb(&api, member, &act("complete"), json!({ "summary": "Image 42" })).await.expect(200);
        verb(&api, member, &act("verify"), json!({ "evidence": "Mine" })).await.expect(403);
        let day = api.now().date_naive();
        let indicator = super::indicators::active(&api).await;
        let before = day - TimeDelta::days(1);
        let comparison = json!({
            "indicators": [indicator], "before": { "first": before, "last": before }, "after": { "first": day, "last": day },
        });
        let seen = json!({ "evidence": "Three laptops report", "comparison": comparison });
        let verified = verb(&api, Role::Auditor, &act("verify"), seen).await.expect(200);
        let measured = &verified.body["verification"]["effect"]["series"][0];
        assert_eq!((&measured["before"]["count"], &measured["tendency"]), (&json!(0), &json!("unclear")));
        verb(&api, manager, &nc("implement"), check).await.expect(200);
        let late = verb(&api, manager, &act("reopen"), json!({ "reason": "More" })).await.expect(409);
        assert_eq!(late.reasons(), ["parent_is_over"]);
        assert_eq!(plan(&api, &case).await.expect(409).reasons(), ["takes_no_actions"]);
        api.wait(TimeDelta::days(30));
        let verdict = json!({ "effective": false, "criterion": "Share", "evidence": "84 %" });
        let again = verb(&api, Role::Management, &nc("verify"), verdict).await.expect(200);
        assert_eq!(again.body["state"], "confirmed");
        let second = plan(&api, &case).await.expect(201);
        assert_eq!(second.body["attempt"], 1);
    }
}

#[tokio::test]
async fn a_parent_that_is_unknown_or_foreign_is_answered_alike() {
    for database in each() {
        let api = Api::start(database).await;
        let foreign = {
            let stranger = api.stranger(Role::IsmsManager).await;
            stranger.post("/v1/nonconformities", super::nonconformities::report()).await.expect(201).body["id"].clone()
        };
        let mut bodies = Vec::new();
        for parent in [foreign.as_str().unwrap(), &uuid::Uuid::new_v4().to_string(), "NC-2026-9999", "nonsense"] {
            let mut refused = plan(&api, parent).await.expect(422);
            assert_eq!(refused.faults(), ["/parent unknown_record"]);
            refused.body["instance"] = Value::Null;
            bodies.push(refused.body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
    }
}

#[tokio::test]
async fn what_is_open_is_on_somebody_s_list() {
    for database in each() {
        let api = Api::start(database).await;
        let case = case(&api).await;
        let action = plan(&api, &case).await.expect(201);
        let references = |answer: &Answer| -> Vec<String> {
            let items = answer.body["items"].as_array().unwrap();
            items.iter().map(|item| item["reference"].as_str().unwrap().to_owned()).collect()
        };
        let mine = api.by(Role::Member).await.get("/v1/me/work").await.expect(200);
        assert_eq!(references(&mine), [action.reference()]);
        assert_eq!(mine.body["items"][0]["overdue"], false);
        assert_eq!(references(&api.by(Role::IsmsManager).await.get("/v1/me/work").await), [case.as_str()]);
        api.wait(TimeDelta::days(20));
        let member = api.by(Role::Member).await;
        assert_eq!(member.get("/v1/me/work").await.body["items"][0]["overdue"], true);
        assert_eq!(references(&member.get("/v1/actions?overdue=true&assignee=me").await), [action.reference()]);
        api.wake().await;
        api.wake().await;
        let history = format!("/v1/records/{}/history", action.reference());
        let history = api.by(Role::Auditor).await.get(&history).await.expect(200);
        let happened: Vec<&str> =
            history.body["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(happened, ["action.planned", "action.fell_due"], "noted once, however often the worker looks");
        let manager = api.by(Role::IsmsManager).await;
        let due = json!({ "due_on": (api.now() + TimeDelta::days(9)).date_naive(), "reason": "The vendor is late" });
        let path = format!("/v1/actions/{}", action.reference());
        assert_eq!(manager.post(&format!("{path}/move-due"), due).await.expect(200).body["due_moves"], 1);
        let colleague = json!({ "assignee_id": api.member_id(Role::Auditor).await });
        manager.post(&format!("{path}/reassign"), colleague).await.expect(200);
        assert!(references(&member.get("/v1/me/work").await).is_empty());
        member.get(&path).await.expect(404);
    }
}

/// Finishing a case and bringing back an action of it cannot both succeed.
#[tokio::test]
async fn a_case_is_not_taken_to_be_done_while_an_action_begins_anew() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        for _ in 0..5 {
            let case = case(&api).await;
            let nc = |name: &str| format!("/v1/nonconformities/{case}/{name}");
            let body = json!({ "method": "other", "root_causes": ["x"], "similar": "None" });
            manager.post(&nc("analyse"), body).await.expect(200);
            manager.post(&nc("plan"), json!({ "response": "actions" })).await.expect(200);
            let action = plan(&api, &case).await.expect(201);
            let act = |name: &str| format!("/v1/actions/{}/{name}", action.reference());
            manager.post(&act("complete"), json!({ "summary": "x" })).await.expect(200);
            let (implement, reject) = (nc("implement"), act("reject-completion"));
            let (done, back) = (
                manager.post(&implement, json!({ "check_on": api.now().date_naive() })),
                manager.post(&reject, json!({ "reason": "Not yet" })),
            );
            let (done, back) = tokio::join!(done, back);
            assert!([200, 409].contains(&done.status) && [200, 409].contains(&back.status));
            assert_ne!((done.status, back.status), (200, 200), "{} {}", done.text, back.text);
        }
    }
}
