use super::indicators::active;
use super::policies::{establish, history};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// Everything that approval asks for; less than 60 ms within 100 days.
pub async fn definition(api: &Api, indicator: &str) -> Value {
    let policy = establish(api, json!({})).await.expect(201).reference().to_owned();
    json!({
        "title": "Customers do not wait",
        "statement": "The portal answers within 60 ms",
        "policy": policy,
        "owner_id": api.member_id(Role::IsmsManager).await,
        "measure": { "kind": "indicator", "indicator": indicator, "target": 60.0 },
        "due_on": (api.now() + TimeDelta::days(99)).date_naive(),
        "business_goal": "Customers stay",
        "level": "IT",
        "requirements": ["A.8.6"],
        "communicated_to": ["IT"],
        "plan": "Batch jobs read replicas",
        "resources": "Two weeks of one engineer",
        "evaluation": "By the indicator, each month",
    })
}

/// A draft that lacks nothing, measured by an indicator that was never measured.
pub async fn set(api: &Api) -> String {
    let indicator = active(api).await;
    let body = definition(api, &indicator).await;
    api.by(Role::IsmsManager).await.post("/v1/objectives", body).await.expect(201).reference().to_owned()
}

pub async fn act(api: &Api, role: Role, reference: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/objectives/{reference}/{verb}"), body).await
}

/// The indicator says this, now.
async fn measure(api: &Api, indicator: &str, value: f64) {
    super::measurements::send(api, super::measurements::series(api, indicator, &[value])).await.expect(201);
    api.evaluate().await;
}

/// A draft of the manager's that can be approved, from 100 ms to 60 ms within 100 days.
pub async fn measured(api: &Api) -> (String, String) {
    let indicator = active(api).await;
    measure(api, &indicator, 100.0).await;
    let body = definition(api, &indicator).await;
    let made = api.by(Role::IsmsManager).await.post("/v1/objectives", body).await.expect(201);
    (made.reference().to_owned(), indicator)
}

/// An active one.
pub async fn pursued(api: &Api) -> (String, String) {
    let (objective, indicator) = measured(api).await;
    act(api, Role::Management, &objective, "approve", json!({})).await.expect(200);
    (objective, indicator)
}

fn verdict() -> Value {
    json!({ "evidence": "Read off the chart of three months" })
}

#[tokio::test]
async fn from_draft_to_achieved() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let whole = definition(&api, &indicator).await;
        let bare = json!({
            "title": whole["title"], "statement": whole["statement"], "policy": whole["policy"],
            "owner_id": whole["owner_id"],
        });
        let manager = api.by(Role::IsmsManager).await;
        let made = manager.post("/v1/objectives", bare).await.expect(201);
        let reference = made.reference().to_owned();
        assert!(reference.starts_with("OBJ-"), "{reference}");
        assert_eq!((&made.body["state"], &made.body["revision"]), (&json!("draft"), &json!(1)));
        let early = act(&api, Role::Management, &reference, "approve", json!({})).await.expect(409);
        assert_eq!(early.reasons().len(), 7, "{}", early.text);
        let path = format!("/v1/objectives/{reference}");
        manager.patch(&path, made.header("etag"), whole.clone()).await.expect(200);
        let silent = act(&api, Role::Management, &reference, "approve", json!({})).await.expect(409);
        assert_eq!(silent.reasons(), ["no_baseline"]);
        measure(&api, &indicator, 100.0).await;
        act(&api, Role::IsmsManager, &reference, "approve", json!({})).await.expect(403);
        let approved = act(&api, Role::Management, &reference, "approve", json!({})).await.expect(200);
        assert_eq!(approved.body["state"], "active");
        assert_eq!(
            (&approved.body["measure"]["baseline"], &approved.body["measure"]["target"]),
            (&json!(100.0), &json!(60.0))
        );
        assert_eq!(approved.body["approval"]["by"], api.member_id(Role::Management).await);
        let moved = manager.patch(&path, "*", json!({ "due_on": null, "level": "Platform" })).await.expect(422);
        assert_eq!(moved.faults(), ["/due_on not_in_this_stage", "/due_on needed_while_active"]);
        manager.patch(&path, "*", json!({ "level": "Platform" })).await.expect(200);
        let disagrees = act(&api, Role::IsmsManager, &reference, "achieve", verdict()).await.expect(409);
        assert_eq!(disagrees.reasons(), ["indicator_disagrees"]);
        api.wait(TimeDelta::days(30));
        let silent = act(&api, Role::IsmsManager, &reference, "achieve", verdict()).await.expect(409);
        assert_eq!(silent.reasons(), ["indicator_silent"]);
        measure(&api, &indicator, 60.0).await;
        let achieved = act(&api, Role::IsmsManager, &reference, "achieve", verdict()).await.expect(200);
        assert_eq!((&achieved.body["state"], &achieved.body["verdict"]["value"]), (&json!("achieved"), &json!(60.0)));
        let trace = api.by(Role::Auditor).await.get(&format!("/v1/records/{reference}/trace")).await.expect(200);
        let relations: Vec<&str> =
            trace.body["edges"].as_array().unwrap().iter().map(|edge| edge["relation"].as_str().unwrap()).collect();
        assert!(relations.contains(&"verified_by") && relations.contains(&"relates_to"), "{relations:?}");
    }
}

