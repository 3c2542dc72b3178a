//! Tickets: an action here is a ticket there. What each side says of it, field by field, and what follows where they differ.

mod merge;
mod said;
#[cfg(test)]
mod tests;

pub use merge::{Moved, Step, moved, step};
pub use said::{marker, said_of, steps};

use crate::id::TicketConnectionId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Characters of a ticket's key, at most.
pub const KEY: usize = 200;

/// Where a ticket stands, whatever its system calls that.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketCategory))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Category {
    /// Nobody has begun.
    ToDo,
    /// Somebody works on it.
    InProgress,
    /// It is said to be done: here that is `done`, never `verified`.
    Done,
    /// It will not be done.
    Cancelled,
}

impl Category {
    /// Whether nobody works on it any more.
    #[must_use]
    pub const fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Cancelled)
    }
}

/// What both sides say something of.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketField))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Field {
    /// The one line.
    Title,
    /// What is to be done.
    Text,
    /// The day by which it is to be done.
    DueOn,
    /// Who does it: the name in the other system.
    Assignee,
    /// Where it stands.
    State,
}

/// Whose word counts where both sides have changed the same.
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketWinner))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Winner {
    /// What is said here.
    Ours,
    /// What the ticket says.
    Theirs,
    /// What was said last.
    Newest,
    /// Nobody's, until somebody has decided.
    Neither,
}

/// A side.
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketSide))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Side {
    /// What is said here.
    Ours,
    /// What the ticket says.
    Theirs,
}

/// What follows here when a ticket is closed there.
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketOnDone))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum OnDone {
    /// It is proposed that the action is done: whoever works on it says so.
    Propose,
    /// The action is done. Whether that has worked is judged here all the same.
    Set,
}

/// Why the two sides differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, strum::IntoStaticStr, strum::VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = TicketDiffersBecause))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Why {
    /// The ticket says that it is over, or goes on: whoever may say so here decides.
    Proposed,
    /// Both were changed, and nobody's word counts more.
    BothChanged,
    /// Title and text are written here, and were changed there.
    ChangedThere,
    /// There it is nobody's, or due on no day, which an action never is.
    ClearedThere,
    /// A rule does not let it be so here.
    Refused,
    /// The other system was told, and has not done it.
    NotTaken,
    /// The connection does not say what this status means.
    UnknownStatus,
    /// The connection does not say who this is.
    UnknownPerson,
}

/// What one side says, as far as it says anything of it.
pub type Said = BTreeMap<Field, Option<String>>;

/// What both sides said when they were compared last.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// Here.
    pub ours: Option<String>,
    /// There.
    pub theirs: Option<String>,
}

/// What the two sides do not agree on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Of what.
    pub field: Field,
    /// What is said here.
    pub ours: Option<String>,
    /// What the ticket says.
    pub theirs: Option<String>,
    /// Why it stays so.
    pub why: Why,
    /// What a rule says about it, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
    /// Since when.
    pub at: DateTime<Utc>,
}

/// The ticket as it was seen last.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Remote {
    /// What it is called there.
    pub key: String,
    /// Where people read it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// Its status, in the other system's word.
    pub status: String,
    /// What that means; the last one that was known where the connection does not say.
    pub category: Option<Category>,
}

/// That an action is a ticket elsewhere, too.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    /// Where.
    pub connection: TicketConnectionId,
    /// The ticket that is to be taken instead of making one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub adopts: Option<String>,
    /// The ticket; none while it is not there yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub remote: Option<Remote>,
    /// What both sides said last.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub seen: BTreeMap<Field, Seen>,
    /// What they do not agree on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub differences: Vec<Difference>,
    /// What somebody has decided of that, until it is done.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub settled: BTreeMap<Field, Side>,
}

impl Ticket {
    /// One that is to be made, or taken over.
    #[must_use]
    pub fn requested(connection: TicketConnectionId, adopts: Option<String>) -> Self {
        Self {
            connection,
            adopts,
            remote: None,
            seen: BTreeMap::new(),
            differences: Vec::new(),
            settled: BTreeMap::new(),
        }
    }

    /// What the sides differ in about this, if they do.
    #[must_use]
    pub fn difference(&self, field: Field) -> Option<&Difference> {
        self.differences.iter().find(|one| one.field == field)
    }

    /// Where the action would stand if the ticket had its way; `None` where nothing is proposed.
    #[must_use]
    pub fn proposes(&self) -> Option<Category> {
        let proposed = self.difference(Field::State).filter(|one| one.why == Why::Proposed)?;
        proposed.theirs.as_deref()?.parse().ok()
    }

    /// The sides agree about this, or differ in it no longer in a way that somebody must look at.
    pub fn agree(&mut self, field: Field) {
        self.differences.retain(|one| one.field != field);
        self.settled.remove(&field);
    }

    /// The sides differ; the moment stays where that was known.
    pub fn differ(&mut self, difference: Difference) {
        let at = self.difference(difference.field).filter(|known| known.why == difference.why).map(|known| known.at);
        self.agree(difference.field);
        self.differences.push(Difference { at: at.unwrap_or(difference.at), ..difference });
        self.differences.sort_by_key(|one| one.field);
    }
}
