//! What records are to each other, as they say themselves: kept when a record is saved, read when a chain is walked.

use crate::column::KeyValue;
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::row::{parse, word};
use crate::schema::record_edges;
use diesel::prelude::*;
use ratchet_domain::change::{Change, Record};
use ratchet_domain::id::{OrganisationId, RecordId};
use ratchet_domain::links::Relation;
use ratchet_domain::reference::{Prefix, Target};
use ratchet_domain::trace::TraceEdge;
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = record_edges)]
struct Row {
    organisation_id: KeyValue,
    record_id: KeyValue,
    from_kind: String,
    from_id: KeyValue,
    relation: String,
    to_kind: String,
    to_id: KeyValue,
}

impl Row {
    fn of(organisation: OrganisationId, record: Uuid, edge: &TraceEdge) -> Self {
        let TraceEdge { from, relation, to } = edge;
        Self {
            organisation_id: KeyValue(organisation.0),
            record_id: KeyValue(record),
            from_kind: from.kind.kind().to_owned(),
            from_id: KeyValue(from.id.0),
            relation: word(*relation),
            to_kind: to.kind.kind().to_owned(),
            to_id: KeyValue(to.id.0),
        }
    }

    fn into_edge(self) -> Result<(Uuid, TraceEdge), Error> {
        let Self { organisation_id: _, record_id, from_kind, from_id, relation, to_kind, to_id } = self;
        let corrupt = |fault| Error::Corrupt { table: "record_edges", row: record_id.0, fault };
        let target = |kind: &str, id: KeyValue| {
            let kind = Prefix::of_kind(kind).ok_or_else(|| corrupt(format!("no kind {kind:?}")))?;
            Ok::<_, Error>(Target { kind, id: RecordId(id.0) })
        };
        let relation = parse(&relation).map_err(corrupt)?;
        Ok((record_id.0, TraceEdge::new(target(&from_kind, from_id)?, relation, target(&to_kind, to_id)?)))
    }
}

/// Keeps what the record says now; a statement for each edge that is new, none where it says the same.
pub(crate) fn keep<T: Record>(change: &Change<T>, connection: &mut AnyConnection) -> Result<(), Error> {
    let said = |record: &T| record.edges().into_iter().collect::<BTreeSet<_>>();
    let (before, after) = (change.before().map(said).unwrap_or_default(), said(change.after()));
    if before == after {
        return Ok(());
    }
    let head = change.after().head();
    let (organisation, record) = (KeyValue(head.organisation.0), KeyValue(head.id));
    if !before.is_empty() {
        let old = record_edges::table
            .filter(record_edges::organisation_id.eq(organisation))
            .filter(record_edges::record_id.eq(record));
        diesel::delete(old).execute(connection)?;
    }
    // One by one: a statement for several rows would be prepared anew each time, and there are one or two.
    for edge in &after {
        let row = Row::of(head.organisation, head.id, edge);
        on_connection!(connection, |c| diesel::insert_into(record_edges::table).values(row).execute(c))?;
    }
    Ok(())
}

/// Every edge that begins or ends at one of these records, at most `limit`.
pub(crate) fn touching(
    organisation: OrganisationId,
    records: &[Target],
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<TraceEdge>, Error> {
    let ids = || records.iter().map(|record| KeyValue(record.id.0));
    let rows: Vec<Row> = record_edges::table
        .filter(record_edges::organisation_id.eq(KeyValue(organisation.0)))
        .filter(record_edges::from_id.eq_any(ids()).or(record_edges::to_id.eq_any(ids())))
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(|row| row.into_edge().map(|(_, edge)| edge)).collect()
}

/// How many records say of themselves that they repeat this one; links that people drew are not counted.
pub(crate) fn duplicates_of(
    organisation: OrganisationId,
    record: Uuid,
    connection: &mut AnyConnection,
) -> Result<i64, Error> {
    let repeating = record_edges::table
        .filter(record_edges::organisation_id.eq(KeyValue(organisation.0)))
        .filter(record_edges::to_id.eq(KeyValue(record)))
        .filter(record_edges::relation.eq(word(Relation::Duplicates)))
        .filter(record_edges::record_id.eq(record_edges::from_id));
    Ok(repeating.count().get_result(connection)?)
}

/// What is kept for each of these records: for whoever holds it against the records themselves.
pub(crate) fn kept(
    organisation: OrganisationId,
    records: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, BTreeSet<TraceEdge>>, Error> {
    let rows: Vec<Row> = record_edges::table
        .filter(record_edges::organisation_id.eq(KeyValue(organisation.0)))
        .filter(record_edges::record_id.eq_any(records.iter().copied().map(KeyValue)))
        .select(Row::as_select())
        .load(connection)?;
    let mut kept = BTreeMap::<Uuid, BTreeSet<TraceEdge>>::new();
    for row in rows {
        let (record, edge) = row.into_edge()?;
        kept.entry(record).or_default().insert(edge);
    }
    Ok(kept)
}
