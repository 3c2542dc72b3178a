//! InfluxDB's line protocol.
#![no_main]

use chrono::DateTime;
use libfuzzer_sys::fuzz_target;
use ratchet_ingest::SAMPLES;
use ratchet_ingest::line_protocol::{Precision, decode};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(intake) = decode(bytes, Precision::Milliseconds, DateTime::UNIX_EPOCH) {
        assert!(intake.samples.len() <= SAMPLES && intake.refused <= intake.points);
    }
});
