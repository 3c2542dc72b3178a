//! Which records were brought in, and as what: the memory by which the same row of another register is recognised, and by
//! which figures know what had ended before the program was used.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::parse;
use crate::schema::{accounts, imports, members, plan_parts};
use crate::settings;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::imports::Migrated;
use ratchet_domain::reference::Prefix;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Values per statement: both databases bound them.
const CHUNK: usize = 500;

/// What was brought in before under an external reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The record.
    pub record: Uuid,
    /// SHA-256, hexadecimal, of the row that it was made of.
    pub digest: String,
}

/// What was brought in of one kind under these external references.
///
/// # Errors
/// The database's.
pub fn known(
    organisation: OrganisationId,
    kind: Prefix,
    references: &BTreeSet<String>,
    connection: &mut AnyConnection,
) -> Result<HashMap<String, Known>, Error> {
    let references: Vec<&String> = references.iter().collect();
    let mut known = HashMap::new();
    for some in references.chunks(CHUNK) {
        let found: Vec<(String, KeyValue, String)> = imports::table
            .filter(imports::organisation_id.eq(KeyValue(organisation.0)))
            .filter(imports::kind.eq(kind.kind()))
            .filter(imports::external_reference.eq_any(some.iter().copied()))
            .select((imports::external_reference, imports::record_id, imports::digest))
            .load(connection)?;
        known.extend(found.into_iter().map(|(reference, record, digest)| {
            let record = record.0;
            (reference, Known { record, digest })
        }));
    }
    Ok(known)
}

/// Remembers that a record was brought in.
///
/// # Errors
/// The database's.
pub fn keep(
    organisation: OrganisationId,
    (kind, record): (Prefix, Uuid),
    migrated: &Migrated,
    digest: &str,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    diesel::insert_into(imports::table)
        .values((
            imports::organisation_id.eq(KeyValue(organisation.0)),
            imports::kind.eq(kind.kind()),
            imports::external_reference.eq(&migrated.external_reference),
            imports::record_id.eq(KeyValue(record)),
            imports::digest.eq(digest),
            imports::raised_on.eq(migrated.raised_on.to_string()),
            imports::ended_on.eq(migrated.ended_on.map(|day| day.to_string())),
        ))
        .execute(connection)?;
    Ok(())
}

/// The records of one kind that were made of these parts of others' plans of action, by the part's id there.
///
/// # Errors
/// The database's.
pub fn of_plans(
    organisation: OrganisationId,
    kind: Prefix,
    parts: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<HashMap<Uuid, Uuid>, Error> {
    let mut known = HashMap::new();
    for some in parts.chunks(CHUNK) {
        let found: Vec<(KeyValue, KeyValue)> = plan_parts::table
            .filter(plan_parts::organisation_id.eq(KeyValue(organisation.0)))
            .filter(plan_parts::kind.eq(kind.kind()))
            .filter(plan_parts::part.eq_any(some.iter().copied().map(KeyValue)))
            .select((plan_parts::part, plan_parts::record_id))
            .load(connection)?;
        known.extend(found.into_iter().map(|(part, record)| (part.0, record.0)));
    }
    Ok(known)
}

/// Remembers of which part of another's plan of action a record was made.
///
/// # Errors
/// The database's.
pub fn keep_of_plan(
    organisation: OrganisationId,
    part: Uuid,
    (kind, record): (Prefix, Uuid),
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    diesel::insert_into(plan_parts::table)
        .values((
            plan_parts::organisation_id.eq(KeyValue(organisation.0)),
            plan_parts::part.eq(KeyValue(part)),
            plan_parts::kind.eq(kind.kind()),
            plan_parts::record_id.eq(KeyValue(record)),
        ))
        .execute(connection)?;
    Ok(())
}

/// Whether anything was brought in.
///
/// # Errors
/// The database's.
pub fn any(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<bool, Error> {
    let ours = imports::table.filter(imports::organisation_id.eq(KeyValue(organisation.0)));
    Ok(diesel::select(diesel::dsl::exists(ours)).get_result(connection)?)
}

/// The records that were brought in.
macro_rules! brought_in {
    ($organisation:expr) => {
        crate::schema::imports::table
            .filter(crate::schema::imports::organisation_id.eq(crate::column::KeyValue($organisation.0)))
            .select(crate::schema::imports::record_id)
    };
}
pub(crate) use brought_in;

/// The records that had ended before the program was used: nothing about them happened here.
macro_rules! ended_before {
    ($organisation:expr) => {
        $crate::imports::brought_in!($organisation).filter(crate::schema::imports::ended_on.is_not_null())
    };
}
pub(crate) use ended_before;

/// When what was brought in of one kind, and had not ended by then, was raised: the moment at which that day began.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn raised(
    organisation: OrganisationId,
    kind: Prefix,
    connection: &mut AnyConnection,
) -> Result<HashMap<Uuid, DateTime<Utc>>, Error> {
    let found: Vec<(KeyValue, String)> = imports::table
        .filter(imports::organisation_id.eq(KeyValue(organisation.0)))
        .filter(imports::kind.eq(kind.kind()))
        .filter(imports::ended_on.is_null())
        .select((imports::record_id, imports::raised_on))
        .load(connection)?;
    if found.is_empty() {
        return Ok(HashMap::new());
    }
    let rules = settings::rules(organisation, connection)?;
    let read = |(record, day): (KeyValue, String)| {
        let corrupt = |fault| Error::Corrupt { table: "imports", row: record.0, fault };
        let day: NaiveDate = parse(&day).map_err(corrupt)?;
        Ok((record.0, rules.start_of(day)))
    };
    found.into_iter().map(read).collect()
}

/// The members whom rows name, by id or by e-mail address, and whether each may act. Nobody of another organisation is
/// among them.
///
/// # Errors
/// The database's.
pub fn people(
    organisation: OrganisationId,
    named: &BTreeSet<String>,
    connection: &mut AnyConnection,
) -> Result<HashMap<String, (MemberId, bool)>, Error> {
    let ids: Vec<KeyValue> = named.iter().filter_map(|name| Uuid::try_parse(name).ok()).map(KeyValue).collect();
    // Addresses are kept in lower case.
    let addresses: Vec<String> =
        named.iter().filter(|name| name.contains('@')).map(|name| name.to_ascii_lowercase()).collect();
    let ours = || {
        members::table
            .inner_join(accounts::table)
            .filter(members::organisation_id.eq(KeyValue(organisation.0)))
            .select((members::id, accounts::email, members::active))
    };
    let mut found: Vec<(KeyValue, String, bool)> = Vec::new();
    for some in ids.chunks(CHUNK) {
        found.extend(ours().filter(members::id.eq_any(some.iter().copied())).load(connection)?);
    }
    for some in addresses.chunks(CHUNK) {
        found.extend(ours().filter(accounts::email.eq_any(some)).load(connection)?);
    }
    let by_id: HashMap<Uuid, (MemberId, bool)> =
        found.iter().map(|(id, _, active)| (id.0, (MemberId(id.0), *active))).collect();
    let by_address: HashMap<String, (MemberId, bool)> =
        found.into_iter().map(|(id, email, active)| (email, (MemberId(id.0), active))).collect();
    let meant = |name: &String| match Uuid::try_parse(name) {
        Ok(id) => by_id.get(&id).copied(),
        Err(_) => by_address.get(&name.to_ascii_lowercase()).copied(),
    };
    Ok(named.iter().filter_map(|name| Some((name.clone(), meant(name)?))).collect())
}
