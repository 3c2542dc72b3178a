//! One binary: what holds for the whole product, on both databases.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test fails by panicking")]

mod api {
    mod acknowledgements;
    mod actions;
    mod analyses;
    mod annotations;
    mod api_keys;
    mod applicabilities;
    mod as_of;
    mod audit_programmes;
    mod audits;
    mod auth;
    mod built_in;
    mod calendar;
    mod calls;
    mod change_templates;
    mod changes;
    mod charts;
    mod communication_plans;
    mod competences;
    mod context_entries;
    mod contract;
    mod courses;
    mod cursors;
    mod cycles;
    mod dashboard;
    mod delegations;
    mod diff;
    mod duties;
    mod effects;
    mod employee_reports;
    mod escalation;
    mod events;
    mod evidence;
    mod findings;
    mod first_start;
    mod formulas;
    mod habits;
    mod headers;
    mod identity_providers;
    mod imports;
    mod improvements;
    mod incidents;
    mod indicators;
    mod ingest;
    mod ingest_rules;
    mod input;
    pub mod journal;
    mod lifecycles;
    mod logins;
    mod management_reviews;
    mod measurements;
    mod members;
    mod mistakes;
    mod nonconformities;
    mod objectives;
    mod operations;
    mod orphans;
    mod oscal;
    pub mod packs;
    mod parameters;
    mod participation;
    mod plans_of_action;
    mod policies;
    mod policy_versions;
    mod processes;
    mod races;
    mod readiness;
    mod recurrences;
    mod redactions;
    mod report_intakes;
    mod responsibilities;
    mod restrictions;
    mod retention;
    mod rights;
    mod risks;
    mod samples;
    mod sarif;
    mod schemas;
    mod scim;
    mod search;
    mod settings;
    mod signals;
    mod similar;
    mod standing;
    mod statements;
    mod templates;
    mod tenancy;
    mod ticket_connections;
    mod ticket_rules;
    mod timeline_entries;
    mod tokens;
    mod trace;
    mod training_assignments;
    mod votes;
    mod ways;
    mod weaknesses;
    mod webhook_endpoints;
    mod wire;
    mod work;
    mod year;
}
mod databases;
mod faults {
    mod anonymity;
    mod away;
    mod backup;
    mod commands;
    mod crash;
    mod demo;
    mod digests;
    mod examples;
    mod hand;
    mod ledger;
    mod logins;
    mod logs;
    mod memory;
    pub mod program;
    mod readme;
    mod rotation;
    mod scenes;
    mod settings;
    mod sync;
    mod tickets;
    mod uploads;
    mod webhooks;

    /// One fault at a time: they measure how long things take.
    pub async fn turn() -> tokio::sync::MutexGuard<'static, ()> {
        static TURN: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
        TURN.lock().await
    }

    /// How often something is done to the program: a few times in the suite, `RATCHET_FAULT_CYCLES` in a long trial.
    #[expect(clippy::disallowed_methods, reason = "how long a trial runs is told by the environment")]
    fn cycles(in_the_suite: usize) -> usize {
        std::env::var("RATCHET_FAULT_CYCLES").map_or(in_the_suite, |count| count.parse().unwrap())
    }
}
mod harness;
mod house;
mod python;
mod storage {
    mod digests;
    mod figures;
    mod full_disk;
    mod journal;
    pub mod management_reviews;
    mod migrations;
    mod nonconformities;
    mod readiness;
    mod report_intakes;
    mod sessions;
    mod store;
    mod tampering;
    mod training_assignments;
}
