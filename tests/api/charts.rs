//! What an indicator's figures say: chart as data and as pictures, phases, and the signals of patterns.

use super::indicators::{active, definition};
use super::measurements::send;
use crate::databases::each;
use crate::harness::{Answer, Api};
use crate::python::python;
use chrono::TimeDelta;
use ratchet_domain::access::Role;
use serde_json::{Value, json};

/// Reproducible figures around 40 that hardly leave 38 to 42.
fn calm(n: usize) -> f64 {
    let mixed = (n as u64 + 3).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    39.0 + (mixed >> 40) as f64 / f64::from(1_u32 << 23)
}

/// An active indicator that is measured daily, and raises a case of a pattern.
async fn daily(api: &Api, change: Value) -> String {
    let manager = api.by(Role::IsmsManager).await;
    let mut body = definition(&api.member_id(Role::IsmsManager).await);
    body["frequency"] = json!("daily");
    for (name, value) in change.as_object().unwrap() {
        body[name] = value.clone();
    }
    let indicator = manager.post("/v1/indicators", body).await.expect(201).reference().to_owned();
    manager.post(&format!("/v1/indicators/{indicator}/activate"), json!({})).await.expect(200);
    indicator
}

/// Figures of days in a row, the last one today; evaluated.
async fn measure(api: &Api, indicator: &str, values: &[f64]) {
    let item = |(n, value): (usize, &f64)| {
        let ago = TimeDelta::days(i64::try_from(values.len() - 1 - n).unwrap());
        json!({ "indicator": indicator, "observed_at": api.now() - ago, "value": value })
    };
    send(api, values.iter().enumerate().map(item).collect()).await.expect(201);
    api.evaluate().await;
}

/// One more figure each day.
async fn each_day(api: &Api, indicator: &str, values: &[f64]) {
    for value in values {
        api.wait(TimeDelta::days(1));
        measure(api, indicator, &[*value]).await;
    }
}

async fn get(api: &Api, indicator: &str, rest: &str) -> Answer {
    api.by(Role::Auditor).await.get(&format!("/v1/indicators/{indicator}/{rest}")).await
}

async fn signals(api: &Api, kind: &str) -> Vec<Value> {
    let path = format!("/v1/signals?sort=reference&kind={kind}");
    let answer = api.by(Role::IsmsManager).await.get(&path).await.expect(200);
    answer.body["items"].as_array().unwrap().clone()
}

async fn post(api: &Api, indicator: &str, verb: &str, body: Value) -> Answer {
    api.by(Role::IsmsManager).await.post(&format!("/v1/indicators/{indicator}/{verb}"), body).await
}

#[tokio::test]
async fn a_chart_has_limits_once_there_is_enough_to_rest_them_on() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = daily(&api, json!({})).await;
        let none = get(&api, &indicator, "chart").await.expect(200).body;
        assert_eq!((&none["points"], &none["phases"], &none["trend"]), (&json!([]), &json!([]), &Value::Null));
        let figures: Vec<f64> = (0..24).map(calm).collect();
        measure(&api, &indicator, &figures).await;
        let few = get(&api, &indicator, "chart").await.expect(200).body;
        assert_eq!(few["phases"][0]["unlimited"], "too_few");
        assert_eq!((&few["points"][3]["upper"], &few["points"][3]["judgement"]), (&Value::Null, &json!("on_target")));
        each_day(&api, &indicator, &[calm(24), 60.0]).await;
        let chart = get(&api, &indicator, "chart").await.expect(200);
        let chart = chart.body;
        let limits = &chart["phases"][0]["limits"];
        assert_eq!((&limits["chart"], &limits["measurements"]), (&json!("individuals"), &json!(25)));
        let all: Vec<f64> = (0..25).map(calm).collect();
        let mean = all.iter().sum::<f64>() / 25.0;
        let range = all.windows(2).map(|two| (two[1] - two[0]).abs()).sum::<f64>() / 24.0;
        let last = &chart["points"][25];
        assert!((limits["centre"].as_f64().unwrap() - mean).abs() < 1e-9, "{limits}");
        assert!((last["upper"].as_f64().unwrap() - (mean + 3.0 * range / 1.128)).abs() < 1e-9, "{last}");
        assert_eq!((&last["rules"], &last["in_baseline"]), (&json!(["beyond_limits"]), &json!(false)));
        assert_eq!(chart["phases"][0]["met"][0]["number"], 1);
        assert_eq!((&chart["measurements"], &chart["is_cut"]), (&json!(26), &json!(false)));
        assert_eq!(chart["trend"]["measurements"], 26);
    }
}

