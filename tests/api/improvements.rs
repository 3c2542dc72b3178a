use super::indicators::active;
use super::measurements::{send, series};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub fn suggestion() -> Value {
    json!({
        "title": "Serve reports from a replica",
        "description": "Reports read the live database",
        "expected_benefit": "The portal stays fast while reports run",
        "measure": { "kind": "criterion", "criterion": "Ten reports at noon, nobody calls" },
    })
}

pub async fn propose(api: &Api, role: Role) -> String {
    api.by(role).await.post("/v1/improvements", suggestion()).await.expect(201).reference().to_owned()
}

async fn verb(api: &Api, role: Role, reference: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/improvements/{reference}/{verb}"), body).await
}

/// Accepted by management, the member owns it.
async fn accept(api: &Api, reference: &str) -> Answer {
    let body = json!({ "owner_id": api.member_id(Role::Member).await, "reason": "Cheap" });
    verb(api, Role::Management, reference, "accept", body).await
}

/// In place, planned and begun by its owner.
async fn put_in_place(api: &Api, reference: &str) -> Answer {
    let (member, today) = (Role::Member, api.now().date_naive());
    let plan = json!({ "approach": "A replica", "due_on": today });
    verb(api, member, reference, "plan", plan).await.expect(200);
    verb(api, member, reference, "start", json!({})).await.expect(200);
    let body = json!({ "summary": "It serves", "judge_on": (api.now() + TimeDelta::days(14)).date_naive() });
    verb(api, member, reference, "measure", body).await
}

#[tokio::test]
async fn from_the_suggestion_box_to_a_measured_benefit() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let mut suggested = suggestion();
        suggested["measure"] = json!({ "kind": "indicator", "indicator": indicator, "baseline": 90.0, "target": 60.0 });
        let manager = api.by(Role::IsmsManager).await;
        let proposed = manager.post("/v1/improvements", suggested).await.expect(201);
        let reference = proposed.reference();
        assert_eq!((&proposed.body["state"], &proposed.body["source"]), (&json!("proposed"), &json!("employee")));
        // Everybody sees it, and may say something.
        let member = api.by(Role::Member).await;
        member.get(&format!("/v1/improvements/{reference}")).await.expect(200);
        assert_eq!(member.get("/v1/improvements?state=proposed&count=true").await.expect(200).body["total"], 1);
        member.post("/v1/comments", json!({ "record": reference, "text": "At last" })).await.expect(201);
        // Who proposed it does not decide it.
        let body = json!({ "owner_id": api.member_id(Role::Member).await, "reason": "Cheap" });
        let own = verb(&api, Role::IsmsManager, reference, "accept", body).await.expect(409);
        assert_eq!(own.reasons(), ["separation_of_duties"]);
        let accepted = accept(&api, reference).await.expect(200);
        assert_eq!(accepted.body["decision"]["by"], json!(api.member_id(Role::Management).await));
        let measuring = put_in_place(&api, reference).await.expect(200);
        assert_eq!(measuring.body["state"], "measuring");
        let verdict = json!({ "realised": true, "evidence": "It feels faster", "lessons": "None" });
        let early = verb(&api, Role::Auditor, reference, "conclude", verdict.clone()).await.expect(409);
        assert_eq!(early.reasons(), ["too_early", "not_measured"]);
        api.wait(TimeDelta::days(14));
        send(&api, series(&api, &indicator, &[70.0, 72.0, 58.0])).await.expect(201);
        // The figures say otherwise: 70 is not 60.
        let claimed = verb(&api, Role::Auditor, reference, "conclude", verdict).await.expect(409);
        assert_eq!(claimed.reasons(), ["figures_say_otherwise"]);
        api.wait(TimeDelta::days(1));
        send(&api, series(&api, &indicator, &[50.0, 51.0, 52.0, 53.0])).await.expect(201);
        let verdict = json!({ "evidence": "Seven figures", "lessons": "Reports have readers" });
        let told = verb(&api, Role::Auditor, reference, "conclude", verdict).await.expect(200);
        assert_eq!(told.body["state"], "realised");
        assert_eq!(told.body["verdict"]["figures"]["median"], 53.0);
        assert_eq!(told.body["verdict"]["figures"]["count"], 7);
        assert!(told.body["verdict"]["progress"].as_f64().unwrap() > 1.0);
        // The journal keeps what the verdict rested on.
        let path = format!("/v1/improvements/{reference}?as_of={}", "2026-05-28T20:26:40.123456Z");
        let then = api.by(Role::Auditor).await.get(&path).await.expect(200);
        assert_eq!((&then.body["state"], &then.body["votes"]), (&json!("measuring"), &Value::Null));
    }
}

