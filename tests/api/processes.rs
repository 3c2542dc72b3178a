//! The register of processes, and who answered for them.

use crate::databases::each;
use crate::harness::Api;
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub fn leavers(owner: &str) -> Value {
    json!({
        "name": "Joiners, movers, leavers",
        "purpose": "People have the access their work needs, and no longer than that",
        "importance": "high",
        "requirements": ["A.5.18", "A.6.5"],
        "owner_id": owner,
    })
}

/// A process that management owns.
pub async fn defined(api: &Api) -> String {
    let owner = api.member_id(Role::Management).await;
    api.by(Role::IsmsManager).await.post("/v1/processes", leavers(&owner)).await.expect(201).reference().to_owned()
}

#[tokio::test]
async fn it_is_kept_by_the_manager_and_described_by_its_owner() {
    for database in each() {
        let api = Api::start(database).await;
        let owner = api.member_id(Role::Member).await;
        let (manager, member) = (api.by(Role::IsmsManager).await, api.by(Role::Member).await);
        let made = manager.post("/v1/processes", leavers(&owner)).await.expect(201);
        assert_eq!(made.body["state"], "active");
        let path = format!("/v1/processes/{}", made.reference());
        let seen = member.get(&path).await.expect(200);
        let amended = member.patch(&path, seen.header("etag"), json!({ "importance": "medium" })).await.expect(200);
        assert_eq!(amended.body["importance"], "medium");
        member.patch(&path, "*", json!({ "owner_id": owner })).await.expect(403);
        member.post(&format!("{path}/retire"), json!({ "reason": "x" })).await.expect(403);
        let unknown = json!({ "owner_id": uuid::Uuid::new_v4() });
        assert_eq!(manager.patch(&path, "*", unknown).await.expect(422).faults(), ["/owner_id unknown_member"]);
        let blank = manager.post(&format!("{path}/retire"), json!({ "reason": " " })).await.expect(422);
        assert_eq!(blank.faults(), ["/reason blank"]);
        let retired = manager.post(&format!("{path}/retire"), json!({ "reason": "Outsourced" })).await.expect(200);
        assert_eq!(retired.body["retired_because"], "Outsourced");
        manager.patch(&path, "*", json!({ "importance": "low" })).await.expect(409);
        manager.post(&format!("{path}/reinstate"), json!({ "reason": "Taken back" })).await.expect(200);
        for (query, expected) in [
            ("state=active", 1),
            ("state=retired", 0),
            ("importance=medium", 1),
            ("importance=high", 0),
            ("owner=me", 0),
            (&format!("owner={owner}"), 1),
            ("updated_since=2126-01-01T00:00:00Z", 0),
        ] {
            let listed = manager.get(&format!("/v1/processes?count=true&{query}")).await.expect(200);
            assert_eq!(listed.body["total"], expected, "{query}");
        }
        let named = manager.get("/v1/processes?expand=owner&sort=name").await.expect(200);
        assert_eq!(named.body["items"][0]["owner"]["name"], "member of ours");
    }
}

/// `member, requirement, ended` of each tenure.
async fn owners(api: &Api, reference: &str) -> Vec<(String, Value, bool)> {
    let told = api.by(Role::Auditor).await.get(&format!("/v1/records/{reference}/owners")).await.expect(200);
    let items = told.body["items"].as_array().unwrap().iter();
    let tenure = |item: &Value| {
        let member = item["member_id"].as_str().unwrap().to_owned();
        (member, item["requirement"].clone(), item["until"].is_string())
    };
    items.map(tenure).collect()
}

#[tokio::test]
async fn who_answered_for_it_is_not_forgotten() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let (first, second) = (api.member_id(Role::Management).await, api.member_id(Role::Member).await);
        let reference = defined(&api).await;
        let path = format!("/v1/processes/{reference}");
        let of = |member: &str, requirement: Value, ended| (member.to_owned(), requirement, ended);
        let begun =
            [of(&first, json!(null), false), of(&first, json!("A.5.18"), false), of(&first, json!("A.6.5"), false)];
        assert_eq!(owners(&api, &reference).await, begun);
        // Nothing that concerns ownership: nothing is written.
        manager.patch(&path, "*", json!({ "name": "Leavers" })).await.expect(200);
        assert_eq!(owners(&api, &reference).await, begun);
        api.wait(TimeDelta::days(30));
        let manager = api.by(Role::IsmsManager).await;
        // Passed on, taken back and passed on again at one moment: each is a tenure of its own.
        for owner in [&second, &first, &second] {
            manager.patch(&path, "*", json!({ "owner_id": owner, "requirements": ["A.6.5"] })).await.expect(200);
        }
        let told = owners(&api, &reference).await;
        assert_eq!(told.len(), 9);
        assert!(told.contains(&of(&first, json!("A.5.18"), true)));
        let open: Vec<_> = told.into_iter().filter(|(_, _, ended)| !ended).collect();
        assert_eq!(open, [of(&second, json!(null), false), of(&second, json!("A.6.5"), false)]);
        manager.post(&format!("{path}/retire"), json!({ "reason": "Outsourced" })).await.expect(200);
        assert!(owners(&api, &reference).await.iter().all(|(_, _, ended)| *ended));
        api.stranger(Role::Auditor).await.get(&format!("/v1/records/{reference}/owners")).await.expect(404);
    }
}
