use super::*;
use crate::access::{Identity, Role};
use crate::change::Lifecycle;
use crate::fixtures::refusals::Refusals;
use crate::fixtures::{at, birth, machine, member, person};
use crate::mistakes::Voidable;
use crate::responsibilities::tests::is_handed_over_whole;
use chrono::TimeDelta;
use strum::VariantArray;

/// Reporter 4, decider 1, owner 9.
fn reporter() -> Actor {
    person(4, &[Role::Member])
}

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn draft() -> IncidentDraft {
    IncidentDraft {
        title: "A share was encrypted".into(),
        description: "Files on the design share cannot be opened".into(),
        detected_at: at() - TimeDelta::hours(2),
        occurred_at: Some(at() - TimeDelta::hours(9)),
        origin: None,
        reporter: Some(member(4)),
        assets: vec!["Design share".into()],
        controls: vec!["A.8.7".into()],
        category: None,
    }
}

fn report(draft: IncidentDraft) -> Result<Change<Incident>, Refusal> {
    Incident::report(draft, &reporter(), birth(Prefix::Incident))
}

pub(crate) fn reported() -> Incident {
    report(draft()).unwrap().into_after()
}

pub(crate) fn closed() -> Incident {
    at_stage(StageName::Closed)
}

fn triage() -> Triage {
    let verdict = TriageVerdict::Incident { category: Category::Malware, severity: 2, owner: member(9) };
    Triage { criteria: "Customers' drawings are concerned".into(), verdict }
}

fn impact() -> Impact {
    let cost = Some(Cost { amount: 12_500, currency: "EUR".into() });
    Impact { downtime_minutes: 540, records: 0, cost }
}

fn notification(notified_at: DateTime<Utc>, delay_reason: Option<&str>) -> NotifyAuthority {
    let delay_reason = delay_reason.map(str::to_owned);
    NotifyAuthority { authority: "The data protection authority".into(), notified_at, delay_reason }
}

/// Personal data are concerned, and it has been known for so many hours.
fn concerned(incident: Incident, hours: i64) -> Incident {
    let aware_at = at() - TimeDelta::hours(hours);
    let occurred_at = Some(aware_at - TimeDelta::hours(1));
    let incident = Incident { occurred_at, detected_at: aware_at, ..incident };
    let said = incident.involve_personal_data(("Names of 31 customers".into(), aware_at), &facts(), &manager(), at());
    said.unwrap().into_after()
}

fn facts() -> Facts {
    Facts { open_actions: 0 }
}

/// Applies `verb` with an input that only the stage or the role can refuse.
fn apply(incident: Incident, verb: Verb, way: usize) -> Result<Incident, Refusal> {
    let (f, by, some) = (facts(), manager(), || "because".to_owned());
    match (verb, way) {
        (Verb::Triage, 0) => incident.triage(triage(), &f, &by, at()),
        (Verb::Triage, _) => {
            let verdict = TriageVerdict::NotAnIncident { reason: some() };
            incident.triage(Triage { criteria: some(), verdict }, &f, &by, at())
        }
        (Verb::Contain, _) => incident.contain(Contain { measures: some(), contained_at: at() }, &f, &by, at()),
        (Verb::Resolve, _) => incident.resolve(Resolve { summary: some(), resolved_at: at() }, &f, &by, at()),
        (Verb::Review, _) => incident.review((some(), some(), impact()), &f, &by, at()),
        (Verb::Close, _) => incident.close(&f, &by, at()),
        (Verb::InvolvePersonalData, _) => incident.involve_personal_data((some(), at()), &f, &by, at()),
        (Verb::NotifyAuthority, _) => clocked(incident).notify_authority(notification(at(), None), &f, &by, at()),
        (Verb::WaiveNotification, _) => clocked(incident).waive_notification(some(), &f, &by, at()),
        (Verb::RaiseNonconformity, _) => {
            let case = RaiseNonconformity {
                title: some(),
                statement: some(),
                objective_evidence: some(),
                requirement: None,
                due_on: None,
            };
            return Ok(incident
                .raise_nonconformity(case, &f, &by, birth(Prefix::Nonconformity))?
                .incident
                .into_after());
        }
        (Verb::RaiseWeakness, _) => {
            let case = RaiseWeakness { title: some(), description: some(), found_in: some() };
            return Ok(incident.raise_weakness(case, &f, &by, birth(Prefix::Weakness))?.incident.into_after());
        }
        (Verb::Void, _) => incident.void(some(), &f, &by, at()),
        (Verb::MarkDuplicate, _) => incident.mark_duplicate(&other(), 0, &f, &by, at()),
    }
    .map(Change::into_after)
}

