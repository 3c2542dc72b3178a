//! What no rule matches, and what is tried before it is kept.

use super::bodies::{WAYS, series};
use super::{INFLUX, batches, go, key, measured, send, unmatched};
use crate::api::indicators::active;
use crate::api::ingest_rules::{act, defined, latency};
use crate::databases::each;
use crate::harness::Api;
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

#[tokio::test]
async fn what_no_rule_matches_is_listed_and_adopted() {
    for database in each() {
        let api = Api::start(database).await;
        let token = key(&api, "measurements:write").await;
        let machine = api.with_token(&token);
        let all = [
            series("load", "north", &[(api.now(), 7.0), (api.now(), 8.0)]),
            series("heat", "south", &[(api.now(), 30.0)]),
        ];
        for way in [WAYS[0], WAYS[1]] {
            go(&machine, way, &all).await.expect(200);
        }
        assert_eq!(unmatched(&api).await, ["heat south 2", "load north 4"]);
        let manager = api.by(Role::IsmsManager).await;
        assert_eq!(manager.get("/v1/ingest/unmatched?door=influx").await.expect(200).body["items"], json!([]));
        api.by(Role::Member).await.get("/v1/ingest/unmatched").await.expect(403);
        let listed = manager.get("/v1/ingest/unmatched?door=otlp,influx").await.expect(200).body["items"].clone();
        let of = |metric: &str| listed.as_array().unwrap().iter().find(|one| one["metric"] == metric).unwrap().clone();
        assert_eq!((&of("load")["last_value"], &of("load")["last_seen_at"]), (&json!(8.0), &json!(api.now())));
        let indicator = active(&api).await;
        let adopt = async |body: Value| api.by(Role::IsmsManager).await.post("/v1/ingest/unmatched/adopt", body).await;
        let both = json!({ "series_id": of("load")["id"], "indicator": indicator, "define": { "name": "x", "value_kind": "gauge" } });
        assert_eq!(adopt(both).await.expect(422).faults(), ["/indicator required"]);
        let nobody = json!({ "series_id": uuid::Uuid::new_v4(), "indicator": indicator });
        assert_eq!(adopt(nobody).await.expect(422).faults(), ["/series_id unknown_record"]);
        let bad = json!({ "series_id": of("load")["id"], "define": { "name": " ", "value_kind": "gauge" } });
        assert_eq!(adopt(bad).await.expect(422).faults(), ["/define/name blank"]);
        let dimensions = json!([{ "label": "site", "name": "location" }]);
        let body = json!({ "series_id": of("load")["id"], "indicator": indicator, "dimensions": dimensions });
        let adopted = adopt(body).await.expect(201).body;
        assert_eq!(
            (&adopted["rule"]["metric"], &adopted["rule"]["door"], &adopted["rule"]["matchers"]),
            (&json!("load"), &json!("otlp"), &json!([]))
        );
        assert_eq!(adopted["indicator"]["reference"], json!(indicator));
        let body = json!({ "series_id": of("heat")["id"], "define": { "name": "Heat of the server room", "value_kind": "gauge" } });
        let defined = adopt(body).await.expect(201).body;
        assert_eq!(
            (&defined["indicator"]["state"], &defined["rule"]["matchers"][0]["value"]),
            (&json!("draft"), &json!("south"))
        );
        assert_eq!(unmatched(&api).await, [""; 0]);
        let machine = api.with_token(&token);
        go(&machine, WAYS[0], &all).await.expect(200);
        assert_eq!(measured(&api, &indicator).await, ["north 7", "north 8"][1..], "the last one counts");
        assert_eq!(unmatched(&api).await, ["heat south 1"], "its indicator is not measured yet");
    }
}

/// However many series somebody sends, so many are listed; what is old makes room.
#[tokio::test]
async fn the_list_of_what_no_rule_matches_is_bounded() {
    for database in each() {
        let api = Api::start(database).await;
        let token = key(&api, "measurements:write").await;
        let many = |from: usize| -> Vec<u8> {
            (from..from + 700).map(|n| format!("m{n},site=a\\ b v=1\n")).collect::<String>().into()
        };
        for from in [0, 700] {
            let machine = api.with_token(&token);
            send(&machine, INFLUX, "text/plain", None, many(from)).await.expect(204);
        }
        assert_eq!(unmatched(&api).await.len(), 1_000);
        api.wait(TimeDelta::days(2));
        let machine = api.with_token(&token);
        send(&machine, INFLUX, "text/plain", None, many(5_000)).await.expect(204);
        let seen = unmatched(&api).await;
        assert_eq!((seen.len(), seen.iter().any(|line| line.starts_with("m5000_v"))), (700, true));
        // What no text may hold is listed all the same, without it.
        let odd = "o\u{1},site=x\u{202e} v=1\n".to_owned().into_bytes();
        let machine = api.with_token(&token);
        send(&machine, INFLUX, "text/plain", None, odd).await.expect(204);
        assert!(unmatched(&api).await.contains(&"o\u{fffd}_v x\u{fffd} 1".to_owned()));
    }
}

