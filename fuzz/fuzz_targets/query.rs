//! Parameters of a list.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| ratchet_http::fuzzing::query(text));
