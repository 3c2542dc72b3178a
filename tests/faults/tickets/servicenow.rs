//! ServiceNow, as far as its documentation says what the Table API takes and what it answers: no ServiceNow. What the documentation
//! does not name is refused, although ServiceNow itself passes over some of it; a part of a query that is not understood is passed
//! over, as there.

use super::desk::{Desk, Seen};
use super::serving::{Asked, Told, serve};
use crate::faults::program::{client, now};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::NaiveDateTime;
use serde_json::{Map, Value, json};
use std::sync::{Arc, Mutex};

#[derive(Default)]
struct State {
    incidents: Vec<Value>,
    refused: Vec<String>,
    loses: bool,
    throttles: bool,
}

#[derive(Clone)]
pub struct ServiceNow {
    port: u16,
    state: Arc<Mutex<State>>,
}

const USER: (&str, &str) = ("ratchet", "the password of the instance");
const USERS: [(&str, &str); 2] =
    [("681ccaf9c0a8016400b98a06818d57c7", "m.lind"), ("5137153cc611227c000bbd1bd8cd2007", "t.berg")];
const STATES: [&str; 6] = ["1", "2", "3", "6", "7", "8"];
const CLOSE_CODES: [&str; 2] = ["Solution provided", "Resolved by caller"];
const WRITTEN: [&str; 8] = [
    "short_description",
    "description",
    "state",
    "due_date",
    "assigned_to",
    "correlation_id",
    "close_code",
    "close_notes",
];
const PARAMETERS: [&str; 6] = [
    "sysparm_query",
    "sysparm_fields",
    "sysparm_limit",
    "sysparm_offset",
    "sysparm_display_value",
    "sysparm_exclude_reference_link",
];
const MOMENT: &str = "%Y-%m-%d %H:%M:%S";

impl ServiceNow {
    pub async fn start() -> Self {
        let state: Arc<Mutex<State>> = Arc::default();
        let own = state.clone();
        let port = serve(move |asked| {
            let mut state = own.lock().unwrap();
            let told = answer(&mut state, asked);
            if let Told::Answer(400..=428 | 430.., _, said) = &told {
                state.refused.push(format!("{} {}: {said}", asked.method, asked.target));
            }
            told
        });
        Self { port: port.await, state }
    }

    fn change(&self, key: &str, more: Value) {
        let mut state = self.state.lock().unwrap();
        let row = state.incidents.iter_mut().find(|row| row["number"] == key).unwrap();
        more.as_object().unwrap().iter().for_each(|(name, value)| row[name] = value.clone());
        row["sys_updated_on"] = moment();
    }
}

impl Desk for ServiceNow {
    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    fn connection(&self, people: &Value) -> Value {
        let (user, secret) = USER;
        json!({
            "description": "ServiceNow", "kind": "servicenow", "base_url": self.url(),
            "credentials": { "user": user, "secret": secret }, "people": people, "poll_seconds": 10,
            "statuses": [
                { "status": "1", "category": "to_do" }, { "status": "2", "category": "in_progress" },
                { "status": "6", "category": "done" }, { "status": "7", "category": "done" },
                { "status": "8", "category": "cancelled" },
            ],
        })
    }

    fn wrong(&self) -> Vec<(reqwest::RequestBuilder, u16)> {
        let (user, secret) = USER;
        let table = format!("{}/api/now/table/incident", self.url());
        let known = |request: reqwest::RequestBuilder| request.basic_auth(user, Some(secret));
        let post = |body: Value| known(client().post(&table).json(&body));
        vec![
            (client().get(&table), 401),
            (client().get(&table).basic_auth(user, Some("another")), 401),
            (known(client().get(table.replace("incident", "nowhere"))), 400),
            (known(client().get(format!("{table}?limit=1"))), 400),
            (post(json!({ "title": "x" })), 400),
            (post(json!({ "short_description": "x", "state": 1 })), 400),
            (post(json!({ "short_description": "x", "due_date": "2027-01-15" })), 400),
            (post(json!({ "short_description": "x", "assigned_to": "m.lind" })), 400),
            (post(json!({ "short_description": "x", "state": "6" })), 403),
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
        let text = |row: &Value, name: &str| row[name].as_str().map(str::to_owned).filter(|text| !text.is_empty());
        let seen = |row: &Value| Seen {
            key: text(row, "number").unwrap(),
            title: text(row, "short_description").unwrap_or_default(),
            text: text(row, "description").unwrap_or_default(),
            due_on: text(row, "due_date").map(|moment| moment[..10].to_owned()),
            assignee: text(row, "assigned_to").map(|id| name_of(&id).to_owned()),
            is_closed: ["6", "7", "8"].iter().any(|state| row["state"] == *state),
        };
        self.state.lock().unwrap().incidents.iter().map(seen).collect()
    }

    fn assign(&self, key: &str, name: &str) {
        let (id, _) = USERS.iter().find(|(_, known)| *known == name).unwrap();
        self.change(key, json!({ "assigned_to": id }));
    }

    fn close(&self, key: &str) {
        self.change(key, json!({ "state": "6", "close_code": "Resolved by caller", "close_notes": "Image 42" }));
    }

    fn told(&self, key: &str) -> Value {
        json!({ "number": key })
    }

    fn token_header(&self) -> &'static str {
        "x-webhook-token"
    }
}

fn moment() -> Value {
    json!(now().format(MOMENT).to_string())
}

fn name_of(id: &str) -> &'static str {
    USERS.iter().find(|(known, _)| *known == id).unwrap().1
}

fn error(status: u16, message: &str) -> Told {
    Told::of(status, json!({ "error": { "message": message, "detail": null }, "status": "failure" }))
}