#[tokio::test]
async fn its_actions_are_done_before_it_is_in_place() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = propose(&api, Role::Auditor).await;
        let action = || async {
            let body = json!({
                "parent": reference, "title": "Set up the replica", "kind": "improvement",
                "assignee_id": api.member_id(Role::Auditor).await, "due_on": api.now().date_naive(),
            });
            api.by(Role::IsmsManager).await.post("/v1/actions", body).await
        };
        assert_eq!(action().await.expect(409).reasons(), ["takes_no_actions"]);
        accept(&api, &reference).await.expect(200);
        let planned = action().await.expect(201);
        assert_eq!(planned.body["parent"]["kind"], "improvement");
        let open = put_in_place(&api, &reference).await.expect(409);
        assert_eq!(open.reasons(), ["open_actions"]);
        let path = format!("/v1/actions/{}/complete", planned.reference());
        api.by(Role::Auditor).await.post(&path, json!({ "summary": "It runs" })).await.expect(200);
        let body = json!({ "summary": "It serves", "judge_on": api.now().date_naive() });
        verb(&api, Role::Member, &reference, "measure", body).await.expect(200);
        // Neither who owns it nor who did the work judges it.
        let verdict = json!({ "evidence": "Ten reports", "lessons": "None" });
        let own = verb(&api, Role::Auditor, &reference, "conclude", verdict.clone()).await.expect(409);
        assert_eq!(own.reasons(), ["separation_of_duties"]);
        let unsaid = verb(&api, Role::Management, &reference, "conclude", verdict).await.expect(422);
        assert_eq!(unsaid.faults(), ["/realised required"]);
        let verdict = json!({ "realised": false, "evidence": "Two called", "lessons": "Ask first" });
        let told = verb(&api, Role::Management, &reference, "conclude", verdict).await.expect(200);
        assert_eq!((&told.body["state"], &told.body["verdict"]["figures"]), (&json!("not_realised"), &Value::Null));
        let trace = api.by(Role::Auditor).await.get(&format!("/v1/records/{reference}/trace")).await.expect(200);
        assert_eq!(trace.body["edges"][0]["relation"], "addresses");
    }
}

#[tokio::test]
async fn declined_or_given_up_with_a_reason() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = propose(&api, Role::Member).await;
        let blank = verb(&api, Role::Management, &reference, "decline", json!({ "reason": " " })).await.expect(422);
        assert_eq!(blank.faults(), ["/reason blank"]);
        verb(&api, Role::Management, &reference, "decline", json!({ "reason": "Not now" })).await.expect(200);
        let told = api.by(Role::Member).await.get(&format!("/v1/improvements/{reference}")).await.expect(200);
        assert_eq!(told.body["decision"]["reason"], "Not now", "told to the proposer");
        let other = propose(&api, Role::Auditor).await;
        accept(&api, &other).await.expect(200);
        let body = json!({ "reason": "The vendor does it" });
        let given_up = verb(&api, Role::Management, &other, "abandon", body).await.expect(200);
        assert_eq!(given_up.body["state"], "not_realised");
        assert_eq!(given_up.body["abandoned_because"], "The vendor does it");
    }
}

