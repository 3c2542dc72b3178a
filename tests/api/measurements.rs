use super::indicators::active;
use crate::databases::each;
use crate::harness::{Answer, Api, signer};
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use ratchet_domain::access::Role;
use ratchet_persistence::connection::Address;
use ratchet_persistence::journal::verification::{Scope, verify};
use reqwest::Method;
use serde_json::{Value, json};

/// Values a minute apart, the last one now.
pub fn series(api: &Api, indicator: &str, values: &[f64]) -> Value {
    let last = i32::try_from(values.len()).unwrap() - 1;
    let item = |(n, value): (i32, &f64)| {
        let observed_at = api.now() - TimeDelta::minutes(1) * (last - n);
        json!({ "indicator": indicator, "observed_at": observed_at, "value": value })
    };
    (0..).zip(values).map(item).collect()
}

pub async fn send(api: &Api, items: Value) -> Answer {
    api.by(Role::IsmsManager).await.post("/v1/measurements", items).await
}

async fn send_as(api: &Api, path: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let manager = api.by(Role::IsmsManager).await;
    let request = manager.request(Method::POST, path).header("content-type", media_type);
    manager.send(request.body(body.into())).await
}

async fn values(api: &Api, indicator: &str, query: &str) -> Vec<f64> {
    let path = format!("/v1/indicators/{indicator}/measurements{query}");
    let answer = api.by(Role::IsmsManager).await.get(&path).await.expect(200);
    answer.body["items"].as_array().unwrap().iter().map(|item| item["value"].as_f64().unwrap()).collect()
}

#[tokio::test]
async fn known_ones_are_counted_and_changed_ones_kept_beside_the_old() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let first = send(&api, series(&api, &indicator, &[1.0, 2.0, 3.0])).await.expect(201);
        assert_eq!(first.body["counts"], json!({ "accepted": 3, "duplicates": 0, "corrections": 0, "refused": 0 }));
        assert!(!first.header("journal-entry").is_empty());
        let again = send(&api, series(&api, &indicator, &[1.0, 2.0, 3.0])).await.expect(200);
        assert_eq!(again.body["duplicates"], json!([0, 1, 2]));
        assert_eq!(again.body["batch_id"], Value::Null);
        let changed = send(&api, series(&api, &indicator, &[1.0, 9.5, 3.0])).await.expect(201);
        assert_eq!(changed.body["corrections"], json!([1]));
        assert_eq!(values(&api, &indicator, "").await, [1.0, 9.5, 3.0]);
        assert_eq!(values(&api, &indicator, "?all=true").await, [1.0, 2.0, 9.5, 3.0]);
        let reason = json!({ "reason": "The sensor was broken" });
        let batch = changed.body["batch_reference"].as_str().unwrap();
        let manager = api.by(Role::IsmsManager).await;
        let withdrawn = manager.post(&format!("/v1/measurement-batches/{batch}/withdraw"), reason).await.expect(200);
        assert_eq!(withdrawn.body["state"], "withdrawn");
        assert_eq!(withdrawn.body["withdrawn_by"], json!(api.member_id(Role::IsmsManager).await));
        assert_eq!(withdrawn.body["withdrawn_at"], json!(api.now()));
        assert_eq!(values(&api, &indicator, "").await, [1.0, 3.0]);
    }
}

