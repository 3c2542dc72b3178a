//! Roles that end, and auditors who are engaged for some audits.

use super::{audits, management_reviews, nonconformities, settings};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::{TimeDelta, Timelike};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

const AUDITOR: Role = Role::Auditor;

/// What happened to a member.
async fn told(api: &Api, member: &str) -> Vec<String> {
    let answer = api.by(Role::Management).await.get(&format!("/v1/records/{member}/history")).await.expect(200);
    answer.body["items"].as_array().unwrap().iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_role_that_ended_gives_nothing_at_once_and_one_event() {
    for database in each() {
        let api = Api::start(database).await;
        let me = api.member_id(AUDITOR).await;
        let today = api.now().date_naive();
        let path = format!("/v1/members/{me}/assign-roles");
        let terms = json!([{ "role": "auditor", "until": today + TimeDelta::days(2) }]);
        let body = json!({ "roles": ["auditor", "member"], "terms": terms });
        let held = api.by(Role::Admin).await.post(&path, body).await.expect(200);
        assert_eq!(held.body["terms"][0]["until"], json!(today + TimeDelta::days(2)));
        while api.wake().await > 0 {}
        api.by(AUDITOR).await.get("/v1/journal").await.expect(200);
        api.wait(TimeDelta::days(2));
        api.by(AUDITOR).await.get("/v1/journal").await.expect(200);
        api.wait(TimeDelta::days(1));
        // Nobody has woken anything yet.
        api.by(AUDITOR).await.get("/v1/journal").await.expect(403);
        assert_eq!(api.by(AUDITOR).await.get("/v1/me").await.expect(200).body["roles"], json!(["member"]));
        while api.wake().await > 0 {}
        let history = told(&api, held.reference()).await;
        assert_eq!(history.iter().filter(|action| *action == "member.roles_lapsed").count(), 1, "{history:?}");
        let read = api.by(Role::Admin).await.get(&format!("/v1/members/{me}")).await.expect(200);
        // The term stays: an identity provider that says the role again does not give it back.
        assert_eq!((&read.body["roles"], &read.body["terms"]), (&json!(["member"]), &held.body["terms"]));
        api.wait(TimeDelta::days(30));
        while api.wake().await > 0 {}
        assert_eq!(told(&api, held.reference()).await, history, "once");
    }
}

#[tokio::test]
async fn an_engaged_auditor_sees_and_works_these_audits_and_no_others() {
    for database in each() {
        let api = Api::start(database).await;
        let guest = Role::Management;
        let me = api.member_id(guest).await;
        let (mine, other) = (audits::planned(&api).await, audits::planned(&api).await);
        let auditor = api.by(AUDITOR).await;
        // Also of a team: what the engagement names is what counts.
        for audit in [&mine, &other] {
            let team = json!([{ "member_id": me, "is_lead": true }]);
            auditor.patch(&format!("/v1/audits/{audit}"), "*", json!({ "team": team })).await.expect(200);
        }
        let id = |read: Answer| read.body["id"].as_str().unwrap().to_owned();
        let (mine_id, case) =
            (id(auditor.get(&format!("/v1/audits/{mine}")).await.expect(200)), nonconformities::raise(&api).await);
        let reported = api.by(guest).await.post("/v1/nonconformities", nonconformities::report()).await.expect(201);
        let path = format!("/v1/members/{me}/assign-roles");
        let assign = |terms: Value| {
            let (api, path) = (&api, path.clone());
            async move { api.by(Role::Admin).await.post(&path, json!({ "roles": ["auditor"], "terms": terms })).await }
        };
        for (term, fault) in [
            (json!({ "role": "auditor", "firm": "Northlight" }), "/terms/0/audit_ids required"),
            (json!({ "role": "auditor", "audit_ids": [mine_id] }), "/terms/0/firm required"),
            (
                json!({ "role": "auditor", "firm": "Northlight", "audit_ids": [uuid::Uuid::new_v4()] }),
                "/terms/0/audit_ids/0 unknown_record",
            ),
        ] {
            assert_eq!(assign(json!([term])).await.expect(422).faults(), [fault]);
        }
        let term = json!({ "role": "auditor", "firm": "Northlight Assurance", "audit_ids": [mine_id] });
        let held = assign(json!([term])).await.expect(200);
        assert_eq!(held.body["terms"][0]["firm"], "Northlight Assurance");
        let caller = api.by(guest).await;
        caller.get(&format!("/v1/audits/{mine}")).await.expect(200);
        caller.get(&format!("/v1/audits/{other}")).await.expect(404);
        caller.get(&format!("/v1/nonconformities/{case}")).await.expect(404);
        caller.get("/v1/journal").await.expect(403);
        let listed = caller.get("/v1/audits").await.expect(200);
        assert_eq!(
            (listed.body["items"].as_array().unwrap().len(), &listed.body["items"][0]["reference"]),
            (1, &json!(mine))
        );
        caller.post("/v1/audits", audits::access(&api).await).await.expect(403);
        let declared = json!({ "statement": "Nothing stands between" });
        caller.post(&format!("/v1/audits/{mine}/declare"), declared.clone()).await.expect(200);
        caller.post(&format!("/v1/audits/{other}/declare"), declared).await.expect(404);
        caller.post(&format!("/v1/audits/{mine}/start"), json!({})).await.expect(200);
        let finding = |audit: &str| audits::finding(audit, json!({ "item": null }));
        let noted = caller.post("/v1/findings", finding(&mine)).await.expect(201);
        let unknown = caller.post("/v1/findings", finding(&other)).await.expect(422);
        assert_eq!(unknown.faults(), ["/audit unknown_record"]);
        let others = auditor.post("/v1/findings", finding(&mine)).await.expect(201);
        let found = caller.get("/v1/findings").await.expect(200);
        assert_eq!(found.body["items"].as_array().unwrap().len(), 2, "all of the audit's");
        for finding in [noted, others] {
            caller.get(&format!("/v1/findings/{}", finding.reference())).await.expect(200);
        }
        caller.post(&format!("/v1/audits/{mine}/close"), json!({})).await.expect(403);
        // Nor what names the auditor elsewhere, or is read by everybody.
        caller.get(&format!("/v1/nonconformities/{}", reported.reference())).await.expect(404);
        for list in ["nonconformities", "actions", "policies", "improvements", "training-assignments", "courses"] {
            caller.get(&format!("/v1/{list}")).await.expect(403);
        }
        let work = caller.get("/v1/me/work").await.expect(200);
        let kinds: Vec<&Value> = work.body["items"].as_array().unwrap().iter().map(|item| &item["kind"]).collect();
        assert!(kinds.iter().all(|kind| *kind == "audit"), "{kinds:?}");
        let remark = |audit: &str| json!({ "record": audit, "text": "The list of leavers is at the front desk" });
        let said = caller.post("/v1/comments", remark(&mine)).await.expect(201);
        caller.get(&format!("/v1/comments/{}", said.reference())).await.expect(200);
        let answered = auditor.post("/v1/comments", remark(&mine)).await.expect(201);
        caller.get(&format!("/v1/comments/{}", answered.reference())).await.expect(200);
        assert_eq!(caller.post("/v1/comments", remark(&other)).await.expect(422).faults(), ["/record unknown_record"]);
        let hidden = auditor.post("/v1/comments", remark(&other)).await.expect(201);
        caller.get(&format!("/v1/comments/{}", hidden.reference())).await.expect(404);
        // Whoever came for an audit stands in for nobody.
        let member = api.member_id(Role::Member).await;
        let today = api.now().date_naive();
        let lent = json!({ "to_id": me, "from": today, "until": today, "reason": "On leave" });
        let refused = api.by(Role::Member).await.post(&format!("/v1/members/{member}/delegate"), lent).await;
        assert_eq!(refused.expect(422).faults(), ["/to_id cannot_work"]);
    }
}

/// The last day is one of the organisation's time zone: where it is tomorrow already it has passed.
#[tokio::test]
async fn a_role_ends_with_the_day_where_the_organisation_is() {
    for database in each() {
        let api = Api::start(database).await;
        // Noon at the prime meridian, and two in the morning of the next day in the farthest east.
        api.wait(TimeDelta::hours(i64::from((36 - api.now().hour()) % 24)));
        let me = api.member_id(AUDITOR).await;
        let terms = json!([{ "role": "auditor", "until": api.now().date_naive() }]);
        let body = json!({ "roles": ["auditor", "member"], "terms": terms });
        api.by(Role::Admin).await.post(&format!("/v1/members/{me}/assign-roles"), body).await.expect(200);
        api.by(AUDITOR).await.get("/v1/journal").await.expect(200);
        let zone = json!({ "utc_offset_minutes": 840 });
        settings::act(&api, Role::Admin, "set-time-zone", zone).await.expect(200);
        // Whoever was looked up is believed for a second.
        api.wait(TimeDelta::seconds(2));
        api.by(AUDITOR).await.get("/v1/journal").await.expect(403);
    }
}

#[tokio::test]
async fn an_admin_whose_time_ends_is_none_to_rely_on() {
    for database in each() {
        let api = Api::start(database).await;
        let (first, second) = (api.member_id(Role::Admin).await, api.member_id(Role::Management).await);
        let assign = |id: &str| format!("/v1/members/{id}/assign-roles");
        let until = api.now().date_naive() + TimeDelta::days(3);
        let for_now = json!({ "roles": ["admin"], "terms": [{ "role": "admin", "until": until }] });
        let admin = api.by(Role::Admin).await;
        let ending = admin.post(&assign(&first), for_now.clone()).await.expect(409);
        assert_eq!(ending.reasons(), ["last_admin"]);
        admin.post(&assign(&second), for_now.clone()).await.expect(200);
        // There are two today, of whom one will be left: not the one who would go.
        let gone = json!({ "reason": "Left" });
        for (path, body) in [
            (format!("/v1/members/{first}/deactivate"), gone.clone()),
            (assign(&first), json!({ "roles": ["member"] })),
            (assign(&first), for_now.clone()),
        ] {
            let refused = api.by(Role::Management).await.post(&path, body).await.expect(409);
            assert_eq!(refused.reasons(), ["last_admin"], "{path}");
        }
        api.wait(TimeDelta::days(4));
        api.by(Role::Management).await.post(&assign(&first), json!({ "roles": ["admin"] })).await.expect(404);
        let lasting = json!({ "roles": ["admin"] });
        api.by(Role::Admin).await.post(&assign(&second), lasting).await.expect(200);
        api.by(Role::Management).await.post(&format!("/v1/members/{first}/deactivate"), gone).await.expect(200);
    }
}

/// Where somebody is asked for by a role, it is one that still gives anything.
#[tokio::test]
async fn nobody_is_named_for_a_role_that_has_ended() {
    for database in each() {
        let api = Api::start(database).await;
        let me = api.member_id(Role::Management).await;
        let until = api.now().date_naive();
        let terms = json!([{ "role": "management", "until": until }]);
        let body = json!({ "roles": ["management", "member"], "terms": terms });
        api.by(Role::Admin).await.post(&format!("/v1/members/{me}/assign-roles"), body).await.expect(200);
        let chaired = || async {
            let body = management_reviews::plan(&api).await;
            api.by(Role::IsmsManager).await.post("/v1/management-reviews", body).await
        };
        chaired().await.expect(201);
        api.wait(TimeDelta::days(1));
        assert_eq!(chaired().await.expect(422).faults(), ["/chair_id not_management"]);
    }
}
