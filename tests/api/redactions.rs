//! Content that must go by law: asked for by one, approved by another, gone from everywhere, and the journal verifies.

use super::{annotations, employee_reports, evidence, nonconformities};
use crate::databases::{Database, each};
use crate::harness::{Answer, Api, signer};
use ratchet_domain::access::Role;
use ratchet_domain::journal::checkpoint::VerifierKey;
use ratchet_domain::journal::export::verify_export;
use ratchet_persistence::erased_files;
use ratchet_persistence::files::Files;
use ratchet_persistence::journal::verification::{Scope, verify};
use serde_json::{Value, json};

const WHY: &str = "Erasure was asked for: GDPR, article 17";

async fn post(api: &Api, role: Role, path: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/{path}"), body).await
}

async fn read(api: &Api, role: Role, path: &str) -> Answer {
    api.by(role).await.get(&format!("/v1/{path}")).await
}

/// Asked for by management, so that the manager may approve it.
pub async fn requested(api: &Api, record: &str, fields: &[&str]) -> String {
    let body = json!({ "record": record, "fields": fields, "reason": WHY });
    post(api, Role::Management, "redactions", body).await.expect(201).reference().to_owned()
}

async fn approve(api: &Api, redaction: &str) -> Answer {
    post(api, Role::IsmsManager, &format!("redactions/{redaction}/approve"), json!({})).await
}

/// A case under a key for retries.
async fn keyed(api: &Api, key: &str, body: &Value) -> Answer {
    let member = api.by(Role::Member).await;
    let request = member.request(reqwest::Method::POST, "/v1/nonconformities").header("idempotency-key", key);
    member.send(request.json(body)).await
}

async fn details(api: &Api, reference: &str) -> Vec<Value> {
    let history = read(api, Role::Auditor, &format!("records/{reference}/history")).await.expect(200);
    history.body["items"].as_array().unwrap().iter().map(|entry| entry["detail"].clone()).collect()
}

/// Whether any row of the database holds these words.
fn is_kept(database: &Database, words: &str) -> Vec<String> {
    let hexadecimal = hex::encode(words).to_uppercase();
    let holds = |row: &String| row.contains(words) || row.to_uppercase().contains(&hexadecimal);
    let rows = database.rows();
    rows.into_iter().filter(|(_, rows)| rows.iter().any(holds)).map(|(table, _)| table).collect()
}

