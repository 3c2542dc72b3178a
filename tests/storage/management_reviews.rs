//! Frozen inputs are what the review sealed, and nothing else passes for them.

use super::nonconformities::{context, now, organisation, raise};
use super::tampering::{report, run, tamper};
use crate::databases::{Database, each};
use diesel::Connection;
use diesel::connection::InstrumentationEvent;
use ratchet_domain::access::{Actor, Identity, Role};
use ratchet_domain::change::Record;
use ratchet_domain::id::{AccountId, MemberId, OrganisationId};
use ratchet_domain::management_reviews::{ManagementReview, Period, ReviewDraft, Statements};
use ratchet_domain::members::{Member, MemberDraft};
use ratchet_domain::reference::Locator;
use ratchet_persistence::error::Error;
use ratchet_persistence::store::Store;
use ratchet_persistence::table::Table;
use ratchet_persistence::tx::{Context, Tx};
use ratchet_persistence::{accounts, management_reviews};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use uuid::Uuid;

/// A chair, and a review of its that was prepared twice.
async fn prepared(database: &Database) -> (Store, OrganisationId, ManagementReview) {
    let organisation = organisation(database);
    let store = Store::open(&database.address, 2).unwrap();
    let mut admin = context(organisation);
    admin.actor = Actor { organisation, identity: Identity::System { worker: "setup" } };
    let chair = store.write(admin, |tx| {
        let (by, account) = (tx.actor().clone(), AccountId(tx.next_id()));
        let email = format!("{account}@example.org");
        accounts::insert(account, tx.actor().organisation, (&email, "x"), now(), tx.connection())?;
        let birth = tx.birth(Member::PREFIX)?;
        let draft = MemberDraft { account, name: "Inès".into(), unit: None, roles: vec![Role::Management] };
        Ok::<_, Error>(MemberId(tx.save(Member::enrol(draft, &by, birth)?)?.0.head().id))
    });
    let chair = chair.await.unwrap();
    let review = store.write(context(organisation), move |tx| {
        let (by, today) = (tx.actor().clone(), now().date_naive());
        let facts = management_reviews::facts(by.organisation, None, now(), tx.connection())?;
        let draft = ReviewDraft {
            title: "Management review".into(),
            scheduled_on: today,
            period: Period { from: today - chrono::Days::new(364), until: today },
            chair,
            attendees: Vec::new(),
        };
        let birth = tx.birth(ManagementReview::PREFIX)?;
        let (mut review, _) = tx.save(ManagementReview::schedule(draft, &facts, &by, birth)?)?;
        for _ in 0..2 {
            let change = management_reviews::prepare(review, Statements::default(), &facts, tx)?;
            (review, _) = tx.save(change)?;
        }
        Ok::<_, Error>(review)
    });
    let review = review.await.unwrap();
    run(&store).await;
    (store, organisation, review)
}

#[tokio::test]
async fn a_review_is_read_back_as_it_was_stored() {
    for database in each() {
        let (store, organisation, review) = prepared(&database).await;
        let id = review.head().id;
        let read = store.read(move |c| ManagementReview::find(organisation, Locator::Id(id), c)).await.unwrap();
        assert_eq!(read.unwrap().0, review);
        let theirs = OrganisationId(Uuid::new_v4());
        let unseen = store.read(move |c| management_reviews::snapshot(theirs, review.id(), 1, c)).await.unwrap();
        assert_eq!(unseen, None);
    }
}

#[tokio::test]
async fn frozen_inputs_that_are_changed_by_hand_are_found() {
    for statement in [
        "UPDATE review_snapshots SET content = replace(content, '\"open\":0', '\"open\":7') WHERE number = 1",
        "DELETE FROM review_snapshots WHERE number = 2",
        "UPDATE review_snapshots SET number = 3 WHERE number = 2",
    ] {
        for database in each() {
            let (_, _, review) = prepared(&database).await;
            let clean = report(&database, None);
            assert!(clean.is_clean(), "{:?}", clean.findings);
            tamper(&database, statement);
            let found = report(&database, None).findings;
            let [finding] = found.as_slice() else { panic!("{statement}: {found:?}") };
            assert_eq!(
                (finding.table, finding.row.as_str()),
                ("review_snapshots", review.head.reference.to_string().as_str())
            );
        }
    }
}

/// Tries to prepare the review again, and says how many statements that took.
pub async fn statements(store: &Store, organisation: OrganisationId, review: ManagementReview) -> usize {
    let trial = Context { dry_run: true, ..context(organisation) };
    let prepared = store.write(trial, move |tx| {
        let facts = tx.facts(&review)?;
        counted(tx, |tx| management_reviews::prepare(review, Statements::default(), &facts, tx).map(drop))
    });
    prepared.await.unwrap()
}

/// How many statements some work takes.
pub(super) fn counted(tx: &mut Tx<'_>, work: impl FnOnce(&mut Tx<'_>) -> Result<(), Error>) -> Result<usize, Error> {
    let count = Arc::new(AtomicUsize::new(0));
    let counting = count.clone();
    tx.connection().set_instrumentation(move |event: InstrumentationEvent<'_>| {
        if let InstrumentationEvent::StartQuery { .. } = event {
            counting.fetch_add(1, Ordering::SeqCst);
        }
    });
    let done = work(tx);
    tx.connection().set_instrumentation(|_: InstrumentationEvent<'_>| {});
    done.map(|()| count.load(Ordering::SeqCst))
}

#[tokio::test]
async fn collecting_is_a_fixed_number_of_statements() {
    for database in each() {
        let (store, organisation, review) = prepared(&database).await;
        let few = statements(&store, organisation, review.clone()).await;
        assert!(few > 5, "{few}: this test cannot count");
        for _ in 0..30 {
            raise(&store, organisation).await;
        }
        assert_eq!(statements(&store, organisation, review).await, few);
    }
}
