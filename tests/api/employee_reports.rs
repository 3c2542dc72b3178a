use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

pub fn tailgating() -> Value {
    json!({
        "kind": "event",
        "text": "Somebody followed me through gate 2.\nNobody asked for a badge.",
        "place": "Gate 2",
        "happened_on": "2026-05-28",
    })
}

/// One of the role's own.
pub async fn file(api: &Api, role: Role) -> String {
    api.by(role).await.post("/v1/employee-reports", tailgating()).await.expect(201).reference().to_owned()
}

pub async fn act(api: &Api, role: Role, report: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/employee-reports/{report}/{verb}"), body).await
}

pub async fn triage(api: &Api, report: &str) {
    let body = json!({ "assessment": "The gate does not close behind people", "kind": "weakness" });
    act(api, Role::IsmsManager, report, "triage", body).await.expect(200);
}

pub fn conversion() -> Value {
    json!({
        "answer": "Thank you. The gate gets a turnstile",
        "nonconformity": {
            "title": "Gate 2 lets people in without a badge",
            "statement": "Everybody shows a badge at the gate",
            "objective_evidence": "Seen by an employee, and on a walk through the building",
            "requirement": "A.7.2",
        },
    })
}

#[tokio::test]
async fn one_call_reports_and_the_reporter_hears_of_it() {
    for database in each() {
        let api = Api::start(database).await;
        let (handler, reporter) = (Role::IsmsManager, Role::Member);
        let report = file(&api, reporter).await;
        let path = format!("/v1/employee-reports/{report}");
        assert_eq!(api.by(handler).await.get("/v1/me/work").await.body["items"][0]["reference"], report);
        let early = act(&api, handler, &report, "convert", conversion()).await.expect(409);
        assert_eq!(early.reasons(), ["wrong_state"]);
        assert_eq!(
            act(&api, reporter, &report, "answer", json!({ "text": "x" })).await.expect(409).reasons(),
            ["nothing_asked"]
        );
        act(&api, handler, &report, "ask", json!({ "question": "In the morning?" })).await.expect(200);
        let work = api.by(reporter).await.get("/v1/me/work").await.expect(200);
        assert_eq!(
            (&work.body["items"][0]["title"], &work.body["items"][0]["by_name"]),
            (&json!("Somebody followed me through gate 2."), &json!(true))
        );
        act(&api, handler, &report, "answer", json!({ "text": "No" })).await.expect(403);
        act(&api, reporter, &report, "answer", json!({ "text": "At eight" })).await.expect(200);
        triage(&api, &report).await;
        api.wait(TimeDelta::hours(4));
        for missing in ["answer", "nonconformity"] {
            let mut body = conversion();
            body.as_object_mut().unwrap().remove(missing);
            act(&api, handler, &report, "convert", body).await.expect(422);
        }
        let mut wrong = conversion();
        wrong["nonconformity"]["title"] = json!(" ");
        wrong["answer"] = json!("");
        let refused = act(&api, handler, &report, "convert", wrong).await.expect(422);
        assert_eq!(refused.faults(), ["/nonconformity/title blank", "/answer blank"]);
        let converted = act(&api, handler, &report, "convert", conversion()).await.expect(200);
        assert_eq!(converted.body["case"]["kind"], "nonconformity");
        let mine = api.by(reporter).await.get(&path).await.expect(200);
        assert_eq!((&mine.body["state"], &mine.body["kind"]), (&json!("converted"), &json!("weakness")));
        assert_eq!(mine.body["answer"], "Thank you. The gate gets a turnstile");
        assert_eq!(mine.body["messages"][1]["text"], "At eight");
        let case = api
            .by(handler)
            .await
            .get(&format!("/v1/nonconformities/{}", mine.body["case"]["id"].as_str().unwrap()))
            .await;
        let case = case.expect(200);
        assert_eq!(
            (&case.body["source"], &case.body["title"]),
            (&json!("employee"), &json!("Gate 2 lets people in without a badge"))
        );
        let trace = api.by(handler).await.get(&format!("/v1/records/{}/trace", case.reference())).await.expect(200);
        let edges = trace.body["edges"].as_array().unwrap();
        assert!(edges.iter().any(|edge| edge["relation"] == "raised"
            && edge["to"] == case.body["id"]
            && edge["from"] == mine.body["id"]));
        let outside = api.by(Role::Auditor).await.get(&format!("/v1/records/{}/trace", case.reference())).await;
        assert_eq!(outside.expect(200).body["nodes"].as_array().unwrap().len(), 1, "the report is not among them");
    }
}

