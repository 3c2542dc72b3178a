//! Computing indicators of others: a worker's step. A period is computed once it is over, and again when the figures of a
//! source have changed in it: whoever changes them leaves word ([`touch`]). What follows the domain decides.

mod figures;

pub use figures::workings;

use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::row::word;
use crate::schema::{formula_runs, indicators, record_edges};
use crate::store::Store;
use crate::table::Table;
use crate::tx::{Context, Tx};
use crate::{indicators as all_indicators, measurements};
use chrono::{DateTime, TimeDelta, Utc};
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::{IndicatorId, OrganisationId};
use ratchet_domain::indicators::formula::{Formula, Web};
use ratchet_domain::indicators::{Indicator, StageName};
use ratchet_domain::measurements::WITHDRAWN_ROWS;
use ratchet_domain::reference::Locator;

/// Indicators that are computed in one go, at most.
const LIMIT: i64 = 100;
/// Periods that are computed in one transaction, at most: so a batch of figures can be withdrawn one by one.
const CHUNK: u32 = WITHDRAWN_ROWS as u32;

/// The records that say of themselves that they have to do with an indicator, as what is computed of it does.
macro_rules! naming {
    ($organisation:expr, $source:expr) => {
        record_edges::table
            .filter(record_edges::organisation_id.eq(KeyValue($organisation.0)))
            .filter(record_edges::to_id.eq(KeyValue($source.0)))
            .filter(record_edges::from_kind.eq(Indicator::KIND))
            .filter(record_edges::record_id.eq(record_edges::from_id))
            .select(record_edges::record_id)
    };
}

/// How far an indicator is computed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = formula_runs)]
struct Run {
    computed_until: InstantValue,
    touched_from: Option<InstantValue>,
    touched_until: Option<InstantValue>,
}

/// Refuses sources of a formula of which the indicator would be computed in a circle, or in too many steps. `own` is `None`
/// before it is there. What was seen stays true until the transaction ends.
///
/// # Errors
/// A fault for each such source, or the database's.
pub fn check(own: Option<IndicatorId>, sources: &[IndicatorId], pointer: &str, tx: &mut Tx<'_>) -> Result<(), Error> {
    let organisation = tx.actor().organisation;
    tx.enter(organisation.0)?;
    let mut entered = sources.to_vec();
    entered.sort_unstable();
    entered.dedup();
    for source in entered {
        // Nobody retires it meanwhile.
        tx.enter(source.0)?;
    }
    let known = all_indicators::with_formulas(organisation, tx.connection())?;
    let formulas = known.iter().filter_map(|indicator| Some((indicator.id(), indicator.formula.as_ref()?)));
    Ok(Web::of(formulas).faults(own, sources, pointer).refuse()?)
}

/// How many indicators that are neither retired nor void are computed of this one.
///
/// # Errors
/// The database's.
pub(crate) fn count_upon(
    organisation: OrganisationId,
    source: IndicatorId,
    connection: &mut AnyConnection,
) -> Result<i64, Error> {
    let upon = indicators::table
        .filter(indicators::organisation_id.eq(KeyValue(organisation.0)))
        .filter(indicators::stage.ne_all([StageName::Retired, StageName::Void].map(word)))
        .filter(indicators::id.eq_any(naming!(organisation, source)));
    Ok(upon.count().get_result(connection)?)
}

/// Leaves word that figures of an indicator have changed between these moments. What has not been computed yet will be anyway.
///
/// # Errors
/// The database's.
pub(crate) fn touch(source: IndicatorId, (from, until): Span, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (organisation, now) = (tx.actor().organisation, InstantValue(tx.now()));
    let (from, until) = (InstantValue(from), InstantValue(until));
    let upon: Vec<KeyValue> = naming!(organisation, source).load(tx.connection())?;
    if upon.is_empty() {
        return Ok(());
    }
    macro_rules! of_them {
        () => {
            formula_runs::table
                .filter(formula_runs::indicator_id.eq_any(&upon))
                .filter(formula_runs::computed_until.gt(from))
        };
    }
    // In this order: what was not touched before gets both, what was is widened on either side.
    let untouched = of_them!().filter(formula_runs::touched_from.is_null());
    let both =
        (formula_runs::touched_from.eq(from), formula_runs::touched_until.eq(until), formula_runs::due_at.eq(now));
    diesel::update(untouched).set(both).execute(tx.connection())?;
    let earlier = of_them!().filter(formula_runs::touched_from.gt(from));
    diesel::update(earlier).set(formula_runs::touched_from.eq(from)).execute(tx.connection())?;
    let later = of_them!().filter(formula_runs::touched_until.lt(until));
    diesel::update(later).set(formula_runs::touched_until.eq(until)).execute(tx.connection())?;
    Ok(())
}

