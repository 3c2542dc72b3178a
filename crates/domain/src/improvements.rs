//! Improvements [10.1]: what could be better, whether it is worth it, and whether the benefit came about.

mod benefit;
mod commands;
mod lifecycle;
mod migration;
mod mistakes;
#[cfg(test)]
pub(crate) mod tests;

pub use benefit::{Figures, Implementation, Measure, Miss, Verdict};
pub use commands::{Accept, Amendment, Conclude, Decline};
pub use lifecycle::{Facts, StageName, Verb, edge};
pub use migration::History;

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{ImprovementId, MemberId};
use crate::imports::Migrated;
use crate::links::Relation;
use crate::mistakes::{Duplicable, Duplicate, Voided};
use crate::nonconformities::Source;
use crate::reference::{Prefix, Target};
use crate::refusal::{Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::separation::SeparationException;
use crate::text;
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How much of something: of effort, or of value.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ImprovementSize))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Size {
    /// Days; hardly noticed.
    Small,
    /// Weeks; noticed by a unit.
    Medium,
    /// Months; noticed by everyone.
    Large,
}

/// Whether it is worth it, and what spoke for it at that moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Why; told to the proposer.
    pub reason: String,
    /// How many members had voted for it.
    pub votes: i64,
    /// When it was decided.
    pub at: DateTime<Utc>,
    /// By whom; never by the proposer.
    pub by: MemberId,
}

