use super::*;
use crate::access::Role;
use crate::change::Lifecycle;
use crate::evaluation::Observation;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, member, person};
use crate::id::IndicatorId;
use crate::indicators::{Goal, Range};
use crate::responsibilities::HandOver;
use crate::responsibilities::tests::is_handed_over_whole;
use crate::separation::tests::relaxed;
use crate::separation::{Rule, Separation};
use chrono::TimeDelta;
use strum::VariantArray;
use uuid::Uuid;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn management() -> Actor {
    person(2, &[Role::Management])
}

fn worker() -> Actor {
    let identity = crate::access::Identity::System { worker: "schedule" };
    Actor { identity, ..manager() }
}

fn day(ahead: i64) -> NaiveDate {
    at().date_naive() + TimeDelta::days(ahead)
}

const HIGHER: Goal = Goal::HigherIsBetter { target: Some(95.0), warning: 90.0, critical: 80.0 };
const LOWER: Goal = Goal::LowerIsBetter { target: Some(4.0), warning: 8.0, critical: 12.0 };

/// The indicator says this.
fn reading(value: f64) -> Reading {
    let value = Some(Sighting { value: Some(value), observed_at: at() });
    Reading { is_active: true, is_fresh: true, goal: Some(HIGHER), value }
}

fn facts() -> Facts {
    Facts { reading: Some(reading(96.0)), proposed: None, today: day(0), separation: Separation::default() }
}

fn late() -> Facts {
    Facts { today: day(200), ..facts() }
}

fn measured() -> Measure {
    Measure::Indicator { indicator: IndicatorId(Uuid::from_u128(40)), baseline: Some(79.0), target: 95.0 }
}

fn judged() -> Measure {
    Measure::Qualitative { criterion: "The auditors' report names no gap".into() }
}

fn draft(measure: Measure) -> ObjectiveDraft {
    ObjectiveDraft {
        title: "Laptops patched in time".into(),
        policy: PolicyId(Uuid::from_u128(30)),
        terms: Terms {
            statement: "Critical patches are on 95 % of laptops within 14 days".into(),
            measure: Some(measure),
            due_on: Some(day(180)),
        },
        business_goal: Some("The factory at the shipyard is certified".into()),
        level: Some("IT".into()),
        requirements: vec!["A.8.8".into()],
        risks_considered: None,
        communicated_to: vec!["IT".into(), "Shipyard".into()],
        plan: Some("The update agent goes into the image".into()),
        resources: Some("Two weeks of one engineer".into()),
        owner: member(9),
        evaluation: Some("By the indicator, each month".into()),
    }
}

fn set(measure: Measure) -> Objective {
    Objective::set(draft(measure), day(0), &manager(), birth(Prefix::Objective)).unwrap().into_after()
}

fn active(measure: Measure) -> Objective {
    set(measure).approve(None, &facts(), &management(), at()).unwrap().into_after()
}

fn longer() -> Revise {
    Revise { statement: None, measure: None, due_on: Some(day(300)), reason: "The vendor is late".into() }
}

fn verdict(exception_reason: Option<&str>) -> Judge {
    let exception_reason = exception_reason.map(str::to_owned);
    Judge { evidence: "96 % for three months".into(), exception_reason }
}

/// Applies `verb` with an input that only the stage can refuse.
fn apply(objective: Objective, verb: Verb) -> Result<Objective, Refusal> {
    let some = || "because".to_owned();
    match verb {
        Verb::Approve => objective.approve(None, &facts(), &management(), at()),
        Verb::Revise => objective.revise(longer(), &facts(), &manager(), at()),
        Verb::Reject => objective.reject(some(), &facts(), &management(), at()),
        Verb::Achieve => objective.achieve(verdict(None), &facts(), &management(), at()),
        Verb::Miss => objective.miss(verdict(None), &late(), &management(), at()),
        Verb::Abandon => objective.abandon(some(), &facts(), &manager(), at()),
    }
    .map(Change::into_after)
}

pub(crate) fn at_stage(stage: StageName) -> Objective {
    let then = |verb| apply(active(measured()), verb).unwrap();
    match stage {
        StageName::Draft => set(measured()),
        StageName::Active => active(measured()),
        StageName::Revising => then(Verb::Revise),
        StageName::Achieved => then(Verb::Achieve),
        StageName::Missed => then(Verb::Miss),
        StageName::Abandoned => then(Verb::Abandon),
    }
}

