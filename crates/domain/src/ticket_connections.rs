//! Ticket connections: the ticketing systems in which actions are tickets, and how these are spoken to.

mod commands;
mod generic;
mod lifecycle;
mod people;
mod rules;
mod schedule;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Amendment, CredentialsChange};
pub use generic::{AuthScheme, Generic, Inbound, Member, PLACEHOLDERS, Reading, Request, RequestMethod, Signature};
pub use lifecycle::{Facts, StageName, Verb, edge};
pub use people::Person;
pub use rules::{Circumstances, RULES, Rule, note_rules};
pub use schedule::{FAILS_AFTER, again_after};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::MemberId;
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::tickets::{Category, OnDone, Winner};
use crate::webhook_endpoints::{Destination, Found, Reach};
use chrono::{DateTime, Utc};
use people::note_people;
use serde::{Deserialize, Serialize};

/// Connections of one organisation that are not retired, at most.
pub const KEPT: i64 = 20;
/// Statuses that a connection explains, and people whom it names, at most.
pub const MAPPED: (usize, usize) = (100, 500);
/// Seconds between two polls: at least, at most, and unless somebody says otherwise.
pub const POLL_SECONDS: (i64, i64, i64) = (10, 86_400, 300);
/// Characters of a secret and of a user's name, at most.
pub const CREDENTIAL: usize = 2_000;

/// Which system it is.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketSystem))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Any with an HTTP API of JSON: the connection says how it is spoken to.
    Generic,
    /// Roundup, by its REST interface.
    Roundup,
    /// Redmine, by its REST API.
    Redmine,
    /// The issues of a repository on GitHub.
    Github,
    /// Jira Cloud, by its REST API v3.
    JiraCloud,
    /// Jira Data Center, by its REST API v2.
    JiraDataCenter,
    /// The issues of a project on GitLab, by its REST API v4.
    Gitlab,
    /// A table of ServiceNow, by its Table API.
    #[serde(rename = "servicenow")]
    #[strum(serialize = "servicenow")]
    ServiceNow,
}

impl Kind {
    /// Whether tickets cannot be made without a project.
    const fn needs_project(self) -> bool {
        match self {
            Self::Generic | Self::Roundup | Self::ServiceNow => false,
            Self::Redmine | Self::Github | Self::JiraCloud | Self::JiraDataCenter | Self::Gitlab => true,
        }
    }
}

