//! Measurements that are not kept any longer: they go with an entry that says which, and what is left is bound as before.

use super::indicators::active;
use super::measurements::send;
use crate::databases::each;
use crate::harness::{Api, signer};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::connection::SimpleConnection;
use ratchet_domain::access::Role;
use ratchet_persistence::journal::verification::{Scope, verify};
use serde_json::{Value, json};

const MANAGER: Role = Role::IsmsManager;

fn item(api: &Api, indicator: &str, days_ago: i64, value: f64) -> Value {
    let observed_at = api.now() - TimeDelta::days(days_ago);
    json!({ "indicator": indicator, "observed_at": observed_at, "value": value, "note": format!("{value} on a wet day") })
}

/// An indicator that keeps a year and what was measured of it, beside one that keeps everything; the batch of both.
async fn kept_for_a_while(api: &Api) -> (String, String, String) {
    let (some, all) = (active(api).await, active(api).await);
    let both = json!([item(api, &some, 500, 1.0), item(api, &all, 500, 2.0), item(api, &all, 499, 2.5)]);
    let batch = send(api, both).await.expect(201).body["batch_reference"].as_str().unwrap().to_owned();
    send(api, json!([item(api, &some, 500, 1.5)])).await.expect(201);
    send(api, json!([item(api, &some, 450, 7.0), item(api, &some, 10, 3.0)])).await.expect(201);
    api.evaluate().await;
    let manager = api.by(MANAGER).await;
    let path = format!("/v1/indicators/{some}");
    let etag = manager.get(&path).await.expect(200).header("etag").to_owned();
    let amended = manager.patch(&path, &etag, json!({ "retention_days": 400 })).await.expect(200);
    assert_eq!(amended.body["retention_days"], 400);
    (some, all, batch)
}

async fn values(api: &Api, indicator: &str) -> Vec<f64> {
    let path = format!("/v1/indicators/{indicator}/measurements?all=true");
    let answer = api.by(MANAGER).await.get(&path).await.expect(200);
    answer.body["items"].as_array().unwrap().iter().map(|item| item["value"].as_f64().unwrap()).collect()
}

/// What a verification of the database finds.
fn findings(api: &Api) -> Vec<String> {
    let scope = Scope { state: true, ..Scope::default() };
    let report = verify(&scope, &signer().key.verifying_key(), &mut api.database.open()).unwrap();
    report.findings.into_iter().map(|finding| format!("{}: {}", finding.table, finding.fault)).collect()
}

#[tokio::test]
async fn what_is_not_kept_goes_with_an_entry_and_the_rest_is_bound() {
    for database in each() {
        let api = Api::start(database).await;
        let (some, all, batch) = kept_for_a_while(&api).await;
        assert_eq!(api.remove_measurements().await, 2, "the third holds something that is kept");
        assert_eq!(api.remove_measurements().await, 0);
        assert_eq!(values(&api, &some).await, [7.0, 3.0]);
        assert_eq!(values(&api, &all).await, [2.0, 2.5], "another of the same batch");
        let manager = api.by(MANAGER).await;
        let path = format!("/v1/indicators/{some}/measurements");
        let from: DateTime<Utc> =
            manager.get(&path).await.expect(200).body["retained_from"].as_str().unwrap().parse().unwrap();
        assert_eq!((api.now() - from).num_days(), 400);
        let forever = manager.get(&format!("/v1/indicators/{all}/measurements")).await.expect(200);
        assert_eq!(forever.body["retained_from"], Value::Null);

        let path = format!("/v1/measurement-batches/{batch}");
        let shown = manager.get(&path).await.expect(200).body;
        let removed = &shown["removed"][0];
        assert_eq!((&removed["rows"], shown["removed"].as_array().unwrap().len()), (&json!(1), 1));
        assert_eq!(removed["indicator_ids"].as_array().unwrap().len(), 1);
        assert_ne!(removed["left"], shown["digest"]);
        let history = manager.get(&format!("/v1/records/{batch}/history")).await.expect(200);
        assert!(history.text.contains("measurement_batch.rows_removed"), "{}", history.text);

        let rollups = manager.get(&format!("/v1/indicators/{some}/rollups")).await.expect(200);
        let told: Vec<&Value> = rollups.body["items"].as_array().unwrap().iter().map(|item| &item["value"]).collect();
        assert_eq!(told, [1.5, 7.0, 3.0], "days stay");
        let late = send(&api, json!([item(&api, &some, 500, 1.5)])).await.expect(422);
        assert_eq!(late.faults(), ["/0/observed_at not_retained"]);
        api.sequence().await;
        assert_eq!(findings(&api), [] as [String; 0]);
        // What is left of them can still be withdrawn, and hours that have lost rows are left alone.
        manager.post(&format!("{path}/withdraw"), json!({ "reason": "The sensor was wet" })).await.expect(200);
        api.wait(TimeDelta::days(400));
        assert_eq!(api.remove_measurements().await, 1);
        assert_eq!(values(&api, &some).await, [] as [f64; 0]);
        api.sequence().await;
        assert_eq!(findings(&api), [] as [String; 0]);
        let chart = api.by(Role::Auditor).await.get(&format!("/v1/indicators/{some}/chart")).await.expect(200);
        assert_eq!(chart.body["points"].as_array().map_or(0, Vec::len), 0);
    }
}

