//! A risk of another register, from before go-live.

use super::commands::check_residual;
use super::{Review, Risk, Stage, StageName, Treatment, TreatmentOption};
use crate::access::Actor;
use crate::change::{Birth, Change, Head};
use crate::id::MemberId;
use crate::imports::{Arrival, Terms, decided_here, given, may_migrate, needed, taken_back, unfitting};
use crate::rating::Rating;
use crate::refusal::{Fault, Faults, Refusal};
use chrono::NaiveDate;

/// What a rating's members are called in a row.
const COLUMNS: [(&str, &str); 5] = [
    ("/inherent/likelihood", "/likelihood"),
    ("/inherent/impact", "/impact"),
    ("/residual/likelihood", "/residual_likelihood"),
    ("/residual/impact", "/residual_impact"),
    ("/residual", "/residual_likelihood"),
];

/// What a row says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct History {
    /// What every kind says.
    pub arrival: Arrival,
    /// Where it stands.
    pub state: StageName,
    /// One line.
    pub title: String,
    /// What could happen, by what, and what it would do.
    pub description: String,
    /// Controls of Annex A that keep it down.
    pub controls: Vec<String>,
    /// The risk owner; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
    /// Without treatment.
    pub inherent: Option<Rating>,
    /// What is left of it.
    pub residual: Option<Rating>,
    /// Why it is seen like that.
    pub rationale: Option<String>,
    /// What is done about it, in one word.
    pub treatment: Option<TreatmentOption>,
    /// In many.
    pub treatment_description: Option<String>,
    /// The day by which it is looked at again.
    pub review_on: Option<NaiveDate>,
}

impl Risk {
    /// Takes over a risk of another register as that register tells it: no gate is run. One that was accepted is treated
    /// or assessed here until management accepts it here.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the row.
    pub fn migrate(history: History, terms: &Terms<'_>, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        may_migrate(by)?;
        let mut risk = Self {
            head: Head::born(by, birth),
            title: history.title.clone(),
            description: history.description.clone(),
            external_reference: None,
            origin: None,
            controls: history.controls.clone(),
            owner: history.owner,
            inherent: history.inherent,
            residual: history.residual,
            treatment: None,
            review_on: history.review_on,
            review_fell_due_on: None,
            reviews: Vec::new(),
            acceptances: Vec::new(),
            migrated: None,
            stage: Stage::Identified,
        };
        let mut faults = Faults::default();
        risk.stage = history.stage((terms, by), &mut faults);
        risk.treatment = history.treated((by, birth), &mut faults);
        risk.reviews = history.reviewed((by, birth), &mut faults).into_iter().collect();
        faults.take(risk.faults(), &[]);
        // What its own field says, too: other tools look there.
        risk.external_reference = Some(history.arrival.external_reference.clone());
        let is_over = history.state == StageName::Retired;
        risk.migrated = Some(history.arrival.kept(is_over, terms, &mut faults));
        faults.refuse()?;
        Ok(Change::born(risk, "migrated"))
    }
}