/// The earliest and the latest moment of something.
pub(crate) type Span = (DateTime<Utc>, DateTime<Utc>);

/// Indicators for which there is something to compute, of all organisations; at most [`LIMIT`].
///
/// # Errors
/// The database's.
pub fn due(now: DateTime<Utc>, connection: &mut AnyConnection) -> Result<Vec<(OrganisationId, IndicatorId)>, Error> {
    let due: Vec<(KeyValue, KeyValue)> = formula_runs::table
        .filter(formula_runs::due_at.le(InstantValue(now)))
        .order((formula_runs::due_at, formula_runs::indicator_id))
        .limit(LIMIT)
        .select((formula_runs::organisation_id, formula_runs::indicator_id))
        .load(connection)?;
    let begun = formula_runs::table.select(formula_runs::indicator_id);
    let new: Vec<(KeyValue, KeyValue)> = indicators::table
        .filter(indicators::stage.eq(word(StageName::Active)))
        .filter(indicators::expression.is_not_null())
        .filter(indicators::id.ne_all(begun))
        .limit(LIMIT)
        .select((indicators::organisation_id, indicators::id))
        .load(connection)?;
    let all = new.into_iter().chain(due);
    Ok(all.map(|(organisation, id)| (OrganisationId(organisation.0), IndicatorId(id.0))).collect())
}

/// Computes what is to be computed, one step of an indicator per transaction, and says how many steps there were. An indicator
/// that cannot be computed does not keep the others waiting.
///
/// # Errors
/// The database's, where it cannot even be asked what is due.
pub async fn catch_up(
    store: &Store,
    now: DateTime<Utc>,
    context: &(dyn Fn(OrganisationId) -> Context + Sync),
) -> Result<usize, Error> {
    let mut computed = 0;
    for (organisation, id) in store.read(move |connection| due(now, connection)).await? {
        match store.write(context(organisation), move |tx| step(id, tx)).await {
            Ok(()) => computed += 1,
            Err(error) => tracing::warn!(%error, indicator = %id, "an indicator waits to be computed"),
        }
    }
    Ok(computed)
}

/// Computes at most [`CHUNK`] periods of an indicator: first what has ended, then what has changed before.
///
/// # Errors
/// The database's; [`Error::Busy`] when somebody else computes it.
pub fn step(id: IndicatorId, tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.enter(id.0)?;
    let (organisation, now) = (tx.actor().organisation, tx.now());
    let found = Indicator::find(organisation, Locator::Id(id.0), tx.connection())?;
    let own = || formula_runs::table.filter(formula_runs::indicator_id.eq(KeyValue(id.0)));
    let active = found.map(|(indicator, _)| indicator).filter(|one| one.stage.name() == StageName::Active);
    let Some((indicator, formula)) = active.and_then(|one| one.formula.clone().map(|formula| (one, formula))) else {
        diesel::delete(own()).execute(tx.connection())?;
        return Ok(());
    };
    // Whoever leaves word waits from here on, and what was left before is seen.
    let locked = diesel::update(own()).set(formula_runs::due_at.eq(InstantValue(now))).execute(tx.connection())?;
    if locked == 0 {
        return begin(&indicator, tx);
    }
    let run: Run = own().select(Run::as_select()).get_result(tx.connection())?;
    // What has ended goes first: whoever changes what lies further back, again and again, holds up nothing else.
    let (after, next) = match onward(&indicator, run, tx)? {
        Onward::Computed(run) => (run, now),
        Onward::Waits(run, next) => (again(&indicator, &formula, run, tx)?, next),
    };
    let due_at = if after.touched_from.is_none() { next } else { now };
    let kept = (
        formula_runs::computed_until.eq(after.computed_until),
        formula_runs::touched_from.eq(after.touched_from),
        formula_runs::touched_until.eq(after.touched_until),
        formula_runs::due_at.eq(InstantValue(due_at)),
    );
    diesel::update(own()).set(kept).execute(tx.connection())?;
    Ok(())
}

/// Whether periods were computed that have ended, or which are next.
enum Onward {
    /// Some were, and there may be more.
    Computed(Run),
    /// There are none before this moment.
    Waits(Run, DateTime<Utc>),
}

