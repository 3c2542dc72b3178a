//! What came once more discredits that it had been judged effective [10.2 d]: visibly, and without touching the verdict.

use super::{actions, built_in, nonconformities};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::indicators::BuiltIn;
use serde_json::{Value, json};

const MANAGER: Role = Role::IsmsManager;

async fn post(api: &Api, role: Role, path: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/{path}"), body).await
}

async fn read(api: &Api, role: Role, path: &str) -> Value {
    api.by(role).await.get(&format!("/v1/{path}")).await.expect(200).body
}

/// A later one that is said to be the same; its reference and that of the link.
pub async fn again(api: &Api, role: Role, earlier: &str) -> [String; 2] {
    let later = post(api, role, "nonconformities", nonconformities::report()).await.expect(201).reference().to_owned();
    let link = json!({ "record": later, "relation": "recurrence_of", "to": earlier });
    let link = post(api, MANAGER, "links", link).await.expect(201).reference().to_owned();
    [later, link]
}

/// Whether it is discredited, and by which.
fn told(body: &Value) -> (Value, Vec<&str>) {
    let by = body["discredited_by"].as_array().unwrap();
    (body["discredited"].clone(), by.iter().map(|one| one["reference"].as_str().unwrap()).collect())
}

/// Treated with a corrective action and a correction, both verified, and judged effective.
async fn treated(api: &Api) -> (String, [String; 2]) {
    let case = actions::case(api).await;
    let nc = |verb: &str| format!("nonconformities/{case}/{verb}");
    let analysis = json!({ "method": "other", "root_causes": ["No agent"], "similar": "None" });
    post(api, MANAGER, &nc("analyse"), analysis).await.expect(200);
    post(api, MANAGER, &nc("plan"), json!({ "response": "actions" })).await.expect(200);
    let mut made = Vec::new();
    for kind in ["corrective", "correction"] {
        let day = api.now().date_naive();
        let body = json!({
            "parent": case, "title": "Agent", "kind": kind, "assignee_id": api.member_id(Role::Member).await, "due_on": day,
        });
        let action = post(api, MANAGER, "actions", body).await.expect(201).reference().to_owned();
        for (role, verb, body) in [
            (Role::Member, "complete", json!({ "summary": "Image 42" })),
            (Role::Auditor, "verify", json!({ "evidence": "Three laptops report" })),
        ] {
            post(api, role, &format!("actions/{action}/{verb}"), body).await.expect(200);
        }
        made.push(action);
    }
    let day = api.now().date_naive();
    post(api, MANAGER, &nc("implement"), json!({ "check_on": day })).await.expect(200);
    let verdict = json!({ "effective": true, "criterion": "Share", "evidence": "97 %" });
    post(api, Role::Management, &nc("verify"), verdict).await.expect(200);
    (case, made.try_into().unwrap())
}

#[tokio::test]
async fn the_verdict_says_that_it_is_discredited_and_by_what() {
    for database in each() {
        let api = Api::start(database).await;
        let (case, [corrective, correction]) = treated(&api).await;
        let path = format!("nonconformities/{case}");
        let before = read(&api, MANAGER, &path).await;
        assert_eq!(told(&before), (json!(false), vec![]));
        let judged = api.now();
        api.wait(TimeDelta::days(1));
        let [first, link] = again(&api, Role::Member, &case).await;
        let [second, _] = again(&api, MANAGER, &case).await;
        let after = read(&api, MANAGER, &path).await;
        assert_eq!(told(&after), (json!(true), vec![second.as_str(), first.as_str()]), "the newest first");
        for field in ["verdict", "version", "updated_at", "state"] {
            assert_eq!(after[field], before[field], "{field}");
        }
        // Who may not see the others is told that much.
        assert_eq!(told(&read(&api, Role::Member, &path).await), (json!(true), vec![first.as_str()]));
        let listed = read(&api, MANAGER, "nonconformities?state=verified").await;
        assert_eq!(told(&listed["items"][0]), told(&after));
        let then = read(&api, MANAGER, &format!("{path}?as_of={}", judged.to_rfc3339().replace('+', "%2B"))).await;
        assert_eq!(told(&then), (Value::Null, vec![]));
        for (action, discredited) in [(&corrective, true), (&correction, false)] {
            let (said, by) = (read(&api, MANAGER, &format!("actions/{action}")).await, [&second, &first]);
            let expected = if discredited { by.map(String::as_str).to_vec() } else { vec![] };
            assert_eq!(told(&said), (json!(discredited), expected), "{action}");
        }
        let all = read(&api, MANAGER, "actions?sort=reference").await;
        let said: Vec<&Value> = all["items"].as_array().unwrap().iter().map(|one| &one["discredited"]).collect();
        assert_eq!(said, [&json!(true), &json!(false)]);
        // What does not stand discredits nothing.
        post(&api, MANAGER, &format!("links/{link}/withdraw"), json!({ "reason": "Another" })).await.expect(200);
        assert_eq!(told(&read(&api, MANAGER, &path).await), (json!(true), vec![second.as_str()]));
        post(&api, MANAGER, &format!("nonconformities/{second}/reject"), json!({ "reason": "None" })).await.expect(200);
        assert_eq!(told(&read(&api, MANAGER, &path).await), (json!(false), vec![]));
        assert_eq!(read(&api, MANAGER, &format!("actions/{corrective}")).await["discredited"], false);
    }
}

