//! Bodies made from the document, so that a new endpoint is tried by existing.

use super::contract::{TEMPLATE, content_type, operations, target};
use crate::harness::{Answer, Api, Caller, ROLES};
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Map, Value, json};

/// What stands at a place of a body.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Text,
    Integer,
    Number,
    Day,
    Moment,
    Other,
}

/// An operation that takes a JSON object.
pub struct Writing {
    pub id: String,
    pub method: Method,
    pub path: String,
    pub takes_dry_runs: bool,
    /// Every member, with its example or something plausible.
    pub sample: Value,
    /// Each place of the sample.
    pub places: Vec<(String, Kind)>,
    /// Members of a merge patch that cannot be emptied.
    pub never_null: Vec<String>,
}

/// All of them.
pub fn writings() -> Vec<Writing> {
    let document = super::contract::document();
    let each = operations().into_iter().filter_map(|(method, path, operation)| {
        let schema = &operation["requestBody"]["content"][content_type(&method)]["schema"];
        // An array of measurements is read item by item, by tests of its own.
        // What a ticketing system sends is its own affair.
        let is_any = *schema == serde_json::json!({});
        if schema.is_null() || is_any || schema["type"] == "array" {
            return None;
        }
        let mut places = Vec::new();
        let sample = sample(document, schema, "", &mut places);
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        Some(Writing {
            id: operation["operationId"].as_str().unwrap().to_owned(),
            takes_dry_runs: parameters.into_iter().any(|parameter| parameter["name"] == "dry_run"),
            path,
            never_null: if method == Method::PATCH { never_null(document, schema) } else { Vec::new() },
            sample,
            places,
            method,
        })
    });
    let found: Vec<Writing> = each.collect();
    assert!(found.len() > 30, "the document has lost its bodies");
    found
}

/// The schema itself, where a reference or a choice stands for it.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(reference) = schema["$ref"].as_str() {
        return resolved(document, document.pointer(&reference[1..]).unwrap());
    }
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    match choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null")) {
        Some(choice) => resolved(document, choice),
        None => schema,
    }
}

fn never_null(document: &Value, schema: &Value) -> Vec<String> {
    let members = resolved(document, schema)["properties"].as_object().into_iter().flatten();
    members.filter(|(_, member)| !takes_null(member)).map(|(name, _)| format!("/{name}")).collect()
}

fn takes_null(schema: &Value) -> bool {
    let is_null = |name: &Value| name == "null";
    is_null(&schema["type"])
        || schema["type"].as_array().is_some_and(|types| types.iter().any(is_null))
        || ["oneOf", "anyOf"].iter().filter_map(|of| schema[of].as_array()).flatten().any(takes_null)
}

fn sample(document: &Value, schema: &Value, place: &str, places: &mut Vec<(String, Kind)>) -> Value {
    let example = schema.get("example");
    let schema = resolved(document, schema);
    if let Some(parts) = schema["allOf"].as_array() {
        let mut whole = Map::new();
        for part in parts {
            if let Value::Object(members) = sample(document, part, place, places) {
                whole.extend(members);
            }
        }
        return whole.into();
    }
    let types = [&schema["type"]].into_iter().chain(schema["type"].as_array().into_iter().flatten());
    let kind = types.filter_map(Value::as_str).find(|name| *name != "null").unwrap_or("object");
    let value = example.or(schema.get("example")).filter(|example| !example.is_null()).cloned();
    let (noted, value) = match (kind, schema["format"].as_str()) {
        ("string", Some("date")) => (Kind::Day, json!("2026-07-01")),
        ("string", Some("date-time")) => (Kind::Moment, json!("2026-07-01T00:00:00Z")),
        ("string", Some("uuid")) => (Kind::Text, json!(uuid::Uuid::nil())),
        ("string", _) => (Kind::Text, value.or(schema["enum"].get(0).cloned()).unwrap_or(json!("Some text"))),
        ("integer", _) => (Kind::Integer, schema.get("minimum").cloned().unwrap_or(json!(1))),
        ("number", _) => (Kind::Number, json!(1.5)),
        ("boolean", _) => (Kind::Other, json!(true)),
        ("array", _) => {
            let item = sample(document, &schema["items"], &format!("{place}/0"), places);
            (Kind::Other, json!([item]))
        }
        _ => {
            let members = schema["properties"].as_object().into_iter().flatten();
            let members: Map<String, Value> = members
                .map(|(name, member)| (name.clone(), sample(document, member, &format!("{place}/{name}"), places)))
                .collect();
            (Kind::Other, members.into())
        }
    };
    if !place.is_empty() {
        places.push((place.to_owned(), noted));
    }
    value
}

