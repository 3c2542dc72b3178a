//! Restrictions in their table, and what follows from them: what is kept from somebody.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::duplicates::listed;
use crate::error::Error;
use crate::listing::{NullableCondition, listing};
use crate::row::{body_of, parse, record_table, with_head, word};
use crate::schema::{
    actions, comments, employee_reports, evidence, links, ownerships, redactions, restrictions, tags, timeline_entries,
    votes,
};
use crate::table::{Guarded, Own};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::access::Withheld;
use ratchet_domain::change::{Head, Record};
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::reference::{Prefix, Reference};
use ratchet_domain::restrictions::{Restriction, StageName};
use std::collections::HashSet;
use uuid::Uuid;

record_table!(Restriction, restrictions { target_id: KeyValue, readers: String, stage: String, description: String });

impl Columns {
    fn of(record: &Restriction) -> Result<Self, Error> {
        Ok(Self {
            target_id: KeyValue(record.target.id.0),
            readers: listed(&record.readers),
            stage: word(record.stage.name()),
            description: body_of(record)?,
        })
    }

    fn into_record(self, head: Head) -> Result<Restriction, String> {
        with_head(head, &self.description)
    }
}

/// What a list of restrictions can be narrowed by.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// In one of these stages.
    pub stage: Option<Vec<StageName>>,
    /// Of the record of this id.
    pub target: Option<Uuid>,
    /// Written at or after this moment.
    pub updated_since: Option<DateTime<Utc>>,
}

listing!(Restriction, restrictions, Filter, narrowed, own, {
    "created_at": instant = restrictions::created_at => |restriction| restriction.head.created_at;
    "updated_at": instant = restrictions::updated_at => |restriction| restriction.head.updated_at;
    "reference": text = restrictions::reference => |restriction| restriction.head.reference.to_string();
});

fn narrowed<'a>(mut query: Boxed<'a>, filter: &'a Filter) -> Boxed<'a> {
    let Filter { stage, target, updated_since } = filter;
    if let Some(stages) = stage {
        query = query.filter(restrictions::stage.eq_any(stages.iter().map(|stage| <&str>::from(*stage))));
    }
    if let Some(target) = target {
        query = query.filter(restrictions::target_id.eq(KeyValue(*target)));
    }
    if let Some(at) = updated_since {
        query = query.filter(restrictions::updated_at.ge(crate::column::InstantValue(*at)));
    }
    query
}

/// What [`Record::is_own`] says, as a condition.
fn own(&Own { member, .. }: &Own) -> NullableCondition<restrictions::table> {
    let named = restrictions::readers.like(format!("%{member}%"));
    Box::new(restrictions::created_by.eq(KeyValue(member.0)).or(named.nullable()))
}

impl Guarded for Restriction {
    fn facts(&self, _: DateTime<Utc>, _: &mut AnyConnection) -> Result<(), Error> {
        Ok(())
    }

    fn twin(&self, connection: &mut AnyConnection) -> Result<Option<String>, Error> {
        let found = restrictions::table
            .filter(restrictions::organisation_id.eq(KeyValue(self.head.organisation.0)))
            .filter(restrictions::target_id.eq(KeyValue(self.target.id.0)))
            .filter(restrictions::stage.eq(word(StageName::InForce)))
            .select(restrictions::reference)
            .get_result(connection)
            .optional()?;
        Ok(found)
    }
}

