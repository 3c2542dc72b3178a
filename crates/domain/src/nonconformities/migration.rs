//! A nonconformity of another register, from before go-live.

use super::{Analysis, Containment, Grade, Method, Nonconformity, Response, Source, Stage, StageName};
use crate::access::Actor;
use crate::change::{Birth, Change, Head};
use crate::id::MemberId;
use crate::imports::{Arrival, Terms, decided_here, given, may_migrate, needed, taken_back, unfitting};
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use chrono::NaiveDate;

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// What every kind says.
    pub arrival: Arrival,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    pub title: String,
    /// What was not as required.
    pub statement: String,
    /// What showed it.
    pub objective_evidence: String,
    /// Where it was noticed.
    pub source: Source,
    /// The clause or control breached.
    pub requirement: Option<String>,
    /// How grave it is.
    pub grade: Option<Grade>,
    /// Who answers for it; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
    /// The day by which it is to be closed.
    pub due_on: Option<NaiveDate>,
    /// What was done at once.
    pub correction: Option<String>,
    /// How consequences were dealt with.
    pub consequences: Option<String>,
    /// How the cause was looked for.
    pub method: Option<Method>,
    /// Whether similar ones exist or could occur.
    pub similar: Option<String>,
    /// Why the correction suffices; without it actions are what follows.
    pub no_action_because: Option<String>,
    /// The first day on which its effect can be judged.
    pub check_on: Option<NaiveDate>,
}

impl Nonconformity {
    /// Takes over a nonconformity of another register as that register tells it: no gate is run. What goes on here was
    /// recorded, as far as the program can know, now and by whoever brings it in.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the row.
    pub fn migrate(history: History, terms: &Terms<'_>, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        may_migrate(by)?;
        let mut faults = Faults::default();
        let mut history = history;
        let stage = history.stage(terms, (by, birth), &mut faults);
        let History {
            arrival, title, statement, objective_evidence, source, requirement, grade, owner, due_on, ..
        } = &history;
        faults.keep(text::title("/title", title));
        faults.keep(text::narrative("/statement", statement));
        faults.keep(text::narrative("/objective_evidence", objective_evidence));
        if let Some(requirement) = requirement {
            faults.keep(text::requirement("/requirement", requirement));
        }
        let containment = history.containment(terms, &mut faults);
        let is_over = matches!(history.state, StageName::Rejected | StageName::Closed);
        let migrated = arrival.clone().kept(is_over, terms, &mut faults);
        faults.refuse()?;
        let record = Self {
            head: Head::born(by, birth),
            title: title.clone(),
            statement: statement.clone(),
            objective_evidence: objective_evidence.clone(),
            source: *source,
            origin: None,
            requirement: requirement.clone(),
            indicators: Vec::new(),
            grade: *grade,
            owner: *owner,
            former_owners: Vec::new(),
            due_on: *due_on,
            fell_due_on: None,
            check_fell_due_on: None,
            containment,
            attempts: Vec::new(),
            recurrences: 0,
            exceptions: Vec::new(),
            migrated: Some(migrated),
            also_reported_by: Vec::new(),
            stage,
        };
        Ok(Change::born(record, "migrated"))
    }
}