/// One measurement of many: it is out of the chart and of the evaluation, kept, and said to be so; sent again it counts.
#[tokio::test]
async fn one_measurement_is_withdrawn_and_what_is_left_is_judged_anew() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let items = series(&api, &indicator, &[1.0, 2.0, 1e6]);
        let sent = send(&api, items.clone()).await.expect(201);
        let batch = format!("/v1/measurement-batches/{}", sent.body["batch_reference"].as_str().unwrap());
        api.evaluate().await;
        let manager = api.by(Role::IsmsManager).await;
        let judged = async || {
            let told = manager.get(&format!("/v1/indicators/{indicator}/evaluation")).await.expect(200).body;
            (told["status"].clone(), told["series"][0]["value"].clone())
        };
        assert_eq!(judged().await, (json!("critical"), json!(1e6)));
        let rows = manager.get(&format!("/v1/indicators/{indicator}/measurements")).await.expect(200);
        let row = rows.body["items"][2]["row"].as_i64().unwrap();
        let strike = async |row: i64, reason: &str| {
            let body = json!({ "row": row, "reason": reason });
            manager.post(&format!("{batch}/withdraw-measurement"), body).await
        };
        assert_eq!(strike(7, " ").await.expect(422).faults(), ["/row unknown_row", "/reason blank"]);
        assert_eq!(strike(-1, "x").await.expect(422).faults(), ["/row unknown_row"]);
        let struck = strike(row, "The sensor was wet").await.expect(200);
        assert_eq!(struck.body["state"], "recorded");
        let withdrawn = &struck.body["withdrawn_rows"][0];
        assert_eq!((&withdrawn["row"], &withdrawn["reason"]), (&json!(row), &json!("The sensor was wet")));
        assert_eq!(withdrawn["by"], json!(api.member_id(Role::IsmsManager).await));
        let listed = manager.get("/v1/measurement-batches").await.expect(200).body["items"][0].clone();
        assert_eq!((&listed["withdrawn_row_count"], listed.get("withdrawn_rows")), (&json!(1), None));
        let alone = manager.get(&batch).await.expect(200).body;
        assert_eq!((&alone["withdrawn_row_count"], &alone["withdrawn_rows"][0]), (&json!(1), withdrawn));
        assert_eq!(values(&api, &indicator, "").await, [1.0, 2.0]);
        assert_eq!(values(&api, &indicator, "?all=true").await, [1.0, 2.0, 1e6]);
        assert_eq!(judged().await, (json!("on_target"), json!(2.0)), "judged by what is left");
        assert_eq!(strike(row, "Again").await.expect(409).reasons(), ["does_not_count"]);
        // What has taken its place is another row, of another batch.
        let again = send(&api, items).await.expect(201);
        assert_eq!(again.body["counts"]["accepted"], 1);
        assert_eq!(values(&api, &indicator, "").await, [1.0, 2.0, 1e6]);
        assert_eq!(strike(row, "Again").await.expect(409).reasons(), ["does_not_count"]);
        let whole = json!({ "reason": "Another feed" });
        manager.post(&format!("{batch}/withdraw"), whole).await.expect(200);
        assert_eq!(values(&api, &indicator, "").await, [1e6]);
        assert_eq!(strike(0, "Late").await.expect(409).reasons(), ["wrong_state"]);
    }
}

/// What waits for its evaluation when others are withdrawn is walked all the same, in order: none of it is late.
#[tokio::test]
async fn what_waits_is_walked_whatever_is_withdrawn_before() {
    for database in each() {
        let api = Api::start(database).await;
        for verb in ["withdraw", "withdraw-measurement"] {
            for is_evaluated in [true, false] {
                let indicator = active(&api).await;
                let at = |minutes, value: f64| {
                    let observed_at = api.now() - TimeDelta::minutes(minutes);
                    json!({ "indicator": indicator, "observed_at": observed_at, "value": value })
                };
                send(&api, json!([at(50, 30.0)])).await.expect(201);
                let other = send(&api, json!([at(40, 20.0), at(30, 40.0)])).await.expect(201);
                if is_evaluated {
                    api.evaluate().await;
                }
                send(&api, json!([at(20, 900.0)])).await.expect(201);
                send(&api, json!([at(10, 10.0)])).await.expect(201);
                let other = other.body["batch_reference"].as_str().unwrap();
                let mut why = json!({ "reason": "The sensor was wet" });
                if verb == "withdraw-measurement" {
                    why["row"] = json!(1);
                }
                let manager = api.by(Role::IsmsManager).await;
                manager.post(&format!("/v1/measurement-batches/{other}/{verb}"), why).await.expect(200);
                let judged = async || {
                    let told = manager.get(&format!("/v1/indicators/{indicator}/evaluation")).await.expect(200).body;
                    told["series"][0]["value"].clone()
                };
                let left = match (is_evaluated, verb) {
                    (true, "withdraw") => json!(30.0),
                    (true, _) => json!(20.0),
                    (false, _) => Value::Null,
                };
                assert_eq!(judged().await, left, "{verb} {is_evaluated}: judged by what has been walked");
                api.evaluate().await;
                assert_eq!(judged().await, json!(10.0), "{verb} {is_evaluated}");
                let path = format!("/v1/signals?kind=critical&indicator={indicator}");
                let raised = manager.get(&path).await.expect(200).body["items"].clone();
                let told = (&raised[0]["first"]["value"], &raised[0]["cleared_by"]["value"]);
                assert_eq!(told, (&json!(900.0), &json!(10.0)), "{verb} {is_evaluated}: {raised}");
            }
        }
    }
}

