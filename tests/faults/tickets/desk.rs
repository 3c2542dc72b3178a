//! Systems that cannot be had here, written from their public documentation: one round that holds of each.

use super::gitlab::Gitlab;
use super::servicenow::ServiceNow;
use super::{Admin, PATIENCE, serving_program, signed};
use crate::databases::{Database, postgres, sqlite};
use crate::faults::program::{Instance, client};
use crate::faults::turn;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A ticket as it is there.
#[derive(Debug)]
pub struct Seen {
    pub key: String,
    pub title: String,
    pub text: String,
    pub due_on: Option<String>,
    pub assignee: Option<String>,
    pub is_closed: bool,
}

/// Such a system. It knows `m.lind` and `t.berg`.
pub trait Desk: Sync {
    fn url(&self) -> String;
    fn connection(&self, people: &Value) -> Value;
    /// Requests that its documentation does not allow, and how they are refused.
    fn wrong(&self) -> Vec<(reqwest::RequestBuilder, u16)>;
    /// What is made next is made, and nobody is told.
    fn lose_next_answer(&self);
    /// The next request is one too many.
    fn throttle(&self);
    /// What was refused since this was asked last.
    fn refused(&self) -> Vec<String>;
    fn seen(&self) -> Vec<Seen>;
    /// What people do there.
    fn assign(&self, key: &str, name: &str);
    fn close(&self, key: &str);
    /// What it sends of a ticket, and in which header it shows a token.
    fn told(&self, key: &str) -> Value;
    fn token_header(&self) -> &'static str;
}

