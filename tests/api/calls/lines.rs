//! The lines: one for each operation that is called with something to say.

mod audits;
mod cases;
mod changes;
mod direction;

use crate::api::contract::{TEMPLATE, target};
use crate::api::nonconformities::{raise, report};
use crate::api::{
    actions, applicabilities, context_entries, courses, employee_reports, evidence, formulas, identity_providers,
    imports, improvements, indicators, ingest, ingest_rules, measurements, policies, policy_versions, processes,
    responsibilities, signals, ticket_connections, training_assignments,
};
use crate::harness::{Api, PASSWORD};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// By whom, where to, with which body.
pub type Line = (Role, String, Value);

/// The operation's line.
pub async fn valid(api: &Api, operation: &str) -> Option<Line> {
    use Role::{Admin, IsmsManager as Manager, Management, Member};
    let me = api.member_id(Manager).await;
    let today = api.now().date_naive();
    let reason = json!({ "reason": "Because" });
    let member = api.member_id(Member).await;
    let delegation = json!({ "to_id": me, "from": today, "until": today, "reason": "On leave" });
    Some(match operation {
        "log_in" => {
            let body = json!({ "email": "member@ours.example", "password": PASSWORD, "organisation": api.ours() });
            (Member, "/v1/auth/login".into(), body)
        }
        "exchange_id_token" => {
            let body = identity_providers::first_sign_in(api).await;
            (Member, "/v1/auth/exchange".into(), body)
        }
        "refresh_session" => {
            let [_, refresh_token] = api.log_in(Member).await;
            (Member, "/v1/auth/refresh".into(), json!({ "refresh_token": refresh_token }))
        }
        "change_password" => {
            let body = json!({ "current_password": PASSWORD, "new_password": "another long password" });
            (Role::ExternalAuditor, "/v1/auth/password".into(), body)
        }
        "create_api_key" => (Admin, "/v1/api-keys".into(), json!({ "name": "Feed", "scopes": ["records:read"] })),
        "resend_webhook_delivery" => {
            let path = about(api, "/v1/webhook-endpoints/{id}/resend").await;
            let test = api.by(Admin).await.post(&path.replace("resend", "test"), json!({})).await.expect(200);
            (Admin, path, json!({ "delivery_id": test.body["delivery_id"] }))
        }
        "ticket_action" => {
            let connection = ticket_connections::connected(api, json!({})).await;
            (Manager, about(api, "/v1/actions/{id}/ticket").await, json!({ "connection": connection, "key": "SEC-1" }))
        }
        "settle_ticket_action" => {
            let action = ticket_connections::differing(api).await;
            (Manager, format!("/v1/actions/{action}/settle-ticket"), json!({ "field": "due_on", "keep": "ours" }))
        }
        "create_ticket_connection" => {
            let people = json!([{ "member_id": member, "name": "mara" }]);
            let rules = json!([{ "kinds": ["corrective"], "assignee_ids": [member] }]);
            let more = json!({ "people": people, "rules": rules });
            (Admin, "/v1/ticket-connections".into(), ticket_connections::body(more))
        }
        "amend_ticket_connection" => {
            let path = about(api, "/v1/ticket-connections/{id}").await;
            let rules = json!([{ "kinds": ["corrective"], "assignee_ids": [member] }]);
            (Admin, path, json!({ "people": [{ "member_id": member, "name": "mara" }], "rules": rules }))
        }
        "try_ticket_rules" => {
            let rules = json!([{ "kinds": ["corrective"], "assignee_ids": [member] }]);
            (Admin, "/v1/ticket-rules/try".into(), json!({ "rules": rules }))
        }
        "revoke_api_key" => (Admin, about(api, "/v1/api-keys/{id}/revoke").await, json!({})),
        "create_member" => {
            let body = json!({ "email": "new@ours.example", "name": "New", "roles": ["member"], "password": PASSWORD });
            (Admin, "/v1/members".into(), body)
        }
        "assign_roles_member" => {
            let until = today + chrono::TimeDelta::days(30);
            let terms = json!([{ "role": "auditor", "until": until, "firm": "Northlight", "audit_ids": [audit_id(api).await] }]);
            let body = json!({ "roles": ["auditor"], "terms": terms });
            (Admin, about(api, "/v1/members/{id}/assign-roles").await, body)
        }
        "delegate_member" => (Member, format!("/v1/members/{member}/delegate"), delegation),
        "end_delegation_member" => {
            let path = format!("/v1/members/{member}/delegate");
            api.by(Member).await.post(&path, delegation).await.expect(200);
            (Admin, path.replace("delegate", "end-delegation"), json!({}))
        }
        "reassign_member" => {
            let (gone, case) = responsibilities::left_behind(api).await;
            let body = json!({ "to_id": me, "reason": "Left", "kinds": ["nonconformity"], "records": [case] });
            (Manager, format!("/v1/members/{gone}/reassign"), body)
        }
        "deactivate_member" => (Admin, about(api, "/v1/members/{id}/deactivate").await, reason),
        "set_time_zone_settings" => {
            (Admin, about(api, "/v1/settings/{id}/set-time-zone").await, json!({ "utc_offset_minutes": 60 }))
        }
        "relax_separation_settings" => {
            let body =
                json!({ "rule": "action_verifier", "compensating_control": "The board reads it", "until": today });
            (Management, about(api, "/v1/settings/{id}/relax-separation").await, body)
        }
        "enforce_separation_settings" => {
            let path = about(api, "/v1/settings/{id}/relax-separation").await;
            let body = json!({ "rule": "case_verifier", "compensating_control": "The board reads it", "until": today });
            api.by(Management).await.post(&path, body).await.expect(200);
            (Management, path.replace("relax", "enforce"), json!({ "rule": "case_verifier" }))
        }
        "set_go_live_settings" => {
            (Management, about(api, "/v1/settings/{id}/set-go-live").await, json!({ "go_live": today }))
        }
        "import_nonconformities" | "import_incidents" | "import_improvements" | "import_risks" => {
            imports::go_live(api).await;
            let kind = operation.trim_start_matches("import_");
            (Manager, format!("/v1/imports/{kind}"), imports::rows(kind))
        }
        "import_actions" | "import_actions /0/parent" => {
            imports::go_live(api).await;
            let mut rows = imports::rows("actions");
            rows[0]["parent"] = json!(raise(api).await);
            (Manager, "/v1/imports/actions".into(), rows)
        }
        "apply_template" => {
            let body = json!({ "owner_id": me, "chair_id": api.member_id(Management).await });
            (Manager, format!("/v1/templates/{TEMPLATE}/apply"), body)
        }
        "create_comment" => (Manager, "/v1/comments".into(), json!({ "record": raise(api).await, "text": "Seen" })),
        "create_tag" => (Manager, "/v1/tags".into(), json!({ "record": raise(api).await, "label": "patching" })),
        "create_link" => {
            let body = json!({ "record": raise(api).await, "relation": "relates_to", "to": raise(api).await });
            (Manager, "/v1/links".into(), body)
        }
        "create_restriction" => {
            let body = json!({ "record": raise(api).await, "reader_ids": [member], "reason": "It names a colleague" });
            (Manager, "/v1/restrictions".into(), body)
        }
        "name_readers_restriction" => {
            let path = about(api, "/v1/restrictions/{id}/name-readers").await;
            (Manager, path, json!({ "reader_ids": [member], "reason": "She investigates it" }))
        }
        "lift_restriction" => (Manager, about(api, "/v1/restrictions/{id}/lift").await, reason),
        "create_redaction" => {
            let body = json!({ "record": raise(api).await, "fields": ["/statement"], "reason": "GDPR, article 17" });
            (Manager, "/v1/redactions".into(), body)
        }
        "create_redaction /entries/0" => {
            let made = api.by(Manager).await.post("/v1/nonconformities", report()).await.expect(201);
            let entries = [made.header("journal-entry")];
            let body = json!({ "record": made.reference(), "entries": entries, "reason": "GDPR, article 17" });
            (Manager, "/v1/redactions".into(), body)
        }
        "withdraw_comment" => (Manager, about(api, "/v1/comments/{id}/withdraw").await, reason),
        "withdraw_tag" => (Manager, about(api, "/v1/tags/{id}/withdraw").await, reason),
        "withdraw_link" => (Manager, about(api, "/v1/links/{id}/withdraw").await, reason),
        "create_evidence_link" => {
            let body = evidence::elsewhere::link(&raise(api).await, "https://example.org/OPS-7", json!(api.now()));
            (Manager, "/v1/evidence-links".into(), body)
        }
        "record_collection_evidence" => {
            let body = evidence::custody::collection(json!({ "kind": "member", "id": member }), api.now());
            (Manager, about(api, "/v1/evidence/{id}/record-collection").await, body)
        }
        "record_transfer_evidence" => {
            let [from, to] = [&member, &me].map(|id| json!({ "kind": "member", "id": id }));
            let piece = evidence::custody::collected(api).await;
            let body = evidence::custody::transfer(from, to, api.now());
            (Manager, format!("/v1/evidence/{piece}/record-transfer"), body)
        }
        "withdraw_evidence" => (Manager, about(api, "/v1/evidence/{id}/withdraw").await, reason),
        "withdraw_measurement_measurement_batch" => {
            let body = json!({ "row": 0, "reason": "The sensor was wet" });
            (Manager, about(api, "/v1/measurement-batches/{id}/withdraw-measurement").await, body)
        }
        "withdraw_measurement_batch" => (Manager, about(api, "/v1/measurement-batches/{id}/withdraw").await, reason),
        "record_measurements" => {
            let indicator = indicators::active(api).await;
            let mut items = measurements::series(api, &indicator, &[1.0]);
            items[0]["dimensions"] = json!({ "site": "north" });
            (Manager, "/v1/measurements".into(), items)
        }
        "create_ingest_rule" => {
            let rule = ingest_rules::latency(&indicators::active(api).await);
            (Manager, "/v1/ingest-rules".into(), rule)
        }
        "amend_ingest_rule" => {
            let body = json!({ "indicator": indicators::active(api).await });
            (Manager, about(api, "/v1/ingest-rules/{id}").await, body)
        }
        "try_ingest_rules" => {
            let rule = ingest_rules::latency(&indicators::active(api).await);
            let body = json!({ "door": "otlp", "rule": rule, "samples": [{ "metric": "latency", "value": 1.0 }] });
            (Manager, "/v1/ingest/try".into(), body)
        }
        "adopt_unmatched_series" => {
            let body = json!({ "series_id": ingest::stray(api).await, "define": indicators::definition(&me) });
            (Manager, "/v1/ingest/unmatched/adopt".into(), body)
        }
        "adopt_unmatched_series /indicator" => {
            let body = json!({ "series_id": ingest::stray(api).await, "indicator": indicators::active(api).await });
            (Manager, "/v1/ingest/unmatched/adopt".into(), body)
        }
        "create_indicator" => (Manager, "/v1/indicators".into(), indicators::definition(&me)),
        "amend_indicator" => (Manager, about(api, "/v1/indicators/{id}").await, indicators::definition(&me)),
        "create_indicator /formula/sources/0/indicator" => (Manager, "/v1/indicators".into(), computed(api).await),
        "amend_indicator /formula/sources/0/indicator" => {
            (Manager, about(api, "/v1/indicators/{id}").await, computed(api).await)
        }
        "adopt_unmatched_series /define/formula/sources/0/indicator" => {
            let body = json!({ "series_id": ingest::stray(api).await, "define": computed(api).await });
            (Manager, "/v1/ingest/unmatched/adopt".into(), body)
        }
        "revise_indicator /formula/sources/0/indicator" => {
            let (own, sources) = formulas::computed(api).await;
            let formula = formulas::formula("on_time + closed", [&sources[0], &sources[1]]);
            let body = json!({ "formula": formula, "reason": "Both count" });
            (Manager, format!("/v1/indicators/{own}/revise"), body)
        }
        "activate_indicator" => (Manager, about(api, "/v1/indicators/{id}/activate").await, json!({})),
        "analyse_indicator" => {
            let path = format!("/v1/indicators/{}/analyse", indicators::active(api).await);
            (Manager, path, json!({ "verdict": "watch", "conclusion": "It creeps up" }))
        }
        "create_analysis" => {
            let (indicator, case) = (indicators::active(api).await, actions::case(api).await);
            let action = actions::plan(api, &case).await.expect(201).reference().to_owned();
            let body = json!({
                "verdict": "watch", "conclusion": "It creeps up", "indicators": [indicator], "actions": [action],
            });
            (Manager, "/v1/analyses".into(), body)
        }
        "revise_indicator" => {
            let goal = json!({ "direction": "lower_is_better", "warning": 60.0, "critical": 120.0 });
            let path = format!("/v1/indicators/{}/revise", indicators::active(api).await);
            (Manager, path, json!({ "goal": goal, "reason": "Because" }))
        }
        "begin_indicator_phase" => {
            let path = format!("/v1/indicators/{}/begin-phase", indicators::active(api).await);
            (Manager, path, json!({ "starts_at": api.now(), "reason": "Another scanner" }))
        }
        "retire_indicator" => (Manager, format!("/v1/indicators/{}/retire", indicators::active(api).await), reason),
        "acknowledge_signal" => (Manager, format!("/v1/signals/{}/acknowledge", signals::raised(api).await), json!({})),
        "dismiss_signal" => (Manager, format!("/v1/signals/{}/dismiss", signals::raised(api).await), reason),
        "link_signal" => {
            let path = format!("/v1/signals/{}/link", signals::raised(api).await);
            (Manager, path, json!({ "case": raise(api).await }))
        }
        _ => {
            if let Some(line) = nonconformity(api, operation).await {
                return Some(line);
            }
            if let Some(line) = context(api, operation).await {
                return Some(line);
            }
            if let Some(line) = policies(api, operation).await {
                return Some(line);
            }
            if let Some(line) = suggestion_box(api, operation).await {
                return Some(line);
            }
            if let Some(line) = involvement(api, operation).await {
                return Some(line);
            }
            if let Some(line) = changes::valid(api, operation).await {
                return Some(line);
            }
            if let Some(line) = cases::valid(api, operation).await {
                return Some(line);
            }
            if let Some(line) = direction::valid(api, operation).await {
                return Some(line);
            }
            if let Some(line) = audits::valid(api, operation).await {
                return Some(line);
            }
            action(api, operation).await?
        }
    })
}

