//! Begin, commit, stale version, tenancy, and the journal entry of every write.
//!
//! Jobs run on threads that own their connections, behind bounded queues. SQLite has one writer that commits in
//! groups: `BEGIN IMMEDIATE`, each queued job in a savepoint, one COMMIT, and only then is anybody answered; what
//! nobody waits for has groups of its own ([`turns`]). PostgreSQL groups better by itself, so there every thread takes
//! a transaction of its own.

mod snapshot;
mod turns;

pub use snapshot::Snapshot;

use crate::connection::{Address, AnyConnection, SQLITE_PATIENCE};
use crate::error::Error;
use crate::tx::{Context, Tx};
use diesel::connection::{AnsiTransactionManager, SimpleConnection, TransactionManager};
use flume::Receiver;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};
use tokio::sync::oneshot;
use turns::{Turns, Whose};

/// Jobs that may wait per queue before the next is turned away.
const QUEUE_LIMIT: usize = 1024;
/// How long a job may wait for a connection. With what a lock is waited for (`connection.rs`) it stays below the
/// three seconds after which a client must have been told to come again.
const PATIENCE: Duration = Duration::from_secs(1);
/// The same for a job behind which no client waits, where clients go first.
const BACKGROUND_PATIENCE: Duration = Duration::from_secs(30);
/// How long a group takes further jobs.
const GROUP_TIME: Duration = Duration::from_millis(10);

/// Tells the caller how it went, once it is known whether the work was committed.
type Finish = Box<dyn FnOnce(Result<(), Error>) + Send>;

/// What is left of a job that ran: whether its work is to be kept, and whom to tell.
struct Ran {
    keep: bool,
    finish: Finish,
}
/// Given a connection inside a transaction it runs; given an error it passes that on unrun.
type Work = Box<dyn FnOnce(Result<&mut AnyConnection, Error>) -> Ran + Send>;

struct Job {
    /// When whoever waits for it has been kept waiting for too long.
    until: Instant,
    /// Whether a thread has taken it, or whoever waited has given it up: whichever comes first.
    settled: Arc<AtomicBool>,
    work: Work,
}

impl Job {
    /// Takes it to be run. Nothing is left to do for one that was given up; one that is late is told so.
    fn taken(self) -> Option<Self> {
        if self.settled.swap(true, Ordering::AcqRel) {
            return None;
        }
        if Instant::now() > self.until {
            turn_away(self, Error::Busy);
            return None;
        }
        Some(self)
    }
}

/// What became of a job of a group.
enum Ended {
    /// It waits to be told whether the group was committed.
    Waits(Finish),
    /// Its work could be neither kept nor undone by itself: the group is to be undone as a whole.
    Broken(Option<Finish>),
}

/// Where jobs wait.
#[derive(Clone)]
struct Queue {
    jobs: flume::Sender<Job>,
    patience: Duration,
}

impl Queue {
    fn new(patience: Duration) -> (Self, Receiver<Job>) {
        let (jobs, taken) = flume::bounded(QUEUE_LIMIT);
        (Self { jobs, patience }, taken)
    }
}

/// The records. Cheap to clone; its threads end when the last clone is dropped.
#[derive(Clone)]
pub struct Store {
    reads: Queue,
    writes: Queue,
    background: Queue,
    is_background: bool,
    address: Arc<Address>,
}

impl Store {
    /// Opens the database and starts `threads` connection threads (and one writer for SQLite).
    ///
    /// # Errors
    /// When a connection cannot be opened.
    pub fn open(address: &Address, threads: usize) -> Result<Self, Error> {
        let (reads, read_jobs) = Queue::new(PATIENCE);
        let kept = Arc::new(address.clone());
        for _ in 0..threads {
            let (line, jobs) = (Line::open(address)?, read_jobs.clone());
            std::thread::spawn(move || one_by_one(line, &jobs));
        }
        match address {
            Address::Sqlite(_) => {
                let (writes, write_jobs) = Queue::new(PATIENCE);
                let (background, background_jobs) = Queue::new(BACKGROUND_PATIENCE);
                let (writer, turns) = (Line::open(address)?, Turns::new(write_jobs, background_jobs));
                std::thread::spawn(move || write_in_groups(writer, turns));
                Ok(Self { reads, writes, background, is_background: false, address: kept })
            }
            Address::Postgres(_) => {
                let (writes, background) = (reads.clone(), reads.clone());
                Ok(Self { reads, writes, background, is_background: false, address: kept })
            }
        }
    }

    /// The same records for those behind whom no client waits: on SQLite their writes let the clients' go first.
    #[must_use]
    pub fn in_background(&self) -> Self {
        // It keeps the clients' queue, too: the writer ends with the last of both.
        Self { is_background: true, ..self.clone() }
    }

