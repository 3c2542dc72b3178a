//! Every answer of every test is held against the contract: whatever it was about, the status is documented, the body fits
//! its schema and holds nothing that the schema does not name, and the headers are those that are documented.

use super::Answer;
use jsonschema::{Registry, Validator};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

/// The document, put together once: that takes a while, and every test asks for it.
pub fn document() -> &'static Value {
    static DOCUMENT: LazyLock<Value> = LazyLock::new(ratchet_http::document);
    &DOCUMENT
}

/// Where the schemas are found by validators.
const SCHEMAS: &str = "urn:contract";

/// An operation: which requests it answers, and what it can answer.
struct Operation {
    id: &'static str,
    segments: Vec<&'static str>,
    responses: &'static Value,
}

/// By method and number of segments: each request of each test asks for its operation.
static OPERATIONS: LazyLock<HashMap<(String, usize), Vec<Operation>>> = LazyLock::new(|| {
    let mut all: HashMap<(String, usize), Vec<Operation>> = HashMap::new();
    for (path, item) in document()["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let segments: Vec<&str> = path.split('/').collect();
            let alike = all.entry((method.to_uppercase(), segments.len())).or_default();
            let id = operation["operationId"].as_str().unwrap();
            alike.push(Operation { id, segments, responses: &operation["responses"] });
        }
    }
    // Where a word and a parameter fit, the word is meant.
    for alike in all.values_mut() {
        alike.sort_by_key(|operation| operation.segments.iter().filter(|segment| segment.starts_with('{')).count());
    }
    all
});

/// The contract's schemas, closed.
static REGISTRY: LazyLock<Registry<'static>> = LazyLock::new(|| {
    let schemas = document()["components"]["schemas"].as_object().unwrap();
    let whole: serde_json::Map<String, Value> = schemas.iter().map(|(name, one)| (name.clone(), closed(one))).collect();
    let parts: serde_json::Map<String, Value> = schemas.iter().map(|(name, one)| (name.clone(), part(one))).collect();
    let document = json!({ "components": { "schemas": whole }, "parts": parts });
    Registry::new().add(SCHEMAS, document).unwrap().prepare().unwrap()
});

/// The schema, such that an object has the members that it names and no others.
fn closed(schema: &Value) -> Value {
    let mut closed = within(schema, closed);
    let is_object = schema["properties"].as_object().is_some_and(|members| !members.is_empty());
    if schema["allOf"].is_array() {
        closed["allOf"] = schema["allOf"].as_array().unwrap().iter().map(part).collect();
        closed["unevaluatedProperties"] = json!(false);
    } else if is_object && schema["additionalProperties"].is_null() {
        closed["additionalProperties"] = json!(false);
    }
    closed
}

/// The schema as a part of a whole, which has other members beside its own.
fn part(schema: &Value) -> Value {
    let mut open = within(schema, part);
    if let Some(name) = schema["$ref"].as_str() {
        open["$ref"] = json!(name.replace("#/components/schemas/", "#/parts/"));
    }
    if let Some(all) = schema["allOf"].as_array() {
        open["allOf"] = all.iter().map(part).collect();
    }
    open
}

/// What lies below is closed; the ways of a choice are what the whole is.
fn within(schema: &Value, way: fn(&Value) -> Value) -> Value {
    let mut changed = schema.clone();
    for several in ["oneOf", "anyOf"] {
        if let Some(ways) = schema[several].as_array() {
            changed[several] = ways.iter().map(way).collect();
        }
    }
    for (name, member) in schema["properties"].as_object().into_iter().flatten() {
        changed["properties"][name] = closed(member);
    }
    for below in ["items", "additionalProperties"] {
        if schema[below].is_object() {
            changed[below] = closed(&schema[below]);
        }
    }
    changed
}

/// Made once for each schema that is answered, whatever the test.
fn validator(schema: &'static Value) -> Arc<Validator> {
    static KNOWN: LazyLock<Mutex<HashMap<usize, Arc<Validator>>>> = LazyLock::new(Mutex::default);
    // Where it stands in the document, which stays: nothing is written out to be looked up.
    let place = std::ptr::from_ref(schema).addr();
    if let Some(known) = KNOWN.lock().unwrap().get(&place) {
        return known.clone();
    }
    let schema: Value =
        serde_json::from_str(&closed(schema).to_string().replace("\"#/", &format!("\"{SCHEMAS}#/"))).unwrap();
    let options = jsonschema::options().with_registry(&REGISTRY).should_validate_formats(true);
    let made = Arc::new(options.build(&schema).unwrap());
    KNOWN.lock().unwrap().entry(place).or_insert(made).clone()
}

