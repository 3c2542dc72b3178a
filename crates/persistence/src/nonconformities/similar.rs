//! Nonconformities that may be like one: found by the words that search keeps and by the requirement, in a fixed number of
//! statements, and held against it by the domain.

use super::Filter;
use crate::column::KeyValue;
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::schema::{nonconformities, search_words};
use crate::table::{Listed, Order, Own, Scope, Table};
use diesel::dsl::count_star;
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::nonconformities::similar::{Likeness, Rarity, Sought, ranked};
use ratchet_domain::nonconformities::{Nonconformity, StageName};
use std::collections::{HashMap, HashSet};
use strum::VariantArray;
use uuid::Uuid;

/// So many that have most of the words are held against it, and the newest so many of the same requirement.
const CANDIDATES: usize = 100;

/// What was found.
#[derive(Debug, Clone, PartialEq)]
pub struct Similar {
    /// What says most first, the newest among equals.
    pub cases: Vec<(Nonconformity, Likeness)>,
    /// Whether all that may be like it were held against it.
    pub is_complete: bool,
}

/// The nonconformities that are like one, among all or those that are somebody's own; what was taken back is left out. A
/// record is found by its words a moment after it was written.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn of(case: &Nonconformity, own: Option<Own>, connection: &mut AnyConnection) -> Result<Similar, Error> {
    let organisation = case.head.organisation;
    let sought = Sought::of(case);
    // Nobody has so many that they would have to be searched, and how rare a word is elsewhere is not told.
    if let Some(own) = own {
        let (others, is_complete) = newest(organisation, Some(own), None, connection)?;
        return Ok(Similar { cases: ranked(&sought, others, &Rarity::default()), is_complete });
    }
    let words = sought.words();
    let rarity =
        Rarity { records: records(organisation, connection)?, having: frequencies(organisation, &words, connection)? };
    let (mut others, all_of_requirement) = match sought.requirement.clone() {
        Some(requirement) => newest(organisation, None, Some(requirement), connection)?,
        None => (Vec::new(), true),
    };
    let (sharing, all_of_words) = sharing(organisation, &words, connection)?;
    let known: HashSet<Uuid> = others.iter().map(|other| other.head.id).collect();
    let more: Vec<Uuid> = sharing.into_iter().filter(|id| !known.contains(id)).collect();
    others.extend(Nonconformity::many(organisation, &more, connection)?);
    Ok(Similar { cases: ranked(&sought, others, &rarity), is_complete: all_of_requirement && all_of_words })
}

/// One more is asked for than is taken, so that it shows when there are more.
const ASKED: i64 = CANDIDATES as i64 + 1;

/// The first that are taken, and whether those are all.
fn taken<T>(mut found: Vec<T>) -> (Vec<T>, bool) {
    let is_complete = found.len() <= CANDIDATES;
    found.truncate(CANDIDATES);
    (found, is_complete)
}

/// The newest of those that are one's own, or of one requirement.
fn newest(
    organisation: OrganisationId,
    own: Option<Own>,
    requirement: Option<String>,
    connection: &mut AnyConnection,
) -> Result<(Vec<Nonconformity>, bool), Error> {
    let stage = Some(StageName::VARIANTS.iter().copied().filter(|stage| !stage.is_taken_back()).collect());
    let filter = Filter { stage, requirement, ..Filter::default() };
    let scope = Scope { own, ..Scope::whole(organisation, filter) };
    Ok(taken(Nonconformity::page(&scope, &Order::default(), ASKED, connection)?))
}

fn records(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<i64, Error> {
    let all = nonconformities::table.filter(nonconformities::organisation_id.eq(KeyValue(organisation.0)));
    Ok(all.count().get_result(connection)?)
}

/// How many nonconformities have each of these words.
fn frequencies(
    organisation: OrganisationId,
    words: &[String],
    connection: &mut AnyConnection,
) -> Result<HashMap<String, i64>, Error> {
    let found: Vec<(String, i64)> = search_words::table
        .filter(search_words::organisation_id.eq(KeyValue(organisation.0)))
        .filter(search_words::word.eq_any(words))
        .filter(search_words::kind.eq(Nonconformity::KIND))
        .group_by(search_words::word)
        .select((search_words::word, count_star()))
        .load(connection)?;
    Ok(found.into_iter().collect())
}

/// The nonconformities that have most of these words, wherever.
fn sharing(
    organisation: OrganisationId,
    words: &[String],
    connection: &mut AnyConnection,
) -> Result<(Vec<Uuid>, bool), Error> {
    let taken_back = StageName::VARIANTS.iter().copied().filter(|stage| stage.is_taken_back()).map(<&str>::from);
    let taken_back = nonconformities::table
        .filter(nonconformities::organisation_id.eq(KeyValue(organisation.0)))
        .filter(nonconformities::stage.eq_any(taken_back))
        .select(nonconformities::id);
    let found: Vec<KeyValue> = search_words::table
        .filter(search_words::organisation_id.eq(KeyValue(organisation.0)))
        .filter(search_words::word.eq_any(words))
        .filter(search_words::kind.eq(Nonconformity::KIND))
        .filter(search_words::record_id.ne_all(taken_back))
        .group_by(search_words::record_id)
        .select(search_words::record_id)
        .order((count_star().desc(), search_words::record_id.desc()))
        .limit(ASKED)
        .load(connection)?;
    let (found, is_complete) = taken(found);
    Ok((found.into_iter().map(|id| id.0).collect(), is_complete))
}
