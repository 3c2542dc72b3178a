//! What is said of an indicator's results, at the interval of its analysis.

use crate::id::MemberId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What an analysis came to.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AnalysisVerdict))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Verdict {
    /// The figures are as they should be.
    Satisfactory,
    /// They call for a closer look.
    Watch,
    /// They call for something to be done; links and cases say what.
    Act,
}

/// What the results mean, as the analyst sees it [9.1 e, f].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// What it came to.
    pub verdict: Verdict,
    /// What was seen and concluded.
    pub conclusion: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: MemberId,
}
