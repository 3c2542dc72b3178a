//! Reports: what outsiders hand in, and the digest of what is frozen.

use super::{access, check, declared, finding, report, started, verb, with};
use crate::databases::each;
use crate::harness::Api;
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

#[tokio::test]
async fn outsiders_audit_without_a_login_and_leave_their_report() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let outsider = json!([{ "name": "Nadia Berg", "firm": "Berg Audits", "is_lead": true }]);
        let body = with(access(&api).await, json!({ "kind": "certification", "team": outsider }));
        let refused = manager.post("/v1/audits", body.clone()).await.expect(422);
        assert_eq!(refused.faults(), ["/team/0/competence required"]);
        let able = json!([{ "name": "Nadia Berg", "is_lead": true, "competence": "Lead auditor for ten years" }]);
        let audit = manager.post("/v1/audits", with(body, json!({ "team": able }))).await.expect(201);
        let audit = audit.reference().to_owned();
        // Neither a declaration nor a checklist is asked for.
        verb(&api, Role::IsmsManager, &audit, "start", json!({})).await.expect(200);
        let grave = json!({ "item": null, "requirement": "9.3", "grade": "major" });
        manager.post("/v1/findings", finding(&audit, grave)).await.expect(201);
        let body = report(&api, Role::Management).await;
        let bare = verb(&api, Role::IsmsManager, &audit, "report", body.clone()).await.expect(422);
        assert_eq!(bare.faults(), ["/file required"]);
        let upload = |record: String| {
            let path = format!("/v1/evidence?record={record}&name=report.pdf");
            let request = manager.request(Method::POST, &path).header("content-type", "application/pdf");
            let (manager, request) = (manager.clone(), request.body("%PDF"));
            async move { manager.send(request).await.expect(201).reference().to_owned() }
        };
        let other = upload(crate::api::nonconformities::raise(&api).await).await;
        let wrong = verb(&api, Role::IsmsManager, &audit, "report", with(body.clone(), json!({ "file": other }))).await;
        assert_eq!(wrong.expect(422).faults(), ["/file of_another_record"]);
        let file = upload(audit.clone()).await;
        let reported =
            verb(&api, Role::IsmsManager, &audit, "report", with(body, json!({ "file": file }))).await.expect(200);
        assert!(reported.body["report"]["file_id"].is_string());
    }
}

/// As the contract says it: each part as `<length of name>:<name><length of value>:<value>`.
fn take(into: &mut String, from: &Value, names: &[&str]) {
    let value = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Object(object) => {
            let spoken = ["reference", "id", "name"].iter().find_map(|field| object.get(*field));
            spoken.and_then(Value::as_str).unwrap().to_owned()
        }
        Value::Null | Value::Bool(_) | Value::Array(_) => panic!("{value}"),
    };
    for name in names {
        let values = match &from[*name] {
            Value::Null => Vec::new(),
            Value::Array(values) => values.clone(),
            one @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => vec![one.clone()],
        };
        for value in values.iter().map(value) {
            into.push_str(&format!("{}:{name}{}:{value}", name.len(), value.len()));
        }
    }
}

#[tokio::test]
async fn anybody_can_take_the_digest_of_a_report_again() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let first = started(&api).await;
        for item in [1, 2, 3] {
            check(&api, Role::Auditor, &first, item, "not_checked").await.expect(200);
        }
        verb(&api, Role::Auditor, &first, "report", report(&api, Role::Management).await).await.expect(200);
        // The second one has what the first has left, a sample, and findings of every fate.
        let audit = declared(&api, json!({ "title": "Zugänge" })).await;
        verb(&api, Role::Auditor, &audit, "start", json!({})).await.expect(200);
        let sample = json!({ "population": { "kind": "member" }, "size": 2, "seed": "s", "item": 3 });
        verb(&api, Role::Auditor, &audit, "draw-sample", sample).await.expect(200);
        for (item, result) in [(1, "conforms"), (2, "not_applicable"), (3, "minor")] {
            check(&api, Role::Auditor, &audit, item, result).await.expect(200);
        }
        let mut found = Vec::new();
        for (title, item) in [("Withdrawn before", None), ("Stays", Some(3)), ("Withdrawn after", None)] {
            let more = json!({ "title": title, "item": item, "requirement": "A.5.18" });
            let made = auditor.post("/v1/findings", finding(&audit, more)).await.expect(201);
            found.push(format!("/v1/findings/{}", made.reference()));
        }
        let why = json!({ "reason": "Seen wrongly" });
        auditor.post(&format!("{}/withdraw", found[0]), why.clone()).await.expect(200);
        verb(&api, Role::Auditor, &audit, "report", report(&api, Role::Management).await).await.expect(200);
        auditor.post(&format!("{}/withdraw", found[2]), why).await.expect(200);
        auditor.post(&format!("{}/raise", found[1]), json!({})).await.expect(200);

        let read = auditor.get(&format!("/v1/audits/{audit}")).await.expect(200).body;
        let mut parts = String::new();
        take(&mut parts, &read, &["kind", "title", "scope", "requirements", "process_ids", "documents"]);
        take(&mut parts, &read["report"], &["summary", "conclusion", "file_id"]);
        for sample in read["samples"].as_array().unwrap() {
            take(&mut parts, sample, &["population_digest", "seed", "drawn"]);
        }
        for item in read["items"].as_array().unwrap() {
            take(&mut parts, item, &["number", "requirement", "process_id", "records", "question", "how"]);
            take(&mut parts, &item["carried_from"], &["audit_id", "finding_id", "item"]);
            let seen = ["result", "evidence", "reason", "notes", "checked_by", "recorded_by", "checked_at"];
            take(&mut parts, item, &seen);
        }
        let id = read["id"].as_str().unwrap();
        let findings = auditor.get(&format!("/v1/findings?audit={id}&sort=reference")).await.expect(200).body;
        for finding in findings["items"].as_array().unwrap().iter().filter(|one| !one["issued_at"].is_null()) {
            let names = ["reference", "item", "title", "statement", "evidence", "requirement", "process_id", "grade"];
            take(&mut parts, finding, &names);
        }
        assert_eq!(parts.matches("FND-").count(), 2, "{parts}");
        assert_eq!(read["report"]["digest"], hex::encode(Sha256::digest(parts)));
    }
}
