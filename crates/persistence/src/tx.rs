//! A write transaction: what may be stored in it, and the journal entry that goes with it.

use crate::column::KeyValue;
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::journal::{self, Entry};
use crate::schema::reference_counters;
use chrono::{DateTime, Datelike, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Birth, Change, Record};
use ratchet_domain::id::{EntryId, OrganisationId};
use ratchet_domain::reference::{Prefix, Reference};
use uuid::Uuid;

/// Who writes, when, and where the numbers that nobody can guess come from.
pub struct Context {
    /// The caller, and with it the tenant.
    pub actor: Actor,
    /// Now, in microseconds.
    pub now: DateTime<Utc>,
    /// The request's id, which all its entries carry.
    pub request: Option<String>,
    /// Run everything, keep nothing.
    pub dry_run: bool,
    /// Time-ordered ids (UUID v7).
    pub next_id: Box<dyn FnMut() -> Uuid + Send>,
    /// Salts.
    pub next_salt: Box<dyn FnMut() -> [u8; 16] + Send>,
}

/// A table of records: the few concrete queries that differ per resource.
pub trait Table: Record {
    /// Inserts the first version.
    ///
    /// # Errors
    /// The database's.
    fn insert(&self, salt: [u8; 16], connection: &mut AnyConnection) -> Result<(), Error>;

    /// Overwrites the version before; the number of rows written, 0 or 1.
    ///
    /// # Errors
    /// The database's.
    fn update(&self, expected: i64, salt: [u8; 16], connection: &mut AnyConnection) -> Result<usize, Error>;

    /// The record, and the salt of its state.
    ///
    /// # Errors
    /// The database's, or [`Error::Corrupt`].
    fn find(
        organisation: OrganisationId,
        id: Uuid,
        connection: &mut AnyConnection,
    ) -> Result<Option<(Self, [u8; 16])>, Error>;
}

/// A write transaction of one organisation by one actor. Made by [`crate::store::Store::write`] alone.
pub struct Tx<'a> {
    connection: &'a mut AnyConnection,
    context: Context,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(connection: &'a mut AnyConnection, context: Context) -> Self {
        Self { connection, context }
    }

    /// The caller.
    pub fn actor(&self) -> &Actor {
        &self.context.actor
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.context.now
    }

    /// The record, for writing.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another organisation's.
    pub fn get<T: Table>(&mut self, id: Uuid) -> Result<T, Error> {
        let found = T::find(self.context.actor.organisation, id, self.connection)?;
        found.map(|(record, _)| record).ok_or(Error::NotFound)
    }

    /// Identity, reference and time of a new record. The counter is locked until the transaction ends, so that
    /// references have no gaps.
    ///
    /// # Errors
    /// The database's.
    pub fn birth(&mut self, prefix: Prefix) -> Result<Birth, Error> {
        let at = self.context.now;
        let (organisation, year) = (KeyValue(self.context.actor.organisation.0), at.year());
        let name: &'static str = prefix.into();
        let number: i64 = on_connection!(self.connection, |c| diesel::insert_into(reference_counters::table)
            .values((
                reference_counters::organisation_id.eq(organisation),
                reference_counters::prefix.eq(name),
                reference_counters::year.eq(year),
                reference_counters::last.eq(1_i64),
            ))
            .on_conflict((reference_counters::organisation_id, reference_counters::prefix, reference_counters::year))
            .do_update()
            .set(reference_counters::last.eq(reference_counters::last + 1_i64))
            .returning(reference_counters::last)
            .get_result(c))?;
        Ok(Birth { id: (self.context.next_id)(), reference: Reference { prefix, year, number }, at })
    }

    /// Stores a decision and its journal entry.
    ///
    /// # Errors
    /// [`Error::Stale`] when somebody else wrote in between.
    pub fn save<T: Table>(&mut self, change: Change<T>) -> Result<(T, EntryId), Error> {
        let organisation = self.context.actor.organisation;
        let id = change.after().head().id;
        let salt = match change.before() {
            None => {
                let salt = (self.context.next_salt)();
                change.after().insert(salt, self.connection)?;
                salt
            }
            Some(before) => {
                let expected = before.head().version;
                let (stored, salt) = T::find(organisation, id, self.connection)?.ok_or(Error::NotFound)?;
                if stored.head().version != expected || change.after().update(expected, salt, self.connection)? != 1 {
                    return Err(Error::Stale { current: stored.head().version });
                }
                salt
            }
        };
        let detail_salt = (self.context.next_salt)();
        let Context { actor, now, request, .. } = &self.context;
        let entry = Entry::of(&change, actor, salt, detail_salt, *now, request.as_deref())?;
        let entry_id = EntryId((self.context.next_id)());
        journal::append(entry_id, organisation, entry, self.connection)?;
        Ok((change.into_after(), entry_id))
    }
}
