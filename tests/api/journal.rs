use super::calls::{call_of, with_body};
use super::contract::operations;
use super::nonconformities::{raise, report};
use super::packs;
use super::ways::{BY_HAND, Ways};
use crate::databases::each;
use crate::harness::{Answer, Api, ENTRIES, signer};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::journal::checkpoint::{Checkpoint, SignedCheckpoint, VerifierKey};
use ratchet_domain::journal::export::verify_export;
use ratchet_domain::journal::merkle::{Hash, empty_root};
use ratchet_domain::journal::proof::{verify_consistency, verify_inclusion};
use ratchet_persistence::journal::verification::{Scope, verify};
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

fn hash(value: &Value) -> Hash {
    value.as_str().unwrap().parse().unwrap()
}

fn path(answer: &Answer) -> Vec<Hash> {
    answer.body["path"].as_array().unwrap().iter().map(hash).collect()
}

#[tokio::test]
async fn an_entry_is_proved_and_the_journal_only_grows() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::ExternalAuditor).await;
        let manager = api.by(Role::IsmsManager).await;
        let raised = manager.post("/v1/nonconformities", report()).await.expect(201);
        let entry = raised.header("journal-entry");
        let proof = format!("/v1/journal/entries/{entry}/proof");
        auditor.get(&proof).await.expect(202);
        auditor.get("/v1/journal/checkpoint").await.expect(404);
        api.sequence().await;
        let early = auditor.get("/v1/journal/checkpoint").await.expect(200);
        for _ in 0..300 {
            manager.post("/v1/nonconformities", report()).await.expect(201);
        }
        api.sequence().await;
        let proved = auditor.get(&proof).await.expect(200);
        let note = proved.body["checkpoint"]["note"].as_str().unwrap();
        let signed = SignedCheckpoint::parse(note).unwrap();
        let key: VerifierKey = proved.body["checkpoint"]["verifier_key"].as_str().unwrap().parse().unwrap();
        assert_eq!(key.key, signer().key.verifying_key());
        signed.verify_with(&key).unwrap();
        let leaf = ratchet_domain::journal::leaf::leaf_hash(proved.body["leaf"].as_str().unwrap().as_bytes());
        assert_eq!(
            (leaf.to_string().as_str(), &proved.body["leaf_hash"]),
            (raised.header("journal-leaf"), &json!(leaf))
        );
        let (size, root) = (signed.checkpoint.size, signed.checkpoint.root);
        verify_inclusion(&leaf, proved.body["position"].as_u64().unwrap(), size, &path(&proved), &root).unwrap();
        let from = early.body["size"].as_u64().unwrap();
        let grown = auditor.get(&format!("/v1/journal/consistency?from={from}")).await.expect(200);
        let early = SignedCheckpoint::parse(early.body["note"].as_str().unwrap()).unwrap().checkpoint.root;
        verify_consistency(from, size, &path(&grown), &early, &root).unwrap();
        auditor.get("/v1/journal/consistency?from=100000").await.expect(400);
        api.stranger(Role::ExternalAuditor).await.get(&proof).await.expect(404);
    }
}

#[tokio::test]
async fn the_export_verifies_offline_and_not_after_a_change() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/verify_journal.py");
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        for n in 0..600 {
            let mut body = report();
            body["title"] = json!(format!("Überschrift \u{1f512} \"{n}\" \\ \u{7}").replace('\u{7}', "é"));
            manager.post("/v1/nonconformities", body).await.expect(201);
        }
        api.sequence().await;
        let export = manager.get("/v1/journal/export").await.expect(200).text;
        let head: Value = serde_json::from_str(export.lines().next().unwrap()).unwrap();
        let directory = tempfile::tempdir().unwrap();
        let key: VerifierKey = head["verifier_key"].as_str().unwrap().parse().unwrap();
        let run = |text: &str, against: Option<&str>| {
            let told = verify_export(text.lines(), &key, against);
            let (file, note) = (directory.path().join("export.ndjson"), directory.path().join("checkpoint"));
            std::fs::write(&file, text).unwrap();
            let mut command = Command::new("python3");
            command.arg(&script).arg(&file).arg("--key").arg(head["verifier_key"].as_str().unwrap());
            if let Some(against) = against {
                std::fs::write(&note, against).unwrap();
                command.arg("--against").arg(&note);
            }
            let output = command.output().unwrap();
            let (clean, text) = (output.status.success(), String::from_utf8(output.stdout).unwrap());
            // Two programs that share no code say the same.
            assert_eq!(clean, told.is_clean(), "{text} {told:?}");
            if let Some(entry) = told.fault.as_ref().and_then(|fault| fault.entry) {
                let position = told.fault.as_ref().and_then(|fault| fault.position).unwrap();
                assert!(text.contains(&format!("position {position}, entry {entry}")), "{text} {told:?}");
            }
            (clean, text)
        };
        let size = export.lines().count() - 1;
        assert_eq!(
            run(&export, head["checkpoint"].as_str()),
            (true, format!("clean: {size} entries, {size} details\n"))
        );
        let lines: Vec<&str> = export.lines().collect();
        let mut first: Value = serde_json::from_str(lines[1]).unwrap();
        first["detail_salt"] = Value::Null;
        let without_salt = [&[lines[0], first.to_string().as_str()], &lines[2..]].concat().join("\n");
        first["detail"] = Value::Null;
        let withheld = [&[lines[0], first.to_string().as_str()], &lines[2..]].concat().join("\n");
        let details = size - 1;
        assert_eq!(run(&withheld, None), (true, format!("clean: {size} entries, {details} details, 1 withheld\n")));
        let stranger =
            Checkpoint { origin: key.name.clone(), size: 3, root: empty_root() }.sign(&signer().key).unwrap();
        let (clean, told) = run(&export, Some(&stranger));
        assert!(!clean && told.contains("the checkpoint kept outside"), "signed anew: {told}");
        let mut swapped = lines.clone();
        swapped.swap(5, 6);
        for (what, text) in [
            ("a leaf", export.replacen("nonconformity.raised", "nonconformity.closed", 1)),
            ("a detail", export.replacen("79 % in week 12", "97 % in week 12", 1)),
            ("an entry is missing", [&lines[..9], &lines[10..]].concat().join("\n")),
            ("the tail is missing", lines[..size - 1].join("\n")),
            ("two are swapped", swapped.join("\n")),
            ("a detail without its salt", without_salt),
            ("an endless number", export.replacen("\"recurrences\":0", "\"recurrences\":1e999", 1)),
            ("no object", export.replacen(lines[3], "[]", 1)),
            ("nothing", String::new()),
            ("the signature", export.replacen("\\n\\n\u{2014} ", "\\n\\n\u{2014} x", 1)),
        ] {
            let (clean, told) = run(&text, None);
            assert!(!clean && told.starts_with("NOT CLEAN"), "{what}: {told}");
        }
    }
}