/// The reporter of a suggestion is named in the suggestion box only where that is said.
#[tokio::test]
async fn a_suggestion_goes_into_the_box_without_a_name() {
    for database in each() {
        let api = Api::start(database).await;
        let reporter = api.member_id(Role::Member).await;
        for (named, proposer) in [(false, Value::Null), (true, json!(reporter))] {
            let report = file(&api, Role::Member).await;
            triage(&api, &report).await;
            let body = json!({
                "answer": "It is in the suggestion box",
                "improvement": { "title": "Badges show the floor", "description": "Large", "name_reporter": named },
            });
            let converted = act(&api, Role::IsmsManager, &report, "convert", body).await.expect(200);
            assert_eq!(converted.body["case"]["kind"], "improvement");
            let path = format!("/v1/improvements/{}", converted.body["case"]["id"].as_str().unwrap());
            let seen = api.by(Role::Auditor).await.get(&path).await.expect(200);
            assert_eq!((&seen.body["proposer_id"], &seen.body["source"]), (&proposer, &json!("employee")));
            assert!(!seen.text.contains("followed me"));
        }
        let report = file(&api, Role::Member).await;
        triage(&api, &report).await;
        let wrong = json!({ "answer": " ", "improvement": { "title": " ", "description": "x" } });
        let refused = act(&api, Role::IsmsManager, &report, "convert", wrong).await.expect(422);
        assert_eq!(refused.faults(), ["/improvement/title blank", "/answer blank"]);
        for (answer, fault) in
            [(json!({ "answer": "x" }), " required"), (json!({ "answer": "x", "improvement": null }), " required")]
        {
            let none = act(&api, Role::IsmsManager, &report, "convert", answer).await.expect(422);
            assert_eq!(none.faults(), [fault]);
        }
        let mut both = conversion();
        both["improvement"] = json!({ "title": "x", "description": "x" });
        let both = act(&api, Role::IsmsManager, &report, "convert", both).await.expect(422);
        assert_eq!(both.faults(), ["/improvement conflict"]);
    }
}

/// An incident is for triage to judge, a weakness for whoever assesses it; neither names the reporter unless that is said.
#[tokio::test]
async fn an_incident_or_a_weakness_comes_of_a_report() {
    for database in each() {
        let api = Api::start(database).await;
        let reporter = api.member_id(Role::Member).await;
        let incident = json!({ "title": "A stranger in the laboratory", "description": "Seen without a badge",
            "detected_at": api.now(), "assets": ["Laboratory"], "controls": ["A.7.2"], "category": "physical" });
        let weakness = json!({ "title": "The gate closes too slowly", "description": "Two fit", "found_in": "Gate 2" });
        for (kind, stem, case) in [("incident", "incidents", incident), ("weakness", "weaknesses", weakness)] {
            for (named, expected) in [(false, Value::Null), (true, json!(reporter))] {
                let report = file(&api, Role::Member).await;
                triage(&api, &report).await;
                let mut body = json!({ "answer": "Thank you", kind: case });
                body[kind]["name_reporter"] = json!(named);
                let converted = act(&api, Role::IsmsManager, &report, "convert", body).await.expect(200);
                assert_eq!(converted.body["case"]["kind"], kind);
                let path = format!("/v1/{stem}/{}", converted.body["case"]["id"].as_str().unwrap());
                let seen = api.by(Role::Auditor).await.get(&path).await.expect(200);
                assert_eq!((&seen.body["state"], &seen.body["reporter_id"]), (&json!("reported"), &expected));
                assert_eq!(seen.body["origin"]["id"], converted.body["id"]);
            }
        }
        let report = file(&api, Role::Member).await;
        triage(&api, &report).await;
        let late = json!({ "answer": "x", "incident": { "title": "x", "description": "x",
            "detected_at": api.now() + TimeDelta::days(2) } });
        let refused = act(&api, Role::IsmsManager, &report, "convert", late).await.expect(422);
        assert_eq!(refused.faults().len(), 1, "{}", refused.text);
        assert!(refused.faults()[0].starts_with("/incident/detected_at "), "{}", refused.text);
    }
}

