//! The chart of one series of an indicator: on what its limits rest, where each measurement lies on it, and where its trend
//! leads.

use super::phases::Phase;
use super::{Control, ControlChart, Frequency, Goal};
use crate::analysis::control::rules::{Rule, met};
use crate::analysis::control::season::{Season, Slot};
use crate::analysis::control::{
    Centre, EWMA_WEIGHT, EWMA_WIDTH, Ewma, Part, WIDTH, ewma, individuals, mean, overall, overdispersion, proportion,
    proportion_sigma, resemblance,
};
use crate::measurements::Figure;
use chrono::{DateTime, Utc};
use serde::Serialize;
use strum::{EnumString, IntoStaticStr, VariantArray};

#[cfg(test)]
mod tests;
mod trend;

pub use trend::{Forecast, TREND_LEAST, Trend, trend};

/// Neighbours whose autocorrelation exceeds this, and what chance would give, resemble each other too much for rules that
/// suppose independence.
const RESEMBLANCE: f64 = 0.5;

/// A measurement of one series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Reading {
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
    /// What was measured.
    pub figure: Figure,
}

impl Reading {
    /// When, and the value that is charted.
    #[must_use]
    pub fn point(&self) -> (DateTime<Utc>, f64) {
        (self.observed_at, self.figure.value())
    }
}

/// Which control chart a phase has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum ChartKind {
    /// Individuals: limits at the same distance for every measurement.
    Individuals,
    /// A p-chart: limits the closer the more was looked at, and as far as the shares scatter beyond chance (Laney's p').
    Proportions,
}

/// Why a phase has no limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Unlimited {
    /// The indicator is set to have no control chart.
    NotCharted,
    /// Fewer measurements than the baseline takes.
    TooFew,
    /// The baseline is one and the same value, around which nothing scatters.
    NoVariation,
    /// The rhythm that is to be taken out has not been seen four times within the baseline.
    RhythmNotSeen,
}

/// How far values scatter without anything having happened.
#[derive(Debug, Clone, PartialEq)]
enum Scatter {
    Even(f64),
    Binomial,
}

/// On what the limits of a phase rest.
#[derive(Debug, Clone, PartialEq)]
pub struct Basis {
    /// Which chart it is.
    pub kind: ChartKind,
    /// The centre, before a rhythm is added.
    pub centre: f64,
    /// On how many measurements it rests: the first of the phase.
    pub measurements: usize,
    /// When the last of them was observed.
    pub until: DateTime<Utc>,
    /// How much neighbours resemble each other: the autocorrelation at lag 1, from -1 to 1.
    pub resemblance: f64,
    /// Whether they do so much that limits are drawn by the scatter of all, and that rules which suppose independence are
    /// not looked for.
    pub is_serial: bool,
    /// The rules that are looked for.
    pub rules: Vec<Rule>,
    scatter: Scatter,
    /// What the scatter is multiplied by: 1 unless neighbours resemble each other, or shares scatter more than by chance.
    scale: f64,
    rhythm: Option<(Season, Vec<Option<Slot>>)>,
}

/// A value without what the rhythm adds to it.
#[derive(Debug, Clone, Copy)]
struct Calm {
    value: f64,
    /// 1/m of the m values on which the mean of its slot rests; 0 without a rhythm, where there is no such mean.
    share: f64,
}

impl Calm {
    /// How far a value of the baseline scatters around the mean of its slot, of which it is a part: σ√(1 - 1/m).
    fn within(self) -> f64 {
        (1.0 - self.share).sqrt()
    }

    /// How far a later value scatters around that mean, which has an error of its own: σ√(1 + 1/m). It lies √((m+1)/(m-1))
    /// times as far off as the baseline would make believe.
    fn beyond(self) -> f64 {
        (1.0 + self.share).sqrt()
    }
}

/// Where a measurement lies on the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Place {
    /// The centre at that moment.
    pub centre: f64,
    /// A standard deviation.
    pub sigma: f64,
    /// The distance from the centre, in standard deviations.
    pub z: f64,
    /// The rules that are met with it.
    pub rules: Vec<Rule>,
}

/// A measurement on the chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Charted {
    /// What was measured.
    pub reading: Reading,
    /// Whether limits rest on it, too.
    pub in_baseline: bool,
    /// Where it lies; `None` where there are no limits.
    pub place: Option<Place>,
    /// The exponentially weighted mean up to it, and how far from the centre that may lie.
    pub ewma: Option<Ewma>,
}

/// A phase of a chart, with its measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct Segment {
    /// With what it begins, and when.
    pub phase: Phase,
    /// On what its limits rest, or why there are none.
    pub basis: Result<Basis, Unlimited>,
    /// Its measurements, in the order in which they were observed.
    pub points: Vec<Charted>,
}

