//! What tables of records share: the head's columns, the queries every record has, and how values are written.

use crate::column::{InstantValue, KeyValue};
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{MemberId, OrganisationId};
use std::str::FromStr;

/// A head as its columns hold it.
pub(crate) struct StoredHead {
    pub id: KeyValue,
    pub organisation_id: KeyValue,
    pub reference: String,
    pub version: i64,
    pub created_at: InstantValue,
    pub created_by: Option<KeyValue>,
    pub updated_at: InstantValue,
}

impl StoredHead {
    pub(crate) fn of(head: &Head) -> Self {
        let Head { id, organisation, reference, version, created_at, created_by, updated_at } = head;
        Self {
            id: KeyValue(*id),
            organisation_id: KeyValue(organisation.0),
            reference: reference.to_string(),
            version: *version,
            created_at: InstantValue(*created_at),
            created_by: created_by.map(|member| KeyValue(member.0)),
            updated_at: InstantValue(*updated_at),
        }
    }

    pub(crate) fn into_head(self) -> Result<Head, String> {
        let Self { id, organisation_id, reference, version, created_at, created_by, updated_at } = self;
        Ok(Head {
            id: id.0,
            organisation: OrganisationId(organisation_id.0),
            reference: parse(&reference)?,
            version,
            created_at: created_at.0,
            created_by: created_by.map(|member| MemberId(member.0)),
            updated_at: updated_at.0,
        })
    }
}

/// Declares the row of a record's table and the queries that are the same for every record. The resource names its
/// own columns, and says with `Columns::of` and `Columns::into_record` how they hold the record.
macro_rules! record_table {
    ($record:ty, $table:ident { $($column:ident: $type:ty),+ $(,)? }) => {
        /// The columns that only this table has.
        #[derive(PartialEq)]
        struct Columns {
            $($column: $type,)+
        }

        #[derive(diesel::Queryable, diesel::Selectable, diesel::Insertable, diesel::AsChangeset)]
        #[diesel(table_name = $table, treat_none_as_null = true, treat_none_as_default_value = false)]
        struct Row {
            id: $crate::column::KeyValue,
            organisation_id: $crate::column::KeyValue,
            reference: String,
            version: i64,
            created_at: $crate::column::InstantValue,
            created_by: Option<$crate::column::KeyValue>,
            updated_at: $crate::column::InstantValue,
            state_salt: Vec<u8>,
            $($column: $type,)+
        }

        impl Row {
            fn of(record: &$record, salt: [u8; 16]) -> Result<Self, $crate::error::Error> {
                let $crate::row::StoredHead { id, organisation_id, reference, version, created_at, created_by, updated_at } =
                    $crate::row::StoredHead::of(record.head());
                let Columns { $($column),+ } = Columns::of(record)?;
                let state_salt = salt.to_vec();
                Ok(Self {
                    id, organisation_id, reference, version, created_at, created_by, updated_at, state_salt, $($column),+
                })
            }

            fn into_record(self) -> Result<($record, [u8; 16]), $crate::error::Error> {
                let Self {
                    id, organisation_id, reference, version, created_at, created_by, updated_at, state_salt, $($column),+
                } = self;
                let row = id.0;
                let corrupt = move |fault: String| $crate::error::Error::Corrupt { table: stringify!($table), row, fault };
                let head = $crate::row::StoredHead {
                    id, organisation_id, reference, version, created_at, created_by, updated_at,
                };
                let salt = state_salt.try_into().map_err(|_| corrupt("the salt has not 16 bytes".to_owned()))?;
                let record = head.into_head().and_then(|head| Columns { $($column),+ }.into_record(head));
                Ok((record.map_err(corrupt)?, salt))
            }
        }

        impl $crate::table::Table for $record {
            fn insert(
                &self,
                salt: [u8; 16],
                _: $crate::tx::Permit,
                connection: &mut $crate::connection::AnyConnection,
            ) -> Result<(), $crate::error::Error> {
                let row = Row::of(self, salt)?;
                // A violation would end the transaction on PostgreSQL: the record that has it could not be looked up.
                let inserted = $crate::connection::on_connection!(connection, |c| diesel::insert_into($table::table)
                    .values(row)
                    .on_conflict_do_nothing()
                    .execute(c))?;
                if inserted == 1 { Ok(()) } else { Err($crate::error::Error::Taken("record")) }
            }

            fn update(
                &self,
                expected: i64,
                salt: [u8; 16],
                _: $crate::tx::Permit,
                connection: &mut $crate::connection::AnyConnection,
            ) -> Result<usize, $crate::error::Error> {
                use diesel::result::{DatabaseErrorKind, Error::DatabaseError};
                let row = Row::of(self, salt)?;
                let target = $table::table
                    .filter($table::id.eq(row.id))
                    .filter($table::organisation_id.eq(row.organisation_id))
                    .filter($table::version.eq(expected));
                let updated = diesel::update(target).set(row).execute(connection);
                if let Err(DatabaseError(DatabaseErrorKind::UniqueViolation, _)) = updated {
                    return Err($crate::error::Error::Taken("record"));
                }
                Ok(updated?)
            }

            fn find(
                organisation: ratchet_domain::id::OrganisationId,
                locator: ratchet_domain::reference::Locator,
                connection: &mut $crate::connection::AnyConnection,
            ) -> Result<Option<(Self, [u8; 16])>, $crate::error::Error> {
                let ours = $table::table.filter($table::organisation_id.eq($crate::column::KeyValue(organisation.0)));
                // Per database: it is found by its type among the prepared ones, and not written out to be looked up.
                let row: diesel::QueryResult<Row> = match locator {
                    ratchet_domain::reference::Locator::Id(id) => {
                        let one = ours.filter($table::id.eq($crate::column::KeyValue(id)));
                        $crate::connection::on_connection!(connection, |c| one.select(Row::as_select()).get_result(c))
                    }
                    ratchet_domain::reference::Locator::Reference(reference) => {
                        let one = ours.filter($table::reference.eq(reference.to_string()));
                        $crate::connection::on_connection!(connection, |c| one.select(Row::as_select()).get_result(c))
                    }
                };
                row.optional()?.map(Row::into_record).transpose()
            }

            fn many(
                organisation: ratchet_domain::id::OrganisationId,
                ids: &[uuid::Uuid],
                connection: &mut $crate::connection::AnyConnection,
            ) -> Result<Vec<Self>, $crate::error::Error> {
                let rows: Vec<Row> = $table::table
                    .filter($table::organisation_id.eq($crate::column::KeyValue(organisation.0)))
                    .filter($table::id.eq_any(ids.iter().copied().map($crate::column::KeyValue)))
                    .select(<Row as diesel::SelectableHelper<_>>::as_select())
                    .load(connection)?;
                rows.into_iter().map(|row| row.into_record().map(|(record, _)| record)).collect()
            }

            fn made_between(
                organisation: ratchet_domain::id::OrganisationId,
                (from, until): $crate::table::Between,
                limit: i64,
                connection: &mut $crate::connection::AnyConnection,
            ) -> Result<Vec<Self>, $crate::error::Error> {
                let mut query = $table::table
                    .filter($table::organisation_id.eq($crate::column::KeyValue(organisation.0)))
                    .into_boxed();
                if let Some(from) = from {
                    query = query.filter($table::created_at.ge($crate::column::InstantValue(from)));
                }
                if let Some(until) = until {
                    query = query.filter($table::created_at.lt($crate::column::InstantValue(until)));
                }
                let rows: Vec<Row> = query
                    .order($table::id)
                    .limit(limit)
                    .select(<Row as diesel::SelectableHelper<_>>::as_select())
                    .load(connection)?;
                rows.into_iter().map(|row| row.into_record().map(|(record, _)| record)).collect()
            }

            fn walk(
                organisation: ratchet_domain::id::OrganisationId,
                after: Option<uuid::Uuid>,
                limit: i64,
                connection: &mut $crate::connection::AnyConnection,
            ) -> Result<Vec<(Self, [u8; 16])>, $crate::error::Error> {
                let rows: Vec<Row> = $table::table
                    .filter($table::organisation_id.eq($crate::column::KeyValue(organisation.0)))
                    .filter($table::id.gt($crate::column::KeyValue(after.unwrap_or_default())))
                    .order($table::id)
                    .limit(limit)
                    .select(<Row as diesel::SelectableHelper<_>>::as_select())
                    .load(connection)?;
                rows.into_iter().map(Row::into_record).collect()
            }
        }
    };
}
pub(crate) use record_table;

