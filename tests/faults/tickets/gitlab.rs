//! GitLab, as far as its documentation says what it takes and what it answers (docs.gitlab.com/api/issues and /api/users): no GitLab.
//! What the documentation does not name is refused, although GitLab itself passes over some of it.

use super::desk::{Desk, Seen};
use super::serving::{Asked, Told, serve};
use crate::faults::program::{client, now};
use chrono::{NaiveDate, SecondsFormat};
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct State {
    issues: Vec<Value>,
    refused: Vec<String>,
    loses: bool,
    throttles: bool,
}

#[derive(Clone)]
pub struct Gitlab {
    port: u16,
    state: Arc<Mutex<State>>,
}

const TOKEN: &str = "glpat-the-token-of-the-test";
const PROJECT: [&str; 2] = ["4", "isms/laptops"];
const USERS: [(i64, &str); 2] = [(11, "m.lind"), (12, "t.berg")];
/// Attributes of a new issue, and of an edit.
const CREATED: [&str; 6] = ["title", "description", "assignee_ids", "due_date", "labels", "issue_type"];
const EDITED: [&str; 6] = ["title", "description", "assignee_ids", "due_date", "labels", "state_event"];
const LISTED: [&str; 9] = ["scope", "state", "search", "in", "order_by", "sort", "updated_after", "page", "per_page"];

impl Gitlab {
    pub async fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let own = state.clone();
        let port = serve(move |asked| {
            let mut state = own.lock().unwrap();
            let told = answer(&mut state, asked);
            if let Told::Answer(400.., _, said) = &told
                && !said.to_string().contains("Retry later")
            {
                state.refused.push(format!("{} {}: {said}", asked.method, asked.target));
            }
            told
        });
        Self { port: port.await, state }
    }

    fn change(&self, key: &str, more: Value) {
        let mut state = self.state.lock().unwrap();
        let issue = state.issues.iter_mut().find(|issue| issue["iid"].as_i64() == key.parse().ok()).unwrap();
        more.as_object().unwrap().iter().for_each(|(name, value)| issue[name] = value.clone());
        issue["updated_at"] = moment();
    }
}

impl Desk for Gitlab {
    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn connection(&self, people: &Value) -> Value {
        json!({
            "description": "GitLab", "kind": "gitlab", "base_url": self.url(), "project": "isms/laptops",
            "credentials": { "secret": TOKEN }, "people": people, "poll_seconds": 10,
            "statuses": [{ "status": "opened", "category": "to_do" }, { "status": "closed", "category": "done" }],
        })
    }

    fn wrong(&self) -> Vec<(reqwest::RequestBuilder, u16)> {
        let issues = format!("{}/api/v4/projects/isms%2Flaptops/issues", self.url());
        let post = |body: Value| client().post(&issues).bearer_auth(TOKEN).json(&body);
        vec![
            (client().get(&issues), 401),
            (client().get(&issues).header("private-token", "another"), 401),
            (client().get(issues.replace("laptops", "servers")).bearer_auth(TOKEN), 404),
            (post(json!({ "description": "no title" })), 400),
            (post(json!({ "title": "x", "assignee": "m.lind" })), 400),
            (post(json!({ "title": "x", "assignee_ids": ["m.lind"] })), 400),
            (post(json!({ "title": "x", "due_date": "15.01.2027" })), 400),
            (client().get(format!("{issues}?per_page=1000")).bearer_auth(TOKEN), 400),
        ]
    }

    fn lose_next_answer(&self) {
        self.state.lock().unwrap().loses = true;
    }

    fn throttle(&self) {
        self.state.lock().unwrap().throttles = true;
    }

    fn refused(&self) -> Vec<String> {
        std::mem::take(&mut self.state.lock().unwrap().refused)
    }

    fn seen(&self) -> Vec<Seen> {
        let state = self.state.lock().unwrap();
        let seen = |issue: &Value| Seen {
            key: issue["iid"].to_string(),
            title: issue["title"].as_str().unwrap().to_owned(),
            text: issue["description"].as_str().unwrap_or_default().to_owned(),
            due_on: issue["due_date"].as_str().map(str::to_owned),
            assignee: issue["assignees"][0]["username"].as_str().map(str::to_owned),
            is_closed: issue["state"] == "closed",
        };
        state.issues.iter().map(seen).collect()
    }

    fn assign(&self, key: &str, name: &str) {
        let user = user(USERS.iter().find(|(_, known)| *known == name).unwrap());
        self.change(key, json!({ "assignees": [user] }));
    }

    fn close(&self, key: &str) {
        self.change(key, json!({ "state": "closed" }));
    }

    fn told(&self, key: &str) -> Value {
        let iid: u64 = key.parse().unwrap();
        json!({ "object_kind": "issue", "event_type": "issue", "object_attributes": { "id": 300, "iid": iid, "action": "close" } })
    }

    fn token_header(&self) -> &'static str {
        "x-gitlab-token"
    }
}

fn moment() -> Value {
    json!(now().to_rfc3339_opts(SecondsFormat::Millis, true))
}

fn user((id, username): &(i64, &str)) -> Value {
    json!({ "id": id, "username": username, "name": username, "state": "active" })
}

