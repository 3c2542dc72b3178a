//! Audits in their table.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, parse, record_table, with_head, word};
use crate::schema::audits;
use crate::table::{Guarded, Own, Table};
use crate::tx::Tx;
use crate::{audit_programmes, findings, members, ownerships, schedule, settings};
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Actor;
use ratchet_domain::audits::{Audit, Auditor, Drawn, Earlier, Facts, Kind, Owner, POPULATION, Population, StageName};
use ratchet_domain::change::{Head, Lifecycle, Record};
use ratchet_domain::findings::Finding;
use ratchet_domain::id::{AuditId, AuditProgrammeId, MemberId, OrganisationId, RecordId};
use ratchet_domain::of_kind;
use ratchet_domain::ownerships::partial_since;
use ratchet_domain::reference::Target;
use std::collections::BTreeSet;
use uuid::Uuid;

/// Audits that a matrix shows, at most.
const AUDITS: i64 = 500;

record_table!(Audit, audits {
    title: String,
    kind: String,
    programme_id: Option<KeyValue>,
    plan_key: Option<String>,
    lead_id: Option<KeyValue>,
    people: String,
    starts_on: String,
    ends_on: String,
    carries_over: bool,
    stage: String,
    description: String,
});

impl Columns {
    fn of(record: &Audit) -> Result<Self, Error> {
        let auditors = record.team.iter().filter_map(Auditor::member);
        let people: Vec<String> = auditors.chain(record.auditees.iter().copied()).map(|id| id.to_string()).collect();
        Ok(Self {
            title: record.title.clone(),
            kind: word(record.kind),
            programme_id: record.programme.map(|programme| KeyValue(programme.0)),
            plan_key: record.plan_key.clone(),
            lead_id: record.lead().and_then(Auditor::member).map(|lead| KeyValue(lead.0)),
            people: people.join(" "),
            starts_on: record.starts_on.to_string(),
            ends_on: record.ends_on.to_string(),
            carries_over: record.carries_over(),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Audit, String> {
        with_head(head, &self.description)
    }
}

/// What a list of audits can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of one of these kinds.
    pub kind: Option<Vec<Kind>>,
    /// Part of the programme of this id.
    pub programme: Option<Uuid>,
    /// Led by this member.
    pub lead: Option<MemberId>,
    /// Begins before this day.
    pub starts_before: Option<NaiveDate>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Audit, audits, Filter, narrowed, own, {
    "created_at": instant = audits::created_at => |audit| audit.head.created_at;
    "updated_at": instant = audits::updated_at => |audit| audit.head.updated_at;
    "reference": text = audits::reference => |audit| audit.head.reference.to_string();
    "title": text = audits::title => |audit| audit.title.clone();
    "starts_on": text = audits::starts_on => |audit| audit.starts_on.to_string();
    "ends_on": text = audits::ends_on => |audit| audit.ends_on.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, kind, programme, lead, starts_before, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(audits::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(kinds) = kind {
        query = query.filter(audits::kind.eq_any(kinds.iter().map(|kind| <&str>::from(*kind))));
    }
    if let Some(programme) = programme {
        query = query.filter(audits::programme_id.eq(KeyValue(*programme)));
    }
    if let Some(lead) = lead {
        query = query.filter(audits::lead_id.eq(KeyValue(lead.0)));
    }
    if let Some(day) = starts_before {
        query = query.filter(audits::starts_on.lt(day.to_string()));
    }
    if let Some(at) = updated_since {
        query = query.filter(audits::updated_at.ge(InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(Own { member, audits: engaged }: &Own) -> NullableCondition<audits::table> {
    if let Some(engaged) = engaged {
        return Box::new(
            audits::id.eq_any(engaged.iter().map(|audit| KeyValue(audit.0)).collect::<Vec<_>>()).nullable(),
        );
    }
    let mine = audits::people.like(format!("%{member}%"));
    Box::new(audits::created_by.eq(KeyValue(member.0)).or(mine.nullable()))
}

impl Guarded for Audit {
    fn facts(&self, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Facts, Error> {
        let organisation = self.head.organisation;
        let rules = settings::rules(organisation, connection)?;
        let programme = match self.programme {
            Some(id) => audit_programmes::stage_of(organisation, KeyValue(id.0), connection)?,
            None => None,
        };
        let (records, requirements) = self.subjects();
        let owners = if records.is_empty() && requirements.is_empty() {
            Vec::new()
        } else {
            ownerships::since(partial_since(now), organisation, (&records, &requirements), connection)?
        };
        let recipients = self.recipients();
        let management = if recipients.is_empty() {
            recipients
        } else {
            members::of_management(organisation, &recipients, rules.today(now), connection)?
        };
        Ok(Facts {
            today: rules.today(now),
            separation: rules.separation,
            programme,
            findings: findings::facts_of(organisation, self.id(), connection)?,
            owners: owners.into_iter().map(owner).collect(),
            management,
        })
    }

    /// Its first day has passed and it has not begun, or its last and it is not reported.
    fn wake(self, tx: &mut Tx<'_>) -> Result<(), Error> {
        schedule::note_passed(self, Self::fall_due, tx)
    }
}

fn owner(tenure: ownerships::Tenure) -> Owner {
    let ownerships::Tenure { record, ownership, from: _, until: _ } = tenure;
    Owner { member: ownership.member, record, requirement: ownership.requirement }
}

/// Keys and stages of a programme's audits.
pub(crate) fn of_programme(
    organisation: OrganisationId,
    programme: AuditProgrammeId,
    connection: &mut AnyConnection,
) -> Result<Vec<(Option<String>, StageName)>, Error> {
    let found: Vec<(KeyValue, Option<String>, String)> = audits::table
        .filter(audits::organisation_id.eq(KeyValue(organisation.0)))
        .filter(audits::programme_id.eq(KeyValue(programme.0)))
        .select((audits::id, audits::plan_key, audits::stage))
        .load(connection)?;
    let read = |(id, key, stage): (KeyValue, Option<String>, String)| {
        let stage = parse(&stage).map_err(|fault| Error::Corrupt { table: "audits", row: id.0, fault })?;
        Ok((key, stage))
    };
    found.into_iter().map(read).collect()
}

/// The planned audits of these programmes that are reported, or over: programme and key.
pub(crate) fn reported_of(
    organisation: OrganisationId,
    programmes: &[AuditProgrammeId],
    connection: &mut AnyConnection,
) -> Result<BTreeSet<(AuditProgrammeId, String)>, Error> {
    let reported = [StageName::Reported, StageName::Closed].map(<&str>::from);
    let found: Vec<(Option<KeyValue>, Option<String>)> = audits::table
        .filter(audits::organisation_id.eq(KeyValue(organisation.0)))
        .filter(audits::programme_id.eq_any(programmes.iter().map(|programme| KeyValue(programme.0))))
        .filter(audits::stage.eq_any(reported))
        .select((audits::programme_id, audits::plan_key))
        .load(connection)?;
    Ok(found.into_iter().filter_map(|(programme, key)| Some((AuditProgrammeId(programme?.0), key?))).collect())
}

/// Where an audit stands, for the guards of its findings.
pub(crate) fn stage_of(
    organisation: OrganisationId,
    audit: AuditId,
    connection: &mut AnyConnection,
) -> Result<StageName, Error> {
    let stage: String = audits::table
        .filter(audits::organisation_id.eq(KeyValue(organisation.0)))
        .filter(audits::id.eq(KeyValue(audit.0)))
        .select(audits::stage)
        .get_result(connection)?;
    parse(&stage).map_err(|fault| Error::Corrupt { table: "audits", row: audit.0, fault })
}

/// Audits that were not cancelled and whose last day lies between these, both included.
pub(crate) fn ending_between(
    organisation: OrganisationId,
    (from, until): (NaiveDate, NaiveDate),
    connection: &mut AnyConnection,
) -> Result<Vec<Audit>, Error> {
    let rows: Vec<Row> = audits::table
        .filter(audits::organisation_id.eq(KeyValue(organisation.0)))
        .filter(audits::ends_on.between(from.to_string(), until.to_string()))
        .filter(audits::stage.ne(<&str>::from(StageName::Cancelled)))
        .order((audits::ends_on.desc(), audits::id.desc()))
        .limit(AUDITS)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(audit, _)| audit)).collect()
}

/// Audits whose last day lies between these, both included, and those that are reported and were written at or after the
/// moment.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn since(
    organisation: OrganisationId,
    (from, until): (NaiveDate, NaiveDate),
    since: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Audit>, Error> {
    let reported = [StageName::Reported, StageName::Closed].map(<&str>::from);
    let lately = audits::stage.eq_any(reported).and(audits::updated_at.ge(InstantValue(since)));
    let rows: Vec<Row> = audits::table
        .filter(audits::organisation_id.eq(KeyValue(organisation.0)))
        .filter(audits::ends_on.between(from.to_string(), until.to_string()).or(lately))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_record().map(|(audit, _)| audit)).collect()
}

/// What earlier audits left and no audit has taken over: three statements, whatever there is.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn earlier(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Earlier, Error> {
    let findings: Vec<Finding> = findings::awaiting_follow_up(organisation, connection)?;
    let rows: Vec<Row> = audits::table
        .filter(audits::organisation_id.eq(KeyValue(organisation.0)))
        .filter(audits::carries_over.eq(true))
        .order(audits::id)
        .limit(AUDITS)
        .select(Row::as_select())
        .load(connection)?;
    let mut audits: Vec<Audit> =
        rows.into_iter().map(|row| row.into_record().map(|(audit, _)| audit)).collect::<Result<_, _>>()?;
    let known: BTreeSet<Uuid> = audits.iter().map(|audit| audit.head.id).collect();
    let others: BTreeSet<Uuid> =
        findings.iter().map(|finding| finding.audit.0).filter(|id| !known.contains(id)).collect();
    let others: Vec<Uuid> = others.into_iter().collect();
    audits.extend(Audit::many(organisation, &others, connection)?);
    Ok(Earlier { findings, audits })
}

/// The records of a population that the actor may see; of too many, one more than [`POPULATION`].
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn population(asked: &Population, by: &Actor, connection: &mut AnyConnection) -> Result<Vec<Drawn>, Error> {
    of_kind!(asked.kind, T => population_of::<T>(asked, by, connection))
}

fn population_of<T: Table + Lifecycle>(
    asked: &Population,
    by: &Actor,
    connection: &mut AnyConnection,
) -> Result<Vec<Drawn>, Error> {
    let Population { kind: _, states, made_from, made_until } = asked;
    let limit = i64::try_from(POPULATION).unwrap_or(i64::MAX) + 1;
    let records = T::made_between(by.organisation, (*made_from, *made_until), limit, connection)?;
    let asked_for = |record: &T| {
        record.is_visible(by) && (states.is_empty() || states.iter().any(|state| state == record.stage_name()))
    };
    if records.len() > POPULATION {
        return Ok(records.iter().map(drawn).collect());
    }
    Ok(records.iter().filter(|record| asked_for(record)).map(drawn).collect())
}

fn drawn<T: Record>(record: &T) -> Drawn {
    let head = record.head();
    Drawn { record: Target { kind: T::PREFIX, id: RecordId(head.id) }, reference: head.reference }
}