#[tokio::test]
async fn good_items_are_kept_and_bad_ones_listed() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let draft = super::indicators::define(&api).await.reference().to_owned();
        let now = api.now();
        let items = json!([
            { "indicator": indicator, "observed_at": now, "value": 1.0 },
            { "indicator": "IND-2026-0999", "observed_at": now, "value": 1.0 },
            { "indicator": draft, "observed_at": now, "value": 1.0 },
            { "observed_at": now, "value": 1.0 },
            { "indicator": indicator, "value": 1.0 },
            { "indicator": indicator, "observed_at": now + TimeDelta::days(2), "value": 1.0 },
            { "indicator": indicator, "observed_at": "1969-12-31T23:59:59Z", "value": 1.0 },
            { "indicator": indicator, "observed_at": now, "numerator": 1.0, "denominator": 0.0 },
            { "indicator": indicator, "observed_at": now, "value": "NaN" },
            { "indicator": indicator, "observed_at": now, "value": 1e300 },
            { "indicator": indicator, "observed_at": "yesterday", "value": 1.0 },
            { "indicator": indicator, "observed_at": now, "value": 1.0, "colour": "red" },
            { "indicator": indicator, "observed_at": now, "value": 1.0, "dimensions": { "a b": "c" } },
        ]);
        let answer = send(&api, items.clone()).await.expect(201);
        let refused: Vec<String> = answer.body["refused"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| {
                format!("{} {} {}", item["index"], item["pointer"].as_str().unwrap(), item["code"].as_str().unwrap())
            })
            .collect();
        assert_eq!(
            refused,
            [
                "1 /indicator unknown_record",
                "2 /indicator not_active",
                "3 /indicator required",
                "4 /observed_at required",
                "5 /observed_at in_the_future",
                "6 /observed_at before_1970",
                "7 /value value_kind",
                "8 /value type",
                "9 /value not_finite",
                "10 /observed_at type",
                "11 /colour unknown_field",
                "12 /dimensions name",
            ]
        );
        let Value::Array(bad) = items else { unreachable!() };
        let none = send(&api, bad[1..].into()).await.expect(422);
        assert_eq!(none.faults().len(), 12);
        assert_eq!(none.faults()[0], "/0/indicator unknown_record");
        let batches = api.by(Role::IsmsManager).await.get("/v1/measurement-batches?count=true").await.expect(200);
        assert_eq!(batches.body["total"], 1);
        assert_eq!(batches.body["items"][0]["counts"]["refused"], 12);
    }
}

