//! A management review is refused until nothing is missing, and what it looked at does not move.

use super::{Walk, text};
use crate::faults::program::now;
use chrono::TimeDelta;
use ratchet_domain::journal::leaf::canonical;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

const INPUTS: [&str; 10] = [
    "earlier_actions",
    "issues",
    "interested_parties",
    "nonconformities",
    "monitoring",
    "audits",
    "objectives",
    "feedback",
    "risks",
    "improvements",
];
pub const DECISIONS: [(&str, &str); 3] = [
    ("resources", "Two hours a week for whoever builds the image"),
    ("improvement", "Each image is tried on one laptop first"),
    ("change", "What is rolled out later is added to the image"),
];

pub async fn walk(walk: &Walk) {
    let review = walk.one("management-reviews", "title", "Review before next year's budget").await;
    let verb = |verb: &str| format!("/v1/management-reviews/{}/{verb}", text(&review["reference"]));
    let nothing = json!({ "kind": "nothing_to_report" });
    let said = json!({ "issues": nothing, "feedback": nothing });
    walk.post("mara", &verb("prepare"), said).await.expect(200);
    let mut present = Vec::new();
    for name in ["Inès Moreau", "Mara Lindqvist", "Sofia Rossi"] {
        present.push(walk.one("members", "name", name).await["id"].clone());
    }
    let meeting = json!({ "held_on": now().date_naive(), "present_ids": present });
    let silent = walk.post("mara", &verb("hold"), meeting.clone()).await.expect(409);
    assert_eq!(silent.reasons(), ["input_empty"]);
    assert!(silent.text.contains("9.3.2 c"), "{}", silent.text);
    let heard = json!({ "interested_parties": { "kind": "text", "text": "The port wants an exercise a year" } });
    walk.post("mara", &verb("prepare"), heard).await.expect(200);
    let frozen = inputs(walk, &verb("inputs")).await;
    arrives_late(walk).await;
    walk.post("mara", &verb("hold"), meeting).await.expect(200);
    assert_eq!(inputs(walk, &verb("inputs")).await, frozen, "what arrived late moved it");
    let every =
        INPUTS.map(|input| json!({ "input": input, "standing": "considered", "discussion": "Read and discussed" }));
    walk.post("mara", &verb("consider"), json!({ "inputs": every })).await.expect(200);
    for (kind, decided) in DECISIONS {
        let due_on = (now() + TimeDelta::days(60)).date_naive();
        let body = json!({ "kind": kind, "text": decided, "responsible_id": present[2], "due_on": due_on });
        walk.post("mara", &verb("decide"), body).await.expect(200);
    }
    let silent = walk.post("ines", &verb("approve"), json!({})).await.expect(409);
    assert_eq!(silent.reasons(), ["no_conclusions"]);
    let conclusions = json!({ "suitability": "It fits", "adequacy": "It is enough", "effectiveness": "It works" });
    walk.post("mara", &verb("conclude"), conclusions).await.expect(200);
    let approved = walk.post("ines", &verb("approve"), json!({})).await.expect(200).body;
    assert_eq!(approved["state"], "approved");
    became_actions(walk, &approved).await;
    assert_eq!(inputs(walk, &verb("inputs")).await, frozen);
    // Both that ended a turn had three, too.
    for title in ["Management review of the first year", "Management review of the second year"] {
        let earlier = walk.one("management-reviews", "title", title).await;
        assert_eq!(earlier["state"], "approved");
        became_actions(walk, &earlier).await;
    }
}

/// The digest of the frozen inputs, which is what they hash to.
async fn inputs(walk: &Walk, path: &str) -> Value {
    let frozen = walk.get("greta", path).await;
    let text = canonical(&frozen.body["inputs"]).unwrap();
    let digest = frozen.body["seal"]["digest"].clone();
    assert_eq!(digest, json!(hex::encode(Sha256::digest(&text))));
    digest
}

/// A figure of the time that was looked at.
async fn arrives_late(walk: &Walk) {
    let clicks = walk.one("indicators", "name", "Clicks on simulated phishing messages").await;
    let item = json!({
        "indicator": clicks["reference"], "observed_at": now() - TimeDelta::days(20),
        "numerator": 20, "denominator": 41,
    });
    walk.post("jonas", "/v1/measurements", json!([item])).await.expect(201);
}

async fn became_actions(walk: &Walk, review: &Value) {
    let decisions = review["meeting"]["decisions"].as_array().unwrap();
    assert_eq!(decisions.len(), 3);
    let actions = walk.all("mara", &format!("actions?parent={}", text(&review["reference"]))).await;
    let mut titles: Vec<&str> = actions.iter().map(|action| text(&action["title"])).collect();
    let mut decided: Vec<&str> = decisions.iter().map(|decision| text(&decision["text"])).collect();
    titles.sort_unstable();
    decided.sort_unstable();
    assert_eq!(titles, decided);
    assert!(actions.iter().all(|action| action["kind"] == "review_output"), "{actions:?}");
}