/// Whatever is kept from then on: days that were counted are not counted again, nor are they forgotten.
#[tokio::test]
async fn what_was_removed_stays_counted_once() {
    for database in each() {
        let api = Api::start(database).await;
        let (some, all) = (active(&api).await, active(&api).await);
        let manager = api.by(MANAGER).await;
        send(&api, json!([item(&api, &some, 500, 1.0), item(&api, &all, 450, 2.0)])).await.expect(201);
        let later = send(&api, json!([item(&api, &some, 470, 77.0), item(&api, &some, 10, 3.0)])).await.expect(201);
        api.evaluate().await;
        let path = format!("/v1/indicators/{some}");
        let keep = async |days: Value| {
            let etag = manager.get(&path).await.expect(200).header("etag").to_owned();
            manager.patch(&path, &etag, json!({ "retention_days": days })).await.expect(200);
        };
        keep(json!(400)).await;
        assert_eq!(api.remove_measurements().await, 1);
        let days = async || {
            let told = manager.get(&format!("{path}/rollups")).await.expect(200);
            let items = told.body["items"].as_array().unwrap().clone();
            items
                .iter()
                .map(|item| (item["value"].as_f64().unwrap(), item["count"].as_i64().unwrap()))
                .collect::<Vec<_>>()
        };
        assert_eq!(days().await, [(1.0, 1), (77.0, 1), (3.0, 1)]);
        let batch = later.body["batch_reference"].as_str().unwrap();
        let slip = json!({ "row": 0, "reason": "A slip" });
        manager.post(&format!("/v1/measurement-batches/{batch}/withdraw-measurement"), slip).await.expect(200);
        assert_eq!(days().await, [(1.0, 1), (3.0, 1)], "the day after those is made anew");
        api.sequence().await;
        assert_eq!(findings(&api), [] as [String; 0]);
        keep(Value::Null).await;
        for value in [1.0, 1.5] {
            let again = send(&api, json!([item(&api, &some, 500, value)])).await.expect(422);
            assert_eq!(again.faults(), ["/0/observed_at not_retained"], "{value}");
        }
        send(&api, json!([item(&api, &some, 498, 5.0)])).await.expect(201);
        assert_eq!(days().await, [(1.0, 1), (5.0, 1), (3.0, 1)]);
        api.sequence().await;
        assert_eq!(findings(&api), [] as [String; 0]);
        api.damage();
        api.database.open().batch_execute("UPDATE measured_indicators SET removed_until = NULL").unwrap();
        let found = findings(&api);
        assert!(found.iter().any(|found| found.starts_with("measured_indicators: ")), "{found:?}");
    }
}

#[tokio::test]
async fn what_goes_without_an_entry_is_found() {
    for statement in [
        "DELETE FROM measurements WHERE value = 2.5",
        "DELETE FROM measurements WHERE value = 3.0",
        "UPDATE measurements SET value = 2.75 WHERE value = 2.5",
        "DELETE FROM measurement_notes WHERE note LIKE '2.5%'",
    ] {
        for database in each() {
            let api = Api::start(database).await;
            kept_for_a_while(&api).await;
            assert_eq!(api.remove_measurements().await, 2);
            api.sequence().await;
            assert_eq!(findings(&api), [] as [String; 0]);
            api.damage();
            api.database.open().batch_execute(statement).unwrap();
            let found = findings(&api);
            assert!(
                found.iter().any(|found| found.starts_with("measurements: the batch's rows")),
                "{statement}: {found:?}"
            );
        }
    }
}

/// What shows that somebody has changed a row is not thrown away.
#[tokio::test]
async fn rows_that_were_changed_stay() {
    for database in each() {
        let api = Api::start(database).await;
        let (some, ..) = kept_for_a_while(&api).await;
        api.damage();
        api.database.open().batch_execute("UPDATE measurements SET value = 1.75 WHERE value = 1.5").unwrap();
        assert_eq!(api.remove_measurements().await, 1, "the other batch");
        assert_eq!(values(&api, &some).await, [1.75, 7.0, 3.0]);
        assert!(findings(&api).iter().any(|found| found.starts_with("measurements: the batch's rows")));
    }
}

#[tokio::test]
async fn how_long_is_a_decision_with_bounds() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let manager = api.by(MANAGER).await;
        let path = format!("/v1/indicators/{indicator}");
        let etag = manager.get(&path).await.expect(200).header("etag").to_owned();
        for days in [0, 399, 36_501] {
            let refused = manager.patch(&path, &etag, json!({ "retention_days": days })).await.expect(422);
            assert_eq!(refused.faults(), ["/retention_days out_of_range"], "{days}");
        }
        manager.patch(&path, &etag, json!({ "retention_days": 400 })).await.expect(200);
        let etag = manager.get(&path).await.expect(200).header("etag").to_owned();
        let emptied = manager.patch(&path, &etag, json!({ "retention_days": null })).await.expect(200);
        assert_eq!(emptied.body["retention_days"], Value::Null);
        // Whoever collects and owns it does not decide what is thrown away.
        let mine = super::indicators::definition(&api.member_id(Role::Member).await);
        let mine = manager.post("/v1/indicators", mine).await.expect(201);
        let path = format!("/v1/indicators/{}", mine.reference());
        let refused =
            api.by(Role::Member).await.patch(&path, mine.header("etag"), json!({ "retention_days": 400 })).await;
        refused.expect(403);
    }
}
