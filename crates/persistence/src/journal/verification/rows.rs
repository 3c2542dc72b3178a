//! What stands beside the tree: entries that wait, the queue, and the rows of records.

use super::{PAGE, Row, States, Verification};
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::evidence;
use crate::files::{Content, Files};
use crate::journal::projection;
use crate::schema::{journal_entries, journal_queue};
use crate::table::Guarded;
use crate::{delegations, ownerships, record_edges, responsibilities, separation, work_items};
use diesel::prelude::*;
use ratchet_domain::journal::leaf::{self, leaf_hash};
use ratchet_domain::ownerships::of as owners_of;
use uuid::Uuid;

impl Verification<'_> {
    /// Entries that wait: each must be in the queue.
    pub(super) fn unsequenced(&mut self, states: &mut States, connection: &mut AnyConnection) -> Result<(), Error> {
        let waiting: Vec<(Row, Option<KeyValue>)> = journal_entries::table
            .left_join(journal_queue::table)
            .filter(journal_entries::organisation_id.eq(KeyValue(self.organisation.0)))
            .filter(journal_entries::position.is_null())
            .order(journal_entries::id)
            .select((Row::as_select(), journal_queue::organisation_id.nullable()))
            .load(connection)?;
        for (row, queued) in waiting {
            self.entry(&row, leaf_hash(&row.leaf), states);
            let fault = match queued {
                None => "the entry has no position and does not wait for one",
                Some(queued) if queued.0 != self.organisation.0 => "the entry waits under another organisation",
                Some(_) => continue,
            };
            self.found("journal_queue", row.id.0, None, fault);
        }
        Ok(())
    }

    /// The queue holds what waits and nothing else: an entry that has its position would hold up all behind it.
    pub(super) fn queue(&mut self, connection: &mut AnyConnection) -> Result<(), Error> {
        let queued: Vec<(KeyValue, Option<KeyValue>, Option<i64>)> = journal_queue::table
            .left_join(journal_entries::table)
            .filter(journal_queue::organisation_id.eq(KeyValue(self.organisation.0)))
            .order(journal_queue::entry_id)
            .select((journal_queue::entry_id, journal_entries::id.nullable(), journal_entries::position.nullable()))
            .load(connection)?;
        for (entry, known, position) in queued {
            let fault = match (known, position) {
                (Some(_), None) => continue,
                (Some(_), Some(_)) => "waits although it has its position",
                (None, _) => "waits and is gone",
            };
            self.found("journal_queue", entry.0, position.map(i64::cast_unsigned), fault);
        }
        Ok(())
    }

    /// Each file of evidence is what was received, also when it was withdrawn; but for those that a redaction has erased.
    pub(super) fn evidence(&mut self, files: &Files, connection: &mut AnyConnection) -> Result<(), Error> {
        let pieces = match evidence::all(self.organisation, connection) {
            Err(Error::Corrupt { table, row, fault }) => {
                self.found(table, row, None, fault);
                return Ok(());
            }
            pieces => pieces?,
        };
        for piece in pieces {
            let Some(file) = piece.body.file().filter(|file| file.erased_by.is_none()) else { continue };
            let content = Content { sha256: file.sha256.clone(), size: file.size };
            if let Err(error) = files.open(self.organisation.0, &content) {
                self.found("evidence", piece.head.reference, None, error.to_string());
            }
        }
        Ok(())
    }

    /// State binding: each row's hash is the `after` of its newest entry.
    pub(super) fn records<T: Guarded>(
        &mut self,
        states: &mut States,
        connection: &mut AnyConnection,
    ) -> Result<(), Error> {
        let (mut after, mut limit) = (None, PAGE);
        loop {
            match T::walk(self.organisation, after, limit, connection) {
                Ok(records) => {
                    let Some((last, _)) = records.last() else { return Ok(()) };
                    after = Some(last.head().id);
                    let mut sound = Vec::new();
                    for (record, salt) in records {
                        if self.record(&record, salt, states)? {
                            sound.push(record);
                        }
                    }
                    self.derived(&sound, connection)?;
                }
                // One by one, so that an unreadable row does not hide its neighbours.
                Err(Error::Corrupt { .. }) if limit > 1 => limit = 1,
                Err(Error::Corrupt { table, row, fault }) => {
                    states.remove(&(T::KIND.to_owned(), row));
                    self.found(table, row, None, fault);
                    (after, limit) = (Some(row), PAGE);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Edges, lists of work, owners and documented exceptions are what the records themselves say.
    fn derived<T: Guarded>(&mut self, records: &[T], connection: &mut AnyConnection) -> Result<(), Error> {
        let ids: Vec<Uuid> = records.iter().map(|record| record.head().id).collect();
        let mut edges = record_edges::kept(self.organisation, &ids, connection)?;
        let mut work = work_items::kept(self.organisation, &ids, connection)?;
        let mut owners = ownerships::kept(self.organisation, &ids, connection)?;
        let mut named = responsibilities::kept(self.organisation, &ids, connection)?;
        let mut exceptions = separation::kept(self.organisation, &ids, connection)?;
        let mut stand_ins = delegations::kept(self.organisation, &ids, connection)?;
        for record in records {
            let id = record.head().id;
            if stand_ins.remove(&id).unwrap_or_default() != record.stand_ins() {
                self.found("delegations", id, None, "are not what the member says: they were changed by hand");
            }
            if exceptions.remove(&id).unwrap_or_default() != record.exceptions() {
                self.found(
                    "separation_exceptions",
                    id,
                    None,
                    "are not what the record says: they were changed by hand",
                );
            }
            if named.remove(&id).unwrap_or_default() != record.responsibilities().into_iter().collect() {
                self.found("responsibilities", id, None, "are not whom the record names: they were changed by hand");
            }
            if owners.remove(&id).unwrap_or_default() != owners_of(record) {
                self.found("ownerships", id, None, "are not who the record says answers: they were changed by hand");
            }
            if edges.remove(&id).unwrap_or_default() != record.edges().into_iter().collect() {
                self.found("record_edges", id, None, "are not what the record says: they were changed by hand");
            }
            if work.remove(&id).unwrap_or_default() != work_items::rows_of(record) {
                self.found("work_items", id, None, "are not what the record waits for: they were changed by hand");
            }
        }
        Ok(())
    }

    /// Whether the row is what its newest entry bound.
    fn record<T: Guarded>(&mut self, record: &T, salt: [u8; 16], states: &mut States) -> Result<bool, Error> {
        self.report.records += 1;
        let (id, version) = (record.head().id, record.head().version.unsigned_abs());
        let bound = leaf::state_hash(&salt, &projection(record)?)?;
        let fault = match states.remove(&(T::KIND.to_owned(), id)) {
            None => "the row has no entry: it was inserted by hand".to_owned(),
            Some((newest, _)) if newest != version => format!("is at version {version}, its newest entry at {newest}"),
            Some((_, state)) if state != Some(bound) => {
                "the row is not what its newest entry bound: it was changed by hand".to_owned()
            }
            Some(_) => return Ok(true),
        };
        self.found(T::KIND, id, None, fault);
        Ok(false)
    }
}
