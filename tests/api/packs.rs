//! What is in a pack, and for whom it is there.

mod forged;
mod single;

pub use forged::{remade, verified};

use super::{
    acknowledgements, actions, evidence, improvements, nonconformities, restrictions, training_assignments, votes,
};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller, ROLES, signer};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::journal::checkpoint::VerifierKey;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// The members of a pack by path, after its manifest was found to say what there is.
pub fn members(pack: &Answer) -> BTreeMap<String, Vec<u8>> {
    assert_eq!((pack.status, pack.header("content-type")), (200, "application/zip"), "{}", pack.text);
    let members = pack.members();
    assert_eq!(members.last().unwrap().0, "manifest.json");
    let there: BTreeMap<String, Vec<u8>> = members.clone().into_iter().collect();
    assert_eq!(there.len(), members.len(), "a path is there twice");
    let manifest = parsed(&there["manifest.json"]);
    let told = manifest["members"].as_array().unwrap().iter().map(|one| {
        let text = |name: &str| one[name].as_str().unwrap().to_owned();
        (text("path"), one["bytes"].as_u64().unwrap() as usize, text("sha256"))
    });
    let told: Vec<(String, usize, String)> = told.collect();
    let found: Vec<_> = members[..members.len() - 1]
        .iter()
        .map(|(path, content)| (path.clone(), content.len(), hex::encode(Sha256::digest(content))))
        .collect();
    assert_eq!(told, found);
    there
}

pub fn parsed(content: &[u8]) -> Value {
    serde_json::from_slice(content).unwrap()
}

