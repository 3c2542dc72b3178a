//! Orphans: records that hang loose, because what they need to count for something is missing, whatever their own lifecycle
//! allows.

use crate::readiness::{Remedy, patch, post};
use strum::{IntoStaticStr, VariantArray};

/// What is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, IntoStaticStr, VariantArray)]
#[strum(serialize_all = "kebab-case")]
pub enum Orphan {
    /// An objective in force that no indicator measures.
    ObjectiveWithoutIndicator,
    /// An objective in force whose owner has left.
    ObjectiveWithoutOwner,
    /// A published policy whose owner has left.
    PolicyWithoutOwner,
    /// An indicator, drafted or in use, that nobody analyses.
    IndicatorWithoutAnalyst,
    /// An indicator in use that nobody answers for.
    IndicatorWithoutOwner,
    /// A critical signal without a case.
    SignalWithoutCase,
    /// A process whose owner has left.
    ProcessWithoutOwner,
    /// A control that is needed and that nobody answers for.
    ControlWithoutOwner,
    /// A control that is said to be in place, and nothing shows it.
    ControlWithoutEvidence,
    /// A control that is needed and that no audit has looked at within three years.
    ControlNeverAudited,
    /// A minor or major finding of a reported audit without a nonconformity.
    FindingWithoutNonconformity,
    /// A risk that nobody answers for.
    RiskWithoutOwner,
    /// A confirmed nonconformity of which the cause is not known.
    NonconformityWithoutCause,
    /// A nonconformity that is to be treated by actions and has none.
    NonconformityWithoutAction,
    /// An incident under way that nobody answers for.
    IncidentWithoutOwner,
    /// A weakness under way that nobody answers for.
    WeaknessWithoutOwner,
    /// The action of a review's decision that was cancelled: nothing carries the decision out.
    DecisionWithoutAction,
}

/// What is said of one kind of orphan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need {
    /// The clauses and controls that ask for what is missing.
    pub clauses: &'static [&'static str],
    /// What it is.
    pub label: &'static str,
    /// The call that gives each what it lacks.
    pub mend: Remedy,
}

const fn need(clauses: &'static [&'static str], label: &'static str, mend: Remedy) -> Need {
    Need { clauses, label, mend }
}

impl Orphan {
    /// By what it is known: it stays the same.
    #[must_use]
    pub fn id(self) -> &'static str {
        self.into()
    }

    /// What is said of it.
    #[must_use]
    pub fn need(self) -> Need {
        match self {
            Self::ObjectiveWithoutIndicator => need(
                &["6.2", "9.1"],
                "Objectives in force that no indicator measures",
                post("/v1/objectives/{id}/revise"),
            ),
            Self::ObjectiveWithoutOwner => {
                need(&["6.2"], "Objectives in force whose owners have left", patch("/v1/objectives/{id}"))
            }
            Self::PolicyWithoutOwner => {
                need(&["5.2", "5.3", "A.5.1"], "Published policies whose owners have left", patch("/v1/policies/{id}"))
            }
            Self::IndicatorWithoutAnalyst => {
                need(&["9.1"], "Indicators that nobody analyses", patch("/v1/indicators/{id}"))
            }
            Self::IndicatorWithoutOwner => {
                need(&["5.3", "9.1"], "Indicators in use that nobody answers for", patch("/v1/indicators/{id}"))
            }
            Self::SignalWithoutCase => {
                need(&["9.1", "10.2"], "Critical signals without a case", post("/v1/signals/{id}/link"))
            }
            Self::ProcessWithoutOwner => {
                need(&["4.4", "5.3"], "Processes whose owners have left", patch("/v1/processes/{id}"))
            }
            Self::ControlWithoutOwner => need(
                &["5.3", "6.1.3"],
                "Controls that are needed and that nobody answers for",
                patch("/v1/applicabilities/{id}"),
            ),
            Self::ControlWithoutEvidence => need(
                &["7.5.1", "8.1"],
                "Controls that are said to be in place, with nothing that shows it",
                post("/v1/evidence"),
            ),
            Self::ControlNeverAudited => need(
                &["9.2.2"],
                "Controls that are needed and that no audit has looked at within three years",
                post("/v1/audits"),
            ),
            Self::FindingWithoutNonconformity => need(
                &["9.2.2", "10.2"],
                "Minor and major findings without a nonconformity",
                post("/v1/findings/{id}/raise"),
            ),
            Self::RiskWithoutOwner => {
                need(&["6.1.2", "6.1.3"], "Risks that nobody answers for", post("/v1/risks/{id}/assess"))
            }
            Self::NonconformityWithoutCause => need(
                &["10.2"],
                "Confirmed nonconformities of which the cause is not known",
                post("/v1/nonconformities/{id}/analyse"),
            ),
            Self::NonconformityWithoutAction => {
                need(&["10.2"], "Nonconformities that are to be treated by actions and have none", post("/v1/actions"))
            }
            Self::IncidentWithoutOwner => {
                need(&["A.5.24", "A.5.26"], "Incidents under way that nobody answers for", patch("/v1/incidents/{id}"))
            }
            Self::WeaknessWithoutOwner => {
                need(&["A.6.8", "A.8.8"], "Weaknesses under way that nobody answers for", patch("/v1/weaknesses/{id}"))
            }
            Self::DecisionWithoutAction => need(
                &["9.3.3"],
                "Actions of reviews' decisions that were cancelled: nothing carries the decision out",
                post("/v1/actions/{id}/reopen"),
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalogue;
    use std::collections::BTreeSet;

    #[test]
    fn what_is_missing_is_asked_for_by_known_clauses() {
        for orphan in Orphan::VARIANTS {
            let need = orphan.need();
            assert!(!need.clauses.is_empty(), "{orphan:?}");
            assert!(need.clauses.iter().all(|clause| catalogue::find(clause).is_some()), "{orphan:?}");
        }
        let labels: BTreeSet<&str> = Orphan::VARIANTS.iter().map(|orphan| orphan.need().label).collect();
        assert_eq!(labels.len(), Orphan::VARIANTS.len());
    }
}
