use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub fn party() -> Value {
    json!({
        "kind": "interested_party",
        "title": "Customers that run our robots in their yards",
        "description": "Nine of ten ask how we handle vulnerabilities before they sign",
        "requirements": [
            { "text": "To be told of incidents within a day", "addressed_by": "Incident procedure, section 4" },
            { "text": "Source code in escrow" },
        ],
    })
}

fn issue(kind: &str, title: &str) -> Value {
    json!({ "kind": kind, "title": title, "description": "It bears on what the system can achieve" })
}

pub async fn record(api: &Api, body: Value) -> Answer {
    api.by(Role::IsmsManager).await.post("/v1/context-entries", body).await
}

#[tokio::test]
async fn recorded_reviewed_amended_and_retired() {
    for database in each() {
        let api = Api::start(database).await;
        let watcher = api.member_id(Role::Member).await;
        let mut body = party();
        body["owner_id"] = json!(watcher);
        body["review_due_on"] = json!((api.now() + TimeDelta::days(100)).date_naive());
        let made = record(&api, body).await.expect(201);
        assert!(made.reference().starts_with("CTX-"));
        assert_eq!(made.body["requirements"][1], json!({ "text": "Source code in escrow", "addressed_by": null }));
        assert_eq!(made.body["relevant"], Value::Null);
        assert_eq!(made.body["last_review"]["on"], json!(api.now().date_naive()));
        let path = format!("/v1/context-entries/{}", made.reference());
        let member = api.by(Role::Member).await;
        let work = member.get("/v1/me/work").await.expect(200).body["items"].clone();
        assert_eq!(work[0]["reference"], made.reference());
        api.wait(TimeDelta::days(90));
        let member = api.by(Role::Member).await;
        let blank = member.post(&format!("{path}/review"), json!({ "conclusion": " " })).await.expect(422);
        assert_eq!(blank.faults(), ["/conclusion blank"]);
        let conclusion = json!({ "conclusion": "One more asks for escrow" });
        let reviewed = member.post(&format!("{path}/review"), conclusion).await.expect(200);
        assert_eq!(reviewed.body["last_review"]["on"], json!(api.now().date_naive()));
        assert_eq!(reviewed.body["changed_at"], made.body["changed_at"]);
        assert_eq!(member.get("/v1/me/work").await.body["items"], json!([]));
        member.post(&format!("{path}/retire"), json!({ "reason": "x" })).await.expect(403);
        let manager = api.by(Role::IsmsManager).await;
        let wrong = manager.patch(&path, "*", json!({ "relevant": true, "requirements": [] })).await.expect(422);
        assert_eq!(wrong.faults(), ["/relevant not_applicable", "/requirements length"]);
        let amended = manager.patch(&path, "*", json!({ "title": "Customers", "owner_id": null })).await.expect(200);
        assert_eq!(amended.body["requirements"], made.body["requirements"]);
        assert_ne!(amended.body["changed_at"], made.body["changed_at"]);
        let retired = manager.post(&format!("{path}/retire"), json!({ "reason": "All are served by a partner" })).await;
        assert_eq!(retired.expect(200).body["retired_because"], "All are served by a partner");
        let late = manager.post(&format!("{path}/review"), json!({ "conclusion": "x" })).await.expect(409);
        assert_eq!(late.reasons(), ["wrong_state"]);
    }
}

#[tokio::test]
async fn one_decision_about_climate_change_is_in_force() {
    for database in each() {
        let api = Api::start(database).await;
        let mut decision = issue("climate_change", "Floods at the shipyard");
        let undecided = record(&api, decision.clone()).await.expect(422);
        assert_eq!(undecided.faults(), ["/relevant required"]);
        decision["relevant"] = json!(true);
        let first = record(&api, decision.clone()).await.expect(201);
        let second = record(&api, decision.clone()).await.expect(409);
        assert_eq!(second.reasons(), ["one_in_force"]);
        let path = format!("/v1/context-entries/{}/retire", first.reference());
        api.by(Role::Management).await.post(&path, json!({ "reason": "The yard has moved" })).await.expect(200);
        record(&api, decision).await.expect(201);
    }
}

#[tokio::test]
async fn lists_are_narrowed_and_sorted() {
    for database in each() {
        let api = Api::start(database).await;
        let early = (api.now() + TimeDelta::days(10)).date_naive();
        for (kind, title, due) in [
            ("external_issue", "Certified suppliers", None),
            ("internal_issue", "Two sites", Some(early)),
            ("external_issue", "A new law", Some(early + chrono::Days::new(1))),
        ] {
            let mut body = issue(kind, title);
            body["review_due_on"] = json!(due);
            record(&api, body).await.expect(201);
        }
        let titles = async |query: &str| -> Vec<String> {
            let answer = api.by(Role::Auditor).await.get(&format!("/v1/context-entries?{query}")).await.expect(200);
            let items = answer.body["items"].as_array().unwrap().clone();
            items.iter().map(|item| item["title"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(titles("kind=external_issue&sort=title").await, ["A new law", "Certified suppliers"]);
        assert_eq!(titles("sort=review_due_on").await, ["Two sites", "A new law", "Certified suppliers"]);
        let before = early + chrono::Days::new(1);
        assert_eq!(titles(&format!("review_due_before={before}")).await, ["Two sites"]);
        let member = api.by(Role::Member).await.get("/v1/context-entries?count=true").await.expect(200);
        assert_eq!(member.body["total"], 0, "a member sees what it watches");
    }
}

#[tokio::test]
async fn every_fault_is_named() {
    for database in each() {
        let api = Api::start(database).await;
        let mut body = party();
        body["title"] = json!(" ");
        body["relevant"] = json!(false);
        body["requirements"][1]["text"] = json!("");
        body["review_due_on"] = json!((api.now() - TimeDelta::days(1)).date_naive());
        let refused = record(&api, body.clone()).await.expect(422);
        assert_eq!(
            refused.faults(),
            ["/title blank", "/relevant not_applicable", "/requirements/1/text blank", "/review_due_on out_of_range"]
        );
        body["owner_id"] = json!(uuid::Uuid::new_v4());
        assert_eq!(record(&api, body).await.expect(422).faults(), ["/owner_id unknown_member"]);
    }
}
