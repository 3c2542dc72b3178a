//! What a review freezes of audits, objectives, risks and improvements, by hand-made records and by hand-counted figures.

use super::{act, check_digest, inputs, prepared};
use crate::api::measurements::{send, series};
use crate::api::{audits, findings, improvements, objectives, risks};
use crate::databases::each;
use crate::harness::Api;
use crate::storage::management_reviews::statements;
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::id::OrganisationId;
use ratchet_domain::management_reviews::ManagementReview;
use ratchet_domain::reference::Locator;
use ratchet_persistence::table::Table;
use serde_json::{Value, json};

/// A verb of a record, by whoever holds the role; it must succeed.
async fn done(api: &Api, role: Role, path: &str, body: Value) -> Value {
    let answer = api.by(role).await.post(&format!("/v1/{path}"), body).await;
    assert!(answer.status < 300, "{path}: {}", answer.text);
    answer.body
}

async fn measured(api: &Api, indicator: &str, value: f64) {
    send(api, series(api, indicator, &[value])).await.expect(201);
    api.evaluate().await;
}

/// One audit with three findings, of which the major one has its case; and one that is only planned.
async fn audit(api: &Api) -> (String, String) {
    let (audit, found) = findings::issued(api, &["major", "minor", "observation"]).await;
    done(api, Role::Auditor, &format!("findings/{}/raise", found[0]), json!({})).await;
    (audit, audits::planned(api).await)
}

/// An action of a risk, due today.
async fn action_of(api: &Api, risk: &str) -> String {
    let body = json!({
        "parent": risk, "title": "Try a restore every month", "kind": "preventive",
        "assignee_id": api.member_id(Role::Member).await, "due_on": api.now().date_naive(),
    });
    done(api, Role::IsmsManager, "actions", body).await["reference"].as_str().unwrap().to_owned()
}

/// One risk that is named, one of level 20 with an action that is open, and one that its action has brought from 20 to 8.
async fn three_risks(api: &Api) {
    risks::registered(api).await;
    action_of(api, &risks::assessed(api).await).await;
    let risk = risks::assessed(api).await;
    let action = action_of(api, &risk).await;
    done(api, Role::Member, &format!("actions/{action}/complete"), json!({ "summary": "On the calendar" })).await;
    let residual = json!({ "likelihood": 2, "impact": 4 });
    let treatment = json!({ "option": "modify", "description": "Restores are tried", "residual": residual });
    done(api, Role::Member, &format!("risks/{risk}/treat"), treatment).await;
}

/// One suggestion, and one that was decided for.
async fn two_improvements(api: &Api) {
    improvements::propose(api, Role::Auditor).await;
    let accepted = improvements::propose(api, Role::Auditor).await;
    let body = json!({ "owner_id": api.member_id(Role::Member).await, "reason": "Cheap" });
    done(api, Role::Management, &format!("improvements/{accepted}/accept"), body).await;
}

/// What a line says of an objective is what its own answer says.
async fn is_as_told(api: &Api, line: &Value) {
    let path = format!("/v1/objectives/{}/progress", line["reference"].as_str().unwrap());
    let own = api.by(Role::Auditor).await.get(&path).await.expect(200).body;
    for field in ["outlook", "unit"] {
        assert_eq!(line[field], own[field], "{field}: {line} {own}");
    }
    // What is frozen is canonical: 85.0 is written 85.
    for field in ["value", "target", "share"] {
        assert_eq!(line[field].as_f64(), own[field].as_f64(), "{field}: {line} {own}");
    }
}

