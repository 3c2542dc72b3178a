//! An outsourced auditor draws leavers by seed; two accounts have outlived their owners.

use super::{Walk, moment, text};
use chrono::NaiveDate;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

pub async fn walk(walk: &Walk) {
    let audit = walk.one("audits", "title", "Access and people").await;
    let drawn = drawn(walk, &audit).await;
    let finding = finding(walk, &audit, &drawn).await;
    frozen(walk, &finding).await;
    nobody_audits_their_own_words(walk).await;
}

/// 8 of 37, and anybody can draw them again.
async fn drawn(walk: &Walk, audit: &Value) -> Vec<String> {
    let team = audit["team"].as_array().unwrap();
    let outside = team.iter().find(|auditor| auditor["name"] == "Nadia Berg").unwrap();
    assert_eq!((&outside["member_id"], &outside["firm"]), (&Value::Null, &json!("Berg Audits")));
    let sample = &audit["samples"][0];
    assert_eq!((&sample["population_size"], &sample["seed"]), (&json!(37), &json!("Berg 4711")));
    let leavers = walk.all("mara", "members?active=false").await;
    let mut ranked: Vec<(String, String)> = leavers
        .iter()
        .map(|member| {
            let reference = text(&member["reference"]).to_owned();
            (hex::encode(Sha256::digest(format!("Berg 4711\n{reference}"))), reference)
        })
        .collect();
    assert_eq!(ranked.len(), 37);
    ranked.sort();
    let by_hand: Vec<String> = ranked.into_iter().take(8).map(|(_, reference)| reference).collect();
    let drawn = sample["drawn"].as_array().unwrap();
    let drawn: Vec<String> = drawn.iter().map(|one| text(&one["reference"]).to_owned()).collect();
    assert_eq!(drawn, by_hand);
    drawn
}

/// What it says of two accounts is what the register says of them.
async fn finding(walk: &Walk, audit: &Value, drawn: &[String]) -> Value {
    let list = format!("findings?audit={}&grade=minor", text(&audit["reference"]));
    let finding = walk.one(&list, "requirement", "A.5.18").await;
    assert!(!finding["issued_at"].is_null());
    let evidence = text(&finding["evidence"]);
    let mut outlived = BTreeSet::new();
    for told in evidence.split("that of ").skip(1) {
        let words: Vec<&str> = told.split([' ', ',']).filter(|word| !word.is_empty()).collect();
        let (reference, days): (&str, i64) = (words[0], words[2].parse().unwrap());
        let ended: NaiveDate = words.iter().find_map(|word| word.parse().ok()).unwrap();
        assert!(drawn.iter().any(|one| one == reference), "{reference}: {drawn:?}");
        let history = walk.get("mara", &format!("/v1/records/{reference}/history")).await.body;
        let entries = history["items"].as_array().unwrap().clone();
        let closed = entries.iter().find(|entry| entry["action"] == "member.deactivated").unwrap();
        assert_eq!((moment(&closed["at"]).date_naive() - ended).num_days(), days, "{evidence}");
        outlived.insert(days);
    }
    assert_eq!(outlived, BTreeSet::from([9, 12]), "{evidence}");
    let case = walk.get("mara", &format!("/v1/nonconformities/{}", text(&finding["case"]["id"]))).await.body;
    assert_eq!(case["requirement"], "A.5.18");
    finding
}

async fn frozen(walk: &Walk, finding: &Value) {
    let path = format!("/v1/findings/{}", text(&finding["reference"]));
    let edited = walk.patch("adeyemi", &path, json!({ "statement": "All accounts were closed in time" })).await;
    assert_eq!(edited.expect(409).reasons(), ["wrong_state"]);
}

/// Who wrote a policy is an auditor, too, and does not check it.
async fn nobody_audits_their_own_words(walk: &Walk) {
    let audit = walk.one("audits", "title", "Running the portal").await;
    let policy = walk.one("policies", "title", "What is logged, and who reads it").await;
    let version = walk.get("mara", &format!("/v1/policy-versions/{}", text(&policy["version_id"]))).await.body;
    let lena = walk.one("members", "name", "Lena Vogt").await;
    assert_eq!(version["author_ids"], json!([lena["id"]]));
    let team = audit["team"].as_array().unwrap();
    assert!(team.iter().any(|auditor| auditor["member_id"] == lena["id"]), "{team:?}");
    let items = audit["items"].as_array().unwrap();
    let about = |item: &&Value| item["records"].as_array().unwrap().iter().any(|record| record["id"] == policy["id"]);
    let item = items.iter().find(about).unwrap_or_else(|| panic!("{items:?}"));
    let check = format!("/v1/audits/{}/check-item", text(&audit["reference"]));
    let body = json!({ "item": item["number"], "result": "conforms", "evidence": "Read, and asked for at two desks" });
    assert_eq!(walk.post("lena", &check, body.clone()).await.expect(409).reasons(), ["separation_of_duties"]);
    walk.post("adeyemi", &check, body).await.expect(200);
}
