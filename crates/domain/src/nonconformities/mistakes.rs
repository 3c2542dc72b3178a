//! Raised by mistake: until its effectiveness is judged. What is only reported is rejected instead.

use super::{Nonconformity, Stage, Verb};
use crate::id::MemberId;
use crate::mistakes::{Duplicable, Duplicate, Voidable, Voided};

impl Voidable for Nonconformity {
    const VOID: Verb = Verb::Void;

    fn into_void(self, voided: Voided) -> Self {
        Self { stage: Stage::Void { voided }, ..self }
    }
}

impl Duplicable for Nonconformity {
    const MARK_DUPLICATE: Verb = Verb::MarkDuplicate;

    fn into_duplicate(self, duplicate: Duplicate) -> Self {
        Self { stage: Stage::Duplicate { duplicate }, ..self }
    }

    fn duplicate(&self) -> Option<&Duplicate> {
        match &self.stage {
            Stage::Duplicate { duplicate } => Some(duplicate),
            Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Confirmed
            | Stage::Analysed { .. }
            | Stage::Planned { .. }
            | Stage::Verifying { .. }
            | Stage::Verified { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. } => None,
        }
    }

    fn is_dealt_with(&self) -> bool {
        self.stage.name().is_open()
    }

    fn reporter(&self) -> Option<MemberId> {
        self.head.created_by
    }

    fn also_reported_by(&self) -> &[MemberId] {
        &self.also_reported_by
    }

    fn with_reporters(self, members: Vec<MemberId>) -> Self {
        Self { also_reported_by: members, ..self }
    }
}
