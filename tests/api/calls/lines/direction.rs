//! Objectives and management reviews, and the set that an organisation begins with.

use super::{Line, about};
use crate::api::{indicators, management_reviews, objectives};
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::json;

pub async fn valid(api: &Api, operation: &str) -> Option<Line> {
    let (manager, management) = (Role::IsmsManager, Role::Management);
    let (me, chair) = (api.member_id(manager).await, api.member_id(management).await);
    let today = api.now().date_naive();
    let measure = |indicator: String| json!({ "kind": "indicator", "indicator": indicator, "target": 60.0 });
    Some(match operation {
        "create_management_review" => (manager, "/v1/management-reviews".into(), management_reviews::plan(api).await),
        "amend_management_review" => {
            let body = json!({ "chair_id": chair, "attendee_ids": [me] });
            (manager, about(api, "/v1/management-reviews/{id}").await, body)
        }
        "amend_management_review /present_ids/0" => {
            let review = management_reviews::held(api).await;
            (manager, format!("/v1/management-reviews/{review}"), json!({ "present_ids": [chair, me] }))
        }
        "prepare_management_review" => {
            let path = about(api, "/v1/management-reviews/{id}/prepare").await;
            (manager, path, management_reviews::statements())
        }
        "hold_management_review" => {
            let review = management_reviews::prepared(api).await;
            let body = json!({ "held_on": today, "present_ids": [chair, me] });
            (manager, format!("/v1/management-reviews/{review}/hold"), body)
        }
        "decide_management_review" => {
            let review = management_reviews::held(api).await;
            let body = json!({ "kind": "resources", "text": "A second person", "responsible_id": me, "due_on": today });
            (management, format!("/v1/management-reviews/{review}/decide"), body)
        }
        "apply_starter_templates" => {
            let body = json!({
                "areas": ["policies"], "templates": ["course-awareness"], "owner_id": me,
                "owners": [{ "area": "policies", "member_id": me }], "chair_id": chair,
            });
            (manager, "/v1/templates/starter/apply".into(), body)
        }
        "create_objective" => {
            let body = objectives::definition(api, &indicators::active(api).await).await;
            (manager, "/v1/objectives".into(), body)
        }
        "amend_objective" => {
            let body = objectives::definition(api, &indicators::active(api).await).await;
            (manager, about(api, "/v1/objectives/{id}").await, body)
        }
        "revise_objective" => {
            let (objective, _) = objectives::pursued(api).await;
            let body = json!({ "measure": measure(indicators::active(api).await), "reason": "Another one tells more" });
            (manager, format!("/v1/objectives/{objective}/revise"), body)
        }
        _ => return None,
    })
}
