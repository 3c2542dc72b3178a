//! For whoever runs the server, and for what stands between it and its clients: figures, limits, compression, browsers.

use super::contract::operations;
use super::nonconformities::raise;
use crate::databases::each;
use crate::harness::Api;
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::Role;
use ratchet_http::app::Settings;
use reqwest::Method;
use std::collections::BTreeSet;

#[tokio::test]
async fn figures_name_routes_and_nobody() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = raise(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        manager.get(&format!("/v1/nonconformities/{reference}")).await.expect(200);
        manager.get("/v1/nonconformities/nonsense").await.expect(404);
        manager.get("/v1/no/such/route").await.expect(404);
        let figures = api.anonymous().get("/metrics").await.expect(200);
        assert!(figures.header("content-type").starts_with("application/openmetrics-text"));
        let line = |status: u16| {
            format!(
                "ratchet_http_requests_total{{method=\"GET\",route=\"/v1/nonconformities/{{id}}\",status=\"{status}\"}} 1"
            )
        };
        for line in [line(200), line(404)] {
            assert!(figures.text.contains(&line), "{line}: {}", figures.text);
        }
        assert!(figures.text.contains("ratchet_http_request_duration_seconds_bucket"));
        for secret in [reference.as_str(), "nonsense", "such", "example", manager.token()] {
            assert!(!figures.text.contains(secret), "{secret}");
        }
        assert!(figures.text.ends_with("# EOF\n"));
    }
}

#[tokio::test]
async fn alive_ready_and_its_keys_without_credentials() {
    for database in each() {
        let api = Api::start(database).await;
        for path in ["/healthz", "/readyz"] {
            assert_eq!(api.anonymous().get(path).await.expect(200).body["status"], "ok");
            api.anonymous().get(&format!("{path}?verbose=1")).await.expect(400);
        }
        let keys = api.anonymous().get("/.well-known/jwks.json").await.expect(200);
        assert_eq!(keys.body["keys"][0]["kty"], "OKP");
        assert!(keys.body["keys"][0].get("d").is_none(), "the private half");
        assert_eq!(keys.header("cache-control"), "public, max-age=300");
    }
}

/// Whoever knows the address alone finds every operation, once.
#[tokio::test]
async fn each_resource_is_listed_with_its_operations() {
    for database in each() {
        let api = Api::start(database).await;
        let listed = api.anonymous().get("/v1").await.expect(200);
        assert_eq!(listed.header("cache-control"), "public, max-age=300");
        let mut told = BTreeSet::new();
        for resource in listed.body["items"].as_array().unwrap() {
            let href = resource["href"].as_str().unwrap();
            assert_eq!(href, format!("/v1/{}", resource["stem"].as_str().unwrap()));
            assert!(!resource["summary"].as_str().unwrap().is_empty(), "{href} says nothing");
            for operation in resource["operations"].as_array().unwrap() {
                assert!(told.insert((href.to_owned(), operation.as_str().unwrap().to_owned())), "{href} {operation}");
            }
        }
        let documented = operations().into_iter().filter_map(|(_, path, operation)| {
            let stem = path.strip_prefix("/v1/")?.split('/').next()?.to_owned();
            Some((format!("/v1/{stem}"), operation["operationId"].as_str()?.to_owned()))
        });
        assert_eq!(told, documented.collect());
        for member in ["contract", "documentation"] {
            api.anonymous().get(listed.body[member].as_str().unwrap()).await.expect(200);
        }
        api.anonymous().get("/v1?all=true").await.expect(400);
        api.anonymous().get("/v1/").await.expect(404);
    }
}

#[tokio::test]
async fn where_nobody_is_to_be_told_nobody_is_named() {
    for database in each() {
        let api = Api::start(database).await;
        api.anonymous().get("/.well-known/security.txt").await.expect(404);
    }
}

#[tokio::test]
async fn whoever_finds_a_weakness_is_told_whom_to_tell() {
    for database in each() {
        let contacts = ["https://isms.example.org/report", "mailto:isms@example.org"].map(str::to_owned).to_vec();
        let api = Api::start_with(database, Settings { security_contacts: contacts, ..Settings::default() }).await;
        let path = "/.well-known/security.txt";
        let told = api.anonymous().get(path).await.expect(200);
        assert_eq!(told.header("content-type"), "text/plain; charset=utf-8");
        let lines: Vec<&str> = told.text.lines().collect();
        assert_eq!(lines[..2], ["Contact: https://isms.example.org/report", "Contact: mailto:isms@example.org"]);
        let expires: DateTime<Utc> = lines[2].strip_prefix("Expires: ").unwrap().parse().unwrap();
        let left = expires - api.now();
        assert!(left > TimeDelta::days(80) && left < TimeDelta::days(365), "{left}");
        assert_eq!(lines.len(), 3, "no address that is not https is its own");
        api.anonymous().get(&format!("{path}?lang=en")).await.expect(400);
    }
}

#[tokio::test]
async fn each_answer_says_what_is_left_and_the_last_one_when_to_come_again() {
    for database in each() {
        let settings = Settings { requests_per_minute: 5, ..Settings::default() };
        let api = Api::start_with(database, settings).await;
        let auditor = api.by(Role::Auditor).await;
        for left in (0..5).rev() {
            let answer = auditor.get("/v1/me").await.expect(200);
            assert_eq!(answer.header("ratelimit-policy"), "\"caller\";q=5;w=60");
            assert_eq!(answer.header("ratelimit"), format!("\"caller\";r={left};t=60"));
        }
        let refused = auditor.get("/v1/me").await.expect(429);
        let wait: u64 = refused.header("retry-after").parse().unwrap();
        assert!((1..=60).contains(&wait), "{wait}");
        assert_eq!(refused.body["type"], "/problems/too-many-requests");
        // Nobody else is.
        api.by(Role::Member).await.get("/v1/me").await.expect(200);
    }
}

