//! Webhook endpoints: addresses outside to which events are sent as they happen.

mod commands;
mod lifecycle;
mod queue;
mod reach;
mod schedule;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Amendment, Rotation};
pub use lifecycle::{Facts, StageName, Verb, edge};
pub use queue::{Cause, DeliveryState, Waiting, next};
pub use reach::{Destination, Found, Reach, is_public};
pub use schedule::{
    Answered, FAILING_FOR, LONGEST_RETRY_AFTER, RECOVERED_AFTER, SCHEDULE, Verdict, retry_after, verdict,
};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::ingest_rules::is_like;
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// Endpoints of one organisation that are not retired, at most.
pub const KEPT: i64 = 20;
/// Patterns of event types of one endpoint, at most.
pub const PATTERNS: usize = 50;
/// Characters of a pattern, at most.
pub const PATTERN: usize = 100;
/// Characters of an address, at most.
pub const URL: usize = 2_000;
/// Deliveries of one endpoint that wait before events are left in the journal until these are through.
pub const AHEAD: i64 = 100;
/// Deliveries of one endpoint that wait when no more can be replayed, and events that are looked through at once.
pub const REPLAYED: i64 = 1_000;
/// Days for which it is known what was delivered, and how.
pub const LOG_DAYS: i64 = 30;
/// Hours for which the old secret signs beside a new one, at most, and unless somebody says otherwise.
pub const OVERLAP_HOURS: (i64, i64) = (168, 24);

/// How much an event says.
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WebhookPayload))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Payload {
    /// What happened to which record, and who did it: what is in the record stays inside.
    Thin,
    /// The reason and the record's whole state, too.
    Full,
}

/// Why nothing is sent any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = WebhookDisabledBecause))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DisabledBecause {
    /// The receiver answered 410: it wants nothing any more.
    Gone,
    /// Nothing was taken for five days.
    Failing,
}

impl DisabledBecause {
    /// It in words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Gone => "the receiver answered 410 Gone",
            Self::Failing => "nothing was taken for five days",
        }
    }
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Events are sent.
    Active,
    /// Events wait, because somebody said so.
    Paused {
        /// Why.
        reason: String,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Events wait, because the receiver does not take them.
    Disabled {
        /// Why.
        because: DisabledBecause,
        /// Since when.
        at: DateTime<Utc>,
    },
    /// Nothing is sent any more.
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
    /// Where events are sent.
    pub url: String,
    /// What it is for.
    pub description: String,
    /// Which types of events are sent: `*` stands for any characters, `?` for one.
    pub events: Vec<String>,
    /// How much an event says.
    pub payload: Payload,
}

/// A webhook endpoint. Its secrets are kept sealed beside it, and are no part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WebhookEndpoint {
    /// Identity and version.
    pub head: Head,
    /// What it is.
    pub terms: Terms,
    /// Where it stands.
    pub stage: Stage,
    /// The newest change of the secret.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rotation: Option<Rotation>,
}

/// What it takes to make one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookEndpointDraft {
    /// What it is.
    pub terms: Terms,
    /// What the address's host was found to be.
    pub found: Found,
    /// How many endpoints of the organisation are not retired.
    pub kept: i64,
}

impl Record for WebhookEndpoint {
    const PREFIX: Prefix = Prefix::WebhookEndpoint;
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

impl WebhookEndpoint {
    /// Registers an endpoint, to which events are sent from now on.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], every fault of the draft, or as many endpoints as can be are there.
    pub fn register(
        draft: WebhookEndpointDraft,
        reach: &Reach,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let WebhookEndpointDraft { terms, found, kept } = draft;
        terms.faults(Some((reach, &found))).refuse()?;
        if kept >= KEPT {
            let detail = format!("{KEPT} endpoints are there already: retire what is not needed any more");
            return Err(Refusal::state("too_many", detail));
        }
        let endpoint = Self { head: Head::born(by, birth), terms, stage: Stage::Active, rotation: None };
        Ok(Change::born(endpoint, "registered"))
    }
}

impl Terms {
    /// Every fault of what people write; of the address, where it is new and its host was found to be this.
    #[must_use]
    pub fn faults(&self, place: Option<(&Reach, &Found)>) -> Faults {
        let Self { url, description, events, payload: _ } = self;
        let mut faults = Faults::default();
        if let Some((reach, found)) = place {
            faults.keep(Destination::parse(url).and_then(|destination| destination.check(reach, found)));
        }
        faults.keep(text::title("/description", description));
        if events.is_empty() || events.len() > PATTERNS {
            faults.push(Fault::new("/events", "length", format!("must have 1 to {PATTERNS} patterns")));
        }
        for (index, pattern) in events.iter().enumerate().take(PATTERNS) {
            let pointer = format!("/events/{index}");
            if events.iter().take(index).any(|other| other == pattern) {
                faults.push(Fault::new(pointer, "duplicate", "must be named once"));
            } else if !is_pattern(pattern) {
                let detail = "must be a type of event, such as nonconformity.closed, or a pattern of some, such as \
                              nonconformity.* or *.closed";
                faults.push(Fault::new(pointer, "unknown_event", detail));
            }
        }
        faults
    }

    /// Whether events of this type are sent.
    #[must_use]
    pub fn takes(&self, kind: &str) -> bool {
        is_taken(&self.events, kind)
    }
}

/// Whether an event of this type is among those that the patterns name.
#[must_use]
pub fn is_taken(patterns: &[String], kind: &str) -> bool {
    patterns.iter().any(|pattern| is_like(pattern, kind))
}

/// Whether events of any kind of record could be meant: what is mistyped would match nothing, for ever.
#[must_use]
pub fn is_pattern(pattern: &str) -> bool {
    let plain = |c: char| c.is_ascii_lowercase() || matches!(c, '_' | '.' | '*' | '?');
    if pattern.is_empty() || pattern.len() > PATTERN || !pattern.chars().all(plain) {
        return false;
    }
    let (kind, verb) = pattern.split_once('.').unwrap_or((pattern, "*"));
    let is_open = pattern.contains('.') || pattern.contains('*');
    is_open && !verb.is_empty() && Prefix::VARIANTS.iter().any(|known| is_like(kind, known.kind()))
}
