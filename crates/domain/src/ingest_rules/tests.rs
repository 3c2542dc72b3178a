use super::*;
use crate::access::Role;
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, faults_of, machine, person};
use chrono::TimeDelta;
use proptest::prelude::*;
use std::collections::BTreeMap;
use strum::VariantArray;
use uuid::Uuid;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn indicator(n: u128) -> IndicatorId {
    IndicatorId(Uuid::from_u128(n))
}

fn terms() -> Terms {
    Terms {
        name: "Latency of the portal".into(),
        order: USUAL_ORDER,
        door: None,
        metric: "http_latency_seconds".into(),
        matchers: vec![Matcher { label: "job".into(), comparison: Comparison::Equal, value: "portal".into() }],
        indicator: indicator(1),
        part: Part::Value,
        scale: 1_000.0,
        offset: 0.0,
        dimensions: vec![Dimension { label: "site".into(), name: "location".into() }],
    }
}

fn draft(terms: Terms) -> IngestRuleDraft {
    IngestRuleDraft { terms, kind: ValueKind::Gauge, in_force: 0 }
}

fn active() -> IngestRule {
    IngestRule::define(draft(terms()), &manager(), birth(Prefix::IngestRule)).unwrap().into_after()
}

fn facts() -> Facts {
    Facts { in_force: 1 }
}