#[tokio::test]
async fn a_part_of_a_chart_rests_on_the_whole_phase() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = daily(&api, json!({})).await;
        measure(&api, &indicator, &(0..60).map(calm).collect::<Vec<f64>>()).await;
        let whole = get(&api, &indicator, "chart").await.expect(200).body;
        let from = whole["points"][40]["observed_at"].as_str().unwrap();
        let part = get(&api, &indicator, &format!("chart?from={from}")).await.expect(200).body;
        assert_eq!(part["points"].as_array().unwrap().len(), 20);
        assert_eq!(part["phases"][0]["limits"], whole["phases"][0]["limits"]);
        let thin = get(&api, &indicator, "chart?points=10").await.expect(200).body;
        assert_eq!((thin["points"].as_array().unwrap().len(), &thin["measurements"]), (10, &json!(60)));
        assert_eq!(thin["points"][9], whole["points"][59]);
        for (query, fault) in [("points=9", "points out_of_range"), ("dimensions=north", "dimensions malformed")] {
            assert_eq!(get(&api, &indicator, &format!("chart?{query}")).await.expect(400).faults(), [fault]);
        }
        api.by(Role::Member).await.get(&format!("/v1/indicators/{indicator}/chart.png")).await.expect(404);
    }
}

#[tokio::test]
async fn each_series_has_a_chart_of_its_own() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = daily(&api, json!({})).await;
        let item = |n: i64, site: &str, value: f64| {
            let observed_at = api.now() - TimeDelta::days(30 - n);
            json!({ "indicator": indicator, "observed_at": observed_at, "value": value, "dimensions": { "site": site } })
        };
        let both =
            (0..30).flat_map(|n| [item(n, "north", 10.0 + (n % 3) as f64), item(n, "south", 90.0 - (n % 4) as f64)]);
        send(&api, both.collect()).await.expect(201);
        api.evaluate().await;
        let first = get(&api, &indicator, "chart").await.expect(200).body;
        assert_eq!(first["series"], json!([{ "site": "north" }, { "site": "south" }]));
        assert_eq!((&first["dimensions"]["site"], first["points"][0]["value"].as_f64()), (&json!("north"), Some(10.0)));
        let other = get(&api, &indicator, "chart?dimensions=%7B%22site%22%3A%22south%22%7D").await.expect(200).body;
        assert_eq!(other["points"].as_array().unwrap().len(), 30);
        assert!(other["phases"][0]["limits"]["centre"].as_f64().unwrap() > 80.0);
        let nobody = get(&api, &indicator, "chart?dimensions=%7B%22site%22%3A%22west%22%7D").await.expect(200).body;
        assert_eq!(nobody["points"], json!([]));
    }
}

