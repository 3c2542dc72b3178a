//! What scanners find becomes weaknesses, once for each rule; what the next scan says is held against them.

use super::weaknesses::{close_case, verb};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller};
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

/// A log of one tool: rules with the places where they are broken.
pub fn log(found: &[(&str, &[&str])]) -> Value {
    let places = |rule: &str, places: &[&str]| {
        let at = |place: &&str| {
            json!({
                "ruleId": rule,
                "level": "error",
                "message": { "text": format!("{rule} is broken") },
                "locations": [{ "physicalLocation": { "artifactLocation": { "uri": place }, "region": { "startLine": 3 } } }],
            })
        };
        places.iter().map(at).collect::<Vec<_>>()
    };
    let results: Vec<Value> = found.iter().flat_map(|(rule, at)| places(rule, at)).collect();
    let rules = json!([{
        "id": "S1", "shortDescription": { "text": "Hard-coded password" }, "helpUri": "https://scanner.example/S1",
        "properties": { "security-severity": "7.5" }
    }]);
    json!({ "version": "2.1.0", "runs": [{
        "tool": { "driver": { "name": "Scanner", "version": "3.1", "rules": rules } }, "results": results,
    }] })
}

async fn send(by: &Caller<'_>, query: &str, log: &Value) -> Answer {
    let request = by.request(Method::POST, &format!("/v1/imports/sarif{query}"));
    by.send(request.header("content-type", "application/sarif+json").body(log.to_string())).await
}

/// What a scanner has found is reported.
pub async fn through_the_door(api: &Api) {
    send(&api.by(Role::IsmsManager).await, "", &log(&[("S1", &["a.py"])])).await.expect(201);
}

/// By rule, what became of it.
fn outcomes(answer: &Answer) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rules = answer.body["rules"].as_array().unwrap().iter();
    rules.map(|rule| (text(&rule["rule"]), text(&rule["outcome"]))).collect()
}

fn expected(all: &[(&str, &str)]) -> Vec<(String, String)> {
    all.iter().map(|(rule, outcome)| ((*rule).to_owned(), (*outcome).to_owned())).collect()
}

#[tokio::test]
async fn each_rule_is_a_weakness_once() {
    for database in each() {
        let api = Api::start(database).await;
        let key = json!({ "name": "Pipeline", "scopes": ["weaknesses:write"] });
        let key = api.by(Role::Admin).await.post("/v1/api-keys", key).await.expect(201);
        let key = api.with_token(key.body["token"].as_str().unwrap());
        let manager = api.by(Role::IsmsManager).await;
        let first = log(&[("S1", &["a.py", "b.py"]), ("S2", &["c.py"])]);
        let dry = send(&key, "?dry_run=true", &first).await.expect(200);
        assert_eq!(outcomes(&dry), expected(&[("S1", "reported"), ("S2", "reported")]));
        assert_eq!(manager.get("/v1/weaknesses?count=true").await.body["total"], 0);
        let made = send(&key, "", &first).await.expect(201);
        assert_eq!(
            made.body["counts"],
            json!({ "results": 3, "passed_over": 0, "reported": 2, "sighted": 0, "known": 0 })
        );
        let reference = made.body["rules"][0]["weakness"]["reference"].as_str().unwrap().to_owned();
        let path = format!("/v1/weaknesses/{reference}");
        let read = manager.get(&path).await.expect(200);
        assert_eq!(
            (&read.body["title"], &read.body["found_in"], &read.body["state"], &read.body["reporter_id"]),
            (&json!("Scanner: Hard-coded password"), &json!("a.py:3 and 1 more"), &json!("reported"), &Value::Null)
        );
        assert_eq!(read.body["description"], "S1 is broken\n\nS1 of Scanner");
        let scan = json!({
            "tool": "Scanner", "tool_version": "3.1", "rule": "S1", "level": "error", "severity": 75,
            "help_uri": "https://scanner.example/S1", "places": ["a.py:3", "b.py:3"], "occurrences": 2,
            "recurrence_of": null,
        });
        assert_eq!(read.body["scan"], scan);
        // Sent again it says nothing new, whoever sends it.
        let before = api.database.rows();
        let again = send(&manager, "", &first).await.expect(200);
        assert_eq!(outcomes(&again), expected(&[("S1", "known"), ("S2", "known")]));
        assert_eq!(again.body["rules"][0]["weakness"]["reference"], json!(reference));
        assert_eq!(api.database.rows(), before);
        // What is different is written; what is not in it is told, and stays.
        let second = send(&key, "", &log(&[("S1", &["a.py"])])).await.expect(201);
        assert_eq!(outcomes(&second), expected(&[("S1", "sighted")]));
        assert_eq!(second.body["not_seen"], json!([]), "the key reads no weaknesses");
        let second = send(&manager, "", &log(&[("S1", &["a.py"])])).await.expect(200);
        assert_eq!(second.body["not_seen"][0]["title"], "Scanner: S2");
        let read = manager.get(&path).await.expect(200);
        assert_eq!((&read.body["scan"]["places"], &read.body["version"]), (&json!(["a.py:3"]), &json!(2)));
        assert_eq!(read.body["found_in"], "a.py:3 and 1 more", "what people may have amended stays");
        let history = manager.get(&format!("/v1/records/{reference}/history")).await.expect(200);
        let told: Vec<&Value> = history.body["items"].as_array().unwrap().iter().map(|one| &one["action"]).collect();
        assert_eq!(told, ["weakness.reported", "weakness.sighted"]);
        let clean =
            json!({ "version": "2.1.0", "runs": [{ "tool": { "driver": { "name": " Scanner " } }, "results": [] }] });
        let clean = send(&manager, "", &clean).await.expect(200);
        assert_eq!(clean.body["not_seen"].as_array().unwrap().len(), 2);
        let stranger = api.stranger(Role::IsmsManager).await;
        let theirs = send(&stranger, "", &first).await.expect(201);
        assert_eq!(outcomes(&theirs), expected(&[("S1", "reported"), ("S2", "reported")]));
    }
}

