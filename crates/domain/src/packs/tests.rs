use super::*;
use crate::access::Role;
use crate::annotations::Annotation;
use crate::applicabilities::{Applicability, ApplicabilityDraft};
use crate::change::Birth;
use crate::comments::{Comment, Remark};
use crate::fixtures::{at, birth, machine, person};
use crate::id::RecordId;
use crate::nonconformities::{Facts, Nonconformity, NonconformityDraft, Source};
use crate::separation::Separation;
use chrono::Days;
use strum::VariantArray;

fn manager() -> Actor {
    person(1, &[Role::IsmsManager])
}

fn case(n: u128) -> Nonconformity {
    let draft = NonconformityDraft {
        title: "Patches late".into(),
        statement: "Not within 14 days".into(),
        objective_evidence: "79 %".into(),
        source: Source::Employee,
        origin: None,
        requirement: None,
        indicators: Vec::new(),
        due_on: None,
    };
    let birth = Birth { id: Uuid::from_u128(n), ..birth(Prefix::Nonconformity) };
    Nonconformity::raise(draft, &manager(), birth).unwrap().into_after()
}

/// Over on the day on which it was raised.
fn rejected(n: u128) -> Nonconformity {
    let (separation, today) = (Separation::default(), at().date_naive());
    let facts = Facts { actions: 0, open_actions: 0, open_work: 0, workers: Vec::new(), today, separation };
    case(n).reject("none".into(), &facts, &manager(), at()).unwrap().into_after()
}

/// Nobody answers for it, and it holds all the same.
fn excluded() -> Applicability {
    let draft = ApplicabilityDraft {
        control: "A.8.8".into(),
        state: crate::applicabilities::StageName::Excluded,
        justification: "No software".into(),
        status: None,
        implementation: None,
        owner: None,
    };
    Applicability::declare(draft, &manager(), birth(Prefix::Applicability)).unwrap().into_after()
}

fn comment(kind: Prefix, about: u128) -> Comment {
    let target = Target { kind, id: RecordId(Uuid::from_u128(about)) };
    let birth = Birth { id: Uuid::from_u128(100 + about), ..birth(Prefix::Comment) };
    Annotation::attach(target, Remark { text: "Seen".into() }, &manager(), birth).unwrap().into_after()
}

fn days(from: Option<i64>, until: Option<i64>) -> Span {
    let day = |days: i64| at() + chrono::TimeDelta::days(days);
    Span { from: from.map(day), until: until.map(day) }
}

#[test]
fn a_record_is_in_when_it_existed_in_that_time() {
    for (span, open, over, of_open, of_over, control) in [
        (days(None, None), true, true, true, true, true),
        // It was made before the end of that time, or was not.
        (days(None, Some(0)), false, false, false, false, false),
        (days(None, Some(1)), true, true, true, true, true),
        // It was over before that time, or was not; what holds never is.
        (days(Some(0), None), true, true, true, true, true),
        (days(Some(1), None), true, false, true, false, true),
        (days(Some(1), Some(2)), true, false, true, false, true),
        (days(Some(-2), Some(-1)), false, false, false, false, false),
    ] {
        let mut selection = Selection::new(PackKind::Audit, span);
        assert_eq!(selection.takes(&case(1)), open, "{span:?}");
        assert_eq!(selection.takes(&rejected(2)), over, "{span:?}");
        assert_eq!(selection.takes(&comment(Prefix::Nonconformity, 1)), of_open, "{span:?}");
        assert_eq!(selection.takes(&comment(Prefix::Nonconformity, 2)), of_over, "{span:?}");
        assert_eq!(selection.takes(&excluded()), control, "{span:?}");
    }
}

#[test]
fn what_is_said_in_that_time_of_what_was_over_is_in() {
    let mut selection = Selection::new(PackKind::Audit, days(Some(1), None));
    assert!(!selection.takes(&rejected(2)));
    let birth = Birth { at: at() + Days::new(2), ..birth(Prefix::Comment) };
    let target = Target { kind: Prefix::Nonconformity, id: RecordId(Uuid::from_u128(2)) };
    let late = Annotation::attach(target, Remark { text: "Late".into() }, &manager(), birth).unwrap().into_after();
    assert!(selection.takes(&late));
}

#[test]
fn a_register_holds_what_is_about_its_own_records() {
    let mut selection = Selection::new(PackKind::CorrectiveActions, Span::default());
    assert!(selection.takes(&rejected(2)) && selection.takes(&comment(Prefix::Nonconformity, 2)));
    assert!(!selection.takes(&comment(Prefix::Improvement, 3)));
    assert!(!selection.takes(&comment(Prefix::Comment, 3)), "nor what is said of that");
}

#[test]
fn whoever_reads_everything_may_take_one_and_no_machine() {
    for role in Role::VARIANTS {
        let expected = !matches!(role, Role::Admin | Role::Member);
        assert_eq!(may_take(&person(1, &[*role])).is_ok(), expected, "{role:?}");
    }
    assert!(may_take(&machine(&[Permission::ReadRecords, Permission::ReadJournal])).is_err());
}

#[test]
fn what_is_said_stands_behind_what_it_is_said_of() {
    for kind in PackKind::VARIANTS {
        let registers = kind.registers();
        let first = registers.iter().position(|register| standing(*register) == Standing::Said);
        let rest = &registers[first.unwrap_or(registers.len())..];
        assert!(rest.iter().all(|register| standing(*register) == Standing::Said), "{kind:?}");
        assert_eq!(registers.iter().collect::<HashSet<_>>().len(), registers.len(), "{kind:?}");
    }
    let missing: Vec<&Prefix> = Prefix::VARIANTS.iter().filter(|kind| !ALL.contains(kind)).collect();
    let outside = [&Prefix::ApiKey, &Prefix::WebhookEndpoint, &Prefix::TicketConnection, &Prefix::IdentityProvider];
    assert_eq!(
        missing, outside,
        "neither a way in, of people or machines, nor an event's way out is a record of the management system"
    );
}
