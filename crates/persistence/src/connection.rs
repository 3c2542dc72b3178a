//! One connection type for both databases, and how each is opened.

#![expect(missing_docs, reason = "the derive writes public items without any")]

use crate::error::Error;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::{Connection, ConnectionResult, PgConnection, SqliteConnection};

/// PostgreSQL or SQLite, chosen by the URL at run time.
#[derive(diesel::MultiConnection)]
pub enum AnyConnection {
    /// PostgreSQL 14 or newer.
    Postgres(PgConnection),
    /// The bundled SQLite.
    Sqlite(SqliteConnection),
}

/// What boxed queries and conditions are written for.
pub(crate) type Backend = MultiBackend;

/// Runs one body per backend, where the common one cannot say it. Keep bodies to one statement.
macro_rules! on_connection {
    ($connection:expr, |$inner:ident| $body:expr) => {
        match $connection {
            $crate::connection::AnyConnection::Postgres($inner) => $body,
            $crate::connection::AnyConnection::Sqlite($inner) => $body,
        }
    };
}
pub(crate) use on_connection;

impl AnyConnection {
    /// Reads on from one snapshot, whatever others write meanwhile, until [`Self::leave_snapshot`].
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn enter_snapshot(&mut self) -> Result<(), Error> {
        match self {
            Self::Postgres(c) => c.batch_execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")?,
            Self::Sqlite(c) => c.batch_execute("BEGIN")?,
        }
        Ok(())
    }

    /// In the snapshot that was entered, whoever reads may take a while between two statements: somebody far away takes
    /// what is read as it comes.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn allow_pauses(&mut self) -> Result<(), Error> {
        match self {
            Self::Postgres(c) => c.batch_execute("SET LOCAL idle_in_transaction_session_timeout = '60s'")?,
            Self::Sqlite(_) => {}
        }
        Ok(())
    }

    /// Ends what [`Self::enter_snapshot`] began.
    ///
    /// # Errors
    /// The database's.
    pub(crate) fn leave_snapshot(&mut self) -> Result<(), Error> {
        Ok(self.batch_execute("ROLLBACK")?)
    }

    /// Until this transaction ends, nobody else gets past the same `name`. On SQLite there is one writer anyway.
    ///
    /// # Errors
    /// [`Error::Busy`] when the other does not end in time.
    pub(crate) fn exclude_rivals(&mut self, name: &str) -> Result<(), Error> {
        self.lock("pg_advisory_xact_lock", name)
    }

    /// Says that a server works on this database, for as long as the connection lives. Of SQLite's file a lock beside it
    /// says so.
    ///
    /// # Errors
    /// [`Error::Busy`] while somebody is there who must be alone.
    pub fn attend(&mut self) -> Result<(), Error> {
        self.lock("pg_advisory_lock_shared", SERVERS)
    }

    /// From here on no server works on this database, for as long as the connection lives.
    ///
    /// # Errors
    /// [`Error::Busy`] while one does.
    pub fn exclude_servers(&mut self) -> Result<(), Error> {
        self.lock("pg_advisory_lock", SERVERS)
    }

    /// Fails where the connection is lost, and with it what it held.
    ///
    /// # Errors
    /// The database's.
    pub fn is_there(&mut self) -> Result<(), Error> {
        Ok(self.batch_execute("SELECT 1")?)
    }

    /// How many rows are best inserted at once, at most `limit`: a statement for several is prepared anew for each number
    /// of them, which costs more than what it saves where nothing is asked over a wire.
    pub(crate) fn rows_per_statement(&self, limit: usize) -> usize {
        match self {
            Self::Postgres(_) => limit,
            Self::Sqlite(_) => 1,
        }
    }

    fn lock(&mut self, function: &str, name: &str) -> Result<(), Error> {
        match self {
            Self::Postgres(c) => {
                let lock = diesel::sql_query(format!("SELECT {function}(hashtextextended($1, 0))"));
                match lock.bind::<diesel::sql_types::Text, _>(name).execute(c) {
                    Ok(_) => Ok(()),
                    Err(error) if error.to_string().contains("lock timeout") => Err(Error::Busy),
                    Err(error) => Err(error.into()),
                }
            }
            Self::Sqlite(_) => Ok(()),
        }
    }
}

/// What servers share, and who must be alone has for itself.
const SERVERS: &str = "servers";

impl AnyConnection {
    /// Writes a consistent copy of an SQLite database into a new file.
    ///
    /// # Errors
    /// The database's; PostgreSQL is copied by its own tools.
    pub fn copy_into(&mut self, path: &std::path::Path) -> Result<(), Error> {
        match self {
            Self::Sqlite(c) => {
                let copy =
                    diesel::sql_query("VACUUM INTO ?").bind::<diesel::sql_types::Text, _>(path.to_string_lossy());
                copy.execute(c)?;
                Ok(())
            }
            Self::Postgres(_) => Err(Error::Unwritable("PostgreSQL is copied by pg_dump".to_owned())),
        }
    }