pub fn lines(content: &[u8]) -> Vec<Value> {
    String::from_utf8(content.to_vec()).unwrap().lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// What is to be in packs: a case with an action and files, improvements, an acknowledgement, training.
async fn records(api: &Api) -> String {
    let case = actions::case(api).await;
    let action = actions::plan(api, &case).await.expect(201).reference().to_owned();
    let manager = api.by(Role::IsmsManager).await;
    evidence::upload(&manager, &case, "report.pdf", "application/pdf", "%PDF").await.expect(201);
    evidence::upload(&manager, &action, "again.pdf", "application/pdf", "%PDF").await.expect(201);
    let link = evidence::elsewhere::link(&case, "https://tickets.example.org/browse/OPS-7", json!(api.now()));
    manager.post("/v1/evidence-links", link).await.expect(201);
    manager.post("/v1/comments", json!({ "record": case, "text": "-1 + 1\r\n\"quoted\"" })).await.expect(201);
    let improvement = improvements::propose(api, Role::Member).await;
    votes::cast(api, Role::Auditor, &improvement).await.expect(201);
    evidence::upload(&manager, &improvement, "idea.txt", "text/plain", "An idea").await.expect(201);
    acknowledgements::given(api).await;
    let course = training_assignments::quiet(api, json!({})).await;
    training_assignments::assign(api, &course, Role::Member).await.expect(201);
    let mut body = nonconformities::report();
    body["title"] = json!("=HYPERLINK(\"http://x\")");
    manager.post("/v1/nonconformities", body).await.expect(201);
    api.sequence().await;
    case
}

/// What the API's list of a register shows this caller.
async fn listed(caller: &Caller<'_>, stem: &str) -> Option<Vec<Value>> {
    let list = caller.get(&format!("/v1/{stem}?limit=200")).await;
    if list.status != 200 {
        return None;
    }
    let mut items = list.body["items"].as_array().unwrap().clone();
    if stem == "audits" || stem == "measurement-batches" {
        for item in &mut items {
            *item = caller.get(&format!("/v1/{stem}/{}", item["id"].as_str().unwrap())).await.expect(200).body;
            item.as_object_mut().unwrap().remove("transitions");
        }
    }
    items.sort_by_key(|item| item["id"].as_str().unwrap().to_owned());
    Some(items)
}

#[tokio::test]
async fn each_holds_its_registers_as_the_api_shows_them() {
    for database in each() {
        let api = Api::start(database).await;
        records(&api).await;
        let auditor = api.by(Role::ExternalAuditor).await;
        let kinds = auditor.get("/v1/packs").await.expect(200).body["items"].as_array().unwrap().clone();
        assert_eq!(kinds.len(), 5);
        for kind in kinds {
            let pack = auditor.get(kind["href"].as_str().unwrap()).await;
            let there = members(&pack);
            let manifest = parsed(&there["manifest.json"]);
            let told: Vec<&Value> = manifest["registers"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
            // What people report is not for whoever audits from outside.
            let expected = kind["registers"].as_array().unwrap().iter().filter(|one| **one != "employee_report");
            assert_eq!(told, expected.collect::<Vec<_>>());
            let (mut compared, mut shas) = (0, BTreeSet::new());
            for register in manifest["registers"].as_array().unwrap() {
                let path = register["path"].as_str().unwrap();
                let shown = lines(&there[path]);
                assert_eq!(json!(shown.len()), register["records"], "{path}");
                let stem = path.strip_prefix("registers/").unwrap().strip_suffix(".ndjson").unwrap();
                let table = String::from_utf8(there[&format!("registers/{stem}.csv")].clone()).unwrap();
                assert!(table.starts_with("reference,title,state,"), "{table}");
                assert!(
                    shown.iter().all(|one| table.contains(&format!("\r\n{},", one["reference"].as_str().unwrap())))
                );
                if register["kind"] == "evidence" {
                    let files = shown.iter().filter_map(|one| one["sha256"].as_str());
                    shas.extend(files.map(|sha256| format!("evidence/{sha256}")));
                    let links = shown.iter().filter(|one| one["kind"] == "link").filter_map(|one| one["url"].as_str());
                    links.for_each(|url| assert!(table.contains(&format!(",link,,{url},")), "{table}"));
                }
                let mut all = listed(&auditor, stem).await.unwrap_or_else(|| panic!("{stem} has no list"));
                if kind["kind"] != "audit" && (stem == "actions" || stem == "evidence") {
                    let of_this = |one: &Value| shown.iter().any(|shown| shown["id"] == one["id"]);
                    all.retain(of_this);
                }
                assert_eq!(shown, all, "{path}");
                compared += shown.len();
            }
            assert!(compared > 1, "{}: {compared}", kind["kind"]);
            let files: BTreeSet<String> = there.keys().filter(|path| path.starts_with("evidence/")).cloned().collect();
            assert_eq!(files, shas, "{}", kind["kind"]);
            assert_eq!(there.contains_key("journal.ndjson"), kind["holds_journal"] == true);
        }
    }
}

#[tokio::test]
async fn a_register_holds_what_is_about_it_and_no_cell_is_a_formula() {
    for database in each() {
        let api = Api::start(database).await;
        records(&api).await;
        let auditor = api.by(Role::Auditor).await;
        let there = members(&auditor.get("/v1/packs/corrective-actions").await);
        assert_eq!(
            (lines(&there["registers/nonconformities.ndjson"]).len(), lines(&there["registers/actions.ndjson"]).len()),
            (2, 1)
        );
        let pieces = lines(&there["registers/evidence.ndjson"]);
        assert_eq!(pieces.len(), 3, "of the case, a link of it, and of its action, and not of the improvement");
        let file = format!("evidence/{}", hex::encode(Sha256::digest("%PDF")));
        assert_eq!(there[&file], b"%PDF");
        let table = String::from_utf8(there["registers/nonconformities.csv"].clone()).unwrap();
        assert!(table.contains(",\"'=HYPERLINK(\"\"http://x\"\")\",reported,"), "{table}");
        let actions = String::from_utf8(there["registers/actions.csv"].clone()).unwrap();
        let case = lines(&there["registers/nonconformities.ndjson"])[0]["reference"].as_str().unwrap().to_owned();
        assert!(actions.contains(&format!(",{case},corrective,")), "{actions}");
        let there = members(&auditor.get("/v1/packs/audit").await);
        let table = String::from_utf8(there["registers/comments.csv"].clone()).unwrap();
        assert!(
            table.contains(&format!(",attached,{case},\"'-1 + 1\r\n\"\"quoted\"\"\",isms_manager of ours,")),
            "{table}"
        );
        let there = members(&auditor.get("/v1/packs/improvements").await);
        assert_eq!(lines(&there["registers/votes.ndjson"]).len(), 1);
        assert_eq!(lines(&there["registers/evidence.ndjson"])[0]["name"], "idea.txt");
    }
}

#[tokio::test]
async fn it_says_who_took_it_when_and_where_the_journal_stood() {
    for database in each() {
        let api = Api::start(database).await;
        records(&api).await;
        let auditor = api.by(Role::ExternalAuditor).await;
        let pack = auditor.get("/v1/packs/audit").await;
        let there = members(&pack);
        let day = api.now().date_naive();
        assert_eq!(pack.header("content-disposition"), format!("attachment; filename=\"audit-{day}.zip\""));
        let manifest = parsed(&there["manifest.json"]);
        let checkpoint = auditor.get("/v1/journal/checkpoint").await.expect(200).body;
        assert_eq!(manifest["journal"], checkpoint);
        let export = auditor.get("/v1/journal/export").await.expect(200);
        assert!(export.bytes == there["journal.ndjson"], "the very bytes of the export");
        let me = auditor.get("/v1/me").await.expect(200).body;
        assert_eq!(manifest["taken_by"]["id"], me["member_id"]);
        assert_eq!(manifest["taken_by"]["name"], "external_auditor of ours");
        assert_eq!(manifest["organisation"], json!({ "id": api.ours(), "name": "Harbour Robotics" }));
        let at: chrono::DateTime<chrono::Utc> = manifest["taken_at"].as_str().unwrap().parse().unwrap();
        assert_eq!((at, &manifest["period"], &manifest["format"]), (api.now(), &Value::Null, &json!("ratchet-pack/1")));
        for script in ["verify_pack.py", "verify_journal.py"] {
            let ours = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts").join(script);
            assert!(std::fs::read(ours).unwrap() == there[script], "{script}");
        }
        let read_me = String::from_utf8(there["README.txt"].clone()).unwrap();
        assert!(read_me.starts_with("Harbour Robotics: audit\n") && read_me.contains("verify_pack.py PACK.zip --key"));
        // Asked for in a form that is packed already, it is not packed again.
        let request = auditor.request(Method::GET, "/v1/packs/audit").header("accept-encoding", "gzip, zstd");
        assert_eq!(auditor.send(request).await.header("content-encoding"), "identity");
    }
}

#[tokio::test]
async fn whoever_reads_everything_may_take_one_of_their_own_organisation() {
    for database in each() {
        let api = Api::start(database).await;
        let case = records(&api).await;
        for role in ROLES {
            let may = !matches!(role, Role::Admin | Role::Member);
            let status = api.by(role).await.get("/v1/packs/training").await.status;
            assert_eq!(status, if may { 200 } else { 403 }, "{role:?}");
        }
        let body = json!({ "name": "Archive", "scopes": ["records:read", "events:read"] });
        let issued = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201);
        let machine = api.with_token(issued.body["token"].as_str().unwrap());
        machine.get("/v1/packs/audit").await.expect(403);
        machine.get("/v1/packs").await.expect(200);
        let theirs = api.stranger(Role::Auditor).await.get("/v1/packs/audit").await;
        let there = members(&theirs);
        assert_eq!(lines(&there["registers/members.ndjson"]).len(), ROLES.len());
        assert!(lines(&there["registers/nonconformities.ndjson"]).is_empty() && !theirs.text.contains(&case));
        let auditor = api.by(Role::Auditor).await;
        auditor.get("/v1/packs/everything").await.expect(404);
        for (query, fault) in [
            ("training?from=2026-01-01", "from not_for_this_kind"),
            ("training?to=2026-01-01", "to not_for_this_kind"),
            ("audit?from=2026-02-01&to=2026-01-01", "from out_of_range"),
            ("audit?from=yesterday", "from malformed"),
            ("audit?since=2026-01-01", "since unknown_parameter"),
        ] {
            assert_eq!(auditor.get(&format!("/v1/packs/{query}")).await.expect(400).faults(), [fault], "{query}");
        }
    }
}

#[tokio::test]
async fn what_is_restricted_is_in_its_readers_packs_alone() {
    for database in each() {
        let api = Api::start(database).await;
        let case = records(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let id = manager.get(&format!("/v1/nonconformities/{case}")).await.expect(200).body["id"].clone();
        evidence::upload(&manager, &case, "secret.txt", "text/plain", "Quimby").await.expect(201);
        restrictions::imposed(&api, &case).await;
        api.sequence().await;
        let secret = format!("evidence/{}", hex::encode(Sha256::digest("Quimby")));
        for kind in ["audit", "corrective-actions"] {
            let pack = api.by(Role::IsmsManager).await.get(&format!("/v1/packs/{kind}")).await;
            assert!(pack.text.contains(&case) && members(&pack).contains_key(&secret));
            let pack = api.by(Role::Auditor).await.get(&format!("/v1/packs/{kind}")).await;
            let there = members(&pack);
            assert!(!pack.text.contains(&case) && !pack.text.contains(id.as_str().unwrap()), "{kind}");
            assert!(!there.contains_key(&secret), "{kind}");
            // The same content shows something else, too, which is not restricted; nothing else is left of it.
            assert!(lines(&there["registers/evidence.ndjson"]).iter().all(|piece| piece["name"] != "report.pdf"));
        }
        let pack = api.by(Role::Auditor).await.get("/v1/packs/audit").await;
        let (is_clean, told) = verified(&pack.bytes, Some(&key(&api)));
        assert!(is_clean && told.contains(" withheld"), "{told}");
    }
}

/// By which the journals of these tests are verified.
pub fn key(api: &Api) -> String {
    let signer = signer();
    VerifierKey { name: format!("{}/{}", signer.origin, api.ours()), key: signer.key.verifying_key() }.to_string()
}

#[tokio::test]
async fn what_was_redacted_shows_its_tombstone() {
    for database in each() {
        let api = Api::start(database).await;
        let case = records(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let piece = evidence::upload(&manager, &case, "badge.txt", "text/plain", "Quimby").await.expect(201);
        for body in [
            json!({ "record": case, "fields": ["/statement"], "reason": "The law" }),
            json!({ "record": piece.reference(), "content": true, "reason": "The law" }),
        ] {
            let asked = api.by(Role::Management).await.post("/v1/redactions", body).await.expect(201);
            let path = format!("/v1/redactions/{}/approve", asked.reference());
            manager.post(&path, json!({})).await.expect(200);
        }
        api.sequence().await;
        let pack = api.by(Role::Auditor).await.get("/v1/packs/audit").await;
        let there = members(&pack);
        let shown = lines(&there["registers/nonconformities.ndjson"]);
        let statement = shown.iter().find(|one| one["reference"] == case.as_str()).unwrap()["statement"].clone();
        assert_eq!(statement, "[redacted: RED-2026-0001]");
        let pieces = lines(&there["registers/evidence.ndjson"]);
        let gone = pieces.iter().find(|one| one["reference"] == piece.reference()).unwrap();
        assert_eq!(gone["erased_by"], "RED-2026-0002");
        assert!(!there.contains_key(&format!("evidence/{}", gone["sha256"].as_str().unwrap())));
        let (is_clean, told) = verified(&pack.bytes, Some(&key(&api)));
        assert!(is_clean && told.contains(" redacted"), "{told}");
    }
}

#[tokio::test]
async fn narrowed_to_a_time_it_holds_what_existed_in_it() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let over = nonconformities::raise(&api).await;
        manager.post(&format!("/v1/nonconformities/{over}/reject"), json!({ "reason": "None" })).await.expect(200);
        evidence::upload(&manager, &over, "old.txt", "text/plain", "Old").await.expect(201);
        let open = nonconformities::raise(&api).await;
        evidence::upload(&manager, &open, "kept.txt", "text/plain", "Kept").await.expect(201);
        let first = api.now().date_naive();
        api.wait(TimeDelta::days(10));
        let late = nonconformities::raise(&api).await;
        api.sequence().await;
        let second = api.now().date_naive();
        let between = first + TimeDelta::days(5);
        for (query, cases, files) in [
            (String::new(), vec![&over, &open, &late], 2),
            (format!("?to={first}"), vec![&over, &open], 2),
            (format!("?from={first}&to={first}"), vec![&over, &open], 2),
            (format!("?from={between}"), vec![&open, &late], 1),
            (format!("?from={between}&to={between}"), vec![&open], 1),
            (format!("?to={}", first - TimeDelta::days(1)), vec![], 0),
            (format!("?from={second}"), vec![&open, &late], 1),
        ] {
            let pack = api.by(Role::Auditor).await.get(&format!("/v1/packs/audit{query}")).await;
            let there = members(&pack);
            let shown = lines(&there["registers/nonconformities.ndjson"]);
            let shown: Vec<&str> = shown.iter().map(|one| one["reference"].as_str().unwrap()).collect();
            assert_eq!(shown, cases, "{query}");
            assert_eq!(there.keys().filter(|path| path.starts_with("evidence/")).count(), files, "{query}");
            // The proof needs every entry, whatever the time.
            let (is_clean, told) = verified(&pack.bytes, Some(&key(&api)));
            assert!(is_clean, "{query}: {told}");
        }
    }
}

/// Bytes that do not fit into what lies between server and client.
const MUCH: usize = 24 << 20;

#[tokio::test]
async fn one_is_written_for_each_organisation_and_whoever_goes_away_ends_it() {
    for database in each() {
        let api = Api::start(database).await;
        let case = actions::case(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        evidence::upload(&manager, &case, "much", "application/pdf", vec![7; MUCH]).await.expect(201);
        api.sequence().await;
        let path = "/v1/packs/corrective-actions";
        let begun = manager.request(Method::GET, path).send().await.unwrap();
        assert_eq!(begun.status(), 200);
        members(&api.stranger(Role::IsmsManager).await.get(path).await);
        // Requests that read and write go on meanwhile.
        manager.get("/v1/nonconformities").await.expect(200);
        nonconformities::raise(&api).await;
        let refused = manager.get(path).await.expect(503);
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!(wait > 1 && refused.body["detail"].as_str().unwrap().contains("packs"), "{}", refused.text);
        drop(begun);
        let mut tries = 0;
        let pack = loop {
            let answer = manager.get(path).await;
            if answer.status == 200 {
                break answer;
            }
            tries += 1;
            assert!(tries < 100, "whoever went away holds a place");
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let content = members(&pack).into_iter().find(|(path, _)| path.starts_with("evidence/")).unwrap().1;
        assert_eq!(content.len(), MUCH);
    }
}

#[tokio::test]
async fn a_file_that_is_not_as_it_was_received_is_told_of() {
    for database in each() {
        let api = Api::start(database).await;
        records(&api).await;
        api.damage();
        let idea = hex::encode(Sha256::digest("An idea"));
        let files = evidence::files(&api.evidence_directory());
        let file = files.iter().find(|file| file.ends_with(&idea)).unwrap();
        for (because, damage) in [("damaged", true), ("missing", false)] {
            if damage {
                std::fs::write(file, "An idol").unwrap();
            } else {
                std::fs::remove_file(file).unwrap();
            }
            let pack = api.by(Role::Auditor).await.get("/v1/packs/audit").await;
            let there = members(&pack);
            assert!(!there.contains_key(&format!("evidence/{idea}")));
            let absent = parsed(&there["manifest.json"])["absent"][0].clone();
            assert_eq!((&absent["because"], &absent["sha256"]), (&json!(because), &json!(idea)));
            let (is_clean, told) = verified(&pack.bytes, Some(&key(&api)));
            let named = format!(
                "evidence/{idea}: the file of {} is not there: {because}",
                absent["reference"].as_str().unwrap()
            );
            assert!(!is_clean && told.contains(&named), "{told}");
        }
    }
}
