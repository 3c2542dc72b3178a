//! What the program does when it is told something else than to serve.

use super::program::{Instance, Program, client, executable};
use super::turn;
use crate::databases::{Database, each, postgres, sqlite};
use diesel::connection::SimpleConnection;
use ratchet_persistence::connection::{Address, AnyConnection};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::Read;
use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

/// Makes an organisation; what was printed, by its name.
fn create(instance: &Instance, name: &str, admin_email: &str) -> Result<BTreeMap<String, String>, String> {
    let mut command = instance.command();
    command.args(["organisation", "create", "--name", name, "--admin-email", admin_email]);
    let told = command.output().unwrap();
    if !told.status.success() {
        return Err(String::from_utf8_lossy(&told.stderr).into_owned());
    }
    let text = out(&told);
    let lines = text.lines().map(|line| line.split_once(char::is_whitespace).unwrap());
    Ok(lines.map(|(name, value)| (name.to_owned(), value.trim().to_owned())).collect())
}

async fn read(program: &Program, token: &str, path: &str) -> Value {
    let request = client().get(format!("{}{path}", program.url)).bearer_auth(token);
    request.send().await.unwrap().json().await.unwrap()
}

/// The access token of whoever has just been given a password.
async fn log_in(program: &Program, made: &BTreeMap<String, String>) -> String {
    let body = json!({ "email": made["admin"], "password": made["password"] });
    let request = client().post(format!("{}/v1/auth/login", program.url)).json(&body);
    let answer: Value = request.send().await.unwrap().json().await.unwrap();
    answer["access_token"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
}

/// On an SQLite file while no server has it open; the next one knows it.
#[tokio::test]
async fn an_organisation_is_made_with_its_admin_and_nothing_else() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let program = instance.start().await;
        if let Address::Sqlite(_) = instance.database.address {
            let refused = create(&instance, "Second Ltd", "second@example.org").unwrap_err();
            assert!(refused.contains("in use"), "{refused}");
        }
        drop(program);
        let made = create(&instance, "Second Ltd", "second@example.org").unwrap();
        for (name, email, named) in
            [(" ", "x@example.org", "name"), ("Third", "no address", "e-mail"), ("a\nb", "x@example.org", "name")]
        {
            let refused = create(&instance, name, email).unwrap_err();
            assert!(refused.to_lowercase().contains(named), "{name:?} {email:?}: {refused}");
        }
        let program = instance.start().await;
        assert_eq!(made.keys().collect::<Vec<_>>(), ["admin", "organisation", "password"]);
        assert!(made["admin"] == "second@example.org" && made["password"].len() >= 24);
        let token = log_in(&program, &made).await;
        let me = read(&program, &token, "/v1/me").await;
        assert_eq!((&me["organisation_id"], &me["roles"]), (&json!(made["organisation"]), &json!(["admin"])), "{me}");
        let members = read(&program, &token, "/v1/members").await;
        assert_eq!(members["items"].as_array().unwrap().len(), 1, "{members}");
        let first = instance.token(&program).await;
        assert_ne!(read(&program, &first, "/v1/me").await["organisation_id"], json!(made["organisation"]));
        drop(program);
        assert!(instance.verify().status.success());
    }
}

/// The contract needs neither a database nor keys, and leaves nothing behind.
#[test]
fn the_contract_is_printed_without_a_database() {
    let nowhere = tempfile::tempdir().unwrap();
    let mut command = Command::new(executable());
    command.env_clear().arg("--data-dir").arg(nowhere.path().join("data"));
    let told = command.args(["--database-url", "postgres://nobody@127.0.0.1:1/none", "openapi"]).output().unwrap();
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let printed: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert!(printed == *crate::harness::document(), "the document is another one");
    assert_eq!(std::fs::read_dir(nowhere.path()).unwrap().count(), 0);
}

/// `ratchet openapi | head`
#[test]
fn whoever_stops_reading_has_read_enough() {
    let mut command = Command::new(executable());
    let mut told = command.env_clear().arg("openapi").stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut first = [0; 1];
    told.stdout.as_mut().unwrap().read_exact(&mut first).unwrap();
    drop(told.stdout.take());
    let told = told.wait_with_output().unwrap();
    let error = String::from_utf8_lossy(&told.stderr);
    assert!(told.status.success() && error.is_empty(), "{:?} {error}", told.status);
}

/// What was gathered of keys' uses is written when the program is told to stop, not a minute later.
#[tokio::test]
async fn the_last_use_of_a_key_outlives_a_stop() {
    for database in each() {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let mut program = instance.start().await;
        let token = instance.token(&program).await;
        let body = json!({ "name": "Feed", "scopes": ["records:read"] });
        let issued = client().post(format!("{}/v1/api-keys", program.url)).bearer_auth(&token).json(&body);
        let issued: Value = issued.send().await.unwrap().json().await.unwrap();
        let path = format!("/v1/api-keys/{}", issued["reference"].as_str().unwrap());
        read(&program, issued["token"].as_str().unwrap(), "/v1/me").await;
        assert_eq!(read(&program, &token, &path).await["last_used_at"], Value::Null);
        program.terminate();
        let status = program.ended_within(Duration::from_secs(40)).await;
        assert!(status.is_some_and(|status| status.success()), "{status:?} {}", instance.log());
        let program = instance.start().await;
        let key = read(&program, &instance.token(&program).await, &path).await;
        assert!(key["last_used_at"].is_string(), "{key}");
        assert_eq!(key["version"], 1);
        drop(program);
        assert!(instance.verify().status.success());
    }
}

