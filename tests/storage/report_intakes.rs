use super::nonconformities::{now, organisation};
use crate::databases::each;
use ratchet_domain::access::{Actor, Identity};
use ratchet_domain::employee_reports::{EmployeeReport, EmployeeReportDraft, Kind};
use ratchet_domain::id::OrganisationId;
use ratchet_domain::report_intakes::{Intake, hour_of};
use ratchet_persistence::error::Error;
use ratchet_persistence::report_intakes::{count, put, take_in, waiting};
use ratchet_persistence::store::Store;
use ratchet_persistence::table::Table;
use ratchet_persistence::tx::Context;
use uuid::Uuid;

fn report(text: &str) -> Intake {
    Intake::Report(EmployeeReportDraft { kind: Kind::Event, text: text.to_owned(), place: None, happened_on: None })
}

fn anonymous(organisation: OrganisationId) -> Context {
    Context {
        actor: Actor { organisation, identity: Identity::Anonymous },
        now: Box::new(|| hour_of(now())),
        request: None,
        dry_run: false,
        next_id: Box::new(Uuid::new_v4),
        next_salt: Box::new(|| *Uuid::new_v4().as_bytes()),
    }
}

async fn registered(store: &Store, organisation: OrganisationId) -> Vec<EmployeeReport> {
    let walk = move |connection: &mut _| EmployeeReport::walk(organisation, None, 100, connection);
    store.read(walk).await.unwrap().into_iter().map(|(report, _)| report).collect()
}

/// Two programs on one database, both awake when the hour is full.
#[tokio::test]
async fn two_workers_take_each_report_in_once() {
    for database in each() {
        let organisation = organisation(&database);
        for n in 0..20 {
            put(Uuid::new_v4(), organisation, &[n; 32], &report(&format!("{n}")), &mut database.open()).unwrap();
        }
        let (one, other) = (Store::open(&database.address, 2).unwrap(), Store::open(&database.address, 2).unwrap());
        let (first, second) = tokio::join!(take_in(&one, &anonymous), take_in(&other, &anonymous));
        assert!(first.is_ok() && second.is_ok(), "{first:?} {second:?}");
        // Whoever found the other in the way has left it for the next hour.
        take_in(&one, &anonymous).await.unwrap();
        let registered = registered(&one, organisation).await;
        let mut texts: Vec<i64> = registered.iter().map(|report| report.text.parse().unwrap()).collect();
        texts.sort_unstable();
        assert_eq!(texts, (0..20).collect::<Vec<i64>>());
        let mut numbers: Vec<i64> = registered.iter().map(|report| report.head.reference.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, (1..=20).collect::<Vec<i64>>(), "references have no gaps");
    }
}

#[tokio::test]
async fn one_of_a_code_waits_and_only_with_its_organisation() {
    for database in each() {
        let (ours, theirs) = (organisation(&database), organisation(&database));
        let connection = &mut database.open();
        put(Uuid::new_v4(), ours, &[7; 32], &report("a"), connection).unwrap();
        let again = put(Uuid::new_v4(), ours, &[7; 32], &Intake::Answer { text: "b".into() }, connection);
        assert!(matches!(again, Err(Error::Taken("code"))), "{again:?}");
        assert_eq!(waiting(ours, &[7; 32], connection).unwrap(), Some(report("a")));
        assert_eq!(waiting(theirs, &[7; 32], connection).unwrap(), None);
        assert_eq!((count(ours, connection).unwrap(), count(theirs, connection).unwrap()), (1, 0));
    }
}

/// An answer that belongs to no report is not lost, and keeps nobody else waiting.
#[tokio::test]
async fn what_cannot_be_taken_in_waits_on() {
    for database in each() {
        let organisation = organisation(&database);
        let connection = &mut database.open();
        put(Uuid::new_v4(), organisation, &[1; 32], &Intake::Answer { text: "x".into() }, connection).unwrap();
        put(Uuid::new_v4(), organisation, &[2; 32], &report("y"), connection).unwrap();
        let store = Store::open(&database.address, 2).unwrap();
        assert_eq!(take_in(&store, &anonymous).await.unwrap(), 1);
        assert_eq!(registered(&store, organisation).await.len(), 1);
        assert_eq!(count(organisation, connection).unwrap(), 1);
    }
}
