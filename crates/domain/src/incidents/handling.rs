//! What is decided and done about an incident, and what remains of it [A.5.25-A.5.27].

use crate::id::MemberId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// Whether it is an incident at all [A.5.25].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TriageDecision {
    /// By which criteria that was decided.
    pub criteria: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}

/// That it does not spread any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Containment {
    /// What was done.
    pub measures: String,
    /// Since when.
    pub contained_at: DateTime<Utc>,
    /// Who said so.
    pub by: Option<MemberId>,
}

/// That everything works again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Resolution {
    /// What was done.
    pub summary: String,
    /// Since when.
    pub resolved_at: DateTime<Utc>,
    /// Who said so.
    pub by: Option<MemberId>,
}

/// What it cost, in whole units: an estimate will do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IncidentCost))]
#[serde(deny_unknown_fields)]
pub struct Cost {
    /// In whole units of the currency.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, example = 12_500))]
    pub amount: i64,
    /// ISO 4217: three capital letters.
    #[cfg_attr(feature = "openapi", schema(example = "EUR"))]
    pub currency: String,
}

/// How much of it there was [A.5.27].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = IncidentImpact))]
#[serde(deny_unknown_fields)]
pub struct Impact {
    /// How long something did not work, in minutes.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, example = 90))]
    pub downtime_minutes: i64,
    /// How many records of data were touched.
    #[cfg_attr(feature = "openapi", schema(minimum = 0, example = 0))]
    pub records: i64,
    /// What it cost, where that is known.
    #[serde(default)]
    pub cost: Option<Cost>,
}

/// What remains of it [A.5.27].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Why it could happen.
    pub root_cause: String,
    /// What was learned.
    pub lessons: String,
    /// How much of it there was.
    pub impact: Impact,
    /// When it was reviewed.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}
