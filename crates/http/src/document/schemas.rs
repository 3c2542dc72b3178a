//! Schemas as the generator does not write them.

use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Members of answers that are left out where there is nothing to say: names written out by `expand`, transitions where a
/// record stands in a list, totals that were not asked for.
const SOMETIMES: [&str; 21] = [
    "assignee",
    "audit",
    "case",
    "chair",
    "created_by_member",
    "former",
    "indicator",
    "items",
    "lead",
    "member",
    "note",
    "owner",
    "policy",
    "process",
    "proposer",
    "reporter",
    "stale",
    "total",
    "transitions",
    "withdrawn_rows",
    "partial_success",
];
/// Answers in forms of others, and problems, which say of themselves what they leave out.
const FORMS: [&str; 9] = [
    "InfluxFault",
    "OtlpResponse",
    "OtlpStatus",
    "Problem",
    "ScimFault",
    "ScimGroup",
    "ScimMeta",
    "ScimName",
    "ScimUser",
];

/// What an answer always says is required there, be it `null`: the generator takes whatever can be `null` for what may be
/// missing, and clients would have to ask twice.
pub(super) fn require_what_is_always_told(document: &mut Value) {
    let asked = asked(document);
    let Value::Object(schemas) = &mut document["components"]["schemas"] else { return };
    for (name, schema) in schemas {
        if !asked.contains(name) && !FORMS.contains(&name.as_str()) {
            require_within(schema);
        }
    }
}

fn require_within(schema: &mut Value) {
    let told = schema["properties"].as_object().into_iter().flatten();
    let told: Vec<String> = told
        .filter(|(name, member)| is_nullable(member) && !SOMETIMES.contains(&name.as_str()))
        .map(|(name, _)| name.clone())
        .collect();
    if !told.is_empty() {
        let before = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned);
        schema["required"] = json!(before.chain(told).collect::<BTreeSet<String>>());
    }
    for several in ["oneOf", "anyOf", "allOf"] {
        schema.get_mut(several).and_then(Value::as_array_mut).into_iter().flatten().for_each(require_within);
    }
    for (_, member) in schema.get_mut("properties").and_then(Value::as_object_mut).into_iter().flatten() {
        require_within(member);
    }
    for below in ["items", "additionalProperties"] {
        schema.get_mut(below).filter(|below| below.is_object()).into_iter().for_each(require_within);
    }
}

fn is_nullable(schema: &Value) -> bool {
    let is_null = |one: &Value| one["type"] == "null";
    let types = schema["type"].as_array().into_iter().flatten();
    let ways = ["oneOf", "anyOf"].into_iter().flat_map(|several| schema[several].as_array().into_iter().flatten());
    types.into_iter().any(|one| one == "null") || ways.into_iter().any(is_null)
}

/// Whoever chooses a way says what it takes and no more: the generator closes what has no ways alone.
pub(super) fn close_choices(document: &mut Value) {
    let (asked, parts) = (asked(document), parts(document));
    let Value::Object(schemas) = &mut document["components"]["schemas"] else { return };
    for (_, schema) in schemas.iter_mut().filter(|(name, _)| asked.contains(*name) && !parts.contains(*name)) {
        let ways = schema.get_mut("oneOf").and_then(Value::as_array_mut);
        for way in ways.into_iter().flatten().filter(|way| is_tagged(way) && way["allOf"].is_null()) {
            way["additionalProperties"] = json!(false);
        }
    }
}

/// Whether a member of it says which way it is.
fn is_tagged(way: &Value) -> bool {
    let members = way["properties"].as_object().into_iter().flatten();
    members.into_iter().any(|(_, member)| {
        member["const"].is_string() || member["enum"].as_array().is_some_and(|values| values.len() == 1)
    })
}

/// The schemas that bodies have, or parts of them.
fn asked(document: &Value) -> BTreeSet<String> {
    let operations = document["paths"].as_object().into_iter().flatten();
    let bodies =
        operations.flat_map(|(_, item)| item.as_object().into_iter().flatten()).map(|(_, it)| &it["requestBody"]);
    let mut left: Vec<String> = bodies.flat_map(references).collect();
    let mut found = BTreeSet::new();
    while let Some(name) = left.pop() {
        if found.insert(name.clone()) {
            left.extend(references(&document["components"]["schemas"][&name]));
        }
    }
    found
}

/// The schemas that others have as parts of a whole, beside members of their own.
fn parts(document: &Value) -> BTreeSet<String> {
    fn collect(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(
                    members
                        .get("allOf")
                        .into_iter()
                        .flat_map(|all| all.as_array().into_iter().flatten().filter_map(|part| named(&part["$ref"]))),
                );
                members.values().for_each(|member| collect(member, found));
            }
            Value::Array(items) => items.iter().for_each(|item| collect(item, found)),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    let mut found = BTreeSet::new();
    collect(&document["components"]["schemas"], &mut found);
    found
}

/// The names of schemas to which a value refers anywhere in it.
fn references(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => members
            .iter()
            .flat_map(|(key, member)| named(member).filter(|_| key == "$ref").into_iter().chain(references(member)))
            .collect(),
        Value::Array(items) => items.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

fn named(reference: &Value) -> Option<String> {
    reference.as_str()?.strip_prefix("#/components/schemas/").map(str::to_owned)
}

/// A page's items are written out by the generator, while the item's own component goes unused: refer to it.
pub(super) fn refer_to_pages(document: &mut Value) {
    let Value::Object(schemas) = &mut document["components"]["schemas"] else { return };
    let names: Vec<String> = schemas.keys().cloned().collect();
    for name in names {
        let Some((_, item)) = name.split_once('_') else { continue };
        let item = item.to_owned();
        if schemas.contains_key(&item)
            && let Some(page) = schemas.get_mut(&name)
        {
            page["properties"]["items"]["items"] = json!({ "$ref": format!("#/components/schemas/{item}") });
        }
    }
}

/// What takes no other members as a body has others beside it as a part of a whole: there it is written out, open.
pub(super) fn open_parts(document: &mut Value) {
    let closed = document["components"]["schemas"].clone();
    let Value::Object(schemas) = &mut document["components"]["schemas"] else { return };
    for schema in schemas.values_mut() {
        for part in schema.get_mut("allOf").and_then(Value::as_array_mut).into_iter().flatten() {
            let name = part["$ref"].as_str().and_then(|reference| reference.rsplit('/').next());
            let Some(named) = name.map(|name| &closed[name]) else { continue };
            if named["additionalProperties"] == false
                && let Value::Object(mut members) = named.clone()
            {
                members.remove("additionalProperties");
                *part = members.into();
            }
        }
    }
}
