//! SARIF, as scanners write it.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ratchet_ingest::sarif::{self, Level, PLACES};

fuzz_target!(|bytes: &[u8]| {
    if let Ok(log) = sarif::log(bytes, Level::None) {
        assert!(log.passed_over <= log.results);
        assert!(log.findings.iter().all(|finding| finding.places.len() <= PLACES && finding.occurrences > 0));
    }
});