#[tokio::test]
async fn whether_it_is_ready_is_told_by_the_exit_code() {
    let _turn = turn().await;
    let instance = Instance::on(sqlite());
    let program = instance.start().await;
    let port = program.url.rsplit(':').next().unwrap().to_owned();
    assert!(instance.health(&port).status.success());
    program.kill();
    let told = instance.health(&port);
    assert!(!told.status.success() && !told.stderr.is_empty());
}

/// Waits until nothing is added to the journal any more; its newest checkpoint.
async fn settled(program: &Program, token: &str) -> Value {
    let (began, mut since, mut seen) = (Instant::now(), Instant::now(), Value::Null);
    while since.elapsed() < Duration::from_secs(2) {
        assert!(began.elapsed() < Duration::from_secs(60), "the journal grows and grows");
        let now = read(program, token, "/v1/journal/checkpoint").await;
        if now["size"] != seen["size"] || now["size"].is_null() {
            (seen, since) = (now, Instant::now());
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    seen
}

/// What `journal verify` says, and whether its exit code says the same.
fn verified(instance: &Instance, database: &Database, more: &[&str]) -> (bool, String) {
    let told = instance.command_on(&database.address).args(["journal", "verify"]).args(more).output().unwrap();
    let text = out(&told);
    let is_clean = text.lines().next_back().is_some_and(|line| line.starts_with("clean: "));
    assert_eq!(told.status.success(), is_clean, "{text}");
    (is_clean, text)
}

fn entries(text: &str) -> u64 {
    text.lines().next_back().unwrap().split(' ').nth(1).unwrap().parse().unwrap()
}

/// One organisation is asked about alone: what is wrong in another is no matter of it, and one that is not here is not
/// said to be clean.
#[tokio::test]
async fn one_organisation_is_verified_alone() {
    for database in each() {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let program = instance.start().await;
        let first = instance.token(&program).await;
        drop(program);
        let made = create(&instance, "Second Ltd", "second@example.org").unwrap();
        let program = instance.start().await;
        let second = log_in(&program, &made).await;
        settled(&program, &first).await;
        settled(&program, &second).await;
        let (ours, theirs) = (read(&program, &first, "/v1/me").await["organisation_id"].clone(), &made["organisation"]);
        let ours = ours.as_str().unwrap();
        drop(program);
        let of =
            |organisation: &str| verified(&instance, &instance.database, &["--state", "--organisation", organisation]);
        let (whole, one, other) = (verified(&instance, &instance.database, &["--state"]), of(ours), of(theirs));
        assert!(whole.0 && one.0 && other.0, "{whole:?} {one:?} {other:?}");
        assert_eq!(entries(&whole.1), entries(&one.1) + entries(&other.1));
        assert!(entries(&one.1) > 0 && entries(&other.1) > 0);
        let nobody = of("01900000-0000-7000-8000-000000000000");
        assert!(!nobody.0 && nobody.1.contains("organisations 01900000"), "{}", nobody.1);
        let mut connection = instance.database.open();
        let of_theirs = match &connection {
            AnyConnection::Sqlite(_) => format!("X'{}'", theirs.replace('-', "")),
            AnyConnection::Postgres(_) => format!("'{theirs}'"),
        };
        let changed = format!("UPDATE members SET name = 'Somebody else' WHERE organisation_id = {of_theirs}");
        connection.batch_execute(&changed).unwrap();
        drop(connection);
        assert!(of(ours).0 && !of(theirs).0 && !verified(&instance, &instance.database, &["--state"]).0);
    }
}

/// Whoever kept a checkpoint outside finds out that the journal was put back to what it was before.
#[tokio::test]
async fn a_checkpoint_that_was_kept_outside_is_held_against_the_journal() {
    for database in each() {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let program = instance.start().await;
        let token = instance.token(&program).await;
        let early = settled(&program, &token).await;
        drop(program);
        let before = instance.database.copy();
        let program = instance.start().await;
        let body = json!({ "title": "x", "source": "audit", "statement": "x", "objective_evidence": "x" });
        let request = client().post(format!("{}/v1/nonconformities", program.url)).bearer_auth(&token).json(&body);
        assert_eq!(request.send().await.unwrap().status(), 201);
        let began = Instant::now();
        let late = loop {
            let now = settled(&program, &token).await;
            if now["size"].as_u64() > early["size"].as_u64() {
                break now;
            }
            assert!(began.elapsed() < Duration::from_secs(20), "not signed");
        };
        drop(program);
        let keep = |name: &str, note: &str| {
            let file = instance.directory().join(name);
            std::fs::write(&file, note).unwrap();
            file.to_str().unwrap().to_owned()
        };
        let (late, early) = (late["note"].as_str().unwrap(), early["note"].as_str().unwrap());
        let (late, early) = (keep("late", late), keep("early", early));
        let against = |database: &Database, note: &str| verified(&instance, database, &["--against", note]);
        for (what, database, note, expected) in [
            ("what was kept last", &instance.database, &late, true),
            ("what was kept before", &instance.database, &early, true),
            ("what was there when it was kept", &before, &early, true),
            ("what was put back", &before, &late, false),
            ("no checkpoint", &instance.database, &keep("none", "ratchet.example\n3\nAAAA\n"), false),
        ] {
            let (is_clean, told) = against(database, note);
            assert_eq!(is_clean, expected, "{what}: {told}");
        }
        let missing = instance.command().args(["journal", "verify", "--against", "/nowhere/note"]).output().unwrap();
        assert!(!missing.status.success() && String::from_utf8_lossy(&missing.stderr).contains("/nowhere/note"));
    }
}
