//! Acknowledgements in their table, and what is derived from their absence.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::delegations;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::policies::{self, Unacknowledged};
use crate::row::{body_of, record_table, with_head};
use crate::schema::{acknowledgements, members};
use crate::table::{Guarded, Own};
use crate::work_items::WorkItem;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Actor;
use ratchet_domain::acknowledgements::{Acknowledgement, Coverage, Person, coverage as derive};
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{MemberId, OrganisationId, PolicyVersionId};
use ratchet_domain::members::asked_on;
use ratchet_domain::policies::Policy;
use ratchet_domain::policy_versions::StageName;
use ratchet_domain::reference::Prefix;
use ratchet_domain::settings::Rules;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

record_table!(
    Acknowledgement,
    acknowledgements { policy_id: KeyValue, version_id: KeyValue, member_id: KeyValue, description: String }
);

impl Columns {
    fn of(record: &Acknowledgement) -> Result<Self, Error> {
        Ok(Self {
            policy_id: KeyValue(record.policy.0),
            version_id: KeyValue(record.version.0),
            member_id: KeyValue(record.member.0),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Acknowledgement, String> {
        with_head(head, &self.description)
    }
}

/// What a list of acknowledgements can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this policy, whatever the version.
    pub policy: Option<Uuid>,
    /// Of this version.
    pub version: Option<Uuid>,
    /// By this member.
    pub member: Option<MemberId>,
    /// Given at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Acknowledgement, acknowledgements, Filter, narrowed, own, {
    "created_at": instant = acknowledgements::created_at => |given| given.head.created_at;
    "reference": text = acknowledgements::reference => |given| given.head.reference.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { policy, version, member, updated_since } = filter;
    if let Some(policy) = policy {
        query = query.filter(acknowledgements::policy_id.eq(KeyValue(*policy)));
    }
    if let Some(version) = version {
        query = query.filter(acknowledgements::version_id.eq(KeyValue(*version)));
    }
    if let Some(member) = member {
        query = query.filter(acknowledgements::member_id.eq(KeyValue(member.0)));
    }
    if let Some(at) = updated_since {
        query = query.filter(acknowledgements::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<acknowledgements::table> {
    Box::new(acknowledgements::member_id.eq(KeyValue(member.0)).nullable())
}

impl Guarded for Acknowledgement {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }
}

/// Whether a member has acknowledged a version.
///
/// # Errors
/// The database's.
pub fn is_given(
    organisation: OrganisationId,
    (version, member): (PolicyVersionId, MemberId),
    connection: &mut AnyConnection,
) -> Result<bool, Error> {
    let given = acknowledgements::table
        .filter(acknowledgements::organisation_id.eq(KeyValue(organisation.0)))
        .filter(acknowledgements::version_id.eq(KeyValue(version.0)))
        .filter(acknowledgements::member_id.eq(KeyValue(member.0)));
    Ok(diesel::select(diesel::dsl::exists(given)).get_result(connection)?)
}

/// What the actor is asked to acknowledge and has not, as items of a list of work: derived in one statement, since a
/// row for each member and policy would have to follow every change of either.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn work_of(actor: &Actor, rules: &Rules, connection: &mut AnyConnection) -> Result<Vec<WorkItem>, Error> {
    // Nobody acknowledges for another.
    let Some(me) = actor.member().filter(|_| actor.on_behalf_of().is_none()) else { return Ok(Vec::new()) };
    let roles = actor.asked_as();
    let item = |Unacknowledged { policy, version, joined_at }: Unacknowledged| {
        let asked = policy.asks(me, &roles, rules.today(joined_at))?;
        let since = joined_at.max(rules.start_of(policy.in_force()?.published_on));
        Some(WorkItem {
            kind: Prefix::PolicyVersion,
            id: policy.in_force()?.version.0,
            reference: version,
            title: Some(policy.title.clone()),
            state: <&str>::from(StageName::Published).to_owned(),
            member: Some(me),
            due_on: Some(asked.due_on),
            number: 0,
            since,
            changed_at: since,
        })
    };
    let open = policies::unacknowledged(actor.organisation, me, connection)?;
    Ok(open.into_iter().filter_map(item).collect())
}

/// How far one policy is acknowledged; `None` of one that is not published.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn coverage_of(
    policy: &Policy,
    rules: &Rules,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Option<Coverage>, Error> {
    let some = std::slice::from_ref(policy);
    Ok(covered(policy.head.organisation, some, (rules, now), connection)?.pop())
}

/// How far each policy that holds is acknowledged: three statements, whatever the number of policies and members.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn coverage(
    organisation: OrganisationId,
    rules: &Rules,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Coverage>, Error> {
    let published = policies::published(organisation, connection)?;
    covered(organisation, &published, (rules, now), connection)
}

fn covered(
    organisation: OrganisationId,
    policies: &[Policy],
    (rules, now): (&Rules, DateTime<Utc>),
    connection: &mut AnyConnection,
) -> Result<Vec<Coverage>, Error> {
    let people = people(organisation, (rules, rules.today(now)), connection)?;
    let versions: Vec<PolicyVersionId> =
        policies.iter().filter_map(Policy::in_force).map(|current| current.version).collect();
    let given = given(organisation, &versions, connection)?;
    let (nobody, today) = (BTreeSet::new(), rules.today(now));
    let one = |policy: &Policy| {
        let given = given.get(&policy.in_force()?.version).unwrap_or(&nobody);
        derive(policy, &people, given, today)
    };
    Ok(policies.iter().filter_map(one).collect())
}

/// Every active member, with the roles by which an audience counts the member on this day.
fn people(
    organisation: OrganisationId,
    (rules, today): (&Rules, NaiveDate),
    connection: &mut AnyConnection,
) -> Result<Vec<Person>, Error> {
    let found: Vec<(KeyValue, String, String, InstantValue)> = members::table
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .filter(members::active.eq(true))
        .select((members::id, members::roles, members::terms, members::created_at))
        .load(connection)?;
    let person = |(id, roles, terms, joined_at): (KeyValue, String, String, InstantValue)| {
        let (roles, terms) = delegations::held(id, &roles, &terms)?;
        let roles = asked_on(&roles, &terms, today);
        Ok(Person { id: MemberId(id.0), roles, joined_on: rules.today(joined_at.0) })
    };
    found.into_iter().map(person).collect()
}

/// Who has acknowledged each of these versions.
fn given(
    organisation: OrganisationId,
    versions: &[PolicyVersionId],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<PolicyVersionId, BTreeSet<MemberId>>, Error> {
    let found: Vec<(KeyValue, KeyValue)> = acknowledgements::table
        .filter(acknowledgements::organisation_id.eq(KeyValue(organisation.0)))
        .filter(acknowledgements::version_id.eq_any(versions.iter().map(|version| KeyValue(version.0))))
        .select((acknowledgements::version_id, acknowledgements::member_id))
        .load(connection)?;
    let mut given = BTreeMap::<PolicyVersionId, BTreeSet<MemberId>>::new();
    for (version, member) in found {
        given.entry(PolicyVersionId(version.0)).or_default().insert(MemberId(member.0));
    }
    Ok(given)
}
