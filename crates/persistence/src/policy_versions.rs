//! Versions of policies in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::policy_versions;
use crate::settings;
use crate::table::{Guarded, Own, Table};
use crate::tx::Tx;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Change, Head, Record};
use ratchet_domain::id::{MemberId, OrganisationId, PolicyId};
use ratchet_domain::policies::Policy;
use ratchet_domain::policy_versions::{Facts, PolicyVersion, Publish, Published, Retired, StageName, Versions};
use ratchet_domain::reference::Locator;
use uuid::Uuid;

record_table!(
    PolicyVersion,
    policy_versions {
        policy_id: KeyValue,
        number: i64,
        authors: String,
        stage: String,
        is_open: bool,
        description: String,
    }
);

impl Columns {
    fn of(record: &PolicyVersion) -> Result<Self, Error> {
        let authors: Vec<String> = record.authors.iter().map(ToString::to_string).collect();
        Ok(Self {
            policy_id: KeyValue(record.policy.0),
            number: record.number,
            authors: authors.join(" "),
            stage: word(record.stage.name()),
            is_open: record.stage.is_open(),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<PolicyVersion, String> {
        with_head(head, &self.description)
    }
}

/// What a list of versions can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of this policy.
    pub policy: Option<Uuid>,
    /// Written by this member, alone or with others.
    pub author: Option<MemberId>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(PolicyVersion, policy_versions, Filter, narrowed, own, {
    "created_at": instant = policy_versions::created_at => |version| version.head.created_at;
    "updated_at": instant = policy_versions::updated_at => |version| version.head.updated_at;
    "reference": text = policy_versions::reference => |version| version.head.reference.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, policy, author, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(policy_versions::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(policy) = policy {
        query = query.filter(policy_versions::policy_id.eq(KeyValue(*policy)));
    }
    if let Some(author) = author {
        query = query.filter(policy_versions::authors.like(format!("%{author}%")));
    }
    if let Some(at) = updated_since {
        query = query.filter(policy_versions::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_visible`] says of a member who may see what is its own, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<policy_versions::table> {
    let was_published = [StageName::Published, StageName::Superseded, StageName::Retired].map(<&str>::from);
    let was_published = policy_versions::stage.eq_any(was_published);
    Box::new(policy_versions::authors.like(format!("%{member}%")).or(was_published).nullable())
}

impl Guarded for PolicyVersion {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let rules = settings::rules(self.head.organisation, connection)?;
        let found = Policy::find(self.head.organisation, Locator::Id(self.policy.0), connection)?;
        let (policy, _) = found.ok_or(Error::NotFound)?;
        Ok(Facts { policy, today: rules.today(now), separation: rules.separation })
    }

    /// A policy and all its versions change together.
    fn circle(&self) -> Uuid {
        self.policy.0
    }

    /// Its effective day has come.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let (by, now) = (tx.actor().clone(), tx.now());
        let facts = tx.facts(&self)?;
        let former = in_force(&facts.policy, tx)?;
        let change = kept(self.take_effect(former, &facts, &by, now)?, tx)?;
        tx.save(change)?;
        Ok(())
    }
}

/// What of a policy's versions must be known to draft another; two that draft at once wait for each other in the
/// policy's circle.
///
/// # Errors
/// The database's.
pub fn versions(
    organisation: OrganisationId,
    policy: PolicyId,
    connection: &mut AnyConnection,
) -> Result<Versions, Error> {
    let known: Vec<(i64, bool)> = policy_versions::table
        .filter(policy_versions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(policy_versions::policy_id.eq(KeyValue(policy.0)))
        .select((policy_versions::number, policy_versions::is_open))
        .load(connection)?;
    let last = known.iter().map(|(number, _)| *number).max().unwrap_or(0);
    let open = known.iter().find(|(_, is_open)| *is_open).map(|(number, _)| *number);
    Ok(Versions { last, open })
}

/// Publishes a version: the one before it and the policy are stored, the version itself is the caller's to store.
///
/// # Errors
/// The rule's refusal, or the database's.
pub fn publish(
    version: PolicyVersion,
    effective_on: Option<NaiveDate>,
    facts: &Facts,
    tx: &mut Tx<'_>,
) -> Result<Change<PolicyVersion>, Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let former = in_force(&facts.policy, tx)?;
    kept(version.publish(effective_on, former, facts, &by, now)?, tx)
}

/// Retires a version: the policy is stored, the version itself is the caller's to store.
///
/// # Errors
/// The rule's refusal, or the database's.
pub fn retire(
    version: PolicyVersion,
    reason: String,
    facts: &Facts,
    tx: &mut Tx<'_>,
) -> Result<Change<PolicyVersion>, Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let Retired { policy, version } = version.retire(reason, facts, &by, now)?;
    tx.save(policy)?;
    Ok(version)
}

fn in_force(policy: &Policy, tx: &mut Tx<'_>) -> Result<Option<PolicyVersion>, Error> {
    policy.in_force().map(|current| tx.load(Locator::Id(current.version.0))).transpose()
}

/// Stores what changes beside the version, and returns the version's own change.
fn kept(publish: Publish, tx: &mut Tx<'_>) -> Result<Change<PolicyVersion>, Error> {
    match publish {
        Publish::Later(version) => Ok(*version),
        Publish::Now(now) => {
            let Published { former, policy, version } = *now;
            if let Some(former) = former {
                tx.save(former)?;
            }
            tx.save(policy)?;
            Ok(version)
        }
    }
}
