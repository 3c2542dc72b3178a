//! Audit programmes: approved by management, held to their plan, and what they cover.

use super::audits::{access, check, declared};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::{Months, TimeDelta};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// A programme of this year, complete.
pub fn whole(api: &Api) -> Value {
    let today = api.now().date_naive();
    let end = today + TimeDelta::days(300);
    json!({
        "title": "Audits of the year",
        "starts_on": today,
        "ends_on": end,
        "objectives": "Whether the system conforms and works",
        "frequency": "Each clause once a year",
        "methods": "Interviews and samples",
        "responsibilities": "The auditor plans",
        "planning_requirements": "Two weeks' notice",
        "reporting": "To management within two weeks",
        "process_importance": "Leavers first",
        "earlier_results": "Two minor findings",
        "plan": [
            { "key": "1", "title": "Access", "starts_on": today, "ends_on": today, "requirements": ["9.2", "A.5.18"] },
            { "key": "2", "title": "Patches", "starts_on": today, "ends_on": end, "requirements": ["A.8.8"] },
        ],
    })
}

pub async fn drafted(api: &Api) -> String {
    let auditor = api.by(Role::Auditor).await;
    auditor.post("/v1/audit-programmes", whole(api)).await.expect(201).reference().to_owned()
}

/// In force.
pub async fn approved(api: &Api) -> String {
    let reference = drafted(api).await;
    verb(api, Role::Management, &reference, "approve", json!({})).await.expect(200);
    reference
}

async fn verb(api: &Api, role: Role, reference: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/audit-programmes/{reference}/{verb}"), body).await
}

#[tokio::test]
async fn management_approves_what_is_complete_and_again_after_a_change() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let today = api.now().date_naive();
        let bare = json!({ "title": "Audits", "starts_on": today, "ends_on": today });
        let bare = auditor.post("/v1/audit-programmes", bare).await.expect(201).reference().to_owned();
        let refused = verb(&api, Role::Management, &bare, "approve", json!({})).await.expect(409);
        assert_eq!((refused.reasons().len(), refused.reasons().last().copied()), (9, Some("no_plan")));
        let reference = approved(&api).await;
        let again = verb(&api, Role::Management, &reference, "approve", json!({})).await.expect(409);
        assert_eq!(again.reasons(), ["already_approved"]);
        verb(&api, Role::IsmsManager, &reference, "approve", json!({})).await.expect(403);
        let path = format!("/v1/audit-programmes/{reference}");
        let amended = auditor.patch(&path, "*", json!({ "title": "Audits, revised" })).await.expect(200);
        assert_eq!((&amended.body["state"], &amended.body["approval"]["stale"]), (&json!("approved"), &json!(true)));
        let early = verb(&api, Role::Auditor, &reference, "close", json!({ "summary": "x" })).await.expect(409);
        assert_eq!(early.reasons(), ["approval_is_stale"]);
        let anew = verb(&api, Role::Management, &reference, "approve", json!({})).await.expect(200);
        assert_eq!(anew.body["approval"]["stale"], false);
        let silent = verb(&api, Role::Auditor, &reference, "close", json!({ "summary": "x" })).await.expect(422);
        assert_eq!(silent.faults(), ["/not_audited_because required"]);
        let body = json!({ "summary": "None held", "not_audited_because": "The year of the fire" });
        let closed = verb(&api, Role::Auditor, &reference, "close", body).await.expect(200);
        assert_eq!(closed.body["closure"]["not_audited_because"], "The year of the fire");
        auditor.patch(&path, "*", json!({ "title": "x" })).await.expect(409);
        for (query, expected) in [
            ("state=closed", 1),
            ("state=draft,approved", 1),
            (&format!("on={today}"), 2),
            ("on=2020-01-01", 0),
            ("updated_since=2126-01-01T00:00:00Z", 0),
        ] {
            let listed = auditor.get(&format!("/v1/audit-programmes?count=true&{query}")).await.expect(200);
            assert_eq!(listed.body["total"], expected, "{query}");
        }
    }
}

