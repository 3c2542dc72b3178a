//! What rows share: the head's columns, and short lists in one column.

use crate::column::{InstantValue, KeyValue};
use ratchet_domain::change::Head;
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

/// One of a vocabulary's words.
pub(crate) fn parse<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| format!("{text:?} is none of the known values"))
}

/// Words of a vocabulary, separated by blanks.
pub(crate) fn list_of<T: Copy + Into<&'static str>>(words: &[T]) -> String {
    words.iter().map(|word| (*word).into()).collect::<Vec<&str>>().join(" ")
}

/// The reverse of [`list_of`].
pub(crate) fn parse_list<T: FromStr>(text: &str) -> Result<Vec<T>, String> {
    text.split_whitespace().map(parse).collect()
}