async fn until(desk: &dyn Desk, what: &str, holds: impl Fn(&Seen) -> bool) -> Seen {
    let began = Instant::now();
    loop {
        if let Some(found) = desk.seen().into_iter().find(|seen| holds(seen)) {
            return found;
        }
        assert!(began.elapsed() < PATIENCE, "not within {PATIENCE:?}: {what}: {:?} {:?}", desk.seen(), desk.refused());
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

/// What the documentation does not allow is refused: else all that follows would prove nothing.
async fn refuses_what_is_wrong(desk: &dyn Desk) {
    for (request, expected) in desk.wrong() {
        let answer = request.send().await.unwrap();
        let (status, url) = (answer.status().as_u16(), answer.url().to_string());
        assert_eq!(status, expected, "{url}: {}", answer.text().await.unwrap());
    }
    assert_eq!(desk.refused().len(), desk.wrong().len());
    assert!(desk.seen().is_empty());
}

/// Made once although the answer is lost, told what changes here, assigned and closed there, proposed as done here, confirmed,
/// found ineffective here, and open again there.
async fn goes_round(desk: &dyn Desk, database: Database) {
    let _turn = turn().await;
    let instance = Instance::on(database);
    let program = serving_program(&instance).await;
    let admin = Admin::of(&instance, &program).await;
    let (mara, tom) = (admin.member("mara").await, admin.member("tom").await);
    refuses_what_is_wrong(desk).await;
    let people = json!([{ "member_id": mara, "name": "m.lind" }, { "member_id": tom, "name": "t.berg" }]);
    let connection = admin.post("ticket-connections", desk.connection(&people)).await;
    let (id, secret) = (connection["id"].as_str().unwrap(), connection["secret"].as_str().unwrap());
    let check = format!("ticket-connections/{id}/check");
    let checked = admin.post(&check, json!({})).await;
    assert_eq!(checked["is_sound"], json!(true), "{:#}", checked["findings"]);

    desk.lose_next_answer();
    let action = admin.action("Put the update agent into the laptop image", &mara).await;
    let path = format!("actions/{action}");
    admin.post(&format!("{path}/ticket"), json!({ "connection": connection["reference"] })).await;
    let made = admin.until(&action, "made", |seen| seen["ticket"]["category"] == "to_do").await;
    let made_there = desk.seen();
    assert_eq!(made_there.len(), 1, "made twice: {made_there:?}");
    let ticket = &made_there[0];
    assert_eq!(made["ticket"]["key"], json!(ticket.key));
    assert!(made["ticket"]["url"].as_str().unwrap().starts_with("http"), "{made:#}");
    assert_eq!(ticket.title, "Put the update agent into the laptop image");
    assert!(ticket.text.starts_with("The agent is missing in image 41"), "{}", ticket.text);
    assert_eq!((ticket.due_on.as_deref(), ticket.assignee.as_deref()), (Some("2027-01-15"), Some("m.lind")));

    // What changes here goes there, also where it is asked to wait in between.
    desk.throttle();
    admin.patch(&path, json!({ "title": "Put the agent into both images", "description": "And into 42" })).await;
    admin.post(&format!("{path}/reassign"), json!({ "assignee_id": tom })).await;
    admin.post(&format!("{path}/move-due"), json!({ "due_on": "2027-01-20", "reason": "The vendor is late" })).await;
    let is_told = |seen: &Seen| {
        seen.title == "Put the agent into both images"
            && seen.text.starts_with("And into 42")
            && seen.assignee.as_deref() == Some("t.berg")
            && seen.due_on.as_deref() == Some("2027-01-20")
    };
    until(desk, "told", is_told).await;
    let in_an_hour = (crate::faults::program::now() + chrono::TimeDelta::hours(1)).to_rfc3339();
    let is_settled = |seen: &Value| seen["ticket"]["next_sync_at"].as_str().is_some_and(|at| at > &*in_an_hour);
    admin.until(&action, "settled", is_settled).await;

    // Assigned there, and told by a signed message; what is not signed is not listened to.
    desk.assign(&ticket.key, "m.lind");
    let (inbound, body) = (
        format!("{}{}", program.url, connection["inbound_path"].as_str().unwrap()),
        desk.told(&ticket.key).to_string(),
    );
    let plain = || client().post(&inbound).header("content-type", "application/json").body(body.clone());
    assert_eq!(plain().send().await.unwrap().status(), 401);
    assert_eq!(plain().header(desk.token_header(), "another").send().await.unwrap().status(), 401);
    assert_eq!(signed(client().post(&inbound), secret, &body).send().await.unwrap().status(), 204);
    admin.until(&action, "reassigned", |seen| seen["assignee_id"] == json!(mara)).await;

    // Closed there, and told by the token in its header.
    desk.close(&ticket.key);
    assert_eq!(plain().header(desk.token_header(), secret).send().await.unwrap().status(), 204);
    let proposed = admin.until(&action, "proposed", |seen| seen["ticket"]["proposes"] == "done").await;
    assert_eq!(proposed["state"], "open");
    admin.post(&format!("{path}/complete"), json!({ "summary": "Both images have it" })).await;
    admin.until(&action, "agreed", |seen| seen["ticket"]["differences"] == json!([])).await;

    // It has not worked.
    admin.post(&format!("{path}/reject-completion"), json!({ "reason": "Two laptops do not report" })).await;
    until(desk, "open again", |seen| !seen.is_closed).await;
    // Done here is closed there.
    admin.post(&format!("{path}/complete"), json!({ "summary": "All laptops report" })).await;
    until(desk, "closed", |seen| seen.is_closed).await;
    let done = admin.until(&action, "agreed again", |seen| seen["ticket"]["category"] == "done").await;
    assert_eq!((&done["state"], &done["verification"]), (&json!("done"), &Value::Null));

    // Closed there, found by asking alone.
    let second = admin.action("Renew the certificate", &mara).await;
    admin.post(&format!("actions/{second}/ticket"), json!({ "connection": connection["reference"] })).await;
    let made = admin.until(&second, "made", |seen| seen["ticket"]["category"] == "to_do").await;
    desk.close(made["ticket"]["key"].as_str().unwrap());
    admin.until(&second, "proposed", |seen| seen["ticket"]["proposes"] == "done").await;
    assert_eq!(desk.refused(), Vec::<String>::new(), "asked for what the documentation does not allow");

    // What is missing is said.
    let nobody = json!([{ "member_id": mara, "name": "nobody" }]);
    let statuses = json!([{ "status": "1", "category": "to_do" }, { "status": "sealed", "category": "done" }]);
    admin.patch(&format!("ticket-connections/{id}"), json!({ "people": nobody, "statuses": statuses })).await;
    let checked = admin.post(&check, json!({})).await;
    let missing = checked["findings"].as_array().unwrap().iter().filter(|it| it["is_sound"] == json!(false));
    let missing: Vec<&str> = missing.map(|it| it["detail"].as_str().unwrap()).collect();
    assert!(missing.iter().any(|it| it.contains("\"sealed\"")), "{missing:?}");
    assert!(missing.iter().any(|it| it.contains("there is no user called \"nobody\"")), "{missing:?}");
    drop(program);
    let verified = instance.verify();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_here_is_an_issue_in_gitlab_as_documented() {
    for database in [sqlite(), postgres()] {
        goes_round(&Gitlab::start().await, database).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_here_is_an_incident_in_servicenow_as_documented() {
    for database in [sqlite(), postgres()] {
        goes_round(&ServiceNow::start().await, database).await;
    }
}
