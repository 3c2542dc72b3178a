//! Audits from plan to close: impartiality item by item, samples that can be drawn again, reports that freeze, and what
//! the next audit starts with.

mod impartiality;
mod reports;

use super::habits::together;
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::audits::rank;
use serde_json::{Value, json};

/// An internal audit of access, led by the auditor, with the manager in the team.
pub async fn access(api: &Api) -> Value {
    let today = api.now().date_naive();
    json!({
        "kind": "internal",
        "title": "Access and people",
        "scope": "Head office",
        "requirements": ["9.2", "A.5.18"],
        "method": "Interviews and samples",
        "auditee_ids": [api.member_id(Role::Member).await],
        "team": [
            { "member_id": api.member_id(Role::Auditor).await, "is_lead": true },
            { "member_id": api.member_id(Role::IsmsManager).await },
        ],
        "starts_on": today,
        "ends_on": today,
    })
}

fn with(mut body: Value, more: Value) -> Value {
    for (field, value) in more.as_object().unwrap().clone() {
        body[field] = value;
    }
    body
}

pub async fn planned(api: &Api) -> String {
    let body = access(api).await;
    api.by(Role::Auditor).await.post("/v1/audits", body).await.expect(201).reference().to_owned()
}

pub async fn verb(api: &Api, role: Role, audit: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/audits/{audit}/{verb}"), body).await
}

/// Everybody of the team declares.
async fn declare(api: &Api, audit: &str) {
    for role in [Role::Auditor, Role::IsmsManager] {
        verb(api, role, audit, "declare", json!({ "statement": "Nothing stands between" })).await.expect(200);
    }
}

/// The checklist is there, as far as the criteria ask for it.
pub async fn ask(api: &Api, audit: &str) {
    let asked = verb(api, Role::Auditor, audit, "generate-checklist", json!({})).await;
    assert!(asked.status == 200 || asked.reasons() == ["nothing_to_add"], "{}", asked.text);
}

/// Everything is there that it takes to start it.
pub async fn make_ready(api: &Api, audit: &str) {
    declare(api, audit).await;
    ask(api, audit).await;
}

/// Each item has a result.
pub async fn look_at_everything(api: &Api, audit: &str) {
    let read = api.by(Role::Auditor).await.get(&format!("/v1/audits/{audit}")).await.expect(200);
    for item in read.body["items"].as_array().unwrap() {
        check(api, Role::Auditor, audit, item["number"].as_i64().unwrap(), "observation").await.expect(200);
    }
}

/// Planned, and everybody of the team has declared.
pub async fn declared(api: &Api, more: Value) -> String {
    let body = with(access(api).await, more);
    let audit = api.by(Role::Auditor).await.post("/v1/audits", body).await.expect(201).reference().to_owned();
    declare(api, &audit).await;
    audit
}

/// In progress, with the items 1 to 3 on 9.2.1, 9.2.2 and A.5.18.
pub async fn started(api: &Api) -> String {
    let audit = declared(api, json!({})).await;
    verb(api, Role::Auditor, &audit, "generate-checklist", json!({})).await.expect(200);
    verb(api, Role::Auditor, &audit, "start", json!({})).await.expect(200);
    audit
}

pub async fn check(api: &Api, role: Role, audit: &str, item: i64, result: &str) -> Answer {
    let word = if ["not_checked", "not_applicable"].contains(&result) { "reason" } else { "evidence" };
    verb(api, role, audit, "check-item", json!({ "item": item, "result": result, word: "Seen on the spot" })).await
}

pub async fn report(api: &Api, to: Role) -> Value {
    json!({ "summary": "Access outlives contracts", "conclusion": "Effective", "recipient_ids": [api.member_id(to).await] })
}

pub fn finding(audit: &str, more: Value) -> Value {
    let body = json!({
        "audit": audit,
        "item": 3,
        "title": "Accounts outlive their owners",
        "statement": "Access does not end with the contract",
        "evidence": "Two of eight leavers, by 9 and 12 days",
        "grade": "minor",
    });
    with(body, more)
}

