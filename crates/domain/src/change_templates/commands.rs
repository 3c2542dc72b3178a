//! The verbs, and the amendment of a draft.

use super::{ChangeTemplate, Facts, Stage, StageName, Verb};
use crate::access::Actor;
use crate::approval::Approval;
use crate::change::{Change, Lifecycle};
use crate::changes::{Assessment, Revision};
use crate::id::IndicatorId;
use crate::refusal::{Faults, Refusal};
use crate::separation::{Duty, Rule};
use crate::text;
use chrono::{DateTime, Utc};

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Procedure` say it")]
pub struct TemplateAmendment {
    pub title: Option<String>,
    pub purpose: Option<String>,
    pub description: Option<String>,
    pub requirements: Option<Vec<String>>,
    pub indicators: Option<Vec<IndicatorId>>,
    pub assessment: Option<Assessment>,
}

/// What `approve` needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approve {
    /// What is said with it.
    pub note: Option<String>,
    /// Why someone approves who wrote it, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

impl ChangeTemplate {
    /// Changes the draft. Whoever does is one of its authors.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the content.
    pub fn amend(self, input: TemplateAmendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let TemplateAmendment { title, purpose, description, requirements, indicators, assessment } = input;
        let mut after = self.clone();
        let procedure = &mut after.procedure;
        procedure.title = title.unwrap_or_else(|| procedure.title.clone());
        procedure.purpose = purpose.unwrap_or_else(|| procedure.purpose.clone());
        procedure.description = description.unwrap_or_else(|| procedure.description.clone());
        procedure.requirements = requirements.unwrap_or_else(|| procedure.requirements.clone());
        procedure.indicators = indicators.unwrap_or_else(|| procedure.indicators.clone());
        procedure.assessment = assessment.unwrap_or_else(|| procedure.assessment.clone());
        procedure.faults().refuse()?;
        after.authors.extend(by.member().filter(|me| !self.authors.contains(me)));
        Ok(Change::of(self, after, "amended", at))
    }

    /// Changes may be made by it from now on.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn approve(
        self,
        input: Approve,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        let Approve { note, exception_reason } = input;
        self.may_excepted(Verb::Approve, facts, by, exception_reason.as_deref())?;
        let approver = by.member().ok_or(Refusal::Forbidden)?;
        let mut faults = Faults::default();
        if let Some(note) = &note {
            faults.keep(text::narrative("/note", note));
        }
        let duty = Duty { rule: Rule::ChangeApprover, breach: by.breach(|me| self.breach(me)) };
        let exception = facts.separation.exception(&duty, exception_reason, (approver, at), &mut faults);
        faults.refuse()?;
        let reason = exception.as_ref().map(|exception| exception.reason.clone());
        let mut after = self.clone();
        after.exceptions.extend(exception);
        let digest = self.procedure.approvable().digest();
        after.stage = Stage::Approved { approval: Approval { by: approver, at, digest }, note };
        Ok(Change::of(self, after, "approved", at).because_of(reason))
    }

    /// It is to say something else: a draft again, whose author is whoever revises it.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn revise(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Revise, facts, by)?;
        text::reason(&reason)?;
        let mut after = self.clone();
        after.revisions.push(Revision { number: self.revision, reason: reason.clone(), at, by: by.member() });
        after.revision += 1;
        after.authors = by.member().into_iter().collect();
        after.stage = Stage::Draft;
        Ok(Change::of(self, after, "revised", at).because(reason))
    }

    /// No change is made by it any more.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, facts, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Retired { reason: reason.clone(), at, by: by.member() }, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }

    /// Whether changes are made by it now.
    #[must_use]
    pub fn is_approved(&self) -> bool {
        self.stage.name() == StageName::Approved && self.approval().is_some()
    }
}
