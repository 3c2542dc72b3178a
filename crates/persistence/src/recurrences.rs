//! Nonconformities that came once more, as links say: which verdicts they discredit, in two statements whatever their number.

use crate::actions;
use crate::column::KeyValue;
use crate::connection::{AnyConnection, Backend};
use crate::error::Error;
use crate::row::word;
use crate::schema::record_edges;
use crate::table::Table;
use diesel::prelude::*;
use ratchet_domain::actions::Action;
use ratchet_domain::change::Record;
use ratchet_domain::id::{NonconformityId, OrganisationId};
use ratchet_domain::links::Relation;
use ratchet_domain::nonconformities::Nonconformity;
use std::collections::{BTreeSet, HashMap};
use uuid::Uuid;

/// Links that are looked at, at most.
const LINKS: i64 = 10_000;

/// A nonconformity whose verdict does not hold, and what came once more.
#[derive(Debug, Clone, PartialEq)]
pub struct Discredited {
    /// What was judged effective.
    pub case: Nonconformity,
    /// What was raised after that and is said to be the same; the newest first.
    pub by: Vec<Nonconformity>,
}

/// Those by their ids.
pub type AllDiscredited = HashMap<NonconformityId, Discredited>;

/// Which of these nonconformities are discredited, and by what.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn of(
    organisation: OrganisationId,
    cases: &[NonconformityId],
    connection: &mut AnyConnection,
) -> Result<AllDiscredited, Error> {
    if cases.is_empty() { Ok(HashMap::new()) } else { discredited(organisation, Some(cases), connection) }
}

/// Every nonconformity of an organisation that is discredited, and by what.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn all(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<AllDiscredited, Error> {
    discredited(organisation, None, connection)
}

/// The verified actions that were to remove the causes of what is discredited, in one statement.
pub(crate) fn actions_under(
    organisation: OrganisationId,
    discredited: &AllDiscredited,
    connection: &mut AnyConnection,
) -> Result<Vec<Action>, Error> {
    let parents: Vec<Uuid> = discredited.keys().map(|case| case.0).collect();
    let mut found = actions::verified_under(organisation, &parents, connection)?;
    let is_under = |action: &Action| {
        let (case, turn) = action.rests_on()?;
        discredited.get(&case).map(|one| one.case.attempt() == turn)
    };
    found.retain(|action| is_under(action) == Some(true));
    Ok(found)
}

fn discredited(
    organisation: OrganisationId,
    cases: Option<&[NonconformityId]>,
    connection: &mut AnyConnection,
) -> Result<AllDiscredited, Error> {
    let mut query = record_edges::table
        .filter(record_edges::organisation_id.eq(KeyValue(organisation.0)))
        .filter(record_edges::relation.eq(word(Relation::RecurrenceOf)))
        .filter(record_edges::from_kind.eq(Nonconformity::KIND))
        .filter(record_edges::to_kind.eq(Nonconformity::KIND))
        .into_boxed::<Backend>();
    if let Some(cases) = cases {
        query = query.filter(record_edges::to_id.eq_any(cases.iter().map(|case| KeyValue(case.0))));
    }
    let edges: Vec<(KeyValue, KeyValue)> =
        query.limit(LINKS).select((record_edges::from_id, record_edges::to_id)).load(connection)?;
    if edges.is_empty() {
        return Ok(HashMap::new());
    }
    let edges: BTreeSet<(Uuid, Uuid)> = edges.into_iter().map(|(later, earlier)| (later.0, earlier.0)).collect();
    let ends: BTreeSet<Uuid> = edges.iter().flat_map(|(later, earlier)| [*later, *earlier]).collect();
    let ends: Vec<Uuid> = ends.into_iter().collect();
    let cases = Nonconformity::many(organisation, &ends, connection)?;
    let cases: HashMap<Uuid, Nonconformity> = cases.into_iter().map(|case| (case.head.id, case)).collect();
    let mut found = AllDiscredited::new();
    // The newest first: ids grow.
    for (later, earlier) in edges.iter().rev() {
        if let (Some(later), Some(earlier)) = (cases.get(later), cases.get(earlier))
            && earlier.is_discredited_by(later)
        {
            let one = || Discredited { case: earlier.clone(), by: Vec::new() };
            found.entry(NonconformityId(earlier.head.id)).or_insert_with(one).by.push(later.clone());
        }
    }
    Ok(found)
}
