//! History of another register: taken whole or not at all, recognised when it comes again, and never passed off as enforced.

use super::habits::together;
use super::policies::history;
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

/// Management says from which day on the program is used: today, so that all that has been is history.
pub async fn go_live(api: &Api) {
    let day = api.now().date_naive();
    let answer = set_go_live(api, Role::Management, json!({ "go_live": day })).await;
    // It is said once: with the first history the day is fixed.
    assert!(answer.status == 200 || answer.reasons() == ["history_migrated"], "{}", answer.text);
}

async fn set_go_live(api: &Api, role: Role, body: Value) -> Answer {
    let caller = api.by(role).await;
    let settings = caller.get("/v1/settings").await.expect(200).body["items"][0]["id"].as_str().unwrap().to_owned();
    caller.post(&format!("/v1/settings/{settings}/set-go-live"), body).await
}

/// One row of each register, as it can be brought in.
pub fn rows(kind: &str) -> Value {
    let said = json!({
        "external_reference": format!("{kind}-1"), "raised_on": "2025-03-01", "title": "Critical patches late",
    });
    let more = match kind {
        "nonconformities" => json!({
            "state": "confirmed", "statement": "Not within 14 days", "objective_evidence": "79 %", "source": "audit",
            "grade": "minor", "owner": "isms_manager@ours.example",
        }),
        "incidents" => json!({ "state": "reported", "description": "At night", "reporter": "member@ours.example" }),
        "improvements" => json!({
            "state": "proposed", "description": "Patch the image", "source": "employee", "proposer": "member@ours.example",
        }),
        "risks" => json!({ "state": "identified", "description": "A restore fails" }),
        _ => json!({
            "state": "cancelled", "ended_on": "2025-03-09", "outcome": "Not needed", "kind": "corrective",
            "assignee": "member@ours.example",
        }),
    };
    let mut row = said;
    row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    json!([row])
}

/// A nonconformity that had ended.
fn closed(reference: &str) -> Value {
    json!({
        "external_reference": reference, "raised_on": "2025-03-01", "ended_on": "2025-04-01", "state": "closed",
        "outcome": "Patched; effective after three months", "title": "Critical patches late on laptops",
        "statement": "Not within 14 days", "objective_evidence": "79 %", "source": "audit", "requirement": "A.8.8",
        "root_causes": ["No agent in the image"],
    })
}

async fn import(api: &Api, kind: &str, query: &str, rows: Value) -> Answer {
    api.by(Role::IsmsManager).await.post(&format!("/v1/imports/{kind}{query}"), rows).await
}

async fn import_as(api: &Api, kind: &str, media_type: &str, body: &str) -> Answer {
    let manager = api.by(Role::IsmsManager).await;
    let request = manager.request(Method::POST, &format!("/v1/imports/{kind}")).header("content-type", media_type);
    manager.send(request.body(body.to_owned())).await
}

async fn read(api: &Api, path: &str) -> Value {
    api.by(Role::Auditor).await.get(&format!("/v1/{path}")).await.expect(200).body
}

