//! The verbs, and the amendment of plain fields.

use super::{
    Analysis, AutoRaise, Control, DeclaredPhase, Facts, Field, Formula, FormulaDraft, Frequency, Goal, Indicator,
    PHASES, Revision, Stage, StageName, ValueKind, Verb, Verdict, computed, touchable,
};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record, take};
use crate::id::MemberId;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::work;
use chrono::{DateTime, NaiveDate, Utc};

/// What a PATCH may say: the outer option is "leave as it is", the inner one "empty it".
#[derive(Debug, Clone, Default, PartialEq)]
#[expect(missing_docs, reason = "the fields of `Indicator` say it")]
pub struct IndicatorAmendment {
    pub name: Option<String>,
    pub information_need: Option<Option<String>>,
    pub unit: Option<Option<String>>,
    pub value_kind: Option<ValueKind>,
    pub formula: Option<Option<FormulaDraft>>,
    pub goal: Option<Option<Goal>>,
    pub control: Option<Option<Control>>,
    pub method: Option<Option<String>>,
    pub data_source: Option<Option<String>>,
    pub retention_days: Option<Option<u32>>,
    pub frequency: Option<Option<Frequency>>,
    pub collector: Option<Option<MemberId>>,
    pub analysis_interval: Option<Option<Frequency>>,
    pub analyst: Option<Option<MemberId>>,
    pub requirements: Option<Vec<String>>,
    pub auto_raise: Option<AutoRaise>,
    pub owner: Option<Option<MemberId>>,
}

/// What `analyse` needs [9.1 e, f].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Analyse {
    /// What it came to.
    pub verdict: Verdict,
    /// What was seen and concluded.
    pub conclusion: String,
}

/// What `revise` needs: what holds from now on, of one at least.
#[derive(Debug, Clone, PartialEq)]
pub struct Revise {
    /// Target and thresholds, where they move.
    pub goal: Option<Goal>,
    /// How it is charted, where that changes.
    pub control: Option<Control>,
    /// How its figures follow from those of others, where that changes.
    pub formula: Option<FormulaDraft>,
    /// Why.
    pub reason: String,
}

/// What `begin_phase` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeginPhase {
    /// When it begins; not ahead.
    pub starts_at: DateTime<Utc>,
    /// Why the figures from then on cannot be held against those before.
    pub reason: String,
}

impl IndicatorAmendment {
    /// Writes what is given into the indicator; the fields touched. What is wrong with a formula is noted.
    fn apply(self, to: &mut Indicator, faults: &mut Faults) -> Vec<Field> {
        let Self {
            name,
            information_need,
            unit,
            value_kind,
            formula,
            goal,
            control,
            method,
            data_source,
            retention_days,
            frequency,
            collector,
            analysis_interval,
            analyst,
            requirements,
            auto_raise,
            owner,
        } = self;
        let mut touched = Vec::new();
        let formula = formula.map(|given| given.and_then(|draft| draft.read("/formula", faults)));
        take(Field::Name, name, &mut to.name, &mut touched);
        take(Field::InformationNeed, information_need, &mut to.information_need, &mut touched);
        take(Field::Unit, unit, &mut to.unit, &mut touched);
        take(Field::ValueKind, value_kind, &mut to.value_kind, &mut touched);
        take(Field::Formula, formula, &mut to.formula, &mut touched);
        take(Field::Goal, goal, &mut to.goal, &mut touched);
        take(Field::Control, control, &mut to.control, &mut touched);
        take(Field::Method, method, &mut to.method, &mut touched);
        take(Field::DataSource, data_source, &mut to.data_source, &mut touched);
        take(Field::RetentionDays, retention_days, &mut to.retention_days, &mut touched);
        take(Field::Frequency, frequency, &mut to.frequency, &mut touched);
        take(Field::Collector, collector, &mut to.collector, &mut touched);
        take(Field::AnalysisInterval, analysis_interval, &mut to.analysis_interval, &mut touched);
        take(Field::Analyst, analyst, &mut to.analyst, &mut touched);
        take(Field::Requirements, requirements, &mut to.requirements, &mut touched);
        take(Field::AutoRaise, auto_raise, &mut to.auto_raise, &mut touched);
        take(Field::Owner, owner, &mut to.owner, &mut touched);
        touched
    }
}

