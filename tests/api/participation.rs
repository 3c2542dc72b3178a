use super::courses::published;
use super::employee_reports::file;
use super::improvements::propose;
use super::policy_versions;
use super::votes::cast;
use crate::databases::each;
use crate::harness::{Answer, Api, PASSWORD};
use chrono::{Datelike, TimeDelta};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

async fn read(api: &Api, role: Role, query: &str) -> Answer {
    api.by(role).await.get(&format!("/v1/participation{query}")).await
}

async fn put_into(api: &Api, role: Role, unit: &str) {
    let path = format!("/v1/members/{}", api.member_id(role).await);
    api.by(Role::Admin).await.patch(&path, "*", json!({ "unit": unit })).await.expect(200);
}

#[tokio::test]
async fn who_takes_part_is_counted_by_unit_and_month() {
    for database in each() {
        let api = Api::start(database).await;
        two_units(&api).await;
        file(&api, Role::Member).await;
        file(&api, Role::IsmsManager).await;
        file(&api, Role::Management).await;
        published(&api, json!({ "kind": "roles", "roles": ["management"] }), json!({})).await;
        api.wake().await;
        api.wait(TimeDelta::days(40));
        let list = api.by(Role::Management).await.get("/v1/training-assignments?member=me").await.expect(200);
        let path =
            format!("/v1/training-assignments/{}/complete", list.body["items"][0]["reference"].as_str().unwrap());
        api.by(Role::Management).await.post(&path, json!({})).await.expect(200);
        let seen = read(&api, Role::Auditor, "").await.expect(200);
        let month = |ago: i64| (api.now() - TimeDelta::days(ago)).date_naive().with_day(1).unwrap();
        let line = |month: chrono::NaiveDate, unit: Value, reports: i64, trainings: i64| {
            json!({
                "month": month, "unit": unit, "reports": reports, "suggestions": 0, "votes": 0,
                "acknowledgements": 0, "trainings": trainings,
            })
        };
        // The board has one member: its report would say who filed it.
        let expected = [
            line(month(40), Value::Null, 1, 0),
            line(month(40), json!("Shipyard"), 2, 0),
            line(month(0), json!("Board"), 0, 1),
        ];
        assert_eq!(seen.body["items"], json!(expected));
        let units = seen.body["units"].as_array().unwrap();
        assert!(units.contains(&json!({ "unit": "Shipyard", "members": 5 })), "{units:?}");
        assert!(units.contains(&json!({ "unit": null, "members": 3 })), "{units:?}");
        let later = read(&api, Role::Auditor, &format!("?from={}", month(0))).await.expect(200);
        assert_eq!(later.body["items"].as_array().unwrap().len(), 1);
        assert_eq!(
            api.stranger(Role::Auditor).await.get("/v1/participation").await.expect(200).body["items"],
            json!([])
        );
        read(&api, Role::Member, "").await.expect(403);
    }
}

/// Shipyard with five members, two of whom act, and the board with one.
async fn two_units(api: &Api) {
    for role in [Role::Member, Role::IsmsManager] {
        put_into(api, role, "Shipyard").await;
    }
    put_into(api, Role::Management, "Board").await;
    for n in 0..3 {
        let body = json!({
            "email": format!("worker{n}@example.org"), "name": "Worker", "unit": "Shipyard", "roles": ["member"],
            "password": PASSWORD,
        });
        api.by(Role::Admin).await.post("/v1/members", body).await.expect(201);
    }
}

/// Takes the course that everybody was assigned.
async fn take_the_course(api: &Api, role: Role) {
    let caller = api.by(role).await;
    let list = caller.get("/v1/training-assignments?member=me").await.expect(200);
    let assignment = list.body["items"][0]["reference"].as_str().unwrap();
    caller.post(&format!("/v1/training-assignments/{assignment}/complete"), json!({})).await.expect(200);
}

/// Each kind of act, of each unit, as often as it was done: by hand two, three or one of each, so that none stands for
/// another. What is refused, and what somebody else does for one, counts for nobody.
#[tokio::test]
async fn each_act_is_counted_for_the_unit_of_whoever_did_it() {
    for database in each() {
        let api = Api::start(database).await;
        two_units(&api).await;
        for role in [Role::Member, Role::Member, Role::IsmsManager, Role::Management] {
            file(&api, role).await;
        }
        let mut ideas = Vec::new();
        for role in [Role::Member, Role::IsmsManager, Role::Management, Role::Management, Role::Management] {
            ideas.push(propose(&api, role).await);
        }
        for (role, idea) in [(Role::Member, 2), (Role::Management, 0), (Role::Management, 1), (Role::Management, 2)] {
            cast(&api, role, &ideas[idea]).await.expect(201);
        }
        cast(&api, Role::Management, &ideas[2]).await.expect(409);
        let (_, version) = policy_versions::published(&api, json!({})).await;
        for role in [Role::Member, Role::IsmsManager] {
            let acknowledged = json!({ "version": version });
            api.by(role).await.post("/v1/acknowledgements", acknowledged).await.expect(201);
        }
        published(&api, json!({ "kind": "all" }), json!({})).await;
        while api.wake().await > 0 {}
        for role in [Role::IsmsManager, Role::Member, Role::Management] {
            take_the_course(&api, role).await;
        }
        let month = api.now().date_naive().with_day(1).unwrap();
        let line = |unit: Value, counts: [i64; 5]| {
            let [reports, suggestions, votes, acknowledgements, trainings] = counts;
            json!({
                "month": month, "unit": unit, "reports": reports, "suggestions": suggestions, "votes": votes,
                "acknowledgements": acknowledgements, "trainings": trainings,
            })
        };
        let seen = read(&api, Role::Auditor, "").await.expect(200);
        let expected = [
            line(Value::Null, [1, 0, 0, 0, 0]),
            line(json!("Board"), [0, 3, 3, 0, 1]),
            line(json!("Shipyard"), [3, 2, 1, 2, 2]),
        ];
        assert_eq!(seen.body["items"], json!(expected));
    }
}

#[tokio::test]
async fn a_year_is_asked_for_at_most() {
    for database in each() {
        let api = Api::start(database).await;
        let whole = read(&api, Role::Management, "?from=2025-03-15&to=2026-03-14").await.expect(200);
        assert_eq!((&whole.body["from"], &whole.body["to"]), (&json!("2025-03-01"), &json!("2026-04-01")));
        for query in
            ["?from=2025-02-28&to=2026-03-01", "?from=2026-03-02&to=2026-02-28", "?from=0001-01-01&to=9999-12-31"]
        {
            assert_eq!(
                read(&api, Role::Management, query).await.expect(400).faults(),
                ["from out_of_range"],
                "{query}"
            );
        }
    }
}
