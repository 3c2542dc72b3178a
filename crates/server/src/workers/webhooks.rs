//! Sending events to webhook endpoints: off the request path, a few at a time for each endpoint, so that a receiver that is
//! away or slow keeps nobody else waiting.

mod post;
mod signature;

use crate::commands::people;
use chrono::{DateTime, DurationRound, TimeDelta, Utc};
use post::{Clients, Letter, Outcome};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::reference::Locator;
use ratchet_domain::webhook_endpoints::{Answered, Verdict, WebhookEndpoint, verdict};
use ratchet_http::app::Source;
use ratchet_http::dialling::Dialler;
use ratchet_http::webhooks::{message, test_message};
use ratchet_http::{Seal, WebhookFigures};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::journal::reading;
use ratchet_persistence::restrictions;
use ratchet_persistence::store::Store;
use ratchet_persistence::table::Table;
use ratchet_persistence::webhook_deliveries::{self, Attempt, Claimed, Ended, Room};
use ratchet_persistence::webhook_endpoints;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

/// Deliveries that are sent at once, at most; and of these to endpoints that fail.
const ROOM: Room = Room { all: 64, failing: 32 };
/// How often, and how long after one another, it is tried to write down how an attempt went.
const WRITES: (usize, Duration) = (10, Duration::from_millis(300));

/// Whoever sends them.
pub(crate) struct Sender {
    clients: Clients,
    seal: Seal,
    figures: WebhookFigures,
    /// Under way, in all and to endpoints that fail.
    under_way: [AtomicUsize; 2],
}

/// How far a step came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    /// Something was done; there may be more.
    Done,
    /// There is something, and no room for it now.
    NoRoom,
    /// There is nothing.
    Nothing,
}

impl Sender {
    /// Dials what is within reach, and signs with what the seal opens.
    pub(crate) fn new(dialler: Dialler, seal: Seal, figures: WebhookFigures) -> Arc<Self> {
        Arc::new(Self { clients: Clients::new(dialler), seal, figures, under_way: Default::default() })
    }

    /// Makes deliveries of what has happened, takes what is due, and begins to send it.
    pub(crate) async fn step(self: &Arc<Self>, store: &Store, source: &Source) -> Result<Step, Error> {
        let now = micros((source.now)());
        if !store.read(move |connection| webhook_deliveries::has_work(now, connection)).await? {
            return Ok(Step::Nothing);
        }
        let (room, lease, next_id) = (self.room(), (source.id)(), source.id.clone());
        let taken = store.work(move |connection| {
            let made = webhook_deliveries::make(now, &mut || next_id(), connection)?;
            Ok::<_, Error>((made, webhook_deliveries::claim(room, lease, now, connection)?))
        });
        let (made, claimed) = taken.await?;
        let step = if made == 0 && claimed.is_empty() { Step::NoRoom } else { Step::Done };
        for one in claimed {
            let (sender, store, source) = (self.clone(), store.clone(), source.clone());
            // Noted before it begins: the next step must not take more than there is room for.
            let place = Place::of(self, one.is_failing);
            tokio::spawn(async move {
                sender.deliver(&one, &store, &source).await;
                drop(place);
            });
        }
        Ok(step)
    }

    fn room(&self) -> Room {
        let [all, failing] = [&self.under_way[0], &self.under_way[1]].map(|count| count.load(Ordering::Relaxed));
        Room { all: ROOM.all.saturating_sub(all), failing: ROOM.failing.saturating_sub(failing) }
    }

    async fn deliver(&self, claimed: &Claimed, store: &Store, source: &Source) {
        let now = micros((source.now)());
        let outcome = match self.letter(claimed.clone(), now, store).await {
            Ok(Ok(letter)) => self.clients.post(&letter, now).await,
            Ok(Err(error)) => Outcome { error: Some(error), ..Outcome::default() },
            // Taken again when the lease has ended.
            Err(error) => return tracing::warn!(%error, delivery = %claimed.id, "a webhook waits"),
        };
        let answered = Answered { status: outcome.status, retry_after: outcome.retry_after };
        let tried = usize::try_from(claimed.tried).unwrap_or_default() + 1;
        let verdict = verdict(answered, tried, rand::random(), micros((source.now)()));
        self.figures.count(match verdict {
            Verdict::Delivered => "delivered",
            Verdict::Again(_) => "failed",
            Verdict::GivenUp => "given_up",
            Verdict::Gone => "gone",
        });
        let Outcome { status, retry_after: _, took, answer, error } = outcome;
        let took_ms = i64::try_from(took.as_millis()).unwrap_or(i64::MAX);
        let attempt = Attempt { began_at: now, cause: claimed.cause, took_ms, status, answer, error };
        write_down(claimed, Ended { attempt, verdict }, store, source).await;
    }

