//! Management reviews [9.3.1-9.3.3]: top management looks at ten inputs, frozen when they are prepared, concludes whether
//! the system is suitable, adequate and effective, and decides what follows.

mod commands;
pub mod inputs;
mod lifecycle;
mod outcome;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Consider, Hold, Prepared, ReviewAmendment};
pub use inputs::{Inputs, Period, Snapshot, Statement, Statements, Topic};
pub use lifecycle::{Facts, Field, StageName, Verb, edge, touchable};
pub use outcome::{Approve, Approved, Births, Decide, Decided, Raised, Raises};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{ManagementReviewId, MemberId, RecordId};
use crate::links::Relation;
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::responsibilities::{Part, Responsibility};
use crate::text;
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use strum::{EnumString, IntoStaticStr, VariantArray};

/// At most so many people are invited, and come.
pub const ATTENDEES: usize = 50;

/// How an input was dealt with in the meeting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = InputStanding))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Standing {
    /// It was discussed.
    Considered,
    /// There was nothing to discuss.
    NothingToReport,
}

/// What was discussed of one input.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consideration {
    /// Which input.
    pub input: Topic,
    /// How it was dealt with.
    pub standing: Standing,
    /// What was discussed, or why there was nothing.
    pub discussion: String,
}

/// What a decision is about [9.3.3].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum DecisionKind {
    /// An opportunity for improvement is taken.
    Improvement,
    /// The management system changes.
    Change,
    /// Resources are given.
    Resources,
}

/// What was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Decision {
    /// Counted from 1 within the review.
    pub number: i64,
    /// What it is about.
    pub kind: DecisionKind,
    /// What is to happen.
    pub text: String,
    /// Who sees to it.
    pub responsible: MemberId,
    /// The day by which it is to be done.
    pub due_on: NaiveDate,
    /// The records that it made: the action, first of all.
    pub made: Vec<Target>,
}

/// What top management concludes [9.3.1].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conclusions {
    /// Whether the system still fits the organisation.
    pub suitability: String,
    /// Whether it is enough.
    pub adequacy: String,
    /// Whether it does what it is for.
    pub effectiveness: String,
}

/// The meeting and its minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meeting {
    /// On which day.
    pub held_on: NaiveDate,
    /// Who came, invited or not.
    pub present: Vec<MemberId>,
    /// The inputs dealt with so far, in their order.
    pub considerations: Vec<Consideration>,
    /// What was decided, in the order in which it was.
    pub decisions: Vec<Decision>,
    /// What was concluded.
    #[serde(default)]
    pub conclusions: Option<Conclusions>,
}

/// That the chair approved the minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Approval {
    /// SHA-256, hexadecimal, of what was approved: see [`ManagementReview::minutes_digest`].
    pub minutes_digest: String,
    /// Why nothing had to be decided, where nothing was.
    #[serde(default)]
    pub no_decision_because: Option<String>,
    /// The review that was scheduled by it; `None` where another was scheduled already.
    #[serde(default)]
    pub next: Option<ManagementReviewId>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom: the chair.
    pub by: MemberId,
}

/// What was added to approved minutes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Addendum {
    /// What is to be known beside the minutes.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// Inputs as they were frozen: what binds a snapshot, which is kept beside the review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnapshotSeal {
    /// Counted from 1 within the review.
    pub number: i64,
    /// SHA-256, hexadecimal, over the snapshot's canonical JSON (RFC 8785).
    pub digest: String,
    /// The time it looks at.
    pub period: Period,
    /// The day it was taken, in the organisation's time zone.
    pub taken_on: NaiveDate,
    /// When.
    pub taken_at: DateTime<Utc>,
    /// By whom.
    pub taken_by: Option<MemberId>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// It is going to be held.
    Scheduled,
    /// Its inputs are frozen; they may be frozen again.
    Prepared,
    /// It was held; the minutes are written.
    Held {
        /// The minutes so far.
        meeting: Meeting,
    },
    /// The minutes are locked.
    Approved {
        /// The minutes.
        meeting: Meeting,
        /// That the chair approved them.
        approval: Approval,
        /// What was added since.
        addenda: Vec<Addendum>,
    },
    /// It was not held, or could decide nothing.
    Cancelled {
        /// The minutes, where it had been held.
        #[serde(default)]
        meeting: Option<Meeting>,
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
}

/// A management review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ManagementReview {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub title: String,
    /// The day for which it is planned.
    pub scheduled_on: NaiveDate,
    /// The time it looks at.
    pub period: Period,
    /// Who chairs it and approves its minutes: somebody of top management.
    pub chair: MemberId,
    /// Who is invited beside the chair.
    pub attendees: Vec<MemberId>,
    /// The review that scheduled this one.
    #[serde(default)]
    pub previous: Option<ManagementReviewId>,
    /// What people say to the inputs b, c and e; the newest snapshot holds the same.
    pub statements: Statements,
    /// Inputs as they were frozen, oldest first; each is kept.
    pub snapshots: Vec<SnapshotSeal>,
    /// The date whose passing was noted.
    #[serde(default)]
    pub fell_due_on: Option<NaiveDate>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to schedule one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewDraft {
    /// One line.
    pub title: String,
    /// The day for which it is planned.
    pub scheduled_on: NaiveDate,
    /// The time it looks at.
    pub period: Period,
    /// Who chairs it; that the member exists and is of top management is the caller's to check.
    pub chair: MemberId,
    /// Who is invited beside the chair; that the members exist is the caller's to check.
    pub attendees: Vec<MemberId>,
}

