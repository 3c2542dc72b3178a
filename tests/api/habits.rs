//! What is true of every endpoint, shown on one resource.

use super::nonconformities::{raise, report};
use crate::databases::each;
use crate::harness::Api;
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

#[tokio::test]
async fn pages_hold_every_record_once_in_any_order() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        for number in 0..23 {
            let mut body = report();
            body["title"] = json!(format!("Title {}", number % 5));
            if number % 3 == 0 {
                body["due_on"] = json!(format!("2026-12-{:02}", number + 1));
            }
            manager.post("/v1/nonconformities", body).await.expect(201);
        }
        for sort in ["", "title", "-title", "due_on,-reference", "-due_on", "created_at", "-updated_at,title"] {
            let mut seen = Vec::new();
            let mut next = format!("/v1/nonconformities?limit=5&sort={sort}");
            if sort.is_empty() {
                next = "/v1/nonconformities?limit=5".to_owned();
            }
            loop {
                let page = manager.get(&next).await.expect(200);
                let items = page.body["items"].as_array().unwrap();
                seen.extend(items.iter().map(|item| item["reference"].as_str().unwrap().to_owned()));
                let Some(link) = page.headers.get("link") else { break };
                next = link.trim_start_matches('<').split('>').next().unwrap().to_owned();
                assert!(page.body["next_cursor"].is_string());
            }
            assert_eq!(seen.len(), 23, "sorted by {sort:?}");
            assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), 23, "sorted by {sort:?}");
        }
        let titles = manager.get("/v1/nonconformities?sort=title,-reference&limit=200").await.expect(200);
        let sorted: Vec<(String, std::cmp::Reverse<String>)> = titles.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|i| {
                (
                    i["title"].as_str().unwrap().to_owned(),
                    std::cmp::Reverse(i["reference"].as_str().unwrap().to_owned()),
                )
            })
            .collect();
        assert!(sorted.is_sorted());
    }
}

#[tokio::test]
async fn parameters_are_refused_by_name() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        raise(&api).await;
        raise(&api).await;
        let cursor = manager.get("/v1/nonconformities?limit=1").await.body["next_cursor"].as_str().unwrap().to_owned();
        for (query, fault) in [
            ("limit=0".to_owned(), "limit out_of_range"),
            ("limit=-1".into(), "limit out_of_range"),
            ("limit=1000000000".into(), "limit out_of_range"),
            ("limit=abc".into(), "limit malformed"),
            ("limit=1&limit=2".into(), "limit duplicate"),
            ("sort=name;drop".into(), "sort unknown_value"),
            ("sort=organisation_id".into(), "sort unknown_value"),
            ("state=open".into(), "state malformed"),
            ("owner=somebody".into(), "owner malformed"),
            ("expand=password".into(), "expand unknown_value"),
            ("organisation_id=1".into(), "organisation_id unknown_parameter"),
            ("due_before=2024-02-30".into(), "due_before malformed"),
            ("cursor=AAAA".into(), "cursor malformed"),
            (format!("cursor={cursor}&state=closed"), "cursor malformed"),
            (format!("cursor={cursor}x"), "cursor malformed"),
        ] {
            let refused = manager.get(&format!("/v1/nonconformities?{query}")).await.expect(400);
            assert_eq!(refused.faults(), [fault], "{query}");
        }
        manager.get(&format!("/v1/nonconformities?limit=1&cursor={cursor}")).await.expect(200);
        let stranger = api.stranger(Role::IsmsManager).await;
        stranger.get(&format!("/v1/nonconformities?limit=1&cursor={cursor}")).await.expect(400);
    }
}

#[tokio::test]
async fn a_filter_narrows_and_a_name_is_expanded() {
    for database in each() {
        let api = Api::start(database).await;
        let (reference, manager) = (raise(&api).await, api.by(Role::IsmsManager).await);
        raise(&api).await;
        let owner = api.member_id(Role::IsmsManager).await;
        let body = json!({ "grade": "minor", "owner_id": owner });
        manager.post(&format!("/v1/nonconformities/{reference}/confirm"), body).await.expect(200);
        for (query, expected) in [
            ("state=confirmed", 1),
            ("state=reported,confirmed", 2),
            ("owner=me", 1),
            ("grade=major", 0),
            ("requirement=A.8.8", 2),
            ("source=audit", 0),
            ("updated_since=2020-01-01T00:00:00Z", 2),
            ("updated_since=2126-01-01T00:00:00Z", 0),
        ] {
            let listed = manager.get(&format!("/v1/nonconformities?count=true&{query}")).await.expect(200);
            assert_eq!(listed.body["total"], expected, "{query}");
            assert_eq!(listed.body["items"].as_array().unwrap().len(), expected, "{query}");
        }
        let expanded = manager.get(&format!("/v1/nonconformities/{reference}?expand=owner")).await.expect(200);
        assert_eq!(expanded.body["owner"]["name"], "isms_manager of ours");
        let listed = manager.get("/v1/nonconformities?expand=owner&state=confirmed").await.expect(200);
        assert_eq!(listed.body["items"][0]["owner"]["id"], owner);
    }
}

