//! From figures that rules have read to measurements: parts of a ratio are joined, and what cannot be told apart is refused.

use super::{Part, Terms};
use crate::id::IndicatorId;
use crate::measurements::RawPoint;
use crate::reference::Locator;
use crate::refusal::Fault;
use chrono::{DateTime, SubsecRound, Utc};
use std::collections::{BTreeMap, HashMap};

/// A figure as a rule has read it.
#[derive(Debug, Clone)]
pub struct Reading<'a> {
    /// By which rule.
    pub terms: &'a Terms,
    /// Of which series, by its place in the body.
    pub series: usize,
    /// Of which point of the body.
    pub point: usize,
    /// The labels of the series.
    pub labels: &'a BTreeMap<String, String>,
    /// When it was observed.
    pub at: DateTime<Utc>,
    /// As it arrived.
    pub value: f64,
}

/// A measurement, or why there is none, and of which points of the body it was made.
#[derive(Debug, Clone, PartialEq)]
pub struct Assembled {
    /// The points.
    pub points: Vec<usize>,
    /// Of which indicator.
    pub indicator: IndicatorId,
    /// What was made of them.
    pub made: Result<RawPoint, Fault>,
}

/// By which measurements are told apart.
type Key = (IndicatorId, DateTime<Utc>, BTreeMap<String, String>);

/// What is known of a measurement so far.
#[derive(Default)]
struct Parts {
    place: usize,
    value: Option<(usize, f64)>,
    numerator: Option<(usize, f64)>,
    denominator: Option<(usize, f64)>,
    points: Vec<usize>,
    /// Figures of the same series for the same that came before, and of which points.
    earlier: Vec<(Vec<usize>, f64)>,
}

/// Measurements out of figures, in the order in which they arrived.
///
/// Numerator and denominator of a ratio are joined where indicator, dimensions and moment are the same. Figures of different
/// series for the same part of the same measurement are refused but for the first series: a label that tells them apart is
/// not among the dimensions, and which of them counts would be chance.
#[must_use]
pub fn assemble(readings: Vec<Reading<'_>>) -> Vec<Assembled> {
    let mut known: HashMap<Key, Parts> = HashMap::new();
    let mut refused = Vec::new();
    for (place, reading) in readings.into_iter().enumerate() {
        let Reading { terms, series, point, labels, at, value } = reading;
        let figure = terms.figure(value);
        // To the microsecond, as both databases keep it.
        let key = (terms.indicator, at.trunc_subsecs(6), terms.dimensions_of(labels));
        let parts = known.entry(key).or_insert_with(|| Parts { place, ..Parts::default() });
        let slot = match terms.part {
            Part::Value => &mut parts.value,
            Part::Numerator => &mut parts.numerator,
            Part::Denominator => &mut parts.denominator,
        };
        match slot {
            Some((other, _)) if *other != series => {
                let detail = "another series of the body makes the same measurement: make the label that tells them apart a \
                    dimension, or match one of them alone";
                let made = Err(Fault::new("/dimensions", "ambiguous", detail));
                refused.push((place, Assembled { points: vec![point], indicator: terms.indicator, made }));
                continue;
            }
            // Of a ratio the last one counts; of a gauge both are told, as two items of a batch are.
            Some((_, before)) => {
                if terms.part == Part::Value {
                    parts.earlier.push((std::mem::take(&mut parts.points), *before));
                }
                *before = figure;
            }
            None => *slot = Some((series, figure)),
        }
        parts.points.push(point);
    }
    let made = known.into_iter().flat_map(|(key, parts)| measurements(key, parts));
    let mut all: Vec<(usize, Assembled)> = made.chain(refused).collect();
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, assembled)| assembled).collect()
}

fn measurements((indicator, observed_at, dimensions): Key, parts: Parts) -> Vec<(usize, Assembled)> {
    let Parts { place, value, numerator, denominator, points, earlier } = parts;
    let raw = |value: Option<f64>, numerator: Option<f64>, denominator: Option<f64>| RawPoint {
        indicator: Locator::Id(indicator.0),
        observed_at,
        value,
        numerator,
        denominator,
        dimensions: dimensions.clone(),
        note: None,
    };
    let missing = |part: &str| {
        let detail = format!("no {part} came in the same body with the same dimensions and the same moment");
        Err(Fault::new(format!("/{part}"), "required", detail))
    };
    let of = |part: Option<(usize, f64)>| part.map(|(_, figure)| figure);
    let made = match (of(numerator), of(denominator)) {
        (Some(_), None) => missing("denominator"),
        (None, Some(_)) => missing("numerator"),
        (numerator, denominator) => Ok(raw(of(value), numerator, denominator)),
    };
    let before = earlier.into_iter().map(|(points, figure)| Assembled {
        points,
        indicator,
        made: Ok(raw(Some(figure), None, None)),
    });
    before.chain([Assembled { points, indicator, made }]).map(|assembled| (place, assembled)).collect()
}
