//! Weaknesses [A.5.25, A.6.8, A.8.8]: what could be exploited or could fail, and has not yet.

mod commands;
mod lifecycle;
mod mistakes;
pub mod scan;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Amendment, Assess, Treat};
pub use lifecycle::{CaseState, Facts, StageName, Verb, edge};

use crate::acceptance::Acceptance;
use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{MemberId, NonconformityId, RecordId};
use crate::links::Relation;
use crate::mistakes::{Duplicable, Duplicate, Voided};
use crate::rating::Rating;
use crate::reference::{Prefix, Target};
use crate::refusal::{Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::text;
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, Utc};
use scan::Scan;
use serde::{Deserialize, Serialize};

/// How likely it is to be exploited, and how bad that would be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// Likelihood and impact.
    pub rating: Rating,
    /// Why so.
    pub rationale: String,
    /// When it was assessed.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Somebody says so.
    Reported,
    /// It is none.
    Rejected {
        /// Told to the reporter.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
    /// It is known how grave it is.
    Assessed,
    /// Its nonconformity deals with it.
    Treating {
        /// Which.
        nonconformity: NonconformityId,
    },
    /// Management takes it as it is, until a day.
    Accepted {
        /// By whom and until when.
        acceptance: Acceptance,
    },
    /// It is gone.
    Closed {
        /// The nonconformity that dealt with it.
        nonconformity: NonconformityId,
        /// What shows that it is gone.
        evidence: String,
        /// When it was closed.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
    /// It was raised by mistake.
    Void {
        /// Why.
        voided: Voided,
    },
    /// Another record says the same.
    Duplicate {
        /// Which.
        duplicate: Duplicate,
    },
}

/// A weakness.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Weakness {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub title: String,
    /// What could be exploited, or could fail.
    pub description: String,
    /// Where it was found: a system, a place, a process.
    pub found_in: String,
    /// The record that it was born of.
    #[serde(default)]
    pub origin: Option<Target>,
    /// Who said so; `None` for a machine, and for one who did not say who.
    #[serde(default)]
    pub reporter: Option<MemberId>,
    /// The accountable member; set by `assess`.
    #[serde(default)]
    pub owner: Option<MemberId>,
    /// How grave it is; set by `assess`.
    #[serde(default)]
    pub assessment: Option<Assessment>,
    /// Acceptances that have ended, oldest first.
    #[serde(default)]
    pub acceptances: Vec<Acceptance>,
    /// Who reported it in duplicates of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_reported_by: Vec<MemberId>,
    /// What a scanner says of it, where one has found it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scan: Option<Scan>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to report one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WeaknessDraft {
    /// One line.
    pub title: String,
    /// What could be exploited, or could fail.
    pub description: String,
    /// Where it was found.
    pub found_in: String,
    /// The record that it is born of; that it exists is the caller's to check.
    pub origin: Option<Target>,
    /// Who says so.
    pub reporter: Option<MemberId>,
}

impl Record for Weakness {
    const PREFIX: Prefix = Prefix::Weakness;
    const MAKING: Permission = Permission::ReportWeakness;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Owned, reported or recorded by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        let is_mine = |me| {
            [self.owner, self.reporter, self.head.created_by].contains(&Some(me)) || self.also_reported_by.contains(&me)
        };
        by.principal().is_some_and(is_mine)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    fn owners(&self) -> Vec<MemberId> {
        self.owner.into_iter().collect()
    }

    fn edges(&self) -> Vec<TraceEdge> {
        let own = Target::of(self);
        let born = self.origin.map(|origin| TraceEdge::new(origin, Relation::Raised, own));
        let case = self.nonconformity().map(|id| Target { kind: Prefix::Nonconformity, id: RecordId(id.0) });
        let treated = case.map(|case| TraceEdge::new(case, Relation::Addresses, own));
        let repeated = self.duplicate().map(|duplicate| duplicate.edge(own));
        let before = self.scan.as_ref().and_then(|scan| scan.recurrence_of);
        let before = before.map(|id| Target { kind: Prefix::Weakness, id: RecordId(id.0) });
        let recurring = before.map(|before| TraceEdge::new(own, Relation::RecurrenceOf, before));
        born.into_iter().chain(treated).chain(repeated).chain(recurring).collect()
    }

    fn work(&self) -> Vec<Work> {
        let owned = self.owner.map(|owner| Work::of(owner, None));
        match &self.stage {
            Stage::Reported => vec![Work::of_whoever(Permission::DecideWeakness, None, None)],
            Stage::Assessed | Stage::Treating { .. } => owned.into_iter().collect(),
            Stage::Accepted { .. }
            | Stage::Rejected { .. }
            | Stage::Closed { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => Vec::new(),
        }
    }

    /// When the acceptance ends.
    fn wakes(&self) -> Option<Wake> {
        match &self.stage {
            Stage::Accepted { acceptance } => acceptance.wakes(),
            Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Assessed
            | Stage::Treating { .. }
            | Stage::Closed { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match &self.stage {
            Stage::Assessed | Stage::Treating { .. } | Stage::Accepted { .. } => Responsibility::of_owner(self.owner),
            Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Closed { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => Vec::new(),
        }
    }
}

impl Weakness {
    /// The nonconformity that deals with it, or dealt with it.
    #[must_use]
    pub fn nonconformity(&self) -> Option<NonconformityId> {
        match &self.stage {
            Stage::Treating { nonconformity } | Stage::Closed { nonconformity, .. } => Some(*nonconformity),
            Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Assessed
            | Stage::Accepted { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    /// Likelihood times impact, 1 to 25; `None` while it is not assessed.
    #[must_use]
    pub fn level(&self) -> Option<i64> {
        self.assessment.as_ref().map(|assessment| assessment.rating.level())
    }

    /// Reports a weakness, or what looks like one [A.6.8].
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn report(draft: WeaknessDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::reported(draft, None, by, birth)
    }

    fn reported(draft: WeaknessDraft, scan: Option<Scan>, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let WeaknessDraft { title, description, found_in, origin, reporter } = draft;
        let weakness = Self {
            head: Head::born(by, birth),
            title,
            description,
            found_in,
            origin,
            reporter,
            owner: None,
            assessment: None,
            acceptances: Vec::new(),
            also_reported_by: Vec::new(),
            scan,
            stage: Stage::Reported,
        };
        weakness.faults().refuse()?;
        Ok(Change::born(weakness, "reported"))
    }

    /// Every fault of what people write.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &self.title));
        faults.keep(text::narrative("/description", &self.description));
        faults.keep(text::title("/found_in", &self.found_in));
        faults
    }
}
