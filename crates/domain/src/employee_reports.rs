//! Employee reports: what people have seen or would do better, what became of it, and that they were told [A.6.8, 7.3].
//!
//! They are seen by who handles them and by who filed them, by nobody else; a case that comes of one is worded anew.

mod commands;
mod lifecycle;
#[cfg(test)]
pub(crate) mod tests;

pub use commands::{Converted, MESSAGES, Triage};
pub use lifecycle::{StageName, Verb, edge};

use crate::access::{Actor, Identity, Permission};
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{EmployeeReportId, MemberId, RecordId};
use crate::links::Relation;
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::text;
use crate::trace::TraceEdge;
use crate::work::Work;
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// What the reporter takes it for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = EmployeeReportKind))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// Something is not done as required.
    Nonconformity,
    /// Something has happened, or nearly.
    Event,
    /// Something could be exploited.
    Weakness,
    /// Something could be better.
    Suggestion,
}

/// Who says something in the conversation about a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = EmployeeReportParty))]
#[serde(rename_all = "snake_case")]
pub enum Party {
    /// Who handles it.
    Handler,
    /// Who filed it.
    Reporter,
}

/// One thing said in the conversation about a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Message {
    /// By which side.
    pub from: Party,
    /// What.
    pub text: String,
    /// When; of an anonymous reporter, the hour.
    pub at: DateTime<Utc>,
    /// By whom; nobody is named for an anonymous reporter.
    #[serde(default)]
    pub by: Option<MemberId>,
}

/// What it was taken for by who handles it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assessment {
    /// In words; the reporter reads them.
    pub text: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// How it ended for the reporter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ending {
    /// What the reporter is told.
    pub answer: String,
    /// When.
    pub at: DateTime<Utc>,
    /// By whom.
    pub by: Option<MemberId>,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// Nobody has looked at it.
    Received,
    /// Somebody has.
    Triaged {
        /// What it was taken for.
        assessment: Assessment,
    },
    /// A case has come of it.
    Converted {
        /// What it was taken for.
        assessment: Assessment,
        /// The case.
        case: Target,
        /// What the reporter was told.
        ending: Ending,
    },
    /// Nothing comes of it.
    Declined {
        /// What it was taken for.
        assessment: Assessment,
        /// What the reporter was told: why.
        ending: Ending,
    },
    /// Another report says the same.
    Duplicate {
        /// What it was taken for.
        assessment: Assessment,
        /// The other.
        of: EmployeeReportId,
        /// What the reporter was told.
        ending: Ending,
    },
}

/// An employee report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmployeeReport {
    /// Identity and version. Of an anonymous report the id says nothing of when it was made.
    pub head: Head,
    /// What the reporter takes it for, until whoever triages it knows better.
    pub kind: Kind,
    /// What the reporter has to say.
    pub text: String,
    /// Where.
    #[serde(default)]
    pub place: Option<String>,
    /// On which day.
    #[serde(default)]
    pub happened_on: Option<NaiveDate>,
    /// SHA-256 of the follow-up code, hexadecimal: that of an anonymous reporter, and of no other.
    #[serde(default)]
    pub code_hash: Option<String>,
    /// What was asked and answered, oldest first.
    #[serde(default)]
    pub messages: Vec<Message>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to file one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EmployeeReportDraft {
    /// What the reporter takes it for.
    pub kind: Kind,
    /// What the reporter has to say.
    pub text: String,
    /// Where.
    #[serde(default)]
    pub place: Option<String>,
    /// On which day.
    #[serde(default)]
    pub happened_on: Option<NaiveDate>,
}

impl EmployeeReportDraft {
    /// Refuses what is wrong with it. `today` is the organisation's.
    ///
    /// # Errors
    /// Every fault.
    pub fn check(&self, today: NaiveDate) -> Result<(), Refusal> {
        let mut faults = Faults::default();
        faults.keep(text::narrative("/text", &self.text));
        if let Some(place) = &self.place {
            faults.keep(text::title("/place", place));
        }
        if self.happened_on.is_some_and(|day| day > today) {
            faults.push(Fault::new("/happened_on", "out_of_range", format!("must be {today} or earlier")));
        }
        faults.refuse()
    }
}