#[tokio::test]
async fn a_text_goes_from_everywhere_and_the_journal_verifies() {
    for database in each() {
        let api = Api::start(database).await;
        let name = "Annabel Quimby left her badge in the door";
        let mut body = nonconformities::report();
        body["statement"] = json!(name);
        let made = keyed(&api, "k", &body).await.expect(201);
        let case = made.reference().to_owned();
        let owner = api.member_id(Role::IsmsManager).await;
        api.wait(chrono::TimeDelta::hours(1));
        let before = api.now();
        api.wait(chrono::TimeDelta::hours(1));
        let confirm = json!({ "grade": "minor", "owner_id": owner });
        post(&api, Role::IsmsManager, &format!("nonconformities/{case}/confirm"), confirm).await.expect(200);
        api.follow().await;
        let found = read(&api, Role::Auditor, "search?q=quimby").await.expect(200);
        assert_eq!(found.body["items"].as_array().unwrap().len(), 1);
        assert!(is_kept(&api.database, name).len() >= 2, "this test cannot see what is kept");
        let checkpoint = read(&api, Role::Auditor, "journal/checkpoint").await.expect(200).body["note"].clone();

        let redaction = requested(&api, &case, &["/statement"]).await;
        let mine =
            post(&api, Role::Management, &format!("redactions/{redaction}/approve"), json!({})).await.expect(409);
        assert_eq!(
            mine.body["reasons"],
            json!([{
                "code": "separation_of_duties",
                "detail": "who asked for a redaction does not decide it: it takes two people",
            }])
        );
        post(&api, Role::Auditor, &format!("redactions/{redaction}/approve"), json!({})).await.expect(403);
        let dry = format!("redactions/{redaction}/approve?dry_run=true");
        post(&api, Role::IsmsManager, &dry, json!({})).await.expect(200);
        assert!(!is_kept(&api.database, name).is_empty(), "a dry run erases nothing");
        let done = approve(&api, &redaction).await.expect(200);
        assert_eq!((&done.body["state"], done.body["erased"].as_array().unwrap().len()), (&json!("carried_out"), 2));
        assert_eq!(done.body["transitions"], json!([]));

        // In the record, the list, the search, the history, the past.
        let tombstone = json!(format!("[redacted: {redaction}]"));
        let seen = read(&api, Role::Member, &format!("nonconformities/{case}")).await.expect(200);
        assert_eq!((&seen.body["statement"], &seen.body["title"]), (&tombstone, &body["title"]));
        let found = read(&api, Role::Auditor, "search?q=quimby").await.expect(200);
        assert_eq!(found.body["items"], json!([]), "at once, not when the worker comes");
        let history = details(&api, &case).await;
        assert_eq!((&history[0], &history[1]), (&Value::Null, &Value::Null));
        assert_eq!((&history[2]["state"]["statement"], &history[2]["reason"]), (&tombstone, &json!(WHY)));
        let then = before.format("%Y-%m-%dT%H:%M:%SZ");
        let past = read(&api, Role::Auditor, &format!("nonconformities/{case}?as_of={then}")).await.expect(410);
        assert_eq!(past.body["title"], "The content was redacted");
        api.wait(chrono::TimeDelta::hours(1));
        let now = api.now().format("%Y-%m-%dT%H:%M:%SZ");
        read(&api, Role::Auditor, &format!("nonconformities/{case}?as_of={now}")).await.expect(200);
        assert_eq!(is_kept(&api.database, name), Vec::<String>::new());
        let again = keyed(&api, "k", &body).await.expect(410);
        assert_eq!(again.body["type"], "/problems/redacted");

        // The tree is what it was: live, in an export, against the checkpoint from before.
        api.follow().await;
        let against = checkpoint.as_str().map(str::to_owned);
        let scope = Scope { state: true, against, ..Scope::default() };
        let report = verify(&scope, &signer().key.verifying_key(), &mut api.database.open()).unwrap();
        assert!(report.is_clean(), "{:?}", report.findings);
        let export = read(&api, Role::Auditor, "journal/export").await.expect(200).text;
        let head: Value = serde_json::from_str(export.lines().next().unwrap()).unwrap();
        let key: VerifierKey = head["verifier_key"].as_str().unwrap().parse().unwrap();
        let report = verify_export(export.lines(), &key, checkpoint.as_str());
        assert!(report.is_clean(), "{report:?}");
        assert_eq!((report.redacted, report.withheld), (2, 0));
        let told = super::journal::verified(&export, head["verifier_key"].as_str().unwrap());
        assert!(told.ends_with(", 2 redacted\n"), "{told}");
    }
}

/// What other records happen to say in the same words stays, in their kept answers, too.
#[tokio::test]
async fn what_others_say_alike_stays() {
    for database in each() {
        let api = Api::start(database).await;
        let body = nonconformities::report();
        let (one, other) = (keyed(&api, "one", &body).await.expect(201), keyed(&api, "other", &body).await.expect(201));
        let redaction = requested(&api, one.reference(), &["/title"]).await;
        approve(&api, &redaction).await.expect(200);
        let again = keyed(&api, "other", &body).await.expect(201);
        assert_eq!((&again.text, again.header("etag")), (&other.text, other.header("etag")));
        keyed(&api, "one", &body).await.expect(410);
        let changed = json!({ "title": "Another", "statement": "Another" });
        keyed(&api, "one", &changed).await.expect(422);
        let cases = read(&api, Role::Auditor, "nonconformities?count=true").await.expect(200);
        assert_eq!(cases.body["total"], 2, "a retry makes nothing, whatever is left of its answer");
    }
}

#[tokio::test]
async fn a_text_that_reads_like_a_choice_or_a_tombstone_goes() {
    for database in each() {
        let api = Api::start(database).await;
        for title in ["reported", "[redacted: so they say]"] {
            let mut body = nonconformities::report();
            body["title"] = json!(title);
            let case = post(&api, Role::Member, "nonconformities", body).await.expect(201).reference().to_owned();
            let redaction = requested(&api, &case, &["/title"]).await;
            approve(&api, &redaction).await.expect(200);
            let seen = read(&api, Role::Auditor, &format!("nonconformities/{case}")).await.expect(200);
            assert_eq!(seen.body["title"], format!("[redacted: {redaction}]"));
            assert_eq!(seen.body["state"], "reported");
        }
    }
}

