//! The verbs: each asks its guard and checks its input.

use super::lifecycle::ARTICLED;
use super::{
    Analysis, Attempt, Closure, Considered, Containment, Facts, Grade, Method, Nonconformity, Response, Stage, Verb,
    Verdict,
};
use crate::access::Actor;
use crate::analysis::effect::{Effect, note_indicators};
use crate::change::{Change, Lifecycle, Record};
use crate::id::{IndicatorId, MemberId};
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::responsibilities::unless_judged_by;
use crate::separation::{Duty, Rule};
use crate::text;
use crate::work;
use chrono::{DateTime, NaiveDate, Utc};
use std::collections::BTreeSet;

/// At most so many root causes.
pub const ROOT_CAUSES: usize = 20;
/// At most so many other nonconformities are named as looked at.
pub const CONSIDERED: usize = 20;

/// What `confirm` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confirm {
    /// How grave it is.
    pub grade: Grade,
    /// The accountable member; that the member exists is the caller's to check.
    pub owner: MemberId,
}

/// What `contain` needs [10.2 a].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contain {
    /// What was done at once.
    pub correction: String,
    /// How consequences are dealt with.
    pub consequences: String,
}

/// What `analyse` needs [10.2 b].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analyse {
    /// How the cause was looked for.
    pub method: Method,
    /// At least one, at most [`ROOT_CAUSES`].
    pub root_causes: Vec<String>,
    /// Whether similar ones exist or could occur.
    pub similar: String,
    /// The nonconformities that were looked at for that, at most [`CONSIDERED`]; that they exist is the caller's to check.
    pub considered: Vec<Considered>,
}

/// What `plan` needs [10.2 b, c].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Plan {
    /// Corrective actions will be worked.
    Actions,
    /// The correction suffices.
    NoAction {
        /// Why.
        justification: String,
        /// The first day on which that can be judged.
        check_on: NaiveDate,
    },
}

/// What `verify` needs [10.2 d].
#[derive(Debug, Clone, PartialEq)]
pub struct Verify {
    /// Whether the cause is gone.
    pub effective: bool,
    /// What was looked at.
    pub criterion: String,
    /// What was seen.
    pub evidence: String,
    /// What indicators say, where the verdict rests on figures.
    pub effect: Option<Effect>,
    /// Why someone judges who must not, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

/// What `close` needs [10.2 e-g].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// The change of the management system, or why none is needed.
    pub isms_change: String,
    /// What was learned.
    pub lessons: String,
    /// Why there was no correction; needed only when none was recorded.
    pub no_correction_because: Option<String>,
}

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// One line.
    pub title: Option<String>,
    /// What is not as required.
    pub statement: Option<String>,
    /// What shows it.
    pub objective_evidence: Option<String>,
    /// The clause or control breached, or none.
    pub requirement: Option<Option<String>>,
    /// The indicators that its treatment is to move; that they exist is the caller's to check.
    pub indicators: Option<Vec<IndicatorId>>,
    /// The accountable member; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
    /// The day by which it is to be closed, or none.
    pub due_on: Option<Option<NaiveDate>>,
}

/// A stage that the guard lets through but the command does not: the two disagree. It cannot be reached
/// while both follow the table; it is refused rather than trusted.
fn wrong_state(stage: &Stage, verb: Verb) -> Refusal {
    Refusal::State(vec![Reason::wrong_state(ARTICLED, stage.name(), verb)])
}

