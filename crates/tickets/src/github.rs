//! GitHub Issues by the REST API (docs.github.com/rest/issues, version 2022-11-28).

use crate::answers::{base, before_comment, commented, is_key, moment_at, text_at};
use crate::http::{Doing, Failure, Request, Response};
use crate::{CHANGED, Changed, Connector, Finding, Issue, Setup, Wanted};
use chrono::{DateTime, SecondsFormat, Utc};
use ratchet_domain::ticket_connections::{RequestMethod, Terms};
use serde_json::{Map, Value, json};

/// The connector. A status is `open`, or why it was closed: `completed`, `not_planned`, `duplicate`.
pub(crate) struct Github;

/// Issues of a page: what GitHub gives at most.
const PAGE: usize = 100;
const OPEN: &str = "open";
const COMPLETED: &str = "completed";

/// The repository, `owner/name`.
fn repository(setup: &Setup<'_>) -> Result<String, Failure> {
    let is_part = |part: &str| {
        !part.is_empty()
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c))
            && !part.starts_with("..")
    };
    let named = setup.terms.project.as_deref().and_then(|project| project.split_once('/'));
    let named = named.filter(|(owner, name)| is_part(owner) && is_part(name));
    let (owner, name) =
        named.ok_or_else(|| Failure::Refused("the project must be a repository, such as owner/name".to_owned()))?;
    Ok(format!("{}/repos/{owner}/{name}", base(&setup.terms.base_url)))
}

async fn ask(setup: &Setup<'_>, request: Request) -> Result<Response, Failure> {
    // Its own form of JSON; the plain one is the same for issues.
    let mut request = request
        .with("accept", "application/vnd.github+json, application/json;q=0.9")
        .with("x-github-api-version", "2022-11-28");
    if let Some(credentials) = setup.credentials {
        request = request.with("authorization", format!("Bearer {}", credentials.secret));
    }
    setup.dial.dial(request).await?.well()
}

fn members(wanted: &Wanted, mark: &str) -> Map<String, Value> {
    let Wanted { title, text, due_on: _, assignee, status } = wanted;
    let mut members = Map::new();
    if let Some(title) = title {
        members.insert("title".to_owned(), json!(title));
    }
    if let Some(text) = text {
        members.insert("body".to_owned(), json!(format!("{text}{mark}")));
    }
    if let Some(assignee) = assignee {
        members.insert("assignees".to_owned(), json!([assignee]));
    }
    match status.as_deref() {
        None => {}
        Some(OPEN) => {
            members.insert("state".to_owned(), json!(OPEN));
        }
        Some(reason) => {
            members.insert("state".to_owned(), json!("closed"));
            members.insert("state_reason".to_owned(), json!(reason));
        }
    }
    members
}

async fn listed(setup: &Setup<'_>, query: &str, page: usize) -> Result<Vec<Value>, Failure> {
    let url = format!("{}/issues?state=all&per_page={PAGE}&page={page}{query}", repository(setup)?);
    let answer = ask(setup, Request::get(url)).await?.read()?;
    let list = answer.as_array().cloned();
    list.ok_or_else(|| Failure::Unreachable("the answer is no list".to_owned()))
}

/// Pull requests are listed among the issues.
fn is_issue(issue: &Value) -> bool {
    issue.get("pull_request").is_none_or(Value::is_null)
}