impl History {
    /// Where it stands here. What a stage takes out of the row is not there any more for what comes after.
    fn stage(&mut self, terms: &Terms<'_>, born: (&Actor, Birth), faults: &mut Faults) -> Stage {
        match self.state {
            StageName::Reported => {
                self.without_analysis(faults);
                Stage::Reported
            }
            StageName::Rejected => {
                self.without_analysis(faults);
                let at = terms.start_of(self.arrival.ended_on.unwrap_or(self.arrival.raised_on));
                Stage::Rejected { reason: self.arrival.outcome.clone().unwrap_or_default(), at }
            }
            StageName::Confirmed => {
                self.without_analysis(faults);
                self.needs_owner(faults);
                Stage::Confirmed
            }
            StageName::Analysed => Stage::Analysed { analysis: self.analysis(born, faults) },
            StageName::Planned => Stage::Planned { analysis: self.analysis(born, faults) },
            StageName::Verifying => {
                let check_on = given("/check_on", self.check_on.take(), faults).unwrap_or(self.arrival.raised_on);
                let response = match self.no_action_because.take() {
                    Some(justification) => {
                        faults.keep(text::narrative("/no_action_because", &justification));
                        Response::NoAction { justification }
                    }
                    None => Response::Actions,
                };
                Stage::Verifying { analysis: self.analysis(born, faults), response, check_on, since: None }
            }
            StageName::Verified => {
                faults.push(decided_here(StageName::Verified, "verifying, or as closed"));
                Stage::EndedBefore
            }
            StageName::Closed => {
                self.without_analysis(faults);
                Stage::EndedBefore
            }
            StageName::Void | StageName::Duplicate => {
                faults.push(taken_back(self.state));
                Stage::EndedBefore
            }
        }
    }

    fn needs_owner(&self, faults: &mut Faults) {
        given("/grade", self.grade, faults);
        given("/owner", self.owner, faults);
    }

    /// The members of the row that an analysis is made of; causes of what has ended are kept by [`Arrival::kept`].
    fn analysis(&mut self, (by, birth): (&Actor, Birth), faults: &mut Faults) -> Analysis {
        self.needs_owner(faults);
        let root_causes = std::mem::take(&mut self.arrival.root_causes);
        if root_causes.is_empty() {
            faults.push(Fault::new("/root_causes", "required", "must be said, in this state"));
        }
        text::narratives("/root_causes", &root_causes, super::ROOT_CAUSES, faults);
        let similar = needed("/similar", self.similar.take(), faults);
        let method = self.method.take().unwrap_or(Method::Other);
        self.without_analysis(faults);
        Analysis { method, root_causes, similar, considered: Vec::new(), at: birth.at, by: by.member() }
    }

    fn without_analysis(&self, faults: &mut Faults) {
        for (pointer, is_said) in [
            ("/method", self.method.is_some()),
            ("/similar", self.similar.is_some()),
            ("/no_action_because", self.no_action_because.is_some()),
            ("/check_on", self.check_on.is_some()),
        ] {
            if is_said {
                faults.push(unfitting(pointer));
            }
        }
    }

