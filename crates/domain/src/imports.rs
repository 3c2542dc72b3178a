//! History that is brought in: an organisation that comes from spreadsheets has a register already. What happened before
//! its go-live date is taken as that register tells it: gates are not run for it, so it never counts as enforced.
//!
//! What had ended stays as it is: no verb moves it. What had not goes on here, under the rules, from the state in which it
//! was brought in. A state that rests on somebody's verdict or approval is no such state, since the program would vouch for
//! what it has not seen: the record comes in one state earlier, and the verdict is given here.

use crate::access::{Actor, Permission};
use crate::nonconformities::ROOT_CAUSES;
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::settings::Rules;
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// What a record that was brought in says of the register that it comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Migrated {
    /// What that register calls it; unique in the organisation among those of its kind.
    pub external_reference: String,
    /// The day of the original event.
    pub raised_on: NaiveDate,
    /// The day on which it ended, when it had ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended_on: Option<NaiveDate>,
    /// How it ended, in that register's words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<String>,
    /// Why it happened, in that register's words, when it had ended.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub root_causes: Vec<String>,
}

impl Migrated {
    /// Whether it had ended before go-live.
    #[must_use]
    pub fn is_over(&self) -> bool {
        self.ended_on.is_some()
    }

    /// Why no verb moves a record; none for one that was not brought in, or had not ended.
    #[must_use]
    pub(crate) fn objection(migrated: Option<&Self>) -> Option<Reason> {
        migrated.filter(|migrated| migrated.is_over()).map(|_| {
            let detail =
                "it had ended before go-live, and no gate was run for it: raise a new one, and link it with this one";
            Reason::new("migrated", detail)
        })
    }
}

/// What a row says of itself, whatever the kind.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What the other register calls it.
    pub external_reference: String,
    /// The day of the original event.
    pub raised_on: NaiveDate,
    /// The day on which it ended.
    pub ended_on: Option<NaiveDate>,
    /// How it ended; of some states also how it stands.
    pub outcome: Option<String>,
    /// Why it happened.
    pub root_causes: Vec<String>,
}

/// Under which terms history is brought in.
#[derive(Debug, Clone, Copy)]
pub struct Terms<'a> {
    /// The organisation's rules: its days begin and end by them.
    rules: &'a Rules,
    go_live: NaiveDate,
    today: NaiveDate,
}

/// Refuses who may not bring history in. A machine may not: of what is brought in somebody says that it was so.
///
/// # Errors
/// [`Refusal::Forbidden`].
pub fn may_migrate(by: &Actor) -> Result<(), Refusal> {
    if by.member().is_some() && by.may(Permission::MigrateHistory, false) { Ok(()) } else { Err(Refusal::Forbidden) }
}

impl<'a> Terms<'a> {
    /// The terms of an organisation.
    ///
    /// # Errors
    /// Nobody has said from which day on the rules hold.
    pub fn of(rules: &'a Rules, now: DateTime<Utc>) -> Result<Self, Refusal> {
        let go_live = rules.go_live.ok_or_else(|| {
            let detail = "management has not said from which day on this program is used: set-go-live of the settings";
            Refusal::state("no_go_live", detail)
        })?;
        Ok(Self { rules, go_live, today: rules.today(now) })
    }

    /// The moment at which a day begins.
    pub(crate) fn start_of(&self, day: NaiveDate) -> DateTime<Utc> {
        self.rules.start_of(day)
    }

    /// Notes the fault of a day that is none of history.
    pub(crate) fn check(&self, pointer: &str, day: NaiveDate, faults: &mut Faults) {
        if day >= self.go_live {
            let detail =
                format!("must lie before {}: from then on records are made here, by their own rules", self.go_live);
            faults.push(Fault::new(pointer, "after_go_live", detail));
        } else if day > self.today {
            faults.push(Fault::new(pointer, "in_the_future", format!("must not lie after {}", self.today)));
        }
    }
}

impl Arrival {
    /// What is kept of it by a record that had ended, or had not; notes every fault.
    pub(crate) fn kept(self, is_over: bool, terms: &Terms<'_>, faults: &mut Faults) -> Migrated {
        let Self { external_reference, raised_on, ended_on, outcome, root_causes } = self;
        faults.keep(text::title("/external_reference", &external_reference));
        terms.check("/raised_on", raised_on, faults);
        match (is_over, ended_on) {
            (true, None) => faults.push(Fault::new("/ended_on", "required", "must say when it ended, in this state")),
            (true, Some(day)) if day < raised_on => {
                faults.push(Fault::new("/ended_on", "out_of_range", format!("must not lie before {raised_on}")));
            }
            (true, Some(day)) => terms.check("/ended_on", day, faults),
            (false, Some(_)) => faults.push(unfitting("/ended_on")),
            (false, None) => {}
        }
        text::narratives("/root_causes", &root_causes, ROOT_CAUSES, faults);
        if !is_over {
            if outcome.is_some() {
                faults.push(unfitting("/outcome"));
            }
            if !root_causes.is_empty() {
                faults.push(unfitting("/root_causes"));
            }
            return Migrated { external_reference, raised_on, ended_on: None, outcome: None, root_causes: Vec::new() };
        }
        let outcome = needed("/outcome", outcome, faults);
        Migrated { external_reference, raised_on, ended_on, outcome: Some(outcome), root_causes }
    }
}

