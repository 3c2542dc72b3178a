//! The eight rules of Nelson: patterns that a process in control hardly ever shows.
//!
//! Nelson (1984), *The Shewhart Control Chart: Tests for Special Causes*, Journal of Quality Technology 16, 237-239.

use serde::{Deserialize, Serialize};

/// So many values are looked at at most: the longest pattern.
pub const LONGEST: usize = 15;

/// A rule, called by Nelson's numbers.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ControlRule))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Rule {
    /// 1: one value beyond three standard deviations.
    BeyondLimits,
    /// 2: nine in a row on one side of the centre.
    NineOnOneSide,
    /// 3: six in a row that rise, or fall.
    SixRisingOrFalling,
    /// 4: fourteen in a row that go up and down in turn.
    FourteenAlternating,
    /// 5: two of three beyond two standard deviations, on one side.
    TwoOfThreeFar,
    /// 6: four of five beyond one standard deviation, on one side.
    FourOfFiveOff,
    /// 7: fifteen in a row within one standard deviation.
    FifteenNear,
    /// 8: eight in a row beyond one standard deviation, on whichever side.
    EightAvoidingTheCentre,
}

impl Rule {
    /// Those that are looked for where nobody says otherwise: 1, 2, 3 and 5.
    pub const USUAL: [Self; 4] =
        [Self::BeyondLimits, Self::NineOnOneSide, Self::SixRisingOrFalling, Self::TwoOfThreeFar];

    /// Nelson's number.
    #[must_use]
    pub fn number(self) -> u8 {
        match self {
            Self::BeyondLimits => 1,
            Self::NineOnOneSide => 2,
            Self::SixRisingOrFalling => 3,
            Self::FourteenAlternating => 4,
            Self::TwoOfThreeFar => 5,
            Self::FourOfFiveOff => 6,
            Self::FifteenNear => 7,
            Self::EightAvoidingTheCentre => 8,
        }
    }

    /// How many values make the pattern.
    #[must_use]
    pub fn length(self) -> usize {
        match self {
            Self::BeyondLimits => 1,
            Self::NineOnOneSide => 9,
            Self::SixRisingOrFalling => 6,
            Self::FourteenAlternating => 14,
            Self::TwoOfThreeFar => 3,
            Self::FourOfFiveOff => 5,
            Self::FifteenNear => LONGEST,
            Self::EightAvoidingTheCentre => 8,
        }
    }

    /// Whether the pattern supposes that neighbours are independent. Where they resemble each other, runs and zones are
    /// what is to be expected.
    #[must_use]
    pub fn needs_independence(self) -> bool {
        match self {
            Self::BeyondLimits => false,
            Self::NineOnOneSide
            | Self::SixRisingOrFalling
            | Self::FourteenAlternating
            | Self::TwoOfThreeFar
            | Self::FourOfFiveOff
            | Self::FifteenNear
            | Self::EightAvoidingTheCentre => true,
        }
    }

    /// Whether the pattern is complete with the last of these values, given in standard deviations from the centre.
    #[must_use]
    pub fn is_met(self, z: &[f64]) -> bool {
        let Some(from) = z.len().checked_sub(self.length()) else { return false };
        let run = &z[from..];
        match self {
            Self::BeyondLimits => run.iter().all(|z| z.abs() > 3.0),
            Self::NineOnOneSide => run.iter().all(|z| *z > 0.0) || run.iter().all(|z| *z < 0.0),
            Self::SixRisingOrFalling => run.is_sorted_by(|a, b| a < b) || run.is_sorted_by(|a, b| a > b),
            Self::FourteenAlternating => alternates(run),
            Self::TwoOfThreeFar => crowd(run, 2, 2.0),
            Self::FourOfFiveOff => crowd(run, 4, 1.0),
            Self::FifteenNear => run.iter().all(|z| z.abs() < 1.0),
            Self::EightAvoidingTheCentre => run.iter().all(|z| z.abs() > 1.0),
        }
    }
}

/// Whether each step goes the other way than the one before it.
fn alternates(run: &[f64]) -> bool {
    let steps: Vec<f64> = run.iter().zip(run.iter().skip(1)).map(|(a, b)| b - a).collect();
    steps.iter().zip(steps.iter().skip(1)).all(|(a, b)| (*a > 0.0 && *b < 0.0) || (*a < 0.0 && *b > 0.0))
}

/// Whether so many lie beyond `bound` on the side on which the last one lies beyond it, too.
fn crowd(run: &[f64], least: usize, bound: f64) -> bool {
    let ends = |sign: f64| {
        run.last().is_some_and(|z| sign * z > bound) && run.iter().filter(|z| sign * **z > bound).count() >= least
    };
    ends(1.0) || ends(-1.0)
}

/// Which of the rules are met at each value; values are in standard deviations from the centre. Where one has no place on
/// the chart (`None`), what came before it is forgotten.
#[must_use]
pub fn met(rules: &[Rule], z: &[Option<f64>]) -> Vec<Vec<Rule>> {
    let mut run: Vec<f64> = Vec::with_capacity(z.len());
    let at = |z: &Option<f64>| {
        let Some(z) = z else {
            run.clear();
            return Vec::new();
        };
        run.push(*z);
        let newest = &run[run.len().saturating_sub(LONGEST)..];
        rules.iter().copied().filter(|rule| rule.is_met(newest)).collect()
    };
    z.iter().map(at).collect()
}
