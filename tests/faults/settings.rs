//! Settings by flag, by environment and by file, in this order; what is unknown is refused by name.

use super::program::{Instance, client};
use crate::databases::sqlite;
use serde_json::{Value, json};
use std::process::{Command, Output};

/// The program with these settings, told to do something that ends at once.
fn ended(instance: &Instance, add: impl FnOnce(&mut Command)) -> Output {
    let mut command = instance.command();
    add(&mut command);
    command.arg("migrate").output().unwrap()
}

#[tokio::test]
async fn a_flag_outdoes_the_environment_which_outdoes_the_file() {
    let _turn = super::turn().await;
    let instance = Instance::on(sqlite());
    let file = instance.directory().join("ratchet.toml");
    std::fs::write(&file, "body_limit = 300\nlog = \"warn\"\n").unwrap();
    let file = file.to_str().unwrap().to_owned();
    for (flag, environment, expected) in [(None, None, 300), (None, Some("200"), 200), (Some("100"), Some("200"), 100)]
    {
        let file = file.clone();
        let program = instance.start_with("serve", move |command| {
            command.args(["--config", &file]);
            if let Some(limit) = environment {
                command.env("RATCHET_BODY_LIMIT", limit);
            }
            if let Some(limit) = flag {
                command.args(["--body-limit", limit]);
            }
        });
        let program = program.await;
        let body = json!({ "email": "a".repeat(400), "password": "x" });
        let answer = client().post(format!("{}/v1/auth/login", program.url)).json(&body).send().await.unwrap();
        assert_eq!(answer.status(), 413);
        let problem: Value = answer.json().await.unwrap();
        assert!(problem["detail"].as_str().unwrap().contains(&format!("{expected} bytes")), "{problem}");
    }
}

#[test]
fn what_is_unknown_or_malformed_is_refused_by_name() {
    let instance = Instance::on(sqlite());
    let file = instance.directory().join("ratchet.toml");
    let path = file.to_str().unwrap();
    for (text, named) in [
        ("ports = 1\n", "ports"),
        ("workers = \"many\"\n", "workers"),
        ("body_limit = -1\n", "body_limit"),
        ("host = \"nowhere\"\n", "host"),
        ("port 1\n", "ratchet.toml"),
    ] {
        std::fs::write(&file, text).unwrap();
        let told = ended(&instance, |command| {
            command.args(["--config", path]);
        });
        let error = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(!told.status.success() && error.contains(named), "{text}: {error}");
    }
    for (name, value, named) in [
        ("RATCHET_WORKERS", "0", "workers"),
        ("RATCHET_WORKERS", "some", "workers"),
        ("RATCHET_LOGINS_PER_MINUTE", "0", "logins_per_minute"),
        ("RATCHET_CORS_ORIGINS", "https://a.example,b", "cors_origins"),
        ("RATCHET_NONSENSE", "1", "nonsense"),
        ("RATCHET_SMTP_URL", "smtp://localhost", "mail_from"),
        ("RATCHET_MAIL_FROM", "isms@example.org", "smtp_url"),
        ("RATCHET_KEYS", "token 00", "RATCHET_KEYS"),
    ] {
        let mut command = instance.command();
        // Keys are read by whoever serves.
        let command = command.env(name, value).args(if name == "RATCHET_KEYS" {
            ["journal", "verify"].as_slice()
        } else {
            &["migrate"]
        });
        let told = command.output().unwrap();
        let error = String::from_utf8_lossy(&told.stderr).into_owned();
        assert!(!told.status.success() && error.contains(named), "{name}={value}: {error}");
    }
    // A service that is called ratchet, as Kubernetes tells of it.
    let told = ended(&instance, |command| {
        command.env("RATCHET_SERVICE_HOST", "10.0.0.1").env("RATCHET_SERVICE_PORT", "80");
        command.env("RATCHET_PORT", "tcp://10.0.0.1:80").env("RATCHET_PORT_80_TCP_ADDR", "10.0.0.1");
    });
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    // A password that would go over a network in clear; it is not repeated.
    let told = ended(&instance, |command| {
        command.args(["--mail-from", "isms@example.org", "--smtp-url", "smtp://isms:canary@mail.example.org"]);
    });
    let error = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(!told.status.success() && error.contains("smtp_url") && !error.contains("canary"), "{error}");
    let missing = ended(&instance, |command| {
        command.args(["--config", "/nowhere/ratchet.toml"]);
    });
    assert!(!missing.status.success());
}
