//! Jira: Cloud by its REST API v3, Data Center by v2. They differ in how a text is written, how people are named, and how
//! issues are searched.

use crate::answers::{base, day_at, escaped, is_key, text_at};
use crate::http::{Doing, Failure, Request, Response};
use crate::{CHANGED, Changed, Connector, Finding, Issue, Setup, Wanted};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::ticket_connections::{RequestMethod, Terms};
use serde_json::{Map, Value, json};

/// The connector. A ticket's marker is one of its labels.
pub(crate) struct Jira {
    /// Whether it is Cloud.
    pub is_cloud: bool,
}

/// What is read of an issue.
const FIELDS: [&str; 6] = ["summary", "description", "duedate", "assignee", "status", "updated"];
/// Issues of a page.
const PAGE: usize = 100;
/// A moment in a query is taken to be in the time zone of whoever asks: the widest of them are this far from UTC.
const ZONES: TimeDelta = TimeDelta::hours(14);

impl Jira {
    fn address(&self, setup: &Setup<'_>, path: &str) -> String {
        format!("{}/rest/api/{}/{path}", base(&setup.terms.base_url), if self.is_cloud { 3 } else { 2 })
    }

    async fn ask(&self, setup: &Setup<'_>, request: Request) -> Result<Response, Failure> {
        let mut request = request.with("accept", "application/json");
        if let Some(credentials) = setup.credentials {
            let said = match &credentials.user {
                Some(user) => format!("Basic {}", STANDARD.encode(format!("{user}:{}", credentials.secret))),
                None => format!("Bearer {}", credentials.secret),
            };
            request = request.with("authorization", said);
        }
        setup.dial.dial(request).await?.well()
    }

    fn members(&self, wanted: &Wanted) -> Map<String, Value> {
        let Wanted { title, text, due_on, assignee, status: _ } = wanted;
        let mut members = Map::new();
        if let Some(title) = title {
            members.insert("summary".to_owned(), json!(title));
        }
        if let Some(text) = text {
            members.insert("description".to_owned(), if self.is_cloud { document(text) } else { json!(text) });
        }
        if let Some(due_on) = due_on {
            members.insert("duedate".to_owned(), json!(due_on.to_string()));
        }
        if let Some(assignee) = assignee {
            let by = if self.is_cloud { "accountId" } else { "name" };
            members.insert("assignee".to_owned(), json!({ by: assignee }));
        }
        members
    }

    /// What a query finds, keys, labels and moments; and whether that is all.
    async fn searched(&self, setup: &Setup<'_>, jql: &str) -> Result<(Vec<Value>, bool), Failure> {
        let (mut found, mut token): (Vec<Value>, Option<String>) = (Vec::new(), None);
        while found.len() < CHANGED {
            let request = if self.is_cloud {
                let mut query = json!({ "jql": jql, "fields": ["labels", "updated"], "maxResults": PAGE });
                if let Some(token) = &token {
                    query["nextPageToken"] = json!(token);
                }
                Request::json(RequestMethod::Post, self.address(setup, "search/jql"), &query)
            } else {
                let (jql, start) = (escaped(jql), found.len());
                let path = format!("search?jql={jql}&fields=labels,updated&startAt={start}&maxResults={PAGE}");
                Request::get(self.address(setup, &path))
            };
            let answer = self.ask(setup, request).await?.read()?;
            let issues = answer["issues"].as_array().cloned();
            let issues = issues.ok_or_else(|| Failure::Unreachable("the answer has no issues".to_owned()))?;
            token = text_at(&answer, "/nextPageToken");
            let is_last = if self.is_cloud { token.is_none() } else { issues.len() < PAGE };
            let is_over = is_last || issues.is_empty();
            found.extend(issues);
            if is_over {
                return Ok((found, true));
            }
        }
        Ok((found, false))
    }

