//! Evidence: documented information that shows something [7.5, 9.1, 10.2]. A file is named by the hash of its content
//! and never changes; what lies elsewhere is named by its address. A revision is another piece of evidence.

mod custody;
#[cfg(test)]
pub(crate) mod tests;

pub use custody::{Collection, Custody, CustodyEvent, Transfer};

use crate::access::Permission;
use crate::annotations::{self, Annotation, Body, Moves, StageName};
use crate::change::Change;
use crate::links::Relation;
use crate::reference::{Prefix, Reference, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::trace::TraceEdge;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// A piece of evidence for what a record says.
pub type Evidence = Annotation<Exhibit>;

/// A media type has at most so many characters.
const MEDIA_TYPE: usize = 127;
/// An address has at most so many characters.
pub const ADDRESS: usize = 2_000;

/// What shows it, and through whose hands that went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exhibit {
    /// A file, or what lies elsewhere.
    #[serde(flatten)]
    pub content: Content,
    /// Who collected it, and to whom it went, in order [A.5.28].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub custody: Vec<Custody>,
}

/// The ways to show something. A file is written down as it was before there were others: its hash is in the journal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Content {
    /// It is kept here.
    File(File),
    /// It lies elsewhere.
    Source(Source),
}

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

/// What lies elsewhere. Nobody here fetches it: whoever named it has looked at it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Source {
    /// Where, as it was written.
    pub url: String,
    /// What it shows.
    pub title: String,
    /// When it was looked at.
    pub seen_at: DateTime<Utc>,
    /// SHA-256 of what was seen, hexadecimal, where somebody took it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seen_sha256: Option<String>,
}

impl From<File> for Exhibit {
    fn from(file: File) -> Self {
        Self { content: Content::File(file), custody: Vec::new() }
    }
}

impl From<Source> for Exhibit {
    fn from(source: Source) -> Self {
        Self { content: Content::Source(source), custody: Vec::new() }
    }
}

impl Exhibit {
    /// The file, where it is one.
    #[must_use]
    pub fn file(&self) -> Option<&File> {
        match &self.content {
            Content::File(file) => Some(file),
            Content::Source(_) => None,
        }
    }
}

/// Its content must go by law: what is left of it is its hash. `None` of what is no file.
#[must_use]
pub fn erase_content(piece: Evidence, redaction: Reference, at: DateTime<Utc>) -> Option<Change<Evidence>> {
    let file = File { erased_by: Some(redaction), ..piece.body.file()?.clone() };
    let body = Exhibit { content: Content::File(file), ..piece.body.clone() };
    let target = piece.target;
    Some(piece.reworded("content_erased", (target, body), at))
}

/// Where a file is needed, what lies elsewhere is none.
#[must_use]
pub fn not_a_file(pointer: &str) -> Refusal {
    Refusal::invalid(pointer, "not_a_file", "must be a file that is kept here, not what lies elsewhere")
}

/// What can be done to a piece of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "kebab-case")]
#[strum(serialize_all = "kebab-case")]
pub enum Verb {
    /// Write down who collected it.
    RecordCollection,
    /// Write down to whom it went.
    RecordTransfer,
    /// Say that it does not hold any more.
    Withdraw,
}

/// The stages to which a verb leads from a stage; empty where the stage does not know the verb.
#[must_use]
pub fn edge(from: StageName, verb: Verb) -> &'static [StageName] {
    match (verb, from) {
        (Verb::RecordCollection | Verb::RecordTransfer, StageName::Attached) => &[StageName::Attached],
        (Verb::RecordCollection | Verb::RecordTransfer, StageName::Withdrawn) => &[],
        (Verb::Withdraw, StageName::Attached | StageName::Withdrawn) => {
            annotations::edge(from, annotations::Verb::Withdraw)
        }
    }
}

impl Moves for Verb {
    const WITHDRAW: Self = Self::Withdraw;