#[tokio::test]
async fn audits_objectives_risks_and_improvements_are_frozen() {
    for database in each() {
        let api = Api::start(database).await;
        let (behind, indicator) = objectives::pursued(&api).await;
        api.wait(TimeDelta::days(50));
        measured(&api, &indicator, 85.0).await;
        let (begun, _) = objectives::pursued(&api).await;
        let (given_up, _) = objectives::pursued(&api).await;
        done(&api, Role::Management, &format!("objectives/{given_up}/abandon"), json!({ "reason": "Too dear" })).await;
        let (audited, planned) = audit(&api).await;
        three_risks(&api).await;
        two_improvements(&api).await;
        let review = prepared(&api).await;
        let frozen = inputs(&api, &review, "").await.expect(200);
        check_digest(&frozen);
        let collected = &frozen.body["inputs"]["collected"];

        let told = &collected["audits"];
        assert_eq!((&told["planned"], &told["conducted"], &told["cancelled"]), (&json!(2), &json!(1), &json!(0)));
        assert_eq!(told["reported"], json!({ "now": 1, "before": 0 }));
        assert_eq!(told["findings"]["minor"], json!({ "now": 1, "before": 0 }));
        assert_eq!(told["findings"]["opportunity"], json!({ "now": 0, "before": 0 }));
        let lines = told["items"].as_array().unwrap();
        assert_eq!(
            (lines.len(), &lines[0]["reference"], &lines[1]["reference"]),
            (2, &json!(audited), &json!(planned))
        );
        assert_eq!(lines[0]["findings"], json!({ "major": 1, "minor": 1, "opportunity": 0, "observation": 1 }));
        assert_eq!((&lines[0]["without_case"], &lines[0]["case_open"]), (&json!(1), &json!(1)));
        assert_eq!((&lines[1]["state"], &lines[1]["reported_at"]), (&json!("planned"), &Value::Null));

        let told = &collected["objectives"];
        assert_eq!((&told["on_track"], &told["at_risk"], &told["off_track"]), (&json!(1), &json!(1), &json!(0)));
        assert_eq!(told["abandoned"], json!({ "now": 1, "before": 0 }));
        let lines = told["items"].as_array().unwrap();
        let order: Vec<&Value> = lines.iter().map(|line| &line["reference"]).collect();
        assert_eq!(order, [&json!(behind), &json!(begun), &json!(given_up)]);
        assert_eq!((lines[0]["share"].as_f64(), &lines[0]["outlook"]), (Some(0.375), &json!("at_risk")));
        for line in lines {
            is_as_told(&api, line).await;
        }

        let told = &collected["risks"];
        assert_eq!((&told["open"], &told["registered"]), (&json!(3), &json!({ "now": 3, "before": 0 })));
        assert_eq!(told["treated"], json!({ "now": 1, "before": 0 }));
        let level = |level: i64, inherent: i64, residual: i64| json!({ "level": level, "inherent": inherent, "residual": residual });
        assert_eq!(told["open_by_level"], json!([level(20, 2, 1), level(8, 0, 1)]));
        assert_eq!((&told["items"][0]["inherent"], &told["items"][1]["residual"]), (&json!(20), &json!(8)));
        let plan = &told["treatment_plan"];
        assert_eq!((&plan["open"], &plan["overdue"]), (&json!(1), &json!(0)));
        assert_eq!(plan["done"], json!({ "now": 1, "before": 0 }));

        let told = &collected["improvements"]["register"];
        assert_eq!(told["proposed"], json!({ "now": 2, "before": 0 }));
        assert_eq!(told["accepted"], json!({ "now": 1, "before": 0 }));
        assert_eq!((&told["open"], &told["open_by_state"]), (&json!(2), &json!({ "accepted": 1, "proposed": 1 })));

        late(&api, &review, &indicator, frozen.body["seal"].clone(), &frozen.text).await;
    }
}

/// What arrives later moves nothing that is frozen, and is seen by the next snapshot.
async fn late(api: &Api, review: &str, indicator: &str, seal: Value, frozen: &str) {
    api.wait(TimeDelta::minutes(30));
    measured(api, indicator, 60.0).await;
    audit(api).await;
    three_risks(api).await;
    two_improvements(api).await;
    assert_eq!(inputs(api, review, "").await.expect(200).text, frozen);
    let shown = api.by(Role::Auditor).await.get(&format!("/v1/management-reviews/{review}")).await.expect(200);
    assert_eq!(shown.body["snapshots"], json!([seal]));
    act(api, Role::IsmsManager, review, "prepare", json!({})).await.expect(200);
    let second = inputs(api, review, "").await.expect(200);
    check_digest(&second);
    let collected = &second.body["inputs"]["collected"];
    assert_eq!(collected["audits"]["reported"]["now"], 2);
    assert_eq!((&collected["objectives"]["on_track"], &collected["objectives"]["at_risk"]), (&json!(2), &json!(0)));
    assert_eq!((&collected["risks"]["open"], &collected["risks"]["treatment_plan"]["open"]), (&json!(6), &json!(2)));
    assert_eq!(collected["improvements"]["register"]["open"], 4);
    assert_eq!(inputs(api, review, "?snapshot=1").await.expect(200).text, frozen);
}

#[tokio::test]
async fn more_of_everything_costs_no_statement_more() {
    for database in each() {
        let api = Api::start(database).await;
        let reference = prepared(&api).await;
        let organisation = OrganisationId(api.ours());
        let locator = Locator::Reference(reference.parse().unwrap());
        let found = api.store.read(move |connection| ManagementReview::find(organisation, locator, connection)).await;
        let (review, _) = found.unwrap().unwrap();
        let more = async || {
            objectives::pursued(&api).await;
            audit(&api).await;
            three_risks(&api).await;
            two_improvements(&api).await;
        };
        more().await;
        let few = statements(&api.store, organisation, review.clone()).await;
        for _ in 0..3 {
            more().await;
        }
        assert_eq!(statements(&api.store, organisation, review).await, few);
    }
}
