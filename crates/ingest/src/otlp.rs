//! OpenTelemetry metrics as OTLP/HTTP brings them: `ExportMetricsServiceRequest`, in Protocol Buffers or in JSON.
//!
//! Attributes of the resource are labels of each of its points; those of the point win. A gauge is one sample, and so is a sum.
//! A histogram is `<name>_count`, `<name>_sum`, `<name>_min`, `<name>_max`, and under its own name quantiles with a label
//! `quantile`; a summary is count, sum and the quantiles that it brings. Sums and histograms have a label `temporality`
//! (`delta`, `cumulative`), since a running total is another figure than what was added.

mod attributes;
mod json;
mod protobuf;

pub use json::decode as json;
pub use protobuf::decode as protobuf;

use crate::histogram::{self, Bucket, QUANTILES};
use crate::wire::Message;
use crate::{Gathering, LABELS, Labels, SHARED_BYTES, Unreadable, borrowed, moment};

/// The flag of a point that says that there is no figure.
const NO_RECORDED_VALUE: u64 = 1;
/// By which quantiles are told apart.
const QUANTILE: &str = "quantile";

/// What the points of a resource share: it is looked at once, and copied for what is taken alone.
struct Resource {
    labels: Labels,
    /// Why it is told with none of its points.
    fault: Option<&'static str>,
}

impl Resource {
    fn of(labels: Labels) -> Self {
        let bytes: usize = borrowed(&labels).map(|(name, value)| name.len() + value.len()).sum();
        let fault = if labels.len() > LABELS {
            Some("the resource has more than 64 attributes")
        } else if bytes > SHARED_BYTES {
            Some("the attributes of the resource have more than 16384 bytes")
        } else {
            None
        };
        Self { labels, fault }
    }

    /// Its labels beside a point's own, which win.
    fn beside<'a>(&'a self, own: &'a Labels) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        borrowed(&self.labels).filter(|(name, _)| !own.contains_key(*name))
    }
}

/// What the points of a metric share.
struct Metric<'a> {
    name: &'a str,
    resource: &'a Resource,
    temporality: Option<Temporality>,
}

/// Whether figures are what was added, or running totals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Temporality {
    Delta,
    Cumulative,
}

impl Temporality {
    /// As the enumeration numbers it; 0 says nothing, which the protocol forbids.
    fn of(number: u64) -> Option<Self> {
        match number {
            1 => Some(Self::Delta),
            2 => Some(Self::Cumulative),
            _ => None,
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Delta => "delta",
            Self::Cumulative => "cumulative",
        }
    }
}

/// A figure of a point: what the metric's name is followed by, which quantile it is, and how much.
type Figure = (&'static str, Option<String>, f64);

/// A point as it was read.
#[derive(Debug, Default)]
struct Point {
    attributes: Labels,
    time: u64,
    flags: u64,
    figures: Vec<Figure>,
}

/// What both kinds of histogram have.
#[derive(Debug, Default)]
struct Totals {
    /// Nought where it is not written, as the format leaves noughts out.
    count: u64,
    sum: Option<f64>,
    min: Option<f64>,
    max: Option<f64>,
}

impl Totals {
    /// Its figures, with the quantiles that the buckets tell.
    fn figures(self, buckets: Option<Vec<Bucket>>) -> Vec<Figure> {
        let Self { count, sum, min, max } = self;
        let parts = [("_sum", sum), ("_min", min), ("_max", max)];
        let mut figures = vec![("_count", None, count as f64)];
        figures.extend(parts.into_iter().filter_map(|(name, value)| Some((name, None, value?))));
        for (share, name) in QUANTILES {
            let found = buckets.as_deref().and_then(|buckets| histogram::quantile(buckets, share));
            figures.extend(found.map(|value| ("", Some(name.to_owned()), value)));
        }
        figures
    }
}

/// Takes a point in, or says why not. What is shared is copied last: a point of two bytes is refused without.
fn take(metric: &Metric<'_>, point: Result<Point, String>, gathering: &mut Gathering) -> Result<(), Unreadable> {
    gathering.begin();
    let Metric { name, resource, temporality } = metric;
    let Point { attributes, time, flags, mut figures } = match point {
        Ok(point) => point,
        Err(why) => return gathering.refuse(|| format!("{name}: {why}")),
    };
    if flags & NO_RECORDED_VALUE != 0 {
        gathering.pass_over();
        return Ok(());
    }
    // No observations have no quantile; of anything else a part that is missing would be a point that is not whole.
    figures.retain(|(_, quantile, value)| quantile.is_none() || value.is_finite());
    let is_whole = figures.iter().all(|(_, _, value)| value.is_finite());
    let is_crowded = || attributes.len() > LABELS || attributes.len() + resource.beside(&attributes).count() > LABELS;
    let fault = match moment(time) {
        _ if resource.fault.is_some() => resource.fault,
        _ if name.is_empty() => Some("a metric needs a name"),
        None => Some("the point has no time"),
        Some(_) if figures.is_empty() => Some("the point has no value that is known here"),
        Some(_) if !is_whole => Some("the value, or the sum, the least or the greatest, is not a finite number"),
        Some(_) if is_crowded() => Some("the point has more than 64 attributes"),
        Some(_) => None,
    };
    let (None, Some(at)) = (fault, moment(time)) else {
        return gathering.refuse(|| format!("{name}: {}", fault.unwrap_or_default()));
    };
    let temporality = temporality.map(|temporality| ("temporality", temporality.name()));
    for (suffix, quantile, value) in &figures {
        let quantile = quantile.as_deref().map(|quantile| (QUANTILE, quantile));
        let labels = resource.beside(&attributes).chain(borrowed(&attributes)).chain(quantile).chain(temporality);
        let series = gathering.series(&[name, suffix], labels)?;
        gathering.sample(series, at, *value)?;
    }
    Ok(())
}

/// A metric of which nothing can be read: at least one point is lost, and it is told.
fn refuse_whole(name: &str, points: usize, why: &str, gathering: &mut Gathering) -> Result<(), Unreadable> {
    for _ in 0..points.max(1) {
        gathering.begin();
        gathering.refuse(|| format!("{name}: {why}"))?;
    }
    Ok(())
}

/// `ExportMetricsServiceResponse`, in Protocol Buffers: empty where everything was taken.
#[must_use]
pub fn response(rejected: usize, why: &str) -> Vec<u8> {
    if rejected == 0 && why.is_empty() {
        return Vec::new();
    }
    let partial = Message::default().varint(1, rejected as u64).bytes(2, why.as_bytes());
    Message::default().message(1, partial).into_bytes()
}

/// `google.rpc.Status`, in Protocol Buffers.
#[must_use]
pub fn status(code: u32, message: &str) -> Vec<u8> {
    Message::default().varint(1, u64::from(code)).bytes(2, message.as_bytes()).into_bytes()
}

#[cfg(test)]
mod tests;