/// Where whoever has no login reports.
pub async fn public_link(api: &Api) -> String {
    let settings = api.by(Role::Admin).await.get("/v1/settings").await.expect(200).body["items"][0].clone();
    match settings["report_link"].as_str() {
        Some(link) => link.to_owned(),
        None => super::report_intakes::open(api).await,
    }
}

/// A role that the table allows the operation.
pub fn allowed(id: &str) -> Role {
    let table = include_str!("permissions.csv");
    let row = table.lines().find(|line| line.split(',').next() == Some(id));
    let cells: Vec<&str> = row.map_or_else(Vec::new, |row| row.split(',').skip(1).collect());
    let by_preference = [1, 0, 2, 3, 4, 5];
    by_preference.into_iter().find(|role| cells.get(*role) == Some(&"yes")).map_or(Role::Admin, |role| ROLES[role])
}

/// An operation that is aimed at something that is there, by somebody who may.
pub struct Aimed<'a> {
    pub writing: &'a Writing,
    pub caller: Caller<'a>,
    /// Where it is sent, for what it does.
    pub path: String,
}

impl Writing {
    /// Whether it takes a record from a state to another.
    pub fn is_verb(&self) -> bool {
        self.method == Method::POST && self.path.contains("{id}/") && self.takes_dry_runs
    }

    pub async fn aim<'a>(&'a self, api: &'a Api) -> Aimed<'a> {
        let mut path = self.path.replace("{template}", TEMPLATE);
        if path.contains("{id}") {
            path = path.replace("{id}", &target(api, &path).await);
        }
        if path.contains("{link}") {
            path = path.replace("/v1/report-intakes/{link}", &public_link(api).await);
        }
        Aimed { writing: self, caller: api.by(allowed(&self.id)).await, path }
    }

    /// Aimed at this record.
    pub async fn aim_at<'a>(&'a self, api: &'a Api, record: &str) -> Aimed<'a> {
        let path = format!("{record}/{}", self.path.rsplit('/').next().unwrap());
        Aimed { writing: self, caller: api.by(allowed(&self.id)).await, path }
    }

    /// The body with this raw JSON at a place.
    pub fn with(&self, place: &str, raw: &str) -> String {
        const HERE: &str = "\u{1f4cd}";
        let mut body = self.sample.clone();
        *body.pointer_mut(place).unwrap() = json!(HERE);
        body.to_string().replace(&format!("\"{HERE}\""), raw)
    }
}

impl Aimed<'_> {
    /// Where the record is read.
    pub fn record(&self) -> String {
        self.path.split('/').take(4).collect::<Vec<_>>().join("/")
    }

    /// Sends a body, to keep nothing where that can be asked; the answer, and the same in one line that both databases
    /// must agree on.
    pub async fn send(&self, media_type: Option<&str>, body: impl Into<Vec<u8>>) -> (Answer, String) {
        let dry_run = if self.writing.takes_dry_runs { "?dry_run=true" } else { "" };
        let path = format!("{}{dry_run}", self.path);
        let mut request = self.caller.request(self.writing.method.clone(), &path).header("if-match", "*");
        if let Some(media_type) = media_type {
            request = request.header("content-type", media_type);
        }
        let answer = self.caller.send(request.body(body.into())).await;
        let told = format!("{} {:?} {:?}", answer.status, answer.faults(), answer.reasons());
        (answer, told)
    }
}
