//! The program itself, started, killed and stopped as whoever runs it would.

use crate::databases::Database;
use ratchet_persistence::connection::Address;
use reqwest::Client;
use serde_json::json;
use std::cell::OnceCell;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

/// Its data: what outlives a process.
pub struct Instance {
    pub database: Database,
    directory: tempfile::TempDir,
    password: OnceCell<String>,
    log_filter: &'static str,
}

/// A process that serves.
pub struct Program {
    pub url: String,
    /// From its start to the first 200 of `/readyz`.
    pub ready_after: Duration,
    /// What it printed before it served, line by line.
    pub printed: Vec<String>,
    child: Child,
    /// Kept open: a program that cannot print would die of it.
    _output: BufReader<std::process::ChildStdout>,
}

/// Now, by the clock that the program reads.
#[expect(clippy::disallowed_methods, reason = "the program that is tried reads the same clock")]
pub fn now() -> chrono::DateTime<chrono::Utc> {
    chrono::Utc::now()
}

/// `RATCHET_TEST_PROGRAM`, or what cargo built beside this test.
#[expect(clippy::disallowed_methods, reason = "the harness is told its program by the environment")]
pub fn executable() -> PathBuf {
    if let Ok(named) = std::env::var("RATCHET_TEST_PROGRAM") {
        return named.into();
    }
    let test = std::env::current_exe().unwrap();
    let built = test.parent().and_then(Path::parent).unwrap().join("ratchet");
    assert!(built.exists(), "{} is missing: cargo build -p ratchet-server", built.display());
    built
}

impl Instance {
    pub fn on(database: Database) -> Self {
        let directory = tempfile::tempdir().unwrap();
        Self { database, directory, password: OnceCell::new(), log_filter: "warn" }
    }

    /// Says more, or less.
    pub fn logging(self, log_filter: &'static str) -> Self {
        Self { log_filter, ..self }
    }

    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    pub fn command(&self) -> Command {
        self.command_on(&self.database.address)
    }

    /// With this instance's keys on whatever database.
    pub fn command_on(&self, address: &Address) -> Command {
        let mut command = Command::new(executable());
        let url = match address {
            Address::Sqlite(path) => format!("sqlite://{}", path.display()),
            Address::Postgres(url) => url.clone(),
        };
        command.env_clear().arg("--data-dir").arg(self.directory()).args(["--database-url", &url]);
        command.args(["--port", "0", "--public-url", "http://ratchet.example"]).env("RATCHET_LOG", self.log_filter);
        command.args(["--requests-per-minute", "1000000"]);
        command
    }

    /// Starts it and waits until it is ready.
    pub async fn start(&self) -> Program {
        self.start_as("serve").await
    }

    /// The same with a sample organisation or without.
    pub async fn start_as(&self, subcommand: &str) -> Program {
        self.start_with(subcommand, |_| {}).await
    }

    /// The same with settings of its own.
    pub async fn start_with(&self, subcommand: &str, add: impl FnOnce(&mut Command)) -> Program {
        let log = File::options().create(true).append(true).open(self.directory().join("log")).unwrap();
        let began = Instant::now();
        let mut command = self.command();
        add(&mut command);
        let mut child = command.arg(subcommand).stdout(Stdio::piped()).stderr(log).spawn().unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut printed = Vec::new();
        let url = loop {
            let mut line = String::new();
            let read = output.read_line(&mut line).unwrap();
            assert!(read > 0, "it ended before it served: {}", self.log());
            // The sample's is everybody's, and is told each time.
            let password = line.trim().strip_prefix("password ").filter(|_| subcommand != "demo");
            if let Some(password) = password {
                let password = password.trim_start().split(' ').next().unwrap();
                self.password.set(password.to_owned()).unwrap();
            }
            if let Some(url) = line.trim().strip_prefix("Serving on ") {
                break url.to_owned();
            }
            printed.push(line);
        };
        let ready_after = ready(&url, began).await;
        Program { url, ready_after, printed, child, _output: output }
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.directory().join("log")).unwrap_or_default()
    }

    /// What the first start has printed.
    pub fn password(&self) -> &str {
        self.password.get().unwrap()
    }

    /// An access token of the first member.
    pub async fn token(&self, program: &Program) -> String {
        let body = json!({ "email": "admin@localhost", "password": self.password() });
        let (http, began) = (client(), Instant::now());
        loop {
            let request = http.post(format!("{}/v1/auth/login", program.url)).json(&body);
            let answer: serde_json::Value = request.send().await.unwrap().json().await.unwrap();
            if let Some(token) = answer["access_token"].as_str() {
                return token.to_owned();
            }
            // On a machine that is busy with something else the database may be, too.
            assert!(answer["status"] == 503 && began.elapsed() < Duration::from_secs(10), "{answer}");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// `ratchet health`, asking whoever listens there.
    pub fn health(&self, port: &str) -> Output {
        let mut command = Command::new(executable());
        command.env_clear().arg("--data-dir").arg(self.directory()).args(["--port", port, "health"]);
        command.output().unwrap()
    }

    /// `ratchet journal verify --state`.
    pub fn verify(&self) -> Output {
        self.command().args(["journal", "verify", "--state", "--evidence"]).output().unwrap()
    }
}

impl Program {
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    /// As a power switch would, but for what the kernel holds.
    pub fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end.
    pub fn terminate(&self) {
        assert!(Command::new("kill").args(["-TERM", &self.id().to_string()]).status().unwrap().success());
    }

    /// How it ended, when it did in time.
    pub async fn ended_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        let began = Instant::now();
        while began.elapsed() < patience {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        None
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // Also when a test has failed.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub fn client() -> Client {
    Client::builder().timeout(Duration::from_secs(30)).no_proxy().build().unwrap()
}

/// How long after `began` the server said that it is ready.
pub async fn ready(url: &str, began: Instant) -> Duration {
    let client = client();
    // Two years of a sample are told before it is, in a build that is not optimised.
    while began.elapsed() < Duration::from_secs(60) {
        let answer = client.get(format!("{url}/readyz")).send().await;
        if answer.is_ok_and(|answer| answer.status() == 200) {
            return began.elapsed();
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("not ready within 60 s");
}
