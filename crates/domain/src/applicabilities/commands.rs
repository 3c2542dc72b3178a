//! The verbs, and the amendment of plain fields.

use super::{Applicability, NOT_OF_EXCLUDED, Stage, Status, Verb};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle};
use crate::id::MemberId;
use crate::refusal::{Fault, Faults, Refusal};
use chrono::{DateTime, Utc};

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// How far it is put into practice.
    pub status: Option<Status>,
    /// How it is put into practice, or nothing.
    pub implementation: Option<Option<String>>,
    /// The accountable member, or none; that the member exists is the caller's to check.
    pub owner: Option<Option<MemberId>>,
}

impl Applicability {
    /// Says how far the control is put into practice. Who answers for it is decided by whoever keeps the statement.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input: an excluded control has no implementation.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { status: new_status, implementation: new_implementation, owner } = input;
        if owner.is_some() && !by.may(Permission::SteerApplicability, false) {
            return Err(Refusal::Forbidden);
        }
        let (mut faults, mut after) = (Faults::default(), self.clone());
        after.owner = owner.unwrap_or(after.owner);
        match &mut after.stage {
            Stage::Applicable { status, implementation } => {
                *status = new_status.unwrap_or(*status);
                if let Some(new) = new_implementation {
                    *implementation = new;
                }
            }
            Stage::Excluded => {
                for (pointer, given) in
                    [("/status", new_status.is_some()), ("/implementation", new_implementation.is_some())]
                {
                    if given {
                        faults.push(Fault::new(pointer, "not_in_this_stage", NOT_OF_EXCLUDED));
                    }
                }
            }
        }
        after.note_faults(&mut faults);
        faults.refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// The control is needed after all; nothing of it is in place yet.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the justification.
    pub fn include(self, justification: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Include, &(), by)?;
        let stage = Stage::Applicable { status: Status::NotStarted, implementation: None };
        self.decided(justification, stage, "included", at)
    }

    /// The control is not needed any more.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the justification.
    pub fn exclude(self, justification: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Exclude, &(), by)?;
        self.decided(justification, Stage::Excluded, "excluded", at)
    }

    /// The decision stands, for other reasons or in other words.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the justification.
    pub fn justify(self, justification: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Justify, &(), by)?;
        let stage = self.stage.clone();
        self.decided(justification, stage, "justified", at)
    }

    fn decided(
        self,
        justification: String,
        stage: Stage,
        verb: &'static str,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        let after = Self { justification: justification.clone(), stage, ..self.clone() };
        let mut faults = Faults::default();
        after.note_faults(&mut faults);
        faults.refuse()?;
        Ok(Change::of(self, after, verb, at).because(justification))
    }
}