#[tokio::test]
async fn what_was_known_or_taken_back_does_not_discredit() {
    for database in each() {
        let api = Api::start(database).await;
        // Raised before the verdict, and linked after it.
        let known = post(&api, MANAGER, "nonconformities", nonconformities::report()).await.expect(201);
        api.wait(TimeDelta::days(1));
        let earlier = built_in::verified(&api).await;
        let path = format!("nonconformities/{earlier}");
        let link = json!({ "record": known.reference(), "relation": "recurrence_of", "to": earlier });
        post(&api, MANAGER, "links", link).await.expect(201);
        let relates = actions::case(&api).await;
        let link = json!({ "record": relates, "relation": "relates_to", "to": earlier });
        post(&api, MANAGER, "links", link).await.expect(201);
        assert_eq!(told(&read(&api, MANAGER, &path).await), (json!(false), vec![]));
        let confirm = json!({ "grade": "minor", "owner_id": api.member_id(MANAGER).await });
        for (verb, body) in [("void", json!({ "reason": "A slip" })), ("mark-duplicate", json!({ "of": relates }))] {
            let [later, _] = again(&api, MANAGER, &earlier).await;
            post(&api, MANAGER, &format!("nonconformities/{later}/confirm"), confirm.clone()).await.expect(200);
            assert_eq!(told(&read(&api, MANAGER, &path).await).1, [later.as_str()]);
            post(&api, MANAGER, &format!("nonconformities/{later}/{verb}"), body).await.expect(200);
            let left = read(&api, MANAGER, &path).await;
            // The link of a duplicate went over to what it repeats.
            let expected = if verb == "void" { vec![] } else { vec![relates.as_str()] };
            assert_eq!(told(&left).1, expected, "{verb}");
        }
        // Reopened, the verdict is one of those that did not hold; judged anew, it is another.
        built_in::close(&api, &earlier).await;
        assert_eq!(read(&api, MANAGER, &path).await["discredited"], true);
        let reopen = json!({ "recurred": true, "reason": "It came again" });
        let reopened = post(&api, MANAGER, &format!("{path}/reopen"), reopen).await.expect(200);
        assert_eq!(told(&reopened.body), (json!(false), vec![]));
    }
}

#[tokio::test]
async fn figures_and_readiness_take_account_of_it() {
    for database in each() {
        let api = Api::start(database).await;
        let (case, _) = treated(&api).await;
        let closing = json!({ "isms_change": "None", "lessons": "None", "no_correction_because": "None needed" });
        post(&api, MANAGER, &format!("nonconformities/{case}/close"), closing).await.expect(200);
        let figure = async || {
            api.wait(TimeDelta::days(1));
            api.measure_built_in().await;
            built_in::today(&api, BuiltIn::ActionsVerifiedEffective).await.unwrap()["value"].clone()
        };
        let check = async || {
            let all = read(&api, Role::Management, "readiness").await;
            let checks = all["steps"].as_array().unwrap().iter().flat_map(|step| step["checks"].as_array().unwrap());
            let one = checks.into_iter().find(|check| check["id"] == "no-recurrence").cloned();
            let one = one.unwrap_or_else(|| panic!("{all}"));
            (one["proof"]["count"].clone(), one["offending"]["count"].clone())
        };
        assert_eq!(figure().await, json!(1.0));
        assert_eq!(check().await, (json!(1), json!(0)));
        let [later, _] = again(&api, MANAGER, &case).await;
        assert_eq!(figure().await, json!(0.5), "the correction was one, too");
        assert_eq!(check().await, (json!(0), json!(1)));
        post(&api, MANAGER, &format!("nonconformities/{later}/reject"), json!({ "reason": "None" })).await.expect(200);
        assert_eq!(figure().await, json!(1.0));
        assert_eq!(check().await, (json!(1), json!(0)));
    }
}
