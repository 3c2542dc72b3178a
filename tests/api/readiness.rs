use super::employee_reports::file;
use super::indicators::{active, define};
use super::management_reviews::{approved, plan};
use super::nonconformities::raise;
use super::objectives::pursued;
use super::policy_versions::published;
use super::{audit_programmes, audits, findings};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub async fn read(api: &Api, role: Role, query: &str) -> Answer {
    api.by(role).await.get(&format!("/v1/readiness{query}")).await
}

/// One check of what was read.
pub fn check(readiness: &Answer, id: &str) -> Value {
    let steps = readiness.body["steps"].as_array().unwrap();
    let mut checks = steps.iter().flat_map(|step| step["checks"].as_array().unwrap());
    checks.find(|check| check["id"] == id).unwrap_or_else(|| panic!("no check {id}")).clone()
}

fn result(readiness: &Answer, id: &str) -> String {
    check(readiness, id)["result"].as_str().unwrap().to_owned()
}

/// References of what proves a check, or offends.
fn named(readiness: &Answer, id: &str, side: &str) -> Vec<String> {
    let check = check(readiness, id);
    let records = check[side]["records"].as_array().unwrap();
    records.iter().map(|record| record["reference"].as_str().unwrap().to_owned()).collect()
}

fn score(readiness: &Answer) -> u64 {
    readiness.body["score"].as_u64().unwrap()
}

#[tokio::test]
async fn it_rises_with_what_is_done() {
    for database in each() {
        let api = Api::start(database).await;
        let empty = read(&api, Role::Management, "").await.expect(200);
        assert_eq!(empty.body["day"], json!(api.now().date_naive()));
        assert_eq!(empty.body["history"], json!([]));
        let steps = empty.body["steps"].as_array().unwrap();
        assert_eq!(steps.len(), 7);
        assert_eq!((&steps[1]["step"], &steps[1]["score"]), (&json!("monitoring"), &json!(0)));
        let policy = check(&empty, "top-level-policy");
        assert_eq!((&policy["result"], &policy["clauses"]), (&json!("not_met"), &json!(["5.2", "A.5.1"])));
        assert_eq!(policy["mend"], json!({ "method": "POST", "path": "/v1/policies" }));
        assert_eq!(policy["proof"], json!({ "count": 0, "migrated": 0, "records": [] }));
        let idle = check(&empty, "risks-treated");
        assert_eq!((&idle["result"], &idle["reason"]), (&json!("not_applicable"), &json!("no risk is assessed")));
        assert_eq!(idle["mend"], Value::Null);
        let mut last = score(&empty);
        let (policy, _) = published(&api, json!({})).await;
        let (objective, _) = pursued(&api).await;
        raise(&api).await;
        let review = approved(&api).await;
        let after = read(&api, Role::Management, "").await.expect(200);
        assert!(score(&after) > last, "{} after {last}", score(&after));
        last = score(&after);
        for (id, reference) in [
            ("topic-policies", &policy),
            ("objectives-set", &objective),
            ("objectives-measured", &objective),
            ("review-in-time", &review),
            ("reviews-approved", &review),
        ] {
            assert_eq!(result(&after, id), "met", "{id}");
            assert!(named(&after, id, "proof").contains(reference), "{id}");
        }
        let mine = check(&after, "topic-policies")["proof"]["records"][0].clone();
        assert_eq!((&mine["title"], &mine["state"]), (&json!("Use of laptops"), &json!("published")));
        assert_eq!(result(&after, "review-scheduled"), "met", "approval schedules the next");
        let owner = api.member_id(Role::IsmsManager).await;
        let process = json!({ "name": "Repairs", "importance": "high", "owner_id": owner });
        api.by(Role::IsmsManager).await.post("/v1/processes", process).await.expect(201);
        let more = read(&api, Role::ExternalAuditor, "").await.expect(200);
        assert!(score(&more) > last, "{} after {last}", score(&more));
    }
}

