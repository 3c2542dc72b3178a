//! Ticket connections: what may be said of them, what is never shown, and what arrives. Whether tickets are made and followed is
//! tried with the program itself (`faults/tickets.rs`).

use super::actions;
use crate::databases::each;
use crate::harness::{Answer, Api, context};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use hmac::{Hmac, KeyInit, Mac};
use ratchet_domain::access::Role;
use ratchet_domain::actions::{Action, News};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::reference::Locator;
use ratchet_domain::ticket_connections::KEPT;
use ratchet_domain::tickets::{Difference, Field, Remote, Why};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::ticket_connections::{Purpose, secret};
use ratchet_persistence::tickets;
use serde_json::{Value, json};
use sha2::Sha256;
use uuid::Uuid;

const PATH: &str = "/v1/ticket-connections";

pub fn body(more: Value) -> Value {
    let mut body = json!({
        "description": "The service desk", "kind": "roundup", "base_url": "https://192.0.2.10/isms",
        "statuses": [{ "status": "unread", "category": "to_do" }, { "status": "resolved", "category": "done" }],
    });
    more.as_object().unwrap().iter().for_each(|(name, value)| body[name] = value.clone());
    body
}

async fn connect(api: &Api, more: Value) -> Answer {
    api.by(Role::Admin).await.post(PATH, body(more)).await
}

/// One of an admin's; its reference.
pub async fn connected(api: &Api, more: Value) -> String {
    connect(api, more).await.expect(201).reference().to_owned()
}

/// Makes an action a ticket.
pub async fn link(api: &Api, action: &str) {
    let connection = connected(api, json!({})).await;
    let path = format!("/v1/actions/{action}/ticket");
    api.by(Role::IsmsManager).await.post(&path, json!({ "connection": connection })).await.expect(200);
}

/// An action whose ticket is due on another day; its reference.
pub async fn differing(api: &Api) -> String {
    let case = actions::case(api).await;
    let action = actions::plan(api, &case).await.expect(201).reference().to_owned();
    link(api, &action).await;
    let locator: Locator = action.parse().unwrap();
    let context = context(OrganisationId(api.ours()), "tickets", api.now());
    let note = move |tx: &mut ratchet_persistence::tx::Tx<'_>| {
        let (action, by, at) = (tx.load::<Action>(locator)?, tx.actor().clone(), tx.now());
        let mut ticket = action.ticket.clone().unwrap();
        let remote = Remote { key: "7".into(), url: None, status: "unread".into(), category: None };
        ticket.remote = Some(remote);
        let (ours, theirs) = (Some(action.due_on.to_string()), Some("2027-01-01".to_owned()));
        ticket.differ(Difference { field: Field::DueOn, ours, theirs, why: Why::BothChanged, detail: None, at });
        tx.save(action.note_ticket(ticket, News::Differs, &by, at)?)?;
        Ok::<_, Error>(())
    };
    api.store.write(context, note).await.unwrap();
    action
}

async fn read(api: &Api, connection: &str) -> Value {
    api.by(Role::Admin).await.get(&format!("{PATH}/{connection}")).await.expect(200).body
}

