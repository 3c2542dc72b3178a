//! A ticketing system that nobody has heard of: issues in memory, over HTTP.

use super::PATIENCE;
use super::serving::{Asked, Told, serve};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

#[derive(Default)]
struct State {
    issues: BTreeMap<String, Value>,
    writes: usize,
    is_away: bool,
    loses: bool,
    /// Tickets that a list has at most.
    page: Option<usize>,
    refuses_lists: bool,
    /// Requests by nobody who is known.
    strangers: usize,
    /// Of the last change.
    clock: usize,
}

#[derive(Clone)]
pub struct Tracker {
    port: u16,
    state: Arc<Mutex<State>>,
}

pub const TOKEN: &str = "the tracker's token";

pub fn hmac(secret: &str, body: &str) -> String {
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret.as_bytes()).unwrap();
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

impl Tracker {
    pub async fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let own = state.clone();
        let port = serve(move |asked| answer(&mut own.lock().unwrap(), asked)).await;
        Self { port, state }
    }

    /// How it is spoken to.
    pub fn connection(&self, people: &Value) -> Value {
        let member = |name: &str, value: &str| json!({ "name": name, "value": value });
        let fields = [
            member("/issue/title", "{title}"),
            member("/issue/description", "{text}"),
            member("/issue/due", "{due_on}"),
            member("/issue/assignee", "{assignee}"),
        ];
        let mut created = fields.to_vec();
        created.push(member("/issue/external", "{marker}"));
        json!({
            "description": "The tracker", "kind": "generic", "base_url": format!("http://127.0.0.1:{}/api", self.port),
            "project": "isms", "credentials": { "secret": TOKEN }, "people": people, "poll_seconds": 10,
            "statuses": [
                { "status": "new", "category": "to_do" }, { "status": "open", "category": "in_progress" },
                { "status": "closed", "category": "done" }, { "status": "rejected", "category": "cancelled" },
            ],
            "generic": {
                "auth": "header", "auth_header": "x-token",
                "create": { "method": "POST", "path": "/{project}/issues", "body": created },
                "fetch": { "method": "GET", "path": "/{project}/issues/{key}" },
                "update": { "method": "PATCH", "path": "/{project}/issues/{key}", "body": fields },
                "set_status": {
                    "method": "POST", "path": "/{project}/issues/{key}/move", "body": [member("/to", "{status}")],
                },
                "find": { "method": "GET", "path": "/{project}/issues?external={marker}" },
                "changed": { "method": "GET", "path": "/{project}/issues?since={since}" },
                "reading": {
                    "ticket": "/issue", "list": "/issues", "key": "/id", "status": "/status", "title": "/title",
                    "text": "/description", "due_on": "/due", "assignee": "/assignee",
                    "address": "https://tracker.example.org/{key}",
                },
                "inbound": { "signature": "hmac_sha256", "header": "X-Signature", "key": "/issue/id" },
            },
        })
    }

    pub fn issue(&self, key: &str) -> Value {
        self.state.lock().unwrap().issues[key].clone()
    }

    pub fn count(&self) -> usize {
        self.state.lock().unwrap().issues.len()
    }

    /// Changes that came from outside.
    pub fn writes(&self) -> usize {
        self.state.lock().unwrap().writes
    }

    /// Somebody changes an issue there.
    pub fn change(&self, key: &str, more: Value) {
        let mut state = self.state.lock().unwrap();
        state.clock += 1;
        let issue = state.issues.get_mut(key).unwrap();
        more.as_object().unwrap().iter().for_each(|(name, value)| issue[name] = value.clone());
    }

    pub fn be_away(&self, is_away: bool) {
        self.state.lock().unwrap().is_away = is_away;
    }

    /// A list has so many at most, and says that it goes on.
    pub fn list_at_most(&self, page: usize) {
        self.state.lock().unwrap().page = Some(page);
    }

    /// Nobody is told any more what has changed.
    pub fn refuse_lists(&self) {
        self.state.lock().unwrap().refuses_lists = true;
    }

    pub fn strangers(&self) -> usize {
        self.state.lock().unwrap().strangers
    }

    /// What is made next is made, and nobody is told.
    pub fn lose_next_answer(&self) {
        self.state.lock().unwrap().loses = true;
    }

    pub async fn until(&self, key: &str, what: &str, holds: impl Fn(&Value) -> bool) {
        let began = Instant::now();
        while !holds(&self.issue(key)) {
            assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}: {:#}", self.issue(key));
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
}

fn answer(state: &mut State, asked: &Asked) -> Told {
    let (status, told) = said(state, asked);
    let is_lost = status == 201 && std::mem::take(&mut state.loses);
    if is_lost {
        return Told::Nothing;
    }
    let is_cut = |page: &usize| told["issues"].as_array().is_some_and(|issues| issues.len() > *page);
    let mut told = told.clone();
    let Some(page) = state.page.filter(is_cut) else { return Told::of(status, told) };
    told["issues"].as_array_mut().unwrap().truncate(page);
    Told::Answer(status, vec![("link", "<http://127.0.0.1/more>; rel=\"next\"".to_owned())], told)
}

fn said(state: &mut State, asked: &Asked) -> (u16, Value) {
    if state.is_away {
        return (502, json!({ "error": "away" }));
    }
    if asked.header("x-token") != Some(TOKEN) {
        state.strangers += 1;
        return (401, json!({ "error": "who are you" }));
    }
    let body = &asked.body;
    let rest = asked.target.strip_prefix("/api/isms/issues").unwrap_or_else(|| panic!("{}", asked.target));
    match (asked.method.as_str(), rest) {
        ("POST", "") => {
            state.writes += 1;
            let id = (state.issues.len() + 1).to_string();
            let mut issue = body["issue"].clone();
            issue["id"] = json!(format!("T-{id}"));
            issue["status"] = json!("new");
            state.issues.insert(format!("T-{id}"), issue.clone());
            (201, json!({ "issue": issue }))
        }
        ("GET", query) if query.starts_with("?since") && state.refuses_lists => {
            (400, json!({ "error": "no such list" }))
        }
        ("GET", query) if query.starts_with('?') => {
            let wanted = query.strip_prefix("?external=");
            let found: Vec<&Value> =
                state.issues.values().filter(|it| wanted.is_none_or(|wanted| it["external"] == wanted)).collect();
            (200, json!({ "issues": found }))
        }
        (method, path) => {
            let mut parts = path.trim_start_matches('/').split('/');
            let key = parts.next().unwrap().to_owned();
            if !state.issues.contains_key(&key) {
                return (404, json!({ "error": "no such issue" }));
            }
            match (method, parts.next()) {
                ("GET", None) => {}
                ("PATCH", None) => {
                    state.writes += 1;
                    let members = body["issue"].as_object().unwrap().clone();
                    let issue = state.issues.get_mut(&key).unwrap();
                    members.into_iter().for_each(|(name, value)| issue[name] = value);
                }
                ("POST", Some("move")) => {
                    state.writes += 1;
                    state.issues.get_mut(&key).unwrap()["status"] = body["to"].clone();
                }
                _ => return (405, json!({ "error": "no such thing" })),
            }
            (200, json!({ "issue": state.issues[&key] }))
        }
    }
}
