//! The custody of evidence: from hand to hand, each with its entry in the journal, and nothing edited.

use super::attached;
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

fn outsider() -> Value {
    json!({ "kind": "outside", "name": "Nadia Berg", "firm": "Berg Forensics" })
}

pub fn collection(by: Value, at: DateTime<Utc>) -> Value {
    json!({ "at": at, "by": by, "how": "Imaged with a write blocker" })
}

pub fn transfer(from: Value, to: Value, at: DateTime<Utc>) -> Value {
    json!({ "at": at, "from": from, "to": to, "why": "To be examined" })
}

async fn act(api: &Api, role: Role, piece: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/evidence/{piece}/{verb}"), body).await
}

/// One that the member has collected.
pub async fn collected(api: &Api) -> String {
    let piece = attached(api).await;
    let body = collection(json!({ "kind": "member", "id": api.member_id(Role::Member).await }), api.now());
    act(api, Role::IsmsManager, &piece, "record-collection", body).await.expect(200);
    piece
}

#[tokio::test]
async fn it_goes_from_hand_to_hand() {
    for database in each() {
        let api = Api::start(database).await;
        let piece = attached(&api).await;
        let member = json!({ "kind": "member", "id": api.member_id(Role::Member).await });
        let before =
            act(&api, Role::Auditor, &piece, "record-transfer", transfer(outsider(), member.clone(), api.now()));
        assert_eq!(before.await.expect(409).reasons(), ["not_collected"]);
        let hour = api.now() - TimeDelta::hours(1);
        let first =
            act(&api, Role::Auditor, &piece, "record-collection", collection(outsider(), hour)).await.expect(200);
        let again = act(&api, Role::Auditor, &piece, "record-collection", collection(outsider(), hour)).await;
        assert_eq!(again.expect(409).reasons(), ["already_collected"]);
        let handed = transfer(outsider(), member.clone(), api.now());
        let second = act(&api, Role::IsmsManager, &piece, "record-transfer", handed).await.expect(200);
        let read = api.by(Role::ExternalAuditor).await.get(&format!("/v1/evidence/{piece}")).await.expect(200);
        let custody = read.body["custody"].as_array().unwrap();
        assert_eq!(custody.len(), 2);
        let event = json!({ "kind": "collected", "by": outsider(), "how": "Imaged with a write blocker" });
        assert_eq!(
            (&custody[0]["event"], &custody[0]["recorded_by"]),
            (&event, &json!(api.member_id(Role::Auditor).await))
        );
        let event = json!({ "kind": "transferred", "from": outsider(), "to": member, "why": "To be examined" });
        assert_eq!(custody[1]["event"], event);
        assert_eq!((&read.body["version"], read.body["sha256"].is_string()), (&json!(3), true));
        // A piece of evidence can be made known to be in no other order than it was.
        for at in [hour - TimeDelta::seconds(1), api.now() + TimeDelta::seconds(1)] {
            let late =
                act(&api, Role::IsmsManager, &piece, "record-transfer", transfer(member.clone(), outsider(), at));
            assert_eq!(late.await.expect(422).faults(), ["/at out_of_range"], "{at}");
        }
        let theft =
            act(&api, Role::IsmsManager, &piece, "record-transfer", transfer(outsider(), member.clone(), api.now()));
        assert_eq!(theft.await.expect(422).faults(), ["/from not_the_holder"]);
        let history = api.by(Role::Auditor).await.get(&format!("/v1/records/{piece}/history")).await.expect(200);
        let told: Vec<(&str, &str)> = history.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .skip(1)
            .map(|entry| (entry["action"].as_str().unwrap(), entry["id"].as_str().unwrap()))
            .collect();
        let entries = [first.header("journal-entry"), second.header("journal-entry")];
        assert_eq!(told, [("evidence.collection_recorded", entries[0]), ("evidence.transfer_recorded", entries[1])]);
        let known: Vec<&str> =
            read.body["transitions"].as_array().unwrap().iter().map(|one| one["verb"].as_str().unwrap()).collect();
        assert_eq!(known, ["record-collection", "record-transfer", "withdraw"]);
    }
}

#[tokio::test]
async fn who_is_named_is_known_or_has_a_name() {
    for database in each() {
        let api = Api::start(database).await;
        let piece = attached(&api).await;
        let theirs = api.stranger(Role::Member).await.get("/v1/me").await.expect(200).body["member_id"].clone();
        for nobody in [theirs, json!(uuid::Uuid::new_v4())] {
            let body = collection(json!({ "kind": "member", "id": nobody }), api.now());
            let refused = act(&api, Role::IsmsManager, &piece, "record-collection", body).await.expect(422);
            assert_eq!(refused.faults(), ["/by/id unknown_member"]);
        }
        let unnamed = collection(json!({ "kind": "outside", "name": " " }), api.now());
        let refused = act(&api, Role::IsmsManager, &piece, "record-collection", unnamed).await.expect(422);
        assert_eq!(refused.faults(), ["/by/name blank"]);
        // Whoever had it may have left since.
        let newcomer = super::super::members::newcomer(&api).await;
        let admin = api.by(Role::Admin).await;
        let id = admin.get(&format!("/v1/members/{newcomer}")).await.expect(200).body["id"].clone();
        let path = format!("/v1/members/{newcomer}/deactivate");
        admin.post(&path, json!({ "reason": "Left" })).await.expect(200);
        let body = collection(json!({ "kind": "member", "id": id }), api.now());
        act(&api, Role::IsmsManager, &piece, "record-collection", body).await.expect(200);
    }
}

/// What it says of people goes by law, as other words do, and the chain stays.
#[tokio::test]
async fn a_name_in_it_goes_by_law() {
    for database in each() {
        let api = Api::start(database).await;
        let piece = attached(&api).await;
        let body = collection(outsider(), api.now());
        act(&api, Role::IsmsManager, &piece, "record-collection", body).await.expect(200);
        let redaction = super::super::redactions::requested(&api, &piece, &["/body/custody/0/event/by/name"]).await;
        let manager = api.by(Role::IsmsManager).await;
        manager.post(&format!("/v1/redactions/{redaction}/approve"), json!({})).await.expect(200);
        let read = manager.get(&format!("/v1/evidence/{piece}")).await.expect(200);
        assert_eq!(read.body["custody"][0]["event"]["by"]["name"], format!("[redacted: {redaction}]"));
        assert!(!format!("{:?}", api.database.rows()).contains("Nadia Berg"));
    }
}
