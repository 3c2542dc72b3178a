//! All that keeps a body from having its form, looked for once something does: the reader stops at the first, and within a
//! choice by a tag it does not say where. The form is the contract's, so that nothing is written down twice.

use super::escaped;
use crate::bounds::{OUTSIDE, Spelt};
use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::refusal::{Fault, TOLD};
use serde_json::{Map, Value};
use std::collections::HashMap;

/// The form of one JSON body.
pub(crate) struct Shape {
    whole: Value,
    /// What it refers to, by reference.
    schemas: HashMap<String, Value>,
}

impl Shape {
    /// The schema, and with it whatever it refers to; `named` finds a schema by its name.
    pub(crate) fn of(schema: Value, named: impl Fn(&str) -> Option<Value>) -> Self {
        let mut schemas = HashMap::new();
        let mut wanted = references(&schema);
        while let Some(reference) = wanted.pop() {
            if schemas.contains_key(&reference) {
                continue;
            }
            if let Some(schema) = reference.rsplit('/').next().and_then(&named) {
                wanted.extend(references(&schema));
                schemas.insert(reference, schema);
            }
        }
        Self { whole: schema, schemas }
    }

    /// All that keeps the body from having this form.
    pub(crate) fn faults(&self, body: &Value) -> Vec<Fault> {
        let mut faults = Vec::new();
        self.check(&self.whole, body, "", &mut faults);
        faults.truncate(TOLD);
        faults
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        let named = schema["$ref"].as_str().and_then(|reference| self.schemas.get(reference));
        named.map_or(schema, |named| self.resolved(named))
    }

