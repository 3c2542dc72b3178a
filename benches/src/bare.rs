//! What the databases do when nobody stands in front of them: the other half of each pair.

use crate::program::{Cluster, NONCONFORMITY, ORGANISATIONS, said};
use diesel::connection::SimpleConnection;
use diesel::prelude::*;
use ratchet_persistence::connection::{Address, AnyConnection};
use std::io::Write;
use std::time::{Duration, Instant};

/// The same rows that raising a nonconformity writes, each client in an organisation of its own; a trigger queues the
/// entry of the journal.
const RAISE: &str = "BEGIN;
INSERT INTO reference_counters VALUES (lpad(:client_id::text, 32, '0')::uuid, 'NC', 2026, 1)
    ON CONFLICT (organisation_id, prefix, year) DO UPDATE SET last = reference_counters.last + 1 RETURNING last \\gset
INSERT INTO nonconformities VALUES (gen_random_uuid(), lpad(:client_id::text, 32, '0')::uuid,
    'NC-2026-' || lpad(:last::text, 4, '0'), 1, now(), NULL, now(), decode(repeat('ab', 16), 'hex'),
    'Critical patches late on laptops', 'Critical patches are not installed within 14 days', '79 % in week 12',
    'audit', 'A.8.8', NULL, NULL, NULL, 0, 'reported',
    '{\"stage\": {\"stage\": \"reported\"}, \"containment\": null, \"attempts\": []}') RETURNING id \\gset
INSERT INTO work_items VALUES (lpad(:client_id::text, 32, '0')::uuid, :id::uuid, 0, 'nonconformity',
    'NC-2026-' || lpad(:last::text, 4, '0'), 'Critical patches late on laptops', 'reported', NULL,
    'decide_nonconformity', NULL, NULL, now(), now());
INSERT INTO journal_entries VALUES (gen_random_uuid(), lpad(:client_id::text, 32, '0')::uuid, NULL, now(), 'api_key',
    gen_random_uuid(), 'nonconformity.raised', 'nonconformity', gen_random_uuid(), 1,
    decode(repeat('ab', 560), 'hex'), decode(repeat('ab', 32), 'hex'), repeat('x', 620),
    decode(repeat('ab', 16), 'hex'));
COMMIT;
";

/// A migrated database that no server uses, with organisations `0` to `15`.
pub fn prepare(url: &str) {
    let data = tempfile::tempdir().expect("a directory");
    said(crate::program::command(data.path(), Some(url)).arg("migrate"));
    let organisations = format!(
        "INSERT INTO organisations SELECT lpad(n::text, 32, '0')::uuid, 'x', now() FROM generate_series(0, {}) n",
        ORGANISATIONS - 1
    );
    said(Cluster::tool("psql").args([url, "-qc", &organisations]));
}

fn pgbench(url: &str, script: &str, clients: usize, time: Duration) -> f64 {
    let mut file = tempfile::NamedTempFile::new().expect("a file");
    file.write_all(script.as_bytes()).expect("a file");
    let mut bench = Cluster::tool("pgbench");
    bench.args(["--no-vacuum", "--protocol=prepared", "--jobs=1", "--client", &clients.to_string()]);
    bench.args(["--time", &time.as_secs().max(1).to_string(), "--file"]).arg(file.path()).arg(url);
    let printed = said(&mut bench);
    let reached = printed.lines().find_map(|line| line.strip_prefix("tps = ")).expect("pgbench prints tps");
    reached.split(' ').next().and_then(|number| number.parse().ok()).expect("a number")
}

/// Transactions a second that insert what raising a nonconformity inserts.
pub fn raise(url: &str, clients: usize, time: Duration) -> f64 {
    pgbench(url, RAISE, clients, time)
}

/// The organisation of a nonconformity.
pub fn organisation_of(url: &str, id: &str) -> String {
    let query = format!("SELECT organisation_id FROM nonconformities WHERE id = '{id}'");
    said(Cluster::tool("psql").args([url, "-Atc", &query])).trim().to_owned()
}

/// Selects a second of one nonconformity by id.
pub fn select(url: &str, organisation: &str, id: &str, clients: usize, time: Duration) -> f64 {
    let script = format!(
        "SELECT * FROM nonconformities WHERE organisation_id = '{organisation}'::uuid AND id = '{id}'::uuid;\n"
    );
    pgbench(url, &script, clients, time)
}

/// Selects a second of the fifty newest nonconformities.
pub fn list(url: &str, organisation: &str, clients: usize, time: Duration) -> f64 {
    let script = format!(
        "SELECT * FROM nonconformities WHERE organisation_id = '{organisation}'::uuid ORDER BY id DESC LIMIT 51;\n"
    );
    pgbench(url, &script, clients, time)
}

diesel::table! {
    bare (id) {
        id -> BigInt,
        body -> Text,
    }
}

/// One-row commits a second on one SQLite connection that keeps what it acknowledges.
pub fn commit(time: Duration) -> f64 {
    let directory = tempfile::tempdir().expect("a directory");
    let address = Address::Sqlite(directory.path().join("bare.db"));
    let AnyConnection::Sqlite(mut connection) = address.open().expect("a database") else { unreachable!() };
    connection.batch_execute("CREATE TABLE bare (id INTEGER PRIMARY KEY, body TEXT NOT NULL)").expect("a table");
    let (began, mut commits) = (Instant::now(), 0_i64);
    while began.elapsed() < time {
        let row = (bare::id.eq(commits), bare::body.eq(NONCONFORMITY));
        diesel::insert_into(bare::table).values(row).execute(&mut connection).expect("a row");
        commits += 1;
    }
    commits as f64 / began.elapsed().as_secs_f64()
}
