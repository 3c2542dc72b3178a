//! Whether time tells that something exists: another organisation's record, somebody's login.

use super::ranks::Pair;
use crate::databases::each;
use crate::harness::{Api, Caller, PASSWORD};
use ratchet_domain::access::Role;
use reqwest::{Method, RequestBuilder};
use serde_json::{Value, json};
use std::time::{Duration, Instant};
use uuid::Uuid;

/// How long the answer took; its status is the one that both kinds get.
async fn timed(caller: &Caller<'_>, request: RequestBuilder, status: u16) -> Duration {
    let began = Instant::now();
    let answer = caller.send(request).await;
    let took = began.elapsed();
    answer.expect(status);
    took
}

/// In turns, the first of each pair alternating: whatever slows the machine slows both.
async fn in_turns(rounds: usize, caller: &Caller<'_>, status: u16, ask: impl Fn(bool) -> RequestBuilder) -> Pair {
    let mut pair = Pair::default();
    for round in 0..rounds + 20 {
        let first = round % 2 == 0;
        for real in [first, !first] {
            let took = timed(caller, ask(real), status).await;
            // The first twenty warm up what is kept ready.
            if round >= 20 {
                (if real { &mut pair.one } else { &mut pair.other }).push(took);
            }
        }
    }
    pair
}

fn report() -> Value {
    json!({
        "title": "Late", "statement": "Patches are late", "objective_evidence": "79 %", "source": "indicator",
        "requirement": "A.8.8",
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn another_organisation_s_record_takes_as_long_as_none() {
    for database in each() {
        let api = Api::start(database).await;
        let manager = api.by(Role::IsmsManager).await;
        let theirs = manager.post("/v1/nonconformities", report()).await.expect(201).body["id"].clone();
        let theirs = theirs.as_str().unwrap().to_owned();
        let stranger = api.stranger(Role::IsmsManager).await;
        for _ in 0..50 {
            stranger.post("/v1/nonconformities", report()).await.expect(201);
        }
        let pair = in_turns(400, &stranger, 404, |real| {
            let id = if real { theirs.clone() } else { Uuid::new_v4().to_string() };
            stranger.request(Method::GET, &format!("/v1/nonconformities/{id}"))
        });
        let pair = pair.await;
        println!("existence of a record: area {:.3}, ratio of medians {:.3}", pair.area(), pair.ratio());
        assert!((0.45..=0.55).contains(&pair.area()), "{}", pair.area());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_login_takes_as_long_as_a_wrong_password() {
    for database in each() {
        let api = Api::start(database).await;
        let nobody = api.anonymous();
        let pair = in_turns(300, &nobody, 401, |real| {
            let email = if real { "admin@ours.example" } else { "nobody@ours.example" };
            let body = json!({ "email": email, "password": format!("not {PASSWORD}") });
            nobody.request(Method::POST, "/v1/auth/login").json(&body)
        });
        let pair = pair.await;
        println!("existence of a login: area {:.3}, ratio of medians {:.3}", pair.area(), pair.ratio());
        assert!((0.40..=0.60).contains(&pair.area()), "{}", pair.area());
        assert!((0.9..=1.1).contains(&pair.ratio()), "{}", pair.ratio());
    }
}
