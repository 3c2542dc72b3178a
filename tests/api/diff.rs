//! What changed between two moments.

use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// An address with a moment in it.
fn path(api: &Api, ago: TimeDelta, more: &str) -> String {
    let from = (api.now() - ago).to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    format!("/v1/diff?from={from}{more}")
}

fn item<'a>(answer: &'a Answer, reference: &str) -> &'a Value {
    let items = answer.body["items"].as_array().unwrap();
    items.iter().find(|item| item["reference"] == reference).unwrap_or_else(|| panic!("{reference}: {}", answer.text))
}

#[tokio::test]
async fn what_changed_since_a_moment_and_in_what() {
    for database in each() {
        let api = Api::start(database).await;
        let old = super::nonconformities::raise(&api).await;
        let untouched = super::nonconformities::raise(&api).await;
        api.wait(TimeDelta::days(10));
        let new = super::nonconformities::raise(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let confirm = json!({ "grade": "major", "owner_id": api.member_id(Role::IsmsManager).await });
        manager.post(&format!("/v1/nonconformities/{old}/confirm"), confirm).await.expect(200);
        let auditor = api.by(Role::Auditor).await;
        let diff = auditor.get(&path(&api, TimeDelta::days(1), "&kind=nonconformity")).await.expect(200);
        assert_eq!(diff.body["items"].as_array().unwrap().len(), 2, "{}", diff.text);
        assert!(!diff.text.contains(&untouched));
        let changed = item(&diff, &old);
        assert_eq!((&changed["version_before"], &changed["version_after"]), (&json!(1), &json!(2)));
        let pointers: Vec<&str> =
            changed["differences"].as_array().unwrap().iter().map(|d| d["pointer"].as_str().unwrap()).collect();
        assert_eq!(pointers, ["/grade", "/owner", "/stage/name"]);
        assert_eq!(changed["differences"][2]["before"], "reported");
        assert_eq!(changed["differences"][2]["after"], "confirmed");
        assert_eq!(item(&diff, &new)["is_new"], true);
        let before = auditor.get(&path(&api, TimeDelta::days(20), "&kind=nonconformity")).await.expect(200);
        assert_eq!(before.body["items"].as_array().unwrap().len(), 3);
        assert_eq!(item(&before, &old)["is_new"], true, "all of it happened since");
        let first = auditor.get(&path(&api, TimeDelta::days(20), "&kind=nonconformity&limit=2")).await.expect(200);
        let next = format!("&kind=nonconformity&limit=2&after={}", first.body["next_after"].as_str().unwrap());
        let second = auditor.get(&path(&api, TimeDelta::days(20), &next)).await.expect(200);
        assert_eq!(second.body["items"].as_array().unwrap().len(), 1);
        assert_eq!(second.body["next_after"], Value::Null);
        let stranger = api.stranger(Role::IsmsManager).await;
        assert!(!stranger.get(&path(&api, TimeDelta::days(20), "")).await.expect(200).text.contains("NC-"));
        let backwards = format!("{}&to=2020-01-01T00:00:00Z", path(&api, TimeDelta::days(1), ""));
        assert_eq!(auditor.get(&backwards).await.expect(400).faults(), ["from out_of_range"]);
    }
}
