//! What Harbour Robotics measures, and what the figures said.

use super::people::{MARA, PAVEL, SOFIA, YUKI};
use super::{Names, Story, WORKER, Who, save};
use chrono::{DateTime, TimeDelta, Utc};
use ratchet_domain::analyses::{Analysis, AnalysisDraft, Concluded};
use ratchet_domain::change::Record;
use ratchet_domain::id::IndicatorId;
use ratchet_domain::indicators::{
    Analyse, AutoRaise, Facts, Frequency, Goal, Indicator, IndicatorDraft, Level, ValueKind, Verdict,
};
use ratchet_domain::ingest_rules::{Comparison, Door, IngestRule, IngestRuleDraft, Matcher, Part, Terms, USUAL_ORDER};
use ratchet_domain::measurements::{MeasurementBatch, RawPoint, check_point, sift};
use ratchet_domain::reference::Locator;
use ratchet_domain::signals::Kind;
use ratchet_persistence::error::Error;
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{evaluation, measurements, signals};
use std::collections::BTreeMap;

pub(super) const LATENCY: &str = "Request latency of the customer portal";
pub(super) const PATCHES: &str = "Critical patches installed within 14 days";
pub(super) const PHISHING: &str = "Simulated phishing messages that were reported";
pub(super) const BACKUPS: &str = "Restores that worked when tried";
pub(super) const BADGES: &str = "Visitor badges not returned";
pub(super) const CLICKS: &str = "Clicks on simulated phishing messages";
const VENDORS: &str = "Suppliers reviewed within a year";

/// An indicator as the story knows it.
struct Measured {
    name: &'static str,
    unit: &'static str,
    kind: ValueKind,
    goal: Goal,
    frequency: Frequency,
    requirement: &'static str,
    owner: Who,
    is_active: bool,
    /// Measured since so many days ago.
    since: i64,
}

const fn low(target: f64, warning: f64, critical: f64) -> Goal {
    Goal::LowerIsBetter { target: Some(target), warning, critical }
}

const fn high(target: f64, warning: f64, critical: f64) -> Goal {
    Goal::HigherIsBetter { target: Some(target), warning, critical }
}

#[rustfmt::skip]
const MEASURED: [Measured; 7] = [
    Measured { name: LATENCY, unit: "ms", kind: ValueKind::Gauge, goal: low(50.0, 80.0, 120.0), frequency: Frequency::Hourly, requirement: "A.8.16", owner: PAVEL, is_active: true, since: 70 },
    Measured { name: PATCHES, unit: "share", kind: ValueKind::Ratio, goal: high(0.95, 0.917, 0.8), frequency: Frequency::Weekly, requirement: "A.8.8", owner: YUKI, is_active: true, since: 726 },
    Measured { name: PHISHING, unit: "share", kind: ValueKind::Ratio, goal: high(0.6, 0.4, 0.2), frequency: Frequency::Monthly, requirement: "A.6.3", owner: SOFIA, is_active: true, since: 70 },
    Measured { name: BACKUPS, unit: "share", kind: ValueKind::Ratio, goal: high(1.0, 0.95, 0.9), frequency: Frequency::Weekly, requirement: "A.8.13", owner: PAVEL, is_active: true, since: 70 },
    Measured { name: BADGES, unit: "count", kind: ValueKind::Gauge, goal: low(0.0, 3.0, 10.0), frequency: Frequency::Weekly, requirement: "A.7.2", owner: MARA, is_active: true, since: 70 },
    Measured { name: VENDORS, unit: "share", kind: ValueKind::Ratio, goal: high(1.0, 0.9, 0.7), frequency: Frequency::Quarterly, requirement: "A.5.22", owner: SOFIA, is_active: false, since: 70 },
    Measured { name: CLICKS, unit: "share", kind: ValueKind::Ratio, goal: low(0.04, 0.15, 0.25), frequency: Frequency::Monthly, requirement: "A.6.3", owner: SOFIA, is_active: true, since: 726 },
];

