use super::management_reviews::{approved, inputs, plan, statements};
use super::readiness::{check, read};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use diesel::connection::SimpleConnection;
use ratchet_domain::access::Role;
use ratchet_persistence::connection::Address;
use serde_json::{Value, json};

pub async fn act(api: &Api, role: Role, verb: &str, body: Value) -> Answer {
    let caller = api.by(role).await;
    let list = caller.get("/v1/settings").await.expect(200);
    let reference = list.body["items"][0]["reference"].as_str().unwrap().to_owned();
    caller.post(&format!("/v1/settings/{reference}/{verb}"), body).await
}

/// Exceptions pass from every rule of separation, as far ahead as can be.
pub async fn relax_everything(api: &Api) {
    let until = (api.now() + TimeDelta::days(360)).date_naive();
    let document = super::contract::document();
    for rule in document["components"]["schemas"]["SeparationRule"]["enum"].as_array().unwrap() {
        let relax = json!({ "rule": rule, "compensating_control": "The board reads it", "until": until });
        act(api, Role::Management, "relax-separation", relax).await.expect(200);
    }
}

/// An action that the manager has done.
async fn done_by_the_manager(api: &Api) -> String {
    let case = super::actions::case(api).await;
    let action = super::actions::plan(api, &case).await.expect(201).reference().to_owned();
    let manager = api.by(Role::IsmsManager).await;
    let reassign = json!({ "assignee_id": api.member_id(Role::IsmsManager).await });
    let path = |verb: &str| format!("/v1/actions/{action}/{verb}");
    manager.post(&path("reassign"), reassign).await.expect(200);
    manager.post(&path("start"), json!({})).await.expect(200);
    manager.post(&path("complete"), json!({ "summary": "Done" })).await.expect(200);
    action
}

/// The manager verifies it, for a reason that is given or not.
async fn verify(api: &Api, action: &str, reason: Option<&str>) -> Answer {
    let body = json!({ "evidence": "It runs", "exception_reason": reason });
    api.by(Role::IsmsManager).await.post(&format!("/v1/actions/{action}/verify"), body).await
}

/// From today on for a month.
fn relaxed(api: &Api) -> Value {
    let until = (api.now() + TimeDelta::days(30)).date_naive();
    json!({ "rule": "action_verifier", "compensating_control": "The board reads it", "until": until })
}

#[tokio::test]
async fn a_small_organisation_documents_its_exceptions() {
    for database in each() {
        let api = Api::start(database).await;
        let action = done_by_the_manager(&api).await;
        let why = Some("There are two of us");
        assert_eq!(verify(&api, &action, why).await.expect(409).reasons(), ["separation_of_duties"]);
        act(&api, Role::Admin, "relax-separation", relaxed(&api)).await.expect(403);
        let relaxed = act(&api, Role::Management, "relax-separation", relaxed(&api)).await.expect(200);
        assert_eq!(relaxed.body["relaxations"][0]["rule"], "action_verifier");
        assert_eq!(verify(&api, &action, None).await.expect(409).reasons(), ["exception_reason_needed"]);
        let verified = verify(&api, &action, why).await.expect(200);
        assert_eq!(verified.body["exceptions"][0]["reason"], "There are two of us");
        assert_eq!(verified.body["exceptions"][0]["compensating_control"], "The board reads it");
        let enforced = act(&api, Role::Admin, "enforce-separation", json!({ "rule": "action_verifier" })).await;
        assert_eq!(enforced.expect(200).body["relaxations"], json!([]));
        act(&api, Role::Admin, "enforce-separation", json!({ "rule": "action_verifier" })).await.expect(409);
    }
}

/// What stands in the frozen inputs of a new review about duties that were not kept apart.
async fn put_before(api: &Api, review: &str) -> Value {
    inputs(api, review, "").await.expect(200).body["inputs"]["collected"]["separation"].clone()
}