/// A conversion makes both or neither; the answer names the report's entry, and both are of one request.
#[tokio::test]
async fn a_conversion_is_one_transaction() {
    for database in each() {
        let api = Api::start(database).await;
        let report = file(&api, Role::Member).await;
        triage(&api, &report).await;
        let manager = api.by(Role::IsmsManager).await;
        let path = format!("/v1/employee-reports/{report}/convert");
        manager.post(&format!("{path}?dry_run=true"), conversion()).await.expect(200);
        let mut wrong = conversion();
        wrong["answer"] = json!(" ");
        manager.post(&path, wrong).await.expect(422);
        assert_eq!(manager.get("/v1/nonconformities?count=true").await.body["total"], 0);
        let converted = manager.post(&path, conversion()).await.expect(200);
        api.sequence().await;
        let entries = manager.get("/v1/journal?limit=200").await.expect(200);
        let request = converted.header("x-request-id");
        let ours: Vec<&Value> =
            entries.body["items"].as_array().unwrap().iter().filter(|entry| entry["request"] == request).collect();
        let actions: Vec<&str> = ours.iter().map(|entry| entry["action"].as_str().unwrap()).collect();
        assert_eq!(actions, ["nonconformity.raised", "employee_report.converted"]);
        assert_eq!(ours[1]["id"], converted.header("journal-entry"));
    }
}

#[tokio::test]
async fn handlers_and_the_reporter_see_it_and_nobody_else() {
    for database in each() {
        let api = Api::start(database).await;
        let report = file(&api, Role::Member).await;
        let path = format!("/v1/employee-reports/{report}");
        let said = json!({ "record": report, "text": "It was the cleaner" });
        let comment = api.by(Role::IsmsManager).await.post("/v1/comments", said).await.expect(201);
        let comment_path = format!("/v1/comments/{}", comment.reference());
        api.follow().await;
        for role in [Role::Admin, Role::Management, Role::Auditor, Role::ExternalAuditor] {
            let other = api.by(role).await;
            other.get(&path).await.expect(404);
            other.get(&format!("/v1/records/{report}")).await.expect(404);
            other.get(&format!("/v1/records/{report}/history")).await.expect(404);
            other.get(&comment_path).await.expect(404);
            for word in ["badge", "cleaner"] {
                let found = other.get(&format!("/v1/search?q={word}")).await.expect(200);
                assert_eq!(found.body["items"], json!([]), "{role:?} {word}");
            }
            assert_eq!(other.get("/v1/comments?count=true").await.expect(200).body["total"], 0, "{role:?}");
            other.get(&format!("/v1/comments?record={report}")).await.expect(400);
            for place in ["journal?limit=200", "journal/export", "events?limit=200"] {
                let seen = other.get(&format!("/v1/{place}")).await.expect(200);
                assert!(!seen.text.contains(&report), "{role:?} {place}");
                assert!(!seen.text.contains("followed me") && !seen.text.contains("cleaner"), "{role:?} {place}");
            }
            let filed = other.get("/v1/journal?action=employee_report.filed").await.expect(200);
            let entry = &filed.body["items"][0];
            assert_eq!((&entry["detail"], &entry["object"]["type"]), (&Value::Null, &json!("employee_report")));
            let entry = other.get(&format!("/v1/journal/entries/{}", entry["id"].as_str().unwrap())).await.expect(200);
            assert_eq!(entry.body["detail"], Value::Null);
        }
        api.by(Role::ExternalAuditor).await.get("/v1/employee-reports").await.expect(403);
        for role in [Role::Admin, Role::Management, Role::Auditor] {
            let list = api.by(role).await.get("/v1/employee-reports?count=true").await.expect(200);
            assert_eq!(list.body["total"], 0, "{role:?}");
        }
        for role in [Role::IsmsManager, Role::Member] {
            let insider = api.by(role).await;
            insider.get(&path).await.expect(200);
            insider.get(&comment_path).await.expect(200);
            assert_eq!(insider.get("/v1/search?q=badge").await.expect(200).body["items"][0]["reference"], report);
            assert_eq!(insider.get(&format!("/v1/comments?record={report}&count=true")).await.body["total"], 1);
            assert_eq!(insider.get("/v1/employee-reports?count=true").await.body["total"], 1);
            insider.get(&format!("/v1/records/{report}/history")).await.expect(200);
        }
        let handler = api.by(Role::IsmsManager).await;
        let filed = handler.get("/v1/journal?action=employee_report.filed").await.expect(200);
        assert_eq!(filed.body["items"][0]["object"]["reference"], report);
        assert_eq!(handler.get("/v1/comments?count=true").await.body["total"], 1);
    }
}

