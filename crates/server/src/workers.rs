//! What runs beside the requests. Each takes its work from the database and is correct when two run at once.

pub(crate) mod digests;
pub(crate) mod tickets;
pub(crate) mod webhooks;

use crate::commands::people;
use ratchet_domain::report_intakes::hour_of;
use ratchet_http::app::Source;
use ratchet_http::{KeyUses, WorkerFigures};
use ratchet_persistence::built_in;
use ratchet_persistence::error::Error;
use ratchet_persistence::evaluation;
use ratchet_persistence::formulas;
use ratchet_persistence::journal::sequencer::{self, Signer};
use ratchet_persistence::measurements::retention;
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

/// What every worker works with.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) store: Store,
    pub(crate) source: Source,
    pub(crate) figures: WorkerFigures,
}

impl Tools {
    /// Notes how a step went. That another replica was faster, or the database is away, passes; anything else somebody has
    /// to look at.
    fn noted<T>(&self, worker: &'static str, step: Result<T, Error>) -> Option<T> {
        self.figures.note(worker, step.is_ok().then(|| (self.source.now)()));
        match step {
            Ok(done) => Some(done),
            Err(error) if error.is_transient() => {
                tracing::debug!(%error, worker, "a step waits");
                None
            }
            Err(error) => {
                tracing::error!(%error, worker, "a step failed");
                None
            }
        }
    }
}

