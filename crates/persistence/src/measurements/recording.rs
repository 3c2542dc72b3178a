//! Recording a batch: what is known of it already, and what of it is written.

use super::bulk::{self, LiveKey};
use super::keys::{self, Keys};
use super::{PastRow, Row, figure, retention, rollups};
use crate::column::{InstantValue, KeyValue};
use crate::connection::{AnyConnection, on_connection};
use crate::error::Error;
use crate::journal::Receipt;
use crate::schema::{evaluation_queue, measurement_notes, measurement_series, measurements};
use crate::tx::Tx;
use chrono::{DateTime, Utc};
use diesel::prelude::*;
use ratchet_domain::change::Record;
use ratchet_domain::id::{IndicatorId, OrganisationId};
use ratchet_domain::measurements::{
    BatchDraft, Figure, Key, MeasurementBatch, Point, SERIES, Sifted, Standing, settled_until,
};
use ratchet_domain::refusal::Fault;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use uuid::Uuid;

/// The live figures of all keys that these points have.
///
/// # Errors
/// The database's.
pub fn known<'a>(
    organisation: OrganisationId,
    points: impl Iterator<Item = &'a Point>,
    connection: &mut AnyConnection,
) -> Result<HashMap<Key, Figure>, Error> {
    let mut named: BTreeMap<IndicatorId, Named<'a>> = BTreeMap::new();
    for point in points {
        named.entry(point.indicator).or_default().insert((point.observed_at, point.series.as_str()));
    }
    let indicators: Vec<IndicatorId> = named.keys().copied().collect();
    let mut known = HashMap::new();
    for (indicator, measured) in keys::measured(organisation, &indicators, connection)? {
        let named = named.remove(&indicator).unwrap_or_default();
        for (series, InstantValue(observed_at), value, denominator) in counted(measured, &named, connection)? {
            known.insert(Key { indicator, observed_at, series }, figure(value, denominator));
        }
    }
    Ok(known)
}

/// Moments and series.
type Named<'a> = BTreeSet<(DateTime<Utc>, &'a str)>;
/// Refuses what would begin more than [`SERIES`] series of an indicator: evaluation and charts know all of them. And what lies
/// where measurements were removed: hours and days that were counted would count it twice.
///
/// # Errors
/// The database's.
pub fn within_series(
    organisation: OrganisationId,
    items: Vec<Result<Point, Fault>>,
    connection: &mut AnyConnection,
) -> Result<Vec<Result<Point, Fault>>, Error> {
    let mut named: BTreeMap<IndicatorId, BTreeSet<&str>> = BTreeMap::new();
    for point in items.iter().flatten() {
        named.entry(point.indicator).or_default().insert(&point.series);
    }
    let indicators: Vec<IndicatorId> = named.keys().copied().collect();
    let measured = keys::measured(organisation, &indicators, connection)?;
    let ids: Vec<i32> = measured.values().copied().collect();
    let counts = keys::series_counts(&ids, connection)?;
    let mut refused: HashSet<(IndicatorId, String)> = HashSet::new();
    for (indicator, names) in named {
        let id = measured.get(&indicator);
        let count = id.and_then(|id| counts.get(id)).map_or(0, |count| usize::try_from(*count).unwrap_or(usize::MAX));
        if count.saturating_add(names.len()) <= SERIES {
            continue;
        }
        let known = id.map_or_else(|| Ok(HashMap::new()), |id| keys::series_named(*id, &names, connection))?;
        let new = names.into_iter().filter(|name| !known.contains_key(*name));
        refused.extend(new.skip(SERIES.saturating_sub(count)).map(|name| (indicator, name.to_owned())));
    }
    let removed = retention::removed_until(&ids, connection)?;
    if refused.is_empty() && removed.is_empty() {
        return Ok(items);
    }
    let settled: HashMap<IndicatorId, DateTime<Utc>> =
        measured.iter().filter_map(|(indicator, id)| Some((*indicator, settled_until(*removed.get(id)?)))).collect();
    let check = |point: Point| {
        if settled.get(&point.indicator).is_some_and(|until| point.observed_at < *until) {
            let detail = "lies where measurements of the indicator were removed, because they were not kept any longer";
            return Err(Fault::new("/observed_at", "not_retained", detail));
        }
        match refused.contains(&(point.indicator, point.series.clone())) {
            true => {
                Err(Fault::new("/dimensions", "too_many_series", format!("the indicator has {SERIES} series already")))
            }
            false => Ok(point),
        }
    };
    Ok(items.into_iter().map(|item| item.and_then(check)).collect())
}

/// Of which series, when, and what.
type Live = (String, InstantValue, f64, Option<f64>);