#[tokio::test]
async fn from_the_plan_to_the_close() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let audit = planned(&api).await;
        let path = format!("/v1/audits/{audit}");
        let early = verb(&api, Role::Auditor, &audit, "start", json!({})).await.expect(409);
        assert_eq!(early.reasons(), ["not_declared"]);
        let audit = started(&api).await;
        let numbers: Vec<Value> = auditor.get(&format!("/v1/audits/{audit}")).await.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|item| item["requirement"].clone())
            .collect();
        assert_eq!(numbers, ["9.2.1", "9.2.2", "A.5.18"]);
        check(&api, Role::Auditor, &audit, 1, "conforms").await.expect(200);
        check(&api, Role::Auditor, &audit, 2, "not_checked").await.expect(200);
        let body = report(&api, Role::IsmsManager).await;
        let open = verb(&api, Role::Auditor, &audit, "report", body.clone()).await.expect(409);
        assert_eq!(open.reasons(), ["items_not_checked"]);
        check(&api, Role::Auditor, &audit, 3, "minor").await.expect(200);
        let silent = verb(&api, Role::Auditor, &audit, "report", body.clone()).await.expect(409);
        assert_eq!(silent.reasons(), ["items_without_finding"]);
        let bare = finding(&audit, json!({ "evidence": null }));
        let found = auditor.post("/v1/findings", bare).await.expect(201);
        assert_eq!((&found.body["requirement"], &found.body["state"]), (&json!("A.5.18"), &json!("noted")));
        let incomplete = verb(&api, Role::Auditor, &audit, "report", body.clone()).await.expect(409);
        assert_eq!(incomplete.reasons(), ["incomplete_findings"]);
        let finding_path = format!("/v1/findings/{}", found.reference());
        auditor.patch(&finding_path, "*", json!({ "evidence": "Two of eight" })).await.expect(200);
        let reported = verb(&api, Role::Auditor, &audit, "report", body).await.expect(200);
        assert_eq!(reported.body["results"]["minor"], 1);
        assert_eq!(reported.body["report"]["digest"].as_str().unwrap().len(), 64);
        // Frozen.
        auditor.patch(&finding_path, "*", json!({ "grade": "observation" })).await.expect(409);
        auditor.patch(&format!("/v1/audits/{audit}"), "*", json!({ "scope": "x" })).await.expect(409);
        check(&api, Role::Auditor, &audit, 3, "conforms").await.expect(409);
        auditor.post("/v1/findings", finding(&audit, json!({}))).await.expect(409);
        let early = verb(&api, Role::Auditor, &audit, "close", json!({})).await.expect(409);
        assert_eq!(early.reasons(), ["no_management_recipient", "findings_not_raised"]);
        let raised = auditor.post(&format!("{finding_path}/raise"), json!({})).await.expect(200);
        assert_eq!((&raised.body["state"], &raised.body["case"]["kind"]), (&json!("raised"), &json!("nonconformity")));
        let addendum = json!({ "text": "Sent to the board", "recipient_ids": [api.member_id(Role::Management).await] });
        let later = verb(&api, Role::Auditor, &audit, "add-addendum", addendum).await.expect(200);
        assert_eq!(later.body["report"]["digest"], reported.body["report"]["digest"]);
        let closed = verb(&api, Role::Auditor, &audit, "close", json!({})).await.expect(200);
        assert_eq!(closed.body["state"], "closed");
        let auditee = api.by(Role::Member).await;
        let seen = auditee.get(&format!("/v1/audits/{audit}")).await.expect(200);
        assert_eq!(seen.body["state"], "closed", "the auditee sees it");
        let listed = auditee.get("/v1/audits?state=closed").await.expect(200);
        assert_eq!(listed.body["items"][0]["reference"], audit, "{}", listed.text);
        assert!(auditor.get(&path).await.body["postponements"] == 0);
    }
}

