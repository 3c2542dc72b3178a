//! What a directory says of a group: who comes, and who goes.

use crate::error::ApiError;
use crate::v1::scim::fault;
use crate::v1::scim::patch::{Op, Step};
use ratchet_domain::access::Role;
use serde_json::Value;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Who is to hold the role, and who is not.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Moves {
    /// Whether nobody else is to hold it.
    pub is_whole: bool,
    pub come: BTreeSet<Uuid>,
    pub go: BTreeSet<Uuid>,
    /// Who must hold it, so that somebody else can take the place (RFC 7644, section 3.5.2.3).
    pub replaced: BTreeSet<Uuid>,
}

impl Moves {
    pub(super) fn of(role: Role, steps: Vec<Step>) -> Result<Self, ApiError> {
        let mut moves = Self::default();
        for Step { op, attribute, named, value } in steps {
            match attribute.as_str() {
                "members" => moves.hear(op, named.as_deref(), &value)?,
                // Directories say who the group is beside whatever they change.
                "id" | "displayname" if value.as_str().is_some_and(|said| said.eq_ignore_ascii_case(role.into())) => {}
                "externalid" | "schemas" => {}
                "id" | "displayname" => return Err(fault("mutability", "a group is called as its role is")),
                other => return Err(fault("invalid_path", format!("no attribute of a group is called {other}"))),
            }
        }
        Ok(moves)
    }

    fn hear(&mut self, op: Op, named: Option<&str>, value: &Value) -> Result<(), ApiError> {
        let said = match (named, value) {
            (Some(named), _) => BTreeSet::from([id_of(named)?]),
            (None, Value::Null) if op == Op::Remove => BTreeSet::new(),
            (None, value) => ids_of(value)?,
        };
        match op {
            Op::Add => self.come(said),
            Op::Set if named.is_some() => {
                self.replaced.extend(&said);
                self.go.extend(said);
                self.come(ids_of(value)?);
            }
            Op::Set => {
                (self.is_whole, self.come, self.go) = (true, BTreeSet::new(), BTreeSet::new());
                self.come(said);
            }
            Op::Remove if named.is_none() && value.is_null() => {
                (self.is_whole, self.come, self.go) = (true, BTreeSet::new(), BTreeSet::new());
            }
            Op::Remove => {
                self.come.retain(|id| !said.contains(id));
                self.go.extend(said);
            }
        }
        Ok(())
    }

    fn come(&mut self, said: BTreeSet<Uuid>) {
        self.go.retain(|id| !said.contains(id));
        self.come.extend(said);
    }
}

fn ids_of(value: &Value) -> Result<BTreeSet<Uuid>, ApiError> {
    let wrong = || fault("invalid_value", "members are named by {\"value\": \"id\"}");
    let one = |member: &Value| id_of(member["value"].as_str().ok_or_else(wrong)?);
    match value {
        Value::Array(members) => members.iter().map(one).collect(),
        Value::Object(_) => Ok(BTreeSet::from([one(value)?])),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Err(wrong()),
    }
}

fn id_of(text: &str) -> Result<Uuid, ApiError> {
    let id = Uuid::try_parse(text).ok().filter(|_| text.len() == 36);
    id.ok_or_else(|| fault("invalid_value", "a member is named by the id of a user"))
}
