//! Members in their table.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{list_of, parse_list, record_table};
use crate::schema::{accounts, members};
use crate::table::{Guarded, Table};
use crate::training_assignments;
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Role;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{AccountId, MemberId, OrganisationId};
use ratchet_domain::members::{Facts, Member};
use ratchet_domain::reference::Locator;
use uuid::Uuid;

record_table!(Member, members {
    account_id: KeyValue,
    name: String,
    unit: Option<String>,
    active: bool,
    roles: String,
    calendar_hash: Option<Vec<u8>>,
    digest: bool,
});

impl Columns {
    fn of(record: &Member) -> Result<Self, Error> {
        let Member { head: _, account, name, unit, roles, active, calendar_hash, digest } = record.clone();
        let calendar_hash = calendar_hash.map(hex::decode).transpose();
        Ok(Self {
            account_id: KeyValue(account.0),
            name,
            unit,
            active,
            roles: list_of(&roles),
            calendar_hash: calendar_hash.map_err(|error| Error::Unwritable(error.to_string()))?,
            digest,
        })
    }

    fn into_record(self, head: Head) -> Result<Member, String> {
        let Self { account_id, name, unit, active, roles, calendar_hash, digest } = self;
        let (account, roles) = (AccountId(account_id.0), parse_list(&roles)?);
        Ok(Member { head, account, name, unit, roles, active, calendar_hash: calendar_hash.map(hex::encode), digest })
    }
}

/// What a list of members can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whether they may act at all.
    pub active: Option<bool>,
    /// In this unit.
    pub unit: Option<String>,
}

listing!(Member, members, Filter, narrowed, own, {
    "created_at": instant = members::created_at => |member| member.head.created_at;
    "name": text = members::name => |member| member.name.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { active, unit } = filter;
    if let Some(active) = active {
        query = query.filter(members::active.eq(*active));
    }
    if let Some(unit) = unit {
        query = query.filter(members::unit.eq(unit));
    }
    query
}

fn own(member: MemberId) -> NullableCondition<members::table> {
    Box::new(members::id.eq(KeyValue(member.0)).nullable())
}

impl Guarded for Member {
    fn facts(&self, _: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let admins = members::table
            .filter(members::organisation_id.eq(KeyValue(self.head.organisation.0)))
            .filter(members::active.eq(true))
            .filter(members::roles.like("%admin%"))
            .count()
            .get_result(connection)?;
        Ok(Facts { admins })
    }

    /// All members of an organisation share it: else each of two admins could shut the other out at the same time.
    fn circle(&self) -> Uuid {
        self.head.organisation.0
    }

    /// Courses ask for other people now.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        training_assignments::follow_member(&self, tx)
    }
}

/// The member of an id, whatever the organisation: what somebody presents before anything else is known of the caller.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn find_presented(id: MemberId, connection: &mut AnyConnection) -> Result<Option<Member>, Error> {
    let row: Option<Row> = members::table
        .filter(members::id.eq(KeyValue(id.0)))
        .select(Row::as_select())
        .get_result(connection)
        .optional()?;
    Ok(row.map(Row::into_record).transpose()?.map(|(member, _)| member))
}

/// Every active member with the roles held, whoever joined first at the top.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn with_roles(
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<Vec<(MemberId, Vec<Role>)>, Error> {
    let found: Vec<(KeyValue, String)> = members::table
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .filter(members::active.eq(true))
        .order(members::id)
        .select((members::id, members::roles))
        .load(connection)?;
    found.into_iter().map(roles_of).collect()
}

fn roles_of((id, roles): (KeyValue, String)) -> Result<(MemberId, Vec<Role>), Error> {
    let roles = parse_list(&roles).map_err(|fault| Error::Corrupt { table: "members", row: id.0, fault })?;
    Ok((MemberId(id.0), roles))
}

/// Which of these ids are active members; what a body names is checked with it.
///
/// # Errors
/// The database's.
pub fn active(
    organisation: OrganisationId,
    ids: &[MemberId],
    connection: &mut AnyConnection,
) -> Result<Vec<MemberId>, Error> {
    let found: Vec<KeyValue> = members::table
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .filter(members::active.eq(true))
        .filter(members::id.eq_any(ids.iter().map(|id| KeyValue(id.0))))
        .select(members::id)
        .load(connection)?;
    Ok(found.into_iter().map(|id| MemberId(id.0)).collect())
}

/// Whether a member is active and holds a role.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn holds(
    organisation: OrganisationId,
    member: MemberId,
    role: Role,
    connection: &mut AnyConnection,
) -> Result<bool, Error> {
    let found = Member::find(organisation, Locator::Id(member.0), connection)?;
    Ok(found.is_some_and(|(member, _)| member.active && member.roles.contains(&role)))
}

/// Which of these are active and of the management.
pub(crate) fn of_management(
    organisation: OrganisationId,
    ids: &[MemberId],
    connection: &mut AnyConnection,
) -> Result<Vec<MemberId>, Error> {
    let found: Vec<(KeyValue, String)> = members::table
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .filter(members::active.eq(true))
        .filter(members::id.eq_any(ids.iter().map(|id| KeyValue(id.0))))
        .select((members::id, members::roles))
        .load(connection)?;
    let mut holders: Vec<(MemberId, Vec<Role>)> = found.into_iter().map(roles_of).collect::<Result<_, _>>()?;
    holders.retain(|(_, roles)| roles.contains(&Role::Management));
    Ok(holders.into_iter().map(|(member, _)| member).collect())
}

/// References and names of members.
///
/// # Errors
/// The database's.
pub fn names(
    organisation: OrganisationId,
    ids: &[MemberId],
    connection: &mut AnyConnection,
) -> Result<Vec<(MemberId, String, String)>, Error> {
    let found: Vec<(KeyValue, String, String)> = members::table
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .filter(members::id.eq_any(ids.iter().map(|id| KeyValue(id.0))))
        .select((members::id, members::reference, members::name))
        .load(connection)?;
    Ok(found.into_iter().map(|(id, reference, name)| (MemberId(id.0), reference, name)).collect())
}

/// Whether an address logs in here, its member active or not.
///
/// # Errors
/// The database's.
pub fn has_address(organisation: OrganisationId, email: &str, connection: &mut AnyConnection) -> Result<bool, Error> {
    let theirs = members::table
        .inner_join(accounts::table)
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .filter(accounts::email.eq(email));
    Ok(diesel::select(diesel::dsl::exists(theirs)).get_result(connection)?)
}
