//! Which attributes are shown: `attributes` and `excludedAttributes` (RFC 7644, section 3.9).

use super::{ENTERPRISE, GROUP, USER};
use crate::error::ApiError;
use serde::Serialize;
use serde_json::{Map, Value};

/// Shown whatever is asked for (RFC 7643, sections 3 and 7).
const ALWAYS: [&str; 2] = ["schemas", "id"];

/// An attribute, and one of its parts where one is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Named {
    attribute: String,
    part: Option<String>,
}

impl Named {
    /// `userName`, `name.givenName`, the extension's URN, or any of these behind the URN of its schema.
    fn of(name: &str) -> Self {
        let named = |attribute: &str, part: Option<&str>| Self {
            attribute: attribute.to_ascii_lowercase(),
            part: part.map(str::to_ascii_lowercase),
        };
        if let Some(rest) = without_prefix(name, ENTERPRISE) {
            return named(ENTERPRISE, rest.strip_prefix(':'));
        }
        let bare = [USER, GROUP].into_iter().find_map(|schema| without_prefix(name, schema)?.strip_prefix(':'));
        let bare = bare.unwrap_or(name);
        match bare.split_once('.') {
            Some((attribute, part)) => named(attribute, Some(part)),
            None => named(bare, None),
        }
    }
}

fn without_prefix<'a>(text: &'a str, prefix: &str) -> Option<&'a str> {
    let (head, rest) = text.split_at_checked(prefix.len())?;
    head.eq_ignore_ascii_case(prefix).then_some(rest)
}

/// What a client wants to see.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Show {
    only: Vec<Named>,
    without: Vec<Named>,
}

impl Show {
    /// Names separated by commas.
    pub(super) fn of(attributes: Option<&str>, excluded: Option<&str>) -> Self {
        Self::named(attributes.into_iter().flat_map(commas), excluded.into_iter().flat_map(commas))
    }

    pub(super) fn named<'a>(
        attributes: impl Iterator<Item = &'a str>,
        excluded: impl Iterator<Item = &'a str>,
    ) -> Self {
        Self { only: attributes.map(Named::of).collect(), without: excluded.map(Named::of).collect() }
    }

    /// Whether anything of an attribute is shown.
    pub(super) fn shows(&self, attribute: &str) -> bool {
        let is_meant = |named: &Named| named.attribute.eq_ignore_ascii_case(attribute);
        let is_asked_for = self.only.is_empty() || self.only.iter().any(is_meant);
        is_asked_for && !self.without.iter().any(|named| is_meant(named) && named.part.is_none())
    }

    /// What is shown of a resource.
    pub(super) fn of_resource(&self, resource: &impl Serialize) -> Result<Value, ApiError> {
        let whole = serde_json::to_value(resource).map_err(|error| ApiError::Internal(error.to_string()))?;
        let Value::Object(members) = whole else { return Ok(whole) };
        Ok(Value::Object(members.into_iter().filter_map(|member| self.of_member(member)).collect()))
    }

    fn of_member(&self, (name, value): (String, Value)) -> Option<(String, Value)> {
        if ALWAYS.contains(&name.as_str()) {
            return Some((name, value));
        }
        let key = name.to_ascii_lowercase();
        let parts_of = |all: &[Named]| -> Vec<Option<String>> {
            all.iter().filter(|named| named.attribute == key).map(|named| named.part.clone()).collect()
        };
        let (only, without) = (parts_of(&self.only), parts_of(&self.without));
        if (!self.only.is_empty() && only.is_empty()) || without.contains(&None) {
            return None;
        }
        let is_whole = only.is_empty() || only.contains(&None);
        let is_shown = |part: &str| {
            let named = Some(part.to_ascii_lowercase());
            (is_whole || only.contains(&named)) && !without.contains(&named)
        };
        Some((name, parts(value, &is_shown)))
    }
}

/// The parts that are shown, of one value or of each of several.
fn parts(value: Value, is_shown: &impl Fn(&str) -> bool) -> Value {
    match value {
        Value::Object(parts) => {
            Value::Object(parts.into_iter().filter(|(name, _)| is_shown(name)).collect::<Map<String, Value>>())
        }
        Value::Array(values) => Value::Array(values.into_iter().map(|value| parts(value, is_shown)).collect()),
        simple @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_)) => simple,
    }
}

fn commas(names: &str) -> impl Iterator<Item = &str> {
    names.split(',').map(str::trim).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn what_is_asked_for_is_shown_and_no_more() {
        let user = json!({
            "schemas": [USER], "id": "7", "userName": "a@b.c", "name": { "givenName": "A", "familyName": "B" },
            "emails": [{ "value": "a@b.c", "type": "work" }], ENTERPRISE: { "department": "Yard" },
        });
        let always = json!({ "schemas": [USER], "id": "7" });
        let with = |more: Value| {
            let mut all = always.clone();
            all.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            all
        };
        for (attributes, expected) in [
            ("", user.clone()),
            ("username", with(json!({ "userName": "a@b.c" }))),
            ("urn:ietf:params:scim:schemas:core:2.0:User:userName", with(json!({ "userName": "a@b.c" }))),
            ("name.givenName", with(json!({ "name": { "givenName": "A" } }))),
            ("name, name.givenName", with(json!({ "name": { "givenName": "A", "familyName": "B" } }))),
            ("emails.value", with(json!({ "emails": [{ "value": "a@b.c" }] }))),
            (ENTERPRISE, with(json!({ ENTERPRISE: { "department": "Yard" } }))),
            ("colour,id", always.clone()),
        ] {
            assert_eq!(Show::of(Some(attributes), None).of_resource(&user).unwrap(), expected, "{attributes}");
        }
        let department = format!("{ENTERPRISE}:department");
        assert_eq!(Show::of(Some(&department), None).of_resource(&user).unwrap()[ENTERPRISE]["department"], "Yard");
        let left = Show::of(None, Some("id,schemas,name.familyName,emails,colour")).of_resource(&user).unwrap();
        let mut expected = user.clone();
        expected.as_object_mut().unwrap().remove("emails");
        expected["name"].as_object_mut().unwrap().remove("familyName");
        assert_eq!(left, expected, "id and schemas are shown whatever is said");
        assert!(!Show::of(None, Some("MEMBERS")).shows("members"));
        assert!(Show::of(None, Some("members.display")).shows("members"));
        assert!(!Show::of(Some("displayName"), None).shows("members"));
        assert!(Show::of(Some("members.value"), None).shows("members"));
    }
}
