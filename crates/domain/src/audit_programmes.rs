//! Audit programmes [9.2.2]: which audits are planned for a time, what they cover between them, and what was taken into
//! account. Management approves them.

mod commands;
mod coverage;
mod lifecycle;
mod mistakes;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Amendment, Close};
pub use coverage::{Cell, Column, Coverage, Ground, Line, Totals, YEARS, never_audited, window};
pub use lifecycle::{Facts, StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::approval::{self, Approval};
use crate::audits::{NAMED, REQUIREMENTS, few_and_once};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{AuditProgrammeId, MemberId, ProcessId};
use crate::indicators::built_in::Share;
use crate::mistakes::Voided;
use crate::reference::Prefix;
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::work::Work;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// A planned audit of the coverage plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedAudit {
    /// How it is called within the plan: `2026-1`.
    pub key: String,
    /// One line.
    pub title: String,
    /// The first day on which it may begin.
    pub starts_on: NaiveDate,
    /// The day by which it is to be reported.
    pub ends_on: NaiveDate,
    /// The clauses and controls it is to cover; one that has sub-clauses stands for all of them.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// The processes it is to cover.
    #[serde(default)]
    pub processes: Vec<ProcessId>,
}

/// What people write, and what an approval is bound to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Content {
    /// One line.
    pub title: String,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
    /// What it is to find out [9.2.1].
    #[serde(default)]
    pub objectives: Option<String>,
    /// How often what is audited [9.2.2].
    #[serde(default)]
    pub frequency: Option<String>,
    /// How it is audited.
    #[serde(default)]
    pub methods: Option<String>,
    /// Who is responsible for what.
    #[serde(default)]
    pub responsibilities: Option<String>,
    /// What planning must see to.
    #[serde(default)]
    pub planning_requirements: Option<String>,
    /// To whom results are reported, and when.
    #[serde(default)]
    pub reporting: Option<String>,
    /// How the importance of processes was taken into account [9.2.2].
    #[serde(default)]
    pub process_importance: Option<String>,
    /// How the results of earlier audits were taken into account [9.2.2].
    #[serde(default)]
    pub earlier_results: Option<String>,
    /// Which audit covers what.
    #[serde(default)]
    pub plan: Vec<PlannedAudit>,
}

/// That it is over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closure {
    /// What it came to.
    pub summary: String,
    /// Why planned audits were not conducted, where some were not.
    #[serde(default)]
    pub not_audited_because: Option<String>,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Being written.
    Draft,
    /// In force.
    Approved {
        /// Of what, by whom.
        approval: Approval,
    },
    /// Over.
    Closed {
        /// Of what, by whom.
        approval: Approval,
        /// What it came to.
        closure: Closure,
    },
    /// It was drafted by mistake.
    Void {
        /// What the mistake was.
        #[serde(flatten)]
        voided: Voided,
    },
}

/// An audit programme.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditProgramme {
    /// Identity and version.
    pub head: Head,
    /// What people write.
    pub content: Content,
    /// Earlier approvals, oldest first.
    #[serde(default)]
    pub earlier_approvals: Vec<Approval>,
    /// Where it stands.
    pub stage: Stage,
}

impl Record for AuditProgramme {
    const PREFIX: Prefix = Prefix::AuditProgramme;
    const MAKING: Permission = Permission::PlanAudit;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn title(&self) -> Option<&str> {
        Some(&self.content.title)
    }

    /// An approval, once it is complete; when its time is over, its end.
    fn work(&self) -> Vec<Work> {
        let approval = Work::of_whoever(Permission::ApproveAuditProgramme, None, Some(self.content.starts_on));
        match &self.stage {
            Stage::Draft if self.missing().is_empty() => vec![approval],
            Stage::Draft | Stage::Closed { .. } | Stage::Void { .. } => Vec::new(),
            Stage::Approved { .. } if self.is_stale() => vec![approval],
            Stage::Approved { .. } => {
                vec![Work::of_whoever(Permission::CloseAudit, None, Some(self.content.ends_on))]
            }
        }
    }
}

impl AuditProgramme {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> AuditProgrammeId {
        AuditProgrammeId(self.head.id)
    }

    /// The planned audit of that key.
    #[must_use]
    pub fn planned(&self, key: &str) -> Option<&PlannedAudit> {
        self.content.plan.iter().find(|planned| planned.key == key)
    }

    /// Of the planned audits that were to be reported before a day, those that are. `reported` names them by programme and
    /// key.
    #[must_use]
    pub fn completion(&self, reported: &BTreeSet<(AuditProgrammeId, String)>, day: NaiveDate) -> Share {
        let due = || self.content.plan.iter().filter(|planned| planned.ends_on < day);
        let done = due().filter(|planned| reported.contains(&(self.id(), planned.key.clone())));
        let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        Share { part: count(done.count()), whole: count(due().count()) }
    }

