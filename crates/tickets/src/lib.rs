//! Ticketing systems, each a file that implements [`Connector`]: what is asked of them, and what their answers say. Whoever
//! dials is given ([`Dial`]), so that a connector is tried without a network.

mod answers;
mod generic;
mod github;
mod gitlab;
mod http;
mod inbound;
mod jira;
mod redmine;
mod roundup;
mod servicenow;
#[cfg(test)]
mod tests;

pub use http::{Dial, Doing, Failure, Request, Response};
pub use inbound::{Arrived, is_authentic};

use chrono::{DateTime, NaiveDate, Utc};
use ratchet_domain::ticket_connections::{Kind, Terms};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Keys that are told of one look at what has changed, at most.
pub const CHANGED: usize = 1_000;

/// By what the program says who it is.
#[derive(Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The user; none where a token says it.
    #[serde(default)]
    pub user: Option<String>,
    /// The password or token.
    pub secret: String,
}

/// A connection, as far as a connector needs it.
pub struct Setup<'a> {
    /// What people have said of it.
    pub terms: &'a Terms,
    /// By what it says who it is.
    pub credentials: Option<&'a Credentials>,
    /// Whoever dials.
    pub dial: &'a dyn Dial,
}

/// A ticket as its system shows it. `None` is what the system does not say anything of.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Issue {
    /// What it is called.
    pub key: String,
    /// Where people read it.
    pub url: Option<String>,
    /// Its status, in the system's word.
    pub status: String,
    /// Its one line.
    pub title: Option<String>,
    /// What is to be done.
    pub text: Option<String>,
    /// The day by which it is to be done, or that there is none.
    pub due_on: Option<Option<NaiveDate>>,
    /// Who does it, or that nobody does.
    pub assignee: Option<Option<String>>,
    /// When it was changed last.
    pub updated_at: Option<DateTime<Utc>>,
    /// By what the system tells one version from another, where it asks for that.
    pub etag: Option<String>,
}

/// What has changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changed {
    /// The tickets' keys.
    pub keys: Vec<String>,
    /// Whether these are all: what is listed is bounded.
    pub is_whole: bool,
}

/// What is to be said of a ticket, as far as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Its one line.
    pub title: Option<String>,
    /// What is to be done.
    pub text: Option<String>,
    /// The day by which it is to be done.
    pub due_on: Option<NaiveDate>,
    /// Who does it.
    pub assignee: Option<String>,
    /// The status, in the system's word.
    pub status: Option<String>,
}

/// What was found when a connection was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What was looked at, stable and machine-readable.
    pub code: &'static str,
    /// Whether it is as it must be.
    pub is_sound: bool,
    /// What is missing, or what was found, for people.
    pub detail: String,
}

impl Finding {
    fn sound(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, is_sound: true, detail: detail.into() }
    }

    fn missing(code: &'static str, detail: impl Into<String>) -> Self {
        Self { code, is_sound: false, detail: detail.into() }
    }
}

/// What every ticketing system can do.
pub trait Connector: Send + Sync {
    /// Asks the system whether all is there that tickets need, and says what is missing.
    fn check<'a>(&'a self, setup: &'a Setup<'a>) -> Doing<'a, Vec<Finding>>;

    /// Makes a ticket in which the marker can be found again; its key.
    fn create<'a>(
        &'a self,
        setup: &'a Setup<'a>,
        marker: &'a str,
        wanted: &'a Wanted,
    ) -> Doing<'a, Result<String, Failure>>;

    /// The key of the ticket with this marker, where there is one.
    fn find<'a>(&'a self, setup: &'a Setup<'a>, marker: &'a str) -> Doing<'a, Result<Option<String>, Failure>>;

    /// A ticket as it is now.
    fn fetch<'a>(&'a self, setup: &'a Setup<'a>, key: &'a str) -> Doing<'a, Result<Issue, Failure>>;

    /// Changes a ticket that was seen so. What the system has made of it is read again: some take what they then do not do.
    fn update<'a>(
        &'a self,
        setup: &'a Setup<'a>,
        issue: &'a Issue,
        wanted: &'a Wanted,
    ) -> Doing<'a, Result<(), Failure>>;

    /// The tickets that have changed since then.
    fn changed_since<'a>(&'a self, setup: &'a Setup<'a>, since: DateTime<Utc>) -> Doing<'a, Result<Changed, Failure>>;

    /// The key of the ticket that something is about which the system has sent; none where it is about something else.
    fn key_of(&self, terms: &Terms, body: &Value) -> Option<String>;
}

/// The connector of a system.
#[must_use]
pub fn connector(kind: Kind) -> &'static dyn Connector {
    match kind {
        Kind::Generic => &generic::Generic,
        Kind::Roundup => &roundup::Roundup,
        Kind::Redmine => &redmine::Redmine,
        Kind::Github => &github::Github,
        Kind::JiraCloud => &jira::Jira { is_cloud: true },
        Kind::JiraDataCenter => &jira::Jira { is_cloud: false },
        Kind::Gitlab => &gitlab::Gitlab,
        Kind::ServiceNow => &servicenow::ServiceNow,
    }
}
