//! Records found by words, alike on both databases.

use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use serde_json::json;

async fn raise(api: &Api, role: Role, title: &str, statement: &str) -> String {
    let mut body = super::nonconformities::report();
    (body["title"], body["statement"]) = (json!(title), json!(statement));
    api.by(role).await.post("/v1/nonconformities", body).await.expect(201).reference().to_owned()
}

fn references(answer: &Answer) -> Vec<&str> {
    answer.body["items"].as_array().unwrap().iter().map(|item| item["reference"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn found_by_words_the_weightier_first() {
    for database in each() {
        let api = Api::start(database).await;
        let in_text = raise(&api, Role::Member, "Doors", "The Prüfung of the gate was late").await;
        let in_title = raise(&api, Role::IsmsManager, "Prüfung der Zugänge", "Late").await;
        let comment = json!({ "record": in_text, "text": "Prufungen are planned in spring" });
        let comment = api.by(Role::Member).await.post("/v1/comments", comment).await.expect(201).reference().to_owned();
        let auditor = api.by(Role::Auditor).await;
        assert!(
            references(&auditor.get("/v1/search?q=prufung").await.expect(200)).is_empty(),
            "nobody has followed yet"
        );
        api.follow().await;
        let found = auditor.get("/v1/search?q=PRUFUNG").await.expect(200);
        assert_eq!(references(&found), [&in_title, &comment, &in_text]);
        assert_eq!(found.body["complete"], true);
        assert_eq!(references(&auditor.get("/v1/search?q=prufung+late").await.expect(200)), [&in_title, &in_text]);
        assert_eq!(references(&auditor.get("/v1/search?q=prufung&kind=comment").await.expect(200)), [&comment]);
        assert_eq!(
            references(&auditor.get(&format!("/v1/search?q={in_text}&kind=nonconformity")).await.expect(200)),
            [&in_text]
        );
        let first = auditor.get("/v1/search?q=prufung&limit=1").await.expect(200);
        assert_eq!((references(&first), &first.body["complete"]), (vec![in_title.as_str()], &json!(false)));
        let member = api.by(Role::Member).await;
        assert_eq!(
            references(&member.get("/v1/search?q=late").await.expect(200)),
            [&in_text],
            "a member finds its own"
        );
        let stranger = api.stranger(Role::IsmsManager).await;
        assert!(references(&stranger.get("/v1/search?q=prufung").await.expect(200)).is_empty());
        let list = auditor.get("/v1/nonconformities?q=prufung&count=true&sort=title").await.expect(200);
        assert_eq!((references(&list), &list.body["total"]), (vec![in_text.as_str(), &in_title], &json!(2)));
    }
}

#[tokio::test]
async fn what_was_amended_is_found_by_its_new_words_alone() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = raise(&api, Role::IsmsManager, "Tailgating", "Somebody followed").await;
        api.follow().await;
        let manager = api.by(Role::IsmsManager).await;
        let path = format!("/v1/nonconformities/{reference}");
        let etag = manager.get(&path).await.expect(200).header("etag").to_owned();
        manager.patch(&path, &etag, json!({ "title": "Piggybacking" })).await.expect(200);
        api.follow().await;
        assert!(references(&manager.get("/v1/search?q=tailgating").await.expect(200)).is_empty());
        assert_eq!(references(&manager.get("/v1/search?q=piggy").await.expect(200)), [&reference]);
    }
}

#[tokio::test]
async fn a_question_is_checked() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        for (query, fault) in [
            ("", "q required"),
            ("q=", "q blank"),
            ("q=%25_", "q blank"),
            ("q=a+b+c+d+e+f+g+h+i", "q length"),
            ("q=a&limit=0", "limit out_of_range"),
            ("q=a&limit=101", "limit out_of_range"),
            ("q=a&kind=nonsense", "kind malformed"),
        ] {
            assert_eq!(manager.get(&format!("/v1/search?{query}")).await.expect(400).faults(), [fault], "{query}");
        }
        assert_eq!(manager.get("/v1/actions?q=--").await.expect(400).faults(), ["q blank"]);
    }
}
