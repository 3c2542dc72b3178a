mod inputs;

use super::indicators::active;
use super::measurements::{send, series};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::journal::leaf::canonical;
use ratchet_domain::management_reviews::Snapshot;
use serde_json::{Value, json};

pub const INPUTS: [&str; 10] = [
    "earlier_actions",
    "issues",
    "interested_parties",
    "nonconformities",
    "monitoring",
    "audits",
    "objectives",
    "feedback",
    "risks",
    "improvements",
];

pub async fn plan(api: &Api) -> Value {
    let today = api.now().date_naive();
    json!({
        "title": "Management review of 2026",
        "scheduled_on": today + TimeDelta::days(14),
        "period_from": today - TimeDelta::days(364),
        "period_until": today,
        "chair_id": api.member_id(Role::Management).await,
        "attendee_ids": [api.member_id(Role::IsmsManager).await, api.member_id(Role::Auditor).await],
    })
}

/// A review that is scheduled, chaired by management.
pub async fn schedule(api: &Api) -> String {
    let made = api.by(Role::IsmsManager).await.post("/v1/management-reviews", plan(api).await).await;
    made.expect(201).reference().to_owned()
}

async fn act(api: &Api, role: Role, review: &str, verb: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/management-reviews/{review}/{verb}"), body).await
}

pub fn statements() -> Value {
    json!({
        "issues": { "kind": "text", "text": "A law on the security of machines comes into force" },
        "interested_parties": { "kind": "nothing_to_report" },
        "feedback": { "kind": "text", "text": "Two harbours praised how incidents are told" },
    })
}

/// One whose inputs are frozen.
pub async fn prepared(api: &Api) -> String {
    let review = schedule(api).await;
    act(api, Role::IsmsManager, &review, "prepare", statements()).await.expect(200);
    review
}

/// One that was held today by the three that were invited.
pub async fn held(api: &Api) -> String {
    let review = prepared(api).await;
    let present = [Role::Management, Role::IsmsManager, Role::Auditor];
    let mut present_ids = Vec::new();
    for role in present {
        present_ids.push(api.member_id(role).await);
    }
    let body = json!({ "held_on": api.now().date_naive(), "present_ids": present_ids });
    act(api, Role::IsmsManager, &review, "hold", body).await.expect(200);
    review
}

/// One whose minutes are locked.
pub async fn approved(api: &Api) -> String {
    let review = held(api).await;
    act(api, Role::IsmsManager, &review, "consider", every_input()).await.expect(200);
    act(api, Role::IsmsManager, &review, "conclude", conclusions()).await.expect(200);
    let none = json!({ "no_decision_because": "Nothing has changed" });
    act(api, Role::Management, &review, "approve", none).await.expect(200);
    review
}

fn every_input() -> Value {
    let said = |input| json!({ "input": input, "standing": "considered", "discussion": "Looked at line by line" });
    json!({ "inputs": INPUTS.map(said) })
}

fn conclusions() -> Value {
    json!({ "suitability": "It fits", "adequacy": "It is enough", "effectiveness": "It works" })
}

async fn decide(api: &Api, review: &str, kind: &str, text: &str) -> Answer {
    let body = json!({
        "kind": kind,
        "text": text,
        "responsible_id": api.member_id(Role::Member).await,
        "due_on": (api.now() + TimeDelta::days(60)).date_naive(),
    });
    act(api, Role::Management, review, "decide", body).await
}

pub async fn inputs(api: &Api, review: &str, query: &str) -> Answer {
    api.by(Role::Auditor).await.get(&format!("/v1/management-reviews/{review}/inputs{query}")).await
}

/// What is frozen has the digest that the review and the answer name.
#[track_caller]
fn check_digest(frozen: &Answer) {
    let text = String::from_utf8(canonical(&frozen.body["inputs"]).unwrap()).unwrap();
    assert!(frozen.text.contains(&text), "byte for byte");
    assert_eq!(frozen.body["seal"]["digest"], Snapshot::digest_of(&text));
}

