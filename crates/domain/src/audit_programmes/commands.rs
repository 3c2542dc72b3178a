//! The verbs, and the amendment of plain fields.

use super::{AuditProgramme, Closure, Content, Facts, PlannedAudit, Stage, Verb};
use crate::access::Actor;
use crate::approval::Approval;
use crate::change::{Change, Lifecycle};
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};

/// Plain fields to change; the outer option is "leave as it is", the inner one "empty it".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Content` say it")]
pub struct Amendment {
    pub title: Option<String>,
    pub starts_on: Option<NaiveDate>,
    pub ends_on: Option<NaiveDate>,
    pub objectives: Option<Option<String>>,
    pub frequency: Option<Option<String>>,
    pub methods: Option<Option<String>>,
    pub responsibilities: Option<Option<String>>,
    pub planning_requirements: Option<Option<String>>,
    pub reporting: Option<Option<String>>,
    pub process_importance: Option<Option<String>>,
    pub earlier_results: Option<Option<String>>,
    pub plan: Option<Vec<PlannedAudit>>,
}

/// What `close` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Close {
    /// What it came to.
    pub summary: String,
    /// Why planned audits were not conducted; needed only where some were not.
    pub not_audited_because: Option<String>,
}

impl Amendment {
    fn apply(self, to: Content) -> Content {
        let Self {
            title,
            starts_on,
            ends_on,
            objectives,
            frequency,
            methods,
            responsibilities,
            planning_requirements,
            reporting,
            process_importance,
            earlier_results,
            plan,
        } = self;
        Content {
            title: title.unwrap_or(to.title),
            starts_on: starts_on.unwrap_or(to.starts_on),
            ends_on: ends_on.unwrap_or(to.ends_on),
            objectives: objectives.unwrap_or(to.objectives),
            frequency: frequency.unwrap_or(to.frequency),
            methods: methods.unwrap_or(to.methods),
            responsibilities: responsibilities.unwrap_or(to.responsibilities),
            planning_requirements: planning_requirements.unwrap_or(to.planning_requirements),
            reporting: reporting.unwrap_or(to.reporting),
            process_importance: process_importance.unwrap_or(to.process_importance),
            earlier_results: earlier_results.unwrap_or(to.earlier_results),
            plan: plan.unwrap_or(to.plan),
        }
    }
}

impl AuditProgramme {
    /// Changes plain fields. An approved programme stays in force; its approval shows as stale until it is given anew.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let after = Self { content: input.apply(self.content.clone()), ..self.clone() };
        after.content.faults().refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// Management says yes to exactly this.
    ///
    /// # Errors
    /// The guard's refusal: everything that is missing.
    pub fn approve(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Approve, facts, by)?;
        let Some(me) = by.member() else { return Err(Refusal::Forbidden) };
        let mut after = self.clone();
        after.earlier_approvals.extend(self.approval().cloned());
        after.stage = Stage::Approved { approval: Approval { by: me, at, digest: self.content.to_approve().digest() } };
        Ok(Change::of(self, after, "approved", at))
    }

    /// It is over.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input; where planned audits were not conducted the reason is needed.
    pub fn close(self, input: Close, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Close, facts, by)?;
        let Stage::Approved { approval } = self.stage.clone() else {
            let reason = Reason::wrong_state(super::lifecycle::ARTICLED, self.stage.name(), Verb::Close);
            return Err(Refusal::State(vec![reason]));
        };
        let Close { summary, not_audited_because } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/summary", &summary));
        let missed: Vec<&str> = self.unaudited(facts).collect();
        match &not_audited_because {
            Some(reason) => drop(faults.keep(text::narrative("/not_audited_because", reason))),
            None if missed.is_empty() => {}
            None => {
                let detail = format!("planned audits were not reported: {}; say why", missed.join(", "));
                faults.push(Fault::new("/not_audited_because", "required", detail));
            }
        }
        faults.refuse()?;
        let closure = Closure { summary, not_audited_because, at, by: by.member() };
        let after = Self { stage: Stage::Closed { approval, closure }, ..self.clone() };
        Ok(Change::of(self, after, "closed", at))
    }
}
