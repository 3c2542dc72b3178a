//! Every kind of record of the sample organisation, changed or removed by hand, is found: by existing in the schema.

use super::program::Instance;
use crate::databases::{Database, each};
use diesel::connection::SimpleConnection;
use diesel::sql_types::Text;
use diesel::{OptionalExtension, RunQueryDsl};
use ratchet_persistence::connection::AnyConnection;
use serde_json::json;

#[derive(diesel::QueryableByName)]
struct Named {
    #[diesel(sql_type = Text)]
    name: String,
}

/// The tables of records: their rows are bound to the journal under a salt.
fn record_tables(database: &Database) -> Vec<String> {
    let mut connection = database.open();
    let query = match &connection {
        AnyConnection::Sqlite(_) => {
            "SELECT m.name AS name FROM sqlite_master m JOIN pragma_table_info(m.name) c
                WHERE m.type = 'table' AND c.name = 'state_salt' ORDER BY 1"
        }
        AnyConnection::Postgres(_) => {
            "SELECT table_name::text AS name FROM information_schema.columns
                WHERE table_schema = 'public' AND column_name = 'state_salt' ORDER BY 1"
        }
    };
    let tables: Vec<Named> = diesel::sql_query(query).load(&mut connection).unwrap();
    tables.into_iter().map(|table| table.name).collect()
}

fn by_hand(database: &Database, statement: &dyn Fn(&str) -> String) {
    let mut connection = database.open();
    let unbound = match &connection {
        AnyConnection::Sqlite(_) => "PRAGMA foreign_keys = OFF",
        AnyConnection::Postgres(_) => "SET session_replication_role = replica",
    };
    connection.batch_execute(unbound).unwrap();
    for table in record_tables(database) {
        let statement = statement(&table);
        connection.batch_execute(&statement).unwrap_or_else(|error| panic!("{statement}: {error}"));
    }
}

/// What `journal verify --state` says, line by line.
fn verified(instance: &Instance) -> Vec<String> {
    let told = instance.verify();
    assert!(!told.status.success(), "nothing was found");
    String::from_utf8(told.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// The oldest record of each table.
fn oldest(database: &Database) -> Vec<(String, String)> {
    let mut connection = database.open();
    let plain = match &connection {
        AnyConnection::Sqlite(_) => "lower(hex(id))",
        AnyConnection::Postgres(_) => "replace(id::text, '-', '')",
    };
    let tables = record_tables(database).into_iter();
    let found = tables.filter_map(|table| {
        let query = format!("SELECT {plain} AS name FROM {table} WHERE id = {}", OLDEST.replace("TABLE", &table));
        let row: Option<Named> = diesel::sql_query(query).get_result(&mut connection).optional().unwrap();
        assert!(row.is_some(), "the sample has no row in {table}");
        row.map(|row| (table, row.name))
    });
    found.collect()
}

const OLDEST: &str = "(SELECT id FROM TABLE ORDER BY created_at, id LIMIT 1)";

/// That verification names each of these records, and says so of each.
fn assert_named(told: &[String], records: &[(String, String)], fault: &str) {
    for (table, id) in records {
        let is_named = told.iter().any(|line| line.replace('-', "").contains(id) && line.contains(fault));
        assert!(is_named, "{table}: {told:#?}");
    }
}

/// What the sample leaves out: it sends nothing to anybody.
async fn connect_outwards(url: &str) {
    let client = super::program::client();
    let token = super::demo::log_in(&client, url, "tomas@harbour.example").await;
    let endpoint = json!({ "url": "http://127.0.0.1:9/hook", "description": "Nobody listens", "events": ["member.*"] });
    let statuses = json!([{ "status": "new", "category": "to_do" }, { "status": "closed", "category": "done" }]);
    let connection = json!({
        "base_url": "http://127.0.0.1:9/desk", "description": "Nobody answers", "kind": "roundup", "statuses": statuses,
    });
    for (path, body) in [("webhook-endpoints", endpoint), ("ticket-connections", connection)] {
        let request = client.post(format!("{url}/v1/{path}")).bearer_auth(&token).json(&body);
        let answer = request.send().await.unwrap();
        assert_eq!(answer.status(), 201, "{}", answer.text().await.unwrap());
    }
}

#[tokio::test]
async fn no_kind_of_record_is_changed_or_removed_unseen() {
    let _turn = super::turn().await;
    for database in each() {
        let instance = Instance::on(database);
        // Told once, and settled.
        let program = instance.start_with("demo", |command| _ = command.args(["--webhook-allow", "127.0.0.0/8"])).await;
        connect_outwards(&program.url).await;
        drop(program);
        assert!(instance.verify().status.success());
        let records = oldest(&instance.database);
        assert!(records.len() >= 11, "{records:?}");
        // Without another version: the row alone tells.
        by_hand(&instance.database, &|table| {
            format!("UPDATE {table} SET created_by = id WHERE id = {}", OLDEST.replace("TABLE", table))
        });
        assert_named(&verified(&instance), &records, "");
        by_hand(&instance.database, &|table| {
            format!("DELETE FROM {table} WHERE id = {}", OLDEST.replace("TABLE", table))
        });
        assert_named(&verified(&instance), &records, "has no row");
    }
}