impl History {
    fn stage(&self, (terms, by): (&Terms<'_>, &Actor), faults: &mut Faults) -> Stage {
        match self.state {
            StageName::Identified => {
                for (pointer, is_said) in [
                    ("/owner", self.owner.is_some()),
                    ("/likelihood", self.inherent.is_some()),
                    ("/residual_likelihood", self.residual.is_some()),
                    ("/rationale", self.rationale.is_some()),
                    ("/treatment", self.treatment.is_some()),
                    ("/review_on", self.review_on.is_some()),
                ] {
                    if is_said {
                        faults.push(unfitting(pointer));
                    }
                }
                Stage::Identified
            }
            StageName::Assessed => {
                self.needs_assessment(faults);
                if self.residual.is_some() {
                    faults.push(unfitting("/residual_likelihood"));
                }
                if self.treatment.is_some() {
                    faults.push(unfitting("/treatment"));
                }
                Stage::Assessed
            }
            StageName::Treated => {
                self.needs_assessment(faults);
                given("/residual_likelihood", self.residual, faults);
                given("/treatment", self.treatment, faults);
                Stage::Treated
            }
            StageName::Accepted => {
                faults.push(decided_here(StageName::Accepted, "treated or assessed"));
                Stage::Identified
            }
            StageName::Void => {
                faults.push(taken_back(self.state));
                Stage::Identified
            }
            StageName::Retired => {
                let at = terms.start_of(self.arrival.ended_on.unwrap_or(self.arrival.raised_on));
                Stage::Retired { reason: self.arrival.outcome.clone().unwrap_or_default(), at, by: by.member() }
            }
        }
    }

    fn needs_assessment(&self, faults: &mut Faults) {
        given("/owner", self.owner, faults);
        given("/likelihood", self.inherent, faults);
        given("/review_on", self.review_on, faults);
        needed("/rationale", self.rationale.clone(), faults);
    }

    fn treated(&self, (by, birth): (&Actor, Birth), faults: &mut Faults) -> Option<Treatment> {
        let Some(option) = self.treatment else {
            if self.treatment_description.is_some() {
                faults.push(Fault::new("/treatment", "required", "must be said beside its description"));
            }
            return None;
        };
        if option == TreatmentOption::Retain && self.state != StageName::Retired {
            let detail = "a risk that is taken as it is, is accepted by management, here: bring it in as assessed";
            faults.push(Fault::new("/treatment", "decided_here", detail));
        }
        let description = needed("/treatment_description", self.treatment_description.clone(), faults);
        Some(Treatment { option, description, at: birth.at, by: by.member() })
    }

    /// How it was seen when it was brought in.
    fn reviewed(&self, (by, birth): (&Actor, Birth), faults: &mut Faults) -> Option<Review> {
        let (inherent, mut found) = (self.inherent?, Faults::default());
        inherent.check("/inherent", &mut found);
        if let Some(residual) = self.residual {
            check_residual(residual, inherent, &mut found);
        }
        faults.take(found, &COLUMNS);
        let rationale = self.rationale.clone()?;
        Some(Review { inherent, residual: self.residual, rationale, at: birth.at, by: by.member() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::access::Role;
    use crate::change::{Lifecycle, Record};
    use crate::fixtures::{arrival, at, birth, faults_of, gone_live, member, person};
    use crate::reference::Prefix;
    use crate::risks::{Facts, Verb};
    use strum::VariantArray;

    fn row(state: StageName) -> History {
        let (is_over, is_treated) = (state == StageName::Retired, state == StageName::Treated);
        let is_assessed = is_treated || state == StageName::Assessed;
        History {
            arrival: arrival(is_over),
            state,
            title: "Backups cannot be read".into(),
            description: "A restore fails when it is needed".into(),
            controls: vec!["A.8.13".into()],
            owner: Some(member(9)).filter(|_| is_assessed),
            inherent: Some(Rating { likelihood: 4, impact: 5 }).filter(|_| is_assessed),
            residual: Some(Rating { likelihood: 2, impact: 5 }).filter(|_| is_treated),
            rationale: Some("Three of twenty failed".to_owned()).filter(|_| is_assessed),
            treatment: Some(TreatmentOption::Modify).filter(|_| is_treated),
            treatment_description: Some("Restores are tried monthly".to_owned()).filter(|_| is_treated),
            review_on: at().date_naive().succ_opt().filter(|_| is_assessed),
        }
    }

    fn migrate(history: History) -> Result<Change<Risk>, Refusal> {
        let rules = gone_live();
        let by = person(1, &[Role::IsmsManager]);
        Risk::migrate(history, &Terms::of(&rules, at()).unwrap(), &by, birth(Prefix::Risk))
    }

    #[test]
    fn what_is_known_of_a_risk_goes_on_and_its_acceptance_does_not() {
        let facts = Facts { open_actions: 0, today: at().date_naive() };
        let management = person(2, &[Role::Management]);
        for state in StageName::VARIANTS {
            let change = migrate(row(*state));
            if *state == StageName::Accepted {
                assert_eq!(faults_of(change), ["/state decided_here"]);
                continue;
            }
            if *state == StageName::Void {
                assert_eq!(faults_of(change), ["/state taken_back"]);
                continue;
            }
            let risk = change.unwrap().into_after();
            assert_eq!((risk.stage.name(), risk.external_reference.as_deref()), (*state, Some("CAPA-17")));
            let is_rated = matches!(state, StageName::Assessed | StageName::Treated);
            assert_eq!(
                (risk.level().is_some(), risk.may(Verb::Accept, &facts, &management).is_ok()),
                (is_rated, is_rated)
            );
            assert_eq!(risk.reviews.len(), usize::from(is_rated));
            let stored = serde_json::to_string(&risk).unwrap();
            assert_eq!(serde_json::from_str::<Risk>(&stored).unwrap(), risk);
            assert_eq!(risk.work().is_empty(), *state == StageName::Retired);
        }
    }

    #[test]
    fn each_state_needs_what_it_rests_on() {
        let bare = History { state: StageName::Treated, ..row(StageName::Identified) };
        let expected = [
            "/owner required",
            "/likelihood required",
            "/review_on required",
            "/rationale required",
            "/residual_likelihood required",
            "/treatment required",
        ];
        assert_eq!(faults_of(migrate(bare)), expected);
        let early = History { state: StageName::Identified, ..row(StageName::Assessed) };
        let expected =
            ["/owner", "/likelihood", "/rationale", "/review_on"].map(|at| format!("{at} not_in_this_state"));
        assert_eq!(faults_of(migrate(early)), expected);
        let graver = History {
            inherent: Some(Rating { likelihood: 1, impact: 6 }),
            treatment: Some(TreatmentOption::Retain),
            ..row(StageName::Treated)
        };
        let expected = ["/treatment decided_here", "/impact out_of_range", "/residual_likelihood above_inherent"];
        assert_eq!(faults_of(migrate(graver)), expected);
    }
}
