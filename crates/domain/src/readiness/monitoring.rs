//! Monitoring: whether what matters is measured, and whether somebody answers when it goes astray [9.1].

use super::{Rule, Terms, patch, post, there};
use strum::{IntoStaticStr, VariantArray};

/// The checks of this step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum MonitoringCheck {
    /// Are indicators in use, and does none stay a draft?
    IndicatorsInUse,
    /// Does somebody answer for every indicator that is in use?
    IndicatorsOwned,
    /// Is every indicator that is in use measured as often as it should be?
    IndicatorsMeasured,
    /// Was every signal answered within 30 days?
    SignalsAnswered,
    /// Does every critical signal that is open have its nonconformity?
    CriticalSignalsTreated,
}

impl MonitoringCheck {
    /// What the check asks.
    pub(super) fn terms(self) -> Terms {
        match self {
            Self::IndicatorsInUse => Terms {
                clauses: &["9.1"],
                question: "Are indicators in use, and does none stay a draft?",
                rule: there(post("/v1/indicators")),
                mend: Some(post("/v1/indicators/{id}/activate")),
            },
            Self::IndicatorsOwned => Terms {
                clauses: &["9.1", "5.3"],
                question: "Does somebody answer for every indicator that is in use?",
                rule: Rule::Each { idle: "no indicator is in use" },
                mend: Some(patch("/v1/indicators/{id}")),
            },
            Self::IndicatorsMeasured => Terms {
                clauses: &["9.1"],
                question: "Is every indicator that is in use measured as often as it should be?",
                rule: Rule::Each { idle: "no indicator is in use" },
                mend: Some(post("/v1/measurements")),
            },
            Self::SignalsAnswered => Terms {
                clauses: &["9.1"],
                question: "Was every signal answered within 30 days?",
                rule: Rule::Each { idle: "no signal was raised" },
                mend: Some(post("/v1/signals/{id}/acknowledge")),
            },
            Self::CriticalSignalsTreated => Terms {
                clauses: &["9.1", "10.2"],
                question: "Does every critical signal that is open have its nonconformity?",
                rule: Rule::Each { idle: "no critical signal is open" },
                mend: Some(post("/v1/signals/{id}/link")),
            },
        }
    }
}
