//! Prometheus remote write: `prometheus.WriteRequest` (1.0) and `io.prometheus.write.v2.Request` (2.0), in snappy's block form.
//!
//! The metric's name is the label `__name__`. Every NaN says that there is no figure: the stale marker when a series ends, and
//! others where nothing was observed. Of a native histogram `<name>_count` and `<name>_sum` are taken.

use crate::wire::{Fields, Value, varint};
use crate::{Gathering, Intake, LABELS, Labels, Unreadable};
use chrono::{DateTime, Utc};

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
        let (1, Value::Bytes(series)) = field? else { continue };
        let mut labels = Labels::new();
        let mut fault = None;
        for field in Fields::of(series) {
            let (1, Value::Bytes(label)) = field? else { continue };
            let fields = Fields::of(label);
            let (name, value) = (fields.last(1, Value::text)?, fields.last(2, Value::text)?);
            put(name.unwrap_or_default(), value.unwrap_or_default(), &mut labels, &mut fault);
        }
        let series = Series { labels, fault, samples: 2, histograms: 4, message: series };
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
        let (5, Value::Bytes(series)) = field? else { continue };
        let (mut labels, mut fault) = (Labels::new(), None);
        let references = references(series)?;
        let (pairs, odd) = references.as_chunks::<2>();
        for [name, value] in pairs {
            match (symbols.get(*name), symbols.get(*value)) {
                (Some(name), Some(value)) => put(name, value, &mut labels, &mut fault),
                (_, _) => fault = Some("a label refers to no symbol".to_owned()),
            }
        }
        if !odd.is_empty() {
            fault = Some("a label has a name and no value".to_owned());
        }
        let series = Series { labels, fault, samples: 2, histograms: 3, message: series };
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

fn put(name: &str, value: &str, labels: &mut Labels, fault: &mut Option<String>) {
    if name.is_empty() {
        *fault = Some("a label has no name".to_owned());
    } else if labels.len() > LABELS {
        *fault = Some(format!("the series has more than {LABELS} labels"));
    } else if labels.insert(name.to_owned(), value.to_owned()).is_some() {
        *fault = Some(format!("the label {name} stands twice"));
    }
}

/// A series of either version, and where in its message its samples and histograms stand.
struct Series<'a> {
    labels: Labels,
    fault: Option<String>,
    samples: u32,
    histograms: u32,
    message: &'a [u8],
}

impl Series<'_> {
    fn take(self, gathering: &mut Gathering) -> Result<(), Unreadable> {
        let Self { mut labels, mut fault, samples, histograms, message } = self;
        let metric = labels.remove(NAME).unwrap_or_default();
        if metric.is_empty() && fault.is_none() {
            fault = Some(format!("the series has no {NAME}"));
        }
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
                gathering.refuse(format!("{metric}: {why}"));
                continue;
            }
            if is_histogram {
                let [count, sum] = match parts {
                    Some(parts) => parts,
                    None => *parts.insert([
                        gathering.series(format!("{metric}_count"), labels.clone())?,
                        gathering.series(format!("{metric}_sum"), labels.clone())?,
                    ]),
                };
                histogram(point, (&metric, count, sum), gathering)?;
            } else {
                let series = match own {
                    Some(series) => series,
                    None => *own.insert(gathering.series(metric.clone(), labels.clone())?),
                };
                sample(point, (&metric, series), gathering)?;
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
        Some(_) => gathering.refuse(format!("{metric}: the value is infinite")),
        None => gathering.refuse(format!("{metric}: the time is none")),
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
        Some(_) => gathering.refuse(format!("{metric}: the sum or the count is infinite")),
        None => gathering.refuse(format!("{metric}: the time is none")),
    }
    Ok(())
}

fn moment(milliseconds: i64) -> Option<DateTime<Utc>> {
    DateTime::from_timestamp_millis(milliseconds)
}

#[cfg(test)]
mod tests;
