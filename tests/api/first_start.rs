//! The program by itself: how it begins, what it refuses to begin with, and what it writes into its log.

use crate::databases::{each, sqlite};
use crate::faults::program::{Instance, Program, client};
use crate::faults::turn;
use ratchet_persistence::connection::Address;
use reqwest::StatusCode;
use serde_json::{Value, json};

async fn post(program: &Program, path: &str, body: Value) -> (StatusCode, Value) {
    let answer = client().post(format!("{}{path}", program.url)).json(&body).send().await.unwrap();
    let status = answer.status();
    (status, answer.json().await.unwrap_or_default())
}

async fn status(program: &Program, token: &str) -> u16 {
    let request = client().get(format!("{}/v1/me", program.url)).bearer_auth(token);
    request.send().await.unwrap().status().as_u16()
}

#[tokio::test]
async fn nothing_has_a_default_password() {
    let _turn = turn().await;
    let (one, other) = (Instance::on(sqlite()), Instance::on(sqlite()));
    let (program, beside) = (one.start().await, other.start().await);
    let password = one.password();
    assert!(password.len() >= 24 && password != other.password());
    let log_in = |password: &str| json!({ "email": "admin@localhost", "password": password });
    for guess in ["admin", "password", "changeme", "ratchet", "", other.password()] {
        assert_eq!(post(&program, "/v1/auth/login", log_in(guess)).await.0, 401, "{guess}");
    }
    for email in ["admin@example.org", "root@localhost", "administrator@localhost"] {
        let body = json!({ "email": email, "password": password });
        assert_eq!(post(&beside, "/v1/auth/login", body).await.0, 401, "{email}");
    }
    one.token(&program).await;
    program.kill();
    // Panics when a second password is printed.
    let again = one.start().await;
    one.token(&again).await;
}

#[tokio::test]
async fn it_does_not_begin_with_a_key_that_somebody_typed() {
    let _turn = turn().await;
    let instance = Instance::on(sqlite());
    let (zeros, short) = ("0".repeat(64), "0123456789abcdef");
    let line = |key: &str| format!("token {key};journal {key};secret {key}");
    for keys in [line(&zeros), line(short), line("changeme"), line(&"ab".repeat(32)), "hunter2".to_owned()] {
        let refused = instance.command().arg("serve").env("RATCHET_KEYS", &keys).output().unwrap();
        let said = String::from_utf8_lossy(&refused.stderr).into_owned();
        assert!(!refused.status.success() && said.contains("RATCHET_KEYS"), "{keys}: {said}");
        assert!(!said.contains(&keys), "it repeats the key");
    }
    std::fs::write(instance.directory().join("keys"), line(&zeros)).unwrap();
    let refused = instance.command().arg("serve").output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert!(!refused.status.success() && said.contains("keys"), "{said}");
}

#[tokio::test]
async fn a_reset_password_ends_every_session() {
    let _turn = turn().await;
    for database in each() {
        let instance = Instance::on(database);
        let mut program = instance.start().await;
        let body = json!({ "email": "admin@localhost", "password": instance.password() });
        let (_, session) = post(&program, "/v1/auth/login", body.clone()).await;
        let token = session["access_token"].as_str().unwrap();
        assert_eq!(status(&program, token).await, 200);
        let reset =
            || instance.command().args(["user", "reset-password", "--email", "admin@localhost"]).output().unwrap();
        let mut reset_now = reset();
        if matches!(instance.database.address, Address::Sqlite(_)) {
            // A database file belongs to one program at a time.
            assert!(!reset_now.status.success() && String::from_utf8_lossy(&reset_now.stderr).contains("in use"));
            program.kill();
            reset_now = reset();
            program = instance.start().await;
        }
        let reset = reset_now;
        assert!(reset.status.success(), "{}", String::from_utf8_lossy(&reset.stderr));
        let printed = String::from_utf8(reset.stdout).unwrap();
        let password = printed.trim().strip_prefix("password ").unwrap().split(' ').next().unwrap();
        // What the server remembers of a caller is a second old at most.
        tokio::time::sleep(std::time::Duration::from_millis(1_050)).await;
        assert_eq!(status(&program, token).await, 401);
        let refresh = json!({ "refresh_token": session["refresh_token"] });
        assert_eq!(post(&program, "/v1/auth/refresh", refresh).await.0, 401);
        assert_eq!(post(&program, "/v1/auth/login", body).await.0, 401);
        let body = json!({ "email": "admin@localhost", "password": password });
        assert_eq!(post(&program, "/v1/auth/login", body).await.0, 200);
    }
}
