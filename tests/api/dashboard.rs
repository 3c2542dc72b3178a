//! How everything stands, in one call.

use super::indicators::active;
use super::measurements::{send, series};
use crate::databases::each;
use crate::harness::Api;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

async fn dashboard(api: &Api, role: Role) -> Value {
    api.by(role).await.get("/v1/dashboard").await.expect(200).body
}

#[tokio::test]
async fn every_indicator_shows_how_it_stands() {
    for database in each() {
        let api = Api::start(database).await;
        let none = dashboard(&api, Role::Auditor).await;
        assert_eq!(
            (&none["indicators"], &none["open_cases"], &none["readiness"]),
            (&json!([]), &json!(0), &Value::Null)
        );
        let (busy, idle) = (active(&api).await, active(&api).await);
        let rising: Vec<f64> = (0..40).map(|n| 30.0 + f64::from(n) * 5.0).collect();
        let mut items = series(&api, &busy, &rising);
        for (n, item) in (0..).zip(items.as_array_mut().unwrap()) {
            item["observed_at"] = json!(api.now() - chrono::TimeDelta::days(39 - n));
        }
        send(&api, items).await.expect(201);
        // Of a day with several measurements, of whatever series, the mean.
        let early = api.now() - chrono::TimeDelta::days(1);
        let other =
            json!([{ "indicator": busy, "observed_at": early, "value": 200.0, "dimensions": { "site": "north" } }]);
        send(&api, other).await.expect(201);
        api.evaluate().await;
        let all = dashboard(&api, Role::Auditor).await;
        let [one, other] = all["indicators"].as_array().unwrap().as_slice() else { panic!("{all}") };
        assert_eq!((&one["reference"], &one["status"]), (&json!(busy), &json!("critical")));
        assert_eq!((&one["last"]["value"], &one["last"]["judgement"]), (&json!(225.0), &json!("critical")));
        assert_eq!((&one["target"], &one["direction"]), (&json!(50.0), &json!("lower_is_better")));
        assert_eq!((&one["tendency"], &one["points"][29]["value"]), (&json!("worse"), &json!(225.0)));
        assert_eq!((&one["points"][28]["value"], &one["points"][30]), (&json!(210.0), &Value::Null));
        let mut open: Vec<&str> =
            one["open_signals"].as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
        open.sort_unstable();
        assert_eq!(open, ["critical", "warning"]);
        assert_eq!((&other["reference"], &other["status"]), (&json!(idle), &json!("no_data")));
        assert_eq!((&other["last"], &other["tendency"], &other["points"]), (&Value::Null, &Value::Null, &json!([])));
        assert_eq!((&all["open_cases"], &all["left_out"]), (&json!(1), &json!(0)));
        // Whoever sees no indicator sees none here.
        assert_eq!(dashboard(&api, Role::Member).await["indicators"], json!([]));
        assert_eq!(dashboard(&api, Role::Member).await["readiness"], Value::Null);
    }
}