#[tokio::test]
async fn a_declared_phase_begins_a_story_of_its_own() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = daily(&api, json!({})).await;
        let step: Vec<f64> = (0..60).map(|n| if n < 30 { calm(n) } else { calm(n) + 20.0 }).collect();
        measure(&api, &indicator, &step).await;
        let whole = get(&api, &indicator, "chart").await.expect(200).body;
        assert_eq!(whole["phases"].as_array().unwrap().len(), 1);
        assert!(!whole["phases"][0]["met"].as_array().unwrap().is_empty());
        let starts_at = &whole["points"][30]["observed_at"];
        let ahead = json!({ "starts_at": api.now() + TimeDelta::hours(1), "reason": "soon" });
        assert_eq!(
            post(&api, &indicator, "begin-phase", ahead).await.expect(422).faults(),
            ["/starts_at in_the_future"]
        );
        let begin = json!({ "starts_at": starts_at, "reason": "The new scanner counts more" });
        let begun = post(&api, &indicator, "begin-phase", begin.clone()).await.expect(200);
        assert_eq!(begun.body["declared_phases"][0]["reason"], "The new scanner counts more");
        assert_eq!(post(&api, &indicator, "begin-phase", begin).await.expect(422).faults(), ["/starts_at duplicate"]);
        let parted = get(&api, &indicator, "chart").await.expect(200).body;
        let [before, after] = parted["phases"].as_array().unwrap().as_slice() else { panic!("{parted}") };
        assert_eq!((&after["begins_with"], &after["starts_at"]), (&json!("declared"), starts_at));
        assert_eq!((&before["met"], &after["met"]), (&json!([]), &json!([])));
        let phases = get(&api, &indicator, "phases").await.expect(200).body;
        assert_eq!(phases["items"][1]["reason"], "The new scanner counts more");
    }
}

#[tokio::test]
async fn how_it_is_charted_is_revised_with_a_reason() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = daily(&api, json!({})).await;
        measure(&api, &indicator, &(0..20).map(calm).collect::<Vec<f64>>()).await;
        let control = json!({ "rules": ["beyond_limits"], "baseline": 15, "trend": false });
        let revised = post(&api, &indicator, "revise", json!({ "control": control, "reason": "Few figures" })).await;
        let revised = revised.expect(200).body;
        assert_eq!((&revised["revision"], &revised["revisions"][0]["control"]), (&json!(2), &Value::Null));
        assert_eq!((&revised["control"]["baseline"], &revised["control"]["chart"]), (&json!(15), &json!("automatic")));
        let chart = get(&api, &indicator, "chart").await.expect(200).body;
        assert_eq!(chart["phases"][0]["limits"]["measurements"], 15);
        assert_eq!(chart["phases"][0]["limits"]["rules"], json!(["beyond_limits"]));
        assert_eq!(chart["revised_at"].as_array().unwrap().len(), 1);
        let none =
            post(&api, &indicator, "revise", json!({ "control": { "chart": "none" }, "reason": "Seldom" })).await;
        none.expect(200);
        assert_eq!(get(&api, &indicator, "chart").await.expect(200).body["phases"][0]["unlimited"], "not_charted");
        let wrong = json!({ "control": { "baseline": 5 }, "reason": "Fewer" });
        assert_eq!(
            post(&api, &indicator, "revise", wrong).await.expect(422).faults(),
            ["/control/baseline out_of_range"]
        );
    }
}