#[tokio::test]
async fn what_was_decided_is_kept_and_what_comes_back_is_another_one() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let found = log(&[("S1", &["a.py"]), ("S2", &["b.py"])]);
        let made = send(&manager, "", &found).await.expect(201);
        let of = |rule: usize| made.body["rules"][rule]["weakness"]["reference"].as_str().unwrap().to_owned();
        let (first, second) = (of(0), of(1));
        // No weakness at all: whatever the scanner says next time.
        verb(&api, Role::IsmsManager, &second, "reject", json!({ "reason": "A test fixture" })).await.expect(200);
        let owner = api.member_id(Role::Member).await;
        let body =
            json!({ "rating": { "likelihood": 4, "impact": 3 }, "rationale": "In a repository", "owner_id": owner });
        verb(&api, Role::IsmsManager, &first, "assess", body).await.expect(200);
        let body = json!({ "case": "raised", "objective_evidence": "Line 3", "requirement": "A.8.28" });
        let treating = verb(&api, Role::Member, &first, "treat", body).await.expect(200);
        close_case(&api, treating.body["nonconformity_id"].as_str().unwrap()).await;
        let gone = json!({ "evidence": "It is read from the vault" });
        verb(&api, Role::IsmsManager, &first, "close", gone).await.expect(200);
        let back = send(&manager, "", &log(&[("S1", &["z.py"]), ("S2", &["y.py"])])).await.expect(201);
        assert_eq!(outcomes(&back), expected(&[("S1", "reported"), ("S2", "known")]));
        let anew = back.body["rules"][0]["weakness"]["reference"].as_str().unwrap();
        assert_ne!(anew, first);
        let read = manager.get(&format!("/v1/weaknesses/{anew}")).await.expect(200);
        let before = manager.get(&format!("/v1/weaknesses/{first}")).await.expect(200);
        assert_eq!(read.body["scan"]["recurrence_of"], before.body["id"]);
        let trace = manager.get(&format!("/v1/records/{anew}/trace")).await.expect(200);
        let edges = trace.body["edges"].as_array().unwrap();
        assert!(edges.iter().any(|edge| edge["relation"] == "recurrence_of" && edge["to"] == before.body["id"]));
        let known = send(&manager, "", &log(&[("S1", &["z.py"])])).await.expect(200);
        assert_eq!(known.body["rules"][0]["weakness"]["reference"], json!(anew), "the newest one");
        // What is restricted to others is known, and not told.
        super::restrictions::imposed(&api, anew).await;
        let outside = send(&api.by(Role::Auditor).await, "", &log(&[("S1", &["q.py"])])).await.expect(200);
        assert_eq!(outcomes(&outside), expected(&[("S1", "known")]));
        assert!(outside.body["rules"][0]["weakness"].is_null() && !outside.text.contains(anew), "{}", outside.text);
    }
}

