//! A disk that is full is nobody's fault who sends: the same request may succeed once there is room.

use super::nonconformities::{context, organisation};
use crate::databases::migrated_sqlite;
use diesel::connection::SimpleConnection;
use ratchet_persistence::error::Error;
use ratchet_persistence::store::Store;

const MUCH: &str = "CREATE TABLE much (x); INSERT INTO much VALUES (zeroblob(3000000))";

#[tokio::test]
async fn what_finds_no_room_may_be_tried_again() {
    let database = migrated_sqlite();
    let (store, organisation) = (Store::open(&database.address, 2).unwrap(), organisation(&database));
    let room = async |pages: &'static str| {
        let limited = store.work(move |connection| {
            connection.batch_execute(&format!("PRAGMA max_page_count = {pages}"))?;
            Ok::<_, Error>(())
        });
        limited.await.unwrap();
    };
    let write = async || {
        let job = |tx: &mut ratchet_persistence::tx::Tx<'_>| Ok::<_, Error>(tx.connection().batch_execute(MUCH)?);
        store.write(context(organisation), job).await
    };
    // No fewer than there are.
    room("1").await;
    for _ in 0..3 {
        let error = write().await.unwrap_err();
        assert!(error.is_transient(), "{error}");
    }
    room("1073741823").await;
    write().await.unwrap();
}
