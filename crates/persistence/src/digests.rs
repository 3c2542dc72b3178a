//! Daily digests: whose is due, what it says, and that none is sent twice.
//!
//! A digest is claimed before it leaves. A claim that was never concluded, because the program died or could not tell
//! whether the e-mail was taken, stands: at most one e-mail a day, sometimes none.

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::row::word;
use crate::schema::{accounts, digests, members};
use crate::work_items::{self, WorkItem};
use crate::{delegations, organisations, settings};
use chrono::{DateTime, Days, NaiveDate, TimeDelta, Utc};
use diesel::prelude::*;
use ratchet_domain::id::{MemberId, OrganisationId};
use strum::IntoStaticStr;

/// For so many days it is known whose digest was sent.
const KEPT: Days = Days::new(30);

/// How far back what waits is new where no digest went before.
const FIRST: TimeDelta = TimeDelta::hours(24);

/// A digest that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The tenant.
    pub organisation: OrganisationId,
    /// Whose.
    pub member: MemberId,
    /// Of which day, by the organisation's time zone.
    pub day: NaiveDate,
}

/// What became of a digest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, IntoStaticStr)]
#[strum(serialize_all = "snake_case")]
pub enum Outcome {
    /// Taken in hand. It stays so where nobody can tell whether the e-mail was taken.
    Claimed,
    /// The mail server has taken it.
    Sent,
    /// There was nothing to say.
    Empty,
    /// The mail server will never take it.
    Refused,
}

/// All that a digest is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    /// The member's address.
    pub address: String,
    /// How the member is called.
    pub name: String,
    /// The tenant's name.
    pub organisation: String,
    /// What waits since then is new.
    pub since: DateTime<Utc>,
    /// Everything that waits for the member.
    pub items: Vec<WorkItem>,
}

/// Whose digest is due now and was not taken in hand, in all organisations.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn due(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Vec<Due>, Error> {
    let mut due = Vec::new();
    for organisation in organisations::all(connection)? {
        let Some(day) = settings::rules(organisation, connection)?.digest_day(now) else { continue };
        let claimed = digests::table
            .filter(digests::organisation_id.eq(KeyValue(organisation.0)))
            .filter(digests::day.ge(day.to_string()))
            .select(digests::member_id);
        let waiting: Vec<KeyValue> = members::table
            .filter(members::organisation_id.eq(KeyValue(organisation.0)))
            .filter(members::active.eq(true))
            .filter(members::digest.eq(true))
            .filter(members::id.ne_all(claimed))
            .order(members::id)
            .select(members::id)
            .load(connection)?;
        due.extend(waiting.into_iter().map(|member| Due { organisation, member: MemberId(member.0), day }));
    }
    Ok(due)
}

/// What a digest is made of; `None` where the member has left meanwhile, or wants none any more.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn content(
    due: Due,
    limit: i64,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Option<Content>, Error> {
    let Due { organisation, member, day: _ } = due;
    let found: Option<(String, String, String, String)> = members::table
        .inner_join(accounts::table)
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .filter(members::id.eq(KeyValue(member.0)))
        .filter(members::active.eq(true))
        .filter(members::digest.eq(true))
        .select((members::name, members::roles, members::terms, accounts::email))
        .get_result(connection)
        .optional()?;
    let Some((name, roles, terms, address)) = found else { return Ok(None) };
    let held = delegations::held(KeyValue(member.0), &roles, &terms)?;
    let actor = delegations::actor_of(organisation, member, held, now, connection)?;
    let rules = settings::rules(organisation, connection)?;
    let items = work_items::open_outside(&actor, &rules, limit, connection)?;
    let since = former(due, connection)?.unwrap_or(now - FIRST);
    Ok(Some(Content { address, name, organisation: organisations::name(organisation, connection)?, since, items }))
}

/// When the digest before was taken in hand.
fn former(due: Due, connection: &mut AnyConnection) -> Result<Option<DateTime<Utc>>, Error> {
    let former: Option<InstantValue> = digests::table
        .filter(digests::organisation_id.eq(KeyValue(due.organisation.0)))
        .filter(digests::member_id.eq(KeyValue(due.member.0)))
        .filter(digests::day.lt(due.day.to_string()))
        .order(digests::day.desc())
        .select(digests::claimed_at)
        .first(connection)
        .optional()?;
    Ok(former.map(|at| at.0))
}

/// Takes a digest in hand, as `claimed` or, where there is nothing to send, as what it came to; whether nobody else has.
///
/// # Errors
/// The database's.
pub fn claim(due: Due, outcome: Outcome, at: DateTime<Utc>, connection: &mut AnyConnection) -> Result<bool, Error> {
    let Due { organisation, member, day } = due;
    let claimed = on_connection!(connection, |c| diesel::insert_into(digests::table)
        .values((
            digests::organisation_id.eq(KeyValue(organisation.0)),
            digests::member_id.eq(KeyValue(member.0)),
            digests::day.eq(day.to_string()),
            digests::claimed_at.eq(InstantValue(at)),
            digests::outcome.eq(word(outcome)),
        ))
        .on_conflict_do_nothing()
        .execute(c))?;
    if let Some(first) = day.checked_sub_days(KEPT).filter(|_| claimed == 1) {
        let old = digests::table
            .filter(digests::organisation_id.eq(KeyValue(organisation.0)))
            .filter(digests::member_id.eq(KeyValue(member.0)))
            .filter(digests::day.lt(first.to_string()));
        diesel::delete(old).execute(connection)?;
    }
    Ok(claimed == 1)
}

/// Says what became of a digest that was claimed.
///
/// # Errors
/// The database's.
pub fn conclude(due: Due, outcome: Outcome, connection: &mut AnyConnection) -> Result<(), Error> {
    let Due { organisation, member, day } = due;
    let claimed = digests::table
        .filter(digests::organisation_id.eq(KeyValue(organisation.0)))
        .filter(digests::member_id.eq(KeyValue(member.0)))
        .filter(digests::day.eq(day.to_string()));
    diesel::update(claimed).set(digests::outcome.eq(word(outcome))).execute(connection)?;
    Ok(())
}

/// Lets go of a digest that was claimed and surely not sent: it is due again.
///
/// # Errors
/// The database's.
pub fn release(due: Due, connection: &mut AnyConnection) -> Result<(), Error> {
    let Due { organisation, member, day } = due;
    let claimed = digests::table
        .filter(digests::organisation_id.eq(KeyValue(organisation.0)))
        .filter(digests::member_id.eq(KeyValue(member.0)))
        .filter(digests::day.eq(day.to_string()))
        .filter(digests::outcome.eq(word(Outcome::Claimed)));
    diesel::delete(claimed).execute(connection)?;
    Ok(())
}
