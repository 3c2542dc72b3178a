//! What clients know of their writes, kept apart from the server: who was answered what, and who was not.

use crate::databases::Database;
use crate::faults::program::client;
use diesel::RunQueryDsl;
use diesel::sql_types::BigInt;
use ratchet_persistence::connection::AnyConnection;
use reqwest::Client;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// What became of each `Idempotency-Key`.
#[derive(Default)]
pub struct Ledger {
    /// The id of the record that was acknowledged.
    pub answered: BTreeMap<String, String>,
    /// Refused for the moment, or cut off: nobody knows whether it was written.
    pub unanswered: BTreeSet<String>,
    /// How often each status was seen; 0 is a connection that broke.
    pub statuses: BTreeMap<u16, usize>,
}

/// Clients that write until they are told to stop.
pub struct Writers {
    tasks: tokio::task::JoinSet<Ledger>,
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
}

impl Writers {
    /// `round` keeps the keys of several rounds apart.
    pub fn start(count: usize, round: &str, url: &str, token: &str) -> Self {
        let mut tasks = tokio::task::JoinSet::new();
        let (stop, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        for writer in 0..count {
            let (round, url, token) = (format!("{round}-{writer}"), url.to_owned(), token.to_owned());
            let (stop, answered) = (stop.clone(), answered.clone());
            tasks.spawn(async move {
                let (client, mut ledger) = (client(), Ledger::default());
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let key = format!("{round}-{n}");
                    let status = ledger.write(&client, &url, &token, key).await;
                    match status {
                        201 => {
                            answered.fetch_add(1, Ordering::Relaxed);
                        }
                        // The server is gone: the test says when there is another.
                        0 => break,
                        _ => tokio::time::sleep(Duration::from_millis(20)).await,
                    }
                }
                ledger
            });
        }
        Self { tasks, stop, answered }
    }

    /// Writes acknowledged so far.
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::Relaxed)
    }

    pub async fn stop(self) -> Ledger {
        self.stop.store(true, Ordering::Relaxed);
        self.ended().await
    }

    /// Once the server has cut everyone off.
    pub async fn ended(self) -> Ledger {
        let mut all = Ledger::default();
        for ledger in self.tasks.join_all().await {
            all.answered.extend(ledger.answered);
            all.unanswered.extend(ledger.unanswered);
            for (status, count) in ledger.statuses {
                *all.statuses.entry(status).or_default() += count;
            }
        }
        all
    }
}

/// Clients that do not give up: each request is sent again until it is answered.
pub struct Persistent {
    tasks: tokio::task::JoinSet<(usize, usize)>,
    stop: Arc<AtomicBool>,
    url: Arc<Mutex<String>>,
}

impl Persistent {
    pub fn start(count: usize, url: &str, token: &str) -> Self {
        let mut tasks = tokio::task::JoinSet::new();
        let (stop, url) = (Arc::new(AtomicBool::new(false)), Arc::new(Mutex::new(url.to_owned())));
        for client in 0..count {
            let (stop, url, token) = (stop.clone(), url.clone(), token.to_owned());
            tasks.spawn(async move {
                let (http, mut requests, mut sent_again) = (self::client(), 0, 0);
                while !stop.load(Ordering::Relaxed) {
                    let key = format!("persistent-{client}-{requests}");
                    requests += 1;
                    loop {
                        let url = url.lock().unwrap().clone();
                        match raise(&http, &url, &token, &key).await {
                            Ok((201, _, _)) => break,
                            Ok((503, _, _)) | Err(_) => sent_again += 1,
                            Ok((status, _, body)) => panic!("{key}: {status} {body}"),
                        }
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                }
                (requests, sent_again)
            });
        }
        Self { tasks, stop, url }
    }

    /// The server has come up elsewhere.
    pub fn go_to(&self, url: &str) {
        url.clone_into(&mut self.url.lock().unwrap());
    }

    /// Lets each finish its request; how many requests there were, and how often one was sent again.
    pub async fn stop(self) -> (usize, usize) {
        self.stop.store(true, Ordering::Relaxed);
        self.tasks.join_all().await.into_iter().fold((0, 0), |(all, again), (more, often)| (all + more, again + often))
    }
}

/// Raises a nonconformity whose title is the key.
async fn raise(client: &Client, url: &str, token: &str, key: &str) -> Result<(u16, bool, Value), reqwest::Error> {
    let body = json!({ "title": key, "source": "audit", "statement": "Not as required", "objective_evidence": "Seen" });
    let request = client.post(format!("{url}/v1/nonconformities")).bearer_auth(token).json(&body);
    let response = request.header("idempotency-key", key).send().await?;
    let replayed = response.headers().contains_key("idempotency-replayed");
    Ok((response.status().as_u16(), replayed, response.json().await?))
}

impl Ledger {
    async fn write(&mut self, client: &Client, url: &str, token: &str, key: String) -> u16 {
        let status = match raise(client, url, token, &key).await {
            Ok((201, _, body)) => {
                self.answered.insert(key, body["id"].as_str().unwrap().to_owned());
                201
            }
            Ok((status, _, _)) => {
                self.unanswered.insert(key);
                status
            }
            Err(_) => {
                self.unanswered.insert(key);
                0
            }
        };
        *self.statuses.entry(status).or_default() += 1;
        status
    }

