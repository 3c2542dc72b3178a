//! Redmine by its REST API (redmine.org, "Rest API"): statuses by their names, people by their ids.

use crate::answers::{apart, base, day_at, escaped, is_key, moment_at, text_at};
use crate::http::{Doing, Failure, Request, Response};
use crate::{CHANGED, Changed, Connector, Finding, Issue, Setup, Wanted};
use chrono::{DateTime, SecondsFormat, Utc};
use ratchet_domain::ticket_connections::{RequestMethod, Terms};
use serde_json::{Map, Value, json};

/// The connector.
pub(crate) struct Redmine;

/// Issues of a page: what Redmine gives at most.
const PAGE: usize = 100;

fn address(setup: &Setup<'_>, path: &str) -> String {
    format!("{}/{path}", base(&setup.terms.base_url))
}

async fn ask(setup: &Setup<'_>, request: Request) -> Result<Response, Failure> {
    let mut request = request.with("accept", "application/json");
    if let Some(credentials) = setup.credentials {
        request = request.with("x-redmine-api-key", credentials.secret.as_str());
    }
    setup.dial.dial(request).await?.well()
}

async fn read(setup: &Setup<'_>, path: &str) -> Result<Value, Failure> {
    ask(setup, Request::get(address(setup, path))).await?.read()
}

/// The id of a status: a number is taken in silence where there is none of it, so that it is looked up.
async fn status_id(setup: &Setup<'_>, name: &str) -> Result<i64, Failure> {
    let known = read(setup, "issue_statuses.json").await?;
    let known = known["issue_statuses"].as_array().cloned().unwrap_or_default();
    let found =
        known.iter().find(|status| status["name"].as_str().is_some_and(|known| known.eq_ignore_ascii_case(name)));
    let id = found.and_then(|status| status["id"].as_i64());
    id.ok_or_else(|| Failure::Refused(format!("there is no status called {name:?}")))
}

fn project(setup: &Setup<'_>) -> Result<String, Failure> {
    setup.terms.project.clone().ok_or_else(|| Failure::Refused("the connection names no project".to_owned()))
}

async fn members(setup: &Setup<'_>, wanted: &Wanted, mark: &str) -> Result<Map<String, Value>, Failure> {
    let Wanted { title, text, due_on, assignee, status } = wanted;
    let mut members = Map::new();
    if let Some(title) = title {
        members.insert("subject".to_owned(), json!(format!("{title}{mark}")));
    }
    if let Some(text) = text {
        members.insert("description".to_owned(), json!(text));
    }
    if let Some(due_on) = due_on {
        members.insert("due_date".to_owned(), json!(due_on.to_string()));
    }
    if let Some(assignee) = assignee {
        let id = assignee.parse::<i64>();
        let id =
            id.map_err(|_| Failure::Refused(format!("people are named by their ids, and {assignee:?} is none")))?;
        members.insert("assigned_to_id".to_owned(), json!(id));
    }
    if let Some(status) = status {
        members.insert("status_id".to_owned(), json!(status_id(setup, status).await?));
    }
    Ok(members)
}

async fn listed(setup: &Setup<'_>, filter: &str, offset: usize) -> Result<Vec<Value>, Failure> {
    let project = escaped(&project(setup)?);
    // Without `status_id` only those that are open are listed.
    let path = format!(
        "issues.json?project_id={project}&status_id=*&sort=updated_on:desc&limit={PAGE}&offset={offset}{filter}"
    );
    let answer = read(setup, &path).await?;
    let list = answer["issues"].as_array().cloned();
    list.ok_or_else(|| Failure::Unreachable("the answer has no issues".to_owned()))
}