#[tokio::test]
async fn the_three_forms() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let path = format!("/v1/measurements?indicator={indicator}&source=Load%20balancer");
        let csv = "observed_at,value,dim.site,note\n2026-01-01T00:00:00Z,1.5,north,\n2026-01-01T00:00:00Z,2.5,south,hot\nx,1,north,\n";
        let answer = send_as(&api, &path, "text/csv; charset=utf-8", csv).await.expect(201);
        assert_eq!(answer.body["counts"]["accepted"], 2);
        assert_eq!(answer.body["refused"][0]["index"], 2);
        let lines = "{\"observed_at\":\"2026-01-01T01:00:00+01:00\",\"value\":1.5,\"dimensions\":{\"site\":\"north\"}}\n\n{\"observed_at\":\"2026-01-01T02:00:00Z\",\"value\":-0.0}\n";
        let answer = send_as(&api, &path, "application/x-ndjson", lines).await.expect(201);
        assert_eq!(answer.body["duplicates"], json!([0]), "the zone is another, the moment the same");
        let page =
            api.by(Role::Auditor).await.get(&format!("/v1/indicators/{indicator}/measurements")).await.expect(200);
        assert_eq!(page.body["items"][1]["dimensions"], json!({ "site": "south" }));
        assert_eq!(page.body["items"][1]["note"], "hot");
        assert_eq!(values(&api, &indicator, "?from=2026-01-01T01:00:00Z").await, [0.0]);
        for (media_type, body, status) in [
            ("text/plain", "1", 415),
            ("application/json", "{}", 422),
            ("application/json", "[]", 422),
            ("application/json", "[", 400),
            ("text/csv", "time,value\n2026-01-01,1\n", 422),
            ("text/csv", "", 422),
            ("application/x-ndjson", "\n", 422),
        ] {
            send_as(&api, &path, media_type, body).await.expect(status);
        }
        let line = "{\"observed_at\":\"2026-01-01T02:00:00Z\",\"value\":1}\n";
        let many = send_as(&api, &path, "application/x-ndjson", line.repeat(10_001)).await.expect(422);
        assert_eq!(many.faults(), [" length"]);
        let large = send_as(&api, &path, "application/x-ndjson", " ".repeat((8 << 20) + 1)).await.expect(413);
        assert!(large.body["detail"].as_str().unwrap().contains("8388608"), "{}", large.text);
    }
}

#[tokio::test]
async fn pages_in_the_order_of_observation() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let sent: Vec<f64> = (0..25).map(f64::from).collect();
        send(&api, series(&api, &indicator, &sent)).await.expect(201);
        let auditor = api.by(Role::Auditor).await;
        let path = format!("/v1/indicators/{indicator}/measurements?limit=10");
        let (mut seen, mut next) = (Vec::new(), path.clone());
        loop {
            let page = auditor.get(&next).await.expect(200);
            seen.extend(page.body["items"].as_array().unwrap().iter().map(|item| item["value"].as_f64().unwrap()));
            let Some(cursor) = page.body["next_cursor"].as_str() else { break };
            next = format!("{path}&cursor={cursor}");
        }
        assert_eq!(seen, sent);
        let forged = format!("{path}&all=true&cursor={}", next.rsplit('=').next().unwrap());
        auditor.get(&forged).await.expect(400);
    }
}

#[tokio::test]
async fn a_retry_gets_the_first_answer_and_a_dry_run_keeps_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let items = series(&api, &indicator, &[1.0, 2.0]);
        let manager = api.by(Role::IsmsManager).await;
        let dry = manager.post("/v1/measurements?dry_run=true", items.clone()).await.expect(200);
        assert_eq!(dry.body["counts"]["accepted"], 2);
        assert!(values(&api, &indicator, "?all=true").await.is_empty());
        let post = || manager.request(Method::POST, "/v1/measurements").header("idempotency-key", "k").json(&items);
        let first = manager.send(post()).await.expect(201);
        let second = manager.send(post()).await.expect(201);
        assert_eq!(first.text, second.text);
        assert_eq!(second.header("idempotency-replayed"), "true");
    }
}

