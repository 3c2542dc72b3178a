//! What two nonconformities have in common, and how much that says [10.2 b]: a pure function of their words and their
//! requirement. Which others are held against one is for whoever can look for them.

use super::Nonconformity;
use crate::id::NonconformityId;
use crate::redactions::tombstone_of;
use crate::search;
use serde::Serialize;
use std::collections::{BTreeSet, HashMap};

/// So many different words of a nonconformity are looked for; the longest, which are the rarest.
pub const WORDS: usize = 40;
/// A shorter word says nothing: bytes, so that a word of two letters counts where letters are words.
const SHORTEST: usize = 4;
/// So many words must be shared, or all where there are fewer.
const FEWEST: usize = 2;
/// They must be so much of what one says.
const LEAST: f64 = 0.25;

/// What speaks for two nonconformities being alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SimilarityReason))]
#[serde(rename_all = "snake_case")]
pub enum Trait {
    /// Their causes share words.
    Cause,
    /// They breach the same clause or control.
    Requirement,
    /// Their titles and statements share words.
    Statement,
}

impl Trait {
    /// How much it says, where everything is shared.
    fn weight(self) -> f64 {
        match self {
            Self::Cause => 2.0,
            Self::Requirement | Self::Statement => 1.0,
        }
    }
}

/// What is alike in a nonconformity and another.
#[derive(Debug, Clone, PartialEq)]
pub struct Likeness {
    /// What speaks for it, at least one.
    pub traits: Vec<Trait>,
    /// The words that their causes share, where they say something.
    pub cause: Vec<String>,
    /// The words that their titles and statements share, where they say something.
    pub statement: Vec<String>,
    /// How much speaks for it, from 0 to 1: a quarter for the requirement, a quarter for the share of the words of title
    /// and statement and a half for that of the words of the cause, rare words counting more.
    pub weight: f64,
}

/// How rare words are among the nonconformities of an organisation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rarity {
    /// How many nonconformities there are.
    pub records: i64,
    /// How many of them have a word.
    pub having: HashMap<String, i64>,
}

impl Rarity {
    /// The logarithm of one in how many has it; a word that is not known is had by one.
    fn of(&self, word: &str) -> f64 {
        let having = self.having.get(word).copied().unwrap_or(1).max(1);
        let records = self.records.max(having);
        (1.0 + records as f64 / having as f64).ln()
    }

    fn sum<'a>(&self, words: impl Iterator<Item = &'a String>) -> f64 {
        words.map(|word| self.of(word)).sum()
    }
}

/// A nonconformity, as others are held against it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sought {
    case: NonconformityId,
    /// The clause or control breached.
    pub requirement: Option<String>,
    cause: BTreeSet<String>,
    statement: BTreeSet<String>,
}

impl Sought {
    /// What others are held against.
    #[must_use]
    pub fn of(case: &Nonconformity) -> Self {
        Self {
            case: NonconformityId(case.head.id),
            requirement: case.requirement.clone(),
            cause: longest(cause(case)),
            statement: longest(statement(case)),
        }
    }

    /// The words that another may share.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        self.cause.union(&self.statement).cloned().collect()
    }

    /// What another has in common with it; `None` for itself, for one that was taken back, and where nothing is.
    #[must_use]
    pub fn likeness(&self, other: &Nonconformity, rarity: &Rarity) -> Option<Likeness> {
        if other.head.id == self.case.0 || other.stage.name().is_taken_back() {
            return None;
        }
        let (cause, cause_share) = shared(&self.cause, &cause(other), rarity);
        let (statement, statement_share) = shared(&self.statement, &statement(other), rarity);
        let is_same = self.requirement.is_some() && self.requirement == other.requirement;
        let all = [
            (Trait::Cause, cause_share),
            (Trait::Requirement, f64::from(u8::from(is_same))),
            (Trait::Statement, statement_share),
        ];
        let most: f64 = all.iter().map(|(alike, _)| alike.weight()).sum();
        let weight = all.iter().map(|(alike, share)| alike.weight() * share).sum::<f64>() / most;
        let traits: Vec<Trait> = all.iter().filter(|(_, share)| *share > 0.0).map(|(alike, _)| *alike).collect();
        (!traits.is_empty()).then_some(Likeness { traits, cause, statement, weight })
    }
}