#[tokio::test]
async fn what_is_no_log_is_refused_by_name() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let before = api.database.rows();
        let mut other = log(&[("S1", &["a.py"])]);
        other["version"] = json!("1.0.0");
        assert!(send(&manager, "", &other).await.expect(400).text.contains("2.1.0"));
        other["version"] = json!("2.1.0");
        other["runs"][0]["results"][0].as_object_mut().unwrap().remove("ruleId");
        assert!(send(&manager, "", &other).await.expect(400).text.contains("/runs/0/results/0"));
        let rules: Vec<String> = (0..1_001).map(|number| format!("R{number}")).collect();
        let many: Vec<(&str, &[&str])> = rules.iter().map(|rule| (rule.as_str(), &["a.py"][..])).collect();
        send(&manager, "", &log(&many)).await.expect(413);
        send(&manager, "?level_from=grave", &log(&[])).await.expect(400);
        manager.post("/v1/imports/sarif", log(&[("S1", &["a.py"])])).await.expect(415);
        let nameless = json!({ "version": "2.1.0", "runs": [{
            "tool": { "driver": { "name": " " } }, "results": [{ "ruleId": "S1" }],
        }] });
        assert_eq!(send(&manager, "", &nameless).await.expect(422).faults(), ["/tool blank"]);
        send(&api.by(Role::ExternalAuditor).await, "", &log(&[])).await.expect(403);
        assert_eq!(api.database.rows(), before);
        // Whatever a scanner writes is made to fit.
        let mut wild = log(&[("S1", &["\u{202e}a\u{0}.py"])]);
        wild["runs"][0]["tool"]["driver"]["rules"][0]["shortDescription"]["text"] = json!("x\ny".repeat(300));
        wild["runs"][0]["results"][0]["message"]["text"] = json!("m".repeat(30_000));
        let made = send(&manager, "", &wild).await.expect(201);
        let id = made.body["rules"][0]["weakness"]["id"].as_str().unwrap();
        let read = manager.get(&format!("/v1/weaknesses/{id}")).await.expect(200);
        assert_eq!(read.body["scan"]["places"], json!(["\u{fffd}a\u{fffd}.py:3"]));
        let quiet = send(&manager, "?level_from=error", &log(&[("S3", &["a.py"])])).await.expect(201);
        assert_eq!(outcomes(&quiet), expected(&[("S3", "reported")]));
    }
}

#[tokio::test]
async fn what_differs_only_in_what_is_not_kept_is_the_same() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let long = |end: &str| format!("{}{end}", "q".repeat(5_000));
        let (one, two) = (long("1"), long("2"));
        let found = log(&[(&one, &["a.py"]), (&two, &["b.py"]), ("S 1", &["c.py"]), ("S  1", &["d.py"])]);
        let made = send(&manager, "", &found).await.expect(201);
        assert_eq!(made.body["counts"]["reported"], 2);
        let again = send(&manager, "", &found).await.expect(200);
        assert_eq!((&again.body["counts"]["known"], &again.body["not_seen"]), (&json!(2), &json!([])));
        // What the tool passes over is in the log all the same.
        let mut passed = found.clone();
        for result in passed["runs"][0]["results"].as_array_mut().unwrap() {
            result["suppressions"] = json!([{ "kind": "inSource" }]);
        }
        let passed = send(&manager, "", &passed).await.expect(200);
        assert_eq!((&passed.body["counts"]["passed_over"], &passed.body["not_seen"]), (&json!(4), &json!([])));
    }
}
