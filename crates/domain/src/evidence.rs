//! Evidence: documented information that shows something [7.5, 9.1, 10.2]. A file is named by the hash of its content
//! and never changes; a revision is another piece of evidence.

use crate::access::Permission;
use crate::annotations::{Annotation, Body};
use crate::change::Change;
use crate::links::Relation;
use crate::reference::{Prefix, Reference, Target};
use crate::refusal::{Fault, Faults};
use crate::text;
use crate::trace::TraceEdge;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// A piece of evidence for what a record says.
pub type Evidence = Annotation<File>;

/// A media type has at most so many characters.
const MEDIA_TYPE: usize = 127;

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// As its sender called it: a label, never a path.
    pub name: String,
    /// As its sender declared it.
    pub media_type: String,
    /// In bytes.
    pub size: u64,
    /// SHA-256 of its content, hexadecimal.
    pub sha256: String,
    /// What it shows.
    pub title: Option<String>,
    /// The redaction by which its content has gone; the hash stays.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub erased_by: Option<Reference>,
}

/// Its content must go by law: what is left of it is its hash.
#[must_use]
pub fn erase_content(piece: Evidence, redaction: Reference, at: DateTime<Utc>) -> Change<Evidence> {
    let body = File { erased_by: Some(redaction), ..piece.body.clone() };
    let target = piece.target;
    piece.reworded("content_erased", (target, body), at)
}

impl Body for File {
    const PREFIX: Prefix = Prefix::Evidence;
    const MAKING: Permission = Permission::AttachEvidence;

    fn check(&self, faults: &mut Faults) {
        let shown = faults.keep(text::title("/name", &self.name)).is_some();
        if shown && (self.name.chars().all(|c| c == '.') || self.name.chars().any(is_disguise)) {
            faults.push(Fault::new("/name", "malformed", "must be a name that shows as it is"));
        }
        if !is_media_type(&self.media_type) {
            faults.push(Fault::new("/media_type", "malformed", "must be a media type such as application/pdf"));
        }
        if let Some(title) = &self.title {
            faults.keep(text::title("/title", title));
        }
        if self.size == 0 {
            faults.push(Fault::new("", "empty", "must be a file with content: an empty one shows nothing"));
        }
    }

    fn title(&self) -> Option<&str> {
        Some(self.title.as_deref().unwrap_or(&self.name))
    }

    fn edge(&self, own: Target, target: Target) -> Option<TraceEdge> {
        Some(TraceEdge::new(own, Relation::EvidenceFor, target))
    }
}

/// Characters that turn writing round, and so make `exe.pdf` out of `fdp.exe` (Unicode TR 36, section 2.10).
fn is_disguise(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{61c}')
}

/// `type/subtype` out of RFC 9110 tokens, without parameters.
fn is_media_type(text: &str) -> bool {
    let token = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"!#$&-^_.+".contains(&byte))
    };
    text.len() <= MEDIA_TYPE && text.split_once('/').is_some_and(|(kind, subtype)| token(kind) && token(subtype))
}
