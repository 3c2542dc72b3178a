//! Readiness costs a fixed number of statements, and each of them is served by an index.

use super::management_reviews::counted;
use super::nonconformities::{context, now, organisation, raise};
use crate::databases::each;
use ratchet_domain::id::OrganisationId;
use ratchet_persistence::error::Error;
use ratchet_persistence::readiness;
use ratchet_persistence::store::Store;

async fn statements(store: &Store, organisation: OrganisationId) -> usize {
    let asked = store.write(context(organisation), move |tx| {
        counted(tx, |tx| readiness::now(organisation, now(), tx.connection()).map(drop))
    });
    asked.await.unwrap_or_else(|error: Error| panic!("{error}"))
}

#[tokio::test]
async fn it_costs_a_fixed_number_of_statements() {
    for database in each() {
        let organisation = organisation(&database);
        let store = Store::open(&database.address, 2).unwrap();
        raise(&store, organisation).await;
        let few = statements(&store, organisation).await;
        assert!(few > 50, "{few}: this test cannot count");
        for _ in 0..30 {
            raise(&store, organisation).await;
        }
        assert_eq!(statements(&store, organisation).await, few);
    }
}