    /// What is sent, or why nothing can be.
    async fn letter(
        &self,
        claimed: Claimed,
        now: DateTime<Utc>,
        store: &Store,
    ) -> Result<Result<Letter, String>, Error> {
        let seal = self.seal.clone();
        store.read(move |connection| letter(&claimed, &seal, now, connection)).await
    }

    /// Counts what waits, and forgets what ended long ago.
    pub(crate) async fn keep(&self, store: &Store, source: &Source) -> Result<(), Error> {
        let now = micros((source.now)());
        let (waiting, oldest) = store.read(webhook_deliveries::outlook).await?;
        self.figures.wait(waiting, oldest.map_or(0, |at| (now - at).num_seconds().max(0)));
        while store.work(move |connection| webhook_deliveries::forget(now, connection)).await? > 0 {}
        store.work(move |connection| webhook_endpoints::forget_secrets(now, connection)).await.map(drop)
    }
}

fn letter(
    claimed: &Claimed,
    seal: &Seal,
    now: DateTime<Utc>,
    connection: &mut AnyConnection,
) -> Result<Result<Letter, String>, Error> {
    let Claimed { organisation, endpoint, .. } = *claimed;
    let Some((endpoint, _)) = WebhookEndpoint::find(organisation, Locator::Id(endpoint), connection)? else {
        return Err(Error::NotFound);
    };
    let sealed = webhook_endpoints::secrets(organisation, endpoint.head.id, now, connection)?;
    let secrets: Vec<Vec<u8>> = sealed.iter().filter_map(|sealed| seal.open(endpoint.head.id, sealed)).collect();
    if secrets.is_empty() {
        return Ok(Err("the secret was sealed with another key than this server has: rotate it".to_owned()));
    }
    let body = body(claimed, &endpoint, organisation, connection)?;
    let id = claimed.entry.map_or(claimed.id, |entry| entry.0);
    Ok(body.map(|body| Letter { url: endpoint.terms.url, id, body, secrets }))
}

/// As it may be seen now: what was restricted or redacted since is not told any more.
fn body(
    claimed: &Claimed,
    endpoint: &WebhookEndpoint,
    organisation: OrganisationId,
    connection: &mut AnyConnection,
) -> Result<Result<Vec<u8>, String>, Error> {
    let Some(entry) = claimed.entry else {
        return Ok(test_message(endpoint, claimed.id, claimed.made_at));
    };
    let entry = reading::find(organisation, entry, connection)?.ok_or(Error::NotFound)?;
    let withheld = restrictions::withheld(organisation, None, connection)?;
    Ok(message(endpoint, entry, withheld))
}

/// Where it cannot be written down, the delivery is taken again when its lease has ended: sent twice rather than lost.
async fn write_down(claimed: &Claimed, ended: Ended, store: &Store, source: &Source) {
    let (times, pause) = WRITES;
    for _ in 0..times {
        let (claimed, ended) = (claimed.clone(), ended.clone());
        let context = people::context(claimed.organisation, "webhooks", source);
        let written = store.write(context, move |tx| webhook_deliveries::conclude(&claimed, &ended, tx)).await;
        match written {
            Ok(true) => return,
            Ok(false) => return tracing::debug!("a webhook's delivery was taken from its sender"),
            Err(error) if error.is_transient() => tokio::time::sleep(pause).await,
            Err(error) => return tracing::error!(%error, "how a webhook went cannot be written down"),
        }
    }
    tracing::warn!(delivery = %claimed.id, "a webhook may be sent twice");
}

/// A delivery under way; it makes room when it is dropped.
struct Place {
    sender: Arc<Sender>,
    is_failing: bool,
}

impl Place {
    fn of(sender: &Arc<Sender>, is_failing: bool) -> Self {
        let place = Self { sender: sender.clone(), is_failing };
        for count in place.counts() {
            count.fetch_add(1, Ordering::Relaxed);
        }
        place
    }

    fn counts(&self) -> impl Iterator<Item = &AtomicUsize> {
        self.sender.under_way.iter().take(if self.is_failing { 2 } else { 1 })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        for count in self.counts() {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// What both databases keep.
fn micros(at: DateTime<Utc>) -> DateTime<Utc> {
    at.duration_trunc(TimeDelta::microseconds(1)).unwrap_or(at)
}
