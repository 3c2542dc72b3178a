//! The phases of an indicator's chart: a change of what it measures begins a story of its own, and what was measured before
//! says nothing of what is to be expected since.

use super::DeclaredPhase;
use crate::id::ChangeId;
use chrono::{DateTime, Utc};

/// What begins a phase.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beginning {
    /// Nothing was measured before.
    FirstMeasurement,
    /// A change was made, and is closed.
    Change(ChangeId),
    /// Somebody has declared it: the one in this place among the indicator's declared phases.
    Declared(usize),
}

/// A time in which figures can be held against each other; it lasts until the next one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Phase {
    /// When it begins.
    pub starts_at: DateTime<Utc>,
    /// With what.
    pub beginning: Beginning,
}

/// The phases of a chart, oldest first: from the first measurement on, and from each change that was made, or phase that was
/// declared to begin, after it. Where nothing is measured there are none. Where a change and a declaration name the same
/// moment, it is the change that says why.
#[must_use]
pub fn phases(
    first_measured_at: Option<DateTime<Utc>>,
    changes: &[(DateTime<Utc>, ChangeId)],
    declared: &[DeclaredPhase],
) -> Vec<Phase> {
    let Some(starts_at) = first_measured_at else { return Vec::new() };
    let mut changes: Vec<_> = changes.to_vec();
    changes.sort_unstable();
    let changes = changes.into_iter().map(|(starts_at, id)| Phase { starts_at, beginning: Beginning::Change(id) });
    let declared = declared.iter().enumerate();
    let declared = declared.map(|(n, one)| Phase { starts_at: one.starts_at, beginning: Beginning::Declared(n) });
    let mut later: Vec<Phase> = changes.chain(declared).filter(|phase| phase.starts_at > starts_at).collect();
    later.sort_by_key(|phase| phase.starts_at);
    later.dedup_by_key(|phase| phase.starts_at);
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
        assert_eq!(phases(None, &changes, &[]), []);
        let begun = |phases: Vec<Phase>| phases.iter().map(|one| (one.starts_at, one.beginning)).collect::<Vec<_>>();
        let change = |n| Beginning::Change(ChangeId(Uuid::from_u128(n)));
        let expected = [(at(0), Beginning::FirstMeasurement), (at(10), change(3)), (at(30), change(1))];
        assert_eq!(begun(phases(Some(at(0)), &changes, &[])), expected);
        assert_eq!(begun(phases(Some(at(0)), &[], &[])), expected[..1]);
    }

    #[test]
    fn a_declared_phase_begins_one_too() {
        let at = |day: i64| DateTime::from_timestamp(1_780_000_000 + day * 86_400, 0).unwrap();
        let declared = |day| DeclaredPhase {
            starts_at: at(day),
            reason: "another scanner".to_owned(),
            declared_at: at(40),
            declared_by: None,
        };
        let change = ChangeId(Uuid::from_u128(1));
        let found = phases(Some(at(0)), &[(at(10), change)], &[declared(20), declared(10), declared(5), declared(0)]);
        let begun: Vec<_> = found.iter().map(|one| (one.starts_at, one.beginning)).collect();
        assert_eq!(
            begun,
            [
                (at(0), Beginning::FirstMeasurement),
                (at(5), Beginning::Declared(2)),
                (at(10), Beginning::Change(change)),
                (at(20), Beginning::Declared(0)),
            ]
        );
    }
}
