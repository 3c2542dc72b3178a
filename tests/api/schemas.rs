//! What the document says a body holds.

use serde_json::Value;
use std::collections::BTreeSet;

/// One property of a body.
#[derive(Debug, Clone)]
pub struct Property {
    /// Its place; `*` stands for each item of an array.
    pub pointer: String,
    /// What is said about it, without references.
    pub schema: Value,
}

impl Property {
    pub fn name(&self) -> &str {
        self.pointer.rsplit('/').next().unwrap()
    }

    /// Its place in a body whose arrays hold one item.
    pub fn place(&self) -> String {
        self.pointer.replace('*', "0")
    }

    /// Whether it names a record, a member or an organisation: by its format, its name, its example, or its words.
    pub fn names_another(&self) -> bool {
        let text = |member: &str| self.schema[member].as_str().unwrap_or_default();
        let is_text = self.schema["type"].to_string().contains("string") && self.schema["enum"].is_null();
        let says = text("description").to_lowercase();
        is_text
            && (text("format") == "uuid"
                || self.name().ends_with("_id")
                || self.name().ends_with("_ids")
                || is_reference(text("example"))
                || uuid::Uuid::try_parse(text("example")).is_ok()
                || says.contains("reference"))
    }
}

/// `NC-2026-0007`.
fn is_reference(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [prefix, year, number] = parts.as_slice() else { return false };
    let digits = |text: &str| text.len() == 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    prefix.bytes().all(|byte| byte.is_ascii_uppercase()) && digits(year) && digits(number)
}

/// Every property of a schema, nested ones included.
pub fn properties(document: &Value, schema: &Value) -> Vec<Property> {
    let mut found = Vec::new();
    walk(document, schema, "", &mut found);
    found
}

/// Objects that take any member, by place.
pub fn is_free(document: &Value, schema: &Value, place: &str) -> bool {
    let of_place = properties(document, schema).into_iter().find(|property| property.place() == place);
    of_place.is_some_and(|property| property.schema["additionalProperties"].is_object())
}

/// Objects with members of their own that take others, too.
pub fn open_objects(document: &Value, schema: &Value) -> Vec<String> {
    let whole = Property { pointer: String::new(), schema: resolved(document, schema).clone() };
    let mut all = properties(document, schema);
    all.push(whole);
    let open = all.into_iter().filter(|one| one.schema["properties"].is_object());
    let open = open.filter(|one| one.schema["additionalProperties"] != false);
    // What a choice by its tag takes the document does not say.
    open.filter(|one| !has_tag(&one.schema)).map(|one| one.pointer).collect()
}

fn has_tag(schema: &Value) -> bool {
    schema["properties"].as_object().into_iter().flatten().any(|(_, one)| is_tag(one))
}

/// A member that has one value only.
fn is_tag(schema: &Value) -> bool {
    schema["enum"].as_array().is_some_and(|values| values.len() == 1)
}

/// The members that an object at this place is documented to have.
pub fn members_at(document: &Value, schema: &Value, place: &str) -> BTreeSet<String> {
    // The document says the same of every item of a list; its places name the first.
    let first = |part: &str| if part.parse::<usize>().is_ok() { "0" } else { part }.to_owned();
    let place = place.split('/').map(first).collect::<Vec<_>>().join("/");
    let all = properties(document, schema).into_iter();
    let within = all.filter(|property| property.place().rsplit_once('/').is_some_and(|(parent, _)| parent == place));
    within.map(|property| property.name().to_owned()).collect()
}

/// One way of a choice by its tag.
#[derive(Debug)]
pub struct Choice {
    pointer: String,
    tag: String,
    value: Value,
}

impl Choice {
    pub fn place(&self) -> String {
        self.pointer.replace('*', "0")
    }

    pub fn tag(&self) -> &str {
        &self.tag
    }

    pub fn value(&self) -> &Value {
        &self.value
    }
}

/// Every way of every choice in a body: the objects of which one member has one value only.
pub fn choices(document: &Value, schema: &Value) -> Vec<Choice> {
    let tags = properties(document, schema).into_iter().filter(|property| is_tag(&property.schema));
    tags.map(|property| {
        let (pointer, tag) = property.pointer.rsplit_once('/').unwrap();
        Choice { pointer: pointer.to_owned(), tag: tag.to_owned(), value: property.schema["enum"][0].clone() }
    })
    .collect()
}

fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    match schema["$ref"].as_str() {
        Some(reference) => document.pointer(reference.trim_start_matches('#')).unwrap(),
        None => schema,
    }
}

fn walk(document: &Value, schema: &Value, pointer: &str, found: &mut Vec<Property>) {
    assert!(pointer.split('/').count() < 12, "{pointer} has no end");
    let schema = resolved(document, schema);
    for several in ["oneOf", "anyOf", "allOf"] {
        for one in schema[several].as_array().into_iter().flatten() {
            walk(document, one, pointer, found);
        }
    }
    let is_combined = ["oneOf", "anyOf", "allOf"].iter().any(|several| schema[*several].is_array());
    if !pointer.is_empty() && !is_combined {
        found.push(Property { pointer: pointer.to_owned(), schema: schema.clone() });
    }
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        walk(document, &described(property), &format!("{pointer}/{name}"), found);
    }
    if schema["items"].is_object() {
        walk(document, &schema["items"], &format!("{pointer}/*"), found);
    }
}

/// What is said beside a choice or a reference holds for what is chosen.
fn described(property: &Value) -> Value {
    let mut property = property.clone();
    let says = property["description"].clone();
    for several in ["oneOf", "anyOf"] {
        for one in property[several].as_array_mut().into_iter().flatten() {
            if one["$ref"].is_null() && one["description"].is_null() && one.is_object() {
                one["description"] = says.clone();
            }
        }
    }
    property
}

#[test]
fn what_names_another_is_recognised() {
    let document = serde_json::json!({ "components": { "schemas": {
        "Id": { "type": "string", "format": "uuid" },
        "Body": { "type": "object", "properties": {
            "owner": { "oneOf": [{ "type": "null" }, { "$ref": "#/components/schemas/Id" }] },
            "about": { "type": "string", "example": "NC-2026-0007" },
            "team_ids": { "type": "array", "items": { "$ref": "#/components/schemas/Id" } },
            "rows": { "type": "array", "items": { "type": "object", "properties": {
                "case": { "type": ["string", "null"], "description": "The case, by id or reference." },
            } } },
            "title": { "type": "string", "example": "Late" },
            "grade": { "type": "string", "enum": ["minor"] },
        } },
    } } });
    let body = serde_json::json!({ "$ref": "#/components/schemas/Body" });
    let mut named: Vec<String> =
        properties(&document, &body).into_iter().filter(Property::names_another).map(|one| one.pointer).collect();
    named.sort();
    assert_eq!(named, ["/about", "/owner", "/rows/*/case", "/team_ids/*"]);
    assert_eq!(members_at(&document, &body, "/rows/0"), ["case".to_owned()].into());
}
