//! What is restricted is not there for others: in no answer that they can get, under no address that they can try.

mod outsiders;

use super::{actions, annotations, changes, employee_reports, evidence, improvements, incidents, indicators};
use super::{management_reviews, measurements, nonconformities, weaknesses};
use crate::databases::each;
use crate::harness::{Answer, Api, Caller, PASSWORD, ROLES};
use ratchet_domain::access::Role;
use ratchet_domain::api_keys::Scope;
use reqwest::Method;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use strum::VariantArray;

/// Stands in all that nobody else is to read, and nowhere else.
const WORD: &str = "zanzibar";

/// Who restricts a record: an ISMS manager whom no role of the other tests is.
pub struct Keeper {
    id: String,
}

impl Keeper {
    pub async fn hired(api: &Api) -> Self {
        let body =
            json!({ "email": "keeper@ours.example", "name": "Ada", "roles": ["isms_manager"], "password": PASSWORD });
        let made = api.by(Role::Admin).await.post("/v1/members", body).await.expect(201);
        Self { id: made.body["id"].as_str().unwrap().to_owned() }
    }

    /// With a new session: time may have passed.
    async fn caller<'a>(&self, api: &'a Api) -> Caller<'a> {
        let login = json!({ "email": "keeper@ours.example", "password": PASSWORD });
        let login = api.anonymous().post("/v1/auth/login", login).await.expect(200);
        api.with_token(login.body["access_token"].as_str().unwrap())
    }
}

async fn made(by: &Caller<'_>, stem: &str, body: Value) -> String {
    by.post(&format!("/v1/{stem}"), body).await.expect(201).reference().to_owned()
}

async fn act(by: &Caller<'_>, record: &str, verb: &str, body: Value) -> Answer {
    by.post(&format!("/v1/{record}/{verb}"), body).await
}

/// A restriction of a record of the manager's, made by the manager.
pub async fn imposed(api: &Api, record: &str) -> String {
    let body = json!({ "record": record, "reader_ids": [], "reason": "It names a colleague" });
    made(&api.by(Role::IsmsManager).await, "restrictions", body).await
}

async fn restrict(by: &Caller<'_>, record: &str) -> String {
    let body = json!({ "record": record, "reason": format!("{WORD}: it names a colleague") });
    made(by, "restrictions", body).await
}

/// What is restricted, and all that hangs on it.
pub struct Scene {
    pub keeper: Keeper,
    /// Ids and references, by the stem of the address.
    pub names: BTreeMap<String, Vec<String>>,
    /// The action that the member is to do; of all this the member sees that one.
    pub assigned: String,
    /// The records that lead to what is restricted, and are there for everybody.
    pub beside: Vec<String>,
}

impl Scene {
    pub fn all(&self) -> Vec<String> {
        self.names.values().flatten().cloned().collect()
    }

    async fn note(&mut self, by: &Caller<'_>, references: &[&str]) {
        for reference in references {
            let record = by.get(&format!("/v1/records/{reference}")).await.expect(200).body;
            let stem = record["href"].as_str().unwrap().split('/').nth(2).unwrap().to_owned();
            let names = self.names.entry(stem).or_default();
            names.extend(["id", "reference"].map(|member| record[member].as_str().unwrap().to_owned()));
        }
    }
}

impl Scene {
    /// What is raised of something restricted, and the restriction that follows.
    async fn raise_of(&mut self, by: &Caller<'_>, incident: &str) {
        let mut body = weaknesses::report();
        body["title"] = json!(format!("Of the {WORD} incident"));
        act(by, &format!("incidents/{incident}"), "raise-weakness", body).await.expect(200);
        for stem in ["weaknesses", "restrictions"] {
            let newest = by.get(&format!("/v1/{stem}?sort=-created_at&limit=1")).await.expect(200);
            let reference = newest.body["items"][0]["reference"].as_str().unwrap().to_owned();
            self.note(by, &[reference.as_str()]).await;
        }
    }
}

