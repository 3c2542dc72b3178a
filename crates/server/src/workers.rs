//! What runs beside the requests. Each takes its work from the database and is correct when two run at once.

use ratchet_http::app::Source;
use ratchet_persistence::error::Error;
use ratchet_persistence::journal::sequencer::{self, Signer};
use ratchet_persistence::store::Store;
use std::sync::Arc;
use std::time::Duration;

/// How long an entry waits for its position at most, when nothing goes wrong.
const PAUSE: Duration = Duration::from_millis(100);

/// Gives entries their positions.
pub(crate) async fn sequence(store: Store, source: Source, signer: Signer) {
    let signer = Arc::new(signer);
    loop {
        let (signer, now) = (signer.clone(), (source.now)());
        let sequenced: Result<usize, Error> =
            store.work(move |connection| sequencer::sequence(&signer, now, connection)).await;
        match sequenced {
            Ok(0) => tokio::time::sleep(PAUSE).await,
            Ok(_) => {}
            // Another replica was faster, or the database is away.
            Err(error) => {
                tracing::debug!(%error, "entries still wait for their positions");
                tokio::time::sleep(PAUSE).await;
            }
        }
    }
}
