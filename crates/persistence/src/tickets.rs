//! Which actions are tickets elsewhere, and when the two are compared next. What both say is in the action; this is the
//! machinery around it. Nothing waits in a queue: what is compared is how both stand, so that nothing is lost or overtaken.

mod comparing;
mod failing;
mod ruling;
mod working;

pub use comparing::{Compared, conclude};
pub use failing::{Concern, Failed, fail, fail_poll, polled};
pub use ruling::{Ruling, Taken, candidates, rule_failed, ruling, take, tried};
pub use working::{Claimed, Looked, Polled, claim, claim_polls, follow, has_work, look_through};

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::ticket_links as links;
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::id::OrganisationId;
use std::collections::BTreeMap;
use uuid::Uuid;

/// An action becomes a ticket: it is made, or the one of this key is taken over, at once. The action is saved in the same
/// transaction. No other action becomes the same ticket.
///
/// # Errors
/// The database's.
pub fn begin(action: Uuid, connection: Uuid, key: Option<&str>, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (organisation, now) = (tx.actor().organisation, tx.now());
    end(action, tx)?;
    diesel::insert_into(links::table)
        .values((
            links::organisation_id.eq(KeyValue(organisation.0)),
            links::action_id.eq(KeyValue(action)),
            links::connection_id.eq(KeyValue(connection)),
            links::remote_key.eq(key.map(str::to_owned)),
            links::due_at.eq(InstantValue(now)),
            links::failures.eq(0_i64),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// An action is a ticket no longer.
///
/// # Errors
/// The database's.
pub fn end(action: Uuid, tx: &mut Tx<'_>) -> Result<(), Error> {
    let ours = links::table
        .filter(links::organisation_id.eq(KeyValue(tx.actor().organisation.0)))
        .filter(links::action_id.eq(KeyValue(action)));
    diesel::delete(ours).execute(tx.connection())?;
    Ok(())
}

/// Whether a ticket is another action's already.
///
/// # Errors
/// The database's.
pub fn is_taken(
    organisation: OrganisationId,
    (of, key): (Uuid, &str),
    by_other_than: Uuid,
    connection: &mut AnyConnection,
) -> Result<bool, Error> {
    let taken = links::table
        .filter(links::organisation_id.eq(KeyValue(organisation.0)))
        .filter(links::connection_id.eq(KeyValue(of)))
        .filter(links::remote_key.eq(key))
        .filter(links::action_id.ne(KeyValue(by_other_than)));
    Ok(taken.count().get_result::<i64>(connection)? > 0)
}

/// The tickets of a connection that are called so are compared at once; how many there are.
///
/// # Errors
/// The database's.
pub fn look_at(
    organisation: OrganisationId,
    (of, keys): (Uuid, &[String]),
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<usize, Error> {
    let mut looked_at = 0;
    for chunk in keys.chunks(500) {
        let ours = links::table
            .filter(links::organisation_id.eq(KeyValue(organisation.0)))
            .filter(links::connection_id.eq(KeyValue(of)))
            .filter(links::remote_key.eq_any(chunk));
        // Whoever compares it now may have read it before: it stays due.
        looked_at += diesel::update(ours).set(links::due_at.eq(InstantValue(now))).execute(connection)?;
    }
    Ok(looked_at)
}

/// How the comparison of an action and its ticket gets on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sync {
    /// When they were compared last.
    pub synced_at: Option<DateTime<Utc>>,
    /// What went wrong the last time; none where nothing has.
    pub error: Option<String>,
    /// When they are compared next.
    pub due_at: Option<DateTime<Utc>>,
}

/// The same of each of these actions that is a ticket, in one statement.
///
/// # Errors
/// The database's.
pub fn syncs(
    organisation: OrganisationId,
    actions: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, Sync>, Error> {
    if actions.is_empty() {
        return Ok(BTreeMap::new());
    }
    type Found = (KeyValue, Option<InstantValue>, Option<String>, InstantValue);
    let found: Vec<Found> = links::table
        .filter(links::organisation_id.eq(KeyValue(organisation.0)))
        .filter(links::action_id.eq_any(actions.iter().copied().map(KeyValue)))
        .select((links::action_id, links::synced_at, links::error, links::due_at))
        .load(connection)?;
    let read = |(action, synced_at, error, due_at): Found| {
        (action.0, Sync { synced_at: synced_at.map(|at| at.0), error, due_at: Some(due_at.0) })
    };
    Ok(found.into_iter().map(read).collect())
}
