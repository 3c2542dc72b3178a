//! Measurements in bulk: the server over HTTP beside the same rows in the same table without one.

use crate::load::Wire;
use crate::program::{Cluster, Server, said};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use ratchet_persistence::connection::{Address, AnyConnection};
use serde_json::{Value, json};
use std::fmt::Write;
use std::time::{Duration, Instant};

/// Points of a body.
const BATCH: usize = 10_000;
/// Series, each of an indicator of its own.
const SERIES: usize = 100;

/// How a body is sent.
#[derive(Debug, Clone, Copy)]
pub enum Form {
    Json,
    Lines,
    Csv,
}

impl Form {
    pub const ALL: [Self; 3] = [Self::Json, Self::Lines, Self::Csv];

    pub fn media_type(self) -> &'static str {
        match self {
            Self::Json => "application/json",
            Self::Lines => "application/x-ndjson",
            Self::Csv => "text/csv",
        }
    }

    fn body(self, indicators: &[String], batch: usize) -> String {
        let mut body = String::with_capacity(BATCH * 110);
        match self {
            Self::Json => body.push('['),
            Self::Lines => {}
            Self::Csv => body.push_str("indicator,observed_at,value\n"),
        }
        for point in 0..BATCH {
            let (indicator, at, value) =
                (&indicators[point % indicators.len()], moment(batch, point), value(batch, point));
            let written = match self {
                Self::Csv => writeln!(body, "{indicator},{at},{value}"),
                Self::Json | Self::Lines => {
                    let comma = if matches!(self, Self::Json) && point > 0 { "," } else { "" };
                    writeln!(body, r#"{comma}{{"indicator":"{indicator}","observed_at":"{at}","value":{value}}}"#)
                }
            };
            written.expect("memory");
        }
        if matches!(self, Self::Json) {
            body.push(']');
        }
        body
    }
}

/// A minute apart in each series.
fn seconds(batch: usize, point: usize) -> i64 {
    i64::try_from((batch * (BATCH / SERIES) + point / SERIES) * 60).expect("a moment")
}

/// The first of January 2025.
const BEGIN: i64 = 1_735_689_600;

fn moment(batch: usize, point: usize) -> String {
    let at = chrono::DateTime::from_timestamp(BEGIN + seconds(batch, point), 0);
    at.expect("a moment").to_rfc3339()
}

fn value(batch: usize, point: usize) -> f64 {
    ((point * 31 + batch * 17) % 1_000) as f64 + 0.125
}

/// Indicators of a server that are fed.
pub struct Feed<'a> {
    server: &'a Server,
    token: &'a str,
    indicators: Vec<String>,
    /// Batches that were sent: the next one is later.
    sent: usize,
}

impl<'a> Feed<'a> {
    /// Defines and activates them.
    pub fn new(server: &'a Server, token: &'a str) -> Self {
        let call = |method: &str, path: &str, etag: &str, body: &Value| {
            let request = crate::load::conditional(method, path, token, etag, &body.to_string());
            let answer = runtime().block_on(async { Wire::open(&server.address).await.ask(&request).await });
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            assert!(answer.status < 300, "{path}: {body}");
            (body, answer.etag)
        };
        let me = call("GET", "/v1/me", "", &Value::Null).0["member_id"].clone();
        let define = |n: usize| {
            let indicator = json!({
                "name": format!("Latency {n}"), "information_need": "How long users wait", "unit": "ms", "value_kind": "gauge",
                "goal": { "direction": "lower_is_better", "target": 1e6, "warning": 2e6, "critical": 3e6 },
                "method": "Measured at the balancer", "data_source": "Balancer", "frequency": "daily",
                "analysis_interval": "monthly", "collector_id": me, "analyst_id": me, "owner_id": me,
            });
            let (made, etag) = call("POST", "/v1/indicators", "", &indicator);
            let reference = made["reference"].as_str().expect("a reference").to_owned();
            call("POST", &format!("/v1/indicators/{reference}/activate"), &etag, &json!({}));
            reference
        };
        Self { server, token, indicators: (0..SERIES).map(define).collect(), sent: 0 }
    }

