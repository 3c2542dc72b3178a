//! A write transaction: what may be stored in it, and the journal entry that goes with it.

use crate::column::KeyValue;
use crate::connection::{AnyConnection, on_connection};
use crate::delegations;
use crate::error::Error;
use crate::journal::{self, Entry, Receipt};
use crate::ownerships;
use crate::record_edges;
use crate::responsibilities;
use crate::restrictions;
use crate::schedule;
use crate::schema::reference_counters;
use crate::separation;
use crate::settings;
use crate::table::{Guarded, Table};
use crate::work_items;
use chrono::{DateTime, Datelike, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Birth, Change};
use ratchet_domain::id::EntryId;
use ratchet_domain::links::Relation;
use ratchet_domain::reference::{Locator, Prefix, Reference, Target};
use ratchet_domain::restrictions::Restriction;
use ratchet_domain::trace::TraceEdge;
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

/// Who writes, when, and where the numbers that nobody can guess come from.
pub struct Context {
    /// The caller, and with it the tenant.
    pub actor: Actor,
    /// Reads the clock, in microseconds: asked once, when the transaction has begun. What waited for it longer would carry a
    /// time before that of others whom readers have seen by then.
    pub now: Box<dyn FnOnce() -> DateTime<Utc> + Send>,
    /// The request's id, which all its entries carry.
    pub request: Option<String>,
    /// Run everything, keep nothing.
    pub dry_run: bool,
    /// Time-ordered ids (UUID v7).
    pub next_id: Box<dyn FnMut() -> Uuid + Send>,
    /// Salts.
    pub next_salt: Box<dyn FnMut() -> [u8; 16] + Send>,
}

/// What it takes to write a row of a record: only [`Tx::save`] has it, so that no row is without its entry.
#[derive(Debug)]
pub struct Permit(());

/// A write transaction of one organisation by one actor. Made by [`crate::store::Store::write`] alone.
pub struct Tx<'a> {
    connection: &'a mut AnyConnection,
    actor: Actor,
    now: DateTime<Utc>,
    request: Option<String>,
    next_id: Box<dyn FnMut() -> Uuid + Send>,
    next_salt: Box<dyn FnMut() -> [u8; 16] + Send>,
    /// Of the records read so far, so that saving one does not read it again.
    salts: HashMap<Uuid, [u8; 16]>,
    /// Records made in this transaction: nobody else can know them.
    born: HashSet<Uuid>,
    /// Whether a restriction was written.
    has_restricted: bool,
}

impl<'a> Tx<'a> {
    pub(crate) fn new(connection: &'a mut AnyConnection, context: Context) -> Self {
        let Context { actor, now, request, dry_run: _, next_id, next_salt } = context;
        let now = now();
        let (salts, born) = (HashMap::new(), HashSet::new());
        Self { connection, actor, now, request, next_id, next_salt, salts, born, has_restricted: false }
    }

    /// The caller.
    pub fn actor(&self) -> &Actor {
        &self.actor
    }

    /// Now.
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// Today, where the organisation is.
    ///
    /// # Errors
    /// The database's.
    pub fn today(&mut self) -> Result<NaiveDate, Error> {
        Ok(settings::rules(self.actor.organisation, self.connection)?.today(self.now))
    }

    /// Whether who reads what is not what it was before: a restriction was written, be it one that followed from another.
    pub fn has_restricted(&self) -> bool {
        self.has_restricted
    }

    /// A fresh id.
    pub fn next_id(&mut self) -> Uuid {
        (self.next_id)()
    }

    /// The connection, for reading what no record holds and for machinery.
    pub fn connection(&mut self) -> &mut AnyConnection {
        self.connection
    }

    /// The record, for writing.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another organisation's and for what the actor may not see.
    pub fn get<T: Table>(&mut self, locator: Locator) -> Result<T, Error> {
        let record: T = self.load(locator)?;
        if record.is_visible(&self.actor) { Ok(record) } else { Err(Error::NotFound) }
    }

    /// The record, for writing, whoever may see it: the caller decides that.
    ///
    /// # Errors
    /// [`Error::NotFound`], also for another organisation's.
    pub fn load<T: Table>(&mut self, locator: Locator) -> Result<T, Error> {
        let organisation = self.actor.organisation;
        let (record, salt) = T::find(organisation, locator, self.connection)?.ok_or(Error::NotFound)?;
        self.salts.insert(record.head().id, salt);
        Ok(record)
    }

    /// Until this transaction ends nobody else writes in the same [`Guarded::circle`].
    ///
    /// # Errors
    /// [`Error::Busy`] when somebody else does not end in time.
    pub fn enter(&mut self, circle: Uuid) -> Result<(), Error> {
        if self.born.contains(&circle) {
            return Ok(());
        }
        self.connection.exclude_rivals(&circle.to_string())
    }

    /// What the guards of a record must know; it stays true until the transaction ends.
    ///
    /// # Errors
    /// The database's.
    pub fn facts<T: Guarded>(&mut self, record: &T) -> Result<T::Facts, Error> {
        self.enter(record.circle())?;
        record.facts(self.now, self.connection)
    }

    /// Identity, reference and time of a new record. The counter is locked until the transaction ends, so that
    /// references have no gaps.
    ///
    /// # Errors
    /// The database's.
    pub fn birth(&mut self, prefix: Prefix) -> Result<Birth, Error> {
        let at = self.now;
        let (organisation, year) = (KeyValue(self.actor.organisation.0), at.year());
        let name: &'static str = prefix.into();
        // Almost always the counter is there; the statement that makes it is prepared anew each time.
        let counted = on_connection!(&mut *self.connection, |c| diesel::update(
            reference_counters::table
                .filter(reference_counters::organisation_id.eq(organisation))
                .filter(reference_counters::prefix.eq(name))
                .filter(reference_counters::year.eq(year)),
        )
        .set(reference_counters::last.eq(reference_counters::last + 1_i64))
        .returning(reference_counters::last)
        .get_result(c)
        .optional())?;
        let number = match counted {
            Some(number) => number,
            None => self.first_number(organisation, name, year)?,
        };
        Ok(Birth { id: (self.next_id)(), reference: Reference { prefix, year, number }, at })
    }

