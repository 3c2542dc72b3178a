//! That an action is a ticket elsewhere: asked for, kept, settled, and ended.

use super::{Action, Facts, StageName, Verb};
use crate::access::{Actor, is_the_program};
use crate::change::{Change, Lifecycle};
use crate::id::TicketConnectionId;
use crate::reference::Reference;
use crate::refusal::{Fault, Refusal};
use crate::text;
use crate::tickets::{Category, Field, KEY, Side, Ticket};
use chrono::{DateTime, Utc};

/// What has become known of a ticket.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::VariantArray)]
pub enum News {
    /// It was made.
    Created,
    /// One that was there is taken.
    Adopted,
    /// It has changed there, or was changed from here.
    Changed,
    /// It proposes that the action is done, or is not.
    Proposed,
    /// The two sides do not agree on something.
    Differs,
}

impl News {
    const fn verb(self) -> &'static str {
        match self {
            Self::Created => "ticket_created",
            Self::Adopted => "ticket_adopted",
            Self::Changed => "ticket_changed",
            Self::Proposed => "ticket_proposed",
            Self::Differs => "ticket_differs",
        }
    }
}

impl Action {
    /// It is to be a ticket elsewhere, too: a new one, or the one of this key.
    ///
    /// # Errors
    /// The guard's refusal, or a key that is none.
    pub fn request_ticket(
        self,
        (connection, adopts): (TicketConnectionId, Option<String>),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Ticket, facts, by)?;
        if let Some(key) = &adopts {
            let is_key = !matches!(key.trim(), "" | "." | "..")
                && key.chars().count() <= KEY
                && !key.chars().any(char::is_control);
            if !is_key {
                let detail = format!("must be the key of a ticket, at most {KEY} characters");
                return Err(Refusal::Invalid(vec![Fault::new("/key", "malformed", detail)]));
            }
        }
        let after = Self { ticket: Some(Ticket::requested(connection, adopts)), ..self.clone() };
        Ok(Change::of(self, after, "ticket_requested", at))
    }

    /// Whether rules may make a ticket of it: it is none, it is not done, and the record that it serves still takes actions.
    #[must_use]
    pub fn is_open_to_rules(&self, parent_takes_actions: bool) -> bool {
        let is_undone = matches!(self.stage.name(), StageName::Open | StageName::InProgress | StageName::Blocked);
        self.ticket.is_none() && is_undone && parent_takes_actions
    }

    /// It becomes a ticket by a rule of this connection: the program says so, and nobody else.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or rules may not.
    pub fn take_by_rule(
        self,
        (connection, reference): (TicketConnectionId, &Reference),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        if !self.is_open_to_rules(facts.parent_takes_actions) {
            return Err(Refusal::state("wrong_state", "it is a ticket, or over"));
        }
        let after = Self { ticket: Some(Ticket::requested(connection, None)), ..self.clone() };
        Ok(Change::of(self, after, "ticket_requested", at).because(format!("A rule of {reference} says so")))
    }

    /// What has become known of its ticket: the program says so, and nobody else.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    pub fn note_ticket(
        self,
        ticket: Ticket,
        news: News,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        is_the_program(by)?;
        let after = Self { ticket: Some(ticket), ..self.clone() };
        Ok(Change::of(self, after, news.verb(), at))
    }

    /// Whose word counts, where the two sides differ.
    ///
    /// # Errors
    /// The guard's refusal, or they do not differ in that.
    pub fn settle_ticket(
        self,
        (field, keep): (Field, Side),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::SettleTicket, facts, by)?;
        let mut after = self.clone();
        let proposed = self.ticket.as_ref().and_then(Ticket::proposes);
        let says_done = field == Field::State && keep == Side::Theirs && proposed == Some(Category::Done);
        // Whoever decides that it is done has a part in it, and does not verify it.
        let part = by.member().filter(|me| says_done && !self.former_workers.contains(me));
        after.former_workers.extend(part);
        let Some(ticket) = after.ticket.as_mut().filter(|ticket| ticket.difference(field).is_some()) else {
            return Err(Refusal::invalid("/field", "no_difference", "must be one in which the two sides differ"));
        };
        ticket.agree(field);
        ticket.settled.insert(field, keep);
        Ok(Change::of(self, after, "ticket_settled", at))
    }

    /// It is a ticket elsewhere no longer. What is there stays as it is.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn unlink_ticket(
        self,
        reason: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::UnlinkTicket, facts, by)?;
        text::reason(&reason)?;
        let after = Self { ticket: None, ..self.clone() };
        Ok(Change::of(self, after, "ticket_unlinked", at).because(reason))
    }
}
