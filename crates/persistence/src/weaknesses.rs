//! Weaknesses in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::duplicates::listed;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::weaknesses;
use crate::settings;
use crate::table::{Guarded, Own, Table};
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{MemberId, NonconformityId, OrganisationId};
use ratchet_domain::nonconformities::{Nonconformity, Stage as CaseStage};
use ratchet_domain::reference::Locator;
use ratchet_domain::weaknesses::{CaseState, Facts, StageName, Weakness};
use std::collections::BTreeSet;
use uuid::Uuid;

record_table!(Weakness, weaknesses {
    title: String,
    owner_id: Option<KeyValue>,
    reporter_id: Option<KeyValue>,
    nonconformity_id: Option<KeyValue>,
    level: i64,
    stage: String,
    description: String,
    also_reported_by: String,
    scanner: Option<String>,
});

impl Columns {
    fn of(record: &Weakness) -> Result<Self, Error> {
        let key = |member: MemberId| KeyValue(member.0);
        Ok(Self {
            title: record.title.clone(),
            owner_id: record.owner.map(key),
            reporter_id: record.reporter.map(key),
            nonconformity_id: record.nonconformity().map(|case| KeyValue(case.0)),
            level: record.level().unwrap_or(0),
            stage: word(record.stage.name()),
            description: body_of(record)?,
            also_reported_by: listed(&record.also_reported_by),
            scanner: record.scan.as_ref().map(|scan| scan.tool.clone()),
        })
    }

    fn into_record(self, head: Head) -> Result<Weakness, String> {
        with_head(head, &self.description)
    }
}

/// What a list of weaknesses can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// Reported by this member.
    pub reporter: Option<MemberId>,
    /// Dealt with by the nonconformity of this id.
    pub nonconformity: Option<Uuid>,
    /// Of this level or a graver one.
    pub level_from: Option<i64>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Weakness, weaknesses, Filter, narrowed, own, {
    "created_at": instant = weaknesses::created_at => |weakness| weakness.head.created_at;
    "updated_at": instant = weaknesses::updated_at => |weakness| weakness.head.updated_at;
    "reference": text = weaknesses::reference => |weakness| weakness.head.reference.to_string();
    "title": text = weaknesses::title => |weakness| weakness.title.clone();
    "level": number = weaknesses::level => |weakness| weakness.level().unwrap_or(0);
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    use weaknesses as w;
    let Filter { stage, owner, reporter, nonconformity, level_from, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(w::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(owner) = owner {
        query = query.filter(w::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(reporter) = reporter {
        query = query.filter(w::reporter_id.eq(KeyValue(reporter.0)));
    }
    if let Some(case) = nonconformity {
        query = query.filter(w::nonconformity_id.eq(KeyValue(*case)));
    }
    if let Some(level) = level_from {
        query = query.filter(w::level.ge(*level));
    }
    if let Some(at) = updated_since {
        query = query.filter(w::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<weaknesses::table> {
    let me = KeyValue(member.0);
    let mine = weaknesses::owner_id.eq(me).or(weaknesses::reporter_id.eq(me)).or(weaknesses::created_by.eq(me));
    Box::new(mine.or(weaknesses::also_reported_by.like(format!("%{member}%")).nullable()))
}

/// What these scanners have found, the newest last: by it what they find again is recognised.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn of_scanners(
    organisation: OrganisationId,
    tools: &BTreeSet<String>,
    connection: &mut AnyConnection,
) -> Result<Vec<Weakness>, Error> {
    let rows: Vec<Row> = weaknesses::table
        .filter(weaknesses::organisation_id.eq(KeyValue(organisation.0)))
        .filter(weaknesses::scanner.eq_any(tools))
        .order((weaknesses::created_at, weaknesses::id))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(weakness, _)| weakness)).collect()
}

impl Guarded for Weakness {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let case = match self.nonconformity() {
            Some(NonconformityId(id)) => Nonconformity::find(self.head.organisation, Locator::Id(id), connection)?,
            None => None,
        };
        let today = settings::rules(self.head.organisation, connection)?.today(now);
        Ok(Facts { case: case.map(|(case, _)| state_of(&case)), today })
    }

    /// What its nonconformity is taken to be stays so meanwhile.
    fn circle(&self) -> Uuid {
        self.nonconformity().map_or(self.head.id, |case| case.0)
    }

    /// The acceptance is over.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let (by, now) = (tx.actor().clone(), tx.now());
        let today = settings::rules(by.organisation, tx.connection())?.today(now);
        tx.save(self.end_acceptance(today, &by, now)?)?;
        Ok(())
    }
}

/// How a nonconformity stands, as far as the weakness must know that it deals with.
#[must_use]
pub fn state_of(case: &Nonconformity) -> CaseState {
    match case.stage {
        CaseStage::Rejected { .. } | CaseStage::Void { .. } | CaseStage::Duplicate { .. } => CaseState::Rejected,
        CaseStage::Closed { .. } | CaseStage::EndedBefore => CaseState::Closed,
        CaseStage::Reported
        | CaseStage::Confirmed
        | CaseStage::Analysed { .. }
        | CaseStage::Planned { .. }
        | CaseStage::Verifying { .. }
        | CaseStage::Verified { .. } => CaseState::Open,
    }
}
