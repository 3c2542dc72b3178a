use crate::databases::each;
use crate::harness::{Answer, Api, PASSWORD};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub fn phishing(owner: &str) -> Value {
    json!({
        "title": "Telling forged mails from others",
        "material": "https://learn.example.org/phishing",
        "audience": { "kind": "all" },
        "due_in_days": 30,
        "validity_months": 12,
        "requirements": ["7.3", "A.6.3"],
        "owner_id": owner,
    })
}

/// A draft, owned by the manager.
pub async fn define(api: &Api) -> Answer {
    let body = phishing(&api.member_id(Role::IsmsManager).await);
    api.by(Role::IsmsManager).await.post("/v1/courses", body).await.expect(201)
}

/// A course whose audience is assigned to it once the schedule has been followed.
pub async fn published(api: &Api, audience: Value, more: Value) -> String {
    let mut body = phishing(&api.member_id(Role::IsmsManager).await);
    body["audience"] = audience;
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let manager = api.by(Role::IsmsManager).await;
    let course = manager.post("/v1/courses", body).await.expect(201).reference().to_owned();
    let day = json!({ "evaluate_on": (api.now() + TimeDelta::days(60)).date_naive() });
    manager.post(&format!("/v1/courses/{course}/publish"), day).await.expect(200);
    course
}

async fn act(api: &Api, role: Role, course: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/courses/{course}/{verb}"), body).await
}

/// `name state` of every assignment, by name.
async fn assigned(api: &Api) -> Vec<String> {
    let list =
        api.by(Role::IsmsManager).await.get("/v1/training-assignments?limit=200&expand=member").await.expect(200);
    let items = list.body["items"].as_array().unwrap();
    let line = |item: &Value| {
        let (name, state) = (item["member"]["name"].as_str().unwrap(), item["state"].as_str().unwrap());
        format!("{} {state}", name.trim_end_matches(" of ours"))
    };
    let mut lines: Vec<String> = items.iter().map(line).collect();
    lines.sort();
    lines
}

#[tokio::test]
async fn its_audience_is_assigned_by_itself() {
    for database in each() {
        let api = Api::start(database).await;
        let course = published(&api, json!({ "kind": "all" }), json!({})).await;
        assert!(assigned(&api).await.is_empty(), "not in the request");
        api.wake().await;
        api.wake().await;
        let everybody =
            ["admin assigned", "auditor assigned", "isms_manager assigned", "management assigned", "member assigned"];
        assert_eq!(assigned(&api).await, everybody, "but for who only looks in from outside; once");
        let path = format!("/v1/courses/{course}");
        api.wait(TimeDelta::seconds(1));
        let manager = api.by(Role::IsmsManager).await;
        let auditors = json!({ "audience": { "kind": "roles", "roles": ["auditor"] } });
        manager.patch(&path, "*", auditors).await.expect(200);
        api.wake().await;
        let narrowed = ["admin void", "auditor assigned", "isms_manager void", "management void", "member void"];
        assert_eq!(assigned(&api).await, narrowed);
        let progress = manager.get(&format!("{path}/progress")).await.expect(200);
        assert_eq!((&progress.body["assigned"], &progress.body["void"]), (&json!(1), &json!(4)));
        assert_eq!(progress.body["completed_percent"], 0.0);
        api.by(Role::Member).await.get(&format!("{path}/progress")).await.expect(403);
        api.wait(TimeDelta::seconds(1));
        let gone = act(&api, Role::IsmsManager, &course, "retire", json!({ "reason": "Replaced" })).await;
        assert_eq!(gone.expect(200).body["retired_because"], "Replaced");
        api.wake().await;
        assert!(assigned(&api).await.iter().all(|line| line.ends_with("void")));
        let manager = api.by(Role::IsmsManager).await;
        let progress = manager.get(&format!("{path}/progress")).await.expect(200);
        assert_eq!(progress.body["completed_percent"], Value::Null);
    }
}

