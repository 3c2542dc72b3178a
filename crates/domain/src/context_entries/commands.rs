//! The verbs, and the amendment of plain fields.

use super::{ContextEntry, Facts, LastReview, Matter, Need, Stage, Verb, matter_of};
use crate::access::{Actor, Permission};
use crate::change::{Change, Lifecycle, Record};
use crate::id::MemberId;
use crate::refusal::{Faults, Refusal};
use crate::text;
use crate::work;
use chrono::{DateTime, NaiveDate, Utc};

/// What a PATCH may say: the outer option is "leave as it is", the inner one "empty it".
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `ContextEntry` say it")]
pub struct ContextAmendment {
    pub title: Option<String>,
    pub description: Option<String>,
    pub requirements: Option<Vec<Need>>,
    pub relevant: Option<bool>,
    pub owner: Option<Option<MemberId>>,
    pub review_due_on: Option<Option<NaiveDate>>,
}

/// What `review` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Review {
    /// What was concluded: that it still holds, and why.
    pub conclusion: String,
    /// The day by which it is to be reviewed again, if any.
    pub review_due_on: Option<NaiveDate>,
}

impl ContextEntry {
    /// Changes plain fields. What the kind does not say cannot be given to it.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the amendment.
    pub fn amend(
        self,
        amendment: ContextAmendment,
        facts: &Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        // `own` never includes decisions: who watches it is one.
        if amendment.owner.is_some() && !by.may(Permission::DefineContext, false) {
            return Err(Refusal::Forbidden);
        }
        let ContextAmendment { title, description, requirements, relevant, owner, review_due_on } = amendment;
        let mut faults = Faults::default();
        let mut after = self.clone();
        if let Some(title) = title {
            faults.keep(text::title("/title", &title));
            after.title = title;
        }
        if let Some(description) = description {
            faults.keep(text::narrative("/description", &description));
            after.description = description;
        }
        let (known_requirements, known_relevant) = match &self.matter {
            Matter::ExternalIssue | Matter::InternalIssue => (None, None),
            Matter::InterestedParty { requirements } => (Some(requirements.clone()), None),
            Matter::ClimateChange { relevant } => (None, Some(*relevant)),
        };
        let (requirements, relevant) = (requirements.or(known_requirements), relevant.or(known_relevant));
        if let Some(matter) = matter_of(self.matter.kind(), requirements, relevant, &mut faults) {
            after.matter = matter;
        }
        after.owner = owner.unwrap_or(after.owner);
        if let Some(due) = review_due_on {
            if let Some(due) = due {
                faults.keep(text::day_to_come("/review_due_on", due, facts.today));
            }
            after.review_due_on = due;
        }
        faults.refuse()?;
        let says = |entry: &Self| (entry.title.clone(), entry.description.clone(), entry.matter.clone());
        if says(&after) != says(&self) {
            after.changed_at = at;
        }
        Ok(Change::of(self, after, "amended", at))
    }

    /// Somebody has asked whether it still holds [9.3.2 b, c].
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn review(self, input: Review, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Review, facts, by)?;
        let Review { conclusion, review_due_on } = input;
        let mut faults = Faults::default();
        faults.keep(text::narrative("/conclusion", &conclusion));
        if let Some(due) = review_due_on {
            faults.keep(text::day_to_come("/review_due_on", due, facts.today));
        }
        faults.refuse()?;
        let last_review = LastReview { on: facts.today, by: by.member(), conclusion: Some(conclusion) };
        let after = Self { last_review, review_due_on, ..self.clone() };
        Ok(Change::of(self, after, "reviewed", at))
    }

    /// Notes that the day of its review has passed.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; no review is overdue, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        work::may_fall_due(self.wakes(), today, by)?;
        let after = Self { review_fell_due_on: self.review_due_on, ..self.clone() };
        Ok(Change::of(self, after, "review_fell_due", at))
    }

    /// It does not hold any more.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, facts: &Facts, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, facts, by)?;
        text::reason(&reason)?;
        let stage = Stage::Retired { reason: reason.clone(), at, by: by.member() };
        let after = Self { stage, changed_at: at, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }
}