fn answer(state: &mut State, asked: &Asked) -> Told {
    let error = |status, said: &str| Told::of(status, json!({ "message": said }));
    let bearer = asked.header("authorization").and_then(|given| given.strip_prefix("Bearer "));
    if bearer.or(asked.header("private-token")) != Some(TOKEN) {
        return error(401, "401 Unauthorized");
    }
    if std::mem::take(&mut state.throttles) {
        return Told::Answer(429, vec![("retry-after", "1".to_owned())], json!("Retry later"));
    }
    let parts: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    match (asked.method.as_str(), parts.as_slice()) {
        ("GET", ["api", "v4", "users"]) => {
            let named = asked.query.get("username");
            let found = USERS.iter().filter(|(_, name)| named.is_some_and(|named| named == name));
            Told::of(200, found.map(user).collect())
        }
        (method, ["api", "v4", "projects", project, "issues", rest @ ..]) if PROJECT.contains(project) => {
            match (method, rest) {
                ("GET", []) => list(state, asked),
                ("POST", []) => create(state, &asked.body),
                ("GET" | "PUT", [iid]) => {
                    let found = state.issues.iter_mut().find(|issue| issue["iid"].as_i64() == iid.parse().ok());
                    match found {
                        None => error(404, "404 Not found"),
                        Some(issue) if method == "GET" => Told::of(200, issue.clone()),
                        Some(issue) => edit(issue, &asked.body),
                    }
                }
                _ => error(405, "405 Method Not Allowed"),
            }
        }
        ("GET", ["api", "v4", "projects", ..]) => error(404, "404 Project Not Found"),
        _ => Told::of(404, json!({ "error": "404 Not Found" })),
    }
}

fn list(state: &State, asked: &Asked) -> Told {
    let wrong = |name: &str| Told::of(400, json!({ "error": format!("{name} does not have a valid value") }));
    let given = |name: &str| asked.query.get(name).map(String::as_str);
    if let Some(unknown) = asked.query.keys().find(|name| !LISTED.contains(&name.as_str())) {
        return wrong(unknown);
    }
    let values =
        [("scope", "created_by_me assigned_to_me all"), ("sort", "asc desc"), ("order_by", "created_at updated_at")];
    for (name, known) in values {
        if given(name).is_some_and(|given| !known.split(' ').any(|known| known == given)) {
            return wrong(name);
        }
    }
    let (page, size): (usize, usize) =
        (given("page").unwrap_or("1").parse().unwrap(), given("per_page").unwrap_or("20").parse().unwrap());
    let after = given("updated_after").map(chrono::DateTime::parse_from_rfc3339);
    if page == 0 || !(1..=100).contains(&size) || after.is_some_and(|after| after.is_err()) {
        return wrong("per_page, page or updated_after");
    }
    let by = given("order_by").unwrap_or("created_at");
    let is_wanted = |issue: &&Value| {
        let updated = chrono::DateTime::parse_from_rfc3339(issue["updated_at"].as_str().unwrap()).unwrap();
        after.is_none_or(|after| after.unwrap() < updated)
    };
    let mut found: Vec<&Value> = state.issues.iter().filter(is_wanted).collect();
    found.sort_by_key(|issue| issue[by].as_str());
    if given("sort") != Some("asc") {
        found.reverse();
    }
    let rest = found.len().saturating_sub(page * size);
    let next = if rest > 0 { (page + 1).to_string() } else { String::new() };
    let found: Vec<&Value> = found.into_iter().skip((page - 1) * size).take(size).collect();
    Told::Answer(200, vec![("x-page", page.to_string()), ("x-next-page", next)], json!(found))
}

/// What is wrong with the attributes that were given.
fn fault(body: &Value, known: &[&str]) -> Option<String> {
    let Some(given) = body.as_object().filter(|given| !given.is_empty()) else {
        return Some(format!("{} are missing, at least one parameter must be provided", known.join(", ")));
    };
    given.iter().find_map(|(name, value)| {
        let is_sound = match name.as_str() {
            _ if !known.contains(&name.as_str()) => false,
            "assignee_ids" => value.as_array().is_some_and(|ids| ids.iter().all(Value::is_i64)),
            "due_date" => value.as_str().is_some_and(|day| day.parse::<NaiveDate>().is_ok()),
            "state_event" => value == "close" || value == "reopen",
            "issue_type" => ["issue", "incident", "test_case", "task"].iter().any(|known| value == known),
            "title" => value.as_str().is_some_and(|title| !title.is_empty() && title.chars().count() <= 255),
            _ => value.is_string(),
        };
        (!is_sound).then(|| format!("{name} is invalid"))
    })
}

fn create(state: &mut State, body: &Value) -> Told {
    let missing = body["title"].is_null().then(|| "title is missing".to_owned());
    if let Some(fault) = missing.or_else(|| fault(body, &CREATED)) {
        return Told::of(400, json!({ "error": fault }));
    }
    let iid = state.issues.len() + 1;
    let mut issue = json!({
        "id": 300 + iid, "iid": iid, "project_id": 4, "state": "opened", "description": null, "assignees": [],
        "due_date": null, "created_at": moment(), "web_url": format!("https://gitlab.example.org/isms/laptops/-/issues/{iid}"),
    });
    write(&mut issue, body);
    state.issues.push(issue.clone());
    if std::mem::take(&mut state.loses) { Told::Nothing } else { Told::of(201, issue) }
}

fn edit(issue: &mut Value, body: &Value) -> Told {
    if let Some(fault) = fault(body, &EDITED) {
        return Told::of(400, json!({ "error": fault }));
    }
    write(issue, body);
    Told::of(200, issue.clone())
}

fn write(issue: &mut Value, body: &Value) {
    for (name, value) in body.as_object().unwrap() {
        match name.as_str() {
            "assignee_ids" => {
                let ids = value.as_array().unwrap();
                let users: Vec<Value> =
                    USERS.iter().filter(|(id, _)| ids.iter().any(|given| given == id)).map(user).collect();
                issue["assignees"] = json!(users);
            }
            "state_event" => issue["state"] = json!(if value == "close" { "closed" } else { "opened" }),
            _ => issue[name] = value.clone(),
        }
    }
    issue["updated_at"] = moment();
}
