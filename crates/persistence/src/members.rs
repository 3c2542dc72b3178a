//! Members in their table.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{from_json, list_of, parse_list, record_table, to_json};
use crate::schema::{accounts, members};
use crate::table::{Guarded, Own, Table};
use crate::training_assignments;
use crate::tx::Tx;
use crate::{delegations, schedule, settings};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::access::{Actor, Identity, Role, Standing};
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{AccountId, MemberId, OrganisationId};
use ratchet_domain::members::{Facts, Member, Term, asked_on, held_on};
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
    terms: String,
    delegations: String,
    identities: String,
    called: String,
    external_id: Option<String>,
    has_left_directory: bool,
});

impl Columns {
    fn of(record: &Member) -> Result<Self, Error> {
        let Member {
            head: _,
            account,
            name,
            unit,
            roles,
            active,
            calendar_hash,
            digest,
            terms,
            delegations,
            identities,
            called,
            external_id,
            has_left_directory,
        } = record.clone();
        let calendar_hash = calendar_hash.map(hex::decode).transpose();
        Ok(Self {
            account_id: KeyValue(account.0),
            name,
            unit,
            active,
            roles: list_of(&roles),
            calendar_hash: calendar_hash.map_err(|error| Error::Unwritable(error.to_string()))?,
            digest,
            terms: to_json(&terms)?,
            delegations: to_json(&delegations)?,
            identities: to_json(&identities)?,
            called: to_json(&called)?,
            external_id,
            has_left_directory,
        })
    }