fn resolved(value: &'static Value) -> &'static Value {
    match value["$ref"].as_str() {
        Some(reference) => document().pointer(&reference[1..]).unwrap(),
        None => value,
    }
}

/// The operation that answers, if it is one.
fn operation(method: &Method, path: &str) -> Option<&'static Operation> {
    // Methods are told apart by case.
    let method = if *method == Method::HEAD { "GET" } else { method.as_str() };
    let asked: Vec<&str> = path.split('/').collect();
    let fits = |operation: &&Operation| {
        let mut pairs = operation.segments.iter().zip(&asked);
        pairs.all(|(segment, word)| segment == word || (segment.starts_with('{') && !word.is_empty()))
    };
    OPERATIONS.get(&(method.to_owned(), asked.len()))?.iter().find(fits)
}

/// How the operation that answers is called.
pub(super) fn operation_id(method: &Method, path: &str) -> Option<&'static str> {
    operation(method, path).map(|operation| operation.id)
}

/// What is wrong with an answer, if anything is.
pub(super) fn fault(method: &Method, path: &str, answer: &Answer) -> Option<String> {
    let operation = operation(method, path)?;
    let response = resolved(&operation.responses[answer.status.to_string()]);
    if !response.is_object() {
        return Some(format!("{} is not documented", answer.status));
    }
    for header in ["ETag", "Location"] {
        let documented = response["headers"][header].is_object();
        let sent = answer.headers.contains_key(&header.to_lowercase());
        if documented != sent {
            return Some(format!("{header} is documented: {documented}, sent: {sent}"));
        }
    }
    if answer.text.is_empty() {
        // In Protocol Buffers a message of which nothing is to be said has no bytes.
        let is_message = answer.header("content-type") == "application/x-protobuf";
        let is_body = response["content"].is_object() && *method != Method::HEAD && !is_message;
        return is_body.then(|| "no body".to_owned());
    }
    let media_type = answer.header("content-type").split(';').next().unwrap_or_default();
    let content = Some(&response["content"][media_type]).filter(|content| content.is_object());
    let content = content.unwrap_or(&response["content"]["*/*"]);
    if !content.is_object() {
        return Some(format!("{media_type} is not documented"));
    }
    if !media_type.ends_with("json") || media_type.ends_with("ndjson") {
        return None;
    }
    misfit(&content["schema"], &answer.body)
}

/// What keeps a value from being what a schema of the contract says, if anything does.
pub fn misfit(schema: &'static Value, value: &Value) -> Option<String> {
    let validator = validator(schema);
    let faults: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    (!faults.is_empty()).then(|| faults.join("; "))
}

/// Where this fails, the sample organisation answers otherwise by now: `scripts/examples.py` asks it anew.
#[test]
fn every_answer_has_an_example_that_has_its_form() {
    let answers = OPERATIONS.values().flatten().flat_map(|operation| {
        let responses = operation.responses.as_object().unwrap().iter();
        let good = responses.filter(|(status, _)| status.starts_with('2'));
        good.map(move |(status, response)| {
            (format!("{} {status}", operation.id), &response["content"]["application/json"])
        })
    });
    let mut from_the_sample = 0;
    for (answer, content) in answers.filter(|(_, content)| content["schema"].is_object()) {
        let sample = &content["examples"]["sample"];
        from_the_sample += usize::from(sample.is_object());
        let example = if sample.is_object() { &resolved(sample)["value"] } else { &content["example"] };
        assert!(!example.is_null(), "{answer} has no example");
        assert_eq!(misfit(&content["schema"], example), None, "{answer}: {example}");
    }
    assert!(from_the_sample > 250, "{from_the_sample}");
}

#[test]
fn a_member_that_is_not_named_is_found() {
    let head = json!({ "type": "object", "properties": { "id": { "type": "string" } }, "required": ["id"] });
    let own = json!({ "type": "object", "properties": { "inner": head } });
    let whole = closed(&json!({ "allOf": [head, own] }));
    let validator = jsonschema::options().build(&whole).unwrap();
    for (body, fits) in [
        (json!({ "id": "a", "inner": { "id": "b" } }), true),
        (json!({ "id": "a", "inner": { "id": "b", "more": 1 } }), false),
        (json!({ "id": "a", "more": 1 }), false),
        (json!({ "id": 1 }), false),
        (json!({}), false),
    ] {
        assert_eq!(validator.is_valid(&body), fits, "{body}");
    }
}