#[tokio::test]
async fn progress_is_held_against_the_way_and_the_trend() {
    for database in each() {
        let api = Api::start(database).await;
        let (reference, indicator) = pursued(&api).await;
        let path = format!("/v1/objectives/{reference}/progress");
        let progress = async || api.by(Role::Auditor).await.get(&path).await.expect(200).body;
        let start = progress().await;
        assert_eq!(
            (&start["share"], &start["outlook"], &start["forecast"]),
            (&json!(0.0), &json!("on_track"), &Value::Null)
        );
        // Half the time has gone: 80 is the way. Each day a little less, as the way asks for or not.
        api.wait(TimeDelta::days(50));
        let days = |from: f64, slope: f64| -> Value {
            let day = |n: i32| {
                let at = api.now() - TimeDelta::days(i64::from(50 - n));
                json!({ "indicator": indicator, "observed_at": at, "value": from + slope * f64::from(n) })
            };
            (1..=50).map(day).collect()
        };
        for (from, slope, outlook, value) in [
            (100.0, -0.6, "on_track", 70.0),
            (100.0, -0.1, "off_track", 95.0),
            (75.0, 0.0, "at_risk", 75.0),
            (120.0, -0.7, "at_risk", 85.0),
        ] {
            super::measurements::send(&api, days(from, slope)).await.expect(201);
            api.evaluate().await;
            let now = progress().await;
            assert_eq!(now["outlook"], outlook, "{now}");
            let close = |field: &str, expected: f64| {
                let told = now[field].as_f64().unwrap();
                assert!((told - expected).abs() < 0.5, "{field}: {told}, not {expected}");
            };
            close("value", value);
            close("expected", 80.0);
            assert!((now["share"].as_f64().unwrap() - (100.0 - value) / 40.0).abs() < 0.01, "{now}");
            assert!((now["forecast"]["slope_per_day"].as_f64().unwrap() - slope).abs() < 0.02, "{now}");
        }
        assert!(progress().await["forecast"]["reaches_on"].is_string());
        assert_eq!(progress().await["unit"], "ms");
        api.wait(TimeDelta::days(60));
        assert_eq!(progress().await["outlook"], "off_track", "its time is over");
        // A draft has no way yet.
        let draft = set(&api).await;
        let none = api.by(Role::Auditor).await.get(&format!("/v1/objectives/{draft}/progress")).await.expect(200);
        assert_eq!((&none.body["outlook"], &none.body["share"]), (&Value::Null, &Value::Null));
    }
}

/// Of a series that is longer than 20,000 measurements the newest 20,000: here two weeks of one a minute, each day less by 1,
/// after a week in which nothing moved.
#[tokio::test]
async fn the_trend_of_a_long_series_is_that_of_its_newest_part() {
    for database in each() {
        let api = Api::start(database).await;
        let (reference, indicator) = pursued(&api).await;
        api.wait(TimeDelta::days(25));
        let value = |minutes: i32| 70.0 + f64::from(minutes.min(20_000)) / 1_440.0;
        for from in [0, 10_000, 20_000] {
            let items: Value = (from..from + 10_000)
                .map(|n| {
                    let observed_at = api.now() - TimeDelta::minutes(n.into());
                    json!({ "indicator": indicator, "observed_at": observed_at, "value": value(n) })
                })
                .collect();
            super::measurements::send(&api, items).await.expect(201);
        }
        api.evaluate().await;
        let path = format!("/v1/objectives/{reference}/progress");
        let told = api.by(Role::Auditor).await.get(&path).await.expect(200).body;
        assert_eq!(told["value"], json!(70.0));
        let slope = told["forecast"]["slope_per_day"].as_f64().unwrap();
        assert!((slope + 1.0).abs() < 0.001, "{told}");
    }
}

