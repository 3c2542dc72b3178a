//! Webhook endpoints: what may be said of them, what is sent to them, and what is not. Whether it arrives is tried with the
//! program itself (`faults/webhooks.rs`).

mod sending;

use super::nonconformities::{raise, report};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::Role;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::webhook_endpoints::{KEPT, Reach, WebhookEndpoint};
use ratchet_http::app::Settings;
use ratchet_http::webhooks::{LONGEST, message};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::journal::reading::{self, EntryFilter};
use ratchet_persistence::restrictions;
use ratchet_persistence::table::Table;
use ratchet_persistence::webhook_endpoints::secrets;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const PATH: &str = "/v1/webhook-endpoints";

fn body(more: Value) -> Value {
    let mut body = json!({
        "url": "https://192.0.2.10/ratchet", "description": "The security team's chat", "events": ["nonconformity.*"],
    });
    more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
    body
}

async fn register(api: &Api, more: Value) -> Answer {
    api.by(Role::Admin).await.post(PATH, body(more)).await
}

/// One of an admin's; its reference.
pub async fn registered(api: &Api, more: Value) -> String {
    register(api, more).await.expect(201).reference().to_owned()
}

async fn act(api: &Api, endpoint: &str, verb: &str, body: Value) -> Answer {
    api.by(Role::Admin).await.post(&format!("{PATH}/{endpoint}/{verb}"), body).await
}

async fn read(api: &Api, endpoint: &str) -> Value {
    api.by(Role::Admin).await.get(&format!("{PATH}/{endpoint}")).await.expect(200).body
}

