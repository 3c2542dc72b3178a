//! Schemas as the generator does not write them.

use serde_json::{Value, json};

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