#[tokio::test]
async fn a_retry_gets_the_first_answer() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let send = |key: &str, body: Value| {
            let request = manager.request(Method::POST, "/v1/nonconformities").header("idempotency-key", key);
            manager.send(request.json(&body))
        };
        let first = send("k1", report()).await.expect(201);
        let again = send("k1", report()).await.expect(201);
        assert_eq!(again.text, first.text);
        assert_eq!(again.header("idempotency-replayed"), "true");
        for header in ["location", "etag", "journal-entry", "journal-leaf", "content-type"] {
            assert_eq!(again.header(header), first.header(header), "{header}");
        }
        let mut other = report();
        other["title"] = json!("Another");
        assert_eq!(send("k1", other.clone()).await.expect(422).body["type"], "/problems/idempotency-key-reused");
        send("k2", json!({ "title": "" })).await.expect(422);
        send("k2", report()).await.expect(201);
        for bad in ["", &"k".repeat(256)] {
            send(bad, report()).await.expect(400);
        }
        assert_eq!(manager.get("/v1/nonconformities?count=true").await.body["total"], 2);
        api.wait(chrono::TimeDelta::hours(25));
        let manager = api.by(Role::IsmsManager).await;
        let request = manager.request(Method::POST, "/v1/nonconformities").header("idempotency-key", "k1").json(&other);
        manager.send(request).await.expect(201);
    }
}

#[tokio::test]
async fn every_fault_of_a_body_s_form_is_told_at_once() {
    for database in each() {
        let api = Api::start(database).await;
        let (manager, admin) = (api.by(Role::IsmsManager).await, api.by(Role::Admin).await);
        let mut nothing = manager.post("/v1/nonconformities", json!({})).await.expect(422).faults();
        nothing.sort();
        assert_eq!(
            nothing,
            ["/objective_evidence required", "/source required", "/statement required", "/title required"]
        );
        let body = json!({ "titel": "x", "foo": 1, "title": 5, "source": "gossip" });
        let mut wrong = manager.post("/v1/nonconformities", body).await.expect(422).faults();
        wrong.sort();
        assert_eq!(
            wrong,
            [
                "/foo unknown_field",
                "/objective_evidence required",
                "/source unknown_value",
                "/statement required",
                "/titel unknown_field",
                "/title type",
            ]
        );
        let body = json!({ "name": 1, "email": [], "roles": ["king"], "password": 7 });
        let mut wrong = admin.post("/v1/members", body).await.expect(422).faults();
        wrong.sort();
        assert_eq!(wrong, ["/email type", "/name type", "/password type", "/roles/0 unknown_value"]);
        let indicator = super::indicators::definition(&api.member_id(Role::IsmsManager).await);
        let mut deep = indicator.clone();
        deep["goal"]["warning"] = json!("50");
        let refused = manager.post("/v1/indicators", deep).await.expect(422);
        assert_eq!(refused.faults(), ["/goal/warning type"], "{indicator}");
        assert!(refused.text.contains("must be a number, not a text"), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_filter_that_nothing_can_fit_is_refused() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        for asked in [
            "nonconformities?requirement=A.99.1",
            "findings?requirement=zz",
            "applicabilities?control=A.5.1,zz",
            "tags?label=A%20B",
            "incidents?severity=1,9",
            "risks?level_from=99",
            "weaknesses?level_from=0",
            "journal?action=zz",
            "records/NC-2026-0001/history?after=-1",
            "nonconformities/NC-2026-0001?as_of=2026-09-01T00:00:00Z",
        ] {
            let refused = manager.get(&format!("/v1/{asked}")).await.expect(400);
            let parameter = asked.split(['?', '=']).nth(1).unwrap();
            assert!(refused.faults()[0].starts_with(parameter), "{asked}: {:?}", refused.faults());
        }
        let state = manager.get("/v1/nonconformities?state=foo").await.expect(400);
        assert!(state.text.contains("reported") && state.text.contains("closed"), "{}", state.text);
        let unknown = manager.get("/v1/nonconformities?foo=1").await.expect(400);
        assert!(unknown.text.contains("expand") && unknown.text.contains("due_before"), "{}", unknown.text);
    }
}

/// All of them at once.
pub async fn together<T>(futures: impl Iterator<Item = impl Future<Output = T>>) -> Vec<T> {
    let mut waiting: Vec<_> = futures.map(Box::pin).collect();
    let mut done = Vec::new();
    std::future::poll_fn(|context| {
        waiting.retain_mut(|future| match future.as_mut().poll(context) {
            std::task::Poll::Ready(answer) => {
                done.push(answer);
                false
            }
            std::task::Poll::Pending => true,
        });
        if waiting.is_empty() { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
    })
    .await;
    done
}

#[tokio::test]
async fn a_dry_run_answers_and_keeps_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let would = manager.post("/v1/nonconformities?dry_run=true", report()).await.expect(200);
        assert_eq!(would.reference(), "NC-2026-0001");
        assert_eq!(would.header("journal-entry"), "");
        manager.post("/v1/nonconformities?dry_run=true", json!({})).await.expect(422);
        let keyed = |key: &str, path: &str, title: &str| {
            let mut body = report();
            body["title"] = json!(title);
            manager.send(manager.request(Method::POST, path).header("idempotency-key", key).json(&body))
        };
        for bad in ["", &"k".repeat(256)] {
            keyed(bad, "/v1/nonconformities?dry_run=true", "One").await.expect(400);
        }
        keyed("tried", "/v1/nonconformities?dry_run=true", "One").await.expect(200);
        keyed("tried", "/v1/nonconformities?dry_run=true", "Two").await.expect(200);
        assert_eq!(manager.get("/v1/nonconformities?count=true").await.body["total"], 0);
        assert_eq!(keyed("done", "/v1/nonconformities", "One").await.expect(201).reference(), "NC-2026-0001");
        keyed("done", "/v1/nonconformities?dry_run=true", "One").await.expect(200);
        let reused = keyed("done", "/v1/nonconformities?dry_run=true", "Two").await.expect(422);
        assert_eq!(reused.body["type"], "/problems/idempotency-key-reused", "the very problem");
    }
}