#[tokio::test]
async fn refused_until_nothing_is_missing_then_locked() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = Role::IsmsManager;
        let review = schedule(&api).await;
        let mut partial = statements();
        partial.as_object_mut().unwrap().remove("interested_parties");
        act(&api, manager, &review, "prepare", partial).await.expect(200);
        let meeting = json!({
            "held_on": api.now().date_naive(),
            "present_ids": [api.member_id(Role::Management).await, api.member_id(Role::Auditor).await],
        });
        let silent = act(&api, manager, &review, "hold", meeting.clone()).await.expect(409);
        assert_eq!(silent.reasons(), ["input_empty"]);
        assert!(silent.text.contains("9.3.2 c"), "{}", silent.text);
        let nothing = json!({ "interested_parties": { "kind": "nothing_to_report" } });
        let prepared = act(&api, manager, &review, "prepare", nothing).await.expect(200);
        assert_eq!(prepared.body["snapshots"].as_array().unwrap().len(), 2, "each is kept");
        assert_eq!(prepared.body["statements"]["issues"], statements()["issues"], "said before");
        act(&api, manager, &review, "hold", meeting).await.expect(200);
        let early = act(&api, Role::Management, &review, "approve", json!({})).await.expect(409);
        assert_eq!(early.reasons().iter().filter(|code| **code == "input_not_considered").count(), 10);
        assert!(early.reasons().contains(&"no_conclusions"));
        for (kind, text) in [
            ("resources", "A second person for patching"),
            ("improvement", "One way of working for both sites"),
            ("change", "Suppliers are reviewed before they are paid"),
        ] {
            decide(&api, &review, kind, text).await.expect(200);
        }
        act(&api, manager, &review, "consider", every_input()).await.expect(200);
        let silent = act(&api, Role::Management, &review, "approve", json!({})).await.expect(409);
        assert_eq!(silent.reasons(), ["no_conclusions"]);
        act(&api, manager, &review, "conclude", conclusions()).await.expect(200);
        act(&api, manager, &review, "approve", json!({})).await.expect(403);
        let approved = act(&api, Role::Management, &review, "approve", json!({})).await.expect(200);
        assert_eq!(approved.body["state"], "approved");
        assert_eq!(approved.body["meeting"]["inputs"][9]["clause"], "9.3.2 g");
        for (verb, body) in [("consider", every_input()), ("conclude", conclusions())] {
            assert_eq!(act(&api, manager, &review, verb, body).await.expect(409).reasons(), ["wrong_state"]);
        }
        let path = format!("/v1/management-reviews/{review}");
        let patched = api.by(manager).await.patch(&path, "*", json!({ "title": "Another" })).await.expect(409);
        assert_eq!(patched.reasons(), ["wrong_state"]);
        let text = json!({ "text": "The person is for both sites" });
        let added = act(&api, manager, &review, "add-addendum", text).await.expect(200);
        assert_eq!(added.body["addenda"][0]["text"], "The person is for both sites");
        assert_eq!(added.body["approval"]["minutes_digest"], approved.body["approval"]["minutes_digest"]);
    }
}

