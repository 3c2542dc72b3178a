//! Events as they happen. In pages they are read in `journal.rs`.

use super::nonconformities::report;
use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

const STREAM: &str = "/v1/events/stream";

fn position(event: &Value) -> u64 {
    event["data"]["position"].as_u64().unwrap()
}

#[tokio::test]
async fn they_are_told_in_order_as_they_happen() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        api.sequence().await;
        let mut stream = manager.listen(STREAM, None).await;
        // Another server on the same data tells the same.
        let mut elsewhere = manager.at(&api.replica()).listen(STREAM, None).await;
        let begun = stream.last_id.unwrap();
        let mut told = Vec::new();
        for round in 0..3 {
            let case = manager.post("/v1/nonconformities", report()).await.expect(201);
            confirm(&api, &case).await;
            api.sequence().await;
            for kind in ["nonconformity.raised", "nonconformity.confirmed"] {
                let event = stream.next().await.unwrap();
                assert_eq!((&event["type"], &event["subject"]), (&json!(kind), &case.body["reference"]), "{round}");
                assert_eq!(elsewhere.next().await.unwrap(), event);
                told.push(event);
            }
        }
        let positions: Vec<u64> = told.iter().map(position).collect();
        assert_eq!(positions, (begun + 1..=begun + 6).collect::<Vec<_>>());
        // The same as are read in pages.
        let page = manager.get(&format!("/v1/events?after={begun}")).await.expect(200);
        assert_eq!(page.body["items"], json!(told));
        // Whoever was cut off goes on where it was, whatever its address says.
        let mut again = manager.listen(&format!("{STREAM}?after=0"), Some(begun + 4)).await;
        assert_eq!(again.next().await.unwrap(), told[4]);
        assert_eq!(again.next().await.unwrap(), told[5]);
    }
}

#[tokio::test]
async fn some_types_are_listened_for_and_all_are_counted() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        api.sequence().await;
        let mut stream = manager.listen(&format!("{STREAM}?types=policy.*,*.confirmed"), None).await;
        let begun = stream.last_id.unwrap();
        let case = manager.post("/v1/nonconformities", report()).await.expect(201);
        confirm(&api, &case).await;
        manager.post("/v1/nonconformities", report()).await.expect(201);
        api.sequence().await;
        let event = stream.next().await.unwrap();
        assert_eq!((&event["type"], position(&event)), (&json!("nonconformity.confirmed"), begun + 2));
        let wrong = manager.get(&format!("{STREAM}?types=policy.*,unknown.thing")).await.expect(400);
        assert_eq!(wrong.body["errors"][0]["pointer"], "types", "{}", wrong.text);
        for (path, header, pointer) in [
            (format!("{STREAM}?after={}", begun + 99), None, "after"),
            (STREAM.to_owned(), Some("soon"), "Last-Event-ID"),
            (STREAM.to_owned(), Some("-1"), "Last-Event-ID"),
        ] {
            let mut request = manager.request(Method::GET, &path);
            if let Some(header) = header {
                request = request.header("last-event-id", header);
            }
            let wrong = manager.send(request).await.expect(400);
            assert_eq!(wrong.body["errors"][0]["pointer"], pointer, "{}", wrong.text);
        }
    }
}

#[tokio::test]
async fn each_sees_its_own_organisation_and_what_it_may() {
    for database in each() {
        let api = Api::start(database).await;
        api.sequence().await;
        let (auditor, theirs) = (api.by(Role::Auditor).await, api.stranger(Role::IsmsManager).await);
        let (mut ours, mut others) = (auditor.listen(STREAM, None).await, theirs.listen(STREAM, None).await);
        let manager = api.by(Role::IsmsManager).await;
        let case = manager.post("/v1/nonconformities", report()).await.expect(201);
        let reader = api.member_id(Role::Management).await;
        let restriction =
            json!({ "record": case.reference(), "reader_ids": [reader], "reason": "It names a colleague" });
        manager.post("/v1/restrictions", restriction).await.expect(201);
        api.sequence().await;
        // It was restricted before it was told.
        let raised = ours.next().await.unwrap();
        assert_eq!(raised["type"], "nonconformity.raised");
        assert_eq!((&raised["subject"], &raised["data"]["object"]), (&Value::Null, &Value::Null), "{raised}");
        theirs.post("/v1/nonconformities", report()).await.expect(201);
        api.sequence().await;
        let own = others.next().await.unwrap();
        assert_eq!(own["source"].as_str().unwrap().rsplit('/').next(), Some(&*api.theirs().to_string()));
    }
}

#[tokio::test]
async fn a_stream_ends_with_the_login() {
    for database in each() {
        let api = Api::start(database).await;
        api.sequence().await;
        let [access, _] = api.log_in(Role::IsmsManager).await;
        let leaving = api.with_token(&access);
        let mut stream = leaving.listen(STREAM, None).await;
        leaving.send(leaving.request(Method::POST, "/v1/auth/logout")).await.expect(204);
        // Nothing is told to whoever has logged out.
        api.by(Role::IsmsManager).await.post("/v1/nonconformities", report()).await.expect(201);
        api.sequence().await;
        assert_eq!(stream.next().await, None);
        leaving.get(STREAM).await.expect(401);
    }
}

async fn confirm(api: &Api, case: &Answer) {
    let body = json!({ "grade": "minor", "owner_id": api.member_id(Role::Member).await });
    let path = format!("/v1/nonconformities/{}/confirm", case.reference());
    api.by(Role::IsmsManager).await.post(&path, body).await.expect(200);
}
