//! Incidents in their table.

use crate::actions;
use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::duplicates::listed;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::incidents;
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::MemberId;
use ratchet_domain::incidents::{Category, Facts, Incident, StageName};

record_table!(Incident, incidents {
    title: String,
    category: Option<String>,
    severity: Option<i64>,
    owner_id: Option<KeyValue>,
    reporter_id: Option<KeyValue>,
    detected_at: InstantValue,
    personal_data: bool,
    stage: String,
    description: String,
    also_reported_by: String,
});

impl Columns {
    fn of(record: &Incident) -> Result<Self, Error> {
        let key = |member: MemberId| KeyValue(member.0);
        Ok(Self {
            title: record.title.clone(),
            category: record.category.map(word),
            severity: record.severity,
            owner_id: record.owner.map(key),
            reporter_id: record.reporter.map(key),
            detected_at: InstantValue(record.detected_at),
            personal_data: record.personal_data.is_some(),
            stage: word(record.stage.name()),
            description: body_of(record)?,
            also_reported_by: listed(&record.also_reported_by),
        })
    }

    fn into_record(self, head: Head) -> Result<Incident, String> {
        with_head(head, &self.description)
    }
}

/// What a list of incidents can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of one of these categories.
    pub category: Option<Vec<Category>>,
    /// Of one of these severities.
    pub severity: Option<Vec<i64>>,
    /// Owned by this member.
    pub owner: Option<MemberId>,
    /// Reported by this member.
    pub reporter: Option<MemberId>,
    /// Whether personal data are concerned.
    pub personal_data: Option<bool>,
    /// Noticed at or after this moment.
    pub detected_since: Option<DateTime<Utc>>,
    /// Noticed before this moment.
    pub detected_before: Option<DateTime<Utc>>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Incident, incidents, Filter, narrowed, own, {
    "created_at": instant = incidents::created_at => |incident| incident.head.created_at;
    "updated_at": instant = incidents::updated_at => |incident| incident.head.updated_at;
    "reference": text = incidents::reference => |incident| incident.head.reference.to_string();
    "title": text = incidents::title => |incident| incident.title.clone();
    "detected_at": instant = incidents::detected_at => |incident| incident.detected_at;
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    use incidents as i;
    let Filter {
        stage,
        category,
        severity,
        owner,
        reporter,
        personal_data,
        detected_since,
        detected_before,
        updated_since,
    } = filter;
    if let Some(stages) = stage {
        query = query.filter(i::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(categories) = category {
        query = query.filter(i::category.eq_any(categories.iter().map(|category| <&str>::from(*category))));
    }
    if let Some(severities) = severity {
        query = query.filter(i::severity.eq_any(severities));
    }
    if let Some(owner) = owner {
        query = query.filter(i::owner_id.eq(KeyValue(owner.0)));
    }
    if let Some(reporter) = reporter {
        query = query.filter(i::reporter_id.eq(KeyValue(reporter.0)));
    }
    if let Some(concerned) = personal_data {
        query = query.filter(i::personal_data.eq(*concerned));
    }
    if let Some(at) = detected_since {
        query = query.filter(i::detected_at.ge(InstantValue(*at)));
    }
    if let Some(at) = detected_before {
        query = query.filter(i::detected_at.lt(InstantValue(*at)));
    }
    if let Some(at) = updated_since {
        query = query.filter(i::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<incidents::table> {
    let me = KeyValue(member.0);
    let mine = incidents::owner_id.eq(me).or(incidents::reporter_id.eq(me)).or(incidents::created_by.eq(me));
    Box::new(mine.or(incidents::also_reported_by.like(format!("%{member}%")).nullable()))
}

impl Guarded for Incident {
    fn facts(&self, _: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        Ok(Facts { open_actions: actions::open_of(self.head.organisation, self.head.id, connection)? })
    }

    /// The 72 hours are over.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        let (by, now) = (tx.actor().clone(), tx.now());
        tx.save(self.run_out(&by, now)?)?;
        Ok(())
    }
}
