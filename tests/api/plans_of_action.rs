//! Plans of action of others: an item is a nonconformity once, what is planned there an action with its day, and every fault
//! has its place in the document.

use super::{actions, restrictions};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller, PASSWORD};
use ratchet_domain::access::Role;
use reqwest::Method;
use serde_json::{Value, json};

/// What a scanner of a cloud might hand over: two items with a risk each, one that is accepted, one without risks.
fn foreign() -> Value {
    let uuid = |number: u32| format!("8a6f0c1e-3d52-4b7a-9c11-{number:012}");
    let risk = |number: u32, status: &str, remediations: Value| {
        json!({
            "uuid": uuid(number), "title": "Keys", "description": "Keys are older than a year",
            "statement": "Keys are not turned over", "status": status, "deadline": "2027-01-31T12:00:00Z",
            "origins": [{ "actors": [{ "type": "party", "actor-uuid": uuid(900) }] }],
            "related-observations": [{ "observation-uuid": uuid(800) }], "remediations": remediations,
        })
    };
    let item = |number: u32, title: &str, risks: &[u32]| {
        let related: Vec<Value> = risks.iter().map(|risk| json!({ "risk-uuid": uuid(*risk) })).collect();
        json!({
            "uuid": uuid(number), "title": title, "description": "Access keys of service accounts are never changed",
            "props": [{ "name": "control-id", "value": "A.5.17" }], "related-risks": related,
        })
    };
    let planned = json!([
        { "uuid": uuid(300), "lifecycle": "recommendation", "title": "Use roles", "description": "Use no keys" },
        { "uuid": uuid(301), "lifecycle": "completed", "title": "Now", "description": "The eldest key was revoked" },
        { "uuid": uuid(302), "lifecycle": "planned", "title": "Turn keys over", "description": "By a job, each quarter",
          "tasks": [
            { "uuid": uuid(400), "type": "milestone", "title": "Job runs", "remarks": "On staging first",
              "timing": { "on-date": { "date": "2026-01-15T09:00:00Z" } },
              "responsible-roles": [{ "role-id": "operator", "party-uuids": [uuid(901), uuid(900)] }] },
            { "uuid": uuid(401), "type": "action", "title": "x".repeat(250) },
          ] },
    ]);
    json!({ "plan-of-action-and-milestones": {
        "uuid": uuid(1),
        "metadata": {
            "title": "Cloud", "last-modified": "2026-05-01T00:00:00Z", "version": "1", "oscal-version": "1.1.2",
            "parties": [
                { "uuid": uuid(900), "type": "person", "name": "M", "email-addresses": ["member@ours.example"] },
                { "uuid": uuid(901), "type": "person", "name": "X", "email-addresses": ["nobody@ours.example"] },
            ],
        },
        "import-ssp": { "href": "#none" },
        "observations": [{
            "uuid": uuid(800), "description": "12 of 40 keys are older than a year", "methods": ["TEST"],
            "collected": "2026-05-01T00:00:00Z",
        }],
        "risks": [
            risk(200, "open", planned),
            risk(201, "deviation-approved", json!([])),
            risk(202, "open", json!([
                { "uuid": uuid(303), "lifecycle": "planned", "title": "Ask the vendor", "description": "For a fix" },
            ])),
        ],
        "poam-items": [
            item(100, "Keys are old", &[200]), item(101, "Keys are many", &[201]), item(102, "No fix", &[202]),
            item(103, "Nobody watches", &[]),
        ],
    } })
}

async fn send(by: &Caller<'_>, query: &str, plan: &Value) -> Answer {
    let request = by.request(Method::POST, &format!("/v1/imports/plan-of-action{query}"));
    by.send(request.header("content-type", "application/json").body(plan.to_string())).await
}

/// What is to be done there is taken over.
pub async fn through_the_door(api: &Api) {
    send(&api.by(Role::IsmsManager).await, "", &foreign()).await.expect(201);
}

fn counts(answer: &Answer) -> [u64; 4] {
    ["nonconformities", "actions", "known", "passed_over"].map(|name| answer.body["counts"][name].as_u64().unwrap())
}

fn case(answer: &Answer, item: usize) -> String {
    answer.body["items"][item]["nonconformity"]["reference"].as_str().unwrap().to_owned()
}