impl Nonconformity {
    /// Notes that its due date has passed, or the day on which its effect could be judged; one after the other.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; neither has passed, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        work::may_fall_due(self.wakes(), today, by)?;
        let mut after = self.clone();
        let verb = if self.closing_due().is_some_and(|due| due.is_to_note(today)) {
            after.fell_due_on = self.due_on;
            "fell_due"
        } else {
            after.check_fell_due_on = self.verdict_due().map(|due| due.on);
            "verification_fell_due"
        };
        Ok(Change::of(self, after, verb, at))
    }

    /// Changes plain fields.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { title, statement, objective_evidence, requirement, indicators, owner, due_on } = input;
        let mut faults = Faults::default();
        let mut after = self.clone();
        if let Some(title) = title {
            faults.keep(text::title("/title", &title));
            after.title = title;
        }
        if let Some(statement) = statement {
            faults.keep(text::narrative("/statement", &statement));
            after.statement = statement;
        }
        if let Some(evidence) = objective_evidence {
            faults.keep(text::narrative("/objective_evidence", &evidence));
            after.objective_evidence = evidence;
        }
        if let Some(requirement) = requirement {
            if let Some(number) = &requirement {
                faults.keep(text::requirement("/requirement", number));
            }
            after.requirement = requirement;
        }
        if let Some(indicators) = indicators {
            note_indicators("/indicators", &indicators, false, &mut faults);
            after.indicators = indicators;
        }
        if let Some(owner) = owner {
            if let (Stage::Verified { verdict, .. }, true) = (&self.stage, self.owner != Some(owner)) {
                unless_judged_by(Some(verdict.by), owner, "who judged a case does not come to own it")?;
            }
            let former = after.owner.replace(owner).filter(|former| *former != owner);
            after.former_owners.extend(former.filter(|former| !self.former_owners.contains(former)));
        }
        if let Some(due_on) = due_on {
            after.due_on = due_on;
        }
        faults.refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// It is one: grade and owner are set.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn confirm(
        self,
        input: Confirm,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Confirm, facts, by)?;
        let Confirm { grade, owner } = input;
        let after = Self { grade: Some(grade), owner: Some(owner), stage: Stage::Confirmed, ..self.clone() };
        Ok(Change::of(self, after, "confirmed", at))
    }

    /// It is none; the reason is told to the reporter.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn reject(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Reject, facts, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Rejected { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "rejected", at).because(reason))
    }

    /// What was done at once, from its confirmation until it is closed [10.2 a].
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn contain(
        self,
        input: Contain,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Contain, facts, by)?;
        let Contain { correction, consequences } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/correction", &correction));
        faults.keep(text::narrative("/consequences", &consequences));
        faults.refuse()?;
        let containment = Some(Containment { correction, consequences, at, by: by.member() });
        let after = Self { containment, ..self.clone() };
        Ok(Change::of(self, after, "contained", at))
    }

    /// The cause is found [10.2 b].
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn analyse(
        self,
        input: Analyse,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Analyse, facts, by)?;
        let Analyse { method, root_causes, similar, considered } = input;
        let mut faults = Faults::default();
        if root_causes.is_empty() {
            faults.push(Fault::new("/root_causes", "length", format!("must name 1 to {ROOT_CAUSES} causes")));
        }
        text::narratives("/root_causes", &root_causes, ROOT_CAUSES, &mut faults);
        faults.keep(text::narrative("/similar", &similar));
        self.note_considered(&considered, &mut faults);
        faults.refuse()?;
        let analysis = Analysis { method, root_causes, similar, considered, at, by: by.member() };
        let after = Self { stage: Stage::Analysed { analysis }, ..self.clone() };
        Ok(Change::of(self, after, "analysed", at))
    }

    /// Notes too many, the case itself, one that is named twice, and blank words.
    fn note_considered(&self, considered: &[Considered], faults: &mut Faults) {
        if considered.len() > CONSIDERED {
            faults.push(Fault::new("/considered", "length", format!("must name at most {CONSIDERED} nonconformities")));
        }
        let mut named = BTreeSet::new();
        for (index, Considered { case, same_cause: _, note }) in considered.iter().enumerate() {
            let place = format!("/considered/{index}/nonconformity");
            if case.0 == self.head.id {
                faults.push(Fault::new(place, "itself", "must be another nonconformity"));
            } else if !named.insert(*case) {
                faults.push(Fault::new(place, "duplicate", "must name each nonconformity once"));
            }
            if let Some(note) = note {
                faults.keep(text::narrative(&format!("/considered/{index}/note"), note));
            }
        }
    }

    /// What follows: actions, or a justified none [10.2 b, c].
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn plan(self, input: Plan, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Plan, facts, by)?;
        let analysis = match &self.stage {
            Stage::Analysed { analysis } => analysis.clone(),
            stage @ (Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Confirmed
            | Stage::Planned { .. }
            | Stage::Verifying { .. }
            | Stage::Verified { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. }) => return Err(wrong_state(stage, Verb::Plan)),
        };
        let stage = match input {
            Plan::Actions => Stage::Planned { analysis },
            Plan::NoAction { .. } if facts.actions > 0 => {
                return Err(Refusal::state(
                    "has_actions",
                    "actions are planned for it: cancel them first, or plan the actions",
                ));
            }
            Plan::NoAction { justification, check_on } => {
                let mut faults = Faults::default();
                faults.keep(text::narrative("/justification", &justification));
                faults.keep(text::day_to_come("/check_on", check_on, facts.today));
                faults.refuse()?;
                Stage::Verifying { analysis, response: Response::NoAction { justification }, check_on, since: Some(at) }
            }
        };
        let after = Self { stage, ..self.clone() };
        Ok(Change::of(self, after, "planned", at))
    }

    /// The work is done; `check_on` is the first day on which its effect can be judged [10.2 c].
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the date.
    pub fn implement(
        self,
        check_on: NaiveDate,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Implement, facts, by)?;
        let analysis = match &self.stage {
            Stage::Planned { analysis } => analysis.clone(),
            stage @ (Stage::Reported
            | Stage::Rejected { .. }
            | Stage::Confirmed
            | Stage::Analysed { .. }
            | Stage::Verifying { .. }
            | Stage::Verified { .. }
            | Stage::Closed { .. }
            | Stage::EndedBefore
            | Stage::Void { .. }
            | Stage::Duplicate { .. }) => return Err(wrong_state(stage, Verb::Implement)),
        };
        let mut faults = Faults::default();
        faults.keep(text::day_to_come("/check_on", check_on, facts.today));
        faults.refuse()?;
        let stage = Stage::Verifying { analysis, response: Response::Actions, check_on, since: Some(at) };
        let after = Self { stage, ..self.clone() };
        Ok(Change::of(self, after, "implemented", at))
    }

    /// Whether it worked. If not, the attempt is kept and the case goes back to `confirmed` [10.2 d].
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn verify(self, input: Verify, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let Verify { effective, criterion, evidence, effect, exception_reason } = input;
        self.may_excepted(Verb::Verify, facts, by, exception_reason.as_deref())?;
        let (Stage::Verifying { analysis, response, .. }, Some(judge)) = (self.stage.clone(), by.member()) else {
            return Err(wrong_state(&self.stage, Verb::Verify));
        };
        let mut faults = Faults::default();
        faults.keep(text::narrative("/criterion", &criterion));
        faults.keep(text::narrative("/evidence", &evidence));
        let exception = facts.separation.exception(
            &Duty { rule: Rule::CaseVerifier, breach: by.breach(|me| self.breach(facts, me)) },
            exception_reason,
            (judge, at),
            &mut faults,
        );
        faults.refuse()?;
        let verdict = Verdict { effective, criterion, evidence, effect, at, by: judge };
        let mut after = self.clone();
        let reason = exception.as_ref().map(|exception| exception.reason.clone());
        after.exceptions.extend(exception);
        let verb = if effective {
            after.stage = Stage::Verified { analysis, response, verdict };
            "verified_effective"
        } else {
            // It has not come back: what was done at once still stands.
            after.attempts.push(Attempt { containment: None, analysis, response, verdict, closure: None });
            after.former_owners.clear();
            after.stage = Stage::Confirmed;
            "verified_ineffective"
        };
        Ok(Change::of(self, after, verb, at).because_of(reason))
    }

    /// It is over [10.2 e-g].
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input; without a recorded correction the reason for that is needed.
    pub fn close(self, input: Close, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Close, facts, by)?;
        let Stage::Verified { analysis, response, verdict } = self.stage.clone() else {
            return Err(wrong_state(&self.stage, Verb::Close));
        };
        let Close { isms_change, lessons, no_correction_because } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/isms_change", &isms_change));
        faults.keep(text::narrative("/lessons", &lessons));
        match (&self.containment, &no_correction_because) {
            (Some(_), Some(_)) => {
                faults.push(Fault::new("/no_correction_because", "not_allowed", "a correction is recorded"));
            }
            (None, Some(reason)) => drop(faults.keep(text::narrative("/no_correction_because", reason))),
            (None, None) => {
                faults.push(Fault::new(
                    "/no_correction_because",
                    "required",
                    "no correction is recorded: contain first, or say why there was none",
                ));
            }
            (Some(_), None) => {}
        }
        faults.refuse()?;
        let closure = Closure { isms_change, lessons, no_correction_because, at, by: by.member() };
        let after = Self { stage: Stage::Closed { analysis, response, verdict, closure }, ..self.clone() };
        Ok(Change::of(self, after, "closed", at))
    }

    /// It came back (counted), or had been closed in error. The turn that did not hold is kept.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn reopen(
        self,
        recurred: bool,
        reason: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Reopen, facts, by)?;
        let Stage::Closed { analysis, response, verdict, closure } = self.stage.clone() else {
            return Err(wrong_state(&self.stage, Verb::Reopen));
        };
        text::reason(&reason)?;
        let mut after = self.clone();
        // What came back is corrected anew [10.2 a]; what was closed in error is still what it was.
        let containment = if recurred { after.containment.take() } else { None };
        after.attempts.push(Attempt { containment, analysis, response, verdict, closure: Some(closure) });
        after.former_owners.clear();
        after.recurrences += i64::from(recurred);
        after.stage = Stage::Confirmed;
        Ok(Change::of(self, after, "reopened", at).because(reason))
    }
}
