//! Redactions: content that must go by law is replaced by a tombstone, by two people. What it was bound by stays: the
//! leaves of the journal, the hash of a file.

mod erasing;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;
mod tombstone;

pub use erasing::{carries, redact, texts_at};
pub use lifecycle::{StageName, Verb, edge};
pub use tombstone::{tombstone, tombstone_of};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::delegations::is_personal;
use crate::id::{EntryId, MemberId};
use crate::kinds::sees_all;
use crate::links::Relation;
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::trace::TraceEdge;
use crate::work::Work;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// At most so many fields, and so many entries, in one redaction.
pub const NAMED: usize = 50;
/// A pointer has at most so many characters.
const POINTER: usize = 300;

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Somebody says that it must go.
    Requested,
    /// It is gone.
    CarriedOut {
        /// The entries of the journal whose detail went with it: what makes their absence lawful.
        erased: Vec<EntryId>,
        /// Since when.
        at: DateTime<Utc>,
        /// Who approved it; never who asked.
        by: MemberId,
    },
    /// It stays.
    Rejected {
        /// Why.
        reason: String,
        /// When that was decided.
        at: DateTime<Utc>,
        /// By whom.
        by: MemberId,
    },
}

/// A redaction. It never holds what it erases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Redaction {
    /// Identity and version.
    pub head: Head,
    /// The record that says it.
    pub target: Target,
    /// JSON Pointers (RFC 6901) to texts in the record's state, as its history shows that.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Entries of its history whose whole detail goes.
    #[serde(default)]
    pub entries: Vec<EntryId>,
    /// Whether the content of the file goes, of a piece of evidence.
    #[serde(default)]
    pub content: bool,
    /// Which law asks for it.
    pub legal_reason: String,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to ask for one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RedactionDraft {
    /// The record; that the caller sees it is the caller's to check.
    pub target: Target,
    /// JSON Pointers to texts, at most [`NAMED`]; that they are there is for [`redact`] to say.
    pub fields: Vec<String>,
    /// Entries of its history, at most [`NAMED`]; that they are there is the caller's to check.
    pub entries: Vec<EntryId>,
    /// Whether the content of the file goes.
    pub content: bool,
    /// Which law asks for it.
    pub legal_reason: String,
}

impl Record for Redaction {
    const PREFIX: Prefix = Prefix::Redaction;
    const MAKING: Permission = Permission::RequestRedaction;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// As what is said about a record: whoever does not see every record of that kind sees what is the actor's own, and what
    /// was said of what is another's alone is not lent.
    fn is_readable(&self, by: &Actor) -> bool {
        let is_kept = by.on_behalf_of().is_some() && is_personal(self.target.kind);
        let own = self.is_own(by) && !is_kept && by.reaches(Self::PREFIX);
        by.may(Self::READING, own) && (own || sees_all(by, self.target.kind))
    }

    fn concerns(&self) -> Vec<Target> {
        vec![self.target]
    }

    fn edges(&self) -> Vec<TraceEdge> {
        vec![TraceEdge::new(Target::of(self), Relation::RelatesTo, self.target)]
    }

    fn work(&self) -> Vec<Work> {
        match self.stage {
            Stage::Requested => vec![Work::of_whoever(Permission::ApproveRedaction, self.head.created_by, None)],
            Stage::CarriedOut { .. } | Stage::Rejected { .. } => Vec::new(),
        }
    }
}

impl Redaction {
    /// The entries whose details it has erased.
    #[must_use]
    pub fn erased(&self) -> &[EntryId] {
        match &self.stage {
            Stage::CarriedOut { erased, .. } => erased,
            Stage::Requested | Stage::Rejected { .. } => &[],
        }
    }

    /// Asks for one.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn request(draft: RedactionDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let RedactionDraft { target, fields, entries, content, legal_reason } = draft;
        let redaction = Self {
            head: Head::born(by, birth),
            target,
            fields,
            entries,
            content,
            legal_reason,
            stage: Stage::Requested,
        };
        redaction.faults().refuse()?;
        if by.member().is_none() {
            return Err(Refusal::state("person_needed", "a person asks for a redaction, not a machine"));
        }
        Ok(Change::born(redaction, "requested"))
    }

    /// It is gone: these entries have lost their details in the same transaction.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn approve(self, erased: Vec<EntryId>, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let by = self.decider(Verb::Approve, by)?;
        let reason = self.legal_reason.clone();
        let after = Self { stage: Stage::CarriedOut { erased, at, by }, ..self.clone() };
        Ok(Change::of(self, after, "approved", at).because(reason))
    }

    /// It stays.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn reject(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let by = self.decider(Verb::Reject, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Rejected { reason: reason.clone(), at, by }, ..self.clone() };
        Ok(Change::of(self, after, "rejected", at).because(reason))
    }

    /// Who decides, once the guard has let them pass.
    fn decider(&self, verb: Verb, by: &Actor) -> Result<MemberId, Refusal> {
        self.may(verb, &(), by)?;
        by.member().ok_or(Refusal::Forbidden)
    }

    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::narrative("/reason", &self.legal_reason));
        if self.target.kind == Prefix::Redaction {
            let detail = "is a redaction: it shows that what is gone went lawfully, and says nothing of it";
            faults.push(Fault::new("/record", "proof", detail));
        }
        if self.content && self.target.kind != Prefix::Evidence {
            faults.push(Fault::new("/content", "not_applicable", "only a piece of evidence has a file"));
        }
        if self.fields.is_empty() && self.entries.is_empty() && !self.content {
            faults.push(Fault::new("/fields", "required", "name a field, an entry or the content: something must go"));
        }
        for (pointer, count) in [("/fields", self.fields.len()), ("/entries", self.entries.len())] {
            if count > NAMED {
                faults.push(Fault::new(pointer, "length", format!("must name at most {NAMED}")));
            }
        }
        for (index, field) in self.fields.iter().enumerate() {
            if !field.starts_with('/') || field.chars().count() > POINTER || self.fields[..index].contains(field) {
                let detail = format!("must be a JSON Pointer of at most {POINTER} characters, named once");
                faults.push(Fault::new(format!("/fields/{index}"), "malformed", detail));
            }
        }
        faults
    }
}
