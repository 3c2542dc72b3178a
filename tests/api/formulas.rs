//! Indicators that are computed of others: once a period is over, and again when its figures change.

use super::indicators;
use crate::databases::each;
use crate::harness::{Answer, Api};
use chrono::{DateTime, NaiveTime, TimeDelta, Utc};
use ratchet_domain::access::Role;
use serde_json::{Value, json};

const MANAGER: Role = Role::IsmsManager;

async fn act(api: &Api, indicator: &str, verb: &str, body: Value) -> Answer {
    api.by(MANAGER).await.post(&format!("/v1/indicators/{indicator}/{verb}"), body).await
}

/// What an indicator is defined with that is computed of two others.
pub async fn definition(api: &Api, expression: &str, sources: [&str; 2]) -> Value {
    let mut body = indicators::definition(&api.member_id(MANAGER).await);
    body["frequency"] = json!("daily");
    body["collector_id"] = Value::Null;
    body["formula"] = formula(expression, sources);
    body
}

pub fn formula(expression: &str, [one, other]: [&str; 2]) -> Value {
    json!({
        "expression": expression,
        "sources": [{ "name": "on_time", "indicator": one, "aggregate": "sum" }, { "name": "closed", "indicator": other }],
    })
}

async fn defined(api: &Api, expression: &str, sources: [&str; 2]) -> String {
    let body = definition(api, expression, sources).await;
    api.by(MANAGER).await.post("/v1/indicators", body).await.expect(201).reference().to_owned()
}

/// A computed one that is active, and its two sources.
pub async fn computed(api: &Api) -> (String, [String; 2]) {
    let sources = [indicators::active(api).await, indicators::active(api).await];
    let own = defined(api, "100 * on_time / closed", [&sources[0], &sources[1]]).await;
    act(api, &own, "activate", json!({})).await.expect(200);
    (own, sources)
}

fn midnight(api: &Api, days_ago: i64) -> DateTime<Utc> {
    api.now().date_naive().and_time(NaiveTime::MIN).and_utc() - TimeDelta::days(days_ago)
}

/// A figure of an indicator at an hour of a day.
fn figure(api: &Api, indicator: &str, (days_ago, hour): (i64, i64), value: f64) -> Value {
    let observed_at = midnight(api, days_ago) + TimeDelta::hours(hour);
    json!({ "indicator": indicator, "observed_at": observed_at, "value": value })
}

async fn send(api: &Api, items: Vec<Value>) -> Answer {
    let sent = api.by(MANAGER).await.post("/v1/measurements", json!(items)).await;
    api.evaluate().await;
    sent
}

/// The figures that count: of how many days ago, and what.
async fn figures(api: &Api, indicator: &str) -> Vec<(i64, f64)> {
    let path = format!("/v1/indicators/{indicator}/measurements");
    let answer = api.by(MANAGER).await.get(&path).await.expect(200);
    let told = |item: &Value| {
        let at: DateTime<Utc> = item["observed_at"].as_str().unwrap().parse().unwrap();
        assert_eq!(
            at + TimeDelta::microseconds(1),
            (at + TimeDelta::hours(1)).date_naive().and_time(NaiveTime::MIN).and_utc()
        );
        ((api.now().date_naive() - at.date_naive()).num_days(), item["value"].as_f64().unwrap())
    };
    answer.body["items"].as_array().unwrap().iter().map(told).collect()
}

async fn workings(api: &Api, indicator: &str) -> Vec<Value> {
    let path = format!("/v1/indicators/{indicator}/workings");
    api.by(Role::Auditor).await.get(&path).await.expect(200).body["items"].as_array().unwrap().clone()
}

