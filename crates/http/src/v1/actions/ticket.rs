//! The ticket that an action is elsewhere.

use super::ActionView;
use crate::error::ApiError;
use chrono::{DateTime, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::actions::Action;
use ratchet_domain::id::TicketConnectionId;
use ratchet_domain::reference::Locator;
use ratchet_domain::refusal::Refusal;
use ratchet_domain::ticket_connections::{StageName, TicketConnection};
use ratchet_domain::tickets::{Category, Difference, Field, Side, Ticket, Why};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{restrictions, tickets};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// The ticket that an action is elsewhere.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Ticket)]
pub(crate) struct TicketView {
    /// Where.
    pub connection_id: TicketConnectionId,
    /// What it is called there; `null` while it is not there yet.
    #[schema(example = "SEC-41")]
    pub key: Option<String>,
    /// Where people read it.
    pub url: Option<String>,
    /// Its status, in the other system's word.
    #[schema(example = "resolved")]
    pub status: Option<String>,
    /// What that means; the last one that was known where the connection does not say.
    pub category: Option<Category>,
    /// Where the action would stand if the ticket had its way: whoever may say so here does, by the action's own verbs.
    pub proposes: Option<Category>,
    /// What the two sides do not agree on.
    pub differences: Vec<DifferenceView>,
    /// When they were compared last. This and what follows change without a write: `null` in versions of the past.
    pub synced_at: Option<DateTime<Utc>>,
    /// What went wrong the last time.
    pub last_error: Option<String>,
    /// When they are compared next.
    pub next_sync_at: Option<DateTime<Utc>>,
}

/// What the two sides do not agree on.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = TicketDifference)]
pub(crate) struct DifferenceView {
    /// Of what.
    pub field: Field,
    /// What is said here.
    pub ours: Option<String>,
    /// What the ticket says.
    pub theirs: Option<String>,
    /// Why it stays so.
    pub why: Why,
    /// What a rule says about it.
    pub detail: Option<String>,
    /// Since when.
    pub since: DateTime<Utc>,
}

impl From<Ticket> for TicketView {
    fn from(ticket: Ticket) -> Self {
        let proposes = ticket.proposes();
        let Ticket { connection, adopts, remote, seen: _, differences, settled: _ } = ticket;
        let view = |difference: Difference| {
            let Difference { field, ours, theirs, why, detail, at } = difference;
            DifferenceView { field, ours, theirs, why, detail, since: at }
        };
        let (status, category) = remote.as_ref().map(|it| (it.status.clone(), it.category)).unzip();
        let (key, url) = remote.map(|it| (it.key, it.url)).unzip();
        Self {
            connection_id: connection,
            key: key.or(adopts),
            url: url.flatten(),
            status,
            category: category.flatten(),
            proposes,
            differences: differences.into_iter().map(view).collect(),
            synced_at: None,
            last_error: None,
            next_sync_at: None,
        }
    }
}

/// Says how the comparison of each gets on.
pub(super) fn fill(views: &mut [ActionView], by: &Actor, connection: &mut AnyConnection) -> Result<(), ApiError> {
    let linked: Vec<Uuid> = views.iter().filter(|view| view.ticket.is_some()).map(|view| view.head.id).collect();
    let mut syncs = tickets::syncs(by.organisation, &linked, connection)?;
    for view in views {
        let Some((ticket, sync)) = view.ticket.as_mut().zip(syncs.remove(&view.head.id)) else { continue };
        ticket.synced_at = sync.synced_at;
        ticket.last_error = sync.error;
        ticket.next_sync_at = sync.due_at;
    }
    Ok(())
}

/// Where the action is to be a ticket.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TicketAction {
    /// The ticket connection, by reference or id: one that is not retired.
    #[schema(example = "TKC-2026-0001")]
    pub connection: String,
    /// The key of the ticket that is taken instead of making one.
    #[serde(default)]
    #[schema(max_length = 200)]
    pub key: Option<String>,
}

/// Whose word counts.
#[derive(Debug, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct SettleTicketAction {
    /// In what the two sides differ.
    pub field: Field,
    /// What is kept.
    pub keep: Side,
}

/// The connection that a body names; whoever may make tickets need not read it. Of what is restricted nothing leaves.
pub(super) fn connection(
    named: &str,
    key: Option<&str>,
    action: &Action,
    tx: &mut Tx<'_>,
) -> Result<TicketConnectionId, ApiError> {
    let organisation = tx.actor().organisation;
    let unknown =
        || Refusal::invalid("/connection", "unknown_record", "must be a ticket connection that is not retired");
    let locator: Locator = named.parse().map_err(|_| unknown())?;
    let record: TicketConnection = match tx.load(locator) {
        Ok(record) => record,
        Err(Error::NotFound) => return Err(unknown().into()),
        Err(error) => return Err(error.into()),
    };
    if record.stage.name() == StageName::Retired {
        return Err(unknown().into());
    }
    for id in [action.head.id, action.parent.id.0] {
        if restrictions::is_restricted(organisation, id, tx.connection())? {
            let detail = "it is restricted, or what it serves is: nothing of that leaves the program";
            return Err(Refusal::state("restricted", detail).into());
        }
    }
    if let Some(key) = key
        && tickets::is_taken(organisation, (record.head.id, key), action.head.id, tx.connection())?
    {
        return Err(Refusal::invalid("/key", "taken", "must be a ticket that is no other action's").into());
    }
    Ok(TicketConnectionId(record.head.id))
}
