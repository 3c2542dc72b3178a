//! The verbs until a change is made.

use super::lifecycle::ARTICLED;
use super::{
    Assessed, Assessment, ChangeAmendment, Completion, Facts, Kind, PlannedChange, Revision, Stage, Start, Verb, Window,
};
use crate::access::Actor;
use crate::approval::Approval;
use crate::change::{Change, Lifecycle};
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::separation::{Duty, Rule};
use crate::text;
use chrono::{DateTime, Days, Utc};

/// A change is scheduled for at most so many days ahead.
const AHEAD: u64 = 366;

/// What `approve` needs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Approve {
    /// What is said with it.
    pub note: Option<String>,
    /// Why someone approves who requested it, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

/// What `reject` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reject {
    /// Why not.
    pub reason: String,
    /// Why someone rejects who requested it, where the organisation documents such exceptions.
    pub exception_reason: Option<String>,
}

impl PlannedChange {
    /// A stage that the guard lets through but the command does not: the two disagree. It cannot be reached while both
    /// follow the table; it is refused rather than trusted.
    pub(super) fn wrong_state(&self, verb: Verb) -> Refusal {
        Refusal::State(vec![Reason::wrong_state(ARTICLED, self.stage.name(), verb)])
    }

    /// Changes plain fields of the draft.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(self, input: ChangeAmendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let mut after = self.clone();
        input.apply("", &mut after).refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// It is to be assessed; a standard one that was never revised is approved by its template.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn submit(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Submit, facts, by)?;
        let mut after = Self { stage: Stage::Submitted, ..self.clone() };
        // Who has once given it another content, as after a rejection, asks anew.
        let by_template = facts.template.as_ref().filter(|_| self.kind == Kind::Standard && self.revision == 1);
        if let (Some(approval), Some(content), Some(template)) = (by_template, self.approvable(), &self.template) {
            after.approval = Some(Approval { by: approval.by, at: approval.at, digest: content.digest() });
            after.approval_note = Some(format!("Approved beforehand by {}", template.reference));
            after.stage = Stage::Approved;
        }
        Ok(Change::of(self, after, "submitted", at))
    }

    /// It is to say something else. Its assessment and its approval are of what it said before, and show as stale.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input; an input that changes nothing is one.
    pub fn revise(
        self,
        (input, reason): (ChangeAmendment, String),
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Revise, facts, by)?;
        let mut after = self.clone();
        let mut faults = input.apply("/content", &mut after);
        faults.keep(text::narrative("/reason", &reason));
        if after == self {
            faults.push(Fault::new("/content", "unchanged", "must say something else than the change says now"));
        }
        faults.refuse()?;
        after.revisions.push(Revision { number: self.revision, reason: reason.clone(), at, by: by.member() });
        after.revision += 1;
        if matches!(self.stage, Stage::Rejected { .. }) {
            after.stage = Stage::Draft;
        }
        Ok(Change::of(self, after, "revised", at).because(reason))
    }

    /// What is to be considered was considered [6.3, A.8.32].
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the assessment.
    pub fn assess(
        self,
        assessment: Assessment,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Assess, facts, by)?;
        let mut faults = Faults::default();
        assessment.note_faults("", &mut faults);
        faults.refuse()?;
        let assessed = Some(Assessed { assessment, revision: self.revision, at, by: by.member() });
        let stage = match &self.stage {
            stage @ Stage::Implementing { .. } => stage.clone(),
            Stage::Submitted | Stage::Assessed | Stage::Approved | Stage::Scheduled { .. } => Stage::Assessed,
            Stage::Draft
            | Stage::Rejected { .. }
            | Stage::Monitoring { .. }
            | Stage::Reviewed { .. }
            | Stage::Closed { .. }
            | Stage::RolledBack { .. }
            | Stage::Cancelled { .. } => return Err(self.wrong_state(Verb::Assess)),
        };
        let after = Self { assessed, stage, ..self.clone() };
        Ok(Change::of(self, after, "assessed", at))
    }

    /// It may be made; an emergency was rightly begun. The approval binds to what the change says now.
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
        let (Some(approver), Some(content)) = (by.member(), self.approvable()) else {
            return Err(self.wrong_state(Verb::Approve));
        };
        let mut faults = Faults::default();
        if let Some(note) = &note {
            faults.keep(text::narrative("/note", note));
        }
        let duty = Duty { rule: Rule::ChangeApprover, breach: by.breach(|me| self.breach_of_approver(me)) };
        let exception = facts.separation.exception(&duty, exception_reason, (approver, at), &mut faults);
        faults.refuse()?;
        let reason = exception.as_ref().map(|exception| exception.reason.clone());
        let mut after = self.clone();
        after.exceptions.extend(exception);
        after.approval = Some(Approval { by: approver, at, digest: content.digest() });
        after.approval_note = note;
        if self.stage == Stage::Assessed {
            after.stage = Stage::Approved;
        }
        Ok(Change::of(self, after, "approved", at).because_of(reason))
    }

    /// It is not to be made like this.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn reject(self, input: Reject, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let Reject { reason, exception_reason } = input;
        self.may_excepted(Verb::Reject, facts, by, exception_reason.as_deref())?;
        let Some(decider) = by.member() else { return Err(self.wrong_state(Verb::Reject)) };
        let mut faults = Faults::default();
        faults.keep(text::narrative("/reason", &reason));
        let duty = Duty { rule: Rule::ChangeApprover, breach: by.breach(|me| self.breach_of_approver(me)) };
        let exception = facts.separation.exception(&duty, exception_reason, (decider, at), &mut faults);
        faults.refuse()?;
        let mut after = self.clone();
        after.exceptions.extend(exception);
        after.stage = Stage::Rejected { reason: reason.clone(), at, by: Some(decider) };
        Ok(Change::of(self, after, "rejected", at).because(reason))
    }

    /// It will be made then.
    ///
    /// # Errors
    /// The guard's refusal, or a window that is over, runs backwards or lies more than a year ahead.
    pub fn schedule(
        self,
        window: Window,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Schedule, facts, by)?;
        let last = at.checked_add_days(Days::new(AHEAD)).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let mut faults = Faults::default();
        if window.to <= window.from {
            faults.push(Fault::new("/to", "order", "must lie behind the beginning"));
        }
        if window.to <= at || window.to > last {
            faults.push(Fault::new("/to", "out_of_range", format!("must lie between {at} and {last}")));
        }
        faults.refuse()?;
        let after = Self { stage: Stage::Scheduled { window }, ..self.clone() };
        Ok(Change::of(self, after, "scheduled", at))
    }

    /// It is being made. An emergency that nobody has approved is to be approved within three working days.
    ///
    /// # Errors
    /// The guard's refusal.
    pub fn start(self, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Start, facts, by)?;
        let window = match &self.stage {
            Stage::Scheduled { window } => Some(*window),
            Stage::Draft | Stage::Submitted | Stage::Assessed | Stage::Approved => None,
            Stage::Rejected { .. }
            | Stage::Implementing { .. }
            | Stage::Monitoring { .. }
            | Stage::Reviewed { .. }
            | Stage::Closed { .. }
            | Stage::RolledBack { .. }
            | Stage::Cancelled { .. } => return Err(self.wrong_state(Verb::Start)),
        };
        let approve_by = (!self.is_approved()).then_some(facts.approve_by);
        let start = Start { at, by: by.member(), window };
        let after = Self { approve_by, stage: Stage::Implementing { start }, ..self.clone() };
        Ok(Change::of(self, after, "started", at))
    }

    /// It is made. From now on its effect is watched, for as long as its assessment says.
    ///
    /// # Errors
    /// The guard's refusal, or a fault of the summary.
    pub fn complete(
        self,
        summary: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Complete, facts, by)?;
        let (Stage::Implementing { start }, Some(Assessed { assessment, .. })) = (&self.stage, &self.assessed) else {
            return Err(self.wrong_state(Verb::Complete));
        };
        let mut faults = Faults::default();
        faults.keep(text::narrative("/summary", &summary));
        faults.refuse()?;
        let watched = Days::new(assessment.monitoring_days.unsigned_abs());
        let completion = Completion {
            summary,
            at,
            by: by.member(),
            baseline_days: assessment.baseline_days,
            monitored_until: at.checked_add_days(watched).unwrap_or(DateTime::<Utc>::MAX_UTC),
        };
        let after = Self { stage: Stage::Monitoring { start: start.clone(), completion }, ..self.clone() };
        Ok(Change::of(self, after, "completed", at))
    }

    /// It will not be made.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn cancel(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Cancel, facts, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Cancelled { reason: reason.clone(), at, by: by.member() }, ..self.clone() };
        Ok(Change::of(self, after, "cancelled", at).because(reason))
    }
}
