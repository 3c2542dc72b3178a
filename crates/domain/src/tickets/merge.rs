//! What follows of what both sides say and said: a comparison of three, field by field.

use super::{Category, Field, OnDone, Seen, Side, Why, Winner};
use crate::actions::StageName;

/// What is to be done about one field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// Both say the same.
    Agree,
    /// They differ as they did: nothing has happened.
    Keep,
    /// What is said here goes there.
    Out,
    /// What the ticket says comes here.
    In,
    /// It stays as it is until somebody has decided.
    Differ(Why),
}

/// What is to be done about a field of which both sides say something. `settled` is what somebody has decided, `seen` what
/// both said when they were compared last, `ours_is_newer` which of them was changed last.
#[must_use]
pub fn step(
    field: Field,
    (ours, theirs): (Option<&str>, Option<&str>),
    seen: Option<&Seen>,
    settled: Option<Side>,
    (wins, ours_is_newer): (Winner, bool),
) -> Step {
    if ours == theirs {
        return Step::Agree;
    }
    match settled {
        Some(Side::Ours) => return Step::Out,
        Some(Side::Theirs) => return Step::In,
        None => {}
    }
    // Of a ticket that is taken over nothing was seen before: both are new.
    let changed = seen.map_or((true, true), |seen| (seen.ours.as_deref() != ours, seen.theirs.as_deref() != theirs));
    match changed {
        (false, false) => Step::Keep,
        (true, false) => Step::Out,
        (false, true) => match field {
            // People write into the text of a ticket; the record of what was decided is here.
            Field::Title | Field::Text => Step::Differ(Why::ChangedThere),
            // An action is never without: what was taken away there is to be seen.
            Field::DueOn | Field::Assignee if theirs.is_none() => Step::Differ(Why::ClearedThere),
            Field::DueOn | Field::Assignee | Field::State => Step::In,
        },
        (true, true) => match wins {
            Winner::Ours => Step::Out,
            Winner::Newest if ours_is_newer => Step::Out,
            // What never stood there takes nothing away here, and is told.
            Winner::Theirs | Winner::Newest if theirs.is_none() && seen.is_none() => Step::Out,
            Winner::Theirs | Winner::Newest if theirs.is_none() && field != Field::Text => {
                Step::Differ(Why::ClearedThere)
            }
            Winner::Theirs | Winner::Newest => Step::In,
            Winner::Neither => Step::Differ(Why::BothChanged),
        },
    }
}

/// What follows here when a ticket has moved there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Moved {
    /// Nothing: the difference is one of words.
    Nothing,
    /// The action has begun.
    Start,
    /// The action is done.
    Complete,
    /// Somebody decides here.
    Propose,
}

/// What follows for an action that stands here when its ticket stands there. No ticket verifies, cancels or reopens an action:
/// that is proposed.
#[must_use]
pub fn moved(here: StageName, there: Category, on_done: OnDone) -> Moved {
    use StageName as S;
    match (here, there) {
        (S::Open | S::InProgress, Category::Done) if on_done == OnDone::Set => Moved::Complete,
        (S::Open, Category::InProgress) => Moved::Start,
        (S::Open, Category::ToDo)
        | (S::InProgress | S::Blocked, Category::ToDo | Category::InProgress)
        | (S::Done | S::Verified, Category::Done)
        // Where nothing is called cancelled there, it is closed.
        | (S::Cancelled, Category::Cancelled | Category::Done) => Moved::Nothing,
        (S::Open | S::InProgress | S::Blocked, Category::Done | Category::Cancelled)
        | (S::Done | S::Verified, Category::ToDo | Category::InProgress | Category::Cancelled)
        | (S::Cancelled, Category::ToDo | Category::InProgress) => Moved::Propose,
    }
}

impl StageName {
    /// What a ticket of an action that stands here is to be.
    #[must_use]
    pub const fn category(self) -> Category {
        match self {
            Self::Open => Category::ToDo,
            Self::InProgress | Self::Blocked => Category::InProgress,
            Self::Done | Self::Verified => Category::Done,
            Self::Cancelled => Category::Cancelled,
        }
    }
}
