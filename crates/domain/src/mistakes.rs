//! Cases raised by mistake: void, or the same as another. Both are kept and shown, and count for nothing.
//!
//! A lifecycle has these verbs only from where none of its own says as much: what is only reported is rejected, found to
//! be no incident, or declined; an action or a change is cancelled, a finding withdrawn.

use crate::access::Actor;
use crate::change::{Change, Lifecycle};
use crate::id::MemberId;
use crate::links::Relation;
use crate::reference::Target;
use crate::refusal::{Reason, Refusal};
use crate::text;
use crate::trace::TraceEdge;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// That a record was raised by mistake.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Voided {
    /// What the mistake was.
    pub reason: String,
    /// When it was noticed.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// That a record says the same as another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Duplicate {
    /// Which says it, too, and is dealt with.
    pub of: Target,
    /// When it was noticed.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

impl Duplicate {
    /// What it is to the other.
    pub(crate) fn edge(&self, own: Target) -> TraceEdge {
        TraceEdge::new(own, Relation::Duplicates, self.of)
    }
}

/// A record that can turn out to have been raised by mistake.
pub trait Voidable: Lifecycle {
    /// The verb.
    const VOID: Self::Verb;

    /// The record, void.
    #[must_use]
    fn into_void(self, voided: Voided) -> Self;

    /// It was raised by mistake.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    fn void(self, reason: String, facts: &Self::Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Self::VOID, facts, by)?;
        text::reason(&reason)?;
        let after = self.clone().into_void(Voided { reason: reason.clone(), at, by: by.member() });
        Ok(Change::of(self, after, "voided", at).because(reason))
    }
}

/// A record that can turn out to say the same as another of its kind.
pub trait Duplicable: Voidable {
    /// The verb.
    const MARK_DUPLICATE: Self::Verb;

    /// The record as a duplicate.
    #[must_use]
    fn into_duplicate(self, duplicate: Duplicate) -> Self;
    /// Which record it repeats.
    fn duplicate(&self) -> Option<&Duplicate>;
    /// Whether it is dealt with: neither over, nor void, nor a duplicate itself.
    fn is_dealt_with(&self) -> bool;
    /// Who said so first.
    fn reporter(&self) -> Option<MemberId>;
    /// Who said the same in records that were found to repeat this one.
    fn also_reported_by(&self) -> &[MemberId];
    /// The record with those who say the same.
    #[must_use]
    fn with_reporters(self, members: Vec<MemberId>) -> Self;

    /// Another record says the same and takes over what this one has. How many repeat this one is the caller's to count.
    ///
    /// # Errors
    /// The guard's refusal; the other is itself, or not dealt with; others repeat this one.
    fn mark_duplicate(
        self,
        of: &Self,
        repeated_by: i64,
        facts: &Self::Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Self::MARK_DUPLICATE, facts, by)?;
        if repeated_by > 0 {
            let detail = format!("{repeated_by} records repeat it: it is the one that is dealt with, mark the other");
            return Err(Refusal::state("is_repeated", detail));
        }
        if of.head().id == self.head().id {
            return Err(Refusal::invalid("/of", "itself", "must be another record"));
        }
        if of.duplicate().is_some() {
            let detail = "is a duplicate itself: name the one that it repeats";
            return Err(Refusal::invalid("/of", "duplicate", detail));
        }
        if !of.is_dealt_with() {
            let detail = format!("is {}: only what is still dealt with takes over what this one has", of.stage_name());
            return Err(Refusal::invalid("/of", "not_dealt_with", detail));
        }
        let after = self.clone().into_duplicate(Duplicate { of: Target::of(of), at, by: by.member() });
        Ok(Change::of(self, after, "marked_duplicate", at))
    }

    /// The record with everybody who reported a duplicate of it; `None` where all of them have reported it already.
    fn joined_by(self, duplicate: &Self, at: DateTime<Utc>) -> Option<Change<Self>> {
        let mut also = self.also_reported_by().to_vec();
        for member in duplicate.reporter().into_iter().chain(duplicate.also_reported_by().iter().copied()) {
            if self.reporter() != Some(member) && !also.contains(&member) {
                also.push(member);
            }
        }
        if also.len() == self.also_reported_by().len() {
            return None;
        }
        let after = self.clone().with_reporters(also);
        Some(Change::of(self, after, "joined", at))
    }
}

/// What is still worked on is not taken back over the heads of those who work.
pub(crate) fn unless_worked_on(open_actions: i64) -> Option<Reason> {
    let detail = || format!("{open_actions} of its actions are open: finish or cancel them first");
    (open_actions > 0).then(|| Reason::new("open_actions", detail()))
}

#[cfg(test)]
mod tests;
