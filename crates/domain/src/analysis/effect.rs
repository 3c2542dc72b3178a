//! What indicators say of an effect: each compared before and after, so that a verdict rests on figures [9.1, 10.2 d].
//!
//! The figures themselves are read by whoever holds them; what follows from them is decided here and frozen with the
//! verdict that it served.

use super::comparison::{Comparison, Step, compare};
use crate::id::{IndicatorId, RecordId};
use crate::indicators::{Goal, Indicator};
use crate::links::Relation;
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults};
use crate::settings::Rules;
use crate::trace::TraceEdge;
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// At most so many indicators are compared at once.
pub const INDICATORS: usize = 20;
/// A period has at most so many days.
pub const LONGEST: i64 = 731;

/// How many days before something began its indicators are looked at, where nobody has said otherwise.
pub const BASELINE_DAYS: u64 = 90;

/// A time in which measurements were observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Period {
    /// It begins here.
    pub from: DateTime<Utc>,
    /// It ends before this.
    pub to: DateTime<Utc>,
}

/// What is compared with what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Before.
    pub before: Period,
    /// After.
    pub after: Period,
}

impl Windows {
    /// The [`BASELINE_DAYS`] before something began, and the time from when it was done until somebody looks, [`LONGEST`]
    /// days of it at most. What lies between is neither.
    #[must_use]
    pub fn around(began: DateTime<Utc>, done: DateTime<Utc>, until: DateTime<Utc>) -> Self {
        let from = began.checked_sub_days(Days::new(BASELINE_DAYS)).unwrap_or(began);
        let longest = done.checked_add_days(Days::new(LONGEST.unsigned_abs())).unwrap_or(done);
        let to = until.clamp(done, longest);
        Self { before: Period { from, to: began }, after: Period { from: done, to } }
    }
}

/// From the first day to the last, both included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// The first day.
    pub first: NaiveDate,
    /// The last day.
    pub last: NaiveDate,
}

/// Which indicators are to be compared, and when: what a judge asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Question {
    /// Which indicators; that they exist is the caller's to check.
    pub indicators: Vec<IndicatorId>,
    /// Before.
    pub before: Span,
    /// After.
    pub after: Span,
}

/// The figures of one series, as they were observed in the two periods.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Figures {
    /// Its dimensions as one text; empty without any.
    pub series: String,
    /// Before.
    pub before: Vec<f64>,
    /// After.
    pub after: Vec<f64>,
}

/// Where an indicator has moved, measured by its goal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Tendency {
    /// Towards its goal, and more than chance would do (p at most 0.05).
    Better,
    /// Away from its goal, and more than chance would do.
    Worse,
    /// Chance alone might do that, or the indicator has no goal.
    Unclear,
}

/// One series of an indicator, before and after.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IndicatorEffect {
    /// Which indicator.
    pub indicator: IndicatorId,
    /// What it was called then.
    pub name: String,
    /// Of the figures.
    #[serde(default)]
    pub unit: Option<String>,
    /// The dimensions as one text; empty without any.
    pub series: String,
    /// What was measured.
    pub comparison: Comparison,
    /// Where it has moved.
    pub tendency: Tendency,
}

/// What indicators say of an effect.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Effect {
    /// When was measured what is compared.
    pub windows: Windows,
    /// Whether no measurement of the windows was left out because there were too many.
    pub is_complete: bool,
    /// One for each series of each indicator; an indicator without measurements has one, too.
    pub series: Vec<IndicatorEffect>,
}

impl Question {
    /// The windows in which it is looked for measurements; days begin by the organisation's time zone.
    ///
    /// Notes no, too many or repeated indicators, periods that run backwards, overlap, last longer than two years or lie
    /// ahead, each below `pointer`.
    pub fn windows(&self, pointer: &str, rules: &Rules, today: NaiveDate, faults: &mut Faults) -> Windows {
        let Self { indicators, before, after } = self;
        note_indicators(&format!("{pointer}/indicators"), indicators, true, faults);
        for (name, Span { first, last }) in [("before", before), ("after", after)] {
            let place = format!("{pointer}/{name}/last");
            if last < first {
                faults.push(Fault::new(place, "order", "must not lie before the first day"));
            } else if last.signed_duration_since(*first).num_days() >= LONGEST {
                faults.push(Fault::new(place, "out_of_range", format!("must have at most {LONGEST} days")));
            } else if *last > today {
                faults.push(Fault::new(place, "in_the_future", "must not lie ahead"));
            }
        }
        if after.first <= before.last {
            let detail = "must lie behind what it is compared with";
            faults.push(Fault::new(format!("{pointer}/after/first"), "overlap", detail));
        }
        let period = |span: &Span| Period {
            from: rules.start_of(span.first),
            to: rules.start_of(span.last.checked_add_days(Days::new(1)).unwrap_or(span.last)),
        };
        Windows { before: period(before), after: period(after) }
    }
}

