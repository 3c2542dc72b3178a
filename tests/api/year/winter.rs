//! The year begins: policy, objective, indicator, programme and course are decided on and made known.

use super::{AUDITOR, MANAGEMENT, MANAGER, MEMBER, STAFF, Year, act, follow, read};
use crate::api::{
    audit_programmes, communication_plans, competences, context_entries, objectives, policies, processes, risks,
};
use crate::harness::Api;
use chrono::TimeDelta;
use serde_json::{Value, json};

pub async fn decide_and_publish(api: Api) -> Year {
    let policy = policy(&api).await;
    ground(&api).await;
    let (objective, indicator) = objective(&api).await;
    let programme = audit_programmes::approved(&api).await;
    train(&api).await;
    Year { api, policy, indicator, objective, programme }
}

/// The information security policy holds, and everybody has read it.
async fn policy(api: &Api) -> String {
    let top = json!({ "top_level": true, "title": "Information security policy" });
    let policy = policies::establish(api, top).await.expect(201).reference().to_owned();
    let body = json!({ "policy": policy, "body": "# What we protect\n\nWhat our customers entrust to us.", "change_summary": "The first" });
    let version = act(api, MANAGER, "policy-versions", body).await.reference().to_owned();
    let confirmed = json!({ "fits_purpose": true, "frames_objectives": true, "commits_to_requirements": true, "commits_to_improvement": true });
    act(api, MANAGER, &format!("policy-versions/{version}/submit"), json!({ "confirmations": confirmed })).await;
    act(api, MANAGEMENT, &format!("policy-versions/{version}/approve"), json!({})).await;
    act(api, MANAGER, &format!("policy-versions/{version}/publish"), json!({})).await;
    for role in STAFF {
        act(api, role, "acknowledgements", json!({ "version": version })).await;
    }
    let coverage = read(api, &format!("policies/{policy}/coverage")).await;
    assert_eq!(coverage["percent"], json!(100.0), "{coverage}");
    policy
}

/// What the system stands on: parties, processes, risks, competence, communication.
async fn ground(api: &Api) {
    context_entries::record(api, context_entries::party()).await.expect(201);
    processes::defined(api).await;
    let risk = risks::assessed(api).await;
    let treated = json!({ "option": "modify", "description": "Restores are tried", "residual": { "likelihood": 1, "impact": 4 } });
    act(api, MEMBER, &format!("risks/{risk}/treat"), treated).await;
    let competence = competences::define(api).await;
    let held = json!({ "kind": "held", "basis": "experience", "evidence": "Three audits" });
    let held = json!({ "member_id": api.member_id(AUDITOR).await, "standing": held });
    act(api, MANAGEMENT, &format!("competences/{competence}/assess"), held).await;
    communication_plans::plan(api, MANAGER).await;
}

/// Less than 60 ms by the end of the year, approved by management.
async fn objective(api: &Api) -> (String, String) {
    let (objective, indicator) = objectives::measured(api).await;
    let due_on = (api.now() + TimeDelta::days(340)).date_naive();
    let path = format!("/v1/objectives/{objective}");
    api.by(MANAGER).await.patch(&path, "*", json!({ "due_on": due_on })).await.expect(200);
    act(api, MANAGEMENT, &format!("objectives/{objective}/approve"), json!({})).await;
    (objective, indicator)
}

/// Everybody takes the course.
async fn train(api: &Api) {
    crate::api::courses::published(api, json!({ "kind": "all" }), json!({})).await;
    follow(api).await;
    for role in STAFF {
        let mine = format!("/v1/training-assignments?member={}", api.member_id(role).await);
        let mine = api.by(MANAGER).await.get(&mine).await.expect(200).body;
        let assignments: Vec<&Value> = mine["items"].as_array().unwrap().iter().collect();
        let [one] = assignments.as_slice() else { panic!("one assignment of {role:?}: {mine}") };
        let path = format!("training-assignments/{}/complete", one["reference"].as_str().unwrap());
        act(api, role, &path, json!({ "taken_on": api.now().date_naive() })).await;
    }
}