#[tokio::test]
async fn what_waits_too_long_offends() {
    for database in each() {
        let api = Api::start(database).await;
        let case = raise(&api).await;
        let (policy, _) = published(&api, json!({ "review_months": 1, "acknowledge_within_days": 3 })).await;
        let draft = define(&api).await.reference().to_owned();
        active(&api).await;
        let review = plan(&api).await;
        let review = api.by(Role::IsmsManager).await.post("/v1/management-reviews", review).await.expect(201);
        let fresh = read(&api, Role::Auditor, "").await.expect(200);
        assert_eq!(result(&fresh, "nonconformities-recorded"), "met");
        assert_eq!(result(&fresh, "indicators-in-use"), "partly");
        assert_eq!(named(&fresh, "indicators-in-use", "offending"), [draft]);
        assert_eq!(check(&fresh, "indicators-in-use")["mend"]["path"], "/v1/indicators/{id}/activate");
        assert_eq!(result(&fresh, "policies-acknowledged"), "not_applicable");
        assert_eq!(result(&fresh, "review-scheduled"), "met");
        api.wait(TimeDelta::days(40));
        api.evaluate().await;
        let late = read(&api, Role::Auditor, "").await.expect(200);
        for (id, reference) in [
            ("nonconformities-recorded", case.as_str()),
            ("policies-reviewed", &policy),
            ("policies-acknowledged", &policy),
            ("review-scheduled", review.reference()),
        ] {
            assert_eq!(result(&late, id), "not_met", "{id}");
            assert_eq!(named(&late, id, "offending"), [reference], "{id}");
        }
        assert!(check(&late, "policies-acknowledged")["offending"]["count"].as_i64().unwrap() > 1, "one per member");
        assert_eq!(result(&late, "indicators-measured"), "not_met");
        assert!(score(&late) < score(&fresh));
    }
}

#[tokio::test]
async fn audits_count_from_programme_to_close() {
    for database in each() {
        let api = Api::start(database).await;
        let programme = audit_programmes::approved(&api).await;
        let waiting = audits::planned(&api).await;
        let (audit, found) = findings::issued(&api, &["minor", "observation"]).await;
        let fresh = read(&api, Role::Auditor, "").await.expect(200);
        for (id, reference) in [
            ("programme-approved", &programme),
            ("audited-within-year", &audit),
            ("audits-started", &audit),
            ("audits-reported", &audit),
            ("audits-closed", &audit),
        ] {
            assert_eq!(result(&fresh, id), "met", "{id}");
            assert_eq!(named(&fresh, id, "proof"), [reference.as_str()], "{id}");
        }
        let most = check(&fresh, "programme-covers-everything");
        assert_eq!(
            (&most["result"], &most["offending"]["count"]),
            (&json!("not_met"), &json!(1)),
            "three clauses of all"
        );
        assert_eq!(named(&fresh, "findings-raised", "offending"), found[..1], "an observation raises nothing");
        let raise = format!("/v1/findings/{}/raise", found[0]);
        api.by(Role::Auditor).await.post(&raise, json!({})).await.expect(200);
        api.wait(TimeDelta::days(40));
        let late = read(&api, Role::Auditor, "").await.expect(200);
        assert_eq!(result(&late, "findings-raised"), "met");
        assert_eq!(
            (result(&late, "audits-started").as_str(), named(&late, "audits-started", "offending")),
            ("partly", vec![waiting])
        );
        assert_eq!(named(&late, "audits-closed", "offending"), [audit]);
        assert_eq!(result(&late, "programmes-closed"), "not_applicable");
        api.wait(TimeDelta::days(300));
        let over = read(&api, Role::Auditor, "").await.expect(200);
        assert_eq!(named(&over, "programmes-closed", "offending"), [programme]);
        assert_eq!(result(&over, "programme-approved"), "not_met");
    }
}

