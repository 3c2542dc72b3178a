//! The database goes away, or somebody else holds everyone up, while clients ask.

use crate::databases::{Database, postgres, sqlite};
use crate::faults::ledger::{Stored, Writers};
use crate::faults::program::{Instance, client, ready};
use crate::faults::{cycles, turn};
use diesel::connection::SimpleConnection;
use ratchet_persistence::connection::Address;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

/// A cluster that a test may stop: nobody else uses it.
struct Cluster {
    directory: tempfile::TempDir,
    url: String,
}

fn script(verb: &str, directory: &Path) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/postgres.sh");
    let told = Command::new(script).arg(verb).arg(directory).output().unwrap();
    assert!(told.status.success(), "{verb}: {}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8(told.stdout).unwrap().trim().to_owned()
}

impl Cluster {
    fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let url = script("start", &directory.path().join("cluster"));
        Self { directory, url }
    }

    /// Gone, until it is started again.
    fn stop(&self) {
        script("halt", &self.directory.path().join("cluster"));
    }

    /// As if its machine had lost power; or once it was stopped.
    fn restart(&self) {
        script("restart", &self.directory.path().join("cluster"));
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        script("stop", &self.directory.path().join("cluster"));
    }
}

const TERMINATE_OTHERS: &str = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND pid <> pg_backend_pid()";

/// Its clients see 503 for a moment and nothing worse.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_goes_away_is_waited_for() {
    let _turn = turn().await;
    let cluster = Cluster::start();
    let instance = Instance::on(Database::at(Address::Postgres(cluster.url.clone())));
    let mut program = instance.start().await;
    let token = instance.token(&program).await;
    let writers = Writers::start(16, "away", &program.url, &token);
    for _ in 0..cycles(2) + 1 {
        tokio::time::sleep(Duration::from_millis(300)).await;
        instance.database.open().batch_execute(TERMINATE_OTHERS).unwrap();
    }
    for _ in 0..cycles(2) {
        tokio::time::sleep(Duration::from_millis(300)).await;
        cluster.restart();
        let again = ready(&program.url, Instant::now()).await;
        assert!(again < Duration::from_secs(2), "ready {again:?} after the database");
        let before = writers.answered();
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert!(writers.answered() > before, "ready, and nothing is written");
    }
    let ledger = writers.stop().await;
    assert!(program.is_running());
    assert!(ledger.statuses.contains_key(&503), "nobody noticed: {:?}", ledger.statuses);
    assert!(ledger.statuses.keys().all(|status| [201, 503].contains(status)), "{:?}", ledger.statuses);
    ledger.settle(&program.url, &token).await;
    assert_eq!(Stored::count(&instance.database).assert_whole(), ledger.keys());
    assert!(instance.verify().status.success());
}

/// While the database is away the program is alive and not ready, and says so to whoever runs it; it comes back by itself.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn it_is_alive_and_not_ready_while_the_database_is_away() {
    let _turn = turn().await;
    let cluster = Cluster::start();
    let instance = Instance::on(Database::at(Address::Postgres(cluster.url.clone())));
    let mut program = instance.start().await;
    let port = program.url.rsplit(':').next().unwrap().to_owned();
    assert!(instance.health(&port).status.success());
    cluster.stop();
    let (health, readiness) = (format!("{}/healthz", program.url), format!("{}/readyz", program.url));
    let (client, gone) = (client(), Instant::now());
    while timed(client.get(&readiness)).await.0 == 200 {
        assert!(gone.elapsed() < Duration::from_secs(5), "ready without a database");
    }
    for _ in 0..3 {
        let (status, took, says_when) = timed(client.get(&readiness)).await;
        assert!(status == 503 && says_when && took < Duration::from_secs(3), "{status} after {took:?}");
        assert_eq!(timed(client.get(&health)).await.0, 200);
    }
    let told = instance.health(&port);
    let why = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(!told.status.success() && why.contains("503"), "{why}");
    cluster.restart();
    ready(&program.url, Instant::now()).await;
    assert!(program.is_running() && instance.health(&port).status.success());
}