    /// Its approval, where it has one.
    #[must_use]
    pub fn approval(&self) -> Option<&Approval> {
        match &self.stage {
            Stage::Draft | Stage::Void { .. } => None,
            Stage::Approved { approval } | Stage::Closed { approval, closure: _ } => Some(approval),
        }
    }

    /// What the mistake was, where it is void.
    #[must_use]
    pub fn voided(&self) -> Option<&Voided> {
        match &self.stage {
            Stage::Void { voided } => Some(voided),
            Stage::Draft | Stage::Approved { .. } | Stage::Closed { .. } => None,
        }
    }

    /// Whether it was changed since it was approved.
    #[must_use]
    pub fn is_stale(&self) -> bool {
        self.approval().is_some_and(|approval| approval.is_stale(&self.content.to_approve()))
    }

    /// Drafts a programme. That its processes exist is the caller's to check.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the content.
    pub fn draft(content: Content, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        content.faults().refuse()?;
        let programme =
            Self { head: Head::born(by, birth), content, earlier_approvals: Vec::new(), stage: Stage::Draft };
        Ok(Change::born(programme, "drafted"))
    }
}

impl Content {
    /// What is approved: all of it, and the plan audit by audit.
    pub(super) fn to_approve(&self) -> approval::Content {
        let days = approval::Content::default()
            .with("title", &self.title)
            .with("starts_on", &self.starts_on.to_string())
            .with("ends_on", &self.ends_on.to_string());
        let said = self.narratives().into_iter().filter_map(|(name, text)| Some((name, text?)));
        let described = said.fold(days, |content, (name, text)| content.with(name, text));
        self.plan.iter().fold(described, |content, planned| planned.approved_with(content))
    }

    /// Every fault of what people write.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &self.title));
        if self.ends_on < self.starts_on {
            faults.push(Fault::new("/ends_on", "out_of_range", "must not lie before starts_on"));
        }
        for (pointer, narrative) in self.narratives() {
            if let Some(narrative) = narrative {
                faults.keep(text::narrative(&format!("/{pointer}"), narrative));
            }
        }
        if self.plan.len() > NAMED {
            faults.push(Fault::new("/plan", "length", format!("must have at most {NAMED} audits")));
        }
        for (index, planned) in self.plan.iter().enumerate() {
            planned.note_faults(index, self, &mut faults);
        }
        faults
    }

    /// What 9.2.2 asks to be said, by name.
    fn narratives(&self) -> [(&'static str, Option<&String>); 8] {
        [
            ("objectives", self.objectives.as_ref()),
            ("frequency", self.frequency.as_ref()),
            ("methods", self.methods.as_ref()),
            ("responsibilities", self.responsibilities.as_ref()),
            ("planning_requirements", self.planning_requirements.as_ref()),
            ("reporting", self.reporting.as_ref()),
            ("process_importance", self.process_importance.as_ref()),
            ("earlier_results", self.earlier_results.as_ref()),
        ]
    }
}

impl PlannedAudit {
    fn approved_with(&self, content: approval::Content) -> approval::Content {
        let Self { key, title, starts_on, ends_on, requirements, processes } = self;
        content
            .with("key", key)
            .with("title", title)
            .with("starts_on", &starts_on.to_string())
            .with("ends_on", &ends_on.to_string())
            .with_each("requirements", requirements)
            .with_each("process_ids", processes.iter().map(ToString::to_string))
    }

    fn note_faults(&self, index: usize, whole: &Content, faults: &mut Faults) {
        let Self { key, title, starts_on, ends_on, requirements, processes } = self;
        let at = |field: &str| format!("/plan/{index}/{field}");
        faults.keep(text::title(&at("key"), key));
        faults.keep(text::title(&at("title"), title));
        if whole.plan.iter().take(index).any(|earlier| earlier.key == *key) {
            faults.push(Fault::new(at("key"), "duplicate", "must be unique within the plan"));
        }
        if *starts_on < whole.starts_on || *starts_on > whole.ends_on {
            faults.push(Fault::new(at("starts_on"), "out_of_range", "must lie within the programme"));
        }
        if ends_on < starts_on {
            faults.push(Fault::new(at("ends_on"), "out_of_range", "must not lie before starts_on"));
        }
        if requirements.is_empty() && processes.is_empty() {
            faults.push(Fault::new(at("requirements"), "required", "covers some clause, control or process"));
        }
        text::requirements(&at("requirements"), requirements, REQUIREMENTS, faults);
        few_and_once(&at("processes"), processes, faults);
    }
}
