//! What a worker does, step by step, by the clock of the tests.

use super::{PATH, act, deliveries, read, registered};
use crate::api::nonconformities::{raise, report};
use crate::databases::each;
use crate::harness::{Api, context, time_ordered};
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use ratchet_domain::webhook_endpoints::{AHEAD, Cause, LOG_DAYS, Verdict};
use ratchet_persistence::connection::AnyConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::webhook_deliveries::{self, Attempt, Claimed, Ended, Room};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use uuid::Uuid;

const ROOM: Room = Room { all: 64, failing: 32 };

/// A worker's step: what has happened is made deliveries of, and what is due is taken.
async fn take_in(api: &Api, room: Room) -> Vec<Claimed> {
    api.sequence().await;
    let now = api.now();
    let step = move |connection: &mut AnyConnection| {
        while webhook_deliveries::make(now, &mut time_ordered, connection)? > 0 {}
        webhook_deliveries::claim(room, Uuid::new_v4(), now, connection)
    };
    api.store.work::<_, Error, _>(step).await.unwrap()
}

async fn take(api: &Api) -> Vec<Claimed> {
    take_in(api, ROOM).await
}

async fn conclude(api: &Api, claimed: &Claimed, verdict: Verdict) -> bool {
    let (status, error) = match verdict {
        Verdict::Delivered => (Some(204), None),
        Verdict::Gone => (Some(410), Some("the receiver answered 410".to_owned())),
        Verdict::Again(_) | Verdict::GivenUp => (Some(500), Some("the receiver answered 500".to_owned())),
    };
    let attempt =
        Attempt { began_at: api.now(), cause: claimed.cause, took_ms: 7, status, answer: Some("so".into()), error };
    let (claimed, ended) = (claimed.clone(), Ended { attempt, verdict });
    let context = context(claimed.organisation, "webhooks", api.now());
    let written = api.store.write(context, move |tx| webhook_deliveries::conclude(&claimed, &ended, tx));
    written.await.unwrap()
}

fn in_an_hour(api: &Api) -> Verdict {
    Verdict::Again(api.now() + TimeDelta::hours(1))
}

#[tokio::test]
async fn what_happens_is_sent_in_the_order_of_each_record() {
    for database in each() {
        let api = Api::start(database).await;
        raise(&api).await;
        api.sequence().await;
        let endpoint = registered(&api, json!({})).await;
        let first = raise(&api).await;
        raise(&api).await;
        let manager = api.by(Role::IsmsManager).await;
        manager.post(&format!("/v1/nonconformities/{first}/reject"), json!({ "reason": "None" })).await.expect(200);
        // Theirs is theirs.
        api.stranger(Role::Member).await.post("/v1/nonconformities", report()).await.expect(201);
        let taken = take(&api).await;
        assert_eq!(taken.len(), 2, "one of each record, and nothing of before: {taken:?}");
        assert!(take(&api).await.is_empty(), "they are taken");
        assert!(conclude(&api, &taken[0], in_an_hour(&api)).await);
        assert!(!conclude(&api, &taken[0], Verdict::Delivered).await, "it was told already");
        assert!(conclude(&api, &taken[1], Verdict::Delivered).await);
        assert!(take(&api).await.is_empty(), "what happened to the first record next waits for it");
        api.wait(TimeDelta::hours(1));
        let again = take(&api).await;
        assert_eq!(again.iter().map(|one| (one.id, one.tried)).collect::<Vec<_>>(), [(taken[0].id, 1)]);
        conclude(&api, &again[0], Verdict::GivenUp).await;
        let next = take(&api).await;
        assert_eq!(next.len(), 1);
        conclude(&api, &next[0], Verdict::Delivered).await;
        let all = deliveries(&api, &endpoint, "").await;
        let told: Vec<(&str, &str)> =
            all.iter().map(|one| (one["event_type"].as_str().unwrap(), one["state"].as_str().unwrap())).collect();
        let expected = [
            ("nonconformity.rejected", "delivered"),
            ("nonconformity.raised", "delivered"),
            ("nonconformity.raised", "given_up"),
        ];
        assert_eq!(told, expected);
        assert_eq!(all[2]["attempts"].as_array().unwrap().len(), 2);
        assert_eq!(all[2]["attempts"][0]["status"], json!(500));
        assert_eq!(all[2]["attempts"][0]["error"], json!("the receiver answered 500"));
        assert_eq!(deliveries(&api, &endpoint, "state=given_up,dropped").await.len(), 1);
        assert_eq!(deliveries(&api, &endpoint, "type=nonconformity.rejected").await.len(), 1);
        let page = deliveries(&api, &endpoint, "limit=2").await;
        let behind = deliveries(&api, &endpoint, &format!("after={}", page[1]["id"].as_str().unwrap())).await;
        assert_eq!((page.len(), behind.len()), (2, 1));
        let one = all[0]["id"].as_str().unwrap();
        assert_eq!(deliveries(&api, &endpoint, &format!("delivery={one}")).await, all[..1]);
        assert!(read(&api, &endpoint).await["failing_since"].is_null());
        let events = api.by(Role::IsmsManager).await.get("/v1/events").await.expect(200).body;
        let ids: BTreeSet<&str> =
            events["items"].as_array().unwrap().iter().map(|one| one["id"].as_str().unwrap()).collect();
        assert!(all.iter().all(|one| ids.contains(one["event_id"].as_str().unwrap())));
    }
}

