//! Votes in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::votes;
use crate::table::{Guarded, Listed, Order, Own, Scope, Table};
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{ImprovementId, MemberId, OrganisationId};
use ratchet_domain::improvements::Improvement;
use ratchet_domain::reference::Locator;
use ratchet_domain::votes::{Facts, StageName, Vote};
use std::collections::{HashMap, HashSet};
use uuid::Uuid;

record_table!(Vote, votes { improvement_id: KeyValue, stage: String, description: String });

impl Columns {
    fn of(record: &Vote) -> Result<Self, Error> {
        Ok(Self {
            improvement_id: KeyValue(record.improvement.0),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Vote, String> {
        with_head(head, &self.description)
    }
}

/// What a list of votes can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// For the improvement of this id.
    pub improvement: Option<Uuid>,
    /// Of this member.
    pub voter: Option<MemberId>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Vote, votes, Filter, narrowed, own, {
    "created_at": instant = votes::created_at => |vote| vote.head.created_at;
    "updated_at": instant = votes::updated_at => |vote| vote.head.updated_at;
    "reference": text = votes::reference => |vote| vote.head.reference.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, improvement, voter, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(votes::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(improvement) = improvement {
        query = query.filter(votes::improvement_id.eq(KeyValue(*improvement)));
    }
    if let Some(voter) = voter {
        query = query.filter(votes::created_by.eq(KeyValue(voter.0)));
    }
    if let Some(at) = updated_since {
        query = query.filter(votes::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<votes::table> {
    Box::new(votes::created_by.eq(KeyValue(member.0)))
}

impl Guarded for Vote {
    const ONCE_BY: &'static str = "improvement";

    fn facts(&self, _: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let improvement = Improvement::find(self.head.organisation, Locator::Id(self.improvement.0), connection)?;
        Ok(Facts { is_open: improvement.is_some_and(|(improvement, _)| improvement.is_open_to_all()) })
    }

    /// What is counted in a decision is not changed meanwhile.
    fn circle(&self) -> Uuid {
        self.improvement.0
    }

    fn twin(&self, connection: &mut AnyConnection) -> Result<Option<String>, Error> {
        let found = votes::table
            .filter(votes::organisation_id.eq(KeyValue(self.head.organisation.0)))
            .filter(votes::improvement_id.eq(KeyValue(self.improvement.0)))
            .filter(votes::created_by.eq(self.head.created_by.map(|member| KeyValue(member.0))))
            .filter(votes::stage.eq(word(StageName::Cast)))
            .select(votes::reference)
            .get_result(connection)
            .optional()?;
        Ok(found)
    }
}

/// How many votes count for each of these improvements; none is left out.
///
/// # Errors
/// The database's.
pub fn counts(
    organisation: OrganisationId,
    improvements: &[ImprovementId],
    connection: &mut AnyConnection,
) -> Result<HashMap<ImprovementId, i64>, Error> {
    let found: Vec<(KeyValue, i64)> = votes::table
        .filter(votes::organisation_id.eq(KeyValue(organisation.0)))
        .filter(votes::improvement_id.eq_any(improvements.iter().map(|id| KeyValue(id.0))))
        .filter(votes::stage.eq(<&str>::from(StageName::Cast)))
        .group_by(votes::improvement_id)
        .select((votes::improvement_id, diesel::dsl::count_star()))
        .load(connection)?;
    let none = improvements.iter().map(|id| (*id, 0));
    Ok(none.chain(found.into_iter().map(|(id, count)| (ImprovementId(id.0), count))).collect())
}

/// Which vote of the member counts for each of these improvements.
///
/// # Errors
/// The database's.
pub fn of_member(
    organisation: OrganisationId,
    member: MemberId,
    improvements: &[ImprovementId],
    connection: &mut AnyConnection,
) -> Result<HashMap<ImprovementId, Uuid>, Error> {
    let found: Vec<(KeyValue, KeyValue)> = votes::table
        .filter(votes::organisation_id.eq(KeyValue(organisation.0)))
        .filter(votes::improvement_id.eq_any(improvements.iter().map(|id| KeyValue(id.0))))
        .filter(votes::created_by.eq(KeyValue(member.0)))
        .filter(votes::stage.eq(<&str>::from(StageName::Cast)))
        .select((votes::improvement_id, votes::id))
        .load(connection)?;
    Ok(found.into_iter().map(|(improvement, vote)| (ImprovementId(improvement.0), vote.0)).collect())
}

/// The votes of a duplicate speak for the improvement that it repeats; of a member who has voted for both one is kept.
/// Only from one that is in the suggestion box to another: what was counted in a decision stays as it was.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn hand_over(duplicate: &Improvement, to: &Improvement, tx: &mut Tx<'_>) -> Result<(), Error> {
    if !duplicate.is_open_to_all() || !to.is_open_to_all() {
        return Ok(());
    }
    let now = tx.now();
    let there: HashSet<_> = cast_for(to, tx)?.into_iter().map(|vote| vote.head.created_by).collect();
    for vote in cast_for(duplicate, tx)? {
        let has_both = there.contains(&vote.head.created_by);
        tx.save(if has_both { vote.superfluous(now) } else { vote.moved(to.id(), now) })?;
    }
    Ok(())
}

fn cast_for(improvement: &Improvement, tx: &mut Tx<'_>) -> Result<Vec<Vote>, Error> {
    let (stage, improvement) = (Some(vec![StageName::Cast]), Some(improvement.head.id));
    let filter = Filter { stage, improvement, ..Filter::default() };
    let scope = Scope::whole(tx.actor().organisation, filter);
    Vote::page(&scope, &Order::default(), i64::MAX, tx.connection())
}
