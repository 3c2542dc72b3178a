//! Approvals: each is bound to a digest of what was approved, so that it shows when that changes later [7.5.2 c].

use crate::id::MemberId;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// Who approved what, and when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// A person.
    pub by: MemberId,
    /// When.
    pub at: DateTime<Utc>,
    /// [`Content::digest`] of what was approved.
    pub digest: String,
}

impl Approval {
    /// Whether what was approved has changed since; `content` is what it is now.
    #[must_use]
    pub fn is_stale(&self, content: &Content) -> bool {
        self.digest != content.digest()
    }
}

/// What is approved: named parts in a fixed order.
#[derive(Debug, Clone, Default)]
pub struct Content(Sha256);

impl Content {
    /// One part more. Name and value are hashed with their lengths, so that no two contents run together.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        for part in [name, value] {
            self.0.update(part.len().to_string());
            self.0.update(":");
            self.0.update(part);
        }
        self
    }

    /// Several values of one name.
    #[must_use]
    pub(crate) fn with_each(self, name: &str, values: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        values.into_iter().fold(self, |content, value| content.with(name, value.as_ref()))
    }

    /// SHA-256 in hexadecimal over each part as `<length of name>:<name><length of value>:<value>`, lengths in bytes.
    #[must_use]
    pub fn digest(&self) -> String {
        hex::encode(self.0.clone().finalize())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_says_what_it_hashes() {
        let content = Content::default().with("title", "Zoë");
        assert_eq!(content.digest(), hex::encode(Sha256::digest("5:title4:Zoë")));
    }

    #[test]
    fn parts_do_not_run_together() {
        let all = [
            Content::default().with("a", "bc"),
            Content::default().with("ab", "c"),
            Content::default().with("a", "b").with("c", ""),
            Content::default().with_each("a", ["b", "c"]),
            Content::default().with_each("a", ["c", "b"]),
        ];
        let digests: std::collections::BTreeSet<String> = all.iter().map(Content::digest).collect();
        assert_eq!(digests.len(), all.len());
    }
}
