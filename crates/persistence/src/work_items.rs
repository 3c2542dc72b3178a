//! What records wait for: kept when a record is saved, so that a person's list over all areas is one statement.

use crate::acknowledgements;
use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::listing::coalesce;
use crate::restrictions;
use crate::row::{parse, word};
use crate::schema::work_items;
use chrono::{DateTime, NaiveDate, Utc};
use diesel::prelude::*;
use ratchet_domain::access::{Actor, Cell, Permission, Withheld};
use ratchet_domain::change::{Change, Lifecycle};
use ratchet_domain::delegations::is_personal;
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::kinds::sees_all;
use ratchet_domain::reference::{Prefix, Reference};
use ratchet_domain::settings::Rules;
use ratchet_domain::work::{Doer, Work};
use std::collections::BTreeMap;
use strum::VariantArray;
use uuid::Uuid;

/// The day of what is never due: after every other. The databases disagree on where NULL is sorted.
const NEVER: &str = "9999-12-31";

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
    /// Which of the things that the record waits for, from 0.
    pub number: i64,
    /// Since when whoever is to act is waited for.
    pub since: DateTime<Utc>,
    /// When any of this was last different.
    pub changed_at: DateTime<Utc>,
}

/// A row of `work_items`, but for its times: what the record itself says, and is held against when it is verified.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable, Insertable, Identifiable, AsChangeset)]
#[diesel(table_name = work_items, primary_key(organisation_id, record_id, number))]
#[diesel(treat_none_as_null = true, treat_none_as_default_value = false)]
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

    /// Whether the same people are waited for.
    fn has_doer_of(&self, other: &Self) -> bool {
        let doer = |row: &Self| (row.member_id, row.permission.clone(), row.except_id);
        doer(self) == doer(other)
    }

    fn into_item(self, since: InstantValue, changed_at: InstantValue) -> Result<WorkItem, Error> {
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
            number: self.number,
            since: since.0,
            changed_at: changed_at.0,
        })
    }
}

/// What the record waits for, as rows.
pub(crate) fn rows_of<T: Lifecycle>(record: &T) -> Vec<Row> {
    (0..).zip(record.work()).map(|(number, work)| Row::of(record, number, work)).collect()
}

/// Keeps what the record waits for now; no statement where that is as it was. Whoever was waited for before is so since
/// then.
pub(crate) fn keep<T: Lifecycle>(
    change: &Change<T>,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let (before, after) = (change.before().map(rows_of).unwrap_or_default(), rows_of(change.after()));
    let head = change.after().head();
    let now = InstantValue(now);
    // One by one: a statement for several rows would be prepared anew each time, and there are one or two.
    for (place, row) in after.iter().enumerate() {
        match before.get(place) {
            Some(former) if former == row => {}
            Some(former) => {
                let since = (!row.has_doer_of(former)).then(|| work_items::since.eq(now));
                diesel::update(row).set((row, since, work_items::changed_at.eq(now))).execute(connection)?;
            }
            None => {
                let times = (work_items::since.eq(now), work_items::changed_at.eq(now));
                let item = diesel::insert_into(work_items::table).values((row, times.0, times.1));
                on_connection!(connection, |c| item.execute(c))?;
            }
        }
    }
    if before.len() > after.len() {
        let gone = work_items::table
            .filter(work_items::organisation_id.eq(KeyValue(head.organisation.0)))
            .filter(work_items::record_id.eq(KeyValue(head.id)))
            .filter(work_items::number.ge(i64::try_from(after.len()).unwrap_or(i64::MAX)));
        diesel::delete(gone).execute(connection)?;
    }
    Ok(())
}

/// Where an item stands in a list: what is due first comes first, what is never due last.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The day by which it is to be done, as it is compared.
    pub due_on: String,
    /// The record.
    pub id: Uuid,
    /// Which of the things that the record waits for.
    pub number: i64,
}

impl WorkItem {
    /// Where it stands.
    #[must_use]
    pub fn place(&self) -> Place {
        let due_on = self.due_on.map_or_else(|| NEVER.to_owned(), |day| day.to_string());
        Place { due_on, id: self.id, number: self.number }
    }
}

/// Which part of a list is asked for, and by whom.
#[derive(Debug, Clone, Copy)]
pub struct Asked<'a> {
    /// Whoever reads it, where it is another's list: sees none of what that one does not read whole.
    pub reader: Option<&'a Actor>,
    /// Behind this place.
    pub after: Option<&'a Place>,
    /// Items at most.
    pub limit: i64,
}

