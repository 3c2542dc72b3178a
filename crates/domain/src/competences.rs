//! Competences: what a role of the management system requires of whoever holds it, on what basis each holder has it, what
//! is missing, and what shows it [7.2 a, b, d].

mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Amendment, Assess, HOLDERS};
pub use lifecycle::{StageName, Verb, edge};

use crate::access::{Actor, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::MemberId;
use crate::reference::Prefix;
use crate::refusal::{Faults, Refusal};
use crate::text;
use crate::work::{Due, Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// What somebody's competence rests on [7.2 b].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CompetenceBasis))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Basis {
    /// A degree, an apprenticeship.
    Education,
    /// A course.
    Training,
    /// Years of doing it.
    Experience,
}

/// Whether a holder of the role has what it requires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = CompetenceStanding))]
#[serde(rename_all = "snake_case", tag = "kind", deny_unknown_fields)]
pub enum Standing {
    /// All of it.
    Held {
        /// What it rests on.
        basis: Basis,
        /// What shows it [7.2 d]; files are attached as evidence.
        #[cfg_attr(feature = "openapi", schema(example = "Certificate of March 2025, two audits under supervision"))]
        evidence: String,
    },
    /// Not all of it, or not yet.
    Gap {
        /// What is missing.
        missing: String,
        /// What is done about it [7.2 c].
        measure: String,
        /// The day by which the gap is to be closed.
        due_on: NaiveDate,
    },
}

/// A holder of the role, as somebody else has judged.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// Who holds the role.
    pub member: MemberId,
    /// Whether that member has what it requires.
    pub standing: Standing,
    /// When it was judged.
    pub at: DateTime<Utc>,
    /// By whom; never by the holder.
    pub by: MemberId,
    /// The day of the gap whose passing was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fell_due_on: Option<NaiveDate>,
}

impl Holder {
    /// When the gap is to be closed, where there is one.
    fn due(&self) -> Option<Due> {
        match self.standing {
            Standing::Gap { due_on, .. } => Some(Due { on: due_on, noted: self.fell_due_on }),
            Standing::Held { .. } => None,
        }
    }
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// It is required.
    Required,
    /// It is not required any more.
    Retired {
        /// Why.
        reason: String,
        /// Since when.
        at: DateTime<Utc>,
    },
}

/// A competence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Competence {
    /// Identity and version.
    pub head: Head,
    /// The role that requires it, as the organisation calls it: `Internal auditor`.
    pub role: String,
    /// What it requires [7.2 a].
    pub requirement: String,
    /// Who holds the role, and how each of them stands; earlier judgements stand in the journal.
    #[serde(default)]
    pub holders: Vec<Holder>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to define one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompetenceDraft {
    /// The role that requires it.
    pub role: String,
    /// What it requires.
    pub requirement: String,
}

impl Record for Competence {
    const PREFIX: Prefix = Prefix::Competence;
    const MAKING: Permission = Permission::DefineCompetence;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn title(&self) -> Option<&str> {
        Some(&self.role)
    }

    /// Gaps wait for whoever judges that they are closed.
    fn work(&self) -> Vec<Work> {
        match self.stage {
            Stage::Required => {
                let gap = |holder: &Holder| match holder.standing {
                    Standing::Gap { due_on, .. } => {
                        Some(Work::of_whoever(Permission::AssessCompetence, Some(holder.member), Some(due_on)))
                    }
                    Standing::Held { .. } => None,
                };
                self.holders.iter().filter_map(gap).collect()
            }
            Stage::Retired { .. } => Vec::new(),
        }
    }

    /// The day after one by which a gap was to be closed: that it has passed is noted once for each gap.
    fn wakes(&self) -> Option<Wake> {
        match self.stage {
            Stage::Required => Wake::once_past_each(self.holders.iter().map(Holder::due)),
            Stage::Retired { .. } => None,
        }
    }
}

impl Competence {
    /// Defines what a role requires.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn define(draft: CompetenceDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let CompetenceDraft { role, requirement } = draft;
        let (holders, stage) = (Vec::new(), Stage::Required);
        let competence = Self { head: Head::born(by, birth), role, requirement, holders, stage };
        competence.faults().refuse()?;
        Ok(Change::born(competence, "defined"))
    }

    /// How many holders lack something.
    #[must_use]
    pub fn gaps(&self) -> i64 {
        let gaps = self.holders.iter().filter(|holder| matches!(holder.standing, Standing::Gap { .. }));
        i64::try_from(gaps.count()).unwrap_or(i64::MAX)
    }

    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/role", &self.role));
        faults.keep(text::narrative("/requirement", &self.requirement));
        faults
    }
}
