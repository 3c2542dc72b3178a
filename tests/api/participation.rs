use super::courses::published;
use super::employee_reports::file;
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
        for role in [Role::Member, Role::IsmsManager] {
            put_into(&api, role, "Shipyard").await;
        }
        put_into(&api, Role::Management, "Board").await;
        let admin = api.by(Role::Admin).await;
        for n in 0..3 {
            let email = format!("worker{n}@example.org");
            let body = json!({
                "email": email, "name": "Worker", "unit": "Shipyard", "roles": ["member"], "password": PASSWORD,
            });
            admin.post("/v1/members", body).await.expect(201);
        }
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
