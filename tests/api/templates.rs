//! The starting set: applied whole or in part, by one call, once.

use super::habits::together;
use super::policies::establish;
use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use ratchet_domain::templates::starter;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

const APPLY: &str = "/v1/templates/starter/apply";

async fn apply(api: &Api, query: &str, body: Value) -> Answer {
    api.by(Role::IsmsManager).await.post(&format!("{APPLY}{query}"), body).await
}

async fn list(api: &Api, path: &str) -> Vec<Value> {
    let answer = api.by(Role::Auditor).await.get(&format!("/v1/{path}")).await.expect(200);
    answer.body["items"].as_array().unwrap().clone()
}

/// How many records of each kind were made.
fn made(answer: &Answer) -> BTreeMap<String, usize> {
    let mut kinds = BTreeMap::new();
    for made in answer.body["made"].as_array().unwrap() {
        *kinds.entry(made["record"]["kind"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    kinds
}

/// Why templates were left out, and how many.
fn skipped(answer: &Answer) -> BTreeMap<String, usize> {
    let mut reasons = BTreeMap::new();
    for skipped in answer.body["skipped"].as_array().unwrap() {
        *reasons.entry(skipped["reason"].as_str().unwrap().to_owned()).or_default() += 1;
    }
    reasons
}

async fn readiness(api: &Api) -> Value {
    api.by(Role::Auditor).await.get("/v1/readiness").await.expect(200).body
}

/// What each check answers.
fn results(readiness: &Value) -> BTreeMap<String, String> {
    let steps = readiness["steps"].as_array().unwrap().iter();
    let checks = steps.flat_map(|step| step["checks"].as_array().unwrap());
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    checks.map(|check| (text(&check["id"]), text(&check["result"]))).collect()
}

#[tokio::test]
async fn one_call_makes_the_whole_set_and_readiness_answers_differently() {
    for database in each() {
        let api = Api::start(database).await;
        let before = readiness(&api).await;
        let applied = apply(&api, "", json!({})).await.expect(201);
        assert_eq!(applied.body["skipped"], json!([]));
        let kinds = made(&applied);
        for (kind, count) in [
            ("policy", 11),
            ("policy_version", 11),
            ("objective", 6),
            ("indicator", 25),
            ("context_entry", 12),
            ("process", 9),
            ("risk", 12),
            ("audit_programme", 1),
            ("change_template", 5),
            ("course", 6),
            ("competence", 7),
            ("communication_plan", 7),
            ("management_review", 1),
            ("comment", 1),
        ] {
            assert_eq!(kinds[kind], count, "{kind}");
        }
        let of_templates: BTreeSet<&str> =
            applied.body["made"].as_array().unwrap().iter().map(|made| made["template"].as_str().unwrap()).collect();
        assert_eq!(of_templates.len(), starter().len(), "each template made something");
        // Nothing is approved by it.
        let states: BTreeSet<&str> = applied.body["made"]
            .as_array()
            .unwrap()
            .iter()
            .map(|made| made["record"]["state"].as_str().unwrap())
            .collect();
        let beginnings =
            ["active", "applicable", "attached", "current", "draft", "identified", "in_force", "required", "scheduled"];
        assert_eq!(states.into_iter().collect::<Vec<_>>(), beginnings);
        let after = readiness(&api).await;
        let (was, is) = (results(&before), results(&after));
        for (check, result) in [
            ("processes-registered", "met"),
            ("interested-parties", "met"),
            ("climate-change", "not_met"),
            ("review-scheduled", "met"),
            ("controls-decided", "partly"),
            ("indicators-in-use", "not_met"),
            ("top-level-policy", "not_met"),
            ("objectives-set", "not_met"),
            ("risks-assessed", "not_met"),
        ] {
            assert_eq!(is[check], result, "{check}");
        }
        assert_eq!(was["processes-registered"], "not_met");
        assert!(after["score"].as_u64() > before["score"].as_u64(), "{} after {}", after["score"], before["score"]);
        // The journal tells each of them as any other.
        let policy = &applied.body["made"].as_array().unwrap().iter().find(|made| made["record"]["kind"] == "policy");
        let reference = policy.unwrap()["record"]["reference"].as_str().unwrap();
        assert_eq!(super::policies::history(&api, reference).await, ["policy.established"]);
    }
}

#[tokio::test]
async fn what_comes_of_it_goes_the_way_of_any_other() {
    for database in each() {
        let api = Api::start(database).await;
        apply(&api, "", json!({})).await.expect(201);
        let manager = api.by(Role::IsmsManager).await;
        let management = api.by(Role::Management).await;
        let version = list(&api, "policy-versions?sort=reference").await[0]["reference"].as_str().unwrap().to_owned();
        let confirmed = json!({ "confirmations": {
            "fits_purpose": true, "frames_objectives": true, "commits_to_requirements": true,
            "commits_to_improvement": true,
        } });
        let path = format!("/v1/policy-versions/{version}");
        manager.post(&format!("{path}/submit"), confirmed).await.expect(200);
        management.post(&format!("{path}/approve"), json!({})).await.expect(200);
        manager.post(&format!("{path}/publish"), json!({})).await.expect(200);
        let programme = list(&api, "audit-programmes").await[0]["reference"].as_str().unwrap().to_owned();
        let coverage = manager.get(&format!("/v1/audit-programmes/{programme}/coverage")).await.expect(200);
        assert_eq!(coverage.body["totals"]["never"], json!(0), "{}", coverage.body["totals"]);
        management.post(&format!("/v1/audit-programmes/{programme}/approve"), json!({})).await.expect(200);
        let indicator = list(&api, "indicators?sort=reference").await[0]["reference"].as_str().unwrap().to_owned();
        manager.post(&format!("/v1/indicators/{indicator}/activate"), json!({})).await.expect(200);
        let template = list(&api, "change-templates").await[0]["reference"].as_str().unwrap().to_owned();
        management.post(&format!("/v1/change-templates/{template}/approve"), json!({})).await.expect(200);
        let course = list(&api, "courses").await[0]["reference"].as_str().unwrap().to_owned();
        // Where it is found only the organisation knows.
        let material = json!({ "material": "https://intranet.example/security" });
        manager.patch(&format!("/v1/courses/{course}"), "*", material).await.expect(200);
        let published = json!({ "evaluate_on": (api.now() + chrono::TimeDelta::days(90)).date_naive() });
        manager.post(&format!("/v1/courses/{course}/publish"), published).await.expect(200);
        let review = list(&api, "management-reviews").await[0].clone();
        assert_eq!(review["chair_id"], json!(api.member_id(Role::Management).await));
        let agenda = list(&api, &format!("comments?record={}", review["reference"].as_str().unwrap())).await;
        assert!(agenda[0]["text"].as_str().unwrap().contains("Agenda"), "{agenda:?}");
        let objective = list(&api, "objectives").await[0].clone();
        let policy = list(&api, "policies?top_level=true").await[0].clone();
        assert_eq!(objective["policy_id"], policy["id"]);
        assert_eq!(objective["measure"]["kind"], "indicator");
        let is = results(&readiness(&api).await);
        assert_eq!((is["top-level-policy"].as_str(), is["programme-approved"].as_str()), ("met", "met"));
    }
}

#[tokio::test]
async fn applied_twice_it_makes_nothing_twice() {
    for database in each() {
        let api = Api::start(database).await;
        let first = apply(&api, "", json!({})).await.expect(201);
        let process = list(&api, "processes").await[0]["reference"].as_str().unwrap().to_owned();
        let renamed = json!({ "name": "How we do this here" });
        let manager = api.by(Role::IsmsManager).await;
        manager.patch(&format!("/v1/processes/{process}"), "*", renamed).await.expect(200);
        let rows = api.database.rows_of(api.ours());
        let again = apply(&api, "", json!({})).await.expect(200);
        assert_eq!(again.body["made"], json!([]));
        assert_eq!(skipped(&again), [("applied".to_owned(), starter().len())].into());
        assert_eq!(api.database.rows_of(api.ours()), rows);
        let told =
            again.body["skipped"].as_array().unwrap().iter().find(|one| one["record"]["reference"] == json!(process));
        assert_eq!(told.unwrap()["record"]["title"], "How we do this here");
        let shown = list(&api, "templates").await;
        assert_eq!(shown.len(), starter().len());
        assert!(shown.iter().all(|template| template["applied"]["reference"].is_string()));
        let of = |answer: &Answer| answer.body["made"].as_array().unwrap().len();
        assert!(of(&first) > starter().len());
        // Another organisation begins for itself.
        let stranger = api.stranger(Role::IsmsManager).await;
        let theirs = stranger.get("/v1/templates?area=policies,courses").await.expect(200);
        let theirs = theirs.body["items"].as_array().unwrap();
        assert_eq!(theirs.len(), 17);
        assert!(theirs.iter().all(|template| template["applied"] == Value::Null));
        assert_eq!(skipped(&stranger.post(APPLY, json!({})).await.expect(201)), BTreeMap::new());
    }
}

#[tokio::test]
async fn a_dry_run_tells_and_keeps_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let rows = api.database.rows_of(api.ours());
        let dry = apply(&api, "?dry_run=true", json!({})).await.expect(200);
        assert_eq!(api.database.rows_of(api.ours()), rows);
        let done = apply(&api, "", json!({})).await.expect(201);
        assert_eq!(made(&dry), made(&done));
    }
}

#[tokio::test]
async fn parts_are_chosen_and_owners_named() {
    for database in each() {
        let api = Api::start(database).await;
        let (member, auditor) = (api.member_id(Role::Member).await, api.member_id(Role::Auditor).await);
        let body = json!({
            "areas": ["processes", "risks"], "templates": ["policy-access"], "owner_id": member,
            "owners": [{ "area": "policies", "member_id": auditor }],
        });
        let part = apply(&api, "", body).await.expect(201);
        let kinds: Vec<String> = made(&part).into_keys().collect();
        assert_eq!(kinds, ["policy", "policy_version", "process", "risk"]);
        assert!(list(&api, "processes").await.iter().all(|process| process["owner_id"] == json!(member)));
        assert_eq!(list(&api, "policies").await[0]["owner_id"], json!(auditor));
        // An objective needs its policy and its indicator.
        let alone = apply(&api, "", json!({ "templates": ["objective-updates"] })).await.expect(200);
        assert_eq!(
            alone.body["skipped"],
            json!([{
                "template": "objective-updates", "reason": "needs", "record": null,
                "detail": "needs policy-information-security and indicator-critical-updates: neither applied nor chosen",
            }])
        );
        let needed = ["policy-information-security", "objective-updates", "indicator-critical-updates"];
        let together = apply(&api, "", json!({ "templates": needed })).await.expect(201);
        assert_eq!((made(&together)["objective"], skipped(&together)), (1, BTreeMap::new()));
        let rest = apply(&api, "", json!({})).await.expect(201);
        assert_eq!(skipped(&rest), [("applied".to_owned(), 9 + 12 + 1 + 3)].into());
    }
}

#[tokio::test]
async fn what_is_there_by_another_way_is_left_as_it_is() {
    for database in each() {
        let api = Api::start(database).await;
        let own =
            establish(&api, json!({ "title": "Information security policy", "top_level": true })).await.expect(201);
        let said = super::applicabilities::needed("A.8.13");
        api.by(Role::IsmsManager).await.post("/v1/applicabilities", said).await.expect(201);
        super::management_reviews::schedule(&api).await;
        let applied = apply(&api, "", json!({})).await.expect(201);
        assert_eq!(skipped(&applied), [("exists".to_owned(), 3)].into());
        let told: BTreeSet<&str> =
            applied.body["skipped"].as_array().unwrap().iter().map(|one| one["template"].as_str().unwrap()).collect();
        let left = ["control-a-8-13", "management-review-first", "policy-information-security"];
        assert_eq!(told.into_iter().collect::<Vec<_>>(), left);
        let objectives = list(&api, "objectives").await;
        assert!(objectives.iter().all(|one| one["policy_id"] == own.body["id"]), "they serve the one that is there");
    }
}

#[tokio::test]
async fn without_anybody_of_the_management_there_is_no_review() {
    for database in each() {
        let api = Api::start(database).await;
        let management = api.member_id(Role::Management).await;
        let path = format!("/v1/members/{management}/assign-roles");
        api.by(Role::Admin).await.post(&path, json!({ "roles": ["member"] })).await.expect(200);
        let applied = apply(&api, "", json!({ "areas": ["management_reviews"] })).await.expect(200);
        assert_eq!(skipped(&applied), [("no_top_management".to_owned(), 1)].into());
        let chair = json!({ "areas": ["management_reviews"], "chair_id": management });
        assert_eq!(apply(&api, "", chair).await.expect(422).faults(), ["/chair_id not_management"]);
        let auditor = api.member_id(Role::Auditor).await;
        let path = format!("/v1/members/{auditor}/assign-roles");
        api.by(Role::Admin).await.post(&path, json!({ "roles": ["management"] })).await.expect(200);
        let later = apply(&api, "", json!({ "areas": ["management_reviews"] })).await.expect(201);
        assert_eq!(made(&later).into_keys().collect::<Vec<_>>(), ["comment", "management_review"]);
        assert_eq!(list(&api, "management-reviews").await[0]["chair_id"], json!(auditor));
    }
}

#[tokio::test]
async fn two_who_apply_it_at_once_make_it_once() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let choice = || json!({ "areas": ["processes", "competences"] });
        let answers = together((0..6).map(|_| manager.post(APPLY, choice()))).await;
        let busy = answers.iter().filter(|answer| answer.status == 503).count();
        let created = answers.iter().filter(|answer| answer.status == 201).count();
        assert_eq!(created, 1, "{busy} were busy");
        assert!(answers.iter().all(|answer| [200, 201, 503].contains(&answer.status)));
        assert_eq!((list(&api, "processes").await.len(), list(&api, "competences").await.len()), (9, 7));
    }
}