#[tokio::test]
async fn a_day_is_computed_once_it_is_over_and_again_when_its_figures_change() {
    for database in each() {
        let api = Api::start(database).await;
        let (own, [on_time, closed]) = computed(&api).await;
        send(&api, vec![figure(&api, &on_time, (3, 9), 2.0), figure(&api, &on_time, (3, 17), 1.0)]).await.expect(201);
        assert_eq!(figures(&api, &own).await, [], "nothing was measured of the other");
        send(&api, vec![figure(&api, &closed, (3, 9), 3.0), figure(&api, &closed, (3, 18), 5.0)]).await.expect(201);
        assert_eq!(figures(&api, &own).await, [(3, 75.0)], "the sum, and the mean");
        let gap = workings(&api, &own).await.into_iter().rev().nth(2).unwrap();
        assert_eq!((&gap["value"], &gap["gap"]["code"]), (&Value::Null, &json!("nothing_measured")));

        let sent = send(&api, vec![figure(&api, &on_time, (3, 17), 2.0)]).await.expect(201);
        assert_eq!(figures(&api, &own).await, [(3, 100.0)], "corrected");
        let today = vec![figure(&api, &on_time, (0, 0), 1.0), figure(&api, &closed, (0, 0), 4.0)];
        send(&api, today).await.expect(201);
        assert_eq!(figures(&api, &own).await, [(3, 100.0)], "the day is not over");
        let last = workings(&api, &own).await.pop().unwrap();
        assert_eq!((&last["is_over"], &last["value"]), (&json!(false), &json!(25.0)), "and can be looked at");
        api.wait(TimeDelta::days(1));
        api.evaluate().await;
        assert_eq!(figures(&api, &own).await, [(4, 100.0), (1, 25.0)]);

        let batch = sent.body["batch_reference"].as_str().unwrap();
        let reason = json!({ "reason": "Counted twice" });
        let path = format!("/v1/measurement-batches/{batch}/withdraw");
        api.by(MANAGER).await.post(&path, reason).await.expect(200);
        api.evaluate().await;
        assert_eq!(figures(&api, &own).await, [(4, 50.0), (1, 25.0)], "what is left of the day");
        let path = format!("/v1/indicators/{own}/measurements?all=true");
        let all = api.by(MANAGER).await.get(&path).await.expect(200);
        let standings: Vec<&Value> =
            all.body["items"].as_array().unwrap().iter().map(|item| &item["standing"]).collect();
        assert_eq!(standings, ["superseded", "superseded", "live", "live"], "nothing is lost");
        let path = format!("/v1/measurement-batches/{}", all.body["items"][0]["batch_id"].as_str().unwrap());
        let batch = api.by(MANAGER).await.get(&path).await.expect(200);
        assert_eq!(batch.body["source"], "computed by the formula, version 1");
    }
}

#[tokio::test]
async fn what_gives_no_figure_any_more_is_taken_back() {
    for database in each() {
        let api = Api::start(database).await;
        let (own, [on_time, closed]) = computed(&api).await;
        let day = |ago, closings| [figure(&api, &on_time, (ago, 9), 3.0), figure(&api, &closed, (ago, 9), closings)];
        let days: Vec<Value> = (1..=150).flat_map(|ago| day(ago, 4.0)).collect();
        send(&api, days).await.expect(201);
        assert_eq!(figures(&api, &own).await.len(), 150, "in more than one step");
        let zeros: Vec<Value> = (1..=149).map(|ago| figure(&api, &closed, (ago, 9), 0.0)).collect();
        send(&api, zeros).await.expect(201);
        assert_eq!(figures(&api, &own).await, [(150, 75.0)]);
        let last = workings(&api, &own).await.into_iter().rev().nth(1).unwrap();
        assert_eq!((&last["value"], &last["gap"]["code"]), (&Value::Null, &json!("division_by_zero")));
        assert_eq!(last["gap"]["detail"], "the divisor at character 17 is zero");
        let again: Vec<Value> = (1..=149).map(|ago| figure(&api, &closed, (ago, 9), 6.0)).collect();
        send(&api, again).await.expect(201);
        let found = figures(&api, &own).await;
        assert_eq!((found.len(), found[149]), (150, (1, 50.0)));
    }
}

#[tokio::test]
async fn one_formula_stands_upon_another() {
    for database in each() {
        let api = Api::start(database).await;
        let (own, [on_time, closed]) = computed(&api).await;
        let upon = defined(&api, "max(on_time, closed) + 1", [&own, &closed]).await;
        act(&api, &upon, "activate", json!({})).await.expect(200);
        let at = |ago, a, b| vec![figure(&api, &on_time, (ago, 9), a), figure(&api, &closed, (ago, 9), b)];
        send(&api, at(2, 1.0, 2.0)).await.expect(201);
        assert_eq!((figures(&api, &own).await, figures(&api, &upon).await), (vec![(2, 50.0)], vec![(2, 51.0)]));
        api.wait(TimeDelta::days(1));
        send(&api, at(1, 1.0, 4.0)).await.expect(201);
        assert_eq!(figures(&api, &upon).await, [(3, 51.0), (1, 26.0)]);

        let manager = api.by(MANAGER).await;
        for (sources, code) in [([&upon, &closed], "circle"), ([&own, &closed], "circle")] {
            let body = json!({ "formula": formula("on_time + closed", [sources[0], sources[1]]), "reason": "Round" });
            let refused = act(&api, &own, "revise", body).await.expect(422);
            assert_eq!(refused.faults(), [format!("/formula/sources/0/indicator {code}")]);
        }
        let mut top = upon.clone();
        for _ in 0..3 {
            top = defined(&api, "on_time - closed", [&top, &closed]).await;
        }
        let body = definition(&api, "on_time - closed", [&top, &closed]).await;
        let refused = manager.post("/v1/indicators", body).await.expect(422);
        assert_eq!(refused.faults(), ["/formula/sources/0/indicator too_deep"]);

        let reason = json!({ "reason": "Nobody asks" });
        let refused = act(&api, &closed, "retire", reason.clone()).await.expect(409);
        assert_eq!(refused.reasons(), ["computed_of_it"]);
        let path = format!("/v1/records/{own}/trace");
        let trace = manager.get(&path).await.expect(200).text;
        assert!(trace.contains(&on_time) && trace.contains(&upon), "{trace}");
    }
}

