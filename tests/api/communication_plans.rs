use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// One that is the role's to carry out, due in a week.
pub async fn plan(api: &Api, owner: Role) -> String {
    let body = json!({
        "subject": "State of information security",
        "timing": "Each quarter",
        "audience": "Everybody",
        "channel": "All-hands meeting",
        "owner_id": api.member_id(owner).await,
        "next_on": (api.now() + TimeDelta::days(7)).date_naive(),
        "requirements": ["7.4"],
    });
    api.by(Role::IsmsManager).await.post("/v1/communication-plans", body).await.expect(201).reference().to_owned()
}

async fn act(api: &Api, role: Role, plan: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/communication-plans/{plan}/{verb}"), body).await
}

#[tokio::test]
async fn what_is_planned_is_carried_out_by_its_owner() {
    for database in each() {
        let api = Api::start(database).await;
        let plan = plan(&api, Role::Member).await;
        let member = api.by(Role::Member).await;
        assert_eq!(member.get("/v1/me/work").await.body["items"][0]["reference"], plan);
        let next = (api.now() + TimeDelta::days(90)).date_naive();
        let body = json!({ "summary": "Shown to 38 of 42", "next_on": next });
        act(&api, Role::Auditor, &plan, "carry-out", body.clone()).await.expect(403);
        let done = act(&api, Role::Member, &plan, "carry-out", body).await.expect(200);
        assert_eq!((&done.body["times"], &done.body["last"]["summary"]), (&json!(1), &json!("Shown to 38 of 42")));
        assert_eq!(done.body["next_on"], json!(next));
        let tomorrow = (api.now() + TimeDelta::days(1)).date_naive();
        let early = json!({ "on": tomorrow, "summary": " " });
        let refused = act(&api, Role::Member, &plan, "carry-out", early).await.expect(422);
        assert_eq!(refused.faults(), ["/on out_of_range", "/summary blank"]);
        act(&api, Role::Member, &plan, "retire", json!({ "reason": "No" })).await.expect(403);
        let path = format!("/v1/communication-plans/{plan}");
        let manager = api.by(Role::IsmsManager).await;
        let moved = manager.patch(&path, "*", json!({ "channel": "Newsletter", "next_on": null })).await.expect(200);
        assert_eq!((&moved.body["channel"], &moved.body["next_on"]), (&json!("Newsletter"), &Value::Null));
        assert_eq!(api.by(Role::Member).await.get("/v1/me/work").await.body["items"], json!([]));
        let retired = act(&api, Role::IsmsManager, &plan, "retire", json!({ "reason": "Nobody came" })).await;
        assert_eq!(retired.expect(200).body["retired_because"], "Nobody came");
    }
}

#[tokio::test]
async fn lists_say_what_is_next() {
    for database in each() {
        let api = Api::start(database).await;
        let (first, second) = (plan(&api, Role::Member).await, plan(&api, Role::Management).await);
        let manager = api.by(Role::IsmsManager).await;
        let path = format!("/v1/communication-plans/{second}");
        manager.patch(&path, "*", json!({ "next_on": null })).await.expect(200);
        let sorted = manager.get("/v1/communication-plans?sort=next_on&expand=owner").await.expect(200);
        let references: Vec<&Value> =
            sorted.body["items"].as_array().unwrap().iter().map(|item| &item["reference"]).collect();
        assert_eq!(references, [&json!(first), &json!(second)], "what waits for an occasion comes last");
        assert_eq!(sorted.body["items"][0]["owner"]["name"], "member of ours");
        let soon = (api.now() + TimeDelta::days(8)).date_naive();
        let due = manager.get(&format!("/v1/communication-plans?due_before={soon}&count=true")).await.expect(200);
        assert_eq!(due.body["total"], 1);
        let stranger = json!({
            "subject": " ", "timing": "x", "audience": "x", "channel": "x", "owner_id": uuid::Uuid::new_v4(),
        });
        let refused = manager.post("/v1/communication-plans", stranger).await.expect(422);
        assert_eq!(refused.faults(), ["/owner_id unknown_member"]);
    }
}
