//! Likelihood and impact, and the level that they make [6.1.2 d].

use crate::refusal::Faults;
use crate::text;
use serde::{Deserialize, Serialize};

/// The highest level.
pub const HIGHEST: i64 = 25;

/// How likely something is, and how bad it would be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Rating {
    /// 1 (hardly ever) to 5 (almost certain).
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 5, example = 4))]
    pub likelihood: i64,
    /// 1 (hardly noticed) to 5 (threatens the organisation).
    #[cfg_attr(feature = "openapi", schema(minimum = 1, maximum = 5, example = 3))]
    pub impact: i64,
}

impl Rating {
    /// Likelihood times impact, 1 to 25.
    #[must_use]
    pub fn level(self) -> i64 {
        self.likelihood.saturating_mul(self.impact)
    }

    pub(crate) fn check(self, pointer: &str, faults: &mut Faults) {
        faults.keep(text::graded(&format!("{pointer}/likelihood"), self.likelihood, 1..=5));
        faults.keep(text::graded(&format!("{pointer}/impact"), self.impact, 1..=5));
    }
}
