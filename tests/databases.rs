//! A database per test: a file in a temporary directory, and a database in the cluster that
//! `RATCHET_TEST_POSTGRES` names. Absent PostgreSQL fails: no test is skipped silently.

use diesel::connection::SimpleConnection;
use ratchet_persistence::connection::{Address, AnyConnection};
use ratchet_persistence::migrations;

pub struct Database {
    pub address: Address,
    _directory: Option<tempfile::TempDir>,
}

pub fn sqlite() -> Database {
    let directory = tempfile::tempdir().unwrap();
    let address = Address::Sqlite(directory.path().join("ratchet.db"));
    Database { address, _directory: Some(directory) }
}

#[expect(clippy::disallowed_methods, reason = "the harness is told its cluster by the environment")]
pub fn postgres() -> Database {
    let cluster = std::env::var("RATCHET_TEST_POSTGRES")
        .expect("RATCHET_TEST_POSTGRES names a cluster; scripts/test.sh starts one");
    let name = format!("t{}", uuid::Uuid::new_v4().simple());
    let mut maintenance = Address::parse(&cluster).open().unwrap();
    maintenance.batch_execute(&format!("CREATE DATABASE {name}")).unwrap();
    let (server, _) = cluster.rsplit_once('/').unwrap();
    Database { address: Address::Postgres(format!("{server}/{name}")), _directory: None }
}

/// Both, migrated.
pub fn each() -> [Database; 2] {
    let databases = [sqlite(), postgres()];
    for database in &databases {
        migrations::run(&mut database.open()).unwrap();
    }
    databases
}

impl Database {
    /// One that somebody else keeps.
    pub fn at(address: Address) -> Self {
        Self { address, _directory: None }
    }

    pub fn open(&self) -> AnyConnection {
        self.address.open().unwrap()
    }
}