    fn writer(&self) -> &Queue {
        if self.is_background { &self.background } else { &self.writes }
    }

    /// Reads, in one transaction.
    ///
    /// # Errors
    /// The job's own, or [`Error::Busy`] when no connection was free in time.
    pub async fn read<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        submit(&self.reads, false, job).await
    }

    /// Opens a connection that reads on from one moment, for as long as it is kept: beside the threads that serve
    /// everybody, none of which it takes. It waits for the database, and must not be called where nothing may wait.
    ///
    /// # Errors
    /// When the database cannot be reached.
    pub fn snapshot(&self) -> Result<Snapshot, Error> {
        Snapshot::take(&self.address)
    }

    /// Writes: all of it, journal entries included, or nothing. With `context.dry_run` the very same job runs and
    /// is rolled back.
    ///
    /// # Errors
    /// The job's own, or [`Error::Busy`] when no connection was free in time.
    pub async fn write<T, E, F>(&self, context: Context, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Tx<'_>) -> Result<T, E> + Send + 'static,
    {
        let keep = !context.dry_run;
        submit(self.writer(), keep, move |connection| job(&mut Tx::new(connection, context))).await
    }

    /// Writes one after the other, all of it in one transaction: for a history that is told at once.
    ///
    /// # Errors
    /// The job's own, or [`Error::Busy`] when no connection was free in time.
    pub async fn write_together<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut Together<'_>) -> Result<T, E> + Send + 'static,
    {
        submit(self.writer(), true, move |connection| job(&mut Together(connection))).await
    }

    /// Writes machinery: accounts, sessions, refresh tokens, the journal's queue, heads, tiles and checkpoints.
    /// Records cannot be saved here.
    ///
    /// # Errors
    /// The job's own, or [`Error::Busy`] when no connection was free in time.
    pub async fn work<T, E, F>(&self, job: F) -> Result<T, E>
    where
        T: Send + 'static,
        E: From<Error> + Send + 'static,
        F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
    {
        submit(self.writer(), true, job).await
    }
}

/// Writes that are kept together, or not at all.
pub struct Together<'a>(&'a mut AnyConnection);

impl Together<'_> {
    /// The next of them, by whom and when its context says. That it would be a dry run is not asked: all of them are kept.
    ///
    /// # Errors
    /// The job's own.
    pub fn write<T, E>(&mut self, context: Context, job: impl FnOnce(&mut Tx<'_>) -> Result<T, E>) -> Result<T, E> {
        job(&mut Tx::new(self.0, context))
    }
}

async fn submit<T, E, F>(queue: &Queue, keep: bool, job: F) -> Result<T, E>
where
    T: Send + 'static,
    E: From<Error> + Send + 'static,
    F: FnOnce(&mut AnyConnection) -> Result<T, E> + Send + 'static,
{
    let (answer, mut outcome) = oneshot::channel();
    let work: Work = Box::new(move |turn| {
        let result = turn.map_err(E::from).and_then(|connection| {
            catch_unwind(AssertUnwindSafe(|| job(connection))).unwrap_or_else(|_| Err(Error::Panicked.into()))
        });
        let keep = keep && result.is_ok();
        // Nobody listens when the client has gone; the work stands all the same.
        let finish: Finish = Box::new(move |committed| drop(answer.send(committed.map_err(E::from).and(result))));
        Ran { keep, finish }
    });
    let settled = Arc::new(AtomicBool::new(false));
    let job = Job { until: Instant::now() + queue.patience, settled: settled.clone(), work };
    queue.jobs.try_send(job).map_err(|refused| {
        if matches!(refused, flume::TrySendError::Disconnected(_)) {
            tracing::error!("no thread of the store is left");
        }
        Error::Busy
    })?;
    // While every thread is held by something long, nobody would look at the job, nor tell whoever waits.
    let told = match tokio::time::timeout(queue.patience, &mut outcome).await {
        Ok(told) => told,
        Err(_) if !settled.swap(true, Ordering::AcqRel) => return Err(Error::Busy.into()),
        Err(_) => outcome.await,
    };
    told.unwrap_or_else(|_| Err(Error::Busy.into()))
}

fn turn_away(job: Job, error: Error) {
    let Ran { finish, .. } = (job.work)(Err(error));
    finish(Ok(()));
}

/// A thread's connection, opened anew when it was lost.
struct Line {
    address: Address,
    connection: AnyConnection,
}

impl Line {
    fn open(address: &Address) -> Result<Self, Error> {
        Ok(Self { address: address.clone(), connection: address.open()? })
    }

    /// Begins a transaction. That a connection has died shows here: nothing has run yet, so a fresh one serves the
    /// same job.
    fn begin(&mut self, statement: &'static str) -> Result<(), Error> {
        let Err(error) = begin(&mut self.connection, statement) else { return Ok(()) };
        if error.is_contention() {
            return Err(error);
        }
        tracing::warn!(%error, "the connection is lost");
        self.connection = self.address.reopen()?;
        begin(&mut self.connection, statement)
    }
}

