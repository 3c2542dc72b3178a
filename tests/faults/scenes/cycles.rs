//! One turn against the other, and a journal that shows where a byte was changed.

use super::{Walk, moment, percent, text};
use crate::api::journal::verified;
use crate::api::packs;
use reqwest::Method;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Faster, less of it twice, fewer clicks; one change that did harm, one objective missed.
pub async fn compared(walk: &Walk) {
    let cycles = walk.get("greta", "/v1/cycles").await.body;
    let [_, second, first] = cycles["items"].as_array().unwrap().as_slice() else { panic!("{cycles}") };
    let days = |turn: &Value| turn["figures"]["median_days_to_close"].as_f64().unwrap();
    assert_eq!((days(first), days(second)), (61.0, 34.0));
    let again =
        |turn: &Value| (turn["figures"]["recurred"].clone(), turn["figures"]["entered"]["nonconformities"].clone());
    assert_eq!((again(first), again(second)), ((json!(4), json!(22)), (json!(1), json!(19))));
    let moved = second["indicators"]["series"].as_array().unwrap();
    let clicks = moved.iter().find(|one| one["name"] == "Clicks on simulated phishing messages").unwrap();
    assert_eq!((percent(&clicks["before"]["median"]), percent(&clicks["after"]["median"])), (11.8, 4.9));
    assert_eq!(clicks["tendency"], "better");
    assert_eq!(
        (&second["figures"]["changes_harmful"], &second["figures"]["objectives_missed"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(second["figures_before"], first["figures"]);
    let within = |at: &Value| (moment(&second["from"])..moment(&second["to"])).contains(&moment(at));
    let harmful = walk.one("changes?state=rolled_back", "title", "Block USB storage on all computers").await;
    assert_eq!(harmful["outcome"]["verdict"], "harmful", "{harmful}");
    assert!(within(&harmful["updated_at"]));
    let missed = walk.one("objectives?state=missed", "title", "Phishing is not clicked").await;
    assert!(within(&missed["updated_at"]));
}

/// Who has the key and the export needs nobody.
pub async fn exported(walk: &Walk) {
    let began = Instant::now();
    // Every entry has its position soon, what the walk has decided among them.
    let export = loop {
        let export = walk.get("mara", "/v1/journal/export").await.text;
        if export.contains(super::review::DECISIONS[0].1) {
            break export;
        }
        assert!(began.elapsed() < Duration::from_secs(120), "the newest entries have no position");
        tokio::time::sleep(Duration::from_millis(500)).await;
    };
    let head: Value = serde_json::from_str(export.lines().next().unwrap()).unwrap();
    let key = text(&head["verifier_key"]);
    let clean = verified(&export, key);
    assert!(clean.starts_with("clean: "), "{clean}");
    packed(walk, key).await;
    let line = export.lines().find(|line| line.contains("The gate closes too slowly")).unwrap();
    let entry: Value = serde_json::from_str(line).unwrap();
    let leaf: Value = serde_json::from_str(text(&entry["leaf"])).unwrap();
    let flipped = export.replacen(line, &line.replacen("gate closes", "gate clores", 1), 1);
    let bytes = export.bytes().zip(flipped.bytes()).filter(|(one, other)| one != other).count();
    assert_eq!((bytes, export.len()), (1, flipped.len()));
    let told = verified(&flipped, key);
    let named = format!("NOT CLEAN: position {}, entry {}: ", entry["position"], text(&leaf["entry"]));
    assert!(told.starts_with(&named), "{told}, not {named}");
}

/// What the auditor takes home says of itself whether it is whole, and where it is not.
async fn packed(walk: &Walk, key: &str) {
    let request = walk.request(Method::GET, "/v1/packs/audit").bearer_auth(&walk.tokens["mara"]);
    let answer = request.send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let pack = answer.bytes().await.unwrap();
    let (is_clean, told) = packs::verified(&pack, Some(key));
    assert!(is_clean, "{told}");
    let (mut entry, mut at) = (Value::Null, 0);
    let flipped = packs::remade(&pack, false, |members| {
        let (_, journal) = members.iter_mut().find(|(path, _)| path == "journal.ndjson").unwrap();
        let text = String::from_utf8(journal.clone()).unwrap();
        at = text.find("The gate closes too slowly").unwrap();
        let line = text[..at].rfind('\n').unwrap() + 1;
        entry = serde_json::from_str(text[line..].lines().next().unwrap()).unwrap();
        journal[at] ^= 1;
    });
    let (is_clean, told) = packs::verified(&flipped, Some(key));
    let leaf: Value = serde_json::from_str(text(&entry["leaf"])).unwrap();
    let named = format!("NOT CLEAN: journal.ndjson: position {}, entry {}: ", entry["position"], text(&leaf["entry"]));
    assert!(!is_clean && told.contains(&named), "{told}, not {named}");
    assert!(told.contains("NOT CLEAN: journal.ndjson: is not what the manifest says"), "{told}");
}
