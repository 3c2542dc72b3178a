//! Exports of the journal: none that the key has not signed is clean.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ratchet_domain::journal::export::verify_export;

/// Whose private half nobody here has.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fuzz_target!(|text: &str| {
    let Ok(key) = KEY.parse() else { panic!("the key is good") };
    assert!(!verify_export(text.lines(), &key, None).is_clean());
});
