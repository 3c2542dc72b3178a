//! Accounts: logins, unique per instance. Not records of an organisation: a member is.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{accounts, members, organisations};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::id::{AccountId, MemberId, OrganisationId};

/// What a login is checked against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The account.
    pub account: AccountId,
    /// Argon2id, in PHC string format.
    pub password_hash: String,
    /// Where the account is an active member: the organisation, its name, the member.
    pub memberships: Vec<(OrganisationId, String, MemberId)>,
}

/// Adds an account.
///
/// # Errors
/// [`Error::Taken`] when the address has one.
pub fn insert(
    id: AccountId,
    email: &str,
    password_hash: &str,
    at: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let inserted = diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(KeyValue(id.0)),
            accounts::email.eq(email),
            accounts::password_hash.eq(password_hash),
            accounts::created_at.eq(InstantValue(at)),
        ))
        .execute(connection);
    match inserted {
        Ok(_) => Ok(()),
        Err(diesel::result::Error::DatabaseError(diesel::result::DatabaseErrorKind::UniqueViolation, _)) => {
            Err(Error::Taken("email"))
        }
        Err(error) => Err(error.into()),
    }
}

/// The account of an address, with its memberships.
///
/// # Errors
/// The database's.
pub fn find_login(email: &str, connection: &mut AnyConnection) -> Result<Option<Login>, Error> {
    let account: Option<(KeyValue, String)> = accounts::table
        .filter(accounts::email.eq(email))
        .select((accounts::id, accounts::password_hash))
        .get_result(connection)
        .optional()?;
    let Some((account, password_hash)) = account else { return Ok(None) };
    let memberships: Vec<(KeyValue, String, KeyValue)> = members::table
        .inner_join(organisations::table)
        .filter(members::account_id.eq(account))
        .filter(members::active.eq(true))
        .order(organisations::name)
        .select((organisations::id, organisations::name, members::id))
        .load(connection)?;
    let memberships =
        memberships.into_iter().map(|(id, name, member)| (OrganisationId(id.0), name, MemberId(member.0))).collect();
    Ok(Some(Login { account: AccountId(account.0), password_hash, memberships }))
}

/// The account of an address.
///
/// # Errors
/// The database's.
pub fn find(email: &str, connection: &mut AnyConnection) -> Result<Option<AccountId>, Error> {
    let found: Option<KeyValue> =
        accounts::table.filter(accounts::email.eq(email)).select(accounts::id).get_result(connection).optional()?;
    Ok(found.map(|id| AccountId(id.0)))
}

/// A login by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Account {
    /// Which.
    pub id: AccountId,
    /// Its address.
    pub email: String,
    /// Argon2id, in PHC string format.
    pub password_hash: String,
}

/// The account that a member logs in with.
///
/// # Errors
/// The database's.
pub fn of_member(member: MemberId, connection: &mut AnyConnection) -> Result<Option<Account>, Error> {
    let found: Option<(KeyValue, String, String)> = members::table
        .inner_join(accounts::table)
        .filter(members::id.eq(KeyValue(member.0)))
        .select((accounts::id, accounts::email, accounts::password_hash))
        .get_result(connection)
        .optional()?;
    Ok(found.map(|(id, email, password_hash)| Account { id: AccountId(id.0), email, password_hash }))
}

/// Replaces a password's hash.
///
/// # Errors
/// The database's.
pub fn change_password(id: AccountId, password_hash: &str, connection: &mut AnyConnection) -> Result<(), Error> {
    diesel::update(accounts::table.filter(accounts::id.eq(KeyValue(id.0))))
        .set(accounts::password_hash.eq(password_hash))
        .execute(connection)?;
    Ok(())
}