#[tokio::test]
async fn from_active_to_retired() {
    for database in each() {
        let api = Api::start(database).await;
        let admin = api.by(Role::Admin).await;
        let dry = admin.post(&format!("{PATH}?dry_run=true"), body(json!({}))).await.expect(200);
        assert!(dry.body.get("secret").is_none(), "{}", dry.text);
        let made = connect(&api, json!({})).await.expect(201);
        let first = made.body["secret"].as_str().unwrap().to_owned();
        assert!(first.starts_with("whsec_") && first.len() == 50, "{first}");
        let connection = made.reference();
        assert!(connection.starts_with("TKC-"), "{connection}");
        assert_eq!((&made.body["wins"], &made.body["on_done"]), (&json!("ours"), &json!("propose")));
        assert_eq!((&made.body["has_credentials"], &made.body["tickets"]), (&json!(false), &json!(0)));
        let path = format!("{PATH}/{connection}");
        let checked = admin.post(&format!("{path}/check"), json!({})).await.expect(200);
        assert_eq!(checked.body["findings"][0]["code"], "credentials", "{}", checked.text);
        assert_eq!(checked.body["is_sound"], json!(false));
        let rotated = admin.post(&format!("{path}/rotate-secret"), json!({})).await.expect(200);
        assert_ne!(rotated.body["secret"].as_str().unwrap(), first);
        assert!(read(&api, connection).await.get("secret").is_none());
        let act = async |verb: &str, body: Value| admin.post(&format!("{path}/{verb}"), body).await;
        let paused = act("pause", json!({ "reason": "The desk moves" })).await.expect(200);
        assert_eq!(
            (&paused.body["state"], &paused.body["paused_because"]),
            (&json!("paused"), &json!("The desk moves"))
        );
        assert_eq!(act("resume", json!({})).await.expect(200).body["state"], "active");
        let retired = act("retire", json!({ "reason": "Another desk" })).await.expect(200);
        assert_eq!(
            (&retired.body["state"], &retired.body["retired_because"]),
            (&json!("retired"), &json!("Another desk"))
        );
        assert_eq!(act("check", json!({})).await.expect(409).reasons(), ["wrong_state"]);
        let (case, manager) = (actions::case(&api).await, api.by(Role::IsmsManager).await);
        let action = actions::plan(&api, &case).await.expect(201).reference().to_owned();
        let refused = manager.post(&format!("/v1/actions/{action}/ticket"), json!({ "connection": connection })).await;
        assert_eq!(refused.expect(422).faults(), ["/connection unknown_record"]);
        for _ in 0..KEPT {
            connected(&api, json!({})).await;
        }
        assert_eq!(connect(&api, json!({})).await.expect(409).reasons(), ["too_many"]);
        let unknown = json!([{ "member_id": Uuid::new_v4(), "name": "nobody" }]);
        assert_eq!(
            connect(&api, json!({ "people": unknown })).await.expect(422).faults(),
            ["/people/0 unknown_member"]
        );
    }
}

/// Neither credentials nor secret are in anything that is read, and they lie sealed; another host is not told them.
#[tokio::test]
async fn credentials_are_never_shown_and_forgotten_where_the_host_changes() {
    const SECRET: &str = "correct horse battery staple";
    for database in each() {
        let api = Api::start(database).await;
        let credentials = json!({ "user": "ratchet", "secret": SECRET });
        let made = connect(&api, json!({ "credentials": credentials })).await.expect(201);
        let inbound = made.body["secret"].as_str().unwrap().to_owned();
        api.sequence().await;
        let admin = api.by(Role::Admin).await;
        let path = format!("{PATH}/{}", made.reference());
        for told in [PATH, &path, "/v1/journal", "/v1/events"] {
            let told = admin.get(told).await.expect(200).text;
            assert!(!told.contains(SECRET) && !told.contains(&inbound) && !told.contains(&inbound[6..]));
        }
        let (id, organisation): (Uuid, _) = (made.body["id"].as_str().unwrap().parse().unwrap(), api.ours());
        let kept = async |purpose| {
            let read =
                move |connection: &mut AnyConnection| secret(OrganisationId(organisation), id, purpose, connection);
            api.store.read::<_, Error, _>(read).await.unwrap()
        };
        let sealed = kept(Purpose::Credentials).await.unwrap();
        assert!(!sealed.windows(SECRET.len()).any(|part| part == SECRET.as_bytes()), "it lies there as it is");
        let amend = async |more: Value| admin.patch(&path, "*", more).await.expect(200).body;
        let moved = amend(json!({ "base_url": "https://192.0.2.10/other" })).await;
        assert_eq!((&moved["has_credentials"], kept(Purpose::Credentials).await), (&json!(true), Some(sealed)));
        let moved = amend(json!({ "base_url": "https://192.0.2.11/other" })).await;
        assert_eq!((&moved["has_credentials"], kept(Purpose::Credentials).await), (&json!(false), None));
        let given = amend(json!({ "credentials": credentials })).await;
        assert_eq!(given["has_credentials"], json!(true));
        assert!(kept(Purpose::Credentials).await.is_some());
        let taken = amend(json!({ "credentials": null })).await;
        assert_eq!((&taken["has_credentials"], kept(Purpose::Credentials).await), (&json!(false), None));
        let wrong = json!({ "credentials": { "user": "a\nb", "secret": "" } });
        assert_eq!(admin.patch(&path, "*", wrong).await.expect(422).faults(), ["/credentials/user length"]);
        amend(json!({ "credentials": credentials })).await;
        admin.post(&format!("{path}/retire"), json!({ "reason": "Another desk" })).await.expect(200);
        assert_eq!(kept(Purpose::Credentials).await, None);
    }
}

fn signature(secret: &str, signed: &str) -> String {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).unwrap();
    mac.update(signed.as_bytes());
    format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
}

