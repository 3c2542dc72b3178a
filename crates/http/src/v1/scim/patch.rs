//! PATCH as RFC 7644, section 3.5.2, has it, in the dialects that are spoken: Entra ID writes `"Replace"` and `"False"`, leaves the
//! path out, or names what is to be removed in the value.

use super::{ENTERPRISE, GROUP, USER, fault};
use crate::error::ApiError;
use serde_json::{Map, Value};

/// Operations of one body, at most.
const OPERATIONS: usize = 1_000;

/// Attributes that have one value each.
const SINGLE: [&str; 6] = ["active", "department", "displayName", "externalId", "name", "userName"];

/// What is to be done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Set,
    Add,
    Remove,
}

/// One step: an attribute in lower case, which of its values are meant, and what is said of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Step {
    pub op: Op,
    pub attribute: String,
    /// What `members[value eq "..."]` names.
    pub named: Option<String>,
    pub value: Value,
}

/// The steps of a body in their order; what has no path is as many steps as its value has members.
pub(super) fn steps(body: &Value) -> Result<Vec<Step>, ApiError> {
    let operations = member(body, "operations").and_then(Value::as_array);
    let Some(operations) = operations.filter(|operations| (1..=OPERATIONS).contains(&operations.len())) else {
        return Err(fault("invalid_syntax", format!("must have 1 to {OPERATIONS} Operations")));
    };
    let mut steps = Vec::new();
    for operation in operations {
        let op = match member(operation, "op").and_then(Value::as_str).map(str::to_ascii_lowercase).as_deref() {
            Some("add") => Op::Add,
            Some("replace") => Op::Set,
            Some("remove") => Op::Remove,
            Some(_) | None => return Err(fault("invalid_syntax", "op must be add, replace or remove")),
        };
        let value = match member(operation, "value") {
            Some(value) => value.clone(),
            None if op == Op::Remove => Value::Null,
            None => return Err(fault("invalid_value", "add and replace must have a value")),
        };
        match member(operation, "path") {
            Some(Value::String(path)) => {
                let (attribute, named) = read_path(path)?;
                steps.extend(spread(op, attribute, named, value));
            }
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(fault("invalid_path", "path must be a text"));
            }
            Some(Value::Null) | None => {
                if op == Op::Remove {
                    return Err(fault("no_target", "what is to be removed must be named by path"));
                }
                let Value::Object(said) = value else {
                    return Err(fault("invalid_value", "without a path the value must be an object"));
                };
                steps.extend(attributes(&said).into_iter().map(|(attribute, value)| Step {
                    op,
                    attribute,
                    named: None,
                    value,
                }));
            }
        }
    }
    Ok(steps)
}

/// What is said of a name or an extension as a whole is a step for each part of it.
fn spread(op: Op, attribute: String, named: Option<String>, value: Value) -> Vec<Step> {
    let is_removed = op == Op::Remove || value.is_null();
    let said = if value.is_object() && !is_removed {
        attributes(&Map::from_iter([(attribute, value)]))
    } else if is_removed && attribute.eq_ignore_ascii_case(ENTERPRISE) {
        // All that is kept of it.
        vec![("department".to_owned(), Value::Null)]
    } else {
        vec![(attribute, value)]
    };
    said.into_iter().map(|(attribute, value)| Step { op, attribute, named: named.clone(), value }).collect()
}

/// What an object says, attribute by attribute: those of the extension, and of a name, one by one.
pub(super) fn attributes(said: &Map<String, Value>) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    for (name, value) in said {
        let bare = bare(name);
        let is_whole = [ENTERPRISE, USER].iter().any(|schema| name.eq_ignore_ascii_case(schema));
        match value.as_object() {
            Some(inner) if is_whole => all.extend(attributes(inner)),
            Some(inner) if bare.eq_ignore_ascii_case("name") => {
                let of_name =
                    |(part, value): (&String, &Value)| (format!("name.{}", part.to_ascii_lowercase()), value.clone());
                all.extend(inner.iter().map(of_name));
            }
            Some(_) | None => all.push((bare.to_ascii_lowercase(), value.clone())),
        }
    }
    all
}

/// A name without the schema before it.
pub(super) fn bare(name: &str) -> &str {
    let schemas = [USER, GROUP, ENTERPRISE];
    let behind = schemas.into_iter().find_map(|schema| {
        let (head, rest) = name.split_at_checked(schema.len())?;
        head.eq_ignore_ascii_case(schema).then(|| rest.strip_prefix(':'))?
    });
    behind.unwrap_or(name)
}

/// `members[value eq "id"]`, `emails[type eq "work"].value`, `name.familyName`.
fn read_path(path: &str) -> Result<(String, Option<String>), ApiError> {
    let wrong = || fault("invalid_path", "path must name an attribute, such as active or members[value eq \"id\"]");
    let path = bare(path.trim());
    let is_plain =
        |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | ':' | '_' | '$' | '-'));
    let Some((attribute, rest)) = path.split_once('[') else {
        let is_named = !path.is_empty() && is_plain(path);
        return if is_named { Ok((path.to_ascii_lowercase(), None)) } else { Err(wrong()) };
    };
    let (inside, behind) = rest.rsplit_once(']').ok_or_else(wrong)?;
    if attribute.is_empty() || !is_plain(attribute) || !is_plain(behind) {
        return Err(wrong());
    }
    let compared = super::filter::read(inside).map_err(|_| wrong())?;
    if SINGLE.iter().any(|single| attribute.eq_ignore_ascii_case(single)) {
        return Err(fault("invalid_path", format!("{attribute} has one value: nothing is to be chosen")));
    }
    let named = compared.iter().find(|(name, _)| name == "value").and_then(|(_, value)| value.as_str());
    // Else whoever is meant by another attribute alone would be everybody.
    if attribute.eq_ignore_ascii_case("members") && (named.is_none() || compared.len() > 1) {
        return Err(fault("invalid_path", "members are named by their value alone: members[value eq \"id\"]"));
    }
    Ok((format!("{attribute}{behind}").to_ascii_lowercase(), named.map(str::to_owned)))
}