#[tokio::test]
async fn who_joins_is_assigned_and_who_leaves_is_not_waited_for() {
    for database in each() {
        let api = Api::start(database).await;
        published(&api, json!({ "kind": "roles", "roles": ["auditor"] }), json!({})).await;
        api.wake().await;
        assert_eq!(assigned(&api).await, ["auditor assigned"]);
        let admin = api.by(Role::Admin).await;
        let body = json!({ "email": "ada@example.org", "name": "Ada", "roles": ["auditor"], "password": PASSWORD });
        let ada = format!("/v1/members/{}", admin.post("/v1/members", body).await.expect(201).reference());
        let member = format!("/v1/members/{}", api.member_id(Role::Member).await);
        api.wait(TimeDelta::seconds(1));
        let admin = api.by(Role::Admin).await;
        admin.post(&format!("{member}/assign-roles"), json!({ "roles": ["member", "auditor"] })).await.expect(200);
        assert_eq!(assigned(&api).await, ["auditor assigned"], "not in the request");
        api.wake().await;
        assert_eq!(assigned(&api).await, ["Ada assigned", "auditor assigned", "member assigned"]);
        api.wait(TimeDelta::seconds(1));
        let admin = api.by(Role::Admin).await;
        admin.post(&format!("{member}/assign-roles"), json!({ "roles": ["member"] })).await.expect(200);
        admin.post(&format!("{ada}/deactivate"), json!({ "reason": "Left" })).await.expect(200);
        api.wake().await;
        assert_eq!(assigned(&api).await, ["Ada void", "auditor assigned", "member void"]);
        let manager = api.by(Role::IsmsManager).await;
        let void = manager.get("/v1/training-assignments?state=void&sort=reference").await.expect(200);
        let why: Vec<&str> =
            void.body["items"].as_array().unwrap().iter().map(|item| item["void_because"].as_str().unwrap()).collect();
        assert!(why.contains(&"The member has left"), "{why:?}");
        assert!(why.contains(&"The member does not belong to the course's audience any more"), "{why:?}");
    }
}

/// Many people are assigned in steps: no request and no other worker waits for all of them.
#[tokio::test]
async fn a_large_audience_is_assigned_in_steps() {
    for database in each() {
        let api = Api::start(database).await;
        api.crowd(130).await;
        published(&api, json!({ "kind": "all" }), json!({})).await;
        let total = async || {
            let list = api.by(Role::IsmsManager).await.get("/v1/training-assignments?count=true&limit=1").await;
            list.expect(200).body["total"].as_i64().unwrap()
        };
        while api.wake().await > 0 {}
        assert_eq!(total().await, 135);
    }
}

#[tokio::test]
async fn whether_it_worked_is_judged_by_another() {
    for database in each() {
        let api = Api::start(database).await;
        let course = define(&api).await;
        let (reference, manager) = (course.reference().to_owned(), Role::IsmsManager);
        assert_eq!(course.body["state"], "draft");
        let early = act(&api, Role::Auditor, &reference, "evaluate", json!({})).await.expect(409);
        assert_eq!(early.reasons(), ["wrong_state"]);
        let past = json!({ "evaluate_on": (api.now() - TimeDelta::days(1)).date_naive() });
        let late = act(&api, manager, &reference, "publish", past).await.expect(422);
        assert_eq!(late.faults(), ["/evaluate_on out_of_range"]);
        let day = json!({ "evaluate_on": api.now().date_naive() });
        act(&api, manager, &reference, "publish", day).await.expect(200);
        let verdict = json!({ "effective": true, "criterion": "Clicks", "evidence": "4.9 %, before 11.8 %" });
        let own = act(&api, manager, &reference, "evaluate", verdict.clone()).await.expect(409);
        assert_eq!(own.reasons(), ["separation_of_duties"]);
        act(&api, Role::Member, &reference, "evaluate", verdict.clone()).await.expect(403);
        let work = api.by(Role::Management).await.get("/v1/me/work").await.expect(200);
        assert_eq!(work.body["items"][0]["reference"], reference);
        let judged = act(&api, Role::Management, &reference, "evaluate", verdict).await.expect(200);
        assert_eq!(
            (&judged.body["evaluation"]["effective"], &judged.body["evaluate_on"]),
            (&json!(true), &Value::Null)
        );
        let history = api.by(manager).await.get(&format!("/v1/records/{reference}/history")).await.expect(200);
        assert_eq!(history.body["items"][2]["action"], "course.evaluated_effective");
    }
}

