//! Findings in their table.

use crate::audits;
use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, record_table, with_head, word};
use crate::schema::findings;
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::audits::{FindingFacts, StageName as AuditStage};
use ratchet_domain::change::{Head, Record};
use ratchet_domain::findings::{Finding, Grade, StageName};
use ratchet_domain::id::{AuditId, OrganisationId};
use uuid::Uuid;

/// Findings among which an audit looks for those of its scope when it starts, at most; the oldest first.
const CARRIED: i64 = 1_000;

record_table!(Finding, findings {
    audit_id: KeyValue,
    title: String,
    requirement: Option<String>,
    grade: Option<String>,
    case_id: Option<KeyValue>,
    awaits_audit: bool,
    stage: String,
    description: String,
});

impl Columns {
    fn of(record: &Finding) -> Result<Self, Error> {
        Ok(Self {
            audit_id: KeyValue(record.audit.0),
            title: record.title.clone(),
            requirement: record.requirement.clone(),
            grade: record.grade.map(word),
            case_id: record.case().map(|case| KeyValue(case.id.0)),
            awaits_audit: record.awaits_follow_up(),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Finding, String> {
        with_head(head, &self.description)
    }
}

/// What a list of findings can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of one of these grades.
    pub grade: Option<Vec<Grade>>,
    /// Of the audit of this id.
    pub audit: Option<Uuid>,
    /// Held against this clause or control.
    pub requirement: Option<String>,
    /// Of which the case of this id was raised.
    pub case: Option<Uuid>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Finding, findings, Filter, narrowed, own, {
    "created_at": instant = findings::created_at => |finding| finding.head.created_at;
    "updated_at": instant = findings::updated_at => |finding| finding.head.updated_at;
    "reference": text = findings::reference => |finding| finding.head.reference.to_string();
    "title": text = findings::title => |finding| finding.title.clone();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, grade, audit, requirement, case, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(findings::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(grades) = grade {
        query = query.filter(findings::grade.eq_any(grades.iter().map(|grade| <&str>::from(*grade))));
    }
    if let Some(audit) = audit {
        query = query.filter(findings::audit_id.eq(KeyValue(*audit)));
    }
    if let Some(requirement) = requirement {
        query = query.filter(findings::requirement.eq(requirement));
    }
    if let Some(case) = case {
        query = query.filter(findings::case_id.eq(KeyValue(*case)));
    }
    if let Some(at) = updated_since {
        query = query.filter(findings::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(Own { member, audits: engaged }: &Own) -> NullableCondition<findings::table> {
    if let Some(engaged) = engaged {
        let audits = engaged.iter().map(|audit| KeyValue(audit.0)).collect::<Vec<_>>();
        return Box::new(findings::audit_id.eq_any(audits).nullable());
    }
    Box::new(findings::created_by.eq(KeyValue(member.0)))
}

impl Guarded for Finding {
    fn facts(&self, _: DateTime<Utc>, connection: &mut AnyConnection) -> Result<AuditStage, Error> {
        audits::stage_of(self.head.organisation, self.audit, connection)
    }

    /// No finding is noted or changed while its audit's report freezes them.
    fn circle(&self) -> Uuid {
        self.audit.0
    }
}

/// The findings of these audits, in no order.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn of_audits(
    organisation: OrganisationId,
    audits: &[AuditId],
    connection: &mut AnyConnection,
) -> Result<Vec<Finding>, Error> {
    let rows: Vec<Row> = findings::table
        .filter(findings::organisation_id.eq(KeyValue(organisation.0)))
        .filter(findings::audit_id.eq_any(audits.iter().map(|audit| KeyValue(audit.0))))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(finding, _)| finding)).collect()
}

/// What the guards of an audit must know of its findings.
pub(crate) fn facts_of(
    organisation: OrganisationId,
    audit: AuditId,
    connection: &mut AnyConnection,
) -> Result<Vec<FindingFacts>, Error> {
    let mut found = of_audits(organisation, &[audit], connection)?;
    found.sort_by_key(|finding| finding.head.id);
    let told = |finding: Finding| FindingFacts {
        reference: finding.head.reference,
        item: finding.item,
        grade: finding.grade,
        is_complete: finding.is_complete(),
        stage: finding.stage.name(),
    };
    Ok(found.into_iter().map(told).collect())
}

/// Reported findings that no later audit has taken over, the oldest first; at most [`CARRIED`].
pub(crate) fn awaiting_follow_up(
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<Vec<Finding>, Error> {
    let rows: Vec<Row> = findings::table
        .filter(findings::organisation_id.eq(KeyValue(organisation.0)))
        .filter(findings::awaits_audit.eq(true))
        .order(findings::id)
        .limit(CARRIED)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(finding, _)| finding)).collect()
}
