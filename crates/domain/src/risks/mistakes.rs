//! Registered by mistake: there never was such a risk. One that is no more is retired instead.

use super::{Risk, Stage, Verb};
use crate::mistakes::{Voidable, Voided};

impl Voidable for Risk {
    const VOID: Verb = Verb::Void;

    fn into_void(self, voided: Voided) -> Self {
        Self { stage: Stage::Void { voided }, ..self }
    }
}
