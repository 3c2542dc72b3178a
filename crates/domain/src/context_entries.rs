//! The context that the management system starts from [4.1, 4.2]: external and internal issues, interested parties with
//! their requirements, and the decision whether climate change matters; each with the day on which it was last reviewed.

mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{ContextAmendment, Review};
pub use lifecycle::{Facts, StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::MemberId;
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::responsibilities::Responsibility;
use crate::text;
use crate::work::{Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// At most so many requirements of one interested party.
pub const REQUIREMENTS: usize = 50;

/// What an entry speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = ContextKind))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Something outside the organisation that bears on what the system can achieve [4.1].
    ExternalIssue,
    /// Something inside that does [4.1].
    InternalIssue,
    /// Somebody with requirements of the system [4.2].
    InterestedParty,
    /// Whether climate change is a relevant issue [4.1]; one entry in force at a time.
    ClimateChange,
}

/// A requirement of an interested party.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    /// What is required [4.2 b].
    pub text: String,
    /// How the management system addresses it; `None` where it does not [4.2 c].
    #[serde(default)]
    pub addressed_by: Option<String>,
}

/// What only one kind of entry says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Matter {
    /// See [`Kind::ExternalIssue`].
    ExternalIssue,
    /// See [`Kind::InternalIssue`].
    InternalIssue,
    /// See [`Kind::InterestedParty`].
    InterestedParty {
        /// What the party requires, at least one thing.
        requirements: Vec<Need>,
    },
    /// See [`Kind::ClimateChange`].
    ClimateChange {
        /// Whether it matters; why is the entry's description.
        relevant: bool,
    },
}

impl Matter {
    /// What the entry speaks of.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            Self::ExternalIssue => Kind::ExternalIssue,
            Self::InternalIssue => Kind::InternalIssue,
            Self::InterestedParty { .. } => Kind::InterestedParty,
            Self::ClimateChange { .. } => Kind::ClimateChange,
        }
    }
}

/// When somebody last asked whether it still holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastReview {
    /// On which day, in the organisation's time zone.
    pub on: NaiveDate,
    /// Who; `None` for a machine.
    pub by: Option<MemberId>,
    /// What was concluded; `None` for the day on which the entry was recorded.
    #[serde(default)]
    pub conclusion: Option<String>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// It holds.
    Current,
    /// It does not hold any more.
    Retired {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
}

/// One thing that the management system starts from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContextEntry {
    /// Identity and version.
    pub head: Head,
    /// One line: the issue, or who the party is.
    pub title: String,
    /// What it is and how it bears on the system; for climate change why it matters or not.
    pub description: String,
    /// What only its kind says.
    pub matter: Matter,
    /// Who watches it.
    #[serde(default)]
    pub owner: Option<MemberId>,
    /// When it was last reviewed.
    pub last_review: LastReview,
    /// The day by which it is to be reviewed again.
    #[serde(default)]
    pub review_due_on: Option<NaiveDate>,
    /// The day of a review whose passing was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub review_fell_due_on: Option<NaiveDate>,
    /// When what it says last changed: recorded, amended or retired, not merely reviewed.
    pub changed_at: DateTime<Utc>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to record one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContextDraft {
    /// What it speaks of.
    pub kind: Kind,
    /// One line.
    pub title: String,
    /// What it is and how it bears on the system.
    pub description: String,
    /// Of an interested party alone: 1 to [`REQUIREMENTS`].
    pub requirements: Option<Vec<Need>>,
    /// Of climate change alone: whether it matters.
    pub relevant: Option<bool>,
    /// Who watches it; that the member exists is the caller's to check.
    pub owner: Option<MemberId>,
    /// The day by which it is to be reviewed again.
    pub review_due_on: Option<NaiveDate>,
}

impl Record for ContextEntry {
    const PREFIX: Prefix = Prefix::ContextEntry;
    const MAKING: Permission = Permission::DefineContext;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Watched or recorded by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        let me = by.principal();
        me.is_some() && (self.owner == me || self.head.created_by == me)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    fn owners(&self) -> Vec<MemberId> {
        self.owner.into_iter().collect()
    }

