//! Actions that become tickets by themselves, while the program runs.

use super::tracker::Tracker;
use super::{Admin, serving_program};
use crate::databases::{postgres, sqlite};
use crate::faults::program::Instance;
use crate::faults::turn;
use diesel::connection::SimpleConnection;
use serde_json::{Value, json};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_action_becomes_a_ticket_by_a_rule() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let program = serving_program(&instance).await;
        let admin = Admin::of(&instance, &program).await;
        let (mara, tracker) = (admin.member("mara").await, Tracker::start().await);
        let before = admin.action("Replace the lock", &mara).await;
        admin.entered(&before).await;
        let mut connection = tracker.connection(&json!([{ "member_id": mara, "name": "m.lind" }]));
        connection["rules"] =
            json!([{ "kinds": ["corrective"], "parent_kinds": ["nonconformity"], "grades": ["major"] }]);
        admin.post("ticket-connections", connection).await;
        let action = admin.action("Put the update agent into the laptop image", &mara).await;
        let made = admin.until(&action, "made", |seen| seen["ticket"]["status"] == "new").await;
        assert_eq!(
            tracker.issue(made["ticket"]["key"].as_str().unwrap())["title"],
            "Put the update agent into the laptop image"
        );
        // What lay there is looked at when it is written next.
        assert_eq!(admin.get(&format!("actions/{before}")).await["ticket"], Value::Null);
        admin.patch(&format!("actions/{before}"), json!({ "title": "Replace both locks" })).await;
        admin.until(&before, "made", |seen| seen["ticket"]["status"] == "new").await;
        assert_eq!(tracker.count(), 2, "each once");
        // While the connection is paused nothing is sent, and nothing is lost.
        let connection = admin.get("ticket-connections").await["items"][0]["reference"].as_str().unwrap().to_owned();
        let path = format!("ticket-connections/{connection}");
        admin.post(&format!("{path}/pause"), json!({ "reason": "The desk moves" })).await;
        let waiting = admin.action("Renew the certificate", &mara).await;
        admin.until(&waiting, "taken", |seen| seen["ticket"].is_object()).await;
        assert_eq!(tracker.count(), 2);
        admin.post(&format!("{path}/resume"), json!({})).await;
        admin.until(&waiting, "made", |seen| seen["ticket"]["status"] == "new").await;
        assert_eq!(tracker.count(), 3);
        drop(program);
        let verified = instance.verify();
        assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
    }
}

/// A rule that cannot be applied is seen, and the others are applied all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_rule_that_fails_is_seen() {
    for database in [sqlite(), postgres()] {
        let _turn = turn().await;
        let instance = Instance::on(database);
        let program = serving_program(&instance).await;
        let admin = Admin::of(&instance, &program).await;
        let (mara, tracker) = (admin.member("mara").await, Tracker::start().await);
        let action = admin.action("Replace the lock", &mara).await;
        let mut connection = tracker.connection(&json!([{ "member_id": mara, "name": "m.lind" }]));
        connection["rules"] = json!([{ "tags": ["laptops"] }]);
        let connection = admin.post("ticket-connections", connection).await["reference"].as_str().unwrap().to_owned();
        let seen = admin.get(&format!("actions/{action}")).await;
        let cases = admin.get("nonconformities").await;
        let (id, case) = (seen["id"].as_str().unwrap(), cases["items"][0]["reference"].as_str().unwrap());
        let mut other =
            json!({ "parent": case, "title": "Change the key", "kind": "corrective", "due_on": "2027-01-15" });
        other["assignee_id"] = json!(mara);
        let other = admin.post("actions", other).await["reference"].as_str().unwrap().to_owned();
        // By hand: nobody can read it any more.
        let broken = format!("UPDATE actions SET stage_facts = '{{}}' WHERE reference = '{action}'");
        instance.database.open().batch_execute(&broken).unwrap();
        admin.post("tags", json!({ "record": case, "label": "laptops" })).await;
        admin.until(&other, "made", |seen| seen["ticket"]["status"] == "new").await;
        let path = format!("ticket-connections/{connection}");
        let told = admin.get(&path).await["last_rule_error"].as_str().unwrap().to_owned();
        assert!(told.starts_with(&format!("the action {id}: ")), "{told}");
        admin.patch(&path, json!({ "description": "Looked at" })).await;
        assert_eq!(admin.get(&path).await["last_rule_error"], Value::Null);
    }
}

/// Two servers on one database: each action becomes one ticket.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_servers_make_each_ticket_once() {
    let _turn = turn().await;
    let instance = Instance::on(postgres());
    let (one, other) = (serving_program(&instance).await, serving_program(&instance).await);
    let admin = Admin::of(&instance, &one).await;
    let (mara, tracker) = (admin.member("mara").await, Tracker::start().await);
    let mut connection = tracker.connection(&json!([{ "member_id": mara, "name": "m.lind" }]));
    connection["rules"] = json!([{ "kinds": ["corrective"] }]);
    admin.post("ticket-connections", connection).await;
    let mut actions = Vec::new();
    for at in 0..8 {
        actions.push(admin.action(&format!("Replace lock {at}"), &mara).await);
    }
    for action in &actions {
        admin.until(action, "made", |seen| seen["ticket"]["status"] == "new").await;
        let requested = admin.history(action).await.into_iter().filter(|entry| entry == "action.ticket_requested");
        assert_eq!(requested.count(), 1, "{action}");
    }
    assert_eq!(tracker.count(), actions.len());
    drop((one, other));
    let verified = instance.verify();
    assert!(verified.status.success(), "{}", String::from_utf8_lossy(&verified.stdout));
}
