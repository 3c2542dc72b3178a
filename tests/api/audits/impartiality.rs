//! Nobody checks what is or was their own, and each says what stands between.

use super::{check, declared, started, verb};
use crate::api::applicabilities::needed;
use crate::databases::each;
use crate::harness::Api;
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::json;

#[tokio::test]
async fn nobody_checks_their_own_nor_what_was_their_own_within_a_year() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let mut body = needed("A.5.18");
        body["owner_id"] = json!(api.member_id(Role::Auditor).await);
        let control = manager.post("/v1/applicabilities", body).await.expect(201).reference().to_owned();
        let handed_on = json!({ "owner_id": api.member_id(Role::Member).await });
        manager.patch(&format!("/v1/applicabilities/{control}"), "*", handed_on).await.expect(200);
        let audit = started(&api).await;
        let refused = check(&api, Role::Auditor, &audit, 3, "conforms").await.expect(409);
        assert_eq!(refused.reasons(), ["separation_of_duties"]);
        assert!(refused.text.contains("owns, or owned within twelve months"));
        check(&api, Role::Auditor, &audit, 1, "conforms").await.expect(200);
        let told = manager.get(&format!("/v1/audits/{audit}/impartiality")).await.expect(200);
        let [bar] = told.body["items"].as_array().unwrap().as_slice() else { panic!("{}", told.text) };
        assert_eq!((&bar["item"], &bar["auditor"]["id"]), (&json!(3), &json!(api.member_id(Role::Auditor).await)));
        // Another auditor takes it.
        check(&api, Role::IsmsManager, &audit, 3, "observation").await.expect(200);
        api.wait(TimeDelta::days(364));
        check(&api, Role::Auditor, &audit, 3, "conforms").await.expect(409);
        api.wait(TimeDelta::days(3));
        check(&api, Role::Auditor, &audit, 3, "conforms").await.expect(200);
        let told = api.by(Role::Auditor).await.get(&format!("/v1/audits/{audit}/impartiality")).await.expect(200);
        assert_eq!(told.body["items"], json!([]));
    }
}

#[tokio::test]
async fn the_owner_of_a_process_or_of_what_was_sampled_does_not_check_it() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let own = api.member_id(Role::Auditor).await;
        let process = manager.post("/v1/processes", crate::api::processes::leavers(&own)).await.expect(201);
        let case = crate::api::actions::case(&api).await;
        let audit = declared(&api, json!({ "requirements": [], "processes": [process.reference()] })).await;
        let items = json!({ "items": [{ "records": [case], "question": "Is it settled?" }] });
        verb(&api, Role::Auditor, &audit, "add-items", items).await.expect(200);
        verb(&api, Role::Auditor, &audit, "generate-checklist", json!({})).await.expect(200);
        verb(&api, Role::Auditor, &audit, "start", json!({})).await.expect(200);
        // The case is the manager's, the process the auditor's.
        for (item, barred, free) in [(1, Role::IsmsManager, Role::Auditor), (2, Role::Auditor, Role::IsmsManager)] {
            assert_eq!(
                check(&api, barred, &audit, item, "conforms").await.expect(409).reasons(),
                ["separation_of_duties"]
            );
            check(&api, free, &audit, item, "conforms").await.expect(200);
        }
    }
}

#[tokio::test]
async fn an_exception_is_documented_or_refused() {
    for database in each() {
        let api = Api::start(database).await;
        let mut body = needed("A.5.18");
        body["owner_id"] = json!(api.member_id(Role::Auditor).await);
        api.by(Role::IsmsManager).await.post("/v1/applicabilities", body).await.expect(201);
        let audit = started(&api).await;
        let own =
            json!({ "item": 3, "result": "conforms", "evidence": "Seen", "exception_reason": "The only auditor" });
        let strict = verb(&api, Role::Auditor, &audit, "check-item", own.clone()).await.expect(409);
        assert_eq!(strict.reasons(), ["separation_of_duties"]);
        let management = api.by(Role::Management).await;
        let settings = management.get("/v1/settings").await.body["items"][0]["id"].clone();
        let until = (api.now() + TimeDelta::days(30)).date_naive();
        let relax = json!({
            "rule": "audit_item_checker", "compensating_control": "The board reads the evidence", "until": until,
        });
        let path = format!("/v1/settings/{}/relax-separation", settings.as_str().unwrap());
        management.post(&path, relax).await.expect(200);
        let silent = check(&api, Role::Auditor, &audit, 3, "conforms").await.expect(409);
        assert_eq!(silent.reasons(), ["exception_reason_needed"]);
        let checked = verb(&api, Role::Auditor, &audit, "check-item", own).await.expect(200);
        assert_eq!(checked.body["exceptions"][0]["reason"], "The only auditor");
    }
}

#[tokio::test]
async fn each_says_what_stands_between() {
    for database in each() {
        let api = Api::start(database).await;
        let audit = started(&api).await;
        let conflict = json!({ "statement": "I set it up", "requirements": ["A.5.18"] });
        verb(&api, Role::Auditor, &audit, "declare", conflict).await.expect(200);
        assert_eq!(
            check(&api, Role::Auditor, &audit, 3, "conforms").await.expect(409).reasons(),
            ["declared_conflict"]
        );
        let nobody = json!({ "statement": "x", "auditor": "Nadia Berg" });
        assert_eq!(
            verb(&api, Role::Auditor, &audit, "declare", nobody).await.expect(422).faults(),
            ["/auditor unknown_auditor"]
        );
        let unknown = json!({ "statement": "x", "processes": ["PRO-2026-0099"] });
        assert_eq!(
            verb(&api, Role::Auditor, &audit, "declare", unknown).await.expect(422).faults(),
            ["/processes/0 unknown_record"]
        );
    }
}

#[tokio::test]
async fn neither_the_owner_of_a_policy_nor_who_wrote_it_checks_it() {
    for database in each() {
        let api = Api::start(database).await;
        let owned = json!({ "owner_id": api.member_id(Role::Auditor).await });
        // The manager wrote what holds.
        let (policy, _) = crate::api::policy_versions::published(&api, owned).await;
        let more = json!({ "requirements": [], "documents": [policy], "auditee_ids": [] });
        let audit = declared(&api, more).await;
        let made = verb(&api, Role::Auditor, &audit, "generate-checklist", json!({})).await.expect(200);
        let question = made.body["items"][0]["question"].as_str().unwrap();
        assert!(question.starts_with(&format!("{policy} (Use of laptops): ")), "{question}");
        verb(&api, Role::Auditor, &audit, "start", json!({})).await.expect(200);
        for role in [Role::Auditor, Role::IsmsManager] {
            let refused = check(&api, role, &audit, 1, "conforms").await.expect(409);
            assert_eq!(refused.reasons(), ["separation_of_duties"], "{role:?}");
        }
        let told = api.by(Role::Auditor).await.get(&format!("/v1/audits/{audit}/impartiality")).await.expect(200);
        assert_eq!(told.body["items"].as_array().unwrap().len(), 2, "somebody else has to join: {}", told.text);
    }
}
