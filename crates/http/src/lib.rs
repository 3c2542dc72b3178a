//! The API: who calls, what is asked, what is answered. Rules are the domain's, storage is the store's.

mod accept;
mod answer;
pub mod app;
mod body;
mod bounds;
mod caller;
mod contract;
mod cursor;
mod dialects;
pub mod dialling;
mod document;
mod drawing;
mod error;
#[cfg(feature = "fuzzing")]
pub mod fuzzing;
mod health;
mod icalendar;
mod id_tokens;
mod issuers;
mod key_uses;
mod limits;
mod listeners;
mod listing;
mod observe;
mod oscal;
mod packs;
mod parameters;
mod passwords;
mod problems;
mod record;
mod routes;
mod routing;
mod rows;
mod sealing;
mod tokens;
mod traceparent;
mod v1;
pub mod webhooks;
mod withheld;

pub use document::{document, event_types, events};
pub use key_uses::KeyUses;
pub use observe::{DigestFigures, WebhookFigures, WorkerFigures};
pub use passwords::hash as hash_password;
pub use routes::serve;
pub use sealing::{Seal, Unopened, credentials_of};
pub use v1::records::href as path_of;
