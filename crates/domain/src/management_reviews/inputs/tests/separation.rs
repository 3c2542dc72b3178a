use super::*;
use crate::separation::Rule as SeparationRule;
use crate::separation::SeparationException;
use crate::separation::tests::relaxed;

fn exception(number: i64, at: &str) -> ExceptionFigure {
    let made = SeparationException {
        rule: SeparationRule::ActionVerifier,
        reason: "There are two of us".into(),
        compensating_control: "The board reads it".into(),
        by: member(1),
        at: moment(at),
    };
    ExceptionFigure { reference: reference(Prefix::Action, number), made }
}

#[test]
fn those_of_the_period_are_listed_and_both_periods_counted() {
    let all = [
        exception(1, "2026-01-20T00:00:00Z"),
        exception(2, "2026-03-31T22:59:59Z"),
        exception(3, "2026-03-31T23:00:00Z"),
        exception(4, "2026-06-30T22:59:59Z"),
        exception(5, "2026-06-30T23:00:00Z"),
    ];
    let told = Exceptions::of(&relaxed(SeparationRule::ActionVerifier), &all, &spans());
    assert_eq!(told.documented, Compared { now: 2, before: 2 });
    let listed: Vec<i64> = told.items.iter().map(|line| line.reference.number).collect();
    assert_eq!((listed, told.left_out), (vec![4, 3], 0), "the newest first");
    let line = &told.items[0];
    assert_eq!(
        (line.rule, line.reason.as_str(), line.by),
        (SeparationRule::ActionVerifier, "There are two of us", member(1))
    );
}

#[test]
fn a_rule_is_told_until_it_is_enforced_and_whether_its_day_has_passed() {
    let rules = relaxed(SeparationRule::CaseVerifier);
    let until = rules.relaxations()[0].until;
    for (today, expired) in [(until, false), (until.succ_opt().unwrap(), true)] {
        let told = Exceptions::of(&rules, &[], &Spans { today, ..spans() });
        let rule = &told.relaxed[0];
        assert_eq!((rule.rule, rule.until, rule.expired), (SeparationRule::CaseVerifier, until, expired), "{today}");
    }
    assert_eq!(Exceptions::of(&Default::default(), &[], &spans()), Exceptions::default());
}

#[test]
fn of_many_the_newest_are_listed() {
    let many: Vec<ExceptionFigure> = (0..205).map(|number| exception(number, "2026-05-01T00:00:00Z")).collect();
    let told = Exceptions::of(&Default::default(), &many, &spans());
    assert_eq!((told.items.len(), told.left_out, told.documented.now), (200, 5, 205));
}
