//! What stands in place of what is gone: written and read here alone.

use crate::reference::{Prefix, Reference};

/// The tombstone of a redaction.
#[must_use]
pub fn tombstone(redaction: Reference) -> String {
    format!("[redacted: {redaction}]")
}

/// The redaction whose tombstone a text is, and nothing beside it: people may write words that begin like one.
#[must_use]
pub fn tombstone_of(text: &str) -> Option<Reference> {
    let inside = text.strip_prefix("[redacted: ")?.strip_suffix(']')?;
    let redaction: Reference = inside.parse().ok()?;
    (redaction.prefix == Prefix::Redaction && tombstone(redaction) == text).then_some(redaction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tombstone_is_read_back_and_nothing_else_is_one() {
        let redaction = Reference { prefix: Prefix::Redaction, year: 2026, number: 17 };
        assert_eq!(tombstone_of(&tombstone(redaction)), Some(redaction));
        for text in [
            "[redacted: RED-2026-0001] and more",
            "[redacted: red-2026-0001]",
            "[redacted: RED-2026-1]",
            "[redacted: NC-2026-0001]",
            "[redacted: by me]",
            "[redacted: ",
            "",
        ] {
            assert_eq!(tombstone_of(text), None, "{text}");
        }
    }
}
