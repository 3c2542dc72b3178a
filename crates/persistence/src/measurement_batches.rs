//! Batches of measurements in their table: the records that stand in the journal for their rows.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::measurement_batches;
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::measurements::{MeasurementBatch, StageName};

record_table!(MeasurementBatch, measurement_batches { source: String, stage: String, description: String });

impl Columns {
    fn of(record: &MeasurementBatch) -> Result<Self, Error> {
        let (source, stage) = (record.source.clone(), word(record.stage.name()));
        Ok(Self { source, stage, description: body_of(record)? })
    }

    fn into_record(self, head: Head) -> Result<MeasurementBatch, String> {
        with_head(head, &self.description)
    }
}

/// What a list of batches can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
}

listing!(MeasurementBatch, measurement_batches, Filter, narrowed, own, {
    "created_at": instant = measurement_batches::created_at => |batch| batch.head.created_at;
    "reference": text = measurement_batches::reference => |batch| batch.head.reference.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage } = filter;
    if let Some(stages) = stage {
        query = query.filter(measurement_batches::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<measurement_batches::table> {
    Box::new(measurement_batches::created_by.eq(KeyValue(member.0)))
}

impl Guarded for MeasurementBatch {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }
}
