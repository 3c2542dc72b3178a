use super::courses::published;
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// One of a course without an audience of its own, assigned to whom is asked for.
pub async fn assign(api: &Api, course: &str, role: Role) -> Answer {
    let body = json!({ "course": course, "member_id": api.member_id(role).await });
    api.by(Role::IsmsManager).await.post("/v1/training-assignments", body).await
}

/// A course for the external auditor alone, who is never asked: nobody is assigned by rule.
pub async fn quiet(api: &Api, more: Value) -> String {
    let outside = api.member_id(Role::ExternalAuditor).await;
    published(api, json!({ "kind": "members", "members": [outside] }), more).await
}

async fn act(api: &Api, role: Role, assignment: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/training-assignments/{assignment}/{verb}"), body).await
}

#[tokio::test]
async fn from_assigned_to_completed() {
    for database in each() {
        let api = Api::start(database).await;
        let course = quiet(&api, json!({})).await;
        let made = assign(&api, &course, Role::Member).await.expect(201);
        let reference = made.reference().to_owned();
        assert_eq!((&made.body["state"], &made.body["by_rule"]), (&json!("assigned"), &json!(false)));
        assert_eq!(made.body["due_on"], json!((api.now() + TimeDelta::days(30)).date_naive()));
        let again = assign(&api, &course, Role::Member).await.expect(409);
        assert_eq!(again.reasons(), ["assigned_already"]);
        let member = api.by(Role::Member).await;
        let mine = member.get("/v1/me/work").await.expect(200);
        assert_eq!(mine.body["items"][0]["reference"], reference);
        act(&api, Role::Auditor, &reference, "complete", json!({})).await.expect(403);
        let done = json!({ "taken_on": api.now().date_naive(), "evidence": "Certificate 4711" });
        let done = act(&api, Role::Member, &reference, "complete", done).await.expect(200);
        assert_eq!(
            (&done.body["state"], &done.body["result"]["evidence"]),
            (&json!("completed"), &json!("Certificate 4711"))
        );
        let valid = api.now().date_naive().checked_add_months(chrono::Months::new(12)).unwrap();
        assert_eq!(done.body["valid_until"], json!(valid));
        assert_eq!(
            act(&api, Role::Member, &reference, "complete", json!({})).await.expect(409).reasons(),
            ["wrong_state"]
        );
        assert_eq!(api.by(Role::Member).await.get("/v1/me/work").await.body["items"], json!([]));
        let other = assign(&api, &course, Role::Auditor).await.expect(201).reference().to_owned();
        api.by(Role::Member).await.get(&format!("/v1/training-assignments/{other}")).await.expect(404);
        let seen = api.by(Role::Member).await.get("/v1/training-assignments?count=true").await.expect(200);
        assert_eq!(seen.body["total"], 1);
    }
}

#[tokio::test]
async fn a_score_decides_and_is_never_one_s_own() {
    for database in each() {
        let api = Api::start(database).await;
        let course = quiet(&api, json!({ "pass_mark": 80 })).await;
        let reference = assign(&api, &course, Role::Member).await.expect(201).reference().to_owned();
        let own = act(&api, Role::Member, &reference, "complete", json!({ "score": 100 })).await.expect(409);
        assert_eq!(own.reasons(), ["own_score"]);
        let issued = {
            let body = json!({ "name": "Learning platform", "scopes": ["training:write", "records:read"] });
            api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201)
        };
        let platform = api.with_token(issued.body["token"].as_str().unwrap());
        let path = format!("/v1/training-assignments/{reference}");
        let unmarked = platform.post(&format!("{path}/complete"), json!({})).await.expect(422);
        assert_eq!(unmarked.faults(), ["/score required"]);
        let failed = platform.post(&format!("{path}/complete"), json!({ "score": 79 })).await.expect(200);
        assert_eq!((&failed.body["state"], &failed.body["result"]["by"]), (&json!("failed"), &Value::Null));
        let manager = api.by(Role::IsmsManager).await;
        assert_eq!(manager.get("/v1/me/work").await.body["items"][0]["reference"], reference, "waits for a decision");
        platform.post(&format!("{path}/retake"), json!({ "due_on": api.now().date_naive() })).await.expect(403);
        let due = json!({ "due_on": (api.now() + TimeDelta::days(7)).date_naive() });
        let again = act(&api, Role::IsmsManager, &reference, "retake", due).await.expect(200);
        assert_eq!((&again.body["state"], &again.body["attempts"][0]["score"]), (&json!("assigned"), &json!(79)));
        let passed = platform.post(&format!("{path}/complete"), json!({ "score": 80 })).await.expect(200);
        assert_eq!(passed.body["state"], "completed");
    }
}

