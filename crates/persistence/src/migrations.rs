//! Migrations, embedded in the program and run under a lock.

use crate::connection::{AnyConnection, POSTGRES_SETTINGS};
use crate::error::Error;
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel_migrations::{EmbeddedMigrations, MigrationHarness, embed_migrations};

const POSTGRES: EmbeddedMigrations = embed_migrations!("../../migrations/postgres");
const SQLITE: EmbeddedMigrations = embed_migrations!("../../migrations/sqlite");

/// Any fixed number, the same in all versions of the program: two that start at once must not both migrate.
const LOCK: &str = "7214951903";

/// Brings the database to the newest schema; the number of migrations that were run.
///
/// # Errors
/// When a migration fails, or the lock cannot be had.
pub fn run(connection: &mut AnyConnection) -> Result<usize, Error> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::Migration(error.to_string());
    match connection {
        AnyConnection::Postgres(c) => {
            // What moves a large table takes its time, and whoever comes second waits for it.
            c.batch_execute("SET statement_timeout = 0; SET lock_timeout = 0")?;
            c.batch_execute(&format!("SELECT pg_advisory_lock({LOCK})"))?;
            let ran = c.run_pending_migrations(POSTGRES).map(|ran| ran.len()).map_err(failed);
            c.batch_execute(&format!("SELECT pg_advisory_unlock({LOCK})"))?;
            c.batch_execute(POSTGRES_SETTINGS)?;
            ran
        }
        AnyConnection::Sqlite(c) => c.run_pending_migrations(SQLITE).map(|ran| ran.len()).map_err(failed),
    }
}

/// Whether nothing was ever put into the database.
///
/// # Errors
/// When the database cannot be asked.
pub fn is_empty(connection: &mut AnyConnection) -> Result<bool, Error> {
    let tables: i64 = match connection {
        AnyConnection::Postgres(c) => {
            let query = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()";
            diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(&format!("({query})"))).get_result(c)?
        }
        AnyConnection::Sqlite(c) => {
            let query = "SELECT count(*) FROM sqlite_schema";
            diesel::select(diesel::dsl::sql::<diesel::sql_types::BigInt>(&format!("({query})"))).get_result(c)?
        }
    };
    Ok(tables == 0)
}

/// Undoes every migration; for tests.
///
/// # Errors
/// When a migration cannot be undone.
pub fn revert(connection: &mut AnyConnection) -> Result<usize, Error> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::Migration(error.to_string());
    match connection {
        AnyConnection::Postgres(c) => c.revert_all_migrations(POSTGRES).map(|ran| ran.len()).map_err(failed),
        AnyConnection::Sqlite(c) => c.revert_all_migrations(SQLITE).map(|ran| ran.len()).map_err(failed),
    }
}

/// Whether the schema is older than this program.
///
/// # Errors
/// When the database cannot be asked.
pub fn pending(connection: &mut AnyConnection) -> Result<bool, Error> {
    let failed = |error: Box<dyn std::error::Error + Send + Sync>| Error::Migration(error.to_string());
    match connection {
        AnyConnection::Postgres(c) => c.has_pending_migration(POSTGRES).map_err(failed),
        AnyConnection::Sqlite(c) => c.has_pending_migration(SQLITE).map_err(failed),
    }
}