#[tokio::test]
async fn what_is_known_is_not_sent_again() {
    for database in each() {
        let api = Api::start(database).await;
        let (reference, manager) = (raise(&api).await, api.by(Role::IsmsManager).await);
        let path = format!("/v1/nonconformities/{reference}");
        let etag = manager.get(&path).await.header("etag").to_owned();
        let again = manager.request(Method::GET, &path).header("if-none-match", &etag);
        let again = manager.send(again).await.expect(304);
        assert_eq!((again.text.as_str(), again.header("etag")), ("", etag.as_str()));
        let patch = manager.request(Method::PATCH, &path).header("content-type", "application/merge-patch+json");
        manager.send(patch.body("{}")).await.expect(428);
    }
}

#[tokio::test]
async fn bodies_are_read_strictly() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let good = report().to_string();
        let nested = "[".repeat(100_000);
        let many = format!("{{{}}}", (0..50_000).map(|n| format!("\"k{n}\":1")).collect::<Vec<_>>().join(","));
        let cases: Vec<(&str, Vec<u8>, u16)> = vec![
            ("application/json", b"".to_vec(), 400),
            ("application/json", b"{".to_vec(), 400),
            ("application/json", nested.into_bytes(), 400),
            ("application/json", many.into_bytes(), 422),
            ("application/json", good.replace("\"source\"", "\"title\":\"x\",\"source\"").into_bytes(), 400),
            ("application/json", good.replace("late", "\\u0000").into_bytes(), 422),
            ("application/json", good.replace("late", "\\ud800").into_bytes(), 400),
            ("application/json", good.replace("late", "\u{202e}").into_bytes(), 422),
            ("application/json", [good.as_bytes(), &[0xc0, 0xaf]].concat(), 400),
            ("application/json", [&[0xef, 0xbb, 0xbf], good.as_bytes()].concat(), 400),
            ("application/json", good.replace("}", ",\"due_on\":\"2024-02-30\"}").into_bytes(), 422),
            ("application/json", vec![b' '; (1 << 20) + 1], 413),
            ("text/plain", good.clone().into_bytes(), 415),
            ("application/x-www-form-urlencoded", b"title=a".to_vec(), 415),
            ("", good.clone().into_bytes(), 415),
            ("application/json; charset=utf-8", good.clone().into_bytes(), 201),
        ];
        for (content_type, body, status) in cases {
            let shown = String::from_utf8_lossy(&body[..body.len().min(60)]).into_owned();
            let mut request = manager.request(Method::POST, "/v1/nonconformities").body(body);
            if !content_type.is_empty() {
                request = request.header("content-type", content_type);
            }
            let answer = manager.send(request).await;
            assert_eq!(answer.status, status, "{content_type} {shown}: {}", answer.text);
            if status >= 400 {
                assert_eq!(answer.header("content-type"), "application/problem+json");
                assert_eq!(answer.body["instance"], answer.header("x-request-id"));
            }
        }
        assert_eq!(manager.get("/v1/nonconformities?count=true").await.body["total"], 1);
    }
}