    /// Every acknowledged write is there, with the answer it was given; every other one is retried until it is.
    pub async fn settle(&self, url: &str, token: &str) {
        let client = client();
        for (key, id) in &self.answered {
            let (status, replayed, body) = raise(&client, url, token, key).await.unwrap();
            assert_eq!((status, replayed, body["id"].as_str()), (201, true, Some(id.as_str())), "{key} was lost");
            let stored = client.get(format!("{url}/v1/nonconformities/{id}")).bearer_auth(token).send().await.unwrap();
            let stored: Value = stored.json().await.unwrap();
            assert_eq!((stored["title"].as_str(), &stored["version"]), (Some(key.as_str()), &json!(1)));
        }
        for key in &self.unanswered {
            let mut tries = 0;
            while !matches!(raise(&client, url, token, key).await, Ok((201, _, _))) {
                tries += 1;
                assert!(tries < 100, "{key} does not settle");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }

    pub fn keys(&self) -> usize {
        self.answered.len() + self.unanswered.len()
    }
}

/// What is stored, counted in one snapshot.
#[derive(Debug, PartialEq, Eq, diesel::QueryableByName)]
pub struct Stored {
    #[diesel(sql_type = BigInt)]
    pub records: i64,
    #[diesel(sql_type = BigInt)]
    pub titles: i64,
    #[diesel(sql_type = BigInt)]
    pub answers: i64,
    #[diesel(sql_type = BigInt)]
    pub records_without_entry: i64,
    #[diesel(sql_type = BigInt)]
    pub entries_without_record: i64,
}

const COUNTS: &str = "SELECT
    (SELECT count(*) FROM nonconformities) AS records,
    (SELECT count(DISTINCT title) FROM nonconformities) AS titles,
    (SELECT count(*) FROM idempotency_keys) AS answers,
    (SELECT count(*) FROM nonconformities n WHERE NOT EXISTS
        (SELECT 1 FROM journal_entries e WHERE e.object_id = n.id AND e.object_version = n.version))
        AS records_without_entry,
    (SELECT count(*) FROM journal_entries e WHERE e.object_kind = 'nonconformity' AND NOT EXISTS
        (SELECT 1 FROM nonconformities n WHERE n.id = e.object_id)) AS entries_without_record";

impl Stored {
    pub fn count(database: &Database) -> Self {
        let query = diesel::sql_query(COUNTS);
        match &mut database.open() {
            AnyConnection::Postgres(c) => query.get_result(c),
            AnyConnection::Sqlite(c) => query.get_result(c),
        }
        .unwrap()
    }

    /// Record, entry and answer are there together, and each key made one record.
    #[track_caller]
    pub fn assert_whole(&self) -> usize {
        let whole = Self {
            records: self.records,
            titles: self.records,
            answers: self.records,
            records_without_entry: 0,
            entries_without_record: 0,
        };
        assert_eq!(*self, whole, "something is half-written");
        usize::try_from(self.records).unwrap()
    }
}