    /// Moves an issue to a status, by the transition that leads there.
    async fn transition(&self, setup: &Setup<'_>, key: &str, status: &str) -> Result<(), Failure> {
        let path = self.address(setup, &format!("issue/{}/transitions", escaped(key)));
        let known = self.ask(setup, Request::get(path.clone())).await?.read()?;
        let known = known["transitions"].as_array().cloned().unwrap_or_default();
        let leads_there = |one: &&Value| one["to"]["name"].as_str().is_some_and(|to| to.eq_ignore_ascii_case(status));
        let found = known.iter().find(leads_there).and_then(|one| text_at(one, "/id"));
        let id =
            found.ok_or_else(|| Failure::Refused(format!("no transition leads to {status:?} from where it is")))?;
        let body = json!({ "transition": { "id": id } });
        self.ask(setup, Request::json(RequestMethod::Post, path, &body)).await.map(drop)
    }

    fn project(setup: &Setup<'_>) -> Result<String, Failure> {
        let named = setup.terms.project.clone();
        let is_key = |key: &String| key.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        named
            .filter(is_key)
            .ok_or_else(|| Failure::Refused("the project must be the key of one, such as SEC".to_owned()))
    }
}

/// A text as the Atlassian Document Format has it: a paragraph for each line.
fn document(text: &str) -> Value {
    let paragraph = |line: &str| {
        let content = if line.is_empty() { json!([]) } else { json!([{ "type": "text", "text": line }]) };
        json!({ "type": "paragraph", "content": content })
    };
    json!({ "type": "doc", "version": 1, "content": text.lines().map(paragraph).collect::<Vec<_>>() })
}

/// The text of such a document: a line for each block.
fn text_of(document: &Value) -> String {
    match document {
        Value::String(text) => text.clone(),
        Value::Object(_) => {
            let blocks = document["content"].as_array().into_iter().flatten();
            blocks.map(line_of).collect::<Vec<_>>().join("\n")
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) => String::new(),
    }
}

fn line_of(node: &Value) -> String {
    if let Some(text) = node["text"].as_str() {
        return text.to_owned();
    }
    if node["type"] == "hardBreak" {
        return "\n".to_owned();
    }
    let is_list = node["type"].as_str().is_some_and(|kind| kind.ends_with("List"));
    let parts: Vec<String> = node["content"].as_array().into_iter().flatten().map(line_of).collect();
    parts.join(if is_list { "\n" } else { "" })
}

/// Jira writes `2026-11-26T20:15:00.000+0000`.
fn moment(issue: &Value) -> Option<DateTime<Utc>> {
    let text = text_at(issue, "/fields/updated")?;
    DateTime::parse_from_str(&text, "%Y-%m-%dT%H:%M:%S%.f%z").ok().map(|at| at.to_utc())
}

