//! Signed notes and verifier keys: what is read is written the same, and no signature is good but one that was made.
#![no_main]

use ed25519_dalek::SigningKey;
use libfuzzer_sys::fuzz_target;
use ratchet_domain::journal::JournalError;
use ratchet_domain::journal::checkpoint::{SignedCheckpoint, VerifierKey, cosign};

fuzz_target!(|text: &str| {
    if let Ok(key) = text.parse::<VerifierKey>() {
        assert_eq!(key.to_string(), text);
    }
    let Ok(read) = SignedCheckpoint::parse(text) else { return };
    let private = SigningKey::from_bytes(&[8; 32]);
    let key = VerifierKey { name: read.checkpoint.origin.clone(), key: private.verifying_key() };
    match read.verify_with(&key) {
        Err(JournalError::NotSigned(_)) => {}
        // Beside a line that says to be the key's, and is not, no other counts.
        Err(_) => return,
        Ok(()) => panic!("nobody has signed it"),
    }
    if let Ok(signed) = cosign(text, &private) {
        let signed = SignedCheckpoint::parse(&signed).map(|signed| (signed.verify_with(&key), signed.checkpoint));
        assert_eq!(signed, Ok((Ok(()), read.checkpoint)));
    }
});
