//! What a member leaves behind, and handing it over by each record's own rules.

use super::members::newcomer;
use super::nonconformities::raise;
use super::{
    applicabilities, audits, changes, communication_plans, context_entries, courses, improvements, incidents,
    indicators, management_reviews, objectives, policies, processes, risks, weaknesses,
};
use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

const MANAGER: Role = Role::IsmsManager;

async fn id_of(api: &Api, member: &str) -> String {
    let read = api.by(Role::Admin).await.get(&format!("/v1/members/{member}")).await.expect(200);
    read.body["id"].as_str().unwrap().to_owned()
}

/// A confirmed case that the member owns.
pub async fn case_of(api: &Api, member: &str) -> String {
    let case = raise(api).await;
    let body = json!({ "grade": "minor", "owner_id": id_of(api, member).await });
    api.by(MANAGER).await.post(&format!("/v1/nonconformities/{case}/confirm"), body).await.expect(200);
    case
}

async fn deactivate(api: &Api, member: &str) {
    let path = format!("/v1/members/{member}/deactivate");
    api.by(Role::Admin).await.post(&path, json!({ "reason": "Left" })).await.expect(200);
}

/// A member who has left, and a case that they owned.
pub async fn left_behind(api: &Api) -> (String, String) {
    let member = newcomer(api).await;
    let case = case_of(api, &member).await;
    deactivate(api, &member).await;
    (member, case)
}

async fn reassign(api: &Api, by: Role, member: &str, to: &str, more: Value) -> Answer {
    let mut body = json!({ "to_id": to, "reason": "Left the company" });
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    api.by(by).await.post(&format!("/v1/members/{member}/reassign"), body).await
}

fn references(items: &Value) -> Vec<String> {
    let references = items.as_array().unwrap().iter().map(|item| item["reference"].as_str().unwrap().to_owned());
    let mut references: Vec<String> = references.collect();
    references.sort();
    references
}

async fn unassigned(api: &Api, query: &str) -> Value {
    api.by(MANAGER).await.get(&format!("/v1/unassigned{query}")).await.expect(200).body["items"].clone()
}

async fn amend(api: &Api, stem: &str, reference: &str, body: Value) {
    api.by(MANAGER).await.patch(&format!("/v1/{stem}/{reference}"), "*", body).await.expect(200);
}

/// A record of every kind that names somebody, naming this member.
async fn one_of_each(api: &Api, member: &str) -> Vec<String> {
    let me = id_of(api, member).await;
    let mut all = vec![case_of(api, member).await];
    let action = json!({
        "parent": all[0], "title": "Replace it", "kind": "corrective", "assignee_id": me,
        "due_on": api.now().date_naive(),
    });
    all.push(api.by(MANAGER).await.post("/v1/actions", action).await.expect(201).reference().to_owned());
    let party = context_entries::record(api, context_entries::party()).await.expect(201).reference().to_owned();
    let owned = [
        ("changes", changes::requested(api, changes::words()).await),
        ("policies", policies::establish(api, json!({})).await.expect(201).reference().to_owned()),
        ("processes", processes::defined(api).await),
        ("applicabilities", applicabilities::of_some_control(api).await),
        ("context-entries", party),
        ("courses", courses::define(api).await.reference().to_owned()),
        ("communication-plans", communication_plans::plan(api, MANAGER).await),
        ("objectives", objectives::set(api).await),
        ("incidents", incidents::triaged(api).await),
    ];
    for (stem, reference) in owned {
        amend(api, stem, &reference, json!({ "owner_id": me })).await;
        all.push(reference);
    }
    let indicator = indicators::active(api).await;
    amend(api, "indicators", &indicator, json!({ "owner_id": me, "analyst_id": me })).await;
    let improvement = improvements::propose(api, Role::Member).await;
    let accepted = json!({ "owner_id": me, "reason": "Cheap" });
    let path = format!("/v1/improvements/{improvement}/accept");
    api.by(Role::Management).await.post(&path, accepted).await.expect(200);
    let weakness = weaknesses::reported(api, Role::Member).await;
    let assessed = json!({ "rating": { "likelihood": 2, "impact": 3 }, "rationale": "Old locks", "owner_id": me });
    api.by(MANAGER).await.post(&format!("/v1/weaknesses/{weakness}/assess"), assessed).await.expect(200);
    let risk = risks::registered(api).await;
    let assessed = json!({
        "inherent": { "likelihood": 2, "impact": 3 }, "rationale": "Old locks", "owner_id": me,
        "review_on": api.now().date_naive() + chrono::TimeDelta::days(90),
    });
    api.by(MANAGER).await.post(&format!("/v1/risks/{risk}/assess"), assessed).await.expect(200);
    let review = management_reviews::schedule(api).await;
    amend(api, "management-reviews", &review, json!({ "chair_id": me })).await;
    let audit = audits::planned(api).await;
    let team = json!([{ "member_id": me, "is_lead": true }, { "member_id": api.member_id(MANAGER).await }]);
    amend(api, "audits", &audit, json!({ "team": team })).await;
    all.extend([indicator, improvement, weakness, risk, review, audit]);
    all.sort();
    all
}