/// Figures of one series take one place of the list, however many come before another.
#[tokio::test]
async fn what_comes_behind_a_long_series_is_listed() {
    for database in each() {
        let api = Api::start(database).await;
        let token = key(&api, "measurements:write").await;
        let lines = "a,site=x v=1\n".repeat(1_500) + "b,site=x v=2\n";
        send(&api.with_token(&token), INFLUX, "text/plain", None, lines.into()).await.expect(204);
        assert_eq!(unmatched(&api).await, ["a_v x 1500", "b_v x 1"]);
    }
}

#[tokio::test]
async fn a_dry_run_tells_and_keeps_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        defined(&api, latency(&indicator)).await;
        let token = key(&api, "measurements:write").await;
        let machine = api.with_token(&token);
        let all = [
            series("latency", "north", &[(api.now(), 0.25), (api.now() + TimeDelta::days(9), 1.0)]),
            series("load", "north", &[(api.now(), 7.0)]),
        ];
        for way in WAYS {
            let path =
                if way.0.contains('?') { format!("{}&dry_run=true", way.0) } else { format!("{}?dry_run=true", way.0) };
            let told = send(&machine, &path, way.1, way.2, way.3(&all)).await.expect(200).body;
            assert_eq!(
                (&told["points"], &told["refused"], &told["unmatched"]),
                (&json!(3), &json!(1), &json!(1)),
                "{way:?}"
            );
            assert_eq!(told["counts"], json!({ "accepted": 1, "duplicates": 0, "corrections": 0, "refused": 1 }));
            let one = &told["measurements"][0];
            assert_eq!(
                (&one["value"], &one["outcome"], &one["dimensions"]["location"]),
                (&json!(250.0), &json!("accepted"), &json!("north"))
            );
            assert_eq!(told["unmatched_series"][0]["metric"], "load");
        }
        assert_eq!((measured(&api, &indicator).await, batches(&api).await), (Vec::new(), 0));
        assert_eq!(unmatched(&api).await, [""; 0]);
    }
}

#[tokio::test]
async fn a_rule_is_tried_before_it_is_made() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let samples = json!([
            { "metric": "latency", "labels": { "site": "north" }, "value": 0.25 },
            { "metric": "latency", "labels": { "stage": "test" }, "value": 9.0 },
        ]);
        let tried = json!({ "door": "prometheus", "rule": latency(&indicator), "samples": samples });
        let told = manager.post("/v1/ingest/try", tried.clone()).await.expect(200).body;
        assert_eq!((&told["measurements"][0]["value"], &told["unmatched"]), (&json!(250.0), &json!(1)));
        let in_force = json!({ "door": "prometheus", "samples": samples });
        let told = manager.post("/v1/ingest/try", in_force.clone()).await.expect(200).body;
        assert_eq!((&told["measurements"], &told["unmatched"]), (&json!([]), &json!(2)));
        let rule = defined(&api, latency(&indicator)).await;
        let told = manager.post("/v1/ingest/try", in_force.clone()).await.expect(200).body;
        assert_eq!(told["unmatched"], json!(1));
        act(&api, &rule, "pause", json!({ "reason": "x" })).await.expect(200);
        assert_eq!(manager.post("/v1/ingest/try", in_force).await.expect(200).body["unmatched"], json!(2));
        let mut wrong = tried;
        wrong["rule"]["part"] = json!("numerator");
        assert_eq!(manager.post("/v1/ingest/try", wrong.clone()).await.expect(422).faults(), ["/rule/part value_kind"]);
        wrong["rule"]["indicator"] = json!("IND-2026-9999");
        assert_eq!(
            manager.post("/v1/ingest/try", wrong).await.expect(422).faults(),
            ["/rule/indicator unknown_record"]
        );
        assert_eq!(measured(&api, &indicator).await, [""; 0]);
        assert_eq!(unmatched(&api).await, [""; 0]);
    }
}
