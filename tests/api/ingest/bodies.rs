//! The same series in the body of each door.

use super::{EVENTS, INFLUX, NEW, OTLP, PROTOBUF, REMOTE_WRITE};
use chrono::{DateTime, Utc};
use ratchet_ingest::wire::Message;
use serde_json::{Value, json};
use std::io::Write;

/// A series `latency` of a site, at these moments.
pub struct Series<'a> {
    metric: &'a str,
    site: &'a str,
    points: Vec<(DateTime<Utc>, f64)>,
}

pub fn series<'a>(metric: &'a str, site: &'a str, points: &[(DateTime<Utc>, f64)]) -> Series<'a> {
    Series { metric, site, points: points.to_vec() }
}

pub fn nanos(at: DateTime<Utc>) -> i64 {
    at.timestamp_nanos_opt().unwrap()
}

fn otlp_json(all: &[Series<'_>]) -> Vec<u8> {
    let metric = |one: &Series<'_>| {
        let point = |(at, value): &(DateTime<Utc>, f64)| {
            json!({ "timeUnixNano": nanos(*at).to_string(), "asDouble": value,
                    "attributes": [{ "key": "site", "value": { "stringValue": one.site } }] })
        };
        json!({ "name": one.metric, "gauge": { "dataPoints": one.points.iter().map(point).collect::<Vec<_>>() } })
    };
    let metrics: Vec<Value> = all.iter().map(metric).collect();
    json!({ "resourceMetrics": [{ "scopeMetrics": [{ "metrics": metrics }] }] }).to_string().into_bytes()
}

pub fn otlp(all: &[Series<'_>]) -> Vec<u8> {
    let metric = |one: &Series<'_>| {
        let attribute =
            Message::default().bytes(1, b"site").message(2, Message::default().bytes(1, one.site.as_bytes()));
        let data = one.points.iter().fold(Message::default(), |data, (at, value)| {
            let point = Message::default().message(7, attribute.clone());
            data.message(1, point.fixed64(3, nanos(*at).to_le_bytes()).fixed64(4, value.to_le_bytes()))
        });
        Message::default().bytes(1, one.metric.as_bytes()).message(5, data)
    };
    let scope = all.iter().fold(Message::default(), |scope, one| scope.message(2, metric(one)));
    Message::default().message(1, Message::default().message(2, scope)).into_bytes()
}

fn samples(series: Message, all: &[(DateTime<Utc>, f64)]) -> Message {
    all.iter().fold(series, |series, (at, value)| {
        let sample = Message::default().fixed64(1, value.to_le_bytes());
        series.message(2, sample.varint(2, at.timestamp_millis().cast_unsigned()))
    })
}

pub fn remote_write(all: &[Series<'_>]) -> Vec<u8> {
    let label = |name: &str, value: &str| Message::default().bytes(1, name.as_bytes()).bytes(2, value.as_bytes());
    let request = all.iter().fold(Message::default(), |request, one| {
        let labels = [label("__name__", one.metric), label("site", one.site)];
        let series = labels.into_iter().fold(Message::default(), |series, label| series.message(1, label));
        request.message(1, samples(series, &one.points))
    });
    in_blocks(&request.into_bytes())
}

fn remote_write_v2(all: &[Series<'_>]) -> Vec<u8> {
    let mut request = Message::default().bytes(4, b"").bytes(4, b"__name__").bytes(4, b"site");
    for one in all {
        request = request.bytes(4, one.metric.as_bytes()).bytes(4, one.site.as_bytes());
    }
    for (place, one) in (0_u8..).zip(all) {
        let labels = Message::default().bytes(1, &[1, 3 + 2 * place, 2, 4 + 2 * place]);
        request = request.message(5, samples(labels, &one.points));
    }
    in_blocks(&request.into_bytes())
}

fn in_blocks(body: &[u8]) -> Vec<u8> {
    snap::raw::Encoder::new().compress_vec(body).unwrap()
}

pub fn lines(all: &[Series<'_>]) -> Vec<u8> {
    let of = |one: &Series<'_>| {
        let line = |(at, value): &(DateTime<Utc>, f64)| {
            format!("{},site={} value={value} {}\n", one.metric, one.site, nanos(*at))
        };
        one.points.iter().map(line).collect::<String>()
    };
    all.iter().map(of).collect::<String>().into_bytes()
}

pub fn events(all: &[Series<'_>]) -> Vec<u8> {
    let of = |one: &Series<'_>| {
        let event = |(at, value): &(DateTime<Utc>, f64)| {
            json!({ "specversion": "1.0", "id": "1", "source": "/monitor", "type": one.metric, "time": at,
                    "data": { "value": value, "labels": { "site": one.site } } })
        };
        one.points.iter().map(event).collect::<Vec<_>>()
    };
    json!(all.iter().flat_map(of).collect::<Vec<_>>()).to_string().into_bytes()
}

/// A way in: where to, of which type, in which encoding, and how a body is made.
pub type Way = (&'static str, &'static str, Option<&'static str>, fn(&[Series<'_>]) -> Vec<u8>);

pub const WAYS: [Way; 7] = [
    (OTLP, "application/json", None, otlp_json),
    (OTLP, PROTOBUF, Some("gzip"), |all| gzip(&otlp(all))),
    (REMOTE_WRITE, PROTOBUF, Some("snappy"), remote_write),
    (REMOTE_WRITE, NEW, Some("snappy"), remote_write_v2),
    (INFLUX, "text/plain; charset=utf-8", None, lines),
    ("/v1/ingest/influx/write?db=telegraf&precision=ns", "text/plain", Some("gzip"), |all| gzip(&lines(all))),
    (EVENTS, "application/cloudevents-batch+json", None, events),
];

pub fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}
