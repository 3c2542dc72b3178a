//! The doors of monitoring systems: each protocol's bodies become measurements, and each is answered in its own words.

mod bodies;
mod doors;
mod unmatched;

use super::indicators::active;
use super::ingest_rules::{act, defined, latency};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller};
use bodies::{Series, WAYS, Way, events, gzip, lines, otlp, remote_write, series};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::Role;
use ratchet_http::app::Settings;
use ratchet_ingest::wire::{Fields, Value as Wire};
use reqwest::Method;
use serde_json::{Value, json};

const OTLP: &str = "/v1/ingest/otlp/v1/metrics";
const REMOTE_WRITE: &str = "/v1/ingest/prometheus/write";
const INFLUX: &str = "/v1/ingest/influx/api/v2/write";
const EVENTS: &str = "/v1/ingest/cloudevents";
const PROTOBUF: &str = "application/x-protobuf";
const NEW: &str = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

/// A machine's key that may do nothing but send measurements.
async fn key(api: &Api, scope: &str) -> String {
    let body = json!({ "name": "Feed", "scopes": [scope] });
    let issued = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201);
    issued.body["token"].as_str().unwrap().to_owned()
}

async fn send(caller: &Caller<'_>, path: &str, media_type: &str, encoding: Option<&str>, body: Vec<u8>) -> Answer {
    let request = caller.request(Method::POST, path).header("content-type", media_type).body(body);
    let request = encoding.into_iter().fold(request, |request, encoding| request.header("content-encoding", encoding));
    caller.send(request).await
}

async fn go(caller: &Caller<'_>, (path, media_type, encoding, encode): Way, all: &[Series<'_>]) -> Answer {
    send(caller, path, media_type, encoding, encode(all)).await
}

/// `location value` of each measurement.
async fn measured(api: &Api, indicator: &str) -> Vec<String> {
    let path = format!("/v1/indicators/{indicator}/measurements");
    let answer = api.by(Role::IsmsManager).await.get(&path).await.expect(200);
    let line = |item: &Value| {
        let part = |name: &str| item[name].as_f64().map_or(String::new(), |part| format!(" {part}"));
        format!(
            "{}{}{}{}",
            item["dimensions"]["location"].as_str().unwrap_or("-"),
            part("value"),
            part("numerator"),
            part("denominator")
        )
    };
    answer.body["items"].as_array().unwrap().iter().map(line).collect()
}

async fn batches(api: &Api) -> i64 {
    let found = api.by(Role::IsmsManager).await.get("/v1/measurement-batches?count=true&limit=1").await.expect(200);
    found.body["total"].as_i64().unwrap()
}

/// What is expected where everything was taken.
fn good(way: Way) -> u16 {
    if [OTLP, EVENTS].contains(&way.0) { 200 } else { 204 }
}

/// `metric site count` of each.
async fn unmatched(api: &Api) -> Vec<String> {
    let found = api.by(Role::Auditor).await.get("/v1/ingest/unmatched").await.expect(200);
    let line = |one: &Value| {
        format!("{} {} {}", one["metric"].as_str().unwrap(), one["labels"]["site"].as_str().unwrap(), one["count"])
    };
    let mut all: Vec<String> = found.body["items"].as_array().unwrap().iter().map(line).collect();
    all.sort();
    all
}

/// A series that no rule matches, by its id.
pub async fn stray(api: &Api) -> String {
    let manager = api.by(Role::IsmsManager).await;
    let name = format!("stray{}", uuid::Uuid::new_v4().simple());
    send(&manager, INFLUX, "text/plain", None, format!("{name} value=1").into_bytes()).await.expect(204);
    let listed = manager.get("/v1/ingest/unmatched").await.expect(200).body["items"].clone();
    let of_this = listed.as_array().unwrap().iter().find(|one| one["metric"] == name.as_str()).unwrap();
    of_this["id"].as_str().unwrap().to_owned()
}

