//! Plans of action, as OSCAL has them.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| ratchet_http::fuzzing::plan_of_action(bytes));