impl Connector for Redmine {
    fn check<'a>(&'a self, setup: &'a Setup<'a>) -> Doing<'a, Vec<Finding>> {
        Box::pin(async move {
            if setup.credentials.is_none() {
                return vec![Finding::missing("credentials", "the API key of a user is needed")];
            }
            if let Err(failure) = listed(setup, "", 0).await {
                return vec![Finding::missing("issues", format!("issues cannot be listed: {}", failure.words()))];
            }
            let mut findings = vec![Finding::sound("issues", "issues can be listed")];
            for status in &setup.terms.statuses {
                if let Err(failure) = status_id(setup, &status.status).await {
                    findings.push(Finding::missing("status", failure.words()));
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
            let mut issue = members(setup, wanted, &format!(" [{marker}]")).await?;
            issue.insert("project_id".to_owned(), json!(project(setup)?));
            if let Some(tracker) = setup.terms.issue_type.as_ref().and_then(|tracker| tracker.parse::<i64>().ok()) {
                issue.insert("tracker_id".to_owned(), json!(tracker));
            }
            let request = Request::json(RequestMethod::Post, address(setup, "issues.json"), &json!({ "issue": issue }));
            let made = ask(setup, request).await?.read()?;
            let key = text_at(&made, "/issue/id").filter(|key| is_key(key));
            key.ok_or_else(|| Failure::Unreachable("the answer has no id".to_owned()))
        })
    }

    fn find<'a>(&'a self, setup: &'a Setup<'a>, marker: &'a str) -> Doing<'a, Result<Option<String>, Failure>> {
        Box::pin(async move {
            let found = listed(setup, &format!("&subject=~{}", escaped(marker)), 0).await?;
            // What a system does not know of a filter it leaves out: what is listed is looked at.
            let wanted = format!("[{marker}]");
            let is_it = |issue: &&Value| text_at(issue, "/subject").is_some_and(|subject| subject.ends_with(&wanted));
            Ok(found.iter().find(is_it).and_then(|issue| text_at(issue, "/id")))
        })
    }

    fn fetch<'a>(&'a self, setup: &'a Setup<'a>, key: &'a str) -> Doing<'a, Result<Issue, Failure>> {
        Box::pin(async move {
            let answer = read(setup, &format!("issues/{}.json", escaped(key))).await?;
            let issue = &answer["issue"];
            let subject = text_at(issue, "/subject").unwrap_or_default();
            Ok(Issue {
                key: text_at(issue, "/id").unwrap_or_else(|| key.to_owned()),
                url: Some(address(setup, &format!("issues/{}", escaped(key)))),
                status: text_at(issue, "/status/name").unwrap_or_default(),
                title: Some(apart(&subject).0.to_owned()),
                text: Some(text_at(issue, "/description").unwrap_or_default()),
                due_on: Some(day_at(issue, "/due_date")),
                assignee: Some(text_at(issue, "/assigned_to/id")),
                updated_at: moment_at(issue, "/updated_on"),
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
            let path = format!("issues/{}.json", escaped(&issue.key));
            let seen = read(setup, &path).await?;
            let subject = text_at(&seen, "/issue/subject").unwrap_or_default();
            let members = members(setup, wanted, apart(&subject).1).await?;
            let request = Request::json(RequestMethod::Put, address(setup, &path), &json!({ "issue": members }));
            // 204, whatever came of it: it is read again.
            ask(setup, request).await.map(drop)
        })
    }

    fn changed_since<'a>(&'a self, setup: &'a Setup<'a>, since: DateTime<Utc>) -> Doing<'a, Result<Changed, Failure>> {
        Box::pin(async move {
            let since = since.to_rfc3339_opts(SecondsFormat::Secs, true);
            let (filter, mut changed) = (format!("&updated_on={}", escaped(&format!(">={since}"))), Changed::default());
            while changed.keys.len() < CHANGED {
                let issues = listed(setup, &filter, changed.keys.len()).await?;
                changed.keys.extend(issues.iter().filter_map(|issue| text_at(issue, "/id")));
                if issues.len() < PAGE {
                    changed.is_whole = true;
                    break;
                }
            }
            Ok(changed)
        })
    }

    /// What a plug-in sends: `{"issue": {"id": 12}}`, or the number alone.
    fn key_of(&self, _: &Terms, body: &Value) -> Option<String> {
        text_at(body, "/issue/id").or_else(|| text_at(body, "/issue")).filter(|key| is_key(key))
    }
}
