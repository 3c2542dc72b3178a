//! The phases of an indicator's chart: a change of what it measures begins a story of its own, and what was measured before
//! says nothing of what is to be expected since.

use crate::id::ChangeId;
use chrono::{DateTime, Utc};

/// What begins a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Nothing was measured before.
    FirstMeasurement,
    /// A change was made, and is closed.
    Change(ChangeId),
}

/// A time in which figures can be held against each other; it lasts until the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// With what.
    pub beginning: Beginning,
}

/// The phases of a chart, oldest first: from the first measurement on, and from each change that was made after it. Where
/// nothing is measured there are none.
#[must_use]
pub fn phases(first_measured_at: Option<DateTime<Utc>>, changes: &[(DateTime<Utc>, ChangeId)]) -> Vec<Phase> {
    let Some(starts_at) = first_measured_at else { return Vec::new() };
    let mut later: Vec<_> = changes.iter().copied().filter(|(made_at, _)| *made_at > starts_at).collect();
    later.sort_unstable();
    let later = later.into_iter().map(|(starts_at, id)| Phase { starts_at, beginning: Beginning::Change(id) });
    [Phase { starts_at, beginning: Beginning::FirstMeasurement }].into_iter().chain(later).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_chart_begins_with_its_first_measurement() {
        let at = |day: i64| DateTime::from_timestamp(1_780_000_000 + day * 86_400, 0).unwrap();
        let made = |day, n| (at(day), ChangeId(Uuid::from_u128(n)));
        let changes = [made(30, 1), made(-5, 2), made(10, 3)];
        assert_eq!(phases(None, &changes), []);
        let begun = |phases: Vec<Phase>| phases.iter().map(|one| (one.starts_at, one.beginning)).collect::<Vec<_>>();
        let change = |n| Beginning::Change(ChangeId(Uuid::from_u128(n)));
        let expected = [(at(0), Beginning::FirstMeasurement), (at(10), change(3)), (at(30), change(1))];
        assert_eq!(begun(phases(Some(at(0)), &changes)), expected);
        assert_eq!(begun(phases(Some(at(0)), &[])), expected[..1]);
    }
}