#[tokio::test]
async fn collectors_and_keys_send_only_what_they_measure() {
    for database in each() {
        let api = Api::start(database).await;
        let others = active(&api).await;
        let member = api.member_id(Role::Member).await;
        let manager = api.by(Role::IsmsManager).await;
        let mine = super::indicators::definition(&member);
        let mine = manager.post("/v1/indicators", mine).await.expect(201).reference().to_owned();
        manager.post(&format!("/v1/indicators/{mine}/activate"), json!({})).await.expect(200);
        let both = json!([series(&api, &mine, &[1.0])[0], series(&api, &others, &[1.0])[0]]);
        let answer = api.by(Role::Member).await.post("/v1/measurements", both.clone()).await.expect(201);
        // What a member may not even see is answered like what is not there.
        assert_eq!(answer.body["refused"][0]["code"], "unknown_record");
        let body = json!({ "name": "Feed", "scopes": ["measurements:write", "records:read"] });
        let made = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201);
        let key = api.with_token(made.body["token"].as_str().unwrap());
        let answer = key.post("/v1/measurements", both.clone()).await.expect(201);
        assert_eq!(answer.body["counts"]["accepted"], 1);
        assert_eq!(answer.body["counts"]["duplicates"], 1);
        // A key that only sends measures what it cannot read.
        let body = json!({ "name": "Sender", "scopes": ["measurements:write"] });
        let made = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201);
        let sender = api.with_token(made.body["token"].as_str().unwrap());
        assert_eq!(sender.post("/v1/measurements", both).await.expect(200).body["counts"]["duplicates"], 2);
        sender.get(&format!("/v1/indicators/{others}")).await.expect(404);
        let unknown = json!([series(&api, "IND-2026-9999", &[1.0])[0]]);
        assert_eq!(
            sender.post("/v1/measurements", unknown).await.expect(422).faults(),
            ["/0/indicator unknown_record"]
        );
        let reason = json!({ "record": mine, "reason": "It is under investigation", "readers": [] });
        let restricted = manager.post("/v1/restrictions", reason).await;
        if restricted.status == 201 {
            let one = json!([series(&api, &mine, &[2.0])[0]]);
            assert_eq!(
                sender.post("/v1/measurements", one).await.expect(422).faults(),
                ["/0/indicator unknown_record"]
            );
        }
    }
}

/// What counts, moved to what does not.
fn moved(standing: &str, value: f64) -> String {
    format!(
        "INSERT INTO past_measurements SELECT measured_id, observed_at, series_id, value, denominator, origin_id, number, \
         '{standing}', observed_at FROM measurements WHERE value = {value}; DELETE FROM measurements WHERE value = {value}"
    )
}

/// The journal binds a batch, the batch its rows.
#[tokio::test]
async fn rows_changed_by_hand_are_found() {
    let row = "measured_id, observed_at, series_id, value, denominator, origin_id, number";
    for statement in [
        "UPDATE measurements SET value = 3.5 WHERE value = 3.0",
        "DELETE FROM past_measurements WHERE value = 2.0",
        &moved("withdrawn", 3.0),
        &moved("superseded", 3.0),
        "INSERT INTO measurement_notes SELECT origin_id, number, 'late' FROM measurements WHERE value = 9.5",
        &format!(
            "INSERT INTO measurements SELECT {row} FROM past_measurements WHERE value = 4.0; \
             DELETE FROM past_measurements WHERE value = 4.0"
        ),
        "UPDATE measurements SET number = 7 WHERE value = 3.0",
        "INSERT INTO measurements SELECT measured_id, observed_at, series_id, 5.0, denominator, 77, 0 \
         FROM past_measurements WHERE value = 4.0",
        "UPDATE measurements SET series_id = 77 WHERE value = 9.5",
        "UPDATE measurement_rollups SET newest = 8.0 WHERE step = 'day'",
        "DELETE FROM measurement_rollups WHERE step = 'hour'",
        "INSERT INTO measurement_rollups SELECT series_id, 'day', MOVED, count, mean, deviations, least, greatest, newest_at, \
         newest, numerators, denominators FROM measurement_rollups WHERE step = 'day'",
    ] {
        for database in each() {
            let api = Api::start(database).await;
            let indicator = active(&api).await;
            send(&api, series(&api, &indicator, &[1.0, 2.0, 3.0])).await.expect(201);
            send(&api, series(&api, &indicator, &[1.0, 9.5, 3.0])).await.expect(201);
            let observed_at = api.now() - TimeDelta::hours(1);
            let other = json!([{ "indicator": indicator, "observed_at": observed_at, "value": 4.0 }]);
            let other = send(&api, other).await.expect(201);
            let other = other.body["batch_reference"].as_str().unwrap();
            let strike = format!("/v1/measurement-batches/{other}/withdraw-measurement");
            let why = json!({ "row": 0, "reason": "The sensor was wet" });
            api.by(Role::IsmsManager).await.post(&strike, why).await.expect(200);
            api.sequence().await;
            let findings = || {
                let scope = Scope { state: true, ..Scope::default() };
                let key = signer().key.verifying_key();
                let report = verify(&scope, &key, &mut api.database.open()).unwrap();
                let mut tables: Vec<_> = report.findings.into_iter().map(|finding| finding.table).collect();
                tables.dedup();
                tables
            };
            assert!(findings().is_empty());
            api.damage();
            let is_postgres = matches!(api.database.address, Address::Postgres(_));
            let moved = if is_postgres { "starts_at - interval '90 days'" } else { "starts_at - 7776000000000" };
            api.database.open().batch_execute(&statement.replace("MOVED", moved)).unwrap();
            // What a row does not say any more, its hour and its day do not agree with.
            let table = if statement.contains("measurement_rollups") { "measurement_rollups" } else { "measurements" };
            let found = findings();
            assert!(found.contains(&table), "{statement}: {found:?}");
            assert!(found.iter().all(|table| table.starts_with("measurement")), "{statement}: {found:?}");
            assert!(table == "measurements" || found == [table], "{statement}: {found:?}");
        }
    }
}

