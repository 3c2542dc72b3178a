use super::*;
use crate::indicators::tests::{at, goal};
use chrono::Duration;
use proptest::prelude::*;

fn day(n: i64) -> DateTime<Utc> {
    at() + Duration::days(n)
}

fn point(series: &str, n: i64, value: f64) -> Observation {
    Observation { series: series.into(), observed_at: day(n), value }
}

fn line(values: &[f64]) -> Vec<Observation> {
    (0..).zip(values).map(|(n, value)| point("", n, *value)).collect()
}

fn open(kind: Kind, n: i64) -> Open {
    Open { kind, last_observed_at: day(n) }
}

fn summary(walked: &Walked) -> Vec<(Kind, bool, i64, bool)> {
    walked.episodes.iter().map(|e| (e.kind, e.new, e.occurrences, e.cleared.is_some())).collect()
}

fn walked(state: &State, open: &[Open], points: Vec<Observation>) -> Walked {
    walk(&goal(), state.clone(), open, points)
}

#[test]
fn a_breach_is_one_signal_however_often_it_repeats() {
    let found = walked(&State::default(), &[], line(&[96.0, 88.0, 84.0, 79.0]));
    assert_eq!(summary(&found), [(Kind::Critical, true, 2, false), (Kind::Warning, true, 3, false)]);
    let again = walked(&found.state, &[open(Kind::Critical, 3), open(Kind::Warning, 3)], vec![point("", 4, 78.0)]);
    assert_eq!(summary(&again), [(Kind::Critical, false, 1, false), (Kind::Warning, false, 1, false)]);
}

#[test]
fn none_is_skipped_and_a_backlog_makes_one_signal() {
    let found = walked(&State::default(), &[], line(&[96.0, 80.0, 96.0, 81.0, 96.0]));
    assert_eq!(summary(&found), [(Kind::Critical, true, 2, true)]);
    let stored = walked(&State::default(), &[open(Kind::Critical, -1)], line(&[96.0, 80.0, 96.0, 81.0]));
    assert_eq!(summary(&stored), [(Kind::Critical, false, 0, true), (Kind::Critical, true, 2, false)]);
}

#[test]
fn from_critical_to_warning_is_half_way() {
    let found = walked(&State::default(), &[], line(&[80.0, 90.0]));
    assert_eq!(summary(&found), [(Kind::Critical, true, 1, true), (Kind::Warning, true, 1, false)]);
}

#[test]
fn a_late_point_says_nothing() {
    let state = walked(&State::default(), &[], line(&[96.0, 96.0, 96.0])).state;
    let late = walked(&state, &[], vec![point("", 1, 50.0)]);
    assert_eq!((summary(&late), late.late, &late.state), (vec![], 1, &state));
}

#[test]
fn a_correction_raises_and_does_not_clear() {
    let state = walked(&State::default(), &[], line(&[96.0, 96.0])).state;
    let worse = walked(&state, &[], vec![point("", 1, 50.0)]);
    assert_eq!(summary(&worse), [(Kind::Critical, true, 1, false)]);
    let better = walked(&worse.state, &[open(Kind::Critical, 1)], vec![point("", 1, 96.0)]);
    assert_eq!(summary(&better), []);
    assert_eq!(better.state.status(None, day(1)), Status::OnTarget);
    let later = walked(&better.state, &[open(Kind::Critical, 1)], vec![point("", 2, 96.0)]);
    assert_eq!(summary(&later), [(Kind::Critical, false, 0, true)]);
}

#[test]
fn an_indicator_is_as_bad_as_its_worst_series() {
    let found = walked(&State::default(), &[], vec![point("a", 0, 80.0), point("b", 1, 96.0)]);
    assert_eq!(summary(&found), [(Kind::Critical, true, 1, false)]);
    assert_eq!(found.state.status(None, day(1)), Status::Critical);
    let good = walked(&found.state, &[open(Kind::Critical, 0)], vec![point("b", 2, 97.0), point("a", 3, 97.0)]);
    assert_eq!(good.episodes[0].cleared.unwrap().observed_at, day(3));
    // Another series that reports behind the newest is not late.
    assert_eq!(walked(&found.state, &[], vec![point("c", -5, 50.0)]).late, 0);
}