/// A case that a figure has raised, with everything that can hang on a record.
async fn case(scene: &mut Scene, api: &Api) -> String {
    let by = scene.keeper.caller(api).await;
    let indicator = indicators::active(api).await;
    measurements::send(api, measurements::series(api, &indicator, &[250.0])).await.expect(201);
    api.evaluate().await;
    let list = by.get("/v1/nonconformities?sort=-created_at").await.expect(200);
    let case = list.body["items"][0]["reference"].as_str().unwrap().to_owned();
    let record = format!("nonconformities/{case}");
    act(&by, &record, "confirm", json!({ "grade": "major", "owner_id": scene.keeper.id })).await.expect(200);
    by.patch(&format!("/v1/{record}"), "*", json!({ "title": format!("The {WORD} matter") })).await.expect(200);
    let action = |assignee: &str, title: String| {
        json!({
            "parent": case, "title": title, "kind": "corrective", "assignee_id": assignee,
            "due_on": api.now().date_naive(),
        })
    };
    let kept = made(&by, "actions", action(&scene.keeper.id, format!("Ask about {WORD}"))).await;
    let member = api.member_id(Role::Member).await;
    scene.assigned = made(&by, "actions", action(&member, "Change the locks".to_owned())).await;
    let on_action = made(&by, "comments", json!({ "record": kept, "text": format!("{WORD} will not tell") })).await;
    let remark = made(&by, "comments", json!({ "record": case, "text": format!("{WORD} was there") })).await;
    let tag = made(&by, "tags", json!({ "record": case, "label": WORD })).await;
    let other = nonconformities::raise(api).await;
    let to = made(&by, "links", json!({ "record": case, "relation": "caused_by", "to": other })).await;
    let from = json!({ "record": other, "relation": "relates_to", "to": case, "note": format!("as {WORD} says") });
    let from = made(&by, "links", from).await;
    let piece = evidence::upload(&by, &case, &format!("{WORD}.txt"), "text/plain", WORD).await.expect(201);
    let piece = piece.reference().to_owned();
    let body = json!({ "record": remark, "fields": ["/body/text"], "reason": format!("{WORD} asked for it") });
    let redaction = made(&by, "redactions", body).await;
    let twin = nonconformities::raise(api).await;
    act(&by, &format!("nonconformities/{twin}"), "mark-duplicate", json!({ "of": case })).await.expect(200);
    let restriction = restrict(&by, &case).await;
    let parts = [&case, &kept, &on_action, &remark, &tag, &to, &from, &piece, &redaction, &restriction];
    scene.note(&by, &parts.map(String::as_str)).await;
    let list = by.get("/v1/signals").await.expect(200);
    let signal = list.body["items"][0]["reference"].as_str().unwrap().to_owned();
    scene.beside.extend([other, twin, signal]);
    case
}

/// Everything that can be restricted, and all that hangs on it, of the keeper alone.
pub async fn scene(api: &Api) -> Scene {
    let keeper = Keeper::hired(api).await;
    let mut scene = Scene { keeper, names: BTreeMap::new(), assigned: String::new(), beside: Vec::new() };
    // Converted before: what came of it is restricted after.
    let report = employee_reports::file(api, Role::Auditor).await;
    employee_reports::triage(api, &report).await;
    let converted =
        employee_reports::act(api, Role::IsmsManager, &report, "convert", employee_reports::conversion()).await;
    converted.expect(200);
    let by = scene.keeper.caller(api).await;
    let list = by.get("/v1/nonconformities?sort=-created_at").await.expect(200);
    let of_report = list.body["items"][0]["reference"].as_str().unwrap().to_owned();
    let case = case(&mut scene, api).await;

    let mut body = incidents::report(api.now());
    body["description"] = json!(format!("{WORD} did it"));
    let incident = made(&by, "incidents", body).await;
    let triage = json!({
        "decision": "incident", "criteria": WORD, "category": "malware", "severity": 2, "owner_id": scene.keeper.id,
    });
    act(&by, &format!("incidents/{incident}"), "triage", triage).await.expect(200);
    let mut entry = super::timeline_entries::entry(api, &incident, 1, "");
    entry["text"] = json!(format!("{WORD} came in"));
    let entry = made(&by, "timeline-entries", entry).await;

    let mut body = weaknesses::report();
    body["title"] = json!(format!("The {WORD} door"));
    let weakness = made(&by, "weaknesses", body).await;
    let rating = json!({ "likelihood": 4, "impact": 3 });
    let assess = json!({ "rating": rating, "rationale": WORD, "owner_id": scene.keeper.id });
    act(&by, &format!("weaknesses/{weakness}"), "assess", assess).await.expect(200);

    let body = json!({ "title": format!("{WORD} again"), "description": "It may happen", "controls": ["A.8.13"] });
    let risk = made(&by, "risks", body).await;
    let assess = json!({
        "inherent": rating, "rationale": WORD, "owner_id": scene.keeper.id,
        "review_on": (api.now() + chrono::TimeDelta::days(90)).date_naive(),
    });
    act(&by, &format!("risks/{risk}"), "assess", assess).await.expect(200);

    let open = actions::case(api).await;
    let body = json!({
        "parent": open, "title": format!("Part with {WORD}"), "kind": "corrective", "assignee_id": scene.keeper.id,
        "due_on": api.now().date_naive(),
    });
    let action = made(&by, "actions", body).await;
    let mut body = employee_reports::tailgating();
    body["text"] = json!(format!("{WORD} held the door"));
    let kept_report = made(&by, "employee-reports", body).await;
    let mut body = improvements::suggestion();
    body["title"] = json!(format!("Keep {WORD} away"));
    let improvement = made(&by, "improvements", body).await;
    let vote = made(&by, "votes", json!({ "improvement": improvement })).await;
    let mut body = changes::words();
    body["title"] = json!(format!("A door without {WORD}"));
    let change = made(&by, "changes", body).await;
    // What was seen before it was restricted is in what is frozen.
    management_reviews::prepared(api).await;
    let parts = [&of_report, &incident, &weakness, &risk, &action, &kept_report, &improvement, &change];
    for record in parts {
        let restriction = restrict(&by, record).await;
        scene.note(&by, &[record.as_str(), restriction.as_str()]).await;
    }
    scene.note(&by, &[entry.as_str(), vote.as_str()]).await;
    scene.raise_of(&by, &incident).await;
    scene.beside.extend([report, open]);
    assert!(scene.names["nonconformities"].contains(&case));
    scene
}

