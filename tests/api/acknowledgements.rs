use super::policies::history;
use super::policy_versions::{act, published};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller, PASSWORD};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

async fn acknowledge(caller: &Caller<'_>, version: &str) -> Answer {
    caller.post("/v1/acknowledgements", json!({ "version": version })).await
}

/// One by the manager.
pub async fn given(api: &Api) -> String {
    let (_, version) = published(api, json!({})).await;
    acknowledge(&api.by(Role::IsmsManager).await, &version).await.expect(201).reference().to_owned()
}

/// The versions that are on somebody's list.
async fn asked(caller: &Caller<'_>) -> Vec<(String, bool)> {
    let list = caller.get("/v1/me/work").await.expect(200);
    let items = list.body["items"].as_array().unwrap().iter().filter(|item| item["kind"] == "policy_version");
    let open = items.filter(|item| item["state"] == "published");
    open.map(|item| (item["reference"].as_str().unwrap().to_owned(), item["overdue"].as_bool().unwrap())).collect()
}

async fn coverage(api: &Api, policy: &str) -> Value {
    api.by(Role::Auditor).await.get(&format!("/v1/policies/{policy}/coverage")).await.expect(200).body
}

#[tokio::test]
async fn asked_given_and_counted() {
    for database in each() {
        let api = Api::start(database).await;
        let (policy, version) = published(&api, json!({ "acknowledge_within_days": 10 })).await;
        let member = api.by(Role::Member).await;
        assert_eq!(asked(&member).await, [(version.clone(), false)]);
        assert!(asked(&api.by(Role::ExternalAuditor).await).await.is_empty(), "who only looks in is not asked");
        let before = coverage(&api, &policy).await;
        assert_eq!(
            (&before["asked"], &before["acknowledged"], &before["percent"]),
            (&json!(5), &json!(0), &json!(0.0))
        );
        let made = acknowledge(&member, &version).await.expect(201);
        assert!(made.reference().starts_with("ACK-"), "{}", made.reference());
        assert_eq!((&made.body["late"], &made.body["version_number"]), (&json!(false), &json!(1)));
        assert_eq!(made.body["member_id"], api.member_id(Role::Member).await);
        assert!(asked(&member).await.is_empty());
        assert_eq!(acknowledge(&member, &version).await.expect(409).reasons(), ["already_acknowledged"]);
        let after = coverage(&api, &policy).await;
        assert_eq!(
            (&after["acknowledged"], &after["percent"], &after["overdue"]),
            (&json!(1), &json!(20.0), &json!(0))
        );
        api.wait(TimeDelta::days(11));
        let management = api.by(Role::Management).await;
        assert_eq!(asked(&management).await, [(version.clone(), true)]);
        assert_eq!(acknowledge(&management, &version).await.expect(201).body["late"], true);
        let late = coverage(&api, &policy).await;
        assert_eq!((&late["acknowledged"], &late["overdue"]), (&json!(2), &json!(3)));
        assert_eq!(late["pending"].as_array().unwrap().len(), 3);
        api.wake().await;
        api.wake().await;
        let read = api.by(Role::Auditor).await.get(&format!("/v1/policies/{policy}")).await.expect(200);
        assert_eq!(read.body["outstanding"], 3);
        assert_eq!(history(&api, &policy).await.last().unwrap(), "policy.acknowledgements_fell_due");
        let mine = api.by(Role::Member).await.get("/v1/acknowledgements?count=true&expand=member").await.expect(200);
        assert_eq!(mine.body["total"], 1, "a member sees its own");
        assert!(mine.body["items"][0]["member"]["name"].is_string());
        let all = management.get("/v1/acknowledgements?count=true&member=me").await.expect(200);
        assert_eq!(all.body["total"], 1);
        assert_eq!(management.get("/v1/acknowledgements?count=true").await.expect(200).body["total"], 2);
    }
}

