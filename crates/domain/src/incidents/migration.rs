//! An incident of another register, from before go-live.

use super::{Category, Incident, Stage, StageName};
use crate::access::Actor;
use crate::change::{Birth, Change, Head};
use crate::id::MemberId;
use crate::imports::{Arrival, Terms, decided_here, may_migrate, taken_back, unfitting};
use crate::refusal::{Faults, Refusal};
use crate::text;
use chrono::NaiveDate;

/// What a row says; the day of the original event is the one on which it was noticed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// What every kind says.
    pub arrival: Arrival,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    pub title: String,
    /// What happened.
    pub description: String,
    /// The day on which it happened, where that is known.
    pub occurred_on: Option<NaiveDate>,
    /// Who said so; that members exist is the caller's to check.
    pub reporter: Option<MemberId>,
    /// Who answered for it.
    pub owner: Option<MemberId>,
    /// Systems, places and information that were affected.
    pub assets: Vec<String>,
    /// Controls of Annex A that did not hold.
    pub controls: Vec<String>,
    /// What kind of thing happened.
    pub category: Option<Category>,
    /// 1 (everything stands still) to 4 (a nuisance).
    pub severity: Option<i64>,
}

impl Incident {
    /// Takes over an incident of another register as that register tells it: no gate is run. One that had not ended is
    /// reported, and triaged here; a clock of personal data is started here, too.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the row.
    pub fn migrate(history: History, terms: &Terms<'_>, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        may_migrate(by)?;
        let History {
            arrival,
            state,
            title,
            description,
            occurred_on,
            reporter,
            owner,
            assets,
            controls,
            category,
            severity,
        } = history;
        let is_over = matches!(state, StageName::NotAnIncident | StageName::Closed);
        let mut incident = Self {
            head: Head::born(by, birth),
            title,
            description,
            detected_at: terms.start_of(arrival.raised_on),
            occurred_at: occurred_on.map(|day| terms.start_of(day)),
            origin: None,
            reporter,
            assets,
            controls,
            category,
            severity,
            owner,
            triage: None,
            personal_data: None,
            raised: Vec::new(),
            migrated: None,
            also_reported_by: Vec::new(),
            stage: Stage::Reported,
        };
        let mut faults = Faults::default();
        // A day that has not come is told below.
        let found = incident.faults(birth.at.max(incident.detected_at));
        faults.take(found, &[("/detected_at", "/raised_on"), ("/occurred_at", "/occurred_on")]);
        for (pointer, is_said) in [("/owner", owner.is_some()), ("/severity", severity.is_some())] {
            if is_said && !is_over {
                faults.push(unfitting(pointer));
            }
        }
        if let Some(severity) = severity {
            faults.keep(text::graded("/severity", severity, 1..=4));
        }
        incident.stage = match state {
            StageName::Reported => Stage::Reported,
            StageName::NotAnIncident => Stage::NotAnIncident { reason: arrival.outcome.clone().unwrap_or_default() },
            StageName::Closed => Stage::EndedBefore,
            StageName::Triaged | StageName::Contained | StageName::Resolved | StageName::Reviewed => {
                faults.push(decided_here(state, "reported, or as closed"));
                Stage::Reported
            }
            StageName::Void | StageName::Duplicate => {
                faults.push(taken_back(state));
                Stage::Reported
            }
        };
        incident.migrated = Some(arrival.kept(is_over, terms, &mut faults));
        faults.refuse()?;
        Ok(Change::born(incident, "migrated"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::change::{Lifecycle, Record};
    use crate::fixtures::{arrival, at, birth, faults_of, gone_live, member, person};
    use crate::incidents::{Facts, Verb};
    use crate::reference::Prefix;
    use strum::VariantArray;

    fn row(state: StageName) -> History {
        let is_over = matches!(state, StageName::NotAnIncident | StageName::Closed);
        History {
            arrival: arrival(is_over),
            state,
            title: "A share was encrypted".into(),
            description: "At night".into(),
            occurred_on: Some("2025-02-28".parse().unwrap()),
            reporter: Some(member(4)),
            owner: Some(member(9)).filter(|_| is_over),
            assets: vec!["File server".into()],
            controls: vec!["A.8.7".into()],
            category: Some(Category::Malware),
            severity: Some(2).filter(|_| is_over),
        }
    }

    fn migrate(history: History) -> Result<Change<Incident>, Refusal> {
        let rules = gone_live();
        let by = person(1, &[Role::IsmsManager]);
        Incident::migrate(history, &Terms::of(&rules, at()).unwrap(), &by, birth(Prefix::Incident))
    }

    #[test]
    fn what_had_not_ended_is_triaged_here() {
        let manager = person(1, &[Role::IsmsManager]);
        for state in StageName::VARIANTS {
            let change = migrate(row(*state));
            match state {
                StageName::Triaged | StageName::Contained | StageName::Resolved | StageName::Reviewed => {
                    assert_eq!(faults_of(change), ["/state decided_here"]);
                }
                StageName::Void | StageName::Duplicate => assert_eq!(faults_of(change), ["/state taken_back"]),
                StageName::Reported => {
                    let reported = change.unwrap().into_after();
                    assert_eq!(reported.detected_at.date_naive().to_string(), "2025-03-01");
                    assert_eq!(reported.may(Verb::Triage, &Facts::default(), &manager), Ok(()));
                }
                StageName::NotAnIncident | StageName::Closed => {
                    let ended = change.unwrap().into_after();
                    assert_eq!((ended.stage.name(), ended.is_open()), (*state, false));
                    assert!(Verb::VARIANTS.iter().all(|verb| !ended.knows(*verb)) && ended.work().is_empty());
                    let stored = serde_json::to_string(&ended).unwrap();
                    assert_eq!(serde_json::from_str::<Incident>(&stored).unwrap(), ended);
                }
            }
        }
    }

    #[test]
    fn faults_are_told_by_the_names_of_the_row() {
        let odd = History {
            occurred_on: Some("2025-03-02".parse().unwrap()),
            controls: vec!["A.9.1".into()],
            severity: Some(5),
            ..row(StageName::Closed)
        };
        let expected = ["/occurred_on out_of_range", "/controls/0 unknown_control", "/severity out_of_range"];
        assert_eq!(faults_of(migrate(odd)), expected);
        let owned = History { owner: Some(member(9)), severity: Some(2), ..row(StageName::Reported) };
        assert_eq!(faults_of(migrate(owned)), ["/owner not_in_this_state", "/severity not_in_this_state"]);
    }
}
