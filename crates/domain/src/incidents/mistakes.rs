//! Reported by mistake: until it is reviewed. What is only reported is found to be no incident instead.

use super::{Incident, Stage, Verb};
use crate::id::MemberId;
use crate::mistakes::{Duplicable, Duplicate, Voidable, Voided};

impl Voidable for Incident {
    const VOID: Verb = Verb::Void;

    fn into_void(self, voided: Voided) -> Self {
        Self { stage: Stage::Void { voided }, ..self }
    }
}

impl Duplicable for Incident {
    const MARK_DUPLICATE: Verb = Verb::MarkDuplicate;

    fn into_duplicate(self, duplicate: Duplicate) -> Self {
        Self { stage: Stage::Duplicate { duplicate }, ..self }
    }

    fn duplicate(&self) -> Option<&Duplicate> {
        match &self.stage {
            Stage::Duplicate { duplicate } => Some(duplicate),
            Stage::Reported
            | Stage::NotAnIncident { .. }
            | Stage::Triaged
            | Stage::Contained { .. }
            | Stage::Resolved { .. }
            | Stage::Reviewed { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. } => None,
        }
    }

    fn is_dealt_with(&self) -> bool {
        self.is_open()
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
