//! Webhooks, sent by the program itself to receivers that take them, refuse them, hang, or die.

use super::program::{Instance, Program, client};
use super::turn;
use crate::databases::{postgres, sqlite};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// How a receiver answers.
#[derive(Clone)]
enum Manner {
    /// Takes it.
    Take,
    /// Takes it after a while.
    Slowly(Duration),
    /// Answers this, with this header.
    Answer(u16, String),
    /// Says nothing.
    Hang,
    /// Refuses each event the first time.
    Flap,
}

/// What a receiver was sent.
#[derive(Clone)]
struct Got {
    headers: BTreeMap<String, String>,
    body: Vec<u8>,
    event: Value,
    taken: bool,
}

/// A receiver that shares no code with the program.
#[derive(Clone)]
struct Receiver {
    port: u16,
    manner: Arc<Mutex<Manner>>,
    got: Arc<Mutex<Vec<Got>>>,
    /// Connections under way, and the most there were at once.
    at_once: Arc<[AtomicUsize; 2]>,
}

impl Receiver {
    async fn start(manner: Manner) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let receiver =
            Self { port, manner: Arc::new(Mutex::new(manner)), got: Arc::default(), at_once: Arc::default() };
        let own = receiver.clone();
        tokio::spawn(async move {
            loop {
                let (stream, _) = listener.accept().await.unwrap();
                let own = own.clone();
                tokio::spawn(async move {
                    let now = own.at_once[0].fetch_add(1, Ordering::SeqCst) + 1;
                    own.at_once[1].fetch_max(now, Ordering::SeqCst);
                    own.serve(stream).await;
                    own.at_once[0].fetch_sub(1, Ordering::SeqCst);
                });
            }
        });
        receiver
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}/hook", self.port)
    }

    /// One request, and the end of the connection.
    async fn serve(&self, mut stream: TcpStream) {
        let mut bytes = Vec::new();
        let (head, body) = loop {
            let mut part = [0; 4096];
            let Ok(read @ 1..) = stream.read(&mut part).await else { return };
            bytes.extend_from_slice(&part[..read]);
            let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
            let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
            let length =
                head.lines().find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if bytes.len() >= end + 4 + length.unwrap_or(0) {
                break (head, bytes[end + 4..].to_vec());
            }
        };
        assert!(head.starts_with("POST /hook HTTP/1.1"), "{head}");
        let lines = head.lines().skip(1).filter_map(|line| line.split_once(": "));
        let headers = lines.map(|(name, value)| (name.to_lowercase(), value.to_owned())).collect();
        let manner = self.manner.lock().unwrap().clone();
        let event: Value = serde_json::from_slice(&body).unwrap();
        let is_known = self.got.lock().unwrap().iter().any(|one| one.event["id"] == event["id"]);
        let (status, header) = match &manner {
            Manner::Take | Manner::Slowly(_) => (204, String::new()),
            Manner::Answer(status, header) => (*status, header.clone()),
            Manner::Flap if is_known => (204, String::new()),
            Manner::Flap | Manner::Hang => (503, String::new()),
        };
        if let Manner::Slowly(pause) = manner {
            tokio::time::sleep(pause).await;
        }
        self.got.lock().unwrap().push(Got { headers, body, event, taken: status == 204 });
        if matches!(manner, Manner::Hang) {
            // Until whoever sends has given it up: what is not asked any more is not under way.
            let _ = tokio::time::timeout(Duration::from_secs(60), stream.read(&mut [0])).await;
        }
        let said = if status == 204 { "" } else { "not now" };
        let length = if status == 204 { String::new() } else { format!("content-length: {}\r\n", said.len()) };
        let answer = format!("HTTP/1.1 {status} x\r\n{header}{length}connection: close\r\n\r\n{said}");
        let _ = stream.write_all(answer.as_bytes()).await;
    }

    fn got(&self) -> Vec<Got> {
        self.got.lock().unwrap().clone()
    }

    /// The events that it has taken, each once, in the order in which they came first.
    fn taken(&self) -> Vec<Value> {
        let mut seen = BTreeSet::new();
        let taken = self.got().into_iter().filter(|got| got.taken).map(|got| got.event);
        taken.filter(|event| seen.insert(event["id"].as_str().unwrap().to_owned())).collect()
    }

    fn most_at_once(&self) -> usize {
        self.at_once[1].load(Ordering::SeqCst)
    }
}

