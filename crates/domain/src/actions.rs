//! Actions: what people do about a record, and what a ticketing system mirrors.

mod commands;
mod lifecycle;
mod migration;
#[cfg(test)]
pub(crate) mod tests;
mod ticketing;

pub use commands::{Amendment, Verify};
pub use lifecycle::{Facts, StageName, Verb, edge};
pub use migration::History;
pub use ticketing::News;

use crate::access::{Actor, Permission};
use crate::analysis::effect::{Effect, Windows, moving, note_indicators};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{IndicatorId, MemberId, NonconformityId};
use crate::imports::Migrated;
use crate::links::Relation;
use crate::reference::{Prefix, Target};
use crate::refusal::{Faults, Refusal};
use crate::responsibilities::{Part, Responsibility};
use crate::separation::SeparationException;
use crate::text;
use crate::tickets::Ticket;
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What an action is for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ActionKind))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Puts right what is wrong now [10.2 a].
    Correction,
    /// Takes a cause away, so that it does not recur [10.2 c].
    Corrective,
    /// Takes a cause away before it bites [6.1].
    Preventive,
    /// Makes something better that was not wrong [10.1].
    Improvement,
    /// Decided by a management review [9.3.3].
    ReviewOutput,
    /// Part of a planned change [6.3].
    ChangeTask,
}

/// How soon it matters.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    strum::EnumString,
    strum::IntoStaticStr,
    strum::VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ActionPriority))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Priority {
    /// When there is time.
    Low,
    /// In its turn.
    Medium,
    /// Before others.
    High,
    /// Before everything.
    Urgent,
}

/// That it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Completion {
    /// What was done.
    pub summary: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; `None` for a machine that mirrors a ticket.
    pub by: Option<MemberId>,
}

/// That somebody else has looked at it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Verification {
    /// What was seen.
    pub evidence: String,
    /// What indicators said, frozen, where the verdict rests on figures.
    #[serde(default)]
    pub effect: Option<Effect>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom; never by who did it.
    pub by: MemberId,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Nobody has begun.
    Open,
    /// Somebody works on it.
    InProgress,
    /// Something is in the way.
    Blocked {
        /// What.
        reason: String,
    },
    /// Said to be done.
    Done {
        /// By whom and how.
        completion: Completion,
    },
    /// Done, and seen by somebody else.
    Verified {
        /// By whom and how.
        completion: Completion,
        /// Who looked.
        verification: Verification,
    },
    /// Will not be done.
    Cancelled {
        /// Why.
        reason: String,
    },
    /// It was done and settled before go-live, as another register says: nobody has looked at it here.
    EndedBefore,
}

impl Stage {
    /// That it was done, from then on.
    #[must_use]
    pub fn completion(&self) -> Option<&Completion> {
        match self {
            Self::Done { completion } | Self::Verified { completion, .. } => Some(completion),
            Self::Open | Self::InProgress | Self::Blocked { .. } | Self::Cancelled { .. } | Self::EndedBefore => None,
        }
    }
}

/// An action.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Action {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub title: String,
    /// What is to be done.
    #[serde(default)]
    pub description: Option<String>,
    /// What it is for.
    pub kind: Kind,
    /// The record it serves.
    pub parent: Target,
    /// Which of the parent's attempts it belongs to, from 0.
    pub attempt: i64,
    /// Who does it.
    pub assignee: MemberId,
    /// The day by which it is to be done.
    pub due_on: NaiveDate,
    /// How soon it matters.
    pub priority: Priority,
    /// How one can tell that it is done.
    #[serde(default)]
    pub done_criteria: Option<String>,
    /// The indicators that it is to move.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indicators: Vec<IndicatorId>,
    /// How often its due date was moved.
    pub due_moves: i64,
    /// The due date whose passing was noted.
    #[serde(default)]
    pub fell_due_on: Option<NaiveDate>,
    /// Who worked on it before: had begun when another was assigned, or said it was done when it was not. Each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_workers: Vec<MemberId>,
    /// Duties that were not kept apart.
    #[serde(default)]
    pub exceptions: Vec<SeparationException>,
    /// What another register says of it, where it was brought in from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrated: Option<Migrated>,
    /// The ticket that it is elsewhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ticket: Option<Ticket>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to plan one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActionDraft {
    /// One line.
    pub title: String,
    /// What is to be done.
    pub description: Option<String>,
    /// What it is for.
    pub kind: Kind,
    /// The record it serves.
    pub parent: Target,
    /// Which of the parent's attempts it belongs to, from 0.
    pub attempt: i64,
    /// Who does it; that the member exists is the caller's to check.
    pub assignee: MemberId,
    /// The day by which it is to be done.
    pub due_on: NaiveDate,
    /// How soon it matters.
    pub priority: Priority,
    /// How one can tell that it is done.
    pub done_criteria: Option<String>,
    /// The indicators that it is to move; that they exist is the caller's to check.
    pub indicators: Vec<IndicatorId>,
}

impl Record for Action {
    const PREFIX: Prefix = Prefix::Action;
    const MAKING: Permission = Permission::PlanAction;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn exceptions(&self) -> &[SeparationException] {
        &self.exceptions
    }

    /// Assigned to the actor, or planned by it.
    fn is_own(&self, by: &Actor) -> bool {
        let me = by.principal();
        me.is_some() && (Some(self.assignee) == me || self.head.created_by == me)
    }

