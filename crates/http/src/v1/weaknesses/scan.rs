//! What a scanner says of a weakness, as the API shows it.

use ratchet_domain::id::WeaknessId;
use ratchet_domain::weaknesses::scan::{Level, Scan};
use serde::Serialize;

/// What a scanner says of a weakness that it has found.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub(crate) struct ScanView {
    /// The tool's name.
    #[schema(example = "Bandit")]
    pub tool: String,
    /// The tool's version.
    #[schema(example = "1.8.0")]
    pub tool_version: Option<String>,
    /// The id of the rule that is broken.
    #[schema(example = "B105")]
    pub rule: String,
    /// How much it matters.
    pub level: Level,
    /// A score such as that of CVSS, in tenths.
    #[schema(minimum = 0, maximum = 100, example = 75)]
    pub severity: Option<i64>,
    /// Where more is said of the rule.
    #[schema(example = "https://bandit.readthedocs.io/en/1.8.0/plugins/b105_hardcoded_password_string.html")]
    pub help_uri: Option<String>,
    /// The first of the places where it was found, at most 50.
    #[schema(example = json!(["robots/session.py:14"]))]
    pub places: Vec<String>,
    /// How many there are.
    pub occurrences: i64,
    /// The weakness that was closed before it was found again.
    pub recurrence_of: Option<WeaknessId>,
}

impl From<&Scan> for ScanView {
    fn from(scan: &Scan) -> Self {
        let Scan { tool, tool_version, rule, level, severity, help_uri, places, occurrences, recurrence_of } =
            scan.clone();
        Self { tool, tool_version, rule, level, severity, help_uri, places, occurrences, recurrence_of }
    }
}
