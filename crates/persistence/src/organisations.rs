//! Organisations: the tenants.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::organisations;
use crate::settings;
use crate::tx::Tx;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::settings::Settings;
use std::collections::HashMap;

/// Adds a tenant.
///
/// # Errors
/// The database's.
pub fn insert(id: OrganisationId, name: &str, at: DateTime<Utc>, connection: &mut AnyConnection) -> Result<(), Error> {
    diesel::insert_into(organisations::table)
        .values((
            organisations::id.eq(KeyValue(id.0)),
            organisations::name.eq(name),
            organisations::created_at.eq(InstantValue(at)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Founds the actor's organisation: it begins with settings of its own.
///
/// # Errors
/// The database's.
pub fn found(name: &str, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    insert(by.organisation, name, now, tx.connection())?;
    let birth = tx.birth(Settings::PREFIX)?;
    tx.save(Settings::establish(&by, birth)?)?;
    Ok(())
}

/// A tenant's name.
///
/// # Errors
/// The database's, or [`Error::NotFound`].
pub fn name(id: OrganisationId, connection: &mut AnyConnection) -> Result<String, Error> {
    let name = organisations::table.filter(organisations::id.eq(KeyValue(id.0))).select(organisations::name);
    name.get_result(connection).optional()?.ok_or(Error::NotFound)
}

/// When a tenant was founded.
///
/// # Errors
/// The database's, or [`Error::NotFound`].
pub fn founded_at(id: OrganisationId, connection: &mut AnyConnection) -> Result<DateTime<Utc>, Error> {
    let at = organisations::table.filter(organisations::id.eq(KeyValue(id.0))).select(organisations::created_at);
    let at: Option<InstantValue> = at.get_result(connection).optional()?;
    at.map(|at| at.0).ok_or(Error::NotFound)
}

/// Every tenant.
///
/// # Errors
/// The database's.
pub fn all(connection: &mut AnyConnection) -> Result<Vec<OrganisationId>, Error> {
    let ids: Vec<KeyValue> =
        organisations::table.select(organisations::id).order(organisations::id).load(connection)?;
    Ok(ids.into_iter().map(|id| OrganisationId(id.0)).collect())
}

/// The tenants whose day has begun and is not done with, and which day that is. `done` names the newest day of each that is.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn whose_day_began(
    done: Vec<(KeyValue, Option<String>)>,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<(OrganisationId, NaiveDate)>, Error> {
    let done: HashMap<OrganisationId, Option<String>> =
        done.into_iter().map(|(organisation, day)| (OrganisationId(organisation.0), day)).collect();
    let mut begun = Vec::new();
    for organisation in all(connection)? {
        let today = settings::rules(organisation, connection)?.today(now);
        let last = done.get(&organisation).and_then(Option::as_deref);
        if last.is_none_or(|last| last < today.to_string().as_str()) {
            begun.push((organisation, today));
        }
    }
    Ok(begun)
}

/// How many tenants there are.
///
/// # Errors
/// The database's.
pub fn count(connection: &mut AnyConnection) -> Result<i64, Error> {
    Ok(organisations::table.count().get_result(connection)?)
}