/// What the offline verifier says of an export.
pub fn verified(export: &str, key: &str) -> String {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("export.ndjson");
    std::fs::write(&file, export).unwrap();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/verify_journal.py");
    let output = Command::new("python3").arg(script).arg(&file).arg("--key").arg(key).output().unwrap();
    String::from_utf8(output.stdout).unwrap()
}

/// The vectors of RFC 6962, RFC 8032 and RFC 8785.
#[test]
fn the_offline_verifier_passes_its_own_test() {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/verify_journal.py");
    let output = Command::new("python3").arg(script).arg("--self-test").output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[tokio::test]
async fn events_come_in_order_and_histories_whole() {
    for database in each() {
        let api = Api::start(database).await;
        let machine = {
            let body = json!({ "name": "Integration", "scopes": ["events:read", "nonconformities:write"] });
            let issued = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201);
            api.with_token(issued.body["token"].as_str().unwrap())
        };
        let reference = raise(&api).await;
        machine.post("/v1/nonconformities", report()).await.expect(201);
        api.sequence().await;
        let mut after = String::new();
        let mut kinds = Vec::new();
        loop {
            let page = machine.get(&format!("/v1/events?limit=3{after}")).await.expect(200);
            let items = page.body["items"].as_array().unwrap().clone();
            if items.is_empty() {
                break;
            }
            for item in items {
                assert_eq!(item["data"]["position"], kinds.len());
                kinds.push(item["type"].as_str().unwrap().to_owned());
                assert_eq!(item["specversion"], "1.0");
            }
            after = format!("&after={}", page.body["next_after"]);
        }
        let last: Vec<&str> = kinds[kinds.len() - 3..].iter().map(String::as_str).collect();
        assert_eq!(last, ["api_key.issued", "nonconformity.raised", "nonconformity.raised"]);
        machine.get("/v1/nonconformities").await.expect(403);
        let before = api.now();
        api.wait(TimeDelta::minutes(1));
        let manager = api.by(Role::IsmsManager).await;
        let path = format!("/v1/nonconformities/{reference}");
        manager.patch(&path, "*", json!({ "title": "Renamed" })).await.expect(200);
        let history = manager.get(&format!("/v1/records/{reference}/history")).await.expect(200);
        let actions: Vec<&Value> = history.body["items"].as_array().unwrap().iter().map(|e| &e["action"]).collect();
        assert_eq!(actions, ["nonconformity.raised", "nonconformity.amended"]);
        assert_eq!(history.body["items"][1]["position"], Value::Null, "not sequenced yet, there all the same");
        let time = before.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
        let then = manager.get(&format!("{path}?as_of={time}")).await.expect(200);
        assert_eq!((&then.body["title"], &then.body["version"]), (&report()["title"], &json!(1)));
        manager.get(&format!("{path}?as_of=2020-01-01T00:00:00Z")).await.expect(404);
        let found = manager.get(&format!("/v1/records/{reference}")).await.expect(200);
        assert_eq!((&found.body["kind"], &found.body["state"]), (&json!("nonconformity"), &json!("reported")));
        // By its id, which is all that other records say of it.
        let id = found.body["id"].as_str().unwrap();
        let same = manager.get(&format!("/v1/records/{id}")).await.expect(200);
        assert_eq!(same.body, found.body);
        let same = manager.get(&format!("/v1/records/{id}/history")).await.expect(200);
        assert_eq!(same.body, history.body);
        let traced = manager.get(&format!("/v1/records/{id}/trace")).await.expect(200);
        assert_eq!(traced.body["nodes"][0]["reference"], found.body["reference"]);
        api.stranger(Role::IsmsManager).await.get(&format!("/v1/records/{id}")).await.expect(404);
        manager.get(&format!("/v1/records/{}", uuid::Uuid::nil())).await.expect(404);
        manager.get("/v1/records/NC-2026-9999").await.expect(404);
        api.stranger(Role::IsmsManager).await.get(&format!("/v1/records/{reference}/history")).await.expect(404);
    }
}