/// The newest entry says nothing any more; the record is still found by what is left of it.
#[tokio::test]
async fn a_record_whose_newest_detail_went_is_found() {
    for database in each() {
        let api = Api::start(database).await;
        let case = nonconformities::raise(&api).await;
        let history = read(&api, Role::Auditor, &format!("records/{case}/history")).await.expect(200);
        let body = json!({ "record": case, "entries": [history.body["items"][0]["id"]], "reason": WHY });
        let redaction = post(&api, Role::Management, "redactions", body).await.expect(201).reference().to_owned();
        approve(&api, &redaction).await.expect(200);
        assert_eq!(details(&api, &case).await, [Value::Null]);
        api.follow().await;
        let found = read(&api, Role::Auditor, &format!("search?q={case}&kind=nonconformity")).await.expect(200);
        assert_eq!(found.body["items"].as_array().unwrap().len(), 1, "{}", found.text);
    }
}

/// Two ask for the same: what the second names is not there any more, and what came since nobody asked for.
#[tokio::test]
async fn what_went_meanwhile_is_not_erased_again() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let case = nonconformities::raise(&api).await;
        let file = evidence::upload(&manager, &case, "badges.txt", "text/plain", "Annabel Quimby").await.expect(201);
        let history = read(&api, Role::Auditor, &format!("records/{case}/history")).await.expect(200);
        let entries = json!({ "record": case, "entries": [history.body["items"][0]["id"]], "reason": WHY });
        let content = json!({ "record": file.reference(), "content": true, "reason": WHY });
        let mut second = Vec::new();
        for body in [entries, content] {
            let one = post(&api, Role::Management, "redactions", body.clone()).await.expect(201);
            second.push(post(&api, Role::Management, "redactions", body).await.expect(201).reference().to_owned());
            approve(&api, one.reference()).await.expect(200);
        }
        let anew = evidence::upload(&manager, &case, "anew.txt", "text/plain", "Annabel Quimby").await.expect(201);
        for redaction in second {
            assert_eq!(approve(&api, &redaction).await.expect(409).reasons(), ["changed_meanwhile"]);
        }
        read(&api, Role::Auditor, &format!("evidence/{}/content", anew.reference())).await.expect(200);
    }
}

/// The disk refuses once: the approval stands, and the file goes later, unless it was sent anew.
#[tokio::test]
async fn a_file_that_stays_goes_later() {
    for database in each() {
        let api = Api::start(database).await;
        let (manager, files) = (api.by(Role::IsmsManager).await, Files::new(api.evidence_directory()));
        let case = nonconformities::raise(&api).await;
        let gone = evidence::upload(&manager, &case, "badges.txt", "text/plain", "Annabel Quimby").await.expect(201);
        let [file] = evidence::files(&api.evidence_directory()).try_into().unwrap();
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        let body = json!({ "record": gone.reference(), "content": true, "reason": WHY });
        let redaction = post(&api, Role::Management, "redactions", body).await.expect(201);
        approve(&api, redaction.reference()).await.expect(200);
        assert!(erased_files::catch_up(&api.store, &files).await.is_err(), "it is told as long as it is there");
        std::fs::remove_dir(&file).unwrap();
        std::fs::write(&file, "Annabel Quimby").unwrap();
        assert_eq!(erased_files::catch_up(&api.store, &files).await.unwrap(), 1);
        assert!(!file.exists());
        let anew = evidence::upload(&manager, &case, "anew.txt", "text/plain", "Annabel Quimby").await.expect(201);
        assert_eq!(erased_files::catch_up(&api.store, &files).await.unwrap(), 0);
        read(&api, Role::Auditor, &format!("evidence/{}/content", anew.reference())).await.expect(200);
    }
}

/// Whoever sends the same content in that moment has a record and a file, or a record that says that it is gone.
#[tokio::test]
async fn no_file_goes_from_under_a_record() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let case = nonconformities::raise(&api).await;
        for round in 0..6 {
            let content = format!("Annabel Quimby {round}");
            let send = || evidence::upload(&manager, &case, "badges.txt", "text/plain", content.clone());
            let first = send().await.expect(201);
            let body = json!({ "record": first.reference(), "content": true, "reason": WHY });
            let redaction = post(&api, Role::Management, "redactions", body).await.expect(201);
            let (approved, a, b, c) = tokio::join!(approve(&api, redaction.reference()), send(), send(), send());
            approved.expect(200);
            for piece in [a, b, c] {
                let path = format!("evidence/{}", piece.expect(201).reference());
                let seen = read(&api, Role::Auditor, &path).await.expect(200);
                let expected = if seen.body["erased_by"].is_null() { 200 } else { 410 };
                read(&api, Role::Auditor, &format!("{path}/content")).await.expect(expected);
            }
        }
    }
}

