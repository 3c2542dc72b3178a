//! Separation of duties, tried in every order in which two duties can fall to one person.

use super::{
    actions, applicabilities, audits, change_templates, changes, courses, improvements, nonconformities, objectives,
    policies, policy_versions, processes,
};
use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use ratchet_domain::separation::Rule;
use serde_json::{Value, json};
use strum::VariantArray;

async fn act(api: &Api, role: Role, path: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/{path}"), body).await
}

/// A case whose treatment the manager has finished as its owner.
async fn treated(api: &Api) -> String {
    let case = nonconformities::raise(api).await;
    let path = |verb: &str| format!("nonconformities/{case}/{verb}");
    let (manager, me) = (Role::IsmsManager, api.member_id(Role::IsmsManager).await);
    act(api, manager, &path("confirm"), json!({ "grade": "minor", "owner_id": me })).await.expect(200);
    let analysis = json!({ "method": "other", "root_causes": ["No agent"], "similar": "None" });
    act(api, manager, &path("analyse"), analysis).await.expect(200);
    let plan = json!({ "response": "no_action", "justification": "Retired", "check_on": api.now().date_naive() });
    act(api, manager, &path("plan"), plan).await.expect(200);
    case
}

/// An action of a fresh case, assigned to somebody.
async fn assigned(api: &Api, to: Role) -> String {
    let case = actions::case(api).await;
    let body = json!({
        "parent": case, "title": "Replace it", "kind": "corrective", "due_on": api.now().date_naive(),
        "assignee_id": api.member_id(to).await,
    });
    act(api, Role::IsmsManager, "actions", body).await.expect(201).reference().to_owned()
}

async fn hand_over(api: &Api, case: &str, to: Role) {
    let manager = api.by(Role::IsmsManager).await;
    let owner = json!({ "owner_id": api.member_id(to).await });
    manager.patch(&format!("/v1/nonconformities/{case}"), "*", owner).await.expect(200);
}

/// Each way in which the manager comes to judge what is the manager's own: the place of the judgement, and its body.
async fn breaches(api: &Api, rule: Rule) -> Vec<(String, Value)> {
    let manager = Role::IsmsManager;
    match rule {
        Rule::CaseVerifier => {
            let verdict = json!({ "effective": true, "criterion": "Share", "evidence": "97 %" });
            let owned = treated(api).await;
            let handed_over = treated(api).await;
            hand_over(api, &handed_over, Role::Management).await;
            let passed_on = treated(api).await;
            hand_over(api, &passed_on, Role::Management).await;
            hand_over(api, &passed_on, Role::Member).await;
            let taken_over = treated(api).await;
            hand_over(api, &taken_over, Role::Management).await;
            hand_over(api, &taken_over, manager).await;
            let cases = [owned, handed_over, passed_on, taken_over];
            cases.into_iter().map(|case| (format!("nonconformities/{case}/verify"), verdict.clone())).collect()
        }
        Rule::AuditItemChecker => {
            let me = api.member_id(manager).await;
            let control = async |number: &str| {
                let mut body = applicabilities::needed(number);
                body["owner_id"] = json!(me);
                act(api, manager, "applicabilities", body).await.expect(201).reference().to_owned()
            };
            control("A.5.17").await;
            let handed_over = control("A.5.18").await;
            let other = json!({ "owner_id": api.member_id(Role::Member).await });
            let path = format!("/v1/applicabilities/{handed_over}");
            api.by(manager).await.patch(&path, "*", other).await.expect(200);
            let process = act(api, manager, "processes", processes::leavers(&me)).await.expect(201);
            let (policy, _) = policy_versions::published(api, json!({ "requirements": [] })).await;
            let mut found = Vec::new();
            for (requirements, run, documents) in [
                (vec!["A.5.17"], Vec::new(), Vec::new()),
                (vec!["A.5.18"], Vec::new(), Vec::new()),
                (Vec::new(), vec![process.reference()], Vec::new()),
                (Vec::new(), Vec::new(), vec![policy.as_str()]),
            ] {
                let criteria = json!({ "requirements": requirements, "processes": run, "documents": documents });
                let audit = audits::declared(api, criteria).await;
                for verb in ["generate-checklist", "start"] {
                    audits::verb(api, Role::Auditor, &audit, verb, json!({})).await.expect(200);
                }
                let seen = json!({ "item": 1, "result": "conforms", "evidence": "Seen" });
                found.push((format!("audits/{audit}/check-item"), seen));
            }
            found
        }
        Rule::PolicyApprover => {
            // Who writes policies and may approve them, too.
            let me = api.member_id(manager).await;
            let both = json!({ "roles": ["isms_manager", "management"] });
            act(api, Role::Admin, &format!("members/{me}/assign-roles"), both).await.expect(200);
            let policy = policies::establish(api, json!({})).await.expect(201).reference().to_owned();
            let version = policy_versions::drafted(api, &policy).await;
            act(api, manager, &format!("policy-versions/{version}/submit"), json!({})).await.expect(200);
            vec![(format!("policy-versions/{version}/approve"), json!({}))]
        }
        Rule::TrainingEvaluator => {
            let course = courses::published(api, json!({ "kind": "all" }), json!({})).await;
            let verdict = json!({ "effective": true, "criterion": "Clicks", "evidence": "4.9 %" });
            vec![(format!("courses/{course}/evaluate"), verdict)]
        }
        Rule::ImprovementDecider => {
            let proposed = improvements::propose(api, manager).await;
            let accepted = json!({ "owner_id": api.member_id(Role::Member).await, "reason": "Cheap" });
            let declined = json!({ "reason": "Not now" });
            let other = improvements::propose(api, manager).await;
            vec![
                (format!("improvements/{proposed}/accept"), accepted),
                (format!("improvements/{other}/decline"), declined),
            ]
        }
        Rule::ChangeApprover => {
            let change = changes::requested(api, changes::words()).await;
            let path = |verb: &str| format!("changes/{change}/{verb}");
            act(api, manager, &path("submit"), json!({})).await.expect(200);
            act(api, manager, &path("assess"), change_templates::assessment()).await.expect(200);
            let template = change_templates::define(api).await.reference().to_owned();
            vec![(path("approve"), json!({})), (format!("change-templates/{template}/approve"), json!({}))]
        }
        Rule::ChangeReviewer => {
            let change = changes::approved(api, changes::words()).await;
            let path = |verb: &str| format!("changes/{change}/{verb}");
            act(api, manager, &path("start"), json!({})).await.expect(200);
            act(api, manager, &path("complete"), json!({ "summary": "On all laptops" })).await.expect(200);
            api.wait(chrono::TimeDelta::days(15));
            vec![(path("review"), json!({ "verdict": "beneficial", "conclusion": "Half the latency" }))]
        }
        Rule::ObjectiveApprover => {
            let (objective, _) = objectives::measured(api).await;
            vec![(format!("objectives/{objective}/approve"), json!({}))]
        }
        Rule::ObjectiveJudge => {
            let (objective, _) = objectives::measured(api).await;
            let judged = json!({ "measure": { "kind": "qualitative", "criterion": "Nobody calls" } });
            api.by(manager).await.patch(&format!("/v1/objectives/{objective}"), "*", judged).await.expect(200);
            act(api, Role::Management, &format!("objectives/{objective}/approve"), json!({})).await.expect(200);
            vec![(format!("objectives/{objective}/achieve"), json!({ "evidence": "Nobody called" }))]
        }
        Rule::ActionVerifier => {
            let done = json!({ "summary": "Done" });
            let own = assigned(api, manager).await;
            act(api, manager, &format!("actions/{own}/complete"), done.clone()).await.expect(200);
            let others = assigned(api, Role::Member).await;
            act(api, manager, &format!("actions/{others}/complete"), done.clone()).await.expect(200);
            let taken_over = assigned(api, Role::Member).await;
            let me = json!({ "assignee_id": api.member_id(manager).await });
            act(api, manager, &format!("actions/{taken_over}/reassign"), me).await.expect(200);
            act(api, manager, &format!("actions/{taken_over}/complete"), done).await.expect(200);
            let actions = [own, others, taken_over];
            let verdict = json!({ "evidence": "Seen" });
            actions.into_iter().map(|action| (format!("actions/{action}/verify"), verdict.clone())).collect()
        }
    }
}

