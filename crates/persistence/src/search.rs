//! Finding records by words. A worker follows the journal, so that a write does not wait for it: what was written is
//! found a moment later.

use crate::column::KeyValue;
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::journal::reading::{self, EntryFilter};
use crate::schema::{journal_heads, search_cursors, search_records, search_words};
use crate::table::Table;
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::of_kind;
use ratchet_domain::reference::{Locator, Prefix};
use ratchet_domain::search::{self, Weight};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use uuid::Uuid;

/// Entries that are followed in one go, at most: on SQLite whoever writes waits meanwhile.
pub const LIMIT: usize = 32;
/// Rows per statement.
const CHUNK: usize = 500;
/// Rows that one beginning of a word may find: `a` would find every record.
const ROWS: i64 = 50_000;

#[derive(Insertable)]
#[diesel(table_name = search_words)]
struct Row {
    organisation_id: KeyValue,
    word: String,
    record_id: KeyValue,
    kind: String,
    weight: i64,
}

/// Follows each journal a step; the number of entries that were followed. Run it until that is 0.
///
/// # Errors
/// The database's.
pub fn follow(connection: &mut AnyConnection) -> Result<usize, Error> {
    let grown: Vec<(KeyValue, Option<i64>)> = journal_heads::table
        .left_join(search_cursors::table.on(search_cursors::organisation_id.eq(journal_heads::organisation_id)))
        .filter(search_cursors::size.is_null().or(search_cursors::size.lt(journal_heads::size).assume_not_null()))
        // In one order, so that two workers do not wait for each other.
        .order(journal_heads::organisation_id)
        .select((journal_heads::organisation_id, search_cursors::size.nullable()))
        .limit(LIMIT as i64)
        .load(connection)?;
    // Each has its share: one that always grows does not keep the others waiting.
    let (share, mut followed) = (LIMIT / grown.len().max(1), 0);
    for (organisation, size) in grown {
        followed += follow_one(OrganisationId(organisation.0), size, share, connection)?;
    }
    Ok(followed)
}

/// Follows one journal by so many entries at most.
fn follow_one(
    organisation: OrganisationId,
    size: Option<i64>,
    share: usize,
    connection: &mut AnyConnection,
) -> Result<usize, Error> {
    let key = KeyValue(organisation.0);
    // Two workers at once: the second finds that the first has moved on.
    connection.exclude_rivals(&lock_of(organisation))?;
    let now: Option<i64> = search_cursors::table
        .filter(search_cursors::organisation_id.eq(key))
        .select(search_cursors::size)
        .get_result(connection)
        .optional()?;
    if now != size {
        return Ok(0);
    }
    let after = size.and_then(|size| u64::try_from(size - 1).ok());
    let filter = EntryFilter { after, ..EntryFilter::default() };
    let entries = reading::list(organisation, &filter, share as i64, connection)?;
    let Some(position) = entries.last().and_then(|entry| entry.position) else { return Ok(0) };
    let count = entries.len();
    let newest: HashMap<Uuid, _> = entries.into_iter().map(|entry| (entry.read.object.id, entry)).collect();
    for (record, entry) in newest {
        let kind = entry.read.object.kind;
        match entry.detail {
            Some((detail, _)) => {
                keep(organisation, (&kind, record), search::words_of(&detail["state"]), connection)?;
            }
            // What it said had to go: what is left of the record stands in its row.
            None => keep_row(organisation, (&kind, record), connection)?,
        }
    }
    let reached = search_cursors::size.eq(position.cast_signed() + 1);
    match size {
        None => diesel::insert_into(search_cursors::table)
            .values((search_cursors::organisation_id.eq(key), reached))
            .execute(connection)?,
        Some(_) => diesel::update(search_cursors::table.filter(search_cursors::organisation_id.eq(key)))
            .set(reached)
            .execute(connection)?,
    };
    Ok(count)
}

fn lock_of(organisation: OrganisationId) -> String {
    format!("search {organisation}")
}

