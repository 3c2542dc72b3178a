//! What every answer carries, to whoever asks from wherever. The harness holds every answer of the suite to most of it.

use super::contract::{nowhere, operations};
use crate::databases::migrated_sqlite;
use crate::harness::{Api, Caller};
use ratchet_domain::access::Role;
use ratchet_http::app::Settings;
use reqwest::Method;

const FRIEND: &str = "https://isms.example.org";

async fn start(settings: Settings) -> Api {
    let database = migrated_sqlite();
    Api::start_with(database, settings).await
}

/// A request from a browser's page, and the preflight before it.
async fn asked_from(caller: &Caller<'_>, origin: &str, method: Method, path: &str) -> [crate::harness::Answer; 2] {
    let preflight = caller
        .request(Method::OPTIONS, path)
        .header("origin", origin)
        .header("access-control-request-method", method.as_str())
        .header("access-control-request-headers", "authorization,content-type,if-match,idempotency-key,on-behalf-of");
    let preflight = caller.send(preflight).await;
    [preflight, caller.send(caller.request(method, path).header("origin", origin)).await]
}

#[tokio::test]
async fn no_foreign_page_reads_an_answer() {
    let evil = [
        "null",
        "https://evil.example",
        "https://isms.example.org.evil.example",
        "https://evil-isms.example.org",
        "https://isms.example.org:8443",
        "http://isms.example.org",
        "https://ISMS.example.org.",
        "https://isms.example.org@evil.example",
        "https://isms.example.or",
        "file://",
    ];
    for cors_origins in [Vec::new(), vec![FRIEND.to_owned()]] {
        let api = start(Settings { cors_origins, requests_per_minute: 1_000_000, ..Settings::default() }).await;
        let manager = api.by(Role::IsmsManager).await;
        for origin in evil {
            for (method, path, _) in operations().into_iter().filter(|(_, path, _)| path != "/v1/auth/logout") {
                for answer in asked_from(&manager, origin, method.clone(), &nowhere(&path)).await {
                    for (name, value) in &answer.headers {
                        assert!(!name.starts_with("access-control-allow"), "{origin} {method} {path}: {name} {value}");
                    }
                }
            }
        }
    }
}

#[tokio::test]
async fn a_configured_page_reads_answers_without_anybody_s_cookies() {
    let cors_origins = vec![FRIEND.to_owned()];
    let api = start(Settings { cors_origins, requests_per_minute: 1_000_000, ..Settings::default() }).await;
    let manager = api.by(Role::IsmsManager).await;
    for (method, path, _) in operations().into_iter().filter(|(_, path, _)| path != "/v1/auth/logout") {
        for answer in asked_from(&manager, FRIEND, method.clone(), &nowhere(&path)).await {
            let what = format!("{method} {path}: {} {}", answer.status, answer.text);
            assert_eq!(answer.header("access-control-allow-origin"), FRIEND, "{what}");
            assert!(answer.header("access-control-allow-credentials").is_empty(), "{what}");
            assert!(answer.header("vary").to_lowercase().contains("origin"), "{what}");
        }
    }
}

/// TLS belongs to the proxy; where clients see the server behind it, they are told to stay there.
#[tokio::test]
async fn behind_tls_clients_are_told_to_stay_there() {
    for (public_url, expected) in [("https://ratchet.example", "max-age=31536000"), ("http://127.0.0.1:8080", "")] {
        let api = start(Settings { public_url: public_url.to_owned(), ..Settings::default() }).await;
        let manager = api.by(Role::IsmsManager).await;
        for path in ["/v1/me", "/v1/nowhere", "/healthz", "/docs/", "/openapi.json", "/v1/members/x"] {
            assert_eq!(manager.get(path).await.header("strict-transport-security"), expected, "{path}");
        }
    }
}

/// What asks whether somebody is there asks with `HEAD`, and what asks what can be asked with `OPTIONS` (RFC 9110, sections
/// 9.3.2 and 9.3.7).
#[tokio::test]
async fn head_is_get_without_a_body_and_options_names_the_methods() {
    let api = start(Settings { requests_per_minute: 1_000_000, ..Settings::default() }).await;
    let manager = api.by(Role::IsmsManager).await;
    for (method, path, _) in operations() {
        let path = nowhere(&path);
        let options = manager.send(manager.request(Method::OPTIONS, &path)).await.expect(204);
        let allowed: Vec<&str> = options.header("allow").split(", ").collect();
        assert!(allowed.contains(&method.as_str()) && allowed.contains(&"OPTIONS"), "{method} {path}: {allowed:?}");
        if method != Method::GET {
            continue;
        }
        assert!(allowed.contains(&"HEAD"), "{path}: {allowed:?}");
        // Figures move between two looks.
        let sized =
            ["etag", "content-type", "allow"].into_iter().chain((path != "/metrics").then_some("content-length"));
        let got = manager.get(&path).await;
        let head = manager.send(manager.request(Method::HEAD, &path)).await;
        assert_eq!((head.status, head.text.as_str()), (got.status, ""), "{path}");
        for name in sized.filter(|_| got.status < 400) {
            assert_eq!(head.header(name), got.header(name), "{path}: {name}");
        }
    }
    api.anonymous().send(api.anonymous().request(Method::HEAD, "/healthz")).await.expect(200);
    let figures = api.anonymous().get("/metrics").await.expect(200).text;
    assert!(figures.contains("method=\"HEAD\""), "{figures}");
}

/// Every method on every path: what is not documented is refused, and that refusal is dressed like any answer.
#[tokio::test]
async fn what_is_no_operation_is_refused_in_the_same_dress() {
    let api = start(Settings { requests_per_minute: 1_000_000, ..Settings::default() }).await;
    let manager = api.by(Role::IsmsManager).await;
    let documented = operations();
    let paths: std::collections::BTreeSet<&String> = documented.iter().map(|(_, path, _)| path).collect();
    for path in paths {
        for name in ["TRACE", "PROPFIND", "get"] {
            let method = Method::from_bytes(name.as_bytes()).unwrap();
            let answer = manager.send(manager.request(method, &nowhere(path))).await;
            assert_eq!(answer.status, 405, "{name} {path}: {}", answer.text);
            assert!(!answer.header("allow").is_empty());
        }
    }
    for path in
        ["/", "/v1", "/admin", "/.env", "/.git/config", "/v1/../healthz", "/docs/../../etc/passwd", "/docs/nothing.js"]
    {
        let answer = manager.get(path).await;
        assert!([200, 404].contains(&answer.status), "{path}: {}", answer.text);
    }
    // Figures name methods and routes that there are, never what somebody made up.
    let figures = api.anonymous().get("/metrics").await.expect(200).text;
    assert!(figures.contains("method=\"other\""), "{figures}");
    for made_up in ["PROPFIND", "\"get\"", "NC-2026", "passwd", ".env"] {
        assert!(!figures.contains(made_up), "{made_up}");
    }
}
