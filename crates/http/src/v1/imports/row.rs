//! What rows of every kind have in common: how a CSV file spells one, who is named in them, and how they become records.

use crate::error::ApiError;
use crate::record::Resource;
use crate::rows::{self, Item, Read};
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Birth, Change};
use ratchet_domain::id::MemberId;
use ratchet_domain::imports::{Migrated, Terms};
use ratchet_domain::refusal::{Fault, Faults};
use ratchet_persistence::tx::Tx;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, HashMap};
use utoipa::PartialSchema;
use utoipa::openapi::RefOr;
use utoipa::openapi::schema::{Schema, SchemaType, Type};

/// Rows per body at most: each becomes a record with its entry, and all of them are one transaction.
const ROWS: usize = 1_000;
/// Bytes per body at most, after decompression.
const BYTES: usize = 8 << 20;
/// Between the texts of a cell that holds several.
const SEPARATOR: char = ';';

/// A row of another register.
pub(crate) trait Row: DeserializeOwned + Serialize + PartialSchema + Send + 'static {
    /// What it becomes.
    type Record: Resource;
    /// What all rows of a body need to know.
    type Surroundings: Default + Send;
    /// What rows are, in the plural.
    const REGISTER: &'static str;

    /// What the register calls it.
    fn external_reference(&self) -> &str;

    /// Whom it names, by id or by e-mail address.
    fn people(&self) -> Vec<&str>;

    /// What all of them need to know; most need nothing.
    ///
    /// # Errors
    /// The database's.
    fn surroundings(_: &[Read<Self>], _: &Actor, _: &mut Tx<'_>) -> Result<Self::Surroundings, ApiError> {
        Ok(Self::Surroundings::default())
    }

    /// What the domain makes of it.
    ///
    /// # Errors
    /// Every fault of the row.
    fn migrate(
        self,
        around: &Around<'_, Self::Surroundings>,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self::Record>, ApiError>;

    /// What its record says of the register.
    fn migrated(record: &Self::Record) -> Option<&Migrated>;
}

/// What rows are held against.
pub(crate) struct Around<'a, S> {
    /// The organisation's terms.
    pub terms: &'a Terms<'a>,
    /// Whom the rows name.
    pub people: &'a People,
    /// What else they name.
    pub surroundings: S,
}

/// Members by the names that rows use.
pub(crate) struct People(pub HashMap<String, (MemberId, bool)>);

impl People {
    /// The member that a cell names. Of what had ended it may be somebody who has left; what goes on needs somebody who can
    /// act.
    pub(crate) fn find(
        &self,
        pointer: &str,
        named: Option<&str>,
        is_over: bool,
        faults: &mut Faults,
    ) -> Option<MemberId> {
        let named = named?;
        let found = self.0.get(named).filter(|(_, active)| *active || is_over);
        if found.is_none() {
            let detail = if is_over {
                "must be the e-mail address or the id of a member"
            } else {
                "must be the e-mail address or the id of an active member"
            };
            faults.push(Fault::new(pointer, "unknown_member", detail));
        }
        found.map(|(member, _)| *member)
    }
}

/// By what the same row is recognised: SHA-256, hexadecimal, over what it says.
pub(crate) fn digest_of<T: Serialize>(row: &T) -> Result<String, ApiError> {
    let said = serde_json::to_value(row).map_err(|error| ApiError::Internal(error.to_string()))?;
    let members = said.as_object().into_iter().flatten();
    // What is not said is left out, so that a member that rows may have one day changes no digest.
    let said: BTreeMap<&String, &Value> =
        members.filter(|(_, value)| !value.is_null() && **value != json!([])).collect();
    let bytes = serde_json::to_vec(&said).map_err(|error| ApiError::Internal(error.to_string()))?;
    Ok(hex::encode(Sha256::digest(bytes)))
}

/// What a cell of a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Form {
    Text,
    Number,
    Several,
}

/// A column of a CSV file: a member of the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    name: String,
    form: Form,
}

/// The columns are the row's members, as the contract documents them.
fn columns_of<T: PartialSchema>() -> Vec<Column> {
    let RefOr::T(Schema::Object(row)) = T::schema() else { return Vec::new() };
    row.properties.into_iter().map(|(name, schema)| Column { name, form: form_of(&schema) }).collect()
}

fn form_of(schema: &RefOr<Schema>) -> Form {
    let RefOr::T(schema) = schema else { return Form::Text };
    if let Schema::Array(_) = schema {
        return Form::Several;
    }
    let Schema::Object(object) = schema else { return Form::Text };
    let is_number = match &object.schema_type {
        SchemaType::Type(only) => *only == Type::Integer,
        SchemaType::Array(types) => types.contains(&Type::Integer),
        SchemaType::AnyValue => false,
    };
    if is_number { Form::Number } else { Form::Text }
}

impl<T: Row> Item for T {
    const NAME: &'static str = T::REGISTER;
    const ITEMS: usize = ROWS;
    const BYTES: usize = BYTES;
    type Column = Column;

    fn column(name: &str) -> Option<Column> {
        columns_of::<T>().into_iter().find(|column| column.name == name)
    }

    fn columns() -> String {
        columns_of::<T>().into_iter().map(|column| column.name).collect::<Vec<_>>().join(", ")
    }

    /// The row as the JSON object that says the same.
    fn of_cells(cells: &[(&Column, &str)]) -> Read<T> {
        let mut members = Map::new();
        for (Column { name, form }, cell) in cells {
            let value = match form {
                Form::Text => json!(cell),
                Form::Number => json!(
                    cell.parse::<i64>()
                        .map_err(|_| { Fault::new(format!("/{name}"), "type", "must be a whole number") })?
                ),
                Form::Several => {
                    json!(cell.split(SEPARATOR).map(str::trim).filter(|text| !text.is_empty()).collect::<Vec<_>>())
                }
            };
            members.insert(name.clone(), value);
        }
        rows::object(Value::Object(members).to_string().as_bytes())
    }
}