/// The words of a record's newest version take the place of those before; what stays is not written again.
fn keep(
    organisation: OrganisationId,
    (kind, record): (&str, Uuid),
    words: BTreeMap<String, Weight>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let ours = search_records::table
        .filter(search_records::organisation_id.eq(KeyValue(organisation.0)))
        .filter(search_records::record_id.eq(KeyValue(record)));
    let found: QueryResult<String> =
        on_connection!(&mut *connection, |c| ours.select(search_records::words).get_result(c));
    let (before, now) = (found.optional()?, joined(&words));
    if before.as_ref() == Some(&now) {
        return Ok(());
    }
    exchange(organisation, (kind, record), (before.as_deref().unwrap_or_default(), words), connection)?;
    let is_known = before.is_some();
    let words = search_records::words.eq(now);
    if is_known {
        on_connection!(connection, |c| diesel::update(ours).set(words).execute(c))?;
    } else {
        let (organisation, record) = (KeyValue(organisation.0), KeyValue(record));
        let row = (search_records::organisation_id.eq(organisation), search_records::record_id.eq(record), words);
        on_connection!(connection, |c| diesel::insert_into(search_records::table).values(row).execute(c))?;
    }
    Ok(())
}

/// Takes out the words that are gone, and puts in those that have come.
fn exchange(
    organisation: OrganisationId,
    (kind, record): (&str, Uuid),
    (before, now): (&str, BTreeMap<String, Weight>),
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let key = KeyValue(organisation.0);
    let old: BTreeSet<&str> = before.split(' ').filter(|word| !word.is_empty()).collect();
    let weighted: BTreeMap<String, (String, Weight)> =
        now.into_iter().map(|(word, weight)| (with_weight(&word, weight), (word, weight))).collect();
    // Without the digit that is their weight.
    let gone: Vec<&str> = old.iter().filter(|word| !weighted.contains_key(**word)).map(|word| &word[1..]).collect();
    for chunk in gone.chunks(CHUNK) {
        let old = search_words::table
            .filter(search_words::organisation_id.eq(key))
            .filter(search_words::word.eq_any(chunk))
            .filter(search_words::record_id.eq(KeyValue(record)));
        diesel::delete(old).execute(connection)?;
    }
    let come = weighted.into_iter().filter(|(weighted, _)| !old.contains(weighted.as_str()));
    let rows: Vec<Row> = come
        .map(|(_, (word, weight))| Row {
            organisation_id: key,
            word,
            record_id: KeyValue(record),
            kind: kind.to_owned(),
            weight: weight as i64,
        })
        .collect();
    for chunk in rows.chunks(connection.rows_per_statement(CHUNK)) {
        on_connection!(&mut *connection, |c| diesel::insert_into(search_words::table).values(chunk).execute(c))?;
    }
    Ok(())
}

/// A word behind its weight, which is one digit, as [`search_records`] has them.
fn with_weight(word: &str, weight: Weight) -> String {
    format!("{}{word}", weight as i64)
}

fn joined(words: &BTreeMap<String, Weight>) -> String {
    words.iter().map(|(word, weight)| with_weight(word, *weight)).collect::<Vec<_>>().join(" ")
}

/// Keeps the words of a record as it is now, and of no other version: the worker comes too late for what must go.
pub(crate) fn keep_now<T: Record>(record: &T, connection: &mut AnyConnection) -> Result<(), Error> {
    let state = serde_json::to_value(record).map_err(|error| Error::Unwritable(error.to_string()))?;
    let head = record.head();
    // The worker may be about to write the words that are to go.
    connection.exclude_rivals(&lock_of(head.organisation))?;
    keep(head.organisation, (T::KIND, head.id), search::words_of(&state), connection)
}

/// The same of a record by its kind; a kind of another version of the program, and a record that is not there, have none.
fn keep_row(
    organisation: OrganisationId,
    (kind, record): (&str, Uuid),
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let Some(kind) = Prefix::of_kind(kind) else { return Ok(()) };
    of_kind!(kind, T => match T::find(organisation, Locator::Id(record), connection)? {
        Some((record, _)) => keep_now::<T>(&record, connection),
        None => Ok(()),
    })
}

