//! The journal's key is changed: who has the old one and who has the new one can both verify, in turn.

use super::program::{Instance, Program, client};
use super::turn;
use crate::databases::{Database, postgres, sqlite};
use diesel::connection::SimpleConnection;
use ratchet_persistence::connection::AnyConnection;
use serde_json::{Value, json};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, Instant};

struct Scene {
    instance: Instance,
    token: String,
}

impl Scene {
    async fn get(&self, program: &Program, path: &str) -> String {
        let request = client().get(format!("{}{path}", program.url)).bearer_auth(&self.token);
        request.send().await.unwrap().text().await.unwrap()
    }

    /// Waits until what the program does by itself on the first day is done.
    async fn settled(&self, program: &Program) {
        let (began, mut seen, mut since) = (Instant::now(), Value::Null, Instant::now());
        while since.elapsed() < Duration::from_secs(2) {
            assert!(began.elapsed() < Duration::from_secs(60), "the journal grows and grows");
            let now = self.checkpoint(program).await["size"].clone();
            if now != seen || now.as_u64().is_none_or(|size| size < 10) {
                (seen, since) = (now, Instant::now());
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Writes something, and waits until it is signed; the checkpoint.
    async fn written(&self, program: &Program) -> Value {
        let body = json!({ "title": "x", "source": "audit", "statement": "x", "objective_evidence": "x" });
        let request = client().post(format!("{}/v1/nonconformities", program.url)).bearer_auth(&self.token).json(&body);
        let entry = request.send().await.unwrap().headers()["journal-entry"].to_str().unwrap().to_owned();
        let began = Instant::now();
        while !self.get(program, &format!("/v1/journal/entries/{entry}/proof")).await.contains("checkpoint") {
            assert!(began.elapsed() < Duration::from_secs(5), "not signed");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        self.checkpoint(program).await
    }

    async fn checkpoint(&self, program: &Program) -> Value {
        serde_json::from_str(&self.get(program, "/v1/journal/checkpoint").await).unwrap()
    }

    /// What the independent verifier says of an export, with this key and beside this checkpoint.
    async fn exported(&self, program: &Program, key: &Value, against: &Value) -> Output {
        let (export, note) = (self.instance.directory().join("export"), self.instance.directory().join("note"));
        std::fs::write(&export, self.get(program, "/v1/journal/export").await).unwrap();
        std::fs::write(&note, against["note"].as_str().unwrap()).unwrap();
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scripts/verify_journal.py");
        let key = key["verifier_key"].as_str().unwrap();
        Command::new("python3").arg(script).arg(export).args(["--key", key, "--against"]).arg(note).output().unwrap()
    }

    fn journal(&self, verb: &str) -> Output {
        self.instance.command().args(["journal", verb]).output().unwrap()
    }

    fn assert_clean(&self) {
        let verdict = self.instance.verify();
        assert!(verdict.status.success(), "{}", String::from_utf8_lossy(&verdict.stdout));
    }
}

fn signatures(checkpoint: &Value) -> usize {
    checkpoint["note"].as_str().unwrap().lines().filter(|line| line.starts_with('\u{2014}')).count()
}

#[track_caller]
fn assert_refused(output: &Output, reason: &str) {
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && told.contains(reason), "{told}");
}

/// Every connection of the server ends, and it has time to find out. SQLite's cannot.
async fn lose_connections(database: &Database) {
    if let AnyConnection::Postgres(connection) = &mut database.open() {
        let others = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity \
                      WHERE datname = current_database() AND pid <> pg_backend_pid()";
        connection.batch_execute(others).unwrap();
        tokio::time::sleep(Duration::from_secs(3)).await;
    }
}

#[tokio::test]
async fn the_old_key_vouches_for_the_new_one() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let program = instance.start().await;
        let scene = Scene { token: instance.token(&program).await, instance };
        scene.settled(&program).await;
        let old = scene.written(&program).await;
        assert_refused(&scene.journal("rotate-key"), "in use by another ratchet");
        lose_connections(&scene.instance.database).await;
        assert_refused(&scene.journal("rotate-key"), "in use by another ratchet");
        drop(program);
        assert_refused(&scene.journal("retire-key"), "nothing to retire");
        assert!(scene.journal("rotate-key").status.success());
        scene.assert_clean();

        let program = scene.instance.start().await;
        assert_refused(&scene.journal("retire-key"), "in use by another ratchet");
        let both = scene.checkpoint(&program).await;
        assert_eq!((&both["size"], &both["root"]), (&old["size"], &old["root"]), "of the very same tree");
        assert_ne!(both["verifier_key"], old["verifier_key"]);
        assert_eq!((signatures(&old), signatures(&both)), (1, 2));
        assert_eq!(signatures(&scene.written(&program).await), 2);
        for key in [&old, &both] {
            assert!(scene.exported(&program, key, &old).await.status.success() == (key == &old), "{key}");
            assert!(scene.exported(&program, key, &both).await.status.success(), "{key}");
        }
        drop(program);
        assert!(scene.journal("retire-key").status.success());
        let program = scene.instance.start().await;
        assert_eq!(signatures(&scene.written(&program).await), 1);
        assert!(scene.exported(&program, &both, &both).await.status.success());
        assert!(!scene.exported(&program, &old, &both).await.status.success(), "the old key signs no longer");
        drop(program);
        scene.assert_clean();
        let keys = std::fs::read_to_string(scene.instance.directory().join("keys")).unwrap();
        assert!(keys.contains("journal-retired ") && !keys.contains("journal-former "), "the private half is gone");
    }
}

/// Nobody is logged out by a rotation, unless it is told to.
#[tokio::test]
async fn access_tokens_outlive_a_rotation_of_their_key() {
    let _turn = turn().await;
    let instance = Instance::on(sqlite());
    let program = instance.start().await;
    let before = instance.token(&program).await;
    drop(program);
    let rotate = |options: &[&str]| {
        let output = instance.command().args(["keys", "rotate-token"]).args(options).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    rotate(&[]);
    let program = instance.start().await;
    assert!(is_known(&program, &before).await, "it was out before");
    let between = instance.token(&program).await;
    assert!(is_known(&program, &between).await);
    assert_eq!(published(&program).await, 2);
    drop(program);
    rotate(&["--at-once"]);
    let program = instance.start().await;
    assert!(!is_known(&program, &before).await && !is_known(&program, &between).await);
    assert_eq!(published(&program).await, 1);
    let after = instance.token(&program).await;
    assert!(is_known(&program, &after).await);
}

async fn is_known(program: &Program, token: &str) -> bool {
    client().get(format!("{}/v1/me", program.url)).bearer_auth(token).send().await.unwrap().status() == 200
}

/// Keys by which others may know access tokens.
async fn published(program: &Program) -> usize {
    let keys = client().get(format!("{}/.well-known/jwks.json", program.url)).send().await.unwrap();
    keys.json::<Value>().await.unwrap()["keys"].as_array().unwrap().len()
}

/// Whoever starts with other keys would sign what nobody can verify.
#[tokio::test]
async fn other_keys_do_not_go_on_with_a_journal() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let program = instance.start().await;
        let scene = Scene { token: instance.token(&program).await, instance };
        scene.settled(&program).await;
        let old = scene.written(&program).await;
        drop(program);
        let program = scene.instance.start().await;
        let same = scene.written(&program).await;
        assert_eq!(same["verifier_key"], old["verifier_key"], "at another address it has the same name");
        drop(program);

        let keys = scene.instance.directory().join("keys");
        std::fs::rename(&keys, scene.instance.directory().join("lost")).unwrap();
        let serve = || scene.instance.command().args(["serve", "--port", "0"]).output().unwrap();
        assert_refused(&serve(), "is missing");
        assert!(!keys.exists(), "and none are made");
        let line = |name: &str| format!("{name} {}\n", hex::encode(uuid::Uuid::new_v4().as_bytes().repeat(2)));
        std::fs::write(&keys, ["token", "journal", "secret"].map(line).concat()).unwrap();
        assert_refused(&serve(), "signed with another key");

        let replace = |key: &str| {
            scene.instance.command().args(["journal", "replace-lost-key", "--verifier-key", key]).output().unwrap()
        };
        assert_refused(&replace("isms.example.org+00000000+AAAA"), "invalid value");
        let lost = old["verifier_key"].as_str().unwrap();
        let told = replace(lost);
        assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
        assert_refused(&replace(lost), "it is not lost");
        let program = scene.instance.start().await;
        let scene = Scene { token: scene.instance.token(&program).await, ..scene };
        let new = scene.checkpoint(&program).await;
        assert_eq!((&new["size"], &new["root"]), (&same["size"], &same["root"]), "of the very same tree");
        assert_ne!(new["verifier_key"], old["verifier_key"]);
        for key in [&old, &new] {
            assert!(scene.exported(&program, key, &new).await.status.success(), "{key}");
        }
        scene.written(&program).await;
        drop(program);
        scene.assert_clean();
    }
}
