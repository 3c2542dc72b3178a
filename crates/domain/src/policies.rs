//! Policies [5.2, 7.5]: what each is for, whom it binds and when it is looked at again. What a policy says stands in its
//! versions ([`crate::policy_versions`]).

mod audience;
mod commands;
mod lifecycle;
mod mistakes;
#[cfg(test)]
pub(crate) mod tests;

pub use audience::Asked;
pub use commands::PolicyAmendment;
pub use lifecycle::{Facts, StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::approval::Content;
use crate::audience::Audience;
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{MemberId, PolicyId, PolicyVersionId};
use crate::mistakes::Voided;
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::text;
use crate::work::{Wake, Work};
use chrono::{DateTime, Days, Months, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// At most so many clauses and controls.
pub const REQUIREMENTS: usize = 50;
/// At most so many parties outside.
pub const PARTIES: usize = 50;
/// A policy is reviewed at least every five years.
pub const REVIEW_MONTHS: u32 = 60;
/// People have at most a year to acknowledge.
pub const ACKNOWLEDGE_DAYS: u32 = 365;
/// What superseded versions are kept for at most, where there is an end: a century.
pub const RETENTION_MONTHS: u32 = 1_200;

/// Who may see what the policy says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Classification {
    /// Anybody.
    Public,
    /// Whoever belongs to the organisation.
    Internal,
    /// Whoever needs it.
    Confidential,
    /// Named people.
    StrictlyConfidential,
}

/// What becomes of a version when its time of retention is over [7.5.3].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Disposition {
    /// It goes into the archive.
    Archive,
    /// It is destroyed.
    Destroy,
    /// Somebody decides then.
    Review,
}

/// How the document is kept under control [7.5.3].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Control {
    /// For how many months a version is kept after it held; `None` for good.
    #[serde(default)]
    pub retention_months: Option<u32>,
    /// What becomes of it then.
    pub disposition: Disposition,
    /// Where the document comes from, when it was made outside the organisation.
    #[serde(default)]
    pub external_origin: Option<String>,
}

/// That management has looked at a policy and left it as it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reaffirmation {
    /// The day, in the organisation's time zone.
    pub on: NaiveDate,
    /// Who.
    pub by: MemberId,
    /// What was looked at and why nothing changes.
    pub note: String,
}

/// The version that holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct InForce {
    /// Which one.
    pub version: PolicyVersionId,
    /// Its number.
    pub number: i64,
    /// Who wrote it.
    #[serde(default)]
    pub authors: Vec<MemberId>,
    /// Since when.
    pub published_on: NaiveDate,
    /// When the policy was last looked at: published or reaffirmed.
    pub reviewed_on: NaiveDate,
    /// The review date whose coming was noted.
    #[serde(default)]
    pub review_fell_due_on: Option<NaiveDate>,
    /// How many of those asked had not acknowledged when their time was over.
    #[serde(default)]
    pub outstanding: Option<i64>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// No version of it was ever published.
    Draft,
    /// A version of it holds.
    Published {
        /// Which one, and since when.
        current: InForce,
    },
    /// It does not hold any more.
    Retired {
        /// The version that held last.
        last: InForce,
        /// Why it ended.
        reason: String,
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// It was established by mistake.
    Void {
        /// What the mistake was.
        #[serde(flatten)]
        voided: Voided,
    },
}

/// A policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Policy {
    /// Identity and version.
    pub head: Head,
    /// One line.
    pub title: String,
    /// What it is for.
    pub purpose: String,
    /// Where it holds.
    pub scope: String,
    /// Who may see what it says.
    pub classification: Classification,
    /// The accountable member.
    pub owner: MemberId,
    /// Who must acknowledge it.
    pub audience: Audience,
    /// How many days those people have for it.
    pub acknowledge_within_days: u32,
    /// How many months pass between two reviews.
    pub review_months: u32,
    /// The clauses and controls it serves.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// Whether it is the information security policy itself [5.2].
    pub top_level: bool,
    /// Parties outside to whom it is available [5.2 g].
    #[serde(default)]
    pub available_to: Vec<String>,
    /// How the document is kept under control.
    pub control: Control,
    /// Reviews without a change, oldest first.
    #[serde(default)]
    pub reaffirmations: Vec<Reaffirmation>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to establish one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyDraft {
    /// One line.
    pub title: String,
    /// What it is for.
    pub purpose: String,
    /// Where it holds.
    pub scope: String,
    /// Who may see what it says.
    pub classification: Classification,
    /// The accountable member; that members exist is the caller's to check, here and in the audience.
    pub owner: MemberId,
    /// Who must acknowledge it.
    pub audience: Audience,
    /// How many days those people have for it, 1 to [`ACKNOWLEDGE_DAYS`].
    pub acknowledge_within_days: u32,
    /// How many months pass between two reviews, 1 to [`REVIEW_MONTHS`].
    pub review_months: u32,
    /// Clauses and controls, at most [`REQUIREMENTS`].
    pub requirements: Vec<String>,
    /// Whether it is the information security policy itself.
    pub top_level: bool,
    /// Parties outside, at most [`PARTIES`].
    pub available_to: Vec<String>,
    /// How the document is kept under control.
    pub control: Control,
}