#[tokio::test]
async fn what_a_member_leaves_is_listed_and_handed_over() {
    for database in each() {
        let api = Api::start(database).await;
        let (admin, gone) = (api.by(Role::Admin).await, newcomer(&api).await);
        let roles = json!({ "roles": ["member", "management", "auditor"] });
        admin.post(&format!("/v1/members/{gone}/assign-roles"), roles).await.expect(200);
        let all = one_of_each(&api, &gone).await;
        let to = api.member_id(Role::Member).await;
        assert_eq!(unassigned(&api, "").await, json!([]), "whoever is there keeps it");
        let refused = reassign(&api, MANAGER, &gone, &to, json!({})).await.expect(409);
        assert_eq!(refused.reasons(), ["wrong_state"]);
        deactivate(&api, &gone).await;
        let listed = unassigned(&api, "?limit=200").await;
        assert_eq!(references(&listed), all);
        let of = |prefix: &str| {
            let mut items = listed.as_array().unwrap().iter();
            items.find(|item| item["reference"].as_str().unwrap().starts_with(prefix)).unwrap().clone()
        };
        let parts = |prefix: &str| {
            let named = of(prefix)["named"].clone();
            let parts = named.as_array().unwrap().iter().map(|named| named["part"].clone());
            Value::Array(parts.collect())
        };
        let me = id_of(&api, &gone).await;
        assert_eq!(of("ACT-")["named"], json!([{ "member_id": me, "part": "assignee" }]));
        assert_eq!(parts("IND-"), json!(["owner", "analyst"]));
        assert_eq!(parts("AUD-"), json!(["lead_auditor"]));
        assert_eq!(references(&unassigned(&api, "?kind=action").await).len(), 1);
        assert_eq!(unassigned(&api, &format!("?member_id={to}")).await, json!([]));
        let mut paged = Vec::new();
        let mut after = String::new();
        loop {
            let page = api.by(MANAGER).await.get(&format!("/v1/unassigned?limit=3{after}")).await.expect(200).body;
            paged.extend(references(&page["items"]));
            let Some(next) = page["next_after"].as_str() else { break };
            after = format!("&after={next}");
        }
        paged.sort();
        assert_eq!(paged, all, "page by page");
        let before = api.database.rows();
        let path = format!("/v1/members/{gone}/reassign?dry_run=true");
        let body = json!({ "to_id": to, "reason": "Left" });
        let tried = api.by(MANAGER).await.post(&path, body).await.expect(200);
        assert_eq!(api.database.rows(), before);
        let done = reassign(&api, MANAGER, &gone, &to, json!({})).await.expect(200);
        assert_eq!(
            done.body["handed_over"].as_array().unwrap().len(),
            tried.body["handed_over"].as_array().unwrap().len()
        );
        // Whoever chairs a review holds `management`.
        let kept = &done.body["kept"];
        assert_eq!((kept.as_array().unwrap().len(), &kept[0]["kind"]), (1, &json!("management_review")));
        assert_eq!(kept[0]["reasons"][0]["code"], "not_management");
        assert_eq!((references(&done.body["handed_over"]).len(), &done.body["more"]), (all.len() - 1, &json!(false)));
        assert_eq!(references(&unassigned(&api, "").await), references(kept));
        let worker = api.by(Role::Member).await.get("/v1/me/work").await.expect(200).body["items"].clone();
        assert!(references(&worker).iter().any(|reference| reference.starts_with("ACT-")), "{worker}");
        let chair = api.member_id(Role::Management).await;
        reassign(&api, MANAGER, &gone, &chair, json!({})).await.expect(200);
        assert_eq!(unassigned(&api, "").await, json!([]));
        let nothing = reassign(&api, MANAGER, &gone, &chair, json!({})).await.expect(409);
        assert_eq!(nothing.reasons(), ["nothing_to_hand_over"]);
        let history = policies::history(&api, &gone).await;
        assert_eq!(history[history.len() - 2..], ["member.work_reassigned", "member.work_reassigned"]);
    }
}

#[tokio::test]
async fn each_record_says_in_the_journal_who_took_it_and_why() {
    for database in each() {
        let api = Api::start(database).await;
        let (gone, case) = left_behind(&api).await;
        let to = api.member_id(Role::Auditor).await;
        reassign(&api, MANAGER, &gone, &to, json!({})).await.expect(200);
        let read = api.by(MANAGER).await.get(&format!("/v1/nonconformities/{case}")).await.expect(200);
        assert_eq!(read.body["owner_id"], json!(to));
        let history = api.by(Role::Auditor).await.get(&format!("/v1/records/{case}/history")).await.expect(200);
        let last = history.body["items"].as_array().unwrap().last().unwrap().clone();
        assert_eq!(
            (&last["action"], &last["detail"]["reason"]),
            (&json!("nonconformity.amended"), &json!("Left the company"))
        );
        let owners = api.by(MANAGER).await.get(&format!("/v1/records/{case}/owners")).await.expect(200);
        assert_eq!(owners.body["items"].as_array().unwrap().len(), 2, "the former owner is not forgotten");
    }
}

