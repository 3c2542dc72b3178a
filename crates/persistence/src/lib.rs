//! Records in SQLite or PostgreSQL: the only crate that knows diesel.

pub mod column;
pub mod connection;
pub mod error;
mod journal;
pub mod migrations;
mod nonconformities;
pub mod organisations;
mod schema;
pub mod store;
pub mod tx;