#[tokio::test]
async fn for_oneself_and_what_holds() {
    for database in each() {
        let api = Api::start(database).await;
        let member = api.by(Role::Member).await;
        let roles = json!({ "kind": "roles", "roles": ["auditor"] });
        let (_, others) = published(&api, json!({ "audience": roles })).await;
        assert_eq!(acknowledge(&member, &others).await.expect(409).reasons(), ["not_asked"]);
        let (policy, first) = published(&api, json!({})).await;
        let named = json!({ "version": first, "member_id": api.member_id(Role::Auditor).await });
        let refused = member.post("/v1/acknowledgements", named).await.expect(422);
        assert_eq!(refused.faults(), ["/member_id unknown_field"]);
        acknowledge(&api.by(Role::ExternalAuditor).await, &first).await.expect(403);
        let next = super::policy_versions::drafted(&api, &policy).await;
        assert_eq!(acknowledge(&member, &next).await.expect(422).faults(), ["/version unknown_record"]);
        let early = acknowledge(&api.by(Role::IsmsManager).await, &next).await.expect(409);
        assert_eq!(early.reasons(), ["not_in_force"]);
        acknowledge(&member, &first).await.expect(201);
        act(&api, Role::IsmsManager, &next, "submit", json!({})).await.expect(200);
        act(&api, Role::Management, &next, "approve", json!({})).await.expect(200);
        act(&api, Role::IsmsManager, &next, "publish", json!({})).await.expect(200);
        assert_eq!(asked(&member).await, [(next.clone(), false)], "each version is acknowledged anew");
        let superseded = acknowledge(&api.by(Role::Auditor).await, &first).await.expect(409);
        assert_eq!(superseded.reasons(), ["not_in_force"]);
        act(&api, Role::IsmsManager, &next, "retire", json!({ "reason": "Over" })).await.expect(200);
        assert!(asked(&member).await.is_empty(), "nobody is asked any more");
        let closed = coverage(&api, &policy).await;
        assert_eq!((&closed["asked"], &closed["percent"]), (&json!(0), &Value::Null));
    }
}

#[tokio::test]
async fn new_members_and_roles_inherit_what_is_pending() {
    for database in each() {
        let api = Api::start(database).await;
        let (policy, version) = published(&api, json!({ "acknowledge_within_days": 10 })).await;
        let auditors = json!({ "kind": "roles", "roles": ["auditor"] });
        let (_, for_auditors) = published(&api, json!({ "audience": auditors })).await;
        api.wait(TimeDelta::days(30));
        let admin = api.by(Role::Admin).await;
        let body = json!({ "email": "ada@example.org", "name": "Ada", "roles": ["member"], "password": PASSWORD });
        let made = admin.post("/v1/members", body).await.expect(201);
        let login = json!({ "email": "ada@example.org", "password": PASSWORD });
        let tokens = api.anonymous().post("/v1/auth/login", login).await.expect(200);
        let ada = api.with_token(tokens.body["access_token"].as_str().unwrap());
        assert_eq!(asked(&ada).await, [(version.clone(), false)], "with as many days as the others had");
        let pending = coverage(&api, &policy).await;
        assert_eq!((&pending["asked"], &pending["overdue"]), (&json!(6), &json!(5)));
        let roles = json!({ "roles": ["member", "auditor"] });
        admin.post(&format!("/v1/members/{}/assign-roles", made.reference()), roles).await.expect(200);
        assert_eq!(asked(&ada).await.len(), 2);
        acknowledge(&ada, &for_auditors).await.expect(201);
        admin
            .post(&format!("/v1/members/{}/deactivate", made.reference()), json!({ "reason": "Left" }))
            .await
            .expect(200);
        assert_eq!(coverage(&api, &policy).await["asked"], 5, "who has left is not counted");
    }
}

#[tokio::test]
async fn over_all_policies() {
    for database in each() {
        let api = Api::start(database).await;
        let auditor = api.by(Role::Auditor).await;
        let none = auditor.get("/v1/acknowledgements/coverage").await.expect(200);
        assert_eq!(none.body, json!({ "asked": 0, "acknowledged": 0, "overdue": 0, "percent": null, "policies": [] }));
        let (_, everybody) = published(&api, json!({})).await;
        let auditors = json!({ "kind": "members", "members": [api.member_id(Role::Auditor).await] });
        let (_, one) = published(&api, json!({ "audience": auditors })).await;
        for version in [&everybody, &one] {
            acknowledge(&auditor, version).await.expect(201);
        }
        let all = auditor.get("/v1/acknowledgements/coverage").await.expect(200);
        assert_eq!(
            (&all.body["asked"], &all.body["acknowledged"], &all.body["percent"]),
            (&json!(6), &json!(2), &json!(33.3))
        );
        let each: Vec<&Value> =
            all.body["policies"].as_array().unwrap().iter().map(|policy| &policy["percent"]).collect();
        assert_eq!(each, [&json!(20.0), &json!(100.0)]);
        api.by(Role::Member).await.get("/v1/acknowledgements/coverage").await.expect(403);
    }
}
