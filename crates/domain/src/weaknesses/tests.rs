use super::*;
use crate::acceptance::Accept;
use crate::access::{Identity, Role};
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, member, person};
use crate::mistakes::Voidable;
use crate::responsibilities::tests::is_handed_over_whole;
use chrono::{Days, NaiveDate};
use strum::VariantArray;
use uuid::Uuid;

/// Reporter 4, manager 1, management 2, owner 9.
fn reporter() -> Actor {
    person(4, &[Role::Member])
}

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
    Facts { case: None, today: today() }
}

fn with(case: CaseState) -> Facts {
    Facts { case: Some(case), ..facts() }
}

fn draft() -> WeaknessDraft {
    WeaknessDraft {
        title: "The gate closes too slowly".into(),
        description: "Somebody can walk in behind who opened it".into(),
        found_in: "Gate 2".into(),
        origin: None,
        reporter: Some(member(4)),
    }
}

fn reported() -> Weakness {
    Weakness::report(draft(), &reporter(), birth(Prefix::Weakness)).unwrap().into_after()
}

fn assess() -> Assess {
    Assess { rating: Rating { likelihood: 4, impact: 3 }, rationale: "Seen twice".into(), owner: member(9) }
}

fn accept(until: NaiveDate) -> Accept {
    Accept { reason: "A turnstile comes in spring".into(), until }
}

fn treat() -> Treat {
    Treat { objective_evidence: "Eleven seconds".into(), requirement: Some("A.7.2".into()), due_on: None }
}

/// Applies `verb` with an input that only the stage or the role can refuse.
fn apply(weakness: Weakness, verb: Verb) -> Result<Weakness, Refusal> {
    let (by, some) = (manager(), || "because".to_owned());
    match verb {
        Verb::Assess => weakness.assess(assess(), &with(CaseState::Rejected), &by, at()),
        Verb::Reject => weakness.reject(some(), &facts(), &by, at()),
        Verb::Treat => {
            return Ok(weakness.treat(treat(), &facts(), &by, birth(Prefix::Nonconformity))?.1.into_after());
        }
        Verb::Accept => weakness.accept(accept(today()), &facts(), &management(), at()),
        Verb::Close => weakness.close(some(), &with(CaseState::Closed), &by, at()),
        Verb::Void => weakness.void(some(), &facts(), &by, at()),
        Verb::MarkDuplicate => weakness.mark_duplicate(&other(), 0, &facts(), &by, at()),
    }
    .map(Change::into_after)
}

/// Another one.
fn other() -> Weakness {
    let mut other = reported();
    other.head.id = Uuid::from_u128(700);
    other
}

fn at_stage(stage: StageName) -> Weakness {
    let path: &[Verb] = match stage {
        StageName::Reported => &[],
        StageName::Rejected => &[Verb::Reject],
        StageName::Assessed => &[Verb::Assess],
        StageName::Treating => &[Verb::Assess, Verb::Treat],
        StageName::Accepted => &[Verb::Assess, Verb::Accept],
        StageName::Closed => &[Verb::Assess, Verb::Treat, Verb::Close],
        StageName::Void => &[Verb::Assess, Verb::Void],
        StageName::Duplicate => &[Verb::MarkDuplicate],
    };
    path.iter().fold(reported(), |weakness, verb| apply(weakness, *verb).unwrap())
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
            let ends = match apply(at_stage(*stage), *verb) {
                Ok(after) => vec![after.stage.name()],
                Err(refusal) => {
                    assert_eq!(codes::<()>(Err(refusal))[0], "wrong_state", "{stage:?} {verb:?}");
                    Vec::new()
                }
            };
            assert_eq!(ends, edge(*stage, *verb), "{stage:?} {verb:?}");
            table.push_str(&format!("{stage:?} {verb:?} -> {ends:?}\n"));
        }
    }
    insta::assert_snapshot!(table);
}

#[test]
fn refuses_every_fault_at_once() {
    let wrong = WeaknessDraft { title: " ".into(), description: String::new(), found_in: "a\nb".into(), ..draft() };
    assert_eq!(
        codes(Weakness::report(wrong, &reporter(), birth(Prefix::Weakness))),
        ["/title blank", "/description blank", "/found_in control_character"]
    );
    let wrong = Assess { rating: Rating { likelihood: 0, impact: 6 }, rationale: " ".into(), ..assess() };
    assert_eq!(
        codes(reported().assess(wrong, &facts(), &manager(), at())),
        ["/rating/likelihood out_of_range", "/rating/impact out_of_range", "/rationale blank"]
    );
}

