use crate::databases::{each, sqlite};
use crate::harness::{Api, PASSWORD};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_http::app::Settings;
use ratchet_persistence::migrations;
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

#[tokio::test]
async fn guessing_is_slowed_and_forwarded_addresses_do_not_help() {
    let database = sqlite();
    migrations::run(&mut database.open()).unwrap();
    let api = Api::start_with(database, Settings::default()).await;
    let guess = |email: String, n: usize| {
        let caller = api.anonymous();
        let request = caller
            .request(Method::POST, "/v1/auth/login")
            .header("x-forwarded-for", format!("10.0.0.{n}"))
            .json(&json!({ "email": email, "password": "wrong password" }));
        async move { caller.send(request).await }
    };
    let mut statuses = Vec::new();
    for n in 0..12 {
        statuses.push(guess("admin@ours.example".to_owned(), n).await);
    }
    assert!(statuses[..10].iter().all(|answer| answer.status == 401));
    let refused = statuses[10].clone().expect(429);
    assert!(refused.header("retry-after").parse::<u64>().unwrap() > 0);
    let mut sprayed = 0;
    while sprayed < 30 && guess(format!("user{sprayed}@ours.example"), 1).await.status == 401 {
        sprayed += 1;
    }
    assert!(sprayed < 30, "one password against many accounts");
}

#[tokio::test]
async fn an_unknown_address_is_answered_like_a_wrong_password() {
    let database = sqlite();
    migrations::run(&mut database.open()).unwrap();
    let api = Api::start(database).await;
    let mut answers = Vec::new();
    for email in ["admin@ours.example", "nobody@ours.example"] {
        let body = json!({ "email": email, "password": "wrong password" });
        let mut answer = api.anonymous().post("/v1/auth/login", body).await.expect(401);
        answer.body["instance"] = Value::Null;
        answers.push(answer.body);
    }
    assert_eq!(answers[0], answers[1]);
}

#[tokio::test]
async fn a_token_in_the_address_is_not_read() {
    let database = sqlite();
    migrations::run(&mut database.open()).unwrap();
    let api = Api::start(database).await;
    let token = login(&api).await["access_token"].as_str().unwrap().to_owned();
    api.anonymous().get(&format!("/v1/me?access_token={token}")).await.expect(401);
    let jwks = api.anonymous().get("/.well-known/jwks.json").await.expect(200);
    assert_eq!(jwks.body["keys"][0]["crv"], "Ed25519");
    assert!(jwks.body["keys"][0].get("d").is_none());
    let _ = api.by(Role::Admin).await;
}