/// Beside the action, which somebody sees to, stands what the registers take further.
#[tokio::test]
async fn a_decision_raises_an_improvement_or_a_change_beside_its_action() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let review = held(&api).await;
        for (raises, stem, state) in [("improvement", "improvements", "proposed"), ("change", "changes", "draft")] {
            let body = json!({
                "kind": raises,
                "text": "Badges open one floor only\nfrom May on",
                "responsible_id": api.member_id(Role::Member).await,
                "due_on": (api.now() + TimeDelta::days(60)).date_naive(),
                "raises": raises,
            });
            let decided = act(&api, Role::Management, &review, "decide", body).await.expect(200);
            let decision = decided.body["meeting"]["decisions"].as_array().unwrap().last().unwrap().clone();
            assert_eq!(decision["made"][0]["kind"], "action");
            let path = format!("/v1/{stem}/{}", decision["made"][1]["id"].as_str().unwrap());
            let raised = manager.get(&path).await.expect(200);
            assert_eq!(
                (&raised.body["state"], &raised.body["title"]),
                (&json!(state), &json!("Badges open one floor only"))
            );
            assert_eq!(raised.body["origin"]["id"], decided.body["id"]);
            let trace = manager.get(&format!("/v1/records/{}/trace", raised.reference())).await.expect(200);
            let edges = trace.body["edges"].as_array().unwrap();
            let raisings = edges.iter().filter(|edge| {
                edge["relation"] == "raised" && edge["from"] == decided.body["id"] && edge["to"] == raised.body["id"]
            });
            assert_eq!(raisings.count(), 1, "{}", trace.text);
        }
        let wrong = json!({ "kind": "resources", "text": "x", "responsible_id": api.member_id(Role::Member).await,
            "due_on": api.now().date_naive(), "raises": "nonconformity" });
        let refused = act(&api, Role::Management, &review, "decide", wrong).await.expect(422);
        assert_eq!(refused.faults().len(), 1, "{}", refused.text);
    }
}

#[tokio::test]
async fn decisions_become_actions_and_the_next_review_carries_them_in() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let review = held(&api).await;
        let decided = decide(&api, &review, "resources", "A second person for patching\nfrom October on").await;
        let decided = decided.expect(200);
        let made = decided.body["meeting"]["decisions"][0]["made"][0].clone();
        assert_eq!(made["kind"], "action");
        let action = manager.get(&format!("/v1/actions/{}", made["id"].as_str().unwrap())).await.expect(200);
        assert_eq!((&action.body["kind"], &action.body["state"]), (&json!("review_output"), &json!("open")));
        assert_eq!(action.body["title"], "A second person for patching");
        assert_eq!(action.body["parent"]["id"], decided.body["id"]);
        let work = api.by(Role::Member).await.get("/v1/me/work").await.expect(200);
        assert_eq!(work.body["items"][0]["reference"], action.reference());
        act(&api, Role::IsmsManager, &review, "consider", every_input()).await.expect(200);
        act(&api, Role::IsmsManager, &review, "conclude", conclusions()).await.expect(200);
        let approved = act(&api, Role::Management, &review, "approve", json!({})).await.expect(200);
        let next = approved.body["approval"]["next_id"].as_str().unwrap().to_owned();
        let scheduled = manager.get(&format!("/v1/management-reviews/{next}")).await.expect(200);
        let held_on = api.now().date_naive();
        let in_a_year = held_on.checked_add_months(chrono::Months::new(12)).unwrap();
        assert_eq!(scheduled.body["scheduled_on"], json!(in_a_year));
        assert_eq!(scheduled.body["period_from"], json!(held_on + TimeDelta::days(1)));
        assert_eq!(scheduled.body["previous_id"], approved.body["id"]);
        assert_eq!(scheduled.body["chair_id"], approved.body["chair_id"]);
        api.wait(TimeDelta::days(90));
        let prepared = act(&api, Role::IsmsManager, &next, "prepare", statements()).await.expect(200);
        let frozen = inputs(&api, prepared.reference(), "").await.expect(200);
        let carried = &frozen.body["inputs"]["collected"]["earlier_actions"];
        assert_eq!(carried["counts"]["overdue"], 1);
        assert_eq!(carried["items"][0]["reference"], action.reference());
        assert_eq!(carried["items"][0]["parent_id"], approved.body["id"]);
        let trace = format!("/v1/records/{}/trace", action.reference());
        let trace = api.by(Role::Auditor).await.get(&trace).await.expect(200);
        let mut seen: Vec<&str> =
            trace.body["nodes"].as_array().unwrap().iter().map(|node| node["reference"].as_str().unwrap()).collect();
        seen.sort_unstable();
        assert_eq!(seen, [action.reference(), &review, prepared.reference()]);
        // Worked long after the minutes were locked.
        let verb = |verb: &str| format!("/v1/actions/{}/{verb}", action.reference());
        let member = api.by(Role::Member).await;
        member.post(&verb("complete"), json!({ "summary": "Hired" })).await.expect(200);
        let manager = api.by(Role::IsmsManager).await;
        manager.post(&verb("reject-completion"), json!({ "reason": "Starts in May" })).await.expect(200);
    }
}

