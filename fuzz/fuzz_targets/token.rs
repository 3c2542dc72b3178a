//! Access tokens.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ratchet_http::fuzzing::token(bytes));
