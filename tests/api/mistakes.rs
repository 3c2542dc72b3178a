//! Records raised by mistake: void, or the same as another. Both are kept, and count for nothing.

use super::{actions, built_in, evidence, improvements, incidents, nonconformities, risks, votes, weaknesses};
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::indicators::BuiltIn;
use serde_json::{Value, json};

async fn post(api: &Api, role: Role, path: &str, body: Value) -> Answer {
    api.by(role).await.post(&format!("/v1/{path}"), body).await
}

async fn read(api: &Api, role: Role, path: &str) -> Answer {
    api.by(role).await.get(&format!("/v1/{path}")).await
}

fn mistake() -> Value {
    json!({ "reason": "Entered for the wrong site" })
}

/// One of each kind that can be void, as far on as it must be.
async fn each_kind(api: &Api) -> Vec<(&'static str, String)> {
    vec![
        ("nonconformities", actions::case(api).await),
        ("incidents", incidents::triaged(api).await),
        ("weaknesses", weaknesses::assessed(api).await),
        ("improvements", improvements::propose(api, Role::Member).await),
        ("risks", risks::registered(api).await),
    ]
}

async fn actions_of(api: &Api, reference: &str) -> Vec<String> {
    let history = read(api, Role::Auditor, &format!("records/{reference}/history")).await.expect(200);
    let entries = history.body["items"].as_array().unwrap();
    entries.iter().map(|entry| entry["action"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn what_is_void_stays_readable_and_is_over() {
    for database in each() {
        let api = Api::start(database).await;
        for (stem, reference) in each_kind(&api).await {
            let path = format!("{stem}/{reference}/void");
            let blank = post(&api, Role::IsmsManager, &path, json!({ "reason": " " })).await.expect(422);
            assert_eq!(blank.faults(), ["/reason blank"], "{stem}");
            post(&api, Role::Auditor, &path, mistake()).await.expect(403);
            let void = post(&api, Role::IsmsManager, &path, mistake()).await.expect(200);
            assert_eq!((&void.body["state"], &void.body["void_because"]), (&json!("void"), &mistake()["reason"]));
            assert_eq!(void.body["transitions"], json!([]), "{stem}");
            assert_eq!(post(&api, Role::IsmsManager, &path, mistake()).await.expect(409).reasons(), ["wrong_state"]);
            let kind =
                read(&api, Role::Auditor, &format!("records/{reference}")).await.expect(200).body["kind"].clone();
            let voided = format!("{}.voided", kind.as_str().unwrap());
            assert_eq!(actions_of(&api, &reference).await.last(), Some(&voided));
            let listed = read(&api, Role::Auditor, &format!("{stem}?state=void&count=true")).await.expect(200);
            assert_eq!(listed.body["total"], 1, "{stem}");
            let etag = void.header("etag");
            let amended = api.by(Role::IsmsManager).await;
            let amended = amended.patch(&format!("/v1/{stem}/{reference}"), etag, json!({ "title": "x" })).await;
            assert_eq!(amended.expect(409).reasons(), ["wrong_state"], "{stem}");
        }
        let work = read(&api, Role::IsmsManager, "me/work").await.expect(200);
        assert_eq!(work.body["items"], json!([]), "nobody waits for it");
    }
}

#[tokio::test]
async fn it_counts_for_nothing() {
    for database in each() {
        let api = Api::start(database).await;
        let figures = async || {
            let cycles = read(&api, Role::Management, "cycles").await.expect(200).body["items"][0].clone();
            let readiness = read(&api, Role::Management, "readiness").await.expect(200).body["steps"].clone();
            assert!(readiness.is_array(), "{readiness}");
            (cycles["figures"].clone(), readiness)
        };
        let before = figures().await;
        assert_eq!(before.0["entered"]["nonconformities"], 0);
        let raised = each_kind(&api).await;
        assert_eq!(figures().await.0["entered"]["nonconformities"], 1);
        for (stem, reference) in raised {
            post(&api, Role::IsmsManager, &format!("{stem}/{reference}/void"), mistake()).await.expect(200);
        }
        let entered = figures().await;
        assert_eq!(entered, before);
    }
}

#[tokio::test]
async fn nothing_is_measured_of_it() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = Role::IsmsManager;
        let earlier = built_in::verified(&api).await;
        built_in::close(&api, &earlier).await;
        let newer = actions::case(&api).await;
        let link = json!({ "record": newer, "relation": "recurrence_of", "to": earlier });
        post(&api, manager, "links", link).await.expect(201);
        let incident = incidents::triaged(&api).await;
        let contain = json!({ "measures": "Unplugged", "contained_at": api.now() });
        post(&api, Role::Member, &format!("incidents/{incident}/contain"), contain).await.expect(200);
        let figures = async || {
            api.wait(TimeDelta::days(1));
            api.measure_built_in().await;
            let cycles = read(&api, Role::Management, "cycles").await.expect(200).body;
            let mut figures = vec![cycles["items"][0]["figures"]["recurred"].clone()];
            for which in [BuiltIn::OpenNonconformities, BuiltIn::RecurrenceRate, BuiltIn::HoursToContainIncident] {
                figures.push(built_in::today(&api, which).await.map_or(Value::Null, |day| day["value"].clone()));
            }
            figures
        };
        assert_eq!(figures().await, [json!(1), json!(1.0), json!(1.0), json!(1.0)]);
        for record in [format!("nonconformities/{newer}"), format!("incidents/{incident}")] {
            post(&api, manager, &format!("{record}/void"), mistake()).await.expect(200);
        }
        assert_eq!(figures().await, [json!(0), json!(0.0), json!(0.0), Value::Null]);
    }
}

#[tokio::test]
async fn an_actions_end_comes_first() {
    for database in each() {
        let api = Api::start(database).await;
        let case = actions::case(&api).await;
        let action = actions::plan(&api, &case).await.expect(201).reference().to_owned();
        let path = format!("nonconformities/{case}/void");
        let busy = post(&api, Role::IsmsManager, &path, mistake()).await.expect(409);
        assert_eq!(busy.body["reasons"][0]["detail"], "1 of its actions are open: finish or cancel them first");
        post(&api, Role::IsmsManager, &format!("actions/{action}/cancel"), mistake()).await.expect(200);
        post(&api, Role::IsmsManager, &path, mistake()).await.expect(200);
    }
}

#[tokio::test]
async fn a_duplicate_hands_over_what_it_has() {
    for database in each() {
        let api = Api::start(database).await;
        let (manager, member) = (Role::IsmsManager, Role::Member);
        let one = post(&api, manager, "nonconformities", nonconformities::report()).await.expect(201);
        let (one, one_id) = (one.reference().to_owned(), one.body["id"].clone());
        let other = nonconformities::raise(&api).await;
        let far = post(&api, manager, "nonconformities", nonconformities::report()).await.expect(201);
        let far = far.reference().to_owned();
        read(&api, member, &format!("nonconformities/{one}")).await.expect(404);
        for (record, label) in [(&one, "both"), (&other, "both"), (&other, "only-here")] {
            post(&api, manager, "tags", json!({ "record": record, "label": label })).await.expect(201);
        }
        for (from, to) in [(&other, &far), (&far, &other), (&one, &far), (&other, &one)] {
            let link = json!({ "record": from, "relation": "relates_to", "to": to });
            post(&api, manager, "links", link).await.expect(201);
        }
        let by = api.by(manager).await;
        evidence::upload(&by, &other, "seen.txt", "text/plain", "Seen").await.expect(201);
        post(&api, manager, "comments", json!({ "record": other, "text": "Mine" })).await.expect(201);
        let body = json!({ "of": one });
        let marked = post(&api, manager, &format!("nonconformities/{other}/mark-duplicate"), body).await.expect(200);
        assert_eq!(marked.body["state"], "duplicate");
        assert_eq!(marked.body["duplicate_of"], json!({ "kind": "nonconformity", "id": one_id }));
        let of = async |stem: &str, record: &str| {
            let about = format!("{stem}?record={record}&state=attached&count=true");
            read(&api, manager, &about).await.expect(200).body
        };
        for (stem, here, there) in [("tags", 2, 0), ("links", 1, 0), ("evidence", 1, 0), ("comments", 0, 1)] {
            assert_eq!(of(stem, &one).await["total"], here, "{stem}");
            assert_eq!(of(stem, &other).await["total"], there, "{stem}");
        }
        let back = of("links", &far).await;
        assert_eq!((&back["total"], &back["items"][0]["to"]["id"]), (&json!(1), &one_id));
        // The member reported it, and sees what is done about it.
        let seen = read(&api, member, &format!("nonconformities/{one}")).await.expect(200);
        assert_eq!(seen.body["also_reported_by"], json!([api.member_id(member).await]));
        let listed = read(&api, member, "nonconformities?count=true").await.expect(200);
        assert_eq!(listed.body["total"], 2);
        let found = read(&api, member, &format!("records/{other}")).await.expect(200);
        assert_eq!(found.body["state"], "duplicate", "both references resolve");
        let trace = read(&api, manager, &format!("records/{other}/trace")).await.expect(200);
        let edges = trace.body["edges"].as_array().unwrap();
        assert!(edges.iter().any(|edge| edge["relation"] == "duplicates" && edge["to"] == one_id), "{edges:?}");
        let done = actions_of(&api, &one).await;
        assert_eq!(done.last().map(String::as_str), Some("nonconformity.joined"));
    }
}

#[tokio::test]
async fn of_a_members_two_votes_one_is_kept() {
    for database in each() {
        let api = Api::start(database).await;
        let (one, other) =
            (improvements::propose(&api, Role::Member).await, improvements::propose(&api, Role::Auditor).await);
        for (role, improvement) in
            [(Role::Management, &one), (Role::Management, &other), (Role::Auditor, &other), (Role::Member, &other)]
        {
            votes::cast(&api, role, improvement).await.expect(201);
        }
        let path = format!("improvements/{other}/mark-duplicate");
        post(&api, Role::Auditor, &path, json!({ "of": one })).await.expect(403);
        post(&api, Role::Management, &path, json!({ "of": one })).await.expect(200);
        let seen = read(&api, Role::Auditor, &format!("improvements/{one}")).await.expect(200);
        assert_eq!(seen.body["votes"], 3);
        assert_ne!(seen.body["my_vote_id"], Value::Null);
        let withdrawn = read(&api, Role::IsmsManager, "votes?state=withdrawn&count=true").await.expect(200);
        assert_eq!(withdrawn.body["total"], 1);
        // What was counted in a decision stays where it was counted.
        let third = improvements::propose(&api, Role::Auditor).await;
        votes::cast(&api, Role::Management, &third).await.expect(201);
        let accepted = json!({ "owner_id": api.member_id(Role::Member).await, "reason": "Cheap" });
        post(&api, Role::IsmsManager, &format!("improvements/{third}/accept"), accepted).await.expect(200);
        let path = format!("improvements/{third}/mark-duplicate");
        post(&api, Role::IsmsManager, &path, json!({ "of": one })).await.expect(200);
        let seen = read(&api, Role::Auditor, &format!("improvements/{one}")).await.expect(200);
        assert_eq!(seen.body["votes"], 3);
    }
}

#[tokio::test]
async fn who_proposed_it_takes_it_back() {
    for database in each() {
        let api = Api::start(database).await;
        let mine = improvements::propose(&api, Role::Member).await;
        post(&api, Role::Member, &format!("improvements/{mine}/void"), mistake()).await.expect(200);
        let decided = improvements::propose(&api, Role::Member).await;
        let accepted = json!({ "owner_id": api.member_id(Role::Member).await, "reason": "Cheap" });
        post(&api, Role::IsmsManager, &format!("improvements/{decided}/accept"), accepted).await.expect(200);
        let late = post(&api, Role::Member, &format!("improvements/{decided}/void"), mistake()).await.expect(409);
        assert_eq!(late.reasons(), ["wrong_state"]);
    }
}

#[tokio::test]
async fn a_duplicate_is_of_another_of_its_kind_that_is_dealt_with() {
    for database in each() {
        let api = Api::start(database).await;
        let foreign = {
            let stranger = api.stranger(Role::IsmsManager).await;
            let made = stranger.post("/v1/incidents", incidents::report(api.now())).await.expect(201);
            made.body["id"].as_str().unwrap().to_owned()
        };
        let case = nonconformities::raise(&api).await;
        let [one, other, third] = [
            incidents::triaged(&api).await,
            incidents::reported(&api, Role::Member).await,
            incidents::reported(&api, Role::Member).await,
        ];
        let void = incidents::triaged(&api).await;
        post(&api, Role::IsmsManager, &format!("incidents/{void}/void"), mistake()).await.expect(200);
        let mark = async |duplicate: &str, of: &str| {
            post(&api, Role::IsmsManager, &format!("incidents/{duplicate}/mark-duplicate"), json!({ "of": of })).await
        };
        for unknown in [foreign.as_str(), case.as_str(), "nonsense", "INC-2020-0001"] {
            let refused = mark(&other, unknown).await.expect(422);
            assert_eq!(refused.faults(), ["/of unknown_record"], "{unknown}");
        }
        assert_eq!(mark(&other, &other).await.expect(422).faults(), ["/of itself"]);
        assert_eq!(mark(&other, &void).await.expect(422).faults(), ["/of not_dealt_with"]);
        mark(&other, &one).await.expect(200);
        assert_eq!(mark(&third, &other).await.expect(422).faults(), ["/of duplicate"]);
        let chain = mark(&one, &third).await.expect(409);
        assert_eq!(chain.reasons(), ["is_repeated"]);
        assert_eq!(mark(&other, &third).await.expect(409).reasons(), ["wrong_state"]);
        assert_eq!(mark(&void, &third).await.expect(409).reasons(), ["wrong_state"]);
    }
}