#[tokio::test]
async fn what_arrives_late_leaves_the_frozen_inputs_as_they_are() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        send(&api, series(&api, &indicator, &[40.0, 44.0])).await.expect(201);
        api.evaluate().await;
        super::nonconformities::raise(&api).await;
        super::context_entries::record(&api, super::context_entries::party()).await.expect(201);
        let review = prepared(&api).await;
        let frozen = inputs(&api, &review, "").await.expect(200);
        check_digest(&frozen);
        let collected = &frozen.body["inputs"]["collected"];
        assert_eq!(collected["nonconformities"]["raised"], json!({ "now": 1, "before": 0 }));
        assert_eq!(collected["nonconformities"]["open_by_state"], json!({ "reported": 1 }));
        assert_eq!(collected["interested_parties"]["recorded"], 1);
        assert_eq!(collected["interested_parties"]["items"][0]["requirements"], 2);
        assert_eq!(collected["issues"]["items"], json!([]));
        let measured = &collected["monitoring"]["items"][0];
        assert_eq!(measured["reference"], json!(indicator));
        assert_eq!((&measured["status"], measured["mean"]["now"].as_f64()), (&json!("on_target"), Some(42.0)));
        assert_eq!(measured["trend"], "unknown");
        api.wait(TimeDelta::minutes(30));
        send(&api, series(&api, &indicator, &[250.0])).await.expect(201);
        api.evaluate().await;
        super::nonconformities::raise(&api).await;
        let again = inputs(&api, &review, "").await.expect(200);
        assert_eq!(again.text, frozen.text);
        let reviewed = api.by(Role::Auditor).await.get(&format!("/v1/management-reviews/{review}")).await;
        assert_eq!(reviewed.expect(200).body["snapshots"][0], frozen.body["seal"]);
        act(&api, Role::IsmsManager, &review, "prepare", json!({})).await.expect(200);
        let second = inputs(&api, &review, "").await.expect(200);
        check_digest(&second);
        assert_eq!(second.body["inputs"]["collected"]["monitoring"]["critical"], 1);
        assert_eq!(inputs(&api, &review, "?snapshot=1").await.expect(200).text, frozen.text);
        assert_eq!(inputs(&api, &review, "?snapshot=2").await.expect(200).text, second.text);
        inputs(&api, &review, "?snapshot=3").await.expect(404);
        let known = second.header("etag").to_owned();
        let auditor = api.by(Role::Auditor).await;
        let path = format!("/v1/management-reviews/{review}/inputs");
        auditor.send(auditor.request(reqwest::Method::GET, &path).header("if-none-match", known)).await.expect(304);
        inputs(&api, &schedule(&api).await, "").await.expect(404);
    }
}

