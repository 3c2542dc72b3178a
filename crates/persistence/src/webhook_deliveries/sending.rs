//! A worker's steps: make deliveries of what has happened, take those that are due, say how they went. Two workers take
//! turns, and a delivery whose worker has died is taken again.

use super::{Attempt, RIVALS, Range, events, insert, is_waiting, waiting_of};
use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::row::{parse, word};
use crate::schema::{
    journal_heads, webhook_attempts, webhook_deliveries as deliveries, webhook_endpoints, webhook_progress,
};
use crate::table::Table;
use crate::tx::Tx;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::dsl::{count_star, exists, not, sql};
use diesel::prelude::*;
use diesel::sql_types::Bool;
use ratchet_domain::id::{EntryId, OrganisationId};
use ratchet_domain::reference::Locator;
use ratchet_domain::webhook_endpoints::{
    AHEAD, Cause, DeliveryState, DisabledBecause, RECOVERED_AFTER, REPLAYED, StageName, Verdict, Waiting,
    WebhookEndpoint, next,
};
use std::collections::HashMap;
use uuid::Uuid;

/// Events that are looked through in one go, at most: on SQLite whoever writes waits meanwhile.
const LOOKED_AT: i64 = 512;
/// How long whoever has taken a delivery has it alone: longer than an attempt takes.
const LEASE: TimeDelta = TimeDelta::seconds(30);
/// Deliveries of one endpoint that are sent at once; of one that fails, one alone.
const AT_ONCE: (usize, usize) = (4, 1);

/// How many deliveries may be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// In all.
    pub all: usize,
    /// For endpoints that fail: those that answer slowly or never leave room for the others.
    pub failing: usize,
}

/// A delivery that was taken to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The tenant.
    pub organisation: OrganisationId,
    /// Where it is sent.
    pub endpoint: Uuid,
    /// Which.
    pub id: Uuid,
    /// The event's entry in the journal; none for a test.
    pub entry: Option<EntryId>,
    /// When it was made.
    pub made_at: DateTime<Utc>,
    /// Why it is sent.
    pub cause: Cause,
    /// Attempts since its time came first.
    pub tried: i64,
    /// Attempts in all.
    pub attempts: i64,
    /// By which its end is told.
    pub lease: Uuid,
    /// Whether its endpoint fails.
    pub is_failing: bool,
}

/// Deliveries of one organisation that are sent at once: its endpoints do not keep those of others waiting.
const OF_ONE: usize = 16;

/// Endpoints that lag behind their journal: how far they have come, and of how many events deliveries may be made.
type Behind = Vec<(OrganisationId, Uuid, i64, usize)>;

fn behind(connection: &mut AnyConnection) -> Result<Behind, Error> {
    let all: Vec<(KeyValue, KeyValue, i64)> = webhook_progress::table
        .inner_join(webhook_endpoints::table.on(webhook_endpoints::id.eq(webhook_progress::endpoint_id)))
        .inner_join(journal_heads::table.on(journal_heads::organisation_id.eq(webhook_progress::organisation_id)))
        .filter(webhook_endpoints::stage.eq(<&str>::from(StageName::Active)))
        .filter((webhook_progress::position + 1_i64).lt(journal_heads::size))
        .order((webhook_progress::organisation_id, webhook_progress::endpoint_id))
        .select((webhook_progress::organisation_id, webhook_progress::endpoint_id, webhook_progress::position))
        .load(connection)?;
    let mut behind = Vec::new();
    for (organisation, endpoint, position) in all {
        let organisation = OrganisationId(organisation.0);
        let waiting: i64 = waiting_of(organisation, endpoint.0).count().get_result(connection)?;
        let room = usize::try_from(AHEAD - waiting).unwrap_or_default();
        if room > 0 {
            behind.push((organisation, endpoint.0, position, room));
        }
    }
    Ok(behind)
}

/// Endpoints of which a delivery can be sent, and since when they fail.
type Due = Vec<(KeyValue, KeyValue, Option<InstantValue>)>;

diesel::alias!(const EARLIER: Alias<Earlier> = deliveries as earlier);

