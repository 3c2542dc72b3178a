//! What hangs loose, kind by kind, until it is given what it lacks.

use super::contract::document;
use super::{actions, applicabilities, evidence, findings, indicators, management_reviews, members, objectives, risks};
use super::{processes, signals};
use crate::databases::each;
use crate::harness::{Answer, Api};
use ratchet_domain::access::Role;
use ratchet_domain::orphans::Orphan;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use strum::VariantArray;

const MANAGER: Role = Role::IsmsManager;

async fn read(api: &Api, query: &str) -> Answer {
    api.by(Role::ExternalAuditor).await.get(&format!("/v1/catalogue/orphans{query}")).await
}

/// References by kind, of those of which there are any.
fn named(orphans: &Answer) -> BTreeMap<String, Vec<String>> {
    let kinds = orphans.body["items"].as_array().unwrap().iter().map(|kind| {
        let records = kind["records"].as_array().unwrap().iter();
        let references: Vec<String> = records.map(|one| one["reference"].as_str().unwrap().to_owned()).collect();
        assert_eq!(kind["count"], json!(references.len()), "{kind}");
        (kind["id"].as_str().unwrap().to_owned(), references)
    });
    kinds.filter(|(_, references)| !references.is_empty()).collect()
}

async fn post(api: &Api, role: Role, path: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/{path}"), body).await
}

/// A process whose owner has left.
async fn left_alone(api: &Api) -> String {
    let leaver = members::newcomer(api).await;
    let path = format!("/v1/members/{leaver}");
    let id = api.by(Role::Admin).await.get(&path).await.expect(200).body["id"].as_str().unwrap().to_owned();
    let made = post(api, MANAGER, "processes", processes::leavers(&id)).await.expect(201);
    post(api, Role::Admin, &format!("members/{leaver}/deactivate"), json!({ "reason": "Moved" })).await.expect(200);
    made.reference().to_owned()
}

/// A nonconformity that is to be treated by actions and has none.
async fn untreated(api: &Api) -> String {
    let case = actions::case(api).await;
    let causes = json!({ "method": "other", "root_causes": ["No agent"], "similar": "None" });
    post(api, MANAGER, &format!("nonconformities/{case}/analyse"), causes).await.expect(200);
    let plan = json!({ "response": "actions" });
    post(api, MANAGER, &format!("nonconformities/{case}/plan"), plan).await.expect(200);
    case
}

/// The cancelled action of a decision.
async fn undone(api: &Api) -> String {
    let review = management_reviews::held(api).await;
    let decision = json!({
        "kind": "resources", "text": "A second person", "responsible_id": api.member_id(Role::Member).await,
        "due_on": api.now().date_naive(),
    });
    let path = format!("management-reviews/{review}/decide");
    let decided = post(api, Role::Management, &path, decision).await.expect(200);
    let action = decided.body["meeting"]["decisions"][0]["made"][0]["id"].as_str().unwrap().to_owned();
    let reason = json!({ "reason": "Nobody was found" });
    post(api, MANAGER, &format!("actions/{action}/cancel"), reason).await.expect(200).reference().to_owned()
}

/// A control that is said to be in place, owned by the manager.
async fn in_place(api: &Api, control: &str) -> String {
    let mut body = applicabilities::needed(control);
    body["status"] = json!("implemented");
    body["owner_id"] = json!(api.member_id(MANAGER).await);
    post(api, MANAGER, "applicabilities", body).await.expect(201).reference().to_owned()
}

/// An objective that is judged alone.
async fn unmeasured(api: &Api) -> String {
    let mut body = objectives::definition(api, &indicators::active(api).await).await;
    body["measure"] = json!({ "kind": "qualitative", "criterion": "The auditors name no gap" });
    let objective = post(api, MANAGER, "objectives", body).await.expect(201).reference().to_owned();
    objectives::act(api, Role::Management, &objective, "approve", json!({})).await.expect(200);
    objective
}

