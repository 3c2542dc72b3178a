//! Members in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::{StoredHead, list_of, parse_list};
use crate::schema::members::{self, dsl};
use crate::tx::Table;
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::{AccountId, OrganisationId};
use ratchet_domain::members::Member;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable, AsChangeset, Identifiable)]
#[diesel(table_name = members, treat_none_as_null = true, treat_none_as_default_value = false)]
struct Row {
    id: KeyValue,
    organisation_id: KeyValue,
    reference: String,
    version: i64,
    created_at: InstantValue,
    created_by: Option<KeyValue>,
    updated_at: InstantValue,
    state_salt: Vec<u8>,
    account_id: KeyValue,
    name: String,
    active: bool,
    roles: String,
}

impl Row {
    fn of(record: &Member, salt: [u8; 16]) -> Result<Self, Error> {
        let Member { head, account, name, roles, active } = record.clone();
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
            account_id: KeyValue(account.0),
            name,
            active,
            roles: list_of(&roles),
        })
    }

    fn into_record(self) -> Result<(Member, [u8; 16]), Error> {
        let row = self.id.0;
        let corrupt = move |fault: String| Error::Corrupt { table: "members", row, fault };
        let Self { id, organisation_id, reference, version, created_at, created_by, updated_at, .. } = self;
        let head = StoredHead { id, organisation_id, reference, version, created_at, created_by, updated_at };
        let salt = self.state_salt.try_into().map_err(|_| corrupt("the salt has not 16 bytes".to_owned()))?;
        let record = Member {
            head: head.into_head().map_err(corrupt)?,
            account: AccountId(self.account_id.0),
            name: self.name,
            roles: parse_list(&self.roles).map_err(corrupt)?,
            active: self.active,
        };
        Ok((record, salt))
    }
}

impl Table for Member {
    fn insert(&self, salt: [u8; 16], connection: &mut AnyConnection) -> Result<(), Error> {
        diesel::insert_into(dsl::members).values(Row::of(self, salt)?).execute(connection)?;
        Ok(())
    }

    fn update(&self, expected: i64, salt: [u8; 16], connection: &mut AnyConnection) -> Result<usize, Error> {
        let (id, organisation) = (KeyValue(self.head().id), KeyValue(self.head().organisation.0));
        let target = dsl::members.filter(dsl::id.eq(id)).filter(dsl::organisation_id.eq(organisation));
        Ok(diesel::update(target.filter(dsl::version.eq(expected))).set(Row::of(self, salt)?).execute(connection)?)
    }

    fn find(
        organisation: OrganisationId,
        id: Uuid,
        connection: &mut AnyConnection,
    ) -> Result<Option<(Self, [u8; 16])>, Error> {
        dsl::members
            .filter(dsl::organisation_id.eq(KeyValue(organisation.0)))
            .filter(dsl::id.eq(KeyValue(id)))
            .select(Row::as_select())
            .get_result(connection)
            .optional()?
            .map(Row::into_record)
            .transpose()
    }
}