/// A member, however its name is written.
fn member<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object()?.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A step: what, of which attribute, of whom, and to what.
    type Told = (Op, String, Option<String>, Value);

    fn read(operations: Value) -> Result<Vec<Told>, String> {
        let read = steps(&json!({ "Operations": operations }));
        let told = |error: ApiError| {
            if let ApiError::Parameters(faults) = &error { faults[0].code.clone() } else { error.to_string() }
        };
        let told_of = |step: Step| (step.op, step.attribute, step.named, step.value);
        read.map(|steps| steps.into_iter().map(told_of).collect()).map_err(told)
    }

    #[test]
    fn each_dialect_says_the_same() {
        let inactive = |value: Value| Ok(vec![(Op::Set, "active".to_owned(), None, value)]);
        // Okta; Entra ID, formerly and now; as the RFC has it.
        assert_eq!(read(json!([{ "op": "replace", "value": { "active": false } }])), inactive(json!(false)));
        assert_eq!(read(json!([{ "op": "Replace", "path": "active", "value": "False" }])), inactive(json!("False")));
        assert_eq!(
            read(json!([{ "op": "replace", "path": format!("{USER}:active"), "value": false }])),
            inactive(json!(false))
        );
        let department = Ok(vec![(Op::Add, "department".to_owned(), None, json!("Shipyard"))]);
        for value in [
            json!([{ "op": "Add", "path": format!("{ENTERPRISE}:department"), "value": "Shipyard" }]),
            json!([{ "op": "add", "value": { ENTERPRISE: { "department": "Shipyard" } } }]),
            json!([{ "op": "add", "value": { format!("{ENTERPRISE}:department"): "Shipyard" } }]),
            json!([{ "op": "add", "path": ENTERPRISE, "value": { "department": "Shipyard" } }]),
        ] {
            assert_eq!(read(value.clone()), department, "{value}");
        }
        let removed = Ok(vec![(Op::Remove, "department".to_owned(), None, Value::Null)]);
        assert_eq!(read(json!([{ "op": "remove", "path": ENTERPRISE }])), removed);
        let of_name = Ok(vec![(Op::Set, "name.givenname".to_owned(), None, json!("Ada"))]);
        for value in [
            json!([{ "op": "replace", "path": "name", "value": { "givenName": "Ada" } }]),
            json!([{ "op": "replace", "path": format!("{USER}:name.givenName"), "value": "Ada" }]),
        ] {
            assert_eq!(read(value.clone()), of_name, "{value}");
        }
        let names =
            read(json!([{ "op": "replace", "value": { "name": { "givenName": "Ada", "familyName": "Byron" } } }]));
        assert_eq!(
            names.unwrap().iter().map(|step| step.1.as_str()).collect::<Vec<_>>(),
            ["name.familyName", "name.givenName"].map(str::to_ascii_lowercase)
        );
        assert_eq!(
            read(json!([{ "op": "remove", "path": "members[value eq \"7\"]" }])),
            Ok(vec![(Op::Remove, "members".to_owned(), Some("7".to_owned()), Value::Null)])
        );
        assert_eq!(
            read(json!([{ "op": "Replace", "path": "emails[type eq \"work\"].value", "value": "a@b.c" }])),
            Ok(vec![(Op::Set, "emails.value".to_owned(), None, json!("a@b.c"))])
        );
    }

    #[test]
    fn what_is_no_operation_is_refused() {
        for (operations, code) in [
            (json!([]), "invalid_syntax"),
            (json!({}), "invalid_syntax"),
            (json!([{ "op": "move", "path": "active" }]), "invalid_syntax"),
            (json!([{ "path": "active" }]), "invalid_syntax"),
            (json!([{ "op": "remove" }]), "no_target"),
            (json!([{ "op": "add", "value": "x" }]), "invalid_value"),
            (json!([{ "op": "add", "path": 5, "value": "x" }]), "invalid_path"),
            (json!([{ "op": "add", "path": "members[value", "value": "x" }]), "invalid_path"),
            (json!([{ "op": "add", "path": "a b", "value": "x" }]), "invalid_path"),
            (json!([{ "op": "remove", "path": "members[display eq \"Ada\"]" }]), "invalid_path"),
            (json!([{ "op": "remove", "path": "members[value eq \"7\" and value eq \"8\"]" }]), "invalid_path"),
            (json!([{ "op": "remove", "path": "members[value eq 7]" }]), "invalid_path"),
            (json!([{ "op": "add", "path": "", "value": "x" }]), "invalid_path"),
            (json!([{ "op": "add", "path": "displayName" }]), "invalid_value"),
            (json!([{ "op": "replace", "path": "members" }]), "invalid_value"),
            (json!([{ "op": "replace", "path": "name[givenName eq \"x\"].familyName", "value": "M" }]), "invalid_path"),
        ] {
            assert_eq!(read(operations.clone()), Err(code.to_owned()), "{operations}");
        }
    }
}