fn answer(state: &mut State, asked: &Asked) -> Told {
    let (user, secret) = USER;
    let known = format!("Basic {}", STANDARD.encode(format!("{user}:{secret}")));
    if asked.header("authorization") != Some(known.as_str()) {
        return error(401, "User Not Authenticated");
    }
    if std::mem::take(&mut state.throttles) {
        return Told::Answer(
            429,
            vec![("retry-after", "1".to_owned())],
            json!({ "error": { "message": "Rate limit" } }),
        );
    }
    if let Some(unknown) = asked.query.keys().find(|name| !PARAMETERS.contains(&name.as_str())) {
        return error(400, unknown);
    }
    let parts: Vec<&str> = asked.path.iter().map(String::as_str).collect();
    match (asked.method.as_str(), parts.as_slice()) {
        ("GET", ["api", "now", "table", "incident"]) => list(&state.incidents, asked),
        ("GET", ["api", "now", "table", "sys_user"]) => {
            let rows = USERS.map(|(id, name)| json!({ "sys_id": id, "user_name": name }));
            list(&rows, asked)
        }
        ("GET", ["api", "now", "table", "sys_choice"]) => {
            let row = |element: &str, value: &str| json!({ "name": "incident", "element": element, "value": value, "inactive": "false" });
            let states = STATES.iter().map(|state| row("state", state));
            let rows: Vec<Value> = states.chain(CLOSE_CODES.iter().map(|code| row("close_code", code))).collect();
            list(&rows, asked)
        }
        ("POST", ["api", "now", "table", "incident"]) => {
            let number = state.incidents.len() + 1;
            let mut row = json!({
                "sys_id": format!("{number:032x}"), "number": format!("INC{:07}", 10_000 + number), "state": "1",
                "short_description": "", "description": "", "due_date": "", "assigned_to": "", "correlation_id": "",
            });
            if let Err(refused) = write(&mut row, &asked.body) {
                return refused;
            }
            state.incidents.push(row.clone());
            if std::mem::take(&mut state.loses) {
                Told::Nothing
            } else {
                Told::of(201, json!({ "result": shown(&row, asked) }))
            }
        }
        ("PATCH", ["api", "now", "table", "incident", id]) => {
            let Some(row) = state.incidents.iter_mut().find(|row| row["sys_id"] == *id) else {
                return error(404, "No Record found");
            };
            if let Err(refused) = write(row, &asked.body) {
                return refused;
            }
            Told::of(200, json!({ "result": shown(row, asked) }))
        }
        (_, ["api", "now", "table", ..]) => error(400, "Invalid table"),
        _ => error(400, "Requested URI does not represent any resource"),
    }
}

/// A row, as far as its fields are asked for.
fn shown(row: &Value, asked: &Asked) -> Value {
    let Some(fields) = asked.query.get("sysparm_fields") else { return row.clone() };
    let read = |field: &str| match field {
        "assigned_to.user_name" => match row["assigned_to"].as_str() {
            Some("") | None => json!(""),
            Some(id) => json!(name_of(id)),
        },
        field => row[field].clone(),
    };
    Value::Object(fields.split(',').map(|field| (field.to_owned(), read(field))).collect::<Map<_, _>>())
}

fn list(rows: &[Value], asked: &Asked) -> Told {
    let number = |name: &str, usual: usize| asked.query.get(name).map_or(usual, |given| given.parse().unwrap());
    let mut found: Vec<&Value> = rows.iter().collect();
    for part in asked.query.get("sysparm_query").map(String::as_str).unwrap_or_default().split('^') {
        if let Some(field) = part.strip_prefix("ORDERBYDESC") {
            found.sort_by_key(|row| std::cmp::Reverse(row[field].as_str()));
        } else if let Some((field, value)) = part.split_once('=') {
            found.retain(|row| row[field] == value);
        } else if let Some((field, values)) = part.split_once("IN") {
            found.retain(|row| values.split(',').any(|value| row[field] == value));
        }
    }
    let found = found.into_iter().skip(number("sysparm_offset", 0)).take(number("sysparm_limit", 10_000));
    Told::of(200, json!({ "result": found.map(|row| shown(row, asked)).collect::<Vec<_>>() }))
}

fn write(row: &mut Value, body: &Value) -> Result<(), Told> {
    let given = body
        .as_object()
        .filter(|given| !given.is_empty())
        .ok_or_else(|| error(400, "The payload is not valid JSON"))?;
    let mut after = row.clone();
    for (name, value) in given {
        let is_sound = value.as_str().is_some_and(|text| match name.as_str() {
            "due_date" => NaiveDateTime::parse_from_str(text, MOMENT).is_ok(),
            "state" => STATES.contains(&text),
            "assigned_to" => USERS.iter().any(|(id, _)| *id == text),
            "close_code" => CLOSE_CODES.contains(&text),
            "correlation_id" => text.len() <= 100,
            name => WRITTEN.contains(&name),
        });
        if !is_sound {
            return Err(error(400, &format!("{name} cannot be {value}")));
        }
        after[name] = value.clone();
    }
    let is_resolved = after["state"] == "6" || after["state"] == "7";
    if is_resolved && (after["close_code"].as_str().is_none() || after["close_notes"].as_str().is_none()) {
        let fields = "the following fields are mandatory: Resolution code, Resolution notes";
        return Err(error(403, &format!("Operation Failed: Data Policy Exception: {fields}")));
    }
    // What is longer than the field is cut off there.
    let title: String = after["short_description"].as_str().unwrap().chars().take(160).collect();
    (after["short_description"], after["sys_updated_on"]) = (json!(title), moment());
    *row = after;
    Ok(())
}
