//! How an indicator is defined, and what can be wrong with what people write of it.

use super::{
    AutoRaise, Control, FormulaDraft, Frequency, Goal, Indicator, REQUIREMENTS, RETENTION_LEAST, RETENTION_MOST, Stage,
    ValueKind,
};
use crate::access::Actor;
use crate::change::{Birth, Change, Head, Record};
use crate::id::MemberId;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;

/// What it takes to define one; whatever is left out can be amended until it is activated.
#[derive(Debug, Clone, PartialEq)]
pub struct IndicatorDraft {
    /// One line.
    pub name: String,
    /// What it is to tell.
    pub information_need: Option<String>,
    /// Of the value.
    pub unit: Option<String>,
    /// What one measurement consists of.
    pub value_kind: ValueKind,
    /// How its figures follow from those of others.
    pub formula: Option<FormulaDraft>,
    /// Target and thresholds.
    pub goal: Option<Goal>,
    /// How it is charted.
    pub control: Option<Control>,
    /// How it is measured.
    pub method: Option<String>,
    /// Where the figures come from.
    pub data_source: Option<String>,
    /// For how many days its measurements are kept; for ever without it.
    pub retention_days: Option<u32>,
    /// When it is measured.
    pub frequency: Option<Frequency>,
    /// Who measures; that the member exists is the caller's to check, here and below.
    pub collector: Option<MemberId>,
    /// When the results are analysed.
    pub analysis_interval: Option<Frequency>,
    /// Who analyses them.
    pub analyst: Option<MemberId>,
    /// Clauses and controls, at most [`REQUIREMENTS`].
    pub requirements: Vec<String>,
    /// Which case a signal opens by itself.
    pub auto_raise: AutoRaise,
    /// The accountable member.
    pub owner: Option<MemberId>,
}

impl Indicator {
    /// Defines an indicator, as a draft.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn define(draft: IndicatorDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let mut faults = Faults::default();
        let formula = draft.formula.clone().and_then(|formula| formula.read("/formula", &mut faults));
        let indicator = Self { formula, ..Self::drafted(draft, by, birth) };
        faults.take(indicator.faults(), &[]);
        faults.refuse()?;
        Ok(Change::born(indicator, "defined"))
    }

    /// The draft as a record, without its formula: that must be read.
    pub(super) fn drafted(draft: IndicatorDraft, by: &Actor, birth: Birth) -> Self {
        let IndicatorDraft {
            name,
            information_need,
            unit,
            value_kind,
            formula: _,
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
        } = draft;
        Self {
            head: Head::born(by, birth),
            name,
            built_in: None,
            formula: None,
            information_need,
            unit,
            value_kind,
            goal,
            control,
            declared_phases: Vec::new(),
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
            revision: 1,
            revisions: Vec::new(),
            analysis: None,
            analysed_on: None,
            analysis_fell_due_on: None,
            stage: Stage::Draft,
        }
    }

    /// Every fault of what people write.
    pub(super) fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/name", &self.name));
        if let Some(unit) = &self.unit {
            faults.keep(text::title("/unit", unit));
        }
        for (pointer, narrative) in [
            ("/information_need", &self.information_need),
            ("/method", &self.method),
            ("/data_source", &self.data_source),
        ] {
            if let Some(narrative) = narrative {
                faults.keep(text::narrative(pointer, narrative));
            }
        }
        if self.retention_days.is_some_and(|days| !(RETENTION_LEAST..=RETENTION_MOST).contains(&days)) {
            let detail = format!("must lie between {RETENTION_LEAST} and {RETENTION_MOST}");
            faults.push(Fault::new("/retention_days", "out_of_range", detail));
        }
        if self.formula.is_some() && self.value_kind == ValueKind::Ratio {
            faults.push(Fault::new("/value_kind", "formula", "must be a gauge: a formula gives one number"));
        }
        for fault in self.goal.iter().flat_map(|goal| goal.faults("/goal")) {
            faults.push(fault);
        }
        for fault in self.control.iter().flat_map(|control| control.faults("/control")) {
            faults.push(fault);
        }
        text::requirements("/requirements", &self.requirements, REQUIREMENTS, &mut faults);
        match self.auto_raise {
            AutoRaise::None {} | AutoRaise::Nonconformity { .. } => {}
            AutoRaise::Improvement { .. } => {
                faults.push(Fault::new("/auto_raise/kind", "not_supported", "improvements cannot be raised yet"));
            }
        }
        faults
    }
}
