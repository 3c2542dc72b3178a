//! Roundup by its REST interface (roundup-tracker.org, "REST API for Roundup"): the classic template, and any tracker whose
//! class `issue` has `title`, `status`, `assignedto` and `messages`.

use crate::answers::{apart, base, escaped, is_key, moment_at, text_at};
use crate::http::{Doing, Failure, Request, Response};
use crate::{CHANGED, Changed, Connector, Finding, Issue, Setup, Wanted};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, Utc};
use ratchet_domain::ticket_connections::{RequestMethod, Terms};
use serde_json::{Map, Value, json};

/// The connector. A ticket's text is its first message, and each change of it another one: messages are not rewritten there.
pub(crate) struct Roundup;

/// Tickets that are read of a list at once.
const PAGE: usize = 200;

/// The class of issues: `issue`, or what the connection calls its project.
fn class<'a>(setup: &Setup<'a>) -> &'a str {
    setup.terms.project.as_deref().unwrap_or("issue")
}

fn data(setup: &Setup<'_>, path: &str) -> String {
    format!("{}/rest/data/{path}", base(&setup.terms.base_url))
}

/// Where a browser would come from: what changes something is refused without.
fn origin(url: &str) -> String {
    let mut parts = url.splitn(4, '/');
    let (scheme, _, host) = (parts.next().unwrap_or_default(), parts.next(), parts.next().unwrap_or_default());
    format!("{scheme}//{host}")
}

async fn ask(setup: &Setup<'_>, request: Request) -> Result<Response, Failure> {
    let mut request = request
        .with("accept", "application/json")
        .with("x-requested-with", "rest")
        .with("origin", origin(&setup.terms.base_url));
    if let Some(credentials) = setup.credentials {
        let user = credentials.user.as_deref().unwrap_or_default();
        let pair = STANDARD.encode(format!("{user}:{}", credentials.secret));
        request = request.with("authorization", format!("Basic {pair}"));
    }
    setup.dial.dial(request).await?.well()
}

async fn read(setup: &Setup<'_>, path: &str) -> Result<(Value, Option<String>), Failure> {
    let response = ask(setup, Request::get(data(setup, path))).await?;
    let etag = response.header("etag").map(str::to_owned);
    Ok((response.read()?, etag))
}

/// Makes an item of a class; its id.
async fn made(setup: &Setup<'_>, class: &str, item: &Value) -> Result<String, Failure> {
    let answer = ask(setup, Request::json(RequestMethod::Post, data(setup, class), item)).await?.read()?;
    let id = text_at(&answer, "/data/id").filter(|id| is_key(id));
    id.ok_or_else(|| Failure::Unreachable("the answer has no id".to_owned()))
}

/// What is wanted, as members of an issue.
async fn members(setup: &Setup<'_>, wanted: &Wanted, messages: &[String]) -> Result<Map<String, Value>, Failure> {
    let Wanted { title, text, due_on: _, assignee, status } = wanted;
    let mut members = Map::new();
    let said = [("title", title), ("assignedto", assignee), ("status", status)];
    for (name, value) in said {
        if let Some(value) = value {
            members.insert(name.to_owned(), json!(value));
        }
    }
    if let Some(text) = text {
        // Without an author the tracker's own detectors stumble over it (2.6.0).
        let author = setup.credentials.and_then(|credentials| credentials.user.as_deref());
        let message = made(setup, "msg", &json!({ "content": text, "author": author, "date": "." })).await?;
        let all: Vec<&String> = messages.iter().chain([&message]).collect();
        members.insert("messages".to_owned(), json!(all));
    }
    Ok(members)
}

/// The issues of a list, by its parameters.
async fn listed(setup: &Setup<'_>, parameters: &str) -> Result<Vec<Value>, Failure> {
    let path = format!("{}?@fields=title,activity&@sort=-activity&@page_size={PAGE}{parameters}", class(setup));
    let (answer, _) = read(setup, &path).await?;
    let list = answer.pointer("/data/collection").and_then(Value::as_array).cloned();
    list.ok_or_else(|| Failure::Unreachable("the answer has no collection".to_owned()))
}

/// Roundup writes `2026-11-26.20:15:00`, in UTC.
fn moment(value: &Value, pointer: &str) -> Option<DateTime<Utc>> {
    let text = text_at(value, pointer)?;
    let (day, time) = text.split_once('.')?;
    let whole = json!(format!("{day}T{}Z", time.split('.').next().unwrap_or(time)));
    moment_at(&whole, "")
}

