//! A database per test: a file in a temporary directory, and a database in the cluster that
//! `RATCHET_TEST_POSTGRES` names. Absent PostgreSQL fails: no test is skipped silently.

use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use ratchet_persistence::connection::{Address, AnyConnection};
use ratchet_persistence::migrations;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::OnceLock;

pub struct Database {
    pub address: Address,
    _directory: Option<tempfile::TempDir>,
    place: Option<Place>,
}

/// A database in the cluster, gone when its test has ended: hundreds of them fill a disk.
struct Place {
    cluster: String,
    name: String,
}

impl Drop for Place {
    fn drop(&mut self) {
        // Its server may still be on the way out. What cannot be dropped goes with the cluster.
        let statement = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name);
        drop(Address::parse(&self.cluster).open().map(|mut cluster| cluster.batch_execute(&statement)));
    }
}

pub fn sqlite() -> Database {
    let directory = tempfile::tempdir().unwrap();
    let address = Address::Sqlite(directory.path().join("ratchet.db"));
    Database { address, _directory: Some(directory), place: None }
}

pub fn postgres() -> Database {
    made_in(&cluster(), "")
}

#[expect(clippy::disallowed_methods, reason = "the harness is told its cluster by the environment")]
fn cluster() -> String {
    std::env::var("RATCHET_TEST_POSTGRES").expect("RATCHET_TEST_POSTGRES names a cluster; scripts/test.sh starts one")
}

fn made_in(cluster: &str, like: &str) -> Database {
    let name = format!("t{}", uuid::Uuid::new_v4().simple());
    let (server, _) = cluster.rsplit_once('/').unwrap();
    let address = Address::Postgres(format!("{server}/{name}"));
    let mut maintenance = Address::parse(cluster).open().unwrap();
    maintenance.batch_execute(&format!("CREATE DATABASE {name}{like}")).unwrap();
    Database { address, _directory: None, place: Some(Place { cluster: cluster.to_owned(), name }) }
}

/// Both, migrated.
pub fn each() -> [Database; 2] {
    [migrated_sqlite(), migrated_postgres()]
}

/// A copy of one file that was migrated once: that is hundreds of statements.
pub fn migrated_sqlite() -> Database {
    static FILE: OnceLock<Vec<u8>> = OnceLock::new();
    let bytes = FILE.get_or_init(|| {
        let first = sqlite();
        migrations::run(&mut first.open()).unwrap();
        std::fs::read(first.file()).unwrap()
    });
    let database = sqlite();
    std::fs::write(database.file(), bytes).unwrap();
    database
}

/// A copy of one database that was migrated once, and goes with the cluster.
pub fn migrated_postgres() -> Database {
    static TEMPLATE: OnceLock<String> = OnceLock::new();
    let template = TEMPLATE.get_or_init(|| {
        let first = postgres();
        migrations::run(&mut first.open()).unwrap();
        let Database { place, .. } = first;
        let place = std::mem::ManuallyDrop::new(place.unwrap());
        place.name.clone()
    });
    made_in(&cluster(), &format!(" TEMPLATE {template}"))
}

impl Database {
    /// One that somebody else keeps.
    pub fn at(address: Address) -> Self {
        Self { address, _directory: None, place: None }
    }

    pub fn open(&self) -> AnyConnection {
        self.address.open().unwrap()
    }

    fn file(&self) -> &Path {
        let Address::Sqlite(path) = &self.address else { panic!("{:?}", self.address) };
        path
    }

    /// Another with the same rows. Nobody may be connected to this one; whoever leaves is waited for.
    pub fn copy(&self) -> Self {
        match &self.address {
            Address::Sqlite(_) => {
                let copy = sqlite();
                self.open().batch_execute(&format!("VACUUM INTO '{}'", copy.file().display())).unwrap();
                copy
            }
            Address::Postgres(_) => {
                let Place { cluster, name } = self.place.as_ref().unwrap();
                made_in(cluster, &format!(" TEMPLATE {name}"))
            }
        }
    }

    /// Every row as text, by table; without those of sessions, which every login adds to.
    pub fn rows(&self) -> BTreeMap<String, Vec<String>> {
        let connection = &mut self.open();
        let is_sqlite = matches!(connection, AnyConnection::Sqlite(_));
        let tables = match is_sqlite {
            true => "SELECT name AS line FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'",
            false => "SELECT tablename::text AS line FROM pg_tables WHERE schemaname = 'public'",
        };
        let mut rows = BTreeMap::new();
        for table in lines(tables, connection) {
            if !["sessions", "refresh_tokens"].contains(&table.as_str()) {
                let all = rows_of_table(&table, connection);
                rows.insert(table, all);
            }
        }
        rows
    }

    /// Every row of one table as text.
    pub fn table(&self, table: &str) -> Vec<String> {
        rows_of_table(table, &mut self.open())
    }

    /// What a query answers in its one column, called `line`.
    pub fn lines(&self, query: &str) -> Vec<String> {
        lines(query, &mut self.open())
    }

    /// The rows that name this organisation.
    pub fn rows_of(&self, organisation: uuid::Uuid) -> BTreeMap<String, Vec<String>> {
        let names = [organisation.to_string(), organisation.simple().to_string().to_uppercase()];
        let mut rows = self.rows();
        for of_table in rows.values_mut() {
            of_table.retain(|row| names.iter().any(|name| row.contains(name)));
        }
        rows
    }
}

#[derive(diesel::QueryableByName)]
struct Line {
    #[diesel(sql_type = diesel::sql_types::Text)]
    line: String,
}

fn rows_of_table(table: &str, connection: &mut AnyConnection) -> Vec<String> {
    let whole = match connection {
        AnyConnection::Sqlite(_) => {
            let columns = format!("SELECT 'quote(\"' || name || '\")' AS line FROM pragma_table_info('{table}')");
            lines(&columns, connection).join(" || ',' || ")
        }
        AnyConnection::Postgres(_) => format!("\"{table}\"::text"),
    };
    let mut all = lines(&format!("SELECT {whole} AS line FROM \"{table}\""), connection);
    all.sort();
    all
}

fn lines(query: &str, connection: &mut AnyConnection) -> Vec<String> {
    let lines: Vec<Line> = diesel::sql_query(query).load(connection).unwrap();
    lines.into_iter().map(|line| line.line).collect()
}
