//! When a key was used last, and from where it may be.

use crate::databases::each;
use crate::harness::{Answer, Api, Caller};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_http::app::Settings;
use reqwest::Method;
use serde_json::{Value, json};

/// A key's address, and its token.
async fn issued(api: &Api, networks: &[&str]) -> (String, String) {
    let body = json!({ "name": "Feed", "scopes": ["records:read"], "networks": networks });
    let issued = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201);
    assert_eq!((&issued.body["networks"], &issued.body["last_used_at"]), (&json!(networks), &Value::Null));
    (format!("/v1/api-keys/{}", issued.reference()), issued.body["token"].as_str().unwrap().to_owned())
}

/// The version, without the hash of what is derived.
fn version_of(answer: &Answer) -> String {
    answer.header("etag").split('-').next().unwrap().to_owned()
}

#[tokio::test]
async fn its_last_use_is_noted_and_is_no_write() {
    for database in each() {
        let api = Api::start(database).await;
        let (path, token) = issued(&api, &[]).await;
        let (_, unused) = issued(&api, &[]).await;
        let before = api.by(Role::Admin).await.get(&path).await.expect(200);
        api.with_token(&token).get("/v1/nonconformities").await.expect(200);
        api.with_token(&unused.replace(unused.rsplit('_').next().unwrap(), &"0".repeat(64)))
            .get("/v1/nonconformities")
            .await
            .expect(401);
        assert_eq!(
            api.by(Role::Admin).await.get(&path).await.body["last_used_at"],
            Value::Null,
            "gathered, not written"
        );
        let rows = api.database.rows();
        assert_eq!(api.note_key_uses().await, 1);
        let first = api.by(Role::Admin).await.get(&path).await.expect(200);
        let at =
            |answer: &Answer| answer.body["last_used_at"].as_str().unwrap().parse::<chrono::DateTime<_>>().unwrap();
        assert_eq!(at(&first), api.now());
        assert_eq!(version_of(&first), version_of(&before));
        assert_ne!(first.header("etag"), before.header("etag"), "it says something else");
        let changed: Vec<String> = api
            .database
            .rows()
            .into_iter()
            .filter(|(table, now)| rows[table] != *now)
            .map(|(table, _)| table)
            .collect();
        assert_eq!(changed, ["api_key_uses"], "neither the key nor the journal");

        api.wait(TimeDelta::seconds(90));
        assert_eq!(api.note_key_uses().await, 0, "not used since");
        api.with_token(&token).get("/v1/nonconformities").await.expect(200);
        assert_eq!(api.note_key_uses().await, 1);
        let admin = api.by(Role::Admin).await;
        let listed = admin.get("/v1/api-keys?sort=created_at").await.expect(200);
        let items = listed.body["items"].as_array().unwrap();
        let second = admin.get(&path).await.expect(200);
        assert_eq!(items[0]["last_used_at"], second.body["last_used_at"]);
        assert_eq!((at(&second), &items[1]["last_used_at"]), (api.now(), &Value::Null));

        // Another server's clock is behind.
        api.wait(TimeDelta::seconds(-60));
        api.with_token(&token).get("/v1/nonconformities").await.expect(200);
        api.note_key_uses().await;
        let admin = api.by(Role::Admin).await;
        assert_eq!(at(&admin.get(&path).await.expect(200)), at(&second), "what is later stays");
        let revoked = admin.post(&format!("{path}/revoke"), json!({})).await.expect(200);
        assert_eq!(at(&revoked), at(&second));
        let then = admin.get(&format!("{path}?as_of={}", api.now().to_rfc3339().replace('+', "%2B"))).await.expect(200);
        assert_eq!(then.body["last_used_at"], Value::Null, "no version says it");
    }
}

async fn asked(caller: &Caller<'_>, from: &str) -> Answer {
    caller.send(caller.request(Method::GET, "/v1/nonconformities").header("x-forwarded-for", from)).await
}

#[tokio::test]
async fn it_opens_nothing_from_elsewhere() {
    for database in each() {
        let trusted_proxies = vec!["127.0.0.1".parse().unwrap()];
        let api = Api::start_with(database, Settings { trusted_proxies, ..Settings::default() }).await;
        let (path, token) = issued(&api, &["203.0.113.0/24", "2001:db8:42::/48"]).await;
        let machine = api.with_token(&token);
        let unknown =
            asked(&api.with_token(&format!("rk_{}_{}", "0".repeat(32), "0".repeat(64))), "198.51.100.7").await;
        let unknown = unknown.expect(401).told();
        for from in ["198.51.100.7", "2001:db8:43::1", "203.0.113.9, 198.51.100.7"] {
            assert_eq!(asked(&machine, from).await.told(), unknown, "{from}");
        }
        assert_eq!(machine.get("/v1/nonconformities").await.told(), unknown, "the proxy itself");
        assert_eq!(api.note_key_uses().await, 0, "it was not used");
        for from in
            ["203.0.113.9", "::ffff:203.0.113.10", "2001:db8:42::1", "203.0.113.9:4711", "[2001:db8:42::1]:4711"]
        {
            asked(&machine, from).await.expect(200);
            // Whoever was let in a moment ago was so from there.
            assert_eq!(asked(&machine, "198.51.100.7").await.told(), unknown, "after {from}");
        }
        let read = api.by(Role::Admin).await.get(&path).await.expect(200);
        assert_eq!(read.body["networks"], json!(["203.0.113.0/24", "2001:db8:42::/48"]));
        // What cannot be read is not taken for the proxy.
        let (_, near) = issued(&api, &["127.0.0.0/8"]).await;
        assert_eq!(asked(&api.with_token(&near), "unknown").await.status, 401);
        let (_, anywhere) = issued(&api, &[]).await;
        asked(&api.with_token(&anywhere), "198.51.100.7").await.expect(200);
        let body = json!({ "name": "Feed", "scopes": ["records:read"], "networks": ["203.0.113.7/24", "here"] });
        let refused = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(422);
        assert_eq!(refused.faults(), ["/networks/0 host_bits", "/networks/1 malformed"]);
    }
}