/// A connection thread: one transaction per job.
fn one_by_one(mut line: Line, jobs: &Receiver<Job>) {
    while let Ok(job) = jobs.recv() {
        let Some(job) = job.taken() else { continue };
        if let Err(error) = line.begin("BEGIN") {
            turn_away(job, error);
            continue;
        }
        let Ran { keep, finish } = (job.work)(Ok(&mut line.connection));
        finish(end(&mut line.connection, keep));
    }
}

/// SQLite's writer.
fn write_in_groups(mut line: Line, mut turns: Turns) {
    while let Some((whose, first)) = turns.next() {
        let began = Instant::now();
        write_group(&mut line, whose, first, turns.queue(whose));
        let took = began.elapsed();
        tracing::trace!(?whose, ?took, "the writer was had");
        turns.took(whose, took);
    }
}

/// The job and those that wait behind it. Once the COMMIT fails nothing of the group counts, and everyone in it is told
/// so.
fn write_group(line: &mut Line, whose: Whose, first: Job, others: &Receiver<Job>) {
    // Taken before BEGIN waits for a lock: each job queued behind that lock would else wait for it in turn.
    let Some(first) = first.taken() else { return };
    if let Err(error) = begin_immediately(line, whose) {
        return turn_away(first, error);
    }
    let connection = &mut line.connection;
    let opened = Instant::now();
    let (mut finishes, mut is_whole) = (Vec::new(), true);
    let mut next = Some(first);
    while let Some(job) = next.take() {
        match in_savepoint(connection, job) {
            Ended::Waits(finish) => finishes.push(finish),
            Ended::Broken(finish) => {
                finishes.extend(finish);
                is_whole = false;
                break;
            }
        }
        if opened.elapsed() < GROUP_TIME {
            next = std::iter::from_fn(|| others.try_recv().ok()).find_map(Job::taken);
        }
    }
    let failure = match end(connection, is_whole) {
        Ok(()) if is_whole => None,
        Ok(()) => Some("a job of the group could not be undone by itself".to_owned()),
        Err(error) => Some(error.to_string()),
    };
    for finish in finishes {
        finish(failure.clone().map_or(Ok(()), |fault| Err(Error::CommitFailed(fault))));
    }
}

/// A worker waits for a lock that another process has for a short time only: it comes again, and clients queue behind it.
fn begin_immediately(line: &mut Line, whose: Whose) -> Result<(), Error> {
    match whose {
        Whose::Client => line.begin("BEGIN IMMEDIATE"),
        Whose::Background => {
            line.connection.batch_execute("PRAGMA busy_timeout = 250")?;
            let begun = line.begin("BEGIN IMMEDIATE");
            line.connection.batch_execute(SQLITE_PATIENCE)?;
            begun
        }
    }
}

/// Runs one job of a group. One whose work is not kept waits as well: what it refused it may have read from its neighbours,
/// of whom nothing counts before the COMMIT. SQLite may have rolled the whole transaction back by itself (disk full, I/O
/// error); then the savepoint is gone, and the group is broken.
fn in_savepoint(connection: &mut AnyConnection, job: Job) -> Ended {
    if let Err(error) = connection.batch_execute("SAVEPOINT job") {
        turn_away(job, error.into());
        return Ended::Broken(None);
    }
    let Ran { keep, finish } = (job.work)(Ok(connection));
    let settled = if keep { "RELEASE job" } else { "ROLLBACK TO job; RELEASE job" };
    match connection.batch_execute(settled) {
        Ok(()) => Ended::Waits(finish),
        Err(error) => {
            tracing::warn!(%error, "a job of a group ended neither way");
            Ended::Broken(Some(finish))
        }
    }
}

fn begin(connection: &mut AnyConnection, statement: &'static str) -> Result<(), Error> {
    match connection {
        AnyConnection::Postgres(c) => AnsiTransactionManager::begin_transaction_sql(c, statement)?,
        AnyConnection::Sqlite(c) => AnsiTransactionManager::begin_transaction_sql(c, statement)?,
    }
    Ok(())
}

fn end(connection: &mut AnyConnection, keep: bool) -> Result<(), Error> {
    match (connection, keep) {
        (AnyConnection::Postgres(c), true) => AnsiTransactionManager::commit_transaction(c)?,
        (AnyConnection::Postgres(c), false) => AnsiTransactionManager::rollback_transaction(c)?,
        (AnyConnection::Sqlite(c), true) => AnsiTransactionManager::commit_transaction(c)?,
        (AnyConnection::Sqlite(c), false) => AnsiTransactionManager::rollback_transaction(c)?,
    }
    Ok(())
}
