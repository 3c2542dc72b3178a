//! Prometheus remote write: `prometheus.WriteRequest` (1.0) and `io.prometheus.write.v2.Request` (2.0), in snappy's block form.
//!
//! The metric's name is the label `__name__`. Every NaN says that there is no figure: the stale marker when a series ends, and
//! others where nothing was observed. Of a native histogram `<name>_count` and `<name>_sum` are taken.

use crate::wire::{Fields, Value, varint};
use crate::{Gathering, Intake, LABELS, SHARED_BYTES, Unreadable};
use chrono::{DateTime, Utc};
use std::collections::BTreeMap;

/// The label that holds the metric's name.
const NAME: &str = "__name__";

/// Inflates a body that has at most `limit` bytes then; what it claims to have is looked at first.
///
/// # Errors
/// [`Unreadable`].
pub fn inflate(body: &[u8], limit: usize) -> Result<Vec<u8>, Unreadable> {
    let broken = |_| Unreadable::malformed("the body is not compressed with snappy in its block form");
    let claimed = snap::raw::decompress_len(body).map_err(broken)?;
    if claimed > limit {
        return Err(Unreadable::TooMuch(format!("the body has {claimed} bytes inflated; {limit} are read")));
    }
    // No run of snappy's makes more than 64 bytes of three: a claim beyond that is not kept.
    if claimed > body.len().saturating_mul(32) {
        return Err(Unreadable::malformed("the body claims to be larger than it can be"));
    }
    snap::raw::Decoder::new().decompress_vec(body).map_err(broken)
}

/// Reads an inflated body of 1.0.
///
/// # Errors
/// [`Unreadable`] when it is no such message, or holds too much.
pub fn v1(body: &[u8]) -> Result<Intake, Unreadable> {
    let mut gathering = Gathering::default();
    for field in Fields::of(body) {
        let series = match field? {
            (1, Value::Bytes(series)) => series,
            // Read as this version it would be nothing, and nothing would be missed.
            (4 | 5, _) => return Err(Unreadable::malformed("the body is of version 2.0, its type of 1.0")),
            _ => continue,
        };
        let mut labels = Labels::default();
        for field in Fields::of(series) {
            let (1, Value::Bytes(label)) = field? else { continue };
            let fields = Fields::of(label);
            let (name, value) = (fields.last(1, Value::text)?, fields.last(2, Value::text)?);
            labels.put(name.unwrap_or_default(), value.unwrap_or_default());
        }
        let series = Series { labels, samples: 2, histograms: 4, message: series };
        series.take(&mut gathering)?;
    }
    Ok(gathering.finish())
}

/// Reads an inflated body of 2.0, whose labels refer to a table of symbols.
///
/// # Errors
/// [`Unreadable`] when it is no such message, or holds too much.
pub fn v2(body: &[u8]) -> Result<Intake, Unreadable> {
    let mut symbols: Vec<&str> = Vec::new();
    for field in Fields::of(body) {
        if let (4, value) = field? {
            symbols.push(value.text().ok_or_else(|| Unreadable::malformed("a symbol is not UTF-8"))?);
        }
    }
    if symbols.first().is_some_and(|first| !first.is_empty()) {
        return Err(Unreadable::malformed("the first symbol must be empty"));
    }
    let mut gathering = Gathering::default();
    for field in Fields::of(body) {
        let series = match field? {
            (5, Value::Bytes(series)) => series,
            (1, _) => return Err(Unreadable::malformed("the body is of version 1.0, its type of 2.0")),
            _ => continue,
        };
        let mut labels = Labels::default();
        let references = references(series)?;
        let (pairs, odd) = references.as_chunks::<2>();
        for [name, value] in pairs {
            match (symbols.get(*name), symbols.get(*value)) {
                (Some(name), Some(value)) => labels.put(name, value),
                (_, _) => labels.fault("a label refers to no symbol"),
            }
        }
        if !odd.is_empty() {
            labels.fault("a label has a name and no value");
        }
        let series = Series { labels, samples: 2, histograms: 3, message: series };
        series.take(&mut gathering)?;
    }
    Ok(gathering.finish())
}

/// The references of a series' labels, packed or one by one; more than any series may have are not read.
fn references(series: &[u8]) -> Result<Vec<usize>, Unreadable> {
    let mut references = Vec::new();
    for field in Fields::of(series) {
        let (number, value) = field?;
        match (number, value) {
            (1, Value::Varint(reference)) => references.push(reference),
            (1, Value::Bytes(mut packed)) => {
                while !packed.is_empty() && references.len() <= 2 * (LABELS + 2) {
                    references.push(varint(&mut packed)?);
                }
            }
            (_, _) => {}
        }
    }
    Ok(references.into_iter().map(|reference| usize::try_from(reference).unwrap_or(usize::MAX)).collect())
}

