//! The chain of a record, both ways.

use super::indicators::active;
use super::measurements::{send, series};
use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use serde_json::{Value, json};
use std::collections::BTreeSet;

async fn trace(api: &Api, role: Role, reference: &str) -> Answer {
    api.by(role).await.get(&format!("/v1/records/{reference}/trace")).await
}

fn references(trace: &Value) -> BTreeSet<String> {
    let nodes = trace["nodes"].as_array().unwrap();
    nodes.iter().map(|node| node["reference"].as_str().unwrap().to_owned()).collect()
}

/// `IND-2026-0001 raised SIG-2026-0001`.
fn edges(trace: &Value) -> BTreeSet<String> {
    let nodes = trace["nodes"].as_array().unwrap();
    let name =
        |id: &Value| nodes.iter().find(|node| node["id"] == *id).unwrap()["reference"].as_str().unwrap().to_owned();
    let edges = trace["edges"].as_array().unwrap();
    let told =
        |edge: &Value| format!("{} {} {}", name(&edge["from"]), edge["relation"].as_str().unwrap(), name(&edge["to"]));
    edges.iter().map(told).collect()
}

#[tokio::test]
async fn from_the_signal_to_the_action_and_back() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let indicator = active(&api).await;
        send(&api, series(&api, &indicator, &[250.0])).await.expect(201);
        api.evaluate().await;
        let case = manager.get("/v1/nonconformities").await.expect(200).body["items"][0]["reference"].clone();
        let case = case.as_str().unwrap();
        let confirm = json!({ "grade": "major", "owner_id": api.member_id(Role::IsmsManager).await });
        manager.post(&format!("/v1/nonconformities/{case}/confirm"), confirm).await.expect(200);
        let action = super::actions::plan(&api, case).await.expect(201).reference().to_owned();
        let earlier = super::nonconformities::raise(&api).await;
        let link = json!({ "record": case, "relation": "recurrence_of", "to": earlier });
        manager.post("/v1/links", link).await.expect(201);
        let expected: BTreeSet<String> = [
            format!("{indicator} raised SIG-2026-0001"),
            format!("SIG-2026-0001 raised {case}"),
            format!("{action} addresses {case}"),
            format!("{case} recurrence_of {earlier}"),
            format!("{case} relates_to {indicator}"),
        ]
        .into();
        for start in ["SIG-2026-0001", case, &action, &earlier] {
            let answer = trace(&api, Role::Auditor, start).await.expect(200);
            assert_eq!(edges(&answer.body), expected, "from {start}");
            assert_eq!(answer.body["complete"], true);
        }
        let seen = trace(&api, Role::Member, &action).await.expect(200);
        assert_eq!(references(&seen.body), [action, earlier].into(), "a member sees what is its own");
        trace(&api, Role::Member, case).await.expect(404);
        trace(&api, Role::Auditor, "NC-2026-0999").await.expect(404);
    }
}

#[tokio::test]
async fn another_case_of_the_same_indicator_is_another_story() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        send(&api, series(&api, &indicator, &[150.0, 250.0])).await.expect(201);
        api.evaluate().await;
        let case = trace(&api, Role::Auditor, "NC-2026-0001").await.expect(200);
        assert!(references(&case.body).contains(&indicator));
        let whole = trace(&api, Role::Auditor, &indicator).await.expect(200);
        assert!(references(&whole.body).len() >= references(&case.body).len());
        assert!(references(&whole.body).contains("NC-2026-0001"));
    }
}
