//! Counting what people did, from the journal.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{journal_entries, members};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::participation::{Counted, Person, actions};

/// Everybody who is or was a member, and where they work.
///
/// # Errors
/// The database's.
pub fn people(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<Person>, Error> {
    let found: Vec<(KeyValue, Option<String>, bool)> = members::table
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .select((members::id, members::unit, members::active))
        .load(connection)?;
    let person = |(id, unit, active): (KeyValue, _, _)| Person { member: MemberId(id.0), unit, active };
    Ok(found.into_iter().map(person).collect())
}

/// Counts what was done from one moment to another, the second not included, by who did it. One statement, and of the
/// journal only what an index holds.
///
/// # Errors
/// The database's.
pub fn count(
    organisation: OrganisationId,
    (from, to): (DateTime<Utc>, DateTime<Utc>),
    connection: &mut AnyConnection,
) -> Result<Vec<Counted>, Error> {
    use journal_entries as entries;
    let counted: Vec<(Option<KeyValue>, String, i64)> = entries::table
        .filter(entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(entries::action.eq_any(actions()))
        .filter(entries::recorded_at.ge(InstantValue(from)))
        .filter(entries::recorded_at.lt(InstantValue(to)))
        .group_by((entries::actor_id, entries::action))
        .select((entries::actor_id, entries::action, diesel::dsl::count_star()))
        .load(connection)?;
    let read =
        |(by, action, count): (Option<KeyValue>, _, _)| Counted { by: by.map(|id| MemberId(id.0)), action, count };
    Ok(counted.into_iter().map(read).collect())
}
