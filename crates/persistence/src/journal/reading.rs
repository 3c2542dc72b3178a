//! Reading the journal: entries, histories, states of the past, proofs.

use super::sequencer::find_tile;
use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{journal_checkpoints, journal_entries, journal_heads, journal_queue};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::{EntryId, OrganisationId};
use ratchet_domain::journal::checkpoint::SignedCheckpoint;
use ratchet_domain::journal::leaf::{self, Leaf};
use ratchet_domain::journal::merkle::Hash;
use ratchet_domain::journal::proof;
use ratchet_domain::journal::tiles::TileReader;
use ratchet_domain::reference::Prefix;
use serde_json::Value;
use std::cell::RefCell;
use std::collections::HashSet;
use strum::VariantArray;
use uuid::Uuid;

/// An entry as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct StoredEntry {
    /// Its id.
    pub id: EntryId,
    /// Its place in the organisation's tree, from 0; none until it is sequenced.
    pub position: Option<u64>,
    /// The exact bytes that are hashed.
    pub leaf: Vec<u8>,
    /// The same, read.
    pub read: Leaf,
    /// What people read, with its salt; none when it was redacted.
    pub detail: Option<(Value, [u8; 16])>,
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = journal_entries)]
struct Row {
    id: KeyValue,
    position: Option<i64>,
    leaf: Vec<u8>,
    detail: Option<String>,
    detail_salt: Option<Vec<u8>>,
}

impl Row {
    fn into_entry(self) -> Result<StoredEntry, Error> {
        let Self { id, position, leaf, detail, detail_salt } = self;
        let corrupt = |fault: String| Error::Corrupt { table: "journal_entries", row: id.0, fault };
        let detail = match (detail, detail_salt) {
            (Some(detail), Some(salt)) => {
                let value = serde_json::from_str(&detail).map_err(|error| corrupt(error.to_string()))?;
                let salt = salt.try_into().map_err(|_| corrupt("the salt has not 16 bytes".to_owned()))?;
                Some((value, salt))
            }
            (Some(_), None) | (None, Some(_)) | (None, None) => None,
        };
        let read = Leaf::parse(&leaf).map_err(|error| corrupt(error.to_string()))?;
        Ok(StoredEntry { id: EntryId(id.0), position: position.map(i64::cast_unsigned), leaf, read, detail })
    }
}

/// What entries are asked for.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    /// About this record.
    pub object: Option<Uuid>,
    /// By this member or key.
    pub actor: Option<Uuid>,
    /// Of this kind, such as `nonconformity.closed`.
    pub action: Option<String>,
    /// At or after this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub to: Option<DateTime<Utc>>,
    /// Behind this position.
    pub after: Option<u64>,
}

/// Sequenced entries in the order of their positions.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn list(
    organisation: OrganisationId,
    filter: &EntryFilter,
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<StoredEntry>, Error> {
    use journal_entries as entries;
    let EntryFilter { object, actor, action, from, to, after } = filter;
    let mut query = entries::table.filter(entries::organisation_id.eq(KeyValue(organisation.0))).into_boxed();
    query = query.filter(entries::position.gt(after.map_or(-1, u64::cast_signed)));
    if let Some(object) = object {
        query = query.filter(entries::object_id.eq(KeyValue(*object)));
    }
    if let Some(actor) = actor {
        query = query.filter(entries::actor_id.eq(KeyValue(*actor)));
    }
    if let Some(action) = action {
        query = query.filter(entries::action.eq(action));
    }
    if let Some(from) = from {
        query = query.filter(entries::recorded_at.ge(InstantValue(*from)));
    }
    if let Some(to) = to {
        query = query.filter(entries::recorded_at.lt(InstantValue(*to)));
    }
    let rows: Vec<Row> = query.order(entries::position).limit(limit).select(Row::as_select()).load(connection)?;
    rows.into_iter().map(Row::into_entry).collect()
}

