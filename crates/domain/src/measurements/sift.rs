//! What becomes of each item of a batch: new, known, a correction, or refused.

use super::{Figure, Point};
use crate::id::IndicatorId;
use crate::refusal::Fault;
use chrono::{DateTime, Utc};
use std::collections::HashMap;

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
    let mut sifted = Sifted { outcomes: Vec::with_capacity(items.len()), rows: Vec::new(), superseded: Vec::new() };
    // Where in `rows` the live figure of a key stands, when it came with this batch.
    let mut written: HashMap<Key, usize> = HashMap::new();
    for item in items {
        let point = match item {
            Ok(point) => point,
            Err(fault) => {
                sifted.outcomes.push(Outcome::Refused { fault });
                continue;
            }
        };
        let key = point.key();
        let earlier = written.get(&key).copied();
        let live = match earlier.and_then(|index| sifted.rows.get(index)) {
            Some(row) => Some(row.point.figure),
            None => known.get(&key).copied(),
        };
        if live == Some(point.figure) {
            sifted.outcomes.push(Outcome::Duplicate);
            continue;
        }
        match earlier.and_then(|index| sifted.rows.get_mut(index)) {
            Some(row) => row.superseded = true,
            None if live.is_some() => sifted.superseded.push(key.clone()),
            None => {}
        }
        sifted.outcomes.push(if live.is_some() { Outcome::Correction } else { Outcome::Accepted });
        written.insert(key, sifted.rows.len());
        sifted.rows.push(Row { point, superseded: false });
    }
    sifted
}
