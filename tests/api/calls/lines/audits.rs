//! Audit programmes, audits and findings.

use super::Line;
use crate::api::audits::{access, declared, finding, look_at_everything, planned, report, started, verb};
use crate::api::{audit_programmes, evidence, findings, policies, processes};
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// The operation's line.
pub async fn valid(api: &Api, operation: &str) -> Option<Line> {
    if let Some(line) = programme(api, operation).await {
        return Some(line);
    }
    if let Some(line) = found(api, operation).await {
        return Some(line);
    }
    audit(api, operation).await
}

/// A plan that names a process.
async fn plan(api: &Api) -> Value {
    let mut plan = audit_programmes::whole(api)["plan"].clone();
    plan[0]["processes"] = json!([processes::defined(api).await]);
    plan
}

async fn programme(api: &Api, operation: &str) -> Option<Line> {
    let auditor = Role::Auditor;
    let path = |reference: &str, verb: &str| format!("/v1/audit-programmes/{reference}{verb}");
    Some(match operation {
        "create_audit_programme" => {
            let mut body = audit_programmes::whole(api);
            body["plan"] = plan(api).await;
            (auditor, "/v1/audit-programmes".into(), body)
        }
        "amend_audit_programme" => {
            let programme = audit_programmes::drafted(api).await;
            (auditor, path(&programme, ""), json!({ "plan": plan(api).await }))
        }
        "approve_audit_programme" => {
            (Role::Management, path(&audit_programmes::drafted(api).await, "/approve"), json!({}))
        }
        "close_audit_programme" => {
            let body = json!({ "summary": "None held", "not_audited_because": "The year of the fire" });
            (auditor, path(&audit_programmes::approved(api).await, "/close"), body)
        }
        _ => return None,
    })
}

async fn found(api: &Api, operation: &str) -> Option<Line> {
    let auditor = Role::Auditor;
    Some(match operation {
        "create_finding" => {
            let audit = started(api).await;
            (auditor, "/v1/findings".into(), finding(&audit, json!({ "process": processes::defined(api).await })))
        }
        "amend_finding" => {
            let body = json!({ "process": processes::defined(api).await, "grade": "major" });
            (auditor, format!("/v1/findings/{}", findings::noted(api).await), body)
        }
        "raise_finding" => {
            let (_, found) = findings::issued(api, &["minor"]).await;
            (auditor, format!("/v1/findings/{}/raise", found[0]), json!({ "due_on": api.now().date_naive() }))
        }
        "withdraw_finding" => {
            let path = format!("/v1/findings/{}/withdraw", findings::noted(api).await);
            (auditor, path, json!({ "reason": "Because" }))
        }
        _ => return None,
    })
}

/// In progress, and everything was looked at.
async fn looked_at(api: &Api) -> String {
    let audit = started(api).await;
    look_at_everything(api, &audit).await;
    audit
}

async fn reported(api: &Api) -> String {
    let audit = looked_at(api).await;
    verb(api, Role::Auditor, &audit, "report", report(api, Role::Management).await).await.expect(200);
    audit
}

/// Everything that an audit can be told of, in the fields that both making and amending know.
async fn described(api: &Api) -> Value {
    let policy = policies::establish(api, json!({})).await.expect(201).reference().to_owned();
    json!({
        "programme": audit_programmes::approved(api).await, "plan_key": "1", "processes": [processes::defined(api).await],
        "documents": [policy], "auditee_ids": [api.member_id(Role::Member).await],
        "team": access(api).await["team"],
    })
}

async fn audit(api: &Api, operation: &str) -> Option<Line> {
    let name = operation.strip_suffix("_audit")?.replace('_', "-");
    let day = api.now().date_naive();
    let (audit, body) = match name.as_str() {
        "create" => {
            let mut body = access(api).await;
            body.as_object_mut()?.extend(described(api).await.as_object()?.clone());
            return Some((Role::Auditor, "/v1/audits".into(), body));
        }
        "amend" => return Some((Role::Auditor, format!("/v1/audits/{}", planned(api).await), described(api).await)),
        "start" => (declared(api, json!({})).await, json!({})),
        "postpone" => (planned(api).await, json!({ "starts_on": day, "ends_on": day, "reason": "Because" })),
        "declare" => {
            (planned(api).await, json!({ "statement": "Nothing", "processes": [processes::defined(api).await] }))
        }
        "generate-checklist" => (planned(api).await, json!({})),
        "add-items" => {
            let item = json!({ "process": processes::defined(api).await, "question": "Is it run?", "records": [] });
            (planned(api).await, json!({ "items": [item] }))
        }
        "revise-item" => {
            let body = json!({ "item": 1, "process": processes::defined(api).await, "question": "Is it run?" });
            (started(api).await, body)
        }
        "drop-item" => (started(api).await, json!({ "item": 1, "reason": "Because" })),
        "draw-sample" => {
            (started(api).await, json!({ "population": { "kind": "member" }, "size": 2, "seed": "s", "item": 3 }))
        }
        "check-item" => (started(api).await, json!({ "item": 1, "result": "conforms", "evidence": "Seen" })),
        "report" => {
            let audit = looked_at(api).await;
            let mut body = report(api, Role::Management).await;
            let auditor = api.by(Role::Auditor).await;
            let file = evidence::upload(&auditor, &audit, "report.pdf", "application/pdf", "%PDF").await;
            body["file"] = json!(file.expect(201).reference());
            (audit, body)
        }
        "add-addendum" => {
            let body = json!({ "text": "Sent", "recipient_ids": [api.member_id(Role::Management).await] });
            (reported(api).await, body)
        }
        "close" => (reported(api).await, json!({})),
        "cancel" => (planned(api).await, json!({ "reason": "Because" })),
        _ => return None,
    };
    Some((Role::Auditor, format!("/v1/audits/{audit}/{name}"), body))
}
