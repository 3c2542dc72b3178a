//! Analyses of several indicators at once [9.1 e, f]: what the results mean taken together, and which actions belong to it.
//! It counts for each indicator as one of its own does, and stays as it was written.

use crate::access::{Actor, Permission};
use crate::audits::few_and_once;
use crate::change::{Birth, Change, Head, Lifecycle, Record, Seal};
use crate::id::{ActionId, AnalysisId, IndicatorId};
use crate::indicators::{Analyse, Facts, Indicator, Verdict};
use crate::links::Relation;
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::trace::TraceEdge;
use serde::{Deserialize, Serialize};
use strum::VariantArray;

/// At most so many indicators, and so many actions.
pub const NAMED: usize = crate::audits::NAMED;

/// What results mean, taken together. Who concluded it, and when, stands in its head.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Analysis {
    /// Identity and version.
    pub head: Head,
    /// What it came to.
    pub verdict: Verdict,
    /// What was seen and concluded.
    pub conclusion: String,
    /// The indicators it is about, in the order in which they were named.
    pub indicators: Vec<IndicatorId>,
    /// Actions that belong to it: that follow from it, or whose effect it sees.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<ActionId>,
}

/// What it takes to conclude one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AnalysisDraft {
    /// What it came to.
    pub verdict: Verdict,
    /// What was seen and concluded.
    pub conclusion: String,
    /// Actions, at most [`NAMED`]; that they exist is the caller's to check.
    pub actions: Vec<ActionId>,
}

/// An analysis, and what becomes of each of its indicators.
#[derive(Debug, Clone, PartialEq)]
pub struct Concluded {
    /// The analysis.
    pub analysis: Change<Analysis>,
    /// In the order in which they were named.
    pub indicators: Vec<Change<Indicator>>,
}

/// What can be done to an analysis: nothing. Said again, it is another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, VariantArray)]
pub enum Verb {}

impl From<Verb> for &'static str {
    fn from(verb: Verb) -> Self {
        match verb {}
    }
}

impl Record for Analysis {
    const PREFIX: Prefix = Prefix::Analysis;
    const MAKING: Permission = Permission::SteerIndicator;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn edges(&self) -> Vec<TraceEdge> {
        let own = Target::of(self);
        let to = |kind, id: uuid::Uuid| TraceEdge::new(own, Relation::RelatesTo, Target { kind, id: id.into() });
        let indicators = self.indicators.iter().map(|indicator| to(Prefix::Indicator, indicator.0));
        indicators.chain(self.actions.iter().map(|action| to(Prefix::Action, action.0))).collect()
    }
}

impl Lifecycle for Analysis {
    type Verb = Verb;
    type Facts = ();

    fn stage_name(&self) -> &'static str {
        "concluded"
    }

    fn knows(&self, verb: Verb) -> bool {
        match verb {}
    }

    fn may(&self, verb: Verb, (): &(), _: &Actor) -> Result<(), Refusal> {
        match verb {}
    }
}

impl Analysis {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> AnalysisId {
        AnalysisId(self.head.id)
    }

    /// Says what the results of several indicators mean. It is taken whole or not at all: of each of them the actor must be
    /// allowed to say so.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault; an indicator that the actor may not analyse, or that is not in use, is one.
    pub fn conclude(
        draft: AnalysisDraft,
        indicators: Vec<Indicator>,
        facts: &Facts,
        by: &Actor,
        birth: Birth,
    ) -> Result<Concluded, Refusal> {
        Self::may_make(by)?;
        let AnalysisDraft { verdict, conclusion, actions } = draft;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/conclusion", &conclusion));
        let named: Vec<IndicatorId> = indicators.iter().map(Indicator::id).collect();
        if named.is_empty() {
            faults.push(Fault::new("/indicators", "required", "must name an indicator"));
        }
        few_and_once("/indicators", &named, &mut faults);
        few_and_once("/actions", &actions, &mut faults);
        let mut changes = Vec::new();
        for (index, indicator) in indicators.into_iter().enumerate() {
            let own = Analyse { verdict, conclusion: conclusion.clone() };
            match indicator.analyse(own, facts, by, birth.at) {
                Ok(change) => changes.push(change),
                Err(refusal) => note(&format!("/indicators/{index}"), refusal, &mut faults),
            }
        }
        faults.refuse()?;
        let head = Head::born(by, birth);
        let analysis = Self { head, verdict, conclusion, indicators: named, actions };
        Ok(Concluded { analysis: Change::born(analysis, "concluded"), indicators: changes })
    }
}