#[tokio::test]
async fn whatever_happens_the_reporter_is_answered() {
    for database in each() {
        let api = Api::start(database).await;
        let handler = Role::IsmsManager;
        let (first, second) = (file(&api, Role::Member).await, file(&api, Role::Auditor).await);
        triage(&api, &first).await;
        triage(&api, &second).await;
        act(&api, handler, &first, "ask", json!({ "question": "Which day?" })).await.expect(200);
        for (verb, body) in
            [("decline", json!({ "answer": " " })), ("mark-duplicate", json!({ "of": first, "answer": "" }))]
        {
            let refused = act(&api, handler, &second, verb, body).await.expect(422);
            assert_eq!(refused.faults(), ["/answer blank"], "{verb}");
        }
        let case = super::nonconformities::raise(&api).await;
        for unknown in ["RPT-2026-9999", case.as_str()] {
            let body = json!({ "of": unknown, "answer": "x" });
            let refused = act(&api, handler, &second, "mark-duplicate", body).await.expect(422);
            assert_eq!(refused.faults(), ["/of unknown_record"]);
        }
        let itself = json!({ "of": second, "answer": "x" });
        assert_eq!(act(&api, handler, &second, "mark-duplicate", itself).await.expect(422).faults(), ["/of itself"]);
        let body = json!({ "of": first, "answer": "A colleague saw it, too" });
        let doubled = act(&api, handler, &second, "mark-duplicate", body).await.expect(200);
        assert_eq!(
            (&doubled.body["state"], &doubled.body["answer"]),
            (&json!("duplicate"), &json!("A colleague saw it, too"))
        );
        let declined = act(&api, handler, &first, "decline", json!({ "answer": "It was the fire drill" })).await;
        assert_eq!(declined.expect(200).body["state"], "declined");
        let late = act(&api, Role::Member, &first, "answer", json!({ "text": "On Thursday" })).await.expect(200);
        assert_eq!(late.body["messages"][1]["text"], "On Thursday", "what was asked is heard also when it comes late");
        let seen =
            api.by(Role::Auditor).await.get("/v1/employee-reports?state=duplicate&kind=weakness&count=true").await;
        assert_eq!(seen.expect(200).body["total"], 1);
    }
}

#[tokio::test]
async fn faults_are_named() {
    for database in each() {
        let api = Api::start(database).await;
        let tomorrow = (api.now() + TimeDelta::days(1)).date_naive();
        let wrong = json!({ "kind": "event", "text": " ", "place": "a\nb", "happened_on": tomorrow });
        let refused = api.by(Role::Member).await.post("/v1/employee-reports", wrong).await.expect(422);
        assert_eq!(refused.faults(), ["/text blank", "/place control_character", "/happened_on out_of_range"]);
        let kind = json!({ "kind": "rumour", "text": "x" });
        api.by(Role::Member).await.post("/v1/employee-reports", kind).await.expect(422);
    }
}
