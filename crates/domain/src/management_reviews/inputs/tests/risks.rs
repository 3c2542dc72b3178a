use super::*;
use crate::acceptance::Acceptance;
use crate::risks::tests::at_stage;
use crate::risks::{Review, Risk, Stage, StageName, TreatmentOption};

fn risk(number: i64, stage: StageName) -> Risk {
    let mut risk = at_stage(stage);
    risk.head.reference = reference(Prefix::Risk, number);
    risk
}

fn accepted(number: i64, until: &str) -> Risk {
    let mut risk = risk(number, StageName::Accepted);
    if let Stage::Accepted { acceptance } = &mut risk.stage {
        acceptance.until = day(until);
    }
    risk
}

/// Named, assessed, treated and retired in the period before.
fn gone(number: i64) -> Risk {
    let mut risk = risk(number, StageName::Treated);
    risk.head.created_at = moment("2026-01-05T00:00:00Z");
    risk.reviews[0].at = moment("2026-01-06T00:00:00Z");
    risk.treatment.as_mut().unwrap().at = moment("2026-02-01T00:00:00Z");
    risk.stage = Stage::Retired { reason: "The tapes are gone".into(), at: moment("2026-02-10T00:00:00Z"), by: None };
    risk
}

/// Each is 20 without treatment and, where it is treated, 8 with it; what nothing else is said of happened in May.
#[test]
fn risks_are_counted_by_level_and_by_what_happened_to_them() {
    let mut identified = risk(1, StageName::Identified);
    identified.head.created_at = moment("2026-02-01T00:00:00Z");
    let mut assessed = risk(2, StageName::Assessed);
    assessed.review_on = Some(day("2026-06-29"));
    let mut treated = risk(3, StageName::Treated);
    treated.review_on = Some(day("2026-06-30"));
    treated.reviews.push(Review { at: moment("2026-06-01T00:00:00Z"), ..treated.reviews[0].clone() });
    treated.acceptances.push(Acceptance {
        reason: "For the winter".into(),
        level: 20,
        until: day("2026-03-01"),
        at: moment("2026-02-01T00:00:00Z"),
        by: member(2),
    });
    let risks = [
        identified,
        assessed,
        treated,
        accepted(4, "2026-09-28"),
        accepted(5, "2026-09-29"),
        risk(6, StageName::Retired),
        gone(7),
    ];
    let results = RiskResults::of(&risks, &[], &spans());
    assert_eq!(results.registered, Compared { now: 5, before: 2 });
    assert_eq!(results.assessed, Compared { now: 4, before: 1 });
    assert_eq!(results.reviewed, Compared { now: 1, before: 0 });
    assert_eq!(results.treated, Compared { now: 3, before: 1 });
    assert_eq!(results.accepted, Compared { now: 2, before: 1 });
    assert_eq!(results.retired, Compared { now: 1, before: 1 });
    assert_eq!((results.open, results.review_overdue, results.left_out), (5, 1, 0));
    assert_eq!(results.acceptance_ends, 1, "within the 91 days from 30 June on");
    let by_state: Vec<(&str, i64)> = results.open_by_state.into_iter().collect();
    assert_eq!(by_state, [("accepted", 2), ("assessed", 1), ("identified", 1), ("treated", 1)]);
    let level = |level, inherent, residual| LevelCount { level, inherent, residual };
    assert_eq!(results.open_by_level, [level(20, 4, 1), level(8, 0, 3)]);
    let told: Vec<i64> = results.items.iter().map(|line| line.reference.number).collect();
    assert_eq!(told, [2, 3, 4, 5, 1], "the highest first");
    let overdue: Vec<bool> = results.items.iter().map(|line| line.review_overdue).collect();
    assert_eq!(overdue, [true, false, false, false, false], "until the last day there is time");
    assert_eq!((results.items[1].inherent, results.items[1].residual), (Some(20), Some(8)));
    assert_eq!(results.items[1].treatment, Some(TreatmentOption::Modify));
    assert_eq!((results.items[2].accepted_until, results.items[4].inherent), (Some(day("2026-09-28")), None));
}

#[test]
fn what_was_accepted_as_it_was_is_not_treated() {
    let mut retained = accepted(1, "2026-09-28");
    retained.treatment.as_mut().unwrap().option = TreatmentOption::Retain;
    let results = RiskResults::of(&[retained], &[], &spans());
    assert_eq!((results.treated.now, results.accepted.now), (0, 1));
}

#[test]
fn the_treatment_plan_goes_by_when_actions_were_done() {
    let mut verified = action(3, ActionStage::Verified, "2026-02-01", "2026-05-02T00:00:00Z");
    verified.completed_at = Some(moment("2026-02-02T00:00:00Z"));
    let actions = [
        action(1, ActionStage::InProgress, "2026-06-29", "2026-05-02T00:00:00Z"),
        action(2, ActionStage::Open, "2026-06-30", "2026-05-02T00:00:00Z"),
        verified,
        action(4, ActionStage::Done, "2026-05-01", "2026-05-02T00:00:00Z"),
        action(5, ActionStage::Cancelled, "2026-05-01", "2026-05-02T00:00:00Z"),
    ];
    let plan = RiskResults::of(&[], &actions, &spans()).treatment_plan;
    assert_eq!((plan.open, plan.overdue, plan.left_out), (2, 1, 0));
    assert_eq!(plan.done, Compared { now: 1, before: 1 });
    let told: Vec<i64> = plan.items.iter().map(|line| line.reference.number).collect();
    assert_eq!(told, [3, 4, 5, 1, 2]);
}
