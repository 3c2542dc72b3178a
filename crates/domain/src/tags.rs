//! Tags: words under which records are found.

use crate::access::Permission;
use crate::annotations::{Annotation, Body};
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults};
use serde::{Deserialize, Serialize};

/// A tag on a record; each label once.
pub type Tag = Annotation<Label>;

/// At most so many characters.
pub const LABEL: usize = 64;

/// The word.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Lower-case letters, digits, `-`, `_`, `.` and `:`, so that no two that look alike differ.
    pub label: String,
}

impl Body for Label {
    const PREFIX: Prefix = Prefix::Tag;
    const MAKING: Permission = Permission::Annotate;

    fn check(&self, faults: &mut Faults) {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | ':');
        if self.label.is_empty() || self.label.len() > LABEL || !self.label.chars().all(plain) {
            let detail = format!("must have 1 to {LABEL} lower-case letters, digits, -, _, . or :");
            faults.push(Fault::new("/label", "malformed", detail));
        }
    }
}
