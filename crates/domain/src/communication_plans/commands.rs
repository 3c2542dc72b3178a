//! The verbs: each asks its guard, checks its input and names what follows.

use super::{CarriedOut, CommunicationPlan, Stage, Verb};
use crate::access::Actor;
use crate::change::{Change, Lifecycle, Record};
use crate::id::MemberId;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::work;
use chrono::{DateTime, NaiveDate, Utc};

/// Plain fields to change; `None` leaves a field as it is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Amendment {
    /// On what.
    pub subject: Option<String>,
    /// When.
    pub timing: Option<String>,
    /// With whom.
    pub audience: Option<String>,
    /// How.
    pub channel: Option<String>,
    /// Who does it; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
    /// The next day on which it is to be done, or none.
    pub next_on: Option<Option<NaiveDate>>,
    /// Clauses and controls.
    pub requirements: Option<Vec<String>>,
}

/// What `carry-out` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CarryOut {
    /// On which day; today without it.
    pub on: Option<NaiveDate>,
    /// What was said and to whom.
    pub summary: String,
    /// The next day on which it is to be done, or none.
    pub next_on: Option<NaiveDate>,
}

impl CommunicationPlan {
    /// Changes plain fields. `today` is the organisation's.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn amend(
        self,
        input: Amendment,
        today: NaiveDate,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may_amend(by)?;
        let Amendment { subject, timing, audience, channel, owner, next_on, requirements } = input;
        let mut after = self.clone();
        after.subject = subject.unwrap_or(after.subject);
        after.timing = timing.unwrap_or(after.timing);
        after.audience = audience.unwrap_or(after.audience);
        after.channel = channel.unwrap_or(after.channel);
        after.owner = owner.unwrap_or(after.owner);
        after.requirements = requirements.unwrap_or(after.requirements);
        let mut faults = after.faults();
        if let Some(next_on) = next_on {
            if let Some(day) = next_on {
                faults.keep(text::day_to_come("/next_on", day, today));
            }
            after.next_on = next_on;
        }
        faults.refuse()?;
        Ok(Change::of(self, after, "amended", at))
    }

    /// It was done. `today` is the organisation's.
    ///
    /// # Errors
    /// The guard's refusal, or every fault of the input.
    pub fn carry_out(
        self,
        input: CarryOut,
        today: NaiveDate,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::CarryOut, &(), by)?;
        let CarryOut { on, summary, next_on } = input;
        let on = on.unwrap_or(today);
        let mut faults = Faults::default();
        if on > today {
            faults.push(Fault::new("/on", "out_of_range", format!("must be {today} or earlier")));
        }
        faults.keep(text::narrative("/summary", &summary));
        if let Some(day) = next_on {
            faults.keep(text::day_to_come("/next_on", day, today));
        }
        faults.refuse()?;
        let last = Some(CarriedOut { on, summary, at, by: by.member() });
        let after = Self { last, times: self.times + 1, next_on, ..self.clone() };
        Ok(Change::of(self, after, "carried_out", at))
    }

    /// Notes that its day has passed and it was not done.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone but the program; it is not overdue, or that was noted.
    pub fn fall_due(self, today: NaiveDate, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        work::may_fall_due(self.wakes(), today, by)?;
        let after = Self { fell_due_on: self.next_on, ..self.clone() };
        Ok(Change::of(self, after, "fell_due", at))
    }

    /// It is not done any more.
    ///
    /// # Errors
    /// The guard's refusal, or a blank reason.
    pub fn retire(self, reason: String, by: &Actor, at: DateTime<Utc>) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Retire, &(), by)?;
        text::reason(&reason)?;
        let after = Self { stage: Stage::Retired { reason: reason.clone(), at }, ..self.clone() };
        Ok(Change::of(self, after, "retired", at).because(reason))
    }
}
