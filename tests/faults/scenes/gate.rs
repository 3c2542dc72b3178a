//! A report without a name becomes a weakness, a change and a rule that people have read.

use super::{Walk, moment, text};
use chrono::TimeDelta;
use reqwest::Method;
use serde_json::{Value, json};

pub async fn walk(walk: &Walk) {
    let report = answered(walk).await;
    let weakness = walk.get("mara", &format!("/v1/weaknesses/{}", text(&report["case"]["id"]))).await.body;
    assert_eq!(weakness["origin"]["id"], report["id"]);
    let change = walk.one("changes", "title", "Gate 2 closes behind each badge, and visitors are met there").await;
    assert_eq!(change["origin"], json!({ "kind": "weakness", "id": weakness["id"] }));
    assert_eq!(change["state"], "closed");
    let policy = walk.one("policies", "title", "Visitors").await;
    assert_eq!(change["affected"], json!([{ "kind": "policy", "id": policy["id"] }]));
    read(walk, &policy).await;
    traced(walk, [&report, &weakness, &change, &policy]).await;
}

/// Whoever has the code reads what came of it; nobody knows who that is.
async fn answered(walk: &Walk) -> Value {
    let printed = walk.program.printed.iter().find_map(|line| line.trim().strip_prefix("the anonymous reporter "));
    let code = printed.unwrap().trim();
    let link = walk.get("tomas", "/v1/settings").await.body["items"][0]["report_link"].clone();
    let follow_up = walk.request(Method::POST, &format!("{}/follow-up", text(&link))).json(&json!({ "code": code }));
    let seen = walk.send(follow_up).await.expect(200).body;
    assert_eq!(seen["state"], "converted");
    let answer = "Thank you. The gate was set to three seconds; we look at what else is to change there.";
    assert_eq!(seen["answer"], answer);
    let reports = walk.all("mara", "employee-reports?anonymous=true").await;
    let [report] = reports.as_slice() else { panic!("{reports:?}") };
    assert_eq!((&report["answer"], &report["created_by"]), (&json!(answer), &Value::Null));
    let waited = moment(&report["answered_at"]) - moment(&report["created_at"]);
    assert_eq!(waited, TimeDelta::hours(4));
    report.clone()
}

/// Its third version, which calls itself 1.3: asked are the 42, 37 have acknowledged.
async fn read(walk: &Walk, policy: &Value) {
    assert_eq!((&policy["state"], &policy["version_number"]), (&json!("published"), &json!(3)));
    let version = walk.get("mara", &format!("/v1/policy-versions/{}", text(&policy["version_id"]))).await.body;
    assert!(text(&version["change_summary"]).starts_with("1.3: "));
    let coverage = walk.get("mara", &format!("/v1/policies/{}/coverage", text(&policy["reference"]))).await.body;
    assert_eq!((&coverage["asked"], &coverage["acknowledged"]), (&json!(42), &json!(37)));
    assert_eq!(coverage["pending"].as_array().unwrap().len(), 5);
}

/// From the report all of it is found.
async fn traced(walk: &Walk, chain: [&Value; 4]) {
    let trace = walk.get("mara", &format!("/v1/records/{}/trace", text(&chain[0]["reference"]))).await.body;
    let nodes: Vec<&Value> = trace["nodes"].as_array().unwrap().iter().map(|node| &node["id"]).collect();
    for record in chain {
        assert!(nodes.contains(&&record["id"]), "{}: {trace}", record["reference"]);
    }
}
