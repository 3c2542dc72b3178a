//! The clock, ids and randomness of the running program. Everything below is told.

use ratchet_http::app::Source;
use std::sync::Arc;

#[expect(clippy::disallowed_methods, reason = "this is where the program reads the clock and makes ids")]
pub(crate) fn source() -> Source {
    Source {
        now: Arc::new(chrono::Utc::now),
        id: Arc::new(uuid::Uuid::now_v7),
        random: Arc::new(rand::random::<[u8; 32]>),
    }
}
