//! Applicability: whether a control of Annex A is needed, why, how far it is put into practice, and who answers for it.
//! All of them together are the statement of applicability [6.1.3 d].

mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::Amendment;
pub use lifecycle::{StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::catalogue;
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::MemberId;
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::text;
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How far an applicable control is put into practice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImplementationStatus))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Status {
    /// Nothing has been done.
    NotStarted,
    /// It is known how.
    Planned,
    /// Some of it is in place.
    Partly,
    /// All of it is in place.
    Implemented,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// The control is needed.
    Applicable {
        /// How far it is put into practice.
        status: Status,
        /// How it is put into practice, or will be.
        #[serde(default)]
        implementation: Option<String>,
    },
    /// The control is not needed.
    Excluded,
}

/// What the organisation says of one control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applicability {
    /// Identity and version.
    pub head: Head,
    /// The control: `A.5.18`. One record for each.
    pub control: String,
    /// Why it is needed, or why not [6.1.3 d].
    pub justification: String,
    /// The accountable member.
    #[serde(default)]
    pub owner: Option<MemberId>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to say it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApplicabilityDraft {
    /// The control: `A.5.18`.
    pub control: String,
    /// Whether it is needed.
    pub state: StageName,
    /// Why it is needed, or why not.
    pub justification: String,
    /// How far it is put into practice, where it is needed; without it, not at all.
    pub status: Option<Status>,
    /// How it is put into practice, where it is needed.
    pub implementation: Option<String>,
    /// The accountable member; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
}

impl Record for Applicability {
    const PREFIX: Prefix = Prefix::Applicability;
    const MAKING: Permission = Permission::DecideApplicability;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Owned by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        by.principal().is_some() && self.owner == by.principal()
    }

    fn title(&self) -> Option<&str> {
        catalogue::find(&self.control).map(|control| control.label)
    }

    fn owners(&self) -> Vec<MemberId> {
        self.owner.into_iter().collect()
    }

    fn answers_for(&self) -> Vec<&str> {
        vec![&self.control]
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::Applicable { .. } => Responsibility::of_owner(self.owner),
            Stage::Excluded => Vec::new(),
        }
    }
}

impl Applicability {
    /// Says whether a control is needed. That nothing was said of it yet is the store's to check.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn declare(draft: ApplicabilityDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let ApplicabilityDraft { control, state, justification, status, implementation, owner } = draft;
        let mut faults = Faults::default();
        if !catalogue::CONTROLS.iter().any(|known| known.number == control) {
            let detail = "must be a control of Annex A, such as A.5.18";
            faults.push(Fault::new("/control", "unknown_requirement", detail));
        }
        let stage = match state {
            StageName::Applicable => Stage::Applicable { status: status.unwrap_or(Status::NotStarted), implementation },
            StageName::Excluded => {
                for (pointer, given) in [("/status", status.is_some()), ("/implementation", implementation.is_some())] {
                    if given {
                        faults.push(Fault::new(pointer, "not_in_this_stage", NOT_OF_EXCLUDED));
                    }
                }
                Stage::Excluded
            }
        };
        let declared = Self { head: Head::born(by, birth), control, justification, owner, stage };
        declared.note_faults(&mut faults);
        faults.refuse()?;
        Ok(Change::born(declared, "declared"))
    }

    /// Notes every fault of what people write.
    fn note_faults(&self, faults: &mut Faults) {
        faults.keep(text::narrative("/justification", &self.justification));
        if let Stage::Applicable { implementation: Some(implementation), status: _ } = &self.stage {
            faults.keep(text::narrative("/implementation", implementation));
        }
    }
}

const NOT_OF_EXCLUDED: &str = "says nothing of a control that is excluded";