impl Got {
    /// Whether one of the signatures was made with this secret, as the specification says.
    fn is_signed_with(&self, secret: &str) -> bool {
        let secret = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&secret).unwrap();
        mac.update(format!("{}.{}.", self.headers["webhook-id"], self.headers["webhook-timestamp"]).as_bytes());
        mac.update(&self.body);
        let expected = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
        self.headers["webhook-signature"].split(' ').any(|one| one == expected)
    }
}

/// An organisation's admin, by the program.
struct Admin<'a> {
    program: &'a Program,
    token: String,
}

impl<'a> Admin<'a> {
    async fn of(instance: &Instance, program: &'a Program) -> Self {
        Self { program, token: instance.token(program).await }
    }

    async fn get(&self, path: &str) -> Value {
        let request = client().get(format!("{}/v1/{path}", self.program.url)).bearer_auth(&self.token);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let request = client().post(format!("{}/v1/{path}", self.program.url)).bearer_auth(&self.token).json(&body);
        let answer = request.send().await.unwrap();
        let (status, text) = (answer.status(), answer.text().await.unwrap());
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    async fn endpoint(&self, url: &str) -> Value {
        let events = ["nonconformity.*", "webhook_endpoint.disabled"];
        self.post("webhook-endpoints", json!({ "url": url, "description": "A receiver", "events": events })).await
    }

    /// Two events about one record.
    async fn case(&self, number: usize) {
        let case = json!({
            "title": format!("Case {number}"),
            "statement": "Critical patches are not installed within 14 days",
            "objective_evidence": "79 % in week 12",
            "source": "indicator",
            "due_on": "2027-01-31",
        });
        let made = self.post("nonconformities", case).await;
        let reject = format!("nonconformities/{}/reject", made["id"].as_str().unwrap());
        self.post(&reject, json!({ "reason": "It was a false alarm" })).await;
    }

    async fn deliveries(&self, endpoint: &Value) -> Vec<Value> {
        let path = format!("webhook-endpoints/{}/deliveries?limit=50", endpoint["id"].as_str().unwrap());
        self.get(&path).await["items"].as_array().unwrap().clone()
    }
}

async fn serving(instance: &Instance) -> Program {
    let allowing = |command: &mut std::process::Command| {
        command.args(["--webhook-allow", "127.0.0.0/8"]);
    };
    instance.start_with("serve", allowing).await
}

/// How long it is waited for what must happen: a lease, and a busy machine.
const PATIENCE: Duration = Duration::from_secs(90);

async fn until(what: &str, mut holds: impl AsyncFnMut() -> bool) {
    let began = Instant::now();
    while !holds().await {
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
}

/// Of each record in the order of the journal.
fn is_in_order(events: &[Value]) {
    let mut last: BTreeMap<&str, u64> = BTreeMap::new();
    for event in events {
        let (object, position) = (&event["data"]["object"]["id"], event["data"]["position"].as_u64().unwrap());
        let before = last.insert(object.as_str().unwrap(), position);
        assert!(before.is_none_or(|before| before < position), "{event} came after {before:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_arrive_signed_and_in_order() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let program = serving(&instance).await;
        let admin = Admin::of(&instance, &program).await;
        admin.case(0).await;
        let receiver = Receiver::start(Manner::Take).await;
        let endpoint = admin.endpoint(&receiver.url()).await;
        for number in 1..=5 {
            admin.case(number).await;
        }
        until("ten events", async || receiver.taken().len() >= 10).await;
        let (taken, got) = (receiver.taken(), receiver.got());
        is_in_order(&taken);
        assert_eq!((taken.len(), got.len()), (10, 10), "each once");
        let events = admin.get("events").await;
        let first = endpoint["secret"].as_str().unwrap();
        for one in &got {
            assert!(one.is_signed_with(first) && !one.is_signed_with(&format!("whsec_{}", STANDARD.encode([7; 32]))));
            assert_eq!(one.headers["content-type"], "application/cloudevents+json; charset=utf-8");
            assert_eq!(one.headers["webhook-id"], one.event["id"]);
            let listed = events["items"].as_array().unwrap().iter().find(|event| event["id"] == one.event["id"]);
            assert_eq!(listed, Some(&one.event), "what is sent is what is listed");
        }
        // While both secrets sign, whoever has either of them knows the event.
        let rotate = format!("webhook-endpoints/{}/rotate-secret", endpoint["id"].as_str().unwrap());
        let second = admin.post(&rotate, json!({})).await["secret"].as_str().unwrap().to_owned();
        let test = format!("webhook-endpoints/{}/test", endpoint["id"].as_str().unwrap());
        let delivery = admin.post(&test, json!({})).await["delivery_id"].clone();
        until("the test", async || receiver.got().len() == 11).await;
        let tested = receiver.got().pop().unwrap();
        assert!(tested.is_signed_with(first) && tested.is_signed_with(&second));
        assert_eq!((&tested.event["type"], &tested.event["id"]), (&json!("webhook_endpoint.test"), &delivery));
        admin.post(&rotate, json!({ "overlap_hours": 0 })).await;
        admin.case(6).await;
        until("two more", async || receiver.got().len() == 13).await;
        assert!(!receiver.got()[12].is_signed_with(&second));
        let text = client().get(format!("{}/metrics", program.url)).send().await.unwrap().text().await.unwrap();
        assert!(text.contains("ratchet_webhook_attempts_total{outcome=\"delivered\"} 13"), "{text}");
        drop(program);
        assert!(instance.verify().status.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_does_not_take_them_keeps_nobody_waiting() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let program = serving(&instance).await;
        let admin = Admin::of(&instance, &program).await;
        let good = Receiver::start(Manner::Take).await;
        let elsewhere = Receiver::start(Manner::Take).await;
        let redirect = format!("location: {}\r\n", elsewhere.url());
        let (hanging, broken) =
            (Receiver::start(Manner::Hang).await, Receiver::start(Manner::Answer(500, String::new())).await);
        let (moved, gone) = (
            Receiver::start(Manner::Answer(307, redirect)).await,
            Receiver::start(Manner::Answer(410, String::new())).await,
        );
        let later = Receiver::start(Manner::Answer(503, "retry-after: 3600\r\n".to_owned())).await;
        let flapping = Receiver::start(Manner::Flap).await;
        let free = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() };
        let mut endpoints = BTreeMap::new();
        let away = format!("http://127.0.0.1:{free}/hook");
        let all = [
            ("hanging", hanging.url()),
            ("broken", broken.url()),
            ("moved", moved.url()),
            ("gone", gone.url()),
            ("later", later.url()),
            ("flapping", flapping.url()),
            ("away", away),
            ("good", good.url()),
        ];
        for (name, url) in all {
            endpoints.insert(name, admin.endpoint(&url).await);
        }
        let began = Instant::now();
        for number in 0..5 {
            let asked = Instant::now();
            admin.case(number).await;
            assert!(asked.elapsed() < Duration::from_secs(5), "the API waits for receivers");
        }
        // Ten events and that one endpoint was disabled.
        until("the good one has them", async || good.taken().len() >= 11).await;
        assert!(began.elapsed() < Duration::from_secs(15), "it waited for the others: {:?}", began.elapsed());
        is_in_order(&good.taken());
        let disabled: Vec<Value> =
            good.taken().into_iter().filter(|event| event["type"] == "webhook_endpoint.disabled").collect();
        assert_eq!(disabled.len(), 1);
        assert_eq!(disabled[0]["data"]["object"]["id"], endpoints["gone"]["id"]);
        let state = async |name: &str| {
            let path = format!("webhook-endpoints/{}", endpoints[name]["id"].as_str().unwrap());
            admin.get(&path).await
        };
        assert_eq!(state("gone").await["disabled_because"], "gone");
        assert!(state("broken").await["failing_since"].is_string());
        let errors = async |name: &str| -> BTreeSet<String> {
            let deliveries = admin.deliveries(&endpoints[name]).await;
            let attempts = deliveries.iter().flat_map(|one| one["attempts"].as_array().unwrap());
            attempts.filter_map(|one| one["error"].as_str()).map(str::to_owned).collect()
        };
        until("the hanging one was given up", async || !errors("hanging").await.is_empty()).await;
        for (name, expected) in [
            ("hanging", "there was no answer in time"),
            ("broken", "the receiver answered 500"),
            ("moved", "the receiver answered 307: redirects are not followed"),
            ("gone", "the receiver answered 410"),
            ("away", "the connection was refused"),
        ] {
            assert_eq!(errors(name).await, BTreeSet::from([expected.to_owned()]), "{name}");
        }
        assert!(elsewhere.got().is_empty(), "a redirect was followed");
        assert!(gone.got().len() <= 4, "it wants nothing any more");
        assert!(hanging.most_at_once() <= 4 && broken.most_at_once() <= 4);
        // Put off for an hour; the second attempt of the others is due in five seconds.
        let deliveries = admin.deliveries(&endpoints["later"]).await;
        let tried: Vec<&Value> = deliveries.iter().filter(|one| one["attempts"][0].is_object()).collect();
        assert!(!tried.is_empty() && tried.iter().all(|one| one["attempts"].as_array().unwrap().len() == 1));
        let due: chrono::DateTime<chrono::Utc> = tried[0]["due_at"].as_str().unwrap().parse().unwrap();
        assert!(due - super::program::now() > chrono::TimeDelta::minutes(50), "{}", tried[0]);
        assert_eq!(tried[0]["attempts"][0]["answer"], "not now");
        until("the flapping one has them", async || flapping.taken().len() >= 11).await;
        is_in_order(&flapping.taken());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_while_it_sends_every_event_arrives_in_order() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let receiver = Receiver::start(Manner::Slowly(Duration::from_millis(150))).await;
        let mut expected = 0;
        for round in 0..3 {
            let program = serving(&instance).await;
            let admin = Admin::of(&instance, &program).await;
            if round == 0 {
                admin.endpoint(&receiver.url()).await;
            }
            for number in 0..4 {
                admin.case(round * 10 + number).await;
                expected += 2;
            }
            let before = receiver.got().len();
            until("it is sending", async || receiver.got().len() > before).await;
            program.kill();
        }
        let program = serving(&instance).await;
        until("every event", async || receiver.taken().len() >= expected).await;
        assert_eq!(receiver.taken().len(), expected);
        is_in_order(&receiver.taken());
        drop(program);
        assert!(instance.verify().status.success());
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_send_each_event_once() {
    let _turn = turn().await;
    let instance = Instance::on(postgres());
    let receiver = Receiver::start(Manner::Take).await;
    let programs = [serving(&instance).await, serving(&instance).await];
    let admins = [Admin::of(&instance, &programs[0]).await, Admin::of(&instance, &programs[1]).await];
    admins[0].endpoint(&receiver.url()).await;
    for number in 0..10 {
        admins[number % 2].case(number).await;
    }
    until("every event", async || receiver.taken().len() >= 20).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!((receiver.taken().len(), receiver.got().len()), (20, 20), "each once");
    is_in_order(&receiver.taken());
}
