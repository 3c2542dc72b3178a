//! The servers that are measured: the released program on a database of its own, and PostgreSQL clusters.

use crate::load::{Wire, request};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};
use tempfile::TempDir;

/// As many organisations as the widest measurement has writers.
pub const ORGANISATIONS: usize = 16;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// Builds the program as it is released.
pub fn build() {
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--release", "--quiet", "--package", "ratchet-server"]).current_dir(root());
    assert!(cargo.status().expect("cargo runs").success(), "the program cannot be built");
}

fn executable() -> PathBuf {
    std::env::current_exe().expect("this program has a path").with_file_name("ratchet")
}

/// What a command said, when it went well.
pub fn said(command: &mut Command) -> String {
    let told = command.output().expect("the command runs");
    assert!(told.status.success(), "{command:?}: {}", String::from_utf8_lossy(&told.stderr));
    String::from_utf8_lossy(&told.stdout).into_owned()
}

/// A PostgreSQL cluster that keeps what it acknowledges.
pub struct Cluster {
    directory: TempDir,
    pub url: String,
}

impl Cluster {
    pub fn start() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let mut script = Self::script("start", &directory);
        let url = said(script.arg("--durable")).trim().to_owned();
        Self { directory, url }
    }

    fn script(verb: &str, directory: &TempDir) -> Command {
        let mut script = Command::new(root().join("scripts/postgres.sh"));
        script.arg(verb).arg(directory.path().join("cluster"));
        script
    }

    /// A client program of the same version as the cluster.
    pub fn tool(name: &str) -> Command {
        let versions = std::fs::read_dir("/usr/lib/postgresql").expect("PostgreSQL is installed");
        let newest = versions.filter_map(Result::ok).map(|entry| entry.path()).max().expect("PostgreSQL is installed");
        Command::new(newest.join("bin").join(name))
    }

    /// The URL of a new database.
    pub fn database(&self, name: &str) -> String {
        said(Self::tool("psql").args([&self.url, "-qc", &format!("CREATE DATABASE {name}")]));
        format!("{}/{name}", self.url.rsplit_once('/').expect("a URL").0)
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = Self::script("stop", &self.directory).status();
    }
}

/// A process that serves.
pub struct Server {
    pub address: String,
    /// Somebody of each organisation.
    pub tokens: Vec<String>,
    pub ready_after: Duration,
    child: Child,
    _directory: Option<TempDir>,
    _output: BufReader<ChildStdout>,
}

/// The program with its settings.
pub fn command(directory: &Path, database: Option<&str>) -> Command {
    let mut command = Command::new(executable());
    command.env_clear().arg("--data-dir").arg(directory).args(["--port", "0", "--public-url", "http://ratchet"]);
    command.args(["--requests-per-minute", "100000000", "--logins-per-minute", "100000"]);
    if let Some(url) = database {
        command.args(["--database-url", url]);
    }
    command
}

impl Server {
    /// Starts it on what the directory and the database hold.
    pub fn start(directory: &Path, database: Option<&str>) -> Self {
        let log = std::fs::File::create(directory.join("log")).expect("a log");
        let began = Instant::now();
        let mut command = command(directory, database);
        let mut child = command.arg("serve").stdout(Stdio::piped()).stderr(log).spawn().expect("the program starts");
        let mut output = BufReader::new(child.stdout.take().expect("its output"));
        let address = loop {
            let mut line = String::new();
            assert!(output.read_line(&mut line).expect("its output") > 0, "it ended before it served");
            if let Some(address) = line.trim().strip_prefix("Serving on http://") {
                break address.to_owned();
            }
        };
        while ask(&address, &request("GET", "/readyz", "", "")).0 != 200 {
            std::thread::sleep(Duration::from_millis(2));
        }
        let ready_after = began.elapsed();
        Self { address, tokens: Vec::new(), ready_after, child, _directory: None, _output: output }
    }

    /// Starts it with somebody in each of several organisations.
    pub fn with_organisations(database: Option<&str>) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let passwords: Vec<(String, String)> = (0..ORGANISATIONS)
            .map(|n| {
                let email = format!("admin{n}@bench.example");
                let mut create = command(directory.path(), database);
                create.args([
                    "organisation",
                    "create",
                    "--name",
                    &format!("Organisation {n}"),
                    "--admin-email",
                    &email,
                ]);
                let printed = said(&mut create);
                let password = printed.lines().find_map(|line| line.strip_prefix("password")).expect("a password");
                (email, password.split_whitespace().next().expect("a password").to_owned())
            })
            .collect();
        let mut server = Self::start(directory.path(), database);
        server.tokens = passwords.iter().map(|(email, password)| server.token(email, password)).collect();
        server._directory = Some(directory);
        server
    }

    /// The access token of somebody who may raise and amend, whom the admin enrols.
    fn token(&self, admin: &str, password: &str) -> String {
        let admin_token = self.log_in(admin, password);
        let email = format!("manager-{admin}");
        let member = json!({ "email": email, "name": "Manager", "roles": ["isms_manager"], "password": PASSWORD });
        let enrolling = request("POST", "/v1/members", &admin_token, &member.to_string());
        let (status, enrolled) = ask(&self.address, &enrolling);
        assert_eq!(status, 201, "{enrolled}");
        self.log_in(&email, PASSWORD)
    }

    fn log_in(&self, email: &str, password: &str) -> String {
        let login = json!({ "email": email, "password": password }).to_string();
        let (_, session) = ask(&self.address, &request("POST", "/v1/auth/login", "", &login));
        session["access_token"].as_str().unwrap_or_else(|| panic!("{session}")).to_owned()
    }

    /// Raises a nonconformity: its address and its ETag.
    pub fn raise(&self, token: &str) -> (String, String) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let answer = runtime.block_on(async {
            Wire::open(&self.address).await.ask(&request("POST", "/v1/nonconformities", token, NONCONFORMITY)).await
        });
        let body: Value = serde_json::from_slice(&answer.body).expect("JSON");
        assert_eq!(answer.status, 201, "{body}");
        (format!("/v1/nonconformities/{}", body["id"].as_str().expect("an id")), answer.etag)
    }

    /// Processor time that it has used.
    pub fn processor(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).expect("a process");
        let (_, fields) = stat.rsplit_once(')').expect("its name");
        let ticks: u64 = fields.split_whitespace().skip(11).take(2).filter_map(|field| field.parse::<u64>().ok()).sum();
        // Linux counts hundredths of a second here, whatever its own clock does.
        Duration::from_millis(ticks * 10)
    }

    /// Resident memory, in MiB.
    pub fn memory(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).expect("a process");
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
        let kilobytes: f64 = line.trim().trim_end_matches(" kB").parse().expect("a number");
        kilobytes / 1024.0
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const PASSWORD: &str = "correct horse battery staple";

/// What every POST sends.
pub const NONCONFORMITY: &str = r#"{"title":"Critical patches late on laptops","source":"audit","requirement":"A.8.8","statement":"Critical patches are not installed within 14 days","objective_evidence":"79 % in week 12"}"#;

/// One request on a connection of its own.
pub fn ask(address: &str, request: &[u8]) -> (u16, Value) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let answer = runtime.block_on(async { Wire::open(address).await.ask(request).await });
    (answer.status, serde_json::from_slice(&answer.body).unwrap_or_default())
}
