//! What is counted of each turn from one management review to the next: a few statements a turn.

use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::effects;
use crate::error::Error;
use crate::imports;
use crate::indicators;
use crate::management_reviews;
use crate::organisations;
use crate::row::{from_json, parse, word};
use crate::schema::{changes, journal_entries, links, nonconformities};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::analysis::effect::{Effect, Period, Windows};
use ratchet_domain::annotations::StageName;
use ratchet_domain::changes::Verdict;
use ratchet_domain::cycles::{
    self, CASE_CLOSED, CASE_REOPENED, CASE_VOIDED, CHANGE_REVIEWED, Closing, Collected, Counts, Figures, Recurrence,
    Reopening, Turn, actions, recurred, turns,
};
use ratchet_domain::id::{IndicatorId, NonconformityId, OrganisationId};
use ratchet_domain::indicators::Indicator;
use ratchet_domain::links::Relation;
use ratchet_domain::reference::Prefix;
use serde_json::Value;
use std::collections::HashMap;
use uuid::Uuid;

/// Nonconformities of which the time to their closing is taken, at most.
const CLOSINGS: i64 = 20_000;

/// A turn and what it came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Cycle {
    /// From when to when.
    pub turn: Turn,
    /// Its figures.
    pub figures: Figures,
    /// Those of the turn before; none of the first.
    pub before: Option<Figures>,
    /// What the indicators that are in use say of it, against the turn before; none of the first.
    pub indicators: Option<Effect>,
}

/// The newest turns, the one that lasts first.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn newest(
    organisation: OrganisationId,
    limit: usize,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<Cycle>, Error> {
    let founded = organisations::founded_at(organisation, connection)?;
    let mut turns = turns(founded, management_reviews::approvals(organisation, connection)?, now);
    // One more: the last that is shown is held against it.
    turns.truncate(limit + 1);
    let measured: Vec<IndicatorId> = indicators::active(organisation, connection)?.iter().map(Indicator::id).collect();
    let returns = Returns {
        reopenings: reopenings(organisation, connection)?,
        recurrences: recurrences(organisation, connection)?,
    };
    let raised = imports::raised(organisation, Prefix::Nonconformity, connection)?;
    let of = |turn: &Turn| Ok(Figures::of(&collect(organisation, turn, (&returns, &raised), connection)?));
    let figures: Vec<Figures> = turns.iter().map(of).collect::<Result<_, Error>>()?;
    let mut cycles = Vec::new();
    for (number, (turn, own)) in turns.iter().zip(&figures).take(limit).enumerate() {
        let effect = match turns.get(number + 1) {
            Some(earlier) => Some(effects::of_windows(organisation, windows(earlier, turn), &measured, connection)?),
            None => None,
        };
        let before = figures.get(number + 1).copied();
        cycles.push(Cycle { turn: *turn, figures: *own, before, indicators: effect });
    }
    Ok(cycles)
}

fn windows(earlier: &Turn, turn: &Turn) -> Windows {
    let period = |turn: &Turn| Period { from: turn.from, to: turn.to };
    Windows { before: period(earlier), after: period(turn) }
}

/// What says that a nonconformity came again.
struct Returns {
    reopenings: Vec<Reopening>,
    recurrences: Vec<Recurrence>,
}

/// When nonconformities came in that were brought in from another register.
pub(crate) type Raised = HashMap<Uuid, DateTime<Utc>>;
/// When nonconformities were taken back.
type Voided = HashMap<Uuid, DateTime<Utc>>;

fn collect(
    organisation: OrganisationId,
    turn: &Turn,
    (Returns { reopenings, recurrences }, raised): (&Returns, &Raised),
    connection: &mut AnyConnection,
) -> Result<Collected, Error> {
    let span = (turn.from, turn.until());
    let mut counts = counts(organisation, span, actions(), connection)?;
    for (action, gone) in taken_back(organisation, span, connection)? {
        if let Some(count) = counts.get_mut(&action) {
            *count -= gone;
        }
    }
    Ok(Collected {
        counts,
        closings: closings(organisation, span, raised, connection)?,
        recurred: recurred(reopenings, recurrences, turn),
        harmful: harmful(organisation, turn, connection)?,
    })
}

/// The journal's entries between two moments.
macro_rules! entries_of {
    ($organisation:expr, $from:expr, $until:expr) => {{
        use crate::schema::journal_entries as entries;
        entries::organisation_id
            .eq(KeyValue($organisation.0))
            .and(entries::recorded_at.ge(InstantValue($from)))
            .and(entries::recorded_at.lt(InstantValue($until)))
    }};
}
pub(crate) use entries_of;

/// How often the journal names each of these actions: of it only what an index holds.
pub(crate) fn counts(
    organisation: OrganisationId,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    actions: Vec<&'static str>,
    connection: &mut AnyConnection,
) -> Result<Counts, Error> {
    let counted: Vec<(String, i64)> = journal_entries::table
        .filter(entries_of!(organisation, from, until))
        .filter(journal_entries::action.eq_any(actions))
        .group_by(journal_entries::action)
        .select((journal_entries::action, diesel::dsl::count_star()))
        .load(connection)?;
    Ok(counted.into_iter().collect())
}

