//! What a command returns: a decision, and the only thing that can be stored.

use crate::access::{Actor, Permission};
use crate::delegations::StandIn;
use crate::id::{MemberId, OrganisationId};
use crate::reference::{Prefix, Reference, Target};
use crate::refusal::Refusal;
use crate::responsibilities::{HandOver, Responsibility, nothing_to_hand_over};
use crate::separation::SeparationException;
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use uuid::Uuid;

/// What every record has in common.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    /// UUID v7.
    pub id: Uuid,
    /// The tenant.
    pub organisation: OrganisationId,
    /// `NC-2026-0007`.
    pub reference: Reference,
    /// Starts at 1, plus 1 per write; the ETag's first part.
    pub version: i64,
    /// When it was made, microseconds.
    pub created_at: DateTime<Utc>,
    /// The person who made it; `None` for a machine.
    pub created_by: Option<MemberId>,
    /// When it was last written.
    pub updated_at: DateTime<Utc>,
}

impl Head {
    /// The head of a record's first version.
    pub(crate) fn born(by: &Actor, birth: Birth) -> Self {
        let Birth { id, reference, at } = birth;
        Self {
            id,
            organisation: by.organisation,
            reference,
            version: 1,
            created_at: at,
            created_by: by.member(),
            updated_at: at,
        }
    }
}

/// What a new record needs that the domain cannot make: identity, reference and time.
#[derive(Debug, Clone, Copy)]
pub struct Birth {
    /// UUID v7.
    pub id: Uuid,
    /// Drawn from the organisation's counter in the same transaction.
    pub reference: Reference,
    /// Now.
    pub at: DateTime<Utc>,
}

/// A record of the management system. Its serialised form is the stored projection whose hash the journal binds.
pub trait Record: Clone + Serialize + DeserializeOwned + Send + 'static {
    /// The prefix of its references.
    const PREFIX: Prefix;
    /// The kind, singular, as events name it: `nonconformity`.
    const KIND: &'static str = Self::PREFIX.kind();
    /// What it takes to make one.
    const MAKING: Permission;
    /// What it takes to see one.
    const READING: Permission = Permission::ReadRecords;

    /// What it shares with every record.
    fn head(&self) -> &Head;
    /// The same, for [`Change`] alone to count the version up.
    fn head_mut(&mut self, seal: Seal) -> &mut Head;
    /// Whether it is the actor's own: what a cell `own` of the permission table speaks of.
    fn is_own(&self, by: &Actor) -> bool {
        by.principal().is_some() && self.head().created_by == by.principal()
    }
    /// Refuses who may not make one, before the input is looked at.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`].
    fn may_make(by: &Actor) -> Result<(), Refusal> {
        if by.may(Self::MAKING, true) { Ok(()) } else { Err(Refusal::Forbidden) }
    }

    /// One line by which people know it, where it has one.
    fn title(&self) -> Option<&str> {
        None
    }

    /// What it is to other records, and they to it, as its own fields say.
    fn edges(&self) -> Vec<TraceEdge> {
        Vec::new()
    }

    /// Who answers for it now: its owner, its author. Whoever did within a year does not audit it [9.2.2].
    fn owners(&self) -> Vec<MemberId> {
        Vec::new()
    }

    /// The clauses and controls that its owners answer for by owning it.
    fn answers_for(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Who is named on it for what is not over: what is handed to another when that member leaves.
    fn responsibilities(&self) -> Vec<Responsibility> {
        Vec::new()
    }

    /// Duties that were not kept apart on it, in the order in which that was documented.
    fn exceptions(&self) -> &[SeparationException] {
        &[]
    }

    /// Who stands in for whom it is about, and when.
    fn stand_ins(&self) -> Vec<StandIn> {
        Vec::new()
    }

    /// What it waits for now.
    fn work(&self) -> Vec<Work> {
        Vec::new()
    }

    /// When something happens to it by itself; `None` while nothing will.
    fn wakes(&self) -> Option<Wake> {
        None
    }

    /// Which of its attempts an action planned now would belong to, from 0; `None` while it takes no actions.
    fn takes_actions(&self) -> Option<i64> {
        None
    }

    /// The records that it says something about: from whom one of them is kept, it is kept, too.
    fn concerns(&self) -> Vec<Target> {
        Vec::new()
    }

    /// Whether it is kept from `by`, since it is restricted to others, or what it is about.
    fn is_withheld(&self, by: &Actor) -> bool {
        by.withheld().is_some_and(|withheld| {
            withheld.has(self.head().id) || self.concerns().iter().any(|target| withheld.has(target.id.0))
        })
    }

    /// Whether the roles of `by` show it.
    fn is_readable(&self, by: &Actor) -> bool {
        by.reaches(Self::PREFIX) && by.may(Self::READING, self.is_own(by))
    }

    /// Whether `by` may know of it: the same for every kind.
    fn is_visible(&self, by: &Actor) -> bool {
        self.is_readable(by) && !self.is_withheld(by)
    }
}

