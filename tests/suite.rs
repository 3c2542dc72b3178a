//! One binary: what holds for the whole product, on both databases.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod api {
    mod actions;
    mod annotations;
    mod applicabilities;
    mod auth;
    mod communication_plans;
    mod competences;
    mod context_entries;
    mod contract;
    mod courses;
    mod employee_reports;
    mod evidence;
    mod habits;
    mod indicators;
    mod journal;
    mod measurements;
    mod members;
    mod nonconformities;
    mod participation;
    mod processes;
    mod report_intakes;
    mod search;
    mod settings;
    mod signals;
    mod trace;
    mod training_assignments;
}
mod databases;
mod faults {
    mod anonymity;
    mod away;
    mod backup;
    mod crash;
    mod demo;
    mod ledger;
    mod program;

    /// One fault at a time: they measure how long things take.
    async fn turn() -> tokio::sync::MutexGuard<'static, ()> {
        static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        TURN.lock().await
    }
}
mod harness;
mod house;
mod storage {
    mod journal;
    mod migrations;
    mod nonconformities;
    mod report_intakes;
    mod sessions;
    mod store;
    mod tampering;
    mod training_assignments;
}
