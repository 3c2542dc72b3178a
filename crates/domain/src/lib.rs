//! The rules of the improvement lifecycle: what is allowed, when, and what follows.
//!
//! Deliberately absent: databases, HTTP, threads, the clock, random numbers and the environment.
//! Time and identity are arguments, so every rule can be tried without waiting and without set-up.

pub mod acceptance;
pub mod access;
pub mod acknowledgements;
pub mod actions;
pub mod analysis;
pub mod annotations;
pub mod api_keys;
pub mod applicabilities;
pub mod approval;
pub mod audience;
pub mod audit_programmes;
pub mod audits;
pub mod calendar;
pub mod catalogue;
pub mod change;
pub mod change_templates;
pub mod changes;
pub mod comments;
pub mod communication_plans;
pub mod competences;
pub mod context_entries;
pub mod courses;
pub mod employee_reports;
pub mod evaluation;
pub mod evidence;
pub mod findings;
#[cfg(test)]
mod fixtures;
pub mod id;
pub mod improvements;
pub mod incidents;
pub mod indicators;
pub mod journal;
pub mod kinds;
pub mod links;
pub mod management_reviews;
pub mod measurements;
pub mod members;
pub mod nonconformities;
pub mod objectives;
pub mod ownerships;
pub mod participation;
pub mod policies;
pub mod policy_versions;
pub mod processes;
pub mod rating;
pub mod readiness;
pub mod reference;
pub mod refusal;
pub mod report_intakes;
pub mod risks;
pub mod search;
pub mod separation;
pub mod settings;
pub mod signals;
pub mod tags;
pub mod text;
pub mod timeline_entries;
pub mod trace;
pub mod training_assignments;
pub mod votes;
pub mod weaknesses;
pub mod work;
pub mod working_days;
