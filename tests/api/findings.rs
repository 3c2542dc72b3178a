//! Findings: noted, frozen by the report, raised, withdrawn.

use super::audits::{check, finding, look_at_everything, report, started, verb};
use super::habits::together;
use crate::databases::each;
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// One that is noted.
pub async fn noted(api: &Api) -> String {
    let audit = started(api).await;
    let body = finding(&audit, json!({ "item": last_item(api, &audit).await }));
    api.by(Role::Auditor).await.post("/v1/findings", body).await.expect(201).reference().to_owned()
}

/// The number of the last item; what is asked depends on which controls the organisation has excluded.
async fn last_item(api: &Api, audit: &str) -> Value {
    let read = api.by(Role::Auditor).await.get(&format!("/v1/audits/{audit}")).await.expect(200).body;
    read["items"].as_array().unwrap().last().unwrap()["number"].clone()
}

/// Its audit is reported.
pub async fn issue(api: &Api, finding: &str) {
    let found = api.by(Role::Auditor).await.get(&format!("/v1/findings/{finding}")).await.expect(200).body;
    if found["state"] == "noted" {
        let audit = found["audit_id"].as_str().unwrap();
        look_at_everything(api, audit).await;
        verb(api, Role::Auditor, audit, "report", report(api, Role::Management).await).await.expect(200);
    }
}

/// A reported audit's findings, of these grades; the audit, and the findings in the same order.
pub async fn issued(api: &Api, grades: &[&str]) -> (String, Vec<String>) {
    let audit = started(api).await;
    look_at_everything(api, &audit).await;
    let mut found = Vec::new();
    let item = last_item(api, &audit).await;
    for grade in grades {
        let body = finding(&audit, json!({ "item": item, "grade": grade }));
        let made = api.by(Role::Auditor).await.post("/v1/findings", body).await.expect(201);
        found.push(made.reference().to_owned());
    }
    verb(api, Role::Auditor, &audit, "report", report(api, Role::Management).await).await.expect(200);
    (audit, found)
}

#[tokio::test]
async fn a_case_is_raised_of_a_grave_one_and_both_know_of_it() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let (_, found) = issued(&api, &["major", "observation", "opportunity"]).await;
        let [major, observation, opportunity] = found.as_slice() else { panic!("three findings") };
        let due = (api.now() + chrono::TimeDelta::days(60)).date_naive();
        let dry = auditor.post(&format!("/v1/findings/{major}/raise?dry_run=true"), json!({})).await.expect(200);
        assert_eq!(dry.body["state"], "raised");
        assert_eq!(auditor.get("/v1/nonconformities?count=true").await.body["total"], 0);
        let raised = auditor.post(&format!("/v1/findings/{major}/raise"), json!({ "due_on": due })).await.expect(200);
        let case_id = raised.body["case"]["id"].as_str().unwrap();
        let case = auditor.get(&format!("/v1/nonconformities/{case_id}")).await.expect(200);
        assert_eq!((&case.body["source"], &case.body["requirement"]), (&json!("audit"), &json!("A.5.18")));
        assert_eq!((&case.body["title"], &case.body["due_on"]), (&raised.body["title"], &json!(due)));
        assert_eq!(case.body["objective_evidence"], "Two of eight leavers, by 9 and 12 days");
        let listed = auditor.get(&format!("/v1/findings?case={case_id}")).await.expect(200);
        assert_eq!(listed.body["items"][0]["reference"], **major);
        let trace = auditor.get(&format!("/v1/records/{}/trace", case.reference())).await.expect(200);
        let edges = trace.body["edges"].as_array().unwrap();
        let of_case = edges.iter().find(|edge| edge["to"] == *case_id).unwrap();
        assert_eq!((&of_case["from"], &of_case["relation"]), (&raised.body["id"], &json!("raised")));
        let again = auditor.post(&format!("/v1/findings/{major}/raise"), json!({})).await.expect(409);
        assert_eq!(again.reasons(), ["wrong_state"]);
        let due = json!({ "due_on": due });
        let dated = auditor.post(&format!("/v1/findings/{opportunity}/raise"), due).await.expect(422);
        assert_eq!(dated.faults(), ["/due_on not_of_an_improvement"]);
        let idea = auditor.post(&format!("/v1/findings/{opportunity}/raise"), json!({})).await.expect(200);
        assert_eq!(idea.body["case"]["kind"], "improvement");
        let idea_id = idea.body["case"]["id"].as_str().unwrap();
        assert_eq!(auditor.get(&format!("/v1/improvements/{idea_id}")).await.expect(200).body["source"], "audit");
        let light = auditor.post(&format!("/v1/findings/{observation}/raise"), json!({})).await.expect(409);
        assert_eq!(light.reasons(), ["nothing_to_raise"]);
        assert_eq!(auditor.get("/v1/nonconformities?count=true").await.body["total"], 1);
    }
}