    fn concerns(&self) -> Vec<Target> {
        vec![self.parent]
    }

    /// As restricted as what it serves; but whoever is to do it knows what, if not for whom.
    fn is_withheld(&self, by: &Actor) -> bool {
        let is_mine = by.member() == Some(self.assignee);
        by.is_kept_from(self.head.id) || (!is_mine && by.is_kept_from(self.parent.id.0))
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    fn edges(&self) -> Vec<TraceEdge> {
        let own = Target::of(self);
        let served = TraceEdge::new(own, Relation::Addresses, self.parent);
        [served].into_iter().chain(moving(own, &self.indicators)).collect()
    }

    fn owners(&self) -> Vec<MemberId> {
        vec![self.assignee]
    }

    /// The day after its due date: that it has passed is noted once.
    fn wakes(&self) -> Option<Wake> {
        match self.stage {
            Stage::Open | Stage::InProgress | Stage::Blocked { .. } => Wake::once_past(self.due_on, self.fell_due_on),
            Stage::Done { .. } | Stage::Verified { .. } | Stage::Cancelled { .. } | Stage::EndedBefore => None,
        }
    }

    fn work(&self) -> Vec<Work> {
        match self.stage {
            Stage::Open | Stage::InProgress | Stage::Blocked { .. } => {
                vec![Work::of(self.assignee, Some(self.due_on))]
            }
            Stage::Done { .. } => vec![Work::of_whoever(Permission::VerifyEffectiveness, Some(self.assignee), None)],
            Stage::Verified { .. } | Stage::Cancelled { .. } | Stage::EndedBefore => Vec::new(),
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::Open | Stage::InProgress | Stage::Blocked { .. } => {
                Responsibility::of(Part::Assignee, self.assignee).collect()
            }
            Stage::Done { .. } | Stage::Verified { .. } | Stage::Cancelled { .. } | Stage::EndedBefore => Vec::new(),
        }
    }
}

impl Action {
    /// Plans an action for a record that takes actions now.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft. `today` is the organisation's.
    pub fn plan(draft: ActionDraft, today: NaiveDate, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        Self::plan_for(draft, today, by, birth)
    }

    /// Plans an action that somebody else's plan says is to be done: what is late there is late here, so that its day may
    /// have passed.
    ///
    /// # Errors
    /// As [`Action::plan`].
    pub fn take_over(draft: ActionDraft, today: NaiveDate, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let first = draft.due_on.min(today);
        Self::plan_for(draft, first, by, birth)
    }

    /// Plans an action that follows from a decision which the actor was allowed to take.
    ///
    /// # Errors
    /// Every fault of the draft.
    pub(crate) fn plan_for(
        draft: ActionDraft,
        today: NaiveDate,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        let ActionDraft {
            title,
            description,
            kind,
            parent,
            attempt,
            assignee,
            due_on,
            priority,
            done_criteria,
            indicators,
        } = draft;
        let mut faults = Faults::default();
        note_indicators("/indicators", &indicators, false, &mut faults);
        faults.keep(text::title("/title", &title));
        if let Some(description) = &description {
            faults.keep(text::narrative("/description", description));
        }
        if let Some(criteria) = &done_criteria {
            faults.keep(text::narrative("/done_criteria", criteria));
        }
        faults.keep(text::day_to_come("/due_on", due_on, today));
        faults.refuse()?;
        let head = Head::born(by, birth);
        let action = Self {
            head,
            title,
            description,
            kind,
            parent,
            attempt,
            assignee,
            due_on,
            priority,
            done_criteria,
            indicators,
            due_moves: 0,
            fell_due_on: None,
            former_workers: Vec::new(),
            exceptions: Vec::new(),
            migrated: None,
            ticket: None,
            stage: Stage::Open,
        };
        Ok(Change::born(action, "planned"))
    }

    /// The nonconformity, and which of its turns, with whose verdict the verification of this stands and falls: only what
    /// was to remove its cause.
    #[must_use]
    pub fn rests_on(&self) -> Option<(NonconformityId, i64)> {
        let removes_causes = match self.kind {
            Kind::Corrective | Kind::Preventive => true,
            Kind::Correction | Kind::Improvement | Kind::ReviewOutput | Kind::ChangeTask => false,
        };
        let is_verified = self.stage.name() == StageName::Verified && self.migrated.is_none();
        let is_of_case = self.parent.kind == Prefix::Nonconformity;
        (removes_causes && is_verified && is_of_case).then_some((NonconformityId(self.parent.id.0), self.attempt))
    }

    /// What its indicators are compared over: before it was planned, and since it was done. `None` while it is not, and
    /// where it names no indicators.
    #[must_use]
    pub fn windows(&self, now: DateTime<Utc>) -> Option<Windows> {
        let done = self.stage.completion().filter(|_| !self.indicators.is_empty())?;
        Some(Windows::around(self.head.created_at, done.at, now))
    }

    /// Whether it should have been done by now.
    #[must_use]
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        match &self.stage {
            Stage::Open | Stage::InProgress | Stage::Blocked { .. } => self.due_on < today,
            Stage::Done { .. } | Stage::Verified { .. } | Stage::Cancelled { .. } | Stage::EndedBefore => false,
        }
    }
}
