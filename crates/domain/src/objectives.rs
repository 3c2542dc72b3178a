//! Objectives [6.2]: what is to be reached, by when, and whether it is on its way there.

mod commands;
mod lifecycle;
mod progress;
mod terms;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Judge, ObjectiveAmendment, Revise};
pub use lifecycle::{Facts, Field, StageName, Verb, edge, touchable};
pub use progress::{Forecast, Measured, Outlook, Path, Progress, Reading, progress, worst_by_moment};
pub use terms::{Measure, Terms};

use crate::access::{Actor, Permission};
use crate::approval::Approval;
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{IndicatorId, MemberId, ObjectiveId, PolicyId, RecordId};
use crate::links::Relation;
use crate::reference::{Prefix, Target};
use crate::refusal::{Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::separation::SeparationException;
use crate::signals::Sighting;
use crate::text;
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// At most so many clauses and controls.
pub const REQUIREMENTS: usize = 20;
/// At most so many groups of people who are told.
pub const AUDIENCES: usize = 20;

/// What is to take the place of the terms, when it is approved.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Proposal {
    /// What is to hold.
    pub terms: Terms,
    /// Why.
    pub reason: String,
    /// Who proposes it.
    pub by: Option<MemberId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// What held before: moving the goalposts shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Revision {
    /// Which one it was.
    pub number: i64,
    /// What held then.
    pub terms: Terms,
    /// Who had approved it.
    pub approval: Approval,
    /// Until when it held.
    pub replaced_at: DateTime<Utc>,
    /// Why it was replaced.
    pub reason: String,
}

/// How it ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verdict {
    /// What was looked at, and what was seen.
    pub evidence: String,
    /// What the indicator said then.
    #[serde(default)]
    pub value: Option<Sighting>,
    /// Who judged.
    pub by: MemberId,
    /// When.
    pub at: DateTime<Utc>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Being described.
    Draft,
    /// Approved, and pursued.
    Active {
        /// Of the terms.
        approval: Approval,
        /// The day it began: where the way to the target starts.
        started_on: NaiveDate,
    },
    /// Pursued, while other terms wait for approval.
    Revising {
        /// Of the terms that hold.
        approval: Approval,
        /// The day it began.
        started_on: NaiveDate,
        /// What is to hold instead.
        proposal: Proposal,
    },
    /// Reached.
    Achieved {
        /// Of the terms.
        approval: Approval,
        /// The day it began.
        started_on: NaiveDate,
        /// Who says so, and by what.
        verdict: Verdict,
    },
    /// Not reached by its due date.
    Missed {
        /// Of the terms.
        approval: Approval,
        /// The day it began.
        started_on: NaiveDate,
        /// Who says so, and by what.
        verdict: Verdict,
    },
    /// Given up.
    Abandoned {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
}

/// An objective.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Objective {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub title: String,
    /// The policy it serves [6.2 a].
    pub policy: PolicyId,
    /// What is approved: what is to be reached, how that is measured, and by when.
    pub terms: Terms,
    /// The goal of the business it aligns with.
    #[serde(default)]
    pub business_goal: Option<String>,
    /// The level or function it is set at.
    #[serde(default)]
    pub level: Option<String>,
    /// The clauses and controls it takes account of [6.2 c].
    #[serde(default)]
    pub requirements: Vec<String>,
    /// Which results of assessing and treating risks it takes account of [6.2 c].
    #[serde(default)]
    pub risks_considered: Option<String>,
    /// Who is told [6.2 e].
    #[serde(default)]
    pub communicated_to: Vec<String>,
    /// What will be done [6.2 h].
    #[serde(default)]
    pub plan: Option<String>,
    /// What it takes [6.2 i].
    #[serde(default)]
    pub resources: Option<String>,
    /// Who is responsible [6.2 j].
    pub owner: MemberId,
    /// How the results are evaluated [6.2 l].
    #[serde(default)]
    pub evaluation: Option<String>,
    /// Of the terms; starts at 1.
    pub revision: i64,
    /// Earlier terms, oldest first.
    #[serde(default)]
    pub revisions: Vec<Revision>,
    /// The due date whose passing was noted.
    #[serde(default)]
    pub fell_due_on: Option<NaiveDate>,
    /// Duties that were not kept apart.
    #[serde(default)]
    pub exceptions: Vec<SeparationException>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to set one; whatever is left out can be amended until it is approved.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectiveDraft {
    /// One line.
    pub title: String,
    /// The policy; that it exists is the caller's to check, as with the members and the indicator.
    pub policy: PolicyId,
    /// What is to be reached, how that is measured, and by when.
    pub terms: Terms,
    /// The goal of the business.
    pub business_goal: Option<String>,
    /// The level or function.
    pub level: Option<String>,
    /// Clauses and controls, at most [`REQUIREMENTS`].
    pub requirements: Vec<String>,
    /// Results of assessing and treating risks.
    pub risks_considered: Option<String>,
    /// Who is told, at most [`AUDIENCES`].
    pub communicated_to: Vec<String>,
    /// What will be done.
    pub plan: Option<String>,
    /// What it takes.
    pub resources: Option<String>,
    /// Who is responsible.
    pub owner: MemberId,
    /// How the results are evaluated.
    pub evaluation: Option<String>,
}

impl Record for Objective {
    const PREFIX: Prefix = Prefix::Objective;
    const MAKING: Permission = Permission::SetObjective;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn exceptions(&self) -> &[SeparationException] {
        &self.exceptions
    }

