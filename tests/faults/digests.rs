//! Daily digests, sent by the program through a mail server that shares no code with it.

use super::program::{Instance, Program, client};
use crate::databases::{postgres, sqlite};
use crate::python::python;
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

/// A mail server, and what it was given.
struct MailServer {
    directory: tempfile::TempDir,
    child: Child,
    port: u16,
}

fn beside(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("faults/mail").join(file)
}

impl MailServer {
    fn start(port: u16, more: &[&str]) -> Self {
        Self::start_in(tempfile::tempdir().unwrap(), port, more)
    }

    /// Answers every recipient so from its beginning.
    fn start_answering(port: u16, line: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        std::fs::write(directory.path().join("answer"), line).unwrap();
        Self::start_in(directory, port, &[])
    }

    fn start_in(directory: tempfile::TempDir, port: u16, more: &[&str]) -> Self {
        let mut command = python();
        command.arg(beside("server.py")).arg(directory.path()).args(more).env("PORT", port.to_string());
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut line).unwrap();
        let port = line.trim().parse().unwrap_or_else(|_| panic!("it did not start: {line}"));
        Self { directory, child, port }
    }

    /// Answers every recipient so from now on, or takes them.
    fn answer(&self, line: Option<&str>) {
        let path = self.directory.path().join("answer");
        match line {
            Some(line) => {
                std::fs::write(path.with_extension("part"), line).unwrap();
                std::fs::rename(path.with_extension("part"), path).unwrap();
            }
            None => std::fs::remove_file(path).unwrap(),
        }
    }

    fn letters(&self) -> Vec<Value> {
        let files = std::fs::read_dir(self.directory.path()).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "json")).collect();
        files.sort();
        files.iter().map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()).collect()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let began = Instant::now();
    while !holds() {
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// How long it is waited for what must happen.
const PATIENCE: Duration = Duration::from_secs(90);

/// How long it is looked whether something happens that must not: the first round begins with the program.
const ROUND: Duration = Duration::from_secs(3);

async fn answered(request: reqwest::RequestBuilder, token: &str, body: Value) -> Value {
    let answer = request.bearer_auth(token).body(body.to_string()).send().await.unwrap();
    let (url, status, text) = (answer.url().clone(), answer.status(), answer.text().await.unwrap());
    assert!(status.is_success(), "{url}: {status} {text}");
    serde_json::from_str(&text).unwrap()
}

async fn posted(program: &Program, token: &str, path: &str, body: Value) -> Value {
    let request = client().post(format!("{}/v1/{path}", program.url)).header("content-type", "application/json");
    answered(request, token, body).await
}

async fn amended(program: &Program, token: &str, path: &str, body: Value) -> Value {
    let request = client().patch(format!("{}/v1/{path}", program.url)).header("if-match", "*");
    answered(request.header("content-type", "application/merge-patch+json"), token, body).await
}

async fn figure(program: &Program, outcome: &str) -> i64 {
    let text = client().get(format!("{}/metrics", program.url)).send().await.unwrap().text().await.unwrap();
    let name = format!("ratchet_digests_total{{outcome=\"{outcome}\"}} ");
    text.lines().find_map(|line| line.strip_prefix(&name)).map_or(0, |count| count.parse().unwrap())
}

/// What became of each digest, as it is stored.
fn outcomes(instance: &Instance) -> Vec<String> {
    instance.database.lines("SELECT outcome AS line FROM digests ORDER BY outcome")
}

/// An instance whose digests go out at any hour, and in which the admin, who manages the system, has two things to do.
async fn prepared(instance: &Instance) {
    let program = instance.start().await;
    let token = instance.token(&program).await;
    let list = client().get(format!("{}/v1/settings", program.url)).bearer_auth(&token).send().await.unwrap();
    let list: Value = list.json().await.unwrap();
    let settings = list["items"][0]["id"].as_str().unwrap().to_owned();
    posted(&program, &token, &format!("settings/{settings}/set-digest-hour"), json!({ "hour": 0 })).await;
    let case = json!({
        "title": "Späte Patches auf Laptops",
        "statement": "Critical patches are not installed within 14 days",
        "objective_evidence": "79 % in week 12",
        "source": "indicator",
        "due_on": "2026-01-31",
    });
    posted(&program, &token, "nonconformities", case).await;
    let report = json!({ "kind": "event", "text": "A stranger in the server room" });
    posted(&program, &token, "employee-reports", report).await;
}

async fn with_mail(instance: &Instance, url: &str, certificates: Option<PathBuf>) -> Program {
    let url = url.to_owned();
    let program = instance.start_with("serve", move |command| {
        command.env("RATCHET_SMTP_URL", url).args(["--mail-from", "Ratchet <isms@example.org>"]);
        if let Some(path) = certificates {
            command.env("SSL_CERT_FILE", path);
        }
    });
    program.await
}

#[tokio::test]
async fn each_member_is_told_once_a_day_what_waits() {
    for database in [sqlite(), postgres()] {
        let _turn = super::turn().await;
        let instance = Instance::on(database);
        prepared(&instance).await;
        let program = instance.start().await;
        let token = instance.token(&program).await;
        let password = "a long password of somebody";
        let member = |name: &str, role: &str| json!({ "email": format!("{name}@example.org"), "name": name, "roles": [role], "password": password });
        // Has nothing to do; wants no digest; has left.
        posted(&program, &token, "members", member("idle", "member")).await;
        let quiet = posted(&program, &token, "members", member("quiet", "isms_manager")).await;
        let gone = posted(&program, &token, "members", member("gone", "isms_manager")).await;
        let login = json!({ "email": "quiet@example.org", "password": password });
        let own = posted(&program, "", "auth/login", login).await["access_token"].as_str().unwrap().to_owned();
        let path = format!("members/{}", quiet["id"].as_str().unwrap());
        let quiet = amended(&program, &own, &path, json!({ "digest": false })).await;
        assert_eq!(quiet["digest"], false);
        let path = format!("members/{}/deactivate", gone["id"].as_str().unwrap());
        posted(&program, &token, &path, json!({ "reason": "Left" })).await;
        drop(program);

        let server = MailServer::start(0, &[]);
        let url = format!("smtp://127.0.0.1:{}", server.port);
        let program = with_mail(&instance, &url, None).await;
        until("a letter", || server.letters().len() == 1).await;
        until("both are done", || outcomes(&instance) == ["empty", "sent"]).await;
        let letter = server.letters().remove(0);
        assert_eq!((&letter["from"], &letter["to"]), (&json!("isms@example.org"), &json!(["admin@localhost"])));
        let headers = &letter["headers"];
        assert_eq!(headers["from"], "Ratchet <isms@example.org>");
        assert_eq!(
            (&headers["auto-submitted"], &headers["content-type"]),
            (&json!("auto-generated"), &json!("text/plain; charset=\"utf-8\""))
        );
        assert_eq!(headers["subject"], "1 overdue, 1 new: My organisation");
        assert!(headers["message-id"].as_str().unwrap().ends_with("@ratchet.example>"), "{headers}");
        let text = letter["text"].as_str().unwrap();
        assert!(text.contains("- 2026-01-31  Späte Patches auf Laptops (NC-"), "{text}");
        assert!(text.contains("http://ratchet.example/v1/nonconformities/"), "{text}");
        assert!(text.contains("- Employee report ") && !text.contains("stranger"), "{text}");
        assert_eq!((figure(&program, "sent").await, figure(&program, "empty").await), (1, 1));
        drop(program);
        let _again = with_mail(&instance, &url, None).await;
        tokio::time::sleep(ROUND).await;
        assert_eq!((server.letters().len(), outcomes(&instance)), (1, vec!["empty".to_owned(), "sent".to_owned()]));
    }
}

#[tokio::test]
async fn a_mail_server_that_is_away_is_asked_again() {
    for database in [sqlite(), postgres()] {
        let _turn = super::turn().await;
        let instance = Instance::on(database);
        prepared(&instance).await;
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let program = with_mail(&instance, &format!("smtp://127.0.0.1:{port}"), None).await;
        until("it is away", || instance.log().contains("the mail server is away")).await;
        assert!(outcomes(&instance).is_empty(), "nothing is claimed while nobody could take it");
        // Back, it takes nothing yet.
        let server = MailServer::start_answering(port, "451 4.7.1 later");
        until("put off", || instance.log().contains("a digest is sent later")).await;
        until("let go", || outcomes(&instance).is_empty()).await;
        server.answer(None);
        until("a letter", || server.letters().len() == 1).await;
        until("done", || outcomes(&instance) == ["sent"]).await;
        assert!(figure(&program, "postponed").await >= 1);
    }
}

#[tokio::test]
async fn what_is_refused_or_uncertain_is_not_sent_again() {
    for database in [sqlite(), postgres()] {
        let _turn = super::turn().await;
        let instance = Instance::on(database);
        prepared(&instance).await;
        let server = MailServer::start(0, &[]);
        let url = format!("smtp://127.0.0.1:{}", server.port);
        // It dies while the mail server thinks: whether the e-mail has left cannot be known afterwards.
        server.answer(Some("wait"));
        let program = with_mail(&instance, &url, None).await;
        until("claimed", || outcomes(&instance) == ["claimed"]).await;
        program.kill();
        server.answer(None);
        let program = with_mail(&instance, &url, None).await;
        tokio::time::sleep(ROUND).await;
        assert_eq!((server.letters().len(), outcomes(&instance)), (0, vec!["claimed".to_owned()]));
        // As on another day.
        let mut connection = instance.database.open();
        diesel::connection::SimpleConnection::batch_execute(&mut connection, "DELETE FROM digests").unwrap();
        drop(program);
        server.answer(Some("550 5.1.1 no such mailbox"));
        let program = with_mail(&instance, &url, None).await;
        until("refused", || outcomes(&instance) == ["refused"]).await;
        server.answer(None);
        assert_eq!(figure(&program, "refused").await, 1);
        drop(program);
        let _again = with_mail(&instance, &url, None).await;
        tokio::time::sleep(ROUND).await;
        assert!(server.letters().is_empty());
        assert!(!instance.log().contains("admin@localhost"), "addresses of people are not for the log");
    }
}

#[tokio::test]
async fn over_tls_with_a_login_and_never_without() {
    let _turn = super::turn().await;
    let instance = Instance::on(sqlite());
    prepared(&instance).await;
    let secret = "canary-of-the-mail-server";
    let (certificate, key) = (beside("localhost.pem"), beside("localhost.key"));
    let more = ["isms", secret, certificate.to_str().unwrap(), key.to_str().unwrap()];
    let server = MailServer::start(0, &more);
    let url = format!("smtp://isms:{secret}@localhost:{}?tls=required", server.port);
    // Whose certificate nobody vouches for.
    let program = with_mail(&instance, &url, None).await;
    until("it is not trusted", || instance.log().contains("the mail server is away")).await;
    drop(program);
    assert!(outcomes(&instance).is_empty());
    // One that speaks no TLS.
    let plain = MailServer::start(0, &[]);
    let program = with_mail(&instance, &url.replace(&server.port.to_string(), &plain.port.to_string()), None).await;
    let away = || instance.log().matches("the mail server is away").count();
    until("it is not spoken to in clear", || away() == 2).await;
    drop(program);
    let program = with_mail(&instance, &url, Some(certificate)).await;
    until("a letter", || server.letters().len() == 1).await;
    let letter = server.letters().remove(0);
    assert_eq!((&letter["encrypted"], &letter["authenticated"]), (&json!(true), &json!(true)));
    assert!(plain.letters().is_empty());
    drop(program);
    let wrong = url.replace(secret, "wrong-canary");
    diesel::connection::SimpleConnection::batch_execute(&mut instance.database.open(), "DELETE FROM digests").unwrap();
    let program = with_mail(&instance, &wrong, Some(beside("localhost.pem"))).await;
    until("it is not let in", || away() == 3).await;
    drop(program);
    let log = instance.log();
    assert!(outcomes(&instance).is_empty() && log.contains("answers 535"), "{log}");
    assert!(!log.contains("canary"), "{log}");
}
