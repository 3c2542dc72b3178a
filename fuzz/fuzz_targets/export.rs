//! Exports of the journal: none is clean that the key has not signed, nor one that holds less than was signed.
#![no_main]

use ed25519_dalek::SigningKey;
use libfuzzer_sys::fuzz_target;
use ratchet_domain::journal::checkpoint::{Checkpoint, VerifierKey};
use ratchet_domain::journal::export::{FORMAT, verify_export};
use ratchet_domain::journal::merkle::empty_root;

/// Whose entries the seeds are.
const ORGANISATION: &str = "01a213fc-6b4e-75c0-bbb7-6788d29a221f";

fuzz_target!(|text: &str| {
    let private = SigningKey::from_bytes(&[8; 32]);
    let key = VerifierKey { name: "ratchet.example".to_owned(), key: private.verifying_key() };
    assert!(!verify_export(text.lines(), &key, None).is_clean());
    let size = text.lines().count() as u64 + 1;
    let signed = Checkpoint { origin: key.name.clone(), size, root: empty_root() }.sign(&private);
    let Ok(checkpoint) = signed else { panic!("the name is good") };
    let header = serde_json::json!({ "format": FORMAT, "organisation": ORGANISATION, "checkpoint": checkpoint });
    let header = header.to_string();
    let lines = std::iter::once(header.as_str()).chain(text.lines());
    assert!(!verify_export(lines, &key, Some(&checkpoint)).is_clean());
});
