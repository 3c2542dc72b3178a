use crate::databases::{Database, each};
use crate::storage::nonconformities::{context, draft, organisation};
use diesel::RunQueryDsl;
use diesel::connection::SimpleConnection;
use diesel::sql_types::BigInt;
use ratchet_domain::change::Record;
use ratchet_domain::nonconformities::Nonconformity;
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::store::Store;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;

#[derive(diesel::QueryableByName)]
struct Count {
    #[diesel(sql_type = BigInt)]
    n: i64,
}

fn count(database: &Database, table: &str) -> i64 {
    let query = diesel::sql_query(format!("SELECT count(*) AS n FROM {table}"));
    let counted: Count = match &mut database.open() {
        AnyConnection::Postgres(c) => query.get_result(c),
        AnyConnection::Sqlite(c) => query.get_result(c),
    }
    .unwrap();
    counted.n
}

fn counts(database: &Database) -> [i64; 3] {
    ["nonconformities", "journal_entries", "journal_queue"].map(|table| count(database, table))
}

/// A refused job, a panicking one and a dry run leave nothing, although they share a group with others that stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn keeps_all_of_a_job_or_nothing() {
    for database in each() {
        let organisation = organisation(&database);
        let store = Store::open(&database.address, 4).unwrap();
        let mut jobs = JoinSet::new();
        for n in 0..80 {
            let store = store.clone();
            let mut context = context(organisation);
            context.dry_run = n % 4 == 3;
            jobs.spawn(async move {
                let outcome = store
                    .write(context, move |tx| {
                        let birth = tx.birth(Nonconformity::PREFIX)?;
                        let change = Nonconformity::raise(draft(), &tx.actor().clone(), birth)?;
                        let saved = tx.save(change)?;
                        assert!(n % 4 != 1, "a job that panics after its writes");
                        if n % 4 == 2 { Err(Error::NotFound) } else { Ok(saved) }
                    })
                    .await;
                (n % 4, outcome.map(|(record, _)| record.head().reference.number))
            });
        }
        let mut kept = Vec::new();
        for (kind, outcome) in jobs.join_all().await {
            match (kind, outcome) {
                (0, Ok(number)) => kept.push(number),
                (3, Ok(_)) | (1, Err(Error::Panicked)) | (2, Err(Error::NotFound)) => {}
                (kind, outcome) => panic!("{kind}: {outcome:?}"),
            }
        }
        kept.sort_unstable();
        assert_eq!(kept, (1..=20).collect::<Vec<_>>(), "references have no gaps");
        assert_eq!(counts(&database), [20, 20, 20]);
    }
}

/// Who had the writer, in order.
type Turns = Arc<Mutex<Vec<&'static str>>>;

/// Five jobs for which nobody waits, each of which has the writer for so long; what they and others did, in order.
fn background(store: &Store, each: Duration) -> (JoinSet<Result<(), Error>>, Turns) {
    let (mut jobs, order) = (JoinSet::new(), Arc::new(Mutex::new(Vec::new())));
    for _ in 0..5 {
        let (store, order) = (store.in_background(), order.clone());
        jobs.spawn(async move {
            let job = move |_: &mut AnyConnection| {
                order.lock().unwrap().push("background");
                std::thread::sleep(each);
                Ok(())
            };
            store.work(job).await
        });
    }
    (jobs, order)
}

/// However much waits for SQLite's one writer, a client waits for no more than what has it already.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_goes_before_what_nobody_waits_for() {
    let database = crate::databases::sqlite();
    let store = Store::open(&database.address, 1).unwrap();
    let (jobs, order) = background(&store, Duration::from_millis(300));
    while order.lock().unwrap().is_empty() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let told = order.clone();
    let job = move |_: &mut AnyConnection| {
        told.lock().unwrap().push("client");
        Ok::<_, Error>(())
    };
    store.work(job).await.unwrap();
    assert!(jobs.join_all().await.iter().all(Result::is_ok));
    assert_eq!(order.lock().unwrap()[..3], ["background", "client", "background"]);
    assert_eq!(order.lock().unwrap().len(), 6);
}

