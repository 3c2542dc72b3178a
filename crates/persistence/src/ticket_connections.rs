//! Ticket connections in their table; their sealed secrets, and how they get on, beside it.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::{ticket_connections, ticket_links, ticket_positions, ticket_progress, ticket_secrets};
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use crate::webhook_endpoints::newest_position;
use chrono::{DateTime, Utc};
use diesel::dsl::count_star;
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::ticket_connections::{Facts, StageName, TicketConnection};
use std::collections::BTreeMap;
use uuid::Uuid;

record_table!(TicketConnection, ticket_connections { description: String, stage: String, body: String });

impl Columns {
    fn of(record: &TicketConnection) -> Result<Self, Error> {
        Ok(Self {
            description: record.terms.description.clone(),
            stage: word(record.stage.name()),
            body: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<TicketConnection, String> {
        with_head(head, &self.body)
    }
}

/// What a list of ticket connections can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(TicketConnection, ticket_connections, Filter, narrowed, own, {
    "created_at": instant = ticket_connections::created_at => |connection| connection.head.created_at;
    "updated_at": instant = ticket_connections::updated_at => |connection| connection.head.updated_at;
    "reference": text = ticket_connections::reference => |connection| connection.head.reference.to_string();
    "description": text = ticket_connections::description => |connection| connection.terms.description.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(ticket_connections::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(at) = updated_since {
        query = query.filter(ticket_connections::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<ticket_connections::table> {
    Box::new(ticket_connections::created_by.eq(KeyValue(member.0)))
}

impl Guarded for TicketConnection {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<Facts, Error> {
        Ok(Facts)
    }
}

/// How many of an organisation are not retired.
///
/// # Errors
/// The database's.
pub fn kept(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<i64, Error> {
    let kept = ticket_connections::table
        .filter(ticket_connections::organisation_id.eq(KeyValue(organisation.0)))
        .filter(ticket_connections::stage.ne(<&str>::from(StageName::Retired)));
    Ok(kept.count().get_result(connection)?)
}

/// Whose a connection is: what arrives from outside names it and nobody else. Its signature is checked before anything is
/// done with it.
///
/// # Errors
/// The database's.
pub fn whose(id: Uuid, connection: &mut AnyConnection) -> Result<Option<OrganisationId>, Error> {
    let found: Option<KeyValue> = ticket_connections::table
        .filter(ticket_connections::id.eq(KeyValue(id)))
        .select(ticket_connections::organisation_id)
        .get_result(connection)
        .optional()?;
    Ok(found.map(|organisation| OrganisationId(organisation.0)))
}

/// What a secret is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, strum::IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Purpose {
    /// By it the program says who it is.
    Credentials,
    /// By it the other system signs.
    Inbound,
}

/// What a new connection needs beside its record: its secrets, sealed, and from when on it is asked what has changed. The
/// record is saved in the same transaction.
///
/// # Errors
/// The database's.
pub fn begin(connection: Uuid, inbound: &[u8], credentials: Option<&[u8]>, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (organisation, now) = (tx.actor().organisation, InstantValue(tx.now()));
    let position = newest_position(organisation, tx.connection())?;
    diesel::insert_into(ticket_progress::table)
        .values((
            ticket_progress::organisation_id.eq(KeyValue(organisation.0)),
            ticket_progress::connection_id.eq(KeyValue(connection)),
            ticket_progress::polled_until.eq(now),
            ticket_progress::poll_due_at.eq(now),
            ticket_progress::failures.eq(0_i64),
            ticket_progress::poll_failures.eq(0_i64),
            ticket_progress::retry_at.eq(now),
        ))
        .execute(tx.connection())?;
    let is_known = ticket_positions::table.filter(ticket_positions::organisation_id.eq(KeyValue(organisation.0)));
    // The connections of an organisation come one after the other: the reference is drawn under a lock.
    if is_known.count().get_result::<i64>(tx.connection())? == 0 {
        diesel::insert_into(ticket_positions::table)
            .values((
                ticket_positions::organisation_id.eq(KeyValue(organisation.0)),
                ticket_positions::position.eq(position),
            ))
            .execute(tx.connection())?;
    }
    keep_secret(connection, Purpose::Inbound, Some(inbound), tx)?;
    keep_secret(connection, Purpose::Credentials, credentials, tx)
}

/// Keeps a secret in the place of the one before; none forgets that.
///
/// # Errors
/// The database's.
pub fn keep_secret(connection: Uuid, purpose: Purpose, sealed: Option<&[u8]>, tx: &mut Tx<'_>) -> Result<(), Error> {
    let organisation = KeyValue(tx.actor().organisation.0);
    let before = ticket_secrets::table
        .filter(ticket_secrets::organisation_id.eq(organisation))
        .filter(ticket_secrets::connection_id.eq(KeyValue(connection)))
        .filter(ticket_secrets::purpose.eq(word(purpose)));
    diesel::delete(before).execute(tx.connection())?;
    let Some(sealed) = sealed else { return Ok(()) };
    diesel::insert_into(ticket_secrets::table)
        .values((
            ticket_secrets::organisation_id.eq(organisation),
            ticket_secrets::connection_id.eq(KeyValue(connection)),
            ticket_secrets::purpose.eq(word(purpose)),
            ticket_secrets::sealed.eq(sealed.to_vec()),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// A secret, sealed.
///
/// # Errors
/// The database's.
pub fn secret(
    organisation: OrganisationId,
    of: Uuid,
    purpose: Purpose,
    connection: &mut AnyConnection,
) -> Result<Option<Vec<u8>>, Error> {
    Ok(ticket_secrets::table
        .filter(ticket_secrets::organisation_id.eq(KeyValue(organisation.0)))
        .filter(ticket_secrets::connection_id.eq(KeyValue(of)))
        .filter(ticket_secrets::purpose.eq(word(purpose)))
        .select(ticket_secrets::sealed)
        .get_result(connection)
        .optional()?)
}

/// A connection that was changed is tried at once, and its tickets are compared, whatever they have waited for: names and states can
/// mean something else by now. What went wrong with its rules was seen.
///
/// # Errors
/// The database's.
pub fn hurry(connection: Uuid, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (organisation, now) = (KeyValue(tx.actor().organisation.0), InstantValue(tx.now()));
    let ours = ticket_progress::table
        .filter(ticket_progress::organisation_id.eq(organisation))
        .filter(ticket_progress::connection_id.eq(KeyValue(connection)));
    diesel::update(ours)
        .set((
            ticket_progress::retry_at.eq(now),
            ticket_progress::poll_due_at.eq(now),
            ticket_progress::rule_error.eq(None::<String>),
        ))
        .execute(tx.connection())?;
    let tickets = ticket_links::table
        .filter(ticket_links::organisation_id.eq(organisation))
        .filter(ticket_links::connection_id.eq(KeyValue(connection)));
    diesel::update(tickets).set(ticket_links::due_at.eq(now)).execute(tx.connection())?;
    Ok(())
}

/// Whether an action is a ticket there, known by its key.
///
/// # Errors
/// The database's.
pub fn has_tickets(record: &TicketConnection, connection: &mut AnyConnection) -> Result<bool, Error> {
    let known = ticket_links::table
        .filter(ticket_links::organisation_id.eq(KeyValue(record.head.organisation.0)))
        .filter(ticket_links::connection_id.eq(KeyValue(record.head.id)))
        .filter(ticket_links::remote_key.is_not_null())
        .select(ticket_links::action_id);
    Ok(known.first::<KeyValue>(connection).optional()?.is_some())
}

/// How a connection gets on.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    /// Actions that are tickets there.
    pub tickets: i64,
    /// What went wrong the last time; none where nothing has.
    pub error: Option<String>,
    /// When it is tried again, where something went wrong.
    pub retry_at: Option<DateTime<Utc>>,
    /// When the other system has answered last.
    pub succeeded_at: Option<DateTime<Utc>>,
    /// What went wrong when its rules were applied; none since it was changed.
    pub rule_error: Option<String>,
}

/// How each of these connections gets on, in two statements.
///
/// # Errors
/// The database's.
pub fn progress(
    organisation: OrganisationId,
    ids: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, Progress>, Error> {
    let ids = || ids.iter().copied().map(KeyValue);
    let counted: Vec<(KeyValue, i64)> = ticket_links::table
        .filter(ticket_links::organisation_id.eq(KeyValue(organisation.0)))
        .filter(ticket_links::connection_id.eq_any(ids()))
        .group_by(ticket_links::connection_id)
        .select((ticket_links::connection_id, count_star()))
        .load(connection)?;
    let tickets: BTreeMap<Uuid, i64> = counted.into_iter().map(|(id, count)| (id.0, count)).collect();
    type Comparing = (Option<String>, InstantValue, Option<InstantValue>);
    type Found = (KeyValue, Comparing, (Option<String>, InstantValue), Option<String>);
    let rows: Vec<Found> = ticket_progress::table
        .filter(ticket_progress::organisation_id.eq(KeyValue(organisation.0)))
        .filter(ticket_progress::connection_id.eq_any(ids()))
        .select((
            ticket_progress::connection_id,
            (ticket_progress::error, ticket_progress::retry_at, ticket_progress::succeeded_at),
            (ticket_progress::poll_error, ticket_progress::poll_due_at),
            ticket_progress::rule_error,
        ))
        .load(connection)?;
    let read = |(id, (error, retry_at, succeeded_at), (poll_error, poll_due_at), rule_error): Found| {
        let asked_again_at = poll_error.is_some().then_some(poll_due_at.0);
        let retry_at = error.is_some().then_some(retry_at.0).or(asked_again_at);
        let error = error.or(poll_error);
        let tickets = tickets.get(&id.0).copied().unwrap_or_default();
        (id.0, Progress { tickets, error, retry_at, succeeded_at: succeeded_at.map(|at| at.0), rule_error })
    };
    Ok(rows.into_iter().map(read).collect())
}
