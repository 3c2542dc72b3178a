use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub async fn registered(api: &Api) -> String {
    let body = json!({
        "title": "Backups cannot be read",
        "description": "A tape drive writes what it cannot read",
        "controls": ["A.8.13"],
    });
    api.by(Role::IsmsManager).await.post("/v1/risks", body).await.expect(201).reference().to_owned()
}

async fn verb(api: &Api, role: Role, reference: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/risks/{reference}/{verb}"), body).await
}

fn rating(likelihood: i64, impact: i64) -> Value {
    json!({ "likelihood": likelihood, "impact": impact })
}

/// Assessed at level 20; the member owns it, and looks at it again in 90 days.
pub async fn assessed(api: &Api) -> String {
    let reference = registered(api).await;
    let body = json!({
        "inherent": rating(4, 5), "rationale": "Three of twenty failed", "owner_id": api.member_id(Role::Member).await,
        "review_on": (api.now() + TimeDelta::days(90)).date_naive(),
    });
    verb(api, Role::IsmsManager, &reference, "assess", body).await.expect(200);
    reference
}

async fn shown(api: &Api, reference: &str) -> Value {
    api.by(Role::Auditor).await.get(&format!("/v1/risks/{reference}")).await.expect(200).body
}

#[tokio::test]
async fn treated_reviewed_and_accepted_with_its_history() {
    for database in each() {
        let api = Api::start(database).await;
        let (member, manager) = (Role::Member, Role::IsmsManager);
        let reference = assessed(&api).await;
        assert_eq!(shown(&api, &reference).await["level"], 20);
        let action = json!({
            "parent": reference, "title": "Try a restore every month", "kind": "preventive",
            "assignee_id": api.member_id(member).await, "due_on": api.now().date_naive(),
        });
        let action = api.by(manager).await.post("/v1/actions", action).await.expect(201).reference().to_owned();
        let treat = |option: &str, residual: Value| json!({ "option": option, "description": "Restores are tried monthly", "residual": residual });
        let busy = verb(&api, member, &reference, "treat", treat("modify", rating(2, 4))).await.expect(409);
        assert_eq!(busy.reasons(), ["open_actions"]);
        let done = json!({ "summary": "On the calendar" });
        api.by(member).await.post(&format!("/v1/actions/{action}/complete"), done).await.expect(200);
        let retained = verb(&api, member, &reference, "treat", treat("retain", rating(5, 5))).await.expect(422);
        assert_eq!(retained.faults(), ["/option accept_instead", "/residual above_inherent"]);
        let treated = verb(&api, member, &reference, "treat", treat("modify", rating(2, 4))).await.expect(200);
        assert_eq!((&treated.body["state"], &treated.body["level"]), (&json!("treated"), &json!(8)));
        let until = (api.now() + TimeDelta::days(200)).date_naive();
        let accept = json!({ "reason": "Bearable", "until": until });
        verb(&api, manager, &reference, "accept", accept.clone()).await.expect(403);
        verb(&api, Role::Management, &reference, "accept", accept).await.expect(200);
        let review = |residual: Value| {
            json!({
                "inherent": rating(4, 5), "residual": residual, "rationale": "A quarter on",
                "review_on": (api.now() + TimeDelta::days(90)).date_naive(),
            })
        };
        let blind = verb(&api, member, &reference, "review", review(Value::Null)).await.expect(422);
        assert_eq!(blind.faults(), ["/residual required"]);
        let same = verb(&api, member, &reference, "review", review(rating(2, 4))).await.expect(200);
        assert_eq!(same.body["state"], "accepted");
        let graver = verb(&api, member, &reference, "review", review(rating(3, 4))).await.expect(200);
        assert_eq!((&graver.body["state"], &graver.body["acceptance"]), (&json!("treated"), &Value::Null));
        assert_eq!(graver.body["acceptances"][0]["level"], 8);
        let levels: Vec<(&Value, &Value)> = graver.body["reviews"]
            .as_array()
            .unwrap()
            .iter()
            .map(|review| (&review["inherent"]["likelihood"], &review["residual"]["likelihood"]))
            .collect();
        assert_eq!(levels, [(&json!(4), &Value::Null), (&json!(4), &json!(2)), (&json!(4), &json!(3))]);
        verb(&api, member, &reference, "retire", json!({ "reason": "Gone" })).await.expect(403);
        verb(&api, manager, &reference, "retire", json!({ "reason": "The tapes are gone" })).await.expect(200);
    }
}