impl Asked<'_> {
    /// The beginning of one's own list.
    #[must_use]
    pub fn first(limit: i64) -> Self {
        Self { reader: None, after: None, limit }
    }

    /// Whether one of this kind is for the reader at all.
    fn reads(&self, kind: Prefix) -> bool {
        self.reader.is_none_or(|reader| reader.reaches(kind) && sees_all(reader, kind))
    }
}

/// Everything that waits for the actor: by name, by permission, or to be acknowledged. What is due first comes first, what
/// is never due last.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn open_for(
    actor: &Actor,
    rules: &Rules,
    asked: Asked<'_>,
    connection: &mut AnyConnection,
) -> Result<Vec<WorkItem>, Error> {
    let mut items = of_actor(actor, asked, connection)?;
    if asked.reads(Prefix::PolicyVersion) {
        let pending = acknowledgements::work_of(actor, rules, connection)?;
        items.extend(pending.into_iter().filter(|item| asked.after.is_none_or(|after| item.place() > *after)));
    }
    items.sort_by_cached_key(WorkItem::place);
    items.truncate(usize::try_from(asked.limit).unwrap_or(usize::MAX));
    Ok(items)
}

/// The same as it leaves the program, to be kept by others: of what is restricted without what it is called.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn open_outside(
    actor: &Actor,
    rules: &Rules,
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<WorkItem>, Error> {
    let mut items = open_for(actor, rules, Asked::first(limit), connection)?;
    let ids: Vec<Uuid> = items.iter().map(|item| item.id).collect();
    let restricted = restrictions::restricted_among(actor.organisation, &ids, connection)?;
    for item in items.iter_mut().filter(|item| restricted.contains(&item.id)) {
        item.title = None;
    }
    Ok(items)
}

/// What records say they wait for; also from those for whom the actor stands in, but for what is personal.
fn of_actor(actor: &Actor, asked: Asked<'_>, connection: &mut AnyConnection) -> Result<Vec<WorkItem>, Error> {
    if actor.member().is_none() {
        return Ok(Vec::new());
    }
    let may = Permission::VARIANTS.iter().filter(|permission| actor.cell(**permission) == Cell::Yes);
    let persons: Vec<KeyValue> = actor.persons().map(|member| KeyValue(member.0)).collect();
    let lenders = actor.on_behalf_of().into_iter().chain(actor.stands_in_for());
    let others: Vec<KeyValue> = lenders.map(|member| KeyValue(member.0)).collect();
    let mine: Vec<KeyValue> =
        actor.member().filter(|_| actor.on_behalf_of().is_none()).into_iter().map(|me| KeyValue(me.0)).collect();
    let lent =
        work_items::kind.ne_all(Prefix::VARIANTS.iter().filter(|kind| is_personal(**kind)).map(|kind| kind.kind()));
    let withheld = [Some(actor), asked.reader].into_iter().flatten().filter_map(Actor::withheld);
    let withheld = withheld.flat_map(Withheld::ids).map(KeyValue);
    let is_unread = |kind: &&Prefix| !actor.reaches(**kind) || !asked.reads(**kind);
    let unread = Prefix::VARIANTS.iter().filter(is_unread).map(|kind| kind.kind());
    let mut query = work_items::table
        .filter(work_items::organisation_id.eq(KeyValue(actor.organisation.0)))
        .filter(work_items::kind.ne_all(unread))
        .filter(work_items::record_id.ne_all(withheld))
        .filter(work_items::except_id.is_null().or(work_items::except_id.ne_all(persons).assume_not_null()))
        .filter(
            work_items::member_id
                .eq_any(mine)
                .or(work_items::permission.eq_any(may.map(|permission| Some(word(*permission)))))
                .or(work_items::member_id.eq_any(others).and(lent)),
        )
        .order((coalesce(work_items::due_on, NEVER), work_items::record_id, work_items::number))
        .limit(asked.limit)
        .select((Row::as_select(), work_items::since, work_items::changed_at))
        .into_boxed();
    if let Some(Place { due_on, id, number }) = asked.after {
        let due = || coalesce(work_items::due_on, NEVER);
        let later_of_the_record = work_items::record_id.eq(KeyValue(*id)).and(work_items::number.gt(*number));
        let behind = work_items::record_id.gt(KeyValue(*id)).or(later_of_the_record);
        query = query.filter(due().gt(due_on).or(due().eq(due_on).and(behind)));
    }
    let rows: Vec<(Row, InstantValue, InstantValue)> = query.load(connection)?;
    rows.into_iter().map(|(row, since, changed_at)| row.into_item(since, changed_at)).collect()
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