#[tokio::test]
async fn faults_are_named() {
    for database in each() {
        let api = Api::start(database).await;
        let nobody = uuid::Uuid::new_v4();
        let me = api.member_id(Role::IsmsManager).await;
        for (body, faults) in [
            (json!({ "templates": ["policy-access", "nonsense"] }), vec!["/templates/1 unknown_template"]),
            (json!({ "areas": [] }), vec!["/areas required"]),
            (json!({ "owner_id": nobody }), vec!["/owner_id unknown_member"]),
            (json!({ "chair_id": nobody }), vec!["/chair_id unknown_member"]),
            (
                json!({ "owners": [{ "area": "risks", "member_id": nobody }] }),
                vec!["/owners/0/member_id unknown_member"],
            ),
            (
                json!({ "owners": [{ "area": "risks", "member_id": me }, { "area": "risks", "member_id": me }] }),
                vec!["/owners/1/area duplicate"],
            ),
        ] {
            assert_eq!(apply(&api, "", body).await.expect(422).faults(), faults);
        }
        apply(&api, "", json!({ "areas": ["everything"] })).await.expect(422);
        let member = api.by(Role::Member).await;
        member.post(APPLY, json!({})).await.expect(403);
        for wrong in ["?area=everything", "?language=de", "?kind=policy"] {
            member.get(&format!("/v1/templates{wrong}")).await.expect(400);
        }
        assert_eq!(member.get("/v1/templates").await.expect(200).body["languages"], json!(["en"]));
        let english = member.get("/v1/templates?language=en&area=management_reviews").await.expect(200);
        let [review] = english.body["items"].as_array().unwrap().as_slice() else { panic!("{}", english.text) };
        assert_eq!((&review["id"], &review["area"]), (&json!("management-review-first"), &json!("management_reviews")));
        assert!(review["text"].as_str().unwrap().contains("Conclusions"));
    }
}

