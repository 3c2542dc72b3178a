//! A new key signs from now on: what the key before it has signed last is signed by the new one, too, so that whoever
//! trusts the old key can see that the new one speaks of the same tree.

use super::sequencer::Signer;
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{journal_checkpoints, journal_heads, journal_instances};
use diesel::prelude::*;
use ratchet_domain::journal::checkpoint::{SignedCheckpoint, cosign};

/// Adds the key's signature to the newest checkpoint of each journal, and to the one over all of them, where an earlier
/// key has signed alone. The number of notes that were signed.
///
/// # Errors
/// The database's.
pub fn countersign(signer: &Signer, connection: &mut AnyConnection) -> Result<usize, Error> {
    if signer.earlier().is_empty() {
        return Ok(0);
    }
    let heads: Vec<(KeyValue, i64)> =
        journal_heads::table.select((journal_heads::organisation_id, journal_heads::size)).load(connection)?;
    let mut signed = 0;
    for (organisation, size) in heads {
        let newest = journal_checkpoints::table
            .filter(journal_checkpoints::organisation_id.eq(organisation))
            .filter(journal_checkpoints::size.eq(size));
        let note: Option<String> = newest.select(journal_checkpoints::note).get_result(connection).optional()?;
        if let Some(note) = note.and_then(|note| countersigned(&note, signer)) {
            let newest = journal_checkpoints::table
                .filter(journal_checkpoints::organisation_id.eq(organisation))
                .filter(journal_checkpoints::size.eq(size));
            signed += diesel::update(newest).set(journal_checkpoints::note.eq(note)).execute(connection)?;
        }
    }
    let note: Option<String> =
        journal_instances::table.select(journal_instances::note).get_result(connection).optional()?;
    if let Some(note) = note.and_then(|note| countersigned(&note, signer)) {
        signed += diesel::update(journal_instances::table).set(journal_instances::note.eq(note)).execute(connection)?;
    }
    Ok(signed)
}

/// What was signed last over all journals; none before the first was.
///
/// # Errors
/// The database's, or the note cannot be read.
pub fn newest(connection: &mut AnyConnection) -> Result<Option<SignedCheckpoint>, Error> {
    let note: Option<String> =
        journal_instances::table.select(journal_instances::note).get_result(connection).optional()?;
    Ok(note.as_deref().map(SignedCheckpoint::parse).transpose()?)
}

/// The note with the key's signature; none where it has it already, and none of what no earlier key has signed.
fn countersigned(note: &str, signer: &Signer) -> Option<String> {
    let signed = SignedCheckpoint::parse(note).ok()?;
    let is_ours = signer.earlier().iter().any(|key| signed.verify(key).is_ok());
    let is_done = signed.verify(&signer.key.verifying_key()).is_ok();
    if is_ours && !is_done { cosign(note, &signer.key).ok() } else { None }
}
