//! What can go wrong while records are read or written.

use ratchet_domain::refusal::Refusal;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The rule said no.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// There is no such record in this organisation.
    #[error("no such record")]
    NotFound,
    /// Somebody else wrote in between.
    #[error("the record is at version {current}")]
    Stale {
        /// The version that is stored now.
        current: i64,
    },
    /// Something that must be unique exists; the field's name.
    #[error("{0} is taken")]
    Taken(&'static str),
    /// The queue is full, or nothing came of waiting; try again later.
    #[error("the database is busy")]
    Busy,
    /// A row holds what no record can be.
    #[error("{table} {row}: {fault}")]
    Corrupt {
        /// The table.
        table: &'static str,
        /// The row's id.
        row: uuid::Uuid,
        /// What cannot be.
        fault: String,
    },
    /// A record that cannot be written as JSON.
    #[error("a record cannot be written: {0}")]
    Unwritable(String),
    /// A journal entry that cannot be made.
    #[error(transparent)]
    Journal(#[from] ratchet_domain::journal::JournalError),
    /// The database's own failure. Never shown outside.
    #[error("the database failed: {0}")]
    Database(#[from] diesel::result::Error),
    /// The group's COMMIT failed: nothing of it was kept.
    #[error("the commit failed: {0}")]
    CommitFailed(String),
    /// The database could not be opened.
    #[error("the database cannot be opened: {0}")]
    Unreachable(#[from] diesel::ConnectionError),
    /// A migration failed.
    #[error("a migration failed: {0}")]
    Migration(String),
    /// A job panicked; its work was rolled back.
    #[error("a job of the store panicked")]
    Panicked,
}
