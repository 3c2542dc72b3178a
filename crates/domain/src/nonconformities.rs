//! Nonconformities and their treatment [10.2]: what went wrong, why, what was done, and whether it worked.

mod commands;
mod lifecycle;
mod migration;
mod mistakes;
mod recurrence;
pub mod similar;
#[cfg(test)]
pub(crate) mod tests;
mod treatment;

pub use commands::{Amendment, Analyse, CONSIDERED, Close, Confirm, Contain, Plan, ROOT_CAUSES, Verify};
pub use lifecycle::{Facts, StageName, Verb, edge};
pub use migration::History;
pub use treatment::{Analysis, Attempt, Closure, Considered, Containment, Method, Response, Verdict};

use crate::access::{Actor, Permission};
use crate::analysis::effect::{moving, note_indicators};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{IndicatorId, MemberId};
use crate::imports::Migrated;
use crate::links::Relation;
use crate::mistakes::{Duplicable, Duplicate, Voided};
use crate::reference::{Prefix, Target};
use crate::refusal::{Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::separation::SeparationException;
use crate::text;
use crate::trace::TraceEdge;
use crate::work::{Due, Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// Where a nonconformity was noticed, or an idea came from.
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CaseSource))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Source {
    /// A finding of an audit.
    Audit,
    /// An incident.
    Incident,
    /// An indicator's signal.
    Indicator,
    /// An employee.
    Employee,
    /// A decision of the management review.
    Review,
    /// Somebody outside.
    External,
    /// Anything else.
    Other,
}

/// How grave it is.
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
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = NonconformityGrade))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Grade {
    /// A lapse that does not put the system's effect in doubt.
    Minor,
    /// A failure that does.
    Major,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
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
    /// It is one.
    Confirmed,
    /// The cause is known.
    Analysed {
        /// The cause.
        analysis: Analysis,
    },
    /// Actions are under way.
    Planned {
        /// The cause.
        analysis: Analysis,
    },
    /// The work is done; whether it worked is not known.
    Verifying {
        /// The cause.
        analysis: Analysis,
        /// What was done.
        response: Response,
        /// The first day on which effectiveness can be judged.
        check_on: NaiveDate,
        /// Since when that is awaited; unknown of what was brought in, and of what was there before this was kept.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        since: Option<DateTime<Utc>>,
    },
    /// It worked.
    Verified {
        /// The cause.
        analysis: Analysis,
        /// What was done.
        response: Response,
        /// The judgement.
        verdict: Verdict,
    },
    /// It is over.
    Closed {
        /// The cause.
        analysis: Analysis,
        /// What was done.
        response: Response,
        /// The judgement.
        verdict: Verdict,
        /// What remains.
        closure: Closure,
    },
    /// It was over before go-live, as another register says: no gate was run.
    EndedBefore,
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

/// A nonconformity.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Nonconformity {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub title: String,
    /// What is not as required.
    pub statement: String,
    /// What shows it.
    pub objective_evidence: String,
    /// Where it was noticed.
    pub source: Source,
    /// The record that it was born of: a finding, an incident, an employee's report.
    #[serde(default)]
    pub origin: Option<Target>,
    /// The clause or control breached: `9.2.2`, `A.5.18`.
    #[serde(default)]
    pub requirement: Option<String>,
    /// The indicators that its treatment is to move.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indicators: Vec<IndicatorId>,
    /// Set by `confirm`.
    #[serde(default)]
    pub grade: Option<Grade>,
    /// The accountable member; set by `confirm`.
    #[serde(default)]
    pub owner: Option<MemberId>,
    /// Who owned it before in the present attempt: a case that is handed over has not been treated by others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub former_owners: Vec<MemberId>,
    /// The day by which it is to be closed.
    #[serde(default)]
    pub due_on: Option<NaiveDate>,
    /// The due date whose passing was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fell_due_on: Option<NaiveDate>,
    /// The day of a verdict whose passing was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub check_fell_due_on: Option<NaiveDate>,
    /// The immediate correction.
    #[serde(default)]
    pub containment: Option<Containment>,
    /// Earlier turns, oldest first.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// How often it came back after it had been closed.
    #[serde(default)]
    pub recurrences: i64,
    /// Where a duty was not kept apart, and why.
    #[serde(default)]
    pub exceptions: Vec<SeparationException>,
    /// What another register says of it, where it was brought in from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrated: Option<Migrated>,
    /// Who reported it in duplicates of it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub also_reported_by: Vec<MemberId>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to raise one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonconformityDraft {
    /// One line.
    pub title: String,
    /// What is not as required.
    pub statement: String,
    /// What shows it.
    pub objective_evidence: String,
    /// Where it was noticed.
    pub source: Source,
    /// The record that it is born of; that it exists is the caller's to check.
    pub origin: Option<Target>,
    /// The clause or control breached.
    pub requirement: Option<String>,
    /// The indicators that its treatment is to move; that they exist is the caller's to check.
    pub indicators: Vec<IndicatorId>,
    /// The day by which it is to be closed.
    pub due_on: Option<NaiveDate>,
}

