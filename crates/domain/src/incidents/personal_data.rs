//! Personal data: an authority is told within 72 hours after it was known, or it is said why not [A.5.34].

use crate::id::MemberId;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

/// How long there is time.
pub const CLOCK: TimeDelta = TimeDelta::hours(72);

/// Whose data are concerned, and what the clock says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PersonalData {
    /// Whose data, which, and about how many people.
    pub description: String,
    /// When it was known that personal data are concerned: the clock runs from then.
    pub aware_at: DateTime<Utc>,
    /// When it was noted that the clock had run out.
    #[serde(default)]
    pub ran_out_at: Option<DateTime<Utc>>,
    /// How it ended.
    #[serde(default)]
    pub outcome: Option<Outcome>,
}

/// How the clock ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Outcome {
    /// An authority was told.
    Notified {
        /// Which.
        authority: String,
        /// When it was told.
        notified_at: DateTime<Utc>,
        /// Why it was told late, where it was.
        #[serde(default)]
        delay_reason: Option<String>,
        /// Who said so.
        by: MemberId,
    },
    /// None needs to be told.
    NotRequired {
        /// Why.
        reason: String,
        /// When that was decided.
        at: DateTime<Utc>,
        /// By whom.
        by: MemberId,
    },
}

impl PersonalData {
    /// When the 72 hours are over.
    #[must_use]
    pub fn ends_at(&self) -> DateTime<Utc> {
        self.aware_at.checked_add_signed(CLOCK).unwrap_or(DateTime::<Utc>::MAX_UTC)
    }
}
