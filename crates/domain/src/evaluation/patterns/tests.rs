use super::*;
use crate::indicators::tests::goal;
use crate::measurements::Figure;
use chrono::{DateTime, Duration, NaiveDateTime, Utc};
use proptest::prelude::*;
use serde::Deserialize;
use std::collections::BTreeMap;

fn at(n: i64) -> DateTime<Utc> {
    crate::indicators::tests::at() + Duration::days(n)
}

fn reading(n: i64, value: f64) -> Reading {
    Reading { observed_at: at(n), figure: Figure::Gauge { value } }
}

/// Reproducible noise between -1 and 1.
fn noise(n: i64) -> f64 {
    let mixed = (n as u64).wrapping_add(11).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ (mixed >> 29)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    ((mixed >> 33) as f64 / f64::from(1_u32 << 30)) - 1.0
}

/// A signal that is raised and cleared as measurements come one by one.
#[derive(Default)]
struct Told {
    open: Option<Open>,
    raised: Vec<usize>,
    cleared: Vec<usize>,
}

impl Told {
    fn hear(&mut self, n: usize, episode: Option<Episode>) {
        let Some(Episode { new, last, cleared, kind, .. }) = episode else { return };
        assert_eq!(new, self.open.is_none() && cleared.is_none(), "one at a time");
        if new {
            self.raised.push(n);
        }
        if let Some(last) = last {
            self.open = Some(Open { kind, last_observed_at: last.observed_at });
        }
        if cleared.is_some() {
            self.open = None;
            self.cleared.push(n);
        }
    }
}

fn newest(seen: &[Reading]) -> &[Reading] {
    &seen[seen.len().saturating_sub(NEWEST.into())..]
}

fn one_by_one(readings: &[Reading], control: &Control, frequency: Option<Frequency>) -> (Told, Told) {
    let (mut shifts, mut trends) = (Told::default(), Told::default());
    for n in 0..readings.len() {
        let seen = &readings[..=n];
        let since = n.checked_sub(1).map(|before| readings[before].observed_at);
        let found = out_of_control(seen, newest(seen), since, (control, frequency)).into_iter().collect::<Vec<_>>();
        shifts.hear(n, follow(Kind::OutOfControl, &found, shifts.open));
        let found = adverse_trend(newest(seen), Some(&goal()), control, frequency).into_iter().collect::<Vec<_>>();
        trends.hear(n, follow(Kind::AdverseTrend, &found, trends.open));
    }
    (shifts, trends)
}

fn series(n: i64, value: impl Fn(i64) -> f64) -> Vec<Reading> {
    (0..n).map(|n| reading(n, value(n) + noise(n))).collect()
}

#[test]
fn a_new_indicator_raises_nothing() {
    let wild = |n: i64| if n % 2 == 0 { 0.0 } else { 1e6 };
    let (shifts, trends) = one_by_one(&series(25, wild), &Control::default(), None);
    assert_eq!((shifts.raised, trends.raised), (vec![], vec![]));
    let falling = series(11, |n| 100.0 - 10.0 * n as f64);
    assert!(one_by_one(&falling, &Control::default(), None).1.raised.is_empty());
}

#[test]
fn a_jump_is_one_signal_until_it_has_been_calm_for_a_while() {
    let jump = |n: i64| if (40..44).contains(&n) { 60.0 } else { 50.0 };
    let (shifts, _) = one_by_one(&series(60, jump), &Control::default(), None);
    assert_eq!((shifts.raised, shifts.cleared), (vec![40], vec![48]));
    // What does not go back stays one signal.
    let step = |n: i64| if n < 40 { 50.0 } else { 60.0 };
    let (shifts, _) = one_by_one(&series(80, step), &Control::default(), None);
    assert_eq!((shifts.raised, shifts.cleared), (vec![40], vec![]));
}

#[test]
fn a_slow_decline_is_one_signal_too() {
    let falling = |n: i64| if n < 30 { 90.0 } else { 90.0 - 0.3 * (n - 30) as f64 };
    let (_, trends) = one_by_one(&series(80, falling), &Control::default(), None);
    assert_eq!((trends.raised.len(), trends.cleared.len()), (1, 0), "{:?}", trends.raised);
    let rising = one_by_one(&series(80, |n| 50.0 + 0.3 * n as f64), &Control::default(), None).1;
    assert!(rising.raised.is_empty(), "better is no matter");
    let off = Control { trend: Some(false), ..Control::default() };
    assert!(one_by_one(&series(80, falling), &off, None).1.raised.is_empty());
}

