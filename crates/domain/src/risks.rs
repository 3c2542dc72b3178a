//! Risks [6.1.2, 6.1.3, 8.2, 8.3]: a small register, fed by hand or by another tool.

mod commands;
mod lifecycle;
mod migration;
mod mistakes;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Amendment, Assess, ReviewRisk, Treat};
pub use lifecycle::{Facts, StageName, Verb, edge};
pub use migration::History;

use crate::acceptance::Acceptance;
use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::MemberId;
use crate::imports::Migrated;
use crate::links::Relation;
use crate::mistakes::Voided;
use crate::rating::Rating;
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::text;
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// At most so many controls.
pub const CONTROLS: usize = 93;

/// What is done about a risk [6.1.3 a].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = RiskTreatmentOption))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum TreatmentOption {
    /// Controls make it less likely, or less bad.
    Modify,
    /// It is taken as it is: what `accept` says.
    Retain,
    /// What brings it about is not done any more.
    Avoid,
    /// Others bear it, too: an insurer, a supplier.
    Share,
}

/// What is done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Treatment {
    /// In one word.
    pub option: TreatmentOption,
    /// In many.
    pub description: String,
    /// Since when that is in place.
    pub at: DateTime<Utc>,
    /// Who said so.
    pub by: Option<MemberId>,
}

/// How it was seen at one moment: the first assessment, and every review since [8.2].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Review {
    /// Without treatment.
    pub inherent: Rating,
    /// What is left of it; `None` while it is not treated.
    #[serde(default)]
    pub residual: Option<Rating>,
    /// Why so.
    pub rationale: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// It is named.
    Identified,
    /// It is known how grave it is.
    Assessed,
    /// What is done about it is in place.
    Treated,
    /// Management takes what is left of it as it is, until a day.
    Accepted {
        /// By whom and until when.
        acceptance: Acceptance,
    },
    /// There is no such risk any more.
    Retired {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
    /// It was registered by mistake.
    Void {
        /// Why.
        voided: Voided,
    },
}

/// A risk.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Risk {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub title: String,
    /// What could happen, by what, and what it would do.
    pub description: String,
    /// What another tool calls it; unique in the organisation.
    #[serde(default)]
    pub external_reference: Option<String>,
    /// The record that it was born of.
    #[serde(default)]
    pub origin: Option<Target>,
    /// Controls of Annex A that keep it down.
    #[serde(default)]
    pub controls: Vec<String>,
    /// The risk owner [6.1.2 c]; set by `assess`.
    #[serde(default)]
    pub owner: Option<MemberId>,
    /// Without treatment; set by `assess`.
    #[serde(default)]
    pub inherent: Option<Rating>,
    /// What is left of it; set by `treat`.
    #[serde(default)]
    pub residual: Option<Rating>,
    /// What is done about it; set by `treat`, and by `accept` where nothing was done.
    #[serde(default)]
    pub treatment: Option<Treatment>,
    /// The day by which it is looked at again; set by `assess` and by every review.
    #[serde(default)]
    pub review_on: Option<NaiveDate>,
    /// The review date whose passing was noted.
    #[serde(default)]
    pub review_fell_due_on: Option<NaiveDate>,
    /// How it was seen, oldest first.
    #[serde(default)]
    pub reviews: Vec<Review>,
    /// Acceptances that have ended, oldest first.
    #[serde(default)]
    pub acceptances: Vec<Acceptance>,
    /// What another register says of it, where it was brought in from there.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub migrated: Option<Migrated>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to register one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RiskDraft {
    /// One line.
    pub title: String,
    /// What could happen, by what, and what it would do.
    pub description: String,
    /// What another tool calls it.
    pub external_reference: Option<String>,
    /// The record that it is born of; that it exists is the caller's to check.
    pub origin: Option<Target>,
    /// Controls of Annex A, at most [`CONTROLS`].
    pub controls: Vec<String>,
}

impl Record for Risk {
    const PREFIX: Prefix = Prefix::Risk;
    const MAKING: Permission = Permission::RegisterRisk;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Owned by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        by.principal().is_some() && self.owner == by.principal()
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    fn owners(&self) -> Vec<MemberId> {
        self.owner.into_iter().collect()
    }

    fn edges(&self) -> Vec<TraceEdge> {
        let own = Target::of(self);
        self.origin.map(|origin| TraceEdge::new(origin, Relation::Raised, own)).into_iter().collect()
    }

    fn work(&self) -> Vec<Work> {
        match self.stage {
            Stage::Identified => vec![Work::of_whoever(Permission::SteerRisk, None, None)],
            Stage::Assessed | Stage::Treated | Stage::Accepted { .. } => {
                self.owner.map(|owner| Work::of(owner, self.review_on)).into_iter().collect()
            }
            Stage::Retired { .. } | Stage::Void { .. } => Vec::new(),
        }
    }

    /// When an acceptance ends, or the day after the review date: that it has passed is noted once.
    fn wakes(&self) -> Option<Wake> {
        let ends = match &self.stage {
            Stage::Accepted { acceptance } => acceptance.ends_on(),
            Stage::Identified | Stage::Assessed | Stage::Treated => None,
            Stage::Retired { .. } | Stage::Void { .. } => return None,
        };
        let due = self.review_on.filter(|day| self.review_fell_due_on != Some(*day));
        let due = due.and_then(|day| day.succ_opt());
        ends.into_iter().chain(due).min().map(Wake::On)
    }

    /// Once it is known how grave it is, until it is retired.
    fn takes_actions(&self) -> Option<i64> {
        match self.stage {
            Stage::Assessed | Stage::Treated | Stage::Accepted { .. } => Some(0),
            Stage::Identified | Stage::Retired { .. } | Stage::Void { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::Identified | Stage::Assessed | Stage::Treated | Stage::Accepted { .. } => {
                Responsibility::of_owner(self.owner)
            }
            Stage::Retired { .. } | Stage::Void { .. } => Vec::new(),
        }
    }
}

impl Risk {
    /// How grave it is now, 1 to 25: what is left of it, or what it is without treatment; `None` while it is not
    /// assessed.
    #[must_use]
    pub fn level(&self) -> Option<i64> {
        self.residual.or(self.inherent).map(Rating::level)
    }

    /// Registers a risk.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn register(draft: RiskDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let RiskDraft { title, description, external_reference, origin, controls } = draft;
        let risk = Self {
            head: Head::born(by, birth),
            title,
            description,
            external_reference,
            origin,
            controls,
            owner: None,
            inherent: None,
            residual: None,
            treatment: None,
            review_on: None,
            review_fell_due_on: None,
            reviews: Vec::new(),
            acceptances: Vec::new(),
            migrated: None,
            stage: Stage::Identified,
        };
        risk.faults().refuse()?;
        Ok(Change::born(risk, "registered"))
    }

    /// Every fault of what people write.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &self.title));
        faults.keep(text::narrative("/description", &self.description));
        if let Some(reference) = &self.external_reference {
            faults.keep(text::title("/external_reference", reference));
        }
        if self.controls.len() > CONTROLS {
            faults.push(Fault::new("/controls", "length", format!("must name at most {CONTROLS}")));
        }
        for (index, control) in self.controls.iter().enumerate() {
            faults.keep(text::control(&format!("/controls/{index}"), control));
        }
        faults
    }
}