/// Every role of the organisation, and the strongest machine.
async fn outsiders(api: &Api) -> Vec<(String, Caller<'_>)> {
    let mut callers = Vec::new();
    for role in ROLES {
        let name: &str = role.into();
        callers.push((name.to_owned(), api.by(role).await));
    }
    let body = json!({ "name": "Feed", "scopes": Scope::VARIANTS });
    let issued = api.by(Role::Admin).await.post("/v1/api-keys", body).await.expect(201);
    callers.push(("machine".to_owned(), api.with_token(issued.body["token"].as_str().unwrap())));
    callers
}

/// What is left of an answer has a tag of its own, and is not sent again to whoever knows it.
#[tokio::test]
async fn what_is_left_is_known_by_its_tag() {
    for database in each() {
        let api = Api::start(database).await;
        let scene = scene(&api).await;
        let auditor = api.by(Role::Auditor).await;
        let mut cut = 0;
        for name in &scene.beside {
            let stem = match name.split('-').next().unwrap() {
                "NC" => "nonconformities",
                "SIG" => "signals",
                _ => continue,
            };
            let href = format!("/v1/{stem}/{name}");
            let (whole, left) =
                (scene.keeper.caller(&api).await.get(&href).await.expect(200), auditor.get(&href).await);
            let tag = left.expect(200).header("etag").to_owned();
            cut += usize::from(whole.header("etag") != tag);
            let again = auditor.request(Method::GET, &href).header("if-none-match", &tag);
            auditor.send(again).await.expect(304);
        }
        assert!(cut > 0, "nothing was left out of {:?}", scene.beside);
    }
}

/// At once, for whoever is not to read it, and for good.
#[tokio::test]
async fn what_is_raised_of_it_is_restricted_from_the_start() {
    for database in each() {
        let api = Api::start(database).await;
        let keeper = Keeper::hired(&api).await;
        let by = keeper.caller(&api).await;
        let incident = made(&by, "incidents", incidents::report(api.now())).await;
        let triage = json!({
            "decision": "incident", "criteria": "x", "category": "malware", "severity": 2, "owner_id": keeper.id,
        });
        act(&by, &format!("incidents/{incident}"), "triage", triage).await.expect(200);
        let management = api.member_id(Role::Management).await;
        let body = json!({ "record": incident, "reader_ids": [management], "reason": "It names a colleague" });
        by.post("/v1/restrictions", body).await.expect(201);
        let place = format!("incidents/{incident}");
        // Whoever asks is known already when it is raised.
        api.by(Role::Auditor).await.get("/v1/weaknesses").await.expect(200);
        let dry = by.post(&format!("/v1/{place}/raise-weakness?dry_run=true"), weaknesses::report()).await;
        dry.expect(200);
        let rows = api.database.rows();
        act(&by, &place, "raise-weakness", weaknesses::report()).await.expect(200);
        assert_ne!(api.database.rows(), rows);
        let weakness = by.get("/v1/weaknesses").await.expect(200).body["items"][0].clone();
        let path = format!("/v1/weaknesses/{}", weakness["reference"].as_str().unwrap());
        for (role, status) in [(Role::Auditor, 404), (Role::IsmsManager, 404), (Role::Management, 200)] {
            assert_eq!(api.by(role).await.get(&path).await.status, status, "{role:?}");
        }
        let made = by.get("/v1/restrictions?sort=-created_at").await.expect(200).body["items"][0].clone();
        assert_eq!(made["record_reference"], weakness["reference"]);
        assert!(made["reason"].as_str().unwrap().contains(&incident), "{made}");
        let lifted = json!({ "reason": "The inquiry is over" });
        let restriction = format!("restrictions/{}", made["reference"].as_str().unwrap());
        act(&by, &restriction, "lift", lifted).await.expect(200);
        assert_eq!(api.by(Role::Auditor).await.get(&path).await.status, 200);
    }
}