impl Connector for Roundup {
    fn check<'a>(&'a self, setup: &'a Setup<'a>) -> Doing<'a, Vec<Finding>> {
        Box::pin(async move {
            if setup.credentials.is_none_or(|credentials| credentials.user.is_none()) {
                return vec![Finding::missing("credentials", "a user and a password are needed")];
            }
            if let Err(failure) = listed(setup, "").await {
                return vec![Finding::missing(
                    "issues",
                    format!("{} cannot be listed: {}", class(setup), failure.words()),
                )];
            }
            let mut findings = vec![Finding::sound("issues", format!("{} can be listed", class(setup)))];
            for status in &setup.terms.statuses {
                let path = format!("status?name:={}&@fields=name", escaped(&status.status));
                let found = read(setup, &path).await.map(|(answer, _)| text_at(&answer, "/data/@total_size"));
                match found {
                    Ok(Some(count)) if count != "0" => {}
                    Ok(_) => {
                        let detail = format!("there is no status called {:?}", status.status);
                        findings.push(Finding::missing("status", detail));
                    }
                    Err(failure) => findings.push(Finding::missing("status", failure.words())),
                }
            }
            for person in &setup.terms.people {
                let path = format!("user?username:={}&@fields=username", escaped(&person.name));
                let found = read(setup, &path).await.map(|(answer, _)| text_at(&answer, "/data/@total_size"));
                if !matches!(found, Ok(Some(count)) if count != "0") {
                    findings.push(Finding::missing("person", format!("there is no user called {:?}", person.name)));
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
            let mut members = members(setup, wanted, &[]).await?;
            // By its title it is found again: messages are not searched by REST.
            let title = format!("{} [{marker}]", wanted.title.as_deref().unwrap_or_default());
            members.insert("title".to_owned(), json!(title));
            made(setup, class(setup), &Value::Object(members)).await
        })
    }

    fn find<'a>(&'a self, setup: &'a Setup<'a>, marker: &'a str) -> Doing<'a, Result<Option<String>, Failure>> {
        Box::pin(async move {
            let found = listed(setup, &format!("&title={}", escaped(marker))).await?;
            // A filter is a search for parts of words: what it finds is looked at.
            let wanted = format!("[{marker}]");
            let is_it = |issue: &&Value| text_at(issue, "/title").is_some_and(|title| title.ends_with(&wanted));
            Ok(found.iter().filter(is_it).filter_map(|issue| text_at(issue, "/id")).min())
        })
    }

    fn fetch<'a>(&'a self, setup: &'a Setup<'a>, key: &'a str) -> Doing<'a, Result<Issue, Failure>> {
        Box::pin(async move {
            let path = format!("{}/{}?@verbose=2", class(setup), escaped(key));
            let (answer, etag) = read(setup, &path).await?;
            let at = |pointer: &str| text_at(&answer, &format!("/data/attributes{pointer}"));
            let title = at("/title").unwrap_or_default();
            // Without the marker: what it says to people is what is compared.
            let title = apart(&title).0;
            Ok(Issue {
                key: text_at(&answer, "/data/id").unwrap_or_else(|| key.to_owned()),
                url: Some(format!("{}/{}{}", base(&setup.terms.base_url), class(setup), escaped(key))),
                status: at("/status/name").unwrap_or_default(),
                title: Some(title.to_owned()),
                text: None,
                due_on: None,
                assignee: Some(at("/assignedto/username").or_else(|| at("/assignedto/name"))),
                updated_at: moment(&answer, "/data/attributes/activity"),
                etag: etag.or_else(|| text_at(&answer, "/data/@etag")),
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
            let path = format!("{}/{}", class(setup), escaped(&issue.key));
            let (seen, etag) = read(setup, &path).await?;
            let messages = seen.pointer("/data/attributes/messages").and_then(Value::as_array);
            let ids = messages.into_iter().flatten().filter_map(|one| text_at(one, "/id").or_else(|| text_at(one, "")));
            let ids: Vec<String> = ids.collect();
            let mut members = members(setup, wanted, &ids).await?;
            if let (Some(title), Some(before)) = (&wanted.title, text_at(&seen, "/data/attributes/title")) {
                // The marker stays.
                let title = format!("{title}{}", apart(&before).1);
                members.insert("title".to_owned(), json!(title));
            }
            let etag = etag.or_else(|| text_at(&seen, "/data/@etag")).unwrap_or_default();
            let request = Request::json(RequestMethod::Patch, data(setup, &path), &Value::Object(members));
            ask(setup, request.with("if-match", etag)).await.map(drop)
        })
    }

    fn changed_since<'a>(&'a self, setup: &'a Setup<'a>, since: DateTime<Utc>) -> Doing<'a, Result<Changed, Failure>> {
        Box::pin(async move {
            let mut changed = Changed::default();
            for page in 1..=CHANGED / PAGE {
                let issues = listed(setup, &format!("&@page_index={page}")).await?;
                let count = issues.len();
                let recent = issues.iter().filter(|issue| moment(issue, "/activity").is_none_or(|at| at >= since));
                let found: Vec<String> = recent.filter_map(|issue| text_at(issue, "/id")).collect();
                changed.is_whole = count < PAGE || found.len() < count;
                changed.keys.extend(found);
                if changed.is_whole {
                    break;
                }
            }
            Ok(changed)
        })
    }

    /// What a detector sends: `{"issue": "12"}`.
    fn key_of(&self, _: &Terms, body: &Value) -> Option<String> {
        text_at(body, "/issue").filter(|key| is_key(key))
    }
}