/// How many are in force.
///
/// # Errors
/// The database's.
pub fn in_force(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<i64, Error> {
    let in_force = restrictions::table
        .filter(restrictions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(restrictions::stage.eq(word(StageName::InForce)));
    Ok(in_force.count().get_result(connection)?)
}

/// The restriction in force of one of these records; nothing is asked where there are none.
pub(crate) fn of_any(
    organisation: OrganisationId,
    records: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<Option<Restriction>, Error> {
    if records.is_empty() {
        return Ok(None);
    }
    let row: Option<Row> = restrictions::table
        .filter(restrictions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(restrictions::target_id.eq_any(records.iter().copied().map(KeyValue)))
        .filter(restrictions::stage.eq(word(StageName::InForce)))
        .order(restrictions::id)
        .select(Row::as_select())
        .first(connection)
        .optional()?;
    Ok(row.map(Row::into_record).transpose()?.map(|(restriction, _)| restriction))
}

/// Whether the record is restricted.
///
/// # Errors
/// The database's.
pub fn is_restricted(
    organisation: OrganisationId,
    record: Uuid,
    connection: &mut AnyConnection,
) -> Result<bool, Error> {
    let in_force = restrictions::table
        .filter(restrictions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(restrictions::target_id.eq(KeyValue(record)))
        .filter(restrictions::stage.eq(word(StageName::InForce)));
    Ok(in_force.count().get_result::<i64>(connection)? > 0)
}

/// Which of these records are restricted, or serve one that is.
pub(crate) fn restricted_among(
    organisation: OrganisationId,
    records: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<HashSet<Uuid>, Error> {
    let restricted: Vec<KeyValue> = restrictions::table
        .filter(restrictions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(restrictions::stage.eq(word(StageName::InForce)))
        .select(restrictions::target_id)
        .load(connection)?;
    if restricted.is_empty() {
        return Ok(HashSet::new());
    }
    let serving: Vec<KeyValue> = actions::table
        .filter(actions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(actions::id.eq_any(records.iter().copied().map(KeyValue)))
        .filter(actions::parent_id.eq_any(restricted.clone()))
        .select(actions::id)
        .load(connection)?;
    Ok(restricted.into_iter().chain(serving).map(|id| id.0).collect())
}

/// The ids and references of one table's records for which a condition holds.
macro_rules! named {
    ($table:ident, $organisation:expr, $condition:expr, $connection:expr) => {{
        let found: Vec<(KeyValue, String)> = $table::table
            .filter($table::organisation_id.eq($organisation))
            .filter($condition)
            .select(($table::id, $table::reference))
            .load($connection)?;
        found
            .into_iter()
            .map(|(id, reference)| name(stringify!($table), id, &reference))
            .collect::<Result<Names, Error>>()?
    }};
}

type Names = Vec<(Uuid, Reference)>;

fn name(table: &'static str, id: KeyValue, reference: &str) -> Result<(Uuid, Reference), Error> {
    let reference = parse(reference).map_err(|fault| Error::Corrupt { table, row: id.0, fault })?;
    Ok((id.0, reference))
}

/// What is kept from a member, or from a machine where none is named: the records that are restricted to others, what is
/// done about them by others, and what is said about either. One statement where nothing is restricted, two where nothing
/// is kept from this one, else one for each kind that can be about another.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn withheld(
    organisation: OrganisationId,
    reader: Option<MemberId>,
    connection: &mut AnyConnection,
) -> Result<Withheld, Error> {
    let ours = KeyValue(organisation.0);
    let rows: Vec<Row> = restrictions::table
        .filter(restrictions::organisation_id.eq(ours))
        .filter(restrictions::stage.eq(word(StageName::InForce)))
        .select(Row::as_select())
        .load(connection)?;
    if rows.is_empty() {
        return Ok(Withheld::default());
    }
    let in_force: Vec<Restriction> =
        rows.into_iter().map(|row| row.into_record().map(|(record, _)| record)).collect::<Result<_, _>>()?;
    let owned = owned(organisation, reader, &in_force, connection)?;
    let reads = |restriction: &Restriction| {
        reader.is_some_and(|me| restriction.is_read_by(me)) || owned.contains(&restriction.target.id.0)
    };
    let kept = in_force.iter().filter(|restriction| !reads(restriction));
    let mut names: Names = kept.map(|restriction| (restriction.target.id.0, restriction.target_reference)).collect();
    if names.is_empty() {
        return Ok(Withheld::default());
    }
    let me = KeyValue(reader.map_or(Uuid::nil(), |member| member.0));
    let serving = actions::parent_id.eq_any(keys(&names)).and(actions::assignee_id.ne(me));
    let serving = named!(actions, ours, serving, connection);
    names.extend(serving);
    let about = keys(&names);
    names.extend(named!(restrictions, ours, restrictions::target_id.eq_any(about.clone()), connection));
    names.extend(named!(comments, ours, comments::target_id.eq_any(about.clone()), connection));
    names.extend(named!(tags, ours, tags::target_id.eq_any(about.clone()), connection));
    let leading = links::target_id.eq_any(about.clone()).or(links::to_id.eq_any(about.clone()));
    names.extend(named!(links, ours, leading, connection));
    names.extend(named!(evidence, ours, evidence::target_id.eq_any(about.clone()), connection));
    names.extend(named!(votes, ours, votes::improvement_id.eq_any(about.clone()), connection));
    names.extend(named!(timeline_entries, ours, timeline_entries::incident_id.eq_any(about), connection));
    // Of any of these, too.
    names.extend(named!(redactions, ours, redactions::target_id.eq_any(keys(&names)), connection));
    Ok(names.into_iter().collect())
}

fn keys(names: &[(Uuid, Reference)]) -> Vec<KeyValue> {
    names.iter().map(|(id, _)| KeyValue(*id)).collect()
}

/// Those of the restricted records that the reader answers for now, or has reported: an owner, an assignee and whoever filed
/// an employee report always read theirs.
fn owned(
    organisation: OrganisationId,
    reader: Option<MemberId>,
    restricted: &[Restriction],
    connection: &mut AnyConnection,
) -> Result<HashSet<Uuid>, Error> {
    let Some(me) = reader else { return Ok(HashSet::new()) };
    let targets = restricted.iter().map(|restriction| KeyValue(restriction.target.id.0));
    let owned: Vec<KeyValue> = ownerships::table
        .filter(ownerships::organisation_id.eq(KeyValue(organisation.0)))
        .filter(ownerships::record_id.eq_any(targets))
        .filter(ownerships::member_id.eq(KeyValue(me.0)))
        .filter(ownerships::requirement.eq(""))
        .filter(ownerships::owned_until.is_null())
        .select(ownerships::record_id)
        .load(connection)?;
    let mut owned: HashSet<Uuid> = owned.into_iter().map(|record| record.0).collect();
    let of_reports = restricted.iter().map(|restriction| restriction.target);
    let reports: Vec<KeyValue> =
        of_reports.filter(|target| target.kind == Prefix::EmployeeReport).map(|target| KeyValue(target.id.0)).collect();
    if !reports.is_empty() {
        let filed: Vec<KeyValue> = employee_reports::table
            .filter(employee_reports::organisation_id.eq(KeyValue(organisation.0)))
            .filter(employee_reports::id.eq_any(reports))
            .filter(employee_reports::created_by.eq(KeyValue(me.0)))
            .select(employee_reports::id)
            .load(connection)?;
        owned.extend(filed.into_iter().map(|record| record.0));
    }
    Ok(owned)
}