impl Record for ManagementReview {
    const PREFIX: Prefix = Prefix::ManagementReview;
    const MAKING: Permission = Permission::SteerReview;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Chaired or scheduled by the actor, who is invited or came.
    fn is_own(&self, by: &Actor) -> bool {
        let Some(me) = by.principal() else { return false };
        let came = self.meeting().is_some_and(|meeting| meeting.present.contains(&me));
        came || self.chair == me || self.attendees.contains(&me) || self.head.created_by == Some(me)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    /// The review that scheduled it. What its decisions made says itself where it came from.
    fn edges(&self) -> Vec<TraceEdge> {
        let own = Target::of(self);
        let previous = self.previous.map(|id| Target { kind: Prefix::ManagementReview, id: RecordId(id.0) });
        previous.map(|previous| TraceEdge::new(previous, Relation::Raised, own)).into_iter().collect()
    }

    fn work(&self) -> Vec<Work> {
        match &self.stage {
            Stage::Scheduled => vec![Work::of_whoever(Permission::SteerReview, None, Some(self.scheduled_on))],
            Stage::Prepared => vec![Work::of(self.chair, Some(self.scheduled_on))],
            Stage::Held { .. } => vec![Work::of(self.chair, None)],
            Stage::Approved { .. } | Stage::Cancelled { .. } => Vec::new(),
        }
    }

    /// The day after its date: that it was not held is noted once.
    fn wakes(&self) -> Option<Wake> {
        match &self.stage {
            Stage::Scheduled | Stage::Prepared => Wake::once_past(self.scheduled_on, self.fell_due_on),
            Stage::Held { .. } | Stage::Approved { .. } | Stage::Cancelled { .. } => None,
        }
    }

    /// From the meeting on: what was decided is worked long after the minutes are locked.
    fn takes_actions(&self) -> Option<i64> {
        match &self.stage {
            Stage::Held { .. } | Stage::Approved { .. } => Some(0),
            Stage::Scheduled | Stage::Prepared | Stage::Cancelled { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match &self.stage {
            Stage::Scheduled | Stage::Prepared | Stage::Held { .. } => {
                Responsibility::of(Part::Chair, self.chair).collect()
            }
            Stage::Approved { .. } | Stage::Cancelled { .. } => Vec::new(),
        }
    }
}

impl ManagementReview {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> ManagementReviewId {
        ManagementReviewId(self.head.id)
    }

    /// The meeting, once it was held.
    #[must_use]
    pub fn meeting(&self) -> Option<&Meeting> {
        match &self.stage {
            Stage::Held { meeting } | Stage::Approved { meeting, .. } => Some(meeting),
            Stage::Cancelled { meeting, .. } => meeting.as_ref(),
            Stage::Scheduled | Stage::Prepared => None,
        }
    }

    /// That the chair approved the minutes, once that is so.
    #[must_use]
    pub fn approval(&self) -> Option<&Approval> {
        match &self.stage {
            Stage::Approved { approval, .. } => Some(approval),
            Stage::Scheduled | Stage::Prepared | Stage::Held { .. } | Stage::Cancelled { .. } => None,
        }
    }

    /// Everybody who is invited, the chair first.
    pub(crate) fn invited(&self) -> impl Iterator<Item = MemberId> {
        [self.chair].into_iter().chain(self.attendees.iter().copied())
    }

    /// Schedules a review. `facts` speak of the organisation, since there is no record yet.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn schedule(draft: ReviewDraft, facts: &Facts, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let review = Self::drafted(draft, Head::born(by, birth), None);
        let mut faults = review.faults();
        faults.keep(text::day_to_come("/scheduled_on", review.scheduled_on, facts.today));
        faults.refuse()?;
        Ok(Change::born(review, "scheduled"))
    }

    fn drafted(draft: ReviewDraft, head: Head, previous: Option<ManagementReviewId>) -> Self {
        let ReviewDraft { title, scheduled_on, period, chair, attendees } = draft;
        Self {
            head,
            title,
            scheduled_on,
            period,
            chair,
            attendees,
            previous,
            statements: Statements::default(),
            snapshots: Vec::new(),
            fell_due_on: None,
            stage: Stage::Scheduled,
        }
    }

    /// Every fault of what people write when they schedule it.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &self.title));
        if self.period.until < self.period.from {
            faults.push(Fault::new("/period_until", "out_of_range", "must not lie before the period begins"));
        }
        note_people("/attendee_ids", &self.attendees, &mut faults);
        if let Some(index) = self.attendees.iter().position(|member| *member == self.chair) {
            let detail = "is in the chair: attendees are those beside";
            faults.push(Fault::new(format!("/attendee_ids/{index}"), "duplicate", detail));
        }
        faults
    }
}

/// Notes who is named twice, and too many of them.
fn note_people(pointer: &str, members: &[MemberId], faults: &mut Faults) {
    if members.len() > ATTENDEES {
        faults.push(Fault::new(pointer, "length", format!("must name at most {ATTENDEES}")));
    }
    let mut named = BTreeSet::new();
    for (index, member) in members.iter().enumerate() {
        if !named.insert(*member) {
            faults.push(Fault::new(format!("{pointer}/{index}"), "duplicate", "must name each member once"));
        }
    }
}
