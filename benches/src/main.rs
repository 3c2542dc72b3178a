//! What the API costs beside the bare database: pairs measured in turns, printed as a table. See README.md.
#![expect(clippy::expect_used, reason = "a measurement that cannot be taken ends the program")]
#![expect(clippy::cast_precision_loss, reason = "figures are rounded to three digits anyway")]
#![expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a length")]

mod bare;
mod load;
mod points;
mod program;
mod table;
mod volume;

use load::{Client, Load, request};
use program::{Cluster, NONCONFORMITY, ORGANISATIONS, Server};
use std::time::Duration;
use table::{Table, median};

/// Clients, where a measurement does not say otherwise.
const CLIENTS: usize = 16;

/// How long each side of a pair is measured, and how often in turns.
struct Plan {
    time: Duration,
    rounds: usize,
    /// Only these measurements; all when empty.
    only: Vec<String>,
}

impl Plan {
    fn read() -> Self {
        let mut plan = Self { time: Duration::from_secs(3), rounds: 3, only: Vec::new() };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut number = || arguments.next().and_then(|text| text.parse().ok()).expect("a number after the option");
            match argument.as_str() {
                "--seconds" => plan.time = Duration::from_secs(number()),
                "--rounds" => plan.rounds = usize::try_from(number()).expect("a number"),
                name => plan.only.push(name.to_owned()),
            }
        }
        plan
    }

    fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|wanted| wanted == name)
    }

    /// Both sides in turns, so that what else the machine does meets both.
    fn pair(&self, mut ours: impl FnMut() -> f64, mut theirs: impl FnMut() -> f64) -> Vec<(f64, f64)> {
        (0..self.rounds).map(|_| (ours(), theirs())).collect()
    }

    fn load(&self, server: &Server, clients: Vec<Client>) -> Load {
        load::run(&server.address, clients, self.time)
    }
}

fn main() {
    program::build();
    let plan = Plan::read();
    let mut table = Table::default();
    if plan.wants("sqlite") {
        on_sqlite(&plan, &mut table);
    }
    if plan.wants("postgres") {
        on_postgres(&plan, &mut table);
    }
    if plan.wants("points") {
        feeding(&plan, &mut table);
    }
    if plan.wants("volume") {
        volume::reading(&plan, &mut table);
    }
    if plan.wants("start") {
        starting(&plan, &mut table);
    }
    table.print();
}

/// Clients that raise nonconformities, spread over so many organisations.
fn raising(server: &Server, clients: usize, organisations: usize) -> Vec<Client> {
    let request = |n: usize| request("POST", "/v1/nonconformities", &server.tokens[n % organisations], NONCONFORMITY);
    (0..clients).map(|n| Client::repeating(request(n), 201)).collect()
}

/// Clients that amend a nonconformity each.
fn amending(server: &Server, organisations: usize) -> Vec<Client> {
    let client = |n: usize| {
        let token = &server.tokens[n % organisations];
        let (path, etag) = server.raise(token);
        Client::amending(path, token.clone(), etag)
    };
    (0..CLIENTS).map(client).collect()
}

fn reading(token: &str, path: &str) -> Vec<Client> {
    (0..CLIENTS).map(|_| Client::repeating(request("GET", path, token, ""), 200)).collect()
}

fn on_sqlite(plan: &Plan, table: &mut Table) {
    let server = Server::with_organisations(None);
    table.alone("SQLite: idle memory", server.memory(), "MiB", "< 50");
    for (clients, target) in [(1, 1.0), (32, 2.0)] {
        let ours = || plan.load(&server, raising(&server, clients, 1)).per_second;
        let pairs = plan.pair(ours, || bare::commit(plan.time));
        table.pair(&format!("SQLite: raise, {clients} clients / one-row commits"), &pairs, Some(target));
    }
    let (token, path) = (&server.tokens[0], server.raise(&server.tokens[0]).0);
    let rate = |path: &str| plan.load(&server, reading(token, path)).per_second;
    let pairs = plan.pair(|| rate(&path), || rate("/healthz"));
    table.pair("SQLite: get by id / healthz", &pairs, Some(0.45));
    let pairs = plan.pair(|| rate("/v1/nonconformities?limit=50"), || rate("/healthz"));
    table.pair("SQLite: list of 50 / healthz", &pairs, None);
    one_or_many(plan, table, "SQLite", &server);
    table.alone("SQLite: memory after load", server.memory(), "MiB", "");
}

/// One busy organisation beside as many as there are writers.
fn one_or_many(plan: &Plan, table: &mut Table, name: &str, server: &Server) {
    let amend = |organisations| plan.load(server, amending(server, organisations)).per_second;
    let pairs = plan.pair(|| amend(1), || amend(ORGANISATIONS));
    table.pair(&format!("{name}: amend, one organisation / sixteen"), &pairs, Some(0.85));
    let raise = |organisations| plan.load(server, raising(server, CLIENTS, organisations)).per_second;
    let pairs = plan.pair(|| raise(1), || raise(ORGANISATIONS));
    table.pair(&format!("{name}: raise, one organisation / sixteen"), &pairs, None);
}

