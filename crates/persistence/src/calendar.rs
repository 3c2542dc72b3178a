//! What a calendar link opens.

use crate::connection::AnyConnection;
use crate::error::Error;
use crate::work_items::{self, WorkItem};
use crate::{delegations, members, organisations, settings};
use chrono::{DateTime, Utc};
use ratchet_domain::access::Actor;
use ratchet_domain::id::MemberId;
use ratchet_domain::members::Member;

/// What is due for one member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Calendar {
    /// The tenant's name.
    pub organisation: String,
    /// What has a day, by that day.
    pub items: Vec<WorkItem>,
}

/// Whose calendar is asked for, and the hash of the link that opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Holder {
    /// The member, with the roles held now.
    pub actor: Actor,
    /// SHA-256 of the link's secret, hexadecimal.
    pub hash: String,
}

/// The active member whose link is presented, when there is a link at all.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn holder(member: MemberId, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Option<Holder>, Error> {
    let found = members::find_presented(member, connection)?.filter(|member| member.active);
    let Some(found) = found else { return Ok(None) };
    let (Member { head, roles, terms, .. }, Some(hash)) = (found.clone(), found.calendar_hash) else { return Ok(None) };
    let actor = delegations::actor_of(head.organisation, member, (roles, terms), now, connection)?;
    Ok(Some(Holder { actor, hash }))
}

/// What is due for a member, at most `limit` items.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn of(actor: &Actor, limit: i64, connection: &mut AnyConnection) -> Result<Calendar, Error> {
    let rules = settings::rules(actor.organisation, connection)?;
    // What has a day comes first, so that a limit cuts off what has none.
    let mut items = work_items::open_outside(actor, &rules, limit, connection)?;
    items.retain(|item| item.due_on.is_some());
    Ok(Calendar { organisation: organisations::name(actor.organisation, connection)?, items })
}
