//! Drafted by mistake, and never approved. One that was in force is closed instead.

use super::{AuditProgramme, Stage, Verb};
use crate::mistakes::{Voidable, Voided};

impl Voidable for AuditProgramme {
    const VOID: Verb = Verb::Void;

    fn into_void(self, voided: Voided) -> Self {
        Self { stage: Stage::Void { voided }, ..self }
    }
}
