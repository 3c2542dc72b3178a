//! Roundup, the issue tracker, as PyPI has it: with a tracker of its classic template in a directory of the test's own.

use super::super::program::client;
use super::PATIENCE;
use crate::python::python;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

pub struct Roundup {
    port: u16,
    child: Child,
    _directory: tempfile::TempDir,
}

const PASSWORD: &str = "the password of the tracker";

impl Drop for Roundup {
    fn drop(&mut self) {
        // Nobody waits for what it says any more.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Roundup {
    pub async fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let port = { std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port() };
        let home = directory.path().join("tracker");
        let web = format!("http://127.0.0.1:{port}/");
        // Nobody is sent anything: it would be refused, and the change with it.
        let mail = directory.path().join("mail");
        let settings = format!(
            "admin_email=a@localhost,mail_domain=localhost,mail_host=localhost,mail_debug={},tracker_web={web},\
             web_secret_key=abcdefabcdef,rdbms_backend=sqlite",
            mail.display()
        );
        let admin = |arguments: &[&str]| {
            let told = python()
                .args(["-c", "from roundup.scripts.roundup_admin import run; run()", "-i"])
                .arg(&home)
                .args(arguments)
                .output()
                .unwrap();
            assert!(
                told.status.success(),
                "{}{}",
                String::from_utf8_lossy(&told.stdout),
                String::from_utf8_lossy(&told.stderr)
            );
        };
        admin(&["install", "classic", "sqlite", &settings]);
        admin(&["initialise", PASSWORD]);
        admin(&["create", "user", "username=mara", "address=mara@localhost", "roles=User"]);
        // Its own server does not serve as root; by WSGI anybody does.
        let serve = "import sys; from wsgiref.simple_server import make_server; \
                     from roundup.cgi.wsgi_handler import RequestDispatcher; \
                     make_server('127.0.0.1', int(sys.argv[1]), RequestDispatcher(sys.argv[2])).serve_forever()";
        let mut command = python();
        command.args(["-c", serve]).arg(port.to_string()).arg(&home);
        let child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let roundup = Self { port, child, _directory: directory };
        let began = Instant::now();
        while roundup.ask(Method::GET, "data/status").send().await.is_err() {
            assert!(began.elapsed() < PATIENCE, "Roundup does not answer");
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        roundup
    }

    fn ask(&self, method: Method, path: &str) -> RequestBuilder {
        let base = format!("http://127.0.0.1:{}", self.port);
        let request = client().request(method, format!("{base}/rest/{path}")).basic_auth("admin", Some(PASSWORD));
        request.header("x-requested-with", "rest").header("origin", base).header("accept", "application/json")
    }

    pub fn connection(&self, mara: &str) -> Value {
        json!({
            "description": "The service desk", "kind": "roundup", "poll_seconds": 3_600,
            "base_url": format!("http://127.0.0.1:{}", self.port),
            "credentials": { "user": "admin", "secret": PASSWORD },
            "people": [{ "member_id": mara, "name": "mara" }],
            "statuses": [
                { "status": "unread", "category": "to_do" }, { "status": "in-progress", "category": "in_progress" },
                { "status": "chatting", "category": "in_progress" }, { "status": "resolved", "category": "done" },
            ],
        })
    }

    pub async fn issue(&self, key: &str) -> Value {
        let answer = self.ask(Method::GET, &format!("data/issue/{key}?@verbose=2")).send().await.unwrap();
        let answer: Value = answer.json().await.unwrap();
        answer["data"]["attributes"].clone()
    }

    /// Somebody changes an issue there.
    pub async fn change(&self, key: &str, members: Value) {
        let path = format!("data/issue/{key}");
        let seen = self.ask(Method::GET, &path).send().await.unwrap();
        let etag = seen.headers()["etag"].to_str().unwrap().to_owned();
        let answer = self.ask(Method::PATCH, &path).header("if-match", etag).json(&members).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    }

    /// Somebody makes an issue there.
    pub async fn create(&self, title: &str) -> String {
        let made = self.ask(Method::POST, "data/issue").json(&json!({ "title": title, "status": "unread" }));
        let made: Value = made.send().await.unwrap().json().await.unwrap();
        made["data"]["id"].as_str().unwrap().to_owned()
    }
}
