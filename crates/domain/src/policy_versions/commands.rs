//! Writing, submitting and deciding; publishing stands in `publication.rs`.

use super::lifecycle::ARTICLED;
use super::{Confirmations, DocumentFile, Facts, PolicyVersion, Rejection, Stage, Submission, Verb};
use crate::access::Actor;
use crate::approval::Approval;
use crate::change::{Change, Lifecycle};
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use chrono::{DateTime, Utc};

/// What a PATCH may say: the outer option is "leave as it is", the inner one "empty it".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PolicyVersionAmendment {
    /// What it says, in Markdown.
    pub body: Option<Option<String>>,
    /// The file that says it; that it is attached to this version is the caller's to check.
    pub file: Option<Option<DocumentFile>>,
    /// What is new about it.
    pub change_summary: Option<String>,
}

/// What `submit` needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Submit {
    /// Needed of the information security policy itself [5.2 a-d], and of no other.
    pub confirmations: Option<Confirmations>,
}

impl Confirmations {
    fn check(self, faults: &mut Faults) {
        let Self { fits_purpose, frames_objectives, commits_to_requirements, commits_to_improvement } = self;
        for (confirmed, field) in [
            (fits_purpose, "fits_purpose"),
            (frames_objectives, "frames_objectives"),
            (commits_to_requirements, "commits_to_requirements"),
            (commits_to_improvement, "commits_to_improvement"),
        ] {
            if !confirmed {
                let detail = "must be confirmed of the information security policy";
                faults.push(Fault::new(format!("/confirmations/{field}"), "not_confirmed", detail));
            }
        }
    }
}

/// A stage that the guard lets through but the command does not: the two disagree. It cannot be reached
/// while both follow the table; it is refused rather than trusted.
pub(super) fn wrong_state(stage: &Stage, verb: Verb) -> Refusal {
    Refusal::State(vec![Reason::wrong_state(ARTICLED, stage.name(), verb)])
}

impl PolicyVersion {
    /// Writes on. Whoever changes what it says is an author of it from then on.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the amendment.
    pub fn amend(
        self,
        amendment: PolicyVersionAmendment,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let PolicyVersionAmendment { body, file, change_summary } = amendment;
        let mut after = self.clone();
        after.body = body.unwrap_or(after.body);
        after.file = file.unwrap_or(after.file);
        after.change_summary = change_summary.unwrap_or(after.change_summary);
        after.faults().refuse()?;
        if let Some(me) = by.member()
            && !after.authors.contains(&me)
        {
            after.authors.push(me);
        }
        Ok(Change::of(self, after, "amended", at))
    }

    /// Puts it before those who approve; also again, when its approval has become stale.
    ///
    /// # Errors
    /// The guard's refusal; what is not confirmed of the information security policy, or confirmed of another one.
    pub fn submit(self, input: Submit, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Submit, facts, by)?;
        let Submit { confirmations } = input;
        let mut faults = Faults::default();
        match (facts.policy.top_level, confirmations) {
            (true, Some(confirmations)) => confirmations.check(&mut faults),
            (true, None) => {
                let detail = "what 5.2 a to d asks for must be confirmed of the information security policy";
                faults.push(Fault::new("/confirmations", "required", detail));
            }
            (false, Some(_)) => {
                let detail = "is confirmed of the information security policy alone";
                faults.push(Fault::new("/confirmations", "not_expected", detail));
            }
            (false, None) => {}
        }
        faults.refuse()?;
        let submission = Submission { by: by.member(), at, confirmations };
        let after = Self { stage: Stage::InReview { submission }, ..self.clone() };
        Ok(Change::of(self, after, "submitted", at))
    }

    /// Management approves it; never by who wrote it [5.2]. The approval is bound to a digest of what is approved.
    ///
    /// # Errors
    /// The guard's refusal, or the fault of the reason for an exception.
    pub fn approve(
        self,
        exception_reason: Option<String>,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may_excepted(Verb::Approve, facts, by, exception_reason.as_deref())?;
        let (Stage::InReview { submission }, Some(approver)) = (&self.stage, by.member()) else {
            return Err(wrong_state(&self.stage, Verb::Approve));
        };
        let mut faults = Faults::default();
        let duty = self.duty(by);
        let exception = facts.separation.exception(&duty, exception_reason, (approver, at), &mut faults);
        faults.refuse()?;
        let approval = Approval { by: approver, at, digest: self.content(&facts.policy).digest() };
        let stage = Stage::Approved { submission: submission.clone(), approval };
        let reason = exception.as_ref().map(|exception| exception.reason.clone());
        let mut after = Self { stage, ..self.clone() };
        after.exceptions.extend(exception);
        Ok(Change::of(self, after, "approved", at).because_of(reason))
    }

    /// Sends it back to be written on; the reason is kept with it.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn reject(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Reject, facts, by)?;
        text::reason(&reason)?;
        let mut after = Self { stage: Stage::Draft, ..self.clone() };
        after.rejections.push(Rejection { reason: reason.clone(), by: by.member(), at });
        Ok(Change::of(self, after, "rejected", at).because(reason))
    }

    /// It will not be published; another version can be drafted.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn withdraw(
        self,
        reason: String,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Withdraw, facts, by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Withdrawn { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "withdrawn", at).because(reason))
    }
}