pub(super) fn add(story: &mut Story) {
    for measured in &MEASURED {
        define(story, measured);
    }
    latency(story);
    feed_latency(story);
    patches(story);
    clicks(story);
    weekly(story);
    analyse(story);
    let end = |indicator: Indicator, facts: &Facts, by: &_, at| {
        indicator.retire("The front desk has turnstiles now".into(), facts, by, at)
    };
    story.change((15, 10), MARA, BADGES, end);
    look_at_signals(story);
}

fn define(story: &mut Story, measured: &'static Measured) {
    story.step((measured.since, 8), MARA, move |tx, names| {
        let Measured { name, unit, kind, goal, frequency, requirement, owner, is_active, since } = measured;
        let owner = Some(names.member(owner)?);
        let draft = IndicatorDraft {
            name: (*name).to_owned(),
            information_need: Some("Whether the control does what it is for".to_owned()),
            unit: Some((*unit).to_owned()),
            value_kind: *kind,
            formula: None,
            goal: Some(*goal),
            control: None,
            method: is_active.then(|| "Counted by a script".to_owned()),
            data_source: Some("The system concerned".to_owned()),
            retention_days: None,
            frequency: Some(*frequency),
            collector: owner,
            analysis_interval: Some(if *since > 100 { Frequency::Quarterly } else { Frequency::Monthly }),
            analyst: Some(names.member(MARA)?),
            requirements: vec!["9.1".to_owned(), (*requirement).to_owned()],
            auto_raise: AutoRaise::Nonconformity { on: Level::Critical },
            owner,
        };
        let (by, at, birth) = (tx.actor().clone(), tx.now(), tx.birth(Indicator::PREFIX)?);
        let (indicator, _) = tx.save(Indicator::define(draft, &by, birth)?)?;
        names.call(name, indicator.head.id);
        if *is_active {
            let facts = tx.facts(&indicator)?;
            save(indicator.activate(&facts, &by, at)?, tx)?;
        }
        Ok(())
    });
}

/// What one measurement says, before it is one.
struct Figure {
    at: DateTime<Utc>,
    /// A number, or numerator and denominator.
    figure: (f64, Option<f64>),
    site: Option<&'static str>,
}

fn send(story: &mut Story, when: (i64, u32), who: Who, name: &'static str, figures: Vec<Figure>) {
    story.step(when, who, move |tx, names| record(tx, names, name, figures));
    story.step((when.0, when.1 + 1), WORKER, move |tx, names| {
        evaluation::evaluate(IndicatorId(names.get(name)?), tx)?;
        // A case that the signal has opened is known by the indicator's name.
        let organisation = tx.actor().organisation;
        for (_, case) in signals::cases_of(organisation, IndicatorId(names.get(name)?), tx.connection())? {
            names.call(case_of(name), case.0);
        }
        Ok(())
    });
}

/// What the story calls the case that an indicator's signal has opened.
pub(super) fn case_of(indicator: &'static str) -> &'static str {
    match indicator {
        LATENCY => "latency case",
        PATCHES => "patch case",
        BACKUPS => "restore case",
        _ => "case",
    }
}

fn record(tx: &mut Tx<'_>, names: &mut Names, name: &'static str, figures: Vec<Figure>) -> Result<(), Error> {
    let (by, now) = (tx.actor().clone(), tx.now());
    let indicator: Indicator = tx.get(Locator::Id(names.get(name)?))?;
    tx.enter(indicator.head.id)?;
    let raw = |Figure { at, figure: (first, second), site }: Figure| RawPoint {
        indicator: Locator::Id(indicator.head.id),
        observed_at: at,
        value: second.is_none().then_some(first),
        numerator: second.map(|_| first),
        denominator: second,
        dimensions: site.map(|site| ("site".to_owned(), site.to_owned())).into_iter().collect::<BTreeMap<_, _>>(),
        note: None,
    };
    let points: Vec<_> = figures.into_iter().map(|figure| check_point(raw(figure), &indicator, now)).collect();
    let known = measurements::known(by.organisation, points.iter().flatten(), tx.connection())?;
    let sifted = sift(points, &known);
    let (batch, _) = measurements::record("Harbour collector".to_owned(), &sifted, tx)?;
    names.call("last batch", batch.head.id);
    Ok(())
}

/// Noise that is the same in each run: a linear congruential generator, 0 to 1.
fn noise(n: i64) -> f64 {
    let scrambled = n.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407) >> 33;
    f64::from(u16::try_from(scrambled & 0xffff).unwrap_or_default()) / 65_535.0
}