#[tokio::test]
async fn refusals_come_in_order() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = raise(&api).await;
        let path = format!("/v1/nonconformities/{reference}/close");
        let bad = json!({ "nonsense": true });
        api.anonymous().post(&path, bad.clone()).await.expect(401);
        // Nor does a token that was good tell anything more, when it must be looked up again.
        let [ended, _] = api.log_in(Role::IsmsManager).await;
        let ended = api.with_token(&ended);
        ended.post("/v1/auth/logout", json!({})).await.expect(204);
        for asked in ["/v1/nonconformities?nonsense=1", "/v1/nonconformities/nonsense", "/v1/me?nonsense=1"] {
            ended.get(asked).await.expect(401);
        }
        let mut unseen = api.stranger(Role::IsmsManager).await.post(&path, bad.clone()).await.expect(404);
        let random = format!("/v1/nonconformities/{}/close", uuid::Uuid::new_v4());
        let mut none = api.by(Role::IsmsManager).await.post(&random, bad.clone()).await.expect(404);
        unseen.body["instance"] = Value::Null;
        none.body["instance"] = Value::Null;
        assert_eq!(unseen.body, none.body);
        api.by(Role::Auditor).await.post(&path, bad.clone()).await.expect(403);
        let manager = api.by(Role::IsmsManager).await;
        let stale = manager.request(Method::POST, &path).header("if-match", "\"9\"").json(&bad);
        manager.send(stale).await.expect(412);
        let state = manager.post(&path, bad.clone()).await.expect(409);
        assert_eq!(state.reasons(), ["wrong_state"]);
        let owner = json!({ "nonsense": true });
        manager.post(&path.replace("close", "confirm"), owner).await.expect(422);
    }
}

#[tokio::test]
async fn whoever_made_it_and_what_it_is_about_can_be_written_out() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = raise(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let made = manager.get(&format!("/v1/nonconformities/{reference}?expand=created_by_member")).await.expect(200);
        assert_eq!(made.body["created_by_member"]["name"], "member of ours");
        assert_eq!(made.body["created_by_member"]["id"], made.body["created_by"]);
        let plain = manager.get(&format!("/v1/nonconformities/{reference}")).await.expect(200);
        assert!(plain.body.get("created_by_member").is_none());
        let signal = super::signals::raised(&api).await;
        let expand = "expand=indicator,case,owner,created_by_member";
        let shown = manager.get(&format!("/v1/signals/{signal}?{expand}")).await.expect(200);
        assert_eq!(shown.body["indicator"]["id"], shown.body["indicator_id"]);
        assert!(shown.body["indicator"]["title"].is_string(), "{}", shown.text);
        assert_eq!((&shown.body["created_by"], &shown.body["created_by_member"]), (&Value::Null, &Value::Null));
        let finding = super::findings::noted(&api).await;
        let listed = manager.get("/v1/findings?expand=audit,process").await.expect(200);
        let listed = listed.body["items"].as_array().unwrap().iter().find(|one| one["reference"] == *finding).unwrap();
        assert_eq!(listed["audit"]["id"], listed["audit_id"]);
        assert_eq!((&listed["process_id"], &listed["process"]), (&Value::Null, &Value::Null));
        let (policy, _) = super::policy_versions::published(&api, json!({})).await;
        let versions = manager.get("/v1/policy-versions?expand=policy,former").await.expect(200);
        assert_eq!(versions.body["items"][0]["policy"]["reference"], policy);
        manager.get("/v1/policy-versions?expand=owner").await.expect(400);
    }
}