fn reference(answer: &Answer, index: usize) -> String {
    answer.body["rows"][index]["reference"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_had_ended_shows_where_it_comes_from_and_stays() {
    for database in each() {
        let api = Api::start(database).await;
        go_live(&api).await;
        let dry = import(&api, "nonconformities", "?dry_run=true", json!([closed("CAPA-17")])).await.expect(200);
        assert_eq!(dry.body["counts"], json!({ "migrated": 1, "known": 0 }));
        assert_eq!(read(&api, "nonconformities").await["items"], json!([]), "a dry run keeps nothing");
        let made = import(&api, "nonconformities", "", json!([closed("CAPA-17"), closed("CAPA-18")])).await.expect(201);
        assert_eq!(made.body["counts"], json!({ "migrated": 2, "known": 0 }));
        let case = reference(&made, 0);
        assert_eq!(case, "NC-2026-0001", "its number is the register's of today, without gaps");
        let shown = read(&api, &format!("nonconformities/{case}")).await;
        assert_eq!((&shown["state"], &shown["created_at"]), (&json!("closed"), &json!(api.now())));
        assert_eq!(
            shown["migrated"],
            json!({
                "origin": "migrated", "external_reference": "CAPA-17", "raised_on": "2025-03-01",
                "ended_on": "2025-04-01", "outcome": "Patched; effective after three months",
                "root_causes": ["No agent in the image"],
            })
        );
        assert_eq!(
            (&shown["verdict"], &shown["closure"], &shown["analysis"]),
            (&json!(null), &json!(null), &json!(null))
        );
        // The journal says so, with the original date in its detail.
        assert_eq!(history(&api, &case).await, ["nonconformity.migrated"]);
        let entry = made.header("journal-entry").to_owned();
        assert!(!entry.is_empty());
        let told = read(&api, &format!("records/{case}/history")).await["items"][0].to_string();
        assert!(told.contains("2025-03-01") && told.contains("CAPA-17"), "{told}");
        // No verb moves it: what comes again is another one.
        let again = json!({ "recurred": true, "reason": "Again" });
        let manager = api.by(Role::IsmsManager).await;
        let refused = manager.post(&format!("/v1/nonconformities/{case}/reopen"), again).await.expect(409);
        assert_eq!(refused.reasons(), ["migrated"]);
        api.follow().await;
        let found = read(&api, "search?q=CAPA-17").await;
        assert_eq!(found["items"][0]["reference"], json!(case), "found by what it was called there: {found}");
    }
}

#[tokio::test]
async fn the_same_row_again_is_recognised_and_other_words_are_not() {
    for database in each() {
        let api = Api::start(database).await;
        go_live(&api).await;
        let first = import(&api, "nonconformities", "", json!([closed("CAPA-17")])).await.expect(201);
        let rows = api.database.rows_of(api.ours());
        let again = import(&api, "nonconformities", "", json!([closed("CAPA-17")])).await.expect(200);
        assert_eq!(again.body["counts"], json!({ "migrated": 0, "known": 1 }));
        assert_eq!((&again.body["rows"][0]["outcome"], reference(&again, 0)), (&json!("known"), reference(&first, 0)));
        assert_eq!(api.database.rows_of(api.ours()), rows);
        let mixed =
            import(&api, "nonconformities", "", json!([closed("CAPA-18"), closed("CAPA-17")])).await.expect(201);
        assert_eq!(mixed.body["counts"], json!({ "migrated": 1, "known": 1 }));
        let mut changed = closed("CAPA-17");
        changed["title"] = json!("Something else");
        let changed = import(&api, "nonconformities", "", json!([changed])).await.expect(422);
        assert_eq!(changed.faults(), ["/0/external_reference taken"]);
        let twice =
            import(&api, "nonconformities", "", json!([closed("CAPA-19"), closed("CAPA-19")])).await.expect(422);
        assert_eq!(twice.faults(), ["/1/external_reference duplicate"]);
        // Of another kind, or in another organisation, it is another one's.
        import(&api, "incidents", "", {
            let mut row = super::imports::rows("incidents");
            row[0]["external_reference"] = json!("CAPA-17");
            row
        })
        .await
        .expect(201);
        api.change_sides();
        go_live(&api).await;
        let mut theirs = closed("CAPA-17");
        theirs["title"] = json!("Theirs");
        import(&api, "nonconformities", "", json!([theirs])).await.expect(201);
    }
}

#[tokio::test]
async fn a_body_is_taken_whole_or_not_at_all() {
    for database in each() {
        let api = Api::start(database).await;
        let early = import(&api, "nonconformities", "", json!([closed("CAPA-1")])).await.expect(409);
        assert_eq!(early.reasons(), ["no_go_live"]);
        go_live(&api).await;
        let with = |name: &str, value: Value| {
            let mut row = closed("CAPA-1");
            if value.is_null() {
                row.as_object_mut().unwrap().remove(name);
            } else {
                row[name] = value;
            }
            row
        };
        let today = api.now().date_naive();
        for (row, fault) in [
            (with("raised_on", json!(today)), "/1/raised_on after_go_live"),
            (with("ended_on", json!(today)), "/1/ended_on after_go_live"),
            (with("ended_on", json!("2025-02-01")), "/1/ended_on out_of_range"),
            (with("ended_on", Value::Null), "/1/ended_on required"),
            (with("outcome", Value::Null), "/1/outcome required"),
            (with("state", Value::Null), "/1/state required"),
            (with("state", json!("finished")), "/1/state unknown_value"),
            (with("state", json!("verified")), "/1/state decided_here"),
            (with("external_reference", Value::Null), "/1/external_reference required"),
            (with("external_reference", json!(" ")), "/1/external_reference blank"),
            (with("owner", json!("nobody@ours.example")), "/1/owner unknown_member"),
            (with("owner", json!("isms_manager@theirs.example")), "/1/owner unknown_member"),
            (with("owner", json!(uuid::Uuid::new_v4())), "/1/owner unknown_member"),
            (with("requirement", json!("A.9.99")), "/1/requirement unknown_requirement"),
            (with("grave", json!(true)), "/1/grave unknown_field"),
        ] {
            let rows = api.database.rows_of(api.ours());
            let good = closed("CAPA-0");
            for query in ["", "?dry_run=true"] {
                let refused = import(&api, "nonconformities", query, json!([good, row])).await.expect(422);
                assert!(refused.faults().contains(&fault.to_owned()), "{fault}: {:?}", refused.faults());
            }
            assert_eq!(api.database.rows_of(api.ours()), rows, "{fault}: the good row is not kept either");
        }
        // Every fault of every row at once.
        let both = json!([with("title", json!(" ")), {}, with("outcome", Value::Null)]);
        let both = import(&api, "nonconformities", "", both).await.expect(422);
        assert_eq!(both.faults()[0], "/0/title blank");
        assert_eq!(both.faults().last().unwrap(), "/2/external_reference duplicate");
        let empty = import(&api, "nonconformities", "", json!([])).await.expect(422);
        assert_eq!(empty.faults(), [" length"]);
        let many: Vec<Value> = (0..1_001).map(|_| json!({})).collect();
        import(&api, "nonconformities", "", json!(many)).await.expect(422);
        let good = import(&api, "nonconformities", "", json!([closed("CAPA-0")])).await.expect(201);
        assert_eq!(reference(&good, 0), "NC-2026-0001", "what was refused left no gap");
    }
}

#[tokio::test]
async fn what_had_not_ended_goes_on_here_under_the_rules() {
    for database in each() {
        let api = Api::start(database).await;
        go_live(&api).await;
        let mut row = rows("nonconformities")[0].clone();
        row["state"] = json!("planned");
        row["root_causes"] = json!(["No agent"]);
        row["similar"] = json!("None");
        let case = reference(&import(&api, "nonconformities", "", json!([row])).await.expect(201), 0);
        let (manager, auditor) = (api.by(Role::IsmsManager).await, api.by(Role::Auditor).await);
        let path = |verb: &str| format!("/v1/nonconformities/{case}/{verb}");
        let today = api.now().date_naive();
        let implement = json!({ "check_on": today });
        let early = manager.post(&path("implement"), implement.clone()).await.expect(409);
        assert_eq!(early.reasons(), ["no_actions"], "gates hold from here on");
        let mut action = rows("actions")[0].clone();
        for (name, value) in [
            ("state", json!("done")),
            ("outcome", json!("Agent is in image 42")),
            ("parent_external_reference", json!("nonconformities-1")),
            ("due_on", json!("2025-03-20")),
        ] {
            action[name] = value;
        }
        action.as_object_mut().unwrap().remove("ended_on");
        import(&api, "actions", "", json!([action])).await.expect(201);
        manager.post(&path("implement"), implement).await.expect(200);
        let verdict = json!({ "effective": true, "criterion": "Share", "evidence": "97 %" });
        let own = manager.post(&path("verify"), verdict.clone()).await.expect(409);
        assert_eq!(own.reasons(), ["separation_of_duties"], "the owner whom the row names");
        auditor.post(&path("verify"), verdict).await.expect(200);
        let close = json!({ "isms_change": "None", "lessons": "None", "no_correction_because": "None needed" });
        manager.post(&path("close"), close).await.expect(200);
        let turns = read(&api, "cycles?limit=1").await;
        let figures = &turns["items"][0]["figures"];
        assert_eq!(figures["closed"]["nonconformities"], json!(1));
        assert_eq!(figures["entered"]["nonconformities"], json!(0), "it came in before there were turns");
        assert!(figures["median_days_to_close"].as_f64().unwrap() > 400.0, "{figures}");
        // It ended here: it may come back.
        let again = json!({ "recurred": true, "reason": "Again" });
        manager.post(&path("reopen"), again).await.expect(200);
    }
}

#[tokio::test]
async fn each_register_has_its_door() {
    for database in each() {
        let api = Api::start(database).await;
        go_live(&api).await;
        for kind in ["nonconformities", "incidents", "improvements", "risks"] {
            let made = import(&api, kind, "", rows(kind)).await.expect(201);
            let path = format!("/v1/{kind}/{}", reference(&made, 0));
            let shown = api.by(Role::IsmsManager).await.get(&path).await.expect(200).body;
            assert_eq!(shown["migrated"]["external_reference"], json!(format!("{kind}-1")), "{kind}");
            assert_eq!(shown["migrated"]["ended_on"], json!(null), "{kind}");
            let verbs = shown["transitions"].as_array().unwrap();
            assert!(verbs.iter().any(|verb| verb["allowed"] == true), "{kind}: {verbs:?}");
        }
        let over = [
            ("incidents", json!({ "state": "closed", "severity": 2, "category": "malware", "controls": ["A.8.7"] })),
            ("improvements", json!({ "state": "realised", "owner": "auditor@ours.example" })),
            ("risks", json!({ "state": "retired" })),
        ];
        for (kind, more) in over {
            let mut row = rows(kind)[0].clone();
            row["external_reference"] = json!("over");
            row["ended_on"] = json!("2025-05-01");
            row["outcome"] = json!("It is over");
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            let made = import(&api, kind, "", json!([row])).await.expect(201);
            let shown = read(&api, &format!("{kind}/{}", reference(&made, 0))).await;
            assert_eq!((&shown["state"], &shown["transitions"]), (&more["state"], &json!([])), "{kind}");
            assert_eq!(shown["migrated"]["outcome"], "It is over", "{kind}");
        }
        let registered = json!({ "title": "Fire", "description": "It burns", "external_reference": "GRC-1" });
        api.by(Role::IsmsManager).await.post("/v1/risks", registered).await.expect(201);
        let mut clash = rows("risks");
        clash[0]["external_reference"] = json!("GRC-1");
        assert_eq!(import(&api, "risks", "", clash).await.expect(422).faults(), ["/0/external_reference taken"]);
        // An action of what had ended has ended; of what goes on it goes on.
        let work = |reference: &str, more: Value| {
            let mut row = rows("actions")[0].clone();
            row["external_reference"] = json!(reference);
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            row
        };
        import(&api, "nonconformities", "", json!([closed("CAPA-17")])).await.expect(201);
        let served = json!([
            work("a", json!({ "parent_external_reference": "CAPA-17" })),
            work("b", json!({ "parent_external_reference": "over", "parent_kind": "incident" })),
            work("c", json!({ "parent": "NC-2026-0001" })),
        ]);
        let made = import(&api, "actions", "", served).await.expect(201);
        let shown = read(&api, &format!("actions/{}", reference(&made, 0))).await;
        assert_eq!((&shown["state"], &shown["cancelled_because"]), (&json!("cancelled"), &json!("Not needed")));
        assert_eq!(shown["due_on"], "2025-03-09", "nobody knows any more: the day on which it ended");
        let open = json!({ "state": "open", "ended_on": null, "outcome": null, "due_on": "2025-03-20" });
        let wrong = |more: Value| {
            let mut row = work("d", open.clone());
            row.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!([row])
        };
        for (more, fault) in [
            (json!({ "parent_external_reference": "CAPA-17" }), "/0/parent parent_is_over"),
            (json!({ "parent_external_reference": "CAPA-99" }), "/0/parent_external_reference unknown_record"),
            (json!({ "parent": "NC-2026-9876" }), "/0/parent unknown_record"),
            (json!({}), "/0/parent required"),
            (
                json!({ "parent": "NC-2026-0001", "parent_external_reference": "CAPA-17" }),
                "/0/parent_external_reference exclusive",
            ),
            (json!({ "parent": "NC-2026-0001", "due_on": null }), "/0/due_on required"),
        ] {
            let refused = import(&api, "actions", "", wrong(more)).await.expect(422);
            assert_eq!(refused.faults(), [fault]);
        }
        import(&api, "actions", "", wrong(json!({ "parent": "NC-2026-0001" }))).await.expect(201);
    }
}

#[tokio::test]
async fn the_three_forms_say_the_same() {
    for database in each() {
        let api = Api::start(database).await;
        go_live(&api).await;
        let first = import(&api, "nonconformities", "", json!([closed("CAPA-17")])).await.expect(201);
        let lines = format!("{}\n\n", closed("CAPA-17"));
        let ndjson = import_as(&api, "nonconformities", "application/x-ndjson", &lines).await.expect(200);
        let csv = "\u{feff}external_reference,raised_on,ended_on,state,outcome,title,statement,objective_evidence,source,\
                   requirement,root_causes,owner\n\
                   CAPA-17,2025-03-01,2025-04-01,closed,Patched; effective after three months,\
                   Critical patches late on laptops,Not within 14 days,79 %,audit,A.8.8,No agent in the image,\n";
        let csv = import_as(&api, "nonconformities", "text/csv", csv).await.expect(200);
        for known in [ndjson, csv] {
            assert_eq!(known.body["counts"], json!({ "migrated": 0, "known": 1 }));
            assert_eq!(reference(&known, 0), reference(&first, 0));
        }
        let risk = "external_reference,raised_on,state,title,description,owner,likelihood,impact,rationale,review_on,controls\n\
                    R-1,2025-03-01,assessed,Backups,Cannot be read,isms_manager@ours.example,4,5,Three of twenty,2026-09-01,\
                    A.8.13; A.8.14\n";
        let risk = reference(&import_as(&api, "risks", "text/csv", risk).await.expect(201), 0);
        let shown = read(&api, &format!("risks/{risk}")).await;
        assert_eq!((&shown["level"], &shown["controls"]), (&json!(20), &json!(["A.8.13", "A.8.14"])));
        let odd = "external_reference,severity\nX,grave\n";
        let odd = import_as(&api, "incidents", "text/csv", odd).await.expect(422);
        assert_eq!(odd.faults(), ["/0/severity type"]);
        let column = import_as(&api, "incidents", "text/csv", "external_reference,colour\nX,red\n").await.expect(422);
        assert_eq!(column.faults(), ["/colour unknown_field"]);
        import_as(&api, "incidents", "text/plain", "x").await.expect(415);
    }
}

#[tokio::test]
async fn whoever_has_left_may_have_answered_for_what_had_ended() {
    for database in each() {
        let api = Api::start(database).await;
        go_live(&api).await;
        let auditor = api.member_id(Role::Auditor).await;
        let path = format!("/v1/members/{auditor}/deactivate");
        api.by(Role::Admin).await.post(&path, json!({ "reason": "Left" })).await.expect(200);
        let mut ended = closed("CAPA-17");
        ended["owner"] = json!("Auditor@ours.example");
        let manager = api.by(Role::IsmsManager).await;
        let made = manager.post("/v1/imports/nonconformities", json!([ended])).await.expect(201);
        let shown = manager.get(&format!("/v1/nonconformities/{}", reference(&made, 0))).await.expect(200);
        assert_eq!(shown.body["owner_id"], json!(auditor));
        let mut open = rows("nonconformities");
        open[0]["owner"] = json!(auditor);
        let open = manager.post("/v1/imports/nonconformities", open).await.expect(422);
        assert_eq!(open.faults(), ["/0/owner unknown_member"]);
    }
}

#[tokio::test]
async fn readiness_says_what_was_migrated_and_not_enforced() {
    for database in each() {
        let api = Api::start(database).await;
        go_live(&api).await;
        let check = async |id: &str| {
            let readiness = read(&api, "readiness").await;
            let checks =
                readiness["steps"].as_array().unwrap().iter().flat_map(|step| step["checks"].as_array().unwrap());
            checks.clone().find(|check| check["id"] == id).unwrap_or_else(|| panic!("{id}")).clone()
        };
        let ours = super::nonconformities::raise(&api).await;
        import(&api, "nonconformities", "", json!([closed("CAPA-17"), closed("CAPA-18")])).await.expect(201);
        let recorded = check("nonconformities-recorded").await;
        assert_eq!((&recorded["proof"]["count"], &recorded["proof"]["migrated"]), (&json!(3), &json!(2)), "{ours}");
        assert_eq!(recorded["offending"]["migrated"], json!(0));
        let verified = check("effectiveness-verified").await;
        assert_eq!((&verified["proof"]["count"], &verified["proof"]["migrated"]), (&json!(2), &json!(2)));
        // What had ended is nothing that a review's period saw.
        let review = super::management_reviews::prepared(&api).await;
        let inputs = read(&api, &format!("management-reviews/{review}/inputs")).await;
        let cases = &inputs["inputs"]["collected"]["nonconformities"];
        assert_eq!((&cases["raised"]["now"], &cases["closed"]["now"]), (&json!(1), &json!(0)), "{inputs}");
    }
}

#[tokio::test]
async fn the_day_of_go_live_is_fixed_by_the_first_record() {
    for database in each() {
        let api = Api::start(database).await;
        let today = api.now().date_naive();
        let body = |days: i64| json!({ "go_live": today + TimeDelta::days(days) });
        for role in [Role::Admin, Role::IsmsManager] {
            set_go_live(&api, role, body(0)).await.expect(403);
        }
        let late = set_go_live(&api, Role::Management, body(367)).await.expect(422);
        assert_eq!(late.faults(), ["/go_live out_of_range"]);
        set_go_live(&api, Role::Management, body(30)).await.expect(200);
        let set = set_go_live(&api, Role::Management, body(-30)).await.expect(200);
        assert_eq!(set.body["go_live"], json!(today - TimeDelta::days(30)));
        let mut recent = closed("CAPA-17");
        recent["ended_on"] = json!(today - TimeDelta::days(30));
        let refused = import(&api, "nonconformities", "", json!([recent])).await.expect(422);
        assert_eq!(refused.faults(), ["/0/ended_on after_go_live"]);
        import(&api, "nonconformities", "", json!([closed("CAPA-17")])).await.expect(201);
        let fixed = set_go_live(&api, Role::Management, body(0)).await.expect(409);
        assert_eq!(fixed.reasons(), ["history_migrated"]);
        for role in [Role::Admin, Role::Management, Role::Auditor, Role::Member, Role::ExternalAuditor] {
            api.by(role).await.post("/v1/imports/nonconformities", json!([closed("CAPA-18")])).await.expect(403);
        }
    }
}

#[tokio::test]
async fn two_who_bring_in_the_same_rows_bring_them_in_once() {
    for database in each() {
        let api = Api::start(database).await;
        go_live(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        let body = || json!([closed("CAPA-17"), closed("CAPA-18")]);
        let answers = together((0..4).map(|_| manager.post("/v1/imports/nonconformities", body()))).await;
        assert_eq!(answers.iter().filter(|answer| answer.status == 201).count(), 1);
        assert!(answers.iter().all(|answer| [200, 201, 503].contains(&answer.status)));
        assert_eq!(read(&api, "nonconformities").await["items"].as_array().unwrap().len(), 2);
    }
}
