//! The database of the settings: opened, locked and migrated.

use crate::settings::{Fault, Settings};
use ratchet_persistence::connection::{Address, AnyConnection};
use ratchet_persistence::error::Error;
use ratchet_persistence::migrations;
use std::fs::File;
use std::process::ExitCode;
use std::time::Duration;

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
    private_directory(directory).map_err(|error| format!("{}: {error}", directory.display()))?;
    let lock = match address_of(settings) {
        Address::Sqlite(path) => Some(lock(&path)?),
        Address::Postgres(_) => None,
    };
    let (address, connection) = connect(settings)?;
    Ok(Opened { address, connection, _lock: lock })
}

impl Opened {
    /// Says that a server works on the database.
    pub(super) fn attend(&mut self) -> Result<(), Fault> {
        let claimed = self.connection.attend();
        claimed.map_err(|error| said_of(&error, "the journal's key is being changed: start again when that is done"))
    }

    /// Goes on saying so until the process ends, also after the connection was lost. Should somebody meanwhile have
    /// excluded every server, this one ends: it would go on signing with a key that is no longer the journal's.
    pub(super) fn stay(mut self) {
        std::thread::spawn(move || {
            loop {
                std::thread::sleep(LOOK);
                if self.connection.is_there().is_ok() {
                    continue;
                }
                match self.attend_anew() {
                    Ok(()) => {}
                    Err(Error::Busy) => {
                        tracing::error!("the journal's key is being changed while this server runs: it ends");
                        std::process::exit(1);
                    }
                    Err(error) => tracing::debug!(%error, "the place among the servers is lost for the moment"),
                }
            }
        });
    }

    fn attend_anew(&mut self) -> Result<(), Error> {
        let mut connection = self.address.open()?;
        connection.attend()?;
        self.connection = connection;
        Ok(())
    }

    /// Makes sure that no server works on the database, until the process ends.
    pub(super) fn exclude_servers(&mut self) -> Result<(), Fault> {
        let claimed = self.connection.exclude_servers();
        claimed.map_err(|error| said_of(&error, "the database is in use by another ratchet: stop every server first"))
    }
}

/// Makes a directory, unless it is there, into which nobody else looks: the database holds hashes of passwords, the backup too.
pub(super) fn private_directory(path: &std::path::Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}

fn said_of(error: &Error, busy: &str) -> Fault {
    if matches!(error, Error::Busy) { busy.to_owned() } else { error.to_string() }
}

/// How often it is asked whether the connection still holds what it is kept for.
const LOOK: Duration = Duration::from_secs(1);

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
