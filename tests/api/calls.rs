//! A call of each operation that takes a body, such that it would succeed: what the tests of rights and of tenancy
//! then bend. An operation without a line in `calls/lines.rs` is tried on a fresh record with an empty body; it needs one
//! when its body names another record or member, or holds a choice by a tag.

mod lines;

use self::lines::Line;
use super::contract::{TEMPLATE, content_type, operations, target};
use super::samples::{allowed, public_link};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller};
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

/// A call that would succeed.
#[derive(Debug, Clone)]
pub struct Call {
    /// By whom.
    pub role: Role,
    pub method: Method,
    /// Where to, with the parameters that it needs.
    pub path: String,
    pub body: Value,
    /// Whether it has a line.
    pub is_listed: bool,
}

impl Call {
    /// By whomever, with whatever body.
    pub async fn send(&self, caller: &Caller<'_>, body: &Value) -> Answer {
        self.send_to(caller, &self.path, body).await
    }

    /// The same elsewhere.
    pub async fn send_to(&self, caller: &Caller<'_>, path: &str, body: &Value) -> Answer {
        let request = caller.request(self.method.clone(), path).header("content-type", content_type(&self.method));
        let request = if self.method == Method::PATCH { request.header("if-match", "*") } else { request };
        caller.send(request.body(body.to_string())).await
    }

    /// The same with a parameter more.
    pub fn path_with(&self, parameter: &str) -> String {
        let mark = if self.path.contains('?') { '&' } else { '?' };
        format!("{}{mark}{parameter}", self.path)
    }
}

/// Operations with a JSON body.
pub fn with_body() -> Vec<(Method, String, Value)> {
    let mut all = operations();
    // What a ticketing system sends is its own affair.
    all.retain(|(_, _, operation)| !schema_of(operation).is_null() && *schema_of(operation) != json!({}));
    all
}

/// The schema of an operation's JSON body.
pub fn schema_of(operation: &Value) -> &Value {
    let content = &operation["requestBody"]["content"];
    let json = ["application/json", "application/merge-patch+json"].into_iter().find(|name| content[name].is_object());
    json.map_or(&Value::Null, |name| &content[name]["schema"])
}

/// The operation's line, or a fresh record with an empty body.
pub async fn call_of(api: &Api, operation: &(Method, String, Value)) -> Call {
    let id = operation.2["operationId"].as_str().unwrap();
    call_by(api, operation, lines::valid(api, id).await).await
}

/// The operation's line that has something at this place: where one member excludes another, a line of its own holds it,
/// called by the operation and the place.
pub async fn call_about(api: &Api, operation: &(Method, String, Value), place: &str) -> Call {
    let id = operation.2["operationId"].as_str().unwrap();
    let usual = call_of(api, operation).await;
    if usual.body.pointer(place).is_some() {
        return usual;
    }
    call_by(api, operation, lines::valid(api, &format!("{id} {place}")).await).await
}

async fn call_by(api: &Api, (method, path, operation): &(Method, String, Value), line: Option<Line>) -> Call {
    let id = operation["operationId"].as_str().unwrap();
    let is_listed = line.is_some();
    let (role, path, body) = match line {
        Some(line) => line,
        None => {
            let mut path = path.replace("{template}", TEMPLATE);
            if path.contains("{id}") {
                path = path.replace("{id}", &target(api, &path).await);
            }
            if path.contains("{link}") {
                path = path.replace("/v1/report-intakes/{link}", &public_link(api).await);
            }
            (allowed(id), path, json!({}))
        }
    };
    Call { role, method: method.clone(), path, body, is_listed }
}

/// What the other tests bend is whole: it is refused for nothing but what they bend.
#[tokio::test]
async fn each_line_would_succeed() {
    for database in each() {
        let api = Api::start(database).await;
        let is_dry = |operation: &Value| {
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            parameters.into_iter().any(|parameter| parameter["name"] == "dry_run")
        };
        // What cannot be tried without being done comes last: nobody logs in by a password that was changed.
        let (dry, done): (Vec<_>, Vec<_>) = with_body().into_iter().partition(|operation| is_dry(&operation.2));
        for operation in dry.into_iter().chain(done) {
            let id = operation.2["operationId"].as_str().unwrap();
            let call = call_of(&api, &operation).await;
            if !call.is_listed {
                continue;
            }
            let path = if is_dry(&operation.2) { call.path_with("dry_run=true") } else { call.path.clone() };
            let answer = call.send_to(&api.by(call.role).await, &path, &call.body).await;
            assert!((200..300).contains(&answer.status), "{id}: {}", answer.text);
        }
    }
}

/// What is there once only says which member of the body is the same, and the record that has it.
#[tokio::test]
async fn what_exists_already_is_named() {
    for database in each() {
        let api = Api::start(database).await;
        let mut told = 0;
        // A body of history is about many; its rows say what is known.
        let is_one = |path: &str| !path.contains('{') && !path.starts_with("/v1/imports/");
        for operation in with_body().into_iter().filter(|(method, path, _)| *method == Method::POST && is_one(path)) {
            let call = call_of(&api, &operation).await;
            if !call.is_listed || !operation.1.starts_with("/v1/") || operation.1.starts_with("/v1/auth/") {
                continue;
            }
            let caller = api.by(call.role).await;
            let first = call.send(&caller, &call.body).await;
            let again = call.send(&caller, &call.body).await;
            if again.body["type"] != "/problems/taken" {
                continue;
            }
            let fault = &again.body["errors"][0];
            let pointer = fault["pointer"].as_str().unwrap();
            assert!(call.body.pointer(pointer).is_some(), "{} names {pointer}", operation.1);
            if pointer != "/email" {
                assert!(fault["detail"].as_str().unwrap().ends_with(first.reference()), "{}: {fault}", operation.1);
                told += 1;
            }
        }
        assert!(told >= 4, "votes, tags, links and controls are there once: {told}");
    }
}
