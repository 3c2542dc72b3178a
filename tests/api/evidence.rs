pub mod custody;
pub mod elsewhere;

use super::contract::{operations, target};
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

pub async fn upload(
    caller: &Caller<'_>,
    record: &str,
    name: &str,
    media_type: &str,
    body: impl Into<Vec<u8>>,
) -> Answer {
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

pub fn files(directory: &Path) -> Vec<PathBuf> {
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
        let nothing = upload(&manager, &record, "report.pdf", "application/pdf", "").await.expect(422);
        assert_eq!(nothing.faults(), [" empty"], "an empty file shows nothing");
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
            let known = manager.request(Method::GET, path).header("if-none-match", read.header("etag"));
            let known = manager.send(known).await.expect(304);
            assert_eq!((known.text.as_str(), known.header("etag")), ("", read.header("etag")));
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
        for name in ["a\r\nb", "..", " ", "x\u{2028}y"] {
            let refused = upload(&manager, &record, name, "text/plain", "x").await.expect(422);
            assert!(refused.faults()[0].starts_with("/name"), "{name:?} {}", refused.text);
        }
        for name in ["\u{202e}fdp.exe", "a\0"] {
            let refused = upload(&manager, &record, name, "text/plain", "x").await.expect(400);
            assert_eq!(refused.faults(), ["name forbidden_character"], "{name:?}");
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
        // What was cut off is gone at once, and so is what was whole and then refused.
        assert!(files(&api.evidence_directory().join("incoming")).is_empty());
        assert_eq!(files(&api.evidence_directory()).len(), 1);
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
        api.damage();
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

/// The first bytes of what a browser might run, and what its sender may call it.
const ACTIVE: [(&str, &[u8]); 20] = [
    ("x.html", b"<!DOCTYPE html><script>alert(1)</script>"),
    ("x.htm", b"\xef\xbb\xbf<html><body onload=alert(1)>"),
    (
        "x.xhtml",
        b"<?xml version=\"1.0\"?><html xmlns=\"http://www.w3.org/1999/xhtml\"><script>alert(1)</script></html>",
    ),
    ("x.svg", b"<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>"),
    ("x.svgz", b"\x1f\x8b\x08\x00\x00\x00\x00\x00"),
    ("x.xml", b"<?xml version=\"1.0\"?><?xml-stylesheet type=\"text/xsl\" href=\"x.xsl\"?><a/>"),
    ("x.xsl", b"<xsl:stylesheet xmlns:xsl=\"http://www.w3.org/1999/XSL/Transform\" version=\"1.0\"/>"),
    ("x.mhtml", b"MIME-Version: 1.0\r\nContent-Type: multipart/related\r\n"),
    ("x.swf", b"CWS\x06"),
    ("x.js", b"alert(1)"),
    ("x.mjs", b"export default alert(1)"),
    ("x.css", b"body{background:url(javascript:alert(1))}"),
    ("x.pdf", b"%PDF-1.7\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj"),
    ("x.gif", b"GIF89a/*\x00\x00*/=1;alert(1)//"),
    ("x.pdf.html", b"%PDF-1.7\n<script>alert(1)</script>"),
    ("x.jar", b"PK\x03\x04META-INF/"),
    ("x.hta", b"<hta:application>"),
    ("x.url", b"[InternetShortcut]\nURL=javascript:alert(1)"),
    ("x.wasm", b"\0asm\x01\x00\x00\x00"),
    ("x", b"<script>alert(1)</script>"),
];

/// Types that a browser acts upon by itself, and ways to spell them.
const CLAIMED: [&str; 11] = [
    "text/html",
    "TEXT/HTML; charset=utf-7",
    "application/xhtml+xml",
    "image/svg+xml",
    "application/xml",
    "text/xml",
    "text/javascript",
    "application/javascript",
    "text/css",
    "multipart/related",
    "text/plain",
];

fn assert_inert(answer: &Answer, what: &str) {
    let disposition = answer.header("content-disposition");
    assert!(disposition.starts_with("attachment; filename=\""), "{what}: {disposition}");
    assert_eq!(answer.header("x-content-type-options"), "nosniff", "{what}");
    assert_eq!(answer.header("content-security-policy"), "sandbox; default-src 'none'", "{what}");
    assert_eq!(answer.header("cross-origin-resource-policy"), "same-origin", "{what}");
    let media_type = answer.header("content-type").to_lowercase();
    for active in ["html", "svg", "xml", "script", "css", "multipart"] {
        assert!(!media_type.contains(active), "{what}: {media_type}");
    }
}

#[tokio::test]
async fn whatever_is_sent_under_whatever_type_comes_back_inert() {
    for database in each() {
        let api = Api::start(database).await;
        let record = raise(&api).await;
        let (manager, reader) = (api.by(Role::IsmsManager).await, api.by(Role::Auditor).await);
        for (n, (name, content)) in ACTIVE.iter().enumerate() {
            for claimed in CLAIMED.iter().skip(n % 3).step_by(3) {
                let made = upload(&manager, &record, name, claimed, *content).await.expect(201);
                let path = made.body["content_href"].as_str().unwrap();
                assert_inert(&reader.get(path).await.expect(200), &format!("{name} as {claimed}"));
            }
        }
        let refused = upload(&manager, &record, "x", "nonsense", "x").await.expect(422);
        assert_eq!(refused.faults(), ["/media_type malformed"]);
    }
}

/// By existing in the document.
#[tokio::test]
async fn every_route_that_sends_a_file_sends_it_inert() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let mut seen = 0;
        for (method, path, operation) in operations() {
            let content = operation["responses"]["200"]["content"].as_object();
            // What a client reads as data by itself: JSON, its lines, figures, appointments.
            let is_data = |media_type: &String| {
                [
                    "application/json",
                    "application/scim+json",
                    "application/x-ndjson",
                    "application/openmetrics-text",
                    "text/calendar",
                    "text/event-stream",
                ]
                .contains(&media_type.as_str())
            };
            // Ours, and no file.
            let is_ours = path.starts_with("/problems") || path.starts_with("/.well-known/");
            if method != Method::GET || content.is_none_or(|content| content.keys().all(is_data)) || is_ours {
                continue;
            }
            let path = path.replace("{id}", &target(&api, &path).await).replace("{kind}", "training");
            let answer = manager.send(manager.request(method, &path)).await.expect(200);
            if answer.header("content-type") == "application/json" {
                // Where `Accept` decides, data unless a picture is asked for.
                continue;
            }
            if answer.header("content-type").starts_with("image/") {
                // Drawn here, to be shown in a page; what is drawn is looked at in `charts`.
                assert_eq!(answer.header("content-security-policy"), "sandbox; default-src 'none'", "{path}");
                assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
                continue;
            }
            assert_inert(&answer, &path);
            seen += 1;
        }
        assert!(seen > 0);
    }
}

#[tokio::test]
async fn a_name_is_a_label_whatever_it_looks_like() {
    for database in each() {
        let api = Api::start(database).await;
        let record = raise(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let outside = tempfile::tempdir_in(api.evidence_directory().parent().unwrap()).unwrap();
        for name in [
            "../../x",
            "..\\..\\x",
            "/etc/passwd",
            "C:\\x",
            "%2e%2e%2f",
            "CON",
            "a\"; filename=\"b.html",
            "ä ö ü.txt",
            "\u{1f4c4}.pdf",
            "x'*=",
            "a;b",
            ".hidden",
            "~root",
            "$(id)",
        ] {
            let made = upload(&manager, &record, name, "text/html", name.as_bytes()).await;
            let made = made.expect(201);
            assert_eq!(made.body["name"], name);
            let read = manager.get(made.body["content_href"].as_str().unwrap()).await.expect(200);
            assert_inert(&read, name);
            let disposition = read.header("content-disposition");
            assert!(disposition.is_ascii() && disposition.matches('"').count() == 2, "{name}: {disposition}");
            assert!(!disposition.contains(['/', '\\']), "{name}: {disposition}");
        }
        upload(&manager, &record, &"x".repeat(5_000), "text/plain", "x").await.expect(422);
        let hashes = files(&api.evidence_directory());
        let is_hash =
            |path: &PathBuf| path.file_name().unwrap().to_str().unwrap().bytes().all(|b| b.is_ascii_hexdigit());
        assert!(hashes.iter().all(is_hash), "{hashes:?}");
        assert!(files(outside.path()).is_empty());
    }
}

#[tokio::test]
async fn two_files_that_changed_places_are_both_found() {
    for database in each() {
        let api = Api::start(database).await;
        let record = raise(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let mut made = Vec::new();
        for content in ["one", "two"] {
            made.push(upload(&manager, &record, content, "text/plain", content).await.expect(201));
        }
        api.damage();
        let [one, two] = files(&api.evidence_directory()).try_into().unwrap();
        let aside = one.with_extension("aside");
        for (from, to) in [(&one, &aside), (&two, &one), (&aside, &two)] {
            std::fs::rename(from, to).unwrap();
        }
        for answer in &made {
            let damaged = manager.get(answer.body["content_href"].as_str().unwrap()).await.expect(500);
            assert_eq!(damaged.body["type"], "/problems/integrity");
        }
        let scope = Scope { evidence: Some(Files::new(api.evidence_directory())), ..Scope::default() };
        let report = verify(&scope, &signer().key.verifying_key(), &mut api.database.open()).unwrap();
        let mut named: Vec<&str> = report.findings.iter().map(|finding| finding.row.as_str()).collect();
        named.sort_unstable();
        assert_eq!(named, [made[0].reference(), made[1].reference()]);
    }
}

/// All of a file, or nothing: parts of it are not sent, however many are asked for.
#[tokio::test]
async fn ranges_do_not_multiply_a_file() {
    for database in each() {
        let api = Api::start(database).await;
        let path = format!("/v1/evidence/{}/content", attached(&api).await);
        let manager = api.by(Role::IsmsManager).await;
        let ranges = (0..1_000).map(|_| "0-3").collect::<Vec<_>>().join(",");
        let request = manager.request(Method::GET, &path).header("range", format!("bytes={ranges}"));
        assert_eq!(manager.send(request).await.expect(200).text, "%PDF");
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
