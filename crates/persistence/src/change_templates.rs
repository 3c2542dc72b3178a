//! Change templates in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::change_templates;
use crate::settings;
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::change_templates::{ChangeTemplate, Facts, StageName};

record_table!(ChangeTemplate, change_templates { title: String, stage: String, description: String });

impl Columns {
    fn of(record: &ChangeTemplate) -> Result<Self, Error> {
        Ok(Self {
            title: record.procedure.title.clone(),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<ChangeTemplate, String> {
        with_head(head, &self.description)
    }
}

/// What a list of change templates can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(ChangeTemplate, change_templates, Filter, narrowed, own, {
    "created_at": instant = change_templates::created_at => |template| template.head.created_at;
    "updated_at": instant = change_templates::updated_at => |template| template.head.updated_at;
    "reference": text = change_templates::reference => |template| template.head.reference.to_string();
    "title": text = change_templates::title => |template| template.procedure.title.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(change_templates::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(at) = updated_since {
        query = query.filter(change_templates::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<change_templates::table> {
    Box::new(change_templates::created_by.eq(KeyValue(member.0)))
}

impl Guarded for ChangeTemplate {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let rules = settings::rules(self.head.organisation, connection)?;
        Ok(Facts { today: rules.today(now), separation: rules.separation })
    }
}
