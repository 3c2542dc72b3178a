//! An expression is read as it is written, or refused where it goes wrong; what it comes to is a number or said to be none.
#![no_main]

use libfuzzer_sys::fuzz_target;
use ratchet_domain::indicators::formula::Expression;
use std::collections::BTreeMap;

fuzz_target!(|text: &str| match Expression::read(text) {
    Ok(expression) => {
        assert_eq!(expression.as_str(), text);
        let names = expression.names().zip(0_u16..);
        let figures: BTreeMap<_, _> = names.map(|((name, _), n)| (name.clone(), f64::from(n) - 1.5)).collect();
        if let Ok(value) = expression.value(&figures) {
            assert!(value.is_finite());
        }
    }
    Err(misread) => assert!((1..=text.chars().count() + 1).contains(&misread.position)),
});
