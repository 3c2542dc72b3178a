//! Samples of the system's own records, drawn so that anybody can draw them again.
//!
//! Each record's rank is the SHA-256 of the seed, a line feed and its reference, in lower-case hexadecimal; the records of
//! the lowest ranks are drawn, in this order. By hand: `printf '%s\n%s' "$seed" "$reference" | sha256sum` for each
//! reference, sorted. Nothing but seed and population decides, and whoever chooses the seed before looking at the
//! population cannot choose the sample.

use super::{Audit, Facts, Verb};
use crate::access::Actor;
use crate::change::{Change, Lifecycle};
use crate::id::MemberId;
use crate::reference::{Prefix, Reference, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Records in a population, at most: of more, a narrower one is asked for.
pub const POPULATION: usize = 10_000;
/// Records in a sample, at most.
pub const SAMPLE: usize = 200;
/// Samples of one audit, at most.
const SAMPLES: usize = 50;

/// Out of what a sample is drawn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Population {
    /// Records of this kind.
    pub kind: Prefix,
    /// In one of these states; in any, where none is named.
    #[serde(default)]
    pub states: Vec<String>,
    /// Made at or after this moment.
    #[serde(default)]
    pub made_from: Option<DateTime<Utc>>,
    /// Made before this moment.
    #[serde(default)]
    pub made_until: Option<DateTime<Utc>>,
}

/// What the caller has found of a population.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Found {
    /// Its records, in any order; of too many, one more than [`POPULATION`].
    pub records: Vec<Drawn>,
    /// Every state that records of the kind can be in; empty where no lifecycle of theirs is published.
    pub states: Vec<&'static str>,
}

impl Population {
    /// Every fault of how it is described.
    fn faults(&self, found: &Found) -> Vec<Fault> {
        let Self { kind: _, states, made_from, made_until } = self;
        let is_known = |state: &String| found.states.is_empty() || found.states.contains(&state.as_str());
        let unknown = states.iter().enumerate().filter(|(_, state)| !is_known(state)).map(|(index, _)| {
            let detail = format!("must be one of {}", found.states.join(", "));
            Fault::new(format!("/population/states/{index}"), "unknown_state", detail)
        });
        let is_backwards = made_from.zip(*made_until).is_some_and(|(from, until)| until <= from);
        let backwards =
            is_backwards.then(|| Fault::new("/population/made_until", "out_of_range", "must lie behind made_from"));
        unknown.chain(backwards).collect()
    }
}

/// One record of a sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Drawn {
    /// Which record.
    pub record: Target,
    /// Its reference.
    pub reference: Reference,
}

/// A sample.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// Out of what.
    pub population: Population,
    /// How many records that were.
    pub population_size: usize,
    /// SHA-256 of their references, sorted as text, each followed by a line feed; hexadecimal.
    pub population_digest: String,
    /// What decided which were drawn.
    pub seed: String,
    /// What was drawn, in the order of the ranks.
    pub drawn: Vec<Drawn>,
    /// The item that it was drawn for.
    #[serde(default)]
    pub item: Option<i64>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// What `draw-sample` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DrawSample {
    /// Out of what.
    pub population: Population,
    /// How many, 1 to [`SAMPLE`]; of a smaller population, all.
    pub size: usize,
    /// What decides which are drawn.
    pub seed: String,
    /// The item that it is drawn for: what is drawn is then what the item is about, too.
    pub item: Option<i64>,
}

/// What a record's place in the drawing is decided by.
#[must_use]
pub fn rank(seed: &str, reference: Reference) -> String {
    hex::encode(Sha256::digest(format!("{seed}\n{reference}")))
}

fn digest(population: &[Drawn]) -> String {
    let mut references: Vec<String> = population.iter().map(|one| format!("{}\n", one.reference)).collect();
    references.sort_unstable();
    hex::encode(Sha256::digest(references.concat()))
}

impl Audit {
    /// Draws a sample out of what the caller has found; more than [`POPULATION`] is refused.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn draw_sample(
        self,
        input: DrawSample,
        found: Found,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::DrawSample, facts, by)?;
        let DrawSample { population: asked, size, seed, item } = input;
        let mut faults = Faults::default();
        let (described_wrongly, mut population) = (asked.faults(&found), found.records);
        let is_sound = described_wrongly.is_empty();
        described_wrongly.into_iter().for_each(|fault| faults.push(fault));
        faults.keep(text::title("/seed", &seed));
        if !(1..=SAMPLE).contains(&size) {
            faults.push(Fault::new("/size", "out_of_range", format!("must lie between 1 and {SAMPLE}")));
        }
        if population.is_empty() && is_sound {
            faults.push(Fault::new("/population", "empty_population", "there are no such records"));
        }
        if population.len() > POPULATION {
            let detail = format!("has more than {POPULATION} records: narrow it by the times in which they were made");
            faults.push(Fault::new("/population", "population_too_large", detail));
        }
        if self.samples.len() >= SAMPLES {
            faults.push(Fault::new("", "too_many", format!("an audit has at most {SAMPLES} samples")));
        }
        if item.is_some_and(|number| self.item(number).is_none_or(|item| item.check.is_some())) {
            let detail = "must be the number of an item that was not checked yet";
            faults.push(Fault::new("/item", "unknown_item", detail));
        }
        faults.refuse()?;
        let (population_size, population_digest) = (population.len(), digest(&population));
        population.sort_by_cached_key(|one| rank(&seed, one.reference));
        population.truncate(size);
        let mut after = self.clone();
        if let Some(item) = after.items.iter_mut().find(|known| Some(known.number) == item) {
            let known = item.records.clone();
            item.records.extend(population.iter().map(|one| one.record).filter(|record| !known.contains(record)));
        }
        let by = by.member();
        let sample =
            Sample { population: asked, population_size, population_digest, seed, drawn: population, item, at, by };
        after.samples.push(sample);
        Ok(Change::of(self, after, "sample_drawn", at))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `printf '2026-spring\nMEM-2026-0007' | sha256sum`
    #[test]
    fn a_rank_can_be_computed_by_hand() {
        let reference = Reference { prefix: Prefix::Member, year: 2026, number: 7 };
        let by_hand = "60f7fd3e004b4e6cb79a9491776042278cf36c9f2274cd8404024ab51e8a9fa1";
        assert_eq!(rank("2026-spring", reference), by_hand);
    }
}
