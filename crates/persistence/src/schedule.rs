//! What happens by itself when its time has come: a worker's step. Records say when they want to be looked at again;
//! the store keeps that, and [`Guarded::wake`] says what follows.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::wake_ups;
use crate::settings;
use crate::store::Store;
use crate::table::Guarded;
use crate::tx::{Context, Tx};
use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Actor;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::of_kind;
use ratchet_domain::reference::{Locator, Prefix};
use ratchet_domain::refusal::Refusal;
use ratchet_domain::work::Wake;
use uuid::Uuid;

/// Records that are woken in one go, at most.
const LIMIT: i64 = 200;
/// When one that could not be woken is tried again.
const AGAIN: TimeDelta = TimeDelta::hours(1);

/// Keeps when the record wants to be woken; no statement where that is as it was.
pub(crate) fn keep<T: Record>(change: &Change<T>, connection: &mut AnyConnection) -> Result<(), Error> {
    let (before, after) = (change.before().and_then(Record::wakes), change.after().wakes());
    if before == after {
        return Ok(());
    }
    let head = change.after().head();
    if before.is_some() {
        forget(head.organisation, head.id, connection)?;
    }
    let Some(wake) = after else { return Ok(()) };
    let at = moment(head.organisation, wake, connection)?;
    set::<T>(head.organisation, head.id, at, connection)
}

fn set<T: Record>(
    organisation: OrganisationId,
    id: Uuid,
    at: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    diesel::insert_into(wake_ups::table)
        .values((
            wake_ups::organisation_id.eq(KeyValue(organisation.0)),
            wake_ups::record_id.eq(KeyValue(id)),
            wake_ups::kind.eq(T::KIND),
            wake_ups::wakes_at.eq(InstantValue(at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Wakes the record again at once: what follows takes more than one step.
pub(crate) fn go_on<T: Record>(record: &T, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (head, now) = (record.head(), tx.now());
    // What it is to be woken for later is found again then.
    forget(head.organisation, head.id, tx.connection())?;
    set::<T>(head.organisation, head.id, now, tx.connection())
}

/// Notes the dates of a record that have passed, one after the other: two of them may share a day, and who was woken for the
/// first is not woken for the second.
pub(crate) fn note_passed<T: Guarded>(
    mut record: T,
    note: impl Fn(T, NaiveDate, &Actor, DateTime<Utc>) -> Result<Change<T>, Refusal>,
    tx: &mut Tx<'_>,
) -> Result<(), Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let today = settings::rules(by.organisation, tx.connection())?.today(now);
    while let Some(Wake::On(day) | Wake::AtAndOn(_, day)) = record.wakes()
        && day <= today
    {
        record = tx.save(note(record, today, &by, now)?)?.0;
    }
    Ok(())
}

/// Lets a wake-up wait, where it still stands.
fn put_off(
    organisation: OrganisationId,
    id: Uuid,
    until: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let kept = wake_ups::table
        .filter(wake_ups::organisation_id.eq(KeyValue(organisation.0)))
        .filter(wake_ups::record_id.eq(KeyValue(id)));
    diesel::update(kept).set(wake_ups::wakes_at.eq(InstantValue(until))).execute(connection)?;
    Ok(())
}

/// Wakes the record again at that moment, beside what it says itself.
pub(crate) fn wait_until<T: Record>(
    organisation: OrganisationId,
    id: Uuid,
    at: DateTime<Utc>,
    tx: &mut Tx<'_>,
) -> Result<(), Error> {
    set::<T>(organisation, id, at, tx.connection())
}

/// Forgets a wake-up; whether there was one.
fn forget(organisation: OrganisationId, id: Uuid, connection: &mut AnyConnection) -> Result<bool, Error> {
    let kept = wake_ups::table
        .filter(wake_ups::organisation_id.eq(KeyValue(organisation.0)))
        .filter(wake_ups::record_id.eq(KeyValue(id)));
    Ok(diesel::delete(kept).execute(connection)? == 1)
}

/// A day begins by the organisation's time zone.
fn moment(organisation: OrganisationId, wake: Wake, connection: &mut AnyConnection) -> Result<DateTime<Utc>, Error> {
    match wake {
        Wake::At(at) | Wake::AtAndOn(at, _) => Ok(at),
        Wake::On(day) => Ok(settings::rules(organisation, connection)?.start_of(day)),
    }
}

/// Records of all organisations whose time has come.
fn due(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Vec<(OrganisationId, Prefix, Uuid)>, Error> {
    let found: Vec<(KeyValue, KeyValue, String)> = wake_ups::table
        .filter(wake_ups::wakes_at.le(InstantValue(now)))
        .order(wake_ups::wakes_at)
        .limit(LIMIT)
        .select((wake_ups::organisation_id, wake_ups::record_id, wake_ups::kind))
        .load(connection)?;
    let read = |(organisation, id, kind): (KeyValue, KeyValue, String)| {
        // A newer version's, during an upgrade: that version's worker knows it.
        let known = Prefix::of_kind(&kind);
        if known.is_none() {
            tracing::warn!(%kind, id = %id.0, "a record of an unknown kind waits for what happens by itself");
        }
        Some((OrganisationId(organisation.0), known?, id.0))
    };
    Ok(found.into_iter().filter_map(read).collect())
}

/// Wakes every record whose time has come, one per transaction, and says how many there were. One that cannot be woken
/// is tried again in an hour: so many of them as are woken in one go would else keep all others waiting.
///
/// # Errors
/// The database's, where it cannot even be asked who is due.
pub async fn catch_up(
    store: &Store,
    now: DateTime<Utc>,
    context: &(dyn Fn(OrganisationId) -> Context + Sync),
) -> Result<usize, Error> {
    let due = store.read(move |connection| due(now, connection)).await?;
    let mut woken = 0;
    for (organisation, kind, id) in due {
        match store.write(context(organisation), move |tx| of_kind!(kind, T => wake::<T>(id, tx))).await {
            Ok(()) => woken += 1,
            Err(error) if error.is_transient() => {
                tracing::debug!(%error, %id, "a record waits for what happens by itself");
            }
            Err(error) => {
                tracing::error!(%error, %id, "a record cannot be woken");
                store.work(move |connection| put_off(organisation, id, now + AGAIN, connection)).await?;
            }
        }
    }
    Ok(woken)
}

fn wake<T: Guarded>(id: Uuid, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (organisation, now) = (tx.actor().organisation, tx.now());
    let locator = Locator::Id(id);
    // Entered before it is read again, so that whoever moves it meanwhile is seen.
    let Some((record, _)) = T::find(organisation, locator, tx.connection())? else { return Ok(()) };
    tx.enter(record.circle())?;
    let record: T = tx.load(locator)?;
    if !forget(organisation, id, tx.connection())? {
        return Ok(());
    }
    let Some(wake) = record.wakes() else { return Ok(()) };
    let at = moment(organisation, wake, tx.connection())?;
    // The organisation has moved to another time zone since.
    if at > now {
        return set::<T>(organisation, id, at, tx.connection());
    }
    if let Wake::AtAndOn(_, day) = wake {
        let again = moment(organisation, Wake::On(day), tx.connection())?;
        if again > now {
            set::<T>(organisation, id, again, tx.connection())?;
        }
    }
    record.wake(tx)
}