    /// Owned or set by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        let me = by.principal();
        me.is_some() && (Some(self.owner) == me || self.head.created_by == me)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    fn edges(&self) -> Vec<TraceEdge> {
        let own = Target::of(self);
        let policy = Target { kind: Prefix::Policy, id: RecordId(self.policy.0) };
        let indicator = self.terms.indicator().map(|id| Target { kind: Prefix::Indicator, id: RecordId(id.0) });
        let verified = indicator.map(|indicator| TraceEdge::new(own, Relation::VerifiedBy, indicator));
        [TraceEdge::new(own, Relation::RelatesTo, policy)].into_iter().chain(verified).collect()
    }

    fn work(&self) -> Vec<Work> {
        let own = |due_on| Work::of(self.owner, due_on);
        let approval = Work::of_whoever(Permission::ApproveObjective, Some(self.owner), None);
        match &self.stage {
            Stage::Draft if self.missing().is_empty() => vec![approval],
            Stage::Draft => vec![own(None)],
            Stage::Active { .. } if self.fell_due_on.is_some() && self.fell_due_on == self.terms.due_on => {
                vec![own(self.terms.due_on), self.judgement()]
            }
            Stage::Active { .. } => vec![own(self.terms.due_on)],
            Stage::Revising { .. } => vec![own(self.terms.due_on), approval],
            Stage::Achieved { .. } | Stage::Missed { .. } | Stage::Abandoned { .. } => Vec::new(),
        }
    }

    /// The day after its due date: that it has passed is noted once.
    fn wakes(&self) -> Option<Wake> {
        let due_on = self.terms.due_on.filter(|due_on| self.fell_due_on != Some(*due_on))?;
        match self.stage {
            Stage::Active { .. } | Stage::Revising { .. } => due_on.succ_opt().map(Wake::On),
            Stage::Draft | Stage::Achieved { .. } | Stage::Missed { .. } | Stage::Abandoned { .. } => None,
        }
    }

    /// While it is not over: what will be done is planned as actions.
    fn takes_actions(&self) -> Option<i64> {
        match self.stage {
            Stage::Draft | Stage::Active { .. } | Stage::Revising { .. } => Some(0),
            Stage::Achieved { .. } | Stage::Missed { .. } | Stage::Abandoned { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match &self.stage {
            Stage::Draft | Stage::Active { .. } | Stage::Revising { .. } => Responsibility::of_owner(self.owner),
            Stage::Achieved { .. } | Stage::Missed { .. } | Stage::Abandoned { .. } => Vec::new(),
        }
    }
}

impl Objective {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> ObjectiveId {
        ObjectiveId(self.head.id)
    }

    /// The indicator that a revision proposes, where that is another one.
    #[must_use]
    pub fn proposed_indicator(&self) -> Option<IndicatorId> {
        match &self.stage {
            Stage::Revising { proposal, .. } => {
                proposal.terms.indicator().filter(|proposed| Some(*proposed) != self.terms.indicator())
            }
            Stage::Draft
            | Stage::Active { .. }
            | Stage::Achieved { .. }
            | Stage::Missed { .. }
            | Stage::Abandoned { .. } => None,
        }
    }

    /// The day on which the way to the target starts; once it is approved.
    #[must_use]
    pub fn started_on(&self) -> Option<NaiveDate> {
        match self.stage {
            Stage::Active { started_on, .. }
            | Stage::Revising { started_on, .. }
            | Stage::Achieved { started_on, .. }
            | Stage::Missed { started_on, .. } => Some(started_on),
            Stage::Draft | Stage::Abandoned { .. } => None,
        }
    }

    /// Whoever may judge it: not the owner, where nothing but a judgement tells whether it is reached.
    fn judgement(&self) -> Work {
        let except = self.terms.is_qualitative().then_some(self.owner);
        Work::of_whoever(Permission::JudgeObjective, except, self.terms.due_on)
    }

    /// Sets an objective, as a draft.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft. `today` is the organisation's.
    pub fn set(draft: ObjectiveDraft, today: NaiveDate, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let ObjectiveDraft {
            title,
            policy,
            terms,
            business_goal,
            level,
            requirements,
            risks_considered,
            communicated_to,
            plan,
            resources,
            owner,
            evaluation,
        } = draft;
        let objective = Self {
            head: Head::born(by, birth),
            title,
            policy,
            terms,
            business_goal,
            level,
            requirements,
            risks_considered,
            communicated_to,
            plan,
            resources,
            owner,
            evaluation,
            revision: 1,
            revisions: Vec::new(),
            fell_due_on: None,
            exceptions: Vec::new(),
            stage: Stage::Draft,
        };
        let mut faults = objective.faults();
        objective.terms.check_due(today, &mut faults);
        faults.refuse()?;
        Ok(Change::born(objective, "set"))
    }

    /// Every fault of what people write, but for a due date that is past.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &self.title));
        self.terms.check(&mut faults);
        if let Some(level) = &self.level {
            faults.keep(text::title("/level", level));
        }
        for (pointer, narrative) in [
            ("/business_goal", &self.business_goal),
            ("/risks_considered", &self.risks_considered),
            ("/plan", &self.plan),
            ("/resources", &self.resources),
            ("/evaluation", &self.evaluation),
        ] {
            if let Some(narrative) = narrative {
                faults.keep(text::narrative(pointer, narrative));
            }
        }
        text::requirements("/requirements", &self.requirements, REQUIREMENTS, &mut faults);
        text::titles("/communicated_to", &self.communicated_to, AUDIENCES, &mut faults);
        faults
    }
}