#[tokio::test]
async fn one_template_is_applied_by_its_own_path() {
    for database in each() {
        let api = Api::start(database).await;
        let one = async |id: &str, query: &str, body: Value| {
            api.by(Role::IsmsManager).await.post(&format!("/v1/templates/{id}/apply{query}"), body).await
        };
        let owner = api.member_id(Role::Auditor).await;
        let rows = api.database.rows_of(api.ours());
        one("policy-access", "?dry_run=true", json!({ "owner_id": owner })).await.expect(200);
        assert_eq!(api.database.rows_of(api.ours()), rows);
        let applied = one("policy-access", "", json!({ "owner_id": owner })).await.expect(201);
        assert_eq!(made(&applied).into_keys().collect::<Vec<_>>(), ["policy", "policy_version"]);
        assert!(!applied.header("journal-entry").is_empty());
        assert_eq!(list(&api, "policies").await[0]["owner_id"], json!(owner));
        assert_eq!(list(&api, "policy-versions").await[0]["state"], "draft", "nothing is approved by it");
        let again = one("policy-access", "", json!({})).await.expect(200);
        assert_eq!(skipped(&again), [("applied".to_owned(), 1)].into());
        let needs = one("objective-updates", "", json!({})).await.expect(200);
        assert_eq!(skipped(&needs), [("needs".to_owned(), 1)].into());
        let party = one("context-customers", "", json!({})).await.expect(201);
        assert_eq!(made(&party).into_keys().collect::<Vec<_>>(), ["context_entry"]);
        let entry = list(&api, "context-entries").await[0].clone();
        assert_eq!((&entry["kind"], entry["requirements"].as_array().unwrap().len()), (&json!("interested_party"), 3));
        assert!(entry["review_due_on"].is_string(), "{entry}");
        let rest = apply(&api, "", json!({ "areas": ["context_entries"] })).await.expect(201);
        assert_eq!((made(&rest)["context_entry"], skipped(&rest)), (11, [("applied".to_owned(), 1)].into()));
        one("nonsense", "", json!({})).await.expect(404);
        let nobody = one("policy-backups", "", json!({ "owner_id": uuid::Uuid::new_v4() })).await.expect(422);
        assert_eq!(nobody.faults(), ["/owner_id unknown_member"]);
        let odd = one("policy-backups", "", json!({ "areas": ["policies"] })).await.expect(422);
        assert_eq!(odd.faults(), ["/areas unknown_field"]);
        api.by(Role::Member).await.post("/v1/templates/policy-backups/apply", json!({})).await.expect(403);
    }
}
