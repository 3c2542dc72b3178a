//! Findings: what an audit has found, graded, with the requirement and the evidence that speak for it [9.2.1, 9.2.2].
//! The audit's report freezes them; a nonconformity or an improvement is raised of those that call for one.

mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Amendment, Case, Raise, Raised};
pub use lifecycle::{StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::audits::{Audit, StageName as AuditStage};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{AuditId, FindingId, MemberId, ProcessId, RecordId};
use crate::links::Relation;
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use crate::trace::TraceEdge;
use crate::work::Work;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// How grave it is.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray,
)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = FindingGrade))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Grade {
    /// The requirement is met and may not be for long.
    Observation,
    /// Something could be done better.
    Opportunity,
    /// A requirement is not met; the system's effect is not in doubt.
    Minor,
    /// A requirement is not met, and the system's effect is in doubt.
    Major,
}

impl Grade {
    /// Whether a requirement is not met.
    #[must_use]
    pub fn is_nonconforming(self) -> bool {
        match self {
            Self::Minor | Self::Major => true,
            Self::Observation | Self::Opportunity => false,
        }
    }
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Written down while the audit is conducted.
    Noted,
    /// Reported, and frozen.
    Issued {
        /// When.
        at: DateTime<Utc>,
    },
    /// It has its case.
    Raised {
        /// When it was reported.
        issued_at: DateTime<Utc>,
        /// A nonconformity or an improvement.
        case: Target,
        /// When that was raised.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
    /// It does not hold.
    Withdrawn {
        /// Why.
        reason: String,
        /// When it was reported; `None` of what was withdrawn before.
        #[serde(default)]
        issued_at: Option<DateTime<Utc>>,
        /// The case that had been raised of it.
        #[serde(default)]
        case: Option<Target>,
        /// When it was withdrawn.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Identity and version.
    pub head: Head,
    /// The audit that has found it.
    pub audit: AuditId,
    /// The item of its checklist that it is about.
    #[serde(default)]
    pub item: Option<i64>,
    /// One line.
    pub title: String,
    /// What was found.
    pub statement: String,
    /// What shows it.
    #[serde(default)]
    pub evidence: Option<String>,
    /// The clause or control that it is held against.
    #[serde(default)]
    pub requirement: Option<String>,
    /// The process in which it was found.
    #[serde(default)]
    pub process: Option<ProcessId>,
    /// How grave it is.
    #[serde(default)]
    pub grade: Option<Grade>,
    /// The later audit that has taken it over, to look at it again.
    #[serde(default)]
    pub carried_to: Option<AuditId>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to note one; evidence, requirement and grade can follow until the audit is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FindingDraft {
    /// The item of the audit's checklist that it is about.
    pub item: Option<i64>,
    /// One line.
    pub title: String,
    /// What was found.
    pub statement: String,
    /// What shows it.
    pub evidence: Option<String>,
    /// The clause or control that it is held against; the item's, where none is named.
    pub requirement: Option<String>,
    /// The process in which it was found; the item's, where none is named. That it exists is the caller's to check.
    pub process: Option<ProcessId>,
    /// How grave it is.
    pub grade: Option<Grade>,
}

impl Record for Finding {
    const PREFIX: Prefix = Prefix::Finding;
    const MAKING: Permission = Permission::ConductAudit;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// Noted by the actor, or of an audit for which the actor is engaged.
    fn is_own(&self, by: &Actor) -> bool {
        match by.engaged_for() {
            Some(engaged) => engaged.contains(&self.audit),
            None => by.principal().is_some() && self.head.created_by == by.principal(),
        }
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    fn edges(&self) -> Vec<TraceEdge> {
        let (own, audit) = (Target::of(self), Target { kind: Prefix::Audit, id: RecordId(self.audit.0) });
        let raised = self.case().map(|case| TraceEdge::new(own, Relation::Raised, case));
        [TraceEdge::new(audit, Relation::Raised, own)].into_iter().chain(raised).collect()
    }

    /// Until a nonconformity is raised of it, where it calls for one.
    fn work(&self) -> Vec<Work> {
        match self.stage {
            Stage::Issued { .. } if self.grade.is_some_and(Grade::is_nonconforming) => {
                vec![Work::of_whoever(Permission::ConductAudit, None, None)]
            }
            Stage::Noted | Stage::Issued { .. } | Stage::Raised { .. } | Stage::Withdrawn { .. } => Vec::new(),
        }
    }
}

impl Finding {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> FindingId {
        FindingId(self.head.id)
    }

    /// The case that was raised of it.
    #[must_use]
    pub fn case(&self) -> Option<Target> {
        match &self.stage {
            Stage::Noted | Stage::Issued { .. } => None,
            Stage::Raised { case, .. } => Some(*case),
            Stage::Withdrawn { case, .. } => *case,
        }
    }

    /// When its audit was reported.
    #[must_use]
    pub fn issued_at(&self) -> Option<DateTime<Utc>> {
        match &self.stage {
            Stage::Noted => None,
            Stage::Issued { at } => Some(*at),
            Stage::Raised { issued_at, .. } => Some(*issued_at),
            Stage::Withdrawn { issued_at, .. } => *issued_at,
        }
    }

    /// Whether the audit's report has not frozen it yet.
    #[must_use]
    pub fn is_noted(&self) -> bool {
        self.stage.name() == StageName::Noted
    }

    /// Whether a later audit is to look at it again.
    #[must_use]
    pub fn awaits_follow_up(&self) -> bool {
        match self.stage {
            Stage::Issued { .. } | Stage::Raised { .. } => self.carried_to.is_none(),
            Stage::Noted | Stage::Withdrawn { .. } => false,
        }
    }

    /// Whether clause or control, evidence and grade are given.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.requirement.is_some() && self.evidence.is_some() && self.grade.is_some()
    }

    /// Notes a finding of an audit that is being conducted.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], an audit in another stage, or every fault of the draft.
    pub fn note(draft: FindingDraft, audit: &Audit, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        if !by.may(Self::MAKING, audit.is_own(by)) {
            return Err(Refusal::Forbidden);
        }
        let stage = audit.stage.name();
        if stage != AuditStage::InProgress {
            let stage: &str = stage.into();
            let detail = format!("findings are noted while an audit is conducted; this one is {stage}");
            return Err(Refusal::State(vec![Reason::new("audit_not_in_progress", detail)]));
        }
        let FindingDraft { item, title, statement, evidence, requirement, process, grade } = draft;
        let about = item.and_then(|number| audit.item(number));
        let finding = Self {
            head: Head::born(by, birth),
            audit: audit.id(),
            item,
            title,
            statement,
            evidence,
            requirement: requirement.or_else(|| about?.requirement.clone()),
            process: process.or_else(|| about?.process),
            grade,
            carried_to: None,
            stage: Stage::Noted,
        };
        let mut faults = finding.faults();
        if item.is_some() && about.is_none() {
            faults.push(Fault::new("/item", "unknown_item", "must be the number of an item of the audit"));
        }
        faults.refuse()?;
        Ok(Change::born(finding, "noted"))
    }

    /// Every fault of what people write.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &self.title));
        faults.keep(text::narrative("/statement", &self.statement));
        if let Some(evidence) = &self.evidence {
            faults.keep(text::narrative("/evidence", evidence));
        }
        if let Some(requirement) = &self.requirement {
            faults.keep(text::requirement("/requirement", requirement));
        }
        faults
    }
}
