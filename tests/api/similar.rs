//! Nonconformities that are like one, and what was concluded of them [10.2 b].

use super::actions::case;
use super::{built_in, nonconformities};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

const MANAGER: Role = Role::IsmsManager;

async fn raise(api: &Api, role: Role, title: &str, requirement: Value) -> String {
    let mut body = nonconformities::report();
    (body["title"], body["statement"], body["requirement"]) = (json!(title), json!(title), requirement);
    api.by(role).await.post("/v1/nonconformities", body).await.expect(201).reference().to_owned()
}

async fn verb(api: &Api, case: &str, verb: &str, body: Value) -> Answer {
    api.by(MANAGER).await.post(&format!("/v1/nonconformities/{case}/{verb}"), body).await
}

async fn similar(api: &Api, role: Role, case: &str) -> Answer {
    api.by(role).await.get(&format!("/v1/nonconformities/{case}/similar")).await
}

fn told(answer: &Answer) -> Vec<(String, Value)> {
    let items = answer.body["items"].as_array().unwrap();
    items.iter().map(|item| (item["reference"].as_str().unwrap().to_owned(), item["because"].clone())).collect()
}

fn analysis(cause: &str) -> Value {
    json!({ "method": "other", "root_causes": [cause], "similar": "Searched" })
}

#[tokio::test]
async fn each_says_why_and_what_became_of_it() {
    for database in each() {
        let api = Api::start(database).await;
        // Of A.8.8, verified: "No agent in the image".
        let earlier = built_in::verified(&api).await;
        built_in::close(&api, &earlier).await;
        api.wait(TimeDelta::days(1));
        let doors = raise(&api, MANAGER, "Doors stay open at night", json!("A.7.2")).await;
        let words = raise(&api, MANAGER, "Firmware updates missing on sensors", Value::Null).await;
        let one = raise(&api, MANAGER, "Updates missing on terminals", json!("A.8.8")).await;
        let before = similar(&api, Role::Auditor, &one).await.expect(200);
        assert_eq!(told(&before), [(earlier.clone(), json!(["requirement"]))], "nobody has followed yet");
        api.follow().await;
        let found = similar(&api, Role::Auditor, &one).await.expect(200);
        let expected = [(earlier.clone(), json!(["requirement"])), (words.clone(), json!(["statement"]))];
        assert_eq!(told(&found), expected);
        assert_eq!(found.body["complete"], true);
        let [first, second] = found.body["items"].as_array().unwrap().as_slice() else { panic!("{}", found.text) };
        assert_eq!((&first["state"], &first["effective"]), (&json!("closed"), &json!(true)));
        assert_eq!(first["root_causes"], json!(["No agent in the image"]));
        assert_eq!(
            (&second["effective"], &second["shared_statement_words"]),
            (&Value::Null, &json!(["missing", "updates"]))
        );
        // Once its cause is known, that of others says most.
        let owner = api.member_id(MANAGER).await;
        verb(&api, &one, "confirm", json!({ "grade": "minor", "owner_id": owner })).await.expect(200);
        verb(&api, &one, "analyse", analysis("The image of the terminals has no agent")).await.expect(200);
        let found = similar(&api, Role::Auditor, &one).await.expect(200);
        assert_eq!(told(&found)[0], (earlier.clone(), json!(["cause", "requirement"])));
        assert_eq!(found.body["items"][0]["shared_cause_words"], json!(["agent", "image"]));
        let weights: Vec<f64> =
            found.body["items"].as_array().unwrap().iter().map(|item| item["weight"].as_f64().unwrap()).collect();
        assert!(weights.is_sorted_by(|a, b| a >= b) && weights[0] > 0.25 && weights[0] <= 1.0, "{weights:?}");
        assert!(!told(&found).iter().any(|(reference, _)| *reference == doors));
        let path = format!("/v1/nonconformities/{one}/similar");
        let auditor = api.by(Role::Auditor).await;
        let first = auditor.get(&format!("{path}?limit=1")).await.expect(200);
        assert_eq!((told(&first).len(), &first.body["complete"]), (1, &json!(false)));
        for wrong in ["limit=0", "limit=51", "limit=x", "q=agent"] {
            auditor.get(&format!("{path}?{wrong}")).await.expect(400);
        }
    }
}

