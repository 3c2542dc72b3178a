//! Steps that a record's state does not know are refused, for every kind of record, by existing in the catalogue.

use super::samples::writings;
use crate::databases::each;
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::Value;

#[tokio::test]
async fn a_step_cannot_be_skipped() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let tables = auditor.get("/v1/catalogue/lifecycles").await.expect(200).body["items"].clone();
        let (tables, writings) = (tables.as_array().unwrap(), writings());
        let mut refused = 0;
        // Settings have one state, and say by `wrong_state` what already is as it is asked for.
        for table in tables.iter().filter(|table| table["resource"] != "settings") {
            let stem = table["resource"].as_str().unwrap().replace('_', "-");
            let edges = table["edges"].as_array().unwrap();
            let verbs: std::collections::BTreeSet<&str> =
                edges.iter().filter_map(|edge| edge["verb"].as_str()).collect();
            for verb in verbs {
                let path = format!("/v1/{stem}/{{id}}/{verb}");
                let writing = writings.iter().find(|writing| writing.path == path);
                let aimed = writing.unwrap_or_else(|| panic!("{path} is no operation")).aim(&api).await;
                let state = aimed.caller.get(&aimed.record()).await.expect(200).body["state"].clone();
                let knows = |edge: &Value| edge["from"] == state && edge["verb"] == verb;
                let (answer, line) = aimed.send(Some("application/json"), aimed.writing.sample.to_string()).await;
                let wrong_state = answer.reasons().contains(&"wrong_state");
                assert_eq!(wrong_state, !edges.iter().any(knows), "{path} in {state}: {line}");
                refused += usize::from(wrong_state);
            }
        }
        assert!(refused > 10, "{refused}");
    }
}