#[tokio::test]
async fn what_should_be_looked_at_again_is_an_event_once() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = assessed(&api).await;
        let until = (api.now() + TimeDelta::days(90)).date_naive();
        let accept = json!({ "reason": "Bearable", "until": until });
        let accepted = verb(&api, Role::Management, &reference, "accept", accept).await.expect(200);
        assert_eq!(accepted.body["treatment"]["option"], "retain");
        api.wake().await;
        api.wait(TimeDelta::days(90));
        assert_eq!(api.wake().await, 0);
        // Its acceptance and its review end on the same day.
        api.wait(TimeDelta::days(1));
        assert_eq!((api.wake().await, api.wake().await), (1, 0));
        let history = format!("/v1/records/{reference}/history");
        let history = api.by(Role::Auditor).await.get(&history).await.expect(200);
        let actions: Vec<&str> =
            history.body["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(actions[3..], ["risk.acceptance_ended", "risk.review_fell_due"]);
        assert_eq!(shown(&api, &reference).await["state"], "treated");
        let mine = api.by(Role::Member).await.get("/v1/me/work").await.expect(200);
        assert_eq!((&mine.body["items"][0]["kind"], &mine.body["items"][0]["overdue"]), (&json!("risk"), &json!(true)));
    }
}

#[tokio::test]
async fn another_tool_feeds_the_register_and_decides_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let key = json!({ "name": "GRC", "scopes": ["risks:write", "records:read"] });
        let key = api.by(Role::Admin).await.post("/v1/api-keys", key).await.expect(201);
        let tool = api.with_token(key.body["token"].as_str().unwrap());
        let risk = json!({ "title": "x", "description": "y", "external_reference": "GRC-17" });
        let fed = tool.post("/v1/risks", risk.clone()).await.expect(201);
        tool.post("/v1/risks", risk).await.expect(409);
        let found = tool.get("/v1/risks?external_reference=GRC-17").await.expect(200);
        assert_eq!(found.body["items"][0]["id"], fed.body["id"]);
        let path = format!("/v1/risks/{}", fed.reference());
        let body = json!({
            "inherent": rating(2, 2), "rationale": "Imported", "owner_id": api.member_id(Role::Member).await,
            "review_on": api.now().date_naive(),
        });
        tool.post(&format!("{path}/assess"), body).await.expect(200);
        let accept = json!({ "reason": "x", "until": api.now().date_naive() });
        tool.post(&format!("{path}/accept"), accept).await.expect(403);
        tool.post(&format!("{path}/retire"), json!({ "reason": "x" })).await.expect(403);
    }
}

#[tokio::test]
async fn the_gravest_first() {
    for database in each() {
        let api = Api::start(database).await;
        let (unknown, grave) = (registered(&api).await, assessed(&api).await);
        let auditor = api.by(Role::Auditor).await;
        let references = |list: Answer| -> Vec<String> {
            let items = list.expect(200).body["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["reference"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(references(auditor.get("/v1/risks?sort=-level").await), [grave.clone(), unknown.clone()]);
        assert_eq!(references(auditor.get("/v1/risks?level_from=15").await), std::slice::from_ref(&grave));
        let before = (api.now() + TimeDelta::days(91)).date_naive();
        assert_eq!(
            references(auditor.get(&format!("/v1/risks?review_before={before}")).await),
            std::slice::from_ref(&grave)
        );
        assert_eq!(references(api.by(Role::Member).await.get("/v1/risks").await), [grave], "a member sees its own");
    }
}