/// Computes periods that have ended, each by the formula that held for it.
fn onward(indicator: &Indicator, run: Run, tx: &mut Tx<'_>) -> Result<Onward, Error> {
    let (now, mut run) = (tx.now(), run);
    loop {
        let at = run.computed_until.0;
        let Some((formula, until)) = indicator.formula_from(at) else { return Ok(Onward::Waits(run, now)) };
        let period = formula.period;
        // The period in which another formula begins is cut short, and told by that one.
        let last = until.map(|until| period.start_of(until));
        let end = last.map_or(formula.over(now), |last| last.min(formula.over(now)));
        let from = at.max(retained(indicator, formula, now));
        // One of a former formula that was cut short is left to that.
        let from = if period.start_of(from) < from { period.end_of(period.start_of(from)) } else { from };
        if from < end {
            let next = figures::compute(indicator, formula, (from, end - TimeDelta::microseconds(1)), CHUNK, tx)?;
            return Ok(Onward::Computed(Run { computed_until: InstantValue(next.max(at)), ..run }));
        }
        match until.zip(last) {
            Some((until, last)) if from >= last && until > at => run.computed_until = InstantValue(until),
            Some(_) | None => return Ok(Onward::Waits(run, formula.next_over(now))),
        }
    }
}

/// Computes periods anew whose sources have changed, the newest first.
fn again(indicator: &Indicator, formula: &Formula, run: Run, tx: &mut Tx<'_>) -> Result<Run, Error> {
    let Some((InstantValue(from), InstantValue(until))) = run.touched_from.zip(run.touched_until) else {
        return Ok(run);
    };
    let (period, now) = (formula.period, tx.now());
    let from = period.start_of(from.max(retained(indicator, formula, now)));
    let end = until.min(run.computed_until.0 - TimeDelta::microseconds(1));
    let first = period.before(period.start_of(end), CHUNK - 1).max(from);
    if first <= end {
        figures::compute(indicator, formula, (first, end), CHUNK, tx)?;
    }
    let left = (from < first).then(|| first - TimeDelta::microseconds(1));
    Ok(Run { touched_from: left.map(|_| InstantValue(from)), touched_until: left.map(InstantValue), ..run })
}

/// With which period a formula begins that is still to be told: no further back than it reaches, nor than figures are kept.
fn retained(indicator: &Indicator, formula: &Formula, now: DateTime<Utc>) -> DateTime<Utc> {
    let period = formula.period;
    let kept = indicator.retained_from(now).map(|from| period.end_of(period.start_of(from)));
    kept.map_or(formula.reach(now), |kept| kept.max(formula.reach(now)))
}

/// Notes from where on an indicator is to be computed: from the first figure of a source, and no further than it reaches. The
/// figures follow in later transactions, so that whoever changes one meanwhile finds where to leave word.
fn begin(indicator: &Indicator, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (organisation, now) = (tx.actor().organisation, tx.now());
    // The first that it ever had: another may have taken its place before anything was computed.
    let Some((formula, _)) = indicator.formula_from(DateTime::UNIX_EPOCH) else { return Ok(()) };
    let mut first: Option<DateTime<Utc>> = None;
    for source in &formula.sources {
        let own = measurements::first_day(organisation, source.indicator, tx.connection())?;
        first = first.into_iter().chain(own).min();
    }
    let over = formula.period.start_of(now);
    let from = first.map_or(over, |first| formula.period.start_of(first).max(formula.reach(now)));
    let row = (
        formula_runs::indicator_id.eq(KeyValue(indicator.head.id)),
        formula_runs::organisation_id.eq(KeyValue(organisation.0)),
        formula_runs::computed_until.eq(InstantValue(from.min(over))),
        formula_runs::due_at.eq(InstantValue(now)),
    );
    on_connection!(tx.connection(), |c| diesel::insert_into(formula_runs::table)
        .values(row)
        .on_conflict_do_nothing()
        .execute(c))?;
    Ok(())
}

/// Has an indicator looked at at once, since its formula is another from here on.
///
/// # Errors
/// The database's.
pub fn look_at(id: IndicatorId, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (own, now) =
        (formula_runs::table.filter(formula_runs::indicator_id.eq(KeyValue(id.0))), InstantValue(tx.now()));
    diesel::update(own).set(formula_runs::due_at.eq(now)).execute(tx.connection())?;
    Ok(())
}
