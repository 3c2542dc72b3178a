//! What the program says of itself: one event a line, and no secret in any of them.

use super::program::{Instance, client};
use crate::databases::{Database, postgres, sqlite};
use ratchet_persistence::connection::Address;
use serde_json::{Value, json};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SECRETS: [&str; 3] = ["canary-password-one", "canary-password-two", "canary-password-three"];

/// With a password in its address, which a cluster that trusts everybody does not ask for.
fn with_password() -> Database {
    let mut database = postgres();
    let Address::Postgres(url) = &database.address else { panic!() };
    database.address = Address::Postgres(url.replacen("ratchet@", "ratchet:canary-of-the-database@", 1));
    database
}

/// Whether a line is an event as the format has it.
fn is_event(line: &str, format: &str) -> bool {
    let told: Option<Value> = serde_json::from_str(line).ok();
    match format {
        "json" => told.is_some_and(|event| event["level"].is_string() && event["timestamp"].is_string()),
        // The time, the level, and the rest in words; nothing that a terminal would take for a colour.
        _ => {
            let mut words = line.split_whitespace();
            let at = words.next().and_then(|at| chrono::DateTime::parse_from_rfc3339(at).ok());
            let level = words.next().is_some_and(|word| ["ERROR", "WARN", "INFO", "DEBUG", "TRACE"].contains(&word));
            told.is_none() && at.is_some() && level && !line.contains('\u{1b}')
        }
    }
}

#[tokio::test]
async fn each_line_is_an_event_and_none_holds_a_secret() {
    for (database, format) in [(sqlite(), "json"), (with_password(), "json"), (sqlite(), "text")] {
        let _turn = super::turn().await;
        let instance = Instance::on(database);
        let program = instance.start_with("serve", |command| {
            command.args(["--log", "trace", "--log-format", format]);
        });
        let program = program.await;
        let token = instance.token(&program).await;
        let (http, at) = (client(), |path: &str| format!("{}/v1/{path}", program.url));
        let post = |path: &str, token: &str, body: Value| http.post(at(path)).bearer_auth(token).json(&body).send();
        let ada = json!({ "email": "ada@example.org", "name": "Ada\nsecond line", "roles": ["member"], "password": SECRETS[0] });
        assert_eq!(post("members", &token, ada).await.unwrap().status(), 422);
        let ada = json!({ "email": "ada@example.org", "name": "Ada", "roles": ["member"], "password": SECRETS[0] });
        assert_eq!(post("members", &token, ada).await.unwrap().status(), 201);
        let login = |password: &str| json!({ "email": "ada@example.org", "password": password });
        let session: Value = post("auth/login", "", login(SECRETS[0])).await.unwrap().json().await.unwrap();
        let (access, refresh) = (session["access_token"].as_str().unwrap(), session["refresh_token"].as_str().unwrap());
        assert_eq!(post("auth/login", "", login(SECRETS[1])).await.unwrap().status(), 401);
        let change = json!({ "current_password": SECRETS[0], "new_password": SECRETS[2] });
        assert_eq!(post("auth/password", access, change).await.unwrap().status(), 204);
        let next: Value =
            post("auth/refresh", "", json!({ "refresh_token": refresh })).await.unwrap().json().await.unwrap();
        let key: Value = post("api-keys", &token, json!({ "name": "Feed", "scopes": ["records:read"] }))
            .await
            .unwrap()
            .json()
            .await
            .unwrap();
        let key = key["token"].as_str().unwrap();
        let asked = http.get(at("nonconformities?access_token=canary-in-the-address")).bearer_auth(key);
        let asked = asked.header("x-request-id", "asked.here").send().await.unwrap();
        assert_eq!(asked.status(), 400);
        let afar = json!({ "name": "Feed", "scopes": ["records:read"], "networks": ["203.0.113.0/24"] });
        let afar: Value = post("api-keys", &token, afar).await.unwrap().json().await.unwrap();
        let refused = http.get(at("me")).bearer_auth(afar["token"].as_str().unwrap());
        let refused = refused.header("x-request-id", "from.elsewhere").send().await.unwrap();
        assert_eq!(refused.status(), 401);
        for (id, trace) in [("traced.here", TRACE), ("not.traced.here", "0123456789abcdef0123456789ABCDEF")] {
            let asked = http.get(at("me")).bearer_auth(key).header("x-request-id", id);
            let asked = asked.header("traceparent", format!("00-{trace}-00f067aa0ba902b7-01")).send().await.unwrap();
            assert_eq!(asked.status(), 200, "a malformed one is as good as none");
        }
        let me: Value = http.get(at("me")).bearer_auth(&token).send().await.unwrap().json().await.unwrap();
        let link = format!("members/{}/open-calendar-link", me["member_id"].as_str().unwrap());
        let link: Value = post(&link, &token, json!({})).await.unwrap().json().await.unwrap();
        let link = link["calendar_url"].as_str().unwrap().rsplit('=').next().unwrap();
        let calendar = http.get(at(&format!("calendar.ics?token={link}"))).send().await.unwrap();
        assert_eq!(calendar.status(), 200);
        drop(program);

        let log = instance.log();
        assert!(log.lines().count() > 50, "{log}");
        for line in log.lines() {
            assert!(is_event(line, format), "{format}: {line}");
            assert!(line.len() <= 16 << 10, "{} bytes", line.len());
        }
        assert!(log.contains("asked.here"), "the request's id is in the log");
        let reference = afar["reference"].as_str().unwrap();
        let why = log.lines().find(|line| line.contains("not for this network")).unwrap();
        assert!(["from.elsewhere", reference, "127.0.0.1"].iter().all(|word| why.contains(word)), "{why}");
        let traced = |id: &str| log.lines().any(|line| line.contains(id) && line.contains(TRACE));
        assert!(traced("traced.here"), "the trace is in the lines of its request");
        assert!(!log.contains("0123456789abcdef0123456789ABCDEF"), "what is no trace is not repeated");
        let keys = std::fs::read_to_string(instance.directory().join("keys")).unwrap();
        let keys = keys.lines().map(|line| line.split(' ').next_back().unwrap().to_owned());
        let secrets = SECRETS.map(str::to_owned).into_iter().chain(keys);
        let afar = afar["token"].as_str().unwrap();
        let session = [token.as_str(), access, refresh, next["refresh_token"].as_str().unwrap(), key, afar];
        let secrets = secrets.chain(session.map(str::to_owned));
        let secrets =
            secrets.chain(["canary-in-the-address".to_owned(), "canary-of-the-database".to_owned(), link.to_owned()]);
        for secret in secrets {
            assert!(!log.contains(&secret), "{secret} is in the log");
        }
    }
}
