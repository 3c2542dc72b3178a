//! API keys in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::{StoredHead, list_of, parse_list};
use crate::schema::api_keys::{self, dsl};
use crate::tx::Table;
use diesel::prelude::*;
use ratchet_domain::api_keys::ApiKey;
use ratchet_domain::change::Record;
use ratchet_domain::id::OrganisationId;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = api_keys, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: KeyValue,
    organisation_id: KeyValue,
    reference: String,
    version: i64,
    created_at: InstantValue,
    created_by: Option<KeyValue>,
    updated_at: InstantValue,
    state_salt: Vec<u8>,
    name: String,
    secret_hash: Vec<u8>,
    scopes: String,
    expires_at: Option<InstantValue>,
    revoked_at: Option<InstantValue>,
}

impl Row {
    fn of(record: &ApiKey, salt: [u8; 16]) -> Result<Self, Error> {
        let ApiKey { head, name, scopes, secret_hash, expires_at, revoked_at } = record.clone();
        let StoredHead { id, organisation_id, reference, version, created_at, created_by, updated_at } =
            StoredHead::of(&head);
        Ok(Self {
            id,
            organisation_id,
            reference,
            version,
            created_at,
            created_by,
            updated_at,
            state_salt: salt.to_vec(),
            name,
            secret_hash: hex::decode(secret_hash).map_err(|error| Error::Unwritable(error.to_string()))?,
            scopes: list_of(&scopes),
            expires_at: expires_at.map(InstantValue),
            revoked_at: revoked_at.map(InstantValue),
        })
    }

    fn into_record(self) -> Result<(ApiKey, [u8; 16]), Error> {
        let row = self.id.0;
        let corrupt = move |fault: String| Error::Corrupt { table: "api_keys", row, fault };
        let Self { id, organisation_id, reference, version, created_at, created_by, updated_at, .. } = self;
        let head = StoredHead { id, organisation_id, reference, version, created_at, created_by, updated_at };
        let salt = self.state_salt.try_into().map_err(|_| corrupt("the salt has not 16 bytes".to_owned()))?;
        let record = ApiKey {
            head: head.into_head().map_err(corrupt)?,
            name: self.name,
            scopes: parse_list(&self.scopes).map_err(corrupt)?,
            secret_hash: hex::encode(self.secret_hash),
            expires_at: self.expires_at.map(|at| at.0),
            revoked_at: self.revoked_at.map(|at| at.0),
        };
        Ok((record, salt))
    }
}

impl Table for ApiKey {
    fn insert(&self, salt: [u8; 16], connection: &mut AnyConnection) -> Result<(), Error> {
        diesel::insert_into(dsl::api_keys).values(Row::of(self, salt)?).execute(connection)?;
        Ok(())
    }

    fn update(&self, expected: i64, salt: [u8; 16], connection: &mut AnyConnection) -> Result<usize, Error> {
        let (id, organisation) = (KeyValue(self.head().id), KeyValue(self.head().organisation.0));
        let target = dsl::api_keys.filter(dsl::id.eq(id)).filter(dsl::organisation_id.eq(organisation));
        Ok(diesel::update(target.filter(dsl::version.eq(expected))).set(Row::of(self, salt)?).execute(connection)?)
    }

    fn find(
        organisation: OrganisationId,
        id: Uuid,
        connection: &mut AnyConnection,
    ) -> Result<Option<(Self, [u8; 16])>, Error> {
        dsl::api_keys
            .filter(dsl::organisation_id.eq(KeyValue(organisation.0)))
            .filter(dsl::id.eq(KeyValue(id)))
            .select(Row::as_select())
            .get_result(connection)
            .optional()?
            .map(Row::into_record)
            .transpose()
    }
}
