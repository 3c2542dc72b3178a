//! Signals: what an indicator says that calls for attention, once for each breach however long it lasts.

mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::AutoRaised;
pub use lifecycle::{StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::analysis::control::rules::Rule;
use crate::change::{Head, Record, Seal};
use crate::id::{IndicatorId, MemberId, NonconformityId, RecordId};
use crate::links::Relation;
use crate::reference::{Prefix, Target};
use crate::responsibilities::Responsibility;
use crate::trace::TraceEdge;
use crate::work::Work;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What is said. One signal per indicator and kind is open at a time.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Hash,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = SignalKind))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Beyond the warning threshold.
    Warning,
    /// Beyond the critical threshold.
    Critical,
    /// The process behind the figures has changed: rules of the control chart are met.
    OutOfControl,
    /// It gets worse: a trend that leads away from the goal.
    AdverseTrend,
    /// Not measured for 1.5 times the frequency.
    Stale,
}

impl Kind {
    /// Whether both say the same of the indicator, so that they belong to one case: a breach is one, whatever its level.
    #[must_use]
    pub fn shares_case_with(self, other: Self) -> bool {
        self.concern() == other.concern()
    }

    fn concern(self) -> u8 {
        match self {
            Self::Warning | Self::Critical => 0,
            Self::OutOfControl => 1,
            Self::AdverseTrend => 2,
            Self::Stale => 3,
        }
    }
}

/// What was measured, and when.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sighting {
    /// The value; none where nothing had been measured.
    #[serde(default)]
    pub value: Option<f64>,
    /// When it was observed; where nothing had been measured, since when it should have been.
    pub observed_at: DateTime<Utc>,
}

/// Where it stands; all but `cleared` are open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Nobody has looked at it.
    Raised,
    /// Somebody has.
    Acknowledged {
        /// When.
        at: DateTime<Utc>,
        /// Who.
        by: Option<MemberId>,
    },
    /// A case deals with it.
    Linked {
        /// Which.
        case: NonconformityId,
        /// When it was linked.
        at: DateTime<Utc>,
        /// By whom; none when it was linked by itself.
        by: Option<MemberId>,
    },
    /// It needs no case.
    Dismissed {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
    /// A later measurement is good again.
    Cleared {
        /// When it was cleared.
        at: DateTime<Utc>,
        /// That measurement.
        by: Sighting,
        /// The case that dealt with it.
        #[serde(default)]
        case: Option<NonconformityId>,
    },
}

/// A signal.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Signal {
    /// Identity and version.
    pub head: Head,
    /// Which indicator says it.
    pub indicator: IndicatorId,
    /// What the indicator was called when the signal was raised.
    pub indicator_name: String,
    /// What it says.
    pub kind: Kind,
    /// The first breach.
    pub first: Sighting,
    /// The newest one.
    pub last: Sighting,
    /// How many there were.
    pub occurrences: i64,
    /// The rules of the control chart that were met, where it says that the process has changed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rules: Vec<Rule>,
    /// Who is to look at it: the indicator's owner when it was raised, or else its analyst.
    #[serde(default)]
    pub owner: Option<MemberId>,
    /// Where it stands.
    pub stage: Stage,
}

impl Record for Signal {
    const PREFIX: Prefix = Prefix::Signal;
    const MAKING: Permission = Permission::RaiseSignal;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn is_own(&self, by: &Actor) -> bool {
        by.principal().is_some() && self.owner == by.principal()
    }

    fn title(&self) -> Option<&str> {
        Some(&self.indicator_name)
    }

    fn edges(&self) -> Vec<TraceEdge> {
        let (own, indicator) = (Target::of(self), Target { kind: Prefix::Indicator, id: RecordId(self.indicator.0) });
        let case = self.case().map(|case| Target { kind: Prefix::Nonconformity, id: RecordId(case.0) });
        let raised = case.map(|case| TraceEdge::new(own, Relation::Raised, case));
        [TraceEdge::new(indicator, Relation::Raised, own)].into_iter().chain(raised).collect()
    }

    fn owners(&self) -> Vec<MemberId> {
        self.owner.into_iter().collect()
    }

    fn work(&self) -> Vec<Work> {
        match self.stage {
            Stage::Raised => vec![match self.owner {
                Some(owner) => Work::of(owner, None),
                None => Work::of_whoever(Permission::HandleSignal, None, None),
            }],
            Stage::Acknowledged { .. } | Stage::Linked { .. } | Stage::Dismissed { .. } | Stage::Cleared { .. } => {
                Vec::new()
            }
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::Raised | Stage::Acknowledged { .. } => Responsibility::of_owner(self.owner),
            Stage::Linked { .. } | Stage::Dismissed { .. } | Stage::Cleared { .. } => Vec::new(),
        }
    }
}

impl Signal {
    /// The case that deals with it, or dealt with it.
    #[must_use]
    pub fn case(&self) -> Option<NonconformityId> {
        match &self.stage {
            Stage::Linked { case, .. } => Some(*case),
            Stage::Cleared { case, .. } => *case,
            Stage::Raised | Stage::Acknowledged { .. } | Stage::Dismissed { .. } => None,
        }
    }

    /// Whether it is still open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match &self.stage {
            Stage::Raised | Stage::Acknowledged { .. } | Stage::Linked { .. } | Stage::Dismissed { .. } => true,
            Stage::Cleared { .. } => false,
        }
    }
}