#[tokio::test]
async fn faults_are_named_where_they_are() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let mut body = whole(&api);
        body["plan"][1]["key"] = json!("1");
        body["plan"][0]["requirements"] = json!(["A.9.9"]);
        body["objectives"] = json!(" ");
        let refused = auditor.post("/v1/audit-programmes", body).await.expect(422);
        assert_eq!(
            refused.faults(),
            ["/objectives blank", "/plan/0/requirements/0 unknown_requirement", "/plan/1/key duplicate"]
        );
        let mut body = whole(&api);
        body["plan"][0]["processes"] = json!(["PRO-2026-0009"]);
        let refused = auditor.post("/v1/audit-programmes", body).await.expect(422);
        assert_eq!(refused.faults(), ["/plan/0/processes/0 unknown_record"]);
    }
}

#[tokio::test]
async fn an_audit_of_the_plan_covers_what_was_planned() {
    for database in each() {
        let api = Api::start(database).await;
        let programme = approved(&api).await;
        let auditor = api.by(Role::Auditor).await;
        let mut body = access(&api).await;
        for field in ["requirements", "processes"] {
            body.as_object_mut().unwrap().remove(field);
        }
        (body["programme"], body["plan_key"]) = (json!(programme), json!("1"));
        let audit = auditor.post("/v1/audits", body.clone()).await.expect(201);
        assert_eq!(audit.body["requirements"], json!(["9.2", "A.5.18"]));
        body["plan_key"] = json!("7");
        assert_eq!(auditor.post("/v1/audits", body).await.expect(422).faults(), ["/plan_key unknown_plan_key"]);
        let early = verb(&api, Role::Auditor, &programme, "close", json!({ "summary": "x" })).await.expect(409);
        assert_eq!(early.reasons(), ["open_audits"]);
    }
}

/// An audit under way, of which everything was looked at: A.5.18 gave an observation, the rest conforms.
async fn looked_at(api: &Api, more: Value) -> String {
    let (audit, auditor) = (declared(api, more).await, api.by(Role::Auditor).await);
    auditor.post(&format!("/v1/audits/{audit}/generate-checklist"), json!({})).await.expect(200);
    auditor.post(&format!("/v1/audits/{audit}/start"), json!({})).await.expect(200);
    let items = auditor.get(&format!("/v1/audits/{audit}")).await.body["items"].as_array().unwrap().clone();
    for item in &items {
        let result = if item["requirement"] == "A.5.18" { "observation" } else { "conforms" };
        check(api, Role::Auditor, &audit, item["number"].as_i64().unwrap(), result).await.expect(200);
    }
    audit
}

async fn report(api: &Api, audit: &str) {
    let report = json!({
        "summary": "Good", "conclusion": "Conforms", "recipient_ids": [api.member_id(Role::Management).await],
    });
    api.by(Role::Auditor).await.post(&format!("/v1/audits/{audit}/report"), report).await.expect(200);
}

async fn matrix(api: &Api, programme: &str) -> Value {
    api.by(Role::Auditor).await.get(&format!("/v1/audit-programmes/{programme}/coverage")).await.expect(200).body
}

/// What a matrix says of a clause or control; `null` where it says nothing.
fn line(matrix: &Value, number: &str) -> Value {
    let lines = matrix["lines"].as_array().unwrap().clone();
    lines.into_iter().find(|line| line["requirement"] == number).unwrap_or(Value::Null)
}

