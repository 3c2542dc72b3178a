//! Signed notes and verifier keys.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ratchet_domain::journal::checkpoint::{SignedCheckpoint, VerifierKey};

/// Whose private half nobody here has.
const KEY: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";

fuzz_target!(|text: &str| {
    let key = text.parse::<VerifierKey>();
    if let Ok(key) = &key {
        assert_eq!(key.to_string(), text);
    }
    if let Ok(signed) = SignedCheckpoint::parse(text) {
        let Ok(key) = KEY.parse::<VerifierKey>() else { panic!("the key is good") };
        assert!(signed.verify_with(&key).is_err());
    }
});
