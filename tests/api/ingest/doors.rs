//! What is particular to a door: credentials, questions before anything is sent, and what is told when nothing can be kept.

use super::bodies::{WAYS, series};
use super::{EVENTS, INFLUX, OTLP, go, key, send};
use crate::databases::each;
use crate::harness::{Answer, Api};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use diesel::connection::SimpleConnection;
use ratchet_domain::access::Role;
use ratchet_persistence::connection::Address;
use ratchet_persistence::error::Error;
use reqwest::Method;
use serde_json::{Value, json};

const INFLUX_V1: &str = "/v1/ingest/influx/write";

async fn labels_of(api: &Api, metric: &str) -> Value {
    let listed = api.by(Role::Auditor).await.get("/v1/ingest/unmatched").await.expect(200).body["items"].clone();
    listed.as_array().unwrap().iter().find(|one| one["metric"] == metric).unwrap().clone()
}

#[tokio::test]
async fn a_password_is_a_key_where_influx_1_is_spoken() {
    for database in each() {
        let api = Api::start(database).await;
        let token = key(&api, "measurements:write").await;
        let nobody = api.anonymous();
        let write = async |path: &str, authorization: Option<String>| -> Answer {
            let request =
                nobody.request(Method::POST, path).header("content-type", "text/plain").body("m v=1 1780000000");
            let request =
                authorization.into_iter().fold(request, |request, said| request.header("authorization", said));
            nobody.send(request).await
        };
        let basic = |pair: String| Some(format!("Basic {}", STANDARD.encode(pair)));
        write(&format!("{INFLUX_V1}?precision=s"), basic(format!("telegraf:{token}"))).await.expect(204);
        write(&format!("{INFLUX_V1}?db=x&u=telegraf&p={token}&precision=s"), None).await.expect(204);
        let twice = format!("{INFLUX_V1}?u=telegraf&p={token}&p={token}");
        for (path, said) in [
            (format!("{INFLUX_V1}?u=telegraf&p=rk_0"), None),
            (twice, None),
            (format!("{INFLUX}?p={token}"), None),
            (format!("{OTLP}?p={token}"), None),
            (INFLUX_V1.to_owned(), basic(token.clone())),
            (INFLUX.to_owned(), basic(format!("telegraf:{token}"))),
            ("/v1/measurements".to_owned(), basic(format!("telegraf:{token}"))),
            // What stands in the header is what is presented.
            (format!("{INFLUX_V1}?u=telegraf&p={token}"), Some("Bearer rk_0".to_owned())),
        ] {
            write(&path, said).await.expect(401);
        }
    }
}

#[tokio::test]
async fn clients_of_influx_ask_before_they_send() {
    for database in each() {
        let api = Api::start(database).await;
        let nobody = api.anonymous();
        let ping = nobody.get("/v1/ingest/influx/ping").await.expect(204);
        assert!(ping.header("x-influxdb-version").starts_with("ratchet-"), "{:?}", ping.headers);
        nobody.get("/v1/ingest/influx/ping?verbose=true").await.expect(204);
        let health = nobody.get("/v1/ingest/influx/health").await.expect(200);
        assert_eq!((&health.body["status"], &health.body["checks"]), (&json!("pass"), &json!([])));
    }
}

#[tokio::test]
async fn attributes_of_an_event_are_decoded_as_headers_carry_them() {
    for database in each() {
        let api = Api::start(database).await;
        let token = key(&api, "measurements:write").await;
        let machine = api.with_token(&token);
        let event = async |source: &str, body: &str| {
            let request = machine.request(Method::POST, EVENTS).header("content-type", "application/json");
            let request = request.header("ce-specversion", "1.0").header("ce-id", "1").header("ce-source", source);
            let request = request.header("ce-type", "backup.finished").header("ce-time", "2026-05-28T20:26:40Z");
            machine.send(request.body(body.to_owned())).await
        };
        event("/backup/b%C3%BCro%2050%25", r#"{"value": 1}"#).await.expect(200);
        assert_eq!(labels_of(&api, "backup.finished").await["labels"]["source"], "/backup/büro 50%");
        let wrong = event("%ff", r#"{"value": 1}"#).await.expect(400);
        assert_eq!(wrong.faults(), ["ce-source malformed"]);
        let structured = json!({
            "specversion": "1.0", "id": "2", "source": "/scan", "type": "scan.finished", "time": "2026-05-28T20:26:40Z",
            "data_base64": STANDARD.encode(r#"{"value": 7.5}"#),
        });
        let body = structured.to_string().into_bytes();
        send(&machine, EVENTS, "application/cloudevents+json", None, body).await.expect(200);
        assert_eq!(labels_of(&api, "scan.finished").await["last_value"], 7.5);
    }
}

/// A rule for a series that is not listed whole would be for others, too.
#[tokio::test]
async fn what_is_not_listed_whole_is_not_adopted_unseen() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let line = format!("wide,job=portal,query={} value=1", "x".repeat(5_000));
        send(&manager, INFLUX, "text/plain", None, line.into_bytes()).await.expect(204);
        let listed = labels_of(&api, "wide").await;
        assert_eq!(listed["labels"], json!({ "job": "portal", "\u{fffd}": "left out: 1" }));
        let mut body = json!({ "series_id": listed["id"], "indicator": super::active(&api).await });
        let refused = manager.post("/v1/ingest/unmatched/adopt", body.clone()).await.expect(422);
        assert_eq!(refused.faults(), ["/matchers required"]);
        body["matchers"] = json!([{ "label": "job", "comparison": "equal", "value": "portal" }]);
        let adopted = manager.post("/v1/ingest/unmatched/adopt", body).await.expect(201);
        assert_eq!(adopted.body["rule"]["matchers"].as_array().unwrap().len(), 1);
    }
}

/// A disk that is full is no fault of what is sent: every protocol says that it is to be sent again.
#[tokio::test]
async fn what_cannot_be_kept_is_to_be_sent_again() {
    for database in each() {
        let Address::Sqlite(_) = database.address else { continue };
        let api = Api::start(database).await;
        let token = key(&api, "measurements:write").await;
        let machine = api.with_token(&token);
        let room = async |pages: &'static str| {
            let limited = api.store.work(move |connection| {
                connection.batch_execute(&format!("PRAGMA max_page_count = {pages}"))?;
                Ok::<_, Error>(())
            });
            limited.await.unwrap();
        };
        // No fewer than there are, of which none is free.
        api.database.open().batch_execute("VACUUM").unwrap();
        room("1").await;
        for (place, way) in WAYS.into_iter().enumerate() {
            let names: Vec<String> = (0..50).map(|n| format!("full{place}x{n}{}", "y".repeat(80))).collect();
            let all: Vec<_> = names.iter().map(|name| series(name, "north", &[(api.now(), 1.0)])).collect();
            let answer = go(&machine, way, &all).await.expect(503);
            assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0), "{way:?}");
        }
        room("1073741823").await;
        go(&machine, WAYS[0], &[series("load", "north", &[(api.now(), 1.0)])]).await.expect(200);
    }
}