impl Record for EmployeeReport {
    const PREFIX: Prefix = Prefix::EmployeeReport;
    const MAKING: Permission = Permission::FileReport;
    const READING: Permission = Permission::ReadReports;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    /// The beginning of what the reporter has to say.
    fn title(&self) -> Option<&str> {
        let line = self.text.trim_start().lines().next()?;
        let end = line.char_indices().nth(text::TITLE).map_or(line.len(), |(end, _)| end);
        line.get(..end)
    }

    fn edges(&self) -> Vec<TraceEdge> {
        let own = Target::of(self);
        match &self.stage {
            Stage::Received | Stage::Triaged { .. } | Stage::Declined { .. } => Vec::new(),
            Stage::Converted { case, .. } => vec![TraceEdge::new(own, Relation::Raised, *case)],
            Stage::Duplicate { of, .. } => {
                let other = Target { kind: Self::PREFIX, id: RecordId(of.0) };
                vec![TraceEdge::new(own, Relation::Duplicates, other)]
            }
        }
    }

    /// It waits for who handles it, and for its reporter while something is asked.
    fn work(&self) -> Vec<Work> {
        let asked = self.head.created_by.filter(|_| self.is_asked());
        match self.stage {
            Stage::Received | Stage::Triaged { .. } => {
                let handled = Work::of_whoever(Permission::HandleReport, None, None);
                [handled].into_iter().chain(asked.map(|reporter| Work::of(reporter, None))).collect()
            }
            Stage::Converted { .. } | Stage::Declined { .. } | Stage::Duplicate { .. } => Vec::new(),
        }
    }
}

impl EmployeeReport {
    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> EmployeeReportId {
        EmployeeReportId(self.head.id)
    }

    /// Files a report under one's own name. `today` is the organisation's.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], also for a machine, which nobody could answer; or every fault of the draft.
    pub fn file(
        draft: EmployeeReportDraft,
        today: NaiveDate,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        if by.member().is_none() {
            return Err(Refusal::Forbidden);
        }
        draft.check(today)?;
        Ok(Self::filed(draft, None, by, birth))
    }

    /// Takes an anonymous report into the register. `birth` names the hour, and an id that says nothing of a time.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`] for everyone who has a name; or every fault of the draft.
    pub fn take_in(
        draft: EmployeeReportDraft,
        code_hash: &[u8; 32],
        today: NaiveDate,
        by: &Actor,
        birth: Birth,
    ) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        match by.identity {
            Identity::Anonymous => {}
            Identity::Member { .. } | Identity::ApiKey { .. } | Identity::System { .. } => {
                return Err(Refusal::Forbidden);
            }
        }
        draft.check(today)?;
        Ok(Self::filed(draft, Some(hex::encode(code_hash)), by, birth))
    }

    fn filed(draft: EmployeeReportDraft, code_hash: Option<String>, by: &Actor, birth: Birth) -> Change<Self> {
        let EmployeeReportDraft { kind, text, place, happened_on } = draft;
        let (head, messages, stage) = (Head::born(by, birth), Vec::new(), Stage::Received);
        Change::born(Self { head, kind, text, place, happened_on, code_hash, messages, stage }, "filed")
    }

    /// Whether nobody knows who filed it.
    #[must_use]
    pub fn is_anonymous(&self) -> bool {
        self.code_hash.is_some()
    }

    /// Whether a question to the reporter is open.
    #[must_use]
    pub fn is_asked(&self) -> bool {
        self.messages.last().is_some_and(|message| message.from == Party::Handler)
    }

    /// What it was taken for, once somebody has looked at it.
    #[must_use]
    pub fn assessment(&self) -> Option<&Assessment> {
        match &self.stage {
            Stage::Received => None,
            Stage::Triaged { assessment }
            | Stage::Converted { assessment, .. }
            | Stage::Declined { assessment, .. }
            | Stage::Duplicate { assessment, .. } => Some(assessment),
        }
    }

    /// What the reporter was told, once it is over.
    #[must_use]
    pub fn ending(&self) -> Option<&Ending> {
        match &self.stage {
            Stage::Received | Stage::Triaged { .. } => None,
            Stage::Converted { ending, .. } | Stage::Declined { ending, .. } | Stage::Duplicate { ending, .. } => {
                Some(ending)
            }
        }
    }
}