/// How many entries of an organisation have a position.
///
/// # Errors
/// The database's.
pub fn size(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<u64, Error> {
    let found: Option<i64> = journal_heads::table
        .filter(journal_heads::organisation_id.eq(KeyValue(organisation.0)))
        .select(journal_heads::size)
        .get_result(connection)
        .optional()?;
    Ok(found.map_or(0, i64::cast_unsigned))
}

/// The same of all organisations that have any.
///
/// # Errors
/// The database's.
pub fn sizes(connection: &mut AnyConnection) -> Result<Vec<(OrganisationId, u64)>, Error> {
    let found: Vec<(KeyValue, i64)> =
        journal_heads::table.select((journal_heads::organisation_id, journal_heads::size)).load(connection)?;
    Ok(found.into_iter().map(|(id, size)| (OrganisationId(id.0), size.cast_unsigned())).collect())
}

/// One entry.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn find(
    organisation: OrganisationId,
    id: EntryId,
    connection: &mut AnyConnection,
) -> Result<Option<StoredEntry>, Error> {
    let row: Option<Row> = journal_entries::table
        .filter(journal_entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(journal_entries::id.eq(KeyValue(id.0)))
        .select(Row::as_select())
        .get_result(connection)
        .optional()?;
    row.map(Row::into_entry).transpose()
}

/// Of which kind the record of this id is: each has an entry from the beginning.
///
/// # Errors
/// The database's.
pub fn kind_of(
    organisation: OrganisationId,
    id: Uuid,
    connection: &mut AnyConnection,
) -> Result<Option<String>, Error> {
    // Each kind is looked for in the index by kind and record.
    let kinds = Prefix::VARIANTS.iter().map(|kind| kind.kind());
    Ok(journal_entries::table
        .filter(journal_entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(journal_entries::object_kind.eq_any(kinds))
        .filter(journal_entries::object_id.eq(KeyValue(id)))
        .select(journal_entries::object_kind)
        .first(connection)
        .optional()?)
}

/// Every version of a record behind `after`, oldest first; also those without a position yet.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn history(
    organisation: OrganisationId,
    (kind, id): (&str, Uuid),
    after: i64,
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<StoredEntry>, Error> {
    let rows: Vec<Row> = journal_entries::table
        .filter(journal_entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(journal_entries::object_kind.eq(kind))
        .filter(journal_entries::object_id.eq(KeyValue(id)))
        .filter(journal_entries::object_version.gt(after))
        .order(journal_entries::object_version)
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_entry).collect()
}

/// A record as it was at a moment: the newest version recorded at or before it, checked against its leaf.
/// `None` when it did not exist then.
///
/// # Errors
/// [`Error::Redacted`] when its content had to go; [`Error::Corrupt`] when it does not match the leaf.
pub fn state_as_of<T: Record>(
    organisation: OrganisationId,
    id: Uuid,
    at: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Option<T>, Error> {
    let row: Option<Row> = journal_entries::table
        .filter(journal_entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(journal_entries::object_kind.eq(T::KIND))
        .filter(journal_entries::object_id.eq(KeyValue(id)))
        .filter(journal_entries::recorded_at.le(InstantValue(at)))
        .order(journal_entries::object_version.desc())
        .limit(1)
        .select(Row::as_select())
        .get_result(connection)
        .optional()?;
    let Some(entry) = row.map(Row::into_entry).transpose()? else { return Ok(None) };
    let corrupt = |fault: &str| Error::Corrupt { table: "journal_entries", row: entry.id.0, fault: fault.to_owned() };
    let (detail, salt) = entry.detail.as_ref().ok_or(Error::Redacted)?;
    if Some(leaf::detail_hash(salt, detail)?) != entry.read.detail {
        return Err(corrupt("the detail does not match its leaf"));
    }
    let state = serde_json::from_value(detail["state"].clone());
    state.map(Some).map_err(|_| corrupt("the detail holds no state"))
}

/// What happened to one record in a span of time.
#[derive(Debug, Clone, PartialEq)]
pub struct Changed {
    /// Which record.
    pub object: Uuid,
    /// Its kind.
    pub kind: String,
    /// The version before the span; 0 for a record that was made in it.
    pub before: i64,
    /// The newest version of the span.
    pub after: i64,
}

/// Records that were written after `from` and until `to`, by id, behind `after`.
///
/// # Errors
/// The database's.
pub fn changed(
    organisation: OrganisationId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    (kind, after): (Option<&str>, Option<Uuid>),
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<Changed>, Error> {
    use journal_entries as entries;
    let mut query = entries::table
        .filter(entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(entries::recorded_at.gt(InstantValue(from)))
        .filter(entries::recorded_at.le(InstantValue(to)))
        .filter(entries::object_id.gt(KeyValue(after.unwrap_or_default())))
        .group_by((entries::object_id, entries::object_kind))
        .select((
            entries::object_id,
            entries::object_kind,
            diesel::dsl::min(entries::object_version),
            diesel::dsl::max(entries::object_version),
        ))
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(entries::object_kind.eq(kind.to_owned()));
    }
    let rows: Vec<(KeyValue, String, Option<i64>, Option<i64>)> =
        query.order(entries::object_id).limit(limit).load(connection)?;
    let read = |(object, kind, first, last): (KeyValue, String, Option<i64>, Option<i64>)| Changed {
        object: object.0,
        kind,
        before: first.unwrap_or(1) - 1,
        after: last.unwrap_or(1),
    };
    Ok(rows.into_iter().map(read).collect())
}

/// The entries of these versions, as far as they are there, in no order.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn versions(
    organisation: OrganisationId,
    versions: &[(Uuid, i64)],
    connection: &mut AnyConnection,
) -> Result<Vec<StoredEntry>, Error> {
    let wanted: HashSet<(Uuid, i64)> = versions.iter().copied().collect();
    // A little more than is wanted: a condition for each pair would be a statement of its own for each length.
    let rows: Vec<Row> = journal_entries::table
        .filter(journal_entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(journal_entries::object_id.eq_any(versions.iter().map(|(object, _)| KeyValue(*object))))
        .filter(journal_entries::object_version.eq_any(versions.iter().map(|(_, version)| *version)))
        .select(Row::as_select())
        .load(connection)?;
    let entries = rows.into_iter().map(Row::into_entry);
    let is_wanted =
        |entry: &StoredEntry| wanted.contains(&(entry.read.object.id, entry.read.object.version.cast_signed()));
    entries.filter(|entry| entry.as_ref().map_or(true, is_wanted)).collect()
}

/// Whether every entry of an organisation has its position.
///
/// # Errors
/// The database's.
pub fn is_settled(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<bool, Error> {
    let waiting = journal_queue::table.filter(journal_queue::organisation_id.eq(KeyValue(organisation.0)));
    Ok(!diesel::select(diesel::dsl::exists(waiting)).get_result::<bool>(connection)?)
}

/// The newest checkpoint of an organisation, or the one of a size.
///
/// # Errors
/// The database's.
pub fn checkpoint(
    organisation: OrganisationId,
    size: Option<u64>,
    connection: &mut AnyConnection,
) -> Result<Option<String>, Error> {
    let mut query = journal_checkpoints::table
        .filter(journal_checkpoints::organisation_id.eq(KeyValue(organisation.0)))
        .into_boxed();
    if let Some(size) = size {
        query = query.filter(journal_checkpoints::size.eq(size.cast_signed()));
    }
    let newest = query.order(journal_checkpoints::size.desc()).limit(1).select(journal_checkpoints::note);
    Ok(newest.get_result(connection).optional()?)
}

/// An inclusion proof and the checkpoint it leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Inclusion {
    /// Siblings from the leaf upwards.
    pub path: Vec<Hash>,
    /// The signed note of the tree it leads to.
    pub checkpoint: String,
}

/// Proves that the entry at a position is in the tree of the newest checkpoint.
///
/// # Errors
/// [`Error::NotFound`] when no checkpoint covers it yet; [`Error::Journal`] when tiles are missing.
pub fn inclusion(
    organisation: OrganisationId,
    position: u64,
    connection: &mut AnyConnection,
) -> Result<Inclusion, Error> {
    let note = checkpoint(organisation, None, connection)?.ok_or(Error::NotFound)?;
    let size = SignedCheckpoint::parse(&note)?.checkpoint.size;
    let path = with_nodes(organisation, connection, |node| proof::inclusion_proof(position, node, size))?;
    Ok(Inclusion { path, checkpoint: note })
}

/// Proves that the tree of `from` entries is the beginning of the one of `to`.
///
/// # Errors
/// [`Error::Journal`] when the sizes are out of range or tiles are missing.
pub fn consistency(
    organisation: OrganisationId,
    (from, to): (u64, u64),
    connection: &mut AnyConnection,
) -> Result<Vec<Hash>, Error> {
    with_nodes(organisation, connection, |node| proof::consistency_proof(from, node, to))
}

/// Answers for nodes out of stored tiles; a failure of the database counts as a missing tile and is then told.
fn with_nodes<T>(
    organisation: OrganisationId,
    connection: &mut AnyConnection,
    prove: impl FnOnce(&proof::NodeReader<'_>) -> Result<T, ratchet_domain::journal::JournalError>,
) -> Result<T, Error> {
    let (connection, failure) = (RefCell::new(connection), RefCell::new(None));
    let fetch = |level: u8, index: u64| {
        let found = find_tile(KeyValue(organisation.0), level, index, &mut connection.borrow_mut());
        found.unwrap_or_else(|error| {
            failure.replace(Some(error));
            None
        })
    };
    let tiles = TileReader::new(&fetch);
    let proved = prove(&|level, index| tiles.node(level, index));
    match (proved, failure.take()) {
        (_, Some(error)) => Err(error),
        (proved, None) => Ok(proved?),
    }
}
