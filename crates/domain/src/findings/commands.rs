//! Amending, issuing, raising and withdrawing.

use super::{Finding, Grade, Stage, Verb};
use crate::access::Actor;
use crate::audits::StageName as AuditStage;
use crate::change::{Birth, Change, Lifecycle};
use crate::id::{AuditId, ProcessId};
use crate::improvements::{Improvement, ImprovementDraft};
use crate::nonconformities::{Nonconformity, NonconformityDraft, Source};
use crate::reference::{Prefix, Target};
use crate::refusal::{Reason, Refusal};
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};

/// Plain fields to change; the outer option is "leave as it is", the inner one "empty it".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Finding` say it")]
pub struct Amendment {
    pub title: Option<String>,
    pub statement: Option<String>,
    pub evidence: Option<Option<String>>,
    pub requirement: Option<Option<String>>,
    /// That the process exists is the caller's to check.
    pub process: Option<Option<ProcessId>>,
    pub grade: Option<Option<Grade>>,
}

/// What `raise` needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Raise {
    /// The day by which the nonconformity is to be closed; an improvement gets its days when it is planned.
    pub due_on: Option<NaiveDate>,
}

/// The case that is raised of a finding.
#[derive(Debug)]
pub enum Case {
    /// Of a minor or major one.
    Nonconformity(Box<Change<Nonconformity>>),
    /// Of an opportunity.
    Improvement(Box<Change<Improvement>>),
}

/// A case, and the finding that it was raised of, linked.
#[derive(Debug)]
pub struct Raised {
    /// The case; to be stored first.
    pub case: Case,
    /// The finding.
    pub finding: Change<Finding>,
}

impl Finding {
    /// What is raised of it, by its grade.
    #[must_use]
    pub fn case_kind(&self) -> Option<Prefix> {
        match self.grade {
            Some(Grade::Minor | Grade::Major) => Some(Prefix::Nonconformity),
            Some(Grade::Opportunity) => Some(Prefix::Improvement),
            Some(Grade::Observation) | None => None,
        }
    }

    pub(super) fn unless_it_calls_for_a_case(&self) -> Option<Reason> {
        if self.case_kind().is_some() {
            return None;
        }
        Some(Reason::new(
            "nothing_to_raise",
            "a nonconformity is raised of a minor or major finding, an improvement of an opportunity",
        ))
    }

    /// Changes plain fields, until the audit's report freezes it.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: Amendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { title, statement, evidence, requirement, process, grade } = input;
        let mut after = self.clone();
        after.title = title.unwrap_or(after.title);
        after.statement = statement.unwrap_or(after.statement);
        after.evidence = evidence.unwrap_or(after.evidence);
        after.requirement = requirement.unwrap_or(after.requirement);
        after.process = process.unwrap_or(after.process);
        after.grade = grade.unwrap_or(after.grade);
        after.faults().refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// Its audit is reported.
    pub(crate) fn issue(self, at: DateTime<Utc>) -> Change<Self> {
        let after = Self { stage: Stage::Issued { at }, ..self.clone() };
        Change::of(self, after, "issued", at)
    }

    /// A later audit looks at it again.
    pub(crate) fn carried_to(self, audit: AuditId, at: DateTime<Utc>) -> Change<Self> {
        let after = Self { carried_to: Some(audit), ..self.clone() };
        Change::of(self, after, "carried", at)
    }

    /// Its audit is cancelled.
    pub(crate) fn withdraw_with_audit(self, reason: &str, by: &Actor, at: DateTime<Utc>) -> Change<Self> {
        self.withdrawn(reason.to_owned(), by, at)
    }

    fn withdrawn(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Change<Self> {
        let (issued_at, case) = (self.issued_at(), self.case());
        let stage = Stage::Withdrawn { reason: reason.clone(), issued_at, case, at, by: by.member() };
        let after = Self { stage, ..self.clone() };
        Change::of(self, after, "withdrawn", at).because(reason)
    }

    /// A nonconformity is raised of it, or an improvement [10.1, 10.2]. `birth` is the case's, of the kind that
    /// [`Self::case_kind`] says.
    ///
    /// # Errors
    /// The guard's refusal; the caller may not raise one; or a day that goes with a nonconformity alone.
    pub fn raise(self, input: Raise, audit: &AuditStage, by: &Actor, birth: Birth) -> Result<Raised, Refusal> {
        self.may(Verb::Raise, audit, by)?;
        let Stage::Issued { at: issued_at } = self.stage else {
            return Err(Refusal::State(vec![Reason::wrong_state(
                super::lifecycle::ARTICLED,
                self.stage.name(),
                Verb::Raise,
            )]));
        };
        let (case, target) = self.new_case(input, by, birth)?;
        let stage = Stage::Raised { issued_at, case: target, at: birth.at, by: by.member() };
        let after = Self { stage, ..self.clone() };
        Ok(Raised { case, finding: Change::of(self, after, "raised", birth.at) })
    }

    fn new_case(&self, input: Raise, by: &Actor, birth: Birth) -> Result<(Case, Target), Refusal> {
        let Raise { due_on } = input;
        let (title, origin) = (self.title.clone(), Some(Target::of(self)));
        match self.grade {
            Some(Grade::Opportunity) => {
                if due_on.is_some() {
                    let detail = "an improvement gets its days when it is planned";
                    return Err(Refusal::invalid("/due_on", "not_of_an_improvement", detail));
                }
                let draft = ImprovementDraft {
                    title,
                    description: self.statement.clone(),
                    source: Source::Audit,
                    origin,
                    proposer: by.member(),
                    expected_benefit: None,
                    measure: None,
                    effort: None,
                    value: None,
                };
                let improvement = Improvement::propose(draft, by, birth)?;
                let target = Target::of(improvement.after());
                Ok((Case::Improvement(Box::new(improvement)), target))
            }
            Some(Grade::Observation | Grade::Minor | Grade::Major) | None => {
                let draft = NonconformityDraft {
                    title,
                    statement: self.statement.clone(),
                    objective_evidence: self.evidence.clone().unwrap_or_default(),
                    source: Source::Audit,
                    origin,
                    requirement: self.requirement.clone(),
                    indicators: Vec::new(),
                    due_on,
                };
                let nonconformity = Nonconformity::raise(draft, by, birth)?;
                let target = Target::of(nonconformity.after());
                Ok((Case::Nonconformity(Box::new(nonconformity)), target))
            }
        }
    }

    /// It does not hold; a case that was raised of it stays, and is dealt with by itself.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn withdraw(
        self,
        reason: String,
        audit: &AuditStage,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Withdraw, audit, by)?;
        text::reason(&reason)?;
        Ok(self.withdrawn(reason, by, at))
    }
}
