//! What came in and no rule matched: a bounded list for each organisation, from which rules are made. Machinery: it says
//! nothing that is to be proved, and has no entries in the journal.

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::row::parse;
use crate::schema::ingest_unmatched as unmatched;
use crate::tx::Tx;
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use diesel::upsert::excluded;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::ingest_rules::{Door, Series};
use std::collections::{BTreeMap, HashSet};
use uuid::Uuid;

/// Series that are listed for an organisation, at most.
pub const LISTED: usize = 1_000;
/// What has not been seen for so long is forgotten.
pub const REMEMBERED: TimeDelta = TimeDelta::days(30);
/// What has not been seen for so long makes room for others.
pub const FRESH: TimeDelta = TimeDelta::days(1);
/// Keys, or rows, per statement.
const CHUNK: usize = 500;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = unmatched, treat_none_as_default_value = false)]
struct Row {
    organisation_id: KeyValue,
    series_key: String,
    id: KeyValue,
    door: String,
    metric: String,
    labels: String,
    seen: i64,
    first_at: InstantValue,
    last_at: InstantValue,
    last_value: f64,
}

/// A series that is listed.
#[derive(Debug, Clone, PartialEq)]
pub struct Unmatched {
    /// By which it is adopted.
    pub id: Uuid,
    /// The series.
    pub series: Series,
    /// How many figures of it have come in.
    pub seen: i64,
    /// When the first of them came in.
    pub first_at: DateTime<Utc>,
    /// When the last of them came in.
    pub last_at: DateTime<Utc>,
    /// That one.
    pub last_value: f64,
}

impl Row {
    fn into_unmatched(self) -> Result<Unmatched, Error> {
        let row = self.id.0;
        let corrupt = |fault: String| Error::Corrupt { table: "ingest_unmatched", row, fault };
        let door: Door = parse(&self.door).map_err(corrupt)?;
        let labels: BTreeMap<String, String> =
            serde_json::from_str(&self.labels).map_err(|error| corrupt(error.to_string()))?;
        Ok(Unmatched {
            id: row,
            series: Series { door, metric: self.metric, labels },
            seen: self.seen,
            first_at: self.first_at.0,
            last_at: self.last_at.0,
            last_value: self.last_value,
        })
    }
}

/// What is listed, the newest first.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn list(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<Unmatched>, Error> {
    let rows: Vec<Row> = unmatched::table
        .filter(unmatched::organisation_id.eq(KeyValue(organisation.0)))
        .order((unmatched::last_at.desc(), unmatched::id.desc()))
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_unmatched).collect()
}

/// One of them.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn find(
    organisation: OrganisationId,
    id: Uuid,
    connection: &mut AnyConnection,
) -> Result<Option<Unmatched>, Error> {
    let row: Option<Row> = unmatched::table
        .filter(unmatched::organisation_id.eq(KeyValue(organisation.0)))
        .filter(unmatched::id.eq(KeyValue(id)))
        .select(Row::as_select())
        .get_result(connection)
        .optional()?;
    row.map(Row::into_unmatched).transpose()
}

/// Takes one off the list.
///
/// # Errors
/// The database's.
pub fn remove(organisation: OrganisationId, id: Uuid, connection: &mut AnyConnection) -> Result<(), Error> {
    let ours = unmatched::table
        .filter(unmatched::organisation_id.eq(KeyValue(organisation.0)))
        .filter(unmatched::id.eq(KeyValue(id)));
    diesel::delete(ours).execute(connection)?;
    Ok(())
}

/// Counts what no rule matched: each series, how many figures of it came, and the last one. What has room is listed.
///
/// # Errors
/// The database's.
pub fn note(seen: BTreeMap<Series, (i64, f64)>, tx: &mut Tx<'_>) -> Result<(), Error> {
    if seen.is_empty() {
        return Ok(());
    }
    let (organisation, now) = (tx.actor().organisation, tx.now());
    let mut rows: Vec<Row> = Vec::with_capacity(seen.len());
    for (series, (seen, last_value)) in seen {
        let Series { door, metric, labels } = &series;
        rows.push(Row {
            organisation_id: KeyValue(organisation.0),
            series_key: series.key(),
            id: KeyValue(tx.next_id()),
            door: crate::row::word(*door),
            metric: metric.clone(),
            labels: serde_json::to_string(labels).map_err(|error| Error::Unwritable(error.to_string()))?,
            seen,
            first_at: InstantValue(now),
            last_at: InstantValue(now),
            last_value,
        });
    }
    // In one order, so that two bodies do not wait for each other.
    rows.sort_by(|one, other| one.series_key.cmp(&other.series_key));
    rows.dedup_by(|one, other| one.series_key == other.series_key);
    let connection = tx.connection();
    let (known, mut room) = (known(organisation, &rows, connection)?, make_room(organisation, now, connection)?);
    rows.retain(|row| {
        let is_listed = known.contains(&row.series_key) || room > 0;
        room -= usize::from(is_listed && !known.contains(&row.series_key));
        is_listed
    });
    for chunk in rows.chunks(connection.rows_per_statement(CHUNK)) {
        on_connection!(&mut *connection, |c| diesel::insert_into(unmatched::table)
            .values(chunk)
            .on_conflict((unmatched::organisation_id, unmatched::series_key))
            .do_update()
            .set((
                unmatched::seen.eq(unmatched::seen + excluded(unmatched::seen)),
                unmatched::last_at.eq(excluded(unmatched::last_at)),
                unmatched::last_value.eq(excluded(unmatched::last_value)),
            ))
            .execute(c))?;
    }
    Ok(())
}

/// The keys of rows that are listed already.
fn known(organisation: OrganisationId, rows: &[Row], connection: &mut AnyConnection) -> Result<HashSet<String>, Error> {
    let mut known = HashSet::new();
    for chunk in rows.chunks(CHUNK) {
        let found: Vec<String> = unmatched::table
            .filter(unmatched::organisation_id.eq(KeyValue(organisation.0)))
            .filter(unmatched::series_key.eq_any(chunk.iter().map(|row| row.series_key.as_str())))
            .select(unmatched::series_key)
            .load(connection)?;
        known.extend(found);
    }
    Ok(known)
}

/// How many more can be listed, once what is old has been forgotten.
fn make_room(organisation: OrganisationId, now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<usize, Error> {
    let ours = || unmatched::table.filter(unmatched::organisation_id.eq(KeyValue(organisation.0)));
    let mut age = REMEMBERED;
    loop {
        diesel::delete(ours().filter(unmatched::last_at.lt(InstantValue(now - age)))).execute(connection)?;
        let listed: i64 = ours().count().get_result(connection)?;
        let room = LISTED.saturating_sub(usize::try_from(listed).unwrap_or(LISTED));
        if room > 0 || age == FRESH {
            return Ok(room);
        }
        age = FRESH;
    }
}