/// A handler keeps a report from the others, never from whoever filed it.
#[tokio::test]
async fn whoever_filed_a_report_reads_it_whatever_the_handlers_do() {
    for database in each() {
        let api = Api::start(database).await;
        let keeper = Keeper::hired(&api).await;
        let report = employee_reports::file(&api, Role::Member).await;
        let path = format!("/v1/employee-reports/{report}");
        let seen_by = async |role: Role| api.by(role).await.get(&path).await.status;
        assert_eq!(seen_by(Role::IsmsManager).await, 200, "it is read by the handlers");
        restrict(&keeper.caller(&api).await, &report).await;
        assert_eq!([seen_by(Role::IsmsManager).await, seen_by(Role::Member).await], [404, 200]);
        let mine = api.by(Role::Member).await.get("/v1/employee-reports").await.expect(200);
        assert_eq!(mine.body["items"].as_array().unwrap().len(), 1);
        keeper.caller(&api).await.get(&path).await.expect(200);
    }
}

#[tokio::test]
async fn named_readers_read_it_until_others_are_named_and_everybody_once_it_is_lifted() {
    for database in each() {
        let api = Api::start(database).await;
        let keeper = Keeper::hired(&api).await;
        let by = keeper.caller(&api).await;
        let case = actions::case(&api).await;
        let path = format!("/v1/nonconformities/{case}");
        by.patch(&path, "*", json!({ "owner_id": keeper.id })).await.expect(200);
        let seen_by = async |role: Role| api.by(role).await.get(&path).await.status;
        assert_eq!([seen_by(Role::Management).await, seen_by(Role::Auditor).await], [200, 200]);

        let management = api.member_id(Role::Management).await;
        let body = json!({ "record": case, "reader_ids": [management], "reason": "It names a colleague" });
        let dry = by.post("/v1/restrictions?dry_run=true", body.clone()).await.expect(200);
        assert_eq!((seen_by(Role::Auditor).await, &dry.body["state"]), (200, &json!("in_force")), "tried, not done");
        let restriction = by.post("/v1/restrictions", body.clone()).await.expect(201);
        assert_eq!(restriction.body["record_reference"], json!(case));
        let again = by.post("/v1/restrictions", body).await.expect(409);
        assert_eq!(again.faults(), ["/record taken"]);
        for (role, status) in
            [(Role::Admin, 404), (Role::IsmsManager, 404), (Role::Management, 200), (Role::Auditor, 404)]
        {
            assert_eq!(seen_by(role).await, status, "{role:?}");
        }
        let place = format!("restrictions/{}", restriction.reference());
        let auditor = api.member_id(Role::Auditor).await;
        let others = json!({ "reader_ids": [auditor], "reason": "She investigates it" });
        act(&api.by(Role::IsmsManager).await, &place, "name-readers", others.clone()).await.expect(404);
        act(&api.by(Role::Management).await, &place, "name-readers", others.clone()).await.expect(403);
        act(&by, &place, "name-readers", others).await.expect(200);
        assert_eq!([seen_by(Role::Management).await, seen_by(Role::Auditor).await], [404, 200]);

        // Who answers for it reads it, whoever is named.
        let owner = json!({ "owner_id": api.member_id(Role::IsmsManager).await });
        by.patch(&path, "*", owner).await.expect(200);
        api.wait(chrono::TimeDelta::seconds(1));
        assert_eq!([seen_by(Role::IsmsManager).await, seen_by(Role::Admin).await], [200, 404]);
        let by = keeper.caller(&api).await;
        let other = nonconformities::raise(&api).await;
        let apart = act(&by, &format!("nonconformities/{case}"), "mark-duplicate", json!({ "of": other })).await;
        assert_eq!(apart.expect(409).reasons(), ["restricted"], "what is said about it would be read at the other");

        act(&by, &place, "lift", json!({ "reason": "The inquiry is over" })).await.expect(200);
        for role in [Role::Admin, Role::IsmsManager, Role::Management, Role::Auditor, Role::ExternalAuditor] {
            assert_eq!(seen_by(role).await, 200, "{role:?}");
        }
        act(&by, &place, "lift", json!({ "reason": "Again" })).await.expect(409);
        imposed(&api, &case).await;
        assert_eq!(seen_by(Role::Admin).await, 404, "as often as need be");
    }
}

