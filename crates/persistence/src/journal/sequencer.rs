//! The sequencer: gives committed entries their positions, grows the trees, signs checkpoints.
//!
//! It takes what it sees in the queue, never "id greater than the last": a lower id may be committed later. Two that
//! run at once take turns; should they not, they cannot both succeed: the head's size is compared and swapped, and
//! (organisation, position) is unique.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{
    journal_checkpoints, journal_entries, journal_heads, journal_instances, journal_queue, journal_tiles,
};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ed25519_dalek::{SigningKey, VerifyingKey};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::journal::JournalError;
use ratchet_domain::journal::checkpoint::{Checkpoint, SignedCheckpoint, cosign};
use ratchet_domain::journal::merkle::{Frontier, Hash, leaf_hash, root_of};
use ratchet_domain::journal::tiles::{self, TILE_WIDTH, tile_hashes};
use std::collections::BTreeMap;

/// Entries per run: on SQLite the writer's other jobs wait meanwhile.
pub const BATCH: usize = 256;

/// What the name of the instance ends with in checkpoints over all journals.
const INSTANCE: &str = "/instance";

/// Who signs.
pub struct Signer {
    /// The instance's journal key.
    pub key: SigningKey,
    /// The key before it, which signs beside it until everybody outside knows the new one.
    pub former: Option<SigningKey>,
    /// Public keys that have signed before: what they have signed still counts.
    pub retired: Vec<VerifyingKey>,
    /// What checkpoints call this instance, such as `isms.example.org`.
    pub origin: String,
}

impl Signer {
    /// What the checkpoints of an organisation's journal call it.
    #[must_use]
    pub fn origin_of(&self, organisation: OrganisationId) -> String {
        format!("{}/{organisation}", self.origin)
    }

    /// What the checkpoints over all journals call the instance.
    #[must_use]
    pub fn origin_of_instance(&self) -> String {
        format!("{}{INSTANCE}", self.origin)
    }

    /// Goes by the name that the instance has had since its first checkpoint: an address may change, and whoever holds a
    /// verifier key knows the instance by its name.
    pub fn keep_name(&mut self, newest: &SignedCheckpoint) {
        if let Some(name) = newest.checkpoint.origin.strip_suffix(INSTANCE) {
            name.clone_into(&mut self.origin);
        }
    }

    /// Whether this key has signed it.
    #[must_use]
    pub fn has_signed(&self, newest: &SignedCheckpoint) -> bool {
        newest.verify(&self.key.verifying_key()).is_ok()
    }

    /// The keys whose earlier signatures still count.
    #[must_use]
    pub fn earlier(&self) -> Vec<VerifyingKey> {
        self.former.iter().map(SigningKey::verifying_key).chain(self.retired.iter().copied()).collect()
    }

    fn sign(&self, checkpoint: &Checkpoint) -> Result<String, JournalError> {
        let note = checkpoint.sign(&self.key)?;
        match &self.former {
            Some(former) => cosign(&note, former),
            None => Ok(note),
        }
    }
}