async fn shown(api: &Api, path: &str) -> Value {
    api.by(Role::IsmsManager).await.get(&format!("/v1/{path}")).await.expect(200).body
}

#[tokio::test]
async fn what_is_to_be_done_there_is_done_here() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let dry = send(&manager, "?dry_run=true", &foreign()).await.expect(200);
        assert_eq!(counts(&dry), [3, 3, 0, 1]);
        assert_eq!(shown(&api, "nonconformities").await["items"], json!([]), "a dry run keeps nothing");
        let made = send(&manager, "?grade=major", &foreign()).await.expect(201);
        assert_eq!(counts(&made), [3, 3, 0, 1], "what is accepted there is passed over");
        assert_eq!(made.body["items"][1]["nonconformity"], Value::Null);
        let read = shown(&api, &format!("nonconformities/{}", case(&made, 0))).await;
        let member = api.member_id(Role::Member).await;
        for (name, value) in [
            ("title", json!("Keys are old")),
            ("statement", json!("Access keys of service accounts are never changed")),
            ("objective_evidence", json!("12 of 40 keys are older than a year")),
            ("requirement", json!("A.5.17")),
            ("source", json!("external")),
            ("state", json!("confirmed")),
            ("grade", json!("major")),
            ("due_on", json!("2027-01-31")),
            ("owner_id", json!(member)),
        ] {
            assert_eq!(read[name], value, "{name}");
        }
        assert_eq!(read["containment"]["correction"], "The eldest key was revoked");
        let tasks = made.body["items"][0]["tasks"].as_array().unwrap();
        let of = |task: usize| tasks[task]["action"]["reference"].as_str().unwrap();
        let late = shown(&api, &format!("actions/{}", of(0))).await;
        assert_eq!(
            (&late["due_on"], &late["assignee_id"], &late["kind"], &late["state"]),
            (&json!("2026-01-15"), &json!(member), &json!("corrective"), &json!("open")),
            "what is late there is late here"
        );
        assert_eq!(late["description"], "By a job, each quarter\n\nOn staging first");
        let long = shown(&api, &format!("actions/{}", of(1))).await;
        assert_eq!((&long["title"], &long["due_on"]), (&json!("x".repeat(200)), &json!("2027-01-31")));
        assert!(long["description"].as_str().unwrap().starts_with(&"x".repeat(250)), "nothing of it is lost");
        let whole = &made.body["items"][2]["tasks"][0];
        assert_eq!(whole["pointer"], "/plan-of-action-and-milestones/risks/2/remediations/0");
        assert_eq!(made.body["items"][3]["tasks"], json!([]));
        let history = shown(&api, &format!("records/{}/history", case(&made, 0))).await;
        let told: Vec<&Value> = history["items"].as_array().unwrap().iter().map(|one| &one["action"]).collect();
        assert_eq!(told, ["nonconformity.raised", "nonconformity.confirmed", "nonconformity.contained"]);
        // Sent again it makes nothing, and what is new in it is taken.
        let rows = api.database.rows_of(api.ours());
        let again = send(&manager, "?grade=major", &foreign()).await.expect(200);
        assert_eq!(counts(&again), [0, 0, 6, 1]);
        assert_eq!(case(&again, 0), case(&made, 0));
        assert_eq!(api.database.rows_of(api.ours()), rows);
        let mut more = foreign();
        let risks = &mut more["plan-of-action-and-milestones"]["risks"];
        risks[0]["remediations"][2]["tasks"].as_array_mut().unwrap().push(json!({
            "uuid": "8a6f0c1e-3d52-4b7a-9c11-000000000402", "type": "action", "title": "Tell whoever holds keys",
        }));
        let more = send(&manager, "", &more).await.expect(201);
        assert_eq!(counts(&more), [0, 1, 6, 1]);
        // In another organisation it is another plan.
        api.change_sides();
        assert_eq!(counts(&send(&api.by(Role::IsmsManager).await, "", &foreign()).await.expect(201)), [3, 3, 0, 1]);
    }
}