/// Clients that never leave the writer alone do not keep the background from its share.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_nobody_waits_for_is_done_all_the_same() {
    let database = crate::databases::sqlite();
    let store = Store::open(&database.address, 1).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let mut clients = JoinSet::new();
    for _ in 0..32 {
        let (store, stop) = (store.clone(), stop.clone());
        clients.spawn(async move {
            let (mut written, mut longest) = (0, Duration::ZERO);
            while !stop.load(Ordering::Relaxed) {
                let began = Instant::now();
                let job = |_: &mut AnyConnection| {
                    std::thread::sleep(Duration::from_millis(2));
                    Ok::<_, Error>(())
                };
                store.work(job).await.unwrap();
                longest = longest.max(began.elapsed());
                written += 1;
            }
            (written, longest)
        });
    }
    tokio::time::sleep(Duration::from_millis(200)).await;
    let (jobs, order) = background(&store, Duration::from_millis(20));
    let done = tokio::time::timeout(Duration::from_secs(20), jobs.join_all()).await.expect("starved");
    stop.store(true, Ordering::Relaxed);
    assert!(done.iter().all(Result::is_ok) && order.lock().unwrap().len() == 5);
    for (written, longest) in clients.join_all().await {
        assert!(written > 1 && longest < Duration::from_secs(1), "{written} {longest:?}");
    }
}

/// Holds whoever serves it for so long.
fn hold(store: &Store, time: Duration) -> JoinSet<Result<(), Error>> {
    let (mut jobs, store) = (JoinSet::new(), store.clone());
    jobs.spawn(async move {
        let job = move |_: &mut AnyConnection| {
            std::thread::sleep(time);
            Ok(())
        };
        store.work(job).await
    });
    jobs
}

/// Nobody looks at the queue while every thread is held; whoever waits is told in time all the same, and what was given up
/// is not done later.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_waits_is_told_in_time() {
    for database in each() {
        let store = Store::open(&database.address, 1).unwrap();
        let held = hold(&store, Duration::from_secs(4));
        tokio::time::sleep(Duration::from_millis(100)).await;
        let (began, ran) = (Instant::now(), Arc::new(AtomicBool::new(false)));
        let late = ran.clone();
        let job = move |_: &mut AnyConnection| {
            late.store(true, Ordering::Relaxed);
            Ok::<_, Error>(())
        };
        assert!(matches!(store.work(job).await, Err(Error::Busy)));
        assert!(began.elapsed() < Duration::from_secs(3), "{:?}", began.elapsed());
        assert!(held.join_all().await.iter().all(Result::is_ok));
        store.work(|_| Ok::<_, Error>(())).await.unwrap();
        assert!(!ran.load(Ordering::Relaxed), "what was given up is not done");
    }
}

#[tokio::test]
async fn the_background_lives_on_alone() {
    for database in each() {
        let store = Store::open(&database.address, 1).unwrap().in_background();
        tokio::time::sleep(Duration::from_millis(50)).await;
        store.work(|_| Ok::<_, Error>(())).await.unwrap();
    }
}

/// A job that leaves its savepoint cannot be undone by itself: then the whole group is, and everyone in it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_group_that_cannot_be_ended_is_undone() {
    let [database, _] = each();
    let organisation = organisation(&database);
    let store = Store::open(&database.address, 1).unwrap();
    let held = hold(&store, Duration::from_millis(300));
    tokio::time::sleep(Duration::from_millis(100)).await;
    let raised = store.write(context(organisation), |tx| {
        let birth = tx.birth(Nonconformity::PREFIX)?;
        let change = Nonconformity::raise(draft(), &tx.actor().clone(), birth)?;
        tx.save(change)
    });
    let broken = store.work(|connection: &mut AnyConnection| {
        connection.batch_execute("RELEASE job")?;
        Err::<(), _>(Error::NotFound)
    });
    let (raised, broken) = tokio::join!(raised, broken);
    assert!(matches!(raised, Err(Error::CommitFailed(_))), "{raised:?}");
    assert!(matches!(broken, Err(Error::CommitFailed(_))), "{broken:?}");
    assert!(held.join_all().await.iter().all(Result::is_ok));
    assert_eq!(counts(&database), [0, 0, 0]);
    store.work(|_| Ok::<_, Error>(())).await.unwrap();
}