fn code<T: std::fmt::Debug>(outcome: Result<T, Refusal>) -> String {
    match outcome {
        Err(Refusal::State(reasons)) => reasons.iter().map(|reason| reason.code.as_str()).collect::<Vec<_>>().join(" "),
        Err(Refusal::Invalid(faults)) => {
            let told = faults.iter().map(|fault| format!("{} {}", fault.pointer, fault.code));
            told.collect::<Vec<_>>().join(", ")
        }
        Err(Refusal::Forbidden) => "forbidden".to_owned(),
        Ok(_) => "ok".to_owned(),
    }
}

/// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says; and which
/// fields can be amended in each stage.
#[test]
fn stage_by_verb_and_field() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let outcome = apply(at_stage(*stage), *verb);
            if outcome.is_err() {
                assert_eq!(code(outcome.clone()), "wrong_state", "{stage:?} {verb:?}");
            }
            let end: Vec<StageName> = outcome.iter().map(|after| after.stage.name()).collect();
            assert_eq!(end, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {end:?}\n"));
        }
        let fields: Vec<&Field> = Field::VARIANTS.iter().filter(|field| touchable(*stage, **field)).collect();
        assert_eq!(at_stage(*stage).may_amend(&manager()).is_ok(), !fields.is_empty(), "{stage:?}");
        table.push_str(&format!("{stage:?} amends {fields:?}\n"));
    }
    insta::assert_snapshot!(table);
}

#[test]
fn refuses_every_fault_of_a_draft_at_once() {
    let bad =
        Measure::Indicator { indicator: IndicatorId(Uuid::nil()), baseline: Some(f64::NAN), target: f64::INFINITY };
    let wrong = ObjectiveDraft {
        title: " ".into(),
        terms: Terms { statement: "a\0".into(), measure: Some(bad), due_on: Some(day(-1)) },
        level: Some("a\nb".into()),
        requirements: vec!["A.5.99".into()],
        communicated_to: vec!["IT".into(), "IT".into()],
        plan: Some(String::new()),
        ..draft(measured())
    };
    let refused = Objective::set(wrong, day(0), &manager(), birth(Prefix::Objective));
    assert_eq!(
        code(refused),
        "/title blank, /statement forbidden_character, /measure/baseline not_finite, /measure/target not_finite, \
         /level control_character, /plan blank, /requirements/0 unknown_requirement, /communicated_to/1 duplicate, \
         /due_on out_of_range"
    );
    let blank = draft(Measure::Qualitative { criterion: " ".into() });
    let refused = Objective::set(blank, day(0), &manager(), birth(Prefix::Objective));
    assert_eq!(code(refused), "/measure/criterion blank");
    for role in Role::VARIANTS {
        let made = Objective::set(draft(measured()), day(0), &person(5, &[*role]), birth(Prefix::Objective));
        assert_eq!(made.is_ok(), matches!(role, Role::IsmsManager | Role::Management), "{role:?}");
    }
}

#[test]
fn what_6_2_asks_for_is_said_before_it_is_approved() {
    let bare = ObjectiveDraft {
        terms: Terms { statement: "Be safe".into(), measure: None, due_on: None },
        requirements: Vec::new(),
        communicated_to: Vec::new(),
        plan: None,
        resources: None,
        evaluation: None,
        ..draft(measured())
    };
    let bare = Objective::set(bare, day(0), &manager(), birth(Prefix::Objective)).unwrap().into_after();
    assert_eq!(
        code(bare.may(Verb::Approve, &facts(), &management())),
        "no_measure no_requirements no_communicated_to no_plan no_resources no_due_on no_evaluation"
    );
    assert_eq!(bare.work(), [Work::of(member(9), None)]);
    let risks = ObjectiveDraft {
        requirements: Vec::new(),
        risks_considered: Some("R-12: a laptop is stolen".into()),
        ..draft(measured())
    };
    let set = Objective::set(risks, day(0), &manager(), birth(Prefix::Objective)).unwrap().into_after();
    assert_eq!(code(set.may(Verb::Approve, &facts(), &management())), "ok");
    assert_eq!(set.work(), [Work::of_whoever(Permission::ApproveObjective, Some(member(9)), None)]);
    assert_eq!(code(set.may(Verb::Approve, &late(), &management())), "due_date_passed");
}

