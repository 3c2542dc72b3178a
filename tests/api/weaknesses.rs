use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub fn report() -> Value {
    json!({
        "title": "The gate closes too slowly",
        "description": "Somebody can walk in behind who opened it",
        "found_in": "Gate 2",
    })
}

pub async fn reported(api: &Api, role: Role) -> String {
    api.by(role).await.post("/v1/weaknesses", report()).await.expect(201).reference().to_owned()
}

pub async fn verb(api: &Api, role: Role, reference: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/weaknesses/{reference}/{verb}"), body).await
}

/// Assessed; the member owns it.
pub async fn assessed(api: &Api) -> String {
    let reference = reported(api, Role::Auditor).await;
    let owner = api.member_id(Role::Member).await;
    let body = json!({ "rating": { "likelihood": 4, "impact": 3 }, "rationale": "Seen twice", "owner_id": owner });
    let assessed = verb(api, Role::IsmsManager, &reference, "assess", body).await.expect(200);
    assert_eq!(assessed.body["level"], 12);
    reference
}

async fn state(api: &Api, reference: &str) -> Value {
    api.by(Role::Auditor).await.get(&format!("/v1/weaknesses/{reference}")).await.expect(200).body["state"].clone()
}

/// Drives a nonconformity to its end.
pub async fn close_case(api: &Api, case: &str) {
    let manager = api.by(Role::IsmsManager).await;
    let today = api.now().date_naive();
    let step = |verb: &'static str, body: Value| {
        let (manager, path) = (manager.clone(), format!("/v1/nonconformities/{case}/{verb}"));
        async move { manager.post(&path, body).await.expect(200) }
    };
    step("confirm", json!({ "grade": "minor", "owner_id": api.member_id(Role::IsmsManager).await })).await;
    step("analyse", json!({ "method": "other", "root_causes": ["A weak spring"], "similar": "None" })).await;
    step("plan", json!({ "response": "no_action", "justification": "Set anew", "check_on": today })).await;
    let verdict = json!({ "effective": true, "criterion": "Ten times", "evidence": "Three seconds" });
    api.by(Role::Auditor).await.post(&format!("/v1/nonconformities/{case}/verify"), verdict).await.expect(200);
    let last = json!({ "isms_change": "None", "lessons": "Measure", "no_correction_because": "None was needed" });
    step("close", last).await;
}

#[tokio::test]
async fn treated_by_a_nonconformity_until_that_is_closed() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = assessed(&api).await;
        let body = json!({ "case": "raised", "objective_evidence": "Eleven seconds", "requirement": "A.7.2" });
        let treating = verb(&api, Role::Member, &reference, "treat", body).await.expect(200);
        assert_eq!(treating.body["state"], "treating");
        let case = treating.body["nonconformity_id"].as_str().unwrap();
        let raised = api.by(Role::Auditor).await.get(&format!("/v1/nonconformities/{case}")).await.expect(200);
        assert_eq!((&raised.body["title"], &raised.body["origin"]["kind"]), (&report()["title"], &json!("weakness")));
        let gone = json!({ "evidence": "Three seconds, ten times" });
        let early = verb(&api, Role::IsmsManager, &reference, "close", gone.clone()).await.expect(409);
        assert_eq!(early.reasons(), ["case_is_open"]);
        close_case(&api, case).await;
        verb(&api, Role::Member, &reference, "close", gone.clone()).await.expect(403);
        let closed = verb(&api, Role::IsmsManager, &reference, "close", gone).await.expect(200);
        assert_eq!((&closed.body["state"], &closed.body["nonconformity_id"]), (&json!("closed"), &json!(case)));
        let trace = api.by(Role::Auditor).await.get(&format!("/v1/records/{reference}/trace")).await.expect(200);
        let mut relations: Vec<&str> =
            trace.body["edges"].as_array().unwrap().iter().map(|edge| edge["relation"].as_str().unwrap()).collect();
        relations.sort_unstable();
        assert_eq!(relations, ["addresses", "raised"]);
    }
}

