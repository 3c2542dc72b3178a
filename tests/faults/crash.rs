//! The process dies, or is told to end, while clients write.

use crate::databases::{Database, postgres, sqlite};
use crate::faults::ledger::{Persistent, Stored, Writers};
use crate::faults::program::Instance;
use crate::faults::{cycles, turn};
use ratchet_persistence::connection::Address;
use std::process::Stdio;
use std::time::{Duration, Instant};

/// 0.2 to 1 s.
pub fn a_while() -> Duration {
    Duration::from_millis(200 + u64::from(uuid::Uuid::new_v4().as_bytes()[0]) * 800 / 255)
}

async fn survives_kills(database: Database) {
    let _turn = turn().await;
    let instance = Instance::on(database);
    let mut program = instance.start().await;
    let mut keys = 0;
    for cycle in 0..cycles(5) {
        let token = instance.token(&program).await;
        let writers = Writers::start(16, &format!("c{cycle}"), &program.url, &token);
        tokio::time::sleep(a_while()).await;
        program.kill();
        let ledger = writers.ended().await;
        assert!(!ledger.unanswered.is_empty(), "the kill met no request");
        assert!(ledger.statuses.keys().all(|status| [0, 201].contains(status)), "{:?}", ledger.statuses);

        let before_retries = Stored::count(&instance.database).assert_whole();
        assert!(before_retries >= keys + ledger.answered.len(), "acknowledged writes were lost");
        program = instance.start().await;
        assert!(program.ready_after < Duration::from_secs(2), "ready after {:?}", program.ready_after);
        ledger.settle(&program.url, &instance.token(&program).await).await;
        keys += ledger.keys();
        assert_eq!(Stored::count(&instance.database).assert_whole(), keys, "one record for each key");
        let verdict = instance.verify();
        assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stdout));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_sqlite_loses_nothing() {
    survives_kills(sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn killed_under_load_postgres_loses_nothing() {
    survives_kills(postgres()).await;
}

/// Each request is sent again under its key, through however many deaths, until it is answered: it is done once.
async fn keys_outlive_kills(database: Database) {
    let _turn = turn().await;
    let instance = Instance::on(database);
    let mut program = instance.start().await;
    let clients = Persistent::start(16, &program.url, &instance.token(&program).await);
    for _ in 0..cycles(3) {
        tokio::time::sleep(a_while()).await;
        program.kill();
        program = instance.start().await;
        clients.go_to(&program.url);
    }
    let (requests, sent_again) = clients.stop().await;
    assert!(sent_again > 0, "no request was cut off");
    assert_eq!(Stored::count(&instance.database).assert_whole(), requests);
    assert!(instance.verify().status.success());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_outlives_kills_on_sqlite() {
    keys_outlive_kills(sqlite()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_outlives_kills_on_postgres() {
    keys_outlive_kills(postgres()).await;
}

/// Whoever was let in is answered; nothing is written of which nobody was told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn told_to_end_it_answers_everyone_first() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let mut program = instance.start().await;
        let writers = Writers::start(16, "stop", &program.url, &instance.token(&program).await);
        let began = Instant::now();
        while writers.answered() == 0 {
            assert!(began.elapsed() < Duration::from_secs(60), "nothing was written before the signal");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        program.terminate();
        let ended = program.ended_within(Duration::from_secs(10)).await;
        assert_eq!(ended.and_then(|status| status.code()), Some(0), "{}", instance.log());
        let ledger = writers.ended().await;
        assert!(ledger.statuses.keys().all(|status| [0, 201].contains(status)), "{:?}", ledger.statuses);
        let stored = Stored::count(&instance.database).assert_whole();
        assert_eq!(stored, ledger.answered.len(), "written and never answered");
    }
}

/// Whoever only listens is not waited for: a stream has no end of its own.
#[tokio::test]
async fn told_to_end_it_ends_streams() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let mut program = instance.start().await;
        let token = instance.token(&program).await;
        let request = super::program::client().get(format!("{}/v1/events/stream?after=0", program.url));
        let mut stream = request.bearer_auth(token).send().await.unwrap();
        assert_eq!(stream.status(), 200);
        assert!(stream.chunk().await.unwrap().is_some());
        program.terminate();
        let ended = program.ended_within(Duration::from_secs(10)).await;
        assert_eq!(ended.and_then(|status| status.code()), Some(0), "{}", instance.log());
        // To its proper end: it was not broken off.
        while stream.chunk().await.unwrap().is_some() {}
    }
}

/// Two servers on one file would each believe to be the only writer.
#[tokio::test]
async fn a_second_server_on_the_same_file_refuses_to_start() {
    let _turn = turn().await;
    let instance = Instance::on(sqlite());
    let mut first = instance.start().await;
    let Address::Sqlite(path) = &instance.database.address else { panic!() };
    let alias = instance.directory().join("alias.db");
    std::os::unix::fs::symlink(path, &alias).unwrap();
    for file in [path, &alias] {
        let mut second = instance.command_on(&Address::Sqlite(file.clone()));
        let mut second = second.arg("serve").stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let began = Instant::now();
        while second.try_wait().unwrap().is_none() && began.elapsed() < Duration::from_secs(5) {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let refused = second.try_wait().unwrap().is_some_and(|status| !status.success());
        // One that serves would do so for ever.
        second.kill().unwrap();
        let told = second.wait_with_output().unwrap();
        let told = String::from_utf8_lossy(&told.stderr);
        assert!(refused && told.contains("is in use by another ratchet"), "{}: {told}", file.display());
    }
    assert!(first.is_running());
}
