//! Who listens to events as they happen. How far the journals have grown is asked once for all of them, and not at all while
//! nobody listens.

use crate::app::App;
use crate::error::ApiError;
use actix_web::web;
use prometheus_client::metrics::gauge::Gauge;
use ratchet_domain::id::OrganisationId;
use ratchet_persistence::journal::reading;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::{Notify, Semaphore, SemaphorePermit, watch};
use uuid::Uuid;

/// Streams that one caller may hold at a time: the windows of a frontend that has one key for all.
const OF_ONE: usize = 100;
/// Streams that there may be at a time. Each is a connection.
const OF_ALL: usize = 10_000;
/// Listeners that read at a time.
const READING: usize = 2;
/// How long growth gathers before listeners are told.
const PAUSE: Duration = Duration::from_millis(100);
/// How long a caller who has all streams of its own waits before it asks again, in seconds.
const UNTIL_ONE_ENDS: u64 = 30;

/// All who listen to this server.
#[derive(Clone)]
pub(crate) struct Listeners(Arc<Shared>);

struct Shared {
    listening: Mutex<Listening>,
    somebody: Notify,
    /// Few read at a time: clients who wait for an answer go first.
    reading: Semaphore,
    is_over: watch::Sender<bool>,
    count: Gauge,
}

#[derive(Default)]
struct Listening {
    all: usize,
    by_caller: HashMap<Uuid, usize>,
    /// How many entries of each organisation have a position.
    sizes: HashMap<OrganisationId, watch::Sender<u64>>,
}

/// A place to listen from, until it is dropped.
pub(crate) struct Place {
    listeners: Listeners,
    caller: Uuid,
    organisation: OrganisationId,
    size: watch::Receiver<u64>,
    is_over: watch::Receiver<bool>,
}

/// What a listener was woken by.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Woken {
    /// Something may have happened.
    Growth,
    /// Nothing has happened for this long.
    Silence,
    /// The server stops.
    End,
}

impl Listeners {
    pub(crate) fn new(count: Gauge) -> Self {
        let (somebody, reading, (is_over, _)) = (Notify::new(), Semaphore::new(READING), watch::channel(false));
        Self(Arc::new(Shared { listening: Mutex::default(), somebody, reading, is_over, count }))
    }

    fn listening(&self) -> MutexGuard<'_, Listening> {
        self.0.listening.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place for this caller, where the organisation's journal has this size.
    ///
    /// # Errors
    /// When the caller has as many as it may, or there are as many as there may be.
    pub(crate) fn take(&self, caller: Uuid, organisation: OrganisationId, size: u64) -> Result<Place, ApiError> {
        let mut listening = self.listening();
        if listening.all >= OF_ALL {
            return Err(ApiError::Occupied("As many streams as there can be are listened to at this moment"));
        }
        let own = listening.by_caller.entry(caller).or_default();
        if *own >= OF_ONE {
            return Err(ApiError::TooMany(UNTIL_ONE_ENDS));
        }
        *own += 1;
        listening.all += 1;
        let size = listening.sizes.entry(organisation).or_insert_with(|| watch::channel(size).0).subscribe();
        self.0.count.inc();
        self.0.somebody.notify_one();
        Ok(Place { listeners: self.clone(), caller, organisation, size, is_over: self.0.is_over.subscribe() })
    }

    /// Ends every stream: whoever stops the server does not wait for those who only listen.
    pub(crate) fn end(&self) {
        self.0.is_over.send_replace(true);
    }

    fn tell(&self, sizes: &[(OrganisationId, u64)]) {
        let listening = self.listening();
        for (organisation, size) in sizes {
            if let Some(told) = listening.sizes.get(organisation) {
                told.send_if_modified(|known| {
                    let has_grown = *size > *known;
                    *known = (*known).max(*size);
                    has_grown
                });
            }
        }
    }