/// Hourly, by the day: quiet, one bad night five weeks ago, quicker since the export reads a replica, today a little slow.
fn latency(story: &mut Story) {
    for day in (0..69).rev() {
        let midnight = story.at(day, 0);
        let hours = if day == 0 { 0..5 } else { 0..24 };
        let figures = hours.map(|hour| {
            let (base, spread) = match (day, hour) {
                (35, 2..=4) => (150.0, 60.0),
                (0, 3..) => (84.0, 6.0),
                (..26, _) => (37.0, 8.0),
                _ => (42.0, 9.0),
            };
            let value = base + spread * noise(day * 24 + hour);
            Figure { at: midnight + TimeDelta::hours(hour), figure: ((value * 10.0).round() / 10.0, None), site: None }
        });
        // Each day is sent the next morning; today's hours, at once.
        let when = if day == 0 { (0, 5) } else { (day - 1, 6) };
        send(story, when, PAVEL, LATENCY, figures.collect());
    }
}

/// What became of a rule by which the portal's monitoring feeds its latency.
enum Became {
    Active,
    Paused,
    Retired,
}

/// The load balancer's own monitoring is to send the latency: the rule is there, the key is not yet. Two others came before it.
fn feed_latency(story: &mut Story) {
    for (name, metric, became) in [
        ("Latency of the portal for tests", "probe_duration_seconds", Became::Retired),
        ("Latency as the old probe sees it", "portal_probe_seconds", Became::Paused),
        ("Latency as Prometheus sees it", "http_request_duration_seconds", Became::Active),
    ] {
        story.step((2, 9), MARA, move |tx, names| {
            let (by, at, birth) = (tx.actor().clone(), tx.now(), tx.birth(IngestRule::PREFIX)?);
            let terms = fed_by(name, metric, IndicatorId(names.get(LATENCY)?));
            let draft = IngestRuleDraft { terms, kind: ValueKind::Gauge, in_force: 0 };
            let (rule, _) = tx.save(IngestRule::define(draft, &by, birth)?)?;
            let facts = tx.facts(&rule)?;
            match became {
                Became::Active => {}
                Became::Paused => {
                    save(rule.pause("The probe moves to the other data centre".into(), &facts, &by, at)?, tx)?;
                }
                Became::Retired => {
                    save(rule.retire("It measured the portal for tests".into(), &facts, &by, at)?, tx)?;
                }
            }
            Ok(())
        });
    }
}

fn fed_by(name: &str, metric: &str, indicator: IndicatorId) -> Terms {
    let of = |label: &str, value: &str| {
        let comparison = Comparison::Equal;
        Matcher { label: label.to_owned(), comparison, value: value.to_owned() }
    };
    Terms {
        name: name.to_owned(),
        order: USUAL_ORDER,
        door: Some(Door::Prometheus),
        metric: metric.to_owned(),
        matchers: vec![of("job", "portal"), of("quantile", "0.95")],
        indicator,
        part: Part::Value,
        scale: 1_000.0,
        offset: 0.0,
        dimensions: Vec::new(),
    }
}

/// How many of a week's 190 patches were installed in time: 96 % for two years, but for three weeks, and what came of them.
fn patched_in_time(week: i64) -> f64 {
    match week {
        7 => 167.0,
        6 => 160.0,
        5 => 150.0,
        4 => 172.0,
        0..4 => 184.0, // 97 %
        _ => match week % 5 {
            1 => 183.0,
            2 => 181.0,
            3 => 184.0,
            _ => 182.0,
        },
    }
}

