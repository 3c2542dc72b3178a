use super::change_templates::{self, assessment};
use super::indicators::active;
use super::measurements::{send, series};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

const MANAGER: Role = Role::IsmsManager;

/// A normal change in its own words.
pub fn words() -> Value {
    json!({
        "kind": "normal",
        "title": "Put the update agent into the laptop image",
        "purpose": "Critical patches arrive in time",
        "description": "The image of all laptops contains the agent",
        "requirements": ["A.8.8", "A.8.32"],
    })
}

/// Requested by the manager.
pub async fn requested(api: &Api, body: Value) -> String {
    api.by(MANAGER).await.post("/v1/changes", body).await.expect(201).reference().to_owned()
}

pub async fn act(api: &Api, role: Role, change: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/changes/{change}/{verb}"), body).await
}

/// Requested by the manager, owned by the member, approved by the management.
pub async fn approved(api: &Api, mut body: Value) -> String {
    body["owner_id"] = json!(api.member_id(Role::Member).await);
    let change = requested(api, body).await;
    act(api, MANAGER, &change, "submit", json!({})).await.expect(200);
    act(api, MANAGER, &change, "assess", assessment()).await.expect(200);
    act(api, Role::Management, &change, "approve", json!({})).await.expect(200);
    change
}

async fn effect(api: &Api, change: &str) -> Value {
    api.by(Role::Auditor).await.get(&format!("/v1/changes/{change}/effect")).await.expect(200).body
}

