//! The verbs, the amendment, and what happens by itself.

use super::lifecycle::ARTICLED;
use super::{Facts, Generic, Person, Rule, Stage, StageName, Status, TicketConnection, Verb};
use crate::access::{Actor, is_the_program};
use crate::change::{Change, Lifecycle};
use crate::refusal::{Reason, Refusal};
use crate::text;
use crate::tickets::{OnDone, Winner};
use crate::webhook_endpoints::{Destination, Found, Reach};
use chrono::{DateTime, Utc};

/// What becomes of the credentials.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum CredentialsChange {
    /// They stay, unless the host changes.
    #[default]
    Stay,
    /// There are others.
    Set,
    /// There are none any more.
    Clear,
}

/// What a PATCH may say: `None` is "leave as it is". Which system it is does not change.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Terms` say it")]
pub struct Amendment {
    pub description: Option<String>,
    pub base_url: Option<String>,
    pub project: Option<Option<String>>,
    pub issue_type: Option<Option<String>>,
    pub close_code: Option<Option<String>>,
    pub statuses: Option<Vec<Status>>,
    pub people: Option<Vec<Person>>,
    pub rules: Option<Vec<Rule>>,
    pub wins: Option<Winner>,
    pub on_done: Option<OnDone>,
    pub poll_seconds: Option<i64>,
    pub generic: Option<Generic>,
    pub credentials: CredentialsChange,
    /// Whether tickets are known by their keys.
    pub has_tickets: bool,
    /// Whether those are the same tickets at another address or in another project.
    pub keeps_tickets: bool,
}

/// Whether two addresses name the same host, at the same port and as safely: credentials that were given to one are told to
/// nobody else.
fn is_same_host(one: &str, other: &str) -> bool {
    let host = |url: &str| Destination::parse(url).ok().map(|it| (it.host, it.port, it.is_plain));
    host(one).is_some() && host(one) == host(other)
}

impl TicketConnection {
    /// Changes what it is: it holds for what is told from now on. `found` is what the host of a new address is. Where the
    /// host changes and no credentials are given, those so far are forgotten.
    ///
    /// # Errors
    /// The guard's refusal, every fault of the input, or that tickets are known by keys that can mean others elsewhere.
    pub fn amend(
        self,
        input: Amendment,
        (reach, found): (&Reach, &Found),
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment {
            description,
            base_url,
            project,
            issue_type,
            close_code,
            statuses,
            people,
            rules,
            wins,
            on_done,
            poll_seconds,
            generic,
            credentials,
            has_tickets,
            keeps_tickets,
        } = input;
        let mut after = self.clone();
        let (terms, place) = (&mut after.terms, base_url.is_some().then_some((reach, found)));
        terms.description = description.unwrap_or_else(|| terms.description.clone());
        terms.base_url = base_url.unwrap_or_else(|| terms.base_url.clone());
        terms.project = project.unwrap_or_else(|| terms.project.clone());
        terms.issue_type = issue_type.unwrap_or_else(|| terms.issue_type.clone());
        terms.close_code = close_code.unwrap_or_else(|| terms.close_code.clone());
        terms.statuses = statuses.unwrap_or_else(|| terms.statuses.clone());
        terms.people = people.unwrap_or_else(|| terms.people.clone());
        terms.rules = rules.unwrap_or_else(|| terms.rules.clone());
        terms.wins = wins.unwrap_or(terms.wins);
        terms.on_done = on_done.unwrap_or(terms.on_done);
        terms.poll_seconds = poll_seconds.unwrap_or(terms.poll_seconds);
        terms.generic = generic.or_else(|| terms.generic.clone());
        terms.faults(place).refuse()?;
        let is_moved = (&self.terms.base_url, &self.terms.project) != (&after.terms.base_url, &after.terms.project);
        if is_moved && has_tickets && !keeps_tickets {
            // Key 12 is another ticket elsewhere: what is done there would be done here, and be written over there.
            let detail = "actions are tickets there: say keeps_tickets where they have the same keys at the new place, or unlink them";
            return Err(Refusal::state("has_tickets", detail));
        }
        let stays = is_same_host(&self.terms.base_url, &after.terms.base_url);
        after.credentials_at = match credentials {
            CredentialsChange::Set => Some(at),
            CredentialsChange::Stay if stays => after.credentials_at,
            CredentialsChange::Stay | CredentialsChange::Clear => None,
        };
        Ok(Change::of(self, after, "amended", at))
    }

    /// The other system was asked whether all is there that it takes.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn check(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Check, facts, by)?;
        let after = self.clone();
        Ok(Change::of(self, after, "checked", at))
    }

    /// Nothing is told until it is resumed.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn pause(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Pause, facts, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Paused { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "paused", at).because(reason))
    }

    /// Both sides are told again what the other says.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn resume(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Resume, facts, by)?;
        let after = Self { stage: Stage::Active, ..self.clone() };
        Ok(Change::of(self, after, "resumed", at))
    }

    /// The other system signs with another secret from now on: the one before opens nothing any more.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn rotate_secret(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::RotateSecret, facts, by)?;
        let after = Self { rotated_at: Some(at), ..self.clone() };
        Ok(Change::of(self, after, "secret_rotated", at))
    }

    /// Nothing is told any more, and it has no credentials any more.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, facts, by)?;
        text::reason(&reason)?;
        let stage = Stage::Retired { reason: reason.clone(), at };
        let after = Self { stage, credentials_at: None, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }

    /// The other system takes nothing: the program says so, and nobody else.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or it is not active.
    pub fn fail(self, because: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        match self.stage.name() {
            StageName::Active => {}
            stage @ (StageName::Paused | StageName::Failing | StageName::Retired) => {
                return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, "fail")]));
            }
        }
        let after = Self { stage: Stage::Failing { because: because.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "failed", at).because(because))
    }

    /// The other system answers again: the program says so, and nobody else.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or it does not fail.
    pub fn recover(self, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        match self.stage.name() {
            StageName::Failing => {}
            stage @ (StageName::Active | StageName::Paused | StageName::Retired) => {
                return Err(Refusal::State(vec![Reason::wrong_state(ARTICLED, stage, "recover")]));
            }
        }
        let after = Self { stage: Stage::Active, ..self.clone() };
        Ok(Change::of(self, after, "recovered", at))
    }
}
