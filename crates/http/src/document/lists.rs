//! What each list can be narrowed, sorted and written out by: said where it can be read before it is tried.

use crate::record::{Resource, expand};
use ratchet_domain::of_kind;
use ratchet_domain::reference::Prefix;
use ratchet_persistence::table::Listed;
use serde_json::{Value, json};
use strum::VariantArray;

/// Sort keys and names to write out come from the resource; values separated by commas are arrays.
pub(super) fn describe(document: &mut Value) {
    for kind in Prefix::VARIANTS {
        let (path, sorts, expands) =
            of_kind!(kind, T => (<T as Resource>::PATH, <T as Listed>::SORTS, expand::of::<T>()));
        let sorts = sorts.iter().flat_map(|key| [(*key).to_owned(), format!("-{key}")]).collect::<Vec<_>>();
        let expands: Vec<&str> = expands.iter().map(|expansion| expansion.name).collect();
        for path in [format!("/v1/{path}"), format!("/v1/{path}/{{id}}")] {
            let operation = document["paths"].get_mut(path).and_then(|item| item.get_mut("get"));
            let Some(parameters) = operation.and_then(parameters_of) else { continue };
            for parameter in parameters {
                match parameter["name"].as_str() {
                    Some("sort") => parameter["schema"] = some_of(&json!(sorts)),
                    Some("expand") => parameter["schema"] = some_of(&json!(expands)),
                    Some(_) | None => {}
                }
            }
        }
    }
    let operations = document["paths"].as_object_mut().into_iter().flatten();
    for (_, operation) in operations.flat_map(|(_, item)| item.as_object_mut().into_iter().flatten()) {
        for parameter in parameters_of(operation).into_iter().flatten() {
            if parameter["in"] == "query" && parameter["schema"]["type"] == "array" {
                separate_by_commas(parameter);
            }
        }
    }
}

fn parameters_of(operation: &mut Value) -> Option<&mut Vec<Value>> {
    operation.get_mut("parameters")?.as_array_mut()
}

fn some_of(values: &Value) -> Value {
    json!({ "type": "array", "items": { "type": "string", "enum": values } })
}

fn separate_by_commas(parameter: &mut Value) {
    parameter["style"] = json!("form");
    parameter["explode"] = json!(false);
    if let Some(example) = parameter["example"].as_str() {
        let values: Vec<Value> =
            example.split(',').map(|word| word.parse::<i64>().map_or(json!(word), Value::from)).collect();
        parameter["example"] = json!(values);
    }
}
