//! Compressed bodies never come out larger than the limit.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ratchet_http::fuzzing::compressed_body(bytes));
