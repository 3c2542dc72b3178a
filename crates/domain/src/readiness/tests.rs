use super::*;
use crate::catalogue::{CLAUSES, CONTROLS};
use crate::id::RecordId;
use crate::reference::Prefix;
use std::collections::BTreeSet;
use std::fmt::Write;
use uuid::Uuid;

fn found(count: i64) -> Found {
    let first = (0..count.min(5)).map(|_| Target { kind: Prefix::Policy, id: RecordId(Uuid::nil()) });
    Found { count, migrated: 0, first: first.collect() }
}

/// What every check says of nothing, of proof, of an offence, of both; and what it would have done about it.
#[test]
fn what_each_check_asks() {
    let mut table = String::new();
    for check in Check::all() {
        let terms = check.terms();
        writeln!(table, "{} [{}]\n  {}", check.id(), terms.clauses.join(", "), terms.question).unwrap();
        let least = match terms.rule {
            Rule::There { least, .. } => least,
            Rule::Each { .. } => 1,
        };
        for (proof, offending) in [(0, 0), (least, 0), (0, 1), (least, 1)] {
            let outcome = terms.rule.judge(proof, offending);
            write!(table, "  {proof}:{offending} {}", <&str>::from(outcome)).unwrap();
            if let Some(reason) = terms.reason(outcome) {
                write!(table, ": {reason}").unwrap();
            }
            if let Some(Remedy { method, path }) = terms.remedy(outcome, offending) {
                write!(table, " -> {method} {path}").unwrap();
            }
            table.push('\n');
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn checks_are_known_by_one_id_and_rest_on_known_clauses() {
    let checks = Check::all();
    let ids: BTreeSet<&str> = checks.iter().map(|check| check.id()).collect();
    assert_eq!(ids.len(), checks.len());
    let known: BTreeSet<&str> = CLAUSES.iter().chain(CONTROLS).map(|requirement| requirement.number).collect();
    for check in checks {
        let terms = check.terms();
        assert!(!terms.clauses.is_empty(), "{check:?}");
        assert!(terms.clauses.iter().all(|clause| known.contains(clause)), "{check:?}: {:?}", terms.clauses);
        assert!(terms.question.ends_with('?'), "{check:?}");
    }
}

#[test]
fn what_offends_can_be_mended() {
    for check in Check::all() {
        let terms = check.terms();
        for (proof, offending) in [(0, 0), (1, 0), (0, 1), (1, 1)] {
            let outcome = terms.rule.judge(proof, offending);
            let amiss = matches!(outcome, Outcome::Partly | Outcome::NotMet);
            // Of what nothing can offend, nothing needs to be settled.
            let settled = offending > 0 && terms.mend.is_none();
            assert!(settled || terms.remedy(outcome, offending).is_some() == amiss, "{check:?} {proof}:{offending}");
            assert_eq!(terms.reason(outcome).is_some(), outcome == Outcome::NotApplicable, "{check:?}");
        }
    }
}

#[test]
fn some_are_not_enough_where_many_are_needed() {
    let rule = Check::Policy(PolicyCheck::ControlsDecided).terms().rule;
    let outcomes = [0, 1, 92, 93].map(|proof| rule.judge(proof, 0));
    assert_eq!(outcomes, [Outcome::NotMet, Outcome::Partly, Outcome::Partly, Outcome::Met]);
    assert_eq!(CONTROLS.len(), 93);
}

#[test]
fn a_score_is_of_what_applies() {
    let nothing = Readiness::of(Check::all().into_iter().map(|check| (check, Tally::default())));
    assert_eq!(nothing.score, Some(0));
    assert_eq!(nothing.steps.len(), Step::VARIANTS.len());
    assert!(nothing.steps.iter().all(|step| step.score == Some(0)), "{:?}", nothing.steps);
    let proof = |check: Check| (check, Tally { proof: found(100), offending: found(0) });
    let all = Readiness::of(Check::all().into_iter().map(proof));
    assert_eq!(all.score, Some(100));
    let three = [
        (Check::Monitoring(MonitoringCheck::IndicatorsInUse), Tally { proof: found(3), offending: found(1) }),
        (Check::Monitoring(MonitoringCheck::IndicatorsOwned), Tally { proof: found(7), offending: found(0) }),
        (Check::Monitoring(MonitoringCheck::SignalsAnswered), Tally::default()),
        (Check::Change(ChangeCheck::ChangeTasksDone), Tally::default()),
    ];
    let three = Readiness::of(three);
    assert_eq!(three.score, Some(75));
    let score = |of: Step| three.steps.iter().find(|step| step.step == of).unwrap().score;
    assert_eq!((score(Step::Monitoring), score(Step::ChangeManagement)), (Some(75), None));
    let one = three.answers.iter().find(|answered| answered.check == "indicators-in-use").unwrap();
    assert_eq!((one.outcome, one.proof.count, one.proof.first.len()), (Outcome::Partly, 3, 3));
}

#[test]
fn what_is_kept_of_a_day_is_read_back() {
    let checks = Check::all().into_iter().map(|check| (check, Tally { proof: found(2), offending: found(9) }));
    let readiness = Readiness::of(checks);
    let kept = serde_json::to_string(&readiness).unwrap();
    assert_eq!(serde_json::from_str::<Readiness>(&kept).unwrap(), readiness);
}