/// How it is to be brought about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// What will be done.
    pub approach: String,
    /// The day by which it is to be in place.
    pub due_on: NaiveDate,
    /// When it was planned.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// In the suggestion box: every member may see it, vote for it and comment on it.
    Proposed,
    /// It is not worth it, or not now; the decision says why.
    Declined,
    /// It is worth it.
    Accepted,
    /// It is known how.
    Planned,
    /// Somebody works on it.
    InProgress {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// It is in place; whether it helps is not known.
    Measuring {
        /// What is in place.
        implementation: Implementation,
    },
    /// The benefit came about.
    Realised {
        /// What was put in place.
        implementation: Implementation,
        /// The judgement.
        verdict: Box<Verdict>,
    },
    /// It did not.
    NotRealised {
        /// Why not.
        miss: Miss,
    },
    /// It was over before go-live, as another register says: nobody has judged it here.
    EndedBefore {
        /// Whether the benefit came about, by that register's word.
        realised: bool,
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

/// An improvement.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Improvement {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub title: String,
    /// What could be better, and how.
    pub description: String,
    /// Where the idea came from.
    pub source: Source,
    /// The record that it was born of.
    #[serde(default)]
    pub origin: Option<Target>,
    /// Whose idea it is; `None` for a machine's, and for one that came in anonymously.
    #[serde(default)]
    pub proposer: Option<MemberId>,
    /// What would be better; known when it is accepted.
    #[serde(default)]
    pub expected_benefit: Option<String>,
    /// How one will tell; known when it is planned, and fixed from then on.
    #[serde(default)]
    pub measure: Option<Measure>,
    /// What it takes.
    #[serde(default)]
    pub effort: Option<Size>,
    /// What it is worth.
    #[serde(default)]
    pub value: Option<Size>,
    /// The accountable member; set by `accept`.
    #[serde(default)]
    pub owner: Option<MemberId>,
    /// Whether it is worth it; set by `accept` or `decline`.
    #[serde(default)]
    pub decision: Option<Decision>,
    /// How it is to be brought about; set by `plan`.
    #[serde(default)]
    pub plan: Option<Plan>,
    /// The day, of its plan or of the judgement, whose passing was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fell_due_on: Option<NaiveDate>,
    /// Duties that were not kept apart.
    #[serde(default)]
    pub exceptions: Vec<SeparationException>,
    /// What another register says of it, where it was brought in from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrated: Option<Migrated>,
    /// Who proposed it in duplicates of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_reported_by: Vec<MemberId>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to propose one.
#[derive(Debug, Clone, PartialEq)]
pub struct ImprovementDraft {
    /// One line.
    pub title: String,
    /// What could be better, and how.
    pub description: String,
    /// Where the idea came from.
    pub source: Source,
    /// The record that it is born of; that it exists is the caller's to check.
    pub origin: Option<Target>,
    /// Whose idea it is: it is not for them to decide.
    pub proposer: Option<MemberId>,
    /// What would be better.
    pub expected_benefit: Option<String>,
    /// How one will tell; that the indicator exists is the caller's to check.
    pub measure: Option<Measure>,
    /// What it takes.
    pub effort: Option<Size>,
    /// What it is worth.
    pub value: Option<Size>,
}

impl Record for Improvement {
    const PREFIX: Prefix = Prefix::Improvement;
    const MAKING: Permission = Permission::ProposeImprovement;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn exceptions(&self) -> &[SeparationException] {
        &self.exceptions
    }

    /// Owned, proposed or recorded by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        let is_mine = |me| {
            [self.owner, self.proposer, self.head.created_by].contains(&Some(me)) || self.also_reported_by.contains(&me)
        };
        by.principal().is_some_and(is_mine)
    }

    /// What is in the suggestion box is seen by whoever may see anything.
    fn is_readable(&self, by: &Actor) -> bool {
        by.reaches(Self::PREFIX) && by.may(Self::READING, self.is_own(by) || self.is_open_to_all())
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
        let measured = self.measure.as_ref().and_then(Measure::indicator);
        let measured = measured.map(|indicator| TraceEdge::new(own, Relation::VerifiedBy, indicator));
        born.into_iter().chain(measured).chain(self.duplicate().map(|duplicate| duplicate.edge(own))).collect()
    }

    fn work(&self) -> Vec<Work> {
        let due_on = self.deadline();
        match &self.stage {
            Stage::Proposed => vec![Work::of_whoever(Permission::DecideImprovement, self.proposer, None)],
            Stage::Accepted | Stage::Planned | Stage::InProgress { .. } => {
                self.owner.map(|owner| Work::of(owner, due_on)).into_iter().collect()
            }
            Stage::Measuring { .. } => vec![Work::of_whoever(Permission::VerifyEffectiveness, self.owner, due_on)],
            Stage::Declined
            | Stage::Realised { .. }
            | Stage::NotRealised { .. }
            | Stage::EndedBefore { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => Vec::new(),
        }
    }

    /// The day after the one by which it was to be in place, and after the one on which its benefit could be judged: each
    /// is noted once.
    fn wakes(&self) -> Option<Wake> {
        Wake::once_past(self.deadline()?, self.fell_due_on)
    }

    /// From the decision until it is in place.
    fn takes_actions(&self) -> Option<i64> {
        match self.stage {
            Stage::Accepted | Stage::Planned | Stage::InProgress { .. } => Some(0),
            Stage::Proposed
            | Stage::Declined
            | Stage::Measuring { .. }
            | Stage::Realised { .. }
            | Stage::NotRealised { .. }
            | Stage::EndedBefore { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match &self.stage {
            Stage::Accepted | Stage::Planned | Stage::InProgress { .. } | Stage::Measuring { .. } => {
                Responsibility::of_owner(self.owner)
            }
            Stage::Proposed
            | Stage::Declined
            | Stage::Realised { .. }
            | Stage::NotRealised { .. }
            | Stage::EndedBefore { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => Vec::new(),
        }
    }
}

impl Improvement {
    /// The day by which the present stage is to be left: a judgement is never due before the plan was.
    #[must_use]
    pub fn deadline(&self) -> Option<NaiveDate> {
        match &self.stage {
            Stage::Accepted | Stage::Planned | Stage::InProgress { .. } => self.plan.as_ref().map(|plan| plan.due_on),
            Stage::Measuring { implementation } => Some(implementation.judge_on),
            Stage::Proposed
            | Stage::Declined
            | Stage::Realised { .. }
            | Stage::NotRealised { .. }
            | Stage::EndedBefore { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> ImprovementId {
        ImprovementId(self.head.id)
    }

    /// Whether it is in the suggestion box.
    #[must_use]
    pub fn is_open_to_all(&self) -> bool {
        match self.stage {
            Stage::Proposed => true,
            Stage::Declined
            | Stage::Accepted
            | Stage::Planned
            | Stage::InProgress { .. }
            | Stage::Measuring { .. }
            | Stage::Realised { .. }
            | Stage::NotRealised { .. }
            | Stage::EndedBefore { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => false,
        }
    }

    /// What was put in place, from `measuring` on.
    #[must_use]
    pub fn implementation(&self) -> Option<&Implementation> {
        match &self.stage {
            Stage::Measuring { implementation }
            | Stage::Realised { implementation, .. }
            | Stage::NotRealised { miss: Miss::Judged { implementation, .. } } => Some(implementation),
            Stage::Proposed
            | Stage::Declined
            | Stage::Accepted
            | Stage::Planned
            | Stage::InProgress { .. }
            | Stage::NotRealised { miss: Miss::Abandoned { .. } }
            | Stage::EndedBefore { .. }
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    /// Proposes an improvement.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn propose(draft: ImprovementDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let ImprovementDraft { title, description, source, origin, proposer, expected_benefit, measure, effort, value } =
            draft;
        let improvement = Self {
            head: Head::born(by, birth),
            title,
            description,
            source,
            origin,
            proposer,
            expected_benefit,
            measure,
            effort,
            value,
            owner: None,
            decision: None,
            plan: None,
            fell_due_on: None,
            exceptions: Vec::new(),
            migrated: None,
            also_reported_by: Vec::new(),
            stage: Stage::Proposed,
        };
        improvement.faults().refuse()?;
        Ok(Change::born(improvement, "proposed"))
    }

    /// Every fault of what people write.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &self.title));
        faults.keep(text::narrative("/description", &self.description));
        if let Some(benefit) = &self.expected_benefit {
            faults.keep(text::narrative("/expected_benefit", benefit));
        }
        for fault in self.measure.iter().flat_map(|measure| measure.faults("/measure")) {
            faults.push(fault);
        }
        faults
    }
}