#[tokio::test]
async fn each_is_found_until_it_has_what_it_lacks() {
    for database in each() {
        let api = Api::start(database).await;
        let nothing = read(&api, "").await.expect(200);
        let ids: Vec<&str> =
            nothing.body["items"].as_array().unwrap().iter().map(|kind| kind["id"].as_str().unwrap()).collect();
        assert_eq!(ids, Orphan::VARIANTS.iter().map(|orphan| orphan.id()).collect::<Vec<_>>());
        assert!(named(&nothing).is_empty(), "{}", nothing.text);
        let bare = json!({ "name": "Visitors", "value_kind": "gauge" });
        let unanalysed = post(&api, MANAGER, "indicators", bare).await.expect(201).reference().to_owned();
        let (objective, process) = (unmeasured(&api).await, left_alone(&api).await);
        let (risk, uncaused, untreated) =
            (risks::registered(&api).await, actions::case(&api).await, untreated(&api).await);
        let control = in_place(&api, "A.8.13").await;
        let lonely = post(&api, MANAGER, "applicabilities", applicabilities::needed("A.7.1")).await.expect(201);
        let lonely = lonely.reference().to_owned();
        let (_, graded) = findings::issued(&api, &["minor", "observation"]).await;
        let undone = undone(&api).await;
        signals::raised(&api).await;
        let found = named(&read(&api, "").await.expect(200));
        let expected = [
            ("objective-without-indicator", vec![&objective]),
            ("indicator-without-analyst", vec![&unanalysed]),
            ("process-without-owner", vec![&process]),
            ("control-without-owner", vec![&lonely]),
            ("control-without-evidence", vec![&control]),
            ("control-never-audited", vec![&lonely, &control]),
            ("finding-without-nonconformity", vec![&graded[0]]),
            ("risk-without-owner", vec![&risk]),
            ("nonconformity-without-cause", vec![&uncaused]),
            ("nonconformity-without-action", vec![&untreated]),
            ("decision-without-action", vec![&undone]),
        ];
        let expected: BTreeMap<String, Vec<String>> =
            expected.map(|(id, records)| (id.to_owned(), records.into_iter().cloned().collect::<Vec<_>>())).into();
        assert_eq!(found, expected);
        actions::plan(&api, &untreated).await.expect(201);
        let me = api.member_id(MANAGER).await;
        let manager = api.by(MANAGER).await;
        manager.patch(&format!("/v1/processes/{process}"), "*", json!({ "owner_id": me })).await.expect(200);
        manager.patch(&format!("/v1/applicabilities/{lonely}"), "*", json!({ "owner_id": me })).await.expect(200);
        manager.patch(&format!("/v1/indicators/{unanalysed}"), "*", json!({ "analyst_id": me })).await.expect(200);
        let shown = evidence::upload(&manager, &control, "restore.pdf", "application/pdf", "%PDF").await.expect(201);
        post(&api, Role::Auditor, &format!("findings/{}/raise", graded[0]), json!({})).await.expect(200);
        let left = named(&read(&api, "").await.expect(200));
        let left: Vec<&str> = left.keys().map(String::as_str).collect();
        let still = [
            "control-never-audited",
            "decision-without-action",
            "nonconformity-without-cause",
            "objective-without-indicator",
            "risk-without-owner",
        ];
        assert_eq!(left, still);
        let reason = json!({ "reason": "Another system" });
        post(&api, MANAGER, &format!("evidence/{}/withdraw", shown.reference()), reason).await.expect(200);
        let again = named(&read(&api, "").await.expect(200));
        assert_eq!(again["control-without-evidence"], [control], "what was withdrawn shows nothing");
        let theirs = api.stranger(Role::Auditor).await.get("/v1/catalogue/orphans").await.expect(200);
        assert!(named(&theirs).is_empty());
    }
}

#[tokio::test]
async fn a_critical_signal_hangs_loose_until_it_has_a_case() {
    for database in each() {
        let api = Api::start(database).await;
        let mut body = indicators::definition(&api.member_id(MANAGER).await);
        body["auto_raise"] = json!({ "kind": "none" });
        let indicator = post(&api, MANAGER, "indicators", body).await.expect(201).reference().to_owned();
        post(&api, MANAGER, &format!("indicators/{indicator}/activate"), json!({})).await.expect(200);
        super::measurements::send(&api, super::measurements::series(&api, &indicator, &[250.0])).await.expect(201);
        api.evaluate().await;
        let loose = named(&read(&api, "").await.expect(200))["signal-without-case"].clone();
        let [signal] = loose.as_slice() else { panic!("{loose:?}") };
        let case = super::nonconformities::raise(&api).await;
        post(&api, MANAGER, &format!("signals/{signal}/link"), json!({ "case": case })).await.expect(200);
        assert_eq!(named(&read(&api, "").await.expect(200)).get("signal-without-case"), None);
    }
}

#[tokio::test]
async fn as_many_are_named_as_are_asked_for() {
    for database in each() {
        let api = Api::start(database).await;
        let mut all = Vec::new();
        for _ in 0..3 {
            all.push(risks::registered(&api).await);
        }
        let few = read(&api, "?limit=2").await.expect(200);
        let kind =
            few.body["items"].as_array().unwrap().iter().find(|kind| kind["id"] == "risk-without-owner").unwrap();
        let records: Vec<&str> =
            kind["records"].as_array().unwrap().iter().map(|one| one["reference"].as_str().unwrap()).collect();
        assert_eq!((&kind["count"], records), (&json!(3), vec![all[2].as_str(), all[1].as_str()]), "the newest first");
        for wrong in ["?limit=0", "?limit=101", "?kind=risk"] {
            read(&api, wrong).await.expect(400);
        }
        api.by(Role::Member).await.get("/v1/catalogue/orphans").await.expect(403);
    }
}

/// Each call that gives what is missing is one of the contract's.
#[test]
fn what_would_mend_is_known() {
    let document = document();
    for orphan in Orphan::VARIANTS {
        let remedy = orphan.need().mend;
        let operation = &document["paths"][remedy.path][remedy.method.to_lowercase()];
        assert!(operation.is_object(), "{orphan:?}: {remedy:?}");
    }
}