/// Operations that write and are about no record: sessions, and what is reported without a name and taken in later; and what is
/// tried and never kept.
fn is_entered(path: &str) -> bool {
    !path.starts_with("/v1/auth/")
        && !path.starts_with("/v1/report-intakes/")
        && path != "/v1/ingest/try"
        && path != "/v1/ticket-rules/try"
        && path != "/v1/ticket-inbound/{connection}"
        // SCIM's way to read with a body.
        && !path.ends_with("/.search")
}

#[test]
fn every_operation_has_its_line_in_the_table_of_entries() {
    let writing = operations().into_iter().filter(|(method, path, _)| *method != Method::GET && is_entered(path));
    let writing: BTreeSet<String> =
        writing.map(|(_, _, operation)| operation["operationId"].as_str().unwrap().to_owned()).collect();
    assert_eq!(writing, ENTRIES.keys().map(|operation| (*operation).to_owned()).collect::<BTreeSet<_>>());
}

/// Whatever the operation, by existing in the contract: its entry has whoever called as its actor and says what the
/// operation does. That each entry is, is asserted where the server ends, of this test and of all others ([`Api::drop`]):
/// here it is seen to that each operation is called. Those to whose states samples do not lead are called by the tests of
/// their own records.
#[tokio::test]
async fn every_operation_leaves_its_entry() {
    for database in each() {
        let api = Api::start(database).await;
        let ways = Ways::of(&api).await;
        for operation in with_body() {
            let id = operation.2["operationId"].as_str().unwrap();
            if is_entered(&operation.1) && !BY_HAND.contains(&id) {
                let call = call_of(&api, &operation).await;
                call.send(&api.by(call.role).await, &call.body).await;
            }
        }
        for verb in ways.verbs().filter(|verb| !api.entered().contains(verb.id.as_str())) {
            if let Some((aimed, body)) = ways.lead(&api, verb).await {
                aimed.caller.post(&aimed.path, body).await.expect(200);
            }
        }
        super::ingest::through_every_door(&api).await;
        super::sarif::through_the_door(&api).await;
        super::plans_of_action::through_the_door(&api).await;
        super::scim::through_every_door(&api).await;
        let entered = api.entered();
        let missing = ENTRIES.keys().filter(|id| !entered.contains(*id) && !BY_HAND.contains(id));
        assert_eq!(missing.collect::<Vec<_>>(), [&""; 0], "a line in calls/lines.rs or ways.rs is missing");
        // Of whatever kind and in whatever state: a record says what the entry says, as its pack's verifier reads both.
        api.sequence().await;
        let pack = api.by(Role::IsmsManager).await.get("/v1/packs/audit").await.expect(200);
        let (is_clean, told) = packs::verified(&pack.bytes, Some(&packs::key(&api)));
        assert!(is_clean, "{told}");
    }
}

/// Each success leaves entries and one of them carries its verb; a refusal and a dry run leave none.
#[tokio::test]
async fn a_write_leaves_its_entry_and_a_refusal_none() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let entries = async || {
            api.sequence().await;
            let page = manager.get("/v1/journal?limit=200").await.expect(200);
            page.body["items"].as_array().unwrap().clone()
        };
        let before = entries().await.len();
        manager.post("/v1/nonconformities", json!({})).await.expect(422);
        manager.post("/v1/nonconformities?dry_run=true", report()).await.expect(200);
        api.by(Role::Admin).await.post("/v1/nonconformities", report()).await.expect(403);
        assert_eq!(entries().await.len(), before);
        let made = manager.post("/v1/nonconformities", report()).await.expect(201);
        let after = entries().await;
        assert_eq!(after.len(), before + 1);
        let entry = after.last().unwrap();
        assert_eq!(entry["id"], made.header("journal-entry"));
        assert_eq!(entry["request"], made.header("x-request-id"));
        assert_eq!(entry["actor"]["id"], made.body["created_by"]);
        assert_eq!(entry["object"]["reference"], made.body["reference"]);
        let by_object = manager.get(&format!("/v1/journal?object={}", made.body["id"].as_str().unwrap())).await;
        assert_eq!(by_object.body["items"].as_array().unwrap().len(), 1);
        let scope = Scope { state: true, ..Scope::default() };
        let key = signer().key.verifying_key();
        let report = verify(&scope, &key, &mut api.database.open()).unwrap();
        assert!(report.is_clean(), "{:?}", report.findings);
        assert!(report.records > 12 && report.checkpoints > 0);
    }
}
