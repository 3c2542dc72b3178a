//! ServiceNow by its Table API (docs.servicenow.com, "Table API"): `incident`, or any other table of tasks.

use crate::answers::{base, day_at, escaped, is_key, text_at};
use crate::http::{Doing, Failure, Request, Response};
use crate::{CHANGED, Changed, Connector, Finding, Issue, Setup, Wanted};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, NaiveDateTime, Utc};
use ratchet_domain::ticket_connections::{RequestMethod, Terms};
use ratchet_domain::tickets::Category;
use serde_json::{Map, Value, json};

/// The connector. A status is the number that `state` has in the table, a key the number that people see, a person the user's
/// name.
pub(crate) struct ServiceNow;

/// Rows of a page.
const PAGE: usize = 200;
/// The table where the connection names none.
const INCIDENT: &str = "incident";
/// What is read of a row; of who does it, the user's name.
const FIELDS: &str =
    "sys_id,number,short_description,description,state,due_date,assigned_to,assigned_to.user_name,sys_updated_on";
/// How moments are written, in UTC and without a zone.
const MOMENT: &str = "%Y-%m-%d %H:%M:%S";
/// By which code an incident is resolved that the connection says nothing of.
const CLOSE_CODE: &str = "Solution provided";
/// What is told of how it was resolved, which is asked for beside the code.
const CLOSE_NOTES: &str = "It was said to be done in the ISMS; whether it has worked is judged there.";

fn table<'a>(setup: &Setup<'a>) -> Result<&'a str, Failure> {
    let table = setup.terms.project.as_deref().unwrap_or(INCIDENT);
    let is_name = !table.is_empty() && table.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    is_name.then_some(table).ok_or_else(|| Failure::Refused("the project must be a table, such as incident".to_owned()))
}

/// Text that stands in a query: what separates its parts would change what is asked for.
fn value(text: &str) -> Result<&str, Failure> {
    let is_run = text.get(..11).is_some_and(|head| head.eq_ignore_ascii_case("javascript:"));
    let is_plain = !text.is_empty() && !is_run && !text.contains(['^', ',', '\n', '\r']);
    is_plain.then_some(text).ok_or_else(|| not_asked(text))
}

fn not_asked(text: &str) -> Failure {
    Failure::Refused(format!("{text:?} cannot be asked for"))
}

async fn ask(setup: &Setup<'_>, request: Request) -> Result<Response, Failure> {
    let mut request = request.with("accept", "application/json");
    if let Some(credentials) = setup.credentials {
        let said = match &credentials.user {
            Some(user) => format!("Basic {}", STANDARD.encode(format!("{user}:{}", credentials.secret))),
            None => format!("Bearer {}", credentials.secret),
        };
        request = request.with("authorization", said);
    }
    let answer = setup.dial.dial(request).await?;
    // Who is not known is told 401; with 403 a rule refuses this row, or this change of it.
    if answer.status == 403 { Err(Failure::Refused(answer.said())) } else { answer.well() }
}

/// What is written is answered; the links of references are left out.
fn row_url(setup: &Setup<'_>, path: &str) -> Result<String, Failure> {
    let (base, table) = (base(&setup.terms.base_url), table(setup)?);
    Ok(format!("{base}/api/now/table/{table}{path}?sysparm_fields=sys_id,number&sysparm_exclude_reference_link=true"))
}

/// Rows of a table. What is not understood of a query is left out there, and more is listed: whoever asks looks at each.
async fn rows(
    setup: &Setup<'_>,
    (table, fields): (&str, &str),
    query: &str,
    (limit, offset): (usize, usize),
) -> Result<Vec<Value>, Failure> {
    let base = base(&setup.terms.base_url);
    let url = format!(
        "{base}/api/now/table/{table}?sysparm_query={}&sysparm_fields={fields}&sysparm_limit={limit}\
         &sysparm_offset={offset}&sysparm_display_value=false&sysparm_exclude_reference_link=true",
        escaped(query)
    );
    match ask(setup, Request::get(url)).await {
        Ok(answer) => {
            let list = answer.read()?["result"].as_array().cloned();
            list.ok_or_else(|| Failure::Unreachable("the answer has no result".to_owned()))
        }
        // So say some that there are none.
        Err(Failure::Gone) => Ok(Vec::new()),
        Err(failure) => Err(failure),
    }
}

/// The row of a ticket.
async fn row(setup: &Setup<'_>, key: &str) -> Result<Value, Failure> {
    // Nothing else is a number, and a value that begins with `javascript:` would be run there.
    if !key.chars().all(|c| c.is_ascii_alphanumeric()) {
        return Err(not_asked(key));
    }
    let query = format!("number={}", value(key)?);
    let found = rows(setup, (table(setup)?, FIELDS), &query, (2, 0)).await?;
    found.into_iter().find(|row| row["number"].as_str() == Some(key)).ok_or(Failure::Gone)
}

