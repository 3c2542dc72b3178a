//! Details of the journal that must go by law. The leaf keeps their hash, so that the tree stays what it was; what makes
//! their absence lawful is an entry of the redaction that names them.

use super::reading::history;
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::journal_entries;
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::{EntryId, OrganisationId};
use ratchet_domain::redactions::{carries, texts_at};
use serde_json::Value;
use std::collections::HashSet;
use uuid::Uuid;

/// Entries read at once.
const PAGE: i64 = 200;
/// Entries erased at once.
const CHUNK: usize = 200;

/// Which record.
type Object = (&'static str, Uuid);

/// What goes.
pub(crate) struct What<'a> {
    /// These entries, whatever they carry.
    pub entries: &'a HashSet<EntryId>,
    /// Of all others those in which one of these pointers leads to a text.
    pub fields: &'a [String],
    /// Or in which one of these texts stands where people write.
    pub texts: &'a [String],
}

/// The entries of a record whose detail is there.
pub(crate) fn with_detail(
    organisation: OrganisationId,
    (kind, id): &Object,
    connection: &mut AnyConnection,
) -> Result<HashSet<EntryId>, Error> {
    let found: Vec<KeyValue> = journal_entries::table
        .filter(journal_entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(journal_entries::object_kind.eq(*kind))
        .filter(journal_entries::object_id.eq(KeyValue(*id)))
        .filter(journal_entries::detail.is_not_null())
        .select(journal_entries::id)
        .load(connection)?;
    Ok(found.into_iter().map(|id| EntryId(id.0)).collect())
}

/// Every text that these fields of a record have held.
pub(crate) fn texts(
    organisation: OrganisationId,
    object: &Object,
    fields: &[String],
    connection: &mut AnyConnection,
) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    each(organisation, object, connection, |_, detail| {
        found.extend(texts_at(detail, fields).map(str::to_owned));
    })?;
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Calls a job with each entry of a record's history whose detail is there.
fn each(
    organisation: OrganisationId,
    (kind, id): &Object,
    connection: &mut AnyConnection,
    mut job: impl FnMut(EntryId, &Value),
) -> Result<(), Error> {
    let mut after = 0;
    loop {
        let entries = history(organisation, (*kind, *id), after, PAGE, connection)?;
        let Some(last) = entries.last() else { return Ok(()) };
        after = last.read.object.version.cast_signed();
        for entry in entries {
            if let Some((detail, _)) = &entry.detail {
                job(entry.id, detail);
            }
        }
    }
}

/// Erases the details of a record's entries that carry what goes; which those were.
pub(crate) fn erase<T: Record>(
    organisation: OrganisationId,
    object: &Object,
    what: &What<'_>,
    connection: &mut AnyConnection,
) -> Result<Vec<EntryId>, Error> {
    let mut erased = Vec::new();
    each(organisation, object, connection, |id, detail| {
        if what.entries.contains(&id) || carries::<T>(detail, what.fields, what.texts) {
            erased.push(id);
        }
    })?;
    for page in erased.chunks(CHUNK) {
        let named = journal_entries::table
            .filter(journal_entries::organisation_id.eq(KeyValue(organisation.0)))
            .filter(journal_entries::id.eq_any(page.iter().map(|id| KeyValue(id.0))));
        diesel::update(named)
            .set((journal_entries::detail.eq(None::<String>), journal_entries::detail_salt.eq(None::<Vec<u8>>)))
            .execute(connection)?;
    }
    Ok(erased)
}
