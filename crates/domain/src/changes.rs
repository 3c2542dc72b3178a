//! Changes [6.3, 8.1, A.8.32]: what is to change in the management system or in what it protects; assessed, approved by
//! somebody else, made, watched, judged by what indicators say, and taken back where it did harm.

mod assessment;
mod commands;
mod content;
mod lifecycle;
mod outcome;
mod stage;
#[cfg(test)]
pub(crate) mod tests;

pub use assessment::{Assessed, Assessment, Impact, LONGEST_WATCH, Level};
pub use commands::{Approve, Reject};
pub use content::{ChangeAmendment, ChangeDraft, Description, What};
pub use lifecycle::{Facts, StageName, Verb, edge};
pub use outcome::{ApprovalMissed, Close, Review};
pub use stage::{Closure, Completion, Missed, Outcome, Stage, Start, Verdict, Window};

use crate::access::{Actor, Permission};
use crate::analysis::effect::{Period, Windows};
use crate::approval::Approval;
use crate::change::{Head, Record, Seal};
use crate::id::{ChangeTemplateId, IndicatorId, MemberId, NonconformityId, RecordId};
use crate::links::Relation;
use crate::reference::{Prefix, Reference, Target};
use crate::responsibilities::Responsibility;
use crate::separation::SeparationException;
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// At most so many clauses and controls.
pub const REQUIREMENTS: usize = 20;
/// An emergency is approved within so many working days of its start.
pub const EMERGENCY_DAYS: usize = 3;

/// How a change comes to be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ChangeKind))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Approved beforehand, by a template.
    Standard,
    /// Assessed and approved before it starts.
    Normal,
    /// Starts at once; assessed and approved within three working days.
    Emergency,
}

/// Which template a standard change is made by.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TemplateUse {
    /// Which one.
    pub id: ChangeTemplateId,
    /// Its reference.
    pub reference: Reference,
    /// The digest of what it said then.
    pub digest: String,
}

/// That a change, or its template, was given another content.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Revision {
    /// Of the content that was replaced; the first has number 1.
    pub number: i64,
    /// Why it was replaced.
    pub reason: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// A change. It is not called `Change`: that is what every command of the domain returns.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PlannedChange {
    /// Identity and version. Who made it requested it.
    pub head: Head,
    /// One line.
    pub title: String,
    /// Why.
    pub purpose: String,
    /// What is to change.
    pub description: String,
    /// What is particular about this one, where its template describes the rest.
    #[serde(default)]
    pub particulars: Option<String>,
    /// How it comes to be allowed.
    pub kind: Kind,
    /// By which template, for a standard one.
    #[serde(default)]
    pub template: Option<TemplateUse>,
    /// Who makes it, and answers for it.
    pub owner: MemberId,
    /// The clauses and controls it concerns.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// The indicators that show its effect.
    #[serde(default)]
    pub indicators: Vec<IndicatorId>,
    /// The records it alters, such as policies.
    #[serde(default)]
    pub affected: Vec<Target>,
    /// The record that it is born of.
    #[serde(default)]
    pub origin: Option<Target>,
    /// Of the content; starts at 1.
    pub revision: i64,
    /// Earlier revisions, oldest first.
    #[serde(default)]
    pub revisions: Vec<Revision>,
    /// The newest assessment.
    #[serde(default)]
    pub assessed: Option<Assessed>,
    /// The newest approval; it may be of what the change said before.
    #[serde(default)]
    pub approval: Option<Approval>,
    /// What was said with it.
    #[serde(default)]
    pub approval_note: Option<String>,
    /// The last day on which an emergency that has started is approved in time.
    #[serde(default)]
    pub approve_by: Option<NaiveDate>,
    /// That this day passed.
    #[serde(default)]
    pub missed: Option<Missed>,
    /// Where a duty was not kept apart, and why.
    #[serde(default)]
    pub exceptions: Vec<SeparationException>,
    /// Where it stands.
    pub stage: Stage,
}

