//! A worker's steps: what has changed here is compared at once, everything once a day, and each other system is asked in turn
//! what has changed there. Two workers take turns, and what one has let fall another takes up.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{
    journal_entries, journal_heads, ticket_connections, ticket_links as links, ticket_positions, ticket_progress,
};
use crate::table::Table;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::reference::Locator;
use ratchet_domain::ticket_connections::{StageName, TicketConnection};
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Entries of the journal that are looked through in one go, at most.
const LOOKED_AT: i64 = 512;
/// How long whoever has taken something has it alone: longer than the requests about one ticket take.
const LEASE: TimeDelta = TimeDelta::seconds(180);
/// Tickets of one connection that are compared at once; of one that fails, one alone.
const AT_ONCE: (usize, usize) = (4, 1);
/// Of an organisation's tickets, this part of all that are compared at once, at most.
const OF_ONE: usize = 4;
/// What the program notes of a ticket itself: that alone is no reason to compare it again.
const NOTES: [&str; 5] = [
    "action.ticket_created",
    "action.ticket_adopted",
    "action.ticket_changed",
    "action.ticket_proposed",
    "action.ticket_differs",
];
/// How far back it is asked what has changed: clocks differ, and some systems find what is new a moment later.
const OVERLAP: TimeDelta = TimeDelta::minutes(5);

/// Stages of a connection in which tickets are compared.
fn kept_going() -> [&'static str; 2] {
    [StageName::Active.into(), StageName::Failing.into()]
}

/// An action that is to be compared with its ticket.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The tenant.
    pub organisation: OrganisationId,
    /// The action.
    pub action: Uuid,
    /// The connection.
    pub connection: Uuid,
    /// Failures so far, one after the other.
    pub failures: i64,
    /// When it was due: due again meanwhile, it is compared once more.
    pub due_at: DateTime<Utc>,
    /// By which its end is told.
    pub lease: Uuid,
}

/// A connection that is to be asked what has changed there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Polled {
    /// The tenant.
    pub organisation: OrganisationId,
    /// The connection.
    pub connection: Uuid,
    /// Since when.
    pub since: DateTime<Utc>,
    /// When it was asked last.
    pub until: DateTime<Utc>,
}

fn behind(connection: &mut AnyConnection) -> Result<Vec<(OrganisationId, i64)>, Error> {
    let behind: Vec<(KeyValue, i64)> = ticket_positions::table
        .inner_join(journal_heads::table.on(journal_heads::organisation_id.eq(ticket_positions::organisation_id)))
        .filter((ticket_positions::position + 1_i64).lt(journal_heads::size))
        .select((ticket_positions::organisation_id, ticket_positions::position))
        .load(connection)?;
    Ok(behind.into_iter().map(|(organisation, position)| (OrganisationId(organisation.0), position)).collect())
}

/// Connection, its stage, tenant, action, failures so far, since when.
type Due = Vec<(KeyValue, String, KeyValue, KeyValue, i64, InstantValue)>;