    /// The number of the year's first record of a kind, or the next one where a rival has made the counter meanwhile.
    fn first_number(&mut self, organisation: KeyValue, prefix: &str, year: i32) -> Result<i64, Error> {
        Ok(on_connection!(&mut *self.connection, |c| diesel::insert_into(reference_counters::table)
            .values((
                reference_counters::organisation_id.eq(organisation),
                reference_counters::prefix.eq(prefix),
                reference_counters::year.eq(year),
                reference_counters::last.eq(1_i64),
            ))
            .on_conflict((reference_counters::organisation_id, reference_counters::prefix, reference_counters::year))
            .do_update()
            .set(reference_counters::last.eq(reference_counters::last + 1_i64))
            .returning(reference_counters::last)
            .get_result(c))?)
    }

    /// Stores a decision and its journal entry.
    ///
    /// # Errors
    /// [`Error::Stale`] when somebody else wrote in between.
    pub fn save<T: Guarded>(&mut self, change: Change<T>) -> Result<(T, Receipt), Error> {
        self.store(change, None)
    }

    /// The same with a new salt: of the states before, whoever knew the old one could still try what they were.
    ///
    /// # Errors
    /// As [`Tx::save`].
    pub(crate) fn save_with_new_salt<T: Guarded>(&mut self, change: Change<T>) -> Result<(T, Receipt), Error> {
        let salt = (self.next_salt)();
        self.store(change, Some(salt))
    }

    fn store<T: Guarded>(&mut self, change: Change<T>, new_salt: Option<[u8; 16]>) -> Result<(T, Receipt), Error> {
        self.has_restricted |= T::PREFIX == Prefix::Restriction;
        if change.before().is_none() {
            self.inherit_restriction(change.after())?;
        }
        let organisation = self.actor.organisation;
        let id = change.after().head().id;
        // The row takes its tenant from the record, the entry from the actor: they are one.
        if change.after().head().organisation != organisation {
            return Err(Error::NotFound);
        }
        let (salt_before, salt) = match change.before() {
            None => {
                let salt = (self.next_salt)();
                let inserted = change.after().insert(salt, Permit(()), self.connection);
                if let Err(Error::Taken(_)) = inserted {
                    let (field, twin) = (T::ONCE_BY, change.after().twin(self.connection)?);
                    return Err(twin.map_or(Error::Taken(field), |by| Error::TakenBy { field, by }));
                }
                inserted?;
                self.born.insert(id);
                (salt, salt)
            }
            Some(before) => {
                let expected = before.head().version;
                let salt_before = match self.salts.get(&id) {
                    Some(salt) => *salt,
                    None => T::find(organisation, Locator::Id(id), self.connection)?.ok_or(Error::NotFound)?.1,
                };
                let salt = new_salt.unwrap_or(salt_before);
                match change.after().update(expected, salt, Permit(()), self.connection) {
                    // PostgreSQL has ended the transaction: what has it cannot be looked up.
                    Err(Error::Taken(_)) => return Err(Error::Taken(T::ONCE_BY)),
                    Ok(1) => {}
                    Ok(_) => return Err(self.stale::<T>(id)?),
                    Err(error) => return Err(error),
                }
                self.salts.insert(id, salt);
                (salt_before, salt)
            }
        };
        record_edges::keep(&change, self.connection)?;
        work_items::keep(&change, self.now, self.connection)?;
        schedule::keep(&change, self.connection)?;
        ownerships::keep(&change, self.now, self.connection)?;
        responsibilities::keep(&change, self.connection)?;
        separation::keep(&change, self.connection)?;
        delegations::keep(&change, self.connection)?;
        let detail_salt = (self.next_salt)();
        let salts = (salt_before, salt);
        let entry = Entry::of(&change, &self.actor, salts, detail_salt, self.now, self.request.as_deref())?;
        let id = EntryId((self.next_id)());
        let receipt = journal::append(id, organisation, entry, self.connection)?;
        Ok((change.into_after(), receipt))
    }

    /// What is raised of something restricted is as restricted from its first moment on.
    fn inherit_restriction<T: Guarded>(&mut self, raised: &T) -> Result<(), Error> {
        let own = Target::of(raised);
        let born_of = |edge: &TraceEdge| edge.relation == Relation::Raised && edge.to == own;
        let origins: Vec<Uuid> =
            raised.edges().iter().filter(|edge| born_of(edge)).map(|edge| edge.from.id.0).collect();
        let organisation = self.actor.organisation;
        let Some(restriction) = restrictions::of_any(organisation, &origins, self.connection)? else { return Ok(()) };
        let in_force = restrictions::in_force(organisation, self.connection)?;
        let birth = self.birth(Prefix::Restriction)?;
        let named = (own, raised.head().reference);
        let inherited = Restriction::inherited(&restriction, named, in_force, &self.actor, birth)?;
        self.save(inherited)?;
        Ok(())
    }

    fn stale<T: Table>(&mut self, id: Uuid) -> Result<Error, Error> {
        let stored = T::find(self.actor.organisation, Locator::Id(id), self.connection)?;
        Ok(stored.map_or(Error::NotFound, |(record, _)| Error::Stale { current: record.head().version }))
    }
}