impl Record for PlannedChange {
    const PREFIX: Prefix = Prefix::Change;
    const MAKING: Permission = Permission::RequestChange;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn exceptions(&self) -> &[SeparationException] {
        &self.exceptions
    }

    /// Owned or requested by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        let me = by.principal();
        me.is_some() && (Some(self.owner) == me || self.head.created_by == me)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    fn edges(&self) -> Vec<TraceEdge> {
        let own = Target::of(self);
        let case = |id: NonconformityId| Target { kind: Prefix::Nonconformity, id: RecordId(id.0) };
        let indicators = self.indicators.iter().map(|id| Target { kind: Prefix::Indicator, id: RecordId(id.0) });
        let concerned = self.affected.iter().copied().chain(indicators);
        let raised = self.missed.and_then(|missed| missed.case).map(case).into_iter().chain(self.harm());
        (self.origin.into_iter().map(|origin| TraceEdge::new(origin, Relation::Raised, own)))
            .chain(concerned.map(|other| TraceEdge::new(own, Relation::RelatesTo, other)))
            .chain(raised.map(|case| TraceEdge::new(own, Relation::Raised, case)))
            .collect()
    }

    /// The day after that on which it had to be approved.
    fn wakes(&self) -> Option<Wake> {
        let open = self.awaits_approval() && self.missed.is_none();
        self.approve_by.filter(|_| open).and_then(|day| day.succ_opt()).map(Wake::On)
    }

    fn work(&self) -> Vec<Work> {
        let owned = |due_on| Work::of(self.owner, due_on);
        let work = match &self.stage {
            Stage::Draft | Stage::Submitted | Stage::Rejected { .. } | Stage::Approved => vec![owned(None)],
            Stage::Assessed => vec![self.approving(None)],
            Stage::Scheduled { window } => vec![owned(Some(window.to.date_naive()))],
            Stage::Implementing { start } => vec![owned(start.window.map(|window| window.to.date_naive()))],
            Stage::Monitoring { completion, .. } => {
                let due_on = Some(completion.monitored_until.date_naive());
                vec![Work::of_whoever(Permission::VerifyEffectiveness, Some(self.owner), due_on)]
            }
            Stage::Reviewed { .. } => vec![Work::of_whoever(Permission::DecideChange, None, None)],
            Stage::Closed { .. } | Stage::RolledBack { .. } | Stage::Cancelled { .. } => Vec::new(),
        };
        let late = self.awaits_approval().then(|| match self.assessed {
            Some(_) => self.approving(self.approve_by),
            None => owned(self.approve_by),
        });
        work.into_iter().chain(late).collect()
    }

    /// Its tasks, until it is made.
    fn takes_actions(&self) -> Option<i64> {
        match self.stage {
            Stage::Submitted
            | Stage::Assessed
            | Stage::Approved
            | Stage::Scheduled { .. }
            | Stage::Implementing { .. } => Some(0),
            Stage::Draft
            | Stage::Rejected { .. }
            | Stage::Monitoring { .. }
            | Stage::Reviewed { .. }
            | Stage::Closed { .. }
            | Stage::RolledBack { .. }
            | Stage::Cancelled { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match &self.stage {
            Stage::Draft
            | Stage::Submitted
            | Stage::Assessed
            | Stage::Rejected { .. }
            | Stage::Approved
            | Stage::Scheduled { .. }
            | Stage::Implementing { .. }
            | Stage::Monitoring { .. }
            | Stage::Reviewed { .. } => Responsibility::of_owner(self.owner),
            Stage::Closed { .. } | Stage::RolledBack { .. } | Stage::Cancelled { .. } => Vec::new(),
        }
    }
}

impl PlannedChange {
    /// Whether it was approved as it stands now.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        match (&self.approval, self.approvable()) {
            (Some(approval), Some(content)) => !approval.is_stale(&content),
            (Some(_) | None, Some(_) | None) => false,
        }
    }