/// The phases in which `readings` of a series lie, oldest first, each with limits of its own. `first` are the first
/// measurements of the phase in which `readings` begin, where they begin in the middle of it.
#[must_use]
pub fn segments(
    phases: &[Phase],
    readings: &[Reading],
    first: Option<&[Reading]>,
    control: &Control,
    frequency: Option<Frequency>,
) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for (n, phase) in phases.iter().enumerate() {
        let from = readings.partition_point(|reading| reading.observed_at < phase.starts_at);
        let next = phases.get(n + 1).map(|next| next.starts_at);
        let to = next.map_or(readings.len(), |next| readings.partition_point(|reading| reading.observed_at < next));
        let Some(own) = readings.get(from..to).filter(|own| !own.is_empty()) else { continue };
        let basis = Basis::of(first.filter(|_| segments.is_empty()).unwrap_or(own), control, frequency);
        let points = basis.as_ref().map_or_else(|_| uncharted(own), |basis| basis.charted(own));
        segments.push(Segment { phase: *phase, basis, points });
    }
    segments
}

fn uncharted(readings: &[Reading]) -> Vec<Charted> {
    let plain = |reading: &Reading| Charted { reading: *reading, in_baseline: false, place: None, ewma: None };
    readings.iter().map(plain).collect()
}

/// At most `most` (two at least) of many points, the last among them: of each stretch the one that says most, which is where
/// a rule is met, and else what lies farthest from the mean of the stretch.
#[must_use]
pub fn thinned(points: &[Charted], most: usize) -> Vec<&Charted> {
    if points.len() <= most {
        return points.iter().collect();
    }
    let Some((last, before)) = points.split_last() else { return Vec::new() };
    let stretches = most.saturating_sub(1).max(1);
    let bound = |n: usize| n * before.len() / stretches;
    let telling = |stretch: usize| {
        let own = before.get(bound(stretch)..bound(stretch + 1)).unwrap_or_default();
        let mean = mean(&own.iter().map(|one| one.reading.figure.value()).collect::<Vec<_>>())?;
        let says = |one: &&Charted| {
            let (value, place) = (one.reading.figure.value(), one.place.as_ref());
            let met = place.is_some_and(|place| !place.rules.is_empty());
            (met, place.filter(|_| met).map_or((value - mean).abs(), |place| place.z.abs()))
        };
        own.iter().max_by(|a, b| {
            let (a, b) = (says(a), says(b));
            a.0.cmp(&b.0).then_with(|| a.1.total_cmp(&b.1))
        })
    };
    (0..stretches).filter_map(telling).chain([last]).collect()
}

/// The measurements on which the limits of a phase rest, out of the first of it.
fn baseline<'a>(phase: &'a [Reading], control: &Control, frequency: Option<Frequency>) -> Option<&'a [Reading]> {
    phase.get(..usize::from(control.baseline(frequency)))
}

impl Basis {
    /// What the limits of a phase are, by its first measurements in the order in which they were observed; more than the
    /// baseline takes are not looked at.
    ///
    /// # Errors
    /// Why there are none.
    pub fn of(phase: &[Reading], control: &Control, frequency: Option<Frequency>) -> Result<Self, Unlimited> {
        let may_be_shares = match control.chart {
            ControlChart::None => return Err(Unlimited::NotCharted),
            ControlChart::Automatic => control.season.is_none(),
            ControlChart::Individuals => false,
        };
        let first = baseline(phase, control, frequency).ok_or(Unlimited::TooFew)?;
        let until = first.last().ok_or(Unlimited::TooFew)?.observed_at;
        let counted = if may_be_shares { counts(first) } else { None };
        let share = counted.and_then(|counted| proportion(&counted));
        let mut basis = Self {
            kind: if share.is_some() { ChartKind::Proportions } else { ChartKind::Individuals },
            centre: share.unwrap_or_default(),
            measurements: first.len(),
            until,
            resemblance: 0.0,
            is_serial: false,
            rules: control.rules.clone(),
            scatter: Scatter::Binomial,
            scale: 1.0,
            rhythm: control.season.map(|season| rhythm(season, first)).transpose()?,
        };
        if share.is_none() {
            let calm: Vec<Calm> = first.iter().filter_map(|reading| basis.calm(reading)).collect();
            let centre = mean(&calm.iter().map(|calm| calm.value).collect::<Vec<f64>>()).ok_or(Unlimited::TooFew)?;
            let off: Vec<f64> = calm.iter().map(|calm| (calm.value - centre) / calm.within()).collect();
            let found = individuals(&off).ok_or(Unlimited::TooFew)?;
            (basis.centre, basis.scatter) = (centre, Scatter::Even(found.sigma));
        }
        basis.settle(first)?;
        Ok(basis)
    }

    /// Whether neighbours resemble each other, and what follows.
    fn settle(&mut self, first: &[Reading]) -> Result<(), Unlimited> {
        let z = |reading: &Reading| {
            let (calm, (.., z)) = (self.calm(reading)?, self.place(reading)?);
            Some(z * calm.beyond() / calm.within())
        };
        let z: Vec<f64> = first.iter().filter_map(z).collect();
        self.resemblance = resemblance(&z).ok_or(Unlimited::NoVariation)?;
        let chance = 2.0 / (f64::from(u32::try_from(z.len()).unwrap_or(u32::MAX))).sqrt();
        self.is_serial = self.resemblance > chance.max(RESEMBLANCE);
        if self.is_serial {
            self.scale = overall(&z).map_or(1.0, |scatter| scatter.sigma);
            self.rules.retain(|rule| !rule.needs_independence());
        } else if self.kind == ChartKind::Proportions {
            self.scale = overdispersion(&z).unwrap_or(1.0);
        }
        Ok(())
    }

