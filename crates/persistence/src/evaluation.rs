//! The evaluation of indicators: a worker's step. It walks what waits, in order, and stores what follows.

use crate::changes::phases_of;
use crate::column::{InstantValue, KeyValue};
use crate::connection::AnyConnection;
use crate::error::Error;
use crate::measurements::series::{End, Span, numbered, readings};
use crate::row::{from_json, to_json};
use crate::schema::{evaluation_queue, indicator_evaluations, indicators};
use crate::store::Store;
use crate::table::Table;
use crate::tx::{Context, Tx};
use crate::{formulas, measurements, signals};
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::evaluation::patterns::{NEWEST, SERIES, adverse_trend, follow, out_of_control};
use ratchet_domain::evaluation::{Episode, Open, State, absence, walk};
use ratchet_domain::id::{IndicatorId, NonconformityId, OrganisationId};
use ratchet_domain::indicators::{Indicator, Stage, StageName};
use ratchet_domain::nonconformities::Nonconformity;
use ratchet_domain::reference::Locator;
use ratchet_domain::signals::{Kind, Signal};
use std::collections::{BTreeMap, HashMap};

/// Indicators that are evaluated in one go, at most.
const LIMIT: i64 = 100;

/// Indicators that have measurements which wait, of all organisations; at most `limit`.
///
/// # Errors
/// The database's.
pub fn waiting(limit: i64, connection: &mut AnyConnection) -> Result<Vec<(OrganisationId, IndicatorId)>, Error> {
    let found: Vec<(KeyValue, KeyValue)> = evaluation_queue::table
        .select((evaluation_queue::organisation_id, evaluation_queue::indicator_id))
        .distinct()
        .limit(limit)
        .load(connection)?;
    Ok(found.into_iter().map(|(organisation, id)| (OrganisationId(organisation.0), IndicatorId(id.0))).collect())
}

/// Indicators that have gone stale, or are fresh again, and whose signals do not say so yet; of all organisations.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn gone_stale(
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Vec<(OrganisationId, IndicatorId)>, Error> {
    let active: Vec<(KeyValue, KeyValue)> = indicators::table
        .filter(indicators::stage.eq(<&str>::from(StageName::Active)))
        .select((indicators::organisation_id, indicators::id))
        .load(connection)?;
    let mut found = Vec::new();
    for (KeyValue(organisation), KeyValue(id)) in active {
        let organisation = OrganisationId(organisation);
        let Some((indicator, _)) = Indicator::find(organisation, Locator::Id(id), connection)? else { continue };
        let state = state(organisation, &indicator, connection)?;
        let open = signals::open_of(organisation, indicator.id(), connection)?;
        if absent(&indicator, &state, &open, now).is_some() {
            found.push((organisation, indicator.id()));
        }
    }
    Ok(found)
}

/// Evaluates what waits, one indicator per transaction, and says how many there were. An indicator that cannot be
/// evaluated does not keep the others waiting.
///
/// # Errors
/// The database's, where it cannot even be asked what waits.
pub async fn catch_up(
    store: &Store,
    now: DateTime<Utc>,
    with_absence: bool,
    context: &(dyn Fn(OrganisationId) -> Context + Sync),
) -> Result<usize, Error> {
    let mut due = store.read(|connection| waiting(LIMIT, connection)).await?;
    if with_absence {
        due.extend(store.read(move |connection| gone_stale(now, connection)).await?);
    }
    let mut evaluated = 0;
    for (organisation, id) in due {
        match store.write(context(organisation), move |tx| evaluate(id, tx)).await {
            Ok(()) => evaluated += 1,
            Err(error) => tracing::warn!(%error, indicator = %id, "an indicator waits for its evaluation"),
        }
    }
    Ok(evaluated)
}