impl Indicator {
    /// Changes plain fields. In `active` the answers of 9.1 stay given, and target and thresholds need `revise`.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the amendment.
    pub fn amend(self, amendment: IndicatorAmendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let stage = self.stage.name();
        let mut after = self.clone();
        let mut faults = Faults::default();
        let touched = amendment.apply(&mut after, &mut faults);
        // `own` never includes decisions: who answers for it, what follows by itself, and what is thrown away, is one.
        let decides =
            touched.iter().any(|field| matches!(field, Field::Owner | Field::AutoRaise | Field::RetentionDays));
        if decides && !by.may(Permission::DefineIndicator, false) {
            return Err(Refusal::Forbidden);
        }
        faults.take(after.faults(), &[]);
        for field in touched.iter().copied().filter(|field| self.built_in.is_some() && computed(*field)) {
            let field: &str = field.into();
            let detail = "cannot be amended: it says how the program computes the figure";
            faults.push(Fault::new(format!("/{field}"), "built_in", detail));
        }
        for field in touched.into_iter().filter(|field| !touchable(stage, *field)) {
            let (stage, field): (&str, &str) = (stage.into(), field.into());
            let detail = format!("cannot be amended while the indicator is {stage}");
            faults.push(Fault::new(format!("/{field}"), "not_in_this_stage", detail));
        }
        if stage == StageName::Active {
            for missing in after.missing() {
                let field = missing.code.trim_start_matches("no_").to_owned();
                faults.push(Fault::new(format!("/{field}"), "needed_while_active", missing.detail));
            }
        }
        faults.refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// Measurements are taken from now on [9.1].
    ///
    /// # Errors
    /// The guard's refusal: every answer that is missing.
    pub fn activate(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Activate, facts, by)?;
        let after = Self { analysed_on: Some(facts.today), stage: Stage::Active { since: at }, ..self.clone() };
        Ok(Change::of(self, after, "activated", at))
    }

