//! Who is named for what on records that are not over: kept when a record is saved, so that what a member leaves behind is
//! one statement, whatever the number of kinds; and handed over by each record's own command.

use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::row::{parse, word};
use crate::schema::{members, responsibilities};
use crate::table::Guarded;
use crate::tx::Tx;
use diesel::prelude::*;
use ratchet_domain::access::{Actor, Withheld};
use ratchet_domain::change::{Change, Record};
use ratchet_domain::id::{MemberId, OrganisationId};
use ratchet_domain::of_kind;
use ratchet_domain::reference::{Locator, Prefix};
use ratchet_domain::refusal::Reason;
use ratchet_domain::responsibilities::{HandOver, Part, Responsibility, reasons};
use std::collections::{BTreeMap, BTreeSet};
use uuid::Uuid;

#[derive(Queryable, Selectable, Insertable)]
#[diesel(table_name = responsibilities)]
struct Row {
    organisation_id: KeyValue,
    record_id: KeyValue,
    part: String,
    member_id: KeyValue,
    kind: String,
}

impl Row {
    fn of<T: Record>(record: &T, responsibility: Responsibility) -> Self {
        let (head, Responsibility { part, member }) = (record.head(), responsibility);
        Self {
            organisation_id: KeyValue(head.organisation.0),
            record_id: KeyValue(head.id),
            part: word(part),
            member_id: KeyValue(member.0),
            kind: T::KIND.to_owned(),
        }
    }

    fn into_responsibility(self) -> Result<(Uuid, Responsibility), Error> {
        let Self { organisation_id: _, record_id, part, member_id, kind: _ } = self;
        let corrupt = |fault| Error::Corrupt { table: "responsibilities", row: record_id.0, fault };
        let part: Part = parse(&part).map_err(corrupt)?;
        Ok((record_id.0, Responsibility { part, member: MemberId(member_id.0) }))
    }
}

/// Keeps who is named now; no statement where that is as it was.
pub(crate) fn keep<T: Record>(change: &Change<T>, connection: &mut AnyConnection) -> Result<(), Error> {
    let said = |record: &T| record.responsibilities().into_iter().collect::<BTreeSet<_>>();
    let (before, after) = (change.before().map(said).unwrap_or_default(), said(change.after()));
    let head = change.after().head();
    for gone in before.difference(&after) {
        let row = responsibilities::table
            .filter(responsibilities::organisation_id.eq(KeyValue(head.organisation.0)))
            .filter(responsibilities::record_id.eq(KeyValue(head.id)))
            .filter(responsibilities::part.eq(word(gone.part)))
            .filter(responsibilities::member_id.eq(KeyValue(gone.member.0)));
        diesel::delete(row).execute(connection)?;
    }
    // One by one: a statement for several rows would be prepared anew each time, and there are one or two.
    for new in after.difference(&before) {
        let row = Row::of(change.after(), *new);
        diesel::insert_into(responsibilities::table).values(row).execute(connection)?;
    }
    Ok(())
}

/// What is kept for each of these records: for whoever holds it against the records themselves.
pub(crate) fn kept(
    organisation: OrganisationId,
    records: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, BTreeSet<Responsibility>>, Error> {
    let rows: Vec<Row> = responsibilities::table
        .filter(responsibilities::organisation_id.eq(KeyValue(organisation.0)))
        .filter(responsibilities::record_id.eq_any(records.iter().copied().map(KeyValue)))
        .select(Row::as_select())
        .load(connection)?;
    let mut kept = BTreeMap::<Uuid, BTreeSet<Responsibility>>::new();
    for row in rows {
        let (record, responsibility) = row.into_responsibility()?;
        kept.entry(record).or_default().insert(responsibility);
    }
    Ok(kept)
}

/// Which records are asked for; what is `None` narrows nothing.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Whoever has left.
    pub member: Option<MemberId>,
    /// Only of these kinds.
    pub kinds: Option<Vec<Prefix>>,
    /// Only these.
    pub records: Option<Vec<Uuid>>,
    /// Behind the record of this id.
    pub after: Option<Uuid>,
}

