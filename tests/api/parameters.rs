//! Hostile parameters, headers and paths for every operation: refused by name, the same on both databases.

use super::contract::{content_type, is_open, nowhere, operations};
use super::samples::allowed;
use crate::databases::each;
use crate::harness::{Api, Caller, speaks_its_own};
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::Value;

/// Query parameters of an operation: name and format.
fn parameters(operation: &Value) -> Vec<(&str, &str)> {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    parameters
        .filter(|parameter| parameter["in"] == "query")
        .map(|parameter| (parameter["name"].as_str().unwrap(), parameter["schema"]["format"].as_str().unwrap_or("")))
        .collect()
}

/// Everything that is asked of somebody known; whoever asks may. Doors that speak protocols of others, which have no list of
/// faults, are asked by `ingest.rs`.
fn known() -> Vec<(Method, String, Value)> {
    let mut known = operations();
    known.retain(|(_, path, operation)| !is_open(operation) && path != "/v1/auth/logout" && !speaks_its_own(path));
    known
}

/// With what else the operation needs to be asked at all.
fn query(parameters: &[(&str, &str)], operation: &Value, name: &str, value: &str) -> String {
    let needed = operation["parameters"].as_array().into_iter().flatten();
    let needed = needed.filter(|other| other["required"] == true && other["in"] == "query" && other["name"] != name);
    let mut query = format!("{name}={value}");
    for other in needed {
        let value = if other["schema"]["format"] == "date-time" { "2026-01-01T00:00:00Z" } else { "1" };
        query.push_str(&format!("&{}={value}", other["name"].as_str().unwrap()));
    }
    assert!(name == "nonsense" || parameters.iter().any(|(known, _)| *known == name));
    query
}

async fn ask(caller: &Caller<'_>, method: &Method, path: &str, query: &str) -> (u16, Vec<String>) {
    let request = caller.request(method.clone(), &format!("{}?{query}", nowhere(path)));
    let request = request.header("content-type", content_type(method)).header("if-match", "*");
    let answer = caller.send(request.body("{}")).await;
    (answer.status, answer.faults())
}

/// None of them is ever read, whatever the operation.
const NEVER: [&str; 3] = ["%00", "a%EF%BF%BFb", "%E2%80%AEx"];
const NO_DAYS: [&str; 6] = ["1969-12-31", "9999-12-31", "-262143-01-01", "2024-02-30", "2024-01-01x", "yesterday"];
const NO_MOMENTS: [&str; 7] = [
    "-262143-01-01T00:00:00Z",
    "0000-01-01T00:00:00Z",
    "2200-01-01T00:00:00Z",
    "2026-01-01T24:00:00Z",
    "2026-01-01T00:00:60Z",
    "2026-01-01T00:00:00",
    "2026-01-01T00:00:00%2B25:00",
];
/// Which may fit or not; the two databases must agree.
const ODDITIES: [&str; 12] =
    ["", "%FF", "-1", "0", "1.5", "1000000000000", "9223372036854775808", "null", "[]", "%25", "a'--", "NC-2026-0001"];

/// Each value that is tried, and whether it must be refused.
fn tried(format: &str) -> Vec<(String, bool)> {
    let bad = match format {
        "date" => &NO_DAYS[..],
        "date-time" => &NO_MOMENTS[..],
        _ => &[],
    };
    let bad = NEVER.iter().chain(bad).map(|value| ((*value).to_owned(), true));
    let long = ("a".repeat(4_000), false);
    bad.chain(ODDITIES.iter().map(|value| ((*value).to_owned(), false))).chain([long]).collect()
}

#[tokio::test]
async fn both_databases_give_the_same_verdict_on_every_parameter() {
    let mut told = Vec::new();
    for database in each() {
        let api = Api::start(database).await;
        let mut lines = Vec::new();
        for (method, path, operation) in known() {
            let caller = api.by(allowed(operation["operationId"].as_str().unwrap())).await;
            let parameters = parameters(&operation);
            for (name, format) in &parameters {
                for (value, must_fail) in tried(format) {
                    let query = query(&parameters, &operation, name, &value);
                    let (status, faults) = ask(&caller, &method, &path, &query).await;
                    let what = format!("{method} {path} {name}={value:.60}: {status} {faults:?}");
                    assert_ne!(status, 403, "{what}");
                    if must_fail {
                        assert_eq!(status, 400, "{what}");
                        assert!(faults.iter().any(|fault| fault.starts_with(*name)), "{what}");
                    }
                    lines.push(what);
                }
            }
        }
        told.push(lines);
    }
    let [sqlite, postgres] = told.try_into().unwrap();
    assert!(sqlite.len() > 1_000);
    for (sqlite, postgres) in sqlite.into_iter().zip(postgres) {
        assert_eq!(sqlite, postgres);
    }
}