#[tokio::test]
async fn answers_are_compressed_for_who_can_read_it() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let plain = auditor.get("/v1/catalogue/clauses").await.expect(200);
        assert_eq!(plain.header("content-encoding"), "");
        for encoding in ["gzip", "zstd"] {
            let request = auditor.request(Method::GET, "/v1/catalogue/clauses").header("accept-encoding", encoding);
            let response = request.send().await.unwrap();
            assert_eq!(response.headers()["content-encoding"], encoding);
            let mut vary =
                response.headers().get_all("vary").iter().map(|value| value.to_str().unwrap().to_lowercase());
            assert!(vary.any(|names| names.contains("accept-encoding")));
            let sent = response.bytes().await.unwrap();
            assert!(sent.len() * 2 < plain.text.len(), "{} of {}", sent.len(), plain.text.len());
            let read = match encoding {
                "gzip" => std::io::read_to_string(flate2::read::GzDecoder::new(&sent[..])).unwrap(),
                _ => String::from_utf8(zstd::decode_all(&sent[..]).unwrap()).unwrap(),
            };
            assert_eq!(read, plain.text);
        }
    }
}

#[tokio::test]
async fn a_browser_is_let_in_from_configured_origins_alone() {
    const OURS: &str = "https://isms.example";
    for database in each() {
        let settings = Settings { cors_origins: vec![OURS.to_owned()], ..Settings::default() };
        let api = Api::start_with(database, settings).await;
        let auditor = api.by(Role::Auditor).await;
        let preflight = |origin: &'static str, method: &'static str| {
            let request = api.anonymous().request(Method::OPTIONS, "/v1/nonconformities/NC-2026-0001");
            let request = request.header("origin", origin).header("access-control-request-method", method);
            let headers = "authorization,content-type,if-match,idempotency-key";
            let caller = api.anonymous();
            async move { caller.send(request.header("access-control-request-headers", headers)).await }
        };
        for method in ["GET", "POST", "PATCH"] {
            let allowed = preflight(OURS, method).await.expect(200);
            assert_eq!(allowed.header("access-control-allow-origin"), OURS);
            assert!(allowed.header("access-control-allow-methods").contains(method));
            let headers = allowed.header("access-control-allow-headers").to_lowercase();
            for header in ["authorization", "content-type", "if-match", "if-none-match", "idempotency-key"] {
                assert!(headers.contains(header), "{headers}");
            }
            assert_eq!(allowed.header("access-control-allow-credentials"), "");
        }
        for origin in [
            "https://evil.example",
            "null",
            "https://isms.example.evil.example",
            "http://isms.example",
            "https://x.isms.example",
        ] {
            let refused = preflight(origin, "GET").await;
            assert_eq!(refused.header("access-control-allow-origin"), "", "{origin}");
            assert!(refused.status >= 400, "{origin}: {}", refused.status);
            let request = auditor.request(Method::GET, "/v1/me").header("origin", origin);
            assert_eq!(auditor.send(request).await.header("access-control-allow-origin"), "", "{origin}");
        }
        let request = auditor.request(Method::GET, "/v1/me").header("origin", OURS);
        let answer = auditor.send(request).await.expect(200);
        assert_eq!(answer.header("access-control-allow-origin"), OURS);
        let exposed = answer.header("access-control-expose-headers").to_lowercase();
        for header in ["etag", "link", "location", "retry-after", "journal-entry", "journal-leaf", "x-request-id"] {
            assert!(exposed.contains(header), "{exposed}");
        }
    }
}

#[tokio::test]
async fn the_rules_are_published_as_data() {
    for database in each() {
        let api = Api::start(database).await;
        let member = api.by(Role::Member).await;
        let list = |answer: crate::harness::Answer| answer.expect(200).body["items"].as_array().unwrap().clone();
        let clauses = member.get("/v1/catalogue/clauses").await;
        assert_eq!(clauses.header("cache-control"), "private, max-age=3600");
        let clauses = list(clauses);
        let numbers: Vec<&str> = clauses.iter().map(|clause| clause["number"].as_str().unwrap()).collect();
        assert_eq!(numbers.iter().filter(|number| number.starts_with("A.")).count(), 93);
        for number in ["4.1", "5.2", "6.1.2", "7.5.3", "8.1", "9.2.2", "9.3.3", "10.1", "10.2", "A.5.1", "A.8.34"] {
            assert!(numbers.contains(&number), "{number}");
        }
        let cells = list(member.get("/v1/catalogue/permissions").await);
        let named = |name: &str| {
            cells.iter().map(|cell| cell[name].as_str().unwrap().to_owned()).collect::<std::collections::BTreeSet<_>>()
        };
        let (roles, permissions) = (named("role"), named("permission"));
        assert_eq!((roles.len(), cells.len()), (6, 6 * permissions.len()), "one cell for each role and permission");
        assert!(list(member.get("/v1/catalogue/lifecycles").await).len() >= 12);
    }
}