#[tokio::test]
async fn a_pattern_is_one_signal_and_one_case_until_it_is_calm_again() {
    for database in each() {
        let api = Api::start(database).await;
        let pattern = json!({ "auto_raise": { "kind": "nonconformity", "on": "pattern" } });
        let indicator = daily(&api, pattern).await;
        measure(&api, &indicator, &(0..30).map(calm).collect::<Vec<f64>>()).await;
        assert_eq!(signals(&api, "out_of_control").await.len(), 0);
        // Far from usual, and far from the thresholds.
        each_day(&api, &indicator, &[60.0, calm(31), 61.0]).await;
        let [raised] = signals(&api, "out_of_control").await.try_into().unwrap();
        assert_eq!((&raised["occurrences"], &raised["state"]), (&json!(2), &json!("linked")));
        assert_eq!((&raised["first"]["value"], &raised["last"]["value"]), (&json!(60.0), &json!(61.0)));
        assert!(raised["rules"].as_array().unwrap().contains(&json!("beyond_limits")), "{raised}");
        assert_eq!(signals(&api, "warning,critical").await.len(), 0);
        let manager = api.by(Role::IsmsManager).await;
        let cases = manager.get("/v1/nonconformities?count=true").await.expect(200);
        assert_eq!((&cases.body["total"], &cases.body["items"][0]["id"]), (&json!(1), &raised["case_id"]));
        assert!(cases.body["items"][0]["statement"].as_str().unwrap().contains("is out of control"));
        // Not at once: calm for five in a row.
        each_day(&api, &indicator, &[calm(40), calm(41), calm(42), calm(43)]).await;
        assert_eq!(signals(&api, "out_of_control").await[0]["state"], "linked");
        each_day(&api, &indicator, &[calm(44)]).await;
        let [cleared] = signals(&api, "out_of_control").await.try_into().unwrap();
        assert_eq!((&cleared["state"], &cleared["occurrences"]), (&json!("cleared"), &json!(2)));
        // Raised anew, it belongs to the case that is open.
        each_day(&api, &indicator, &[20.0]).await;
        let [_, again] = signals(&api, "out_of_control").await.try_into().unwrap();
        assert_eq!(again["case_id"], cleared["case_id"]);
    }
}

/// Twelve at once, as a sender that was cut off brings them: the first is far off, and the newest five are calm.
#[tokio::test]
async fn of_many_that_come_at_once_none_is_passed_over() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = daily(&api, json!({})).await;
        measure(&api, &indicator, &(0..30).map(calm).collect::<Vec<f64>>()).await;
        api.wait(TimeDelta::days(12));
        measure(&api, &indicator, &(30..42).map(|n| if n == 30 { 60.0 } else { calm(n) }).collect::<Vec<f64>>()).await;
        let [raised] = signals(&api, "out_of_control").await.try_into().unwrap();
        assert_eq!((&raised["first"]["value"], &raised["occurrences"]), (&json!(60.0), &json!(1)), "{raised}");
        each_day(&api, &indicator, &[calm(42)]).await;
        let [cleared] = signals(&api, "out_of_control").await.try_into().unwrap();
        assert_eq!((&cleared["state"], &cleared["occurrences"]), (&json!("cleared"), &json!(1)));
    }
}

/// What is measured each minute does not push aside what is measured once a day.
#[tokio::test]
async fn a_busy_series_does_not_silence_its_neighbour() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = daily(&api, json!({})).await;
        let item = |ago: TimeDelta, site: &str, value: f64| json!({ "indicator": indicator, "observed_at": api.now() - ago, "value": value, "dimensions": { "site": site } });
        let busy = (0..1_200).map(|n: usize| {
            let minutes = TimeDelta::minutes(i64::try_from(n % 600).unwrap());
            let ago = if n < 600 { TimeDelta::days(42) - minutes } else { minutes };
            item(ago, "busy", calm(n))
        });
        let calm_days = (1..41).map(|n: usize| item(TimeDelta::days(i64::try_from(n).unwrap()), "rare", calm(n)));
        send(&api, busy.chain(calm_days).collect()).await.expect(201);
        api.evaluate().await;
        let before = signals(&api, "out_of_control").await.len();
        send(&api, json!([item(TimeDelta::zero(), "rare", 60.0)])).await.expect(201);
        api.evaluate().await;
        let raised = signals(&api, "out_of_control").await;
        assert!(raised.len() > before && raised.iter().any(|one| one["last"]["value"] == json!(60.0)), "{raised:?}");
        let rare = "chart?dimensions=%7B%22site%22%3A%22rare%22%7D";
        let from = (api.now() - TimeDelta::days(5)).format("%Y-%m-%dT%H:%M:%SZ");
        for query in [rare.to_owned(), format!("{rare}&from={from}")] {
            let chart = get(&api, &indicator, &query).await.expect(200).body;
            assert!(chart["phases"][0]["limits"].is_object(), "{query}: {chart:.2000}");
        }
    }
}