#[tokio::test]
async fn a_stale_version_is_refused_and_leaves_no_entry() {
    for database in each() {
        let organisation = organisation(&database);
        let store = Store::open(&database.address, 2).unwrap();
        let stale = crate::storage::nonconformities::raise(&store, organisation).await;
        let confirm = |case: Nonconformity| {
            let context = context(organisation);
            let change = crate::storage::nonconformities::confirmed(case, &context.actor);
            store.write(context, move |tx| tx.save(change))
        };
        assert_eq!(confirm(stale.clone()).await.unwrap().0.head().version, 2);
        assert!(matches!(confirm(stale).await, Err(Error::Stale { current: 2 })));
        assert_eq!(counts(&database), [1, 2, 2]);
    }
}

/// SQLite keeps `LIMIT ?` prepared only when it was built with the stability guarantee.
#[test]
fn sqlite_was_built_with_the_query_planner_stability_guarantee() {
    let database = crate::databases::sqlite();
    let AnyConnection::Sqlite(mut connection) = database.open() else { panic!("not SQLite") };
    let used: Count =
        diesel::sql_query("SELECT sqlite_compileoption_used('ENABLE_QPSG') AS n").get_result(&mut connection).unwrap();
    assert_eq!(used.n, 1);
}

/// What is answered is on disk, whatever whoever runs PostgreSQL has set.
#[test]
fn postgres_is_told_to_wait_for_its_disk() {
    #[derive(diesel::QueryableByName)]
    struct Setting {
        #[diesel(sql_type = diesel::sql_types::Text)]
        value: String,
    }
    let database = crate::databases::postgres();
    for (set, expected) in [("off", "on"), ("on", "on"), ("local", "local"), ("remote_apply", "remote_apply")] {
        let statement = format!(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = {set}', current_database()); END $$"
        );
        diesel::connection::SimpleConnection::batch_execute(&mut database.open(), &statement).unwrap();
        let shown = diesel::sql_query("SELECT current_setting('synchronous_commit') AS value");
        let shown: Setting = shown.get_result(&mut database.open()).unwrap();
        assert_eq!(shown.value, expected, "{set}");
    }
}

/// Answers to retries are kept for a day, and not for ever.
#[test]
fn old_answers_to_retries_are_forgotten() {
    use ratchet_persistence::idempotency::{KEPT, Retry, find, keep, prune};
    for database in each() {
        let (connection, now) = (&mut database.open(), crate::storage::nonconformities::now());
        let organisation = organisation(&database);
        let retry =
            |key: usize| Retry { organisation, caller: uuid::Uuid::nil(), key: key.to_string(), fingerprint: [0; 32] };
        for key in 0..700 {
            let at = now - chrono::TimeDelta::milliseconds(key as i64);
            keep(&retry(key), (201, "[]", b"{}"), None, at, connection).unwrap();
        }
        let later = now + KEPT;
        keep(&retry(700), (201, "[]", b"{}"), None, later, connection).unwrap();
        assert!(find(&retry(0), later - chrono::TimeDelta::seconds(1), connection).unwrap().is_some());
        assert!(find(&retry(0), later, connection).unwrap().is_none());
        let pruned = [(); 3].map(|()| prune(later, connection).unwrap());
        assert_eq!(pruned, [500, 200, 0], "a few at a time: others want to write, too");
        assert_eq!(count(&database, "idempotency_keys"), 1);
    }
}

/// The journal is append-only, whoever asks.
#[tokio::test]
async fn the_database_itself_refuses_to_change_an_entry() {
    use diesel::connection::SimpleConnection;
    for database in each() {
        let organisation = organisation(&database);
        let store = Store::open(&database.address, 1).unwrap();
        crate::storage::nonconformities::raise(&store, organisation).await;
        for statement in [
            "DELETE FROM journal_entries",
            "UPDATE journal_entries SET action = 'x'",
            "UPDATE journal_entries SET object_version = 9",
        ] {
            let refusal = database.open().batch_execute(statement).unwrap_err().to_string();
            assert!(refusal.contains("journal entries are never"), "{statement}: {refusal}");
        }
        database.open().batch_execute("UPDATE journal_entries SET position = 0").unwrap();
        assert!(database.open().batch_execute("UPDATE journal_entries SET position = 1").is_err());
    }
}