/// Something new by each of them.
pub async fn through_every_door(api: &Api) {
    defined(api, latency(&active(api).await)).await;
    for (minutes, way) in (0..).zip(WAYS) {
        let point = (api.now() - TimeDelta::minutes(minutes), 1.0);
        go(&api.by(Role::IsmsManager).await, way, &[series("latency", "north", &[point])]).await.expect(good(way));
    }
}

#[tokio::test]
async fn every_door_feeds_the_indicator_that_a_rule_names() {
    for database in each() {
        let api = Api::start(database).await;
        let token = key(&api, "measurements:write").await;
        for (place, way) in WAYS.into_iter().enumerate() {
            let indicator = active(&api).await;
            let rule = defined(&api, latency(&indicator)).await;
            let machine = api.with_token(&token);
            let (now, name) = (api.now(), format!("load{place}"));
            let all = [
                series("latency", "north", &[(now - TimeDelta::minutes(2), 0.25), (now - TimeDelta::minutes(1), 0.5)]),
                series("latency", "south", &[(now, 0.75)]),
                series(&name, "north", &[(now, 7.0), (now, 8.0)]),
            ];
            let before = batches(&api).await;
            let sent = go(&machine, way, &all).await.expect(good(way));
            assert!(!sent.header("journal-entry").is_empty(), "{way:?}");
            assert_eq!(measured(&api, &indicator).await, ["north 250", "north 500", "south 750"], "{way:?}");
            assert_eq!(batches(&api).await, before + 1, "one body, one batch");
            let again = go(&machine, way, &all).await.expect(good(way));
            assert_eq!((again.header("journal-entry"), batches(&api).await), ("", before + 1), "{way:?} again");
            let seen = unmatched(&api).await;
            let of_this: Vec<&String> = seen.iter().filter(|line| line.starts_with(&name)).collect();
            assert_eq!(of_this, [&format!("{name} north 4")], "{way:?}");
            act(&api, &rule, "retire", json!({ "reason": "The next one" })).await.expect(200);
        }
        let found = api.by(Role::IsmsManager).await.get("/v1/measurement-batches?limit=50").await.expect(200);
        let sources: std::collections::BTreeSet<&str> =
            found.body["items"].as_array().unwrap().iter().map(|batch| batch["source"].as_str().unwrap()).collect();
        assert_eq!(sources.len(), 4, "{sources:?}");
    }
}

#[tokio::test]
async fn the_good_points_of_a_body_are_kept_and_the_others_told() {
    for database in each() {
        let api = Api::start(database).await;
        let token = key(&api, "measurements:write").await;
        for way in WAYS {
            let indicator = active(&api).await;
            let rule = defined(&api, latency(&indicator)).await;
            let machine = api.with_token(&token);
            let (now, late) = (api.now(), api.now() + TimeDelta::days(3));
            let all = [series("latency", "north", &[(now, 0.25), (late, 1.0)])];
            let answer = go(&machine, way, &all).await;
            assert_eq!(measured(&api, &indicator).await, ["north 250"], "{way:?}");
            match (way.0, way.1) {
                (OTLP, "application/json") => {
                    let partial = &answer.expect(200).body["partialSuccess"];
                    assert_eq!(partial["rejectedDataPoints"], "1");
                    let why = partial["errorMessage"].as_str().unwrap();
                    assert!(why.contains("point 1: latency: IND-") && why.contains("one day ahead"), "{why}");
                }
                (OTLP, _) => {
                    let answer = answer.expect(200);
                    assert_eq!(answer.header("content-type"), PROTOBUF);
                    let partial = Fields::of(&answer.bytes).last(1, Wire::bytes).unwrap().unwrap();
                    assert_eq!(Fields::of(partial).last(1, Wire::varint).unwrap(), Some(1));
                    assert!(Fields::of(partial).last(2, Wire::text).unwrap().unwrap().contains("latency"));
                }
                (REMOTE_WRITE, _) => {
                    let answer = answer.expect(400);
                    assert_eq!(answer.header("x-prometheus-remote-write-samples-written"), "1");
                    assert!(answer.text.starts_with("1 refused: sample 1: latency: IND-"), "{}", answer.text);
                }
                (EVENTS, _) => assert_eq!(answer.expect(200).body["refused"], 1),
                (_, _) => {
                    let body = answer.expect(400).body;
                    assert_eq!(body["code"], "invalid");
                    assert!(
                        body["message"]
                            .as_str()
                            .unwrap()
                            .starts_with("partial write: 1 refused: line 2: latency: IND-")
                    );
                }
            }
            act(&api, &rule, "retire", json!({ "reason": "The next one" })).await.expect(200);
        }
    }
}

