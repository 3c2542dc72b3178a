//! What a directory says of somebody: as a whole, or step by step.

use crate::error::ApiError;
use crate::v1::scim::fault;
use crate::v1::scim::patch::{Op, Step, attributes};
use ratchet_domain::members::Said;
use ratchet_domain::text;
use serde_json::Value;

/// What is said; `None` where nothing is.
#[derive(Debug, Default)]
pub(super) struct Input {
    pub address: Option<String>,
    pub active: Option<bool>,
    pub said: Said,
}

/// Attributes of the schema that are not kept: what is said of them is taken, and forgotten.
const FORGOTTEN: [&str; 26] = [
    "schemas",
    "id",
    "meta",
    "name",
    "nickname",
    "profileurl",
    "title",
    "usertype",
    "preferredlanguage",
    "locale",
    "timezone",
    "password",
    "emails",
    "phonenumbers",
    "ims",
    "photos",
    "addresses",
    "entitlements",
    "roles",
    "x509certificates",
    "employeenumber",
    "costcenter",
    "division",
    "organization",
    "manager",
    // Extensions of others.
    "urn",
];

impl Input {
    /// Of a user who is made or replaced. What is the server's to say (`groups`) is passed over (RFC 7644, section 3.5.1).
    pub(super) fn of(body: &Value) -> Result<Self, ApiError> {
        let said = body.as_object().map(attributes).unwrap_or_default();
        let mut input = Self::default();
        // Null is the same as nothing (RFC 7643, section 2.5); whether somebody is active is not said by it.
        let is_said = |(attribute, value): &&(String, Value)| {
            attribute != "groups" && !(attribute == "active" && value.is_null())
        };
        for (attribute, value) in said.iter().filter(is_said) {
            input.hear(Op::Set, attribute, value).map_err(|unknown| {
                unknown.unwrap_or_else(|| fault("invalid_syntax", format!("no attribute is called {attribute}")))
            })?;
        }
        Ok(input)
    }

    /// Of a user who is changed. Steps have no groups either: these say themselves who is of them.
    pub(super) fn of_steps(steps: Vec<Step>) -> Result<Self, ApiError> {
        let mut input = Self::default();
        for Step { op, attribute, named: _, value } in steps {
            if attribute == "groups" || attribute.starts_with("groups.") {
                return Err(fault("mutability", "who is of a group is changed at the group"));
            }
            input.hear(op, &attribute, &value).map_err(|unknown| {
                unknown.unwrap_or_else(|| fault("invalid_path", format!("no attribute is called {attribute}")))
            })?;
        }
        Ok(input)
    }

    /// # Errors
    /// What is wrong with what is said; nothing where no attribute has the name.
    fn hear(&mut self, op: Op, attribute: &str, value: &Value) -> Result<(), Option<ApiError>> {
        // What is removed, set to nothing or to an empty text is said to be none.
        let is_none = op == Op::Remove || value.is_null() || value == "";
        let text = || match value.as_str() {
            _ if is_none => Ok(None),
            Some(text) => Ok(Some(text.to_owned())),
            None => Err(fault("invalid_value", format!("{attribute} must be a text"))),
        };
        match attribute {
            "username" => {
                let said = text()?.ok_or_else(|| fault("invalid_value", "userName must be there"))?;
                self.address = Some(address(&said)?);
            }
            "active" if is_none => return Err(Some(fault("invalid_value", "active must be true or false"))),
            "active" => self.active = Some(boolean(value)?),
            "externalid" => self.said.external_id = Some(text()?),
            "department" => self.said.unit = Some(text()?),
            "displayname" => self.said.display = Some(text()?),
            "name.formatted" => self.said.formatted = Some(text()?),
            "name.givenname" => self.said.given = Some(text()?),
            "name.familyname" => self.said.family = Some(text()?),
            "name" if is_none => {
                (self.said.formatted, self.said.given, self.said.family) = (Some(None), Some(None), Some(None));
            }
            "name" => return Err(Some(fault("invalid_value", "name must be an object"))),
            other => {
                let root = other.split(['.', ':']).next().unwrap_or_default();
                if !FORGOTTEN.contains(&root) {
                    return Err(None);
                }
            }
        }
        Ok(())
    }
}

fn address(said: &str) -> Result<String, ApiError> {
    text::email("userName", said).map_err(|wrong| fault("invalid_value", format!("userName {}", wrong.detail)))
}

/// Entra ID writes it as a text.
pub(super) fn boolean(value: &Value) -> Result<bool, ApiError> {
    match value {
        Value::Bool(said) => Ok(*said),
        Value::String(said) if said.eq_ignore_ascii_case("true") => Ok(true),
        Value::String(said) if said.eq_ignore_ascii_case("false") => Ok(false),
        Value::Null | Value::Number(_) | Value::String(_) | Value::Array(_) | Value::Object(_) => {
            Err(fault("invalid_value", "active must be true or false"))
        }
    }
}
