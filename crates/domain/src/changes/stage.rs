//! Where a change stands, and what is only true there.

use crate::analysis::effect::Effect;
use crate::id::{MemberId, NonconformityId};
use crate::reference::Target;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// When a change is to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Not before.
    pub from: DateTime<Utc>,
    /// Begun before this.
    pub to: DateTime<Utc>,
}

/// That it was begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
    /// For when it had been scheduled.
    #[serde(default)]
    pub window: Option<Window>,
}

/// That it was made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// What was done.
    pub summary: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
    /// With how many days before the start it is compared.
    pub baseline_days: i64,
    /// Until when its effect is watched.
    pub monitored_until: DateTime<Utc>,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ChangeVerdict))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Verdict {
    /// It does good.
    Beneficial,
    /// It does neither.
    Neutral,
    /// It does harm: it needs a case, or is taken back.
    Harmful,
}

/// The judgement, with the figures it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// What came of it.
    pub verdict: Verdict,
    /// Why one thinks so.
    pub conclusion: String,
    /// What the indicators said, frozen.
    pub effect: Effect,
    /// When it was judged.
    pub at: DateTime<Utc>,
    /// By whom; never by who implemented it.
    pub by: MemberId,
}

/// What remains when it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// What was learned.
    pub lessons: String,
    /// The case that deals with the harm.
    #[serde(default)]
    pub case: Option<Target>,
    /// When it was closed.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// That nobody approved an emergency in time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missed {
    /// When that was noted.
    pub at: DateTime<Utc>,
    /// The nonconformity, where the organisation wants one.
    #[serde(default)]
    pub case: Option<NonconformityId>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Being written.
    Draft,
    /// To be assessed.
    Submitted,
    /// To be approved.
    Assessed,
    /// Somebody has said no.
    Rejected {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// Who.
        by: Option<MemberId>,
    },
    /// It may be made.
    Approved,
    /// It will be made.
    Scheduled {
        /// When.
        window: Window,
    },
    /// It is being made.
    Implementing {
        /// Since when.
        start: Start,
    },
    /// It is made; what comes of it is watched.
    Monitoring {
        /// When it was begun.
        start: Start,
        /// When it was made.
        completion: Completion,
    },
    /// It is judged.
    Reviewed {
        /// When it was begun.
        start: Start,
        /// When it was made.
        completion: Completion,
        /// The judgement.
        outcome: Outcome,
    },
    /// It is over.
    Closed {
        /// When it was begun.
        start: Start,
        /// When it was made.
        completion: Completion,
        /// The judgement.
        outcome: Outcome,
        /// What remains.
        closure: Closure,
    },
    /// It was taken back.
    RolledBack {
        /// When it was begun.
        start: Start,
        /// When it was made, if it was.
        completion: Option<Completion>,
        /// The judgement, if there was one.
        outcome: Option<Outcome>,
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
    /// It will not be made.
    Cancelled {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
}
