//! What the tests of every record begin with: a moment, a birth, callers.

pub(crate) mod refusals;

use crate::access::{Actor, Identity, Permission, Role, Standing, Withheld};
use crate::change::{Birth, Change, Record};
use crate::id::{ApiKeyId, MemberId, OrganisationId};
use crate::imports::Arrival;
use crate::reference::{Prefix, Reference};
use crate::refusal::Refusal;
use crate::settings::Rules;
use crate::work::Wake;
use chrono::{DateTime, Days, NaiveDate, Utc};
use uuid::Uuid;

pub(crate) fn at() -> DateTime<Utc> {
    DateTime::from_timestamp(1_780_000_000, 0).unwrap()
}

pub(crate) fn birth(prefix: Prefix) -> Birth {
    Birth { id: Uuid::nil(), reference: Reference { prefix, year: 2026, number: 1 }, at: at() }
}

pub(crate) fn member(n: u128) -> MemberId {
    MemberId(Uuid::from_u128(n))
}

pub(crate) fn person(n: u128, roles: &[Role]) -> Actor {
    let identity = Identity::Member { id: member(n), roles: roles.to_vec(), standing: Standing::default() };
    Actor { organisation: OrganisationId(Uuid::nil()), identity }
}

pub(crate) fn machine(scopes: &[Permission]) -> Actor {
    let withheld = Withheld::default();
    let identity = Identity::ApiKey { id: ApiKeyId(Uuid::nil()), scopes: scopes.to_vec(), withheld };
    Actor { organisation: OrganisationId(Uuid::nil()), identity }
}

/// Of an organisation that uses the program from today on.
pub(crate) fn gone_live() -> Rules {
    Rules { go_live: Some(at().date_naive()), ..Rules::default() }
}

/// What a row of history says of itself.
pub(crate) fn arrival(is_over: bool) -> Arrival {
    let raised_on = "2025-03-01".parse().unwrap();
    let reference = || "CAPA-17".to_owned();
    if is_over {
        let (ended_on, outcome) = ("2025-04-01".parse().ok(), Some("Patched".to_owned()));
        let root_causes = vec!["No agent".to_owned()];
        return Arrival { external_reference: reference(), raised_on, ended_on, outcome, root_causes };
    }
    let (ended_on, outcome, root_causes) = (None, None, Vec::new());
    Arrival { external_reference: reference(), raised_on, ended_on, outcome, root_causes }
}

/// The faults for which something was refused.
pub(crate) fn faults_of<T: std::fmt::Debug>(refused: Result<T, Refusal>) -> Vec<String> {
    let Err(Refusal::Invalid(faults)) = refused else { panic!("{refused:?}") };
    faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
}

/// The program itself.
pub(crate) fn program() -> Actor {
    Actor { organisation: OrganisationId(Uuid::nil()), identity: Identity::System { worker: "schedule" } }
}

/// That a day has passed is noted by the program alone, from the day after on, and once; the record as it is then.
pub(crate) fn noted_once<T: Record + PartialEq>(
    record: T,
    day: NaiveDate,
    action: &str,
    note: impl Fn(T, NaiveDate, &Actor, DateTime<Utc>) -> Result<Change<T>, Refusal>,
) -> T {
    let past = day + Days::new(1);
    // What was stored before it could be noted is what it was.
    let stored = serde_json::to_string(&record).unwrap();
    assert!(!stored.contains("fell_due"), "{stored}");
    assert!(matches!(record.wakes(), Some(Wake::On(on) | Wake::AtAndOn(_, on)) if on == past), "{:?}", record.wakes());
    let manager = person(1, &[Role::IsmsManager]);
    assert_eq!(note(record.clone(), past, &manager, at()).err(), Some(Refusal::Forbidden));
    assert!(matches!(note(record.clone(), day, &program(), at()), Err(Refusal::State(_))), "there is still time");
    let change = note(record, past, &program(), at()).unwrap();
    assert_eq!(change.action().as_str(), action);
    let after = change.into_after();
    assert!(matches!(note(after.clone(), past + Days::new(9), &program(), at()), Err(Refusal::State(_))), "once");
    let stored = serde_json::to_string(&after).unwrap();
    assert!(serde_json::from_str::<T>(&stored).unwrap() == after && stored.contains("fell_due"), "{stored}");
    after
}
