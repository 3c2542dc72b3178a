//! Where packs are written: few places, and none of an organisation's takes another's.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, PoisonError};
use uuid::Uuid;

/// Packs that are written at the same time: each has a connection of its own, and holds on to one moment of the database.
const PACKS: usize = 2;

/// The organisations for which a pack is being written.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Arc<Mutex<HashSet<Uuid>>>);

/// A place that is taken, until it is dropped.
#[derive(Debug)]
pub(crate) struct Place {
    places: Places,
    organisation: Uuid,
}

impl Places {
    /// A place for a pack of this organisation; `None` where one of its own is still written, or as many as there may be.
    pub(crate) fn take(&self, organisation: Uuid) -> Option<Place> {
        let mut taken = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let is_free = taken.len() < PACKS && taken.insert(organisation);
        is_free.then(|| Place { places: self.clone(), organisation })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.places.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.organisation);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_at_a_time_and_one_of_each_organisation() {
        let (places, [ours, theirs, others]) = (Places::default(), [1, 2, 3].map(Uuid::from_u128));
        let first = places.take(ours);
        assert!(first.is_some() && places.take(ours).is_none());
        let second = places.take(theirs);
        assert!(second.is_some() && places.take(others).is_none());
        drop(first);
        let third = places.take(others);
        assert!(third.is_some() && places.take(ours).is_none());
        drop((second, third));
        assert!(places.take(ours).is_some() && places.take(ours).is_some());
    }
}