#[tokio::test]
async fn a_sender_that_dies_is_followed_by_another() {
    for database in each() {
        let api = Api::start(database).await;
        registered(&api, json!({})).await;
        raise(&api).await;
        let lost = take(&api).await;
        assert!(take(&api).await.is_empty());
        api.wait(TimeDelta::seconds(31));
        let again = take(&api).await;
        assert_eq!(
            lost.iter().map(|one| one.id).collect::<Vec<_>>(),
            again.iter().map(|one| one.id).collect::<Vec<_>>()
        );
        assert!(!conclude(&api, &lost[0], in_an_hour(&api)).await, "it is another's now");
        assert!(conclude(&api, &again[0], Verdict::Delivered).await);
    }
}

/// However much happens: of what waits, so much is written down, and the rest stays in the journal, in its order.
#[tokio::test]
async fn what_an_endpoint_does_not_take_stays_in_the_journal() {
    for database in each() {
        let api = Api::start(database).await;
        let (dead, alive) = (registered(&api, json!({})).await, registered(&api, json!({})).await);
        let many = usize::try_from(AHEAD).unwrap() + 5;
        for _ in 0..many {
            raise(&api).await;
        }
        let (mut failed, mut delivered) = (0, BTreeSet::new());
        let dead_id: Uuid = read(&api, &dead).await["id"].as_str().unwrap().parse().unwrap();
        for _ in 0..many {
            let taken = take(&api).await;
            let of_dead = taken.iter().filter(|one| one.endpoint == dead_id).count();
            assert!(of_dead <= if failed == 0 { 4 } else { 1 }, "one at a time of what fails: {of_dead}");
            for one in &taken {
                if one.endpoint == dead_id {
                    failed += 1;
                    conclude(&api, one, in_an_hour(&api)).await;
                } else {
                    conclude(&api, one, Verdict::Delivered).await;
                    assert!(delivered.insert(one.entry.unwrap()), "sent twice");
                }
            }
        }
        assert_eq!(delivered.len(), many, "the dead one keeps nobody waiting");
        assert_eq!(read(&api, &dead).await["waiting"], json!(AHEAD));
        assert!(read(&api, &dead).await["failing_since"].is_string());
        assert_eq!(read(&api, &alive).await["waiting"], json!(0));
        // There is no room for it, and the other is not kept waiting by that either.
        api.wait(TimeDelta::hours(2));
        raise(&api).await;
        let taken = take_in(&api, Room { all: 64, failing: 0 }).await;
        assert!(taken.len() == 1 && taken[0].endpoint != dead_id, "{taken:?}");
        conclude(&api, &taken[0], Verdict::Delivered).await;
        // Once it takes something again, what waits is sent at once.
        let first = take(&api).await;
        assert_eq!(first.len(), 1);
        conclude(&api, &first[0], Verdict::Delivered).await;
        let (mut caught_up, mut positions) = (vec![first[0].entry.unwrap()], 0);
        loop {
            let taken = take(&api).await;
            if taken.is_empty() {
                break;
            }
            for one in taken {
                conclude(&api, &one, Verdict::Delivered).await;
                caught_up.push(one.entry.unwrap());
                positions += 1;
            }
        }
        assert_eq!((caught_up.len(), positions), (many + 1, many), "nothing is lost");
    }
}

