//! What runs beside the requests. Each takes its work from the database and is correct when two run at once.

pub(crate) mod digests;

use crate::commands::people;
use ratchet_domain::report_intakes::hour_of;
use ratchet_http::app::Source;
use ratchet_persistence::error::Error;
use ratchet_persistence::evaluation;
use ratchet_persistence::journal::sequencer::{self, Signer};
use ratchet_persistence::readiness;
use ratchet_persistence::report_intakes;
use ratchet_persistence::schedule;
use ratchet_persistence::search;
use ratchet_persistence::store::Store;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// How long work gathers before it is looked at: one commit serves all that came meanwhile, and on SQLite each commit of a
/// worker keeps the only writer from whoever waits for an answer. An entry has its position within twice this time.
const PAUSE: Duration = Duration::from_millis(100);

/// Gives entries their positions.
pub(crate) async fn sequence(store: Store, source: Source, signer: Signer) {
    let signer = Arc::new(signer);
    loop {
        let (signer, now) = (signer.clone(), (source.now)());
        let sequenced: Result<usize, Error> =
            store.work(move |connection| sequencer::sequence(&signer, now, connection)).await;
        match sequenced {
            Ok(sequencer::BATCH) => {}
            Ok(_) => tokio::time::sleep(PAUSE).await,
            // Another replica was faster, or the database is away.
            Err(error) => {
                tracing::debug!(%error, "entries still wait for their positions");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// How often it is asked whether measurements are missing.
const ABSENCE: Duration = Duration::from_secs(60);

/// Evaluates what was measured, and what was not.
pub(crate) async fn evaluate(store: Store, source: Source) {
    let mut looked: Option<Instant> = None;
    loop {
        let with_absence = looked.is_none_or(|at| at.elapsed() > ABSENCE);
        if with_absence {
            looked = Some(Instant::now());
        }
        let context = |organisation| people::context(organisation, "evaluation", &source);
        match evaluation::catch_up(&store, (source.now)(), with_absence, &context).await {
            Ok(0) => tokio::time::sleep(PAUSE).await,
            Ok(_) => {}
            Err(error) => {
                tracing::debug!(%error, "measurements still wait for their evaluation");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// Takes what came through the public report link into the register, when an hour is full and then only: how long ago
/// something was reported is told to the hour and no finer.
pub(crate) async fn take_in_reports(store: Store, source: Source) {
    let mut hour = hour_of((source.now)());
    loop {
        tokio::time::sleep(LATE).await;
        let now = hour_of((source.now)());
        if now == hour {
            continue;
        }
        let context = |organisation| people::anonymous(organisation, now, &source);
        match report_intakes::take_in(&store, &context).await {
            Ok(_) => hour = now,
            Err(error) => tracing::debug!(%error, "anonymous reports still wait"),
        }
    }
}

/// How late something may happen by itself.
const LATE: Duration = Duration::from_secs(1);

/// Wakes records whose time has come.
pub(crate) async fn wake(store: Store, source: Source) {
    loop {
        let context = |organisation| people::context(organisation, "schedule", &source);
        if let Err(error) = schedule::catch_up(&store, (source.now)(), &context).await {
            tracing::debug!(%error, "records still wait for what happens by itself");
        }
        tokio::time::sleep(LATE).await;
    }
}

/// How often it is asked whose day has begun.
const DAYS_BEGIN: Duration = Duration::from_secs(300);

/// Keeps how ready each organisation is, once a day.
pub(crate) async fn keep_readiness(store: Store, source: Source) {
    loop {
        if let Err(error) = readiness::catch_up(&store, (source.now)()).await {
            tracing::debug!(%error, "the day is not kept yet");
        }
        tokio::time::sleep(DAYS_BEGIN).await;
    }
}

/// Makes what was written findable. It takes its turns between the writes of others: a fifth of the time at most, and while
/// little is written it lets that gather.
pub(crate) async fn follow(store: Store) {
    loop {
        let began = Instant::now();
        let followed: Result<usize, Error> = store.work(search::follow).await;
        match followed {
            Ok(few) if few < search::LIMIT / 2 => tokio::time::sleep(PAUSE.max(began.elapsed() * 4)).await,
            Ok(_) => tokio::time::sleep(began.elapsed() * 4).await,
            Err(error) => {
                tracing::debug!(%error, "what was written is not findable yet");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}

/// How often it is asked whose digest is due.
const DIGESTS: Duration = Duration::from_secs(60);

/// How soon, and how late at most, the mail server is asked again after it was away or has put something off.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(900));

/// Sends the daily digests. As long as the mail server is away, it is asked less and less often.
pub(crate) async fn send_digests(store: Store, source: Source, sender: digests::Sender) {
    let (soon, late) = AGAIN;
    let mut again = soon;
    loop {
        let went_well = match sender.catch_up(&store, &source).await {
            Ok(went_well) => went_well,
            Err(error) => {
                tracing::debug!(%error, "digests still wait");
                false
            }
        };
        if went_well {
            again = soon;
            tokio::time::sleep(DIGESTS).await;
        } else {
            tokio::time::sleep(again).await;
            again = (again * 2).min(late);
        }
    }
}
