//! What becomes of each item of a batch: new, known, a correction, or refused.

use super::{Figure, Point};
use crate::id::IndicatorId;
use crate::refusal::Fault;
use chrono::{DateTime, Utc};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, HashSet};

/// What a measurement is unique by.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Key {
    /// Of which indicator.
    pub indicator: IndicatorId,
    /// When it was observed.
    pub observed_at: DateTime<Utc>,
    /// Its dimensions as one text.
    pub series: String,
}

impl Point {
    /// What it is unique by.
    #[must_use]
    pub fn key(&self) -> Key {
        Key { indicator: self.indicator, observed_at: self.observed_at, series: self.series.clone() }
    }
}

/// What became of an item.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It is new, and kept.
    Accepted,
    /// The same value is known; nothing was written.
    Duplicate,
    /// Another value was known: it is kept, superseded by this one.
    Correction,
    /// It is not kept.
    Refused {
        /// Why.
        fault: Fault,
    },
}

/// A measurement to be written.
#[derive(Debug, Clone, PartialEq)]
pub struct Row {
    /// The measurement.
    pub point: Point,
    /// A later item of the same batch has corrected it already.
    pub superseded: bool,
}

/// A batch, sorted out.
#[derive(Debug, Clone, PartialEq)]
pub struct Sifted {
    /// One per item, in the order of the items.
    pub outcomes: Vec<Outcome>,
    /// What is to be written, in the order of the items.
    pub rows: Vec<Row>,
    /// Of the known ones, those that are superseded.
    pub superseded: Vec<Key>,
}

/// Sorts a batch out, item by item. `known` holds the live figure of every key among the items that has one. Within
/// a batch the order of the items decides, as it does between batches.
#[must_use]
pub fn sift(items: Vec<Result<Point, Fault>>, known: &HashMap<Key, Figure>) -> Sifted {
    let (verdicts, superseded) = verdicts(&items, known);
    let mut sifted = Sifted { outcomes: Vec::with_capacity(items.len()), rows: Vec::new(), superseded };
    for (item, verdict) in items.into_iter().zip(verdicts) {
        let (outcome, superseded) = match (item, verdict) {
            (Err(fault), _) => (Outcome::Refused { fault }, None),
            (Ok(_), Verdict::Duplicate) => (Outcome::Duplicate, None),
            (Ok(point), Verdict::Accepted { superseded }) => (Outcome::Accepted, Some((point, superseded))),
            (Ok(point), Verdict::Correction { superseded }) => (Outcome::Correction, Some((point, superseded))),
        };
        sifted.outcomes.push(outcome);
        sifted.rows.extend(superseded.map(|(point, superseded)| Row { point, superseded }));
    }
    sifted
}

/// What becomes of a point, and whether a later one of the same batch corrects it. Of a refused item it says nothing.
#[derive(Clone, Copy)]
enum Verdict {
    Accepted { superseded: bool },
    Duplicate,
    Correction { superseded: bool },
}

/// The keys of which the last item says what is known already: whatever the items before it say, they would be superseded at
/// once. So a body that has one moment twice and is sent again changes nothing.
fn settled<'a>(
    items: &'a [Result<Point, Fault>],
    known: &HashMap<Key, Figure>,
) -> HashSet<(IndicatorId, DateTime<Utc>, &'a str)> {
    if known.is_empty() {
        return HashSet::new();
    }
    let last: HashMap<_, _> = items
        .iter()
        .flatten()
        .map(|point| ((point.indicator, point.observed_at, point.series.as_str()), point))
        .collect();
    let is_known = |point: &Point| known.get(&point.key()) == Some(&point.figure);
    last.into_iter().filter(|(_, point)| is_known(point)).map(|(key, _)| key).collect()
}

fn verdicts(items: &[Result<Point, Fault>], known: &HashMap<Key, Figure>) -> (Vec<Verdict>, Vec<Key>) {
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(items.len());
    let mut ended = Vec::new();
    // Where the live figure of a key stands, when it came with this batch.
    let mut written: HashMap<(IndicatorId, DateTime<Utc>, &str), (usize, Figure)> = HashMap::with_capacity(items.len());
    let settled = settled(items, known);
    for (index, item) in items.iter().enumerate() {
        let Ok(point) = item else {
            verdicts.push(Verdict::Duplicate);
            continue;
        };
        if !settled.is_empty() && settled.contains(&(point.indicator, point.observed_at, point.series.as_str())) {
            verdicts.push(Verdict::Duplicate);
            continue;
        }
        let earlier = written.entry((point.indicator, point.observed_at, point.series.as_str()));
        let before = match &earlier {
            Entry::Occupied(earlier) => Some(earlier.get().1),
            Entry::Vacant(_) if known.is_empty() => None,
            Entry::Vacant(_) => known.get(&point.key()).copied(),
        };
        if before == Some(point.figure) {
            verdicts.push(Verdict::Duplicate);
            continue;
        }
        match &earlier {
            Entry::Occupied(earlier) => {
                if let Some(Verdict::Accepted { superseded } | Verdict::Correction { superseded }) =
                    verdicts.get_mut(earlier.get().0)
                {
                    *superseded = true;
                }
            }
            Entry::Vacant(_) => ended.extend(before.map(|_| point.key())),
        }
        verdicts.push(match before {
            Some(_) => Verdict::Correction { superseded: false },
            None => Verdict::Accepted { superseded: false },
        });
        earlier.insert_entry((index, point.figure));
    }
    (verdicts, ended)
}
