//! Which indicators are computed of which: without circles, and in few steps.

use super::Formula;
use crate::id::IndicatorId;
use crate::refusal::{Fault, Faults};
use std::collections::{BTreeMap, BTreeSet};

/// At most so many formulas stand one upon the other.
pub const CHAIN: usize = 5;

/// All indicators of an organisation that are computed of others and not retired, each with its sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Web(BTreeMap<IndicatorId, BTreeSet<IndicatorId>>);

impl Web {
    /// Of these formulas.
    pub fn of<'a>(formulas: impl IntoIterator<Item = (IndicatorId, &'a Formula)>) -> Self {
        let sources = |formula: &Formula| formula.sources.iter().map(|source| source.indicator).collect();
        Self(formulas.into_iter().map(|(id, formula)| (id, sources(formula))).collect())
    }

    /// What is wrong with sources of `own`, which is `None` before it is there: `/formula/sources/0/indicator`.
    #[must_use]
    pub fn faults(&self, own: Option<IndicatorId>, sources: &[IndicatorId], pointer: &str) -> Faults {
        let mut faults = Faults::default();
        // What stands upon this one already counts, too.
        let above = own.map_or(0, |own| self.above(own, CHAIN));
        for (index, source) in sources.iter().enumerate() {
            let at = format!("{pointer}/sources/{index}/indicator");
            if own.is_some_and(|own| *source == own || self.reaches(*source, own)) {
                faults.push(Fault::new(
                    at,
                    "circle",
                    "is computed of this indicator itself, directly or through others",
                ));
            } else if self.below(*source, CHAIN) + 1 + above > CHAIN {
                let detail = format!("more than {CHAIN} formulas would stand one upon the other");
                faults.push(Fault::new(at, "too_deep", detail));
            }
        }
        faults
    }

    /// Whether one is computed of the other, however indirectly.
    fn reaches(&self, from: IndicatorId, to: IndicatorId) -> bool {
        let (mut seen, mut next) = (BTreeSet::new(), vec![from]);
        while let Some(one) = next.pop() {
            if one == to {
                return true;
            }
            if seen.insert(one) {
                next.extend(self.0.get(&one).into_iter().flatten());
            }
        }
        false
    }

    /// How many formulas stand one upon the other from this one down, itself counted; at most one more than `most`.
    fn below(&self, from: IndicatorId, most: usize) -> usize {
        let computed = |ids: &BTreeSet<IndicatorId>| ids.iter().any(|id| self.0.contains_key(id));
        layers(BTreeSet::from([from]), most, computed, |layer| {
            layer.iter().filter_map(|id| self.0.get(id)).flatten().copied().collect()
        })
    }

    /// How many formulas stand one upon the other above this one; at most one more than `most`.
    fn above(&self, of: IndicatorId, most: usize) -> usize {
        let upon = |layer: &BTreeSet<IndicatorId>| -> BTreeSet<IndicatorId> {
            self.0.iter().filter(|(_, sources)| !sources.is_disjoint(layer)).map(|(id, _)| *id).collect()
        };
        layers(upon(&BTreeSet::from([of])), most, |ids| !ids.is_empty(), upon)
    }
}

/// In how many steps something is still there.
fn layers(
    mut layer: BTreeSet<IndicatorId>,
    most: usize,
    is_there: impl Fn(&BTreeSet<IndicatorId>) -> bool,
    next: impl Fn(&BTreeSet<IndicatorId>) -> BTreeSet<IndicatorId>,
) -> usize {
    let mut found = 0;
    while found <= most && is_there(&layer) {
        (found, layer) = (found + 1, next(&layer));
    }
    found
}
