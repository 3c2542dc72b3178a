//! What tools that read OSCAL are told: assessment results of audits, and the plan of action about nonconformities. Whether
//! the documents are OSCAL is for `scripts/trials.sh oscal`; here, whether they say what the records say.

use super::audits::{check, finding, report, started, verb};
use super::nonconformities::raise;
use super::{actions, restrictions};
use crate::databases::each;
use crate::harness::Api;
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Nothing is null, no list is empty, and each part has an id of its own, of a version that OSCAL takes.
fn assert_sound(value: &Value, ids: &mut BTreeSet<String>) {
    match value {
        Value::Null => panic!("null"),
        Value::Array(items) => {
            assert!(!items.is_empty());
            items.iter().for_each(|item| assert_sound(item, ids));
        }
        Value::Object(members) => {
            if let Some(id) = members.get("uuid") {
                let id: uuid::Uuid = id.as_str().unwrap().parse().unwrap();
                assert_eq!(id.get_version_num(), 5);
                assert!(ids.insert(id.to_string()), "{id} twice");
            }
            members.values().for_each(|member| assert_sound(member, ids));
        }
        Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// What a document refers to is in it.
fn assert_closed(value: &Value, ids: &BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| assert_closed(item, ids)),
        Value::Object(members) => {
            for (name, member) in members {
                let refers = ["observation-uuid", "risk-uuid", "actor-uuid"].contains(&name.as_str());
                assert!(!refers || ids.contains(member.as_str().unwrap()), "{name} {member}");
                assert_closed(member, ids);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn sound(document: &Value) {
    let mut ids = BTreeSet::new();
    assert_sound(document, &mut ids);
    assert_closed(document, &ids);
}

fn verdicts_of(document: &Value) -> Vec<(String, String)> {
    verdicts(&document["assessment-results"]["results"][0])
}

/// The state of each target of the findings; there can be none.
fn verdicts(result: &Value) -> Vec<(String, String)> {
    let findings = result["findings"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut all: Vec<(String, String)> = findings
        .map(|finding| (text(&finding["target"]["target-id"]), text(&finding["target"]["status"]["state"])))
        .collect();
    all.sort();
    all
}

#[tokio::test]
async fn an_audit_is_told_as_assessment_results() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let audit = started(&api).await;
        let path = format!("/v1/audits/{audit}/assessment-results");
        check(&api, Role::Auditor, &audit, 1, "conforms").await.expect(200);
        check(&api, Role::Auditor, &audit, 2, "not_applicable").await.expect(200);
        check(&api, Role::Auditor, &audit, 3, "minor").await.expect(200);
        let noted = auditor.post("/v1/findings", finding(&audit, json!({}))).await.expect(201);
        let early = auditor.get(&path).await.expect(200);
        let result = &early.body["assessment-results"]["results"][0];
        assert_eq!(result["end"], Value::Null);
        // Whoever cannot read what is only noted reads the rest.
        let member = api.by(Role::Member).await.get(&path).await.expect(200);
        let seen = &member.body["assessment-results"]["results"][0];
        assert!(!seen["findings"].to_string().contains(noted.reference()), "{}", member.text);
        // Nor is anybody told that something is met of which a finding that is not theirs to read says otherwise.
        let other = finding(&audit, json!({ "item": 1, "title": "Nor is that met" }));
        let other = auditor.post("/v1/findings", other).await.expect(201);
        let met = ("clause-9.2.1".to_owned(), "satisfied".to_owned());
        assert!(verdicts(seen).contains(&met));
        let member = api.by(Role::Member).await.get(&path).await.expect(200);
        assert!(!verdicts_of(&member.body).contains(&met), "{}", member.text);
        let reason = json!({ "reason": "It was another system" });
        auditor.post(&format!("/v1/findings/{}/withdraw", other.reference()), reason.clone()).await.expect(200);
        verb(&api, Role::Auditor, &audit, "report", report(&api, Role::Management).await).await.expect(200);
        let told = auditor.get(&path).await.expect(200);
        sound(&told.body);
        let document = &told.body["assessment-results"];
        assert_eq!(document["metadata"]["oscal-version"], "1.1.3");
        let result = &document["results"][0];
        assert_eq!(
            (&result["title"], &result["description"], &result["remarks"]),
            (&json!("Access and people"), &json!("Access outlives contracts"), &json!("Effective"))
        );
        let read = auditor.get(&format!("/v1/audits/{audit}")).await.expect(200);
        assert_eq!(result["end"], read.body["report"]["at"]);
        assert_eq!(
            result["reviewed-controls"]["control-selections"],
            json!([{ "include-controls": [{ "control-id": "clause-9.2" }, { "control-id": "A.5.18" }] }])
        );
        let observations = result["observations"].as_array().unwrap();
        let outcomes: Vec<&Value> = observations.iter().map(|seen| &seen["props"][0]["value"]).collect();
        assert_eq!(outcomes, ["conforms", "minor"]);
        assert_eq!(observations[0]["relevant-evidence"][0]["description"], "Seen on the spot");
        let expected = [("A.5.18", "not-satisfied"), ("clause-9.2.1", "satisfied")];
        assert_eq!(verdicts(result), expected.map(|(control, state)| (control.to_owned(), state.to_owned())));
        let found = result["findings"].as_array().unwrap();
        let own = found.iter().find(|one| one["title"] == "Accounts outlive their owners").unwrap();
        assert_eq!(own["related-observations"], json!([{ "observation-uuid": observations[1]["uuid"] }]));
        assert!(own["links"][0]["href"].as_str().unwrap().ends_with(noted.body["id"].as_str().unwrap()));
        // The same each time, as long as nothing is different.
        let known = auditor.request(Method::GET, &path).header("if-none-match", told.header("etag"));
        auditor.send(known).await.expect(304);
        auditor.post(&format!("/v1/findings/{}/withdraw", noted.reference()), reason).await.expect(200);
        let later = auditor.get(&path).await.expect(200);
        assert_eq!(later.body["assessment-results"]["uuid"], document["uuid"]);
        let left = verdicts(&later.body["assessment-results"]["results"][0]);
        assert_eq!(left, [("clause-9.2.1".to_owned(), "satisfied".to_owned())], "an item says that A.5.18 is not met");
        api.stranger(Role::Auditor).await.get(&path).await.expect(404);
    }
}

#[tokio::test]
async fn what_is_done_about_nonconformities_is_told_as_a_plan_of_action() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        manager.get("/v1/plan-of-action").await.expect(404);
        let case = actions::case(&api).await;
        let body = json!({ "correction": "Patched by hand", "consequences": "Logs were searched" });
        manager.post(&format!("/v1/nonconformities/{case}/contain"), body).await.expect(200);
        let action = actions::plan(&api, &case).await.expect(201);
        let reported = raise(&api).await;
        let told = manager.get("/v1/plan-of-action").await.expect(200);
        sound(&told.body);
        let plan = &told.body["plan-of-action-and-milestones"];
        let references: Vec<&Value> =
            plan["poam-items"].as_array().unwrap().iter().map(|item| &item["props"][0]["value"]).collect();
        assert_eq!(references, [&json!(case), &json!(reported)]);
        let risk = &plan["risks"][0];
        assert_eq!(
            (&risk["status"], &risk["statement"]),
            (&json!("open"), &json!("Critical patches are not installed within 14 days"))
        );
        assert_eq!(plan["risks"][1]["status"], "investigating");
        let [correction, response] = risk["remediations"].as_array().unwrap().as_slice() else { panic!("{risk}") };
        assert_eq!(
            (&correction["lifecycle"], &correction["description"]),
            (&json!("completed"), &json!("Patched by hand"))
        );
        let task = &response["tasks"][0];
        assert_eq!((&task["title"], &response["lifecycle"]), (&action.body["title"], &json!("planned")));
        let party = &task["responsible-roles"][0]["party-uuids"][0];
        let parties = plan["metadata"]["parties"].as_array().unwrap();
        let member = api.member_id(Role::Member).await;
        let name = &api.by(Role::Admin).await.get(&format!("/v1/members/{member}")).await.expect(200).body["name"];
        assert!(parties.iter().any(|one| one["uuid"] == *party && one["name"] == *name), "{parties:?}");
        let major = manager.get("/v1/plan-of-action?grade=major&requirement=A.8.8").await.expect(200);
        assert_eq!(major.body["plan-of-action-and-milestones"]["poam-items"].as_array().unwrap().len(), 1);
        manager.get("/v1/plan-of-action?grade=minor").await.expect(404);
        manager.get("/v1/plan-of-action?grade=huge").await.expect(400);
        api.stranger(Role::Auditor).await.get("/v1/plan-of-action").await.expect(404);
        // A member reads of their own alone.
        let own = api.by(Role::Member).await.get("/v1/plan-of-action").await.expect(200);
        let listed = api.by(Role::Member).await.get("/v1/nonconformities").await.expect(200);
        let own = own.body["plan-of-action-and-milestones"]["poam-items"].as_array().unwrap().len();
        assert_eq!(own, listed.body["items"].as_array().unwrap().len());
        // What is restricted is in no plan of an outsider.
        restrictions::imposed(&api, &case).await;
        let outside = api.by(Role::Auditor).await.get("/v1/plan-of-action").await.expect(200);
        assert!(!outside.text.contains(&case) && outside.text.contains(&reported), "{}", outside.text);
    }
}
