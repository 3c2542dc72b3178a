use super::nonconformities::{raise, report};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller, signer};
use ratchet_domain::access::Role;
use ratchet_http::app::Settings;
use ratchet_persistence::files::Files;
use ratchet_persistence::journal::verification::{Scope, verify};
use reqwest::Method;
use serde_json::json;
use std::path::{Path, PathBuf};

async fn upload(caller: &Caller<'_>, record: &str, name: &str, media_type: &str, body: impl Into<Vec<u8>>) -> Answer {
    let query = form_urlencoded::Serializer::new(String::new())
        .append_pair("record", record)
        .append_pair("name", name)
        .finish();
    let request = caller.request(Method::POST, &format!("/v1/evidence?{query}")).header("content-type", media_type);
    caller.send(request.body(body.into())).await
}

/// One about a manager's record.
pub async fn attached(api: &Api) -> String {
    let manager = api.by(Role::IsmsManager).await;
    let record = manager.post("/v1/nonconformities", report()).await.expect(201);
    upload(&manager, record.reference(), "report.pdf", "application/pdf", "%PDF")
        .await
        .expect(201)
        .reference()
        .to_owned()
}

fn files(directory: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(directory).map(|entries| entries.map(|entry| entry.unwrap().path()).collect());
    let entries: Vec<PathBuf> = entries.unwrap_or_default();
    entries.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

#[tokio::test]
async fn down_again_as_it_was_and_never_run_by_a_browser() {
    for database in each() {
        let api = Api::start(database).await;
        let record = raise(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let content: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
        for (name, declared, sent) in [
            ("report.pdf", "application/pdf", "application/pdf"),
            ("x.html", "text/html; charset=utf-8", "application/octet-stream"),
            ("x.svg", "image/svg+xml", "application/octet-stream"),
            ("../../etc/passwd", "text/plain", "text/plain"),
        ] {
            let made = upload(&manager, &record, name, declared, content.clone()).await.expect(201);
            assert_eq!(made.body["size"], 300_000);
            let path = made.body["content_href"].as_str().unwrap();
            let read = api.by(Role::Member).await.get(path).await.expect(200);
            assert_eq!(read.header("content-type"), sent, "{name}");
            assert!(read.header("content-disposition").starts_with("attachment; filename=\""), "{name}");
            assert!(!read.header("content-disposition").contains('/'), "{name}");
            assert_eq!(read.header("x-content-type-options"), "nosniff");
            assert_eq!(read.header("content-security-policy"), "sandbox; default-src 'none'");
            assert_eq!(read.header("cross-origin-resource-policy"), "same-origin");
            let bytes = manager.request(Method::GET, path).send().await.unwrap().bytes().await.unwrap();
            assert_eq!(bytes, content, "{name}");
        }
        assert_eq!(files(&api.evidence_directory()).len(), 1, "the same content is kept once");
    }
}

#[tokio::test]
async fn bad_names_and_records_leave_nothing_behind() {
    for database in each() {
        let settings = Settings { evidence_limit: 1_000, requests_per_minute: 1_000_000, ..Settings::default() };
        let api = Api::start_with(database, settings).await;
        let record = raise(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        for name in ["a\r\nb", "\u{202e}fdp.exe", "..", " ", "a\0"] {
            let refused = upload(&manager, &record, name, "text/plain", "x").await.expect(422);
            assert!(refused.faults()[0].starts_with("/name"), "{name:?} {}", refused.text);
        }
        let unknown = upload(&manager, "NC-2026-0999", "x", "text/plain", "x").await.expect(422);
        assert_eq!(unknown.faults(), ["record unknown_record"]);
        upload(&manager, &record, "x", "text/plain", vec![0; 1_001]).await.expect(413);
        upload(&manager, &record, "x", "text/plain", vec![0; 1_000]).await.expect(201);
        let request = manager.request(Method::POST, &format!("/v1/evidence?record={record}&name=x"));
        manager.send(request.header("content-encoding", "gzip").body("x")).await.expect(415);
        upload(&api.by(Role::Admin).await, &record, "x", "text/plain", "x").await.expect(403);
        let list = manager.get("/v1/evidence?count=true").await.expect(200);
        assert_eq!(list.body["total"], 1);
        // What was whole and then refused waits for the next start's sweep; what was cut off is gone at once.
        assert!(files(&api.evidence_directory().join("incoming")).is_empty());
    }
}

#[tokio::test]
async fn a_damaged_file_is_not_sent_and_verification_names_it() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = attached(&api).await;
        api.sequence().await;
        let manager = api.by(Role::IsmsManager).await;
        let path = format!("/v1/evidence/{reference}/content");
        let findings = || {
            let scope = Scope { evidence: Some(Files::new(api.evidence_directory())), ..Scope::default() };
            let report = verify(&scope, &signer().key.verifying_key(), &mut api.database.open()).unwrap();
            report.findings.into_iter().map(|finding| finding.row).collect::<Vec<_>>()
        };
        assert!(findings().is_empty());
        let [file] = files(&api.evidence_directory()).try_into().unwrap();
        std::fs::write(&file, "%PDG").unwrap();
        let damaged = manager.get(&path).await.expect(500);
        assert_eq!(damaged.body["type"], "/problems/integrity");
        assert_eq!(findings(), std::slice::from_ref(&reference));
        std::fs::remove_file(&file).unwrap();
        manager.get(&path).await.expect(500);
        assert_eq!(findings(), [reference]);
    }
}

#[tokio::test]
async fn withdrawn_it_is_kept() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = attached(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let path = format!("/v1/evidence/{reference}");
        manager.post(&format!("{path}/withdraw"), json!({ "reason": "Another laptop's" })).await.expect(200);
        assert_eq!(manager.get(&format!("{path}/content")).await.expect(200).text, "%PDF");
        manager.post(&format!("{path}/withdraw"), json!({ "reason": "Again" })).await.expect(409);
    }
}
