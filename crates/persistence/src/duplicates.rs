//! What a duplicate has goes over to the record that it repeats, in the transaction in which it is marked: who reported
//! it, its tags, its links and its evidence. Comments stay where they were made.

use crate::annotations::Filter;
use crate::error::Error;
use crate::table::{Guarded, Listed, Order, Scope};
use crate::tx::Tx;
use crate::{links, record_edges};
use ratchet_domain::annotations::StageName;
use ratchet_domain::change::Change;
use ratchet_domain::evidence::Evidence;
use ratchet_domain::id::MemberId;
use ratchet_domain::links::{Link, moved};
use ratchet_domain::mistakes::Duplicable;
use ratchet_domain::reference::Target;
use ratchet_domain::tags::Tag;
use std::collections::{BTreeSet, HashSet};

/// Members in one column, for conditions that look for one of them.
pub(crate) fn listed(members: &[MemberId]) -> String {
    members.iter().map(ToString::to_string).collect::<Vec<_>>().join(" ")
}

/// Marks a record as a duplicate of another, which takes over what it has: what is returned is to be saved.
///
/// # Errors
/// Why the rule refuses it, the database's, or [`Error::Corrupt`].
pub fn mark<T: Guarded + Duplicable>(
    record: T,
    other: &T,
    facts: &T::Facts,
    tx: &mut Tx<'_>,
) -> Result<Change<T>, Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let repeated_by = record_edges::duplicates_of(by.organisation, record.head().id, tx.connection())?;
    let change = record.clone().mark_duplicate(other, repeated_by, facts, &by, now)?;
    hand_over(&record, other, tx)?;
    record.give_way(other, tx)?;
    Ok(change)
}

fn hand_over<T: Guarded + Duplicable>(duplicate: &T, to: &T, tx: &mut Tx<'_>) -> Result<(), Error> {
    let now = tx.now();
    if let Some(joined) = to.clone().joined_by(duplicate, now) {
        tx.save(joined)?;
    }
    let (from, to) = (Target::of(duplicate), Target::of(to));
    move_tags(from, to, tx)?;
    move_links(from, to, tx)?;
    for piece in attached::<Evidence, _>(from, tx)? {
        tx.save(piece.moved(to, now))?;
    }
    Ok(())
}

/// A label that the other has already is not put on it twice.
fn move_tags(from: Target, to: Target, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let there: HashSet<String> = attached::<Tag, _>(to, tx)?.into_iter().map(|tag| tag.body.label).collect();
    for tag in attached::<Tag, _>(from, tx)? {
        let change = if there.contains(&tag.body.label) { tag.superfluous(&by, now) } else { tag.moved(to, now) };
        tx.save(change)?;
    }
    Ok(())
}

/// Links from it and links to it; none from a record to itself, and none twice.
fn move_links(from: Target, to: Target, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let key = |link: &Link| (link.target, link.body.relation, link.body.to);
    let mut there: BTreeSet<_> = links_of(to, tx)?.iter().map(key).collect();
    for link in links_of(from, tx)? {
        let change = moved(&link, (from, to), now).filter(|change| there.insert(key(change.after())));
        tx.save(change.unwrap_or_else(|| link.superfluous(&by, now)))?;
    }
    Ok(())
}

/// From the record, then to it.
fn links_of(record: Target, tx: &mut Tx<'_>) -> Result<Vec<Link>, Error> {
    let organisation = tx.actor().organisation;
    let mut found = attached::<Link, _>(record, tx)?;
    found.extend(links::leading_to(organisation, record.id.0, tx.connection())?);
    Ok(found)
}

/// What holds of a record, of one kind of annotation.
fn attached<T, W>(record: Target, tx: &mut Tx<'_>) -> Result<Vec<T>, Error>
where
    T: Listed<Filter = Filter<W>>,
    W: Default,
{
    let organisation = tx.actor().organisation;
    let filter = Filter { stage: Some(vec![StageName::Attached]), target: Some(record.id.0), ..Filter::<W>::default() };
    let scope = Scope::whole(organisation, filter);
    T::page(&scope, &Order::default(), i64::MAX, tx.connection())
}
