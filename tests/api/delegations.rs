//! Who stands in for whom: what that gives, when it ends, and as whom both count.

use super::{actions, nonconformities, policies};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

const MEMBER: Role = Role::Member;
const AUDITOR: Role = Role::Auditor;

/// Sends it for another.
async fn for_another(api: &Api, by: Role, principal: &str, method: Method, path: &str, body: Value) -> Answer {
    let caller = api.by(by).await;
    let request = caller.request(method, path).header("on-behalf-of", principal);
    caller.send(if body.is_null() { request } else { request.json(&body) }).await
}

/// The member lends what is theirs to the auditor, from today for so many days.
async fn lent(api: &Api, days: i64) -> String {
    let (me, to) = (api.member_id(MEMBER).await, api.member_id(AUDITOR).await);
    let today = api.now().date_naive();
    let body = json!({ "to_id": to, "from": today, "until": today + TimeDelta::days(days), "reason": "On leave" });
    let path = format!("/v1/members/{me}/delegate");
    let lent = api.by(MEMBER).await.post(&path, body).await.expect(200);
    assert_eq!(lent.body["delegations"][0]["to_id"], json!(to));
    me
}

/// An action that is the member's.
async fn assigned(api: &Api) -> String {
    let case = actions::case(api).await;
    actions::plan(api, &case).await.expect(201).reference().to_owned()
}