#[test]
fn its_nonconformity_says_where_it_comes_from() {
    let (case, weakness) =
        at_stage(StageName::Assessed).treat(treat(), &facts(), &manager(), birth(Prefix::Nonconformity)).unwrap();
    assert_eq!(case.after().origin, Some(Target::of(weakness.after())));
    assert_eq!(case.after().title, weakness.after().title);
    assert_eq!(weakness.after().nonconformity(), Some(NonconformityId(case.after().head.id)));
    let edges = weakness.after().edges();
    assert_eq!((edges[0].relation, edges[0].to), (Relation::Addresses, Target::of(weakness.after())));
    let other = NonconformityId(Uuid::from_u128(70));
    let joined = at_stage(StageName::Assessed).treat_by(other, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(joined.nonconformity(), Some(other));
}

#[test]
fn it_is_gone_when_its_nonconformity_is_closed() {
    let treating = at_stage(StageName::Treating);
    for (case, code) in [(CaseState::Open, "case_is_open"), (CaseState::Rejected, "case_was_rejected")] {
        assert_eq!(codes(treating.may(Verb::Close, &with(case), &manager())), [code]);
    }
    for case in [CaseState::Open, CaseState::Closed] {
        assert_eq!(codes(treating.may(Verb::Assess, &with(case), &manager())), ["being_treated"]);
    }
    let blank = treating.close(" ".into(), &with(CaseState::Closed), &manager(), at());
    assert_eq!(codes(blank), ["/evidence blank"]);
}

#[test]
fn management_accepts_until_a_day_and_then_it_returns() {
    let assessed = || at_stage(StageName::Assessed);
    assert_eq!(assessed().may(Verb::Accept, &facts(), &manager()), Err(Refusal::Forbidden));
    assert_eq!(codes(assessed().accept(accept(today()), &facts(), &system(), at())), ["person_needed"]);
    for until in [today() - Days::new(1), today() + Days::new(367)] {
        assert_eq!(codes(assessed().accept(accept(until), &facts(), &management(), at())), ["/until out_of_range"]);
    }
    let until = today() + Days::new(30);
    let accepted = assessed().accept(accept(until), &facts(), &management(), at()).unwrap().into_after();
    let Stage::Accepted { acceptance } = &accepted.stage else { panic!("{accepted:?}") };
    assert_eq!((acceptance.level, acceptance.by), (12, member(2)));
    assert_eq!(accepted.wakes(), Some(Wake::On(until + Days::new(1))));
    let later = until + Days::new(1);
    assert_eq!(accepted.clone().end_acceptance(later, &management(), at()).unwrap_err(), Refusal::Forbidden);
    assert_eq!(codes(accepted.clone().end_acceptance(until, &system(), at())), ["not_over"]);
    let returned = accepted.end_acceptance(later, &system(), at()).unwrap().into_after();
    assert_eq!((returned.stage.name(), returned.acceptances.len(), returned.wakes()), (StageName::Assessed, 1, None));
    assert!(!returned.work().is_empty(), "it waits for its owner");
}

#[test]
fn assessed_anew_its_acceptance_ends() {
    let again = at_stage(StageName::Accepted).assess(assess(), &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!((again.stage.name(), again.acceptances.len()), (StageName::Assessed, 1));
}

#[test]
fn the_reporter_words_it_and_the_owner_works_it() {
    let title = || Amendment { title: Some("Other".into()), ..Amendment::default() };
    let owner = person(9, &[Role::Member]);
    assert!(reported().amend(title(), &reporter(), at()).is_ok());
    assert_eq!(reported().may(Verb::Assess, &facts(), &reporter()), Err(Refusal::Forbidden));
    let assessed = at_stage(StageName::Assessed);
    assert_eq!(assessed.clone().amend(title(), &reporter(), at()).unwrap_err(), Refusal::Forbidden);
    assert_eq!(assessed.may(Verb::Treat, &facts(), &owner), Ok(()));
    assert!(assessed.amend(title(), &owner, at()).is_ok());
    assert_eq!(codes(at_stage(StageName::Closed).amend(title(), &manager(), at())), ["wrong_state"]);
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
        let weakness = at_stage(*stage);
        let stored = serde_json::to_value(&weakness).unwrap();
        assert_eq!(serde_json::from_value::<Weakness>(stored).unwrap(), weakness);
    }
}

#[test]
fn what_is_treated_or_was_accepted_is_not_taken_back() {
    let treating = at_stage(StageName::Treating);
    for verb in [Verb::Void, Verb::MarkDuplicate] {
        assert_eq!(codes(treating.may(verb, &with(CaseState::Open), &manager())), ["being_treated"]);
        assert_eq!(treating.may(verb, &with(CaseState::Rejected), &manager()), Ok(()));
    }
    let again = at_stage(StageName::Accepted).assess(assess(), &facts(), &manager(), at()).unwrap().into_after();
    let Err(Refusal::State(reasons)) = again.void("so".into(), &facts(), &manager(), at()) else { panic!() };
    assert_eq!(reasons[0].detail, "management has accepted it: what was approved is not taken back");
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let accepted = at_stage(StageName::Accepted);
    let returned = accepted.end_acceptance(today() + Days::new(1), &system(), at());
    let weaknesses = StageName::VARIANTS.iter().map(|stage| at_stage(*stage)).chain([returned.unwrap().into_after()]);
    Refusals::of(weaknesses, &[facts(), with(CaseState::Open), with(CaseState::Closed), with(CaseState::Rejected)])
}

fn scan() -> scan::Scan {
    scan::Scan {
        tool: "Scanner".into(),
        tool_version: None,
        rule: "S1".into(),
        level: scan::Level::Error,
        severity: Some(75),
        help_uri: Some("https://scanner.example/S1".into()),
        places: vec!["a.py:3".into(), "b.py:7".into()],
        occurrences: 2,
        recurrence_of: None,
    }
}

fn found(scan: scan::Scan) -> Result<Weakness, Refusal> {
    let told = scan::Found { scan, name: Some("A secret in the code".into()), description: None, message: None };
    Weakness::found(told, None, &reporter(), birth(Prefix::Weakness)).map(Change::into_after)
}

#[test]
fn what_a_scanner_says_is_made_to_fit() {
    let weakness = found(scan()).unwrap();
    assert_eq!(
        (weakness.title.as_str(), weakness.found_in.as_str(), weakness.description.as_str()),
        ("Scanner: A secret in the code", "a.py:3 and 1 more", "S1 of Scanner")
    );
    let wild = scan::Scan {
        tool: format!("S\u{202e}\n{}", "x".repeat(300)),
        help_uri: Some("javascript:alert(1)".into()),
        places: (0..80).map(|n| format!("{n:03}{}", "p".repeat(300))).collect(),
        occurrences: 0,
        ..scan()
    };
    let fitted = found(wild).unwrap();
    let kept = fitted.scan.clone().unwrap();
    assert_eq!((kept.tool.chars().count(), kept.help_uri, kept.places.len(), kept.occurrences), (200, None, 50, 1));
    assert!(fitted.title.chars().count() <= 200 && fitted.found_in.chars().count() <= 200);
    let nameless = found(scan::Scan { rule: " \u{0}".into(), tool: String::new(), ..scan() });
    assert!(matches!(nameless, Err(Refusal::Invalid(faults)) if faults.iter().any(|fault| fault.pointer == "/tool")));
}

#[test]
fn only_what_is_different_is_written_and_only_while_it_matters() {
    let weakness = found(scan()).unwrap();
    let sight = |weakness: &Weakness, scan| weakness.clone().sight(scan, &reporter(), at()).unwrap();
    let moved = scan::Scan { places: vec!["c.py:1".into()], occurrences: 1, ..scan() };
    assert_eq!(sight(&weakness, scan()), None);
    let change = sight(&weakness, moved.clone()).unwrap();
    assert_eq!((change.verb(), change.after().scan.as_ref()), ("sighted", Some(&moved)));
    assert_eq!(change.after().title, weakness.title);
    for verbs in [&[Verb::Reject][..], &[Verb::Assess, Verb::Void]] {
        let decided = verbs.iter().fold(weakness.clone(), |weakness, verb| apply(weakness, *verb).unwrap());
        assert_eq!(sight(&decided, moved.clone()), None, "{verbs:?}");
    }
    // Whoever may not amend it does not by the name of a scanner.
    let colleague = person(6, &[Role::Member]);
    assert_eq!(weakness.clone().sight(moved.clone(), &colleague, at()), Ok(None));
    let outsider = person(5, &[Role::ExternalAuditor]);
    assert_eq!(weakness.sight(moved, &outsider, at()), Err(Refusal::Forbidden));
}

#[test]
fn what_was_redacted_does_not_come_back_with_the_next_scan() {
    let gone = "[redacted: RED-2026-0001]".to_owned();
    let known = scan::Scan { places: vec![gone.clone(), "b.py:7".into()], help_uri: Some(gone), ..scan() };
    let weakness = Weakness { scan: Some(known.clone()), ..found(scan()).unwrap() };
    let sight = |scan| weakness.clone().sight(scan, &reporter(), at()).unwrap();
    assert_eq!(sight(scan()), None, "the very places that are known");
    let more = sight(scan::Scan { occurrences: 3, places: vec!["a.py:3".into()], ..scan() }).unwrap();
    assert_eq!(more.after().scan, Some(scan::Scan { occurrences: 3, ..known }));
}
