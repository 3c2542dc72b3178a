//! Actions that are tickets elsewhere, by the program itself: in a tracker of the test's own that nobody wrote a connector for,
//! and in a Roundup as PyPI has it.

mod desk;
mod gitlab;
mod roundup;
mod ruled;
mod servicenow;
mod serving;
mod tracker;
mod trouble;

use super::program::{Instance, Program, client};
use super::turn;
use crate::databases::{postgres, sqlite};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use roundup::Roundup;
use serde_json::{Value, json};
use sha2::Sha256;
use std::time::{Duration, Instant};
use tracker::Tracker;

/// How long it is waited for what must happen: a lease, and a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An organisation's admin, by the program.
struct Admin {
    url: String,
    token: String,
}

impl Admin {
    async fn of(instance: &Instance, program: &Program) -> Self {
        Self { url: program.url.clone(), token: instance.token(program).await }
    }

    async fn get(&self, path: &str) -> Value {
        let request = client().get(format!("{}/v1/{path}", self.url)).bearer_auth(&self.token);
        request.send().await.unwrap().json().await.unwrap()
    }

    async fn send(&self, request: reqwest::RequestBuilder, body: Value) -> (u16, Value) {
        let answer = request.bearer_auth(&self.token).json(&body).send().await.unwrap();
        (answer.status().as_u16(), serde_json::from_str(&answer.text().await.unwrap()).unwrap_or_default())
    }

    async fn post(&self, path: &str, body: Value) -> Value {
        let (status, told) = self.send(client().post(format!("{}/v1/{path}", self.url)), body).await;
        assert!(status < 300, "{path}: {status} {told}");
        told
    }

    async fn patch(&self, path: &str, body: Value) -> Value {
        let request = client().patch(format!("{}/v1/{path}", self.url)).header("if-match", "*");
        let request = request.header("content-type", "application/merge-patch+json");
        let (status, told) = self.send(request, body).await;
        assert!(status < 300, "{path}: {status} {told}");
        told
    }

    /// Somebody else; the id.
    async fn member(&self, name: &str) -> String {
        let body = json!({
            "email": format!("{name}@ours.example"), "name": name, "roles": ["member"], "password": "a long password",
        });
        self.post("members", body).await["id"].as_str().unwrap().to_owned()
    }

    /// A corrective action of a confirmed case; its reference.
    async fn action(&self, title: &str, assignee: &str) -> String {
        let me = self.get("me").await["member_id"].as_str().unwrap().to_owned();
        let case = json!({
            "title": "Patches are late", "statement": "Critical patches are not installed within 14 days",
            "objective_evidence": "79 % in week 12", "source": "indicator", "due_on": "2027-01-31",
        });
        let case = self.post("nonconformities", case).await["reference"].as_str().unwrap().to_owned();
        let grade = json!({ "grade": "major", "owner_id": me });
        self.post(&format!("nonconformities/{case}/confirm"), grade).await;
        let action = json!({
            "parent": case, "title": title, "description": "The agent is missing in image 41", "kind": "corrective",
            "assignee_id": assignee, "due_on": "2027-01-15",
        });
        self.post("actions", action).await["reference"].as_str().unwrap().to_owned()
    }

    /// Waits until the action is as it must be.
    async fn until(&self, action: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let seen = self.get(&format!("actions/{action}")).await;
            if holds(&seen) {
                return seen;
            }
            assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}: {:#}", seen["ticket"]);
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }

    /// What the journal says that has happened to a record, the newest first.
    /// Waits until the journal has what was written about an action: what it has not yet is seen by whoever follows it.
    async fn entered(&self, action: &str) {
        let id = self.get(&format!("actions/{action}")).await["id"].as_str().unwrap().to_owned();
        let began = Instant::now();
        while self.get(&format!("journal?object={id}")).await["items"].as_array().unwrap().is_empty() {
            assert!(began.elapsed() < PATIENCE, "{action} is not in the journal");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    async fn history(&self, path: &str) -> Vec<String> {
        let entries = self.get(&format!("records/{path}/history")).await;
        let entries = entries["items"].as_array().unwrap_or_else(|| panic!("{entries}"));
        entries.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
    }
}

async fn serving_program(instance: &Instance) -> Program {
    let allowing = |command: &mut std::process::Command| {
        command.args(["--webhook-allow", "127.0.0.0/8"]);
    };
    instance.start_with("serve", allowing).await
}

/// The headers by which Standard Webhooks signs.
fn signed(request: reqwest::RequestBuilder, secret: &str, body: &str) -> reqwest::RequestBuilder {
    let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
    let at = super::program::now().timestamp().to_string();
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(&key).unwrap();
    mac.update(format!("msg_1.{at}.{body}").as_bytes());
    let signature = format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()));
    let request = request.header("webhook-id", "msg_1").header("webhook-timestamp", at);
    request.header("webhook-signature", signature).header("content-type", "application/json").body(body.to_owned())
}

