//! API keys in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{list_of, parse_list, record_table};
use crate::schema::{api_key_uses, api_keys};
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::api_keys::ApiKey;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{ApiKeyId, OrganisationId};
use std::collections::BTreeMap;
use uuid::Uuid;

record_table!(ApiKey, api_keys {
    name: String,
    secret_hash: Vec<u8>,
    scopes: String,
    expires_at: Option<InstantValue>,
    revoked_at: Option<InstantValue>,
    networks: String,
});

impl Columns {
    fn of(record: &ApiKey) -> Result<Self, Error> {
        let ApiKey { head: _, name, scopes, secret_hash, expires_at, revoked_at, networks } = record;
        Ok(Self {
            name: name.clone(),
            secret_hash: hex::decode(secret_hash).map_err(|error| Error::Unwritable(error.to_string()))?,
            scopes: list_of(scopes),
            expires_at: expires_at.map(InstantValue),
            revoked_at: revoked_at.map(InstantValue),
            networks: networks.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
        })
    }

    fn into_record(self, head: Head) -> Result<ApiKey, String> {
        let Self { name, secret_hash, scopes, expires_at, revoked_at, networks } = self;
        Ok(ApiKey {
            head,
            name,
            scopes: parse_list(&scopes)?,
            secret_hash: hex::encode(secret_hash),
            expires_at: expires_at.map(|at| at.0),
            revoked_at: revoked_at.map(|at| at.0),
            networks: parse_list(&networks)?,
        })
    }
}

/// What a list of keys can be narrowed by: nothing yet.
#[derive(Debug, Clone, Default)]
pub struct Filter {}

listing!(ApiKey, api_keys, Filter, narrowed, own, {
    "created_at": instant = api_keys::created_at => |key| key.head.created_at;
    "name": text = api_keys::name => |key| key.name.clone();
});

fn narrowed<'a>(query: Boxed<'a>, _: &'a Filter) -> Boxed<'a> {
    query
}

fn own(&Own { member, .. }: &Own) -> NullableCondition<api_keys::table> {
    Box::new(api_keys::created_by.eq(KeyValue(member.0)))
}

impl Guarded for ApiKey {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }
}

/// The key of an id, whatever its organisation: what a caller shows before anything else is known of it.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn find_presented(id: ApiKeyId, connection: &mut AnyConnection) -> Result<Option<ApiKey>, Error> {
    let row: Option<Row> = api_keys::table
        .filter(api_keys::id.eq(KeyValue(id.0)))
        .select(Row::as_select())
        .get_result(connection)
        .optional()?;
    Ok(row.map(Row::into_record).transpose()?.map(|(key, _)| key))
}

/// When keys were used last, by key.
pub type Uses = BTreeMap<(OrganisationId, ApiKeyId), DateTime<Utc>>;

/// Notes when keys were used last, beside the keys: a use is no write of a record, and has no entry. What another server has
/// noted and is later stays.
///
/// # Errors
/// The database's.
pub fn note_uses(uses: &Uses, connection: &mut AnyConnection) -> Result<(), Error> {
    for ((organisation, key), at) in uses {
        let (organisation, key, at) = (KeyValue(organisation.0), KeyValue(key.0), InstantValue(*at));
        let first = diesel::insert_into(api_key_uses::table).values((
            api_key_uses::organisation_id.eq(organisation),
            api_key_uses::api_key_id.eq(key),
            api_key_uses::last_used_at.eq(at),
        ));
        if on_connection!(connection, |c| first.on_conflict_do_nothing().execute(c))? == 0 {
            let earlier = api_key_uses::table
                .filter(api_key_uses::organisation_id.eq(organisation))
                .filter(api_key_uses::api_key_id.eq(key))
                .filter(api_key_uses::last_used_at.lt(at));
            diesel::update(earlier).set(api_key_uses::last_used_at.eq(at)).execute(connection)?;
        }
    }
    Ok(())
}

/// When each of these keys was used last, as far as they were: one statement.
///
/// # Errors
/// The database's.
pub fn last_uses(
    organisation: OrganisationId,
    keys: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, DateTime<Utc>>, Error> {
    let found: Vec<(KeyValue, InstantValue)> = api_key_uses::table
        .filter(api_key_uses::organisation_id.eq(KeyValue(organisation.0)))
        .filter(api_key_uses::api_key_id.eq_any(keys.iter().copied().map(KeyValue)))
        .select((api_key_uses::api_key_id, api_key_uses::last_used_at))
        .load(connection)?;
    Ok(found.into_iter().map(|(key, at)| (key.0, at.0)).collect())
}
