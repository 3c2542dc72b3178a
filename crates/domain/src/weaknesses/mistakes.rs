//! Reported by mistake: until it is accepted or gone. What is only reported is rejected instead.

use super::{Stage, Verb, Weakness};
use crate::id::MemberId;
use crate::mistakes::{Duplicable, Duplicate, Voidable, Voided};

impl Voidable for Weakness {
    const VOID: Verb = Verb::Void;

    fn into_void(self, voided: Voided) -> Self {
        Self { stage: Stage::Void { voided }, ..self }
    }
}

impl Duplicable for Weakness {
    const MARK_DUPLICATE: Verb = Verb::MarkDuplicate;

    fn into_duplicate(self, duplicate: Duplicate) -> Self {
        Self { stage: Stage::Duplicate { duplicate }, ..self }
    }

    fn duplicate(&self) -> Option<&Duplicate> {
        match &self.stage {
            Stage::Duplicate { duplicate } => Some(duplicate),
            Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Assessed
            | Stage::Treating { .. }
            | Stage::Accepted { .. }
            | Stage::Closed { .. }
            | Stage::Void { .. } => None,
        }
    }

    fn is_dealt_with(&self) -> bool {
        match self.stage {
            Stage::Reported | Stage::Assessed | Stage::Treating { .. } | Stage::Accepted { .. } => true,
            Stage::Rejected { .. } | Stage::Closed { .. } | Stage::Void { .. } | Stage::Duplicate { .. } => false,
        }
    }

    fn reporter(&self) -> Option<MemberId> {
        self.reporter
    }

    fn also_reported_by(&self) -> &[MemberId] {
        &self.also_reported_by
    }

    fn with_reporters(self, members: Vec<MemberId>) -> Self {
        Self { also_reported_by: members, ..self }
    }
}
