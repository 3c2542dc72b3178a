//! A year of the management system over HTTP alone: one thing leads to the next, and readiness rises with it.

mod autumn;
mod spring;
mod summer;
mod winter;

use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

const MANAGER: Role = Role::IsmsManager;
const MEMBER: Role = Role::Member;
const MANAGEMENT: Role = Role::Management;
const AUDITOR: Role = Role::Auditor;

/// Those who are asked to acknowledge and to be trained.
const STAFF: [Role; 5] = [Role::Admin, MANAGER, MANAGEMENT, AUDITOR, MEMBER];

/// A verb of a record, by whoever holds the role; it must succeed.
async fn act(api: &Api, role: Role, path: &str, body: Value) -> Answer {
    let answer = api.by(role).await.post(&format!("/v1/{path}"), body).await;
    assert!(answer.status < 300, "{path}: {}", answer.text);
    answer
}

async fn read(api: &Api, path: &str) -> Value {
    api.by(AUDITOR).await.get(&format!("/v1/{path}")).await.expect(200).body
}

/// Days go by, so many between two measurements of the portal's latency, and workers follow.
async fn measure(api: &Api, indicator: &str, days: i64, latencies: &[f64]) {
    for latency in latencies {
        api.wait(TimeDelta::days(days));
        let one = json!([{ "indicator": indicator, "observed_at": api.now(), "value": latency }]);
        act(api, MANAGER, "measurements", one).await;
        follow(api).await;
    }
}

/// Everything that happens by itself has happened.
async fn follow(api: &Api) {
    api.evaluate().await;
    api.follow().await;
    while api.wake().await > 0 {}
    api.keep_readiness().await;
}

/// A case is confirmed, treated by an action of the member's, judged by the auditor and closed.
async fn treat(api: &Api, case: &str, isms_change: &str) {
    let nc = |verb: &str| format!("nonconformities/{case}/{verb}");
    let found = read(api, &format!("nonconformities/{case}")).await;
    if found["state"] == "reported" {
        let owner = api.member_id(MANAGER).await;
        act(api, MANAGER, &nc("confirm"), json!({ "grade": "major", "owner_id": owner })).await;
    }
    act(api, MANAGER, &nc("contain"), json!({ "correction": "Done by hand", "consequences": "None were found" })).await;
    let causes =
        json!({ "method": "five_whys", "root_causes": ["Nobody owned it"], "similar": "None among 93 controls" });
    act(api, MANAGER, &nc("analyse"), causes).await;
    act(api, MANAGER, &nc("plan"), json!({ "response": "actions" })).await;
    super::actions::done(api, case).await;
    let check_on = (api.now() + TimeDelta::days(21)).date_naive();
    act(api, MANAGER, &nc("implement"), json!({ "check_on": check_on })).await;
    api.wait(TimeDelta::days(21));
    let verdict = json!({ "effective": true, "criterion": "No further case", "evidence": "Three weeks without one" });
    act(api, AUDITOR, &nc("verify"), verdict).await;
    act(api, MANAGER, &nc("close"), json!({ "isms_change": isms_change, "lessons": "Everything has an owner" })).await;
}

/// What the year leaves for the next one to look at.
struct Year {
    api: Api,
    policy: String,
    indicator: String,
    objective: String,
    programme: String,
}

impl Year {
    /// How ready the organisation is, in per cent; and that each step has something to say of it.
    async fn readiness(&self) -> u64 {
        follow(&self.api).await;
        let read = read(&self.api, "readiness").await;
        assert_eq!(read["steps"].as_array().unwrap().len(), 7);
        read["score"].as_u64().unwrap()
    }
}

#[tokio::test]
async fn a_year_of_the_loop() {
    for database in each() {
        let api = Api::start(database).await;
        let before = api.now();
        api.wait(TimeDelta::minutes(1));
        let mut scores = vec![read(&api, "readiness").await["score"].as_u64().unwrap()];
        let year = winter::decide_and_publish(api).await;
        scores.push(year.readiness().await);
        spring::measure_and_correct(&year).await;
        scores.push(year.readiness().await);
        summer::audit_and_hear(&year).await;
        scores.push(year.readiness().await);
        autumn::judge_and_review(&year).await;
        scores.push(year.readiness().await);
        assert!(scores.is_sorted_by(|earlier, later| earlier < later), "{scores:?}");
        assert!(scores[0] < 20 && scores[4] >= 70, "{scores:?}");
        everything_is_told(&year, before).await;
    }
}

/// The year can be told from its records alone: what changed, how it hangs together, and that nothing was touched.
async fn everything_is_told(year: &Year, before: chrono::DateTime<chrono::Utc>) {
    let api = &year.api;
    api.sequence().await;
    let from = before.to_rfc3339_opts(chrono::SecondsFormat::Micros, true);
    let mut kinds = std::collections::BTreeSet::new();
    let mut after = String::new();
    loop {
        let page = format!("/v1/diff?from={from}&limit=200{after}");
        let page = api.by(MANAGER).await.get(&page).await.expect(200).body;
        kinds.extend(page["items"].as_array().unwrap().iter().map(|item| item["kind"].as_str().unwrap().to_owned()));
        let Some(next) = page["next_after"].as_str() else { break };
        after = format!("&after={next}");
    }
    for kind in [
        "policy",
        "objective",
        "indicator",
        "signal",
        "nonconformity",
        "action",
        "audit_programme",
        "audit",
        "finding",
        "incident",
        "weakness",
        "employee_report",
        "improvement",
        "change",
        "course",
        "training_assignment",
        "management_review",
    ] {
        assert!(kinds.contains(kind), "nothing of {kind}: {kinds:?}");
    }
    let open = read(api, "nonconformities?state=reported,confirmed,analysed,planned,verifying&count=true").await;
    assert_eq!(open["total"], 0, "every case went round: {open}");
}
