//! An action of another register, from before go-live.

use super::{Action, Completion, Kind, Priority, Stage, StageName};
use crate::access::Actor;
use crate::change::{Birth, Change, Head};
use crate::id::MemberId;
use crate::imports::{Arrival, Terms, given, may_migrate, needed};
use crate::reference::Target;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::NaiveDate;

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// What every kind says; how it ended is also why it is blocked, or what was done.
    pub arrival: Arrival,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    pub title: String,
    /// What was to be done.
    pub description: Option<String>,
    /// What it is for.
    pub kind: Kind,
    /// The record it serves, which the actor has seen.
    pub parent: Target,
    /// Which of the parent's attempts takes actions now; `None` while it takes none.
    pub attempt: Option<i64>,
    /// Who does it, or did; that the member exists is the caller's to check.
    pub assignee: MemberId,
    /// The day by which it is to be done; of what had ended, where nobody knows any more, the day on which it did.
    pub due_on: Option<NaiveDate>,
    /// How soon it matters.
    pub priority: Priority,
    /// How one can tell that it is done.
    pub done_criteria: Option<String>,
}

impl Action {
    /// Takes over an action of another register as that register tells it: no gate is run. One that had not ended serves a
    /// record that takes actions now, and one that is done waits for somebody else to look at it.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the row.
    pub fn migrate(history: History, terms: &Terms<'_>, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        may_migrate(by)?;
        let History {
            mut arrival,
            state,
            title,
            description,
            kind,
            parent,
            attempt,
            assignee,
            due_on,
            priority,
            done_criteria,
        } = history;
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &title));
        if let Some(description) = &description {
            faults.keep(text::narrative("/description", description));
        }
        if let Some(criteria) = &done_criteria {
            faults.keep(text::narrative("/done_criteria", criteria));
        }
        let is_over = matches!(state, StageName::Verified | StageName::Cancelled);
        let needs_parent = matches!(state, StageName::Open | StageName::InProgress | StageName::Blocked);
        if needs_parent && attempt.is_none() {
            let detail = "names a record that takes no actions: an action of it has ended";
            faults.push(Fault::new("/parent", "parent_is_over", detail));
        }
        let due_on = due_on.or(arrival.ended_on.filter(|_| is_over));
        let due_on = given("/due_on", due_on, &mut faults).unwrap_or(arrival.raised_on);
        let stage = stage(state, &mut arrival, (birth, assignee), &mut faults);
        let migrated = arrival.kept(is_over, terms, &mut faults);
        faults.refuse()?;
        let action = Self {
            head: Head::born(by, birth),
            title,
            description,
            kind,
            parent,
            attempt: attempt.unwrap_or(0),
            assignee,
            due_on,
            priority,
            done_criteria,
            indicators: Vec::new(),
            due_moves: 0,
            fell_due_on: None,
            former_workers: Vec::new(),
            exceptions: Vec::new(),
            migrated: Some(migrated),
            ticket: None,
            stage,
        };
        Ok(Change::born(action, "migrated"))
    }
}

/// Where it stands here; what a stage takes out of the row is not there any more for what comes after.
fn stage(state: StageName, arrival: &mut Arrival, (birth, assignee): (Birth, MemberId), faults: &mut Faults) -> Stage {
    match state {
        StageName::Open => Stage::Open,
        StageName::InProgress => Stage::InProgress,
        StageName::Blocked => Stage::Blocked { reason: needed("/outcome", arrival.outcome.take(), faults) },
        StageName::Done => {
            let summary = needed("/outcome", arrival.outcome.take(), faults);
            Stage::Done { completion: Completion { summary, at: birth.at, by: Some(assignee) } }
        }
        StageName::Verified => Stage::EndedBefore,
        StageName::Cancelled => Stage::Cancelled { reason: arrival.outcome.clone().unwrap_or_default() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::actions::{Facts, Verb};
    use crate::change::{Lifecycle, Record};
    use crate::fixtures::{arrival, at, birth, faults_of, gone_live, member, person};
    use crate::id::RecordId;
    use crate::reference::Prefix;
    use strum::VariantArray;
    use uuid::Uuid;

    fn row(state: StageName) -> History {
        let mut arrival = arrival(matches!(state, StageName::Verified | StageName::Cancelled));
        if matches!(state, StageName::Blocked | StageName::Done) {
            arrival.outcome = Some("Waits for the vendor".into());
        }
        History {
            arrival,
            state,
            title: "Replace it".into(),
            description: None,
            kind: Kind::Corrective,
            parent: Target { kind: Prefix::Nonconformity, id: RecordId(Uuid::from_u128(3)) },
            attempt: Some(0),
            assignee: member(9),
            due_on: Some("2025-03-20".parse().unwrap()),
            priority: Priority::Medium,
            done_criteria: None,
        }
    }

    fn migrate(history: History) -> Result<Change<Action>, Refusal> {
        let rules = gone_live();
        let by = person(1, &[Role::IsmsManager]);
        Action::migrate(history, &Terms::of(&rules, at()).unwrap(), &by, birth(Prefix::Action))
    }

    #[test]
    fn each_state_can_be_brought_in() {
        for state in StageName::VARIANTS {
            let change = migrate(row(*state)).unwrap();
            assert_eq!((change.action().as_str(), change.after().stage.name()), ("action.migrated", *state));
            let stored = serde_json::to_string(change.after()).unwrap();
            assert_eq!(&serde_json::from_str::<Action>(&stored).unwrap(), change.after());
        }
    }

    #[test]
    fn what_had_ended_stays_and_what_is_done_waits_for_somebody_else() {
        let manager = person(1, &[Role::IsmsManager]);
        let facts = Facts { today: at().date_naive(), parent_takes_actions: true, ..Facts::default() };
        for state in [StageName::Verified, StageName::Cancelled] {
            let ended = migrate(row(state)).unwrap().into_after();
            assert!(ended.work().is_empty() && ended.wakes().is_none(), "{state:?}");
            let Err(Refusal::State(reasons)) = ended.may(Verb::Reopen, &facts, &manager) else { panic!("{state:?}") };
            assert_eq!(reasons[0].code, "migrated");
        }
        let done = migrate(row(StageName::Done)).unwrap().into_after();
        assert!(done.may(Verb::Verify, &facts, &person(9, &[Role::Auditor])).is_err(), "who did it");
        assert_eq!(done.may(Verb::Verify, &facts, &person(2, &[Role::Auditor])), Ok(()));
        assert_eq!(migrate(row(StageName::Open)).unwrap().after().may(Verb::Start, &facts, &manager), Ok(()));
    }

    #[test]
    fn open_work_serves_what_takes_it() {
        let orphan = |state| History { attempt: None, ..row(state) };
        assert_eq!(faults_of(migrate(orphan(StageName::Open))), ["/parent parent_is_over"]);
        assert!(migrate(orphan(StageName::Verified)).is_ok());
        let undated = |state| History { due_on: None, ..row(state) };
        assert_eq!(faults_of(migrate(undated(StageName::InProgress))), ["/due_on required"]);
        let ended = migrate(undated(StageName::Verified)).unwrap().into_after();
        assert_eq!(Some(ended.due_on), ended.migrated.unwrap().ended_on);
        let mut silent = row(StageName::Done);
        silent.arrival.outcome = None;
        assert_eq!(faults_of(migrate(silent)), ["/outcome required"]);
    }
}
