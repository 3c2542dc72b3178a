//! What the treatment of a nonconformity consists of [10.2 a-g].

use super::{Nonconformity, Stage};
use crate::analysis::effect::{Effect, Windows};
use crate::id::{MemberId, NonconformityId};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// How the cause was looked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AnalysisMethod))]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// Ask "why" until the answer can be acted on.
    FiveWhys,
    /// Ishikawa's diagram.
    Fishbone,
    /// Another method, named in the summary.
    Other,
}

/// The immediate correction [10.2 a].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Containment {
    /// What was done at once.
    pub correction: String,
    /// How consequences are dealt with.
    pub consequences: String,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// Another nonconformity that was looked at because it might be similar, and what was concluded of it [10.2 b].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Considered {
    /// Which; that it exists is the caller's to check.
    pub case: NonconformityId,
    /// Whether it has the same cause.
    pub same_cause: bool,
    /// Why, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

/// Why it happened, and whether it could happen elsewhere [10.2 b].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// How the cause was looked for.
    pub method: Method,
    /// At least one.
    pub root_causes: Vec<String>,
    /// Whether similar ones exist or could occur: what was searched and concluded.
    pub similar: String,
    /// The nonconformities that were looked at for that, each with what was concluded of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub considered: Vec<Considered>,
    /// When it was concluded.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// What follows from the analysis [10.2 b, c].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Response {
    /// Corrective or preventive actions, which are records of their own.
    Actions,
    /// None, the correction suffices.
    NoAction {
        /// Why.
        justification: String,
    },
}

/// Whether what was done worked [10.2 d].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// Whether the cause is gone.
    pub effective: bool,
    /// What was looked at.
    pub criterion: String,
    /// What was seen.
    pub evidence: String,
    /// What indicators said, frozen, where the verdict rests on figures.
    #[serde(default)]
    pub effect: Option<Effect>,
    /// When it was judged.
    pub at: DateTime<Utc>,
    /// By whom; never by someone who did the work.
    pub by: MemberId,
}

/// What remains when it is over [10.2 e-g].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// Whether the management system must change: the change, or why none [10.2 e].
    pub isms_change: String,
    /// What was learned.
    pub lessons: String,
    /// Why there was no correction, when none was recorded [10.2 a].
    #[serde(default)]
    pub no_correction_because: Option<String>,
    /// When it was closed.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// An earlier turn that did not hold: kept, not overwritten.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Attempt {
    /// What had been done at once, where the case came back after it: the next time is corrected anew [10.2 a].
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub containment: Option<Containment>,
    /// The analysis of that turn.
    pub analysis: Analysis,
    /// What followed from it.
    pub response: Response,
    /// How it was judged.
    pub verdict: Verdict,
    /// How it had been closed, when it was reopened after that.
    #[serde(default)]
    pub closure: Option<Closure>,
}

impl Nonconformity {
    /// Why it happened, as far as this turn knows.
    #[must_use]
    pub fn analysis(&self) -> Option<&Analysis> {
        match &self.stage {
            Stage::Analysed { analysis }
            | Stage::Planned { analysis }
            | Stage::Verifying { analysis, .. }
            | Stage::Verified { analysis, .. }
            | Stage::Closed { analysis, .. } => Some(analysis),
            Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Confirmed
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    /// The causes that were found last: in this turn, or in the one before it; of what had ended elsewhere, those that the
    /// other register names.
    #[must_use]
    pub fn root_causes(&self) -> &[String] {
        let found = self.analysis().or_else(|| self.attempts.last().map(|attempt| &attempt.analysis));
        let elsewhere = || self.migrated.as_ref().map(|migrated| migrated.root_causes.as_slice());
        found.map(|analysis| analysis.root_causes.as_slice()).or_else(elsewhere).unwrap_or_default()
    }

    /// How it was judged in this turn.
    #[must_use]
    pub fn verdict(&self) -> Option<&Verdict> {
        match &self.stage {
            Stage::Verified { verdict, .. } | Stage::Closed { verdict, .. } => Some(verdict),
            Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Confirmed
            | Stage::Analysed { .. }
            | Stage::Planned { .. }
            | Stage::Verifying { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    /// How it was judged last: in this turn, or in the one before it, which did not hold.
    #[must_use]
    pub fn last_verdict(&self) -> Option<&Verdict> {
        self.verdict().or_else(|| self.attempts.last().map(|attempt| &attempt.verdict))
    }

    /// What its indicators are compared over: before its cause was known, and since what was to be done about it is. `None`
    /// but while its effect is awaited, and where it names no indicators.
    #[must_use]
    pub fn windows(&self, now: DateTime<Utc>) -> Option<Windows> {
        let (analysis, since) = match &self.stage {
            Stage::Verifying { analysis, since, .. } => (analysis, (*since)?),
            Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Confirmed
            | Stage::Analysed { .. }
            | Stage::Planned { .. }
            | Stage::Verified { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => return None,
        };
        (!self.indicators.is_empty()).then(|| Windows::around(analysis.at, since, now))
    }
}
