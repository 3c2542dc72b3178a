//! Processes that most organisations have: audits cover them, and each has somebody who answers for it.

use super::owned;
use crate::id::MemberId;
use crate::processes::{Importance, ProcessDraft};

/// A process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProcessText {
    pub(super) id: &'static str,
    pub(super) name: &'static str,
    pub(super) purpose: &'static str,
    importance: Importance,
    pub(super) clauses: &'static [&'static str],
}

const fn process(
    id: &'static str,
    name: &'static str,
    purpose: &'static str,
    importance: Importance,
    clauses: &'static [&'static str],
) -> ProcessText {
    ProcessText { id, name, purpose, importance, clauses }
}

/// All of them.
pub(super) const PROCESSES: [ProcessText; 9] = [
    process(
        "process-management-system",
        "Running the management system",
        "Policies, objectives, audits and reviews happen when they should, and lead to something",
        Importance::High,
        &["4.4", "9.1", "9.2", "9.3", "10.1"],
    ),
    process(
        "process-hiring-and-leaving",
        "Hiring, moving and leaving",
        "People come with what they need, and go with nothing of ours",
        Importance::High,
        &["7.2", "7.3", "A.5.11", "A.6.1", "A.6.2", "A.6.5", "A.6.6"],
    ),
    process(
        "process-access",
        "Granting and withdrawing access",
        "Rights follow the work from the first day to the last",
        Importance::High,
        &["A.5.15", "A.5.16", "A.5.18", "A.8.2", "A.8.3"],
    ),
    process(
        "process-operations",
        "Running and updating systems",
        "Services are there, up to date, and watched",
        Importance::High,
        &["8.1", "A.8.6", "A.8.8", "A.8.9", "A.8.15", "A.8.16"],
    ),
    process(
        "process-backups",
        "Backing up and restoring",
        "What is lost can be had back in time",
        Importance::High,
        &["A.5.30", "A.8.13"],
    ),
    process(
        "process-development",
        "Developing and changing",
        "What is new is planned, reviewed, tested, and can be taken back",
        Importance::Medium,
        &["6.3", "8.1", "A.8.25", "A.8.29", "A.8.32"],
    ),
    process(
        "process-purchasing",
        "Buying and watching suppliers",
        "Suppliers protect what we give them, and we know it",
        Importance::Medium,
        &["A.5.19", "A.5.20", "A.5.22", "A.5.23"],
    ),
    process(
        "process-incidents",
        "Handling incidents",
        "What happens is contained, told, understood and learned from",
        Importance::High,
        &["A.5.24", "A.5.25", "A.5.26", "A.5.27", "A.5.28", "A.6.8"],
    ),
    process(
        "process-customers",
        "Serving customers",
        "Customers' information is used for what they gave it for, and for nothing else",
        Importance::High,
        &["4.2", "A.5.14", "A.5.31", "A.5.34"],
    ),
];

impl ProcessText {
    /// Run from now on.
    #[must_use]
    pub fn draft(&self, owner: MemberId) -> ProcessDraft {
        ProcessDraft {
            name: self.name.to_owned(),
            purpose: Some(self.purpose.to_owned()),
            importance: self.importance,
            requirements: owned(self.clauses),
            owner,
        }
    }
}
