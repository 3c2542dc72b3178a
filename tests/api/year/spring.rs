//! Spring: the figures breach, one case is opened, a change follows from it, and the figures say what it did.

use super::{AUDITOR, MANAGEMENT, MANAGER, Year, act, measure, read, treat};
use crate::api::changes;
use chrono::TimeDelta;
use serde_json::json;

pub async fn measure_and_correct(year: &Year) {
    let Year { api, indicator, .. } = year;
    measure(api, indicator, 3, &[98.0, 96.0, 99.0, 97.0, 98.5, 95.0, 250.0, 240.0]).await;
    let cases = read(api, "nonconformities?count=true").await;
    assert_eq!(cases["total"], 1, "one case, however often it is breached");
    let case = cases["items"][0]["reference"].as_str().unwrap().to_owned();
    let change = change(year, &case).await;
    judge(year, &change).await;
    treat(api, &case, &format!("The image changed: {change}")).await;
    let trace = read(api, &format!("records/{case}/trace")).await;
    let nodes: Vec<&str> =
        trace["nodes"].as_array().unwrap().iter().map(|node| node["kind"].as_str().unwrap()).collect();
    for kind in ["signal", "action", "change"] {
        assert!(nodes.contains(&kind), "{nodes:?}");
    }
}

/// Requested because of the case, approved by management, made by the member.
async fn change(year: &Year, case: &str) -> String {
    let Year { api, indicator, .. } = year;
    let mut body = changes::words();
    body["indicators"] = json!([indicator]);
    body["origin"] = json!(case);
    api.wait(TimeDelta::hours(1));
    let change = changes::approved(api, body).await;
    act(api, super::MEMBER, &format!("changes/{change}/start"), json!({})).await;
    act(api, super::MEMBER, &format!("changes/{change}/complete"), json!({ "summary": "On all laptops" })).await;
    change
}

/// The figures after it are lower than those before, by more than chance would have it.
async fn judge(year: &Year, change: &str) {
    let Year { api, indicator, .. } = year;
    measure(api, indicator, 2, &[61.0, 58.0, 57.0, 59.0, 55.0, 56.0, 54.0]).await;
    let verdict = json!({ "verdict": "beneficial", "conclusion": "It answers in half the time" });
    let reviewed = act(api, AUDITOR, &format!("changes/{change}/review"), verdict).await;
    let series = &reviewed.body["outcome"]["effect"]["series"][0];
    assert_eq!(series["tendency"], "better", "{series}");
    assert!(series["shift"].as_f64().unwrap() < -30.0, "{series}");
    act(api, MANAGEMENT, &format!("changes/{change}/close"), json!({ "lessons": "Measure first" })).await;
    act(api, MANAGER, "comments", json!({ "record": change, "text": "Told to all" })).await;
    api.wait(TimeDelta::days(1));
}
