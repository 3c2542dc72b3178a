//! Duties that were not kept apart: kept when a record is saved, so that those of a time are one statement, whatever the
//! number of kinds.

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, Backend};
use crate::error::Error;
use crate::row::{from_json, to_json};
use crate::schema::separation_exceptions;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::id::{OrganisationId, RecordId};
use ratchet_domain::management_reviews::inputs::ExceptionFigure;
use ratchet_domain::readiness::Found;
use ratchet_domain::reference::{Prefix, Target};
use ratchet_domain::separation::SeparationException;
use std::collections::BTreeMap;
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = separation_exceptions)]
struct Row {
    organisation_id: KeyValue,
    record_id: KeyValue,
    number: i64,
    kind: String,
    reference: String,
    made_at: InstantValue,
    exception: String,
}

impl Row {
    fn of<T: Record>(record: &T, number: usize, exception: &SeparationException) -> Result<Self, Error> {
        let head = record.head();
        Ok(Self {
            organisation_id: KeyValue(head.organisation.0),
            record_id: KeyValue(head.id),
            number: i64::try_from(number).unwrap_or(i64::MAX),
            kind: T::KIND.to_owned(),
            reference: head.reference.to_string(),
            made_at: InstantValue(exception.at),
            exception: to_json(exception)?,
        })
    }

    fn corrupt(&self) -> impl Fn(String) -> Error + use<> {
        let row = self.record_id.0;
        move |fault| Error::Corrupt { table: "separation_exceptions", row, fault }
    }

    fn into_figure(self) -> Result<ExceptionFigure, Error> {
        let corrupt = self.corrupt();
        let reference = self.reference.parse().map_err(|_| corrupt(format!("{} is no reference", self.reference)))?;
        Ok(ExceptionFigure { reference, made: from_json(&self.exception).map_err(corrupt)? })
    }
}

/// Keeps what the record says; no statement where that is as it was.
pub(crate) fn keep<T: Record>(change: &Change<T>, connection: &mut AnyConnection) -> Result<(), Error> {
    let before = change.before().map(Record::exceptions).unwrap_or_default();
    let after = change.after().exceptions();
    if before == after {
        return Ok(());
    }
    let head = change.after().head();
    if !before.is_empty() {
        let rows = separation_exceptions::table
            .filter(separation_exceptions::organisation_id.eq(KeyValue(head.organisation.0)))
            .filter(separation_exceptions::record_id.eq(KeyValue(head.id)));
        diesel::delete(rows).execute(connection)?;
    }
    for (number, exception) in after.iter().enumerate() {
        let row = Row::of(change.after(), number, exception)?;
        diesel::insert_into(separation_exceptions::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// What is kept for each of these records: for whoever holds it against the records themselves.
pub(crate) fn kept(
    organisation: OrganisationId,
    records: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, Vec<SeparationException>>, Error> {
    let rows: Vec<Row> = separation_exceptions::table
        .filter(separation_exceptions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(separation_exceptions::record_id.eq_any(records.iter().copied().map(KeyValue)))
        .order((separation_exceptions::record_id, separation_exceptions::number))
        .select(Row::as_select())
        .load(connection)?;
    let mut kept = BTreeMap::<Uuid, Vec<SeparationException>>::new();
    for row in rows {
        let exception = from_json(&row.exception).map_err(row.corrupt())?;
        kept.entry(row.record_id.0).or_default().push(exception);
    }
    Ok(kept)
}

/// Exceptions that were documented at or after `floor`, the earliest first.
pub(crate) fn since(
    organisation: OrganisationId,
    floor: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<ExceptionFigure>, Error> {
    let rows: Vec<Row> = separation_exceptions::table
        .filter(separation_exceptions::organisation_id.eq(KeyValue(organisation.0)))
        .filter(separation_exceptions::made_at.ge(InstantValue(floor)))
        .order((separation_exceptions::made_at, separation_exceptions::record_id, separation_exceptions::number))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_figure).collect()
}

/// Exceptions that were documented from one moment on and before another: how many, and the records of the newest.
pub(crate) fn found(
    organisation: OrganisationId,
    (from, until): &(Option<DateTime<Utc>>, Option<DateTime<Utc>>),
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Found, Error> {
    let made_at = separation_exceptions::made_at;
    let rows = || {
        let mut rows = separation_exceptions::table
            .filter(separation_exceptions::organisation_id.eq(KeyValue(organisation.0)))
            .into_boxed::<Backend>();
        if let Some(from) = from {
            rows = rows.filter(made_at.ge(InstantValue(*from)));
        }
        if let Some(until) = until {
            rows = rows.filter(made_at.lt(InstantValue(*until)));
        }
        rows
    };
    let count: i64 = rows().count().get_result(connection)?;
    let columns = (separation_exceptions::kind, separation_exceptions::record_id);
    let newest: Vec<(String, KeyValue)> = if count == 0 {
        Vec::new()
    } else {
        rows().order(made_at.desc()).limit(limit).select(columns).load(connection)?
    };
    let mut first: Vec<Target> = Vec::new();
    for (kind, KeyValue(row)) in newest {
        let unknown = || Error::Corrupt { table: "separation_exceptions", row, fault: format!("no kind {kind:?}") };
        let target = Target { kind: Prefix::of_kind(&kind).ok_or_else(unknown)?, id: RecordId(row) };
        // One record may have several.
        if !first.contains(&target) {
            first.push(target);
        }
    }
    Ok(Found { count, migrated: 0, first })
}