#[tokio::test]
async fn figures_count_it_and_lists_do_not() {
    for database in each() {
        let api = Api::start(database).await;
        let keeper = Keeper::hired(&api).await;
        let by = keeper.caller(&api).await;
        // Confirmed, and nobody has said why: an orphan.
        let case = actions::case(&api).await;
        by.patch(&format!("/v1/nonconformities/{case}"), "*", json!({ "owner_id": keeper.id })).await.expect(200);
        let action = json!({
            "parent": case, "title": "Ask", "kind": "corrective", "assignee_id": api.member_id(Role::Management).await,
            "due_on": api.now().date_naive(),
        });
        let action = made(&by, "actions", action).await;
        let total = async |caller: &Caller<'_>, stem: &str| {
            caller.get(&format!("/v1/{stem}?count=true")).await.expect(200).body["total"].as_i64().unwrap()
        };
        let auditor = api.by(Role::Auditor).await;
        assert_eq!([total(&auditor, "nonconformities").await, total(&auditor, "actions").await], [1, 1]);
        restrict(&by, &case).await;
        assert_eq!([total(&auditor, "nonconformities").await, total(&auditor, "actions").await], [0, 0]);
        assert_eq!([total(&by, "nonconformities").await, total(&by, "actions").await], [1, 1]);
        let orphans = auditor.get("/v1/catalogue/orphans").await.expect(200);
        let orphans = orphans.body["items"].as_array().unwrap();
        let without_cause = orphans.iter().find(|orphan| orphan["id"] == "nonconformity-without-cause").unwrap();
        assert_eq!((&without_cause["count"], &without_cause["records"]), (&json!(1), &json!([])));

        // Whoever is to do something about it knows what, and not for whom.
        let management = api.by(Role::Management).await;
        let seen = management.get(&format!("/v1/actions/{action}")).await.expect(200);
        assert_eq!((&seen.body["title"], &seen.body["parent"]), (&json!("Ask"), &Value::Null));
        assert_eq!(total(&management, "actions").await, 1);
        let whole = by.get(&format!("/v1/actions/{action}")).await.expect(200);
        assert_eq!(whole.body["parent"]["kind"], "nonconformity");
        assert_ne!(seen.header("etag"), whole.header("etag"), "they are not the same");
        let work = management.get("/v1/me/work").await.expect(200);
        let references: Vec<&str> =
            work.body["items"].as_array().unwrap().iter().filter_map(|item| item["reference"].as_str()).collect();
        assert!(references.contains(&action.as_str()), "{references:?}");
        act(&management, &format!("actions/{action}"), "start", json!({})).await.expect(200);
    }
}

/// What waits for whoever may do it waits for nobody who is not to know of it: in the list, and in the calendar.
#[tokio::test]
async fn it_waits_for_its_readers_alone() {
    for database in each() {
        let api = Api::start(database).await;
        let keeper = Keeper::hired(&api).await;
        let by = keeper.caller(&api).await;
        let reported = weaknesses::reported(&api, Role::Auditor).await;
        let waits_for = async |caller: &Caller<'_>| {
            let work = caller.get("/v1/me/work").await.expect(200);
            work.text.contains(&reported)
        };
        let manager = api.by(Role::IsmsManager).await;
        assert!(waits_for(&manager).await && waits_for(&by).await);
        restrict(&by, &reported).await;
        assert!(!waits_for(&manager).await && waits_for(&by).await);
    }
}