    /// The value without what the rhythm adds to it; `None` in a slot of the rhythm that the baseline does not know.
    fn calm(&self, reading: &Reading) -> Option<Calm> {
        let value = reading.figure.value();
        let Some((season, profile)) = &self.rhythm else { return Some(Calm { value, share: 0.0 }) };
        let slot = profile.get(season.slot(reading.observed_at)).copied().flatten()?;
        Some(Calm { value: value - slot.adds, share: slot.share() })
    }

    /// Centre, standard deviation and distance in standard deviations of a measurement.
    fn place(&self, reading: &Reading) -> Option<(f64, f64, f64)> {
        let scatter = match (&self.scatter, reading.figure) {
            (Scatter::Even(sigma), _) => *sigma,
            (Scatter::Binomial, Figure::Ratio { denominator, .. }) => proportion_sigma(self.centre, denominator),
            (Scatter::Binomial, Figure::Gauge { .. }) => return None,
        };
        let calm = self.calm(reading)?;
        let sigma = scatter * self.scale * calm.beyond();
        let centre = self.centre + reading.figure.value() - calm.value;
        (sigma > 0.0).then(|| (centre, sigma, (calm.value - self.centre) / sigma))
    }

    /// Where measurements of the phase lie, in the order in which they were observed; `None` where the chart has no place for
    /// one.
    #[must_use]
    pub fn places(&self, readings: &[Reading]) -> Vec<Option<Place>> {
        let found: Vec<Option<(f64, f64, f64)>> = readings.iter().map(|reading| self.place(reading)).collect();
        let z: Vec<Option<f64>> = found.iter().map(|place| place.map(|(_, _, z)| z)).collect();
        let rules = met(&self.rules, &z);
        let place = |((centre, sigma, z), rules)| Place { centre, sigma, z, rules };
        found.into_iter().zip(rules).map(|(found, rules)| Some(place((found?, rules)))).collect()
    }
}

impl Basis {
    /// The measurements of the phase with all that the chart says of them.
    fn charted(&self, readings: &[Reading]) -> Vec<Charted> {
        let places = self.places(readings);
        // In standard deviations, so that shares of many and of few can be averaged.
        let z: Vec<f64> = places.iter().flatten().map(|place| place.z).collect();
        let mut means = ewma(&z, Centre { mean: 0.0, sigma: 1.0 }, EWMA_WEIGHT, EWMA_WIDTH).into_iter();
        let charted = |(reading, place): (&Reading, Option<Place>)| {
            let mean = place.as_ref().and_then(|place| Some((place, means.next()?)));
            let ewma = mean.map(|(place, Ewma { value, reach })| Ewma {
                value: place.centre + value * place.sigma,
                reach: reach * place.sigma,
            });
            Charted { reading: *reading, in_baseline: reading.observed_at <= self.until, place, ewma }
        };
        readings.iter().zip(places).map(charted).collect()
    }
}

impl Place {
    /// The limits; those of a share lie between 0 and 1.
    #[must_use]
    pub fn limits(&self, kind: ChartKind) -> (f64, f64) {
        let (low, high) = (self.centre - WIDTH * self.sigma, self.centre + WIDTH * self.sigma);
        match kind {
            ChartKind::Individuals => (low, high),
            ChartKind::Proportions => (low.max(0.0), high.min(1.0)),
        }
    }
}

/// The readings as counted parts of wholes; `None` unless all are ratios of whole numbers. What is measured and not counted
/// has no binomial distribution: the same share in minutes and in hours would have limits of its own.
fn counts(readings: &[Reading]) -> Option<Vec<Part>> {
    let part = |reading: &Reading| match reading.figure {
        Figure::Gauge { .. } => None,
        Figure::Ratio { numerator, denominator } => {
            let is_counted = numerator.fract() == 0.0 && denominator.fract() == 0.0;
            is_counted.then_some(Part { numerator, denominator })
        }
    };
    readings.iter().map(part).collect()
}

fn rhythm(season: Season, first: &[Reading]) -> Result<(Season, Vec<Option<Slot>>), Unlimited> {
    let points: Vec<(DateTime<Utc>, f64)> = first.iter().map(Reading::point).collect();
    if season.is_covered(&points) { Ok((season, season.profile(&points))) } else { Err(Unlimited::RhythmNotSeen) }
}

/// Which way is bad, seen from where a series lies: -1 where falling is, 1 where rising is, 0 where neither is.
fn worse_way(goal: &Goal, value: f64) -> f64 {
    match goal {
        Goal::HigherIsBetter { .. } => -1.0,
        Goal::LowerIsBetter { .. } => 1.0,
        Goal::WithinRange { target, warning, .. } => {
            let aim = target.unwrap_or(f64::midpoint(warning.low, warning.high));
            if value == aim { 0.0 } else { (value - aim).signum() }
        }
    }
}