#[tokio::test]
async fn whoever_judged_a_record_does_not_take_it_over() {
    for database in each() {
        let api = Api::start(database).await;
        let gone = newcomer(&api).await;
        let (objective, _) = objectives::measured(&api).await;
        amend(&api, "objectives", &objective, json!({ "owner_id": id_of(&api, &gone).await })).await;
        let path = format!("/v1/objectives/{objective}/approve");
        api.by(Role::Management).await.post(&path, json!({})).await.expect(200);
        deactivate(&api, &gone).await;
        let judge = api.member_id(Role::Management).await;
        let kept = reassign(&api, MANAGER, &gone, &judge, json!({})).await.expect(200);
        assert_eq!((&kept.body["handed_over"], &kept.body["kept"][0]["reference"]), (&json!([]), &json!(objective)));
        assert_eq!(kept.body["kept"][0]["reasons"][0]["code"], "separation_of_duties");
        let manager = api.by(MANAGER).await;
        let direct = manager.patch(&format!("/v1/objectives/{objective}"), "*", json!({ "owner_id": judge })).await;
        assert_eq!(direct.expect(409).reasons(), ["separation_of_duties"]);
        let other = api.member_id(Role::Member).await;
        let done = reassign(&api, MANAGER, &gone, &other, json!({})).await.expect(200);
        assert_eq!((references(&done.body["handed_over"]), &done.body["kept"]), (vec![objective], &json!([])));
    }
}

#[tokio::test]
async fn what_is_asked_for_is_there_and_may_be_named() {
    for database in each() {
        let api = Api::start(database).await;
        let (gone, case) = left_behind(&api).await;
        let to = api.member_id(Role::Member).await;
        for role in [Role::Admin, Role::Auditor, Role::Member, Role::ExternalAuditor] {
            reassign(&api, role, &gone, &to, json!({})).await.expect(403);
            api.by(role).await.get("/v1/unassigned").await.expect(403);
        }
        let outside = api.member_id(Role::ExternalAuditor).await;
        for (who, more, fault) in [
            (&outside, json!({}), "/to_id cannot_work"),
            (&uuid::Uuid::new_v4().to_string(), json!({}), "/to_id unknown_member"),
            (&id_of(&api, &gone).await, json!({}), "/to_id unknown_member"),
            (&to, json!({ "records": [] }), "/records length"),
            (&to, json!({ "kinds": ["action", "action"] }), "/kinds/1 duplicate"),
            (&to, json!({ "records": ["NC-2026-9999"] }), "/records/0 unknown_record"),
            (&to, json!({ "records": [case, case] }), "/records/1 duplicate"),
            (&to, json!({ "reason": " " }), "/reason blank"),
        ] {
            let refused = reassign(&api, MANAGER, &gone, who, more).await.expect(422);
            assert_eq!(refused.faults(), [fault]);
        }
        // Somebody else's stays theirs, and another kind is not asked for.
        let others = super::actions::case(&api).await;
        for more in [json!({ "records": [others] }), json!({ "kinds": ["action"] })] {
            let refused = reassign(&api, Role::Management, &gone, &to, more).await.expect(409);
            assert_eq!(refused.reasons(), ["nothing_to_hand_over"]);
        }
        let both = json!({ "records": [others, case], "kinds": ["nonconformity"] });
        let done = reassign(&api, MANAGER, &gone, &to, both).await.expect(200);
        assert_eq!(references(&done.body["handed_over"]), [case]);
    }
}

#[tokio::test]
async fn one_call_hands_over_a_hundred() {
    for database in each() {
        let api = Api::start(database).await;
        let gone = newcomer(&api).await;
        let case = super::actions::case(&api).await;
        let body = json!({
            "parent": case, "title": "Replace it", "kind": "corrective", "assignee_id": id_of(&api, &gone).await,
            "due_on": api.now().date_naive(),
        });
        let manager = api.by(MANAGER).await;
        for _ in 0..101 {
            manager.post("/v1/actions", body.clone()).await.expect(201);
        }
        deactivate(&api, &gone).await;
        let to = api.member_id(Role::Member).await;
        let first = reassign(&api, MANAGER, &gone, &to, json!({})).await.expect(200);
        assert_eq!((references(&first.body["handed_over"]).len(), &first.body["more"]), (100, &json!(true)));
        let rest = reassign(&api, MANAGER, &gone, &to, json!({})).await.expect(200);
        assert_eq!((references(&rest.body["handed_over"]).len(), &rest.body["more"]), (1, &json!(false)));
    }
}
