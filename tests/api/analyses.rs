//! Analyses of several indicators: one conclusion, taken whole, that counts for each of them.

use super::indicators::{active, define, definition};
use super::policies::history;
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

fn body(indicators: &[&str], actions: &[&str]) -> Value {
    json!({
        "verdict": "watch", "conclusion": "Both creep up since the new image", "indicators": indicators,
        "actions": actions,
    })
}

async fn conclude(api: &Api, role: Role, body: Value) -> Answer {
    api.by(role).await.post("/v1/analyses", body).await
}

/// One of a single indicator; its reference.
pub async fn concluded(api: &Api) -> String {
    let indicator = active(api).await;
    conclude(api, Role::IsmsManager, body(&[&indicator], &[])).await.expect(201).reference().to_owned()
}

async fn read(api: &Api, path: &str) -> Value {
    api.by(Role::Auditor).await.get(&format!("/v1/{path}")).await.expect(200).body
}

#[tokio::test]
async fn one_conclusion_counts_for_each_indicator() {
    for database in each() {
        let api = Api::start(database).await;
        let (first, second) = (active(&api).await, active(&api).await);
        let case = super::actions::case(&api).await;
        let action = super::actions::plan(&api, &case).await.expect(201).reference().to_owned();
        let due = read(&api, &format!("indicators/{first}")).await["analysis_due_on"].clone();
        api.wait(TimeDelta::days(3));
        let made = conclude(&api, Role::IsmsManager, body(&[&first, &second], &[&action])).await.expect(201);
        assert_eq!((&made.body["state"], &made.body["verdict"]), (&json!("concluded"), &json!("watch")));
        assert!(made.reference().starts_with("ANL-") && !made.header("location").is_empty());
        for indicator in [&first, &second] {
            let shown = read(&api, &format!("indicators/{indicator}")).await;
            assert_eq!(shown["analysis"]["conclusion"], "Both creep up since the new image");
            assert!(shown["analysis_due_on"].as_str() > due.as_str(), "{} after {due}", shown["analysis_due_on"]);
            assert_eq!(history(&api, indicator).await.last().unwrap(), "indicator.analysed");
            let listed = read(&api, &format!("analyses?about={}", shown["id"].as_str().unwrap())).await;
            assert_eq!(listed["items"][0]["reference"], made.body["reference"]);
        }
        let shown = read(&api, &format!("analyses/{}", made.reference())).await;
        assert_eq!((&shown["indicator_ids"], &shown["transitions"]), (&made.body["indicator_ids"], &json!([])));
        assert_eq!(history(&api, made.reference()).await, ["analysis.concluded"]);
        let trace = read(&api, &format!("records/{}/trace", made.reference())).await;
        let kinds: Vec<&str> =
            trace["nodes"].as_array().unwrap().iter().map(|node| node["kind"].as_str().unwrap()).collect();
        assert!(kinds.contains(&"indicator") && kinds.contains(&"action"), "{kinds:?}");
        // Another organisation has none of it.
        let theirs = api.stranger(Role::IsmsManager).await;
        assert_eq!(theirs.get("/v1/analyses").await.expect(200).body["items"], json!([]));
        theirs.get(&format!("/v1/analyses/{}", made.body["id"].as_str().unwrap())).await.expect(404);
        for (query, count) in [("verdict=act", 0), ("verdict=watch,act", 1), ("analyst=me", 0)] {
            let found = read(&api, &format!("analyses?{query}")).await;
            assert_eq!(found["items"].as_array().unwrap().len(), count, "{query}");
        }
    }
}

#[tokio::test]
async fn it_is_taken_whole_or_not_at_all_and_the_one_at_fault_is_named() {
    for database in each() {
        let api = Api::start(database).await;
        let me = api.member_id(Role::Member).await;
        let mut mine = definition(&api.member_id(Role::IsmsManager).await);
        mine["analyst_id"] = json!(me);
        let manager = api.by(Role::IsmsManager).await;
        let mine = manager.post("/v1/indicators", mine).await.expect(201).reference().to_owned();
        manager.post(&format!("/v1/indicators/{mine}/activate"), json!({})).await.expect(200);
        // Whoever measures sees it, and does not say what it means.
        let mut measured = definition(&api.member_id(Role::IsmsManager).await);
        measured["collector_id"] = json!(me);
        let measured = manager.post("/v1/indicators", measured).await.expect(201).reference().to_owned();
        manager.post(&format!("/v1/indicators/{measured}/activate"), json!({})).await.expect(200);
        let (others, draft) = (active(&api).await, define(&api).await.reference().to_owned());
        let rows = api.database.rows_of(api.ours());
        let not_mine = conclude(&api, Role::Member, body(&[&mine, &measured], &[])).await.expect(422);
        assert_eq!(not_mine.faults(), ["/indicators/1 forbidden"]);
        let unseen = conclude(&api, Role::Member, body(&[&mine, &others], &[])).await.expect(422);
        assert_eq!(unseen.faults(), ["/indicators/1 unknown_record"]);
        let unknown = body(&[&mine, "IND-2026-9876", &others], &["ACT-2026-9876"]);
        let unknown = conclude(&api, Role::IsmsManager, unknown).await.expect(422);
        assert_eq!(unknown.faults(), ["/indicators/1 unknown_record", "/actions/0 unknown_record"]);
        let idle = conclude(&api, Role::IsmsManager, body(&[&mine, &draft, &mine], &[])).await.expect(422);
        assert_eq!(idle.faults(), ["/indicators/2 duplicate", "/indicators/1 wrong_state"]);
        let none = conclude(&api, Role::IsmsManager, body(&[], &[])).await.expect(422);
        assert_eq!(none.faults(), ["/indicators required"]);
        let many: Vec<&str> = vec![&mine; 51];
        let many = conclude(&api, Role::IsmsManager, body(&many, &[])).await.expect(422);
        assert_eq!(many.faults(), ["/indicators length"]);
        conclude(&api, Role::Auditor, body(&[&mine], &[])).await.expect(403);
        let path = "/v1/analyses?dry_run=true";
        api.by(Role::Member).await.post(path, body(&[&mine], &[])).await.expect(200);
        assert_eq!(api.database.rows_of(api.ours()), rows, "nothing of it is kept");
        let own = conclude(&api, Role::Member, body(&[&mine], &[])).await.expect(201);
        assert_eq!(own.body["created_by"], json!(me));
    }
}