fn on_postgres(plan: &Plan, table: &mut Table) {
    let cluster = Cluster::start();
    let (served, bare) = (cluster.database("served"), cluster.database("bare"));
    bare::prepare(&bare);
    let server = Server::with_organisations(Some(&served));
    table.alone("PostgreSQL: idle memory", server.memory(), "MiB", "< 50");
    let ours = || plan.load(&server, raising(&server, CLIENTS, ORGANISATIONS)).per_second;
    let pairs = plan.pair(ours, || bare::raise(&bare, CLIENTS, plan.time));
    table.pair("PostgreSQL: raise / pgbench inserting the same rows", &pairs, Some(0.6));
    let (token, path) = (&server.tokens[0], server.raise(&server.tokens[0]).0);
    let id = path.rsplit('/').next().expect("an id");
    let organisation = bare::organisation_of(&served, id);
    let rate = |path: &str| plan.load(&server, reading(token, path)).per_second;
    let pairs = plan.pair(|| rate(&path), || bare::select(&served, &organisation, id, CLIENTS, plan.time));
    table.pair("PostgreSQL: get by id / pgbench selecting the row", &pairs, Some(0.3));
    let list = "/v1/nonconformities?limit=50";
    let pairs = plan.pair(|| rate(list), || bare::list(&served, &organisation, CLIENTS, plan.time));
    table.pair("PostgreSQL: list of 50 / pgbench selecting the rows", &pairs, None);
    one_or_many(plan, table, "PostgreSQL", &server);
    let Load { median, slowest_hundredth, .. } = plan.load(&server, raising(&server, 4, 4));
    table.alone("PostgreSQL: raise, 4 clients, median", median.as_secs_f64() * 1e3, "ms", "");
    table.alone("PostgreSQL: raise, 4 clients, 99th of 100", slowest_hundredth.as_secs_f64() * 1e3, "ms", "");
}

/// Bodies of ten thousand measurements for each side of a round.
const BATCHES: usize = 20;

/// Measurements in bulk, through each door, beside the database's own way of loading them.
fn feeding(plan: &Plan, table: &mut Table) {
    let cluster = Cluster::start();
    let (served, bare) = (cluster.database("fed"), cluster.database("loaded"));
    for (name, url) in [("SQLite", None), ("PostgreSQL", Some(&served))] {
        let server = Server::with_organisations(url.map(String::as_str));
        let mut feed = points::Feed::new(&server, &server.tokens[0]);
        let before = server.memory();
        for form in points::Form::ALL {
            let theirs =
                || if url.is_some() { points::bare_postgres(&bare, BATCHES) } else { points::bare_sqlite(BATCHES) };
            let used = server.processor();
            let pairs = plan.pair(|| feed.send(form, BATCHES), theirs);
            let used = (server.processor() - used).as_secs_f64();
            let millions = (plan.rounds * BATCHES) as f64 / 100.0;
            table.pair(&format!("{name}: measurements, {} / bulk load", form.media_type()), &pairs, Some(0.8));
            table.alone(
                &format!("{name}: {}, processor time", form.media_type()),
                used / millions,
                "s per million",
                "< 2.8",
            );
        }
        table.alone(&format!("{name}: memory that bodies took"), server.memory() - before, "MiB", "< 64");
    }
}

/// From the start of the process to the first 200 of `/readyz`.
fn starting(plan: &Plan, table: &mut Table) {
    let cluster = Cluster::start();
    let mut seconds = [Vec::new(), Vec::new(), Vec::new(), Vec::new()];
    for round in 0..plan.rounds {
        let url = cluster.database(&format!("start{round}"));
        for (database, first) in [(None, 0), (Some(url.as_str()), 2)] {
            let directory = tempfile::tempdir().expect("a directory");
            for state in 0..2 {
                let server = Server::start(directory.path(), database);
                seconds[first + state].push(server.ready_after.as_secs_f64());
            }
        }
    }
    let [sqlite_empty, sqlite_migrated, postgres_empty, postgres_migrated] = seconds.map(|all| median(&all));
    for (name, value, target) in [
        ("SQLite: ready on an empty database", sqlite_empty, "< 3"),
        ("SQLite: ready on a migrated database", sqlite_migrated, "< 0.5"),
        ("PostgreSQL: ready on an empty database", postgres_empty, "< 3"),
        ("PostgreSQL: ready on a migrated database", postgres_migrated, "< 0.5"),
    ] {
        table.alone(name, value, "s", target);
    }
}