#[tokio::test]
async fn our_own_plan_read_back_says_the_same() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let reference = actions::case(&api).await;
        let path = format!("/v1/nonconformities/{reference}");
        let due = json!({ "due_on": (api.now() + chrono::TimeDelta::days(40)).date_naive() });
        manager.patch(&path, "*", due).await.expect(200);
        let contain = json!({ "correction": "Patched by hand", "consequences": "Logs were searched" });
        manager.post(&format!("{path}/contain"), contain).await.expect(200);
        actions::plan(&api, &reference).await.expect(201);
        let begun = actions::plan(&api, &reference).await.expect(201);
        let worker = api.by(Role::Member).await;
        worker.post(&format!("/v1/actions/{}/start", begun.reference()), json!({})).await.expect(200);
        actions::done(&api, &reference).await;
        let reported = super::nonconformities::raise(&api).await;
        let plan = manager.get("/v1/plan-of-action").await.expect(200).body;
        // Here each is known by what it was made of.
        let rows = api.database.rows_of(api.ours());
        let own = send(&manager, "", &plan).await.expect(200);
        assert_eq!(counts(&own), [0, 0, 5, 0]);
        assert_eq!((case(&own, 0), case(&own, 1)), (reference.clone(), reported.clone()));
        assert_eq!(api.database.rows_of(api.ours()), rows);
        let before = [
            shown(&api, &format!("nonconformities/{reference}")).await,
            shown(&api, &format!("nonconformities/{reported}")).await,
        ];
        let works = shown(&api, "actions?sort=reference").await["items"].clone();
        api.change_sides();
        let theirs = api.by(Role::IsmsManager).await;
        let made = send(&theirs, "", &plan).await.expect(201);
        assert_eq!(counts(&made), [2, 3, 0, 0]);
        for (index, before) in before.iter().enumerate() {
            let after = shown(&api, &format!("nonconformities/{}", case(&made, index))).await;
            for name in
                ["title", "statement", "objective_evidence", "source", "requirement", "grade", "due_on", "state"]
            {
                assert_eq!(after[name], before[name], "{name}");
            }
            assert_eq!(after["containment"]["consequences"], before["containment"]["consequences"]);
        }
        let after = shown(&api, "actions?sort=reference").await["items"].clone();
        for (before, after) in works.as_array().unwrap().iter().zip(after.as_array().unwrap()) {
            for name in ["title", "description", "kind", "priority", "due_on", "done_criteria"] {
                assert_eq!(after[name], before[name], "{name}");
            }
            let state = if before["state"] == "verified" { json!("done") } else { before["state"].clone() };
            assert_eq!(after["state"], state, "a verdict is given here");
        }
        assert_eq!(counts(&send(&theirs, "", &plan).await.expect(200)), [0, 0, 5, 0]);
    }
}

