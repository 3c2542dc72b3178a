//! Audits [9.2]: what is examined against which criteria, by whom, what was looked at, and what was found.
//!
//! An audit owns its checklist: items are edited with it, belong to its version and are frozen with its report.
//! Findings are records of their own.

mod carrying;
mod checking;
mod checklist;
mod commands;
mod frozen;
mod impartiality;
mod lifecycle;
mod questions;
mod reporting;
mod sampling;
mod team;
#[cfg(test)]
pub(crate) mod tests;

pub use carrying::{Earlier, Started};
pub use checking::{Check, CheckItem, Outcome};
pub use checklist::{CarriedFrom, ITEMS, Item, ItemDraft};
pub use commands::{Amendment, Postpone};
pub use impartiality::{Bar, Owner};
pub use lifecycle::{Facts, FindingFacts, StageName, Verb, edge};
pub use questions::{Document, Sources};
pub use reporting::{AddAddendum, Addendum, Closure, Concluded, Report, ReportAudit};
pub use sampling::{DrawSample, Drawn, Found, POPULATION, Population, SAMPLE, Sample, rank};
pub use team::{Auditor, AuditorDraft, Declaration, Declare, Party, TEAM};

use crate::access::{Actor, Permission};
use crate::catalogue;
use crate::change::{Birth, Change, Head, Record, Seal};
use crate::id::{AuditId, AuditProgrammeId, MemberId, ProcessId, RecordId};
use crate::links::Relation;
use crate::reference::{Prefix, Target};
use crate::refusal::{Fault, Faults, Refusal};
use crate::responsibilities::{Part, Responsibility};
use crate::separation::SeparationException;
use crate::text;
use crate::trace::TraceEdge;
use crate::work::{Wake, Work};
use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};

/// At most so many clauses and controls among the criteria of one audit: all of them.
pub const REQUIREMENTS: usize = 150;
/// At most so many processes, documents or auditees of one audit.
pub const NAMED: usize = 50;

/// Who audits whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, EnumString, IntoStaticStr, VariantArray)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(as = AuditKind))]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case")]
pub enum Kind {
    /// The organisation audits itself, or has it done [9.2].
    Internal,
    /// A customer or an authority audits the organisation.
    External,
    /// A certification body audits the organisation.
    Certification,
    /// A certification body looks in between two certification audits.
    Surveillance,
    /// The organisation audits a supplier.
    Supplier,
}

impl Kind {
    /// Whether the organisation answers for how it is conducted: checklist and impartiality are its own affair. Of other
    /// audits it takes the issued report and its findings.
    #[must_use]
    pub fn is_own(self) -> bool {
        match self {
            Self::Internal | Self::Supplier => true,
            Self::External | Self::Certification | Self::Surveillance => false,
        }
    }
}

/// What is audited against.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Criteria {
    /// Clauses and controls; one that has sub-clauses stands for all of them.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// Processes of the register.
    #[serde(default)]
    pub processes: Vec<ProcessId>,
    /// Records that say what is required, such as policies.
    #[serde(default)]
    pub documents: Vec<Target>,
}

impl Criteria {
    /// Whether nothing is audited against.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        let Self { requirements, processes, documents } = self;
        requirements.is_empty() && processes.is_empty() && documents.is_empty()
    }

    /// Whether something about this clause, control or process lies within them.
    #[must_use]
    pub fn cover(&self, requirement: Option<&str>, process: Option<ProcessId>) -> bool {
        let within = |number: &str| self.requirements.iter().any(|own| catalogue::covers(own, number));
        requirement.is_some_and(within) || process.is_some_and(|process| self.processes.contains(&process))
    }

    /// Whether both are about some of the same.
    #[must_use]
    pub fn overlap(&self, other: &Self) -> bool {
        let kin = |own: &String| {
            let related = |theirs: &String| catalogue::covers(own, theirs) || catalogue::covers(theirs, own);
            other.requirements.iter().any(related)
        };
        self.requirements.iter().any(kin)
            || self.processes.iter().any(|process| other.processes.contains(process))
            || self.documents.iter().any(|document| other.documents.contains(document))
    }

    fn note_faults(&self, faults: &mut Faults) {
        text::requirements("/requirements", &self.requirements, REQUIREMENTS, faults);
        few_and_once("/processes", &self.processes, faults);
        few_and_once("/documents", &self.documents, faults);
    }
}

/// Notes too many and repeated ones.
pub(crate) fn few_and_once<T: PartialEq>(pointer: &str, named: &[T], faults: &mut Faults) {
    if named.len() > NAMED {
        faults.push(Fault::new(pointer, "length", format!("must name at most {NAMED}")));
    }
    for (index, one) in named.iter().enumerate() {
        if named.iter().take(index).any(|earlier| earlier == one) {
            faults.push(Fault::new(format!("{pointer}/{index}"), "duplicate", "must be named once"));
        }
    }
}

/// How what is looked at is chosen, where not all of it can be.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sampling {
    /// Out of what.
    pub population: String,
    /// How many.
    pub size: i64,
    /// How they are drawn.
    pub how: String,
}