#[test]
fn the_way_starts_where_the_indicator_is() {
    let open = Measure::Indicator { indicator: IndicatorId(Uuid::from_u128(40)), baseline: None, target: 95.0 };
    let approve =
        |reading: Option<Reading>| set(open.clone()).approve(None, &Facts { reading, ..facts() }, &management(), at());
    let baseline = |objective: &Objective| match objective.terms.measure {
        Some(Measure::Indicator { baseline, .. }) => baseline,
        _ => None,
    };
    let active = approve(Some(reading(84.0))).unwrap().into_after();
    assert_eq!((baseline(&active), active.started_on()), (Some(84.0), Some(day(0))));
    assert_eq!(baseline(&at_stage(StageName::Active)), Some(79.0), "what is given stays");
    let silent = Reading { value: None, ..reading(0.0) };
    assert_eq!(code(approve(Some(silent))), "no_baseline");
    assert_eq!(code(approve(Some(Reading { is_active: false, ..reading(84.0) }))), "indicator_not_active");
    assert_eq!(code(approve(None)), "indicator_not_active no_baseline");
    // What was approved is the baseline, too.
    let Stage::Active { approval, .. } = &active.stage else { panic!("not active") };
    assert!(!approval.is_stale(&active.terms.content(active.policy)));
    assert!(approval.is_stale(&open_terms(&active, None).content(active.policy)));
}

fn open_terms(objective: &Objective, baseline: Option<f64>) -> Terms {
    let measure = Measure::Indicator { indicator: IndicatorId(Uuid::from_u128(40)), baseline, target: 95.0 };
    Terms { measure: Some(measure), ..objective.terms.clone() }
}

#[test]
fn the_owner_does_not_approve_it() {
    let owner = person(9, &[Role::Management]);
    let approve = |reason: Option<&str>, facts: &Facts, by: &Actor| {
        set(measured()).approve(reason.map(str::to_owned), facts, by, at())
    };
    assert_eq!(code(approve(Some("Only two of us"), &facts(), &owner)), "separation_of_duties");
    assert_eq!(code(approve(None, &facts(), &manager())), "forbidden");
    assert_eq!(code(approve(None, &facts(), &machine(&[Permission::ApproveObjective]))), "person_needed");
    let documented = Facts { separation: relaxed(Rule::ObjectiveApprover), ..facts() };
    assert_eq!(code(approve(None, &documented, &owner)), "exception_reason_needed");
    assert_eq!(code(approve(Some("a\0"), &documented, &owner)), "/exception_reason forbidden_character");
    let change = approve(Some("Only two of us"), &documented, &owner).unwrap();
    assert_eq!((change.reason(), change.after().exceptions.len()), (Some("Only two of us"), 1));
}

#[test]
fn whoever_approved_it_does_not_come_to_own_it() {
    let objective = active(measured());
    let named = |n| ObjectiveAmendment { owner: Some(member(n)), ..ObjectiveAmendment::default() };
    let amend = |n| objective.clone().amend(named(n), day(0), &manager(), at());
    assert_eq!(code(amend(2)), "separation_of_duties");
    assert_eq!(amend(4).unwrap().after().owner, member(4));
    let hand = |n| HandOver { from: member(9), to: member(n), roles: vec![Role::Member], reason: "Left".into() };
    assert_eq!(code(hand(2).apply(objective.clone(), &facts(), &manager(), at())), "separation_of_duties");
    let change = hand(4).apply(objective, &facts(), &manager(), at()).unwrap();
    assert_eq!((change.after().owner, change.reason()), (member(4), Some("Left")));
}