#[tokio::test]
async fn another_formula_begins_a_phase_and_leaves_what_was_computed() {
    for database in each() {
        let api = Api::start(database).await;
        let (own, [on_time, closed]) = computed(&api).await;
        let at = |ago, a, b| vec![figure(&api, &on_time, (ago, 9), a), figure(&api, &closed, (ago, 9), b)];
        send(&api, at(2, 1.0, 2.0)).await.expect(201);
        let body =
            json!({ "formula": formula("on_time / closed", [&on_time, &closed]), "reason": "A share says more" });
        let revised = act(&api, &own, "revise", body.clone()).await.expect(200);
        let today = json!(midnight(&api, 0));
        assert_eq!((&revised.body["formula"]["version"], &revised.body["formula"]["since"]), (&json!(2), &today));
        assert_eq!(revised.body["revisions"][0]["formula"]["expression"], "100 * on_time / closed");
        assert_eq!(revised.body["declared_phases"][0]["starts_at"], today);
        let again = act(&api, &own, "revise", body).await.expect(422);
        assert_eq!(again.faults(), ["/formula unchanged"]);
        send(&api, at(2, 2.0, 2.0)).await.expect(201);
        send(&api, at(0, 1.0, 4.0)).await.expect(201);
        api.wait(TimeDelta::days(1));
        api.evaluate().await;
        assert_eq!(figures(&api, &own).await, [(3, 50.0), (1, 0.25)], "what the former one gave stays");
        let phases = api.by(MANAGER).await.get(&format!("/v1/indicators/{own}/phases")).await.expect(200);
        assert_eq!(phases.body["items"][1]["reason"], "A share says more");
        let body = json!({ "formula": formula("on_time / closed", [&own, &closed]), "reason": "It is sent now" });
        let sent = act(&api, &on_time, "revise", body).await.expect(422);
        assert_eq!(sent.faults(), ["/formula/sources/0/indicator circle"]);
        let other = indicators::active(&api).await;
        let body = json!({ "formula": formula("on_time / closed", [&on_time, &closed]), "reason": "It is sent now" });
        let sent = act(&api, &other, "revise", body).await.expect(422);
        assert_eq!(sent.faults(), ["/formula fixed"]);
    }
}

/// What was due when it was revised is told by what held then.
#[tokio::test]
async fn a_formula_that_is_mended_at_once_loses_none_of_the_past() {
    for database in each() {
        let api = Api::start(database).await;
        let sources = [indicators::active(&api).await, indicators::active(&api).await];
        let [on_time, closed] = &sources;
        let day = |ago| [figure(&api, on_time, (ago, 9), 7.0), figure(&api, closed, (ago, 9), 7.0)];
        send(&api, (1..=130).flat_map(day).collect()).await.expect(201);
        let own = defined(&api, "100 * on_time / closed", [on_time, closed]).await;
        act(&api, &own, "activate", json!({})).await.expect(200);
        let body = json!({ "formula": formula("1000 * on_time / closed", [on_time, closed]), "reason": "A slip" });
        act(&api, &own, "revise", body).await.expect(200);
        api.evaluate().await;
        let found = figures(&api, &own).await;
        assert_eq!((found.len(), found[0], found[129]), (130, (130, 100.0), (1, 100.0)));
        send(&api, day(0).to_vec()).await.expect(201);
        api.wait(TimeDelta::days(1));
        api.evaluate().await;
        assert_eq!(figures(&api, &own).await[130], (1, 1000.0), "and goes on by what holds now");
        // Periods that are longer begin with the next one: until then the former ones are told.
        let mut body = json!({ "formula": formula("on_time / closed", [on_time, closed]), "reason": "By the year" });
        body["formula"]["period"] = json!("year");
        let revised = act(&api, &own, "revise", body).await.expect(200);
        let since: DateTime<Utc> = revised.body["formula"]["since"].as_str().unwrap().parse().unwrap();
        assert!(since > api.now(), "{since}");
        send(&api, day(0).to_vec()).await.expect(201);
        api.wait(TimeDelta::days(1));
        api.evaluate().await;
        assert_eq!(figures(&api, &own).await[131], (1, 1000.0));
    }
}