/// Both ways, with a system that the connection alone describes: made, changed here, changed there, closed there, confirmed
/// here, sent back here, and open again there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_system_that_is_configured_is_driven_both_ways() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let program = serving_program(&instance).await;
        let admin = Admin::of(&instance, &program).await;
        let (mara, tom) = (admin.member("mara").await, admin.member("tom").await);
        let tracker = Tracker::start().await;
        let people = json!([{ "member_id": mara, "name": "m.lind" }, { "member_id": tom, "name": "t.berg" }]);
        let connection = admin.post("ticket-connections", tracker.connection(&people)).await;
        let (id, secret) = (connection["id"].as_str().unwrap(), connection["secret"].as_str().unwrap().to_owned());
        let checked = admin.post(&format!("ticket-connections/{id}/check"), json!({})).await;
        assert_eq!(checked["is_sound"], json!(true), "{:#}", checked["findings"]);

        // Made once, although the first answer is lost.
        tracker.lose_next_answer();
        let action = admin.action("Put the update agent into the laptop image", &mara).await;
        let path = format!("actions/{action}");
        let asked = admin.post(&format!("{path}/ticket"), json!({ "connection": connection["reference"] })).await;
        assert_eq!(asked["ticket"]["key"], Value::Null);
        let made = admin.until(&action, "made", |seen| seen["ticket"]["status"] == "new").await;
        let key = made["ticket"]["key"].as_str().unwrap().to_owned();
        assert_eq!(tracker.count(), 1, "made twice");
        let issue = tracker.issue(&key);
        assert_eq!(issue["title"], "Put the update agent into the laptop image");
        assert_eq!(issue["description"], "The agent is missing in image 41");
        assert_eq!((&issue["due"], &issue["assignee"]), (&json!("2027-01-15"), &json!("m.lind")));
        assert_eq!(made["ticket"]["url"], json!(format!("https://tracker.example.org/{key}")));

        // What changes here goes there.
        admin.patch(&path, json!({ "title": "Put the agent into both images" })).await;
        admin.post(&format!("{path}/reassign"), json!({ "assignee_id": tom })).await;
        admin
            .post(&format!("{path}/move-due"), json!({ "due_on": "2027-01-20", "reason": "The vendor is late" }))
            .await;
        tracker
            .until(&key, "told", |issue| {
                issue["title"] == "Put the agent into both images"
                    && issue["assignee"] == "t.berg"
                    && issue["due"] == "2027-01-20"
            })
            .await;

        // It is read back, too: what changes there from now on is not what was told.
        let in_an_hour = (super::program::now() + chrono::TimeDelta::hours(1)).to_rfc3339();
        let is_settled = |seen: &Value| seen["ticket"]["next_sync_at"].as_str().is_some_and(|at| at > &*in_an_hour);
        admin.until(&action, "settled", is_settled).await;

        // What changes there comes here: told by a signed message.
        tracker.change(&key, json!({ "assignee": "m.lind", "due": "2027-02-01", "status": "open" }));
        let inbound = format!("{}{}", program.url, connection["inbound_path"].as_str().unwrap());
        let body = json!({ "issue": { "id": key } }).to_string();
        let answer = client().post(&inbound).header("x-signature", tracker::hmac(&secret, &body)).body(body.clone());
        assert_eq!(answer.send().await.unwrap().status(), 204);
        let moved = admin.until(&action, "moved", |seen| seen["state"] == "in_progress").await;
        assert_eq!((&moved["assignee_id"], &moved["due_on"]), (&json!(mara), &json!("2027-02-01")));
        let wrong = tracker::hmac("another", &body);
        for (header, sent) in [("x-signature", wrong.as_str()), ("x-other", wrong.as_str())] {
            let answer = client().post(&inbound).header(header, sent).body(body.clone()).send().await.unwrap();
            assert_eq!(answer.status(), 401);
        }
        let nowhere = inbound.replace(id, "0197a3c2-7c51-7d38-8f0e-0d4f3a1b2c3d");
        assert_eq!(client().post(nowhere).body(body.clone()).send().await.unwrap().status(), 401);

        // Closed there, and nobody says so: it is asked. That it is done is proposed, and said here.
        tracker.change(&key, json!({ "status": "closed" }));
        let proposed = admin.until(&action, "proposed", |seen| seen["ticket"]["proposes"] == "done").await;
        assert_eq!(proposed["state"], "in_progress");
        assert_eq!(proposed["ticket"]["differences"][0]["why"], "proposed");
        admin.post(&format!("{path}/complete"), json!({ "summary": "Both images have it" })).await;
        let agreed = admin.until(&action, "agreed", |seen| seen["ticket"]["differences"] == json!([])).await;
        assert_eq!(agreed["state"], "done", "and never verified");

        // It has not worked: it goes on here, and there.
        admin.post(&format!("{path}/reject-completion"), json!({ "reason": "Two laptops do not report" })).await;
        tracker.until(&key, "open again", |issue| issue["status"] == "open").await;
        let seen = admin.until(&action, "seen", |seen| seen["ticket"]["status"] == "open").await;
        assert_eq!((&seen["state"], &seen["ticket"]["proposes"]), (&json!("in_progress"), &Value::Null));

        // The text is written here: what is written there waits for somebody to decide.
        tracker.change(&key, json!({ "title": "Agent, both images" }));
        let differs =
            admin.until(&action, "differs", |seen| seen["ticket"]["differences"][0]["field"] == "title").await;
        assert_eq!(differs["ticket"]["differences"][0]["why"], "changed_there");
        admin.post(&format!("{path}/settle-ticket"), json!({ "field": "title", "keep": "theirs" })).await;
        admin.until(&action, "settled", |seen| seen["title"] == "Agent, both images").await;

        // A status that means nothing is not guessed at.
        tracker.change(&key, json!({ "status": "waiting" }));
        let unknown = admin.until(&action, "unknown", |seen| seen["ticket"]["status"] == "waiting").await;
        assert_eq!((&unknown["ticket"]["category"], &unknown["state"]), (&json!("in_progress"), &json!("in_progress")));
        assert_eq!(unknown["ticket"]["differences"][0]["why"], "unknown_status");
        tracker.change(&key, json!({ "status": "open" }));
        admin.until(&action, "known", |seen| seen["ticket"]["differences"] == json!([])).await;

        // Nothing is told for its own sake: what was told comes back, and nothing follows.
        let (entries, writes) = (admin.history(&action).await.len(), tracker.writes());
        let answer = client().post(&inbound).header("x-signature", tracker::hmac(&secret, &body)).body(body.clone());
        assert_eq!(answer.send().await.unwrap().status(), 204);
        tokio::time::sleep(Duration::from_secs(3)).await;
        assert_eq!((admin.history(&action).await.len(), tracker.writes()), (entries, writes), "an echo");

        // While it does not answer, what changes here waits, and the connection says so.
        tracker.be_away(true);
        admin.patch(&path, json!({ "title": "Agent in all images" })).await;
        let began = Instant::now();
        let connection_path = format!("ticket-connections/{id}");
        while admin.get(&connection_path).await["state"] != "failing" {
            assert!(began.elapsed() < PATIENCE, "{:#}", admin.get(&connection_path).await);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        assert!(!admin.get(&connection_path).await["last_error"].is_null());
        tracker.be_away(false);
        // Whoever has mended it need not wait.
        admin.patch(&connection_path, json!({ "description": "The tracker, mended" })).await;
        tracker.until(&key, "told at last", |issue| issue["title"] == "Agent in all images").await;
        let history = admin.history(connection["reference"].as_str().unwrap()).await;
        assert!(history.contains(&"ticket_connection.failed".to_owned()), "{history:?}");
        let began = Instant::now();
        while admin.get(&connection_path).await["state"] != "active" {
            assert!(began.elapsed() < PATIENCE, "it recovers");
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        drop(program);
        let verified = instance.verify();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
        let log = instance.log();
        assert!(!log.contains("the tracker's token") && !log.contains(&secret), "{log}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_here_is_an_issue_in_roundup() {
    let _turn = turn().await;
    let instance = Instance::on(sqlite());
    let program = serving_program(&instance).await;
    let admin = Admin::of(&instance, &program).await;
    let mara = admin.member("mara").await;
    let roundup = Roundup::start().await;
    let connection = admin.post("ticket-connections", roundup.connection(&mara)).await;
    let id = connection["id"].as_str().unwrap();
    let check = format!("ticket-connections/{id}/check");
    let checked = admin.post(&check, json!({})).await;
    assert_eq!(checked["is_sound"], json!(true), "{:#}", checked["findings"]);
    // What is missing is said exactly.
    let statuses = json!([{ "status": "unread", "category": "to_do" }, { "status": "sealed", "category": "done" }]);
    let good = connection["statuses"].clone();
    admin.patch(&format!("ticket-connections/{id}"), json!({ "statuses": statuses })).await;
    let checked = admin.post(&check, json!({})).await;
    let missing: Vec<&Value> =
        checked["findings"].as_array().unwrap().iter().filter(|it| it["is_sound"] == json!(false)).collect();
    assert_eq!(missing.len(), 1, "{checked:#}");
    assert_eq!(missing[0]["detail"], "there is no status called \"sealed\"");
    admin.patch(&format!("ticket-connections/{id}"), json!({ "statuses": good })).await;

    let action = admin.action("Put the update agent into the laptop image", &mara).await;
    let path = format!("actions/{action}");
    admin.post(&format!("{path}/ticket"), json!({ "connection": connection["reference"] })).await;
    let made = admin.until(&action, "made", |seen| seen["ticket"]["status"] == "unread").await;
    let key = made["ticket"]["key"].as_str().unwrap().to_owned();
    let issue = roundup.issue(&key).await;
    assert!(issue["title"].as_str().unwrap().starts_with("Put the update agent into the laptop image [ratchet-ACT-"));
    assert_eq!(issue["assignedto"]["username"], "mara");

    // Assigned and closed there; Roundup says so by a detector, or is asked.
    roundup.change(&key, json!({ "status": "resolved" })).await;
    let inbound = format!("{}{}", program.url, connection["inbound_path"].as_str().unwrap());
    let body = json!({ "issue": key }).to_string();
    let answer = signed(client().post(&inbound), connection["secret"].as_str().unwrap(), &body).send().await.unwrap();
    assert_eq!(answer.status(), 204);
    let proposed = admin.until(&action, "proposed", |seen| seen["ticket"]["proposes"] == "done").await;
    assert_eq!(proposed["state"], "open");
    admin.post(&format!("{path}/complete"), json!({ "summary": "Image 42 has it" })).await;
    admin.until(&action, "agreed", |seen| seen["ticket"]["differences"] == json!([])).await;
    admin.post(&format!("{path}/reject-completion"), json!({ "reason": "Two laptops do not report" })).await;
    admin.until(&action, "open again", |seen| seen["ticket"]["category"] == "in_progress").await;
    assert_eq!(roundup.issue(&key).await["status"]["name"], "in-progress");
    // And once more, found by asking alone; here it is said to be done by itself.
    admin.patch(&format!("ticket-connections/{id}"), json!({ "on_done": "set", "poll_seconds": 10 })).await;
    roundup.change(&key, json!({ "status": "resolved" })).await;
    let done = admin.until(&action, "done", |seen| seen["state"] == "done").await;
    assert_eq!(done["completion"]["by"], Value::Null);
    assert_eq!(done["verification"], Value::Null);

    // An issue that was there is taken over, and is nobody else's then.
    let theirs = roundup.create("Renew the certificate").await;
    let second = admin.action("Renew the certificate", &mara).await;
    let adopt = json!({ "connection": connection["reference"], "key": theirs });
    admin.post(&format!("actions/{second}/ticket"), adopt.clone()).await;
    admin.until(&second, "adopted", |seen| !seen["ticket"]["synced_at"].is_null()).await;
    let third = admin.action("Renew the certificate", &mara).await;
    let request = client().post(format!("{}/v1/actions/{third}/ticket", admin.url));
    let (status, refused) = admin.send(request, adopt).await;
    assert_eq!((status, &refused["errors"][0]["code"]), (422, &json!("taken")));

    // A password that is not taken is said, and nothing else is.
    let wrong = json!({ "credentials": { "user": "admin", "secret": "no such password" } });
    admin.patch(&format!("ticket-connections/{id}"), wrong).await;
    let checked = admin.post(&check, json!({})).await;
    assert!(checked["findings"][0]["detail"].as_str().unwrap().contains("credentials are not accepted"), "{checked:#}");
    drop(program);
    let verified = instance.verify();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
