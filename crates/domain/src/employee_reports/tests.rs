use super::*;
use crate::access::{Cell, Role};
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, person};
use crate::nonconformities::{Nonconformity, NonconformityDraft, Source};
use strum::VariantArray;
use uuid::Uuid;

fn handler() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn reporter() -> Actor {
    person(3, &[Role::Member])
}

fn nobody() -> Actor {
    Actor { identity: Identity::Anonymous, ..handler() }
}

fn today() -> NaiveDate {
    at().date_naive()
}

fn draft() -> EmployeeReportDraft {
    EmployeeReportDraft {
        kind: Kind::Event,
        text: "Somebody followed me through the gate.\nNobody asked for a badge.".into(),
        place: Some("Gate 2".into()),
        happened_on: Some(today()),
    }
}

fn received() -> EmployeeReport {
    EmployeeReport::file(draft(), today(), &reporter(), birth(Prefix::EmployeeReport)).unwrap().into_after()
}

fn anonymous() -> EmployeeReport {
    let birth = birth(Prefix::EmployeeReport);
    EmployeeReport::take_in(draft(), &[7; 32], today(), &nobody(), birth).unwrap().into_after()
}

fn case() -> Result<Change<Nonconformity>, Refusal> {
    let draft = NonconformityDraft {
        title: "Tailgating at gate 2".into(),
        statement: "Everybody shows a badge at the gate".into(),
        objective_evidence: "An employee report".into(),
        source: Source::Employee,
        origin: None,
        requirement: Some("A.7.2".into()),
        indicators: Vec::new(),
        due_on: None,
    };
    Nonconformity::raise(draft, &handler(), Birth { id: Uuid::from_u128(5), ..birth(Prefix::Nonconformity) })
}

fn another() -> EmployeeReport {
    let birth = Birth { id: Uuid::from_u128(6), ..birth(Prefix::EmployeeReport) };
    EmployeeReport::file(draft(), today(), &reporter(), birth).unwrap().into_after()
}

fn apply(report: EmployeeReport, verb: Verb) -> Result<EmployeeReport, Refusal> {
    let (by, some) = (handler(), || "because".to_owned());
    match verb {
        Verb::Triage => report.triage(Triage { assessment: some(), kind: Some(Kind::Weakness) }, &by, at()),
        Verb::Ask => report.ask(some(), &by, at()),
        Verb::Answer => report.answer(some(), &reporter(), at()),
        Verb::Convert => report.convert(case(), some(), &by, at()).map(|converted| converted.report),
        Verb::Decline => report.decline(some(), &by, at()),
        Verb::MarkDuplicate => report.mark_duplicate(&another(), some(), &by, at()),
    }
    .map(Change::into_after)
}

fn at_stage(stage: StageName) -> EmployeeReport {
    let end = |verb| apply(at_stage(StageName::Triaged), verb).unwrap();
    match stage {
        StageName::Received => received(),
        StageName::Triaged => apply(received(), Verb::Triage).unwrap(),
        StageName::Converted => end(Verb::Convert),
        StageName::Declined => end(Verb::Decline),
        StageName::Duplicate => end(Verb::MarkDuplicate),
    }
}

/// With an open question, as far as the stage allows one.
fn asked(stage: StageName) -> EmployeeReport {
    let asked = apply(received(), Verb::Ask).unwrap();
    let triaged = || apply(asked.clone(), Verb::Triage).unwrap();
    match stage {
        StageName::Received => asked,
        StageName::Triaged => triaged(),
        StageName::Converted => apply(triaged(), Verb::Convert).unwrap(),
        StageName::Declined => apply(triaged(), Verb::Decline).unwrap(),
        StageName::Duplicate => apply(triaged(), Verb::MarkDuplicate).unwrap(),
    }
}