    /// Leaves an SQLite database in one file, without its write-ahead log beside it.
    ///
    /// # Errors
    /// The database's.
    pub fn settle(mut self) -> Result<(), Error> {
        if let Self::Sqlite(c) = &mut self {
            c.batch_execute("PRAGMA wal_checkpoint(TRUNCATE); PRAGMA journal_mode = DELETE;")?;
        }
        Ok(())
    }
}

/// Where the records are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// `postgres://...`
    Postgres(String),
    /// A file.
    Sqlite(std::path::PathBuf),
}

impl Address {
    /// Reads `postgres://`, `postgresql://` or `sqlite://PATH`; anything else is the path of a file.
    #[must_use]
    pub fn parse(url: &str) -> Self {
        if url.starts_with("postgres://") || url.starts_with("postgresql://") {
            return Self::Postgres(url.to_owned());
        }
        Self::Sqlite(url.strip_prefix("sqlite://").unwrap_or(url).into())
    }

    /// Opens a connection and sets what every connection needs.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses a setting.
    pub fn open(&self) -> ConnectionResult<AnyConnection> {
        match self {
            Self::Postgres(url) => {
                let mut connection = PgConnection::establish(&patient(url))?;
                connection
                    .batch_execute(POSTGRES_SETTINGS)
                    .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
                Ok(AnyConnection::Postgres(connection))
            }
            Self::Sqlite(path) => {
                let mut connection = SqliteConnection::establish(&path.to_string_lossy())?;
                // The first of them may have to wait for a lock.
                [SQLITE_PATIENCE, SQLITE_SETTINGS]
                    .into_iter()
                    .try_for_each(|settings| connection.batch_execute(settings))
                    .map_err(diesel::ConnectionError::CouldntSetupConfiguration)?;
                Ok(AnyConnection::Sqlite(connection))
            }
        }
    }

    /// The same after a connection was lost. An SQLite file that is gone by then is not made anew, empty, beneath a
    /// running server.
    ///
    /// # Errors
    /// When the database cannot be reached or refuses a setting.
    pub(crate) fn reopen(&self) -> ConnectionResult<AnyConnection> {
        match self {
            Self::Sqlite(path) if !path.exists() => {
                Err(diesel::ConnectionError::BadConnection(format!("{} is gone", path.display())))
            }
            Self::Sqlite(_) | Self::Postgres(_) => self.open(),
        }
    }
}

/// The URL, with an end to waiting for a server that says nothing, unless it names its own.
fn patient(url: &str) -> String {
    let mut patient = url.to_owned();
    for (name, value) in [("connect_timeout", "2"), ("tcp_user_timeout", "10000")] {
        if !url.contains(name) {
            patient.push(if patient.contains('?') { '&' } else { '?' });
            patient.push_str(name);
            patient.push('=');
            patient.push_str(value);
        }
    }
    patient
}

/// `synchronous = FULL`: an answered write survives a power cut; NORMAL was seen to lose some. `temp_store = MEMORY`: what
/// undoes the savepoint of a job is thrown away with it, and cost a seventh of the writer's time in a file.
const SQLITE_SETTINGS: &str =
    "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY;";

/// How long a lock is waited for that another process has.
pub(crate) const SQLITE_PATIENCE: &str = "PRAGMA busy_timeout = 1500";

/// An answered write is on disk also where the server's own setting is `off`; stricter ones stay as they are.
pub(crate) const POSTGRES_SETTINGS: &str = "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'; SET statement_timeout = '10s'; SET lock_timeout = '1500ms'; SET idle_in_transaction_session_timeout = '10s'; SET TIME ZONE 'UTC';";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_url_decides() {
        assert_eq!(Address::parse("postgres://a/b"), Address::Postgres("postgres://a/b".into()));
        assert_eq!(Address::parse("sqlite:///tmp/x.db"), Address::Sqlite("/tmp/x.db".into()));
        assert_eq!(Address::parse("data/ratchet.db"), Address::Sqlite("data/ratchet.db".into()));
    }

    #[test]
    fn a_silent_server_is_not_waited_for_without_end() {
        assert_eq!(patient("postgres://a/b"), "postgres://a/b?connect_timeout=2&tcp_user_timeout=10000");
        assert_eq!(
            patient("postgres://a/b?connect_timeout=9"),
            "postgres://a/b?connect_timeout=9&tcp_user_timeout=10000"
        );
    }
}
