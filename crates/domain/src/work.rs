//! What is open for somebody, and when a record wants to be looked at again: what `/v1/me/work`, the calendar, reminders
//! and everything that happens by itself are made of.

use crate::access::{Actor, Permission, is_the_program};
use crate::id::MemberId;
use crate::refusal::Refusal;
use chrono::{DateTime, NaiveDate, Utc};

/// Who is expected to act.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doer {
    /// This member.
    Member(MemberId),
    /// Whoever may: a decision that waits for a role.
    Whoever {
        /// What it takes.
        permission: Permission,
        /// Who must not, because of separation of duties.
        except: Option<MemberId>,
    },
}

/// When something happens to a record by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    /// When this day begins, in the organisation's time zone.
    On(NaiveDate),
    /// At this moment.
    At(DateTime<Utc>),
    /// At this moment, and again when this day begins.
    AtAndOn(DateTime<Utc>, NaiveDate),
}

impl Wake {
    /// The day after a due date, unless that the date has passed was noted: for what happens once, however long it lasts.
    pub(crate) fn once_past(due_on: NaiveDate, noted: Option<NaiveDate>) -> Option<Self> {
        day_past(due_on, noted).map(Self::On)
    }

    /// The same for several due dates: the one that passes first.
    pub(crate) fn once_past_each(dates: impl IntoIterator<Item = Option<Due>>) -> Option<Self> {
        dates.into_iter().flatten().filter_map(|Due { on, noted }| day_past(on, noted)).min().map(Self::On)
    }
}

/// A due date beside the one whose passing was noted last.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Due {
    /// The day by which something is to be done.
    pub on: NaiveDate,
    /// What was noted.
    pub noted: Option<NaiveDate>,
}

impl Due {
    /// Whether it has passed and that was not noted.
    pub(crate) fn is_to_note(self, today: NaiveDate) -> bool {
        day_past(self.on, self.noted).is_some_and(|day| day <= today)
    }
}

/// The day after, unless that the date has passed was noted.
pub(crate) fn day_past(due_on: NaiveDate, noted: Option<NaiveDate>) -> Option<NaiveDate> {
    if noted == Some(due_on) { None } else { due_on.succ_opt() }
}

/// Refuses to note that a due date has passed, unless it has and the program does it: `wake` is when it wanted to.
pub(crate) fn may_fall_due(wake: Option<Wake>, today: NaiveDate, by: &Actor) -> Result<(), Refusal> {
    is_the_program(by)?;
    match wake {
        Some(Wake::On(day) | Wake::AtAndOn(_, day)) if day <= today => Ok(()),
        Some(Wake::On(_) | Wake::At(_) | Wake::AtAndOn(..)) | None => {
            Err(Refusal::state("not_overdue", "it is not overdue, or that was noted"))
        }
    }
}

/// Something that a record waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Who is expected to act.
    pub doer: Doer,
    /// The day by which it is to be done.
    pub due_on: Option<NaiveDate>,
}

impl Work {
    /// For one member.
    #[must_use]
    pub fn of(member: MemberId, due_on: Option<NaiveDate>) -> Self {
        Self { doer: Doer::Member(member), due_on }
    }

    /// For whoever may, except one.
    #[must_use]
    pub fn of_whoever(permission: Permission, except: Option<MemberId>, due_on: Option<NaiveDate>) -> Self {
        Self { doer: Doer::Whoever { permission, except }, due_on }
    }
}