/// Records on which members are named who have left, the oldest first. What is kept from the actor is none of them: nobody
/// comes to read it by handing it over.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn of_departed(
    by: &Actor,
    filter: &Filter,
    limit: i64,
    connection: &mut AnyConnection,
) -> Result<Vec<(Prefix, Uuid)>, Error> {
    let Filter { member, kinds, records, after } = filter;
    let ours = KeyValue(by.organisation.0);
    let withheld = by.withheld().into_iter().flat_map(Withheld::ids).map(KeyValue);
    let departed =
        members::table.filter(members::organisation_id.eq(ours)).filter(members::active.eq(false)).select(members::id);
    let mut query = responsibilities::table
        .filter(responsibilities::organisation_id.eq(ours))
        .filter(responsibilities::record_id.ne_all(withheld))
        .filter(responsibilities::member_id.eq_any(departed))
        .select((responsibilities::record_id, responsibilities::kind))
        .distinct()
        .order(responsibilities::record_id)
        .limit(limit)
        .into_boxed();
    if let Some(member) = member {
        query = query.filter(responsibilities::member_id.eq(KeyValue(member.0)));
    }
    if let Some(kinds) = kinds {
        query = query.filter(responsibilities::kind.eq_any(kinds.iter().map(|kind| kind.kind())));
    }
    if let Some(records) = records {
        query = query.filter(responsibilities::record_id.eq_any(records.iter().copied().map(KeyValue)));
    }
    if let Some(after) = after {
        query = query.filter(responsibilities::record_id.gt(KeyValue(*after)));
    }
    let found: Vec<(KeyValue, String)> = query.load(connection)?;
    let read = |(id, kind): (KeyValue, String)| {
        let fault = || Error::Corrupt { table: "responsibilities", row: id.0, fault: format!("no kind {kind:?}") };
        Ok((Prefix::of_kind(&kind).ok_or_else(fault)?, id.0))
    };
    found.into_iter().map(read).collect()
}

/// Which members who have left are named on each of these records, and as what.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn departed_on(
    organisation: OrganisationId,
    records: &[Uuid],
    connection: &mut AnyConnection,
) -> Result<BTreeMap<Uuid, BTreeSet<Responsibility>>, Error> {
    let mut named = kept(organisation, records, connection)?;
    let members = named.values().flatten().map(|responsibility| KeyValue(responsibility.member.0));
    let active: Vec<KeyValue> = members::table
        .filter(members::organisation_id.eq(KeyValue(organisation.0)))
        .filter(members::id.eq_any(members.collect::<Vec<_>>()))
        .filter(members::active.eq(true))
        .select(members::id)
        .load(connection)?;
    let active: BTreeSet<Uuid> = active.into_iter().map(|id| id.0).collect();
    for on_record in named.values_mut() {
        on_record.retain(|responsibility| !active.contains(&responsibility.member.0));
    }
    Ok(named)
}

/// Hands these records over, each by its own command and with an entry of its own. Why those stay that do.
///
/// # Errors
/// The database's. A rule's refusal is none: that record stays, and the others go.
pub fn hand_over(
    hand: &HandOver,
    records: &[(Prefix, Uuid)],
    tx: &mut Tx<'_>,
) -> Result<Vec<(Prefix, Uuid, Vec<Reason>)>, Error> {
    let mut stay = Vec::new();
    for (kind, id) in records {
        if let Err(reasons) = of_kind!(*kind, T => hand_over_one::<T>(hand, *id, tx))? {
            stay.push((*kind, *id, reasons));
        }
    }
    Ok(stay)
}

fn hand_over_one<T: Guarded>(hand: &HandOver, id: Uuid, tx: &mut Tx<'_>) -> Result<Result<(), Vec<Reason>>, Error> {
    let locator = Locator::Id(id);
    // Entered before it is read again, so that whoever moves it meanwhile is seen.
    let record: T = tx.load(locator)?;
    tx.enter(record.circle())?;
    let record: T = tx.load(locator)?;
    let facts = tx.facts(&record)?;
    let (by, at) = (tx.actor().clone(), tx.now());
    match hand.apply(record, &facts, &by, at) {
        Ok(change) => {
            tx.save(change)?;
            Ok(Ok(()))
        }
        Err(refusal) => Ok(Err(reasons(refusal))),
    }
}