#[tokio::test]
async fn every_list_refuses_nonsense_by_name() {
    for database in each() {
        let api = Api::start(database).await;
        for (method, path, operation) in known() {
            let caller = api.by(allowed(operation["operationId"].as_str().unwrap())).await;
            let (status, faults) = ask(&caller, &method, &path, &query(&[], &operation, "nonsense", "1")).await;
            assert!(status == 400 && faults == ["nonsense unknown_parameter"], "{method} {path}: {status} {faults:?}");
            let parameters = parameters(&operation);
            for (name, values) in [
                ("limit", &["0", "-1", "1000000000", "9223372036854775808", "abc", "", "1.5", "5&limit=6"][..]),
                ("cursor", &["AAAA", "", "%00", "cursor"]),
                (
                    "sort",
                    &["", "nonsense", "id;drop", "name,(select%201)", "password_hash", "organisation_id", "--title"],
                ),
                ("expand", &["", "nonsense", "owner.roles", "password"]),
                ("count", &["perhaps", "1", ""]),
                ("state", &["nonsense", "", "open'"]),
                ("dry_run", &["perhaps", "1", ""]),
            ] {
                if !parameters.iter().any(|(known, _)| *known == name) {
                    continue;
                }
                for value in values {
                    let (status, faults) =
                        ask(&caller, &method, &path, &query(&parameters, &operation, name, value)).await;
                    let named = faults.iter().all(|fault| fault.starts_with(name));
                    let refused = status == 400 && faults.len() == 1 && named;
                    assert!(refused, "{method} {path} {name}={value}: {status} {faults:?}");
                }
            }
        }
    }
}

/// What some frameworks take for the method, and what a browser says it would like.
#[tokio::test]
async fn headers_do_not_change_what_is_asked() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        for (method, path, _) in known().into_iter().filter(|(method, _, _)| *method == Method::GET) {
            let plain = manager.send(manager.request(method.clone(), &nowhere(&path))).await;
            for header in ["x-http-method-override", "x-http-method", "x-method-override"] {
                let request = manager.request(method.clone(), &nowhere(&path)).header(header, "DELETE");
                assert_eq!(manager.send(request).await.status, plain.status, "{path} {header}");
            }
            let html = manager.request(method.clone(), &nowhere(&path)).header("accept", "text/html");
            assert_eq!(manager.send(html).await.header("content-type"), plain.header("content-type"), "{path}");
        }
    }
}

#[tokio::test]
async fn a_version_is_asked_for_as_the_standard_says() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = super::nonconformities::raise(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let path = format!("/v1/nonconformities/{reference}");
        let patch = |if_match: Option<&'static str>| {
            let mut request =
                manager.request(Method::PATCH, &path).header("content-type", "application/merge-patch+json");
            if let Some(tag) = if_match {
                request = request.header("if-match", tag);
            }
            manager.send(request.body(r#"{"title":"x"}"#))
        };
        patch(None).await.expect(428);
        for stale in ["\"2\"", "W/\"1\"", "1", "", "\"\"", "\"9223372036854775808\"", "\"-1\"", "\"1", "\"0\", \"2\""] {
            assert_eq!(patch(Some(stale)).await.expect(412).body["current_version"], 1, "{stale}");
        }
        patch(Some("\"9\", \"1-abc\"")).await.expect(200);
        patch(Some("*")).await.expect(200);
        let twice = manager.request(Method::PATCH, &path).header("if-match", "*").header("if-match", "\"1\"");
        let twice = twice.header("content-type", "application/merge-patch+json").body("{}");
        manager.send(twice).await.expect(400);
    }
}

#[tokio::test]
async fn a_retry_s_key_is_printable() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        for key in [b"".as_slice(), b"a\tb", b"\xffkey", "schl\u{fc}ssel".as_bytes(), &[b'k'; 256]] {
            let request = manager.request(Method::POST, "/v1/nonconformities").header("idempotency-key", key);
            let refused = manager.send(request.json(&super::nonconformities::report())).await.expect(400);
            assert!(refused.faults()[0].starts_with("idempotency-key "), "{key:?}");
        }
        let longest = "k".repeat(255);
        let request = manager.request(Method::POST, "/v1/nonconformities").header("idempotency-key", longest);
        manager.send(request.json(&super::nonconformities::report())).await.expect(201);
    }
}