#[tokio::test]
async fn faults_are_named_and_strangers_unknown() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let me = api.member_id(Role::IsmsManager).await;
        let mut wrong = phishing(&me);
        wrong["due_in_days"] = json!(0);
        wrong["pass_mark"] = json!(101);
        wrong["requirements"] = json!(["A.9.9"]);
        let refused = manager.post("/v1/courses", wrong).await.expect(422);
        assert_eq!(
            refused.faults(),
            ["/due_in_days out_of_range", "/pass_mark out_of_range", "/requirements/0 unknown_requirement"]
        );
        let theirs = api.stranger(Role::Member).await.get("/v1/me").await.body["member_id"].clone();
        let mut answers = Vec::new();
        for stranger in [theirs, json!(uuid::Uuid::new_v4())] {
            let mut body = phishing(&me);
            body["audience"] = json!({ "kind": "members", "members": [me, stranger] });
            let mut refused = manager.post("/v1/courses", body).await.expect(422);
            assert_eq!(refused.faults(), ["/audience/members/1 unknown_member"]);
            refused.body["instance"] = Value::Null;
            answers.push(refused.body);
        }
        assert_eq!(answers[0], answers[1]);
        let bare = json!({ "title": "Doors", "audience": { "kind": "all" }, "due_in_days": 7 });
        let course = manager.post("/v1/courses", bare).await.expect(201).reference().to_owned();
        let publish = json!({ "evaluate_on": api.now().date_naive() });
        let refused = act(&api, Role::IsmsManager, &course, "publish", publish).await.expect(409);
        assert_eq!(refused.reasons(), ["no_owner", "no_material"]);
        api.by(Role::Member).await.get(&format!("/v1/courses/{course}")).await.expect(200);
    }
}

#[tokio::test]
async fn whether_it_has_moved_what_it_was_to_move() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = super::indicators::active(&api).await;
        let measure = |values: &'static [f64]| {
            let items = super::measurements::series(&api, &indicator, values);
            super::measurements::send(&api, items)
        };
        measure(&[90.0, 91.0, 89.0, 92.5, 88.0, 95.0]).await.expect(201);
        api.wait(TimeDelta::hours(1));
        let course = super::training_assignments::quiet(&api, json!({ "indicators": [indicator] })).await;
        let path = format!("/v1/courses/{course}/effect");
        let effect = || async { api.by(Role::Auditor).await.get(&path).await.expect(200).body };
        assert_eq!(effect().await, json!({ "state": "published", "frozen": false, "effect": null }), "nobody has yet");
        let takers = [Role::Member, Role::Auditor, Role::Management];
        let mut completed = Vec::new();
        for role in takers {
            let made = super::training_assignments::assign(&api, &course, role).await.expect(201);
            let complete = format!("/v1/training-assignments/{}/complete", made.reference());
            api.by(role).await.post(&complete, json!({})).await.expect(200);
            completed.push(api.now());
            // In between it is neither.
            api.wait(TimeDelta::hours(12));
            measure(if role == Role::Member { &[1000.0] } else { &[50.0, 51.0, 52.0] }).await.expect(201);
            api.wait(TimeDelta::hours(12));
        }
        let seen = effect().await;
        let moment = |side: &str, end: &str| seen["effect"][side][end].as_str().unwrap().parse::<DateTime<Utc>>();
        assert_eq!((moment("before", "to"), moment("after", "from")), (Ok(completed[0]), Ok(completed[1])));
        let told = &seen["effect"]["series"][0];
        assert_eq!((&told["before"]["count"], &told["after"]["count"]), (&json!(6), &json!(6)));
        assert_eq!(told["tendency"], "better");
        api.by(Role::Member).await.get(&path).await.expect(403);
        let judged = json!({ "effective": true, "criterion": "Latency of the portal", "evidence": "50 ms, before 90" });
        let judged = act(&api, Role::Auditor, &course, "evaluate", judged).await.expect(200);
        assert_eq!(judged.body["evaluation"]["effect"], seen["effect"]);
        api.wait(TimeDelta::days(1));
        measure(&[300.0]).await.expect(201);
        let frozen = effect().await;
        assert_eq!((&frozen["frozen"], &frozen["effect"]), (&json!(true), &seen["effect"]));
        let manager = api.by(Role::IsmsManager).await;
        let shown = manager.get(&format!("/v1/courses/{course}")).await.expect(200);
        assert_eq!(shown.body["indicator_ids"].as_array().unwrap().len(), 1);
        for unknown in ["IND-2026-0999", "nonsense"] {
            let refused =
                manager.patch(&format!("/v1/courses/{course}"), "*", json!({ "indicators": [unknown] })).await;
            assert_eq!(refused.expect(422).faults(), ["/indicators/0 unknown_record"]);
        }
    }
}
