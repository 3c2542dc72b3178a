//! The JSON form. Each level is kept as the text that it is until its turn, so that no tree of the body is held; a member that
//! is not known is stepped over, as the protocol wants it, but a point that has nothing that is known is refused.

use super::attributes::Attributes;
use super::{Metric, Point, Temporality, Totals, refuse_whole, take};
use crate::histogram::{self, Side};
use crate::{Gathering, Intake, SAMPLES, Unreadable};
use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Request<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    resource_metrics: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ResourceMetrics<'a> {
    #[serde(default)]
    resource: Option<Resource>,
    #[serde(borrow, default, deserialize_with = "or_default")]
    scope_metrics: Vec<&'a RawValue>,
}

#[derive(Deserialize, Default)]
struct Resource {
    #[serde(default, deserialize_with = "or_default")]
    attributes: Attributes,
}

#[derive(Deserialize)]
struct ScopeMetrics<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    metrics: Vec<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MetricData<'a> {
    #[serde(default, deserialize_with = "or_default")]
    name: String,
    #[serde(borrow, default)]
    gauge: Option<Data<'a>>,
    #[serde(borrow, default)]
    sum: Option<Data<'a>>,
    #[serde(borrow, default)]
    histogram: Option<Data<'a>>,
    #[serde(borrow, default)]
    exponential_histogram: Option<Data<'a>>,
    #[serde(borrow, default)]
    summary: Option<Data<'a>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data<'a> {
    #[serde(borrow, default, deserialize_with = "or_default")]
    data_points: Vec<&'a RawValue>,
    /// Kept as it is: a spelling that the protocol does not have is told for each point, and not taken for nothing.
    #[serde(borrow, default)]
    aggregation_temporality: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct DataPoint {
    #[serde(default, deserialize_with = "or_default")]
    attributes: Attributes,
    #[serde(default, deserialize_with = "unsigned")]
    time_unix_nano: Option<u64>,
    #[serde(default, deserialize_with = "unsigned")]
    flags: Option<u64>,
    #[serde(default, deserialize_with = "double")]
    as_double: Option<f64>,
    #[serde(default, deserialize_with = "signed")]
    as_int: Option<i64>,
    #[serde(default, deserialize_with = "unsigned")]
    count: Option<u64>,
    #[serde(default, deserialize_with = "double")]
    sum: Option<f64>,
    #[serde(default, deserialize_with = "double")]
    min: Option<f64>,
    #[serde(default, deserialize_with = "double")]
    max: Option<f64>,
    #[serde(default, deserialize_with = "counts")]
    bucket_counts: Vec<u64>,
    #[serde(default, deserialize_with = "or_default")]
    explicit_bounds: Vec<f64>,
    #[serde(default, deserialize_with = "signed")]
    scale: Option<i64>,
    #[serde(default, deserialize_with = "unsigned")]
    zero_count: Option<u64>,
    #[serde(default)]
    positive: Option<Buckets>,
    #[serde(default)]
    negative: Option<Buckets>,
    #[serde(default, deserialize_with = "or_default")]
    quantile_values: Vec<QuantileValue>,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct Buckets {
    #[serde(default, deserialize_with = "signed")]
    offset: Option<i64>,
    #[serde(default, deserialize_with = "counts")]
    bucket_counts: Vec<u64>,
}

#[derive(Deserialize)]
struct QuantileValue {
    #[serde(default, deserialize_with = "double")]
    quantile: Option<f64>,
    #[serde(default, deserialize_with = "double")]
    value: Option<f64>,
}

/// A number of 64 bits: as a text, or as a number.
#[derive(Deserialize)]
#[serde(untagged)]
enum Number {
    Unsigned(u64),
    Text(String),
}

impl Number {
    fn get(&self) -> Option<u64> {
        match self {
            Self::Unsigned(number) => Some(*number),
            Self::Text(text) => text.parse().ok(),
        }
    }
}

/// A number, or a text of one.
#[derive(Deserialize)]
#[serde(untagged)]
enum Loose {
    Signed(i64),
    Unsigned(u64),
    Double(f64),
    Text(String),
}

/// What is `null` is as if it were not written.
pub(super) fn or_default<'de, T: Deserialize<'de> + Default, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<T, D::Error> {
    Ok(Option::<T>::deserialize(deserializer)?.unwrap_or_default())
}

/// The counts of buckets, whole: each says by its place of which bucket it is.
fn counts<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u64>, D::Error> {
    let read: Vec<Number> = or_default(deserializer)?;
    let whole = |number: &Number| number.get().ok_or_else(|| D::Error::custom("a count must be a whole number"));
    read.iter().map(whole).collect()
}

fn unsigned<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    let read = Option::<Number>::deserialize(deserializer)?;
    read.map(|number| number.get().ok_or_else(|| D::Error::custom("must be a whole number"))).transpose()
}

pub(super) fn signed<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let whole = |loose: Loose| match loose {
        Loose::Signed(number) => Some(number),
        Loose::Text(text) => text.parse().ok(),
        Loose::Unsigned(_) | Loose::Double(_) => None,
    };
    let read = Option::<Loose>::deserialize(deserializer)?;
    read.map(|loose| whole(loose).ok_or_else(|| D::Error::custom("must be a whole number"))).transpose()
}