/// What a record is to the indicators that it is to move.
pub(crate) fn moving(own: Target, indicators: &[IndicatorId]) -> impl Iterator<Item = TraceEdge> {
    let indicators = indicators.iter().map(|id| Target { kind: Prefix::Indicator, id: RecordId(id.0) });
    indicators.map(move |indicator| TraceEdge::new(own, Relation::RelatesTo, indicator))
}

/// Notes too many or repeated indicators, and none where one is needed.
pub(crate) fn note_indicators(pointer: &str, indicators: &[IndicatorId], needed: bool, faults: &mut Faults) {
    if indicators.len() > INDICATORS || (needed && indicators.is_empty()) {
        let least = usize::from(needed);
        faults.push(Fault::new(pointer, "length", format!("must name {least} to {INDICATORS} indicators")));
    }
    let mut named = BTreeSet::new();
    for (index, indicator) in indicators.iter().enumerate() {
        if !named.insert(indicator) {
            faults.push(Fault::new(format!("{pointer}/{index}"), "duplicate", "must name each indicator once"));
        }
    }
}

impl Effect {
    /// Compares what was measured of each indicator. `is_complete` says whether all of it was read.
    #[must_use]
    pub fn of(windows: Windows, measured: &[(Indicator, Vec<Figures>)], is_complete: bool) -> Self {
        let series = measured.iter().flat_map(|(indicator, figures)| {
            let nothing = figures.is_empty().then(Figures::default);
            let each = figures.iter().map(|figures| IndicatorEffect::of(indicator, figures));
            each.chain(nothing.map(|nothing| IndicatorEffect::of(indicator, &nothing))).collect::<Vec<_>>()
        });
        Self { windows, is_complete, series: series.collect() }
    }
}

impl IndicatorEffect {
    fn of(indicator: &Indicator, figures: &Figures) -> Self {
        let Figures { series, before, after } = figures;
        let comparison = compare(before, after);
        Self {
            indicator: indicator.id(),
            name: indicator.name.clone(),
            unit: indicator.unit.clone(),
            series: series.clone(),
            tendency: Tendency::of(indicator.goal.as_ref(), &comparison),
            comparison,
        }
    }
}

