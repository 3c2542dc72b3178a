//! Communication plans in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, coalesce, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schedule;
use crate::schema::communication_plans;
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::communication_plans::{CommunicationPlan, StageName};
use ratchet_domain::id::MemberId;

record_table!(CommunicationPlan, communication_plans {
    subject: String,
    owner_id: KeyValue,
    next_on: Option<String>,
    stage: String,
    description: String,
});

impl Columns {
    fn of(record: &CommunicationPlan) -> Result<Self, Error> {
        Ok(Self {
            subject: record.subject.clone(),
            owner_id: KeyValue(record.owner.0),
            next_on: record.next_on.map(|day| day.to_string()),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<CommunicationPlan, String> {
        with_head(head, &self.description)
    }
}

/// What a list of communication plans can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// To be carried out before this day.
    pub due_before: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(CommunicationPlan, communication_plans, Filter, narrowed, own, {
    "created_at": instant = communication_plans::created_at => |plan| plan.head.created_at;
    "updated_at": instant = communication_plans::updated_at => |plan| plan.head.updated_at;
    "reference": text = communication_plans::reference => |plan| plan.head.reference.to_string();
    "subject": text = communication_plans::subject => |plan| plan.subject.clone();
    "next_on": text = coalesce(communication_plans::next_on, "9999-12-31") => |plan| plan.next_on.map_or("9999-12-31".to_owned(), |day| day.to_string());
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    use communication_plans as plans;
    let Filter { stage, owner, due_before, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(plans::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(owner) = owner {
        query = query.filter(plans::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(day) = due_before {
        query = query.filter(plans::next_on.lt(day.to_string()));
    }
    if let Some(at) = updated_since {
        query = query.filter(plans::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<communication_plans::table> {
    Box::new(communication_plans::owner_id.eq(KeyValue(member.0)).nullable())
}

impl Guarded for CommunicationPlan {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }

    /// Its day has passed.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        schedule::note_passed(self, Self::fall_due, tx)
    }
}
