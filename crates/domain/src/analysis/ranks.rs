//! The Mann-Whitney statistic of two samples and how it is distributed when neither tends to be larger.

use super::comparison::Method;
use super::normal::{TWO_SIDED_95, upper_tail};

/// Samples of at most so many are counted out exactly, when no value occurs twice.
pub(super) const EXACT: usize = 50;

/// What is compared with what has a chance of at most this to look so different.
pub(super) const LEVEL: f64 = 0.05;

/// Whether a chance is at most [`LEVEL`]. One of exactly 1 in 20, as of one value beside 39 others, is a sum that may have
/// been rounded up.
pub(super) fn is_rare(chance: f64) -> bool {
    chance <= LEVEL + 1e-12
}

/// How U is distributed under the null hypothesis, for samples of `m` and `n`.
pub(super) enum Null {
    /// Counted out: the probabilities of U = 0, 1, ... mn.
    Exact(Vec<f64>),
    /// By the normal approximation.
    Normal {
        /// Half of mn.
        mean: f64,
        /// The standard deviation.
        deviation: f64,
    },
}

/// A count as a number to calculate with: exact below 2^53.
pub(super) fn number(count: usize) -> f64 {
    count as f64
}

/// The pairs in which the second is larger, ties counting half: U of `after` over `before`, both sorted upwards.
pub(super) fn statistic(before: &[f64], after: &[f64]) -> f64 {
    let (mut below, mut up_to, mut u) = (0, 0, 0.0);
    for value in after {
        while before.get(below).is_some_and(|other| other < value) {
            below += 1;
        }
        while before.get(up_to).is_some_and(|other| other <= value) {
            up_to += 1;
        }
        u += (number(below) + number(up_to)) / 2.0;
    }
    u
}

/// The sum of t^3 - t over groups of t equal values.
fn tied(sorted: &[f64]) -> f64 {
    let groups = sorted.chunk_by(|a, b| a == b).map(|group| number(group.len()));
    groups.map(|t| t * t * t - t).sum()
}

/// The sum of t(t-1)(2t+5) over groups of t equal values.
pub(super) fn tied_pairs(sorted: &[f64]) -> f64 {
    let groups = sorted.chunk_by(|a, b| a == b).map(|group| number(group.len()));
    groups.map(|t| t * (t - 1.0) * (2.0 * t + 5.0)).sum()
}

impl Null {
    /// The distribution that holds for these samples as they are, both sorted upwards.
    pub(super) fn of(before: &[f64], after: &[f64]) -> Self {
        let mut pooled = [before, after].concat();
        pooled.sort_by(f64::total_cmp);
        let ties = tied(&pooled);
        if before.len() <= EXACT && after.len() <= EXACT && ties == 0.0 {
            return Self::Exact(probabilities(before.len(), after.len()));
        }
        Self::normal((before.len(), after.len()), ties)
    }

    /// The distribution that holds when one sample is moved between the values of the other: ties between them are gone.
    pub(super) fn when_moved(self, before: &[f64], after: &[f64]) -> Self {
        match self {
            Self::Exact(probabilities) => Self::Exact(probabilities),
            Self::Normal { .. } => Self::normal((before.len(), after.len()), tied(before) + tied(after)),
        }
    }

    /// Variance mn / 12 · (N + 1 - Σ(t^3 - t) / (N(N - 1))), t the sizes of groups of equal values: Hollander and Wolfe,
    /// Nonparametric Statistical Methods, section 4.1.
    fn normal((m, n): (usize, usize), ties: f64) -> Self {
        let (m, n) = (number(m), number(n));
        let all = m + n;
        let spread = if all > 1.0 { all + 1.0 - ties / (all * (all - 1.0)) } else { 0.0 };
        Self::Normal { mean: m * n / 2.0, deviation: (m * n / 12.0 * spread.max(0.0)).sqrt() }
    }

    pub(super) fn method(&self) -> Method {
        match self {
            Self::Exact(_) => Method::Exact,
            Self::Normal { .. } => Method::Normal,
        }
    }

    /// The chance of a U at least as far from the middle, on either side; with a correction for continuity by 1/2 where
    /// it is approximated.
    pub(super) fn two_sided(&self, u: f64) -> f64 {
        match self {
            Self::Exact(probabilities) => {
                let most = number(probabilities.len().saturating_sub(1));
                let nearer = u.min(most - u);
                let tail: f64 =
                    (0..).map(number).zip(probabilities).take_while(|(at, _)| *at <= nearer).map(|(_, p)| p).sum();
                (2.0 * tail).min(1.0)
            }
            Self::Normal { deviation, .. } if *deviation == 0.0 => 1.0,
            Self::Normal { mean, deviation } => (2.0 * upper_tail(((u - mean).abs() - 0.5) / deviation)).min(1.0),
        }
    }

    /// How many pairs at either end a test at 5 % leaves out: the most extreme U whose chance is at most that; `None`
    /// where the samples are too small for any.
    pub(super) fn left_out(&self) -> Option<usize> {
        match self {
            Self::Exact(probabilities) => {
                let mut tail = 0.0;
                let within = probabilities.iter().take_while(|p| {
                    tail += **p;
                    is_rare(2.0 * tail)
                });
                within.count().checked_sub(1)
            }
            Self::Normal { mean, deviation } => {
                let most = mean - 0.5 - TWO_SIDED_95 * deviation;
                whole(most)
            }
        }
    }
}

/// The whole part, `None` below zero.
fn whole(value: f64) -> Option<usize> {
    (value >= 0.0).then_some(value.floor() as usize)
}

/// The probabilities of U = 0, 1, ... mn by the recursion of Mann and Whitney (1947), here for probabilities, so that no
/// term is subtracted and none overflows: the largest of all values is one of m with the chance m / (m + n) and then adds
/// n to U.
fn probabilities(m: usize, n: usize) -> Vec<f64> {
    // One row for each size of the first sample; in it, one distribution for each size of the second.
    let mut row: Vec<Vec<f64>> = vec![vec![1.0]; n + 1];
    for i in 1..=m {
        let mut next: Vec<Vec<f64>> = vec![vec![1.0]];
        for (j, with_one_less) in row.iter().enumerate().skip(1) {
            let (first, second) = (number(i) / number(i + j), number(j) / number(i + j));
            let mut chances = vec![0.0; i * j + 1];
            for (at, chance) in chances.iter_mut().skip(j).zip(with_one_less) {
                *at += first * chance;
            }
            for (at, chance) in chances.iter_mut().zip(next.last().into_iter().flatten()) {
                *at += second * chance;
            }
            next.push(chances);
        }
        row = next;
    }
    row.pop().unwrap_or_default()
}
