//! Courses: what people must know, who must know it, for how long it holds, and whether teaching it worked [7.2, A.6.3].

mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Amendment, Evaluate};
pub use lifecycle::{Facts, StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::analysis::effect::{Effect, Windows, moving, note_indicators};
use crate::audience::Audience;
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{CourseId, IndicatorId, MemberId};
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::separation::SeparationException;
use crate::text;
use crate::trace::TraceEdge;
use crate::work::{self, Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::ops::RangeInclusive;

/// At most so many clauses and controls.
pub const REQUIREMENTS: usize = 20;
/// In how many days a new assignment can be due.
pub const DUE_IN_DAYS: RangeInclusive<i64> = 1..=365;
/// For how many months a result can hold.
pub const VALIDITY_MONTHS: RangeInclusive<i64> = 1..=120;
/// What can be asked for, in percent.
pub const PASS_MARK: RangeInclusive<i64> = 1..=100;

/// Whether the course has given people what it was to give them [7.2 c].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Whether it has.
    pub effective: bool,
    /// What was looked at: an indicator, a trial, a walk through the building.
    pub criterion: String,
    /// What was seen.
    pub evidence: String,
    /// What its indicators said before and after, frozen; `None` where it names none, or nobody had taken it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub effect: Option<Effect>,
    /// When it was judged.
    pub at: DateTime<Utc>,
    /// By whom; never by the course's owner.
    pub by: MemberId,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Being prepared: nobody is assigned.
    Draft,
    /// Its audience is assigned to it.
    Published {
        /// Since when.
        since: DateTime<Utc>,
        /// The day on which its effect is judged next; `None` when that is done.
        #[serde(default)]
        evaluate_on: Option<NaiveDate>,
    },
    /// Nobody takes it any more.
    Retired {
        /// Why.
        reason: String,
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// A course.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Course {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub title: String,
    /// What it teaches.
    #[serde(default)]
    pub description: Option<String>,
    /// Where to find it: an address or a place. Files are attached as evidence.
    #[serde(default)]
    pub material: Option<String>,
    /// Who must take it.
    pub audience: Audience,
    /// Since when the audience is that; assignments follow from then on.
    pub audience_since: DateTime<Utc>,
    /// In how many days a new assignment is due.
    pub due_in_days: i64,
    /// For how many months a result holds; for ever without it.
    #[serde(default)]
    pub validity_months: Option<i64>,
    /// The score, in percent, from which on it is passed; without it whoever has taken it has passed.
    #[serde(default)]
    pub pass_mark: Option<i64>,
    /// The clauses and controls it serves.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// The indicators that it is to move.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub indicators: Vec<IndicatorId>,
    /// The accountable member.
    #[serde(default)]
    pub owner: Option<MemberId>,
    /// The newest judgement of its effect; earlier ones stand in the journal.
    #[serde(default)]
    pub evaluation: Option<Evaluation>,
    /// The day of a judgement whose passing was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evaluation_fell_due_on: Option<NaiveDate>,
    /// Duties that were not kept apart.
    #[serde(default)]
    pub exceptions: Vec<SeparationException>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to define one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CourseDraft {
    /// One line.
    pub title: String,
    /// What it teaches.
    pub description: Option<String>,
    /// Where to find it.
    pub material: Option<String>,
    /// Who must take it; that named members exist is the caller's to check.
    pub audience: Audience,
    /// In how many days a new assignment is due.
    pub due_in_days: i64,
    /// For how many months a result holds.
    pub validity_months: Option<i64>,
    /// The score from which on it is passed.
    pub pass_mark: Option<i64>,
    /// Clauses and controls, at most [`REQUIREMENTS`].
    pub requirements: Vec<String>,
    /// The indicators that it is to move; that they exist is the caller's to check.
    pub indicators: Vec<IndicatorId>,
    /// The accountable member; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
}

impl Record for Course {
    const PREFIX: Prefix = Prefix::Course;
    const MAKING: Permission = Permission::DefineCourse;
    const READING: Permission = Permission::ReadCourses;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn exceptions(&self) -> &[SeparationException] {
        &self.exceptions
    }

    /// Owned or defined by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        let me = by.principal();
        me.is_some() && (self.owner == me || self.head.created_by == me)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    fn edges(&self) -> Vec<TraceEdge> {
        moving(Target::of(self), &self.indicators).collect()
    }

    fn owners(&self) -> Vec<MemberId> {
        self.owner.into_iter().collect()
    }

    fn work(&self) -> Vec<Work> {
        match self.stage {
            Stage::Draft => self.owner.map(|owner| Work::of(owner, None)).into_iter().collect(),
            Stage::Published { evaluate_on: Some(day), .. } => {
                vec![Work::of_whoever(Permission::VerifyEffectiveness, self.owner, Some(day))]
            }
            Stage::Published { evaluate_on: None, .. } | Stage::Retired { .. } => Vec::new(),
        }
    }

    /// Whenever its audience is another one: assignments are made, or become void, by themselves. And the day after its
    /// effect could be judged: that it has passed is noted once.
    fn wakes(&self) -> Option<Wake> {
        let followed = self.audience_since;
        match self.stage {
            Stage::Draft => None,
            Stage::Published { evaluate_on: Some(day), .. } => Some(
                work::day_past(day, self.evaluation_fell_due_on)
                    .map_or(Wake::At(followed), |day| Wake::AtAndOn(followed, day)),
            ),
            Stage::Published { evaluate_on: None, .. } | Stage::Retired { .. } => Some(Wake::At(followed)),
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::Draft | Stage::Published { .. } => Responsibility::of_owner(self.owner),
            Stage::Retired { .. } => Vec::new(),
        }
    }
}

impl Course {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> CourseId {
        CourseId(self.head.id)
    }

    /// What its indicators are compared over: before anybody had completed it, and since half of those had who have by now.
    /// `taken` is when it was completed, each time; `None` while nobody has, and where it names no indicators.
    #[must_use]
    pub fn windows(&self, taken: &[DateTime<Utc>], now: DateTime<Utc>) -> Option<Windows> {
        let mut taken = taken.to_vec();
        taken.sort_unstable();
        let (first, half) = (taken.first()?, taken.get((taken.len() - 1) / 2)?);
        (!self.indicators.is_empty()).then(|| Windows::around(*first, *half, now))
    }

    /// What the newest judgement of its effect rests on; `None` while another is to come.
    #[must_use]
    pub fn frozen_effect(&self) -> Option<&Effect> {
        match self.stage {
            Stage::Published { evaluate_on: Some(_), .. } => None,
            Stage::Draft | Stage::Published { evaluate_on: None, .. } | Stage::Retired { .. } => {
                self.evaluation.as_ref()?.effect.as_ref()
            }
        }
    }

    /// Defines a course, as a draft.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn define(draft: CourseDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let CourseDraft {
            title,
            description,
            material,
            audience,
            due_in_days,
            validity_months,
            pass_mark,
            requirements,
            indicators,
            owner,
        } = draft;
        let course = Self {
            head: Head::born(by, birth),
            title,
            description,
            material,
            audience,
            audience_since: birth.at,
            due_in_days,
            validity_months,
            pass_mark,
            requirements,
            indicators,
            owner,
            evaluation: None,
            evaluation_fell_due_on: None,
            exceptions: Vec::new(),
            stage: Stage::Draft,
        };
        course.faults().refuse()?;
        Ok(Change::born(course, "defined"))
    }

    /// Whether the actor may see how its people and its figures stand: who reads all, and its owner.
    #[must_use]
    pub fn is_overseen_by(&self, by: &Actor) -> bool {
        by.may(Permission::ReadRecords, self.owner.is_some() && self.owner == by.principal())
    }

    /// Whether people are assigned to it now.
    #[must_use]
    pub fn is_published(&self) -> bool {
        match self.stage {
            Stage::Published { .. } => true,
            Stage::Draft | Stage::Retired { .. } => false,
        }
    }

    /// Whether the day has passed on which its effect could be judged, and that was not noted.
    #[must_use]
    pub fn is_evaluation_overdue(&self, today: NaiveDate) -> bool {
        matches!(self.wakes(), Some(Wake::AtAndOn(_, day)) if day <= today)
    }

    /// Every fault of what people write.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &self.title));
        for (pointer, narrative) in [("/description", &self.description), ("/material", &self.material)] {
            if let Some(narrative) = narrative {
                faults.keep(text::narrative(pointer, narrative));
            }
        }
        self.audience.check("/audience", &mut faults);
        for (pointer, range, number) in [
            ("/due_in_days", DUE_IN_DAYS, Some(self.due_in_days)),
            ("/validity_months", VALIDITY_MONTHS, self.validity_months),
            ("/pass_mark", PASS_MARK, self.pass_mark),
        ] {
            if number.is_some_and(|number| !range.contains(&number)) {
                let detail = format!("must lie between {} and {}", range.start(), range.end());
                faults.push(Fault::new(pointer, "out_of_range", detail));
            }
        }
        text::requirements("/requirements", &self.requirements, REQUIREMENTS, &mut faults);
        note_indicators("/indicators", &self.indicators, false, &mut faults);
        faults
    }
}