async fn happened(api: &Api, record: &str) -> Vec<String> {
    let history = api.by(Role::Auditor).await.get(&format!("/v1/records/{record}/history")).await.expect(200);
    let items = history.body["items"].as_array().unwrap();
    items.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn the_whole_life_with_a_measured_effect() {
    for database in each() {
        let api = Api::start(database).await;
        let (member, management) = (Role::Member, Role::Management);
        let indicator = active(&api).await;
        send(&api, series(&api, &indicator, &[90.0, 91.0, 89.0, 92.5, 88.0, 95.0])).await.expect(201);
        api.wait(TimeDelta::hours(1));
        let case = super::nonconformities::raise(&api).await;
        let mut body = words();
        body["indicators"] = json!([indicator]);
        body["origin"] = json!(case);
        let change = approved(&api, body).await;
        let shown = api.by(MANAGER).await.get(&format!("/v1/changes/{change}?expand=owner")).await.expect(200);
        assert_eq!(shown.body["owner"]["name"], "member of ours");
        assert_eq!(shown.body["approval"]["stale"], false);
        assert_eq!(effect(&api, &change).await["effect"], Value::Null, "nothing is made yet");

        let from = api.now() + TimeDelta::hours(1);
        let window = json!({ "from": from, "to": from + TimeDelta::hours(4) });
        act(&api, MANAGER, &change, "schedule", window).await.expect(200);
        let early = act(&api, member, &change, "start", json!({})).await.expect(409);
        assert_eq!(early.reasons(), ["too_early"]);
        api.wait(TimeDelta::hours(1));
        let task = json!({
            "parent": change, "title": "Build image 42", "kind": "change_task",
            "assignee_id": api.member_id(member).await, "due_on": api.now().date_naive(),
        });
        let task = api.by(MANAGER).await.post("/v1/actions", task).await.expect(201).reference().to_owned();
        act(&api, member, &change, "start", json!({})).await.expect(200);
        let done = json!({ "summary": "Image 42 is on all laptops" });
        let open = act(&api, member, &change, "complete", done.clone()).await.expect(409);
        assert_eq!(open.reasons(), ["open_tasks"]);
        let complete = format!("/v1/actions/{task}/complete");
        api.by(member).await.post(&complete, json!({ "summary": "Built" })).await.expect(200);
        let made = act(&api, member, &change, "complete", done).await.expect(200);
        assert_eq!(made.body["state"], "monitoring");
        assert_eq!(made.body["approve_by"], Value::Null);

        api.wait(TimeDelta::days(1));
        send(&api, series(&api, &indicator, &[42.0, 44.0, 41.0, 43.0, 45.5, 40.0])).await.expect(201);
        let now = effect(&api, &change).await;
        assert_eq!(now["frozen"], false);
        let [one] = now["effect"]["series"].as_array().unwrap().as_slice() else { panic!("{now}") };
        assert_eq!(
            (&one["before"], &one["after"]),
            (&json!({ "count": 6, "median": 90.5 }), &json!({ "count": 6, "median": 42.5 }))
        );
        assert_eq!((&one["difference"], &one["shift"]), (&json!(-48.0), &json!(-48.0)));
        assert_eq!((&one["u"], &one["method"], &one["tendency"]), (&json!(0.0), &json!("exact"), &json!("better")));
        assert!((one["p"].as_f64().unwrap() - 2.0 / 924.0).abs() < 1e-12, "one of 924 orders, either way");
        let interval = (one["interval"]["low"].as_f64().unwrap(), one["interval"]["high"].as_f64().unwrap());
        assert!(interval.0 < -48.0 && -48.0 < interval.1, "{interval:?}");

        let verdict = json!({ "verdict": "beneficial", "conclusion": "Half the latency" });
        let early = act(&api, Role::Auditor, &change, "review", verdict.clone()).await.expect(409);
        assert_eq!(early.reasons(), ["too_early"]);
        api.wait(TimeDelta::days(13));
        act(&api, member, &change, "review", verdict.clone()).await.expect(403);
        let reviewed = act(&api, Role::Auditor, &change, "review", verdict).await.expect(200);
        assert_eq!(reviewed.body["outcome"]["effect"], now["effect"]);
        // What comes late, or is corrected, does not move the verdict's figures.
        let late = api.now() - TimeDelta::days(3);
        send(&api, json!([{ "indicator": indicator, "observed_at": late, "value": 300.0 }])).await.expect(201);
        let frozen = effect(&api, &change).await;
        assert_eq!((&frozen["frozen"], &frozen["effect"]), (&json!(true), &now["effect"]));

        let closed = act(&api, management, &change, "close", json!({ "lessons": "Replicas" })).await.expect(200);
        assert_eq!(closed.body["state"], "closed");
        let phases = api.by(Role::Auditor).await.get(&format!("/v1/indicators/{indicator}/phases")).await.expect(200);
        let [first, second] = phases.body["items"].as_array().unwrap().as_slice() else { panic!("{}", phases.text) };
        assert_eq!((&first["begins_with"], &first["change"]), (&json!("first_measurement"), &Value::Null));
        assert!(first["starts_at"].as_str() < second["starts_at"].as_str(), "{}", phases.text);
        assert_eq!((&second["begins_with"], &second["change"]["reference"]), (&json!("change"), &json!(change)));
        assert_eq!(
            (&second["starts_at"], &second["change"]["title"]),
            (&made.body["completion"]["at"], &made.body["title"])
        );
        assert_eq!(second["starts_on"].as_str(), second["starts_at"].as_str().map(|at| &at[..10]));
        let unmeasured = super::indicators::active(&api).await;
        let none = api.by(Role::Auditor).await.get(&format!("/v1/indicators/{unmeasured}/phases")).await.expect(200);
        assert_eq!(none.body, json!({ "items": [] }));
        api.by(Role::Member).await.get(&format!("/v1/indicators/{indicator}/phases")).await.expect(404);
        let trace = api.by(Role::Auditor).await.get(&format!("/v1/records/{case}/trace")).await.expect(200);
        let kinds: Vec<&str> =
            trace.body["nodes"].as_array().unwrap().iter().map(|node| node["kind"].as_str().unwrap()).collect();
        for kind in ["nonconformity", "change", "action", "indicator"] {
            assert!(kinds.contains(&kind), "{kinds:?}");
        }
    }
}

#[tokio::test]
async fn who_requested_it_does_not_approve_it_and_a_high_impact_is_for_the_management() {
    for database in each() {
        let api = Api::start(database).await;
        let change = requested(&api, words()).await;
        act(&api, MANAGER, &change, "submit", json!({})).await.expect(200);
        act(&api, MANAGER, &change, "assess", assessment()).await.expect(200);
        let own = act(&api, MANAGER, &change, "approve", json!({})).await.expect(409);
        assert_eq!(own.reasons(), ["separation_of_duties"]);
        let work = api.by(Role::Management).await.get("/v1/me/work").await.expect(200);
        assert_eq!(work.body["items"][0]["reference"], change);
        assert_eq!(api.by(MANAGER).await.get("/v1/me/work").await.body["items"], json!([]), "not for who requested it");

        let by_management = api.by(Role::Management).await.post("/v1/changes", words()).await.expect(201);
        let change = by_management.reference().to_owned();
        act(&api, Role::Management, &change, "submit", json!({})).await.expect(200);
        let mut high = assessment();
        high["impact"]["confidentiality"] = json!("high");
        act(&api, MANAGER, &change, "assess", high).await.expect(200);
        let refused = act(&api, MANAGER, &change, "approve", json!({})).await.expect(409);
        assert_eq!(refused.reasons(), ["management_needed"]);
        let refused = act(&api, Role::Management, &change, "approve", json!({})).await.expect(409);
        assert_eq!(refused.reasons(), ["separation_of_duties"]);
        let no = json!({ "reason": "Who decides on the rollback?" });
        let rejected = act(&api, MANAGER, &change, "reject", no).await.expect(200);
        assert_eq!(rejected.body["ended_because"], "Who decides on the rollback?");
    }
}

#[tokio::test]
async fn a_revision_makes_the_approval_stale_and_nothing_starts() {
    for database in each() {
        let api = Api::start(database).await;
        let change = approved(&api, words()).await;
        let content = json!({ "description": "The image of all laptops and servers contains the agent" });
        let wrong = json!({ "reason": " ", "content": { "title": "", "requirements": ["A.1.1"] } });
        let wrong = act(&api, MANAGER, &change, "revise", wrong).await.expect(422);
        let faults = ["/content/title blank", "/content/requirements/0 unknown_requirement", "/reason blank"];
        assert_eq!(wrong.faults(), faults);
        let revised = json!({ "reason": "Servers, too", "content": content });
        let revised = act(&api, MANAGER, &change, "revise", revised).await.expect(200);
        assert_eq!((&revised.body["state"], &revised.body["approval"]["stale"]), (&json!("approved"), &json!(true)));
        assert_eq!(revised.body["assessment"]["stale"], true);
        let refused = act(&api, Role::Member, &change, "start", json!({})).await.expect(409);
        assert_eq!(refused.reasons(), ["approval_is_stale"]);
        act(&api, MANAGER, &change, "assess", assessment()).await.expect(200);
        act(&api, Role::Management, &change, "approve", json!({})).await.expect(200);
        act(&api, Role::Member, &change, "start", json!({})).await.expect(200);
        let late = json!({ "reason": "More", "content": { "title": "Another" } });
        assert_eq!(act(&api, MANAGER, &change, "revise", late).await.expect(409).reasons(), ["wrong_state"]);
    }
}

#[tokio::test]
async fn a_standard_change_is_approved_by_its_template() {
    for database in each() {
        let api = Api::start(database).await;
        let template = change_templates::define(&api).await.reference().to_owned();
        let standard = json!({
            "kind": "standard", "title": "Port 8443", "template": template, "particulars": "For the partner portal",
        });
        let manager = api.by(MANAGER).await;
        let early = manager.post("/v1/changes", standard.clone()).await.expect(422);
        assert_eq!(early.faults(), ["/template not_approved"]);
        change_templates::act(&api, Role::Management, &template, "approve", json!({})).await.expect(200);
        let change = requested(&api, standard.clone()).await;
        let submitted = act(&api, MANAGER, &change, "submit", json!({})).await.expect(200);
        assert_eq!(submitted.body["state"], "approved");
        assert_eq!(submitted.body["description"], change_templates::draft()["description"]);
        assert_eq!(submitted.body["approval"]["by"], json!(api.member_id(Role::Management).await));
        act(&api, MANAGER, &change, "start", json!({})).await.expect(200);
        let other = requested(&api, standard.clone()).await;
        let revise = json!({ "reason": "Ports have names" });
        change_templates::act(&api, MANAGER, &template, "revise", revise).await.expect(200);
        let refused = act(&api, MANAGER, &other, "submit", json!({})).await.expect(409);
        assert_eq!(refused.reasons(), ["template_changed"]);
        let mut both = words();
        both["kind"] = json!("standard");
        let refused = manager.post("/v1/changes", both).await.expect(422);
        let faults =
            ["/template required", "/purpose not_allowed", "/description not_allowed", "/requirements not_allowed"];
        assert_eq!(refused.faults(), faults);
        let bare = json!({ "kind": "normal", "title": "x", "template": template });
        let faults = ["/template not_allowed", "/purpose required", "/description required"];
        assert_eq!(manager.post("/v1/changes", bare).await.expect(422).faults(), faults);
    }
}

/// The tests begin on Thursday, the 28th of May 2026.
#[tokio::test]
async fn an_emergency_starts_at_once_and_is_approved_within_three_working_days() {
    for database in each() {
        let api = Api::start(database).await;
        let mut body = words();
        body["kind"] = json!("emergency");
        let change = requested(&api, body.clone()).await;
        let started = act(&api, MANAGER, &change, "start", json!({})).await.expect(200);
        assert_eq!(started.body["approve_by"], "2026-06-02");
        let settings = api.by(Role::Admin).await.get("/v1/settings").await.expect(200);
        let settings = format!("/v1/settings/{}", settings.body["items"][0]["reference"].as_str().unwrap());
        let days = json!({ "weekdays": ["monday", "tuesday", "thursday"], "holidays": ["2026-06-01"] });
        let set = api.by(Role::Admin).await.post(&format!("{settings}/set-working-days"), days).await.expect(200);
        assert_eq!(set.body["holidays"], json!(["2026-06-01"]));
        let second = requested(&api, body.clone()).await;
        let started = act(&api, MANAGER, &second, "start", json!({})).await.expect(200);
        assert_eq!(started.body["approve_by"], "2026-06-08", "Tuesday, Thursday, Monday");

        api.wait(TimeDelta::days(6));
        api.wake().await;
        api.wake().await;
        let expected = ["change.requested", "change.started", "change.approval_missed"];
        assert_eq!(happened(&api, &change).await, expected, "noted once, however often the worker looks");
        assert_eq!(happened(&api, &second).await.len(), 2);
        assert_eq!(api.by(MANAGER).await.get("/v1/nonconformities?count=true").await.body["total"], 0);
        let wanted = json!({ "unapproved_is_nonconformity": true });
        let set = format!("{settings}/set-emergency-changes");
        api.by(Role::Admin).await.post(&set, wanted.clone()).await.expect(403);
        api.by(Role::Management).await.post(&set, wanted).await.expect(200);
        api.wait(TimeDelta::days(6));
        api.wake().await;
        let missed = api.by(MANAGER).await.get(&format!("/v1/changes/{second}")).await.expect(200);
        let cases = api.by(MANAGER).await.get("/v1/nonconformities").await.expect(200);
        assert_eq!(missed.body["approval_missed"]["case_id"], cases.body["items"][0]["id"]);
        assert_eq!(cases.body["items"][0]["requirement"], "A.8.32");
        let trace = api.by(Role::Auditor).await.get(&format!("/v1/records/{second}/trace")).await.expect(200);
        assert_eq!(trace.body["edges"][0]["relation"], "raised");

        let done = json!({ "summary": "Blocked" });
        let refused = act(&api, MANAGER, &second, "complete", done.clone()).await.expect(409);
        assert_eq!(refused.reasons(), ["not_assessed"]);
        act(&api, MANAGER, &second, "assess", assessment()).await.expect(200);
        act(&api, MANAGER, &second, "complete", done).await.expect(200);
        api.wait(TimeDelta::days(14));
        let verdict = json!({ "verdict": "neutral", "conclusion": "No more of it" });
        act(&api, Role::Auditor, &second, "review", verdict).await.expect(200);
        let close = json!({ "lessons": "Ask earlier" });
        let refused = act(&api, Role::Management, &second, "close", close.clone()).await.expect(409);
        assert_eq!(refused.reasons(), ["not_approved"]);
        act(&api, Role::Management, &second, "approve", json!({})).await.expect(200);
        act(&api, Role::Management, &second, "close", close).await.expect(200);
        let back =
            act(&api, MANAGER, &change, "roll-back", json!({ "reason": "It blocked too much" })).await.expect(200);
        assert_eq!(back.body["state"], "rolled_back");
    }
}

/// Made by the member, and found to do harm.
pub async fn harmful(api: &Api) -> String {
    let change = approved(api, words()).await;
    act(api, Role::Member, &change, "start", json!({})).await.expect(200);
    act(api, Role::Member, &change, "complete", json!({ "summary": "Made" })).await.expect(200);
    api.wait(TimeDelta::days(14));
    let verdict = json!({ "verdict": "harmful", "conclusion": "Old models stand still" });
    act(api, Role::Auditor, &change, "review", verdict).await.expect(200);
    change
}

#[tokio::test]
async fn a_harmful_change_needs_a_case_or_a_rollback() {
    for database in each() {
        let api = Api::start(database).await;
        let changes = [harmful(&api).await, harmful(&api).await];
        let close = async |body: Value| act(&api, Role::Management, &changes[0], "close", body).await;
        assert_eq!(close(json!({ "lessons": "x" })).await.expect(422).faults(), ["/case required"]);
        let unknown = close(json!({ "lessons": "x", "case": "NC-2026-0099" })).await.expect(422);
        assert_eq!(unknown.faults(), ["/case unknown_record"]);
        let itself = close(json!({ "lessons": "x", "case": changes[1] })).await.expect(422);
        assert_eq!(itself.faults(), ["/case wrong_kind"]);
        let case = super::nonconformities::raise(&api).await;
        let closed = close(json!({ "lessons": "Try first", "case": case })).await.expect(200);
        assert_eq!(closed.body["closure"]["case"]["kind"], "nonconformity");
        act(&api, Role::Member, &changes[1], "roll-back", json!({ "reason": "Harm" })).await.expect(200);
        let harmful = api.by(MANAGER).await.get("/v1/changes?verdict=harmful&sort=reference").await.expect(200);
        let states: Vec<&Value> = harmful.body["items"].as_array().unwrap().iter().map(|item| &item["state"]).collect();
        assert_eq!(states, ["closed", "rolled_back"]);
    }
}

#[tokio::test]
async fn what_a_body_names_must_be_known_here() {
    for database in each() {
        let api = Api::start(database).await;
        let stranger = api.stranger(MANAGER).await;
        let foreign = stranger.post("/v1/nonconformities", super::nonconformities::report()).await.expect(201);
        let foreign_change = stranger.post("/v1/changes", words()).await.expect(201);
        let foreign_member = stranger.get("/v1/me").await.body["member_id"].clone();
        let manager = api.by(MANAGER).await;
        for (field, foreign, random, fault) in [
            ("origin", json!(foreign.reference()), json!("NC-2026-0999"), "/origin unknown_record"),
            ("affected", json!([foreign_change.reference()]), json!(["CHG-2026-0999"]), "/affected/0 unknown_record"),
            ("owner_id", foreign_member, json!(uuid::Uuid::new_v4()), "/owner_id unknown_member"),
        ] {
            let mut answers = Vec::new();
            for value in [foreign, random] {
                let mut body = words();
                body[field] = value;
                let mut refused = manager.post("/v1/changes", body).await.expect(422);
                assert_eq!(refused.faults(), [fault]);
                refused.body["instance"] = Value::Null;
                answers.push(refused.body);
            }
            assert_eq!(answers[0], answers[1], "{field}");
        }
    }
}

#[tokio::test]
async fn a_member_requests_and_sees_its_own() {
    for database in each() {
        let api = Api::start(database).await;
        let member = api.by(Role::Member).await;
        let own = member.post("/v1/changes", words()).await.expect(201);
        let other = requested(&api, words()).await;
        member.get(&format!("/v1/changes/{other}")).await.expect(404);
        assert_eq!(member.get("/v1/changes?count=true").await.expect(200).body["total"], 1);
        let path = format!("/v1/changes/{}", own.reference());
        let amended = member.patch(&path, own.header("etag"), json!({ "title": "Another" })).await.expect(200);
        assert_eq!(amended.body["title"], "Another");
        act(&api, Role::Member, own.reference(), "submit", json!({})).await.expect(200);
        act(&api, Role::Member, own.reference(), "assess", assessment()).await.expect(200);
        act(&api, Role::Member, own.reference(), "approve", json!({})).await.expect(403);
        let late = member.patch(&path, "*", json!({ "title": "Third" })).await.expect(409);
        assert_eq!(late.reasons(), ["wrong_state"]);
        act(&api, Role::Member, own.reference(), "cancel", json!({ "reason": "Not needed" })).await.expect(200);
    }
}

#[tokio::test]
async fn faults_are_named() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(MANAGER).await;
        let refuse = async |field: &str, value: Value| {
            let mut body = words();
            body[field] = value;
            manager.post("/v1/changes", body).await.expect(422).faults()
        };
        assert_eq!(refuse("title", json!("a\nb")).await, ["/title control_character"]);
        assert_eq!(refuse("kind", json!("urgent")).await, ["/kind unknown_value"]);
        assert_eq!(refuse("state", json!("approved")).await, ["/state unknown_field"]);
        assert_eq!(refuse("indicators", json!(["IND-2026-0009"])).await, ["/indicators/0 unknown_record"]);
        let change = approved(&api, words()).await;
        let window = json!({ "from": api.now(), "to": api.now() - TimeDelta::hours(1) });
        let refused = act(&api, MANAGER, &change, "schedule", window).await.expect(422);
        assert_eq!(refused.faults(), ["/to order", "/to out_of_range"]);
    }
}