    fn into_record(self, head: Head) -> Result<Member, String> {
        let Self {
            account_id,
            name,
            unit,
            active,
            roles,
            calendar_hash,
            digest,
            terms,
            delegations,
            identities,
            called,
            external_id,
            has_left_directory,
        } = self;
        Ok(Member {
            head,
            account: AccountId(account_id.0),
            name,
            unit,
            roles: parse_list(&roles)?,
            active,
            calendar_hash: calendar_hash.map(hex::encode),
            digest,
            terms: from_json(&terms)?,
            delegations: from_json(&delegations)?,
            identities: from_json(&identities)?,
            called: from_json(&called)?,
            external_id,
            has_left_directory,
        })
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

fn own(&Own { member, .. }: &Own) -> NullableCondition<members::table> {
    Box::new(members::id.eq(KeyValue(member.0)).nullable())
}

impl Guarded for Member {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let admins = members::table
            .filter(members::organisation_id.eq(KeyValue(self.head.organisation.0)))
            .filter(members::active.eq(true))
            .filter(members::roles.like("%admin%"))
            .filter(members::terms.not_like(r#"%{"role":"admin",%"#))
            .count()
            .get_result(connection)?;
        let today = settings::rules(self.head.organisation, connection)?.today(now);
        Ok(Facts { admins, today })
    }

    /// All members of an organisation share it: else each of two admins could shut the other out at the same time.
    fn circle(&self) -> Uuid {
        self.head.organisation.0
    }

    /// Courses ask for other people now; or the time of a role is over.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let (organisation, by, now) = (self.head.organisation, tx.actor().clone(), tx.now());
        let rules = settings::rules(organisation, tx.connection())?;
        match self.lapses_on() {
            // That it is another member now wakes it again.
            Some(day) if day <= rules.today(now) => {
                let lapsed = self.lapse(rules.today(now), &by, now)?;
                tx.save(lapsed).map(drop)
            }
            Some(day) => {
                training_assignments::follow_member(&self, tx)?;
                schedule::wait_until::<Member>(organisation, self.head.id, rules.start_of(day), tx)
            }
            None => training_assignments::follow_member(&self, tx),
        }
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

/// A member as the caller whom the member would be now: for whoever reads what waits for that one. A member who has left
/// is no caller, and holds no role.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn as_caller(member: Member, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Actor, Error> {
    let (id, organisation) = (MemberId(member.head.id), member.head.organisation);
    if member.active {
        return delegations::actor_of(organisation, id, (member.roles, member.terms), now, connection);
    }
    let identity = Identity::Member { id, roles: Vec::new(), standing: Standing::default() };
    Ok(Actor { organisation, identity })
}

/// Every active member with the roles that give anything on this day, whoever joined first at the top.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn with_roles(
    organisation: OrganisationId,
    today: NaiveDate,
    connection: &mut AnyConnection,
) -> Result<Vec<(MemberId, Vec<Role>)>, Error> {
    let held = |(id, (roles, terms)): (MemberId, Held)| (id, held_on(&roles, &terms, today));
    Ok(held_by(organisation, None, connection)?.into_iter().map(held).collect())
}

/// Every active member with the roles by which an audience counts the member on this day, whoever joined first at the top.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn asked(
    organisation: OrganisationId,
    today: NaiveDate,
    connection: &mut AnyConnection,
) -> Result<Vec<(MemberId, Vec<Role>)>, Error> {
    let asked = |(id, (roles, terms)): (MemberId, Held)| (id, asked_on(&roles, &terms, today));
    Ok(held_by(organisation, None, connection)?.into_iter().map(asked).collect())
}

type Held = (Vec<Role>, Vec<Term>);

/// Roles and terms of every active member, or of these.
fn held_by(
    organisation: OrganisationId,
    only: Option<&[MemberId]>,
    connection: &mut AnyConnection,
) -> Result<Vec<(MemberId, Held)>, Error> {
    let mut query = members::table
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .filter(members::active.eq(true))
        .order(members::id)
        .select((members::id, members::roles, members::terms))
        .into_boxed();
    if let Some(ids) = only {
        query = query.filter(members::id.eq_any(ids.iter().map(|id| KeyValue(id.0))));
    }
    let found: Vec<(KeyValue, String, String)> = query.load(connection)?;
    let held =
        |(id, roles, terms): (KeyValue, String, String)| Ok((MemberId(id.0), delegations::held(id, &roles, &terms)?));
    found.into_iter().map(held).collect()
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

/// Whether a member is active and holds a role on this day.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn holds(
    organisation: OrganisationId,
    member: MemberId,
    (role, today): (Role, NaiveDate),
    connection: &mut AnyConnection,
) -> Result<bool, Error> {
    let found = Member::find(organisation, Locator::Id(member.0), connection)?;
    Ok(found.is_some_and(|(member, _)| member.active && member.roles_on(today).contains(&role)))
}

/// Which of these are active and of the management on this day.
pub(crate) fn of_management(
    organisation: OrganisationId,
    ids: &[MemberId],
    today: NaiveDate,
    connection: &mut AnyConnection,
) -> Result<Vec<MemberId>, Error> {
    let mut holders = held_by(organisation, Some(ids), connection)?;
    holders.retain(|(_, (roles, terms))| held_on(roles, terms, today).contains(&Role::Management));
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

/// The member who logs in with an address here, active or not.
///
/// # Errors
/// The database's.
pub fn by_address(
    organisation: OrganisationId,
    email: &str,
    connection: &mut AnyConnection,
) -> Result<Option<MemberId>, Error> {
    let found: Option<KeyValue> = members::table
        .inner_join(accounts::table)
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .filter(accounts::email.eq(email))
        .select(members::id)
        .get_result(connection)
        .optional()?;
    Ok(found.map(|id| MemberId(id.0)))
}

/// Which members a directory asks for; all that it has not removed, where nothing is said.
#[derive(Debug, Clone, Default)]
pub struct InDirectory {
    /// This one.
    pub id: Option<MemberId>,
    /// Who logs in with this address.
    pub address: Option<String>,
    /// Whom the directory itself calls so.
    pub external_id: Option<String>,
    /// Whether they may act at all.
    pub active: Option<bool>,
}

/// How many there are, and some of them with the addresses that they log in with: so many passed over, so many at most, whoever
/// joined first at the top.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn in_directory(
    organisation: OrganisationId,
    asked: &InDirectory,
    (skipped, most): (i64, i64),
    connection: &mut AnyConnection,
) -> Result<(i64, Vec<(Member, String)>), Error> {
    let InDirectory { id, address, external_id, active } = asked;
    let narrowed = || {
        let mut query = members::table
            .inner_join(accounts::table)
            .filter(members::organisation_id.eq(KeyValue(organisation.0)))
            .filter(members::has_left_directory.eq(false))
            .into_boxed();
        if let Some(id) = id {
            query = query.filter(members::id.eq(KeyValue(id.0)));
        }
        if let Some(address) = address {
            query = query.filter(accounts::email.eq(address));
        }
        if let Some(external_id) = external_id {
            query = query.filter(members::external_id.eq(external_id));
        }
        if let Some(active) = active {
            query = query.filter(members::active.eq(*active));
        }
        query
    };
    let total = narrowed().count().get_result(connection)?;
    let rows: Vec<(Row, String)> = narrowed()
        .order(members::id)
        .offset(skipped)
        .limit(most)
        .select((Row::as_select(), accounts::email))
        .load(connection)?;
    let read = |(row, address): (Row, String)| Ok((row.into_record()?.0, address));
    Ok((total, rows.into_iter().map(read).collect::<Result<_, Error>>()?))
}

/// Everybody whom the directory has not removed, active or not, with name and roles, whoever joined first at the top.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn with_names_and_roles(
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<Vec<(MemberId, String, Vec<Role>)>, Error> {
    let found: Vec<(KeyValue, String, String)> = members::table
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .filter(members::has_left_directory.eq(false))
        .order(members::id)
        .select((members::id, members::name, members::roles))
        .load(connection)?;
    let read = |(id, name, roles): (KeyValue, String, String)| {
        let corrupt = |fault| Error::Corrupt { table: "members", row: id.0, fault };
        Ok((MemberId(id.0), name, parse_list(&roles).map_err(corrupt)?))
    };
    found.into_iter().map(read).collect()
}
