//! A whole example of each body, made of the examples of its members, and one of each answer: what the sample organisation
//! was seen to answer (`scripts/examples.py`), or the least that fits.

use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// An answer for each schema of which the sample organisation has one.
const SEEN: &str = include_str!("../../../../openapi/examples.json");

/// Writes an example beside the schema of every JSON body and answer.
pub(super) fn write(document: &mut Value) {
    let known = document.clone();
    let seen: Map<String, Value> = serde_json::from_str(SEEN).unwrap_or_default();
    write_answers(document, &known, &seen);
    let Value::Object(paths) = &mut document["paths"] else { return };
    for (path, item) in paths {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let contents = operation.get_mut("requestBody").and_then(|body| body.get_mut("content")?.as_object_mut());
            let is_json = |name: &str| name.ends_with("/json") || name.ends_with("+json");
            for (_, content) in contents.into_iter().flatten().filter(|(name, _)| is_json(name)) {
                // A body whose form others have written down has none here.
                if content.get("schema").is_none() {
                    continue;
                }
                let example = match method.as_str() {
                    "patch" => amendment(&known, path, &content["schema"]),
                    _ => example_of(&known, &content["schema"]),
                };
                // What has no schema of its own says itself how it looks.
                if content.get("example").is_none() {
                    content["example"] = example;
                }
            }
        }
    }
}

fn write_answers(document: &mut Value, known: &Value, seen: &Map<String, Value>) {
    let mut shown = BTreeSet::new();
    let Value::Object(paths) = &mut document["paths"] else { return };
    for operation in paths.values_mut().flat_map(|item| item.as_object_mut().into_iter().flatten().map(|(_, it)| it)) {
        let responses = operation["responses"].as_object_mut().into_iter().flatten();
        for (_, response) in responses.filter(|(status, _)| status.starts_with('2')) {
            let Some(content) = response.pointer_mut("/content/application~1json") else { continue };
            let name = name_of(&content["schema"]).map(str::to_owned);
            match name.filter(|name| seen.contains_key(name)) {
                Some(name) => {
                    content["examples"] = json!({ "sample": { "$ref": format!("#/components/examples/{name}") } });
                    shown.insert(name);
                }
                None => content["example"] = answer_of(known, &content["schema"], seen),
            }
        }
    }
    for (name, value) in seen.iter().filter(|(name, _)| shown.contains(*name)) {
        document["components"]["examples"][name] = json!({ "summary": "From the sample organisation", "value": value });
    }
}

/// An answer that was not seen as such: of a page, what was seen of its items.
fn answer_of(document: &Value, schema: &Value, seen: &Map<String, Value>) -> Value {
    let item = &resolved(document, schema)["properties"]["items"]["items"];
    let mut answer = example_of(document, schema);
    if let Some(item) = name_of(item).and_then(|name| seen.get(name)) {
        answer["items"] = json!([item]);
    }
    answer
}

fn name_of(schema: &Value) -> Option<&str> {
    schema["$ref"].as_str()?.strip_prefix("#/components/schemas/")
}

/// One member amended, as the body that makes such a record says it.
fn amendment(document: &Value, path: &str, schema: &Value) -> Value {
    let making = path.trim_end_matches("/{id}");
    let made = &document["paths"][making]["post"]["requestBody"]["content"]["application/json"]["schema"];
    let made = resolved(document, made);
    let members = &resolved(document, schema)["properties"];
    let is_needed = |name: &str| made["required"].as_array().is_some_and(|names| names.iter().any(|one| one == name));
    let known = |name: &String| has_example(document, &made["properties"][name]);
    let names = || members.as_object().into_iter().flatten().map(|(name, _)| name);
    let is_title = |name: &str| ["title", "name"].contains(&name);
    let name = names().find(|name| is_title(name) && known(name));
    let name = name.or_else(|| names().find(|name| is_needed(name) && known(name)));
    let name = name.or_else(|| names().find(|name| known(name))).or_else(|| names().next());
    let Some(name) = name else { return json!({}) };
    let said = if known(name) { &made["properties"][name] } else { &members[name] };
    json!({ name: example_of(document, said) })
}

fn has_example(document: &Value, schema: &Value) -> bool {
    [schema, resolved(document, schema)].iter().any(|schema| schema.get("example").is_some())
}

/// The schema itself, where a reference or a choice stands for it.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(named) = schema["$ref"].as_str().and_then(|reference| document.pointer(reference.get(1..)?)) {
        return resolved(document, named);
    }
    let choices = schema["oneOf"].as_array().or(schema["anyOf"].as_array());
    match choices.and_then(|choices| choices.iter().find(|choice| choice["type"] != "null")) {
        Some(choice) => resolved(document, choice),
        None => schema,
    }
}

/// What the schema says itself, or the least that fits it: of an object the members that are needed.
fn example_of(document: &Value, schema: &Value) -> Value {
    let said = schema.get("example");
    let schema = resolved(document, schema);
    if let Some(example) = said.or(schema.get("example")) {
        return example.clone();
    }
    if let Some(first) = schema["enum"].get(0) {
        return first.clone();
    }
    if let Some(parts) = schema["allOf"].as_array() {
        let parts = parts.iter().map(|part| example_of(document, part));
        return Value::Object(parts.filter_map(|part| part.as_object().cloned()).flatten().collect());
    }
    let kinds = [&schema["type"]].into_iter().chain(schema["type"].as_array().into_iter().flatten());
    match (kinds.filter_map(Value::as_str).find(|kind| *kind != "null"), schema["format"].as_str()) {
        (Some("string"), Some("date")) => json!("2026-09-30"),
        (Some("string"), Some("date-time")) => json!("2026-03-02T08:00:00Z"),
        (Some("string"), Some("uuid")) => json!("0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d"),
        (Some("string"), _) => json!("As seen on site"),
        (Some("integer"), _) => schema.get("minimum").cloned().unwrap_or(json!(1)),
        (Some("number"), _) => json!(1.0),
        (Some("boolean"), _) => json!(true),
        (Some("array"), _) => json!([example_of(document, &schema["items"])]),
        _ => {
            let needed = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
            let members: Map<String, Value> =
                needed.map(|name| (name.to_owned(), example_of(document, &schema["properties"][name]))).collect();
            members.into()
        }
    }
}
