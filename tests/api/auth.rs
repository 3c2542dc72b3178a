use crate::databases::{each, migrated_sqlite};
use crate::harness::{Api, PASSWORD};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::access::Role;
use ratchet_persistence::accounts;
use reqwest::Method;
use serde_json::{Value, json};

async fn login(api: &Api) -> Value {
    let body = json!({ "email": "auditor@ours.example", "password": PASSWORD });
    api.anonymous().post("/v1/auth/login", body).await.expect(200).body
}

async fn refresh(api: &Api, token: &Value) -> crate::harness::Answer {
    api.anonymous().post("/v1/auth/refresh", json!({ "refresh_token": token })).await
}

#[tokio::test]
async fn a_refresh_token_is_good_once() {
    for database in each() {
        let api = Api::start(database).await;
        let first = login(&api).await;
        let second = refresh(&api, &first["refresh_token"]).await.expect(200).body;
        let lost = refresh(&api, &first["refresh_token"]).await.expect(200).body;
        assert_eq!(lost["refresh_token"], second["refresh_token"], "within the grace the same successor");
        let third = refresh(&api, &second["refresh_token"]).await.expect(200).body;
        refresh(&api, &first["refresh_token"]).await.expect(401);
        refresh(&api, &third["refresh_token"]).await.expect(401);
        api.with_token(third["access_token"].as_str().unwrap()).get("/v1/me").await.expect(401);
        refresh(&api, &json!("nonsense")).await.expect(401);
    }
}

#[tokio::test]
async fn logging_out_and_waiting_end_access() {
    for database in each() {
        let api = Api::start(database).await;
        let tokens = login(&api).await;
        let auditor = api.with_token(tokens["access_token"].as_str().unwrap());
        auditor.get("/v1/me").await.expect(200);
        let request = auditor.request(Method::POST, "/v1/auth/logout");
        auditor.send(request).await.expect(204);
        auditor.get("/v1/me").await.expect(401);
        refresh(&api, &tokens["refresh_token"]).await.expect(401);
        let tokens = login(&api).await;
        api.wait(TimeDelta::minutes(10) + TimeDelta::seconds(6));
        api.with_token(tokens["access_token"].as_str().unwrap()).get("/v1/me").await.expect(401);
        refresh(&api, &tokens["refresh_token"]).await.expect(200);
        api.wait(TimeDelta::days(15));
        refresh(&api, &tokens["refresh_token"]).await.expect(401);
    }
}

#[tokio::test]
async fn a_new_password_ends_the_other_sessions() {
    for database in each() {
        let api = Api::start(database).await;
        let (here, there) = (login(&api).await, login(&api).await);
        let here = api.with_token(here["access_token"].as_str().unwrap());
        let there = api.with_token(there["access_token"].as_str().unwrap());
        let body = |current: &str| json!({ "current_password": current, "new_password": "another long password" });
        let wrong = here.post("/v1/auth/password", body("wrong")).await.expect(422);
        assert_eq!(wrong.faults(), ["/current_password wrong"]);
        here.post("/v1/auth/password", body(PASSWORD)).await.expect(204);
        there.get("/v1/me").await.expect(401);
        here.get("/v1/me").await.expect(200);
        let old = json!({ "email": "auditor@ours.example", "password": PASSWORD });
        api.anonymous().post("/v1/auth/login", old).await.expect(401);
    }
}

/// As the one that the first start prints.
#[tokio::test]
async fn a_password_of_the_programs_own_ends_unless_another_is_chosen() {
    for database in each() {
        let api = Api::start(database).await;
        let limit = || {
            let connection = &mut api.database.open();
            let (account, _) = accounts::find("auditor@ours.example", connection).unwrap()[0];
            let until = api.now() + TimeDelta::hours(24);
            accounts::limit_password(account, until, connection).unwrap();
            until
        };
        let opened_by = async |password: &str| {
            let body = json!({ "email": "auditor@ours.example", "password": password });
            api.anonymous().post("/v1/auth/login", body).await.status
        };
        let until = limit();
        api.wait(TimeDelta::hours(23));
        let tokens = login(&api).await;
        let auditor = api.with_token(tokens["access_token"].as_str().unwrap());
        let told = auditor.get("/v1/me").await.expect(200).body["password_until"].clone();
        assert_eq!(told.as_str().unwrap().parse::<DateTime<Utc>>().unwrap(), until);
        api.wait(TimeDelta::hours(1));
        assert_eq!(opened_by(PASSWORD).await, 401, "a day has passed");
        limit();
        let tokens = login(&api).await;
        let auditor = api.with_token(tokens["access_token"].as_str().unwrap());
        let change = json!({ "current_password": PASSWORD, "new_password": "another long password" });
        auditor.post("/v1/auth/password", change).await.expect(204);
        assert!(auditor.get("/v1/me").await.expect(200).body["password_until"].is_null());
        api.wait(TimeDelta::days(30));
        assert_eq!(opened_by("another long password").await, 200, "nothing ends one's own");
    }
}

#[tokio::test]
async fn a_token_in_the_address_is_not_read() {
    let database = migrated_sqlite();
    let api = Api::start(database).await;
    let token = login(&api).await["access_token"].as_str().unwrap().to_owned();
    api.anonymous().get(&format!("/v1/me?access_token={token}")).await.expect(401);
    let jwks = api.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(jwks.body["keys"][0]["crv"], "Ed25519");
    assert!(jwks.body["keys"][0].get("d").is_none());
    let _ = api.by(Role::Admin).await;
}
