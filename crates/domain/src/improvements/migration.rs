//! An improvement of another register, from before go-live.

use super::{Improvement, Size, Stage, StageName};
use crate::access::Actor;
use crate::change::{Birth, Change, Head};
use crate::id::MemberId;
use crate::imports::{Arrival, Terms, decided_here, may_migrate, taken_back};
use crate::nonconformities::Source;
use crate::refusal::Refusal;

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// What every kind says.
    pub arrival: Arrival,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    pub title: String,
    /// What could be better, and how.
    pub description: String,
    /// Where the idea came from.
    pub source: Source,
    /// Whose idea it was: it is not for them to decide. That members exist is the caller's to check.
    pub proposer: Option<MemberId>,
    /// Who answered for it.
    pub owner: Option<MemberId>,
    /// What would be better.
    pub expected_benefit: Option<String>,
    /// What it takes.
    pub effort: Option<Size>,
    /// What it is worth.
    pub value: Option<Size>,
}

impl Improvement {
    /// Takes over an improvement of another register as that register tells it: no gate is run. One that had not ended is
    /// proposed, and decided here.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the row.
    pub fn migrate(history: History, terms: &Terms<'_>, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        may_migrate(by)?;
        let History { arrival, state, title, description, source, proposer, owner, expected_benefit, effort, value } =
            history;
        let is_over = matches!(state, StageName::Declined | StageName::Realised | StageName::NotRealised);
        let mut improvement = Self {
            head: Head::born(by, birth),
            title,
            description,
            source,
            origin: None,
            proposer,
            expected_benefit,
            measure: None,
            effort,
            value,
            // Who answers for an idea is said by whoever accepts it.
            owner: owner.filter(|_| is_over),
            decision: None,
            plan: None,
            fell_due_on: None,
            exceptions: Vec::new(),
            migrated: None,
            also_reported_by: Vec::new(),
            stage: Stage::Proposed,
        };
        let mut faults = improvement.faults();
        improvement.stage = match state {
            StageName::Proposed => Stage::Proposed,
            StageName::Declined => Stage::Declined,
            StageName::Realised => Stage::EndedBefore { realised: true },
            StageName::NotRealised => Stage::EndedBefore { realised: false },
            StageName::Accepted | StageName::Planned | StageName::InProgress | StageName::Measuring => {
                faults.push(decided_here(state, "proposed"));
                Stage::Proposed
            }
            StageName::Void | StageName::Duplicate => {
                faults.push(taken_back(state));
                Stage::Proposed
            }
        };
        if owner.is_some() && !is_over {
            faults.push(crate::imports::unfitting("/owner"));
        }
        improvement.migrated = Some(arrival.kept(is_over, terms, &mut faults));
        faults.refuse()?;
        Ok(Change::born(improvement, "migrated"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::change::Lifecycle;
    use crate::fixtures::{arrival, at, birth, faults_of, gone_live, member, person};
    use crate::improvements::{Facts, Verb};
    use crate::reference::Prefix;
    use strum::VariantArray;

    fn row(state: StageName) -> History {
        let is_over = matches!(state, StageName::Declined | StageName::Realised | StageName::NotRealised);
        History {
            arrival: arrival(is_over),
            state,
            title: "Patch from the image on".into(),
            description: "The image has the agent".into(),
            source: Source::Employee,
            proposer: Some(member(4)),
            owner: Some(member(9)).filter(|_| is_over),
            expected_benefit: None,
            effort: Some(Size::Small),
            value: None,
        }
    }

    fn migrate(history: History) -> Result<Change<Improvement>, Refusal> {
        let rules = gone_live();
        let by = person(1, &[Role::IsmsManager]);
        Improvement::migrate(history, &Terms::of(&rules, at()).unwrap(), &by, birth(Prefix::Improvement))
    }

    #[test]
    fn ideas_are_decided_here_and_what_had_ended_stays() {
        let (facts, manager) =
            (Facts { today: at().date_naive(), ..Facts::default() }, person(1, &[Role::IsmsManager]));
        for state in StageName::VARIANTS {
            let change = migrate(row(*state));
            match state {
                StageName::Accepted | StageName::Planned | StageName::InProgress | StageName::Measuring => {
                    assert_eq!(faults_of(change), ["/state decided_here"]);
                }
                StageName::Void | StageName::Duplicate => assert_eq!(faults_of(change), ["/state taken_back"]),
                StageName::Proposed => assert!(change.unwrap().after().may(Verb::Accept, &facts, &manager).is_ok()),
                StageName::Declined | StageName::Realised | StageName::NotRealised => {
                    let ended = change.unwrap().into_after();
                    assert_eq!(ended.stage.name(), *state);
                    assert!(Verb::VARIANTS.iter().all(|verb| !ended.knows(*verb)));
                    let stored = serde_json::to_string(&ended).unwrap();
                    assert_eq!(serde_json::from_str::<Improvement>(&stored).unwrap(), ended);
                }
            }
        }
    }

    #[test]
    fn every_fault_is_told() {
        let owned = History { owner: Some(member(9)), title: " ".into(), ..row(StageName::Proposed) };
        assert_eq!(faults_of(migrate(owned)), ["/title blank", "/owner not_in_this_state"]);
    }
}
