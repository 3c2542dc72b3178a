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
    /// What was said with it, where something was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Of what was approved: SHA-256 of its canonical JSON, hexadecimal. Of a version of a policy: number, body, file and
    /// summary, and of the policy its title, purpose, scope, classification, audience, requirements and whether it is the
    /// information security policy. Of an objective: policy, statement, measure with its baseline, and due date. Of a
    /// change: its content and its assessment. Of an audit programme: all that is written in it, and the plan audit by audit.
    pub digest: String,
    /// Whether the record says something else by now, so that the approval is not of that; only where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stale: Option<bool>,
}

impl ApprovalView {
    /// With what was said, and whether the record says something else by now.
    pub(crate) fn of(approval: &Approval, note: Option<&String>, stale: Option<bool>) -> Self {
        let Approval { by, at, digest } = approval.clone();
        Self { by, at, note: note.cloned(), digest, stale }
    }
}