#[test]
fn it_is_achieved_only_when_the_indicator_says_so() {
    let achieve = |reading: Option<Reading>| {
        active(measured()).achieve(verdict(None), &Facts { reading, ..facts() }, &management(), at())
    };
    assert_eq!(code(achieve(Some(reading(94.9)))), "indicator_disagrees");
    assert_eq!(code(achieve(Some(Reading { is_fresh: false, ..reading(99.0) }))), "indicator_silent");
    assert_eq!(code(achieve(None)), "indicator_silent");
    let achieved = achieve(Some(reading(95.0))).unwrap().into_after();
    let Stage::Achieved { verdict: kept, .. } = &achieved.stage else { panic!("not achieved") };
    assert_eq!(kept.value.unwrap().value, Some(95.0));
    // Its owner may say so: the figure speaks for itself.
    let owner = person(9, &[Role::IsmsManager]);
    assert_eq!(code(active(measured()).achieve(verdict(None), &facts(), &owner, at())), "ok");
    let blank = Judge { evidence: " ".into(), exception_reason: None };
    assert_eq!(code(active(measured()).achieve(blank, &facts(), &owner, at())), "/evidence blank");
    assert_eq!(
        code(active(measured()).achieve(verdict(None), &facts(), &person(9, &[Role::Member]), at())),
        "forbidden"
    );
}

#[test]
fn what_cannot_be_measured_is_judged_by_somebody_else() {
    let owner = person(9, &[Role::IsmsManager]);
    let nothing = Facts { reading: None, ..facts() };
    let achieve =
        |reason: Option<&str>, facts: &Facts, by: &Actor| active(judged()).achieve(verdict(reason), facts, by, at());
    assert_eq!(code(achieve(None, &nothing, &owner)), "separation_of_duties");
    assert_eq!(code(achieve(None, &nothing, &management())), "ok");
    let documented = Facts { separation: relaxed(Rule::ObjectiveJudge), ..nothing };
    let change = achieve(Some("Nobody else knows it"), &documented, &owner).unwrap();
    assert_eq!(change.after().exceptions[0].rule, Rule::ObjectiveJudge);
}

#[test]
fn it_is_missed_when_its_time_is_over() {
    let miss = |today| active(measured()).miss(verdict(None), &Facts { today, ..facts() }, &management(), at());
    assert_eq!(code(miss(day(180))), "too_early");
    assert_eq!(code(miss(day(181))), "ok");
    let pursued = active(measured());
    assert_eq!(pursued.wakes(), Some(Wake::On(day(181))));
    assert!(pursued.clone().fall_due(day(180), &worker(), at()).is_err());
    assert_eq!(pursued.clone().fall_due(day(181), &manager(), at()), Err(Refusal::Forbidden));
    let late = pursued.fall_due(day(181), &worker(), at()).unwrap().into_after();
    assert_eq!(late.wakes(), None);
    assert!(late.clone().fall_due(day(182), &worker(), at()).is_err());
    let judgement = Work::of_whoever(Permission::JudgeObjective, None, Some(day(180)));
    assert_eq!(late.work(), [Work::of(member(9), Some(day(180))), judgement]);
    let qualitative = active(judged()).fall_due(day(181), &worker(), at()).unwrap().into_after();
    assert_eq!(qualitative.work()[1], Work::of_whoever(Permission::JudgeObjective, Some(member(9)), Some(day(180))));
}

#[test]
fn moving_the_goalposts_shows_and_needs_approval() {
    let revise = |input: Revise| active(measured()).revise(input, &facts(), &manager(), at());
    let same = Revise { due_on: Some(day(180)), ..longer() };
    assert_eq!(code(revise(same)), " unchanged");
    let wrong = Revise { due_on: Some(day(-1)), reason: " ".into(), statement: Some(String::new()), ..longer() };
    assert_eq!(code(revise(wrong)), "/reason blank, /statement blank, /due_on out_of_range");
    let lower = Measure::Indicator { indicator: IndicatorId(Uuid::from_u128(40)), baseline: None, target: 90.0 };
    let proposed = revise(Revise { measure: Some(lower), ..longer() }).unwrap().into_after();
    assert_eq!(proposed.terms.due_on, Some(day(180)), "what holds, holds until it is approved");
    assert_eq!(code(proposed.clone().achieve(verdict(None), &facts(), &management(), at())), "wrong_state");
    assert_eq!(
        code(proposed.clone().approve(None, &facts(), &person(9, &[Role::Management]), at())),
        "separation_of_duties"
    );
    let kept = proposed.clone().reject("Not again".into(), &facts(), &management(), at()).unwrap().into_after();
    assert_eq!((kept.stage.name(), &kept.terms), (StageName::Active, &active(measured()).terms));
    let approved = proposed.approve(None, &facts(), &management(), at()).unwrap();
    assert_eq!(approved.reason(), Some("The vendor is late"));
    let revised = approved.into_after();
    assert_eq!((revised.revision, revised.revisions.len(), revised.started_on()), (2, 1, Some(day(0))));
    let old = Measure::Indicator { indicator: IndicatorId(Uuid::from_u128(40)), baseline: Some(79.0), target: 90.0 };
    assert_eq!(revised.terms.measure, Some(old), "the way starts where it started");
    assert_eq!(revised.revisions[0].terms.measure, Some(measured()));
    assert_eq!(revised.wakes(), Some(Wake::On(day(301))));
}

