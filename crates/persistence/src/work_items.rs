//! What records wait for: kept when a record is saved, so that a person's list over all areas is one statement.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::listing::coalesce;
use crate::row::{parse, word};
use crate::schema::work_items;
use chrono::NaiveDate;
use diesel::prelude::*;
use ratchet_domain::access::{Actor, Cell, Permission};
use ratchet_domain::change::{Change, Lifecycle};
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::reference::{Prefix, Reference};
use ratchet_domain::work::{Doer, Work};
use std::collections::BTreeMap;
use strum::VariantArray;
use uuid::Uuid;

/// Something that a record waits for, as lists show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkItem {
    /// What the record is.
    pub kind: Prefix,
    /// Its id.
    pub id: Uuid,
    /// Its reference.
    pub reference: Reference,
    /// One line by which people know it, where it has one.
    pub title: Option<String>,
    /// Where it stands.
    pub state: String,
    /// Who is to act; `None` for whoever may.
    pub member: Option<MemberId>,
    /// The day by which it is to be done.
    pub due_on: Option<NaiveDate>,
}

/// A row of `work_items`; also what is held against the records when they are verified.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable)]
#[diesel(table_name = work_items, treat_none_as_default_value = false)]
pub(crate) struct Row {
    organisation_id: KeyValue,
    record_id: KeyValue,
    number: i64,
    kind: String,
    reference: String,
    title: Option<String>,
    state: String,
    member_id: Option<KeyValue>,
    permission: Option<String>,
    except_id: Option<KeyValue>,
    due_on: Option<String>,
}

impl Row {
    fn of<T: Lifecycle>(record: &T, number: i64, work: Work) -> Self {
        let head = record.head();
        let (member_id, permission, except_id) = match work.doer {
            Doer::Member(member) => (Some(KeyValue(member.0)), None, None),
            Doer::Whoever { permission, except } => {
                (None, Some(word(permission)), except.map(|member| KeyValue(member.0)))
            }
        };
        Self {
            organisation_id: KeyValue(head.organisation.0),
            record_id: KeyValue(head.id),
            number,
            kind: T::KIND.to_owned(),
            reference: head.reference.to_string(),
            title: record.title().map(str::to_owned),
            state: record.stage_name().to_owned(),
            member_id,
            permission,
            except_id,
            due_on: work.due_on.map(|day| day.to_string()),
        }
    }

    fn into_item(self) -> Result<WorkItem, Error> {
        let corrupt = |fault| Error::Corrupt { table: "work_items", row: self.record_id.0, fault };
        let kind = Prefix::of_kind(&self.kind).ok_or_else(|| corrupt(format!("no kind {:?}", self.kind)))?;
        Ok(WorkItem {
            kind,
            id: self.record_id.0,
            reference: parse(&self.reference).map_err(corrupt)?,
            title: self.title,
            state: self.state,
            member: self.member_id.map(|member| MemberId(member.0)),
            due_on: self.due_on.as_deref().map(parse).transpose().map_err(corrupt)?,
        })
    }
}

/// What the record waits for, as rows.
pub(crate) fn rows_of<T: Lifecycle>(record: &T) -> Vec<Row> {
    (0..).zip(record.work()).map(|(number, work)| Row::of(record, number, work)).collect()
}

/// Keeps what the record waits for now; no statement where that is as it was.
pub(crate) fn keep<T: Lifecycle>(change: &Change<T>, connection: &mut AnyConnection) -> Result<(), Error> {
    let (before, after) = (change.before().map(rows_of).unwrap_or_default(), rows_of(change.after()));
    if before == after {
        return Ok(());
    }
    let head = change.after().head();
    if !before.is_empty() {
        let old = work_items::table
            .filter(work_items::organisation_id.eq(KeyValue(head.organisation.0)))
            .filter(work_items::record_id.eq(KeyValue(head.id)));
        diesel::delete(old).execute(connection)?;
    }
    // One by one: a statement for several rows would be prepared anew each time, and there are one or two.
    for row in after {
        diesel::insert_into(work_items::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// What waits for the actor, by name or by permission; what is due first comes first, what is never due last.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn of_actor(actor: &Actor, limit: i64, connection: &mut AnyConnection) -> Result<Vec<WorkItem>, Error> {
    let Some(me) = actor.member() else { return Ok(Vec::new()) };
    let may = Permission::VARIANTS.iter().filter(|permission| actor.cell(**permission) == Cell::Yes);
    let rows: Vec<Row> = work_items::table
        .filter(work_items::organisation_id.eq(KeyValue(actor.organisation.0)))
        .filter(work_items::except_id.is_null().or(work_items::except_id.ne(KeyValue(me.0)).assume_not_null()))
        .filter(
            work_items::member_id
                .eq(KeyValue(me.0))
                .or(work_items::permission.eq_any(may.map(|permission| Some(word(*permission))))),
        )
        .order((coalesce(work_items::due_on, "9999-12-31"), work_items::record_id, work_items::number))
        .limit(limit)
        .select(Row::as_select())
        .load(connection)?;
    rows.into_iter().map(Row::into_item).collect()
}

/// What is kept for each of these records: for whoever holds it against the records themselves.
pub(crate) fn kept(
    organisation: OrganisationId,
    records: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, Vec<Row>>, Error> {
    let rows: Vec<Row> = work_items::table
        .filter(work_items::organisation_id.eq(KeyValue(organisation.0)))
        .filter(work_items::record_id.eq_any(records.iter().copied().map(KeyValue)))
        .order((work_items::record_id, work_items::number))
        .select(Row::as_select())
        .load(connection)?;
    let mut kept = BTreeMap::<Uuid, Vec<Row>>::new();
    for row in rows {
        kept.entry(row.record_id.0).or_default().push(row);
    }
    Ok(kept)
}