/// What is known of an indicator's series.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub fn state(
    organisation: OrganisationId,
    indicator: &Indicator,
    connection: &mut AnyConnection,
) -> Result<State, Error> {
    let stored: Option<(String, i64)> = indicator_evaluations::table
        .filter(indicator_evaluations::organisation_id.eq(KeyValue(organisation.0)))
        .filter(indicator_evaluations::indicator_id.eq(KeyValue(indicator.head.id)))
        .select((indicator_evaluations::state, indicator_evaluations::revision))
        .get_result(connection)
        .optional()?;
    stored.map_or_else(|| Ok(State::default()), |(text, revision)| read(indicator, &text, revision))
}

/// What is known of the series of each of these indicators, in one statement.
///
/// # Errors
/// The database's, or [`Error::Corrupt`].
pub(crate) fn states(
    organisation: OrganisationId,
    indicators: &[Indicator],
    connection: &mut AnyConnection,
) -> Result<HashMap<IndicatorId, State>, Error> {
    let ids = indicators.iter().map(|indicator| KeyValue(indicator.head.id));
    let stored: Vec<(KeyValue, String, i64)> = indicator_evaluations::table
        .filter(indicator_evaluations::organisation_id.eq(KeyValue(organisation.0)))
        .filter(indicator_evaluations::indicator_id.eq_any(ids))
        .select((indicator_evaluations::indicator_id, indicator_evaluations::state, indicator_evaluations::revision))
        .load(connection)?;
    let mut stored: HashMap<IndicatorId, (String, i64)> =
        stored.into_iter().map(|(id, text, revision)| (IndicatorId(id.0), (text, revision))).collect();
    let known = indicators.iter().filter_map(|indicator| {
        let (text, revision) = stored.remove(&indicator.id())?;
        Some(read(indicator, &text, revision).map(|state| (indicator.id(), state)))
    });
    known.collect()
}

/// A stored state, judged by the goal that holds now.
fn read(indicator: &Indicator, text: &str, revision: i64) -> Result<State, Error> {
    let corrupt = |fault| Error::Corrupt { table: "indicator_evaluations", row: indicator.head.id, fault };
    let state: State = from_json(text).map_err(corrupt)?;
    match &indicator.goal {
        Some(goal) if revision != indicator.revision => Ok(state.judged_by(goal)),
        Some(_) | None => Ok(state),
    }
}

/// Evaluates one indicator: what waits is walked, signals are raised, repeated and cleared, cases opened and linked.
/// The transaction's actor is the program itself.
///
/// # Errors
/// The database's; [`Error::Busy`] when somebody else evaluates it.
pub fn evaluate(id: IndicatorId, tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.enter(id.0)?;
    let (organisation, now) = (tx.actor().organisation, tx.now());
    let found = Indicator::find(organisation, Locator::Id(id.0), tx.connection())?;
    let Some((indicator, _)) = found else { return Ok(()) };
    let before = state(organisation, &indicator, tx.connection())?;
    let (batches, new) = measurements::waiting(organisation, id, tx.connection())?;
    let open = signals::open_of(organisation, id, tx.connection())?;
    let open_ones: Vec<Open> = open.iter().map(known).collect();
    let is_measured = !new.is_empty();
    let looked_at: LookedAt = before.series.iter().map(|(name, seen)| (name.clone(), seen.observed_at)).collect();
    let (after, mut episodes) = match &indicator.goal {
        Some(goal) => {
            let walked = walk(goal, before, &open_ones, new);
            (walked.state, walked.episodes)
        }
        None => (before, Vec::new()),
    };
    if is_measured {
        episodes.extend(patterns(&indicator, (&looked_at, &after), &open, tx.connection())?);
    }
    // A draft is measured where it is built in. What its thresholds are to be nobody has said yet.
    if matches!(indicator.stage, Stage::Draft) {
        episodes.clear();
    }
    episodes.extend(absent(&indicator, &after, &open, now));
    for episode in episodes {
        apply(&indicator, episode, &open, tx)?;
    }
    keep(&indicator, &after, tx)?;
    if let Some(span) = measurements::span(organisation, &batches, tx.connection())? {
        formulas::touch(id, span, tx)?;
    }
    let done = evaluation_queue::table
        .filter(evaluation_queue::organisation_id.eq(KeyValue(organisation.0)))
        .filter(evaluation_queue::indicator_id.eq(KeyValue(id.0)))
        .filter(evaluation_queue::batch_id.eq_any(batches.iter().map(|batch| KeyValue(batch.0))));
    diesel::delete(done).execute(tx.connection())?;
    Ok(())
}

