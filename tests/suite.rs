//! One binary: what holds for the whole product, on both databases.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod api {
    mod auth;
    mod contract;
    mod habits;
    mod journal;
    mod members;
    mod nonconformities;
}
mod databases;
mod harness;
mod house;
mod storage {
    mod journal;
    mod migrations;
    mod nonconformities;
    mod sessions;
    mod store;
    mod tampering;
}
