//! OTLP metrics, in either encoding.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ratchet_ingest::{SAMPLES, otlp};

fuzz_target!(|bytes: &[u8]| {
    for intake in [otlp::protobuf(bytes), otlp::json(bytes)].into_iter().flatten() {
        assert!(intake.samples.len() <= SAMPLES && intake.refused <= intake.points);
    }
});
