//! The settings of each organisation in their table: one row each.

use crate::column::KeyValue;
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::imports;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head};
use crate::schema::settings;
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::settings::{Facts, Rules, Settings};

record_table!(Settings, settings { description: String });

impl Columns {
    fn of(record: &Settings) -> Result<Self, Error> {
        Ok(Self { description: body_of(record)? })
    }

    fn into_record(self, head: Head) -> Result<Settings, String> {
        with_head(head, &self.description)
    }
}

listing!(Settings, settings, (), narrowed, own, {
    "created_at": instant = settings::created_at => |settings| settings.head.created_at;
});

fn narrowed<'a>(query: Boxed<'a>, (): &'a ()) -> Boxed<'a> {
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<settings::table> {
    Box::new(settings::created_by.eq(KeyValue(member.0)))
}

impl Guarded for Settings {
    fn facts(&self, _: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        Ok(Facts { has_history: imports::any(self.head.organisation, connection)? })
    }
}

/// The settings themselves, where an organisation has some: what else is written under their rules enters their circle.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn find(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Option<Settings>, Error> {
    let ours = settings::table.filter(settings::organisation_id.eq(KeyValue(organisation.0)));
    // Per database: nearly every request asks.
    let row: QueryResult<Row> = on_connection!(connection, |c| ours.select(Row::as_select()).get_result(c));
    Ok(row.optional()?.map(Row::into_record).transpose()?.map(|(settings, _)| settings))
}

/// What decisions of an organisation depend on; the default where it has no settings yet.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn rules(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Rules, Error> {
    Ok(find(organisation, connection)?.map_or_else(Rules::default, |settings| settings.rules))
}
