use crate::databases::{postgres, sqlite};
use diesel::RunQueryDsl;
use ratchet_persistence::migrations;

#[test]
fn run_up_down_and_up_again() {
    for database in [sqlite(), postgres()] {
        let mut connection = database.open();
        let all = migrations::run(&mut connection).unwrap();
        assert!(all > 0);
        assert_eq!(migrations::run(&mut connection).unwrap(), 0);
        assert_eq!(migrations::revert(&mut connection).unwrap(), all);
        assert_eq!(migrations::run(&mut connection).unwrap(), all);
    }
}

#[derive(diesel::QueryableByName)]
struct Told {
    #[diesel(sql_type = diesel::sql_types::Text)]
    detail: String,
}

/// A list, newest first, must not sort what it will not show: page 1 of a million is as fast as of ten.
#[test]
fn every_table_of_records_is_listed_by_an_index() {
    let database = sqlite();
    let mut connection = database.open();
    migrations::run(&mut connection).unwrap();
    let tables = "SELECT name AS detail FROM sqlite_schema WHERE type = 'table' AND sql LIKE '%state_salt%'";
    let tables: Vec<Told> = diesel::sql_query(tables).load(&mut connection).unwrap();
    assert!(tables.len() > 10);
    for Told { detail: table } in tables.iter().filter(|table| table.detail != "settings") {
        let list =
            format!("EXPLAIN QUERY PLAN SELECT * FROM {table} WHERE organisation_id = x'00' ORDER BY id DESC LIMIT 51");
        let plan: Vec<Told> = diesel::sql_query(list).load(&mut connection).unwrap();
        let plan: Vec<&str> = plan.iter().map(|step| step.detail.as_str()).collect();
        assert!(plan.len() == 1 && plan[0].contains("_by_age"), "{table}: {plan:?}");
    }
}
