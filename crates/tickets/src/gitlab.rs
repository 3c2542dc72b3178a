//! GitLab Issues by the REST API v4 (docs.gitlab.com/api/issues).

use crate::answers::{base, before_comment, commented, day_at, escaped, is_key, moment_at, text_at};
use crate::http::{Doing, Failure, Request, Response};
use crate::{CHANGED, Changed, Connector, Finding, Issue, Setup, Wanted};
use chrono::{DateTime, SecondsFormat, Utc};
use ratchet_domain::ticket_connections::{RequestMethod, Terms};
use serde_json::{Map, Value, json};

/// The connector. A status is `opened` or `closed`; a key is the number that people see (`iid`).
pub(crate) struct Gitlab;

/// Issues of a page: what GitLab gives at most.
const PAGE: usize = 100;
/// Pages of the newest issues that are looked through for a marker.
const NEWEST: usize = 3;
const OPENED: &str = "opened";
const CLOSED: &str = "closed";

fn address(setup: &Setup<'_>, path: &str) -> String {
    format!("{}/api/v4/{path}", base(&setup.terms.base_url))
}

/// An address in the project, which is named by its id or by its path.
fn in_project(setup: &Setup<'_>, path: &str) -> Result<String, Failure> {
    let project = setup.terms.project.as_deref();
    let project = project.ok_or_else(|| Failure::Refused("the connection names no project".to_owned()))?;
    Ok(address(setup, &format!("projects/{}{path}", escaped(project))))
}

async fn ask(setup: &Setup<'_>, request: Request) -> Result<Response, Failure> {
    let mut request = request.with("accept", "application/json");
    if let Some(credentials) = setup.credentials {
        // Access tokens of people, projects and groups are taken so, as OAuth's are.
        request = request.with("authorization", format!("Bearer {}", credentials.secret));
    }
    setup.dial.dial(request).await?.well()
}

/// A page of the project's issues, and whether another follows.
async fn listed(setup: &Setup<'_>, query: &str, page: usize) -> Result<(Vec<Value>, bool), Failure> {
    let url = in_project(setup, &format!("/issues?scope=all&sort=desc&per_page={PAGE}&page={page}{query}"))?;
    let answer = ask(setup, Request::get(url)).await?;
    let is_more = answer.header("x-next-page").is_some_and(|next| !next.trim().is_empty());
    let list = answer.read()?.as_array().cloned();
    Ok((list.ok_or_else(|| Failure::Unreachable("the answer is no list".to_owned()))?, is_more))
}

/// The id of whoever is called so there.
async fn user_id(setup: &Setup<'_>, name: &str) -> Result<i64, Failure> {
    let found = ask(setup, Request::get(address(setup, &format!("users?username={}", escaped(name))))).await?.read()?;
    let is_it = |user: &&Value| user["username"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name));
    let id = found.as_array().into_iter().flatten().find(is_it).and_then(|user| user["id"].as_i64());
    id.ok_or_else(|| Failure::Refused(format!("there is no user called {name:?}")))
}

async fn members(setup: &Setup<'_>, wanted: &Wanted, mark: &str) -> Result<Map<String, Value>, Failure> {
    let Wanted { title, text, due_on, assignee, status: _ } = wanted;
    let mut members = Map::new();
    if let Some(title) = title {
        members.insert("title".to_owned(), json!(title));
    }
    if let Some(text) = text {
        members.insert("description".to_owned(), json!(format!("{text}{mark}")));
    }
    if let Some(due_on) = due_on {
        members.insert("due_date".to_owned(), json!(due_on.to_string()));
    }
    if let Some(assignee) = assignee {
        members.insert("assignee_ids".to_owned(), json!([user_id(setup, assignee).await?]));
    }
    Ok(members)
}

/// By which event an issue comes to a status.
fn event(status: &str) -> Result<&'static str, Failure> {
    match status.to_ascii_lowercase().as_str() {
        OPENED => Ok("reopen"),
        CLOSED => Ok("close"),
        _ => Err(Failure::Refused(format!("GitLab has no status {status:?}: it has {OPENED} and {CLOSED}"))),
    }
}