#[test]
fn another_indicator_starts_where_it_is() {
    let other = Measure::Indicator { indicator: IndicatorId(Uuid::from_u128(41)), baseline: None, target: 4.0 };
    let input = Revise { measure: Some(other), ..longer() };
    let proposed = active(measured()).revise(input, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(code(proposed.may(Verb::Approve, &facts(), &management())), "indicator_not_active no_baseline");
    let known = Facts { proposed: Some(reading(11.0)), ..facts() };
    let revised = proposed.approve(None, &known, &management(), at()).unwrap().into_after();
    let baseline = match revised.terms.measure {
        Some(Measure::Indicator { baseline, .. }) => baseline,
        _ => None,
    };
    assert_eq!(baseline, Some(11.0));
}

#[test]
fn terms_and_answers_stay_while_it_is_pursued() {
    let amend = |amendment, by: &Actor| active(measured()).amend(amendment, day(0), by, at());
    let terms = ObjectiveAmendment {
        statement: Some("Less".into()),
        measure: Some(None),
        due_on: Some(None),
        plan: Some(None),
        communicated_to: Some(Vec::new()),
        ..ObjectiveAmendment::default()
    };
    assert_eq!(
        code(amend(terms, &manager())),
        "/statement not_in_this_stage, /measure not_in_this_stage, /due_on not_in_this_stage, \
         /measure needed_while_active, /communicated_to needed_while_active, /plan needed_while_active, \
         /due_on needed_while_active"
    );
    let owner = person(9, &[Role::Member]);
    let plain = ObjectiveAmendment { resources: Some(Some("A month".into())), ..ObjectiveAmendment::default() };
    assert_eq!(code(amend(plain, &owner)), "ok");
    let hand_over = ObjectiveAmendment { owner: Some(member(7)), ..ObjectiveAmendment::default() };
    assert_eq!(code(amend(hand_over.clone(), &owner)), "forbidden");
    assert_eq!(code(amend(hand_over, &manager())), "ok");
    let early = ObjectiveAmendment { due_on: Some(Some(day(-1))), ..ObjectiveAmendment::default() };
    assert_eq!(code(set(measured()).amend(early, day(0), &manager(), at())), "/due_on out_of_range");
}

#[test]
fn a_role_without_the_permission_is_refused_in_every_stage() {
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            for role in [Role::Admin, Role::ExternalAuditor, Role::Member, Role::Auditor] {
                let refused = at_stage(*stage).may(*verb, &facts(), &person(77, &[role]));
                assert_eq!(refused, Err(Refusal::Forbidden), "{stage:?} {verb:?} {role:?}");
            }
        }
    }
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let objective = at_stage(*stage);
        let stored = serde_json::to_value(&objective).unwrap();
        assert_eq!(serde_json::from_value::<Objective>(stored).unwrap(), objective);
        assert_eq!(objective.takes_actions().is_some(), objective.may_amend(&manager()).is_ok(), "{stage:?}");
    }
}

/// From 79 to 95 in 100 days.
fn path() -> Path {
    Path { baseline: 79.0, target: 95.0, starts_at: at(), ends_at: at() + TimeDelta::days(100) }
}

/// One value a day from the start, on the line `from + slope * day`.
fn line(days: i32, from: f64, slope: f64) -> Vec<(DateTime<Utc>, f64)> {
    (0..=days).map(|n| (at() + TimeDelta::days(n.into()), from + slope * f64::from(n))).collect()
}

