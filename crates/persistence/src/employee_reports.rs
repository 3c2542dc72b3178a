//! Employee reports in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::employee_reports;
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::employee_reports::{EmployeeReport, Kind, StageName};
use ratchet_domain::id::OrganisationId;

record_table!(EmployeeReport, employee_reports {
    kind: String,
    code_hash: Option<String>,
    stage: String,
    description: String,
});

impl Columns {
    fn of(record: &EmployeeReport) -> Result<Self, Error> {
        Ok(Self {
            kind: word(record.kind),
            code_hash: record.code_hash.clone(),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<EmployeeReport, String> {
        with_head(head, &self.description)
    }
}

/// What a list of employee reports can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of one of these kinds.
    pub kind: Option<Vec<Kind>>,
    /// Whether nobody knows who filed them.
    pub anonymous: Option<bool>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(EmployeeReport, employee_reports, Filter, narrowed, own, {
    "created_at": instant = employee_reports::created_at => |report| report.head.created_at;
    "updated_at": instant = employee_reports::updated_at => |report| report.head.updated_at;
    "reference": text = employee_reports::reference => |report| report.head.reference.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, kind, anonymous, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(employee_reports::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(kinds) = kind {
        query = query.filter(employee_reports::kind.eq_any(kinds.iter().map(|kind| <&str>::from(*kind))));
    }
    query = match anonymous {
        None => query,
        Some(true) => query.filter(employee_reports::code_hash.is_not_null()),
        Some(false) => query.filter(employee_reports::code_hash.is_null()),
    };
    if let Some(at) = updated_since {
        query = query.filter(employee_reports::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<employee_reports::table> {
    Box::new(employee_reports::created_by.eq(KeyValue(member.0)))
}

impl Guarded for EmployeeReport {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }
}

/// The report of an anonymous reporter, by the hash of the follow-up code.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn of_code(
    organisation: OrganisationId,
    code_hash: &[u8; 32],
    connection: &mut AnyConnection,
) -> Result<Option<EmployeeReport>, Error> {
    let row: Option<Row> = employee_reports::table
        .filter(employee_reports::organisation_id.eq(KeyValue(organisation.0)))
        .filter(employee_reports::code_hash.eq(hex::encode(code_hash)))
        .select(Row::as_select())
        .get_result(connection)
        .optional()?;
    row.map(|row| row.into_record().map(|(report, _)| report)).transpose()
}

/// Reports that are not answered, and those that were written at or after `since`.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn since(
    organisation: OrganisationId,
    since: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<EmployeeReport>, Error> {
    let unanswered = [StageName::Received, StageName::Triaged].map(<&str>::from);
    let rows: Vec<Row> = employee_reports::table
        .filter(employee_reports::organisation_id.eq(KeyValue(organisation.0)))
        .filter(employee_reports::stage.eq_any(unanswered).or(employee_reports::updated_at.ge(InstantValue(since))))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(report, _)| report)).collect()
}
