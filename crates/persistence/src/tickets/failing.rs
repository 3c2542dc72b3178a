//! What fails, and what it means for its connection. Two things are counted apart, so that neither hides the other: that tickets
//! cannot be compared, and that it cannot be asked what has changed.

use super::comparing::{is_mine, settle};
use super::{Claimed, Polled};
use crate::column::{InstantValue, KeyValue};
use crate::error::Error;
use crate::schema::{ticket_links as links, ticket_progress};
use crate::tx::Tx;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::reference::Locator;
use ratchet_domain::ticket_connections::{FAILS_AFTER, StageName, TicketConnection};
use uuid::Uuid;

/// How a connection gets on.
macro_rules! progress_of {
    ($organisation:expr, $connection:expr) => {
        ticket_progress::table
            .filter(ticket_progress::organisation_id.eq(KeyValue($organisation.0)))
            .filter(ticket_progress::connection_id.eq(KeyValue($connection)))
    };
}

/// What it is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Concern {
    /// One ticket, or one question: the others go on.
    Ticket,
    /// The whole connection: all of it waits.
    Connection,
    /// The whole connection, and nothing is tried that could mend it: it fails at once.
    ConnectionAtOnce,
}

impl Concern {
    /// Whether the connection fails by it, the so-many-th time one after the other.
    fn is_enough(self, failures: i64) -> bool {
        self == Self::ConnectionAtOnce || failures >= FAILS_AFTER
    }
}

/// What went wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failed {
    /// In words.
    pub error: String,
    /// What it is about.
    pub concerns: Concern,
}

/// Writes down that a comparison failed, and when it is tried again. Where that is about the whole connection, all of it waits, and
/// after some failures, one after the other, it is said to fail.
///
/// # Errors
/// The database's.
pub fn fail(
    claimed: &Claimed,
    failed: &Failed,
    again: impl FnOnce(i64) -> TimeDelta,
    tx: &mut Tx<'_>,
) -> Result<(), Error> {
    let Claimed { organisation, connection, .. } = *claimed;
    let (Failed { error, concerns }, now) = (failed, tx.now());
    let counted = progress_of!(organisation, connection).select(ticket_progress::failures);
    let failures: i64 = counted.get_result(tx.connection())?;
    let after = again(if *concerns == Concern::Ticket { claimed.failures + 1 } else { failures + 1 });
    if is_mine(claimed, tx)? {
        settle(claimed, None, Some((error, after)), true, tx)?;
    }
    if *concerns == Concern::Ticket {
        return Ok(());
    }
    diesel::update(progress_of!(organisation, connection))
        .set((
            ticket_progress::failures.eq(failures + 1),
            ticket_progress::error.eq(error),
            ticket_progress::retry_at.eq(InstantValue(now + after)),
        ))
        .execute(tx.connection())?;
    fail_connection(connection, error, concerns.is_enough(failures + 1), tx)
}

/// Writes down that it could not be asked what has changed there, and when it is tried again. After some failures, one after the
/// other, the connection is said to fail, however well tickets are compared meanwhile: what nobody says of them is not seen.
///
/// # Errors
/// The database's.
pub fn fail_poll(
    poll: &Polled,
    failed: &Failed,
    again: impl FnOnce(i64) -> TimeDelta,
    tx: &mut Tx<'_>,
) -> Result<(), Error> {
    let Polled { organisation, connection, .. } = *poll;
    let (Failed { error, concerns }, now) = (failed, tx.now());
    let counted = progress_of!(organisation, connection).select(ticket_progress::poll_failures);
    let failures: i64 = counted.get_result(tx.connection())?;
    let next = InstantValue(now + again(failures + 1));
    diesel::update(progress_of!(organisation, connection))
        .set((
            ticket_progress::poll_failures.eq(failures + 1),
            ticket_progress::poll_error.eq(error),
            ticket_progress::poll_due_at.eq(next),
            ticket_progress::leased_until.eq(None::<InstantValue>),
        ))
        .execute(tx.connection())?;
    if *concerns != Concern::Ticket {
        let waits = ticket_progress::retry_at.eq(next);
        diesel::update(progress_of!(organisation, connection)).set(waits).execute(tx.connection())?;
    }
    fail_connection(connection, error, concerns.is_enough(failures + 1), tx)
}

fn fail_connection(connection: Uuid, error: &str, is_enough: bool, tx: &mut Tx<'_>) -> Result<(), Error> {
    if !is_enough {
        return Ok(());
    }
    let (by, now) = (tx.actor().clone(), tx.now());
    tx.enter(connection)?;
    let record: TicketConnection = tx.load(Locator::Id(connection))?;
    if record.stage.name() == StageName::Active {
        tx.save(record.fail(error.to_owned(), &by, now)?)?;
    }
    Ok(())
}

/// The other system has told what has changed there: it is asked again after a while.
///
/// # Errors
/// The database's, or [`Error::NotFound`].
pub fn polled(
    poll: &Polled,
    changed: (&[String], bool),
    asked_at: DateTime<Utc>,
    tx: &mut Tx<'_>,
) -> Result<(), Error> {
    let (Polled { organisation, connection, .. }, now) = (poll.clone(), tx.now());
    super::working::polled(poll, changed, (asked_at, now), tx.connection())?;
    let broken = links::table
        .filter(links::organisation_id.eq(KeyValue(organisation.0)))
        .filter(links::connection_id.eq(KeyValue(connection)))
        .filter(links::failures.gt(0_i64));
    // Where no ticket waits to be compared again nobody else would say that it answers.
    if broken.count().get_result::<i64>(tx.connection())? == 0 {
        return answered(organisation, connection, tx);
    }
    recover(organisation, connection, tx)
}

/// A ticket was compared: that goes well.
pub(super) fn answered(organisation: OrganisationId, connection: Uuid, tx: &mut Tx<'_>) -> Result<(), Error> {
    diesel::update(progress_of!(organisation, connection))
        .set((ticket_progress::failures.eq(0_i64), ticket_progress::error.eq(None::<String>)))
        .execute(tx.connection())?;
    recover(organisation, connection, tx)
}

/// The other system has answered. Where all goes well again, it fails no longer.
fn recover(organisation: OrganisationId, connection: Uuid, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let answers = ticket_progress::succeeded_at.eq(InstantValue(now));
    diesel::update(progress_of!(organisation, connection)).set(answers).execute(tx.connection())?;
    let counts =
        progress_of!(organisation, connection).select((ticket_progress::failures, ticket_progress::poll_failures));
    if counts.get_result::<(i64, i64)>(tx.connection())? != (0, 0) {
        return Ok(());
    }
    let record: TicketConnection = tx.load(Locator::Id(connection))?;
    if record.stage.name() != StageName::Failing {
        return Ok(());
    }
    tx.enter(connection)?;
    let record: TicketConnection = tx.load(Locator::Id(connection))?;
    if record.stage.name() == StageName::Failing {
        tx.save(record.recover(&by, now)?)?;
    }
    Ok(())
}
