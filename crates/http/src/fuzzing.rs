//! The fuzzer's ways into the parsers of what strangers send. Each takes any bytes and must come back.

use crate::body;
use crate::cursor::Cursor;
use crate::listing::PageParameters;
use crate::parameters;
use crate::v1::measurements::intake;
use serde_json::Value;

/// A JSON body: read as a tree and as a measurement, and searched for what no text may hold.
pub fn json_body(bytes: &[u8]) {
    let _ = body::parse_object::<Value>(bytes);
    let _ = body::parse_object::<intake::MeasurementItem>(bytes);
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

/// Measurements as CSV, as JSON lines and as a JSON array.
pub fn measurements(bytes: &[u8]) {
    let _ = (intake::csv(bytes), intake::ndjson(bytes), intake::json(bytes));
}

/// What stands inside a cursor, once its signature was found good.
pub fn cursor(bytes: &[u8]) {
    let _ = serde_json::from_slice::<Cursor>(bytes);
}

/// The parameters of a list.
pub fn query(text: &str) {
    let _ = parameters::parse::<PageParameters>(text);
}
