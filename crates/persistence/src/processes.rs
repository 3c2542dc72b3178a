//! Processes in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::processes;
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::MemberId;
use ratchet_domain::processes::{Importance, Process, StageName};

record_table!(
    Process,
    processes { name: String, importance: String, owner_id: KeyValue, stage: String, description: String }
);

impl Columns {
    fn of(record: &Process) -> Result<Self, Error> {
        Ok(Self {
            name: record.name.clone(),
            importance: word(record.importance),
            owner_id: KeyValue(record.owner.0),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Process, String> {
        with_head(head, &self.description)
    }
}

/// What a list of processes can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of one of these importances.
    pub importance: Option<Vec<Importance>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Process, processes, Filter, narrowed, own, {
    "created_at": instant = processes::created_at => |process| process.head.created_at;
    "updated_at": instant = processes::updated_at => |process| process.head.updated_at;
    "reference": text = processes::reference => |process| process.head.reference.to_string();
    "name": text = processes::name => |process| process.name.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, importance, owner, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(processes::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(importances) = importance {
        query = query.filter(processes::importance.eq_any(importances.iter().map(|word| <&str>::from(*word))));
    }
    if let Some(owner) = owner {
        query = query.filter(processes::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(at) = updated_since {
        query = query.filter(processes::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<processes::table> {
    Box::new(processes::owner_id.eq(KeyValue(member.0)).nullable())
}

impl Guarded for Process {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }
}