fn due(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Due, Error> {
    let now = InstantValue(now);
    let before = EARLIER
        .filter(EARLIER.field(deliveries::endpoint_id).eq(deliveries::endpoint_id))
        .filter(EARLIER.field(deliveries::object_id).eq(deliveries::object_id))
        .filter(EARLIER.field(deliveries::position).lt(deliveries::position))
        .filter(sql::<Bool>("earlier.state = 'waiting'"));
    Ok(deliveries::table
        .inner_join(webhook_endpoints::table.on(webhook_endpoints::id.eq(deliveries::endpoint_id)))
        .inner_join(webhook_progress::table.on(webhook_progress::endpoint_id.eq(deliveries::endpoint_id)))
        .filter(is_waiting())
        .filter(deliveries::due_at.le(now))
        .filter(deliveries::leased_until.is_null().or(deliveries::leased_until.le(now).assume_not_null()))
        .filter(
            webhook_endpoints::stage
                .eq(<&str>::from(StageName::Active))
                .or(deliveries::cause.eq(<&str>::from(Cause::Test))),
        )
        .filter(not(exists(before)))
        .select((deliveries::organisation_id, deliveries::endpoint_id, webhook_progress::failing_since))
        .distinct()
        .load(connection)?)
}

/// The same, whoever has waited longest first.
fn in_turn(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Due, Error> {
    let mut turns = Vec::new();
    for one in due(now, connection)? {
        let (organisation, endpoint, _) = one;
        let oldest: Option<InstantValue> = waiting_of(OrganisationId(organisation.0), endpoint.0)
            .filter(deliveries::leased_until.is_null())
            .order(deliveries::due_at)
            .select(deliveries::due_at)
            .first(connection)
            .optional()?;
        turns.push((oldest.map(|at| at.0), one));
    }
    turns.sort_by_key(|(oldest, _)| *oldest);
    Ok(turns.into_iter().map(|(_, one)| one).collect())
}

/// How many deliveries of each organisation are being sent.
fn under_way(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<HashMap<Uuid, usize>, Error> {
    let counts: Vec<(KeyValue, i64)> = deliveries::table
        .filter(is_waiting())
        .filter(deliveries::leased_until.gt(InstantValue(now)))
        .group_by(deliveries::organisation_id)
        .select((deliveries::organisation_id, count_star()))
        .load(connection)?;
    Ok(counts.into_iter().map(|(id, count)| (id.0, usize::try_from(count).unwrap_or_default())).collect())
}

/// Whether there is anything to do.
///
/// # Errors
/// The database's.
pub fn has_work(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<bool, Error> {
    Ok(!due(now, connection)?.is_empty() || !behind(connection)?.is_empty())
}

/// Makes deliveries of what has happened; how many events were looked at. While many of an endpoint's deliveries wait, what
/// happens is left in the journal, where it keeps. In the same transaction it is kept how far the endpoint has come, so that
/// each event is taken once.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn make(
    now: DateTime<Utc>,
    next_id: &mut dyn FnMut() -> Uuid,
    connection: &mut AnyConnection,
) -> Result<usize, Error> {
    connection.exclude_rivals(RIVALS)?;
    let (mut looked_at, found) = (0, behind(connection)?);
    // Each has its share: one that is far behind does not keep the others waiting.
    let share = (LOOKED_AT / i64::try_from(found.len().max(1)).unwrap_or(1)).max(8);
    for (organisation, endpoint, position, room) in found {
        looked_at += make_one(organisation, endpoint, (position, share, room), now, next_id, connection)?;
    }
    Ok(looked_at)
}

fn make_one(
    organisation: OrganisationId,
    endpoint: Uuid,
    (position, share, room): (i64, i64, usize),
    now: DateTime<Utc>,
    next_id: &mut dyn FnMut() -> Uuid,
    connection: &mut AnyConnection,
) -> Result<usize, Error> {
    let Some((record, _)) = WebhookEndpoint::find(organisation, Locator::Id(endpoint), connection)? else {
        return Ok(0);
    };
    let range = Range { after: u64::try_from(position).ok(), ..Range::default() };
    let (mut reached, mut rows, mut count) = (position, Vec::new(), 0);
    for event in events(organisation, &range, share, connection)? {
        if rows.len() == room {
            break;
        }
        (reached, count) = (event.position, count + 1);
        if record.terms.takes(&event.kind) {
            rows.push(event.delivery(next_id(), (organisation, endpoint), now));
        }
    }
    insert(rows, connection)?;
    let progress = webhook_progress::table
        .filter(webhook_progress::organisation_id.eq(KeyValue(organisation.0)))
        .filter(webhook_progress::endpoint_id.eq(KeyValue(endpoint)));
    diesel::update(progress).set(webhook_progress::position.eq(reached)).execute(connection)?;
    Ok(count)
}

/// Takes deliveries that are due, as many as there is room for.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn claim(
    mut room: Room,
    lease: Uuid,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Claimed>, Error> {
    connection.exclude_rivals(RIVALS)?;
    let (mut claimed, mut under_way) = (Vec::new(), under_way(now, connection)?);
    for (organisation, endpoint, failing_since) in in_turn(now, connection)? {
        let is_failing = failing_since.is_some();
        let (usual, alone) = AT_ONCE;
        let (at_once, left) = if is_failing { (alone, room.failing.min(room.all)) } else { (usual, room.all) };
        let (organisation, endpoint) = (OrganisationId(organisation.0), endpoint.0);
        let theirs = under_way.entry(organisation.0).or_default();
        let left = left.min(OF_ONE.saturating_sub(*theirs));
        if left == 0 {
            continue;
        }
        let ours = claim_of(organisation, endpoint, (at_once, left), (lease, now), connection)?;
        *theirs += ours.len();
        room.all -= ours.len();
        if is_failing {
            room.failing -= ours.len();
        }
        claimed.extend(ours.into_iter().map(|one| Claimed { is_failing, ..one }));
    }
    Ok(claimed)
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = deliveries)]
struct Candidate {
    id: KeyValue,
    entry_id: Option<KeyValue>,
    object_id: Option<KeyValue>,
    cause: String,
    tried: i64,
    attempts: i64,
    made_at: InstantValue,
    due_at: InstantValue,
    leased_until: Option<InstantValue>,
}

fn claim_of(
    organisation: OrganisationId,
    endpoint: Uuid,
    (at_once, left): (usize, usize),
    (lease, now): (Uuid, DateTime<Utc>),
    connection: &mut AnyConnection,
) -> Result<Vec<Claimed>, Error> {
    let stage: String = webhook_endpoints::table
        .filter(webhook_endpoints::organisation_id.eq(KeyValue(organisation.0)))
        .filter(webhook_endpoints::id.eq(KeyValue(endpoint)))
        .select(webhook_endpoints::stage)
        .get_result(connection)?;
    let is_active = stage == <&str>::from(StageName::Active);
    let mut candidates: Vec<Candidate> = waiting_of(organisation, endpoint)
        .order((deliveries::position, deliveries::id))
        .limit(REPLAYED + AHEAD)
        .select(Candidate::as_select())
        .load(connection)?;
    // Elsewhere only a test is sent.
    candidates.retain(|one| is_active || one.object_id.is_none());
    let waiting: Vec<Waiting> = candidates
        .iter()
        .map(|one| Waiting {
            id: one.id.0,
            object: one.object_id.map(|object| object.0),
            is_due: one.due_at.0 <= now,
            is_taken: one.leased_until.is_some_and(|until| until.0 > now),
        })
        .collect();
    let chosen: Vec<Uuid> = next(&waiting, at_once).into_iter().take(left).collect();
    if chosen.is_empty() {
        return Ok(Vec::new());
    }
    let target = deliveries::table
        .filter(deliveries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(deliveries::id.eq_any(chosen.iter().copied().map(KeyValue)));
    diesel::update(target)
        .set((deliveries::lease_id.eq(KeyValue(lease)), deliveries::leased_until.eq(InstantValue(now + LEASE))))
        .execute(connection)?;
    let mine = candidates.into_iter().filter(|one| chosen.contains(&one.id.0));
    mine.map(|one| {
        let corrupt = |fault: String| Error::Corrupt { table: "webhook_deliveries", row: one.id.0, fault };
        Ok(Claimed {
            organisation,
            endpoint,
            id: one.id.0,
            entry: one.entry_id.map(|entry| EntryId(entry.0)),
            made_at: one.made_at.0,
            cause: parse(&one.cause).map_err(corrupt)?,
            tried: one.tried,
            attempts: one.attempts,
            lease,
            is_failing: false,
        })
    })
    .collect()
}

/// How a delivery's attempt ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ended {
    /// What is written down of it.
    pub attempt: Attempt,
    /// What becomes of the delivery.
    pub verdict: Verdict,
}

/// Writes down how an attempt went, and what follows; whether it still counted. Where nothing more is to be sent to the
/// endpoint, it is disabled in the same transaction.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn conclude(claimed: &Claimed, ended: &Ended, tx: &mut Tx<'_>) -> Result<bool, Error> {
    // First, as whoever uses a verb does: else the two could wait for each other.
    tx.enter(claimed.endpoint)?;
    let now = tx.now();
    let Ended { attempt, verdict } = ended;
    let is_test = claimed.cause == Cause::Test;
    let ours = deliveries::table
        .filter(deliveries::organisation_id.eq(KeyValue(claimed.organisation.0)))
        .filter(deliveries::id.eq(KeyValue(claimed.id)))
        .filter(deliveries::lease_id.eq(KeyValue(claimed.lease)));
    let before: Option<String> = ours.select(deliveries::state).get_result(tx.connection()).optional()?;
    // Taken by another when the lease had ended, or to be sent once more.
    let Some(before) = before else { return Ok(false) };
    let is_dropped = before == <&str>::from(DeliveryState::Dropped);
    let state = match verdict {
        Verdict::Delivered => DeliveryState::Delivered,
        // Somebody said meanwhile that it is not sent any more.
        Verdict::Again(_) | Verdict::GivenUp | Verdict::Gone if is_dropped => DeliveryState::Dropped,
        // What a receiver does not want any more waits for the endpoint to be resumed: it may have been a slip.
        Verdict::Again(_) | Verdict::Gone if !is_test => DeliveryState::Waiting,
        Verdict::Again(_) | Verdict::GivenUp | Verdict::Gone => DeliveryState::GivenUp,
    };
    let is_over = state != DeliveryState::Waiting;
    let due_at = match verdict {
        Verdict::Again(at) => *at,
        Verdict::Delivered | Verdict::GivenUp | Verdict::Gone => now,
    };
    diesel::update(ours)
        .set((
            deliveries::state.eq(<&str>::from(state)),
            deliveries::cause.eq(word(if is_over { claimed.cause } else { Cause::Scheduled })),
            deliveries::tried.eq(claimed.tried + 1),
            deliveries::attempts.eq(claimed.attempts + 1),
            deliveries::due_at.eq(InstantValue(due_at)),
            deliveries::ended_at.eq(is_over.then_some(InstantValue(now))),
            deliveries::lease_id.eq(None::<KeyValue>),
            deliveries::leased_until.eq(None::<InstantValue>),
        ))
        .execute(tx.connection())?;
    write_down(claimed, attempt, tx.connection())?;
    let failing_since = if is_test { None } else { note(claimed, *verdict, now, tx.connection())? };
    if let Some(because) = DisabledBecause::after(*verdict, failing_since, now) {
        disable(claimed.endpoint, because, tx)?;
    }
    Ok(true)
}

fn write_down(claimed: &Claimed, attempt: &Attempt, connection: &mut AnyConnection) -> Result<(), Error> {
    let Attempt { began_at, cause, took_ms, status, answer, error } = attempt;
    let row = (
        webhook_attempts::organisation_id.eq(KeyValue(claimed.organisation.0)),
        webhook_attempts::delivery_id.eq(KeyValue(claimed.id)),
        webhook_attempts::number.eq(claimed.attempts + 1),
        webhook_attempts::began_at.eq(InstantValue(*began_at)),
        webhook_attempts::cause.eq(word(*cause)),
        webhook_attempts::took_ms.eq(*took_ms),
        webhook_attempts::status.eq(status.map(i64::from)),
        webhook_attempts::answer.eq(answer.clone()),
        webhook_attempts::error.eq(error.clone()),
    );
    on_connection!(connection, |c| diesel::insert_into(webhook_attempts::table).values(row).execute(c))?;
    Ok(())
}

/// Notes how the endpoint gets on: since when it fails.
fn note(
    claimed: &Claimed,
    verdict: Verdict,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Option<DateTime<Utc>>, Error> {
    let progress = webhook_progress::table
        .filter(webhook_progress::organisation_id.eq(KeyValue(claimed.organisation.0)))
        .filter(webhook_progress::endpoint_id.eq(KeyValue(claimed.endpoint)));
    let before: Option<InstantValue> = progress.select(webhook_progress::failing_since).get_result(connection)?;
    // Given up, and nothing else waits: how the endpoint gets on is not known any more.
    let is_quiet = verdict == Verdict::GivenUp
        && waiting_of(claimed.organisation, claimed.endpoint).count().get_result::<i64>(connection)? == 0;
    if is_quiet {
        diesel::update(progress).set(webhook_progress::failing_since.eq(None::<InstantValue>)).execute(connection)?;
        return Ok(None);
    }
    if verdict != Verdict::Delivered {
        let since = before.unwrap_or(InstantValue(now));
        if before.is_none() {
            diesel::update(progress).set(webhook_progress::failing_since.eq(since)).execute(connection)?;
        }
        return Ok(Some(since.0));
    }
    diesel::update(progress)
        .set((
            webhook_progress::failing_since.eq(None::<InstantValue>),
            webhook_progress::succeeded_at.eq(InstantValue(now)),
        ))
        .execute(connection)?;
    // What waits need not wait for hours more; one event alone that is never taken keeps its times.
    let failed = || waiting_of(claimed.organisation, claimed.endpoint).filter(deliveries::tried.gt(0_i64));
    if before.is_some_and(|since| now - since.0 >= RECOVERED_AFTER)
        && failed().count().get_result::<i64>(connection)? > 1
    {
        connection.exclude_rivals(RIVALS)?;
        diesel::update(waiting_of(claimed.organisation, claimed.endpoint))
            .set(deliveries::due_at.eq(InstantValue(now)))
            .execute(connection)?;
    }
    Ok(None)
}

fn disable(endpoint: Uuid, because: DisabledBecause, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (record, by, now) = (tx.load::<WebhookEndpoint>(Locator::Id(endpoint))?, tx.actor().clone(), tx.now());
    // Somebody may have paused it meanwhile.
    if record.stage.name() == StageName::Active {
        tx.save(record.disable(because, &by, now)?)?;
    }
    Ok(())
}
