//! Entries of incidents' timelines in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::timeline_entries;
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::timeline_entries::{Kind, TimelineEntry};
use uuid::Uuid;

record_table!(
    TimelineEntry,
    timeline_entries { incident_id: KeyValue, happened_at: InstantValue, kind: String, description: String }
);

impl Columns {
    fn of(record: &TimelineEntry) -> Result<Self, Error> {
        Ok(Self {
            incident_id: KeyValue(record.incident.0),
            happened_at: InstantValue(record.happened_at),
            kind: word(record.kind),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<TimelineEntry, String> {
        with_head(head, &self.description)
    }
}

/// What a list of entries can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of the incident of this id.
    pub incident: Option<Uuid>,
    /// Of one of these kinds.
    pub kind: Option<Vec<Kind>>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(TimelineEntry, timeline_entries, Filter, narrowed, own, {
    "created_at": instant = timeline_entries::created_at => |entry| entry.head.created_at;
    "reference": text = timeline_entries::reference => |entry| entry.head.reference.to_string();
    "happened_at": instant = timeline_entries::happened_at => |entry| entry.happened_at;
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { incident, kind, updated_since } = filter;
    if let Some(incident) = incident {
        query = query.filter(timeline_entries::incident_id.eq(KeyValue(*incident)));
    }
    if let Some(kinds) = kind {
        query = query.filter(timeline_entries::kind.eq_any(kinds.iter().map(|kind| <&str>::from(*kind))));
    }
    if let Some(at) = updated_since {
        query = query.filter(timeline_entries::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<timeline_entries::table> {
    Box::new(timeline_entries::created_by.eq(KeyValue(member.0)))
}

impl Guarded for TimelineEntry {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }

    /// An incident is not closed while its timeline grows.
    fn circle(&self) -> Uuid {
        self.incident.0
    }
}