    /// What was done at once, on a day that the row does not say: it is dated by the event itself.
    fn containment(&self, terms: &Terms<'_>, faults: &mut Faults) -> Option<Containment> {
        if self.correction.is_none() && self.consequences.is_none() {
            return None;
        }
        let correction = needed("/correction", self.correction.clone(), faults);
        let consequences = needed("/consequences", self.consequences.clone(), faults);
        Some(Containment { correction, consequences, at: terms.start_of(self.arrival.raised_on), by: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::change::{Lifecycle, Record};
    use crate::fixtures::{arrival, at, birth, faults_of, gone_live, member, person};
    use crate::nonconformities::{Facts, Verb};
    use crate::reference::Prefix;
    use strum::VariantArray;

    fn row(state: StageName) -> History {
        History {
            arrival: arrival(matches!(state, StageName::Rejected | StageName::Closed)),
            state,
            title: "Patches late on laptops".into(),
            statement: "Critical patches are not installed within 14 days".into(),
            objective_evidence: "79 % in week 12".into(),
            source: Source::Audit,
            requirement: Some("A.8.8".into()),
            grade: Some(Grade::Minor),
            owner: Some(member(9)),
            due_on: None,
            correction: Some("Patched by hand".into()),
            consequences: Some("None".into()),
            method: None,
            similar: None,
            no_action_because: None,
            check_on: None,
        }
    }

    fn treated(state: StageName) -> History {
        let root_causes = vec!["No agent".to_owned()];
        let check_on = at().date_naive().pred_opt().filter(|_| state == StageName::Verifying);
        let row = row(state);
        History { arrival: Arrival { root_causes, ..row.arrival }, similar: Some("None".into()), check_on, ..row }
    }

    fn migrate(history: History) -> Result<Change<Nonconformity>, Refusal> {
        let rules = gone_live();
        let by = person(1, &[Role::IsmsManager]);
        Nonconformity::migrate(history, &Terms::of(&rules, at()).unwrap(), &by, birth(Prefix::Nonconformity))
    }

    #[test]
    fn each_state_that_rests_on_no_verdict_can_be_brought_in() {
        for state in StageName::VARIANTS {
            let row = match state {
                StageName::Analysed | StageName::Planned | StageName::Verifying => treated(*state),
                StageName::Reported
                | StageName::Rejected
                | StageName::Confirmed
                | StageName::Verified
                | StageName::Closed
                | StageName::Void
                | StageName::Duplicate => row(*state),
            };
            let change = migrate(row);
            let refused = match state {
                StageName::Verified => "/state decided_here",
                StageName::Void | StageName::Duplicate => "/state taken_back",
                StageName::Reported
                | StageName::Rejected
                | StageName::Confirmed
                | StageName::Analysed
                | StageName::Planned
                | StageName::Verifying
                | StageName::Closed => "",
            };
            if !refused.is_empty() {
                assert_eq!(faults_of(change), [refused]);
                continue;
            }
            let change = change.unwrap();
            assert_eq!((change.action().as_str(), change.after().stage.name()), ("nonconformity.migrated", *state));
            assert_eq!(change.after().head.created_at, at(), "recorded when it was brought in");
            let stored = serde_json::to_string(change.after()).unwrap();
            assert_eq!(&serde_json::from_str::<Nonconformity>(&stored).unwrap(), change.after());
        }
    }

    #[test]
    fn what_had_ended_stays_and_what_had_not_goes_on() {
        let (facts, manager) =
            (Facts { today: at().date_naive(), ..Facts::default() }, person(1, &[Role::IsmsManager]));
        let closed = migrate(row(StageName::Closed)).unwrap().into_after();
        for verb in Verb::VARIANTS {
            assert!(matches!(closed.may(*verb, &facts, &manager), Err(Refusal::State(_))), "{verb:?}");
        }
        let refusal = closed.clone().reopen(true, "Again".into(), &facts, &manager, at()).unwrap_err();
        assert!(matches!(refusal, Refusal::State(reasons) if reasons[0].code == "migrated"));
        assert!(closed.work().is_empty() && closed.wakes().is_none() && closed.takes_actions().is_none());
        assert_eq!(closed.migrated.unwrap().root_causes, ["No agent"]);
        let verifying = migrate(treated(StageName::Verifying)).unwrap().into_after();
        let (owner, auditor) = (person(9, &[Role::Auditor]), person(2, &[Role::Auditor]));
        assert!(verifying.may(Verb::Verify, &facts, &owner).is_err(), "whoever answers for it does not judge it");
        assert_eq!(verifying.may(Verb::Verify, &facts, &auditor), Ok(()));
    }

    #[test]
    fn each_state_needs_what_it_rests_on_and_nothing_else() {
        let bare = History { grade: None, owner: None, correction: None, ..row(StageName::Confirmed) };
        assert_eq!(faults_of(migrate(bare)), ["/grade required", "/owner required", "/correction required"]);
        let without = row(StageName::Verifying);
        let expected = ["/check_on required", "/root_causes required", "/similar required"];
        assert_eq!(faults_of(migrate(without)), expected);
        let early = History { state: StageName::Reported, ..treated(StageName::Analysed) };
        assert_eq!(faults_of(migrate(early)), ["/similar not_in_this_state", "/root_causes not_in_this_state"]);
        let odd = History { requirement: Some("A.9.99".into()), title: " ".into(), ..row(StageName::Closed) };
        assert_eq!(faults_of(migrate(odd)), ["/title blank", "/requirement unknown_requirement"]);
        let auditor = person(1, &[Role::Auditor]);
        let rules = gone_live();
        let terms = Terms::of(&rules, at()).unwrap();
        let refused = Nonconformity::migrate(row(StageName::Closed), &terms, &auditor, birth(Prefix::Nonconformity));
        assert_eq!(refused.err(), Some(Refusal::Forbidden));
    }
}
