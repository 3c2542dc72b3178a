//! Who audits: members, or outsiders without a login whose words a member writes down. Each says beforehand what stands
//! between them and an impartial look [9.2.2].

use super::{Audit, Verb};
use crate::access::Actor;
use crate::change::{Change, Lifecycle};
use crate::id::{MemberId, ProcessId};
use crate::refusal::{Fault, Faults, Reason, Refusal};
use crate::text;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

/// At most so many auditors of one audit.
pub const TEAM: usize = 20;

/// Somebody who audits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Party {
    /// A member.
    Member {
        /// Who.
        id: MemberId,
    },
    /// Somebody without a login: an outsourced auditor, one of a certification body.
    Outside {
        /// Who.
        name: String,
        /// For whom.
        #[serde(default)]
        firm: Option<String>,
    },
}

/// What an auditor says of their impartiality.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Declaration {
    /// In words; also that there is nothing.
    pub statement: String,
    /// Clauses and controls from which the auditor keeps away.
    #[serde(default)]
    pub requirements: Vec<String>,
    /// Processes from which the auditor keeps away.
    #[serde(default)]
    pub processes: Vec<ProcessId>,
    /// When.
    pub at: DateTime<Utc>,
    /// Who wrote it down: the auditor; for an outsider, a member.
    pub by: MemberId,
}

/// One of the team.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Auditor {
    /// Who.
    pub party: Party,
    /// Whether this one leads.
    pub is_lead: bool,
    /// What makes this one able to audit [7.2].
    #[serde(default)]
    pub competence: Option<String>,
    /// What this one says of their impartiality.
    #[serde(default)]
    pub declaration: Option<Declaration>,
}

/// One of the team, before anything was declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuditorDraft {
    /// Who; that a member exists is the caller's to check.
    pub party: Party,
    /// Whether this one leads.
    pub is_lead: bool,
    /// What makes this one able to audit; needed of an outsider.
    pub competence: Option<String>,
}

impl From<&Auditor> for AuditorDraft {
    fn from(auditor: &Auditor) -> Self {
        let Auditor { party, is_lead, competence, declaration: _ } = auditor.clone();
        Self { party, is_lead, competence }
    }
}

impl From<AuditorDraft> for Auditor {
    fn from(draft: AuditorDraft) -> Self {
        let AuditorDraft { party, is_lead, competence } = draft;
        Self { party, is_lead, competence, declaration: None }
    }
}

/// What `declare` needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Declare {
    /// The outsider for whom it is written down; `None` for the caller.
    pub auditor: Option<String>,
    /// In words; also that there is nothing.
    pub statement: String,
    /// Clauses and controls from which the auditor keeps away.
    pub requirements: Vec<String>,
    /// Processes from which the auditor keeps away.
    pub processes: Vec<ProcessId>,
}

impl Auditor {
    /// The member, when it is one.
    #[must_use]
    pub fn member(&self) -> Option<MemberId> {
        match &self.party {
            Party::Member { id } => Some(*id),
            Party::Outside { .. } => None,
        }
    }

    fn is_outsider(&self, called: &str) -> bool {
        match &self.party {
            Party::Member { .. } => false,
            Party::Outside { name, firm: _ } => name == called,
        }
    }
}

/// Notes every fault of a team.
pub(super) fn note_faults(team: &[Auditor], faults: &mut Faults) {
    if team.len() > TEAM {
        faults.push(Fault::new("/team", "length", format!("must name at most {TEAM}")));
    }
    if !team.is_empty() && team.iter().filter(|auditor| auditor.is_lead).count() != 1 {
        faults.push(Fault::new("/team", "lead", "must have exactly one who leads"));
    }
    for (index, auditor) in team.iter().enumerate() {
        let pointer = |field: &str| format!("/team/{index}/{field}");
        match (&auditor.party, &auditor.competence) {
            (Party::Outside { .. }, None) => {
                let detail = "of an auditor from outside it is said what makes them able [7.2]";
                faults.push(Fault::new(pointer("competence"), "required", detail));
            }
            (_, Some(competence)) => drop(faults.keep(text::narrative(&pointer("competence"), competence))),
            (Party::Member { .. }, None) => {}
        }
        match &auditor.party {
            Party::Member { .. } => {}
            Party::Outside { name, firm } => {
                faults.keep(text::title(&pointer("name"), name));
                if let Some(firm) = firm {
                    faults.keep(text::title(&pointer("firm"), firm));
                }
            }
        }
        let same = |earlier: &Auditor| match &auditor.party {
            Party::Member { id } => earlier.member() == Some(*id),
            Party::Outside { name, firm: _ } => earlier.is_outsider(name),
        };
        if team.iter().take(index).any(same) {
            faults.push(Fault::new(format!("/team/{index}"), "duplicate", "must be named once"));
        }
    }
}