/// What was known at a moment, whatever has been corrected or withdrawn since.
#[tokio::test]
async fn as_of_says_what_counted_then() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let items = |api: &Api, values: [f64; 2]| series(api, &indicator, &values);
        let (first, second) = (items(&api, [1.0, 2.0]), items(&api, [1.0, 9.0]));
        let before = api.now() - TimeDelta::minutes(10);
        send(&api, first).await.expect(201);
        let then = api.now();
        api.wait(TimeDelta::hours(1));
        let corrected = send(&api, second).await.expect(201);
        let corrected_at = api.now();
        api.wait(TimeDelta::hours(1));
        let batch = corrected.body["batch_reference"].as_str().unwrap();
        let why = json!({ "reason": "The sensor was broken" });
        let withdraw = format!("/v1/measurement-batches/{batch}/withdraw");
        api.by(Role::IsmsManager).await.post(&withdraw, why).await.expect(200);
        let at = |moment: chrono::DateTime<chrono::Utc>| format!("?as_of={}", moment.format("%Y-%m-%dT%H:%M:%S%.6fZ"));
        assert!(values(&api, &indicator, &at(before)).await.is_empty());
        assert_eq!(values(&api, &indicator, &at(then)).await, [1.0, 2.0]);
        assert_eq!(values(&api, &indicator, &at(corrected_at)).await, [1.0, 9.0]);
        assert_eq!(values(&api, &indicator, &at(api.now())).await, [1.0]);
        assert_eq!(values(&api, &indicator, "?all=true").await, [1.0, 2.0, 9.0]);
        let both = format!("/v1/indicators/{indicator}/measurements{}&all=true", at(then));
        let refused = api.by(Role::IsmsManager).await.get(&both).await.expect(400);
        assert_eq!(refused.body["errors"][0]["code"], "excluded");
    }
}

