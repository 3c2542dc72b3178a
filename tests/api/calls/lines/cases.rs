//! Incidents with their timelines, weaknesses and risks.

use super::{Line, about};
use crate::api::{incidents, nonconformities, risks, timeline_entries, weaknesses};
use crate::harness::Api;
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::json;

pub async fn valid(api: &Api, operation: &str) -> Option<Line> {
    let (manager, me) = (Role::IsmsManager, api.member_id(Role::IsmsManager).await);
    let review_on = (api.now() + TimeDelta::days(90)).date_naive();
    let rating = json!({ "likelihood": 4, "impact": 3 });
    Some(match operation {
        "triage_incident" => {
            let body = json!({
                "decision": "incident", "criteria": "Customers", "category": "malware", "severity": 2, "owner_id": me,
            });
            (manager, about(api, "/v1/incidents/{id}/triage").await, body)
        }
        "amend_incident" => {
            let incident = incidents::triaged(api).await;
            (manager, format!("/v1/incidents/{incident}"), json!({ "owner_id": me }))
        }
        "create_timeline_entry" => {
            let first = timeline_entries::appended(api).await;
            let first = api.by(manager).await.get(&format!("/v1/timeline-entries/{first}")).await.expect(200);
            let mut body = timeline_entries::entry(api, first.body["incident_id"].as_str()?, 1, "Another ending");
            body["corrects"] = first.body["id"].clone();
            (manager, "/v1/timeline-entries".into(), body)
        }
        "assess_weakness" => {
            let body = json!({ "rating": rating, "rationale": "Seen twice", "owner_id": me });
            (manager, about(api, "/v1/weaknesses/{id}/assess").await, body)
        }
        "treat_weakness" => {
            let weakness = weaknesses::assessed(api).await;
            let body = json!({ "case": "existing", "nonconformity": nonconformities::raise(api).await });
            (manager, format!("/v1/weaknesses/{weakness}/treat"), body)
        }
        "assess_risk" => {
            let body =
                json!({ "inherent": rating, "rationale": "Three failed", "owner_id": me, "review_on": review_on });
            (manager, about(api, "/v1/risks/{id}/assess").await, body)
        }
        "amend_risk" => {
            let risk = risks::assessed(api).await;
            (manager, format!("/v1/risks/{risk}"), json!({ "owner_id": me }))
        }
        "void_incident" => {
            let incident = incidents::triaged(api).await;
            (manager, format!("/v1/incidents/{incident}/void"), json!({ "reason": "A drill" }))
        }
        "void_weakness" => {
            let weakness = weaknesses::assessed(api).await;
            (manager, format!("/v1/weaknesses/{weakness}/void"), json!({ "reason": "Entered twice" }))
        }
        "mark_duplicate_incident" => {
            let (one, other) = (incidents::triaged(api).await, incidents::reported(api, Role::Member).await);
            (manager, format!("/v1/incidents/{other}/mark-duplicate"), json!({ "of": one }))
        }
        "mark_duplicate_weakness" => {
            let (one, other) = (weaknesses::assessed(api).await, weaknesses::reported(api, Role::Member).await);
            (manager, format!("/v1/weaknesses/{other}/mark-duplicate"), json!({ "of": one }))
        }
        _ => return None,
    })
}