#[tokio::test]
async fn a_correction_and_a_withdrawal_take_a_pattern_back() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = daily(&api, json!({})).await;
        measure(&api, &indicator, &(0..30).map(calm).collect::<Vec<f64>>()).await;
        each_day(&api, &indicator, &[70.0]).await;
        let [raised] = signals(&api, "out_of_control").await.try_into().unwrap();
        // It was a slip of the pen; the correction alone clears nothing, the next figure does.
        measure(&api, &indicator, &[calm(30)]).await;
        assert_eq!(signals(&api, "out_of_control").await[0]["state"], raised["state"]);
        each_day(&api, &indicator, &[calm(31)]).await;
        assert_eq!(signals(&api, "out_of_control").await[0]["state"], "cleared");
        // A late figure has its place among the newest.
        let late = api.now() - TimeDelta::hours(30);
        send(&api, json!([{ "indicator": indicator, "observed_at": late, "value": 75.0 }])).await.expect(201);
        api.evaluate().await;
        let found = signals(&api, "out_of_control").await;
        assert_eq!((found.len(), &found[1]["first"]["value"]), (2, &json!(75.0)));
    }
}

#[tokio::test]
async fn a_slow_decline_is_told_before_any_threshold() {
    for database in each() {
        let api = Api::start(database).await;
        let calm_control = json!({ "control": { "chart": "none" } });
        let indicator = daily(&api, calm_control).await;
        let rising: Vec<f64> = (0..25).map(|n| calm(n) + 0.3 * n as f64).collect();
        measure(&api, &indicator, &rising).await;
        let [raised] = signals(&api, "adverse_trend").await.try_into().unwrap();
        assert_eq!((&raised["state"], &raised["rules"]), (&json!("raised"), &json!([])));
        assert_eq!(signals(&api, "warning,critical,out_of_control").await.len(), 0);
        let trend = get(&api, &indicator, "chart").await.expect(200).body["trend"].clone();
        assert_eq!(
            (&trend["tendency"], &trend["forecast"]),
            (&json!("worse"), &Value::Null),
            "it is better than its target"
        );
        assert!(trend["p"].as_f64().unwrap() < 0.01 && trend["slope_low"].as_f64() > Some(0.2), "{trend}");
    }
}

/// Python's own parser reads it: title, description, and no element but those that draw.
const READ: &str = "
import sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
names = sorted({element.tag.split('}')[1] for element in root.iter()})
print(names)
print(root[0].text)
print(root[1].text)
";

fn read(svg: &Answer) -> Vec<String> {
    use std::io::Write;
    use std::process::Stdio;
    let mut python = python().args(["-c", READ]).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    python.stdin.take().unwrap().write_all(&svg.bytes).unwrap();
    let told = python.wait_with_output().unwrap();
    assert!(told.status.success(), "{}", svg.text);
    String::from_utf8(told.stdout).unwrap().lines().map(str::to_owned).collect()
}

#[tokio::test]
async fn pictures_are_read_by_others_and_hold_no_more_than_pictures() {
    for database in each() {
        let api = Api::start(database).await;
        let name = "Latenz <script>alert('1')</script> & \"Größe\"";
        let indicator = daily(&api, json!({ "name": name })).await;
        let empty = get(&api, &indicator, "chart.svg").await.expect(200);
        assert_eq!(read(&empty)[2], "Nothing is measured in this time.");
        measure(&api, &indicator, &(0..40).map(|n| if n == 35 { 250.0 } else { calm(n) }).collect::<Vec<f64>>()).await;
        let svg = get(&api, &indicator, "chart.svg").await.expect(200);
        assert_eq!(svg.header("content-type"), "image/svg+xml");
        assert_eq!(svg.header("content-security-policy"), "sandbox; default-src 'none'");
        let [names, title, description] = read(&svg).try_into().unwrap();
        assert_eq!(names, "['circle', 'desc', 'polygon', 'polyline', 'rect', 'svg', 'text', 'title']");
        assert_eq!(title, format!("{indicator}: {name}"));
        assert!(description.starts_with("Control chart of 40 measurements"), "{description}");
        assert!(description.contains("1 of the measurements shown meet a rule"), "{description}");
        let spark = get(&api, &indicator, "sparkline.svg").await.expect(200);
        assert_eq!(read(&spark)[1], name);
        let png = get(&api, &indicator, "chart.png").await.expect(200);
        assert_eq!((png.header("content-type"), &png.bytes[..8]), ("image/png", &b"\x89PNG\r\n\x1a\n"[..]));
        for path in ["chart", "chart.svg", "chart.png", "sparkline.svg"] {
            let auditor = api.by(Role::Auditor).await;
            let path = format!("/v1/indicators/{indicator}/{path}");
            let etag = auditor.get(&path).await.expect(200).header("etag").to_owned();
            let again = auditor.request(reqwest::Method::GET, &path).header("if-none-match", etag);
            auditor.send(again).await.expect(304);
        }
    }
}