#[test]
fn a_late_figure_and_a_correction_are_seen_in_their_place() {
    let calm = series(40, |_| 50.0);
    let control = Control::default();
    let since = Some(at(38));
    let found = |readings: &[Reading]| out_of_control(readings, newest(readings), since, (&control, None)).unwrap();
    assert!(found(&calm).is_settled);
    let mut late = calm.clone();
    late.insert(38, Reading { observed_at: at(37) + Duration::hours(5), figure: Figure::Gauge { value: 70.0 } });
    assert_eq!(found(&late).breaches[0].0.observed_at, at(37) + Duration::hours(5));
    let mut corrected = calm.clone();
    corrected[39] = reading(39, 70.0);
    assert_eq!(found(&corrected).breaches, [(sighting(&corrected[39]), vec![Rule::BeyondLimits])]);
    let open = Open { kind: Kind::OutOfControl, last_observed_at: at(39) };
    assert_eq!(follow(Kind::OutOfControl, &[found(&calm)], Some(open)), None, "a correction does not clear");
    // Far behind it is history.
    let mut old = calm.clone();
    old[30] = reading(30, 70.0);
    assert!(found(&old).is_settled);
}

#[test]
fn of_many_that_come_at_once_none_is_passed_over() {
    let control = Control::default();
    let found =
        |readings: &[Reading], since| out_of_control(readings, newest(readings), since, (&control, None)).unwrap();
    // Twelve new ones, of which the first is beyond the limits.
    let mut readings = series(52, |_| 50.0);
    readings[40] = reading(40, 70.0);
    let told = found(&readings, Some(at(39)));
    assert_eq!(told.breaches, [(sighting(&readings[40]), vec![Rule::BeyondLimits])]);
    assert!(told.is_settled, "the newest five are calm");
    let raised = follow(Kind::OutOfControl, std::slice::from_ref(&told), None).unwrap();
    assert_eq!((raised.new, raised.occurrences, raised.cleared), (true, 1, None));
    // With the next one it is cleared, and not raised again.
    let open = Open { kind: Kind::OutOfControl, last_observed_at: at(40) };
    readings.push(reading(52, 50.0));
    let next = found(&readings, Some(at(51)));
    assert_eq!(next.breaches, []);
    assert!(follow(Kind::OutOfControl, std::slice::from_ref(&next), Some(open)).unwrap().cleared.is_some());
    assert_eq!(follow(Kind::OutOfControl, &[next], None), None);
    // Looked at for the first time, it is history; and of very many the newest hundred are looked at.
    assert_eq!(found(&readings, None).breaches, []);
    let mut many = series(200, |_| 50.0);
    (many[90], many[110]) = (reading(90, 70.0), reading(110, 70.0));
    let told = found(&many, Some(at(39)));
    assert_eq!(told.breaches, [(sighting(&many[110]), vec![Rule::BeyondLimits])]);
    // What limits rest on raises nothing, new or not.
    let mut first = series(40, |_| 50.0);
    (first[20], first[21]) = (reading(20, 70.0), reading(21, 30.0));
    assert_eq!(found(&first, Some(at(3))).breaches, []);
}

#[test]
fn an_indicator_is_out_of_control_as_long_as_one_series_is() {
    let calm = Finding { breaches: vec![], newest: sighting(&reading(9, 1.0)), is_settled: true };
    let wild = Finding {
        breaches: vec![(sighting(&reading(5, 9.0)), vec![Rule::BeyondLimits])],
        newest: sighting(&reading(5, 9.0)),
        is_settled: false,
    };
    let open = |n| Some(Open { kind: Kind::OutOfControl, last_observed_at: at(n) });
    let raised = follow(Kind::OutOfControl, &[calm.clone(), wild.clone()], None).unwrap();
    assert_eq!((raised.new, raised.occurrences, raised.rules), (true, 1, vec![Rule::BeyondLimits]));
    assert_eq!(follow(Kind::OutOfControl, &[calm.clone(), wild], open(5)), None);
    let cleared = follow(Kind::OutOfControl, std::slice::from_ref(&calm), open(5)).unwrap();
    assert_eq!((cleared.new, cleared.cleared), (false, Some(calm.newest)));
    assert_eq!(follow(Kind::OutOfControl, &[], open(5)), None);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever is measured: one open signal at a time, and each is cleared before the next.
    #[test]
    fn signals_take_turns(values in proptest::collection::vec(-3..3i64, 0..90)) {
        let readings: Vec<Reading> = (0..).zip(&values).map(|(n, value)| reading(n, *value as f64)).collect();
        let (shifts, trends) = one_by_one(&readings, &Control::default(), None);
        for Told { raised, cleared, open } in [shifts, trends] {
            prop_assert_eq!(raised.len() - cleared.len(), usize::from(open.is_some()));
            prop_assert!(raised.iter().zip(&cleared).all(|(raised, cleared)| raised < cleared));
        }
    }
}

