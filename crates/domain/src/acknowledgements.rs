//! Acknowledgements [5.2 f, 7.3 a]: that somebody knows what a policy says. What is pending or overdue is derived from
//! audience, membership and publication; a record exists once the person, and nobody else, has acknowledged.

mod coverage;
#[cfg(test)]
mod tests;

pub use coverage::{Coverage, Overall, Pending, Person, coverage};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::id::{MemberId, PolicyId, PolicyVersionId};
use crate::policies::{Asked, Policy};
use crate::policy_versions::PolicyVersion;
use crate::reference::Prefix;
use crate::refusal::Refusal;
use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// An acknowledgement. It is no link of the policy's trace: hundreds of people would hide the chain.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Acknowledgement {
    /// Identity, and when.
    pub head: Head,
    /// The policy.
    pub policy: PolicyId,
    /// What the policy was called then.
    pub policy_title: String,
    /// The version that was acknowledged.
    pub version: PolicyVersionId,
    /// Its number.
    pub number: i64,
    /// Who.
    pub member: MemberId,
    /// Since when the member had been asked.
    pub asked_on: NaiveDate,
    /// The last day on which it would have been in time.
    pub due_on: NaiveDate,
    /// The day it was given, in the organisation's time zone.
    pub given_on: NaiveDate,
}

/// Nothing can be done to an acknowledgement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verb {}

impl VariantArray for Verb {
    const VARIANTS: &'static [Self] = &[];
}

impl From<Verb> for &'static str {
    fn from(verb: Verb) -> Self {
        match verb {}
    }
}

/// What must be known beside policy and version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Circumstances {
    /// When whoever acknowledges joined.
    pub joined_on: NaiveDate,
    /// Whether this person has acknowledged this version before.
    pub is_given: bool,
    /// Today, in the organisation's time zone.
    pub today: NaiveDate,
}

impl Record for Acknowledgement {
    const PREFIX: Prefix = Prefix::Acknowledgement;
    const MAKING: Permission = Permission::AcknowledgePolicy;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn is_own(&self, by: &Actor) -> bool {
        by.on_behalf_of().is_none() && by.member() == Some(self.member)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.policy_title)
    }
}

impl Lifecycle for Acknowledgement {
    type Verb = Verb;
    type Facts = ();

    fn stage_name(&self) -> &'static str {
        "given"
    }

    fn knows(&self, verb: Verb) -> bool {
        match verb {}
    }

    fn may(&self, verb: Verb, (): &(), _: &Actor) -> Result<(), Refusal> {
        match verb {}
    }
}

impl Acknowledgement {
    /// Whether it came after its time.
    #[must_use]
    pub fn is_late(&self) -> bool {
        self.given_on > self.due_on
    }

    /// Acknowledges what a policy says now, for oneself.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for machines and outsiders; this version does not hold, the caller is not asked, or has
    /// acknowledged it before.
    pub fn give(
        version: &PolicyVersion,
        policy: &Policy,
        circumstances: Circumstances,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let Some(member) = by.member() else { return Err(Refusal::Forbidden) };
        let Circumstances { joined_on, is_given, today } = circumstances;
        if policy.in_force().map(|current| current.version) != Some(version.id()) {
            return Err(Refusal::state("not_in_force", "only the version that holds is acknowledged"));
        }
        let Some(Asked { on, due_on }) = policy.asks(member, &by.asked_as(), joined_on) else {
            return Err(Refusal::state("not_asked", "the policy does not ask this member"));
        };
        if is_given {
            return Err(Refusal::state("already_acknowledged", "this member has acknowledged this version"));
        }
        let acknowledgement = Self {
            head: Head::born(by, birth),
            policy: policy.id(),
            policy_title: policy.title.clone(),
            version: version.id(),
            number: version.number,
            member,
            asked_on: on,
            due_on,
            given_on: today,
        };
        Ok(Change::born(acknowledgement, "given"))
    }
}