/// What is due, but of connections that have as much under way as they may: one that is slow does not stand before the others.
fn due(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Due, Error> {
    let (usual, _) = AT_ONCE;
    let full = under_way(now, connection)?.into_iter().filter(|(_, count)| *count >= usual);
    let full: Vec<KeyValue> = full.map(|(id, _)| KeyValue(id)).collect();
    let now = InstantValue(now);
    Ok(links::table
        .inner_join(ticket_connections::table.on(ticket_connections::id.eq(links::connection_id)))
        .inner_join(ticket_progress::table.on(ticket_progress::connection_id.eq(links::connection_id)))
        .filter(links::due_at.le(now))
        .filter(links::connection_id.ne_all(full))
        .filter(links::leased_until.is_null().or(links::leased_until.le(now).assume_not_null()))
        .filter(ticket_connections::stage.eq_any(kept_going()))
        .filter(ticket_progress::retry_at.le(now))
        .order(links::due_at)
        .limit(200)
        .select((
            links::connection_id,
            ticket_connections::stage,
            links::organisation_id,
            links::action_id,
            links::failures,
            links::due_at,
        ))
        .load(connection)?)
}

fn polls(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Vec<Polled>, Error> {
    let now = InstantValue(now);
    let due: Vec<(KeyValue, KeyValue, InstantValue)> = ticket_progress::table
        .inner_join(ticket_connections::table.on(ticket_connections::id.eq(ticket_progress::connection_id)))
        .filter(ticket_progress::poll_due_at.le(now))
        .filter(ticket_progress::retry_at.le(now))
        .filter(ticket_progress::leased_until.is_null().or(ticket_progress::leased_until.le(now).assume_not_null()))
        .filter(ticket_connections::stage.eq_any(kept_going()))
        .order(ticket_progress::poll_due_at)
        .limit(20)
        .select((ticket_progress::organisation_id, ticket_progress::connection_id, ticket_progress::polled_until))
        .load(connection)?;
    let read = |(organisation, connection, until): (KeyValue, KeyValue, InstantValue)| Polled {
        organisation: OrganisationId(organisation.0),
        connection: connection.0,
        since: until.0 - OVERLAP,
        until: until.0,
    };
    Ok(due.into_iter().map(read).collect())
}

/// Whether there is anything to do.
///
/// # Errors
/// The database's.
pub fn has_work(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<bool, Error> {
    Ok(!due(now, connection)?.is_empty() || !polls(now, connection)?.is_empty() || !behind(connection)?.is_empty())
}

/// What has happened in an organisation, as far as it was looked through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looked {
    /// The tenant.
    pub organisation: OrganisationId,
    /// The places in its journal behind which, and up to which.
    pub places: (i64, i64),
    /// How many entries there are between them.
    pub entries: usize,
    /// The actions to which something has happened.
    pub actions: BTreeSet<Uuid>,
    /// All to which something has happened.
    pub objects: BTreeSet<Uuid>,
}

/// Looks through what has happened for actions.
///
/// # Errors
/// The database's.
pub fn look_through(connection: &mut AnyConnection) -> Result<Vec<Looked>, Error> {
    use journal_entries as entries;
    let mut looked = Vec::new();
    for (organisation, position) in behind(connection)? {
        let found: Vec<(Option<i64>, KeyValue, String)> = entries::table
            .filter(entries::organisation_id.eq(KeyValue(organisation.0)))
            .filter(entries::position.gt(position))
            .order(entries::position)
            .limit(LOOKED_AT)
            .select((entries::position, entries::object_id, entries::action))
            .load(connection)?;
        let Some(last) = found.iter().filter_map(|(position, ..)| *position).max() else { continue };
        let is_of_action = |(_, _, action): &&(Option<i64>, KeyValue, String)| {
            action.starts_with("action.") && !NOTES.contains(&action.as_str())
        };
        let actions = found.iter().filter(is_of_action).map(|(_, object, _)| object.0).collect();
        let objects = found.iter().map(|(_, object, _)| object.0).collect();
        let (places, entries) = ((position, last), found.len());
        looked.push(Looked { organisation, places, entries, actions, objects });
    }
    Ok(looked)
}

/// Actions to which something has happened are compared with their tickets at once. How many entries there were.
///
/// # Errors
/// The database's.
pub fn follow(looked: &[Looked], now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<usize, Error> {
    for Looked { organisation, places: (position, last), actions, .. } in looked {
        let ours = KeyValue(organisation.0);
        // As many as entries are looked through, at most.
        let theirs = links::table
            .filter(links::organisation_id.eq(ours))
            .filter(links::action_id.eq_any(actions.iter().copied().map(KeyValue)));
        diesel::update(theirs).set(links::due_at.eq(InstantValue(now))).execute(connection)?;
        diesel::update(ticket_positions::table.filter(ticket_positions::organisation_id.eq(ours)))
            .filter(ticket_positions::position.eq(position))
            .set(ticket_positions::position.eq(last))
            .execute(connection)?;
    }
    Ok(looked.iter().map(|one| one.entries).sum())
}

/// Takes actions that are to be compared with their tickets, at most so many.
///
/// # Errors
/// The database's.
pub fn claim(
    room: usize,
    lease: Uuid,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Claimed>, Error> {
    connection.exclude_rivals("tickets")?;
    let (mut taken, mut claimed): (HashMap<Uuid, usize>, Vec<Claimed>) = (under_way(now, connection)?, Vec::new());
    let (usual, alone) = AT_ONCE;
    let mut of_organisations: HashMap<Uuid, usize> = HashMap::new();
    for (of, stage, organisation, action, failures, due_at) in due(now, connection)? {
        let at_once = if stage == <&str>::from(StageName::Failing) { alone } else { usual };
        let theirs = taken.entry(of.0).or_default();
        let of_one = of_organisations.entry(organisation.0).or_default();
        if *theirs >= at_once || *of_one >= room.div_ceil(OF_ONE) || claimed.len() >= room {
            continue;
        }
        (*theirs, *of_one) = (*theirs + 1, *of_one + 1);
        let organisation = OrganisationId(organisation.0);
        claimed.push(Claimed { organisation, action: action.0, connection: of.0, failures, due_at: due_at.0, lease });
    }
    let actions: Vec<KeyValue> = claimed.iter().map(|one| KeyValue(one.action)).collect();
    let leased = (links::lease_id.eq(KeyValue(lease)), links::leased_until.eq(InstantValue(now + LEASE)));
    diesel::update(links::table.filter(links::action_id.eq_any(actions))).set(leased).execute(connection)?;
    Ok(claimed)
}

/// How many of each connection are being compared.
fn under_way(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<HashMap<Uuid, usize>, Error> {
    let counts: Vec<(KeyValue, i64)> = links::table
        .filter(links::leased_until.gt(InstantValue(now)))
        .group_by(links::connection_id)
        .select((links::connection_id, diesel::dsl::count_star()))
        .load(connection)?;
    Ok(counts.into_iter().map(|(id, count)| (id.0, usize::try_from(count).unwrap_or_default())).collect())
}

/// Takes connections that are to be asked what has changed there.
///
/// # Errors
/// The database's.
pub fn claim_polls(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Vec<Polled>, Error> {
    connection.exclude_rivals("tickets")?;
    let claimed = polls(now, connection)?;
    let ids: Vec<KeyValue> = claimed.iter().map(|one| KeyValue(one.connection)).collect();
    diesel::update(ticket_progress::table.filter(ticket_progress::connection_id.eq_any(ids)))
        .set(ticket_progress::leased_until.eq(InstantValue(now + LEASE)))
        .execute(connection)?;
    Ok(claimed)
}

/// What has changed there since then was told: these are compared at once. Where that was not all, so is whatever was not
/// compared since it was asked before.
pub(super) fn polled(
    poll: &Polled,
    (keys, is_whole): (&[String], bool),
    (asked_at, now): (DateTime<Utc>, DateTime<Utc>),
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let found = TicketConnection::find(poll.organisation, Locator::Id(poll.connection), connection)?;
    let (record, _) = found.ok_or(Error::NotFound)?;
    super::look_at(poll.organisation, (poll.connection, keys), now, connection)?;
    if !is_whole {
        let theirs = links::table
            .filter(links::organisation_id.eq(KeyValue(poll.organisation.0)))
            .filter(links::connection_id.eq(KeyValue(poll.connection)))
            .filter(links::synced_at.lt(InstantValue(poll.until)))
            // What fails waits as long as it must.
            .filter(links::failures.eq(0_i64));
        diesel::update(theirs).set(links::due_at.eq(InstantValue(now))).execute(connection)?;
    }
    let ours = ticket_progress::table
        .filter(ticket_progress::organisation_id.eq(KeyValue(poll.organisation.0)))
        .filter(ticket_progress::connection_id.eq(KeyValue(poll.connection)));
    diesel::update(ours)
        .set((
            ticket_progress::polled_until.eq(InstantValue(asked_at)),
            ticket_progress::poll_due_at.eq(InstantValue(now + TimeDelta::seconds(record.terms.poll_seconds))),
            ticket_progress::leased_until.eq(None::<InstantValue>),
            ticket_progress::poll_failures.eq(0_i64),
            ticket_progress::poll_error.eq(None::<String>),
        ))
        .execute(connection)?;
    Ok(())
}
