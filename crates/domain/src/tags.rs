//! Tags: words under which records are found.

use crate::access::Permission;
use crate::annotations::{Annotation, Body, Verb};
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults};
use chrono::{DateTime, Utc};
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
    type Verb = Verb;

    fn check(&self, _: DateTime<Utc>, faults: &mut Faults) {
        faults.keep(check("/label", &self.label));
    }
}

/// Checks what may be a label.
///
/// # Errors
/// The fault at `pointer`.
pub fn check(pointer: &str, label: &str) -> Result<(), Fault> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.' | ':');
    if label.is_empty() || label.len() > LABEL || !label.chars().all(plain) {
        let detail = format!("must have 1 to {LABEL} lower-case letters, digits, -, _, . or :");
        return Err(Fault::new(pointer, "malformed", detail));
    }
    Ok(())
}