/// An exception counts against readiness until management has looked at it; the next review lists it, and the one after
/// that does not.
#[tokio::test]
async fn an_exception_is_counted_until_it_was_put_before_a_review() {
    for database in each() {
        let api = Api::start(database).await;
        let reviewed = async |api: &Api| check(&read(api, Role::Auditor, "").await.expect(200), "exceptions-reviewed");
        assert_eq!(reviewed(&api).await["result"], "not_applicable");
        act(&api, Role::Management, "relax-separation", relaxed(&api)).await.expect(200);
        let (first, second) = (done_by_the_manager(&api).await, done_by_the_manager(&api).await);
        for action in [&first, &second] {
            api.wait(TimeDelta::minutes(1));
            verify(&api, action, Some("There are two of us")).await.expect(200);
        }
        stored_before(&api);
        let counted = reviewed(&api).await;
        assert_eq!((&counted["result"], &counted["offending"]["count"]), (&json!("not_met"), &json!(2)));
        assert_eq!(counted["mend"], json!({ "method": "POST", "path": "/v1/management-reviews" }));
        let named = counted["offending"]["records"].as_array().unwrap();
        assert_eq!((&named[0]["reference"], &named[1]["reference"]), (&json!(second), &json!(first)));
        api.wait(TimeDelta::minutes(1));
        let told = put_before(&api, &approved(&api).await).await;
        assert_eq!(told["documented"], json!({ "now": 2, "before": 0 }));
        let me = api.member_id(Role::IsmsManager).await;
        let [newest, oldest] = told["items"].as_array().unwrap().as_slice() else { panic!("{told}") };
        assert_eq!((&newest["reference"], &oldest["reference"]), (&json!(second), &json!(first)));
        for (member, expected) in [
            ("rule", json!("action_verifier")),
            ("reason", json!("There are two of us")),
            ("compensating_control", json!("The board reads it")),
            ("by", json!(me)),
        ] {
            assert_eq!(newest[member], expected, "{member}");
        }
        let until = (api.now() + TimeDelta::days(30)).date_naive();
        let rule = json!({
            "rule": "action_verifier", "compensating_control": "The board reads it", "until": until, "expired": false,
        });
        assert_eq!(told["relaxed"], json!([rule]));
        let settled = reviewed(&api).await;
        assert_eq!((&settled["result"], &settled["proof"]["count"]), (&json!("met"), &json!(2)));
        // A later one is not among them.
        let third = done_by_the_manager(&api).await;
        verify(&api, &third, Some("There are still two of us")).await.expect(200);
        let again = reviewed(&api).await;
        assert_eq!((&again["result"], &again["offending"]["count"]), (&json!("partly"), &json!(1)));
        api.wait(TimeDelta::days(40));
        let mut next = plan(&api).await;
        next["period_from"] = json!(api.now().date_naive() - TimeDelta::days(39));
        let next = api.by(Role::IsmsManager).await.post("/v1/management-reviews", next).await.expect(201);
        let path = format!("/v1/management-reviews/{}/prepare", next.reference());
        api.by(Role::IsmsManager).await.post(&path, statements()).await.expect(200);
        let told = put_before(&api, next.reference()).await;
        assert_eq!((&told["documented"]["now"], &told["items"]), (&json!(0), &json!([])));
        assert_eq!((&told["documented"]["before"], &told["relaxed"][0]["expired"]), (&json!(3), &json!(true)));
    }
}

/// As in an organisation whose records were there before their exceptions were kept beside them.
fn stored_before(api: &Api) {
    let mut connection = api.database.open();
    connection.batch_execute("DROP TABLE separation_exceptions").unwrap();
    let migration = match api.database.address {
        Address::Sqlite(_) => include_str!("../../migrations/sqlite/0200_separation_exceptions/up.sql"),
        Address::Postgres(_) => include_str!("../../migrations/postgres/0200_separation_exceptions/up.sql"),
    };
    connection.batch_execute(migration).unwrap();
}

#[tokio::test]
async fn faults_are_named() {
    for database in each() {
        let api = Api::start(database).await;
        let late = (api.now() + TimeDelta::days(400)).date_naive();
        let relax = json!({ "rule": "case_verifier", "compensating_control": " ", "until": late });
        let refused = act(&api, Role::Management, "relax-separation", relax).await.expect(422);
        assert_eq!(refused.faults(), ["/compensating_control blank", "/until out_of_range"]);
        let zone = act(&api, Role::Admin, "set-time-zone", json!({ "utc_offset_minutes": 900 })).await.expect(422);
        assert_eq!(zone.faults(), ["/utc_offset_minutes out_of_range"]);
        let hour = act(&api, Role::Admin, "set-digest-hour", json!({ "hour": 24 })).await.expect(422);
        assert_eq!(hour.faults(), ["/hour out_of_range"]);
        let hour = act(&api, Role::Admin, "set-digest-hour", json!({ "hour": 18 })).await.expect(200);
        assert_eq!(hour.body["digest_hour"], 18);
        let left_out = act(&api, Role::Admin, "set-digest-hour", json!({})).await.expect(422);
        assert_eq!(left_out.faults(), ["/hour required"], "nobody's digests end by an omission");
        let none = act(&api, Role::Admin, "set-digest-hour", json!({ "hour": null })).await.expect(200);
        assert_eq!(none.body["digest_hour"], json!(null));
        let never = json!({ "weekdays": [] });
        let never = act(&api, Role::Admin, "set-working-days", never).await.expect(422);
        assert_eq!(never.faults(), ["/weekdays length"]);
        let someday = json!({ "weekdays": ["someday"] });
        let someday = act(&api, Role::Admin, "set-working-days", someday).await.expect(422);
        assert_eq!(someday.faults(), ["/weekdays/0 unknown_value"]);
        let zone = act(&api, Role::Admin, "set-time-zone", json!({ "utc_offset_minutes": 60 })).await.expect(200);
        assert_eq!(zone.body["utc_offset_minutes"], 60);
    }
}