    fn work(&self) -> Vec<Work> {
        match (&self.stage, self.review_due_on, self.owner) {
            (Stage::Current, Some(due), Some(owner)) => vec![Work::of(owner, Some(due))],
            (Stage::Current, Some(due), None) => vec![Work::of_whoever(Permission::SteerContext, None, Some(due))],
            (Stage::Current, None, _) | (Stage::Retired { .. }, _, _) => Vec::new(),
        }
    }

    /// The day after the one of its review: that it has passed is noted once.
    fn wakes(&self) -> Option<Wake> {
        match self.stage {
            Stage::Current => Wake::once_past(self.review_due_on?, self.review_fell_due_on),
            Stage::Retired { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::Current => Responsibility::of_owner(self.owner),
            Stage::Retired { .. } => Vec::new(),
        }
    }
}

impl ContextEntry {
    /// Records an entry; the day of that counts as its first review. `facts` speak of the organisation, since there is
    /// no record yet.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], every fault of the draft, or a climate decision is in force already.
    pub fn record(draft: ContextDraft, facts: &Facts, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let ContextDraft { kind, title, description, requirements, relevant, owner, review_due_on } = draft;
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &title));
        faults.keep(text::narrative("/description", &description));
        let matter = matter_of(kind, requirements, relevant, &mut faults);
        if let Some(due) = review_due_on {
            faults.keep(text::day_to_come("/review_due_on", due, facts.today));
        }
        faults.refuse()?;
        if kind == Kind::ClimateChange && facts.has_climate_decision {
            let detail = "a decision about climate change is in force: amend, review or retire that one";
            return Err(Refusal::state("one_in_force", detail));
        }
        // Without a matter there was a fault.
        let Some(matter) = matter else { return Err(Refusal::invalid("/kind", "type", "must fit what is said")) };
        let last_review = LastReview { on: facts.today, by: by.member(), conclusion: None };
        let (head, changed_at, stage) = (Head::born(by, birth), birth.at, Stage::Current);
        let entry = Self {
            head,
            title,
            description,
            matter,
            owner,
            last_review,
            review_due_on,
            review_fell_due_on: None,
            changed_at,
            stage,
        };
        Ok(Change::born(entry, "recorded"))
    }
}

/// What the kind says, out of what was given: what it needs and nothing that belongs to another kind.
fn matter_of(
    kind: Kind,
    requirements: Option<Vec<Need>>,
    relevant: Option<bool>,
    faults: &mut Faults,
) -> Option<Matter> {
    let is_party = kind == Kind::InterestedParty;
    if requirements.is_some() && !is_party {
        faults.push(Fault::new("/requirements", "not_applicable", "only an interested party has requirements"));
    }
    if relevant.is_some() && kind != Kind::ClimateChange {
        faults.push(Fault::new("/relevant", "not_applicable", "is decided of climate change alone"));
    }
    match kind {
        Kind::ExternalIssue => Some(Matter::ExternalIssue),
        Kind::InternalIssue => Some(Matter::InternalIssue),
        Kind::InterestedParty => {
            let requirements = requirements.unwrap_or_default();
            note_requirements(&requirements, faults);
            Some(Matter::InterestedParty { requirements })
        }
        Kind::ClimateChange => {
            let fault = || Fault::new("/relevant", "required", "say whether climate change is a relevant issue");
            faults.keep(relevant.ok_or_else(fault)).map(|relevant| Matter::ClimateChange { relevant })
        }
    }
}

fn note_requirements(requirements: &[Need], faults: &mut Faults) {
    if requirements.is_empty() || requirements.len() > REQUIREMENTS {
        faults.push(Fault::new("/requirements", "length", format!("must name 1 to {REQUIREMENTS}")));
    }
    for (index, Need { text, addressed_by }) in requirements.iter().enumerate() {
        faults.keep(text::narrative(&format!("/requirements/{index}/text"), text));
        if let Some(addressed_by) = addressed_by {
            faults.keep(text::narrative(&format!("/requirements/{index}/addressed_by"), addressed_by));
        }
    }
}