fn known(signal: &Signal) -> Open {
    Open { kind: signal.kind, last_observed_at: signal.last.observed_at }
}

/// Up to when each series was looked at.
type LookedAt = BTreeMap<String, DateTime<Utc>>;

/// What the charts of an active indicator's series say of their newest measurements: of [`SERIES`] series at most, each in four
/// statements.
fn patterns(
    indicator: &Indicator,
    (before, state): (&LookedAt, &State),
    open: &[Signal],
    connection: &mut AnyConnection,
) -> Result<Vec<Episode>, Error> {
    let is_active = matches!(indicator.stage, Stage::Active { .. });
    let phases = if is_active && state.series.len() <= SERIES {
        phases_of(indicator.head.organisation, indicator, connection)?
    } else {
        Vec::new()
    };
    let Some(present) = phases.last() else { return Ok(Vec::new()) };
    let (control, frequency) = (indicator.charting(), indicator.frequency);
    let span = Span { from: Some(present.starts_at), to: None };
    let baseline = i64::from(control.baseline(frequency));
    let (mut shifts, mut trends) = (Vec::new(), Vec::new());
    let numbered = numbered(indicator.head.organisation, indicator.id(), connection)?;
    for (name, own) in numbered.into_iter().filter(|(name, _)| state.series.contains_key(name)) {
        let first = readings(own, span, (End::First, baseline), connection)?;
        // A phase that is short enough was read whole.
        let newest = if first.is_cut {
            readings(own, span, (End::Newest, NEWEST.into()), connection)?.readings
        } else {
            first.readings.clone()
        };
        let newest = newest.get(newest.len().saturating_sub(NEWEST.into())..).unwrap_or(&newest);
        let since = before.get(&name).copied();
        shifts.extend(out_of_control(&first.readings, newest, since, (&control, frequency)));
        trends.extend(adverse_trend(newest, indicator.goal.as_ref(), &control, frequency));
    }
    let open = |kind| open.iter().find(|signal| signal.kind == kind).map(known);
    let shift = follow(Kind::OutOfControl, &shifts, open(Kind::OutOfControl));
    let trend = follow(Kind::AdverseTrend, &trends, open(Kind::AdverseTrend));
    Ok(shift.into_iter().chain(trend).collect())
}

/// What the absence of measurements says of an active indicator. Of one that the program measures it says that there was nothing
/// to measure.
fn absent(indicator: &Indicator, state: &State, open: &[Signal], now: DateTime<Utc>) -> Option<Episode> {
    if indicator.is_computed() {
        return None;
    }
    let (Stage::Active { since }, Some(frequency)) = (&indicator.stage, indicator.frequency) else { return None };
    let stale = open.iter().find(|signal| signal.kind == Kind::Stale).map(known);
    absence(state, frequency, *since, stale, now)
}

/// Forgets what withdrawn measurements said: the newest of those that still count are judged anew. No signal follows. What
/// waits for its evaluation is walked when its turn comes, and would be late if it were known already.
///
/// # Errors
/// The database's.
pub(crate) fn rebuild(id: IndicatorId, tx: &mut Tx<'_>) -> Result<(), Error> {
    tx.enter(id.0)?;
    let organisation = tx.actor().organisation;
    let found = Indicator::find(organisation, Locator::Id(id.0), tx.connection())?;
    let Some((indicator, _)) = found else { return Ok(()) };
    let Some(goal) = &indicator.goal else { return Ok(()) };
    let newest = measurements::newest_evaluated(organisation, id, tx.connection())?;
    let state = walk(goal, State::default(), &[], newest).state;
    keep(&indicator, &state, tx)
}