    fn check(&self, schema: &Value, value: &Value, place: &str, faults: &mut Vec<Fault>) {
        let schema = self.resolved(schema);
        if faults.len() >= TOLD {
            return;
        }
        if let Some(ways) = schema["oneOf"].as_array().or(schema["anyOf"].as_array()) {
            return self.check_ways(ways, value, place, faults);
        }
        let kinds = kinds(schema);
        if !kinds.is_empty() && !kinds.iter().any(|kind| is_of(value, kind)) {
            let wanted = kinds.iter().find(|kind| **kind != "null").unwrap_or(&"null");
            let detail = format!("must be {}, not {}", worded(wanted), worded(kind_of(value)));
            faults.push(Fault::new(place, "type", detail));
            return;
        }
        if let Some(known) = schema["enum"].as_array().filter(|known| !value.is_null() && !known.contains(value)) {
            faults.push(Fault::new(place, "unknown_value", format!("must be one of {}", listed(known.iter()))));
            return;
        }
        match value {
            Value::Object(members) => self.check_members(schema, members, place, faults),
            Value::Array(items) if schema["items"].is_object() => {
                for (index, item) in items.iter().enumerate() {
                    self.check(&schema["items"], item, &format!("{place}/{index}"), faults);
                }
            }
            Value::String(text) => faults.extend(misspelt(schema, text, place)),
            Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    /// A choice is made by a tag, by `null`, or by what fits.
    fn check_ways(&self, ways: &[Value], value: &Value, place: &str, faults: &mut Vec<Fault>) {
        let ways: Vec<&Value> = ways.iter().map(|way| self.resolved(way)).collect();
        let (nothing, ways): (Vec<&Value>, Vec<&Value>) = ways.into_iter().partition(|way| way["type"] == "null");
        if value.is_null() && !nothing.is_empty() {
            return;
        }
        if let [way] = ways.as_slice() {
            return self.check(way, value, place, faults);
        }
        let tags = || ways.iter().filter_map(|way| tag_of(way));
        let Some((tag, _)) = tags().next() else { return };
        match value.get(tag) {
            None if value.is_object() => {
                faults.push(Fault::new(format!("{place}/{tag}"), "required", format!("missing member `{tag}`")));
            }
            None => {
                faults.push(Fault::new(place, "type", format!("must be an object, not {}", worded(kind_of(value)))))
            }
            Some(named) => match ways.iter().find(|way| tag_of(way).is_some_and(|(_, value)| value == named)) {
                Some(way) => self.check(way, value, place, faults),
                None => {
                    let detail = format!("must be one of {}", listed(tags().map(|(_, value)| value)));
                    faults.push(Fault::new(format!("{place}/{tag}"), "unknown_value", detail));
                }
            },
        }
    }

    fn check_members(&self, schema: &Value, members: &Map<String, Value>, place: &str, faults: &mut Vec<Fault>) {
        let known = schema["properties"].as_object();
        let needed = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
        for name in needed.filter(|name| !members.contains_key(*name)) {
            let pointer = format!("{place}/{}", escaped(name));
            faults.push(Fault::new(pointer, "required", format!("missing member `{name}`")));
        }
        let others = &schema["additionalProperties"];
        for (name, value) in members {
            if faults.len() >= TOLD {
                return;
            }
            let place = format!("{place}/{}", escaped(name));
            match known.and_then(|known| known.get(name)) {
                Some(schema) => self.check(schema, value, &place, faults),
                None if others.is_object() => self.check(others, value, &place, faults),
                // Whatever a body holds is named: what a schema leaves open without a word is closed, too.
                None if known.is_some() || *others == false => {
                    let names: Vec<Value> = known.into_iter().flatten().map(|(name, _)| name.as_str().into()).collect();
                    let expected = match names.as_slice() {
                        [] => "there are no members".to_owned(),
                        names => format!("expected one of {}", listed(names.iter())),
                    };
                    faults.push(Fault::new(place, "unknown_field", format!("unknown member `{name}`, {expected}")));
                }
                None => {}
            }
        }
    }
}

/// Whatever a schema refers to, within it.
fn references(schema: &Value) -> Vec<String> {
    match schema {
        Value::Object(members) => members
            .iter()
            .flat_map(|(name, value)| {
                let reference = value.as_str().filter(|_| name == "$ref");
                reference.map_or_else(|| references(value), |reference| vec![reference.to_owned()])
            })
            .collect(),
        Value::Array(several) => several.iter().flat_map(references).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Vec::new(),
    }
}

/// The member that has one value only, and the value.
fn tag_of(way: &Value) -> Option<(&str, &Value)> {
    let properties = way["properties"].as_object()?;
    properties.iter().find_map(|(name, one)| match one["enum"].as_array()?.as_slice() {
        [value] => Some((name.as_str(), value)),
        _ => None,
    })
}

fn kinds(schema: &Value) -> Vec<&str> {
    let several = schema["type"].as_array().into_iter().flatten();
    schema["type"].as_str().into_iter().chain(several.filter_map(Value::as_str)).collect()
}

fn is_of(value: &Value, kind: &str) -> bool {
    match kind {
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        kind => kind_of(value) == kind,
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

fn worded(kind: &str) -> &str {
    match kind {
        "boolean" => "`true` or `false`",
        "integer" => "a whole number",
        "number" => "a number",
        "string" => "a text",
        "array" => "an array",
        "object" => "an object",
        _ => "`null`",
    }
}

fn listed<'a>(values: impl Iterator<Item = &'a Value>) -> String {
    let shown = values.map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    shown.collect::<Vec<_>>().join(", ")
}

/// A day, a moment or an id that is spelt otherwise than documented.
fn misspelt(schema: &Value, text: &str, place: &str) -> Option<Fault> {
    let detail = match schema["format"].as_str()? {
        "date" => NaiveDate::parse(text).err(),
        "date-time" => DateTime::<Utc>::parse(text).err(),
        "uuid" => {
            let good = text.len() == 36 && uuid::Uuid::try_parse(text).is_ok();
            (!good).then(|| "must be a UUID with hyphens".to_owned())
        }
        _ => None,
    }?;
    let code = if detail.starts_with(OUTSIDE) { "out_of_range" } else { "type" };
    Some(Fault::new(place, code, detail))
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn faults(body: &Value) -> Vec<String> {
        let goal = json!({ "oneOf": [
            { "type": "object", "required": ["kind", "target"], "properties": {
                "kind": { "type": "string", "enum": ["number"] }, "target": { "type": "number" } } },
            { "type": "object", "required": ["kind"], "properties": { "kind": { "type": "string", "enum": ["none"] } } },
        ] });
        let schemas = json!({
            "Goal": goal,
            "X": { "type": "object", "additionalProperties": false, "required": ["title", "goal"], "properties": {
                "title": { "type": "string", "description": "One line." },
                "grade": { "type": ["string", "null"], "enum": ["minor", "major"] },
                "due_on": { "type": ["string", "null"], "format": "date" },
                "goal": { "$ref": "#/components/schemas/Goal" },
                "parts": { "type": "array", "items": { "oneOf": [
                    { "$ref": "#/components/schemas/X" }, { "type": "null" }] } },
                "words": { "type": "object", "additionalProperties": { "type": "string" } },
            } },
        });
        let shape = Shape::of(json!({ "$ref": "#/components/schemas/X" }), |name| schemas.get(name).cloned());
        let found = shape.faults(body);
        found.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
    }

    #[test]
    fn every_fault_of_the_form_is_told_at_once() {
        let good = json!({ "title": "a", "goal": { "kind": "number", "target": 5 }, "grade": null, "parts": [null],
            "words": { "any": "x" }, "due_on": "2026-03-01" });
        assert_eq!(faults(&good), Vec::<String>::new());
        let bad = json!({ "titel": 1, "grade": "small", "due_on": "soon", "goal": { "kind": "number", "target": "50" },
            "parts": [{ "title": "b" }, 7], "words": { "any": 1 } });
        let expected = [
            "/due_on type",
            "/goal/target type",
            "/grade unknown_value",
            "/parts/0/goal required",
            "/parts/1 type",
            "/title required",
            "/titel unknown_field",
            "/words/any type",
        ];
        let mut found = faults(&bad);
        found.sort();
        assert_eq!(found, {
            let mut sorted = expected.map(str::to_owned);
            sorted.sort();
            sorted
        });
        for (goal, expected) in [
            (json!({}), "/goal/kind required"),
            (json!({ "kind": "most" }), "/goal/kind unknown_value"),
            (json!({ "kind": "none", "target": 1 }), "/goal/target unknown_field"),
            (json!("none"), "/goal type"),
        ] {
            assert_eq!(faults(&json!({ "title": "a", "goal": goal })), [expected]);
        }
    }
}