/// One of a vocabulary's words.
pub(crate) fn parse<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is none of the known values"))
}

/// A vocabulary's word as its column holds it.
pub(crate) fn word(value: impl Into<&'static str>) -> String {
    value.into().to_owned()
}

/// Words of a vocabulary, separated by blanks.
pub(crate) fn list_of<T: Copy + Into<&'static str>>(words: &[T]) -> String {
    words.iter().map(|word| (*word).into()).collect::<Vec<&str>>().join(" ")
}

/// The reverse of [`list_of`].
pub(crate) fn parse_list<T: FromStr>(text: &str) -> Result<Vec<T>, String> {
    text.split_whitespace().map(parse).collect()
}

/// What only one stage knows, as JSON in one column.
pub(crate) fn to_json<T: serde::Serialize>(value: &T) -> Result<String, crate::error::Error> {
    serde_json::to_string(value).map_err(|error| crate::error::Error::Unwritable(error.to_string()))
}

/// The reverse of [`to_json`].
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| error.to_string())
}

/// A record without its head, as JSON in one column: for records of which queries ask for little.
pub(crate) fn body_of<T: Record>(record: &T) -> Result<String, crate::error::Error> {
    let mut body = serde_json::to_value(record).map_err(|error| crate::error::Error::Unwritable(error.to_string()))?;
    if let serde_json::Value::Object(members) = &mut body {
        members.remove("head");
    }
    to_json(&body)
}

/// The reverse of [`body_of`]. The head is written into the text: read as a tree first, a record would be read twice.
pub(crate) fn with_head<T: Record>(head: Head, body: &str) -> Result<T, String> {
    let head = serde_json::to_string(&head).map_err(|error| error.to_string())?;
    let members = body.trim_start().strip_prefix('{').ok_or("is no object")?;
    let separator = if members.trim_start().starts_with('}') { "" } else { "," };
    from_json(&format!(r#"{{"head":{head}{separator}{members}"#))
}
