//! Versions of policies [5.2, 7.5.2]: what a policy says, who wrote it, who approved it, and from when to when it holds.
//!
//! One version of a policy is worked on at a time, and one holds.

mod commands;
mod lifecycle;
mod publication;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{PolicyVersionAmendment, Submit};
pub use lifecycle::{Facts, StageName, Verb, edge};
pub use publication::{Publish, Published, Retired};

use crate::access::{Actor, Permission};
use crate::approval::{Approval, Content};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{EvidenceId, MemberId, PolicyId, PolicyVersionId, RecordId};
use crate::links::Relation;
use crate::policies::{self, Policy};
use crate::reference::{Prefix, Target};
use crate::refusal::{Faults, Refusal};
use crate::responsibilities::{Part, Responsibility};
use crate::separation::SeparationException;
use crate::text;
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};

/// The file that a version consists of: evidence that was attached to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DocumentFile {
    /// Which piece of evidence.
    pub evidence: EvidenceId,
    /// As its sender called it.
    pub name: String,
    /// SHA-256 of its content, hexadecimal: what is approved is this very content.
    pub sha256: String,
}

/// What whoever submits the information security policy itself confirms of it [5.2 a-d].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = PolicyConfirmations))]
#[serde(deny_unknown_fields)]
pub struct Confirmations {
    /// It fits what the organisation is there for [5.2 a].
    pub fits_purpose: bool,
    /// It contains security objectives, or the frame in which they are set [5.2 b].
    pub frames_objectives: bool,
    /// It commits to the requirements that apply [5.2 c].
    pub commits_to_requirements: bool,
    /// It commits to making the management system better all the time [5.2 d].
    pub commits_to_improvement: bool,
}

/// That it was put before those who approve.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Submission {
    /// By whom.
    pub by: Option<MemberId>,
    /// When.
    pub at: DateTime<Utc>,
    /// Of the information security policy itself.
    #[serde(default)]
    pub confirmations: Option<Confirmations>,
}

/// That it was sent back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rejection {
    /// Why.
    pub reason: String,
    /// By whom.
    pub by: Option<MemberId>,
    /// When.
    pub at: DateTime<Utc>,
}

/// That it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publication {
    /// Since which day, in the organisation's time zone.
    pub effective_on: NaiveDate,
    /// When it was published.
    pub at: DateTime<Utc>,
    /// By whom; `None` when it was scheduled and its day had come.
    pub by: Option<MemberId>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Being written.
    Draft,
    /// Before those who approve.
    InReview {
        /// By whom and when.
        submission: Submission,
    },
    /// Approved and not yet published.
    Approved {
        /// By whom and when it was submitted.
        submission: Submission,
        /// Of what was submitted.
        approval: Approval,
    },
    /// Will be published by itself.
    Scheduled {
        /// By whom and when it was submitted.
        submission: Submission,
        /// Of what was submitted.
        approval: Approval,
        /// When that day begins.
        effective_on: NaiveDate,
    },
    /// It holds.
    Published {
        /// By whom and when it was submitted.
        submission: Submission,
        /// Of what was submitted.
        approval: Approval,
        /// Since when it holds.
        publication: Publication,
    },
    /// Another version holds.
    Superseded {
        /// By whom and when it was submitted.
        submission: Submission,
        /// Of what was submitted.
        approval: Approval,
        /// Since when it held.
        publication: Publication,
        /// The other one.
        by: PolicyVersionId,
        /// Since when that one holds.
        at: DateTime<Utc>,
    },
    /// The policy does not hold any more.
    Retired {
        /// By whom and when it was submitted.
        submission: Submission,
        /// Of what was submitted.
        approval: Approval,
        /// Since when it held.
        publication: Publication,
        /// Why it ended.
        reason: String,
        /// When it ended.
        at: DateTime<Utc>,
    },
    /// It never held.
    Withdrawn {
        /// Why not.
        reason: String,
        /// When it was withdrawn.
        at: DateTime<Utc>,
    },
}

/// A version of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyVersion {
    /// Identity and version of the record.
    pub head: Head,
    /// The policy.
    pub policy: PolicyId,
    /// What the policy was called when this was drafted.
    pub policy_title: String,
    /// Counts the versions of the policy, from 1.
    pub number: i64,
    /// What it says, in Markdown.
    #[serde(default)]
    pub body: Option<String>,
    /// The file that says it.
    #[serde(default)]
    pub file: Option<DocumentFile>,
    /// What is new about it.
    pub change_summary: String,
    /// Who wrote it: first whoever drafted it, then whoever changed what it says.
    pub authors: Vec<MemberId>,
    /// The version that held before it; known when it is published.
    #[serde(default)]
    pub former: Option<PolicyVersionId>,
    /// How often and why it was sent back, oldest first.
    #[serde(default)]
    pub rejections: Vec<Rejection>,
    /// Duties that were not kept apart.
    #[serde(default)]
    pub exceptions: Vec<SeparationException>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to draft one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyVersionDraft {
    /// What it says, in Markdown; it can be written later.
    pub body: Option<String>,
    /// What is new about it.
    pub change_summary: String,
}

/// What of a policy's versions must be known to draft another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Versions {
    /// The highest number so far.
    pub last: i64,
    /// The number of the one that is being worked on.
    pub open: Option<i64>,
}

impl Record for PolicyVersion {
    const PREFIX: Prefix = Prefix::PolicyVersion;
    const MAKING: Permission = Permission::WritePolicy;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn exceptions(&self) -> &[SeparationException] {
        &self.exceptions
    }

    /// Written by the actor.
    fn is_own(&self, by: &Actor) -> bool {
        by.principal().is_some_and(|me| self.authors.contains(&me))
    }