impl Connector for Gitlab {
    fn check<'a>(&'a self, setup: &'a Setup<'a>) -> Doing<'a, Vec<Finding>> {
        Box::pin(async move {
            if setup.credentials.is_none() {
                return vec![Finding::missing("credentials", "an access token with the scope `api` is needed")];
            }
            if let Err(failure) = listed(setup, "", 1).await {
                return vec![Finding::missing("issues", format!("issues cannot be listed: {}", failure.words()))];
            }
            let mut findings = vec![Finding::sound("issues", "issues can be listed")];
            for status in &setup.terms.statuses {
                if let Err(failure) = event(&status.status) {
                    findings.push(Finding::missing("status", failure.words()));
                }
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
            let mark = commented(marker);
            let mut issue = members(setup, wanted, &mark).await?;
            issue.entry("description").or_insert_with(|| json!(mark));
            if let Some(issue_type) = &setup.terms.issue_type {
                issue.insert("issue_type".to_owned(), json!(issue_type));
            }
            let request = Request::json(RequestMethod::Post, in_project(setup, "/issues")?, &Value::Object(issue));
            let made = ask(setup, request).await?.read()?;
            let key = text_at(&made, "/iid").filter(|key| is_key(key));
            key.ok_or_else(|| Failure::Unreachable("the answer has no iid".to_owned()))
        })
    }

    /// What stands in a comment of a text is not searched: the newest issues are looked at instead.
    fn find<'a>(&'a self, setup: &'a Setup<'a>, marker: &'a str) -> Doing<'a, Result<Option<String>, Failure>> {
        Box::pin(async move {
            let wanted = commented(marker);
            let is_it = |it: &&Value| text_at(it, "/description").is_some_and(|text| text.contains(wanted.trim()));
            for page in 1..=NEWEST {
                let (issues, is_more) = listed(setup, "&order_by=created_at", page).await?;
                if let Some(found) = issues.iter().find(is_it) {
                    return Ok(text_at(found, "/iid"));
                }
                if !is_more {
                    break;
                }
            }
            Ok(None)
        })
    }

    fn fetch<'a>(&'a self, setup: &'a Setup<'a>, key: &'a str) -> Doing<'a, Result<Issue, Failure>> {
        Box::pin(async move {
            let url = in_project(setup, &format!("/issues/{}", escaped(key)))?;
            let issue = ask(setup, Request::get(url)).await?.read()?;
            let text = text_at(&issue, "/description").unwrap_or_default();
            Ok(Issue {
                key: text_at(&issue, "/iid").unwrap_or_else(|| key.to_owned()),
                url: text_at(&issue, "/web_url"),
                status: text_at(&issue, "/state").unwrap_or_default(),
                title: Some(text_at(&issue, "/title").unwrap_or_default()),
                text: Some(before_comment(&text).0.to_owned()),
                due_on: Some(day_at(&issue, "/due_date")),
                assignee: Some(text_at(&issue, "/assignees/0/username")),
                updated_at: moment_at(&issue, "/updated_at"),
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
            let url = in_project(setup, &format!("/issues/{}", escaped(&issue.key)))?;
            let seen = ask(setup, Request::get(url.clone())).await?.read()?;
            let text = text_at(&seen, "/description").unwrap_or_default();
            let mut members = members(setup, wanted, before_comment(&text).1).await?;
            let state = text_at(&seen, "/state").unwrap_or_default();
            if let Some(status) = wanted.status.as_ref().filter(|status| !status.eq_ignore_ascii_case(&state)) {
                members.insert("state_event".to_owned(), json!(event(status)?));
            }
            // Without any member it is refused.
            if members.is_empty() {
                return Ok(());
            }
            ask(setup, Request::json(RequestMethod::Put, url, &Value::Object(members))).await.map(drop)
        })
    }

    fn changed_since<'a>(&'a self, setup: &'a Setup<'a>, since: DateTime<Utc>) -> Doing<'a, Result<Changed, Failure>> {
        Box::pin(async move {
            let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            let (query, mut changed) = (format!("&order_by=updated_at&updated_after={since}"), Changed::default());
            for page in 1..=CHANGED / PAGE {
                let (issues, is_more) = listed(setup, &query, page).await?;
                changed.keys.extend(issues.iter().filter_map(|issue| text_at(issue, "/iid")));
                if !is_more {
                    changed.is_whole = true;
                    break;
                }
            }
            Ok(changed)
        })
    }

    /// A webhook of issues, or of the comments on one.
    fn key_of(&self, _: &Terms, body: &Value) -> Option<String> {
        let at = match body["object_kind"].as_str()? {
            "issue" | "work_item" => "/object_attributes/iid",
            "note" => "/issue/iid",
            _ => return None,
        };
        text_at(body, at).filter(|key| is_key(key))
    }
}
