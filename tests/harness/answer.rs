//! What came back, and what every answer is held to.

use reqwest::Method;
use serde_json::Value;
use std::collections::HashMap;
use std::io::Read;

/// Whether failures are told there in the form of a protocol of others; the contract says in which.
pub fn speaks_its_own(path: &str) -> bool {
    path.starts_with("/v1/ingest/otlp/")
        || path.starts_with("/v1/ingest/prometheus/")
        || path.starts_with("/v1/ingest/influx/")
        || path.starts_with("/v1/scim/v2/")
}

/// What came back.
#[derive(Debug, Clone)]
pub struct Answer {
    pub status: u16,
    pub headers: HashMap<String, String>,
    /// Of an archive what its members say, but for the journal: that is looked at where it is answered by itself.
    pub text: String,
    pub body: Value,
    pub bytes: Vec<u8>,
}

impl Answer {
    /// Put together of what came over the wire.
    pub fn new(status: u16, headers: HashMap<String, String>, bytes: Vec<u8>) -> Self {
        let body = serde_json::from_slice(&bytes).unwrap_or(Value::Null);
        let mut answer = Self { status, headers, text: String::new(), body, bytes };
        answer.text = if status == 200 && answer.header("content-type") == "application/zip" {
            let members = answer.members().into_iter().filter(|(path, _)| path != "journal.ndjson");
            members.map(|(path, content)| format!("{path}\n{}\n", String::from_utf8_lossy(&content))).collect()
        } else {
            String::from_utf8_lossy(&answer.bytes).into_owned()
        };
        answer
    }

    /// The members of an archive in their order.
    pub fn members(&self) -> Vec<(String, Vec<u8>)> {
        let mut archive = zip::ZipArchive::new(std::io::Cursor::new(&self.bytes)).unwrap();
        let count = archive.len();
        let mut member = |index: usize| {
            let mut file = archive.by_index(index).unwrap();
            let mut content = Vec::new();
            file.read_to_end(&mut content).unwrap();
            (file.name().unwrap().into_owned(), content)
        };
        (0..count).map(&mut member).collect()
    }

    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.text);
        self
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", String::as_str)
    }

    pub fn reference(&self) -> &str {
        self.body["reference"].as_str().unwrap()
    }

    /// What every answer is held to, whatever the test that asked was about.
    pub(super) fn is_as_the_house_answers(&self, method: &Method, path: &str) {
        let (status, what) = (self.status, format!("{method} {path}: {} {}", self.status, self.text));
        assert_eq!(self.header("x-content-type-options"), "nosniff", "{what}");
        assert_eq!(self.header("referrer-policy"), "no-referrer", "{what}");
        assert!(self.header("content-security-policy").contains("default-src '"), "{what}");
        assert!(!self.header("x-request-id").is_empty(), "{what}");
        assert!(self.header("server").is_empty() && self.header("x-powered-by").is_empty(), "{what}");
        let public = ["/openapi.json", "/asyncapi.json", "/.well-known/", "/problems/", "/docs", "/v1/catalogue/"];
        let is_public = path == "/v1" || public.iter().any(|open| path.starts_with(open));
        let may_be_kept = status == 200 && is_public;
        assert!(may_be_kept || self.header("cache-control") == "no-store", "{what}");
        if status < 400 {
            return;
        }
        let is_problem = self.header("content-type") == "application/problem+json";
        assert!(is_problem || speaks_its_own(path), "{what}");
        if *method == Method::HEAD {
            return;
        }
        if is_problem {
            assert_eq!(self.body["status"], status, "{what}");
            assert_eq!(self.body["instance"], self.header("x-request-id"), "{what}");
        }
        assert!(!self.text.is_empty(), "{what}");
        let lower = self.text.to_lowercase();
        for inner in ["diesel", "sqlite", "postgres", "panicked", ".rs:", "select ", "ratchet_", "serde"] {
            assert!(!lower.contains(inner), "{inner} in {what}");
        }
    }

    /// What must not differ between two answers that tell nothing: all but the request's own marks, and what depends on
    /// the thread that answered and on how much of a body had come in by then.
    pub fn told(&self) -> (u16, Vec<(String, String)>, Value) {
        let own =
            ["x-request-id", "date", "ratelimit", "content-length", "connection", "access-control-expose-headers"];
        let mut headers: Vec<_> =
            self.headers.clone().into_iter().filter(|(name, _)| !own.contains(&&**name)).collect();
        headers.sort();
        let mut body = if self.body.is_null() { Value::from(self.text.as_str()) } else { self.body.clone() };
        if self.status >= 400 && body.is_object() {
            body["instance"] = Value::Null;
        }
        (self.status, headers, body)
    }

    /// `pointer code` of each fault.
    pub fn faults(&self) -> Vec<String> {
        let faults = self.body["errors"].as_array().cloned().unwrap_or_default();
        faults.iter().map(|f| format!("{} {}", f["pointer"].as_str().unwrap(), f["code"].as_str().unwrap())).collect()
    }

    /// The code of each reason.
    pub fn reasons(&self) -> Vec<&str> {
        self.body["reasons"].as_array().into_iter().flatten().map(|r| r["code"].as_str().unwrap()).collect()
    }
}