#[tokio::test]
async fn the_checklist_is_edited_with_its_audit() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let audit = started(&api).await;
        let again = verb(&api, Role::Auditor, &audit, "generate-checklist", json!({})).await.expect(409);
        assert_eq!(again.reasons(), ["nothing_to_add"]);
        let nothing = json!({ "items": [{ "question": " " }] });
        assert_eq!(
            verb(&api, Role::Auditor, &audit, "add-items", nothing).await.expect(422).faults(),
            ["/items/0/requirement required", "/items/0/question blank"]
        );
        let item = json!({ "item": 1, "requirement": "9.2.1", "question": "Who audits?", "how": "Ask" });
        let revised = verb(&api, Role::Auditor, &audit, "revise-item", item).await.expect(200);
        assert_eq!(revised.body["items"][0]["question"], "Who audits?");
        let drop = json!({ "item": 2, "reason": "Asked in item 1" });
        let dropped = verb(&api, Role::Auditor, &audit, "drop-item", drop.clone()).await.expect(200);
        assert_eq!(dropped.body["items"].as_array().unwrap().len(), 2);
        assert_eq!(
            verb(&api, Role::Auditor, &audit, "drop-item", drop).await.expect(422).faults(),
            ["/item unknown_item"]
        );
        let bare = json!({ "item": 1, "result": "conforms" });
        assert_eq!(
            verb(&api, Role::Auditor, &audit, "check-item", bare).await.expect(422).faults(),
            ["/evidence required"]
        );
        let history = auditor.get(&format!("/v1/records/{audit}/history")).await.expect(200);
        let actions: Vec<&str> =
            history.body["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert!(actions.contains(&"audit.item_revised") && actions.contains(&"audit.checklist_generated"));
        let listed = auditor.get("/v1/audits?state=in_progress&lead=me&expand=lead").await.expect(200);
        assert_eq!(listed.body["items"][0]["lead"]["name"], "auditor of ours");
        assert_eq!(listed.body["items"][0].get("items"), None, "a list shows no checklists");
        assert_eq!(listed.body["items"][0]["results"]["not_checked"], 2);
        let today = api.now().date_naive();
        for (query, expected) in [
            ("kind=internal".to_owned(), 1),
            ("kind=supplier,external".into(), 0),
            (format!("starts_before={today}"), 0),
            (format!("programme={}", uuid::Uuid::new_v4()), 0),
            ("updated_since=2126-01-01T00:00:00Z".into(), 0),
        ] {
            let listed = auditor.get(&format!("/v1/audits?count=true&{query}")).await.expect(200);
            assert_eq!(listed.body["total"], expected, "{query}");
        }
    }
}

#[tokio::test]
async fn it_is_moved_amended_and_cancelled() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let audit = planned(&api).await;
        let later = (api.now() + TimeDelta::days(20)).date_naive();
        let body = json!({ "starts_on": later, "ends_on": later, "reason": "Ill" });
        let moved = verb(&api, Role::Auditor, &audit, "postpone", body).await.expect(200);
        assert_eq!((&moved.body["postponements"], &moved.body["starts_on"]), (&json!(1), &json!(later)));
        let path = format!("/v1/audits/{audit}");
        let programme = super::audit_programmes::approved(&api).await;
        let amended = auditor
            .patch(&path, "*", json!({ "programme": programme, "plan_key": "2", "method": null }))
            .await
            .expect(200);
        assert_eq!((&amended.body["plan_key"], &amended.body["method"]), (&json!("2"), &Value::Null));
        for (patch, fault) in [
            (json!({ "plan_key": "9" }), "/plan_key unknown_plan_key"),
            (json!({ "programme": null }), "/plan_key no_programme"),
            (json!({ "programme": "AUP-2026-0099" }), "/programme unknown_record"),
            (json!({ "documents": ["NC-2026-0099"] }), "/documents/0 unknown_record"),
            (json!({ "documents": vec!["NC-2026-0099"; 51] }), "/documents length"),
            (json!({ "processes": vec!["PRO-2026-0099"; 51] }), "/processes length"),
            (json!({ "team": vec![json!({ "is_lead": true }); 21] }), "/team length"),
            (json!({ "team": [{ "is_lead": true }] }), "/team/0 one_of"),
            (json!({ "auditee_ids": [uuid::Uuid::new_v4()] }), "/auditee_ids/0 unknown_member"),
            (json!({ "starts_on": later }), "/starts_on unknown_field"),
        ] {
            assert_eq!(auditor.patch(&path, "*", patch.clone()).await.expect(422).faults(), [fault], "{patch}");
        }
        let audit = started(&api).await;
        check(&api, Role::Auditor, &audit, 3, "minor").await.expect(200);
        let found = auditor.post("/v1/findings", finding(&audit, json!({}))).await.expect(201).reference().to_owned();
        verb(&api, Role::Auditor, &audit, "cancel", json!({ "reason": "The site was sold" })).await.expect(200);
        let finding = auditor.get(&format!("/v1/findings/{found}")).await.expect(200);
        assert_eq!(
            (&finding.body["state"], &finding.body["withdrawn_because"]),
            (&json!("withdrawn"), &json!("The site was sold"))
        );
    }
}

