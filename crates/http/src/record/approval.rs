//! An approval as the API shows it, wherever something is approved.

use chrono::{DateTime, Utc};
use ratchet_domain::approval::Approval;
use ratchet_domain::id::MemberId;
use serde::Serialize;

/// Somebody has said yes to exactly this.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ApprovalView {
    /// Who approved it.
    pub by: MemberId,
    /// When.
    pub at: DateTime<Utc>,
    /// What was said with it.
    pub note: Option<String>,
    /// Of what was approved: SHA-256 of its canonical JSON, hexadecimal.
    pub digest: String,
    /// Whether the record says something else by now: the approval is not of that.
    pub stale: bool,
}

impl ApprovalView {
    /// With whether it is of what the record says now.
    pub(crate) fn of(approval: &Approval, note: Option<&String>, in_force: bool) -> Self {
        let Approval { by, at, digest } = approval.clone();
        Self { by, at, note: note.cloned(), digest, stale: !in_force }
    }
}