#[tokio::test]
async fn a_chart_has_the_form_that_is_asked_for() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = daily(&api, json!({})).await;
        measure(&api, &indicator, &(0..20).map(calm).collect::<Vec<f64>>()).await;
        let auditor = api.by(Role::Auditor).await;
        let path = format!("/v1/indicators/{indicator}/chart");
        let asked = async |accept: &str| {
            auditor.send(auditor.request(reqwest::Method::GET, &path).header("accept", accept)).await
        };
        for (accept, form) in [
            ("*/*", "application/json"),
            ("image/svg+xml", "image/svg+xml"),
            ("image/png", "image/png"),
            ("image/png;q=0.5, image/*;q=0.8", "image/svg+xml"),
        ] {
            let answer = asked(accept).await.expect(200);
            assert_eq!(answer.header("content-type").split(';').next(), Some(form), "{accept}");
            assert!(answer.header("vary").contains("accept"), "{accept}");
        }
        let drawn = get(&api, &indicator, "chart.svg").await.expect(200);
        assert_eq!(asked("image/svg+xml").await.bytes, drawn.bytes, "one picture at either address");
        let refused = asked("text/html").await.expect(406);
        assert_eq!(refused.body["type"], "/problems/not-acceptable");
        assert!(refused.body["detail"].as_str().unwrap().contains("image/png"), "{}", refused.text);
    }
}

#[tokio::test]
async fn a_rhythm_is_noted_and_can_be_taken_out() {
    for database in each() {
        let api = Api::start(database).await;
        let indicator = active(&api).await;
        let item = |n: i64| {
            let observed_at = api.now() - TimeDelta::hours(24 * 7 - n);
            let value = if (n / 8) % 3 == 0 { 80.0 } else { 20.0 } + calm(n.unsigned_abs() as usize) / 10.0;
            json!({ "indicator": indicator, "observed_at": observed_at, "value": value })
        };
        send(&api, (0..24 * 7).map(item).collect()).await.expect(201);
        api.evaluate().await;
        let chart = get(&api, &indicator, "chart").await.expect(200).body;
        assert_eq!(chart["rhythm"]["season"], "hour_of_day");
        assert!(chart["rhythm"]["strength"].as_f64().unwrap() > 0.9, "{}", chart["rhythm"]);
        let svg = get(&api, &indicator, "chart.svg").await.expect(200);
        assert!(svg.text.contains("The values follow the hour of the day"), "{}", svg.text);
        let control = json!({ "season": "hour_of_day", "baseline": 96 });
        post(&api, &indicator, "revise", json!({ "control": control, "reason": "Nights are calm" })).await.expect(200);
        let calm = get(&api, &indicator, "chart").await.expect(200).body;
        assert_eq!(calm["rhythm"], Value::Null);
        assert!(calm["points"][100]["upper"].as_f64().unwrap() - calm["points"][100]["lower"].as_f64().unwrap() < 10.0);
    }
}
