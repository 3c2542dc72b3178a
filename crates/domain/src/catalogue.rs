//! The requirements of ISO/IEC 27001:2022 by number. The labels are our own short words, not the standard's.

mod clauses;
mod controls;
mod lifecycles;
mod questions;

pub use lifecycles::{Edge, LifecycleTable, lifecycles};
pub use questions::{Question, question};

use serde::Serialize;

/// Where a requirement stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Area {
    /// Clauses 4 to 10.
    Clause,
    /// Annex A.5.
    Organisational,
    /// Annex A.6.
    People,
    /// Annex A.7.
    Physical,
    /// Annex A.8.
    Technological,
}

/// A clause or a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Requirement {
    /// `9.2.2`, `A.5.18`.
    pub number: &'static str,
    /// A few words that say what it is about.
    pub label: &'static str,
    /// Where it stands.
    pub area: Area,
}

impl Requirement {
    const fn new(number: &'static str, label: &'static str, area: Area) -> Self {
        Self { number, label, area }
    }
}

/// Clauses 4 to 10 with their sub-clauses, in order.
pub const CLAUSES: &[Requirement] = clauses::CLAUSES;
/// The 93 controls of Annex A, in order.
pub const CONTROLS: &[Requirement] = controls::CONTROLS;

/// The clause or control of that number.
#[must_use]
pub fn find(number: &str) -> Option<&'static Requirement> {
    CLAUSES.iter().chain(CONTROLS).find(|requirement| requirement.number == number)
}

/// Whether what is said of `number` is said of `other`: the same, or one of its sub-clauses.
#[must_use]
pub fn covers(number: &str, other: &str) -> bool {
    other.strip_prefix(number).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
}

/// Clauses without sub-clauses, and controls: what can be looked at by itself, in order.
pub fn leaves() -> impl Iterator<Item = &'static Requirement> {
    let has_parts =
        |clause: &Requirement| CLAUSES.iter().any(|other| other != clause && covers(clause.number, other.number));
    CLAUSES.iter().filter(move |clause| !has_parts(clause)).chain(CONTROLS)
}

/// The clause or control itself, what it is part of, and its parts.
pub fn related(number: &str) -> impl Iterator<Item = &'static str> {
    let of_kin = move |other: &&Requirement| covers(number, other.number) || covers(other.number, number);
    CLAUSES.iter().chain(CONTROLS).filter(of_kin).map(|requirement| requirement.number)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn annex_a_has_its_93_controls() {
        for (area, prefix, n) in [
            (Area::Organisational, "A.5.", 37),
            (Area::People, "A.6.", 8),
            (Area::Physical, "A.7.", 14),
            (Area::Technological, "A.8.", 34),
        ] {
            let numbers: Vec<_> = CONTROLS.iter().filter(|c| c.area == area).map(|c| c.number.to_owned()).collect();
            assert_eq!(numbers, (1..=n).map(|i| format!("{prefix}{i}")).collect::<Vec<_>>());
        }
        assert_eq!(CONTROLS.len(), 93);
    }

    #[test]
    fn numbers_and_labels_are_unique() {
        let all = || CLAUSES.iter().chain(CONTROLS);
        assert_eq!(all().map(|r| r.number).collect::<BTreeSet<_>>().len(), all().count());
        assert_eq!(all().map(|r| r.label).collect::<BTreeSet<_>>().len(), all().count());
        assert!(all().all(|r| !r.label.is_empty() && r.label.len() < 60));
    }

    #[test]
    fn a_clause_covers_its_parts() {
        assert!(covers("9.2", "9.2.2") && covers("9", "9.2.2") && covers("9.2.2", "9.2.2") && covers("A.5.1", "A.5.1"));
        assert!(!covers("9.2.2", "9.2") && !covers("1", "10.1") && !covers("A.5.1", "A.5.18") && !covers("9.1", "9.2"));
        assert_eq!(related("9.2").collect::<Vec<_>>(), ["9", "9.2", "9.2.1", "9.2.2"]);
        assert_eq!(related("A.5.1").collect::<Vec<_>>(), ["A.5.1"]);
        let leaves: Vec<_> = leaves().map(|leaf| leaf.number).collect();
        assert!(leaves.contains(&"9.2.1") && leaves.contains(&"10.2") && leaves.contains(&"A.8.34"));
        assert!(!leaves.contains(&"9.2") && !leaves.contains(&"6.1") && !leaves.contains(&"4"));
    }

    #[test]
    fn finds_by_number_alone() {
        assert_eq!(find("A.5.18").map(|r| r.area), Some(Area::Organisational));
        assert_eq!(find("10.2").map(|r| r.area), Some(Area::Clause));
        assert_eq!(find("A.5.38"), None);
        assert_eq!(find("a.5.1"), None);
    }
}
