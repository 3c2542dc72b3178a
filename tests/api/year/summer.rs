//! Summer: the auditor looks, something happens, and people say what they see.

use super::{AUDITOR, MANAGEMENT, MANAGER, MEMBER, Year, act, read, treat};
use crate::api::{audits, employee_reports, findings, incidents, votes};
use chrono::TimeDelta;
use serde_json::json;

pub async fn audit_and_hear(year: &Year) {
    audit(year).await;
    incident(year).await;
    report(year).await;
    suggestion(year).await;
}

/// What the audit finds becomes a case; once that is closed, so is the audit.
async fn audit(year: &Year) {
    let api = &year.api;
    let (audit, found) = findings::issued(api, &["minor"]).await;
    let raised = act(api, AUDITOR, &format!("findings/{}/raise", found[0]), json!({})).await;
    let case = read(api, &format!("nonconformities/{}", raised.body["case"]["id"].as_str().unwrap())).await;
    treat(api, case["reference"].as_str().unwrap(), "None needed").await;
    audits::verb(api, AUDITOR, &audit, "close", json!({})).await.expect(200);
}

/// Contained, resolved, learned from.
async fn incident(year: &Year) {
    let api = &year.api;
    let incident = incidents::triaged(api).await;
    let verb = |name: &str| format!("incidents/{incident}/{name}");
    act(api, MEMBER, &verb("contain"), json!({ "measures": "Unplugged", "contained_at": api.now() })).await;
    act(api, MEMBER, &verb("resolve"), json!({ "summary": "Restored", "resolved_at": api.now() })).await;
    act(api, MEMBER, &verb("review"), json!({ "root_cause": "Macros ran", "lessons": "Copies pay", "impact": { "downtime_minutes": 540, "records": 0 } })).await;
    act(api, MANAGER, &verb("close"), json!({})).await;
}

/// What an employee saw becomes a weakness, and that a case.
async fn report(year: &Year) {
    let api = &year.api;
    let report = employee_reports::file(api, MEMBER).await;
    employee_reports::triage(api, &report).await;
    let weakness =
        json!({ "title": "The gate closes too slowly", "description": "Two fit through", "found_in": "Gate 2" });
    let body = json!({ "answer": "Thank you. The gate gets a turnstile", "weakness": weakness });
    let converted = act(api, MANAGER, &format!("employee-reports/{report}/convert"), body).await;
    let weakness = converted.body["case"]["id"].as_str().unwrap();
    let level = json!({ "rating": { "likelihood": 2, "impact": 2 }, "rationale": "Seen once", "owner_id": api.member_id(MANAGER).await });
    act(api, MANAGER, &format!("weaknesses/{weakness}/assess"), level).await;
    let until = (api.now() + TimeDelta::days(180)).date_naive();
    let accepted = json!({ "reason": "A guard stands there by day", "until": until });
    act(api, MANAGEMENT, &format!("weaknesses/{weakness}/accept"), accepted).await;
}

/// Proposed by the auditor, voted for, accepted, and seen to be of use.
async fn suggestion(year: &Year) {
    let api = &year.api;
    let improvement = crate::api::improvements::propose(api, AUDITOR).await;
    for role in [MANAGER, MEMBER] {
        votes::cast(api, role, &improvement).await.expect(201);
    }
    let verb = |name: &str| format!("improvements/{improvement}/{name}");
    let owner = api.member_id(MEMBER).await;
    act(api, MANAGEMENT, &verb("accept"), json!({ "owner_id": owner, "reason": "Cheap" })).await;
    act(api, MEMBER, &verb("plan"), json!({ "approach": "A replica", "due_on": api.now().date_naive() })).await;
    act(api, MEMBER, &verb("start"), json!({})).await;
    let judge_on = (api.now() + TimeDelta::days(14)).date_naive();
    act(api, MEMBER, &verb("measure"), json!({ "summary": "It serves", "judge_on": judge_on })).await;
    api.wait(TimeDelta::days(14));
    let verdict =
        json!({ "realised": true, "evidence": "Ten reports at noon, nobody called", "lessons": "Ask who reads" });
    act(api, MANAGEMENT, &verb("conclude"), verdict).await;
}