    async fn somebody(&self) {
        while self.listening().all == 0 {
            self.0.somebody.notified().await;
        }
    }
}

impl Place {
    /// How many entries have a position, as far as this server knows.
    pub(crate) fn size(&mut self) -> u64 {
        *self.size.borrow_and_update()
    }

    /// Waits for its turn to read; none is needed where there is no other to take turns with.
    pub(crate) async fn turn(&self) -> Option<SemaphorePermit<'_>> {
        self.listeners.0.reading.acquire().await.ok()
    }

    /// Waits until there are more than were last seen, or for so long.
    pub(crate) async fn wait(&mut self, patience: Duration) -> Woken {
        if *self.is_over.borrow() {
            return Woken::End;
        }
        tokio::select! {
            _ = self.is_over.changed() => Woken::End,
            grown = self.size.changed() => if grown.is_ok() { Woken::Growth } else { Woken::End },
            () = tokio::time::sleep(patience) => Woken::Silence,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut listening = self.listeners.listening();
        listening.all -= 1;
        self.listeners.0.count.dec();
        if let Some(own) = listening.by_caller.get_mut(&self.caller) {
            *own -= 1;
            if *own == 0 {
                listening.by_caller.remove(&self.caller);
            }
        }
        // This place's own is the last.
        if listening.sizes.get(&self.organisation).is_some_and(|told| told.receiver_count() == 1) {
            listening.sizes.remove(&self.organisation);
        }
    }
}

/// Tells listeners how far the journals have grown, whichever server has written to them.
pub(crate) async fn watch_journals(app: web::Data<App>) {
    let store = app.store.in_background();
    loop {
        app.listeners.somebody().await;
        match store.read(|connection| Ok::<_, ApiError>(reading::sizes(connection)?)).await {
            Ok(sizes) => app.listeners.tell(&sizes),
            Err(error) => tracing::debug!(%error, "listeners wait"),
        }
        tokio::time::sleep(PAUSE).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OURS: OrganisationId = OrganisationId(Uuid::from_u128(1));
    const THEIRS: OrganisationId = OrganisationId(Uuid::from_u128(2));

    #[tokio::test]
    async fn each_is_woken_by_its_own_journal_alone() {
        let listeners = Listeners::new(Gauge::default());
        let mut ours = listeners.take(Uuid::nil(), OURS, 3).unwrap();
        let mut theirs = listeners.take(Uuid::nil(), THEIRS, 0).unwrap();
        listeners.tell(&[(OURS, 5), (THEIRS, 0)]);
        assert_eq!((ours.wait(Duration::from_secs(9)).await, ours.size()), (Woken::Growth, 5));
        assert_eq!((theirs.wait(Duration::ZERO).await, theirs.size()), (Woken::Silence, 0));
        listeners.tell(&[(OURS, 4)]);
        assert_eq!((ours.wait(Duration::ZERO).await, ours.size()), (Woken::Silence, 5), "a journal never shrinks");
        listeners.end();
        assert_eq!(ours.wait(Duration::from_secs(9)).await, Woken::End);
        assert_eq!(theirs.wait(Duration::from_secs(9)).await, Woken::End);
    }

    #[test]
    fn a_caller_has_so_many_places_and_gets_back_what_it_leaves() {
        let (listeners, [caller, other]) = (Listeners::new(Gauge::default()), [1, 2].map(Uuid::from_u128));
        let mut places: Vec<Place> = (0..OF_ONE).map(|_| listeners.take(caller, OURS, 0).unwrap()).collect();
        assert!(matches!(listeners.take(caller, OURS, 0), Err(ApiError::TooMany(_))));
        assert!(listeners.take(other, OURS, 0).is_ok());
        places.pop();
        assert!(listeners.take(caller, OURS, 0).is_ok());
        drop(places);
        let listening = listeners.listening();
        assert!(listening.all == 0 && listening.by_caller.is_empty() && listening.sizes.is_empty());
    }
}