#[test]
fn the_straight_way() {
    let path = path();
    let on = |days| at() + TimeDelta::days(days);
    assert_eq!(
        [path.at(on(-5)), path.at(on(0)), path.at(on(50)), path.at(on(100)), path.at(on(300))],
        [79.0, 79.0, 87.0, 95.0, 95.0]
    );
    assert_eq!(
        [path.share(79.0), path.share(87.0), path.share(95.0), path.share(71.0), path.share(99.0)],
        [0.0, 0.5, 1.0, -0.5, 1.25]
    );
    let level = Path { baseline: 95.0, ..path };
    assert_eq!([level.share(95.0), level.share(94.0)], [1.0, 0.0]);
    let instant = Path { ends_at: path.starts_at, ..path };
    assert_eq!(instant.at(path.starts_at), 95.0);
}

#[test]
fn whether_it_gets_there() {
    let on = |days: i64| at() + TimeDelta::days(days);
    let outlook = |value: f64, points: &[(DateTime<Utc>, f64)], days: i64| {
        progress(&path(), &HIGHER, value, points, on(days)).outlook
    };
    // 0.16 a day is the straight way.
    assert_eq!(outlook(88.0, &line(50, 79.0, 0.18), 50), Outlook::OnTrack);
    assert_eq!(outlook(85.0, &line(50, 79.0, 0.12), 50), Outlook::OffTrack, "behind, and too slow");
    assert_eq!(outlook(86.0, &line(50, 76.0, 0.20), 50), Outlook::AtRisk, "behind, and fast enough");
    assert_eq!(outlook(90.0, &line(50, 90.0, 0.0), 50), Outlook::AtRisk, "ahead, and standing still");
    assert_eq!(outlook(96.0, &line(50, 101.0, -0.1), 50), Outlook::AtRisk, "reached, and falling");
    assert_eq!(outlook(96.0, &line(50, 79.0, 0.34), 50), Outlook::OnTrack);
    assert_eq!(outlook(88.0, &[], 50), Outlook::OnTrack, "without a trend the way alone counts");
    assert_eq!(outlook(80.0, &line(1, 79.0, 1.0), 50), Outlook::AtRisk);
    assert_eq!(outlook(94.0, &line(100, 79.0, 0.15), 100), Outlook::OffTrack, "its time is over");
    assert_eq!(outlook(95.0, &line(100, 79.0, 0.16), 100), Outlook::OnTrack);
}

#[test]
fn less_may_be_better() {
    let path = Path { baseline: 12.0, target: 4.0, ..path() };
    let now = at() + TimeDelta::days(50);
    let good = progress(&path, &LOWER, 7.5, &line(50, 12.0, -0.09), now);
    assert_eq!((good.outlook, good.expected), (Outlook::OnTrack, 8.0));
    assert!((good.share - 0.5625).abs() < 1e-12);
    let bad = progress(&path, &LOWER, 9.0, &line(50, 12.0, -0.06), now);
    assert_eq!(bad.outlook, Outlook::OffTrack);
    let range = Goal::WithinRange {
        target: None,
        warning: Range { low: 18.0, high: 22.0 },
        critical: Range { low: 15.0, high: 25.0 },
    };
    let warm = Path { baseline: 26.0, target: 20.0, ..path };
    assert_eq!(progress(&warm, &range, 21.0, &[], now).outlook, Outlook::OnTrack);
    assert_eq!(progress(&warm, &range, 25.0, &[], now).outlook, Outlook::AtRisk);
    assert_eq!(
        progress(&warm, &range, 17.0, &[], now).outlook,
        Outlook::OnTrack,
        "as far from the middle as the way is"
    );
}