impl Record for Policy {
    const PREFIX: Prefix = Prefix::Policy;
    const MAKING: Permission = Permission::EstablishPolicy;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Owned or established by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        let me = by.principal();
        me.is_some() && (Some(self.owner) == me || self.head.created_by == me)
    }

    /// What is published is there for every member to read.
    fn is_readable(&self, by: &Actor) -> bool {
        let is_theirs = self.is_own(by) || (by.member().is_some() && self.stage.was_published());
        by.reaches(Self::PREFIX) && by.may(Self::READING, is_theirs)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    /// The owner, and those who wrote what holds: neither audits it [9.2.2].
    fn owners(&self) -> Vec<MemberId> {
        let authors = self.in_force().map(|current| current.authors.as_slice()).unwrap_or_default();
        match self.stage {
            Stage::Draft | Stage::Published { .. } => {
                std::iter::once(self.owner).chain(authors.iter().copied()).collect()
            }
            Stage::Retired { .. } | Stage::Void { .. } => Vec::new(),
        }
    }

    fn answers_for(&self) -> Vec<&str> {
        self.requirements.iter().map(String::as_str).collect()
    }

    /// Its next review.
    fn work(&self) -> Vec<Work> {
        self.next_review_on().map(|day| Work::of(self.owner, Some(day))).into_iter().collect()
    }

    /// The day of its next review, and the day after the last on which it could be acknowledged in time; each is noted
    /// once.
    fn wakes(&self) -> Option<Wake> {
        [self.review_to_note(), self.deadline_to_note()].into_iter().flatten().min().map(Wake::On)
    }

    /// While it is neither retired nor void.
    fn takes_actions(&self) -> Option<i64> {
        match self.stage {
            Stage::Draft | Stage::Published { .. } => Some(0),
            Stage::Retired { .. } | Stage::Void { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::Draft | Stage::Published { .. } => Responsibility::of_owner(self.owner),
            Stage::Retired { .. } | Stage::Void { .. } => Vec::new(),
        }
    }
}

impl Stage {
    /// Whether a version of it holds, or once held.
    #[must_use]
    pub fn was_published(&self) -> bool {
        match self {
            Self::Draft | Self::Void { .. } => false,
            Self::Published { .. } | Self::Retired { .. } => true,
        }
    }
}

impl Policy {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> PolicyId {
        PolicyId(self.head.id)
    }

    /// The version that holds now.
    #[must_use]
    pub fn in_force(&self) -> Option<&InForce> {
        match &self.stage {
            Stage::Published { current } => Some(current),
            Stage::Draft | Stage::Retired { .. } | Stage::Void { .. } => None,
        }
    }

    /// When it is to be looked at again: while it holds.
    #[must_use]
    pub fn next_review_on(&self) -> Option<NaiveDate> {
        self.in_force()?.reviewed_on.checked_add_months(Months::new(self.review_months))
    }

    fn review_to_note(&self) -> Option<NaiveDate> {
        let next = self.next_review_on()?;
        (self.in_force()?.review_fell_due_on != Some(next)).then_some(next)
    }

    fn deadline_to_note(&self) -> Option<NaiveDate> {
        let current = self.in_force().filter(|current| current.outstanding.is_none())?;
        current.published_on.checked_add_days(Days::new(u64::from(self.acknowledge_within_days) + 1))
    }

    /// What of the policy itself is approved with a version of it: what it is for, where it holds and whom it binds.
    pub(crate) fn approved_with(&self, content: Content) -> Content {
        let classification: &str = self.classification.into();
        let content = content
            .with("title", &self.title)
            .with("purpose", &self.purpose)
            .with("scope", &self.scope)
            .with("classification", classification)
            .with("top_level", if self.top_level { "yes" } else { "no" })
            .with_each("requirement", &self.requirements);
        audience::approved_with(&self.audience, content)
    }

    /// Establishes a policy; what it says comes with its first version.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn establish(draft: PolicyDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let PolicyDraft {
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
        } = draft;
        let policy = Self {
            head: Head::born(by, birth),
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
            reaffirmations: Vec::new(),
            stage: Stage::Draft,
        };
        policy.faults().refuse()?;
        Ok(Change::born(policy, "established"))
    }

    /// Every fault of what people write.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &self.title));
        faults.keep(text::narrative("/purpose", &self.purpose));
        faults.keep(text::narrative("/scope", &self.scope));
        self.audience.check("/audience", &mut faults);
        let mut within = |pointer: &str, number: u32, limit: u32| {
            if number == 0 || number > limit {
                faults.push(Fault::new(pointer, "out_of_range", format!("must lie between 1 and {limit}")));
            }
        };
        within("/acknowledge_within_days", self.acknowledge_within_days, ACKNOWLEDGE_DAYS);
        within("/review_months", self.review_months, REVIEW_MONTHS);
        if let Some(months) = self.control.retention_months {
            within("/control/retention_months", months, RETENTION_MONTHS);
        }
        text::requirements("/requirements", &self.requirements, REQUIREMENTS, &mut faults);
        text::titles("/available_to", &self.available_to, PARTIES, &mut faults);
        if let Some(origin) = &self.control.external_origin {
            faults.keep(text::title("/control/external_origin", origin));
        }
        faults
    }
}