/// Who may not, or says nothing that can be read, is told in the form that each protocol's sender reads.
#[tokio::test]
async fn failures_are_told_in_the_words_of_the_protocol() {
    for database in each() {
        let api = Api::start(database).await;
        let stranger = api.with_token("wrong");
        let reader = key(&api, "records:read").await;
        let machine = key(&api, "measurements:write").await;
        for way in WAYS {
            for (caller, status) in
                [(stranger.clone(), 401), (api.with_token(&reader), 403), (api.with_token(&machine), 400)]
            {
                let answer = send(&caller, way.0, way.1, way.2, b"\x01\x02 no such thing".to_vec()).await;
                let what = format!("{way:?}: {} {}", answer.status, answer.text);
                if status != 400 {
                    assert_eq!(answer.status, status, "{what}");
                }
                assert!((400..500).contains(&answer.status), "{what}");
                let media_type = answer.header("content-type");
                match (way.0, way.1) {
                    (OTLP, PROTOBUF) => {
                        assert_eq!(media_type, PROTOBUF, "{what}");
                        let code = Fields::of(&answer.bytes).last(1, Wire::varint).unwrap();
                        assert_eq!(
                            code,
                            Some(match answer.status {
                                401 => 16,
                                403 => 7,
                                _ => 3,
                            }),
                            "{what}"
                        );
                    }
                    (OTLP, _) => assert!(media_type == "application/json" && answer.body["code"].is_number(), "{what}"),
                    (REMOTE_WRITE, _) => {
                        assert!(media_type.starts_with("text/plain") && answer.text.ends_with('\n'), "{what}");
                        assert_eq!(answer.header("x-prometheus-remote-write-samples-written"), "0", "{what}");
                    }
                    (EVENTS, _) => assert_eq!(media_type, "application/problem+json", "{what}"),
                    (_, _) => assert!(media_type == "application/json" && answer.body["code"].is_string(), "{what}"),
                }
            }
        }
    }
}

/// What a door does not know is named in its words, and never ignored.
#[tokio::test]
async fn parameters_that_no_door_knows_are_refused_by_name() {
    for database in each() {
        let api = Api::start(database).await;
        let token = key(&api, "measurements:write").await;
        let machine = api.with_token(&token);
        for (path, media_type, encoding, encode) in WAYS {
            for (name, value) in
                [("nonsense", "1"), ("dry_run", "perhaps"), ("dry_run", "%00"), ("precision", "%E2%80%AEx")]
            {
                let mark = if path.contains('?') { '&' } else { '?' };
                let asked = format!("{path}{mark}{name}={value}");
                let answer = send(&machine, &asked, media_type, encoding, encode(&[])).await.expect(400);
                assert!(answer.text.contains(name), "{asked}: {}", answer.text);
            }
        }
    }
}

