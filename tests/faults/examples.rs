//! What others build on the API, as it is shown in `examples/`.

use super::program::{Instance, Program, client};
use crate::databases::{postgres, sqlite};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Runs the collector as cron would; what it printed.
fn collect(program: &Program, token: &str, arguments: &[&str]) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut command = Command::new("python3");
    command.arg(root.join("examples/collector/collect.py")).args(arguments);
    let ran = command.env("RATCHET_URL", &program.url).env("RATCHET_TOKEN", token).output().unwrap();
    let told = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{told}{}", String::from_utf8_lossy(&ran.stderr));
    told
}

async fn asked(program: &Program, token: &str, path: &str, body: Option<Value>) -> Value {
    let url = format!("{}/v1/{path}", program.url);
    let request = match body {
        Some(body) => client().post(url).json(&body),
        None => client().get(url),
    };
    let answer = request.bearer_auth(token).send().await.unwrap();
    let (status, answer) = (answer.status(), answer.json::<Value>().await.unwrap());
    assert!(status.is_success(), "{path}: {answer}");
    answer
}

/// It defines its indicators, once, and sends figures of the machine on which the test runs with a key that may do no more.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_collector_feeds_what_it_has_defined() {
    let certificate = Path::new(env!("CARGO_MANIFEST_DIR")).join("faults/examples/certificate.pem");
    let certificate = certificate.to_str().unwrap();
    for database in [sqlite(), postgres()] {
        let _turn = super::turn().await;
        let instance = Instance::on(database);
        let program = instance.start().await;
        let token = instance.token(&program).await;
        let me = asked(&program, &token, "me", None).await["member_id"].as_str().unwrap().to_owned();
        let told = collect(&program, &token, &["define", "--owner", &me]);
        assert_eq!(told.lines().filter(|line| line.starts_with("IND-")).count(), 4, "{told}");
        let again = collect(&program, &token, &["define", "--owner", &me]);
        assert_eq!(again.matches("(stands already)").count(), 4, "{again}");
        for line in told.lines().filter(|line| line.starts_with("IND-")) {
            let reference = line.split(' ').next().unwrap();
            asked(&program, &token, &format!("indicators/{reference}/activate"), Some(json!({}))).await;
        }
        let key = json!({ "name": "Collector", "scopes": ["measurements:write", "records:read"] });
        let key = asked(&program, &token, "api-keys", Some(key)).await["token"].as_str().unwrap().to_owned();
        let counts: Value =
            serde_json::from_str(&collect(&program, &key, &["send", "--certificate", certificate])).unwrap();
        // What a machine cannot tell is left out. Each can read a certificate.
        assert!(counts["accepted"].as_i64().unwrap() >= 1, "{counts}");
        assert_eq!(counts["refused"], 0, "{counts}");
        let watched = told.lines().find(|line| line.contains("certificate")).unwrap().split(' ').next().unwrap();
        let kept = asked(&program, &token, &format!("indicators/{watched}/measurements"), None).await;
        assert_eq!(kept["items"][0]["dimensions"]["certificate"], "certificate.pem");
        assert!(kept["items"][0]["value"].as_f64().unwrap() > 30_000.0, "{kept}");
    }
}
