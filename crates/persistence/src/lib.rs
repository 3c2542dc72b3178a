//! Records in SQLite or PostgreSQL: the only crate that knows diesel.

pub mod accounts;
pub mod actions;
pub mod api_keys;
pub mod column;
pub mod connection;
pub mod error;
pub mod evaluation;
pub mod idempotency;
pub mod indicators;
pub mod journal;
mod listing;
pub mod measurement_batches;
pub mod measurements;
pub mod members;
pub mod migrations;
pub mod nonconformities;
pub mod organisations;
mod row;
mod schema;
pub mod sessions;
pub mod signals;
pub mod store;
pub mod table;
pub mod tx;