impl Connector for Jira {
    fn check<'a>(&'a self, setup: &'a Setup<'a>) -> Doing<'a, Vec<Finding>> {
        Box::pin(async move {
            let mut findings = Vec::new();
            if setup.credentials.is_none() {
                findings.push(Finding::missing("credentials", "an API token, or a personal access token, is needed"));
            }
            let project = match Self::project(setup) {
                Ok(project) => project,
                Err(failure) => return vec![Finding::missing("project", failure.words())],
            };
            let url = self.address(setup, &format!("project/{}/statuses", escaped(&project)));
            let known = match self.ask(setup, Request::get(url)).await.and_then(Response::read) {
                Ok(known) => known,
                Err(failure) => {
                    findings.push(Finding::missing("project", format!("{project}: {}", failure.words())));
                    return findings;
                }
            };
            findings.push(Finding::sound("project", format!("{project} is there")));
            let types = known.as_array().cloned().unwrap_or_default();
            let wanted = setup.terms.issue_type.as_deref().unwrap_or(TASK);
            let Some(found) = types.iter().find(|it| it["name"].as_str() == Some(wanted)) else {
                findings.push(Finding::missing("issue_type", format!("there is no type of issue called {wanted:?}")));
                return findings;
            };
            let statuses = found["statuses"].as_array().cloned().unwrap_or_default();
            for status in &setup.terms.statuses {
                let is_it = |it: &Value| it["name"].as_str().is_some_and(|it| it.eq_ignore_ascii_case(&status.status));
                if !statuses.iter().any(is_it) {
                    let detail = format!("a {wanted} has no status called {:?}", status.status);
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
            let mut fields = self.members(wanted);
            fields.insert("project".to_owned(), json!({ "key": Self::project(setup)? }));
            let issue_type = setup.terms.issue_type.as_deref().unwrap_or(TASK);
            fields.insert("issuetype".to_owned(), json!({ "name": issue_type }));
            fields.insert("labels".to_owned(), json!([marker]));
            let request =
                Request::json(RequestMethod::Post, self.address(setup, "issue"), &json!({ "fields": fields }));
            let made = self.ask(setup, request).await?.read()?;
            let key = text_at(&made, "/key").filter(|key| is_key(key));
            key.ok_or_else(|| Failure::Unreachable("the answer has no key".to_owned()))
        })
    }

    fn find<'a>(&'a self, setup: &'a Setup<'a>, marker: &'a str) -> Doing<'a, Result<Option<String>, Failure>> {
        Box::pin(async move {
            let jql = format!("project = \"{}\" AND labels = \"{marker}\"", Self::project(setup)?);
            let (found, _) = self.searched(setup, &jql).await?;
            // What is listed is looked at: nobody's ticket is taken because a query was not understood.
            let has = |issue: &&Value| {
                issue["fields"]["labels"].as_array().is_some_and(|labels| labels.iter().any(|label| label == marker))
            };
            Ok(found.iter().find(has).and_then(|issue| text_at(issue, "/key")))
        })
    }

    fn fetch<'a>(&'a self, setup: &'a Setup<'a>, key: &'a str) -> Doing<'a, Result<Issue, Failure>> {
        Box::pin(async move {
            let url = self.address(setup, &format!("issue/{}?fields={}", escaped(key), FIELDS.join(",")));
            let issue = self.ask(setup, Request::get(url)).await?.read()?;
            let key = text_at(&issue, "/key").unwrap_or_else(|| key.to_owned());
            let assignee = if self.is_cloud { "/fields/assignee/accountId" } else { "/fields/assignee/name" };
            Ok(Issue {
                url: Some(format!("{}/browse/{}", base(&setup.terms.base_url), escaped(&key))),
                key,
                status: text_at(&issue, "/fields/status/name").unwrap_or_default(),
                title: Some(text_at(&issue, "/fields/summary").unwrap_or_default()),
                text: Some(text_of(&issue["fields"]["description"])),
                due_on: Some(day_at(&issue, "/fields/duedate")),
                assignee: Some(text_at(&issue, assignee)),
                updated_at: moment(&issue),
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
            let fields = self.members(wanted);
            if !fields.is_empty() {
                let url = self.address(setup, &format!("issue/{}", escaped(&issue.key)));
                self.ask(setup, Request::json(RequestMethod::Put, url, &json!({ "fields": fields }))).await?;
            }
            match &wanted.status {
                Some(status) if !status.eq_ignore_ascii_case(&issue.status) => {
                    self.transition(setup, &issue.key, status).await
                }
                Some(_) | None => Ok(()),
            }
        })
    }

    fn changed_since<'a>(&'a self, setup: &'a Setup<'a>, since: DateTime<Utc>) -> Doing<'a, Result<Changed, Failure>> {
        Box::pin(async move {
            let earliest = (since - ZONES).format("%Y-%m-%d %H:%M");
            let project = Self::project(setup)?;
            let jql = format!("project = \"{project}\" AND updated >= \"{earliest}\" ORDER BY updated DESC");
            let (found, is_whole) = self.searched(setup, &jql).await?;
            // The newest first: what is listed from before then is all that was to be listed.
            let is_whole = is_whole || found.iter().any(|issue| moment(issue).is_some_and(|at| at < since));
            Ok(Changed { keys: found.iter().filter_map(|issue| text_at(issue, "/key")).collect(), is_whole })
        })
    }

    fn key_of(&self, _: &Terms, body: &Value) -> Option<String> {
        text_at(body, "/issue/key").filter(|key| is_key(key))
    }
}

/// The type of issue where the connection says none.
const TASK: &str = "Task";