impl Tendency {
    fn of(goal: Option<&Goal>, comparison: &Comparison) -> Self {
        let (Some(goal), Some(step)) = (goal, comparison.step.filter(Step::is_significant)) else {
            return Self::Unclear;
        };
        let gain = match goal {
            Goal::HigherIsBetter { .. } => step.shift,
            Goal::LowerIsBetter { .. } => -step.shift,
            Goal::WithinRange { target, warning, .. } => {
                let aim = target.unwrap_or(f64::midpoint(warning.low, warning.high));
                let far = |median: Option<f64>| median.map_or(0.0, |median| (median - aim).abs());
                far(comparison.before.median) - far(comparison.after.median)
            }
        };
        if gain > 0.0 {
            Self::Better
        } else if gain < 0.0 {
            Self::Worse
        } else {
            Self::Unclear
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::indicators::Range;
    use crate::indicators::tests::{define, draft};

    fn figures(before: &[f64], after: &[f64]) -> Figures {
        Figures { series: String::new(), before: before.to_vec(), after: after.to_vec() }
    }

    fn windows() -> Windows {
        let at = |day: i64| DateTime::from_timestamp(1_780_000_000 + day * 86_400, 0).unwrap();
        Windows { before: Period { from: at(0), to: at(10) }, after: Period { from: at(20), to: at(30) } }
    }

    fn tendency(goal: Option<Goal>, before: &[f64], after: &[f64]) -> Tendency {
        let mut indicator = define(draft()).unwrap();
        indicator.goal = goal;
        Effect::of(windows(), &[(indicator, vec![figures(before, after)])], true).series[0].tendency
    }

    const LOW: [f64; 5] = [80.0, 81.0, 79.0, 82.0, 78.0];
    const HIGH: [f64; 5] = [96.0, 97.0, 95.0, 98.0, 94.0];

    /// What a verdict may rest on.
    pub(crate) fn effect() -> Effect {
        Effect::of(windows(), &[(define(draft()).unwrap(), vec![figures(&LOW, &HIGH)])], true)
    }

    #[test]
    fn the_goal_says_which_way_is_better() {
        let higher = Some(Goal::HigherIsBetter { target: None, warning: 90.0, critical: 80.0 });
        let lower = Some(Goal::LowerIsBetter { target: None, warning: 90.0, critical: 99.0 });
        let range = |low, high| Range { low, high };
        let within =
            |target| Some(Goal::WithinRange { target, warning: range(60.0, 100.0), critical: range(0.0, 200.0) });
        for (goal, before, after, expected) in [
            (higher, LOW, HIGH, Tendency::Better),
            (higher, HIGH, LOW, Tendency::Worse),
            (lower, HIGH, LOW, Tendency::Better),
            (lower, LOW, HIGH, Tendency::Worse),
            (within(None), HIGH, LOW, Tendency::Better),
            (within(Some(96.0)), HIGH, LOW, Tendency::Worse),
            (within(Some(88.0)), HIGH, LOW, Tendency::Unclear),
            (None, LOW, HIGH, Tendency::Unclear),
        ] {
            assert_eq!(tendency(goal, &before, &after), expected, "{goal:?}");
        }
        assert_eq!(tendency(higher, &LOW[..3], &HIGH[..3]), Tendency::Unclear, "three of each prove nothing");
    }

    #[test]
    fn what_lies_between_is_neither() {
        let at = |day: i64| DateTime::from_timestamp(1_780_000_000 + day * 86_400, 0).unwrap();
        for (until, end) in [(at(40), at(40)), (at(5_000), at(10 + LONGEST)), (at(0), at(10))] {
            let expected =
                Windows { before: Period { from: at(-90), to: at(0) }, after: Period { from: at(10), to: end } };
            assert_eq!(Windows::around(at(0), at(10), until), expected);
        }
    }

    #[test]
    fn an_indicator_without_measurements_is_shown_as_such() {
        let indicator = define(draft()).unwrap();
        let both = [(indicator.clone(), Vec::new()), (indicator, vec![figures(&LOW, &[]), figures(&LOW, &HIGH)])];
        let effect = Effect::of(windows(), &both, false);
        let counts: Vec<_> = effect
            .series
            .iter()
            .map(|one| (one.comparison.before.count, one.comparison.after.count, one.comparison.step.is_some()))
            .collect();
        assert_eq!(counts, [(0, 0, false), (5, 0, false), (5, 5, true)]);
        assert_eq!(effect.series[1].comparison.before.median, Some(80.0));
        assert!(!effect.is_complete);
        let stored = serde_json::to_string(&effect).unwrap();
        assert_eq!(serde_json::from_str::<Effect>(&stored).unwrap(), effect);
    }

    #[test]
    fn every_fault_of_a_question_is_named() {
        let day = |text: &str| text.parse::<NaiveDate>().unwrap();
        let span = |first, last| Span { first: day(first), last: day(last) };
        let (today, id) = (day("2026-06-30"), |n| IndicatorId(uuid::Uuid::from_u128(n)));
        let ask = |indicators: Vec<IndicatorId>, before, after| {
            let mut faults = Faults::default();
            let rules = Rules { utc_offset_minutes: 60, ..Rules::default() };
            let windows = Question { indicators, before, after }.windows("/figures", &rules, today, &mut faults);
            let faults = match faults.refuse() {
                Err(crate::refusal::Refusal::Invalid(faults)) => faults,
                Ok(()) | Err(_) => Vec::new(),
            };
            (windows, faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect::<Vec<_>>())
        };
        let (windows, none) = ask(vec![id(1)], span("2026-05-01", "2026-05-31"), span("2026-06-01", "2026-06-30"));
        assert!(none.is_empty(), "{none:?}");
        assert_eq!(windows.before.from.to_rfc3339(), "2026-04-30T23:00:00+00:00");
        assert_eq!(windows.before.to, windows.after.from);
        let backwards = span("2026-05-31", "2026-05-01");
        let (_, faults) = ask(vec![], backwards, span("2026-05-02", "2026-07-01"));
        let expected =
            ["/figures/indicators length", "/figures/before/last order", "/figures/after/last in_the_future"];
        assert_eq!(faults, expected);
        let (_, faults) = ask(vec![id(1), id(1)], span("2024-01-01", "2026-01-01"), span("2026-01-01", "2026-02-01"));
        let expected =
            ["/figures/indicators/1 duplicate", "/figures/before/last out_of_range", "/figures/after/first overlap"];
        assert_eq!(faults, expected);
        let (_, faults) =
            ask((0..21).map(id).collect(), span("2026-01-01", "2026-01-31"), span("2026-02-01", "2026-02-02"));
        assert_eq!(faults, ["/figures/indicators length"]);
    }
}