#[tokio::test]
async fn types_that_no_door_takes_are_refused_with_415() {
    for database in each() {
        let api = Api::start(database).await;
        let token = key(&api, "measurements:write").await;
        let machine = api.with_token(&token);
        let all = [series("latency", "north", &[(api.now(), 1.0)])];
        for (path, media_type, encoding, body) in [
            (OTLP, "text/plain", None, otlp(&all)),
            (OTLP, PROTOBUF, Some("snappy"), remote_write(&all)),
            (
                REMOTE_WRITE,
                "application/x-protobuf;proto=io.prometheus.write.v3.Request",
                Some("snappy"),
                remote_write(&all),
            ),
            (REMOTE_WRITE, "application/json", Some("snappy"), remote_write(&all)),
            (REMOTE_WRITE, PROTOBUF, None, remote_write(&all)),
            (REMOTE_WRITE, PROTOBUF, Some("gzip"), gzip(&remote_write(&all))),
            (INFLUX, "text/plain", Some("br"), lines(&all)),
            (EVENTS, "text/plain", None, events(&all)),
        ] {
            send(&machine, path, media_type, encoding, body).await.expect(415);
        }
        // What it claims to be inflated is looked at first.
        send(&machine, REMOTE_WRITE, PROTOBUF, Some("snappy"), b"\xff\xff\xff\xff\x07x".to_vec()).await.expect(413);
        let many: Vec<(DateTime<Utc>, f64)> = (0..10_001).map(|n| (api.now() - TimeDelta::seconds(n), 1.0)).collect();
        let indicator = active(&api).await;
        defined(&api, latency(&indicator)).await;
        let machine = api.with_token(&token);
        go(&machine, WAYS[1], &[series("latency", "north", &many)]).await.expect(413);
        assert_eq!(measured(&api, &indicator).await, [""; 0]);
        let wrong =
            send(&machine, &format!("{INFLUX}?precision=days"), "text/plain", None, lines(&all)).await.expect(400);
        assert_eq!(wrong.body["code"], "invalid");
    }
}

#[tokio::test]
async fn what_says_that_there_is_no_figure_is_none() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        defined(&api, latency(&indicator)).await;
        let token = key(&api, "measurements:write").await;
        let machine = api.with_token(&token);
        let stale = f64::from_bits(0x7ff0_0000_0000_0002);
        let all = [series("latency", "north", &[(api.now(), 0.5), (api.now() + TimeDelta::seconds(1), stale)])];
        for way in [WAYS[2], WAYS[3]] {
            let answer = go(&machine, way, &all).await.expect(204);
            assert_eq!(answer.header("x-prometheus-remote-write-samples-written"), "2", "{way:?}");
            assert_eq!(answer.header("x-prometheus-remote-write-histograms-written"), "0");
            assert_eq!(answer.header("x-prometheus-remote-write-exemplars-written"), "0");
        }
        let text = format!("latency,site=north value=0.5,note=\"slow\" {}\n# done\n", api.now().timestamp_millis());
        send(&machine, &format!("{INFLUX}?precision=ms"), "text/plain", None, text.into_bytes()).await.expect(204);
        assert_eq!(measured(&api, &indicator).await, ["north 500"], "the same moment, by another door");
    }
}

/// As clients of InfluxDB 2 present an API key; elsewhere that scheme is none.
#[tokio::test]
async fn a_token_is_a_key_at_the_doors_of_influx_alone() {
    for database in each() {
        let api = Api::start(database).await;
        let token = key(&api, "measurements:write").await;
        let nobody = api.anonymous();
        let present = async |path: &str, media_type: &str| {
            let request = nobody.request(Method::POST, path).header("authorization", format!("Token {token}"));
            nobody.send(request.header("content-type", media_type).body("m v=1 1780000000")).await
        };
        present(&format!("{INFLUX}?org=ours&bucket=b&precision=s"), "text/plain").await.expect(204);
        present("/v1/ingest/influx/write?db=x&precision=s", "text/plain").await.expect(204);
        present(OTLP, "application/json").await.expect(401);
    }
}

