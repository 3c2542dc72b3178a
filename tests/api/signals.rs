use super::indicators::active;
use super::measurements::{send, series};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

async fn measure(api: &Api, indicator: &str, values: &[f64]) {
    send(api, series(api, indicator, values)).await.expect(201);
    api.evaluate().await;
}

async fn signals(api: &Api, query: &str) -> Vec<Value> {
    let answer = api.by(Role::IsmsManager).await.get(&format!("/v1/signals?sort=reference{query}")).await.expect(200);
    answer.body["items"].as_array().unwrap().clone()
}

async fn act(api: &Api, reference: &str, verb: &str, body: Value) -> Answer {
    api.by(Role::IsmsManager).await.post(&format!("/v1/signals/{reference}/{verb}"), body).await
}

/// A signal of an indicator that opens no case by itself.
pub async fn raised(api: &Api) -> String {
    let indicator = active(api).await;
    measure(api, &indicator, &[150.0]).await;
    signals(api, &format!("&indicator={indicator}")).await.last().unwrap()["reference"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_critical_breach_opens_one_case_however_often_it_repeats() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        measure(&api, &indicator, &[40.0, 250.0, 260.0]).await;
        api.wait(TimeDelta::minutes(10));
        measure(&api, &indicator, &[270.0]).await;
        let found = signals(&api, "&kind=critical").await;
        assert_eq!(found.len(), 1);
        assert_eq!(found[0]["occurrences"], 3);
        assert_eq!(found[0]["first"]["value"], 250.0);
        assert_eq!(found[0]["last"]["value"], 270.0);
        assert_eq!(found[0]["state"], "linked");
        let manager = api.by(Role::IsmsManager).await;
        let cases = manager.get("/v1/nonconformities?count=true").await.expect(200);
        assert_eq!(cases.body["total"], 1);
        assert_eq!(cases.body["items"][0]["id"], found[0]["case_id"]);
        assert_eq!(cases.body["items"][0]["source"], "indicator");
        api.wait(TimeDelta::minutes(10));
        measure(&api, &indicator, &[40.0]).await;
        let found = signals(&api, "&kind=critical").await;
        assert_eq!(found[0]["state"], "cleared");
        assert_eq!(found[0]["cleared_by"]["value"], 40.0);
        // While the case is open a new breach belongs to it.
        api.wait(TimeDelta::minutes(10));
        measure(&api, &indicator, &[300.0]).await;
        let found = signals(&api, "&kind=critical").await;
        assert_eq!(found.len(), 2);
        assert_eq!(found[1]["case_id"], found[0]["case_id"]);
        let manager = api.by(Role::IsmsManager).await;
        assert_eq!(manager.get("/v1/nonconformities?count=true").await.expect(200).body["total"], 1);
        let evaluation = manager.get(&format!("/v1/indicators/{indicator}/evaluation")).await.expect(200);
        assert_eq!(evaluation.body["status"], "critical");
    }
}

#[tokio::test]
async fn people_look_at_signals() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = raised(&api).await;
        let seen = act(&api, &reference, "acknowledge", json!({})).await.expect(200);
        assert_eq!(seen.body["state"], "acknowledged");
        let nowhere = act(&api, &reference, "link", json!({ "case": "NC-2026-0999" })).await.expect(422);
        assert_eq!(nowhere.faults(), ["/case unknown_record"]);
        let case = super::nonconformities::raise(&api).await;
        let linked = act(&api, &reference, "link", json!({ "case": case })).await.expect(200);
        assert_eq!(linked.body["state"], "linked");
        let late = act(&api, &reference, "dismiss", json!({ "reason": "Announced" })).await.expect(409);
        assert_eq!(late.reasons(), ["wrong_state"]);
        let other = raised(&api).await;
        let blank = act(&api, &other, "dismiss", json!({ "reason": " " })).await.expect(422);
        assert_eq!(blank.faults(), ["/reason blank"]);
        let dismissed = act(&api, &other, "dismiss", json!({ "reason": "Announced maintenance" })).await;
        assert_eq!(dismissed.expect(200).body["state"], "dismissed");
        assert_eq!(signals(&api, "&open=true").await.len(), 2, "both still are");
    }
}

#[tokio::test]
async fn what_nobody_has_looked_at_is_work() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = raised(&api).await;
        // Its indicator waits for an analysis, too.
        let work = async || {
            let list = api.by(Role::IsmsManager).await.get("/v1/me/work").await.expect(200);
            let items = list.body["items"].as_array().unwrap().clone();
            items.into_iter().filter(|item| item["kind"] == "signal").collect::<Vec<_>>()
        };
        let items = work().await;
        assert_eq!((items.len(), &items[0]["reference"]), (1, &json!(reference)));
        assert_eq!(items[0]["title"], "Request latency of the customer portal");
        act(&api, &reference, "acknowledge", json!({})).await.expect(200);
        assert!(work().await.is_empty());
    }
}

#[tokio::test]
async fn absence_is_a_signal_too() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        measure(&api, &indicator, &[40.0]).await;
        api.wait(TimeDelta::minutes(89));
        api.evaluate().await;
        assert!(signals(&api, "").await.is_empty());
        api.wait(TimeDelta::minutes(2));
        api.evaluate().await;
        api.wait(TimeDelta::minutes(60));
        api.evaluate().await;
        let found = signals(&api, "").await;
        assert_eq!(found.len(), 1);
        assert_eq!((&found[0]["kind"], &found[0]["occurrences"]), (&json!("stale"), &json!(1)));
        measure(&api, &indicator, &[40.0]).await;
        assert_eq!(signals(&api, "").await[0]["state"], "cleared");
    }
}

#[tokio::test]
async fn the_journal_holds_what_the_worker_did() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        measure(&api, &indicator, &[250.0]).await;
        let reference = signals(&api, "").await[0]["reference"].as_str().unwrap().to_owned();
        api.sequence().await;
        let manager = api.by(Role::IsmsManager).await;
        let history = manager.get(&format!("/v1/records/{reference}/history")).await.expect(200);
        let did = |n: usize| (history.body["items"][n]["action"].clone(), history.body["items"][n]["actor"].clone());
        let worker = json!({ "kind": "evaluation", "id": null, "on_behalf_of": null });
        assert_eq!(did(0), (json!("signal.raised"), worker.clone()));
        assert_eq!(did(1), (json!("signal.linked"), worker));
    }
}