impl Record for Nonconformity {
    const PREFIX: Prefix = Prefix::Nonconformity;
    const MAKING: Permission = Permission::RaiseNonconformity;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn exceptions(&self) -> &[SeparationException] {
        &self.exceptions
    }

    /// Owned or reported by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        let is_mine =
            |me| [self.owner, self.head.created_by].contains(&Some(me)) || self.also_reported_by.contains(&me);
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
        let repeated = self.duplicate().map(|duplicate| duplicate.edge(own));
        born.into_iter().chain(repeated).chain(moving(own, &self.indicators)).collect()
    }

    fn work(&self) -> Vec<Work> {
        let owned = self.owner.map(|owner| Work::of(owner, self.due_on));
        match &self.stage {
            Stage::Reported => vec![Work::of_whoever(Permission::DecideNonconformity, None, self.due_on)],
            Stage::Confirmed | Stage::Analysed { .. } | Stage::Planned { .. } | Stage::Verified { .. } => {
                owned.into_iter().collect()
            }
            Stage::Verifying { check_on, .. } => {
                let verdict = Work::of_whoever(Permission::VerifyEffectiveness, self.owner, Some(*check_on));
                owned.into_iter().chain([verdict]).collect()
            }
            Stage::Rejected { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => Vec::new(),
        }
    }

    /// The day after its due date, and the day after the one on which its effect could be judged: each is noted once.
    fn wakes(&self) -> Option<Wake> {
        Wake::once_past_each([self.closing_due(), self.verdict_due()])
    }

    /// While its treatment can still take them [10.2 c].
    fn takes_actions(&self) -> Option<i64> {
        match self.stage {
            Stage::Confirmed | Stage::Analysed { .. } | Stage::Planned { .. } => Some(self.attempt()),
            Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Verifying { .. }
            | Stage::Verified { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match &self.stage {
            Stage::Reported
            | Stage::Confirmed
            | Stage::Analysed { .. }
            | Stage::Planned { .. }
            | Stage::Verifying { .. }
            | Stage::Verified { .. } => Responsibility::of_owner(self.owner),
            Stage::Rejected { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => Vec::new(),
        }
    }
}

impl Nonconformity {
    /// By when it is to be closed, while it is not over.
    fn closing_due(&self) -> Option<Due> {
        match self.stage {
            Stage::Reported
            | Stage::Confirmed
            | Stage::Analysed { .. }
            | Stage::Planned { .. }
            | Stage::Verifying { .. }
            | Stage::Verified { .. } => self.due_on.map(|on| Due { on, noted: self.fell_due_on }),
            Stage::Rejected { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    /// When its effect is to be judged, while that is waited for.
    fn verdict_due(&self) -> Option<Due> {
        match self.stage {
            Stage::Verifying { check_on, .. } => Some(Due { on: check_on, noted: self.check_fell_due_on }),
            Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Confirmed
            | Stage::Analysed { .. }
            | Stage::Planned { .. }
            | Stage::Verified { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. } => None,
        }
    }

    /// Which turn it is in, from 0: an action belongs to one.
    #[must_use]
    pub fn attempt(&self) -> i64 {
        i64::try_from(self.attempts.len()).unwrap_or(i64::MAX)
    }

    /// Raises a nonconformity.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn raise(draft: NonconformityDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let NonconformityDraft {
            title,
            statement,
            objective_evidence,
            source,
            origin,
            requirement,
            indicators,
            due_on,
        } = draft;
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &title));
        faults.keep(text::narrative("/statement", &statement));
        faults.keep(text::narrative("/objective_evidence", &objective_evidence));
        if let Some(requirement) = &requirement {
            faults.keep(text::requirement("/requirement", requirement));
        }
        note_indicators("/indicators", &indicators, false, &mut faults);
        faults.refuse()?;
        let head = Head::born(by, birth);
        Ok(Change::born(
            Self {
                head,
                title,
                statement,
                objective_evidence,
                source,
                origin,
                requirement,
                indicators,
                grade: None,
                owner: None,
                former_owners: Vec::new(),
                due_on,
                fell_due_on: None,
                check_fell_due_on: None,
                containment: None,
                attempts: Vec::new(),
                recurrences: 0,
                exceptions: Vec::new(),
                migrated: None,
                also_reported_by: Vec::new(),
                stage: Stage::Reported,
            },
            "raised",
        ))
    }
}
