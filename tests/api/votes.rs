use super::improvements::propose;
use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub async fn cast(api: &Api, role: Role, improvement: &str) -> Answer {
    api.by(role).await.post("/v1/votes", json!({ "improvement": improvement })).await
}

async fn seen(api: &Api, role: Role, improvement: &str) -> (Value, Value) {
    let seen = api.by(role).await.get(&format!("/v1/improvements/{improvement}")).await.expect(200);
    (seen.body["votes"].clone(), seen.body["my_vote_id"].clone())
}

#[tokio::test]
async fn one_per_member_and_improvement() {
    for database in each() {
        let api = Api::start(database).await;
        let improvement = propose(&api, Role::Member).await;
        let mine = cast(&api, Role::Auditor, &improvement).await.expect(201);
        cast(&api, Role::Auditor, &improvement).await.expect(409);
        cast(&api, Role::Management, &improvement).await.expect(201);
        assert_eq!(seen(&api, Role::Auditor, &improvement).await, (json!(2), mine.body["id"].clone()));
        assert_eq!(seen(&api, Role::Member, &improvement).await, (json!(2), Value::Null));
        let path = format!("/v1/votes/{}/withdraw", mine.reference());
        api.by(Role::Management).await.post(&path, json!({})).await.expect(403);
        let withdrawn = api.by(Role::Auditor).await.post(&path, json!({})).await.expect(200);
        assert_eq!(withdrawn.body["state"], "withdrawn");
        assert_eq!(seen(&api, Role::Auditor, &improvement).await, (json!(1), Value::Null));
        // Kept, and another one can be cast.
        cast(&api, Role::Auditor, &improvement).await.expect(201);
        let kept = api.by(Role::IsmsManager).await.get("/v1/votes?state=withdrawn&count=true").await.expect(200);
        assert_eq!(kept.body["total"], 1);
        let own = api.by(Role::Member).await.get("/v1/votes?count=true").await.expect(200);
        assert_eq!(own.body["total"], 0, "a member sees its own");
    }
}

#[tokio::test]
async fn what_was_counted_in_a_decision_stays() {
    for database in each() {
        let api = Api::start(database).await;
        let improvement = propose(&api, Role::Member).await;
        let vote = cast(&api, Role::Auditor, &improvement).await.expect(201);
        let decided = json!({ "reason": "Not now" });
        let manager = api.by(Role::IsmsManager).await;
        let declined = manager.post(&format!("/v1/improvements/{improvement}/decline"), decided).await.expect(200);
        assert_eq!(declined.body["decision"]["votes"], 1);
        let path = format!("/v1/votes/{}/withdraw", vote.reference());
        let late = api.by(Role::Auditor).await.post(&path, json!({})).await.expect(409);
        assert_eq!(late.reasons(), ["decided"]);
        assert_eq!(cast(&api, Role::Management, &improvement).await.expect(409).reasons(), ["decided"]);
    }
}

#[tokio::test]
async fn an_improvement_that_is_unknown_foreign_or_unseen_is_answered_alike() {
    for database in each() {
        let api = Api::start(database).await;
        let foreign = {
            let stranger = api.stranger(Role::IsmsManager).await;
            let body = super::improvements::suggestion();
            stranger.post("/v1/improvements", body).await.expect(201).body["id"].as_str().unwrap().to_owned()
        };
        let unseen = propose(&api, Role::Auditor).await;
        let manager = api.by(Role::IsmsManager).await;
        manager.post(&format!("/v1/improvements/{unseen}/decline"), json!({ "reason": "No" })).await.expect(200);
        let mut bodies = Vec::new();
        for named in [foreign, unseen, uuid::Uuid::new_v4().to_string(), "nonsense".into(), "NC-2026-0001".into()] {
            let mut refused = cast(&api, Role::Member, &named).await.expect(422);
            assert_eq!(refused.faults(), ["/improvement unknown_record"]);
            refused.body["instance"] = Value::Null;
            bodies.push(refused.body);
        }
        bodies.dedup();
        assert_eq!(bodies.len(), 1);
    }
}