#[tokio::test]
async fn a_sample_can_be_drawn_again_by_hand() {
    for database in each() {
        let api = Api::start(database).await;
        let audit = started(&api).await;
        let body = json!({ "population": { "kind": "member" }, "size": 3, "seed": "2026-spring", "item": 3 });
        let drawn = verb(&api, Role::Auditor, &audit, "draw-sample", body.clone()).await.expect(200);
        let again = verb(&api, Role::Auditor, &audit, "draw-sample", body).await.expect(200);
        let references = |answer: &Answer, sample: usize| -> Vec<String> {
            let drawn = answer.body["samples"][sample]["drawn"].as_array().unwrap();
            drawn.iter().map(|one| one["reference"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!(references(&drawn, 0), references(&again, 1));
        assert_eq!(drawn.body["samples"][0]["population_size"], 6);
        let members = api.by(Role::Auditor).await.get("/v1/members").await.expect(200);
        let mut by_hand: Vec<(String, String)> = members.body["items"]
            .as_array()
            .unwrap()
            .iter()
            .map(|member| member["reference"].as_str().unwrap().to_owned())
            .map(|reference| (rank("2026-spring", reference.parse().unwrap()), reference))
            .collect();
        by_hand.sort();
        let lowest: Vec<String> = by_hand.into_iter().take(3).map(|(_, reference)| reference).collect();
        assert_eq!(references(&drawn, 0), lowest);
        assert_eq!(again.body["items"][2]["records"].as_array().unwrap().len(), 3);
        let later = json!({
            "population": { "kind": "member", "made_from": "2126-01-01T00:00:00Z" }, "size": 3, "seed": "s",
        });
        let none = json!({ "population": { "kind": "member", "states": ["deactivated"] }, "size": 3, "seed": "s" });
        let gone = json!({ "population": { "kind": "member", "states": ["gone"] }, "size": 3, "seed": "s" });
        let refused = verb(&api, Role::Auditor, &audit, "draw-sample", gone).await.expect(422);
        assert_eq!(refused.faults(), ["/population/states/0 unknown_state"]);
        for body in [later, none] {
            let refused = verb(&api, Role::Auditor, &audit, "draw-sample", body).await.expect(422);
            assert_eq!(refused.faults(), ["/population empty_population"]);
        }
    }
}

#[tokio::test]
async fn the_next_audit_starts_with_what_this_one_left() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let first = started(&api).await;
        check(&api, Role::Auditor, &first, 1, "conforms").await.expect(200);
        check(&api, Role::Auditor, &first, 2, "not_checked").await.expect(200);
        check(&api, Role::Auditor, &first, 3, "minor").await.expect(200);
        let found = auditor.post("/v1/findings", finding(&first, json!({}))).await.expect(201);
        let body = report(&api, Role::Management).await;
        verb(&api, Role::Auditor, &first, "report", body.clone()).await.expect(200);
        let case = auditor.post(&format!("/v1/findings/{}/raise", found.reference()), json!({})).await.expect(200);
        let second = declared(&api, json!({})).await;
        let dry = auditor.post(&format!("/v1/audits/{second}/start?dry_run=true"), json!({})).await.expect(200);
        assert_eq!(dry.body["items"].as_array().unwrap().len(), 2);
        let begun = verb(&api, Role::Auditor, &second, "start", json!({})).await.expect(200);
        let items = begun.body["items"].as_array().unwrap();
        assert_eq!(items.len(), 2);
        assert_eq!(items[0]["carried_from"]["finding_id"], found.body["id"]);
        assert_eq!(items[0]["records"][0]["id"], case.body["case"]["id"]);
        assert_eq!((&items[1]["requirement"], &items[1]["carried_from"]["item"]), (&json!("9.2.2"), &json!(2)));
        let left = auditor.get(&format!("/v1/audits/{first}")).await.expect(200);
        assert_eq!(left.body["items"][1]["carried_to_id"], begun.body["id"]);
        let finding = auditor.get(&format!("/v1/findings/{}", found.reference())).await.expect(200);
        assert_eq!(finding.body["carried_to_id"], begun.body["id"]);
        // Once: a third audit begins with nothing.
        let third = declared(&api, json!({})).await;
        let begun = verb(&api, Role::Auditor, &third, "start", json!({})).await.expect(200);
        assert_eq!(begun.body["items"], json!([]));
        check(&api, Role::Auditor, &second, 1, "conforms").await.expect(200);
        let trace = auditor.get(&format!("/v1/records/{first}/trace")).await.expect(200);
        let references: Vec<&str> =
            trace.body["nodes"].as_array().unwrap().iter().map(|node| node["reference"].as_str().unwrap()).collect();
        assert!(references.contains(&found.reference()) && references.contains(&second.as_str()), "{references:?}");
        assert!(references.iter().any(|reference| reference.starts_with("NC-")), "{references:?}");
    }
}

#[tokio::test]
async fn an_outsider_of_the_team_is_written_for() {
    for database in each() {
        let api = Api::start(database).await;
        let team = json!([
            { "member_id": api.member_id(Role::Auditor).await, "is_lead": true },
            { "name": "Nadia Berg", "competence": "Lead auditor for ten years" },
        ]);
        let body = with(access(&api).await, json!({ "team": team }));
        let audit = api.by(Role::Auditor).await.post("/v1/audits", body).await.expect(201).reference().to_owned();
        verb(&api, Role::Auditor, &audit, "declare", json!({ "statement": "Nothing" })).await.expect(200);
        let hers = json!({ "statement": "Nothing", "auditor": "Nadia Berg" });
        verb(&api, Role::IsmsManager, &audit, "declare", hers).await.expect(200);
        verb(&api, Role::Auditor, &audit, "generate-checklist", json!({})).await.expect(200);
        verb(&api, Role::Auditor, &audit, "start", json!({})).await.expect(200);
        let seen = json!({ "item": 3, "result": "conforms", "evidence": "Eight of eight", "auditor": "Nadia Berg" });
        let checked = verb(&api, Role::IsmsManager, &audit, "check-item", seen).await.expect(200);
        let item = &checked.body["items"][2];
        assert_eq!(
            (&item["checked_by"]["name"], &item["recorded_by"]),
            (&json!("Nadia Berg"), &json!(api.member_id(Role::IsmsManager).await))
        );
        assert_eq!(
            check(&api, Role::IsmsManager, &audit, 3, "conforms").await.expect(409).reasons(),
            ["not_of_the_team"]
        );
    }
}

/// Two audits of the same scope start at the same moment, at two servers: what was left is looked at again once.
#[tokio::test]
async fn what_was_left_is_taken_over_once() {
    for database in each() {
        let api = Api::start(database).await;
        let replica = api.replica();
        let auditor = api.by(Role::Auditor).await;
        let first = started(&api).await;
        for item in 1..=3 {
            check(&api, Role::Auditor, &first, item, "not_checked").await.expect(200);
        }
        auditor.post("/v1/findings", finding(&first, json!({}))).await.expect(201);
        verb(&api, Role::Auditor, &first, "report", report(&api, Role::Management).await).await.expect(200);
        let mut rivals = Vec::new();
        for _ in 0..4 {
            rivals.push(declared(&api, json!({})).await);
        }
        let starts = rivals.iter().enumerate().map(|(n, audit)| {
            let caller = auditor.at(if n % 2 == 0 { &api.url } else { &replica });
            async move { caller.post(&format!("/v1/audits/{audit}/start"), json!({})).await.expect(200) }
        });
        let begun = together(starts).await;
        let mut items: Vec<usize> = begun.iter().map(|audit| audit.body["items"].as_array().unwrap().len()).collect();
        items.sort_unstable();
        assert_eq!(items, [0, 0, 0, 4], "three items and a finding, once");
    }
}
