//! The database of the settings: opened, locked and migrated.

use crate::settings::{Fault, Settings};
use ratchet_persistence::connection::{Address, AnyConnection};
use ratchet_persistence::migrations;
use std::fs::File;
use std::process::ExitCode;

/// A database that this process may use.
pub(crate) struct Opened {
    pub address: Address,
    pub connection: AnyConnection,
    /// One server per file: held as long as the process lives.
    _lock: Option<File>,
}

/// Opens the database; an SQLite file is locked, so that a second server refuses to start.
pub(crate) fn open(settings: &Settings) -> Result<Opened, Fault> {
    let directory = &settings.data_dir;
    std::fs::create_dir_all(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let lock = match address_of(settings) {
        Address::Sqlite(path) => Some(lock(&path)?),
        Address::Postgres(_) => None,
    };
    let (address, connection) = connect(settings)?;
    Ok(Opened { address, connection, _lock: lock })
}

pub(super) fn address_of(settings: &Settings) -> Address {
    let default = || Address::Sqlite(settings.data_dir.join("ratchet.db"));
    settings.database_url.as_deref().map_or_else(default, Address::parse)
}

/// Opens the database without a lock, beside a server that may be running.
pub(crate) fn connect(settings: &Settings) -> Result<(Address, AnyConnection), Fault> {
    let address = address_of(settings);
    let connection = address.open().map_err(|error| match &address {
        Address::Sqlite(path) => format!("{}: {error}", path.display()),
        // The URL may hold a password.
        Address::Postgres(_) => format!("PostgreSQL: {error}"),
    })?;
    Ok((address, connection))
}

fn lock(path: &std::path::Path) -> Result<File, Fault> {
    // By whatever name the file is reached, its lock is the same.
    let resolved = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let beside = resolved.with_extension("lock");
    let failed = |error: &dyn std::fmt::Display| format!("{}: {error}", beside.display());
    let file = File::options().create(true).truncate(false).write(true).open(&beside).map_err(|e| failed(&e))?;
    file.try_lock().map_err(|_| format!("{} is in use by another ratchet", path.display()))?;
    Ok(file)
}

/// Opens the database and brings it to this version's schema.
pub(crate) fn open_migrated(settings: &Settings) -> Result<Opened, Fault> {
    let mut opened = open(settings)?;
    let ran = migrations::run(&mut opened.connection).map_err(|error| error.to_string())?;
    if ran > 0 {
        tracing::info!(migrations = ran, "the schema was brought up to date");
    }
    Ok(opened)
}

pub(crate) fn migrate(settings: &Settings) -> Result<ExitCode, Fault> {
    let mut opened = open(settings)?;
    let ran = migrations::run(&mut opened.connection).map_err(|error| error.to_string())?;
    println!("{ran} migrations were run");
    Ok(ExitCode::SUCCESS)
}