/// What JSON has no numbers for is written as a text: `NaN`, `Infinity`, `-Infinity`.
pub(super) fn double<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    let number = |loose: Loose| match loose {
        Loose::Signed(number) => Some(number as f64),
        Loose::Unsigned(number) => Some(number as f64),
        Loose::Double(number) => Some(number),
        Loose::Text(text) => text.parse().ok(),
    };
    let read = Option::<Loose>::deserialize(deserializer)?;
    read.map(|loose| number(loose).ok_or_else(|| D::Error::custom("must be a number"))).transpose()
}

/// Reads a body.
///
/// # Errors
/// [`Unreadable`] when it is no such message, or holds too much.
pub fn decode(body: &[u8]) -> Result<Intake, Unreadable> {
    let mut gathering = Gathering::default();
    let request: Request<'_> = parse(body)?;
    for resource in request.resource_metrics {
        let ResourceMetrics { resource, scope_metrics } = parse(resource.get().as_bytes())?;
        let resource = super::Resource::of(resource.unwrap_or_default().attributes.0);
        for scope in scope_metrics {
            let scope: ScopeMetrics<'_> = parse(scope.get().as_bytes())?;
            for metric in scope.metrics {
                of_metric(metric, &resource, &mut gathering)?;
            }
        }
    }
    Ok(gathering.finish())
}

/// What holds others must have the form of the message: how many points are lost in it nobody could tell.
fn parse<'a, T: Deserialize<'a>>(text: &'a [u8]) -> Result<T, Unreadable> {
    // Serde takes a list of the members' values for the object, too.
    if text.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'[') {
        return Err(Unreadable::malformed("the body is not an OTLP message in JSON: an object is expected"));
    }
    serde_json::from_slice(text).map_err(|error| {
        let told = error.to_string();
        let told = told.split(" at line ").next().unwrap_or_default();
        Unreadable::malformed(format!("the body is not an OTLP message in JSON: {told}"))
    })
}

type Reader = fn(DataPoint) -> Point;

fn of_metric(metric: &RawValue, resource: &super::Resource, gathering: &mut Gathering) -> Result<(), Unreadable> {
    let MetricData { name, gauge, sum, histogram, exponential_histogram, summary } = parse(metric.get().as_bytes())?;
    let kinds: [(Option<Data<'_>>, bool, Reader); 5] = [
        (gauge, false, number_point),
        (sum, true, number_point),
        (histogram, true, histogram_point),
        (exponential_histogram, true, exponential_point),
        (summary, false, summary_point),
    ];
    let mut is_known = false;
    for (data, has_temporality, read) in kinds {
        let Some(Data { data_points, aggregation_temporality }) = data else { continue };
        is_known = true;
        let number = aggregation_temporality.and_then(|raw| raw.get().parse().ok());
        let temporality = number.and_then(Temporality::of);
        if has_temporality && temporality.is_none() {
            let told = aggregation_temporality.map_or("nothing", |raw| raw.get());
            let why = format!("the aggregation temporality must be 1 (delta) or 2 (cumulative), not {told}");
            refuse_whole(&name, data_points.len(), &why, gathering)?;
            continue;
        }
        let metric = Metric { name: &name, resource, temporality: temporality.filter(|_| has_temporality) };
        for point in data_points {
            take(&metric, item(point).map(read), gathering)?;
        }
    }
    if !is_known {
        refuse_whole(&name, 1, "the metric has no data that is known here", gathering)?;
    }
    Ok(())
}

/// One point: what is wrong with it keeps no other away.
fn item<T: DeserializeOwned>(text: &RawValue) -> Result<T, String> {
    serde_json::from_str(text.get()).map_err(|error| {
        let told = error.to_string();
        format!("the point cannot be read: {}", told.split(" at line ").next().unwrap_or_default())
    })
}

impl DataPoint {
    fn totals(&self) -> Totals {
        let Self { count, sum, min, max, .. } = self;
        Totals { count: count.unwrap_or_default(), sum: *sum, min: *min, max: *max }
    }

    /// The point, without its figures yet.
    fn bare(self) -> Point {
        Point {
            attributes: self.attributes.0,
            time: self.time_unix_nano.unwrap_or_default(),
            flags: self.flags.unwrap_or_default(),
            figures: Vec::new(),
        }
    }
}

fn number_point(point: DataPoint) -> Point {
    let value = point.as_double.or(point.as_int.map(|number| number as f64));
    Point { figures: value.into_iter().map(|value| ("", None, value)).collect(), ..point.bare() }
}

fn histogram_point(point: DataPoint) -> Point {
    let buckets = histogram::explicit(&point.explicit_bounds, &point.bucket_counts);
    Point { figures: point.totals().figures(buckets), ..point.bare() }
}

fn exponential_point(mut point: DataPoint) -> Point {
    let side = |buckets: Option<Buckets>| {
        let Buckets { offset, bucket_counts } = buckets.unwrap_or_default();
        Side { offset: offset.unwrap_or_default(), counts: bucket_counts }
    };
    let (negative, positive) = (side(point.negative.take()), side(point.positive.take()));
    let buckets = histogram::exponential(
        point.scale.unwrap_or_default(),
        point.zero_count.unwrap_or_default(),
        &negative,
        &positive,
    );
    Point { figures: point.totals().figures(buckets), ..point.bare() }
}

fn summary_point(point: DataPoint) -> Point {
    let mut figures = point.totals().figures(None);
    // More than any body may hold need not be held to be too many.
    let quantiles = point.quantile_values.iter().take(SAMPLES + 1);
    figures.extend(quantiles.map(|QuantileValue { quantile, value }| {
        ("", Some(quantile.unwrap_or_default().to_string()), value.unwrap_or_default())
    }));
    Point { figures, ..point.bare() }
}
