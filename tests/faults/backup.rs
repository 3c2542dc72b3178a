//! Backed up while clients write, restored elsewhere, and read again byte by byte.

use super::ledger::Writers;
use super::program::{Instance, client};
use crate::databases::{Database, postgres, sqlite};
use reqwest::Client;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

fn run(instance: &Instance, subcommand: &str, directory: &Path) -> Output {
    instance.command().arg(subcommand).arg(directory).output().unwrap()
}

fn told(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// Another place with the same keys.
fn elsewhere(original: &Instance, database: Database) -> Instance {
    let other = Instance::on(database);
    std::fs::copy(original.directory().join("keys"), other.directory().join("keys")).unwrap();
    other
}

async fn attach(client: &Client, url: &str, token: &str, case: &str) {
    let path = format!("{url}/v1/evidence?record={case}&name=a.txt");
    let sent = client.post(path).bearer_auth(token).header("content-type", "text/plain").body("abc").send().await;
    assert_eq!(sent.unwrap().status(), 201);
}

async fn text(client: &Client, url: &str, path: &str, token: &str) -> String {
    let answer = client.get(format!("{url}{path}")).bearer_auth(token).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{path}");
    answer.text().await.unwrap()
}

#[tokio::test]
async fn what_was_acknowledged_before_is_restored_as_it_was() {
    for empty in [sqlite, postgres] {
        let _turn = super::turn().await;
        let original = Instance::on(empty());
        let program = original.start().await;
        let (client, token) = (client(), original.token(&program).await);
        let before = Writers::start(2, "before", &program.url, &token);
        while before.answered() < 60 {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        let ledger = before.stop().await;
        let case: Value =
            serde_json::from_str(&text(&client, &program.url, "/v1/nonconformities?limit=1", &token).await).unwrap();
        attach(&client, &program.url, &token, case["items"][0]["reference"].as_str().unwrap()).await;
        let meanwhile = Writers::start(2, "meanwhile", &program.url, &token);
        let place = tempfile::tempdir().unwrap();
        let backup = place.path().join("backup");
        let made = run(&original, "backup", &backup);
        assert!(made.status.success(), "{}", told(&made));
        drop(meanwhile.stop().await);
        let again = run(&original, "backup", &backup);
        assert!(!again.status.success() && told(&again).contains("not empty"), "{}", told(&again));

        let other = elsewhere(&original, empty());
        let restored = run(&other, "restore", &backup);
        assert!(restored.status.success(), "{}", told(&restored));
        let copy = other.start().await;
        for id in ledger.answered.values().take(25) {
            let path = format!("/v1/nonconformities/{id}");
            let same = text(&client, &program.url, &path, &token).await;
            assert_eq!(text(&client, &copy.url, &path, &token).await, same);
        }
        for id in ledger.answered.values() {
            text(&client, &copy.url, &format!("/v1/nonconformities/{id}"), &token).await;
        }
        let evidence = text(&client, &copy.url, "/v1/evidence", &token).await;
        let evidence: Value = serde_json::from_str(&evidence).unwrap();
        let content = evidence["items"][0]["content_href"].as_str().unwrap();
        assert_eq!(text(&client, &copy.url, content, &token).await, "abc");
        let full = run(&other, "restore", &backup);
        assert!(!full.status.success(), "into a place that is not empty: {}", told(&full));
        damaged_ones_are_refused(&original, &backup, empty);
    }
}

fn damaged_ones_are_refused(original: &Instance, backup: &Path, empty: fn() -> Database) {
    type Damage = fn(&Path);
    let damages: [(&str, Damage); 5] = [
        ("not what was backed up", |backup| {
            let path = database_of(backup);
            let mut bytes = std::fs::read(&path).unwrap();
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            std::fs::write(path, bytes).unwrap();
        }),
        ("missing in the backup", |backup| std::fs::remove_file(database_of(backup)).unwrap()),
        ("not in the manifest", |backup| std::fs::write(backup.join("more"), "x").unwrap()),
        ("names", |backup| {
            let path = backup.join("manifest.json");
            let text = std::fs::read_to_string(&path).unwrap().replace("\"evidence/", "\"../evidence/");
            std::fs::write(path, text).unwrap();
        }),
        ("manifest.json", |backup| std::fs::remove_file(backup.join("manifest.json")).unwrap()),
    ];
    for (said, damage) in damages {
        let place = tempfile::tempdir().unwrap();
        let copy = place.path().join("copy");
        let copied = std::process::Command::new("cp").arg("-r").arg(backup).arg(&copy).status().unwrap();
        assert!(copied.success());
        damage(&copy);
        let other = elsewhere(original, empty());
        let refused = run(&other, "restore", &copy);
        assert!(!refused.status.success() && told(&refused).contains(said), "{said}: {}", told(&refused));
        assert!(!other.directory().join("evidence").exists(), "{said}");
    }
    let keyless = Instance::on(empty());
    let refused = run(&keyless, "restore", backup);
    assert!(!refused.status.success() && told(&refused).contains("keys is missing"), "{}", told(&refused));
}

fn database_of(backup: &Path) -> PathBuf {
    let names = ["ratchet.db", "ratchet.dump"].map(|name| backup.join(name));
    names.into_iter().find(|path| path.exists()).unwrap()
}