/// Whoever corrects what lies far back, again and again, does not hold up what has ended since.
#[tokio::test]
async fn what_has_ended_is_computed_before_what_is_corrected() {
    for database in each() {
        let api = Api::start(database).await;
        let (own, [on_time, closed]) = computed(&api).await;
        let day = |ago, value| [figure(&api, &on_time, (ago, 9), value), figure(&api, &closed, (ago, 9), 10.0)];
        send(&api, (1..=150).flat_map(|ago| day(ago, 5.0)).collect()).await.expect(201);
        assert_eq!(figures(&api, &own).await.len(), 150);
        let corrected: Vec<Value> = [150, 1].into_iter().flat_map(|ago| day(ago, 6.0)).collect();
        api.by(MANAGER).await.post("/v1/measurements", json!(corrected)).await.expect(201);
        api.compute_one_step().await;
        let found = figures(&api, &own).await;
        assert_eq!((found[0], found[149]), ((150, 50.0), (1, 60.0)), "the newest first");
        api.evaluate().await;
        assert_eq!(figures(&api, &own).await[0], (150, 60.0));
    }
}

#[tokio::test]
async fn nobody_sends_what_is_computed_and_bad_formulas_say_where() {
    for database in each() {
        let api = Api::start(database).await;
        let (own, [on_time, closed]) = computed(&api).await;
        let refused = send(&api, vec![figure(&api, &own, (1, 9), 1.0)]).await.expect(422);
        assert_eq!(refused.faults(), ["/0/indicator formula"]);
        let manager = api.by(MANAGER).await;
        let rule = super::ingest_rules::latency(&own);
        assert_eq!(manager.post("/v1/ingest-rules", rule).await.expect(422).faults(), ["/indicator formula"]);
        let mut body = definition(&api, "100 * on_time / (closed", [&on_time, &closed]).await;
        let refused = manager.post("/v1/indicators", body.clone()).await.expect(422);
        assert_eq!(refused.faults(), ["/formula/expression syntax"]);
        assert!(refused.text.contains("at character 24"), "{}", refused.text);
        body["formula"]["expression"] = json!("on_time / opened");
        let refused = manager.post("/v1/indicators", body.clone()).await.expect(422);
        assert_eq!(refused.faults(), ["/formula/expression unknown_name", "/formula/sources/1/name unused"]);
        body["formula"]["sources"][1]["indicator"] = json!("IND-2026-9999");
        let refused = manager.post("/v1/indicators", body.clone()).await.expect(422);
        assert_eq!(refused.faults(), ["/formula/sources/1/indicator unknown_record"]);
        let retired = indicators::active(&api).await;
        act(&api, &retired, "retire", json!({ "reason": "Switched off" })).await.expect(200);
        body["formula"]["sources"][1]["indicator"] = json!(retired);
        let refused = manager.post("/v1/indicators", body).await.expect(422);
        assert_eq!(refused.faults(), ["/formula/sources/1/indicator retired"]);
        let listed = manager.get("/v1/indicators?computed=true").await.expect(200);
        assert!(listed.text.contains(&own) && !listed.text.contains(&on_time), "{}", listed.text);
    }
}

/// Two workers compute a day once.
#[tokio::test]
async fn two_replicas_compute_a_day_once() {
    for database in each() {
        let api = Api::start(database).await;
        let (own, [on_time, closed]) = computed(&api).await;
        let items = vec![figure(&api, &on_time, (1, 9), 1.0), figure(&api, &closed, (1, 9), 2.0)];
        api.by(MANAGER).await.post("/v1/measurements", json!(items)).await.expect(201);
        tokio::join!(api.evaluate(), api.evaluate());
        assert_eq!(figures(&api, &own).await, [(1, 50.0)]);
        let path = format!("/v1/indicators/{own}/measurements?all=true");
        let all = api.by(MANAGER).await.get(&path).await.expect(200);
        assert_eq!(all.body["items"].as_array().unwrap().len(), 1);
    }
}