#[tokio::test]
async fn a_reason_goes_with_its_entry() {
    for database in each() {
        let api = Api::start(database).await;
        let case = nonconformities::raise(&api).await;
        let body = json!({ "reason": "Annabel Quimby said so" });
        post(&api, Role::IsmsManager, &format!("nonconformities/{case}/reject"), body).await.expect(200);
        let history = read(&api, Role::Auditor, &format!("records/{case}/history")).await.expect(200);
        let entry = history.body["items"][1]["id"].clone();
        let ask = async |entries: Value| {
            let body = json!({ "record": case, "fields": ["/stage/reason"], "entries": entries, "reason": WHY });
            post(&api, Role::Management, "redactions", body).await
        };
        let unknown = ask(json!([uuid::Uuid::new_v4()])).await.expect(422);
        assert_eq!(unknown.faults(), ["/entries/0 unknown_entry"]);
        let redaction = ask(json!([entry])).await.expect(201).reference().to_owned();
        approve(&api, &redaction).await.expect(200);
        let kept = details(&api, &case).await;
        assert!(kept[0]["state"]["title"].is_string() && kept[1].is_null());
        assert_eq!(is_kept(&api.database, "Quimby"), Vec::<String>::new());
    }
}

#[tokio::test]
async fn a_file_goes_and_its_hash_stays() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let (one, other) = (nonconformities::raise(&api).await, nonconformities::raise(&api).await);
        let file = evidence::upload(&manager, &one, "badges.txt", "text/plain", "Annabel Quimby").await.expect(201);
        let same = evidence::upload(&manager, &other, "again.txt", "text/plain", "Annabel Quimby").await.expect(201);
        evidence::upload(&manager, &one, "more.txt", "text/plain", "Something else").await.expect(201);
        let body = json!({ "record": one, "content": true, "reason": WHY });
        let wrong = post(&api, Role::Management, "redactions", body).await.expect(422);
        assert_eq!(wrong.faults(), ["/content not_applicable"]);
        let body = json!({ "record": file.reference(), "content": true, "fields": ["/body/name"], "reason": WHY });
        let redaction = post(&api, Role::Management, "redactions", body.clone()).await.expect(201);
        let redaction = redaction.reference().to_owned();
        let dry = format!("redactions/{redaction}/approve?dry_run=true");
        post(&api, Role::IsmsManager, &dry, json!({})).await.expect(200);
        assert_eq!(evidence::files(&api.evidence_directory()).len(), 2, "a dry run erases nothing");
        approve(&api, &redaction).await.expect(200);
        assert_eq!(evidence::files(&api.evidence_directory()).len(), 1);
        for piece in [&file, &same] {
            let path = format!("evidence/{}", piece.reference());
            let seen = read(&api, Role::Auditor, &path).await.expect(200);
            assert_eq!((&seen.body["sha256"], &seen.body["erased_by"]), (&file.body["sha256"], &json!(redaction)));
            read(&api, Role::Auditor, &format!("{path}/content")).await.expect(410);
        }
        let named = read(&api, Role::Auditor, &format!("evidence/{}", file.reference())).await.expect(200);
        assert_eq!(named.body["name"], format!("[redacted: {redaction}]"));
        let again = post(&api, Role::Management, "redactions", body).await.expect(422);
        assert_eq!(again.faults(), ["/content redacted"]);
        // Sent anew it is another piece of evidence.
        let anew = evidence::upload(&manager, &one, "anew.txt", "text/plain", "Annabel Quimby").await.expect(201);
        read(&api, Role::Auditor, &format!("evidence/{}/content", anew.reference())).await.expect(200);
        read(&api, Role::Auditor, &format!("evidence/{}/content", file.reference())).await.expect(410);
    }
}

