//! What lies elsewhere: named by its address, shown as it is, and never asked for.

use super::super::nonconformities::raise;
use super::super::{audits, policies, policy_versions};
use super::files;
use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::net::TcpListener;

pub fn link(record: &str, url: &str, seen_at: Value) -> Value {
    json!({ "record": record, "url": url, "title": "The change was approved in the ticket", "seen_at": seen_at })
}

async fn attach(api: &Api, body: Value) -> Answer {
    api.by(Role::IsmsManager).await.post("/v1/evidence-links", body).await
}

#[tokio::test]
async fn it_is_shown_as_it_is_and_nobody_asks_for_it() {
    for database in each() {
        let api = Api::start(database).await;
        let (record, listener) = (raise(&api).await, TcpListener::bind("127.0.0.1:0").unwrap());
        listener.set_nonblocking(true).unwrap();
        let url = format!("http://{}/browse/OPS-7?focus=1#comment-3", listener.local_addr().unwrap());
        let hash = "0123456789abcdef".repeat(4);
        let mut body = link(&record, &url, json!(api.now()));
        body["seen_sha256"] = json!(hash);
        let made = attach(&api, body).await.expect(201);
        assert_eq!(made.header("location"), format!("/v1/evidence/{}", made.body["id"].as_str().unwrap()));
        let auditor = api.by(Role::Auditor).await;
        let read = auditor.get(&format!("/v1/evidence/{}", made.reference())).await.expect(200);
        for (member, expected) in [
            ("kind", json!("link")),
            ("url", json!(url)),
            ("title", json!("The change was approved in the ticket")),
            ("seen_sha256", json!(hash)),
            ("name", Value::Null),
            ("media_type", Value::Null),
            ("size", Value::Null),
            ("sha256", Value::Null),
            ("content_href", Value::Null),
            ("custody", json!([])),
        ] {
            assert_eq!(read.body[member], expected, "{member}");
        }
        let content = auditor.get(&format!("/v1/evidence/{}/content", made.reference())).await.expect(409);
        assert_eq!((content.reasons(), content.header("location")), (vec!["not_a_file"], ""));
        let file = super::attached(&api).await;
        let file = auditor.get(&format!("/v1/evidence/{file}")).await.expect(200);
        assert_eq!((&file.body["kind"], &file.body["url"]), (&json!("file"), &Value::Null));
        let listed = auditor.get(&format!("/v1/evidence?record={record}")).await.expect(200);
        assert_eq!(listed.body["items"][0]["url"], json!(url));
        let trace = auditor.get(&format!("/v1/records/{record}/trace")).await.expect(200);
        assert!(trace.text.contains(made.reference()), "it is evidence for the record");
        let gone = api.by(Role::IsmsManager).await;
        let path = format!("/v1/evidence/{}/withdraw", made.reference());
        gone.post(&path, json!({ "reason": "Of another change" })).await.expect(200);
        assert_eq!(files(&api.evidence_directory()).len(), 1, "a link has no file");
        assert!(listener.accept().is_err(), "somebody asked for it");
    }
}

#[tokio::test]
async fn an_address_that_leads_nowhere_or_lets_somebody_in_is_refused() {
    for database in each() {
        let api = Api::start(database).await;
        let record = raise(&api).await;
        let tomorrow = json!(api.now() + chrono::TimeDelta::days(1));
        for (url, code) in [
            ("ftp://example.org/a", "malformed"),
            ("//example.org/a", "malformed"),
            ("https://ada:secret@example.org/", "credentials"),
            (&format!("https://example.org/{}", "x".repeat(2_000)), "too_long"),
        ] {
            let refused = attach(&api, link(&record, url, tomorrow.clone())).await.expect(422);
            assert_eq!(refused.faults(), [format!("/url {code}"), "/seen_at out_of_range".to_owned()], "{url}");
        }
        let unknown = attach(&api, link("NC-2026-0999", "https://example.org", json!(api.now()))).await.expect(422);
        assert_eq!(unknown.faults(), ["/record unknown_record"]);
        let mut hashed = link(&record, "https://example.org", json!(api.now()));
        hashed["seen_sha256"] = json!("no hash");
        assert_eq!(attach(&api, hashed).await.expect(422).faults(), ["/seen_sha256 malformed"]);
    }
}

/// What is approved or reported is bound by the hash of a file: an address may show something else tomorrow.
#[tokio::test]
async fn it_stands_for_no_file() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let policy = policies::establish(&api, json!({})).await.expect(201).reference().to_owned();
        let version = policy_versions::drafted(&api, &policy).await;
        let made = attach(&api, link(&version, "https://example.org/policy", json!(api.now()))).await.expect(201);
        let body = json!({ "file": made.reference() });
        let refused = manager.patch(&format!("/v1/policy-versions/{version}"), "*", body).await.expect(422);
        assert_eq!(refused.faults(), ["/file not_a_file"]);
        let audit = audits::started(&api).await;
        audits::look_at_everything(&api, &audit).await;
        let made = attach(&api, link(&audit, "https://example.org/report", json!(api.now()))).await.expect(201);
        let mut report = audits::report(&api, Role::Management).await;
        report["file"] = json!(made.reference());
        let refused = audits::verb(&api, Role::Auditor, &audit, "report", report).await.expect(422);
        assert_eq!(refused.faults(), ["/file not_a_file"]);
    }
}

/// Its words go as any record's do; a file that it does not have cannot.
#[tokio::test]
async fn its_address_goes_by_law() {
    for database in each() {
        let api = Api::start(database).await;
        let (record, url) = (raise(&api).await, "https://example.org/people/annabel-quimby");
        let made = attach(&api, link(&record, url, json!(api.now()))).await.expect(201);
        let management = api.by(Role::Management).await;
        let content = json!({ "record": made.reference(), "content": true, "reason": "GDPR, article 17" });
        let refused = management.post("/v1/redactions", content).await.expect(422);
        assert_eq!(refused.faults(), ["/content not_applicable"]);
        let hash = json!({ "record": made.reference(), "fields": ["/body/seen_at"], "reason": "GDPR, article 17" });
        assert_eq!(management.post("/v1/redactions", hash).await.expect(422).faults(), ["/fields/0 not_text"]);
        let redaction = super::super::redactions::requested(&api, made.reference(), &["/body/url"]).await;
        let manager = api.by(Role::IsmsManager).await;
        manager.post(&format!("/v1/redactions/{redaction}/approve"), json!({})).await.expect(200);
        let read = manager.get(&format!("/v1/evidence/{}", made.reference())).await.expect(200);
        assert_eq!(read.body["url"], format!("[redacted: {redaction}]"));
        assert!(!format!("{:?}", api.database.rows()).contains("annabel-quimby"));
        let request = manager.request(Method::GET, &format!("/v1/evidence/{}/content", made.reference()));
        assert_eq!(manager.send(request).await.expect(409).reasons(), ["not_a_file"]);
    }
}
