//! Competences in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schedule;
use crate::schema::competences;
use crate::table::{Guarded, Own};
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::competences::{Competence, StageName};

record_table!(Competence, competences { role: String, gaps: i64, stage: String, description: String });

impl Columns {
    fn of(record: &Competence) -> Result<Self, Error> {
        Ok(Self {
            role: record.role.clone(),
            gaps: record.gaps(),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Competence, String> {
        with_head(head, &self.description)
    }
}

/// What a list of competences can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Required by this role.
    pub role: Option<String>,
    /// Whether a holder lacks something.
    pub gap: Option<bool>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Competence, competences, Filter, narrowed, own, {
    "created_at": instant = competences::created_at => |competence| competence.head.created_at;
    "updated_at": instant = competences::updated_at => |competence| competence.head.updated_at;
    "reference": text = competences::reference => |competence| competence.head.reference.to_string();
    "role": text = competences::role => |competence| competence.role.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, role, gap, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(competences::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(role) = role {
        query = query.filter(competences::role.eq(role));
    }
    query = match gap {
        None => query,
        Some(true) => query.filter(competences::gaps.gt(0)),
        Some(false) => query.filter(competences::gaps.eq(0)),
    };
    if let Some(at) = updated_since {
        query = query.filter(competences::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<competences::table> {
    Box::new(competences::created_by.eq(KeyValue(member.0)))
}

impl Guarded for Competence {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }

    /// The day has passed by which a gap was to be closed.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        schedule::note_passed(self, Self::fall_due, tx)
    }
}
