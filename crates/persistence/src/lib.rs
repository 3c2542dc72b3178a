//! Records in SQLite or PostgreSQL: the only crate that knows diesel.

pub mod accounts;
mod api_keys;
pub mod column;
pub mod connection;
pub mod error;
mod journal;
mod members;
pub mod migrations;
mod nonconformities;
pub mod organisations;
mod row;
mod schema;
pub mod sessions;
pub mod store;
pub mod tx;