async fn work_of(api: &Api, role: Role) -> Vec<Value> {
    api.by(role).await.get("/v1/me/work").await.expect(200).body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn whoever_stands_in_sees_and_does_the_work_and_both_are_named() {
    for database in each() {
        let api = Api::start(database).await;
        let action = assigned(&api).await;
        let path = |verb: &str| format!("/v1/actions/{action}/{verb}");
        let me = api.member_id(MEMBER).await;
        for_another(&api, AUDITOR, &me, Method::POST, &path("start"), json!({})).await.expect(403);
        lent(&api, 7).await;
        let listed = work_of(&api, AUDITOR).await;
        let item = listed.iter().find(|item| item["reference"] == json!(action)).unwrap();
        assert_eq!((&item["on_behalf_of"], &item["by_name"]), (&json!(me), &json!(true)));
        let own = work_of(&api, MEMBER).await;
        assert!(own.iter().all(|item| item["on_behalf_of"].is_null()), "{own:?}");
        // Without saying for whom, it is still somebody else's.
        api.by(AUDITOR).await.post(&path("start"), json!({})).await.expect(403);
        for_another(&api, AUDITOR, &me, Method::POST, &path("start"), json!({})).await.expect(200);
        let done = json!({ "summary": "Image 42" });
        let done = for_another(&api, AUDITOR, &me, Method::POST, &path("complete"), done).await.expect(200);
        let auditor = api.member_id(AUDITOR).await;
        assert_eq!(done.body["completion"]["by"], json!(auditor), "who did it did it");
        let history = api.by(AUDITOR).await.get(&format!("/v1/records/{action}/history")).await.expect(200);
        let last = history.body["items"].as_array().unwrap().last().unwrap()["actor"].clone();
        assert_eq!((&last["id"], &last["on_behalf_of"]), (&json!(auditor), &json!(me)));
        let who = for_another(&api, AUDITOR, &me, Method::GET, "/v1/me", Value::Null).await.expect(200);
        assert_eq!((&who.body["member_id"], &who.body["on_behalf_of"]), (&json!(auditor), &json!(me)));
        assert_eq!(api.by(AUDITOR).await.get("/v1/me").await.expect(200).body["stands_in_for"], json!([me]));
        let mine = for_another(&api, AUDITOR, &me, Method::GET, "/v1/actions?assignee=me", Value::Null).await;
        assert_eq!(mine.expect(200).body["items"][0]["reference"], json!(action), "`me` is whose work it is about");
    }
}

/// What one is lent from a later day on is nobody's before it, and makes nobody another either.
#[tokio::test]
async fn it_gives_nothing_before_its_first_day() {
    for database in each() {
        let api = Api::start(database).await;
        let (me, to) = (api.member_id(MEMBER).await, api.member_id(AUDITOR).await);
        let first = api.now().date_naive() + TimeDelta::days(1);
        let body = json!({ "to_id": to, "from": first, "until": first, "reason": "On leave" });
        api.by(MEMBER).await.post(&format!("/v1/members/{me}/delegate"), body).await.expect(200);
        let read = || for_another(&api, AUDITOR, &me, Method::GET, "/v1/me", Value::Null);
        read().await.expect(403);
        assert_eq!(api.by(AUDITOR).await.get("/v1/me").await.expect(200).body["stands_in_for"], json!([]));
        let case = actions::case(&api).await;
        actions::done(&api, &case).await;
        api.wait(TimeDelta::days(1));
        read().await.expect(200);
    }
}

/// Neither whoever has left nor whoever is to stand in for them; and a role that has ended is not lent any more.
#[tokio::test]
async fn it_is_over_when_either_has_gone() {
    for database in each() {
        let api = Api::start(database).await;
        let me = lent(&api, 7).await;
        let action = assigned(&api).await;
        let start = format!("/v1/actions/{action}/start");
        let last = api.now().date_naive() + TimeDelta::days(1);
        let body = json!({ "roles": ["member"], "terms": [{ "role": "member", "until": last }] });
        let admin = api.by(Role::Admin).await;
        admin.post(&format!("/v1/members/{me}/assign-roles"), body).await.expect(200);
        api.wait(TimeDelta::days(2));
        let granted = for_another(&api, AUDITOR, &me, Method::GET, "/v1/me", Value::Null).await.expect(200);
        assert_eq!(cells(&granted), ["no"], "the member's role has ended");
        for_another(&api, AUDITOR, &me, Method::POST, &start, json!({})).await.expect(404);
        let to = api.member_id(AUDITOR).await;
        let caller = api.by(AUDITOR).await;
        let gone = json!({ "reason": "Left" });
        api.by(Role::Admin).await.post(&format!("/v1/members/{to}/deactivate"), gone).await.expect(200);
        let request = caller.request(Method::GET, "/v1/me").header("on-behalf-of", &me);
        caller.send(request).await.expect(401);
        let again = json!({ "to_id": to, "from": last, "until": last + TimeDelta::days(9), "reason": "On leave" });
        let manager = api.member_id(Role::IsmsManager).await;
        let again = api.by(Role::IsmsManager).await.post(&format!("/v1/members/{manager}/delegate"), again).await;
        assert_eq!(again.expect(422).faults(), ["/to_id unknown_member"]);
    }
}

/// What a caller may do at all, each once.
fn cells(me: &Answer) -> Vec<String> {
    let permissions = me.body["permissions"].as_array().unwrap();
    let cells = permissions.iter().map(|granted| granted["cell"].as_str().unwrap().to_owned());
    cells.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
}

#[tokio::test]
async fn nobody_s_role_gives_more_than_what_is_their_own() {
    for database in each() {
        let api = Api::start(database).await;
        for lender in [Role::Admin, Role::IsmsManager, Role::Management, Role::Member] {
            let (me, to) = (api.member_id(lender).await, api.member_id(AUDITOR).await);
            let today = api.now().date_naive();
            let body = json!({ "to_id": to, "from": today, "until": today, "reason": "On leave" });
            api.by(lender).await.post(&format!("/v1/members/{me}/delegate"), body).await.expect(200);
            let granted = for_another(&api, AUDITOR, &me, Method::GET, "/v1/me", Value::Null).await.expect(200);
            assert_eq!(cells(&granted), ["no", "own"], "{lender:?}");
            for path in ["/v1/training-assignments", "/v1/employee-reports", "/v1/journal", "/v1/readiness"] {
                for_another(&api, AUDITOR, &me, Method::GET, path, Value::Null).await.expect(403);
            }
        }
        // What was lent to one is not that one's to lend.
        let (me, to) = (api.member_id(AUDITOR).await, api.member_id(Role::IsmsManager).await);
        let today = api.now().date_naive();
        let body = json!({ "to_id": to, "from": today, "until": today, "reason": "On leave" });
        api.by(AUDITOR).await.post(&format!("/v1/members/{me}/delegate"), body).await.expect(200);
        let member = api.member_id(MEMBER).await;
        for_another(&api, Role::IsmsManager, &member, Method::GET, "/v1/me", Value::Null).await.expect(403);
    }
}

#[tokio::test]
async fn it_ends_with_its_last_day_or_when_it_is_ended() {
    for database in each() {
        let api = Api::start(database).await;
        let me = lent(&api, 2).await;
        let read = || for_another(&api, AUDITOR, &me, Method::GET, "/v1/me", Value::Null);
        read().await.expect(200);
        api.wait(TimeDelta::days(2));
        read().await.expect(200);
        api.wait(TimeDelta::days(1));
        read().await.expect(403);
        let ended = api.by(MEMBER).await.post(&format!("/v1/members/{me}/end-delegation"), json!({})).await;
        assert_eq!(ended.expect(409).reasons(), ["no_delegation"]);
        lent(&api, 7).await;
        read().await.expect(200);
        let path = format!("/v1/members/{me}/end-delegation");
        api.by(AUDITOR).await.post(&path, json!({})).await.expect(403);
        api.by(Role::Admin).await.post(&path, json!({})).await.expect(200);
        read().await.expect(403);
        // And it is nobody's after its member has gone.
        lent(&api, 7).await;
        read().await.expect(200);
        let gone = json!({ "reason": "Left" });
        api.by(Role::Admin).await.post(&format!("/v1/members/{me}/deactivate"), gone).await.expect(200);
        read().await.expect(403);
    }
}

#[tokio::test]
async fn it_gives_no_decision_and_nothing_personal() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = Role::IsmsManager;
        let (me, to) = (api.member_id(manager).await, api.member_id(AUDITOR).await);
        let today = api.now().date_naive();
        let body = json!({ "to_id": to, "from": today, "until": today, "reason": "On leave" });
        api.by(manager).await.post(&format!("/v1/members/{me}/delegate"), body.clone()).await.expect(200);
        let case = nonconformities::raise(&api).await;
        let confirm = json!({ "grade": "minor", "owner_id": me });
        let path = |verb: &str| format!("/v1/nonconformities/{case}/{verb}");
        for_another(&api, AUDITOR, &me, Method::POST, &path("confirm"), confirm.clone()).await.expect(404);
        api.by(manager).await.post(&path("confirm"), confirm).await.expect(200);
        // What is owned can be steered, and no more.
        let analysis = json!({ "method": "other", "root_causes": ["No agent"], "similar": "None" });
        for_another(&api, AUDITOR, &me, Method::POST, &path("analyse"), analysis).await.expect(200);
        for_another(&api, AUDITOR, &me, Method::POST, &path("reopen"), json!({ "reason": "x" })).await.expect(403);
        let policy = policies::establish(&api, json!({})).await.expect(201).reference().to_owned();
        let owner = json!({ "owner_id": to });
        let caller = api.by(AUDITOR).await;
        let amend = caller.request(Method::PATCH, &format!("/v1/policies/{policy}")).header("on-behalf-of", &me);
        let amend = amend.header("if-match", "*").header("content-type", "application/merge-patch+json");
        caller.send(amend.body(owner.to_string())).await.expect(403);
        for (path, body, status) in [
            (format!("/v1/members/{me}/open-calendar-link"), json!({}), 404),
            (format!("/v1/members/{me}/delegate"), body, 404),
            ("/v1/employee-reports".to_owned(), json!({ "kind": "suggestion", "text": "x" }), 403),
            ("/v1/nonconformities".to_owned(), nonconformities::report(), 403),
        ] {
            for_another(&api, AUDITOR, &me, Method::POST, &path, body).await.expect(status);
        }
        // Other people's are not among what is the principal's own, whatever the principal's role reads.
        let other = actions::case(&api).await;
        let patched = json!({ "owner_id": api.member_id(MEMBER).await });
        api.by(manager).await.patch(&format!("/v1/nonconformities/{other}"), "*", patched).await.expect(200);
        for_another(&api, AUDITOR, &me, Method::GET, &format!("/v1/nonconformities/{other}"), Value::Null)
            .await
            .expect(404);
        let listed = for_another(&api, AUDITOR, &me, Method::GET, "/v1/nonconformities", Value::Null).await.expect(200);
        assert_eq!(listed.body["items"].as_array().unwrap().len(), 1, "{}", listed.text);
        let nonsense = for_another(&api, AUDITOR, "nonsense", Method::GET, "/v1/me", Value::Null).await.expect(400);
        assert_eq!(nonsense.faults(), ["on-behalf-of malformed"]);
        let stranger = api.stranger(manager).await.get("/v1/me").await.expect(200).body["member_id"].clone();
        for_another(&api, AUDITOR, stranger.as_str().unwrap(), Method::GET, "/v1/me", Value::Null).await.expect(403);
    }
}

