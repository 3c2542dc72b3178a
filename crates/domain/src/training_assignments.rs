//! Training assignments: that a member takes a course, by when, and with which result [7.2 b-d, A.6.3].

mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::Complete;
pub use lifecycle::{Facts, StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::courses::Course;
use crate::id::{CourseId, MemberId};
use crate::reference::Prefix;
use crate::refusal::{Faults, Refusal};
use crate::text;
use crate::work::{Wake, Work};
use chrono::{DateTime, Days, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// How it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attempt {
    /// The day on which the course was taken.
    pub taken_on: NaiveDate,
    /// In percent, where it was marked.
    #[serde(default)]
    pub score: Option<i64>,
    /// What shows it, such as the number of a certificate; files are attached as evidence.
    #[serde(default)]
    pub evidence: Option<String>,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// By whom; `None` for a machine.
    pub by: Option<MemberId>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// To be taken.
    Assigned,
    /// Taken, and passed.
    Completed {
        /// How it went.
        attempt: Attempt,
        /// The last day on which it holds; for ever without one.
        #[serde(default)]
        valid_until: Option<NaiveDate>,
    },
    /// Taken, and not passed.
    Failed {
        /// How it went.
        attempt: Attempt,
    },
    /// It held, and does not hold any more.
    Expired {
        /// How it went.
        attempt: Attempt,
        /// The last day on which it held.
        valid_until: NaiveDate,
    },
    /// It need not be taken any more.
    Void {
        /// Why.
        reason: String,
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// A training assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainingAssignment {
    /// Identity and version.
    pub head: Head,
    /// The course.
    pub course: CourseId,
    /// What the course was called when it was assigned.
    pub course_title: String,
    /// Who takes it.
    pub member: MemberId,
    /// The day by which it is to be taken.
    pub due_on: NaiveDate,
    /// Whether it follows from the course's audience; else somebody has assigned it.
    pub by_rule: bool,
    /// The due date whose passing was noted.
    #[serde(default)]
    pub fell_due_on: Option<NaiveDate>,
    /// Earlier attempts, oldest first.
    #[serde(default)]
    pub attempts: Vec<Attempt>,
    /// Where it stands.
    pub stage: Stage,
}

impl Record for TrainingAssignment {
    const PREFIX: Prefix = Prefix::TrainingAssignment;
    const MAKING: Permission = Permission::AssignTraining;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// The actor is who takes it.
    fn is_own(&self, by: &Actor) -> bool {
        by.on_behalf_of().is_none() && by.member() == Some(self.member)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.course_title)
    }

    fn work(&self) -> Vec<Work> {
        match self.stage {
            Stage::Assigned => vec![Work::of(self.member, Some(self.due_on))],
            Stage::Failed { .. } => vec![Work::of_whoever(Permission::AssignTraining, None, None)],
            Stage::Completed { .. } | Stage::Expired { .. } | Stage::Void { .. } => Vec::new(),
        }
    }

    /// The day after its due date, which is noted once; the day after the last on which it holds.
    fn wakes(&self) -> Option<Wake> {
        match &self.stage {
            Stage::Assigned => Wake::once_past(self.due_on, self.fell_due_on),
            Stage::Completed { valid_until: Some(last), .. } => last.succ_opt().map(Wake::On),
            Stage::Completed { valid_until: None, .. }
            | Stage::Failed { .. }
            | Stage::Expired { .. }
            | Stage::Void { .. } => None,
        }
    }
}

impl TrainingAssignment {
    /// Assigns a course to a member, due on a day or in as many days as the course says. That the member is active and
    /// has no other assignment of it that still counts is the caller's to check.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], a course that nobody takes now, or the fault of the day. `today` is the organisation's.
    pub fn assign(
        course: &Course,
        (member, due_on): (MemberId, Option<NaiveDate>),
        today: NaiveDate,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        Self::assign_by(course, (member, due_on), false, today, by, birth)
    }

    /// The same, because the member belongs to the course's audience.
    ///
    /// # Errors
    /// As [`Self::assign`].
    pub fn assign_by_rule(
        course: &Course,
        member: MemberId,
        today: NaiveDate,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        Self::assign_by(course, (member, None), true, today, by, birth)
    }

    fn assign_by(
        course: &Course,
        (member, due_on): (MemberId, Option<NaiveDate>),
        by_rule: bool,
        today: NaiveDate,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        if !course.is_published() {
            return Err(Refusal::state("course_not_published", "a course is assigned once it is published"));
        }
        let usual = Days::new(course.due_in_days.unsigned_abs());
        let due_on = due_on.or_else(|| today.checked_add_days(usual)).unwrap_or(today);
        let mut faults = Faults::default();
        faults.keep(text::day_to_come("/due_on", due_on, today));
        faults.refuse()?;
        let assignment = Self {
            head: Head::born(by, birth),
            course: course.id(),
            course_title: course.title.clone(),
            member,
            due_on,
            by_rule,
            fell_due_on: None,
            attempts: Vec::new(),
            stage: Stage::Assigned,
        };
        Ok(Change::born(assignment, "assigned"))
    }

    /// Whether it should have been taken by now.
    #[must_use]
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        match &self.stage {
            Stage::Assigned => self.due_on < today,
            Stage::Completed { .. } | Stage::Failed { .. } | Stage::Expired { .. } | Stage::Void { .. } => false,
        }
    }

    /// Whether the member still has something to do or to pass.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        match &self.stage {
            Stage::Assigned | Stage::Failed { .. } => true,
            Stage::Completed { .. } | Stage::Expired { .. } | Stage::Void { .. } => false,
        }
    }
}