#[test]
fn a_revision_judges_anew_and_raises_nothing() {
    let state = walked(&State::default(), &[], line(&[96.0])).state;
    let strict = Goal::HigherIsBetter { target: None, warning: 99.0, critical: 98.0 };
    assert_eq!(state.judged_by(&strict).status(None, day(0)), Status::Critical);
}

#[test]
fn stale_after_one_and_a_half_times_the_frequency() {
    let weekly = Frequency::Weekly;
    let state = walked(&State::default(), &[], line(&[96.0])).state;
    let edge = day(0) + Duration::hours(252);
    assert_eq!(state.status(Some(weekly), edge), Status::OnTarget);
    assert_eq!(absence(&state, weekly, day(-9), None, edge), None);
    let after = edge + Duration::microseconds(1);
    assert_eq!(state.status(Some(weekly), after), Status::Stale);
    let raised = absence(&state, weekly, day(-9), None, after).unwrap();
    assert_eq!((raised.kind, raised.new, raised.occurrences), (Kind::Stale, true, 1));
    assert_eq!(absence(&state, weekly, day(-9), Some(open(Kind::Stale, 0)), after), None, "counted once");
    let measured = walked(&state, &[], vec![point("", 11, 96.0)]).state;
    let cleared = absence(&measured, weekly, day(-9), Some(open(Kind::Stale, 0)), day(11)).unwrap();
    assert_eq!(cleared.cleared.unwrap().observed_at, day(11));
}

#[test]
fn never_measured_is_no_data_and_goes_stale_from_its_activation() {
    let state = State::default();
    assert_eq!(state.status(Some(Frequency::Daily), day(9)), Status::NoData);
    assert_eq!(absence(&state, Frequency::Daily, day(0), None, day(1)), None);
    let raised = absence(&state, Frequency::Daily, day(0), None, day(2)).unwrap();
    assert_eq!(raised.first.unwrap(), Sighting { value: None, observed_at: day(0) });
    assert_eq!(absence(&state, Frequency::Daily, day(9), Some(open(Kind::Stale, 0)), day(9)), None);
}

/// Distinct series and moments, as the store keeps them.
fn points() -> impl Strategy<Value = Vec<Observation>> {
    let key = (0..3_u8, 0..30_i64);
    prop::collection::btree_map(key, 70.0..100.0_f64, 0..40).prop_map(|points| {
        points.into_iter().map(|((series, n), value)| point(&series.to_string(), n, value)).collect()
    })
}

proptest! {
    #[test]
    fn the_order_of_arrival_within_a_run_does_not_matter(
        (points, shuffled) in points().prop_flat_map(|points| (Just(points.clone()), Just(points).prop_shuffle()))
    ) {
        prop_assert_eq!(walked(&State::default(), &[], points), walked(&State::default(), &[], shuffled));
    }

    /// Whatever was open and wherever the runs are cut: at most one open signal per kind, cleared by later points only.
    #[test]
    fn one_open_signal_per_kind_and_only_later_points_clear(points in points(), cut in 0..40_usize) {
        let mut opened: Vec<Open> = Vec::new();
        let mut state = State::default();
        let cut = cut.min(points.len());
        for run in [points[..cut].to_vec(), points[cut..].to_vec()] {
            let found = walked(&state, &opened, run);
            for episode in &found.episodes {
                if let (Some(cleared), Some(last)) = (episode.cleared, episode.last) {
                    prop_assert!(cleared.observed_at > last.observed_at);
                }
                let at = opened.iter().position(|open| open.kind == episode.kind);
                if episode.new {
                    prop_assert!(at.is_none(), "a second one");
                    prop_assert!(episode.first.is_some() && episode.occurrences > 0);
                    let last_observed_at = episode.last.unwrap().observed_at;
                    opened.push(Open { kind: episode.kind, last_observed_at });
                } else {
                    let open = &mut opened[at.unwrap()];
                    if let Some(last) = episode.last {
                        open.last_observed_at = open.last_observed_at.max(last.observed_at);
                    }
                }
                if let Some(cleared) = episode.cleared {
                    let at = opened.iter().position(|open| open.kind == episode.kind).unwrap();
                    prop_assert!(cleared.observed_at > opened[at].last_observed_at);
                    opened.remove(at);
                }
            }
            state = found.state;
        }
        let critical = state.series.values().any(|seen| seen.judgement == Judgement::Critical);
        prop_assert!(!critical || opened.iter().any(|open| open.kind == Kind::Critical), "a breach without a signal");
    }
}