    /// Whether it was started as an emergency and nobody has approved it yet.
    #[must_use]
    pub fn awaits_approval(&self) -> bool {
        match self.stage {
            Stage::Implementing { .. } | Stage::Monitoring { .. } | Stage::Reviewed { .. } => {
                self.approve_by.is_some() && !self.is_approved()
            }
            Stage::Draft
            | Stage::Submitted
            | Stage::Assessed
            | Stage::Rejected { .. }
            | Stage::Approved
            | Stage::Scheduled { .. }
            | Stage::Closed { .. }
            | Stage::RolledBack { .. }
            | Stage::Cancelled { .. } => false,
        }
    }

    /// When it was begun and when it was made, as far as it was.
    #[must_use]
    pub fn implementation(&self) -> (Option<&Start>, Option<&Completion>) {
        match &self.stage {
            Stage::Implementing { start } => (Some(start), None),
            Stage::Monitoring { start, completion }
            | Stage::Reviewed { start, completion, .. }
            | Stage::Closed { start, completion, .. } => (Some(start), Some(completion)),
            Stage::RolledBack { start, completion, .. } => (Some(start), completion.as_ref()),
            Stage::Draft
            | Stage::Submitted
            | Stage::Assessed
            | Stage::Rejected { .. }
            | Stage::Approved
            | Stage::Scheduled { .. }
            | Stage::Cancelled { .. } => (None, None),
        }
    }

    /// The judgement, where there is one.
    #[must_use]
    pub fn outcome(&self) -> Option<&Outcome> {
        match &self.stage {
            Stage::Reviewed { outcome, .. } | Stage::Closed { outcome, .. } => Some(outcome),
            Stage::RolledBack { outcome, .. } => outcome.as_ref(),
            Stage::Draft
            | Stage::Submitted
            | Stage::Assessed
            | Stage::Rejected { .. }
            | Stage::Approved
            | Stage::Scheduled { .. }
            | Stage::Implementing { .. }
            | Stage::Monitoring { .. }
            | Stage::Cancelled { .. } => None,
        }
    }

    /// What is compared with what to see its effect; `None` until it is made.
    #[must_use]
    pub fn windows(&self) -> Option<Windows> {
        let (Some(start), Some(completion)) = self.implementation() else { return None };
        let baseline = Days::new(completion.baseline_days.unsigned_abs());
        let from = start.at.checked_sub_days(baseline).unwrap_or(start.at);
        let after = Period { from: completion.at, to: completion.monitored_until };
        Some(Windows { before: Period { from, to: start.at }, after })
    }

    /// From when on its indicators are another story: charts begin a new phase there. Only what is closed counts.
    #[must_use]
    pub fn begins_phase_at(&self) -> Option<DateTime<Utc>> {
        match &self.stage {
            Stage::Closed { completion, .. } => Some(completion.at),
            Stage::Draft
            | Stage::Submitted
            | Stage::Assessed
            | Stage::Rejected { .. }
            | Stage::Approved
            | Stage::Scheduled { .. }
            | Stage::Implementing { .. }
            | Stage::Monitoring { .. }
            | Stage::Reviewed { .. }
            | Stage::RolledBack { .. }
            | Stage::Cancelled { .. } => None,
        }
    }

    /// The case that deals with the harm it did.
    fn harm(&self) -> Option<Target> {
        match &self.stage {
            Stage::Closed { closure, .. } => closure.case,
            Stage::Draft
            | Stage::Submitted
            | Stage::Assessed
            | Stage::Rejected { .. }
            | Stage::Approved
            | Stage::Scheduled { .. }
            | Stage::Implementing { .. }
            | Stage::Monitoring { .. }
            | Stage::Reviewed { .. }
            | Stage::RolledBack { .. }
            | Stage::Cancelled { .. } => None,
        }
    }

    /// That it waits for whoever may approve it.
    fn approving(&self, due_on: Option<NaiveDate>) -> Work {
        let permission = self.assessed.as_ref().map(|assessed| assessed.assessment.impact.approving());
        Work::of_whoever(permission.unwrap_or(Permission::DecideChange), self.head.created_by, due_on)
    }
}