/// Why one of the indicators is not analysed; what is wrong with the conclusion is said once.
fn note(pointer: &str, refusal: Refusal, faults: &mut Faults) {
    match refusal {
        Refusal::Forbidden => {
            faults.push(Fault::new(pointer, "forbidden", "is analysed by its analyst, or by whoever runs the system"));
        }
        Refusal::State(reasons) => {
            for reason in reasons {
                faults.push(Fault { pointer: pointer.to_owned(), code: reason.code, detail: reason.detail });
            }
        }
        Refusal::Invalid(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::fixtures::{at, birth, faults_of, machine, person};
    use crate::indicators::tests::{active as active_of, define, draft as definition};
    use uuid::Uuid;

    fn active() -> Indicator {
        active_of(definition())
    }

    fn drafted() -> Indicator {
        define(definition()).unwrap()
    }

    fn facts() -> Facts {
        Facts { today: at().date_naive(), formulas: 0 }
    }

    fn numbered(mut indicator: Indicator, n: u128) -> Indicator {
        indicator.head.id = Uuid::from_u128(n);
        indicator
    }

    fn draft() -> AnalysisDraft {
        let actions = vec![ActionId(Uuid::from_u128(7))];
        AnalysisDraft { verdict: Verdict::Watch, conclusion: "Both creep up since March".into(), actions }
    }

    fn conclude(draft: AnalysisDraft, indicators: Vec<Indicator>, by: &Actor) -> Result<Concluded, Refusal> {
        Analysis::conclude(draft, indicators, &facts(), by, birth(Prefix::Analysis))
    }

    #[test]
    fn one_conclusion_counts_for_each_indicator() {
        let manager = person(1, &[Role::IsmsManager]);
        let concluded = conclude(draft(), vec![numbered(active(), 1), numbered(active(), 2)], &manager).unwrap();
        assert_eq!(concluded.analysis.action(), "analysis.concluded");
        assert_eq!(concluded.analysis.after().edges().len(), 3);
        for change in &concluded.indicators {
            let analysis = change.after().analysis.as_ref().unwrap();
            assert_eq!((change.verb(), analysis.conclusion.as_str()), ("analysed", "Both creep up since March"));
            assert_eq!(change.after().analysed_on, Some(facts().today));
        }
        let stored = serde_json::to_string(concluded.analysis.after()).unwrap();
        assert_eq!(&serde_json::from_str::<Analysis>(&stored).unwrap(), concluded.analysis.after());
    }

    #[test]
    fn every_fault_is_told_and_the_indicator_named() {
        let manager = person(1, &[Role::IsmsManager]);
        let indicators = vec![numbered(active(), 1), numbered(drafted(), 2), numbered(active(), 1)];
        let blank = AnalysisDraft { conclusion: " ".into(), ..draft() };
        let expected = ["/conclusion blank", "/indicators/2 duplicate", "/indicators/1 wrong_state"];
        assert_eq!(faults_of(conclude(blank, indicators, &manager)), expected);
        assert_eq!(faults_of(conclude(draft(), Vec::new(), &manager)), ["/indicators required"]);
    }

    #[test]
    fn an_analyst_speaks_of_what_is_hers_alone() {
        let analyst = person(8, &[Role::Member]);
        let mut hers = numbered(active(), 1);
        hers.analyst = analyst.member();
        let others = numbered(active(), 2);
        assert!(conclude(draft(), vec![hers.clone()], &analyst).is_ok());
        assert_eq!(faults_of(conclude(draft(), vec![hers, others.clone()], &analyst)), ["/indicators/1 forbidden"]);
        let auditor = person(1, &[Role::Auditor]);
        assert_eq!(conclude(draft(), vec![others.clone()], &auditor).err(), Some(Refusal::Forbidden));
        let machine = machine(&[Permission::SteerIndicator]);
        assert_eq!(faults_of(conclude(draft(), vec![others], &machine)), ["/indicators/0 person_needed"]);
    }
}