#[tokio::test]
async fn parts_of_a_ratio_are_joined_within_a_body() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let mut ratio = super::indicators::definition(&api.member_id(Role::IsmsManager).await);
        ratio["value_kind"] = json!("ratio");
        let indicator = manager.post("/v1/indicators", ratio).await.expect(201).reference().to_owned();
        manager.post(&format!("/v1/indicators/{indicator}/activate"), json!({})).await.expect(200);
        for (metric, part) in [("failed", "numerator"), ("tried", "denominator")] {
            let mut body = latency(&indicator);
            (body["metric"], body["part"], body["scale"]) = (json!(metric), json!(part), json!(1.0));
            defined(&api, body).await;
        }
        let now = api.now();
        let all = [
            series("failed", "north", &[(now, 1.0)]),
            series("tried", "north", &[(now, 4.0)]),
            series("tried", "south", &[(now, 4.0)]),
        ];
        let manager = api.by(Role::IsmsManager).await;
        let answer = go(&manager, WAYS[0], &all).await.expect(200);
        assert_eq!(answer.body["partialSuccess"]["rejectedDataPoints"], "1", "{}", answer.text);
        assert_eq!(measured(&api, &indicator).await, ["north 0.25 1 4"]);
    }
}

/// Series that no dimension tells apart make one measurement: which of them counts must not be chance.
#[tokio::test]
async fn what_no_dimension_tells_apart_is_refused() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let mut body = latency(&indicator);
        body["dimensions"] = json!([]);
        defined(&api, body).await;
        let all = [series("latency", "north", &[(api.now(), 1.0)]), series("latency", "south", &[(api.now(), 2.0)])];
        let manager = api.by(Role::IsmsManager).await;
        let answer = go(&manager, WAYS[0], &all).await.expect(200);
        let why = answer.body["partialSuccess"]["errorMessage"].as_str().unwrap();
        assert!(why.contains("another series of the body makes the same measurement"), "{why}");
        assert_eq!(measured(&api, &indicator).await, ["- 1000"]);
    }
}

/// Whoever sends too often is told when to come again, in the words of the protocol.
#[tokio::test]
async fn too_often_is_told_with_when_to_come_again() {
    for database in each() {
        let few = Settings { requests_per_minute: 8, logins_per_minute: 1_000_000, ..Settings::default() };
        let api = Api::start_with(database, few).await;
        let token = key(&api, "measurements:write").await;
        let machine = api.with_token(&token);
        let all = [series("load", "north", &[(api.now(), 7.0)])];
        let mut told = Vec::new();
        for way in WAYS.iter().cycle().take(30) {
            let answer = go(&machine, *way, &all).await;
            if answer.status == 429 {
                assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{way:?}");
                told.push(answer.header("content-type").to_owned());
            }
        }
        told.sort();
        told.dedup();
        assert_eq!(told, ["application/json", "application/problem+json", PROTOBUF, "text/plain; charset=utf-8"]);
    }
}

/// A member measures what is theirs; at a door, too.
#[tokio::test]
async fn a_member_feeds_what_the_member_measures() {
    for database in each() {
        let api = Api::start(database).await;
        let (theirs, ours) = (active(&api).await, active(&api).await);
        let manager = api.by(Role::IsmsManager).await;
        let member = api.member_id(Role::Member).await;
        manager.patch(&format!("/v1/indicators/{ours}"), "*", json!({ "collector_id": member })).await.expect(200);
        for (metric, indicator) in [("theirs", &theirs), ("ours", &ours)] {
            let mut body = latency(indicator);
            body["metric"] = json!(metric);
            defined(&api, body).await;
        }
        let all = [series("theirs", "north", &[(api.now(), 1.0)]), series("ours", "north", &[(api.now(), 2.0)])];
        let answer = go(&api.by(Role::Member).await, WAYS[0], &all).await.expect(200);
        assert_eq!(answer.body["partialSuccess"]["rejectedDataPoints"], "1");
        assert_eq!(
            (measured(&api, &theirs).await, measured(&api, &ours).await),
            (vec![], vec!["north 2000".to_owned()])
        );
    }
}
