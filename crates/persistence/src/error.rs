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
    /// The same, and the record that has it.
    #[error("{field} is taken by {by}")]
    TakenBy {
        /// The member of a body by which the two are told to be the same.
        field: &'static str,
        /// The record's reference.
        by: String,
    },
    /// The content had to go by law; its hash is kept.
    #[error("the content was redacted")]
    Redacted,
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
    /// A file of evidence that cannot be touched: the file system's own failure.
    #[error("a file of evidence: {0}")]
    File(String),
    /// A journal entry that cannot be made.
    #[error(transparent)]
    Journal(#[from] ratchet_domain::journal::JournalError),
    /// The database's own failure. Never shown outside.
    #[error("the database failed: {0}")]
    Database(#[from] diesel::result::Error),
    /// The COMMIT failed. Nothing was kept, unless the connection broke before it was answered: then nobody knows.
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

impl Error {
    /// Whether the same request may succeed later: the connection broke, a limit of waiting was reached, or there is no room.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        use diesel::result::{DatabaseErrorKind as Kind, Error as Diesel};
        match self {
            Self::Busy | Self::CommitFailed(_) | Self::Unreachable(_) => true,
            Self::Database(Diesel::DatabaseError(Kind::ClosedConnection | Kind::SerializationFailure, _)) => true,
            Self::Database(Diesel::BrokenTransactionManager) => true,
            Self::Database(Diesel::DatabaseError(_, details)) => {
                TRANSIENT.iter().any(|m| details.message().contains(m))
            }
            Self::Refused(_)
            | Self::NotFound
            | Self::Stale { .. }
            | Self::Taken(_)
            | Self::TakenBy { .. }
            | Self::Redacted
            | Self::Corrupt { .. }
            | Self::Unwritable(_)
            | Self::File(_)
            | Self::Journal(_)
            | Self::Database(_)
            | Self::Migration(_)
            | Self::Panicked => false,
        }
    }
}

impl Error {
    /// Whether somebody else holds what is wanted: the connection is sound.
    pub(crate) fn is_contention(&self) -> bool {
        matches!(self, Self::Database(error) if error.to_string().contains("database is locked"))
    }
}

/// What the databases say when waiting ended, the connection did, or there is no room; libpq gives these no kind of their own.
/// A disk that is full is mended by whoever runs it: what could not be kept is sent again until then, and not thrown away.
const TRANSIENT: [&str; 17] = [
    "lock timeout",
    "statement timeout",
    "database is locked",
    "deadlock detected",
    "terminating connection",
    "the database system is",
    "server closed the connection",
    "connection to server",
    "no connection to the server",
    "could not receive data from server",
    "could not send data to server",
    "too many clients",
    "remaining connection slots",
    "database or disk is full",
    "disk I/O error",
    "No space left on device",
    "could not extend file",
];
