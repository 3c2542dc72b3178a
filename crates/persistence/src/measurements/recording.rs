//! Recording a batch: what is known of it already, and what of it is written.

use super::bulk::{self, LiveKey};
use super::keys::{self, Keys};
use super::{PastRow, Row, figure, rollups};
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
use ratchet_domain::measurements::{BatchDraft, Figure, Key, MeasurementBatch, Point, Sifted, Standing};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Moments per SELECT.
const MOMENTS: usize = 500;

/// The live figures of all keys that these points have.
///
/// # Errors
/// The database's.
pub fn known<'a>(
    organisation: OrganisationId,
    points: impl Iterator<Item = &'a Point>,
    connection: &mut AnyConnection,
) -> Result<HashMap<Key, Figure>, Error> {
    let mut moments: BTreeMap<IndicatorId, BTreeSet<DateTime<Utc>>> = BTreeMap::new();
    for point in points {
        moments.entry(point.indicator).or_default().insert(point.observed_at);
    }
    let indicators: Vec<IndicatorId> = moments.keys().copied().collect();
    let mut known = HashMap::new();
    for (indicator, measured) in keys::measured(organisation, &indicators, connection)? {
        let moments = moments.remove(&indicator).unwrap_or_default();
        for (series, InstantValue(observed_at), value, denominator) in counted(measured, &moments, connection)? {
            known.insert(Key { indicator, observed_at, series }, figure(value, denominator));
        }
    }
    Ok(known)
}

type Counted = (String, InstantValue, f64, Option<f64>);

/// What counts of an indicator at these moments, and maybe at others between them.
fn counted(
    measured: i32,
    moments: &BTreeSet<DateTime<Utc>>,
    connection: &mut AnyConnection,
) -> Result<Vec<Counted>, Error> {
    let (Some(first), Some(last)) = (moments.first(), moments.last()) else { return Ok(Vec::new()) };
    let all = || {
        measurements::table.inner_join(measurement_series::table).filter(measurements::measured_id.eq(measured)).select(
            (measurement_series::dimensions, measurements::observed_at, measurements::value, measurements::denominator),
        )
    };
    // What comes in the order of time finds next to nothing between its moments: one statement. Where much else lies between
    // them, each moment is asked for.
    let enough = i64::try_from(moments.len() * 4 + 1_000).unwrap_or(i64::MAX);
    let between: Vec<Counted> = all()
        .filter(measurements::observed_at.ge(InstantValue(*first)))
        .filter(measurements::observed_at.le(InstantValue(*last)))
        .limit(enough + 1)
        .load(connection)?;
    if i64::try_from(between.len()).unwrap_or(i64::MAX) <= enough {
        return Ok(between);
    }
    let moments: Vec<InstantValue> = moments.iter().copied().map(InstantValue).collect();
    let mut found = Vec::new();
    for some in moments.chunks(MOMENTS) {
        let rows: Vec<Counted> =
            all().filter(measurements::observed_at.eq_any(some.iter().copied())).load(connection)?;
        found.extend(rows);
    }
    Ok(found)
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
    let ended: Vec<LiveKey> = sifted.superseded.iter().filter_map(|key| live_key(key, &keys)).collect();
    bulk::end(&ended, Standing::Superseded, now, connection)?;
    let (mut live, mut past, mut notes) = (Vec::with_capacity(sifted.rows.len()), Vec::new(), Vec::new());
    for (number, row) in (0..).zip(&sifted.rows) {
        let Some(key) = keys.of(&row.point) else { continue };
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
    for indicator in &batch.indicators {
        diesel::insert_into(evaluation_queue::table)
            .values((
                evaluation_queue::organisation_id.eq(KeyValue(batch.head.organisation.0)),
                evaluation_queue::indicator_id.eq(KeyValue(indicator.0)),
                evaluation_queue::batch_id.eq(KeyValue(batch.head.id)),
            ))
            .execute(connection)?;
    }
    Ok(())
}