/// What a status of the other system means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketStatus))]
#[serde(deny_unknown_fields)]
pub struct Status {
    /// As the other system calls it.
    #[cfg_attr(feature = "openapi", schema(example = "resolved", max_length = 200))]
    pub status: String,
    /// What it means. The first status of a category is the one that is set from here.
    pub category: Category,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Both sides are told what the other says.
    Active,
    /// Nothing is told, because somebody said so.
    Paused {
        /// Why.
        reason: String,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// The other system cannot be reached, or takes nothing: it is tried again and again.
    Failing {
        /// What it said, or what happened.
        because: String,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Nothing is told any more.
    Retired {
        /// Why.
        reason: String,
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// What it is, beside where it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Terms {
    /// What it is for.
    pub description: String,
    /// Which system it is.
    pub kind: Kind,
    /// Where its API begins.
    pub base_url: String,
    /// The project, queue or repository in which tickets are made.
    pub project: Option<String>,
    /// The type of the tickets that are made; the system's usual one without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issue_type: Option<String>,
    /// Why a ticket is closed, where the system wants to be told by a code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub close_code: Option<String>,
    /// What its statuses mean.
    pub statuses: Vec<Status>,
    /// Who members are there.
    pub people: Vec<Person>,
    /// Which actions become tickets by themselves.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Whose word counts where both sides changed the same.
    pub wins: Winner,
    /// What follows when a ticket is closed there.
    pub on_done: OnDone,
    /// How often it is asked what has changed.
    pub poll_seconds: i64,
    /// How a system is spoken to for which there is no connector.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generic: Option<Generic>,
}

/// A ticket connection. Its credentials and its secret are kept sealed beside it, and are no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TicketConnection {
    /// Identity and version.
    pub head: Head,
    /// What it is.
    pub terms: Terms,
    /// Since when it has the credentials that it has; none where it has none.
    pub credentials_at: Option<DateTime<Utc>>,
    /// When the secret by which the other system signs was changed last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotated_at: Option<DateTime<Utc>>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TicketConnectionDraft {
    /// What it is; that the members exist is the caller's to check.
    pub terms: Terms,
    /// Whether it has credentials.
    pub has_credentials: bool,
    /// What the host of its address was found to be.
    pub found: Found,
    /// How many connections of the organisation are not retired.
    pub kept: i64,
}

impl Record for TicketConnection {
    const PREFIX: Prefix = Prefix::TicketConnection;
    const MAKING: Permission = Permission::AdministerOrganisation;
    const READING: Permission = Permission::AdministerOrganisation;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn title(&self) -> Option<&str> {
        Some(&self.terms.description)
    }
}

impl TicketConnection {
    /// Connects the organisation with a ticketing system.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], every fault of the draft, or as many connections as can be are there.
    pub fn connect(
        draft: TicketConnectionDraft,
        reach: &Reach,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let TicketConnectionDraft { terms, has_credentials, found, kept } = draft;
        terms.faults(Some((reach, &found))).refuse()?;
        if kept >= KEPT {
            let detail = format!("{KEPT} connections are there already: retire what is not needed any more");
            return Err(Refusal::state("too_many", detail));
        }
        let credentials_at = has_credentials.then_some(birth.at);
        let head = Head::born(by, birth);
        Ok(Change::born(Self { head, terms, credentials_at, rotated_at: None, stage: Stage::Active }, "connected"))
    }
}

impl Terms {
    /// Every fault of what people write; of the address, where it is new and its host was found to be this.
    #[must_use]
    pub fn faults(&self, place: Option<(&Reach, &Found)>) -> Faults {
        let Self { description, kind, base_url, project, issue_type, close_code, .. } = self;
        let Self { statuses, people, rules, poll_seconds, generic, .. } = self;
        let mut faults = Faults::default();
        faults.keep(text::title("/description", description));
        if let Some(place) = place {
            faults.keep(address(base_url, place));
        }
        if let Some(project) = project {
            faults.keep(text::title("/project", project));
        }
        if let Some(issue_type) = issue_type {
            faults.keep(text::title("/issue_type", issue_type));
        }
        if let Some(close_code) = close_code {
            faults.keep(text::title("/close_code", close_code));
            if *kind != Kind::ServiceNow {
                let detail = "is for systems of the kind `servicenow` alone";
                faults.push(Fault::new("/close_code", "not_allowed", detail));
            }
        }
        if project.is_none() && kind.needs_project() {
            faults.push(Fault::new("/project", "required", "must say where tickets are made"));
        }
        self.note_statuses(statuses, &mut faults);
        note_people(people, &mut faults);
        note_rules("/rules", rules, &mut faults);
        let (least, most, _) = POLL_SECONDS;
        faults.keep(text::graded("/poll_seconds", *poll_seconds, least..=most));
        match (kind, generic) {
            (Kind::Generic, Some(generic)) => generic.note_faults(&mut faults),
            (Kind::Generic, None) => {
                faults.push(Fault::new("/generic", "required", "must say how the system is spoken to"));
            }
            (_, Some(_)) => {
                faults.push(Fault::new("/generic", "not_allowed", "is for systems of the kind `generic` alone"));
            }
            (_, None) => {}
        }
        faults
    }

    fn note_statuses(&self, statuses: &[Status], faults: &mut Faults) {
        let (most, _) = MAPPED;
        if statuses.is_empty() || statuses.len() > most {
            faults.push(Fault::new("/statuses", "length", format!("must explain 1 to {most} statuses")));
        }
        for (index, Status { status, .. }) in statuses.iter().enumerate().take(most) {
            let pointer = format!("/statuses/{index}/status");
            if statuses.iter().take(index).any(|other| other.status == *status) {
                faults.push(Fault::new(pointer, "duplicate", "must be explained once"));
            } else {
                faults.keep(text::title(&pointer, status));
            }
        }
        // Else nothing that is done there would be known here, and nothing that begins again here would begin there.
        if !statuses.is_empty() {
            let missing = [(Category::Done, "done"), (Category::ToDo, "to_do")];
            for (category, name) in missing {
                if self.status_of(category).is_none() {
                    let detail = format!("must say which status means {name}");
                    faults.push(Fault::new("/statuses", "incomplete", detail));
                }
            }
        }
    }

    /// What a status means; `None` where nobody has said.
    #[must_use]
    pub fn category_of(&self, status: &str) -> Option<Category> {
        self.statuses.iter().find(|known| known.status.eq_ignore_ascii_case(status)).map(|known| known.category)
    }

    /// The status that is set for a category; where there is none for what goes on, the other one that goes on.
    #[must_use]
    pub fn status_of(&self, category: Category) -> Option<&str> {
        let first = |wanted| self.statuses.iter().find(|known| known.category == wanted);
        let found = first(category).or_else(|| match category {
            Category::InProgress => first(Category::ToDo),
            Category::ToDo => first(Category::InProgress),
            Category::Done => None,
            Category::Cancelled => first(Category::Done),
        });
        found.map(|known| known.status.as_str())
    }

    /// By which name the other system knows a member.
    #[must_use]
    pub fn name_of(&self, member: MemberId) -> Option<&str> {
        self.people.iter().find(|person| person.member_id == member).map(|person| person.name.as_str())
    }

    /// Which member the other system knows by a name.
    #[must_use]
    pub fn member_of(&self, name: &str) -> Option<MemberId> {
        self.people.iter().find(|person| person.name == name).map(|person| person.member_id)
    }

    /// How the other system may sign what it sends: in one of these ways.
    #[must_use]
    pub fn signatures(&self) -> Vec<Signature> {
        match self.kind {
            Kind::Generic => {
                let inbound = self.generic.as_ref().and_then(|generic| generic.inbound.as_ref());
                vec![inbound.map_or(Signature::StandardWebhooks, |inbound| inbound.signature)]
            }
            Kind::Roundup | Kind::Redmine => vec![Signature::StandardWebhooks],
            Kind::Github | Kind::JiraCloud | Kind::JiraDataCenter => vec![Signature::HmacSha256],
            // By a signing token (GitLab 19), or by the secret token that it has always had.
            Kind::Gitlab => vec![Signature::StandardWebhooks, Signature::Token],
            // What it sends, and how, is written there by whoever runs it.
            Kind::ServiceNow => vec![Signature::StandardWebhooks, Signature::Token],
        }
    }

    /// The header in which a signature or a token stands, in lower case; none where the scheme has its own.
    #[must_use]
    pub fn signature_header(&self) -> Option<String> {
        match self.kind {
            Kind::Generic => {
                let inbound = self.generic.as_ref()?.inbound.as_ref()?;
                inbound.header.as_deref().map(str::to_ascii_lowercase)
            }
            Kind::Roundup | Kind::Redmine => None,
            // `X-Hub-Signature` has SHA-1 there.
            Kind::Github => Some("x-hub-signature-256".to_owned()),
            Kind::JiraCloud | Kind::JiraDataCenter => Some("x-hub-signature".to_owned()),
            Kind::Gitlab => Some("x-gitlab-token".to_owned()),
            Kind::ServiceNow => Some("x-webhook-token".to_owned()),
        }
    }
}

/// The faults of an address that is new. A query would be cut off by what is appended.
fn address(url: &str, (reach, found): (&Reach, &Found)) -> Result<(), Fault> {
    let at = |fault: Fault| Fault { pointer: "/base_url".to_owned(), ..fault };
    let destination = Destination::parse(url).map_err(at)?;
    if url.contains('?') {
        return Err(Fault::new("/base_url", "query", "must have no query: paths are written behind it"));
    }
    destination.check(reach, found).map_err(at)
}