/// Where it stands; each stage owns what is only true in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "name")]
pub enum Stage {
    /// It will be conducted.
    Planned,
    /// It is being conducted.
    InProgress {
        /// Since when.
        since: DateTime<Utc>,
    },
    /// Its checklist and findings are frozen.
    Reported {
        /// What was reported.
        report: Report,
        /// What was added since.
        #[serde(default)]
        addenda: Vec<Addendum>,
    },
    /// It is over.
    Closed {
        /// What was reported.
        report: Report,
        /// What was added since.
        #[serde(default)]
        addenda: Vec<Addendum>,
        /// Who closed it, and when.
        closure: Closure,
    },
    /// It was not conducted, or not to its end.
    Cancelled {
        /// Why.
        reason: String,
        /// When.
        at: DateTime<Utc>,
    },
}

/// An audit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// Identity and version.
    pub head: Head,
    /// Who audits whom.
    pub kind: Kind,
    /// One line.
    pub title: String,
    /// The programme it is part of.
    #[serde(default)]
    pub programme: Option<AuditProgrammeId>,
    /// Which audit of the programme's plan it is.
    #[serde(default)]
    pub plan_key: Option<String>,
    /// The supplier that is audited.
    #[serde(default)]
    pub supplier: Option<String>,
    /// How far it reaches: sites, units, times.
    #[serde(default)]
    pub scope: Option<String>,
    /// What is audited against.
    pub criteria: Criteria,
    /// How it is conducted.
    #[serde(default)]
    pub method: Option<String>,
    /// How what is looked at is chosen.
    #[serde(default)]
    pub sampling: Option<Sampling>,
    /// Samples of the system's own records, in the order in which they were drawn.
    #[serde(default)]
    pub samples: Vec<Sample>,
    /// Who is audited.
    #[serde(default)]
    pub auditees: Vec<MemberId>,
    /// Who audits.
    #[serde(default)]
    pub team: Vec<Auditor>,
    /// The first day.
    pub starts_on: NaiveDate,
    /// The last day.
    pub ends_on: NaiveDate,
    /// The first or last day whose passing was noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fell_due_on: Option<NaiveDate>,
    /// How often it was postponed.
    pub postponements: i64,
    /// The checklist.
    #[serde(default)]
    pub items: Vec<Item>,
    /// The highest number that an item was given; none is used twice.
    pub last_item: i64,
    /// Items that a later audit has taken over, and which audit.
    #[serde(default)]
    pub carried: Vec<(i64, AuditId)>,
    /// Where a duty was not kept apart, and why.
    #[serde(default)]
    pub exceptions: Vec<SeparationException>,
    /// Where it stands.
    pub stage: Stage,
}

/// What it takes to plan one; what is left out can be amended until it is reported.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields of `Audit` say it")]
pub struct AuditDraft {
    pub kind: Kind,
    pub title: String,
    /// That the programme exists and that its plan knows the key is the caller's to check.
    pub programme: Option<AuditProgrammeId>,
    pub plan_key: Option<String>,
    pub supplier: Option<String>,
    pub scope: Option<String>,
    /// That processes and documents exist is the caller's to check, and that members do, here and below.
    pub criteria: Criteria,
    pub method: Option<String>,
    pub sampling: Option<Sampling>,
    pub auditees: Vec<MemberId>,
    pub team: Vec<AuditorDraft>,
    pub starts_on: NaiveDate,
    pub ends_on: NaiveDate,
}

impl Record for Audit {
    const PREFIX: Prefix = Prefix::Audit;
    const MAKING: Permission = Permission::PlanAudit;

    fn head(&self) -> &Head {
        &self.head
    }

    fn head_mut(&mut self, _: Seal) -> &mut Head {
        &mut self.head
    }

    fn exceptions(&self) -> &[SeparationException] {
        &self.exceptions
    }

    /// The actor audits, is audited, or planned it; of whoever is engaged for some audits, it is one of these.
    fn is_own(&self, by: &Actor) -> bool {
        if let Some(engaged) = by.engaged_for() {
            return engaged.contains(&self.id());
        }
        by.principal().is_some_and(|me| {
            self.auditees.contains(&me) || self.auditor(me).is_some() || self.head.created_by == Some(me)
        })
    }

    fn title(&self) -> Option<&str> {
        Some(&self.title)
    }

    /// Born of its programme; shows what became of earlier findings, as far as they were looked at again.
    fn edges(&self) -> Vec<TraceEdge> {
        let own = Target::of(self);
        let programme = self.programme.map(|id| Target { kind: Prefix::AuditProgramme, id: RecordId(id.0) });
        let born = programme.map(|programme| TraceEdge::new(programme, Relation::Raised, own));
        let again = self.items.iter().filter(|item| item.outcome() != Outcome::NotChecked).filter_map(|item| {
            let finding = item.carried_from.as_ref()?.finding?;
            Some(TraceEdge::new(Target { kind: Prefix::Finding, id: RecordId(finding.0) }, Relation::VerifiedBy, own))
        });
        born.into_iter().chain(again).collect()
    }

