//! When API keys were used last: gathered in memory, so that no request waits for it to be written, and written by a worker.

use chrono::{DateTime, Utc};
use ratchet_domain::id::{ApiKeyId, OrganisationId};
use ratchet_persistence::api_keys::{Uses, note_uses};
use ratchet_persistence::error::Error;
use ratchet_persistence::store::Store;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What has been used and is not written yet. What a crash takes with it is a minute at most.
#[derive(Debug, Clone, Default)]
pub struct KeyUses(Arc<Mutex<Uses>>);

impl KeyUses {
    /// A key was used at this moment.
    pub(crate) fn note(&self, key: (OrganisationId, ApiKeyId), at: DateTime<Utc>) {
        let mut uses = self.uses();
        let last = uses.entry(key).or_insert(at);
        *last = at.max(*last);
    }

    /// Writes down what was used since the last time, in one transaction; how many keys there were. What cannot be written
    /// waits for the next time.
    ///
    /// # Errors
    /// The database's.
    pub async fn write(&self, store: &Store) -> Result<usize, Error> {
        let uses = std::mem::take(&mut *self.uses());
        if uses.is_empty() {
            return Ok(0);
        }
        let written = uses.clone();
        if let Err(error) = store.work(move |connection| note_uses(&written, connection)).await {
            uses.into_iter().for_each(|(key, at)| self.note(key, at));
            return Err(error);
        }
        Ok(uses.len())
    }

    fn uses(&self) -> MutexGuard<'_, Uses> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