async fn deliveries(api: &Api, endpoint: &str, query: &str) -> Vec<Value> {
    let path = format!("{PATH}/{endpoint}/deliveries?{query}");
    let page = api.by(Role::Admin).await.get(&path).await.expect(200).body;
    page["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn from_active_to_retired() {
    for database in each() {
        let api = Api::start(database).await;
        let admin = api.by(Role::Admin).await;
        let dry = admin.post(&format!("{PATH}?dry_run=true"), body(json!({}))).await.expect(200);
        assert!(dry.body.get("secret").is_none(), "{}", dry.text);
        let made = register(&api, json!({})).await.expect(201);
        let secret = made.body["secret"].as_str().unwrap();
        assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
        assert_eq!((&made.body["state"], &made.body["payload"]), (&json!("active"), &json!("thin")));
        let endpoint = made.reference();
        assert!(endpoint.starts_with("WHK-"), "{endpoint}");
        assert!(read(&api, endpoint).await.get("secret").is_none());
        let request = admin.request(reqwest::Method::POST, PATH).header("idempotency-key", "k");
        admin
            .send(request.header("content-type", "application/json").body(body(json!({})).to_string()))
            .await
            .expect(400);

        let path = format!("{PATH}/{endpoint}");
        let amended = admin.patch(&path, "*", json!({ "payload": "full", "events": ["*"] })).await.expect(200);
        assert_eq!((&amended.body["payload"], &amended.body["events"]), (&json!("full"), &json!(["*"])));
        let rotated = act(&api, endpoint, "rotate-secret", json!({ "overlap_hours": 2 })).await.expect(200);
        assert_ne!(rotated.body["secret"], made.body["secret"]);
        let until: DateTime<Utc> = rotated.body["former_secret_until"].as_str().unwrap().parse().unwrap();
        assert_eq!(until - api.now(), TimeDelta::hours(2));
        let paused = act(&api, endpoint, "pause", json!({ "reason": "It moves" })).await.expect(200);
        assert_eq!((&paused.body["state"], &paused.body["paused_because"]), (&json!("paused"), &json!("It moves")));
        assert_eq!(act(&api, endpoint, "replay", json!({ "after": -1 })).await.expect(409).reasons(), ["wrong_state"]);
        act(&api, endpoint, "resume", json!({})).await.expect(200);
        act(&api, endpoint, "retire", json!({ "reason": "Closed" })).await.expect(200);
        act(&api, endpoint, "test", json!({})).await.expect(409);
        admin.patch(&path, "*", json!({ "description": "x" })).await.expect(409);
        let found = admin.get(&format!("{PATH}?state=retired&count=true&sort=description")).await.expect(200);
        assert_eq!((&found.body["total"], &found.body["items"][0]["reference"]), (&json!(1), &json!(endpoint)));
        for role in [Role::IsmsManager, Role::Management, Role::Auditor, Role::Member, Role::ExternalAuditor] {
            api.by(role).await.post(PATH, body(json!({}))).await.expect(403);
            api.by(role).await.get(&format!("{path}/deliveries")).await.expect(404);
        }
    }
}

#[tokio::test]
async fn where_it_may_not_lead_is_said() {
    for database in each() {
        let api = Api::start(database).await;
        for (url, code) in [
            ("http://192.0.2.10/", "scheme"),
            ("https://127.0.0.1/", "address"),
            ("https://169.254.169.254/latest", "address"),
            ("https://[::1]/", "address"),
            ("https://10.0.0.1/", "address"),
            ("https://localhost/", "address"),
            ("https://192.0.2.10:6443/", "port"),
            ("https://a:b@192.0.2.10/", "userinfo"),
            ("not an address", "malformed"),
        ] {
            let refused = register(&api, json!({ "url": url })).await.expect(422);
            assert_eq!(refused.faults(), [format!("/url {code}")], "{url}");
        }
        let refused = register(&api, json!({ "description": " ", "events": ["risks.*"] })).await.expect(422);
        assert_eq!(refused.faults(), ["/description blank", "/events/0 unknown_event"]);
        let endpoint = registered(&api, json!({})).await;
        let path = format!("{PATH}/{endpoint}");
        let inwards = json!({ "url": "https://localhost/" });
        let refused = api.by(Role::Admin).await.patch(&path, "*", inwards).await.expect(422);
        assert_eq!(refused.faults(), ["/url address"]);
        for _ in 1..KEPT {
            registered(&api, json!({})).await;
        }
        assert_eq!(register(&api, json!({})).await.expect(409).reasons(), ["too_many"]);
    }
    for database in each() {
        let webhook_reach = Reach { allowed: vec!["127.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()] };
        let api = Api::start_with(database, Settings { webhook_reach, ..Settings::default() }).await;
        for url in ["http://127.0.0.1:9999/hook", "http://localhost:9999/hook", "https://192.0.2.10/"] {
            register(&api, json!({ "url": url })).await.expect(201);
        }
        let refused = register(&api, json!({ "url": "http://10.0.0.1/" })).await.expect(422);
        assert_eq!(refused.faults(), ["/url scheme"]);
    }
}

/// Neither the secret nor what would open something with it is in anything that is read.
#[tokio::test]
async fn the_secret_is_shown_once_and_kept_sealed() {
    use base64::Engine;
    for database in each() {
        let api = Api::start(database).await;
        let made = register(&api, json!({ "events": ["*"] })).await.expect(201);
        let secret = made.body["secret"].as_str().unwrap().strip_prefix("whsec_").unwrap().to_owned();
        let raw = base64::engine::general_purpose::STANDARD.decode(&secret).unwrap();
        api.sequence().await;
        let admin = api.by(Role::Admin).await;
        for path in [PATH, &format!("{PATH}/{}", made.reference()), "/v1/journal", "/v1/events"] {
            let told = admin.get(path).await.expect(200).text;
            assert!(!told.contains(&secret) && !told.contains(&hex::encode(&raw)), "{path}");
        }
        let (id, organisation): (Uuid, _) = (made.body["id"].as_str().unwrap().parse().unwrap(), api.ours());
        let now = api.now();
        let kept = move |connection: &mut AnyConnection| secrets(OrganisationId(organisation), id, now, connection);
        let kept = api.store.read::<_, Error, _>(kept).await.unwrap();
        assert_eq!(kept.len(), 1);
        assert!(!kept[0].windows(raw.len()).any(|part| part == raw), "it lies there as it is");
        // Both sign for two hours, then the new one alone; with no overlap the old one is dead at once.
        let signing = async |later: i64| {
            let at = api.now() + TimeDelta::minutes(later);
            let count = move |connection: &mut AnyConnection| {
                let ours = OrganisationId(organisation);
                Ok(secrets(ours, id, at, connection)?.len())
            };
            api.store.read::<_, Error, _>(count).await.unwrap()
        };
        act(&api, made.reference(), "rotate-secret", json!({ "overlap_hours": 2 })).await.expect(200);
        assert_eq!((signing(0).await, signing(119).await, signing(121).await), (2, 2, 1));
        act(&api, made.reference(), "rotate-secret", json!({})).await.expect(200);
        assert_eq!(signing(0).await, 2, "the one before the last is dead");
        act(&api, made.reference(), "rotate-secret", json!({ "overlap_hours": 0 })).await.expect(200);
        assert_eq!(signing(0).await, 1);
    }
}

/// The messages that an endpoint is sent of everything that has happened.
async fn messages(api: &Api, endpoint: &str) -> Vec<Value> {
    api.sequence().await;
    let (organisation, endpoint) = (OrganisationId(api.ours()), endpoint.parse().unwrap());
    let read = move |connection: &mut AnyConnection| {
        let (endpoint, _) = WebhookEndpoint::find(organisation, endpoint, connection)?.unwrap();
        let withheld = restrictions::withheld(organisation, None, connection)?;
        let entries = reading::list(organisation, &EntryFilter::default(), 1000, connection)?;
        let written = entries.into_iter().map(|entry| message(&endpoint, entry, withheld.clone()).unwrap());
        Ok::<_, Error>(written.collect::<Vec<_>>())
    };
    let written = api.store.read(read).await.unwrap();
    assert!(written.iter().all(|body| body.len() <= LONGEST));
    written.iter().map(|body| serde_json::from_slice(body).unwrap()).collect()
}

#[tokio::test]
async fn what_is_restricted_or_confidential_stays_inside() {
    for database in each() {
        let api = Api::start(database).await;
        let (thin, full) = (registered(&api, json!({})).await, registered(&api, json!({ "payload": "full" })).await);
        let manager = api.by(Role::IsmsManager).await;
        let open = raise(&api).await;
        let title = report()["title"].as_str().unwrap().to_owned();
        let secret = manager.post("/v1/nonconformities", report()).await.expect(201);
        let restriction = json!({ "record": secret.reference(), "reason": "A person is named", "reader_ids": [] });
        manager.post("/v1/restrictions", restriction).await.expect(201);
        let seen = json!({ "kind": "event", "text": "A stranger in the server room" });
        let seen = api.by(Role::Member).await.post("/v1/employee-reports", seen).await.expect(201);
        let key = json!({ "name": "Feed for the tool", "scopes": ["records:read"] });
        api.by(Role::Admin).await.post("/v1/api-keys", key).await.expect(201);

        let told = messages(&api, &thin).await;
        let text = serde_json::to_string(&told).unwrap();
        assert!(!text.contains(&title), "a thin event says what happened to which record");
        assert!(told.iter().all(|one| one["data"].get("detail").is_none()));
        let subjects: Vec<&str> = told.iter().filter_map(|one| one["subject"].as_str()).collect();
        assert!(subjects.contains(&open.as_str()) && !subjects.contains(&secret.reference()), "{subjects:?}");
        let events = manager.get("/v1/events").await.expect(200).body;
        let shape = |one: &Value| -> BTreeSet<String> { one.as_object().unwrap().keys().cloned().collect() };
        for (one, event) in told.iter().zip(events["items"].as_array().unwrap()) {
            assert_eq!((shape(one), &one["id"], &one["type"]), (shape(event), &event["id"], &event["type"]));
            assert_eq!(shape(&one["data"]), shape(&event["data"]));
        }

        let told = messages(&api, &full).await;
        let text = serde_json::to_string(&told).unwrap();
        assert_eq!(text.matches(&title).count(), 1, "of the open one");
        for kept in
            [secret.reference(), secret.body["id"].as_str().unwrap(), "server room", "Feed for the tool", "secret_hash"]
        {
            assert!(!text.contains(kept), "{kept} leaves the program");
        }
        let reports: Vec<&Value> = told.iter().filter(|one| one["type"] == "employee_report.filed").collect();
        assert_eq!(reports.len(), 1, "{:?}", told.iter().map(|one| &one["type"]).collect::<Vec<_>>());
        let data = &reports[0]["data"];
        assert_eq!([&data["actor"]["id"], &data["object"], &data["request"]], [&Value::Null; 3], "nor who filed it");
        assert_eq!((&reports[0]["data"]["detail"], &reports[0]["subject"]), (&Value::Null, &Value::Null));
        assert!(!text.contains(seen.reference()));
    }
}
