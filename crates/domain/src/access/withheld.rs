//! What somebody may not know of: records that are restricted to others, and what was said and planned about them.

use crate::reference::{Prefix, Reference};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use uuid::Uuid;

/// What stands in a text in place of a name that is not told.
pub const UNNAMED: &str = "[restricted]";

/// Ids and references of records that are kept from somebody. Cheap to clone; empty where nothing is restricted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Withheld(Arc<Names>);

#[derive(Debug, Default, PartialEq, Eq)]
struct Names {
    ids: BTreeMap<Uuid, Prefix>,
    references: BTreeSet<Reference>,
}

impl FromIterator<(Uuid, Reference)> for Withheld {
    fn from_iter<I: IntoIterator<Item = (Uuid, Reference)>>(records: I) -> Self {
        let mut names = Names::default();
        for (id, reference) in records {
            names.ids.insert(id, reference.prefix);
            names.references.insert(reference);
        }
        Self(Arc::new(names))
    }
}

impl Withheld {
    /// Whether nothing is.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.ids.is_empty()
    }

    /// Whether the record of this id is.
    #[must_use]
    pub fn has(&self, id: Uuid) -> bool {
        self.0.ids.contains_key(&id)
    }

    /// The ids of all that are of this kind: what a list leaves out.
    #[must_use]
    pub fn of_kind(&self, kind: Prefix) -> Vec<Uuid> {
        self.0.ids.iter().filter(|(_, of)| **of == kind).map(|(id, _)| *id).collect()
    }

    /// All ids.
    pub fn ids(&self) -> impl Iterator<Item = Uuid> {
        self.0.ids.keys().copied()
    }

    /// Whether a text is the id or the reference of one.
    #[must_use]
    pub fn is_named_by(&self, text: &str) -> bool {
        match text.len() {
            36 => Uuid::try_parse(text).is_ok_and(|id| self.has(id)),
            12.. => text.parse().is_ok_and(|reference| self.0.references.contains(&reference)),
            _ => false,
        }
    }

    /// The text without the names it holds; `None` where it holds none.
    #[must_use]
    pub fn blotted(&self, text: &str) -> Option<String> {
        let is_of_a_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '-';
        let (mut blotted, mut is_touched) = (String::with_capacity(text.len()), false);
        for part in text.split_inclusive(|letter| !is_of_a_name(letter)) {
            let word = part.trim_end_matches(|letter| !is_of_a_name(letter));
            if self.is_named_by(word) {
                is_touched = true;
                blotted.push_str(UNNAMED);
                blotted.push_str(part.strip_prefix(word).unwrap_or_default());
            } else {
                blotted.push_str(part);
            }
        }
        is_touched.then_some(blotted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn withheld() -> Withheld {
        let named = |n, reference: &str| (Uuid::from_u128(n), reference.parse().unwrap());
        [named(1, "NC-2026-0007"), named(2, "ACT-2026-0001")].into_iter().collect()
    }

    #[test]
    fn a_name_is_an_id_or_a_reference_as_a_whole() {
        let withheld = withheld();
        for name in ["NC-2026-0007", "ACT-2026-0001", &Uuid::from_u128(1).to_string()] {
            assert!(withheld.is_named_by(name), "{name}");
        }
        for other in ["NC-2026-0008", "NC-2026-00071", "", "NC-2026", &Uuid::from_u128(3).to_string()] {
            assert!(!withheld.is_named_by(other), "{other}");
        }
        assert_eq!(withheld.of_kind(Prefix::Action), [Uuid::from_u128(2)]);
        assert!(withheld.of_kind(Prefix::Risk).is_empty() && !withheld.is_empty() && Withheld::default().is_empty());
    }

    #[test]
    fn a_text_loses_the_names_and_nothing_else() {
        let withheld = withheld();
        let href = format!("/v1/nonconformities/{}/close", Uuid::from_u128(1));
        for (text, expected) in [
            ("exists already: NC-2026-0007", Some("exists already: [restricted]")),
            ("NC-2026-0007, ACT-2026-0001; NC-2026-0008.", Some("[restricted], [restricted]; NC-2026-0008.")),
            (&href, Some("/v1/nonconformities/[restricted]/close")),
            ("nothing of them: é NC-2026-0070", None),
            ("", None),
        ] {
            assert_eq!(withheld.blotted(text).as_deref(), expected, "{text}");
        }
    }
}
