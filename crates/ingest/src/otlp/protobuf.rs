//! The binary form. A message's fields may come in any order, so that each message is walked for what its parts need and
//! then for the parts; neither is kept.

use super::attributes;
use super::{Figure, Metric, Point, Resource, Temporality, Totals, refuse_whole, take};
use crate::histogram::{self, BUCKETS, Side};
use crate::wire::{Fields, Value, varint};
use crate::{Gathering, Intake, Labels, SAMPLES, Unreadable};

/// Reads a body.
///
/// # Errors
/// [`Unreadable`] when it is no such message, or holds too much.
pub fn decode(body: &[u8]) -> Result<Intake, Unreadable> {
    let mut gathering = Gathering::default();
    for resource in messages(body, 1) {
        of_resource(resource?, &mut gathering)?;
    }
    Ok(gathering.finish())
}

/// The messages of a repeated field.
pub(super) fn messages(body: &[u8], number: u32) -> impl Iterator<Item = Result<&[u8], Unreadable>> {
    Fields::of(body).filter_map(move |field| match field {
        Ok((at, Value::Bytes(bytes))) if at == number => Some(Ok(bytes)),
        Ok(_) => None,
        Err(broken) => Some(Err(broken)),
    })
}

fn of_resource(message: &[u8], gathering: &mut Gathering) -> Result<(), Unreadable> {
    let mut labels = Labels::new();
    for resource in messages(message, 1) {
        attributes::of_message(resource?, 1, &mut labels)?;
    }
    let resource = Resource::of(labels);
    for scope in messages(message, 2) {
        for metric in messages(scope?, 2) {
            of_metric(metric?, &resource, gathering)?;
        }
    }
    Ok(())
}

/// A point of one kind.
type Reader = fn(&[u8]) -> Result<Point, Unreadable>;

fn of_metric(message: &[u8], resource: &Resource, gathering: &mut Gathering) -> Result<(), Unreadable> {
    let name = Fields::of(message).last(1, Value::text)?.unwrap_or_default();
    let mut is_known = false;
    for field in Fields::of(message) {
        let (number, value) = field?;
        let read: Reader = match number {
            5 | 7 => number_point,
            9 => histogram_point,
            10 => exponential_point,
            11 => summary_point,
            _ => continue,
        };
        let Some(data) = value.bytes() else { continue };
        is_known = true;
        // A gauge and a summary have no temporality.
        let has_temporality = !matches!(number, 5 | 11);
        let temporality = Fields::of(data).last(2, Value::varint)?.and_then(Temporality::of);
        if has_temporality && temporality.is_none() {
            let count = messages(data, 1).try_fold(0, |count, point| point.map(|_| count + 1))?;
            refuse_whole(name, count, "the aggregation temporality is neither delta nor cumulative", gathering)?;
            continue;
        }
        let metric = Metric { name, resource, temporality: temporality.filter(|_| has_temporality) };
        for point in messages(data, 1) {
            take(&metric, Ok(read(point?)?), gathering)?;
        }
    }
    if !is_known {
        refuse_whole(name, 1, "the metric has no data that is known here", gathering)?;
    }
    Ok(())
}

/// A point whose attributes, time and flags have these numbers.
fn point(message: &[u8], of_attributes: u32, of_flags: u32) -> Result<Point, Unreadable> {
    let mut point = Point::default();
    attributes::of_message(message, of_attributes, &mut point.attributes)?;
    point.time = Fields::of(message).last(3, Value::unsigned)?.unwrap_or_default();
    point.flags = Fields::of(message).last(of_flags, Value::varint)?.unwrap_or_default();
    Ok(point)
}

fn number_point(message: &[u8]) -> Result<Point, Unreadable> {
    let mut point = point(message, 7, 8)?;
    for field in Fields::of(message) {
        let value = match field? {
            (4, value) => value.double(),
            (6, value) => value.signed().map(|number| number as f64),
            _ => continue,
        };
        point.figures = value.into_iter().map(|value| ("", None, value)).collect();
    }
    Ok(point)
}

fn histogram_point(message: &[u8]) -> Result<Point, Unreadable> {
    let mut point = point(message, 9, 10)?;
    let (mut counts, mut bounds) = (Vec::new(), Vec::new());
    for field in Fields::of(message) {
        match field? {
            (6, value) => counts.extend(eights(value).map(u64::from_le_bytes)),
            (7, value) => bounds.extend(eights(value).map(f64::from_le_bytes)),
            _ => {}
        }
    }
    point.figures = totals(message, 11, 12)?.figures(histogram::explicit(&bounds, &counts));
    Ok(point)
}

fn totals(message: &[u8], of_min: u32, of_max: u32) -> Result<Totals, Unreadable> {
    let fields = Fields::of(message);
    Ok(Totals {
        // Zero is not written by those who write nothing that is as it is without.
        count: fields.last(4, Value::unsigned)?.unwrap_or_default(),
        sum: fields.last(5, Value::double)?,
        min: fields.last(of_min, Value::double)?,
        max: fields.last(of_max, Value::double)?,
    })
}

fn exponential_point(message: &[u8]) -> Result<Point, Unreadable> {
    let mut point = point(message, 1, 10)?;
    let fields = Fields::of(message);
    let scale = fields.last(6, Value::zigzag)?.unwrap_or_default();
    let zeros = fields.last(7, Value::unsigned)?.unwrap_or_default();
    let side = |number| fields.last(number, Value::bytes)?.map_or_else(|| Ok(Side::default()), side_of);
    let buckets = histogram::exponential(scale, zeros, &side(9)?, &side(8)?);
    point.figures = totals(message, 12, 13)?.figures(buckets);
    Ok(point)
}

fn side_of(message: &[u8]) -> Result<Side, Unreadable> {
    let offset = Fields::of(message).last(1, Value::zigzag)?.unwrap_or_default();
    let mut counts = Vec::new();
    for field in Fields::of(message) {
        match field? {
            (2, Value::Varint(count)) => counts.push(count),
            (2, Value::Bytes(mut packed)) => {
                while !packed.is_empty() {
                    let count = varint(&mut packed)?;
                    // More than are looked at need not be held to be too many.
                    if counts.len() <= BUCKETS {
                        counts.push(count);
                    }
                }
            }
            _ => {}
        }
    }
    Ok(Side { offset, counts })
}

fn summary_point(message: &[u8]) -> Result<Point, Unreadable> {
    let mut point = point(message, 7, 8)?;
    let mut figures: Vec<Figure> = totals(message, 0, 0)?.figures(None);
    // More than any body may hold need not be held to be too many.
    for one in messages(message, 6).take(SAMPLES + 1) {
        let fields = Fields::of(one?);
        let (share, value) = (fields.last(1, Value::double)?, fields.last(2, Value::double)?);
        figures.push(("", Some(share.unwrap_or_default().to_string()), value.unwrap_or_default()));
    }
    point.figures = figures;
    Ok(point)
}

/// Numbers of eight bytes, packed or one by one.
fn eights(value: Value<'_>) -> impl Iterator<Item = [u8; 8]> {
    let (one, packed) = match value {
        Value::Fixed64(bytes) => (Some(bytes), &[][..]),
        Value::Bytes(packed) => (None, packed),
        Value::Varint(_) | Value::Fixed32(_) => (None, &[][..]),
    };
    let (packed, _) = packed.as_chunks::<8>();
    one.into_iter().chain(packed.iter().copied())
}