/// Whoever cannot sign is answered like whoever names nothing; what comes twice has no second effect.
#[tokio::test]
async fn what_arrives_is_believed_from_whoever_signs_it() {
    for database in each() {
        let api = Api::start(database).await;
        let made = connect(&api, json!({})).await.expect(201);
        let (inbound, secret) = (made.body["inbound_path"].as_str().unwrap(), made.body["secret"].as_str().unwrap());
        let nobody = api.anonymous();
        let body = json!({ "issue": "7" }).to_string();
        let now = api.now().timestamp();
        let send = async |path: &str, at: i64, signature: String, body: &str| {
            let request = nobody.request(reqwest::Method::POST, path).header("webhook-id", "msg_1");
            let request = request.header("webhook-timestamp", at.to_string()).header("webhook-signature", signature);
            nobody.send(request.header("content-type", "application/json").body(body.to_owned())).await
        };
        let good = |at: i64| signature(secret, &format!("msg_1.{at}.{body}"));
        for _ in 0..2 {
            send(inbound, now, good(now), &body).await.expect(204);
        }
        send(inbound, now, format!("v1,AAAA {}", good(now)), &body).await.expect(204);
        let refused = [
            send(inbound, now, good(now), &body.replace('7', "8")).await,
            send(inbound, now - 301, good(now - 301), &body).await,
            send(inbound, now + 301, good(now + 301), &body).await,
            send(inbound, now, good(now).replace("v1,", "v2,"), &body).await,
            send(&inbound[..inbound.len() - 1], now, good(now), &body).await,
            send("/v1/ticket-inbound/0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d", now, good(now), &body).await,
            nobody.post(inbound, json!({ "issue": "7" })).await,
        ];
        let told: Vec<Value> = refused.into_iter().map(|answer| answer.expect(401).body["detail"].clone()).collect();
        assert!(told.iter().all(|detail| *detail == told[0]), "{told:?}");
        let text = "not JSON";
        send(inbound, now, signature(secret, &format!("msg_1.{now}.{text}")), text).await.expect(400);
        let beside = json!({ "comment": 1 }).to_string();
        send(inbound, now, signature(secret, &format!("msg_1.{now}.{beside}")), &beside).await.expect(204);
        let path = format!("{PATH}/{}/rotate-secret", made.reference());
        api.by(Role::Admin).await.post(&path, json!({})).await.expect(200);
        send(inbound, now, good(now), &body).await.expect(401);
    }
}

/// A system that is described, and signs in this way.
fn signing(signature: &str) -> Value {
    let request = |method: &str, path: &str| json!({ "method": method, "path": path });
    json!({
        "auth": "bearer", "create": request("POST", "/issues"), "fetch": request("GET", "/issues/{key}"),
        "update": request("PUT", "/issues/{key}"), "reading": { "key": "/id", "status": "/status" },
        "inbound": { "signature": signature, "header": "x-signature", "key": "/issue" },
    })
}

/// The way of signing may change, and the secret serves on.
#[tokio::test]
async fn a_secret_serves_for_each_way_of_signing() {
    for database in each() {
        let api = Api::start(database).await;
        let made = connect(&api, json!({ "kind": "generic", "generic": signing("hmac_sha256") })).await.expect(201);
        let (inbound, secret) = (made.body["inbound_path"].as_str().unwrap(), made.body["secret"].as_str().unwrap());
        let (nobody, body, now) = (api.anonymous(), json!({ "issue": "7" }).to_string(), api.now().timestamp());
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
        mac.update(body.as_bytes());
        let hexadecimal = hex::encode(mac.finalize().into_bytes());
        let standard = signature(secret, &format!("msg_1.{now}.{body}"));
        let send = async |shown: &str| {
            let request = nobody.request(reqwest::Method::POST, inbound).header("x-signature", shown);
            let request = request.header("webhook-id", "msg_1").header("webhook-timestamp", now.to_string());
            let signed = if shown.is_empty() { standard.as_str() } else { "" };
            let request = request.header("webhook-signature", signed).header("content-type", "application/json");
            nobody.send(request.body(body.clone())).await.status
        };
        let path = format!("{PATH}/{}", made.reference());
        for (way, expected) in
            [("hmac_sha256", [204, 401, 401]), ("standard_webhooks", [401, 204, 401]), ("token", [401, 401, 204])]
        {
            api.by(Role::Admin).await.patch(&path, "*", json!({ "generic": signing(way) })).await.expect(200);
            assert_eq!([send(&hexadecimal).await, send("").await, send(secret).await], expected, "{way}");
        }
    }
}