fn keep(indicator: &Indicator, state: &State, tx: &mut Tx<'_>) -> Result<(), Error> {
    let (id, now) = (KeyValue(indicator.head.id), tx.now());
    let same = indicator_evaluations::table.filter(indicator_evaluations::indicator_id.eq(id));
    diesel::delete(same).execute(tx.connection())?;
    diesel::insert_into(indicator_evaluations::table)
        .values((
            indicator_evaluations::indicator_id.eq(id),
            indicator_evaluations::organisation_id.eq(KeyValue(indicator.head.organisation.0)),
            indicator_evaluations::state.eq(to_json(state)?),
            indicator_evaluations::revision.eq(indicator.revision),
            indicator_evaluations::evaluated_at.eq(InstantValue(now)),
        ))
        .execute(tx.connection())?;
    Ok(())
}

/// Stores what a walk found of one signal.
fn apply(indicator: &Indicator, episode: Episode, open: &[Signal], tx: &mut Tx<'_>) -> Result<(), Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let Episode { kind, new, occurrences, first, last, rules, cleared } = episode;
    let mut signal = if new {
        let (Some(first), Some(last)) = (first, last) else { return Ok(()) };
        let birth = tx.birth(Signal::PREFIX)?;
        let raised = Signal::raise(indicator, kind, (first, last, occurrences), rules, &by, birth)?;
        let (signal, _) = tx.save(raised)?;
        with_case(indicator, signal, open, tx)?
    } else {
        let Some(signal) = open.iter().find(|signal| signal.kind == kind).cloned() else { return Ok(()) };
        match last {
            Some(last) => tx.save(signal.repeat(last, (occurrences, &rules), &by, now)?)?.0,
            None => signal,
        }
    };
    if let Some(cleared) = cleared {
        signal = tx.save(signal.clear(cleared, &by, now)?)?.0;
    }
    drop(signal);
    Ok(())
}

/// The case that already deals with the matter, or a new one where the indicator asks for it.
fn with_case(indicator: &Indicator, signal: Signal, open: &[Signal], tx: &mut Tx<'_>) -> Result<Signal, Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let cases = open.iter().filter(|other| other.kind.shares_case_with(signal.kind)).filter_map(Signal::case);
    for case in cases {
        if is_open(case, tx)? {
            return Ok(tx.save(signal.follow(case, &by, now)?)?.0);
        }
    }
    if let Some(case) = open_case_of(indicator, signal.kind, tx)? {
        return Ok(tx.save(signal.follow(case, &by, now)?)?.0);
    }
    if !signal.calls_for_case(indicator) {
        return Ok(signal);
    }
    let birth = tx.birth(Nonconformity::PREFIX)?;
    let raised = signal.auto_raise(indicator, &by, birth)?;
    tx.save(raised.case)?;
    Ok(tx.save(raised.signal)?.0)
}

/// While its case is open, further signals of the same matter link to it, also when the first was cleared meanwhile.
fn open_case_of(indicator: &Indicator, kind: Kind, tx: &mut Tx<'_>) -> Result<Option<NonconformityId>, Error> {
    let organisation = tx.actor().organisation;
    for (cleared_kind, case) in signals::cases_of(organisation, indicator.id(), tx.connection())? {
        if cleared_kind.shares_case_with(kind) && is_open(case, tx)? {
            return Ok(Some(case));
        }
    }
    Ok(None)
}

fn is_open(case: NonconformityId, tx: &mut Tx<'_>) -> Result<bool, Error> {
    let organisation = tx.actor().organisation;
    let found = Nonconformity::find(organisation, Locator::Id(case.0), tx.connection())?;
    Ok(found.is_some_and(|(case, _)| case.stage.name().is_open()))
}
