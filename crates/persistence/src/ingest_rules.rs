//! Ingest rules in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::{indicators, ingest_rules};
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::indicators::StageName as IndicatorStage;
use ratchet_domain::ingest_rules::{Door, Facts, IngestRule, StageName};
use uuid::Uuid;

record_table!(IngestRule, ingest_rules {
    name: String,
    position: i64,
    door: Option<String>,
    indicator_id: KeyValue,
    stage: String,
    description: String,
});

impl Columns {
    fn of(record: &IngestRule) -> Result<Self, Error> {
        Ok(Self {
            name: record.terms.name.clone(),
            position: record.terms.order,
            door: record.terms.door.map(word),
            indicator_id: KeyValue(record.terms.indicator.0),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<IngestRule, String> {
        with_head(head, &self.description)
    }
}

/// What a list of ingest rules can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// For this door alone, or one of these.
    pub door: Option<Vec<Door>>,
    /// Feeding the indicator of this id.
    pub indicator: Option<Uuid>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(IngestRule, ingest_rules, Filter, narrowed, own, {
    "created_at": instant = ingest_rules::created_at => |rule| rule.head.created_at;
    "updated_at": instant = ingest_rules::updated_at => |rule| rule.head.updated_at;
    "reference": text = ingest_rules::reference => |rule| rule.head.reference.to_string();
    "name": text = ingest_rules::name => |rule| rule.terms.name.clone();
    "order": number = ingest_rules::position => |rule| rule.terms.order;
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, door, indicator, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(ingest_rules::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(doors) = door {
        query = query.filter(ingest_rules::door.eq_any(doors.iter().map(|door| <&str>::from(*door))));
    }
    if let Some(indicator) = indicator {
        query = query.filter(ingest_rules::indicator_id.eq(KeyValue(*indicator)));
    }
    if let Some(at) = updated_since {
        query = query.filter(ingest_rules::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<ingest_rules::table> {
    Box::new(ingest_rules::created_by.eq(KeyValue(member.0)))
}

impl Guarded for IngestRule {
    fn facts(&self, _: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        Ok(Facts { in_force: in_force(self.head.organisation, connection)? })
    }
}

/// How many are in force.
///
/// # Errors
/// The database's.
pub fn in_force(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<i64, Error> {
    let in_force = ingest_rules::table
        .filter(ingest_rules::organisation_id.eq(KeyValue(organisation.0)))
        .filter(ingest_rules::stage.eq(<&str>::from(StageName::Active)));
    Ok(in_force.count().get_result(connection)?)
}

/// Those by which figures are read: in force, and of indicators that are measured.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn feeding(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<IngestRule>, Error> {
    let measured = indicators::table
        .filter(indicators::organisation_id.eq(KeyValue(organisation.0)))
        .filter(indicators::stage.eq(<&str>::from(IndicatorStage::Active)))
        .select(indicators::id);
    let rows: Vec<Row> = ingest_rules::table
        .filter(ingest_rules::organisation_id.eq(KeyValue(organisation.0)))
        .filter(ingest_rules::stage.eq(<&str>::from(StageName::Active)))
        .filter(ingest_rules::indicator_id.eq_any(measured))
        .order(ingest_rules::position)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(rule, _)| rule)).collect()
}
