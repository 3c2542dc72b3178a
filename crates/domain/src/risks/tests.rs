use super::*;
use crate::acceptance::Accept;
use crate::access::{Identity, Role};
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, member, person};
use crate::mistakes::Voidable;
use crate::responsibilities::tests::is_handed_over_whole;
use chrono::Days;
use strum::VariantArray;

/// Manager 1, management 2, owner 9.
fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn management() -> Actor {
    person(2, &[Role::Management])
}

fn system() -> Actor {
    Actor { identity: Identity::System { worker: "schedule" }, ..manager() }
}

fn today() -> NaiveDate {
    at().date_naive()
}

fn facts() -> Facts {
    Facts { open_actions: 0, today: today() }
}

fn rating(likelihood: i64, impact: i64) -> Rating {
    Rating { likelihood, impact }
}

fn draft() -> RiskDraft {
    RiskDraft {
        title: "Backups cannot be read".into(),
        description: "A tape drive writes what it cannot read; a restore fails when it is needed".into(),
        external_reference: Some("GRC-17".into()),
        origin: None,
        controls: vec!["A.8.13".into()],
    }
}

fn identified() -> Risk {
    Risk::register(draft(), &manager(), birth(Prefix::Risk)).unwrap().into_after()
}

fn assess() -> Assess {
    Assess {
        inherent: rating(4, 5),
        rationale: "Three of twenty failed".into(),
        owner: member(9),
        review_on: today() + Days::new(90),
    }
}

fn treat(residual: Rating) -> Treat {
    Treat { option: TreatmentOption::Modify, description: "Restores are tried monthly".into(), residual }
}

fn accept(until: NaiveDate) -> Accept {
    Accept { reason: "What is left is bearable".into(), until }
}

fn review(inherent: Rating, residual: Option<Rating>) -> ReviewRisk {
    ReviewRisk { inherent, residual, rationale: "A year on".into(), review_on: today() + Days::new(365) }
}

/// Applies `verb` with an input that only the stage or the role can refuse; the second way raises the level.
fn apply(risk: Risk, verb: Verb, way: usize) -> Result<Risk, Refusal> {
    let (f, by) = (facts(), manager());
    match verb {
        Verb::Assess => risk.assess(assess(), &f, &by, at()),
        Verb::Treat => risk.treat(treat(rating(2, 4)), &f, &by, at()),
        Verb::Accept => risk.accept(accept(today()), &f, &management(), at()),
        Verb::Review => {
            let left = if way == 0 { rating(1, 4) } else { rating(5, 4) };
            let residual = risk.treatment.as_ref().map(|_| left);
            risk.review(review(rating(5, 5), residual), &f, &by, at())
        }
        Verb::Retire => risk.retire("The tapes are gone".into(), &f, &by, at()),
        Verb::Void => risk.void("Entered twice".into(), &f, &by, at()),
    }
    .map(Change::into_after)
}

pub(crate) fn at_stage(stage: StageName) -> Risk {
    let path: &[Verb] = match stage {
        StageName::Identified => &[],
        StageName::Assessed => &[Verb::Assess],
        StageName::Treated => &[Verb::Assess, Verb::Treat],
        StageName::Accepted => &[Verb::Assess, Verb::Treat, Verb::Accept],
        StageName::Retired => &[Verb::Retire],
        StageName::Void => &[Verb::Void],
    };
    path.iter().fold(identified(), |risk, verb| apply(risk, *verb, 0).unwrap())
}

