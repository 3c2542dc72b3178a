//! What is sent to webhook endpoints: which deliveries there are, and what somebody asks of them. The journal is what they
//! are made of, so that nothing is sent of what was rolled back, and nothing is lost. Machinery: no entries of their own.

mod log;
mod sending;

pub use log::{Attempt, DeliveryFilter, attempts, forget, list, outlook};
pub use sending::{Claimed, Ended, Room, claim, conclude, has_work, make};

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::row::{parse, word};
use crate::schema::{journal_entries, webhook_deliveries as deliveries, webhook_progress};
use crate::tx::Tx;
use crate::webhook_endpoints::newest_position;
use chrono::{DateTime, Utc};
use diesel::dsl::{Eq, Filter, sql};
use diesel::expression::SqlLiteral;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use ratchet_domain::change::Record;
use ratchet_domain::id::{EntryId, OrganisationId};
use ratchet_domain::webhook_endpoints::{Cause, DeliveryState, REPLAYED, WebhookEndpoint};
use std::collections::HashSet;
use uuid::Uuid;

/// What a test's event is called.
pub const TEST: &str = "webhook_endpoint.test";
/// Whoever moves several deliveries of an endpoint holds this, so that no two wait for each other.
const RIVALS: &str = "webhook deliveries";
/// Keys per statement.
const CHUNK: usize = 500;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = deliveries, treat_none_as_default_value = false)]
struct Row {
    id: KeyValue,
    organisation_id: KeyValue,
    endpoint_id: KeyValue,
    entry_id: Option<KeyValue>,
    position: i64,
    object_id: Option<KeyValue>,
    event_type: String,
    state: String,
    cause: String,
    tried: i64,
    attempts: i64,
    made_at: InstantValue,
    due_at: InstantValue,
    ended_at: Option<InstantValue>,
}

/// An event that is, or was, to be sent to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivery {
    /// Which.
    pub id: Uuid,
    /// The event's entry in the journal; none for a test.
    pub entry: Option<EntryId>,
    /// The event's position; none for a test.
    pub position: Option<u64>,
    /// What happened.
    pub event_type: String,
    /// What became of it.
    pub state: DeliveryState,
    /// Why the next attempt is made, or the last one was.
    pub cause: Cause,
    /// Attempts so far.
    pub attempts: i64,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// When the next attempt is due; none where there is none.
    pub due_at: Option<DateTime<Utc>>,
    /// When it ended.
    pub ended_at: Option<DateTime<Utc>>,
}

impl Row {
    fn into_delivery(self) -> Result<Delivery, Error> {
        let corrupt = |fault: String| Error::Corrupt { table: "webhook_deliveries", row: self.id.0, fault };
        let state: DeliveryState = parse(&self.state).map_err(corrupt)?;
        Ok(Delivery {
            id: self.id.0,
            entry: self.entry_id.map(|entry| EntryId(entry.0)),
            position: u64::try_from(self.position).ok(),
            cause: parse(&self.cause).map_err(corrupt)?,
            event_type: self.event_type,
            attempts: self.attempts,
            made_at: self.made_at.0,
            due_at: (state == DeliveryState::Waiting).then_some(self.due_at.0),
            ended_at: self.ended_at.map(|at| at.0),
            state,
        })
    }
}

/// An event as the journal knows it, without what it says.
struct Event {
    entry: KeyValue,
    position: i64,
    object: KeyValue,
    kind: String,
}

impl Event {
    fn delivery(self, id: Uuid, (organisation, endpoint): (OrganisationId, Uuid), at: DateTime<Utc>) -> Row {
        Row {
            id: KeyValue(id),
            organisation_id: KeyValue(organisation.0),
            endpoint_id: KeyValue(endpoint),
            entry_id: Some(self.entry),
            position: self.position,
            object_id: Some(self.object),
            event_type: self.kind,
            state: word(DeliveryState::Waiting),
            cause: word(Cause::Scheduled),
            tried: 0,
            attempts: 0,
            made_at: InstantValue(at),
            due_at: InstantValue(at),
            ended_at: None,
        }
    }
}

/// Which events are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Range {
    /// Behind this position.
    pub after: Option<u64>,
    /// At or after this moment.
    pub from: Option<DateTime<Utc>>,
    /// Before this moment.
    pub until: Option<DateTime<Utc>>,
}

