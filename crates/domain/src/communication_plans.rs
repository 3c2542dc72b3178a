//! Communication plans: on what the organisation communicates, when, with whom and how, and that it did [7.4].

mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Amendment, CarryOut};
pub use lifecycle::{StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::MemberId;
use crate::reference::Prefix;
use crate::refusal::{Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::text;
use crate::work::{Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// At most so many clauses and controls.
pub const REQUIREMENTS: usize = 20;

/// That it was done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CarriedOut {
    /// On which day.
    pub on: NaiveDate,
    /// What was said and to whom; files are attached as evidence.
    pub summary: String,
    /// When it was recorded.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// It is done when its day comes.
    InForce,
    /// It is not done any more.
    Retired {
        /// Why.
        reason: String,
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// A communication plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CommunicationPlan {
    /// Identity and version.
    pub head: Head,
    /// On what [7.4 a].
    pub subject: String,
    /// When [7.4 b]: `each quarter`, `within 24 hours of an incident`.
    pub timing: String,
    /// With whom [7.4 c].
    pub audience: String,
    /// How [7.4 d].
    pub channel: String,
    /// Who does it.
    pub owner: MemberId,
    /// The next day on which it is to be done; none while it waits for an occasion.
    #[serde(default)]
    pub next_on: Option<NaiveDate>,
    /// The day whose passing was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fell_due_on: Option<NaiveDate>,
    /// The clauses and controls it serves.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// The last time it was done; earlier ones stand in the journal.
    #[serde(default)]
    pub last: Option<CarriedOut>,
    /// How often it was done.
    #[serde(default)]
    pub times: i64,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to plan one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommunicationPlanDraft {
    /// On what.
    pub subject: String,
    /// When.
    pub timing: String,
    /// With whom.
    pub audience: String,
    /// How.
    pub channel: String,
    /// Who does it; that the member exists is the caller's to check.
    pub owner: MemberId,
    /// The next day on which it is to be done.
    pub next_on: Option<NaiveDate>,
    /// Clauses and controls, at most [`REQUIREMENTS`].
    pub requirements: Vec<String>,
}

impl Record for CommunicationPlan {
    const PREFIX: Prefix = Prefix::CommunicationPlan;
    const MAKING: Permission = Permission::PlanCommunication;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Owned by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        by.principal() == Some(self.owner)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.subject)
    }

    fn owners(&self) -> Vec<MemberId> {
        vec![self.owner]
    }

    fn work(&self) -> Vec<Work> {
        match self.stage {
            Stage::InForce => self.next_on.map(|day| Work::of(self.owner, Some(day))).into_iter().collect(),
            Stage::Retired { .. } => Vec::new(),
        }
    }

    /// The day after its next day: that it was not done is noted once.
    fn wakes(&self) -> Option<Wake> {
        match self.stage {
            Stage::InForce => Wake::once_past(self.next_on?, self.fell_due_on),
            Stage::Retired { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::InForce => Responsibility::of_owner(self.owner),
            Stage::Retired { .. } => Vec::new(),
        }
    }
}

impl CommunicationPlan {
    /// Plans what the organisation communicates. `today` is the organisation's.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn plan(
        draft: CommunicationPlanDraft,
        today: NaiveDate,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let CommunicationPlanDraft { subject, timing, audience, channel, owner, next_on, requirements } = draft;
        let plan = Self {
            head: Head::born(by, birth),
            subject,
            timing,
            audience,
            channel,
            owner,
            next_on,
            fell_due_on: None,
            requirements,
            last: None,
            times: 0,
            stage: Stage::InForce,
        };
        let mut faults = plan.faults();
        if let Some(day) = next_on {
            faults.keep(text::day_to_come("/next_on", day, today));
        }
        faults.refuse()?;
        Ok(Change::born(plan, "planned"))
    }

    /// Whether it should have been done by now.
    #[must_use]
    pub fn is_overdue(&self, today: NaiveDate) -> bool {
        match self.stage {
            Stage::InForce => self.next_on.is_some_and(|day| day < today),
            Stage::Retired { .. } => false,
        }
    }

    /// Every fault of what people write.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/subject", &self.subject));
        for (pointer, line) in [("/timing", &self.timing), ("/audience", &self.audience), ("/channel", &self.channel)] {
            faults.keep(text::title(pointer, line));
        }
        text::requirements("/requirements", &self.requirements, REQUIREMENTS, &mut faults);
        faults
    }
}