/// Every stage x every verb: a command succeeds exactly where the table has an edge, and ends where it says.
#[test]
fn stage_by_verb() {
    let mut table = String::new();
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            let outcome = match apply(asked(*stage), *verb) {
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

#[test]
fn every_fault_of_a_report_is_named() {
    let wrong = EmployeeReportDraft {
        text: " ".into(),
        place: Some("a\nb".into()),
        happened_on: today().succ_opt(),
        ..draft()
    };
    let birth = || birth(Prefix::EmployeeReport);
    let Err(Refusal::Invalid(faults)) = EmployeeReport::file(wrong, today(), &reporter(), birth()) else {
        panic!("filed")
    };
    let pointers: Vec<_> = faults.iter().map(|fault| fault.pointer.as_str()).collect();
    assert_eq!(pointers, ["/text", "/place", "/happened_on"]);
    let outside = person(9, &[Role::ExternalAuditor]);
    assert_eq!(EmployeeReport::file(draft(), today(), &outside, birth()), Err(Refusal::Forbidden));
    let key = machine(&[Permission::FileReport]);
    assert_eq!(EmployeeReport::file(draft(), today(), &key, birth()), Err(Refusal::Forbidden));
    assert_eq!(EmployeeReport::file(draft(), today(), &nobody(), birth()), Err(Refusal::Forbidden));
    for named in [reporter(), handler(), key] {
        let taken = EmployeeReport::take_in(draft(), &[7; 32], today(), &named, birth());
        assert_eq!(taken, Err(Refusal::Forbidden), "{named:?}");
    }
}

#[test]
fn an_anonymous_report_names_nobody() {
    let report = anonymous();
    assert!(report.is_anonymous() && !received().is_anonymous());
    assert_eq!((report.head.created_by, report.code_hash.as_deref()), (None, Some("07".repeat(32).as_str())));
    let answered = apply(report, Verb::Ask).unwrap().answer("No badge".into(), &nobody(), at()).unwrap();
    assert_eq!(answered.after().messages.last().unwrap().by, None);
    for permission in Permission::VARIANTS {
        let allowed = matches!(permission, Permission::FileReport | Permission::AnswerReport);
        assert_eq!(nobody().cell(*permission) == Cell::Yes, allowed, "{permission:?}");
    }
}

#[test]
fn handlers_and_the_reporter_see_it() {
    for (by, sees) in [
        (handler(), true),
        (reporter(), true),
        (person(4, &[Role::Member]), false),
        (person(4, &[Role::Admin, Role::Management, Role::Auditor]), false),
        (person(4, &[Role::ExternalAuditor]), false),
        (machine(&[Permission::ReadRecords]), false),
    ] {
        assert_eq!(received().is_visible(&by), sees, "{by:?}");
        assert_eq!(anonymous().is_visible(&by), sees && by == handler(), "{by:?}");
    }
}

#[test]
fn nobody_ends_one_without_an_answer() {
    let triaged = || at_stage(StageName::Triaged);
    let pointer = |result: Result<(), Refusal>| match result {
        Err(Refusal::Invalid(faults)) => faults.into_iter().map(|fault| fault.pointer).collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    assert_eq!(pointer(triaged().decline(" ".into(), &handler(), at()).map(drop)), ["/answer"]);
    let itself = triaged().mark_duplicate(&received(), String::new(), &handler(), at());
    assert_eq!(pointer(itself.map(drop)), ["/of", "/answer"]);
    let chained = EmployeeReport { head: another().head, ..at_stage(StageName::Duplicate) };
    assert_eq!(pointer(triaged().mark_duplicate(&chained, "x".into(), &handler(), at()).map(drop)), ["/of"]);
    let untitled = Err(Refusal::invalid("/title", "blank", "must not be empty"));
    let both = triaged().convert::<Nonconformity>(untitled, String::new(), &handler(), at());
    assert_eq!(pointer(both.map(drop)), ["/title", "/answer"]);
    for verb in [Verb::Convert, Verb::Decline, Verb::MarkDuplicate] {
        assert!(apply(triaged(), verb).unwrap().ending().is_some());
    }
}

#[test]
fn the_case_and_the_report_are_linked() {
    let Converted { case, report } = at_stage(StageName::Triaged)
        .convert(case(), "Thank you: the gate gets a turnstile".into(), &handler(), at())
        .unwrap();
    let (case, report) = (case.into_after(), report.into_after());
    assert_eq!(report.edges(), [TraceEdge::new(Target::of(&report), Relation::Raised, Target::of(&case))]);
    let doubled = at_stage(StageName::Duplicate);
    assert_eq!(doubled.edges(), [TraceEdge::new(Target::of(&doubled), Relation::Duplicates, Target::of(&another()))]);
}

#[test]
fn questions_are_answered_by_the_reporter_alone() {
    let asked = apply(received(), Verb::Ask).unwrap();
    assert_eq!(asked.work().len(), 2, "whoever handles it, and the reporter");
    for other in [handler(), person(4, &[Role::Member])] {
        assert_eq!(asked.clone().answer("x".into(), &other, at()), Err(Refusal::Forbidden));
    }
    let again = apply(asked, Verb::Ask).unwrap();
    let answered = apply(again, Verb::Answer).unwrap();
    assert!(!answered.is_asked() && answered.messages.len() == 3);
    let Err(Refusal::State(reasons)) = answered.clone().answer("more".into(), &reporter(), at()) else {
        panic!("answered unasked")
    };
    assert_eq!(reasons[0].code, "nothing_asked");
    assert!(answered.clone().ask(" ".into(), &handler(), at()).is_err());
    let long = EmployeeReport { messages: vec![answered.messages[0].clone(); MESSAGES], ..answered };
    let Err(Refusal::State(reasons)) = long.ask("And?".into(), &handler(), at()) else { panic!("asked on") };
    assert_eq!(reasons[0].code, "too_many_messages");
}

#[test]
fn its_title_is_how_it_begins() {
    assert_eq!(received().title(), Some("Somebody followed me through the gate."));
    let long = EmployeeReport { text: format!("\n{}", "é".repeat(300)), ..received() };
    assert_eq!(long.title().map(|title| title.chars().count()), Some(text::TITLE));
    assert_eq!(apply(received(), Verb::Triage).unwrap().kind, Kind::Weakness);
}

#[test]
fn only_handlers_handle() {
    for stage in StageName::VARIANTS {
        for verb in [Verb::Triage, Verb::Ask, Verb::Convert, Verb::Decline, Verb::MarkDuplicate] {
            for role in [Role::Admin, Role::Management, Role::Auditor, Role::Member, Role::ExternalAuditor] {
                let by = person(3, &[role]);
                assert_eq!(
                    at_stage(*stage).may(verb, &(), &by),
                    Err(Refusal::Forbidden),
                    "{stage:?} {verb:?} {role:?}"
                );
            }
        }
    }
    assert_eq!(received().work(), [Work::of_whoever(Permission::HandleReport, None, None)]);
    assert!(at_stage(StageName::Declined).work().is_empty());
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let stored = serde_json::to_value(asked(*stage)).unwrap();
        assert_eq!(serde_json::from_value::<EmployeeReport>(stored).unwrap(), asked(*stage));
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let every = || StageName::VARIANTS.iter();
    let mut long = received();
    while long.may(Verb::Ask, &(), &handler()).is_ok() {
        long = apply(long, Verb::Ask).unwrap();
    }
    let reports = every().map(|stage| at_stage(*stage)).chain(every().map(|stage| asked(*stage))).chain([long]);
    Refusals::of(reports, &[()])
}