type Windows = BTreeMap<String, Vec<(String, String)>>;

#[derive(Deserialize)]
struct Labels(Windows);

fn moment(text: &str) -> DateTime<Utc> {
    NaiveDateTime::parse_from_str(text.split('.').next().unwrap(), "%Y-%m-%d %H:%M:%S").unwrap().and_utc()
}

/// Real figures with labelled anomalies, those of the Numenta Anomaly Benchmark: a folder with its CSV files and
/// `labelled_windows.json`. Says how many windows a signal was raised in or open in, and how many were raised outside.
#[test]
#[ignore = "needs RATCHET_NAB, the path of such a folder: cargo test labelled_windows -- --ignored --nocapture"]
#[expect(clippy::disallowed_methods, reason = "whoever runs it says where the figures are")]
fn labelled_windows() {
    let folder = std::path::PathBuf::from(std::env::var("RATCHET_NAB").unwrap());
    let read = |name: &str| std::fs::read_to_string(folder.join(name)).unwrap();
    let Labels(windows) = serde_json::from_str(&read("labelled_windows.json")).unwrap();
    let seasonal = Control { season: Some(crate::analysis::control::season::Season::HourOfDay), ..Control::default() };
    let trending = Control { trend: Some(true), ..Control::default() };
    let mut points = 0;
    for (name, control) in [("defaults", Control::default()), ("hour of day", seasonal), ("with trend", trending)] {
        let mut all = (0, 0, 0, 0);
        for (file, labelled) in &windows {
            let text = read(file.rsplit('/').next().unwrap());
            let readings: Vec<Reading> = text
                .lines()
                .skip(1)
                .map(|line| {
                    let (at, value) = line.split_once(',').unwrap();
                    Reading { observed_at: moment(at), figure: Figure::Gauge { value: value.parse().unwrap() } }
                })
                .collect();
            let within = |n: usize, (from, to): &(String, String)| {
                (moment(from)..=moment(to)).contains(&readings[n].observed_at)
            };
            let (shifts, trends) = one_by_one(&readings, &control, Some(Frequency::Hourly));
            let raised: Vec<usize> = shifts.raised.iter().chain(&trends.raised).copied().collect();
            let ended = |told: &Told| {
                let spans = told.raised.iter().enumerate();
                spans
                    .map(|(n, from)| (*from, told.cleared.get(n).copied().unwrap_or(readings.len())))
                    .collect::<Vec<_>>()
            };
            let spans = [ended(&shifts), ended(&trends)].concat();
            let caught = labelled.iter().filter(|window| raised.iter().any(|n| within(*n, window))).count();
            let open = labelled
                .iter()
                .filter(|window| spans.iter().any(|(from, to)| (*from..*to).any(|n| within(n, window))))
                .count();
            let falsely = raised.iter().filter(|n| !labelled.iter().any(|window| within(**n, window))).count();
            println!(
                "{name:12} {file:52} windows {} raised in {caught}, open in {open}; raised outside {falsely} of {} points",
                labelled.len(),
                readings.len()
            );
            all = (all.0 + labelled.len(), all.1 + caught, all.2 + open, all.3 + falsely);
            points += readings.len();
        }
        let per_thousand =
            1_000.0 * f64::from(u32::try_from(all.3).unwrap()) / f64::from(u32::try_from(points).unwrap());
        println!(
            "{name:12} raised in {} and open in {} of {} windows; {per_thousand:.1} per 1,000 points",
            all.1, all.2, all.0
        );
        points = 0;
    }
}
