//! What reading costs where an organisation has a hundred thousand records: that of a page and of the answers that look at
//! everything, one client at a time.

use crate::load::{Client, Load, request};
use crate::program::{NONCONFORMITY, Server};
use crate::table::Table;
use crate::{Plan, program};

/// Of each kind, what is made of it: path, body, and how many.
const KINDS: [(&str, &str, f64); 4] = [
    ("/v1/nonconformities", NONCONFORMITY, 50_000.0),
    (
        "/v1/improvements",
        r#"{"title":"Patch laptops from the image on","description":"The image could do it"}"#,
        20_000.0,
    ),
    ("/v1/risks", r#"{"title":"Backups cannot be read","description":"A restore fails when it is needed"}"#, 15_000.0),
    (
        "/v1/weaknesses",
        r#"{"title":"The gate closes late","description":"People walk in","found_in":"Gate"}"#,
        15_000.0,
    ),
];

/// What is read.
const READS: [(&str, &str); 11] = [
    ("page of 50", "/v1/nonconformities?limit=50"),
    ("page of 50, owners written out", "/v1/nonconformities?limit=50&expand=owner"),
    ("page of 50, by state", "/v1/nonconformities?limit=50&state=reported&sort=created_at"),
    ("page of 50, counted", "/v1/nonconformities?limit=50&count=true"),
    ("page of 50, by a word in all", "/v1/nonconformities?limit=50&q=patches"),
    ("search", "/v1/search?q=patches"),
    ("my work", "/v1/me/work?limit=50"),
    ("readiness", "/v1/readiness"),
    ("dashboard", "/v1/dashboard"),
    ("orphans", "/v1/catalogue/orphans"),
    ("participation", "/v1/participation"),
];

/// Both databases with as many records.
pub fn reading(plan: &Plan, table: &mut Table) {
    let cluster = program::Cluster::start();
    let url = cluster.database("many");
    for (name, url) in [("SQLite", None), ("PostgreSQL", Some(url.as_str()))] {
        let server = Server::with_organisations(url);
        let made: f64 = KINDS.iter().map(|kind| make(plan, &server, kind)).sum();
        table.alone(&format!("{name}: records"), made, "", "100000");
        for (what, path) in READS {
            let client = Client::repeating(request("GET", path, &server.tokens[0], ""), 200);
            let Load { median, slowest_hundredth, .. } = plan.load(&server, vec![client]);
            table.alone(&format!("{name}: {what}, median"), median.as_secs_f64() * 1e3, "ms", "");
            table.alone(&format!("{name}: {what}, 99th of 100"), slowest_hundredth.as_secs_f64() * 1e3, "ms", "");
        }
        table.alone(&format!("{name}: memory after it"), server.memory(), "MiB", "");
    }
}

/// So many at least; how many were counted.
fn make(plan: &Plan, server: &Server, &(path, body, wanted): &(&str, &str, f64)) -> f64 {
    let mut made = 0.0;
    while made < wanted {
        let request = request("POST", path, &server.tokens[0], body);
        let clients = (0..crate::CLIENTS).map(|_| Client::repeating(request.clone(), 201)).collect();
        made += plan.load(server, clients).per_second * plan.time.as_secs_f64();
    }
    made
}
