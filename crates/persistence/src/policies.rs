//! Policies in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, coalesce, listing};
use crate::row::{body_of, parse, record_table, with_head, word};
use crate::schema::{acknowledgements as given, members, policies, policy_versions as versions};
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use crate::{acknowledgements, actions, policy_versions, schedule, settings};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::dsl::{exists, not};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::policies::{Facts, Policy, StageName};
use ratchet_domain::reference::Reference;

record_table!(Policy, policies {
    title: String,
    owner_id: KeyValue,
    top_level: bool,
    stage: String,
    current_version_id: Option<KeyValue>,
    next_review_on: Option<String>,
    description: String,
});

impl Columns {
    fn of(record: &Policy) -> Result<Self, Error> {
        Ok(Self {
            title: record.title.clone(),
            owner_id: KeyValue(record.owner.0),
            top_level: record.top_level,
            stage: word(record.stage.name()),
            current_version_id: record.in_force().map(|current| KeyValue(current.version.0)),
            next_review_on: record.next_review_on().map(|day| day.to_string()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Policy, String> {
        with_head(head, &self.description)
    }
}

/// What a list of policies can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// Whether they are the information security policy itself.
    pub top_level: Option<bool>,
    /// To be looked at again before this day.
    pub review_before: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Policy, policies, Filter, narrowed, own, {
    "created_at": instant = policies::created_at => |policy| policy.head.created_at;
    "updated_at": instant = policies::updated_at => |policy| policy.head.updated_at;
    "reference": text = policies::reference => |policy| policy.head.reference.to_string();
    "title": text = policies::title => |policy| policy.title.clone();
    "next_review_on": text = coalesce(policies::next_review_on, "9999-12-31") => |policy| policy.next_review_on().map_or("9999-12-31".to_owned(), |day| day.to_string());
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, owner, top_level, review_before, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(policies::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(owner) = owner {
        query = query.filter(policies::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(top_level) = top_level {
        query = query.filter(policies::top_level.eq(*top_level));
    }
    if let Some(day) = review_before {
        query = query.filter(policies::next_review_on.lt(day.to_string()));
    }
    if let Some(at) = updated_since {
        query = query.filter(policies::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_visible`] says of a member who may see what is its own, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<policies::table> {
    let me = KeyValue(member.0);
    let was_published = policies::stage.eq_any([StageName::Published, StageName::Retired].map(<&str>::from));
    Box::new(policies::owner_id.eq(me).nullable().or(policies::created_by.eq(me)).or(was_published.nullable()))
}

impl Guarded for Policy {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let organisation = self.head.organisation;
        let today = settings::rules(organisation, connection)?.today(now);
        // What a draft alone is asked for.
        if self.stage.name() != StageName::Draft {
            return Ok(Facts { today, ..Facts::default() });
        }
        let pending_version = policy_versions::versions(organisation, self.id(), connection)?.open;
        let open_actions = actions::open_of(organisation, self.head.id, connection)?;
        Ok(Facts { today, pending_version, open_actions })
    }

    /// Its review has come due, or the time to acknowledge it is over.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let now = tx.now();
        let rules = settings::rules(self.head.organisation, tx.connection())?;
        let coverage = acknowledgements::coverage_of(&self, &rules, now, tx.connection())?;
        let overdue = coverage.map_or(0, |coverage| coverage.overdue());
        let outstanding = i64::try_from(overdue).unwrap_or(i64::MAX);
        schedule::note_passed(self, |policy, today, by, now| policy.come_due(outstanding, today, by, now), tx)
    }
}

/// Every policy that holds.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn published(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<Policy>, Error> {
    let rows: Vec<Row> = policies::table
        .filter(policies::organisation_id.eq(KeyValue(organisation.0)))
        .filter(policies::stage.eq(<&str>::from(StageName::Published)))
        .order(policies::id)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(policy, _)| policy)).collect()
}

/// A policy that holds and that a member has not acknowledged, whether it asks that member or not.
pub(crate) struct Unacknowledged {
    /// The policy.
    pub policy: Policy,
    /// The reference of the version that holds.
    pub version: Reference,
    /// When the member joined.
    pub joined_at: DateTime<Utc>,
}

/// What a member has not acknowledged of all that holds: one statement, however many members there are.
pub(crate) fn unacknowledged(
    organisation: OrganisationId,
    member: MemberId,
    connection: &mut AnyConnection,
) -> Result<Vec<Unacknowledged>, Error> {
    let me = KeyValue(member.0);
    let acknowledged = given::table
        .filter(given::organisation_id.eq(policies::organisation_id))
        .filter(given::version_id.nullable().eq(policies::current_version_id))
        .filter(given::member_id.eq(me));
    let rows: Vec<(Row, String, InstantValue)> = policies::table
        .inner_join(versions::table.on(versions::id.nullable().eq(policies::current_version_id)))
        .inner_join(members::table.on(members::organisation_id.eq(policies::organisation_id)))
        .filter(policies::organisation_id.eq(KeyValue(organisation.0)))
        .filter(policies::stage.eq(<&str>::from(StageName::Published)))
        .filter(members::id.eq(me))
        .filter(members::active.eq(true))
        .filter(not(exists(acknowledged)))
        .select((Row::as_select(), versions::reference, members::created_at))
        .load(connection)?;
    let read = |(row, reference, joined_at): (Row, String, InstantValue)| {
        let id = row.id.0;
        let corrupt = |fault| Error::Corrupt { table: "policy_versions", row: id, fault };
        let version = parse(&reference).map_err(corrupt)?;
        let (policy, _) = row.into_record()?;
        Ok(Unacknowledged { policy, version, joined_at: joined_at.0 })
    };
    rows.into_iter().map(read).collect()
}
