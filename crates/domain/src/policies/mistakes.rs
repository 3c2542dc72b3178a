//! Established by mistake: no version of it was ever published. One that held is retired instead, with its version.

use super::{Policy, Stage, Verb};
use crate::mistakes::{Voidable, Voided};

impl Voidable for Policy {
    const VOID: Verb = Verb::Void;

    fn into_void(self, voided: Voided) -> Self {
        Self { stage: Stage::Void { voided }, ..self }
    }
}