#[tokio::test]
async fn an_endpoint_that_takes_nothing_is_disabled_and_says_so() {
    for database in each() {
        let api = Api::start(database).await;
        let endpoint = registered(&api, json!({})).await;
        raise(&api).await;
        for day in 0..=5 {
            let taken = take(&api).await;
            assert_eq!(taken.len(), 1, "day {day}");
            conclude(&api, &taken[0], Verdict::Again(api.now() + TimeDelta::days(1))).await;
            let state = read(&api, &endpoint).await["state"].clone();
            assert_eq!(state, if day < 5 { json!("active") } else { json!("disabled") }, "day {day}");
            api.wait(TimeDelta::days(1));
        }
        let disabled = read(&api, &endpoint).await;
        assert_eq!((&disabled["disabled_because"], &disabled["waiting"]), (&json!("failing"), &json!(1)));
        assert!(take(&api).await.is_empty(), "nothing is sent to it");
        let events = api.by(Role::Admin).await.get("/v1/events").await.expect(200).body;
        let told = events["items"].as_array().unwrap().iter().filter(|one| one["type"] == "webhook_endpoint.disabled");
        assert_eq!(told.map(|one| one["data"]["actor"]["kind"].clone()).collect::<Vec<_>>(), [json!("webhooks")]);
        // A test is sent all the same, once, whatever comes of it.
        let test = act(&api, &endpoint, "test", json!({})).await.expect(200).body["delivery_id"].clone();
        let taken = take(&api).await;
        assert_eq!((taken.len(), taken[0].cause), (1, Cause::Test));
        conclude(&api, &taken[0], in_an_hour(&api)).await;
        let told = deliveries(&api, &endpoint, &format!("delivery={}", test.as_str().unwrap())).await;
        assert_eq!((&told[0]["state"], &told[0]["event_id"]), (&json!("given_up"), &Value::Null));
        // What happened meanwhile is sent when it is resumed.
        raise(&api).await;
        act(&api, &endpoint, "resume", json!({})).await.expect(200);
        let taken = take(&api).await;
        assert_eq!(taken.len(), 2);
        for one in &taken {
            conclude(&api, one, Verdict::Delivered).await;
        }
        raise(&api).await;
        let taken = take(&api).await;
        conclude(&api, &taken[0], Verdict::Gone).await;
        assert_eq!(read(&api, &endpoint).await["disabled_because"], json!("gone"));
        // Or it is passed over.
        raise(&api).await;
        api.sequence().await;
        act(&api, &endpoint, "resume", json!({ "skip_missed": true })).await.expect(200);
        assert!(take(&api).await.is_empty());
        raise(&api).await;
        assert_eq!(take(&api).await.len(), 1);
        act(&api, &endpoint, "retire", json!({ "reason": "Closed" })).await.expect(200);
        assert_eq!(deliveries(&api, &endpoint, "state=dropped").await.len(), 2, "what was answered 410 waited, too");
    }
}

#[tokio::test]
async fn what_was_sent_is_sent_again_when_asked() {
    for database in each() {
        let api = Api::start(database).await;
        raise(&api).await;
        api.sequence().await;
        let endpoint = registered(&api, json!({})).await;
        raise(&api).await;
        let taken = take(&api).await;
        conclude(&api, &taken[0], Verdict::Delivered).await;
        let id = deliveries(&api, &endpoint, "").await[0]["id"].clone();
        act(&api, &endpoint, "resend", json!({ "delivery_id": id })).await.expect(200);
        let again = take(&api).await;
        assert_eq!((again[0].id, again[0].cause, again[0].entry), (taken[0].id, Cause::Manual, taken[0].entry));
        conclude(&api, &again[0], Verdict::Delivered).await;
        let attempts = deliveries(&api, &endpoint, "").await[0]["attempts"].clone();
        let causes: Vec<&Value> = attempts.as_array().unwrap().iter().map(|one| &one["cause"]).collect();
        assert_eq!(causes, [&json!("scheduled"), &json!("manual")]);
        let nobody = json!({ "delivery_id": Uuid::nil() });
        let refused = act(&api, &endpoint, "resend", nobody).await.expect(422);
        assert_eq!(refused.faults(), ["/delivery_id unknown_delivery"]);

        assert_eq!(act(&api, &endpoint, "replay", json!({})).await.expect(422).faults(), ["/from required"]);
        let wrong = act(&api, &endpoint, "replay", json!({ "after": -2 })).await.expect(422);
        assert_eq!(wrong.faults(), ["/after out_of_range"]);
        let all = act(&api, &endpoint, "replay", json!({ "after": -1 })).await.expect(200).body;
        assert_eq!((&all["replayed"], &all["next_after"]), (&json!(2), &Value::Null), "also of before it was there");
        let taken = take(&api).await;
        assert_eq!(taken.len(), 2);
        for one in &taken {
            assert_eq!(one.cause, Cause::Manual);
            conclude(&api, one, Verdict::Delivered).await;
        }
        let later = json!({ "from": api.now() + TimeDelta::seconds(1) });
        assert_eq!(act(&api, &endpoint, "replay", later).await.expect(200).body["replayed"], json!(0));
        let dry = format!("{PATH}/{endpoint}/replay?dry_run=true");
        let dry = api.by(Role::Admin).await.post(&dry, json!({ "after": -1 })).await.expect(200);
        assert_eq!(dry.body["replayed"], json!(2));
        assert!(take(&api).await.is_empty(), "a dry run sends nothing");
        // It is known for thirty days.
        api.wait(TimeDelta::days(LOG_DAYS) + TimeDelta::seconds(1));
        let now = api.now();
        let forget = move |connection: &mut AnyConnection| webhook_deliveries::forget(now, connection);
        assert_eq!(api.store.work::<_, Error, _>(forget).await.unwrap(), 2);
        assert!(deliveries(&api, &endpoint, "").await.is_empty());
    }
}
