//! Proposed by mistake: until it is decided; then it is given up instead.

use super::{Improvement, Stage, Verb};
use crate::id::MemberId;
use crate::mistakes::{Duplicable, Duplicate, Voidable, Voided};

impl Voidable for Improvement {
    const VOID: Verb = Verb::Void;

    fn into_void(self, voided: Voided) -> Self {
        Self { stage: Stage::Void { voided }, ..self }
    }
}

impl Duplicable for Improvement {
    const MARK_DUPLICATE: Verb = Verb::MarkDuplicate;

    fn into_duplicate(self, duplicate: Duplicate) -> Self {
        Self { stage: Stage::Duplicate { duplicate }, ..self }
    }

    fn duplicate(&self) -> Option<&Duplicate> {
        match &self.stage {
            Stage::Duplicate { duplicate } => Some(duplicate),
            Stage::Proposed
            | Stage::Declined
            | Stage::Accepted
            | Stage::Planned
            | Stage::InProgress { .. }
            | Stage::Measuring { .. }
            | Stage::Realised { .. }
            | Stage::NotRealised { .. }
            | Stage::EndedBefore { .. }
            | Stage::Void { .. } => None,
        }
    }

    fn is_dealt_with(&self) -> bool {
        self.stage.name().is_open()
    }

    fn reporter(&self) -> Option<MemberId> {
        self.proposer
    }

    fn also_reported_by(&self) -> &[MemberId] {
        &self.also_reported_by
    }

    fn with_reporters(self, members: Vec<MemberId>) -> Self {
        Self { also_reported_by: members, ..self }
    }
}