    /// Points a second, sent one body after the other.
    pub fn send(&mut self, form: Form, batches: usize) -> f64 {
        let bodies: Vec<Vec<u8>> = (0..batches)
            .map(|batch| {
                let body = form.body(&self.indicators, self.sent + batch);
                let head = format!(
                    "POST /v1/measurements HTTP/1.1\r\nHost: ratchet\r\nAuthorization: Bearer {}\r\n\
                     Content-Type: {}\r\nContent-Length: {}\r\n\r\n",
                    self.token,
                    form.media_type(),
                    body.len()
                );
                [head.into_bytes(), body.into_bytes()].concat()
            })
            .collect();
        self.sent += batches;
        let began = Instant::now();
        runtime().block_on(async {
            let mut wire = Wire::open(&self.server.address).await;
            for body in &bodies {
                let answer = wire.ask(body).await;
                assert_eq!(answer.status, 201, "{}", String::from_utf8_lossy(&answer.body));
            }
        });
        rate(batches, began.elapsed())
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn rate(batches: usize, time: Duration) -> f64 {
    (batches * BATCH) as f64 / time.as_secs_f64()
}

diesel::table! {
    measurements (measured_id, observed_at, series_id) {
        measured_id -> Integer,
        observed_at -> BigInt,
        series_id -> Integer,
        value -> Double,
        denominator -> Nullable<Double>,
        origin_id -> Integer,
        number -> Integer,
    }
}

const SQLITE: &str = "CREATE TABLE measurements (measured_id INTEGER NOT NULL, observed_at INTEGER NOT NULL, \
    series_id INTEGER NOT NULL, value REAL NOT NULL, denominator REAL CHECK (denominator > 0), origin_id INTEGER NOT NULL, \
    number INTEGER NOT NULL, PRIMARY KEY (measured_id, observed_at, series_id)) STRICT, WITHOUT ROWID";

/// The same rows by a prepared statement, in transactions of the same size, sorted by their key.
pub fn bare_sqlite(batches: usize) -> f64 {
    use measurements as m;
    let directory = tempfile::tempdir().expect("a directory");
    let address = Address::Sqlite(directory.path().join("bare.db"));
    let AnyConnection::Sqlite(mut connection) = address.open().expect("a database") else { unreachable!() };
    connection.batch_execute(SQLITE).expect("a table");
    let began = Instant::now();
    for batch in 0..batches {
        connection.batch_execute("BEGIN IMMEDIATE").expect("a transaction");
        for series in 0..SERIES {
            for point in (0..BATCH).skip(series).step_by(SERIES) {
                let number = i32::try_from(point).expect("a number");
                let row = (
                    m::measured_id.eq(i32::try_from(series).expect("a number")),
                    m::observed_at.eq((BEGIN + seconds(batch, point)) * 1_000_000),
                    m::series_id.eq(i32::try_from(series).expect("a number")),
                    m::value.eq(value(batch, point)),
                    m::denominator.eq(None::<f64>),
                    m::origin_id.eq(i32::try_from(batch).expect("a number")),
                    m::number.eq(number),
                );
                diesel::insert_into(m::table).values(row).execute(&mut connection).expect("a row");
            }
        }
        connection.batch_execute("COMMIT").expect("a transaction");
    }
    rate(batches, began.elapsed())
}

const POSTGRES: &str = "CREATE TABLE IF NOT EXISTS bare_measurements (measured_id integer NOT NULL, observed_at timestamptz NOT NULL, \
    series_id integer NOT NULL, value double precision NOT NULL, denominator double precision, origin_id integer NOT NULL, \
    number integer NOT NULL, PRIMARY KEY (measured_id, observed_at, series_id)); TRUNCATE bare_measurements; \
    CREATE UNLOGGED TABLE IF NOT EXISTS staging (LIKE bare_measurements);";

/// The same rows by `\\copy` into a staging table, and from there with `ON CONFLICT`, in transactions of the same size.
pub fn bare_postgres(url: &str, batches: usize) -> f64 {
    let directory = tempfile::tempdir().expect("a directory");
    let mut script = String::new();
    for batch in 0..batches {
        let mut rows = String::with_capacity(BATCH * 60);
        for point in 0..BATCH {
            let (series, at) = (point % SERIES, moment(batch, point));
            writeln!(rows, "{series},{at},{series},{},,{batch},{point}", value(batch, point)).expect("memory");
        }
        let path = directory.path().join(format!("{batch}.csv"));
        std::fs::write(&path, rows).expect("a file");
        write!(
            script,
            "BEGIN;\n\\copy staging FROM '{}' CSV\nINSERT INTO bare_measurements SELECT * FROM staging ON CONFLICT DO NOTHING;\n\
             TRUNCATE staging;\nCOMMIT;\n",
            path.display()
        )
        .expect("memory");
    }
    said(Cluster::tool("psql").args([url, "-qc", POSTGRES]));
    let path = directory.path().join("script.sql");
    std::fs::write(&path, script).expect("a file");
    let began = Instant::now();
    said(Cluster::tool("psql").args([url, "-q", "-v", "ON_ERROR_STOP=1", "-f"]).arg(&path));
    rate(batches, began.elapsed())
}