/// Patches, each week for two years.
fn patches(story: &mut Story) {
    for week in (0..103_i64).rev() {
        let (day, at) = (week * 7 + 1, story.at(week * 7 + 1, 9));
        let figure = (patched_in_time(week), Some(190.0));
        send(story, (day, 9), YUKI, PATCHES, vec![Figure { at, figure, site: None }]);
    }
    // What was told two weeks ago had been counted wrongly, and was corrected.
    let at = story.at(15, 9);
    send(story, (13, 9), YUKI, PATCHES, vec![Figure { at, figure: (185.0, Some(190.0)), site: None }]);
}

/// Who clicked, of the 34 and later 41 to whom a campaign was sent: one each month, and two since the last review.
fn clicks(story: &mut Story) {
    const CLICKED: [(i64, [f64; 11], f64); 2] = [
        (712, [6.0, 5.0, 5.0, 4.0, 5.0, 4.0, 4.0, 4.0, 3.0, 4.0, 3.0], 34.0),
        (382, [4.0, 3.0, 3.0, 2.0, 3.0, 2.0, 2.0, 2.0, 1.0, 2.0, 1.0], 41.0),
    ];
    let mut campaign = |day: i64, clicked: f64, sent: f64| {
        let at = story.at(day, 9);
        send(story, (day, 9), SOFIA, CLICKS, vec![Figure { at, figure: (clicked, Some(sent)), site: None }]);
    };
    for (first, clicked, sent) in CLICKED {
        for (month, clicked) in (0..).zip(clicked) {
            campaign(first - 30 * month, clicked, sent);
        }
    }
    campaign(45, 2.0, 41.0);
    campaign(14, 1.0, 41.0);
}

/// Weekly figures: restores that were tried, badges. The restores stopped three weeks ago.
fn weekly(story: &mut Story) {
    for week in (0..10_i64).rev() {
        let (day, at) = (week * 7 + 1, story.at(week * 7 + 1, 9));
        if week >= 3 {
            let worked = if week == 4 { 17.0 } else { 20.0 };
            send(story, (day, 9), PAVEL, BACKUPS, vec![Figure { at, figure: (worked, Some(20.0)), site: None }]);
        }
        if week >= 3 {
            let badges = if week == 8 { 5.0 } else { 1.0 };
            send(story, (day, 9), MARA, BADGES, vec![Figure { at, figure: (badges, None), site: None }]);
        }
    }
    // A batch of the wrong campaign.
    let at = story.at(20, 9);
    send(story, (20, 9), SOFIA, PHISHING, vec![Figure { at, figure: (12.0, Some(80.0)), site: None }]);
    story.step((20, 11), MARA, |tx, names| {
        let batch: MeasurementBatch = tx.get(Locator::Id(names.get("last batch")?))?;
        let change = measurements::withdraw(batch, "The figures of another campaign".into(), tx)?;
        save(change, tx).map(drop)
    });
    let at = story.at(10, 9);
    send(story, (10, 9), SOFIA, PHISHING, vec![Figure { at, figure: (52.0, Some(80.0)), site: None }]);
    // Nobody tried a restore for three weeks: that is a signal, too.
    story.step((2, 12), WORKER, |tx, names| evaluation::evaluate(IndicatorId(names.get(BACKUPS)?), tx));
}

