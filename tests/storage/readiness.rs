//! Readiness, turns and orphans cost a fixed number of statements.

use super::management_reviews::counted;
use super::nonconformities::{context, now, organisation, raise};
use crate::databases::each;
use ratchet_domain::id::OrganisationId;
use ratchet_persistence::error::Error;
use ratchet_persistence::store::Store;
use ratchet_persistence::tx::Tx;
use ratchet_persistence::{cycles, orphans, readiness};

type Asked = fn(OrganisationId, &mut Tx<'_>) -> Result<(), Error>;

/// What is asked, and more statements than so many.
const ASKED: [(&str, usize, Asked); 3] = [
    ("readiness", 50, |organisation, tx| readiness::now(organisation, now(), tx.connection()).map(drop)),
    ("cycles", 5, |organisation, tx| cycles::newest(organisation, 4, now(), tx.connection()).map(drop)),
    ("orphans", 15, |organisation, tx| orphans::find(organisation, 20, now(), tx.connection()).map(drop)),
];

async fn statements(store: &Store, organisation: OrganisationId, asked: Asked) -> usize {
    let counting = store.write(context(organisation), move |tx| counted(tx, |tx| asked(organisation, tx)));
    counting.await.unwrap_or_else(|error: Error| panic!("{error}"))
}

#[tokio::test]
async fn they_cost_a_fixed_number_of_statements() {
    for database in each() {
        let organisation = organisation(&database);
        let store = Store::open(&database.address, 2).unwrap();
        raise(&store, organisation).await;
        let mut few = Vec::new();
        for (what, least, asked) in ASKED {
            let count = statements(&store, organisation, asked).await;
            assert!(count > least, "{what}: {count}: this test cannot count");
            few.push(count);
        }
        for _ in 0..30 {
            raise(&store, organisation).await;
        }
        for ((what, _, asked), few) in ASKED.into_iter().zip(few) {
            assert_eq!(statements(&store, organisation, asked).await, few, "{what}");
        }
    }
}
