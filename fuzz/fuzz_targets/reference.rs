//! A reference or a locator has one spelling.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ratchet_domain::reference::{Locator, Reference};

fuzz_target!(|text: &str| {
    if let Ok(reference) = text.parse::<Reference>() {
        assert_eq!(reference.to_string(), text);
    }
    if let Ok(Locator::Id(id)) = text.parse() {
        assert!(id.to_string().eq_ignore_ascii_case(text));
    }
});