/// The id of a row: nothing but that is written into an address.
fn id_of(row: &Value) -> Result<String, Failure> {
    let id = text_at(row, "/sys_id").filter(|id| id.len() == 32 && id.chars().all(|c| c.is_ascii_hexdigit()));
    id.ok_or_else(|| Failure::Unreachable("the answer has no sys_id".to_owned()))
}

async fn user_id(setup: &Setup<'_>, name: &str) -> Result<String, Failure> {
    let query = format!("user_name={}", value(name)?);
    let found = rows(setup, ("sys_user", "sys_id,user_name"), &query, (2, 0)).await?;
    let is_it = |user: &&Value| user["user_name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
    let user = found.iter().find(is_it);
    id_of(user.ok_or_else(|| Failure::Refused(format!("there is no user called {name:?}")))?)
}

/// What can be chosen for a field of the table, or of those that it extends.
async fn choices(setup: &Setup<'_>, field: &str) -> Result<Vec<String>, Failure> {
    let table = table(setup)?;
    let query = format!("nameIN{table},task^element={field}^inactive=false");
    let found = rows(setup, ("sys_choice", "name,element,value"), &query, (PAGE, 0)).await?;
    let is_of_it = |row: &&Value| {
        row["element"] == field && row["name"].as_str().is_some_and(|name| name == table || name == "task")
    };
    Ok(found.iter().filter(is_of_it).filter_map(|row| text_at(row, "/value")).collect())
}

fn close_code(setup: &Setup<'_>) -> Option<String> {
    let is_incident = table(setup).is_ok_and(|table| table == INCIDENT);
    setup.terms.close_code.clone().or_else(|| is_incident.then(|| CLOSE_CODE.to_owned()))
}

async fn members(setup: &Setup<'_>, wanted: &Wanted) -> Result<Map<String, Value>, Failure> {
    let Wanted { title, text, due_on, assignee, status } = wanted;
    // A moment is asked for: at noon it is the same day almost everywhere.
    let due_on = due_on.map(|day| format!("{day} 12:00:00"));
    let mut members = Map::new();
    for (name, said) in [("short_description", title), ("description", text), ("due_date", &due_on), ("state", status)]
    {
        if let Some(said) = said {
            members.insert(name.to_owned(), json!(said));
        }
    }
    if let Some(assignee) = assignee {
        members.insert("assigned_to".to_owned(), json!(user_id(setup, assignee).await?));
    }
    let is_done = status.as_ref().is_some_and(|status| setup.terms.category_of(status) == Some(Category::Done));
    if let Some(code) = close_code(setup).filter(|_| is_done) {
        members.insert("close_code".to_owned(), json!(code));
        members.insert("close_notes".to_owned(), json!(CLOSE_NOTES));
    }
    Ok(members)
}

/// `2026-11-26 20:15:00`, in UTC.
fn moment(row: &Value, pointer: &str) -> Option<DateTime<Utc>> {
    NaiveDateTime::parse_from_str(&text_at(row, pointer)?, MOMENT).ok().map(|at| at.and_utc())
}

/// What of the connection is a choice there, but is not listed.
fn unlisted(known: Result<Vec<String>, Failure>, wanted: &[&str], code: &'static str) -> Vec<Finding> {
    match known {
        Ok(known) => {
            let is_missing = |one: &&&str| !known.iter().any(|known| known == **one);
            let say = |one: &&str| Finding::missing(code, format!("the table has no {code} {one:?}"));
            wanted.iter().filter(is_missing).map(say).collect()
        }
        Err(failure) => vec![Finding::missing(code, format!("sys_choice cannot be read: {}", failure.words()))],
    }
}

impl Connector for ServiceNow {
    fn check<'a>(&'a self, setup: &'a Setup<'a>) -> Doing<'a, Vec<Finding>> {
        Box::pin(async move {
            if setup.credentials.is_none() {
                let detail = "a user and a password, or an access token, are needed";
                return vec![Finding::missing("credentials", detail)];
            }
            let table = match table(setup) {
                Ok(table) => table,
                Err(failure) => return vec![Finding::missing("project", failure.words())],
            };
            if let Err(failure) = rows(setup, (table, "number"), "ORDERBYDESCsys_updated_on", (1, 0)).await {
                return vec![Finding::missing("project", format!("{table} cannot be listed: {}", failure.words()))];
            }
            let mut findings = vec![Finding::sound("project", format!("{table} can be listed"))];
            let statuses: Vec<&str> = setup.terms.statuses.iter().map(|status| status.status.as_str()).collect();
            findings.extend(unlisted(choices(setup, "state").await, &statuses, "status"));
            if let Some(code) = close_code(setup) {
                findings.extend(unlisted(choices(setup, "close_code").await, &[&code], "close_code"));
            }
            for person in &setup.terms.people {
                if let Err(failure) = user_id(setup, &person.name).await {
                    findings.push(Finding::missing("person", failure.words()));
                }
            }
            findings
        })
    }

    fn create<'a>(
        &'a self,
        setup: &'a Setup<'a>,
        marker: &'a str,
        wanted: &'a Wanted,
    ) -> Doing<'a, Result<String, Failure>> {
        Box::pin(async move {
            let mut row = members(setup, wanted).await?;
            row.insert("correlation_id".to_owned(), json!(marker));
            let request = Request::json(RequestMethod::Post, row_url(setup, "")?, &Value::Object(row));
            let made = ask(setup, request).await?.read()?;
            let key = text_at(&made, "/result/number").filter(|key| is_key(key));
            key.ok_or_else(|| Failure::Unreachable("the answer has no number".to_owned()))
        })
    }

    fn find<'a>(&'a self, setup: &'a Setup<'a>, marker: &'a str) -> Doing<'a, Result<Option<String>, Failure>> {
        Box::pin(async move {
            let query = format!("correlation_id={}", value(marker)?);
            let found = rows(setup, (table(setup)?, "number,correlation_id"), &query, (PAGE, 0)).await?;
            let is_it = |row: &&Value| row["correlation_id"].as_str() == Some(marker);
            Ok(found.iter().find(is_it).and_then(|row| text_at(row, "/number")))
        })
    }

    fn fetch<'a>(&'a self, setup: &'a Setup<'a>, key: &'a str) -> Doing<'a, Result<Issue, Failure>> {
        Box::pin(async move {
            let row = row(setup, key).await?;
            let (id, base) = (id_of(&row)?, base(&setup.terms.base_url));
            // What may not be read is left out, or empty although somebody does it.
            let name = text_at(&row, "/assigned_to.user_name");
            let is_told = name.is_some() || text_at(&row, "/assigned_to").is_none();
            let is_there = row.get("assigned_to").is_some() && is_told;
            Ok(Issue {
                key: key.to_owned(),
                url: Some(format!("{base}/{}.do?sys_id={id}", table(setup)?)),
                status: text_at(&row, "/state").unwrap_or_default(),
                title: row.get("short_description").map(|_| text_at(&row, "/short_description").unwrap_or_default()),
                text: row.get("description").map(|_| text_at(&row, "/description").unwrap_or_default()),
                due_on: row.get("due_date").map(|_| day_at(&row, "/due_date")),
                assignee: is_there.then_some(name),
                updated_at: moment(&row, "/sys_updated_on"),
                etag: None,
            })
        })
    }

    fn update<'a>(
        &'a self,
        setup: &'a Setup<'a>,
        issue: &'a Issue,
        wanted: &'a Wanted,
    ) -> Doing<'a, Result<(), Failure>> {
        Box::pin(async move {
            let id = id_of(&row(setup, &issue.key).await?)?;
            let members = members(setup, wanted).await?;
            let url = row_url(setup, &format!("/{id}"))?;
            ask(setup, Request::json(RequestMethod::Patch, url, &Value::Object(members))).await.map(drop)
        })
    }

    /// The newest changes first, until one is older: in which zone a moment in a query is taken to be depends on whoever asks.
    fn changed_since<'a>(&'a self, setup: &'a Setup<'a>, since: DateTime<Utc>) -> Doing<'a, Result<Changed, Failure>> {
        Box::pin(async move {
            let (source, mut changed) = ((table(setup)?, "number,sys_updated_on"), Changed::default());
            while changed.keys.len() < CHANGED {
                let place = (PAGE, changed.keys.len());
                let found = rows(setup, source, "ORDERBYDESCsys_updated_on", place).await?;
                let recent = found.iter().filter(|row| moment(row, "/sys_updated_on").is_none_or(|at| at >= since));
                let recent: Vec<String> = recent.filter_map(|row| text_at(row, "/number")).collect();
                changed.is_whole = found.len() < PAGE || recent.len() < found.len();
                changed.keys.extend(recent);
                if changed.is_whole {
                    break;
                }
            }
            Ok(changed)
        })
    }

    /// What a business rule sends: `{"number": "INC0010001"}`.
    fn key_of(&self, _: &Terms, body: &Value) -> Option<String> {
        text_at(body, "/number").filter(|key| is_key(key))
    }
}
