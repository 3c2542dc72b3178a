use super::*;
use crate::access::{Identity, Role};
use crate::change::Lifecycle;
use crate::id::OrganisationId;
use crate::reference::Reference;
use strum::VariantArray;
use uuid::Uuid;

fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

fn person(n: u128, roles: &[Role]) -> Actor {
    Actor {
        organisation: OrganisationId(Uuid::nil()),
        identity: Identity::Member { id: MemberId(Uuid::from_u128(n)), roles: roles.to_vec() },
    }
}

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn judge() -> Actor {
    person(2, &[Role::Auditor])
}

fn facts() -> Facts {
    Facts { actions: 1, open_actions: 0, assignees: vec![MemberId(Uuid::from_u128(3))], today: at().date_naive() }
}

fn draft() -> NonconformityDraft {
    NonconformityDraft {
        title: "Patches late on laptops".into(),
        statement: "Critical patches are not installed within 14 days".into(),
        objective_evidence: "79 % in week 12".into(),
        source: Source::Indicator,
        requirement: Some("A.8.8".into()),
        due_on: None,
    }
}

fn reported() -> Nonconformity {
    let reference = Reference { prefix: Prefix::Nonconformity, year: 2026, number: 1 };
    Nonconformity::raise(draft(), &manager(), Birth { id: Uuid::nil(), reference, at: at() }).unwrap().into_after()
}

/// Applies `verb` with an input that only the stage, the role or a duty can refuse.
fn apply(case: Nonconformity, verb: Verb, way: usize) -> Result<Nonconformity, Refusal> {
    let (f, by, day) = (facts(), manager(), at().date_naive());
    let some = || "because".to_owned();
    match (verb, way) {
        (Verb::Confirm, _) => {
            case.confirm(Confirm { grade: Grade::Major, owner: MemberId(Uuid::from_u128(9)) }, &f, &by, at())
        }
        (Verb::Reject, _) => case.reject(some(), &f, &by, at()),
        (Verb::Contain, _) => case.contain(Contain { correction: some(), consequences: some() }, &f, &by, at()),
        (Verb::Analyse, _) => case.analyse(
            Analyse { method: Method::FiveWhys, root_causes: vec![some()], similar: some() },
            &f,
            &by,
            at(),
        ),
        (Verb::Plan, 0) => case.plan(Plan::Actions, &f, &by, at()),
        (Verb::Plan, _) => case.plan(Plan::NoAction { justification: some(), check_on: day }, &f, &by, at()),
        (Verb::Implement, _) => case.implement(day, &f, &by, at()),
        (Verb::Verify, way) => {
            case.verify(Verify { effective: way == 0, criterion: some(), evidence: some() }, &f, &judge(), at())
        }
        (Verb::Close, _) => case.close(
            Close { isms_change: some(), lessons: some(), no_correction_because: Some(some()) },
            &f,
            &by,
            at(),
        ),
        (Verb::Reopen, way) => case.reopen(way == 0, some(), &f, &by, at()),
    }
    .map(Change::into_after)
}

fn walk(verbs: &[Verb]) -> Nonconformity {
    verbs.iter().fold(reported(), |case, verb| apply(case, *verb, 0).unwrap())
}

fn at_stage(stage: StageName) -> Nonconformity {
    use Verb::{Analyse, Close, Confirm, Implement, Plan, Reject, Verify};
    let path = [Confirm, Analyse, Plan, Implement, Verify, Close];
    let steps = match stage {
        StageName::Reported => 0,
        StageName::Rejected => return walk(&[Reject]),
        StageName::Confirmed => 1,
        StageName::Analysed => 2,
        StageName::Planned => 3,
        StageName::Verifying => 4,
        StageName::Verified => 5,
        StageName::Closed => 6,
    };
    walk(&path[..steps])
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
                    Err(refusal) => {
                        assert!(
                            matches!(&refusal, Refusal::State(reasons) if reasons[0].code == "wrong_state"),
                            "{stage:?} {verb:?} {refusal:?}"
                        );
                    }
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
    let wrong = NonconformityDraft {
        title: " ".into(),
        statement: "a\0".into(),
        requirement: Some("A.5.99".into()),
        ..draft()
    };
    let birth = Birth { id: Uuid::nil(), reference: reported().head.reference, at: at() };
    let Err(Refusal::Invalid(faults)) = Nonconformity::raise(wrong, &manager(), birth) else { panic!("accepted") };
    let pointers: Vec<_> = faults.iter().map(|fault| (fault.pointer.as_str(), fault.code.as_str())).collect();
    assert_eq!(
        pointers,
        [("/title", "blank"), ("/statement", "forbidden_character"), ("/requirement", "unknown_requirement")]
    );
}

#[test]
fn who_did_the_work_or_owns_the_case_does_not_judge_it() {
    let case = at_stage(StageName::Verifying);
    for n in [3, 9] {
        let Err(Refusal::State(reasons)) = case.may(Verb::Verify, &facts(), &person(n, &[Role::Auditor])) else {
            panic!("allowed {n}")
        };
        assert_eq!(reasons[0].code, "separation_of_duties");
    }
    assert_eq!(case.may(Verb::Verify, &facts(), &judge()), Ok(()));
    let yesterday = Facts { today: at().date_naive().pred_opt().unwrap(), ..facts() };
    assert!(
        matches!(case.may(Verb::Verify, &yesterday, &judge()), Err(Refusal::State(reasons)) if reasons[0].code == "too_early")
    );
}

#[test]
fn implements_only_when_the_work_is_done() {
    let case = at_stage(StageName::Planned);
    for (actions, open, code) in [(0, 0, "no_actions"), (3, 1, "open_actions")] {
        let facts = Facts { actions, open_actions: open, ..facts() };
        assert!(
            matches!(case.may(Verb::Implement, &facts, &manager()), Err(Refusal::State(reasons)) if reasons[0].code == code)
        );
    }
}

#[test]
fn a_role_without_the_permission_is_refused_in_every_stage() {
    for stage in StageName::VARIANTS {
        for verb in Verb::VARIANTS {
            for role in [Role::Admin, Role::ExternalAuditor, Role::Member] {
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
fn an_ineffective_or_reopened_turn_is_kept() {
    let again = apply(at_stage(StageName::Verifying), Verb::Verify, 1).unwrap();
    assert_eq!((again.stage.name(), again.attempts.len(), again.recurrences), (StageName::Confirmed, 1, 0));
    let recurred = apply(at_stage(StageName::Closed), Verb::Reopen, 0).unwrap();
    assert_eq!((recurred.attempts.len(), recurred.recurrences), (1, 1));
    assert!(recurred.attempts[0].closure.is_some());
}

#[test]
fn a_closing_without_correction_says_why() {
    let input = Close { isms_change: "none".into(), lessons: "x".into(), no_correction_because: None };
    let refusal = at_stage(StageName::Verified).close(input.clone(), &facts(), &manager(), at()).unwrap_err();
    assert!(matches!(refusal, Refusal::Invalid(faults) if faults[0].pointer == "/no_correction_because"));
    let contained = apply(at_stage(StageName::Verified), Verb::Contain, 0).unwrap();
    assert!(contained.close(input, &facts(), &manager(), at()).is_ok());
}

#[test]
fn the_projection_is_read_back() {
    for stage in StageName::VARIANTS {
        let case = at_stage(*stage);
        let stored = serde_json::to_value(&case).unwrap();
        assert_eq!(serde_json::from_value::<Nonconformity>(stored).unwrap(), case);
    }
}

#[test]
fn every_write_counts_the_version_up() {
    assert_eq!(at_stage(StageName::Closed).head.version, 7);
}
