//! The indicators that a treatment and an action are to move: named with them, compared as those of a change are, frozen with
//! the verdict.

use super::actions::{case, plan};
use super::indicators::active;
use super::measurements::{send, series};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

const MANAGER: Role = Role::IsmsManager;

async fn post(api: &Api, role: Role, path: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/{path}"), body).await
}

async fn amend(api: &Api, path: &str, body: Value) -> Answer {
    api.by(MANAGER).await.patch(&format!("/v1/{path}"), "*", body).await
}

async fn effect(api: &Api, path: &str) -> Value {
    api.by(Role::Auditor).await.get(&format!("/v1/{path}/effect")).await.expect(200).body
}

/// The medians on either side, of the one series.
fn medians(effect: &Value) -> (Value, Value) {
    let [one] = effect["series"].as_array().unwrap().as_slice() else { panic!("{effect}") };
    (one["before"]["median"].clone(), one["after"]["median"].clone())
}

/// Measured before and after what is done meanwhile.
async fn measured(api: &Api, indicator: &str, values: &[f64]) {
    send(api, series(api, indicator, values)).await.expect(201);
    api.wait(TimeDelta::days(1));
}

#[tokio::test]
async fn a_nonconformity_is_judged_by_what_it_is_to_move() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let case = case(&api).await;
        let path = format!("nonconformities/{case}");
        let unknown = amend(&api, &path, json!({ "indicators": ["IND-2026-0099"] })).await.expect(422);
        assert_eq!(unknown.faults(), ["/indicators/0 unknown_record"]);
        let named = amend(&api, &path, json!({ "indicators": [indicator] })).await.expect(200);
        assert_eq!(named.body["indicator_ids"].as_array().unwrap().len(), 1);
        measured(&api, &indicator, &[90.0, 91.0, 92.0, 93.0]).await;
        assert_eq!(effect(&api, &path).await, json!({ "state": "confirmed", "frozen": false, "effect": null }));
        let analysis = json!({ "method": "other", "root_causes": ["No agent"], "similar": "None" });
        post(&api, MANAGER, &format!("{path}/analyse"), analysis).await.expect(200);
        let day = api.now().date_naive();
        let no_action = json!({ "response": "no_action", "justification": "It is gone", "check_on": day });
        post(&api, MANAGER, &format!("{path}/plan"), no_action).await.expect(200);
        api.wait(TimeDelta::days(1));
        measured(&api, &indicator, &[42.0, 43.0, 44.0, 45.0]).await;
        let now = effect(&api, &path).await;
        assert_eq!((&now["state"], &now["frozen"]), (&json!("verifying"), &json!(false)));
        assert_eq!(medians(&now["effect"]), (json!(91.5), json!(43.5)));
        let verdict = json!({ "effective": true, "criterion": "Latency", "evidence": "Half of it" });
        // The judge may name other days, and still none of the indicators.
        let mut other = verdict.clone();
        let day = |days: i64| (api.now() - TimeDelta::days(days)).date_naive();
        other["comparison"] =
            json!({ "before": { "first": day(5), "last": day(2) }, "after": { "first": day(1), "last": day(0) } });
        let tried = post(&api, Role::Auditor, &format!("{path}/verify?dry_run=true"), other).await.expect(200);
        assert_eq!(medians(&tried.body["verdict"]["effect"]), (json!(91.5), json!(43.5)));
        let judged = post(&api, Role::Auditor, &format!("{path}/verify"), verdict).await.expect(200);
        assert_eq!(judged.body["verdict"]["effect"], now["effect"]);
        // What comes late does not move it.
        let late = api.now() - TimeDelta::hours(3);
        send(&api, json!([{ "indicator": indicator, "observed_at": late, "value": 300.0 }])).await.expect(201);
        let frozen = effect(&api, &path).await;
        assert_eq!((&frozen["frozen"], &frozen["effect"]), (&json!(true), &now["effect"]));
        api.by(Role::Member).await.get(&format!("/v1/{path}/effect")).await.expect(200);
        api.stranger(MANAGER).await.get(&format!("/v1/{path}/effect")).await.expect(404);
    }
}

#[tokio::test]
async fn an_action_is_verified_by_what_it_is_to_move() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let case = case(&api).await;
        measured(&api, &indicator, &[90.0, 91.0, 92.0, 93.0]).await;
        let body = json!({
            "parent": case, "title": "Move the export", "kind": "corrective", "indicators": [indicator],
            "assignee_id": api.member_id(Role::Member).await, "due_on": (api.now() + TimeDelta::days(7)).date_naive(),
        });
        let action = post(&api, MANAGER, "actions", body).await.expect(201);
        assert_eq!(action.body["indicator_ids"].as_array().unwrap().len(), 1);
        let path = format!("actions/{}", action.reference());
        api.wait(TimeDelta::hours(1));
        // While it is worked on is neither before nor after.
        measured(&api, &indicator, &[70.0]).await;
        assert_eq!(effect(&api, &path).await, json!({ "state": "open", "frozen": false, "effect": null }));
        post(&api, Role::Member, &format!("{path}/complete"), json!({ "summary": "A replica" })).await.expect(200);
        api.wait(TimeDelta::days(1));
        measured(&api, &indicator, &[42.0, 43.0, 44.0, 45.0]).await;
        let now = effect(&api, &path).await;
        assert_eq!(medians(&now["effect"]), (json!(91.5), json!(43.5)));
        assert_eq!(now["effect"]["series"][0]["tendency"], "better");
        let seen = json!({ "evidence": "The chart" });
        let verified = post(&api, Role::Auditor, &format!("{path}/verify"), seen.clone()).await.expect(200);
        assert_eq!(verified.body["verification"]["effect"], now["effect"]);
        assert_eq!(effect(&api, &path).await["frozen"], true);
        // Without any nothing is compared, unless the judge names some.
        let bare = format!("actions/{}", plan(&api, &case).await.expect(201).reference());
        post(&api, Role::Member, &format!("{bare}/complete"), json!({ "summary": "Told" })).await.expect(200);
        assert_eq!(effect(&api, &bare).await["effect"], Value::Null);
        let day = |days: i64| (api.now() - TimeDelta::days(days)).date_naive();
        let mut asked = seen.clone();
        asked["comparison"] =
            json!({ "before": { "first": day(5), "last": day(2) }, "after": { "first": day(1), "last": day(0) } });
        let none = post(&api, Role::Auditor, &format!("{bare}/verify"), asked).await.expect(422);
        assert_eq!(none.faults(), ["/comparison/indicators length"]);
        let verified = post(&api, Role::Auditor, &format!("{bare}/verify"), seen).await.expect(200);
        assert_eq!(verified.body["verification"]["effect"], Value::Null);
    }
}

/// What a signal opens is to move that signal's indicator.
#[tokio::test]
async fn the_case_of_a_signal_is_to_move_its_indicator() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        send(&api, series(&api, &indicator, &[250.0])).await.expect(201);
        api.evaluate().await;
        let manager = api.by(MANAGER).await;
        let id = manager.get(&format!("/v1/indicators/{indicator}")).await.expect(200).body["id"].clone();
        let cases = manager.get("/v1/nonconformities").await.expect(200);
        assert_eq!(cases.body["items"][0]["indicator_ids"], json!([id]));
    }
}