/// Three programmes, each 300 days after the one before: what was audited under the first two counts in the view of the
/// third. In the view of the fourth the first is more than three years ago.
#[tokio::test]
async fn the_matrix_looks_back_three_years() {
    for database in each() {
        let api = Api::start(database).await;
        let first = approved(&api).await;
        let access = looked_at(&api, json!({ "programme": first, "plan_key": "1" })).await;
        report(&api, &access).await;
        let began = api.now().date_naive();
        api.wait(TimeDelta::days(300));
        let second = approved(&api).await;
        let patches = json!({ "programme": second, "plan_key": "2", "requirements": ["A.8.8"], "title": "Patches" });
        let patches = looked_at(&api, patches).await;
        report(&api, &patches).await;
        let later = api.now().date_naive();
        api.wait(TimeDelta::days(300));
        let third = matrix(&api, &approved(&api).await).await;
        let until = api.now().date_naive() + TimeDelta::days(300);
        let from = until - Months::new(36) + TimeDelta::days(1);
        assert_eq!((&third["from"], &third["until"]), (&json!(from), &json!(until)));
        let whole = third["lines"].as_array().unwrap().len();
        let totals = |audited: usize, planned: usize| {
            let never = whole - audited - planned;
            json!({ "lines": whole, "audited": audited, "planned": planned, "never": never, "excluded": 0 })
        };
        assert_eq!(third["totals"], totals(4, 0), "9.2.1, 9.2.2, A.5.18 and A.8.8");
        let columns = |matrix: &Value| -> Vec<(Value, Value)> {
            let audits = matrix["audits"].as_array().unwrap();
            audits.iter().map(|audit| (audit["reference"].clone(), audit["plan_key"].clone())).collect()
        };
        let to_come = [(Value::Null, json!("1")), (Value::Null, json!("2"))];
        let known = [(json!(access), Value::Null), (json!(patches), Value::Null)];
        assert_eq!(columns(&third), [known.as_slice(), to_come.as_slice()].concat());
        let cell =
            |audit: usize, result: Value| json!({ "audit": audit, "is_audited": !result.is_null(), "result": result });
        for (number, last, cells, planned) in [
            ("9.2.1", json!(began), vec![cell(0, json!("conforms")), cell(2, Value::Null)], true),
            ("A.5.18", json!(began), vec![cell(0, json!("observation")), cell(2, Value::Null)], true),
            ("A.8.8", json!(later), vec![cell(1, json!("conforms")), cell(3, Value::Null)], true),
            ("A.7.4", Value::Null, Vec::new(), false),
        ] {
            let told = line(&third, number);
            let expected = (&last, &json!(cells), &json!(planned));
            assert_eq!((&told["last_audited_on"], &told["cells"], &told["is_planned"]), expected, "{number}");
        }
        api.wait(TimeDelta::days(300));
        let fourth = matrix(&api, &approved(&api).await).await;
        assert_eq!(fourth["totals"], totals(1, 3), "what is more than three years ago counts no more");
        assert_eq!(columns(&fourth), [&known[1..], to_come.as_slice()].concat());
        assert_eq!(line(&fourth, "A.5.18")["last_audited_on"], Value::Null);
        assert_eq!(line(&fourth, "A.8.8")["last_audited_on"], json!(later));
    }
}

#[tokio::test]
async fn the_matrix_says_what_was_audited_what_is_planned_and_what_neither() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let programme = approved(&api).await;
        let out = json!({ "control": "A.8.30", "state": "excluded", "justification": "Nothing is developed" });
        manager.post("/v1/applicabilities", out).await.expect(201);
        super::processes::defined(&api).await;
        let audit = looked_at(&api, json!({ "programme": programme, "plan_key": "1" })).await;
        let before = matrix(&api, &programme).await;
        assert_eq!((&before["totals"]["audited"], &before["totals"]["planned"]), (&json!(0), &json!(4)));
        report(&api, &audit).await;
        let after = matrix(&api, &programme).await;
        let totals = &after["totals"];
        assert_eq!((&totals["audited"], &totals["planned"], &totals["excluded"]), (&json!(3), &json!(1), &json!(1)));
        assert_eq!(totals["lines"], after["lines"].as_array().unwrap().len());
        let keys: Vec<_> = after["audits"].as_array().unwrap().iter().map(|audit| audit["plan_key"].clone()).collect();
        assert_eq!(keys, ["1", "2"]);
        assert_eq!(
            line(&after, "A.5.18")["cells"],
            json!([{ "audit": 0, "is_audited": true, "result": "observation" }])
        );
        assert_eq!(line(&after, "9.2.2")["last_audited_on"], json!(api.now().date_naive()));
        assert_eq!(line(&after, "A.8.8")["cells"], json!([{ "audit": 1, "is_audited": false, "result": null }]));
        assert_eq!(line(&after, "A.8.30"), Value::Null);
        assert_eq!(after["lines"].as_array().unwrap().last().unwrap()["label"], "Joiners, movers, leavers");
    }
}
