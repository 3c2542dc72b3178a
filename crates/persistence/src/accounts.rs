//! Accounts: what somebody logs in with, one for each organisation. The same address in another organisation is another
//! account with another password, so that nobody gets in by what another organisation's admin chose, or learns of it.

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
    /// Argon2id, in PHC string format.
    pub password_hash: String,
    /// Where the account is an active member: the organisation, its name, the member.
    pub memberships: Vec<(OrganisationId, String, MemberId)>,
}

/// Adds an account of an organisation.
///
/// # Errors
/// [`Error::Taken`] when the address has one there.
pub fn insert(
    id: AccountId,
    organisation: OrganisationId,
    (email, password_hash): (&str, &str),
    at: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let inserted = diesel::insert_into(accounts::table)
        .values((
            accounts::id.eq(KeyValue(id.0)),
            accounts::email.eq(email),
            accounts::password_hash.eq(password_hash),
            accounts::created_at.eq(InstantValue(at)),
            accounts::organisation_id.eq(KeyValue(organisation.0)),
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

/// The accounts of an address that are active members somewhere, or in the organisation that is named, and whose password
/// is good at this moment.
///
/// # Errors
/// The database's.
pub fn find_logins(
    email: &str,
    named: Option<OrganisationId>,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Login>, Error> {
    let mut found = members::table
        .inner_join(accounts::table)
        .inner_join(organisations::table)
        .filter(accounts::email.eq(email))
        .filter(members::active.eq(true))
        .filter(accounts::password_until.is_null().or(accounts::password_until.gt(InstantValue(now))))
        .into_boxed();
    if let Some(named) = named {
        found = found.filter(members::organisation_id.eq(KeyValue(named.0)));
    }
    let rows: Vec<(KeyValue, String, KeyValue, String, KeyValue)> = found
        .order((accounts::id, organisations::name, organisations::id))
        .select((accounts::id, accounts::password_hash, organisations::id, organisations::name, members::id))
        .load(connection)?;
    let mut logins: Vec<(KeyValue, Login)> = Vec::new();
    for (account, password_hash, organisation, name, member) in rows {
        let membership = (OrganisationId(organisation.0), name, MemberId(member.0));
        match logins.last_mut() {
            Some((known, login)) if *known == account => login.memberships.push(membership),
            Some(_) | None => logins.push((account, Login { password_hash, memberships: vec![membership] })),
        }
    }
    Ok(logins.into_iter().map(|(_, login)| login).collect())
}

/// The accounts of an address, each with the organisation that made it.
///
/// # Errors
/// The database's.
pub fn find(email: &str, connection: &mut AnyConnection) -> Result<Vec<(AccountId, OrganisationId)>, Error> {
    let found: Vec<(KeyValue, KeyValue)> = accounts::table
        .filter(accounts::email.eq(email))
        .order(accounts::organisation_id)
        .select((accounts::id, accounts::organisation_id))
        .load(connection)?;
    Ok(found.into_iter().map(|(id, organisation)| (AccountId(id.0), OrganisationId(organisation.0))).collect())
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
    /// Until when the password is good; `None` where its owner chose it.
    pub password_until: Option<DateTime<Utc>>,
}

/// The account that a member logs in with.
///
/// # Errors
/// The database's.
pub fn of_member(member: MemberId, connection: &mut AnyConnection) -> Result<Option<Account>, Error> {
    let found: Option<(KeyValue, String, String, Option<InstantValue>)> = members::table
        .inner_join(accounts::table)
        .filter(members::id.eq(KeyValue(member.0)))
        .select((accounts::id, accounts::email, accounts::password_hash, accounts::password_until))
        .get_result(connection)
        .optional()?;
    Ok(found.map(|(id, email, password_hash, until)| Account {
        id: AccountId(id.0),
        email,
        password_hash,
        password_until: until.map(|until| until.0),
    }))
}

/// Makes the account's password one that ends, unless its owner chooses another by then.
///
/// # Errors
/// The database's.
pub fn limit_password(id: AccountId, until: DateTime<Utc>, connection: &mut AnyConnection) -> Result<(), Error> {
    diesel::update(accounts::table.filter(accounts::id.eq(KeyValue(id.0))))
        .set(accounts::password_until.eq(InstantValue(until)))
        .execute(connection)?;
    Ok(())
}

/// Replaces a password's hash; nothing ends the new one.
///
/// # Errors
/// The database's.
pub fn change_password(id: AccountId, password_hash: &str, connection: &mut AnyConnection) -> Result<(), Error> {
    diesel::update(accounts::table.filter(accounts::id.eq(KeyValue(id.0))))
        .set((accounts::password_hash.eq(password_hash), accounts::password_until.eq(None::<InstantValue>)))
        .execute(connection)?;
    Ok(())
}

/// Lets an account log in with another address.
///
/// # Errors
/// The database's, also where the address has an account in the organisation.
pub fn change_address(id: AccountId, email: &str, connection: &mut AnyConnection) -> Result<(), Error> {
    diesel::update(accounts::table.filter(accounts::id.eq(KeyValue(id.0))))
        .set(accounts::email.eq(email))
        .execute(connection)?;
    Ok(())
}
