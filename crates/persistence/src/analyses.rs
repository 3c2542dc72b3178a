//! Analyses of several indicators in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::{analyses, record_edges};
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::analyses::Analysis;
use ratchet_domain::change::{Head, Record};

use ratchet_domain::id::MemberId;
use ratchet_domain::indicators::Verdict;
use uuid::Uuid;

record_table!(Analysis, analyses { verdict: String, description: String });

impl Columns {
    fn of(record: &Analysis) -> Result<Self, Error> {
        Ok(Self { verdict: word(record.verdict), description: body_of(record)? })
    }

    fn into_record(self, head: Head) -> Result<Analysis, String> {
        with_head(head, &self.description)
    }
}

/// What a list of analyses can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// That came to one of these.
    pub verdict: Option<Vec<Verdict>>,
    /// About the indicator of this id, or naming the action of this id.
    pub about: Option<Uuid>,
    /// By this member.
    pub analyst: Option<MemberId>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Analysis, analyses, Filter, narrowed, own, {
    "created_at": instant = analyses::created_at => |analysis| analysis.head.created_at;
    "reference": text = analyses::reference => |analysis| analysis.head.reference.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { verdict, about, analyst, updated_since } = filter;
    if let Some(verdicts) = verdict {
        query = query.filter(analyses::verdict.eq_any(verdicts.iter().map(|verdict| <&str>::from(*verdict))));
    }
    if let Some(about) = about {
        // What an analysis names is an edge of its own.
        let naming = record_edges::table
            .filter(record_edges::organisation_id.eq(analyses::organisation_id))
            .filter(record_edges::record_id.eq(analyses::id))
            .filter(record_edges::to_id.eq(KeyValue(*about)));
        query = query.filter(diesel::dsl::exists(naming));
    }
    if let Some(analyst) = analyst {
        query = query.filter(analyses::created_by.eq(KeyValue(analyst.0)));
    }
    if let Some(at) = updated_since {
        query = query.filter(analyses::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<analyses::table> {
    Box::new(analyses::created_by.eq(KeyValue(member.0)))
}

impl Guarded for Analysis {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }
}