impl Connector for Github {
    fn check<'a>(&'a self, setup: &'a Setup<'a>) -> Doing<'a, Vec<Finding>> {
        Box::pin(async move {
            if setup.credentials.is_none() {
                return vec![Finding::missing("credentials", "a token is needed that reads and writes issues")];
            }
            let mut findings = vec![match listed(setup, "", 1).await {
                Ok(_) => Finding::sound("issues", "issues can be listed"),
                Err(failure) => Finding::missing("issues", format!("issues cannot be listed: {}", failure.words())),
            }];
            for status in &setup.terms.statuses {
                if ![OPEN, COMPLETED, "not_planned", "duplicate"].contains(&status.status.as_str()) {
                    let detail =
                        format!("GitHub has no {:?}: it has open, completed, not_planned, duplicate", status.status);
                    findings.push(Finding::missing("status", detail));
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
            let mut issue = members(&Wanted { status: None, ..wanted.clone() }, &commented(marker));
            if wanted.text.is_none() {
                issue.insert("body".to_owned(), json!(commented(marker)));
            }
            let url = format!("{}/issues", repository(setup)?);
            let made = ask(setup, Request::json(RequestMethod::Post, url, &Value::Object(issue))).await?.read()?;
            let key = text_at(&made, "/number").filter(|key| is_key(key));
            key.ok_or_else(|| Failure::Unreachable("the answer has no number".to_owned()))
        })
    }

    /// The search of GitHub finds what is new a while later: the newest issues are looked at instead.
    fn find<'a>(&'a self, setup: &'a Setup<'a>, marker: &'a str) -> Doing<'a, Result<Option<String>, Failure>> {
        Box::pin(async move {
            let wanted = format!("<!-- {marker} -->");
            for page in 1..=3 {
                let issues = listed(setup, "&sort=created&direction=desc", page).await?;
                let is_it =
                    |it: &&Value| is_issue(it) && text_at(it, "/body").is_some_and(|body| body.contains(&wanted));
                if let Some(found) = issues.iter().find(is_it) {
                    return Ok(text_at(found, "/number"));
                }
                if issues.len() < PAGE {
                    break;
                }
            }
            Ok(None)
        })
    }

    fn fetch<'a>(&'a self, setup: &'a Setup<'a>, key: &'a str) -> Doing<'a, Result<Issue, Failure>> {
        Box::pin(async move {
            let url = format!("{}/issues/{}", repository(setup)?, crate::answers::escaped(key));
            let issue = ask(setup, Request::get(url)).await?.read()?;
            let is_open = text_at(&issue, "/state").as_deref() == Some(OPEN);
            let reason = text_at(&issue, "/state_reason").unwrap_or_else(|| COMPLETED.to_owned());
            let body = text_at(&issue, "/body").unwrap_or_default();
            Ok(Issue {
                key: text_at(&issue, "/number").unwrap_or_else(|| key.to_owned()),
                url: text_at(&issue, "/html_url"),
                status: if is_open { OPEN.to_owned() } else { reason },
                title: Some(text_at(&issue, "/title").unwrap_or_default()),
                text: Some(before_comment(&body).0.to_owned()),
                // GitHub knows none.
                due_on: None,
                assignee: Some(text_at(&issue, "/assignee/login")),
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
            let url = format!("{}/issues/{}", repository(setup)?, crate::answers::escaped(&issue.key));
            let seen = ask(setup, Request::get(url.clone())).await?.read()?;
            let body = text_at(&seen, "/body").unwrap_or_default();
            let members = members(wanted, before_comment(&body).1);
            ask(setup, Request::json(RequestMethod::Patch, url, &Value::Object(members))).await.map(drop)
        })
    }

    fn changed_since<'a>(&'a self, setup: &'a Setup<'a>, since: DateTime<Utc>) -> Doing<'a, Result<Changed, Failure>> {
        Box::pin(async move {
            let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            let (query, mut changed) = (format!("&sort=updated&direction=desc&since={since}"), Changed::default());
            for page in 1..=CHANGED / PAGE {
                let issues = listed(setup, &query, page).await?;
                changed.keys.extend(issues.iter().filter(|it| is_issue(it)).filter_map(|it| text_at(it, "/number")));
                if issues.len() < PAGE {
                    changed.is_whole = true;
                    break;
                }
            }
            Ok(changed)
        })
    }

    fn key_of(&self, _: &Terms, body: &Value) -> Option<String> {
        let issue = body.get("issue").filter(|issue| is_issue(issue))?;
        text_at(issue, "/number").filter(|key| is_key(key))
    }
}