/// Of one site, and of each.
#[tokio::test]
async fn dimensions_narrow_and_tell_apart() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let at = |day: u32, hour: u32| format!("2026-01-0{day}T{hour:02}:30:00Z");
        let item = |day, hour, site: &str, value: f64| json!({ "indicator": indicator, "observed_at": at(day, hour), "value": value, "dimensions": { "site": site, "floor": "1" } });
        let items = json!([
            item(1, 8, "north", 1.0),
            item(1, 9, "north", 3.0),
            item(1, 9, "south", 11.0),
            item(2, 9, "south", 20.0)
        ]);
        send(&api, items).await.expect(201);
        let north = "?dimensions=%7B%22site%22%3A%22north%22%7D";
        assert_eq!(values(&api, &indicator, north).await, [1.0, 3.0]);
        assert!(values(&api, &indicator, "?dimensions=%7B%22site%22%3A%22west%22%7D").await.is_empty());
        let auditor = api.by(Role::Auditor).await;
        let rollups = async |query: &str| {
            let answer = auditor.get(&format!("/v1/indicators/{indicator}/rollups{query}")).await.expect(200);
            let line = |item: &Value| {
                (
                    item["starts_at"].as_str().unwrap().to_owned(),
                    item["count"].as_i64().unwrap(),
                    item["value"].as_f64().unwrap(),
                )
            };
            answer.body["items"].as_array().unwrap().iter().map(line).collect::<Vec<_>>()
        };
        let day = |day: u32, count, value| (format!("2026-01-0{day}T00:00:00Z"), count, value);
        assert_eq!(rollups("").await, [day(1, 3, 5.0), day(2, 1, 20.0)]);
        assert_eq!(rollups("?by=site").await, [day(1, 2, 2.0), day(1, 1, 11.0), day(2, 1, 20.0)]);
        assert_eq!(rollups(&format!("{north}&step=month")).await, [day(1, 2, 2.0)]);
        assert_eq!(rollups("?step=hour").await.len(), 3);
        assert_eq!(rollups("?to=2026-01-02T00:00:00Z").await, [day(1, 3, 5.0)]);
        let wrong = auditor.get(&format!("/v1/indicators/{indicator}/rollups?dimensions=north")).await.expect(400);
        assert_eq!(wrong.body["errors"][0]["code"], "malformed");
    }
}

/// Whatever is corrected or withdrawn, each hour and day says what its measurements say.
#[tokio::test]
async fn rollups_follow_corrections_and_withdrawals() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let mut batches = Vec::new();
        for round in 0..4_u32 {
            let item = |n: u32| {
                let observed_at = api.now() - TimeDelta::minutes(i64::from((n * (round + 3) % 97) * 37));
                let value = f64::from((n * 31 + round * 17) % 50);
                json!({ "indicator": indicator, "observed_at": observed_at, "value": value, "dimensions": { "site": format!("s{}", n % 3) } })
            };
            let sent = send(&api, (0..60).map(item).collect()).await.expect(201);
            batches.push(sent.body["batch_reference"].as_str().unwrap().to_owned());
            agree(&api, &indicator).await;
        }
        let why = json!({ "reason": "The sensor was broken" });
        for (n, batch) in batches.iter().enumerate().skip(1) {
            let verb = if n == 2 { "withdraw" } else { "withdraw-measurement" };
            let mut body = why.clone();
            if n != 2 {
                let last = format!("/v1/indicators/{indicator}/measurements?limit=1000");
                let items = manager.get(&last).await.expect(200);
                let id = manager.get(&format!("/v1/measurement-batches/{batch}")).await.expect(200).body["id"].clone();
                let own = items.body["items"].as_array().unwrap().iter().find(|item| item["batch_id"] == id);
                body["row"] = own.unwrap()["row"].clone();
            }
            manager.post(&format!("/v1/measurement-batches/{batch}/{verb}"), body).await.expect(200);
            agree(&api, &indicator).await;
        }
    }
}

async fn agree(api: &Api, indicator: &str) {
    let auditor = api.by(Role::Auditor).await;
    let items = auditor.get(&format!("/v1/indicators/{indicator}/measurements?limit=1000")).await.expect(200);
    for (step, width) in [("hour", 13), ("day", 10)] {
        let mut expected: std::collections::BTreeMap<(String, String), Vec<f64>> = std::collections::BTreeMap::new();
        for item in items.body["items"].as_array().unwrap() {
            let start = item["observed_at"].as_str().unwrap()[..width].to_owned();
            let site = item["dimensions"]["site"].as_str().unwrap().to_owned();
            expected.entry((start, site)).or_default().push(item["value"].as_f64().unwrap());
        }
        let answer = auditor.get(&format!("/v1/indicators/{indicator}/rollups?step={step}&by=site")).await.expect(200);
        let found = answer.body["items"].as_array().unwrap();
        assert_eq!(found.len(), expected.len(), "{step}");
        for (item, ((start, site), values)) in found.iter().zip(&expected) {
            assert!(item["starts_at"].as_str().unwrap().starts_with(start), "{item} {start}");
            assert_eq!(item["dimensions"]["site"], json!(site));
            assert_eq!(item["count"], json!(values.len()), "{item} {values:?}");
            let number = |name: &str| item[name].as_f64().unwrap();
            let mean = values.iter().sum::<f64>() / values.len() as f64;
            assert!((number("mean") - mean).abs() < 1e-9, "{item} {values:?}");
            assert_eq!(number("last"), *values.last().unwrap(), "{item} {values:?}");
            assert_eq!(number("maximum"), values.iter().copied().fold(f64::MIN, f64::max));
            assert_eq!(number("minimum"), values.iter().copied().fold(f64::MAX, f64::min));
            if values.len() > 1 {
                let squares: f64 = values.iter().map(|value| (value - mean).powi(2)).sum();
                let deviation = (squares / (values.len() - 1) as f64).sqrt();
                assert!((number("standard_deviation") - deviation).abs() < 1e-6, "{item} {values:?}");
            }
        }
    }
}

