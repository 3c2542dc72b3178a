use super::*;
use crate::access::Role;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, member, noted_once, person};
use crate::responsibilities::tests::is_handed_over_whole;
use chrono::Days;
use strum::VariantArray;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn facts() -> Facts {
    Facts { today: at().date_naive(), has_climate_decision: false }
}

fn need(text: &str) -> Need {
    Need { text: text.into(), addressed_by: Some("Contracts name a contact for incidents".into()) }
}

pub(crate) fn draft(kind: Kind) -> ContextDraft {
    ContextDraft {
        kind,
        title: "Customers demand certified suppliers".into(),
        description: "Two of three tenders ask for a certificate".into(),
        requirements: (kind == Kind::InterestedParty).then(|| vec![need("Told of incidents within a day")]),
        relevant: (kind == Kind::ClimateChange).then_some(true),
        owner: Some(member(3)),
        review_due_on: Some(at().date_naive() + Days::new(365)),
    }
}

fn current(kind: Kind) -> ContextEntry {
    ContextEntry::record(draft(kind), &facts(), &manager(), birth(Prefix::ContextEntry)).unwrap().into_after()
}

fn apply(entry: ContextEntry, verb: Verb) -> Result<ContextEntry, Refusal> {
    let (f, by, some) = (facts(), manager(), "because".to_owned());
    match verb {
        Verb::Review => entry.review(Review { conclusion: some, review_due_on: None }, &f, &by, at()),
        Verb::Retire => entry.retire(some, &f, &by, at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> ContextEntry {
    match stage {
        StageName::Current => current(Kind::InternalIssue),
        StageName::Retired => apply(current(Kind::InternalIssue), Verb::Retire).unwrap(),
    }
}

fn faults_of(refused: Result<Change<ContextEntry>, Refusal>) -> Vec<String> {
    let Err(Refusal::Invalid(faults)) = refused else { panic!("{refused:?}") };
    faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let ends: Vec<StageName> = match apply(at_stage(*stage), *verb) {
                Ok(after) => vec![after.stage.name()],
                Err(Refusal::State(reasons)) if reasons[0].code == "wrong_state" => Vec::new(),
                Err(refusal) => panic!("{stage:?} {verb:?} {refusal:?}"),
            };
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn each_kind_says_what_is_its_own() {
    let record =
        |draft| ContextEntry::record(draft, &facts(), &manager(), birth(Prefix::ContextEntry)).map(Change::into_after);
    for kind in Kind::VARIANTS {
        assert_eq!(record(draft(*kind)).unwrap().matter.kind(), *kind);
    }
    let all = |kind| ContextDraft { requirements: Some(vec![need("x")]), relevant: Some(false), ..draft(kind) };
    let refused = |draft| faults_of(ContextEntry::record(draft, &facts(), &manager(), birth(Prefix::ContextEntry)));
    for kind in [Kind::ExternalIssue, Kind::InternalIssue] {
        assert_eq!(refused(all(kind)), ["/requirements not_applicable", "/relevant not_applicable"]);
    }
    assert_eq!(refused(all(Kind::InterestedParty)), ["/relevant not_applicable"]);
    assert_eq!(refused(all(Kind::ClimateChange)), ["/requirements not_applicable"]);
    let none = |kind| ContextDraft { requirements: None, relevant: None, ..draft(kind) };
    assert_eq!(refused(none(Kind::InterestedParty)), ["/requirements length"]);
    assert_eq!(refused(none(Kind::ClimateChange)), ["/relevant required"]);
}

#[test]
fn every_fault_of_a_draft_is_named() {
    let wrong = ContextDraft {
        title: " ".into(),
        description: "a\0".into(),
        requirements: Some(vec![need("x"), Need { text: "\n".into(), addressed_by: Some(String::new()) }]),
        review_due_on: at().date_naive().pred_opt(),
        ..draft(Kind::InterestedParty)
    };
    let refused = ContextEntry::record(wrong, &facts(), &manager(), birth(Prefix::ContextEntry));
    assert_eq!(
        faults_of(refused),
        [
            "/title blank",
            "/description forbidden_character",
            "/requirements/1/text blank",
            "/requirements/1/addressed_by blank",
            "/review_due_on out_of_range",
        ]
    );
}

#[test]
fn one_climate_decision_is_in_force() {
    let decided = Facts { has_climate_decision: true, ..facts() };
    let record = |kind| ContextEntry::record(draft(kind), &decided, &manager(), birth(Prefix::ContextEntry)).map(drop);
    assert!(matches!(record(Kind::ClimateChange), Err(Refusal::State(reasons)) if reasons[0].code == "one_in_force"));
    assert_eq!(record(Kind::ExternalIssue), Ok(()));
}

#[test]
fn who_watches_an_entry_reviews_it_and_decides_nothing() {
    let (watcher, stranger) = (person(3, &[Role::Member]), person(4, &[Role::Member]));
    let review = || Review { conclusion: "Still so".into(), review_due_on: None };
    let entry = || current(Kind::ExternalIssue);
    assert!(entry().review(review(), &facts(), &watcher, at()).is_ok());
    assert_eq!(entry().review(review(), &facts(), &stranger, at()), Err(Refusal::Forbidden));
    assert_eq!(entry().retire("x".into(), &facts(), &watcher, at()), Err(Refusal::Forbidden));
    let amendment = ContextAmendment { title: Some("Reworded".into()), ..ContextAmendment::default() };
    assert!(entry().amend(amendment.clone(), &facts(), &watcher, at()).is_ok());
    let given_away = ContextAmendment { owner: Some(Some(member(4))), ..amendment };
    assert_eq!(entry().amend(given_away, &facts(), &watcher, at()), Err(Refusal::Forbidden));
    for role in [Role::Admin, Role::Auditor, Role::Member, Role::ExternalAuditor] {
        let recorded = ContextEntry::record(
            draft(Kind::ExternalIssue),
            &facts(),
            &person(9, &[role]),
            birth(Prefix::ContextEntry),
        );
        assert_eq!(recorded, Err(Refusal::Forbidden), "{role:?}");
    }
}

#[test]
fn a_review_is_no_change_and_an_amendment_is() {
    let later = at() + chrono::TimeDelta::days(30);
    let reviewed = current(Kind::ExternalIssue)
        .review(
            Review { conclusion: "Still so".into(), review_due_on: None },
            &Facts { today: later.date_naive(), ..facts() },
            &manager(),
            later,
        )
        .unwrap()
        .into_after();
    assert_eq!((reviewed.changed_at, reviewed.last_review.on), (at(), later.date_naive()));
    let amend = |amendment| reviewed.clone().amend(amendment, &facts(), &manager(), later).unwrap().into_after();
    let owner = ContextAmendment { owner: Some(None), ..ContextAmendment::default() };
    assert_eq!(amend(owner).changed_at, at(), "who watches it is not what it says");
    let text = ContextAmendment { description: Some("All tenders".into()), ..ContextAmendment::default() };
    assert_eq!(amend(text).changed_at, later);
    let refused = reviewed.clone().amend(
        ContextAmendment { relevant: Some(true), title: Some(String::new()), ..ContextAmendment::default() },
        &facts(),
        &manager(),
        later,
    );
    assert_eq!(faults_of(refused), ["/title blank", "/relevant not_applicable"]);
    let party = current(Kind::InterestedParty);
    let emptied = ContextAmendment { requirements: Some(Vec::new()), ..ContextAmendment::default() };
    assert_eq!(faults_of(party.amend(emptied, &facts(), &manager(), later)), ["/requirements length"]);
}

#[test]
fn what_is_due_waits_for_whoever_watches_it() {
    let entry = current(Kind::ExternalIssue);
    assert_eq!(entry.work(), [Work::of(member(3), entry.review_due_on)]);
    let nobody = ContextEntry { owner: None, ..entry.clone() };
    assert_eq!(nobody.work(), [Work::of_whoever(Permission::SteerContext, None, entry.review_due_on)]);
    assert!(apply(entry, Verb::Retire).unwrap().work().is_empty());
}

#[test]
fn the_projection_is_read_back() {
    for kind in Kind::VARIANTS {
        for entry in [current(*kind), apply(current(*kind), Verb::Retire).unwrap()] {
            let stored = serde_json::to_value(&entry).unwrap();
            assert_eq!(serde_json::from_value::<ContextEntry>(stored).unwrap(), entry);
        }
    }
}

#[test]
fn a_review_that_is_overdue_is_noted_once() {
    let day = at().date_naive() + Days::new(365);
    let entry = current(Kind::InternalIssue);
    let late = noted_once(entry, day, "context_entry.review_fell_due", ContextEntry::fall_due);
    assert_eq!(late.wakes(), None);
    let review = Review { conclusion: "It holds".into(), review_due_on: Some(day + Days::new(365)) };
    assert!(late.review(review, &facts(), &manager(), at()).unwrap().after().wakes().is_some());
    assert_eq!(at_stage(StageName::Retired).wakes(), None);
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let decided = Facts { has_climate_decision: true, ..facts() };
    Refusals::of(StageName::VARIANTS.iter().map(|stage| at_stage(*stage)), &[facts()]).and(
        "record",
        ContextEntry::record(draft(Kind::ClimateChange), &decided, &manager(), birth(Prefix::ContextEntry)),
    )
}