#[tokio::test]
async fn what_does_not_hold_is_withdrawn_until_the_audit_is_closed() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let (audit, found) = issued(&api, &["minor", "observation"]).await;
        let path = format!("/v1/findings/{}", found[0]);
        let blank = auditor.post(&format!("{path}/withdraw"), json!({ "reason": " " })).await.expect(422);
        assert_eq!(blank.faults(), ["/reason blank"]);
        let body = json!({ "reason": "The contract had been prolonged" });
        let withdrawn = auditor.post(&format!("{path}/withdraw"), body.clone()).await.expect(200);
        assert_eq!(withdrawn.body["withdrawn_because"], "The contract had been prolonged");
        // Nothing grave is left: the audit closes without a case.
        verb(&api, Role::Auditor, &audit, "close", json!({})).await.expect(200);
        let late = auditor.post(&format!("/v1/findings/{}/withdraw", found[1]), body).await.expect(409);
        assert_eq!(late.reasons(), ["audit_is_over"]);
    }
}

#[tokio::test]
async fn auditees_see_findings_once_they_are_reported() {
    for database in each() {
        let api = Api::start(database).await;
        let (auditor, auditee) = (api.by(Role::Auditor).await, api.by(Role::Member).await);
        let noted = noted(&api).await;
        auditee.get(&format!("/v1/findings/{noted}")).await.expect(404);
        let (audit, found) = issued(&api, &["minor", "observation"]).await;
        auditee.get(&format!("/v1/findings/{}", found[0])).await.expect(200);
        let id = auditor.get(&format!("/v1/audits/{audit}")).await.body["id"].as_str().unwrap().to_owned();
        for (query, expected) in [
            (format!("audit={id}"), 2),
            ("grade=minor&state=issued".to_owned(), 1),
            ("state=noted".into(), 1),
            ("requirement=A.5.18".into(), 3),
            ("requirement=A.5.19".into(), 0),
            ("updated_since=2126-01-01T00:00:00Z".into(), 0),
        ] {
            let listed = auditor.get(&format!("/v1/findings?count=true&{query}")).await.expect(200);
            assert_eq!(listed.body["total"], expected, "{query}");
        }
    }
}

#[tokio::test]
async fn every_fault_is_named() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let audit = started(&api).await;
        let wrong = finding(&audit, json!({ "item": 9, "title": " ", "requirement": "A.9.9" }));
        assert_eq!(
            auditor.post("/v1/findings", wrong).await.expect(422).faults(),
            ["/title blank", "/requirement unknown_requirement", "/item unknown_item"]
        );
        for (more, fault) in [
            (json!({ "audit": "AUD-2026-0099" }), "/audit unknown_record"),
            (json!({ "process": "PRO-2026-0099" }), "/process unknown_record"),
        ] {
            assert_eq!(auditor.post("/v1/findings", finding(&audit, more)).await.expect(422).faults(), [fault]);
        }
        let made = auditor.post("/v1/findings", finding(&audit, json!({}))).await.expect(201);
        let path = format!("/v1/findings/{}", made.reference());
        let amended = auditor.patch(&path, "*", json!({ "grade": null, "item": 2 })).await.expect(422);
        assert_eq!(amended.faults(), ["/item unknown_field"]);
        let amended = auditor.patch(&path, "*", json!({ "grade": null })).await.expect(200);
        assert_eq!(amended.body["grade"], Value::Null);
    }
}

/// Many raise, note and report at the same moment, at two servers: one case is made, and nothing is added to a report.
#[tokio::test]
async fn one_case_is_raised_and_no_finding_slips_behind_the_report() {
    for database in each() {
        let api = Api::start(database).await;
        let replica = api.replica();
        let auditor = api.by(Role::Auditor).await;
        let (_, found) = issued(&api, &["minor"]).await;
        let path = format!("/v1/findings/{}/raise", found[0]);
        let raises = (0..20).map(|n| {
            let (caller, path) = (auditor.at(if n % 2 == 0 { &api.url } else { &replica }), &path);
            async move { caller.post(path, json!({})).await.status }
        });
        let statuses = together(raises).await;
        assert_eq!(statuses.iter().filter(|status| **status == 200).count(), 1, "{statuses:?}");
        assert_eq!(auditor.get("/v1/nonconformities?count=true").await.body["total"], 1);
        let audit = started(&api).await;
        // The fourth asks whether the finding is settled.
        for item in 1..=4 {
            check(&api, Role::Auditor, &audit, item, "conforms").await.expect(200);
        }
        let reporting = report(&api, Role::Management).await;
        let calls = (0..20).map(|n| {
            let caller = auditor.at(if n % 2 == 0 { &api.url } else { &replica });
            let (path, body) = match n {
                9 => (format!("/v1/audits/{audit}/report"), reporting.clone()),
                _ => ("/v1/findings".to_owned(), finding(&audit, json!({ "grade": "observation" }))),
            };
            async move { caller.post(&path, body).await }
        });
        let answers = together(calls).await;
        let count = |wanted: u16| answers.iter().filter(|answer| answer.status == wanted).count();
        let told: Vec<&str> = answers.iter().map(|answer| answer.text.as_str()).collect();
        let (reported, made) = (count(200), count(201));
        assert_eq!((reported, reported + made + count(409)), (1, 20), "{told:?}");
        let id = auditor.get(&format!("/v1/audits/{audit}")).await.body["id"].as_str().unwrap().to_owned();
        let listed = auditor.get(&format!("/v1/findings?audit={id}&state=issued&count=true")).await.expect(200);
        assert_eq!(listed.body["total"], made, "each was frozen with the report, or refused");
    }
}
