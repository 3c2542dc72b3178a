//! Changes and their templates.

use super::{Line, about};
use crate::api::{change_templates, changes, indicators, nonconformities};
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::json;

pub async fn valid(api: &Api, operation: &str) -> Option<Line> {
    let (manager, me) = (Role::IsmsManager, api.member_id(Role::IsmsManager).await);
    let amendment = async || {
        let (indicator, case) = (indicators::active(api).await, nonconformities::raise(api).await);
        json!({ "owner_id": me, "indicators": [indicator], "affected": [case] })
    };
    Some(match operation {
        "create_change" => {
            let mut body = changes::words();
            let named = amendment().await;
            body["origin"] = named["affected"][0].clone();
            body.as_object_mut()?.extend(named.as_object()?.clone());
            (manager, "/v1/changes".into(), body)
        }
        "create_change /template" => {
            let template = change_templates::define(api).await.reference().to_owned();
            change_templates::act(api, Role::Management, &template, "approve", json!({})).await.expect(200);
            (manager, "/v1/changes".into(), json!({ "kind": "standard", "title": "Port 443", "template": template }))
        }
        "amend_change" => (manager, about(api, "/v1/changes/{id}").await, amendment().await),
        "revise_change" => {
            let change = changes::approved(api, changes::words()).await;
            let body = json!({ "content": amendment().await, "reason": "By site" });
            (manager, format!("/v1/changes/{change}/revise"), body)
        }
        "close_change" => {
            let change = changes::harmful(api).await;
            let body = json!({ "lessons": "Three models first", "case": nonconformities::raise(api).await });
            (Role::Management, format!("/v1/changes/{change}/close"), body)
        }
        "create_change_template" => {
            let mut body = change_templates::draft();
            body["indicators"] = json!([indicators::active(api).await]);
            (manager, "/v1/change-templates".into(), body)
        }
        "amend_change_template" => {
            let body = json!({ "indicators": [indicators::active(api).await] });
            (manager, about(api, "/v1/change-templates/{id}").await, body)
        }
        _ => return None,
    })
}
