//! Restrictions: a record that concerns few is kept from all others, an incident about a named colleague for instance, or
//! a weakness that must not be known before it is mended.
//!
//! A restriction is a record of its own, so that one rule serves every kind. It takes away and never gives: who reads is
//! whoever the roles let read, and is a reader besides. Figures over the organisation count what is restricted.

mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use lifecycle::{StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::id::MemberId;
use crate::links::Relation;
use crate::reference::{Prefix, Reference, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::trace::TraceEdge;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What can be restricted; the actions that serve such a record are as restricted as it is.
pub const KINDS: [Prefix; 8] = [
    Prefix::Nonconformity,
    Prefix::Incident,
    Prefix::Weakness,
    Prefix::Action,
    Prefix::Risk,
    Prefix::EmployeeReport,
    Prefix::Improvement,
    Prefix::Change,
];
/// At most so many readers are named.
pub const READERS: usize = 50;
/// At most so many are in force in an organisation: each caller carries what is kept from it.
pub const IN_FORCE: i64 = 500;

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// The record is kept from all but its readers.
    InForce,
    /// The record is seen by whoever the roles let see it.
    Lifted {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: MemberId,
    },
}

/// A restriction.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restriction {
    /// Identity and version; whoever made it reads the record, too.
    pub head: Head,
    /// The record.
    pub target: Target,
    /// The record's reference, which is as secret as its id.
    pub target_reference: Reference,
    /// Who reads it beside its owner, its assignee and whoever restricted it.
    pub readers: Vec<MemberId>,
    /// Why.
    pub why: String,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to restrict a record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RestrictionDraft {
    /// The record; that the caller sees it is the caller's to check.
    pub target: Target,
    /// Its reference.
    pub target_reference: Reference,
    /// Who reads it, at most [`READERS`]; that they are members is the caller's to check.
    pub readers: Vec<MemberId>,
    /// Why.
    pub why: String,
    /// How many restrictions are in force in the organisation.
    pub in_force: i64,
}

/// Whether records of this kind say or do something about others, and are kept with what they concern
/// ([`Record::concerns`]). What is kept from somebody is collected of each of these kinds.
#[must_use]
pub fn is_about_others(kind: Prefix) -> bool {
    match kind {
        Prefix::Action
        | Prefix::Comment
        | Prefix::Tag
        | Prefix::Link
        | Prefix::Evidence
        | Prefix::TimelineEntry
        | Prefix::Vote
        | Prefix::Redaction
        | Prefix::Restriction => true,
        Prefix::Nonconformity
        | Prefix::Member
        | Prefix::ApiKey
        | Prefix::Change
        | Prefix::ChangeTemplate
        | Prefix::Indicator
        | Prefix::Analysis
        | Prefix::Signal
        | Prefix::Settings
        | Prefix::MeasurementBatch
        | Prefix::IngestRule
        | Prefix::ContextEntry
        | Prefix::Course
        | Prefix::TrainingAssignment
        | Prefix::EmployeeReport
        | Prefix::Competence
        | Prefix::CommunicationPlan
        | Prefix::Process
        | Prefix::Applicability
        | Prefix::Policy
        | Prefix::PolicyVersion
        | Prefix::Acknowledgement
        | Prefix::AuditProgramme
        | Prefix::Audit
        | Prefix::Finding
        | Prefix::Improvement
        | Prefix::ManagementReview
        | Prefix::Objective
        | Prefix::Incident
        | Prefix::Weakness
        | Prefix::Risk
        | Prefix::WebhookEndpoint
        | Prefix::TicketConnection
        | Prefix::IdentityProvider => false,
    }
}

/// Refuses to hand over what is said about a restricted record: others than its readers would read it at another.
///
/// # Errors
/// Where it is restricted.
pub fn stays_apart(is_restricted: bool) -> Result<(), Refusal> {
    if is_restricted {
        let detail = "it is restricted: what is said about it would be read at the other; lift that first";
        return Err(Refusal::state("restricted", detail));
    }
    Ok(())
}

fn too_many() -> Refusal {
    Refusal::state("too_many", format!("{IN_FORCE} records are restricted already: lift what need not be any more"))
}

impl Record for Restriction {
    const PREFIX: Prefix = Prefix::Restriction;
    const MAKING: Permission = Permission::RestrictRecord;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Of whoever made it, and of each whom it names.
    fn is_own(&self, by: &Actor) -> bool {
        by.principal().is_some_and(|me| self.is_read_by(me))
    }

    fn concerns(&self) -> Vec<Target> {
        vec![self.target]
    }

    fn edges(&self) -> Vec<TraceEdge> {
        vec![TraceEdge::new(Target::of(self), Relation::RelatesTo, self.target)]
    }
}

impl Restriction {
    /// Whether it names the member, or was made by that one. Who owns the record reads it, too; that the record says.
    #[must_use]
    pub fn is_read_by(&self, member: MemberId) -> bool {
        self.head.created_by == Some(member) || self.readers.contains(&member)
    }

    /// Keeps a record from all but its readers.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn impose(draft: RestrictionDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let RestrictionDraft { target, target_reference, readers, why, in_force } = draft;
        let head = Head::born(by, birth);
        let restriction = Self { head, target, target_reference, readers, why, stage: Stage::InForce };
        restriction.faults().refuse()?;
        if by.member().is_none() {
            return Err(Refusal::state("person_needed", "a person restricts a record, not a machine"));
        }
        if in_force >= IN_FORCE {
            return Err(too_many());
        }
        let why = restriction.why.clone();
        Ok(Change::born(restriction, "imposed").because(why))
    }

    /// What is raised of a restricted record is as restricted, whoever raises it: it says what that one says. It is read by
    /// who reads that one, as far as it is named there, and by whoever raised it.
    ///
    /// # Errors
    /// Where records of this kind cannot be restricted, or too many are.
    pub fn inherited(
        from: &Self,
        (target, target_reference): (Target, Reference),
        in_force: i64,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        if !KINDS.contains(&target.kind) {
            let detail = "it would come of what is restricted, and cannot be restricted itself: lift that first";
            return Err(Refusal::state("restricted", detail));
        }
        if in_force >= IN_FORCE {
            return Err(too_many());
        }
        let maker = from.head.created_by.filter(|maker| !from.readers.contains(maker));
        let readers = from.readers.iter().copied().chain(maker).take(READERS).collect();
        let why = format!("Raised of {}, which is restricted", from.target_reference);
        let head = Head::born(by, birth);
        let restriction = Self { head, target, target_reference, readers, why: why.clone(), stage: Stage::InForce };
        Ok(Change::born(restriction, "imposed").because(why))
    }

    /// Names others as readers, in place of those named before.
    ///
    /// # Errors
    /// The guard's refusal, or a fault for each reader that cannot be named, and of the reason.
    pub fn name_readers(
        self,
        readers: Vec<MemberId>,
        reason: String,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::NameReaders, &(), by)?;
        let after = Self { readers, ..self.clone() };
        let mut faults = after.faults();
        faults.keep(text::narrative("/reason", &reason));
        faults.refuse()?;
        Ok(Change::of(self, after, "readers_named", at).because(reason))
    }

    /// Lets the record be seen again by whoever the roles let see it.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn lift(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Lift, &(), by)?;
        let member = by.member().ok_or(Refusal::Forbidden)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Lifted { reason: reason.clone(), at, by: member }, ..self.clone() };
        Ok(Change::of(self, after, "lifted", at).because(reason))
    }

    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::narrative("/reason", &self.why));
        if !KINDS.contains(&self.target.kind) {
            let detail = "must be a nonconformity, an incident, a weakness, an action, a risk, an employee report, an \
                          improvement or a change";
            faults.push(Fault::new("/record", "not_applicable", detail));
        }
        if self.readers.len() > READERS {
            faults.push(Fault::new("/reader_ids", "length", format!("must name at most {READERS}")));
        }
        for (index, reader) in self.readers.iter().enumerate() {
            if self.readers[..index].contains(reader) {
                faults.push(Fault::new(format!("/reader_ids/{index}"), "duplicate", "is named twice"));
            }
        }
        faults
    }
}
