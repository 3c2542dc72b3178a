use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub fn report() -> Value {
    json!({
        "title": "Critical patches late on laptops",
        "statement": "Critical patches are not installed within 14 days",
        "objective_evidence": "79 % in week 12",
        "source": "indicator",
        "requirement": "A.8.8",
    })
}

pub async fn raise(api: &Api) -> String {
    api.by(Role::Member).await.post("/v1/nonconformities", report()).await.expect(201).reference().to_owned()
}

async fn verb(api: &Api, role: Role, reference: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/nonconformities/{reference}/{verb}"), body).await
}

#[tokio::test]
async fn the_whole_treatment_without_actions() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = raise(&api).await;
        let owner = api.member_id(Role::IsmsManager).await;
        let manager = Role::IsmsManager;
        let confirmed =
            verb(&api, manager, &reference, "confirm", json!({ "grade": "major", "owner_id": owner })).await;
        assert_eq!(confirmed.expect(200).body["state"], "confirmed");
        let body = json!({ "correction": "Patched by hand", "consequences": "Logs were searched" });
        verb(&api, manager, &reference, "contain", body).await.expect(200);
        let body = json!({ "method": "five_whys", "root_causes": ["No agent in the image"], "similar": "None" });
        verb(&api, manager, &reference, "analyse", body).await.expect(200);
        let check_on = (api.now() + TimeDelta::days(30)).date_naive();
        let body = json!({ "response": "no_action", "justification": "The image is retired", "check_on": check_on });
        verb(&api, manager, &reference, "plan", body).await.expect(200);
        let verdict = json!({ "effective": true, "criterion": "Share of laptops", "evidence": "97 %" });
        let own = verb(&api, manager, &reference, "verify", verdict.clone()).await.expect(409);
        assert_eq!(own.reasons(), ["separation_of_duties", "too_early"]);
        api.wait(TimeDelta::days(30));
        let verified = verb(&api, Role::Auditor, &reference, "verify", verdict).await.expect(200);
        assert_eq!(verified.body["state"], "verified");
        let body = json!({ "isms_change": "None needed", "lessons": "An image has an owner" });
        let closed = verb(&api, manager, &reference, "close", body).await.expect(200);
        assert_eq!(closed.body["state"], "closed");
        assert_eq!(closed.body["version"], 7);
        let verbs: Vec<&str> =
            closed.body["transitions"].as_array().unwrap().iter().map(|t| t["verb"].as_str().unwrap()).collect();
        assert_eq!(verbs, ["reopen"]);
    }
}

#[tokio::test]
async fn amended_with_the_version_that_was_read() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = raise(&api).await;
        let (path, manager) = (format!("/v1/nonconformities/{reference}"), api.by(Role::IsmsManager).await);
        let etag = manager.get(&path).await.expect(200).header("etag").to_owned();
        let amended = manager.patch(&path, &etag, json!({ "title": "Another", "requirement": null })).await.expect(200);
        assert_eq!(amended.body["title"], "Another");
        assert_eq!(amended.body["requirement"], Value::Null);
        assert_eq!(amended.body["statement"], report()["statement"]);
        let stale = manager.patch(&path, &etag, json!({ "title": "Third" })).await.expect(412);
        assert_eq!(stale.body["current_version"], 2);
        let read_only = ["id", "reference", "version", "state", "created_at", "created_by", "stage", "grade", "role"];
        for field in read_only {
            let refused = manager.patch(&path, "*", json!({ field: "x" })).await.expect(422);
            assert_eq!(refused.faults(), [format!("/{field} unknown_field")]);
        }
    }
}

#[tokio::test]
async fn the_owner_must_be_an_active_member_here() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = raise(&api).await;
        let theirs = api.stranger(Role::IsmsManager).await.get("/v1/me").await.body["member_id"].clone();
        let mut answers = Vec::new();
        for owner in [theirs, json!(uuid::Uuid::new_v4())] {
            let body = json!({ "grade": "minor", "owner_id": owner });
            let mut answer = verb(&api, Role::IsmsManager, &reference, "confirm", body).await.expect(422);
            answer.body["instance"] = Value::Null;
            answers.push(answer.body);
        }
        assert_eq!(answers[0], answers[1], "another organisation's member is answered like a random id");
        assert_eq!(answers[0]["errors"][0]["code"], "unknown_member");
    }
}

#[tokio::test]
async fn a_member_sees_its_own() {
    for database in each() {
        let api = Api::start(database).await;
        let own = raise(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let other = manager.post("/v1/nonconformities", report()).await.expect(201).reference().to_owned();
        let member = api.by(Role::Member).await;
        member.get(&format!("/v1/nonconformities/{own}")).await.expect(200);
        member.get(&format!("/v1/nonconformities/{other}")).await.expect(404);
        let seen = member.get("/v1/nonconformities?count=true").await.expect(200);
        assert_eq!(seen.body["total"], 1);
        assert_eq!(seen.body["items"][0]["reference"], own);
        assert_eq!(manager.get("/v1/nonconformities?count=true").await.body["total"], 2);
    }
}

/// The judge names what is to be compared; what was seen then stays with the verdict.
#[tokio::test]
async fn a_verdict_rests_on_figures() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = super::indicators::active(&api).await;
        let bad = super::measurements::series(&api, &indicator, &[84.0, 80.0, 79.0, 88.0, 86.0]);
        super::measurements::send(&api, bad).await.expect(201);
        let first = api.now().date_naive();
        let reference = raise(&api).await;
        let owner = api.member_id(Role::IsmsManager).await;
        let manager = Role::IsmsManager;
        verb(&api, manager, &reference, "confirm", json!({ "grade": "minor", "owner_id": owner })).await.expect(200);
        let body = json!({ "method": "other", "root_causes": ["No agent"], "similar": "None" });
        verb(&api, manager, &reference, "analyse", body).await.expect(200);
        let body = json!({ "response": "no_action", "justification": "It is gone", "check_on": first });
        verb(&api, manager, &reference, "plan", body).await.expect(200);
        api.wait(TimeDelta::days(30));
        let good = super::measurements::series(&api, &indicator, &[97.0, 96.0, 98.0, 95.0]);
        super::measurements::send(&api, good).await.expect(201);
        let last = api.now().date_naive();
        let verdict = |indicator: &str, after: Value| {
            let comparison =
                json!({ "indicators": [indicator], "before": { "first": first, "last": first }, "after": after });
            json!({ "effective": true, "criterion": "Share", "evidence": "97 %", "comparison": comparison })
        };
        let after = json!({ "first": last, "last": last });
        let unknown = verb(&api, Role::Auditor, &reference, "verify", verdict("IND-2026-0099", after.clone())).await;
        assert_eq!(unknown.expect(422).faults(), ["/comparison/indicators/0 unknown_record"]);
        let overlap = verb(
            &api,
            Role::Auditor,
            &reference,
            "verify",
            verdict(&indicator, json!({ "first": first, "last": last })),
        );
        assert_eq!(overlap.await.expect(422).faults(), ["/comparison/after/first overlap"]);
        let judged = verb(&api, Role::Auditor, &reference, "verify", verdict(&indicator, after)).await.expect(200);
        let effect = &judged.body["verdict"]["effect"];
        assert_eq!(effect["series"][0]["before"], json!({ "count": 5, "median": 84.0 }));
        assert_eq!(effect["series"][0]["after"], json!({ "count": 4, "median": 96.5 }));
        assert_eq!(effect["series"][0]["tendency"], "worse", "less is better for this indicator");
    }
}
