//! Who answers for what, and who did: kept when a record is saved, so that nobody audits their own, nor what was their
//! own a moment ago [9.2.2].

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::schema::ownerships;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::ownerships::{self as domain, Ownership};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

/// A time in which somebody answered for something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenure {
    /// The record that was owned.
    pub record: Uuid,
    /// Who answered for what.
    pub ownership: Ownership,
    /// Since when.
    pub from: DateTime<Utc>,
    /// Until when; `None` while it lasts.
    pub until: Option<DateTime<Utc>>,
}

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = ownerships, treat_none_as_default_value = false)]
struct Row {
    organisation_id: KeyValue,
    record_id: KeyValue,
    member_id: KeyValue,
    requirement: String,
    from_version: i64,
    owned_from: InstantValue,
    owned_until: Option<InstantValue>,
}

impl Row {
    fn into_tenure(self) -> Tenure {
        let Self { organisation_id: _, record_id, member_id, requirement, from_version: _, owned_from, owned_until } =
            self;
        let requirement = Some(requirement).filter(|requirement| !requirement.is_empty());
        Tenure {
            record: record_id.0,
            ownership: Ownership { member: MemberId(member_id.0), requirement },
            from: owned_from.0,
            until: owned_until.map(|until| until.0),
        }
    }
}

/// Keeps who answers for the record from now on, and until when others did; no statement where that is as it was.
pub(crate) fn keep<T: Record>(
    change: &Change<T>,
    at: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let (before, after) = (change.before().map(domain::of).unwrap_or_default(), domain::of(change.after()));
    if before == after {
        return Ok(());
    }
    let head = change.after().head();
    let (organisation, record, now) = (KeyValue(head.organisation.0), KeyValue(head.id), InstantValue(at));
    let requirement_of = |ownership: &Ownership| ownership.requirement.clone().unwrap_or_default();
    let mut ended = BTreeMap::<MemberId, Vec<String>>::new();
    for ownership in before.difference(&after) {
        ended.entry(ownership.member).or_default().push(requirement_of(ownership));
    }
    for (member, requirements) in ended {
        let theirs = ownerships::table
            .filter(ownerships::organisation_id.eq(organisation))
            .filter(ownerships::record_id.eq(record))
            .filter(ownerships::member_id.eq(KeyValue(member.0)))
            .filter(ownerships::requirement.eq_any(requirements))
            .filter(ownerships::owned_until.is_null());
        diesel::update(theirs).set(ownerships::owned_until.eq(now)).execute(connection)?;
    }
    let begun = after.difference(&before).map(|ownership| Row {
        organisation_id: organisation,
        record_id: record,
        member_id: KeyValue(ownership.member.0),
        requirement: requirement_of(ownership),
        from_version: head.version,
        owned_from: now,
        owned_until: None,
    });
    let rows: Vec<Row> = begun.collect();
    if !rows.is_empty() {
        on_connection!(connection, |c| diesel::insert_into(ownerships::table).values(&rows).execute(c))?;
    }
    Ok(())
}

/// Who answers, or answered after `floor`, for any of these records, clauses or controls.
pub(crate) fn since(
    floor: DateTime<Utc>,
    organisation: OrganisationId,
    (records, requirements): (&[Uuid], &[&str]),
    connection: &mut AnyConnection,
) -> Result<Vec<Tenure>, Error> {
    let itself =
        ownerships::requirement.eq("").and(ownerships::record_id.eq_any(records.iter().copied().map(KeyValue)));
    let still = ownerships::owned_until.is_null().or(ownerships::owned_until.gt(InstantValue(floor)).assume_not_null());
    let rows: Vec<Row> = ownerships::table
        .filter(ownerships::organisation_id.eq(KeyValue(organisation.0)))
        .filter(itself.or(ownerships::requirement.eq_any(requirements.iter().copied())))
        .filter(still)
        .select(Row::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(Row::into_tenure).collect())
}

/// Who answered for a record, and for what by way of it; the earliest first.
///
/// # Errors
/// The database's.
pub fn of_record(
    organisation: OrganisationId,
    record: Uuid,
    connection: &mut AnyConnection,
) -> Result<Vec<Tenure>, Error> {
    let rows: Vec<Row> = ownerships::table
        .filter(ownerships::organisation_id.eq(KeyValue(organisation.0)))
        .filter(ownerships::record_id.eq(KeyValue(record)))
        .order((ownerships::owned_from, ownerships::from_version, ownerships::member_id, ownerships::requirement))
        .select(Row::as_select())
        .load(connection)?;
    Ok(rows.into_iter().map(Row::into_tenure).collect())
}

/// Who is kept as answering for each of these records now: for whoever holds it against the records themselves.
pub(crate) fn kept(
    organisation: OrganisationId,
    records: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, BTreeSet<Ownership>>, Error> {
    let rows: Vec<Row> = ownerships::table
        .filter(ownerships::organisation_id.eq(KeyValue(organisation.0)))
        .filter(ownerships::record_id.eq_any(records.iter().copied().map(KeyValue)))
        .filter(ownerships::owned_until.is_null())
        .select(Row::as_select())
        .load(connection)?;
    let mut kept = BTreeMap::<Uuid, BTreeSet<Ownership>>::new();
    for Tenure { record, ownership, .. } in rows.into_iter().map(Row::into_tenure) {
        kept.entry(record).or_default().insert(ownership);
    }
    Ok(kept)
}
