//! What a table of records can do. Each resource writes its columns; the queries are the same for all.

use crate::connection::AnyConnection;
use crate::error::Error;
use crate::tx::{Permit, Tx};
use chrono::{DateTime, Utc};
use ratchet_domain::change::{Lifecycle, Record};
use ratchet_domain::id::{AuditId, MemberId, OrganisationId};
use ratchet_domain::reference::Locator;
use uuid::Uuid;

/// A table of records.
pub trait Table: Record {
    /// Inserts the first version. [`Tx::save`] alone can: it writes the journal's entry, too.
    ///
    /// # Errors
    /// The database's.
    fn insert(&self, salt: [u8; 16], permit: Permit, connection: &mut AnyConnection) -> Result<(), Error>;

    /// Overwrites the version `expected`, for [`Tx::save`] as well; the number of rows written, 0 or 1.
    ///
    /// # Errors
    /// The database's.
    fn update(
        &self,
        expected: i64,
        salt: [u8; 16],
        permit: Permit,
        connection: &mut AnyConnection,
    ) -> Result<usize, Error>;

    /// The record, and the salt of its state.
    ///
    /// # Errors
    /// The database's, or [`Error::Corrupt`].
    fn find(
        organisation: OrganisationId,
        locator: Locator,
        connection: &mut AnyConnection,
    ) -> Result<Option<(Self, [u8; 16])>, Error>;

    /// The records of these ids, as far as they are there, in no order.
    ///
    /// # Errors
    /// The database's, or [`Error::Corrupt`].
    fn many(organisation: OrganisationId, ids: &[Uuid], connection: &mut AnyConnection) -> Result<Vec<Self>, Error>;

    /// The records that were made at or after the one moment and before the other, the oldest first; at most `limit`.
    ///
    /// # Errors
    /// The database's, or [`Error::Corrupt`].
    fn made_between(
        organisation: OrganisationId,
        times: Between,
        limit: i64,
        connection: &mut AnyConnection,
    ) -> Result<Vec<Self>, Error>;

    /// The next records by id, with the salts of their states: for whoever must see all of them.
    ///
    /// # Errors
    /// The database's, or [`Error::Corrupt`].
    fn walk(
        organisation: OrganisationId,
        after: Option<Uuid>,
        limit: i64,
        connection: &mut AnyConnection,
    ) -> Result<Vec<(Self, [u8; 16])>, Error>;
}

/// From when on and until when; open where nothing is said.
pub type Between = (Option<DateTime<Utc>>, Option<DateTime<Utc>>);

/// A table whose records' guards must know more than the record.
pub trait Guarded: Lifecycle + Table {
    /// What the guards must know, in a few statements whatever the record.
    ///
    /// # Errors
    /// The database's.
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Self::Facts, Error>;

    /// Whose facts are shared: writers of records that name the same id wait for each other, so that what a guard
    /// saw is still true when its record is saved.
    fn circle(&self) -> Uuid {
        self.head().id
    }

    /// The member of a body by which a second record is told to be the same as the first, where a table holds each once.
    const ONCE_BY: &'static str = "record";

    /// The reference of the record for which this one cannot be made.
    ///
    /// # Errors
    /// The database's.
    fn twin(&self, _: &mut AnyConnection) -> Result<Option<String>, Error> {
        Ok(None)
    }

    /// Gives to the record that it repeats what no other kind of record has; the rest every duplicate hands over.
    ///
    /// # Errors
    /// The database's, or [`Error::Corrupt`].
    fn give_way(&self, _to: &Self, _tx: &mut Tx<'_>) -> Result<(), Error> {
        Ok(())
    }

    /// What happens when its time has come ([`Record::wakes`]). The transaction's actor is the program itself; nobody
    /// else writes in the record's circle meanwhile.
    ///
    /// # Errors
    /// The database's, or the rule's refusal.
    fn wake(self, _tx: &mut Tx<'_>) -> Result<(), Error> {
        Ok(())
    }
}

/// A table that can be listed.
pub trait Listed: Table {
    /// What a list can be narrowed by.
    type Filter: Send + 'static;
    /// What a list can be sorted by, by name. The record's id breaks ties.
    const SORTS: &'static [&'static str];

    /// One page, at most `limit` records.
    ///
    /// # Errors
    /// The database's, or [`Error::Corrupt`].
    fn page(
        scope: &Scope<Self::Filter>,
        order: &Order,
        limit: i64,
        connection: &mut AnyConnection,
    ) -> Result<Vec<Self>, Error>;

    /// How many there are on all pages.
    ///
    /// # Errors
    /// The database's.
    fn count(scope: &Scope<Self::Filter>, connection: &mut AnyConnection) -> Result<i64, Error>;

    /// The values by which the record is sorted, for the cursor.
    fn sort_values(&self, order: &Order) -> Vec<SortValue>;
}

/// Which records a list is about.
pub struct Scope<F> {
    /// The tenant.
    pub organisation: OrganisationId,
    /// Only what is this one's own.
    pub own: Option<Own>,
    /// Only these, where words were asked for.
    pub only: Option<Vec<Uuid>>,
    /// Without these, which are restricted to others.
    pub withheld: Vec<Uuid>,
    /// What the caller asked for.
    pub filter: F,
}

impl<F> Scope<F> {
    /// All of an organisation's records that the filter lets through: for what is counted, not shown.
    pub fn whole(organisation: OrganisationId, filter: F) -> Self {
        Self { organisation, own: None, only: None, withheld: Vec::new(), filter }
    }
}

/// What is somebody's own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Own {
    /// Whose.
    pub member: MemberId,
    /// The audits for which this one is engaged: of audits and findings these, and no others.
    pub audits: Option<Vec<AuditId>>,
}

/// In which order, and where the page begins.
#[derive(Debug, Clone, Default)]
pub struct Order {
    /// Names out of [`Listed::SORTS`], and whether each runs downwards.
    pub keys: Vec<(&'static str, bool)>,
    /// The last record of the page before: its sort values and its id.
    pub after: Option<(Vec<SortValue>, Uuid)>,
}

/// A value that a list is sorted by.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SortValue {
    /// Text, also a day.
    Text(String),
    /// A moment.
    Instant(chrono::DateTime<chrono::Utc>),
    /// A number.
    Number(i64),
}