/// Forgets everything, so that the worker reads the journal anew; after the way words are made has changed.
///
/// # Errors
/// The database's.
pub fn forget(connection: &mut AnyConnection) -> Result<(), Error> {
    diesel::delete(search_words::table).execute(connection)?;
    diesel::delete(search_records::table).execute(connection)?;
    diesel::delete(search_cursors::table).execute(connection)?;
    Ok(())
}

/// Which records are asked for.
#[derive(Debug, Clone)]
pub struct Question {
    /// Beginnings of words, all of which a record must have; see [`search::asked`].
    pub words: Vec<String>,
    /// Only of this kind.
    pub kind: Option<Prefix>,
}

/// What was found.
#[derive(Debug, Clone, Default)]
pub struct Found {
    /// Those first that say most about the words, the newest first among equals.
    pub records: Vec<(Prefix, Uuid)>,
    /// Whether there are no others.
    pub is_complete: bool,
}

/// A record's kind and how much the words so far say about it.
type Having = HashMap<Uuid, (String, i64)>;

/// The records that have every word, at most `limit`; a statement for each word.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn find(
    organisation: OrganisationId,
    question: &Question,
    limit: usize,
    connection: &mut AnyConnection,
) -> Result<Found, Error> {
    let mut words: Vec<&String> = question.words.iter().collect();
    // A long word is rare: it leaves little for the others to look through.
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    let (mut found, mut is_complete): (Option<Having>, bool) = (None, true);
    for word in words {
        let (these, all) = having(organisation, (word, question.kind), found.as_ref(), connection)?;
        is_complete &= all;
        found = Some(match found {
            None => these,
            Some(mut before) => {
                before.retain(|record, (_, weight)| these.get(record).map(|(_, more)| *weight += more).is_some());
                before
            }
        });
    }
    let mut ranked: Vec<(Uuid, (String, i64))> = found.unwrap_or_default().into_iter().collect();
    ranked.sort_unstable_by(|(a, (_, x)), (b, (_, y))| y.cmp(x).then(b.cmp(a)));
    is_complete &= ranked.len() <= limit;
    ranked.truncate(limit);
    let read = |(record, (kind, _)): (Uuid, (String, i64))| {
        let fault = || Error::Corrupt { table: "search_words", row: record, fault: format!("no kind {kind:?}") };
        Ok((Prefix::of_kind(&kind).ok_or_else(fault)?, record))
    };
    Ok(Found { records: ranked.into_iter().map(read).collect::<Result<_, Error>>()?, is_complete })
}

/// The records that have a word which begins so, and whether those were all; only among `among` where those are few.
fn having(
    organisation: OrganisationId,
    (beginning, kind): (&str, Option<Prefix>),
    among: Option<&Having>,
    connection: &mut AnyConnection,
) -> Result<(Having, bool), Error> {
    let mut query = search_words::table
        .filter(search_words::organisation_id.eq(KeyValue(organisation.0)))
        .filter(search_words::word.ge(beginning))
        .filter(search_words::word.lt(search::behind(beginning)))
        .into_boxed();
    if let Some(kind) = kind {
        query = query.filter(search_words::kind.eq(kind.kind()));
    }
    if let Some(among) = among.filter(|among| among.len() <= CHUNK) {
        query = query.filter(search_words::record_id.eq_any(among.keys().copied().map(KeyValue)));
    }
    let rows: Vec<(KeyValue, String, i64)> = query
        .select((search_words::record_id, search_words::kind, search_words::weight))
        .limit(ROWS)
        .load(connection)?;
    let all = i64::try_from(rows.len()) != Ok(ROWS);
    let mut these = Having::new();
    for (record, kind, weight) in rows {
        let (_, heaviest) = these.entry(record.0).or_insert((kind, 0));
        *heaviest = weight.max(*heaviest);
    }
    Ok((these, all))
}
