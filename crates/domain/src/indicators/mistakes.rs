//! Defined by mistake, and never measured. One that was is retired instead.

use super::{Indicator, Stage, Verb};
use crate::mistakes::{Voidable, Voided};

impl Voidable for Indicator {
    const VOID: Verb = Verb::Void;

    fn into_void(self, voided: Voided) -> Self {
        Self { stage: Stage::Void { voided }, ..self }
    }
}