#[tokio::test]
async fn without_a_quorum_nothing_is_decided() {
    for database in each() {
        let api = Api::start(database).await;
        let (manager, management) = (Role::IsmsManager, Role::Management);
        let review = prepared(&api).await;
        let alone = json!({
            "held_on": api.now().date_naive(),
            "present_ids": [api.member_id(management).await, api.member_id(Role::Member).await],
        });
        act(&api, manager, &review, "hold", alone).await.expect(200);
        assert_eq!(decide(&api, &review, "change", "x").await.expect(409).reasons(), ["no_quorum"]);
        act(&api, manager, &review, "consider", every_input()).await.expect(200);
        act(&api, manager, &review, "conclude", conclusions()).await.expect(200);
        let body = json!({ "no_decision_because": "All is well" });
        let few = act(&api, management, &review, "approve", body.clone()).await.expect(409);
        assert_eq!(few.reasons(), ["no_quorum"]);
        let settings = api.by(management).await.get("/v1/settings").await.expect(200).body["items"][0].clone();
        assert_eq!(settings["reviews"], json!({ "interval_months": 12, "quorum_percent": 50 }));
        let path = format!("/v1/settings/{}/set-review-rules", settings["id"].as_str().unwrap());
        let rules = json!({ "interval_months": 6, "quorum_percent": 33 });
        api.by(Role::Admin).await.post(&path, rules.clone()).await.expect(403);
        let wrong = json!({ "interval_months": 0, "quorum_percent": 101 });
        let wrong = api.by(management).await.post(&path, wrong).await.expect(422);
        assert_eq!(wrong.faults(), ["/interval_months out_of_range", "/quorum_percent out_of_range"]);
        api.by(management).await.post(&path, rules).await.expect(200);
        let silent = act(&api, management, &review, "approve", json!({})).await.expect(422);
        assert_eq!(silent.faults(), ["/no_decision_because required"]);
        let dry = format!("/v1/management-reviews/{review}/approve?dry_run=true");
        assert_eq!(api.by(management).await.post(&dry, body.clone()).await.expect(200).body["state"], "approved");
        let approved = act(&api, management, &review, "approve", body).await.expect(200);
        let next = approved.body["approval"]["next_id"].as_str().unwrap().to_owned();
        let next = api.by(manager).await.get(&format!("/v1/management-reviews/{next}")).await.expect(200);
        let in_half_a_year = api.now().date_naive().checked_add_months(chrono::Months::new(6)).unwrap();
        assert_eq!(next.body["scheduled_on"], json!(in_half_a_year));
    }
}

#[tokio::test]
async fn a_review_that_is_scheduled_already_is_the_next() {
    for database in each() {
        let api = Api::start(database).await;
        let (first, second) = (held(&api).await, schedule(&api).await);
        act(&api, Role::IsmsManager, &first, "consider", every_input()).await.expect(200);
        act(&api, Role::IsmsManager, &first, "conclude", conclusions()).await.expect(200);
        let body = json!({ "no_decision_because": "All is well" });
        let approved = act(&api, Role::Management, &first, "approve", body).await.expect(200);
        assert_eq!(approved.body["approval"]["next_id"], Value::Null);
        let manager = api.by(Role::IsmsManager).await;
        let upcoming = manager.get("/v1/management-reviews?state=scheduled,prepared&sort=scheduled_on").await;
        let upcoming = upcoming.expect(200).body["items"].clone();
        assert_eq!((upcoming.as_array().unwrap().len(), &upcoming[0]["reference"]), (1, &json!(second)));
    }
}