/// Who may judge, and had no part in it.
fn colleague(rule: Rule) -> Role {
    match rule {
        Rule::PolicyApprover
        | Rule::ImprovementDecider
        | Rule::ChangeApprover
        | Rule::ObjectiveApprover
        | Rule::ObjectiveJudge => Role::Management,
        Rule::CaseVerifier
        | Rule::ActionVerifier
        | Rule::TrainingEvaluator
        | Rule::ChangeReviewer
        | Rule::AuditItemChecker => Role::Auditor,
    }
}

#[tokio::test]
async fn nobody_judges_their_own_work_in_whatever_order_it_became_theirs() {
    for database in each() {
        let api = Api::start(database).await;
        for rule in Rule::VARIANTS {
            for (path, body) in breaches(&api, *rule).await {
                let own = act(&api, Role::IsmsManager, &path, body.clone()).await.expect(409);
                assert_eq!(own.reasons(), ["separation_of_duties"], "{rule:?} {path}");
                // Nor does a reason make it right while the organisation has not relaxed the rule.
                let mut excused = body.clone();
                excused["exception_reason"] = json!("There are two of us");
                act(&api, Role::IsmsManager, &path, excused).await.expect(409);
                // Somebody else's word cannot be sent along: it takes somebody else's login.
                let mut signed = body.clone();
                signed["verified_by"] = json!(api.member_id(Role::Auditor).await);
                let colleague = colleague(*rule);
                let signed = act(&api, colleague, &path, signed).await.expect(422);
                assert_eq!(signed.faults(), ["/verified_by unknown_field"]);
                act(&api, colleague, &path, body).await.expect(200);
            }
        }
    }
}

/// Whoever stands in and whoever is stood in for are one wherever duties are kept apart, also for what was done before.
#[tokio::test]
async fn whoever_stands_in_judges_neither_s_work() {
    for rule in Rule::VARIANTS {
        let (colleague, manager) = (colleague(*rule), Role::IsmsManager);
        for (lender, stand_in) in [(manager, colleague), (colleague, manager)] {
            for database in each() {
                let api = Api::start(database).await;
                let judged = breaches(&api, *rule).await;
                let (me, to) = (api.member_id(lender).await, api.member_id(stand_in).await);
                let today = api.now().date_naive();
                let lent = json!({ "to_id": to, "from": today, "until": today, "reason": "On leave" });
                act(&api, lender, &format!("members/{me}/delegate"), lent).await.expect(200);
                for (path, body) in judged {
                    let refused = act(&api, colleague, &path, body).await.expect(409);
                    assert_eq!(refused.reasons(), ["separation_of_duties"], "{rule:?} {path}");
                }
            }
        }
    }
}