/// Each month somebody says what the figures mean; of the restores nobody has this time.
fn analyse(story: &mut Story) {
    for (day, name, verdict, conclusion) in [
        (41, LATENCY, Verdict::Satisfactory, "As fast as it should be, at night as well"),
        (41, PATCHES, Verdict::Watch, "Two weeks below what chance explains; the third decides"),
        (41, PHISHING, Verdict::Watch, "One campaign says little; the next is harder"),
        (41, CLICKS, Verdict::Satisfactory, "One in twenty, as all spring"),
        (41, BACKUPS, Verdict::Satisfactory, "Every restore has worked"),
        (41, BADGES, Verdict::Watch, "Visitors leave by the yard"),
        (11, LATENCY, Verdict::Act, "The nightly export slows it down"),
        (
            11,
            PATCHES,
            Verdict::Act,
            "Laptops that come from the old image missed patches; the new image seems to settle it",
        ),
        (11, PHISHING, Verdict::Satisfactory, "More is reported than in spring"),
    ] {
        let analyse = move |indicator: Indicator, facts: &Facts, by: &_, at| {
            indicator.analyse(Analyse { verdict, conclusion: conclusion.to_owned() }, facts, by, at)
        };
        story.change((day, 16), MARA, name, analyse);
    }
    // For two years, each quarter.
    for (day, patches, clicks) in QUARTERS {
        for (name, (verdict, conclusion)) in [(PATCHES, patches), (CLICKS, clicks)] {
            let analyse = move |indicator: Indicator, facts: &Facts, by: &_, at| {
                indicator.analyse(Analyse { verdict, conclusion: conclusion.to_owned() }, facts, by, at)
            };
            story.change((day, 15), MARA, name, analyse);
        }
    }
    // What two of them mean together is said once.
    story.step((9, 16), MARA, |tx, names| {
        let mut indicators = Vec::new();
        for name in [LATENCY, PATCHES] {
            indicators.push(tx.get::<Indicator>(Locator::Id(names.get(name)?))?);
        }
        let facts = Facts { today: tx.today()?, ..Facts::default() };
        let (by, birth) = (tx.actor().clone(), tx.birth(Analysis::PREFIX)?);
        let draft = AnalysisDraft {
            verdict: Verdict::Act,
            conclusion: "Both come from the same old image of the servers".into(),
            actions: Vec::new(),
        };
        let Concluded { analysis, indicators } = Analysis::conclude(draft, indicators, &facts, &by, birth)?;
        for indicator in indicators {
            save(indicator, tx)?;
        }
        save(analysis, tx).map(drop)
    });
}

type Said = (Verdict, &'static str);

/// What was said of patches and of clicks, so many days ago.
#[rustfmt::skip]
const QUARTERS: [(i64, Said, Said); 7] = [
    (640, (Verdict::Satisfactory, "Above the target from the first week on"), (Verdict::Act, "One in six clicks: a course is needed, not a rule")),
    (550, (Verdict::Satisfactory, "Steady; what is late is late by a day"), (Verdict::Watch, "Fewer click since the stories at the monthly meeting")),
    (460, (Verdict::Satisfactory, "Steady"), (Verdict::Watch, "One in nine, and the same few")),
    (370, (Verdict::Satisfactory, "Steady through the move of the workshop"), (Verdict::Watch, "Better than a year ago; new colleagues click more")),
    (280, (Verdict::Satisfactory, "Steady"), (Verdict::Satisfactory, "The hour in the first week shows")),
    (190, (Verdict::Satisfactory, "Steady; laptops that come back from repair are looked at first"), (Verdict::Satisfactory, "One in twenty")),
    (100, (Verdict::Satisfactory, "Steady"), (Verdict::Satisfactory, "One in twenty; 4 % by summer is out of reach")),
];

/// This morning's signals, looked at.
fn look_at_signals(story: &mut Story) {
    story.step((0, 7), MARA, |tx, names| {
        let (by, at) = (tx.actor().clone(), tx.now());
        for signal in signals::open_of(by.organisation, IndicatorId(names.get(LATENCY)?), tx.connection())? {
            let change = match signal.kind {
                Kind::Stale => signal.dismiss("The collector was restarted".into(), &by, at)?,
                Kind::Warning | Kind::Critical | Kind::OutOfControl | Kind::AdverseTrend => {
                    signal.acknowledge(&by, at)?
                }
            };
            save(change, tx)?;
        }
        Ok(())
    });
}