#[tokio::test]
async fn what_cannot_go_is_refused_and_named() {
    for database in each() {
        let api = Api::start(database).await;
        let case = nonconformities::raise(&api).await;
        let ask = async |record: &str, fields: Value| {
            let body = json!({ "record": record, "fields": fields, "reason": WHY });
            post(&api, Role::Management, "redactions", body).await
        };
        let wrong = ask(&case, json!(["/head/reference", "/nowhere", "/source", "title"])).await.expect(422);
        assert_eq!(wrong.faults(), ["/fields/3 malformed"]);
        let wrong = ask(&case, json!(["/head/reference", "/nowhere", "/source"])).await.expect(422);
        assert_eq!(wrong.faults(), ["/fields/0 protected", "/fields/1 unknown_field", "/fields/2 not_text"]);
        assert_eq!(ask("NC-2026-0999", json!(["/title"])).await.expect(422).faults(), ["/record unknown_record"]);
        let foreign = api.stranger(Role::IsmsManager).await;
        foreign.post("/v1/nonconformities", nonconformities::report()).await.expect(201);
        let redaction = requested(&api, &case, &["/title"]).await;
        assert_eq!(ask(&redaction, json!(["/legal_reason"])).await.expect(422).faults(), ["/record proof"]);
        foreign.post(&format!("/v1/redactions/{redaction}/approve"), json!({})).await.expect(404);
        let body = json!({ "reason": "It must be kept for ten years" });
        let rejected = post(&api, Role::IsmsManager, &format!("redactions/{redaction}/reject"), body.clone()).await;
        let rejected = rejected.expect(200);
        assert_eq!(
            (&rejected.body["state"], &rejected.body["rejection_reason"]),
            (&json!("rejected"), &body["reason"])
        );
        assert_eq!(approve(&api, &redaction).await.expect(409).reasons(), ["wrong_state"]);
        let seen = read(&api, Role::Auditor, &format!("nonconformities/{case}")).await.expect(200);
        assert_eq!(seen.body["title"], nonconformities::report()["title"]);
        // Two ask for the same: the second has nothing left to erase.
        let (one, other) = (requested(&api, &case, &["/title"]).await, requested(&api, &case, &["/title"]).await);
        approve(&api, &one).await.expect(200);
        assert_eq!(approve(&api, &other).await.expect(409).reasons(), ["changed_meanwhile"]);
    }
}

#[tokio::test]
async fn whoever_it_is_about_asks_and_who_sees_the_record_decides() {
    for database in each() {
        let api = Api::start(database).await;
        let report = employee_reports::file(&api, Role::Member).await;
        let body = json!({ "record": report, "fields": ["/text"], "reason": WHY });
        post(&api, Role::Auditor, "redactions", body.clone()).await.expect(422);
        let asked = post(&api, Role::Member, "redactions", body).await.expect(201).reference().to_owned();
        read(&api, Role::Member, &format!("redactions/{asked}")).await.expect(200);
        for role in [Role::Management, Role::Auditor] {
            read(&api, role, &format!("redactions/{asked}")).await.expect(404);
            let listed = read(&api, role, "redactions?count=true").await.expect(200);
            assert_eq!(listed.body["total"], 0);
        }
        let work = read(&api, Role::IsmsManager, "me/work").await.expect(200);
        let waits = work.body["items"].as_array().unwrap().iter().any(|item| item["reference"] == *asked);
        assert!(waits, "{}", work.text);
        approve(&api, &asked).await.expect(200);
        let seen = read(&api, Role::Member, &format!("employee-reports/{report}")).await.expect(200);
        assert_eq!(seen.body["text"], format!("[redacted: {asked}]"));
    }
}

#[tokio::test]
async fn a_comment_goes_as_any_record_does() {
    for database in each() {
        let api = Api::start(database).await;
        let comment = annotations::attached(&api, "comments", json!({ "text": "Annabel Quimby did it" })).await;
        let redaction = requested(&api, &comment, &["/body/text"]).await;
        approve(&api, &redaction).await.expect(200);
        let seen = read(&api, Role::Auditor, &format!("comments/{comment}")).await.expect(200);
        assert_eq!(seen.body["text"], format!("[redacted: {redaction}]"));
        assert_eq!(is_kept(&api.database, "Quimby"), Vec::<String>::new());
        let listed = read(&api, Role::Auditor, &format!("redactions?record={comment}&count=true")).await.expect(200);
        assert_eq!(listed.body["total"], 1);
    }
}

/// As somebody with the database's password would, who erases more than was approved.
#[tokio::test]
async fn what_no_redaction_names_is_found() {
    for database in each() {
        let api = Api::start(database).await;
        let case = nonconformities::raise(&api).await;
        let redaction = requested(&api, &case, &["/statement"]).await;
        approve(&api, &redaction).await.expect(200);
        let spared = nonconformities::raise(&api).await;
        api.sequence().await;
        api.damage();
        let first = "UPDATE journal_entries SET detail = NULL, detail_salt = NULL WHERE object_version = 1 AND object_id = \
             (SELECT id FROM nonconformities WHERE reference = 'REFERENCE')";
        let by_hand = first.replace("REFERENCE", &spared);
        diesel::connection::SimpleConnection::batch_execute(&mut api.database.open(), &by_hand).unwrap();
        let report = verify(&Scope::default(), &signer().key.verifying_key(), &mut api.database.open()).unwrap();
        let faults: Vec<&str> = report.findings.iter().map(|finding| finding.fault.as_str()).collect();
        assert_eq!(faults, ["the detail was removed without an entry that says so"]);
    }
}