/// Another one.
fn other() -> Incident {
    let mut other = reported();
    other.head.id = uuid::Uuid::from_u128(700);
    other
}

/// A clock runs, whatever the stage: so that only the stage refuses.
fn clocked(incident: Incident) -> Incident {
    let (description, aware_at) = ("Names".to_owned(), at());
    Incident {
        personal_data: Some(PersonalData { description, aware_at, ran_out_at: None, outcome: None }),
        ..incident
    }
}

fn at_stage(stage: StageName) -> Incident {
    let path = [Verb::Triage, Verb::Contain, Verb::Resolve, Verb::Review, Verb::Close];
    let steps = match stage {
        StageName::Reported => 0,
        StageName::NotAnIncident => return apply(reported(), Verb::Triage, 1).unwrap(),
        StageName::Triaged => 1,
        StageName::Contained => 2,
        StageName::Resolved => 3,
        StageName::Reviewed => 4,
        StageName::Closed => 5,
        StageName::Void => return apply(at_stage(StageName::Triaged), Verb::Void, 0).unwrap(),
        StageName::Duplicate => return apply(reported(), Verb::MarkDuplicate, 0).unwrap(),
    };
    path[..steps].iter().fold(reported(), |incident, verb| apply(incident, *verb, 0).unwrap())
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
fn refuses_every_fault_of_a_draft_at_once() {
    let wrong = IncidentDraft {
        title: " ".into(),
        description: "a\0".into(),
        detected_at: at() + TimeDelta::seconds(1),
        occurred_at: Some(at() + TimeDelta::seconds(2)),
        assets: vec![String::new()],
        controls: vec!["9.2".into(), "A.5.99".into()],
        ..draft()
    };
    assert_eq!(
        codes(report(wrong)),
        [
            "/title blank",
            "/description forbidden_character",
            "/detected_at out_of_range",
            "/occurred_at out_of_range",
            "/assets/0 blank",
            "/controls/0 unknown_control",
            "/controls/1 unknown_control",
        ]
    );
    let many = IncidentDraft { assets: vec!["x".into(); AFFECTED + 1], ..draft() };
    assert_eq!(codes(report(many)), ["/assets length"]);
}

#[test]
fn triage_is_a_persons_and_says_by_what() {
    let system = Actor { identity: Identity::System { worker: "schedule" }, ..manager() };
    assert_eq!(codes(reported().may(Verb::Triage, &facts(), &system)), ["person_needed"]);
    let verdict = TriageVerdict::Incident { category: Category::Other, severity: 5, owner: member(9) };
    let wrong = Triage { criteria: " ".into(), verdict };
    assert_eq!(
        codes(reported().triage(wrong, &facts(), &manager(), at())),
        ["/criteria blank", "/severity out_of_range"]
    );
    let none = apply(reported(), Verb::Triage, 1).unwrap();
    assert_eq!(none.triage.as_ref().map(|triage| triage.by), Some(member(1)));
    assert!(!none.is_open() && none.work().is_empty());
}

#[test]
fn nothing_is_contained_before_it_was_noticed() {
    let contain = |at: DateTime<Utc>| Contain { measures: "Unplugged".into(), contained_at: at };
    let triaged = || at_stage(StageName::Triaged);
    for moment in [triaged().detected_at - TimeDelta::seconds(1), at() + TimeDelta::seconds(1)] {
        assert_eq!(
            codes(triaged().contain(contain(moment), &facts(), &manager(), at())),
            ["/contained_at out_of_range"]
        );
    }
    let contained = at_stage(StageName::Contained);
    let early = Resolve { summary: "Restored".into(), resolved_at: at() - TimeDelta::seconds(1) };
    assert_eq!(codes(contained.resolve(early, &facts(), &manager(), at())), ["/resolved_at out_of_range"]);
}

#[test]
fn what_it_cost_is_a_figure() {
    let wrong = Impact { downtime_minutes: -1, records: -1, cost: Some(Cost { amount: -1, currency: "euro".into() }) };
    let review = at_stage(StageName::Resolved).review(("x".into(), " ".into(), wrong), &facts(), &manager(), at());
    assert_eq!(
        codes(review),
        [
            "/lessons blank",
            "/impact/downtime_minutes out_of_range",
            "/impact/records out_of_range",
            "/impact/cost/amount out_of_range",
            "/impact/cost/currency malformed",
        ]
    );
}

#[test]
fn the_clock_runs_from_the_moment_it_was_known() {
    let incident = concerned(at_stage(StageName::Triaged), 10);
    let ends_at = at() + TimeDelta::hours(62);
    assert_eq!(incident.wakes(), Some(Wake::At(ends_at)));
    let due = incident.work().into_iter().find_map(|work| work.due_on);
    assert_eq!(due, Some(ends_at.date_naive()));
    let system = Actor { identity: Identity::System { worker: "schedule" }, ..manager() };
    assert_eq!(incident.clone().run_out(&manager(), ends_at).unwrap_err(), Refusal::Forbidden);
    assert_eq!(codes(incident.clone().run_out(&system, at())), ["not_run_out"]);
    let noted = incident.run_out(&system, ends_at).unwrap().into_after();
    assert_eq!(noted.wakes(), None, "noted once");
    assert_eq!(codes(noted.clone().run_out(&system, ends_at)), ["not_run_out"]);
    assert!(noted.running_clock().is_some(), "and it still waits for an answer");
    // Corrected while it runs, it rings anew.
    let later = (String::from("Names of two customers"), at());
    let corrected = noted.involve_personal_data(later, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!(corrected.wakes(), Some(Wake::At(at() + TimeDelta::hours(72))));
}

#[test]
fn late_is_told_with_its_reason() {
    let late = || concerned(at_stage(StageName::Triaged), 80);
    let notify = |reason| late().notify_authority(notification(at(), reason), &facts(), &manager(), at());
    assert_eq!(codes(notify(None)), ["/delay_reason required"]);
    assert_eq!(codes(notify(Some(" "))), ["/delay_reason blank"]);
    assert_eq!(notify(Some("Known on a Friday")).unwrap().reason(), Some("Known on a Friday"));
    let early = notification(at() - TimeDelta::hours(81), None);
    assert_eq!(codes(late().notify_authority(early, &facts(), &manager(), at())), ["/notified_at out_of_range"]);
    let in_time = notification(at() - TimeDelta::hours(8), None);
    let told = late().notify_authority(in_time, &facts(), &manager(), at()).unwrap().into_after();
    assert_eq!((told.wakes(), told.running_clock()), (None, None));
    assert_eq!(codes(told.may(Verb::InvolvePersonalData, &facts(), &manager())), ["clock_ended"]);
    assert_eq!(codes(told.may(Verb::WaiveNotification, &facts(), &manager())), ["no_clock"]);
}

#[test]
fn it_is_not_over_while_something_is_open() {
    let reviewed = concerned(at_stage(StageName::Reviewed), 1);
    let busy = Facts { open_actions: 3 };
    assert_eq!(codes(reviewed.may(Verb::Close, &busy, &manager())), ["open_actions", "notification_undecided"]);
    let waived = reviewed.waive_notification("Encrypted all along".into(), &facts(), &manager(), at()).unwrap();
    assert_eq!(waived.after().may(Verb::Close, &facts(), &manager()), Ok(()));
}

#[test]
fn a_case_that_it_raises_knows_where_it_comes_from() {
    let input = RaiseNonconformity {
        title: "Macros run from the internet".into(),
        statement: "Macros from outside are blocked".into(),
        objective_evidence: "The attachment ran".into(),
        requirement: Some("A.8.7".into()),
        due_on: None,
    };
    let raised = |input| {
        at_stage(StageName::Contained).raise_nonconformity(input, &facts(), &manager(), birth(Prefix::Nonconformity))
    };
    let Raised { case, incident } = raised(input.clone()).unwrap();
    assert_eq!(case.after().origin, Some(Target::of(incident.after())));
    assert_eq!(incident.after().raised, [Target::of(case.after())]);
    assert_eq!(incident.after().stage.name(), StageName::Contained);
    let wrong = RaiseNonconformity { requirement: Some("A.5.99".into()), ..input };
    assert_eq!(codes(raised(wrong)), ["/requirement unknown_requirement"]);
    let full = Incident { raised: vec![Target::of(incident.after()); RAISED], ..at_stage(StageName::Contained) };
    assert_eq!(codes(full.may(Verb::RaiseWeakness, &facts(), &manager())), ["too_many"]);
}

#[test]
fn the_reporter_words_it_and_the_owner_works_it() {
    let title = || Amendment { title: Some("Other".into()), ..Amendment::default() };
    let owner = person(9, &[Role::Member]);
    assert!(reported().amend(title(), &reporter(), at()).is_ok());
    assert_eq!(reported().amend(title(), &owner, at()).unwrap_err(), Refusal::Forbidden);
    let triaged = at_stage(StageName::Triaged);
    assert_eq!(triaged.clone().amend(title(), &reporter(), at()).unwrap_err(), Refusal::Forbidden);
    assert_eq!(triaged.may(Verb::Contain, &facts(), &owner), Ok(()));
    assert_eq!(triaged.may(Verb::Close, &facts(), &owner), Err(Refusal::Forbidden));
    let graver = Amendment { severity: Some(1), ..Amendment::default() };
    assert_eq!(triaged.clone().amend(graver.clone(), &owner, at()).unwrap().after().severity, Some(1));
    assert_eq!(codes(reported().amend(graver, &manager(), at())), ["not_triaged"]);
    let none = Amendment { severity: Some(0), ..Amendment::default() };
    assert_eq!(codes(triaged.amend(none, &owner, at())), ["/severity out_of_range"]);
    assert_eq!(codes(closed().amend(title(), &manager(), at())), ["wrong_state"]);
}

#[test]
fn who_may_report_and_who_may_not_decide() {
    for role in [Role::Admin, Role::ExternalAuditor] {
        assert_eq!(
            Incident::report(draft(), &person(5, &[role]), birth(Prefix::Incident)).unwrap_err(),
            Refusal::Forbidden
        );
    }
    assert!(Incident::report(draft(), &machine(&[Permission::ReportIncident]), birth(Prefix::Incident)).is_ok());
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            for role in [Role::Admin, Role::ExternalAuditor, Role::Member, Role::Management, Role::Auditor] {
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
        let incident = clocked(at_stage(*stage));
        let stored = serde_json::to_value(&incident).unwrap();
        assert_eq!(serde_json::from_value::<Incident>(stored).unwrap(), incident);
    }
}

#[test]
fn whoever_has_left_is_replaced_in_every_stage() {
    for stage in StageName::VARIANTS {
        is_handed_over_whole(at_stage(*stage), &facts(), &manager());
    }
}

/// Why it is refused, with every fact that a guard asks for.
pub(crate) fn refusals() -> Refusals {
    let every = || StageName::VARIANTS.iter().map(|stage| at_stage(*stage));
    let told = concerned(at_stage(StageName::Triaged), 1);
    let told = told.notify_authority(notification(at(), None), &facts(), &manager(), at()).unwrap().into_after();
    let incidents = every().chain(every().map(clocked)).chain([told]);
    Refusals::of(incidents, &[facts(), Facts { open_actions: 2 }])
}
