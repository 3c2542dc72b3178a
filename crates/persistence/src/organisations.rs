//! Organisations: the tenants.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::organisations;
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::settings::Settings;

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

/// How many tenants there are.
///
/// # Errors
/// The database's.
pub fn count(connection: &mut AnyConnection) -> Result<i64, Error> {
    Ok(organisations::table.count().get_result(connection)?)
}
