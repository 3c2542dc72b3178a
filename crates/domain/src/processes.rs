//! Processes: what the organisation does, and who answers for it. Audits cover them, and nobody audits their own.

mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::Amendment;
pub use lifecycle::{StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{MemberId, ProcessId};
use crate::reference::Prefix;
use crate::refusal::{Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// At most so many clauses and controls.
pub const REQUIREMENTS: usize = 50;

/// How much depends on it: the audit programme takes it into account [9.2.2].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ProcessImportance))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Importance {
    /// A failure is an inconvenience.
    Low,
    /// A failure is felt.
    Medium,
    /// A failure endangers customers or the organisation.
    High,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// It is run.
    Active,
    /// It is not run any more.
    Retired {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
}

/// A process.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Process {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub name: String,
    /// What it is for.
    #[serde(default)]
    pub purpose: Option<String>,
    /// How much depends on it.
    pub importance: Importance,
    /// The clauses and controls that it fulfils.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// The accountable member.
    pub owner: MemberId,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to enter one into the register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProcessDraft {
    /// One line.
    pub name: String,
    /// What it is for.
    pub purpose: Option<String>,
    /// How much depends on it.
    pub importance: Importance,
    /// Clauses and controls, at most [`REQUIREMENTS`].
    pub requirements: Vec<String>,
    /// The accountable member; that the member exists is the caller's to check.
    pub owner: MemberId,
}

impl Record for Process {
    const PREFIX: Prefix = Prefix::Process;
    const MAKING: Permission = Permission::DefineProcess;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Owned by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        by.principal() == Some(self.owner)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.name)
    }

    /// While it is run.
    fn owners(&self) -> Vec<MemberId> {
        match self.stage {
            Stage::Active => vec![self.owner],
            Stage::Retired { .. } => Vec::new(),
        }
    }

    fn answers_for(&self) -> Vec<&str> {
        self.requirements.iter().map(String::as_str).collect()
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::Active => Responsibility::of_owner(self.owner),
            Stage::Retired { .. } => Vec::new(),
        }
    }
}

impl Process {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> ProcessId {
        ProcessId(self.head.id)
    }

    /// Enters a process into the register.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn define(draft: ProcessDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let ProcessDraft { name, purpose, importance, requirements, owner } = draft;
        let head = Head::born(by, birth);
        let process = Self { head, name, purpose, importance, requirements, owner, stage: Stage::Active };
        process.faults().refuse()?;
        Ok(Change::born(process, "defined"))
    }

    /// Every fault of what people write.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/name", &self.name));
        if let Some(purpose) = &self.purpose {
            faults.keep(text::narrative("/purpose", purpose));
        }
        text::requirements("/requirements", &self.requirements, REQUIREMENTS, &mut faults);
        faults
    }
}