    /// What the results mean [9.1 e, f]. Said again, it replaces what was said before, which the journal keeps; the next
    /// analysis is counted from today.
    ///
    /// # Errors
    /// The guard's refusal, or a blank conclusion.
    pub fn analyse(
        self,
        input: Analyse,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Analyse, facts, by)?;
        let Some(me) = by.member() else { return Err(Refusal::Forbidden) };
        let Analyse { verdict, conclusion } = input;
        text::narrative("/conclusion", &conclusion).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        let analysis = Some(Analysis { verdict, conclusion, at, by: me });
        let after = Self { analysis, analysed_on: Some(facts.today), ..self.clone() };
        Ok(Change::of(self, after, "analysed", at))
    }

    /// Notes that the day of its analysis has passed.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; no analysis is overdue, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        work::may_fall_due(self.wakes(), today, by)?;
        let after = Self { analysis_fell_due_on: self.analysis_due_on(), ..self.clone() };
        Ok(Change::of(self, after, "analysis_fell_due", at))
    }

    /// Moves target and thresholds, changes how it is charted, or how it is computed; what held until now is kept. With
    /// another formula a phase of the chart begins: what the former one gave stays, and is computed no more.
    ///
    /// # Errors
    /// The guard's refusal, every fault of what is to hold, another direction, a formula for an indicator whose figures are
    /// sent, nothing new, too many phases, or a blank reason.
    pub fn revise(self, input: Revise, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Revise, facts, by)?;
        let (mut faults, mut input) = (Faults::default(), input);
        let formula = input.formula.take().map(|draft| draft.read("/formula", &mut faults));
        let formula = formula.map(|read| self.new_formula(read, at, &mut faults));
        faults.take(self.faults_of(&input, formula.is_some()), &[]);
        faults.refuse()?;
        let Revise { goal, control, formula: _, reason } = input;
        let mut after = self.clone();
        after.revisions.extend(self.goal.map(|before| Revision {
            number: self.revision,
            goal: before,
            control: self.control.clone(),
            formula: self.formula.clone(),
            replaced_at: at,
            replaced_by: by.member(),
            reason: reason.clone(),
        }));
        after.revision += 1;
        after.goal = goal.or(after.goal);
        after.control = control.or(after.control);
        if let Some(formula) = formula.flatten() {
            let starts_at = formula.since.unwrap_or(at);
            if after.declared_phases.iter().all(|phase| phase.starts_at != starts_at) {
                let (reason, declared_by) = (reason.clone(), by.member());
                after.declared_phases.push(DeclaredPhase { starts_at, reason, declared_at: at, declared_by });
            }
            after.formula = Some(formula);
        }
        Ok(Change::of(self, after, "revised", at).because(reason))
    }

    /// The formula that takes the place of the one that holds.
    fn new_formula(&self, read: Option<Formula>, at: DateTime<Utc>, faults: &mut Faults) -> Option<Formula> {
        let Some(before) = &self.formula else {
            let detail = "the indicator's figures are sent: one that is computed is another indicator";
            faults.push(Fault::new("/formula", "fixed", detail));
            return None;
        };
        let read = read?;
        if before.says_the_same_as(&read) {
            faults.push(Fault::new("/formula", "unchanged", "must differ from what holds now"));
        }
        if self.declared_phases.len() >= PHASES {
            let detail = format!("begins a phase of the chart, and {PHASES} are declared at most");
            faults.push(Fault::new("/formula", "length", detail));
        }
        Some(before.replaced_by(read, at))
    }

    fn faults_of(&self, input: &Revise, has_formula: bool) -> Faults {
        let Revise { goal, control, formula: _, reason } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/reason", reason));
        for fault in goal.iter().flat_map(|goal| goal.faults("/goal")) {
            faults.push(fault);
        }
        for fault in control.iter().flat_map(|control| control.faults("/control")) {
            faults.push(fault);
        }
        if self.goal.zip(*goal).is_some_and(|(before, goal)| before.direction() != goal.direction()) {
            let detail = "cannot change: with another direction it is another indicator";
            faults.push(Fault::new("/goal/direction", "fixed", detail));
        }
        let same = goal.is_none_or(|goal| self.goal == Some(goal)) && (control.is_none() || self.control == *control);
        if same && !has_formula {
            faults.push(Fault::new(
                "/goal",
                "unchanged",
                "must differ from what holds now, or control or formula must",
            ));
        }
        faults
    }

    /// Declares that the figures from a moment on tell another story: limits begin anew with it.
    ///
    /// # Errors
    /// The guard's refusal, a blank reason, a moment that lies ahead or with which a phase begins already, or too many
    /// phases.
    pub fn begin_phase(
        self,
        input: BeginPhase,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::BeginPhase, facts, by)?;
        let BeginPhase { starts_at, reason } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/reason", &reason));
        if starts_at > at {
            faults.push(Fault::new("/starts_at", "in_the_future", "must not lie ahead"));
        }
        if self.declared_phases.iter().any(|phase| phase.starts_at == starts_at) {
            faults.push(Fault::new("/starts_at", "duplicate", "a phase that was declared begins then already"));
        }
        if self.declared_phases.len() >= PHASES {
            faults.push(Fault::new("/starts_at", "length", format!("at most {PHASES} phases are declared")));
        }
        faults.refuse()?;
        let mut after = self.clone();
        let declared = DeclaredPhase { starts_at, reason: reason.clone(), declared_at: at, declared_by: by.member() };
        after.declared_phases.push(declared);
        Ok(Change::of(self, after, "phase_begun", at).because(reason))
    }

    /// No measurements are taken any more; what was measured stays.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, facts, by)?;
        text::narrative("/reason", &reason).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        let stage = match &self.stage {
            Stage::Active { since } => Stage::Retired { since: *since, reason: reason.clone(), at },
            Stage::Draft | Stage::Retired { .. } | Stage::Void { .. } => {
                return Err(Refusal::state("wrong_state", "only an active indicator is retired"));
            }
        };
        let after = Self { stage, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }
}
