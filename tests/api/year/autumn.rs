//! Autumn: the objective is judged by its figures, top management looks at everything, and the next turn begins.

use super::{MANAGEMENT, MANAGER, MEMBER, Year, act, measure, read};
use crate::api::management_reviews::{self, INPUTS};
use crate::harness::Api;
use chrono::TimeDelta;
use serde_json::{Value, json};

pub async fn judge_and_review(year: &Year) {
    let api = &year.api;
    measure(api, &year.indicator, 7, &[55.0]).await;
    let achieved = json!({ "evidence": "Read off the chart" });
    let judged = act(api, MANAGER, &format!("objectives/{}/achieve", year.objective), achieved).await;
    assert_eq!(judged.body["state"], "achieved");
    let review = management_reviews::held(api).await;
    let collected = read(api, &format!("management-reviews/{review}/inputs")).await;
    let collected = &collected["inputs"]["collected"];
    assert_eq!(collected["nonconformities"]["closed"]["now"], 2, "{}", collected["nonconformities"]);
    assert_eq!(collected["objectives"]["achieved"]["now"], 1, "{}", collected["objectives"]);
    assert_eq!(collected["audits"]["findings"]["minor"]["now"], 1, "{}", collected["audits"]);
    assert_eq!(collected["risks"]["treated"]["now"], 1, "{}", collected["risks"]);
    assert_eq!(collected["improvements"]["register"]["realised"]["now"], 1, "{}", collected["improvements"]);
    conclude(year, &review).await;
    // The clock stands still: what was done in the moment of the approval would belong to the next turn.
    api.wait(TimeDelta::minutes(1));
    let approved = act(api, MANAGEMENT, &format!("management-reviews/{review}/approve"), json!({})).await;
    let next = approved.body["approval"]["next_id"].as_str().unwrap();
    turned(api, &review).await;
    let next = read(api, &format!("management-reviews/{next}")).await;
    assert_eq!((&next["state"], &next["previous_id"]), (&json!("scheduled"), &approved.body["id"]));
    act(api, MANAGEMENT, &format!("policies/{}/reaffirm", year.policy), json!({ "note": "It still fits" })).await;
    assert_eq!(read(api, &format!("audit-programmes/{}", year.programme)).await["state"], "approved");
}

/// Every input is considered; a decision makes its action, and a change beside it.
async fn conclude(year: &Year, review: &str) {
    let api = &year.api;
    let verb = |name: &str| format!("management-reviews/{review}/{name}");
    let said = |input| json!({ "input": input, "standing": "considered", "discussion": "Looked at line by line" });
    act(api, MANAGER, &verb("consider"), json!({ "inputs": INPUTS.map(said) })).await;
    let decision = json!({
        "kind": "change", "text": "A turnstile at gate 2", "responsible_id": api.member_id(MEMBER).await,
        "due_on": (api.now() + TimeDelta::days(60)).date_naive(), "raises": "change",
    });
    let decided = act(api, MANAGEMENT, &verb("decide"), decision).await;
    let made: Vec<&Value> = decided.body["meeting"]["decisions"][0]["made"].as_array().unwrap().iter().collect();
    assert_eq!(made.iter().map(|one| one["kind"].as_str().unwrap()).collect::<Vec<_>>(), ["action", "change"]);
    let conclusions = json!({ "suitability": "It fits", "adequacy": "It is enough", "effectiveness": "It works" });
    act(api, MANAGER, &verb("conclude"), conclusions).await;
}

/// The turn that the approval has ended: everything that there is came in during it, and what came to its end is what the
/// seasons have brought there. The next one has begun with nothing.
async fn turned(api: &Api, review: &str) {
    let cycles = read(api, "cycles").await;
    let [lasting, ended] = cycles["items"].as_array().unwrap().as_slice() else { panic!("two turns: {cycles}") };
    assert_eq!((&ended["review"]["reference"], &lasting["review"]), (&json!(review), &Value::Null));
    assert_eq!((&ended["to"], &ended["figures_before"]), (&lasting["from"], &Value::Null));
    assert_eq!(lasting["figures_before"], ended["figures"]);
    for (matter, count) in ended["figures"]["entered"].as_object().unwrap() {
        let list = format!("/v1/{}?count=true&limit=1", matter.replace('_', "-"));
        let there = api.by(MANAGER).await.get(&list).await.expect(200).body["total"].clone();
        assert_eq!((count, &lasting["figures"]["entered"][matter]), (&there, &json!(0)), "{matter}");
        assert!(there.as_i64().unwrap() > 0, "a year without {matter}");
    }
    let figures = &ended["figures"];
    for (figure, expected) in [
        ("recurred", 0),
        ("verdicts_effective", 2),
        ("verdicts_ineffective", 0),
        ("objectives_achieved", 1),
        ("objectives_missed", 0),
        ("audits_reported", 1),
        ("changes_harmful", 0),
    ] {
        assert_eq!(figures[figure], expected, "{figure}: {figures}");
    }
    let closed = &figures["closed"];
    assert_eq!((&closed["nonconformities"], &closed["improvements"]), (&json!(2), &json!(1)), "{closed}");
    let days = figures["median_days_to_close"].as_f64().unwrap();
    assert!((21.0..60.0).contains(&days), "each was watched for three weeks: {days}");
}