    /// What was ever published is there for every member to read: they may have acknowledged it.
    fn is_readable(&self, by: &Actor) -> bool {
        let is_theirs = self.is_own(by) || (by.member().is_some() && self.stage.was_published());
        by.reaches(Self::PREFIX) && by.may(Self::READING, is_theirs)
    }

    fn title(&self) -> Option<&str> {
        Some(&self.policy_title)
    }

    fn edges(&self) -> Vec<TraceEdge> {
        let own = Target::of(self);
        let policy = Target { kind: Prefix::Policy, id: RecordId(self.policy.0) };
        let former = self.former.map(|former| Target { kind: Prefix::PolicyVersion, id: RecordId(former.0) });
        let supersedes = former.map(|former| TraceEdge::new(own, Relation::Supersedes, former));
        [TraceEdge::new(own, Relation::RelatesTo, policy)].into_iter().chain(supersedes).collect()
    }

    fn work(&self) -> Vec<Work> {
        let author = self.authors.first().copied();
        match self.stage {
            Stage::Draft => author.map(|author| Work::of(author, None)).into_iter().collect(),
            Stage::InReview { .. } => vec![Work::of_whoever(Permission::ApprovePolicy, author, None)],
            Stage::Approved { .. } => vec![Work::of_whoever(Permission::PublishPolicy, None, None)],
            Stage::Scheduled { .. }
            | Stage::Published { .. }
            | Stage::Superseded { .. }
            | Stage::Retired { .. }
            | Stage::Withdrawn { .. } => Vec::new(),
        }
    }

    /// When its effective day begins.
    fn wakes(&self) -> Option<Wake> {
        match &self.stage {
            Stage::Scheduled { effective_on, .. } => Some(Wake::On(*effective_on)),
            Stage::Draft
            | Stage::InReview { .. }
            | Stage::Approved { .. }
            | Stage::Published { .. }
            | Stage::Superseded { .. }
            | Stage::Retired { .. }
            | Stage::Withdrawn { .. } => None,
        }
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match self.stage {
            Stage::Draft => Responsibility::of(Part::Author, self.authors.first().copied()).collect(),
            Stage::InReview { .. }
            | Stage::Approved { .. }
            | Stage::Scheduled { .. }
            | Stage::Published { .. }
            | Stage::Superseded { .. }
            | Stage::Retired { .. }
            | Stage::Withdrawn { .. } => Vec::new(),
        }
    }
}

impl Stage {
    /// Whether it holds, or once held.
    #[must_use]
    pub fn was_published(&self) -> bool {
        match self {
            Self::Published { .. } | Self::Superseded { .. } | Self::Retired { .. } => true,
            Self::Draft
            | Self::InReview { .. }
            | Self::Approved { .. }
            | Self::Scheduled { .. }
            | Self::Withdrawn { .. } => false,
        }
    }

    /// Whether it is still being worked on.
    #[must_use]
    pub fn is_open(&self) -> bool {
        match self {
            Self::Draft | Self::InReview { .. } | Self::Approved { .. } | Self::Scheduled { .. } => true,
            Self::Published { .. } | Self::Superseded { .. } | Self::Retired { .. } | Self::Withdrawn { .. } => false,
        }
    }

    /// The approval, while there is one.
    #[must_use]
    pub fn approval(&self) -> Option<&Approval> {
        match self {
            Self::Approved { approval, .. }
            | Self::Scheduled { approval, .. }
            | Self::Published { approval, .. }
            | Self::Superseded { approval, .. }
            | Self::Retired { approval, .. } => Some(approval),
            Self::Draft | Self::InReview { .. } | Self::Withdrawn { .. } => None,
        }
    }
}

impl PolicyVersion {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> PolicyVersionId {
        PolicyVersionId(self.head.id)
    }

    /// What is approved: what the version says, and what the policy is for, where it holds and whom it binds.
    #[must_use]
    pub fn content(&self, policy: &Policy) -> Content {
        policy
            .approved_with(Content::default().with("number", &self.number.to_string()))
            .with("change_summary", &self.change_summary)
            .with_each("body", &self.body)
            .with_each("file", self.file.as_ref().map(|file| &file.sha256))
    }

    /// Drafts the next version of a policy.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`]; the policy is retired, another version is being worked on, or a machine asks; every
    /// fault of the draft.
    pub fn draft(
        draft: PolicyVersionDraft,
        (policy, versions): (&Policy, Versions),
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        if !by.may(Self::MAKING, policy.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let Some(author) = by.member() else {
            return Err(Refusal::state("person_needed", "a policy is written by a person, not by a machine"));
        };
        match &policy.stage {
            policies::Stage::Draft | policies::Stage::Published { .. } => {}
            policies::Stage::Retired { .. } => return Err(lifecycle::policy_is_retired()),
            policies::Stage::Void { .. } => return Err(lifecycle::policy_is_void()),
        }
        if let Some(open) = versions.open {
            let detail = format!("version {open} of it is still being worked on: publish or withdraw that one first");
            return Err(Refusal::state("version_open", detail));
        }
        let PolicyVersionDraft { body, change_summary } = draft;
        let version = Self {
            head: Head::born(by, birth),
            policy: policy.id(),
            policy_title: policy.title.clone(),
            number: versions.last + 1,
            body,
            file: None,
            change_summary,
            authors: vec![author],
            former: None,
            rejections: Vec::new(),
            exceptions: Vec::new(),
            stage: Stage::Draft,
        };
        version.faults().refuse()?;
        Ok(Change::born(version, "drafted"))
    }

    /// Every fault of what people write.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        if let Some(body) = &self.body {
            faults.keep(text::document("/body", body));
        }
        faults.keep(text::narrative("/change_summary", &self.change_summary));
        faults
    }
}