/// Gives entries their positions.
pub(crate) async fn sequence(tools: Tools, signer: Signer) {
    let signer = Arc::new(signer);
    loop {
        let (signer, now) = (signer.clone(), (tools.source.now)());
        let sequenced = tools.store.work(move |connection| sequencer::sequence(&signer, now, connection)).await;
        match tools.noted("sequencer", sequenced) {
            Some(sequencer::BATCH) => {}
            Some(_) | None => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// How long formulas rest once all are computed: figures that change again and again are gathered, and make one entry of the journal.
const REST: Duration = Duration::from_secs(10);
/// How often it is asked whether measurements are missing.
const ABSENCE: Duration = Duration::from_secs(60);

/// Evaluates what was measured, and what was not; and computes what follows from it by formulas, which is evaluated in its turn.
pub(crate) async fn evaluate(tools: Tools) {
    let (mut looked, mut rests_since): (Option<Instant>, Option<Instant>) = (None, None);
    loop {
        let with_absence = looked.is_none_or(|at| at.elapsed() > ABSENCE);
        if with_absence {
            looked = Some(Instant::now());
        }
        let Tools { store, source, .. } = &tools;
        let context = |organisation| people::context(organisation, "evaluation", source);
        let evaluated = evaluation::catch_up(store, (source.now)(), with_absence, &context).await;
        let evaluated = tools.noted("evaluation", evaluated);
        let computed = if rests_since.is_none_or(|at| at.elapsed() > REST) {
            let context = |organisation| people::context(organisation, "figures", source);
            tools.noted("formulas", formulas::catch_up(store, (source.now)(), &context).await)
        } else {
            Some(0)
        };
        let still_rests = rests_since.filter(|at| at.elapsed() <= REST);
        rests_since = match computed {
            Some(0) | None => still_rests.or_else(|| Some(Instant::now())),
            Some(_) => None,
        };
        match evaluated.zip(computed) {
            Some((0, 0)) | None => tokio::time::sleep(PAUSE).await,
            Some(_) => {}
        }
    }
}

/// Takes what came through the public report link into the register, when an hour is full and then only: how long ago
/// something was reported is told to the hour and no finer.
pub(crate) async fn take_in_reports(tools: Tools) {
    let Tools { store, source, .. } = &tools;
    let mut hour = hour_of((source.now)());
    loop {
        tokio::time::sleep(LATE).await;
        let now = hour_of((source.now)());
        if now == hour {
            continue;
        }
        let context = |organisation| people::anonymous(organisation, now, source);
        let taken_in = report_intakes::take_in(store, &context).await;
        if tools.noted("report_intakes", taken_in).is_some() {
            hour = now;
        }
    }
}

/// How late something may happen by itself.
const LATE: Duration = Duration::from_secs(1);

/// Wakes records whose time has come.
pub(crate) async fn wake(tools: Tools) {
    let Tools { store, source, .. } = &tools;
    loop {
        let context = |organisation| people::context(organisation, "schedule", source);
        let woken = schedule::catch_up(store, (source.now)(), &context).await;
        tools.noted("schedule", woken);
        tokio::time::sleep(LATE).await;
    }
}

/// How often it is asked whose day has begun.
const DAYS_BEGIN: Duration = Duration::from_secs(300);

/// Keeps how ready each organisation is, once a day.
pub(crate) async fn keep_readiness(tools: Tools) {
    loop {
        let kept = readiness::catch_up(&tools.store, (tools.source.now)()).await;
        tools.noted("readiness", kept);
        tokio::time::sleep(DAYS_BEGIN).await;
    }
}

/// Measures the built-in indicators of each organisation, once a day.
pub(crate) async fn measure_built_in(tools: Tools) {
    let Tools { store, source, .. } = &tools;
    loop {
        let context = |organisation| people::context(organisation, "figures", source);
        let measured = built_in::catch_up(store, (source.now)(), &context).await;
        tools.noted("figures", measured);
        tokio::time::sleep(DAYS_BEGIN).await;
    }
}

/// How often it is asked what is not kept any longer.
const RETENTION: Duration = Duration::from_secs(600);

/// Removes measurements that their indicators do not keep any longer.
pub(crate) async fn remove_measurements(tools: Tools) {
    let Tools { store, source, .. } = &tools;
    loop {
        let context = |organisation| people::context(organisation, "retention", source);
        let removed = retention::catch_up(store, (source.now)(), &context).await;
        match tools.noted("retention", removed) {
            Some(0) | None => tokio::time::sleep(RETENTION).await,
            Some(_) => tokio::time::sleep(LATE).await,
        }
    }
}

/// Makes what was written findable. It takes its turns between the writes of others: a fifth of the time at most, and while
/// little is written it lets that gather.
pub(crate) async fn follow(tools: Tools) {
    loop {
        let began = Instant::now();
        let followed = tools.store.work(search::follow).await;
        match tools.noted("search", followed) {
            Some(few) if few < search::LIMIT / 2 => tokio::time::sleep(PAUSE.max(began.elapsed() * 4)).await,
            Some(_) => tokio::time::sleep(began.elapsed() * 4).await,
            None => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// How old what is written of a key's last use may be.
const KEY_USES: Duration = Duration::from_secs(60);

/// Writes down when API keys were used last, once a minute for all of them.
pub(crate) async fn note_key_uses(tools: Tools, uses: KeyUses) {
    loop {
        tokio::time::sleep(KEY_USES).await;
        note_key_uses_once(&tools, &uses).await;
    }
}

/// Writes down what was gathered so far.
pub(crate) async fn note_key_uses_once(tools: &Tools, uses: &KeyUses) {
    let written = uses.write(&tools.store).await;
    tools.noted("key_uses", written);
}

/// How often it is asked whose digest is due.
const DIGESTS: Duration = Duration::from_secs(60);

/// How soon, and how late at most, the mail server is asked again after it was away or has put something off.
const AGAIN: (Duration, Duration) = (Duration::from_secs(5), Duration::from_secs(900));

/// Sends the daily digests. As long as the mail server is away, it is asked less and less often.
pub(crate) async fn send_digests(tools: Tools, sender: digests::Sender) {
    let (soon, late) = AGAIN;
    let mut again = soon;
    loop {
        let sent = sender.catch_up(&tools.store, &tools.source).await;
        if tools.noted("digests", sent) == Some(true) {
            again = soon;
            tokio::time::sleep(DIGESTS).await;
        } else {
            tokio::time::sleep(again).await;
            again = (again * 2).min(late);
        }
    }
}

/// How long it is waited where something is to be sent and there is no room for it.
const NO_ROOM: Duration = Duration::from_millis(100);

/// Sends what happens to webhook endpoints.
pub(crate) async fn send_webhooks(tools: Tools, sender: Arc<webhooks::Sender>) {
    loop {
        let step = sender.step(&tools.store, &tools.source).await;
        match tools.noted("webhooks", step) {
            Some(webhooks::Step::Done) => {}
            Some(webhooks::Step::NoRoom) => tokio::time::sleep(NO_ROOM).await,
            Some(webhooks::Step::Nothing) | None => tokio::time::sleep(PAUSE).await,
        }
    }
}

/// How long what has changed gathers before tickets are told of it.
const TICKETS: Duration = Duration::from_millis(500);

/// Compares actions with their tickets.
pub(crate) async fn compare_tickets(tools: Tools, comparer: Arc<tickets::Comparer>) {
    loop {
        let step = comparer.step(&tools.store, &tools.source).await;
        tools.noted("tickets", step);
        tokio::time::sleep(TICKETS).await;
    }
}

/// How often it is counted what waits for webhook endpoints, and looked for what is to be forgotten.
const OUTLOOK: Duration = Duration::from_secs(30);

/// Counts what waits for webhook endpoints, and forgets what ended long ago.
pub(crate) async fn keep_webhooks(tools: Tools, sender: Arc<webhooks::Sender>) {
    loop {
        let kept = sender.keep(&tools.store, &tools.source).await;
        tools.noted("webhook_log", kept);
        tokio::time::sleep(OUTLOOK).await;
    }
}