/// A connection that died while nobody used it costs no request.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn idle_connections_that_died_are_replaced_unseen() {
    let _turn = turn().await;
    let instance = Instance::on(postgres());
    let program = instance.start().await;
    let token = instance.token(&program).await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    instance.database.open().batch_execute(TERMINATE_OTHERS).unwrap();
    for _ in 0..32 {
        let request = client().get(format!("{}/v1/nonconformities", program.url)).bearer_auth(&token);
        assert_eq!(request.send().await.unwrap().status(), 200);
    }
}

/// A status, how long it took, and whether it says when to come again.
async fn timed(request: reqwest::RequestBuilder) -> (u16, Duration, bool) {
    let began = Instant::now();
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), began.elapsed(), answer.headers().contains_key("retry-after"))
}

/// Somebody else locks a table; whoever needs it is sent away soon, whoever does not is served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_table_sends_clients_away_in_time() {
    let _turn = turn().await;
    let instance = Instance::on(postgres());
    let program = instance.start().await;
    let token = instance.token(&program).await;
    let mut holder = instance.database.open();
    let (list, health) = (format!("{}/v1/nonconformities", program.url), format!("{}/healthz", program.url));
    holder.batch_execute("BEGIN; LOCK TABLE nonconformities IN ACCESS EXCLUSIVE MODE").unwrap();
    let locked = Instant::now();
    let client = client();
    let mut clients = tokio::task::JoinSet::new();
    for n in 0..100 {
        let request = client.get(&list).bearer_auth(&token);
        clients.spawn(async move {
            let mut seen = Vec::new();
            // They do not come all at once, and come again.
            tokio::time::sleep(Duration::from_millis(n * 15)).await;
            while locked.elapsed() < Duration::from_secs(4) {
                seen.push(timed(request.try_clone().unwrap()).await);
            }
            seen
        });
    }
    while locked.elapsed() < Duration::from_secs(4) {
        let (status, took, _) = timed(client.get(&health)).await;
        assert!(status == 200 && took < Duration::from_millis(250), "/healthz: {status} after {took:?}");
        let (status, took, _) = timed(client.get(&list).bearer_auth("eyJhbGciOiJFZERTQSJ9.e30.AA")).await;
        assert!(status == 401 && took < Duration::from_millis(250), "a bad token: {status} after {took:?}");
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    let seen: Vec<_> = clients.join_all().await.into_iter().flatten().collect();
    assert!(seen.iter().all(|(status, _, says_when)| *status == 503 && *says_when), "{seen:?}");
    let longest = seen.iter().map(|(_, took, _)| *took).max().unwrap();
    assert!(longest < Duration::from_secs(3), "somebody waited {longest:?}");
    holder.batch_execute("ROLLBACK").unwrap();
    let released = Instant::now();
    while timed(client.get(&list).bearer_auth(&token)).await.0 != 200 {
        assert!(released.elapsed() < Duration::from_secs(1), "still busy a second after the lock went");
    }
}

/// Somebody else writes to the file, and takes long: writes are sent away in time, reads are served.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_locked_file_sends_writers_away_in_time() {
    let _turn = turn().await;
    let instance = Instance::on(sqlite());
    let program = instance.start().await;
    let token = instance.token(&program).await;
    let mut holder = instance.database.open();
    let nonconformities = format!("{}/v1/nonconformities", program.url);
    let body = serde_json::json!({ "title": "x", "source": "audit", "statement": "x", "objective_evidence": "x" });
    let client = client();
    holder.batch_execute("BEGIN IMMEDIATE").unwrap();
    let mut clients = tokio::task::JoinSet::new();
    for _ in 0..16 {
        clients.spawn(timed(client.post(&nonconformities).bearer_auth(&token).json(&body)));
    }
    assert_eq!(timed(client.get(&nonconformities).bearer_auth(&token)).await.0, 200);
    for (status, took, says_when) in clients.join_all().await {
        assert!(status == 503 && says_when && took < Duration::from_secs(3), "{status} after {took:?}");
    }
    holder.batch_execute("ROLLBACK").unwrap();
    assert_eq!(timed(client.post(&nonconformities).bearer_auth(&token).json(&body)).await.0, 201);
}