fn apply(rule: IngestRule, verb: Verb) -> Result<IngestRule, Refusal> {
    match verb {
        Verb::Pause => rule.pause("The sensor is being replaced".into(), &facts(), &manager(), at()),
        Verb::Resume => rule.resume(&facts(), &manager(), at()),
        Verb::Retire => rule.retire("The portal was switched off".into(), &facts(), &manager(), at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> IngestRule {
    match stage {
        StageName::Active => active(),
        StageName::Paused => apply(active(), Verb::Pause).unwrap(),
        StageName::Retired => apply(active(), Verb::Retire).unwrap(),
    }
}

#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let outcome = match apply(at_stage(*stage), *verb) {
                Ok(after) => {
                    assert_eq!(edge(*stage, *verb), [after.stage.name()], "{stage:?} {verb:?}");
                    after.stage_name()
                }
                Err(refusal) => {
                    assert!(edge(*stage, *verb).is_empty(), "{stage:?} {verb:?}: {refusal:?}");
                    "-"
                }
            };
            table.push_str(&format!("{stage:?} {verb:?} {outcome}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let full = IngestRuleDraft { in_force: IN_FORCE, ..draft(terms()) };
    let made = IngestRule::define(full, &manager(), birth(Prefix::IngestRule)).map(drop);
    let stages = StageName::VARIANTS.iter().map(|stage| at_stage(*stage));
    Refusals::of(stages, &[facts(), Facts { in_force: IN_FORCE }]).and("define", made)
}

#[test]
fn whoever_defines_indicators_says_what_feeds_them() {
    let key = machine(&[Permission::RecordMeasurements]);
    for by in [person(2, &[Role::Member, Role::Admin, Role::Management]), key] {
        let made = IngestRule::define(draft(terms()), &by, birth(Prefix::IngestRule));
        assert_eq!(made.map(drop), Err(Refusal::Forbidden));
        for verb in Verb::VARIANTS {
            assert_eq!(active().may(*verb, &facts(), &by), Err(Refusal::Forbidden));
        }
        assert_eq!(active().may_amend(&by), Err(Refusal::Forbidden));
    }
}

#[test]
fn every_fault_is_named() {
    let wrong = Terms {
        name: " ".into(),
        order: -1,
        metric: String::new(),
        part: Part::Numerator,
        scale: 0.0,
        offset: f64::INFINITY,
        matchers: vec![Matcher { label: " ".into(), comparison: Comparison::Glob, value: "a\nb".into() }],
        dimensions: vec![
            Dimension { label: "site".into(), name: "site".into() },
            Dimension { label: " ".into(), name: "site".into() },
            Dimension { label: "host".into(), name: "a b".into() },
        ],
        ..terms()
    };
    let expected = [
        "/name blank",
        "/order out_of_range",
        "/metric blank",
        "/part value_kind",
        "/offset not_finite",
        "/scale out_of_range",
        "/matchers/0/label blank",
        "/matchers/0/value control_character",
        "/dimensions/1/label blank",
        "/dimensions/1/name duplicate",
        "/dimensions/2/name name",
    ];
    let made = IngestRule::define(draft(wrong.clone()), &manager(), birth(Prefix::IngestRule));
    assert_eq!(faults_of(made), expected);
    let amended = Amendment {
        matchers: Some(vec![wrong.matchers[0].clone(); MATCHERS + 1]),
        dimensions: Some((0..=DIMENSIONS).map(|n| Dimension { label: "a".into(), name: format!("d{n}") }).collect()),
        ..Amendment::default()
    };
    let told = faults_of(active().amend(amended, ValueKind::Gauge, &manager(), at()));
    assert!(
        told.contains(&"/matchers length".to_owned()) && told.contains(&"/dimensions length".to_owned()),
        "{told:?}"
    );
    for (kind, part, fits) in [
        (ValueKind::Gauge, Part::Value, true),
        (ValueKind::Gauge, Part::Denominator, false),
        (ValueKind::Ratio, Part::Value, false),
        (ValueKind::Ratio, Part::Numerator, true),
        (ValueKind::Ratio, Part::Denominator, true),
    ] {
        assert_eq!(Terms { part, ..terms() }.faults(kind).refuse().is_ok(), fits, "{kind:?} {part:?}");
    }
}

#[test]
fn an_amendment_changes_what_it_names() {
    let input = Amendment { metric: Some("up".into()), door: Some(Some(Door::Prometheus)), ..Amendment::default() };
    let after = active().amend(input, ValueKind::Gauge, &manager(), at()).unwrap().into_after();
    let expected = Terms { metric: "up".into(), door: Some(Door::Prometheus), ..terms() };
    assert_eq!(after.terms, expected);
    let retired = at_stage(StageName::Retired).amend(Amendment::default(), ValueKind::Gauge, &manager(), at());
    assert!(matches!(retired, Err(Refusal::State(_))));
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let stored = serde_json::to_value(at_stage(*stage)).unwrap();
        assert_eq!(serde_json::from_value::<IngestRule>(stored).unwrap(), at_stage(*stage));
    }
}

#[test]
fn a_pattern_is_met_whole() {
    for (pattern, text, expected) in [
        ("up", "up", true),
        ("up", "upper", false),
        ("*", "", true),
        ("a*", "abc", true),
        ("*c", "abc", true),
        ("a*c*", "abcd", true),
        ("a?c", "abc", true),
        ("a?c", "ac", false),
        ("*a*b*c", "xxaxbxbc", true),
        ("*a*b*d", "xxaxbxbc", false),
        ("", "", true),
        ("", "a", false),
        ("ü?", "üß", true),
    ] {
        assert_eq!(is_like(pattern, text), expected, "{pattern} {text}");
    }
    // What takes a matcher that goes back to every star in turn for ever.
    assert!(!is_like(&format!("{}*c", "*a".repeat(90)), &"a".repeat(199)));
}

fn labels(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

#[test]
fn every_condition_of_a_rule_is_met() {
    let of = |label: &str, comparison, value: &str| Matcher { label: label.into(), comparison, value: value.into() };
    let arrived = labels(&[("job", "portal"), ("site", "north-1")]);
    for (door, metric, matchers, expected) in [
        (None, "latency", vec![], true),
        (Some(Door::Otlp), "latency", vec![], true),
        (Some(Door::Influx), "latency", vec![], false),
        (None, "lat*", vec![], true),
        (None, "lat", vec![], false),
        (None, "latency", vec![of("job", Comparison::Equal, "portal"), of("site", Comparison::Glob, "north-?")], true),
        (None, "latency", vec![of("job", Comparison::Equal, "portal"), of("site", Comparison::Equal, "south")], false),
        (None, "latency", vec![of("job", Comparison::NotEqual, "portal")], false),
        (None, "latency", vec![of("stage", Comparison::NotEqual, "test")], true),
        (None, "latency", vec![of("stage", Comparison::Equal, "")], true),
        (None, "latency", vec![of("job", Comparison::Equal, "")], false),
    ] {
        let terms = Terms { door, metric: metric.into(), matchers, ..terms() };
        let series = Arrival { door: Door::Otlp, metric: "latency", labels: &arrived };
        assert_eq!(terms.match_series(&series), expected, "{terms:?}");
    }
}

fn rule(number: i64, order: i64, metric: &str, to: u128, part: Part) -> IngestRule {
    let mut rule = active();
    rule.head.reference.number = number;
    rule.terms =
        Terms { order, metric: metric.into(), matchers: Vec::new(), indicator: indicator(to), part, ..terms() };
    rule
}

#[test]
fn of_the_rules_for_one_indicator_the_first_is_taken() {
    let rules = [
        rule(1, 100, "a*", 1, Part::Value),
        rule(2, 50, "a", 1, Part::Value),
        rule(3, 100, "a", 2, Part::Numerator),
        rule(4, 100, "*", 2, Part::Denominator),
        rule(5, 100, "*", 2, Part::Denominator),
    ];
    let fed = |rules: Vec<IngestRule>, metric: &str| -> Vec<i64> {
        let set = Ruleset::of(rules);
        let series = Arrival { door: Door::Otlp, metric, labels: &BTreeMap::new() };
        set.feeding(&series).iter().map(|rule| rule.head.reference.number).collect()
    };
    assert_eq!(fed(rules.to_vec(), "a"), [2, 3, 4]);
    assert_eq!(fed(rules.iter().rev().cloned().collect(), "a"), [2, 3, 4], "however they are read");
    assert_eq!(fed(rules.to_vec(), "ab"), [1, 4]);
    assert_eq!(fed(rules.to_vec(), "b"), [4]);
}

/// What was made, in one line each.
fn told(assembled: &[Assembled]) -> Vec<String> {
    let line = |one: &Assembled| match &one.made {
        Ok(raw) => format!(
            "{:?} {:?} {:?} {:?} of {:?}",
            raw.value,
            raw.numerator,
            raw.denominator,
            raw.dimensions.values().collect::<Vec<_>>(),
            one.points
        ),
        Err(fault) => format!("{} {} of {:?}", fault.pointer, fault.code, one.points),
    };
    assembled.iter().map(line).collect()
}

#[test]
fn figures_are_scaled_joined_and_told_apart() {
    let (north, south) = (labels(&[("site", "north"), ("host", "a")]), labels(&[("site", "south")]));
    let (also_north, nowhere) = (labels(&[("site", "north"), ("host", "b")]), labels(&[("site", "")]));
    let gauge = terms();
    let part = |part| Terms { part, scale: 1.0, indicator: indicator(2), ..terms() };
    let (numerator, denominator) = (part(Part::Numerator), part(Part::Denominator));
    let later = at() + TimeDelta::seconds(1);
    let read = |terms, series, point, labels, at, value| Reading { terms, series, point, labels, at, value };
    let readings = vec![
        read(&gauge, 0, 0, &north, at(), 1.5),
        read(&gauge, 1, 1, &south, at(), 2.0),
        read(&gauge, 2, 2, &also_north, at(), 3.0),
        read(&gauge, 0, 3, &north, later, 4.0),
        read(&gauge, 3, 4, &nowhere, at(), 5.0),
        read(&numerator, 4, 5, &north, at(), 1.0),
        read(&numerator, 4, 6, &north, later, 2.0),
        read(&denominator, 5, 7, &also_north, at() + TimeDelta::nanoseconds(900), 4.0),
        read(&denominator, 6, 8, &south, at(), 4.0),
        read(&gauge, 0, 9, &north, at(), 1.5),
    ];
    assert_eq!(
        told(&assemble(readings)),
        [
            "Some(1500.0) None None [\"north\"] of [0]",
            "Some(1500.0) None None [\"north\"] of [9]",
            "Some(2000.0) None None [\"south\"] of [1]",
            "/dimensions ambiguous of [2]",
            "Some(4000.0) None None [\"north\"] of [3]",
            "Some(5000.0) None None [] of [4]",
            "None Some(1.0) Some(4.0) [\"north\"] of [5, 7]",
            "/denominator required of [6]",
            "/numerator required of [8]",
        ]
    );
}

#[test]
fn what_is_listed_can_be_kept_and_read() {
    let arrived = labels(&[("job", "a\0b")]);
    let series = Series::listed(&Arrival { door: Door::Influx, metric: &"m".repeat(900), labels: &arrived });
    assert_eq!((series.metric.len(), series.labels["job"].as_str()), (200, "a\u{fffd}b"));
    let wide = labels(&[("job", "portal"), ("query", &"x".repeat(5_000)), ("zone", "a")]);
    let series = Series::listed(&Arrival { door: Door::Influx, metric: "m", labels: &wide });
    let listed: Vec<(&str, &str)> = series.labels.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    assert_eq!(listed, [("job", "portal"), ("zone", "a"), ("\u{fffd}", "left out: 1")], "and that it is not the whole");
    let (one, other) = (labels(&[("a", "bc")]), labels(&[("ab", "c")]));
    let key = |labels| Series::listed(&Arrival { door: Door::Influx, metric: "m", labels }).key();
    assert_ne!(key(&one), key(&other));
}

proptest! {
    #[test]
    fn a_pattern_of_stars_is_met_by_what_it_was_cut_from(parts in proptest::collection::vec("[a-c]{0,3}", 1..6), between in "[a-c]{0,3}") {
        prop_assert!(is_like(&parts.join("*"), &parts.join(&between)));
    }

    #[test]
    fn no_reading_is_lost(values in proptest::collection::vec((0_usize..3, 0_i64..3, -5.0_f64..5.0), 0..20)) {
        let (gauge, none) = (Terms { dimensions: Vec::new(), ..terms() }, BTreeMap::new());
        let readings = values.iter().enumerate().map(|(point, (series, second, value))| Reading {
            terms: &gauge, series: *series, point, labels: &none, at: at() + TimeDelta::seconds(*second), value: *value,
        });
        let assembled = assemble(readings.collect());
        let told: std::collections::BTreeSet<usize> = assembled.iter().flat_map(|one| one.points.clone()).collect();
        prop_assert_eq!(told.len(), values.len());
        prop_assert_eq!(assembled.len(), values.len());
    }
}
