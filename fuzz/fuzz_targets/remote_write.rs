//! Prometheus remote write: blocks of snappy, and both messages.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ratchet_ingest::{SAMPLES, remote_write};

fuzz_target!(|bytes: &[u8]| {
    let inflated = remote_write::inflate(bytes, 1 << 20).unwrap_or_default();
    for body in [bytes, &inflated] {
        for intake in [remote_write::v1(body), remote_write::v2(body)].into_iter().flatten() {
            assert!(intake.samples.len() <= SAMPLES && intake.refused <= intake.points);
        }
    }
});