#[tokio::test]
async fn moving_the_goalposts_shows_and_needs_approval() {
    for database in each() {
        let api = Api::start(database).await;
        let (reference, indicator) = pursued(&api).await;
        let same = act(&api, Role::IsmsManager, &reference, "revise", json!({ "reason": "x" })).await.expect(422);
        assert_eq!(same.faults(), [" unchanged"]);
        let softer = json!({
            "measure": { "kind": "indicator", "indicator": indicator, "target": 80.0 },
            "reason": "The new platform comes next year",
        });
        act(&api, Role::Management, &reference, "revise", softer.clone()).await.expect(403);
        let proposed = act(&api, Role::IsmsManager, &reference, "revise", softer.clone()).await.expect(200);
        assert_eq!(proposed.body["state"], "revising");
        assert_eq!(proposed.body["measure"]["target"], 60.0, "what holds, holds");
        assert_eq!(proposed.body["proposal"]["measure"]["target"], 80.0);
        act(&api, Role::IsmsManager, &reference, "approve", json!({})).await.expect(403);
        let kept = act(&api, Role::Management, &reference, "reject", json!({ "reason": "Not yet" })).await.expect(200);
        assert_eq!((&kept.body["state"], &kept.body["proposal"]), (&json!("active"), &Value::Null));
        act(&api, Role::IsmsManager, &reference, "revise", softer).await.expect(200);
        let revised = act(&api, Role::Management, &reference, "approve", json!({})).await.expect(200);
        assert_eq!((&revised.body["revision"], &revised.body["measure"]["target"]), (&json!(2), &json!(80.0)));
        assert_eq!(revised.body["measure"]["baseline"], 100.0, "the way starts where it started");
        assert_eq!(revised.body["revisions"][0]["measure"]["target"], 60.0);
        assert_eq!(revised.body["revisions"][0]["reason"], "The new platform comes next year");
        let happened = history(&api, &reference).await;
        assert_eq!(
            happened[2..],
            [
                "objective.revision_proposed",
                "objective.revision_rejected",
                "objective.revision_proposed",
                "objective.approved"
            ]
        );
    }
}

#[tokio::test]
async fn what_cannot_be_measured_is_judged_by_somebody_else() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let mut body = definition(&api, &indicator).await;
        body["measure"] = json!({ "kind": "qualitative", "criterion": "The auditors name no gap" });
        let manager = api.by(Role::IsmsManager).await;
        let reference = manager.post("/v1/objectives", body).await.expect(201).reference().to_owned();
        act(&api, Role::Management, &reference, "approve", json!({})).await.expect(200);
        let own = act(&api, Role::IsmsManager, &reference, "achieve", verdict()).await.expect(409);
        assert_eq!(own.reasons(), ["separation_of_duties"]);
        let progress = manager.get(&format!("/v1/objectives/{reference}/progress")).await.expect(200);
        assert_eq!(progress.body["outlook"], Value::Null);
        let achieved = act(&api, Role::Management, &reference, "achieve", verdict()).await.expect(200);
        assert_eq!(achieved.body["verdict"]["value"], Value::Null);
    }
}

#[tokio::test]
async fn the_owner_does_not_approve_it_but_with_a_documented_exception() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        measure(&api, &indicator, 100.0).await;
        let mut body = definition(&api, &indicator).await;
        body["owner_id"] = json!(api.member_id(Role::Management).await);
        let reference =
            api.by(Role::IsmsManager).await.post("/v1/objectives", body).await.expect(201).reference().to_owned();
        let excuse = json!({ "exception_reason": "There are two of us" });
        let alone = act(&api, Role::Management, &reference, "approve", excuse.clone()).await.expect(409);
        assert_eq!(alone.reasons(), ["separation_of_duties"]);
        let management = api.by(Role::Management).await;
        let settings = management.get("/v1/settings").await.expect(200);
        let settings = settings.body["items"][0]["reference"].as_str().unwrap();
        let until = (api.now() + TimeDelta::days(30)).date_naive();
        let relax =
            json!({ "rule": "objective_approver", "compensating_control": "The board reads it", "until": until });
        management.post(&format!("/v1/settings/{settings}/relax-separation"), relax).await.expect(200);
        let approved = act(&api, Role::Management, &reference, "approve", excuse).await.expect(200);
        assert_eq!(approved.body["exceptions"][0]["rule"], "objective_approver");
    }
}