#[tokio::test]
async fn worded_by_who_proposed_it_and_measured_as_was_agreed() {
    for database in each() {
        let api = Api::start(database).await;
        let body = json!({ "title": "x", "description": "y" });
        let member = api.by(Role::Member).await;
        let proposed = member.post("/v1/improvements", body).await.expect(201);
        let path = format!("/v1/improvements/{}", proposed.reference());
        let amended =
            member.patch(&path, proposed.header("etag"), json!({ "title": "Better", "effort": "small" })).await;
        assert_eq!(amended.expect(200).body["effort"], "small");
        let refused = member.patch(&path, "*", json!({ "votes": 9 })).await.expect(422);
        assert_eq!(refused.faults(), ["/votes unknown_field"]);
        let early = member.patch(&path, "*", json!({ "owner_id": api.member_id(Role::Member).await })).await;
        assert_eq!(early.expect(409).reasons(), ["not_accepted"]);
        let vague = accept(&api, proposed.reference()).await.expect(422);
        assert_eq!(vague.faults(), ["/expected_benefit required"]);
        let body = json!({
            "owner_id": api.member_id(Role::Member).await, "reason": "Cheap", "expected_benefit": "Speed",
        });
        verb(&api, Role::Management, proposed.reference(), "accept", body).await.expect(200);
        let plan = json!({ "approach": "A replica", "due_on": api.now().date_naive() });
        let blind = verb(&api, Role::Member, proposed.reference(), "plan", plan.clone()).await.expect(409);
        assert_eq!(blind.reasons(), ["no_measure"]);
        let unknown =
            json!({ "measure": { "kind": "indicator", "indicator": "IND-2026-0999", "baseline": 1, "target": 2 } });
        let unknown = member.patch(&path, "*", unknown).await.expect(422);
        assert_eq!(unknown.faults(), ["/measure/indicator unknown_record"]);
        let measure = |text: &str| json!({ "measure": { "kind": "criterion", "criterion": text } });
        member.patch(&path, "*", measure("Ask ten people")).await.expect(200);
        verb(&api, Role::Member, proposed.reference(), "plan", plan).await.expect(200);
        let moved = member.patch(&path, "*", measure("Ask one")).await.expect(409);
        assert_eq!(moved.reasons(), ["measure_is_fixed"]);
    }
}

#[tokio::test]
async fn its_effect_is_measured_from_when_it_was_in_place() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        send(&api, series(&api, &indicator, &[90.0, 91.0, 89.0, 92.5, 88.0, 95.0])).await.expect(201);
        api.wait(TimeDelta::hours(1));
        let mut suggested = suggestion();
        suggested["measure"] = json!({ "kind": "indicator", "indicator": indicator, "baseline": 90.0, "target": 60.0 });
        let proposed = api.by(Role::IsmsManager).await.post("/v1/improvements", suggested).await.expect(201);
        let reference = proposed.reference();
        let effect = || async {
            api.by(Role::Auditor).await.get(&format!("/v1/improvements/{reference}/effect")).await.expect(200).body
        };
        accept(&api, reference).await.expect(200);
        assert_eq!(effect().await, json!({ "state": "accepted", "frozen": false, "effect": null }));
        let in_place = put_in_place(&api, reference).await.expect(200).body["implementation"]["at"].clone();
        api.wait(TimeDelta::days(14));
        send(&api, series(&api, &indicator, &[50.0, 51.0, 52.0, 49.0, 48.0, 55.0])).await.expect(201);
        api.wait(TimeDelta::hours(1));
        let seen = effect().await;
        assert_eq!((&seen["state"], &seen["frozen"]), (&json!("measuring"), &json!(false)));
        let [before, after] = ["before", "after"].map(|side| &seen["effect"][side]);
        assert_eq!((&before["to"], &after["from"]), (&in_place, &in_place));
        let told = &seen["effect"]["series"][0];
        assert_eq!((&told["before"]["count"], &told["after"]["count"]), (&json!(6), &json!(6)));
        assert_eq!((&told["difference"], &told["tendency"]), (&json!(-40.0), &json!("better")));
        let verdict = json!({ "evidence": "Six figures", "lessons": "Reports have readers" });
        let judged = verb(&api, Role::Auditor, reference, "conclude", verdict).await.expect(200);
        assert_eq!(judged.body["verdict"]["effect"], seen["effect"]);
        api.wait(TimeDelta::days(1));
        send(&api, series(&api, &indicator, &[200.0, 210.0])).await.expect(201);
        let frozen = effect().await;
        assert_eq!((&frozen["frozen"], &frozen["effect"]), (&json!(true), &seen["effect"]));
        api.stranger(Role::Auditor).await.get(&format!("/v1/improvements/{reference}/effect")).await.expect(404);
    }
}
