//! The verb, the amendment of plain fields, and what versions and time do to a policy.

use super::{Classification, Control, Facts, InForce, Policy, Reaffirmation, Stage, Verb};
use crate::access::{Actor, Identity, Permission};
use crate::audience::Audience;
use crate::change::{Change, Lifecycle};
use crate::id::MemberId;
use crate::refusal::Refusal;
use crate::text;
use chrono::{DateTime, NaiveDate, Utc};

/// What a PATCH may say; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Policy` say it")]
pub struct PolicyAmendment {
    pub title: Option<String>,
    pub purpose: Option<String>,
    pub scope: Option<String>,
    pub classification: Option<Classification>,
    pub owner: Option<MemberId>,
    pub audience: Option<Audience>,
    pub acknowledge_within_days: Option<u32>,
    pub review_months: Option<u32>,
    pub requirements: Option<Vec<String>>,
    pub top_level: Option<bool>,
    pub available_to: Option<Vec<String>>,
    pub control: Option<Control>,
}

impl PolicyAmendment {
    /// The policy with what is given; whether that decides who answers for it, or what it is.
    fn apply(self, to: &Policy) -> (Policy, bool) {
        let Self {
            title,
            purpose,
            scope,
            classification,
            owner,
            audience,
            acknowledge_within_days,
            review_months,
            requirements,
            top_level,
            available_to,
            control,
        } = self;
        let decides = owner.is_some() || top_level.is_some();
        let after = Policy {
            title: title.unwrap_or_else(|| to.title.clone()),
            purpose: purpose.unwrap_or_else(|| to.purpose.clone()),
            scope: scope.unwrap_or_else(|| to.scope.clone()),
            classification: classification.unwrap_or(to.classification),
            owner: owner.unwrap_or(to.owner),
            audience: audience.unwrap_or_else(|| to.audience.clone()),
            acknowledge_within_days: acknowledge_within_days.unwrap_or(to.acknowledge_within_days),
            review_months: review_months.unwrap_or(to.review_months),
            requirements: requirements.unwrap_or_else(|| to.requirements.clone()),
            top_level: top_level.unwrap_or(to.top_level),
            available_to: available_to.unwrap_or_else(|| to.available_to.clone()),
            control: control.unwrap_or_else(|| to.control.clone()),
            ..to.clone()
        };
        (after, decides)
    }
}

/// For what the program alone notes.
fn is_noted(by: &Actor) -> Result<(), Refusal> {
    if matches!(by.identity, Identity::System { .. }) { Ok(()) } else { Err(Refusal::Forbidden) }
}

impl Policy {
    /// Changes plain fields. Where they are part of what was approved, the approval shows as stale from then on.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the amendment.
    pub fn amend(self, amendment: PolicyAmendment, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let (after, decides) = amendment.apply(&self);
        // `own` never includes decisions.
        if decides && !by.may(Permission::EstablishPolicy, false) {
            return Err(Refusal::Forbidden);
        }
        after.faults().refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// Management has looked at it and leaves it as it is; the next review is counted from today.
    ///
    /// # Errors
    /// The guard's refusal, or a blank note.
    pub fn reaffirm(self, note: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Reaffirm, facts, by)?;
        let (Stage::Published { current }, Some(reviewer)) = (&self.stage, by.member()) else {
            return Err(Refusal::state("wrong_state", "only a published policy is reaffirmed"));
        };
        text::narrative("/note", &note).map_err(|fault| Refusal::Invalid(vec![fault]))?;
        let current = InForce { reviewed_on: facts.today, ..current.clone() };
        let mut after = Self { stage: Stage::Published { current }, ..self.clone() };
        after.reaffirmations.push(Reaffirmation { on: facts.today, by: reviewer, note: note.clone() });
        Ok(Change::of(self, after, "reaffirmed", at).because(note))
    }

    /// A version of it holds from now on.
    pub(crate) fn in_force_with(self, current: InForce, at: DateTime<Utc>) -> Change<Self> {
        let after = Self { stage: Stage::Published { current }, ..self.clone() };
        Change::of(self, after, "published", at)
    }

    /// It does not hold any more; those who were asked to acknowledge it are asked no longer.
    pub(crate) fn out_of_force(self, reason: String, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        let Stage::Published { current } = &self.stage else {
            return Err(Refusal::state("wrong_state", "only a published policy is retired"));
        };
        let stage = Stage::Retired { last: current.clone(), reason: reason.clone(), at };
        let after = Self { stage, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }

    /// Its review has come due, or the time to acknowledge it is over; what comes first is noted first, each once.
    /// `outstanding` is how many of those asked at the publication have not acknowledged.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; nothing has come due, or that was noted.
    pub fn come_due(
        self,
        outstanding: i64,
        today: NaiveDate,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        is_noted(by)?;
        let (review, deadline) = (self.review_to_note(), self.deadline_to_note());
        let Stage::Published { current } = &self.stage else {
            return Err(Refusal::state("not_due", "only what is published comes due"));
        };
        let (current, verb) = match (review, deadline) {
            (Some(day), other) if day <= today && other.is_none_or(|other| day <= other) => {
                (InForce { review_fell_due_on: Some(day), ..current.clone() }, "review_fell_due")
            }
            (_, Some(day)) if day <= today => {
                (InForce { outstanding: Some(outstanding), ..current.clone() }, "acknowledgements_fell_due")
            }
            (_, _) => return Err(Refusal::state("not_due", "nothing has come due, or that was noted")),
        };
        let after = Self { stage: Stage::Published { current }, ..self.clone() };
        Ok(Change::of(self, after, verb, at))
    }
}