/// Sequences what waits, at most one batch; the number of entries that got their positions.
///
/// # Errors
/// [`Error::Busy`] when another sequencer was faster; the database's.
#[expect(clippy::disallowed_methods, reason = "a savepoint within the store's transaction")]
pub fn sequence(signer: &Signer, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<usize, Error> {
    // Before anything is read: what follows compares rows of several statements.
    connection.exclude_rivals("journal sequencer")?;
    // The entry says whose it is, not the queue, which no hash binds.
    let waiting: Vec<(KeyValue, KeyValue, Vec<u8>)> = journal_queue::table
        .inner_join(journal_entries::table)
        .order(journal_queue::entry_id)
        .limit(i64::try_from(BATCH).unwrap_or(i64::MAX))
        .select((journal_queue::entry_id, journal_entries::organisation_id, journal_entries::leaf_hash))
        .load(connection)?;
    if waiting.is_empty() {
        return Ok(0);
    }
    let whole = instance_is_whole(signer, connection)?;
    let mut trees: BTreeMap<KeyValue, Vec<(KeyValue, Hash)>> = BTreeMap::new();
    for (entry, organisation, hash) in &waiting {
        trees.entry(*organisation).or_default().push((*entry, read_hash(*entry, hash)?));
    }
    let mut grown = Vec::new();
    for (organisation, entries) in &trees {
        // One organisation's damaged head or tile does not keep the others' entries from their positions.
        match connection.transaction(|connection| grow(*organisation, entries, signer, now, connection)) {
            Ok(()) => grown.extend(entries.iter().map(|(entry, _)| *entry)),
            Err(error @ (Error::Corrupt { .. } | Error::Journal(_))) => {
                tracing::error!(%error, organisation = %organisation.0, "the journal cannot grow: run `journal verify`");
            }
            Err(error) => return Err(error),
        }
    }
    let taken = journal_queue::entry_id.eq_any(grown.iter().copied());
    if diesel::delete(journal_queue::table.filter(taken)).execute(connection)? != grown.len() {
        return Err(Error::Busy);
    }
    if whole {
        sign_instance(signer, now, connection)?;
    } else {
        tracing::error!("the journals are not those that were signed last: run `journal verify`");
    }
    Ok(grown.len())
}

fn read_hash(row: KeyValue, bytes: &[u8]) -> Result<Hash, Error> {
    let corrupt =
        || Error::Corrupt { table: "journal_entries", row: row.0, fault: "a hash has not 32 bytes".to_owned() };
    Hash::from_slice(bytes).ok_or_else(corrupt)
}

fn grow(
    organisation: KeyValue,
    entries: &[(KeyValue, Hash)],
    signer: &Signer,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let head: Option<Vec<u8>> = journal_heads::table
        .filter(journal_heads::organisation_id.eq(organisation))
        .select(journal_heads::frontier)
        .get_result(connection)
        .optional()?;
    let mut frontier = head.as_deref().map(Frontier::from_bytes).transpose()?.unwrap_or_default();
    let old = frontier.size();
    for (position, (entry, hash)) in (old..).zip(entries) {
        let target =
            journal_entries::table.filter(journal_entries::id.eq(entry)).filter(journal_entries::position.is_null());
        let given =
            diesel::update(target).set(journal_entries::position.eq(position.cast_signed())).execute(connection)?;
        if given != 1 {
            return Err(Error::Busy);
        }
        frontier.append(*hash);
    }
    let hashes: Vec<Hash> = entries.iter().map(|(_, hash)| *hash).collect();
    keep_tiles(organisation, old, &hashes, connection)?;
    keep_head(organisation, old, &frontier, now, connection)?;
    let origin = signer.origin_of(OrganisationId(organisation.0));
    let note = signer.sign(&Checkpoint { origin, size: frontier.size(), root: frontier.root() })?;
    diesel::insert_into(journal_checkpoints::table)
        .values((
            journal_checkpoints::organisation_id.eq(organisation),
            journal_checkpoints::size.eq(frontier.size().cast_signed()),
            journal_checkpoints::note.eq(note),
            journal_checkpoints::made_at.eq(InstantValue(now)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Writes the tiles that are new or longer. Only partial tiles at the old right edge are read.
fn keep_tiles(organisation: KeyValue, old: u64, hashes: &[Hash], connection: &mut AnyConnection) -> Result<(), Error> {
    let mut edge = BTreeMap::new();
    let (mut level, mut width) = (0_u8, old);
    while width > 0 {
        if !width.is_multiple_of(TILE_WIDTH) {
            edge.insert((level, width / TILE_WIDTH), find_tile(organisation, level, width / TILE_WIDTH, connection)?);
        }
        (level, width) = (level + 1, width / TILE_WIDTH);
    }
    let fetch = |level: u8, index: u64| edge.get(&(level, index)).cloned().flatten();
    for tile in tiles::grow(old, hashes, &fetch)? {
        let same = journal_tiles::table
            .filter(journal_tiles::organisation_id.eq(organisation))
            .filter(journal_tiles::level.eq(i32::from(tile.level)))
            .filter(journal_tiles::number.eq(tile.index.cast_signed()));
        diesel::delete(same).execute(connection)?;
        diesel::insert_into(journal_tiles::table)
            .values((
                journal_tiles::organisation_id.eq(organisation),
                journal_tiles::level.eq(i32::from(tile.level)),
                journal_tiles::number.eq(tile.index.cast_signed()),
                journal_tiles::hashes.eq(tile.to_bytes()),
            ))
            .execute(connection)?;
    }
    Ok(())
}

/// A tile's hashes, when it is stored and whole.
pub(super) fn find_tile(
    organisation: KeyValue,
    level: u8,
    index: u64,
    connection: &mut AnyConnection,
) -> Result<Option<Vec<Hash>>, Error> {
    let bytes: Option<Vec<u8>> = journal_tiles::table
        .filter(journal_tiles::organisation_id.eq(organisation))
        .filter(journal_tiles::level.eq(i32::from(level)))
        .filter(journal_tiles::number.eq(index.cast_signed()))
        .select(journal_tiles::hashes)
        .get_result(connection)
        .optional()?;
    Ok(bytes.as_deref().and_then(tile_hashes))
}

/// Compare and swap on the head's size.
fn keep_head(
    organisation: KeyValue,
    old: u64,
    frontier: &Frontier,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let (size, root, bytes) = (frontier.size().cast_signed(), frontier.root(), frontier.to_bytes());
    let values = (
        journal_heads::size.eq(size),
        journal_heads::root.eq(root.0.as_slice()),
        journal_heads::frontier.eq(bytes),
        journal_heads::grown_at.eq(InstantValue(now)),
    );
    let written = if old == 0 {
        diesel::insert_into(journal_heads::table)
            .values((journal_heads::organisation_id.eq(organisation), values))
            .execute(connection)?
    } else {
        let target = journal_heads::table
            .filter(journal_heads::organisation_id.eq(organisation))
            .filter(journal_heads::size.eq(old.cast_signed()));
        diesel::update(target).set(values).execute(connection)?
    };
    if written == 1 { Ok(()) } else { Err(Error::Busy) }
}

/// The tree over all heads, by organisation: its leaves name organisation, size and root.
pub(super) fn instance_tree(connection: &mut AnyConnection) -> Result<(u64, Hash), Error> {
    let heads: Vec<(KeyValue, i64, Vec<u8>)> = journal_heads::table
        .order(journal_heads::organisation_id)
        .select((journal_heads::organisation_id, journal_heads::size, journal_heads::root))
        .load(connection)?;
    let leaf = |(organisation, size, root): &(KeyValue, i64, Vec<u8>)| {
        leaf_hash(format!("{}\n{size}\n{}\n", organisation.0, hex::encode(root)).as_bytes())
    };
    let leaves: Vec<Hash> = heads.iter().map(leaf).collect();
    Ok((leaves.len() as u64, root_of(&leaves)))
}

/// Whether the heads are still those that were signed last. When somebody dropped or shortened a journal meanwhile,
/// signing what is left would hide it; so the old signature stays, and verification keeps telling.
fn instance_is_whole(signer: &Signer, connection: &mut AnyConnection) -> Result<bool, Error> {
    let now = instance_tree(connection)?;
    let note: Option<String> =
        journal_instances::table.select(journal_instances::note).get_result(connection).optional()?;
    let Some(note) = note else { return Ok(now.0 == 0) };
    let signed = SignedCheckpoint::parse(&note)
        .and_then(|signed| signed.verify(&signer.key.verifying_key()).map(|()| signed.checkpoint));
    Ok(signed.is_ok_and(|signed| (signed.size, signed.root) == now))
}

fn sign_instance(signer: &Signer, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<(), Error> {
    let (size, root) = instance_tree(connection)?;
    let note = signer.sign(&Checkpoint { origin: signer.origin_of_instance(), size, root })?;
    diesel::delete(journal_instances::table).execute(connection)?;
    diesel::insert_into(journal_instances::table)
        .values((
            journal_instances::id.eq(1),
            journal_instances::note.eq(note),
            journal_instances::made_at.eq(InstantValue(now)),
        ))
        .execute(connection)?;
    Ok(())
}