/// Labels of a series as they are read: borrowed, since a symbol stands once in a body however many series refer to it.
#[derive(Default)]
struct Labels<'a> {
    by_name: BTreeMap<&'a str, &'a str>,
    bytes: usize,
    /// The first thing that is wrong with them; what comes behind it is not looked at.
    fault: Option<String>,
}

impl<'a> Labels<'a> {
    fn put(&mut self, name: &'a str, value: &'a str) {
        if self.fault.is_some() {
            return;
        }
        self.bytes = self.bytes.saturating_add(name.len()).saturating_add(value.len());
        if name.is_empty() {
            self.fault("a label has no name");
        } else if self.by_name.len() > LABELS {
            self.fault(format!("the series has more than {LABELS} labels"));
        } else if self.bytes > SHARED_BYTES {
            self.fault(format!("the labels of the series have more than {SHARED_BYTES} bytes"));
        } else if self.by_name.insert(name, value).is_some() {
            self.fault(format!("the label {name} stands twice"));
        }
    }

    fn fault(&mut self, why: impl Into<String>) {
        self.fault.get_or_insert_with(|| why.into());
    }
}

/// A series of either version, and where in its message its samples and histograms stand.
struct Series<'a> {
    labels: Labels<'a>,
    samples: u32,
    histograms: u32,
    message: &'a [u8],
}

impl Series<'_> {
    fn take(self, gathering: &mut Gathering) -> Result<(), Unreadable> {
        let Self { mut labels, samples, histograms, message } = self;
        let metric = labels.by_name.remove(NAME).unwrap_or_default();
        if metric.is_empty() {
            labels.fault(format!("the series has no {NAME}"));
        }
        let Labels { by_name, bytes: _, fault } = labels;
        let labels = by_name.iter().map(|(name, value)| (*name, *value));
        let (mut own, mut parts) = (None, None);
        for field in Fields::of(message) {
            let (number, value) = field?;
            let Some(point) = value.bytes().filter(|_| number == samples || number == histograms) else { continue };
            gathering.begin();
            let is_histogram = number == histograms;
            if is_histogram {
                gathering.note_histogram();
            }
            if let Some(why) = &fault {
                gathering.refuse(|| format!("{metric}: {why}"))?;
                continue;
            }
            if is_histogram {
                let [count, sum] = match parts {
                    Some(parts) => parts,
                    None => *parts.insert([
                        gathering.series(&[metric, "_count"], labels.clone())?,
                        gathering.series(&[metric, "_sum"], labels.clone())?,
                    ]),
                };
                histogram(point, (metric, count, sum), gathering)?;
            } else {
                let series = match own {
                    Some(series) => series,
                    None => *own.insert(gathering.series(&[metric], labels.clone())?),
                };
                sample(point, (metric, series), gathering)?;
            }
        }
        Ok(())
    }
}

/// `Sample`: what is not written is nought.
fn sample(point: &[u8], (metric, series): (&str, usize), gathering: &mut Gathering) -> Result<(), Unreadable> {
    let fields = Fields::of(point);
    let value = fields.last(1, Value::double)?.unwrap_or_default();
    let at = fields.last(2, Value::int)?.unwrap_or_default();
    match moment(at) {
        Some(_) if value.is_nan() => gathering.pass_over(),
        Some(at) if value.is_finite() => gathering.sample(series, at, value)?,
        Some(_) => gathering.refuse(|| format!("{metric}: the value is infinite"))?,
        None => gathering.refuse(|| format!("{metric}: the time is none"))?,
    }
    Ok(())
}

/// `Histogram`: its count and its sum.
fn histogram(
    point: &[u8],
    (metric, of_count, of_sum): (&str, usize, usize),
    gathering: &mut Gathering,
) -> Result<(), Unreadable> {
    let fields = Fields::of(point);
    let whole = fields.last(1, Value::varint)?.map(|count| count as f64);
    let count = fields.last(2, Value::double)?.or(whole).unwrap_or_default();
    let sum = fields.last(3, Value::double)?.unwrap_or_default();
    match moment(fields.last(15, Value::int)?.unwrap_or_default()) {
        // The sum of one that ends is the stale marker.
        Some(_) if sum.is_nan() => gathering.pass_over(),
        Some(at) if sum.is_finite() && count.is_finite() => {
            gathering.sample(of_count, at, count)?;
            gathering.sample(of_sum, at, sum)?;
        }
        Some(_) => gathering.refuse(|| format!("{metric}: the sum or the count is infinite"))?,
        None => gathering.refuse(|| format!("{metric}: the time is none"))?,
    }
    Ok(())
}

fn moment(milliseconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(milliseconds)
}

#[cfg(test)]
mod tests;