#[tokio::test]
async fn an_action_is_a_ticket_where_somebody_says_so() {
    for database in each() {
        let api = Api::start(database).await;
        let (case, manager) = (actions::case(&api).await, api.by(Role::IsmsManager).await);
        let action = actions::plan(&api, &case).await.expect(201).reference().to_owned();
        let path = format!("/v1/actions/{action}");
        assert_eq!(manager.get(&path).await.expect(200).body["ticket"], Value::Null);
        let connection = connected(&api, json!({})).await;
        let asked = json!({ "connection": connection, "key": "41" });
        let linked = manager.post(&format!("{path}/ticket"), asked.clone()).await.expect(200);
        assert_eq!((&linked.body["ticket"]["key"], &linked.body["ticket"]["status"]), (&json!("41"), &Value::Null));
        assert_eq!(manager.post(&format!("{path}/ticket"), asked.clone()).await.expect(409).reasons(), ["has_ticket"]);
        assert_eq!(read(&api, &connection).await["tickets"], json!(1));
        // A worker takes it, once, and takes it again when the first has died.
        let claim = async || {
            let (now, lease) = (api.now(), Uuid::new_v4());
            let claim = move |connection: &mut AnyConnection| tickets::claim(16, lease, now, connection);
            api.store.work::<_, Error, _>(claim).await.unwrap()
        };
        assert_eq!((claim().await.len(), claim().await.len()), (1, 0));
        api.wait(TimeDelta::minutes(4));
        assert_eq!(claim().await.len(), 1);
        let unlinked = manager.post(&format!("{path}/unlink-ticket"), json!({ "reason": "Not needed" })).await;
        assert_eq!(unlinked.expect(200).body["ticket"], Value::Null);
        assert_eq!(read(&api, &connection).await["tickets"], json!(0));
        assert!(claim().await.is_empty());

        // Of what is restricted nothing leaves.
        let restriction = json!({ "record": case, "reason": "A person is named", "reader_ids": [] });
        manager.post("/v1/restrictions", restriction).await.expect(201);
        assert_eq!(manager.post(&format!("{path}/ticket"), asked).await.expect(409).reasons(), ["restricted"]);

        let action = differing(&api).await;
        let path = format!("/v1/actions/{action}");
        let seen = manager.get(&path).await.expect(200).body;
        assert_eq!(seen["ticket"]["differences"][0]["why"], "both_changed");
        let settle = format!("{path}/settle-ticket");
        let refused = manager.post(&settle, json!({ "field": "title", "keep": "ours" })).await.expect(422);
        assert_eq!(refused.faults(), ["/field no_difference"]);
        let settled = manager.post(&settle, json!({ "field": "due_on", "keep": "ours" })).await.expect(200);
        assert_eq!(settled.body["ticket"]["differences"], json!([]));
    }
}

/// Key 12 is another ticket elsewhere.
#[tokio::test]
async fn tickets_stay_where_they_are_unless_they_have_moved_too() {
    for database in each() {
        let api = Api::start(database).await;
        let (admin, manager) = (api.by(Role::Admin).await, api.by(Role::IsmsManager).await);
        let connection = connected(&api, json!({})).await;
        let path = format!("{PATH}/{connection}");
        let case = actions::case(&api).await;
        let action = actions::plan(&api, &case).await.expect(201).reference().to_owned();
        let asked = json!({ "connection": connection, "key": "12" });
        manager.post(&format!("/v1/actions/{action}/ticket"), asked).await.expect(200);
        let moved = json!({ "base_url": "https://192.0.2.10/other" });
        let refused = admin.patch(&path, "*", moved.clone()).await.expect(409);
        assert_eq!(refused.body["reasons"][0]["code"], "has_tickets");
        admin.patch(&path, "*", json!({ "project": "OTHER" })).await.expect(409);
        assert_eq!(read(&api, &connection).await["base_url"], "https://192.0.2.10/isms");
        let said = json!({ "base_url": moved["base_url"], "keeps_tickets": true });
        assert_eq!(admin.patch(&path, "*", said).await.expect(200).body["base_url"], moved["base_url"]);
        manager
            .post(&format!("/v1/actions/{action}/unlink-ticket"), json!({ "reason": "Elsewhere" }))
            .await
            .expect(200);
        admin.patch(&path, "*", json!({ "project": "OTHER" })).await.expect(200);
    }
}
