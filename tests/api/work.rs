//! `/v1/me/work`: whose list, by whom, and page by page.

use super::policy_versions::published;
use super::restrictions::imposed;
use super::{actions, employee_reports, members, nonconformities};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

fn references(answer: &Answer) -> Vec<String> {
    let items = answer.body["items"].as_array().unwrap().iter();
    items.map(|item| item["reference"].as_str().unwrap().to_owned()).collect()
}

async fn list_of(caller: &Caller<'_>, assignee: &str) -> Answer {
    caller.get(&format!("/v1/me/work?assignee={assignee}")).await
}

#[tokio::test]
async fn another_s_list_is_for_whoever_reads_all() {
    for database in each() {
        let api = Api::start(database).await;
        let case = actions::case(&api).await;
        let action = actions::plan(&api, &case).await.expect(201).reference().to_owned();
        let (id, auditor) = (api.member_id(Role::Member).await, api.by(Role::Auditor).await);
        let member = auditor.get(&format!("/v1/members/{id}")).await.expect(200).reference().to_owned();
        for assignee in [&id, &member] {
            for role in [Role::Admin, Role::IsmsManager, Role::Management, Role::Auditor, Role::ExternalAuditor] {
                let seen = list_of(&api.by(role).await, assignee).await.expect(200);
                assert_eq!(references(&seen), [action.as_str()], "{role:?}");
                let item = &seen.body["items"][0];
                assert_eq!((&item["by_name"], &item["on_behalf_of"]), (&json!(true), &Value::Null));
            }
            let own = list_of(&api.by(Role::Member).await, assignee).await.expect(200);
            assert_eq!(references(&own), [action.as_str()]);
        }
        let manager = api.member_id(Role::IsmsManager).await;
        list_of(&api.by(Role::Member).await, &manager).await.expect(403);
        assert_eq!(references(&list_of(&auditor, &manager).await.expect(200)), [case.as_str()]);
        assert_eq!(references(&list_of(&auditor, "me").await.expect(200)), [""; 0]);

        let theirs = api.stranger(Role::Auditor).await.get("/v1/me").await.expect(200).body["member_id"].clone();
        for nobody in [theirs.as_str().unwrap(), &uuid::Uuid::new_v4().to_string(), "MEM-2026-0999", "NC-2026-0001"] {
            let refused = list_of(&auditor, nobody).await.expect(400);
            assert_eq!(refused.faults(), ["assignee unknown_record"], "{nobody}");
        }
        assert_eq!(list_of(&auditor, "somebody").await.expect(400).faults(), ["assignee malformed"]);
    }
}

/// The list is that member's, and the eyes are the caller's.
#[tokio::test]
async fn another_s_list_shows_nothing_that_the_reader_does_not_read() {
    for database in each() {
        let api = Api::start(database).await;
        let report = employee_reports::file(&api, Role::Member).await;
        let question = json!({ "question": "In the morning?" });
        employee_reports::act(&api, Role::IsmsManager, &report, "ask", question).await.expect(200);
        let case = actions::case(&api).await;
        let action = actions::plan(&api, &case).await.expect(201).reference().to_owned();
        let (_, version) = published(&api, json!({})).await;
        let member = api.member_id(Role::Member).await;
        let seen_by = async |role: Role| {
            let mut seen = references(&list_of(&api.by(role).await, &member).await.expect(200));
            seen.sort();
            seen
        };
        assert_eq!(seen_by(Role::Member).await, [action.as_str(), &version, &report]);
        assert_eq!(seen_by(Role::IsmsManager).await, [action.as_str(), &version, &report]);
        assert_eq!(seen_by(Role::Auditor).await, [action.as_str(), &version], "reports are for whoever handles them");
        imposed(&api, &case).await;
        assert_eq!(seen_by(Role::Auditor).await, [version.as_str()], "it serves what is restricted");
        assert_eq!(seen_by(Role::Member).await, [action.as_str(), &version, &report], "whoever does it knows of it");
    }
}

/// What still names somebody who has left; nothing is asked of that one as one of many.
#[tokio::test]
async fn who_has_left_is_named_still() {
    for database in each() {
        let api = Api::start(database).await;
        let case = actions::case(&api).await;
        let newcomer = members::newcomer(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let id = manager.get(&format!("/v1/members/{newcomer}")).await.expect(200).body["id"].clone();
        published(&api, json!({})).await;
        let body = json!({
            "parent": case, "title": "x", "kind": "corrective", "assignee_id": id, "due_on": api.now().date_naive(),
        });
        let action = manager.post("/v1/actions", body).await.expect(201).reference().to_owned();
        assert_eq!(references(&list_of(&manager, &newcomer).await.expect(200)).len(), 2, "to do, and to acknowledge");
        let path = format!("/v1/members/{newcomer}/deactivate");
        api.by(Role::Admin).await.post(&path, json!({ "reason": "Left" })).await.expect(200);
        assert_eq!(references(&list_of(&manager, &newcomer).await.expect(200)), [action]);
    }
}

/// What has a day and what has none, what is stored and what is derived: in one order, each once.
#[tokio::test]
async fn a_list_is_read_page_by_page() {
    for database in each() {
        let api = Api::start(database).await;
        let case = actions::case(&api).await;
        for _ in 0..2 {
            actions::plan(&api, &case).await.expect(201);
            published(&api, json!({ "acknowledge_within_days": 14 })).await;
            nonconformities::raise(&api).await;
            employee_reports::file(&api, Role::Member).await;
        }
        for (role, least) in [(Role::IsmsManager, 7), (Role::Member, 4)] {
            let caller = api.by(role).await;
            let whole = caller.get("/v1/me/work").await.expect(200);
            assert_eq!(whole.body["next_cursor"], Value::Null);
            assert!(references(&whole).len() >= least, "{}", whole.text);
            let mut days: Vec<&str> = Vec::new();
            for item in whole.body["items"].as_array().unwrap() {
                days.push(item["due_on"].as_str().unwrap_or("never"));
            }
            assert!(days.is_sorted(), "{days:?}");
            for limit in [1, 2, 3] {
                let (mut read, mut next) = (Vec::new(), format!("/v1/me/work?limit={limit}"));
                loop {
                    let page = caller.get(&next).await.expect(200);
                    assert!(references(&page).len() <= limit);
                    read.extend(references(&page));
                    let Some(cursor) = page.body["next_cursor"].as_str() else { break };
                    next = format!("/v1/me/work?limit={limit}&cursor={cursor}");
                    assert_eq!(page.header("link"), format!("<{next}>; rel=\"next\""));
                }
                assert_eq!(read, references(&whole), "{role:?} {limit}");
            }
        }
        for limit in ["0", "201", "-1", "many"] {
            let refused = api.by(Role::Member).await.get(&format!("/v1/me/work?limit={limit}")).await.expect(400);
            assert!(refused.faults()[0].starts_with("limit "), "{:?}", refused.faults());
        }
    }
}