#[tokio::test]
async fn both_count_as_one_for_a_year() {
    for database in each() {
        let api = Api::start(database).await;
        let me = lent(&api, 2).await;
        let action = assigned(&api).await;
        let path = |verb: &str| format!("/v1/actions/{action}/{verb}");
        api.by(MEMBER).await.post(&path("complete"), json!({ "summary": "Image 42" })).await.expect(200);
        let waiting = work_of(&api, AUDITOR).await;
        assert!(waiting.iter().all(|item| item["reference"] != json!(action)), "nobody is asked who must not");
        let own = api.by(AUDITOR).await.post(&path("verify"), json!({ "evidence": "Seen" })).await.expect(409);
        assert_eq!(own.reasons(), ["separation_of_duties"]);
        // Nor a day after it, when the work was done in its time.
        api.wait(TimeDelta::days(3));
        let later = api.by(AUDITOR).await.post(&path("verify"), json!({ "evidence": "Seen" })).await.expect(409);
        assert_eq!(later.reasons(), ["separation_of_duties"]);
        for_another(&api, AUDITOR, &me, Method::POST, &path("verify"), json!({ "evidence": "x" })).await.expect(403);
        api.wait(TimeDelta::days(366));
        api.by(AUDITOR).await.post(&path("verify"), json!({ "evidence": "Seen" })).await.expect(200);
    }
}

/// What is done in one's name is one's own doing: it is not one's own to judge.
#[tokio::test]
async fn nobody_judges_what_was_done_in_their_name() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = Role::IsmsManager;
        let (me, to) = (api.member_id(manager).await, api.member_id(Role::Management).await);
        let today = api.now().date_naive();
        let body = json!({ "to_id": to, "from": today, "until": today, "reason": "On leave" });
        api.by(manager).await.post(&format!("/v1/members/{me}/delegate"), body).await.expect(200);
        // Planned by the manager, and for that the manager's own; assigned to somebody else.
        let action = assigned(&api).await;
        let path = |verb: &str| format!("/v1/actions/{action}/{verb}");
        let done = json!({ "summary": "Image 42" });
        for_another(&api, Role::Management, &me, Method::POST, &path("complete"), done).await.expect(200);
        let verdict = json!({ "evidence": "Seen" });
        for judge in [manager, Role::Management] {
            let refused = api.by(judge).await.post(&path("verify"), verdict.clone()).await.expect(409);
            assert_eq!(refused.reasons(), ["separation_of_duties"], "{judge:?}");
        }
        api.by(AUDITOR).await.post(&path("verify"), verdict).await.expect(200);
    }
}
