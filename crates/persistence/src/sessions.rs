//! Login sessions and their refresh tokens: machinery, not records.
//!
//! Only hashes of tokens are stored. A token used twice ends its whole session, except within a few seconds of its
//! first use, where a client that lost the answer gets the same successor again (RFC 9700, section 4.14.2).

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::delegations;
use crate::error::Error;
use crate::schema::{members, refresh_tokens, sessions};
use chrono::{DateTime, Duration, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Actor;
use ratchet_domain::id::{AccountId, MemberId, OrganisationId, SessionId};

/// How long a refresh token may be shown again after its first use.
const GRACE: Duration = Duration::seconds(10);

/// A session, as far as a request needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Session {
    /// The session.
    pub id: SessionId,
    /// The tenant it is for.
    pub organisation: OrganisationId,
    /// Whose it is.
    pub member: MemberId,
    /// The member, with the roles that give anything now and all for whom the member stands.
    pub actor: Actor,
}

/// What became of a refresh token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refreshed {
    /// Its session goes on; the successor is stored.
    Renewed(Session),
    /// It had been used before: this session has just been ended.
    Reused(Session),
    /// Nobody knows it, or its session is over.
    Unknown,
}

/// Opens a session with its first refresh token.
///
/// # Errors
/// The database's.
pub fn open(
    id: SessionId,
    organisation: OrganisationId,
    member: MemberId,
    token_hash: [u8; 32],
    (at, until): (DateTime<Utc>, DateTime<Utc>),
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    diesel::insert_into(sessions::table)
        .values((
            sessions::id.eq(KeyValue(id.0)),
            sessions::organisation_id.eq(KeyValue(organisation.0)),
            sessions::member_id.eq(KeyValue(member.0)),
            sessions::created_at.eq(InstantValue(at)),
            sessions::expires_at.eq(InstantValue(until)),
        ))
        .execute(connection)?;
    issue(id, token_hash, at, connection)
}

fn issue(id: SessionId, hash: [u8; 32], at: DateTime<Utc>, connection: &mut AnyConnection) -> Result<(), Error> {
    diesel::insert_into(refresh_tokens::table)
        .values((
            refresh_tokens::hash.eq(hash.as_slice()),
            refresh_tokens::session_id.eq(KeyValue(id.0)),
            refresh_tokens::issued_at.eq(InstantValue(at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// The session, when it is alive and its member active.
///
/// # Errors
/// The database's.
pub fn find(id: SessionId, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Option<Session>, Error> {
    let found: Option<(KeyValue, KeyValue, String, String)> = sessions::table
        .inner_join(members::table)
        .filter(sessions::id.eq(KeyValue(id.0)))
        .filter(sessions::ended_at.is_null())
        .filter(sessions::expires_at.gt(InstantValue(now)))
        .filter(members::active.eq(true))
        .select((sessions::organisation_id, members::id, members::roles, members::terms))
        .get_result(connection)
        .optional()?;
    let Some((organisation, member, roles, terms)) = found else { return Ok(None) };
    let organisation = OrganisationId(organisation.0);
    let (held, member) = (delegations::held(member, &roles, &terms)?, MemberId(member.0));
    let actor = delegations::actor_of(organisation, member, held, now, connection)?;
    Ok(Some(Session { id, organisation, member, actor }))
}

/// Uses a refresh token. The update that marks it as used decides between two that come at once.
///
/// # Errors
/// The database's.
pub fn refresh(
    token_hash: [u8; 32],
    successor_hash: [u8; 32],
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Refreshed, Error> {
    let token = refresh_tokens::table.filter(refresh_tokens::hash.eq(token_hash.as_slice()));
    let first_use = diesel::update(token.filter(refresh_tokens::used_at.is_null()))
        .set(refresh_tokens::used_at.eq(InstantValue(now)))
        .execute(connection)?
        == 1;
    let known: Option<(KeyValue, Option<InstantValue>)> =
        token.select((refresh_tokens::session_id, refresh_tokens::used_at)).get_result(connection).optional()?;
    let Some((session, used_at)) = known else { return Ok(Refreshed::Unknown) };
    let id = SessionId(session.0);
    let Some(session) = find(id, now, connection)? else { return Ok(Refreshed::Unknown) };
    if first_use {
        issue(id, successor_hash, now, connection)?;
        return Ok(Refreshed::Renewed(session));
    }
    let successor_used: Option<Option<InstantValue>> = refresh_tokens::table
        .filter(refresh_tokens::hash.eq(successor_hash.as_slice()))
        .select(refresh_tokens::used_at)
        .get_result(connection)
        .optional()?;
    let in_grace = used_at.is_some_and(|used| now - used.0 <= GRACE) && successor_used == Some(None);
    if in_grace {
        return Ok(Refreshed::Renewed(session));
    }
    // Of several that come at once the first one tells.
    Ok(if end(id, now, connection)? { Refreshed::Reused(session) } else { Refreshed::Unknown })
}

/// The tenant of a refresh token's session, alive or not.
///
/// # Errors
/// The database's.
pub fn organisation_of(token_hash: [u8; 32], connection: &mut AnyConnection) -> Result<Option<OrganisationId>, Error> {
    let found: Option<KeyValue> = refresh_tokens::table
        .inner_join(sessions::table)
        .filter(refresh_tokens::hash.eq(token_hash.as_slice()))
        .select(sessions::organisation_id)
        .get_result(connection)
        .optional()?;
    Ok(found.map(|id| OrganisationId(id.0)))
}

/// Ends a session at once, and says whether it was alive.
///
/// # Errors
/// The database's.
pub fn end(id: SessionId, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<bool, Error> {
    let alive = sessions::table.filter(sessions::id.eq(KeyValue(id.0))).filter(sessions::ended_at.is_null());
    Ok(diesel::update(alive).set(sessions::ended_at.eq(InstantValue(now))).execute(connection)? == 1)
}

/// Ends every session of an account but one.
///
/// # Errors
/// The database's.
pub fn end_others(
    account: AccountId,
    kept: SessionId,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let theirs = members::table.filter(members::account_id.eq(KeyValue(account.0))).select(members::id);
    let others = sessions::table
        .filter(sessions::member_id.eq_any(theirs))
        .filter(sessions::id.ne(KeyValue(kept.0)))
        .filter(sessions::ended_at.is_null());
    diesel::update(others).set(sessions::ended_at.eq(InstantValue(now))).execute(connection)?;
    Ok(())
}

/// Ends every session of a member: should the member come back, none of them is alive again.
///
/// # Errors
/// The database's.
pub fn end_of_member(member: MemberId, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<(), Error> {
    let theirs =
        sessions::table.filter(sessions::member_id.eq(KeyValue(member.0))).filter(sessions::ended_at.is_null());
    diesel::update(theirs).set(sessions::ended_at.eq(InstantValue(now))).execute(connection)?;
    Ok(())
}

/// Ends every session of an account.
///
/// # Errors
/// The database's.
pub fn end_all(account: AccountId, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<(), Error> {
    end_others(account, SessionId(uuid::Uuid::nil()), now, connection)
}
