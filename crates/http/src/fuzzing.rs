//! The fuzzer's ways into the parsers of what strangers send. Each takes any bytes and must come back.

use crate::body;
use crate::cursor::Cursor;
use crate::listing::PageParameters;
use crate::oscal::reading;
use crate::parameters;
use crate::rows;
use crate::tokens::Tokens;
use crate::v1::imports::NonconformityRow;
use crate::v1::measurements::intake::MeasurementItem;
use chrono::DateTime;
use ed25519_dalek::SigningKey;
use serde_json::Value;

/// A JSON body: read as a tree and as a measurement, and searched for what no text may hold.
pub fn json_body(bytes: &[u8]) {
    let _ = body::parse_object::<Value>(bytes);
    let _ = body::parse_object::<MeasurementItem>(bytes);
}

/// A compressed body, which never comes out larger than its limit.
///
/// # Panics
/// When it does.
pub fn compressed_body(bytes: &[u8]) {
    const LIMIT: usize = 1 << 16;
    for encoding in ["gzip", "zstd", "identity"] {
        let inflated = body::inflated(encoding, LIMIT, bytes);
        assert!(inflated.is_none_or(|inflated| inflated.len() <= LIMIT), "{encoding}");
    }
}

/// Measurements, and rows of another register, as CSV, as JSON lines and as a JSON array.
pub fn measurements(bytes: &[u8]) {
    let _ = (rows::csv::<MeasurementItem>(bytes), rows::ndjson::<MeasurementItem>(bytes));
    let _ = (rows::json::<MeasurementItem>(bytes), rows::csv::<NonconformityRow>(bytes));
}

/// A plan of action: what is made of it is no longer than it is.
///
/// # Panics
/// When it is.
pub fn plan_of_action(bytes: &[u8]) {
    if let Ok(plan) = reading::plan(bytes) {
        // What several say of one item is joined; a single text is as long as it stands in the body.
        assert!(plan.items.iter().all(|item| item.evidence.0.len() <= bytes.len() + 2));
    }
}

/// What stands inside a cursor, once its signature was found good.
pub fn cursor(bytes: &[u8]) {
    let _ = serde_json::from_slice::<Cursor>(bytes);
}

/// An access token: none is good without our signature, and under it any claims are read.
///
/// # Panics
/// When one is.
pub fn token(bytes: &[u8]) {
    let Ok(tokens) = Tokens::new(&SigningKey::from_bytes(&[7; 32]), None, "http://here") else {
        panic!("the key is good")
    };
    let now = DateTime::UNIX_EPOCH;
    assert!(tokens.verify(&String::from_utf8_lossy(bytes), now).is_none());
    let _ = tokens.sign(bytes).and_then(|token| tokens.verify(&token, now));
}

/// The parameters of a list.
pub fn query(text: &str) {
    let _ = parameters::parse::<PageParameters>(text);
}