    fn leads_from(self, from: StageName) -> &'static [StageName] {
        edge(from, self)
    }

    fn needs(self) -> Permission {
        match self {
            Self::RecordCollection | Self::RecordTransfer => Permission::AttachEvidence,
            Self::Withdraw => Permission::WithdrawAnnotation,
        }
    }
}

impl Body for Exhibit {
    const PREFIX: Prefix = Prefix::Evidence;
    const MAKING: Permission = Permission::AttachEvidence;
    type Verb = Verb;

    fn check(&self, now: DateTime<Utc>, faults: &mut Faults) {
        match &self.content {
            Content::File(file) => file.check(faults),
            Content::Source(source) => source.check(now, faults),
        }
    }

    fn may(&self, verb: Verb) -> Result<(), Refusal> {
        custody::may_follow(&self.custody, verb)
    }

    fn title(&self) -> Option<&str> {
        match &self.content {
            Content::File(file) => Some(file.title.as_deref().unwrap_or(&file.name)),
            Content::Source(source) => Some(&source.title),
        }
    }

    fn edge(&self, own: Target, target: Target) -> Option<TraceEdge> {
        Some(TraceEdge::new(own, Relation::EvidenceFor, target))
    }
}

impl File {
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
}

impl Source {
    fn check(&self, now: DateTime<Utc>, faults: &mut Faults) {
        faults.keep(address("/url", &self.url));
        faults.keep(text::title("/title", &self.title));
        faults.keep(text::moment_so_far("/seen_at", self.seen_at, None, now));
        let is_hash = |text: &String| text.len() == 64 && text.bytes().all(|c| matches!(c, b'0'..=b'9' | b'a'..=b'f'));
        if !self.seen_sha256.as_ref().is_none_or(is_hash) {
            let detail = "must be a SHA-256: 64 hexadecimal digits in lower case";
            faults.push(Fault::new("/seen_sha256", "malformed", detail));
        }
    }
}

/// Checks an address on the web: it shows as it is, and lets nobody in who is not let in there.
fn address(pointer: &str, url: &str) -> Result<(), Fault> {
    let wrong = |detail: &str| Fault::new(pointer, "malformed", detail);
    if url.len() > ADDRESS {
        return Err(Fault::new(pointer, "too_long", format!("must have at most {ADDRESS} characters")));
    }
    let rest = ["https://", "http://"].iter().find_map(|scheme| url.strip_prefix(scheme));
    let rest = rest.ok_or_else(|| wrong("must begin with https:// or http://"))?;
    // What else there is stands there escaped (RFC 3986): nothing turns the writing round or looks like another letter.
    let stands = |byte: u8| byte.is_ascii_graphic() && !b"\\\"<>^`{|}".contains(&byte);
    if !rest.bytes().all(stands) {
        return Err(wrong(
            "must hold what an address may hold as it is: escape what else there is, by % or in a host's name as xn--",
        ));
    }
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains('@') {
        return Err(Fault::new(pointer, "credentials", "must hold neither a name nor a password before its host"));
    }
    if is_host(authority) { Ok(()) } else { Err(wrong("must name a host, and a port up to 65535 where it names one")) }
}

/// A name or an address, with a port where there is one.
fn is_host(authority: &str) -> bool {
    let (host, port) = match authority.strip_prefix('[') {
        Some(rest) => {
            let Some((host, behind)) = rest.split_once(']') else { return false };
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return false;
            }
            (host, behind)
        }
        None => authority.split_at(authority.find(':').unwrap_or(authority.len())),
    };
    // A number with a sign before it would be read, too.
    let is_number = |port: &str| port.bytes().all(|c| c.is_ascii_digit()) && port.parse::<u16>().is_ok();
    let is_port = port.is_empty() || port.strip_prefix(':').is_some_and(is_number);
    let is_named = host.bytes().all(|c| c.is_ascii_alphanumeric() || matches!(c, b'.' | b'-' | b'_' | b':'));
    is_port && is_named && host.bytes().any(|c| c.is_ascii_alphanumeric())
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
