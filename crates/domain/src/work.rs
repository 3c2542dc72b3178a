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
}

impl Wake {
    /// The day after a due date, unless that the date has passed was noted: for what happens once, however long it lasts.
    pub(crate) fn once_past(due_on: NaiveDate, noted: Option<NaiveDate>) -> Option<Self> {
        if noted == Some(due_on) { None } else { due_on.succ_opt().map(Self::On) }
    }
}

/// Refuses to note that a due date has passed, unless it has and the program does it: `wake` is when it wanted to.
pub(crate) fn may_fall_due(wake: Option<Wake>, today: NaiveDate, by: &Actor) -> Result<(), Refusal> {
    is_the_program(by)?;
    match wake {
        Some(Wake::On(day)) if day <= today => Ok(()),
        Some(Wake::On(_) | Wake::At(_)) | None => {
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
