//! What goes wrong while both sides get on: it is seen, and nothing is lost.

use super::tracker::Tracker;
use super::{Admin, PATIENCE, serving_program};
use crate::databases::{Database, postgres, sqlite};
use crate::faults::program::{Instance, Program, now};
use crate::faults::turn;
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::time::{Duration, Instant};

struct Scene {
    instance: Instance,
    program: Program,
    admin: Admin,
    tracker: Tracker,
    mara: String,
    /// Where the connection is read.
    path: String,
}

impl Scene {
    async fn on(database: Database) -> Self {
        let instance = Instance::on(database);
        let program = serving_program(&instance).await;
        let (admin, tracker) = (Admin::of(&instance, &program).await, Tracker::start().await);
        let mara = admin.member("mara").await;
        let people = json!([{ "member_id": mara, "name": "m.lind" }]);
        let connection = admin.post("ticket-connections", tracker.connection(&people)).await;
        let path = format!("ticket-connections/{}", connection["reference"].as_str().unwrap());
        Self { instance, program, admin, tracker, mara, path }
    }

    /// An action that is a ticket, both sides of which are settled; the references of both.
    async fn linked(&self, title: &str) -> (String, String) {
        let action = self.admin.action(title, &self.mara).await;
        let connection = self.path.strip_prefix("ticket-connections/").unwrap();
        self.admin.post(&format!("actions/{action}/ticket"), json!({ "connection": connection })).await;
        let key = self.settled(&action).await["ticket"]["key"].as_str().unwrap().to_owned();
        (action, key)
    }

    async fn settled(&self, action: &str) -> Value {
        let in_an_hour = (now() + TimeDelta::hours(1)).to_rfc3339();
        let is_settled = |seen: &Value| seen["ticket"]["next_sync_at"].as_str().is_some_and(|at| at > &*in_an_hour);
        self.admin.until(action, "settled", is_settled).await
    }

    async fn until(&self, state: &str, mut meanwhile: impl AsyncFnMut()) -> Value {
        let began = Instant::now();
        loop {
            let seen = self.admin.get(&self.path).await;
            if seen["state"] == state {
                return seen;
            }
            assert!(began.elapsed() < PATIENCE, "not {state}: {seen:#}");
            meanwhile().await;
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_list_does_not_reach_is_compared() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let scene = Scene::on(database).await;
        scene.linked("Put the update agent into the laptop image").await;
        let (action, key) = scene.linked("Renew the certificate").await;
        scene.tracker.list_at_most(1);
        scene.tracker.change(&key, json!({ "due": "2027-02-01" }));
        scene.admin.until(&action, "moved, and not a day later", |seen| seen["due_on"] == "2027-02-01").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_list_that_fails_is_told_however_well_tickets_are_compared() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let scene = Scene::on(database).await;
        let (action, key) = scene.linked("Put the update agent into the laptop image").await;
        scene.tracker.refuse_lists();
        let mut written = 0;
        let failing = scene.until("failing", async || {
            written += 1;
            scene
                .admin
                .patch(&format!("actions/{action}"), json!({ "title": format!("Agent, version {written}") }))
                .await;
        });
        let failing = failing.await;
        assert!(failing["failing_because"].as_str().unwrap().contains("no such list"), "{failing:#}");
        assert!(failing["last_error"].as_str().unwrap().contains("no such list"), "{failing:#}");
        // Tickets are compared all the same, and that alone is no recovery.
        let title = "Agent in all images";
        scene.admin.patch(&format!("actions/{action}"), json!({ "title": title })).await;
        scene.tracker.until(&key, "told", |issue| issue["title"] == title).await;
        scene.settled(&action).await;
        assert_eq!(scene.admin.get(&scene.path).await["state"], "failing");
    }
}

/// Nobody is asked by nobody: where credentials cannot be read any more, that is said, and all waits.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn credentials_that_nobody_can_open_are_missed_at_once() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let scene = Scene::on(database).await;
        let (action, key) = scene.linked("Put the update agent into the laptop image").await;
        let Scene { instance, program, tracker, path, .. } = scene;
        drop(program);
        let keys = instance.directory().join("keys");
        let other = hex::encode(uuid::Uuid::new_v4().as_bytes().repeat(2));
        let replaced = |line: &str| match line.strip_prefix("secret ") {
            Some(_) => format!("secret {other}\n"),
            None => format!("{line}\n"),
        };
        let written: String = std::fs::read_to_string(&keys).unwrap().lines().map(replaced).collect();
        assert!(written.contains(&other), "there is a key by which secrets are sealed");
        std::fs::write(&keys, written).unwrap();
        let program = serving_program(&instance).await;
        let admin = Admin::of(&instance, &program).await;
        let scene = Scene { admin, instance, program, tracker, path, mara: String::new() };
        let action_path = format!("actions/{action}");
        scene.admin.patch(&action_path, json!({ "title": "Agent in all images" })).await;
        let failing = scene.until("failing", async || {}).await;
        assert!(failing["failing_because"].as_str().unwrap().contains("must be given again"), "{failing:#}");
        let checked = scene.admin.post(&format!("{}/check", scene.path), json!({})).await;
        let codes: Vec<&Value> = checked["findings"].as_array().unwrap().iter().map(|one| &one["code"]).collect();
        assert_eq!(codes, [&json!("credentials"), &json!("secret")], "{checked:#}");
        assert_eq!(scene.tracker.strangers(), 0, "it was asked by nobody");
        let given = json!({ "credentials": { "secret": super::tracker::TOKEN } });
        scene.admin.patch(&scene.path, given).await;
        scene.tracker.until(&key, "told", |issue| issue["title"] == "Agent in all images").await;
        scene.until("active", async || {}).await;
        assert_eq!(scene.tracker.strangers(), 0);
        drop(scene.program);
        let verified = scene.instance.verify();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_was_cleared_there_is_seen_here() {
    let _turn = turn().await;
    let scene = Scene::on(sqlite()).await;
    let (action, key) = scene.linked("Put the update agent into the laptop image").await;
    scene.tracker.change(&key, json!({ "due": null, "assignee": null }));
    let cleared = scene.admin.until(&action, "seen", |seen| seen["ticket"]["differences"][1].is_object()).await;
    let why = |seen: &Value, at: usize| {
        let difference = &seen["ticket"]["differences"][at];
        (difference["field"].clone(), difference["why"].clone(), difference["theirs"].clone())
    };
    assert_eq!(why(&cleared, 0), (json!("due_on"), json!("cleared_there"), Value::Null));
    assert_eq!(why(&cleared, 1), (json!("assignee"), json!("cleared_there"), Value::Null));
    assert_eq!((&cleared["due_on"], &cleared["assignee_id"]), (&json!("2027-01-15"), &json!(scene.mara)));
    let settle = format!("actions/{action}/settle-ticket");
    scene.admin.post(&settle, json!({ "field": "due_on", "keep": "ours" })).await;
    scene.tracker.until(&key, "told again", |issue| issue["due"] == "2027-01-15").await;
    scene.admin.post(&settle, json!({ "field": "assignee", "keep": "theirs" })).await;
    let refused =
        scene.admin.until(&action, "refused", |seen| seen["ticket"]["differences"][0]["why"] == "refused").await;
    assert_eq!(refused["ticket"]["differences"][0]["field"], "assignee", "an action is somebody's");
}