/// A record whose stages are moved by verbs.
pub trait Lifecycle: Record {
    /// What can be done to it.
    type Verb: Copy + strum::VariantArray + Into<&'static str> + Send + 'static;
    /// What its guards must know beyond the record itself.
    type Facts: Send + 'static;

    /// Its stage's name.
    fn stage_name(&self) -> &'static str;
    /// Whether the stage knows the verb, whoever asks.
    fn knows(&self, verb: Self::Verb) -> bool;
    /// Whether `by` may use `verb` now.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every reason why not.
    fn may(&self, verb: Self::Verb, facts: &Self::Facts, by: &Actor) -> Result<(), Refusal>;

    /// Whether `by` may amend its plain fields now. Unless a record says otherwise it has none.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or why its stage does not allow it.
    fn may_amend(&self, _by: &Actor) -> Result<(), Refusal> {
        Err(Refusal::state("immutable", "none of its fields can be amended"))
    }

    /// Names another for whatever it names the one for who has left. Called by [`HandOver::apply`] alone, which knows that
    /// it does, and keeps the reason.
    ///
    /// # Errors
    /// Why it stays as it is.
    fn hand_over(
        self,
        _hand: &HandOver,
        _facts: &Self::Facts,
        _by: &Actor,
        _at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        Err(nothing_to_hand_over())
    }
}

/// Only this crate can make one, so that nobody else moves a version.
#[derive(Debug)]
pub struct Seal(());

/// A decision of the domain: the record before and after, and what happened.
/// It can be made in this crate alone, and nothing else can be stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T> {
    before: Option<T>,
    after: T,
    verb: &'static str,
    reason: Option<String>,
}

impl<T: Record> Change<T> {
    /// A record is born.
    pub(crate) fn born(after: T, verb: &'static str) -> Self {
        Self { before: None, after, verb, reason: None }
    }

    /// A record becomes another version of itself.
    pub(crate) fn of(before: T, mut after: T, verb: &'static str, at: DateTime<Utc>) -> Self {
        let head = after.head_mut(Seal(()));
        head.version = before.head().version + 1;
        head.updated_at = at;
        Self { before: Some(before), after, verb, reason: None }
    }

    /// With the reason that was given.
    #[must_use]
    pub(crate) fn because(mut self, reason: String) -> Self {
        self.reason = Some(reason);
        self
    }

    /// With the reason, when one was given.
    #[must_use]
    pub(crate) fn because_of(mut self, reason: Option<String>) -> Self {
        self.reason = reason;
        self
    }

    /// The record as it was; `None` for a new one.
    pub fn before(&self) -> Option<&T> {
        self.before.as_ref()
    }

    /// The record as it will be.
    pub fn after(&self) -> &T {
        &self.after
    }

    /// The record as it will be, when the change has been stored.
    pub fn into_after(self) -> T {
        self.after
    }

    /// What happened, a past participle: `confirmed`.
    pub fn verb(&self) -> &'static str {
        self.verb
    }

    /// What happened as events name it: `nonconformity.confirmed`.
    pub fn action(&self) -> String {
        format!("{}.{}", T::KIND, self.verb)
    }

    /// The reason that was given.
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

/// Takes over what an amendment gives, and notes that the field was touched.
pub(crate) fn take<F, T>(field: F, given: Option<T>, into: &mut T, touched: &mut Vec<F>) {
    if let Some(given) = given {
        *into = given;
        touched.push(field);
    }
}