#[tokio::test]
async fn its_time_ends_once_and_then_it_is_missed() {
    for database in each() {
        let api = Api::start(database).await;
        let (reference, _) = pursued(&api).await;
        let early = act(&api, Role::Management, &reference, "miss", verdict()).await.expect(409);
        assert_eq!(early.reasons(), ["too_early"]);
        let listed = async |role| {
            let work = api.by(role).await.get("/v1/me/work").await.expect(200);
            work.body["items"].as_array().unwrap().iter().any(|item| item["reference"] == reference.as_str())
        };
        assert!(listed(Role::IsmsManager).await && !listed(Role::Management).await);
        api.wait(TimeDelta::days(101));
        api.wake().await;
        api.wake().await;
        assert_eq!(history(&api, &reference).await[2..], ["objective.fell_due"]);
        assert!(listed(Role::Management).await, "it waits for a verdict");
        let missed = act(&api, Role::Management, &reference, "miss", verdict()).await.expect(200);
        assert_eq!(missed.body["state"], "missed");
        assert!(!listed(Role::Management).await);
    }
}

#[tokio::test]
async fn faults_are_named() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let whole = definition(&api, &indicator).await;
        let manager = api.by(Role::IsmsManager).await;
        let stranger = api.stranger(Role::Member).await.get("/v1/me").await.body["member_id"].clone();
        let past = (api.now() - TimeDelta::days(1)).date_naive();
        for (field, value, fault) in [
            ("title", json!(" "), "/title blank"),
            ("statement", json!("x".repeat(10_001)), "/statement too_long"),
            ("policy", json!("POL-2026-0999"), "/policy unknown_record"),
            ("policy", json!(indicator), "/policy unknown_record"),
            ("owner_id", stranger, "/owner_id unknown_member"),
            ("due_on", json!(past), "/due_on out_of_range"),
            ("requirements", json!(["6.99"]), "/requirements/0 unknown_requirement"),
            ("communicated_to", json!(["IT", "IT"]), "/communicated_to/1 duplicate"),
            (
                "measure",
                json!({ "kind": "indicator", "indicator": "IND-2026-0999", "target": 1.0 }),
                "/measure/indicator unknown_record",
            ),
            (
                "measure",
                json!({ "kind": "indicator", "indicator": indicator, "target": 1e200 }),
                "/measure/target not_finite",
            ),
            ("measure", json!({ "kind": "qualitative", "criterion": " " }), "/measure/criterion blank"),
            ("state", json!("active"), "/state unknown_field"),
        ] {
            let mut body = whole.clone();
            body[field] = value;
            assert_eq!(manager.post("/v1/objectives", body).await.expect(422).faults(), [fault]);
        }
    }
}

#[tokio::test]
async fn given_up_with_a_reason_and_found_by_its_filters() {
    for database in each() {
        let api = Api::start(database).await;
        let (pursued, indicator) = pursued(&api).await;
        let draft = set(&api).await;
        let reason = json!({ "reason": "The site was sold" });
        let gone = act(&api, Role::Management, &draft, "abandon", reason).await.expect(200);
        assert_eq!(
            (&gone.body["state"], &gone.body["abandoned_because"]),
            (&json!("abandoned"), &json!("The site was sold"))
        );
        let auditor = api.by(Role::Auditor).await;
        let id = auditor.get(&format!("/v1/indicators/{indicator}")).await.expect(200).body["id"].clone();
        for query in [
            format!("indicator={}", id.as_str().unwrap()),
            "state=active,revising".into(),
            "sort=due_on&limit=1".into(),
        ] {
            let found = auditor.get(&format!("/v1/objectives?{query}")).await.expect(200);
            assert_eq!(found.body["items"][0]["reference"], pursued.as_str(), "{query}");
            assert_eq!(found.body["items"].as_array().unwrap().len(), 1, "{query}");
        }
        let action = super::actions::plan(&api, &pursued).await.expect(201);
        assert_eq!(action.body["parent"]["kind"], "objective");
        assert_eq!(super::actions::plan(&api, &draft).await.expect(409).reasons(), ["takes_no_actions"]);
    }
}