/// What counts of an indicator under these keys, and maybe under others between them.
fn counted(measured: i32, named: &Named<'_>, connection: &mut AnyConnection) -> Result<Vec<Live>, Error> {
    let (Some(first), Some(last)) = (named.first(), named.last()) else { return Ok(Vec::new()) };
    // What comes in the order of time finds next to nothing between its moments: one statement. Where much else lies between
    // them, each key is asked for.
    let enough = i64::try_from(named.len() * 4 + 1_000).unwrap_or(i64::MAX);
    let between: Vec<Live> = measurements::table
        .inner_join(measurement_series::table)
        .filter(measurements::measured_id.eq(measured))
        .filter(measurements::observed_at.ge(InstantValue(first.0)))
        .filter(measurements::observed_at.le(InstantValue(last.0)))
        .select((
            measurement_series::dimensions,
            measurements::observed_at,
            measurements::value,
            measurements::denominator,
        ))
        .limit(enough + 1)
        .load(connection)?;
    if i64::try_from(between.len()).unwrap_or(i64::MAX) <= enough {
        return Ok(between);
    }
    let names: BTreeSet<&str> = named.iter().map(|(_, name)| *name).collect();
    let ids = keys::series_named(measured, &names, connection)?;
    let keys: Vec<(InstantValue, i32)> =
        named.iter().filter_map(|(at, name)| Some((InstantValue(*at), *ids.get(*name)?))).collect();
    let names: HashMap<i32, &str> = ids.iter().map(|(name, id)| (*id, name.as_str())).collect();
    let found = bulk::counted(measured, &keys, connection)?.into_iter();
    let found = found.filter_map(|row| {
        let name = (*names.get(&row.series_id)?).to_owned();
        Some((name, row.observed_at, row.value, row.denominator))
    });
    Ok(found.collect())
}

/// Records what is new of a batch: the record that stands for it in the journal, its rows, and what is to be evaluated.
///
/// # Errors
/// The database's, or the rule's refusal.
pub fn record(source: String, sifted: &Sifted, tx: &mut Tx<'_>) -> Result<(MeasurementBatch, Receipt), Error> {
    let by = tx.actor().clone();
    let birth = tx.birth(MeasurementBatch::PREFIX)?;
    let (batch, receipt) = tx.save(MeasurementBatch::record(BatchDraft { source, sifted }, &by, birth)?)?;
    write(&batch, sifted, tx.now(), tx.connection())?;
    enqueue(&batch, tx.connection())?;
    Ok((batch, receipt))
}

fn write(
    batch: &MeasurementBatch,
    sifted: &Sifted,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<(), Error> {
    let organisation = batch.head.organisation;
    let origin = keys::make_origin(batch, connection)?;
    let keys = keys::make(organisation, sifted.rows.iter().map(|row| &row.point), connection)?;
    let ended: Vec<LiveKey> =
        sifted.superseded.iter().map(|key| live_key(key, &keys).ok_or_else(unnamed)).collect::<Result<_, _>>()?;
    bulk::end(&ended, Standing::Superseded, now, connection)?;
    let (mut live, mut past, mut notes) = (Vec::with_capacity(sifted.rows.len()), Vec::new(), Vec::new());
    for (number, row) in (0..).zip(&sifted.rows) {
        let key = keys.of(&row.point).ok_or_else(unnamed)?;
        if let Some(note) = &row.point.note {
            notes.push((
                measurement_notes::origin_id.eq(origin),
                measurement_notes::number.eq(number),
                measurement_notes::note.eq(note),
            ));
        }
        let written = written(&row.point, key, (origin, number));
        if row.superseded {
            past.push(PastRow::of(written, <&str>::from(Standing::Superseded).to_owned(), now));
        } else {
            live.push(written);
        }
    }
    live.sort_unstable_by_key(|row| (row.measured_id, row.observed_at, row.series_id));
    bulk::insert(&live, connection)?;
    bulk::insert_past(&past, connection)?;
    for note in notes {
        on_connection!(connection, |c| diesel::insert_into(measurement_notes::table).values(note).execute(c))?;
    }
    rollups::follow(&live, &ended, connection)
}

/// Every row has its numbers by then: what had none would be lost.
fn unnamed() -> Error {
    let fault = "a measurement's series has no number".to_owned();
    Error::Corrupt { table: "measurement_series", row: Uuid::nil(), fault }
}

fn live_key(key: &Key, keys: &Keys<'_>) -> Option<LiveKey> {
    let (measured, series) = keys.named(key.indicator, &key.series)?;
    Some((measured, InstantValue(key.observed_at), series))
}

fn written(point: &Point, (measured_id, series_id): (i32, i32), (origin_id, number): (i32, i32)) -> Row {
    let (value, denominator) = match point.figure {
        Figure::Gauge { value } => (value, None),
        Figure::Ratio { numerator, denominator } => (numerator, Some(denominator)),
    };
    let observed_at = InstantValue(point.observed_at);
    Row { measured_id, observed_at, series_id, value, denominator, origin_id, number }
}

/// Has a batch's indicators evaluated.
fn enqueue(batch: &MeasurementBatch, connection: &mut AnyConnection) -> Result<(), Error> {
    let row = |indicator: &IndicatorId| {
        (
            evaluation_queue::organisation_id.eq(KeyValue(batch.head.organisation.0)),
            evaluation_queue::indicator_id.eq(KeyValue(indicator.0)),
            evaluation_queue::batch_id.eq(KeyValue(batch.head.id)),
        )
    };
    let rows: Vec<_> = batch.indicators.iter().map(row).collect();
    on_connection!(connection, |c| diesel::insert_into(evaluation_queue::table).values(&rows).execute(c))?;
    Ok(())
}