async fn audit_id(api: &Api) -> Value {
    let audit = target(api, "/v1/audits/{id}").await;
    api.by(Role::Auditor).await.get(&format!("/v1/audits/{audit}")).await.expect(200).body["id"].clone()
}

/// What an indicator is defined with that is computed of two others.
async fn computed(api: &Api) -> Value {
    let sources = [indicators::active(api).await, indicators::active(api).await];
    formulas::definition(api, "on_time + closed", [&sources[0], &sources[1]]).await
}

async fn about(api: &Api, path: &str) -> String {
    path.replace("{id}", &target(api, path).await)
}

/// What moves a case on, from `reported`: by whom, the verb, its body.
fn treatment(api: &Api, owner: &str) -> [(Role, &'static str, Value); 6] {
    let (manager, today) = (Role::IsmsManager, api.now().date_naive());
    let plan = json!({ "response": "no_action", "justification": "It is retired", "check_on": today });
    [
        (manager, "confirm", json!({ "grade": "minor", "owner_id": owner })),
        (manager, "analyse", json!({ "method": "other", "root_causes": ["No agent"], "similar": "None" })),
        (manager, "plan", plan),
        (Role::Auditor, "verify", json!({ "effective": true, "criterion": "Share", "evidence": "97 %" })),
        (manager, "close", json!({ "isms_change": "None", "lessons": "None", "no_correction_because": "None needed" })),
        (manager, "reopen", json!({ "recurred": true, "reason": "It came back" })),
    ]
}

async fn nonconformity(api: &Api, operation: &str) -> Option<Line> {
    let owner = api.member_id(Role::IsmsManager).await;
    if operation == "create_nonconformity" {
        let mut body = report();
        body["indicators"] = json!([indicators::active(api).await]);
        return Some((Role::IsmsManager, "/v1/nonconformities".into(), body));
    }
    let name = operation.strip_suffix("_nonconformity")?;
    let path = format!("/v1/nonconformities/{}", raise(api).await);
    let reason = json!({ "reason": "Because" });
    match name {
        "amend" => {
            let body = json!({ "owner_id": owner, "indicators": [indicators::active(api).await] });
            return Some((Role::IsmsManager, path, body));
        }
        "reject" => return Some((Role::IsmsManager, format!("{path}/reject"), reason)),
        "contain" => {
            let confirm = json!({ "grade": "minor", "owner_id": owner });
            api.by(Role::IsmsManager).await.post(&format!("{path}/confirm"), confirm).await.expect(200);
            let body = json!({ "correction": "Patched", "consequences": "None" });
            return Some((Role::IsmsManager, format!("{path}/contain"), body));
        }
        "analyse" => {
            let confirm = json!({ "grade": "minor", "owner_id": owner });
            api.by(Role::IsmsManager).await.post(&format!("{path}/confirm"), confirm).await.expect(200);
            let considered = json!([{ "nonconformity": raise(api).await, "same_cause": false }]);
            let body = json!({
                "method": "other", "root_causes": ["No agent"], "similar": "One", "considered": considered,
            });
            return Some((Role::IsmsManager, format!("{path}/analyse"), body));
        }
        "implement" => return Some(implementation(api).await),
        "void" => {
            let confirm = json!({ "grade": "minor", "owner_id": owner });
            api.by(Role::IsmsManager).await.post(&format!("{path}/confirm"), confirm).await.expect(200);
            return Some((Role::IsmsManager, format!("{path}/void"), reason));
        }
        "mark_duplicate" => {
            let body = json!({ "of": raise(api).await });
            return Some((Role::IsmsManager, format!("{path}/mark-duplicate"), body));
        }
        _ => {}
    }
    for (role, verb, body) in treatment(api, &owner) {
        let path = format!("{path}/{verb}");
        if verb == name {
            return Some((role, path, body));
        }
        api.by(role).await.post(&path, body).await.expect(200);
    }
    None
}

/// A case whose one action is done.
async fn implementation(api: &Api) -> Line {
    let manager = api.by(Role::IsmsManager).await;
    let case = actions::case(api).await;
    let path = |verb: &str| format!("/v1/nonconformities/{case}/{verb}");
    let body = json!({ "method": "other", "root_causes": ["No agent"], "similar": "None" });
    manager.post(&path("analyse"), body).await.expect(200);
    manager.post(&path("plan"), json!({ "response": "actions" })).await.expect(200);
    let action = actions::plan(api, &case).await.expect(201);
    let complete = format!("/v1/actions/{}/complete", action.reference());
    manager.post(&complete, json!({ "summary": "Done" })).await.expect(200);
    (Role::IsmsManager, path("implement"), json!({ "check_on": api.now().date_naive() }))
}

async fn action(api: &Api, operation: &str) -> Option<Line> {
    let name = operation.strip_suffix("_action")?.replace('_', "-");
    let today = api.now().date_naive();
    let manager = Role::IsmsManager;
    let case = actions::case(api).await;
    let colleague = api.member_id(Role::Auditor).await;
    if name == "create" {
        let body = json!({
            "parent": case, "title": "Replace it", "kind": "corrective", "assignee_id": colleague, "due_on": today,
            "indicators": [indicators::active(api).await],
        });
        return Some((manager, "/v1/actions".into(), body));
    }
    let path = format!("/v1/actions/{}", actions::plan(api, &case).await.expect(201).reference());
    let before = match name.as_str() {
        "block" => vec![("start", json!({}))],
        "unblock" => vec![("start", json!({})), ("block", json!({ "reason": "Because" }))],
        "verify" | "reject-completion" => vec![("complete", json!({ "summary": "Done" }))],
        "reopen" => vec![("cancel", json!({ "reason": "Because" }))],
        _ => Vec::new(),
    };
    for (verb, body) in before {
        api.by(manager).await.post(&format!("{path}/{verb}"), body).await.expect(200);
    }
    let body = match name.as_str() {
        "amend" => return Some((manager, path, json!({ "indicators": [indicators::active(api).await] }))),
        "start" | "unblock" => json!({}),
        "complete" => json!({ "summary": "Done" }),
        "verify" => json!({ "evidence": "Seen" }),
        "move-due" => json!({ "due_on": today, "reason": "Because" }),
        "reassign" => json!({ "assignee_id": colleague }),
        "block" | "cancel" | "reject-completion" | "reopen" => json!({ "reason": "Because" }),
        _ => return None,
    };
    let role = if name == "verify" { Role::Auditor } else { manager };
    Some((role, format!("{path}/{name}"), body))
}

/// What the management system starts from, and who answers for what.
async fn context(api: &Api, operation: &str) -> Option<Line> {
    let (manager, me) = (Role::IsmsManager, api.member_id(Role::IsmsManager).await);
    let owned = |mut body: Value| {
        body["owner_id"] = json!(me);
        body
    };
    Some(match operation {
        "create_context_entry" => (manager, "/v1/context-entries".into(), owned(context_entries::party())),
        "amend_context_entry" => (manager, about(api, "/v1/context-entries/{id}").await, owned(json!({}))),
        "create_process" => (manager, "/v1/processes".into(), processes::leavers(&me)),
        "amend_process" => (manager, about(api, "/v1/processes/{id}").await, owned(json!({}))),
        "create_applicability" => (manager, "/v1/applicabilities".into(), owned(applicabilities::needed("A.5.15"))),
        "amend_applicability" => (manager, about(api, "/v1/applicabilities/{id}").await, owned(json!({}))),
        _ => return None,
    })
}

/// Policies, their versions, and who has read them.
async fn policies(api: &Api, operation: &str) -> Option<Line> {
    let (manager, me) = (Role::IsmsManager, api.member_id(Role::IsmsManager).await);
    let chosen = json!({ "kind": "members", "members": [api.member_id(Role::Auditor).await] });
    Some(match operation {
        "create_policy" => {
            let mut body = policies::definition(&me);
            body["audience"] = chosen;
            (manager, "/v1/policies".into(), body)
        }
        "amend_policy" => {
            (manager, about(api, "/v1/policies/{id}").await, json!({ "owner_id": me, "audience": chosen }))
        }
        "create_policy_version" => {
            let policy = policies::establish(api, json!({})).await.expect(201).reference().to_owned();
            let body = json!({ "policy": policy, "body": "Encrypted.", "change_summary": "The first" });
            (manager, "/v1/policy-versions".into(), body)
        }
        "amend_policy_version" => {
            let path = about(api, "/v1/policy-versions/{id}").await;
            let version = path.rsplit('/').next().unwrap();
            let file = evidence::upload(&api.by(manager).await, version, "policy.pdf", "application/pdf", "%PDF").await;
            let body = json!({ "file": file.expect(201).reference(), "body": null });
            (manager, path, body)
        }
        "create_acknowledgement" => {
            let (_, version) = policy_versions::published(api, json!({})).await;
            (manager, "/v1/acknowledgements".into(), json!({ "version": version }))
        }
        _ => return None,
    })
}

/// Improvements and votes for them.
async fn suggestion_box(api: &Api, operation: &str) -> Option<Line> {
    let (manager, me) = (Role::IsmsManager, api.member_id(Role::IsmsManager).await);
    let measure =
        |indicator: String| json!({ "kind": "indicator", "indicator": indicator, "baseline": 9, "target": 6 });
    Some(match operation {
        "create_improvement" => {
            let mut body = improvements::suggestion();
            body["measure"] = measure(indicators::active(api).await);
            (manager, "/v1/improvements".into(), body)
        }
        "amend_improvement" => {
            let proposed = improvements::propose(api, Role::Member).await;
            let accepted = json!({ "owner_id": me, "reason": "Cheap" });
            let path = format!("/v1/improvements/{proposed}");
            api.by(manager).await.post(&format!("{path}/accept"), accepted).await.expect(200);
            (manager, path, json!({ "owner_id": me, "measure": measure(indicators::active(api).await) }))
        }
        "accept_improvement" => {
            let proposed = improvements::propose(api, Role::Member).await;
            let body = json!({ "owner_id": me, "reason": "Cheap" });
            (manager, format!("/v1/improvements/{proposed}/accept"), body)
        }
        "mark_duplicate_improvement" => {
            let body = json!({ "of": improvements::propose(api, Role::Member).await });
            let proposed = improvements::propose(api, Role::Member).await;
            (manager, format!("/v1/improvements/{proposed}/mark-duplicate"), body)
        }
        "create_vote" => {
            let proposed = improvements::propose(api, Role::Member).await;
            (manager, "/v1/votes".into(), json!({ "improvement": proposed }))
        }
        _ => return None,
    })
}

/// Reports, training, competences and communication.
async fn involvement(api: &Api, operation: &str) -> Option<Line> {
    let (manager, me) = (Role::IsmsManager, api.member_id(Role::IsmsManager).await);
    let colleague = api.member_id(Role::Auditor).await;
    let owned = || json!({ "owner_id": me });
    let chosen = json!({ "kind": "members", "members": [colleague] });
    let held = json!({ "kind": "held", "basis": "experience", "evidence": "Three audits" });
    let assessed = json!({ "member_id": colleague, "standing": held });
    Some(match operation {
        "create_communication_plan" => {
            let body = json!({
                "subject": "State of information security", "timing": "Each quarter", "audience": "Everybody",
                "channel": "All-hands meeting", "owner_id": me,
            });
            (manager, "/v1/communication-plans".into(), body)
        }
        "amend_communication_plan" => (manager, about(api, "/v1/communication-plans/{id}").await, owned()),
        "assess_competence" => (manager, about(api, "/v1/competences/{id}/assess").await, assessed),
        "release_competence" => {
            let path = about(api, "/v1/competences/{id}/assess").await;
            api.by(manager).await.post(&path, assessed).await.expect(200);
            (manager, path.replace("assess", "release"), json!({ "member_id": colleague, "reason": "Because" }))
        }
        "create_course" => {
            let mut body = courses::phishing(&me);
            body["audience"] = chosen;
            body["indicators"] = json!([indicators::active(api).await]);
            (manager, "/v1/courses".into(), body)
        }
        "amend_course" => {
            let indicators = [indicators::active(api).await];
            let body = json!({ "owner_id": me, "audience": chosen, "indicators": indicators });
            (manager, about(api, "/v1/courses/{id}").await, body)
        }
        "create_training_assignment" => {
            let course = training_assignments::quiet(api, json!({})).await;
            (manager, "/v1/training-assignments".into(), json!({ "course": course, "member_id": colleague }))
        }
        "convert_employee_report" => {
            let report = employee_reports::file(api, manager).await;
            employee_reports::triage(api, &report).await;
            (manager, format!("/v1/employee-reports/{report}/convert"), employee_reports::conversion())
        }
        "mark_duplicate_employee_report" => {
            let (first, second) =
                (employee_reports::file(api, manager).await, employee_reports::file(api, manager).await);
            employee_reports::triage(api, &second).await;
            let path = format!("/v1/employee-reports/{second}/mark-duplicate");
            (manager, path, json!({ "of": first, "answer": "A colleague saw it, too" }))
        }
        _ => return None,
    })
}