/// Events of an organisation in their order, at most `limit`.
fn events(
    organisation: OrganisationId,
    range: &Range,
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<Event>, Error> {
    use journal_entries as entries;
    let Range { after, from, until } = range;
    let mut query = entries::table
        .filter(entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(entries::position.gt(after.map_or(-1, u64::cast_signed)))
        .into_boxed();
    if let Some(from) = from {
        query = query.filter(entries::recorded_at.ge(InstantValue(*from)));
    }
    if let Some(until) = until {
        query = query.filter(entries::recorded_at.lt(InstantValue(*until)));
    }
    let rows: Vec<(KeyValue, Option<i64>, KeyValue, String)> = query
        .order(entries::position)
        .limit(limit)
        .select((entries::id, entries::position, entries::object_id, entries::action))
        .load(connection)?;
    let event = |(entry, position, object, kind): (KeyValue, Option<i64>, KeyValue, String)| {
        Some(Event { entry, position: position?, object, kind })
    };
    Ok(rows.into_iter().filter_map(event).collect())
}

/// Deliveries that are there already stay as they are.
fn insert(rows: Vec<Row>, connection: &mut AnyConnection) -> Result<(), Error> {
    for chunk in rows.chunks(connection.rows_per_statement(CHUNK)) {
        on_connection!(&mut *connection, |c| diesel::insert_into(deliveries::table)
            .values(chunk)
            .on_conflict_do_nothing()
            .execute(c))?;
    }
    Ok(())
}

/// A test is sent as soon as may be, once.
///
/// # Errors
/// The database's.
pub fn test(endpoint: Uuid, tx: &mut Tx<'_>) -> Result<Uuid, Error> {
    let (id, organisation, now) = (tx.next_id(), tx.actor().organisation, tx.now());
    let row = Row {
        id: KeyValue(id),
        organisation_id: KeyValue(organisation.0),
        endpoint_id: KeyValue(endpoint),
        entry_id: None,
        // Before whatever waits.
        position: -1,
        object_id: None,
        event_type: TEST.to_owned(),
        state: word(DeliveryState::Waiting),
        cause: word(Cause::Test),
        tried: 0,
        attempts: 0,
        made_at: InstantValue(now),
        due_at: InstantValue(now),
        ended_at: None,
    };
    insert(vec![row], tx.connection())?;
    Ok(id)
}

/// Sends one again, whatever became of it; whether there is such a one.
///
/// # Errors
/// The database's.
pub fn resend(endpoint: Uuid, delivery: Uuid, tx: &mut Tx<'_>) -> Result<bool, Error> {
    let (organisation, now) = (tx.actor().organisation, tx.now());
    Ok(wait_again(organisation, endpoint, &[KeyValue(delivery)], now, tx.connection())? == 1)
}

/// These deliveries wait from now on, as if they had not been tried.
fn wait_again(
    organisation: OrganisationId,
    endpoint: Uuid,
    which: &[KeyValue],
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<usize, Error> {
    connection.exclude_rivals(RIVALS)?;
    let mut count = 0;
    for chunk in which.chunks(CHUNK) {
        let ours = deliveries::table
            .filter(deliveries::organisation_id.eq(KeyValue(organisation.0)))
            .filter(deliveries::endpoint_id.eq(KeyValue(endpoint)))
            .filter(deliveries::id.eq_any(chunk.iter().copied()));
        count += diesel::update(ours)
            .set((
                deliveries::state.eq(<&str>::from(DeliveryState::Waiting)),
                deliveries::cause.eq(<&str>::from(Cause::Manual)),
                deliveries::tried.eq(0_i64),
                deliveries::due_at.eq(InstantValue(now)),
                deliveries::ended_at.eq(None::<InstantValue>),
                // Whoever is sending it now is not asked how that went: it is sent once more.
                deliveries::lease_id.eq(None::<KeyValue>),
                deliveries::leased_until.eq(None::<InstantValue>),
            ))
            .execute(connection)?;
    }
    Ok(count)
}

/// Sends again what the endpoint takes of these events: how many, and from where to go on where more are in the range.
///
/// # Errors
/// The database's.
pub fn replay(endpoint: &WebhookEndpoint, range: &Range, tx: &mut Tx<'_>) -> Result<(usize, Option<u64>), Error> {
    let (organisation, id, now) = (tx.actor().organisation, endpoint.head().id, tx.now());
    tx.connection().exclude_rivals(RIVALS)?;
    let reached: i64 = webhook_progress::table
        .filter(webhook_progress::organisation_id.eq(KeyValue(organisation.0)))
        .filter(webhook_progress::endpoint_id.eq(KeyValue(id)))
        .select(webhook_progress::position)
        .get_result(tx.connection())?;
    let mut found = events(organisation, range, REPLAYED, tx.connection())?;
    let is_full = i64::try_from(found.len()) == Ok(REPLAYED);
    // What it has not come to yet is sent in its turn: sent before, it would overtake.
    found.retain(|event| event.position <= reached);
    let is_full = is_full && i64::try_from(found.len()) == Ok(REPLAYED);
    let next_after = found.last().filter(|_| is_full).map(|event| event.position.cast_unsigned());
    let wanted: Vec<Event> = found.into_iter().filter(|event| endpoint.terms.takes(&event.kind)).collect();
    let (count, mut known, mut again) = (wanted.len(), HashSet::new(), Vec::new());
    for chunk in wanted.chunks(CHUNK) {
        let there: Vec<(KeyValue, Option<KeyValue>)> = deliveries::table
            .filter(deliveries::organisation_id.eq(KeyValue(organisation.0)))
            .filter(deliveries::endpoint_id.eq(KeyValue(id)))
            .filter(deliveries::entry_id.eq_any(chunk.iter().map(|event| event.entry)))
            .select((deliveries::id, deliveries::entry_id))
            .load(tx.connection())?;
        again.extend(there.iter().map(|(delivery, _)| *delivery));
        known.extend(there.into_iter().filter_map(|(_, entry)| entry));
    }
    wait_again(organisation, id, &again, now, tx.connection())?;
    let mut rows = Vec::new();
    for event in wanted.into_iter().filter(|event| !known.contains(&event.entry)) {
        let row = event.delivery(tx.next_id(), (organisation, id), now);
        rows.push(Row { cause: word(Cause::Manual), ..row });
    }
    insert(rows, tx.connection())?;
    Ok((count, next_after))
}

/// What waits is not sent any more; how many there were.
///
/// # Errors
/// The database's.
pub fn drop_waiting(endpoint: Uuid, tx: &mut Tx<'_>) -> Result<usize, Error> {
    let (organisation, now) = (tx.actor().organisation, tx.now());
    tx.connection().exclude_rivals(RIVALS)?;
    Ok(diesel::update(waiting_of(organisation, endpoint))
        .set((deliveries::state.eq(<&str>::from(DeliveryState::Dropped)), deliveries::ended_at.eq(InstantValue(now))))
        .execute(tx.connection())?)
}

/// Whether it waits: written out, since SQLite takes the index of what waits for nothing else.
pub(crate) fn is_waiting() -> SqlLiteral<Bool> {
    sql("webhook_deliveries.state = 'waiting'")
}

type WaitingOf = Filter<
    Filter<Filter<deliveries::table, Eq<deliveries::organisation_id, KeyValue>>, Eq<deliveries::endpoint_id, KeyValue>>,
    SqlLiteral<Bool>,
>;

/// What waits for an endpoint.
fn waiting_of(organisation: OrganisationId, endpoint: Uuid) -> WaitingOf {
    deliveries::table
        .filter(deliveries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(deliveries::endpoint_id.eq(KeyValue(endpoint)))
        .filter(is_waiting())
}

/// An endpoint goes on: what waits is sent at once, or dropped where what was missed is to be passed over.
///
/// # Errors
/// The database's.
pub fn resume(endpoint: Uuid, skip_missed: bool, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (organisation, now) = (tx.actor().organisation, tx.now());
    tx.connection().exclude_rivals(RIVALS)?;
    let progress = webhook_progress::table
        .filter(webhook_progress::organisation_id.eq(KeyValue(organisation.0)))
        .filter(webhook_progress::endpoint_id.eq(KeyValue(endpoint)));
    diesel::update(progress).set(webhook_progress::failing_since.eq(None::<InstantValue>)).execute(tx.connection())?;
    if skip_missed {
        drop_waiting(endpoint, tx)?;
        let position = newest_position(organisation, tx.connection())?;
        diesel::update(progress).set(webhook_progress::position.eq(position)).execute(tx.connection())?;
        return Ok(());
    }
    diesel::update(waiting_of(organisation, endpoint))
        .set((deliveries::due_at.eq(InstantValue(now)), deliveries::tried.eq(0_i64)))
        .execute(tx.connection())?;
    Ok(())
}