impl Audit {
    /// Who leads.
    #[must_use]
    pub fn lead(&self) -> Option<&Auditor> {
        self.team.iter().find(|auditor| auditor.is_lead)
    }

    /// The member of the team.
    #[must_use]
    pub fn auditor(&self, member: MemberId) -> Option<&Auditor> {
        self.team.iter().find(|auditor| auditor.member() == Some(member))
    }

    /// The one of the team who is meant: the outsider of that name, or the caller.
    pub(super) fn meant(&self, outsider: Option<&str>, me: MemberId) -> Option<&Auditor> {
        match outsider {
            Some(name) => self.team.iter().find(|auditor| auditor.is_outsider(name)),
            None => self.auditor(me),
        }
    }

    /// Replaces the team; what those who stay have declared is kept.
    pub(super) fn with_team(&self, team: Vec<AuditorDraft>) -> Vec<Auditor> {
        let declared = |party: &Party| {
            let known = self.team.iter().find(|auditor| auditor.party == *party);
            known.and_then(|auditor| auditor.declaration.clone())
        };
        let joined = team.into_iter().map(Auditor::from);
        joined.map(|auditor| Auditor { declaration: declared(&auditor.party), ..auditor }).collect()
    }

    /// Team, criteria and scope are set, and each auditor has said what stands between them and an impartial look.
    pub(super) fn unless_set(&self) -> Vec<Reason> {
        let mut reasons = Vec::new();
        if self.criteria.is_empty() {
            reasons.push(Reason::new("no_criteria", "no clause, control, process or document is audited against"));
        }
        if self.scope.is_none() {
            reasons.push(Reason::new("no_scope", "it is not said how far it reaches"));
        }
        if self.team.is_empty() {
            reasons.push(Reason::new("no_team", "nobody is named who audits"));
        }
        if self.kind.is_own() && self.team.iter().any(|auditor| auditor.declaration.is_none()) {
            let detail = "each auditor first declares what stands between them and an impartial look [9.2.2]";
            reasons.push(Reason::new("not_declared", detail));
        }
        reasons
    }

    /// One of the team says what stands between them and an impartial look; said again, it replaces what was said
    /// before [9.2.2].
    ///
    /// # Errors
    /// The guard's refusal, somebody who is not of the team, or every fault of the input.
    pub fn declare(
        self,
        input: Declare,
        facts: &super::Facts,
        by: &Actor,
        at: DateTime<Utc>,
    ) -> Result<Change<Self>, Refusal> {
        self.may(Verb::Declare, facts, by)?;
        let Declare { auditor, statement, requirements, processes } = input;
        let Some(me) = by.member() else { return Err(Refusal::Forbidden) };
        let party = self.meant(auditor.as_deref(), me).map(|meant| meant.party.clone());
        if party.is_none() && auditor.is_none() {
            return Err(Refusal::State(vec![not_of_the_team()]));
        }
        let mut faults = Faults::default();
        if party.is_none() {
            faults.push(Fault::new("/auditor", "unknown_auditor", "must be an outsider of the team, by name"));
        }
        faults.keep(text::narrative("/statement", &statement));
        text::requirements("/requirements", &requirements, super::REQUIREMENTS, &mut faults);
        super::few_and_once("/processes", &processes, &mut faults);
        faults.refuse()?;
        let declaration = Declaration { statement, requirements, processes, at, by: me };
        let mut after = self.clone();
        if let Some(auditor) = after.team.iter_mut().find(|auditor| Some(&auditor.party) == party.as_ref()) {
            auditor.declaration = Some(declaration);
        }
        Ok(Change::of(self, after, "declared", at))
    }
}

pub(super) fn not_of_the_team() -> Reason {
    Reason::new("not_of_the_team", "whoever audits is named in the team; a member may write for an outsider of it")
}
