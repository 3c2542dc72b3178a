//! Rhythms: figures that follow the hour, the weekday or the month mislead on a chart that does not know it.

use super::super::ranks::number;
use super::mean;
use chrono::{DateTime, Datelike, TimeDelta, Timelike, Utc};
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// A rhythm that explains at least so much of what varies is worth a word.
pub const STRONG: f64 = 0.4;
/// A rhythm is believed once it has been seen so many times, and of a slot what so many values say.
pub const CYCLES: u16 = 4;
/// A rhythm with more slots explains so much more, or the simpler one is meant.
const PLAINER: f64 = 0.05;

/// A rhythm and its slots, in UTC.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Season {
    /// The seven days of a week.
    DayOfWeek,
    /// The twelve months of a year.
    MonthOfYear,
    /// The 24 hours of a day.
    HourOfDay,
    /// The 168 hours of a week.
    HourOfWeek,
}

/// What a rhythm adds in one of its slots.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Slot {
    /// By how much the mean of the slot lies above the mean of all.
    pub adds: f64,
    /// On how many values that rests: [`CYCLES`] at least.
    pub values: usize,
}

impl Slot {
    /// The share of one value in the mean of the slot.
    #[must_use]
    pub fn share(self) -> f64 {
        1.0 / number(self.values)
    }
}

impl Season {
    /// How many slots it has.
    #[must_use]
    pub fn slots(self) -> usize {
        match self {
            Self::DayOfWeek => 7,
            Self::MonthOfYear => 12,
            Self::HourOfDay => 24,
            Self::HourOfWeek => 168,
        }
    }

    /// The time after which it begins anew.
    #[must_use]
    pub fn cycle(self) -> TimeDelta {
        match self {
            Self::HourOfDay => TimeDelta::days(1),
            Self::DayOfWeek | Self::HourOfWeek => TimeDelta::days(7),
            Self::MonthOfYear => TimeDelta::days(365),
        }
    }

    /// In which slot a moment lies, from 0.
    #[must_use]
    pub fn slot(self, at: DateTime<Utc>) -> usize {
        let (hour, weekday) = (at.hour(), at.weekday().num_days_from_monday());
        let slot = match self {
            Self::HourOfDay => hour,
            Self::DayOfWeek => weekday,
            Self::HourOfWeek => weekday * 24 + hour,
            Self::MonthOfYear => at.month0(),
        };
        slot as usize
    }

    /// The values of each slot.
    fn sorted(self, points: &[(DateTime<Utc>, f64)]) -> Vec<Vec<f64>> {
        let mut slots = vec![Vec::new(); self.slots()];
        for (at, value) in points {
            slots[self.slot(*at)].push(*value);
        }
        slots
    }

    /// What each slot adds; `None` of a slot with fewer than [`CYCLES`] values, of which nothing is known.
    #[must_use]
    pub fn profile(self, points: &[(DateTime<Utc>, f64)]) -> Vec<Option<Slot>> {
        let all: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        let Some(overall) = mean(&all) else { return vec![None; self.slots()] };
        let slot = |values: &Vec<f64>| {
            let adds = mean(values)? - overall;
            (values.len() >= usize::from(CYCLES)).then_some(Slot { adds, values: values.len() })
        };
        self.sorted(points).iter().map(slot).collect()
    }

    /// Whether the points last for so many cycles that a rhythm could be told from chance, and most slots in which anything
    /// was measured have [`CYCLES`] values: one that was missed now and then does not hide the rest.
    #[must_use]
    pub fn is_covered(self, points: &[(DateTime<Utc>, f64)]) -> bool {
        let moments = || points.iter().map(|(at, _)| *at);
        let lasts = moments().max().zip(moments().min()).map(|(last, first)| last - first);
        // Of four months of one name the first and the last lie three years apart, and not a day more.
        let is_long = lasts.is_some_and(|lasts| lasts >= self.cycle() * i32::from(CYCLES - 1));
        let slots = self.sorted(points);
        let count = |least: usize| slots.iter().filter(|slot| slot.len() >= least).count();
        is_long && 2 * count(CYCLES.into()) > count(1)
    }

    /// Which share of what varies the slots explain: η² of a one-way analysis of variance, adjusted for the number of slots,
    /// so that it is near 0 of figures without a rhythm: `1 - (1 - SSB/SST)(n - 1)/(n - k)`. `None` of too few cycles, of
    /// fewer than two values for a slot, of a single slot, and where nothing varies.
    #[must_use]
    pub fn strength(self, points: &[(DateTime<Utc>, f64)]) -> Option<f64> {
        let slots: Vec<Vec<f64>> = self.sorted(points).into_iter().filter(|slot| !slot.is_empty()).collect();
        let (n, k) = (points.len(), slots.len());
        if !self.is_covered(points) || k < 2 || n < 2 * k {
            return None;
        }
        let all: Vec<f64> = points.iter().map(|(_, value)| *value).collect();
        let overall = mean(&all)?;
        let total: f64 = all.iter().map(|value| (value - overall) * (value - overall)).sum();
        let between: f64 = slots
            .iter()
            .filter_map(|slot| mean(slot).map(|mean| number(slot.len()) * (mean - overall) * (mean - overall)))
            .sum();
        (total > 0.0).then(|| 1.0 - (1.0 - between / total) * (number(n) - 1.0) / (number(n) - number(k)))
    }
}

/// The strongest rhythm of a series and its strength, where one is strong.
#[must_use]
pub fn rhythm(points: &[(DateTime<Utc>, f64)]) -> Option<(Season, f64)> {
    let strengths = Season::VARIANTS.iter().filter_map(|season| Some((*season, season.strength(points)?)));
    let strong = strengths.filter(|(_, strength)| *strength >= STRONG);
    strong.reduce(|plain, other| if other.1 > plain.1 + PLAINER { other } else { plain })
}
