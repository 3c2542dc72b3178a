//! Controls that the rest of the set needs: what its policies promise, and what keeps its risks down. The others are for
//! the organisation to decide.

use super::policies::POLICIES;
use super::risks::RISKS;
use crate::applicabilities::{ApplicabilityDraft, StageName, Status};
use crate::catalogue::{CONTROLS, Requirement};
use crate::id::MemberId;

/// A control, and what in the set needs it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ControlText {
    pub(super) control: &'static Requirement,
    policies: Vec<&'static str>,
    risks: Vec<&'static str>,
}

/// All of them, in the order of Annex A.
pub(super) fn controls() -> Vec<ControlText> {
    let needed = |control: &'static Requirement| {
        let promised = POLICIES.iter().filter(|policy| policy.clauses.contains(&control.number));
        let feared = RISKS.iter().filter(|risk| risk.controls.contains(&control.number));
        let policies: Vec<&str> = promised.map(|policy| policy.title).collect();
        let risks: Vec<&str> = feared.map(|risk| risk.title).collect();
        (!policies.is_empty() || !risks.is_empty()).then_some(ControlText { control, policies, risks })
    };
    CONTROLS.iter().filter_map(needed).collect()
}

impl ControlText {
    /// `A.5.15`.
    #[must_use]
    pub fn number(&self) -> &'static str {
        self.control.number
    }

    /// `control-a-5-15`.
    pub(super) fn id(&self) -> String {
        format!("control-{}", self.control.number.to_lowercase().replace('.', "-"))
    }

    /// Why it is needed.
    pub(super) fn justification(&self) -> String {
        let named = |before: &str, titles: &[&str]| match titles {
            [] => None,
            titles => Some(format!("{before}: {}.", titles.join("; "))),
        };
        let said =
            [named("It keeps down these risks", &self.risks), named("These policies promise it", &self.policies)];
        said.into_iter().flatten().collect::<Vec<_>>().join(" ")
    }

    /// Needed, and not started: how far it is put into practice is for its owner to say.
    #[must_use]
    pub fn draft(&self, owner: MemberId) -> ApplicabilityDraft {
        ApplicabilityDraft {
            control: self.control.number.to_owned(),
            state: StageName::Applicable,
            justification: self.justification(),
            status: Some(Status::NotStarted),
            implementation: None,
            owner: Some(owner),
        }
    }
}