#[tokio::test]
async fn a_date_that_passes_is_an_event_once() {
    for database in each() {
        let api = Api::start(database).await;
        let review = schedule(&api).await;
        api.wait(TimeDelta::days(14));
        api.wake().await;
        let happened = async || {
            let path = format!("/v1/records/{review}/history");
            let history = api.by(Role::Auditor).await.get(&path).await.expect(200);
            let items = history.body["items"].as_array().unwrap().clone();
            items.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(happened().await, ["management_review.scheduled"], "it may be held today");
        api.wait(TimeDelta::days(1));
        api.wake().await;
        api.wake().await;
        assert_eq!(happened().await, ["management_review.scheduled", "management_review.fell_due"]);
        let day = (api.now() + TimeDelta::days(7)).date_naive();
        let path = format!("/v1/management-reviews/{review}");
        let manager = api.by(Role::IsmsManager).await;
        manager.patch(&path, "*", json!({ "scheduled_on": day })).await.expect(200);
        api.wait(TimeDelta::days(8));
        api.wake().await;
        assert_eq!(happened().await.last().map(String::as_str), Some("management_review.fell_due"));
        let work = api.by(Role::Management).await.get("/v1/me/work").await.expect(200);
        assert_eq!(
            (&work.body["items"][0]["reference"], &work.body["items"][0]["overdue"]),
            (&json!(review), &json!(true))
        );
    }
}

#[tokio::test]
async fn every_fault_is_named() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let schedule = async |field: &str, value: Value| {
            let mut body = plan(&api).await;
            body[field] = value;
            manager.post("/v1/management-reviews", body).await.expect(422).faults()
        };
        let not_management = json!(api.member_id(Role::IsmsManager).await);
        assert_eq!(schedule("chair_id", not_management.clone()).await, ["/chair_id not_management"]);
        let foreign = api.stranger(Role::Management).await.get("/v1/me").await.body["member_id"].clone();
        assert_eq!(schedule("chair_id", foreign.clone()).await, ["/chair_id unknown_member"]);
        let twice = json!([not_management, foreign, not_management]);
        assert_eq!(schedule("attendee_ids", twice).await, ["/attendee_ids/1 unknown_member"]);
        let twice = json!([not_management, not_management]);
        assert_eq!(schedule("attendee_ids", twice).await, ["/attendee_ids/1 duplicate"]);
        let early = json!(api.now().date_naive() - TimeDelta::days(400));
        assert_eq!(schedule("period_until", early).await, ["/period_until out_of_range"]);
        let review = prepared(&api).await;
        let blank = json!({ "issues": { "kind": "text", "text": " " } });
        let blank = act(&api, Role::IsmsManager, &review, "prepare", blank).await.expect(422);
        assert_eq!(blank.faults(), ["/issues/text blank"]);
        let noisy = json!({ "issues": { "kind": "nothing_to_report", "text": "x" } });
        let noisy = act(&api, Role::IsmsManager, &review, "prepare", noisy).await.expect(422);
        assert_eq!(noisy.faults(), ["/issues/text unknown_field"]);
        let path = format!("/v1/management-reviews/{review}");
        let here = json!({ "present_ids": [not_management] });
        let here = manager.patch(&path, "*", here).await.expect(422);
        assert_eq!(here.faults(), ["/present_ids not_in_this_stage"]);
        let meeting = json!({ "held_on": (api.now() + TimeDelta::days(1)).date_naive(), "present_ids": [] });
        let tomorrow = act(&api, Role::IsmsManager, &review, "hold", meeting).await.expect(422);
        assert_eq!(tomorrow.faults(), ["/held_on out_of_range"]);
        let held = held(&api).await;
        let unknown = json!({ "inputs": [{ "input": "weather", "standing": "considered", "discussion": "x" }] });
        let unknown = act(&api, Role::IsmsManager, &held, "consider", unknown).await.expect(422);
        assert_eq!(unknown.faults(), ["/inputs/0/input unknown_value"]);
        let body = json!({
            "kind": "change", "text": " ", "responsible_id": not_management,
            "due_on": (api.now() - TimeDelta::days(1)).date_naive(),
        });
        let late = act(&api, Role::IsmsManager, &held, "decide", body).await.expect(422);
        assert_eq!(late.faults(), ["/text blank", "/due_on out_of_range"]);
    }
}

#[tokio::test]
async fn who_is_invited_sees_it() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let mut body = plan(&api).await;
        let uninvited = manager.post("/v1/management-reviews", body.clone()).await.expect(201).reference().to_owned();
        body["attendee_ids"] = json!([api.member_id(Role::Member).await]);
        let invited = manager.post("/v1/management-reviews", body).await.expect(201).reference().to_owned();
        let member = api.by(Role::Member).await;
        member.get(&format!("/v1/management-reviews/{invited}")).await.expect(200);
        member.get(&format!("/v1/management-reviews/{uninvited}")).await.expect(404);
        member.get(&format!("/v1/management-reviews/{uninvited}/inputs")).await.expect(404);
        let cancel = json!({ "reason": "Held with the board's meeting" });
        let cancelled = act(&api, Role::Management, &uninvited, "cancel", cancel).await.expect(200);
        assert_eq!(cancelled.body["cancelled_because"], "Held with the board's meeting");
        let expanded = manager.get(&format!("/v1/management-reviews/{invited}?expand=chair")).await.expect(200);
        assert_eq!(expanded.body["chair"]["name"], "management of ours");
    }
}