#[tokio::test]
async fn what_was_taken_back_or_is_another_s_is_left_out() {
    for database in each() {
        let api = Api::start(database).await;
        let one = raise(&api, Role::Member, "Updates missing on terminals", json!("A.8.8")).await;
        let own = raise(&api, Role::Member, "Updates missing on sensors", json!("A.8.8")).await;
        let [void, repeated] = [case(&api).await, case(&api).await];
        let theirs = api.stranger(MANAGER).await;
        theirs.post("/v1/nonconformities", nonconformities::report()).await.expect(201);
        api.follow().await;
        let references = |answer: &Answer| told(answer).into_iter().map(|(reference, _)| reference).collect::<Vec<_>>();
        let all = similar(&api, MANAGER, &one).await.expect(200);
        assert_eq!(references(&all), [own.clone(), repeated.clone(), void.clone()], "the newest first among equals");
        // `case` raises as the member.
        assert_eq!(
            references(&similar(&api, Role::Member, &one).await.expect(200)),
            [own.clone(), repeated.clone(), void.clone()]
        );
        let another = raise(&api, MANAGER, "Updates missing on printers", json!("A.8.8")).await;
        api.follow().await;
        similar(&api, Role::Member, &another).await.expect(404);
        assert!(!references(&similar(&api, Role::Member, &one).await.expect(200)).contains(&another));
        assert!(references(&similar(&api, MANAGER, &one).await.expect(200)).contains(&another));
        verb(&api, &void, "void", json!({ "reason": "The wrong site" })).await.expect(200);
        verb(&api, &repeated, "mark-duplicate", json!({ "of": own })).await.expect(200);
        api.follow().await;
        for role in [MANAGER, Role::Member] {
            let left = references(&similar(&api, role, &one).await.expect(200));
            assert!(!left.contains(&void) && !left.contains(&repeated) && left.contains(&own), "{role:?}: {left:?}");
        }
    }
}

#[tokio::test]
async fn what_was_concluded_of_them_stays_with_the_analysis() {
    for database in each() {
        let api = Api::start(database).await;
        let (one, other) = (case(&api).await, case(&api).await);
        let id =
            api.by(MANAGER).await.get(&format!("/v1/nonconformities/{other}")).await.expect(200).body["id"].clone();
        let considered = |considered: Value| {
            let mut body = analysis("No agent");
            body["considered"] = considered;
            body
        };
        let looked_at = |named: &Value| json!({ "nonconformity": named, "same_cause": true, "note": "The same image" });
        for (named, fault) in [
            (json!([looked_at(&json!(one))]), "/considered/0/nonconformity itself"),
            (json!([looked_at(&json!(other)), looked_at(&id)]), "/considered/1/nonconformity duplicate"),
            (json!([looked_at(&json!("NC-2026-9999"))]), "/considered/0/nonconformity unknown_record"),
            (json!([{ "nonconformity": other, "same_cause": false, "note": " " }]), "/considered/0/note blank"),
        ] {
            assert_eq!(verb(&api, &one, "analyse", considered(named)).await.expect(422).faults(), [fault]);
        }
        let analysed = verb(&api, &one, "analyse", considered(json!([looked_at(&json!(other))]))).await.expect(200);
        let expected = json!([{ "nonconformity_id": id, "same_cause": true, "note": "The same image" }]);
        assert_eq!(analysed.body["analysis"]["considered"], expected);
        let plain = verb(&api, &other, "analyse", analysis("No agent")).await.expect(200);
        assert_eq!(plain.body["analysis"]["considered"], json!([]));
    }
}