/// The migration that gave rows their small numbers keeps what there was, and can be undone.
#[tokio::test]
async fn measurements_survive_the_way_down_and_up_again() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        send(&api, series(&api, &indicator, &[1.0, 2.0, 3.0])).await.expect(201);
        let mut noted = series(&api, &indicator, &[1.0, 9.5, 3.0]);
        noted[1]["note"] = json!("A second reading");
        noted[2]["dimensions"] = json!({ "site": "north" });
        let sent = send(&api, noted).await.expect(201);
        let batch = sent.body["batch_reference"].as_str().unwrap();
        let strike = format!("/v1/measurement-batches/{batch}/withdraw-measurement");
        let why = json!({ "row": 1, "reason": "The sensor was wet" });
        api.by(Role::IsmsManager).await.post(&strike, why).await.expect(200);
        api.sequence().await;
        let auditor = api.by(Role::Auditor).await;
        let paths = ["measurements?all=true", "measurements", "rollups?step=hour&by=site", "rollups"];
        let mut before = Vec::new();
        for path in paths {
            before.push(auditor.get(&format!("/v1/indicators/{indicator}/{path}")).await.expect(200).body);
        }
        let folder = if matches!(api.database.address, Address::Postgres(_)) { "postgres" } else { "sqlite" };
        // What was built upon it goes before it, and comes after it.
        let [series, retention] = ["0225_measurement_series", "0233_measurement_retention"];
        for (name, direction) in [(retention, "down"), (series, "down"), (series, "up"), (retention, "up")] {
            let path = format!("{}/../migrations/{folder}/{name}/{direction}.sql", env!("CARGO_MANIFEST_DIR"));
            api.database.open().batch_execute(&std::fs::read_to_string(path).unwrap()).unwrap();
        }
        for (path, before) in paths.into_iter().zip(before) {
            assert_eq!(auditor.get(&format!("/v1/indicators/{indicator}/{path}")).await.expect(200).body, before);
        }
        let scope = Scope { state: true, ..Scope::default() };
        let report = verify(&scope, &signer().key.verifying_key(), &mut api.database.open()).unwrap();
        assert!(report.is_clean(), "{:?}", report.findings);
    }
}

/// Evaluation and charts know all series of an indicator: there must be an end of them.
#[tokio::test]
async fn an_indicator_has_so_many_series_and_no_more() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let at = api.now();
        let item = |n: u32| json!({ "indicator": indicator, "observed_at": at, "value": 1.0, "dimensions": { "n": n.to_string() } });
        send(&api, (0..9_999).map(item).collect()).await.expect(201);
        let next = send(&api, (9_998..10_002).map(item).collect()).await.expect(201);
        assert_eq!(next.body["counts"], json!({ "accepted": 1, "duplicates": 1, "corrections": 0, "refused": 2 }));
        assert_eq!(next.body["refused"][0]["code"], "too_many_series", "{next:?}");
        let later = json!([{ "indicator": indicator, "observed_at": at - TimeDelta::minutes(1), "value": 1.0, "dimensions": { "n": "7" } }]);
        send(&api, later).await.expect(201);
    }
}