/// What leaves the program is kept by others: a calendar of one who reads it says that it is, not what it is called.
#[tokio::test]
async fn outside_it_has_no_title() {
    for database in each() {
        let api = Api::start(database).await;
        let keeper = Keeper::hired(&api).await;
        let by = keeper.caller(&api).await;
        let case = actions::case(&api).await;
        let action = json!({
            "parent": case, "title": format!("Ask {WORD}"), "kind": "corrective", "assignee_id": keeper.id,
            "due_on": api.now().date_naive(),
        });
        let action = made(&by, "actions", action).await;
        let opened = act(&by, &format!("members/{}", keeper.id), "open-calendar-link", json!({})).await.expect(200);
        let link = opened.body["calendar_url"].as_str().unwrap();
        let link = link.strip_prefix("http://127.0.0.1:8080").unwrap();
        let calendar = async || api.anonymous().get(link).await.expect(200).text;
        let before = calendar().await;
        assert!(before.contains(&action) && before.contains(WORD), "{before}");
        restrict(&by, &case).await;
        let after = calendar().await;
        assert!(after.contains(&action) && !after.contains(WORD), "{after}");
    }
}

#[tokio::test]
async fn nobody_comes_to_read_it_by_handing_it_over() {
    for database in each() {
        let api = Api::start(database).await;
        let (keeper, admin) = (Keeper::hired(&api).await, api.by(Role::Admin).await);
        let by = keeper.caller(&api).await;
        let body = json!({ "email": "gone@ours.example", "name": "Bo", "roles": ["member"], "password": PASSWORD });
        let gone = admin.post("/v1/members", body).await.expect(201).body["id"].as_str().unwrap().to_owned();
        let case = actions::case(&api).await;
        by.patch(&format!("/v1/nonconformities/{case}"), "*", json!({ "owner_id": gone })).await.expect(200);
        restrict(&by, &case).await;
        act(&admin, &format!("members/{gone}"), "deactivate", json!({ "reason": "Left" })).await.expect(200);
        let manager = api.by(Role::IsmsManager).await;
        let unassigned =
            async |caller: &Caller<'_>| caller.get("/v1/unassigned").await.expect(200).text.contains(&case);
        let by = keeper.caller(&api).await;
        assert_eq!([unassigned(&manager).await, unassigned(&by).await], [false, true]);
        let to_me = json!({ "to_id": api.member_id(Role::IsmsManager).await, "reason": "Left" });
        let place = format!("members/{gone}");
        assert_eq!(act(&manager, &place, "reassign", to_me).await.expect(409).reasons(), ["nothing_to_hand_over"]);
        let done = act(&by, &place, "reassign", json!({ "to_id": keeper.id, "reason": "Left" })).await.expect(200);
        assert_eq!(done.body["handed_over"][0]["reference"], json!(case));
    }
}

/// The journal verifies for whoever may read it; what it tells of depends on the reader.
#[tokio::test]
async fn events_say_that_something_happened_and_not_to_what() {
    for database in each() {
        let api = Api::start(database).await;
        let keeper = Keeper::hired(&api).await;
        let by = keeper.caller(&api).await;
        let case = made(&by, "nonconformities", nonconformities::report()).await;
        for (stem, mut body) in annotations::each_kind() {
            body["record"] = json!(case);
            if stem == "links" {
                body["to"] = json!(nonconformities::raise(&api).await);
            }
            made(&by, stem, body).await;
        }
        restrict(&by, &case).await;
        api.sequence().await;
        let events = async |caller: &Caller<'_>| {
            caller.get("/v1/events").await.expect(200).body["items"].as_array().unwrap().clone()
        };
        let (seen, kept) = (events(&by).await, events(&api.by(Role::Auditor).await).await);
        let facts = |events: &[Value]| -> Vec<(Value, Value)> {
            events.iter().map(|event| (event["data"]["position"].clone(), event["type"].clone())).collect()
        };
        assert_eq!(facts(&seen), facts(&kept), "none is missing");
        let hidden: Vec<&str> = kept
            .iter()
            .filter(|event| event["data"]["object"].is_null())
            .map(|event| event["type"].as_str().unwrap())
            .collect();
        assert_eq!(
            hidden,
            ["nonconformity.raised", "comment.attached", "tag.attached", "link.attached", "restriction.imposed"]
        );
        assert!(kept.iter().all(|event| !event["data"]["object"].is_null() || event["subject"].is_null()));
        assert!(seen.iter().all(|event| event["data"]["object"].is_object()));
    }
}