/// What others have in common with one, what says most first and the newest among equals.
#[must_use]
pub fn ranked(sought: &Sought, others: Vec<Nonconformity>, rarity: &Rarity) -> Vec<(Nonconformity, Likeness)> {
    let alike = others.into_iter().filter_map(|other| sought.likeness(&other, rarity).map(|alike| (other, alike)));
    let mut alike: Vec<_> = alike.collect();
    alike.sort_by(|(one, a), (other, b)| {
        let newest_first = || other.head.created_at.cmp(&one.head.created_at).then(other.head.id.cmp(&one.head.id));
        b.weight.total_cmp(&a.weight).then_with(newest_first)
    });
    alike
}

fn cause(case: &Nonconformity) -> BTreeSet<String> {
    case.root_causes().iter().flat_map(|cause| telling(cause)).collect()
}

fn statement(case: &Nonconformity) -> BTreeSet<String> {
    telling(&case.title).chain(telling(&case.statement)).collect()
}

/// Words that can say something: not short, no bare numbers, and not what stands where a text is gone.
fn telling(text: &str) -> impl Iterator<Item = String> {
    let said = Some(text).filter(|text| tombstone_of(text).is_none());
    said.into_iter()
        .flat_map(search::words)
        .filter(|word| word.len() >= SHORTEST && !word.bytes().all(|byte| byte.is_ascii_digit()))
}

fn longest(words: BTreeSet<String>) -> BTreeSet<String> {
    let mut words: Vec<String> = words.into_iter().collect();
    words.sort_by_key(|word| std::cmp::Reverse(word.len()));
    words.truncate(WORDS / 2);
    words.into_iter().collect()
}

/// The words that both have and how much of `own` they are; none where that says nothing.
fn shared(own: &BTreeSet<String>, other: &BTreeSet<String>, rarity: &Rarity) -> (Vec<String>, f64) {
    let both: Vec<String> = own.intersection(other).cloned().collect();
    if both.is_empty() || both.len() < FEWEST.min(own.len()) {
        return (Vec::new(), 0.0);
    }
    let share = rarity.sum(both.iter()) / rarity.sum(own.iter());
    if share < LEAST { (Vec::new(), 0.0) } else { (both, share) }
}

#[cfg(test)]
mod tests {
    use super::super::tests::reported;
    use super::*;
    use crate::imports::Migrated;
    use crate::mistakes::Voided;
    use crate::nonconformities::Stage;
    use uuid::Uuid;

    fn case(n: u128, title: &str, requirement: Option<&str>, causes: &[&str]) -> Nonconformity {
        let mut case = reported();
        case.head.id = Uuid::from_u128(n);
        case.title = title.into();
        case.statement = "-".into();
        case.requirement = requirement.map(str::to_owned);
        let root_causes = causes.iter().map(|cause| (*cause).to_owned()).collect();
        let raised_on = case.head.created_at.date_naive();
        let migrated =
            Migrated { external_reference: "CAPA-1".into(), raised_on, ended_on: None, outcome: None, root_causes };
        case.migrated = Some(migrated);
        case
    }

    fn one() -> Nonconformity {
        case(1, "Critical patches late on laptops", Some("A.8.8"), &["The laptop image lacks the update agent"])
    }

    fn traits(other: &Nonconformity) -> Vec<Trait> {
        Sought::of(&one()).likeness(other, &Rarity::default()).map(|alike| alike.traits).unwrap_or_default()
    }