#[tokio::test]
async fn a_nonconformity_that_is_rejected_treats_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = assessed(&api).await;
        let case = super::nonconformities::raise(&api).await;
        let body = |named: &str| json!({ "case": "existing", "nonconformity": named });
        let unknown = verb(&api, Role::IsmsManager, &reference, "treat", body("NC-2026-0999")).await.expect(422);
        assert_eq!(unknown.faults(), ["/nonconformity unknown_record"]);
        verb(&api, Role::IsmsManager, &reference, "treat", body(&case)).await.expect(200);
        let manager = api.by(Role::IsmsManager).await;
        let no = json!({ "reason": "No requirement is breached" });
        manager.post(&format!("/v1/nonconformities/{case}/reject"), no).await.expect(200);
        let stuck = verb(&api, Role::IsmsManager, &reference, "close", json!({ "evidence": "x" })).await.expect(409);
        assert_eq!(stuck.reasons(), ["case_was_rejected"]);
        let owner = api.member_id(Role::Member).await;
        let anew = json!({ "rating": { "likelihood": 1, "impact": 1 }, "rationale": "Rare", "owner_id": owner });
        verb(&api, Role::IsmsManager, &reference, "assess", anew).await.expect(200);
        let over = verb(&api, Role::IsmsManager, &reference, "treat", body(&case)).await.expect(422);
        assert_eq!(over.faults(), ["/nonconformity not_open"]);
    }
}

#[tokio::test]
async fn accepted_by_management_until_a_day_and_back_by_itself() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = assessed(&api).await;
        let until = (api.now() + TimeDelta::days(30)).date_naive();
        let body = json!({ "reason": "A turnstile comes in spring", "until": until });
        verb(&api, Role::IsmsManager, &reference, "accept", body.clone()).await.expect(403);
        let accepted = verb(&api, Role::Management, &reference, "accept", body).await.expect(200);
        assert_eq!(accepted.body["acceptance"]["level"], 12);
        let far = json!({ "reason": "x", "until": until + TimeDelta::days(400) });
        let other = assessed(&api).await;
        let far = verb(&api, Role::Management, &other, "accept", far).await.expect(422);
        assert_eq!(far.faults(), ["/until out_of_range"]);
        api.wake().await;
        api.wait(TimeDelta::days(30));
        assert_eq!(api.wake().await, 0, "it holds on its last day");
        api.wait(TimeDelta::days(1));
        assert_eq!((api.wake().await, api.wake().await), (1, 0));
        assert_eq!(state(&api, &reference).await, "assessed");
        let mine = api.by(Role::Member).await.get("/v1/me/work").await.expect(200);
        let waits: Vec<&Value> = mine.body["items"].as_array().unwrap().iter().map(|item| &item["reference"]).collect();
        assert!(waits.contains(&&json!(reference)), "{waits:?}");
        let history = api.by(Role::Auditor).await.get(&format!("/v1/weaknesses/{reference}")).await.expect(200);
        assert_eq!(history.body["acceptances"][0]["until"], json!(until));
    }
}

#[tokio::test]
async fn rejected_with_a_reason_and_listed_by_level() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = reported(&api, Role::Member).await;
        let no = json!({ "reason": "It is a fire exit" });
        verb(&api, Role::IsmsManager, &reference, "reject", no).await.expect(200);
        let told = api.by(Role::Member).await.get(&format!("/v1/weaknesses/{reference}")).await.expect(200);
        assert_eq!(told.body["rejection_reason"], "It is a fire exit");
        let grave = assessed(&api).await;
        let auditor = api.by(Role::Auditor).await;
        let list = auditor.get("/v1/weaknesses?sort=-level&limit=1").await.expect(200);
        assert_eq!(list.body["items"][0]["reference"], grave);
        let next = format!("/v1/weaknesses?sort=-level&limit=1&cursor={}", list.body["next_cursor"].as_str().unwrap());
        assert_eq!(auditor.get(&next).await.expect(200).body["items"][0]["reference"], reference);
        assert_eq!(auditor.get("/v1/weaknesses?level_from=12&count=true").await.expect(200).body["total"], 1);
    }
}