/// How often the journal says of a turn that something came in which was taken back before the turn was over.
fn taken_back(
    organisation: OrganisationId,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    connection: &mut AnyConnection,
) -> Result<Counts, Error> {
    let gone = diesel::alias!(journal_entries as gone);
    let gone = gone
        .filter(gone.field(journal_entries::organisation_id).eq(KeyValue(organisation.0)))
        .filter(gone.field(journal_entries::action).eq_any(cycles::TAKEN_BACK))
        .filter(gone.field(journal_entries::recorded_at).lt(InstantValue(until)))
        .select(gone.field(journal_entries::object_id));
    let counted: Vec<(String, i64)> = journal_entries::table
        .filter(entries_of!(organisation, from, until))
        .filter(journal_entries::action.eq_any(cycles::entered()))
        .filter(journal_entries::object_id.eq_any(gone))
        .group_by(journal_entries::action)
        .select((journal_entries::action, diesel::dsl::count_star()))
        .load(connection)?;
    Ok(counted.into_iter().collect())
}

/// The nonconformities that were closed between two moments; the newest closings.
pub(crate) fn closings(
    organisation: OrganisationId,
    (from, until): (DateTime<Utc>, DateTime<Utc>),
    raised: &Raised,
    connection: &mut AnyConnection,
) -> Result<Vec<Closing>, Error> {
    let closed: Vec<(KeyValue, InstantValue, InstantValue)> = journal_entries::table
        .inner_join(nonconformities::table.on(nonconformities::id.eq(journal_entries::object_id)))
        .filter(entries_of!(organisation, from, until))
        .filter(journal_entries::action.eq(CASE_CLOSED))
        .order(journal_entries::recorded_at.desc())
        .limit(CLOSINGS)
        .select((nonconformities::id, nonconformities::created_at, journal_entries::recorded_at))
        .load(connection)?;
    let closing = |(case, opened, closed): (KeyValue, InstantValue, InstantValue)| Closing {
        opened: raised.get(&case.0).copied().unwrap_or(opened.0),
        closed: closed.0,
    };
    Ok(closed.into_iter().map(closing).collect())
}

/// Every reopening, the earliest first. Whether its case came again, or had been closed in error, its detail says; of one
/// whose detail is gone it is not known any more.
fn reopenings(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<Reopening>, Error> {
    let entries: Vec<(KeyValue, InstantValue, Option<String>)> = journal_entries::table
        .filter(journal_entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(journal_entries::action.eq(CASE_REOPENED))
        .order((journal_entries::recorded_at, journal_entries::object_version))
        .select((journal_entries::object_id, journal_entries::recorded_at, journal_entries::detail))
        .load(connection)?;
    let read = |(case, at, detail): (KeyValue, InstantValue, Option<String>)| {
        let detail: Value = from_json(&detail?).ok()?;
        let recurrences = detail.pointer("/state/recurrences")?.as_i64()?;
        Some(Reopening { case: NonconformityId(case.0), at: at.0, recurrences })
    };
    Ok(entries.into_iter().filter_map(read).collect())
}

/// When nonconformities were found to have been raised by mistake.
fn voided(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Voided, Error> {
    let found: Vec<(KeyValue, InstantValue)> = journal_entries::table
        .filter(journal_entries::organisation_id.eq(KeyValue(organisation.0)))
        .filter(journal_entries::action.eq(CASE_VOIDED))
        .select((journal_entries::object_id, journal_entries::recorded_at))
        .load(connection)?;
    Ok(found.into_iter().map(|(case, at)| (case.0, at.0)).collect())
}

/// Every link that calls a nonconformity the recurrence of another. With a case that was raised by mistake its links go,
/// too; those of a duplicate have gone over to the case that it repeats.
fn recurrences(organisation: OrganisationId, connection: &mut AnyConnection) -> Result<Vec<Recurrence>, Error> {
    let case = Prefix::Nonconformity.kind();
    let voided = voided(organisation, connection)?;
    let drawn: Vec<(KeyValue, KeyValue, InstantValue, InstantValue, String)> = links::table
        .filter(links::organisation_id.eq(KeyValue(organisation.0)))
        .filter(links::relation.eq(word(Relation::RecurrenceOf)))
        .filter(links::target_kind.eq(case))
        .filter(links::to_kind.eq(case))
        .select((links::target_id, links::to_id, links::created_at, links::updated_at, links::stage))
        .load(connection)?;
    let read = |(newer, case, at, updated_at, stage): (KeyValue, KeyValue, InstantValue, InstantValue, String)| {
        let stage: StageName = parse(&stage).map_err(|fault| Error::Corrupt { table: "links", row: case.0, fault })?;
        // Nothing is written of a link after it was withdrawn.
        let withdrawn_at = match stage {
            StageName::Attached => None,
            StageName::Withdrawn => Some(updated_at.0),
        };
        let mistaken = [newer, case].into_iter().filter_map(|end| voided.get(&end.0).copied());
        let withdrawn_at = withdrawn_at.into_iter().chain(mistaken).min();
        Ok(Recurrence { case: NonconformityId(case.0), at: at.0, withdrawn_at })
    };
    drawn.into_iter().map(read).collect()
}

/// A verdict is given once, so that the record still says what the review said.
fn harmful(organisation: OrganisationId, turn: &Turn, connection: &mut AnyConnection) -> Result<i64, Error> {
    let judged = journal_entries::table
        .inner_join(changes::table.on(changes::id.eq(journal_entries::object_id)))
        .filter(entries_of!(organisation, turn.from, turn.until()))
        .filter(journal_entries::action.eq(CHANGE_REVIEWED))
        .filter(changes::verdict.eq(word(Verdict::Harmful)));
    Ok(judged.count().get_result(connection)?)
}