#[tokio::test]
async fn every_fault_of_a_plan_has_its_place() {
    const PLAN: &str = "/plan-of-action-and-milestones";
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let rows = api.database.rows_of(api.ours());
        let with = |pointer: &str, value: Value| {
            let mut plan = foreign();
            *plan.pointer_mut(&format!("{PLAN}{pointer}")).unwrap() = value;
            plan
        };
        let unknown = json!([{ "risk-uuid": "8a6f0c1e-3d52-4b7a-9c11-000000000999" }]);
        for (plan, fault) in [
            (json!({ "catalog": {} }), "/plan-of-action-and-milestones required"),
            (with("/metadata/oscal-version", json!("2.0.0")), "/metadata/oscal-version unknown_value"),
            (with("/poam-items", json!([])), "/poam-items length"),
            (with("/poam-items/0/uuid", json!("17")), "/poam-items/0/uuid type"),
            (with("/poam-items/0/uuid", Value::Null), "/poam-items/0/uuid required"),
            (
                with("/poam-items/1/uuid", foreign()[&PLAN[1..]]["poam-items"][0]["uuid"].clone()),
                "/poam-items/1/uuid duplicate",
            ),
            (with("/poam-items/0/title", json!(" ")), "/poam-items/0/title blank"),
            (with("/poam-items/2/description", json!("x".repeat(10_001))), "/poam-items/2/description too_long"),
            (with("/poam-items/2/related-risks", unknown), "/poam-items/2/related-risks/0/risk-uuid unknown_record"),
            (with("/risks/0/deadline", json!("tomorrow")), "/risks/0/deadline type"),
            (with("/risks/0/remediations/1/description", json!("")), "/risks/0/remediations/1/description blank"),
            (with("/risks/0/remediations/2/tasks/0/title", json!(" ")), "/risks/0/remediations/2/tasks/0/title blank"),
            (with("/observations/0/description", json!("a\u{0}")), "/observations/0/description forbidden_character"),
        ] {
            let place = if fault.starts_with(PLAN) { fault.to_owned() } else { format!("{PLAN}{fault}") };
            let refused = send(&manager, "", &plan).await.expect(422);
            assert!(refused.faults().contains(&place), "{place}: {:?}", refused.faults());
        }
        let mut undated = foreign();
        let risk = undated.pointer_mut(&format!("{PLAN}/risks/2")).unwrap();
        risk.as_object_mut().unwrap().remove("deadline");
        let refused = send(&manager, "", &undated).await.expect(422);
        assert_eq!(refused.faults(), [format!("{PLAN}/risks/2/remediations/0/timing required")]);
        send(&manager, "?dry_run=true&due_on=2026-12-01", &undated).await.expect(200);
        let many: Vec<Value> = (0..1_001).map(|_| json!({})).collect();
        send(&manager, "", &with("/poam-items", json!(many))).await.expect(422);
        send(&manager, "", &with("/metadata/title", json!("x".repeat(4 << 20)))).await.expect(413);
        for query in ["?owner_id=8a6f0c1e-3d52-4b7a-9c11-000000000999", "?grade=huge", "?due_on=soon", "?colour=red"] {
            send(&manager, query, &foreign()).await.expect(400);
        }
        let request = manager.request(Method::POST, "/v1/imports/plan-of-action").header("content-type", "text/csv");
        manager.send(request.body("a,b")).await.expect(415);
        for role in [Role::Admin, Role::Management, Role::Auditor, Role::Member, Role::ExternalAuditor] {
            send(&api.by(role).await, "", &foreign()).await.expect(403);
        }
        assert_eq!(api.database.rows_of(api.ours()), rows);
    }
}

#[tokio::test]
async fn what_is_over_takes_no_actions_and_what_is_restricted_is_not_told() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let made = send(&manager, "", &foreign()).await.expect(201);
        let gone = json!({ "reason": "Raised for another system" });
        manager.post(&format!("/v1/nonconformities/{}/void", case(&made, 3)), gone).await.expect(200);
        let mut more = foreign();
        let items = &mut more["plan-of-action-and-milestones"]["poam-items"];
        items[3]["related-risks"] = json!([{ "risk-uuid": "8a6f0c1e-3d52-4b7a-9c11-000000000203" }]);
        let risks = more["plan-of-action-and-milestones"]["risks"].as_array_mut().unwrap();
        risks.push(json!({
            "uuid": "8a6f0c1e-3d52-4b7a-9c11-000000000203", "title": "Watch", "description": "Nobody watches",
            "statement": "Nobody watches", "status": "open", "deadline": "2027-01-31T12:00:00Z",
            "remediations": [{ "uuid": "8a6f0c1e-3d52-4b7a-9c11-000000000304", "lifecycle": "planned",
                "title": "Watch", "description": "Somebody" }],
        }));
        let again = send(&manager, "", &more).await.expect(200);
        assert_eq!(again.body["items"][3]["tasks"][0]["outcome"], "passed_over");
        restrictions::imposed(&api, &case(&made, 0)).await;
        let eve =
            json!({ "email": "eve@ours.example", "name": "Eve", "roles": ["isms_manager"], "password": PASSWORD });
        api.by(Role::Admin).await.post("/v1/members", eve).await.expect(201);
        let login = json!({ "email": "eve@ours.example", "password": PASSWORD });
        let login = api.anonymous().post("/v1/auth/login", login).await.expect(200);
        let eve = api.with_token(login.body["access_token"].as_str().unwrap());
        let known = send(&eve, "", &foreign()).await.expect(200);
        assert_eq!(known.body["items"][0]["outcome"], "known");
        assert!(!known.text.contains(&case(&made, 0)), "{}", known.text);
    }
}
