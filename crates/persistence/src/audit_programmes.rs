//! Audit programmes in their table, and what their coverage is computed from.

use crate::audits;
use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::findings;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::audit_programmes;
use crate::table::{Guarded, Listed, Order, Own, Scope};
use crate::{applicabilities, processes};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::audit_programmes::{AuditProgramme, Coverage, Facts, StageName, window};
use ratchet_domain::audits::StageName as AuditStage;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::processes::{Process, StageName as ProcessStage};

/// Processes that a matrix shows, at most.
const PROCESSES: i64 = 500;

record_table!(
    AuditProgramme,
    audit_programmes { title: String, starts_on: String, ends_on: String, stage: String, description: String }
);

impl Columns {
    fn of(record: &AuditProgramme) -> Result<Self, Error> {
        Ok(Self {
            title: record.content.title.clone(),
            starts_on: record.content.starts_on.to_string(),
            ends_on: record.content.ends_on.to_string(),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<AuditProgramme, String> {
        with_head(head, &self.description)
    }
}

/// What a list of audit programmes can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// In force on this day.
    pub on: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(AuditProgramme, audit_programmes, Filter, narrowed, own, {
    "created_at": instant = audit_programmes::created_at => |programme| programme.head.created_at;
    "updated_at": instant = audit_programmes::updated_at => |programme| programme.head.updated_at;
    "reference": text = audit_programmes::reference => |programme| programme.head.reference.to_string();
    "starts_on": text = audit_programmes::starts_on => |programme| programme.content.starts_on.to_string();
    "title": text = audit_programmes::title => |programme| programme.content.title.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, on, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(audit_programmes::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(day) = on {
        let day = day.to_string();
        query = query.filter(audit_programmes::starts_on.le(day.clone())).filter(audit_programmes::ends_on.ge(day));
    }
    if let Some(at) = updated_since {
        query = query.filter(audit_programmes::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<audit_programmes::table> {
    Box::new(audit_programmes::created_by.eq(KeyValue(member.0)))
}

impl Guarded for AuditProgramme {
    fn facts(&self, _: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let known = audits::of_programme(self.head.organisation, self.id(), connection)?;
        let mut facts = Facts::default();
        for (key, stage) in known {
            match stage {
                AuditStage::Planned | AuditStage::InProgress => facts.open_audits += 1,
                AuditStage::Reported => {
                    facts.open_audits += 1;
                    facts.audited.extend(key);
                }
                AuditStage::Closed => facts.audited.extend(key),
                AuditStage::Cancelled => {}
            }
        }
        Ok(facts)
    }
}

/// Where a programme stands, for the guards of its audits.
pub(crate) fn stage_of(
    organisation: OrganisationId,
    id: KeyValue,
    connection: &mut AnyConnection,
) -> Result<Option<StageName>, Error> {
    let stage: Option<String> = audit_programmes::table
        .filter(audit_programmes::organisation_id.eq(KeyValue(organisation.0)))
        .filter(audit_programmes::id.eq(id))
        .select(audit_programmes::stage)
        .get_result(connection)
        .optional()?;
    let corrupt = |fault| Error::Corrupt { table: "audit_programmes", row: id.0, fault };
    stage.map(|stage| crate::row::parse(&stage).map_err(corrupt)).transpose()
}

/// What was audited in the three years that end with the programme, and what is planned: five statements, whatever there
/// is.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn coverage(programme: &AuditProgramme, connection: &mut AnyConnection) -> Result<Coverage, Error> {
    let organisation = programme.head.organisation;
    let statement = applicabilities::statement(organisation, connection)?;
    let filter = processes::Filter { stage: Some(vec![ProcessStage::Active]), ..processes::Filter::default() };
    let by_age = Order { keys: vec![("reference", false)], after: None };
    let run = Process::page(&Scope::whole(organisation, filter), &by_age, PROCESSES, connection)?;
    let (from, until) = window(programme.content.ends_on);
    let audits = audits::ending_between(organisation, (from, until), connection)?;
    let ids: Vec<_> = audits.iter().map(ratchet_domain::audits::Audit::id).collect();
    let found = findings::of_audits(organisation, &ids, connection)?;
    Ok(programme.coverage(&statement, &run, &audits, &found))
}
