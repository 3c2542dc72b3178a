//! Which rules a series meets.

use super::{Comparison, Door, IngestRule, Matcher, Terms};
use crate::text;
use sha2::{Digest, Sha256};
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// A series that has arrived.
#[derive(Debug, Clone, Copy)]
pub struct Arrival<'a> {
    /// Where it came in.
    pub door: Door,
    /// The metric's name.
    pub metric: &'a str,
    /// Its labels.
    pub labels: &'a BTreeMap<String, String>,
}

impl Terms {
    /// Whether the series meets them.
    #[must_use]
    pub fn match_series(&self, series: &Arrival<'_>) -> bool {
        self.door.is_none_or(|door| door == series.door)
            && is_like(&self.metric, series.metric)
            && self.matchers.iter().all(|matcher| matcher.is_met(series.labels))
    }

    /// The dimensions of a measurement that the series makes: what of its labels tells them apart, under their names here.
    #[must_use]
    pub fn dimensions_of(&self, labels: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let named = self.dimensions.iter().filter_map(|one| Some((one.name.clone(), labels.get(&one.label)?.clone())));
        named.filter(|(_, value)| !value.is_empty()).collect()
    }

    /// The figure of a measurement that this figure of the series makes.
    #[must_use]
    pub fn figure(&self, value: f64) -> f64 {
        value * self.scale + self.offset
    }

    fn is_exact(&self) -> bool {
        !self.metric.contains(['*', '?'])
    }
}

impl Matcher {
    fn is_met(&self, labels: &BTreeMap<String, String>) -> bool {
        let value = labels.get(&self.label).map_or("", String::as_str);
        match self.comparison {
            Comparison::Equal => value == self.value,
            Comparison::NotEqual => value != self.value,
            Comparison::Glob => is_like(&self.value, value),
        }
    }
}

/// Whether a text is like a pattern, in which `*` stands for any characters and `?` for one. In time proportional to both
/// lengths at worst, whatever the pattern.
#[must_use]
pub fn is_like(pattern: &str, text: &str) -> bool {
    let (pattern, text): (Vec<char>, Vec<char>) = (pattern.chars().collect(), text.chars().collect());
    let (mut at, mut from) = (0, 0);
    // The last star, and how much of the text it stands for so far.
    let mut star: Option<(usize, usize)> = None;
    while from < text.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at += 1;
            }
            Some(letter) if *letter == '?' || text.get(from) == Some(letter) => {
                at += 1;
                from += 1;
            }
            Some(_) | None => match &mut star {
                Some((place, until)) => {
                    *until += 1;
                    (at, from) = (*place + 1, *until);
                }
                None => return false,
            },
        }
    }
    pattern.iter().skip(at).all(|letter| *letter == '*')
}

/// The rules in force, in the order in which they are tried.
#[derive(Debug, Clone, Default)]
pub struct Ruleset {
    rules: Vec<IngestRule>,
    /// Where rules stand whose metric is exact, by that.
    exact: HashMap<String, Vec<usize>>,
    /// Where the others stand.
    alike: Vec<usize>,
}

impl Ruleset {
    /// Of these rules: in the order of `order`, then of their references.
    #[must_use]
    pub fn of(mut rules: Vec<IngestRule>) -> Self {
        rules.sort_by_key(|rule| (rule.terms.order, rule.head.reference, rule.head.id));
        let (mut exact, mut alike) = (HashMap::<String, Vec<usize>>::new(), Vec::new());
        for (place, rule) in rules.iter().enumerate() {
            if rule.terms.is_exact() {
                exact.entry(rule.terms.metric.clone()).or_default().push(place);
            } else {
                alike.push(place);
            }
        }
        Self { rules, exact, alike }
    }

    /// The rules by which the series feeds something: of those that it meets, for each indicator and part the first.
    #[must_use]
    pub fn feeding(&self, series: &Arrival<'_>) -> Vec<&IngestRule> {
        let exact = self.exact.get(series.metric).map_or(&[][..], Vec::as_slice);
        let mut places: Vec<usize> = exact.iter().chain(&self.alike).copied().collect();
        places.sort_unstable();
        let mut fed = BTreeSet::new();
        let met = places.into_iter().filter_map(|place| self.rules.get(place));
        met.filter(|rule| rule.terms.match_series(series))
            .filter(|rule| fed.insert((rule.terms.indicator, rule.terms.part)))
            .collect()
    }
}

/// A series that is listed because no rule matched it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Series {
    /// Where it came in.
    pub door: Door,
    /// The metric's name.
    pub metric: String,
    /// Its labels.
    pub labels: BTreeMap<String, String>,
}

/// Bytes of the labels of a listed series, at most.
const LISTED_LABELS: usize = 4_096;
/// The name of a label that says that others are left out: the character that stands for what no text may hold.
const LEFT_OUT: &str = "\u{fffd}";

impl Series {
    /// As it is listed: characters that no text may hold are replaced, a name that is too long for any rule is cut off, and
    /// labels that are too much to be read by anybody are left out. That some are says a label of its own, so that what is listed
    /// is not taken for the whole.
    #[must_use]
    pub fn listed(series: &Arrival<'_>) -> Self {
        let Arrival { door, metric, labels } = *series;
        let metric = text::without_forbidden(metric).chars().take(text::TITLE).collect();
        let mut room = LISTED_LABELS;
        let mut fits = |name: &str, value: &str| {
            let left = room.checked_sub(name.len() + value.len());
            room = left.unwrap_or(room);
            left.is_some()
        };
        let fitting = labels.iter().filter(|(name, value)| fits(name, value));
        let mut listed: BTreeMap<String, String> =
            fitting.map(|(name, value)| (text::without_forbidden(name), text::without_forbidden(value))).collect();
        if listed.len() < labels.len() {
            let missing = labels.len() - listed.len();
            listed.insert(LEFT_OUT.to_owned(), format!("left out: {missing}"));
        }
        Self { door, metric, labels: listed }
    }

    /// As it arrives.
    #[must_use]
    pub fn arrival(&self) -> Arrival<'_> {
        Arrival { door: self.door, metric: &self.metric, labels: &self.labels }
    }

    /// SHA-256, hexadecimal, of all that tells it apart.
    #[must_use]
    pub fn key(&self) -> String {
        let mut hash = Sha256::new();
        let mut take = |text: &str| {
            hash.update((text.len() as u64).to_be_bytes());
            hash.update(text);
        };
        take(self.door.into());
        take(&self.metric);
        for (name, value) in &self.labels {
            take(name);
            take(value);
        }
        hex::encode(hash.finalize())
    }
}
