//! Participation: how much people take part in improving the management system, by unit and month [7.3, 10.1].
//!
//! It is counted from what the journal says that people did, so that every kind of it is counted in the same way.

use crate::id::MemberId;
use chrono::{Datelike, Months, NaiveDate};
use std::collections::{BTreeMap, HashMap};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A year, whichever month it begins in.
pub const MONTHS: usize = 13;
/// Who files a report is not to be guessed from its unit: those of smaller ones are counted under no unit.
pub const SMALLEST: i64 = 5;

/// What somebody did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, EnumString, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "snake_case")]
pub enum Act {
    /// Reported something.
    Report,
    /// Suggested an improvement.
    Suggestion,
    /// Voted for one.
    Vote,
    /// Acknowledged a policy.
    Acknowledgement,
    /// Took a course and passed.
    Training,
}

/// How the journal calls each act.
const ACTIONS: [(&str, Act); 5] = [
    ("employee_report.filed", Act::Report),
    ("improvement.proposed", Act::Suggestion),
    ("vote.cast", Act::Vote),
    ("acknowledgement.given", Act::Acknowledgement),
    ("training_assignment.completed", Act::Training),
];

/// The actions of the journal that are counted.
#[must_use]
pub fn actions() -> Vec<&'static str> {
    ACTIONS.iter().map(|(action, _)| *action).collect()
}

/// The months that a time touches, each from its first day to the first of the next; not many more than [`MONTHS`].
#[must_use]
pub fn months(from: NaiveDate, to: NaiveDate) -> Vec<(NaiveDate, NaiveDate)> {
    let mut months = Vec::new();
    let mut first = from.with_day(1);
    // One more than may be asked for is enough to be told so.
    while let Some(begins) = first.filter(|begins| *begins <= to && months.len() <= MONTHS) {
        let next = begins.checked_add_months(Months::new(1));
        months.extend(next.map(|next| (begins, next)));
        first = next;
    }
    months
}

/// A member, and where that member works.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Who.
    pub member: MemberId,
    /// The unit, where one is named.
    pub unit: Option<String>,
    /// Whether the member is still there.
    pub active: bool,
}

/// How often somebody did something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counted {
    /// Who; none for somebody without a name.
    pub by: Option<MemberId>,
    /// What, as the journal calls it.
    pub action: String,
    /// How often.
    pub count: i64,
}

/// What the people of a unit did, by act.
pub type Line = BTreeMap<Act, i64>;

/// How many active members each unit has; those without one under none.
#[must_use]
pub fn sizes(people: &[Person]) -> BTreeMap<Option<String>, i64> {
    let mut sizes = BTreeMap::new();
    for person in people.iter().filter(|person| person.active) {
        *sizes.entry(person.unit.clone()).or_default() += 1;
    }
    sizes
}

/// Sums up by unit what was counted of one month.
#[must_use]
pub fn sum_up(counted: impl IntoIterator<Item = Counted>, people: &[Person]) -> BTreeMap<Option<String>, Line> {
    let sizes = sizes(people);
    let unit_of: HashMap<MemberId, &Option<String>> =
        people.iter().map(|person| (person.member, &person.unit)).collect();
    let is_large = |unit: &Option<String>| sizes.get(unit).is_some_and(|size| *size >= SMALLEST);
    let mut units = BTreeMap::<Option<String>, Line>::new();
    for Counted { by, action, count } in counted {
        let Some((_, act)) = ACTIONS.iter().find(|(known, _)| *known == action) else { continue };
        let unit = by.and_then(|member| unit_of.get(&member).copied().cloned()).flatten();
        let unit = Some(unit).filter(|unit| *act != Act::Report || is_large(unit)).flatten();
        *units.entry(unit).or_default().entry(*act).or_default() += count;
    }
    units
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixtures::member;

    fn counted(by: Option<u128>, action: &str, count: i64) -> Counted {
        Counted { by: by.map(member), action: action.to_owned(), count }
    }

    /// Five in the shipyard (1 to 5), one of the board (10), one who has left it (11), one without a unit (20).
    fn people() -> Vec<Person> {
        let person =
            |n, unit: Option<&str>| Person { member: member(n), unit: unit.map(str::to_owned), active: n != 11 };
        let shipyard = (1..=5).map(|n| person(n, Some("Shipyard")));
        shipyard.chain([person(10, Some("Board")), person(11, Some("Board")), person(20, None)]).collect()
    }

    #[test]
    fn months_are_whole() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let two = months(day("2025-12-31"), day("2026-01-01"));
        assert_eq!(two, [(day("2025-12-01"), day("2026-01-01")), (day("2026-01-01"), day("2026-02-01"))]);
        assert!(months(day("2026-02-01"), day("2026-01-31")).is_empty());
        assert_eq!(months(day("2025-03-15"), day("2026-03-14")).len(), MONTHS);
        assert_eq!(months(NaiveDate::MIN, NaiveDate::MAX).len(), MONTHS + 1, "no more than tells that it is too much");
    }

    #[test]
    fn a_small_unit_does_not_tell_who_reported() {
        let month = [
            counted(Some(1), "employee_report.filed", 2),
            counted(Some(10), "employee_report.filed", 1),
            counted(Some(11), "employee_report.filed", 1),
            counted(Some(99), "employee_report.filed", 1),
            counted(None, "employee_report.filed", 3),
            counted(Some(10), "training_assignment.completed", 4),
            counted(Some(11), "vote.cast", 1),
            counted(Some(2), "course.defined", 7),
        ];
        let units = sum_up(month, &people());
        assert_eq!(units[&None], Line::from([(Act::Report, 6)]));
        assert_eq!(units[&Some("Shipyard".to_owned())], Line::from([(Act::Report, 2)]));
        assert_eq!(units[&Some("Board".to_owned())], Line::from([(Act::Vote, 1), (Act::Training, 4)]));
        assert_eq!(units.len(), 3);
        let sizes = sizes(&people());
        assert_eq!((sizes[&Some("Shipyard".to_owned())], sizes[&Some("Board".to_owned())], sizes[&None]), (5, 1, 1));
    }

    #[test]
    fn every_act_has_its_action() {
        for act in Act::VARIANTS {
            assert_eq!(ACTIONS.iter().filter(|(_, known)| known == act).count(), 1, "{act:?}");
        }
        assert_eq!(actions().len(), ACTIONS.len());
    }
}
