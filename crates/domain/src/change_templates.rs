//! Change templates [8.1, A.8.32]: a change that is made often and is well understood is approved once, and from then on
//! by its template.

mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Approve, TemplateAmendment};
pub use lifecycle::{Facts, StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::analysis::effect::note_indicators;
use crate::approval::{Approval, Content};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::changes::{Assessment, REQUIREMENTS, Revision};
use crate::id::{IndicatorId, MemberId};
use crate::reference::Prefix;
use crate::refusal::{Faults, Refusal};
use crate::separation::SeparationException;
use crate::text;
use crate::work::Work;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// What a template says of every change that is made by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Procedure {
    /// One line.
    pub title: String,
    /// Why such changes are made.
    pub purpose: String,
    /// How they are made: the procedure.
    pub description: String,
    /// The clauses and controls they concern.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// The indicators that show their effect.
    #[serde(default)]
    pub indicators: Vec<IndicatorId>,
    /// What was considered.
    pub assessment: Assessment,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Being written.
    Draft,
    /// Changes are made by it.
    Approved {
        /// By whom.
        approval: Approval,
        /// What was said with it.
        #[serde(default)]
        note: Option<String>,
    },
    /// No change is made by it any more.
    Retired {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
        /// By whom.
        by: Option<MemberId>,
    },
}

/// A change template.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChangeTemplate {
    /// Identity and version.
    pub head: Head,
    /// What it says.
    pub procedure: Procedure,
    /// Of the content; starts at 1.
    pub revision: i64,
    /// Earlier revisions, oldest first.
    #[serde(default)]
    pub revisions: Vec<Revision>,
    /// Who wrote the present revision: none of them approves it.
    #[serde(default)]
    pub authors: Vec<MemberId>,
    /// Where a duty was not kept apart, and why.
    #[serde(default)]
    pub exceptions: Vec<SeparationException>,
    /// Where it stands.
    pub stage: Stage,
}

impl Procedure {
    /// Every fault of what people write.
    fn faults(&self) -> Faults {
        let Self { title, purpose, description, requirements, indicators, assessment } = self;
        let mut faults = Faults::default();
        faults.keep(text::title("/title", title));
        faults.keep(text::narrative("/purpose", purpose));
        faults.keep(text::narrative("/description", description));
        text::requirements("/requirements", requirements, REQUIREMENTS, &mut faults);
        note_indicators("/indicators", indicators, false, &mut faults);
        assessment.note_faults("/assessment", &mut faults);
        faults
    }

    /// What an approval binds to.
    pub(super) fn approvable(&self) -> Content {
        let Self { title, purpose, description, requirements, indicators, assessment } = self;
        let content = Content::default()
            .with("title", title)
            .with("purpose", purpose)
            .with("description", description)
            .with_each("requirement", requirements)
            .with_each("indicator", indicators.iter().map(ToString::to_string));
        assessment.add_to(content)
    }
}

impl Record for ChangeTemplate {
    const PREFIX: Prefix = Prefix::ChangeTemplate;
    const MAKING: Permission = Permission::DefineChangeTemplate;
    // Whoever may request a change may know by which templates; so may whoever reads the members.
    const READING: Permission = Permission::ReadMembers;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn exceptions(&self) -> &[SeparationException] {
        &self.exceptions
    }

    fn title(&self) -> Option<&str> {
        Some(&self.procedure.title)
    }

    fn work(&self) -> Vec<Work> {
        match self.stage {
            Stage::Draft => vec![Work::of_whoever(self.approving(), self.authors.last().copied(), None)],
            Stage::Approved { .. } | Stage::Retired { .. } => Vec::new(),
        }
    }
}

impl ChangeTemplate {
    /// Defines a template, as a draft.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the procedure.
    pub fn define(procedure: Procedure, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        procedure.faults().refuse()?;
        let template = Self {
            head: Head::born(by, birth),
            procedure,
            revision: 1,
            revisions: Vec::new(),
            authors: by.member().into_iter().collect(),
            exceptions: Vec::new(),
            stage: Stage::Draft,
        };
        Ok(Change::born(template, "defined"))
    }

    /// The approval under which changes are made by it; `None` while there is none, or when it is not of this content.
    #[must_use]
    pub fn approval(&self) -> Option<&Approval> {
        match &self.stage {
            Stage::Approved { approval, .. } => {
                Some(approval).filter(|approval| !approval.is_stale(&self.procedure.approvable()))
            }
            Stage::Draft | Stage::Retired { .. } => None,
        }
    }

    /// What it takes to approve it.
    fn approving(&self) -> Permission {
        self.procedure.assessment.impact.approving()
    }
}