#[test]
fn the_trend_says_when() {
    let now = at() + TimeDelta::days(50);
    let forecast = progress(&path(), &HIGHER, 85.0, &line(50, 79.0, 0.125), now).forecast.unwrap();
    assert!((forecast.slope_per_day - 0.125).abs() < 1e-9 && (forecast.at_due - 91.5).abs() < 1e-9);
    assert_eq!(forecast.reaches_on(), Some(day(128)));
    let of = |slope: f64, from: f64| progress(&path(), &HIGHER, 85.0, &line(50, from, slope), now).forecast.unwrap();
    assert_eq!(of(-0.1, 79.0).reaches_at, None, "it leads away");
    assert_eq!(of(0.0, 79.0).reaches_at, None, "it is level");
    assert_eq!(of(0.000_001, 79.0).reaches_at, None, "farther ahead than anybody sees");
    assert_eq!(of(1.0, 79.0).reaches_at, None, "it was there before");
    // One wild figure does not bend it.
    let mut wild = line(50, 79.0, 0.125);
    wild[20].1 = 4_000.0;
    let same = progress(&path(), &HIGHER, 85.0, &wild, now).forecast.unwrap();
    assert!((same.slope_per_day - 0.125).abs() < 1e-9);
}

#[test]
fn the_worst_series_speaks() {
    let seen = |series: &str, days: i64, value| Observation {
        series: series.into(),
        observed_at: at() + TimeDelta::days(days),
        value,
    };
    let all = vec![seen("b", 2, 70.0), seen("a", 1, 90.0), seen("b", 1, 85.0), seen("a", 2, 92.0), seen("a", 3, 93.0)];
    let values =
        |goal: &Goal| worst_by_moment(goal, all.clone()).into_iter().map(|(_, value)| value).collect::<Vec<_>>();
    assert_eq!(values(&HIGHER), [85.0, 70.0, 93.0]);
    assert_eq!(values(&LOWER), [90.0, 92.0, 93.0]);
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}

/// A point a day, each one better by 1: what came before the start would bend the trend.
#[test]
fn what_was_measured_before_the_start_counts_in_nothing() {
    let objective = active(measured());
    let rules = crate::settings::Rules { utc_offset_minutes: 60, ..crate::settings::Rules::default() };
    let (indicator, path) = objective.path(&rules).unwrap();
    assert_eq!(indicator, IndicatorId(Uuid::from_u128(40)));
    let midnight = |ahead| rules.start_of(day(ahead));
    assert_eq!(path, Path { baseline: 79.0, target: 95.0, starts_at: midnight(0), ends_at: midnight(181) });
    assert_eq!(set(measured()).path(&rules), None, "never approved");
    assert_eq!(active(judged()).path(&rules), None, "judged");
    let seen = |hours: i64, value| Observation {
        series: String::new(),
        observed_at: path.starts_at + TimeDelta::hours(hours),
        value,
    };
    let all = [seen(-1, 50.0), seen(0, 79.0), seen(24, 80.0), seen(48, 81.0)];
    let indicator = crate::indicators::tests::active(crate::indicators::tests::draft());
    let now = path.starts_at + TimeDelta::hours(48);
    let come = Measured::of(path, &indicator, &reading(81.0), &all, now).unwrap();
    assert_eq!((come.value, come.unit.as_deref(), come.progress.share), (81.0, Some("%"), 0.125));
    assert_eq!(come.progress.forecast.unwrap().slope_per_day, 1.0);
    let silent = Reading { value: None, ..reading(0.0) };
    assert_eq!(Measured::of(path, &indicator, &silent, &all, now), None);
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let excepted = |rule| Facts { separation: relaxed(rule), ..facts() };
    let expired = |rule| Facts { today: day(400), ..excepted(rule) };
    let silent = Facts { reading: None, ..facts() };
    let low = Facts { reading: Some(reading(79.0)), ..facts() };
    let terms = Terms { measure: None, due_on: None, ..set(measured()).terms };
    let bare = Objective {
        terms,
        requirements: Vec::new(),
        communicated_to: Vec::new(),
        plan: None,
        resources: None,
        evaluation: None,
        ..set(measured())
    };
    let unfounded = Measure::Indicator { indicator: IndicatorId(Uuid::from_u128(40)), baseline: None, target: 95.0 };
    let more = [bare, set(unfounded), set(judged()), active(judged())];
    let objectives = StageName::VARIANTS.iter().map(|stage| at_stage(*stage)).chain(more);
    Refusals::of(
        objectives,
        &[
            facts(),
            late(),
            silent,
            low,
            excepted(Rule::ObjectiveApprover),
            expired(Rule::ObjectiveApprover),
            excepted(Rule::ObjectiveJudge),
            expired(Rule::ObjectiveJudge),
        ],
    )
}
