//! The verbs, and the amendment of plain fields.

use super::{Importance, Process, Stage, Verb};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle};
use crate::id::MemberId;
use crate::refusal::Refusal;
use crate::text;
use chrono::{DateTime, Utc};

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// One line.
    pub name: Option<String>,
    /// What it is for, or nothing.
    pub purpose: Option<Option<String>>,
    /// How much depends on it.
    pub importance: Option<Importance>,
    /// The clauses and controls that it fulfils.
    pub requirements: Option<Vec<String>>,
    /// The accountable member; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
}

impl Process {
    /// Changes plain fields. Who answers for it is decided by whoever keeps the register.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { name, purpose, importance, requirements, owner } = input;
        if owner.is_some() && !by.may(Permission::DefineProcess, false) {
            return Err(Refusal::Forbidden);
        }
        let mut after = self.clone();
        after.name = name.unwrap_or(after.name);
        after.purpose = purpose.unwrap_or(after.purpose);
        after.importance = importance.unwrap_or(after.importance);
        after.requirements = requirements.unwrap_or(after.requirements);
        after.owner = owner.unwrap_or(after.owner);
        after.faults().refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// It is not run any more.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, &(), by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Retired { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }

    /// It is run again.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn reinstate(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Reinstate, &(), by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Active, ..self.clone() };
        Ok(Change::of(self, after, "reinstated", at).because(reason))
    }
}
