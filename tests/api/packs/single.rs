//! The packs of one management review and of one audit.

use super::{key, lines, members, parsed, verified};
use crate::api::{audits, evidence, findings, management_reviews, restrictions};
use crate::databases::each;
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[tokio::test]
async fn a_review_with_its_minutes_its_inputs_and_what_was_decided() {
    for database in each() {
        let api = Api::start(database).await;
        let review = management_reviews::held(&api).await;
        let path = format!("/v1/management-reviews/{review}");
        let management = api.by(Role::Management).await;
        let decision = json!({
            "kind": "improvement", "text": "=Buy shutters", "responsible_id": api.member_id(Role::Member).await,
            "due_on": (api.now() + chrono::TimeDelta::days(60)).date_naive(),
        });
        management.post(&format!("{path}/decide"), decision).await.expect(200);
        evidence::upload(&management, &review, "slides.pdf", "application/pdf", "%PDF slides").await.expect(201);
        api.sequence().await;
        let auditor = api.by(Role::ExternalAuditor).await;
        let pack = auditor.get(&format!("{path}/pack")).await;
        let there = members(&pack);
        assert!(pack.header("content-disposition").contains("management-review-"));
        let manifest = parsed(&there["manifest.json"]);
        assert_eq!(
            (&manifest["kind"], &manifest["record"]["reference"]),
            (&json!("management-review"), &json!(review))
        );
        let mut shown = auditor.get(&path).await.expect(200).body;
        shown.as_object_mut().unwrap().remove("transitions");
        assert_eq!(parsed(&there["review.json"]), shown);
        let digest = shown["snapshots"][0]["digest"].as_str().unwrap();
        assert_eq!(hex::encode(Sha256::digest(&there["inputs/1.json"])), digest, "byte for byte as it was frozen");
        let table = String::from_utf8(there["decisions.csv"].clone()).unwrap();
        assert!(table.starts_with("number,kind,text,due_on\r\n1,improvement,'=Buy shutters,"), "{table}");
        let actions = lines(&there["registers/actions.ndjson"]);
        assert_eq!((actions.len(), &actions[0]["parent"]["id"]), (1, &shown["id"]));
        assert_eq!(there[&format!("evidence/{}", hex::encode(Sha256::digest("%PDF slides")))], b"%PDF slides");
        let (is_clean, told) = verified(&pack.bytes, None);
        assert!(is_clean && told.contains("without the journal"), "{told}");
        let forged = super::remade(&pack.bytes, true, |members| {
            let inputs = members.iter_mut().find(|(path, _)| path == "inputs/1.json").unwrap();
            inputs.1 = b"{}".to_vec();
        });
        let (is_clean, told) = verified(&forged, None);
        assert!(!is_clean && told.contains("inputs/1.json: is not what the review has sealed"), "{told}");
        api.stranger(Role::Auditor).await.get(&format!("{path}/pack")).await.expect(404);
        api.by(Role::Admin).await.get(&format!("{path}/pack")).await.expect(403);
    }
}

#[tokio::test]
async fn an_audit_with_its_checklist_and_what_was_raised_of_it() {
    for database in each() {
        let api = Api::start(database).await;
        let (audit, found) = findings::issued(&api, &["major", "observation"]).await;
        let auditor = api.by(Role::Auditor).await;
        auditor.post(&format!("/v1/findings/{}/raise", found[0]), json!({})).await.expect(200);
        evidence::upload(&auditor, &found[1], "seen.txt", "text/plain", "Seen").await.expect(201);
        evidence::upload(&auditor, &audit, "report.txt", "text/plain", "Report").await.expect(201);
        let other = audits::planned(&api).await;
        evidence::upload(&auditor, &other, "plan.txt", "text/plain", "Plan").await.expect(201);
        api.sequence().await;
        let path = format!("/v1/audits/{audit}");
        let auditor = api.by(Role::ExternalAuditor).await;
        let pack = auditor.get(&format!("{path}/pack")).await;
        let there = members(&pack);
        let mut shown = auditor.get(&path).await.expect(200).body;
        shown.as_object_mut().unwrap().remove("transitions");
        assert_eq!(parsed(&there["audit.json"]), shown);
        let table = String::from_utf8(there["checklist.csv"].clone()).unwrap();
        let items = shown["items"].as_array().unwrap().len();
        assert!(
            table.starts_with("number,requirement,question,") && table.matches("\r\n").count() == items + 1,
            "{table}"
        );
        let references =
            |path: &str| -> Vec<Value> { lines(&there[path]).iter().map(|one| one["reference"].clone()).collect() };
        assert_eq!(references("registers/findings.ndjson"), [json!(found[0]), json!(found[1])]);
        assert_eq!(references("registers/nonconformities.ndjson").len(), 1);
        assert!(references("registers/improvements.ndjson").is_empty());
        assert_eq!(references("registers/evidence.ndjson").len(), 2);
        let files: Vec<&String> = there.keys().filter(|path| path.starts_with("evidence/")).collect();
        assert_eq!(files.len(), 2);
        let (is_clean, told) = verified(&pack.bytes, None);
        assert!(is_clean, "{told}");

        // A case that is restricted leaves nothing but its finding.
        let case = lines(&there["registers/nonconformities.ndjson"])[0]["reference"].as_str().unwrap().to_owned();
        restrictions::imposed(&api, &case).await;
        let pack = api.by(Role::ExternalAuditor).await.get(&format!("{path}/pack")).await;
        let there = members(&pack);
        assert!(!pack.text.contains(&case));
        assert_eq!(lines(&there["registers/findings.ndjson"])[0]["case"], Value::Null);
        assert!(verified(&pack.bytes, Some(&key(&api))).0);
        api.stranger(Role::Auditor).await.get(&format!("{path}/pack")).await.expect(404);
        // Whoever is audited sees the audit, and takes nothing home.
        api.by(Role::Member).await.get(&format!("{path}/pack")).await.expect(403);
    }
}