    fn work(&self) -> Vec<Work> {
        let lead = |due| match self.lead().and_then(Auditor::member) {
            Some(lead) => Work::of(lead, Some(due)),
            None => Work::of_whoever(Permission::ConductAudit, None, Some(due)),
        };
        match &self.stage {
            Stage::Planned => {
                let silent = self.team.iter().filter(|auditor| auditor.declaration.is_none());
                let silent = silent.filter_map(Auditor::member);
                let silent = silent.filter(|member| self.lead().and_then(Auditor::member) != Some(*member));
                let declarations = silent.map(|member| Work::of(member, Some(self.starts_on)));
                [lead(self.starts_on)].into_iter().chain(declarations).collect()
            }
            Stage::InProgress { .. } => vec![lead(self.ends_on)],
            Stage::Reported { .. } => vec![Work::of_whoever(Permission::CloseAudit, None, None)],
            Stage::Closed { .. } | Stage::Cancelled { .. } => Vec::new(),
        }
    }

    /// The day after its first day while it has not begun, after its last while it is not reported: each is noted once.
    fn wakes(&self) -> Option<Wake> {
        Wake::once_past(self.deadline()?, self.fell_due_on)
    }

    fn responsibilities(&self) -> Vec<Responsibility> {
        match &self.stage {
            Stage::Planned | Stage::InProgress { .. } => {
                let part = |auditor: &Auditor| if auditor.is_lead { Part::LeadAuditor } else { Part::Auditor };
                // What somebody has checked is done; what is not is the team's.
                let is_free = |auditor: &&Auditor| auditor.is_lead || !self.has_checked(&auditor.party);
                let named = self.team.iter().filter(is_free);
                named.flat_map(|auditor| Responsibility::of(part(auditor), auditor.member())).collect()
            }
            Stage::Reported { .. } | Stage::Closed { .. } | Stage::Cancelled { .. } => Vec::new(),
        }
    }
}

impl Audit {
    /// The day by which the present stage is to be left.
    fn deadline(&self) -> Option<NaiveDate> {
        match self.stage {
            Stage::Planned => Some(self.starts_on),
            Stage::InProgress { .. } => Some(self.ends_on),
            Stage::Reported { .. } | Stage::Closed { .. } | Stage::Cancelled { .. } => None,
        }
    }

    /// Its id, typed.
    #[must_use]
    pub fn id(&self) -> AuditId {
        AuditId(self.head.id)
    }

    /// Plans an audit.
    ///
    /// # Errors
    /// [`Refusal::Forbidden`], or every fault of the draft.
    pub fn plan(draft: AuditDraft, by: &Actor, birth: Birth) -> Result<Change<Self>, Refusal> {
        Self::may_make(by)?;
        let AuditDraft {
            kind,
            title,
            programme,
            plan_key,
            supplier,
            scope,
            criteria,
            method,
            sampling,
            auditees,
            team,
            starts_on,
            ends_on,
        } = draft;
        let audit = Self {
            head: Head::born(by, birth),
            kind,
            title,
            programme,
            plan_key,
            supplier,
            scope,
            criteria,
            method,
            sampling,
            samples: Vec::new(),
            auditees,
            team: team.into_iter().map(Auditor::from).collect(),
            starts_on,
            ends_on,
            fell_due_on: None,
            postponements: 0,
            items: Vec::new(),
            last_item: 0,
            carried: Vec::new(),
            exceptions: Vec::new(),
            stage: Stage::Planned,
        };
        audit.faults().refuse()?;
        Ok(Change::born(audit, "planned"))
    }

    /// Every fault of what people write, but for the checklist.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        faults.keep(text::title("/title", &self.title));
        match (self.kind, &self.supplier) {
            (_, Some(supplier)) => drop(faults.keep(text::title("/supplier", supplier))),
            (Kind::Supplier, None) => {
                faults.push(Fault::new("/supplier", "required", "an audit of a supplier says which"));
            }
            (Kind::Internal | Kind::External | Kind::Certification | Kind::Surveillance, None) => {}
        }
        if self.plan_key.is_some() && self.programme.is_none() {
            faults.push(Fault::new("/plan_key", "no_programme", "names an audit of a programme's plan: say which one"));
        }
        for (pointer, narrative) in [("/scope", &self.scope), ("/method", &self.method)] {
            if let Some(narrative) = narrative {
                faults.keep(text::narrative(pointer, narrative));
            }
        }
        if let Some(Sampling { population, size, how }) = &self.sampling {
            faults.keep(text::narrative("/sampling/population", population));
            faults.keep(text::narrative("/sampling/how", how));
            if *size < 1 {
                faults.push(Fault::new("/sampling/size", "out_of_range", "must be 1 or more"));
            }
        }
        self.criteria.note_faults(&mut faults);
        few_and_once("/auditee_ids", &self.auditees, &mut faults);
        team::note_faults(&self.team, &mut faults);
        if self.ends_on < self.starts_on {
            faults.push(Fault::new("/ends_on", "out_of_range", "must not lie before starts_on"));
        }
        faults
    }
}
