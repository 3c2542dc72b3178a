//! CloudEvents, in each mode.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ratchet_ingest::SAMPLES;
use ratchet_ingest::cloudevents::{self, Attributes};

fuzz_target!(|bytes: &[u8]| {
    let binary = cloudevents::binary(Attributes::default(), bytes);
    for intake in [cloudevents::structured(bytes), cloudevents::batch(bytes), binary].into_iter().flatten() {
        assert!(intake.samples.len() <= SAMPLES && intake.refused <= intake.points);
    }
});