/// A member that the state does not have.
pub(crate) fn unfitting(pointer: &str) -> Fault {
    Fault::new(pointer, "not_in_this_state", "must be left out, in this state")
}

/// A text that the state needs; what is returned beside a fault is not kept.
pub(crate) fn needed(pointer: &str, text: Option<String>, faults: &mut Faults) -> String {
    let Some(text) = text else {
        faults.push(Fault::new(pointer, "required", "must be said, in this state"));
        return String::new();
    };
    faults.keep(text::narrative(pointer, &text)).unwrap_or_default()
}

/// A value that the state needs.
pub(crate) fn given<T>(pointer: &str, value: Option<T>, faults: &mut Faults) -> Option<T> {
    if value.is_none() {
        faults.push(Fault::new(pointer, "required", "must be said, in this state"));
    }
    value
}

/// The fault of a state that history cannot bring in, and the state in which it comes instead.
pub(crate) fn decided_here(state: impl Into<&'static str>, instead: &str) -> Fault {
    let detail = format!("{} rests on a decision that is taken here: bring it in as {instead}", state.into());
    Fault::new("/state", "decided_here", detail)
}

/// The fault of a row that another register has taken back: raised by mistake, or the same as another of its rows.
pub(crate) fn taken_back(state: impl Into<&'static str>) -> Fault {
    let detail = format!("what is {} counts for nothing: leave the row out", state.into());
    Fault::new("/state", "taken_back", detail)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::fixtures::{arrival, at, gone_live, machine, person};

    fn faults(arrival: Arrival, is_over: bool) -> Vec<String> {
        let (rules, mut faults) = (gone_live(), Faults::default());
        let terms = Terms::of(&rules, at()).unwrap();
        arrival.kept(is_over, &terms, &mut faults);
        match faults.refuse() {
            Err(Refusal::Invalid(faults)) => {
                faults.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.code)).collect()
            }
            _ => Vec::new(),
        }
    }

    #[test]
    fn only_a_person_who_runs_the_system_brings_history_in() {
        assert_eq!(may_migrate(&person(1, &[Role::IsmsManager])), Ok(()));
        for role in [Role::Admin, Role::Management, Role::Auditor, Role::Member, Role::ExternalAuditor] {
            assert_eq!(may_migrate(&person(1, &[role])), Err(Refusal::Forbidden), "{role:?}");
        }
        assert_eq!(may_migrate(&machine(&[Permission::MigrateHistory])), Err(Refusal::Forbidden));
    }

    #[test]
    fn there_is_no_history_before_somebody_said_where_it_ends() {
        let refusal = Terms::of(&Rules::default(), at()).unwrap_err();
        assert!(matches!(refusal, Refusal::State(reasons) if reasons[0].code == "no_go_live"));
    }

    #[test]
    fn what_had_ended_says_when_and_how() {
        assert!(faults(arrival(true), true).is_empty());
        assert!(faults(arrival(false), false).is_empty());
        assert_eq!(faults(arrival(false), true), ["/ended_on required", "/outcome required"]);
        let expected = ["/ended_on not_in_this_state", "/outcome not_in_this_state", "/root_causes not_in_this_state"];
        assert_eq!(faults(arrival(true), false), expected);
    }

    #[test]
    fn history_ends_the_day_before_go_live() {
        let (eve, day) = (at().date_naive().pred_opt().unwrap(), at().date_naive());
        let ended = |ended_on| Arrival { ended_on: Some(ended_on), ..arrival(true) };
        assert!(faults(ended(eve), true).is_empty());
        assert_eq!(faults(ended(day), true), ["/ended_on after_go_live"]);
        let raised = Arrival { raised_on: day, ..arrival(false) };
        assert_eq!(faults(raised, false), ["/raised_on after_go_live"]);
        let early = "2025-02-28".parse().unwrap();
        assert_eq!(faults(ended(early), true), ["/ended_on out_of_range"]);
        let blank = Arrival { external_reference: " ".into(), ..arrival(true) };
        assert_eq!(faults(blank, true), ["/external_reference blank"]);
    }

    #[test]
    fn what_is_to_come_is_no_history_even_before_go_live() {
        let ahead = Rules { go_live: Some("2027-01-01".parse().unwrap()), ..Rules::default() };
        let (terms, mut faults) = (Terms::of(&ahead, at()).unwrap(), Faults::default());
        terms.check("/raised_on", "2026-12-01".parse().unwrap(), &mut faults);
        assert!(matches!(faults.refuse(), Err(Refusal::Invalid(faults)) if faults[0].code == "in_the_future"));
    }

    #[test]
    fn what_had_ended_is_not_moved() {
        let (rules, mut faults) = (gone_live(), Faults::default());
        let over = arrival(true).kept(true, &Terms::of(&rules, at()).unwrap(), &mut faults);
        assert_eq!(Migrated::objection(Some(&over)).unwrap().code, "migrated");
        let open = Migrated { ended_on: None, ..over };
        assert_eq!(Migrated::objection(Some(&open)), None);
        assert_eq!(Migrated::objection(None), None);
    }
}