fn codes<T: std::fmt::Debug>(result: Result<T, Refusal>) -> Vec<String> {
    match result {
        Err(Refusal::State(reasons)) => reasons.into_iter().map(|reason| reason.code).collect(),
        Err(Refusal::Invalid(faults)) => {
            faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let mut ends = Vec::new();
            for way in [0, 1] {
                match apply(at_stage(*stage), *verb, way) {
                    Ok(after) => ends.push(after.stage.name()),
                    Err(refusal) => assert_eq!(codes::<()>(Err(refusal))[0], "wrong_state", "{stage:?} {verb:?}"),
                }
            }
            ends.dedup();
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn refuses_every_fault_at_once() {
    let wrong = RiskDraft {
        title: " ".into(),
        description: String::new(),
        external_reference: Some("a\nb".into()),
        controls: vec!["8.13".into()],
        ..draft()
    };
    assert_eq!(
        codes(Risk::register(wrong, &manager(), birth(Prefix::Risk))),
        ["/title blank", "/description blank", "/external_reference control_character", "/controls/0 unknown_control",]
    );
    let wrong = Assess { inherent: rating(6, 0), rationale: " ".into(), review_on: today() - Days::new(1), ..assess() };
    assert_eq!(
        codes(identified().assess(wrong, &facts(), &manager(), at())),
        [
            "/inherent/likelihood out_of_range",
            "/inherent/impact out_of_range",
            "/rationale blank",
            "/review_on out_of_range",
        ]
    );
}

#[test]
fn the_level_is_what_is_left_of_it() {
    assert_eq!(identified().level(), None);
    assert_eq!(at_stage(StageName::Assessed).level(), Some(20));
    assert_eq!(at_stage(StageName::Treated).level(), Some(8));
}

#[test]
fn treatment_makes_nothing_graver_and_is_in_place() {
    let assessed = || at_stage(StageName::Assessed);
    let treated = |input| assessed().treat(input, &facts(), &manager(), at());
    assert_eq!(codes(treated(treat(rating(5, 5)))), ["/residual above_inherent"]);
    let retain = Treat { option: TreatmentOption::Retain, ..treat(rating(1, 1)) };
    assert_eq!(codes(treated(retain)), ["/option accept_instead"]);
    let busy = Facts { open_actions: 1, ..facts() };
    assert_eq!(codes(assessed().may(Verb::Treat, &busy, &manager())), ["open_actions"]);
}

#[test]
fn a_review_keeps_both_levels() {
    let treated = at_stage(StageName::Treated);
    let reviewed = |risk: Risk, input| risk.review(input, &facts(), &manager(), at());
    assert_eq!(codes(reviewed(treated.clone(), review(rating(4, 5), None))), ["/residual required"]);
    let assessed = at_stage(StageName::Assessed);
    let none = review(rating(4, 5), Some(rating(1, 1)));
    assert_eq!(codes(reviewed(assessed, none)), ["/residual not_applicable"]);
    let after = reviewed(treated, review(rating(3, 5), Some(rating(1, 5)))).unwrap().into_after();
    assert_eq!((after.inherent, after.residual), (Some(rating(3, 5)), Some(rating(1, 5))));
    let history: Vec<_> = after.reviews.iter().map(|review| (review.inherent, review.residual)).collect();
    assert_eq!(history, [(rating(4, 5), None), (rating(3, 5), Some(rating(1, 5)))]);
}

#[test]
fn management_accepts_until_a_day_and_then_it_returns() {
    let treated = || at_stage(StageName::Treated);
    assert_eq!(treated().may(Verb::Accept, &facts(), &manager()), Err(Refusal::Forbidden));
    let until = today() + Days::new(30);
    let accepted = treated().accept(accept(until), &facts(), &management(), at()).unwrap().into_after();
    assert_eq!(accepted.wakes(), Some(Wake::On(until + Days::new(1))), "before the review");
    assert_eq!(codes(accepted.clone().end_acceptance(until, &system(), at())), ["not_over"]);
    let later = until + Days::new(1);
    assert_eq!(accepted.clone().end_acceptance(later, &management(), at()).unwrap_err(), Refusal::Forbidden);
    let returned = accepted.end_acceptance(later, &system(), at()).unwrap().into_after();
    assert_eq!((returned.stage.name(), returned.acceptances.len()), (StageName::Treated, 1));
    // Taken as it is without any treatment, it is retained.
    let retained = at_stage(StageName::Assessed).accept(accept(until), &facts(), &management(), at()).unwrap();
    let retained = retained.into_after();
    assert_eq!(retained.treatment.map(|treatment| treatment.option), Some(TreatmentOption::Retain));
    assert_eq!(retained.residual, Some(rating(4, 5)));
}

#[test]
fn above_the_accepted_level_the_acceptance_ends() {
    let graver = apply(at_stage(StageName::Accepted), Verb::Review, 1).unwrap();
    assert_eq!((graver.stage.name(), graver.acceptances.len()), (StageName::Treated, 1));
    let same = apply(at_stage(StageName::Accepted), Verb::Review, 0).unwrap();
    assert_eq!((same.stage.name(), same.acceptances.len()), (StageName::Accepted, 0));
}

#[test]
fn an_overdue_review_is_noted_once() {
    let risk = at_stage(StageName::Assessed);
    let due = risk.review_on.unwrap();
    assert_eq!(risk.wakes(), Some(Wake::On(due + Days::new(1))));
    assert_eq!(codes(risk.clone().fall_due(due, &system(), at())), ["not_overdue"]);
    assert_eq!(risk.clone().fall_due(due + Days::new(1), &manager(), at()).unwrap_err(), Refusal::Forbidden);
    let noted = risk.fall_due(due + Days::new(1), &system(), at()).unwrap().into_after();
    assert_eq!(noted.wakes(), None);
    assert_eq!(codes(noted.clone().fall_due(due + Days::new(2), &system(), at())), ["not_overdue"]);
    let both = at_stage(StageName::Treated).accept(accept(due), &facts(), &management(), at()).unwrap().into_after();
    assert!(both.is_acceptance_over(due + Days::new(1)) && both.is_review_overdue(due + Days::new(1)));
    let reviewed = apply(noted, Verb::Review, 0).unwrap();
    assert_eq!(reviewed.wakes(), Some(Wake::On(today() + Days::new(366))), "it rings anew");
}

#[test]
fn the_owner_works_it_and_does_not_retire_it() {
    let owner = person(9, &[Role::Member]);
    let assessed = at_stage(StageName::Assessed);
    for verb in [Verb::Treat, Verb::Review] {
        assert_eq!(assessed.may(verb, &facts(), &owner), Ok(()));
    }
    assert_eq!(assessed.may(Verb::Retire, &facts(), &owner), Err(Refusal::Forbidden));
    let title = || Amendment { title: Some("Other".into()), ..Amendment::default() };
    assert!(assessed.amend(title(), &owner, at()).is_ok());
    let early = Amendment { owner: Some(member(9)), ..Amendment::default() };
    assert_eq!(codes(identified().amend(early, &manager(), at())), ["not_assessed"]);
    assert_eq!(codes(at_stage(StageName::Retired).amend(title(), &manager(), at())), ["wrong_state"]);
    // Another tool feeds the register; it decides nothing.
    let tool = machine(&[Permission::RegisterRisk, Permission::SteerRisk]);
    assert!(Risk::register(draft(), &tool, birth(Prefix::Risk)).is_ok());
    assert_eq!(at_stage(StageName::Assessed).may(Verb::Accept, &facts(), &tool), Err(Refusal::Forbidden));
}

#[test]
fn a_role_without_the_permission_is_refused_in_every_stage() {
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            for role in [Role::Admin, Role::ExternalAuditor, Role::Member, Role::Auditor] {
                assert_eq!(
                    at_stage(*stage).may(*verb, &facts(), &person(77, &[role])),
                    Err(Refusal::Forbidden),
                    "{stage:?} {verb:?} {role:?}"
                );
            }
        }
    }
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let risk = at_stage(*stage);
        let stored = serde_json::to_value(&risk).unwrap();
        assert_eq!(serde_json::from_value::<Risk>(stored).unwrap(), risk);
    }
}

#[test]
fn what_was_accepted_or_is_worked_on_is_not_taken_back() {
    let accepted = at_stage(StageName::Accepted);
    let later = today() + Days::new(1);
    let returned = accepted.end_acceptance(later, &system(), at()).unwrap().into_after();
    let busy = Facts { open_actions: 3, ..facts() };
    let Err(Refusal::State(reasons)) = returned.void("so".into(), &busy, &manager(), at()) else { panic!() };
    let said: Vec<&str> = reasons.iter().map(|reason| reason.detail.as_str()).collect();
    assert_eq!(
        said,
        [
            "3 of its actions are open: finish or cancel them first",
            "management has accepted it: what was approved is not taken back"
        ]
    );
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let returned = at_stage(StageName::Accepted).end_acceptance(today() + Days::new(1), &system(), at());
    let risks = StageName::VARIANTS.iter().map(|stage| at_stage(*stage)).chain([returned.unwrap().into_after()]);
    Refusals::of(risks, &[facts(), Facts { open_actions: 2, ..facts() }])
}