    #[test]
    fn each_says_what_speaks_for_it() {
        use Trait::{Cause, Requirement, Statement};
        for (title, requirement, cause, expected) in [
            (
                "Critical patches late on servers",
                Some("A.8.8"),
                "The image lacks an agent",
                vec![Cause, Requirement, Statement],
            ),
            ("Doors", Some("A.8.8"), "A wedge", vec![Requirement]),
            ("Doors", None, "Nobody put the AGENT into the image", vec![Cause]),
            ("PATCHES ARE LATE, AGAIN", None, "A wedge", vec![Statement]),
            ("Patches", None, "The agent", vec![]),
            ("Doors", Some("A.8.9"), "A wedge", vec![]),
        ] {
            assert_eq!(traits(&case(2, title, requirement, &[cause])), expected, "{title}");
        }
    }

    #[test]
    fn neither_itself_nor_what_was_taken_back() {
        assert_eq!(traits(&one()), []);
        let mut void = Nonconformity { head: case(2, "", None, &[]).head, ..one() };
        assert_eq!(traits(&void).len(), 3);
        void.stage = Stage::Void { voided: Voided { reason: "A slip".into(), at: void.head.created_at, by: None } };
        assert_eq!(traits(&void), []);
    }

    #[test]
    fn what_is_gone_is_not_alike() {
        let gone =
            |n, m| case(n, &format!("[redacted: RED-2026-{m:04}]"), None, &[&format!("[redacted: RED-2026-{m:04}]")]);
        assert_eq!(Sought::of(&gone(1, 1)).words(), Vec::<String>::new());
        assert_eq!(Sought::of(&gone(1, 1)).likeness(&gone(2, 2), &Rarity::default()), None);
    }

    #[test]
    fn rare_words_say_more() {
        let sought = Sought::of(&case(1, "Laptops: critical patches missing", None, &[]));
        let having = [("laptops", 90), ("critical", 90), ("patches", 2), ("missing", 2)];
        let having = having.map(|(word, count)| (word.to_owned(), count)).into();
        let rarity = Rarity { records: 100, having };
        let rare = case(2, "Patches missing", None, &[]);
        assert!(sought.likeness(&rare, &Rarity::default()).is_some());
        let common = case(3, "Critical laptops", None, &[]);
        assert!(sought.likeness(&common, &Rarity::default()).is_some());
        assert_eq!(sought.likeness(&common, &rarity), None, "what nearly every one says");
        let alike = sought.likeness(&rare, &rarity).unwrap();
        assert_eq!(alike.statement, ["missing", "patches"]);
        assert!(alike.weight > 0.2 && alike.weight < 0.25, "{}", alike.weight);
    }

    #[test]
    fn what_says_most_comes_first_and_the_newest_among_equals() {
        let same = |n| case(n, "Doors", Some("A.8.8"), &[]);
        let cause = case(4, "Doors", None, &["The laptop image lacks the update agent"]);
        let others = vec![same(2), same(3), cause, case(5, "Windows", None, &[])];
        let ids: Vec<u128> = ranked(&Sought::of(&one()), others, &Rarity::default())
            .iter()
            .map(|(other, _)| other.head.id.as_u128())
            .collect();
        assert_eq!(ids, [4, 3, 2]);
        let same = Nonconformity { head: case(2, "", None, &[]).head, ..one() };
        let weight = Sought::of(&one()).likeness(&same, &Rarity::default()).unwrap().weight;
        assert!((weight - 1.0).abs() < 1e-12, "{weight}");
    }

    #[test]
    fn few_words_are_looked_for() {
        let text: String = (0..100).map(|n| format!("word{n:03} ")).collect();
        let sought = Sought::of(&case(1, "Words", None, &[&text]));
        assert!(sought.words().len() <= WORDS);
        assert_eq!(telling("In 2026 the 14-day deadline of 監査").collect::<Vec<_>>(), ["deadline", "監査"]);
    }
}