#[tokio::test]
async fn a_day_is_kept_once_and_read_as_it_was() {
    for database in each() {
        let api = Api::start(database).await;
        let first = api.now().date_naive();
        let unkept = read(&api, Role::Auditor, &format!("?as_of={}", first - TimeDelta::days(1))).await.expect(400);
        assert_eq!(unkept.faults(), ["as_of not_kept"]);
        let (a, b) = tokio::join!(api.keep_readiness(), api.keep_readiness());
        assert_eq!(a + b, 2, "two organisations, each once");
        let before = read(&api, Role::Auditor, "").await.expect(200);
        published(&api, json!({})).await;
        assert_eq!(api.keep_readiness().await, 0);
        api.wait(TimeDelta::days(2));
        assert_eq!(api.keep_readiness().await, 2);
        let last = api.now().date_naive();
        let now = read(&api, Role::Auditor, "").await.expect(200);
        assert_eq!(result(&now, "topic-policies"), "met");
        assert_eq!(
            now.body["history"],
            json!([{ "day": first, "score": score(&before) }, { "day": last, "score": score(&now) }])
        );
        for day in [first, first + TimeDelta::days(1)] {
            let then = read(&api, Role::Auditor, &format!("?as_of={day}")).await.expect(200);
            assert_eq!(then.body["day"], json!(first), "the newest that was kept");
            assert_eq!((&then.body["score"], &then.body["steps"]), (&before.body["score"], &before.body["steps"]));
        }
        assert_eq!(read(&api, Role::Auditor, &format!("?as_of={last}")).await.expect(200).body, now.body);
        let ahead = last + TimeDelta::days(2);
        let wrong = read(&api, Role::Auditor, &format!("?as_of={ahead}")).await.expect(400);
        assert_eq!(wrong.faults(), ["as_of out_of_range"]);
        let theirs = api.stranger(Role::Auditor).await.get(&format!("/v1/readiness?as_of={last}")).await.expect(200);
        assert_eq!(result(&theirs, "topic-policies"), "not_met");
    }
}

#[tokio::test]
async fn what_is_confidential_counts_and_is_not_named() {
    for database in each() {
        let api = Api::start(database).await;
        let report = file(&api, Role::Member).await;
        let proof = |readiness: &Answer| check(readiness, "reports-filed")["proof"]["count"].clone();
        let manager = read(&api, Role::IsmsManager, "").await.expect(200);
        assert_eq!((proof(&manager), named(&manager, "reports-filed", "proof")), (json!(1), vec![report]));
        let auditor = read(&api, Role::Auditor, "").await.expect(200);
        assert_eq!((proof(&auditor), named(&auditor, "reports-filed", "proof")), (json!(1), vec![]));
        read(&api, Role::Member, "").await.expect(403);
        let theirs = api.stranger(Role::IsmsManager).await.get("/v1/readiness").await.expect(200);
        assert_eq!(proof(&theirs), json!(0));
    }
}

#[tokio::test]
async fn of_many_the_newest_five_are_named() {
    for database in each() {
        let api = Api::start(database).await;
        let mut cases = Vec::new();
        for _ in 0..7 {
            cases.push(raise(&api).await);
        }
        let seen = read(&api, Role::Auditor, "").await.expect(200);
        assert_eq!(check(&seen, "nonconformities-recorded")["proof"]["count"], 7);
        let newest: Vec<String> = cases.into_iter().rev().take(5).collect();
        assert_eq!(named(&seen, "nonconformities-recorded", "proof"), newest);
    }
}

/// Each call that would mend something is one of the contract's.
#[test]
fn what_would_mend_is_known() {
    let document = super::contract::document();
    for check in ratchet_domain::readiness::Check::all() {
        let terms = check.terms();
        let remedies = [(0, 0), (0, 1), (1, 1)]
            .map(|(proof, offending)| terms.remedy(terms.rule.judge(proof, offending), offending));
        for remedy in remedies.into_iter().flatten() {
            let operation = &document["paths"][remedy.path][remedy.method.to_lowercase()];
            assert!(operation.is_object(), "{}: {remedy:?}", check.id());
        }
    }
}