#[tokio::test]
async fn what_is_late_is_an_event_once() {
    for database in each() {
        let api = Api::start(database).await;
        let course = quiet(&api, json!({})).await;
        let reference = assign(&api, &course, Role::Member).await.expect(201).reference().to_owned();
        let manager = api.by(Role::IsmsManager).await;
        assert_eq!(manager.get("/v1/training-assignments?overdue=true&count=true").await.body["total"], 0);
        api.wait(TimeDelta::days(31));
        api.wake().await;
        api.wake().await;
        let manager = api.by(Role::IsmsManager).await;
        let late = manager.get("/v1/training-assignments?overdue=true").await.expect(200);
        assert_eq!(
            (&late.body["items"][0]["reference"], &late.body["items"][0]["fell_due"]),
            (&json!(reference), &json!(true))
        );
        let history = manager.get(&format!("/v1/records/{reference}/history")).await.expect(200);
        let happened: Vec<&str> =
            history.body["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(happened, ["training_assignment.assigned", "training_assignment.fell_due"]);
        let voided = act(&api, Role::IsmsManager, &reference, "void", json!({ "reason": "On leave" })).await;
        assert_eq!(voided.expect(200).body["void_because"], "On leave");
        let blank = assign(&api, &course, Role::Member).await.expect(201).reference().to_owned();
        let blank = act(&api, Role::IsmsManager, &blank, "void", json!({ "reason": " " })).await.expect(422);
        assert_eq!(blank.faults(), ["/reason blank"]);
    }
}

#[tokio::test]
async fn what_expires_is_assigned_again_by_itself() {
    for database in each() {
        let api = Api::start(database).await;
        let course = published(&api, json!({ "kind": "roles", "roles": ["member"] }), json!({})).await;
        api.wake().await;
        let list = async |query: &str| {
            let path = format!("/v1/training-assignments?sort=reference{query}");
            let list = api.by(Role::IsmsManager).await.get(&path).await.expect(200);
            list.body["items"].as_array().unwrap().clone()
        };
        let first = list("").await[0]["reference"].as_str().unwrap().to_owned();
        act(&api, Role::Member, &first, "complete", json!({})).await.expect(200);
        api.wait(TimeDelta::days(366));
        api.wake().await;
        let both = list("").await;
        assert_eq!((&both[0]["state"], &both[1]["state"]), (&json!("expired"), &json!("assigned")));
        assert_eq!(both[0]["result"]["taken_on"], json!((api.now() - TimeDelta::days(366)).date_naive()));
        assert_eq!(both[1]["by_rule"], true);
        let second = both[1]["reference"].as_str().unwrap().to_owned();
        act(&api, Role::Member, &second, "complete", json!({})).await.expect(200);
        let reason = json!({ "reason": "Replaced" });
        api.by(Role::IsmsManager).await.post(&format!("/v1/courses/{course}/retire"), reason).await.expect(200);
        api.wait(TimeDelta::days(400));
        api.wake().await;
        assert_eq!(list("&state=assigned").await, Vec::<Value>::new(), "nobody takes it any more");
        assert_eq!(list("&state=expired").await.len(), 2);
    }
}

#[tokio::test]
async fn a_course_or_member_that_is_unknown_or_foreign_is_answered_alike() {
    for database in each() {
        let api = Api::start(database).await;
        let foreign = {
            let stranger = api.stranger(Role::IsmsManager).await;
            let theirs = stranger.get("/v1/me").await.body["member_id"].as_str().unwrap().to_owned();
            stranger.post("/v1/courses", super::courses::phishing(&theirs)).await.expect(201)
        };
        let case = super::nonconformities::raise(&api).await;
        for course in [foreign.body["id"].as_str().unwrap(), "CRS-2026-9999", &case, "nonsense"] {
            let refused = assign(&api, course, Role::Member).await.expect(422);
            assert_eq!(refused.faults(), ["/course unknown_record"], "{course}");
        }
        let draft = super::courses::define(&api).await;
        let early = assign(&api, draft.reference(), Role::Member).await.expect(409);
        assert_eq!(early.reasons(), ["course_not_published"]);
    }
}
